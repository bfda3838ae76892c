"""Adding, subtracting, scaling and dividing dates, times and durations."""

from decimal import Context, Decimal

import pytest

from tests.engine.temporal_values import at, show
from zhida.values.temporal import (
    MAX_MONTHS,
    MAX_SECONDS,
    absolute,
    add,
    compare,
    divide,
    equal,
    multiply,
    negate,
    same,
    subtract,
    years_and_months_between,
)

DECIMAL128 = Context(prec=34)


@pytest.mark.parametrize(
    ("left", "right", "total"),
    [
        ("2021-01-01", "P1Y", "2022-01-01"),
        ("2021-01-31", "P1M", "2021-02-28"),
        ("2024-02-29", "P1Y", "2025-02-28"),
        ("2024-02-29", "P4Y", "2028-02-29"),
        ("0001-01-01", "-P1M", "0000-12-01"),
        ("2021-01-01", "PT36H", "2021-01-02"),
        ("2021-01-01", "PT48H", "2021-01-03"),
        ("2021-01-01", "-PT1S", "2020-12-31"),
        ("2021-01-01T10:10:10", "P1M", "2021-02-01T10:10:10"),
        ("-2021-01-01T10:10:10@Australia/Melbourne", "-P1M", "-2022-12-01T10:10:10@Australia/Melbourne"),
        ("2021-01-12T10:10:10+11:00", "P1DT1H", "2021-01-13T11:10:10+11:00"),
        ("2021-01-01T24:00:00", "-PT1S", "2021-01-01T23:59:59"),
        ("2021-01-01T00:00:00.5", "PT0.500000001S", "2021-01-01T00:00:01.000000001"),
        ("-2021-01-01T10:10:10@Australia/Melbourne", "-P1D", "-2022-12-31T10:10:10@Australia/Melbourne"),
        ("999999998-01-01T10:10:10@Asia/Shanghai", "PT1H", "999999998-01-01T11:10:10@Asia/Shanghai"),
        ("10:15:00", "PT1H", "11:15:00"),
        ("23:30:00+11:00", "P3DT1H", "00:30:00+11:00"),
        ("00:15:00@Australia/Melbourne", "-PT1H", "23:15:00@Australia/Melbourne"),
        ("P1Y", "-P2M", "P10M"),
        ("PT24H", "P1D", "P2D"),
    ],
)
def test_addition_goes_either_way_round(left: str, right: str, total: str) -> None:
    assert show(add(at(left), at(right))) == total
    assert show(add(at(right), at(left))) == total


@pytest.mark.parametrize(
    ("start", "duration", "end"),
    [
        ("2021-03-28T01:30:00@Europe/Paris", "PT1H", "2021-03-28T03:30:00@Europe/Paris"),
        ("2021-03-27T12:00:00@Europe/Paris", "P1D", "2021-03-28T13:00:00@Europe/Paris"),
        ("2021-10-31T01:30:00@Europe/Paris", "PT2H", "2021-10-31T02:30:00@Europe/Paris"),
        ("2021-03-27T12:00:00@Europe/Paris", "P1M", "2021-04-27T12:00:00@Europe/Paris"),
        ("2021-03-28T02:30:00@Europe/Paris", "PT0S", "2021-03-28T03:30:00@Europe/Paris"),
    ],
)
def test_days_and_time_are_added_along_the_instants_of_a_zone_and_months_along_its_calendar(start: str, duration: str, end: str) -> None:
    assert show(add(at(start), at(duration))) == end


