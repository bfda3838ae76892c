"""Range functions: how points and ranges lie to each other (DMN 1.5, table 78).

Each function is the standard's formula. An end that a range written as a unary test does not have lies beyond every value;
ends of different types cannot be compared, and such a call is refused, as is one with a range that has lost an end.
Half of the functions are the other half with their arguments exchanged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from zhida.feel.builtins.signature import RANGE, Builtin, Host, Refused, Signature, bad_argument, define, required, signature
from zhida.values.equality import equal, less
from zhida.values.range import Range
from zhida.values.text import excerpt
from zhida.values.types import BOOLEAN


class Infinity(Enum):
    """Where a range goes on for ever."""

    BELOW = -1
    ABOVE = 1


@dataclass(frozen=True, slots=True)
class Interval:
    """A range with both of its ends, one of them perhaps infinitely far."""

    start: object
    """Lower end."""
    end: object
    """Upper end."""
    has_start: bool
    """Whether the lower end belongs to it."""
    has_end: bool
    """Whether the upper end belongs to it."""


def _interval(range_: Range) -> Interval:
    """Return a range's ends; refuse one that has lost an end or that is no interval (`!= 5`)."""
    low, high = range_.low, range_.high
    match range_.operator:
        case "<" | "<=":
            low = Infinity.BELOW
        case ">" | ">=":
            high = Infinity.ABOVE
        case "=":
            only = high if low is None else low
            return Interval(only, only, has_start=True, has_end=True) if only is not None else _lost(range_)
    if low is None or high is None or range_.operator == "!=":
        return _lost(range_)
    return Interval(low, high, range_.low_closed, range_.high_closed)


def _lost(range_: Range) -> Interval:
    raise bad_argument("range", range_, RANGE)


def _before(left: object, right: object) -> bool:
    """Return whether an end or point lies below another."""
    if isinstance(left, Infinity) or isinstance(right, Infinity):
        return left is not right and (left is Infinity.BELOW or right is Infinity.ABOVE)
    result = less(left, right)
    if result is None:
        raise Refused("feel-incomparable", operation="<", left=excerpt(left), right=excerpt(right))
    return result


def _at(left: object, right: object) -> bool:
    """Return whether two ends or points are one."""
    if isinstance(left, Infinity) or isinstance(right, Infinity):
        return left is right
    result = equal(left, right)
    if result is None:
        raise Refused("feel-incomparable", operation="=", left=excerpt(left), right=excerpt(right))
    return result


# --- formulas on a point and an interval, or on two intervals -----------------------------------------------------------


def _point_before_point(left: object, right: object) -> bool:
    return _before(left, right)


def _point_before(point: object, range_: Interval) -> bool:
    return _before(point, range_.start) or (_at(point, range_.start) and not range_.has_start)


def _before_point(range_: Interval, point: object) -> bool:
    return _before(range_.end, point) or (_at(range_.end, point) and not range_.has_end)


def _range_before(left: Interval, right: Interval) -> bool:
    return _before(left.end, right.start) or (_at(left.end, right.start) and not (left.has_end and right.has_start))


def _meets(left: Interval, right: Interval) -> bool:
    return left.has_end and right.has_start and _at(left.end, right.start)


def _reaches(left: Interval, right: Interval) -> bool:
    """Return whether `left` goes on until `right` has begun."""
    return _before(right.start, left.end) or _meets(left, right)


def _overlaps(left: Interval, right: Interval) -> bool:
    return _reaches(left, right) and _reaches(right, left)


def _overlaps_before(left: Interval, right: Interval) -> bool:
    begins_before = _before(left.start, right.start) or (_at(left.start, right.start) and left.has_start and not right.has_start)
    return begins_before and _reaches(left, right) and _ends_within(left, right)


def _begins_within(inner: Interval, outer: Interval) -> bool:
    """Return whether `inner` does not begin before `outer`."""
    return _before(outer.start, inner.start) or (_at(outer.start, inner.start) and (outer.has_start or not inner.has_start))


def _ends_within(inner: Interval, outer: Interval) -> bool:
    """Return whether `inner` does not end behind `outer`."""
    return _before(inner.end, outer.end) or (_at(inner.end, outer.end) and (outer.has_end or not inner.has_end))


