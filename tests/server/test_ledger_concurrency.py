"""Many at the same time: never over by a fen, the last fen is spent, the same key counts once, nobody waits in a circle."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from django.db import connection

from tests.house.tree import ROOT
from tests.server import ledger_draws
from zhida_server.ledger import service as ledger
from zhida_server.ledger.data import AlreadySettled, Reservation, Settlement, State
from zhida_server.people.data import Actor, Role

FINANCE = Actor("caiwu", Role.FINANCE)
BUDGET = ledger_draws.BUDGET
OTHER = "budget/2026/hangzhou/stable-jobs"


def opened(amount_fen: int, code: str = BUDGET) -> None:
    ledger.open_budget(FINANCE, code, "预算", [code.removeprefix("budget/2026/")], 2026, amount_fen, key=f"open/{code}")


def spent_exactly(amount_fen: int, outcomes: list[tuple[int, int, int]]) -> None:
    """Assert that what the drawers got is the budget, to the fen, and the books say the same."""
    (budget,) = ledger.budgets(FINANCE)
    assert sum(fen for fen, _, _ in outcomes) == amount_fen == budget.reserved_fen
    assert budget.available_fen == 0
    assert len(ledger.movements(FINANCE, BUDGET, limit=100_000)) == 1 + sum(granted for _, granted, _ in outcomes)
    assert ledger.check_books() == ()


def test_draws_at_the_same_time_spend_a_budget_to_the_last_fen(own_database: str) -> None:
    opened(499)
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda number: ledger_draws.draw(f"thread-{number}", 15, 9), range(8)))
    assert any(refused for _, _, refused in outcomes), own_database
    spent_exactly(499, outcomes)


@pytest.mark.long
def test_a_thousand_draws_from_eight_processes_spend_a_budget_to_the_last_fen(own_database: str) -> None:
    amount_fen, draws, processes = 4_001, 125, 8
    opened(amount_fen)
    environment = os.environ | {"DATABASE_URL": own_database}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", ledger_draws.PROGRAM, f"process-{number}", str(draws), "9"],
            cwd=ROOT,
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in range(processes)
    ]
    try:
        assert [process.stdout.readline() for process in running if process.stdout] == ["ready\n"] * processes
        for process in running:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        outcomes = [tuple(int(part) for part in process.communicate(timeout=300)[0].split()) for process in running]
    finally:
        for process in running:
            process.kill()
    assert sum(granted + refused for _, granted, refused in outcomes) >= draws * processes
    spent_exactly(amount_fen, outcomes)


def test_the_same_key_at_the_same_time_counts_once(own_database: str) -> None:
    opened(1_000)
    asked = [Reservation(f"k{number}", BUDGET, f"E{number}", 10, "") for number in range(20)]

    def reserve(_: int) -> tuple[object, ...]:
        try:
            return ledger.reserve_many(asked)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        answers = set(threads.map(reserve, range(6)))
    assert len(answers) == 1, own_database
    assert ledger.budgets(FINANCE)[0].reserved_fen == 200
    assert ledger.check_books() == ()


def test_of_payment_and_cancellation_at_the_same_time_one_holds(own_database: str) -> None:
    opened(1_000)
    ids = ledger.reserve_many([Reservation(f"k{number}", BUDGET, f"E{number}", 10, "") for number in range(12)])

    def settle(number: int) -> bool:
        try:
            one = [Settlement(ids[number // 2], f"settle/{number}")]
            ledger.post_many(one) if number % 2 else ledger.void_many(one, "撤回")
        except AlreadySettled:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(6) as threads:
        held = list(threads.map(settle, range(2 * len(ids))))
    assert sum(held) == len(ids), own_database
    assert State.PENDING not in ledger.states(ids).values()
    assert ledger.check_books() == ()


def test_acts_on_the_same_enterprises_in_any_order_do_not_wait_in_a_circle(own_database: str) -> None:
    opened(1_000_000)
    opened(1_000_000, OTHER)

    def work(number: int) -> None:
        order = (BUDGET, OTHER) if number % 2 else (OTHER, BUDGET)
        for turn in range(4):
            asked = [
                Reservation(f"{number}/{turn}/{one}/{budget}", budget, f"E{(one * (7 if number % 2 else 1)) % 30}", 1, "")
                for budget in order
                for one in range(30)
            ]
            ids = ledger.reserve_many(asked)
            ledger.post_many([Settlement(id, f"pay/{number}/{turn}/{place}") for place, id in enumerate(reversed(ids))])  # noqa: A001
        connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    assert all(one.paid_fen == other.paid_fen == 480 for one, other in pairwise(ledger.budgets(FINANCE))), own_database
    assert ledger.check_books() == ()
