"""What the cells of a column say of values: the interpreter is asked of each cell once between two of its own constants.

    cells ──tell──────────> Told    of one value
          ──tell_stretches─> Told    of one integer of each stretch that all cells together leave between their constants

A column of many rules has far more stretches than any one of its cells tells apart.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.columnar.lower_cells import UnlowerableError, bounds_of_cell
from zhida.dmn.compiled import AS_OF
from zhida.feel.evaluate import test
from zhida.feel.run import Frame, Run
from zhida.feel.syntax import Literal, UnaryTests
from zhida.values.temporal import Date

Value = Any

Marks = Callable[[Sequence[Value]], NDArray[np.int64]]
"""Returns where integers go from one side of some constants to the other, in order."""

FALSE, TRUE = 0, 1
"""The numbers of a plain no and a plain yes in `CellsOfColumn.said`."""


class Told:
    """What each cell of a column says of a value."""

    __slots__ = ("key", "said")

    def __init__(self, numbers: NDArray[np.uint16], said: Sequence[object]) -> None:
        """Keep it.

        Args:
            numbers: For each cell the place of what it says.
            said: What can be said: a truth and the codes of what was odd.
        """
        self.said = said
        self.key = numbers.tobytes()

    @property
    def numbers(self) -> NDArray[np.uint16]:
        """For each cell the place of what it says."""
        return np.frombuffer(self.key, np.uint16)

    def __getitem__(self, place: int) -> object:
        """Return what one cell says."""
        return self.said[memoryview(self.key).cast("H")[place]]

    def __iter__(self) -> Iterator[object]:
        """Yield what each cell says."""
        return map(self.said.__getitem__, self.numbers.tolist())

    def __len__(self) -> int:
        """Return how many cells there are."""
        return len(memoryview(self.key).cast("H"))

    def __eq__(self, other: object) -> bool:
        """Whether the cells of the same column say the same."""
        return isinstance(other, Told) and self.said is other.said and self.key == other.key

    def __hash__(self) -> int:
        """Return the same number for the same sayings."""
        return hash(self.key)


class CellsOfColumn:
    """The cells of a column; those that are written alike are asked once."""

    def __init__(self, cells: Sequence[UnaryTests], as_of: Date) -> None:
        """Tell them apart.

        Args:
            cells: The cells.
            as_of: The date of the business fact.
        """
        kinds: dict[object, int] = {}
        self.kind_of = np.array([kinds.setdefault(cell.span.text or id(cell), len(kinds)) for cell in cells], np.intp)
        first: dict[int, UnaryTests] = {}
        for kind, cell in zip(self.kind_of.tolist(), cells, strict=True):
            first.setdefault(kind, cell)
        self.some = list(first.values())
        self.by_word: dict[str, list[int]] = {}
        self.unlisted: list[int] = []
        self.of_other_words = np.full(len(self.some), FALSE, np.uint16)
        for place, cell in enumerate(self.some):
            words = words_listed(cell)
            if cell.tests and words is None:
                self.unlisted.append(place)
            elif cell.is_negated or not cell.tests:
                self.of_other_words[place] = TRUE
            for word in words or ():
                self.by_word.setdefault(word, []).append(place)
        self.of_lists: dict[tuple[int, ...], Told] = {}
        self.as_of = as_of
        self.said: list[object] = [(False, ()), (True, ())]
        self.numbers: dict[object, int] = {said: number for number, said in enumerate(self.said)}

    def tell(self, value: Value) -> Told:
        """Return what each cell says of a value."""
        if type(value) is not str:
            return self.told(np.array([self.asked(place, value) for place in range(len(self.some))], np.uint16))
        lists = tuple(self.by_word.get(value, ()))  # lists of words are long, and words are many
        if lists in self.of_lists:
            return self.of_lists[lists]
        some = self.of_other_words.copy()
        for place in lists:
            some[place] = FALSE if self.some[place].is_negated else TRUE
        for place in self.unlisted:
            some[place] = self.asked(place, value)
        told = self.told(some)
        if not self.unlisted:
            self.of_lists[lists] = told
        return told

    def told(self, some: NDArray[np.uint16]) -> Told:
        """Return what each cell says, given what each kind of cell does."""
        return Told(some[self.kind_of], self.said)

    def asked(self, place: int, value: Value) -> int:
        """Return the number of what one kind of cell says of a value."""
        cell = self.some[place]
        if not cell.tests:
            return TRUE
        run = Run(self.as_of)
        passed = test(cell, value, Frame({AS_OF: self.as_of}, run))
        return self.numbered((passed, tuple(sorted({item.code for item in run.diagnostics}))))

    def numbered(self, said: object) -> int:
        """Return the number of something that is said."""
        if said not in self.numbers:
            self.numbers[said] = len(self.said)
            self.said.append(said)
        return self.numbers[said]

    def tell_stretches(self, samples: NDArray[np.int64], value_of: Callable[[int], Value], marks_of: Marks) -> list[Told]:
        """Return what each cell says of each of some ascending integers.

        Args:
            samples: The integers.
            value_of: Gives the value that an integer stands for.
            marks_of: Gives where some constants cut the integers.
        """
        table = np.empty((len(samples), len(self.some)), np.uint16)
        for place, cell in enumerate(self.some):
            try:
                marks = marks_of(list(bounds_of_cell(cell, self.as_of)))
            except UnlowerableError:  # it does more than compare: each sample is told by itself
                marks = samples
            stretches = np.searchsorted(marks, samples, side="right")
            firsts = np.flatnonzero(np.diff(stretches, prepend=-1))
            numbers = [self.asked(place, value_of(sample)) for sample in samples[firsts].tolist()]
            table[:, place] = np.repeat(np.array(numbers, np.uint16), np.diff(firsts, append=len(samples)))
        return [self.told(row) for row in table]


def words_listed(cell: UnaryTests) -> frozenset[str] | None:
    """Return the words of a cell that lists nothing but words; None for any other cell."""
    words = [item.value for item in cell.tests if isinstance(item, Literal) and type(item.value) is str]
    return frozenset(words) if words and len(words) == len(cell.tests) else None
