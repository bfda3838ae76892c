"""Columns: values, states and marks of many rows, and the way from FEEL values into them and back.

A row of a column is known, null or unknown. Beside its value it says, as *marks* (a mask of rows for each name):
`missing`, which facts an unknown lacks; `reads`, which decisions were read on the way; `codes`, what was odd on the way.
A row is *bad* where the columns cannot say exactly what the interpreter says: an integer would not fit 64 bits, say. Bad
is contagious, and bad rows go to the interpreter. Invariant: a row that is not bad is what the interpreter says.

Arrays hold one entry for each row, or a single one that stands for all; `None` in place of states or bad rows: all are
known, none is bad.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal
from itertools import pairwise, repeat
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from zhida.columnar.plan import Form, Kind
from zhida.values import temporal
from zhida.values.function import Function
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date, DaysDuration, MonthsDuration
from zhida.values.text import literal
from zhida.values.unknown import Unknown, find_unknown

Mask = NDArray[np.bool_]
Marks = dict[str, Mask]
Array = NDArray[Any]

KNOWN, NULL, UNKNOWN = 0, 1, 2
"""The states of a row."""

DAY = 86_400 * 10**9
"""Nanoseconds in a day."""

LARGEST = 2**63 - 1
"""The largest number in a column."""

ALL: Mask = np.ones((), np.bool_)
"""The mask of every row."""

_EXACT = Context(prec=7_000)  # holds every FEEL number in full


_SIMPLE = {Decimal, str, bool, Date}
"""Types of values of which equal ones have the same number in the vocabulary."""


class ElementSource(Protocol):
    """The elements that columns of the kind ELEMENTS count."""

    def list(self, numbers: Sequence[int]) -> tuple[Any, ...]:
        """Return a list of some elements."""

    def number(self, numbers: tuple[int, ...]) -> int:
        """Return the number of a list in the vocabulary."""


@dataclass(frozen=True, slots=True)
class Column:
    """What each row has of one operation."""

    form: Form
    """How the values are kept."""
    values: Array
    """The values; where a row is not known, anything."""
    states: Array | None = None
    """KNOWN, NULL or UNKNOWN; None where all are known."""
    missing: Marks = field(default_factory=dict)
    """Fact → the unknown rows that lack it."""
    reads: Marks = field(default_factory=dict)
    """Decision → the rows in which it was read."""
    codes: Marks = field(default_factory=dict)
    """Diagnostic code → the rows in which it was noted."""
    bad: Mask | None = None
    """The rows that go to the interpreter; None where there are none."""
    divisors: Array | None = None
    """Denominators of ratios."""
    offsets: Array | None = None
    """Of lists: where each row's begins in `values`, and behind the last where it ends."""
    elements: "ElementSource | None" = None
    """Of lists of elements: what `values` count."""
    firing: Array | None = None
    """Of a decision by table: for each row the number of its `Firing`."""

    @property
    def known(self) -> Mask:
        """The rows that are known."""
        return ALL if self.states is None else self.states == KNOWN

    @property
    def null(self) -> Mask:
        """The rows that are null."""
        return ~ALL if self.states is None else self.states == NULL

    @property
    def unknown(self) -> Mask:
        """The rows that are unknown."""
        return ~ALL if self.states is None else self.states == UNKNOWN


# --- marks ---------------------------------------------------------------------------------------------------------


def union(*marks: Marks) -> Marks:
    """Return the marks that any of some has."""
    some = [each for each in marks if each]
    if len(some) < 2:
        return some[0] if some else {}
    found = dict(some[0])
    for each in some[1:]:
        for name, mask in each.items():
            other = found.get(name)
            found[name] = mask if other is None or other is mask else mask | other
    return found


def limited(marks: Marks, mask: Mask) -> Marks:
    """Return marks in some rows only."""
    if not marks or mask is ALL:
        return marks
    cut = ((name, mask if rows is ALL else rows & mask) for name, rows in marks.items())
    return {name: rows for name, rows in cut if np.count_nonzero(rows)}


def either(*masks: Mask | None) -> Mask | None:
    """Return the rows of any of some masks, of which None is none."""
    found: Mask | None = None
    for mask in masks:
        if mask is not None:
            found = mask if found is None else found | mask
    return found


def within(bad: Mask | None, mask: Mask) -> Mask | None:
    """Return bad rows as far as they count."""
    if bad is None or mask is ALL:
        return bad
    cut = bad & mask
    return cut if np.count_nonzero(cut) else None


