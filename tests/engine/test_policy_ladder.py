"""Ladders and moves on pages: what is read, what is refused (golden files show the words), and what travels to other tools."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.engine.policy_texts import block, front, packs_of
from tests.packs import the_packs
from zhida.errors import has_errors
from zhida.policy.dictionary import parse_dictionary
from zhida.policy.interchange_export import export
from zhida.policy.interchange_import import import_definitions
from zhida.policy.pack import Packs
from zhida.source import Source

DICTIONARY = """# 企业

| 属性 | 类型 | 单位 | 历史 | 可动 | 单价 |
|---|---|---|---|---|---|
| 研发费用 | number | 元 | 年 | 升 | 1 |
| 从业人员 | number | 人 | | 升 | |
| 负债 | number | 元 | | 降 | 0.05 |
| 研发机构 | boolean | | | 升降 | |
| 证书到期日 | date | | | | |
"""
LADDER = """# 阶梯

## 成长

| 阶梯 | 政策 | 已获得 | 到期 | 之前 | 依据 | 说明 |
|---|---|---|---|---|---|---|
| 起步 | | `true` | | | | |
| 甲级 | demo/a | `证书到期日 >= 评估日 and 研发费用(1) > 0` | `证书到期日` | 起步 | 第一条 | 三年 |
"""


def ladder_packs(root: Path, ladder: str = LADDER) -> Packs:
    policy = front() + block("符合: boolean", "研发费用 >= 100")
    return packs_of(root, {"demo/registry/enterprise.md": DICTIONARY, "demo/policies/a.md": policy, "demo/ladder.md": ladder})


def test_a_ladder_has_the_name_of_its_heading_the_kind_of_its_policies_and_its_rungs_in_order(tmp_path: Path) -> None:
    packs = ladder_packs(tmp_path)
    assert packs.diagnostics == ()
    (ladder,) = packs.ladders
    assert (ladder.name, ladder.subject, [rung.name for rung in ladder.rungs]) == ("成长", "enterprise", ["起步", "甲级"])
    first, second = ladder.rungs
    assert (first.policy, first.before, first.until) == ("", (), None)
    assert (second.policy, second.before, second.article, second.note) == ("demo/a", ("起步",), "第一条", "三年")
    assert second.until is not None
    assert (second.held.text, second.until.text) == ("证书到期日 >= 评估日 and 研发费用(1) > 0", "证书到期日")


def test_caveats_on_the_page_are_kept_with_those_of_the_packs(tmp_path: Path) -> None:
    packs = ladder_packs(tmp_path, LADDER + "\n> 待确认：有效期凭记忆。\n> 核对：原文。\n")
    assert [caveat.text for caveat in packs.caveats] == ["有效期凭记忆。"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("| demo/a |", "| demo/b |", "ladder-policy"),
        ("| 起步 | 第一条", "| 起点 | 第一条", "ladder-before"),
        ("| 起步 | 第一条", "| 甲级、起步 | 第一条", ""),  # the row itself stands above nothing: see below
        ("`证书到期日` |", "`研发费用` |", "ladder-condition"),
        ("`true`", "", "ladder-condition"),
        ("| demo/a |", "| |", "ladder-subject"),
        ("| 阶梯 |", "| 级 |", "ladder-empty"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, old: str, new: str, code: str) -> None:
    packs = ladder_packs(tmp_path, LADDER.replace(old, new, 1))
    codes = {item.code for item in packs.diagnostics}
    assert codes == ({code} if code else {"ladder-before"})
    assert packs.ladders == ()


def test_the_ladders_of_the_packs_name_rungs_that_policies_in_force_recognise() -> None:
    packs = the_packs()
    assert not has_errors([item for item in packs.diagnostics if item.span and item.span.source.name.endswith("ladder.md")])
    names = [rung.name for ladder in packs.ladders for rung in ladder.rungs]
    assert names[:3] == ["初创企业", "科技型中小企业", "创新型中小企业"]
    assert "专精特新「小巨人」" in names
    assert "规模以上" in names


# --- which way an attribute moves ----------------------------------------------------------------------------------------


def test_moves_and_prices_are_read_of_numbers_and_booleans() -> None:
    items = parse_dictionary(Source("d.md", DICTIONARY), "enterprise").items
    assert {name: (item.movable, item.price) for name, item in items.items()} == {
        "研发费用": ("升", Decimal(1)),
        "从业人员": ("升", None),
        "负债": ("降", Decimal("0.05")),
        "研发机构": ("升降", None),
        "证书到期日": ("", None),
    }


def test_moves_and_prices_come_back_from_dmn(tmp_path: Path) -> None:
    packs = ladder_packs(tmp_path)
    definitions = export(packs.policies["demo/a"], packs).definitions
    page = import_definitions(definitions, "demo/a").dictionary
    items = parse_dictionary(Source("d.md", page), "enterprise").items
    assert (items["研发费用"].movable, items["研发费用"].price) == ("升", Decimal(1))


def test_only_spending_itself_is_priced_in_the_packs() -> None:
    items = the_packs().dictionaries["enterprise"].items
    priced = {name for name, item in items.items() if item.price is not None}
    assert all(items[name].unit == "元" and items[name].price == 1 for name in priced)
    assert "研发费用" in priced
    assert not {"从业人员", "营业收入", "境内研发费用"} & priced  # what they would cost nobody knows, or it is part of another
    unmoved = {"成立日期", "列入严重失信名单", "应纳税所得额", "平台评价得分", "资产总额"}
    assert not any(items[name].movable for name in unmoved)
