"""How fast zhida is, measured as a user meets it: medians of several turns on this machine, beside the goals and the peers.

    make bench                                          everything, and docs/performance.md is written anew (about a quarter of an hour)
    .venv/bin/python benchmarks/run.py                  everything, only printed
    .venv/bin/python benchmarks/run.py --only tables    some sections: language, work, packs, tables, proof, jobs; with commas between
    .venv/bin/python benchmarks/run.py --quick          without the demonstration, the large tables and the jobs of ten million rows
    .venv/bin/python benchmarks/run.py --before SRC     the language beside other sources of our own, such as those of a git worktree

    section ──measure──> figures ──build/bench/figures──> page       so a page can be of several runs; it names the machine of each

Each figure is wall time. Goals are the project's own; a figure that misses its goal is marked, and the exit code stays 0, because a
loaded machine is not a fault.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import drawn
import frames_side_by_side
import goals_timed
import jobs
import packs_timed
import page
import page_frames
import peers
import proof_timed
import side_by_side
from frames_side_by_side import Race
from jobs import Job, Took
from page import Goal

from zhida.columnar.kernel import OTHER_PATHS, PATHS

Json = Any

FIGURES = peers.BUILD / "figures"
SECTIONS = ("language", "work", "packs", "tables", "proof", "jobs")
BUSY = 1.0
"""The load from which the machine is said to have been busy."""


def machine() -> str:
    """Return what a section was measured with."""
    paths = ", ".join(PATHS) + (f"；没有 without {', '.join(OTHER_PATHS)}" if OTHER_PATHS else "")
    words = f"CPython {platform.python_version()}, {processor()}, {os.cpu_count()} CPU；内核 kernel: {paths}"
    load = os.getloadavg()[0]
    return words + (
        f"。**测量前机器正忙，数字偏大。The machine was busy, so figures are too large** (load {load:.1f})" if load > BUSY else ""
    )


def processor() -> str:
    """Return the name of the processor, where the system says it."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


# --- measuring -----------------------------------------------------------------------------------------------------------


def of_language(given: argparse.Namespace) -> Json:
    """Measure the language and single tables, for one subject at a time."""
    engines = side_by_side.Engines(given.before)
    goals = list(shown(goals_timed.of_feel_and_tables(engines)))
    table = engines.table()
    print(f"\n{page.table_lines(table)}\n")
    expressions = list(engines.expressions())
    print(page.expression_lines(expressions))
    engines.end()
    rows = [[text, {name: asdict(figure) for name, figure in row.items()}] for text, row in expressions]
    return {"goals": goals, "table": {name: asdict(figure) for name, figure in table.items()}, "expressions": rows}


def of_work(given: argparse.Namespace) -> Json:
    """Measure the packs, one subject and the demonstration."""
    return {"goals": [] if given.quick else list(shown(goals_timed.of_the_main_job()))}


def of_packs(_: argparse.Namespace) -> Json:
    """Measure `zhida assess` over the enterprises of the demonstration."""
    return {"goals": list(shown(packs_timed.goals()))}


def of_tables(given: argparse.Namespace) -> Json:
    """Measure tables over frames, beside the peers."""
    sizes = [size for size in drawn.SIZES if size != "large" or not given.quick]
    races = []
    for race in frames_side_by_side.races(frames_side_by_side.contestants(), sizes):
        print(page_frames.race_lines(race), flush=True)
        races.append(asdict(race))
    return {"races": races}


def of_proof(given: argparse.Namespace) -> Json:
    """Measure how tables are proved, beside the published sweep."""
    found = []
    for figure in proof_timed.figures(proof_timed.PATIENCE / 10 if given.quick else proof_timed.PATIENCE):
        print(figure.line, flush=True)
        found.append(figure)
    return {"goals": list(shown(proof_timed.goals(found))), "figures": [asdict(figure) for figure in found]}


