"""What the tests of delivery begin with: a budget, enterprises with bank accounts, and orders that are granted and payable."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction

from zhida_server.delivery import bank_files, orders, service
from zhida_server.delivery.data import Batch, OrderState
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import Entitlement, GrantRequest
from zhida_server.ledger import service as ledger
from zhida_server.ledger.data import yuan
from zhida_server.people.data import Actor, Role

LI = Actor("li", Role.FINANCE, "财政局")
WANG = Actor("wang", Role.FINANCE, "财政局")
OFFICER = Actor("zhao", Role.POLICY, "经信局")
AUDITOR = Actor("sun", Role.AUDITOR)
CLERK = Actor("qian", Role.SERVICE, "政务中心")
ON = dt.date(2026, 7, 1)
POLICY, BUDGET = "demo/a", "budget/2026/demo/a"
CODES = tuple(f"91330100MA0000000{each}" for each in range(1, 7))


def open_budget(amount_fen: int = 1_000_000) -> None:
    ledger.open_budget(LI, BUDGET, "示例", [POLICY], 2026, amount_fen, key="open")


def left() -> int:
    return next(each.available_fen for each in ledger.budgets(LI) if each.code == BUDGET)


def tell_payees(codes: Iterable[str] = CODES) -> None:
    for code in codes:
        service.set_payee(
            LI, code, f"示例企业{code[-1]}", "示例银行杭州分行", f"6222 0000 0000 000{code[-1]}", on=ON, document="开户证明 1"
        )


def grant(codes: Sequence[str], amount_fen: int = 12_345, kind: OrderState = OrderState.PAYABLE) -> tuple[Entitlement, ...]:
    """Grant something at once, with the orders to pay it."""
    with transaction.atomic():
        requests = [GrantRequest(POLICY, code, amount_fen, "第一条", {"outcome": "ELIGIBLE", "title": "示例"}) for code in codes]
        granted = entitlements.grant_many(OFFICER, None, requests, on=ON)
        orders.place(OFFICER.name, granted, notice_id=None, kind=kind, on=ON)
    return granted


def sent_batch(codes: Sequence[str] = CODES[:3], amount_fen: int = 12_345) -> Batch:
    """Return a batch whose bank file was fetched, of new orders."""
    grant(codes, amount_fen)
    return resent_batch()


def resent_batch() -> Batch:
    """Return a batch whose bank file was fetched, of whatever is payable."""
    made = service.make_batch(LI, on=ON)
    service.sign_batch(WANG, made.id, on=ON)
    service.bank_file(LI, made.id)
    return service.batch(LI, made.id)


def return_file(batch: Batch, *results: str, reason: str = "", encoding: str = "utf-8-sig") -> bytes:
    """Return what a bank would send back: a result for each line; lines without one are left out."""
    rows = [",".join(bank_files.READ)]
    rows += [
        f"{batch.number},{line.order_id},{yuan(line.amount_fen)},{result},{reason}"
        for line, result in zip(batch.lines, results, strict=False)
    ]
    return "\r\n".join(rows).encode(encoding)


def state_of(order_id: UUID) -> OrderState:
    return orders.states_of([order_id])[order_id]


def seen_on(page: str) -> str:
    """Return the digest that the page of a review sends with a yes."""
    return page.split('name="seen" value="')[1].split('"', 1)[0]


def checked() -> None:
    """Let the deferred rules of the database speak now, as they would on commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@contextmanager
def rolled_back() -> Iterator[None]:
    """Let something happen and take it back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
