"""What tests compare with: the constants in cells and behind `in`, between which a value makes no difference.

Owns what a cell may say so that the values of its input fall into few intervals; whoever asks learns by `UnlowerableError`
of a cell that says anything else.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from functools import partial
from typing import Any

from zhida.dmn.compiled import AS_OF
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate
from zhida.feel.run import Frame, Run
from zhida.feel.syntax import INPUT, Literal, Name, Node, UnaryTests, free_names
from zhida.values.range import Range
from zhida.values.temporal import Date

Value = Any


class UnlowerableError(Exception):
    """Something has no column form; the message says why."""


def static(node: Node, as_of: Date) -> Value:
    """Return the value of an expression that is the same in each row.

    Raises:
        UnlowerableError: it is not.
    """
    if type(node) is Literal and node.is_valid:
        return node.value
    for name in syntax.free_names(node):
        if name.name not in BUILTINS and name.name != AS_OF:
            raise UnlowerableError(f"a cell names '{name.name}'")
    if isinstance(node, syntax.RangeLiteral):
        ends = [end for end in (node.low, node.high) if end is not None]
        return tuple(static(end, as_of) for end in ends)
    return evaluate(node, Frame({AS_OF: as_of}, Run(as_of)))


def bounds_of_cell(cell: UnaryTests, as_of: Date) -> Iterator[Value]:
    """Yield the constants that a cell compares with.

    Raises:
        UnlowerableError: it does something else with what it tests.
    """
    for item in cell.tests:
        if type(item) is Literal and item.is_valid:  # most tests of most cells
            yield from bounds_of(item.value)
        elif isinstance(item, syntax.Condition):
            yield from bounds_beside_input(item.expression, as_of)
        else:
            yield from bounds_of(static(item, as_of))


def bounds_beside_input(node: Node, as_of: Date) -> Iterator[Value]:
    """Yield the constants that an expression compares `?` with."""
    match node:
        case _ if not syntax.mentions_input(node):
            static(node, as_of)
        case syntax.Conjunction() | syntax.Disjunction():
            yield from bounds_beside_input(node.left, as_of)
            yield from bounds_beside_input(node.right, as_of)
        case syntax.Comparison() if _is_input(node.left) and not syntax.mentions_input(node.right):
            yield from bounds_of(static(node.right, as_of))
        case syntax.Comparison() if _is_input(node.right) and not syntax.mentions_input(node.left):
            yield from bounds_of(static(node.left, as_of))
        case syntax.Between() if _is_input(node.value) and not any(map(syntax.mentions_input, (node.low, node.high))):
            yield from bounds_of(static(node.low, as_of))
            yield from bounds_of(static(node.high, as_of))
        case syntax.In() if _is_input(node.value) and not syntax.mentions_input(node.tests):
            for item in node.tests.tests:
                yield from bounds_of(static(item, as_of))
        case syntax.Call(function=syntax.Name(name="not"), positional=(inner,)):
            yield from bounds_beside_input(inner, as_of)
        case _:
            raise UnlowerableError("a cell computes with what it tests")


def _is_input(node: Node) -> bool:
    return isinstance(node, syntax.Name) and node.name == INPUT


def bounds_of(value: Value) -> Iterator[Value]:
    """Yield the values that a test of a constant compares with.

    >>> list(bounds_of((Range("01", "05"), "甲")))
    ['01', '05', '甲']
    """
    match value:
        case Range():
            yield from (end for end in (value.low, value.high) if end is not None)
        case tuple():
            for element in value:
                yield from bounds_of(element)
        case None:
            return
        case _:
            yield value


def with_values(node: Any, *, values: Mapping[str, Value]) -> Any:  # noqa: ANN401 - a node of the same kind
    """Return an expression with literals in place of the names that are free in it."""
    return with_nodes(node, {name: partial(_literal, value=value) for name, value in values.items()})


def _literal(name: Name, value: Value) -> Node:
    return Literal(name.span, value)


def with_nodes(node: Any, nodes: Mapping[str, Callable[[Name], Node]]) -> Any:  # noqa: ANN401 - a node, or what a node is made of
    """Return an expression with other nodes in place of the names that are free in it."""
    if isinstance(node, Literal) or not nodes:
        return node
    match node:
        case Name():
            return nodes[node.name](node) if node.name in nodes else node
        case tuple():
            return tuple(with_nodes(item, nodes) for item in node)
        case Node():
            if {name.name for name in free_names(node)}.isdisjoint(nodes):
                return node
            given = [field.name for field in fields(node) if field.init and field.name != "span"]
            return replace(node, **{name: with_nodes(getattr(node, name), nodes) for name in given})
    return node
