"""One subject and one policy: from facts to an explained answer (semantics.md, Unknown, Outcome, Amounts).

facts ──check──> inputs ──settle──> answer ──explain──> Assessment
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from zhida.assess.assessment import Assessment, MissingFact, MissingParameter
from zhida.assess.elements import refused, with_untold
from zhida.assess.explain import caveats_of, delivery_of, parameters_of, reasons_of, window_met
from zhida.assess.feeds import facts_at
from zhida.assess.near import near_misses
from zhida.assess.possible import possible_answers
from zhida.assess.settle import Settled, settle
from zhida.assess.statuses import next_status
from zhida.assess.steps import steps_of
from zhida.errors import Diagnostic, InputError, diagnostic, nearest
from zhida.policy.dictionary import Dictionary
from zhida.policy.pack import Packs, PolicyModel
from zhida.policy.years import machine_name
from zhida.registry_io.attributes import form_faults, year_faults
from zhida.values.components import from_python
from zhida.values.temporal import Date
from zhida.values.types import conforms
from zhida.values.unknown import Unknown, find_unknown, unknown

Value = Any


def assess_subject(packs: Packs, policy_id: str, facts: Mapping[str, Value], *, as_of: Date) -> Assessment:
    """Say what a policy says for a subject at a date, and why.

    Args:
        packs: The packs that the policy stands in.
        policy_id: `pack/name`.
        facts: What is known of the subject, by attribute: a FEEL value or plain Python's (int, datetime.date, list), None
            for what is known to be absent. What is not there is unknown. A published decision of a used policy may be given
            too, by name; it is then not decided. A yearly fact is given by year, `研发费用@2024`, or without one for the
            reporting year.
        as_of: The date of the business fact: it selects the law in force.

    Raises:
        InputError: there is no such policy, or `facts` has names that nothing declares (feel-unknown-name) or values that
            the dictionary does not allow (feel-type-expected, fact-not-nullable, fact-not-in-list, fact-too-fine), or years
            that they cannot have (registry-not-yearly, registry-year, registry-year-and-none).
        CompileError: it, or one that it uses, has errors.
    """
    model = packs.model_of(policy_id, as_of)
    _check_years(facts, packs.dictionaries[model.policy.front.subject])
    taken = {name: engine_value(value) for name, value in facts_at(facts, as_of).items()}
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
    if isinstance(value, dict):
        return {name: engine_value(entry) for name, entry in value.items()}
    return from_python(value) if isinstance(value, date) else value


def _check_years(facts: Mapping[str, Value], dictionary: Dictionary) -> None:
    """Refuse years that facts cannot have, and facts that are given both with a year and without one."""
    found = form_faults(((name, None) for name in facts), dictionary)
    for name in facts:
        found += year_faults(name, None, dictionary)
    if found:
        raise InputError(found)


def _check_facts(model: PolicyModel, facts: Mapping[str, Value]) -> None:
    """Refuse facts that the policy's dictionary does not know, all at once."""
    items = {data.name: data.item for data in model.policy.compiled.definitions.inputs}
    decided = {compiled.decision.name for compiled in model.model.decisions.values()}
    found: list[Diagnostic] = []
    for name, value in facts.items():
        item = items.get(name) or model.item(name)
        if item is None and name not in decided:
            known = [machine_name(each, model.as_of) for each in items]
            words = {"near": nearest(name, known), "scope": ", ".join(known), "scope_zh": "、".join(known)}
            found.append(diagnostic("feel-unknown-name", None, name=name, **words))
        elif item is not None and (find_unknown(value) is None or (item.components and not isinstance(value, Unknown))):
            found.extend(refused(item, value))
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
    possible, extent = possible_answers(model, settled)
    reasons = reasons_of(evaluator, goals, settled.completions)
    steps = steps_of(model, settled, reasons)
    caveats = caveats_of(model, [f"{step.reason.policy}#{step.reason.decision}" for step in steps])
    missing = sorted(settled.judgement.missing)
    return Assessment(
        policy=policy.id,
        title=front.title,
        document=front.document,
        policy_sha256=policy.sha256,
        as_of=model.as_of,
        gives=front.gives,
        subject_kind=front.subject,
        outcome=answer.outcome,
        result=answer.result,
        result_name=named.text if named else "",
        gives_amount=gives_amount(model),
        amount=answer.amount,
        amount_fen=answer.amount_fen,
        missing=tuple(missing),
        missing_parameters=missing_parameters(model, missing),
        is_minimal=settled.is_minimal,
        is_cut=settled.is_cut,
        possible=possible,
        possible_are=extent,
        reasons=reasons,
        caveats=tuple(caveats),
        settled_by={text: settled_by for text, settled_by in caveats.items() if settled_by},
        window=window_met(model, answer.outcome),
        near=near_misses(model, settled, near_within),
        next_status=None if answer.result is None else next_status(model, evaluator, answer.result),
        diagnostics=tuple((settled.completions[0] if settled.completions else evaluator).diagnostics_beneath(goals)),
        delivery=note_delivery[0],
        delivery_note=note_delivery[1],
        parameters=parameters_of(model, evaluator, goals),
        steps=steps,
        told_by=tuple(missing_facts(model, missing)),
    )


def gives_amount(model: PolicyModel) -> bool:
    """Say whether a policy gives an amount of money, rather than a status or a service."""
    return model.policy.amount_id is not None and model.policy.result_id is None


def missing_parameters(model: PolicyModel, missing: Iterable[str]) -> tuple[MissingParameter, ...]:
    """Return those of some missing names that are parameters: figures of the place, with where they are to come from."""
    found = []
    for name in missing:
        rows = model.parameter_rows.get(name, ())
        if rows:
            row = next((row for row in rows if model.as_of in row.valid), rows[0])
            found.append(MissingParameter(name, row.source))
    return tuple(found)


def missing_facts(model: PolicyModel, missing: Iterable[str]) -> Iterator[MissingFact]:
    """Yield those of some missing names that are facts of the subject, with who can tell them."""
    items = {data.name: data.item for data in model.model.inputs.values() if data.name not in model.parameter_rows}
    for name in missing:
        if name in items:
            yield MissingFact(name, items[name].department, items[name].is_self_reported, items[name].is_judged)


def inputs_of(model: PolicyModel, facts: Mapping[str, Value]) -> dict[str, Value]:
    """Return the inputs of an evaluation by id: facts, parameters, and unknowns for what is not given."""
    facts = facts_at(facts, model.as_of)
    inputs: dict[str, Value] = dict(model.parameters)
    for id_, data in model.model.inputs.items():
        if id_ in inputs:
            if data.name in facts:
                inputs[id_] = facts[data.name]
        elif data.name in facts:
            value = with_untold(facts[data.name], data.item)
            inputs[id_] = value if find_unknown(value) is not None or conforms(value, data.item.type) else None
        else:
            inputs[id_] = unknown(data.name)
    for used in model.used:
        for decision_id, compiled in model.model.decisions.items():
            if decision_id.startswith(f"{used}#") and compiled.decision.name in facts:
                inputs[decision_id] = facts[compiled.decision.name]
    return inputs
