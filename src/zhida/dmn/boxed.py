"""Boxed expressions to values: one function for each kind (DMN 1.5, 10.2.2).

A boxed expression means what its FEEL form means, but for three that the standard is stricter with: a boxed `if` whose
condition is neither true nor false, and a boxed filter, `some` or `every` with a condition that is not boolean for any
element, are null; and a boxed filter always answers a list.
"""

from collections.abc import Callable
from typing import Any

from zhida.dmn.compiled import (
    Body,
    Broken,
    CompiledConditional,
    CompiledContext,
    CompiledExternal,
    CompiledFilter,
    CompiledFunction,
    CompiledInvocation,
    CompiledIteration,
    CompiledList,
    CompiledTable,
    Typed,
)
from zhida.dmn.table import TableTrace, decide_table
from zhida.feel.compare import agreed
from zhida.feel.evaluate import ENTRIES_IN_A_STEP
from zhida.feel.evaluate import evaluate as evaluate_node
from zhida.feel.external import call_external
from zhida.feel.run import Frame
from zhida.feel.syntax import PARTIAL, For, Literal, Name
from zhida.feel.syntax import Iteration as FeelIteration
from zhida.source import Span
from zhida.values.function import Function
from zhida.values.logic import conjunction, disjunction
from zhida.values.text import excerpt
from zhida.values.types import ANY, Type, coerce
from zhida.values.unknown import Unknown, merge

Value = Any


def evaluate_body(body: Body, frame: Frame, name: str) -> tuple[Value, TableTrace | None]:
    """Return the value of a body, and for a decision table how it came about.

    Args:
        body: What `compile` made of an element's logic.
        frame: The names in its scope.
        name: What diagnostics call it.
    """
    if isinstance(body, CompiledTable):
        return decide_table(body, frame, name)
    if isinstance(body, Typed) and isinstance(body.body, CompiledTable):
        value, trace = decide_table(body.body, frame, name)
        return fitted(value, body.type, body.span, body.name or name, frame), trace
    return _value(body, frame, name), None


def fitted(value: Value, type_: Type, span: Span | None, name: str, frame: Frame) -> Value:
    """Return a value as its declared type asks; one that does not fit is null."""
    if type_ is not ANY and not frame.run.read(value, span=span):
        return None
    coerced, fits = coerce(value, type_, frame.run)
    if not fits:
        frame.run.note("feel-bad-result", span, name=name, type=type_, value=excerpt(value))
    return coerced


def bound(function_name: str, parameters: tuple[tuple[str, Type], ...], arguments: tuple[Value, ...], span: Span, frame: Frame) -> Any:  # noqa: ANN401 - a dict, or None
    """Return the arguments of a call by the names of their parameters, or None where one does not fit: then nothing is called."""
    coerced = {}
    for (name, type_), argument in zip(parameters, arguments, strict=True):
        if type_ is not ANY and not frame.run.read(argument, span=span):
            return None
        value, fits = coerce(argument, type_, frame.run)
        if not fits:
            frame.run.note("feel-bad-argument", span, function=function_name, parameter=name, value=excerpt(argument), expected=type_)
            return None
        coerced[name] = value
    return coerced


def _value(body: Body, frame: Frame, name: str = "") -> Value:
    evaluator: Callable[..., Value] | None = _EVALUATORS.get(type(body))
    if evaluator is not None:
        return evaluator(body, frame, name)
    return evaluate_node(body, frame)  # type: ignore[arg-type]  # what is none of the boxed kinds is a node


def _table(body: CompiledTable, frame: Frame, name: str) -> Value:
    return decide_table(body, frame, name)[0]


def _typed(body: Typed, frame: Frame, name: str) -> Value:
    return fitted(_value(body.body, frame, name), body.type, body.span, body.name or name, frame)


def _broken(body: Broken, frame: Frame, _name: str) -> Value:
    frame.run.diagnostics.extend(body.diagnostics)


