"""What is possible where a missing fact reaches a function or arithmetic: exactly these answers, at most these, or at least these."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.engine.policy_texts import Value, assessed, block, packs_with
from tests.engine.registry_frames import registry_of
from tests.packs import the_packs
from zhida.assess.assessment import Answer, Assessment, Extent, Outcome
from zhida.assess.columns import assess_registry
from zhida.assess.possible import MAX_JUDGEMENTS
from zhida.assess.subject import assess_subject
from zhida.policy.pack import Packs
from zhida.report.explanation import explanation_data, explanation_text
from zhida.values.temporal import Date

AS_OF = Date(2026, 6, 30)
STATUS = {"gives": "status", "eligible": "", "result": "规模"}
BRANCH = block("门类: string", "substring(行业, 1, 1)") + (
    '| F | 门类 | **大类** |\n|---|---|---|\n| 1 | "A" | "农" |\n| 2 | "C", "D" | "工" |\n| 否则 | - | "其他" |\n\n'
)
SIZES = (
    "| F | 大类 | 人 | **规模** |\n|---|---|---|---|\n"
    '| 1 | "工" | >= 300 | "大型" |\n| 2 | "工" | - | "小型" |\n| 3 | "农" | - | "农户" |\n| 4 | "其他" | >= 10 | "中型" |\n'
    '| 5 | "其他" | - | "微型" |\n'
)


@pytest.fixture(scope="module")
def packs() -> Packs:
    return the_packs()


def told(found: Assessment) -> tuple[str, list[Value]]:
    return found.possible_are.value, [answer.result or answer.amount_fen or answer.outcome.value for answer in found.possible]


@pytest.mark.parametrize(
    ("staff", "revenue", "assets"),
    [
        (5, 100_000, 100_000),
        pytest.param(2_500, 2_000_000_000, 10_000_000, marks=pytest.mark.long),
        pytest.param(150, 30_000_000, 90_000_000, marks=pytest.mark.long),
    ],
)
def test_a_firm_without_industry_has_exactly_the_sizes_that_some_industry_gives(
    packs: Packs, staff: int, revenue: int, assets: int
) -> None:
    facts = {"从业人员": staff, "营业收入": revenue, "资产总额": assets}
    found = assess_subject(packs, "national/sme-size", facts, as_of=AS_OF)
    industry = packs.dictionaries["enterprise"].items["行业代码"]
    every_code = (f"{number:0{digits}}" for digits in (2, 3) for number in range(1, 10**digits))
    classes = [code for code in every_code if industry.allows(code)]
    every = [assess_subject(packs, "national/sme-size", {**facts, "行业代码": code}, as_of=AS_OF) for code in classes]
    assert found.missing == ("行业代码",)
    assert found.possible_are is Extent.EXACTLY
    assert set(found.possible) == {Answer(each.outcome, each.result) for each in every}
    assert len(set(found.possible)) == len(found.possible)


def test_a_firm_without_industry_and_headcount_is_told_apart_by_both(packs: Packs) -> None:
    found = assess_subject(packs, "national/sme-size", {"营业收入": 2_000_000, "资产总额": 1_000_000}, as_of=AS_OF)
    assert told(found) == ("exactly", ["大型", "中型", "小型", "微型", "REVIEW", "NOT_APPLICABLE"])


def test_a_status_that_no_value_of_the_missing_fact_gives_is_not_possible(tmp_path: Path) -> None:
    found = assessed(tmp_path, BRANCH + SIZES, {"人": Decimal(5)}, **STATUS)
    assert found.missing == ("行业",)
    # Whether anything odd can lie beneath 大类, or 其他 can really come about, no word in its cells shows.
    assert told(found) == ("at_most", ["小型", "农户", "微型", "REVIEW"])


def test_what_a_computed_number_decides_is_at_most_what_the_table_gives(tmp_path: Path) -> None:
    table = (
        "| F | 总数 | 人 | **规模** |\n|---|---|---|---|\n"
        '| 1 | > 9 | > 100 | "大型" |\n| 2 | > 9 | - | "中型" |\n| 3 | > 5 | - | "小型" |\n| 否则 | - | - | "微型" |\n'
    )
    found = assessed(tmp_path, block("总数: number", "sum(季度)") + table, {"人": Decimal(5)}, **STATUS)
    assert told(found) == ("at_most", ["中型", "小型", "微型", "REVIEW"])
    conclusion = explanation_data(found)["conclusion"]
    assert conclusion["zh"] == "待定，缺：季度；可能的结果至多是：中型、小型、微型、转人工"
    assert "possible results are at most: 中型" in conclusion["en"]
    assert explanation_data(found)["possible_are"] == "at_most"


def test_amounts_behind_a_condition_that_is_computed_are_told(tmp_path: Path) -> None:
    body = block("符合: boolean", "sum(季度) > 5") + block("金额: number", "收入 * 10")
    found = assessed(tmp_path, body, {"收入": Decimal(5)}, amount="金额")
    assert told(found) == ("at_most", [5_000, "INELIGIBLE", "REVIEW"])


def test_an_amount_that_is_computed_from_what_is_missing_stays_without_a_bound(tmp_path: Path) -> None:
    body = block("符合: boolean", "人 >= 30") + block("金额: number", "收入 / 3")
    assert told(assessed(tmp_path, body, {}, amount="金额")) == ("at_least", ["INELIGIBLE"])


def test_too_many_branches_are_bounded_by_what_the_last_table_can_give(tmp_path: Path) -> None:
    rows = "".join(f'| {n} | "{n}" | {n} |\n' for n in range(1, MAX_JUDGEMENTS + 2))
    branch = block("门类: string", "substring(行业, 1, 2)") + f"| F | 门类 | **档** |\n|---|---|---|\n{rows}| 否则 | - | 0 |\n\n"
    sizes = (
        '| F | 档 | 人 | **规模** |\n|---|---|---|---|\n| 1 | > 20 | - | "大型" |\n| 2 | - | > 10 | "中型" |\n| 否则 | - | - | "小型" |\n'
    )
    found = assessed(tmp_path, branch + sizes, {"人": Decimal(5)}, **STATUS)
    assert told(found) == ("at_most", ["大型", "小型", "REVIEW"])


def test_results_of_a_registry_leave_open_what_is_only_bounded(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, BRANCH + SIZES, **STATUS)
    table = assess_registry(packs, ["demo/a"], registry_of(packs, {"人": Decimal(5)}), as_of=AS_OF)
    assert table.column("demo/a:possible").to_pylist() == ["等"]


def test_completions_that_differ_only_in_the_rule_name_each_rule(tmp_path: Path) -> None:
    body = '| F | 人 | **规模** |\n|---|---|---|\n| 1 | < 0 | "小型" |\n| 2 | >= 300 | "小型" |\n| 3 | >= 0 | "小型" |\n'
    found = assessed(tmp_path, body, {}, **STATUS)
    reason = found.reasons[0]
    assert (found.outcome, found.result) == (Outcome.ELIGIBLE, "小型")
    assert (reason.rule, reason.either_rules) == ("", ("1", "2", "3"))
    assert explanation_data(found)["reasons"][0]["either_rules"] == ["1", "2", "3"]
    assert "规则 1 或 2 或 3" in "".join(explanation_text(found, language="zh").split("\n"))


def test_a_table_that_can_still_give_what_was_not_evaluated_yet_is_bounded(tmp_path: Path) -> None:
    body = (
        block("均值: number", "收入 / 2")
        + block("基数: number", "收入 * 3")
        + block("符合: boolean", "true")
        + "| U | 均值 | **金额** |\n|---|---|---|\n| 1 | > 20 | 1000 |\n| 2 | > 20 | 基数 * 2 |\n| 否则 | - | 0 |\n\n"
    )
    found = assessed(tmp_path, body, {"行业": "A"}, amount="金额")
    assert found.outcome is Outcome.UNDETERMINED
    assert found.missing == ("收入",)
    assert found.possible_are is Extent.AT_LEAST
