"""The way around: what stands in the head of every page, for whom.

One line an entry, in the order of the page. An entry is shown to those who may do its act; an act that is empty is everybody's.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from zhida_server.people.data import Actor, Role
from zhida_server.people.service import may


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the navigation."""

    name: str
    """The name of the address."""
    zh: str
    """What it is called."""
    en: str
    """What it is called."""
    act: str = ""
    """Who may do this sees the entry."""
    is_for_staff: bool = False
    """Whether a representative, who may do the act for their own, does not see it."""


ENTRIES: tuple[Entry, ...] = (
    Entry("policies", "政策", "Policies"),
    Entry("notices", "公示", "Notices"),
    Entry("own_enterprise", "我的企业", "My enterprise", "enterprise.read"),
    Entry("staff_home", "工作台", "Desk", "desk.open", is_for_staff=True),
)
"""What everybody sees first, then what staff sees."""


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as a page shows it."""

    href: str
    """Where it leads."""
    zh: str
    """What it is called."""
    en: str
    """What it is called."""
    is_here: bool
    """Whether the page is below it."""


def links(actor: Actor, path: str) -> Iterator[Link]:
    """Yield the entries that an actor sees.

    Args:
        actor: Who looks.
        path: Of the page that is looked at.
    """
    is_representative = actor.role == Role.REPRESENTATIVE
    for entry in ENTRIES:
        if entry.act and not may(actor, entry.act):
            continue
        if entry.is_for_staff and is_representative:
            continue
        zh, en = (entry.zh, entry.en)
        if entry.name == "own_enterprise" and not is_representative:
            zh, en = "企业", "Enterprises"
        href = reverse(entry.name)
        yield Link(href, zh, en, path.startswith(href))
