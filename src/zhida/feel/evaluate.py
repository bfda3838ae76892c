"""Nodes to values: one function for each kind of node, in the order of the language (DMN 1.5, 10.3.2).

This interpreter is the specification: short, obvious, never clever. A mistake at run time is null plus a diagnostic. A
fact that we have not been told is `Unknown`, and so is what rests on it, unless every value it could have gives the
same result.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any

from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS, call_builtin
from zhida.feel.run import MAX_STEPS, Frame
from zhida.feel.syntax import INPUT, Node, UnaryTests
from zhida.values import temporal
from zhida.values.equality import contains, equal, less
from zhida.values.function import Function
from zhida.values.logic import Truth, conjunction, disjunction, negation, truth
from zhida.values.range import Range
from zhida.values.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from zhida.values.text import excerpt
from zhida.values.types import ANY, Type, conforms, type_of
from zhida.values.unknown import Unknown, find_unknown, merge

Value = Any


def evaluate(node: Node, frame: Frame) -> Value:
    """Return the value of an expression.

    Args:
        node: What `parse_expression` returned.
        frame: The variables in scope, and the run that collects diagnostics.
    """
    return _EVALUATORS[type(node)](node, frame)


def test(tests: UnaryTests, value: Value, frame: Frame) -> Truth:
    """Return whether `value` passes the unary tests of a cell (DMN 1.5, 10.3.2.8 and table 54, 7 to 17)."""
    if not tests.tests:
        return True
    inner = frame.inner({INPUT: value})
    passed = disjunction(_passes(item, value, inner) for item in tests.tests)
    return negation(passed) if tests.is_negated else passed


def _passes(item: Node, value: Value, frame: Frame) -> Truth:
    """Return whether `value` passes one test."""
    if isinstance(item, syntax.RangeLiteral):
        if item.operator:
            return _compare(item.operator, value, evaluate(item.operand, frame), item, frame)
        return _within(value, evaluate(item, frame), item, frame)
    if isinstance(item, syntax.Condition):
        return truth(evaluate(item.expression, frame))
    result = evaluate(item, frame)
    if isinstance(result, Unknown):
        return result
    return _matches(value, result, item, frame)


def _matches(value: Value, result: Value, item: Node, frame: Frame) -> Truth:
    """Return whether `value` is what a test came to: equal to it, or an element of it."""
    if isinstance(value, Unknown):
        return value
    match result:
        case Range():
            return _within(value, result, item, frame)
        case tuple() if not isinstance(value, tuple):
            return disjunction(_matches(value, element, item, frame) for element in result)
        case bool() if not isinstance(value, bool) and value is not None:
            return result
    return _compare("=", value, result, item, frame)


# --- literals and names --------------------------------------------------------------------------------------------


def _literal(node: syntax.Literal, frame: Frame) -> Value:
    if not node.is_valid:
        frame.run.note("feel-bad-literal", node.span, text=node.span.text)
    return node.value


def _name(node: syntax.Name, frame: Frame) -> Value:
    found, value = frame.find(node.name)
    if found:
        return value
    builtin = BUILTINS.get(node.name)
    if builtin is not None:
        return Function(node.name, builtin.parameter_names, lambda arguments: call_builtin(builtin, frame.run, arguments, {}))
    frame.run.note("feel-unknown-name", node.span, name=node.name, near="", scope="")
    return None


def _list(node: syntax.ListLiteral, frame: Frame) -> Value:
    return tuple([evaluate(element, frame) for element in node.elements])


def _context(node: syntax.ContextLiteral, frame: Frame) -> Value:
    entries: dict[str, Value] = {}
    inner = frame.inner(entries)
    for key, entry in node.entries:
        if key in entries:
            frame.run.note("feel-duplicate-key", node.span, name=key)
            return None
        entries[key] = evaluate(entry, inner)
    return entries


def _range(node: syntax.RangeLiteral, frame: Frame) -> Value:
    low = None if node.low is None else evaluate(node.low, frame)
    high = None if node.high is None else evaluate(node.high, frame)
    unknown = merge((low, high))
    if unknown is not None:
        return unknown
    if not node.operator and low is not None and high is not None and less(low, high) is None:
        frame.run.note("feel-incomparable", node.span, operation="..", left=excerpt(low), right=excerpt(high))
        return None
    return Range(low, high, node.low_closed, node.high_closed, node.operator)


def _function(node: syntax.FunctionLiteral, frame: Frame) -> Value:
    if node.is_external:
        frame.run.note("feel-external", node.span)
        return None
    names = tuple(name for name, _ in node.parameters)
    types = tuple(type_ or ANY for _, type_ in node.parameters)

    def invoke(arguments: tuple[Value, ...]) -> Value:
        coerced = []
        for name, type_, argument in zip(names, types, arguments, strict=True):
            value, fits = coerce(argument, type_)
            if not fits:
                frame.run.note("feel-bad-argument", node.span, function="function", parameter=name, value=excerpt(argument), expected=type_)
                return None
            coerced.append(value)
        return evaluate(node.body, frame.inner(dict(zip(names, coerced, strict=True))))

    return Function("", names, invoke)


# --- arithmetic ------------------------------------------------------------------------------------------------------


def _negation(node: syntax.Negation, frame: Frame) -> Value:
    operand = evaluate(node.operand, frame)
    if type(operand) is Decimal:
        return operand.copy_negate() if operand else operand
    if isinstance(operand, Unknown):
        return operand
    result = temporal.negate(operand)
    if result is None:
        _bad_operands(node, "-", operand, None, frame)
    return result


def _arithmetic(node: syntax.Arithmetic, frame: Frame) -> Value:
    left = evaluate(node.left, frame)
    right = evaluate(node.right, frame)
    if type(left) is Decimal and type(right) is Decimal:
        return _number_operation(node, left, right, frame)
    unknown = merge((left, right))
    if unknown is not None:
        return unknown
    if node.operator == "+" and isinstance(left, str) and isinstance(right, str):
        return left + right
    result: Value = None
    match node.operator:
        case "+":
            result = temporal.add(left, right)
        case "-":
            result = temporal.subtract(left, right)
        case "*":
            result = temporal.multiply(left, right)
        case "/":
            result = temporal.divide(left, right, context=frame.run.context)
    if result is None:
        _bad_operands(node, node.operator, left, right, frame)
    return result


def _number_operation(node: syntax.Arithmetic, left: Decimal, right: Decimal, frame: Frame) -> Decimal | None:
    context = frame.run.context
    try:
        match node.operator:
            case "+":
                return context.add(left, right)
            case "-":
                return context.subtract(left, right)
            case "*":
                return context.multiply(left, right)
            case "/":
                return context.divide(left, right)
        result = context.power(left, right)
        if result.is_finite():  # 0 ** -1 is infinite, and decimal does not trap it
            return result
        _bad_operands(node, "**", left, right, frame)
    except Overflow:
        frame.run.note("feel-number-overflow", node.span, operation=node.operator)
    except (DivisionByZero, InvalidOperation):
        if node.operator == "/":
            frame.run.note("feel-division-by-zero", node.span, left=excerpt(left))
        else:
            _bad_operands(node, node.operator, left, right, frame)
    return None


def _bad_operands(node: Node, operation: str, left: Value, right: Value, frame: Frame) -> None:
    """Note that an operator met what it does not work on; null is told from what is simply wrong."""
    binary = not isinstance(node, syntax.Negation)
    code = "feel-null-operand" if left is None or (binary and right is None) else "feel-bad-operand"
    frame.run.note(code, node.span, operation=operation, left=excerpt(left), right=excerpt(right) if binary else "-")


# --- comparison ------------------------------------------------------------------------------------------------------


def _comparison(node: syntax.Comparison, frame: Frame) -> Value:
    return _compare(node.operator, evaluate(node.left, frame), evaluate(node.right, frame), node, frame)


_KNOWN_SCALARS = frozenset((Decimal, str, bool, Date))
"""Types whose values neither are nor hold an unknown; most of what is compared is one of these."""


def _compare(operator: str, left: Value, right: Value, node: Node, frame: Frame) -> Truth:
    """Return `left operator right`; what cannot be compared is null with a diagnostic."""
    if type(left) not in _KNOWN_SCALARS or type(right) not in _KNOWN_SCALARS:
        unknown = merge((left, right))
        if unknown is not None:
            return unknown
    result: bool | None
    match operator:
        case "=":
            result = equal(left, right)
        case "!=":
            result = negation(equal(left, right))  # type: ignore[assignment]
        case "<":
            result = less(left, right)
        case ">":
            result = less(right, left)
        case "<=":
            result = negation(less(right, left))  # type: ignore[assignment]
        case _:
            result = negation(less(left, right))  # type: ignore[assignment]
    if result is None:
        code = "feel-null-operand" if left is None or right is None else "feel-incomparable"
        frame.run.note(code, node.span, operation=operator, left=excerpt(left), right=excerpt(right))
    return result


def _within(value: Value, range_: Value, node: Node, frame: Frame) -> Truth:
    """Return whether a value lies in a range."""
    unknown = merge((value, range_))
    if unknown is not None:
        return unknown
    if not isinstance(range_, Range):
        return None
    result = contains(range_, value)
    if result is None:
        code = "feel-null-operand" if value is None else "feel-incomparable"
        frame.run.note(code, node.span, operation="in", left=excerpt(value), right=excerpt(range_))
    return result


def _between(node: syntax.Between, frame: Frame) -> Value:
    value = evaluate(node.value, frame)
    low = evaluate(node.low, frame)
    high = evaluate(node.high, frame)
    unknown = merge((value, low, high))
    if unknown is not None:  # any of them could be null, and then so is the answer: one bound that fails does not settle it
        return unknown
    if None in (value, low, high):
        frame.run.note(
            "feel-null-operand",
            node.span,
            operation="between",
            left=excerpt(value),
            right=f"{excerpt(low)}, {excerpt(high)}",
        )
        return None
    return conjunction((_compare(">=", value, low, node, frame), _compare("<=", value, high, node, frame)))


def _in(node: syntax.In, frame: Frame) -> Value:
    value = evaluate(node.value, frame)
    return disjunction(_is_in(item, value, frame) for item in node.tests.tests)


def _is_in(item: Node, value: Value, frame: Frame) -> Truth:
    """Return whether `value in item`: like a cell's test, but without `?`, and a list may hold lists and ranges."""
    if isinstance(item, syntax.RangeLiteral) and item.operator:
        return _compare(item.operator, value, evaluate(item.operand, frame), item, frame)
    return _is_member(value, evaluate(item, frame), item, frame)


