"""Coverage: what the examples of a policy show of its rules, its conditions and its thresholds.

    example ──evaluated──> decisions ──one condition flipped──> another value ──is anything else expected?──> shown

An example shows a condition where, were just that the other way, something that the example expects would change: then
nothing else in the policy hides it (masking MC/DC). It shows a side of a threshold where moreover it stands on the line,
or near it on the other side. Invariant: an example shows nothing that it does not expect.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from zhida.assess.assessment import Outcome
from zhida.assess.examples import ExampleResult, ExampleRun, day_of
from zhida.assess.judge import judge
from zhida.assess.settle import Settled, settle
from zhida.assess.subject import inputs_of
from zhida.dmn.evaluate import Evaluator, Shared
from zhida.dmn.graph import closure
from zhida.policy.pack import Packs, Policy, PolicyModel
from zhida.proof.coverage.conditions import Condition, ConditionKind, conditions_of, with_body
from zhida.proof.coverage.effects import ABOVE, EITHER, Effects, Standing, Turn, differ
from zhida.proof.coverage.lines import Lines
from zhida.proof.coverage.possible import Possible
from zhida.source import Span
from zhida.values.equality import HASHED_TYPES
from zhida.values.temporal import Date
from zhida.values.unknown import find_unknown

Value = Any

ENOUGH = 3
"""How many examples are named that show the same; the rest are not looked at for it."""

ENOUGH_ODD = 1
"""The same where it takes long to look, because something is odd, null or not known."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What examples show of one condition."""

    condition: Condition
    """The condition."""
    true: tuple[str, ...]
    """Ids of the first examples that show it true with effect: were it the other way, something that they expect would change."""
    false: tuple[str, ...]
    """Ids of those that show it false with effect."""
    impossible: tuple[bool, ...] = ()
    """The sides that no example can show: by itself it changes nothing there, as the table stands."""

    @property
    def is_shown(self) -> bool:
        """Whether each of its sides is shown that can be."""
        return not self.lacks

    @property
    def can_be_shown(self) -> bool:
        """Whether there is anything to show of it."""
        return len(self.impossible) < len(self.condition.sides)

    @property
    def lacks(self) -> tuple[bool, ...]:
        """The sides that some example could show and none does."""
        shown = {True: self.true, False: self.false}
        return tuple(side for side in self.condition.sides if not shown[side] and side not in self.impossible)


@dataclass(frozen=True, slots=True)
class ThresholdShown:
    """What examples show of one threshold."""

    condition: Condition
    """The condition, whose line it is."""
    on: tuple[str, ...]
    """Ids of the examples that stand on the line, with effect if any does; where the number is computed or its scale has no value there
    and none does, of those that stand near it on the side that it belongs to."""
    past: tuple[str, ...]
    """Ids of those that stand near it, just past it, on the side to which the line itself does not belong; with effect if any does."""
    needs_on: bool = True
    """Whether there is anything to show on the line: a usual subject can stand there, and something turns on it. Not so where
    the line is not known on the day, for want of a figure."""
    needs_past: bool = True
    """Whether there is anything to show past it: nobody has fewer than no employees."""

    @property
    def has_on(self) -> bool:
        """Whether the line is shown, or need not be."""
        return bool(self.on) or not self.needs_on

    @property
    def has_past(self) -> bool:
        """Whether the other side is shown, or need not be."""
        return bool(self.past) or not self.needs_past

    @property
    def has_both(self) -> bool:
        """Whether both sides are shown, as far as they need be."""
        return self.has_on and self.has_past


@dataclass(frozen=True, slots=True)
class RuleShown:
    """What examples show of one rule."""

    decision_id: str
    """The decision."""
    rule: int
    """The place of the rule; behind the last one, the default outputs."""
    text: tuple[str, str]
    """How it is called, in Chinese and English: `规则 3`, `否则`."""
    span: Span
    """Where it stands."""
    fired: tuple[str, ...]
    """Ids of the examples in which it fired."""
    can_fire: bool = True
    """Whether some example could be it: not so where others have the first word for everybody."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the examples of one policy show of it."""

    policy: str
    """The policy."""
    examples: int
    """How many examples could be run."""
    rules: tuple[RuleShown, ...]
    """Of each rule of its own tables, and each row of default outputs."""
    conditions: tuple[Shown, ...]
    """Of each condition of its own decisions."""
    thresholds: tuple[ThresholdShown, ...]
    """Of each condition that is a threshold: it compares with what is the same for all subjects."""
    left_out: Mapping[str, tuple[str, str]]
    """Decisions of which nothing is looked at, by id, with the reason (Chinese, English)."""

    def of(self, decision_id: str) -> "Coverage":
        """Return what is shown of one decision."""
        return replace(
            self,
            rules=tuple(rule for rule in self.rules if rule.decision_id == decision_id),
            conditions=tuple(shown for shown in self.conditions if shown.condition.decision_id == decision_id),
            thresholds=tuple(found for found in self.thresholds if found.condition.decision_id == decision_id),
        )

    @property
    def rules_fired(self) -> tuple[int, int]:
        """How many rules fired in some example, and how many there are."""
        return sum(bool(rule.fired) for rule in self.rules), sum(rule.can_fire for rule in self.rules)

    @property
    def conditions_shown(self) -> tuple[int, int]:
        """How many conditions are shown independently, and how many there are."""
        told = [shown.is_shown for shown in self.conditions if shown.can_be_shown]
        return sum(told), len(told)

    @property
    def thresholds_shown(self) -> tuple[int, int]:
        """How many thresholds are shown with both sides, and how many there are."""
        told = [found.has_both for found in self.thresholds if found.needs_on or found.needs_past]
        return sum(told), len(told)


