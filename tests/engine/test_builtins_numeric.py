"""Numeric functions and statistics."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.builtin_calls import Value, at, call, feel, refusal

D = Decimal


@pytest.mark.parametrize(
    ("name", "results"),
    [
        # of 5.5, -5.5, 2.5, 1.121, -1.126: to 0, 0, 0, 2 and 2 places
        ("decimal", ["6", "-6", "2", "1.12", "-1.13"]),
        ("floor", ["5", "-6", "2", "1.12", "-1.13"]),
        ("ceiling", ["6", "-5", "3", "1.13", "-1.12"]),
        ("round up", ["6", "-6", "3", "1.13", "-1.13"]),
        ("round down", ["5", "-5", "2", "1.12", "-1.12"]),
        ("round half up", ["6", "-6", "3", "1.12", "-1.13"]),
        ("round half down", ["5", "-5", "2", "1.12", "-1.13"]),
    ],
)
def test_each_rounding_has_its_direction(name: str, results: list[str]) -> None:
    given = [("5.5", 0), ("-5.5", 0), ("2.5", 0), ("1.121", 2), ("-1.126", 2)]
    assert [call(name, D(number), scale) for number, scale in given] == list(map(D, results))


def test_a_scale_below_zero_rounds_before_the_point() -> None:
    assert call("round half up", 1250, -2) == 1300
    assert call("decimal", 1250, -2) == 1200
    assert call("round up", 1, -6111) == D("1E+6111")


def test_a_scale_with_a_fraction_is_cut() -> None:
    assert call("decimal", D("0.3333333333"), D("2.5")) == D("0.33")


def test_a_scale_beyond_what_the_number_has_changes_nothing() -> None:
    assert call("round up", D("5.5"), 6176) == D("5.5")


@pytest.mark.parametrize("name", ["decimal", "floor", "ceiling", "round up", "round down", "round half up", "round half down"])
def test_a_scale_outside_of_the_standard_is_refused(name: str) -> None:
    assert refusal(name, D("5.5"), 6177).arguments["expected"] == "[-6111..6176]"
    assert refusal(name, D("5.5"), -6112).arguments["parameter"] == "scale"


def test_floor_and_ceiling_round_to_whole_numbers_by_default() -> None:
    assert [call("floor", D("1.5")), call("ceiling", D("-1.5"))] == [1, -1]
    assert [call("floor", D("-1.56"), 1), call("ceiling", D("-1.56"), 1)] == [D("-1.6"), D("-1.5")]


def test_the_greatest_number_can_be_rounded() -> None:
    greatest = D("9." + "9" * 33 + "E+6144")
    assert call("round up", greatest, -6111) == greatest
    assert call("round up", greatest.scaleb(-1), -6111) == D("1E+6144")


def test_abs_takes_numbers_and_durations() -> None:
    assert call("abs", D("-1.5")) == D("1.5")
    assert [str(call("abs", at(text))) for text in ("-P1D", "P1D", "-P1Y")] == ["P1D", "P1D", "P1Y"]


@pytest.mark.parametrize(
    ("dividend", "divisor", "result"),
    [
        ("12", "5", "2"),
        ("-12", "5", "3"),
        ("12", "-5", "-3"),
        ("-12", "-5", "-2"),
        ("10.1", "4.5", "1.1"),
        ("-10.1", "4.5", "3.4"),
        ("10.1", "-4.5", "-3.4"),
        ("-10.1", "-4.5", "-1.1"),
        ("10", "-4", "-2"),
        ("8", "4", "0"),
        ("-8", "4", "0"),
    ],
)
def test_modulo_has_the_sign_of_the_divisor(dividend: str, divisor: str, result: str) -> None:
    assert call("modulo", D(dividend), D(divisor)) == D(result)


def test_modulo_is_exact_however_far_apart_the_numbers_are() -> None:
    assert call("modulo", D("1E+6000"), 7) == pow(10, 6000, 7)
    assert call("modulo", D("1E+6000"), D("1E-6000")) == 0


def test_modulo_by_zero_is_null() -> None:
    assert refusal("modulo", 10, 0).code == "feel-division-by-zero"


def test_roots_logarithms_and_powers_of_e_have_34_digits() -> None:
    assert call("sqrt", 16) == 4
    assert call("sqrt", 2) == D("1.414213562373095048801688724209698")
    assert call("log", 10) == D("2.302585092994045684017991454684364")
    assert call("exp", 1) == D("2.718281828459045235360287471352662")
    assert [call("exp", 0), call("log", 1)] == [1, 0]


@pytest.mark.parametrize(("name", "number"), [("sqrt", -1), ("log", 0), ("log", -1)])
def test_a_number_without_root_or_logarithm_is_refused(name: str, number: int) -> None:
    assert refusal(name, number).code == "feel-bad-argument"


def test_a_power_of_e_that_is_too_great_is_null() -> None:
    assert refusal("exp", 10**6).code == "feel-number-overflow"


@pytest.mark.parametrize(
    ("number", "odd", "even"), [("1", True, False), ("-1", True, False), ("0", False, True), ("-2", False, True), ("2.5", False, False)]
)
def test_only_whole_numbers_are_odd_or_even(number: str, odd: bool, even: bool) -> None:
    assert (call("odd", D(number)), call("even", D(number))) == (odd, even)


@pytest.mark.parametrize(
    ("name", "numbers", "result"),
    [
        ("sum", [1, 2, 3], 6),
        ("mean", [1, 2, 4, 3], D("2.5")),
        ("product", [D("2.5"), 1, D("2.5"), 3], D("18.75")),
        ("median", [8, 2, 5, 3, 4], 4),
        ("median", [6, 1, 2, 3], D("2.5")),
        ("stddev", [2, 4, 7, 5], D("2.081665999466132735282297706979931")),
        ("mode", [6, 3, 9, 6, 6], (6,)),
        ("mode", [3, 6, 1, 9, 6, 1, 3], (1, 3, 6)),
        ("min", [3, -1, 2], -1),
        ("max", [3, -1, 2], 3),
    ],
)
def test_statistics_take_a_list_or_arguments(name: str, numbers: list[Value], result: Value) -> None:
    assert call(name, numbers) == call(name, *numbers) == call(name, named={"list": numbers}) == result


def test_statistics_of_nothing() -> None:
    assert [call(name, []) for name in ("sum", "mean", "product", "median", "min", "max")] == [None] * 6
    assert call("mode", []) == ()
    assert refusal("stddev", []).code == refusal("stddev", [47]).code == refusal("stddev", 47).code == "feel-bad-argument"


@pytest.mark.parametrize("name", ["sum", "mean", "product", "median", "stddev", "mode"])
def test_statistics_refuse_what_is_no_number(name: str) -> None:
    for numbers in ([1, "2"], "1"):
        assert refusal(name, numbers).code == "feel-bad-argument"
    for numbers in (None, [1, None]):
        assert refusal(name, numbers).code == "feel-null-argument"
    assert refusal(name, 1, None).code == "feel-null-argument"


def test_a_sum_is_rounded_once_at_its_end() -> None:
    assert call("sum", [D("1E+40"), D("0.1"), D("-1E+40")]) == D("0.1")
    assert call("mean", [D("1E+40"), 1, D("-1E+40")]) == D("0.3333333333333333333333333333333333")


def test_a_sum_that_is_too_great_is_null() -> None:
    assert refusal("sum", [D("9E+6144"), D("9E+6144")]).code == "feel-number-overflow"


def test_minimum_and_maximum_compare_values_of_one_ordered_type() -> None:
    assert call("max", ["a", "c", "b"]) == "c"
    assert str(call("min", [at("2026-02-01"), at("2026-01-01")])) == "2026-01-01"
    for values in ([1, "a"], [1, None], [True, False], [at("P1Y"), at("P1D")], [None]):
        assert refusal("min", values).arguments["expected"] == "comparable"


@given(
    st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12), min_size=2, max_size=6)
)
def test_statistics_do_not_depend_on_the_order_of_the_numbers(numbers: list[Decimal]) -> None:
    for name in ("sum", "mean", "product", "median", "stddev", "mode", "min", "max"):
        assert call(name, numbers) == call(name, numbers[::-1])
    assert call("min", numbers) <= call("median", numbers) <= call("max", numbers)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6), st.integers(-3, 6))
def test_floor_and_ceiling_enclose_every_number(number: Decimal, scale: int) -> None:
    low, high = call("floor", number, scale), call("ceiling", number, scale)
    assert low <= number <= high
    assert high - low in {D(0), feel(10) ** -scale}
