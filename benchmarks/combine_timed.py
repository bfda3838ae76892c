"""How fast the best lawful combinations of a registry are found, after its assessment.

    python benchmarks/combine_timed.py                    1,000,000 subjects × 30 policies, 12 rows of stacking
    python benchmarks/combine_timed.py --rows 100000      fewer subjects
    python benchmarks/combine_timed.py --folder build/x   keep what was drawn and assessed, and take it up again

Drawn from a seed: facts of enterprises, about one in a hundred unknown; thirty policies that a third of them is eligible for; rows of
every rule, caps by figure, nested and crossing. The assessment is not timed; combining is, from files to files, with everything that
`zhida combine` writes but the page. A sample is combined by the specification's solver one subject at a time, and must be the same.
"""

import argparse
import resource
import tempfile
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from goals import Goal, tell

from zhida.assess.order import RunOrder, plan_parts, processors
from zhida.assess.run import run
from zhida.entitle.best.columns import Combiner
from zhida.entitle.best.registry import CombineRun, Outputs, read_results
from zhida.entitle.best.solver import best
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io.results import result_files
from zhida.registry_io.sources import open_source
from zhida.values.temporal import Date

DAY = Date(2026, 6, 30)
ROWS, POLICIES, GROUP = 1_000_000, 30, 131_072
SEED = 8
SAMPLE = 1_000
SECONDS, GIGABYTES = 10, 2
UNKNOWN = 100
"""One value in so many is not known."""
FACTS = {"合同额": 5_000_000, "研发费用": 3_000_000, "营业收入": 40_000_000, "社保费": 400_000}
"""Attributes in yuan, and the greatest value of most."""
STACKING = """# 叠加

| 叠加 | 规则 | 政策 | 数额 | 依据 |
|---|---|---|---|---|
| 券合计 | 封顶 | demo/p00、demo/p01、demo/p02 | `0.3 * 合同额` | 第一条 |
| 券与补贴合计 | 封顶 | demo/p00、demo/p01、demo/p02、demo/p03 | `max(100000, 0.4 * 合同额)` | 第二条 |
| 研发合计 | 封顶 | demo/p04、demo/p05 | 300000 | 第三条 |
| 税率 | 择一 | demo/p06、demo/p07 | | 第四条 |
| 用工 | 择高 | demo/p08、demo/p09、demo/p10 | | 第五条 |
| 贴息 | 择高 | demo/p11、demo/p12 | | 第六条 |
| 奖励 | 补差 | demo/p13、demo/p14、demo/p15 | | 第七条 |
| 认定在先 | 前提 | demo/p16、demo/p17 | | 第八条 |
| 一年两次 | 限次 | demo/p18、demo/p19、demo/p20 | 2 次/年 | 第九条 |
| 房租 | 择一 | demo/p21、demo/p22、demo/p23 | | 第十条 |
| 人才 | 封顶 | demo/p24、demo/p25 | `0.2 * 社保费` | 第十一条 |
| 稳岗 | 封顶 | demo/p25、demo/p26 | `0.15 * 社保费` | 第十二条 |
"""
POLICY = """---
policy: demo/{name}
title: 政策{name}
in_force: 2025-01-01/..
subject: enterprise
gives: {gives}
eligible: 符合
amount: 金额
window: 2026-01-01/2026-{month:02}-28
checked: {{on: 2026-01-01, by: recalled}}
---

```feel 符合: boolean
{fact} > {least}
```

```feel 金额: number
{part} * {fact}
```
"""


def write_pack(folder: Path) -> Packs:
    """Write thirty policies and twelve rows of stacking, and load them."""
    dice = np.random.default_rng(SEED)
    pack = folder / "packs" / "demo"
    (pack / "policies").mkdir(parents=True, exist_ok=True)
    (pack / "registry").mkdir(exist_ok=True)
    rows = "".join(f"| {name} | number | 元 | 0..1000000000000 |\n" for name in FACTS)
    head = "| 属性 | 类型 | 单位 | 常见范围 |\n|---|---|---|---|\n| 代码 | string | | |\n| 企业名称 | string | | |\n"
    (pack / "registry" / "enterprise.md").write_text(f"# 企业\n\n{head}{rows}", encoding="utf-8")
    names = list(FACTS)
    for place in range(POLICIES):
        fact = names[int(dice.integers(len(names)))]
        words = {
            "name": f"p{place:02}",
            "gives": ("cash", "tax", "voucher")[place % 3],
            "month": 7 + place % 6,
            "fact": fact,
            "least": int(FACTS[fact] * int(dice.integers(50, 85)) // 100),
            "part": f"0.{int(dice.integers(2, 30)):02}",
        }
        (pack / "policies" / f"p{place:02}.md").write_text(POLICY.format(**words), encoding="utf-8")
    (pack / "stacking.md").write_text(STACKING, encoding="utf-8")
    packs = load_packs(folder / "packs")
    assert not packs.diagnostics, [item.render() for item in packs.diagnostics]
    return packs


def write_registry(path: Path, rows: int) -> None:
    """Write a registry as plain Parquet."""
    dice = np.random.default_rng(SEED)
    schema = pa.schema([("代码", pa.string()), ("企业名称", pa.string()), *((name, pa.decimal128(38, 2)) for name in FACTS)])
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, rows, GROUP):
            count = min(GROUP, rows - start)
            codes = [f"E{place:08}" for place in range(start, start + count)]
            columns = [pa.array(codes), pa.array([f"企业{code}" for code in codes])]
            for most in FACTS.values():
                values = pa.array(dice.integers(0, most, count), mask=dice.integers(0, UNKNOWN, count) == 0)
                columns.append(values.cast(pa.decimal128(38, 2)))
            writer.write_table(pa.Table.from_arrays(columns, schema=schema), row_group_size=GROUP)


