"""Names, types, units and the size of literals, before any data is seen."""

from decimal import Decimal

import pytest

from tests.engine.feel_texts import parse, parse_cell
from zhida.errors import Diagnostic
from zhida.feel.check import Checker
from zhida.feel.shape import Shape, shape_of_type
from zhida.feel.units import format_unit, multiply, parse_unit
from zhida.values.types import ANY, BOOLEAN, DATE, NUMBER, STRING, Type, list_of


def quantity(name: str, unit: str, low: int | None = None, high: int | None = None) -> Shape:
    ends = (None if low is None else Decimal(low), None if high is None else Decimal(high))
    return Shape(NUMBER, parse_unit(unit), name, ends if low is not None or high is not None else None)


NAMES = {
    "从业人员": quantity("从业人员", "人", 0, 1_000_000),
    "残疾人数": quantity("残疾人数", "人"),
    "营业收入": quantity("营业收入", "元", 100_000, 10_000_000_000),
    "资产总额": quantity("资产总额", "元", 0, 1_000_000_000_000),
    "平均工资": quantity("平均工资", "元/人"),
    "比例": quantity("比例", "1", 0, 1),
    "人数": quantity("人数", ""),
    "行业": Shape(STRING, label="行业"),
    "类型": Shape(STRING, label="类型", allowed_values=("企业", "高校", "其他")),
    "资质": Shape(list_of(STRING), label="资质", allowed_values=("高新", "专精特新")),
    "贷款": shape_of_type(list_of(Type("context", (), (("额", NUMBER), ("行", STRING)))), "贷款"),
    "成立日期": Shape(DATE, label="成立日期"),
    "限制": Shape(BOOLEAN, label="限制"),
    "季度": Shape(list_of(NUMBER), parse_unit("人"), "季度"),
    "随意": Shape(ANY, label="随意"),
    "折算": Shape(Type("function", (NUMBER, NUMBER)), parse_unit("元"), "折算"),
    "标准": Shape(Type("context"), fields={"额度": quantity("额度", "元"), "名称": Shape(STRING)}),
}


def checked(text: str) -> tuple[Shape, list[Diagnostic]]:
    checker = Checker(NAMES)
    return checker.infer(parse(text, *NAMES)), checker.diagnostics


def codes(text: str) -> list[str]:
    return [item.code for item in checked(text)[1]]


def cell_codes(tested: str, cell: str) -> list[str]:
    checker = Checker(NAMES)
    checker.infer_tests(parse_cell(cell, *NAMES), NAMES[tested])
    return [item.code for item in checker.diagnostics]


# --- names ----------------------------------------------------------------------------------------------------------------


def test_an_unknown_name_is_said_with_a_near_one_and_what_is_in_scope() -> None:
    (found,) = checked("职工人员 > 3")[1]
    assert found.code == "feel-unknown-name"
    assert (found.arguments["name"], found.arguments["near"]) == ("职工人员", "从业人员")
    assert "营业收入" in found.arguments["scope"]


def test_an_unknown_function_is_said_with_a_near_one() -> None:
    (found,) = checked("summ([1])")[1]
    assert (found.code, found.arguments["near"]) == ("feel-unknown-function", "sum")


def test_names_that_the_expression_declares_are_known_inside_of_it_only() -> None:
    assert codes("for x in 季度 return x + 1") == []
    assert codes("some x in 季度 satisfies x > 1") == []
    assert codes("季度[item > 1]") == []
    assert codes("{a: 1, b: a}.b") == []
    assert codes("(function(x: number) x + 1)(1)") == []
    assert codes("[for x in 季度 return x, x]") == ["feel-unknown-name"]
    assert codes("for x in 季度 return partial") == []


def test_entries_of_a_context_are_known_and_others_are_not() -> None:
    assert codes("标准.额度 > 1") == []
    assert codes("标准.额庹 > 1") == ["feel-unknown-name"]
    assert codes("[{a: 1}][a > 0]") == []
    assert codes("随意[什么 > 0]") == []