def _is_member(value: Value, result: Value, item: Node, frame: Frame) -> Truth:
    unknown = merge((value, result)) if isinstance(value, Unknown) or isinstance(result, Unknown) else None
    if unknown is not None:
        return unknown
    if isinstance(result, Range):
        return _within(value, result, item, frame)
    if isinstance(result, tuple):
        whole = equal(value, result) if isinstance(value, tuple) else False
        parts = (_is_member(value, element, item, frame) if isinstance(element, Range) else _equals(value, element) for element in result)
        return disjunction((whole, *parts))
    return _compare("=", value, result, item, frame)


def _equals(left: Value, right: Value) -> Truth:
    """Return whether an element of a list is the value; one of another type is not."""
    unknown = merge((left, right))
    return unknown if unknown is not None else equal(left, right) is True


def _instance_of(node: syntax.InstanceOf, frame: Frame) -> Value:
    value = evaluate(node.value, frame)
    unknown = find_unknown(value)
    if unknown is not None:
        return unknown
    if node.type_ is None:
        return None
    return value is not None and conforms(value, node.type_)


def _logical(node: syntax.Conjunction | syntax.Disjunction, frame: Frame) -> Value:
    """Return `a and b` or `a or b`; where one side settles it, nothing that is odd in the other matters, on whichever side."""
    settles = isinstance(node, syntax.Disjunction)
    diagnostics = frame.run.diagnostics
    start = len(diagnostics)
    left = evaluate(node.left, frame)
    if left is settles:
        return settles
    middle = len(diagnostics)
    right = evaluate(node.right, frame)
    if right is settles:
        del diagnostics[start:middle]
    return disjunction((left, right)) if settles else conjunction((left, right))


