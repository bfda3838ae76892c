"""Operators over whole columns: what `zhida.feel.evaluate` does for one row, done for all.

Each function says of every row what the interpreter says: value, null or unknown, what was odd, what was read; or it marks
the row bad. A branch that the interpreter does not enter leaves no marks.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from zhida.columnar import dates
from zhida.columnar.columns import (
    ALL,
    KNOWN,
    LARGEST,
    Array,
    Column,
    Marks,
    Mask,
    Vocabulary,
    either,
    limited,
    states_of,
    union,
    within,
)
from zhida.columnar.plan import BOOLEANS, Form, Kind

ROUNDINGS = {
    "floor": "floor",
    "ceiling": "ceiling",
    "decimal": "half even",
    "round up": "up",
    "round down": "down",
    "round half up": "half up",
    "round half down": "half down",
}
"""The builtins that round, and how."""

LONGEST = 1_000
"""Elements of a list that is folded here; longer ones take steps from the budget of an evaluation, which only that counts."""

_NULL_OPERAND = "feel-null-operand"

# --- integers that must not wrap -------------------------------------------------------------------------------------


def magnitude(values: Array) -> int:
    """Return the greatest absolute value in an array of integers; 0 for an empty one."""
    return max(abs(int(values.min())), abs(int(values.max()))) if values.size else 0


def times(left: Array, right: Array) -> tuple[Array, Mask | None]:
    """Return products, and where they do not fit 64 bits.

    >>> product, bad = times(np.array([3, 2**62]), np.array([5, 2]))
    >>> product[0].item(), bad.tolist()
    (15, [False, True])
    """
    bad = None
    if magnitude(left) * magnitude(right) > LARGEST:
        limit = LARGEST // np.maximum(np.abs(right), 1)
        bad = np.asarray((np.abs(left) > limit) | (left == -LARGEST - 1) | (right == -LARGEST - 1))
    return np.multiply(left, right), bad


def plus(left: Array, right: Array) -> tuple[Array, Mask | None]:
    """Return sums, and where they do not fit 64 bits."""
    total = np.add(left, right)
    if magnitude(left) + magnitude(right) <= LARGEST:
        return total, None
    # The least integer of 64 bits has no opposite: it counts as not fitting.
    return total, np.asarray((((left ^ total) & (right ^ total)) < 0) | (total == -LARGEST - 1))


def rescaled(column: Column, scale: int) -> tuple[Array, Mask | None]:
    """Return the integers of a number at a scale that is not less than its own, and where they do not fit."""
    if column.form.scale == scale:
        return column.values, None
    return times(column.values, np.int64(10 ** (scale - column.form.scale)))  # type: ignore[arg-type]


# --- conversions ---------------------------------------------------------------------------------------------------


def convert(column: Column, form: Form) -> Column:
    """Return numbers at a finer scale, numbers as ratios, or a column without any value as one of any form."""
    if column.form == form:
        return column
    if column.form.kind is Kind.NULL:
        values: Array = np.zeros((), np.bool_ if form.kind is Kind.BOOLEAN else np.int64)
        return replace(column, form=form, values=values, divisors=np.ones((), np.int64) if form.kind is Kind.RATIO else None)
    assert column.form.kind is Kind.NUMBER, f"{column.form} is not converted to {form}"
    if form.kind is Kind.RATIO:
        return replace(column, form=form, divisors=np.asarray(np.int64(10**column.form.scale)))
    values, bad = rescaled(column, form.scale)
    return replace(column, form=form, values=values, bad=either(column.bad, _counted(bad, column.known)))


def _counted(bad: Mask | None, known: Mask) -> Mask | None:
    return None if bad is None else within(bad, known)


# --- arithmetic and comparison -----------------------------------------------------------------------------------------


def arithmetic(operator: str, left: Column, right: Column, form: Form) -> Column:
    """Return `left operator right` of numbers; a quotient of two stays a ratio."""
    unknown, null = _lacking(left, right)
    codes = {_NULL_OPERAND: null} if null.any() else {}
    known = left.known & right.known
    divisors: Array | None = None
    if operator == "/":
        values, divisors, bad = _quotient(left, right)
        by_zero = known & (right.values == 0)
        if by_zero.any():
            codes["feel-division-by-zero"] = by_zero
            null = null | by_zero
    elif operator == "*":
        values, bad = times(left.values, right.values)
    else:
        (first, bad_first), (second, bad_second) = rescaled(left, form.scale), rescaled(right, form.scale)
        values, bad = plus(first, second if operator == "+" else -second)
        bad = either(bad, bad_first, bad_second)
    return _joined((left, right), form, values, null, unknown, codes, _counted(bad, known), divisors)


def _quotient(left: Column, right: Column) -> tuple[Array, Array, Mask | None]:
    """Return numerators and positive denominators; a denominator of 0 is 1."""
    scale = max(left.form.scale, right.form.scale)
    (above, bad_above), (below, bad_below) = rescaled(left, scale), rescaled(right, scale)
    sign = np.where(below < 0, np.int64(-1), np.int64(1))
    return above * sign, np.where(below == 0, np.int64(1), below * sign), either(bad_above, bad_below)


def _lacking(*columns: Column) -> tuple[Mask, Mask]:
    """Return the rows in which any operand is unknown, and those in which otherwise any is null."""
    unknown = null = ~ALL
    for column in columns:
        if column.states is not None:
            unknown, null = unknown | column.unknown, null | column.null
    return unknown, null & ~unknown


def _joined(  # noqa: PLR0913, PLR0917 - each is one part of a column
    operands: tuple[Column, ...],
    form: Form,
    values: Array,
    null: Mask,
    unknown: Mask,
    codes: Marks,
    bad: Mask | None = None,
    divisors: Array | None = None,
) -> Column:
    """Return a column whose operands were all evaluated."""
    return Column(
        form,
        np.asarray(values),
        states_of(null, unknown),
        limited(union(*(operand.missing for operand in operands)), unknown),
        union(*(operand.reads for operand in operands)),
        union(*(operand.codes for operand in operands), codes),
        either(bad, *(operand.bad for operand in operands)),
        divisors,
    )


_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "=": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


def ordered(left: Column, right: Column) -> tuple[Array, Array, Mask | None]:
    """Return integers that compare as the values of two columns of one kind do, or of a ratio and a number.

    A quotient is rounded to 34 digits where the interpreter divides; as long as the products here fit 64 bits, rounding
    cannot carry it across, or onto, what it is compared with.
    """
    if Kind.RATIO in {left.form.kind, right.form.kind}:
        first, second = convert(left, Form(Kind.RATIO)), convert(right, Form(Kind.RATIO))
        assert first.divisors is not None, "converted"
        assert second.divisors is not None, "converted"
        above, bad_above = times(first.values, second.divisors)
        below, bad_below = times(second.values, first.divisors)
        return above, below, either(bad_above, bad_below)
    if left.form.kind is Kind.NUMBER and right.form.kind is Kind.NUMBER:
        scale = max(left.form.scale, right.form.scale)
        (above, bad_above), (below, bad_below) = rescaled(left, scale), rescaled(right, scale)
        return above, below, either(bad_above, bad_below)
    return left.values, right.values, None


def compare(operator: str, left: Column, right: Column) -> Column:
    """Return `left operator right`; null equals null and nothing else, and has no order."""
    unknown, null = _lacking(left, right)
    above, below, bad = ordered(left, right)
    known = left.known & right.known
    values = _COMPARISONS[operator](above, below)
    codes: Marks = {}
    if operator in {"=", "!="}:
        same = known & (values if operator == "=" else ~values) | (left.null & right.null)
        values, null = same if operator == "=" else ~same, ~ALL
    elif null.any():
        codes = {_NULL_OPERAND: null}
    return _joined((left, right), BOOLEANS, values, null, unknown, codes, _counted(bad, known))


def between(value: Column, low: Column, high: Column) -> Column:
    """Return `value between low and high`; null among them makes it null."""
    unknown, null = _lacking(value, low, high)
    first, second = compare(">=", value, low), compare("<=", value, high)
    codes = {_NULL_OPERAND: null} if null.any() else {}
    found = _joined((value, low, high), BOOLEANS, first.values & second.values, null, unknown, codes)
    return replace(found, bad=either(first.bad, second.bad))


# --- logic ---------------------------------------------------------------------------------------------------------


def logical(*, is_disjunction: bool, left: Column, right: Column) -> Column:
    """Return `left and right` or `left or right`: the right side is not looked at where the left one settles it."""
    settled = left.known & (left.values == is_disjunction)
    goes_on = ~settled
    settled_right = goes_on & right.known & (right.values == is_disjunction)
    is_open = goes_on & ~settled_right
    unknown = is_open & (left.unknown | right.unknown)
    null = is_open & ~unknown & (left.null | right.null)
    return Column(
        BOOLEANS,
        np.asarray(is_open != is_disjunction),
        states_of(null, unknown),
        limited(union(left.missing, right.missing), unknown),
        union(left.reads, limited(right.reads, goes_on)),
        union(limited(left.codes, ~settled_right), limited(right.codes, goes_on)),
        either(left.bad, within(right.bad, goes_on)),
    )


def opposite(column: Column) -> Column:
    """Return `not(column)`."""
    return replace(column, values=~column.values, firing=None)


def choose(condition: Column, then: Column, otherwise: Column, words: Vocabulary | None = None) -> Column:
    """Return `if condition then … else …`; where the condition is unknown, what both branches agree on without anything odd."""
    taken = condition.known & condition.values
    undecided = condition.unknown
    other = ~taken & ~undecided
    same, bad = agreed(then, otherwise, words) if undecided.any() else (~ALL, None)
    is_odd = either(*then.codes.values(), *otherwise.codes.values())
    same = same & undecided if is_odd is None else same & undecided & ~is_odd
    lacking = undecided & ~same
    from_then = taken | same
    unknown = lacking | (from_then & then.unknown) | (other & otherwise.unknown)
    null = ~unknown & np.where(from_then, then.null, otherwise.null)
    divisors = None
    if then.divisors is not None and otherwise.divisors is not None:
        divisors = np.where(from_then, then.divisors, otherwise.divisors)
    return Column(
        then.form,
        np.asarray(np.where(from_then, then.values, otherwise.values)),
        states_of(null, unknown),
        union(
            limited(condition.missing, lacking),
            limited(then.missing, taken | lacking),
            limited(otherwise.missing, other | lacking),
        ),
        union(condition.reads, limited(then.reads, ~other), limited(otherwise.reads, ~taken)),
        union(condition.codes, limited(then.codes, taken), limited(otherwise.codes, other)),
        either(condition.bad, within(then.bad, ~other), within(otherwise.bad, ~taken), _counted(bad, undecided)),
        divisors,
    )


def agreed(one: Column, two: Column, words: Vocabulary | None = None) -> tuple[Mask, Mask | None]:
    """Return the rows in which two columns of one form hold the same, and those in which that cannot be told.

    Args:
        one: A column.
        two: Another.
        words: What columns of any kind count.
    """
    above, below, bad = ordered(one, two)
    both = one.known & two.known
    same = np.asarray(both & (above == below))
    if one.form.kind is Kind.VALUE:
        differs = np.asarray(both & ~same)
        if differs.any():  # two values may be equal that are not written alike, unless they are simple
            if words is not None:
                first, second = (words.simple()[np.where(differs, column.values, 0)] for column in (one, two))
                differs = differs & ~(first & second)
            bad = either(bad, differs)
        if words is not None and words.partial:  # what is in part unknown may be equal to nothing
            bad = either(bad, both & (words.partly(one) | words.partly(two)))
    return np.asarray(same | (one.null & two.null)), bad


# --- builtins of numbers -----------------------------------------------------------------------------------------------


def fold(name: str, columns: tuple[Column, ...], form: Form) -> Column:
    """Return a builtin of numbers for the rows in which all its arguments are known; the others are left to the caller."""
    known = ALL
    bad: Mask | None = None
    arrays = []
    scale = max(column.form.scale for column in columns) if name in ROUNDINGS else form.scale
    for column in columns:
        values, misfit = rescaled(column, scale)
        arrays.append(values)
        bad = either(bad, misfit)
        known = known & column.known
    total = arrays[0]
    match name:
        case "abs":
            total = np.abs(total)
        case "-":
            total = -total
        case _ if name in ROUNDINGS:
            total, misfit = rounded(name, columns[0], form.scale)
            bad = either(bad, misfit)
        case _ if name in dates.FOLDS:
            total, misfit = dates.FOLDS[name](*arrays)
            bad = either(bad, misfit)
        case "modulo":
            bad = either(bad, np.asarray(arrays[1] == 0))
            total = np.mod(total, np.where(arrays[1] == 0, 1, arrays[1]))
        case "min" | "max":
            for values in arrays[1:]:
                total = np.minimum(total, values) if name == "min" else np.maximum(total, values)
        case _:
            for values in arrays[1:]:
                total, misfit = plus(total, values)
                bad = either(bad, misfit)
    found = _joined(columns, form, total, ~ALL, ~ALL, {}, _counted(bad, known))
    return replace(found, states=None if known.all() else np.where(known, np.uint8(KNOWN), np.uint8(1)), missing={})


def rounded(name: str, column: Column, places: int) -> tuple[Array, Mask | None]:
    """Return numbers or quotients rounded to some decimal places, as integers, and those of which that cannot be told.

    A quotient has 34 digits where the interpreter rounds it: as long as the products here fit 64 bits, the 34 digits lie on
    the same side of every tie, and are one only where the quotient is.
    """
    above, below, bad = column.values, np.asarray(np.int64(1)), None
    if column.divisors is not None:
        above, bad = times(above, np.asarray(np.int64(10**places)))
        below = column.divisors
        bad = either(bad, np.asarray(below > LARGEST // 2))
    else:
        below = np.asarray(np.int64(10 ** (column.form.scale - places)))
    whole = above // below
    rest = above - whole * below
    half = np.sign(2 * rest - below)  # below, at or above the middle
    forwards = above >= 0
    match ROUNDINGS[name]:
        case "floor":
            up = rest < 0
        case "ceiling":
            up = rest > 0
        case "down":
            up = (rest > 0) & ~forwards
        case "up":
            up = (rest > 0) & forwards
        case "half up":
            up = (half > 0) | ((half == 0) & forwards)
        case "half down":
            up = (half > 0) | ((half == 0) & ~forwards)
        case _:
            up = (half > 0) | ((half == 0) & (whole % 2 != 0))
    return np.asarray(whole + up), bad


def fold_list(name: str, column: Column, form: Form) -> Column:
    """Return a builtin of lists of numbers, of those that have elements; `count` also of empty ones."""
    assert column.offsets is not None, "only lists are folded"
    lengths = np.diff(column.offsets)
    bad: Mask | None = None
    if name == "count":
        values: Array = lengths
    elif name == "sum":
        totals = np.concatenate((np.zeros(1, np.int64), np.cumsum(column.values)))  # differences are right even where sums wrap
        values = totals[column.offsets[1:]] - totals[column.offsets[:-1]]
        if magnitude(column.values) * int(lengths.max(initial=0)) > LARGEST:
            bad = _reduced(np.maximum, np.abs(column.values), column.offsets) > LARGEST // np.maximum(lengths, 1)
    else:
        values = _reduced(np.minimum if name == "min" else np.maximum, column.values, column.offsets)
    if lengths.max(initial=0) > LONGEST:
        bad = either(bad, np.asarray(lengths > LONGEST))
    known = column.known if name == "count" else column.known & (lengths > 0)
    found = _joined((column,), form, values, ~ALL, ~ALL, {}, bad)
    return replace(found, states=None if known.all() else np.where(known, np.uint8(KNOWN), np.uint8(1)), missing={})


def _reduced(operation: np.ufunc, values: Array, offsets: Array) -> Array:
    """Return the least or greatest number of each list; 0 for an empty one."""
    found = np.zeros(len(offsets) - 1, np.int64)
    filled = np.flatnonzero(np.diff(offsets))
    if len(filled):
        found[filled] = operation.reduceat(values, offsets[:-1][filled])
    return found
