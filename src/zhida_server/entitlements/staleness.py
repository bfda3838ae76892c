"""What a run could not know: money that was granted beside it and that stacking ties to what it gives.

A run finds the best lawful combination of what it gives and what was received before it. Where a claim, or another run, granted a policy
of the same tie meanwhile, its answer for that enterprise is out of date: paid as it stands, both together may be more than is lawful.
Such lines are left to the next run, which counts what was granted. Whoever grants of a run does so alone (`grants_alone`), so that no
claim is decided between the look and the grant.
"""

from functools import lru_cache
from uuid import UUID

import polars as pl
from django.db import connection

from zhida.entitle.stacking.structure import structure_of
from zhida.values.temporal import Date
from zhida_server import files
from zhida_server.catalogue import service as catalogue
from zhida_server.entitlements import kept, lines, records
from zhida_server.entitlements.data import Run
from zhida_server.entitlements.subjects import engine_date

BESIDE = """
SELECT code, policy, amount_fen FROM entitlements_granted
WHERE policy = ANY(%s) AND period = %s AND state <> 'voided' AND run_id IS DISTINCT FROM %s
"""
"""What stands of some policies and was not granted of a run."""


def grants_alone() -> None:
    """Let nobody else decide and grant until the transaction ends: for grants of a run."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('entitlements/grants', 0))")


def grants_at_once() -> None:
    """Let no grants of a run be made until the transaction ends: before a claim is decided. Claims do not wait for each other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended('entitlements/grants', 0))")


def overtaken(run_id: UUID, policy: str) -> frozenset[str]:
    """Return the enterprises for which a run is out of date about a policy: something that stacking ties to it was granted beside it.

    Args:
        run_id: The run, which is done.
        policy: The policy.

    Raises:
        NoRun: there is no such run.
        RunNotDone: it is not done yet.
    """
    run = records.done_run(run_id)
    others = _tied(run.packs_sha256, run.policies, policy, engine_date(run.as_of))
    if not others:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(BESIDE, [list(others), run.as_of.year, run_id])
        beside = cursor.fetchall()
    if not beside:
        return frozenset()
    known = _known(run.received_sha256)
    return frozenset(
        code for code, other, amount_fen in beside if (code, other, amount_fen) not in known and not _gives(run, other, code, amount_fen)
    )


def _gives(run: Run, policy: str, code: str, amount_fen: int) -> bool:
    """Say whether a run gives just what was granted beside it: then its combination holds."""
    line = lines.lines_by_code(run, policy).get(code)
    return line is not None and line.paid_fen == amount_fen


@lru_cache(maxsize=64)
def _tied(packs_sha256: str, policies: tuple[str, ...], policy: str, as_of: Date) -> tuple[str, ...]:
    """Return the other policies that restrictions tie to one."""
    structure = structure_of(catalogue.packs_of(packs_sha256), policies, as_of)
    place = policies.index(policy)
    tied = next(each for each in structure.components() if place in each)
    return tuple(policies[each] for each in tied if each != place)


@lru_cache(maxsize=8)
def _known(received_sha256: str) -> frozenset[tuple[str, str, int]]:
    """Return what a run counted as received: code, policy, fen."""
    frame = pl.read_parquet(files.checked(received_sha256, kept.PARQUET))
    return frozenset(row[:3] for row in frame.rows())
