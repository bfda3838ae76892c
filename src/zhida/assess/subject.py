"""One subject and one policy: from facts to an explained answer (semantics.md, Unknown, Outcome, Amounts).

    facts ──judge──> answer ── decided? ──> Assessment
                       │ rests on missing facts
                       └──enumerate──> all answers that are possible ──> decided after all, or UNDETERMINED with `missing`

The answer is judged once with what is known. Where it rests on missing facts, these are enumerated over their elementary
intervals, so that nothing is called missing that could not change the answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import product
from math import prod
from typing import Any

from zhida.assess.assessment import Answer, Assessment, Outcome
from zhida.assess.explain import caveats_of, delivery_of, parameters_of, reasons_of
from zhida.assess.judge import Judgement, judge
from zhida.assess.near import near_misses
from zhida.dmn.elementary import Use, representatives
from zhida.dmn.evaluate import Evaluator
from zhida.dmn.model import InputData
from zhida.errors import Diagnostic, InputError, diagnostic, nearest
from zhida.policy.pack import Packs, Policy, PolicyModel
from zhida.values.components import from_python
from zhida.values.equality import equal
from zhida.values.numbers import feel_context, round_amount
from zhida.values.temporal import Date
from zhida.values.text import format_value
from zhida.values.types import conforms
from zhida.values.unknown import Unknown, find_unknown, unknown

Value = Any

MAX_COMBINATIONS = 4_096
"""Combinations of missing facts that are enumerated at most."""


@dataclass(frozen=True, slots=True)
class Settled:
    """An answer after enumeration."""

    judgement: Judgement
    """The answer, with exactly the facts that are missing."""
    possible: tuple[Answer, ...]
    """The answers that are possible; one where it is decided."""
    is_minimal: bool
    """Whether each missing fact can really change the answer."""
    evaluator: Evaluator
    """The evaluation to explain it by: the given facts, or, where missing ones turned out not to matter, one completion."""


def assess_subject(packs: Packs, policy_id: str, facts: Mapping[str, Value], *, as_of: Date) -> Assessment:
    """Say what a policy says for a subject at a date, and why.

    Args:
        packs: The packs that the policy stands in.
        policy_id: `pack/name`.
        facts: What is known of the subject, by attribute: a FEEL value or plain Python's (int, datetime.date, list), None
            for what is known to be absent. What is not there is unknown. A published decision of a used policy may be given too, by name; it is then not decided.
        as_of: The date of the business fact: it selects the law in force.

    Raises:
        InputError: there is no such policy, or `facts` has names that nothing declares (feel-unknown-name) or values of
            another type than the dictionary says (feel-type-expected).
        CompileError: it, or one that it uses, has errors.
    """
    model = packs.model_of(policy_id, as_of)
    taken = {name: engine_value(value) for name, value in facts.items()}
    _check_facts(model, taken)
    return assess_model(model, taken)


def engine_value(value: Value) -> Value:
    """Return a value of plain Python as the engine's own: whole numbers, dates and lists; everything else as it is.

    A float stays one and is refused by what follows: money is never binary.

    >>> engine_value([300, None])
    (Decimal('300'), None)
    """
    if type(value) is int:
        return Decimal(value)
    if isinstance(value, list | tuple):
        return tuple(engine_value(element) for element in value)
    return from_python(value) if isinstance(value, date) else value


def _check_facts(model: PolicyModel, facts: Mapping[str, Value]) -> None:
    """Refuse facts that the policy's dictionary does not know, all at once."""
    items = {data.name: data.item for data in model.policy.compiled.definitions.inputs}
    decided = {compiled.decision.name for compiled in model.model.decisions.values()}
    found: list[Diagnostic] = []
    for name, value in facts.items():
        if name not in items and name not in decided:
            near = nearest(name, items)
            found.append(diagnostic("feel-unknown-name", None, name=name, near=near, scope=", ".join(items)))
        elif name in items and find_unknown(value) is None and not conforms(value, items[name].type):
            shown = f"{name} = {format_value(value)}" if type(value) in {str, Decimal, bool} else f"{name} = {value!r}"
            found.append(diagnostic("feel-type-expected", None, expected=items[name].type, found=shown))
    if found:
        raise InputError(found)


