"""What the examples of a policy show: evaluated once, for all that asks whether something ever happens.

A solver is asked only for what no example shows. What an example cannot say (a cell that is no value, a fact that the
dictionary does not know) is another check's business: such an example shows nothing here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from math import prod
from typing import Any

from zhida.assess.examples import ExampleResult, ExampleRun, day_of, given_facts
from zhida.assess.judge import MAX_AMOUNT, fen_of
from zhida.assess.subject import inputs_of
from zhida.dmn.compiled import AS_OF
from zhida.dmn.elementary import Use, representatives
from zhida.dmn.evaluate import Evaluator, Shared
from zhida.dmn.graph import closure
from zhida.errors import CompileError, Diagnostic, InputError
from zhida.policy.pack import Packs, Policy, PolicyModel
from zhida.proof.across.lines import Mover
from zhida.values.temporal import Date, parse_date
from zhida.values.types import is_number
from zhida.values.unknown import Unknown, find_unknown

Value = Any

MAX_COMPLETIONS = 256
"""Combinations of what an example leaves unknown that are tried at most."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One example, evaluated."""

    id: str
    """What the table of examples calls it."""
    model: PolicyModel
    """The policy, linked for the example's day."""
    evaluator: Evaluator
    """The evaluation, with all goals of the policy and all that the example expects evaluated."""


def goals_of(policy: Policy) -> tuple[str, ...]:
    """Return the ids of the decisions that a policy's answer is made of."""
    goals = (policy.applies_id, policy.eligible_id, policy.result_id, policy.amount_id)
    return tuple(goal for goal in goals if goal is not None and goal in policy.compiled.decisions)


class Examples:
    """The examples of all policies, each evaluated when it is first asked for, and once."""

    def __init__(self, packs: Packs, *, as_of: Date) -> None:
        """Begin with none evaluated.

        Args:
            packs: The packs.
            as_of: The day of examples that set none.
        """
        self.packs = packs
        self.as_of = as_of
        self.run: dict[str, Sequence[ExampleResult]] = {}
        self.known: dict[str, tuple[Shown, ...]] = {}
        self.gains: dict[str, tuple[Paid, ...]] = {}
        self.turns: dict[str, Any] = {}
        self.moved: dict[tuple[str, str], object] = {}

    def know(self, policy_id: str, results: Sequence[ExampleResult]) -> None:
        """Take the examples of a policy as they were run, so that what they came to is not evaluated again."""
        self.run.setdefault(policy_id, results)

    def of(self, policy_id: str) -> tuple[Shown, ...]:
        """Return the examples of a policy; none where it has errors."""
        found = self.known.get(policy_id)
        if found is None:
            policy = self.packs.policies[policy_id]
            run = self.run.get(policy_id)
            if run is not None:
                found = tuple(shown_by_run(policy, result.run) for result in run if result.run is not None)
            else:
                found = shown_by_examples(self.packs, policy, as_of=self.as_of) if policy.is_sound else ()
            self.known[policy_id] = found
        return found

    def paid(self, policy_id: str) -> tuple["Paid", ...]:
        """Return the examples of a policy to which it gives something, with values for what they leave open."""
        found = self.gains.get(policy_id)
        if found is None:
            each = [(shown, completed(shown.model, shown.evaluator)) for shown in self.of(policy_id)]
            gains = [(shown, evaluator, gain_of(shown.model, evaluator)) for shown, evaluator in each]
            found = tuple(Paid(shown, Mover(evaluator), gain) for shown, evaluator, gain in gains if gain is not None and gain > 0)
            self.gains[policy_id] = found
        return found


@dataclass(frozen=True, slots=True)
class Paid:
    """One example to which a policy gives something."""

    shown: Shown
    """The example."""
    mover: Mover
    """Moves the subject, with values for what the example leaves open."""
    gain: Decimal
    """What is given."""

    @property
    def model(self) -> PolicyModel:
        """The policy, linked for the example's day."""
        return self.shown.model


def shown_by_run(policy: Policy, run: ExampleRun) -> Shown:
    """Return an example that was run before, with all goals of its policy evaluated.

    Args:
        policy: The policy.
        run: How the example was run.
    """
    evaluator = Evaluator(run.model.model, run.inputs, as_of=run.model.as_of, shared=run.shared)
    for goal in dict.fromkeys((*goals_of(policy), *(goal for goal, _ in run.expected))):
        evaluator.value(goal)
    return Shown(run.example.id, run.model, evaluator)


def shown_by_examples(packs: Packs, policy: Policy, *, as_of: Date) -> tuple[Shown, ...]:
    """Return the examples of a policy, evaluated; those that cannot be are left out.

    Args:
        packs: The packs that it stands in.
        policy: The policy; it has no errors.
        as_of: The day of examples that set none.
    """
    day = day_of(packs.in_force[policy.id], as_of)
    goals = goals_of(policy)
    shared: dict[str, Shared] = {}
    return tuple(_shown(packs, policy, goals, day, shared))


