"""How fast the smallest change is found that would make each enterprise eligible, for all enterprises and policies.

    python benchmarks/next_timed.py                    1,000,000 enterprises, 30 policies
    python benchmarks/next_timed.py --rows 100000      fewer
    python benchmarks/next_timed.py --packs            the enterprises of the demonstration, all policies of packs/

Enterprises and policies are drawn from a seed. The policies are like those of packs/: lines on attributes, on ratios of two, a
second and a third condition beside, alternatives, tables of bands, industries, dates; one enterprise in a hundred lacks a fact.
They are assessed part by part, which is not timed; steps are sought part by part, which is. A sample is compared with what the
specification says of each enterprise by itself.
"""

import argparse
import datetime as dt
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from goals import Goal, tell
from packs_timed import PACKS, demo_registry

from zhida.assess.columns import open_run
from zhida.assess.feeds import frame_at
from zhida.assess.population import with_population
from zhida.entitle.next.columns import FIELDS, Told
from zhida.entitle.next.finder import StepFinder
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io.registry import read_registry, row_facts
from zhida.values.temporal import Date

AS_OF = Date(2026, 6, 30)
ROWS, POLICIES, PART, SEED = 1_000_000, 30, 131_072, 8
GOAL_SECONDS, GOAL_BYTES = 20.0, 2 * 2**30
SAMPLE = 200
"""Rows of each policy that are compared with the specification."""

DICTIONARY = """# 生成的数据字典

| 属性 | 类型 | 单位 | 常见范围 | 来源 | 可自报 | 取值 | 小数位 | 可动 | 单价 |
|---|---|---|---|---|---|---|---|---|---|
| 代码 | string | | | 测试 | 否 | | | | |
| 街道 | string | | | 测试 | 否 | 甲、乙、丙、丁、戊、己 | | | |
| 行业 | string | | | 测试 | 否 | 工业、软件、批发、零售、餐饮、其他 | | | |
| 成立日期 | date | | | 测试 | 否 | | | | |
| 失信 | boolean | | | 测试 | 否 | | | | |
| 上云 | boolean | | | 测试 | 是 | | | 升降 | |
| 从业人员 | number | 人 | 0..1000000 | 测试 | 是 | | 0 | 升 | |
| 科技人员 | number | 人 | 0..1000000 | 测试 | 是 | | 0 | 升 | |
| 营业收入 | number | 元 | 0..1000000000000 | 测试 | 是 | | 2 | 升 | |
| 研发费用 | number | 元 | 0..1000000000000 | 测试 | 是 | | 2 | 升 | 1 |
| 设备投入 | number | 元 | 0..1000000000000 | 测试 | 是 | | 2 | 升 | 1 |
| 负债总额 | number | 元 | 0..1000000000000 | 测试 | 是 | | 2 | 降 | |
| 资产总额 | number | 元 | 0..1000000000000 | 测试 | 是 | | 2 | | |
| 用能 | number | 吨 | 0..1000000000 | 测试 | 是 | | 2 | 降 | |
"""

SHAPES = (
    "从业人员 >= {staff} and 失信 = false",
    "营业收入 >= {sales} and 从业人员 >= {staff}",
    "研发费用 / 营业收入 >= {share} and 失信 = false",
    "研发费用 / 营业收入 >= {share} and 科技人员 / 从业人员 >= {part}",
    '行业 in ("工业", "软件") and 研发费用 >= {spent} and 成立日期 <= 评估日 - @"P1Y"',
    "(营业收入 >= {sales} or 研发费用 >= {spent}) and 负债总额 <= 0.6 * 资产总额",
    "设备投入 >= {spent} and 用能 / 营业收入 <= {use} and 上云",
    "(评估日 - 成立日期).days >= 365 and 科技人员 >= {few} and 营业收入 > {sales}",
    "得分 >= 60 and 失信 = false",
    '行业 != "其他" and (设备投入 + 研发费用) / 营业收入 >= {share} and 从业人员 >= {few}',
)
SCORE = """
| F | 研发费用 | **研发分: number** |
|---|---|---|
| 1 | >= 5000000 | 40 |
| 2 | >= 1000000 | 30 |
| 3 | >= 200000 | 15 |
| 否则 | - | 0 |

| F | 科技人员 | **人才分: number** |
|---|---|---|
| 1 | >= 50 | 40 |
| 2 | >= 10 | 30 |
| 3 | >= 3 | 15 |
| 否则 | - | 0 |

```feel 得分: number
研发分 + 人才分
```
"""


