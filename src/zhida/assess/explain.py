"""Why an answer is what it is: the rules that fired, the values met, caveats, parameters and the way of delivery."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from zhida.assess.assessment import Assessment, ConditionMet, Delivery, Either, Outcome, Reason, WindowMet
from zhida.dmn.compiled import CompiledDecision, CompiledTable, DecisionModel
from zhida.dmn.evaluate import ElementTrace, Evaluator
from zhida.dmn.model import LiteralExpression
from zhida.dmn.table import TableTrace
from zhida.errors import Diagnostic
from zhida.feel.syntax import Node
from zhida.feel.units import format_unit
from zhida.policy.front_matter import EveryYear, FrontMatter, window_on
from zhida.policy.pack import Policy, PolicyModel, parameter_id
from zhida.source import Span
from zhida.values.equality import distinct
from zhida.values.unknown import Unknown, find_unknown

Value = Any


def reasons_of(evaluator: Evaluator, goals: tuple[str, ...], completions: Sequence[Evaluator] = ()) -> tuple[Reason, ...]:
    """Return the decisions that the goals rest on, the last goal first, each before what it rests on.

    Args:
        evaluator: The evaluation of what is known.
        goals: The decisions that were asked for.
        completions: Where missing facts do not matter, the evaluations that show it. A decision on which all of these agree
            is explained by them; where they differ its value is `Either` of theirs. What is not known is never made up.
    """
    return tuple(_settled_reason(id_, evaluator, completions) for id_ in _walk(evaluator, goals))


def _settled_reason(id_: str, evaluator: Evaluator, completions: Sequence[Evaluator]) -> Reason:
    """Return the reason of one decision; what rests on missing facts is told by what all completions say."""
    known = _reason(id_, evaluator)
    if not completions or find_unknown(evaluator.trace[id_].value) is None:
        return known
    told = [_reason(id_, each) for each in completions if id_ in each.trace]
    values = distinct(tuple(reason.value for reason in told))
    if len(values) == 1 and len({(reason.rule, reason.article) for reason in told}) == 1:
        return replace(told[0], conditions=_conditions_of(told[0], known, told))
    if len(values) == 1 and not known.rule and any(reason.rule for reason in told):
        article = "；".join(dict.fromkeys(reason.article for reason in told if reason.article))
        rules = _in_order(evaluator.trace[id_].table, {reason.rule for reason in told})
        return replace(known, value=values[0], article=article, either_rules=rules, conditions=_conditions_of(known, known, told))
    value = values[0] if len(values) == 1 else Either(values)
    return replace(known, value=value, conditions=_conditions_of(known, known, told))


def _in_order(trace: TableTrace | None, rules: set[str]) -> tuple[str, ...]:
    """Return the numbers of rules as their table lists them, the default last."""
    listed = [] if trace is None else [rule.rule.number for rule in trace.table.rules]
    return tuple(sorted(rules, key=lambda rule: (listed.index(rule) if rule in listed else len(listed), rule == "", rule)))


def _conditions_of(shown: Reason, known: Reason, told: Sequence[Reason]) -> tuple[ConditionMet, ...]:
    """Return the conditions of a reason with the values that are known, or that all completions come to."""
    given = {met.what: met.value for met in known.conditions}
    return tuple(replace(met, value=_met(met.what, given.get(met.what, met.value), told)) for met in shown.conditions)


def _met(what: str, value: Value, told: Sequence[Reason]) -> Value:
    """Return what is known of one condition: a missing fact stays unknown, a decision is what all completions come to."""
    if not isinstance(value, Unknown) or what in value.missing:
        return value
    values = distinct(tuple(met.value for reason in told for met in reason.conditions if met.what == what))
    return Either(values) if len(values) > 1 else values[0] if values else value


def _walk(evaluator: Evaluator, goals: tuple[str, ...]) -> Iterator[str]:
    """Yield the decisions that were evaluated for the goals, each once, answers before their grounds."""
    seen: set[str] = set()
    waiting = list(goals)
    while waiting:
        id_ = waiting.pop()
        if id_ in seen or id_ not in evaluator.trace:
            continue
        seen.add(id_)
        yield id_
        waiting[:0] = [read for read in evaluator.trace[id_].read if read in evaluator.trace]


def _reason(id_: str, evaluator: Evaluator) -> Reason:
    compiled = evaluator.model.decisions[id_]
    trace = evaluator.trace[id_]
    decision = compiled.decision
    unit = format_unit(compiled.shape.unit) if compiled.shape.unit else ""
    article, rule, place, expression = decision.span.article, "", decision.span.place, ""
    conditions: tuple[ConditionMet, ...] = ()
    if trace.table is not None:
        table = trace.table.table
        fired = trace.table.matched if not trace.table.possible else ()
        if fired:
            rules = [table.rules[index].rule for index in fired]
            article = "；".join(dict.fromkeys(found.article for found in rules if found.article))
            rule, place = "、".join(found.number for found in rules), rules[0].span.place
        conditions = tuple(_conditions(compiled, trace.table, evaluator, fired))
    elif not isinstance(compiled.body, CompiledTable):
        conditions = _read(compiled, trace, evaluator)
        expression = _written(compiled, compiled.body) if isinstance(compiled.body, Node) else ""
    return Reason(
        decision=decision.name,
        policy=decision.id.partition("#")[0],
        value=trace.value,
        unit=unit,
        article=article,
        rule=rule,
        either_rules=(),
        conditions=conditions,
        expression=expression,
        place=place,
    )


def _written(compiled: CompiledDecision, body: Node) -> str:
    """Return the expression of a decision, on one line, with the years of yearly facts written out."""
    expression = compiled.decision.expression
    text = expression.text.text if isinstance(expression, LiteralExpression) else body.span.text
    return " ".join(text.split())


def _conditions(compiled: CompiledDecision, trace: TableTrace, evaluator: Evaluator, fired: tuple[int, ...]) -> Iterator[ConditionMet]:
    """Yield the inputs of a table with the tests of the rule that fired; all of them where no rule did."""
    for column, clause in enumerate(trace.table.table.inputs):
        tests = [trace.table.rules[index].rule.input_entries[column].text for index in fired[:1]]
        if tests and tests[0] == "-":
            continue
        name = clause.expression.text
        yield ConditionMet(name, tests[0] if tests else "", trace.inputs[column], unit_of(compiled, name, evaluator.model))


def _read(compiled: CompiledDecision, trace: ElementTrace, evaluator: Evaluator) -> tuple[ConditionMet, ...]:
    """Return the values that an expression read."""
    names = {id_: name for name, id_ in compiled.requirements.items()}
    return tuple(
        ConditionMet(names[id_], "", evaluator.value(id_), unit_of(compiled, names[id_], evaluator.model))
        for id_ in trace.read
        if id_ in names and id_ not in evaluator.model.knowledge
    )


def unit_of(compiled: CompiledDecision, name: str, model: DecisionModel) -> str:
    """Return the unit of a name in the scope of a decision; empty where it has none."""
    id_ = compiled.requirements.get(name, "")
    data = model.inputs.get(id_)
    if data is not None:
        return "" if data.item.unit == "1" else data.item.unit
    other = model.decisions.get(id_)
    return format_unit(other.shape.unit) if other is not None and other.shape.unit else ""


def caveats_of(model: PolicyModel, decided: Iterable[str]) -> Mapping[str, str]:
    """Return the caveats of what decided, with what would settle them.

    Args:
        model: The policy.
        decided: The ids of the decisions that the answer rests on.

    Returns:
        The caveats that are about a whole document, those of the sections in which these decisions stand, and what documents say of
        how they were checked; the policy's own first.
    """
    places: dict[str, list[Span]] = {}
    for id_ in decided:
        compiled = model.model.decisions.get(id_)
        if compiled is not None:
            places.setdefault(id_.partition("#")[0], []).append(compiled.decision.span)
    found: dict[str, str] = {}
    for part in (model.policy, *model.used_policies):
        if part.id in places or part is model.policy:
            for caveat in part.tangled.caveats:
                if caveat.section is None or any(caveat.is_about(place) for place in places.get(part.id, ())):
                    found.setdefault(caveat.text, caveat.settled_by)
            if part.front.checked.by != "official" and part.front.checked.note:
                found.setdefault(part.front.checked.note, "")
    return found


def window_met(model: PolicyModel, outcome: Outcome) -> WindowMet | None:
    """Return when one may apply, where there is anything to apply for."""
    window = model.policy.front.window
    if window is None or outcome in {Outcome.INELIGIBLE, Outcome.NOT_APPLICABLE}:
        return None
    state, days = window_on(window, model.as_of)
    return WindowMet(state, days, window if isinstance(window, EveryYear) else None)


def parameters_of(model: PolicyModel, evaluator: Evaluator, goals: tuple[str, ...]) -> Mapping[str, str]:
    """Return the parameters that the goals rest on, with their source and confidence."""
    beneath = evaluator.beneath(goals)
    found = {}
    for name, rows in model.parameter_rows.items():
        if parameter_id(name) in beneath:
            row = next((row for row in rows if model.as_of in row.valid), rows[0])
            found[name] = "未填写 not filled in" if isinstance(row.value, Unknown) else f"{row.source} ({row.confidence})"
    return found


# --- what leaves an answer open ------------------------------------------------------------------------------------

NULL_MET = frozenset({"dmn-null-in-table", "feel-null-argument", "feel-null-operand"})
"""Codes that only say that a null was met; where it came from says more."""


def open_reason(reasons: Sequence[Reason]) -> Reason | None:
    """Return the decision that leaves an answer open: one that came to null though no decision that it read did; None without one."""
    nulls = {reason.decision for reason in reasons if reason.value is None}
    for reason in reversed(reasons):
        if reason.value is None and not any(condition.what in nulls for condition in reason.conditions):
            return reason
    return None


def told_by_diagnostic(assessment: Assessment) -> Diagnostic | None:
    """Return the diagnostic that tells best why an answer is open: the first, unless a rule leaves it open or it only met a null."""
    reason = open_reason(assessment.reasons)
    first = next(iter(assessment.diagnostics), None)
    if first is None or (reason is not None and (not reason.expression or first.code in NULL_MET)):
        return None
    return first


# --- delivery ------------------------------------------------------------------------------------------------------

_EFFORT = {way: rank for rank, way in enumerate(Delivery)}
"""How much each way asks of the subject."""


def delivery_of(policy: Policy, model: DecisionModel, outcome: Outcome, missing: frozenset[str]) -> tuple[Delivery | None, str]:
    """Return how a benefit can go out, and a note where the document is stricter than the data.

    What is decided from the registry alone can go out without application; what lacks only facts that the subject may
    state needs a form of exactly these; everything else needs an application and a review.
    """
    front: FrontMatter = policy.front
    if front.gives == "status" or outcome not in {Outcome.ELIGIBLE, Outcome.UNDETERMINED, Outcome.REVIEW}:
        return None, ""
    items = {data.name: data.item for data in model.inputs.values()}
    if outcome is Outcome.ELIGIBLE:
        computed = Delivery.WITHOUT_APPLICATION
    elif outcome is Outcome.UNDETERMINED and missing and all(name in items and items[name].is_self_reported for name in missing):
        computed = Delivery.ON_CONFIRMATION
    else:
        computed = Delivery.ON_REVIEW
    ordered = next((way for way in Delivery if way.value == front.delivery), None)
    if ordered is not None and _EFFORT[ordered] > _EFFORT[computed]:
        return ordered, computed.value
    return computed, ""
