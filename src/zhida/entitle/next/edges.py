"""Edges: on which side of a line a comparison changes, so that a place need not be tried where nothing does.

>= 300    300 is told from 299        300 moves onto the line
>  300    300 is told from 301        301 moves past it
=  300    both
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zhida.dmn.compiled import CompiledDecision, CompiledTable
from zhida.feel import syntax
from zhida.feel.syntax import INPUT, Node, UnaryTests
from zhida.policy.pack import PolicyModel
from zhida.proof.across.lines import Line


@dataclass(frozen=True, slots=True)
class Edges:
    """What a comparison tells apart."""

    below: bool
    """Whether being on the line is told from being below it."""
    above: bool
    """Whether being on the line is told from being above it."""

    def turned(self) -> "Edges":
        """Return it with both sides of the comparison exchanged."""
        return Edges(self.above, self.below)

    def joined(self, other: "Edges") -> "Edges":
        """Return what either of two tells apart."""
        return Edges(self.below or other.below, self.above or other.above)


FROM_BELOW, FROM_ABOVE, BOTH, NEITHER = Edges(True, False), Edges(False, True), Edges(True, True), Edges(False, False)
_OPERATORS = {">=": FROM_BELOW, "<": FROM_BELOW, ">": FROM_ABOVE, "<=": FROM_ABOVE, "=": BOTH, "!=": BOTH}

Compared = tuple[Node, Node, Edges]


def edges_of(model: PolicyModel, lines: Sequence[Line]) -> tuple[Edges, ...]:
    """Return the edges of some lines.

    Args:
        model: The policy that they stand in.
        lines: The lines.
    """
    known: dict[str, dict[tuple[str, str], Edges]] = {}
    found = []
    for line in lines:
        if line.decision_id not in known:
            told = known[line.decision_id] = {}
            for left, right, edges in _compared(model.model.decisions[line.decision_id]):
                words = left.span.text, right.span.text
                told[words] = edges.joined(told.get(words, NEITHER))
        told = known[line.decision_id]
        words = line.left.span.text, line.right.span.text
        edges = told.get(words, NEITHER).joined(told.get(words[::-1], NEITHER).turned())
        found.append(BOTH if edges == NEITHER else edges)
    return tuple(found)


def _compared(compiled: CompiledDecision) -> Iterator[Compared]:
    """Yield what a decision compares, with what it tells apart."""
    body = compiled.body
    if isinstance(body, Node):
        yield from _in_expression(body, None)
    elif isinstance(body, CompiledTable):
        for column, node in enumerate(body.inputs):
            for rule in body.rules:
                yield from _in_tests(rule.tests[column], node)
        for node in body.nodes:
            if not isinstance(node, UnaryTests):
                yield from _in_expression(node, None)


def _in_tests(tests: UnaryTests, tested: Node) -> Iterator[Compared]:
    for item in tests.tests:
        if isinstance(item, syntax.Condition):
            yield from _in_expression(item.expression, tested)
        else:
            yield from _in_test(item, tested)


def _in_test(item: Node, tested: Node) -> Iterator[Compared]:
    match item:
        case syntax.RangeLiteral():
            if item.low is not None:
                yield tested, item.low, FROM_BELOW if item.low_closed else FROM_ABOVE
            if item.high is not None:
                yield tested, item.high, FROM_ABOVE if item.high_closed else FROM_BELOW
        case syntax.ListLiteral():
            for element in item.elements:
                yield from _in_test(element, tested)
        case _:
            yield tested, item, BOTH


def _in_expression(node: Node, tested: Node | None) -> Iterator[Compared]:
    match node:
        case syntax.Comparison():
            yield _meant(node.left, tested), _meant(node.right, tested), _OPERATORS[node.operator]
        case syntax.Between():
            yield _meant(node.value, tested), node.low, FROM_BELOW
            yield _meant(node.value, tested), node.high, FROM_ABOVE
        case syntax.In():
            yield from _in_tests(node.tests, _meant(node.value, tested))
    for child in syntax.children(node):
        if not isinstance(child, UnaryTests):
            yield from _in_expression(child, tested)


def _meant(node: Node, tested: Node | None) -> Node:
    is_input = isinstance(node, syntax.Name) and node.name == INPUT
    return tested if is_input and tested is not None else node
