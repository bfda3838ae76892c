"""What goes in and what comes out: facts that nobody supplies, figures that are lacking, decisions that nobody uses."""

from collections.abc import Iterator, Sequence

from zhida.dmn.graph import closure
from zhida.errors import diagnostic
from zhida.policy.pack import Packs, Policy, PolicyModel
from zhida.policy.tangle import OUTCOME_COLUMN
from zhida.policy.versions import common_day
from zhida.policy.years import parse_offset
from zhida.proof.across.shown import Shown, goals_of, held_parameters, open_parameters
from zhida.proof.findings import Finding
from zhida.source import Span


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


def figure_findings(model: PolicyModel, shown: Sequence[Shown]) -> Iterator[Finding]:
    """Yield the parameters without a figure on the day that a policy's answer rests on, as one finding: proof-parameter-open.

    Args:
        model: The policy, linked for a day.
        shown: Its examples: amounts and cliffs are asked about with the values that these suppose.
    """
    ids = open_parameters(model)
    if not ids:
        return
    supposed = held_parameters(model, shown)
    held = [model.model.inputs[id_].name for id_ in ids if id_ in supposed]
    names = [model.model.inputs[id_].name for id_ in ids]
    readers = (each for each in model.policy.compiled.decisions.values() if not set(ids).isdisjoint(each.requirements.values()))
    reader = next(readers, None)
    span = reader.decision.span if reader is not None else Span(model.policy.document.source, 0, 0)
    words = {"names": ", ".join(names), "names_zh": "、".join(names), "day": str(model.as_of)}
    some, some_zh = ("", "数值") if held == names else (f" of {', '.join(held)}", f" {'、'.join(held)}")
    words |= {"held": f"; amounts and cliffs are proved with what the examples suppose{some}" if held else ""}
    words |= {"held_zh": f"；金额和悬崖按例中假设的{some_zh}" if held else ""}
    yield Finding(diagnostic("proof-parameter-open", span, **words))
