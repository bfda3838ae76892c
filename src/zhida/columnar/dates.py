"""Dates and durations over columns: which operations on them have a column form, and what these come to.

A date is a day, a duration of days a number of whole days, one of months a number of months: integers all of them. What is
computed here is computed for rows whose operands are known; a date that no year holds is bad, and the interpreter says so.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.columnar.plan import Form, Kind
from zhida.values import temporal
from zhida.values.temporal import MAX_YEAR, MIN_YEAR, Date

Array = NDArray[Any]
Folded = tuple[Array, Array | None]
"""Integers, and the rows in which they do not hold the result."""

FIRST_DAY, LAST_DAY = temporal.to_days(Date(MIN_YEAR, 1, 1)), temporal.to_days(Date(MAX_YEAR, 12, 31))
"""The days that a date can be."""
_MOST = 10**12
"""Days and months up to which the integers here cannot overflow; each date is less far from any other."""

DATES, DAYS, MONTHS, WHOLE = Form(Kind.DATE), Form(Kind.DAYS), Form(Kind.MONTHS), Form(Kind.NUMBER)

_ARITHMETIC: Mapping[tuple[str, Kind, Kind], tuple[str, Form]] = {
    ("+", Kind.DATE, Kind.MONTHS): ("date + months", DATES),
    ("+", Kind.MONTHS, Kind.DATE): ("months + date", DATES),
    ("-", Kind.DATE, Kind.MONTHS): ("date - months", DATES),
    ("+", Kind.DATE, Kind.DAYS): ("date + days", DATES),
    ("+", Kind.DAYS, Kind.DATE): ("date + days", DATES),
    ("-", Kind.DATE, Kind.DAYS): ("date - days", DATES),
    ("-", Kind.DATE, Kind.DATE): ("date - date", DAYS),
    ("+", Kind.DAYS, Kind.DAYS): ("days + days", DAYS),
    ("-", Kind.DAYS, Kind.DAYS): ("days - days", DAYS),
    ("+", Kind.MONTHS, Kind.MONTHS): ("days + days", MONTHS),
    ("-", Kind.MONTHS, Kind.MONTHS): ("days - days", MONTHS),
}

_PROPERTIES: Mapping[tuple[Kind, str], str] = {
    (Kind.DATE, "year"): "year",
    (Kind.DATE, "month"): "month",
    (Kind.DATE, "day"): "day",
    (Kind.DATE, "weekday"): "weekday",
    (Kind.DAYS, "days"): "days",
    (Kind.MONTHS, "years"): "years of months",
    (Kind.MONTHS, "months"): "months of months",
}

_CALLS: Mapping[tuple[str, tuple[Kind, ...]], tuple[str, Form]] = {
    ("years and months duration", (Kind.DATE, Kind.DATE)): ("months between", MONTHS),
    ("date", (Kind.DATE,)): ("days", DATES),
    ("min", (Kind.DATE, Kind.DATE)): ("earliest", DATES),
    ("max", (Kind.DATE, Kind.DATE)): ("latest", DATES),
}


def of_arithmetic(operator: str, left: Form, right: Form) -> tuple[str, Form] | None:
    """Return how an operator on dates and durations is called here, and what it gives; None where it has no column form."""
    return _ARITHMETIC.get((operator, left.kind, right.kind))


def of_property(form: Form, name: str) -> tuple[str, Form] | None:
    """Return how a part of a date or duration is called here, and what it gives; None where it has no column form.

    >>> of_property(DATES, "year")
    ('year', Form(kind=<Kind.NUMBER: 'number'>, scale=0))
    """
    found = _PROPERTIES.get((form.kind, name))
    return None if found is None else (found, WHOLE)


def of_call(name: str, forms: Sequence[Form]) -> tuple[str, Form] | None:
    """Return how a builtin of dates is called here, and what it gives; None where it has no column form."""
    return _CALLS.get((name, tuple(form.kind for form in forms)))


# --- over columns ----------------------------------------------------------------------------------------------------


def _months_of(days: Array) -> tuple[Array, Array]:
    """Return the months that days lie in, counted from 1970-01, and the days of the month, counted from 0."""
    months = days.astype("M8[D]").astype("M8[M]")
    return months.astype(np.int64), days - months.astype("M8[D]").astype(np.int64)


def _first_of(months: Array) -> Array:
    found: Array = np.asarray(months).astype("M8[M]").astype("M8[D]").astype(np.int64)
    return found


def _near(values: Array) -> tuple[Array, Array | None]:
    """Return integers with 0 in place of what is too large to compute with, and where that is."""
    far = np.abs(values) > _MOST
    return (np.where(far, 0, values), far) if far.any() else (values, None)


def _held(days: Array, *bad: Array | None) -> Folded:
    """Return days, and those that no date holds."""
    outside = (days < FIRST_DAY) | (days > LAST_DAY)
    for mask in bad:
        outside = outside if mask is None else outside | mask
    return (np.where(outside, 0, days), outside) if outside.any() else (days, None)


def _add_months(days: Array, months: Array) -> Folded:
    """Return the days so many months later; a day that its month lacks becomes the month's last."""
    days, far_days = _near(days)
    months, far_months = _near(months)
    month, day = _months_of(days)
    later = month + months
    start = _first_of(later)
    length = _first_of(later + 1) - start
    return _held(start + np.minimum(day, length - 1), far_days, far_months)


def _add_days(days: Array, more: Array) -> Folded:
    days, far_days = _near(days)
    more, far_more = _near(more)
    return _held(days + more, far_days, far_more)


def _sum(left: Array, right: Array) -> Folded:
    """Return a sum of days or months; what is far off is bad."""
    left, far_left = _near(left)
    right, far_right = _near(right)
    far = [mask for mask in (far_left, far_right) if mask is not None]
    return left + right, np.logical_or.reduce(far) if far else None


def _months_between(start: Array, end: Array) -> Folded:
    """Return the whole months from one day to another, cut towards zero."""
    first, first_day = _months_of(start)
    last, last_day = _months_of(end)
    months = last - first
    months = months - ((months > 0) & (last_day < first_day)) + ((months < 0) & (last_day > first_day))
    return np.asarray(months), None


def _year(days: Array) -> Folded:
    return np.asarray(days.astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970), None


FOLDS: Mapping[str, Callable[..., Folded]] = {
    "date + months": _add_months,
    "months + date": lambda months, days: _add_months(days, months),
    "date - months": lambda days, months: _add_months(days, -months),
    "date + days": _add_days,
    "date - days": lambda days, less: _add_days(days, -less),
    "date - date": lambda end, start: _sum(end, -start),
    "days + days": _sum,
    "days - days": lambda left, right: _sum(left, -right),
    "months between": _months_between,
    "earliest": lambda left, right: (np.minimum(left, right), None),
    "latest": lambda left, right: (np.maximum(left, right), None),
    "days": lambda days: (days, None),
    "year": _year,
    "month": lambda days: (np.asarray(_months_of(days)[0] % 12 + 1), None),
    "day": lambda days: (np.asarray(_months_of(days)[1] + 1), None),
    "weekday": lambda days: (np.asarray((days + 3) % 7 + 1), None),
    "years of months": lambda months: (np.sign(months) * (np.abs(months) // 12), None),
    "months of months": lambda months: (np.sign(months) * (np.abs(months) % 12), None),
}
"""What each operation comes to where its operands are known."""
