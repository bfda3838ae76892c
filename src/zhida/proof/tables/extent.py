"""Extent: which values a decision can have, as far as its form tells, before any subject is looked at.

    count(专利[…])              whole numbers from 0
    max(0, 收入 - 200000)       numbers from 0
    table of "甲" and "乙"       these two texts

What is said here holds of every subject; what is not said is left open. Null is another question.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zhida.dmn.compiled import AS_OF, CompiledDecision, CompiledTable, DecisionModel
from zhida.dmn.model import HitPolicy
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.syntax import Node
from zhida.values.numbers import feel_context
from zhida.values.text import literal
from zhida.values.types import ANY, DATE, DAYS_DURATION, MONTHS_DURATION, NUMBER, Type, type_of, unconstrained

Value = Any

SINGLE = frozenset((HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.PRIORITY, HitPolicy.FIRST))
"""Hit policies under which the value of a table is the output of one rule."""


def output_nodes(table: CompiledTable) -> list[Node] | None:
    """Return the expressions of which a table's value is always one; None where it is made of several."""
    if len(table.table.outputs) != 1 or table.table.hit_policy not in SINGLE:
        return None
    return [*(rule.outputs[0] for rule in table.rules), *(node for node in table.defaults if node is not None)]


def values_of(model: DecisionModel, compiled: CompiledDecision) -> tuple[Value, ...] | None:
    """Return all values that a decision can have beside null, where they are written out in its outputs; None where they are not."""
    body = compiled.body
    nodes = output_nodes(body) if isinstance(body, CompiledTable) else [body] if isinstance(body, Node) else None
    if nodes is None:
        return None
    found: list[Value] = []
    while nodes:
        node = nodes.pop(0)
        if isinstance(node, syntax.If):
            nodes += (node.then, node.otherwise)
        elif isinstance(node, syntax.Name) and (other := model.decisions.get(compiled.requirements.get(node.name, ""))) is not None:
            values = values_of(model, other)
            if values is None:
                return None
            found += values
        elif isinstance(node, syntax.Literal):
            found.append(node.value)
        else:
            return None
    return tuple({literal(value): value for value in found if value is not None}.values())


@dataclass(frozen=True, slots=True)
class Limits:
    """What is known of a number beforehand."""

    least: Decimal | None = None
    """No number is less; None where that is not known."""
    greatest: Decimal | None = None
    """No number is greater; None where that is not known."""
    scale: int | None = None
    """Decimal places that it has at most; None where that is not known."""


_OPEN = Limits()


def type_of_node(model: DecisionModel, compiled: CompiledDecision, node: Node) -> Type:
    """Return the type of an expression's values, null aside, as far as its form tells; ANY where that does not."""
    match node:
        case syntax.Literal() if node.value is not None:
            return type_of(node.value)
        case syntax.Name():
            return _type_of_name(model, compiled, node.name)
        case syntax.Negation():
            found = type_of_node(model, compiled, node.operand)
            return found if found in {NUMBER, DAYS_DURATION, MONTHS_DURATION} else ANY
        case syntax.Arithmetic():
            both = (type_of_node(model, compiled, node.left), type_of_node(model, compiled, node.right))
            if both == (NUMBER, NUMBER):
                return NUMBER
            return _CALENDAR.get((both[0], node.operator, both[1]), ANY)
        case syntax.If():
            then, otherwise = (type_of_node(model, compiled, part) for part in (node.then, node.otherwise))
            return then if then == otherwise else ANY
        case syntax.Path(name="year" | "month" | "day") if type_of_node(model, compiled, node.value) == DATE:
            return NUMBER
        case syntax.Call(function=syntax.Name(name=name)) if name in BUILTINS and name not in compiled.requirements:
            results = {signature.result for signature in BUILTINS[name].signatures}
            return results.pop() if len(results) == 1 else ANY
    return ANY


def _type_of_name(model: DecisionModel, compiled: CompiledDecision, name: str) -> Type:
    id_ = compiled.requirements.get(name, name)
    if id_ in model.inputs:
        item = model.inputs[id_].item
        return ANY if item.is_collection or item.components else unconstrained(item.type)
    if id_ in model.decisions:
        return unconstrained(model.decisions[id_].shape.type)
    return DATE if id_ == AS_OF else ANY


