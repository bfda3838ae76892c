"""A run: a source, part by part, through the columns of policies into results that can be taken up again.

    order + source ──plan──> parts ──┬── done before: counted ───────────────────────────────┐
                                     └── read ──> decide (or take over) ──> write, then mark ─┴──> tally ──> all into place

Parts are handed to threads in order and come back in any; what a part holds depends on the order and its own rows alone, so the
bytes that are written are the same with any number of workers and after any interruption. The kernel, numpy and pyarrow let other
threads run meanwhile. Nothing here prints or looks at a clock.
"""

import gc
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from zhida.assess.columns import Tally
from zhida.assess.order import Plan, RunOrder, fact_attributes, order_digest, policy_digest, population_plan, read_attributes
from zhida.assess.population import Population, compute_population, population_data, table_of
from zhida.assess.registry import RunSummary, known_at
from zhida.assess.renewing import Decided, Decider, changes_of, fact_columns
from zhida.registry_io.former import DIGESTS_KEY, FACTS_KEY, Former, open_former
from zhida.registry_io.parts import POPULATION_FILE, PartMark, WorkFolder, work_folder
from zhida.registry_io.sources import Source
from zhida.registry_io.sources_parts import Part
from zhida.registry_io.writing import write_csv

PATIENCE = 1
"""Seconds after which a run that waits looks whether it is to stop."""


@dataclass(slots=True)
class Progress:
    """How far a run is; `tell` is called, in the thread that runs, whenever it is further."""

    tell: Callable[["Progress"], None] = lambda _: None
    """What is told."""
    begin: Callable[["Progress"], None] = lambda _: None
    """What is told once, when it is known what an earlier try had done."""
    rows: int | None = None
    """Rows of the source; None where nobody knows yet."""
    parts: int | None = None
    """Parts of the source; None where nobody knows yet."""
    rows_done: int = 0
    """Rows that are decided, those of an earlier try among them."""
    parts_done: int = 0
    """Parts that are done, those of an earlier try among them."""
    rows_found: int = 0
    """Rows that an earlier try had decided."""
    parts_found: int = 0
    """Parts that an earlier try had done."""
    interpreted: int = 0
    """Rows that went to the interpreter, counted for each policy."""
    taken_over: int = 0
    """Rows that were taken over from former results."""
    is_waiting: bool = False
    """Whether the run waits for threads. Whoever hears of an interruption then must not raise in the midst of their locks: it
    sets `is_asked_to_stop` instead."""
    is_asked_to_stop: bool = False
    """Whether the run is to stop as soon as it can; it then raises KeyboardInterrupt itself."""
    changes: dict[str, str] | None = None
    """Policies that no former result serves for, and why: one of `zhida.assess.renewing.CHANGES`; None without former results."""
    former_date: str = ""
    """The date of the former results."""

    def add(self, mark: PartMark, *, is_found: bool) -> None:
        """Count a part that is done, and tell."""
        self.rows_done += mark.rows
        self.parts_done += 1
        self.rows_found += mark.rows if is_found else 0
        self.parts_found += is_found
        self.interpreted += mark.interpreted
        self.taken_over += mark.taken_over
        if not is_found:
            self.tell(self)


@dataclass(frozen=True, slots=True)
class Results:
    """What a run came to, before it takes the place of earlier results."""

    summary: RunSummary
    """Its figures."""
    file: Path
    """The results: one Parquet, or a folder of them."""
    parts: int
    """How many parts there are."""
    beside: Path
    """What is written into this folder takes its place together with the results."""


def run(  # noqa: PLR0913, PLR0917 - each says one thing about the run
    order: RunOrder,
    plan: Plan,
    source: Source,
    folder: Path,
    progress: Progress | None = None,
    finish: Callable[[Results], None] = lambda _: None,
) -> tuple[RunSummary, list[Path]]:
    """Decide every policy of an order for every subject of a source; returns what it came to and the paths of what was written.

    Parts that an earlier run of the same order had done are not done again. Where this is interrupted or fails, the parts that
    are done are kept for the next, and earlier results stay as they are.

    Args:
        order: What is to be decided, and how.
        plan: How many parts are worked on at a time.
        source: The subjects, in parts of the rows that the plan names.
        folder: Where results go; it exists.
        progress: Told of each part that is done.
        finish: Writes what is to stand beside the results.

    Raises:
        InputError: what the source finds; registry-write-failed, run-in-progress, run-former-unusable.
    """
    former = None if order.changed_since is None else open_former(order.changed_since, source.key)
    progress = progress or Progress()
    if former is not None:
        progress.changes, progress.former_date = changes_of(order, former), former.words.get("zhida.as_of", "")
    progress.rows, progress.parts = source.rows, len(source.parts)
    # Not what its parts hold: each is known by its own fingerprint, so that mending one leaves the others done.
    said = [source.name, sorted(source.metadata.items()), plan.rows_per_part]
    population = _population(order, source)
    said += [population.digest] if population.computed else []
    digest = order_digest(order, said, "" if former is None else former.fingerprint)
    with work_folder(folder, digest, is_fresh=order.is_fresh) as work:
        runner = _Runner(order, plan, source, work, former, progress, population)
        runner.run()
        parts = len(source.parts)
        results = Results(runner.tally.summary(), work.results(parts), parts, work.beside)
        finish(results)
        if population.computed:
            write_csv(table_of(population, is_synthetic=results.summary.is_synthetic), work.beside / POPULATION_FILE)
        return results.summary, work.publish(parts)


