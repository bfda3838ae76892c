"""What the tests of simulations share: packs with a threshold, a cap and a parameter, and a registry in small row groups."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from tests.house.tree import plant
from zhida.assess.assessment import Assessment, Extent, Outcome
from zhida.entitle.simulation.changes import packs_after, read_changes
from zhida.entitle.simulation.costing import Costing
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io.registry import Facts, dictionary_sha256, row_facts
from zhida.registry_io.sources import Source, open_source
from zhida.values.temporal import Date

KEY = "统一社会信用代码"
DAY = Date(2026, 6, 30)
ROWS, GROUP = 400, 64
VOUCHER, AWARD, SIZE, RELIEF = "demo/voucher", "demo/award", "demo/size", "demo/relief"
DICTIONARY = f"""# 企业

| 属性 | 类型 | 单位 | 常见范围 | 可空 | 取值 |
|---|---|---|---|---|---|
| {KEY} | string | | | | |
| 企业名称 | string | | | | |
| 行业代码 | string | | | | |
| 街道 | string | | | | |
| 从业人员 | number | 人 | 0..1000000 | | |
| 合同额 | number | 元 | 0..1000000000000 | | |
| 高新企业 | boolean | | | | |
"""
PARAMETERS = """# 参数

| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 | 核对 |
|---|---|---|---|---|---|---|---|
| 奖励标准 | number | 元 | 50000 | 2026-01-01/.. | 示例 | official | |
| 减免比例 | number | 1 | 0.1 | 2026-01-01/.. | 示例 | official | |
| 示例文字 | string | | "甲" | 2026-01-01/.. | 示例 | official | |
"""
STACKING = """# 叠加

| 叠加 | 规则 | 政策 | 数额 | 依据 | 说明 |
|---|---|---|---|---|---|
| 券与奖 | 封顶 | demo/voucher、demo/award | 0.4 * 合同额 | 第九条 | |
"""
CODES = "# {}\n\n| 代码 | 名称 | 说明 |\n|---|---|---|\n"
HEAD = """---
policy: {id}
title: {title}
in_force: 2025-01-01/..
subject: enterprise
gives: {gives}
{goals}
checked: {{on: 2026-01-01, by: recalled}}
---

"""
SIZES = """## 第一条 划型

| F | 从业人员 | **企业规模: string** | *依据* |
|---|---|---|---|
| 1 | >= 300 | "大型" | 第一条 |
| 2 | < 300 | "小型" | 第一条 |
"""
VOUCHERS = """## 第二条 支持对象

```feel 可领: boolean
合同额 > 0
```

## 第三条 标准

| F | 企业规模 | 合同额 | **券比例: number** | *依据* |
|---|---|---|---|---|
| 1 | "小型" | (0..500000] | {ratio} | 第三条（一） |
| 2 | - | > 500000 | 0.3 | 第三条（二） |
| 否则 | - | - | 0.2 | |

```feel 券金额: number
min(合同额 * 券比例, 800000)
```

## 例

| 例 | 企业规模 | 合同额 | **券金额** |
|---|---|---|---|
| 1#1 | "小型" | 500000 | 250000 |
| 1#2 | "大型" | 1000000 | 300000 |
"""
AWARDS = """## 第四条

```feel 高新: boolean
高新企业
```

```feel 奖金: number
奖励标准
```
"""
RELIEFS = """## 第五条

```feel 可减: boolean
合同额 >= 100000
```

