"""Dates, times and durations as FEEL knows them (DMN 1.5, 10.3.2.3.4 to 10.3.2.3.8), and all that FEEL does with them.

Five frozen values hold what the standard allows and Python's `datetime` cannot: years from -999,999,999 to 999,999,999,
nanoseconds, offsets with seconds and IANA zones. Functions that serve an operator or a built-in take any value, return None
where FEEL says null, and raise nothing; only the constructors and `from_days` raise `ValueError`. No clock is read.
Conversions and the calendar functions are in `zhida.values.components`.

What the standard leaves open is decided here, once:
- The order and `=` of times and date-times look at whole seconds; durations and `same` look at every nanosecond.
- Values with an offset or zone are compared and subtracted as instants. A local value takes the offset of the other side
  where the two are ordered, never equals it, and cannot be subtracted from it.
- A time of day in a zone, without a date, has the zone's winter offset. A reading that a zone's clocks show twice means the
  first; one that they skip is read with the offset before the change.
- A day that its month lacks after adding months becomes the month's last. A time of 24:00:00 is 00:00:00 of the next day.
- Scaled months are cut towards zero, after rounding half-even to 12 places so that a third of P3M is P1M.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from typing import Literal, TypeAlias, final

from zhida.values import calendar, iso8601, zones

MIN_YEAR, MAX_YEAR = -999_999_999, 999_999_999
"""The years of the standard."""
MAX_OFFSET = 18 * 3_600
"""The greatest offset from UTC, in seconds, either way."""
MAX_SECONDS = 2**63 - 1
"""The longest days and time duration, in whole seconds, either way; the standard names no bound."""
MAX_MONTHS = 2**63 - 1
"""The longest years and months duration, in months, either way."""

_SECOND = 10**9  # in nanoseconds, as the next one
_DAY = 86_400 * _SECOND
_SECONDS_PER_DAY = 86_400
_GUARD = 10**12
_FARTHEST = 100  # a factor of 10**100 takes the shortest duration beyond all of them, and the longest to nothing the other way
_MIN_DAY = calendar.days_from_civil(MIN_YEAR, 1, 1)
_MAX_DAY = calendar.days_from_civil(MAX_YEAR, 12, 31)


@final
@dataclass(frozen=True, slots=True)
class Date:
    """A day of the proleptic Gregorian calendar.

    >>> str(Date(-44, 3, 15))
    '-0044-03-15'
    """

    year: int
    """Astronomical year, -999,999,999 to 999,999,999."""
    month: int
    """1 to 12."""
    day: int
    """1 to the length of the month."""

    def __post_init__(self) -> None:
        """Refuse a day that the calendar does not have."""
        if not MIN_YEAR <= self.year <= MAX_YEAR:
            raise ValueError(f"year {self.year} is not in {MIN_YEAR}..{MAX_YEAR}")
        if not 1 <= self.month <= 12:
            raise ValueError(f"month {self.month} is not in 1..12")
        if not 1 <= self.day <= calendar.days_in_month(self.year, self.month):
            raise ValueError(f"day {self.day} is not in month {self.month} of year {self.year}")

    def __str__(self) -> str:
        return iso8601.write_date(self.year, self.month, self.day)


@final
@dataclass(frozen=True, slots=True)
class Time:
    """A time of day: local, or at an offset from UTC, or in a zone.

    >>> str(Time(23, 59, 1, 500_000_000, offset=7200))
    '23:59:01.5+02:00'
    """

    hour: int
    """0 to 23."""
    minute: int
    """0 to 59."""
    second: int
    """0 to 59; there are no leap seconds."""
    nanosecond: int = 0
    """0 to 999,999,999."""
    offset: int | None = None
    """Seconds ahead of UTC, at most 18 hours either way; None where there is no offset."""
    zone: str | None = None
    """Identifier in the IANA Time Zone Database; None where there is none. A time has an offset or a zone, never both."""

    def __post_init__(self) -> None:
        """Refuse a time that no clock shows, and a zone that nobody keeps."""
        if not (0 <= self.hour <= 23 and 0 <= self.minute <= 59 and 0 <= self.second <= 59):
            raise ValueError(f"{self.hour}:{self.minute}:{self.second} is not a time of day")
        if not 0 <= self.nanosecond < _SECOND:
            raise ValueError(f"nanosecond {self.nanosecond} is not in 0..999999999")
        if self.offset is not None and self.zone is not None:
            raise ValueError(f"a time has an offset or a zone, not both: {self.offset} and {self.zone!r}")
        if self.offset is not None and abs(self.offset) > MAX_OFFSET:
            raise ValueError(f"offset {self.offset} s is more than 18 hours")
        if self.zone is not None and not zones.is_zone(self.zone):
            raise ValueError(f"no time zone is named {self.zone!r}")

    @property
    def is_local(self) -> bool:
        """Whether the time has neither offset nor zone."""
        return self.offset is None and self.zone is None

    def __str__(self) -> str:
        return iso8601.write_clock(iso8601.Clock(self.hour, self.minute, self.second, self.nanosecond, self.offset, self.zone))


@final
@dataclass(frozen=True, slots=True)
class DateTime:
    """A date and a time of that day; the offset or zone is the time's.

    >>> str(DateTime(Date(2026, 11, 20), Time(8, 0, 0, zone="Asia/Shanghai")))
    '2026-11-20T08:00:00@Asia/Shanghai'
    """

    date: Date
    """The day, as the calendar at the offset or in the zone shows it."""
    time: Time
    """The time of that day."""

    def __str__(self) -> str:
        return f"{self.date}T{self.time}"


@final
@dataclass(frozen=True, slots=True)
class DaysDuration:
    """A days and time duration.

    >>> str(DaysDuration(-90_061_500_000_000))
    '-P1DT1H1M1.5S'
    """

    nanoseconds: int
    """The whole length in nanoseconds, negative for a duration backwards."""

    def __post_init__(self) -> None:
        """Refuse a duration of more seconds than 64 bits hold."""
        if abs(self.nanoseconds) // _SECOND > MAX_SECONDS:
            raise ValueError("a days and time duration is at most 2^63 - 1 seconds long")

    def __str__(self) -> str:
        return iso8601.write_days_duration(self.nanoseconds)


@final
@dataclass(frozen=True, slots=True)
class MonthsDuration:
    """A years and months duration.

    >>> str(MonthsDuration(26))
    'P2Y2M'
    """

    months: int
    """The whole length in months, negative for a duration backwards."""

    def __post_init__(self) -> None:
        """Refuse a duration of more months than 64 bits hold."""
        if abs(self.months) > MAX_MONTHS:
            raise ValueError("a years and months duration is at most 2^63 - 1 months long")

    def __str__(self) -> str:
        return iso8601.write_months_duration(self.months)


Duration: TypeAlias = DaysDuration | MonthsDuration
Temporal: TypeAlias = Date | Time | DateTime | DaysDuration | MonthsDuration

UTC_MIDNIGHT = Time(0, 0, 0, offset=0)
"""The time of day that a date stands for where a date and time is needed (DMN 1.5, 10.3.2.3.5)."""


# --- Text -------------------------------------------------------------------------------------------------------------------


def parse_date(text: str) -> Date | None:
    """Return the date that `text` spells, or None. A year has four digits or more, no `+` and no idle zeros.

    >>> parse_date("2017-12-31"), parse_date("998-12-31"), parse_date("2017-02-29")
    (Date(year=2017, month=12, day=31), None, None)
    """
    try:
        parts = iso8601.read_date(text)
        return Date(*parts) if parts else None
    except ValueError:
        return None


def parse_time(text: str) -> Time | None:
    """Return the time of day that `text` spells, or None.

    >>> str(parse_time("11:22:33.4440-00:00")), str(parse_time("24:00:00")), parse_time("24:00:01")
    ('11:22:33.444Z', '00:00:00', None)
    """
    try:
        clock = iso8601.read_time(text)
        return _time(clock) if clock else None
    except ValueError:
        return None


def parse_date_time(text: str) -> DateTime | None:
    """Return the date and time that `text` spells, or None; without a time it is the local midnight that begins the day.

    >>> str(parse_date_time("2017-12-31T24:00:00@Europe/Paris"))
    '2018-01-01T00:00:00@Europe/Paris'
    """
    try:
        parts = iso8601.read_date_time(text)
        if parts is None:
            return None
        date, clock = Date(*parts[0]), parts[1]
        if clock is None:
            return DateTime(date, Time(0, 0, 0))
        return DateTime(from_days(to_days(date) + 1) if clock.ends_day else date, _time(clock))
    except ValueError:
        return None


def parse_duration(text: str) -> Duration | None:
    """Return the duration that `text` spells, or None; years and months never mix with days and time.

    >>> str(parse_duration("PT1000M")), str(parse_duration("-P100M")), parse_duration("P1H"), parse_duration("P1Y1D")
    ('PT16H40M', '-P8Y4M', None, None)
    """
    try:
        months = iso8601.read_months_duration(text)
        if months is not None:
            return MonthsDuration(months)
        nanoseconds = iso8601.read_days_duration(text)
        return None if nanoseconds is None else DaysDuration(nanoseconds)
    except ValueError:
        return None


def parse_at_literal(text: str) -> Temporal | None:
    """Return what the text of an at-literal (`@"2026-11-20"`) spells: any of the five kinds, or None (grammar rule 65).

    >>> parse_at_literal("2026-11-20"), parse_at_literal("P1Y"), parse_at_literal("tomorrow")
    (Date(year=2026, month=11, day=20), MonthsDuration(months=12), None)
    """
    return parse_date(text) or parse_date_time(text) or parse_time(text) or parse_duration(text)


def _time(clock: iso8601.Clock) -> Time:
    return Time(0 if clock.ends_day else clock.hour, *clock[1:])


# --- Counting days, seconds and nanoseconds -----------------------------------------------------------------------------------


def to_days(date: Date) -> int:
    """Return the days from 1970-01-01 to `date`, negative before it.

    >>> to_days(Date(2000, 3, 1))
    11017
    """
    return calendar.days_from_civil(date.year, date.month, date.day)


def from_days(days: int) -> Date:
    """Return the date that lies `days` after 1970-01-01; ValueError where its year is out of range."""
    return Date(*calendar.civil_from_days(days))


def offset_of(value: Time | DateTime) -> int | None:
    """Return the seconds by which `value` is ahead of UTC, those of its zone included; None where it is local."""
    time = value.time if isinstance(value, DateTime) else value
    if time.zone is None:
        return time.offset
    if isinstance(value, DateTime):
        return zones.offset_of_local(time.zone, to_days(value.date), _second_of_day(time))
    return zones.standard_offset(time.zone)


def _second_of_day(time: Time) -> int:
    return (time.hour * 60 + time.minute) * 60 + time.second


def _utc_second(value: Time | DateTime) -> int:
    """Return the seconds from the epoch (from midnight for a time of day) in UTC; a local value is read as UTC."""
    offset = offset_of(value) or 0
    if isinstance(value, DateTime):
        return to_days(value.date) * _SECONDS_PER_DAY + _second_of_day(value.time) - offset
    return _second_of_day(value) - offset


def _utc_nanosecond(value: Time | DateTime) -> int:
    return _utc_second(value) * _SECOND + (value.time if isinstance(value, DateTime) else value).nanosecond


def _time_of_day(nanoseconds: int, like: Time) -> Time:
    """Return the time that many nanoseconds after midnight, in the offset or zone of another."""
    _, hours, minutes, seconds, rest = iso8601.split_nanoseconds(nanoseconds)
    return Time(hours, minutes, seconds, rest, like.offset, like.zone)


# --- Arithmetic (DMN 1.5, Tables 57, 59 and 62) -------------------------------------------------------------------------------


def add(left: object, right: object) -> Temporal | None:
    """Return `left + right` where one is a duration, in either order; else None, as where the year would leave its range.

    >>> str(add(Date(2021, 1, 1), DaysDuration(36 * 3_600 * 10**9)))
    '2021-01-02'
    """
    if isinstance(left, DaysDuration | MonthsDuration) and not isinstance(right, DaysDuration | MonthsDuration):
        left, right = right, left
    return _shift(left, right, 1)


def subtract(left: object, right: object) -> Temporal | None:
    """Return `left - right`: a value moved back by a duration, or the duration between two dates, date-times or times.

    A date beside a date and time is its UTC midnight. One side local and the other not is None.

    >>> str(subtract(parse_date_time("2021-01-02T10:10:10@Europe/Paris"), Date(2021, 1, 1)))
    'P1DT9H10M10S'
    """
    match left, right:
        case (_, DaysDuration() | MonthsDuration()):
            return _shift(left, right, -1)
        case (Date(), Date()):
            return DaysDuration((to_days(left) - to_days(right)) * _DAY)
        case (Date() | DateTime(), Date() | DateTime()):
            return _elapsed(_as_date_time(left), _as_date_time(right))
        case (Time(), Time()):
            return _elapsed(left, right)
    return None


def years_and_months_between(start: object, end: object) -> MonthsDuration | None:
    """Return the whole months between two dates or date-times, cut towards zero; None for anything else.

    As the conformance kit has it, only the calendar dates count: neither the times of day nor the offsets.

    >>> str(years_and_months_between(Date(2011, 12, 22), Date(2013, 8, 24)))
    'P1Y8M'
    """
    if not isinstance(start, Date | DateTime) or not isinstance(end, Date | DateTime):
        return None
    first = start.date if isinstance(start, DateTime) else start
    last = end.date if isinstance(end, DateTime) else end
    return MonthsDuration(calendar.months_between((first.year, first.month, first.day), (last.year, last.month, last.day)))


def negate(value: object) -> Duration | None:
    """Return the duration of the opposite direction; None for anything else.

    >>> str(negate(MonthsDuration(12)))
    '-P1Y'
    """
    if isinstance(value, DaysDuration):
        return DaysDuration(-value.nanoseconds)
    return MonthsDuration(-value.months) if isinstance(value, MonthsDuration) else None


def absolute(value: object) -> Duration | None:
    """Return the duration without its sign; None for anything else."""
    if isinstance(value, DaysDuration):
        return DaysDuration(abs(value.nanoseconds))
    return MonthsDuration(abs(value.months)) if isinstance(value, MonthsDuration) else None


def multiply(left: object, right: object) -> Duration | None:
    """Return a duration times a number, in either order; else None. The product is exact, then a whole nanosecond or month.

    >>> str(multiply(Decimal("1.5"), DaysDuration(97 * 3_600 * 10**9))), str(multiply(MonthsDuration(23), Decimal("-2.5")))
    ('P6DT1H30M', '-P4Y9M')
    """
    if isinstance(left, Decimal):
        left, right = right, left
    if not isinstance(right, Decimal) or not right.is_finite():
        return None
    return _scale(left, *_ratio(right))


def divide(left: object, right: object, *, context: Context) -> Duration | Decimal | None:
    """Return a duration divided by a number, or by a duration of its kind (a number, rounded by `context`); else None.

    >>> divide(MonthsDuration(120), MonthsDuration(60), context=Context(prec=34))
    Decimal('2')
    """
    match left, right:
        case (DaysDuration(), DaysDuration()):
            return context.divide(Decimal(left.nanoseconds), Decimal(right.nanoseconds)) if right.nanoseconds else None
        case (MonthsDuration(), MonthsDuration()):
            return context.divide(Decimal(left.months), Decimal(right.months)) if right.months else None
        case (_, Decimal()) if right.is_finite() and right:
            numerator, denominator = _ratio(right)
            return _scale(left, denominator, numerator)
    return None


def _shift(value: object, duration: object, direction: Literal[-1, 1]) -> Temporal | None:
    """Move a value by a duration, forwards or backwards; None where the two do not go together or the result cannot be held."""
    try:
        match value, duration:
            case (DaysDuration(), DaysDuration()):
                return DaysDuration(value.nanoseconds + direction * duration.nanoseconds)
            case (MonthsDuration(), MonthsDuration()):
                return MonthsDuration(value.months + direction * duration.months)
            case (Date(), DaysDuration()):
                return _date((to_days(value) * _DAY + direction * duration.nanoseconds) // _DAY)
            case (Date(), MonthsDuration()):
                return _add_months(value, direction * duration.months)
            case (DateTime(), DaysDuration()):
                return _add_nanoseconds(value, direction * duration.nanoseconds)
            case (DateTime(), MonthsDuration()):
                return DateTime(_add_months(value.date, direction * duration.months), value.time)
            case (Time(), DaysDuration()):
                clock = _second_of_day(value) * _SECOND + value.nanosecond
                return _time_of_day((clock + direction * duration.nanoseconds) % _DAY, value)
    except ValueError:
        return None
    return None


def _date(days: int) -> Date:
    """Return a date by its day; checks the range first, so that a hopeless number is not worked through."""
    if not _MIN_DAY <= days <= _MAX_DAY:
        raise ValueError(f"day {days} lies in no year that a date can hold")
    return from_days(days)


def _add_months(date: Date, months: int) -> Date:
    return Date(*calendar.add_months(date.year, date.month, date.day, months))


def _add_nanoseconds(value: DateTime, nanoseconds: int) -> DateTime:
    """Move a date and time along the line of instants, and read it again by the clocks of its own offset or zone."""
    instant = _utc_nanosecond(value) + nanoseconds
    offset = value.time.offset or 0
    if value.time.zone is not None:
        offset = zones.offset_of_instant(value.time.zone, *divmod(instant // _SECOND, _SECONDS_PER_DAY))
    days, clock = divmod(instant + offset * _SECOND, _DAY)
    return DateTime(_date(days), _time_of_day(clock, value.time))


def _as_date_time(value: Date | DateTime) -> DateTime:
    return DateTime(value, UTC_MIDNIGHT) if isinstance(value, Date) else value


def _elapsed(left: Time | DateTime, right: Time | DateTime) -> DaysDuration | None:
    if _is_local(left) != _is_local(right):
        return None
    return DaysDuration(_utc_nanosecond(left) - _utc_nanosecond(right))


def _ratio(number: Decimal) -> tuple[int, int]:
    """Return a number as a fraction; one beyond all durations, or below all, as another of that kind, for its own is very long."""
    if number and abs(number.adjusted()) > _FARTHEST:
        number = Decimal((number.is_signed(), (1,), _FARTHEST if number.adjusted() > 0 else -_FARTHEST))
    return number.as_integer_ratio()


def _scale(duration: object, numerator: int, denominator: int) -> Duration | None:
    """Multiply a duration by a fraction; None where `duration` is none, or the result is too long."""
    try:
        if isinstance(duration, DaysDuration):
            return DaysDuration(_round_half_even(duration.nanoseconds * numerator, denominator))
        if isinstance(duration, MonthsDuration):
            guarded = _round_half_even(duration.months * numerator * _GUARD, denominator)
            months = abs(guarded) // _GUARD
            return MonthsDuration(months if guarded > 0 else -months)
    except ValueError:
        return None
    return None


def _round_half_even(numerator: int, denominator: int) -> int:
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    quotient, remainder = divmod(numerator, denominator)
    double = 2 * remainder
    return quotient + (double > denominator or (double == denominator and quotient % 2 == 1))


# --- Comparison (DMN 1.5, Tables 53 and 54) -----------------------------------------------------------------------------------


def compare(left: object, right: object) -> Literal[-1, 0, 1] | None:
    """Return the order of two values of one kind: -1 where `left` comes first, 0, 1; None where they cannot be ordered.

    >>> compare(Date(2026, 1, 1), Date(2025, 12, 31)), compare(Date(2026, 1, 1), parse_date_time("2026-01-01"))
    (1, None)
    """
    if isinstance(left, Date) and isinstance(right, Date):
        return _order(left.year - right.year or left.month - right.month or left.day - right.day)
    match left, right:
        case (DateTime(), DateTime()):
            if left.time.is_local != right.time.is_local:
                left, right = DateTime(left.date, _placed(left.time, right.time)), DateTime(right.date, _placed(right.time, left.time))
            return _order(_utc_second(left) - _utc_second(right))
        case (Time(), Time()):
            return _order(_utc_second(_placed(left, right)) - _utc_second(_placed(right, left)))
        case (DaysDuration(), DaysDuration()):
            return _order(left.nanoseconds - right.nanoseconds)
        case (MonthsDuration(), MonthsDuration()):
            return _order(left.months - right.months)
    return None


def equal(left: object, right: object) -> bool | None:
    """Return whether two values of one kind are equal (`=`); None for two kinds.

    >>> equal(parse_time("10:30:00Z"), parse_time("10:30:00@Etc/UTC")), equal(DaysDuration(0), MonthsDuration(0))
    (True, None)
    """
    order = compare(left, right)
    if order == 0 and isinstance(left, Time | DateTime) and isinstance(right, Time | DateTime):
        return _is_local(left) == _is_local(right)
    return None if order is None else order == 0


def same(left: object, right: object) -> bool:
    """Return whether two values are the same element of FEEL's domain (`is`): every component, offset or zone alike.

    >>> same(parse_time("23:00:50Z"), parse_time("23:00:50+00:00")), same(parse_time("23:00:50Z"), parse_time("23:00:50@Etc/GMT"))
    (True, False)
    """
    return isinstance(left, Date | Time | DateTime | DaysDuration | MonthsDuration) and left == right


def _order(difference: int) -> Literal[-1, 0, 1]:
    if difference < 0:
        return -1
    return 1 if difference else 0


def _placed(time: Time, other: Time) -> Time:
    """Give a local time the offset or zone of another."""
    return replace(time, offset=other.offset, zone=other.zone) if time.is_local and not other.is_local else time


def _is_local(value: Time | DateTime) -> bool:
    return (value.time if isinstance(value, DateTime) else value).is_local


# --- Properties (DMN 1.5, Tables 65 and 66) -----------------------------------------------------------------------------------

PROPERTIES: Mapping[type, tuple[str, ...]] = {
    Date: ("year", "month", "day", "weekday"),
    Time: ("hour", "minute", "second", "time offset", "timezone"),
    DateTime: ("year", "month", "day", "weekday", "hour", "minute", "second", "time offset", "timezone"),
    DaysDuration: ("days", "hours", "minutes", "seconds"),
    MonthsDuration: ("years", "months"),
}
"""The properties that each kind of value has."""


def property_of(value: object, name: str) -> Decimal | DaysDuration | str | None:
    """Return a property of a value; None where its kind has no such property, or the value has none.

    The parts of a duration backwards are all negative, so that they always add up to it. The time offset of a value in a zone
    is the zone's at that moment; without a date it is the zone's winter offset.

    >>> property_of(Date(2018, 12, 10), "weekday"), property_of(DaysDuration(-1_500_000_000), "seconds")
    (Decimal('1'), Decimal('-1.5'))
    """
    if name not in PROPERTIES.get(type(value), ()):
        return None
    match value:
        case Date():
            return Decimal(calendar.weekday(to_days(value)) if name == "weekday" else getattr(value, name))
        case DateTime() if name in PROPERTIES[Date]:
            return property_of(value.date, name)
        case Time() | DateTime() if name == "time offset":
            offset = offset_of(value)
            return None if offset is None else DaysDuration(offset * _SECOND)
        case DateTime():
            return property_of(value.time, name)
        case Time():
            return value.zone if name == "timezone" else _number(getattr(value, name), value.nanosecond if name == "second" else 0)
        case DaysDuration():
            *parts, nanoseconds = iso8601.split_nanoseconds(abs(value.nanoseconds))
            part = parts[PROPERTIES[DaysDuration].index(name)]
            return _number(part, nanoseconds if name == "seconds" else 0, backwards=value.nanoseconds < 0)
        case MonthsDuration():
            part = divmod(abs(value.months), 12)[name == "months"]
            return _number(part, backwards=value.months < 0)
    return None


def _number(whole: int, nanoseconds: int = 0, *, backwards: bool = False) -> Decimal:
    """Return a part of a value as a number, exactly: no decimal context is asked."""
    number = Decimal(f"{whole}.{nanoseconds:09d}".rstrip("0")) if nanoseconds else Decimal(whole)
    return number.copy_negate() if backwards and number else number
