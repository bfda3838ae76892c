"""The amounts of 封顶 as policies of their own: the same engine works them out, with what is missing and what is possible.

    0.6 * 年度智算合同实际额 ──> policy stacking/<digest>, amount 叠加上限额 ──> amount, or its least and greatest, and what is missing

Such a policy uses those of its group whose published decisions the amount names. Facts that a person judges are facts here like
any other: as long as nobody judged, the cap lies between its least and its greatest value, instead of going to a person.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from zhida.errors import has_errors
from zhida.policy.dictionary import Dictionary
from zhida.policy.front_matter import Interval
from zhida.policy.pack import Packs, Policy, with_policy
from zhida.policy.stacking import Cap, StackingGroup
from zhida.source import Source

ELIGIBLE = "叠加有上限"
"""The decision that says that there is a cap: always."""
AMOUNT = "叠加上限额"
"""The decision that is the amount of the cap, in yuan."""

TEXT = """---
policy: {id}
title: {title}
in_force: ../..
subject: {subject}
gives: cash
eligible: {eligible}
amount: {amount}
rounding: {{scale: 2, mode: down}}
uses: [{uses}]
publishes: [{amount}]
checked: {{on: 2026-01-01, by: recalled}}
---

```feel {eligible}: boolean
true
```

```feel {amount}: number
{cap}
```
"""
"""A cap as a policy."""


def with_caps(packs: Packs, caps: Sequence[StackingGroup]) -> tuple[Packs, tuple[str, ...]]:
    """Return packs that hold each cap as a policy too, and the ids of these; packs that hold them already as they are.

    Args:
        packs: The packs.
        caps: Groups of 封顶, as in `Structure.caps`.
    """
    ids = tuple(f"stacking/{_digest(group)}" for group in caps)
    lacking = {id_: group for id_, group in zip(ids, caps, strict=True) if id_ not in packs.policies}
    if not lacking:
        return packs, ids
    judged_by_nobody = replace(packs, dictionaries={subject: _unjudged(book) for subject, book in packs.dictionaries.items()})
    policies = {**packs.policies, **{id_: _policy(judged_by_nobody, id_, group) for id_, group in lacking.items()}}
    in_force = {**packs.in_force, **dict.fromkeys(lacking, Interval(None, None))}
    return replace(packs, policies=policies, in_force=in_force, _linked={}), ids


def _text(group: StackingGroup) -> str:
    """Return the amount of a cap as the page has it; years are written out anew."""
    assert isinstance(group.figure, Cap), "封顶 has an amount"
    return group.figure.text.span().text


def _digest(group: StackingGroup) -> str:
    return hashlib.sha256("\n".join((*group.policies, _text(group))).encode()).hexdigest()[:16]


def _policy(packs: Packs, id_: str, group: StackingGroup) -> Policy:
    """Return the amount of a cap as a policy."""
    text = _text(group)
    words = {
        "id": id_,
        "title": f"{group.name}的上限".replace(":", "："),
        "subject": packs.policies[group.policies[0]].front.subject,
        "uses": ", ".join(_used(packs, group, text)),
        "eligible": ELIGIBLE,
        "amount": AMOUNT,
        "cap": text.replace("\\|", "|"),
    }
    policy = with_policy(packs, id_, Source(group.span.source.name, TEXT.format(**words)))
    assert not has_errors(policy.diagnostics), [item.render() for item in policy.diagnostics]
    return policy


def _used(packs: Packs, group: StackingGroup, text: str) -> list[str]:
    """Return the policies that publish what a cap names; of several that publish one name, the first."""
    found: list[str] = []
    named: set[str] = set()
    for id_ in group.policies:
        names = {name for name in packs.policies[id_].published if name in text} - named
        if names:
            found.append(id_)
            named |= packs.policies[id_].published.keys()
    return found


def _unjudged(book: Dictionary) -> Dictionary:
    """Return a dictionary in which no fact waits for a person."""
    return replace(book, items={name: replace(item, is_judged=False) for name, item in book.items.items()})
