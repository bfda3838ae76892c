"""How fast zhida is, measured as a user meets it: medians of several turns on this machine, beside the goals and the peers.

    make bench                                          everything, and docs/performance.md is written anew (an hour and a quarter)
    .venv/bin/python benchmarks/run.py                  everything, only printed
    .venv/bin/python benchmarks/run.py --only tables    some sections, with commas between; `--list` names them
    .venv/bin/python benchmarks/run.py --quick          on a smaller scale
    .venv/bin/python benchmarks/run.py --only next --write docs/performance.md      some sections anew, the others as they were
    .venv/bin/python benchmarks/run.py --before SRC     the language beside other sources of our own, such as those of a git worktree
    .venv/bin/python benchmarks/run.py --page           measures nothing, and writes the page of the figures that are kept

    section ──measure──> figures ──docs/performance.json──> page     so a page can be of several runs; it names machine and day of each

Each figure is wall time. Goals are the project's own; a figure that misses its goal is marked, and the exit code stays 0, because a
loaded machine is not a fault. A section that fails says so, keeps the figures that it had, and the others go on; then the exit code is 1.
"""

import argparse
import datetime as dt
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import drawn
import frames_side_by_side
import goals_timed
import jobs
import packs_timed
import page
import page_frames
import programs
import proof_timed
import side_by_side
from frames_side_by_side import Race
from goals import Goal
from jobs import Job, Took

from zhida.columnar.kernel import OTHER_PATHS, PATHS

Json = Any

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE, FIGURES = DOCS / "performance.md", DOCS / "performance.json"
OWN = ("language", "work", "packs", "tables", "proof", "jobs")
SECTIONS = (*OWN, *programs.PROGRAMS)
BUSY = 1.0
"""The load from which the machine is said to have been busy."""
PACKAGES = ("numpy", "polars", "pyarrow")
"""What the figures rest on beside the interpreter."""
MOST_SAID = 300
"""Characters of what went wrong that are kept."""


def machine() -> str:
    """Return what a section was measured with."""
    paths = ", ".join(PATHS) + (f"；没有 without {', '.join(OTHER_PATHS)}" if OTHER_PATHS else "")
    packages = "、".join(f"{name} {version(name)}" for name in PACKAGES)
    load = os.getloadavg()[0]
    words = f"CPython {platform.python_version()}、{packages}；{processor()}, {os.cpu_count()} CPU；内核 kernel: {paths}；load {load:.1f}"
    return words + ("。**测量前机器正忙，数字偏大。The machine was busy, so figures are too large.**" if load > BUSY else "")


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
    zip(OWN, (of_language, of_work, of_packs, of_tables, of_proof, of_jobs), strict=True)
)


