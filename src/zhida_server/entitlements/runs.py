"""Runs: all policies over a snapshot, part by part, into files that are kept and answers that are shown.

    start_run: packs, snapshot, what was granted before ──> run (the record) ──> job
    run_now:   assess ──results──> combine ──entitlements──> keep ──┬── result ──┐
                                                                    ├── policies ├── one transaction: then the run counts
                                                                    └── answers ─┘

A run is a function of its record: the same record gives the same bytes, with any number of workers and after any interruption. A run that
was cut short goes on where it stopped; what it has done lies in a folder of its own until it counts. One run is worked on at a time.
"""

import datetime as dt
import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import polars as pl
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from zhida.assess.order import RunOrder, plan_parts, processors
from zhida.assess.run import Progress, run
from zhida.entitle.best.payments import SCHEMA
from zhida.entitle.best.registry import CombineRun, Outputs, fitting_results
from zhida.errors import DiagnosticsError, InputError, ZhidaError
from zhida.policy.pack import Packs
from zhida.registry_io.engine import engine_version
from zhida.registry_io.replacing import replacing
from zhida.registry_io.results import RESULTS_FILE, result_files, results_metadata
from zhida.registry_io.sources import Source, open_source
from zhida_server import files, settings
from zhida_server.audit import service as audit
from zhida_server.catalogue import service as catalogue
from zhida_server.entitlements import answers, kept, models, records
from zhida_server.entitlements.data import NothingToRun, Repeat, Repetition, Run, RunInProgress, RunState
from zhida_server.entitlements.subjects import SUBJECT, about_enterprises, engine_date
from zhida_server.files import DamagedFileError
from zhida_server.people import service as people
from zhida_server.people.data import Actor
from zhida_server.registry import service as registry

JOB = "entitlements.run"
"""The job that works on a run, and the lock that keeps two of them apart."""

REPEAT_JOB = "entitlements.repeat"
"""The job that decides a run again."""

LOCK = 0x7A68_6964
"""The advisory lock of whoever works on a run in this database."""

NOT_WRITTEN = "registry-write-failed"
"""What the engine says where the operating system lets nothing be written: the disk is full."""

ROWS_PER_PART = 32_768
"""Rows of a part at most: what is lost when a run is cut short, and how far a page sees it go."""

ENTITLEMENTS_FILE = "entitlements.parquet"

RECEIVED = """
SELECT code, policy, amount_fen, CASE WHEN extract(year FROM granted_on) = period THEN granted_on ELSE make_date(period, 12, 31) END
FROM entitlements_granted WHERE state <> 'voided' ORDER BY code, policy, period, attempt
"""
"""What was granted and stands: it counts as received in the year for which it was granted (a run as of December may be granted in
January), so that a later run does not promise it a second time."""


# --- ordering --------------------------------------------------------------------------------------------------------


def start_run(actor: Actor, as_of: dt.date) -> Run:
    """Order a run of all policies about enterprises over a snapshot that is taken now, and leave it to the worker.

    Args:
        actor: Who orders it.
        as_of: The date of the business fact.

    Raises:
        NotAllowed: where the role may not.
        NothingToRun: where there are no policies about enterprises.
        NotFound: where no packs, or no registry, were taken yet.
    """
    people.require(actor, "run.start")
    with transaction.atomic():
        ordered = _ordered(actor, as_of)
        app.configure_task(JOB, lock=JOB, queueing_lock=f"{JOB}/{ordered.id}").defer(run_id=str(ordered.id))
        return ordered


def _ordered(actor: Actor, as_of: dt.date) -> Run:
    """Write the record of a run."""
    packs_sha256, packs = catalogue.current_packs()
    policies = list(about_enterprises(packs))
    if not policies:
        raise NothingToRun(
            "nothing-to-run",
            "政策包里没有关于企业的政策：先收下一版政策包",
            "the packs have no policies about enterprises: take some first",
        )
    snapshot = registry.take_snapshot(actor, as_of)
    made = models.Run.objects.create(
        as_of=as_of,
        packs_sha256=packs_sha256,
        snapshot_sha256=snapshot.sha256,
        policies=policies,
        received_sha256=_received(),
        engine_version=engine_version(),
        started_by=actor.name,
    )
    models.Progress.objects.create(run=made)
    after = {"as_of": as_of.isoformat(), "packs": packs_sha256, "snapshot": snapshot.sha256}
    audit.record(actor.name, "run.start", str(made.id), after=after)
    return records.run_of(made.id)


