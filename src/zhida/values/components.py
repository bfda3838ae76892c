"""Temporal values taken apart and put together: the calendar functions, conversions, Python's own types.

Numbers that come out are `Decimal`, ready to be FEEL values. As in `zhida.values.temporal`, what serves FEEL takes any value
and returns None where FEEL says null; only `from_python` and `to_python`, which serve the borders, raise `ValueError`.
"""

import datetime as dt
from decimal import Decimal
from typing import overload
from zoneinfo import ZoneInfo

from zhida.values import calendar
from zhida.values.temporal import UTC_MIDNIGHT, Date, DateTime, DaysDuration, MonthsDuration, Temporal, Time, to_days

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


# --- Calendar functions (DMN 1.5, Table 79) -----------------------------------------------------------------------------------


def day_of_year(value: object) -> Decimal | None:
    """Return the number of the day in its year, 1 to 366, of a date or date and time.

    >>> day_of_year(Date(2019, 9, 17))
    Decimal('260')
    """
    date = date_of(value)
    return date and Decimal(calendar.day_of_year(date.year, date.month, date.day))


def day_of_week(value: object) -> str | None:
    """Return the English name of the day of the week of a date or date and time.

    >>> day_of_week(Date(2019, 9, 17))
    'Tuesday'
    """
    date = date_of(value)
    return date and _WEEKDAYS[calendar.weekday(to_days(date)) - 1]


def month_of_year(value: object) -> str | None:
    """Return the English name of the month of a date or date and time.

    >>> month_of_year(Date(2019, 9, 17))
    'September'
    """
    date = date_of(value)
    return date and _MONTHS[date.month - 1]


def week_of_year(value: object) -> Decimal | None:
    """Return the ISO 8601 week, 1 to 53, of a date or date and time.

    >>> week_of_year(Date(2005, 1, 1)), week_of_year(Date(2005, 1, 3))
    (Decimal('53'), Decimal('1'))
    """
    date = date_of(value)
    return date and Decimal(calendar.week_of_year(to_days(date)))


# --- Conversions (DMN 1.5, Table 72) ------------------------------------------------------------------------------------------


def date_of(value: object) -> Date | None:
    """Return the date of a date or date and time, as its own clocks show it; None for anything else."""
    if isinstance(value, DateTime):
        return value.date
    return value if isinstance(value, Date) else None


def time_of(value: object) -> Time | None:
    """Return the time of a time or date and time; UTC midnight for a date; None for anything else.

    >>> str(time_of(Date(2017, 8, 10)))
    '00:00:00Z'
    """
    if isinstance(value, DateTime):
        return value.time
    if isinstance(value, Date):
        return UTC_MIDNIGHT
    return value if isinstance(value, Time) else None


def date_time_of(value: object) -> DateTime | None:
    """Return a date and time as it is, a date as its UTC midnight (DMN 1.5, 10.3.2.9.4); None for anything else."""
    if isinstance(value, Date):
        return DateTime(value, UTC_MIDNIGHT)
    return value if isinstance(value, DateTime) else None


def combine(date: object, time: object) -> DateTime | None:
    """Return the given time on the day of a date or date and time, whose own time and zone are dropped; else None.

    >>> str(combine(DateTime(Date(2017, 8, 10), UTC_MIDNIGHT), Time(23, 59, 1)))
    '2017-08-10T23:59:01'
    """
    day = date_of(date)
    return DateTime(day, time) if day is not None and isinstance(time, Time) else None


def date_from_numbers(year: object, month: object, day: object) -> Date | None:
    """Return the date of three whole numbers, or None where there is no such day.

    >>> date_from_numbers(Decimal(2017), Decimal(2), Decimal(29)) is None
    True
    """
    numbers = (_whole(year), _whole(month), _whole(day))
    if numbers[0] is None or numbers[1] is None or numbers[2] is None:
        return None
    try:
        return Date(numbers[0], numbers[1], numbers[2])
    except ValueError:
        return None


