"""Tables over frames, ours and theirs in one run: answers held against the expected ones, then timed in turns.

A contestant goes on as many rows as it decides within a set time, at most a million; its time is given for one row. In each
turn all of them go once; a figure is the median of the turns.
"""

import statistics
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import drawn
import models
import numpy as np
import peers
from drawn import DrawnTable
from peers import BUILD, PYTHON, WORKERS, Json, Worker

from zhida.columnar.kernel import PATHS

ROWS = 1_000_000
TURNS = 5
SECONDS_OF_A_GO = 0.6
"""What a go takes at most; a contestant that needs longer for its rows goes on fewer."""
SECONDS_OF_A_WHOLE_GO = 25
"""The same for those that go over whole columns: a tenth of the rows stays near the processor, and would flatter them."""
SECONDS_OF_PREPARING = 60
"""What a contestant has to read the table and to decide its rows once; by then it is left out."""
FEWEST = 10
OURS = "zhida"
PLAIN = "Python if/else"


@dataclass(frozen=True)
class Contestant:
    """Someone who decides a table over a frame."""

    name: str
    command: list[str]
    start: int = FEWEST
    """Rows that it begins with."""
    is_whole: bool = False
    """Whether it goes over whole columns, so that a part of its time does not depend on how many rows there are."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What its process is told."""


@dataclass(frozen=True)
class Figure:
    """What a contestant took for one row, or why it has no time."""

    nanoseconds: float | None
    rows: int = 0
    """How many rows it went on."""
    first: float | None = None
    """What a row took the first time, in nanoseconds: of ours, with what is learnt of the table meanwhile."""
    remark: str = ""


@dataclass(frozen=True)
class Race:
    """One table with what everyone took for it."""

    size: str
    hit_policy: str
    rules: int
    inputs: int
    figures: dict[str, Figure]


