"""Combinations of values of missing facts where rows are decided by codes: each row has as many as it needs, one row's behind another's.

row ──its missing facts, each with its own values──> combinations ──what they come to──> of the row: all alike? which, what changes
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from zhida.columnar.columns import Array, Mask, different

SET = 62
"""Bits of an integer that are used for sets."""


@dataclass(frozen=True, slots=True)
class Values:
    """The values that a missing fact may have."""

    lacks: Mask
    """The rows that lack it."""
    codes: NDArray[np.int64]
    """The codes of the values of one row behind those of another."""
    starts: NDArray[np.int64]
    """For each row where its own begin."""
    sizes: NDArray[np.int64]
    """For each row how many there are; 1 where it does not lack the fact."""

    @classmethod
    def of(cls, lacks: Mask, domain: NDArray[np.int64], tried: Mask) -> "Values":
        """Return the values that are tried.

        Args:
            lacks: The rows that lack the fact.
            domain: The codes of all of its values.
            tried: For each row that lacks it which of them are tried.
        """
        sizes = np.ones(len(lacks), np.int64)
        sizes[lacks] = tried.sum(axis=1)
        starts = np.zeros(len(lacks), np.int64)
        starts[lacks] = np.cumsum(sizes[lacks]) - sizes[lacks]
        return cls(lacks, domain[np.nonzero(tried)[1]], starts, sizes)

    def take(self, rows: Array) -> "Values":
        """Return those of some rows."""
        return Values(self.lacks[rows], self.codes, self.starts[rows], self.sizes[rows])


class Varied(NamedTuple):
    """Where a fact varies among combinations."""

    places: Array
    """The combinations of rows that lack it."""
    first: Array
    """For each the combination with the fact's first value that is the same in all other facts."""


class Combinations:
    """The combinations of some rows."""

    def __init__(self, values: Sequence[Values]) -> None:
        """Count them.

        Args:
            values: For each fact its values.
        """
        self.values = values
        sizes = np.stack([each.sizes for each in values])
        self.cases: NDArray[np.int64] = sizes.prod(axis=0)
        self.count = int(self.cases.sum())
        self.starts: NDArray[np.int64] = np.cumsum(self.cases) - self.cases
        self.rows: NDArray[np.int64] = np.repeat(np.arange(len(self.cases)), self.cases)
        self.behind = np.ones_like(sizes)
        self.behind[:-1] = sizes[:0:-1].cumprod(axis=0)[::-1]

    def column(self, fact: int, codes: Array) -> tuple[Array, Varied | None]:
        """Return the codes of a fact in all combinations, and where they vary.

        Args:
            fact: The place of the fact.
            codes: What the rows have of it.
        """
        values, found = self.values[fact], codes[self.rows]
        if not values.lacks.any():
            return found, None
        places = np.flatnonzero(values.lacks[self.rows])
        rows, behind = self.rows[places], self.behind[fact]
        digits = (places - self.starts[rows]) // behind[rows] % values.sizes[rows]
        found[places] = values.codes[values.starts[rows] + digits]
        return found, Varied(places, places - digits * behind[rows])

    def any(self, mask: Mask) -> Mask:
        """Return the rows any of whose combinations a mask has."""
        found: Mask = np.logical_or.reduceat(mask, self.starts)
        return found

    def are_alike(self, numbers: Array) -> Mask:
        """Return the rows all of whose combinations have the same number."""
        return ~self.any(numbers != numbers[self.starts][self.rows])

    def changes(self, numbers: Array, varied: Varied) -> Mask:
        """Return the rows in which another value of one fact alone changes a number."""
        found = np.zeros(len(self.cases), np.bool_)
        differs = numbers[varied.places] != numbers[varied.first]
        found[self.rows[varied.places[differs]]] = True
        return found

    def sets(self, numbers: Array, count: int) -> list[NDArray[np.int64]]:
        """Return for each row the set of its numbers, as bits of integers.

        Args:
            numbers: The number of each combination.
            count: How many numbers there are.
        """
        found = []
        for start in range(0, max(count, 1), SET):
            bits = np.zeros(max(count, 1), np.int64)
            bits[start : start + SET] = np.int64(1) << np.arange(len(bits[start : start + SET]))
            found.append(np.bitwise_or.reduceat(bits[numbers], self.starts))
        return found

    def of(self, numbers: Array, row: int) -> list[int]:
        """Return the numbers of the combinations of one row, each once, in order."""
        start = int(self.starts[row])
        found: list[int] = different(numbers[start : start + int(self.cases[row])]).tolist()
        return found
