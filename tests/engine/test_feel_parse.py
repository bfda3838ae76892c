"""FEEL text to nodes: precedence, names that need the scope, literals, comments, spans, and what is refused."""

from decimal import Decimal

import pytest

from tests.engine.feel_texts import mistake, parse, parse_cell, shown, value_of
from zhida.errors import CompileError
from zhida.feel import syntax
from zhida.feel.names import NameSet, Scope, split_name
from zhida.feel.parse import MAX_HEIGHT, MAX_NESTING, parse_unary_tests
from zhida.source import Snippet, Source
from zhida.values.types import NUMBER, Type, list_of

# --- precedence ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("1 + 2 * 3", "1 + (2 * 3)"),
        ("10 - 2 - 3", "(10 - 2) - 3"),
        ("2 ** 3 ** 2", "(2 ** 3) ** 2"),
        ("-3 ** 2", "(-3) ** 2"),
        ("2 * 3 ** 2", "2 * (3 ** 2)"),
        ("8 / 4 / 2", "(8 / 4) / 2"),
        ("- - 3", "-(-3)"),
        ("1 + 1 = 2", "(1 + 1) = 2"),
        ("1 < 2 = true", "(1 < 2) = true"),
        ("true or false and false", "true or (false and false)"),
        ("1 = 1 and 2 = 2", "(1 = 1) and (2 = 2)"),
        ("2 between 1 and 3 and false", "(2 between 1 and 3) and false"),
        ("1 in [1,2] and 3 in [4]", "(1 in [1,2]) and (3 in [4])"),
        ("1 instance of number = true", "(1 instance of number) = true"),
        ("if true then 1 else 2 + 5", "if true then 1 else (2 + 5)"),
        ("for x in [1,2] return x + 1", "for x in [1,2] return (x + 1)"),
        ("some x in [1,2] satisfies x = 2 or x = 9", "some x in [1,2] satisfies (x = 2 or x = 9)"),
        ("[1,2,3][2] + 1", "([1,2,3][2]) + 1"),
        ("-[1,2][1]", "-([1,2][1])"),
    ],
)
def test_precedence_is_that_of_the_standard(text: str, same: str) -> None:
    assert shown(text) == shown(same)


def test_a_power_binds_from_the_left_and_after_the_sign() -> None:
    assert value_of("2 ** 3 ** 2") == 64
    assert value_of("-3 ** 2") == 9


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        ("从业人员 + 1", {"从业人员": 2}, "3"),
        ("a-b", {"a-b": 9, "a": 5, "b": 2}, "9"),
        ("a  -  b", {"a-b": 9, "a": 5, "b": 2}, "9"),
        ("(a)-(b)", {"a-b": 9, "a": 5, "b": 2}, "3"),
        ("a-b", {"a": 5, "b": 2}, "3"),
        ("Profit and loss * 2", {"Profit and loss": 3}, "6"),
        ("Profit   and\nloss", {"Profit and loss": 3}, "3"),
        ("Years of Service", {"Years of Service": 7, "Years": 1}, "7"),
        ("if value then 1 + 1", {"if value then 1": 8, "value": True}, "9"),
        ("what if? + 1", {"what if?": 1}, "2"),
        ("净利润/收入", {"净利润/收入": 4, "净利润": 1, "收入": 2}, "4"),
        ("D'Arcy", {"D'Arcy": 1}, "1"),
        ("𠮷野", {"𠮷野": 1}, "1"),
        ("days in weekend", {"days in weekend": 2}, "2"),
        ("string length", {"string length": 3}, "3"),
    ],
)
def test_the_longest_declared_name_wins(text: str, variables: dict[str, object], expected: str) -> None:
    declared = {name: Decimal(value) if type(value) is int else value for name, value in variables.items()}
    assert shown(text, declared) == expected


def test_a_keyword_that_only_begins_a_name_stays_a_keyword() -> None:
    assert shown("if x then 1 else 2", {"x": True}) == "1"
    assert mistake("if", "if only").code == "feel-syntax"


def test_white_space_and_comments_in_a_name_mean_nothing() -> None:
    assert split_name("a-b") == split_name(" a  - b ") == ("a", "-", "b")
    assert shown("a /* why */ b", {"a b": Decimal(1)}) == "1"


def test_names_that_an_expression_declares_may_hold_spaces() -> None:
    assert shown("for the item price in [1, 2] return the item price * 2") == "[2, 4]"
    assert shown("{net price: 5, gross: net price + 1}.gross") == "6"
    assert shown("(function(tax rate) tax rate + 1)(2)") == "3"
    assert shown("some 某个值 in [1] satisfies 某个值 = 1") == "true"


