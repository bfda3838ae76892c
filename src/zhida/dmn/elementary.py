"""Elementary intervals: the values of a fact between which a model cannot tell any difference.

A fact that is only ever compared with other values has few elementary intervals: the bounds it is compared with, the
gaps between them and the ends. One value from each stands for all, so a missing fact can be *enumerated* and the answer
known for every value that it could have. The columns use the same intervals as their codes.

    从业人员 in cells >= 1000, >= 300, >= 20   →   19 | 20 | 21 | 300 | 301 | 1000 | 1001

A fact that also reaches arithmetic or a function cannot be enumerated, unless its type has few values anyway.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any

from zhida.dmn.compiled import AS_OF, CompiledTable, DecisionModel
from zhida.dmn.evaluate import ElementTrace, Evaluator
from zhida.dmn.graph import closure
from zhida.dmn.model import ItemDefinition
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate as evaluate_node
from zhida.feel.syntax import INPUT, Node, UnaryTests
from zhida.feel.units import format_unit
from zhida.values import temporal
from zhida.values.equality import equal, less
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date
from zhida.values.types import BOOLEAN, DATE, NUMBER, STRING
from zhida.values.unknown import find_unknown

Value = Any

_EXACT = Context(prec=7_000)  # holds every FEEL number in full

FEW_VALUES = 64
"""A code list of at most this many words is enumerated whole."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A value that something is compared with."""

    decision_id: str
    """The element in whose scope the value is written."""
    node: Node
    """The value, an expression."""
    rule: int | None = None
    """The place of the rule whose cell it stands in; None where it stands in no rule's."""

    def __reduce__(self) -> tuple[type["Bound"], tuple[object, ...]]:
        """Return what it is made of, for pickles, which hold thousands."""
        return Bound, (self.decision_id, self.node, self.rule)


@dataclass(slots=True)
class Use:
    """How a model uses a named value."""

    bounds: list[Bound] = field(default_factory=list)
    """What it is compared with, in the order of the text."""
    is_compared_only: bool = True
    """Whether it reaches nothing but comparisons and the cells of tables."""


def uses(model: DecisionModel, goals: Iterable[str], walked: dict[str, dict[str, Use]] | None = None) -> dict[str, Use]:
    """Return how each input datum and decision is used by all that `goals` rest on, by id.

    Args:
        model: The model.
        goals: Ids of decisions.
        walked: Remembers what each element by itself uses, for those who ask of several goals of one model.
    """
    walked = {} if walked is None else walked
    found: dict[str, Use] = {}
    for id_ in sorted(closure(model.requirements, goals)):
        if id_ not in walked:
            walked[id_] = _used_by(model, id_)
        for name, own in walked[id_].items():
            use = found.setdefault(name, Use())
            use.bounds += own.bounds
            use.is_compared_only = use.is_compared_only and own.is_compared_only
    return found


def _used_by(model: DecisionModel, id_: str) -> dict[str, Use]:
    """Return how an element by itself uses others; input data uses none."""
    found: dict[str, Use] = {}
    element = model.decisions.get(id_) or model.knowledge.get(id_)
    if element is None:
        return found
    walker = _Walker(id_, element.requirements, found)
    if isinstance(element.body, CompiledTable):
        walker.table(element.body)
    elif isinstance(element.body, Node):
        walker.expression(element.body)
    else:  # what is inside of a boxed expression is not looked through
        for required in element.requirements.values():
            found.setdefault(required, Use()).is_compared_only = False
    return found


