"""Proof across tables and policies: each finding by a small policy that has the fault, and by one that has not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.engine.policy_texts import AS_OF, DICTIONARY, block, front, packs_of, packs_with
from zhida.assess.examples import day_of
from zhida.dmn.evaluate import Evaluator
from zhida.policy.pack import Packs
from zhida.proof.across.findings import findings_of_packs, findings_of_policy
from zhida.proof.findings import Finding
from zhida.proof.solver.encoding import Encoding

pytest.importorskip("z3")

Value = Any

ELIGIBLE = block("符合: boolean", "人 > 0")
GRANT = ELIGIBLE + block("金额: number", "收入 * 0.1")
OTHER = block("符合: boolean", "人 > 1") + block("金额乙: number", "收入 * 0.2")
HEAD = "| 叠加 | 规则 | 政策 | 数额 | 依据 | 说明 |\n|---|---|---|---|---|---|\n"
RANGED = DICTIONARY + "| 营收 | number | 元 | 0..1000000 | 税务局 | | | |\n"
NEEDLESS = {"proof-amount-unbounded"}


def found_in(packs: Packs, policy_id: str = "demo/a") -> list[Finding]:
    model = packs.model_of(policy_id, day_of(packs.in_force[policy_id], AS_OF))
    return list(findings_of_policy(packs, model, Encoding([model])))


def codes_of(root: Path, body: str, files: Mapping[str, str] | None = None, **keys: str) -> list[str]:
    return [finding.diagnostic.code for finding in found_in(sound(root, body, files, **keys))]


def sound(root: Path, body: str, files: Mapping[str, str] | None = None, **keys: str) -> Packs:
    return packs_with(root, body, {"demo/registry/enterprise.md": RANGED, **(files or {})}, **keys)


def of_packs(packs: Packs) -> list[str]:
    assert [item.render() for item in packs.diagnostics if item.severity == "error"] == []
    return [finding.diagnostic.code for finding in findings_of_packs(packs)]


def replayed(packs: Packs, finding: Finding, decision: str) -> Value:
    """Return what the interpreter says of a witness."""
    assert finding.witness is not None
    model = packs.model_of("demo/a", AS_OF)
    return Evaluator(model.model, dict(finding.witness.facts), as_of=AS_OF).value(decision)


# --- one policy ------------------------------------------------------------------------------------------------------------


def test_a_sound_policy_has_no_findings(tmp_path: Path) -> None:
    assert codes_of(tmp_path, ELIGIBLE) == []


def test_eligibility_that_excludes_itself_is_an_error(tmp_path: Path) -> None:
    assert codes_of(tmp_path, block("符合: boolean", "人 > 10 and 人 < 5")) == ["proof-never-eligible"]


def test_eligibility_that_an_example_meets_is_not_asked(tmp_path: Path) -> None:
    body = ELIGIBLE + "| 例 | 人 | **符合** |\n|---|---|---|\n| b1 | 5 | true |\n"
    assert codes_of(tmp_path, body) == []


def test_eligibility_that_the_scope_excludes_is_an_error(tmp_path: Path) -> None:
    assert codes_of(tmp_path, ELIGIBLE, applies="人 < 0") == ["proof-never-eligible"]


def test_a_scope_that_nobody_is_in_is_an_error(tmp_path: Path) -> None:
    assert codes_of(tmp_path, ELIGIBLE, applies='城市 = "甲" and 城市 = "乙"') == ["proof-never-applies"]


def test_a_result_that_nobody_gets_is_an_error(tmp_path: Path) -> None:
    table = "| F | 人 | **档次: string** |\n|---|---|---|\n| 1 | < 5 | null |\n| 否则 | - | null |\n"
    assert codes_of(tmp_path, table, gives="status", eligible="", result="档次") == ["proof-never-result"]


def test_eligibility_of_other_days_is_no_error_today(tmp_path: Path) -> None:
    body = block("符合: boolean", '人 > 0 and 评估日 <= @"2025-01-31"')
    assert codes_of(tmp_path, body) == []


TWO_TABLES = (
    '| U | 人 | **规模: string** |\n|---|---|---|\n| 1 | < 10 | "小" |\n| 2 | >= 10 | "大" |\n\n'
    "| F | 规模 | 人 | **档: number** |\n|---|---|---|---|\n"
    '| 1 | "小" | < 5 | 1 |\n| 2 | "小" | > 20 | {output} |\n| 否则 | - | - | 3 |\n\n'
)


def test_a_rule_whose_columns_exclude_each_other_through_another_table_is_a_warning(tmp_path: Path) -> None:
    body = TWO_TABLES.format(output=2) + block("符合: boolean", "档 > 0")
    (finding,) = found_in(sound(tmp_path, body))
    assert (finding.diagnostic.code, finding.rules) == ("proof-rule-unreachable", (1,))


def test_a_rule_that_nobody_reaches_and_that_answers_null_is_a_guard(tmp_path: Path) -> None:
    body = TWO_TABLES.format(output="null") + block("符合: boolean", "档 > 0")
    assert codes_of(tmp_path, body) == ["proof-rule-guard"]


def test_a_choice_that_is_always_the_same_is_a_warning(tmp_path: Path) -> None:
    body = ELIGIBLE + block("金额: number", "if 营收 > 5 or 营收 <= 5 then 100 else 50")
    assert codes_of(tmp_path, body, amount="金额") == ["proof-choice-constant"]


def test_a_choice_whose_other_branch_is_null_is_a_guard(tmp_path: Path) -> None:
    body = ELIGIBLE + block("金额: number", "if 营收 > 5 or 营收 <= 5 then 100 else null")
    assert codes_of(tmp_path, body, amount="金额") == ["proof-choice-guard"]


def test_an_amount_below_nothing_is_an_error_with_a_subject_that_shows_it(tmp_path: Path) -> None:
    packs = sound(tmp_path, ELIGIBLE + block("金额: number", "营收 - 500"), amount="金额")
    (finding,) = (each for each in found_in(packs) if each.diagnostic.code not in NEEDLESS)
    assert (finding.diagnostic.code, finding.diagnostic.severity) == ("proof-amount-negative", "error")
    assert replayed(packs, finding, "demo/a#金额") < 0
    assert replayed(packs, finding, "demo/a#符合") is True


def test_an_amount_below_nothing_for_unusual_facts_only_is_none(tmp_path: Path) -> None:
    assert codes_of(tmp_path, block("符合: boolean", "营收 < 1000") + block("金额: number", "营收 * 10"), amount="金额") == []


def test_an_amount_over_the_whole_budget_is_a_warning(tmp_path: Path) -> None:
    budget = "{year: 2026, amount: 5000, order: first-come}"
    over, under = (ELIGIBLE + block("金额: number", f"min(营收 * 10, {most})") for most in (6000, 4000))
    assert "proof-amount-over-budget" in codes_of(tmp_path, over, amount="金额", budget=budget)
    assert codes_of(tmp_path, under, amount="金额", budget=budget) == []


def test_an_amount_without_an_upper_limit_names_what_it_grows_with(tmp_path: Path) -> None:
    body = ELIGIBLE + block("金额: number", "营收 * 10 + max(min(收入, 100), 0)")
    body += "| 例 | 人 | 营收 | 收入 | **金额** |\n|---|---|---|---|---|\n| b1 | 1 | 5 | 90 | 140 |\n"
    (finding,) = (each for each in found_in(sound(tmp_path, body, amount="金额")) if each.diagnostic.code in NEEDLESS)
    assert finding.diagnostic.arguments["facts"] == "营收"


def test_a_decision_without_use_is_told(tmp_path: Path) -> None:
    assert codes_of(tmp_path, ELIGIBLE + block("闲置: number", "人 + 1")) == ["proof-decision-unused"]
    assert codes_of(tmp_path, ELIGIBLE + block("闲置: number", "人 + 1"), publishes="[闲置]") == []


def test_what_is_not_decided_is_said_with_its_reason(tmp_path: Path) -> None:
    body = block("符合: boolean", 'matches(城市, "a+b") and 人 > 10 and 人 < 12')
    findings = found_in(sound(tmp_path, body))
    assert [finding.diagnostic.code for finding in findings] == ["proof-not-decided"]
    assert "符合" in findings[0].diagnostic.message("zh")


# --- facts -----------------------------------------------------------------------------------------------------------------


def test_a_fact_that_nobody_supplies_is_a_warning(tmp_path: Path) -> None:
    rows = DICTIONARY + "| 无主 | number | 元 | | | | | |\n"
    packs = packs_of(tmp_path, {"demo/registry/enterprise.md": rows, "demo/policies/a.md": front() + block("符合: boolean", "无主 > 0")})
    assert of_packs(packs) == ["proof-fact-no-source"]


def test_a_statistic_of_what_nobody_publishes_then_is_a_warning(tmp_path: Path) -> None:
    rows = (
        "# 企业\n\n| 属性 | 类型 | 单位 | 来源 | 统计 |\n|---|---|---|---|---|\n"
        "| 人 | number | 人 | 统计局 | |\n| 得分名次 | number | | | 名次(得分) |\n"
    )
    packs = packs_of(
        tmp_path,
        {
            "demo/registry/enterprise.md": rows,
            "demo/policies/a.md": front() + block("符合: boolean", "得分名次 <= 10"),
            "demo/policies/b.md": front("demo/b", in_force="2020-01-01/2020-12-31", publishes="[得分]")
            + ELIGIBLE
            + block("得分: number", "人 + 1"),
        },
    )
    assert of_packs(packs) == ["proof-statistic-of-nothing"]


# --- stacking --------------------------------------------------------------------------------------------------------------


def stacked(root: Path, *rows: str, second: str = "") -> Packs:
    goals = {"amount": "金额", "publishes": "[金额]"}
    files = {
        "demo/policies/a.md": front("demo/a", **goals) + GRANT,
        "demo/policies/b.md": front("demo/b", amount="金额乙", **({"in_force": second} if second else {})) + OTHER,
        "demo/policies/c.md": front("demo/c", amount="金额乙") + OTHER,
        "demo/stacking.md": "# 叠加\n\n" + HEAD + "".join(f"| {row} |\n" for row in rows),
    }
    return packs_of(root, files)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (("甲 | 择一 | demo/a、demo/b | | | ", "乙 | 可叠加 | demo/b、demo/a | | | "), ["proof-stack-contradiction"]),
        (("甲 | 择高 | demo/a、demo/b、demo/c | | | ", "乙 | 可叠加 | demo/c、demo/a | | | "), ["proof-stack-contradiction"]),
        (("甲 | 择高 | demo/a、demo/b | | | ", "乙 | 可叠加 | demo/b、demo/c | | | "), []),
        (("甲 | 前提 | demo/a、demo/b | | | ", "乙 | 择高 | demo/a、demo/b | | | "), ["proof-stack-contradiction"]),
        (("甲 | 补差 | demo/a、demo/b | | | ", "乙 | 可叠加 | demo/a、demo/b | | | "), ["proof-stack-contradiction"]),
        (("甲 | 补差 | demo/a、demo/b | | | ", "乙 | 择一 | demo/a、demo/b | | | "), ["proof-stack-contradiction"]),
        (("甲 | 前提 | demo/a、demo/b | | | ", "乙 | 前提 | demo/b、demo/a | | | "), ["proof-stack-cycle"]),
        (("甲 | 前提 | demo/a、demo/b | | | ", "乙 | 前提 | demo/b、demo/c | | | "), []),
        (("甲 | 限次 | demo/a | 1 次/年 | | ", "乙 | 限次 | demo/a | 2 次/年 | | "), ["proof-stack-times"]),
        (("甲 | 限次 | demo/a | 1 次/年 | | ", "乙 | 限次 | demo/a | 2 次/人 | | "), []),
        (("甲 | 限次 | demo/a | 1 次/年 | | ", "乙 | 限次 | demo/b | 2 次/年 | | "), []),
        (("甲 | 分担 | demo/a | 省 0.2、市 0.8 | | ", "乙 | 分担 | demo/a | 省 0.4、市 0.6 | | "), ["proof-stack-shares"]),
        (("甲 | 分担 | demo/a | 省 0.2、市 0.8 | | ", "乙 | 分担 | demo/a | 省 0.4、市 0.6 | | 与上一行只用一种"), ["proof-stack-one-of"]),
        (("甲 | 封顶 | demo/c、demo/b | 0 | | ",), ["proof-stack-cap", "proof-cap-binds"]),
    ],
)
def test_stacking_that_contradicts_itself(tmp_path: Path, rows: tuple[str, ...], expected: list[str]) -> None:
    assert of_packs(stacked(tmp_path, *rows)) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (("甲 | 可叠加 | demo/a、demo/b | | | ", "乙 | 择高 | 甲、demo/c | | | "), []),
        (
            ("甲 | 可叠加 | demo/a、demo/b | | | ", "乙 | 择高 | 甲、demo/c | | | ", "丙 | 可叠加 | demo/b、demo/c | | | "),
            ["proof-stack-contradiction"],
        ),
        (("甲 | 择一 | demo/a、demo/b | | | ", "乙 | 前提 | 甲、demo/c | | | ", "丙 | 择高 | demo/a、demo/c | | | "), []),
        (("甲 | 限次 | demo/a、demo/b | 3 次/年 | | ", "乙 | 前提 | 甲、demo/c | | | ", "丙 | 前提 | demo/c、demo/a | | | "), []),
        (
            ("甲 | 限次 | demo/a、demo/b | 3 次/年 | | ", "乙 | 前提 | 甲、demo/c | | | ", "丙 | 前提 | demo/c、甲 | | | "),
            ["proof-stack-cycle", "proof-stack-cycle"],
        ),
    ],
)
def test_a_group_in_a_row_is_held_against_the_others_and_any_of_it_is_enough(
    tmp_path: Path, rows: tuple[str, ...], expected: list[str]
) -> None:
    assert of_packs(stacked(tmp_path, *rows)) == expected


def test_policies_that_are_never_law_together_are_told(tmp_path: Path) -> None:
    packs = stacked(tmp_path, "甲 | 择高 | demo/a、demo/b | | | ", second="2020-01-01/2020-12-31")
    assert of_packs(packs) == ["proof-stack-apart"]


def test_versions_of_a_policy_count_as_one(tmp_path: Path) -> None:
    rows = ("甲 | 限次 | demo/a、demo/b | 1 次/年 | | ", "乙 | 限次 | demo/a | 2 次/年 | | ")
    files = {
        "demo/policies/a.md": front("demo/a", in_force="2024-01-01/2024-12-31", amount="金额", publishes="[金额]") + GRANT,
        "demo/policies/b.md": front("demo/b", replaces="demo/a", amount="金额", publishes="[金额]") + GRANT,
        "demo/stacking.md": "# 叠加\n\n" + HEAD + "".join(f"| {row} |\n" for row in rows),
    }
    assert of_packs(packs_of(tmp_path, files)) == ["proof-stack-times"]


def test_a_cap_that_binds_is_shown_by_a_subject(tmp_path: Path) -> None:
    packs = stacked(tmp_path, "甲 | 封顶 | demo/a、demo/b | max(收入, 0) * 0.25 | | ")
    (finding,) = findings_of_packs(packs)
    assert finding.diagnostic.code == "proof-cap-binds"
    assert finding.witness is not None
    assert finding.witness.facts["人"] > 1


def test_a_cap_above_every_sum_never_binds(tmp_path: Path) -> None:
    assert of_packs(stacked(tmp_path, "甲 | 封顶 | demo/a、demo/b | max(收入, 0) * 0.5 | | ")) == ["proof-cap-never"]


def test_a_cap_that_is_null_for_everybody_is_a_warning(tmp_path: Path) -> None:
    body = ELIGIBLE + block("金额: number", "收入 * 0.1") + block("上限: number", "if 人 > 5 and 人 < 3 then 100 else null")
    files = {
        "demo/policies/a.md": front("demo/a", amount="金额", publishes="[上限]") + body,
        "demo/policies/b.md": front("demo/b", amount="金额乙") + OTHER,
        "demo/stacking.md": "# 叠加\n\n" + HEAD + "| 甲 | 封顶 | demo/a、demo/b | 上限 | | |\n",
    }
    assert of_packs(packs_of(tmp_path, files)) == ["proof-cap-null"]


# --- versions --------------------------------------------------------------------------------------------------------------


def versions(
    root: Path, old: str, new: str, *, replaces: str = "demo/a-2024", text: str = "", applies: tuple[str, str] = ("", "")
) -> Packs:
    body = ELIGIBLE + block("线: number", "人 + 1")
    files = {
        "demo/policies/a-2024.md": front("demo/a-2024", in_force=old, publishes="[线]", applies=applies[0]) + body,
        "demo/policies/a.md": front("demo/a", in_force=new, replaces=replaces, publishes="[线]", applies=applies[1]) + text + body,
    }
    return packs_of(root, files)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("2024-01-01/2024-12-31", "2025-01-01/..", []),
        ("2024-01-01/..", "2025-01-01/..", []),
        ("2024-01-01/2024-12-31", "2025-01-02/..", ["proof-versions-gap"]),
        ("2024-01-01/2024-12-31", "2024-12-31/..", ["proof-versions-cut"]),
        ("2024-01-01/2024-12-31", "2024-01-01/..", ["proof-versions-later"]),
    ],
)
def test_days_along_replaces(tmp_path: Path, old: str, new: str, expected: list[str]) -> None:
    assert of_packs(versions(tmp_path, old, new)) == expected


def test_a_gap_of_days_names_them(tmp_path: Path) -> None:
    (finding,) = findings_of_packs(versions(tmp_path, "2024-01-01/2024-12-31", "2025-02-01/.."))
    assert finding.diagnostic.message("zh").startswith("2025-01-01 至 2025-01-31（31 天）")


def test_a_gap_of_days_that_the_document_explains_is_information(tmp_path: Path) -> None:
    packs = versions(tmp_path, "2024-01-01/2024-12-31", "2025-02-01/..", text="空档: 一月没有规定\n\n")
    assert of_packs(packs) == ["proof-versions-gap-said"]


def test_two_versions_for_the_same_subject_on_one_day_are_an_error(tmp_path: Path) -> None:
    packs = versions(tmp_path, "2024-01-01/2024-12-31", "2024-12-01/..", replaces="")
    assert of_packs(packs) == ["proof-versions-overlap"]


def test_two_versions_for_different_subjects_are_none(tmp_path: Path) -> None:
    packs = versions(tmp_path, "2024-01-01/2024-12-31", "2024-12-01/..", replaces="", applies=('类型 = "企业"', '类型 = "高校"'))
    assert of_packs(packs) == []
