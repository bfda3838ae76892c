"""A policy's own examples: what is given, what is expected, and what comes out (policy-format.md, examples)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from zhida.assess.assessment import Outcome
from zhida.assess.elements import refused, with_untold
from zhida.assess.explain import reasons_of
from zhida.assess.settle import Settled, settle
from zhida.assess.subject import inputs_of
from zhida.dmn.compiled import AS_OF
from zhida.dmn.evaluate import Evaluator, Shared
from zhida.dmn.model import ItemDefinition
from zhida.errors import CompileError, Diagnostic, diagnostic, nearest
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression
from zhida.feel.run import Frame, Run
from zhida.policy.front_matter import Interval
from zhida.policy.pack import Packs, Policy, PolicyModel
from zhida.policy.tangle import OUTCOME_COLUMN, Example
from zhida.policy.years import input_name, machine_name, reporting_year
from zhida.source import Snippet, snippet
from zhida.values.equality import equal
from zhida.values.temporal import Date
from zhida.values.text import excerpt
from zhida.values.types import ANY, BOOLEAN, DATE, NUMBER, STRING, Type, conforms, list_of
from zhida.values.unknown import Unknown, find_unknown, unknown

Value = Any

TOLERANCE = Decimal("1e-8")
"""How far an expected number may lie from the unrounded value (semantics.md, Amounts)."""


WRITTEN: Mapping[Type, str] = {NUMBER: "20000", STRING: '"企业"', BOOLEAN: "true", DATE: '@"2026-01-31"'}
"""How a value of each type is written, for those who wrote it otherwise."""


CELL_SCOPE = Scope(NameSet(BUILTINS))
"""What a cell of an example may name: the builtin functions and nothing else."""


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """How one example came out."""

    example: Example
    """The example."""
    diagnostics: tuple[Diagnostic, ...]
    """What is wrong with it or came out otherwise; none where it passed."""
    run: "ExampleRun | None" = field(default=None, repr=False, compare=False)
    """How it was run; None where its cells kept it from that."""

    @property
    def passed(self) -> bool:
        """Whether everything came out as expected."""
        return not self.diagnostics

    @property
    def rules(self) -> Mapping[str, str]:
        """The rules that fired, by decision."""
        return {} if self.run is None else self.run.rules


def run_examples(packs: Packs, policy: Policy, *, as_of: Date) -> Iterator[ExampleResult]:
    """Run the examples of a sound policy.

    Args:
        packs: The packs that it stands in.
        policy: The policy.
        as_of: The date for examples that set none; the policy's own first or last day where it is not in force then.
    """
    day = day_of(packs.in_force[policy.id], as_of)
    shared: dict[Date, Shared] = {}
    for example in policy.tangled.examples:
        yield _run(packs, policy, example, day, shared)


def day_of(interval: Interval, as_of: Date) -> Date:
    """Return a day, or where a policy is not in force then its first or last one."""
    if as_of in interval:
        return as_of
    return interval.start or interval.end or as_of


def _run(packs: Packs, policy: Policy, example: Example, day: Date, shared: dict[Date, Shared]) -> ExampleResult:
    """Run one example; what is wrong with its cells keeps it from being run.

    Examples of one day share what decisions came to: most differ from each other in few facts.
    """
    found: list[Diagnostic] = []
    if example.as_of is not None:
        stated = cell_value(example.as_of, AS_OF, example, found, DATE)
        day = stated if isinstance(stated, Date) else day
    model = packs.model_of(policy.id, day)
    decisions = {compiled.decision.name: id_ for id_, compiled in policy.compiled.decisions.items()}
    expected = {name: cell for name, cell in example.expectations.items() if name != OUTCOME_COLUMN}
    facts = given_facts(model, example, found)
    if found:
        return ExampleResult(example, tuple(found))
    run = ExampleRun(model, inputs_of(model, facts), example, shared.setdefault(day, Shared(model.model)))
    for name, cell in expected.items():
        run.expect_value(decisions[name.partition(".")[0]], name, cell)
    if OUTCOME_COLUMN in example.expectations:
        run.expect_outcome(example.expectations[OUTCOME_COLUMN])
    return ExampleResult(example, tuple(run.found), run)


def given_facts(model: PolicyModel, example: Example, found: list[Diagnostic]) -> dict[str, Value]:
    """Return what an example gives, by the names of rules on its day: `研发费用@2024` stands for one of its years.

    Args:
        model: The policy, linked for the example's day.
        example: The example.
        found: Where mistakes are put: policy-example-value, policy-example-year, policy-example-element.
    """
    facts: dict[str, Value] = {}
    for head, cell in example.inputs.items():
        name = input_name(head, model.as_of)
        if name is None or name in facts:
            words = {"name": example.id, "column": head, "day": model.as_of, "year": reporting_year(model.as_of)}
            found.append(diagnostic("policy-example-year", cell.span(), **words))
        else:
            facts[name] = _fact(cell, model.item(name) or ItemDefinition(name), example, found)
    return facts


def _fact(cell: Snippet, item: ItemDefinition, example: Example, found: list[Diagnostic]) -> Value:
    """Evaluate the cell of a fact; entries of a list's elements that it does not tell are unknown."""
    if not item.components:
        return cell_value(cell, item.name, example, found, item.type)
    value = cell_value(cell, item.name, example, found, list_of(Type("context")))
    if isinstance(value, tuple):
        for fault in refused(item, value):
            words = {"reason": fault.message("en"), "reason_zh": fault.message("zh"), "hint": fault.hint("en"), "hint_zh": fault.hint("zh")}
            found.append(diagnostic("policy-example-element", cell.span(), name=example.id, column=item.name, **words))
    return with_untold(value, item)


