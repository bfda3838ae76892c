"""Amounts: below nothing, above what a policy may spend, without an upper end; and caps over several policies.

amount < 0, eligible                       nobody may be asked to pay by a benefit
amount > budget                            one subject could take it all
amount grows on and on with a fact         no cap: worth knowing
智能券 + 算力券 > 封顶                       the cap does something, or never
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from decimal import Decimal
from typing import Any

from zhida.dmn.evaluate import Evaluator
from zhida.errors import diagnostic
from zhida.feel import syntax
from zhida.feel.syntax import Node
from zhida.policy.pack import Packs, PolicyModel, parameter_id
from zhida.policy.stacking import Cap, StackingGroup
from zhida.policy.versions import common_day
from zhida.proof.across.extended import Extension, added, compared, literal, name, supposed
from zhida.proof.across.lines import Line, Movable, Mover, lines_of, movable
from zhida.proof.across.moved import Moved
from zhida.proof.across.shown import Examples, Paid, completed, gain_of, goals_of, held_parameters, open_parameters
from zhida.proof.findings import Finding, Verdict, Witness
from zhida.proof.solver.encoding import Encoding, Holds, Solution
from zhida.source import Span
from zhida.values.temporal import Date
from zhida.values.text import excerpt

Value = Any

BUDGET = 200_000
"""How much may be spent on one question, in z3's resource units."""

TRIED = 3
"""Examples, the greatest amounts first, around which it is looked for what an amount grows with."""

SUPPOSED = {
    "proof-amount-negative": "proof-amount-negative-supposed",
    "proof-amount-over-budget": "proof-amount-over-budget-supposed",
}
"""What is said instead where it rests on a value that was made up for a parameter without a figure."""

Undecided = list[tuple[str, tuple[str, str]]]


def amount_findings(moved: Moved, examples: Examples, undecided: Undecided) -> Iterator[Finding]:
    """Yield what is odd in the amount of a policy.

    Codes: proof-amount-negative, proof-amount-over-budget, proof-amount-unbounded; -supposed where that rests on a value that was
    made up for a parameter without a figure.

    Args:
        moved: The policy, which gives an amount, with that as a decision.
        examples: The examples of all policies.
        undecided: Where is put what was not decided.
    """
    model, encoding, scope = moved.model, moved.solver, moved.held
    policy = model.policy
    amount, amount_id = policy.front.amount, policy.amount_id
    assert amount is not None
    assert amount_id is not None
    held = held_parameters(model, examples.of(policy.id))
    parameters = supposed(model, held, scope)
    below = encoding.solve([Holds(compared("<", name("gain"), literal(Decimal(0))), scope), *parameters], budget=BUDGET)
    span = policy.compiled.decisions[amount_id].decision.span
    if below.verdict is Verdict.UNDECIDED:
        undecided.append((f"{amount.text} < 0", below.reason))
    elif below.verdict is Verdict.REFUTED and not below.is_unusual:
        value = Evaluator(model.model, _inputs(model, below), as_of=model.as_of).value(amount_id)
        words: dict[str, Any] = {"name": amount.text, "value": excerpt(value), **_made_up(model, below, held)}
        yield _finding(_code("proof-amount-negative", words), span, amount_id, below.facts, **words)
    if policy.front.budget is not None:
        above = compared(">", name("gain"), literal(policy.front.budget.amount))
        found = encoding.solve([Holds(above, scope), *parameters], budget=BUDGET)
        words = {"name": amount.text, "budget": excerpt(policy.front.budget.amount), "year": policy.front.budget.year}
        if found.verdict is Verdict.UNDECIDED:
            undecided.append((f"{amount.text} > {words['budget']}", found.reason))
        elif found.verdict is Verdict.REFUTED and not found.is_unusual:
            value = Evaluator(model.model, _inputs(model, found), as_of=model.as_of).value(amount_id)
            words |= {"value": excerpt(value), **_made_up(model, found, held)}
            yield _finding(_code("proof-amount-over-budget", words), span, amount_id, found.facts, **words)
    growing = _grows_with(examples.paid(policy.id))
    if growing:
        words = {"name": amount.text, "facts": ", ".join(growing), "facts_zh": "、".join(growing)}
        yield Finding(diagnostic("proof-amount-unbounded", span, **words), amount_id)


