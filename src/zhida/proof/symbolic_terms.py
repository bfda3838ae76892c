"""FEEL as terms: the decisions of linked models, each encoded when it is first asked for.

    decision id ──body──> Symbol, Ground        kept: what it is, and the facts and opaque parts that it rests on

Follows `feel.evaluate` kind by kind. What has no terms becomes a free value of its type where that is known, as near to the
leaves as it can be, and is noted with its reason.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from zhida.dmn import compiled as boxed
from zhida.dmn.compiled import AS_OF, Body, CompiledKnowledge
from zhida.dmn.model import ItemDefinition
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate
from zhida.feel.run import Frame, Run
from zhida.feel.shape import Shape
from zhida.feel.syntax import INPUT, PARTIAL, Node, UnaryTests
from zhida.feel.unparse import unparse
from zhida.policy.pack import PolicyModel
from zhida.policy.years import machine_name
from zhida.proof import symbolic_builtins as builtins
from zhida.proof import symbolic_solver as solver
from zhida.proof import symbolic_temporal as dates
from zhida.proof.axes import Atom, AtomKind
from zhida.proof.symbolic_facts import SORTS, Facts, scaled, sort_of
from zhida.proof.symbolic_replay import element_beside
from zhida.proof.symbolic_scope import Ground, Scope
from zhida.proof.symbolic_tables import table_value
from zhida.proof.symbolic_values import (
    NULL,
    Opaque,
    Part,
    Sort,
    Symbol,
    Term,
    below,
    both,
    choose,
    choose_number,
    conjunction,
    differ,
    disjunction,
    either,
    equal,
    free,
    holds,
    is_known,
    less,
    minus,
    negated,
    opposite,
    over,
    plus,
    same_number,
    same_truth,
    times,
    variable,
    whole,
)
from zhida.source import Source, Span
from zhida.values import temporal
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date, DaysDuration, MonthsDuration
from zhida.values.types import ANY, Type
from zhida.values.unknown import Unknown

_DAY = 86_400 * 10**9
_MOST_STEPS = 100
_MOST_CALLS = 20
_ONE, _ZERO = Fraction(1), Fraction(0)


class Encoder:
    """Some models in terms. Facts of one name are one variable in all of them."""

    def __init__(self, models: Sequence[PolicyModel], texts: dict[str, int], *, with_lists: bool) -> None:
        """Begin with nothing encoded.

        Args:
            models: The models.
            texts: The numbers of strings, which are added to.
            with_lists: Whether the elements of lists are looked at: then no more than a few, and "impossible" does not hold.
        """
        self.models = models
        self.texts = texts
        self.facts = Facts(self.code, models[0].as_of, with_lists=with_lists)
        self.have_years_apart = len({model.as_of.year for model in models}) > 1
        self.ground = Ground()
        self.known_elements: dict[tuple[int, str], tuple[Symbol, Ground]] = {}
        self.scopes: dict[tuple[int, str], Scope] = {}
        self.free_values: dict[tuple[str, int], Symbol] = {}
        self.alive: list[Scope] = []
        self.opaque: dict[str, tuple[str, str]] = {}

    # --- what there is ---------------------------------------------------------------------------------------------

    def code(self, text: str) -> Fraction:
        """Return the number of a string."""
        return Fraction(self.texts.setdefault(text, len(self.texts)))

    def scope(self, model: int, decision_id: str) -> Scope:
        """Return the scope of the body of a decision or business knowledge model."""
        key = (model, decision_id)
        if key not in self.scopes:
            linked = self.models[model].model
            element = linked.decisions.get(decision_id) or linked.knowledge[decision_id]
            self.scopes[key] = Scope(model, element.requirements)
        return self.scopes[key]

    def element(self, model: int, id_: str) -> Symbol:
        """Return the value of an element, and rest on what it rests on."""
        key = (model, id_)
        if key not in self.known_elements:
            outer, self.ground = self.ground, Ground()
            try:
                symbol = self.element_anew(model, id_)
                self.known_elements[key] = symbol, self.ground
            finally:
                self.ground = outer
        symbol, ground = self.known_elements[key]
        self.ground.add(ground)
        return symbol

    def element_anew(self, model: int, id_: str) -> Symbol:
        """Return the value of an element that was not asked for before."""
        linked = self.models[model]
        if id_ in linked.model.knowledge:
            return Symbol(Sort.FUNCTION, linked.model.knowledge[id_])
        if id_ in linked.model.decisions:
            return self.decision(model, id_)
        given = linked.parameters.get(id_)
        if id_ in linked.parameters and not isinstance(given, Unknown):
            return self.constant(given)
        data = linked.model.inputs.get(id_)
        if data is None:
            return NULL
        name = machine_name(data.name, linked.as_of) if self.have_years_apart else data.name
        fact = self.facts.fact(name, data.item)
        self.ground.facts[name] = fact
        if fact.symbol.sort is Sort.LIST:
            self.ground.lists.add(name)
        return fact.symbol

    def decision(self, model: int, id_: str) -> Symbol:
        """Return the value of a decision; a free one where its logic has no terms."""
        compiled = self.models[model].model.decisions[id_]
        try:
            return self.fitted(self.body(compiled.body, self.scope(model, id_)), compiled.decision.type)
        except (Opaque, RecursionError) as fault:
            reason = fault.reason if isinstance(fault, Opaque) else ("嵌套过深", "nested too deep")
            self.opaque[id_] = reason
            self.ground.opaque[compiled.decision.name] = reason
            for required in compiled.requirements.values():  # whoever replays it must know all that it reads
                with contextlib.suppress(Opaque):
                    self.element(model, required)
            return self.free_shape(f"{model}:{id_}", compiled.shape)

    def of_body(self, model: int, id_: str, body: Body) -> Symbol:
        """Return the value that a decision would have by another body."""
        compiled = self.models[model].model.decisions[id_]
        return self.fitted(self.body(body, self.scope(model, id_)), compiled.decision.type)

    def free_shape(self, name: str, shape: Shape) -> Symbol:
        """Return a value of which nothing but its shape is known; `Opaque` where its type is not."""
        sort = sort_of(shape.type)
        if sort is Sort.CONTEXT:
            null = variable(Sort.BOOLEAN, f"{name} null")
            return Symbol(sort, {key: self.free_shape(f"{name}.{key}", inner) for key, inner in shape.fields.items()}, null)
        return free(sort, name)

    def instead(self, node: Node, scope: Scope, sort: Sort, fault: Opaque) -> Symbol:
        """Return a free value for an expression that has no terms: the same one each time that it is met in a scope."""
        key = (unparse(node), id(scope))
        self.ground.opaque[key[0]] = fault.reason
        for name in syntax.free_names(node):  # whoever replays it must know all that it reads
            self.touch(name, scope)
        if key not in self.free_values:
            self.alive.append(scope)  # or its identity might come to stand for another
            self.free_values[key] = free(sort, f"opaque {len(self.free_values)}: {key[0]}")
        return self.free_values[key]

    def touch(self, name: syntax.Name, scope: Scope) -> None:
        """Rest on what a name means, if it means an element."""
        if name.name not in scope.local and name.name in scope.requirements:
            with contextlib.suppress(Opaque):
                self.element(scope.model, scope.requirements[name.name])

    # --- known values ----------------------------------------------------------------------------------------------

    def constant(self, value: object) -> Symbol:
        """Return a value that is known."""
        match value:
            case None:
                return NULL
            case bool():
                return Symbol(Sort.BOOLEAN, value)
            case Decimal():
                return Symbol(Sort.NUMBER, Fraction(value))
            case str():
                return Symbol(Sort.STRING, self.code(value))
            case Date():
                return Symbol(Sort.DATE, Fraction(temporal.to_days(value)))
            case DaysDuration():
                return Symbol(Sort.DAYS, Fraction(value.nanoseconds, _DAY))
            case MonthsDuration():
                return Symbol(Sort.MONTHS, Fraction(value.months))
            case tuple():
                return Symbol(Sort.LIST, tuple(Part(_ONE, self.constant(element)) for element in value))
            case dict():
                return Symbol(Sort.CONTEXT, {name: self.constant(entry) for name, entry in value.items()})
        raise Opaque(f"{type(value).__name__} 类型的值", f"a value of the type {type(value).__name__}")

    def known(self, symbol: Symbol) -> object:
        """Return a value of FEEL that is known.

        Raises:
            Opaque: it is not.
        """
        if symbol.null is True:
            return None
        if symbol.null is False:
            if symbol.sort is Sort.LIST and symbol.term is not None and all(is_known(part.times) for part in symbol.term):
                return tuple(self.known(part.value) for part in symbol.term for _ in range(int(part.times)))
            if symbol.sort is Sort.CONTEXT:
                return {name: self.known(entry) for name, entry in symbol.term.items()}
            if is_known(symbol.term):
                return self.simple(symbol.sort, symbol.term)
        raise Opaque("不定的值", "a value that is not known")

    def simple(self, sort: Sort, term: bool | Fraction) -> object:
        """Return a known value of a simple type."""
        if sort is Sort.BOOLEAN or isinstance(term, bool):
            return bool(term)
        if sort is Sort.NUMBER:
            return feel_context().divide(Decimal(term.numerator), Decimal(term.denominator))
        if sort is Sort.STRING:
            return next(text for text, code in self.texts.items() if code == term)
        if sort is Sort.DATE:
            return temporal.from_days(int(term))
        return DaysDuration(int(term * _DAY)) if sort is Sort.DAYS else MonthsDuration(int(term))

    def call_known(self, name: str, arguments: Sequence[object], model: int) -> Symbol:
        """Return what a builtin comes to for values that are known."""
        literals = tuple(syntax.Literal(_NOWHERE, argument) for argument in arguments)
        call = syntax.Call(_NOWHERE, syntax.Name(_NOWHERE, name), literals, ())
        return self.constant(evaluate(call, Frame({}, Run(self.models[model].as_of))))

    # --- questions and answers -------------------------------------------------------------------------------------

    def lies(self, symbol: Symbol, atom: Atom) -> Term:
        """Return whether a value lies in an atom."""
        if atom.kind is AtomKind.NULL:
            return symbol.null
        if atom.kind is AtomKind.POINT:
            return holds(equal(symbol, self.constant(atom.value)))
        if atom.kind is AtomKind.OTHER:
            if symbol.sort is not Sort.STRING:
                return False
            named = either(*(same_number(symbol.term, self.code(text)) for text in atom.excluded))
            return both(opposite(symbol.null), opposite(named))
        if symbol.sort is not self.constant(atom.value).sort:
            return False
        above = True if atom.low is None else below(self.constant(atom.low).term, symbol.term)
        beneath = True if atom.high is None else below(symbol.term, self.constant(atom.high).term)
        return both(opposite(symbol.null), above, beneath)

    def read(self, ground: Ground, model: Term) -> tuple[dict[str, object], bool]:
        """Return the facts of a subject that a model of the terms shows, and whether some number had to be made to fit its scale."""
        reading = _Reading(self, model)
        facts = {name: reading.value(fact.symbol, fact.item) for name, fact in ground.facts.items()}
        return facts, reading.misfits

    def on_grid(self, ground: Ground) -> list[Term]:
        """Return that all numbers have no more decimal places than are kept."""
        found = []
        for fact in ground.facts.values():
            if fact.symbol.sort is Sort.NUMBER and fact.item.scale:
                fine = times(Fraction(10) ** fact.item.scale, fact.symbol.term)
                found.append(same_number(fine, whole(fine)))
        return found

    def elsewhere(self, ground: Ground, model: Term) -> Term:
        """Return that some fact is not as a model of the terms has it."""
        found = []
        for fact in ground.facts.values():
            symbol = fact.symbol
            if symbol.sort in {Sort.LIST, Sort.CONTEXT}:
                continue
            was_null, was = solver.read(model, symbol.null), solver.read(model, symbol.term)
            same = same_truth(symbol.term, was) if symbol.sort is Sort.BOOLEAN else same_number(symbol.term, was)
            found.append(symbol.null if was_null else both(opposite(symbol.null), same))
        return opposite(both(*found))

    # --- bodies ----------------------------------------------------------------------------------------------------

    def body(self, body: Body, scope: Scope) -> Symbol:
        """Return the value of the logic of an element."""
        match body:
            case boxed.CompiledTable():
                return table_value(self, body, scope)
            case boxed.Typed():
                return self.fitted(self.body(body.body, scope), body.type)
            case boxed.CompiledConditional():
                return self.conditional(body, scope)
            case boxed.CompiledContext():
                return self.boxed_context(body, scope)
            case boxed.CompiledList():
                return Symbol(Sort.LIST, tuple(Part(_ONE, self.body(element, scope)) for element in body.elements))
            case boxed.CompiledInvocation():
                function = self.body(body.function, scope)
                return self.invoke(function, [], {name: self.body(argument, scope) for name, argument in body.arguments}, scope)
            case boxed.Broken():
                return NULL
            case Node():
                return self.value(body, scope)
        raise Opaque("此类盒式表达式", f"a boxed expression of the kind {type(body).__name__}")

    def conditional(self, body: boxed.CompiledConditional, scope: Scope) -> Symbol:
        """Return one of two bodies; null where the condition is no boolean."""
        condition = self.body(body.condition, scope)
        if condition.sort not in {Sort.BOOLEAN, Sort.NULL}:
            return NULL
        return choose(holds(condition), self.body(body.then, scope), self.body(body.otherwise, scope))

    def boxed_context(self, body: boxed.CompiledContext, scope: Scope) -> Symbol:
        """Return a context, or its result."""
        entries: dict[str, Symbol] = {}
        for name, entry in body.entries:
            entries[name] = self.body(entry, scope.inner(entries))
        if body.result is not None:
            return self.body(body.result, scope.inner(entries))
        return Symbol(Sort.CONTEXT, entries)

    def fitted(self, symbol: Symbol, type_: Type) -> Symbol:
        """Return a value as its type asks; one that does not fit is null."""
        if type_ is ANY or type_.name == "Any" or symbol.sort is Sort.NULL:
            return symbol
        sort = sort_of(type_) if symbol.sort is not Sort.FUNCTION else Sort.FUNCTION
        if sort is symbol.sort:
            return symbol if not type_.fields and not type_.arguments else self.fitted_inside(symbol, type_)
        if Sort.LIST in {sort, symbol.sort} or type_.name == "date and time":
            raise Opaque("列表与元素之间的转换", "a list stands for its element, or an element for a list")
        return NULL

    def fitted_inside(self, symbol: Symbol, type_: Type) -> Symbol:
        """Return a list or context as its type asks."""
        if symbol.term is None:
            return symbol
        inner = dict(type_.fields)
        values = [part.value for part in symbol.term] if symbol.sort is Sort.LIST else [symbol.term.get(name, NULL) for name in inner]
        types = [type_.arguments[0]] * len(values) if symbol.sort is Sort.LIST else list(inner.values())
        if all(self.is_as_declared(value, declared) for value, declared in zip(values, types, strict=True)):
            return symbol
        raise Opaque("元素与声明的类型不合", "an element is not of the declared type")

    def is_as_declared(self, symbol: Symbol, type_: Type) -> bool:
        """Say whether a value certainly fits a type as it is."""
        if type_.name == "Any" or symbol.sort is Sort.NULL:
            return True
        return sort_of(type_) is symbol.sort and (not (type_.fields or type_.arguments) or self.fitted_inside(symbol, type_) is symbol)

    # --- expressions -----------------------------------------------------------------------------------------------

    def value(self, node: Node, scope: Scope) -> Symbol:
        """Return the value of an expression; a free one where it has no terms but its type is known."""
        encode: Callable[[Encoder, Any, Scope], Symbol] | None = _ENCODERS.get(type(node))
        try:
            if encode is None:
                raise Opaque(f"{type(node).__name__} 表达式", f"an expression of the kind {type(node).__name__}")
            return encode(self, node, scope)
        except Opaque as fault:
            sort = self.sort_of_node(node, scope)
            if sort is None:
                raise
            return self.instead(node, scope, sort, fault)

    def sort_of_node(self, node: Node, scope: Scope) -> Sort | None:
        """Return the sort of an expression by its kind alone, or None where that does not tell."""
        if isinstance(node, _TRUTHS):
            return Sort.BOOLEAN
        if isinstance(node, syntax.Filter | syntax.For | syntax.ListLiteral):
            return Sort.LIST
        if not isinstance(node, syntax.Call) or not isinstance(node.function, syntax.Name):
            return None
        name = node.function.name
        required = scope.requirements.get(name)
        knowledge = self.models[scope.model].model.knowledge.get(required) if required else None
        if knowledge is not None:
            return SORTS.get(knowledge.model.type.name)
        results = {signature.result.name for signature in BUILTINS[name].signatures} if name in BUILTINS and not required else set()
        result = results.pop() if len(results) == 1 else ""
        return Sort.LIST if result == "list" else SORTS.get(result)

    def passes(self, tests: UnaryTests, value: Symbol, scope: Scope) -> Symbol:
        """Return whether a value passes the tests of a cell."""
        if not tests.tests:
            return Symbol(Sort.BOOLEAN, term=True)
        inner = scope.inner({INPUT: value}) if any(isinstance(item, syntax.Condition) for item in tests.tests) else scope
        passed = disjunction([self.passes_one(item, value, inner) for item in tests.tests])
        return negated(passed) if tests.is_negated else passed

    def passes_one(self, item: Node, value: Symbol, scope: Scope) -> Symbol:
        """Return whether a value passes one test."""
        if isinstance(item, syntax.Condition):
            passed = self.value(item.expression, scope)
            return passed if passed.sort is Sort.BOOLEAN else NULL
        if isinstance(item, syntax.RangeLiteral):
            return self.in_range(item, value, scope)
        if isinstance(item, syntax.ListLiteral):
            return disjunction([self.passes_one(element, value, scope) for element in item.elements])
        result = self.value(item, scope)
        if result.sort is Sort.LIST and value.sort is not Sort.LIST:
            tests = [(part.times, equal(value, part.value)) for part in builtins.parts_of(result)]
            return disjunction([Symbol(Sort.BOOLEAN, both(below(_ZERO, times_), test.term), test.null) for times_, test in tests])
        if result.sort is Sort.BOOLEAN and value.sort is not Sort.BOOLEAN:
            return choose(value.null, Symbol(Sort.BOOLEAN, result.null), result)
        return equal(value, result)

    def in_range(self, item: syntax.RangeLiteral, value: Symbol, scope: Scope) -> Symbol:
        """Return whether a value lies in a range that is written out."""
        if item.operator:
            return _compare(item.operator, value, self.value(item.operand, scope))
        assert item.low is not None
        assert item.high is not None
        low, high = self.value(item.low, scope), self.value(item.high, scope)
        above = less(low, value, or_equal=item.low_closed)
        beneath = less(value, high, or_equal=item.high_closed)
        if Sort.NULL in {above.sort, beneath.sort}:
            return NULL
        return Symbol(Sort.BOOLEAN, both(above.term, beneath.term), either(above.null, beneath.null))

    def invoke(self, function: Symbol, positional: Sequence[Symbol], named: Mapping[str, Symbol], scope: Scope) -> Symbol:
        """Return what a business knowledge model comes to."""
        if function.sort is not Sort.FUNCTION or not isinstance(function.term, CompiledKnowledge):
            raise Opaque("调用不定的函数", "a function that is not known is called")
        compiled = function.term
        names = [name for name, _ in compiled.model.parameters]
        if scope.depth >= _MOST_CALLS:
            raise Opaque("调用过深", "calls inside each other, too deep")
        if (named and not named.keys() <= set(names)) or (not named and len(positional) != len(names)):
            return NULL
        given = {name: named.get(name, NULL) for name in names} if named else dict(zip(names, positional, strict=True))
        for name, type_ in compiled.model.parameters:
            if type_.name != "Any" and not self.is_as_declared(given[name], type_):
                raise Opaque("参数与声明的类型不合", "an argument is not of the declared type")
        inner = Scope(scope.model, compiled.requirements, given, scope.depth + 1)
        return self.fitted(self.body(compiled.body, inner), compiled.model.type)

    def condition_in(self, node: Node, part: Part, entries: Mapping[str, Symbol], scope: Scope) -> Symbol:
        """Return what a condition comes to in the scope of an element."""
        own = part.value.term if part.value.sort is Sort.CONTEXT else {}
        return self.value(node, scope.inner({**entries, "item": part.value, **own}))


class _Reading:
    """Facts read from a model of the terms."""

    def __init__(self, encoder: Encoder, model: Term) -> None:
        self.encoder = encoder
        self.model = model
        self.misfits = False

    def value(self, symbol: Symbol, item: ItemDefinition) -> object:
        """Return the value of a fact."""
        if solver.read(self.model, symbol.null):
            return None
        if symbol.sort is Sort.LIST:
            return self.elements(symbol, item)
        if symbol.sort is Sort.CONTEXT:
            return {entry.name: self.value(symbol.term[entry.name], entry) for entry in item.components}
        term = solver.read(self.model, symbol.term)
        if symbol.sort is Sort.NUMBER:
            number = scaled(Fraction(term), item.scale)
            self.misfits = self.misfits or Fraction(number) != term
            return number
        if symbol.sort is Sort.STRING:
            return self.text(Fraction(term), item)
        return self.encoder.simple(symbol.sort, term)

    def elements(self, symbol: Symbol, item: ItemDefinition) -> tuple[object, ...]:
        """Return the elements of a list."""
        if symbol.term is None:
            return ()
        element_type = item.type.arguments[0] if item.type.arguments else item.type
        element = item if item.components else replace(item, type=element_type)
        found: list[object] = []
        for part in symbol.term:
            how_many = int(solver.read(self.model, part.times))
            found += [self.value(part.value, element)] * how_many
        return tuple(found)

    def text(self, code: Fraction, item: ItemDefinition) -> str:
        """Return the string of a number; one that nobody named where it is no string's."""
        for text, known in self.encoder.texts.items():
            if known == code:
                return text
        beginnings = item.allowed_beginnings or ()
        unnamed = (text for text in beginnings if not any(known.startswith(text) for known in self.encoder.texts))
        return next(unnamed, "") or f"其他{item.name}"


