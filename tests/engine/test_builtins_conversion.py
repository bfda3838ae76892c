"""Conversions, calendar functions and identity."""

from decimal import Decimal

import pytest

from tests.engine.builtin_calls import Value, at, call, refusal
from zhida.values.range import Range
from zhida.values.temporal import Date

D = Decimal


@pytest.mark.parametrize(
    ("text", "grouping", "decimal", "result"),
    [
        ("1.000.000,01", ".", ",", "1000000.01"),
        ("1 000 000.01", " ", ".", "1000000.01"),
        ("1,000,000.00", ",", None, "1000000.00"),
        ("-.5", None, None, "-0.5"),
        ("1.2e3", None, ".", "1200"),
    ],
)
def test_number_reads_with_its_separators(text: str, grouping: str | None, decimal: str | None, result: str) -> None:
    assert call("number", text, grouping, decimal) == D(result)


@pytest.mark.parametrize(
    ("text", "grouping", "decimal", "parameter"),
    [
        ("1", ";", ".", "grouping separator"),
        ("1", ",", " ", "decimal separator"),
        ("1", ",", ",", "decimal separator"),
        ("1,000,000.01", " ", ".", "from"),
        ("foo,bar.001", ".", ",", "from"),
        ("", None, None, "from"),
        ("１２", None, None, "from"),
        ("1.", None, None, "from"),
        ("NaN", None, None, "from"),
    ],
)
def test_number_refuses_odd_separators_and_texts(text: str, grouping: str | None, decimal: str | None, parameter: str) -> None:
    assert refusal("number", text, grouping, decimal).arguments["parameter"] == parameter


def test_number_wants_all_three_arguments_by_position() -> None:
    assert refusal("number", "1").code == "feel-bad-call"
    assert call("number", named={"from": "1"}) == 1


def test_number_rounds_to_34_digits_and_refuses_what_is_too_great() -> None:
    assert call("number", "1" * 35, None, None) == D("1" * 34 + "0")
    assert refusal("number", "1e7000", None, None).code == "feel-number-overflow"


def test_string_gives_the_canonical_text_and_null_of_null() -> None:
    assert [call("string", value) for value in (D("1.10"), "a", True, [1, "a"], at("P26M"))] == ["1.1", "a", "true", '[1, "a"]', "P2Y2M"]
    assert call("string", None) is None


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("date", ["2012-12-25"], "2012-12-25"),
        ("date", [at("2012-12-25T11:00:00Z")], "2012-12-25"),
        ("date", [at("2012-12-25")], "2012-12-25"),
        ("date", [2012, 12, 25], "2012-12-25"),
        ("time", ["23:59:00z"], "23:59:00Z"),
        ("time", [at("2012-12-25T11:00:00+01:00")], "11:00:00+01:00"),
        ("time", [23, 59, D("1.5"), at("PT2H45M55S")], "23:59:01.5+02:45:55"),
        ("time", [23, 59, 0], "23:59:00"),
        ("time", [23, 59, 0, None], "23:59:00"),
        ("date and time", ["2012-12-24"], "2012-12-24T00:00:00"),
        ("date and time", [at("2012-12-24"), at("23:59:00@Europe/Paris")], "2012-12-24T23:59:00@Europe/Paris"),
        ("date and time", [at("2012-12-24T01:00:00+02:00"), at("23:59:00")], "2012-12-24T23:59:00"),
        ("duration", ["PT1000M"], "PT16H40M"),
        ("duration", ["P26M"], "P2Y2M"),
        ("years and months duration", [at("2011-12-22"), at("2013-08-24")], "P1Y8M"),
    ],
)
def test_dates_times_and_durations_are_made_of_texts_and_parts(name: str, arguments: list[Value], text: str) -> None:
    assert str(call(name, *arguments)) == text


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("date", ["2012/12/25"]),
        ("date", [""]),
        ("date", [2017, 13, 31]),
        ("date", [2017, D("1.5"), 1]),
        ("time", ["24:00:01"]),
        ("time", [24, 59, 45, None]),
        ("time", [12, 0, 0, at("PT19H")]),
        ("date and time", ["2011-12-0310:15:30"]),
        ("duration", ["P1H"]),
        ("duration", [2017]),
        ("years and months duration", [[], []]),
    ],
)
def test_what_is_no_date_time_or_duration_is_refused(name: str, arguments: list[Value]) -> None:
    assert refusal(name, *arguments).code == "feel-bad-argument"


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("date", [2017, None, 1]), ("date and time", [at("2017-08-10"), None]), ("years and months duration", [None, at("2017-08-11")])],
)
def test_null_makes_no_date_time_or_duration(name: str, arguments: list[Value]) -> None:
    assert refusal(name, *arguments).code == "feel-null-argument"


