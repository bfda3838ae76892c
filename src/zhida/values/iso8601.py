"""The text of dates, times and durations over plain integers: reading it strictly and writing its one canonical form.

Follows XML Schema Part 2 as DMN 1.5, 10.3.4.1 uses it: four digits of year or more, no `+` and no idle zeros; two digits
everywhere else; at most nine digits of fraction; `@` and a zone as an alternative to an offset. Reading checks the form only:
whether the calendar has the day and the database the zone is for the values to say. Both readers of numbers may raise
`ValueError`, for more digits than Python turns into an integer.
"""

import re
from typing import NamedTuple

_DATE_PATTERN = r"(?P<year>-?(?:[1-9][0-9]{4,8}|[0-9]{4}))-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
_TIME_PATTERN = (
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?"
    r"(?:(?P<utc>[Zz])"
    r"|(?P<sign>[+-])(?P<offset_hour>[0-9]{2}):(?P<offset_minute>[0-5][0-9])(?::(?P<offset_second>[0-5][0-9]))?"
    r"|@(?P<zone>[A-Za-z0-9_+/-]+))?"
)
_DATE = re.compile(_DATE_PATTERN)
_TIME = re.compile(_TIME_PATTERN)
_DATE_TIME = re.compile(f"{_DATE_PATTERN}(?:T{_TIME_PATTERN})?")
_MONTHS_DURATION = re.compile(r"(?P<sign>-?)P(?=[0-9])(?:(?P<years>[0-9]+)Y)?(?:(?P<months>[0-9]+)M)?")
_DAYS_DURATION = re.compile(
    r"(?P<sign>-?)P(?=[0-9T])(?:(?P<days>[0-9]+)D)?"
    r"(?:T(?=[0-9])(?:(?P<hours>[0-9]+)H)?(?:(?P<minutes>[0-9]+)M)?(?:(?P<seconds>[0-9]+)(?:\.(?P<fraction>[0-9]{0,9}))?S)?)?"
)


class Clock(NamedTuple):
    """A time of day as written."""

    hour: int
    """0 to 99 as written; 24 may be lawful."""
    minute: int
    """0 to 99 as written."""
    second: int
    """0 to 99 as written."""
    nanosecond: int
    """0 to 999,999,999."""
    offset: int | None
    """Seconds ahead of UTC, or None where no offset is written."""
    zone: str | None
    """What follows `@`, or None."""

    @property
    def ends_day(self) -> bool:
        """Whether it is the 24:00:00 that ends the day."""
        return self[:4] == (24, 0, 0, 0)


def read_date(text: str) -> tuple[int, int, int] | None:
    """Return the year, month and day that `text` writes, or None.

    >>> read_date("-0044-03-15"), read_date("44-03-15"), read_date("+2012-12-02")
    ((-44, 3, 15), None, None)
    """
    found = _DATE.fullmatch(text)
    return _date(found) if found else None


def read_time(text: str) -> Clock | None:
    """Return the time of day that `text` writes, or None.

    >>> read_time("10:15:00+02:45:55").offset, read_time("10:15:00+2:45"), read_time("10:15")
    (9955, None, None)
    """
    found = _TIME.fullmatch(text)
    return _clock(found) if found else None


def read_date_time(text: str) -> tuple[tuple[int, int, int], Clock | None] | None:
    """Return the date and the time that `text` writes, no time where it writes only a date, or None.

    >>> read_date_time("2012-12-24")
    ((2012, 12, 24), None)
    """
    found = _DATE_TIME.fullmatch(text)
    return (_date(found), _clock(found) if found["hour"] else None) if found else None


def read_months_duration(text: str) -> int | None:
    """Return the months of a years and months duration, or None.

    >>> read_months_duration("-P1Y2M"), read_months_duration("P1Y1D")
    (-14, None)
    """
    found = _MONTHS_DURATION.fullmatch(text)
    if not found:
        return None
    months = int(found["years"] or 0) * 12 + int(found["months"] or 0)
    return -months if found["sign"] else months


