"""Nodes to values: every operator over every kind of value, null, lists, filters, iterations, calls, and what is noted."""

from decimal import Decimal

import pytest

from tests.engine.feel_texts import TODAY, null_because, outcome, parse_cell, passes, shown, value_of
from zhida.feel.evaluate import evaluate
from zhida.feel.run import MAX_DEPTH, MAX_STEPS, Frame, Run
from zhida.values.range import Range
from zhida.values.temporal import UTC_MIDNIGHT, Date, DateTime
from zhida.values.types import ANY, DATE_TIME, NUMBER, STRING, coerce, list_of

N = {name: Decimal(value) for name, value in {"one": 1, "two": 2}.items()}


# --- arithmetic ---------------------------------------------------------------------------------------------------------


def test_numbers_have_34_digits() -> None:
    assert value_of("1 / 3 * 3") == Decimal("0." + "9" * 34)
    assert value_of("2 / 3") == Decimal("0." + "6" * 33 + "7")
    assert value_of("0.1 + 0.2 = 0.3") is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"a" + "b"', '"ab"'),
        ('@"2024-01-31" + @"P1M"', '@"2024-02-29"'),
        ('@"P1M" + @"2024-01-31"', '@"2024-02-29"'),
        ('@"2024-03-01" - @"2024-02-01"', '@"P29D"'),
        ('@"P1Y" / @"P1M"', "12"),
        ('@"P1D" * 2', '@"P2D"'),
        ('-@"P1D"', '@"-P1D"'),
        ("-0", "0"),
    ],
)
def test_operators_work_on_texts_dates_and_durations(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1 / 0", "feel-division-by-zero"),
        ("0 / 0", "feel-division-by-zero"),
        ("1 + null", "feel-null-operand"),
        ("-null", "feel-null-operand"),
        ('1 + "a"', "feel-bad-operand"),
        ("true + true", "feel-bad-operand"),
        ('-"a"', "feel-bad-operand"),
        ('1 / @"P1D"', "feel-bad-operand"),
        ('@"2024-01-01" + 1', "feel-bad-operand"),
        ('"a" * 2', "feel-bad-operand"),
        ("0 ** -1", "feel-bad-operand"),
        ("0 ** 0", "feel-bad-operand"),
        ("(-8) ** 0.5", "feel-bad-operand"),
        ("10 ** 7000", "feel-number-overflow"),
        ("1e6144 * 10", "feel-number-overflow"),
        ("1e9999", "feel-bad-literal"),
        ('@"2024-02-30"', "feel-bad-literal"),
    ],
)
def test_a_mistake_in_arithmetic_is_null_with_its_reason(text: str, code: str) -> None:
    assert null_because(text) == [code]


# --- logic ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true and null", "null"),
        ("null and false", "false"),
        ("true or null", "true"),
        ("null or false", "null"),
        ("true and 123", "null"),
        ('false and "true"', "false"),
        ('"true" or true', "true"),
        ("null = null", "true"),
        ("1 = null", "false"),
        ("null != 1", "true"),
        ("1.0 = 1", "true"),
        ("[1, 2] = [1, 2]", "true"),
        ("{a: 1, b: 2} = {b: 2, a: 1}", "true"),
        ("[1..2] = [1..2)", "false"),
        ("(< 10) = (null..10)", "false"),
        ('"a" < "b"', "true"),
        ("5 between 1 and 5", "true"),
        ("0 between 1 and 5", "false"),
        ("null instance of Any", "false"),
        ("1 instance of Any", "true"),
        ("[1] instance of list<number>", "true"),
        ('["a"] instance of list<number>', "false"),
    ],
)
def test_logic_and_comparison_without_anything_odd(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1 < null", "feel-null-operand"),
        ("null >= 1", "feel-null-operand"),
        ('1 = "1"', "feel-incomparable"),
        ("[] = 0", "feel-incomparable"),
        ('"a" < 1', "feel-incomparable"),
        ("true < false", "feel-incomparable"),
        ('@"P1Y" = @"P365D"', "feel-incomparable"),
        ("5 between null and 1", "feel-null-operand"),
        ("5 in [1..null)", "feel-null-operand"),
        ("null in [1..5]", "feel-null-operand"),
        ('[1.."a"]', "feel-incomparable"),
    ],
)
def test_what_cannot_be_compared_is_null_with_its_reason(text: str, code: str) -> None:
    assert null_because(text) == [code]


