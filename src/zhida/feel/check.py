"""Names, types and units of an expression, before any data is seen (DMN 1.5, 10.3.2.9; semantics.md, Facts).

`infer` walks an expression once and returns its `Shape`; what makes no sense is a diagnostic, and the walk goes on, so
that one pass finds all. A name that nothing declares, an operator on types that it does not know, a sum of 元 and 人 are
errors; a bare literal far outside the usual range of what it is compared with (2000 written for 2000 万元) is a warning.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from zhida.errors import Diagnostic, diagnostic, nearest
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.syntax import INPUT, Node, UnaryTests
from zhida.feel.units import KEEPS_UNIT, Unit, format_unit, multiply
from zhida.values.numbers import format_number
from zhida.values.types import (
    ANY,
    BOOLEAN,
    DATE,
    DATE_TIME,
    DAYS_DURATION,
    MONTHS_DURATION,
    NULL,
    NUMBER,
    ORDERED_TYPES,
    STRING,
    TIME,
    Type,
    list_of,
    type_of,
)

SHOWN_NAMES = 12
"""How many names in scope an unknown name's diagnostic lists."""

FAR = 10
"""A literal beyond the usual range by more than this factor is far outside."""

SLIGHT = Decimal("1e-8")
"""So is one below this share of a range's top: 2000 where values reach 10**12 was meant in 万."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a value beforehand."""

    type: Type = ANY
    """Its type."""
    unit: Unit | None = None
    """Unit of a number, or of the numbers in a list; None where nobody stated one."""
    label: str = ""
    """The name that people know it by; empty for what has none."""
    usual_range: tuple[Decimal | None, Decimal | None] | None = None
    """Least and greatest usual value."""
    literal: Decimal | None = None
    """The number itself where it is written out."""
    fields: Mapping[str, "Shape"] = field(default_factory=dict)
    """Entries of a context, or of the contexts in a list."""


@dataclass(slots=True)
class Checker:
    """One pass over expressions that share a scope."""

    names: Mapping[str, Shape]
    """What each name in scope is."""
    diagnostics: list[Diagnostic] = field(default_factory=list)
    """What was found."""
    local: list[Mapping[str, Shape]] = field(default_factory=list)
    """Scopes opened inside of the expression, innermost last."""
    open_scopes: int = 0
    """How many filters over elements of unknown entries are around: in these any name may be an entry."""

    def infer(self, node: Node) -> Shape:
        """Return the shape of an expression, noting what is wrong in it."""
        return _INFERENCES[type(node)](self, node)

    def infer_tests(self, tests: UnaryTests, tested: Shape) -> None:
        """Check the tests of a cell against the shape of what they test."""
        self.local.append({INPUT: tested})
        for item in tests.tests:
            self._infer_test(item, tested)
        self.local.pop()

    def note(self, code: str, node: Node, **arguments: object) -> None:
        """Keep a diagnostic."""
        self.diagnostics.append(diagnostic(code, node.span, **arguments))

    def find(self, name: str) -> Shape | None:
        """Return the shape of a name, innermost scope first, or None where nothing declares it."""
        for scope in reversed(self.local):
            if name in scope:
                return scope[name]
        return self.names.get(name)

    def _infer_test(self, item: Node, tested: Shape) -> None:
        match item:
            case syntax.Condition():
                self.expect(item.expression, self.infer(item.expression), BOOLEAN)
            case syntax.RangeLiteral():
                for end in (item.low, item.high):
                    if end is not None:
                        self.compare(item, item.operator or "in", tested, self.infer(end), end)
            case _:
                shape = self.infer(item)
                element = replace(shape, type=shape.type.arguments[0]) if shape.type.name in {"list", "range"} else shape
                if tested.type is not BOOLEAN and element.type is BOOLEAN:
                    return
                self.compare(item, "=", tested, element, item)

    def expect(self, node: Node, shape: Shape, wanted: Type) -> None:
        """Complain of a shape that is not of the wanted type."""
        if shape.type not in (wanted, ANY, NULL):
            self.note("feel-type-expected", node, expected=wanted, found=shape.type)

    def compare(self, node: Node, operator: str, left: Shape, right: Shape, right_node: Node | None = None) -> None:
        """Check that two shapes can be compared: types, then units, then the size of a literal."""
        if ANY in (left.type, right.type) or NULL in (left.type, right.type):
            return
        ordered = operator not in {"=", "!="}
        fits = left.type == right.type or (
            left.type.name == right.type.name and left.type not in ORDERED_TYPES and left.type is not BOOLEAN
        )
        if not fits or (ordered and left.type not in ORDERED_TYPES):
            hint, hint_zh = _spelling(left.type, right.type)
            self.note(
                "feel-type-mismatch",
                right_node or node,
                operation=operator,
                left=left.type,
                right=right.type,
                hint=hint,
                hint_zh=hint_zh,
            )
            return
        self.same_unit(node, operator, left, right)
        for named, literal in ((left, right), (right, left)):
            self._usual(right_node or node, named, literal.literal)

    def same_unit(self, node: Node, operator: str, left: Shape, right: Shape) -> None:
        """Complain of two numbers whose stated units differ."""
        if left.unit is not None and right.unit is not None and left.unit != right.unit:
            self.note(
                "feel-unit-mismatch",
                node,
                operation=operator,
                left=format_unit(left.unit),
                right=format_unit(right.unit),
                left_name=f"'{left.label}'" if left.label else "the left side",
                right_name=f"'{right.label}'" if right.label else "the right side",
                left_name_zh=f"“{left.label}”" if left.label else "左边",
                right_name_zh=f"“{right.label}”" if right.label else "右边",
            )

    def _usual(self, node: Node, named: Shape, literal: Decimal | None) -> None:
        """Warn of a literal far outside the usual range of what it is compared with; zero is never far."""
        if not literal or named.usual_range is None or not named.label:
            return
        low, high = named.usual_range
        too_low = low is not None and low > 0 and 0 < literal * FAR < low
        too_low = too_low or (high is not None and 0 < literal < high * SLIGHT)
        too_high = high is not None and high > 0 and literal > high * FAR
        if too_low or too_high:
            self.note(
                "feel-literal-range",
                node,
                literal=format_number(literal),
                name=named.label,
                low="…" if low is None else format_number(low),
                high="…" if high is None else format_number(high),
                unit=format_unit(named.unit) if named.unit else "",
            )


