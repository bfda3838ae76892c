"""Lines: what the rules of a policy compare with what, and where a fact must stand for a comparison to turn.

    从业人员 <= 300                        the line is on the fact itself
    全年平均从业人数 <= 300                it is on what is made of facts: where these must stand is worked out
    年度智算合同实际额 * 0.3 > 8000000     the same

A comparison is a difference that changes its sign; as one fact moves, its root is found by secants, since most are linear.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Any

from zhida.dmn.compiled import AS_OF, CompiledDecision, CompiledTable, DecisionModel
from zhida.dmn.evaluate import ElementTrace, Evaluator
from zhida.dmn.graph import closure
from zhida.dmn.model import ItemDefinition
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate
from zhida.feel.syntax import INPUT, Node, UnaryTests
from zhida.values.types import NUMBER, is_number, list_of

Value = Any

STEPS = 4
"""Secants that are tried for a root; a linear comparison needs one."""

_EXACT = Context(prec=7_000)  # holds every FEEL number in full
_WIDE = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Line:
    """A comparison of two numbers somewhere in the rules."""

    decision_id: str
    """The decision in whose scope both sides are written."""
    left: Node
    """What is compared."""
    right: Node
    """With what."""
    reads: frozenset[str]
    """Ids of all that the two sides rest on."""
    left_id: str | None
    """The id of what the left side is, where it is a bare name."""
    right_reads: frozenset[str]
    """Ids of all that the right side rests on."""

    def is_on(self, fact_id: str) -> bool:
        """Say whether a fact itself is compared with something that does not move with it."""
        return self.left_id == fact_id and fact_id not in self.right_reads

    def side(self, evaluator: Evaluator, *, is_right: bool = False) -> Value:
        """Return the value of a side."""
        compiled = evaluator.model.decisions[self.decision_id]
        return evaluate(self.right if is_right else self.left, evaluator.frame(compiled, ElementTrace()))

    def distance(self, evaluator: Evaluator) -> Decimal | None:
        """Return by how much the left side is above the right one; None where one of them is no number."""
        left = self.side(evaluator)
        if not is_number(left):
            return None
        right = self.side(evaluator, is_right=True)
        return _WIDE.subtract(left, right) if is_number(right) else None


def lines_of(model: DecisionModel, goals: Iterable[str]) -> tuple[Line, ...]:
    """Return every comparison that may be one of numbers in all that some decisions rest on.

    What is compared inside of a loop or a function, with a value that changes from step to step, is left out.

    Args:
        model: The model.
        goals: Ids of decisions.
    """
    found: list[Line] = []
    for id_ in sorted(closure(model.requirements, goals)):
        compiled = model.decisions.get(id_)
        if compiled is None:
            continue
        known: set[tuple[str, str]] = set()
        for left, right, _ in compared(compiled):
            names = {name.name for node in (left, right) for name in syntax.free_names(node)}
            is_made_of_known = all(name in compiled.requirements or name == AS_OF or name in BUILTINS for name in names)
            words = left.span.text, right.span.text
            if is_made_of_known and not _is_literal_of_other_type(left, right) and words not in known:
                known.add(words)
                found.append(_line(model, compiled, left, right))
    return tuple(found)


def _line(model: DecisionModel, compiled: CompiledDecision, left: Node, right: Node) -> Line:
    """Return a line; a bare name stands on the left."""
    if isinstance(right, syntax.Name) and not isinstance(left, syntax.Name):
        left, right = right, left
    beneath = [
        frozenset(
            closure(
                model.requirements, [required for name in syntax.free_names(side) if (required := compiled.requirements.get(name.name))]
            )
        )
        for side in (left, right)
    ]
    left_id = compiled.requirements.get(left.name) if isinstance(left, syntax.Name) else None
    return Line(compiled.decision.id, left, right, beneath[0] | beneath[1], left_id, beneath[1])


def _is_literal_of_other_type(left: Node, right: Node) -> bool:
    return any(isinstance(node, syntax.Literal) and not isinstance(node.value, Decimal) for node in (left, right))


Compared = tuple[Node, Node, str]
"""What is compared, with what, and by which operator: `>=`, `>`, `<=`, `<`, `=` or `!=`."""


def compared(compiled: CompiledDecision) -> Iterator[Compared]:
    """Yield what a decision compares; the ends of a range are compared each with its own operator."""
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
                yield tested, item.low, ">=" if item.low_closed else ">"
            if item.high is not None:
                yield tested, item.high, "<=" if item.high_closed else "<"
        case syntax.ListLiteral():
            for element in item.elements:
                yield from _in_test(element, tested)
        case _:
            yield tested, item, "="


def _in_expression(node: Node, tested: Node | None) -> Iterator[Compared]:
    match node:
        case syntax.Comparison():
            yield _meant(node.left, tested), _meant(node.right, tested), node.operator
        case syntax.Between():
            yield _meant(node.value, tested), node.low, ">="
            yield _meant(node.value, tested), node.high, "<="
        case syntax.In():
            yield from _in_tests(node.tests, _meant(node.value, tested))
    for child in syntax.children(node):
        if not isinstance(child, UnaryTests):
            yield from _in_expression(child, tested)


def _meant(node: Node, tested: Node | None) -> Node:
    is_input = isinstance(node, syntax.Name) and node.name == INPUT
    return tested if is_input and tested is not None else node


# --- moving a fact ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Movable:
    """A number that can be moved, or a list of numbers that move together."""

    id: str
    """The id of the fact or parameter."""
    item: ItemDefinition
    """What is known of it."""

    @property
    def step(self) -> Decimal:
        """One unit of the last decimal place that is kept."""
        return Decimal(1).scaleb(-(6 if self.item.scale is None else self.item.scale))

    @property
    def is_list(self) -> bool:
        """Whether it is a list, whose elements move together by so much from where they stand."""
        return self.item.type == list_of(NUMBER)

    def start(self, value: Value) -> Decimal | None:
        """Return where a value stands: the number itself, of a list no distance at all; None where it cannot move."""
        if self.is_list:
            return Decimal(0) if isinstance(value, tuple) and value and all(map(is_number, value)) else None
        return value if is_number(value) else None

    def moved(self, value: Value, place: Decimal) -> Value:
        """Return a value moved to a place."""
        return tuple(_EXACT.add(element, place) for element in value) if self.is_list else place

    def is_usual(self, value: Value) -> bool:
        """Say whether a value lies in the usual range."""
        low, high = self.item.usual_range or (None, None)
        values = value if isinstance(value, tuple) else (value,)
        return all((low is None or low <= each) and (high is None or each <= high) for each in values)

    def on_step(self, place: Decimal) -> Decimal:
        """Return the last place that its scale can write, at or below another."""
        return (place / self.step).to_integral_value(ROUND_FLOOR) * self.step


def movable(model: DecisionModel, ids: Iterable[str]) -> tuple[Movable, ...]:
    """Return those of some elements that are numbers, or lists of numbers, told of the subject or set by the place."""
    items = ((id_, model.inputs[id_].item) for id_ in sorted(ids) if id_ in model.inputs)
    return tuple(Movable(id_, item) for id_, item in items if item.type in (NUMBER, list_of(NUMBER)))


class Mover:
    """Moves facts of one subject, evaluating each place once."""

    def __init__(self, evaluator: Evaluator) -> None:
        """Begin where a subject stands."""
        self.base = evaluator
        self.known: dict[tuple[str, Decimal], Evaluator] = {}

    def at(self, fact: Movable, place: Decimal) -> Evaluator:
        """Return the evaluation of the subject with one fact moved to a place."""
        key = (fact.id, place)
        found = self.known.get(key)
        if found is None:
            base = self.base
            inputs: Mapping[str, Value] = {**base.inputs, fact.id: fact.moved(base.inputs[fact.id], place)}
            found = self.known[key] = Evaluator(base.model, inputs, as_of=base.as_of, shared=base.shared)
        return found

    def root(self, line: Line, fact: Movable) -> Decimal | None:
        """Return the place of a fact where a comparison turns: on the line, or the last one before it; None where none was found."""
        start = fact.start(self.base.inputs.get(fact.id))
        before = None if start is None else line.distance(self.base)
        if start is None or before is None:
            return None
        if line.is_on(fact.id):
            return fact.on_step(_WIDE.subtract(start, before))
        here, ahead = (start, before), start + max(abs(start) / 64, Decimal(1)).quantize(Decimal(1))
        for _ in range(STEPS):
            after = line.distance(self.at(fact, ahead))
            if after is None or after == here[1]:
                return None
            slope = _WIDE.divide(_WIDE.subtract(after, here[1]), ahead - here[0])
            turn = fact.on_step(_WIDE.subtract(ahead, _WIDE.divide(after, slope)).quantize(Decimal("1e-12"), context=_WIDE))
            first, second = (line.distance(self.at(fact, place)) for place in (turn, turn + fact.step))
            if first is not None and second is not None and first * second <= 0:
                return turn + fact.step if second == 0 else turn
            here, ahead = (ahead, after), turn
            if ahead == here[0]:
                return None
        return None
