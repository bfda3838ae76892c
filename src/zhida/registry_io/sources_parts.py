"""Parts of a source: what is read at a time, what was odd about it, and the order that all of it must have.

Owns what every kind of source shares. A part is decided by one worker and written as one part of the result, so its
bounds and its keys are known before anything is read; what is odd in its cells is counted while it is read, in whatever
order the parts come, and is told in the order of the rows.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from threading import Lock
from typing import Generic, TypeVar

from zhida.dmn.model import ItemDefinition
from zhida.errors import Diagnostic, InputError, diagnostic
from zhida.source import Source, Span

SHOWN_CELLS = 3
"""Cells of one column that are shown of each kind of finding; the others are counted."""

AHEAD = 4
"""Parts that are kept when a later one is asked for first: workers overtake each other a little."""

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of the rows of a source."""

    number: int
    """Its place among the parts, from 0."""
    start: int
    """How many rows of the source stand before it."""
    rows: int
    """How many rows it has."""
    first_key: str
    """The key of its first row."""
    last_key: str
    """The key of its last row."""


def nowhere(name: str, row: int | None = None) -> Span:
    """Return a span that names a source and, in place of a line, the number of a row from 1."""
    return Span(Source(name, "", row or 1), 0, 0)


def check_order(name: str, key: str, parts: Sequence[Part], place: Callable[[Part], Span]) -> None:
    """See that no key of a part is in the next one or behind it; `place` gives the place of a part's first row.

    Raises:
        InputError: source-key-lacking, source-key-duplicate, source-unsorted.
    """
    found = [diagnostic("source-key-lacking", place(part), key=key, name=name) for part in parts if not part.first_key]
    found += [
        order_fault(name, key, before.last_key, part.first_key, place(part))
        for before, part in pairwise(parts)
        if part.first_key and before.last_key >= part.first_key
    ]
    if found:
        raise InputError(found[:SHOWN_CELLS])


def order_fault(name: str, key: str, before: str, value: str, span: Span) -> Diagnostic:
    """Return what is wrong with a key that is not above the one before it."""
    code = "source-key-duplicate" if before == value else "source-unsorted"
    return diagnostic(code, span, name=name, key=key, value=value, before=before)


@dataclass(slots=True)
class _Kind:
    """The findings of one kind in one column."""

    count: int = 0
    shown: list[tuple[int, Callable[[], Diagnostic]]] = field(default_factory=list)


@dataclass(slots=True)
class _Known:
    """What is known of one column."""

    parts: set[int] = field(default_factory=set)
    rows: int = 0
    least: Decimal | None = None
    greatest: Decimal | None = None


class Findings:
    """What was odd in the cells of a source, counted by kind and column from any thread."""

    def __init__(self, name: str, opening: Iterable[Diagnostic] = ()) -> None:
        self.name = name
        self._opening = tuple(opening)
        self._kinds: dict[tuple[str, str], _Kind] = {}
        self._known: dict[str, _Known] = {}
        self._lock = Lock()

    def add(self, part: Part, code: str, name: str, cells: Sequence[tuple[int, Callable[[], Diagnostic]]], count: int) -> None:
        """Count cells of the column `name`, once for each part, however often it is read.

        Args:
            part: Where they stand.
            code: What is odd about them.
            name: The attribute.
            cells: The first of them: the row in the source, and what makes the diagnostic.
            count: How many there are.
        """
        with self._lock:
            if name in self._known and part.number in self._known[name].parts:
                return
            kind = self._kinds.setdefault((name, code), _Kind())
            kind.count += count
            kind.shown = sorted([*kind.shown, *cells[:SHOWN_CELLS]], key=lambda cell: cell[0])[:SHOWN_CELLS]

    def know(self, part: Part, known: Mapping[str, tuple[int, Decimal | None, Decimal | None]]) -> None:
        """Note, once for each part, that columns were read, how many cells of each are known and between what they lie."""
        with self._lock:
            for name, (rows, least, greatest) in known.items():
                sum_ = self._known.setdefault(name, _Known())
                if part.number in sum_.parts:
                    continue
                sum_.parts.add(part.number)
                sum_.rows += rows
                sum_.least = _of(min, sum_.least, least)
                sum_.greatest = _of(max, sum_.greatest, greatest)

    def diagnostics(self, items: Mapping[str, ItemDefinition], parts: int) -> tuple[Diagnostic, ...]:
        """Return what was found so far: first of the whole, then by column in the order of `items`, then by row.

        Args:
            items: The attributes.
            parts: How many parts the source has. What holds for a column in all rows is told when all have been read.
        """
        with self._lock:
            rank = {name: place for place, name in enumerate(items)}
            found = list(self._opening)
            for name in sorted(self._known, key=lambda name: rank[name]):
                if len(self._known[name].parts) == parts:
                    found += _of_column(self.name, items[name], self._known[name])
            for (name, _), kind in sorted(self._kinds.items(), key=lambda entry: (rank[entry[0][0]], entry[0][1])):
                found += [make() for _, make in kind.shown]
                if kind.count > len(kind.shown):
                    words = {"count": kind.count - len(kind.shown), "name": name}
                    found.append(diagnostic("source-more-cells", nowhere(self.name), **words))
            return tuple(found)