# --- types -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("1 + 2", NUMBER),
        ('"a" + "b"', STRING),
        ("从业人员 > 3", BOOLEAN),
        ("[1, 2]", list_of(NUMBER)),
        ('[1, "a"]', list_of(ANY)),
        ("if 限制 then 1 else 2", NUMBER),
        ("if 限制 then 1 else null", NUMBER),
        ('if 限制 then 1 else "a"', ANY),
        ("for x in 季度 return x > 1", list_of(BOOLEAN)),
        ("季度[1]", NUMBER),
        ("季度[item > 1]", list_of(NUMBER)),
        ('成立日期 + duration("P1Y")', ANY),
        ("成立日期.year", NUMBER),
        ("string length(行业)", NUMBER),
        ("折算(1)", NUMBER),
        ("标准.名称", STRING),
        ("max(季度)", NUMBER),
        ("1 in [1, 2]", BOOLEAN),
    ],
)
def test_types_are_inferred(text: str, type_: Type) -> None:
    shape, found = checked(text)
    assert found == []
    assert shape.type == type_


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('从业人员 + "1"', "feel-type-mismatch"),
        ('从业人员 = "小型"', "feel-type-mismatch"),
        ("行业 > 3", "feel-type-mismatch"),
        ("限制 > false", "feel-type-mismatch"),
        ("成立日期 > 2024", "feel-type-mismatch"),
        ("季度 > 3", "feel-type-mismatch"),
        ('行业 between 1 and "b"', "feel-type-mismatch"),
        ('从业人员 in ["a", "b"]', "feel-type-mismatch"),
        ("if 从业人员 then 1 else 2", "feel-type-expected"),
        ("限制 and 从业人员", "feel-type-expected"),
        ("-行业", "feel-type-expected"),
        ("some x in 季度 satisfies x", "feel-type-expected"),
    ],
)
def test_types_that_do_not_go_together_are_errors(text: str, code: str) -> None:
    assert code in codes(text)


@pytest.mark.parametrize(
    ("tested", "cell", "expected"),
    [
        ("从业人员", ">= 300", []),
        ("从业人员", '"小型"', ["feel-type-mismatch"]),
        ("从业人员", "null", []),
        ("从业人员", "限制", []),
        ("从业人员", "随意", []),
        ("行业", '"a","b"', []),
        ("行业", "65", ["feel-type-mismatch"]),
        ("行业", '[">", 1]', []),
        ("从业人员", "[1..营业收入]", ["feel-unit-mismatch"]),
        ("从业人员", "? + 1 > 3", []),
        ("从业人员", "? + 1", ["feel-type-expected"]),
        ("限制", "true", []),
        ("限制", "1", ["feel-type-mismatch"]),
        ("成立日期", '> @"2024-01-01"', []),
        ("成立日期", "2024", ["feel-type-mismatch"]),
    ],
)
def test_cells_are_checked_against_what_they_test(tested: str, cell: str, expected: list[str]) -> None:
    assert cell_codes(tested, cell) == expected


def test_null_and_unknown_types_go_with_everything() -> None:
    assert codes("从业人员 = null or 随意 > 3 or 随意 + 行业 = 限制") == []


# --- units -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("营业收入 / 从业人员", "元/人"),
        ("平均工资 * 从业人员", "元"),
        ("营业收入 * 比例", "元"),
        ("营业收入 * 2", "元"),
        ("从业人员 - 3", "人"),
        ("-从业人员", "人"),
        ("sum(季度)", "人"),
        ("max(从业人员, 残疾人数)", "人"),
        ("季度[1]", "人"),
        ("min([从业人员, 残疾人数])", "人"),
        ("sum(季度[item > 1])", "人"),
        ("append(季度, 从业人员)[1]", "人"),
        ("concatenate(季度, [1])[-1]", "人"),
        ("flatten([季度, [3]])[1]", "人"),
        ("(for x in 季度 return x * 平均工资)[1]", "元"),
        ("modulo(从业人员, 10)", "人"),
        ("营业收入 ** 1", "元"),
        ("从业人员 ** 2 / 从业人员", "人"),
        ("营业收入 ** -1 * 营业收入", "1"),
        ("if 限制 then 营业收入 else 0", "元"),
        ("折算(1)", "元"),
        ("标准.额度", "元"),
        ("营业收入 / 营业收入", "1"),
        ("decimal(平均工资 * 1.5, 2)", "元/人"),
        ("残疾人数 / 从业人员 * 平均工资", "元/人"),
    ],
)
def test_units_follow_the_arithmetic(text: str, unit: str) -> None:
    shape, found = checked(text)
    assert found == []
    assert shape.unit == parse_unit(unit)