class _Walker:
    """Goes through one body and notes what its names are compared with."""

    def __init__(self, decision_id: str, requirements: Mapping[str, str], found: dict[str, Use]) -> None:
        self.decision_id = decision_id
        self.requirements = requirements
        self.found = found
        self.tested: Node | None = None
        self.rule: int | None = None
        self.local = frozenset((INPUT,))

    def use(self, node: Node) -> Use | None:
        """Return the use of what a node names, or None where it is no bare name of an element."""
        node = self.meant(node)
        if isinstance(node, syntax.Name) and node.name in self.requirements:
            return self.found.setdefault(self.requirements[node.name], Use())
        return None

    def meant(self, node: Node) -> Node:
        """Return what a node stands for: `?` is what the cell tests."""
        is_input = isinstance(node, syntax.Name) and node.name == INPUT
        return self.tested if is_input and self.tested is not None else node

    def table(self, table: CompiledTable) -> None:
        """Note what the cells of a table test, and what its outputs use."""
        for column, node in enumerate(table.inputs):
            self.tested = node
            if self.use(node) is None:
                self.expression(node)
            allowed = table.allowed[column]
            if allowed is not None:
                self.tests(allowed, node)
            for place, rule in enumerate(table.rules):
                self.rule = place
                self.tests(rule.tests[column], node)
            self.tested = self.rule = None
        for node in table.nodes:
            if not isinstance(node, UnaryTests) and not any(node is clause for clause in table.inputs):
                self.expression(node)

    def tests(self, tests: UnaryTests, tested: Node) -> None:
        """Note what unary tests compare `tested` with."""
        if not tests.tests:
            return
        use = self.use(tested)
        for item in tests.tests:
            if use is not None and type(item) is syntax.Literal:  # most tests of most cells
                use.bounds.append(Bound(self.decision_id, item, self.rule))
                continue
            if isinstance(item, syntax.Condition):
                self.expression(item.expression)
                continue
            for end in ends_of(item):
                self.compared(tested, end)

    def compared(self, left: Node, right: Node) -> None:
        """Note that two values are compared: each that is a bare name has the other for a bound."""
        left, right = self.meant(left), self.meant(right)
        for named, bound in ((left, right), (right, left)):
            use = self.use(named)
            if use is None:
                self.expression(named)
            elif self.is_fixed(bound):
                use.bounds.append(Bound(self.decision_id, bound, self.rule))
            else:  # what it is compared with changes from step to step, or is an entry of a list's elements
                use.is_compared_only = False

    def is_fixed(self, bound: Node) -> bool:
        """Say whether a value is made of nothing but what the model requires: it is then the same wherever it is evaluated."""
        if isinstance(bound, syntax.Literal):
            return True
        names = {name.name for name in syntax.free_names(bound)}
        return self.local.isdisjoint(names) and all(name in self.requirements or name == AS_OF or name in BUILTINS for name in names)

    def expression(self, node: Node) -> None:
        """Go through an expression; a bare name that is not compared there is used in some other way."""
        match node:
            case syntax.Literal():
                pass
            case syntax.Comparison():
                self.compared(node.left, node.right)
            case syntax.Between() if self.use(node.value) is not None:
                self.compared(node.value, node.low)
                self.compared(node.value, node.high)
            case syntax.In() if self.use(node.value) is not None:
                self.tests(node.tests, node.value)
            case _:
                use = self.use(node)
                if use is not None:
                    use.is_compared_only = False
                outer, self.local = self.local, self.local | _declared(node)
                for child in syntax.children(node):
                    self.expression(child)
                self.local = outer


def _declared(node: Node) -> frozenset[str]:
    """Return the names that a node declares for what is inside of it."""
    match node:
        case syntax.For() | syntax.Quantified():
            return frozenset((*(iteration.name for iteration in node.iterations), "partial"))
        case syntax.FunctionLiteral():
            return frozenset(name for name, _ in node.parameters)
        case syntax.ContextLiteral():
            return frozenset(name for name, _ in node.entries)
        case syntax.Filter():
            return frozenset(("item",))
    return frozenset()


def ends_of(node: Node) -> Iterator[Node]:
    """Yield the values that a test compares with."""
    match node:
        case syntax.RangeLiteral():
            yield from (end for end in (node.low, node.high) if end is not None)
        case syntax.ListLiteral():
            for element in node.elements:
                yield from ends_of(element)
        case syntax.Condition():
            yield from _beside_input(node.expression)
        case _:
            yield node


