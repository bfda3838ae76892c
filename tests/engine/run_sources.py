"""What the tests of runs share: a small pack, a registry in small row groups, and the files that a run leaves."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from tests.house.tree import plant
from zhida.assess.order import Plan, RunOrder
from zhida.assess.run import Progress, run
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io.sources import Source, open_source
from zhida.values.temporal import Date

KEY = "统一社会信用代码"
DAY = Date(2026, 6, 30)
ROWS, GROUP = 240, 20
DICTIONARY = f"""# 企业

| 属性 | 类型 | 单位 | 常见范围 | 可空 | 取值 |
|---|---|---|---|---|---|
| {KEY} | string | | | | |
| 企业名称 | string | | | | |
| 单位类型 | string | | | | 企业、其他 |
| 成立日期 | date | | | 是 | |
| 从业人员 | number | 人 | 0..1000000 | | |
| 营业收入 | number | 元 | 0..1000000000000 | | |
| 季末从业人数 | list<number> | 人 | | | |
| 高新企业 | boolean | | | | |
"""
HEAD = """---
policy: demo/{name}
title: 示例{name}
in_force: 2025-01-01/..
subject: enterprise
gives: cash
{goals}
checked: {{on: 2026-01-01, by: recalled}}
---

"""
JOBS = """```feel 符合: boolean
单位类型 = "企业" and 成立日期 < date("2024-01-01")
```

```feel 补贴: number
(if 高新企业 then 0.02 else 0.01) * 营业收入 * {rate} / 1000
```
"""
SIZE = """```feel 大: boolean
营业收入 > 5000000 or mean(季末从业人数) > 60
```
"""


def texts(rate: int = 1000) -> dict[str, str]:
    """Return the files of the pack."""
    goals = "eligible: 符合\namount: 补贴\nrounding: {scale: 0, mode: down}"
    return {
        "demo/registry/enterprise.md": DICTIONARY,
        "demo/policies/jobs.md": HEAD.format(name="jobs", goals=goals) + JOBS.format(rate=rate),
        "demo/policies/size.md": HEAD.format(name="size", goals="eligible: 大") + SIZE,
    }


def packs_in(folder: Path, rate: int = 1000) -> Packs:
    """Return the pack, written and read."""
    packs = load_packs(plant(folder, texts(rate)))
    assert not packs.diagnostics, packs.diagnostics
    return packs


def frame(rows: int = ROWS, seed: int = 7) -> pl.DataFrame:
    """Return a registry with unknowns, a known absence here and there, and lists with nulls."""
    random = Random(seed)  # noqa: S311 - nothing is secret

    def some(value: Any) -> Any:  # noqa: ANN401 - the value of any column
        return None if random.random() < 0.1 else value

    absent = [random.random() < 0.05 for _ in range(rows)]
    founded = [None if is_absent else some(dt.date(random.randint(2019, 2026), 3, 1)) for is_absent in absent]
    quarters = [some([some(Decimal(random.randint(0, 120))) for _ in range(4)]) for _ in range(rows)]
    return pl.DataFrame({
        KEY: [f"91330100MA{place:08}" for place in range(rows)],
        "企业名称": [f"某某{place % 17}公司" for place in range(rows)],
        "单位类型": [some(random.choice(["企业", "其他"])) for _ in range(rows)],
        "成立日期": founded,
        "成立日期:absent": absent,
        "从业人员": pl.Series([some(Decimal(random.randint(0, 500))) for _ in range(rows)], dtype=pl.Decimal(38, 0)),
        "营业收入": pl.Series([some(Decimal(random.randint(0, 10**9)).scaleb(-2)) for _ in range(rows)], dtype=pl.Decimal(38, 2)),
        "季末从业人数": pl.Series(quarters, dtype=pl.List(pl.Decimal(38, 0))),
        "高新企业": [some(random.random() < 0.3) for _ in range(rows)],
    })  # fmt: skip


def order_of(packs: Packs, **changes: object) -> RunOrder:
    """Return the order of all policies for all subjects, with one thread unless another number is given."""
    given = {"workers": 1, "registry": "registry"} | changes
    return RunOrder(packs, tuple(packs.policies), packs.dictionaries["enterprise"], DAY, **given)  # type: ignore[arg-type]


def write_source(path: Path, rows: pl.DataFrame, group: int = GROUP) -> Path:
    """Write a registry in small row groups, each of which is a part."""
    rows.write_parquet(path, row_group_size=group)
    return path


def opened(order: RunOrder, path: Path, rows_per_part: int = 100_000) -> Source:
    """Return a file as a source."""
    return open_source(str(path), order.dictionary, rows_per_part=rows_per_part)


def run_into(order: RunOrder, source: Source, folder: Path) -> Progress:
    """Run an order into a folder, with something beside the results; returns how it went."""
    folder.mkdir(exist_ok=True)
    progress = Progress()
    plan = Plan(100_000, order.workers or 2)
    run(order, plan, source, folder, progress, lambda results: beside(results.beside, results.summary.subjects))
    return progress


def beside(folder: Path, subjects: int) -> None:
    """Write what stands beside the results."""
    (folder / "summary.json").write_text(f"{subjects}\n", encoding="utf-8")
