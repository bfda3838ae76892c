"""What is nearly met: one change of one value that would change the answer, in the unit of that value.

A line is anything that the questions compare a number or date with, in a cell or an expression, and that is the same for
every subject: a figure, a parameter. Each is tried, nearest first: the value is moved onto it, or just past it, and the policy
judged again. Only what really changes the answer is a near miss. `zhida.columnar.near` does the same for all rows at once.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from zhida.assess.assessment import Answer, NearMiss, Outcome
from zhida.assess.explain import reasons_of
from zhida.assess.settle import Settled, settle
from zhida.dmn.compiled import CompiledTable
from zhida.dmn.elementary import Bound, distance, fixed_lines, neighbours, share_of, title_of
from zhida.policy.pack import PolicyModel
from zhida.values.equality import equal
from zhida.values.temporal import Date

Value = Any

STATUS_SHARE = Decimal("0.2")
"""How near a line must be, as a share of it, for a status: further away it is no step from another status."""

MAX_TRIES = 8
"""Values within the share that are tried for one name, nearest first: two for each line."""


def near_misses(model: PolicyModel, settled: Settled, within: Decimal | None = None) -> tuple[NearMiss, ...]:
    """Return what is nearly met, nearest first by share of the line.

    Only an answer that could be better has any: INELIGIBLE, or a status.

    Args:
        model: The policy.
        settled: The answer.
        within: How near a line must be to be tried, as a share of it; None for any, or `STATUS_SHARE` for a status.
    """
    answer = settled.judgement.answer
    is_status = answer.outcome is Outcome.ELIGIBLE and model.policy.result_id is not None
    if answer.outcome is not Outcome.INELIGIBLE and not is_status:
        return ()
    within = STATUS_SHARE if within is None and is_status else within
    return tuple(sorted(_misses(model, settled, within), key=lambda miss: (share_of(miss.value, miss.line), miss.name)))


def _misses(model: PolicyModel, settled: Settled, within: Decimal | None) -> Iterator[NearMiss]:
    """Yield the nearest miss of each name."""
    evaluator, goals = settled.evaluator, settled.judgement.goals
    for id_, use in model.uses(goals).items():
        lines = fixed_lines(use, evaluator, model.parameters)
        if not lines or id_ in goals or id_ in model.parameters:  # no subject moves a figure of the place
            continue
        value = evaluator.value(id_)
        if not isinstance(value, Decimal | Date):
            continue
        positions = [
            (line, moved)
            for line, moved in neighbours(value, [line for _, line in lines], _scale(model, id_))
            if _is_within(share_of(value, line), within)
        ]
        for line, moved in positions[:MAX_TRIES]:
            changed = settle(model, {**evaluator.inputs, id_: moved}, evaluator.shared)
            if _is_better(changed.judgement.answer, settled.judgement.answer):
                drawing = [bound for bound, drawn in lines if equal(drawn, line) is True]
                article = _article(model, drawing, (changed, settled))
                name, unit = title_of(model.model, id_)
                yield NearMiss(name, value, line, distance(value, line), unit, article, changed.judgement.answer)
                break


def _is_within(share: Decimal, within: Decimal | None) -> bool:
    return not share.is_infinite() and (within is None or share <= within)


def _article(model: PolicyModel, drawing: Sequence[Bound], settled: Sequence[Settled]) -> str:
    """Return the article that draws a line: of the rule that would fire, else of one that fires now, else of the first bound.

    Args:
        model: The policy.
        drawing: All that draws the line, in the order of the text.
        settled: The changed answer, then the answer.
    """
    for each in settled:
        reasons = reasons_of(each.evaluator, each.judgement.goals, each.completions)
        fired = {(f"{reason.policy}#{reason.decision}", rule) for reason in reasons for rule in reason.rule.split("、")}
        for bound in drawing:
            body = model.model.decisions[bound.decision_id].body if bound.rule is not None else None
            if isinstance(body, CompiledTable) and bound.rule is not None:
                rule = body.rules[bound.rule].rule
                if (bound.decision_id, rule.number) in fired:
                    return rule.article
    return drawn_by(model, drawing[0])


def drawn_by(model: PolicyModel, bound: Bound) -> str:
    """Return the article of the rule or expression in which a bound stands."""
    compiled = model.model.decisions.get(bound.decision_id)
    if compiled is not None and bound.rule is not None and isinstance(compiled.body, CompiledTable):
        return compiled.body.rules[bound.rule].rule.article
    return bound.node.span.article


def _is_better(answer: Answer, than: Answer) -> bool:
    """Say whether an answer is worth a step: eligible instead of not, or another status."""
    if answer.outcome is not Outcome.ELIGIBLE:
        return False
    return than.outcome is not Outcome.ELIGIBLE or equal(answer.result, than.result) is False


def _scale(model: PolicyModel, id_: str) -> int | None:
    data = model.model.inputs.get(id_)
    return data.item.scale if data else None