# --- control -------------------------------------------------------------------------------------------------------


def _if(node: syntax.If, frame: Frame) -> Value:
    condition = evaluate(node.condition, frame)
    if isinstance(condition, Unknown):
        return _either(condition, node, frame)
    if not isinstance(condition, bool) and condition is not None:
        frame.run.note("feel-bad-condition", node.span, value=excerpt(condition))
    return evaluate(node.then if condition is True else node.otherwise, frame)


def _either(condition: Unknown, node: syntax.If, frame: Frame) -> Value:
    """Return what both branches agree on without anything odd, else an unknown that lacks what the condition and they lack."""
    before = len(frame.run.diagnostics)
    results = (evaluate(node.then, frame), evaluate(node.otherwise, frame))
    is_odd = len(frame.run.diagnostics) > before
    del frame.run.diagnostics[before:]  # which branch is taken is not known, so neither is whether it is odd
    if not is_odd and merge(results) is None and equal(*results) is True:
        return results[0]
    return merge((condition, *results))


def _for(node: syntax.For, frame: Frame) -> Value:
    results: list[Value] = []

    def step(inner: Frame) -> None:
        results.append(evaluate(node.body, inner.inner({"partial": tuple(results)})))

    failure = _iterate(node.iterations, frame, node, step)
    return tuple(results) if failure is None else failure.value


