"""The line of reasoning behind an answer: what decided, each step behind those that it rests on.

    reasons ──what decided──> steps        facts first, the answer last

`reasons_of` tells every decision that was evaluated. Here only those are kept that settled the answer: the cells that the rule
asks about and what its outcome is computed from; of a condition that fails, the parts that fail; of what is open, what is open
beneath. A table without a matching rule is told by the rule that fails in the fewest cells.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from zhida.assess.assessment import ConditionMet, Reason, Step
from zhida.assess.explain import unit_of
from zhida.assess.settle import Settled
from zhida.dmn.compiled import CompiledDecision
from zhida.dmn.evaluate import ElementTrace, Evaluator
from zhida.dmn.table import TableTrace
from zhida.feel.evaluate import evaluate, test
from zhida.feel.run import Frame
from zhida.feel.syntax import Arithmetic, Call, Conjunction, Disjunction, If, Literal, Node, free_names
from zhida.policy.pack import PolicyModel
from zhida.values.unknown import find_unknown

Value = Any


def steps_of(model: PolicyModel, settled: Settled, reasons: Iterable[Reason]) -> tuple[Step, ...]:
    """Return what decided, in the order of the argument: each step behind those it rests on, the answer last.

    Args:
        model: The policy.
        settled: Its answer.
        reasons: Why, in full.
    """
    by_id = {f"{reason.policy}#{reason.decision}": reason for reason in reasons}
    evaluator = settled.evaluator
    told = {id_: _step(id_, reason, evaluator) for id_, reason in by_id.items() if id_ in evaluator.trace}
    goals = [goal for goal in settled.judgement.goals if goal in told]
    if len(goals) > 1:
        goals = [goal for goal in goals if goal != model.policy.applies_id]
    depths = _depths(told, goals)
    parts = {part.id: part for part in (model.policy, *model.used_policies)}
    return tuple(
        Step(
            reason=step.reason,
            operands=step.operands,
            reads=step.reads,
            choices=step.choices,
            section=parts[step.reason.policy].tangled.section_at(model.model.decisions[id_].decision.span)
            if step.reason.policy in parts
            else "",
            depth=depths[id_],
            is_goal=id_ in goals,
        )
        for id_ in _in_order(told, goals)
        for step in (told[id_],)
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """A reason cut down to what decided."""

    reason: Reason
    """The reason."""
    beneath: tuple[str, ...]
    """Ids of what it rests on."""
    operands: tuple[Node, ...] = ()
    """What it was computed by."""
    choices: tuple[tuple[Node, bool], ...] = ()
    """The conditions of `if` that chose it."""
    reads: Mapping[str, ConditionMet] = field(default_factory=dict)
    """The values read."""


def _depths(told: Mapping[str, _Told], goals: Sequence[str]) -> dict[str, int]:
    """Return how many steps each decision is from the answer."""
    depths = dict.fromkeys(goals, 0)
    waiting = deque(goals)
    while waiting:
        id_ = waiting.popleft()
        for below in told[id_].beneath:
            if below in told and below not in depths:
                depths[below] = depths[id_] + 1
                waiting.append(below)
    return depths


def _in_order(told: Mapping[str, _Told], goals: Sequence[str]) -> Iterator[str]:
    """Yield the decisions that decided, each behind those that it rests on."""
    seen: set[str] = set()

    def visit(id_: str) -> Iterator[str]:
        if id_ not in seen and id_ in told:
            seen.add(id_)
            for below in told[id_].beneath:
                yield from visit(below)
            yield id_

    for goal in goals:
        yield from visit(goal)


def _step(id_: str, reason: Reason, evaluator: Evaluator) -> _Told:
    compiled, trace = evaluator.model.decisions[id_], evaluator.trace[id_]
    unknown = find_unknown(trace.value)
    if unknown is not None:
        return _Told(reason, tuple(read for read in trace.read if find_unknown(evaluator.value(read)) is not None))
    before = len(evaluator.run.diagnostics)
    try:
        return _decided(compiled, trace, reason, evaluator)
    finally:
        del evaluator.run.diagnostics[before:]


def _decided(compiled: CompiledDecision, trace: ElementTrace, reason: Reason, evaluator: Evaluator) -> _Told:
    """Return what decided where the decision has a value."""
    nodes: list[Node] = []
    operands: tuple[Node, ...] = ()
    chooser = _Chooser(evaluator.frame(compiled, ElementTrace()))
    if trace.table is not None:
        if not trace.table.matched or trace.table.possible:
            reason = _nearest(compiled, trace.table, reason, evaluator)
        nodes, outputs = _of_table(trace.table, {condition.what for condition in reason.conditions})
        operands = tuple(chooser.chosen(node) for node in outputs)
    elif isinstance(compiled.body, Node):
        operands = tuple(chooser.deciding(chooser.chosen(compiled.body), trace.value))
    else:
        return _Told(reason, tuple(trace.read))
    nodes += [*operands, *(node for node, _ in chooser.choices)]
    names = dict.fromkeys(name.name for node in nodes for name in free_names(node))
    ids = {name: compiled.requirements[name] for name in names if compiled.requirements.get(name) in trace.read}
    reads = {
        name: ConditionMet(name, "", evaluator.value(id_), unit_of(compiled, name, evaluator.model))
        for name, id_ in ids.items()
        if id_ not in evaluator.model.knowledge
    }
    return _Told(reason, tuple(ids.values()), operands, tuple(chooser.choices), reads)


def _of_table(trace: TableTrace, asked: set[str]) -> tuple[list[Node], tuple[Node, ...]]:
    """Return the expressions that a table's value rests on, and those that it was computed by where it is not written out."""
    table = trace.table
    nodes = [node for node, clause in zip(table.inputs, table.table.inputs, strict=True) if clause.expression.text in asked]
    rules = [table.rules[place] for place in trace.matched] if not trace.possible else []
    for rule in rules:
        nodes += [
            tests for tests, clause in zip(rule.tests, table.table.inputs, strict=True) if tests.tests and clause.expression.text in asked
        ]
    outputs = [node for rule in rules for node in rule.outputs] or [node for node in table.defaults if node is not None]
    is_computed = len(rules) <= 1 and len(outputs) == 1 and not isinstance(outputs[0], Literal)
    return nodes if is_computed else [*nodes, *outputs], tuple(outputs) if is_computed else ()


