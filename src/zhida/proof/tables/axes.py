"""Axes: the typed domain of a column, cut where its cells begin and end.

    (-∞..300) | 300 | (300..500) | 500 | (500..+∞) | null         a number
    "甲" | "乙" | any other text | null                            a string without a code list

Between two cuts no cell can tell one value from another, so that one value stands for all of them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from enum import StrEnum
from typing import Any

from zhida.values import temporal
from zhida.values.temporal import Date, DaysDuration, MonthsDuration
from zhida.values.types import BOOLEAN, DATE, DAYS_DURATION, MONTHS_DURATION, NUMBER, STRING, Type

Value = Any

_EXACT = Context(prec=7_000)  # holds every FEEL number in full


class AtomKind(StrEnum):
    """What a stretch of an axis holds."""

    POINT = "point"
    BETWEEN = "between"
    OTHER = "other"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Atom:
    """A stretch of an axis within which no cell can tell one value from another."""

    kind: AtomKind
    """One value; all between two ends, which do not belong to it; all texts that are not named; or null."""
    value: Value
    """A value of it that stands for all."""
    low: Value = None
    """Of BETWEEN, the lower end; None where there is none."""
    high: Value = None
    """Of BETWEEN, the upper end; None where there is none."""
    excluded: tuple[str, ...] = ()
    """Of OTHER, the texts that are named."""


MANY_CODES = 64
"""Of a code list with more words than this, only those that cells name are told apart from the rest."""


@dataclass(frozen=True, slots=True)
class Domain:
    """What a column can be asked about: the values that its input clause can have."""

    type: Type
    """The type of these values."""
    title: str = ""
    """What people call it."""
    unit: str = ""
    """The unit of a number; empty where none is known."""
    scale: int | None = None
    """Decimal places that its numbers have at most; None where nothing limits them."""
    usual_range: tuple[Decimal | None, Decimal | None] | None = None
    """Least and greatest usual number; either end may be open."""
    allowed_values: tuple[str, ...] | None = None
    """The only texts that it can be; None where any text will do."""
    allowed_beginnings: tuple[str, ...] | None = None
    """What its texts begin with; None where nothing is known of that."""
    is_nullable: bool = True
    """Whether it can be null."""
    values: tuple[Value, ...] | None = None
    """The only values that it can have, null aside, where they are few and known."""
    least: Decimal | None = None
    """Of a number, the least that it can be; None where that is not known."""
    greatest: Decimal | None = None
    """Of a number, the greatest that it can be; None where that is not known."""
    days: tuple[Date | None, Date | None] = (None, None)
    """Of a date, the first and last that it can be; either end may be open."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The values of a column in atoms: every value lies in exactly one of them."""

    domain: Domain
    """What it can be."""
    atoms: tuple[Atom, ...]
    """From the least to the greatest; null is the last."""
    usual: int
    """Atoms that hold usual values, as bits."""
    is_ordered: bool = False
    """Whether the atoms but null are a line without holes."""
    is_blind: bool = False
    """Whether nothing could be told apart: one atom stands for all values."""

    @property
    def everything(self) -> int:
        """All atoms, as bits."""
        return (1 << len(self.atoms)) - 1

    @property
    def null(self) -> int:
        """The bit of null; 0 where it is none of the atoms."""
        return sum(1 << place for place, atom in enumerate(self.atoms) if atom.kind is AtomKind.NULL)

    def chosen(self, atoms: int) -> tuple[Atom, ...]:
        """Return the atoms of which the bits are set."""
        return tuple(atom for place, atom in enumerate(self.atoms) if atoms >> place & 1)


def axis_of(domain: Domain, ends: Iterable[Value]) -> Axis:
    """Return the axis of a column.

    Args:
        domain: What it can be.
        ends: The values at which its cells begin or end, or which they name; those of other types cut nothing.

    >>> axis = axis_of(Domain(NUMBER, scale=0, is_nullable=False), [Decimal(300), Decimal(301)])
    >>> [str(atom.value) for atom in axis.atoms]
    ['200', '300', '301', '400']
    """
    if domain.values is not None:
        return _axis(domain, [_point(value) for value in domain.values])
    if domain.type == BOOLEAN:
        return _axis(domain, [_point(value) for value in (True, False)])
    if domain.type == STRING:
        return _axis(domain, _texts(domain, [end for end in ends if isinstance(end, str)]))
    if domain.type == NUMBER:
        return _numbers(domain, [end for end in ends if isinstance(end, Decimal)])
    for type_, kind, to_number, to_value in _COUNTED:
        if domain.type == type_:
            found = sorted({to_number(end) for end in (*ends, *domain.days) if isinstance(end, kind)})
            return _axis(domain, [atom for atom in _counted(found, to_value) if _is_within(atom, domain.days)], is_ordered=True)
    return Axis(domain, (Atom(AtomKind.OTHER, None),), 1, is_blind=True)


def _axis(domain: Domain, atoms: Sequence[Atom], *, is_ordered: bool = False) -> Axis:
    null = (Atom(AtomKind.NULL, None),) if domain.is_nullable else ()
    found = (*atoms, *null)
    return Axis(domain, found, (1 << len(found)) - 1, is_ordered)


def _point(value: Value) -> Atom:
    return Atom(AtomKind.POINT, value)