def _quantified(node: syntax.Quantified, frame: Frame) -> Value:
    results: list[Value] = []
    failure = _iterate(node.iterations, frame, node, lambda inner: results.append(evaluate(node.condition, inner)))
    if failure is not None:
        return failure.value
    return conjunction(results) if node.is_every else disjunction(results)


class _Failure:
    """Why an iteration came to nothing: null, or an unknown."""

    def __init__(self, value: Value) -> None:
        self.value = value


def _iterate(iterations: tuple[syntax.Iteration, ...], frame: Frame, node: Node, step: Callable[[Frame], None]) -> _Failure | None:
    """Call `step` for each combination of the variables; later ones vary faster."""
    if not iterations:
        step(frame)
        return None
    domain = _domain(iterations[0], frame, node)
    if isinstance(domain, _Failure):
        return domain
    for element in domain:
        failure = _iterate(iterations[1:], frame.inner({iterations[0].name: element}), node, step)
        if failure is not None:
            return failure
    return None


def _domain(iteration: syntax.Iteration, frame: Frame, node: Node) -> Iterable[Value] | _Failure:
    """Return the values that a variable runs through."""
    first = evaluate(iteration.domain, frame)
    last = None if iteration.last is None else evaluate(iteration.last, frame)
    unknown = merge(item for item in (first, last) if isinstance(item, Unknown))
    if unknown is not None:
        return _Failure(unknown)
    steps: range | None = None
    if iteration.last is not None:
        begin, end = first, last
        steps = _steps(begin, end, downwards=True)
    elif isinstance(first, Range):
        begin, end = first.low, first.high
        steps = _steps(begin, end, downwards=False)
        steps = steps and steps[0 if first.low_closed else 1 : None if first.high_closed else -1]
    elif isinstance(first, tuple):
        return first
    elif first is not None:
        return (first,)
    if steps is None:
        shown = excerpt(first) if iteration.last is None else f"{excerpt(first)}..{excerpt(last)}"
        frame.run.note("feel-bad-iteration", node.span, value=shown)
        return _Failure(None)
    if steps[MAX_STEPS:]:
        frame.run.note("feel-too-long", node.span, limit=MAX_STEPS, first=excerpt(begin), last=excerpt(end))
        return _Failure(None)
    return [temporal.from_days(step) if isinstance(begin, Date) else Decimal(step) for step in steps]


def _steps(first: Value, last: Value, *, downwards: bool) -> range | None:
    """Return the whole numbers or the days from `first` to `last`, or None where these do not say such."""
    if isinstance(first, Decimal) and isinstance(last, Decimal) and first == int(first) and last == int(last):
        start, end = int(first), int(last)
    elif type(first) is Date and type(last) is Date:
        start, end = temporal.to_days(first), temporal.to_days(last)
    else:
        return None
    if start <= end:
        return range(start, end + 1)
    return range(start, end - 1, -1) if downwards else None


# --- paths, filters, calls ---------------------------------------------------------------------------------------


def _path(node: syntax.Path, frame: Frame) -> Value:
    return _entry(evaluate(node.value, frame), node, frame)


def _entry(value: Value, node: syntax.Path, frame: Frame) -> Value:
    """Return an entry of a context, a property of a value, or one of each for a list."""
    match value:
        case Unknown():
            return value
        case tuple():
            return tuple([element.get(node.name) if isinstance(element, dict) else _entry(element, node, frame) for element in value])
        case dict() if node.name in value:
            return value[node.name]
        case Range() if node.name in _RANGE_PROPERTIES:
            return _RANGE_PROPERTIES[node.name](value)
        case Date() | Time() | DateTime() | DaysDuration() | MonthsDuration():
            if node.name in temporal.PROPERTIES.get(type(value), ()):
                return temporal.property_of(value, node.name)
    frame.run.note("feel-no-entry", node.span, name=node.name, value=excerpt(value))
    return None


_RANGE_PROPERTIES: dict[str, Callable[[Range], Value]] = {
    "start": lambda range_: range_.low,
    "end": lambda range_: range_.high,
    "start included": lambda range_: range_.low_closed,
    "end included": lambda range_: range_.high_closed,
}