def _nearest(compiled: CompiledDecision, trace: TableTrace, reason: Reason, evaluator: Evaluator) -> Reason:
    """Return the reason of a default by the cells that keep the nearest rule from matching."""
    if trace.matched or trace.possible or reason.value is None or reason.either_rules:
        return reason
    frame = evaluator.frame(compiled, ElementTrace())
    inputs = trace.table.table.inputs
    best: list[ConditionMet] | None = None
    for rule in trace.table.rules:
        failing = [
            ConditionMet(clause.expression.text, cell.text, value, unit_of(compiled, clause.expression.text, evaluator.model), is_met=False)
            for clause, cell, tests, value in zip(inputs, rule.rule.input_entries, rule.tests, trace.inputs, strict=True)
            if test(tests, value, frame) is not True
        ]
        if failing and (best is None or len(failing) < len(best)):
            best = failing
    return reason if best is None else replace(reason, conditions=tuple(best))


class _Chooser:
    """Cuts an expression down to what it came to."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.choices: list[tuple[Node, bool]] = []

    def chosen(self, node: Node) -> Node:
        """Return an expression with the branch that was taken in place of each `if`, as far as these stand in plain arithmetic."""
        match node:
            case If():
                is_so = evaluate(node.condition, self.frame) is True
                self.choices.append((node.condition, is_so))
                return self.chosen(node.then if is_so else node.otherwise)
            case Arithmetic():
                return replace(node, left=self.chosen(node.left), right=self.chosen(node.right))
            case Call():
                return replace(node, positional=tuple(map(self.chosen, node.positional)))
        return node

    def deciding(self, node: Node, value: Value) -> Iterator[Node]:
        """Yield the parts of an expression that settle it: of a false `and` those that are false, of a true `or` the first that is true.

        A true `and` and a false `or` are settled by all their parts; anything else by itself.
        """
        if not isinstance(node, Conjunction | Disjunction) or not isinstance(value, bool):
            yield node
            return
        operands: tuple[Node, ...] = (node.left, node.right)
        if value is isinstance(node, Disjunction):
            found = [operand for operand in operands if evaluate(operand, self.frame) is value]
            operands = tuple(found[:1] if value else found)
        for operand in operands:
            yield from self.deciding(operand, value)