def test_entries_with_spaces_or_operators_may_follow_a_dot() -> None:
    assert shown("{a b: 1}.a b") == "1"
    assert shown('{"a-b": 1, "c": 2}.a-b') == "1"


def test_an_inner_name_hides_an_outer_one() -> None:
    assert shown("for x in [1] return x", {"x": Decimal(9)}) == "[1]"
    assert shown("(function(x) x)(1)", {"x": Decimal(9)}) == "1"


# --- literals and white space ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.50", Decimal("1.50")),
        (".872", Decimal("0.872")),
        ("1e3", Decimal(1000)),
        ("1.5E-2", Decimal("0.015")),
        ('"第一\\n第二\\t\\"\\\\"', '第一\n第二\t"\\'),
        ('"\\u4e2d"', "中"),
        ('"\\U01F40E"', "🐎"),
        ('"\\uD83D\\uDC0E"', "🐎"),
        ('"\\\\u0009"', "\\u0009"),
        ('""', ""),
        ("null", None),
        ("true", True),
        ("[]", ()),
        ("{}", {}),
    ],
)
def test_literals(text: str, value: object) -> None:
    assert value_of(text) == value


def test_a_numeric_literal_is_rounded_to_34_digits() -> None:
    assert value_of("1.00000000000000000000000000000000049") == Decimal("1.000000000000000000000000000000000")
    assert value_of("12345678901234567890123456789012345") == Decimal("1.234567890123456789012345678901234E+34")


@pytest.mark.parametrize("text", ["1 + /* a\nb */ 2", "1 + 2 // the end", "// first\n1 + 2", "1\u3000+\u00a02", "\ufeff1+2"])
def test_comments_and_white_space_mean_nothing(text: str) -> None:
    assert value_of(text) == 3


def test_slashes_in_a_string_are_no_comment() -> None:
    assert value_of('"http://a/*b*/"') == "http://a/*b*/"


@pytest.mark.parametrize(
    ("text", "low_closed", "high_closed"),
    [
        ("[1..9]", True, True),
        ("(1..9)", False, False),
        ("]1..9[", False, False),
        ("[1..9)", True, False),
        ("[1..9[", True, False),
        ("(1..9]", False, True),
    ],
)
def test_brackets_of_ranges_open_and_close(text: str, *, low_closed: bool, high_closed: bool) -> None:
    node = parse(text)
    assert isinstance(node, syntax.RangeLiteral)
    assert (node.low_closed, node.high_closed) == (low_closed, high_closed)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("3,000", "3,000"),
        ("min(1, 8,000,000)", "8,000,000"),
        ("1,200,000", "1,200,000"),
        ("[1,000.5]", "1,000"),
        ("20000,000", "20000,000"),
        ("1,0000", "1,0000"),
    ],
)
def test_a_number_with_separators_is_refused_before_it_passes_for_several(text: str, written: str) -> None:
    found = mistake(text)
    assert (found.code, found.span and found.span.text) == ("feel-syntax", written)
    assert found.hint() == f"write {written.replace(',', '')} without separators"


def test_a_cell_with_separators_is_refused_too() -> None:
    with pytest.raises(CompileError):
        parse_cell("> 3,000")


def test_numbers_of_a_list_may_begin_with_zero_or_stand_apart() -> None:
    assert shown("[01,02, 1,0, 3, 000, 1,200]") == "[1, 2, 1, 0, 3, 0, 1, 200]"


def test_the_bracket_that_opens_to_the_left_may_end_a_range_anywhere() -> None:
    assert shown("[1..10[") == "[1..10)"
    assert shown("[1..10[.end") == "10"
    assert shown("[[1..10[, 3][2]") == "3"
    assert shown("{a: [1..10[}.a") == "[1..10)"


def test_a_bracket_behind_the_upper_end_is_a_filter_where_a_condition_follows() -> None:
    assert shown("3 in [1..[2, 5][2]]") == "true"
    assert shown("[1..10[ = [1..10)") == "true"
    assert shown("[[1..2[, [3..4[][2]") == "[3..4)"
    assert shown("3 in (1..3[ or 3 in [3..4[") == "true"


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("x instance of list<number>", list_of(NUMBER)),
        ("x instance of list < number >", list_of(NUMBER)),
        ("x instance of context<a b: number>", Type("context", (), (("a b", NUMBER),))),
        ("x instance of function<number, number> -> number", Type("function", (NUMBER, NUMBER, NUMBER))),
        ("x instance of function<> -> number", Type("function", (NUMBER,))),
        ("x instance of years and months duration", Type("years and months duration")),
        ("x instance of range<number>", Type("range", (NUMBER,))),
    ],
)
def test_types_are_read_with_what_stands_in_their_brackets(text: str, type_: Type) -> None:
    node = parse(text, "x")
    assert isinstance(node, syntax.InstanceOf)
    assert node.type_ == type_