def _shown(packs: Packs, policy: Policy, goals: tuple[str, ...], day: Date, shared: dict[str, Shared]) -> Iterator[Shown]:
    for example in policy.tangled.examples:
        on = day if example.as_of is None else parse_date(example.as_of.text.strip('@" '))
        if not isinstance(on, Date):
            continue
        found: list[Diagnostic] = []
        try:
            model = packs.model_of(policy.id, on)
            facts = given_facts(model, example, found)
        except (CompileError, InputError):
            continue
        if found or AS_OF in facts:
            continue
        known = shared.setdefault(str(on), Shared(model.model))
        evaluator = Evaluator(model.model, inputs_of(model, facts), as_of=on, shared=known)
        expected = (f"{policy.id}#{name.partition('.')[0]}" for name in example.expectations)
        for goal in dict.fromkeys((*goals, *expected)):
            if goal in policy.compiled.decisions:
                evaluator.value(goal)
        yield Shown(example.id, model, evaluator)


def gives_money(model: PolicyModel) -> bool:
    """Say whether a policy gives an amount."""
    return model.policy.amount_id in model.policy.compiled.decisions and model.policy.result_id is None


def gain_of(model: PolicyModel, evaluator: Evaluator) -> Decimal | None:
    """Return what a policy gives a subject, in yuan rounded as the policy says; None where that is not known.

    Nothing where it does not apply or the subject is not eligible.

    Args:
        model: The policy.
        evaluator: The evaluation of the subject.
    """
    policy = model.policy
    for goal in (policy.applies_id, policy.eligible_id):
        if goal is not None:
            value = evaluator.value(goal)
            if value is False:
                return Decimal(0)
            if value is not True:
                return None
    assert policy.amount_id is not None
    amount = evaluator.value(policy.amount_id)
    if not is_number(amount) or abs(amount) >= MAX_AMOUNT:
        return None
    return Decimal(fen_of(amount, policy.front.rounding)).scaleb(-2)


def completed(model: PolicyModel, evaluator: Evaluator) -> Evaluator:
    """Return the evaluation of a subject with values for what it leaves open, so that a policy applies and it is eligible.

    An example says only what matters to it, and often not even where the subject is registered. Where no values are found it
    comes back as it is.

    Args:
        model: The policy.
        evaluator: The evaluation of the subject.
    """
    for goal in (model.policy.applies_id, model.policy.eligible_id):
        if goal is not None and find_unknown(evaluator.value(goal)) is not None:
            evaluator = _for_true(model, evaluator, goal)
    return evaluator


def _for_true(model: PolicyModel, evaluator: Evaluator, goal: str) -> Evaluator:
    """Return an evaluation in which a condition holds, the first of those that stand for all; the same one where there is none."""
    tried: set[str] = set()
    while (missing := find_unknown(evaluator.value(goal))) is not None:
        ids = [id_ for id_, data in sorted(model.model.inputs.items()) if data.name in missing.missing and id_ not in tried]
        used = model.uses((goal,))
        domains = {id_: representatives(model.model.inputs[id_].item, used.get(id_, Use()), evaluator) for id_ in ids}
        known = {id_: values for id_, values in domains.items() if values}
        if not known or prod(map(len, known.values())) > MAX_COMPLETIONS:
            return evaluator
        found = None
        for combination in product(*known.values()):
            inputs = {**evaluator.inputs, **dict(zip(known, combination, strict=True))}
            each = Evaluator(model.model, inputs, as_of=model.as_of, shared=evaluator.shared)
            value = each.value(goal)
            if value is True:
                return each
            found = each if found is None and find_unknown(value) is not None else found
        if found is None:
            return evaluator
        tried.update(known)
        evaluator = found
    return evaluator


def open_parameters(model: PolicyModel) -> tuple[str, ...]:
    """Return the ids of the parameters that a policy's answer rests on and that have no figure on the day, in their order."""
    read = closure(model.model.requirements, goals_of(model.policy))
    return tuple(id_ for id_, value in model.parameters.items() if isinstance(value, Unknown) and id_ in read)


def held_parameters(model: PolicyModel, shown: Sequence[Shown]) -> dict[str, Value]:
    """Return the values that the examples suppose for parameters that nobody has set, by id."""
    found: dict[str, Value] = {}
    for each in shown:
        for id_, value in model.parameters.items():
            supposed = each.evaluator.inputs.get(id_)
            if isinstance(value, Unknown) and id_ in model.model.inputs and isinstance(supposed, Decimal | str | bool):
                found.setdefault(id_, supposed)
    return found