@pytest.mark.parametrize(
    "text",
    [
        "从业人员 + 营业收入",
        "从业人员 > 营业收入",
        "从业人员 = 营业收入",
        "营业收入 - 平均工资",
        "(从业人员 * 平均工资) + 从业人员",
        "max(从业人员, 营业收入)",
        "从业人员 between 1 and 营业收入",
        "从业人员 in [营业收入]",
        "if 限制 then 从业人员 else 营业收入",
        "[从业人员, 1, 营业收入]",
        "sum([从业人员, 营业收入])",
        "min([营业收入]) + 从业人员",
        "list contains(季度, 营业收入)",
        "季度[-1] + 营业收入",
        "concatenate(季度, [营业收入])",
        "append(季度, 营业收入)",
        "营业收入 ** 2 > 营业收入",
        "modulo(营业收入, 7) > 从业人员",
        "折算(1) + 从业人员",
        "标准.额度 > 从业人员",
        "比例 + 从业人员",
        "从业人员 * 比例 < 营业收入",
    ],
)
def test_different_units_may_not_be_added_or_compared(text: str) -> None:
    assert "feel-unit-mismatch" in codes(text)


def test_a_number_without_unit_goes_with_every_unit() -> None:
    assert codes("从业人员 + 人数 > 营业收入 * 0 + 人数 or 人数 > 3") == ["feel-unit-mismatch"]
    assert codes("从业人员 + 人数 > 3 and 营业收入 > 人数") == []


def test_units_are_written_as_they_are_read() -> None:
    for text in ("元", "元/人", "1", "元*天", "1/人"):
        assert format_unit(parse_unit(text)) == text
    assert multiply(parse_unit("元/人"), parse_unit("人")) == parse_unit("元")
    assert multiply(None, None) is None


# --- literals far outside of the usual range ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        ("营业收入 < 2000", True),
        ("营业收入 < 999", True),
        ("营业收入 < 2000000", False),
        ("营业收入 > 20000000", False),
        ("从业人员 > 100000000", True),
        ("100000000 < 从业人员", True),
        ("从业人员 > 0", False),
        ("比例 > 30", True),
        ("比例 > 0.3", False),
        ("营业收入 between 10 and 20000000", True),
        ("营业收入 * 2 < 10", False),
        ("人数 > 99999999999", False),
        ("资产总额 > 20000000", False),
    ],
)
def test_a_literal_far_outside_the_usual_range_is_a_warning(text: str, *, warned: bool) -> None:
    found = checked(text)[1]
    assert [item.code for item in found] == (["feel-literal-range"] if warned else [])
    assert all(item.severity == "warning" for item in found)


def test_a_literal_far_outside_is_found_in_a_cell_and_in_a_list() -> None:
    assert cell_codes("营业收入", "[50..100)") == ["feel-literal-range", "feel-literal-range"]
    assert cell_codes("营业收入", ">= 200000") == []


def test_the_line_of_a_slight_literal_is_the_ten_millionth_of_the_usual_top() -> None:
    assert codes("资产总额 >= 40000") == ["feel-literal-slight"]
    assert codes("资产总额 >= 100000") == []
    (found,) = checked("资产总额 > 2000")[1]
    assert found.arguments["larger"] == "20000000"
    assert found.severity == "warning"


@pytest.mark.parametrize(
    ("literal", "shown"), [("1e6144", "1e+6144"), ("123456789012345678901234", "1.23457e+23"), ("99999999", "99999999")]
)
def test_a_literal_too_long_to_read_is_shown_in_scientific_form(literal: str, shown: str) -> None:
    (found,) = checked(f"从业人员 > {literal}")[1]
    assert found.arguments["literal"] == shown


