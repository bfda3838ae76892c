"""Examples on pages of stacking: what they may say, how they are run, and that the packs' own hold."""

from pathlib import Path

import pytest

from tests.engine.policy_texts import block, codes, front, packs_of
from tests.packs import the_packs
from zhida.entitle.examples import run_stacking_examples
from zhida.policy.pack import Packs
from zhida.policy.stacking import StackingRule
from zhida.values.temporal import Date

AS_OF = Date(2026, 3, 1)
GROUPS = "| 叠加 | 规则 | 政策 | 数额 |\n|---|---|---|---|\n"
SIZE = (
    front("demo/size", gives="status", eligible="", result="规模", publishes="[规模]")
    + '| U | 人 | **规模: string** |\n|---|---|---|\n| 1 | >= 10 | "大" |\n| 2 | < 10 | "小" |\n'
)


def grant(name: str, amount: str, **keys: str) -> str:
    """Return a policy that gives an amount to everyone for whom it is more than nothing."""
    goals = {"eligible": f"{name}可得", "amount": f"{name}额", "publishes": f"[{name}额]"} | keys
    return front(f"demo/{name}", **goals) + block(f"{name}额: number", amount) + block(f"{name}可得: boolean", f"{name}额 > 0")


POLICIES = {
    "demo/policies/size.md": SIZE,
    "demo/policies/a.md": grant("a", 'if 规模 = "大" then 300 else 100', uses="[demo/size]"),
    "demo/policies/b.md": grant("b", "收入"),
    "demo/policies/c.md": grant("c", "if 限制 then 0 else 500", gives="tax"),
}


def packs_with(root: Path, rows: str, table: str) -> Packs:
    """Return packs with these groups and one table of examples."""
    packs = packs_of(root, {**POLICIES, "demo/stacking.md": f"# 叠加\n\n{GROUPS}{rows}\n\n## 例\n\n{table}\n"})
    assert codes(packs) == []
    return packs


def failures(packs: Packs) -> list[tuple[str, str, str]]:
    """Return what came out otherwise: the example, what it is about, and what came out."""
    found = [item for result in run_stacking_examples(packs, as_of=AS_OF) for item in result.diagnostics]
    assert {item.code for item in found} <= {"stacking-example-failed"}
    return [(item.arguments["name"], item.arguments["what"], item.arguments["found"]) for item in found]


def table(heads: str, *rows: str) -> str:
    """Return a table of examples, numbered."""
    lines = [f"| 例 | {heads} |", "|---" * (heads.count("|") + 2) + "|", *(f"| {number} | {row} |" for number, row in enumerate(rows, 1))]
    return "\n".join(lines)


# --- the packs ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packs() -> Packs:
    return the_packs()


def test_every_example_of_the_packs_comes_out_as_it_says(packs: Packs) -> None:
    results = list(run_stacking_examples(packs, as_of=Date(2026, 6, 30)))
    assert len(results) == len(packs.stacking_examples) > 0
    assert [item.render("zh") for result in results for item in result.diagnostics] == []


def test_every_group_of_the_packs_but_those_of_shares_is_shown_by_an_example(packs: Packs) -> None:
    shown = [set(example.policies) for example in packs.stacking_examples]
    told = [group for group in packs.stacking if group.rule is not StackingRule.SHARES]
    assert [group.name for group in told if not any(set(group.policies) & each for each in shown)] == []


# --- what is expected -----------------------------------------------------------------------------------------------------


def test_amounts_come_from_the_policies_and_are_compared_to_the_fen(tmp_path: Path) -> None:
    told = table(
        "人 | 收入 | **demo/a** | **demo/b** | **合计**",
        "10 | 200.01 | 300 | 0 | 300",
        "9 | 200.01 | 0 | 200.01 | 200.01",
        "9 | 200.01 | 0 | 200.00 | 200.011",
    )
    found = failures(packs_with(tmp_path, "| 甲 | 择高 | demo/a、demo/b | |", told))
    assert found == [("3", "demo/b", "200.01"), ("3", "合计", "200.01")]


def test_a_decision_that_a_policy_uses_can_be_given(tmp_path: Path) -> None:
    told = table("规模 | 收入 | **demo/a** | **合计**", '"大" | 50 | 300 | 300')
    assert failures(packs_with(tmp_path, "| 甲 | 择高 | demo/a、demo/b | |", told)) == []


def test_whether_a_benefit_is_taken_can_be_expected(tmp_path: Path) -> None:
    told = table("人 | 收入 | **demo/a** | **demo/b**", "10 | 200 | true | false", "10 | 200 | false | 200")
    found = failures(packs_with(tmp_path, "| 甲 | 择一 | demo/a、demo/b | |", told))
    assert found == [("2", "demo/a", "true"), ("2", "demo/b", "0")]


