"""The enterprise's page: what it has, can have, nearly has, and what is on its way; each amount opens its explanation.

A representative sees their own enterprise, staff whom their role allows; the services hold that, and record every look. Nothing is
decided on the page itself: it shows what the latest run found. Only an explanation asks the engine, when somebody opens one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from zhida.assess.assessment import Outcome
from zhida.dmn.model import ItemDefinition
from zhida.policy.years import parse_column, parse_offset
from zhida.report.words import format_value
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import Claim, ClaimOutcome, Order, OrderState
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import Answer, Entitlement, EntitlementState, Run
from zhida_server.people.data import Actor, NotFound, Role
from zhida_server.registry import service as registry
from zhida_server.registry.data import Provenance, Subject
from zhida_server.web.guards import FORM, page
from zhida_server.web.public import ELSEWHERE, MONEY, SEARCH_LIMIT, language

CLAIMED_WHEN_ELIGIBLE = frozenset({"即申即享", "申报审核"})
"""Ways of delivery for which an enterprise that is eligible has to ask; others go out by themselves, or elsewhere."""
SAMPLE = "pack/name"
"""A policy of which only the form of its address is looked at."""
PAGE_LINES = 50
"""Enterprises on one page of a list."""


@dataclass(frozen=True, slots=True)
class Line:
    """An answer as the page shows it."""

    answer: Answer
    """What the run says."""
    entitlement: Entitlement | None
    """What was granted of it already; None where nothing was."""
    is_claimable: bool
    """Whether the enterprise can claim it here."""

    @property
    def amount_fen(self) -> int:
        """What was granted; else what the best lawful combination gives."""
        return self.entitlement.amount_fen if self.entitlement else self.answer.paid_fen

    @property
    def is_due(self) -> bool:
        """Whether it is had: by what the run says, or since a claim was granted after the run."""
        return self.answer.outcome is Outcome.ELIGIBLE or self.entitlement is not None

    @property
    def is_less(self) -> bool:
        """Whether the best lawful combination gives less than the policy by itself."""
        return self.entitlement is None and self.answer.paid_fen < self.answer.amount_fen


@dataclass(frozen=True, slots=True)
class Payment:
    """Money on its way, or there."""

    order: Order
    """The order to pay it."""
    title: str
    """The policy's title."""
    article: str
    """The article that it rests on."""


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the page shows of an enterprise."""

    name: str
    """The enterprise's name; may be empty."""
    run: Run | None
    """The run whose answers these are; None where there was none yet."""
    due: tuple[Line, ...]
    """可享."""
    near: tuple[Line, ...]
    """差一步."""
    missing: tuple[Line, ...]
    """待补, what a person decides among them."""
    under_way: tuple[Payment, ...]
    """进度."""
    paid: tuple[Payment, ...]
    """到账."""
    reviewed: tuple[Claim, ...]
    """Claims that a person judges, or has refused: the latest of each policy."""

    @property
    def under_way_count(self) -> int:
        """How much there is in 进度."""
        return len(self.under_way) + len(self.reviewed)

    @property
    def due_fen(self) -> int:
        """What was granted, and what it can have besides in the best lawful combination."""
        return sum(line.amount_fen for line in self.due)

    @property
    def open_fen(self) -> int:
        """What of it was not granted yet."""
        return sum(line.amount_fen for line in self.due if line.entitlement is None)

    @property
    def under_way_fen(self) -> int:
        """What is reserved and not paid yet."""
        return sum(payment.order.amount_fen for payment in self.under_way if payment.order.state is not OrderState.VOIDED)

    @property
    def paid_fen(self) -> int:
        """What was paid."""
        return sum(payment.order.amount_fen for payment in self.paid)


def purpose_of(actor: Actor, act: str) -> str:
    """Return what the record of the audit says that facts are read for.

    Args:
        actor: Who reads.
        act: What the page is for, in Chinese.
    """
    return act if actor.role is Role.REPRESENTATIVE else f"{actor.role.zh}岗位：{act}"


