"""Two whole jobs from Parquet to Parquet, and in the same run what reading and writing alone take.

    A   the rule codes of a hundred tables                                              (`open_decisions`, `decide`)
    B   everything of a hundred policies: outcome, amount, rules, what is missing, …    (`zhida assess`, the whole command)

Every turn is a process of its own, which says how long the job took and what memory it had at most; the turns go round.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

import polars as pl
import pyarrow.parquet as pq
import registry_drawn
from models import item, model_of
from peers import BUILD, HERE, WORKERS

from zhida.columnar.frames import value_of_cell
from zhida.columnar.kernel import PATHS
from zhida.dmn.evaluate import Evaluator
from zhida.values.temporal import parse_date

OURS, NUMPY, CONSTANTS, AGAIN = "zhida", "zhida, numpy", "constants", "again"
SECONDS_OF_A_TURN = 600
"""What a turn may take; by then it is ended and the job is left out."""
CHECKED = 200
"""Rows whose rules are held against the interpreter's before anything is timed."""


@dataclass(frozen=True)
class Took:
    """What a turn took, or the median of some."""

    seconds: float
    """The job itself."""
    opening: float
    """What came before it: compiling, for us."""
    peak: int
    """The most memory that the process had, in bytes."""
    written: int
    """Bytes of results."""


@dataclass(frozen=True)
class Job:
    """One job over one registry."""

    name: str
    """`A` or `B`."""
    rows: int
    turns: int
    columns: int
    """How many columns are written."""
    figures: dict[str, Took]
    remark: str = ""
    """Why there are no figures."""


SIZES = {1_000_000: 5, 10_000_000: 5}
"""Rows, and how many turns."""

Action = Callable[[], Took]


def measure(sizes: Mapping[int, int], names: Iterable[str] = "AB") -> Iterable[Job]:
    """Yield one job after the other."""
    folder = BUILD / "out"
    for rows, turns in sizes.items():
        registry = registry_drawn.write_registry(BUILD, rows)
        for name in names:
            try:
                yield {"A": job_a, "B": job_b}[name](registry, rows, turns, folder)
            except subprocess.CalledProcessError as error:
                lines = (error.stderr or "").strip().splitlines() or [f"exit code {error.returncode}"]
                yield Job(name, rows, 0, 0, {}, lines[-1][:200])
            except subprocess.TimeoutExpired:
                yield Job(name, rows, 0, 0, {}, f"超过 {SECONDS_OF_A_TURN} 秒 more than {SECONDS_OF_A_TURN} s")
            finally:
                shutil.rmtree(folder, ignore_errors=True)


def job_a(registry: Path, rows: int, turns: int, folder: Path) -> Job:
    """Measure the rule codes of a hundred tables; at the smallest size also without the native kernel."""
    like = emptied(folder / "like")
    run([str(WORKERS / "job_codes.py"), str(registry), str(like)], PATHS[0])
    check_rules(registry, like)
    actions = {OURS: lambda: run([str(WORKERS / "job_codes.py"), str(registry), str(emptied(folder / "turn"))], PATHS[0])}
    if rows == min(SIZES) and len(PATHS) > 1:
        actions[NUMPY] = lambda: run([str(WORKERS / "job_codes.py"), str(registry), str(emptied(folder / "turn"))], PATHS[-1])
    return in_turns("A", rows, turns, actions, registry, folder, like)


def job_b(registry: Path, rows: int, turns: int, folder: Path) -> Job:
    """Measure everything that `zhida assess` says of a hundred policies, as a command from its start to its end."""
    pack = registry_drawn.write_pack(BUILD / "pack")
    kept = emptied(folder / "kept")
    assess(registry, pack, kept)
    actions = {OURS: lambda: assess(registry, pack, emptied(folder / "turn"))}
    return in_turns("B", rows, turns, actions, registry, folder, parts_in(kept))


def parts_in(out: Path) -> Path:
    """Return the folder in which the parts of results stand: one file, or a folder of them."""
    return out / "results.parquet" if (out / "results.parquet").is_dir() else out


