"""Lists of elements: which elements each row has, and their entries as columns of their own.

    lists of contexts ──> Elements ── one row for each element ──> entries as columns      a condition is decided for all elements at once
                            └── asked for a list ──> contexts, as the interpreter takes them

A column of the kind ELEMENTS holds numbers of elements, row after row. An entry of which nothing is known is an unknown that
lacks the whole list, by its name. What is asked of the elements is answered once for each place that asks, and kept.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zhida.columnar.columns import KNOWN, NULL, UNKNOWN, Array, Column, Marks, Mask, Vocabulary, column_of, either, full, mask_of
from zhida.columnar.lower import form_of_item
from zhida.columnar.operators import LONGEST
from zhida.columnar.plan import Form, Kind, Plan
from zhida.dmn.model import ItemDefinition
from zhida.values.unknown import Unknown

Value = Any

HEAVIEST = 100_000
"""What a list weighs at most, in entries and characters, that is gone through here: of heavier ones the interpreter counts the steps."""


class Elements(ABC):
    """The elements that the lists of a column are made of."""

    def __init__(self, item: ItemDefinition, vocabulary: Vocabulary) -> None:
        """Begin with nothing asked.

        Args:
            item: The attribute whose values the lists are.
            vocabulary: The words that columns count.
        """
        self.item = item
        self.vocabulary = vocabulary
        self.entries: dict[str, Column] = {}
        self.answers: dict[int, tuple[Plan, Column]] = {}
        self.lists: dict[tuple[int, ...], int] = {}
        self.weighed: Array | None = None
        self.made: dict[int, Value] = {}

    @property
    @abstractmethod
    def count(self) -> int:
        """How many elements there are."""

    def weights(self) -> Array:
        """Return what `weigh` does, which is told once."""
        if self.weighed is None:
            self.weighed = self.weigh()
        return self.weighed

    @abstractmethod
    def weigh(self) -> Array:
        """Return how much each element weighs: its entries and their characters; more than any list may where it is none of its kind."""

    @abstractmethod
    def read(self, entry: ItemDefinition) -> Column:
        """Return an entry of all elements."""

    @abstractmethod
    def make(self, numbers: Sequence[int]) -> Sequence[Value]:
        """Return some elements as the interpreter takes them."""

    def entry(self, entry: ItemDefinition) -> Column:
        """Return an entry of all elements, of which each is unknown, null or known."""
        if entry.name not in self.entries:
            self.entries[entry.name] = self.read(entry)
        return self.entries[entry.name]

    def answer(self, asked: Plan, ask: Callable[[], Column]) -> Column:
        """Return what a plan comes to for each element, which is asked once."""
        if id(asked) not in self.answers:
            self.answers[id(asked)] = asked, ask()
        return self.answers[id(asked)][1]

    def list(self, numbers: Sequence[int]) -> tuple[Value, ...]:
        """Return a list of some elements."""
        lacking = [number for number in dict.fromkeys(numbers) if number not in self.made]
        self.made |= zip(lacking, self.make(lacking), strict=True)
        return tuple([self.made[number] for number in numbers])

    def number(self, numbers: tuple[int, ...]) -> int:
        """Return the number of a list in the vocabulary."""
        if numbers not in self.lists:
            self.lists[numbers] = self.vocabulary.number(self.list(numbers))
        return self.lists[numbers]


class Contexts(Elements):
    """Elements that are contexts already."""

    def __init__(self, item: ItemDefinition, contexts: Sequence[Value], vocabulary: Vocabulary) -> None:
        super().__init__(item, vocabulary)
        self.contexts = contexts

    @property
    def count(self) -> int:
        """How many elements there are."""
        return len(self.contexts)

    def weigh(self) -> Array:
        """Return how much each element weighs."""
        names = {entry.name for entry in self.item.components}

        def weight(context: Value) -> int:
            if not isinstance(context, dict) or context.keys() != names:
                return HEAVIEST + 1
            return len(context) + sum(len(value) for value in context.values() if type(value) is str)

        return np.array([weight(context) for context in self.contexts], np.int64)

    def read(self, entry: ItemDefinition) -> Column:
        """Return an entry of all elements."""
        found = [context.get(entry.name) if isinstance(context, dict) else None for context in self.contexts]
        return column_of(found, form_of_item(entry), self.vocabulary)

    def make(self, numbers: Sequence[int]) -> Sequence[Value]:
        """Return some elements."""
        return [self.contexts[number] for number in numbers]


def column_of_lists(values: Sequence[Value], item: ItemDefinition, vocabulary: Vocabulary) -> Column:
    """Return lists of contexts as a column; what is neither a list nor null nor unknown is bad."""
    lists = [value if isinstance(value, tuple) else () for value in values]
    contexts = [element for value in lists for element in value]
    states = np.array([NULL if value is None else UNKNOWN if isinstance(value, Unknown) else KNOWN for value in values], np.uint8)
    lacks: dict[str, list[int]] = {}
    for place, value in enumerate(values):
        for name in value.missing if isinstance(value, Unknown) else ():
            lacks.setdefault(name, []).append(place)
    bad = (states == KNOWN) & ~np.array([isinstance(value, tuple) for value in values], np.bool_)
    return Column(
        Form(Kind.ELEMENTS),
        np.arange(len(contexts)),
        states if states.any() else None,
        {name: mask_of(places, len(values)) for name, places in lacks.items()},
        bad=bad if bad.any() else None,
        offsets=np.concatenate((np.zeros(1, np.int64), np.cumsum(np.array(list(map(len, lists)), np.int64)))),
        elements=Contexts(item, contexts, vocabulary),
    )


# --- what is done with lists -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Looked:
    """What a column of lists has to do with what its elements came to."""

    lists: Column
    """The lists."""
    elements: Elements
    """All elements."""
    told: Column
    """What each came to."""
    place: Array
    """For each element of each list the row of the list."""

    @property
    def rows(self) -> int:
        """How many lists there are."""
        return _offsets(self.lists).size - 1

    def any(self, mask: Mask) -> Mask:
        """Return the rows some element of which is in a mask of all elements."""
        chosen = full(mask, self.elements.count)[self.lists.values]
        return np.bincount(self.place[chosen], minlength=self.rows) > 0

    def marks(self, marks: Marks) -> Marks:
        """Return the rows some element of which has each mark."""
        found = {name: self.any(mask) for name, mask in marks.items()}
        return {name: mask for name, mask in found.items() if mask.any()}

    def bad(self) -> Mask | None:
        """Return the rows of which only the interpreter can tell: an element is bad, or there are too many, or too long ones."""
        lengths = np.diff(_offsets(self.lists))
        weights = np.bincount(self.place, self.elements.weights()[self.lists.values], self.rows)
        found = (lengths > LONGEST) | (weights > HEAVIEST)
        if self.told.bad is not None:
            found |= self.any(self.told.bad)
        return found if found.any() else None


def _offsets(column: Column) -> Array:
    assert column.offsets is not None, "lists have ends"
    return column.offsets


def looked_at(lists: Column, told: Column) -> Looked:
    """Return what is needed to gather what elements came to, list by list."""
    assert isinstance(lists.elements, Elements), "a column of elements knows them"
    offsets = _offsets(lists)
    return Looked(lists, lists.elements, told, np.repeat(np.arange(len(offsets) - 1), np.diff(offsets)))


def filtered(lists: Column, told: Column) -> Column:
    """Return the elements of which a condition is true; where it is unknown of any, nobody knows which they are.

    Null has no elements; neither false nor null takes one. What was odd about any element is told.
    """
    look = looked_at(lists, told)
    known, _, state = _states(look)
    kept = full(np.asarray(told.known & told.values), look.elements.count)[lists.values] & known[look.place]
    counts = np.bincount(look.place[kept], minlength=look.rows)
    codes = {**lists.codes}
    for code, mask in look.marks(told.codes).items():
        codes[code] = mask | codes[code] if code in codes else mask
    return replace(
        lists,
        values=lists.values[kept],
        offsets=np.concatenate((np.zeros(1, np.int64), np.cumsum(counts))),
        states=state,
        missing=_missing(look),
        codes=codes,
        bad=either(lists.bad, look.bad()),
        firing=None,
    )


def iterated(lists: Column, told: Column) -> Column:
    """Return the list of what all elements come to, each a number; a list some number of which is not known is bad, and null is."""
    look = looked_at(lists, told)
    codes = {**lists.codes}
    for code, mask in look.marks(told.codes).items():
        codes[code] = mask | codes[code] if code in codes else mask
    odd = look.any(~np.asarray(told.known)) | np.asarray(lists.null)
    values = full(told.values, look.elements.count)[lists.values]
    return replace(
        lists, form=Form(Kind.LIST, told.form.scale), values=values, codes=codes, bad=either(lists.bad, look.bad(), odd), elements=None
    )


def _states(look: Looked) -> tuple[Mask, Mask, Array | None]:
    """Return the rows that are known, those that are not, and the states."""
    unknown = np.asarray(look.lists.unknown | look.any(np.asarray(look.told.unknown)))
    states = np.where(unknown, np.uint8(UNKNOWN), np.uint8(KNOWN)) if unknown.any() else None
    return ~unknown, unknown, states


def _missing(look: Looked) -> Marks:
    """Return what unknown rows lack: the facts that the list does, and the list where an entry is unknown that was looked at."""
    found = {**look.lists.missing}
    inner = look.any(np.asarray(look.told.unknown))
    if inner.any():
        name = look.elements.item.name
        found[name] = inner | found[name] if name in found else inner
    return found
