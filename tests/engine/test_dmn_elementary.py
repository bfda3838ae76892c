"""Elementary intervals: one value from each stands for all that a fact could be, or the fact is not enumerated at all."""

from decimal import Context, Decimal, localcontext

import pytest

from tests.engine.dmn_models import ITEMS, Value, decision, evaluator, knowledge, table
from zhida.dmn.elementary import Use, distance, fixed_lines, neighbours, representatives, uses
from zhida.dmn.model import BusinessKnowledgeModel, Decision, ItemDefinition
from zhida.values.temporal import Date
from zhida.values.types import NUMBER, STRING
from zhida.values.unknown import unknown


def stand_ins(name: str, *elements: Decision | BusinessKnowledgeModel, facts: dict[str, Value] | None = None) -> Value:
    """Return what stands for a fact in a model whose last element is asked for."""
    given = {item: unknown(item) for item in ITEMS} | (facts or {})
    evaluation = evaluator(given, *elements)
    use = uses(evaluation.model, [elements[-1].name]).get(name, Use())
    return representatives(ITEMS[name], use, evaluation)


def plain(values: Value) -> Value:
    """Return numbers as Python's own, to be compared with what a reader would write."""
    return None if values is None else [int(value) if isinstance(value, Decimal) and value == int(value) else value for value in values]


def of_expression(name: str, text: str, **facts: Value) -> Value:
    return plain(stand_ins(name, decision("问", text), facts=facts))


# --- which values stand for all -------------------------------------------------------------------------------------


def test_bounds_gaps_and_both_ends_of_a_table() -> None:
    sizes = table("F", ["人"], ["出"], [[">= 1000", "3"], ["[300..1000)", "2"], [">= 20", "1"], ["-", "0"]])
    assert plain(stand_ins("人", decision("问", sizes))) == [19, 20, 21, 300, 301, 1000, 1001]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("人 > 5", [4, 5, 6]),
        ("5 < 人", [4, 5, 6]),
        ("人 = 5 or 人 = 6", [4, 5, 6, 7]),
        ("人 between 5 and 9", [4, 5, 6, 9, 10]),
        ("人 in [5..9)", [4, 5, 6, 9, 10]),
        ("人 in (5, > 9, [20..30])", [4, 5, 6, 9, 10, 20, 21, 30, 31]),
        ("人 > 2.5", [1, 2, 3, 4]),
        ("if 人 > 5 then 1 else 2", [4, 5, 6]),
        ("not(人 > 5)", [4, 5, 6]),
        ("人 > 2 + 3", [4, 5, 6]),
    ],
)
def test_bounds_of_an_expression(text: str, expected: list[int]) -> None:
    assert of_expression("人", text) == expected


def test_the_scale_of_the_fact_says_how_close_two_values_can_be() -> None:
    assert stand_ins("收入", decision("问", "收入 > 5")) == (Decimal("4.99"), Decimal(5), Decimal("5.01"))


def test_a_bound_may_be_a_known_fact_a_decision_or_the_day() -> None:
    line = decision("线值", "线 * 2")
    assert plain(stand_ins("人", line, decision("问", "人 > 线值"), facts={"线": Decimal(5)})) == [9, 10, 11]
    assert stand_ins("成立", decision("问", "成立 < 评估日")) == (Date(2026, 2, 28), Date(2026, 3, 1), Date(2026, 3, 2))


@pytest.mark.parametrize("text", ["人 > 线", "线 < 人", "线 between 人 and 9", "线 in (> 人)", "人 between 1 and 线"])
def test_a_fact_that_another_is_compared_with_has_that_one_for_a_bound(text: str) -> None:
    found = of_expression("人", text, 线=Decimal(7))
    assert found is None or {7, 8} <= set(found)


@pytest.mark.parametrize(("tested", "cell"), [("线", ">= 人"), ("线", "? > 人"), ("线", "人 < ?"), ("线", "[人..100]"), ("线 + 0", "> 人")])
def test_a_fact_that_a_cell_compares_its_input_with_has_that_input_for_a_bound(tested: str, cell: str) -> None:
    body = table("F", [tested], ["出"], [[cell, "1"]], default=["0"])
    assert {6, 7, 8} <= set(plain(stand_ins("人", decision("问", body), facts={"线": Decimal(7)})))


def test_the_usual_range_does_not_keep_a_number_from_being_enumerated() -> None:
    item = ItemDefinition("人", NUMBER, "人", 0, (Decimal(0), None))
    use = uses(evaluator({}, decision("问", "人 > 0")).model, ["问"])["人"]
    assert plain(representatives(item, use, evaluator({}, decision("问", "人 > 0")))) == [-1, 0, 1]


def test_null_stands_for_itself_where_the_fact_may_be_absent() -> None:
    assert None in stand_ins("证书", decision("问", "证书 > 评估日"))
    assert None not in stand_ins("成立", decision("问", "成立 > 评估日"))


def test_booleans_and_code_lists_are_enumerated_whole_however_they_are_used() -> None:
    assert stand_ins("限制", decision("问", "string(限制)")) == (True, False)
    assert stand_ins("类型", decision("问", 'contains(类型, "高")')) == ("企业", "高校", "其他")


