"""Temporal values taken apart and put together: calendar functions, conversions, Python's own types."""

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from tests.engine.temporal_values import at, show
from zhida.values.components import (
    combine,
    date_from_numbers,
    date_of,
    date_time_of,
    day_of_week,
    day_of_year,
    from_python,
    month_of_year,
    time_from_numbers,
    time_of,
    to_python,
    week_of_year,
)
from zhida.values.temporal import Date, DateTime, DaysDuration, MonthsDuration, Temporal, Time


@pytest.mark.parametrize(
    ("text", "number"), [("1970-01-01", 1), ("2019-12-31", 365), ("2020-12-31", 366), ("2019-09-17", 260), ("2019-12-31T10:10:10", 365)]
)
def test_day_of_year(text: str, number: int) -> None:
    assert day_of_year(at(text)) == number


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("2019-09-17", 38),
        ("2003-12-29", 1),
        ("2003-12-31", 1),
        ("2004-01-01", 1),
        ("2010-01-01", 53),
        ("2005-01-01", 53),
        ("2005-01-03", 1),
        ("2005-01-09", 1),
        ("1970-01-01T10:10:10", 1),
    ],
)
def test_week_of_year_is_iso(text: str, week: int) -> None:
    assert week_of_year(at(text)) == week


def test_day_of_week_and_month_of_year_are_english_names() -> None:
    days = [day_of_week(Date(2019, 9, day)) for day in range(16, 23)]
    assert days == ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    assert day_of_week(at("2019-09-17T10:10:10")) == "Tuesday"
    assert [month_of_year(Date(2019, month, 1)) for month in (1, 5, 12)] == ["January", "May", "December"]


@pytest.mark.parametrize("value", [None, "2019-09-17", Decimal(1), Time(0, 0, 0), DaysDuration(0)])
def test_calendar_functions_of_anything_else_are_null(value: object) -> None:
    assert [function(value) for function in (day_of_year, day_of_week, month_of_year, week_of_year)] == [None] * 4


def test_conversions_between_kinds() -> None:
    moment = at("2017-08-10T10:20:00@Europe/Paris")
    assert show(date_of(moment)) == "2017-08-10"
    assert show(time_of(moment)) == "10:20:00@Europe/Paris"
    assert date_time_of(moment) is moment
    assert show(time_of(at("2017-08-10"))) == "00:00:00Z"
    assert show(date_time_of(at("2017-08-10"))) == "2017-08-10T00:00:00Z"
    assert date_of(at("10:20:00")) is None
    assert date_time_of(at("10:20:00")) is None
    assert time_of(at("P1D")) is None
    assert date_of("2017-08-10") is None


def test_combining_drops_the_old_time_and_zone() -> None:
    assert show(combine(at("2017-08-10"), at("23:59:01Z"))) == "2017-08-10T23:59:01Z"
    assert show(combine(at("2017-08-10T10:20:00+02:00"), at("23:59:01.987654321"))) == "2017-08-10T23:59:01.987654321"
    assert combine(at("10:20:00"), at("23:59:01")) is None
    assert combine(at("2017-08-10"), at("2017-08-10")) is None
    assert combine(None, at("23:59:01")) is None


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        (("2017", "1", "1"), "2017-01-01"),
        (("-2017", "12", "31"), "-2017-12-31"),
        (("999999999.0", "12", "31"), "999999999-12-31"),
        (("2017", "13", "31"), None),
        (("2017", "2", "29"), None),
        (("2017", "-8", "2"), None),
        (("2017.5", "8", "2"), None),
        (("1000999999", "12", "1"), None),
        (("1E+6144", "12", "1"), None),
        (("NaN", "12", "1"), None),
    ],
)
def test_date_from_numbers(numbers: tuple[str, str, str], text: str | None) -> None:
    assert show(date_from_numbers(*map(Decimal, numbers))) == text


def test_date_from_anything_but_numbers_is_null() -> None:
    assert date_from_numbers(None, Decimal(1), Decimal(1)) is None
    assert date_from_numbers(Decimal(1), "1", Decimal(1)) is None
    assert date_from_numbers(Decimal(1), Decimal(1), True) is None


