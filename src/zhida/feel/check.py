"""Names, types and units of an expression, before any data is seen (DMN 1.5, 10.3.2.9; semantics.md, Facts).

`infer` walks an expression once and returns its `Shape`; what makes no sense is a diagnostic, and the walk goes on, so
that one pass finds all. A name that nothing declares, an operator on types that it does not know, a sum of 元 and 人 are
errors; a bare literal far outside the usual range of what it is compared with (2000 written for 2000 万元) is a warning.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from zhida.errors import Diagnostic, diagnostic, nearest
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.shape import Shape, join, shape_of_type
from zhida.feel.slips import PERHAPS_THOUSANDS, in_words
from zhida.feel.syntax import INPUT, PARTIAL, Node, UnaryTests
from zhida.feel.units import AGREEING, KEEPS_LIST, KEEPS_UNIT, format_unit, multiply, raised
from zhida.values.numbers import format_number
from zhida.values.text import excerpt
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

_MOST_SUGGESTIONS = 50
SHOWN_NAMES = 12
"""How many names in scope an unknown name's diagnostic lists."""

FAR = 10
"""A literal beyond the usual range by more than this factor is far outside."""

SLIGHT = Decimal("1e-7")
"""One below this share of a range's top is next to nothing: 2000 where values reach 10**12 was meant in 万."""

TEN_THOUSAND = Decimal(10_000)
"""万."""

LONG = 20
"""A number with so many digits or more is shown in scientific form."""


