"""The kinds of FEEL expressions as terms, one function for each, in the order of the language: as `feel.evaluate` has them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from zhida.dmn.compiled import AS_OF
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.syntax import PARTIAL, Node
from zhida.proof.solver import builtins
from zhida.proof.solver import temporal as dates
from zhida.proof.solver.algebra import (
    Branch,
    Image,
    Sort,
    Term,
    below,
    both,
    choose_number,
    either,
    is_known,
    minus,
    opposite,
    over,
    plus,
    same_number,
    times,
)
from zhida.proof.solver.facts import no_term
from zhida.proof.solver.replay import element_beside
from zhida.proof.solver.scope import Reader, Scope
from zhida.proof.solver.values import NULL, Opaque, Part, Symbol, choose, conjunction, disjunction, equal, holds, mixed, negated

_MOST_STEPS = 100
_ONE, _ZERO = Fraction(1), Fraction(0)


def no_terms(_reader: Reader, node: Node, _scope: Scope) -> Symbol:
    """Refuse a kind of expression that has no terms."""
    raise Opaque(f"{type(node).__name__} 表达式", f"an expression of the kind {type(node).__name__}")


def compare(reader: Reader, operator: str, left: Symbol, right: Symbol) -> Symbol:
    """Return what a comparison of two values comes to."""
    match operator:
        case "=":
            return equal(left, right)
        case "!=":
            return negated(equal(left, right))
        case "<" | "<=":
            return reader.less(left, right, or_equal=operator == "<=")
    return reader.less(right, left, or_equal=operator == ">=")


def _literal(reader: Reader, node: syntax.Literal, _scope: Scope) -> Symbol:
    return reader.constant(node.value)


def _name(reader: Reader, node: syntax.Name, scope: Scope) -> Symbol:
    name = node.name
    if name in scope.local:
        return scope.local[name]
    linked = reader.models[scope.model]
    id_ = scope.requirements.get(name)
    if id_ is None and name == AS_OF:
        return reader.day(scope.model)
    if id_ is None:
        id_ = element_beside(linked, name)
    if id_ is None:
        raise Opaque(f"名称 {name}", f"the name {name}")
    return reader.element(scope.model, id_)


def _list(reader: Reader, node: syntax.ListLiteral, scope: Scope) -> Symbol:
    return Symbol(Sort.LIST, tuple(Part(_ONE, reader.value(element, scope)) for element in node.elements))


def _context(reader: Reader, node: syntax.ContextLiteral, scope: Scope) -> Symbol:
    entries: dict[str, Symbol] = {}
    for key, entry in node.entries:
        entries[key] = reader.value(entry, scope.inner(entries))
    return Symbol(Sort.CONTEXT, entries)


def _negation(reader: Reader, node: syntax.Negation, scope: Scope) -> Symbol:
    operand = reader.value(node.operand, scope)
    if operand.sort not in {Sort.NUMBER, Sort.DAYS, Sort.MONTHS}:
        return NULL
    return replace(operand, term=times(Fraction(-1), operand.term))


def _arithmetic(reader: Reader, node: syntax.Arithmetic, scope: Scope) -> Symbol:
    left, right = reader.value(node.left, scope), reader.value(node.right, scope)
    null = either(left.null, right.null)
    if null is True:
        return NULL
    if left.sort is Sort.STRING and right.sort is Sort.STRING and node.operator == "+":
        try:
            return reader.constant(f"{reader.known(left)}{reader.known(right)}")
        except Opaque as fault:
            return reader.instead(node, scope, Sort.STRING, fault)
    if left.sort is not Sort.NUMBER or right.sort is not Sort.NUMBER:
        found = dates.arithmetic(node.operator, left, right)
        return NULL if found is None else found
    match node.operator:
        case "+":
            return Symbol(Sort.NUMBER, plus(left.term, right.term), null)
        case "-":
            return Symbol(Sort.NUMBER, minus(left.term, right.term), null)
        case "*":
            return Symbol(Sort.NUMBER, times(left.term, right.term), null)
        case "/":
            return _division(left, right)
    return _power(left, right)


def _division(left: Symbol, right: Symbol) -> Symbol:
    if is_known(right.term) and right.term == 0:
        return NULL
    null = either(left.null, right.null, same_number(right.term, _ZERO))
    return Symbol(Sort.NUMBER, over(left.term, right.term), null)


def _power(left: Symbol, right: Symbol) -> Symbol:
    if not is_known(right.term) or right.term.denominator != 1 or not 0 < right.term <= 4:
        raise Opaque("乘方", "a power")
    term = left.term
    for _ in range(int(right.term) - 1):
        term = times(term, left.term)
    return Symbol(Sort.NUMBER, term, either(left.null, right.null))


def _comparison(reader: Reader, node: syntax.Comparison, scope: Scope) -> Symbol:
    return compare(reader, node.operator, reader.value(node.left, scope), reader.value(node.right, scope))


def _between(reader: Reader, node: syntax.Between, scope: Scope) -> Symbol:
    value, low, high = (reader.value(each, scope) for each in (node.value, node.low, node.high))
    null = either(value.null, low.null, high.null)
    if null is True:
        return NULL
    inside = conjunction([reader.less(low, value, or_equal=True), reader.less(value, high, or_equal=True)])
    return Symbol(Sort.BOOLEAN, inside.term, either(null, inside.null))


def _in(reader: Reader, node: syntax.In, scope: Scope) -> Symbol:
    value = reader.value(node.value, scope)
    return disjunction([_is_in(reader, item, value, scope) for item in node.tests.tests])


def _is_in(reader: Reader, item: Node, value: Symbol, scope: Scope) -> Symbol:
    """Return whether `value in item`: like a cell's test, but without `?`, and what of a list has another type is not the value."""
    if isinstance(item, syntax.RangeLiteral):
        return reader.in_range(item, value, scope)
    if isinstance(item, syntax.Condition) or value.sort is Sort.LIST:
        raise Opaque("in 之后的条件或列表", "a condition or a list behind `in`")
    if isinstance(item, syntax.ListLiteral):
        return disjunction([_is_element(reader, element, value, scope) for element in item.elements])
    result = reader.value(item, scope)
    if result.sort is not Sort.LIST:
        return equal(value, result)
    found = either(*(both(below(_ZERO, part.times), holds(equal(value, part.value))) for part in builtins.parts_of(result)))
    return Symbol(Sort.BOOLEAN, found)


