"""The records of runs, read: what was ordered, how far it is, what it came to."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from zhida_server.entitlements import models
from zhida_server.entitlements.data import (
    NoRepetition,
    NoRun,
    PolicyTally,
    Repeat,
    Repetition,
    Run,
    RunNotDone,
    RunProgress,
    RunState,
)

LATEST = 100
"""Runs that a list shows."""


def run_of(id_: UUID) -> Run:
    """Return a run.

    Raises:
        NoRun: where there is none.
    """
    found = _runs().filter(id=id_).first()
    if found is None:
        raise NoRun("no-run", f"没有这次运行：{id_}", f"there is no such run: {id_}")
    return _run(found)


def done_run(id_: UUID) -> Run:
    """Return a run that is done.

    Raises:
        NoRun: where there is none.
        RunNotDone: where it is not done yet.
    """
    found = run_of(id_)
    if found.state is not RunState.DONE:
        raise RunNotDone("run-not-done", f"运行 {id_} 还没有完成：等它完成再来", f"the run {id_} is not done yet: come back when it is")
    return found


def listed() -> tuple[Run, ...]:
    """Return the latest runs, the newest first."""
    return tuple(_run(found) for found in _runs().order_by("-started_at")[:LATEST])


def latest_done() -> Run | None:
    """Return the run whose answers count: the one that was done last."""
    found = _runs().filter(result__isnull=False).order_by("-result__number").first()
    return None if found is None else _run(found)


def latest_done_in(year: int) -> Run | None:
    """Return the run of a year that was done last; None where none was."""
    found = _runs().filter(result__isnull=False, as_of__year=year).order_by("-result__number").first()
    return None if found is None else _run(found)


def repetition_of(id_: UUID) -> Repetition:
    """Return a run that is decided again.

    Raises:
        NoRepetition: where there is none.
    """
    found = models.Repetition.objects.select_related("run__result").filter(id=id_).first()
    if found is None:
        raise NoRepetition("no-repetition", f"没有这次复算：{id_}", f"there is no such repetition: {id_}")
    return _repetition(found)


def repetitions_of(run_id: UUID) -> tuple[Repetition, ...]:
    """Return the latest repetitions of a run, the newest first."""
    rows = models.Repetition.objects.select_related("run__result").filter(run_id=run_id).order_by("-asked_at")[:LATEST]
    return tuple(_repetition(row) for row in rows)


def tallies_of(run_id: UUID) -> tuple[PolicyTally, ...]:
    """Return what each policy came to in a run, in the order of the packs."""
    rows = models.PolicyResult.objects.filter(result__run_id=run_id).order_by("place")
    return tuple(PolicyTally(row.policy, row.title, row.gives, row.outcomes, row.amount_fen, row.paid_fen) for row in rows)


def figures_of(run_id: UUID) -> Mapping[str, Any]:
    """Return how a run that is done went: seconds of each phase, rows that were interpreted."""
    found = models.Result.objects.filter(run_id=run_id).values_list("figures", flat=True).first()
    return found or {}


def _runs() -> Any:  # noqa: ANN401 - a queryset, which stays in this module
    return models.Run.objects.select_related("progress", "result")


def _run(found: models.Run) -> Run:
    result: models.Result | None = getattr(found, "result", None)
    progress: models.Progress | None = getattr(found, "progress", None)
    state = RunState.DONE if result is not None else RunState.QUEUED if progress is None else RunState(progress.state)
    return Run(
        id=found.id,
        as_of=found.as_of,
        packs_sha256=found.packs_sha256,
        snapshot_sha256=found.snapshot_sha256,
        received_sha256=found.received_sha256,
        policies=tuple(found.policies),
        engine_version=found.engine_version,
        state=state,
        progress=_progress(progress),
        fault="" if progress is None or state is RunState.DONE else progress.fault,
        results_sha256="" if result is None else result.results_sha256,
        subjects=0 if result is None else result.subjects,
        started_by=found.started_by,
        started_at=found.started_at,
        finished_at=None if result is None else result.finished_at,
    )


def _repetition(found: models.Repetition) -> Repetition:
    outcome = None
    if found.is_same is not None:
        outcome = Repeat(found.is_same, found.results_sha256, found.run.result.results_sha256, found.engine_version)
    state, progress = RunState(found.state), _progress(found)
    return Repetition(found.id, found.run_id, state, progress, found.fault, outcome, found.asked_by, found.asked_at)


def _progress(found: models.Progress | models.Repetition | None) -> RunProgress:
    if found is None:
        return RunProgress("", 0, 0, 0, 0, 0, 0)
    seconds = found.milliseconds // 1000
    return RunProgress(found.phase, found.parts_done, found.parts, found.rows_done, found.rows, seconds, found.tries)