_NOWHERE = Span(Source("<proof>", ""), 0, 0)

_TRUTHS = (
    syntax.Comparison,
    syntax.Between,
    syntax.In,
    syntax.InstanceOf,
    syntax.Conjunction,
    syntax.Disjunction,
    syntax.Quantified,
)
"""Kinds of expressions that are true, false or null."""


def _compare(operator: str, left: Symbol, right: Symbol) -> Symbol:
    match operator:
        case "=":
            return equal(left, right)
        case "!=":
            return negated(equal(left, right))
        case "<" | "<=":
            return less(left, right, or_equal=operator == "<=")
    return less(right, left, or_equal=operator == ">=")


def _literal(encoder: Encoder, node: syntax.Literal, _scope: Scope) -> Symbol:
    return encoder.constant(node.value)


def _name(encoder: Encoder, node: syntax.Name, scope: Scope) -> Symbol:
    name = node.name
    if name in scope.local:
        return scope.local[name]
    linked = encoder.models[scope.model]
    id_ = scope.requirements.get(name)
    if id_ is None and name == AS_OF:
        return encoder.constant(linked.as_of)
    if id_ is None:
        id_ = element_beside(linked, name)
    if id_ is None:
        raise Opaque(f"名称 {name}", f"the name {name}")
    return encoder.element(scope.model, id_)


