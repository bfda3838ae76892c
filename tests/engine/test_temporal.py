"""Dates, times and durations: what may be written, how it prints, how values compare and what properties they have."""

from decimal import Decimal

import pytest

from tests.engine.temporal_values import at, show
from zhida.values import calendar, zones
from zhida.values.temporal import (
    MAX_MONTHS,
    MAX_SECONDS,
    PROPERTIES,
    Date,
    DateTime,
    DaysDuration,
    MonthsDuration,
    Time,
    compare,
    equal,
    from_days,
    offset_of,
    parse_at_literal,
    parse_date,
    parse_date_time,
    parse_duration,
    parse_time,
    property_of,
    same,
    subtract,
    to_days,
)

KINDS = ["2021-01-01", "2021-01-01T10:10:10", "10:10:10", "P1D", "P1Y"]


# --- Text ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2017-12-31",
        "0001-01-01",
        "0000-02-29",
        "-0001-12-31",
        "-2017-12-31",
        "10000-01-01",
        "999999999-12-31",
        "-999999999-01-01",
    ],
)
def test_date_prints_as_it_is_written(text: str) -> None:
    assert show(parse_date(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2012-12-25T",
        "2012/12/25",
        "9999999999-12-25",
        "2017-13-10",
        "2017-00-10",
        "2017-12-32",
        "2017-12-00",
        "2017-02-29",
        "1900-02-29",
        "998-12-31",
        "01211-12-31",
        "+2012-12-02",
        "2012-1-02",
        "2012-12-25Z",
        " 2012-12-25",
        "2012-12-25\n",
        "２０１２-12-25",
    ],
)
def test_text_that_is_no_date_is_refused(text: str) -> None:
    assert parse_date(text) is None