@pytest.mark.parametrize(
    ("numbers", "offset", "text"),
    [
        (("12", "0", "0"), None, "12:00:00"),
        (("11", "59", "45"), "PT0H", "11:59:45Z"),
        (("11", "59", "45"), "-PT2H", "11:59:45-02:00"),
        (("11", "59", "45"), "-PT2H45M55S", "11:59:45-02:45:55"),
        (("12", "59", "1.3"), "-PT1H", "12:59:01.3-01:00"),
        (("12", "59", "1.99999999999"), None, "12:59:01.999999999"),
        (("24", "59", "45"), None, None),
        (("23", "59", "60"), None, None),
        (("23", "59", "-0.1"), None, None),
        (("23.5", "59", "0"), None, None),
        (("23", "59", "0"), "PT19H", None),
        (("23", "59", "0"), "PT0.5S", None),
        (("23", "59", "0"), "P1Y", None),
    ],
)
def test_time_from_numbers(numbers: tuple[str, str, str], offset: str | None, text: str | None) -> None:
    hour, minute, second = map(Decimal, numbers)
    assert show(time_from_numbers(hour, minute, second, None if offset is None else at(offset))) == text


def test_time_from_anything_but_numbers_is_null() -> None:
    assert time_from_numbers(None, Decimal(1), Decimal(1)) is None
    assert time_from_numbers(Decimal(1), Decimal(1), None) is None
    assert time_from_numbers(Decimal(1), Decimal(1), Decimal("NaN")) is None


SHANGHAI = ZoneInfo("Asia/Shanghai")
PARIS = ZoneInfo("Europe/Paris")
INDIA = dt.timezone(dt.timedelta(hours=5, minutes=30))


@pytest.mark.parametrize(
    ("python", "feel"),
    [
        (dt.date(2026, 11, 20), Date(2026, 11, 20)),
        (dt.time(8, 30, 1, 500), Time(8, 30, 1, 500_000)),
        (dt.time(8, 30, tzinfo=INDIA), Time(8, 30, 0, offset=19_800)),
        (dt.time(8, 30, tzinfo=SHANGHAI), Time(8, 30, 0, zone="Asia/Shanghai")),
        (dt.datetime(2026, 11, 20, 8, tzinfo=dt.UTC), DateTime(Date(2026, 11, 20), Time(8, 0, 0, offset=0))),
        (dt.datetime(2026, 11, 20, 8, tzinfo=SHANGHAI), DateTime(Date(2026, 11, 20), Time(8, 0, 0, zone="Asia/Shanghai"))),
        (dt.timedelta(days=-1, microseconds=1), DaysDuration(-86_399_999_999_000)),
    ],
)
def test_python_values_come_in_and_go_out_unchanged(python: dt.date | dt.time | dt.timedelta, feel: Temporal) -> None:
    assert from_python(python) == feel
    back = to_python(feel)
    assert back == python
    assert type(back) is type(python)


def test_hour_shown_twice_keeps_its_instant() -> None:
    second = dt.datetime(2021, 10, 31, 2, 30, tzinfo=PARIS, fold=1)
    assert str(from_python(second)) == "2021-10-31T02:30:00+01:00"
    assert str(from_python(second.replace(fold=0))) == "2021-10-31T02:30:00@Europe/Paris"


def test_offset_with_parts_of_a_second_is_refused() -> None:
    odd = dt.timezone(dt.timedelta(microseconds=1))
    with pytest.raises(ValueError, match="not in whole seconds"):
        from_python(dt.time(8, tzinfo=odd))


@pytest.mark.parametrize(
    "value",
    [
        Date(10_000, 1, 1),
        Date(0, 1, 1),
        DateTime(Date(-1, 1, 1), Time(0, 0, 0)),
        Time(0, 0, 0, 1),
        DaysDuration(1),
        DaysDuration(10**27),
        MonthsDuration(1),
    ],
)
def test_what_python_cannot_hold_is_refused(value: Temporal) -> None:
    with pytest.raises(ValueError, match=r"year|microsecond|timedelta|months"):
        to_python(value)
