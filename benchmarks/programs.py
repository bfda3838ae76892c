"""The benchmarks that are programs of their own: each runs in a process, prints its figures, and tells its goals.

    section ──command──> program ──prints──> lines        a program that fails says so, and the others go on
                                └──tells───> goals

A program also runs by itself: `python benchmarks/next_timed.py --help`. Its process is its own because some say how much memory they
took, and some need a site around them.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goals import GOALS_FILE

HERE = Path(__file__).resolve().parent
LAST_LINES = 3
"""Lines of what a failed program said that are kept."""


@dataclass(frozen=True)
class Program:
    """A program that measures."""

    title: str
    """What is measured, Chinese first."""
    file: str
    """The program, in this folder."""
    given: tuple[str, ...] = ()
    """What it is given."""
    quick: tuple[str, ...] = ()
    """What it is given instead where it should not take long."""


PROGRAMS: Mapping[str, Program] = {
    "combine": Program("最优组合 / Best combinations", "combine_timed.py", quick=("--rows", "131072")),
    "next": Program("差哪一步 / What is nearly met", "next_timed.py", quick=("--rows", "131072")),
    "simulate": Program("改一条线 / A changed threshold", "simulate_timed.py", quick=("--rows", "131072")),
    "budgets": Program("分配预算 / Sharing a budget", "budgets_timed.py", quick=("--claims", "100000")),
    "notices": Program("通知 / Notices", "notices_timed.py", quick=("--rows", "131072", "--turns", "1")),
    "night": Program("站点的一夜 / A night of the site", "nightly_run.py", quick=("--rows", "9000", "--grants", "1000", "--nights", "1")),
    "pages": Program("企业页面 / The enterprise's page", "page_times.py", quick=("--seconds", "5", "--turns", "1")),
    "ledger": Program("账本 / The ledger", "ledger_timed.py", quick=("--count", "2000")),
}
"""By section."""


class ProgramError(Exception):
    """A program that failed, with the last of what it said."""


def measured(name: str, *, is_quick: bool) -> dict[str, Any]:
    """Run a program, hand on what it prints, and return its lines and goals.

    Raises:
        ProgramError: it failed.
    """
    program = PROGRAMS[name]
    command = [sys.executable, "-u", str(HERE / program.file), *(program.quick if is_quick else program.given)]
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "goals"
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | {GOALS_FILE: str(told)}
        ) as process:
            assert process.stdout is not None, "it is a pipe"
            lines = list(_shown(process.stdout))
        if process.returncode:
            raise ProgramError(" / ".join(line.strip() for line in lines[-LAST_LINES:]) or f"exit code {process.returncode}")
        goals = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()] if told.exists() else []
    return {"lines": lines, "goals": goals, "quick": is_quick}


def _shown(lines: Iterable[str]) -> Iterator[str]:
    """Hand on lines as they come, with paths from the project's folder: the page says nothing of where that is."""
    for line in lines:
        print(line, end="", flush=True)
        yield line.rstrip().replace(f"{HERE.parent}/", "")


def section(figures: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield the section of the page.

    Args:
        figures: What was kept of each program, by section; those without figures are left out.
    """
    chosen = [name for name in PROGRAMS if "lines" in figures.get(name, {})]
    if not chosen:
        return
    yield _INTRODUCTION
    for name in chosen:
        kept = figures[name]
        yield f"### {PROGRAMS[name].title}\n"
        if kept.get("quick"):
            yield "规模缩小了。Smaller than meant.\n"
        yield from ("```text", *_plain(kept["lines"]), "```", "")


def _plain(lines: Sequence[str]) -> Iterator[str]:
    """Yield lines without what would end the block that they stand in."""
    yield from (line.replace("```", "'''") for line in lines)


_INTRODUCTION = """
## 全体企业与站点 / Whole registries, and the site

下面各段是单独的程序打印的原话：先对照逐条计算或不变的规则核对答案，再计时。`s of processors` 是处理器用掉的秒数，不受同机其他程序影响。
Each of these is a program of its own, in its own words: answers are held against a plain computation before anything is timed.
*s of processors* is what the processors worked, whatever else the machine did.
"""