def _beside_input(node: Node) -> Iterator[Node]:
    """Yield what an expression compares `?` with."""
    match node:
        case syntax.Comparison():
            for one, other in ((node.left, node.right), (node.right, node.left)):
                if isinstance(one, syntax.Name) and one.name == INPUT and not syntax.mentions_input(other):
                    yield other
        case syntax.Between() if isinstance(node.value, syntax.Name) and node.value.name == INPUT:
            yield from (node.low, node.high)
        case _:
            for child in syntax.children(node):
                yield from _beside_input(child)


def bound_values(use: Use, evaluator: Evaluator) -> list[Value] | None:
    """Return the values of all bounds, or None where one of them is itself unknown.

    Bounds in rules that what is known excludes are left out: no missing fact can bring these rules back.
    """
    values: list[Value] = []
    for bound in use.bounds:
        if _is_excluded(bound, evaluator):
            continue
        element = evaluator.model.decisions.get(bound.decision_id)
        if element is None:
            return None
        if isinstance(bound.node, syntax.Literal) and bound.node.is_valid:
            values.append(bound.node.value)
            continue
        value = evaluate_node(bound.node, evaluator.frame(element, ElementTrace()))
        if find_unknown(value) is not None or evaluator.run.diagnostics:
            evaluator.run.diagnostics.clear()
            return None
        values.extend(value if isinstance(value, tuple) else (value,))
    return values


def _is_excluded(bound: Bound, evaluator: Evaluator) -> bool:
    trace = evaluator.trace.get(bound.decision_id)
    return trace is not None and trace.table is not None and bound.rule in trace.table.excluded


def representatives(item: ItemDefinition, use: Use, evaluator: Evaluator) -> tuple[Value, ...] | None:
    """Return one value from each elementary interval of a fact, or None where it cannot be enumerated.

    Args:
        item: What is known of the fact: its type, scale, code list; null counts where it is nullable. The usual range
            does not count: a value outside of it is odd, not wrong.
        use: How the model uses it.
        evaluator: An evaluation in which the bounds can be computed.
    """
    null = (None,) if item.is_nullable else ()
    if item.type is BOOLEAN:
        return (True, False, *null)
    if item.type is STRING and item.allowed_values and len(item.allowed_values) <= FEW_VALUES:
        return (*item.allowed_values, *null)
    if not use.is_compared_only:
        return None
    bounds = bound_values(use, evaluator)
    if bounds is None:
        return None
    values = [value for value in bounds if value is not None]
    if item.type is NUMBER and all(isinstance(value, Decimal) for value in values):
        return (*_numbers(values, item), *null)
    if item.type is DATE and all(isinstance(value, Date) for value in values):
        days = _between(sorted({temporal.to_days(value) for value in values}), 1)
        return (*(temporal.from_days(day) for day in days), *null)
    if item.type is STRING and all(isinstance(value, str) for value in values):
        named = sorted(set(values))
        return (*dict.fromkeys(["", *(text for value in named for text in (value, value + "\u0000"))]), *null)
    return None


def _numbers(values: Sequence[Decimal], item: ItemDefinition) -> list[Decimal]:
    """Return a number from each interval that a number of this scale can lie in."""
    scale = 6 if item.scale is None else item.scale
    scaled = {value.scaleb(scale, _EXACT) for value in values}
    floors = {int(value.to_integral_value(rounding="ROUND_FLOOR")) for value in scaled}
    whole = {int(value) for value in scaled if value == value.to_integral_value()}
    # A bound finer than the scale lies between two numbers of that scale: both sides stand for it.
    found = _between(sorted(floors | {floor + 1 for floor in floors - whole}), 1)
    return [Decimal(number).scaleb(-scale, _EXACT) for number in found]


def _between(bounds: Sequence[int], step: int) -> list[int]:
    """Return the bounds with a value between each two where one fits, one below all and one above.

    >>> _between([20, 300, 301], 1)
    [19, 20, 21, 300, 301, 302]
    """
    if not bounds:
        return [0]
    return sorted({bounds[0] - step, *bounds, *(bound + step for bound in bounds)})


