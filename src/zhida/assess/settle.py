"""Settling: the answer for what is known, and, where it rests on missing facts, every answer that is possible.

    inputs ──judge──> answer ── decided? ──> settled
                        │ rests on missing facts
                        └──enumerate──> one judgement for each combination ──> decided after all, or what is missing

The missing facts are enumerated over their elementary intervals, so that nothing is called missing that could not change
the answer. Invariant: `missing` never leaves out a fact that could; where not all could be enumerated it may hold more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Any

from zhida.assess.assessment import Answer, Outcome
from zhida.assess.judge import Judgement, judge
from zhida.assess.statuses import status_rank
from zhida.dmn.elementary import Use, representatives
from zhida.dmn.evaluate import Evaluator, Shared
from zhida.dmn.model import InputData
from zhida.policy.pack import Policy, PolicyModel
from zhida.values.equality import equal
from zhida.values.unknown import Unknown, find_unknown

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
    """The evaluation of what is known, to explain the answer by."""
    is_cut: bool = False
    """Whether it could not be enumerated because there are too many combinations, and for no other reason."""
    open: tuple[Evaluator, ...] = ()
    """The combinations of what could be enumerated whose answer still rests on something else."""
    completions: tuple[Evaluator, ...] = ()
    """Where missing facts turned out not to matter: the evaluations that show it, one for each combination."""


def settle(model: PolicyModel, inputs: Mapping[str, Value], shared: Shared | None = None) -> Settled:
    """Return the answer for given inputs, enumerating what is missing.

    Args:
        model: The policy.
        inputs: Values by id; of decisions too, where these are given.
        shared: What other evaluations of the policy came to.
    """
    shared = shared or Shared(model.model)
    evaluator = Evaluator(model.model, inputs, as_of=model.as_of, shared=shared)
    judgement = judge(model, evaluator)
    if judgement.answer.outcome is not Outcome.UNDETERMINED:
        return Settled(judgement, (judgement.answer,), is_minimal=True, evaluator=evaluator)
    before = len(shared.kept), len(shared.alive)
    cases, judged, given_up = _enumerate(model, inputs, evaluator, judgement.missing)
    shared.back_to(*before)
    for _, each in judged:  # whose values are not kept for it any more
        each.shared = None
    judgements = [each for each, _ in judged]
    answers = distinct_answers(item.answer for item in judgements)
    if len(answers) == 1 and answers[0].outcome is not Outcome.UNDETERMINED:
        for goal in judgements[0].goals:
            evaluator.value(goal)
        return Settled(judgements[0], answers, is_minimal=True, evaluator=evaluator, completions=tuple(each for _, each in judged))
    missing = _differing(cases, judgements, model) | frozenset().union(*(item.missing for item in judgements))
    if given_up:
        missing |= _lacking(model.policy, evaluator)
    outcome = Outcome.UNDETERMINED
    if missing and all(_is_judged(model, name) for name in missing):
        outcome = Outcome.REVIEW
    is_minimal = not given_up and not any(item.missing for item in judgements)
    is_cut = bool(given_up) and all(given_up.values())
    settled = replace(judgement, answer=Answer(outcome), missing=missing)
    left = tuple(each for judged_as, each in judged if judged_as.answer.outcome is Outcome.UNDETERMINED)
    return Settled(settled, ordered_answers(answers, model), is_minimal, evaluator, is_cut, left)


def _lacking(policy: Policy, evaluator: Evaluator) -> frozenset[str]:
    """Return all that any question of a policy lacks, those included that are asked only once another is answered."""
    goals = (policy.applies_id, policy.eligible_id, policy.result_id, policy.amount_id)
    unknowns = (find_unknown(evaluator.value(goal)) for goal in goals if goal is not None)
    return frozenset().union(*(found.missing for found in unknowns if found is not None))


def _enumerate(
    model: PolicyModel, inputs: Mapping[str, Value], evaluator: Evaluator, missing: frozenset[str]
) -> tuple[list[dict[str, Value]], list[tuple[Judgement, Evaluator]], dict[str, bool]]:
    """Return the combinations of missing facts with what each comes to, and the facts that could not be enumerated.

    Of these it is told whether they only made too many combinations. What an evaluation lacks may show only once another
    fact is known; such facts join until no more appear.
    """
    policy = model.policy
    used = model.uses(tuple(goal for goal in (policy.applies_id, policy.eligible_id, policy.result_id, policy.amount_id) if goal))
    by_name = {data.name: data for data in model.model.inputs.values()}
    domains: dict[str, tuple[Value, ...]] = {}
    given_up: dict[str, bool] = {}
    while True:
        is_new = False
        for name in sorted(missing - given_up.keys()):
            data = by_name.get(name)
            if data is None or data.id in domains:
                continue
            values = _domain(data, used.get(data.id), evaluator, inputs)
            if values is None or prod(map(len, domains.values())) * len(values) > MAX_COMBINATIONS:
                given_up[name] = values is not None
            else:
                domains[data.id] = values
                is_new = True
        cases = [dict(zip(domains, combination, strict=True)) for combination in product(*domains.values())]
        evaluators = [Evaluator(model.model, {**inputs, **case}, as_of=model.as_of, shared=evaluator.shared) for case in cases]
        judged = [(judge(model, each), each) for each in evaluators]
        missing = frozenset().union(*(judgement.missing for judgement, _ in judged))
        if not is_new or not missing - given_up.keys():
            return cases, judged, given_up


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
        if any(len(distinct_answers(answers)) > 1 for answers in groups.values()):
            found.add(model.model.inputs[id_].name)
    return frozenset(found)


def distinct_answers(answers: Iterable[Answer]) -> tuple[Answer, ...]:
    """Return each different answer once."""
    found: list[Answer] = []
    for answer in answers:
        if not any(_same(answer, other) for other in found):
            found.append(answer)
    return tuple(found)


def _same(one: Answer, other: Answer) -> bool:
    return one.outcome is other.outcome and one.amount == other.amount and equal(one.result, other.result) is True


def ordered_answers(answers: Sequence[Answer], model: PolicyModel) -> tuple[Answer, ...]:
    """Return the decided answers, best known amount last, statuses as their table lists them.

    There may be others where not all facts could be enumerated.
    """
    order, rank = list(Outcome), status_rank(model)
    decided = [answer for answer in answers if answer.outcome is not Outcome.UNDETERMINED]
    return tuple(sorted(decided, key=lambda answer: (order.index(answer.outcome), answer.amount or 0, rank(answer.result))))


def _is_judged(model: PolicyModel, name: str) -> bool:
    return any(data.item.is_judged for data in model.model.inputs.values() if data.name == name)
