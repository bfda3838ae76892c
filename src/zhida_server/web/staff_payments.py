"""Payments: what can be paid becomes a batch, a second person signs it, the bank's file goes out and its answer comes in.

What cannot be taken back is asked for on a page of its own, which says what will happen, with the sums.
"""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import BatchState, OrderState, Reconciled, ReturnRefused
from zhida_server.people.data import Actor, Refused
from zhida_server.people.service import may
from zhida_server.web.guards import FORM, POST, page
from zhida_server.web.staff_forms import downloaded, file_in, form_again, once, said, text_in

PAGE_BATCHES = 50
"""Batches on the list."""
PAGE_LINES = 200
"""Lines of a batch on one page; a batch may have tens of thousands."""
SHOWN_FAULTS = 200
"""Faults of a return file that are shown."""


@page(act="batch.read")
def overview(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what can be paid by policy, and the batches."""
    lines = delivery.payable(actor)
    known = {
        "lines": lines,
        "orders": sum(each.orders for each in lines),
        "amount_fen": sum(each.amount_fen for each in lines),
        "without_payee": sum(each.without_payee for each in lines),
        "without_payee_fen": sum(each.without_payee_fen for each in lines),
        "held": sum(each.held for each in lines),
        "batches": delivery.batches(actor, limit=PAGE_BATCHES),
    }
    return render(request, "staff/payments.html", known)


@page(act="batch.make", methods=FORM)
def make(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Say what would go into a batch, and make it."""
    policy = (request.POST if request.method == "POST" else request.GET).get("policy", "")
    if request.method == "POST":
        made = once(request, lambda: delivery.make_batch(actor, policy or None, on=timezone.localdate()))
        if made is None:
            return redirect("staff_payments")
        said(request, f"批次 {made.number} 已编好，请另一位财务人员签发。", f"Batch {made.number} was made; another person has to sign it.")
        return redirect("staff_batch", made.id)
    lines = [each for each in delivery.payable(actor) if policy in {"", each.policy}]
    known = {
        "policy": policy,
        "lines": [each for each in lines if each.orders],
        "orders": sum(each.orders for each in lines),
        "amount_fen": sum(each.amount_fen for each in lines),
        "without_payee": sum(each.without_payee for each in lines),
    }
    return render(request, "staff/batch_make.html", known)


@page(act="batch.read")
def batch(request: HttpRequest, actor: Actor, batch: UUID) -> HttpResponse:
    """Show a batch, page by page; its lines only to those who may see enterprises."""
    after = int(given) if (given := request.GET.get("after", "0")).isdecimal() and len(given) < 9 else 0
    found = delivery.batch(actor, batch, after=after, limit=PAGE_LINES)
    known = {
        "batch": found,
        "lines": found.lines,
        "first": "?" if after else "",
        "further": f"?after={found.lines[-1].number}" if found.lines and found.lines[-1].number < found.count else "",
        "shows_lines": may(actor, "ledger.read"),
        "is_made": found.state is BatchState.MADE,
        "is_maker": found.made_by == actor.name,
        "has_file": bool(found.file_sha256),
        "awaits_return": found.state is BatchState.SENT,
    }
    return render(request, "staff/batch.html", known)


@page(act="batch.sign", methods=FORM)
def sign(request: HttpRequest, actor: Actor, batch: UUID) -> HttpResponse:
    """Say what signing a batch means, and sign it."""
    if request.method == "GET":
        found = delivery.batch(actor, batch, limit=0)
        known = {"batch": found, "is_maker": found.made_by == actor.name, "is_made": found.state is BatchState.MADE}
        return render(request, "staff/batch_sign.html", known)
    made = once(request, lambda: delivery.sign_batch(actor, batch, on=timezone.localdate()))
    if made is not None:
        said(request, f"批次 {made.number} 已签发，可以取银行文件。", f"Batch {made.number} is signed; its bank file can be fetched.")
    return redirect("staff_batch", batch)


@page(act="batch.withdraw", methods=POST)
def withdraw(request: HttpRequest, actor: Actor, batch: UUID) -> HttpResponse:
    """Give up a batch that nobody has signed."""
    made = once(request, lambda: delivery.withdraw_batch(actor, batch, text_in(request, "reason"), on=timezone.localdate()))
    if made is not None:
        said(request, f"批次 {made.number} 已撤回，款项重新排队。", f"Batch {made.number} was withdrawn; its payments are queued again.")
    return redirect("staff_batch", batch)


@page(act="batch.send", methods=POST)
def bank_file(request: HttpRequest, actor: Actor, batch: UUID) -> HttpResponse:  # noqa: ARG001 - the face of a view
    """Hand out the bank file; the first time, the batch counts as sent. The same bytes come each time."""
    name, content = delivery.bank_file(actor, batch)
    return downloaded(name, content, "text/csv; charset=utf-8")


@page(act="batch.return", methods=FORM)
def load_return(request: HttpRequest, actor: Actor, batch: UUID) -> HttpResponse:
    """Take the bank's answer: the whole file, or nothing of it and every line that does not fit."""
    known = {"batch": delivery.batch(actor, batch, limit=0)}
    if request.method == "GET":
        return render(request, "staff/batch_return.html", known)
    try:
        name, content = file_in(request, "file")
        made = once(request, lambda: delivery.load_return(actor, batch, name, content, on=timezone.localdate()))
    except ReturnRefused as refused:
        faults = [{"zh": zh, "en": en} for zh, en in refused.faults[:SHOWN_FAULTS]]
        return render(request, "staff/batch_return.html", {**known, "faults": faults, "count": len(refused.faults)}, status=422)
    except Refused as refused:
        return form_again(request, "staff/batch_return.html", known, refused)
    if made is not None:
        _say_reconciled(request, made)
    return redirect("staff_batch", batch)


@page(act="ledger.read")
def held(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the payments that failed too often and wait for a person."""
    return render(request, "staff/held.html", {"orders": delivery.held_orders(actor)})


@page(act="order.requeue", methods=FORM)
def requeue(request: HttpRequest, actor: Actor, order: UUID) -> HttpResponse:
    """Let a payment be tried again once somebody has settled why it failed."""
    return _order_act(request, actor, order, "requeue")


@page(act="order.cancel", methods=FORM)
def cancel(request: HttpRequest, actor: Actor, order: UUID) -> HttpResponse:
    """Say what cancelling a payment means, and cancel it."""
    return _order_act(request, actor, order, "cancel")


def _order_act(request: HttpRequest, actor: Actor, id_: UUID, act: str) -> HttpResponse:
    """Show the form of an act on one order, and do it."""
    found = delivery.order(actor, id_, purpose=f"{actor.role.zh}岗位：核实拨付")
    fits = {
        "requeue": {OrderState.HELD},
        "cancel": {OrderState.NOTICED, OrderState.PAYABLE, OrderState.HELD},
    }[act]
    known = {"order": found, "act": act, "is_possible": found.state in fits}
    if request.method == "GET":
        return render(request, "staff/order_act.html", known)
    reason, today = text_in(request, "reason"), timezone.localdate()
    does = delivery.requeue_order if act == "requeue" else delivery.cancel_order
    try:
        made = once(request, lambda: does(actor, id_, reason, on=today))
    except Refused as refused:
        return form_again(request, "staff/order_act.html", known, refused)
    if made is not None and act == "requeue":
        said(request, "已重新排队，可以编入下一个批次。", "Queued again: it can go into the next batch.")
    elif made is not None:
        said(request, "已撤销，额度退回预算。", "Cancelled: its money is back in the budget.")
    return redirect("staff_order", id_)


def _say_reconciled(request: HttpRequest, made: Reconciled) -> None:
    """Say what a return file came to."""
    if made.is_repeated:
        said(request, "这份回盘文件以前收过，没有再入账。", "This return file was taken before; nothing changed.", is_warning=True)
        return
    zh = f"回盘已入账：到账 {made.paid} 笔，退回 {made.failed} 笔（其中转人工 {made.held} 笔），银行处理中 {len(made.unknown)} 笔。"
    en = f"Taken: {made.paid} paid, {made.failed} failed ({made.held} of them held for a person), {len(made.unknown)} still open."
    said(request, zh, en)
