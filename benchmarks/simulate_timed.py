"""How long a changed threshold takes over 1,000,000 enterprises: both sides decided, combined and counted, from the files.

    python benchmarks/simulate_timed.py                   1,000,000 enterprises; the goal is 5 s, and 2 GB for the whole command
    python benchmarks/simulate_timed.py --rows 131072

The enterprises are those of the demonstration, drawn again and again with a seed, each time with other numbers. Three changes of the
packs as they are: one ratio of the compute vouchers (0.5 → 0.6), the contracts up to which it holds (500,000 → 600,000 yuan), and the
income up to which a company counts as small (3,000,000 → 3,300,000 yuan), on which four tax policies rest. Before anything is timed, the
figures of each change are held against a plain comparison of two runs of the interpreter over the first enterprises.
"""

import argparse
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from goals import Goal, tell
from packs_timed import PACKS, demo_registry

from zhida.assess.assessment import Assessment, Extent, Outcome
from zhida.assess.subject import assess_subject
from zhida.entitle.best.columns import Combiner
from zhida.entitle.simulation.changes import packs_after, read_changes
from zhida.entitle.simulation.comparing import Settings, compare_sides
from zhida.entitle.simulation.groupings import DEFAULT_GROUPINGS, groupings_of
from zhida.entitle.simulation.scenario import plan_scenario
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io.registry import read_registry
from zhida.registry_io.sources import open_source
from zhida.registry_io.writing import write_parquet
from zhida.values.temporal import Date

BUILD = Path(__file__).resolve().parents[1] / "build/bench"
ROWS = 1_000_000
SEED = 20260630
AS_OF = Date(2026, 6, 30)
SECONDS_GOAL, MEMORY_GOAL = 5.0, 2 * 1024**3
TURNS = 3
CHECKED = 300
"""Enterprises that are held against the interpreter."""


@dataclass(frozen=True)
class Change:
    """A change of one policy."""

    policy: str
    """The policy."""
    cells: tuple[tuple[str, str], ...]
    """What stands there, once, and what is written for it."""
    words: tuple[str, str]
    """What is changed, in Chinese and in English."""


CHANGES = (
    Change("hangzhou/compute-voucher", (("| - | - | 0.5 |", "| - | - | 0.6 |"),), ("改一个比例", "one ratio changed")),
    Change(
        "hangzhou/compute-voucher",
        (('| 2 | (0..500000] | "中型"', '| 2 | (0..600000] | "中型"'), ("| 3 | (0..500000] | null", "| 3 | (0..600000] | null")),
        ("改一条线", "one threshold changed"),
    ),
    Change(
        "national/small-profit-tax",
        (("| false | <= 3000000 |", "| false | <= 3300000 |"), ("| - | > 3000000 |", "| - | > 3300000 |")),
        ("改一条线，四项税惠都靠它", "one threshold changed on which four tax policies rest"),
    ),
)


def drawn_registry(demo: Path, folder: Path, rows: int) -> Path:
    """Write a registry of many enterprises, drawn from those of the demonstration, and return its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    given = pl.read_parquet(demo / "registry.parquet")
    metadata = {name: word for name, word in pl.read_parquet_metadata(demo / "registry.parquet").items() if name.startswith("zhida.")}
    key = metadata["zhida.key"]
    generator = np.random.default_rng(SEED)
    frame = given.select(name for name, type_ in given.schema.items() if not isinstance(type_, pl.List))
    frame = frame[generator.integers(0, frame.height, rows)]
    numbers = [name for name, type_ in frame.schema.items() if isinstance(type_, pl.Decimal) and name != key]
    moved = []
    for name in numbers:
        scale = frame.schema[name].scale
        values = frame[name].cast(pl.Int64 if scale == 0 else pl.Decimal(38, scale)).to_physical()
        factor = pl.Series(generator.integers(80, 126, rows), dtype=pl.Int64)
        if "比例" in name or "占比" in name:  # drawn as they are: they are codes of the law more than quantities
            continue
        whole = (values.cast(pl.Int128) * factor.cast(pl.Int128) // 100).cast(pl.Int64)
        moved.append(_decimal(name, whole, scale))
    keys = pl.Series(key, [f"9199{place:014d}" for place in range(rows)])
    write_parquet(frame.with_columns(keys, *moved), folder / "registry.parquet", metadata)
    return folder


def _decimal(name: str, whole: pl.Series, scale: int) -> pl.Series:
    """Return scaled integers as decimals: the point is put in by their digits, nothing is rounded."""
    if not scale:
        return whole.cast(pl.Decimal(38, 0)).alias(name)
    text = pl.col("value").abs().cast(pl.String).str.zfill(scale + 1)
    sign = pl.when(pl.col("value") < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    digits = pl.concat_str(sign, text.str.slice(0, text.str.len_chars() - scale), pl.lit("."), text.str.slice(text.str.len_chars() - scale))
    found = pl.DataFrame({"value": whole}).select(digits.str.to_decimal(scale=scale)).to_series()
    return found.cast(pl.Decimal(38, scale)).alias(name)


def changed_policy(folder: Path, change: Change) -> Path:
    """Write the policy as it would be."""
    text = (PACKS / f"{change.policy.replace('/', '/policies/')}.md").read_text(encoding="utf-8")
    for old, new in change.cells:
        assert text.count(old) == 1, f"{old} stands elsewhere by now"
        text = text.replace(old, new)
    path = folder / f"change-{CHANGES.index(change)}" / f"{change.policy.rpartition('/')[2]}.md"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


def check(registry: Path, path: Path, policy: str, changes: Path) -> None:
    """Hold the changes of the first enterprises against the interpreter."""
    packs = load_packs(PACKS)
    after = packs_after(packs, PACKS, read_changes([path], packs))
    read = read_registry(registry, packs.dictionaries["enterprise"])
    told = {row["统一社会信用代码"]: row for row in pl.read_parquet(changes).filter(pl.col("policy") == policy).iter_rows(named=True)}
    for code in read.codes[:CHECKED]:
        facts = read.subject(code)
        sides = [assess_subject(each, policy, facts, as_of=AS_OF) for each in (packs, after)]
        row, amounts = told.get(code), [sure_fen(side) for side in sides]
        assert (row is None) == (amounts[0] == amounts[1] and sides[0].outcome is sides[1].outcome), code
        assert row is None or [row["gross_fen_before"], row["gross_fen_after"]] == amounts, code


def sure_fen(told: Assessment) -> int:
    """Return what is given for sure: the least of all possible answers where each of them gives something."""
    if told.outcome is not Outcome.UNDETERMINED:
        return told.amount_fen or 0
    is_sure = told.possible_are is not Extent.AT_LEAST and all(each.outcome is Outcome.ELIGIBLE for each in told.possible)
    return min(each.amount_fen or 0 for each in told.possible) if is_sure else 0


def command(registry: Path, change: Path, out: Path, more: Sequence[str] = ()) -> tuple[float, int, dict[str, object]]:
    """Run the command; return its seconds, the most memory it took, and what it printed."""
    zhida = str(Path(sys.executable).with_name("zhida"))
    given = [zhida, "simulate", str(registry), "--change", str(change), "--packs", str(PACKS), "--as-of", str(AS_OF)]
    start = time.perf_counter()
    with subprocess.Popen([*given, "--out", str(out), "--json", *more], stdout=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.read())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "the command failed"
    return time.perf_counter() - start, usage.ru_maxrss * 1024, said


def environment() -> dict[str, str]:
    """Return the environment of the command: compiled plans are kept in a folder of the benchmark's own."""
    return {**os.environ, "ZHIDA_CACHE": str(BUILD / "simulate/cache")}