def assess_model(model: PolicyModel, facts: Mapping[str, Value], *, near_within: Decimal | None = None) -> Assessment:
    """Say what a linked policy says for a subject; see `assess_subject`.

    Args:
        model: The policy, linked for a day.
        facts: What is known of the subject.
        near_within: How near a line must be to be tried, as a share of it; any line is by default.
    """
    return _explained(model, settle(model, inputs_of(model, facts)), near_within)


def _explained(model: PolicyModel, settled: Settled, near_within: Decimal | None) -> Assessment:
    """Return a settled answer with its reasons, caveats and near misses."""
    policy, evaluator = model.policy, settled.evaluator
    answer, goals = settled.judgement.answer, settled.judgement.goals
    front = policy.front
    note_delivery = delivery_of(policy, model.model, answer.outcome, settled.judgement.missing)
    named = front.result or front.amount
    return Assessment(
        policy=policy.id,
        title=front.title,
        document=front.document,
        policy_sha256=policy.sha256,
        as_of=model.as_of,
        gives=front.gives,
        outcome=answer.outcome,
        result=answer.result,
        result_name=named.text if named else "",
        amount=answer.amount,
        amount_fen=amount_fen(policy, answer),
        missing=tuple(sorted(settled.judgement.missing)),
        is_minimal=settled.is_minimal,
        possible=settled.possible,
        reasons=reasons_of(evaluator, goals),
        caveats=caveats_of(model, evaluator, goals),
        near=near_misses(model, evaluator, settled.judgement, near_within),
        diagnostics=tuple(evaluator.diagnostics_beneath(goals)),
        delivery=note_delivery[0],
        delivery_note=note_delivery[1],
        parameters=parameters_of(model, evaluator, goals),
    )


def amount_fen(policy: Policy, answer: Answer) -> int | None:
    """Return the amount in integer fen, rounded once as the policy says; None where there is none."""
    if answer.amount is None or answer.outcome is not Outcome.ELIGIBLE:
        return None
    rounding = policy.front.rounding
    return int(round_amount(answer.amount, rounding.scale, rounding.mode).scaleb(2, feel_context()))


def inputs_of(model: PolicyModel, facts: Mapping[str, Value]) -> dict[str, Value]:
    """Return the inputs of an evaluation by id: facts, parameters, and unknowns for what is not given."""
    inputs: dict[str, Value] = dict(model.parameters)
    for id_, data in model.model.inputs.items():
        if id_ in inputs:
            if data.name in facts:
                inputs[id_] = facts[data.name]
        elif data.name in facts:
            value = facts[data.name]
            inputs[id_] = value if find_unknown(value) is not None or conforms(value, data.item.type) else None
        else:
            inputs[id_] = unknown(data.name)
    for used in model.used:
        for decision_id, compiled in model.model.decisions.items():
            if decision_id.startswith(f"{used}#") and compiled.decision.name in facts:
                inputs[decision_id] = facts[compiled.decision.name]
    return inputs


# --- missing facts -------------------------------------------------------------------------------------------------


def settle(model: PolicyModel, inputs: Mapping[str, Value]) -> Settled:
    """Return the answer for given inputs, enumerating what is missing."""
    evaluator = Evaluator(model.model, inputs, as_of=model.as_of)
    judgement = judge(model, evaluator)
    if judgement.answer.outcome is not Outcome.UNDETERMINED:
        return Settled(judgement, (judgement.answer,), is_minimal=True, evaluator=evaluator)
    cases, judgements, is_whole = _enumerate(model, inputs, evaluator, judgement.missing)
    answers = _distinct(item.answer for item in judgements)
    if len(answers) == 1 and answers[0].outcome is not Outcome.UNDETERMINED:
        completed = Evaluator(model.model, {**inputs, **cases[0]}, as_of=model.as_of)
        return Settled(judge(model, completed), answers, is_minimal=True, evaluator=completed)
    missing = _differing(cases, judgements, model) | frozenset().union(*(item.missing for item in judgements))
    if not is_whole:
        missing |= _lacking(model.policy, evaluator)
    outcome = Outcome.UNDETERMINED
    if missing and all(_is_judged(model, name) for name in missing):
        outcome = Outcome.REVIEW
    is_minimal = is_whole and not any(item.missing for item in judgements)
    settled = replace(judgement, answer=Answer(outcome), missing=missing)
    return Settled(settled, _ordered(answers), is_minimal, evaluator)