def cell_value(cell: Snippet, name: str, example: Example, found: list[Diagnostic], type_: Type = ANY) -> Value:
    """Return the value that a cell of an example says; `?` is unknown.

    Args:
        cell: The cell.
        name: The head of its column.
        example: The example.
        found: Where it is put that the cell says no value, or none of the type: policy-example-value.
        type_: The type that the value must have.
    """
    if cell.text == "?":
        return _unknown(name)
    value, is_value = _written(cell.text)
    if not is_value or not (conforms(value, type_) or find_unknown(value) is not None):
        found.append(_no_value(cell, name, example, type_))
    return value


_unknown = lru_cache(maxsize=4_096)(unknown)  # one value for one fact: evaluations are shared by the identity of values


@lru_cache(maxsize=16_384)
def _written(text: str) -> tuple[Value, bool]:
    """Return what the text of a cell says, and whether it says a value; many cells say the same."""
    try:
        node = parse_expression(snippet(text), CELL_SCOPE)
    except CompileError:
        return None, False
    run = Run(Date(2000, 1, 1))
    value = evaluate(node, Frame({}, run))
    return value, not run.diagnostics


def _no_value(cell: Snippet, column: str, example: Example, type_: Type) -> Diagnostic:
    """Complain of a cell that is no value, or none of the type that its column has."""
    written = WRITTEN.get(type_, "[1, 2]" if type_.name == "list" else ", ".join(WRITTEN.values()))
    declared = "" if type_ is ANY else str(type_)
    return diagnostic("policy-example-value", cell.span(), name=example.id, value=cell.text, column=column, type=declared, written=written)


