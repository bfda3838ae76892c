"""What the tests of years, lists, code lists and population facts share: one small pack, and imports of texts for it."""

from pathlib import Path

from tests.house.tree import plant
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io.importing import ImportResult, import_registry
from zhida.registry_io.mapping_reading import parse_mapping
from zhida.registry_io.registry import Registry, read_registry
from zhida.registry_io.writing import write_registry
from zhida.source import Source
from zhida.values.temporal import Date

DAY = Date(2026, 6, 30)
DICTIONARY = """# 企业

| 属性 | 类型 | 单位 | 常见范围 | 来源 | 可空 | 取值 | 小数位 | 历史 | 统计 |
|---|---|---|---|---|---|---|---|---|---|
| 代码 | string | | | | | | | | |
| 企业名称 | string | | | | | | | | |
| 区县 | string | | | | | | | | |
| 行业代码 | string | | | | | 代码表 divisions 前2位 | | | |
| 规上 | boolean | | | | | | | | |
| 研发费用 | number | 元 | 0..1000000000 | | | | 2 | 年 | |
| 营业收入 | number | 元 | 0..1000000000 | | | | 2 | 年 | |
| 证书到期日 | date | | | | 是 | | | 年 | |
| 专利 | list | | | | | | | | |
"""
ELEMENTS = """
| 属性：专利 | 类型 | 单位 | 可空 | 取值 |
|---|---|---|---|---|
| 编号 | string | | | |
| 类别 | string | | | 代码表 classes |
| 费用 | number | 元 | | |
| 到期日 | date | | 是 | |
| 用于产品 | boolean | | | |
"""
CODES = {
    "demo/codes/divisions.md": "| 代码 | 名称 |\n|---|---|\n| 65 | 软件 |\n| 13 | 食品 |\n",
    "demo/codes/classes.md": "| 代码 | 名称 |\n|---|---|\n| Ⅰ类 | 发明 |\n| Ⅱ类 | 其他 |\n",
}
HEAD = """---
policy: demo/{name}
title: 示例{name}
in_force: 2025-01-01/..
subject: enterprise
gives: {gives}
{goals}
checked: {{on: 2026-01-01, by: official}}
---

"""
GROWTH = """```feel 符合: boolean
研发费用 > 研发费用(1) and count(研发费用(0..2)[item > 0]) = 3
```

```feel 补贴: number
0.1 * sum(研发费用(0..2))
```
"""
PATENTS = """```feel 符合: boolean
count(专利[类别 = "Ⅰ类" and 用于产品]) >= 2
```
"""
MAP = """subject: enterprise
key: {attribute: 代码, check: none}
files:
  - name: 登记
    key: code
    columns: {企业名称: name}
"""


def policy(name: str, body: str, goals: str = "eligible: 符合", gives: str = "cash") -> dict[str, str]:
    """Return the file of a policy."""
    return {f"demo/policies/{name}.md": HEAD.format(name=name, goals=goals, gives=gives) + body}


GROWTH_POLICY = policy("growth", GROWTH, "eligible: 符合\namount: 补贴\nrounding: {scale: 2, mode: half_up}")
PATENTS_POLICY = policy("patents", PATENTS)


def packs_in(folder: Path, *policies: dict[str, str], rows: str = "") -> Packs:
    """Return a pack with some policies, written and read; `rows` are further rows of the dictionary."""
    files = {"demo/registry/enterprise.md": DICTIONARY + rows + ELEMENTS, **CODES}
    for each in policies or (GROWTH_POLICY, PATENTS_POLICY):
        files |= each
    packs = load_packs(plant(folder, files))
    assert not packs.diagnostics, [item.render() for item in packs.diagnostics]
    return packs


def imported(folder: Path, packs: Packs, mapping: str, **texts: str) -> ImportResult:
    """Write each text as NAME.csv, give them in that order, and import them."""
    paths = []
    for name, text in texts.items():
        path = folder / f"{name}.csv"
        path.write_text(text, encoding="utf-8", newline="")
        paths.append(path)
    return import_registry(parse_mapping(Source("mapping.yaml", mapping)), paths, packs.dictionaries["enterprise"])


def registry_of(folder: Path, packs: Packs, mapping: str, **texts: str) -> Registry:
    """Import texts, write the registry, and read it again."""
    write_registry(imported(folder, packs, mapping, **texts), folder / "registry")
    return read_registry(folder / "registry", packs.dictionaries["enterprise"])


STATISTICS = """| 区均研发 | number | 元 | | 统计局 | | | 2 | | 平均(研发费用) 按 区县 当 规上 |
| 得分名次 | number | | | 统计局 | | | 0 | | 名次(得分) 按 区县 当 规上 |
| 得分分位 | number | 1 | | 统计局 | | | 6 | | 分位(得分) |
| 区户数 | number | 户 | | 统计局 | | | 0 | | 户数() 按 区县 |
| 营收中位 | number | 元 | | 统计局 | | | 2 | | 中位(营业收入) |
| 营收合计 | number | 元 | | 统计局 | | | 2 | | 合计(营业收入) 按 区县 |
"""
"""Rows of the dictionary: population facts, one of which rests on a decision that rests on another."""

SCORE = """```feel 符合: boolean
得分名次 <= 2 or 得分分位 <= 0.25
```

```feel 得分: number
if 研发费用 > 区均研发 then 100 * 研发费用 / 营业收入 else 50 * 研发费用 / 营业收入
```
"""
SCORE_POLICY = policy("score", SCORE, "eligible: 符合\npublishes: [得分]")
TOTALS_POLICY = policy("totals", "```feel 符合: boolean\n营业收入 > 营收中位 and 营业收入 / 营收合计 > 0.2 and 区户数 > 2\n```\n")