def test_minus_year_zero_is_year_zero() -> None:
    assert parse_date("-0000-01-01") == Date(0, 1, 1)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("00:00:00", "00:00:00"),
        ("23:59:59.999999999", "23:59:59.999999999"),
        ("11:22:33.4440", "11:22:33.444"),
        ("11:22:33.000", "11:22:33"),
        ("11:22:33-00:00", "11:22:33Z"),
        ("11:22:33+00:00:00", "11:22:33Z"),
        ("23:59:00z", "23:59:00Z"),
        ("13:20:00-05:00", "13:20:00-05:00"),
        ("11:59:45+02:45:55", "11:59:45+02:45:55"),
        ("11:59:45-18:00", "11:59:45-18:00"),
        ("00:01:00@Etc/UTC", "00:01:00@Etc/UTC"),
        ("00:01:00@America/Argentina/Buenos_Aires", "00:01:00@America/Argentina/Buenos_Aires"),
        ("00:01:00@Etc/GMT+5", "00:01:00@Etc/GMT+5"),
        ("24:00:00", "00:00:00"),
        ("24:00:00.000+01:00", "00:00:00+01:00"),
    ],
)
def test_time_prints_in_canonical_form(text: str, canonical: str) -> None:
    assert show(parse_time(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "23:59:60",
        "24:00:01",
        "24:00:00.1",
        "24:01:00",
        "25:00:00",
        "00:60:00",
        "00:00:61",
        "7:00:00",
        "07:1:00",
        "07:01:2",
        "07:20",
        "11:30:00T",
        "11:30:00.",
        "11:30:00.1234567890",
        "13:20:00@xyz/abc",
        "13:20:00@asia/shanghai",
        "13:20:00@../zones",
        "13:20:00@",
        "13:20:00+19:00",
        "13:20:00-18:00:01",
        "13:20:00+05:60",
        "13:20:00+5:00",
        "13:20:00+5",
        "13:20:00+02:00@Europe/Paris",
        "2012-12-25",
    ],
)
def test_text_that_is_no_time_is_refused(text: str) -> None:
    assert parse_time(text) is None


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2012-12-24", "2012-12-24T00:00:00"),
        ("-2017-12-31T11:22:33.456+01:35", "-2017-12-31T11:22:33.456+01:35"),
        ("2011-12-31T10:15:30@Europe/Paris", "2011-12-31T10:15:30@Europe/Paris"),
        ("999999999-12-31T23:59:59.999999999@Europe/Paris", "999999999-12-31T23:59:59.999999999@Europe/Paris"),
        ("-999999999-12-31T23:59:59.999999999+02:00", "-999999999-12-31T23:59:59.999999999+02:00"),
        ("2020-02-28T24:00:00", "2020-02-29T00:00:00"),
        ("2020-12-31T24:00:00Z", "2021-01-01T00:00:00Z"),
    ],
)
def test_date_and_time_prints_in_canonical_form(text: str, canonical: str) -> None:
    assert show(parse_date_time(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "11:00:00",
        "2011-12-0310:15:30",
        "2011-12-03 10:15:30",
        "2011-12-03t10:15:30",
        "2011-12-03T",
        "2011-02-30T10:15:30",
        "2011-12-03T10:15:30+01:00@Europe/Paris",
        "2017-12-31T24:00:01",
        "999999999-12-31T24:00:00",
        "9999999999-12-27T11:22:33",
    ],
)
def test_text_that_is_no_date_and_time_is_refused(text: str) -> None:
    assert parse_date_time(text) is None


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("P1D", "P1D"),
        ("PT0.999S", "PT0.999S"),
        ("P1DT2H3M4.123456789S", "P1DT2H3M4.123456789S"),
        ("-PT1H2M", "-PT1H2M"),
        ("PT1000M", "PT16H40M"),
        ("PT1000M0.999999999S", "PT16H40M0.999999999S"),
        ("P0DT25H", "P1DT1H"),
        ("P2DT274M", "P2DT4H34M"),
        ("PT0.S", "PT0S"),
        ("-P0D", "PT0S"),
        ("PT86400S", "P1D"),
        ("P26M", "P2Y2M"),
        ("P1Y27M", "P3Y3M"),
        ("-P100M", "-P8Y4M"),
        ("P999999999M", "P83333333Y3M"),
        ("P0Y", "P0M"),
        ("-P0M", "P0M"),
    ],
)
def test_duration_prints_normalised(text: str, canonical: str) -> None:
    assert show(parse_duration(text)) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "-P",
        "P0",
        "PT",
        "P1DT",
        "1D",
        "P1H",
        "P1S",
        "P1Y1D",
        "P1YT1H",
        "P-1D",
        "+P1D",
        "P1.5D",
        "PT.5S",
        "PT1S1M",
        "P1D ",
        "PT0.1234567891S",
        "P9223372036854775808M",
        "P1" + "0" * 5_000 + "D",
        "PT9223372036854775808S",
    ],
)
def test_text_that_is_no_duration_is_refused(text: str) -> None:
    assert parse_duration(text) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2026-11-20", Date),
        ("2026-11-20T08:00:00", DateTime),
        ("08:00:00@Asia/Shanghai", Time),
        ("P2Y", MonthsDuration),
        ("P2D", DaysDuration),
        ("foo", type(None)),
    ],
)
def test_at_literal_is_read_as_the_kind_that_it_spells(text: str, kind: type) -> None:
    assert type(parse_at_literal(text)) is kind


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Date(1_000_000_000, 1, 1), "year 1000000000 is not in"),
        (lambda: Date(2017, 13, 1), "month 13 is not in 1..12"),
        (lambda: Date(2017, 2, 29), "day 29 is not in month 2 of year 2017"),
        (lambda: Time(24, 0, 0), "24:0:0 is not a time of day"),
        (lambda: Time(0, 0, 0, 1_000_000_000), "nanosecond 1000000000"),
        (lambda: Time(0, 0, 0, offset=0, zone="Etc/UTC"), "not both"),
        (lambda: Time(0, 0, 0, offset=64_801), "more than 18 hours"),
        (lambda: Time(0, 0, 0, zone="Mars/Olympus"), "no time zone is named 'Mars/Olympus'"),
        (lambda: DaysDuration((MAX_SECONDS + 1) * 10**9), "at most"),
        (lambda: MonthsDuration(-MAX_MONTHS - 1), "at most"),
        (lambda: from_days(10**12), "year 27"),
    ],
)
def test_constructors_refuse_what_cannot_be_and_say_why(make: object, reason: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=reason.replace("(", r"\(")):
        make()


def test_values_are_frozen_and_hashable() -> None:
    assert len({at("2026-11-20"), at("2026-11-20"), at("08:00:00Z"), at("08:00:00+00:00"), at("P1D"), at("PT24H")}) == 3
    with pytest.raises(AttributeError):
        at("2026-11-20").year = 2027  # type: ignore[union-attr,misc]


