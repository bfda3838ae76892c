"""Near misses: one change of one value that would change the answer, nearest first, in the unit of that value."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.engine.policy_texts import AS_OF, Value, assessed, block, packs_with
from zhida.assess.assessment import Assessment, Outcome
from zhida.assess.subject import assess_model
from zhida.values.temporal import Date

STATUS = {"gives": "status", "eligible": "", "result": "规模"}


def misses(found: Assessment) -> list[tuple[str, Value, Value, Value, str]]:
    return [(miss.name, miss.value, miss.line, miss.distance, miss.unit) for miss in found.near]


def test_the_line_that_is_missed_is_told_in_the_unit_of_the_value(tmp_path: Path) -> None:
    found = assessed(tmp_path, "## 第二条\n\n" + block("符合: boolean", "人 <= 300"), {"人": Decimal(312)})
    assert misses(found) == [("人", Decimal(312), Decimal(300), Decimal(-12), "人")]
    (miss,) = found.near
    assert (miss.answer.outcome, miss.article) == (Outcome.ELIGIBLE, "第二条")


@pytest.mark.parametrize(
    ("condition", "count", "line"),
    [
        ("人 >= 300", 299, 300),
        ("人 > 300", 300, 300),
        ("人 > 300", 299, 300),
        ("人 < 300", 301, 300),
        ("人 = 300", 290, 300),
        ("人 between 300 and 400", 500, 400),
        ("人 in [300..400)", 500, 400),
        ("人 > 3 and 人 < 3", 5, None),
        ("not(人 > 300)", 301, 300),
    ],
)
def test_the_value_is_moved_onto_the_line_or_just_past_it(tmp_path: Path, condition: str, count: int, line: int | None) -> None:
    found = assessed(tmp_path, block("符合: boolean", condition), {"人": Decimal(count)})
    assert [miss.line for miss in found.near] == ([] if line is None else [Decimal(line)])


def test_only_one_value_is_changed_at_a_time(tmp_path: Path) -> None:
    body = block("符合: boolean", "人 >= 300 and 收入 >= 1000")
    assert misses(assessed(tmp_path, body, {"人": Decimal(299), "收入": Decimal(999)})) == []
    (miss,) = assessed(tmp_path, body, {"人": Decimal(299), "收入": Decimal(1000)}).near
    assert miss.name == "人"


def test_the_nearest_by_share_of_its_line_comes_first(tmp_path: Path) -> None:
    body = block("符合: boolean", "人 >= 300 or 收入 >= 1000000")
    found = assessed(tmp_path, body, {"人": Decimal(200), "收入": Decimal(999_000)})
    assert [miss.name for miss in found.near] == ["收入", "人"]


def test_a_line_in_a_table_is_told_with_the_article_of_the_rule_that_would_fire(tmp_path: Path) -> None:
    body = (
        "| F | 人 | 类型 | **符合: boolean** | *依据* |\n|---|---|---|---|---|\n"
        '| 1 | >= 30 | "企业" | true | 第一条 |\n| 2 | >= 20 | "高校" | true | 第二条 |\n| 否则 | - | - | false | |\n'
    )
    found = assessed(tmp_path, body, {"人": Decimal(28), "类型": "企业"})
    assert [(miss.line, miss.article) for miss in found.near] == [(Decimal(30), "第一条")]


def test_of_rules_that_draw_the_same_line_the_one_that_would_fire_is_told(tmp_path: Path) -> None:
    body = (
        '| F | 类型 | 人 | **规模: string** | *依据* |\n|---|---|---|---|---|\n| 1 | "高校" | >= 30 | "甲" | 第一条 |\n'
        '| 2 | "企业" | >= 30 | "甲" | 第二条 |\n| 3 | "企业" | > 5 | "乙" | 第三条 |\n| 否则 | - | - | "丙" | |\n'
    )
    found = assessed(tmp_path, body, {"人": Decimal(28), "类型": "企业"}, **STATUS)
    assert [(miss.line, miss.article) for miss in found.near] == [(Decimal(30), "第二条")]
    found = assessed(tmp_path, body, {"人": Decimal(30), "类型": "企业"}, **STATUS)
    assert [(miss.line, miss.article, miss.answer.result) for miss in found.near] == [(Decimal(30), "第二条", "乙")]


def test_every_line_is_tried_whatever_else_keeps_its_rule_from_firing(tmp_path: Path) -> None:
    body = '| F | 人 | 收入 | **档次: string** |\n|---|---|---|---|\n| 1 | >= 30 | >= 100 | "高" |\n| 否则 | - | - | "低" |\n\n' + block(
        "符合: boolean", '档次 = "高" or 人 > 28.5 and 收入 < 100'
    )
    (miss,) = assessed(tmp_path, body, {"人": Decimal(28), "收入": Decimal(5)}).near
    assert miss.line == Decimal("28.5")


def test_a_parameter_draws_a_line_and_an_unknown_one_draws_none(tmp_path: Path) -> None:
    head = "| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |\n|---|---|---|---|---|---|---|\n"
    for figure, lines in (("300", [Decimal(300)]), ("", [])):
        files = {"demo/parameters.md": f"{head}| 线 | number | 人 | {figure} | 2020-01-01/.. | 甲 | official |\n"}
        packs = packs_with(tmp_path, block("符合: boolean", "人 >= 线 and 人 > 5"), files)
        found = assess_model(packs.model_of("demo/a", AS_OF), {"人": Decimal(4)}) if not figure else None
        found = found or assess_model(packs.model_of("demo/a", AS_OF), {"人": Decimal(290)})
        assert [miss.line for miss in found.near] == lines


def test_the_question_itself_is_no_name_to_be_moved(tmp_path: Path) -> None:
    body = block("得分: number", "人 + 1") + block("够: boolean", "得分 >= 10") + block("规模: number", "if 够 then 得分 else 0")
    keys = {"gives": "status", "eligible": "", "result": "得分", "applies": "得分 < 100"}
    found = assessed(tmp_path, body, {"人": Decimal(90)}, **keys)
    assert [miss.name for miss in found.near] == []


def test_days_are_counted_to_a_date(tmp_path: Path) -> None:
    found = assessed(tmp_path, block("符合: boolean", '成立 <= @"2025-03-01"'), {"成立": Date(2025, 3, 11)})
    assert misses(found) == [("成立", Date(2025, 3, 11), Date(2025, 3, 1), Decimal(-10), "天")]


def test_a_status_is_near_another_status(tmp_path: Path) -> None:
    body = '| F | 人 | **规模: string** |\n|---|---|---|\n| 1 | >= 300 | "中型" |\n| 2 | >= 20 | "小型" |\n| 3 | - | "微型" |\n'
    found = assessed(tmp_path, body, {"人": Decimal(290)}, **STATUS)
    assert (found.result, found.near[0].line, found.near[0].answer.result) == ("小型", Decimal(300), "中型")


@pytest.mark.parametrize("facts", [{"人": Decimal(300)}, {}, {"人": Decimal(299), "城市": "宁波市"}])
def test_who_is_eligible_undetermined_or_out_of_scope_misses_nothing(tmp_path: Path, facts: dict[str, Value]) -> None:
    given = {"城市": "杭州市"} | facts
    assert assessed(tmp_path, block("符合: boolean", "人 >= 300"), given, applies='城市 = "杭州市"').near == ()


def test_a_line_that_another_fact_draws_is_found(tmp_path: Path) -> None:
    body = block("应有", "收入 / 1000") + block("符合: boolean", "人 * 1000 >= 2000 and 收入 >= 5000")
    (miss,) = assessed(tmp_path, body, {"人": Decimal(3), "收入": Decimal(4_999)}).near
    assert (miss.name, miss.line) == ("收入", Decimal(5_000))


def test_only_lines_within_the_share_asked_for_are_tried(tmp_path: Path) -> None:
    model = packs_with(tmp_path, block("符合: boolean", "人 >= 300 or 收入 >= 1000000")).model_of("demo/a", AS_OF)
    facts = {"人": Decimal(200), "收入": Decimal(999_000)}
    assert [miss.name for miss in assess_model(model, facts, near_within=Decimal("0.1")).near] == ["收入"]


def test_looking_for_near_misses_leaves_no_trace_in_the_answer(tmp_path: Path) -> None:
    found = assessed(tmp_path, block("符合: boolean", "人 >= 300 and 证书 = null or 人 > 1000"), {"人": Decimal(299), "证书": None})
    assert (found.outcome, found.diagnostics, len(found.near)) == (Outcome.INELIGIBLE, (), 1)


def test_a_line_at_zero_is_never_near(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, block("符合: boolean", "收入 > 0"))
    model = packs.model_of("demo/a", AS_OF)
    facts = {"收入": Decimal(0)}
    assert assess_model(model, facts, near_within=Decimal("0.1")).near == ()
    assert assess_model(model, facts).near == ()


def test_a_line_at_zero_hides_no_other_line_of_the_same_value(tmp_path: Path) -> None:
    found = assessed(tmp_path, block("符合: boolean", "收入 > 0 and 收入 >= 100"), {"收入": Decimal(0)})
    assert [miss.line for miss in found.near] == [Decimal(100)]


def test_the_amount_of_a_near_miss_is_rounded_as_the_policy_says(tmp_path: Path) -> None:
    body = block("符合: boolean", "收入 >= 100") + block("金额: number", "收入 / 3")
    found = assessed(tmp_path, body, {"收入": Decimal(99)}, amount="金额", rounding="{scale: 0, mode: up}")
    assert [miss.answer.amount_fen for miss in found.near] == [3400]