def test_a_text_is_enumerated_where_it_is_only_compared() -> None:
    found = stand_ins("行业", decision("问", '行业 = "65" or 行业 < "47"'))
    assert {"", "65", "47"} < set(found)
    assert any("47" < text < "65" for text in found)
    assert any(text > "65" for text in found)
    assert stand_ins("行业", decision("问", 'starts with(行业, "65")')) is None


def test_a_fact_that_nothing_compares_has_one_value() -> None:
    assert plain(stand_ins("人", decision("问", "1"))) == [0]


# --- which facts cannot be enumerated --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "人 + 1 > 5",
        "人 * 2",
        "人",
        "max(人, 5) > 3",
        "[人] = [5]",
        "{a: 人}.a > 5",
        "人 > 线",
        "人 > 线 / 2",
        "季度[人] > 3",
        "for i in 1..人 return i",
        "人 instance of number",
        "some v in [1, 2] satisfies 人 > v",
        "for v in 季度 return 人 = v",
        "(function(v) 人 < v)(3)",
        "季度[人 < item]",
        "{v: 3, w: 人 > v}.w",
        "3 in (1..人)",
        "count([人 > 5]) > if 人 > 3 then 人 else 1",
    ],
)
def test_a_fact_that_reaches_more_than_comparisons_with_known_values_is_not_enumerated(text: str) -> None:
    assert of_expression("人", text) is None


def test_a_fact_that_a_decision_passes_on_or_a_knowledge_model_reads_is_not_enumerated() -> None:
    assert stand_ins("人", decision("甲", "人"), decision("问", "甲 > 5")) is None
    assert stand_ins("人", knowledge("算", {"x": NUMBER}, "人 > x"), decision("问", "算(3)")) is None
    assert stand_ins("人", knowledge("算", {"x": NUMBER}, "x > 3"), decision("问", "算(人)")) is None


def test_a_fact_compared_with_another_type_is_not_enumerated() -> None:
    assert representatives(ItemDefinition("行业", STRING), uses(evaluator({}, decision("问", "行业 = 值")).model, ["问"])["行业"],
                           evaluator({"值": Decimal(3)}, decision("问", "行业 = 值"))) is None  # fmt: skip


def test_lists_are_not_enumerated() -> None:
    assert stand_ins("季度", decision("问", "季度 = [1]")) is None


def test_computing_bounds_leaves_no_diagnostics_behind() -> None:
    parts = (decision("线值", "1 / 0"), decision("问", "人 > 线值 or 人 > 5"))
    evaluation = evaluator({"人": unknown("人")}, *parts)
    assert plain(representatives(ITEMS["人"], uses(evaluation.model, ["问"])["人"], evaluation)) == [4, 5, 6]
    assert evaluation.run.diagnostics == []


# --- lines around a value ---------------------------------------------------------------------------------------------


def test_lines_are_told_nearest_first_each_with_the_step_just_past_it() -> None:
    lines = [Decimal(300), Decimal(1000), Decimal(20), "x", None, Decimal(300)]
    found = neighbours(Decimal(312), lines, 0)
    assert found[:2] == [(Decimal(300), Decimal(300)), (Decimal(300), Decimal(299))]
    assert [line for line, _ in found] == [Decimal(line) for line in (300, 300, 20, 20, 1000, 1000)]


def test_from_a_line_that_it_stands_on_a_value_moves_to_either_side() -> None:
    line = Decimal(300)
    assert neighbours(line, [line, line], 0) == [(line, Decimal(301)), (line, Decimal(299))]
    day = Date(2026, 3, 1)
    assert neighbours(day, [day], None) == [(day, Date(2026, 3, 2)), (day, Date(2026, 2, 28))]


def test_a_line_finer_than_the_scale_is_only_passed() -> None:
    lines = [Decimal("9.5"), Decimal("-0.25")]
    assert neighbours(Decimal(9), lines, 0) == [(Decimal("9.5"), Decimal(10)), (Decimal("-0.25"), Decimal(-1))]
    assert neighbours(Decimal(-2), lines, 0) == [(Decimal("-0.25"), Decimal(0)), (Decimal("9.5"), Decimal(10))]


def test_lines_are_what_is_the_same_for_every_subject() -> None:
    parts = (decision("线值", "100"), decision("问", "人 > 线值 or 人 in (3, 人 + 1) or 人 < 2 + 3"))
    evaluation = evaluator({"人": Decimal(8)}, *parts)
    use = uses(evaluation.model, ["问"])["人"]
    assert plain([value for _, value in fixed_lines(use, evaluation, ())]) == [3, 5]
    assert plain([value for _, value in fixed_lines(use, evaluation, {"线值"})]) == [100, 3, 5]


def test_dates_move_by_days() -> None:
    found = neighbours(Date(2026, 3, 1), [Date(2026, 2, 1)], None)
    assert found == [(Date(2026, 2, 1), Date(2026, 2, 1)), (Date(2026, 2, 1), Date(2026, 1, 31))]
    assert distance(Date(2026, 3, 1), Date(2026, 2, 1)) == -28


def test_the_thread_s_own_decimal_context_changes_nothing() -> None:
    with localcontext(Context(prec=3)):
        assert of_expression("人", "人 > 123456") == [123455, 123456, 123457]
        assert distance(Decimal(1), Decimal(123457)) == 123456
        assert neighbours(Decimal(1), [Decimal(123456)], 2)[1] == (Decimal(123456), Decimal("123456.01"))
