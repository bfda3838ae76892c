"""Ours and theirs in one run: every answer held against the expected one, then timed in turns, medians of the turns.

In each turn every engine runs the task once before any of them runs it again, so that a machine that is busy for a while
is busy for all of them.
"""

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import peers
import workload
from peers import Worker

Json = Any

TURNS = 25
TURNS_OF_A_LONG_TASK = 5
SECONDS_OF_A_LONG_TASK = 0.1
GOES = 3
"""How often an engine goes in each of its turns; the quickest counts, because other programs interrupt the others."""
SECONDS_OF_A_GO = 0.0015
SECONDS_OF_WARMING = 0.15
"""What every engine runs a task for before it counts: a compiler that works while it runs needs as much."""
OURS, BEFORE = "zhida", "zhida before"
MODES = ("text", "compiled")


@dataclass(frozen=True)
class Figure:
    """What one engine took for one task, or why it has no time."""

    seconds: float | None
    remark: str = ""


Row = dict[str, Figure]


def measure(tasks: Mapping[str, tuple[Worker, Json]], expected: Json) -> Row:
    """Return the figures of some engines for the same work.

    Args:
        tasks: A worker and its task, by the name of the column.
        expected: What every one of them must answer.
    """
    row: Row = {}
    ready: dict[str, tuple[Worker, int, int]] = {}
    for name, (worker, task) in tasks.items():
        number, answer = worker.prepare(task)
        if "refused" in answer:
            row[name] = Figure(None, answer["refused"])
        elif answer["value"] != expected:
            row[name] = Figure(None, f"wrong: {answer['value']}")
        else:
            once = worker.seconds(number, 1)
            once = worker.seconds(number, _loops(SECONDS_OF_WARMING, once))
            ready[name] = (worker, number, _loops(SECONDS_OF_A_GO, once))
    times: dict[str, list[float]] = {name: [] for name in ready}
    is_long = any(task.seconds(number, 1) > SECONDS_OF_A_LONG_TASK for task, number, _ in ready.values())
    for _ in range(TURNS_OF_A_LONG_TASK if is_long else TURNS):
        for name, (worker, number, loops) in ready.items():
            times[name].append(worker.seconds(number, loops, GOES))
    return row | {name: Figure(statistics.median(taken)) for name, taken in times.items()}


def _loops(seconds: float, once: float) -> int:
    """Return how many times something fits into some seconds."""
    return max(1, min(int(seconds / max(once, 1e-9)), 100_000))


class Engines:
    """The workers of one run."""

    def __init__(self, before: Path | None) -> None:
        """Start them; `before` are other sources of our own, to be told apart from these."""
        self.peers: dict[str, Worker] = {}
        for name, command in peers.installed().items():
            self.peers[name] = Worker(command)
        self.ours = {OURS: peers.zhida()}
        if before:
            self.ours[BEFORE] = peers.zhida(before)

    def end(self) -> None:
        """Let all of them end."""
        for worker in (*self.peers.values(), *self.ours.values()):
            worker.end()

    def expressions(self) -> Iterator[tuple[str, Row]]:
        """Yield each expression with its figures, from text and compiled."""
        feel = {name: worker for name, worker in self.peers.items() if not name.startswith("zen")}
        for expression in workload.EXPRESSIONS:
            task = asdict(expression)
            tasks = {f"{name}, {mode}": (worker, {**task, "mode": mode}) for mode in MODES for name, worker in (self.ours | feel).items()}
            yield expression.text, measure(tasks, expression.result)

    def table(self) -> Row:
        """Return the figures of the table of six rules and four inputs, for five sets of facts."""
        zen = {name: worker for name, worker in self.peers.items() if name.startswith("zen")}
        task = {"table": asdict(workload.TABLE), "facts": [facts for facts, _ in workload.TABLE_FACTS]}
        expected = [value for _, value in workload.TABLE_FACTS]
        return measure({name: (worker, task) for name, worker in (self.ours | zen).items()}, expected)

    def graph(self) -> Row:
        """Return our figures for ten tables that rest on each other, with trace."""
        task = {"graph": [asdict(table) for table in workload.graph()], "facts": [workload.GRAPH_FACTS]}
        return measure({name: (worker, task) for name, worker in self.ours.items()}, [workload.GRAPH_FACTS["staff"] + 9])

    def large_table(self) -> Row:
        """Return our figures for parsing and compiling a thousand rules."""
        return measure({name: (worker, {"compile": [asdict(workload.thousand_rules())]}) for name, worker in self.ours.items()}, 1)