def states_of(null: Mask | None, unknown: Mask | None) -> Array | None:
    """Return the states of rows that are null, or else unknown, or else known; unknown wins."""
    if (null is None or not np.count_nonzero(null)) and (unknown is None or not np.count_nonzero(unknown)):
        return None
    states: Array = np.asarray(np.uint8(KNOWN)) if null is None else np.where(null, np.uint8(NULL), np.uint8(KNOWN))
    return states if unknown is None else np.where(unknown, np.uint8(UNKNOWN), states)


# --- rows ----------------------------------------------------------------------------------------------------------


def rows_of(array: Array, rows: Array) -> Array:
    """Return an array at some rows; a single entry stands for each."""
    return array if array.ndim == 0 else array[rows]


def marks_of(marks: Marks, rows: Array) -> Marks:
    """Return marks at some rows."""
    if not marks:
        return marks
    cut = {name: rows_of(mask, rows) for name, mask in marks.items()}
    return {name: mask for name, mask in cut.items() if np.count_nonzero(mask)}


def take(column: Column, rows: Array) -> Column:
    """Return a column at some rows, in their order."""
    if column.offsets is not None:
        lengths = np.diff(column.offsets)[rows]
        offsets = np.concatenate(([0], np.cumsum(lengths)))
        places = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths) + np.repeat(column.offsets[:-1][rows], lengths)
        return _taken(column, rows, column.values[places], offsets)
    return _taken(column, rows, rows_of(column.values, rows))


def _taken(column: Column, rows: Array, values: Array, offsets: Array | None = None) -> Column:
    """Return a column at some rows, of which the values are known."""
    return Column(
        column.form,
        values,
        None if column.states is None else rows_of(column.states, rows),
        marks_of(column.missing, rows),
        marks_of(column.reads, rows),
        marks_of(column.codes, rows),
        None if column.bad is None else rows_of(column.bad, rows),
        None if column.divisors is None else rows_of(column.divisors, rows),
        offsets,
        column.elements,
        None if column.firing is None else rows_of(column.firing, rows),
    )


def full(array: Array, rows: int) -> Array:
    """Return an array with one entry for each row."""
    return np.broadcast_to(array, (rows,)) if array.ndim == 0 else array


def distinct(keys: Sequence[Array]) -> tuple[Array, Array]:
    """Return the first row of each distinct combination, and for each row the place of its combination.

    >>> first, places = distinct([np.array([5, 5, 7]), np.array([1, 1, 1])])
    >>> first.tolist(), places.tolist()
    ([0, 2], [0, 0, 1])
    """
    if len(keys) == 1:
        return _distinct(keys[0])
    rows = len(keys[0])
    joint, size = np.zeros(rows, np.int64), 1  # a number below `size` for each row: the same where all keys so far are
    for key in keys if rows else ():
        low = int(key.min())
        width = int(key.max()) - low + 1
        if width == 1:
            continue
        if width > _near_together(rows):
            alike, moved = _distinct(key)
            width = len(alike)
        else:
            moved = key - np.int64(low)
        if size * width > _near_together(rows) and size > 1:
            alike, joint = _distinct(joint)
            size = len(alike)
        joint = joint * np.int64(width) + moved if size > 1 else moved
        size *= width
    return _distinct(joint)


def _near_together(rows: int) -> int:
    """Return how many numbers there may be between the ends of a key so that a table of them costs less than to sort it."""
    return 4 * rows + min(64 * rows, 65_536)


def _distinct(key: Array) -> tuple[Array, Array]:
    """Return what `distinct` does for one column, without sorting where its numbers lie close together."""
    rows = len(key)
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    low, high = int(key.min()), int(key.max())
    if low == high:
        return np.zeros(1, np.int64), np.zeros(rows, np.int64)
    if high - low > _near_together(rows):
        _, first, places = np.unique(key, return_index=True, return_inverse=True)
        return first, places
    table = np.full(high - low + 1, -1, np.int64)
    moved = key - np.int64(low)
    table[moved[::-1]] = np.arange(rows - 1, -1, -1)
    met = np.flatnonzero(table >= 0)
    first = table[met]
    table[met] = np.arange(len(met))
    return first, table[moved]


def different(numbers: Array) -> Array:
    """Return the different numbers below 2**63 of an array, ascending: `np.unique`, which for this alone would load masked arrays.

    >>> different(np.array([[7, 5], [5, 7]])).tolist()
    [5, 7]
    """
    flat = numbers.reshape(-1)
    return flat[_distinct(flat)[0]]


# --- values in and out ---------------------------------------------------------------------------------------------


