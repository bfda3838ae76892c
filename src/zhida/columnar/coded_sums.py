"""Large tables of hit policy C+ over facts alone: sums are added up in one pass, and no set of rules is kept.

    columns ──kernel──> sums ──told apart──> words ──┐
                 └────> rules ──one behind the other─┴──> dictionary-coded columns
    rows that are not settled ──the general way──────┘

The general way (`TableNode`) has an entry for each set of rules that matches, and of a table of many rules nearly every row has
another. Here a row has a number: what the interpreter says of each rule alone is added up in the kernel, and only sums that
differ are written out. Rows in which anything is null, odd, or open so that the sum is, the general way decides.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import gcd
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhida.columnar import kernel
from zhida.columnar.arrays import coded, joined, numbers, strings, values_of
from zhida.columnar.coded import Program
from zhida.columnar.coded_facts import CodedFact
from zhida.columnar.coded_flat import FEWEST, Columns, in_pieces, size_of
from zhida.columnar.coded_tables import Masks, TableNode
from zhida.columnar.columns import LARGEST, Array, Mask, decimal_of, full
from zhida.columnar.kernel import WORD
from zhida.values.text import literal

MOST_PLACES = 1 << 22
"""Sums that there may be up to which they are told apart by a table of all of them."""

_SAMPLE = 512
"""Rows that are looked at to find out whether there are many sets of rules."""

_DIGITS = 18
"""Decimal places that a unit of 64 bits counts."""

_NO_WORD: Mapping[Any, int] = {kind: int(np.iinfo(kind).max) for kind in (np.uint8, np.uint16, np.int32)}
"""What stands for no word, by the type of numbers of words."""

Words = Any
"""A dictionary-coded Arrow array of texts, or what its dictionary is."""


@dataclass(frozen=True, slots=True)
class Addends:
    """What is added up."""

    numbers: NDArray[np.int64]
    """Of each rule, in units."""
    unit: int
    """What all of them are multiples of, counted in the last decimal place of the table's form."""
    low: int
    """The least sum, in units."""
    span: int
    """How many numbers there are from the least sum to the greatest."""

    @classmethod
    def of(cls, addends: NDArray[np.int64]) -> "Addends | None":
        """Return what is added up; None where no numbers are left beside the sums."""
        unit = gcd(*addends.tolist()) or 1
        found = addends // unit
        low, high = int(found[found < 0].sum()), int(found[found > 0].sum())
        return cls(found, unit, low, high - low + 1) if high - low < LARGEST - 2 else None

    @property
    def none(self) -> int:
        """Stands for a row that is not settled."""
        return self.low + self.span

    @property
    def empty(self) -> int:
        """Stands for a row in which no rule matches."""
        return self.low + self.span + 1


Rest = Callable[[pl.DataFrame], Mapping[str, Words]]
"""Decides some rows in the general way, and returns what is asked for."""

VALUES, RULES = "values", "rules"
"""What may be asked for."""


