"""Definitions to a model: names wire the graph, all mistakes are found at once, types and units pass from one to the next."""

from decimal import Decimal

import pytest

from tests.engine.dmn_models import AS_OF, compiled, decision, definitions, evaluator, found_in, knowledge, model, table
from zhida.dmn.compile import compile_definitions, link
from zhida.dmn.compiled import AS_OF as AS_OF_NAME
from zhida.dmn.evaluate import evaluate
from zhida.errors import CompileError
from zhida.feel.shape import Shape
from zhida.feel.units import parse_unit
from zhida.values.types import ANY, BOOLEAN, DATE, NUMBER, STRING, list_of, parse_type


def test_names_wire_the_graph_in_whatever_order_they_stand() -> None:
    found = compiled(decision("丙", "甲 + 乙"), decision("甲", "人 + 1"), decision("乙", "甲 * 2"))
    assert found.diagnostics == ()
    assert list(found.decisions) == ["甲", "乙", "丙"]
    assert dict(found.decisions["丙"].requirements) == {"甲": "甲", "乙": "乙"}
    assert list(found.inputs) == ["人"]


def test_names_that_an_expression_declares_are_no_requirements() -> None:
    found = compiled(decision("甲", "1"), decision("乙", "[for 甲 in 季度 return 甲, (function(人) 人)(1), {收入: 1, b: 收入}]"))
    assert dict(found.decisions["乙"].requirements) == {"季度": "季度"}


def test_every_cell_of_a_table_is_wired() -> None:
    cells = table("F", ["人 + 甲"], ["出"], [[">= 乙", "丙"]], allowed=["<= 丁"], default=["戊"])
    names = "甲乙丁丙戊"
    found = compiled(decision("问", cells), *(decision(name, "人") for name in names))
    assert found.diagnostics == ()
    assert set(found.decisions["问"].requirements) - set(names) == {"人"}
    assert set(names) - {"丁"} <= set(found.decisions["问"].requirements)


def test_mistakes_of_all_elements_are_found_in_one_pass() -> None:
    found = found_in(
        decision("甲", "1 +"),
        decision("乙", "不在 + 1"),
        decision("丙", '人 + "a"'),
        decision("丁", table("F", ["人"], ["出"], [["≥ 1", "1"], ["> 1", "1 2"]])),
    )
    assert sorted(found.codes) == ["feel-syntax", "feel-syntax", "feel-syntax", "feel-type-mismatch", "feel-unknown-name"]


def test_a_cell_that_cannot_be_read_hides_no_mistake_in_the_others() -> None:
    broken = table("F", ["人", "不在"], ["出"], [["> >", "-", "不知"], ["收入", "-", "1 2"], ["-", "-", "乙"]], default=["不明"])
    found = found_in(decision("甲", broken), decision("乙", '人 + "a"'))
    unknown = [words["name"] for code, words in zip(found.codes, found.arguments, strict=True) if code == "feel-unknown-name"]
    assert sorted(unknown) == ["不在", "不明", "不知"]
    assert sorted(set(found.codes)) == ["feel-syntax", "feel-type-mismatch", "feel-unit-mismatch", "feel-unknown-name"]


def test_a_table_with_a_cell_that_cannot_be_read_may_close_a_cycle() -> None:
    broken = table("F", ["人"], ["出"], [["> >", "1"], ["-", "乙"]])
    assert sorted(found_in(decision("甲", broken), decision("乙", "甲 + 1")).codes) == ["dmn-cycle", "feel-syntax"]


def test_what_cannot_be_read_is_of_its_declared_type_to_others() -> None:
    assert found_in(decision("甲", "1 +", NUMBER), decision("乙", '甲 = "a"')).codes == ["feel-syntax", "feel-type-mismatch"]


def test_a_cycle_hides_no_mistake_of_units() -> None:
    circle = (decision("甲", "乙 + 人", NUMBER), decision("乙", "甲 * 1", NUMBER))
    assert found_in(*circle, decision("丙", "甲 + 收入", NUMBER)).codes == ["dmn-cycle", "feel-unit-mismatch"]


def test_a_cycle_is_printed_and_what_does_not_hang_on_it_is_still_checked() -> None:
    found = found_in(decision("甲", "乙 + 1"), decision("乙", "丙"), decision("丙", "甲"), decision("丁", '人 + "a"'))
    assert found.codes == ["dmn-cycle", "feel-type-mismatch"]
    assert found.arguments[0]["cycle"] == "甲 → 乙 → 丙 → 甲"


