"""A run: a source, part by part, through the columns of policies into results that can be taken up again.

    order + source ──plan──> parts ──┬── done before: counted ───────────────────────────────┐
                                     └── read ──> decide (or take over) ──> write, then mark ─┴──> tally ──> all into place

Parts are handed to workers in order and come back in any; what a part holds depends on the order and its own rows alone, so the
bytes that are written are the same with any number of workers and after any interruption. Nothing here prints or looks at a clock.
"""

import gc
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from zhida.assess.columns_tally import Tally
from zhida.assess.order import (
    Plan,
    RunOrder,
    fact_attributes,
    order_digest,
    policy_digest,
    population_attributes,
    population_plan,
    read_attributes,
)
from zhida.assess.population import Population, Sums, compute_steps, population_data, table_of
from zhida.assess.registry import RunSummary, known_at
from zhida.assess.renewing import changes_of, fact_columns
from zhida.assess.workers import Workers
from zhida.assess.working import DonePart, Job, PartRows, Scene, Writing
from zhida.columnar.spread import ResultColumns
from zhida.registry_io.former import DIGESTS_KEY, FACTS_KEY, open_former
from zhida.registry_io.parts import POPULATION_FILE, PartMark, WorkFolder, work_folder
from zhida.registry_io.sources import Source
from zhida.registry_io.sources_parts import Part
from zhida.registry_io.writing import write_csv

T = TypeVar("T")


@dataclass(slots=True)
class Progress:
    """How far a run is; `tell` is called, in the thread that runs, whenever it is further."""

    tell: Callable[["Progress"], None] = lambda _: None
    """What is told."""
    begin: Callable[["Progress"], None] = lambda _: None
    """What is told once, when it is known what an earlier try had done."""
    rows: int | None = None
    """Rows of the source; None where nobody knows yet."""
    parts: int | None = None
    """Parts of the source; None where nobody knows yet."""
    rows_done: int = 0
    """Rows that are decided, those of an earlier try among them."""
    parts_done: int = 0
    """Parts that are done, those of an earlier try among them."""
    rows_found: int = 0
    """Rows that an earlier try had decided."""
    parts_found: int = 0
    """Parts that an earlier try had done."""
    interpreted: int = 0
    """Rows that went to the interpreter, counted for each policy."""
    taken_over: int = 0
    """Rows that were taken over from former results."""
    processes: int = 0
    """How many processes of their own worked on parts; none where threads of this one did."""
    is_waiting: bool = False
    """Whether the run waits for threads. Whoever hears of an interruption then must not raise in the midst of their locks: it
    sets `is_asked_to_stop` instead."""
    is_asked_to_stop: bool = False
    """Whether the run is to stop as soon as it can; it then raises KeyboardInterrupt itself."""
    changes: dict[str, str] | None = None
    """Policies that no former result serves for, and why: one of `zhida.assess.renewing.CHANGES`; None without former results."""
    former_date: str = ""
    """The date of the former results."""

    def add(self, mark: PartMark, *, is_found: bool) -> None:
        """Count a part that is done, and tell."""
        self.rows_done += mark.rows
        self.parts_done += 1
        self.rows_found += mark.rows if is_found else 0
        self.parts_found += is_found
        self.interpreted += mark.interpreted
        self.taken_over += mark.taken_over
        if not is_found:
            self.tell(self)


@dataclass(frozen=True, slots=True)
class Results:
    """What a run came to, before it takes the place of earlier results."""

    summary: RunSummary
    """Its figures."""
    file: Path
    """The results: one Parquet, or a folder of them."""
    parts: int
    """How many parts there are."""
    beside: Path
    """What is written into this folder takes its place together with the results."""


def run(  # noqa: PLR0913, PLR0917 - each says one thing about the run
    order: RunOrder,
    plan: Plan,
    source: Source,
    folder: Path,
    progress: Progress | None = None,
    finish: Callable[[Results], None] = lambda _: None,
) -> tuple[RunSummary, list[Path]]:
    """Decide every policy of an order for every subject of a source; returns what it came to and the paths of what was written.

    Parts that an earlier run of the same order had done are not done again. Where this is interrupted or fails, the parts that
    are done are kept for the next, and earlier results stay as they are.

    Args:
        order: What is to be decided, and how.
        plan: How many parts are worked on at a time.
        source: The subjects, in parts of the rows that the plan names.
        folder: Where results go; it exists.
        progress: Told of each part that is done.
        finish: Writes what is to stand beside the results.

    Raises:
        InputError: what the source finds; registry-write-failed, run-in-progress, run-former-unusable.
    """
    former = None if order.changed_since is None else open_former(order.changed_since, source.key)
    progress = progress or Progress()
    if former is not None:
        progress.changes, progress.former_date = changes_of(order, former), former.words.get("zhida.as_of", "")
    progress.rows, progress.parts = source.rows, len(source.parts)
    job = Job(order, source.key, former)
    with rarely_collected(), closing(Workers(job, plan)) as workers:
        workers.begin(source.parts)
        runner = _Runner(job, source, workers, progress)
        population = runner.population()
        # Not what its parts hold: each is known by its own fingerprint, so that mending one leaves the others done.
        said = [source.name, sorted(source.metadata.items()), plan.rows_per_part]
        said += [population.digest] if population.computed else []
        digest = order_digest(order, said, "" if former is None else former.fingerprint)
        with work_folder(folder, digest, is_fresh=order.is_fresh) as work:
            parts = len(source.parts)
            results = Results(runner.decide(work, population), work.results(parts), parts, work.beside)
            finish(results)
            if population.computed:
                write_csv(table_of(population, is_synthetic=results.summary.is_synthetic), work.beside / POPULATION_FILE)
            source.check()
            return results.summary, work.publish(parts)


