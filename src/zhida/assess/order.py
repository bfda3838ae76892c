"""The order of a run: what is to be decided, how it is cut into parts, and the digests that say whether two orders are the same.

RunOrder ──plan_parts──> Plan            rows of a part and parts at a time, within the memory that is given
         ──order_digest──> digest        the name under which parts are kept: the same order goes on where it stopped
         ──policy_digest──> digest       of one policy and all it rests on: what can be taken over from former results
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from zhida.assess.feeds import feeding_columns
from zhida.assess.population import Planned, plan_population
from zhida.errors import InputError, diagnostic
from zhida.policy.dictionary import Dictionary
from zhida.policy.pack import Packs
from zhida.registry_io.attributes import item_of
from zhida.registry_io.engine import engine_digest, engine_version
from zhida.registry_io.memory import free_memory, used_memory
from zhida.registry_io.registry import dictionary_sha256
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.unknown import Unknown

ROWS_PER_PART = 131_072
"""Rows of a part, unless a limit of memory asks for fewer: as many as a row group of a registry has."""

LEAST_ROWS_PER_PART = 2_048
"""Rows of a part at least: with fewer, files and dictionaries cost more than rows."""

NAME_ATTRIBUTE = "企业名称"
"""What a subject is called, where its dictionary has it."""

VALUE_BYTES = {"number": 16, "date": 4, "boolean": 1, "string": 48, "list": 80}
"""Bytes that a value of a registry takes, by type; strings and lists as they usually are."""

COPIES = 2
"""How often the rows of a part are there at once: as they were read, and as what is computed of them."""

AHEAD = 2
"""How much more it takes to read parts that are much smaller than row groups: what is read of a row group beside the part itself."""

RESULT_BYTES = 120
"""Bytes that a row takes for each policy on the way to its results: answers, codes, words, and the file before it is written."""

POLICY_BYTES = 1_000_000
"""Bytes that a thread takes for what it has learnt of a policy."""

PROCESS_BYTES = 150_000_000
"""Bytes that a run takes whatever it decides: libraries that are loaded when they are used, and what allocators keep."""

WORKER_BYTES = 220_000_000
"""Bytes that a process of a worker takes before it has rows: libraries, and the packs."""

SENT_COPIES = 2
"""How often the rows that a process is given are there beside: on their way out of one process, and into the other."""

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class RunOrder:
    """What is to be decided, and how."""

    packs: Packs
    """The packs."""
    policies: tuple[str, ...]
    """Ids of the policies, in the order of the columns."""
    dictionary: Dictionary
    """The attributes of the subjects."""
    as_of: Date
    """The date of the business fact."""
    workers: int | None = None
    """Threads; None for one for each processor."""
    memory: int | None = None
    """Bytes that the process may take in all; None for half of what is free."""
    is_fresh: bool = False
    """Whether to begin anew where parts are kept of an earlier try."""
    changed_since: Path | None = None
    """The folder of former results, of which what still holds is taken over."""
    cache: Path | None = None
    """The folder that keeps what was learned of policies between runs; None for none."""
    registry: str = ""
    """What the registry is called in the summary; empty for the source's own name."""
    planned: list[tuple[Planned, ...]] = field(default_factory=list, init=False, repr=False, compare=False)
    """The population facts that the run rests on, once that was asked for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run is cut."""

    rows_per_part: int
    """Rows of a part at most."""
    threads: int
    """Parts that are worked on at a time where that is done in this process."""
    processes: int = 0
    """Processes that parts may be handed to, one part at a time to each, where there is much to do; with fewer than two all is done in
    this process."""


def read_attributes(order: RunOrder) -> tuple[str, ...]:
    """Return the columns that a run reads, in the dictionary's order: what its policies rest on, and what a subject is called."""
    models = [order.packs.model_of(policy, order.as_of) for policy in order.policies]
    used = [data.name for model in models for data in model.model.inputs.values()]
    used += [name for planned in population_plan(order) for name in planned.names]
    return feeding_columns([*_told(order, used), NAME_ATTRIBUTE], order.dictionary, order.as_of)


def population_attributes(order: RunOrder, planned: Iterable[Planned]) -> tuple[str, ...]:
    """Return the columns that population facts are counted from, in the dictionary's order."""
    return feeding_columns([*_told(order, (name for each in planned for name in each.names))], order.dictionary, order.as_of)


def fact_attributes(order: RunOrder) -> tuple[str, ...]:
    """Return the columns that answers rest on: what policies read of a subject's own, and population facts."""
    models = [order.packs.model_of(policy, order.as_of) for policy in order.policies]
    used = dict.fromkeys(data.name for model in models for data in model.model.inputs.values())
    own = feeding_columns([*_told(order, used), NAME_ATTRIBUTE], order.dictionary, order.as_of)
    return (*own, *(name for name in order.dictionary.statistics if name in used))


def population_plan(order: RunOrder) -> tuple[Planned, ...]:
    """Return the population facts that a run rests on.

    Raises:
        InputError: population-cycle, population-base-twice.
    """
    if not order.planned:
        models = [order.packs.model_of(policy, order.as_of) for policy in order.policies]
        names = {data.name for model in models for data in model.model.inputs.values()}
        order.planned.append(plan_population(order.packs, names, order.dictionary, order.as_of))
    return order.planned[0]