def test_a_decision_or_knowledge_model_may_not_rest_on_itself() -> None:
    assert found_in(decision("甲", "甲 + 1")).codes == ["dmn-cycle"]
    assert found_in(knowledge("阶乘", {"n": NUMBER}, "if n = 0 then 1 else n * 阶乘(n - 1)")).codes == ["dmn-cycle"]


@pytest.mark.parametrize("name", ["甲", "人"])
def test_a_name_may_be_given_once(name: str) -> None:
    assert found_in(decision("甲", "1"), decision(name, "2")).codes == (["dmn-duplicate-name"])


def test_a_name_that_a_used_policy_lends_may_not_be_given_again() -> None:
    codes = [item.code for item in compiled(decision("规模", "1"), imported={"规模": Shape(STRING)}).diagnostics]
    assert codes == ["dmn-duplicate-name"]


def test_the_name_of_the_day_is_reserved_and_means_as_of() -> None:
    assert found_in(decision(AS_OF_NAME, "1")).codes == ["dmn-reserved-name"]
    assert evaluate(model(decision("日", "评估日 = today()")), "日", {}, as_of=AS_OF).value is True
    assert compiled(decision("日", "评估日")).decisions["日"].shape.type is DATE


def test_types_and_units_pass_from_decision_to_decision() -> None:
    found = compiled(decision("人均", "收入 / 人"), decision("总额", "人均 * 人"), decision("好", "总额 > 收入"))
    assert found.diagnostics == ()
    assert found.decisions["人均"].shape.unit == parse_unit("元/人")
    assert found.decisions["总额"].shape.unit == parse_unit("元")
    assert found.decisions["好"].shape.type is BOOLEAN


def test_units_are_compared_across_decisions_knowledge_models_and_used_policies() -> None:
    assert found_in(decision("甲", "收入 * 2"), decision("乙", "甲 + 人")).codes == ["feel-unit-mismatch"]
    assert found_in(knowledge("折", {"x": NUMBER}, "收入 * x"), decision("乙", "折(2) + 人")).codes == ["feel-unit-mismatch"]
    lent = {"补贴": Shape(NUMBER, parse_unit("元"), "补贴")}
    assert [item.code for item in compiled(decision("乙", "补贴 > 人"), imported=lent).diagnostics] == ["feel-unit-mismatch"]


SUM = knowledge("和", {"左": NUMBER, "右": NUMBER}, "左 + 右", NUMBER)


@pytest.mark.parametrize("call", ["和(收入, 人)", "和(左: 收入, 右: 人)", "和(收入, 收入) + 人", "和(人, 2) > 收入"])
def test_units_go_through_the_calls_of_a_knowledge_model(call: str) -> None:
    found = compiled(SUM, decision("甲", call))
    assert [item.code for item in found.diagnostics] == ["feel-unit-mismatch"]
    assert found.diagnostics[0].span is not None
    assert found.diagnostics[0].span.text in call


def test_a_knowledge_model_may_be_called_with_any_units_that_go_together() -> None:
    parts = (SUM, decision("甲", "和(收入, 收入) + 收入"), decision("乙", "和(人, 人) + 人"))
    assert compiled(*parts).diagnostics == ()
    assert compiled(*parts).decisions["乙"].shape.unit == parse_unit("人")


def test_units_go_through_calls_inside_of_calls_and_through_tables() -> None:
    outer = knowledge("外", {"额": NUMBER}, "和(额, 收入)")
    assert found_in(SUM, outer, decision("甲", "外(收入)")).codes == []
    assert found_in(SUM, outer, decision("甲", "外(人)")).codes == ["feel-unit-mismatch"]
    rates = knowledge("档", {"额": NUMBER}, table("F", ["额"], ["出"], [["> 收入", "额"], ["-", "0"]]))
    assert found_in(rates, decision("甲", "档(收入) + 收入")).codes == []
    assert found_in(rates, decision("甲", "档(人)")).codes == ["feel-unit-mismatch"]


def test_what_a_knowledge_model_gets_wrong_by_itself_is_said_once() -> None:
    assert found_in(knowledge("错", {"x": NUMBER}, "收入 + 人 + x"), decision("甲", "错(1) + 错(2)")).codes == ["feel-unit-mismatch"]


def test_arguments_must_be_of_the_declared_types() -> None:
    assert found_in(SUM, decision("甲", "和(行业, 1)")).codes == ["feel-type-expected"]
    assert found_in(SUM, decision("甲", "和(值, null)")).codes == []