def _received() -> str:
    """Keep what was granted before and stands; returns its sha256."""
    with connection.cursor() as cursor:
        cursor.execute(RECEIVED)
        rows = [(*row, "") for row in cursor.fetchall()]
    frame = pl.DataFrame(rows, SCHEMA, orient="row")
    return files.keep(frame.write_parquet, kept.PARQUET)


# --- working ---------------------------------------------------------------------------------------------------------


def run_now(run_id: UUID, *, is_last_try: bool = False) -> Run:
    """Work on a run until it is done; one that was cut short goes on where it stopped, and one that is done stays as it is.

    Args:
        run_id: The run.
        is_last_try: Whether nobody tries again, whatever goes wrong: then it has failed.

    Raises:
        NoRun: there is no such run.
        RunInProgress: somebody else works on a run.
        ZhidaError, DamagedFileError: what it reads is not as it must be; the run has failed, and says why. Or the disk is full
            (registry-write-failed): then it may be tried again.
    """
    with _alone(run_id):
        found = records.run_of(run_id)
        if found.state is RunState.DONE:
            return found
        told = _Told(run_id)
        told.begin()
        try:
            _work(found, told)
        except Exception as error:
            if is_for_good(error):
                told.fail(str(error))
            elif is_last_try:
                told.give_up(error)
            raise
        return records.run_of(run_id)


def is_for_good(error: Exception) -> bool:
    """Say whether it is in vain to try again: what a run reads is not as it must be. What the disk has no room for is tried again."""
    if isinstance(error, DiagnosticsError) and any(each.code == NOT_WRITTEN for each in error.diagnostics):
        return False
    return isinstance(error, ZhidaError | DamagedFileError)


def _work(ordered: Run, told: "_Told") -> None:
    folder = settings.SITE / "runs" / str(ordered.id)
    folder.mkdir(parents=True, exist_ok=True)
    made = _decided(ordered, folder, told)
    told.phase("answers", len(result_files(made.results)))
    results_sha256 = kept.keep(result_files(made.results), made.entitlements)
    _finish(ordered, results_sha256, told)
    shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Made:
    """The files that a run makes."""

    results: Path
    """The results: a file, or a folder of parts."""
    entitlements: Path
    """The best lawful combinations."""


def _decided(ordered: Run, folder: Path, told: "_Told", *, workers: int | None = None) -> _Made:
    """Decide a run from its record alone, into a folder."""
    packs = catalogue.packs_of(ordered.packs_sha256)
    order = RunOrder(packs, ordered.policies, packs.dictionaries[SUBJECT], engine_date(ordered.as_of), workers, cache=_cache())
    snapshot = registry.snapshot_path(ordered.snapshot_sha256)
    plan = plan_parts(order, _rows_per_part(snapshot))
    received = pl.read_parquet(files.checked(ordered.received_sha256, kept.PARQUET))
    made = _Made(folder / RESULTS_FILE, folder / ENTITLEMENTS_FILE)
    with closing(open_source(str(snapshot), order.dictionary, rows_per_part=plan.rows_per_part)) as source:
        if not _is_assessed(order, source, made.results):
            told.phase("assess", len(source.parts))
            run(order, plan, source, folder, Progress(told.tell))
        told.phase("combine", 0)
        with replacing(made.entitlements) as new:
            CombineRun(order, source, made.results, received, workers or processors(), Progress(told.tell)).run(Outputs(new, None))
    return made