def test_the_right_side_is_not_evaluated_where_the_left_settles_it() -> None:
    assert value_of("false and 1 / 0 > 1") is False
    assert value_of("true or 1 / 0 > 1") is True


def test_what_is_odd_on_the_left_does_not_matter_where_the_right_settles_it() -> None:
    assert value_of("1 / 0 > 1 and false") is False
    assert value_of("null > 1 or true") is True
    assert outcome("null > 1 and true") == (None, ["feel-null-operand"])
    assert outcome("true and (if null > 1 then true else false)") == (False, ["feel-null-operand"])


def test_if_takes_else_for_null_and_for_what_is_no_boolean() -> None:
    assert value_of("if null then 1 else 2") == 2
    assert outcome('if "x" then 1 else 2') == (2, ["feel-bad-condition"])


# --- in and unary tests -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 in [2, 3, 1]", True),
        ("1 in (2, 3)", False),
        ("1 in (2, [3, 1])", True),
        ("1 in > 0", True),
        ("5 in (> 9, < 6)", True),
        ("1 in (= 1)", True),
        ("1 in (!= 1)", False),
        ("2 in [[2..4], [1..3]]", True),
        ("9 in [[2..4], [1..3]]", False),
        ("1 in [[2, 3], [1]]", False),
        ("[1] in [[2, 3], [1]]", True),
        ("[1, 2] in [1, 2]", True),
        ("null in [1, null]", True),
        ('"a" in [2, "a"]', True),
        ("2 in (1..3)", True),
        ("1 in (1..3)", False),
        ("3 in (1..3]", True),
    ],
)
def test_in_looks_into_lists_and_ranges(text: str, *, expected: bool) -> None:
    assert value_of(text) is expected


@pytest.mark.parametrize(
    ("cell", "tested", "expected"),
    [
        ("-", None, True),
        ("> 5", 6, True),
        ("> 5", 5, False),
        ("> 5", None, None),
        ("[1..2]", 2, True),
        ("]1..2[", 2, False),
        ("1, 2", 2, True),
        ("not(1, 2)", 3, True),
        ("not(1, 2)", 2, False),
        ("null", None, True),
        ("null", 1, False),
        ("not(null)", 1, True),
        ("not(null)", None, False),
        ('"a", "b"', "b", True),
        ("true", True, True),
        ("false", True, False),
        ("true", None, False),
        ("? > 5 and ? < 7", 6, True),
        ("not(? > 5)", 6, False),
        ("名单", 2, True),
        ("名单", 9, False),
        ("[1, 2]", 2, True),
        ("[[1..3], 5]", 2, True),
        ("区间", 8, True),
        (">= 线", 7, True),
        ("!= 1", 2, True),
        ("是", True, True),
        ("是", 1, True),
        ("不是", True, False),
        ("not(不是)", True, True),
        ("count(?) > 1", (1, 2), True),
        ("some x in ? satisfies x = 1", (3, 1), True),
        ('"a"', 1, None),
        ('1, "a"', 1, True),
    ],
)
def test_a_cell_tests_its_input(cell: str, tested: object, *, expected: bool | None) -> None:
    number = {int: Decimal, tuple: lambda values: tuple(map(Decimal, values))}.get(type(tested), lambda same: same)
    variables = {"名单": (Decimal(1), Decimal(2)), "区间": Range(Decimal(7), Decimal(9)), "线": Decimal(7), "是": True, "不是": False}
    assert passes(cell, number(tested), variables) is expected