def test_calls_that_multiply_are_checked_in_no_time() -> None:
    chain = [knowledge(f"函{number}", {"x": NUMBER}, f"函{number + 1}(x) + 函{number + 1}(x)") for number in range(30)]
    assert found_in(*chain, knowledge("函30", {"x": NUMBER}, "x"), decision("甲", "函0(人)")).codes == []


def test_the_cells_of_one_output_must_be_in_one_unit() -> None:
    assert found_in(decision("甲", table("F", ["人"], ["出"], [["> 1", "收入"], ["-", "人"]]))).codes == ["feel-unit-mismatch"]
    assert found_in(decision("甲", table("F", ["人"], ["出"], [["> 1", "收入"], ["-", "0"]], default=["人 * 2"]))).codes == [
        "feel-unit-mismatch"
    ]
    assert found_in(decision("甲", table("F", ["人"], ["出"], [["> 1", "收入"], ["> 0", "0"], ["-", "null"]]))).codes == []


def test_cells_and_comparisons_are_held_to_the_code_list_of_an_attribute() -> None:
    assert found_in(decision("甲", table("F", ["类型"], ["出"], [['"企业"', "1"], ['"高效"', "2"]]))).codes == ["feel-not-in-list"]
    assert found_in(decision("甲", '类型 = "高效"')).codes == ["feel-not-in-list"]
    assert found_in(decision("别名", "类型"), decision("甲", '别名 = "高效"')).codes == ["feel-not-in-list"]


@pytest.mark.parametrize(
    ("body", "type_", "fits"),
    [
        ("季度", "list", True),
        ("{a: 1, b: 2}", "context<a: number>", True),
        ("人", "Any", True),
        ("[1]", "list<string>", False),
        ("{b: 2}", "context<a: number>", False),
    ],
)
def test_a_declared_type_takes_all_that_may_stand_for_it(body: str, type_: str, *, fits: bool) -> None:
    declared = parse_type(type_)
    assert declared is not None
    assert found_in(decision("甲", body, declared)).codes == ([] if fits else ["feel-type-expected"])


def test_entries_of_a_declared_context_are_known_to_others() -> None:
    declared = parse_type("list<context<额: number>>")
    assert declared is not None
    assert found_in(decision("笔", "值", declared), decision("甲", "笔[额 > 人]")).codes == []
    assert found_in(decision("笔", "值", declared), decision("甲", "笔[额度 > 人]")).codes == ["feel-unknown-name"]


def test_a_declared_type_must_be_that_of_the_expression() -> None:
    assert found_in(decision("甲", "人 > 1", NUMBER)).codes == ["feel-type-expected"]
    assert found_in(decision("甲", "人 > 1", BOOLEAN)).codes == []
    assert found_in(decision("甲", "null", BOOLEAN)).codes == []
    assert found_in(decision("甲", "值", BOOLEAN)).codes == []


def test_the_cells_of_one_output_must_be_of_one_type() -> None:
    assert found_in(decision("甲", table("F", ["人"], ["出"], [["> 1", "1"], ["-", '"a"']]))).codes == ["feel-type-expected"]
    assert found_in(decision("甲", table("F", ["人"], ["出"], [["> 1", "1"], ["-", "null"]], default=["0"]))).codes == []


@pytest.mark.parametrize(
    ("hit_policy", "type_"),
    [("U", NUMBER), ("F", NUMBER), ("C+", NUMBER), ("C#", NUMBER), ("C", list_of(NUMBER)), ("R", list_of(NUMBER)), ("O", list_of(NUMBER))],
)
def test_the_type_of_a_table_follows_its_hit_policy(hit_policy: str, type_: object) -> None:
    found = compiled(decision("甲", table(hit_policy, ["人"], ["出"], [["> 1", "收入"]], listed=["1"])))
    assert found.decisions["甲"].shape.type == type_
    assert found.decisions["甲"].shape.unit == (None if hit_policy == "C#" else parse_unit("元"))


def test_outputs_of_a_table_are_read_by_their_names_even_with_spaces_and_operators() -> None:
    two = table("F", ["人"], ["最高 额度", "税-费"], [["-", "收入", "人"]])
    found = compiled(decision("表", two), decision("甲", "表.最高 额度"), decision("乙", "表.税-费 + 人"))
    assert found.diagnostics == ()
    assert found.decisions["甲"].shape.unit == parse_unit("元")
    assert found_in(decision("表", two), decision("丙", "表.最高 额庹")).codes != []
    values = evaluator({"人": Decimal(2), "收入": Decimal(9)}, decision("表", two), decision("乙", "表.税-费 + 人"))
    assert values.value("乙") == 4


