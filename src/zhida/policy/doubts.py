"""What of a body of policies is not confirmed, and what would settle it.

    checked: {by: repost | recalled}   ──> the document itself: its official text
    > 待确认：…                          ──> an article
    parameters.md: no value, no source ──> a figure

Nothing here is a fault: a policy may say plainly that it is unsure. It must not be silent about it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from zhida.policy.pack import Packs, Policy
from zhida.policy.parameters import Parameter
from zhida.source import Span
from zhida.values.unknown import Unknown

OFFICIAL = "official"
"""How what was compared with the official text is marked."""


class DoubtKind(StrEnum):
    """What is not confirmed."""

    DOCUMENT = "document"
    """The figures of a document were compared with something else than its official text."""
    CAVEAT = "caveat"
    """An article carries a caveat."""
    FIGURE = "figure"
    """A parameter has a figure that is not from an official text."""
    NO_FIGURE = "no-figure"
    """A parameter has no figure: what rests on it is undetermined."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that is not confirmed."""

    kind: DoubtKind
    """What it is about."""
    policy: str
    """The id of the policy; empty for a parameter."""
    name: str
    """The document's number, the article, the file, or the name of the parameter and its days."""
    text: str
    """What is not confirmed, in the words of the pack."""
    confidence: str
    """`official`, `repost` or `recalled`; empty where there is no figure."""
    settled_by: str
    """What would settle it; empty where nobody said."""
    span: Span | None
    """Where it stands."""


def doubts(packs: Packs) -> tuple[Doubt, ...]:
    """Return everything that is not confirmed: policy by policy in the order of the files, then stacking and parameters.

    Args:
        packs: The packs that see each other.
    """
    found = [doubt for policy in packs.policies.values() for doubt in _of_policy(policy)]
    rows = [row for rows in packs.parameters.values() for row in rows]
    others = [
        Doubt(DoubtKind.CAVEAT, "", Path(caveat.span.source.name).name, caveat.text, "", caveat.settled_by, caveat.span)
        for caveat in packs.caveats
    ]
    return (*found, *others, *(doubt for row in rows for doubt in _of_parameter(row)))


def _of_policy(policy: Policy) -> Iterator[Doubt]:
    front = policy.front
    if front.checked.by != OFFICIAL:
        name = front.document or front.title
        yield Doubt(
            DoubtKind.DOCUMENT,
            policy.id,
            name,
            front.checked.note,
            front.checked.by,
            f"{name}的官方原文",
            Span(policy.document.source, 0, 0),
        )
    for caveat in policy.tangled.caveats:
        yield Doubt(DoubtKind.CAVEAT, policy.id, caveat.span.article, caveat.text, front.checked.by, caveat.settled_by, caveat.span)


def _of_parameter(row: Parameter) -> Iterator[Doubt]:
    is_empty = isinstance(row.value, Unknown)
    if is_empty or row.confidence != OFFICIAL:
        kind = DoubtKind.NO_FIGURE if is_empty else DoubtKind.FIGURE
        yield Doubt(
            kind, "", f"{row.item.name}（{row.valid}）", row.item.description, row.confidence, row.settled_by or row.source, row.item.span
        )
