"""What a page shows of an enterprise, in one look: the access is checked once, recorded once, and as little is asked as can be.

    people.access_enterprise ──> the run that counts with its answers ──> orders ──> what was granted

Orders are read before what was granted: both are only ever added, and an order never stands without its grant, so that whatever order
is found, its grant is found too, though somebody grants meanwhile.
"""

from dataclasses import dataclass
from uuid import UUID

from zhida.assess.assessment import Outcome
from zhida_server.delivery import orders
from zhida_server.delivery.batches import batch_with
from zhida_server.delivery.claims import claim_of, claims_for
from zhida_server.delivery.data import Batch, Claim, Order
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import Answer, Entitlement, Run
from zhida_server.people import service as people
from zhida_server.people.data import Actor


@dataclass(frozen=True, slots=True)
class EnterpriseOverview:
    """What an enterprise's page shows."""

    run: Run | None
    """The run that counts; None where none was done."""
    answers: tuple[Answer, ...]
    """What it says of the enterprise, in the order of the packs."""
    orders: tuple[Order, ...]
    """The orders to pay it, the latest first."""
    entitlements: tuple[Entitlement, ...]
    """What was granted to it, the latest last; each order has its own among them, under the same id."""
    claims: tuple[Claim, ...] = ()
    """Its claims that a person judges, or has judged, the latest first."""


@dataclass(frozen=True, slots=True)
class GrantOverview:
    """What the page of one grant shows."""

    order: Order
    """The order to pay it."""
    entitlement: Entitlement
    """The grant, under the same id."""
    claim: Claim | None
    """The claim that it came from; None where it was granted without one."""


@dataclass(frozen=True, slots=True)
class PaymentOverview:
    """What the trail of one payment shows."""

    order: Order
    """The order."""
    entitlement: Entitlement
    """The grant, under the same id."""
    batch: Batch | None
    """The batch that it was put into last, with its line alone; None where it was in none."""


def overview_of(actor: Actor, code: str, *, purpose: str) -> EnterpriseOverview:
    """Return what the run that counts says of an enterprise, what was granted to it, and how far each payment is.

    Args:
        actor: Who asks.
        code: The enterprise.
        purpose: What for; it stands in the one record of the look.

    Raises:
        NotAllowed: where the role may not, or it is another's enterprise.
    """
    people.require(actor, "order.read")
    people.access_enterprise(actor, code, purpose=purpose)
    run, answers = entitlements.answers_for(code)
    ordered = orders.orders_for(code)
    claims = tuple(each for each in claims_for(code) if each.outcome is Outcome.REVIEW)
    return EnterpriseOverview(run, answers, ordered, entitlements.granted_to(code), claims)


def grant_of(actor: Actor, order_id: UUID, *, purpose: str) -> GrantOverview:
    """Return one grant with its order and the claim that it came from.

    Args:
        actor: Who asks.
        order_id: The order, whose id is the grant's.
        purpose: What for; it stands in the one record of the look.

    Raises:
        NotAllowed: where the role may not, or it is another's enterprise.
        NoOrder: where there is none.
    """
    found = orders.order(actor, order_id, purpose=purpose)
    return GrantOverview(found, entitlements.by_ids([order_id])[order_id], claim_of(order_id))


def payment_of(actor: Actor, order_id: UUID, *, purpose: str) -> PaymentOverview:
    """Return one payment with what it came from, and the batch that it was put into last.

    Args:
        actor: Who asks, who may see accounts of enterprises.
        order_id: The order.
        purpose: What for; it stands in the one record of the look.

    Raises:
        NotAllowed: where the role may not.
        NoOrder: where there is none.
    """
    people.require(actor, "ledger.read")
    found = orders.order(actor, order_id, purpose=purpose)
    return PaymentOverview(found, entitlements.by_ids([order_id])[order_id], batch_with(order_id))