def main() -> None:
    """Draw, check, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    given = parser.parse_args()
    folder = BUILD / "simulate"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    demo = demo_registry(folder / "demo")
    few = drawn_registry(demo, folder / "few", CHECKED)
    paths = {change: changed_policy(folder, change) for change in CHANGES}
    for change, path in paths.items():
        command(few, path, folder / "out")
        check(few, path, change.policy, folder / "out/changes.parquet")
        print(f"{change.words[1]}: {CHECKED} enterprises agree with the interpreter", flush=True)
    # In a process of its own: what a child is said to have taken begins with what its parent held.
    drawn = multiprocessing.get_context("spawn").Process(target=drawn_registry, args=(demo, folder / "many", given.rows))
    drawn.start()
    drawn.join()
    assert not drawn.exitcode, "the registry was not drawn"
    of_the_command(folder / "many", paths[CHANGES[0]], folder, given.rows)  # first, while this process holds little
    for change, path in paths.items():
        of_the_work(folder / "many", path, given.rows, change.words)


def of_the_work(registry: Path, change: Path, rows: int, words: tuple[str, str]) -> None:
    """Measure reading, deciding and counting both sides, with packs and policies at hand: the goal."""
    packs = load_packs(PACKS)
    times = []
    for _ in range(TURNS):
        start, used = time.perf_counter(), time.process_time()
        after = packs_after(packs, PACKS, read_changes([change], packs))
        scenario = plan_scenario(packs, after, subject="enterprise", as_of=AS_OF)
        with closing(open_source(str(registry), scenario.dictionary, rows_per_part=131_072)) as source:
            groupings = groupings_of(packs, DEFAULT_GROUPINGS, subject="enterprise", as_of=AS_OF)
            found = compare_sides(scenario, source, groupings, open_combining=combining, settings=Settings(cache=BUILD / "simulate/cache"))
        times.append((time.perf_counter() - start, time.process_time() - used))
    best = min(times)
    zh, en = words
    said = f"{rows:,} enterprises, {en}: both sides, from the files"
    tell(Goal(f"{rows:,} 户，{zh}：变前变后，从文件算起", best[0], SECONDS_GOAL, (1.0, "s"), said))
    print(f"  {', '.join(f'{wall:.2f} s ({cpu:.2f} s of processors)' for wall, cpu in times)}")
    print(f"  {found.tally.winners:,} winners, {found.tally.losers:,} losers", flush=True)


def combining(packs: Packs, policies: Sequence[str], as_of: Date, key: str) -> Combiner:
    """Return what finds the best combinations."""
    return Combiner(packs, policies, as_of=as_of, key=key, cache=BUILD / "simulate/cache")


def of_the_command(registry: Path, change: Path, folder: Path, rows: int) -> None:
    """Measure the command from process start to the last file written, with and without compiled plans at hand."""
    for name in ("the whole command", "and without compiled plans"):
        if name != "the whole command":
            shutil.rmtree(folder / "cache", ignore_errors=True)
        runs = [command(registry, change, folder / "out") for _ in range(TURNS if (folder / "cache").exists() else 1)]
        best = min(seconds for seconds, _, _ in runs)
        memory = max(each for _, each, _ in runs)
        print(f"  {name}, {rows:,} enterprises: {best:.2f} s, {memory / 1e6:,.0f} MB of {MEMORY_GOAL / 1e6:,.0f}")
        assert memory <= MEMORY_GOAL, "too much memory"


if __name__ == "__main__":
    main()
