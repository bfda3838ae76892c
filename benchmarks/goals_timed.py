"""What the project promises of one subject, of the packs and of the demonstration, beside its goals."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import side_by_side
from goals import Goal
from packs_timed import PACKS, ROOT, demo_registry

from zhida.assess.subject import assess_model
from zhida.policy.pack import load_packs
from zhida.registry_io.registry import read_registry
from zhida.values.temporal import Date

AS_OF = Date(2026, 6, 30)
ZHIDA = str(Path(sys.executable).with_name("zhida"))
SUBJECT = "enterprise"
SUBJECTS = 300
MILLISECONDS, MICROSECONDS, SECONDS = (1e-3, "ms"), (1e-6, "µs"), (1.0, "s")


def median_of(runs: int, action: Callable[[], object]) -> float:
    """Return the median seconds of several runs, after one that does not count."""
    action()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def import_seconds(modules: str) -> float:
    """Return how long a fresh interpreter takes to import modules, less what it takes to start; their bytecode is at hand."""
    code = f"import time; start = time.perf_counter(); import {modules}; print(time.perf_counter() - start)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(ROOT / "build/bench/bytecode")

    def once() -> float:
        command = [sys.executable, "-c", code]
        return float(subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout)

    once()
    return statistics.median(min(once() for _ in range(3)) for _ in range(7))


def check_packs() -> None:
    """Read the packs, compile them and run every example."""
    subprocess.run([ZHIDA, "check", str(PACKS), "--as-of", str(AS_OF)], check=True, capture_output=True)


def registry_in(folder: Path) -> list[dict[str, object]]:
    """Make the demonstration's registry and return the facts of its first subjects."""
    dictionary = load_packs(PACKS).dictionaries["enterprise"]
    subjects = read_registry(demo_registry(folder), dictionary).iter_subjects()
    return [facts for _, facts in zip(range(SUBJECTS), subjects, strict=False)]


def of_feel_and_tables(engines: side_by_side.Engines) -> Iterator[Goal]:
    """Measure the language and the tables by themselves."""
    ours = side_by_side.OURS
    yield Goal("import zhida.feel", import_seconds("zhida.feel.parse, zhida.feel.evaluate"), 0.080, MILLISECONDS, "import zhida.feel")
    compiled = engines.large_table()
    yield Goal("读入并编译一张 1,000 条规则的表", _taken(compiled[ours]), 1.0, MILLISECONDS, "parse and compile a table of 1,000 rules")
    graph = engines.graph()
    yield Goal(
        "十张互相依赖的表（各 6 条规则、4 个输入），连同推导过程",
        _taken(graph[ours]),
        300e-6,
        MICROSECONDS,
        "ten tables that rest on each other (6 rules, 4 inputs each), with trace",
    )
    for name, row in (("1,000 rules", compiled), ("ten tables", graph)):
        if side_by_side.BEFORE in row:
            print(f"  {name}: {_taken(row[side_by_side.BEFORE]) / _taken(row[ours]):.2f} times as quick as before")


def _taken(figure: side_by_side.Figure) -> float:
    """Return the seconds of a figure of our own: there is one, or the measurement is wrong."""
    assert figure.seconds is not None, figure.remark
    return figure.seconds


def of_the_main_job() -> Iterator[Goal]:
    """Measure packs, subjects and the demonstration."""
    yield Goal("读入并编译全部政策包", median_of(7, lambda: load_packs(PACKS)), 1.0, MILLISECONDS, "load and compile the packs")
    yield Goal("zhida check packs（整条命令）", median_of(5, check_packs), 1.0, MILLISECONDS, "zhida check packs, as a command")
    packs = load_packs(PACKS)
    about_firms = [id_ for id_, policy in packs.policies.items() if policy.front.subject == SUBJECT]
    models = [packs.model_of(policy, AS_OF) for policy in about_firms]
    with tempfile.TemporaryDirectory() as folder:
        times = []
        for facts in registry_in(Path(folder)):
            start = time.perf_counter()
            for model in models:
                assess_model(model, facts)
            times.append(time.perf_counter() - start)
        times.sort()
        what, what_en = f"一户企业，{len(models)} 项政策，含全部差一点的线", f"one enterprise, {len(models)} policies, all near misses"
        yield Goal(what, statistics.median(times), 0.005, MILLISECONDS, what_en)
        yield Goal("　其中一百户里最慢的一户", times[-SUBJECTS // 100 - 1], 0.005, MILLISECONDS, "the slowest of 100 of these")
        command = [ZHIDA, "demo", "--out", f"{folder}/demo"]
        seconds = median_of(3, lambda: subprocess.run(command, check=True, capture_output=True, cwd=ROOT))
        yield Goal("zhida demo：9,000 户，从无到网页", seconds, 60, SECONDS, "zhida demo: 9,000 enterprises, from nothing to pages")