def _lacking(policy: Policy, evaluator: Evaluator) -> frozenset[str]:
    """Return all that any question of a policy lacks, those included that are asked only once another is answered."""
    goals = (policy.applies_id, policy.eligible_id, policy.result_id, policy.amount_id)
    unknowns = (find_unknown(evaluator.value(goal)) for goal in goals if goal is not None)
    return frozenset().union(*(found.missing for found in unknowns if found is not None))


def _enumerate(
    model: PolicyModel, inputs: Mapping[str, Value], evaluator: Evaluator, missing: frozenset[str]
) -> tuple[list[dict[str, Value]], list[Judgement], bool]:
    """Return the combinations of missing facts with what each comes to, and whether all could be enumerated.

    What an evaluation lacks may show only once another fact is known; such facts join until no more appear.
    """
    policy = model.policy
    used = model.uses(tuple(goal for goal in (policy.applies_id, policy.eligible_id, policy.result_id, policy.amount_id) if goal))
    by_name = {data.name: data for data in model.model.inputs.values()}
    domains: dict[str, tuple[Value, ...]] = {}
    given_up: set[str] = set()
    while True:
        is_new = False
        for name in sorted(missing - given_up):
            data = by_name.get(name)
            if data is None or data.id in domains:
                continue
            values = _domain(data, used.get(data.id), evaluator, inputs)
            if values is None or prod(map(len, domains.values())) * len(values) > MAX_COMBINATIONS:
                given_up.add(name)
            else:
                domains[data.id] = values
                is_new = True
        cases = [dict(zip(domains, combination, strict=True)) for combination in product(*domains.values())]
        judgements = [judge(model, Evaluator(model.model, {**inputs, **case}, as_of=model.as_of)) for case in cases]
        missing = frozenset().union(*(item.missing for item in judgements))
        if not is_new or not missing - given_up:
            return cases, judgements, not given_up


def _domain(data: InputData, use: Use | None, evaluator: Evaluator, inputs: Mapping[str, Value]) -> tuple[Value, ...] | None:
    """Return one value from each elementary interval of a missing fact; None where it is not missing whole."""
    if not isinstance(inputs.get(data.id), Unknown):
        return None
    return representatives(data.item, use or Use(), evaluator)


def _differing(cases: Sequence[Mapping[str, Value]], judgements: Sequence[Judgement], model: PolicyModel) -> frozenset[str]:
    """Return the facts of which another value alone changes the answer."""
    found = set()
    for id_ in cases[0] if cases else ():
        groups: dict[tuple[Any, ...], list[Answer]] = {}
        for case, judgement in zip(cases, judgements, strict=True):
            groups.setdefault(tuple(value for other, value in case.items() if other != id_), []).append(judgement.answer)
        if any(len(_distinct(answers)) > 1 for answers in groups.values()):
            found.add(model.model.inputs[id_].name)
    return frozenset(found)


def _distinct(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """Return each different answer once."""
    found: list[Answer] = []
    for answer in answers:
        if not any(_same(answer, other) for other in found):
            found.append(answer)
    return tuple(found)


def _same(one: Answer, other: Answer) -> bool:
    return one.outcome is other.outcome and one.amount == other.amount and equal(one.result, other.result) is True


def _ordered(answers: Sequence[Answer]) -> tuple[Answer, ...]:
    """Return the decided answers, best known amount last; those still open only where there are no others."""
    decided = [answer for answer in answers if answer.outcome is not Outcome.UNDETERMINED]
    order = list(Outcome)
    return tuple(sorted(decided, key=lambda answer: (order.index(answer.outcome), answer.amount or 0, str(answer.result))))


def _is_judged(model: PolicyModel, name: str) -> bool:
    return any(data.item.is_judged for data in model.model.inputs.values() if data.name == name)