def _list(encoder: Encoder, node: syntax.ListLiteral, scope: Scope) -> Symbol:
    return Symbol(Sort.LIST, tuple(Part(_ONE, encoder.value(element, scope)) for element in node.elements))


def _context(encoder: Encoder, node: syntax.ContextLiteral, scope: Scope) -> Symbol:
    entries: dict[str, Symbol] = {}
    for key, entry in node.entries:
        entries[key] = encoder.value(entry, scope.inner(entries))
    return Symbol(Sort.CONTEXT, entries)


def _negation(encoder: Encoder, node: syntax.Negation, scope: Scope) -> Symbol:
    operand = encoder.value(node.operand, scope)
    if operand.sort not in {Sort.NUMBER, Sort.DAYS, Sort.MONTHS}:
        return NULL
    return replace(operand, term=times(Fraction(-1), operand.term))


def _arithmetic(encoder: Encoder, node: syntax.Arithmetic, scope: Scope) -> Symbol:
    left, right = encoder.value(node.left, scope), encoder.value(node.right, scope)
    null = either(left.null, right.null)
    if null is True:
        return NULL
    if left.sort is Sort.STRING and right.sort is Sort.STRING and node.operator == "+":
        return encoder.constant(f"{encoder.known(left)}{encoder.known(right)}")
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


