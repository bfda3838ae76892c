"""The door of entitlements: runs and their answers, explanations and decisions, grants.

start_run ──job──> run_now ──> tallies, eligible, answers_of, explain, repeat
                                   └──> grant_many, grant_within <── decide_now
"""

from functools import lru_cache
from uuid import UUID

from django.db import connection

from zhida_server.entitlements import models, records
from zhida_server.entitlements.answers import Heading, answers_in
from zhida_server.entitlements.data import Answer, PolicyTally, Run
from zhida_server.entitlements.deciding import decide_again, decide_now
from zhida_server.entitlements.explaining import explain
from zhida_server.entitlements.grants import by_ids, entitlement, entitlements_of, grant_many, grant_within, granted_codes, key_of
from zhida_server.entitlements.lines import eligible
from zhida_server.entitlements.runs import repeat, run_now, start_run
from zhida_server.people import service as people
from zhida_server.people.data import Actor

__all__ = [
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
    "key_of",
    "latest_run",
    "repeat",
    "run",
    "run_now",
    "runs",
    "start_run",
    "tallies",
]

LATEST = """
SELECT answer.result_id, answer.said FROM entitlements_answer answer
WHERE answer.result_id = (SELECT max(number) FROM entitlements_result) AND answer.code = %s
"""


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
    with connection.cursor() as cursor:
        cursor.execute(LATEST, [code])
        row = cursor.fetchone()
    return () if row is None else answers_in(row[1], _headings(row[0]))


@lru_cache(maxsize=8)
def _headings(result: int) -> tuple[Heading, ...]:
    """Return how the answers of a result are read; it never changes."""
    rows = models.PolicyResult.objects.filter(result_id=result).order_by("place")
    return tuple(Heading(row.policy, row.title, row.gives, tuple(row.missing), row.window_until) for row in rows)