@dataclass(frozen=True, slots=True)
class Trial:
    """One subject for whom something is expected: an example that is there, or one that might be."""

    id: str
    """What it is called."""
    model: PolicyModel
    """The policy, linked for its day."""
    inputs: Mapping[str, Value]
    """Values by id."""
    expected: tuple[tuple[str, str], ...]
    """What it expects a value of: the id of a decision, and the name of one of its outputs, or empty for all of it."""
    evaluator: Evaluator
    """The evaluation of these."""
    settled: Settled | None
    """How the outcome came about, where it expects one."""
    shared: Shared
    """What decisions came to in other trials of that day."""


def trial_of(run: ExampleRun) -> Trial:
    """Return an example that was run."""
    return Trial(run.example.id, run.model, run.inputs, tuple(run.expected), run.evaluator, run.settled, run.shared)


def new_trial(  # noqa: PLR0913 - each says one thing about the subject
    id_: str,
    model: PolicyModel,
    facts: Mapping[str, Value],
    expected: Sequence[tuple[str, str]],
    *,
    expects_outcome: bool = False,
    shared: Shared | None = None,
) -> Trial:
    """Return an example that might be.

    Args:
        id_: What it is to be called.
        model: The policy, linked for its day.
        facts: What is given, by the names of rules.
        expected: The decisions it expects a value of, by id, each with the name of an output, or empty for all of it.
        expects_outcome: Whether it expects an outcome.
        shared: What decisions came to in other trials of the same model; values that are to be shared must be the same objects.
    """
    inputs = inputs_of(model, facts)
    shared = shared or Shared(model.model)
    evaluator = Evaluator(model.model, inputs, as_of=model.as_of, shared=shared)
    for goal, _ in expected:
        evaluator.value(goal)
    settled = settle(model, inputs, shared) if expects_outcome else None
    return Trial(id_, model, inputs, tuple(expected), evaluator, settled, shared)