def _spelling(left: Type, right: Type) -> tuple[str, str]:
    """Return how a value is written that was probably meant, where two types do not go together."""
    if {left, right} == {NUMBER, STRING}:
        return "a number stands without quotes, a text in quotes", "数字不加引号，文字加引号"
    if DATE in {left, right} and {left, right} & {NUMBER, STRING}:
        return 'a date is written @"2026-01-31"', '日期写作 @"2026-01-31"'
    return "", ""


# --- literals and names --------------------------------------------------------------------------------------------


def _literal(_: Checker, node: syntax.Literal) -> Shape:
    return Shape(type_of(node.value), literal=node.value if isinstance(node.value, Decimal) else None)


def _name(checker: Checker, node: syntax.Name) -> Shape:
    shape = checker.find(node.name)
    if shape is not None:
        return shape
    if node.name in BUILTINS:
        return Shape(Type("function"))
    if not checker.open_scopes:
        known = [name for scope in reversed(checker.local) for name in scope if name != INPUT] + list(checker.names)
        shown = ", ".join(known[:SHOWN_NAMES]) + (" …" if len(known) > SHOWN_NAMES else "")
        checker.note("feel-unknown-name", node, name=node.name, near=nearest(node.name, [*known, *BUILTINS]), scope=shown)
    return Shape()


def _list(checker: Checker, node: syntax.ListLiteral) -> Shape:
    shapes = [checker.infer(element) for element in node.elements]
    joined = _join(shapes)
    return replace(joined, type=list_of(joined.type), literal=None, label="")


def _join(shapes: list[Shape]) -> Shape:
    """Return what several shapes have in common; null goes with all."""
    shapes = [shape for shape in shapes if shape.type is not NULL]
    if not shapes:
        return Shape()
    first = shapes[0]
    type_ = first.type if all(shape.type == first.type for shape in shapes) else ANY
    units = {shape.unit for shape in shapes if shape.unit is not None}
    return Shape(type_, units.pop() if len(units) == 1 else None, fields=first.fields if type_ is first.type else {})


def _context(checker: Checker, node: syntax.ContextLiteral) -> Shape:
    fields: dict[str, Shape] = {}
    checker.local.append(fields)
    for key, entry in node.entries:
        fields[key] = checker.infer(entry)
    checker.local.pop()
    return Shape(Type("context", (), tuple((key, shape.type) for key, shape in fields.items())), fields=fields)


def _range(checker: Checker, node: syntax.RangeLiteral) -> Shape:
    ends = [checker.infer(end) for end in (node.low, node.high) if end is not None]
    if len(ends) == 2:
        checker.compare(node, "..", ends[0], ends[1])
    joined = _join(ends)
    return replace(joined, type=Type("range", (joined.type,)), label="", literal=None)


def _function(checker: Checker, node: syntax.FunctionLiteral) -> Shape:
    checker.local.append({name: Shape(type_ or ANY) for name, type_ in node.parameters})
    checker.infer(node.body)
    checker.local.pop()
    return Shape(Type("function"))


# --- operators -----------------------------------------------------------------------------------------------------

