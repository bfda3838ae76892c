"""The door of delivery: from what a run found, or an enterprise claims, to money that the bank has paid.

    open_notice ──grant_lines──> object_to / decide_objection ──close_notices──┐
    claim_questions ──claim──(review ──decide_claim)───────────────────────────┴──> payable ──make_batch──sign_batch──bank_file──load_return

Every act may be done twice and counts once. Business dates are arguments; what was recorded when is the database's clock.
"""

from zhida_server.delivery.batches import bank_file, batch, batch_numbered, batches, load_return, make_batch, sign_batch, withdraw_batch
from zhida_server.delivery.claims import claim, claim_by_id, claim_questions, claims_of
from zhida_server.delivery.notices import (
    close_notices,
    grant_lines,
    notice,
    notice_lines,
    notices,
    official_calendar,
    open_notice,
    open_notices,
)
from zhida_server.delivery.objections import decide_objection, lift_objection, object_to, objection, objections
from zhida_server.delivery.orders import cancel_order, held_orders, order, orders_of, payable, requeue_order
from zhida_server.delivery.overviews import grant_of, overview_of, payment_of
from zhida_server.delivery.payees import payee_of, set_payee
from zhida_server.delivery.reviews import claims_for_review, decide_claim, review, withdraw_claim
from zhida_server.delivery.waiting import grant_waiting

__all__ = [
    "bank_file",
    "batch",
    "batch_numbered",
    "batches",
    "cancel_order",
    "claim",
    "claim_by_id",
    "claim_questions",
    "claims_for_review",
    "claims_of",
    "close_notices",
    "decide_claim",
    "decide_objection",
    "grant_lines",
    "grant_of",
    "grant_waiting",
    "held_orders",
    "lift_objection",
    "load_return",
    "make_batch",
    "notice",
    "notice_lines",
    "notices",
    "object_to",
    "objection",
    "objections",
    "official_calendar",
    "open_notice",
    "open_notices",
    "order",
    "orders_of",
    "overview_of",
    "payable",
    "payee_of",
    "payment_of",
    "requeue_order",
    "review",
    "set_payee",
    "sign_batch",
    "withdraw_batch",
    "withdraw_claim",
]
