"""One table over facts alone: decided in one pass over the columns as they lie in memory.

    columns ──kernel──> places of what the table says among words        no codes are kept, no combination is looked at twice

The general way (`Program.run`) makes the codes of a fact once for all tables; where there is one table it writes them for nobody
else. This way has the codes made a stretch of rows at a time. It knows nothing by itself: what it does not find, or must not
tell (an input that is not known, of a table too large to be dense), the general way decides for that piece of the rows, which
thereby learns.
"""

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhida.columnar import kernel
from zhida.columnar.coded import Looked, Program
from zhida.columnar.coded_facts import CodedFact
from zhida.columnar.coded_tables import TableNode
from zhida.columnar.columns import Array, Mask, either
from zhida.columnar.frames import ABSENT
from zhida.columnar.kernel import WORD, Coded, Uncoded

PIECE = 262_144
"""Rows that a thread takes at a time, at most."""

FEWEST = 65_536
"""And at least: to begin another thread takes longer than to decide so many."""

LookUp = Callable[[], Array | None]
"""Returns for each code of the table what is to be written, the greatest number for nothing; None where that cannot be said."""

_SPARE = 3
"""Numbers that are not words: nothing, new, and another way's."""


def fits(words: int) -> bool:
    """Return whether so many words leave numbers that are none."""
    return words + _SPARE <= 255 or 255 <= words <= 65_535 - _SPARE


@dataclass(frozen=True, slots=True)
class Ready:
    """What a kernel is given beside the columns."""

    version: int
    """Of what the table has learned."""
    words: Array
    """What its codes come to."""
    maps: Sequence[NDArray[np.uint32]]
    """Of a dense table: what each code of a source adds."""
    table: Array
    """Of a dense table, what is written at each place; else for each rule."""
    masks: Sequence[NDArray[np.uint64]] | None
    """Of another table: the rules of each code."""
    is_first: bool
    """Whether the first rule is asked for, else the only one."""
    none: int
    """The answer where no rule, or not only one, decides."""


class Columns:
    """The sources of a table over facts alone, of which a piece is taken at a time."""

    def __init__(self, facts: Sequence[CodedFact], frame: pl.DataFrame) -> None:
        """Find what makes the codes of each source.

        Args:
            facts: The sources.
            frame: The columns of the facts.
        """
        self.facts = facts
        self.frame = frame
        schema = frame.schema
        self.whole: list[Uncoded | None] = []  # None where the codes are made piece by piece
        for fact in facts:
            name = fact.item.name
            is_plain = name in schema and name + ABSENT not in schema and schema[name] != pl.String
            self.whole.append(fact.uncoded(frame[name]) if is_plain else None)

    def part(self, start: int, size: int) -> tuple[list[Coded], Mask | None]:
        """Return the sources of some rows, and the rows in which a cell is none that its column holds."""
        found: list[Coded] = []
        bad: Mask | None = None
        for fact, column in zip(self.facts, self.whole, strict=True):
            if column is not None:
                found.append(column.part(start, start + size))
                continue
            encoded = fact.encode(self.frame.slice(start, size))
            bad = either(bad, encoded.bad)
            found.append(encoded.codes)
        return found, bad


