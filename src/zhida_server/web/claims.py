"""Claims (即申即享): one page asks exactly what is missing, answers at once, and leads to the order that it made.

The page keeps nothing between two steps: what was told stands in the form again, and the key that makes a double click one claim
comes back with it. Reading what was entered is the registry's; what it cannot read stands beside the form, which keeps its entries.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from zhida.assess.assessment import Outcome
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import Question
from zhida_server.people.data import Actor, Conflict, NotAllowed, NotFound, Refused
from zhida_server.people.service import may
from zhida_server.web.enterprise import purpose_of
from zhida_server.web.errors import status_of
from zhida_server.web.guards import FORM, POST, page

TOLD = "told:"
"""What the name of a field begins with; the rest is the name of the fact."""
NONE = "none:"
"""The same of a box that says “there is none”."""
SHOWN_BOXES = 8
"""Choices that are shown side by side; more stand in a list."""


@dataclass(frozen=True, slots=True)
class Field:
    """A question as the form shows it."""

    question: Question
    """What is asked."""
    value: str
    """What was entered before."""
    is_none: bool
    """Whether it was said that there is none."""

    @property
    def name(self) -> str:
        """The name of the field."""
        return TOLD + self.question.name

    @property
    def none_name(self) -> str:
        """The name of the box that says “there is none”."""
        return NONE + self.question.name

    @property
    def has_boxes(self) -> bool:
        """Whether its choices are few enough to be shown side by side."""
        return len(self.question.choices) <= SHOWN_BOXES


@page(act="claim", methods=FORM)
def claim(request: HttpRequest, actor: Actor, code: str, policy: str) -> HttpResponse:
    """Ask what is missing, and answer what was claimed."""
    card = catalogue.policy_card(policy)
    today = timezone.localdate()
    if request.method == "GET":
        questions = delivery.claim_questions(actor, code, policy, on=today)
        known = {"code": code, "card": card, "fields": _fields(questions, {}), "kept": (), "key": uuid.uuid4(), "is_first": True}
        return render(request, "enterprise/claim.html", known)
    told = told_in(request)
    key = request.POST.get("key", "")
    try:
        found = delivery.claim(actor, code, policy, told, on=today, key=key)
    except (NotAllowed, NotFound, Conflict):
        raise
    except Refused as refused:
        questions = delivery.claim_questions(actor, code, policy, on=today)
        known = {
            "code": code,
            "card": card,
            "fields": _fields(questions, told),
            "kept": _kept(questions, told),
            "key": key,
            "refused": refused,
        }
        return render(request, "enterprise/claim.html", known, status=status_of(refused))
    if found.entitlement is not None:
        return redirect("granted", code, found.entitlement)
    if found.id is not None and found.outcome is Outcome.REVIEW:
        return redirect("claimed", code, found.id)
    if found.still_missing:
        known = {
            "code": code,
            "card": card,
            "fields": _fields(found.still_missing, told),
            "kept": _kept(found.still_missing, told),
            "key": key,
        }
        return render(request, "enterprise/claim.html", known)
    return render(request, "enterprise/claimed.html", {"code": code, "card": card, "claim": found})


@page(act="enterprise.read")
def reviewed(request: HttpRequest, actor: Actor, code: str, claim: UUID) -> HttpResponse:
    """Show how far a claim is that a person judges."""
    found = delivery.claim_by_id(actor, claim, purpose=purpose_of(actor, "办理进度"))
    if found.code != code:
        raise Http404
    return render(request, "enterprise/claim_reviewed.html", {"code": code, "claim": found, "may_claim": may(actor, "claim")})


@page(act="claim", methods=POST)
def withdraw(request: HttpRequest, actor: Actor, code: str, claim: UUID) -> HttpResponse:  # noqa: ARG001 - the face of a view
    """Take a claim back that nobody has decided."""
    if delivery.claim_by_id(actor, claim, purpose=purpose_of(actor, "撤回申领")).code != code:
        raise Http404
    delivery.withdraw_claim(actor, claim, on=timezone.localdate())
    return redirect("claimed", code, claim)


def told_in(request: HttpRequest) -> Mapping[str, object]:
    """Return the answers of a form by the names of facts; None where it says that there is none."""
    told: dict[str, object] = {
        name.removeprefix(TOLD): value.strip() for name, value in request.POST.items() if name.startswith(TOLD) and isinstance(value, str)
    }
    return told | {name.removeprefix(NONE): None for name in request.POST if name.startswith(NONE)}


def _fields(questions: Iterable[Question], told: Mapping[str, object]) -> tuple[Field, ...]:
    return tuple(Field(each, str(told.get(each.name) or ""), is_none=each.name in told and told[each.name] is None) for each in questions)


def _kept(questions: Iterable[Question], told: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return what was told and is not asked again, as hidden fields."""
    asked = {each.name for each in questions}
    return tuple(
        (f"{NONE if value is None else TOLD}{name}", "" if value is None else str(value))
        for name, value in told.items()
        if name not in asked
    )