class ExampleRun:
    """Compares what comes out with what one example expects, and keeps how it came out."""

    def __init__(self, model: PolicyModel, inputs: Mapping[str, Value], example: Example, shared: Shared) -> None:
        """Keep what is given; nothing is evaluated yet."""
        self.model = model
        """The policy, linked for the example's day."""
        self.inputs = inputs
        """Values by id."""
        self.example = example
        """The example."""
        self.shared = shared
        """What decisions came to in the examples of that day."""
        self.evaluator = Evaluator(model.model, inputs, as_of=model.as_of, shared=shared)
        """The evaluation of what it expects of decisions."""
        self.found: list[Diagnostic] = []
        """What came out otherwise."""
        self.expected: list[tuple[str, str]] = []
        """What it expects a value of: the id of a decision, and the name of one of its outputs, or empty for all of it."""
        self.settled: Settled | None = None
        """How the outcome came about, where it expects one."""
        self._grounds: list[tuple[Evaluator, tuple[str, ...]]] = []

    @property
    def rules(self) -> dict[str, str]:
        """The rules that fired, by decision."""
        found: dict[str, str] = {}
        for evaluator, goals in self._grounds:
            found |= _fired(evaluator, goals)
        return found

    def expect_value(self, goal: str, name: str, cell: Snippet) -> None:
        """Compare the unrounded value of a decision, or of one of its outputs."""
        value = self.evaluator.value(goal)
        output = name.partition(".")[2]
        if output:
            value = value.get(output) if isinstance(value, dict) else value if isinstance(value, Unknown) else None
        complaints: list[Diagnostic] = []
        declared = ANY if output else self.model.model.decisions[goal].decision.type
        expected = cell_value(cell, name, self.example, complaints, declared)
        self.found += complaints
        self.expected.append((goal, output))
        self._grounds.append((self.evaluator, (goal,)))
        if not complaints and not _agree(value, expected):
            shown = "?" if isinstance(value, Unknown) else excerpt(value)
            self.fail(cell, name, shown, (self.evaluator, (goal,)), find_unknown(value))

    def expect_outcome(self, cell: Snippet) -> None:
        """Compare the outcome."""
        expected = cell.text.strip('"')
        if expected not in set(Outcome):
            near = nearest(expected, Outcome)
            words = {"value": cell.text, "near": near, "outcomes": ", ".join(Outcome)}
            self.found.append(diagnostic("policy-example-outcome", cell.span(), **words))
            return
        self.settled = settle(self.model, self.inputs, self.shared)
        judgement = self.settled.judgement
        ground = (self.settled.evaluator, judgement.goals)
        self._grounds.append(ground)
        if judgement.answer.outcome.value != expected:
            self.fail(cell, OUTCOME_COLUMN, judgement.answer.outcome.value, ground, Unknown(judgement.missing))

    def fail(self, cell: Snippet, what: str, value: str, ground: tuple[Evaluator, tuple[str, ...]], lacking: Unknown | None) -> None:
        """Keep that something came out otherwise, with the rules that fired and what was odd."""
        evaluator, goals = ground
        missing = "、".join(machine_name(name, self.model.as_of) for name in sorted(lacking.missing)) if lacking is not None else ""
        fired = "；".join(f"{decision} {rule}" for decision, rule in _fired(evaluator, goals).items())
        odd = tuple(evaluator.diagnostics_beneath(goals))
        self.found.append(
            diagnostic(
                "policy-example-failed",
                cell.span(),
                name=self.example.id,
                what=what,
                expected=cell.text,
                found=value,
                missing=missing,
                rules=fired,
                reasons="; ".join(item.message("en") for item in odd),
                reasons_zh="；".join(item.message("zh") for item in odd),
            )
        )


def _fired(evaluator: Evaluator, goals: tuple[str, ...]) -> dict[str, str]:
    """Return the rules that fired for some goals, by decision."""
    return {reason.decision: reason.rule for reason in reasons_of(evaluator, goals) if reason.rule}


def _agree(value: Value, expected: Value) -> bool:
    """Say whether a value is as expected: numbers within the tolerance, unknown only where that is expected."""
    if isinstance(expected, Unknown):
        return find_unknown(value) is not None
    if isinstance(value, Decimal) and isinstance(expected, Decimal):
        return abs(value - expected) <= TOLERANCE
    return find_unknown(value) is None and equal(value, expected) is True
