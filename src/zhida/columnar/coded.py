"""Coded operations: what each row has of an operation as one small number, so that deciding a row is looking it up.

    fact ──encode──> codes ─┬─ maps ──> dense table ──> codes of a decision table ─┐
    fact ──encode──> codes ─┘                                                     ├──> codes of what is made of both
                                                        codes of another table ──┘

An operation is *coded* where all that it is made of is: then each row has one of few *entries* (a value, null or unknown, with
what was odd, what was read, which rules fired). What an entry is, the operations over columns say (`zhida.columnar.execute`,
and through them the interpreter): a combination of codes that was not met before is decided by them, as a row of its own,
and looked up ever after. So no meaning stands here. An operation with one coded operand has its operand's codes: nothing
is computed for it row by row. Which facts an unknown lacks is not kept: who enumerates asks the facts' own codes.
"""

import gc
import os
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import prod
from threading import Lock, RLock
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from zhida.columnar import kernel
from zhida.columnar.columns import KNOWN, Array, Column, Mask, distinct, full
from zhida.columnar.execute import Block, Executor
from zhida.columnar.learned import Firing
from zhida.columnar.plan import Form, Kind, Operation, operands_of
from zhida.columnar.tables import DENSE_LIMIT, Outcome, TableDecider

MOST_ENTRIES = 60_000
"""Entries that an operation may have, so that a code fits 16 bits and one number is left for what is new."""

_SMALL = 250
"""Entries up to which a code is a byte."""

SAMPLE = 4_096
"""Rows of which what is new is learned first: it is most of what is new in the others."""


class UncodedError(Exception):
    """An operation is not coded; the message says why."""


class Entry(NamedTuple):
    """What an operation comes to in some rows."""

    state: int
    """KNOWN, NULL or UNKNOWN."""
    value: int
    """The value, as the columns of its form keep it; 0 where it is not known."""
    divisor: int
    """The denominator of a ratio; else 1."""
    reads: frozenset[str]
    """The decisions that were read."""
    codes: frozenset[str]
    """What was odd."""
    is_bad: bool
    """Whether only the interpreter can tell."""
    firing: int | None
    """Which rules of a table fired, by number."""