def _rows_per_part(snapshot: Path) -> int:
    """Return how many rows a part has: as many as the others, so that no worker has much more to do."""
    rows: int = pl.scan_parquet(snapshot).select(pl.len()).collect().item()
    parts = -(-rows // ROWS_PER_PART)
    return -(-rows // parts) if parts else ROWS_PER_PART


def _is_assessed(order: RunOrder, source: Source, results: Path) -> bool:
    """Say whether an earlier try had come so far."""
    try:
        fitting_results(order, source, results)
    except InputError:
        return False
    return True


def _cache() -> Path:
    """Return the folder that keeps what was learned of policies; it makes runs faster and changes nothing in them."""
    folder = settings.SITE / "learned"
    folder.mkdir(exist_ok=True)
    return folder


def _finish(ordered: Run, results_sha256: str, told: "_Told") -> None:
    """Write what a run came to: from then on it counts, and its answers are those that are shown."""
    found = kept.kept_of(results_sha256)
    metadata = results_metadata(kept.result_paths(found)[0])
    missing: dict[str, list[str]] = json.loads(metadata["zhida.missing"])
    packs = catalogue.packs_of(ordered.packs_sha256)
    sums = {policy: answers.PolicySums() for policy in ordered.policies}
    with transaction.atomic():
        number = _next_number()
        for part in answers.parts_of(found, number, ordered.policies, missing, sums):
            answers.copy(part)
        subjects = kept.rows_of(found)
        result = models.Result.objects.create(
            number=number, run_id=ordered.id, results_sha256=results_sha256, subjects=subjects, figures=told.figures()
        )
        models.PolicyResult.objects.bulk_create(_policy_results(ordered, packs, result, missing, sums))
        _drop_former(number)
        audit.record(ordered.started_by, "run.done", str(ordered.id), after={"results": results_sha256, "subjects": subjects})
    told.done()


def _next_number() -> int:
    """Return the number of the next result, of which the answers are written before it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('entitlements_result', 'number'))")
        return int(cursor.fetchone()[0])


def _drop_former(result: int) -> None:
    """Drop the answers of other runs: their files have them."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM entitlements_answer WHERE result_id <> %s", [result])


def _policy_results(
    ordered: Run, packs: Packs, result: models.Result, missing: dict[str, list[str]], sums: dict[str, answers.PolicySums]
) -> Iterator[models.PolicyResult]:
    day = engine_date(ordered.as_of)
    for place, policy in enumerate(ordered.policies):
        front, sum_ = packs.policies[policy].front, sums[policy]
        yield models.PolicyResult(
            result=result,
            place=place,
            policy=policy,
            title=front.title,
            gives=front.gives,
            outcomes=dict(sorted(sum_.outcomes.items())),
            amount_fen=sum_.amount_fen,
            paid_fen=sum_.paid_fen,
            missing=missing[policy],
            window_until=answers.window_end(packs.model_of(policy, day)),
        )


@contextmanager
def _alone(run_id: UUID) -> Iterator[None]:
    """Be the only one in this database that works on a run; the database lets go when this connection ends, however it ends.

    Raises:
        RunInProgress: somebody else does.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise RunInProgress(
                "run-in-progress", f"另有一次运行正在做，{run_id} 要等它做完", f"another run is being worked on; {run_id} waits for its end"
            )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])


@dataclass(slots=True)
class _Told:
    """Tells in the database how far a run is."""

    run_id: UUID | None
    started: float = field(default_factory=time.monotonic)
    seconds: dict[str, float] = field(default_factory=dict)
    current: str = ""
    since: float = 0
    interpreted: int = 0
    repetition_id: UUID | None = None

    def begin(self) -> None:
        """Say that it is being worked on."""
        self._update(state=RunState.RUNNING, fault="", tries=F("tries") + 1)

    def phase(self, name: str, parts: int) -> None:
        """Say what comes next."""
        self._close()
        self.current, self.since = name, time.monotonic()
        self._update(phase=name, parts=parts, parts_done=0, rows_done=0)

    def tell(self, progress: Progress) -> None:
        """Say how far the phase is."""
        self.interpreted = max(self.interpreted, progress.interpreted)
        rows = {"rows": progress.rows or 0, "rows_done": progress.rows_done}
        self._update(parts=progress.parts or 0, parts_done=progress.parts_done, **rows)

    def fail(self, fault: str) -> None:
        """Say that it cannot be done."""
        self._update(state=RunState.FAILED, fault=fault)

    def give_up(self, error: Exception) -> None:
        """Say that it was tried in vain, and is not tried any more."""
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
        self.fail(f"试了多次都没有做完，不再重试：{said}。排除故障后重新开始 / tried in vain, and given up: mend that, and start anew")

    def done(self) -> None:
        """Say that it is done."""
        self._close()
        self._update(parts_done=F("parts"), rows_done=F("rows"))

    def figures(self) -> dict[str, object]:
        """Return how it went so far."""
        self._close()
        return {"milliseconds": {name: int(seconds * 1000) for name, seconds in self.seconds.items()}, "interpreted": self.interpreted}

    def _close(self) -> None:
        if self.current:
            self.seconds[self.current] = self.seconds.get(self.current, 0) + time.monotonic() - self.since
            self.since = time.monotonic()

    def _update(self, **values: object) -> None:
        values |= {"milliseconds": int((time.monotonic() - self.started) * 1000), "told_at": Now()}
        if self.repetition_id is not None:
            models.Repetition.objects.filter(id=self.repetition_id).update(**values)
        elif self.run_id is not None:
            models.Progress.objects.filter(run_id=self.run_id).update(**values)


# --- repeating -------------------------------------------------------------------------------------------------------


def start_repeat(actor: Actor, run_id: UUID) -> Repetition:
    """Ask for a run to be decided again from its record, and leave it to the worker; while one is under way, that is returned.

    Args:
        actor: Who asks.
        run_id: The run, which is done.

    Raises:
        NotAllowed: where the role may not.
        NoRun, RunNotDone: there is no such run, or it is not done yet.
    """
    people.require(actor, "run.repeat")
    records.done_run(run_id)
    with transaction.atomic():
        models.Run.objects.select_for_update().get(id=run_id)
        under_way = models.Repetition.objects.filter(run_id=run_id, state__in=[RunState.QUEUED, RunState.RUNNING]).first()
        if under_way is not None:
            _leave_to_the_worker(under_way.id)
            return records.repetition_of(under_way.id)
        made = models.Repetition.objects.create(run_id=run_id, asked_by=actor.name)
        audit.record(actor.name, "run.repeat", str(run_id), after={"repetition": str(made.id)})
        _leave_to_the_worker(made.id)
        return records.repetition_of(made.id)


def _leave_to_the_worker(repetition_id: UUID) -> None:
    """Order the job of a repetition, unless there is one that is not over: it may have ended with a database that was away."""
    key = f"{REPEAT_JOB}/{repetition_id}"
    if not ProcrastinateJob.objects.filter(queueing_lock=key, status__in=["todo", "doing"]).exists():
        app.configure_task(REPEAT_JOB, lock=JOB, queueing_lock=key).defer(repetition_id=str(repetition_id))


def repeat_now(repetition_id: UUID, *, workers: int | None = None, is_last_try: bool = False) -> Repetition:
    """Decide a run again as it was asked for; one that was cut short goes on where it stopped, one that is done stays as it is.

    Args:
        repetition_id: What was asked for.
        workers: As in `repeat`.
        is_last_try: As in `run_now`.

    Raises:
        NoRepetition: nobody asked for it.
        RunInProgress: somebody else works on a run.
        ZhidaError, DamagedFileError: as `run_now`.
    """
    asked = records.repetition_of(repetition_id)
    with _alone(asked.run_id):
        asked = records.repetition_of(repetition_id)
        if asked.state in {RunState.DONE, RunState.FAILED}:
            return asked
        folder = settings.SITE / "runs" / f"repeat-{repetition_id}"
        folder.mkdir(parents=True, exist_ok=True)
        told = _Told(asked.run_id, repetition_id=repetition_id)
        told.begin()
        try:
            found = _repeated(records.done_run(asked.run_id), folder, told, workers)
        except Exception as error:
            if is_for_good(error):
                told.fail(str(error))
            elif is_last_try:
                told.give_up(error)
            if is_for_good(error) or is_last_try:
                shutil.rmtree(folder, ignore_errors=True)
            raise
        with transaction.atomic():
            told.done()
            models.Repetition.objects.filter(id=repetition_id).update(
                state=RunState.DONE, is_same=found.is_same, results_sha256=found.sha256, engine_version=found.engine_version
            )
            audit.record(asked.asked_by, "run.repeat", str(asked.run_id), after={"is_same": found.is_same, "results": found.sha256})
        shutil.rmtree(folder, ignore_errors=True)
        return records.repetition_of(repetition_id)


def repeat(actor: Actor, run_id: UUID, *, workers: int | None = None) -> Repeat:
    """Decide a run again from its record at once, and compare the bytes; nothing is changed by it.

    Args:
        actor: Who asks.
        run_id: The run, which is done.
        workers: How many parts are worked on at a time; the bytes do not depend on it.

    Raises:
        NotAllowed: where the role may not.
        RunNotDone: it is not done yet.
        DamagedFileError: something that it was made of is missing, or differs.
    """
    people.require(actor, "run.repeat")
    done = records.done_run(run_id)
    folder = settings.SITE / "runs"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="repeat-") as place:
        found = _repeated(done, Path(place), _Told(None), workers)
    audit.record(actor.name, "run.repeat", str(run_id), after={"is_same": found.is_same, "results": found.sha256})
    return found


def _repeated(done: Run, folder: Path, told: _Told, workers: int | None) -> Repeat:
    """Decide a run again into a folder, and compare."""
    made = _decided(done, folder, told, workers=workers)
    sha256 = kept.digest_of(result_files(made.results), made.entitlements)
    return Repeat(sha256 == done.results_sha256, sha256, done.results_sha256, engine_version())
