"""The door of entitlements: runs and their answers, explanations and decisions, grants.

start_run ──job──> run_now ──> tallies, eligible, answers_of, explain, repeat
                                   └──> grant_many, grant_within <── decide_now
"""

from collections.abc import Mapping
from functools import lru_cache
from uuid import UUID

from django.db import connection

from zhida_server.entitlements import models, records
from zhida_server.entitlements.answers import Heading, answers_in
from zhida_server.entitlements.data import Answer, PolicyTally, Repetition, Run
from zhida_server.entitlements.deciding import decide_again, decide_now
from zhida_server.entitlements.explaining import explain, told_of
from zhida_server.entitlements.grants import (
    by_ids,
    entitlement,
    entitlements_of,
    grant_many,
    grant_within,
    granted_codes,
    granted_to,
    key_of,
)
from zhida_server.entitlements.lines import eligible, lines_by_code
from zhida_server.entitlements.runs import repeat, repeat_now, run_now, start_repeat, start_run
from zhida_server.entitlements.staleness import grants_alone, grants_at_once, overtaken
from zhida_server.people import service as people
from zhida_server.people.data import Actor

__all__ = [
    "answers_for",
    "answers_of",
    "by_ids",
    "decide_again",
    "decide_now",
    "eligible",
    "entitlement",
    "entitlements_of",
    "explain",
    "grant_many",
    "grant_within",
    "granted_codes",
    "granted_to",
    "grants_alone",
    "grants_at_once",
    "key_of",
    "latest_run",
    "latest_run_of",
    "overtaken",
    "paid_by",
    "repeat",
    "repeat_now",
    "repetitions",
    "run",
    "run_now",
    "runs",
    "start_repeat",
    "start_run",
    "tallies",
    "told_of",
]

LATEST = """
SELECT latest.run_id, answer.said FROM (SELECT number, run_id FROM entitlements_result ORDER BY number DESC LIMIT 1) latest
LEFT JOIN entitlements_answer answer ON answer.result_id = latest.number AND answer.code = %s
"""
"""The run whose answers count, with what it says of an enterprise; without it where it says nothing."""


def run(actor: Actor, run_id: UUID) -> Run:
    """Return a run, done or not.

    Raises:
        NotAllowed: the actor may not.
        NoRun: there is none.
    """
    people.require(actor, "run.read")
    return records.run_of(run_id)


def runs(actor: Actor) -> tuple[Run, ...]:
    """Return the latest runs, the newest first.

    Raises:
        NotAllowed: the actor may not.
    """
    people.require(actor, "run.read")
    return records.listed()


def repetitions(actor: Actor, run_id: UUID) -> tuple[Repetition, ...]:
    """Return how often a run was decided again, and what came of it, the newest first.

    Raises:
        NotAllowed: the actor may not.
    """
    people.require(actor, "run.read")
    return records.repetitions_of(run_id)


def latest_run_of(year: int) -> Run | None:
    """Return the run as of a year that was done last; None where none was."""
    return records.latest_done_in(year)


def paid_by(run: Run, policy: str) -> Mapping[str, int]:
    """Return what a run that is done gives of a policy in the best lawful combinations, in fen, by the enterprise's code.

    A run that did not decide the policy gives nothing of it.
    """
    if policy not in run.policies:
        return {}
    return _paid(run, policy)


@lru_cache(maxsize=16)
def _paid(run: Run, policy: str) -> Mapping[str, int]:
    """Return what a run gives of a policy; it never changes."""
    return {code: line.paid_fen for code, line in lines_by_code(run, policy).items()}


def latest_run() -> Run | None:
    """Return the run whose answers count, which was done last; None where none was."""
    return records.latest_done()


def tallies(actor: Actor, run_id: UUID) -> tuple[PolicyTally, ...]:
    """Return what each policy came to in a run that is done, in the order of the packs.

    Raises:
        NotAllowed: the actor may not.
        NoRun, RunNotDone: there is no such run, or it is not done.
    """
    people.require(actor, "run.read")
    return records.tallies_of(records.done_run(run_id).id)


def answers_of(actor: Actor, code: str, *, purpose: str) -> tuple[Answer, ...]:
    """Return what the run whose answers count says of an enterprise, as far as a page shows it, in the order of the packs.

    What is not in scope, and what is not met and far from it, is not among them.

    Raises:
        NotAllowed: the actor may not, or it is another's enterprise.
    """
    people.access_enterprise(actor, code, purpose=purpose)
    return answers_for(code)[1]


def answers_for(code: str) -> tuple[Run | None, tuple[Answer, ...]]:
    """Return the same with the run, both as of one moment, for services that have checked who asks; None where no run was done."""
    with connection.cursor() as cursor:
        cursor.execute(LATEST, [code])
        row = cursor.fetchone()
    if row is None:
        return None, ()
    run_id, said = row
    return _done(run_id), () if said is None else answers_in(said, _headings(run_id))


@lru_cache(maxsize=8)
def _done(run_id: UUID) -> Run:
    """Return a run that is done; it never changes."""
    return records.done_run(run_id)


@lru_cache(maxsize=8)
def _headings(run_id: UUID) -> tuple[Heading, ...]:
    """Return how the answers of a run that is done are read; it never changes."""
    rows = models.PolicyResult.objects.filter(result__run_id=run_id).order_by("place")
    return tuple(Heading(row.policy, row.title, row.gives, tuple(row.missing), row.window_until) for row in rows)
