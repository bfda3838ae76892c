"""Functions on dates and times, identity, and the present (DMN 1.5, tables 77, 79 and 82).

No clock is read: today is the date of the evaluation, and now is the midnight in Shanghai with which that day begins, so
that the same evaluation repeated gives the same answer.
"""

from collections.abc import Callable
from decimal import Decimal

from zhida.feel.builtins.signature import Builtin, Host, define, nullable, required, signature
from zhida.values import components
from zhida.values.equality import identical
from zhida.values.temporal import Date, DateTime, Time
from zhida.values.types import BOOLEAN, DATE, DATE_TIME, NUMBER, STRING, Type

ZONE = "Asia/Shanghai"
"""Where the day of an evaluation begins."""


def is_same(_host: Host, value1: object, value2: object) -> bool:
    """Return whether two values are the same element of FEEL's domain."""
    return identical(value1, value2)


def day_of_year(_host: Host, date: Date | DateTime) -> Decimal | None:
    """Return the number of the day in its year."""
    return components.day_of_year(date)


def day_of_week(_host: Host, date: Date | DateTime) -> str | None:
    """Return the English name of the day of the week."""
    return components.day_of_week(date)


def month_of_year(_host: Host, date: Date | DateTime) -> str | None:
    """Return the English name of the month."""
    return components.month_of_year(date)


def week_of_year(_host: Host, date: Date | DateTime) -> Decimal | None:
    """Return the number of the week by ISO 8601."""
    return components.week_of_year(date)


def today(host: Host) -> Date:
    """Return the date of the evaluation."""
    return host.today


def now(host: Host) -> DateTime:
    """Return the beginning of the day of the evaluation."""
    return DateTime(host.today, Time(0, 0, 0, zone=ZONE))


def _of_date(name: str, implementation: Callable[..., object], result: Type) -> Builtin:
    return define(
        name,
        signature(implementation, result, required("date", DATE)),
        signature(implementation, result, required("date", DATE_TIME)),
    )


FUNCTIONS = (
    define("is", signature(is_same, BOOLEAN, nullable("value1"), nullable("value2"))),
    _of_date("day of year", day_of_year, NUMBER),
    _of_date("day of week", day_of_week, STRING),
    _of_date("month of year", month_of_year, STRING),
    _of_date("week of year", week_of_year, NUMBER),
    define("today", signature(today, DATE)),
    define("now", signature(now, DATE_TIME)),
)
"""The functions of this module."""
