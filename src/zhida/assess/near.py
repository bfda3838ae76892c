"""What is nearly met: one change of one value that would change the answer, in the unit of that value.

Lines are the bounds in expressions, in the cells by which a rule fires, and in the cells that alone keep a rule from
firing. Each is tried, nearest first: the value is moved onto it, or just past it, and the policy judged again. Only what
really changes the answer is a near miss.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from zhida.assess.assessment import Answer, NearMiss, Outcome
from zhida.assess.judge import Judgement
from zhida.assess.settle import Settled, settle
from zhida.dmn.compiled import CompiledDecision, CompiledRule, CompiledTable
from zhida.dmn.elementary import Use, bound_values, distance, ends_of, neighbours
from zhida.dmn.evaluate import ElementTrace, Evaluator
from zhida.feel.evaluate import evaluate, test
from zhida.feel.run import Frame
from zhida.feel.syntax import Name
from zhida.feel.units import format_unit
from zhida.policy.pack import PolicyModel
from zhida.values.equality import equal
from zhida.values.temporal import Date

Value = Any

Line = tuple[Value, str]
"""A value that something is compared with, and the article that draws it."""

STATUS_SHARE = Decimal("0.2")
"""How near a line must be, as a share of it, for a status: further away it is no step from another status."""

MAX_TRIES = 8
"""Values that are tried for one name: two for each line, nearest first."""


def near_misses(model: PolicyModel, settled: Settled, within: Decimal | None = None) -> tuple[NearMiss, ...]:
    """Return what is nearly met, nearest first by share of the line.

    Only an answer that could be better has any: INELIGIBLE, or a status.

    Args:
        model: The policy.
        settled: The answer.
        within: How near a line must be to be tried, as a share of it; None for any, or `STATUS_SHARE` for a status.
    """
    evaluator, judgement = settled.evaluator, settled.judgement
    is_status = judgement.answer.outcome is Outcome.ELIGIBLE and model.policy.result_id is not None
    if judgement.answer.outcome is not Outcome.INELIGIBLE and not is_status:
        return ()
    within = STATUS_SHARE if within is None and is_status else within
    found = list(_misses(model, evaluator, judgement, within))
    return tuple(sorted(found, key=lambda miss: (_share(miss.value, miss.line), miss.name)))


def _share(value: Value, line: Value) -> Decimal:
    """Return the distance as a share of the line; days as a share of a year.

    A line at zero is never near: to have something instead of nothing is no small step.
    """
    if not isinstance(line, Date) and not line:
        return Decimal("Infinity")
    return abs(distance(value, line)) / (Decimal(365) if isinstance(line, Date) else abs(line))


def _misses(model: PolicyModel, evaluator: Evaluator, judgement: Judgement, within: Decimal | None) -> Iterator[NearMiss]:
    for id_, lines in _lines(model, evaluator, judgement.goals).items():
        value = evaluator.value(id_)
        for line, moved in neighbours(value, [line for line, _ in lines], _scale(model, id_))[:MAX_TRIES]:
            share = _share(value, line)
            if share.is_infinite() or (within is not None and share > within):
                continue
            changed = settle(model, {**evaluator.inputs, id_: moved}).judgement
            if _is_better(changed.answer, judgement.answer):
                article = next(article for drawn, article in lines if equal(drawn, line) is True)
                name, unit = _name(model, id_), _unit(model, id_)
                yield NearMiss(name, value, line, distance(value, line), unit, article, changed.answer)
                break


def _lines(model: PolicyModel, evaluator: Evaluator, goals: tuple[str, ...]) -> dict[str, list[Line]]:
    """Return, for each number and date beneath the goals, the lines that it alone would have to cross."""
    beneath = evaluator.beneath(goals)
    found: dict[str, list[Line]] = {}
    for id_ in sorted(beneath):
        compiled = model.model.decisions.get(id_)
        if compiled is not None and id_ in evaluator.trace and isinstance(compiled.body, CompiledTable):
            for named, ends in _table_lines(compiled, compiled.body, evaluator):
                found.setdefault(named, []).extend(ends)
    for named, use in model.uses(goals).items():
        for bound in use.bounds:
            if not _is_table(model, bound.decision_id) and bound.decision_id in beneath:
                values = bound_values(Use([bound]), evaluator) or ()
                found.setdefault(named, []).extend((value, bound.node.span.article) for value in values)
    return {
        named: lines for named, lines in found.items() if lines and named in beneath and isinstance(evaluator.value(named), Decimal | Date)
    }


def _is_table(model: PolicyModel, id_: str) -> bool:
    return id_ in model.model.decisions and isinstance(model.model.decisions[id_].body, CompiledTable)


def _table_lines(compiled: CompiledDecision, table: CompiledTable, evaluator: Evaluator) -> Iterator[tuple[str, list[Line]]]:
    """Yield the ends of the cells that keep a rule from firing all alone, and of those by which one fires."""
    trace = evaluator.trace[compiled.decision.id].table if compiled.decision.id in evaluator.trace else None
    if trace is None:
        return
    frame = evaluator.frame(compiled, ElementTrace())
    for rule in table.rules:
        failing = _failing(rule, trace.inputs, frame)
        if failing is None:
            continue
        for column in [failing] if failing >= 0 else range(len(table.inputs)):
            node = table.inputs[column]
            if isinstance(node, Name) and node.name in compiled.requirements:
                ends = [(evaluate(end, frame), rule.rule.article) for test_ in rule.tests[column].tests for end in ends_of(test_)]
                yield compiled.requirements[node.name], ends
    evaluator.run.diagnostics.clear()


def _failing(rule: CompiledRule, inputs: tuple[Value, ...], frame: Frame) -> int | None:
    """Return the one column in which a rule fails, -1 where it fails in none, None where it fails in several."""
    failing = -1
    for column, (tests, value) in enumerate(zip(rule.tests, inputs, strict=True)):
        if tests.tests and test(tests, value, frame) is not True:
            if failing >= 0:
                return None
            failing = column
    return failing


def _is_better(answer: Answer, than: Answer) -> bool:
    """Say whether an answer is worth a step: eligible instead of not, or another status."""
    if answer.outcome is not Outcome.ELIGIBLE:
        return False
    return than.outcome is not Outcome.ELIGIBLE or equal(answer.result, than.result) is False


def _scale(model: PolicyModel, id_: str) -> int | None:
    data = model.model.inputs.get(id_)
    return data.item.scale if data else None


def _name(model: PolicyModel, id_: str) -> str:
    data = model.model.inputs.get(id_)
    return data.name if data else model.model.decisions[id_].decision.name


def _unit(model: PolicyModel, id_: str) -> str:
    data = model.model.inputs.get(id_)
    if data is not None:
        return "天" if data.item.type.name == "date" else data.item.unit
    unit = model.model.decisions[id_].shape.unit
    return format_unit(unit) if unit else ""