class Sums:
    """A large table of hit policy C+ over facts alone."""

    def __init__(self, program: Program, node: TableNode, facts: Sequence[CodedFact], between: str) -> None:
        """Begin with what the table knows.

        Args:
            program: The program.
            node: The table.
            facts: Its sources.
            between: Stands between the numbers of several rules.
        """
        self.program = program
        self.node = node
        self.facts = facts
        self.between = between
        self.has_many = False  # sets of rules: whether there were more than codes
        self.numbers = strings([rule.rule.number for rule in node.operation.table.rules])

    @classmethod
    def of(cls, program: Program, place: int, between: str) -> "Sums | None":
        """Return an operation as a table of sums; None where it is none."""
        node = program.nodes[place]
        if not isinstance(node, TableNode) or not node.is_sum:
            return None
        facts = [fact for source in node.sources if isinstance(fact := program.nodes[source], CodedFact)]
        return cls(program, node, facts, between) if len(facts) == len(node.sources) else None

    def decide(self, frame: pl.DataFrame, static: Mapping[str, Sequence[str]], rest: Rest, workers: int | None) -> dict[str, Words] | None:
        """Return columns of what the table says in each row; None where that is not done in this way.

        Args:
            frame: The columns of the facts, of one row at least.
            static: What is asked for, each with the words that its dictionary begins with.
            rest: Decides rows that are not settled.
            workers: Threads; by default one for each processor.
        """
        with self.program.lock:
            known = None if self.masks() is None else self.node.addends()
            addends = None if known is None else Addends.of(known)
        if addends is None:
            return None
        found = Pass(self, addends, frame, size_of(frame.height, workers), has_rules=RULES in static)
        if not in_pieces(found.piece, frame.height, found.size, workers):
            return None
        sums = found.sums
        others = np.flatnonzero(sums >= addends.span)
        is_open = sums[others] == addends.span
        others = np.concatenate((others[is_open], others[~is_open][:1]))  # what one row says in which no rule matches they all say
        said = rest(frame[others]) if len(others) else {}
        told: dict[str, Words] = {}
        for name, words in static.items():
            more = More.of(said.get(name), others, len(words))
            told[name] = of_values(self.node, addends, sums, words, more) if name == VALUES else of_rules(found.rules, words, more)
        return told

    def is_varied(self, frame: pl.DataFrame) -> bool:
        """Return whether so many sets of rules match that learning each takes longer than to write out those of every row.

        Only a few rows are looked at: what is decided either way is the same.

        Args:
            frame: The columns of the facts.
        """
        if self.has_many or frame.height <= _SAMPLE:
            return self.has_many
        given, _ = Columns(self.facts, frame[np.linspace(0, frame.height - 1, _SAMPLE, dtype=np.int64)]).part(0, _SAMPLE)
        masks = self.masks()
        return masks is not None and len(np.unique(kernel.match(given, masks.settled), axis=0)) > _SAMPLE // 2

    def masks(self) -> Masks | None:
        """Return the masks for all codes there are by now; None where the table is a dense one."""
        with self.program.lock:
            self.node.follow()
            return None if self.node.is_dense else self.node.masks


