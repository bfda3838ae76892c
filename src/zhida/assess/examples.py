"""A policy's own examples: what is given, what is expected, and what comes out (policy-format.md, examples)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zhida.assess.assessment import Outcome
from zhida.assess.explain import reasons_of
from zhida.assess.subject import inputs_of, settle
from zhida.dmn.compile import AS_OF
from zhida.dmn.evaluate import Evaluator
from zhida.errors import CompileError, Diagnostic, diagnostic, nearest
from zhida.feel.evaluate import evaluate
from zhida.feel.names import NameSet, Scope
from zhida.feel.builtins import BUILTINS
from zhida.feel.parse import parse_expression
from zhida.feel.run import Frame, Run
from zhida.policy.pack import Packs, Policy, PolicyModel
from zhida.policy.tangle import OUTCOME_COLUMN, Example
from zhida.source import Snippet
from zhida.values.equality import equal
from zhida.values.temporal import Date
from zhida.values.text import format_value
from zhida.values.unknown import Unknown, find_unknown, unknown

Value = Any

TOLERANCE = Decimal("1e-8")
"""How far an expected number may lie from the unrounded value (semantics.md, Amounts)."""


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """How one example came out."""

    example: Example
    """The example."""
    diagnostics: tuple[Diagnostic, ...]
    """What is wrong with it or came out otherwise; none where it passed."""
    rules: Mapping[str, str]
    """The rules that fired, by decision."""

    @property
    def passed(self) -> bool:
        """Whether everything came out as expected."""
        return not self.diagnostics


def run_examples(packs: Packs, policy: Policy, *, as_of: Date) -> Iterator[ExampleResult]:
    """Run the examples of a sound policy.

    Args:
        packs: The packs that it stands in.
        policy: The policy.
        as_of: The date for examples that set none; the policy's own first or last day where it is not in force then.
    """
    day = _day(policy, as_of)
    for example in policy.tangled.examples:
        yield _run(packs, policy, example, day)


def _day(policy: Policy, as_of: Date) -> Date:
    interval = policy.front.in_force
    if as_of in interval:
        return as_of
    return interval.start or interval.end or as_of


def _run(packs: Packs, policy: Policy, example: Example, day: Date) -> ExampleResult:
    found: list[Diagnostic] = []
    if example.as_of is not None:
        stated = _value(example.as_of, AS_OF, example, found)
        day = stated if isinstance(stated, Date) else day
    model = packs.model_of(policy.id, day)
    decisions = {compiled.decision.name: id_ for id_, compiled in policy.compiled.decisions.items()}
    published = {compiled.decision.name for compiled in model.model.decisions.values()} - set(decisions)
    known = {data.name for data in policy.compiled.definitions.inputs} | published
    for name, cell in example.inputs.items():
        if name not in known:
            found.append(diagnostic("policy-example-name", cell.span(), name=name, near=nearest(name, known)))
    for name, cell in example.expectations.items():
        base = name.partition(".")[0]
        if name != OUTCOME_COLUMN and base not in decisions:
            found.append(diagnostic("policy-example-name", cell.span(), name=name, near=nearest(name, decisions)))
    facts = {name: _value(cell, name, example, found) for name, cell in example.inputs.items() if name in known}
    if found:
        return ExampleResult(example, tuple(found), {})
    inputs = inputs_of(model, facts)
    evaluator = Evaluator(model.model, inputs, as_of=day)
    rules: dict[str, str] = {}
    for name, cell in example.expectations.items():
        if name == OUTCOME_COLUMN:
            found.extend(_outcome(model, inputs, example, cell, rules))
        else:
            found.extend(_expectation(evaluator, decisions, example, name, cell, rules))
    return ExampleResult(example, tuple(found), rules)


def _value(cell: Snippet, name: str, example: Example, found: list[Diagnostic]) -> Value:
    """Evaluate a cell; `?` is unknown."""
    if cell.text == "?":
        return unknown(name)
    try:
        node = parse_expression(cell, Scope(NameSet(BUILTINS)))
    except CompileError:
        found.append(diagnostic("policy-example-value", cell.span(), name=example.id))
        return None
    run = Run(Date(2000, 1, 1))
    value = evaluate(node, Frame({}, run))
    if run.diagnostics:
        found.append(diagnostic("policy-example-value", cell.span(), name=example.id))
    return value


def _fired(evaluator: Evaluator, goals: tuple[str, ...]) -> dict[str, str]:
    return {reason.decision: reason.rule for reason in reasons_of(evaluator, goals) if reason.rule}


def _failed(
    example: Example, cell: Snippet, what: str, expected: str, found: str, rules: Mapping[str, str], odd: tuple[Diagnostic, ...]
) -> Diagnostic:
    fired = "; ".join(f"{decision} {rule}" for decision, rule in rules.items())
    return diagnostic(
        "policy-example-failed",
        cell.span(),
        name=example.id,
        what=what,
        expected=expected,
        found=found,
        rules=f"rules that fired: {fired}" if fired else "",
        rules_zh=f"命中的规则：{fired}" if fired else "",
        reasons="; ".join(item.message("en") for item in odd),
        reasons_zh="；".join(item.message("zh") for item in odd),
    )


def _expectation(
    evaluator: Evaluator, decisions: Mapping[str, str], example: Example, name: str, cell: Snippet, rules: dict[str, str]
) -> Iterator[Diagnostic]:
    """Compare the unrounded value of a decision, or of one of its outputs, with what is expected."""
    base, _, output = name.partition(".")
    goal = decisions[base]
    value = evaluator.value(goal)
    if output:
        value = value.get(output) if isinstance(value, dict) else value if isinstance(value, Unknown) else None
    complaints: list[Diagnostic] = []
    expected = _value(cell, name, example, complaints)
    yield from complaints
    fired = _fired(evaluator, (goal,))
    rules |= fired
    if not complaints and not _agree(value, expected):
        odd = tuple(evaluator.diagnostics_beneath([goal]))
        yield _failed(example, cell, name, cell.text, format_value(value), fired, odd)


def _agree(value: Value, expected: Value) -> bool:
    if isinstance(expected, Unknown):
        return find_unknown(value) is not None
    if isinstance(value, Decimal) and isinstance(expected, Decimal):
        return abs(value - expected) <= TOLERANCE
    return find_unknown(value) is None and equal(value, expected) is True


def _outcome(
    model: PolicyModel, inputs: Mapping[str, Value], example: Example, cell: Snippet, rules: dict[str, str]
) -> Iterator[Diagnostic]:
    """Compare the outcome with what is expected."""
    expected = cell.text.strip('"')
    if expected not in set(Outcome):
        near = nearest(expected, Outcome)
        yield diagnostic("policy-example-outcome", cell.span(), value=cell.text, near=near, outcomes=", ".join(Outcome))
        return
    settled = settle(model, inputs)
    outcome = settled.judgement.answer.outcome
    fired = _fired(settled.evaluator, settled.judgement.goals)
    rules |= fired
    if outcome.value != expected:
        odd = tuple(settled.evaluator.diagnostics_beneath(settled.judgement.goals))
        lacking = f" (missing: {', '.join(sorted(settled.judgement.missing))})" if settled.judgement.missing else ""
        yield _failed(example, cell, OUTCOME_COLUMN, expected, outcome.value + lacking, fired, odd)