def time_from_numbers(hour: object, minute: object, second: object, offset: object = None) -> Time | None:
    """Return the time of day of two whole numbers, seconds and an offset (None: local), or None where there is no such time.

    Seconds are cut to nanoseconds. The offset is a days and time duration of whole seconds.

    >>> str(time_from_numbers(Decimal(12), Decimal(59), Decimal("1.3"), DaysDuration(-3_600 * 10**9)))
    '12:59:01.3-01:00'
    """
    hours, minutes = _whole(hour), _whole(minute)
    if hours is None or minutes is None or not isinstance(second, Decimal) or not second.is_finite():
        return None
    ahead, rest = divmod(offset.nanoseconds, 10**9) if isinstance(offset, DaysDuration) else (None, offset)
    if rest:  # a fraction of a second, or something that is no duration
        return None
    numerator, denominator = second.as_integer_ratio()
    seconds, nanoseconds = divmod(numerator * 10**9 // denominator, 10**9)
    try:
        return Time(hours, minutes, seconds, nanoseconds, ahead)
    except ValueError:
        return None


def _whole(value: object) -> int | None:
    """Return a FEEL number as an integer, or None where it is no number or not whole."""
    if not isinstance(value, Decimal) or not value.is_finite():
        return None
    numerator, denominator = value.as_integer_ratio()
    return numerator if denominator == 1 else None


# --- Python's own types -------------------------------------------------------------------------------------------------------


@overload
def from_python(value: dt.datetime) -> DateTime: ...
@overload
def from_python(value: dt.date) -> Date | DateTime: ...  # a datetime is a date to Python
@overload
def from_python(value: dt.time) -> Time: ...
@overload
def from_python(value: dt.timedelta) -> DaysDuration: ...
def from_python(value: dt.date | dt.time | dt.timedelta) -> Date | DateTime | Time | DaysDuration:
    """Return the FEEL value of a Python one; ValueError where its offset is not in whole seconds or its zone is not IANA's.

    The second showing of an hour that clocks repeat (`fold=1`) keeps its offset instead of its zone, and so its instant.

    >>> from_python(dt.date(2026, 11, 20))
    Date(year=2026, month=11, day=20)
    """
    if isinstance(value, dt.datetime):
        return DateTime(Date(value.year, value.month, value.day), _time_from_python(value))
    if isinstance(value, dt.date):
        return Date(value.year, value.month, value.day)
    if isinstance(value, dt.time):
        return _time_from_python(value)
    return DaysDuration(value // dt.timedelta(microseconds=1) * 1_000)


def _time_from_python(value: dt.datetime | dt.time) -> Time:
    offset, zone = None, None
    if isinstance(value.tzinfo, ZoneInfo) and not (value.fold and value.utcoffset() != value.replace(fold=0).utcoffset()):
        zone = value.tzinfo.key
    difference = value.utcoffset()
    if zone is None and difference is not None:
        offset, rest = divmod(difference, dt.timedelta(seconds=1))
        if rest:
            raise ValueError(f"the offset of {value} is not in whole seconds")
    return Time(value.hour, value.minute, value.second, value.microsecond * 1_000, offset, zone)


@overload
def to_python(value: DateTime) -> dt.datetime: ...
@overload
def to_python(value: Date) -> dt.date: ...
@overload
def to_python(value: Time) -> dt.time: ...
@overload
def to_python(value: DaysDuration) -> dt.timedelta: ...
@overload
def to_python(value: Temporal) -> dt.date | dt.time | dt.timedelta: ...
def to_python(value: Temporal) -> dt.date | dt.time | dt.timedelta:
    """Return the Python value that equals a FEEL one.

    ValueError where Python has none: years outside 1 to 9999, parts of a microsecond, timedeltas out of range, and every years
    and months duration.

    >>> to_python(DaysDuration(90_000 * 10**9))
    datetime.timedelta(days=1, seconds=3600)
    """
    match value:
        case Date():
            return dt.date(value.year, value.month, value.day)
        case Time():
            return _time_to_python(value)
        case DateTime():
            return dt.datetime.combine(dt.date(value.date.year, value.date.month, value.date.day), _time_to_python(value.time))
        case DaysDuration():
            try:
                return dt.timedelta(microseconds=_microseconds(value.nanoseconds))
            except OverflowError as error:
                raise ValueError(f"{value} is too long for Python's timedelta") from error
        case MonthsDuration():
            raise ValueError(f"Python has no value for the years and months duration {value}")


def _time_to_python(time: Time) -> dt.time:
    zone: dt.tzinfo | None = None
    if time.zone is not None:
        zone = ZoneInfo(time.zone)
    elif time.offset is not None:
        zone = dt.timezone(dt.timedelta(seconds=time.offset))
    return dt.time(time.hour, time.minute, time.second, _microseconds(time.nanosecond), zone)


def _microseconds(nanoseconds: int) -> int:
    microseconds, rest = divmod(nanoseconds, 1_000)
    if rest:
        raise ValueError(f"{nanoseconds} ns is no whole number of microseconds, the finest that Python holds")
    return microseconds