def _made_up(model: PolicyModel, solution: Solution, held: Mapping[str, Value]) -> dict[str, str]:
    """Return the parameters without a figure, for which no example supposes one either, on whose made-up values a subject rests."""
    names = [each for each in solution.facts if parameter_id(each) in open_parameters(model) and parameter_id(each) not in held]
    if not names:
        return {}
    shown = [f"{each} = {excerpt(solution.facts[each])}" for each in names]
    return {"supposed": ", ".join(shown), "supposed_zh": "、".join(shown)}


def _code(code: str, words: Mapping[str, object]) -> str:
    return SUPPOSED[code] if "supposed" in words else code


def _inputs(model: PolicyModel, solution: Solution) -> dict[str, Value]:
    ids = {data.name: id_ for id_, data in model.model.inputs.items()}
    return {**model.parameters, **{ids[each]: value for each, value in solution.facts.items() if each in ids}}


def _grows_with(paid: Sequence[Paid]) -> list[str]:
    """Return the facts with which the amount goes on growing behind all lines, around the examples that give most."""
    found: dict[str, None] = {}
    for each in sorted(paid, key=lambda each: -each.gain)[:TRIED]:
        model, gain = each.model, each.gain
        mover = Mover(completed(model, each.shown.evaluator))  # only what was read up to here is moved
        goals = goals_of(model.policy)
        lines: tuple[Line, ...] | None = None
        for fact in movable(model.model, mover.base.beneath(goals)):
            start = fact.start(mover.base.inputs.get(fact.id))
            if start is None or fact.is_list or fact.item.name in model.parameter_rows or fact.item.name in found:
                continue
            if not _moves(model, mover, fact, start, gain):
                continue
            lines = lines_of(model.model, goals) if lines is None else lines
            roots = [root for line in lines if fact.id in line.reads and (root := mover.root(line, fact)) is not None]
            top = max((abs(start), *map(abs, roots), Decimal(1)))
            amounts = [gain_of(model, mover.at(fact, top * factor)) for factor in (4, 16)]
            if None not in amounts and amounts[1] > amounts[0] * 2 > gain and fact.is_usual(top * 16):  # type: ignore[operator]
                found[fact.item.name] = None
    return list(found)


def _moves(model: PolicyModel, mover: Mover, fact: Movable, start: Decimal, gain: Decimal) -> bool:
    """Say whether the amount moves at all with a fact near where it stands."""
    return any(gain_of(model, mover.at(fact, start * factor + fact.step)) != gain for factor in (Decimal("1.25"), Decimal("0.75")))


def _finding(code: str, span: Span, id_: str, facts: Mapping[str, Value], **words: object) -> Finding:
    return Finding(diagnostic(code, span, **words), id_, witness=Witness(facts))


# --- caps over several policies --------------------------------------------------------------------------------------------


def cap_findings(packs: Packs, as_of: Date | None = None) -> Iterator[Finding]:
    """Yield of each cap of the stacking groups whether it ever does something.

    Codes: proof-cap-binds, proof-cap-never, proof-cap-null, proof-not-decided.

    Args:
        packs: The packs.
        as_of: The day; a day on which all policies of the group are in force is taken where it is left out or is none.
    """
    for group in packs.stacking:
        day = _common_day(packs, group, as_of)
        if not isinstance(group.figure, Cap) or day is None or not all(packs.policies[id_].is_sound for id_ in group.policies):
            continue
        models = [packs.model_of(id_, day) for id_ in group.policies]
        if all(model.policy.amount_id for model in models):
            yield from _cap(packs, group, group.figure, models)


def _common_day(packs: Packs, group: StackingGroup, as_of: Date | None) -> Date | None:
    intervals = [packs.in_force[id_] for id_ in group.policies]
    if as_of is not None and all(as_of in interval for interval in intervals):
        return as_of
    whole = intervals[0]
    for each in intervals[1:]:
        day = common_day(whole, each)
        if day is None:
            return None
        whole = replace(whole, start=day, end=_earlier(whole.end, each.end))
    return whole.start


def _earlier(left: Date | None, right: Date | None) -> Date | None:
    if left is None or right is None:
        return left or right
    return min(left, right, key=lambda day: (day.year, day.month, day.day))


