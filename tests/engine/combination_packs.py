"""A small pack whose policies collide in every way, and a registry in which much is unknown."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from tests.house.tree import plant
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io.registry import Registry, dictionary_sha256
from zhida.values.temporal import Date

KEY = "代码"
DAY = Date(2026, 6, 30)
DICTIONARY = f"""# 企业

| 属性 | 类型 | 单位 | 常见范围 | 来源 | 可自报 |
|---|---|---|---|---|---|
| {KEY} | string | | | | |
| 企业名称 | string | | | | |
| 合同额 | number | 元 | 0..1000000 | | 是 |
| 研发费用 | number | 元 | 0..1000000 | | |
| 人数 | number | | 0..1000 | | |
| 高新 | boolean | | | | |
| 突出贡献 | boolean | | | 人工认定 | |
| 成立日期 | date | | | | |
"""
POLICY = """---
policy: demo/{name}
title: {title}
in_force: 2025-01-01/..
subject: enterprise
gives: {gives}
eligible: 符合
{rest}checked: {{on: 2026-01-01, by: recalled}}
---

```feel 符合: boolean
{eligible}
```
"""
AMOUNT = """
```feel 金额: number
{amount}
```
"""
POLICIES: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("voucher", "算力券", "voucher", "合同额 > 100", "0.5 * 合同额", "2026-06-01/2026-09-30"),
    ("match", "配套券", "voucher", "高新", "0.4 * 合同额", "2026-06-01/2026-07-31"),
    ("small", "小微优惠", "tax", "人数 <= 20", "10 * 人数", ""),
    ("high", "高新优惠", "tax", "高新", "0.1 * 研发费用", ""),
    ("award", "贡献奖", "cash", "突出贡献", "500", ""),
    ("first", "一档奖", "cash", "研发费用 > 100", "100", ""),
    ("second", "二档奖", "cash", "研发费用 > 200", "250", ""),
    ("title", "称号", "service", "人数 > 5", "", ""),
    ("bonus", "称号奖金", "cash", "高新 or 人数 > 10", "300", ""),
    ("late", "去年的补助", "cash", "人数 > 0", "40", "2025-01-01/2025-12-31"),
    ("free", "不相干的补助", "cash", "人数 > 3", "1 + 人数", ""),
    ("founded", "初创补助", "cash", 'if 成立日期 > date("2025-01-01") then true else null', "60", ""),
)
STACKING = """# 叠加

| 叠加 | 规则 | 政策 | 数额 | 依据 |
|---|---|---|---|---|
| 券合计 | 封顶 | demo/voucher、demo/match | `0.6 * 合同额` | 第一条 |
| 税收择一 | 择一 | demo/small、demo/high | | 第二条 |
| 奖励补差 | 补差 | demo/first、demo/second | | 第三条 |
| 先有称号 | 前提 | demo/title、demo/bonus | | 第四条 |
| 初创择高 | 择高 | demo/founded、demo/bonus | | 第五条 |
| 贡献上限 | 封顶 | demo/award、demo/free | `if 高新 then 人数 * 30 else null` | 第六条 |
"""


def packs_in(folder: Path, stacking: str = STACKING) -> Packs:
    """Return the pack, written and read."""
    files = {"packs/demo/registry/enterprise.md": DICTIONARY, "packs/demo/stacking.md": stacking}
    for name, title, gives, eligible, amount, window in POLICIES:
        rest = ("amount: 金额\nrounding: {scale: 2, mode: down}\n" if amount else "") + (f"window: {window}\n" if window else "")
        text = POLICY.format(name=name, title=title, gives=gives, rest=rest, eligible=eligible)
        files[f"packs/demo/policies/{name}.md"] = text + (AMOUNT.format(amount=amount) if amount else "")
    packs = load_packs(plant(folder, files) / "packs")
    assert not [item for item in packs.diagnostics if item.severity.value == "error"], [item.render() for item in packs.diagnostics]
    return packs


def frame_of(rows: int, seed: int = 3) -> pl.DataFrame:
    """Return a registry in which one value in six is unknown."""
    dice = Random(seed)  # noqa: S311

    def some(value: Any) -> Any:  # noqa: ANN401 - the value of any column
        return None if dice.random() < 1 / 6 else value

    def numbers(values: tuple[int, ...], scale: int) -> pl.Series:
        return pl.Series([some(Decimal(dice.choice(values))) for _ in range(rows)], dtype=pl.Decimal(38, scale))

    return pl.DataFrame({
        KEY: [f"E{place:05}" for place in range(rows)],
        "企业名称": [f"企业{place}" for place in range(rows)],
        "合同额": numbers((0, 100, 1001, 5000), 2),
        "研发费用": numbers((0, 150, 300, 9000), 2),
        "人数": numbers((0, 4, 8, 20, 30), 6),
        "高新": [some(dice.random() < 0.5) for _ in range(rows)],
        "突出贡献": [dice.choice((None, True, False)) for _ in range(rows)],
        "成立日期": [some(dt.date(dice.choice((2020, 2026)), 1, 1)) for _ in range(rows)],
    })  # fmt: skip


def registry_of(packs: Packs, rows: int, seed: int = 3) -> Registry:
    """Return the registry in memory."""
    digest = dictionary_sha256(packs.dictionaries["enterprise"])
    metadata = {"zhida.key": KEY, "zhida.subject": "enterprise", "zhida.dictionary_sha256": digest, "zhida.known_at": "2026-06-30"}
    return Registry(KEY, frame_of(rows, seed), metadata, dictionary_differs=False)


def received_frame(rows: list[tuple[str, str, int, dt.date, str]]) -> pl.DataFrame:
    """Return payments as they are read from a sheet."""
    names = ("主体", "政策", "amount_fen", "日期", "事项")
    types = (pl.String, pl.String, pl.Int64, pl.Date, pl.String)
    return pl.DataFrame(
        {name: pl.Series([row[place] for row in rows], dtype=type_) for place, (name, type_) in enumerate(zip(names, types, strict=True))}
    )