class Vocabulary:
    """Every string, and every value that has no form of its own, by a number; equal values have the same.

    Lists and contexts may hold what is unknown; it then lacks facts by their names, which are the same in every row.

    Number 0 is the empty text from the start: it stands where a row is bad, and such rows are computed with like any other.
    """

    def __init__(self) -> None:
        self.values: list[Any] = [""]
        self.numbers: dict[object, int] = {"": 0}
        self.partial: list[int] = []
        self.is_decimal = np.zeros(0, np.bool_)
        self.is_simple = np.zeros(0, np.bool_)
        self.is_below: dict[Decimal, Mask] = {}

    def decimals(self) -> Mask:
        """Return for each value whether it is a number."""
        known = len(self.is_decimal)
        if known < len(self.values):
            more = [type(value) is Decimal for value in self.values[known:]]
            self.is_decimal = np.concatenate((self.is_decimal, np.array(more, np.bool_)))
        return self.is_decimal

    def below(self, limit: Decimal) -> Mask:
        """Return for each value whether it is a number that stays below a limit, either way."""
        found = self.is_below.get(limit, self.is_decimal[:0])
        if len(found) < len(self.values):
            more = [type(value) is Decimal and abs(value) < limit for value in self.values[len(found) :]]
            found = self.is_below[limit] = np.concatenate((found, np.array(more, np.bool_)))
        return found

    def simple(self) -> Mask:
        """Return for each value whether those that are equal to it have its number."""
        known = len(self.is_simple)
        if known < len(self.values):
            more = [type(value) in _SIMPLE for value in self.values[known:]]
            self.is_simple = np.concatenate((self.is_simple, np.array(more, np.bool_)))
        return self.is_simple

    def number(self, value: object) -> int:
        """Return the number of a value.

        >>> words = Vocabulary()
        >>> words.number("企业"), words.number("高校"), words.number("企业"), words.number(Decimal("1.0")), words.number(Decimal(1))
        (1, 2, 1, 3, 3)
        """
        key = value if type(value) is str or type(value) is Decimal else (type(value), literal(value))
        number = self.numbers.get(key)
        if number is None:
            number = self.numbers[key] = len(self.values)
            self.values.append(value)
            if find_unknown(value) is not None:
                self.partial.append(number)
        return number

    def numbers_of(self, values: Sequence[object]) -> list[int]:
        """Return the numbers of texts, or of FEEL numbers."""
        known: list[Any] = list(map(self.numbers.get, values))
        if None in known:
            for place, number in enumerate(known):
                if number is None:
                    value, fresh = values[place], len(self.values)
                    known[place] = self.numbers.setdefault(value, fresh)
                    if known[place] == fresh:
                        self.values.append(value)
        return known

    def partly(self, column: Column) -> Mask:
        """Return the rows whose value is a list or context something in which is unknown."""
        if column.form.kind is not Kind.VALUE or not self.partial:
            return ~ALL
        return np.asarray(column.known & np.isin(column.values, self.partial))


class Untold:
    """Stands for a value that columns cannot keep."""


def form_of(value: object) -> Form:
    """Return the narrowest form that holds a FEEL value.

    >>> form_of(Decimal("0.015")), form_of(Decimal("3E+2")).scale
    (Form(kind=<Kind.NUMBER: 'number'>, scale=3), 0)
    """
    match value:
        case None | Unknown():
            return Form(Kind.NULL)
        case bool():
            return Form(Kind.BOOLEAN)
        case Decimal():
            scale = scale_of(value)
            return Form(Kind.VALUE) if scale > MAX_SCALE or scaled(value, scale) is None else Form(Kind.NUMBER, scale)
        case str():
            return Form(Kind.STRING)
        case Date():
            return Form(Kind.DATE)
        case DaysDuration() if value.nanoseconds % DAY == 0 and abs(value.nanoseconds) // DAY <= LARGEST:
            return Form(Kind.DAYS)
        case MonthsDuration() if abs(value.months) <= LARGEST:
            return Form(Kind.MONTHS)
    return Form(Kind.VALUE)


MAX_SCALE = 18
"""Decimal places that a column keeps at most."""


def scale_of(value: Decimal) -> int:
    """Return the decimal places of a number, without idle zeros."""
    exponent = value.normalize(_EXACT).as_tuple().exponent
    assert isinstance(exponent, int), "a FEEL number is finite"
    return max(-exponent, 0)


