"""What is nearly met: one change of one value that would change the answer, in the unit of that value.

Every line that a number or date is compared with is tried, nearest first: the value is moved onto it, or just past it,
and the policy judged again. Only what really changes the answer is a near miss.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from zhida.assess.assessment import Answer, NearMiss, Outcome
from zhida.assess.explain import reasons_of
from zhida.assess.judge import Judgement, judge
from zhida.dmn.elementary import bound_values, distance, neighbours
from zhida.dmn.evaluate import Evaluator
from zhida.feel.units import format_unit
from zhida.policy.pack import PolicyModel
from zhida.values.equality import equal
from zhida.values.temporal import Date

Value = Any

MAX_TRIES = 6
"""Lines that are tried for one value: those nearest to it."""


def near_misses(model: PolicyModel, evaluator: Evaluator, judgement: Judgement, within: Decimal | None = None) -> tuple[NearMiss, ...]:
    """Return what is nearly met, nearest first by share of the line.

    Only an answer that could be better has any: INELIGIBLE, or a status.

    Args:
        model: The policy.
        evaluator: The evaluation that came to the answer.
        judgement: The answer.
        within: How near a line must be to be tried, as a share of it; None for any.
    """
    if judgement.answer.outcome is not Outcome.INELIGIBLE and not (judgement.answer.outcome is Outcome.ELIGIBLE and model.policy.result_id):
        return ()
    found = list(_misses(model, evaluator, judgement, within))
    return tuple(sorted(found, key=lambda miss: (_share(miss.value, miss.line), miss.name)))


def _share(value: Value, line: Value) -> Decimal:
    """Return the distance as a share of the line; days as a share of a year."""
    base = Decimal(365) if isinstance(line, Date) else abs(line) or Decimal(1)
    return abs(distance(value, line)) / base


def _misses(model: PolicyModel, evaluator: Evaluator, judgement: Judgement, within: Decimal | None) -> Iterator[NearMiss]:
    beneath = evaluator.beneath(judgement.goals)
    for id_, use in model.uses(judgement.goals).items():
        if id_ not in beneath or not use.bounds:
            continue
        value = evaluator.value(id_)
        if not isinstance(value, Decimal | Date):
            continue
        for line, moved in neighbours(value, bound_values(use, evaluator) or (), _scale(model, id_))[:MAX_TRIES]:
            if within is not None and _share(value, line) > within:
                continue
            other = Evaluator(model.model, {**evaluator.inputs, id_: moved}, as_of=model.as_of)
            changed = judge(model, other)
            if _is_better(changed.answer, judgement.answer):
                article = next((reason.article for reason in reasons_of(other, changed.goals) if reason.article), "")
                name, unit = _name(model, id_), _unit(model, id_)
                yield NearMiss(name, value, line, distance(value, line), unit, article, changed.answer)
                break


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