def _told(order: RunOrder, names: Iterable[str]) -> Iterator[str]:
    """Yield the names that a source tells of, without those that are computed."""
    return (name for name in names if name not in order.dictionary.statistics)


def plan_parts(order: RunOrder, most: int | None = None) -> Plan:
    """Return how many rows a part has and how many parts are worked on at a time.

    Without a limit of memory parts have always the same rows, so that results are cut alike on every machine.

    Args:
        order: What is to be decided.
        most: Rows of a part at most; None for `ROWS_PER_PART`.

    Raises:
        InputError: run-memory-too-small.
    """
    rows = ROWS_PER_PART if most is None else most
    threads = order.workers or processors()
    used = used_memory()
    if order.memory is None:
        free = free_memory() // 2
        return Plan(rows, max(_fitting(order, rows, threads, free), 1), _processes(order, rows, threads, free))
    while rows > LEAST_ROWS_PER_PART and not _fitting(order, rows, 1, order.memory - used):
        rows //= 2
    fitting = _fitting(order, rows, threads, order.memory - used)
    if not fitting:
        least = -(-(used + run_bytes(order, rows, 1)) // MEGABYTE) * MEGABYTE
        words = {"given": size_words(order.memory), "least": size_words(least), "policies": len(order.policies)}
        raise InputError([diagnostic("run-memory-too-small", None, columns=len(read_attributes(order)), **words)])
    return Plan(rows, fitting, _processes(order, rows, threads, order.memory - used))


def _fitting(order: RunOrder, rows: int, threads: int, size: int) -> int:
    """Return with how many threads, up to a number, a run takes no more than some bytes; 0 where even one is too many."""
    return next((count for count in range(threads, 0, -1) if run_bytes(order, rows, count) <= size), 0)


def _processes(order: RunOrder, rows: int, most: int, size: int) -> int:
    """Return how many processes, up to a number, a run may have that takes no more than some bytes; 0 where one by itself is as good."""
    each = WORKER_BYTES + SENT_COPIES * rows * _read_bytes(order)
    return next((count for count in range(most, 1, -1) if run_bytes(order, rows, count) + each * count <= size), 0)


def run_bytes(order: RunOrder, rows: int, threads: int) -> int:
    """Return how many bytes a run takes beside what the process has already, estimated.

    Measured and estimated, in MB, with 4 policies over 22 attributes and one thread: 150 and 171 for parts of 4,096 rows, 215 and 221
    for 16,384, 510 and 527 for 131,072 out of larger row groups; for whole row groups of that size and two threads, 670 and 798.
    """
    part = row_bytes(order) * rows
    parts = part * threads * AHEAD if rows < ROWS_PER_PART else part * threads + part * 2 // 5
    return PROCESS_BYTES + parts + threads * POLICY_BYTES * len(order.policies)


def row_bytes(order: RunOrder) -> int:
    """Return how many bytes a row takes on its way, estimated."""
    return _read_bytes(order) * COPIES + RESULT_BYTES * len(order.policies)


def _read_bytes(order: RunOrder) -> int:
    """Return how many bytes a row takes as it is read, estimated."""
    attributes = [item for name in read_attributes(order) if (item := item_of(order.dictionary, name)) is not None]
    return sum(VALUE_BYTES.get(item.type.name, VALUE_BYTES["string"]) + 1 for item in attributes)


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def size_words(size: int) -> str:
    """Return a number of bytes for people.

    >>> size_words(300_000_000), size_words(1_500_000_000), size_words(512)
    ('300 MB', '1.5 GB', '512 B')
    """
    for unit, name in ((1_000_000_000, "GB"), (MEGABYTE, "MB"), (1_000, "KB")):
        if size >= unit:
            whole, rest = divmod(size * 10 // unit, 10)
            return f"{whole}.{rest} {name}" if rest else f"{whole} {name}"
    return f"{size} B"


def policy_digest(order: RunOrder, policy: str) -> str:
    """Return the digest of a policy and everything its answers rest on but the facts. It stands in results: alike on all machines."""
    model = order.packs.model_of(policy, order.as_of)
    return _digest({
        "policy": policy,
        "sha256": model.policy.sha256,
        "used": {item.id: item.sha256 for item in model.used_policies},
        "parameters": {id_: _word(value) for id_, value in model.parameters.items() if id_ in model.model.inputs},
        "names": list(model.parameter_rows),
        "dictionary": dictionary_sha256(order.dictionary),
        "in_force": str(model.in_force),
        "as_of": str(order.as_of),
        "engine": engine_version(),
    })  # fmt: skip


def order_digest(order: RunOrder, source: object, former: str) -> str:
    """Return the digest of everything that decides what the parts of a run hold.

    Other libraries, or a kernel that was built anew, begin anew: the files of one run are all written by one engine.

    Args:
        order: The order.
        source: What tells the source from others, its cut into parts included: anything that JSON can say.
        former: What tells the former results from others; empty where there are none.
    """
    digests = [policy_digest(order, policy) for policy in order.policies]
    return _digest({"policies": digests, "source": source, "former": former, "engine": engine_digest()})


def _word(value: object) -> str:
    """Return a figure in words: the number 1 is not the text "1", and one that is lacking is neither."""
    return "?" if isinstance(value, Unknown) else literal(value)


def _digest(data: object) -> str:
    return sha256(json.dumps(data, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