@dataclass(slots=True)
class Checker:
    """One pass over expressions that share a scope."""

    names: Mapping[str, Shape]
    """What each name in scope is."""
    diagnostics: list[Diagnostic] = field(default_factory=list)
    """What was found."""
    local: list[Mapping[str, Shape]] = field(default_factory=list)
    """Scopes opened inside of the expression, innermost last."""
    infer_call: Callable[[str, list[Shape], Mapping[str, Shape], Node], Shape | None] | None = None
    """Infers what a declared function makes of the shapes of its arguments, by position or by name; None where it cannot."""
    open_scopes: int = 0
    """How many filters over elements of unknown entries are around: in these any name may be an entry."""

    def infer(self, node: Node) -> Shape:
        """Return the shape of an expression, noting what is wrong in it."""
        return _INFERENCES[type(node)](self, node)

    def infer_beside(self, node: Node, other: Shape) -> Shape:
        """Return the shape of what is compared with a value: beside a text, a name that nothing declares may be a text."""
        return _name(self, node, beside=other.type) if isinstance(node, syntax.Name) else self.infer(node)

    def infer_tests(self, tests: UnaryTests, tested: Shape) -> None:
        """Check the tests of a cell against the shape of what they test."""
        self.local.append({INPUT: tested})
        for item in tests.tests:
            self._infer_test(item, tested)
        self.local.pop()

    def note(self, code: str, node: Node, **arguments: object) -> None:
        """Keep a diagnostic."""
        self.diagnostics.append(diagnostic(code, node.span, **arguments))

    def nearest(self, word: str, candidates: Iterable[str]) -> str:
        """Return the candidate that is spelled most like `word`; after many mistakes nobody asks, and to look for it takes long."""
        return nearest(word, candidates) if len(self.diagnostics) < _MOST_SUGGESTIONS else ""

    def find(self, name: str) -> Shape | None:
        """Return the shape of a name, innermost scope first, or None where nothing declares it."""
        for scope in reversed(self.local):
            if name in scope:
                return scope[name]
        return self.names.get(name)

    def _infer_test(self, item: Node, tested: Shape) -> None:
        match item:
            case syntax.Condition():
                self.infer(item)
            case syntax.RangeLiteral():
                for end in (item.low, item.high):
                    if end is not None:
                        self.compare(item, item.operator or "in", tested, self.infer(end), end)
            case _:
                element = _compared_with(self.infer_beside(item, tested), tested)
                if tested.type is not BOOLEAN and element.type is BOOLEAN:
                    return
                self.compare(item, "=", tested, element, item)
                if isinstance(item, syntax.ListLiteral):
                    for part in item.elements:
                        self.one_of(part, tested)

    def expect(self, node: Node, shape: Shape, wanted: Type) -> None:
        """Complain of a shape that is not of the wanted type."""
        if shape.type not in (wanted, ANY, NULL):
            self.note("feel-type-expected", node, expected=wanted, found=shape.type)

    def compare(self, node: Node, operator: str, left: Shape, right: Shape, right_node: Node | None = None) -> None:
        """Check that two shapes can be compared: types, then units, then the size of a literal."""
        if ANY in (left.type, right.type) or NULL in (left.type, right.type):
            return
        ordered = operator not in {"=", "!="}  # a range of strings may end between two values of a code list
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
            if isinstance(literal.literal, Decimal):
                self._usual(right_node or node, named, literal.literal)
            elif not ordered and isinstance(literal.literal, str):
                self._listed(right_node or node, named, literal.literal)

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

    def agree(self, node: Node, operation: str, shapes: Sequence[Shape]) -> None:
        """Complain of the first of several numbers whose unit is not that of those before it."""
        known = [shape for shape in shapes if shape.unit is not None]
        for shape in known[1:]:
            if shape.unit != known[0].unit:
                self.same_unit(node, operation, known[0], shape)
                return

    def one_of(self, node: Node, named: Shape) -> None:
        """Complain of a string written out that is not in the code list of what it is compared with."""
        if isinstance(node, syntax.Literal) and isinstance(node.value, str):
            self._listed(node, named, node.value)

    def _listed(self, node: Node, named: Shape, literal: str) -> None:
        values = named.allowed_values or named.allowed_beginnings
        if values is None or (literal in values if named.allowed_values else literal.startswith(values)):
            return
        if isinstance(node, syntax.Comparison):
            node = next((side for side in (node.right, node.left) if isinstance(side, syntax.Literal)), node)
        shown = [f'"{value}"' for value in values[:SHOWN_NAMES]]
        more = " …" if len(values) > SHOWN_NAMES else ""
        self.note(
            "feel-not-in-list",
            node,
            value=excerpt(literal),
            name=named.label,
            near=self.nearest(literal, values),
            values=", ".join(shown) + more,
            values_zh="、".join(shown) + more,
        )

    def _usual(self, node: Node, named: Shape, literal: Decimal) -> None:
        """Warn of a literal far outside the usual range of what it is compared with; zero is never far."""
        if not literal or named.usual_range is None or not named.label:
            return
        low, high = named.usual_range
        too_low = low is not None and low > 0 and 0 < literal * FAR < low
        if not too_low and high is not None and 0 < literal < high * SLIGHT:
            unit, larger = format_unit(named.unit) if named.unit else "", format_number(literal * TEN_THOUSAND)
            self.note("feel-literal-slight", node, literal=_short(literal), name=named.label, high=_short(high), unit=unit, larger=larger)
            return
        too_high = high is not None and high > 0 and literal > high * FAR
        if too_low or too_high:
            self.note(
                "feel-literal-range",
                node,
                literal=_short(literal),
                name=named.label,
                low="…" if low is None else _short(low),
                high="…" if high is None else _short(high),
                unit=format_unit(named.unit) if named.unit else "",
            )


def _compared_with(shape: Shape, tested: Shape) -> Shape:
    """Return what a test compares a value with: the elements of a list, the ends of its ranges; for a list, a list (table 55)."""
    element = shape.element
    if shape.type.name == tested.type.name == "list" and element.type.name != "list" and element.type is not ANY:
        return shape
    return element.element if element.type.name == "range" and tested.type.name != "range" else element


def _short(number: Decimal) -> str:
    """Return a number as it is written, or in scientific form where that would fill the screen.

    >>> _short(Decimal("30000000")), _short(Decimal("1e6144"))
    ('30000000', '1e+6144')
    """
    if abs(number.adjusted()) < LONG:
        return format_number(number)
    return re.sub(r"\.?0*e", "e", format(number, ".5e"))