@pytest.mark.parametrize(
    ("left", "right", "difference"),
    [
        ("2021-01-02", "P1Y", "2020-01-02"),
        ("2021-01-02", "PT1S", "2021-01-01"),
        ("2021-01-02", "-PT25H", "2021-01-03"),
        ("2020-03-01", "PT24H", "2020-02-29"),
        ("2021-03-31", "P1M", "2021-02-28"),
        ("10:10:10", "P1D", "10:10:10"),
        ("2021-01-01T24:00:00", "-PT1S", "2021-01-02T00:00:01"),
        ("2021-01-02", "1995-01-01", "P9498D"),
        ("2021-01-02T10:10:10", "2021-01-01T10:10:10", "P1D"),
        ("2021-01-02T10:10:10+01:00", "2021-01-01T10:10:10@Europe/Paris", "P1D"),
        ("2021-01-02T10:10:10@Europe/Paris", "2021-01-01T10:10:10@Asia/Dhaka", "P1DT5H"),
        ("2021-01-02T00:00:00Z", "2021-01-02", "PT0S"),
        ("2021-01-02", "1995-01-01T10:10:10@Australia/Melbourne", "P9498DT49M50S"),
        ("2021-01-02T10:10:10@Europe/Paris", "2021-01-01", "P1DT9H10M10S"),
        ("999999999-12-31", "-999999999-01-01", "P730484999633D"),
        ("10:10:10", "11:10:10", "-PT1H"),
        ("10:10:10.25", "10:10:10", "PT0.25S"),
        ("10:10:10+11:00", "10:10:10Z", "-PT11H"),
        ("10:10:10@Australia/Melbourne", "09:10:10@Australia/Melbourne", "PT1H"),
        ("P1D", "-PT2H", "P1DT2H"),
        ("-P1Y", "-P2M", "-P10M"),
    ],
)
def test_subtraction(left: str, right: str, difference: str) -> None:
    assert show(subtract(at(left), at(right))) == difference


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("2021-01-02T10:10:10@Europe/Paris", "2021-01-01T10:10:10"),
        ("2021-01-02T10:10:10", "2021-01-01T10:10:10+02:00"),
        ("2021-01-02", "2021-01-01T10:10:10"),
        ("2021-01-02T10:10:10", "2021-01-01"),
        ("10:10:10", "10:10:10Z"),
    ],
)
def test_local_and_zoned_values_have_no_difference(left: str, right: str) -> None:
    assert subtract(at(left), at(right)) is None


KINDS = ["2021-01-01", "2021-01-01T10:10:10", "10:10:10", "P1D", "P1Y"]
ADDABLE = {
    *[(moment, duration) for moment in KINDS[:2] for duration in KINDS[3:]],
    ("10:10:10", "P1D"),
    ("P1D", "P1D"),
    ("P1Y", "P1Y"),
}


@pytest.mark.parametrize("left", KINDS)
@pytest.mark.parametrize("right", KINDS)
def test_only_a_duration_can_be_added_and_only_where_it_fits(left: str, right: str) -> None:
    fits = (left, right) in ADDABLE or (right, left) in ADDABLE
    assert (add(at(left), at(right)) is not None) == fits


@pytest.mark.parametrize("duration", ["P1D", "P1Y"])
@pytest.mark.parametrize("moment", KINDS[:3])
def test_nothing_but_a_duration_is_subtracted_from_a_duration(duration: str, moment: str) -> None:
    assert subtract(at(duration), at(moment)) is None


@pytest.mark.parametrize("value", KINDS)
@pytest.mark.parametrize("other", [None, Decimal(10), "2021-01-01", True, (), {}])
def test_operators_with_other_kinds_are_null_and_raise_nothing(value: str, other: object) -> None:
    for function in (add, subtract, compare, equal):
        assert function(at(value), other) is None
        assert function(other, at(value)) is None
    assert same(at(value), other) is False
    assert same(other, at(value)) is False


@pytest.mark.parametrize(
    ("moment", "duration"),
    [
        ("999999999-12-31", "P1D"),
        ("999999999-12-31T23:59:59Z", "PT1S"),
        ("999999999-12-31T23:59:59@Asia/Shanghai", "PT1S"),
        ("-999999999-01-01", "-P1M"),
        ("-999999999-01-01T00:00:00", "-PT0.000000001S"),
        ("2021-01-01", f"P{MAX_MONTHS}M"),
        ("2021-01-01T00:00:00@Asia/Shanghai", f"PT{MAX_SECONDS}S"),
        (f"P{MAX_MONTHS}M", "P1M"),
        (f"PT{MAX_SECONDS}S", "PT1S"),
    ],
)
def test_a_sum_out_of_range_is_null(moment: str, duration: str) -> None:
    assert add(at(moment), at(duration)) is None


def test_durations_are_negated_and_made_absolute_and_nothing_else_is() -> None:
    assert show(negate(at("-P1D"))) == "P1D"
    assert show(negate(at("P1Y"))) == "-P1Y"
    assert show(absolute(at("-PT5H"))) == "PT5H"
    assert show(absolute(at("-P14M"))) == "P1Y2M"
    for text in KINDS[:3]:
        assert negate(at(text)) is None
        assert absolute(at(text)) is None
    assert negate(Decimal(1)) is None