def _is_element(reader: Reader, element: Node, value: Symbol, scope: Scope) -> Symbol:
    if isinstance(element, syntax.RangeLiteral):
        return reader.in_range(element, value, scope)
    return Symbol(Sort.BOOLEAN, holds(equal(value, reader.value(element, scope))))


def _conjunction(reader: Reader, node: syntax.Conjunction, scope: Scope) -> Symbol:
    return conjunction([reader.value(node.left, scope), reader.value(node.right, scope)])


def _disjunction(reader: Reader, node: syntax.Disjunction, scope: Scope) -> Symbol:
    return disjunction([reader.value(node.left, scope), reader.value(node.right, scope)])


def _if(reader: Reader, node: syntax.If, scope: Scope) -> Symbol:
    condition = holds(reader.value(node.condition, scope))
    if isinstance(condition, bool):
        return reader.value(node.then if condition else node.otherwise, scope)
    return choose(condition, reader.value(node.then, scope), reader.value(node.otherwise, scope))


def _domain(reader: Reader, node: syntax.For | syntax.Quantified, scope: Scope) -> tuple[str, Sequence[Part], Any]:
    """Return the variable of an iteration, what it runs through, and whether that is null."""
    if len(node.iterations) != 1:
        raise Opaque("多个变量的循环", "an iteration of several variables")
    iteration = node.iterations[0]
    first = reader.value(iteration.domain, scope)
    if iteration.last is None:
        if first.sort is Sort.NULL:
            return iteration.name, (), True
        return iteration.name, builtins.parts_of(first), first.null
    low, high = reader.known(first), reader.known(reader.value(iteration.last, scope))
    if not isinstance(low, Decimal) or not isinstance(high, Decimal) or low != int(low) or high != int(high):
        raise Opaque("不是整数的循环", "an iteration over what is not whole")
    if abs(high - low) >= _MOST_STEPS:
        raise Opaque("步数过多的循环", "an iteration of too many steps")
    step = 1 if low <= high else -1
    numbers = range(int(low), int(high) + step, step)
    return iteration.name, [Part(_ONE, Symbol(Sort.NUMBER, Fraction(number))) for number in numbers], False


