"""Large tables in two halves: each half of the inputs says which rules it leaves, and two such sets are looked up together.

    codes of some inputs ──dense──> number of a set of rules ─┐
                                                              ├──search──> entry
    codes of the others ───dense──> number of a set of rules ─┘

Where a table of all combinations would be too large, one of each half is not, and there are far fewer sets of rules than
combinations. The sets, not what they mean, are computed here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from zhida.columnar import kernel
from zhida.columnar.columns import Array, Mask
from zhida.columnar.tables import DENSE_LIMIT

ODD = 0
"""The number of a set that something null or odd has a part in: what comes of it is not told by rules alone."""


@dataclass(frozen=True, slots=True)
class Cells:
    """What the cells of some inputs say of the codes of a source."""

    certain: NDArray[np.uint64]
    """For each code the rules whose cells pass."""
    possible: NDArray[np.uint64]
    """The rules whose cells pass, or may."""
    plain: Mask
    """Whether nothing is null or odd."""


@dataclass(frozen=True, slots=True)
class Half:
    """Some of the sources."""

    sources: tuple[int, ...]
    """By the places of their operations."""
    maps: tuple[Array, ...]
    """For each source and code what it adds to the place in the table."""
    table: Array
    """The number of the set of rules that a combination leaves."""
    sets: int
    """How many sets there are."""

    def numbers(self, codes: Mapping[int, Array]) -> Array:
        """Return the number of the set of each row."""
        return kernel.decide_dense([codes[source] for source in self.sources], list(self.maps), self.table)


class Pairs:
    """What is known of pairs of sets of rules: those that were met, in order."""

    def __init__(self) -> None:
        self.keys: NDArray[np.int64] = np.zeros(0, np.int64)
        self.codes: NDArray[np.int64] = np.zeros(0, np.int64)

    def look_up(self, keys: Array) -> tuple[Array, Mask]:
        """Return the code of each key, and the rows whose key was not met before."""
        known, codes = self.keys, self.codes
        if not len(known):
            return np.zeros(len(keys), np.int64), np.ones(len(keys), np.bool_)
        places = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        return codes[places], known[places] != keys

    def learn(self, keys: Array, codes: Array) -> None:
        """Keep the codes of keys."""
        every, first = np.unique(np.concatenate((self.keys, keys)), return_index=True)
        self.codes = np.concatenate((self.codes, codes))[first]
        self.keys = every


def halves_of(cells: Mapping[int, Cells]) -> tuple[Half, Half] | None:
    """Return the two halves of a table; None where a half has too many combinations.

    Args:
        cells: What is said of the codes of each source.
    """
    classes = {source: _classes(each) for source, each in cells.items()}
    left: list[int] = []
    right: list[int] = []
    for source in sorted(classes, key=lambda each: -len(classes[each][1].plain)):
        sizes = [prod(len(classes[each][1].plain) for each in half) for half in (left, right)]
        (left if sizes[0] <= sizes[1] else right).append(source)
    halves = []
    for half in (left, right):
        if not half or prod(len(classes[source][1].plain) for source in half) >= DENSE_LIMIT:
            return None
        halves.append(_half(half, classes))
    return halves[0], halves[1]


def _classes(cells: Cells) -> tuple[Array, Cells]:
    """Return for each code the number of those that are alike, and what is said of these."""
    rows = np.concatenate((cells.certain, cells.possible, cells.plain[:, None].astype(np.uint64)), axis=1)
    _, first, numbers = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    return numbers.reshape(-1), Cells(cells.certain[first], cells.possible[first], cells.plain[first])


def _half(sources: Sequence[int], classes: Mapping[int, tuple[Array, Cells]]) -> Half:
    """Return one half."""
    sizes = [len(classes[source][1].plain) for source in sources]
    strides = [prod(sizes[place + 1 :]) for place in range(len(sizes))]
    places = np.arange(prod(sizes))
    chosen = [places // stride % size for stride, size in zip(strides, sizes, strict=True)]
    said = [classes[source][1] for source in sources]
    certain, possible, plain = said[0].certain[chosen[0]], said[0].possible[chosen[0]], said[0].plain[chosen[0]]
    for cells, column in zip(said[1:], chosen[1:], strict=True):
        certain, possible, plain = certain & cells.certain[column], possible & cells.possible[column], plain & cells.plain[column]
    _, numbers = np.unique(np.concatenate((certain, possible), axis=1), axis=0, return_inverse=True)
    table = np.where(plain, numbers.reshape(-1) + 1, ODD)
    maps = tuple((classes[source][0] * stride).astype(np.uint32) for source, stride in zip(sources, strides, strict=True))
    return Half(tuple(sources), maps, table.astype(np.uint16), int(table.max()) + 1)
