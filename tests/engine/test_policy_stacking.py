"""Stacking: rows of `stacking.md` become groups, and what is wrong in one is told at its place."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.engine.policy_texts import block, codes, front, packs_of
from zhida.policy.pack import Packs
from zhida.policy.stacking import Cap, Share, Shares, StackingGroup, StackingRule, StackingUnit, Times

GRANT = block("符合: boolean", "人 > 0") + block("金额: number", "收入 * 0.1")
OTHER = block("符合: boolean", "人 > 1") + block("金额乙: number", "收入 * 0.2")
HEAD = "| 叠加 | 规则 | 政策 | 数额 | 依据 | 说明 |\n|---|---|---|---|---|---|\n"


def packs_with(root: Path, *rows: str) -> Packs:
    goals = {"amount": "金额", "publishes": "[金额]"}
    return packs_of(
        root,
        {
            "demo/policies/a.md": front("demo/a", **goals) + GRANT,
            "demo/policies/b.md": front("demo/b", amount="金额乙") + OTHER,
            "demo/stacking.md": "# 叠加\n\n" + HEAD + "".join(f"| {row} |\n" for row in rows),
        },
    )


def group(root: Path, row: str) -> StackingGroup:
    packs = packs_with(root, row)
    assert packs.diagnostics == ()
    (found,) = packs.stacking
    return found


def test_a_row_becomes_a_group_in_the_order_of_the_text(tmp_path: Path) -> None:
    found = group(tmp_path, "甲 | 择高 | demo/b、demo/a | | 第三条 | 就高不重复")
    assert (found.name, found.rule, found.policies, found.figure) == ("甲", StackingRule.HIGHEST, ("demo/b", "demo/a"), None)
    assert (found.article, found.note) == ("第三条", "就高不重复")
    assert found.span.line == 5


@pytest.mark.parametrize("rule", ["择高", "择一", "补差", "前提", "可叠加"])
def test_rules_about_several_policies_have_no_figure(tmp_path: Path, rule: str) -> None:
    assert group(tmp_path, f"甲 | {rule} | demo/a、demo/b | | | ").figure is None


def test_a_cap_is_feel_over_facts_and_published_decisions(tmp_path: Path) -> None:
    found = group(tmp_path, "甲 | 封顶 | demo/a、demo/b | `0.6 * 收入 + 金额` | | ").figure
    assert isinstance(found, Cap)
    assert found.text.text == found.text.span().text == "0.6 * 收入 + 金额"


def test_shares_are_exact_and_in_order(tmp_path: Path) -> None:
    found = group(tmp_path, "甲 | 分担 | demo/a | 银行 0.2、省级农担 0.4，国家 0.2；市 0.2 | | ").figure
    assert found == Shares(
        tuple(
            Share(*each)
            for each in (("银行", Decimal("0.2")), ("省级农担", Decimal("0.4")), ("国家", Decimal("0.2")), ("市", Decimal("0.2")))
        )
    )


@pytest.mark.parametrize(("text", "count", "per"), [("1 次/年", 1, "年"), ("3次 / 人", 3, "人")])
def test_times_are_counted_for_something(tmp_path: Path, text: str, count: int, per: str) -> None:
    assert group(tmp_path, f"甲 | 限次 | demo/a | {text} | | ").figure == Times(count, per)


@pytest.mark.parametrize(
    ("row", "code", "place"),
    [
        ("甲 | 就高 | demo/a、demo/b | | | ", "stacking-rule", "就高"),
        ("甲 | 择高 | demo/a、demo/x | | | ", "stacking-policy", "demo/x"),
        ("甲 | 择高 | demo/a、demo/b | 3 | | ", "stacking-figure", "3"),
        ("甲 | 封顶 | demo/a、demo/b | | | ", "stacking-figure", "封顶"),
        ("甲 | 封顶 | demo/a | 人 * 2 | | ", "stacking-figure", "人 * 2"),
        ("甲 | 封顶 | demo/a | 金额乙 | | ", "feel-unknown-name", "金额乙"),
        ("甲 | 封顶 | demo/a | 2 + | | ", "feel-syntax", ""),
        ("甲 | 分担 | demo/a | 银行 0.2、农担 0.7 | | ", "stacking-shares", "银行 0.2、农担 0.7"),
        ("甲 | 分担 | demo/a | 银行 0.2、农担 1.1 | | ", "stacking-figure", "银行 0.2、农担 1.1"),
        ("甲 | 限次 | demo/a | 0 次/年 | | ", "stacking-figure", "0 次/年"),
        ("甲 | 择高 | demo/a | | | ", "stacking-one", "demo/a"),
        ("甲 | 择高 | demo/a、demo/a | | | ", "dmn-duplicate-name", "demo/a"),
    ],
)
def test_what_is_wrong_is_told_at_its_place_and_the_row_left_out(tmp_path: Path, row: str, code: str, place: str) -> None:
    packs = packs_with(tmp_path, row, "乙 | 可叠加 | demo/a、demo/b | | | ")
    (found,) = packs.diagnostics
    assert found.code == code
    assert found.span is not None
    assert not place or found.span.text == place
    assert [each.name for each in packs.stacking] == ["乙"]


def test_a_row_may_name_a_group_wherever_that_stands(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, "丙 | 限次 | 乙 | 1 次/年 | | ", "乙 | 封顶 | demo/b、demo/a | 金额 | | ")
    assert packs.diagnostics == ()
    outer, inner = packs.stacking
    assert outer.units == (StackingUnit("乙", ("demo/b", "demo/a")),)
    assert outer.policies == inner.policies == ("demo/b", "demo/a")
    assert inner.units == (StackingUnit("demo/b", ("demo/b",)), StackingUnit("demo/a", ("demo/a",)))


def test_a_row_that_names_a_row_with_a_mistake_is_left_out_and_told_once(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, "乙 | 封顶 | demo/a、demo/b | | | ", "丙 | 限次 | 乙 | 1 次/年 | | ")
    assert codes(packs) == ["stacking-figure"]
    assert packs.stacking == ()


def test_two_groups_of_one_name_are_told(tmp_path: Path) -> None:
    row = "甲 | 可叠加 | demo/a、demo/b | | | "
    assert codes(packs_with(tmp_path, row, row)) == ["dmn-duplicate-name"]


def test_caveats_of_pages_that_are_no_policies_are_kept(tmp_path: Path) -> None:
    page = "# 参数\n\n> 待确认：口径。\n> 核对：税务局的答复。\n"
    packs = packs_of(tmp_path, {"demo/policies/a.md": front() + GRANT, "demo/parameters.md": page})
    assert [(each.text, each.settled_by) for each in packs.caveats] == [("口径。", "税务局的答复。")]