# --- Comparison ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "order"),
    [
        ("2018-12-08", "2018-12-08", 0),
        ("2018-12-07", "2018-12-08", -1),
        ("-0001-12-31", "0001-01-01", -1),
        ("2019-01-01", "2018-12-31", 1),
        ("2018-12-01", "2018-11-30", 1),
        ("10:30:00", "10:30:01", -1),
        ("10:30:00.0001", "10:30:00.0002", 0),
        ("10:30:00Z", "10:30:00@Etc/UTC", 0),
        ("08:00:00+09:00", "17:00:00-06:00", -1),
        ("21:30:00+10:30", "06:00:00-05:00", 0),
        ("10:30:00@Europe/Paris", "10:30:00@Asia/Dhaka", 1),
        ("10:30:00+01:00", "10:30:00@Europe/Paris", 0),
        ("2018-12-08T00:00:00.0001", "2018-12-08T00:00:00", 0),
        ("-2018-12-08T00:00:00.9", "-2018-12-08T00:00:00.1", 0),
        ("2018-10-08T00:00:00+02:00", "2018-10-08T00:00:00@Europe/Paris", 0),
        ("2018-02-08T00:00:00+01:00", "2018-02-08T00:00:00@Europe/Paris", 0),
        ("2018-02-08T00:00:00+02:00", "2018-02-08T00:00:00@Europe/Paris", -1),
        ("2018-12-08T00:00:00@Europe/Paris", "2018-12-08T00:00:00@Asia/Dhaka", 1),
        ("2002-04-02T12:00:00@Australia/Melbourne", "2002-04-02T12:00:00@Australia/Sydney", 0),
        ("2002-04-02T23:00:00-04:00", "2002-04-03T02:00:00-01:00", 0),
        ("P1D", "PT24H", 0),
        ("PT0.1S", "PT0.2S", -1),
        ("P1Y", "P13M", -1),
        ("P1Y", "-P1Y", 1),
    ],
)
def test_order_and_equality_agree(left: str, right: str, order: int) -> None:
    assert compare(at(left), at(right)) == order
    assert compare(at(right), at(left)) == -order
    assert equal(at(left), at(right)) is (order == 0)
    assert equal(at(right), at(left)) is (order == 0)


@pytest.mark.parametrize(
    ("local", "zoned", "order"),
    [
        ("10:30:00", "10:30:00Z", 0),
        ("10:30:00", "10:29:59-05:00", 1),
        ("2018-12-08T00:00:00", "2018-12-08T00:00:00@Asia/Dhaka", 0),
        ("2018-12-08T00:00:00", "2018-12-08T00:00:01+14:00", -1),
    ],
)
def test_local_value_is_ordered_at_the_offset_of_the_other_but_never_equals_it(local: str, zoned: str, order: int) -> None:
    assert compare(at(local), at(zoned)) == order
    assert compare(at(zoned), at(local)) == -order
    assert equal(at(local), at(zoned)) is False
    assert equal(at(zoned), at(local)) is False


@pytest.mark.parametrize("left", KINDS)
@pytest.mark.parametrize("right", KINDS)
def test_different_kinds_are_neither_ordered_nor_equal_nor_unequal(left: str, right: str) -> None:
    if left != right:
        assert compare(at(left), at(right)) is None
        assert equal(at(left), at(right)) is None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("23:00:50Z", "23:00:50+00:00"),
        ("23:00:50@Australia/Melbourne", "23:00:50@Australia/Melbourne"),
        ("P1D", "PT24H"),
        ("P1Y", "P12M"),
    ],
)
def test_same_element(left: str, right: str) -> None:
    assert same(at(left), at(right))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("2012-12-25", "2012-12-25T00:00:00Z"),
        ("23:00:50", "23:00:50Z"),
        ("23:00:50@Etc/GMT", "23:00:50Z"),
        ("23:00:50@Australia/Melbourne", "23:00:50@Australia/Sydney"),
        ("20:00:50+00:00", "21:00:50+01:00"),
        ("10:30:00.0001", "10:30:00.0002"),
        ("2002-04-02T12:00:00-01:00", "2002-04-02T17:00:00+04:00"),
        ("P0Y", "P0D"),
    ],
)
def test_values_that_differ_in_any_component_are_not_the_same(left: str, right: str) -> None:
    assert not same(at(left), at(right))