def _spelling(left: Type, right: Type) -> tuple[str, str]:
    """Return how a value is written that was probably meant, where two types do not go together."""
    if {left, right} == {NUMBER, STRING}:
        return "a number stands without quotes, a text in quotes", "数字不加引号，文字加引号"
    if DATE in {left, right} and {left, right} & {NUMBER, STRING}:
        return 'a date is written @"2026-01-31"', '日期写作 @"2026-01-31"'
    return "", ""


# --- literals and names --------------------------------------------------------------------------------------------


def _literal(checker: Checker, node: syntax.Literal) -> Shape:
    if isinstance(node.value, Decimal):
        _thousands(checker, node)
    return Shape(type_of(node.value), literal=node.value if isinstance(node.value, Decimal | str) else None)


def _thousands(checker: Checker, node: syntax.Literal) -> None:
    """Warn of `1,200`: numbers with nothing but commas between them, which could have been meant as one."""
    source, start = node.span.source, node.span.start
    found = PERHAPS_THOUSANDS.match(source.text, start)
    is_later_group = re.search("[0-9],$", source.text[max(start - 2, 0) : start])
    if found and not is_later_group:
        text = found[0]
        span = replace(node.span, end=start + len(text))
        checker.diagnostics.append(diagnostic("feel-thousands", span, text=text, count=text.count(",") + 1, number=text.replace(",", "")))


def _name(checker: Checker, node: syntax.Name, *, beside: Type = ANY) -> Shape:
    shape = checker.find(node.name)
    if shape is not None:
        return shape
    if node.name in BUILTINS:
        return Shape(Type("function"))
    if not checker.open_scopes:
        known = [name for scope in reversed(checker.local) for name in scope if name != INPUT] + list(checker.names)
        instead = in_words(node.name)
        quoted = f'"{node.name}"' if beside is STRING and not instead else ""
        near = "" if instead else checker.nearest(node.name, [*known, *BUILTINS])
        shown = _enumerated([] if instead or quoted else known)
        checker.note("feel-unknown-name", node, name=node.name, near=near, instead=instead, quoted=quoted, **shown)
    return Shape()


def _enumerated(names: Sequence[str]) -> dict[str, str]:
    """Return the names in scope as they are enumerated in each language."""
    more = " …" if len(names) > SHOWN_NAMES else ""
    return {"scope": ", ".join(names[:SHOWN_NAMES]) + more, "scope_zh": "、".join(names[:SHOWN_NAMES]) + more}


def _list(checker: Checker, node: syntax.ListLiteral) -> Shape:
    shapes = [checker.infer(element) for element in node.elements]
    checker.agree(node, "[ ]", shapes)
    return join(shapes).in_list


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
    joined = join(ends)
    return replace(joined, type=Type("range", (joined.type,)), label="", literal=None)


def _function(checker: Checker, node: syntax.FunctionLiteral) -> Shape:
    checker.local.append({name: shape_of_type(type_ or ANY, name) for name, type_ in node.parameters})
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
    return Shape(NUMBER, raised(left.unit, right.literal))


def _negation(checker: Checker, node: syntax.Negation) -> Shape:
    shape = checker.infer(node.operand)
    if shape.type not in (NUMBER, *_DURATIONS, ANY, NULL):
        checker.note("feel-type-expected", node.operand, expected=NUMBER, found=shape.type)
        return Shape()
    return replace(shape, literal=shape.literal.copy_negate() if isinstance(shape.literal, Decimal) else None, label="")


def _comparison(checker: Checker, node: syntax.Comparison) -> Shape:
    left = checker.infer(node.left)
    checker.compare(node, node.operator, left, checker.infer_beside(node.right, left))
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
    branches = [checker.infer(node.then), checker.infer(node.otherwise)]
    checker.agree(node, "if", branches)
    return join(branches)


