"""List functions, sort among them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.builtin_calls import Value, call, feel, lambda_, refusal

LESS = lambda_("x y", lambda x, y: x < y)


def test_list_contains_compares_by_equality() -> None:
    assert call("list contains", [1, 2, 3], 2) is True
    assert call("list contains", [1, None], None) is True
    assert call("list contains", [[1], "a"], [1]) is True
    assert call("list contains", [1, 2], "1") is False
    assert call("list contains", [], None) is False


def test_count_counts_elements_not_what_they_hold() -> None:
    assert [call("count", elements) for elements in ([], [1, [2, 3]], [None])] == [0, 2, 1]


def test_sublist_counts_from_either_end() -> None:
    assert call("sublist", [4, 5, 6], 1, 2) == (4, 5)
    assert call("sublist", [4, 5, 6], -1, 1) == (6,)
    assert call("sublist", [4, 5, 6], 2) == (5, 6)


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("append", [[1], 2, None], (1, 2, None)),
        ("append", [[[1]], [2]], ((1,), (2,))),
        ("concatenate", [[1, 2], [3]], (1, 2, 3)),
        ("concatenate", [[1]], (1,)),
        ("insert before", [[1, 3], 1, 2], (2, 1, 3)),
        ("insert before", [[1, 3], -1, 2], (1, 2, 3)),
        ("remove", [[1, 2, 3], 2], (1, 3)),
        ("remove", [[1, 2, 3], -3], (2, 3)),
        ("reverse", [[1, 2, 3]], (3, 2, 1)),
        ("index of", [[1, 2, 3, 2], 2], (2, 4)),
        ("index of", [[1, None], None], (2,)),
        ("index of", [["1"], 1], ()),
        ("union", [[1, 2], [2, 3]], (1, 2, 3)),
        ("distinct values", [[1, 2, 3, 2, 1]], (1, 2, 3)),
        ("flatten", [[[1, 2], [[3]], 4, []]], (1, 2, 3, 4)),
        ("list replace", [[2, 4, 7, 8], 3, 6], (2, 4, 6, 8)),
        ("list replace", [[2, 4, 7, 8], -1, None], (2, 4, 7, None)),
    ],
)
def test_functions_return_new_lists(name: str, arguments: list[Value], result: tuple[Value, ...]) -> None:
    assert call(name, *arguments) == feel(result)


@pytest.mark.parametrize(("name", "more"), [("sublist", []), ("insert before", [9]), ("remove", []), ("list replace", [9])], ids=str)
@pytest.mark.parametrize("position", [0, 4, -4])
def test_a_position_outside_of_the_list_is_refused(name: str, more: list[Value], position: int) -> None:
    noted = refusal(name, [1, 2, 3], position, *more)
    assert noted.code == "feel-bad-argument"
    assert noted.arguments["expected"] == "[1..3] | [-3..-1]"


def test_an_empty_list_has_no_position() -> None:
    assert refusal("insert before", [], 1, 5).code == "feel-bad-argument"


def test_sublist_refuses_a_length_that_is_not_there() -> None:
    for length in (0, 3, -1):
        assert refusal("sublist", [1, 2, 3], 2, length).arguments["parameter"] == "length"


def test_fractions_of_positions_are_cut() -> None:
    half = feel(1) / 2
    assert call("list replace", [1, 2, 3], 2 + half, 0) == (1, 0, 3)
    assert call("list replace", [1, 2, 3], -1 - half, 0) == (1, 2, 0)


def test_list_replace_asks_a_function_of_element_and_item() -> None:
    assert call("list replace", [2, 4, 7, 8], LESS, 5) == (5, 5, 7, 8)
    assert call("list replace", named={"list": [2], "match": LESS, "newItem": 5}) == (5,)


def test_list_replace_refuses_a_function_of_other_arity_or_result() -> None:
    assert refusal("list replace", [1], lambda_("x", lambda _: True), 5).arguments["expected"] == "function(item, newItem)"
    assert refusal("list replace", [1], lambda_("x y", lambda *_: None), 5).arguments["expected"] == "boolean"


def test_flatten_goes_as_deep_as_lists_do() -> None:
    nested: Value = feel(1)
    for _ in range(200):
        nested = (nested,)
    assert call("flatten", nested) == (1,)


def test_sort_puts_what_precedes_first() -> None:
    assert call("sort", [3, 1, 4, 5, 2], LESS) == (1, 2, 3, 4, 5)
    assert call("sort", named={"list": [3, 1], "precedes": LESS}) == (1, 3)
    assert call("sort", [], LESS) == ()


def test_sort_keeps_the_order_of_ties() -> None:
    by_first = lambda_("x y", lambda x, y: x[0] < y[0])
    assert call("sort", [[1, "b"], [0, "a"], [1, "a"], [0, "b"]], by_first) == feel([[0, "a"], [0, "b"], [1, "b"], [1, "a"]])


def test_sort_refuses_a_function_of_other_arity_or_result() -> None:
    assert refusal("sort", [2, 1], lambda_("x", lambda _: True)).arguments["expected"] == "function(x, y)"
    assert refusal("sort", [2, 1], lambda_("x y", lambda *_: None)).arguments["expected"] == "boolean"


_NUMBERS = st.lists(st.integers(-5, 5), max_size=6)


@given(_NUMBERS)
def test_sorting_gives_the_same_elements_in_order(numbers: list[int]) -> None:
    assert call("sort", numbers, LESS) == tuple(sorted(numbers))


@given(_NUMBERS, _NUMBERS)
def test_union_has_each_element_once(left: list[int], right: list[int]) -> None:
    assert call("union", left, right) == call("distinct values", left + right) == tuple(dict.fromkeys(left + right))


@given(_NUMBERS, st.integers(1, 7), st.integers())
def test_removing_what_was_inserted_gives_the_list_back(numbers: list[int], position: int, item: int) -> None:
    if position <= len(numbers):
        assert call("remove", list(call("insert before", numbers, position, item)), position) == tuple(numbers)