# --- unary tests -------------------------------------------------------------------------------------------------------


def test_a_dash_alone_tests_nothing() -> None:
    assert parse_cell("-").tests == ()
    assert parse_cell(" - ").tests == ()
    assert len(parse_cell("-5").tests) == 1


def test_not_around_all_tests_negates_them_and_inside_of_an_expression_is_a_call() -> None:
    assert parse_cell("not(1, 2)").is_negated
    assert parse_cell("not (> 5)").is_negated
    assert not parse_cell("not(a) and b", "a", "b").is_negated


def test_a_test_that_names_its_input_is_a_condition() -> None:
    (condition,) = parse_cell("? > 5 and ? < 7").tests
    assert isinstance(condition, syntax.Condition)


# --- what is not FEEL ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", ""),
        ("1 +", ""),
        ("1 2", "2"),
        ("(1", ""),
        ("[1, 2", ""),
        ("{a 1}", "}"),
        ("if true then 1", ""),
        ("for x [1] return x", "["),
        ("1 > ，", "，"),
        ("从业人员 ≥ 30", "≥"),
        ('"abc', '"abc'),
        ("x.", ""),
        ("f(a: 1, 2)", "2"),
        ("1 in", ""),
        ("1..2", "."),
        ("1 between 2", ""),
        ("'a'", "'"),
        ("a; b", ";"),
        ("\x00", "\x00"),
    ],
)
def test_what_is_not_feel_is_said_at_its_place(text: str, place: str) -> None:
    found = mistake(text, "从业人员", "x", "f", "a")
    assert found.code == "feel-syntax"
    assert found.span is not None
    assert found.span.text == place


def test_an_unknown_type_is_said_with_a_near_one() -> None:
    found = mistake("1 instance of numbre")
    assert (found.code, found.arguments["near"]) == ("feel-unknown-type", "number")


def test_columns_count_characters_and_skip_what_was_unescaped_in_a_cell() -> None:
    line = '| 1 | "甲\\|乙" + 1 2 |'
    source = Source("a.md", line)
    start = line.index('"')
    cell = Snippet('"甲|乙" + 1 2', source, start, "第三条", (2,))
    with pytest.raises(CompileError) as caught:
        parse_unary_tests(cell, Scope(NameSet()))
    span = caught.value.diagnostics[0].span
    assert span is not None
    assert (span.text, span.column, span.article) == ("2", line.index("2") + 1, "第三条")


def test_every_node_knows_where_it_stands() -> None:
    node = parse("1 + 从业人员 * 2 // 注", "从业人员")
    assert isinstance(node, syntax.Arithmetic)
    assert (node.span.text, node.right.span.text) == ("1 + 从业人员 * 2", "从业人员 * 2")


# --- limits ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5_000,
        "(" * 5_000 + "1" + ")" * 5_000,
        "[" * 5_000,
        "{a:" * 5_000,
        "-" * 5_000 + "1",
        "if true then " * 5_000,
        "(>" * 5_000,
        "1 in (" * 5_000,
        "f(" * 5_000,
        "a[" * 5_000,
        "1 instance of " + "list<" * 5_000,
        "for x in " * 5_000,
    ],
)
def test_what_is_nested_too_deep_is_refused(text: str) -> None:
    assert mistake(text, "f", "a").code in {"feel-too-nested", "feel-syntax"}


@pytest.mark.parametrize("joint", ["+", "-", "*", " and ", " or ", "=", "**", " in ", ".b.", "[1]+"])
def test_a_chain_of_operators_that_is_too_high_to_walk_is_refused(joint: str) -> None:
    assert mistake(joint.join(["a"] * 3_000), "a", "b").code == "feel-too-nested"


def test_what_people_write_lies_far_below_the_limits() -> None:
    assert value_of("(" * (MAX_NESTING - 2) + "1" + ")" * (MAX_NESTING - 2)) == 1
    assert value_of("+".join(["1"] * (MAX_HEIGHT - 1))) == MAX_HEIGHT - 1
    assert value_of("".join(f"if {n} = 40 then {n} else " for n in range(45)) + "null") == 40
    assert len(value_of(f"[{', '.join(['1'] * 3_000)}]")) == 3_000


def test_reading_takes_no_longer_where_it_must_look_ahead() -> None:
    deep = "1 in (" * 30 + "1..2" + "]" + " + 1)" * 29
    assert mistake(deep).code == "feel-syntax"


def test_each_number_of_a_list_knows_where_it_stands() -> None:
    node = parse("[1, 22 ,3.5, -4]")
    assert isinstance(node, syntax.ListLiteral)
    assert [element.span.text for element in node.elements] == ["1", "22", "3.5", "-4"]
