"""What an enterprise's page shows, in one look: the access is checked once, recorded once, and as little is asked as can be.

    people.access_enterprise ──> the run that counts with its answers ──> orders ──> what was granted

Orders are read before what was granted: both are only ever added, and an order never stands without its grant, so that whatever order
is found, its grant is found too, though somebody grants meanwhile.
"""

from zhida_server.delivery import orders
from zhida_server.delivery.data import EnterpriseOverview
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
    return EnterpriseOverview(run, answers, ordered, entitlements.granted_to(code))
