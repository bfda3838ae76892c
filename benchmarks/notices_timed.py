"""How long the notices of a day take: two runs of 1,000,000 subjects and 30 policies, held against each other by the command.

    python benchmarks/notices_timed.py                   1,000,000 subjects; the goal is 20 s for the whole command
    python benchmarks/notices_timed.py --rows 131072

Both runs are made by `zhida assess`. Between them the facts of one subject in 33 change, a thousand subjects are gone and a thousand
are new, the amount of one policy is raised, one policy is new and one is gone. Before anything is told, the notices of the last
subjects are held against a plain loop over the rows of both runs.
"""

import argparse
import csv
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import registry_drawn
from goals import Goal, tell

BUILD = Path(__file__).resolve().parents[1] / "build/bench"
ROWS = 1_000_000
POLICIES = 30
CHANGED_EACH = 33
MOVED = 1_000
"""Subjects that are gone, and as many that are new."""
RAISED, GONE, NEW = "t03", "t00", "t29"
AS_OF = registry_drawn.AS_OF
SECONDS_GOAL = 20.0
MEMORY_GOAL = 2 * 1024**3
CHECKED = 20_000
"""Rows at the end of the registry that are held against a plain loop."""
CELLS = ("outcome", "result", "amount_fen", "missing", "possible", "low_fen", "high_fen", "delivery")
NOTHING = {"INELIGIBLE", "NOT_APPLICABLE"}


def write_packs(folder: Path) -> tuple[Path, Path]:
    """Write the packs of both days, and return them."""
    drawn = registry_drawn.write_pack(folder / "drawn")
    days = []
    for name, absent in (("then", NEW), ("now", GONE)):
        packs = folder / name
        shutil.rmtree(packs, ignore_errors=True)
        shutil.copytree(drawn, packs)
        for path in sorted((packs / "bench/policies").glob("*.md")):
            if path.stem >= f"t{POLICIES:02d}" or path.stem == absent:
                path.unlink()
        days.append(packs)
    raised = days[1] / f"bench/policies/{RAISED}.md"
    raised.write_text(raised.read_text(encoding="utf-8").replace("| 50 |", "| 75 |"), encoding="utf-8")
    return days[0], days[1]


def write_later(registry: Path, later: Path) -> Path:
    """Write the registry of the later day: some facts are others, the first subjects are gone, and new ones stand at the end."""
    with pq.ParquetFile(registry) as opened, pq.ParquetWriter(later, opened.schema_arrow, compression="zstd") as writer:
        rows = opened.metadata.num_rows
        for place in range(opened.num_row_groups):
            frame = pl.DataFrame(pl.from_arrow(opened.read_row_group(place)))
            is_changed = pl.int_range(pl.len()) % CHANGED_EACH == 0
            frame = frame.with_columns(
                *(pl.when(is_changed).then(pl.col(name).shift(1)).otherwise(pl.col(name)).alias(name) for name in frame.columns[1:])
            )
            if place == 0:
                frame = frame.slice(MOVED)
            if place == opened.num_row_groups - 1:
                keys = pl.Series([f"E{rows + number:09d}" for number in range(MOVED)])
                frame = pl.concat([frame, frame.head(MOVED).with_columns(keys.alias(registry_drawn.KEY))])
            writer.write_table(frame.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(opened.schema_arrow))
    return later


def assess(registry: Path, packs: Path, out: Path) -> Path:
    """Decide every policy for everyone; return the folder of the results."""
    command = ["assess", str(registry), "--packs", str(packs), "--as-of", AS_OF, "--out", str(out), "--no-csv", "--json"]
    zhida(command)
    return out


@dataclass(frozen=True)
class Turn:
    """One run of the command."""

    out: str
    """What it printed."""
    seconds: float
    """By the clock on the wall."""
    worked: float
    """Of the processors, all threads together: what remains on a machine that others use too."""
    peak: int
    """The most memory that it had, in bytes."""


def zhida(arguments: list[str]) -> Turn:
    """Run a command."""
    code = "import resource, sys; from zhida.cli import run; code = run(sys.argv[1:]); sys.stdout.flush(); "
    code += "print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, file=sys.stderr); sys.exit(code)"
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", code, *arguments], check=False, capture_output=True, text=True, env=os.environ)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(done.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    worked = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Turn(done.stdout, seconds, worked, int(done.stderr.rsplit("peak", 1)[1]))