def _comparison(encoder: Encoder, node: syntax.Comparison, scope: Scope) -> Symbol:
    return _compare(node.operator, encoder.value(node.left, scope), encoder.value(node.right, scope))


def _between(encoder: Encoder, node: syntax.Between, scope: Scope) -> Symbol:
    value, low, high = (encoder.value(each, scope) for each in (node.value, node.low, node.high))
    null = either(value.null, low.null, high.null)
    if null is True:
        return NULL
    inside = conjunction([less(low, value, or_equal=True), less(value, high, or_equal=True)])
    return Symbol(Sort.BOOLEAN, inside.term, either(null, inside.null))


def _in(encoder: Encoder, node: syntax.In, scope: Scope) -> Symbol:
    value = encoder.value(node.value, scope)
    return disjunction([_is_in(encoder, item, value, scope) for item in node.tests.tests])


def _is_in(encoder: Encoder, item: Node, value: Symbol, scope: Scope) -> Symbol:
    """Return whether `value in item`: like a cell's test, but without `?`, and what of a list has another type is not the value."""
    if isinstance(item, syntax.RangeLiteral):
        return encoder.in_range(item, value, scope)
    if isinstance(item, syntax.Condition) or value.sort is Sort.LIST:
        raise Opaque("in 之后的条件或列表", "a condition or a list behind `in`")
    if isinstance(item, syntax.ListLiteral):
        return disjunction([_is_element(encoder, element, value, scope) for element in item.elements])
    result = encoder.value(item, scope)
    if result.sort is not Sort.LIST:
        return equal(value, result)
    found = either(*(both(below(_ZERO, part.times), holds(equal(value, part.value))) for part in builtins.parts_of(result)))
    return Symbol(Sort.BOOLEAN, found)