_DURATIONS = (DAYS_DURATION, MONTHS_DURATION)
_MOMENTS = (DATE, TIME, DATE_TIME)

_OPERATIONS: dict[str, dict[tuple[Type, Type], Type]] = {
    "+": {(NUMBER, NUMBER): NUMBER, (STRING, STRING): STRING}
    | {(moment, duration): moment for moment in _MOMENTS for duration in _DURATIONS}
    | {(duration, moment): moment for moment in _MOMENTS for duration in _DURATIONS}
    | {(duration, duration): duration for duration in _DURATIONS},
    "-": {(NUMBER, NUMBER): NUMBER}
    | {(moment, duration): moment for moment in _MOMENTS for duration in _DURATIONS}
    | {(left, right): DAYS_DURATION for left in _MOMENTS for right in _MOMENTS if (left is TIME) == (right is TIME)}
    | {(duration, duration): duration for duration in _DURATIONS},
    "*": {(NUMBER, NUMBER): NUMBER}
    | {(duration, NUMBER): duration for duration in _DURATIONS}
    | {(NUMBER, duration): duration for duration in _DURATIONS},
    "/": {(NUMBER, NUMBER): NUMBER}
    | {(duration, NUMBER): duration for duration in _DURATIONS}
    | {(duration, duration): NUMBER for duration in _DURATIONS},
    "**": {(NUMBER, NUMBER): NUMBER},
}
"""What each operator makes of which types."""


def _arithmetic(checker: Checker, node: syntax.Arithmetic) -> Shape:
    left, right = checker.infer(node.left), checker.infer(node.right)
    if ANY in (left.type, right.type) or NULL in (left.type, right.type):
        return Shape()
    result = _OPERATIONS[node.operator].get((left.type, right.type))
    if result is None:
        hint, hint_zh = "", ""
        if node.operator == "+" and STRING in (left.type, right.type):
            hint, hint_zh = "string(x) makes a text of a value", "可用 string(x) 把值变成文字"
        checker.note("feel-type-mismatch", node, operation=node.operator, left=left.type, right=right.type, hint=hint, hint_zh=hint_zh)
        return Shape()
    if result is not NUMBER or left.type is not NUMBER:
        return Shape(result)
    match node.operator:
        case "+" | "-":
            checker.same_unit(node, node.operator, left, right)
            return Shape(NUMBER, left.unit if left.unit is not None else right.unit)
        case "*":
            return Shape(NUMBER, multiply(left.unit, right.unit))
        case "/":
            return Shape(NUMBER, multiply(left.unit, right.unit, -1))
    return Shape(NUMBER)


def _negation(checker: Checker, node: syntax.Negation) -> Shape:
    shape = checker.infer(node.operand)
    if shape.type not in (NUMBER, *_DURATIONS, ANY, NULL):
        checker.note("feel-type-expected", node.operand, expected=NUMBER, found=shape.type)
        return Shape()
    return replace(shape, literal=None if shape.literal is None else -shape.literal, label="")


def _comparison(checker: Checker, node: syntax.Comparison) -> Shape:
    checker.compare(node, node.operator, checker.infer(node.left), checker.infer(node.right))
    return Shape(BOOLEAN)


def _between(checker: Checker, node: syntax.Between) -> Shape:
    value = checker.infer(node.value)
    for end in (node.low, node.high):
        checker.compare(node, "<=", value, checker.infer(end), end)
    return Shape(BOOLEAN)


def _in(checker: Checker, node: syntax.In) -> Shape:
    checker.infer_tests(node.tests, checker.infer(node.value))
    return Shape(BOOLEAN)


def _instance_of(checker: Checker, node: syntax.InstanceOf) -> Shape:
    checker.infer(node.value)
    return Shape(BOOLEAN)


def _logical(checker: Checker, node: syntax.Conjunction | syntax.Disjunction) -> Shape:
    for operand in (node.left, node.right):
        checker.expect(operand, checker.infer(operand), BOOLEAN)
    return Shape(BOOLEAN)


# --- control, paths, calls ---------------------------------------------------------------------------------------


def _if(checker: Checker, node: syntax.If) -> Shape:
    checker.expect(node.condition, checker.infer(node.condition), BOOLEAN)
    return _join([checker.infer(node.then), checker.infer(node.otherwise)])


def _iterations(checker: Checker, iterations: tuple[syntax.Iteration, ...]) -> None:
    """Open a scope for each variable of an iteration."""
    for iteration in iterations:
        domain = checker.infer(iteration.domain)
        if iteration.last is not None:
            checker.infer(iteration.last)
        element = domain.type.arguments[0] if domain.type.name in {"list", "range"} else domain.type
        checker.local.append({iteration.name: replace(domain, type=element, label="", literal=None)})


