"""What everybody may read: the home page, the policies, help."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language

from zhida.errors import Language
from zhida_server.catalogue import service as catalogue
from zhida_server.catalogue.data import InForce, PolicyCard
from zhida_server.delivery import service as delivery
from zhida_server.entitlements import service as entitlements
from zhida_server.ledger import service as ledger
from zhida_server.people.data import Actor, job_actor
from zhida_server.web.guards import page
from zhida_server.web.words import CHIPS

SEARCH_LIMIT = 200
"""Characters of a search; what is longer is cut."""
AT_ONCE = frozenset({"免申即享", "即申即享"})
"""Ways of delivery that ask for no papers."""
ELSEWHERE = frozenset({"申报即享", "银行经办"})
"""Ways of delivery that do not lead over this site."""
MONEY = frozenset({"cash", "voucher"})
"""What is paid out by orders."""
FIGURES = job_actor("public-figures")
"""In whose name totals are read that everybody may see."""
NEWEST = 6
"""Policies that the home page shows."""


def language() -> Language:
    """Return the language of the page, as the engine names it."""
    return "en" if get_language() == "en" else "zh"


@page()
def home(request: HttpRequest, actor: Actor) -> HttpResponse:  # noqa: ARG001 - the face of a view
    """Show what the site is, where to search, and how far the year is."""
    today = timezone.localdate()
    cards = [card for card in catalogue.policies() if card.in_force(today) is InForce.NOW]
    newest = sorted(cards, key=lambda card: (card.effective is None, card.effective), reverse=True)
    dated = [card for card in newest if card.effective is not None and card.document]
    known = {
        "policies": len(cards),
        "at_once": sum(card.delivery in AT_ONCE for card in cards),
        "cards": _shown(dated[:NEWEST]),
        "run": entitlements.latest_run(),
        "open_notices": delivery.open_notices(),
    }
    return render(request, "public/home.html", known | _paid(today.year))


def _paid(year: int) -> dict[str, int]:
    """Return what was paid and what is reserved in a year: totals of budgets, which are public though the budgets' pages are not."""
    budgets = [budget for budget in ledger.budgets(FIGURES) if budget.year == year]
    return {"paid_fen": sum(budget.paid_fen for budget in budgets), "reserved_fen": sum(budget.reserved_fen for budget in budgets)}


@page()
def policies(request: HttpRequest, actor: Actor) -> HttpResponse:  # noqa: ARG001 - the face of a view
    """List the policies, by search and filters."""
    today = timezone.localdate()
    text, gives, delivery = (request.GET.get(name, "").strip()[:SEARCH_LIMIT] for name in ("q", "gives", "delivery"))
    force = request.GET.get("force", "now")
    found = catalogue.policies(text, gives=gives if gives in CHIPS["gives"] else "", subject="")
    cards = [card for card in found if (not delivery or card.delivery == delivery) and (force == "all" or card.in_force(today) == force)]
    if not text:
        cards.sort(key=lambda card: not card.document)  # templates, which no document stands behind, come last
    known = {
        "cards": _shown(cards),
        "text": text,
        "gives": gives,
        "delivery": delivery,
        "force": force,
        "all_gives": tuple(CHIPS["gives"]),
        "all_deliveries": tuple(CHIPS["delivery"]),
        "all_forces": tuple(CHIPS["force"]),
    }
    return render(request, "public/policies_found.html" if request.htmx else "public/policies.html", known)  # type: ignore[attr-defined]


@page()
def policy(request: HttpRequest, actor: Actor, policy: str) -> HttpResponse:
    """Show a policy: the law beside its rules, its versions, what is left of its budget."""
    woven = catalogue.policy_page(policy, language())
    known = {
        "card": woven.card,
        "force": woven.card.in_force(timezone.localdate()),
        "body": woven.body_html,
        "versions": catalogue.versions(policy),
        "own": actor.enterprise_code,
        "is_claimed_here": woven.card.gives in MONEY and woven.card.delivery not in ELSEWHERE,
        "budget": ledger.budget(ledger.budget_for(policy, timezone.localdate().year) or ""),
    }
    return render(request, "public/policy.html", known)


@page()
def guidance(request: HttpRequest, actor: Actor) -> HttpResponse:  # noqa: ARG001 - the face of a view
    """Show how the site is used."""
    return render(request, "public/help.html", {})


@page()
def privacy(request: HttpRequest, actor: Actor) -> HttpResponse:  # noqa: ARG001 - the face of a view
    """Show what is kept of whom, and who sees it."""
    return render(request, "public/privacy.html", {})


def _shown(cards: list[PolicyCard]) -> list[tuple[PolicyCard, str, str]]:
    """Return cards with what a list says of them: in force or not, and what they are about."""
    today = timezone.localdate()
    return [(card, card.in_force(today), card.summary(language())) for card in cards]