@contextmanager
def rarely_collected() -> Iterator[None]:
    """Let Python look for garbage rarely, and not among what is there already: what policies are made of stays to the end.

    What is learned is kept too, in many small objects that hold no cycles; to go over them again and again takes a fifth of a run.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class _Runner:
    """Works through the parts of one source."""

    def __init__(self, job: Job, source: Source, workers: Workers, progress: Progress) -> None:
        self.job, self.source, self.workers, self.progress = job, source, workers, progress
        attributes = read_attributes(job.order)
        compared = () if job.former is None else job.former.facts
        self.columns = (source.key, *fact_columns(dict.fromkeys([*attributes, *compared]), source.key))

    def population(self) -> Population:
        """Compute the population facts that the order rests on, over all parts."""
        order, source = self.job.order, self.source
        planned = population_plan(order)
        columns = (source.key, *fact_columns(population_attributes(order, planned), source.key))

        def counted(population: Population, step: int) -> list[list[Sums]]:
            scene, found = Scene(tuple(each.groups for each in population.computed)), list[list[Sums]]()

            def look(part: Part) -> list[Sums]:
                frame = source.read(part, columns)
                return self.workers.ask(scene, lambda worker: worker.look(step, frame))

            self.spread(source.parts, look, found.append)
            return found

        return compute_steps(planned, order.as_of, counted)

    def decide(self, work: WorkFolder, population: Population) -> RunSummary:
        """Do all parts that are not done yet; returns what all of them come to."""
        order, source = self.job.order, self.source
        is_synthetic = source.metadata.get("zhida.synthetic") == "true"
        tally = Tally(order.packs, order.policies, as_of=order.as_of, is_synthetic=is_synthetic, registry=order.registry or source.name)
        waiting = []
        for part in source.parts:
            mark = work.done(part.number)
            if mark is None or mark.fingerprint != source.fingerprint(part):
                waiting.append(part)
            else:
                tally.add(ResultColumns.of(work.read(part.number)))
                self.progress.add(mark, is_found=True)
        self.progress.begin(self.progress)
        scene = Scene(tuple(each.groups for each in population.computed), Writing(work, _metadata(order, source, population)))

        def take(done: DonePart) -> None:
            tally.merge(done.sums)
            self.progress.add(done.mark, is_found=False)

        if waiting:
            try:
                self.spread(waiting, lambda part: self.do(part, scene), take)
            except BaseException:
                self.progress.parts_done = work.kept()  # some may have come to their end while nobody counted
                raise
            self.workers.keep()
        return tally.summary()

    def do(self, part: Part, scene: Scene) -> DonePart:
        """Read, decide and write one part."""
        self.workers.go_on()
        rows = PartRows(part.number, self.source.fingerprint(part), self.source.read(part, self.columns))
        return self.workers.ask(scene, lambda worker: worker.decide(rows))

    def spread(self, parts: Sequence[Part], do: Callable[[Part], T], take: Callable[[T], None]) -> None:
        """Do something for each of some parts, several at a time."""
        self.progress.is_waiting = True
        try:
            self.workers.spread(parts, do, take, lambda: self.progress.is_asked_to_stop)
        finally:
            self.progress.is_waiting = False
            self.progress.processes = self.workers.processes


def _metadata(order: RunOrder, source: Source, population: Population) -> dict[bytes, bytes]:
    """Return what a run adds to what results say of themselves."""
    digests = {policy: policy_digest(order, policy) for policy in order.policies}
    said: dict[bytes, object] = {FACTS_KEY: list(fact_attributes(order)), DIGESTS_KEY: digests}
    said |= {b"zhida.population": population_data(population)} if population.computed else {}
    own = {name.encode(): value.encode() for name, value in source.metadata.items() if name.startswith("zhida.")}
    own[b"zhida.known_at"] = known_at(source.metadata).encode()
    return own | {name: json.dumps(value, ensure_ascii=False).encode() for name, value in said.items()}
