"""Public notices as staff keeps them: opened from a run, objections decided, closed when their days are over."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import NoticeState
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import NoAnswer, PolicyTally
from zhida_server.people.data import Actor, Refused
from zhida_server.web.guards import FORM, POST, page
from zhida_server.web.staff_forms import form_again, once, one_of, said, text_in, whole_of

UPHELD, NOT_UPHELD = "upheld", "not-upheld"
"""How an objection is decided, as the form says it."""


@page(act="objection.read")
def notices(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List objections that nobody has decided, and the notices."""
    today = timezone.localdate()
    found = delivery.notices()
    known = {
        "notices": found,
        "objections": delivery.objections(actor),
        "due": sum(each.state is NoticeState.OPEN and each.closes_on < today for each in found),
        "waiting": sum(each.waiting for each in found if each.state is not NoticeState.GRANTING),
        "changed": sum(each.changed for each in found),
    }
    return render(request, "staff/notices.html", known)


@page(act="notice.open", methods=FORM)
def open_notice(request: HttpRequest, actor: Actor, run: UUID, policy: str) -> HttpResponse:
    """Say what a notice would hold, and open it."""
    tally = _tally(actor, run, policy)
    run_found = entitlements.run(actor, run)
    known = {"run": run_found, "tally": tally, "days": settings.NOTICE_WORKING_DAYS, "today": timezone.localdate()}
    if request.method == "GET":
        return render(request, "staff/notice_open.html", known)
    try:
        days = whole_of(text_in(request, "days"), "公示天数", "the number of days")
        made = once(request, lambda: delivery.open_notice(actor, run, policy, on=timezone.localdate(), days=days))
    except Refused as refused:
        return form_again(request, "staff/notice_open.html", known, refused)
    if made is not None:
        zh = f"公示已开：到 {made.closes_on} 为止，名单正在后台编制。"
        said(request, zh, f"The notice was opened: it runs until {made.closes_on}; its lines are being drawn up.")
    return redirect("staff_notices")


@page(act="notice.close", methods=POST)
def close(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Close the notices whose days are over, as the daily job does."""
    closed = once(request, lambda: delivery.close_notices(actor, timezone.localdate()))
    if closed is not None:
        said(request, f"已结束 {len(closed)} 份期满的公示，没有异议的款项可以拨付。", f"{len(closed)} notices were closed.")
    return redirect("staff_notices")


@page(act="notice.open", methods=POST)
def grant_waiting(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Grant those who wait, first come first served, as far as budgets allow now."""
    count = once(request, lambda: delivery.grant_waiting(actor, on=timezone.localdate()))
    if count is not None:
        said(request, f"已为 {count} 家等待预算的企业留出额度。", f"{count} enterprises that waited were granted.")
    return redirect("staff_notices")


@page(act="objection.decide", methods=FORM)
def decide(request: HttpRequest, actor: Actor, objection: UUID) -> HttpResponse:
    """Show an objection, and decide it."""
    found = delivery.objection(actor, objection)
    if request.method == "GET":
        return render(request, "staff/objection.html", {"objection": found})
    try:
        decision = one_of(text_in(request, "decision"), {UPHELD, NOT_UPHELD}, "请选择成立或者不成立", "choose whether it is upheld")
        reason, is_upheld = text_in(request, "reason"), decision == UPHELD
        made = once(
            request,
            lambda: delivery.decide_objection(actor, objection, is_upheld=is_upheld, reason=reason, on=timezone.localdate()),
        )
    except Refused as refused:
        return form_again(request, "staff/objection.html", {"objection": found}, refused)
    if made is not None:
        if made.batch:
            zh = f"异议成立：这一笔已编进批次 {made.batch}，还没有签发；请财务撤回这个批次，撤回时这一笔随之撤销。"
            en = f"Upheld: it stands in batch {made.batch}, which nobody can sign any more; finance has to withdraw it, which voids it."
        elif made.too_late:
            zh = f"异议成立，但这一笔已在签发的批次 {made.too_late} 里，拦不住了：银行退回的随即撤销，已到账的由财务在系统之外追回。"
            en = f"Upheld, but batch {made.too_late} was signed: what the bank sends back is void, what it paid is for finance to get back."
        elif made.is_upheld:
            zh, en = "异议成立：这一笔已撤销，额度退回预算。", "Upheld: the grant is void."
        else:
            zh, en = "异议不成立：公示期满后照常拨付。", "Not upheld: it is paid after the notice."
        said(request, zh, en)
    return redirect("staff_notices")


@page(act="objection.lift", methods=POST)
def lift(request: HttpRequest, actor: Actor, objection: UUID) -> HttpResponse:
    """Lift what an upheld objection forbids for the rest of its year, with a reason."""
    found = delivery.objection(actor, objection)
    try:
        reason = text_in(request, "reason")
        made = once(request, lambda: delivery.lift_objection(actor, objection, reason, on=timezone.localdate()))
    except Refused as refused:
        return form_again(request, "staff/objection.html", {"objection": found}, refused)
    if made is not None:
        zh, en = "已解除：这项政策今年可以再发放给这家企业。", "Lifted: the policy may be granted to the enterprise again."
        said(request, zh, en)
    return redirect("staff_objection", objection)


def _tally(actor: Actor, run: UUID, policy: str) -> PolicyTally:
    """Return what a policy came to in a run."""
    found = next((each for each in entitlements.tallies(actor, run) if each.policy == policy), None)
    if found is None:
        raise NoAnswer("no-answer", f"这次运行没有判定“{policy}”", f"the run did not decide '{policy}'")
    return found