def test_a_knowledge_model_is_called_with_values_of_its_types() -> None:
    elements = (knowledge("加倍", {"数 值": NUMBER}, "数 值 * 人", NUMBER), decision("甲", "加倍(3)"), decision("乙", "加倍(数 值: 收入)"))
    values = evaluator({"人": Decimal(2), "收入": "九"}, *elements)
    assert values.value("甲") == 6
    assert values.value("乙") is None
    assert [item.code for item in values.diagnostics_beneath(["乙"])] == ["feel-bad-argument"]


def test_a_knowledge_model_may_be_a_table() -> None:
    rates = table("F", ["额"], ["率"], [["> 100", "0.2"], ["-", "0.1"]])
    values = evaluator({"收入": Decimal(200)}, knowledge("税率", {"额": NUMBER}, rates), decision("税", "税率(收入) * 收入"))
    assert values.value("税") == 40


def test_what_a_knowledge_model_reads_counts_as_read_by_its_caller() -> None:
    values = evaluator({"人": Decimal(2)}, knowledge("加", {"x": NUMBER}, "x + 人"), decision("甲", "加(1)"))
    values.value("甲")
    assert "人" in values.beneath(["甲"])


def test_definitions_with_errors_are_never_linked() -> None:
    parts = [compile_definitions(definitions(decision(name, "1 +")), {}) for name in ("甲", "乙")]
    with pytest.raises(CompileError) as caught:
        link(parts)
    assert len(caught.value.diagnostics) == 2


def test_an_alias_stands_for_the_version_that_is_meant() -> None:
    part = compile_definitions(definitions(decision("新", "1")), {})
    assert evaluate(link([part], {"旧": "新"}), "旧", {}, as_of=AS_OF).value == 1


# --- evaluation of a model ------------------------------------------------------------------------------------------


def test_an_absent_input_is_null_and_a_given_decision_is_not_decided() -> None:
    parts = (decision("甲", "1 / 0"), decision("乙", "[甲, 人]"))
    found = evaluate(model(*parts), "乙", {"甲": Decimal(5)}, as_of=AS_OF)
    assert (found.value, found.diagnostics) == ((Decimal(5), None), ())


def test_only_what_is_read_is_evaluated_and_its_diagnostics_count() -> None:
    parts = (decision("坏", "1 / 0"), decision("好", "if 人 > 1 then 1 else 坏"))
    fine = evaluate(model(*parts), "好", {"人": Decimal(2)}, as_of=AS_OF)
    assert (fine.value, fine.diagnostics, set(fine.trace)) == (Decimal(1), (), {"好"})
    odd = evaluate(model(*parts), "好", {"人": Decimal(1)}, as_of=AS_OF)
    assert [item.code for item in odd.diagnostics] == ["feel-division-by-zero"]
    assert odd.trace["好"].read == ["人", "坏"]


def test_a_decision_is_evaluated_once_however_often_it_is_read() -> None:
    parts = (decision("坏", "1 / 0"), decision("甲", "坏"), decision("乙", "坏"), decision("问", "[甲, 乙, 坏]"))
    assert len(evaluate(model(*parts), "问", {}, as_of=AS_OF).diagnostics) == 1


def test_a_value_that_does_not_fit_its_declared_type_is_null_and_said() -> None:
    found = evaluate(model(decision("甲", "值", NUMBER)), "甲", {"值": "a"}, as_of=AS_OF)
    assert (found.value, [item.code for item in found.diagnostics]) == (None, ["feel-bad-result"])
    assert evaluate(model(decision("甲", "值", NUMBER)), "甲", {"值": (Decimal(1),)}, as_of=AS_OF).value == 1
    assert evaluate(model(decision("甲", "值", ANY)), "甲", {"值": (Decimal(1),)}, as_of=AS_OF).value == (Decimal(1),)


def test_a_long_chain_of_tall_decisions_needs_no_deep_stack() -> None:
    chain = [decision("甲0", "人" + " + 1" * 100), *(decision(f"甲{place}", f"甲{place - 1}" + " + 1" * 100) for place in range(1, 60))]
    assert evaluate(model(*chain), "甲59", {"人": Decimal(1)}, as_of=AS_OF).value == Decimal(6001)