def scaled(value: Decimal, scale: int) -> int | None:
    """Return a number as a column of a scale keeps it; None where it is too fine or too large.

    >>> scaled(Decimal("1.5"), 2), scaled(Decimal("1.555"), 2), scaled(Decimal(10) ** 20, 0)
    (150, None, None)
    """
    if value.adjusted() > 19:
        return None
    moved = value.scaleb(scale, _EXACT)
    whole = int(moved)
    return whole if whole == moved and abs(whole) <= LARGEST else None


def pack(value: object, form: Form, vocabulary: Vocabulary) -> int | None:
    """Return a known value as a column of a form keeps it, of a ratio the numerator; None where it does not fit."""
    match form.kind:
        case Kind.NUMBER:
            return scaled(value, form.scale) if type(value) is Decimal else None
        case Kind.RATIO:
            return scaled(value, scale_of(value)) if type(value) is Decimal and scale_of(value) <= MAX_SCALE else None
        case Kind.BOOLEAN:
            return int(value) if isinstance(value, bool) else None
        case Kind.DATE:
            return temporal.to_days(value) if type(value) is Date else None
        case Kind.DAYS | Kind.MONTHS:
            return _duration(value) if form_of(value) == form else None
        case Kind.STRING:
            return vocabulary.number(value) if type(value) is str else None
        case Kind.VALUE:
            return None if isinstance(value, Function | Untold) else vocabulary.number(value)
    return None


def _duration(value: object) -> int:
    """Return a duration of whole days or of months as a number of these."""
    if isinstance(value, DaysDuration):
        return value.nanoseconds // DAY
    assert isinstance(value, MonthsDuration), "the form of a duration"
    return value.months


_COUNTED: Mapping[Kind, type] = {Kind.VALUE: Decimal, Kind.STRING: str}  # what is looked up without a look at each


def column_of(values: Iterable[object], form: Form, vocabulary: Vocabulary) -> Column:
    """Return a column of FEEL values; an unknown in it lacks the names that it names, and what does not fit is bad."""
    values = [*values]
    kinds = set(map(type, values))
    if form.kind in _COUNTED and kinds == {_COUNTED[form.kind]}:
        return Column(form, np.array(vocabulary.numbers_of(values), np.int64))
    if form.kind is Kind.BOOLEAN and kinds == {bool}:
        return Column(form, np.array(values, np.bool_))
    packed: list[int] = []
    divisors: list[int] = []
    states: list[int] = []
    lacks: dict[str, list[int]] = {}
    bad: list[int] = []
    for place, value in enumerate(values):
        if form.kind is Kind.RATIO:
            divisors.append(10 ** min(scale_of(value), MAX_SCALE) if type(value) is Decimal else 1)
        states.append(NULL if value is None else UNKNOWN if isinstance(value, Unknown) else KNOWN)
        number = 0 if states[-1] else pack(value, form, vocabulary)
        packed.append(number or 0)
        if number is None:
            bad.append(place)
        if isinstance(value, Unknown):
            for name in value.missing:
                lacks.setdefault(name, []).append(place)
    count = len(packed)
    array = np.array(packed, np.bool_ if form.kind is Kind.BOOLEAN else np.int64)
    return Column(
        form,
        array,
        np.array(states, np.uint8) if any(states) else None,
        {name: mask_of(places, count) for name, places in lacks.items()},
        bad=mask_of(bad, count) if bad else None,
        divisors=np.array(divisors, np.int64) if form.kind is Kind.RATIO else None,
    )


def with_lists(values: Sequence[object], form: Form, vocabulary: Vocabulary) -> Column:
    """Return a column of lists of numbers."""
    elements = [element for value in values if isinstance(value, tuple) for element in value]
    flat = column_of(elements, Form(Kind.NUMBER, form.scale), vocabulary)
    lengths = [len(value) if isinstance(value, tuple) else 0 for value in values]
    offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(np.array(lengths, np.int64))))
    states = [NULL if value is None else UNKNOWN if isinstance(value, Unknown) else KNOWN for value in values]
    lacks: dict[str, list[int]] = {}
    for place, value in enumerate(values):
        for name in value.missing if isinstance(value, Unknown) else ():
            lacks.setdefault(name, []).append(place)
    odd = np.zeros(len(elements), np.bool_) if flat.bad is None else flat.bad
    odd = odd if flat.states is None else odd | (flat.states != KNOWN)
    bad = np.bincount(np.repeat(np.arange(len(values)), lengths)[odd], minlength=len(values)) > 0
    return Column(
        form,
        flat.values,
        np.array(states, np.uint8) if any(states) else None,
        {name: mask_of(places, len(values)) for name, places in lacks.items()},
        bad=bad if bad.any() else None,
        offsets=offsets,
    )