def _iterations(checker: Checker, iterations: tuple[syntax.Iteration, ...]) -> None:
    """Open a scope for each variable of an iteration."""
    for iteration in iterations:
        domain = checker.infer(iteration.domain)
        if iteration.last is not None:
            checker.infer(iteration.last)
        checker.local.append({iteration.name: replace(domain.element, literal=None)})


def _for(checker: Checker, node: syntax.For) -> Shape:
    _iterations(checker, node.iterations)
    checker.local.append({PARTIAL: Shape(list_of(ANY))})
    body = checker.infer(node.body)
    del checker.local[-len(node.iterations) - 1 :]
    return body.in_list


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
            near = checker.nearest(node.name, value.fields)
            checker.note("feel-unknown-name", node, name=node.name, near=near, **_enumerated(list(value.fields)))
            return Shape()
        shape = value.fields[node.name]
        return shape.in_list if value.type.name == "list" else shape
    if inner in (*_MOMENTS, *_DURATIONS):
        return Shape(_PROPERTY_TYPES.get(node.name, NUMBER))
    return Shape()


def _filter(checker: Checker, node: syntax.Filter) -> Shape:
    value = checker.infer(node.value)
    element = value.element if value.type.name == "list" else value
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
        return _declared_call(checker, node, name, declared, arguments)
    if name not in BUILTINS:
        known = [known for known, shape in checker.names.items() if shape.type.name == "function"]
        checker.note("feel-unknown-function", node.function, name=name, near=checker.nearest(name, [*BUILTINS, *known]))
        return Shape()
    if name == "list contains" and len(arguments) == 2:
        _contains(checker, node, arguments)
    if name in AGREEING:
        checker.agree(node, name, arguments)
    if arguments and name in KEEPS_UNIT:
        return Shape(arguments[0].element.type, join(arguments if name in AGREEING else arguments[:1]).unit)
    if arguments and name in KEEPS_LIST:
        return _kept_list(name, arguments)
    results = {signature.result for signature in BUILTINS[name].signatures}
    return Shape(results.pop() if len(results) == 1 else ANY)


def _kept_list(name: str, arguments: list[Shape]) -> Shape:
    """Return the shape of a list that holds what is in lists; `append` takes single things as well, `flatten` goes into lists."""
    elements = [argument.element for argument in arguments if name == "append" or argument.type.name == "list"]
    while name == "flatten" and any(element.type.name == "list" for element in elements):
        elements = [element.element for element in elements]
    return join(elements).in_list


def _declared_call(checker: Checker, node: syntax.Call, name: str, declared: Shape, arguments: list[Shape]) -> Shape:
    """Return the shape of a call of what the model or the expression declares."""
    if checker.infer_call is not None and name in checker.names and not any(name in scope for scope in checker.local):
        positional, rest = arguments[: len(node.positional)], arguments[len(node.positional) :]
        named = {parameter: shape for (parameter, _), shape in zip(node.named, rest, strict=True)}
        found = checker.infer_call(name, positional, named, node)
        if found is not None:
            return found
    result = declared.type.arguments[-1] if declared.type.name == "function" and declared.type.arguments else ANY
    return replace(shape_of_type(result), unit=declared.unit)


def _contains(checker: Checker, node: syntax.Call, arguments: list[Shape]) -> None:
    """Check `list contains` like the comparison that it is, as far as units and code lists go."""
    elements, sought = arguments
    checker.same_unit(node, "list contains", elements.element, sought)
    if node.positional:
        checker.one_of(node.positional[1], elements)
        if isinstance(node.positional[0], syntax.ListLiteral):
            for part in node.positional[0].elements:
                checker.one_of(part, sought)


def _condition(checker: Checker, node: syntax.Condition) -> Shape:
    checker.expect(node.expression, checker.infer(node.expression), BOOLEAN)
    return Shape(BOOLEAN)


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
    syntax.Condition: _condition,
    syntax.UnaryTests: _range_or_tests,
}
"""What each kind of node comes to."""
