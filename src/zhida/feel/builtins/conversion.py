"""Conversion functions: texts and parts to values, values to text (DMN 1.5, table 72).

A text that does not spell what is asked for is refused; `string` takes every value but null, and null of null is no mistake.
"""

import re
from decimal import Decimal
from typing import TypeVar

from zhida.feel.builtins.signature import RANGE, Host, Parameter, Refused, bad_argument, define, nullable, optional, required, signature
from zhida.feel.run import MAX_LEVELS, MAX_SIZE
from zhida.values import components, temporal
from zhida.values.equality import less
from zhida.values.range import Range
from zhida.values.temporal import Date, DateTime, DaysDuration, Duration, MonthsDuration, Temporal, Time
from zhida.values.text import format_value, literal_within
from zhida.values.types import ANY, DATE, DATE_TIME, DAYS_DURATION, MONTHS_DURATION, NUMBER, STRING, TIME, Type

T = TypeVar("T")

_NUMERAL = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

# --- numbers and text ------------------------------------------------------------------------------------------------


def number(host: Host, text: str, grouping: str | None, decimal: str | None) -> Decimal:
    """Return the number that a text spells, its grouping separators taken out and its decimal separator made a point."""
    if grouping not in {" ", ",", ".", None}:
        raise bad_argument("grouping separator", grouping, '" " | "," | "." | null')
    if decimal not in {",", ".", None} or (decimal is not None and decimal == grouping):
        raise bad_argument("decimal separator", decimal, '"," | "." | null')
    plain = text.replace(grouping, "") if grouping else text
    plain = plain.replace(decimal, ".") if decimal else plain
    if not _NUMERAL.fullmatch(plain):
        raise bad_argument("from", text, NUMBER)
    return host.context.create_decimal(plain)


def string(_host: Host, value: object) -> str | None:
    """Return the canonical text of a value; null of null."""
    if not isinstance(value, tuple | dict | Range):
        return None if value is None else format_value(value)
    text = literal_within(value, MAX_SIZE)
    if text is None:
        raise Refused("feel-too-large", limit=MAX_SIZE, levels=MAX_LEVELS)
    return text


# --- dates, times and durations --------------------------------------------------------------------------------------


def _read(value: T | None, text: object, expected: object) -> T:
    """Return what was read, or refuse the text where nothing was."""
    if value is None:
        raise bad_argument("from", text, expected)
    return value


def date_of_text(_host: Host, text: str) -> Date:
    """Return the date that a text spells."""
    return _read(temporal.parse_date(text), text, DATE)


def date_of_value(_host: Host, value: Date | DateTime) -> Date:
    """Return the date of a date or date and time."""
    return _read(components.date_of(value), value, DATE)


def date_of_numbers(_host: Host, year: Decimal, month: Decimal, day: Decimal) -> Date:
    """Return the date of a year, a month and a day."""
    return _read(components.date_from_numbers(year, month, day), (year, month, day), DATE)


def time_of_text(_host: Host, text: str) -> Time:
    """Return the time that a text spells."""
    return _read(temporal.parse_time(text), text, TIME)


def time_of_value(_host: Host, value: Time | DateTime) -> Time:
    """Return the time of a time or date and time."""
    return _read(components.time_of(value), value, TIME)


def time_of_numbers(_host: Host, hour: Decimal, minute: Decimal, second: Decimal, offset: DaysDuration | None) -> Time:
    """Return the time of an hour, a minute, seconds and an offset from UTC, or a local one."""
    given = (hour, minute, second, offset)
    return _read(components.time_from_numbers(hour, minute, second, offset), given, TIME)


def date_time_of_text(_host: Host, text: str) -> DateTime:
    """Return the date and time that a text spells."""
    return _read(temporal.parse_date_time(text), text, DATE_TIME)


def date_time_of_value(_host: Host, value: DateTime) -> DateTime:
    """Return a date and time as it is."""
    return value


def date_time_of_parts(_host: Host, date: Date | DateTime, time: Time) -> DateTime:
    """Return the time on the day of a date or date and time, whose own time is dropped."""
    return _read(components.combine(date, time), (date, time), DATE_TIME)


def duration(_host: Host, text: str) -> Duration:
    """Return the duration that a text spells."""
    value = temporal.parse_duration(text)
    if value is None:
        raise bad_argument("from", text, f"{DAYS_DURATION} | {MONTHS_DURATION}")
    return value


def years_and_months_duration(_host: Host, start: Date | DateTime, end: Date | DateTime) -> MonthsDuration:
    """Return the whole months from one date to another."""
    return _read(temporal.years_and_months_between(start, end), (start, end), MONTHS_DURATION)


# --- ranges ----------------------------------------------------------------------------------------------------------

