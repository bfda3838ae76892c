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
from zhida.feel.builtins.signature import Builtin
from zhida.feel.compare import agreed, compare, is_member, matches, within
from zhida.feel.external import external_function
from zhida.feel.instances import function_types, is_instance
from zhida.feel.run import MAX_STEPS, Frame, Run
from zhida.feel.syntax import INPUT, PARTIAL, Node, UnaryTests
from zhida.values import temporal
from zhida.values.equality import less
from zhida.values.function import Function
from zhida.values.logic import Truth, conjunction, disjunction, negation, truth
from zhida.values.range import Range
from zhida.values.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from zhida.values.text import excerpt
from zhida.values.types import ANY, coerce
from zhida.values.unknown import Unknown, find_unknown, merge

Value = Any

_COPIED_IN_A_STEP = 100
"""How many results of an iteration are copied for `partial` in the time of one step."""

ENTRIES_IN_A_STEP = 20
"""How many entries are put into the scope of an element in the time of one step."""


def evaluate(node: Node, frame: Frame) -> Value:
    """Return the value of an expression.

    Args:
        node: What `parse_expression` returned.
        frame: The variables in scope, and the run that collects diagnostics.
    """
    return _EVALUATORS[type(node)](node, frame)


def test(tests: UnaryTests, value: Value, frame: Frame) -> Truth:
    """Return whether `value` passes the unary tests of a cell (DMN 1.5, 10.3.2.8 and table 54, 7 to 17)."""
    items = tests.tests
    if not items:
        return True
    passed = _passes(items[0], value, frame) if len(items) == 1 else disjunction(_passes(item, value, frame) for item in items)
    return negation(passed) if tests.is_negated else passed


def _passes(item: Node, value: Value, frame: Frame) -> Truth:
    """Return whether `value` passes one test."""
    if isinstance(item, syntax.RangeLiteral):
        if item.operator:
            return compare(item.operator, value, evaluate(item.operand, frame), item, frame)
        assert item.low is not None
        assert item.high is not None
        low, high = evaluate(item.low, frame), evaluate(item.high, frame)
        if type(value) is type(low) is type(high) is Decimal:  # what most cells of most tables are
            return (low <= value if item.low_closed else low < value) and (value <= high if item.high_closed else value < high)
        return within(value, _range_of(item, low, high, frame), item, frame)
    if isinstance(item, syntax.Condition):
        return _condition(item, frame.inner({INPUT: value}))
    result = evaluate(item, frame)
    if isinstance(result, Unknown):
        return result
    return matches(value, result, item, frame)


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

        def call(positional: tuple[Value, ...], named: dict[str, Value]) -> Value:
            return _builtin(builtin, positional, named, node, frame.run)

        return Function(node.name, builtin.parameter_names, lambda arguments: call(arguments, {}), call)
    frame.run.note("feel-unknown-name", node.span, name=node.name, near="", instead="", quoted="", scope="", scope_zh="")
    return None


def _list(node: syntax.ListLiteral, frame: Frame) -> Value:
    return frame.run.keep(tuple([evaluate(element, frame) for element in node.elements]), node.span)


def _context(node: syntax.ContextLiteral, frame: Frame) -> Value:
    entries: dict[str, Value] = {}
    inner = frame.inner(entries)
    for key, entry in node.entries:
        if key in entries:
            frame.run.note("feel-duplicate-key", node.span, name=key)
            return None
        entries[key] = evaluate(entry, inner)
        if node.has_functions:  # a function of an entry sees what stands before it, and itself, but nothing that comes later
            if not frame.run.spend(len(entries) // ENTRIES_IN_A_STEP, node.span):
                return None
            entries = dict(entries)
            inner = frame.inner(entries)
    return frame.run.keep(entries, node.span)


def _range(node: syntax.RangeLiteral, frame: Frame) -> Value:
    low = None if node.low is None else evaluate(node.low, frame)
    high = None if node.high is None else evaluate(node.high, frame)
    return _range_of(node, low, high, frame)


def _range_of(node: syntax.RangeLiteral, low: Value, high: Value, frame: Frame) -> Value:
    """Return the range of two ends that were evaluated."""
    if not frame.run.read(low, high, span=node.span):
        return None
    unknown = merge((low, high))
    if unknown is not None:
        return unknown
    if not node.operator and low is not None and high is not None and less(low, high) is None:
        frame.run.note("feel-incomparable", node.span, operation="..", left=excerpt(low), right=excerpt(high))
        return None
    if node.operator in {"=", "!="}:  # its operand is both of its ends
        low = high = low if node.high is None else high
        return Range(low, high, node.low_closed, node.low_closed, node.operator)
    return Range(low, high, node.low_closed, node.high_closed, node.operator)


def _function(node: syntax.FunctionLiteral, frame: Frame) -> Value:
    names = tuple(name for name, _ in node.parameters)
    if node.is_external:
        return external_function(evaluate(node.body, frame), names, node.span, frame)
    types = tuple(type_ or ANY for _, type_ in node.parameters)

    def invoke(arguments: tuple[Value, ...]) -> Value:
        coerced = []
        for name, type_, argument in zip(names, types, arguments, strict=True):
            if type_ is not ANY and not frame.run.read(argument, span=node.span):
                return None
            value, fits = coerce(argument, type_, frame.run)
            if not fits:
                frame.run.note("feel-bad-argument", node.span, function="function", parameter=name, value=excerpt(argument), expected=type_)
                return None
            coerced.append(value)
        return evaluate(node.body, frame.inner(dict(zip(names, coerced, strict=True))))

    return Function("", names, invoke, types=function_types(node))


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
    if not frame.run.read(left, right, span=node.span):
        return None
    unknown = merge((left, right))
    if unknown is not None:
        return unknown
    if node.operator == "+" and isinstance(left, str) and isinstance(right, str):
        return frame.run.keep(left + right, node.span)
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
    shown = f"{excerpt(left)} {operation} {excerpt(right)}" if binary else f"{operation} {excerpt(left)}"
    frame.run.note(code, node.span, operation=operation, shown=shown)


# --- comparison ------------------------------------------------------------------------------------------------------


def _comparison(node: syntax.Comparison, frame: Frame) -> Value:
    return compare(node.operator, evaluate(node.left, frame), evaluate(node.right, frame), node, frame)


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
            shown=f"{excerpt(value)} between {excerpt(low)} and {excerpt(high)}",
        )
        return None
    return conjunction((compare(">=", value, low, node, frame), compare("<=", value, high, node, frame)))