# --- lists ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[5, 6, 7][1]", "5"),
        ("[5, 6, 7][-1]", "7"),
        ("[5, 6, 7][0]", "null"),
        ("[5, 6, 7][4]", "null"),
        ("[5, 6, 7][two]", "6"),
        ("[5, 6, 7][two - 1]", "5"),
        ("[][1]", "null"),
        ("[][one]", "null"),
        ("[][item > 1]", "[]"),
        ("[5, 6, 7][item >= 6]", "[6, 7]"),
        ("[true, false][item]", "[true]"),
        ("100[1]", "100"),
        ("100[0]", "null"),
        ("100[true]", "[100]"),
        ("100[false]", "[]"),
        ("[{item: 1}, {item: 2}][item >= 2]", "[{item: 2}]"),
        ("[{x: 1, y: 2}, {x: 3, y: 4}][x = 3].y", "[4]"),
        ("[{x: 1}, {y: 2}].y", "[null, 2]"),
        ("[[1, 2], [3]][1][2]", "2"),
        ("{a: {b: 1}}.a.b", "1"),
        ("[{a: [1]}, {a: [2, 3]}].a", "[[1], [2, 3]]"),
        ("[1..5].start", "1"),
        ('@"2024-05-06".year', "2024"),
    ],
)
def test_filters_and_paths(text: str, expected: str) -> None:
    assert shown(text, N) == expected


def test_an_entry_that_only_others_have_is_null_in_a_filter() -> None:
    assert shown("[{x: 1}, {y: 2}][y = 2]") == "[{y: 2}]"


@pytest.mark.parametrize("text", ["{a: 1}.b", '"a".b', "1.a", '@"P1D".years'])
def test_an_entry_that_is_not_there_is_null_with_its_reason(text: str) -> None:
    assert null_because(text) == ["feel-no-entry"]


def test_an_entry_of_no_data_is_not_told_as_a_wrong_name() -> None:
    assert null_because("null.b") == ["feel-null-operand"]


def test_an_entry_that_no_element_of_a_list_has_is_told_once() -> None:
    assert outcome("[{a: 1}, {a: 2}].b") == ((None, None), ["feel-no-entry"])
    assert value_of("[{a: 1}, {b: 2}].b") == (None, 2)


def test_a_position_is_a_whole_number() -> None:
    assert null_because("[5, 6, 7][1.5]") == ["feel-bad-position"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, 2, 3][item]", ()),
        ('[1, 2]["a"]', ()),
        ("some x in [1, 2] satisfies x", None),
        ('every x in [1, 2] satisfies "a"', None),
        ('[if "a" then 1 else 2]', (Decimal(2),)),
    ],
)
def test_a_condition_that_is_neither_true_nor_false_is_told_once(text: str, expected: object) -> None:
    assert outcome(text) == (expected, ["feel-bad-condition"])


def test_two_entries_of_one_name_make_no_context() -> None:
    assert null_because("{a: 1, a: 2}") == ["feel-duplicate-key"]


def test_an_entry_sees_those_before_it() -> None:
    assert shown("{a: 1, b: a + 1, c: b + 1}") == "{a: 1, b: 2, c: 3}"


# --- iterations ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("for i in 1..3 return i", "[1, 2, 3]"),
        ("for i in 3..1 return i", "[3, 2, 1]"),
        ("for i in 2..2 return i", "[2]"),
        ("for i in [1..3] return i", "[1, 2, 3]"),
        ("for i in (1..4) return i", "[2, 3]"),
        ("for i in [1..4) return i", "[1, 2, 3]"),
        ("for i in (1..2) return i", "[]"),
        ("for i in [] return i", "[]"),
        ("for i in 5 return i", "[5]"),
        ("for i in 1..3, j in 1..i return j", "[1, 1, 2, 1, 2, 3]"),
        ("for i in 0..4 return if i = 0 then 1 else i * partial[-1]", "[1, 1, 2, 6, 24]"),
        ("for i in 1..2 return for j in 1..2 return i * j", "[[1, 2], [2, 4]]"),
        ('for d in @"2024-02-28"..@"2024-03-01" return d.day', "[28, 29, 1]"),
        ('for d in [@"2024-02-28"..@"2024-03-01") return d.day', "[28, 29]"),
        ("some x in [1, 2] satisfies x > 1", "true"),
        ("every x in [1, 2] satisfies x > 1", "false"),
        ("some x in [] satisfies true", "false"),
        ("every x in [] satisfies false", "true"),
        ("some x in [1, 2], y in [2, 3] satisfies x = y", "true"),
    ],
)
def test_iterations(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("for i in [2..1] return i", "feel-bad-iteration"),
        ("for i in null return i", "feel-null-operand"),
        ("for i in 1..null return i", "feel-null-operand"),
        ("for i in 1..1.5 return i", "feel-bad-iteration"),
        ('for i in "a".."b" return i', "feel-bad-iteration"),
        ("every i in null satisfies true", "feel-null-operand"),
        (f"for i in 1..{MAX_STEPS + 1} return i", "feel-too-long"),
        ("for i in 1..1e6000 return i", "feel-too-long"),
        ("some i in [-1e6000..1e6000] satisfies i = 0", "feel-too-long"),
    ],
)
def test_what_cannot_be_run_through_is_null_with_its_reason(text: str, code: str) -> None:
    assert null_because(text) == [code]