def _for(reader: Reader, node: syntax.For, scope: Scope) -> Symbol:
    if syntax.mentions(node.body, PARTIAL):
        raise Opaque("用到前面结果的循环", "an iteration that uses the results so far")
    name, parts, null = _domain(reader, node, scope)
    results = tuple(Part(part.times, reader.value(node.body, scope.inner({name: part.value}))) for part in parts)
    return Symbol(Sort.LIST, results, null)


def _quantified(reader: Reader, node: syntax.Quantified, scope: Scope) -> Symbol:
    name, parts, null = _domain(reader, node, scope)
    results = []
    for part in parts:
        result = reader.value(node.condition, scope.inner({name: part.value}))
        neutral = Symbol(Sort.BOOLEAN, node.is_every)
        results.append(choose(below(_ZERO, part.times), result if result.sort is Sort.BOOLEAN else NULL, neutral))
    combined = conjunction(results) if node.is_every else disjunction(results)
    return Symbol(Sort.BOOLEAN, combined.term, either(null, combined.null))


def _path(reader: Reader, node: syntax.Path, scope: Scope) -> Symbol:
    value = reader.value(node.value, scope)
    if value.sort is Sort.CONTEXT:
        entry: Symbol = value.term.get(node.name, NULL)
        return replace(entry, null=either(value.null, entry.null))
    if value.sort is Sort.LIST:
        parts = builtins.parts_of(value)
        if any(part.value.sort is not Sort.CONTEXT for part in parts):
            raise Opaque("取不是上下文的元素的项", "an entry of what is no context")
        return Symbol(Sort.LIST, tuple(Part(part.times, part.value.term.get(node.name, NULL)) for part in parts), value.null)
    found = dates.entry(value, node.name)
    return NULL if found is None else found


def _filter(reader: Reader, node: syntax.Filter, scope: Scope) -> Symbol:
    value = reader.value(node.value, scope)
    if value.sort is Sort.NULL:
        return Symbol(Sort.LIST, ())
    parts = builtins.parts_of(value)
    entries = {name: NULL for part in parts if part.value.sort is Sort.CONTEXT for name in part.value.term}
    kept = []
    for part in parts:
        condition = reader.condition_in(node.condition, part, entries, scope)
        if condition.sort not in {Sort.BOOLEAN, Sort.NULL}:
            raise Opaque("按位置取元素", "an element by its position")
        is_kept = both(opposite(value.null), holds(condition))
        kept.append(Part(choose_number(is_kept, part.times, _ZERO), part.value))
    return Symbol(Sort.LIST, tuple(kept))


def _call(reader: Reader, node: syntax.Call, scope: Scope) -> Symbol:
    positional = [reader.value(argument, scope) for argument in node.positional]
    named = {name: reader.value(argument, scope) for name, argument in node.named}
    is_plain = isinstance(node.function, syntax.Name) and node.function.name not in {*scope.local, *scope.requirements}
    if isinstance(node.function, syntax.Name) and is_plain and node.function.name in BUILTINS:
        return _builtin(reader, node.function.name, positional, named, (node, scope))
    return reader.invoke(reader.value(node.function, scope), positional, named, scope)


