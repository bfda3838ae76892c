"""What an example shows: whether it would come out otherwise if a decision had another body.

    example ──inputs──> evaluation ──the other body──> another value of the decision ──given in its place──> what is expected

Everything is evaluated by the interpreter. A decision that is itself expected is looked at alone; through others its other
value is passed on, once for each.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zhida.assess.assessment import Answer
from zhida.assess.examples import TOLERANCE, day_of, given_facts
from zhida.assess.judge import judge
from zhida.assess.settle import settle
from zhida.assess.subject import inputs_of
from zhida.dmn.boxed import evaluate_body, fitted
from zhida.dmn.compiled import Body
from zhida.dmn.evaluate import ElementTrace, Evaluator, Shared
from zhida.errors import CompileError, Diagnostic
from zhida.feel.evaluate import evaluate
from zhida.feel.names import Scope
from zhida.feel.parse import parse_expression
from zhida.feel.run import MAX_STEPS, Frame, Run
from zhida.feel.syntax import Node
from zhida.policy.pack import Packs, Policy, PolicyModel
from zhida.policy.tangle import OUTCOME_COLUMN, Example
from zhida.proof.coverage.conditions import with_body
from zhida.values.equality import equal
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.unknown import Unknown, find_unknown

Value = Any


@dataclass(frozen=True, slots=True)
class Goal:
    """What an example expects."""

    decision_id: str
    """A decision; empty for the outcome."""
    output: str = ""
    """One of its outputs; empty for its whole value."""


OUTCOME = Goal("")


class Shown:
    """One example, or one that is to become one, with all that its evaluation came to."""

    def __init__(self, model: PolicyModel, facts: Mapping[str, Value], goals: Sequence[Goal], shared: Shared | None = None) -> None:
        """Evaluate what is expected.

        Args:
            model: The policy, linked for the example's day.
            facts: What is given, by the names in FEEL.
            goals: What is expected.
            shared: What decisions came to for others of the same model.
        """
        self.model = model
        self.facts = facts
        self.goals = tuple(goals)
        self.inputs = inputs_of(model, facts)
        self.evaluator = Evaluator(model.model, self.inputs, as_of=model.as_of, shared=shared)
        ids: list[str] = []
        for goal in self.goals:
            if goal == OUTCOME:
                ids += judge(model, self.evaluator).goals
            else:
                self.evaluator.value(goal.decision_id)
                ids.append(goal.decision_id)
        self.reached = self.evaluator.beneath(ids)
        self._frames: dict[str, Frame] = {}
        self._passed_on: dict[tuple[str, str], bool] = {}
        self._answer: Answer | None = None

    def value(self, decision_id: str) -> Value:
        """Return what a decision comes to."""
        return self.evaluator.value(decision_id)

    @property
    def answer(self) -> Answer:
        """What the policy says of the subject."""
        if self._answer is None:
            self._answer = settle(self.model, self.inputs).judgement.answer
        return self._answer

    def holds(self, node: Node, decision_id: str) -> bool:
        """Say whether an expression is true in the scope of a decision."""
        with _Apart(self.evaluator):
            return evaluate(node, self._frame(decision_id)) is True

    def other(self, decision_id: str, body: Body) -> Value:
        """Return what a decision would come to by another body."""
        compiled = self.model.model.decisions[decision_id]
        frame = self._frame(decision_id)
        with _Apart(self.evaluator):
            value, _ = evaluate_body(body, frame, compiled.decision.name)
            return fitted(value, compiled.decision.type, compiled.decision.span, compiled.decision.name, frame)

    def _frame(self, decision_id: str) -> Frame:
        frame = self._frames.get(decision_id)
        if frame is None:
            frame = self._frames[decision_id] = self.evaluator.frame(self.model.model.decisions[decision_id], ElementTrace())
        return frame

    def shows(self, decision_id: str, body: Body) -> bool:
        """Say whether what is expected would come out otherwise if a decision had another body."""
        if decision_id not in self.reached or decision_id in self.inputs:
            return False
        now, other = self.value(decision_id), self.other(decision_id, body)
        if find_unknown(other) is not None and find_unknown(now) is None:
            return False  # what is missing, and not the subject, would tell the two apart
        own = [goal for goal in self.goals if goal.decision_id == decision_id]
        if any(not alike(_part(now, goal), _part(other, goal)) for goal in own):
            return True
        if alike(now, other) or len(own) == len(self.goals):
            return False
        if now is None or other is None:  # an outcome is a matter of more than the value: of what is odd about it too
            return self._changes(decision_id, other, body)
        key = decision_id, literal(other)
        if key not in self._passed_on:
            self._passed_on[key] = self._changes(decision_id, other)
        return self._passed_on[key]

    def _changes(self, decision_id: str, value: Value, body: Body | None = None) -> bool:
        """Say whether anything that is expected changes where a decision has another value; the outcome, where it has another body."""
        inputs = {**self.inputs, decision_id: value}
        evaluator = Evaluator(self.model.model, inputs, as_of=self.model.as_of)
        for goal in self.goals:
            if goal == OUTCOME:
                changed = self.model if body is None else with_body(self.model, decision_id, body)
                given = inputs if body is None else self.inputs
                if settle(changed, given).judgement.answer.outcome is not self.answer.outcome:
                    return True
            elif goal.decision_id != decision_id:
                now, other = self.value(goal.decision_id), evaluator.value(goal.decision_id)
                if not alike(_part(now, goal), _part(other, goal)):
                    return True
        return False


class _Apart:
    """Keeps what is evaluated beside an evaluation out of it: its diagnostics, and the steps that it takes."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.run: Run = evaluator.run
        self.kept: list[Diagnostic] = []
        self.steps = 0

    def __enter__(self) -> None:
        self.kept, self.run.diagnostics = self.run.diagnostics, []
        self.steps, self.run.steps = self.run.steps, MAX_STEPS

    def __exit__(self, *_: object) -> None:
        self.run.diagnostics, self.run.steps = self.kept, self.steps