def _of(choose: Callable[[Decimal, Decimal], Decimal], one: Decimal | None, other: Decimal | None) -> Decimal | None:
    if one is None or other is None:
        return other if one is None else one
    return choose(one, other)


def _of_column(source: str, item: ItemDefinition, known: _Known) -> Iterator[Diagnostic]:
    """Yield what is odd about a column as a whole: nothing in it is known, or everything is unusual."""
    if not known.rows:
        yield diagnostic("source-all-unknown", nowhere(source), name=item.name)
    if known.least is None or known.greatest is None:
        return
    low, high = item.usual_range or (None, None)
    if (low is not None and known.greatest < low) or (high is not None and known.least > high):
        words = {"least": f"{known.least:f}", "greatest": f"{known.greatest:f}", "unit": item.unit}
        ends = {"low": "" if low is None else f"{low:f}", "high": "" if high is None else f"{high:f}"}
        yield diagnostic("source-unit-doubtful", nowhere(source), name=item.name, **words, **ends)


class Forward(Generic[Item]):
    """Something that can only be read forwards, handed out by number.

    Whoever asks for the next one, or one a little later, is served from the same stream, what was passed over being kept;
    anything else opens the stream anew. A stream may end before the last one: then it is opened where it ended.
    """

    def __init__(self, open_at: Callable[[int], Generator[Item, None, None]]) -> None:
        """Keep how the stream is opened at a number."""
        self._open_at = open_at
        self._stream: Generator[Item, None, None] | None = None
        self._next = 0
        self._kept: dict[int, Item] = {}
        self._lock = Lock()

    def take(self, number: int) -> Item:
        """Return the thing of a number; each is kept only until it was taken.

        Raises:
            ValueError: the stream does not hold it.
        """
        with self._lock:
            if number in self._kept:
                return self._kept.pop(number)
            if self._stream is None or not self._next <= number <= self._next + AHEAD:
                self._open(number)
            while self._next < number:
                place = self._next
                self._kept[place] = self._following()
            for place in sorted(self._kept)[:-AHEAD]:
                del self._kept[place]
            return self._following()

    def close(self) -> None:
        """Forget the stream and what was kept."""
        self._kept.clear()
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _open(self, number: int) -> None:
        self.close()
        self._stream, self._next = self._open_at(number), number

    def _following(self) -> Item:
        """Return the next one."""
        for is_at_end in (False, True):
            stream = self._open_at(self._next) if is_at_end or self._stream is None else self._stream
            self._stream = None  # if it fails, whoever comes next opens another
            for item in stream:
                self._stream = stream
                self._next += 1
                return item
        raise ValueError("it ends before it should")
