"""Columns against the interpreter at scale: random models until enough rows and decisions have been compared.

    python -m tests.columnar --comparisons 10000000 --seed 1 --report build/columnar.json
    python -m tests.columnar --seed 1 --only 4711        one model again, its difference cut down

Exit code 0: no differences, 1: some. A run follows from its seed alone: model n of seed s is the same on every machine, and
`--start n` goes on where another run was stopped.
"""

import argparse
import json
import multiprocessing
import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Iterable, Iterator
from multiprocessing.pool import Pool
from pathlib import Path

from tests.columnar.comparing import Difference, Finding, Tally, compare, others, paths
from tests.columnar.models import draw
from tests.columnar.policies import PolicyFinding, compare_policy
from tests.columnar.shrinking import shrink, written
from zhida.errors import CompileError

PROGRESS_SECONDS = 10
MOST_SHOWN = 5
AHEAD = 64
"""How many models are handed to the processes at a time."""


def judge(task: tuple[int, int, int, int, tuple[str, ...]]) -> tuple[int, Finding | str]:
    """Compare one model; return what was found, or the trace of a crash."""
    seed, number, rows, repeats, on = task
    name = f"{seed}/{number}"
    warnings.simplefilter("error")  # an integer that wraps says so only here and there
    try:
        drawn = draw(name, rows=rows)
        try:
            model = drawn.compiled()
        except CompileError:  # what was drawn has no meaning: `-1 instance of number`, where only truths can be negated
            return number, Finding(Tally(), [])
        return number, compare(drawn, model, repeats=repeats, seed=name, on=on)
    except Exception:  # noqa: BLE001 - a model that breaks something must not hide what the others come to
        return number, traceback.format_exc(limit=-5)


def explain(seed: int, number: int, rows: int, difference: Difference) -> str:
    """Return a difference, cut down, with how to see it again."""
    less = shrink(draw(f"{seed}/{number}", rows=rows), difference)
    found = compare(less, less.compiled(), repeats=1, seed="", on=(difference.path,)).differences
    said = next((each for each in found if each.decision == difference.decision), difference)
    return (
        f"!!! model {number} of seed {seed}, decision {difference.decision}, kernel {difference.path}\n{written(less)}\n"
        f"    the interpreter: {said.interpreter}\n    the columns:     {said.columns}\n"
        f"    again: python -m tests.columnar --seed {seed} --only {number} --rows {rows}"
    )


def tasks(arguments: argparse.Namespace, on: tuple[str, ...]) -> Iterator[tuple[int, int, int, int, tuple[str, ...]]]:
    """Yield what is to be compared, for ever or once."""
    numbers = [arguments.only] if arguments.only is not None else range(arguments.start, sys.maxsize)
    return ((arguments.seed, number, arguments.rows, arguments.repeats, on) for number in numbers)


def compared_least(tally: Tally, on: tuple[str, ...]) -> int:
    """Return how much was compared on the path on which that is least."""
    return min(tally.compared[path] for path in on)


def run(arguments: argparse.Namespace, on: tuple[str, ...]) -> tuple[Tally, int, list[str]]:
    """Compare models until there are enough comparisons; return the tally, the next model, and what went wrong."""
    total, findings = Tally(), list[str]()
    begin = told = time.monotonic()
    last = arguments.start
    waiting = tasks(arguments, on)
    with _pool(arguments.jobs) as pool:
        is_on = True
        while is_on:
            batch = [task for _, task in zip(range(AHEAD), waiting, strict=False)]
            is_on = bool(batch) and len(batch) == AHEAD
            for number, found in pool.imap(judge, batch):
                last = number + 1
                if isinstance(found, str):
                    findings.append(f"!!! model {number} of seed {arguments.seed} crashed\n{found}")
                    print(findings[-1], flush=True)
                    continue
                total.add(found.tally)
                if found.differences:
                    findings.append(f"model {number}: {found.differences[0].decision}")
                    if len(findings) <= MOST_SHOWN:
                        print(explain(arguments.seed, number, arguments.rows, found.differences[0]), flush=True)
                if compared_least(total, on) >= arguments.comparisons:
                    pool.terminate()
                    return total, last, findings
                if time.monotonic() - told > PROGRESS_SECONDS:
                    told = time.monotonic()
                    _print_progress(total, on, arguments.comparisons, told - begin, len(findings), last)
    return total, last, findings


def judge_policy(task: tuple[int, int]) -> tuple[int, PolicyFinding | str]:
    """Compare one policy; return what was found, or the trace of a crash."""
    seed, number = task
    try:
        return number, compare_policy(f"policy {seed}/{number}", rows=60, repeats=20)
    except Exception:  # noqa: BLE001 - as above
        return number, traceback.format_exc(limit=-5)