def _is_element(encoder: Encoder, element: Node, value: Symbol, scope: Scope) -> Symbol:
    if isinstance(element, syntax.RangeLiteral):
        return encoder.in_range(element, value, scope)
    return Symbol(Sort.BOOLEAN, holds(equal(value, encoder.value(element, scope))))


def _conjunction(encoder: Encoder, node: syntax.Conjunction, scope: Scope) -> Symbol:
    return conjunction([encoder.value(node.left, scope), encoder.value(node.right, scope)])


def _disjunction(encoder: Encoder, node: syntax.Disjunction, scope: Scope) -> Symbol:
    return disjunction([encoder.value(node.left, scope), encoder.value(node.right, scope)])


def _if(encoder: Encoder, node: syntax.If, scope: Scope) -> Symbol:
    condition = holds(encoder.value(node.condition, scope))
    if isinstance(condition, bool):
        return encoder.value(node.then if condition else node.otherwise, scope)
    return choose(condition, encoder.value(node.then, scope), encoder.value(node.otherwise, scope))


def _domain(encoder: Encoder, node: syntax.For | syntax.Quantified, scope: Scope) -> tuple[str, Sequence[Part], Any]:
    """Return the variable of an iteration, what it runs through, and whether that is null."""
    if len(node.iterations) != 1:
        raise Opaque("多个变量的循环", "an iteration of several variables")
    iteration = node.iterations[0]
    first = encoder.value(iteration.domain, scope)
    if iteration.last is None:
        if first.sort is Sort.NULL:
            return iteration.name, (), True
        return iteration.name, builtins.parts_of(first), first.null
    low, high = encoder.known(first), encoder.known(encoder.value(iteration.last, scope))
    if not isinstance(low, Decimal) or not isinstance(high, Decimal) or low != int(low) or high != int(high):
        raise Opaque("不是整数的循环", "an iteration over what is not whole")
    if abs(high - low) >= _MOST_STEPS:
        raise Opaque("步数过多的循环", "an iteration of too many steps")
    step = 1 if low <= high else -1
    numbers = range(int(low), int(high) + step, step)
    return iteration.name, [Part(_ONE, Symbol(Sort.NUMBER, Fraction(number))) for number in numbers], False