def write_pack(folder: Path) -> Packs:
    """Write the pack and read it."""
    for below in ("policies", "registry"):
        (folder / "bench" / below).mkdir(parents=True, exist_ok=True)
    (folder / "bench/registry/enterprise.md").write_text(DICTIONARY, encoding="utf-8")
    draw = np.random.Generator(np.random.PCG64(SEED))
    for number in range(POLICIES):
        text = SHAPES[number % len(SHAPES)].format(
            staff=int(draw.integers(2, 30)) * 10,
            few=int(draw.integers(3, 30)),
            sales=int(draw.integers(1, 60)) * 1_000_000,
            share=f"0.0{draw.integers(2, 9)}",
            part=f"0.{draw.integers(1, 4)}",
            spent=int(draw.integers(2, 60)) * 100_000,
            use=f"0.00{draw.integers(1, 9)}",
        )
        head = (
            f"---\npolicy: bench/p{number:02}\ntitle: 生成的政策 {number}\nin_force: 2026-01-01/..\nsubject: enterprise\ngives: cash\n"
            "eligible: 符合\namount: 金额\nrounding: {scale: 2, mode: down}\nchecked: {on: 2026-06-30, by: recalled, note: 生成}\n---\n\n"
            f"# 生成的政策 {number}\n\n## 第一条\n\n生成的条件。\n\n"
        )
        body = f"{SCORE if '得分' in text else ''}\n```feel 符合: boolean\n{text}\n```\n\n```feel 金额: number\n{number + 1} * 1000\n```\n"
        (folder / f"bench/policies/p{number:02}.md").write_text(head + body, encoding="utf-8")
    packs = load_packs(folder)
    wrong = [item.render() for item in packs.diagnostics if item.severity == "error"]
    assert not wrong, wrong
    return packs


def frame_of(start: int, rows: int) -> pl.DataFrame:
    """Return some enterprises; a larger registry begins with the rows of a smaller one."""
    draw = np.random.Generator(np.random.PCG64([SEED, start]))

    def spread(low: int, high: int) -> np.ndarray:
        """Return numbers of all sizes between two powers of two."""
        bits = draw.integers(low, high, rows)
        return (np.int64(1) << bits) + (draw.random(rows) * (np.int64(1) << bits)).astype(np.int64)

    def lacking(values: np.ndarray, dtype: pl.DataType) -> pl.Series:
        given = pl.Series(values).cast(pl.Int64)
        series = given.cast(dtype) if dtype == pl.Decimal(38, 0) else (given.cast(pl.Decimal(38, 2)) / 100).cast(dtype)
        return pl.select(pl.when(pl.Series(draw.random(rows) >= 0.01)).then(series)).to_series()

    money, count = pl.Decimal(38, 2), pl.Decimal(38, 0)
    staff = spread(0, 10)
    sales = spread(21, 35)
    first = dt.date(2005, 1, 1)
    columns = {
        "代码": pl.Series([f"E{place:07}" for place in range(start, start + rows)]),
        "街道": pl.Series(np.array(list("甲乙丙丁戊己"))[draw.integers(0, 6, rows)]),
        "行业": pl.Series(np.array(["工业", "软件", "批发", "零售", "餐饮", "其他"])[draw.integers(0, 6, rows)]),
        "成立日期": pl.Series(draw.integers(0, 7_850, rows)).cast(pl.Int32).cast(pl.Date) + (first - dt.date(1970, 1, 1)),
        "失信": pl.Series(draw.random(rows) < 0.02),
        "上云": pl.Series(draw.random(rows) < 0.4),
        "从业人员": lacking(staff, count),
        "科技人员": lacking((staff * draw.random(rows) * 0.4).astype(np.int64), count),
        "营业收入": lacking(sales, money),
        "研发费用": lacking((sales * draw.random(rows) * 0.1).astype(np.int64), money),
        "设备投入": lacking((sales * draw.random(rows) * 0.1).astype(np.int64), money),
        "负债总额": lacking((sales * draw.random(rows)).astype(np.int64), money),
        "资产总额": lacking(sales, money),
        "用能": lacking((sales * draw.random(rows) * 0.01).astype(np.int64), money),
    }
    return pl.DataFrame(columns)