def run_policies(seed: int, numbers: Iterable[int], jobs: int) -> tuple[PolicyFinding, list[str]]:
    """Compare policies; return the tally and what went wrong."""
    total, findings = PolicyFinding(), list[str]()
    with _pool(jobs) as pool:
        for number, found in pool.imap(judge_policy, ((seed, number) for number in numbers)):
            told = [f"crashed\n{found}"] if isinstance(found, str) else found.differences
            if told:
                findings.append(f"!!! policy {number} of seed {seed}: {told[0]}")
                print(findings[-1], flush=True)
            if isinstance(found, PolicyFinding):
                total.compared += found.compared
                total.distinct += found.distinct
                total.bad += found.bad
                total.policies += found.policies
    return total, findings


def _pool(jobs: int) -> Pool:
    return multiprocessing.get_context("fork").Pool(jobs, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))


def _print_progress(total: Tally, on: tuple[str, ...], wanted: int, seconds: float, findings: int, last: int) -> None:
    done = compared_least(total, on)
    left = seconds * (wanted - done) / max(done, 1)
    print(f"{done:>12,} of {wanted:,}  {left:>5,.0f} s left  {findings} findings  (--start {last} goes on from here)", flush=True)


def summary(total: Tally, seconds: float) -> str:
    """Return the tally as text."""
    lines = [f"{total.models:,} models in {seconds:,.0f} s; rows and decisions compared, by path of the kernel:"]
    for path, count in total.compared.items():
        lines.append(f"    {path:<12}{count:>14,}   left to the interpreter by the columns: {total.interpreted[path]:,}")
    if others():
        lines.append(f"    not on this machine: {', '.join(others())}")
    first = max(next(iter(total.compared.values()), 0), 1)
    lines.append(f"    {total.distinct:,} of different rows were decided by the interpreter")
    lines.append(f"    fell back in part {total.partly / first:.1%}, whole {total.whole / first:.1%}")
    lines.append(f"{'by construct':<32}{'compared':>14}{'distinct':>12}{'in part':>9}{'whole':>8}{'rows left':>11}")
    for name, counts in sorted(total.by_construct.items(), key=lambda item: -item[1]["compared"]):
        share = {key: counts[key] / max(counts["compared"], 1) for key in ("partly", "whole", "interpreted")}
        lines.append(
            f"{name:<32}{counts['compared']:>14,}{counts['distinct']:>12,}{share['partly']:>9.1%}{share['whole']:>8.1%}"
            f"{share['interpreted']:>11.1%}"
        )
    lines.append("why what fell back did (models): " + "; ".join(f"{why} {count}" for why, count in total.reasons.most_common(20)))
    return "\n".join(lines)


def main() -> int:
    """Read the command line and do what it says."""
    parser = argparse.ArgumentParser(prog="python -m tests.columnar", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--comparisons", type=int, default=10_000_000, help="rows and decisions on each path (default: 10000000)")
    parser.add_argument("--seed", type=int, default=1, help="where the models come from (default: 1)")
    parser.add_argument("--start", type=int, default=0, help="the first model")
    parser.add_argument("--only", type=int, help="this model alone")
    parser.add_argument("--rows", type=int, default=300, help="different rows for each model (default: 300)")
    parser.add_argument("--repeats", type=int, default=12, help="how many times the columns decide each of them (default: 12)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: one for each core)")
    parser.add_argument("--policies", type=int, default=400, help="policies that are compared with assess besides (default: 400)")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the tally as JSON")
    arguments = parser.parse_args()
    on = paths()
    begin = time.monotonic()
    total, last, findings = run(arguments, on)
    print(summary(total, time.monotonic() - begin))
    policies, wrong = run_policies(arguments.seed, range(arguments.policies if arguments.only is None else 0), arguments.jobs)
    findings += wrong
    print(
        f"{policies.policies} policies against assess: {policies.compared:,} rows and tables compared, {policies.distinct:,} of different "
        f"rows; {policies.bad:,} different rows left to assess by the columns"
    )
    if arguments.report:
        arguments.report.parent.mkdir(parents=True, exist_ok=True)
        data = {
            "seed": arguments.seed,
            "start": arguments.start,
            "next": last,
            "paths": list(on),
            "other_paths": list(others()),
            "findings": findings,
            **total.data(),
            "policies": {"drawn": policies.policies, "compared": policies.compared, "distinct": policies.distinct, "left": policies.bad},
        }
        arguments.report.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
    print(f"{len(findings)} findings" if findings else "no differences")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
