"""Judging: what one evaluation of a policy comes to (semantics.md, Outcome)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zhida.assess.assessment import Answer, Outcome
from zhida.dmn.evaluate import Evaluator
from zhida.policy.front_matter import Rounding
from zhida.policy.pack import Policy, PolicyModel
from zhida.values.numbers import feel_context, round_amount
from zhida.values.types import is_number
from zhida.values.unknown import Unknown, find_unknown

Value = Any

MAX_AMOUNT = 10**15
"""Yuan; no policy gives as much, so an amount that comes to it is for a person to look at."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What one evaluation comes to."""

    answer: Answer
    """The answer."""
    missing: frozenset[str] = frozenset()
    """What it rests on that is not known, as far as one evaluation can tell."""
    goals: tuple[str, ...] = ()
    """The decisions that were asked for."""


def judge(model: PolicyModel, evaluator: Evaluator) -> Judgement:
    """Return what one evaluation comes to."""
    policy = model.policy
    if model.as_of not in model.in_force:
        return Judgement(Answer(Outcome.NOT_APPLICABLE))
    goals: tuple[str, ...] = ()
    for goal, settles in ((policy.applies_id, Outcome.NOT_APPLICABLE), (policy.eligible_id, Outcome.INELIGIBLE)):
        if goal is not None:
            goals = (*goals, goal)
            value = evaluator.value(goal)
            outcome = _condition(evaluator, goal, value, settles)
            if outcome is not None:
                return Judgement(Answer(outcome), _missing(value), goals)
    if policy.result_id is not None:
        goals = (*goals, policy.result_id)
        value = evaluator.value(policy.result_id)
        outcome = _known(evaluator, policy.result_id, value)
        return Judgement(Answer(outcome, result=value if outcome is Outcome.ELIGIBLE else None), _missing(value), goals)
    if policy.amount_id is not None:
        goals = (*goals, policy.amount_id)
        value = evaluator.value(policy.amount_id)
        outcome = _known(evaluator, policy.amount_id, value)
        if outcome is not Outcome.ELIGIBLE:
            return Judgement(Answer(outcome), _missing(value), goals)
        return Judgement(answer_of_amount(policy, value), _missing(value), goals)
    return Judgement(Answer(Outcome.ELIGIBLE), frozenset(), goals)


def answer_of_amount(policy: Policy, value: Value) -> Answer:
    """Return the answer that gives an amount; one that is no sum of money, or too great, is for a person to look at."""
    if not is_number(value) or abs(value) >= MAX_AMOUNT:
        return Answer(Outcome.REVIEW)
    return Answer(Outcome.ELIGIBLE, amount=value, amount_fen=fen_of(value, policy.front.rounding))


def fen_of(amount: Decimal, rounding: Rounding) -> int:
    """Return an amount of yuan in integer fen, rounded once as a policy says.

    >>> fen_of(Decimal("10.055"), Rounding(2, "down"))
    1005
    """
    return int(round_amount(amount, rounding.scale, rounding.mode).scaleb(2, feel_context()))


def _missing(value: Value) -> frozenset[str]:
    found = find_unknown(value)
    return frozenset() if found is None else found.missing


def _condition(evaluator: Evaluator, goal: str, value: Value, settles: Outcome) -> Outcome | None:
    """Return the outcome that a condition settles, or None where it holds and the next question may be asked."""
    if isinstance(value, Unknown):
        return Outcome.UNDETERMINED
    if not isinstance(value, bool) or any(True for _ in evaluator.diagnostics_beneath([goal])):
        return Outcome.REVIEW
    return None if value else settles


def _known(evaluator: Evaluator, goal: str, value: Value) -> Outcome:
    """Return the outcome for a value that is asked for."""
    if find_unknown(value) is not None:
        return Outcome.UNDETERMINED
    if value is None or any(True for _ in evaluator.diagnostics_beneath([goal])):
        return Outcome.REVIEW
    return Outcome.ELIGIBLE