def _cap(packs: Packs, group: StackingGroup, cap: Cap, models: Sequence[PolicyModel]) -> Iterator[Finding]:
    """Yield what is known of one cap."""
    names = {each.name for each in syntax.free_names(cap.node)}
    joined = _with_inputs(joined_model(models), models, names)
    extension = Extension(joined)
    parts = []
    for place, model in enumerate(models):
        goals = {goal: goal for goal in goals_of(model.policy)}
        parts.append(Extension.add_gain(_for_policy(extension, model), f"part {place}", goals))
    required = {each: found for each in sorted(names) if (found := _id_of(packs, joined, models, each)) is not None}
    limit = extension.add("limit", cap.node, required)
    total: Node = name("p0")
    for place in range(1, len(parts)):
        total = added("+", total, name(f"p{place}"))
    total_id = extension.add("total", total, {f"p{place}": part for place, part in enumerate(parts)})
    scope = extension.add("question", literal(None), {"total": total_id, "limit": limit})
    linked = extension.model()
    encoding = Encoding([linked])
    binds = encoding.solve([Holds(compared(">", name("total"), name("limit")), scope)], budget=BUDGET)
    words = {"name": group.name, "cap": cap.text.text}
    if binds.verdict is Verdict.REFUTED:
        evaluator = Evaluator(linked.model, _inputs(linked, binds), as_of=linked.as_of)
        figures = {"total": excerpt(evaluator.value(total_id)), "limit": excerpt(evaluator.value(limit))}
        yield Finding(diagnostic("proof-cap-binds", cap.text.span(), **words, **figures), witness=Witness(binds.facts, as_of=linked.as_of))
        return
    if binds.verdict is Verdict.UNDECIDED:
        reason = {"count": 1, "what": f"{group.name} ({binds.reason[1]})", "what_zh": f"{group.name}（{binds.reason[0]}）"}
        yield Finding(diagnostic("proof-not-decided", cap.text.span(), **reason))
        return
    known = encoding.solve([Holds(compared("!=", name("limit"), literal(None)), scope)], budget=BUDGET)
    code = "proof-cap-null" if known.verdict is Verdict.PROVED else "proof-cap-never"
    yield Finding(diagnostic(code, cap.text.span(), **words))


def _for_policy(extension: Extension, model: PolicyModel) -> Extension:
    """Return the same extension, speaking of another of the joined policies."""
    other = Extension(model)
    other.decisions, other.inputs, other.requirements = extension.decisions, extension.inputs, extension.requirements
    return other


def joined_model(models: Sequence[PolicyModel]) -> PolicyModel:
    """Return several policies of one day as one model, in the name of the first."""
    first = models[0]
    linked = first.model
    for each in models[1:]:
        linked = replace(
            linked,
            decisions={**linked.decisions, **each.model.decisions},
            knowledge={**linked.knowledge, **each.model.knowledge},
            inputs={**linked.inputs, **each.model.inputs},
            requirements={**linked.requirements, **each.model.requirements},
        )
    used = tuple(dict.fromkeys(policy.id for model in models for policy in model.used_policies))
    policies = {policy.id: policy for model in models for policy in model.used_policies}
    return replace(
        first,
        model=linked,
        used={name_: id_ for model in models for name_, id_ in model.used.items()},
        used_policies=tuple(policies[id_] for id_ in used),
        _uses={},
        witnessed={},
    )


def _with_inputs(joined: PolicyModel, models: Sequence[PolicyModel], names: AbstractSet[str]) -> PolicyModel:
    """Return a model that also has the facts and parameters which only a cap names."""
    declared = {data.id: data for model in models for data in model.policy.compiled.definitions.inputs if data.name in names}
    return replace(joined, model=replace(joined.model, inputs={**declared, **joined.model.inputs}))


def _id_of(packs: Packs, joined: PolicyModel, models: Sequence[PolicyModel], word: str) -> str | None:
    """Return the id of what a name in a cap means: a decision that one of the policies publishes, a parameter, or a fact."""
    for model in models:
        if word in model.policy.published:
            return f"{model.policy.id}#{word}"
    id_ = parameter_id(word) if word in packs.parameters else word
    if id_ not in joined.model.inputs:
        return None
    return id_
