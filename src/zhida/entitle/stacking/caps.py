"""The amounts of 封顶 as policies of their own: the same engine works them out, with what is missing and what is possible.

    0.6 * 年度智算合同实际额 ──> policy stacking/<digest>, amount 叠加上限额 ──> amount, or its least and greatest, and what is missing

Such a policy uses those of its group whose published decisions the amount names; of one that is no law on the day nothing is
claimed, so what the amount names of it counts as nothing. Facts that a person judges are facts here like
any other: as long as nobody judged, the cap lies between its least and its greatest value, instead of going to a person.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from zhida.errors import has_errors
from zhida.policy.dictionary import Dictionary
from zhida.policy.front_matter import Interval
from zhida.policy.pack import Packs, Policy, in_force, with_policy
from zhida.policy.stacking import Cap, StackingGroup
from zhida.source import Source
from zhida.values.temporal import Date
from zhida.values.types import BOOLEAN, NUMBER

ELIGIBLE = "叠加有上限"
"""The decision that says that there is a cap: always."""
AMOUNT = "叠加上限额"
"""The decision that is the amount of the cap, in yuan."""

NOTHING = {NUMBER: "0", BOOLEAN: "false"}
"""What a decision of a policy that is no law counts as, by its type; null for any other."""

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

{nothing}```feel {amount}: number
{cap}
```
"""
"""A cap as a policy."""


def with_caps(packs: Packs, caps: Sequence[StackingGroup], as_of: Date) -> tuple[Packs, tuple[str, ...]]:
    """Return packs that hold each cap as a policy too, and the ids of these; packs that hold them already as they are.

    Args:
        packs: The packs.
        caps: Groups of 封顶, as in `Structure.caps`.
        as_of: The day: what is no law on it gives nothing.
    """
    made = [_Amount.of(packs, group, as_of) for group in caps]
    ids = tuple(each.id for each in made)
    lacking = {each.id: each for each in made if each.id not in packs.policies}
    if not lacking:
        return packs, ids
    judged_by_nobody = replace(packs, dictionaries={subject: _unjudged(book) for subject, book in packs.dictionaries.items()})
    policies = {**packs.policies, **{id_: _policy(judged_by_nobody, each) for id_, each in lacking.items()}}
    days = {**packs.in_force, **dict.fromkeys(lacking, Interval(None, None))}
    return replace(packs, policies=policies, in_force=days, _linked={}), ids


def _text(group: StackingGroup) -> str:
    """Return the amount of a cap as the page has it; years are written out anew."""
    assert isinstance(group.figure, Cap), "封顶 has an amount"
    return group.figure.text.span().text


@dataclass(frozen=True, slots=True)
class _Amount:
    """The amount of a cap on a day."""

    group: StackingGroup
    """The row."""
    text: str
    """The amount in FEEL."""
    used: tuple[str, ...]
    """The policies whose decisions it names, and that are law."""
    nothing: tuple[tuple[str, str], ...]
    """What it names of those that are not, and as what that counts."""

    @classmethod
    def of(cls, packs: Packs, group: StackingGroup, as_of: Date) -> "_Amount":
        """Return the amount of a row."""
        text = _text(group)
        used = _used(packs, group, text)
        law = tuple(id_ for id_ in used if in_force(packs, id_, as_of) is not None)
        others = {name: each for id_ in used if id_ not in law for name, each in packs.policies[id_].published.items() if name in text}
        return cls(group, text, law, tuple((name, NOTHING.get(each.shape.type, "null")) for name, each in sorted(others.items())))

    @property
    def id(self) -> str:
        """The id of the policy that it becomes."""
        made_of = (*self.group.policies, self.text, *(f"{name} = {value}" for name, value in self.nothing))
        digest = hashlib.sha256("\n".join(made_of).encode()).hexdigest()
        return f"stacking/{digest[:16]}"


def _policy(packs: Packs, amount: _Amount) -> Policy:
    """Return the amount of a cap as a policy."""
    group = amount.group
    words = {
        "id": amount.id,
        "title": f"{group.name}的上限".replace(":", "："),
        "subject": packs.policies[group.policies[0]].front.subject,
        "uses": ", ".join(amount.used),
        "eligible": ELIGIBLE,
        "nothing": "".join(f"```feel {name}\n{value}\n```\n\n" for name, value in amount.nothing),
        "amount": AMOUNT,
        "cap": amount.text.replace("\\|", "|"),
    }
    policy = with_policy(packs, amount.id, Source(group.span.source.name, TEXT.format(**words)))
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
