"""Versions of a policy: days without law between them, days with two laws, ends that a successor cuts short.

    demo/2024   2024-01-01/2024-12-31
    demo/2025                          2025-02-01/..       in January 2025 nothing is law
    demo/2025-x              2024-12-01/..                 in December two say what is given

Law may well end and begin anew: a successor that says so (`空档: 理由` in a line of its own) is believed.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from zhida.dmn.graph import closure
from zhida.errors import diagnostic
from zhida.policy.document import Prose
from zhida.policy.front_matter import Interval
from zhida.policy.pack import Packs, Policy
from zhida.policy.versions import common_day
from zhida.proof.across.amounts import joined_model
from zhida.proof.across.extended import Extension, all_of, equals, literal
from zhida.proof.findings import Finding, Verdict, Witness
from zhida.proof.solver.encoding import Encoding, Holds
from zhida.source import Span
from zhida.values.temporal import Date, from_days, to_days

BUDGET = 200_000
"""How much may be spent on one question, in z3's resource units."""

REASON = re.compile(r"^\s*空档\s*[:：]\s*(\S.*)$", re.MULTILINE)
"""How a document says that there is no law before it."""

YEAR = re.compile(r"[-_]?(19|20)[0-9]{2}$")
"""What the name of a version ends in."""


def version_findings(packs: Packs) -> Iterator[Finding]:
    """Yield what is odd in the days on which versions are law.

    Codes: proof-versions-later, proof-versions-gap, proof-versions-gap-said, proof-versions-cut, proof-versions-overlap,
    proof-not-decided.

    Args:
        packs: The packs.
    """
    for policy in packs.policies.values():
        for replaced in policy.front.replaces:
            if replaced.text in packs.policies:
                yield from _succession(packs.policies[replaced.text], policy, replaced.span())
    families: dict[str, list[Policy]] = {}
    for policy in packs.policies.values():
        families.setdefault(YEAR.sub("", policy.id), []).append(policy)
    for family in families.values():
        for first, second in combinations(family, 2):
            if not _are_kin(packs, first, second):
                yield from _overlap(packs, first, second)


def _succession(old: Policy, new: Policy, span: Span) -> Iterator[Finding]:
    """Yield what is odd in the days of a policy and of one that it replaces."""
    start, before = new.front.in_force.start, old.front.in_force
    if start is None:
        return  # said when the packs are read
    words = {"old": old.id, "new": new.id, "start": start}
    if before.start is not None and to_days(before.start) >= to_days(start):
        yield Finding(diagnostic("proof-versions-later", span, **words, old_start=before.start))
        return
    if before.end is None:
        return
    lacking = to_days(start) - to_days(before.end) - 1
    if lacking > 0:
        first, last = from_days(to_days(before.end) + 1), from_days(to_days(start) - 1)
        said = next((found[1] for block in new.document.blocks if isinstance(block, Prose) and (found := REASON.search(block.text))), "")
        days = {"first": first, "last": last, "count": lacking, "days": "1 day" if lacking == 1 else f"{lacking} days"}
        if said:
            yield Finding(diagnostic("proof-versions-gap-said", span, **words, **days, reason=said))
        else:
            yield Finding(diagnostic("proof-versions-gap", span, **words, **days), witness=Witness({}, as_of=first))
    elif lacking < 0:
        yield Finding(diagnostic("proof-versions-cut", span, **words, end=before.end))


def _are_kin(packs: Packs, first: Policy, second: Policy) -> bool:
    """Say whether one of two policies replaces the other, directly or through others."""
    replaced = {id_: [name.text for name in policy.front.replaces] for id_, policy in packs.policies.items()}
    return second.id in closure(replaced, [first.id]) or first.id in closure(replaced, [second.id])


def _overlap(packs: Packs, first: Policy, second: Policy) -> Iterator[Finding]:
    """Yield that two policies of one family publish the same for the same subject on the same day."""
    names = [name.text for name in first.front.publishes if name.text in {each.text for each in second.front.publishes}]
    days = _common(packs.in_force[first.id], packs.in_force[second.id])
    if not names or not days or first.front.subject != second.front.subject or not (first.is_sound and second.is_sound):
        return
    span = second.front.publishes[[each.text for each in second.front.publishes].index(names[0])].span()
    words = {"first": first.id, "second": second.id, "name": names[0]}
    undecided = ("", "")
    for day in days:
        models = [packs.model_of(policy.id, day) for policy in (first, second)]
        goals = [policy.applies_id for policy in (first, second) if policy.applies_id is not None]
        extension = Extension(joined_model(models))
        scope = extension.add("question", literal(None), {goal: goal for goal in goals})
        both = all_of([equals(goal, value=True) for goal in goals])
        found = Encoding([extension.model()]).solve([Holds(both, scope)], budget=BUDGET)
        if found.verdict is Verdict.REFUTED or not goals:
            yield Finding(diagnostic("proof-versions-overlap", span, **words, day=day), witness=Witness(found.facts, as_of=day))
            return
        if found.verdict is Verdict.UNDECIDED:
            undecided = found.reason
    if any(undecided):
        what, what_zh = f"{first.id}, {second.id} ({undecided[1]})", f"{first.id}、{second.id}（{undecided[0]}）"
        yield Finding(diagnostic("proof-not-decided", span, count=1, what=what, what_zh=what_zh))


def _common(left: Interval, right: Interval) -> Sequence[Date]:
    """Return the days on which it is looked: the first that two intervals share, the last, and New Year's Day between them."""
    first = common_day(left, right)
    if first is None:
        return ()
    ends = [to_days(each.end) for each in (left, right) if each.end is not None]
    last = from_days(min(ends)) if ends else Date(first.year + 1, 1, 1)
    new_years = (Date(year, 1, 1) for year in range(first.year + 1, min(last.year, first.year + 3) + 1))
    days = sorted({to_days(day) for day in (first, *new_years, last) if to_days(day) <= to_days(last)})
    return tuple(map(from_days, days))