class Pass:
    """One pass over some rows."""

    def __init__(self, table: Sums, addends: Addends, frame: pl.DataFrame, size: int, *, has_rules: bool) -> None:
        """Begin with no row.

        Args:
            table: The table.
            addends: What its rules add.
            frame: The columns of the facts.
            size: Rows of a piece.
            has_rules: Whether rules are asked for.
        """
        self.table = table
        self.addends = addends
        self.columns = Columns(table.facts, frame)
        self.size = min(size, FEWEST) if has_rules else size
        self.has_rules = has_rules
        self.sums = np.empty(frame.height, np.int64)  # less the least there is; behind the greatest what stands for none
        self.rules: dict[int, Words] = {}  # of each piece, by its first row

    def piece(self, start: int) -> bool:
        """Add up the rules of the rows of a piece; returns whether that can be done."""
        out, addends = self.sums[start : start + self.size], self.addends
        given, bad = self.columns.part(start, self.size)
        masks = self.table.masks()
        if masks is None:
            return False
        given = [kernel.coded(column) for column in given] if self.has_rules else given
        kernel.sum_masks(given, masks.settled, addends.numbers, addends.none, addends.empty, out=out)
        sets = kernel.match(given, masks.settled) if self.has_rules else None
        open_ = np.flatnonzero(out == addends.none)
        if bad is not None:
            open_ = open_[~full(bad, len(out))[open_]]
            out[bad] = addends.none
            if sets is not None:
                sets[bad] = 0
        if len(open_):
            self.settle([kernel.coded(column)[open_] for column in given], masks, out, open_, sets)
        out -= addends.low
        if sets is not None:
            self.rules[start] = self.rules_of(sets)
        return True

    def settle(self, given: Sequence[Array], masks: Masks, out: Array, rows: Array, sets: NDArray[np.uint64] | None) -> None:
        """Add up the rules of rows in which an input is not known, but the sum is.

        It is where no rule rests on that input, or one alone that adds nothing to others.

        Args:
            given: The codes of these rows.
            masks: The masks.
            out: The sums of all rows of the piece.
            rows: The places of these rows.
            sets: The rules of all rows of the piece, where they are asked for.
        """
        certain = kernel.match(given, masks.last)
        possible = kernel.match(given, masks.possible) & ~certain
        is_plain = (certain[:, -1] & masks.bit) != 0
        certain[:, -1] &= ~masks.bit
        counts = np.bitwise_count(possible).sum(axis=1)
        adds_nothing = (counts == 1) & (self.addends.numbers[kernel.first(possible)] == 0) & certain.any(axis=1)
        places = np.flatnonzero(is_plain & ((counts == 0) | adds_nothing))
        if not len(places):
            return
        some, addends = [column[places] for column in given], self.addends
        out[rows[places]] = kernel.sum_masks(some, masks.last, addends.numbers, addends.none, addends.empty)
        if sets is not None:  # where any rule may fire none is named
            sets[rows[places]] = np.where(counts[places, None] == 0, certain[places], np.uint64(0))

    def rules_of(self, sets: NDArray[np.uint64]) -> Words:
        """Return the numbers of the rules of each row."""
        last, bit = self.table.node.rules // WORD, np.uint64(1 << (self.table.node.rules % WORD))
        sets[:, last] &= bit - np.uint64(1)
        flat = sets.reshape(-1)
        places = np.flatnonzero(flat != 0)
        bits = np.flatnonzero(np.unpackbits(flat[places].astype("<u8").view(np.uint8), bitorder="little").view(np.bool_))
        rows, words = np.divmod(places, sets.shape[1])
        some = bits // WORD
        counts = np.bincount(rows[some], minlength=len(sets))
        return joined(self.table.numbers, words[some] * WORD + bits % WORD, counts, self.table.between).dictionary_encode()


# --- sums and rules to words ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class More:
    """What the general way says of some rows."""

    rows: Array
    """The rows; last one in which no rule matches, if there is any."""
    places: Array
    """Their words, by number."""
    lacking: Mask
    """The rows that have none."""
    words: pl.Series
    """The words behind those that the dictionary begins with."""

    @classmethod
    def of(cls, said: Words | None, rows: Array, first: int) -> "More":
        """Return what a column says of some rows, of whose dictionary so many words are those that it begins with."""
        if said is None:
            return cls(rows, np.zeros(0, np.int64), np.zeros(0, np.bool_), pl.Series(dtype=pl.String))
        places, lacking = values_of(said.indices)
        lacking = np.zeros(len(rows), np.bool_) if lacking is None else lacking
        return cls(rows, np.where(lacking, 0, places), lacking, pl.Series(said.dictionary[first:]).cast(pl.String))