def prepare(folder: Path, rows: int) -> tuple[RunOrder, Path, Path]:
    """Draw a pack and a registry and assess it, unless that is there already."""
    packs = write_pack(folder)
    order = RunOrder(packs, tuple(packs.policies), packs.dictionaries["enterprise"], DAY, cache=folder / "cache")
    registry, results = folder / f"registry-{rows}.parquet", folder / f"results-{rows}"
    if not registry.exists():
        write_registry(registry, rows)
    results.mkdir(exist_ok=True)
    if not (results / "results.parquet").exists():
        plan = plan_parts(order)
        with closing(open_source(str(registry), order.dictionary, rows_per_part=plan.rows_per_part)) as source:
            run(order, plan, source, results)
    return order, registry, results


def one_by_one(order: RunOrder, registry: Path, results: Path) -> tuple[float, int]:
    """Return the seconds that the solver takes for a sample, and how many rows the columns answered otherwise."""
    plan = plan_parts(order)
    with closing(open_source(str(registry), order.dictionary, rows_per_part=plan.rows_per_part)) as source:
        part = source.parts[0]
        combiner = Combiner(order.packs, order.policies, as_of=DAY, key=source.key)
        table = read_results(result_files(results)[0], combiner.policies)
        count = min(SAMPLE, table.num_rows)
        batch = combiner.combine(source.read(part).head(count), table.slice(0, count))
    differing = 0
    start = time.perf_counter()
    for row in range(count):
        found = best(combiner.structure, batch.situations.one(row), DAY)
        paid, taken = tuple(batch.found.paid[:, row].tolist()), tuple(batch.found.taken[:, row].tolist())
        differing += (found.paid_fen, found.is_taken) != (paid, taken)
    return time.perf_counter() - start, differing


def main() -> None:
    """Measure, and say how it stands with the goals."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--threads", type=int, default=processors())
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        order, registry, results = prepare(folder, given.rows)
        start, busy = time.perf_counter(), time.process_time()
        plan = plan_parts(order)
        with closing(open_source(str(registry), order.dictionary, rows_per_part=plan.rows_per_part)) as source:
            job = CombineRun(order, source, results, None, given.threads)
            summary = job.run(Outputs(folder / "entitlements.parquet", None))
        seconds, processor = time.perf_counter() - start, time.process_time() - busy
        memory = Decimal(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1_000_000
        slow, differing = one_by_one(order, registry, results)
    share = Decimal(summary.figures.solved) * 100 / max(summary.subjects, 1)
    print(f"{summary.subjects:,} subjects × {POLICIES} policies, 12 rows of stacking, {given.threads} threads")
    print(
        f"combined in {seconds:.1f} s ({processor:.1f} s of processors), {summary.subjects / seconds:,.0f} rows/s, {memory:.2f} GB at most"
    )
    print(f"{summary.claimed_fen / 100:,.2f} yuan by themselves, {summary.total_fen / 100:,.2f} combined, {summary.open_subjects:,} open")
    print(f"to the solver: {summary.figures.solved:,} rows ({share:.4f} %)")
    count = min(SAMPLE, summary.subjects)
    print(f"one by one with the solver: {count:,} rows in {slow:.1f} s ({count / slow:,.0f} rows/s), {differing} otherwise")
    what, what_en = f"{summary.subjects:,} 户 × {POLICIES} 项的最优组合", f"best combinations of {summary.subjects:,} × {POLICIES}"
    tell(Goal(what, seconds, SECONDS, (1.0, "s"), what_en))
    print(f"memory within {GIGABYTES} GB: {memory <= GIGABYTES}; the same as one by one: {differing == 0}")


if __name__ == "__main__":
    main()