def mask_of(places: Sequence[int] | Array, count: int) -> Mask:
    """Return the mask of some places among `count`."""
    mask = np.zeros(count, np.bool_)
    mask[places] = True
    return mask


def keys_of(column: Column, rows: int, vocabulary: Vocabulary) -> list[Array]:
    """Return columns of integers that are alike in two rows exactly where their values and states are."""
    column = with_lists_numbered(column, vocabulary)
    keys = [] if column.states is None else [full(column.states, rows).astype(np.int64)]
    known = column.known
    keys.append(full(np.where(known, column.values, 0).astype(np.int64), rows))
    if column.divisors is not None:
        keys.append(full(np.where(known, column.divisors, 1), rows))
    return keys


def with_lists_numbered(column: Column, vocabulary: Vocabulary) -> Column:
    """Return a column of lists as one of numbers of the vocabulary; any other column as it is."""
    if column.offsets is None:
        return column
    ends = column.offsets.tolist()
    if column.elements is not None:
        flat = column.values.tolist()
        found = [column.elements.number(tuple(flat[begin:end])) for begin, end in pairwise(ends)]
        return replace(column, form=Form(Kind.VALUE), values=np.array(found, np.int64), offsets=None, elements=None)
    numbers = [decimal_of(value, column.form.scale) for value in column.values.tolist()]
    empty = vocabulary.number(())  # what is null or unknown has no elements either
    lists = [vocabulary.number(tuple(numbers[begin:end])) if begin < end else empty for begin, end in pairwise(ends)]
    return replace(column, form=Form(Kind.VALUE), values=np.array(lists, np.int64), offsets=None)


def decimal_of(value: int, scale: int) -> Decimal:
    """Return the number that an integer of a scale stands for."""
    return Decimal(value).scaleb(-scale, _EXACT) if scale else Decimal(value)


def decimals_of(values: Sequence[int], scale: int) -> list[Decimal]:
    """Return the numbers that integers of a scale stand for.

    >>> decimals_of([150, 7], 2)
    [Decimal('1.50'), Decimal('0.07')]
    """
    whole = map(Decimal, values)
    return list(map(_EXACT.scaleb, whole, repeat(-scale))) if scale else list(whole)


def value_at(column: Column, row: int, vocabulary: Vocabulary, unknown: Unknown | None = None) -> Any:  # noqa: ANN401 - any FEEL value
    """Return the FEEL value of one row.

    Args:
        column: The column.
        row: The row.
        vocabulary: The values that it counts.
        unknown: What an unknown is; by default one that names the facts that are missing.
    """
    state = KNOWN if column.states is None else _at(column.states, row)
    if state == NULL:
        return None
    if state == UNKNOWN:
        lacking = frozenset(name for name, mask in column.missing.items() if _at(mask, row))
        return Unknown(lacking) if unknown is None else unknown
    if column.offsets is not None:
        begin, end = column.offsets[row : row + 2].tolist()
        if column.elements is not None:
            return column.elements.list(column.values[begin:end].tolist())
        return tuple(decimal_of(value, column.form.scale) for value in column.values[begin:end].tolist())
    value = _at(column.values, row)
    match column.form.kind:
        case Kind.NUMBER:
            return decimal_of(value, column.form.scale)
        case Kind.RATIO:
            assert column.divisors is not None, "a ratio has a denominator"
            return feel_context().divide(Decimal(value), Decimal(_at(column.divisors, row)))
        case Kind.BOOLEAN:
            return bool(value)
        case Kind.DATE:
            return temporal.from_days(value)
        case Kind.DAYS:
            return DaysDuration(value * DAY)
        case Kind.MONTHS:
            return MonthsDuration(value)
    return vocabulary.values[value]


def _at(array: Array, row: int) -> Any:  # noqa: ANN401 - a number or truth value
    return array.item() if array.ndim == 0 else array[row].item()


def is_bad_at(column: Column, row: int) -> bool:
    """Say whether a row goes to the interpreter."""
    return column.bad is not None and bool(_at(column.bad, row))


def words_of(mask: Mask, words: int) -> NDArray[np.uint64]:
    """Return rows of truth values as words of bits.

    >>> words_of(np.array([[True, False, True]]), 1).tolist()
    [[5]]
    """
    packed = np.packbits(mask, axis=1, bitorder="little")
    padded = np.zeros((len(mask), 8 * words), np.uint8)
    padded[:, : packed.shape[1]] = packed
    return padded.view("<u8").astype(np.uint64)