def _for(encoder: Encoder, node: syntax.For, scope: Scope) -> Symbol:
    if syntax.mentions(node.body, PARTIAL):
        raise Opaque("用到前面结果的循环", "an iteration that uses the results so far")
    name, parts, null = _domain(encoder, node, scope)
    results = tuple(Part(part.times, encoder.value(node.body, scope.inner({name: part.value}))) for part in parts)
    return Symbol(Sort.LIST, results, null)


def _quantified(encoder: Encoder, node: syntax.Quantified, scope: Scope) -> Symbol:
    name, parts, null = _domain(encoder, node, scope)
    results = []
    for part in parts:
        result = encoder.value(node.condition, scope.inner({name: part.value}))
        neutral = Symbol(Sort.BOOLEAN, node.is_every)
        results.append(choose(below(_ZERO, part.times), result if result.sort is Sort.BOOLEAN else NULL, neutral))
    combined = conjunction(results) if node.is_every else disjunction(results)
    return Symbol(Sort.BOOLEAN, combined.term, either(null, combined.null))


def _path(encoder: Encoder, node: syntax.Path, scope: Scope) -> Symbol:
    value = encoder.value(node.value, scope)
    if value.sort is Sort.CONTEXT:
        entry = value.term.get(node.name, NULL)
        return replace(entry, null=either(value.null, entry.null))
    if value.sort is Sort.LIST:
        parts = builtins.parts_of(value)
        if any(part.value.sort is not Sort.CONTEXT for part in parts):
            raise Opaque("取不是上下文的元素的项", "an entry of what is no context")
        return Symbol(Sort.LIST, tuple(Part(part.times, part.value.term.get(node.name, NULL)) for part in parts), value.null)
    found = dates.entry(value, node.name)
    return NULL if found is None else found