def _context(body: CompiledContext, frame: Frame, _name: str) -> Value:
    entries: dict[str, Value] = {}
    inner = frame.inner(entries)
    for key, entry in body.entries:
        if key in entries:
            frame.run.note("feel-duplicate-key", body.span, name=key)
            return None
        entries[key] = _value(entry, inner, key)
        # A function that an entry makes sees what stands before it, and itself, but nothing that comes later.
        if not frame.run.spend(len(entries) // ENTRIES_IN_A_STEP, body.span):
            return None
        entries = dict(entries)
        inner = frame.inner(entries)
    if body.result is not None:
        return _value(body.result, inner)
    return frame.run.keep(entries, body.span)


def _list(body: CompiledList, frame: Frame, _name: str) -> Value:
    return frame.run.keep(tuple([_value(element, frame) for element in body.elements]), body.span)


def _invocation(body: CompiledInvocation, frame: Frame, _name: str) -> Value:
    function = _value(body.function, frame)
    arguments = {name: _value(argument, frame, name) for name, argument in body.arguments}
    if isinstance(function, Unknown):
        return function
    if not isinstance(function, Function):
        frame.run.note("feel-not-a-function", body.span, value=excerpt(function))
        return None
    if function.call is not None and len(arguments) == len(body.arguments):
        return function.call((), arguments)
    if not arguments.keys() <= set(function.parameters) or len(arguments) < len(body.arguments):
        name, given = function.name or "function", ", ".join(name for name, _ in body.arguments)
        signature = f"{name}({', '.join(function.parameters)})"
        frame.run.note("feel-bad-call", body.span, function=name, given=f"({given})", signature=signature)
        return None
    return frame.run.invoke(function, tuple(map(arguments.get, function.parameters)), body.span)


def _function(body: CompiledFunction, frame: Frame, name: str) -> Value:
    names = tuple(parameter for parameter, _ in body.parameters)

    def invoke(arguments: tuple[Value, ...]) -> Value:
        coerced = bound(name or "function", body.parameters, arguments, body.span, frame)
        return None if coerced is None else _value(body.body, frame.inner(coerced), name)

    result = body.body.type if isinstance(body.body, Typed) else ANY
    return Function(name, names, invoke, types=(*(type_ for _, type_ in body.parameters), result))


def _external(body: CompiledExternal, frame: Frame, _name: str) -> Value:
    arguments = tuple(frame.find(parameter)[1] for parameter in body.parameters)
    return call_external(_value(body.specification, frame), arguments, body.span, frame)


def _conditional(body: CompiledConditional, frame: Frame, _name: str) -> Value:
    condition = _value(body.condition, frame)
    if isinstance(condition, Unknown):
        before = len(frame.run.diagnostics)
        results = (_value(body.then, frame), _value(body.otherwise, frame))
        return agreed(condition, results, frame, before)
    if condition is not None and not isinstance(condition, bool):
        frame.run.note("feel-bad-condition", body.span, value=excerpt(condition))
        return None
    return _value(body.then if condition is True else body.otherwise, frame)


def _elements(value: Value, span: Span, frame: Frame) -> Value:
    """Return the elements that an iteration runs over as FEEL's `for` does; null or unknown where there are none."""
    return evaluate_node(For(span, (FeelIteration("item", Literal(span, value)),), Name(span, "item"), sees_partial=False), frame)


def _filter(body: CompiledFilter, frame: Frame, _name: str) -> Value:
    value = _value(body.value, frame)
    if isinstance(value, Unknown):
        return value
    elements = value if isinstance(value, tuple) else () if value is None else (value,)
    if not frame.run.spend(len(elements), body.span):
        return None
    entries: dict[str, Value] = {key: None for element in elements if isinstance(element, dict) for key in element}
    if not frame.run.spend(len(elements) * (len(entries) // ENTRIES_IN_A_STEP), body.span):
        return None
    kept, unknown = [], []
    for element in elements:
        own = element if isinstance(element, dict) else {}
        result = _value(body.condition, frame.inner({"item": element} | entries | own))
        if isinstance(result, Unknown):
            unknown.append(result)
        elif result is not None and not isinstance(result, bool):
            frame.run.note("feel-bad-condition", body.span, value=excerpt(result))
            return None
        elif result:
            kept.append(element)
    return merge(unknown) if unknown else frame.run.keep(tuple(kept), body.span)


def _iteration(body: CompiledIteration, frame: Frame, _name: str) -> Value:
    elements = _elements(_value(body.domain, frame), body.span, frame)
    if not isinstance(elements, tuple):
        return elements
    results: list[Value] = []
    for element in elements:
        if not frame.run.spend(1 + len(results) // 100, body.span):
            return None
        scope = {body.variable: element}
        if body.kind == "for":
            scope[PARTIAL] = tuple(results)
        results.append(_value(body.body, frame.inner(scope)))
        if body.kind != "for" and not isinstance(results[-1], bool | Unknown | None):
            frame.run.note("feel-bad-condition", body.span, value=excerpt(results[-1]))
            return None
    if body.kind == "for":
        return frame.run.keep(tuple(results), body.span)
    return conjunction(results) if body.kind == "every" else disjunction(results)


_EVALUATORS: dict[type, Callable[..., Value]] = {
    CompiledTable: _table,
    Typed: _typed,
    Broken: _broken,
    CompiledContext: _context,
    CompiledList: _list,
    CompiledInvocation: _invocation,
    CompiledFunction: _function,
    CompiledExternal: _external,
    CompiledConditional: _conditional,
    CompiledFilter: _filter,
    CompiledIteration: _iteration,
}
"""How each kind of boxed expression is evaluated."""