def fixed_lines(use: Use, evaluator: Evaluator, constants: Container[str]) -> list[tuple[Bound, Value]]:
    """Return what a named value is compared with that is the same for every subject, in the order of the text.

    Args:
        use: How the model uses it.
        evaluator: An evaluation that knows the constants.
        constants: Ids of input data that is the same for every subject: parameters.
    """
    found: list[tuple[Bound, Value]] = []
    for bound in use.bounds:
        if isinstance(bound.node, syntax.Literal):
            found.append((bound, bound.node.value))
            continue
        element = evaluator.model.decisions.get(bound.decision_id)
        if element is None:
            continue
        ids = {element.requirements.get(name.name, name.name) for name in syntax.free_names(bound.node)}
        if all(id_ in constants or id_ == AS_OF or id_ in BUILTINS for id_ in ids):
            value = evaluate_node(bound.node, evaluator.frame(element, ElementTrace()))
            evaluator.run.diagnostics.clear()
            found.extend((bound, each) for each in (value if isinstance(value, tuple) else (value,)))
    return found


def neighbours(value: Value, lines: Iterable[Value], scale: int | None) -> list[tuple[Value, Value]]:
    """Return the lines around a value, nearest first, each with a value to move to: the line itself, and just past it.

    From a line that the value stands on, it can be moved to either side; from one that is finer than the scale, only past it.

    Args:
        value: A number or a date.
        lines: What it is compared with.
        scale: Decimal places of a number; one step past a line is one of the last place.
    """
    step = Decimal(1).scaleb(-(6 if scale is None else scale))
    found: list[tuple[Value, Value]] = []
    for line in lines:
        if type(line) is not type(value) or any(equal(line, known) is True for known, _ in found):
            continue
        is_below = less(value, line) is True
        if equal(line, value) is True:
            found += [(line, _beside(line, step)), (line, _beside(line, -step))]
        elif isinstance(line, Decimal) and line != line.quantize(step, context=_EXACT):
            found.append((line, line.quantize(step, "ROUND_CEILING" if is_below else "ROUND_FLOOR", context=_EXACT)))
        else:
            found += [(line, line), (line, _beside(line, step if is_below else -step))]
    return sorted(found, key=lambda item: abs(distance(value, item[1])))


def _beside(line: Value, step: Decimal) -> Value:
    """Return the number one step from a line, or the day next to it on that side."""
    if isinstance(line, Date):
        return temporal.from_days(temporal.to_days(line) + (1 if step > 0 else -1))
    return feel_context().add(line, step)


def distance(value: Value, line: Value) -> Decimal:
    """Return how far a line is from a value: in the number's unit, or in days.

    >>> distance(Decimal(312), Decimal(300))
    Decimal('-12')
    """
    if isinstance(line, Date) and isinstance(value, Date):
        return Decimal(temporal.to_days(line) - temporal.to_days(value))
    return feel_context().subtract(line, value)


def share_of(value: Value, line: Value) -> Decimal:
    """Return the distance of a value from a line as a share of the line; days as a share of a year.

    A line at zero is never near: to have something instead of nothing is no small step.

    >>> share_of(Decimal(270), Decimal(300))
    Decimal('0.1')
    """
    if not isinstance(line, Date) and not line:
        return Decimal("Infinity")
    return abs(distance(value, line)) / (Decimal(365) if isinstance(line, Date) else abs(line))


def title_of(model: DecisionModel, id_: str) -> tuple[str, str]:
    """Return the name of an input datum or decision, and its unit: days for a date, empty where it has none."""
    data = model.inputs.get(id_)
    if data is not None:
        return data.name, "天" if data.item.type is DATE else data.item.unit
    compiled = model.decisions[id_]
    return compiled.decision.name, format_unit(compiled.shape.unit) if compiled.shape.unit else ""