def alike(one: Value, other: Value) -> bool:
    """Say whether an example could not tell two values from each other: numbers within the tolerance count as one.

    >>> alike(Decimal("0.30000000001"), Decimal("0.3")), alike(None, Decimal(0))
    (True, False)
    """
    if isinstance(one, Decimal) and isinstance(other, Decimal):
        return abs(one - other) <= TOLERANCE
    if find_unknown(one) is not None or find_unknown(other) is not None:
        return find_unknown(one) is not None and find_unknown(other) is not None
    return equal(one, other) is True


def _part(value: Value, goal: Goal) -> Value:
    """Return the part of a value that a goal is about."""
    if not goal.output or isinstance(value, Unknown):
        return value
    return value.get(goal.output) if isinstance(value, dict) else None


def shown_by_examples(packs: Packs, policy: Policy, *, as_of: Date) -> Iterator[Shown]:
    """Yield the examples of a policy, evaluated; those that cannot be run are left out.

    Args:
        packs: The packs.
        policy: The policy.
        as_of: The day of examples that set none.
    """
    day = day_of(packs.in_force[policy.id], as_of)
    for example in policy.tangled.examples:
        model = packs.model_of(policy.id, _day(example, day))
        found: list[Diagnostic] = []
        facts = given_facts(model, example, found)
        if not found:
            yield Shown(model, facts, goals_of(policy, example))


def goals_of(policy: Policy, example: Example) -> tuple[Goal, ...]:
    """Return what an example expects."""
    ids = {compiled.decision.name: id_ for id_, compiled in policy.compiled.decisions.items()}
    goals = []
    for name in example.expectations:
        decision, _, output = name.partition(".")
        if name == OUTCOME_COLUMN:
            goals.append(OUTCOME)
        elif name in ids:
            goals.append(Goal(ids[name]))
        elif decision in ids:
            goals.append(Goal(ids[decision], output))
    return tuple(goals)


def _day(example: Example, day: Date) -> Date:
    """Return the day that an example sets, or another where it sets none or none that can be read."""
    if example.as_of is None:
        return day
    try:
        node = parse_expression(example.as_of, Scope())
    except CompileError:
        return day
    value = evaluate(node, Frame({}, Run(day)))
    return value if isinstance(value, Date) else day