class Entries:
    """The entries of an operation, by code."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.list: list[Entry] = []
        self.numbers: dict[Entry, int] = {}
        self._column: Column | None = None

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.list)

    def number(self, entry: Entry) -> int:
        """Return the code of an entry; a new one gets the next.

        Raises:
            UncodedError: there are too many.
        """
        fresh = len(self.list)
        found = self.numbers.setdefault(entry, fresh)
        if found == fresh:
            if fresh >= MOST_ENTRIES:
                del self.numbers[entry]
                raise UncodedError(f"more than {MOST_ENTRIES} different values")
            self.append(entry)
        return found

    def append(self, entry: Entry) -> None:
        """Add an entry, whether there is one like it or not."""
        self.list.append(entry)

    @property
    def column(self) -> Column:
        """The entries as a column, one row for each; it grows by what is new."""
        built = self._column
        known = 0 if built is None else len(built.values)
        if built is None or known < len(self.list):
            more = column_of_entries(self.list[known:], self.form)
            built = self._column = more if built is None else one_behind_another(built, more)
        return built


def column_of_entries(entries: Sequence[Entry], form: Form) -> Column:
    """Return entries as a column; which facts an unknown lacks is not told."""
    states = np.array([entry.state for entry in entries], np.uint8)
    bad = np.array([entry.is_bad for entry in entries], np.bool_)
    fires = any(entry.firing is not None for entry in entries)
    return Column(
        form,
        np.array([entry.value for entry in entries], np.bool_ if form.kind is Kind.BOOLEAN else np.int64),
        states if states.any() else None,
        {},
        _marks([entry.reads for entry in entries]),
        _marks([entry.codes for entry in entries]),
        bad if bad.any() else None,
        np.array([entry.divisor for entry in entries], np.int64) if form.kind is Kind.RATIO else None,
        firing=np.array([-1 if entry.firing is None else entry.firing for entry in entries], np.int64) if fires else None,
    )


def one_behind_another(first: Column, second: Column) -> Column:
    """Return the rows of two columns of entries."""
    sizes = len(first.values), len(second.values)

    def joined(one: Array | None, two: Array | None, absent: int, dtype: DTypeLike) -> Array | None:
        if one is None and two is None:
            return None
        pair = (np.full(size, absent, dtype) if each is None else each for size, each in zip(sizes, (one, two), strict=True))
        return np.concatenate(tuple(pair))

    def marks(one: Mapping[str, Mask], two: Mapping[str, Mask]) -> dict[str, Mask]:
        return {name: mask for name in sorted({*one, *two}) if (mask := joined(one.get(name), two.get(name), 0, np.bool_)) is not None}

    return replace(
        first,
        values=np.concatenate((first.values, second.values)),
        states=joined(first.states, second.states, KNOWN, np.uint8),
        reads=marks(first.reads, second.reads),
        codes=marks(first.codes, second.codes),
        bad=joined(first.bad, second.bad, 0, np.bool_),
        divisors=joined(first.divisors, second.divisors, 1, np.int64),
        firing=joined(first.firing, second.firing, -1, np.int64),
    )


def _marks(said: Sequence[frozenset[str]]) -> dict[str, Mask]:
    names: frozenset[str] = frozenset().union(*said)
    return {name: np.array([name in each for each in said], np.bool_) for name in sorted(names)}


def entries_of(column: Column, rows: int, plain_firing: Callable[[int], int]) -> list[Entry]:
    """Return the rows of a column as entries.

    Args:
        column: The column.
        rows: How many rows it has.
        plain_firing: Gives the number of a firing without what it excludes.
    """
    states = full(np.zeros((), np.uint8) if column.states is None else column.states, rows).tolist()
    values = full(column.values, rows).tolist()
    divisors = [1] * rows if column.divisors is None else full(column.divisors, rows).tolist()
    bad = [False] * rows if column.bad is None else full(column.bad, rows).tolist()
    firing: list[int | None] = [None] * rows
    if column.firing is not None:
        firing = [plain_firing(number) if number >= 0 else None for number in full(column.firing, rows).tolist()]
    reads, codes = _said(column.reads, rows), _said(column.codes, rows)
    return [
        Entry(state, 0 if state else int(value), 1 if state else divisor, reads[row], codes[row], is_bad, firing[row])
        for row, (state, value, divisor, is_bad) in enumerate(zip(states, values, divisors, bad, strict=True))
    ]


def _said(marks: Mapping[str, Mask], rows: int) -> list[frozenset[str]]:
    """Return for each row the names that are said of it."""
    if not marks:
        return [frozenset()] * rows
    names = list(marks)
    table = np.stack([full(mask, rows) for mask in marks.values()], axis=1)
    first, places = distinct([column.astype(np.int64) for column in table.T])
    met = [frozenset(name for name, is_said in zip(names, table[row].tolist(), strict=True) if is_said) for row in first.tolist()]
    return [met[place] for place in places.tolist()]


Codes = Mapping[int, Array]
"""For each source, by the place of its operation, the codes of all rows."""


class Node:
    """A coded operation."""

    def __init__(self, place: int, form: Form, source: int | None) -> None:
        self.place = place
        self.source = source
        self.entries = Entries(form)

    def update(self) -> None:
        """Follow what its operands have learned."""


class FactNode(Node):
    """An input datum: its codes are made from the frame."""

    def __init__(self, place: int, form: Form) -> None:
        super().__init__(place, form, place)


class Mapped(Node):
    """An operation whose operands have one source together, or none: it shares that source's codes."""

    def __init__(self, place: int, operation: Operation, source: int | None, program: "Program") -> None:
        super().__init__(place, operation.form, source)
        self.operation = operation
        self.program = program
        self.update()

    def update(self) -> None:
        """Add what the operation makes of the entries that are new in its source."""
        count = 1 if self.source is None else len(self.program.nodes[self.source].entries)
        start = len(self.entries)
        if start < count:
            rows = np.arange(start, count)
            for entry in self.program.made(self.place, self.operation, {} if self.source is None else {self.source: rows}, count - start):
                self.entries.append(entry)


