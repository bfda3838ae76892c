"""Boolean functions and unknown arguments: what we have not been told, and what can be said all the same."""

import pytest

from tests.engine.builtin_calls import RecordingHost, Value, call, feel, lambda_, refusal
from zhida.feel.builtins import BUILTINS, call_builtin
from zhida.values.unknown import Unknown, unknown

A, B = unknown("a"), unknown("b")
BOTH = Unknown(frozenset({"a", "b"}))


def test_not_turns_booleans_and_keeps_null() -> None:
    assert [call("not", value) for value in (True, False, None)] == [False, True, None]
    assert refusal("not", 0).code == "feel-bad-argument"


@pytest.mark.parametrize(
    ("elements", "all_", "any_"),
    [
        ([], True, False),
        ([True, True], True, True),
        ([True, False], False, True),
        ([True, None, True], None, True),
        ([False, None], False, None),
        ([None], None, None),
        ([True, A], A, True),
        ([False, A], False, A),
        ([A, None, B], BOTH, BOTH),
    ],
)
def test_all_and_any_are_settled_by_what_is_known(elements: list[Value], all_: Value, any_: Value) -> None:
    assert (call("all", elements), call("any", elements)) == (all_, any_)
    if len(elements) > 1:
        assert (call("all", *elements), call("any", *elements)) == (all_, any_)


def test_all_and_any_refuse_what_is_no_boolean_unless_another_settles_it() -> None:
    assert refusal("all", 123).code == refusal("any", [123, False]).code == "feel-bad-argument"
    assert refusal("all", None).code == refusal("any", named={"list": None}).code == "feel-null-argument"
    assert call("any", [True, 123]) is True


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("abs", [A]),
        ("sum", [[1, A]]),
        ("sum", [1, A]),
        ("min", [[A]]),
        ("substring", ["abc", A]),
        ("string", [{"x": [A]}]),
        ("flatten", [[A]]),
        ("distinct values", [[1, A]]),
        ("index of", [[1, A], 1]),
        ("count", [A]),
        ("all", [A]),
        ("not", [A]),
        ("append", [A, 1]),
        ("remove", [[1, 2], A]),
        ("get value", [A, "k"]),
        ("get value", [{"k": 1}, A]),
        ("date", [A]),
        ("before", [A, 5]),
        ("is", [A, 1]),
        ("time", [12, 0, 0, A]),
    ],
)
def test_what_rests_on_an_unknown_is_unknown(name: str, arguments: list[Value]) -> None:
    assert call(name, *arguments) == A


def test_an_unknown_result_lacks_all_that_its_arguments_lack() -> None:
    assert call("sum", [A, 1, B]) == BOTH
    assert call("substring", A, B) == BOTH


def test_a_call_that_is_wrong_whatever_the_unknown_is_refused() -> None:
    assert refusal("abs", A, 1).code == "feel-bad-call"
    assert refusal("substring", 5, A).code == "feel-bad-argument"
    assert refusal("sum", ["a", A]).code == "feel-bad-argument"
    assert refusal("get value", None, A).code == "feel-null-argument"


def test_an_unknown_element_counts() -> None:
    assert call("count", [A, 1]) == 2


def test_list_contains_is_settled_by_a_known_element() -> None:
    assert call("list contains", [A, 1], 1) is True
    assert call("list contains", [A, 2], 1) == A
    assert call("list contains", [B, 1], A) == BOTH
    assert call("list contains", [], A) is False
    assert call("list contains", [[A], [1]], [1]) is True
    assert call("list contains", [1, 2], [A]) == A


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("append", [[A], B, 1], (A, B, 1)),
        ("concatenate", [[A], [1]], (A, 1)),
        ("insert before", [[1], 1, A], (A, 1)),
        ("remove", [[A, 1], 2], (A,)),
        ("reverse", [[A, 1]], (1, A)),
        ("sublist", [[A, 1, B], 2], (1, B)),
        ("list replace", [[A, 1], 2, B], (A, B)),
        ("get value", [{"x": A, "y": 1}, "y"], 1),
        ("get value", [{"x": A}, "x"], A),
        ("get entries", [{"x": A}], ({"key": "x", "value": A},)),
        ("context", [[{"key": "x", "value": A}]], {"x": A}),
        ("context put", [{"x": 1}, "y", A], {"x": 1, "y": A}),
        ("context put", [{"x": {"z": B}}, ["x", "y"], A], {"x": {"z": B, "y": A}}),
        ("context merge", [[{"x": A}, {"y": 1}]], {"x": A, "y": 1}),
    ],
)
def test_functions_that_only_move_their_parts_carry_unknown_ones(name: str, arguments: list[Value], result: Value) -> None:
    assert call(name, *arguments) == feel(result)


def test_a_context_of_unknown_keys_or_parts_is_unknown() -> None:
    assert call("context", [{"key": A, "value": B}]) == BOTH
    assert call("context", [A]) == A
    assert call("context merge", [{"x": 1}, A]) == A
    assert call("context put", {"x": A}, ["x", "y"], 1) == A


def test_sorting_and_replacing_work_where_the_function_does_not_ask_for_the_unknown_part() -> None:
    by_key = lambda_("x y", lambda x, y: x["k"] < y["k"])
    assert call("sort", [{"k": 2, "v": A}, {"k": 1, "v": B}], by_key) == feel([{"k": 1, "v": B}, {"k": 2, "v": A}])
    is_one = lambda_("x y", lambda x, _: x == 1)
    assert call("list replace", [1, 2], is_one, A) == feel([A, 2])


def test_sorting_and_replacing_are_unknown_where_the_function_is() -> None:
    assert call("sort", [A, 1], lambda_("x y", lambda *_: A)) == A
    assert call("sort", [A, B], lambda_("x y", lambda x, _: x)) == BOTH
    assert call("list replace", [1, 2], lambda_("x y", lambda *_: B), A) == BOTH
    assert call("sort", [1, 2], A) == A


SOUND = [
    ("all", lambda x: ([x, True],)),
    ("any", lambda x: ([x, False, None],)),
    ("any", lambda x: (x, True)),
    ("not", lambda x: (x,)),
    ("count", lambda x: ([x, 1],)),
    ("list contains", lambda x: ([x, 1], 1)),
    ("list contains", lambda x: ([], x)),
    ("list contains", lambda x: ([1, x], 2)),
    ("append", lambda x: ([x], 1)),
    ("reverse", lambda x: ([x, 1],)),
    ("concatenate", lambda x: ([x], [1])),
    ("flatten", lambda x: ([x],)),
    ("context put", lambda x: ({"a": 1}, "a", x)),
    ("context merge", lambda x: ([{"a": x}],)),
    ("abs", lambda x: (x, 1)),
    ("substring", lambda x: (5, x)),
]


@pytest.mark.parametrize(("name", "arguments"), SOUND)
def test_an_answer_given_in_spite_of_an_unknown_holds_for_every_value_it_may_have(name: str, arguments: Value) -> None:
    def result(value: Value) -> Value:
        return call_builtin(BUILTINS[name], RecordingHost(), feel(arguments(value)))

    def fill(answer: Value, value: Value) -> Value:
        if isinstance(answer, tuple):
            return tuple(fill(part, value) for part in answer)
        if isinstance(answer, dict):
            return {key: fill(part, value) for key, part in answer.items()}
        return value if isinstance(answer, Unknown) else answer

    answer = result(A)
    for value in [None, True, False, 1, 2, "a", [], [1], {}]:
        if not isinstance(answer, Unknown):
            assert fill(answer, feel(value)) == result(value)