def contestants() -> list[Contestant]:
    """Return all that can run here: our own paths first, then whole columns, then those that go row by row."""
    there = peers.install()
    files = str(BUILD / "tables")
    command = [sys.executable, str(WORKERS / "frames_zhida.py")]
    frame = ROWS // 10
    ours = [Contestant(f"{OURS}, {path}", command, frame, is_whole=True, environment={"ZHIDA_KERNEL": path}) for path in PATHS]

    def peer(pin: str, name: str, worker: str, *arguments: str, start: int = FEWEST) -> list[Contestant]:
        version = f"{there[pin]} ".replace("==", " ") if pin in there else ""
        command = [str(PYTHON), str(WORKERS / worker), *arguments]
        return [Contestant(f"{version}{name}".strip(), command, start, is_whole=start == frame)] if version else []

    feelin = peers.install_feelin()
    return [
        *ours,
        *peer("polars", "when/then", "frames_polars.py", "when", start=frame),
        *peer("polars", "位向量 bit vectors", "frames_polars.py", "bits", start=frame),
        *peer("numpy", "select", "frames_numpy.py", "select", start=frame),
        *peer("duckdb", "CASE", "frames_duckdb.py", start=frame),
        *peer("OpenFisca-Core", "", "frames_openfisca.py", start=frame),
        *([Contestant(PLAIN, [str(PYTHON), str(WORKERS / "frames_numpy.py"), "python"], frame // 10)] if "numpy" in there else []),
        *peer("zen-engine", "逐行 one at a time", "frames_zen.py", "one"),
        *peer("zen-engine", "批 batch", "frames_zen.py", "batch"),
        *peer("SpiffWorkflow", "", "frames_spiff.py", files),
        *peer("pyDMNrules", "", "frames_pydmnrules.py", files),
        *peer("bkflow-feel", "", "frames_bkflow.py"),
        *([] if feelin is None else [Contestant(f"feelin {peers.FEELIN}", feelin)]),
    ]


@dataclass(frozen=True)
class Entry:
    """A contestant with a right answer."""

    rows: int
    """On how many rows it goes."""
    number: int
    """The number of its task."""
    first: float
    """Seconds of its first time."""
    fixed_number: int = 0
    """The number of the same task on a few rows, which tells what does not depend on how many there are."""


class Field:
    """All contestants of one run, each with its process."""

    def __init__(self, known: Iterable[Contestant]) -> None:
        self.contestants = list(known)
        self.left: set[tuple[str, str]] = set()
        self.workers: dict[str, Worker] = {}

    def worker(self, contestant: Contestant) -> Worker:
        """Return its process; it is started when it is first asked for, and again after it was ended."""
        if contestant.name not in self.workers:
            told = {"PYTHONPATH": str(peers.HERE), **contestant.environment}
            self.workers[contestant.name] = Worker(contestant.command, told)
        return self.workers[contestant.name]

    def prepare(self, contestant: Contestant, table: DrawnTable, rows: int, *, is_more: bool = False) -> tuple[int, Json]:
        """Hand over a table, alone or beside others; the answer says `refused` where it takes too long or ends the process."""
        worker = self.worker(contestant)
        try:
            if not is_more:
                worker.forget()
            return worker.prepare(self.task(contestant, table, rows), SECONDS_OF_PREPARING)
        except (TimeoutError, RuntimeError, BrokenPipeError) as error:
            self.workers.pop(contestant.name).end()
            seconds = f"超过 {SECONDS_OF_PREPARING} 秒 more than {SECONDS_OF_PREPARING} s for {rows} rows"
            return 0, {"refused": seconds if isinstance(error, TimeoutError) else "进程中止 the process ended"}

    def race(self, size: str, hit_policy: str) -> Race:
        """Return what everyone took for a table."""
        table = drawn.table_of(size, hit_policy)
        expected = expected_answers(table)
        entries = [(contestant, self.settle(contestant, table, expected)) for contestant in self.contestants]
        ready = [(contestant, entry) for contestant, entry in entries if isinstance(entry, Entry)]
        times: dict[str, list[float]] = {contestant.name: [] for contestant, _ in ready}
        fixed: dict[str, list[float]] = {contestant.name: [] for contestant, _ in ready}
        for _ in range(TURNS):
            for contestant, entry in ready:
                times[contestant.name].append(self.worker(contestant).seconds(entry.number, 1))
                if entry.fixed_number:
                    fixed[contestant.name].append(self.worker(contestant).seconds(entry.fixed_number, 1))
        figures = {contestant.name: entry for contestant, entry in entries if isinstance(entry, Figure)}
        for contestant, entry in ready:
            taken = statistics.median(times[contestant.name])
            alone = statistics.median(fixed[contestant.name]) if fixed[contestant.name] else 0.0
            each = max(taken - alone, 0.0) / entry.rows + alone / ROWS
            figures[contestant.name] = Figure(each * 1e9, entry.rows, entry.first / entry.rows * 1e9)
            self.worker(contestant).forget()
        ordered = {contestant.name: figures[contestant.name] for contestant in self.contestants}
        return Race(size, hit_policy, len(table.rules), len(table.attributes), ordered)

    def settle(self, contestant: Contestant, table: DrawnTable, expected: Any) -> "Entry | Figure":  # noqa: ANN401 - an array
        """Return on how many rows a contestant goes; a figure without a time where it has no right answer."""
        if (contestant.name, size_of(table)) in self.left:
            return Figure(None, 0, remark="同样大小的表已超时 too slow for a table of this size before")
        rows, most = contestant.start, ROWS
        while True:
            number, answer = self.prepare(contestant, table, rows)
            if "refused" in answer:
                self.left |= {(contestant.name, size_of(table))} if not number else set()
                return Figure(None, 0, remark=answer["refused"])
            if answer["value"] != digest(expected[:rows]):
                return Figure(None, 0, remark="答案不对 wrong answer")
            taken = self.worker(contestant).seconds(number, 1)
            if taken > SECONDS_OF_A_GO and rows > FEWEST and not contestant.is_whole:
                rows, most = rows // 10, rows // 10
            elif rows < most and taken * 10 <= (SECONDS_OF_A_WHOLE_GO if contestant.is_whole else SECONDS_OF_A_GO):
                rows *= 10
            else:
                break
        if rows == ROWS or not contestant.is_whole:
            return Entry(rows, number, answer["first"])
        few, beside = self.prepare(contestant, table, FEWEST, is_more=True)
        if "refused" in beside:
            return Figure(None, 0, remark=beside["refused"])
        return Entry(rows, number, answer["first"], few)

    @staticmethod
    def task(contestant: Contestant, table: DrawnTable, rows: int) -> Json:
        """Return what a contestant is told."""
        return {"size": size_of(table), "hit_policy": table.hit_policy, "rows": rows} | of_feelin(contestant, table, rows)

    def end(self) -> None:
        """Let all processes end."""
        for worker in self.workers.values():
            worker.end()


def size_of(table: DrawnTable) -> str:
    """Return the size of one of the tables."""
    return table.name[:-1]


def of_feelin(contestant: Contestant, table: DrawnTable, rows: int) -> Json:
    """Return what feelin is told beside the names, for it cannot draw the tables itself."""
    if not contestant.name.startswith("feelin"):
        return {}
    facts = drawn.records(table.attributes, drawn.draw_rows(table.attributes, rows))
    rules = [(drawn.condition(rule, table.attributes), rule.output) for rule in table.rules]
    return {"table": {"rules": rules, "facts": facts, "adds": table.hit_policy == drawn.SUM}}


def digest(found: Any) -> str:  # noqa: ANN401 - an array
    """Return the digest of answers, as workers tell it."""
    return sha256(np.ascontiguousarray(found, dtype="<i8").tobytes()).hexdigest()[:16]


def expected_answers(table: DrawnTable) -> Any:  # noqa: ANN401 - an array
    """Return what every row must come to; worked out once and kept."""
    text = f"{table} {ROWS}"
    path = BUILD / "answers" / f"{sha256(text.encode()).hexdigest()[:16]}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, drawn.answers(table, drawn.draw_rows(table.attributes, ROWS)))
    return np.load(path)


def races(known: Iterable[Contestant], sizes: Iterable[str] = tuple(drawn.SIZES)) -> Iterable[Race]:
    """Yield one race after the other."""
    models.write_files(BUILD / "tables")
    field = Field(known)
    try:
        for size in sizes:
            for hit_policy in drawn.HIT_POLICIES:
                yield field.race(size, hit_policy)
    finally:
        field.end()
