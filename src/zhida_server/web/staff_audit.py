"""The audit: records, the chain, and one payment followed from the bank's line back to the article, with the decision made again.

bank line ──> batch ──> order ──> transaction with its postings ──> entitlement ──> run ──> snapshot and packs ──> explanation
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from zhida_server.audit import service as audit
from zhida_server.audit.data import Head
from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import Batch, BatchLine, Order
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import Decided, Entitlement, Explanation, Run
from zhida_server.ledger import service as ledger
from zhida_server.ledger.data import TransactionView
from zhida_server.people import service as people
from zhida_server.people.data import Actor
from zhida_server.registry import service as registry
from zhida_server.web.guards import page
from zhida_server.web.public import language

PAGE_RECORDS = 100
"""Records on one page."""
FIELD_LIMIT = 200
"""Characters of a field of the search."""
DIGEST_DIGITS = 64
"""Digits of a hash."""
COMPARED = ("outcome", "claimed_fen", "policy_sha256", "facts_sha256")
"""What of a decision made at once is held against the decision made again."""


@dataclass(frozen=True, slots=True)
class Trail:
    """A payment with everything that it came from."""

    order: Order
    """The order."""
    name: str
    """The enterprise's name."""
    batch: Batch | None
    """The batch that it was in last; None where it was in none."""
    line: BatchLine | None
    """Its line there."""
    transaction: TransactionView
    """The reservation, with its postings."""
    settlement: TransactionView | None
    """What settled it; None while it is reserved."""
    entitlement: Entitlement
    """The decision."""
    run: Run | None
    """The run that it rests on; None where it was decided at once."""


@page(act="audit.read")
def records(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Search the records of the audit; that they were read is recorded."""
    asked = {name: request.GET.get(name, "").strip()[:FIELD_LIMIT] for name in ("object", "actor", "act")}
    text = request.GET.get("before", "")
    before = int(text) if text.isdecimal() and len(text) < 18 else None
    people.access_audit(actor, asked["object"])
    found = audit.records(**asked, before_id=before, limit=PAGE_RECORDS)
    query = request.GET.copy()
    query.pop("before", None)
    start = f"?{query.urlencode()}"
    known = {
        "records": found,
        "asked": asked,
        "head": audit.head(),
        "first": start if before is not None else "",
        "further": f"{start}&before={found[-1].id}" if len(found) == PAGE_RECORDS else "",
    }
    return render(request, "staff/audit.html", known)


@page(act="audit.read")
def follow(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Lead to a payment by its number, or to a batch by its own, as they stand on the bank's line."""
    text = request.GET.get("number", "").strip()[:FIELD_LIMIT]
    try:
        return redirect("staff_order", UUID(text))
    except ValueError:
        return redirect("staff_batch", delivery.batch_numbered(actor, text))


@page(act="audit.read")
def chain(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the end of the chain, and compute the whole of it again where that is asked for."""
    known: dict[str, Any] = {"head": audit.head(), "length": "", "hash": ""}
    if "verify" in request.GET:
        people.access_audit(actor, "chain")
        length, digest = request.GET.get("length", "").strip(), request.GET.get("hash", "").strip().lower()
        is_given = length.isdecimal() and len(length) < 18 and len(digest) == DIGEST_DIGITS
        known |= {
            "chain": audit.verify(Head(int(length), digest) if is_given else None),
            "is_anchored": is_given,
            "is_odd": bool(length or digest) and not is_given,
            "length": length,
            "hash": digest,
            "head": audit.head(),
        }
    return render(request, "staff/chain.html", known)


@page(act="ledger.read")
def order(request: HttpRequest, actor: Actor, order: UUID) -> HttpResponse:
    """Follow one payment from the bank's line to the decision."""
    return render(request, "staff/order.html", {"trail": trail(actor, order)})


@page(act="ledger.read")
def replay(request: HttpRequest, actor: Actor, order: UUID) -> HttpResponse:
    """Decide again what a payment rests on, and say whether it comes out the same; deciding reads the facts, and is the look's record."""
    purpose = _purpose(actor)
    granted = entitlements.by_ids([order]).get(order)
    if granted is None:
        raise Http404
    known: dict[str, Any] = {"entitlement": granted}
    if granted.run_id is not None:
        found = entitlements.explain(actor, granted.code, granted.policy, purpose=purpose, run_id=granted.run_id, language=language())
        known |= {"found": found, "differences": found.differences, "is_same": _is_same(granted, found)}
    else:
        again = entitlements.decide_again(actor, granted.id, purpose=purpose)
        rows = _compared(granted, again)
        known |= {"again": again, "rows": rows, "is_same": all(then == now for _, then, now in rows)}
    part = bool(getattr(request, "htmx", False))
    return render(request, "staff/replayed.html" if part else "staff/replay.html", known)


def trail(actor: Actor, order_id: UUID) -> Trail:
    """Return a payment with everything that it came from; the look is one record."""
    seen = delivery.payment_of(actor, order_id, purpose=_purpose(actor))
    found, granted = seen.order, seen.entitlement
    reserved = ledger.transaction(order_id)
    return Trail(
        order=found,
        name=registry.names_of([found.code]).get(found.code, found.code),
        batch=seen.batch,
        line=seen.batch.lines[0] if seen.batch else None,
        transaction=reserved,
        settlement=ledger.transaction(reserved.settled_by) if reserved.settled_by else None,
        entitlement=granted,
        run=entitlements.run(actor, granted.run_id) if granted.run_id else None,
    )


def _is_same(granted: Entitlement, found: Explanation) -> bool:
    """Say whether an answer of a run comes out again as it was granted."""
    amount, outcome = granted.decision.get("claimed_fen"), granted.decision.get("outcome")
    now = found.assessment
    return not found.differences and (now.outcome.value, now.amount_fen or 0) == (outcome, amount)


def _compared(granted: Entitlement, again: Decided) -> list[tuple[str, object, object]]:
    """Return what was decided at once, and what comes out now, by what is compared."""
    return [(name, granted.decision.get(name), again.decision.get(name)) for name in COMPARED]


def _purpose(actor: Actor) -> str:
    return f"{actor.role.zh}岗位：追溯拨付"