_CALENDAR: dict[tuple[Type, str, Type], Type] = {
    (DATE, "-", DATE): DAYS_DURATION,
    (DATE, "+", DAYS_DURATION): DATE,
    (DATE, "-", DAYS_DURATION): DATE,
    (DATE, "+", MONTHS_DURATION): DATE,
    (DATE, "-", MONTHS_DURATION): DATE,
}
"""Types of sums and differences of days and durations."""


def limits_of(model: DecisionModel, compiled: CompiledDecision) -> Limits:
    """Return what is known of the number that a decision comes to."""
    body = compiled.body
    if isinstance(body, CompiledTable):
        nodes = output_nodes(body)
        return _OPEN if nodes is None else _either([limits_of_node(model, compiled, node) for node in nodes])
    return limits_of_node(model, compiled, body) if isinstance(body, Node) else _OPEN


def limits_of_node(model: DecisionModel, compiled: CompiledDecision, node: Node) -> Limits:
    """Return what is known of the number that an expression in the scope of a decision comes to."""
    match node:
        case syntax.Literal(value=Decimal() as value):
            return Limits(value, value, max(0, -int(value.normalize(feel_context()).as_tuple().exponent)))
        case syntax.Name():
            id_ = compiled.requirements.get(node.name, "")
            if id_ in model.decisions:
                return limits_of(model, model.decisions[id_])
            return Limits(scale=model.inputs[id_].item.scale) if id_ in model.inputs else _OPEN
        case syntax.If():
            return _either([limits_of_node(model, compiled, part) for part in (node.then, node.otherwise)])
        case syntax.Arithmetic(operator="+" | "-" | "*"):
            return _arithmetic(node.operator, limits_of_node(model, compiled, node.left), limits_of_node(model, compiled, node.right))
        case syntax.Call(function=syntax.Name(name=name), named=()) if name not in compiled.requirements:
            if name == "count":
                return Limits(Decimal(0), None, 0)
            if name in {"min", "max"} and len(node.positional) > 1:
                return _extreme(name, [limits_of_node(model, compiled, part) for part in node.positional])
            if name in {"floor", "ceiling"} and len(node.positional) == 1:
                inner = limits_of_node(model, compiled, node.positional[0])
                rounding = f"ROUND_{name.upper()}"
                least, greatest = (end and end.to_integral_value(rounding, context=feel_context()) for end in (inner.least, inner.greatest))
                return Limits(least, greatest, 0)
    return _OPEN


def _all_known(choose: Callable[[Sequence[Any]], Any], ends: Sequence[Any]) -> Any:  # noqa: ANN401 - numbers of either kind
    return None if not ends or None in ends else choose(ends)


def _either(parts: Sequence[Limits]) -> Limits:
    """Return what is known of a number that is one of several."""
    return Limits(
        _all_known(min, [part.least for part in parts]),
        _all_known(max, [part.greatest for part in parts]),
        _all_known(max, [part.scale for part in parts]),
    )


def _extreme(name: str, parts: Sequence[Limits]) -> Limits:
    """Return what is known of the least or greatest of several numbers."""
    either = _either(parts)
    if name == "max":
        known = [part.least for part in parts if part.least is not None]
        return Limits(max(known) if known else None, either.greatest, either.scale)
    known = [part.greatest for part in parts if part.greatest is not None]
    return Limits(either.least, min(known) if known else None, either.scale)


def _arithmetic(operator: str, left: Limits, right: Limits) -> Limits:
    """Return what is known of a sum, difference or product."""
    context = feel_context()
    scales = _all_known(sum if operator == "*" else max, [left.scale, right.scale])
    if operator == "+":
        ends = ((left.least, right.least), (left.greatest, right.greatest))
        least, greatest = (_all_known(lambda both: context.add(*both), pair) for pair in ends)
        return Limits(least, greatest, scales)
    if operator == "-":
        ends = ((left.least, right.greatest), (left.greatest, right.least))
        least, greatest = (_all_known(lambda both: context.subtract(*both), pair) for pair in ends)
        return Limits(least, greatest, scales)
    is_positive = all(part.least is not None and part.least >= 0 for part in (left, right))
    return Limits(Decimal(0) if is_positive else None, None, scales)
