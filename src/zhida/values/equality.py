"""Equality, order, membership and identity of values (DMN 1.5, 10.3.2.13 and tables 53 to 55).

Every answer is true, false or None, which is FEEL's null: the two cannot be compared. What rests on a fact that nobody has
told us is the caller's business: no `Unknown` may come here, not even inside of a list or context.
"""

from decimal import Decimal

from zhida.values import temporal
from zhida.values.range import Range
from zhida.values.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time

_TEMPORAL_TYPES = frozenset({Date, Time, DateTime, DaysDuration, MonthsDuration})

HASHED_TYPES = frozenset({Decimal, str, bool, type(None), Date, DaysDuration, MonthsDuration})
"""Types whose values are equal exactly where Python's hashes and `==` say so."""


def equal(left: object, right: object) -> bool | None:
    """Return whether `left = right`; None where the two are of different kinds (DMN 1.5, table 53).

    Null equals null and nothing else, and to ask so is no mistake.

    >>> equal(Decimal("1.0"), Decimal(1)), equal(None, Decimal(1)), equal("1", Decimal(1))
    (True, False, None)
    """
    kind = type(left)
    if kind is type(right):
        if kind is Decimal or kind is str or kind is bool or left is None:
            return left == right
        if kind is tuple:
            return _equal_lists(left, right)  # type: ignore[arg-type]
        if kind is dict:
            return _equal_contexts(left, right)  # type: ignore[arg-type]
        if kind in _TEMPORAL_TYPES:
            return temporal.equal(left, right)
        if kind is Range:
            return _equal_ranges(left, right)  # type: ignore[arg-type]
        # What is left are functions: two of them are equal where they are one.
        return left is right
    return False if left is None or right is None else None


def _equal_lists(left: tuple[object, ...], right: tuple[object, ...]) -> bool | None:
    if len(left) != len(right):
        return False
    return _all_hold([equal(mine, other) for mine, other in zip(left, right, strict=True)])


def _equal_contexts(left: dict[str, object], right: dict[str, object]) -> bool | None:
    if left.keys() != right.keys():
        return False
    return _all_hold([equal(mine, right[key]) for key, mine in left.items()])


def _equal_ranges(left: Range, right: Range) -> bool | None:
    # `(< 10)` and `(null..10)` have the same ends, but one has no lower end and the other a lost one: they are not equal.
    shape = (left.operator, left.low_closed, left.high_closed)
    if shape != (right.operator, right.low_closed, right.high_closed):
        return False
    return _all_hold([equal(left.low, right.low), equal(left.high, right.high)])


def _all_hold(parts: list[bool | None]) -> bool | None:
    """Return the ternary conjunction: false settles it, then null."""
    if False in parts:
        return False
    return None if None in parts else True


def less(left: object, right: object) -> bool | None:
    """Return whether `left < right`; None where the two have no order (DMN 1.5, table 54). Strings go by code point.

    >>> less(Decimal(1), Decimal(2)), less("b", "a"), less(None, Decimal(1)), less(True, False)
    (True, False, None, None)
    """
    kind = type(left)
    if kind is type(right):
        if kind is Decimal or kind is str:
            return left < right  # type: ignore[operator, no-any-return]
        if kind in _TEMPORAL_TYPES:
            order = temporal.compare(left, right)
            return None if order is None else order < 0
    return None


def contains(range_: Range, value: object) -> bool | None:
    """Return whether a value lies in a range; None where it cannot be compared with an end (DMN 1.5, table 55).

    A range that was written as a unary test has one end and no other; an end of `[low..high]` that is null is a lost one.

    >>> contains(Range(Decimal(1), Decimal(3), high_closed=False), Decimal(3)), contains(Range(Decimal(1), None), Decimal(5))
    (False, None)
    """
    if range_.operator:
        operand = range_.low if range_.high is None else range_.high
        return _passes(range_.operator, value, operand)
    above = _above(range_.low, value, closed=range_.low_closed)
    below = _above(value, range_.high, closed=range_.high_closed)
    # A value outside of one end would be outside whatever the other is, but FEEL has null for every range with a lost end.
    return None if above is None or below is None else above and below


def _passes(operator: str, value: object, operand: object) -> bool | None:
    match operator:
        case "<" | "<=":
            return _above(value, operand, closed=operator == "<=")
        case ">" | ">=":
            return _above(operand, value, closed=operator == ">=")
    same = equal(value, operand)
    return same if operator == "=" or same is None else not same


def _above(low: object, high: object, *, closed: bool) -> bool | None:
    """Return whether `high` is above `low`, or at it where that end is closed."""
    if not closed:
        return less(low, high)
    beyond = less(high, low)
    return None if beyond is None else not beyond


def identical(left: object, right: object) -> bool:
    """Return whether two values are the same element of FEEL's domain, as `is` asks; never null (DMN 1.5, 10.3.2.2).

    Unlike `=`, it tells zones apart that show the same instant.

    >>> identical(Decimal(1), Decimal("1.0")), identical(Decimal(1), "1"), identical(None, None)
    (True, False, True)
    """
    if type(left) is not type(right):
        return False
    match left, right:
        case tuple(), tuple():
            return len(left) == len(right) and all(map(identical, left, right))
        case dict(), dict():
            return left.keys() == right.keys() and all(identical(mine, right[key]) for key, mine in left.items())
        case Range(), Range():
            shape = (left.operator, left.low_closed, left.high_closed)
            return (
                shape == (right.operator, right.low_closed, right.high_closed)
                and identical(left.low, right.low)
                and identical(left.high, right.high)
            )
    return temporal.same(left, right) if type(left) in _TEMPORAL_TYPES else equal(left, right) is True


def distinct(values: tuple[object, ...]) -> tuple[object, ...]:
    """Return the values without those that equal an earlier one.

    >>> distinct((Decimal(1), None, Decimal("1.0"), "1", None))
    (Decimal('1'), None, '1')
    """
    hashed: set[tuple[type, object]] = set()  # a long list stays cheap
    compared: dict[type, list[object]] = {}
    kept: list[object] = []
    for value in values:
        kind = type(value)
        if kind in HASHED_TYPES:
            if (kind, value) not in hashed:
                hashed.add((kind, value))
                kept.append(value)
        elif not any(equal(value, other) is True for other in compared.setdefault(kind, [])):
            compared[kind].append(value)
            kept.append(value)
    return tuple(kept)