@pytest.mark.parametrize(
    ("duration", "factor", "product"),
    [
        ("P4DT1H", "1.5", "P6DT1H30M"),
        ("PT23H", "2.5", "P2DT9H30M"),
        ("-P1D", "-10", "P10D"),
        ("P1D", "0", "PT0S"),
        ("PT0.000000001S", "0.5", "PT0S"),
        ("PT0.000000001S", "1.5", "PT0.000000002S"),
        ("PT1S", "0.3333333333333333333333333333333333", "PT0.333333333S"),
        ("PT3S", "0.3333333333333333333333333333333333", "PT1S"),
        ("P1Y", "10", "P10Y"),
        ("P2M", "-1.5", "-P3M"),
        ("P1Y11M", "-2.5", "-P4Y9M"),
        ("P3M", "0.3333333333333333333333333333333333", "P1M"),
        ("P1M", "0", "P0M"),
    ],
)
def test_duration_times_number_in_either_order(duration: str, factor: str, product: str) -> None:
    assert show(multiply(at(duration), Decimal(factor))) == product
    assert show(multiply(Decimal(factor), at(duration))) == product


@pytest.mark.parametrize(
    ("duration", "divisor", "quotient"),
    [
        ("P10Y", "10", "P1Y"),
        ("P10Y11M", "2.5", "P4Y4M"),
        ("P10Y11M", "-2.5", "-P4Y4M"),
        ("P2M", "0.6666666666666666666666666666666667", "P3M"),
        ("P10D", "10", "P1D"),
        ("P10DT23H", "2.5", "P4DT9H12M"),
        ("-PT1S", "3", "-PT0.333333333S"),
    ],
)
def test_duration_divided_by_number(duration: str, divisor: str, quotient: str) -> None:
    assert show(divide(at(duration), Decimal(divisor), context=DECIMAL128)) == quotient


def test_duration_divided_by_its_own_kind_is_a_number_of_the_given_precision() -> None:
    assert divide(at("P10Y"), at("P5Y"), context=DECIMAL128) == 2
    assert divide(at("-P1D"), at("PT16H"), context=DECIMAL128) == Decimal("-1.5")
    assert divide(at("P1D"), at("P3D"), context=Context(prec=5)) == Decimal("0.33333")


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("P10D", Decimal(0)),
        ("P10Y", Decimal(0)),
        ("P10D", "P0D"),
        ("P10Y", "P0Y"),
        ("P10D", "P1Y"),
        ("P10Y", "P1D"),
        ("2021-01-01", Decimal(2)),
        ("10:10:10", Decimal(2)),
    ],
)
def test_division_by_zero_or_of_another_kind_is_null(left: str, right: object) -> None:
    assert divide(at(left), at(right) if isinstance(right, str) else right, context=DECIMAL128) is None


def test_number_divided_by_duration_and_duration_times_duration_are_null() -> None:
    assert divide(Decimal(10), at("P1D"), context=DECIMAL128) is None
    assert multiply(at("P1D"), at("P1D")) is None
    assert multiply(at("2021-01-01"), Decimal(2)) is None
    assert multiply(Decimal(2), Decimal(2)) is None


@pytest.mark.parametrize("text", ["P1D", "P1Y", "-P1D"])
@pytest.mark.parametrize("factor", ["1E+6144", "-1E+40", "Infinity", "NaN"])
def test_product_that_no_duration_can_hold_is_null(text: str, factor: str) -> None:
    assert multiply(at(text), Decimal(factor)) is None


@pytest.mark.parametrize(
    ("start", "end", "between"),
    [
        ("2011-12-22", "2013-08-24", "P1Y8M"),
        ("2013-08-24", "2011-12-22", "-P1Y8M"),
        ("2016-01-01", "2016-01-01", "P0M"),
        ("2015-01-21", "2016-01-20", "P11M"),
        ("2020-01-31", "2020-02-29", "P0M"),
        ("2014-12-31T23:59:59", "2016-12-31T00:00:01", "P2Y"),
        ("2017-12-31T13:00:00", "2017-12-31T12:00:00", "P0M"),
        ("2017-09-05T10:20:00-01:00", "-2019-10-01T12:32:59+02:00", "-P4035Y11M"),
        ("2011-12-31T10:15:30@Etc/UTC", "2017-08-10T10:20:00@Europe/Paris", "P5Y7M"),
        ("2017-02-28T23:59:59", "2019-07-23", "P2Y4M"),
    ],
)
def test_years_and_months_between_are_whole_and_cut_towards_zero(start: str, end: str, between: str) -> None:
    assert show(years_and_months_between(at(start), at(end))) == between


def test_years_and_months_between_other_kinds_are_null() -> None:
    assert years_and_months_between(at("2011-12-22"), at("10:00:00")) is None
    assert years_and_months_between(None, at("2011-12-22")) is None
    assert years_and_months_between("2011-12-22", "2012-12-22") is None
