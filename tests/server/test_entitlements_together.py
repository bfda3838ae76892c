"""What is committed, what happens at the same time, and what is left when a process is killed."""

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, connections, transaction

from tests.server import small_town
from zhida_server import settings
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import orders
from zhida_server.delivery.data import OrderState
from zhida_server.entitlements import models, service
from zhida_server.entitlements.data import Entitlement, GrantRequest, Run, RunInProgress, RunState
from zhida_server.ledger import service as ledger
from zhida_server.people.data import Actor, Role, job_actor
from zhida_server.registry import service as registry

LI, FINANCE = Actor("li", Role.POLICY), Actor("qian", Role.FINANCE)
ON = dt.date(2026, 6, 30)
POLICY, BUDGET = "town/garden", "budget/2026/town/garden"
THREADS = 4

pytestmark = pytest.mark.usefixtures("own_database")


@pytest.fixture(autouse=True)
def _budget(own_database: str) -> None:  # noqa: ARG001 - it comes first
    ledger.open_budget(FINANCE, BUDGET, "花园", [POLICY], 2026, 1_000, key="open")


def requests(count: int) -> list[GrantRequest]:
    return [GrantRequest(POLICY, f"A{place}", 100, "第一条", {"title": "花园"}) for place in range(count)]


def granted(asked: list[GrantRequest]) -> tuple[Entitlement, ...]:
    """Grant with the orders that are lacking, as delivery does."""
    with transaction.atomic():
        found = service.grant_many(LI, None, asked, on=ON)
        there = orders.states_of([each.id for each in found])
        orders.place(LI.name, [each for each in found if each.id not in there], notice_id=None, kind=OrderState.PAYABLE, on=ON)
    return found


def test_a_grant_without_an_order_to_pay_it_is_not_committed() -> None:
    with pytest.raises(IntegrityError, match="there is no order to pay it"):
        service.grant_many(LI, None, requests(1), on=ON)
    assert models.Entitlement.objects.count() == 0
    assert ledger.check_books() == ()
    assert ledger.budgets(FINANCE)[0].available_fen == 1_000
    assert len(granted(requests(1))) == 1


def test_whoever_grants_the_same_at_the_same_time_grants_it_once() -> None:
    barrier = threading.Barrier(THREADS)

    def act(place: int) -> set[str]:
        try:
            barrier.wait(10)
            asked = requests(8)
            found = granted_or_again(asked if place % 2 else asked[::-1])
            return {str(each.id) for each in found}
        finally:
            connections.close_all()

    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(act, range(THREADS)))
    assert all(each == found[0] for each in found)
    assert models.Entitlement.objects.count() == 8
    assert ledger.budgets(FINANCE)[0].available_fen == 200
    assert ledger.check_books() == ()


def granted_or_again(asked: list[GrantRequest]) -> tuple[Entitlement, ...]:
    """Grant; where somebody else made the orders meanwhile, ask again, as a job does."""
    try:
        return granted(asked)
    except IntegrityError:
        return granted(asked)


# --- runs ------------------------------------------------------------------------------------------------------------

WORKER = """
import django, sys, time, uuid
django.setup()
from zhida_server.entitlements import runs
def stop(*_, **__):
    print("here", flush=True)
    time.sleep(60)
runs._finish = stop
runs.run_now(uuid.UUID(sys.argv[1]))
"""


@pytest.mark.long
def test_a_run_whose_process_is_killed_is_taken_up_by_another_and_meanwhile_by_none(own_database: str, tmp_path: Path) -> None:
    catalogue.take_packs(job_actor("setup"), small_town.packs(tmp_path / "packs"))
    mapping = ("mapping.yaml", small_town.MAPPING.encode())
    registry.take_import(LI, registry.propose_import(LI, mapping, [("base.csv", small_town.BASE.encode())]).id)
    ordered = service.start_run(LI, ON)
    environment = os.environ | {"DATABASE_URL": own_database, "ZHIDA_SITE": str(settings.SITE)}
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(ordered.id)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as worker:
        try:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"here\n"
            with pytest.raises(RunInProgress):
                service.run_now(ordered.id)
            assert service.run(LI, ordered.id).state is RunState.RUNNING
        finally:
            worker.send_signal(signal.SIGKILL)
    found = _as_soon_as_free(ordered.id)
    assert (found.state, found.progress.tries) == (RunState.DONE, 2)
    assert service.repeat(LI, found.id).is_same


def _as_soon_as_free(run_id: UUID) -> Run:
    """Work on a run as soon as the database has noticed that the other is gone."""
    for _ in range(100):
        try:
            return service.run_now(run_id)
        except RunInProgress:
            time.sleep(0.05)
    raise AssertionError("the database did not let go")


def test_answers_are_found_by_their_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {service.LATEST}", ["A1"])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Scan using entitlements_answer_pkey" in plan
