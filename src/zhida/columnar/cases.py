"""Cases: what combinations of missing facts come to, and how many rows are told from each other by masks.

Each row that lacks facts has several cases, one beside the other; `zhida.columnar.settle` expands them and writes down what
all cases of a row come to.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from zhida.columnar.answers import HELD, Judged, Questions
from zhida.columnar.columns import KNOWN, Array, Column, Marks, Mask, distinct, full, keys_of
from zhida.columnar.execute import Results
from zhida.values.text import format_value

FenOf = Callable[[Column, Mask], Array]
"""Returns amounts in fen, in the rows of a mask."""

WORD = 62
"""Bits of an integer that are used for sets."""


class Cases:
    """What the combinations of a batch came to; what is not always asked for is found when it is first."""

    def __init__(self, questions: Questions, results: Results, judged: Judged, answers: Array) -> None:
        """Keep what they came to.

        Args:
            questions: What was asked.
            results: What was executed.
            judged: What it comes to.
            answers: For each combination a number that is the same where the answer is.
        """
        self.questions = questions
        self.results = results
        self.judged = judged
        self.answers = answers
        self.kept: dict[str, Marks] = {}
        self.names = list(judged.missing)
        self.kept_lacking: Array | None = None
        self.kept_bits: list[Array] | None = None
        self.kept_fen: Array | None = None
        self.kept_kinds: tuple[list[tuple[int, str]], Array] | None = None

    @property
    def demanded(self) -> Mapping[str, Mask]:
        """The combinations in which each decision is one that the answer rests on."""
        return self.judged.demanded

    def lacking(self, part: slice, shape: tuple[int, int]) -> Array:
        """Return for each of `names` and each row whether some of the row's combinations lacks it.

        Args:
            part: The combinations of some rows, row by row.
            shape: How many rows there are, and how many combinations of each.
        """
        if self.kept_lacking is None:
            self.kept_lacking = np.zeros((len(self.names), self.results.rows), np.bool_)
            for place, name in enumerate(self.names):
                self.kept_lacking[place] = self.judged.missing[name]
        return np.asarray(self.kept_lacking[:, part].reshape(len(self.names), *shape).any(axis=2))

    def bits(self) -> list[Array]:
        """Return for each combination the bit of its kind, in as few integers as hold all kinds."""
        if self.kept_bits is None:
            kinds, places = self.kinds()
            words, bit = places // WORD, np.int64(1) << (places % WORD)
            self.kept_bits = [np.where(words == word, bit, 0) for word in range(-(-len(kinds) // WORD))]
        return self.kept_bits

    def fen(self, fen_of: FenOf) -> Array:
        """Return the amount of each combination that holds, in fen."""
        if self.kept_fen is None:
            value = self.questions.value
            assert value is not None, "only a value can be an amount"
            held = (self.judged.endings == HELD) & ~self.judged.bad
            self.kept_fen = fen_of(self.results.columns[value], held)
        return self.kept_fen

    def kinds(self) -> tuple[list[tuple[int, str]], Array]:
        """Return each ending that is met, with the value where it holds and is no amount, and the place of each combination's."""
        if self.kept_kinds is None:
            endings, value, rows = self.judged.endings, self.questions.value, self.results.rows
            keys = [endings.astype(np.int64)]
            is_told = value is not None and self.questions.below is None
            if is_told and value is not None:
                held = endings == HELD
                column = self.results.columns[value]
                keys += [np.where(held, key, 0) for key in keys_of(column, rows, self.results.vocabulary)]
            first, places = distinct(keys)
            kinds = []
            for row in first.tolist():
                ending = int(endings[row])
                said = format_value(self.results.value(value, row)) if value is not None and is_told and ending == HELD else ""
                kinds.append((ending, said))
            self.kept_kinds = (kinds, places)
        return self.kept_kinds

    def codes(self) -> Marks:
        """Return the rows in which each thing was odd."""
        if "codes" not in self.kept:
            self.kept["codes"] = self.results.codes_beneath(self.demanded)
        return self.kept["codes"]

    def agreed(self, id_: str, rows: Array, shape: tuple[int, int], known: Array, kinds: Array) -> tuple[Array, Mask]:
        """Return what a table did in all combinations of each row that came to it; what is known of it where they differ.

        Args:
            id_: The table.
            rows: The combinations, row by row.
            shape: How many rows there are, and how many combinations of each.
            known: The firing of each row that is known.
            kinds: For each firing a number that is the same where the same rules fired.
        """
        column = self.results.columns[id_]
        count = self.results.rows
        mask = self.demanded.get(id_)
        if mask is None or column.firing is None:
            return known, np.ones(shape[0], np.bool_)
        met = full(mask, count)[rows].reshape(shape)
        fired = column.firing[rows].reshape(shape)
        states = full(np.zeros((), np.uint8) if column.states is None else column.states, count)[rows].reshape(shape)
        values = full(column.values, count)[rows].reshape(shape).astype(np.int64)
        keys = [states.astype(np.int64), np.where(states == KNOWN, values, 0)]
        if column.divisors is not None:
            keys.append(np.where(states == KNOWN, full(column.divisors, count)[rows].reshape(shape), 1))
        place, line = met.argmax(axis=1), np.arange(shape[0])

        def is_same(key: Array) -> Mask:
            found: Mask = ((key == key[line, place][:, None]) | ~met).all(axis=1)
            return found

        same_value = np.logical_and.reduce([met.any(axis=1), *map(is_same, keys)])
        same = same_value & is_same(kinds[fired])
        return np.where(same, fired[line, place], known), ~same | (states[line, place] != KNOWN)


def packed(masks: Sequence[Mask], rows: Array) -> list[Array]:
    """Return masks at some rows as few columns of integers."""
    keys = []
    for start in range(0, len(masks), WORD):
        total = np.zeros(len(rows), np.int64)
        for place, mask in enumerate(masks[start : start + WORD]):
            total |= (mask if mask.ndim == 0 else mask[rows]).astype(np.int64) << place
        keys.append(total)
    return keys or [np.zeros(len(rows), np.int64)]


def names_at(marks: Mapping[str, Mask], row: int) -> frozenset[str]:
    """Return the names whose mask holds a row."""
    return frozenset(name for name, mask in marks.items() if (mask if mask.ndim == 0 else mask[row]))
