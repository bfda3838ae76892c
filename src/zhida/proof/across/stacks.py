"""Stacking that contradicts itself, over the groups of all packs at once.

    甲、乙 择一        甲、乙 可叠加         either the one or the other holds, not both
    乙 前提 甲         甲、乙 择高           nobody can have what requires what it excludes
    甲 前提 乙         乙 前提 甲            nobody can begin
    甲 限次 1 次/年    甲 限次 2 次/年       which?

The versions of a policy count as one. Whether each row can be read is the business of `policy.stacking`.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations

from zhida.dmn.graph import sort_requirements
from zhida.errors import diagnostic
from zhida.feel import syntax
from zhida.policy.pack import Packs
from zhida.policy.stacking import Cap, Shares, StackingGroup, StackingRule, Times
from zhida.policy.versions import common_day
from zhida.proof.findings import Finding

EXCLUSIVE = frozenset((StackingRule.CHOICE, StackingRule.HIGHEST))
"""Only one of the policies is enjoyed."""

AGAINST: Mapping[StackingRule, frozenset[StackingRule]] = {
    StackingRule.FREE: frozenset((StackingRule.CHOICE, StackingRule.HIGHEST, StackingRule.TOP_UP)),
    StackingRule.REQUIRES: EXCLUSIVE,
    StackingRule.TOP_UP: frozenset((StackingRule.CHOICE,)),
    StackingRule.CHOICE: frozenset((StackingRule.HIGHEST,)),  # the subject chooses, or it gets the highest and nobody chooses
}
"""What two rules over the same two policies cannot both be right."""

ONE_ONLY = ("只用一种", "只能用一种", "任选一种", "择一", "二选一")
"""Words of a note that say that only one of several rows is used."""


def stacking_findings(packs: Packs) -> Iterator[Finding]:
    """Yield where the groups of packs contradict each other.

    Codes: proof-stack-contradiction, proof-stack-cycle, proof-stack-times, proof-stack-shares, proof-stack-one-of,
    proof-stack-cap, proof-stack-apart.

    Args:
        packs: The packs.
    """
    kin = _Kin(packs)
    for first, second in combinations(packs.stacking, 2):
        yield from _contradiction(kin, first, second)
        yield from _figures(kin, first, second)
    yield from _cycles(kin, packs.stacking)
    for group in packs.stacking:
        yield from _cap_of_nothing(group)
        yield from _apart(kin, group)


class _Kin:
    """The versions of policies."""

    def __init__(self, packs: Packs) -> None:
        self.packs = packs
        self.roots: dict[str, str] = {}

    def root(self, policy_id: str) -> str:
        """Return the first version of a policy along `replaces`."""
        if policy_id not in self.roots:
            at, seen = policy_id, {policy_id}
            while at in self.packs.policies and (replaced := self.packs.policies[at].front.replaces):
                if replaced[0].text in seen or replaced[0].text not in self.packs.policies:
                    break
                at = replaced[0].text
                seen.add(at)
            self.roots[policy_id] = at
        return self.roots[policy_id]

    def pairs(self, group: StackingGroup) -> dict[frozenset[str], tuple[str, str]]:
        """Return each two policies of a group, those of one kin left out, by their kin."""
        found = {}
        for left, right in combinations(group.policies, 2):
            kin = frozenset((self.root(left), self.root(right)))
            if len(kin) == 2:
                found[kin] = (left, right)
        return found

    def kin_of(self, group: StackingGroup) -> frozenset[str]:
        """Return the kin of all policies of a group."""
        return frozenset(map(self.root, group.policies))


def _contradiction(kin: _Kin, first: StackingGroup, second: StackingGroup) -> Iterator[Finding]:
    """Yield that two groups say of the same two policies what cannot both be right."""
    if second.rule not in AGAINST.get(first.rule, ()) and first.rule not in AGAINST.get(second.rule, ()):
        return
    pairs = kin.pairs(first)
    for both, (left, right) in kin.pairs(second).items():
        if both in pairs:
            words = {"first": first.name, "first_rule": first.rule.value, "second": second.name, "second_rule": second.rule.value}
            yield Finding(diagnostic("proof-stack-contradiction", second.span, **words, one=left, other=right, place=first.span.place))


def _figures(kin: _Kin, first: StackingGroup, second: StackingGroup) -> Iterator[Finding]:
    """Yield that two groups set the same policies different figures of the same kind."""
    words = {"first": first.name, "second": second.name, "place": first.span.place}
    match first.figure, second.figure:
        case Times(count=one, per=per), Times(count=other, per=per_other) if per == per_other and one != other:
            if kin.kin_of(first) == kin.kin_of(second):
                yield Finding(diagnostic("proof-stack-times", second.span, **words, one=f"{one} 次/{per}", other=f"{other} 次/{per}"))
        case Shares(shares=one), Shares(shares=other) if kin.kin_of(first) & kin.kin_of(second) and one != other:
            notes = (first.note, first.article, second.note, second.article)
            is_said = any(word in note for word in ONE_ONLY for note in notes)
            shared = "、".join(sorted(kin.kin_of(first) & kin.kin_of(second)))
            yield Finding(diagnostic("proof-stack-one-of" if is_said else "proof-stack-shares", second.span, **words, policies=shared))


def _cycles(kin: _Kin, groups: Sequence[StackingGroup]) -> Iterator[Finding]:
    """Yield that policies require each other in a circle."""
    required: dict[str, list[str]] = {}
    spans = {}
    for group in groups:
        if group.rule is StackingRule.REQUIRES:
            for place, policy in enumerate(group.policies):
                for before in group.policies[:place]:
                    required.setdefault(kin.root(policy), []).append(kin.root(before))
                    required.setdefault(kin.root(before), [])
                    spans[kin.root(policy), kin.root(before)] = group.span
    for cycle in sort_requirements(required)[1]:
        span = spans.get((cycle[0], cycle[1])) or next(iter(spans.values()))
        yield Finding(diagnostic("proof-stack-cycle", span, cycle=" → ".join(cycle)))


def _cap_of_nothing(group: StackingGroup) -> Iterator[Finding]:
    """Yield that a cap leaves nothing."""
    if isinstance(group.figure, Cap):
        node = group.figure.node
        value = node.value if isinstance(node, syntax.Literal) else Decimal(-1) if isinstance(node, syntax.Negation) else None
        if isinstance(value, Decimal) and value <= 0:
            yield Finding(diagnostic("proof-stack-cap", group.figure.text.span(), name=group.name, cap=group.figure.text.text))


def _apart(kin: _Kin, group: StackingGroup) -> Iterator[Finding]:
    """Yield that two policies of a group are never law on the same day, whatever versions are meant."""
    packs = kin.packs
    for both, (left, right) in kin.pairs(group).items():
        versions = [[id_ for id_ in packs.policies if kin.root(id_) == root] for root in sorted(both)]
        together = (common_day(packs.in_force[one], packs.in_force[other]) for one in versions[0] for other in versions[1])
        if all(day is None for day in together):
            words = {"name": group.name, "one": left, "other": right}
            yield Finding(diagnostic("proof-stack-apart", group.span, **words))