class Measure:
    """Takes in one trial after the other and says what all of them show."""

    def __init__(self, model: PolicyModel) -> None:
        """Begin with nothing shown.

        Args:
            model: The policy, linked for any day: its own decisions are the same on all.
        """
        self.model = model
        self.lines = Lines(model)
        self.possible = Possible(model)
        self.conditions: dict[str, tuple[Condition, ...]] = {}
        self.effects: dict[str, Effects] = {}
        for id_, compiled in model.policy.compiled.decisions.items():
            self.conditions[id_] = conditions_of(model, id_)
            self.effects[id_] = Effects(compiled, self.conditions[id_], self.lines)
        self.trials = 0
        self._evaluated: list[tuple[str, dict[str, Evaluator]]] = []
        self._fired: dict[tuple[str, int], dict[str, None]] = {}
        self._shown: dict[tuple[str, int, bool], dict[str, None]] = {}
        self._standing: dict[tuple[str, int, Standing], dict[str, None]] = {}
        self._below: dict[tuple[int, str], set[str]] = {}

    def add(self, trial: Trial) -> None:
        """Take in a trial."""
        self.trials += 1
        before = len(trial.shared.kept), len(trial.shared.alive)
        told: dict[tuple[str, Value], bool] = {}
        evaluated = _evaluated(trial, self.effects)
        self._evaluated.append((trial.id, evaluated))
        for id_, evaluator in evaluated.items():
            seen = self.effects[id_].of(evaluator, evaluator.trace[id_])
            for rule in seen.fired:
                self._fired.setdefault((id_, rule), {})[trial.id] = None
            for turn in seen.turns:
                places = self._places(id_, turn)
                enough = ENOUGH_ODD if turn.is_odd else ENOUGH
                if any(len(place) < enough for place in places) and (turn.is_masked or self._has_effect(trial, id_, turn, told)):
                    for place in places:
                        place[trial.id] = None
        trial.shared.back_to(*before)

    def _places(self, id_: str, turn: Turn) -> list[dict[str, None]]:
        """Return where the trials are kept that show the same."""
        found = [] if turn.is_masked else [self._shown.setdefault((id_, turn.place, turn.is_true), {})]
        if turn.standing is not None and turn.standing is not Standing.FAR:
            found.append(self._standing.setdefault((id_, turn.place, turn.standing), {}))
        return found

    def _has_effect(self, trial: Trial, id_: str, turn: Turn, told: dict[tuple[str, Value], bool]) -> bool:
        """Say whether something that a trial expects would be otherwise, were a condition the other way."""
        key = (id_, (type(turn.value), turn.value))
        if turn.is_odd or type(turn.value) not in HASHED_TYPES:
            return self._changes(trial, id_, turn)
        if key not in told:
            told[key] = self._changes(trial, id_, turn)
        return told[key]

    def _changes(self, trial: Trial, id_: str, turn: Turn) -> bool:
        value = turn.value
        own = [output for goal, output in trial.expected if goal == id_]
        if any(differ(_part(trial.evaluator.value(id_), output), _part(value, output)) for output in own):
            return True
        others = [(goal, output) for goal, output in trial.expected if goal != id_ and id_ in self._beneath(trial, goal)]
        if others:
            evaluator = self._otherwise(trial, trial.evaluator, id_, value)
            if any(differ(_part(trial.evaluator.value(goal), output), _part(evaluator.value(goal), output)) for goal, output in others):
                return True
        if trial.settled is None or not any(id_ in self._beneath(trial, goal) for goal in trial.settled.judgement.goals):
            return False
        return self._outcome(trial, trial.settled, id_, turn) is not trial.settled.judgement.answer.outcome

    def _outcome(self, trial: Trial, settled: Settled, id_: str, turn: Turn) -> Outcome:
        """Return the outcome of a trial, were a condition of a decision the other way."""
        model, given = trial.model, {id_: turn.value}
        if turn.is_odd:  # the outcome is a matter of more than the value: what rests on the decision is evaluated with its other body
            body = self.conditions[id_][turn.place].flipped
            model, given = with_body(model, id_, body), {}
        traces = settled.evaluator.trace
        if not any(trace.diagnostics for other, trace in traces.items() if other != id_):  # what is odd is told with what was evaluated
            kept = self._kept(trial, settled.evaluator, id_)
            evaluator = Evaluator(model.model, {**trial.inputs, **kept, **given}, as_of=model.as_of)
            outcome = judge(model, evaluator).answer.outcome
            if outcome is not Outcome.UNDETERMINED:
                return outcome
        return settle(model, {**trial.inputs, **given}, None if turn.is_odd else trial.shared).judgement.answer.outcome

    def _otherwise(self, trial: Trial, evaluator: Evaluator, id_: str, value: Value) -> Evaluator:
        """Return an evaluation in which a decision has another value; what does not rest on it is given as it was."""
        kept = self._kept(trial, evaluator, id_)
        return Evaluator(trial.model.model, {**trial.inputs, **kept, id_: value}, as_of=trial.model.as_of)

    def _kept(self, trial: Trial, evaluator: Evaluator, id_: str) -> dict[str, Value]:
        """Return the values of the decisions that do not rest on one of them."""
        return {other: trace.value for other, trace in evaluator.trace.items() if id_ not in self._beneath(trial, other)}

    def _beneath(self, trial: Trial, goal: str) -> set[str]:
        key = id(trial.model), goal
        if key not in self._below:
            self._below[key] = closure(trial.model.model.requirements, [goal])
        return self._below[key]

    def coverage(self) -> Coverage:
        """Return what all trials so far show."""
        left_out: dict[str, tuple[str, str]] = {}
        rules: list[RuleShown] = []
        conditions: list[Shown] = []
        thresholds: list[ThresholdShown] = []
        for id_, found in self.conditions.items():
            for place, condition in enumerate(found):
                if condition.kind in {ConditionKind.RULE, ConditionKind.OTHERWISE}:
                    rules.append(self._rule(condition))
                told = [tuple(self._shown.get((id_, place, side), ())) for side in (True, False)]
                lacking = (side for side in condition.sides if not told[not side])
                impossible = tuple(side for side in lacking if not self.possible.decides(condition, is_true=side))
                conditions.append(Shown(condition, told[0], told[1], impossible))
                if condition.is_threshold and condition.is_fixed:
                    thresholds.append(self._threshold(place, condition))
            if not found and id_ in self.model.policy.compiled.decisions:
                left_out[id_] = ("没有条件", "there are no conditions in it")
        return Coverage(self.model.policy.id, self.trials, tuple(rules), tuple(conditions), tuple(thresholds), left_out)

    def _rule(self, condition: Condition) -> RuleShown:
        assert condition.rule is not None
        fired = tuple(self._fired.get((condition.decision_id, condition.rule), ()))
        can_fire = bool(fired) or self.possible.fires(condition)
        return RuleShown(condition.decision_id, condition.rule, condition.text, condition.span, fired, can_fire)

    def _threshold(self, place: int, condition: Condition) -> ThresholdShown:
        """Return what is shown of one threshold, and what there is to show of it."""
        id_ = condition.decision_id
        on, beside, past, beyond = (
            tuple(self._standing.get((id_, place, each), ())) for each in (Standing.ON, Standing.BESIDE, Standing.PAST, Standing.BEYOND)
        )
        assert condition.tested is not None
        assert condition.line is not None
        line = self.lines.value(condition.line, id_)
        needs_on, needs_past = _needs(condition.operator, line, self.lines.limits(condition.tested, id_))
        needs_on = bool(on) or (needs_on and self.possible.on_line(condition, line))
        if not past and self.lines.is_computed(condition.tested, id_):  # nobody can set it: the nearest may be far from the line
            past = beyond
        if (needs_on and not on) or not past:
            on, past = self._stood(place, condition, on, past)
        needs_past = bool(past) or (needs_past and self.possible.past_line(condition, line))
        if not on and not self.lines.can_be_met(condition.tested, id_, line):
            on = beside
        return ThresholdShown(condition, on, past, needs_on, needs_past)

    def _stood(
        self, place: int, condition: Condition, on: tuple[str, ...], past: tuple[str, ...]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return who stands on a line and past it; where nobody does with effect, because nothing turns on it there, whoever does."""
        id_ = condition.decision_id
        stood: dict[Standing | None, list[str]] = {}
        for name, evaluated in self._evaluated:
            if id_ in evaluated:
                stood.setdefault(self.effects[id_].where(place, evaluated[id_]), []).append(name)
        return on or tuple(stood.get(Standing.ON, ())[:ENOUGH]), past or tuple(stood.get(Standing.PAST, ())[:ENOUGH])


def _needs(operator: str, line: Value, limits: tuple[Decimal | None, Decimal | None]) -> tuple[bool, bool]:
    """Say whether a usual subject can stand on a line, and past it; neither where the line is not known.

    >>> _needs(">=", Decimal(0), (Decimal(0), None)), _needs(">", Decimal(0), (Decimal(0), None))
    ((True, False), (True, True))
    """
    if not isinstance(line, Decimal):
        return (find_unknown(line) is None and line is not None,) * 2
    low, high = limits
    has_below, has_above = low is None or low < line, high is None or high > line
    is_within = (low is None or low <= line) and (high is None or high >= line)
    past = has_below or has_above if operator in EITHER else has_above if operator in ABOVE else has_below
    return is_within, past


def _evaluated(trial: Trial, own: Container[str]) -> dict[str, Evaluator]:
    """Return the decisions of the policy itself that a trial rests on, each with the evaluation that shows how."""
    found: dict[str, Evaluator] = {}
    grounds = [(trial.evaluator, [goal for goal, _ in trial.expected])]
    if trial.settled is not None:
        grounds.append((trial.settled.evaluator, list(trial.settled.judgement.goals)))
    for evaluator, goals in grounds:
        for id_ in sorted(evaluator.beneath(goals)):
            if id_ in own and id_ in evaluator.trace:
                found.setdefault(id_, evaluator)
    return found


def _part(value: Value, output: str) -> Value:
    """Return one output of a value, or all of it."""
    return value.get(output) if output and isinstance(value, dict) else value


def coverage(packs: Packs, policy: Policy, results: Iterable[ExampleResult], *, as_of: Date) -> Coverage:
    """Return what the examples of a policy show of it.

    Args:
        packs: The packs that it stands in.
        policy: The policy; it has no errors.
        results: Its examples, as they were run.
        as_of: The day for which it is linked; its own first or last day where it is not in force then.
    """
    return _measured(packs.model_of(policy.id, day_of(packs.in_force[policy.id], as_of)), results)


def coverage_of_results(results: Iterable[ExampleResult]) -> Coverage | None:
    """Return what examples of one policy show of it, or None where none was run."""
    found = list(results)
    models = [result.run.model for result in found if result.run is not None]
    return _measured(models[0], found) if models else None


def _measured(model: PolicyModel, results: Iterable[ExampleResult]) -> Coverage:
    measure = Measure(model)
    trials = [trial_of(result.run) for result in results if result.run is not None]
    for trial in sorted(trials, key=_is_undetermined):  # what is not known takes long to look at, and others show the same
        measure.add(trial)
    return measure.coverage()


def _is_undetermined(trial: Trial) -> bool:
    return trial.settled is not None and trial.settled.judgement.answer.outcome is Outcome.UNDETERMINED