# --- Properties ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("2018-12-10", "year", "2018"),
        ("-999999999-12-10", "year", "-999999999"),
        ("2018-12-10", "month", "12"),
        ("2018-12-10", "day", "10"),
        ("2018-12-10", "weekday", "1"),
        ("2018-12-16", "weekday", "7"),
        ("2018-12-10T10:30:01", "weekday", "1"),
        ("2018-12-10T10:30:01", "hour", "10"),
        ("2018-12-10T10:30:01", "minute", "30"),
        ("2018-12-10T10:30:01.25", "second", "1.25"),
        ("10:30:00.000000001", "second", "1E-9"),
        ("2018-12-10T10:30:00+05:00", "time offset", "PT5H"),
        ("2018-07-10T10:30:00@Europe/Paris", "time offset", "PT2H"),
        ("2018-12-10T10:30:00", "time offset", None),
        ("10:30:00-05:00", "time offset", "-PT5H"),
        ("10:30:00Z", "time offset", "PT0S"),
        ("10:30:00@Etc/UTC", "timezone", "Etc/UTC"),
        ("10:30:00+05:00", "timezone", None),
        ("P1Y2M", "years", "1"),
        ("P2M", "years", "0"),
        ("P26M", "months", "2"),
        ("-P1Y2M", "months", "-2"),
        ("PT30H", "days", "1"),
        ("PT30H", "hours", "6"),
        ("P1DT2H3M4.5S", "minutes", "3"),
        ("P1DT2H3M4.5S", "seconds", "4.5"),
        ("-P1DT2H", "days", "-1"),
        ("-P1DT2H", "hours", "-2"),
        ("-P1DT2H", "minutes", "0"),
    ],
)
def test_property(text: str, name: str, value: str | None) -> None:
    assert show(property_of(at(text), name)) == value


@pytest.mark.parametrize("text", ["2018-12-10", "10:30:00+01:00", "2018-12-10T10:30:00@Etc/UTC", "P1D", "P1Y"])
def test_each_kind_has_its_own_properties_and_no_others(text: str) -> None:
    value = at(text)
    every = {name for names in PROPERTIES.values() for name in names}
    for name in every | {"era"}:
        missing = {"10:30:00+01:00": {"timezone"}}.get(text, set())
        assert (property_of(value, name) is not None) == (name in PROPERTIES[type(value)] and name not in missing), name


def test_number_properties_are_decimals_and_other_values_have_none() -> None:
    assert type(property_of(at("2018-12-10"), "year")) is Decimal
    assert property_of(Decimal(1), "year") is None
    assert property_of(None, "year") is None


# --- Days and zones -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "days"),
    [("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11_016), ("0000-03-01", -719_468), ("0001-01-01", -719_162)],
)
def test_days_count_from_1970(text: str, days: int) -> None:
    date = at(text)
    assert isinstance(date, Date)
    assert to_days(date) == days
    assert from_days(days) == date


@pytest.mark.parametrize(("year", "leap"), [(2000, True), (1900, False), (2024, True), (2023, False), (0, True), (-4, True), (-100, False)])
def test_leap_years_are_gregorian_in_every_century(year: int, leap: bool) -> None:
    assert calendar.is_leap_year(year) is leap


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("2021-01-01T00:00:00@Europe/Paris", 3_600),
        ("2021-07-01T00:00:00@Europe/Paris", 7_200),
        ("2021-03-28T02:30:00@Europe/Paris", 3_600),  # skipped by the clocks
        ("2021-10-31T02:30:00@Europe/Paris", 7_200),  # shown twice
        ("1800-01-01T00:00:00@Asia/Shanghai", 29_143),  # local mean time
        ("-999999999-01-01T00:00:00@Asia/Shanghai", 29_143),
        ("1990-07-01T00:00:00@Asia/Shanghai", 32_400),  # summer time was tried from 1986 to 1991
        ("999999999-12-31T23:59:59@Asia/Shanghai", 28_800),
        ("999999999-07-01T00:00:00@Europe/Paris", 7_200),
        ("10:00:00@Europe/Paris", 3_600),
        ("10:00:00@Australia/Melbourne", 36_000),
        ("10:00:00-05:00", -18_000),
        ("10:00:00", None),
        ("2021-01-01T10:00:00", None),
    ],
)
def test_offset_of_zones_in_every_year(text: str, offset: int | None) -> None:
    value = at(text)
    assert isinstance(value, Time | DateTime)
    assert offset_of(value) == offset


def test_summer_time_begins_on_the_same_rule_in_years_that_datetime_cannot_hold() -> None:
    # the last Sunday of March; the year 402026 has the calendar of 2026
    before, after = at("402026-03-29T01:59:59@Europe/Paris"), at("402026-03-29T03:00:00@Europe/Paris")
    assert isinstance(before, DateTime)
    assert isinstance(after, DateTime)
    assert (offset_of(before), offset_of(after)) == (3_600, 7_200)
    assert subtract(after, before) == DaysDuration(10**9)


def test_zone_names_are_those_of_the_database_and_no_paths() -> None:
    assert {"Asia/Shanghai", "Asia/Urumqi", "Etc/UTC", "PRC"} <= zones.zone_names()
    for name in ("", "Asia", "zones", "leapseconds", "../zones", "asia/shanghai", "Asia/Shanghai/"):
        assert not zones.is_zone(name)
