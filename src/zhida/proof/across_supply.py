"""What goes in and what comes out: facts that nobody supplies, statistics of nothing, decisions that nobody uses."""

from collections.abc import Iterator

from zhida.dmn.graph import closure
from zhida.errors import diagnostic
from zhida.policy.pack import Packs, Policy, PolicyModel
from zhida.policy.tangle import OUTCOME_COLUMN
from zhida.policy.versions import common_day
from zhida.policy.years import parse_offset
from zhida.proof.across_shown import goals_of
from zhida.proof.findings import Finding


def supply_findings(packs: Packs) -> Iterator[Finding]:
    """Yield the facts that policies use and nothing can supply: proof-fact-no-source, proof-statistic-of-nothing.

    Args:
        packs: The packs.
    """
    users: dict[tuple[str, str], list[Policy]] = {}
    for policy in packs.policies.values():
        for data in policy.compiled.inputs.values():
            base, _ = parse_offset(data.name)
            if base not in packs.parameters:
                users.setdefault((policy.front.subject, base), []).append(policy)
    for (subject, name), policies in users.items():
        dictionary = packs.dictionaries.get(subject)
        item = dictionary.items.get(name) if dictionary is not None else None
        if dictionary is None or item is None:
            continue
        statistic = dictionary.statistics.get(name)
        words = {"name": name, "policies": "、".join(policy.id for policy in policies)}
        if statistic is None:
            if not (item.department or item.is_self_reported or item.is_judged):
                yield Finding(diagnostic("proof-fact-no-source", item.span, **words))
        elif statistic.base and statistic.base not in dictionary.items:
            sources = [policy for policy in packs.policies.values() if statistic.base in policy.published]
            for user in policies:
                days = (common_day(packs.in_force[user.id], packs.in_force[source.id]) for source in sources)
                if all(day is None for day in days):
                    found = {"name": name, "base": statistic.base, "policy": user.id}
                    yield Finding(diagnostic("proof-statistic-of-nothing", statistic.text.span(), **found))


def unused_findings(model: PolicyModel) -> Iterator[Finding]:
    """Yield the decisions of a policy that nothing rests on, no example expects and nobody may use: proof-decision-unused.

    Args:
        model: The policy.
    """
    policy = model.policy
    expected = (name.partition(".")[0] for example in policy.tangled.examples for name in example.expectations if name != OUTCOME_COLUMN)
    wanted = [*goals_of(policy), *(f"{policy.id}#{name}" for name in (*policy.published, *expected))]
    used = closure(model.model.requirements, wanted)
    for id_, compiled in policy.compiled.decisions.items():
        if id_ not in used:
            yield Finding(diagnostic("proof-decision-unused", compiled.decision.span, name=compiled.decision.name), id_)
