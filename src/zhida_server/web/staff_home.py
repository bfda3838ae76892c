"""The desk: what waits for whoever is logged in, by what their role may do; leaders see figures alone."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import BatchState, NoticeState
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import RunState
from zhida_server.ledger import service as ledger
from zhida_server.people import service as people
from zhida_server.people.data import Actor
from zhida_server.people.service import may
from zhida_server.registry import service as registry
from zhida_server.registry.data import ImportState
from zhida_server.web.guards import page


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits."""

    href: str
    """Where it is done."""
    count: int
    """How many there are."""
    zh: str
    """What they are."""
    en: str
    """What they are."""
    fen: int | None = None
    """What they come to; None where no money is meant."""


@page(act="desk.open")
def home(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what waits, and how money stands."""
    run = entitlements.latest_run() if may(actor, "run.read") else None
    known = {
        "tasks": tuple(each for each in tasks(actor, timezone.localdate()) if each.count),
        "run": run,
        "budgets": ledger.budgets(actor) if may(actor, "budget.read") else (),
        "tallies": tuple(each for each in entitlements.tallies(actor, run.id) if each.paid_fen) if run else (),
    }
    return render(request, "staff/home.html", known)


def tasks(actor: Actor, today: dt.date) -> Iterator[Task]:
    """Yield what waits for those who may do it.

    Args:
        actor: Who looks.
        today: The day.
    """
    if may(actor, "registry.take"):
        waiting = [each for each in registry.imports(actor) if each.state is ImportState.PROPOSED]
        yield Task(reverse("staff_registry"), len(waiting), "次导入等待收下或退回", "imports to be taken or refused")
    if may(actor, "run.start"):
        working = [each for each in entitlements.runs(actor) if each.state in {RunState.QUEUED, RunState.RUNNING}]
        yield Task(reverse("staff_runs"), len(working), "次运行正在进行", "runs under way")
    if may(actor, "objection.decide"):
        yield Task(reverse("staff_notices"), len(delivery.objections(actor, is_open=True)), "条异议等待认定", "objections to be decided")
        due = [each for each in delivery.notices() if each.state is NoticeState.OPEN and each.closes_on < today]
        yield Task(reverse("staff_notices"), len(due), "份公示期满，可以结束", "notices whose days are over")
    if may(actor, "claim.review"):
        yield Task(reverse("staff_reviews"), len(delivery.claims_for_review(actor)), "件申领需要人工审核", "claims that a person decides")
    if may(actor, "people.confirm"):
        others = [each for each in people.bindings(actor) if each.asked_by != actor.name]
        yield Task(reverse("staff_bindings"), len(others), "位企业代表等待第二人确认", "representatives to be confirmed by a second person")
    if may(actor, "batch.read"):
        yield from _payments(actor)


def _payments(actor: Actor) -> Iterator[Task]:
    href = reverse("staff_payments")
    lines = delivery.payable(actor)
    fen = sum(each.amount_fen for each in lines)
    yield Task(href, sum(each.orders for each in lines), "笔款项可以编批", "payments that can go into a batch", fen)
    without = sum(each.without_payee_fen for each in lines)
    yield Task(href, sum(each.without_payee for each in lines), "笔款项缺收款账户", "payments without a bank account", without)
    batches = delivery.batches(actor, limit=50)
    for state, zh, en in (
        (BatchState.MADE, "个批次等待另一位财务人员签发", "batches to be signed by a second person"),
        (BatchState.SIGNED, "个批次已签发，等待取走银行文件", "signed batches whose bank file is to be fetched"),
        (BatchState.SENT, "个批次等待银行回盘", "batches that wait for the bank"),
    ):
        found = [each for each in batches if each.state is state]
        yield Task(href, len(found), zh, en, sum(each.amount_fen for each in found))
    held = sum(each.held for each in lines)
    yield Task(
        reverse("staff_held") if may(actor, "ledger.read") else href, held, "笔款项多次被退回，需核实", "payments that failed too often"
    )
