"""How fast the main job is, measured as a user meets it: medians of several runs on this machine, beside the goals.

    make bench                      everything (about two minutes)
    .venv/bin/python benchmarks/run.py --quick     without the whole demonstration

Each figure is wall time. Goals are the project's own; a figure above its goal is marked, and the exit code stays 0,
because a loaded machine is not a fault.
"""

import argparse
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from zhida.assess.subject import assess_model
from zhida.policy.pack import load_packs
from zhida.registry_io.importing import import_registry
from zhida.registry_io.mapping_reading import read_mapping
from zhida.registry_io.registry import read_registry
from zhida.registry_io.synthetic import synthesize, write_synthetic
from zhida.registry_io.synthetic_district import read_district
from zhida.registry_io.writing import write_registry
from zhida.values.temporal import Date

ROOT = Path(__file__).parents[1]
PACKS = ROOT / "packs"
AS_OF = Date(2026, 6, 30)
ZHIDA = str(Path(sys.executable).with_name("zhida"))
SUBJECTS = 300


def median_of(runs: int, action: Callable[[], object]) -> float:
    """Return the median seconds of several runs, after one that does not count."""
    action()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def row(name: str, seconds: float, goal: float, unit: float, unit_name: str) -> None:
    """Print one figure beside its goal."""
    mark = "" if seconds <= goal else "   <-- above the goal"
    print(f"{name:<62}{seconds / unit:>10.2f} {unit_name:<3} goal {goal / unit:>7.0f} {unit_name}{mark}")


def import_seconds(module: str) -> float:
    """Return how long a fresh interpreter takes to import a module, less what it takes to start."""
    code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    times = [float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout) for _ in range(7)]
    return statistics.median(times)


def check_packs() -> None:
    """Read the packs, compile them and run every example."""
    subprocess.run([ZHIDA, "check", str(PACKS), "--as-of", str(AS_OF)], check=True, capture_output=True)


def registry_in(folder: Path) -> list[dict[str, object]]:
    """Make the demonstration's registry and return the facts of its first subjects."""
    packs = load_packs(PACKS)
    paths = write_synthetic(synthesize(read_district(ROOT / "examples/demo/district.yaml")), folder)
    dictionary = packs.dictionaries["enterprise"]
    write_registry(import_registry(read_mapping(ROOT / "examples/demo/mapping.yaml"), list(paths), dictionary), folder / "registry")
    subjects = read_registry(folder / "registry", dictionary).iter_subjects()
    return [facts for _, facts in zip(range(SUBJECTS), subjects, strict=False)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="leave out the whole demonstration")
    quick = parser.parse_args().quick
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}\n")
    row("import zhida.feel (median of 7)", import_seconds("zhida.feel.parse, zhida.feel.evaluate"), 0.080, 1e-3, "ms")
    row("load and compile the packs (median of 7)", median_of(7, lambda: load_packs(PACKS)), 1.0, 1e-3, "ms")
    row("zhida check packs, as a command (median of 5)", median_of(5, check_packs), 1.0, 1e-3, "ms")
    packs = load_packs(PACKS)
    models = [packs.model_of(policy, AS_OF) for policy in packs.policies]
    with tempfile.TemporaryDirectory() as folder:
        subjects = registry_in(Path(folder))
        per_subject = []
        for facts in subjects:
            start = time.perf_counter()
            for model in models:
                assess_model(model, facts)
            per_subject.append(time.perf_counter() - start)
        per_subject.sort()
        row(
            f"one enterprise, {len(models)} policies, all near misses (median of {SUBJECTS})",
            statistics.median(per_subject),
            0.005,
            1e-3,
            "ms",
        )
        row("  the slowest of 100", per_subject[-SUBJECTS // 100 - 1], 0.005, 1e-3, "ms")
        if not quick:
            command = [ZHIDA, "demo", "--out", f"{folder}/demo"]
            seconds = median_of(3, lambda: subprocess.run(command, check=True, capture_output=True, cwd=ROOT))
            row("zhida demo: 9,000 enterprises, from nothing to pages (of 3)", seconds, 60, 1, "s")


if __name__ == "__main__":
    main()
