"""Values against values: `=`, `<`, `in` and the tests of a cell, once both sides are evaluated (DMN 1.5, 10.3.2.13 and table 54).

Owns what a comparison comes to for values of every kind: true or false, an `Unknown` where it rests on a fact that nobody
has told us, or null with a diagnostic where the two cannot be compared. Nothing is evaluated here.
"""

import operator as operators
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from zhida.feel.run import Frame
from zhida.feel.syntax import Node
from zhida.values.equality import contains, equal, less
from zhida.values.logic import Truth, disjunction, negation
from zhida.values.range import Range
from zhida.values.temporal import Date
from zhida.values.text import excerpt
from zhida.values.unknown import Unknown, find_unknown, merge

Value = Any

_KNOWN_SCALARS = frozenset((Decimal, str, bool, Date))
"""Types whose values neither are nor hold an unknown; most of what is compared is one of these."""


_OF_NUMBERS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "=": operators.eq,
    "!=": operators.ne,
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
}
"""Comparisons of numbers: there is nothing that two of them could not be compared by."""


def compare(operator: str, left: Value, right: Value, node: Node, frame: Frame) -> Truth:
    """Return `left operator right`; what cannot be compared is null with a diagnostic."""
    if type(left) is Decimal and type(right) is Decimal:
        return _OF_NUMBERS[operator](left, right)
    if type(left) not in _KNOWN_SCALARS or type(right) not in _KNOWN_SCALARS:
        if not frame.run.read(left, right, span=node.span):
            return None
        unknown = merge((left, right))
        if unknown is not None:
            return unknown
    result: bool | None
    match operator:
        case "=":
            result = equal(left, right)
        case "!=":
            result = negation(equal(left, right))  # type: ignore[assignment]
        case "<":
            result = less(left, right)
        case ">":
            result = less(right, left)
        case "<=":
            result = negation(less(right, left))  # type: ignore[assignment]
        case _:
            result = negation(less(left, right))  # type: ignore[assignment]
    if result is None:
        _note(operator, left, right, node, frame)
    return result


def within(value: Value, range_: Value, node: Node, frame: Frame) -> Truth:
    """Return whether a value lies in a range."""
    if not frame.run.read(value, range_, span=node.span):
        return None
    unknown = merge((value, range_))
    if unknown is not None:
        return unknown
    if not isinstance(range_, Range):
        return None
    result = contains(range_, value)
    if result is None:
        _note("in", value, range_, node, frame)
    return result


def _note(operator: str, left: Value, right: Value, node: Node, frame: Frame) -> None:
    """Note that two values cannot be compared: for null, or for their types."""
    has_lost_end = isinstance(right, Range) and not right.operator and None in (right.low, right.high)
    if left is None or right is None or has_lost_end:
        frame.run.note("feel-null-operand", node.span, operation=operator, shown=f"{excerpt(left)} {operator} {excerpt(right)}")
    else:
        frame.run.note("feel-incomparable", node.span, operation=operator, left=excerpt(left), right=excerpt(right))


def matches(value: Value, result: Value, item: Node, frame: Frame) -> Truth:
    """Return whether `value` is what a test came to: equal to it, or an element of it."""
    if type(value) is type(result) and type(value) in _KNOWN_SCALARS:
        return equal(value, result)
    if isinstance(value, Unknown):
        return value
    if not frame.run.read(value, result, span=item.span):
        return None
    lacking = find_unknown(value)  # asked once, not for each element
    match result:
        case Range():
            return within(value, result, item, frame)
        case tuple() if not isinstance(value, tuple):
            return disjunction(matches(value, element, item, frame) for element in result)
        case tuple() if any(isinstance(element, tuple) for element in result):
            return disjunction((_equals(value, result, lacking), *(_equals(value, element, lacking) for element in result)))
        case bool() if not isinstance(value, bool) and value is not None:
            return result
    return compare("=", value, result, item, frame)


def is_member(value: Value, result: Value, item: Node, frame: Frame) -> Truth:
    """Return whether `value in result`: it lies in the range, equals the value, or is an element of the list."""
    unknown = merge((value, result)) if isinstance(value, Unknown) or isinstance(result, Unknown) else None
    if unknown is not None:
        return unknown
    if not frame.run.read(value, result, span=item.span):
        return None
    lacking = find_unknown(value)  # asked once, not for each element
    if isinstance(result, Range):
        return within(value, result, item, frame)
    if isinstance(result, tuple):
        whole = equal(value, result) if isinstance(value, tuple) else False
        parts = (
            is_member(value, element, item, frame) if isinstance(element, Range) else _equals(value, element, lacking) for element in result
        )
        return disjunction((whole, *parts))
    return compare("=", value, result, item, frame)


def _equals(left: Value, right: Value, lacking: Unknown | None) -> Truth:
    """Return whether an element of a list is the value, which lacks what it lacks; one of another type is not."""
    unknown = merge((lacking, right))
    return unknown if unknown is not None else equal(left, right) is True


def agreed(condition: Unknown, results: tuple[Value, Value], frame: Frame, before: int) -> Value:
    """Return what both branches of a condition came to if they agree and nothing odd was noted since `before`, else an unknown."""
    is_odd = len(frame.run.diagnostics) > before
    del frame.run.diagnostics[before:]  # which branch is taken is not known, so neither is whether it is odd
    if not is_odd and merge(results) is None and equal(*results) is True:
        return results[0]
    return merge((condition, *results))