@dataclass(frozen=True, slots=True)
class Called:
    """The words of a column: those that it begins with, then others, sorted."""

    words: pl.Series
    """The words."""
    kind: type[np.uint8 | np.uint16 | np.int32]
    """The type of their numbers."""
    of_mine: Array
    """The numbers of words that were given."""
    of_more: Array
    """The numbers of what the general way says, row by row."""

    @classmethod
    def of(cls, static: Sequence[str], mine: pl.Series, more: More) -> "Called":
        """Return the words of a column.

        Args:
            static: Those that it begins with.
            mine: Those that occur.
            more: What the general way says.
        """
        first = len(static)
        every = pl.concat([pl.Series(static, dtype=pl.String), mine, more.words])
        ranks = every.rank("dense").to_numpy().astype(np.int64) - 1
        representatives = np.zeros(int(ranks.max(initial=-1)) + 1, np.int64)
        representatives[ranks] = np.arange(len(ranks))
        is_static = np.zeros(len(representatives), np.bool_)
        is_static[ranks[:first]] = True
        others = np.flatnonzero(~is_static)
        of_ranks = np.empty(len(representatives), np.int64)
        of_ranks[ranks[:first]] = np.arange(first)
        of_ranks[others] = np.arange(first, first + len(others))
        words = pl.concat([every[:first], every.gather(representatives[others])])
        kind = np.uint8 if len(words) < _NO_WORD[np.uint8] else np.uint16 if len(words) < _NO_WORD[np.uint16] else np.int32
        numbered = of_ranks[ranks]
        of_said = np.append(numbered[:first], numbered[first + len(mine) :])
        of_more = np.where(more.lacking, _NO_WORD[kind], of_said[more.places]) if len(more.rows) else more.places
        return cls(words, kind, numbered[first : first + len(mine)].astype(kind), of_more.astype(kind))

    def column(self, places: Array, more: More) -> Words:
        """Return numbers of words as a column, with what the general way says in its rows."""
        places[more.rows] = self.of_more
        return coded(places, self.words.to_arrow().cast("string"), _NO_WORD[self.kind] if more.lacking.any() else None)


def of_values(node: TableNode, addends: Addends, sums: NDArray[np.int64], static: Sequence[str], more: More) -> Words:
    """Return the column of values."""
    if addends.span <= MOST_PLACES:
        is_met = np.zeros(addends.span + 2, np.bool_)
        is_met[sums] = True
        met = places = np.flatnonzero(is_met)
        size, keys = len(is_met), sums
    else:
        encoded = numbers(sums).dictionary_encode()
        met, keys = encoded.dictionary.to_numpy(), encoded.indices.to_numpy()
        size, places = len(met), np.arange(len(met))
    is_sum = met < addends.span
    called = Called.of(static, texts_of((met[is_sum] + addends.low) * addends.unit, node.operation.form.scale), more)
    table = np.zeros(size, called.kind)
    table[places[is_sum]] = called.of_mine
    table[places[met > addends.span]] = called.of_more[-1:]
    return called.column(table[keys], more)


def of_rules(parts: Mapping[int, Words], static: Sequence[str], more: More) -> Words:
    """Return the column of rules, of what was found of pieces of the rows by their first row."""
    found = [parts[start] for start in sorted(parts)]
    called = Called.of(static, pl.concat([pl.Series(part.dictionary).cast(pl.String) for part in found]), more)
    places = []
    for part, end in zip(found, accumulate(len(part.dictionary) for part in found), strict=True):
        table = called.of_mine[end - len(part.dictionary) : end]
        places.append(table[part.indices.to_numpy()])
    return called.column(np.concatenate(places), more)


def texts_of(sums: NDArray[np.int64], scale: int) -> pl.Series:
    """Return numbers as FEEL writes them.

    >>> texts_of(np.array([1250, -30, 0]), 2).to_list(), texts_of(np.array([7]), 0).to_list()
    (['12.5', '-0.3', '0'], ['7'])

    Args:
        sums: The numbers, counted in their last decimal place.
        scale: How many decimal places there are.
    """
    if not scale:
        return pl.Series(sums).cast(pl.String)
    if not 0 < scale <= _DIGITS:
        return pl.Series([literal(decimal_of(number, scale)) for number in sums.tolist()], dtype=pl.String)
    whole, part = np.divmod(np.abs(sums), 10**scale)
    signs = pl.Series(np.where(sums < 0, "-", ""), dtype=pl.String)
    ends = pl.Series(part).cast(pl.String).str.zfill(scale).str.strip_chars_end("0")
    points = pl.Series(np.where(part > 0, ".", ""), dtype=pl.String)
    return signs + pl.Series(whole).cast(pl.String) + points + ends
