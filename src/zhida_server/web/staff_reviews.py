"""Claims that a person judges: the worklist, one claim with its facts and reasons, and the decision.

What is entered is looked at before it counts: the page says what the rules come to with it, and how much that is. The decision is made by
the same form, and by nothing that was not shown: it carries the digest of the facts, the outcome and the amount that were.
"""

from collections.abc import Iterable, Mapping
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import Question, Review
from zhida_server.people.data import Actor, NotAllowed, NotFound, Refused
from zhida_server.web.claims import Field, told_in
from zhida_server.web.errors import status_of
from zhida_server.web.guards import FORM, POST, page
from zhida_server.web.public import language
from zhida_server.web.staff_forms import once, one_of, said, text_in

GRANTED, REFUSED = "granted", "refused"
"""How a claim is decided, as the buttons say it."""


@page(act="claim.review")
def reviews(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the claims that a person must look at."""
    return render(request, "staff/reviews.html", {"claims": delivery.claims_for_review(actor)})


@page(act="claim.review", methods=FORM)
def review(request: HttpRequest, actor: Actor, claim: UUID) -> HttpResponse:
    """Show a claim, and what the rules say of it with what was entered; nothing is kept of that."""
    told = told_in(request) if request.method == "POST" else None
    try:
        return _shown(request, delivery.review(actor, claim, told, language=language()))
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return _refused(request, actor, claim, refused)


@page(act="claim.decide", methods=POST)
def decide(request: HttpRequest, actor: Actor, claim: UUID) -> HttpResponse:
    """Decide a claim."""
    try:
        decision = one_of(text_in(request, "decision"), {GRANTED, REFUSED}, "请选择准予或者不予发放", "grant it or refuse it")
        facts, reason, seen = told_in(request), text_in(request, "reason"), text_in(request, "seen")
        made = once(
            request,
            lambda: delivery.decide_claim(
                actor,
                claim,
                is_granted=decision == GRANTED,
                reason=reason,
                on=timezone.localdate(),
                facts=facts,
                seen=seen,
            ),
        )
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        return _refused(request, actor, claim, refused)
    if made is not None and made.entitlement is not None:
        said(request, "准予发放：额度已留，等待编批拨付。", "Granted: the money is set aside and waits to be paid.")
    elif made is not None:
        said(request, "不予发放，企业在进度里看到理由。", "Refused; the enterprise reads the reason in its progress.")
    return redirect("staff_review", claim)


def _refused(request: HttpRequest, actor: Actor, claim: UUID, refused: Refused) -> HttpResponse:
    """Show a claim again with what was entered, and why it is refused; what cannot be read is not decided with."""
    told = told_in(request)
    try:
        found = delivery.review(actor, claim, told, language=language())
    except (NotAllowed, NotFound):
        raise
    except Refused:
        found = delivery.review(actor, claim, language=language())
    return _shown(request, found, told, refused)


def _shown(request: HttpRequest, found: Review, told: Mapping[str, object] | None = None, refused: Refused | None = None) -> HttpResponse:
    values = {**found.values, **(told or {})}
    lines = () if refused is None else (refused.en if language() == "en" else refused.zh).splitlines()
    known = {
        "review": found,
        "claim": found.claim,
        "judged": _fields(found.questions, values),
        "stated": _fields(found.stated, values),
        "reason": text_in(request, "reason"),
        "fault_lines": lines,
        "is_checked": request.method == "POST",
    }
    return render(request, "staff/review.html", known, status=200 if refused is None else status_of(refused))


def _fields(questions: Iterable[Question], values: Mapping[str, object]) -> tuple[Field, ...]:
    return tuple(Field(each, _text(values.get(each.name)), is_none=each.name in values and values[each.name] is None) for each in questions)


def _text(value: object) -> str:
    """Return a value as a field holds it.

    >>> _text(True), _text((1, 2)), _text(None), _text("国产")
    ('true', '1，2', '', '国产')
    """
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case tuple():
            return "，".join(_text(each) for each in value)
        case _:
            return str(value)
