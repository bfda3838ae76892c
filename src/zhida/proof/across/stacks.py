"""Stacking that contradicts itself, over the groups of all packs at once.

    甲、乙 择一        甲、乙 可叠加         either the one or the other holds, not both
    乙 前提 甲         甲、乙 择高           nobody can have what requires what it excludes
    甲 前提 乙         乙 前提 甲            nobody can begin
    甲 限次 1 次/年    甲 限次 2 次/年       which?

The versions of a policy count as one. A row that names a group speaks of its policies against the others of the row, not
against each other; of a required group any policy will do. Whether each row can be read is the business of `policy.stacking`.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations, product

from zhida.dmn.graph import sort_requirements
from zhida.errors import diagnostic
from zhida.feel import syntax
from zhida.policy.pack import Packs
from zhida.policy.stacking import Cap, Shares, StackingGroup, StackingRule, StackingUnit, Times
from zhida.policy.versions import common_day, first_version
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
        self.fronts = {id_: policy.front for id_, policy in packs.policies.items()}
        self.roots: dict[str, str] = {}

    def root(self, policy_id: str) -> str:
        """Return the first version of a policy along `replaces`."""
        if policy_id not in self.roots:
            self.roots[policy_id] = first_version(self.fronts, policy_id)
        return self.roots[policy_id]

    def pairs(self, group: StackingGroup) -> dict[frozenset[str], tuple[str, str]]:
        """Return each two policies of different units of a group, those of one kin left out, by their kin.

        Of a required group that holds several nothing is said: whom one of its policies is denied may have another.
        """
        found = {}
        for before, after in combinations(group.units, 2):
            if group.rule is StackingRule.REQUIRES and len(self.kin_of(before)) > 1:
                continue
            for left, right in product(before.policies, after.policies):
                kin = frozenset((self.root(left), self.root(right)))
                if len(kin) > 1:
                    found[kin] = (left, right)
        return found

    def kin_of(self, group: StackingGroup | StackingUnit) -> frozenset[str]:
        """Return the kin of all policies of a group."""
        return frozenset(map(self.root, group.policies))

    def units_of(self, group: StackingGroup) -> frozenset[frozenset[str]]:
        """Return the kin of the policies of each unit of a group."""
        return frozenset(map(self.kin_of, group.units))


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
            if kin.units_of(first) == kin.units_of(second):
                yield Finding(diagnostic("proof-stack-times", second.span, **words, one=f"{one} 次/{per}", other=f"{other} 次/{per}"))
        case Shares(shares=one), Shares(shares=other) if kin.kin_of(first) & kin.kin_of(second) and one != other:
            notes = (first.note, first.article, second.note, second.article)
            is_said = any(word in note for word in ONE_ONLY for note in notes)
            shared = "、".join(sorted(kin.kin_of(first) & kin.kin_of(second)))
            yield Finding(diagnostic("proof-stack-one-of" if is_said else "proof-stack-shares", second.span, **words, policies=shared))


def _cycles(kin: _Kin, groups: Sequence[StackingGroup]) -> Iterator[Finding]:
    """Yield that policies require each other in a circle, so that nobody can begin."""
    needs: dict[str, list[frozenset[str]]] = {}  # of each policy, what it requires: any one policy of each set
    spans = {}
    for group in groups:
        for place, unit in enumerate(group.units if group.rule is StackingRule.REQUIRES else ()):
            for before in group.units[:place]:
                for one in sorted(kin.kin_of(unit) - kin.kin_of(before)):
                    needs.setdefault(one, []).append(kin.kin_of(before))
                    spans.update({(one, other): group.span for other in kin.kin_of(before)})
    begun: set[str] = set()
    stuck = dict(needs)
    while ready := [
        one for one, required in stuck.items() if all(any(each in begun or each not in stuck for each in any_) for any_ in required)
    ]:
        begun.update(ready)
        stuck = {one: required for one, required in stuck.items() if one not in begun}
    edges = {one: [each for any_ in required if any_ <= stuck.keys() for each in sorted(any_)] for one, required in stuck.items()}
    for cycle in sort_requirements(edges)[1]:
        yield Finding(diagnostic("proof-stack-cycle", spans[cycle[0], cycle[1]], cycle=" → ".join(cycle)))


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