def read_days_duration(text: str) -> int | None:
    """Return the nanoseconds of a days and time duration, or None.

    >>> read_days_duration("PT0.5S"), read_days_duration("P1H"), read_days_duration("P1DT")
    (500000000, None, None)
    """
    found = _DAYS_DURATION.fullmatch(text)
    if not found:
        return None
    hours = int(found["days"] or 0) * 24 + int(found["hours"] or 0)
    seconds = (hours * 60 + int(found["minutes"] or 0)) * 60 + int(found["seconds"] or 0)
    nanoseconds = seconds * 10**9 + _nanoseconds(found["fraction"])
    return -nanoseconds if found["sign"] else nanoseconds


def _date(found: re.Match[str]) -> tuple[int, int, int]:
    return int(found["year"]), int(found["month"]), int(found["day"])


def _clock(found: re.Match[str]) -> Clock:
    offset = 0 if found["utc"] else None
    if found["sign"]:
        offset = (int(found["offset_hour"]) * 60 + int(found["offset_minute"])) * 60 + int(found["offset_second"] or 0)
        offset = -offset if found["sign"] == "-" else offset
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"])
    return Clock(hour, minute, second, _nanoseconds(found["fraction"]), offset, found["zone"])


def _nanoseconds(digits: str | None) -> int:
    return int(digits.ljust(9, "0")) if digits else 0


def split_nanoseconds(nanoseconds: int) -> tuple[int, int, int, int, int]:
    """Split a length of at least zero into days, hours, minutes, seconds and nanoseconds.

    >>> split_nanoseconds(90_061_500_000_000)
    (1, 1, 1, 1, 500000000)
    """
    seconds, rest = divmod(nanoseconds, 10**9)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return days, hour, minute, second, rest


def write_date(year: int, month: int, day: int) -> str:
    """Write a date.

    >>> write_date(-44, 3, 15)
    '-0044-03-15'
    """
    return f"{'-' if year < 0 else ''}{abs(year):04d}-{month:02d}-{day:02d}"


def write_clock(clock: Clock) -> str:
    """Write a time of day; an offset of zero is `Z`, a fraction has no idle zeros.

    >>> write_clock(Clock(23, 59, 1, 500_000_000, 7200, None))
    '23:59:01.5+02:00'
    """
    text = f"{clock.hour:02d}:{clock.minute:02d}:{clock.second:02d}{_fraction(clock.nanosecond)}"
    if clock.zone is not None:
        return f"{text}@{clock.zone}"
    if not clock.offset:
        return text if clock.offset is None else f"{text}Z"
    minutes, seconds = divmod(abs(clock.offset), 60)
    text += f"{'-' if clock.offset < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{seconds:02d}" if seconds else text


def write_months_duration(months: int) -> str:
    """Write a years and months duration with the fewest months.

    >>> write_months_duration(26), write_months_duration(-10), write_months_duration(0)
    ('P2Y2M', '-P10M', 'P0M')
    """
    if not months:
        return "P0M"
    years, rest = divmod(abs(months), 12)
    return f"{'-' if months < 0 else ''}P{f'{years}Y' if years else ''}{f'{rest}M' if rest else ''}"


def write_days_duration(nanoseconds: int) -> str:
    """Write a days and time duration with the most days, hours and minutes.

    >>> write_days_duration(-90_061_500_000_000), write_days_duration(0)
    ('-P1DT1H1M1.5S', 'PT0S')
    """
    if not nanoseconds:
        return "PT0S"
    days, hours, minutes, seconds, rest = split_nanoseconds(abs(nanoseconds))
    clock = f"{f'{hours}H' if hours else ''}{f'{minutes}M' if minutes else ''}"
    if seconds or rest:
        clock += f"{seconds}{_fraction(rest)}S"
    return f"{'-' if nanoseconds < 0 else ''}P{f'{days}D' if days else ''}{f'T{clock}' if clock else ''}"


def _fraction(nanoseconds: int) -> str:
    return f".{nanoseconds:09d}".rstrip("0") if nanoseconds else ""