def measured(name: str, given: argparse.Namespace) -> Json:
    """Measure a section; returns its figures, or why there are none."""
    start, words = time.monotonic(), machine()
    print(f"==> {name}: {words}", file=sys.stderr, flush=True)
    found = {"machine": words, "date": dt.datetime.now(dt.UTC).date().isoformat()}
    try:
        found |= MEASURE[name](given) if name in MEASURE else programs.measured(name, is_quick=given.quick)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with one section, the others go on
        if not isinstance(error, programs.ProgramError):
            traceback.print_exc()
        found["failed"] = f"{type(error).__name__}: {error}"[:MOST_SAID]
        print(f"==> {name} failed: {found['failed']}", file=sys.stderr, flush=True)
    print(f"==> {name}: {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
    return found


def kept_figures() -> dict[str, Json]:
    """Return the figures of the last run of each section."""
    return dict(json.loads(FIGURES.read_text(encoding="utf-8"))) if FIGURES.exists() else {}


def keep(name: str, found: Json) -> None:
    """Keep the figures of a section beside those of the others; of one that failed, why, beside the figures that it had."""
    kept = kept_figures()
    kept[name] = {**kept.get(name, {}), "failed": [found["date"], found["failed"]]} if "failed" in found else found
    text = json.dumps({each: kept[each] for each in SECTIONS if each in kept}, ensure_ascii=False, indent=1)
    new = FIGURES.with_suffix(".json.new")
    new.write_text(text + "\n", encoding="utf-8")
    new.replace(FIGURES)


def shown(goals: Iterator[Goal]) -> Iterator[Json]:
    """Print goals as they come."""
    for goal in goals:
        print(goal.line, flush=True)
        yield asdict(goal)


# --- the page --------------------------------------------------------------------------------------------------------------


def render(kept: Mapping[str, Json]) -> str:
    """Return docs/performance.md, of the figures of the last run of each section."""
    sections: dict[str, list[str]] = {}
    goals: list[Goal] = []
    unfit = []
    for name in [each for each in SECTIONS if "machine" in kept.get(each, {})]:
        try:
            goals += [Goal(**{**goal, "unit": tuple(goal["unit"])}) for goal in kept[name].get("goals", ())]
            sections[name] = list(SHOWN[name](kept[name])) if name in SHOWN else []
        except (TypeError, KeyError):  # kept by other benchmarks than these
            unfit.append(name)
    fit = {name: figures for name, figures in kept.items() if name not in unfit}
    lines = [page.introduction("\n".join(measured_lines(fit))), *page.goal_section(goals)]
    lines += [line for name in ("tables", "proof", "jobs", "language") for line in sections.get(name, ())]
    lines += programs.section(fit)
    return "\n".join(lines).rstrip("\n") + "\n"


def measured_lines(kept: Mapping[str, Json]) -> Iterator[str]:
    """Yield what was measured when and on which machine, what was not, and what failed since."""
    machines: dict[tuple[str, str], list[str]] = {}
    for name, figures in kept.items():
        if "machine" in figures:
            machines.setdefault((figures.get("date", ""), figures["machine"]), []).append(name)
    for (date, words), names in machines.items():
        yield f"- {'、'.join(names)}：{f'{date}，' if date else ''}{words}"
    left = [name for name in SECTIONS if "machine" not in kept.get(name, {})]
    if left:
        yield f"- {'、'.join(left)}：没有测 / not measured"
    for name, figures in kept.items():
        if "failed" in figures:
            yield f"- {name}：{figures['failed'][0]} 没有测成，数字是以前的 / failed then; figures are of before: {figures['failed'][1]}"


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


SHOWN: Mapping[str, Callable[[Json], Iterable[str]]] = {
    "tables": lambda kept: page_frames.frame_section([race_of(race) for race in kept["races"]]),
    "proof": lambda kept: proof_timed.page_lines([proof_timed.Figure(**figure) for figure in kept["figures"]]),
    "jobs": lambda kept: page_frames.job_section([job_of(job) for job in kept["jobs"]]),
    "language": lambda kept: page.language_section(row_of(kept["table"]), [(text, row_of(row)) for text, row in kept["expressions"]]),
}
"""The sections that have more to show than goals."""


def main() -> int:
    """Measure, print, keep, and write the page where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="SECTIONS", default=",".join(SECTIONS), help="sections to measure, with commas between")
    parser.add_argument("--quick", action="store_true", help="without the demonstration, the large tables and the largest jobs")
    parser.add_argument("--before", type=Path, metavar="SRC", help="other sources of our own to be told apart from these")
    parser.add_argument("--write", type=Path, metavar="FILE", help="keep the figures, and write the page")
    parser.add_argument("--page", action="store_true", help="measure nothing, and write the page of the figures that are kept")
    parser.add_argument("--list", action="store_true", help="name the sections")
    given = parser.parse_args()
    if given.list:
        print("\n".join(SECTIONS))
        return 0
    chosen = [] if given.page else given.only.split(",")
    unknown = set(chosen) - set(SECTIONS)
    if unknown:
        parser.error(f"no section: {', '.join(sorted(unknown))}; there are {', '.join(SECTIONS)}")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # modules are compiled once, as where they are installed, not by each process
    failed = []
    for name in [name for name in SECTIONS if name in chosen]:
        found = measured(name, given)
        failed += [name] if "failed" in found else []
        if given.write:
            keep(name, found)
    if given.write or given.page:
        (given.write or PAGE).write_text(render(kept_figures()), encoding="utf-8")
    if failed:
        print(f"==> 没有测成 failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