def _builtin(reader: Reader, name: str, positional: list[Symbol], named: Mapping[str, Symbol], place: tuple[syntax.Call, Scope]) -> Symbol:
    node, scope = place
    if named:
        parameters = BUILTINS[name].parameter_names
        if len(BUILTINS[name].signatures) > 1 or list(named) != list(parameters[: len(named)]):
            raise Opaque(f"按名称给出参数的函数 {name}", f"the function {name} with named arguments")
        positional = list(named.values())
    if any(argument.sort is Sort.LIST and argument.term is None for argument in positional) and name == "count" and len(positional) == 1:
        term = reader.instead(node, scope, Sort.NUMBER, builtins.unknown_list()).term
        return Symbol(Sort.NUMBER, choose_number(below(term, _ZERO), times(Fraction(-1), term), term), positional[0].null)
    try:
        arguments = [reader.known(argument) for argument in positional]
    except Opaque:
        found = _of_codes(reader, name, positional, scope.model)
        return builtins.call(name, positional) if found is None else found
    return reader.call_known(name, arguments, scope.model)


def _of_codes(reader: Reader, name: str, arguments: Sequence[Symbol], model: int) -> Symbol | None:
    """Return what a builtin comes to for a string of which some stand for all, and else for known values; None where it is given others."""
    strings = [place for place, argument in enumerate(arguments) if isinstance(argument.term, Image | Branch)]
    if len(strings) != 1 or arguments[strings[0]].sort is not Sort.STRING:
        return None
    (place,) = strings
    others = [None if number == place else reader.known(argument) for number, argument in enumerate(arguments)]

    def of_text(text: str | None) -> Symbol:
        return reader.call_known(name, [text if number == place else other for number, other in enumerate(others)], model)

    def of_term(term: Term) -> Symbol:
        if isinstance(term, Branch):
            return choose(term.condition, of_term(term.then), of_term(term.otherwise))
        if isinstance(term, Image):
            texts = [reader.text(term.at(number)) for number in range(term.low, term.high + 1)]
            results = {text: of_text(text) for text in dict.fromkeys(texts)}
            return _of_image(term, [results[text] for text in texts])
        if is_known(term):
            return of_text(reader.text(term))
        raise Opaque(f"函数 {name}", f"the function {name}")

    given = arguments[place]
    return choose(given.null, of_text(None), of_term(given.term)) if given.null is not False else of_term(given.term)


def _of_image(image: Image, results: Sequence[Symbol]) -> Symbol:
    """Return a value that is looked up by the argument of an image."""
    sorts = {result.sort for result in results if result.null is not True}
    if not sorts:
        return NULL
    if len(sorts) > 1 or not all(result.null is True or is_known(result.term) for result in results):
        raise mixed()
    nowhere = Fraction(-1)
    numbers = [nowhere if result.null is True else Fraction(result.term) for result in results]
    found = Image(image.argument, image.low, image.high, lambda number: numbers[number - image.low], 0, no_term)
    nulls = [Fraction(result.null is True) for result in results]
    null = replace(found, at=lambda number: nulls[number - image.low]).where(bool)
    (sort,) = sorts
    return Symbol(sort, found.where(lambda number: number == 1) if sort is Sort.BOOLEAN else found, null)


ENCODERS: dict[type[Node], Callable[[Reader, Any, Scope], Symbol]] = {
    syntax.Literal: _literal,
    syntax.Name: _name,
    syntax.ListLiteral: _list,
    syntax.ContextLiteral: _context,
    syntax.Negation: _negation,
    syntax.Arithmetic: _arithmetic,
    syntax.Comparison: _comparison,
    syntax.Between: _between,
    syntax.In: _in,
    syntax.Conjunction: _conjunction,
    syntax.Disjunction: _disjunction,
    syntax.If: _if,
    syntax.For: _for,
    syntax.Quantified: _quantified,
    syntax.Path: _path,
    syntax.Filter: _filter,
    syntax.Call: _call,
}
"""How each kind of node is encoded; the others have no terms."""