def _point_finishes(point: object, range_: Interval) -> bool:
    return range_.has_end and _at(range_.end, point)


def _finishes(inner: Interval, outer: Interval) -> bool:
    return inner.has_end == outer.has_end and _at(inner.end, outer.end) and _begins_within(inner, outer)


def _point_starts(point: object, range_: Interval) -> bool:
    return range_.has_start and _at(range_.start, point)


def _starts(inner: Interval, outer: Interval) -> bool:
    return inner.has_start == outer.has_start and _at(inner.start, outer.start) and _ends_within(inner, outer)


def _point_during(point: object, range_: Interval) -> bool:
    within = _before(range_.start, point) and _before(point, range_.end)
    return within or _point_starts(point, range_) or _point_finishes(point, range_)


def _during(inner: Interval, outer: Interval) -> bool:
    return _begins_within(inner, outer) and _ends_within(inner, outer)


def _points_coincide(left: object, right: object) -> bool:
    return _at(left, right)


def _coincides(left: Interval, right: Interval) -> bool:
    same_closure = (left.has_start, left.has_end) == (right.has_start, right.has_end)
    return same_closure and _at(left.start, right.start) and _at(left.end, right.end)


# --- the functions -----------------------------------------------------------------------------------------------------


def _relation(formula: Callable[..., bool], *, is_exchanged: bool = False) -> Callable[..., bool]:
    """Return the implementation of a formula, its arguments exchanged or not."""

    def implementation(_host: Host, left: object, right: object) -> bool:
        sides = [_interval(side) if isinstance(side, Range) else side for side in (left, right)]
        return formula(*reversed(sides)) if is_exchanged else formula(*sides)

    return implementation


def _ranges(formula: Callable[..., bool], *, is_exchanged: bool = False) -> Signature:
    implementation = _relation(formula, is_exchanged=is_exchanged)
    return signature(implementation, BOOLEAN, required("range1", RANGE), required("range2", RANGE))


def _points(formula: Callable[..., bool], *, is_exchanged: bool = False) -> Signature:
    return signature(_relation(formula, is_exchanged=is_exchanged), BOOLEAN, required("point1"), required("point2"))


def _point_and_range(formula: Callable[..., bool], *, is_exchanged: bool = False) -> Signature:
    return signature(_relation(formula, is_exchanged=is_exchanged), BOOLEAN, required("point"), required("range", RANGE))


def _range_and_point(formula: Callable[..., bool], *, is_exchanged: bool = False) -> Signature:
    return signature(_relation(formula, is_exchanged=is_exchanged), BOOLEAN, required("range", RANGE), required("point"))


# A point is anything, so of the signatures of one function those with more ranges stand first.
FUNCTIONS: tuple[Builtin, ...] = (
    define(
        "before", _ranges(_range_before), _point_and_range(_point_before), _range_and_point(_before_point), _points(_point_before_point)
    ),
    define(
        "after",
        _ranges(_range_before, is_exchanged=True),
        _point_and_range(_before_point, is_exchanged=True),
        _range_and_point(_point_before, is_exchanged=True),
        _points(_point_before_point, is_exchanged=True),
    ),
    define("meets", _ranges(_meets)),
    define("met by", _ranges(_meets, is_exchanged=True)),
    define("overlaps", _ranges(_overlaps)),
    define("overlaps before", _ranges(_overlaps_before)),
    define("overlaps after", _ranges(_overlaps_before, is_exchanged=True)),
    define("finishes", _ranges(_finishes), _point_and_range(_point_finishes)),
    define("finished by", _ranges(_finishes, is_exchanged=True), _range_and_point(_point_finishes, is_exchanged=True)),
    define("includes", _ranges(_during, is_exchanged=True), _range_and_point(_point_during, is_exchanged=True)),
    define("during", _ranges(_during), _point_and_range(_point_during)),
    define("starts", _ranges(_starts), _point_and_range(_point_starts)),
    define("started by", _ranges(_starts, is_exchanged=True), _range_and_point(_point_starts, is_exchanged=True)),
    define("coincides", _ranges(_coincides), _points(_points_coincide)),
)
"""The functions of this module."""