def in_turns(  # noqa: PLR0913, PLR0917 - what a job is
    name: str, rows: int, turns: int, ours: Mapping[str, Action], registry: Path, folder: Path, like: Path
) -> Job:
    """Take turns with the floors; return the medians."""
    floor = str(WORKERS / "job_floor.py")
    actions = dict(ours)
    for kind in (CONSTANTS, AGAIN):
        command = [floor, kind, str(registry), str(folder / "turn"), str(like)]
        actions[kind] = lambda command=command: emptied(folder / "turn") and run(command, "")  # type: ignore[misc]
    found: dict[str, list[Took]] = {who: [] for who in actions}
    for turn in range(turns):
        for who, action in actions.items():
            found[who].append(action())
            print(f"  {name}, {rows:,} rows, turn {turn + 1}, {who}: {found[who][-1].seconds:.2f} s", file=sys.stderr, flush=True)
    columns = len(pq.read_schema(min(like.glob("*.parquet"))).names)
    return Job(name, rows, turns, columns, {who: median(took) for who, took in found.items()})


def median(took: list[Took]) -> Took:
    """Return the medians of what turns took; of memory the most."""
    return Took(
        statistics.median(each.seconds for each in took),
        statistics.median(each.opening for each in took),
        max(each.peak for each in took),
        took[0].written,
    )


def emptied(folder: Path) -> Path:
    """Return a folder with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def run(command: list[str], path: str) -> Took:
    """Run a job of ours or a floor in a process of its own, on a path of the kernel."""
    environment = {**os.environ, "PYTHONPATH": str(HERE), **({"ZHIDA_KERNEL": path} if path else {})}
    ended = subprocess.run(
        [sys.executable, *command], check=True, capture_output=True, text=True, env=environment, timeout=SECONDS_OF_A_TURN
    )
    return Took(**json.loads(ended.stdout))


def assess(registry: Path, pack: Path, out: Path) -> Took:
    """Run `zhida assess` on two threads; return what the whole command took."""
    zhida = str(Path(sys.executable).with_name("zhida"))
    command = [zhida, "assess", str(registry), "--packs", str(pack), "--out", str(out), "--as-of", registry_drawn.AS_OF]
    start = time.perf_counter()
    with subprocess.Popen(
        [*command, "--workers", "2", "--no-csv", "--json"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None, "it is a pipe"
        guard = Timer(SECONDS_OF_A_TURN, process.kill)
        guard.start()
        said = process.stderr.read()
        _, status, used = os.wait4(process.pid, 0)
        guard.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if seconds >= SECONDS_OF_A_TURN:
        raise subprocess.TimeoutExpired(command, SECONDS_OF_A_TURN)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=said)
    written = sum(path.stat().st_size for path in parts_in(out).glob("*.parquet"))
    return Took(seconds, 0.0, used.ru_maxrss * 1024, written)


# --- answers before times --------------------------------------------------------------------------------------------------


def check_rules(registry: Path, results: Path) -> None:
    """Hold the rules of some rows against those that the interpreter names."""
    drawn, day = registry_drawn.tables(), parse_date(registry_drawn.AS_OF)
    assert day is not None, "it is a date"
    model = model_of(drawn, registry_drawn.ATTRIBUTES)
    said = pq.read_table(min(results.glob("*.parquet"))).slice(0, CHECKED)
    given = pl.from_arrow(pq.ParquetFile(registry).read_row_group(0).slice(0, CHECKED))
    assert isinstance(given, pl.DataFrame), "a table is a frame"
    for row in range(CHECKED):
        facts = {each.name: value_of_cell(given, row, item(each)) for each in registry_drawn.ATTRIBUTES}
        for place, table in enumerate(drawn):
            evaluator = Evaluator(model, facts, as_of=day)
            evaluator.value(table.name)
            found = evaluator.trace[table.name].table
            fired = () if found is None or found.possible else found.matched
            expected = "、".join(str(rule + 1) for rule in fired)
            met = said.column(place)[row].as_py()
            assert met == expected, f"row {row}, {table.name}: columns say {met!r}, the interpreter {expected!r}"