class Looked(Node):
    """An operation that is looked up by the codes of its sources, all combinations of which form one dense table."""

    def __init__(self, place: int, form: Form, sources: Sequence[int], program: "Program", operands: Iterable[int]) -> None:
        super().__init__(place, form, place)
        self.sources = tuple(sources)
        self.program = program
        self.shape: tuple[int, ...] = ()
        self.table: Array = np.zeros(0, np.uint8)
        self.maps: list[Array] = []
        self.known: tuple[int, ...] = ()
        self.version = 0  # another one whenever anything is learned
        self.beneath = program.mapped_beneath(operands)

    def follow(self) -> None:
        """Follow what the operations before this one have learned."""
        known = self.sizes()
        if known != self.known:
            with self.program.learning():
                for node in self.beneath:
                    node.update()
                known = self.sizes()
                self.layout()
                self.known = known

    def sizes(self) -> tuple[int, ...]:
        """Return how many entries each source has by now."""
        nodes = self.program.nodes
        return tuple([len(nodes[source].entries.list) for source in self.sources])

    def local(self, source: int) -> tuple[Array, int]:
        """Return for each entry of a source its number among those that this operation tells apart, and how many these are."""
        count = len(self.program.nodes[source].entries)
        return np.arange(count), count

    def learn(self, columns: Sequence[Array]) -> Array:
        """Return the codes of combinations that were not met before, given by local numbers."""
        sources = dict(zip(self.sources, columns, strict=True))
        operation = self.program.plan.operations[self.place]
        made = self.program.made(self.place, operation, sources, len(columns[0]))
        return np.array([self.entries.number(entry) for entry in made], np.int64)

    def layout(self) -> None:
        """Make the table anew where any source has more entries."""
        found = [self.local(source) for source in self.sources]
        shape = tuple(max(count, 1) for _, count in found)
        if shape != self.shape:
            if prod(shape) > DENSE_LIMIT:
                raise UncodedError("too many combinations")
            old, kept = self.table.reshape(self.shape) if self.shape else None, self.shape
            self.shape = shape
            table = np.full(shape, self.fresh, self.dtype)
            if old is not None:
                seen = old != np.iinfo(old.dtype).max
                table[tuple(slice(0, size) for size in kept)] = np.where(seen, old, self.fresh)
            self.table = table.reshape(-1)
        self.maps = [(numbers * prod(shape[place + 1 :])).astype(np.uint32) for place, (numbers, _) in enumerate(found)]

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        """The type of its codes."""
        return np.uint8 if len(self.entries) <= _SMALL else np.uint16

    @property
    def fresh(self) -> int:
        """What stands for a combination that was not met."""
        return int(np.iinfo(self.dtype).max)

    def look_up(self, codes: Codes) -> Array:
        """Return the codes of all rows."""
        self.follow()
        given = [codes[source] for source in self.sources]
        while True:
            with self.program.lock:  # another thread may be making both anew
                maps, table = self.maps, self.table
            found = kernel.decide_dense(given, maps, table)
            if not len(found) or found.max() != np.iinfo(table.dtype).max:
                return found
            with self.program.learning():
                self.learn_fresh(given)

    def learn_fresh(self, given: Sequence[Array]) -> None:
        """Learn the combinations of rows that were not met."""
        self.learn_rows([column[:SAMPLE] for column in given])
        if len(given[0]) > SAMPLE:
            rows = np.flatnonzero(kernel.decide_dense(given, self.maps, self.table) == np.iinfo(self.table.dtype).max)
            if len(rows):
                self.learn_rows([column[rows] for column in given])

    def learn_rows(self, given: Sequence[Array]) -> None:
        """Learn the combinations of some rows."""
        is_met = np.zeros(len(self.table), np.bool_)
        is_met[kernel.decide_dense(given, self.maps, np.arange(len(self.table), dtype=np.int32))] = True
        keys = np.flatnonzero(is_met & (self.table == np.iinfo(self.table.dtype).max))
        if len(keys):
            self.fill(keys, np.unravel_index(keys, self.shape))

    def fill(self, keys: Array, columns: Sequence[Array]) -> None:
        """Learn what stands at some places of the table.

        Args:
            keys: The places.
            columns: The local numbers of their combinations.
        """
        learned = self.learn(columns)
        if self.table.dtype != self.dtype:
            wide = self.table.astype(self.dtype)
            wide[self.table == np.iinfo(self.table.dtype).max] = self.fresh
            self.table = wide
        self.table[keys] = learned.astype(self.dtype)
        self.version += 1


class _Collecting:
    """Who wants that Python does not look for garbage, in all threads."""

    lock = Lock()
    asked = 0
    was_enabled = False

    @classmethod
    def begin_anew(cls) -> None:
        """Forget who learned in the process that this one is a copy of."""
        cls.lock = Lock()
        if cls.asked and cls.was_enabled:
            gc.enable()
        cls.asked = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_Collecting.begin_anew)