def loop(then: Path, now: Path, low: str) -> Counter[tuple[str, str]]:
    """Return who has a notice of what, found by a loop over the rows of both runs from a key on."""
    rows = []
    for folder in (then, now):
        frame = pl.scan_parquet(sorted((folder / "results.parquet").glob("*.parquet")) or folder / "results.parquet")
        frame = frame.filter(pl.col(registry_drawn.KEY) >= low).with_columns(pl.col(pl.Categorical).cast(pl.String)).collect()
        rows.append({row[registry_drawn.KEY]: row for row in frame.iter_rows(named=True)})
    metadata = [json.loads(pl.read_parquet_metadata(_first(folder))["zhida.missing"]) for folder in (then, now)]
    found: Counter[tuple[str, str]] = Counter()
    for key in rows[0].keys() | rows[1].keys():
        for policy in metadata[0].keys() | metadata[1].keys():
            before, after = (answer(side.get(key), policy, names) for side, names in zip(rows, metadata, strict=True))
            if before != after and not (None in {before, after} and _may_hold(before) is _may_hold(after) is False):
                found[key, policy] += 1
    return found


def answer(row: dict[str, object] | None, policy: str, missing: dict[str, list[str]]) -> tuple[object, ...] | None:
    """Return a row's answer under a policy; None where there is none."""
    if row is None or policy not in missing:
        return None
    cells = {cell: row[f"{policy}:{cell}"] for cell in CELLS}
    cells["missing"] = frozenset(name for place, name in enumerate(missing[policy]) if int(str(cells["missing"] or 0)) >> place & 1)
    return tuple(cells.values())


def _may_hold(found: tuple[object, ...] | None) -> bool:
    if found is None or found[0] in NOTHING:
        return False
    possible = found[CELLS.index("possible")]
    return not (found[0] == "UNDETERMINED" and possible and set(str(possible).split("、")) <= NOTHING)


def _first(folder: Path) -> Path:
    place = folder / "results.parquet"
    return min(place.glob("*.parquet")) if place.is_dir() else place


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--turns", type=int, default=3)
    given = parser.parse_args()
    folder = BUILD / f"notices-{given.rows}"
    folder.mkdir(parents=True, exist_ok=True)
    registry = registry_drawn.write_registry(BUILD, given.rows)
    packs = write_packs(folder)
    later = write_later(registry, folder / "later.parquet")
    runs = [assess(source, pack, folder / f"results-{pack.name}") for source, pack in zip((registry, later), packs, strict=True)]
    command = ["notices", str(runs[0]), str(runs[1]), "--packs", str(packs[1]), "--out", str(folder / "notices"), "--json"]
    turns = [zhida(command) for _ in range(given.turns)]
    data = json.loads(turns[0].out)
    low = f"E{max(given.rows - CHECKED, 0):09d}"
    with (folder / "notices/notices.csv").open(encoding="utf-8-sig", newline="") as file:
        told = Counter((row["主体"], row["政策"]) for row in csv.DictReader(file) if row["主体"] >= low)
    assert told == loop(runs[0], runs[1], low), "the notices are not those of the plain loop"
    middle = sorted(turns, key=lambda turn: turn.seconds)[len(turns) // 2]
    peak = max(turn.peak for turn in turns)
    print(f"{data['notices']:,} notices for {data['subjects_told']:,} of {data['subjects']:,} subjects, {POLICIES} policies")
    print(f"the last {CHECKED:,} subjects: as a plain loop over both runs finds them, {len(told):,} notices")
    what, what_en = f"两次结果比对出通知，{given.rows:,} 户 × {POLICIES} 项", f"notices of two runs, {given.rows:,} × {POLICIES}"
    tell(Goal(what, middle.seconds, SECONDS_GOAL, (1.0, "s"), what_en))
    print(f"work of the processors: {middle.worked:.1f} s, on two of them {middle.worked / 2:.1f} s at best")
    print(f"the most memory: {peak / 1024**2:,.0f} MiB{'' if peak <= MEMORY_GOAL else '   <-- above the goal'}")


if __name__ == "__main__":
    main()