def _for(checker: Checker, node: syntax.For) -> Shape:
    _iterations(checker, node.iterations)
    checker.local.append({"partial": Shape(list_of(ANY))})
    body = checker.infer(node.body)
    del checker.local[-len(node.iterations) - 1 :]
    return replace(body, type=list_of(body.type), label="", literal=None)


def _quantified(checker: Checker, node: syntax.Quantified) -> Shape:
    _iterations(checker, node.iterations)
    checker.expect(node.condition, checker.infer(node.condition), BOOLEAN)
    del checker.local[-len(node.iterations) :]
    return Shape(BOOLEAN)


_PROPERTY_TYPES: dict[str, Type] = {"time offset": DAYS_DURATION, "timezone": STRING}


def _path(checker: Checker, node: syntax.Path) -> Shape:
    value = checker.infer(node.value)
    inner = value.type.arguments[0] if value.type.name == "list" else value.type
    if value.fields:
        if node.name not in value.fields:
            near = nearest(node.name, value.fields)
            checker.note("feel-unknown-name", node, name=node.name, near=near, scope=", ".join(value.fields))
            return Shape()
        shape = value.fields[node.name]
        return replace(shape, type=list_of(shape.type)) if value.type.name == "list" else shape
    if inner in (*_MOMENTS, *_DURATIONS):
        return Shape(_PROPERTY_TYPES.get(node.name, NUMBER))
    return Shape()


def _filter(checker: Checker, node: syntax.Filter) -> Shape:
    value = checker.infer(node.value)
    element = replace(value, type=value.type.arguments[0]) if value.type.name == "list" else value
    checker.local.append({"item": element, **value.fields})
    checker.open_scopes += not value.fields and element.type in (ANY, Type("context"))
    condition = checker.infer(node.condition)
    checker.open_scopes -= not value.fields and element.type in (ANY, Type("context"))
    checker.local.pop()
    return element if condition.type is NUMBER else replace(value, type=list_of(element.type))


def _call(checker: Checker, node: syntax.Call) -> Shape:
    arguments = [checker.infer(argument) for argument in (*node.positional, *(argument for _, argument in node.named))]
    if not isinstance(node.function, syntax.Name):
        checker.infer(node.function)
        return Shape()
    name = node.function.name
    declared = checker.find(name)
    if declared is not None:
        result = declared.type.arguments[-1] if declared.type.name == "function" and declared.type.arguments else ANY
        return Shape(result, declared.unit)
    if name not in BUILTINS:
        known = [known for known, shape in checker.names.items() if shape.type.name == "function"]
        checker.note("feel-unknown-function", node.function, name=name, near=nearest(name, [*BUILTINS, *known]))
        return Shape()
    if name in KEEPS_UNIT:
        return _kept_unit(checker, node, arguments)
    results = {signature.result for signature in BUILTINS[name].signatures}
    return Shape(results.pop() if len(results) == 1 else ANY)


def _kept_unit(checker: Checker, node: syntax.Call, arguments: list[Shape]) -> Shape:
    """Return the shape of a function whose result is in the unit of its arguments; these must agree where they are many."""
    assert isinstance(node.function, syntax.Name)
    if not arguments:
        return Shape()
    first = arguments[0]
    element = first.type.arguments[0] if first.type.name == "list" else first.type
    unit = first.unit
    if node.function.name in {"min", "max", "sum", "mean", "median"}:
        for other in arguments[1:]:
            checker.same_unit(node, node.function.name, replace(first, unit=unit), other)
            unit = other.unit if unit is None else unit
    return Shape(element, unit)


def _range_or_tests(checker: Checker, node: Any) -> Shape:  # noqa: ANN401 - unary tests are checked with what they test
    checker.infer_tests(node, checker.find(INPUT) or Shape())
    return Shape(BOOLEAN)


_INFERENCES: dict[type[Node], Callable[[Checker, Any], Shape]] = {
    syntax.Literal: _literal,
    syntax.Name: _name,
    syntax.ListLiteral: _list,
    syntax.ContextLiteral: _context,
    syntax.RangeLiteral: _range,
    syntax.FunctionLiteral: _function,
    syntax.Negation: _negation,
    syntax.Arithmetic: _arithmetic,
    syntax.Comparison: _comparison,
    syntax.Between: _between,
    syntax.In: _in,
    syntax.InstanceOf: _instance_of,
    syntax.Conjunction: _logical,
    syntax.Disjunction: _logical,
    syntax.If: _if,
    syntax.For: _for,
    syntax.Quantified: _quantified,
    syntax.Path: _path,
    syntax.Filter: _filter,
    syntax.Call: _call,
    syntax.UnaryTests: _range_or_tests,
}
"""What each kind of node comes to."""