@contextmanager
def uncollected() -> Iterator[None]:
    """Let Python not look for garbage for a moment: to go over a whole model takes as long as to learn all that it says.

    >>> with uncollected():
    ...     gc.isenabled()
    False
    """
    with _Collecting.lock:
        if not _Collecting.asked:
            _Collecting.was_enabled = gc.isenabled()
            gc.disable()
        _Collecting.asked += 1
    try:
        yield
    finally:
        with _Collecting.lock:
            _Collecting.asked -= 1
            if not _Collecting.asked and _Collecting.was_enabled:
                gc.enable()


class Program:
    """The coded operations of a plan."""

    def __init__(self, executor: Executor) -> None:
        self.executor = executor
        self.plan = executor.plan
        self.lock = RLock()
        self.nodes: dict[int, Node] = {}
        self.reasons: dict[int, str] = {}
        self.plain: dict[int, int] = {}
        self.deciders: dict[int, TableDecider] = {}
        self.alone: dict[Hashable, Outcome] = {}  # what tables of one kind come to where a rule matches alone

    @contextmanager
    def learning(self) -> Iterator[None]:
        """Let no other thread learn meanwhile, and Python not look for garbage: what is learned is kept, in many objects without cycles."""
        with self.lock, uncollected():
            yield

    def plain_firing(self, number: int) -> int:
        """Return the number of a firing without the rules that it excludes: they do not count where all combinations are tried."""
        if number not in self.plain:
            firing = self.executor.firings.list[number]
            self.plain[number] = self.executor.firings.number(Firing(firing.rules, frozenset()))
        return self.plain[number]

    def made(self, place: int, operation: Operation, sources: Mapping[int, Array], rows: int) -> list[Entry]:
        """Return what an operation makes of some combinations.

        Args:
            place: Its place.
            operation: The operation.
            sources: For each of its sources, the entries of the combinations.
            rows: How many combinations there are.
        """
        columns = {}
        for operand in operands_of(operation):
            node = self.nodes[operand]
            column = node.entries.column
            columns[operand] = first_of(column) if node.source is None else taken(column, sources[node.source])
        found = self.executor.run(place, operation, columns, Block(rows, {}))
        return entries_of(found, rows, self.plain_firing)

    def mapped_beneath(self, places: Iterable[int]) -> list[Node]:
        """Return the operations that share others' codes and that some rest on, in order."""
        found: set[int] = set()
        waiting = list(places)
        while waiting:
            place = waiting.pop()
            if place not in found and isinstance(self.nodes[place], Mapped):
                found.add(place)
                waiting += operands_of(self.plan.operations[place])
        return [self.nodes[place] for place in sorted(found)]

    def run(self, codes: dict[int, Array], wanted: Iterable[int]) -> dict[int, Array]:
        """Add to the codes of facts those of all operations that some sources rest on.

        Args:
            codes: The codes of the facts, by place.
            wanted: The sources that are asked for.

        Raises:
            UncodedError: there are too many different values after all.
        """
        for source in self.needed(wanted):
            node = self.nodes[source]
            if source not in codes and isinstance(node, Looked):
                codes[source] = node.look_up(codes)
        return codes

    def needed(self, wanted: Iterable[int]) -> list[int]:
        """Return the sources that some rest on, in order."""
        found: set[int] = set()
        waiting = list(wanted)
        while waiting:
            source = waiting.pop()
            if source not in found:
                found.add(source)
                node = self.nodes[source]
                waiting += node.sources if isinstance(node, Looked) else ()
        return sorted(found)


def first_of(column: Column) -> Column:
    """Return the only row of a column as one that stands for all."""
    return replace(
        column,
        values=column.values[0, ...] if column.values.ndim else column.values,
        states=None if column.states is None else np.asarray(column.states[0]),
        reads={name: np.asarray(mask[0]) for name, mask in column.reads.items()},
        codes={name: np.asarray(mask[0]) for name, mask in column.codes.items()},
        bad=None if column.bad is None else np.asarray(column.bad[0]),
        divisors=None if column.divisors is None else np.asarray(column.divisors[0]),
        firing=None if column.firing is None else np.asarray(column.firing[0]),
    )


def taken(column: Column, rows: Array) -> Column:
    """Return some rows of a column of entries, with all its marks."""
    return replace(
        column,
        values=column.values[rows],
        states=None if column.states is None else column.states[rows],
        reads={name: mask[rows] for name, mask in column.reads.items()},
        codes={name: mask[rows] for name, mask in column.codes.items()},
        bad=None if column.bad is None else column.bad[rows],
        divisors=None if column.divisors is None else column.divisors[rows],
        firing=None if column.firing is None else column.firing[rows],
    )
