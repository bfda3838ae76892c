"""Equality, order, membership and identity of values."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.builtin_calls import Value, at, feel, lambda_
from zhida.values.equality import contains, distinct, equal, identical, less
from zhida.values.range import Range

D = Decimal


@pytest.mark.parametrize("value", [D(1), "a", True, (D(1),), {"a": D(1)}, Range(D(1), D(2)), at("P1D"), at("2026-01-01")])
def test_null_equals_only_null(value: Value) -> None:
    assert equal(value, None) is False
    assert equal(None, value) is False
    assert equal(None, None) is True


@pytest.mark.parametrize(
    ("left", "right"),
    [(D(100), "100"), ((), D(0)), ({}, ()), (False, D(0)), (at("P1Y"), at("P365D")), (at("2026-01-01"), at("2026-01-01T00:00:00"))],
)
def test_values_of_different_kinds_are_neither_equal_nor_unequal(left: Value, right: Value) -> None:
    assert equal(left, right) is None
    assert equal(right, left) is None


def test_numbers_are_equal_whatever_their_scale() -> None:
    assert equal(D("1.50"), D("1.5")) is True
    assert equal(D("-0"), D(0)) is True


def test_lists_are_equal_element_by_element() -> None:
    assert equal(feel([1, {"a": [2]}]), feel([1, {"a": [2]}])) is True
    assert equal(feel([1, 2]), feel([1, 2, 3])) is False
    assert equal(feel([1, None]), feel([1, 2])) is False


def test_a_difference_outweighs_what_cannot_be_compared() -> None:
    assert equal(feel(["1", 2]), feel([1, 3])) is False
    assert equal(feel(["1", 2]), feel([1, 2])) is None
    assert equal({"a": "1", "b": D(2)}, {"a": D(1), "b": D(3)}) is False


def test_contexts_are_equal_whatever_the_order_of_their_entries() -> None:
    assert equal({"a": D(1), "b": D(2)}, {"b": D(2), "a": D(1)}) is True
    assert equal({"a": D(1)}, {"a": D(1), "b": None}) is False


def test_a_range_equals_only_a_range_of_its_form() -> None:
    assert equal(Range(D(1), D(3)), Range(D("1.0"), D(3))) is True
    assert equal(Range(D(1), D(3)), Range(D(1), D(3), low_closed=False)) is False
    below_ten = Range(None, D(10), low_closed=False, high_closed=False, operator="<")
    assert equal(below_ten, below_ten) is True
    assert equal(below_ten, Range(None, D(10), low_closed=False, high_closed=False)) is False
    assert equal(Range(D(10), D(10), operator="="), Range(D(10), D(10))) is False


def test_a_function_equals_itself_only() -> None:
    first, second = lambda_("x", lambda x: x), lambda_("x", lambda x: x)
    assert equal(first, first) is True
    assert equal(first, second) is False


def test_strings_are_ordered_by_code_point() -> None:
    assert less("Z", "a") is True
    assert less("\uffff", "\U0001f40e") is True
    assert less("a", "a") is False


@pytest.mark.parametrize(
    ("left", "right"), [(True, False), (D(1), "2"), (None, None), (D(1), None), ((D(1),), (D(2),)), (at("P1Y"), at("P1D"))]
)
def test_what_has_no_order_is_not_ordered(left: Value, right: Value) -> None:
    assert less(left, right) is None


@pytest.mark.parametrize(
    ("range_", "inside", "outside"),
    [
        (Range(D(1), D(3)), [1, 2, 3], [0, 4]),
        (Range(D(1), D(3), low_closed=False, high_closed=False), [2], [1, 3]),
        (Range(None, D(3), low_closed=False, high_closed=False, operator="<"), [2], [3]),
        (Range(None, D(3), low_closed=False, operator="<="), [3], [4]),
        (Range(D(3), None, low_closed=False, high_closed=False, operator=">"), [4], [3]),
        (Range(D(3), None, high_closed=False, operator=">="), [3], [2]),
        (Range(D(3), D(3), operator="="), [3], [2]),
        (Range(D(3), None, operator="="), [3], [2]),
        (Range(D(3), D(3), operator="!="), [2], [3]),
    ],
)
def test_membership_follows_the_ends(range_: Range, inside: list[int], outside: list[int]) -> None:
    assert [contains(range_, D(value)) for value in inside] == [True] * len(inside)
    assert [contains(range_, D(value)) for value in outside] == [False] * len(outside)


def test_membership_is_null_where_an_end_or_the_value_is_lost_or_of_another_type() -> None:
    assert contains(Range(D(1), None), D(0)) is None
    assert contains(Range(None, D(1)), D(0)) is None
    assert contains(Range(D(1), D(3)), None) is None
    assert contains(Range(D(1), D(3)), "2") is None


def test_identity_tells_zones_apart_that_equality_does_not() -> None:
    here, there = at("2002-04-02T12:00:00-01:00"), at("2002-04-02T17:00:00+04:00")
    assert equal(here, there) is True
    assert identical(here, there) is False
    assert identical((here,), (here,)) is True
    assert identical({"a": here}, {"a": there}) is False
    assert identical(Range(here, here), Range(here, there)) is False


def test_identity_is_never_null() -> None:
    assert identical(None, None) is True
    assert identical(D(1), "1") is False
    assert identical(at("P0Y"), at("P0D")) is False


def test_distinct_keeps_the_first_of_equal_values() -> None:
    assert distinct(feel([1, 2, 1])) == (1, 2)
    assert str(distinct((D("1.0"), D(1)))[0]) == "1.0"
    assert distinct(feel([None, "1", 1, None, [1], [1]])) == feel([None, "1", 1, [1]])


_VALUES = st.recursive(
    st.none() | st.booleans() | st.text(max_size=3) | st.integers(-3, 3).map(D),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)


@given(_VALUES, _VALUES)
def test_equality_is_reflexive_and_symmetric(left: Value, right: Value) -> None:
    assert equal(left, left) is True
    assert equal(left, right) is equal(right, left)


@given(_VALUES, _VALUES)
def test_at_most_one_of_less_equal_greater_holds(left: Value, right: Value) -> None:
    assert [less(left, right), equal(left, right), less(right, left)].count(True) <= 1