@page(act="enterprise.read")
def own_enterprise(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Lead a representative to their enterprise, and let staff search."""
    if actor.role is Role.REPRESENTATIVE:
        return redirect("enterprise", actor.enterprise_code)
    text, after = request.GET.get("q", "").strip()[:SEARCH_LIMIT], request.GET.get("after", "")[:18]
    found = registry.enterprises(actor, text, after=after, limit=PAGE_LINES)
    further = "?" + urlencode({"q": text, "after": found[-1].code}) if len(found) == PAGE_LINES else ""
    first = "?" + urlencode({"q": text}) if after else ""
    return render(request, "enterprise/search.html", {"text": text, "found": found, "further": further, "first": first})


@page(act="enterprise.read")
def enterprise(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Show an enterprise."""
    known = {
        "code": code,
        "overview": overview(actor, code),
        "explanations": _before("explanation", code),
        "claims": _before("claim", code),
        "policies": _before("policy"),
    }
    return render(request, "enterprise/enterprise.html", known)


def _before(name: str, *parts: str) -> str:
    """Return what stands before a policy in an address, since a page has many; `/` follows the policy."""
    return reverse(name, args=[*parts, SAMPLE]).removesuffix(f"{SAMPLE}/")


def overview(actor: Actor, code: str) -> Overview:
    """Return all that the page shows of an enterprise; the look is one record."""
    found = delivery.overview_of(actor, code, purpose=purpose_of(actor, "企业页面"))
    names = registry.names_of([code])
    if code not in names:
        raise NotFound("no-enterprise", f"登记册里没有代码为“{code}”的企业", f"the registry has no enterprise with the code '{code}'")
    reviewed = tuple(_reviewed(found.claims, found.entitlements))
    waiting = frozenset(each.policy for each in reviewed if each.is_open)
    lines = tuple(_lines(found.answers, found.entitlements, found.run.as_of.year if found.run else 0, waiting))
    payments = tuple(_payments(found.orders, found.entitlements))
    return Overview(
        name=names[code],
        run=found.run,
        due=tuple(sorted((line for line in lines if line.is_due), key=_greatest_first)),
        near=tuple(line for line in lines if line.answer.near and not line.is_due),
        missing=tuple(line for line in lines if line.answer.outcome in {Outcome.UNDETERMINED, Outcome.REVIEW} and not line.is_due),
        under_way=tuple(payment for payment in payments if payment.order.state is not OrderState.PAID),
        paid=tuple(payment for payment in payments if payment.order.state is OrderState.PAID),
        reviewed=reviewed,
    )


@page(act="enterprise.read")
def explanation(request: HttpRequest, actor: Actor, code: str, policy: str) -> HttpResponse:
    """Show why a policy says what it says of an enterprise: a page, or a part of one."""
    run_id = request.GET.get("run", "")
    found = entitlements.explain(actor, code, policy, purpose=purpose_of(actor, "理由说明"), run_id=_uuid(run_id), language=language())
    known = {"code": code, "policy": policy, "found": found}
    return render(request, "enterprise/explained.html" if request.htmx else "enterprise/explanation.html", known)  # type: ignore[attr-defined]


@page(act="enterprise.read")
def facts(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Show what is known of an enterprise, and from where."""
    subject = registry.access_subject(actor, code, purpose=purpose_of(actor, "登记事实"))
    items = catalogue.current_packs()[1].dictionaries["enterprise"].items
    return render(request, "enterprise/facts.html", {"code": code, "subject": subject, "facts": tuple(_facts(subject, items))})


@page(act="enterprise.read")
def granted(request: HttpRequest, actor: Actor, code: str, entitlement: UUID) -> HttpResponse:
    """Show one grant: the decision, the reservation and the order under one number, and what became of it."""
    found = delivery.grant_of(actor, entitlement, purpose=purpose_of(actor, "办理进度"))
    if found.order.code != code:
        raise Http404
    known = {"code": code, "entitlement": found.entitlement, "order": found.order, "claim": found.claim}
    return render(request, "enterprise/granted.html", known)


@page(act="payee.tell", methods=FORM)
def payee(request: HttpRequest, actor: Actor, code: str) -> HttpResponse:
    """Show the bank account that an enterprise is paid to, and take a new one."""
    fields = ("account_name", "bank", "account_number")
    if request.method == "POST":
        told = [request.POST.get(name, "") for name in fields]
        delivery.set_payee(actor, code, *told, on=timezone.localdate(), document=request.POST.get("document", ""))
        return redirect(f"{reverse('payee', args=[code])}?saved")
    found = delivery.payee_of(actor, code, purpose=purpose_of(actor, "收款账户"))
    return render(request, "enterprise/payee.html", {"code": code, "payee": found, "is_saved": "saved" in request.GET})


def _reviewed(claims: Iterable[Claim], granted: Sequence[Entitlement]) -> Iterable[Claim]:
    """Yield the latest claim of each policy and year that a person judges or has refused; not of what was granted meanwhile."""
    settled = {(each.policy, each.period) for each in granted if each.state is not EntitlementState.VOIDED}
    for claim in claims:  # the latest first
        about = (claim.policy, claim.on.year)
        if about in settled:
            continue
        settled.add(about)
        if claim.decision is None or claim.decision.outcome is ClaimOutcome.REFUSED:
            yield claim


def _lines(answers: Iterable[Answer], granted: Sequence[Entitlement], period: int, waiting: frozenset[str]) -> Iterable[Line]:
    """Yield answers with what was granted of them for the year, and whether one can be claimed here: not while a claim waits."""
    standing = {each.policy: each for each in granted if each.period == period and each.state is not EntitlementState.VOIDED}
    offers = _offers(catalogue.current_sha256())
    for answer in answers:
        given = standing.get(answer.policy)
        yield Line(answer, given, is_claimable=given is None and _is_offered(answer, offers, waiting))


def _is_offered(answer: Answer, offers: "_Offers", waiting: frozenset[str]) -> bool:
    return answer.policy not in waiting and answer.gives in MONEY and offers.is_claimable(answer)


@dataclass(frozen=True, slots=True)
class _Offers:
    """What an enterprise can do here, by the packs that hold now."""

    ways: Mapping[str, str]
    """The way of delivery of each policy."""
    own: frozenset[str]
    """The facts that an enterprise may state itself."""

    def is_claimable(self, answer: Answer) -> bool:
        """Say whether an enterprise can ask for what it may have, or tell what is missing."""
        way = answer.delivery or self.ways.get(answer.policy, "")
        if answer.outcome is Outcome.ELIGIBLE:
            return way in CLAIMED_WHEN_ELIGIBLE and answer.paid_fen > 0
        if answer.outcome is Outcome.REVIEW:  # a person judges it, once somebody asks for it
            return way not in ELSEWHERE
        asked = any(parse_offset(name)[0] in self.own for name in answer.missing)
        return answer.outcome is Outcome.UNDETERMINED and way not in ELSEWHERE and asked


@lru_cache(maxsize=2)
def _offers(packs_sha256: str) -> _Offers:
    """Return what the packs offer; read once a process."""
    packs = catalogue.packs_of(packs_sha256)
    items = packs.dictionaries["enterprise"].items.values()
    own = frozenset(item.name for item in items if item.is_self_reported and not item.is_judged)
    return _Offers({policy.id: policy.front.delivery for policy in packs.policies.values()}, own)


def _greatest_first(line: Line) -> tuple[int, int]:
    return -line.amount_fen, -line.answer.amount_fen


def _payments(orders: Iterable[Order], granted: Iterable[Entitlement]) -> Iterable[Payment]:
    """Yield orders with the words of what was granted; they have one id."""
    decided = {each.id: each for each in granted}
    for order in orders:
        decision = decided[order.id]
        yield Payment(order, decision.title, decision.article)


def _facts(subject: Subject, items: Mapping[str, ItemDefinition]) -> Iterable[tuple[str, int | None, str, Provenance]]:
    """Yield each fact with its year, its value in words and where it comes from, in the order of the data dictionary, latest year first."""
    order = {name: place for place, name in enumerate(items)}
    found = sorted((order.get(parse_column(name)[0], len(order)), -(parse_column(name)[1] or 0), name) for name in subject.facts)
    for _, _, name in found:
        plain, year = parse_column(name)
        item = items.get(plain)
        yield plain, year, format_value(subject.facts[name], item.unit if item else "", language()), subject.provenance[name]


def _uuid(text: str) -> UUID | None:
    """Return the id that an address names; None where it names none."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