def _filter(node: syntax.Filter, frame: Frame) -> Value:
    value = evaluate(node.value, frame)
    if isinstance(value, Unknown):
        return value
    elements = value if isinstance(value, tuple) else () if value is None else (value,)
    position = _position(node.condition, elements, frame)
    if isinstance(position, Decimal):
        return _element(elements, position)
    results = [evaluate(node.condition, _element_frame(element, elements, frame)) for element in elements]
    unknown = merge([result for result in (position, *results) if isinstance(result, Unknown)])
    if unknown is not None:
        return unknown
    return tuple([element for element, result in zip(elements, results, strict=True) if result is True])


def _position(condition: Node, elements: tuple[Value, ...], frame: Frame) -> Value:
    """Return what a condition comes to where no element is looked at: a number is a position, for an empty list too."""
    before = len(frame.run.diagnostics)
    position = evaluate(condition, _element_frame(None, elements, frame))
    if not isinstance(position, Decimal):
        del frame.run.diagnostics[before:]
    return position


def _element_frame(element: Value, elements: tuple[Value, ...], frame: Frame) -> Frame:
    """Return the scope of an element: `item` and its entries; those that only others have are null and no mistake."""
    entries: dict[str, Value] = {key: None for other in elements if isinstance(other, dict) for key in other}
    return frame.inner({"item": element} | entries | (element if isinstance(element, dict) else {}))


def _element(elements: tuple[Value, ...], position: Decimal) -> Value:
    """Return the element at a 1-based position, counted from the end if negative; null where there is none."""
    if position != position.to_integral_value():
        return None
    place = int(position)
    if not 0 < abs(place) <= len(elements):
        return None
    return elements[place - 1 if place > 0 else place]


def _call(node: syntax.Call, frame: Frame) -> Value:
    run = frame.run
    positional = tuple([evaluate(argument, frame) for argument in node.positional])
    named = {name: evaluate(argument, frame) for name, argument in node.named}
    function: Value = None
    if isinstance(node.function, syntax.Name):
        found, function = frame.find(node.function.name)
        if not found:
            builtin = BUILTINS.get(node.function.name)
            if builtin is None:
                run.note("feel-unknown-function", node.span, name=node.function.name, near="")
                return None
            outer, run.span = run.span, node.span
            try:
                return call_builtin(builtin, run, positional, named)
            finally:
                run.span = outer
    else:
        function = evaluate(node.function, frame)
    if isinstance(function, Unknown):
        return function
    if not isinstance(function, Function):
        run.note("feel-not-a-function", node.span, value=excerpt(function))
        return None
    arguments = _order(function.parameters, positional, named)
    if arguments is None:
        given = ", ".join(named) if named else ", ".join(str(type_of(argument)) for argument in positional)
        name, signature = function.name or "function", f"({', '.join(function.parameters)})"
        run.note("feel-bad-call", node.span, function=name, given=f"({given})", signature=f"{name}{signature}")
        return None
    return run.invoke(function, arguments, node.span)


def _order(parameters: tuple[str, ...], positional: tuple[Value, ...], named: dict[str, Value]) -> tuple[Value, ...] | None:
    """Return the arguments in the order of the parameters, or None where they do not fit."""
    if named:
        return tuple(named[name] for name in parameters) if set(named) == set(parameters) else None
    return positional if len(positional) == len(parameters) else None


def coerce(value: Value, type_: Type) -> tuple[Value, bool]:
    """Return `value` as `type_` asks, and whether it fits (DMN 1.5, 10.3.2.9.4).

    A list of one stands for its element where an element is wanted, and the other way round; an unknown fits anything.
    """
    if isinstance(value, Unknown) or conforms(value, type_) or find_unknown(value) is not None:
        return value, True
    if isinstance(value, tuple) and len(value) == 1 and type_.name != "list" and conforms(value[0], type_):
        return value[0], True
    if type_.name == "list" and not isinstance(value, tuple) and conforms(value, type_.arguments[0]):
        return (value,), True
    if type_.name == "date and time" and type(value) is Date:
        return DateTime(value, Time(0, 0, 0, 0, 0)), True
    return None, False


def _unary_tests(node: UnaryTests, frame: Frame) -> Value:
    """Return whether the value `?` in scope passes; this is how a cell is evaluated on its own."""
    return test(node, frame.find(INPUT)[1], frame)


_EVALUATORS: dict[type[Node], Callable[[Any, Frame], Value]] = {
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
    syntax.UnaryTests: _unary_tests,
}
"""How each kind of node is evaluated."""