_STRING = r'"(?:[^"\\\n\r]|\\.)*"'
_ENDPOINT = rf"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|@?{_STRING}|[a-z][a-z ]*\(\s*{_STRING}\s*\)"
_RANGE = re.compile(rf"\s*([\[(\]])\s*({_ENDPOINT})?\s*\.\.\s*({_ENDPOINT})?\s*([\])\[])\s*")
_CALL = re.compile(rf"(.*?)\s*\(\s*({_STRING})\s*\)")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{6})|(.))")
_CHARACTERS = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
_READERS = {
    "date": temporal.parse_date,
    "time": temporal.parse_time,
    "date and time": temporal.parse_date_time,
    "duration": temporal.parse_duration,
}


def range_of_text(host: Host, text: str) -> Range:
    """Return the range that a text spells: ends are literals, and the lower one stands first (grammar rules 66 and 67)."""
    found = _RANGE.fullmatch(text)
    if not found:
        raise bad_argument("from", text, RANGE)
    opening, low_text, high_text, closing = found.groups()
    low = None if low_text is None else _endpoint(host, low_text)
    high = None if high_text is None else _endpoint(host, high_text)
    low_closed, high_closed = opening == "[", closing == "]"
    if low_text and high_text and less(high, low) is False:
        return Range(low, high, low_closed, high_closed)
    if low_text and not high_text and low is not None and not high_closed:
        return Range(low, None, low_closed, high_closed=False, operator=">=" if low_closed else ">")
    if high_text and not low_text and high is not None and not low_closed:
        return Range(None, high, low_closed=False, high_closed=high_closed, operator="<=" if high_closed else "<")
    raise bad_argument("from", text, RANGE)


def _endpoint(host: Host, text: str) -> Decimal | str | Temporal | None:
    """Return the value of a literal at an end of a range; None where it has none."""
    if text[0] == '"':
        return _unescaped(text)
    if text[0] == "@":
        spelled = _unescaped(text[1:])
        return spelled and temporal.parse_at_literal(spelled)
    if found := _CALL.fullmatch(text):
        reader, argument = _READERS.get(" ".join(found[1].split())), _unescaped(found[2])
        return reader(argument) if reader and argument is not None else None
    return host.context.create_decimal(text)


def _unescaped(text: str) -> str | None:
    """Return the string that a literal denotes; None where it has an escape that FEEL does not know."""
    known = True

    def character(found: re.Match[str]) -> str:
        nonlocal known
        if found[1] or found[2]:
            code = int(found[1] or found[2], 16)
            known = known and code <= 0x10FFFF
            return chr(min(code, 0x10FFFF))
        known = known and found[3] in _CHARACTERS
        return _CHARACTERS.get(found[3], "")

    result = _ESCAPE.sub(character, text[1:-1])
    return result if known else None


# --- the functions ---------------------------------------------------------------------------------------------------


def _from(type_: Type) -> Parameter:
    return required("from", type_)


FUNCTIONS = (
    define(
        "number",
        signature(number, NUMBER, _from(STRING), nullable("grouping separator", STRING), nullable("decimal separator", STRING)),
    ),
    define("string", signature(string, STRING, nullable("from", ANY))),
    define(
        "date",
        signature(date_of_text, DATE, _from(STRING)),
        signature(date_of_value, DATE, _from(DATE)),
        signature(date_of_value, DATE, _from(DATE_TIME)),
        signature(date_of_numbers, DATE, required("year", NUMBER), required("month", NUMBER), required("day", NUMBER)),
    ),
    define(
        "time",
        signature(time_of_text, TIME, _from(STRING)),
        signature(time_of_value, TIME, _from(TIME)),
        signature(time_of_value, TIME, _from(DATE_TIME)),
        signature(
            time_of_numbers,
            TIME,
            required("hour", NUMBER),
            required("minute", NUMBER),
            required("second", NUMBER),
            optional("offset", DAYS_DURATION),
        ),
    ),
    define(
        "date and time",
        signature(date_time_of_text, DATE_TIME, _from(STRING)),
        signature(date_time_of_value, DATE_TIME, _from(DATE_TIME)),
        signature(date_time_of_parts, DATE_TIME, required("date", DATE), required("time", TIME)),
        signature(date_time_of_parts, DATE_TIME, required("date", DATE_TIME), required("time", TIME)),
    ),
    define("duration", signature(duration, ANY, _from(STRING))),
    define(
        "years and months duration",
        signature(years_and_months_duration, MONTHS_DURATION, _from(DATE), required("to", DATE)),
        signature(years_and_months_duration, MONTHS_DURATION, _from(DATE_TIME), required("to", DATE_TIME)),
    ),
    define("range", signature(range_of_text, RANGE, _from(STRING))),
)
"""The functions of this module."""
