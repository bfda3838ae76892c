"""Pages as they are looked at: one look is one record, no cache keeps a fact, and a fault of the database is told or not hidden."""

import errno
import os
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import date

import polars as pl
import psycopg
import pytest
from django.db import IntegrityError, InterfaceError, OperationalError, connections, transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client, RequestFactory
from django.urls import reverse

from tests.server import staff_town
from tests.server.test_web_staff import as_user, post, text
from zhida_server.audit import service as audit
from zhida_server.delivery import service as delivery
from zhida_server.entitlements import service as entitlements
from zhida_server.ledger import service as ledger
from zhida_server.people.data import Actor, NotAllowed, Refused, Role
from zhida_server.people.models import User
from zhida_server.web.guards import page


def caused(error: Exception, cause: Exception) -> Exception:
    """Return an error as the framework raises it of another."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("who", "name", "of"),
    [
        ("sun", "staff_order", "order"),
        ("sun", "staff_order_replay", "order"),
        ("li", "staff_batch", "batch"),
        ("wang", "staff_batch_sign", "batch"),
        ("firm", "granted", "order"),
    ],
)
def test_one_look_is_one_record(town: staff_town.Town, who: str, name: str, of: str) -> None:
    subject = getattr(town, of)
    before = len(audit.records(actor=who, limit=10_000))
    text(as_user(who), name, *([staff_town.OWN] if name == "granted" else []), subject)
    (look, *_), after = audit.records(actor=who, limit=10_000), len(audit.records(actor=who, limit=10_000))
    assert after == before + 1
    assert look.act in {"enterprise.read", "batch.read"}
    assert look.object == (str(subject) if of == "batch" else staff_town.OWN)


def test_a_trail_reads_the_one_line_of_its_batch(town: staff_town.Town) -> None:
    batch = delivery.batch(staff_town.LI, town.batch)
    found = delivery.payment_of(Actor("sun", Role.AUDITOR), town.order, purpose="追溯")
    assert found.batch is not None
    assert [line.order_id for line in found.batch.lines] == [town.order]
    assert (found.batch.count, found.batch.amount_fen, found.batch.paid) == (batch.count, batch.amount_fen, batch.paid)
    assert delivery.batch(staff_town.LI, town.batch, limit=0).lines == ()
    assert delivery.batch(staff_town.LI, town.batch, after=batch.count).lines == ()
    with pytest.raises(NotAllowed):
        delivery.payment_of(Actor("firm", Role.REPRESENTATIVE, "", staff_town.OWN), town.order, purpose="追溯")


def test_nothing_that_says_a_fact_is_kept_by_a_cache(town: staff_town.Town) -> None:
    client = as_user("sun")
    found = {
        "a page": client.get(reverse("staff_order", args=[town.order])),
        "a refusal": client.get(reverse("staff_batch_sign", args=[town.batch])),
        "an address that is none": client.get("/desk/nothing/"),
        "another method": client.get(reverse("staff_budget_appropriate")),
        "a form without its token": Client(SERVER_NAME="localhost", enforce_csrf_checks=True).post(reverse("staff_run_start")),
        "a visitor who is not let in": Client(SERVER_NAME="localhost").post(reverse("enterprise", args=[staff_town.OWN])),
        "a file": as_user("li").post(reverse("staff_batch_file", args=[town.batch])),
        "an export": client.get(reverse("staff_ledger_export", args=["csv"])),
        "a form that is refused": post(as_user("li"), "staff_budget_appropriate", code="budget/2026/none", amount="1"),
        "a redirect to somebody's own": as_user("firm").get(reverse("own_enterprise")),
        "what cannot be read": client.get("/desk/?q=%00"),
    }
    for _ in found["an export"].streaming_content:  # type: ignore[attr-defined]  # a file, which is closed when it was sent
        pass
    assert [what for what, got in found.items() if "no-store" not in got.headers.get("Cache-Control", "")] == []


def test_what_the_database_has_already_is_a_clear_refusal_and_another_fault_is_not_hidden(town: staff_town.Town) -> None:
    assert town.run
    request = RequestFactory(SERVER_NAME="localhost").get("/")
    request.user = User.objects.get(username="wu")

    def made(**changed: object) -> HttpResponseBase:
        """Answer with a page that makes an account without looking first, as somebody does who looked a moment too early."""
        account = {"username": "new", "role": "finance"} | changed
        return page()(lambda _request, _actor: HttpResponse(str(User.objects.create(**account))))(request)

    with transaction.atomic():
        assert made().status_code == 200
    with transaction.atomic():
        refused = made()
        transaction.set_rollback(True)
    assert refused.status_code == 409
    with pytest.raises(IntegrityError), transaction.atomic():
        made(username="other", role="boss")


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "run.parquet"), 507, "磁盘已满"),
        (pl.exceptions.ComputeError("No space left on device (os error 28)"), 507, "磁盘已满"),
        (caused(OperationalError("could not extend file"), psycopg.errors.DiskFull()), 507, "磁盘已满"),
        (caused(OperationalError("the connection is closed"), psycopg.OperationalError()), 503, "数据库暂时不可用"),
        (InterfaceError("connection already closed"), 503, "数据库暂时不可用"),
        (RuntimeError("a fault of ours"), 500, "网站出了故障"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_a_page_says_that_the_disk_is_full_or_the_database_away_and_nothing_was_done(
    town: staff_town.Town, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, said: str
) -> None:
    def refused(_actor: Actor, _as_of: date) -> None:
        raise error

    monkeypatch.setattr(entitlements, "start_run", refused)
    officer = Actor("zhao", Role.POLICY)
    runs = len(entitlements.runs(officer))
    client = as_user("zhao")
    client.raise_request_exception = False
    answer = post(client, "staff_run_start", as_of="2026-07-01")
    page_ = answer.content.decode()
    assert (town.run is not None, answer.status_code, said in page_, f">{status}<" in page_) == (True, status, True, True)
    assert answer.headers.get("Retry-After") == ("30" if status == 503 else None)
    assert "no-store" in answer.headers["Cache-Control"]
    assert len(entitlements.runs(officer)) == runs


def test_a_budget_of_one_code_opened_twice_at_once_is_one_budget_and_a_clear_answer(own_database: str) -> None:
    def opened(name: str) -> str:
        try:
            ledger.open_budget(staff_town.LI, "budget/2026/a", name, ["a/b"], 2026, 100, key="same")
        except Refused as refused:
            return refused.code
        finally:
            connections.close_all()
        return "opened"

    assert own_database
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            ledger.open_budget(staff_town.LI, "budget/2026/a", "甲", ["a/b"], 2026, 100, key="same")
            others = [pool.submit(opened, name) for name in ("甲", "乙")]
            assert not wait(others, timeout=0.5).done
        assert [each.result() for each in others] == ["opened", "ledger-budget-exists"]
    assert [each.appropriated_fen for each in ledger.budgets(staff_town.LI)] == [100]