def of_jobs(given: argparse.Namespace) -> Json:
    """Measure the two whole jobs."""
    sizes = {rows: turns for rows, turns in jobs.SIZES.items() if rows == min(jobs.SIZES) or not given.quick}
    found = []
    for job in jobs.measure(sizes):
        print(page_frames.job_lines(job), flush=True)
        found.append(asdict(job))
    return {"jobs": found}


MEASURE: Mapping[str, Callable[[argparse.Namespace], Json]] = dict(
    zip(SECTIONS, (of_language, of_work, of_packs, of_tables, of_proof, of_jobs), strict=True)
)


def shown(goals: Iterator[Goal]) -> Iterator[Json]:
    """Print goals as they come."""
    for goal in goals:
        print(goal.line, flush=True)
        yield asdict(goal)


# --- the page --------------------------------------------------------------------------------------------------------------


def render() -> str:
    """Return docs/performance.md, of the figures of the last run of each section."""
    kept = {name: json.loads(path.read_text(encoding="utf-8")) for name in SECTIONS if (path := FIGURES / f"{name}.json").exists()}
    machines: dict[str, list[str]] = {}
    for name, figures in kept.items():
        machines.setdefault(figures["machine"], []).append(name)
    measured = [f"- {'、'.join(names)}：{words}" for words, names in machines.items()]
    left = [name for name in SECTIONS if name not in kept]
    if left:
        measured.append(f"- {'、'.join(left)}：没有测 / not measured")
    lines = [page.introduction("\n".join(measured))]
    goals = [
        Goal(**{**goal, "unit": tuple(goal["unit"])})
        for name in ("language", "work", "packs", "proof")
        for goal in kept.get(name, {}).get("goals", ())
    ]
    lines += page.goal_section(goals)
    if "tables" in kept:
        lines += page_frames.frame_section([race_of(race) for race in kept["tables"]["races"]])
    if "proof" in kept:
        lines += proof_timed.page_lines([proof_timed.Figure(**figure) for figure in kept["proof"]["figures"]])
    if "jobs" in kept:
        lines += page_frames.job_section([job_of(job) for job in kept["jobs"]["jobs"]])
    if "language" in kept:
        figures = kept["language"]
        rows = [(text, row_of(row)) for text, row in figures["expressions"]]
        lines += page.language_section(row_of(figures["table"]), rows)
    return "\n".join(lines).rstrip("\n") + "\n"


def race_of(data: Json) -> Race:
    """Return a race that was kept."""
    figures = {name: frames_side_by_side.Figure(**figure) for name, figure in data["figures"].items()}
    return Race(**{**data, "figures": figures})


def job_of(data: Json) -> Job:
    """Return a job that was kept."""
    return Job(**{**data, "figures": {name: Took(**took) for name, took in data["figures"].items()}})


def row_of(data: Json) -> side_by_side.Row:
    """Return a row of figures that was kept."""
    return {name: side_by_side.Figure(**figure) for name, figure in data.items()}


def main() -> None:
    """Measure, print, and write the page where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="SECTIONS", default=",".join(SECTIONS), help="sections to measure, with commas between")
    parser.add_argument("--quick", action="store_true", help="without the demonstration, the large tables and the largest jobs")
    parser.add_argument("--before", type=Path, metavar="SRC", help="other sources of our own to be told apart from these")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the page")
    given = parser.parse_args()
    chosen = given.only.split(",")
    unknown = set(chosen) - set(SECTIONS)
    if unknown:
        parser.error(f"no section: {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    FIGURES.mkdir(parents=True, exist_ok=True)
    for name in [name for name in SECTIONS if name in chosen]:
        start, words = time.monotonic(), machine()
        print(f"==> {name}: {words}", file=sys.stderr, flush=True)
        figures = {"machine": words, **MEASURE[name](given)}
        (FIGURES / f"{name}.json").write_text(json.dumps(figures, ensure_ascii=False, indent=1), encoding="utf-8")
        print(f"==> {name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    if given.write:
        given.write.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