def test_what_is_missing_leaves_a_sure_sum_a_possible_one_and_the_fact_between_them(tmp_path: Path) -> None:
    heads = "人 | 收入 | 限制 | **demo/c** | **demo/a** | **合计** | **可能合计** | **关键事实**"
    rows = ["10 | | ? | 0 | 300 | 300 | 500 | 限制", "? | | ? | 0 | 100 | 100 | 500 | 限制", "? | | true | 0 | 100 | 100 | 300 | 人"]
    rows += ["? | | false | 500 | 0 | 500 | 500 | 无"]
    assert failures(packs_with(tmp_path, "| 甲 | 择高 | demo/a、demo/c | |", table(heads, *rows))) == []


def test_an_amount_without_an_end_makes_the_possible_sum_unknown(tmp_path: Path) -> None:
    told = table("收入 | **demo/b** | **合计** | **可能合计** | **关键事实**", "? | 0 | 0 | ? | 收入", "5 | 5 | 5 | ? | 收入")
    found = failures(packs_with(tmp_path, "| 甲 | 择高 | demo/a、demo/b | |", told))
    assert found == [("2", "可能合计", "5"), ("2", "关键事实", "无")]


def test_facts_that_decide_only_together_are_told_together(tmp_path: Path) -> None:
    told = table("收入 | 限制 | 面积 | **demo/c** | **合计** | **可能合计** | **关键事实**", "? | ? | 1 | 0 | 0 | 500 | 收入、限制")
    policies = {**POLICIES, "demo/policies/c.md": grant("c", "if 限制 or 收入 > 9 then 0 else 500", gives="tax")}
    page = f"# 叠加\n\n{GROUPS}| 甲 | 择高 | demo/a、demo/c | |\n\n{told}\n"
    assert failures(packs_of(tmp_path, {**policies, "demo/stacking.md": page})) == []


# --- what was received ----------------------------------------------------------------------------------------------------


def test_what_was_received_this_year_counts_and_what_was_received_earlier_does_not(tmp_path: Path) -> None:
    heads = "人 | 收入 | 已领 demo/a | 已领 demo/b 往年 | 已领 demo/b 2026-01-01 | **demo/a** | **demo/b**"
    rows = ["10 | 200 | | | | 300 | 0", "10 | 200 | 300 | | | 0 | 0", "10 | 200 | | 200 | | 300 | 0", "10 | 200 | | | 200 | 0 | 0"]
    assert failures(packs_with(tmp_path, "| 甲 | 择高 | demo/a、demo/b | |", table(heads, *rows))) == []


def test_times_are_counted_by_the_period_of_the_day(tmp_path: Path) -> None:
    heads = "评估日 | 人 | 已领 demo/a 2026-03-31 | **demo/a**"
    rows = ['@"2026-03-01" | 10 | 300 | 0', '@"2026-04-01" | 10 | 100 | 200']
    assert failures(packs_with(tmp_path, "| 甲 | 限次 | demo/a | 1 次/季度 |", table(heads, *rows))) == []


def test_a_top_up_pays_the_difference_to_what_was_ever_received(tmp_path: Path) -> None:
    heads = "人 | 收入 | 已领 demo/b 往年 | **demo/a** | **demo/b** | **合计**"
    rows = ["10 | 200 | | 300 | 0 | 300", "10 | 0 | 200 | 100 | 0 | 100", "10 | 0 | 400 | 0 | 0 | 0"]
    assert failures(packs_with(tmp_path, "| 甲 | 补差 | demo/b、demo/a | |", table(heads, *rows))) == []


def test_what_was_paid_by_an_older_version_counts_for_the_one_that_is_law(tmp_path: Path) -> None:
    told = table("收入 | 已领 demo/b | **demo/b** | **demo/new**", "200 | 150 | 50 | 50")
    new = grant("new", "收入", replaces="demo/b", in_force="2026-01-01/..").replace("new额", "b额").replace("[new", "[b")
    old = POLICIES["demo/policies/b.md"].replace("2025-01-01/..", "2025-01-01/2025-12-31")
    page = f"# 叠加\n\n{GROUPS}| 甲 | 择高 | demo/a、demo/b | |\n\n{told}\n"
    files = {**POLICIES, "demo/policies/b.md": old, "demo/policies/new.md": new, "demo/stacking.md": page}
    packs = packs_of(tmp_path, files)
    assert codes(packs) == []
    assert failures(packs) == []


# --- rules and caps -------------------------------------------------------------------------------------------------------


def test_a_requirement_holds_back_what_requires_it(tmp_path: Path) -> None:
    heads = "人 | 收入 | 已领 demo/b 往年 | **demo/a** | **demo/b**"
    rows = ["10 | 200 | | 300 | 200", "10 | 0 | | 0 | 0", "10 | 0 | 1 | 300 | 0"]
    assert failures(packs_with(tmp_path, "| 甲 | 前提 | demo/b、demo/a | |", table(heads, *rows))) == []