def _texts(domain: Domain, named: Sequence[str]) -> list[Atom]:
    """Return the atoms of a text: each word of a short code list; else those that are named, and all others as one."""
    listed = domain.allowed_values
    if listed is not None and len(listed) <= MANY_CODES:
        return [_point(text) for text in listed]
    texts = [text for text in sorted(set(named)) if listed is None or text in listed]
    if domain.allowed_beginnings is not None:
        texts = [text for text in texts if text.startswith(domain.allowed_beginnings)]
    candidates = listed or domain.allowed_beginnings or ("其他", *(f"其他{number}" for number in range(1, len(texts) + 2)))
    other = next((text for text in candidates if text not in texts), None)
    if other is None and domain.allowed_beginnings is not None:
        other = max(texts, key=len) + "0"
    rest = [] if other is None else [Atom(AtomKind.OTHER, other, excluded=tuple(texts))]
    return [*map(_point, texts), *rest]


# --- numbers -----------------------------------------------------------------------------------------------------------------


def _numbers(domain: Domain, ends: Iterable[Decimal]) -> Axis:
    """Return the axis of a number; stretches that hold no number of its scale are left out."""
    least, greatest = domain.usual_range or (None, None)
    cuts = sorted({end for end in (*ends, least, greatest, domain.least, domain.greatest) if end is not None})
    atoms: list[Atom] = []
    usual = 0
    for place in range(len(cuts) + 1):
        low = cuts[place - 1] if place else None
        high = cuts[place] if place < len(cuts) else None
        value = between(low, high, domain.scale)
        if value is not None:
            atoms.append(Atom(AtomKind.BETWEEN, value, low, high))
        if high is not None and _has_scale(high, domain.scale):
            atoms.append(_point(high))
    floor, ceiling = domain.least, domain.greatest
    atoms = [atom for atom in atoms if (floor is None or atom.value >= floor) and (ceiling is None or atom.value <= ceiling)]
    for place, atom in enumerate(atoms):
        if (least is None or atom.value >= least) and (greatest is None or atom.value <= greatest):
            usual |= 1 << place
    axis = _axis(domain, atoms, is_ordered=True)
    return Axis(domain, axis.atoms, usual | axis.null, is_ordered=True)


def _has_scale(value: Decimal, scale: int | None) -> bool:
    return scale is None or value == value.quantize(Decimal(1).scaleb(-scale), context=_EXACT)


def between(low: Decimal | None, high: Decimal | None, scale: int | None) -> Decimal | None:
    """Return a number between two others, as round as there is one; None where the scale has none.

    >>> [str(between(low, high, 0)) for low, high in ((None, None), (None, Decimal(300)), (Decimal(2000), None), (Decimal(1), Decimal(2)))]
    ['0', '200', '3000', 'None']
    """
    if low is None or high is None:
        if low is None and high is None:
            return Decimal(0)
        end = high if low is None else low
        assert end is not None
        size = Decimal(1).scaleb(max(end.adjusted(), 0)) if end else Decimal(1)
        step = -size if low is None else size
        nearest = (end / size).to_integral_value("ROUND_CEILING" if low is None else "ROUND_FLOOR", context=_EXACT)
        found = _EXACT.add(_EXACT.multiply(nearest, size), step)
        return found + 0
    finest = -scale if scale is not None else min(_EXACT.subtract(high, low).adjusted(), 0) - 1
    for exponent in range(max(_EXACT.subtract(high, low).adjusted(), finest), finest - 1, -1):
        size = Decimal(1).scaleb(exponent)
        nearest = _EXACT.divide(low, size).to_integral_value("ROUND_FLOOR", context=_EXACT)
        found = _EXACT.multiply(_EXACT.add(nearest, 1), size)
        if found < high:
            return found.normalize(_EXACT).quantize(Decimal(1), context=_EXACT) if exponent >= 0 else found
    return None


# --- what is counted: days and durations ----------------------------------------------------------------------------------------


def _counted(cuts: Sequence[int], to_value: Callable[[int], Value | None]) -> list[Atom]:
    """Return the atoms of a type whose values can be counted; a stretch that holds none is left out."""
    if not cuts:
        value = to_value(0)
        return [Atom(AtomKind.BETWEEN, value)]
    atoms: list[Atom] = []
    for place in range(len(cuts) + 1):
        low = cuts[place - 1] if place else None
        high = cuts[place] if place < len(cuts) else None
        number = cuts[0] - 1 if low is None else low + 1
        if high is None or number < high:
            value = to_value(number)
            if value is not None:
                ends = (None if low is None else to_value(low), None if high is None else to_value(high))
                atoms.append(Atom(AtomKind.BETWEEN, value, *ends))
        if high is not None:
            atoms.append(_point(to_value(high)))
    return atoms


def _is_within(atom: Atom, days: tuple[Date | None, Date | None]) -> bool:
    """Say whether an atom lies within the first and last of some days, which are ends of atoms."""
    if not isinstance(atom.value, Date):
        return True
    first, last = (None if day is None else temporal.to_days(day) for day in days)
    number = temporal.to_days(atom.value)
    return (first is None or first <= number) and (last is None or number <= last)


def _made(make: Callable[[int], Value]) -> Callable[[int], Value | None]:
    """Return a maker of values that returns None where the number has none: what is beyond the first or last of a type."""

    def to_value(number: int) -> Value | None:
        try:
            return make(number)
        except ValueError:
            return None

    return to_value


_COUNTED: tuple[tuple[Type, type, Callable[[Any], int], Callable[[int], Value | None]], ...] = (
    (DATE, Date, temporal.to_days, _made(temporal.from_days)),
    (DAYS_DURATION, DaysDuration, lambda value: value.nanoseconds, _made(DaysDuration)),
    (MONTHS_DURATION, MonthsDuration, lambda value: value.months, _made(MonthsDuration)),
)
"""Types of which every value is a whole number of something, and how to come and go."""
