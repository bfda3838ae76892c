"""What the pages of staff need besides: the sections of the desk, the key of a form, and what policies are called."""

import uuid
from collections.abc import Iterator, Mapping

from django import template
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from zhida_server.catalogue import service as catalogue
from zhida_server.people.data import Actor
from zhida_server.people.service import may
from zhida_server.web.navigation import Entry, Link

register = template.Library()
SECTIONS: tuple[Entry, ...] = (
    Entry("staff_home", "概览", "Overview", "desk.open"),
    Entry("staff_runs", "运行", "Runs", "run.read"),
    Entry("staff_packs", "政策包", "Packs", "run.read"),
    Entry("staff_registry", "登记册", "Registry", "registry.read"),
    Entry("staff_notices", "公示与异议", "Notices", "objection.read"),
    Entry("staff_reviews", "待审核", "Reviews", "claim.review"),
    Entry("staff_payments", "拨付", "Payments", "batch.read"),
    Entry("staff_budgets", "预算", "Budgets", "budget.read"),
    Entry("staff_audit", "审计", "Audit", "audit.read"),
    Entry("staff_people", "账号", "Accounts", "people.read"),
)
"""The sections of the desk, each with the act that opens it."""


@register.simple_tag(takes_context=True)
def sections(context: template.Context) -> tuple[Link, ...]:
    """Return the sections that whoever looks may open."""
    request: HttpRequest = context["request"]
    return tuple(_sections(context["actor"], request.path))


def _sections(actor: Actor, path: str) -> Iterator[Link]:
    home = reverse("staff_home")
    for entry in SECTIONS:
        if may(actor, entry.act):
            href = reverse(entry.name)
            yield Link(href, entry.zh, entry.en, path == href if href == home else path.startswith(href))


@register.simple_tag
def form_key() -> SafeString:
    """Return the hidden field that makes two clicks one act: see `zhida_server.web.staff_forms.once`."""
    return format_html('<input type="hidden" name="key" value="{}">', uuid.uuid4())


@register.simple_tag(takes_context=True)
def can(context: template.Context, act: str) -> bool:
    """Say whether whoever looks may do an act."""
    return may(context["actor"], act)


@register.simple_tag
def policy_titles() -> Mapping[str, str]:
    """Return what each policy is called, for the filter `titled`: asked for once on a page."""
    return {card.policy: card.title for card in catalogue.policies(subject="")}


@register.filter
def titled(policy: str, titles: Mapping[str, str]) -> str:
    """Return what a policy is called; one that is in the packs no more is named as it was.

    >>> titled("town/garden", {"town/garden": "花园补助"}), titled("town/gone", {})
    ('花园补助', 'town/gone')
    """
    return titles.get(policy, policy)