def _population(order: RunOrder, source: Source) -> Population:
    """Compute the population facts that an order rests on, over all parts of a source, one after another."""
    planned = population_plan(order)
    columns = (source.key, *fact_columns(read_attributes(order), source.key))
    return compute_population(planned, lambda: (source.read(part, columns) for part in source.parts), order.as_of)


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Let Python look for garbage rarely, and not among what is there already: what policies are made of stays to the end.

    What is learned is kept too, in many small objects that hold no cycles; to go over them again and again takes a fifth of a run.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class _Stopped(Exception):  # noqa: N818 - it is no error: the run ends, and a thread leaves the part it is in
    """Raised in a thread whose part nobody waits for any more."""


class _Runner:
    """Works through the parts of one source."""

    def __init__(  # noqa: PLR0913, PLR0917 - what `run` was given
        self,
        order: RunOrder,
        plan: Plan,
        source: Source,
        work: WorkFolder,
        former: Former | None,
        progress: Progress,
        population: Population,
    ) -> None:
        self.order, self.plan, self.source, self.work, self.former, self.progress = order, plan, source, work, former, progress
        self.population = population
        is_synthetic = source.metadata.get("zhida.synthetic") == "true"
        self.tally = Tally(
            order.packs, order.policies, as_of=order.as_of, is_synthetic=is_synthetic, registry=order.registry or source.name
        )
        attributes = read_attributes(order)
        compared = () if former is None else former.facts
        self.columns = (source.key, *fact_columns(dict.fromkeys([*attributes, *compared]), source.key))
        self.is_stopped = threading.Event()
        self.own = threading.local()  # what each thread has of its own: a decider
        self.deciders: list[Decider] = []
        digests = {policy: policy_digest(order, policy) for policy in order.policies}
        said: dict[bytes, object] = {FACTS_KEY: list(fact_attributes(order)), DIGESTS_KEY: digests}
        said |= {b"zhida.population": population_data(population)} if population.computed else {}
        own = {name.encode(): value.encode() for name, value in source.metadata.items() if name.startswith("zhida.")}
        own[b"zhida.known_at"] = known_at(source.metadata).encode()
        self.metadata = own | {name: json.dumps(value, ensure_ascii=False).encode() for name, value in said.items()}

    def run(self) -> None:
        """Do all parts that are not done yet."""
        waiting = []
        for part in self.source.parts:
            mark = self.work.done(part.number)
            if mark is None or mark.fingerprint != self.source.fingerprint(part):
                waiting.append(part)
            else:
                self.tally.add(self.work.read(part.number))
                self.progress.add(mark, is_found=True)
        self.progress.begin(self.progress)
        if waiting:
            self.in_threads(waiting)
            for decider in self.deciders[:1]:  # what the others have learned is much the same
                decider.keep()

    def in_threads(self, parts: list[Part]) -> None:
        """Do some parts, as many at a time as there are threads."""
        remaining = iter(parts)
        threads = min(self.plan.threads, len(parts))
        self.progress.is_waiting = True
        with ThreadPoolExecutor(threads) as pool:
            pending = {pool.submit(self.do, part) for part in islice(remaining, threads)}
            try:
                while pending:
                    done = wait(pending, PATIENCE, FIRST_COMPLETED).done
                    if self.progress.is_asked_to_stop:
                        raise KeyboardInterrupt
                    for future in done:
                        decided, mark = future.result()
                        pending.remove(future)
                        pending |= {pool.submit(self.do, part) for part in islice(remaining, 1)}
                        self.tally.add(decided.table)
                        self.progress.add(mark, is_found=False)
            finally:
                self.is_stopped.set()
                pool.shutdown(cancel_futures=True)
                self.progress.is_waiting = False
                if pending:  # some may have come to their end while nobody counted
                    self.progress.parts_done = self.work.kept()

    def do(self, part: Part) -> tuple[Decided, PartMark]:
        """Read, decide and write one part."""
        decider = self.decider()
        self.go_on()
        frame = self.source.read(part, self.columns)
        self.go_on()
        decided = decider.decide(frame)
        self.go_on()
        decided = replace(decided, table=decided.table.replace_schema_metadata({**self.metadata, **decided.table.schema.metadata}))
        counts = {"interpreted": decided.interpreted, "taken_over": decided.taken_over}
        return decided, self.work.write(part.number, decided.table, self.source.fingerprint(part), **counts)

    def go_on(self) -> None:
        """Leave the part if the run has ended."""
        if self.is_stopped.is_set():
            raise _Stopped

    def decider(self) -> Decider:
        """Return the decider of this thread."""
        if not hasattr(self.own, "decider"):
            self.own.decider = Decider(self.order, self.source.key, self.former, self.population)
            self.deciders.append(self.own.decider)
        found: Decider = self.own.decider
        return found