def test_a_unit_to_an_endless_power_is_let_go() -> None:
    shape, found = checked("((营业收入 ** 99) ** 99) ** 99 + 从业人员")
    assert found == []
    assert shape.unit == parse_unit("人")
    assert multiply(parse_unit("*".join("元" * 60)), parse_unit("*".join("元" * 60))) is None


# --- code lists ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('类型 = "企业"', []),
        ('类型 = "企叶"', ["企叶"]),
        ('"企叶" != 类型', ["企叶"]),
        ('类型 in ("企业", "高效")', ["高效"]),
        ('类型 in ["高效", "其它"]', ["高效", "其它"]),
        ('list contains(["企业", "高效"], 类型)', ["高效"]),
        ('list contains(资质, "高薪")', ["高薪"]),
        ('some x in 资质 satisfies x = "高薪"', ["高薪"]),
        ('资质[item = "高新"]', []),
        ('行业 = "随便"', []),
        ("类型 = 行业", []),
        ("类型 = null", []),
        ('类型 > "一"', []),
    ],
)
def test_a_literal_outside_of_the_code_list_is_an_error(text: str, wrong: list[str]) -> None:
    found = checked(text)[1]
    assert [item.code for item in found] == ["feel-not-in-list"] * len(wrong)
    assert [item.arguments["value"] for item in found] == [f'"{word}"' for word in wrong]
    assert all(item.severity == "error" for item in found)


def test_the_nearest_value_of_the_code_list_is_proposed() -> None:
    (found,) = checked('类型 = "企叶"')[1]
    assert found.arguments["near"] == "企业"


@pytest.mark.parametrize(
    ("cell", "count"), [('"企业","高校"', 0), ('"企业","高效"', 1), ('not("其它")', 1), ('? = "其它"', 1), ('["其它"]', 1), ("null", 0)]
)
def test_cells_are_held_to_the_code_list(cell: str, count: int) -> None:
    assert cell_codes("类型", cell) == ["feel-not-in-list"] * count


# --- separators and entries ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[1,200,300]", ["1,200,300"]),
        ("max(12,345)", ["12,345"]),
        ("[1, 200, 300]", []),
        ("[1,20]", []),
        ("[1,2000]", []),
        ("[1000,200]", []),
        ('["1,200"]', []),
        ("[1,200] = [3,400]", ["1,200", "3,400"]),
    ],
)
def test_numbers_with_nothing_between_them_but_commas_are_a_warning(text: str, found: list[str]) -> None:
    diagnostics = checked(text)[1]
    assert [item.code for item in diagnostics] == ["feel-thousands"] * len(found)
    assert [item.arguments["text"] for item in diagnostics] == found
    assert [item.span.text for item in diagnostics if item.span] == found


def test_entries_that_a_type_declares_are_known_and_no_others() -> None:
    assert codes("贷款[额 > 从业人员].行") == []
    assert codes('贷款[额 > "多"]') == ["feel-type-mismatch"]
    assert codes("贷款[额度 > 1]") == ["feel-unknown-name"]
    assert codes("贷款.额度") == ["feel-unknown-name"]
    assert codes("贷款[1].额 + 贷款[1].行") == ["feel-type-mismatch"]
    assert codes("for 笔 in 贷款 return 笔.额 + 笔.行") == ["feel-type-mismatch"]
    assert checked("贷款.额")[0].type == list_of(NUMBER)
    assert codes("(function(笔: context<额: number>) 笔.额度)(贷款[1])") == ["feel-unknown-name"]


def test_a_condition_on_its_own_is_true_or_false() -> None:
    (condition,) = parse_cell("? > 3", *NAMES).tests
    assert Checker(NAMES, local=[{"?": NAMES["从业人员"]}]).infer(condition).type == BOOLEAN


def test_an_undeclared_name_beside_a_text_may_lack_its_quotes() -> None:
    (found,) = checked("行业 = 大")[1]
    assert (found.arguments["quoted"], found.arguments["scope"]) == ('"大"', "")
    (found,) = checked("从业人员 > 大")[1]
    assert found.arguments["quoted"] == ""
