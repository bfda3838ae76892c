"""What a page shows of an enterprise, in one look: the access is checked once, recorded once, and as little is asked as can be.

    people.access_enterprise ──> the run that counts with its answers ──> orders ──> what was granted

Orders are read before what was granted: both are only ever added, and an order never stands without its grant, so that whatever order
is found, its grant is found too, though somebody grants meanwhile.
"""

from uuid import UUID

from zhida.assess.assessment import Outcome
from zhida_server.delivery import orders
from zhida_server.delivery.batches import batch_with
from zhida_server.delivery.claims import claim_of, claims_for
from zhida_server.delivery.data import EnterpriseOverview, GrantOverview, PaymentOverview
from zhida_server.entitlements import service as entitlements
from zhida_server.people import service as people
from zhida_server.people.data import Actor


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