# --- calls ----------------------------------------------------------------------------------------------------------------


def test_functions_are_called_by_position_and_by_name_and_see_what_is_around_them() -> None:
    assert value_of("(function(a, b) a - b)(5, 2)") == 3
    assert value_of("(function(a, b) a - b)(b: 2, a: 5)") == 3
    assert value_of("{k: 10, f: function(x) x + k, r: f(1)}.r") == 11
    assert value_of("abs(n: -1)") == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("(function(a) a)(1, 2)", "feel-bad-call"),
        ("(function(a) a)(b: 1)", "feel-bad-call"),
        ("(function(a) a)()", "feel-bad-call"),
        ('(function(a: number) a)("x")', "feel-bad-argument"),
        ("5(1)", "feel-not-a-function"),
        ("no such thing(1)", "feel-unknown-function"),
        ("nothing", "feel-unknown-name"),
        ("(function() external {java: 1})()", "feel-external"),
    ],
)
def test_a_call_that_cannot_be_is_null_with_its_reason(text: str, code: str) -> None:
    assert code in null_because(text.replace("no such thing", "nothing"))


def test_recursion_ends_with_a_reason_instead_of_an_exception() -> None:
    loop = "{f: function(n) if n = 0 then 0 else 1 + f(n - 1), r: f(DEPTH)}.r"
    assert value_of(loop.replace("DEPTH", str(MAX_DEPTH - 1))) == MAX_DEPTH - 1
    assert "feel-too-deep" in null_because(loop.replace("DEPTH", str(MAX_DEPTH + 1)))


def test_recursion_through_large_bodies_ends_with_a_reason_too() -> None:
    body = "(" * 20 + "f(n + 1)" + ") + 1" * 20
    assert "feel-too-deep" in null_because(f"{{f: function(n) {body}, r: f(0)}}.r")


# --- coercion --------------------------------------------------------------------------------------------------------------


def test_coercion_is_to_and_from_a_list_of_one_and_from_a_date_only() -> None:
    one = Decimal(1)
    assert coerce((one,), NUMBER) == (one, True)
    assert coerce(one, list_of(NUMBER)) == ((one,), True)
    assert coerce(((one,),), NUMBER) == (None, False)
    assert coerce((one, one), NUMBER) == (None, False)
    assert coerce("1", NUMBER) == (None, False)
    assert coerce(("a",), list_of(NUMBER)) == (None, False)
    assert coerce((), STRING) == (None, False)
    assert coerce(None, NUMBER) == (None, True)
    assert coerce((one,), ANY) == ((one,), True)
    assert coerce((one,), list_of(NUMBER)) == ((one,), True)
    assert coerce(Date(2024, 1, 1), DATE_TIME) == (DateTime(Date(2024, 1, 1), UTC_MIDNIGHT), True)


def test_a_range_of_one_value_has_it_at_both_ends() -> None:
    assert value_of("[(=10).start, (=10).end, (!=10).start, (!=10).end]") == (10, 10, 10, 10)
    assert value_of("(=10)") == Range(Decimal(10), Decimal(10), operator="=")
    assert value_of("[10 in (=10), 9 in (=10), 9 in (!=10), (=10) = (=10), (=10) = [10..10]]") == (True, False, True, True, False)
    assert null_because("for i in (=10) return i") == ["feel-bad-iteration"]


def test_a_condition_on_its_own_comes_to_its_truth() -> None:
    (condition,) = parse_cell("? > 3").tests
    assert evaluate(condition, Frame({"?": Decimal(4)}, Run(TODAY))) is True
    (odd,) = parse_cell("? + 3").tests
    assert evaluate(odd, Frame({"?": Decimal(4)}, Run(TODAY))) is None