def size_of(rows: int, workers: int | None) -> int:
    """Return how many rows a thread takes at a time."""
    return max(min(PIECE, -(-rows // (workers or os.cpu_count() or 1))), FEWEST)


def in_pieces(piece: Callable[[int], bool], rows: int, size: int, workers: int | None) -> bool:
    """Do something for all rows, some at a time; returns whether that could be done.

    Args:
        piece: Does it for the rows from one on; returns whether it could.
        rows: How many rows there are.
        size: Rows of a piece.
        workers: Threads; by default one for each processor.
    """
    pending = deque(range(0, rows, size))
    more = min(workers or os.cpu_count() or 1, len(pending)) - 1

    def work() -> bool:
        while True:
            try:
                start = pending.popleft()
            except IndexError:
                return True
            if not piece(start):
                return False

    if more < 1:
        return work()
    with ThreadPoolExecutor(more) as pool:  # this thread works as well
        others = [pool.submit(work) for _ in range(more)]
        done = [work(), *(other.result() for other in others)]
    return all(done)


class Flat:
    """A table over facts alone."""

    def __init__(self, program: Program, node: Looked, facts: Sequence[CodedFact]) -> None:
        """Begin with what the table knows.

        Args:
            program: The program.
            node: The table.
            facts: Its sources.
        """
        self.program = program
        self.node = node
        self.facts = facts
        self.kept: Ready | None = None

    @classmethod
    def of(cls, program: Program, source: int) -> "Flat | None":
        """Return a source as a flat table; None where it is none."""
        node = program.nodes[source]
        if not isinstance(node, Looked):
            return None
        facts = [fact for place in node.sources if isinstance(fact := program.nodes[place], CodedFact)]
        return cls(program, node, facts) if len(facts) == len(node.sources) else None

    @property
    def is_able(self) -> bool:
        """Whether the rows of the table are decided by looking up, or by one rule each."""
        node = self.node
        return not isinstance(node, TableNode) or node.is_dense or node.is_first or node.is_unique

    def ready(self, words: Array) -> Ready | None:
        """Return what a kernel needs; None where the table has become one of all rules."""
        with self.program.lock:
            self.node.follow()
            node, kept = self.node, self.kept
            if kept is not None and kept.version == node.version and kept.words is words:
                return kept
            if not self.is_able:
                return None
            most = int(np.iinfo(words.dtype).max)
            of_code = np.full(65_536, most - 1, words.dtype)
            of_code[: len(words)] = words
            if not isinstance(node, TableNode) or node.is_dense:
                of_code[np.iinfo(node.table.dtype).max] = most - 1
                kept = Ready(node.version, words, node.maps, of_code[node.table], None, is_first=False, none=0)
            else:
                assert node.masks is not None, "a table is dense or has masks"
                none = node.rules + 1
                by_rule = np.full(max(WORD * node.words, none + 1), most - 1, words.dtype)
                by_rule[:none] = np.where(node.by_rule[:none] >= 0, of_code[node.by_rule[:none]], most - 1)
                by_rule[none] = most - 2
                masks = node.masks.settled if node.is_first else node.masks.exact
                kept = Ready(node.version, words, (), by_rule, masks, node.is_first, none)
            self.kept = kept
            return kept

    def decide(self, frame: pl.DataFrame, look_up: LookUp, workers: int | None) -> Array | None:
        """Return for each row what is to be written of the table; None where it cannot be said in this way.

        Args:
            frame: The columns of the facts.
            look_up: Gives the words of the codes.
            workers: Threads; by default one for each processor.
        """
        words = look_up()
        if words is None or not self.is_able:
            return None
        columns = Columns(self.facts, frame)
        size = size_of(frame.height, workers)
        out = np.empty(frame.height, words.dtype)

        def piece(start: int) -> bool:
            given, bad = columns.part(start, size)
            return bad is None and self.piece(given, look_up, out[start : start + size])

        return out if in_pieces(piece, frame.height, size, workers) else None

    def piece(self, given: Sequence[Coded], look_up: LookUp, out: Array) -> bool:
        """Write what is to be said of some rows; returns whether that can be said."""
        words = look_up()
        ready = None if words is None or words.dtype != out.dtype else self.ready(words)
        if ready is None:
            return False
        most = int(np.iinfo(out.dtype).max)
        is_known = all(not isinstance(column, Uncoded) or column.valid is None for column in given)
        if ready.masks is None:
            kernel.decide_dense(given, ready.maps, ready.table, out=out)
        elif is_known:
            kernel.decide_masks(given, ready.masks, ready.is_first, ready.none, ready.none, words=ready.table, out=out)
        if ready.masks is None or is_known:
            greatest = int(out.max(initial=0))
            if greatest < most - 2 or (greatest == most and not ((out == most - 1) | (out == most - 2)).any()):
                return True
        codes = dict(zip(self.node.sources, map(kernel.coded, given), strict=True))
        found = self.node.look_up(codes)
        words = look_up()
        if words is None or words.dtype != out.dtype:
            return False
        kernel.translate(found, words, out=out)
        return True