def test_a_cap_is_worked_out_for_the_subject_and_rounded_down(tmp_path: Path) -> None:
    heads = "人 | 收入 | **demo/a** | **demo/b** | **合计**"
    told = table(heads, "10 | 200.01 | 200.01 | 0 | 200.01", "10 | 999 | 300 | 699 | 999", "9 | 0.05 | 0.05 | 0 | 0.05")
    assert failures(packs_with(tmp_path, "| 甲 | 封顶 | demo/a、demo/b | `收入 * 1.00001` |", told)) == []


def test_a_cap_that_is_missing_lies_between_its_least_and_its_greatest(tmp_path: Path) -> None:
    heads = "人 | 限制 | 重点 | **demo/a** | **合计** | **可能合计** | **关键事实**"
    rows = ["10 | | ? | 50 | 50 | 200 | 重点", "10 | | true | 200 | 200 | 200 | 无"]
    assert failures(packs_with(tmp_path, "| 甲 | 封顶 | demo/a | if 重点 then 200 else 50 |", table(heads, *rows))) == []


def test_what_a_cap_that_is_null_limits_is_left_to_a_person(tmp_path: Path) -> None:
    told = table("人 | 收入 | **demo/a** | **合计** | **可能合计**", "10 | 200 | 0 | 0 | 0", "10 | 900 | 300 | 300 | 300")
    assert failures(packs_with(tmp_path, "| 甲 | 封顶 | demo/a | if 收入 > 500 then 400 else null |", told)) == []


def test_a_cap_may_ask_for_an_earlier_year_and_for_what_its_policies_publish(tmp_path: Path) -> None:
    attributes = ("| 人 | number | 人 | |", "| 收入 | number | 元 | 年 |", "| 限制 | boolean | | |")
    dictionary = "\n".join(("# 企业\n", "| 属性 | 类型 | 单位 | 历史 |", "|---|---|---|---|", *attributes, ""))
    told = table("人 | 收入(1) | 收入@2023 | 收入 | **demo/a** | **demo/b**", "10 | 40 | 5 | 100 | 145 | 0")
    page = f"# 叠加\n\n{GROUPS}| 甲 | 封顶 | demo/a、demo/b | max(收入(1), 收入(2)) + 收入(2) + b额 |\n\n{told}\n"
    packs = packs_of(tmp_path, {**POLICIES, "demo/registry/enterprise.md": dictionary, "demo/stacking.md": page})
    assert codes(packs) == []
    assert failures(packs) == []


def test_a_group_may_be_named_instead_of_its_policies(tmp_path: Path) -> None:
    rows = "| 资金 | 封顶 | demo/a、demo/b | 350 |\n| 资金或减税 | 择高 | 资金、demo/c | |"
    heads = "政策 | 人 | 收入 | 限制 | **合计** | **demo/c**"
    told = table(
        heads, "资金或减税 | 10 | 200 | false | 500 | 500", "资金或减税 | 10 | 200 | true | 350 | 0", "资金 | 10 | 20 | true | 320 |"
    )
    assert failures(packs_with(tmp_path, rows, told)) == []


def test_of_equal_sums_the_one_with_fewer_public_funds_is_paid_and_then_the_first(tmp_path: Path) -> None:
    heads = "人 | 收入 | 限制 | **demo/a** | **demo/b** | **demo/c**"
    told = table(heads, "10 | 300 | true | 300 | 0 | 0", "10 | 500 | false | 0 | 0 | 500")
    assert failures(packs_with(tmp_path, "| 甲 | 择高 | demo/b、demo/c、demo/a | |", told)) == []


# --- what is not run ------------------------------------------------------------------------------------------------------


def test_examples_that_rest_on_what_has_errors_are_left_out(tmp_path: Path) -> None:
    told = table("人 | **demo/a**", "10 | 300")
    page = f"# 叠加\n\n{GROUPS}| 甲 | 择高 | demo/a、demo/b | |\n\n{told}\n"
    broken = POLICIES["demo/policies/b.md"].replace("收入", "收人")
    packs = packs_of(tmp_path, {**POLICIES, "demo/policies/b.md": broken, "demo/stacking.md": page})
    assert list(run_stacking_examples(packs, as_of=AS_OF)) == []


@pytest.mark.parametrize("row", ["| 乙 | 就高 | demo/a、demo/b | |", "| 甲 | 择一 | demo/a、demo/b | |"])
def test_examples_of_a_page_with_an_error_are_left_out(tmp_path: Path, row: str) -> None:
    told = table("人 | **demo/a**", "10 | 300")
    page = f"# 叠加\n\n{GROUPS}| 甲 | 择高 | demo/a、demo/b | |\n{row}\n\n{told}\n"
    packs = packs_of(tmp_path, {**POLICIES, "demo/stacking.md": page})
    assert codes(packs)
    assert list(run_stacking_examples(packs, as_of=AS_OF)) == []