def parts(rows: int) -> Iterator[pl.DataFrame]:
    """Yield the parts of the registry."""
    for start in range(0, rows, PART):
        yield frame_of(start, min(PART, rows - start))


def differences(finder: StepFinder, frame: pl.DataFrame, results: pa.Table, table: pa.Table) -> int:
    """Return in how many of some rows the columns and the specification differ."""
    found = 0
    at = frame_at(frame, finder.as_of)
    for each in finder.finders:
        lacking = np.flatnonzero(each.lacking(results))
        rows = lacking[:: max(len(lacking) // SAMPLE, 1)][:SAMPLE].tolist()
        told = Told(frame.height)
        for row in rows:
            told.tell(row, each.seeker.steps(row_facts(at.columns, at.row(row))), each.scales)
        for name, column in zip(FIELDS, told.columns(), strict=True):
            given = table.column(f"{each.policy}:{name}").to_pylist()
            said = column.to_pylist()
            found += sum(given[row] != said[row] for row in rows)
    return found


def drawn(rows: int, *, compares: bool) -> dict[str, float]:
    """Return the seconds of all parts, the processor's too, the rows that have a step, and the memory."""
    with tempfile.TemporaryDirectory() as folder:
        packs = write_pack(Path(folder))
    policies = list(packs.policies)
    run = open_run(packs, policies, as_of=AS_OF, key="代码")
    finder = StepFinder(packs, policies, as_of=AS_OF)
    seconds = busy = steps = lacking = differ = 0.0
    for frame in parts(rows):
        results = run.decide(frame)
        start, cpu = time.perf_counter(), time.process_time()
        table = finder.find(frame, results)
        seconds += time.perf_counter() - start
        busy += time.process_time() - cpu
        steps += sum(frame.height - table.column(f"{policy}:steps").null_count for policy in policies)
        lacking += sum(int(each.lacking(results).sum()) for each in finder.finders)
        if compares:
            differ += differences(finder, frame, results, table)
            compares = False
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    told = {"seconds": seconds, "processor": busy, "steps": steps, "lacking": lacking, "differ": differ, "bytes": memory}
    return told | {"interpreted": finder.interpreted}


def of_packs(*, compares: bool) -> dict[str, float]:
    """Return the same for the enterprises of the demonstration and all policies of packs/."""
    packs = load_packs(PACKS)
    policies = [policy for policy in packs.policies if packs.policies[policy].front.subject == "enterprise"]
    with tempfile.TemporaryDirectory() as folder:
        registry = read_registry(demo_registry(Path(folder)), packs.dictionaries["enterprise"])
    registry, _ = with_population(packs, policies, registry, AS_OF)
    results = open_run(packs, policies, as_of=AS_OF, key=registry.key).decide(registry.frame)
    finder = StepFinder(packs, policies, as_of=AS_OF)
    start, cpu = time.perf_counter(), time.process_time()
    table = finder.find(registry.frame, results)
    seconds, busy = time.perf_counter() - start, time.process_time() - cpu
    steps = sum(registry.frame.height - table.column(f"{policy}:steps").null_count for policy in policies)
    differ = differences(finder, registry.frame, results, table) if compares else 0
    return {"seconds": seconds, "processor": busy, "steps": steps, "differ": differ, "interpreted": finder.interpreted}


def tell_goals(rows: int, found: dict[str, float]) -> None:
    """Tell how it stands with what the project promises."""
    tell(
        Goal(
            f"{rows:,} 户企业、{POLICIES} 项政策，每户每项差哪一步（判定之后）",
            found["seconds"],
            GOAL_SECONDS,
            (1.0, "s"),
            f"the smallest change for {rows:,} enterprises and {POLICIES} policies",
        )
    )
    tell(Goal("　其间内存最多", found["bytes"] / 2**30, GOAL_BYTES / 2**30, (1.0, "GiB"), "memory at most, meanwhile"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--packs", action="store_true")
    parser.add_argument("--no-compare", action="store_true")
    given = parser.parse_args(arguments)
    found = of_packs(compares=not given.no_compare) if given.packs else drawn(given.rows, compares=not given.no_compare)
    for name, number in found.items():
        print(f"{name:12} {number:,.1f}")
    assert not found.get("differ"), "the columns are not what the specification says"
    if not given.packs:
        tell_goals(given.rows, found)


if __name__ == "__main__":
    main()
