"""How the arguments of a call find the parameters of a builtin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.builtin_calls import RecordingHost, Value, at, call, feel, lambda_, refusal
from zhida.feel.builtins import BUILTINS, call_builtin
from zhida.feel.builtins.signature import Builtin, Refusal, bind
from zhida.values.range import Range
from zhida.values.unknown import unknown

STANDARD = """
    abs after all any append before ceiling coincides concatenate contains context context_merge context_put count date date_and_time
    day_of_week day_of_year decimal distinct_values duration during ends_with even exp finished_by finishes flatten floor get_entries
    get_value includes index_of insert_before is list_contains list_replace log lower_case matches max mean median meets met_by min mode
    modulo month_of_year not now number odd overlaps overlaps_after overlaps_before product range remove replace reverse round_down
    round_half_down round_half_up round_up sort split sqrt started_by starts starts_with stddev string string_join string_length sublist
    substring substring_after substring_before sum time today union upper_case week_of_year years_and_months_duration
"""


def test_every_builtin_of_the_standard_is_there_and_no_other() -> None:
    assert sorted(BUILTINS) == sorted(name.replace("_", " ") for name in STANDARD.split())


def test_named_arguments_may_come_in_any_order() -> None:
    assert call("get value", named={"key": "a", "m": {"a": 1}}) == 1
    assert call("number", named={"from": "1.000,5", "decimal separator": ",", "grouping separator": "."}) == feel(1000) + feel(1) / 2


def test_what_a_named_call_leaves_out_is_null() -> None:
    assert call("is", named={"value1": 1}) is False
    assert refusal("round up", named={"scale": 0}).arguments["parameter"] == "n"


@pytest.mark.parametrize(
    ("name", "positional", "named"),
    [
        ("abs", [1, 1], {}),
        ("abs", [], {"number": 1}),
        ("abs", [], {}),
        ("floor", [1, 1, 1], {}),
        ("floor", [], {"n": 1, "scal": 1}),
        ("is", [], {"value1": 1, "value2": 2, "value3": 3}),
        ("now", [123], {}),
        ("substring", ["abc"], {}),
        ("append", [[1]], {}),
        ("any", [], {"l": [True]}),
        ("context put", [{}, "a"], {}),
    ],
)
def test_a_wrong_number_or_name_of_arguments_is_a_bad_call(name: str, positional: list[Value], named: dict[str, Value]) -> None:
    assert refusal(name, *positional, named=named).code == "feel-bad-call"


def test_a_bad_call_says_what_was_given_and_what_the_function_takes() -> None:
    noted = refusal("substring", 5)
    assert noted.message("en") == "substring cannot be called with (number): the result is null"
    assert noted.hint("en") == "it takes substring(string, start position, length?)"
    assert "floor(n) | floor(n, scale)" in refusal("floor").hint("zh")
    assert "append(list, item...)" in refusal("append").hint("zh")


@pytest.mark.parametrize(
    ("name", "positional"),
    [
        ("abs", ["-1"]),
        ("abs", [at("2018-12-06")]),
        ("even", [True]),
        ("sqrt", [at("P4D")]),
        ("get value", ["foo", "foo"]),
        ("context put", [{}, 1, 1]),
        ("context put", [[], "a", 1]),
        ("matches", ["input", []]),
        ("string join", [[1, 2], "X"]),
        ("date", [1]),
        ("sort", [[1], 2]),
    ],
)
def test_an_argument_of_another_type_is_refused(name: str, positional: list[Value]) -> None:
    assert refusal(name, *positional).code == "feel-bad-argument"


@pytest.mark.parametrize(
    ("name", "positional"),
    [("abs", [None]), ("count", [None]), ("get value", [{"a": 1}, None]), ("floor", [1, None]), ("sum", [[1, None]]), ("max", [[1, None]])],
)
def test_null_for_an_argument_is_told_apart_from_another_type(name: str, positional: list[Value]) -> None:
    assert refusal(name, *positional).code == "feel-null-argument"
    assert refusal("sum", [1, None, "a"]).code == "feel-bad-argument"


def test_a_refused_argument_is_named_with_its_value_and_all_types_that_would_do() -> None:
    noted = refusal("abs", "-1")
    assert dict(noted.arguments) == {
        "function": "abs",
        "parameter": "n",
        "value": '"-1"',
        "expected": "number | days and time duration | years and months duration",
    }
    assert refusal("string join", ["a"], 5).arguments["parameter"] == "delimiter"


def test_a_list_of_one_stands_for_its_element() -> None:
    assert call("contains", ["foobar"], "of") is False
    assert call("abs", [-3]) == 3
    assert refusal("abs", [[-3]]).code == "feel-bad-argument"


def test_an_element_stands_for_a_list_of_one() -> None:
    assert call("count", "abc") == 1
    assert call("sum", 6) == 6
    assert call("append", 1, 2) == (1, 2)
    assert call("context merge", named={"contexts": {"a": 1}}) == {"a": 1}


def test_a_date_stands_for_its_midnight_in_utc() -> None:
    assert str(call("time", at("2017-08-10"))) == "00:00:00Z"
    assert str(call("years and months duration", at("2013-08-24"), at("2017-12-15T00:59:59"))) == "P4Y3M"


def test_arguments_that_fit_as_they_are_are_not_converted() -> None:
    assert call("append", [[1]], [2]) == ((1,), (2,))
    assert call("concatenate", [[1]], [2]) == ((1,), 2)
    assert call("min", ["a"]) == "a"


def test_an_unknown_argument_does_not_hide_that_another_can_never_fit() -> None:
    assert isinstance(bind(BUILTINS["substring"], (feel(5), unknown("x"))), Refusal)
    assert isinstance(bind(BUILTINS["sum"], ((unknown("x"), "a"),)), Refusal)


_VALUES = st.recursive(
    st.sampled_from([None, True, unknown("x"), Range(feel(1), None, operator=">"), Range(feel(1), None), lambda_("a b", lambda a, _: a)])
    | st.sampled_from(["P1Y", "-PT5S", "2020-02-29", "10:00:00@Asia/Shanghai", "2020-02-29T01:02:03Z"]).map(at)
    | st.text("a1(\\[*", max_size=4)
    | st.decimals(allow_nan=False, allow_infinity=False, places=3),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.sampled_from(["key", "value", "a"]), inner, max_size=3),
    max_leaves=4,
)


_NAMES = {parameter.name for builtin in BUILTINS.values() for signature in builtin.signatures for parameter in signature.parameters}


@pytest.mark.long
@given(st.lists(_VALUES, max_size=4).map(tuple), st.dictionaries(st.sampled_from(sorted(_NAMES)), _VALUES, max_size=3))
def test_no_argument_whatever_makes_a_builtin_raise(positional: tuple[Value, ...], named: dict[str, Value]) -> None:
    for builtin in BUILTINS.values():
        call_builtin(builtin, RecordingHost(), positional)
        call_builtin(builtin, RecordingHost(), (), named)


@pytest.mark.parametrize("builtin", BUILTINS.values(), ids=BUILTINS.keys())
def test_optional_parameters_stand_last_and_names_differ(builtin: Builtin) -> None:
    for signature in builtin.signatures:
        optional = [parameter.is_optional for parameter in signature.parameters]
        assert optional == sorted(optional)
        names = [parameter.name for parameter in signature.parameters]
        assert len(set(names)) == len(names)