@pytest.mark.parametrize(
    ("text", "range_"),
    [
        ("[18..21)", Range(D(18), D(21), high_closed=False)),
        (" [ 1 .. 3 ] ", Range(D(1), D(3))),
        ("]18..21[", Range(D(18), D(21), low_closed=False, high_closed=False)),
        ("[-.5..1.5e3]", Range(D("-0.5"), D(1500))),
        ("[2..)", Range(D(2), None, high_closed=False, operator=">=")),
        ("(2..)", Range(D(2), None, low_closed=False, high_closed=False, operator=">")),
        ("(..2)", Range(None, D(2), low_closed=False, high_closed=False, operator="<")),
        ("(..2]", Range(None, D(2), low_closed=False, operator="<=")),
        ('["a".."\\u0063\\"("]', Range("a", 'c"(')),
        ('[@"P1D"..@"P2D"]', Range(at("P1D"), at("P2D"))),
        (
            '[date and  time ("1970-01-01T00:00:00")..@"1970-01-02T00:00:00"]',
            Range(at("1970-01-01T00:00:00"), at("1970-01-02T00:00:00")),
        ),
        ('[@"00:00:00"..@"00:00:00"]', Range(at("00:00:00"), at("00:00:00"))),
    ],
)
def test_range_reads_ranges_of_literals(text: str, range_: Range) -> None:
    assert call("range", text) == range_


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "[..]",
        "[.5..-0.5]",
        "[1..]",
        "[..2]",
        ">=10",
        "[null..null]",
        "[1..null]",
        '["z".."a"]',
        '[1.."a"]',
        "[1..2",
        "[a..b]",
        "[1+1..3]",
        '[@"1970-01-01T00:00:00"..@"1970-01-02"]',
        '[@"x"..@"y"]',
        '[time(string("00:00:00"))..@"00:00:00"]',
        '["\\q".."z"]',
        '["\\U110000".."z"]',
        '[foo("a")..foo("b")]',
        "(..)",
        "[true..false]",
    ],
)
def test_range_refuses_all_else(text: str) -> None:
    assert refusal("range", text).code == "feel-bad-argument"


@pytest.mark.parametrize("text", ["[1..3]", '(@"2026-01-01"..@"2026-12-31"]', '["a".."c")'])
def test_range_reads_what_string_writes(text: str) -> None:
    assert call("string", call("range", text)) == text


@pytest.mark.parametrize(
    ("name", "result"), [("day of year", 260), ("day of week", "Tuesday"), ("month of year", "September"), ("week of year", 38)]
)
def test_calendar_functions_take_dates_and_date_times(name: str, result: Value) -> None:
    assert call(name, at("2019-09-17")) == call(name, named={"date": at("2019-09-17T10:10:10")}) == result
    for value in ("2019-09-17", at("10:10:10")):
        assert refusal(name, value).code == "feel-bad-argument"
    assert refusal(name, None).code == "feel-null-argument"


def test_is_tells_what_equality_does_not() -> None:
    assert call("is", at("23:00:50Z"), at("23:00:50+00:00")) is True
    assert call("is", at("23:00:50Z"), at("23:00:50@Etc/GMT")) is False
    assert call("is", at("2012-12-25"), at("23:00:50")) is False
    assert call("is", None, None) is True


def test_today_is_the_date_of_the_evaluation_and_now_its_midnight_in_shanghai() -> None:
    assert call("today") == Date(2026, 3, 1)
    assert str(call("now")) == "2026-03-01T00:00:00@Asia/Shanghai"