def _in(node: syntax.In, frame: Frame) -> Value:
    value = evaluate(node.value, frame)
    return disjunction(_is_in(item, value, frame) for item in node.tests.tests)


def _is_in(item: Node, value: Value, frame: Frame) -> Truth:
    """Return whether `value in item`: like a cell's test, but without `?`, and a list may hold lists and ranges."""
    if isinstance(item, syntax.RangeLiteral) and item.operator:
        return compare(item.operator, value, evaluate(item.operand, frame), item, frame)
    return is_member(value, evaluate(item, frame), item, frame)


def _instance_of(node: syntax.InstanceOf, frame: Frame) -> Value:
    value = evaluate(node.value, frame)
    if not frame.run.read(value, span=node.span):
        return None
    unknown = find_unknown(value)
    if unknown is not None:
        return unknown
    if node.type_ is None:
        return None
    result = is_instance(value, node.type_, node.type_name.strip())
    if result is None:
        frame.run.note("feel-unknown-type", node.span, name=node.type_name, near=str(node.type_))
    return result


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
    return agreed(condition, (evaluate(node.then, frame), evaluate(node.otherwise, frame)), frame, before)


def _for(node: syntax.For, frame: Frame) -> Value:
    results: list[Value] = []

    def step(inner: Frame) -> None:
        if node.sees_partial:
            frame.run.spend(len(results) // _COPIED_IN_A_STEP, node.span)
            inner = inner.inner({PARTIAL: tuple(results)})
        results.append(evaluate(node.body, inner))

    failure = _iterate(node.iterations, frame, node, step)
    return frame.run.keep(tuple(results), node.span) if failure is None else failure.value


def _quantified(node: syntax.Quantified, frame: Frame) -> Value:
    results: list[Value] = []
    failure = _iterate(node.iterations, frame, node, lambda inner: results.append(evaluate(node.condition, inner)))
    if failure is not None:
        return failure.value
    _note_odd_conditions(results, node.condition, frame)
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
        if not frame.run.spend(1, node.span):
            return _Failure(None)
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
        steps = None if first.operator else _steps(begin, end, downwards=False)
        steps = steps and steps[0 if first.low_closed else 1 : None if first.high_closed else -1]
    elif isinstance(first, tuple):
        return first
    elif first is not None:
        return (first,)
    if steps is None and (first is None or (iteration.last is not None and last is None)):
        shown = excerpt(first) if iteration.last is None else f"{excerpt(first)}..{excerpt(last)}"
        frame.run.note("feel-null-operand", node.span, operation="in", shown=f"{iteration.name} in {shown}")
        return _Failure(None)
    if steps is None:
        shown = excerpt(first) if iteration.last is None else f"{excerpt(first)}..{excerpt(last)}"
        frame.run.note("feel-bad-iteration", node.span, value=shown)
        return _Failure(None)
    if steps[MAX_STEPS:]:
        frame.run.note("feel-too-long", node.span, limit=MAX_STEPS, first=excerpt(begin), last=excerpt(end))
        return _Failure(None)
    return map(temporal.from_days if isinstance(begin, Date) else Decimal, steps)  # made when its step is taken: it may be the last


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
            if not frame.run.spend(len(value) // ENTRIES_IN_A_STEP, node.span):
                return None
            if value and all(isinstance(element, dict) and node.name not in element for element in value):
                frame.run.note("feel-no-entry", node.span, name=node.name, value=excerpt(value))
            return tuple([element.get(node.name) if isinstance(element, dict) else _entry(element, node, frame) for element in value])
        case dict() if node.name in value:
            return value[node.name]
        case Range() if node.name in _RANGE_PROPERTIES:
            return _RANGE_PROPERTIES[node.name](value)
        case Date() | Time() | DateTime() | DaysDuration() | MonthsDuration():
            if node.name in temporal.PROPERTIES.get(type(value), ()):
                return temporal.property_of(value, node.name)
    if value is None:
        frame.run.note("feel-null-operand", node.span, operation=".", shown=f"null.{node.name}")
    else:
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
    # To gather the entries of all elements takes time, and so does a scope for each element that holds them all.
    if not frame.run.read(elements, span=node.span):
        return None
    # Entries that only other elements have are null and no mistake.
    entries: dict[str, Value] = {key: None for element in elements if isinstance(element, dict) for key in element}
    position = _position(node.condition, entries, frame)
    if isinstance(position, Decimal):
        return _element(elements, position, node, frame)
    if not frame.run.spend(len(elements) * (1 + len(entries) // ENTRIES_IN_A_STEP), node.span):
        return None
    results = [evaluate(node.condition, _element_frame(element, entries, frame)) for element in elements]
    unknown = merge([result for result in (position, *results) if isinstance(result, Unknown)])
    if unknown is not None:
        return unknown
    _note_odd_conditions(results, node.condition, frame)
    # Where the steps gave out on the way, what was found so far is not the answer: it may not be kept.
    return frame.run.keep(tuple([element for element, result in zip(elements, results, strict=True) if result is True]), node.span)


def _note_odd_conditions(results: Iterable[Value], condition: Node, frame: Frame) -> None:
    """Note the first result of a condition that is neither true nor false, nor null, nor unknown."""
    for result in results:
        if result is not None and not isinstance(result, bool | Unknown):
            frame.run.note("feel-bad-condition", condition.span, value=excerpt(result))
            return


def _position(condition: Node, entries: dict[str, Value], frame: Frame) -> Value:
    """Return what a condition comes to where no element is looked at: a number is a position, for an empty list too."""
    before = len(frame.run.diagnostics)
    position = evaluate(condition, _element_frame(None, entries, frame))
    if not isinstance(position, Decimal):
        del frame.run.diagnostics[before:]
    return position


def _element_frame(element: Value, entries: dict[str, Value], frame: Frame) -> Frame:
    """Return the scope of an element: `item` and its own entries, before `entries` of nobody in particular."""
    return frame.inner({"item": element} | entries | (element if isinstance(element, dict) else {}))


def _element(elements: tuple[Value, ...], position: Decimal, node: Node, frame: Frame) -> Value:
    """Return the element at a 1-based position, counted from the end if negative; null where there is none."""
    if position != position.to_integral_value():
        frame.run.note("feel-bad-position", node.span, value=excerpt(position))
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
            return _builtin(builtin, positional, named, node, run)
    else:
        function = evaluate(node.function, frame)
    if isinstance(function, Unknown):
        return function
    if not isinstance(function, Function):
        run.note("feel-not-a-function", node.span, value=excerpt(function))
        return None
    if function.call is not None:
        return function.call(positional, named)
    arguments = _order(function.parameters, positional, named)
    if arguments is None:
        given = ", ".join(named) if named else ", ".join(map(run.show_type, positional))
        name, signature = function.name or "function", f"({', '.join(function.parameters)})"
        run.note("feel-bad-call", node.span, function=name, given=f"({given})", signature=f"{name}{signature}")
        return None
    return run.invoke(function, arguments, node.span)


def _builtin(builtin: Builtin, positional: tuple[Value, ...], named: dict[str, Value], node: Node, run: Run) -> Value:
    """Call a builtin; it goes through the lists that it is given, which takes as many steps as these are long."""
    if not run.spend_on_call(builtin.name, (*positional, *named.values()), node.span):
        return None
    outer, run.span = run.span, node.span
    try:
        return run.keep(call_builtin(builtin, run, positional, named), node.span)
    finally:
        run.span = outer


def _order(parameters: tuple[str, ...], positional: tuple[Value, ...], named: dict[str, Value]) -> tuple[Value, ...] | None:
    """Return the arguments in the order of the parameters, or None where they do not fit; what is not named is null (10.3.2.13.5)."""
    if named:
        return tuple(map(named.get, parameters)) if named.keys() <= set(parameters) else None
    return positional if len(positional) == len(parameters) else None


def _condition(node: syntax.Condition, frame: Frame) -> Truth:
    """Return whether a condition on `?` holds; anything but true and false is null."""
    result = evaluate(node.expression, frame)
    _note_odd_conditions([result], node.expression, frame)
    return truth(result)


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
    syntax.Condition: _condition,
    syntax.UnaryTests: _unary_tests,
}
"""How each kind of node is evaluated."""