def _filter(encoder: Encoder, node: syntax.Filter, scope: Scope) -> Symbol:
    value = encoder.value(node.value, scope)
    if value.sort is Sort.NULL:
        return Symbol(Sort.LIST, ())
    parts = builtins.parts_of(value)
    entries = {name: NULL for part in parts if part.value.sort is Sort.CONTEXT for name in part.value.term}
    kept = []
    for part in parts:
        condition = encoder.condition_in(node.condition, part, entries, scope)
        if condition.sort not in {Sort.BOOLEAN, Sort.NULL}:
            raise Opaque("按位置取元素", "an element by its position")
        is_kept = both(opposite(value.null), holds(condition))
        kept.append(Part(choose_number(is_kept, part.times, _ZERO), part.value))
    return Symbol(Sort.LIST, tuple(kept))


def _call(encoder: Encoder, node: syntax.Call, scope: Scope) -> Symbol:
    positional = [encoder.value(argument, scope) for argument in node.positional]
    named = {name: encoder.value(argument, scope) for name, argument in node.named}
    is_plain = isinstance(node.function, syntax.Name) and node.function.name not in {*scope.local, *scope.requirements}
    if isinstance(node.function, syntax.Name) and is_plain and node.function.name in BUILTINS:
        return _builtin(encoder, node.function.name, positional, named, (node, scope))
    return encoder.invoke(encoder.value(node.function, scope), positional, named, scope)


def _builtin(
    encoder: Encoder, name: str, positional: list[Symbol], named: Mapping[str, Symbol], place: tuple[syntax.Call, Scope]
) -> Symbol:
    node, scope = place
    if named:
        parameters = BUILTINS[name].parameter_names
        if len(BUILTINS[name].signatures) > 1 or list(named) != list(parameters[: len(named)]):
            raise Opaque(f"按名称给出参数的函数 {name}", f"the function {name} with named arguments")
        positional = list(named.values())
    if any(argument.sort is Sort.LIST and argument.term is None for argument in positional) and name == "count" and len(positional) == 1:
        term = encoder.instead(node, scope, Sort.NUMBER, builtins.unknown_list()).term
        return Symbol(Sort.NUMBER, choose_number(below(term, _ZERO), times(Fraction(-1), term), term), positional[0].null)
    try:
        arguments = [encoder.known(argument) for argument in positional]
    except Opaque:
        return builtins.call(name, positional)
    return encoder.call_known(name, arguments, scope.model)


_ENCODERS: dict[type[Node], Callable[[Encoder, Any, Scope], Symbol]] = {
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