```feel 减免额: number
合同额 * 减免比例
```
"""


def sure_fen(told: Assessment) -> int:
    """Return what the interpreter gives for sure: the least of all possible answers where each of them gives something."""
    if told.outcome is Outcome.ELIGIBLE:
        return told.amount_fen or 0
    is_sure = told.outcome is Outcome.UNDETERMINED and told.possible_are is not Extent.AT_LEAST
    is_sure = is_sure and all(answer.outcome is Outcome.ELIGIBLE for answer in told.possible)
    return min(answer.amount_fen or 0 for answer in told.possible) if is_sure else 0


def policy_text(id_: str, title: str, gives: str, goals: str, body: str) -> str:
    """Return a policy."""
    return HEAD.format(id=id_, title=title, gives=gives, goals=goals) + body


def voucher(ratio: str = "0.5", more: str = "") -> str:
    """Return the policy that most changes are made to."""
    goals = "eligible: 可领\namount: 券金额\nrounding: {scale: 2, mode: down}\nuses: [demo/size]\npublishes: [券比例]\n"
    goals += f"budget: {{year: 2026, amount: 10000000, order: first-come}}{more}"
    return policy_text(VOUCHER, "示例券", "voucher", goals, VOUCHERS.format(ratio=ratio))


def texts() -> dict[str, str]:
    """Return the files of the packs."""
    return {
        "demo/registry/enterprise.md": DICTIONARY,
        "demo/codes/gb4754-divisions.md": CODES.format("大类") + "| 39 | 电子 | 门类 C 制造业 |\n| 65 | 软件 | 门类 I 信息 |\n",
        "demo/codes/gb4754-sections.md": CODES.format("门类") + "| C | 制造业 | |\n| I | 信息业 | |\n",
        "demo/parameters.md": PARAMETERS,
        "demo/stacking.md": STACKING,
        "demo/policies/size.md": policy_text(SIZE, "示例划型", "status", "result: 企业规模\npublishes: [企业规模]", SIZES),
        "demo/policies/voucher.md": voucher(),
        "demo/policies/award.md": policy_text(AWARD, "示例奖", "cash", "eligible: 高新\namount: 奖金", AWARDS),
        "demo/policies/relief.md": policy_text(RELIEF, "示例减免", "tax", "eligible: 可减\namount: 减免额", RELIEFS),
    }


def packs_in(folder: Path) -> Packs:
    """Return the packs, written and read."""
    packs = load_packs(plant(folder, texts()))
    assert not packs.diagnostics, packs.diagnostics
    return packs


def frame(rows: int = ROWS, seed: int = 7) -> pl.DataFrame:
    """Return a registry in which something is unknown here and there."""
    random = Random(seed)  # noqa: S311 - nothing is secret

    def some(value: Any) -> Any:  # noqa: ANN401 - the value of any column
        return None if random.random() < 0.06 else value

    contracts = [some(Decimal(random.choice((0, 50_000, 500_000, random.randint(1, 4_000_000))))) for _ in range(rows)]
    return pl.DataFrame({
        KEY: [f"91330100MA{place:08}" for place in range(rows)],
        "企业名称": [f"某某{place}公司" for place in range(rows)],
        "行业代码": [some(random.choice(("3922", "39", "6510", "99"))) for _ in range(rows)],
        "街道": [some(random.choice(("东街", "西街"))) for _ in range(rows)],
        "从业人员": pl.Series([some(Decimal(random.choice((10, 299, 300, 900)))) for _ in range(rows)], dtype=pl.Decimal(38, 0)),
        "合同额": pl.Series(contracts, dtype=pl.Decimal(38, 2)),
        "高新企业": [some(random.random() < 0.4) for _ in range(rows)],
    })  # fmt: skip


def registry_in(folder: Path, packs: Packs, rows: int = ROWS) -> Path:
    """Write the registry in small row groups, each of which is a part, and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    metadata = {
        "zhida.key": KEY,
        "zhida.subject": "enterprise",
        "zhida.dictionary_sha256": dictionary_sha256(packs.dictionaries["enterprise"]),
        "zhida.synthetic": "true",
        "zhida.known_at": "2026-06-30",
    }
    frame(rows).write_parquet(folder / "registry.parquet", row_group_size=GROUP, metadata=metadata)
    return folder


def source_of(packs: Packs, folder: Path) -> Source:
    """Return the registry as a source."""
    return open_source(str(folder), packs.dictionaries["enterprise"], rows_per_part=GROUP)


def changed(packs: Packs, root: Path, folder: Path, files: dict[str, str]) -> Packs:
    """Return the packs with some files of the pack as they would be."""
    plant(folder, files)
    return packs_after(packs, root, read_changes([folder / name for name in files], packs))


def facts_of_all() -> Iterator[tuple[str, Facts]]:
    """Yield each subject with the facts that are known of it."""
    rows = frame()
    for row in rows.iter_rows():
        yield row[0], row_facts(rows.columns, row)


def costing_of(packs: Packs, source: Source) -> Costing:
    """Return what decides costs."""
    return Costing(source, packs.dictionaries["enterprise"], DAY, 2)
