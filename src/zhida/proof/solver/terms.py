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
from functools import lru_cache

from zhida.dmn import compiled as boxed
from zhida.dmn.compiled import AS_OF, Body, CompiledKnowledge, CompiledRule
from zhida.dmn.model import ItemDefinition
from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate
from zhida.feel.run import Frame, Run
from zhida.feel.shape import Shape
from zhida.feel.syntax import INPUT, Node, UnaryTests
from zhida.feel.unparse import unparse
from zhida.policy.front_matter import Interval
from zhida.policy.pack import PolicyModel
from zhida.policy.years import machine_name
from zhida.proof.solver import builtins
from zhida.proof.solver.algebra import Branch, Image, Sort, Space, Term, at_most, below, both, choose_truth, either, is_known
from zhida.proof.solver.days import DAY
from zhida.proof.solver.facts import SORTS, Facts, sort_of
from zhida.proof.solver.nodes import ENCODERS, compare, no_terms
from zhida.proof.solver.scope import Ground, Scope
from zhida.proof.solver.tables import table_value
from zhida.proof.solver.values import NULL, Opaque, Part, Symbol, choose, disjunction, equal, free, holds, less, negated
from zhida.source import Source, Span
from zhida.values import temporal
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date, DaysDuration, MonthsDuration
from zhida.values.types import ANY, DATE, Type
from zhida.values.unknown import Unknown

_DAY = 86_400 * 10**9
_MOST_CALLS = 20
_ONE, _ZERO = Fraction(1), Fraction(0)


class Encoder:
    """Some models in terms. Facts of one name are one variable in all of them."""

    def __init__(
        self, models: Sequence[PolicyModel], texts: dict[str, int], named: Sequence[str], *, with_lists: bool, days: Interval | None = None
    ) -> None:
        """Begin with nothing encoded.

        Args:
            models: The models.
            texts: The numbers of strings, which are added to.
            named: The strings that the models or questions name: codes are told apart by them.
            with_lists: Whether the elements of lists are looked at: then no more than a few, and "impossible" does not hold.
            days: The days of which each may be that of the question; only that of the models where that is left out.
        """
        self.models = models
        self.days = days
        self.texts = texts
        self.named = tuple(named)
        self.by_code: list[str] = []
        self.space = Space()
        self.facts = Facts(self.space, self, models[0].as_of, with_lists=with_lists)
        self.have_years_apart = len({model.as_of.year for model in models}) > 1
        self.ground = Ground()
        self.known_elements: dict[tuple[int, str], tuple[Symbol, Ground]] = {}
        self.scopes: dict[tuple[int, str], Scope] = {}
        self.free_values: dict[tuple[str, int], Symbol] = {}
        self.alive: list[Scope] = []
        self.made: dict[tuple[int, ...], tuple[Symbol, Ground, tuple[object, ...]]] = {}
        self.opaque: dict[str, tuple[str, str]] = {}

    # --- what there is ---------------------------------------------------------------------------------------------

    def code(self, text: str) -> Fraction:
        """Return the number of a string."""
        return Fraction(self.texts.setdefault(text, len(self.texts)))

    def text(self, code: Fraction) -> str:
        """Return the string of a number."""
        while len(self.by_code) < len(self.texts):
            self.by_code = list(self.texts)
        return self.by_code[int(code)]

    def scope(self, model: int, decision_id: str) -> Scope:
        """Return the scope of the body of a decision or business knowledge model."""
        key = (model, decision_id)
        if key not in self.scopes:
            linked = self.models[model].model
            element = linked.decisions.get(decision_id) or linked.knowledge[decision_id]
            self.scopes[key] = Scope(model, element.requirements)
        return self.scopes[key]

    def day(self, model: int) -> Symbol:
        """Return the day of the question: that of the model, or any of several."""
        if self.days is None:
            self.ground.minds_day = True
            return self.constant(self.models[model].as_of)
        fact = self.facts.fact(AS_OF, ItemDefinition(AS_OF, DATE), is_figure=False)
        limits = list(fact.limits)
        if self.days.start is not None:
            limits.append(at_most(Fraction(temporal.to_days(self.days.start)), fact.symbol.term))
        if self.days.end is not None:
            limits.append(at_most(fact.symbol.term, Fraction(temporal.to_days(self.days.end))))
        self.ground.facts[AS_OF] = replace(fact, limits=tuple(limits))
        return fact.symbol

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
        fact = self.facts.fact(name, data.item, is_figure=id_ in linked.parameters)
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
            null = self.space.variable(Sort.BOOLEAN, f"{name} null")
            return Symbol(sort, {key: self.free_shape(f"{name}.{key}", inner) for key, inner in shape.fields.items()}, null)
        return free(self.space, sort, name)

    def instead(self, node: Node, scope: Scope, sort: Sort, fault: Opaque) -> Symbol:
        """Return a free value for an expression that has no terms: the same one each time that it is met in a scope."""
        key = (unparse(node), id(scope))
        self.ground.opaque[key[0]] = fault.reason
        for name in syntax.free_names(node):  # whoever replays it must know all that it reads
            self.touch(name, scope)
        if key not in self.free_values:
            self.alive.append(scope)  # or its identity might come to stand for another
            self.free_values[key] = free(self.space, sort, f"opaque {len(self.free_values)}: {key[0]}")
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
            return self.text(term)
        if sort is Sort.DATE:
            return temporal.from_days(int(term))
        return DaysDuration(int(term * _DAY)) if sort is Sort.DAYS else MonthsDuration(int(term))

    def call_known(self, name: str, arguments: Sequence[object], model: int) -> Symbol:
        """Return what a builtin comes to for values that are known."""
        if len(arguments) > 1 and all(isinstance(argument, str | Decimal) for argument in arguments):
            return self.constant(_looked_up(name, tuple(arguments)))
        if name in DAY:
            if self.days is not None:
                raise Opaque("随评估日变化的函数", "a function of the day")
            self.ground.minds_day = True
        return self.constant(_called(name, arguments, self.models[model].as_of))

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
        encode = ENCODERS.get(type(node), no_terms)
        try:
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

    def value_kept(self, node: Node, scope: Scope) -> Symbol:
        """Return the value of an expression in a table: tables that differ in one rule share all others."""
        return self.kept((id(node), id(scope)), (node, scope), lambda: self.value(node, scope))

    def passes_kept(self, tests: UnaryTests, value: Symbol, scope: Scope) -> Symbol:
        """Return whether a value passes the tests of a cell."""
        return self.kept((id(tests), id(value), id(scope)), (tests, value, scope), lambda: self.passes(tests, value, scope))

    def rule_kept(self, rule: CompiledRule, inputs: Sequence[Symbol], scope: Scope) -> Symbol:
        """Return whether all cells of a rule are passed."""

        def make() -> Symbol:
            cells = zip(rule.tests, inputs, strict=True)
            return Symbol(Sort.BOOLEAN, both(*(holds(self.passes_kept(tests, value, scope)) for tests, value in cells if tests.tests)))

        return self.kept((id(rule), id(scope), *map(id, inputs)), (rule, scope, *inputs), make)

    def kept(self, key: tuple[int, ...], parts: tuple[object, ...], make: Callable[[], Symbol]) -> Symbol:
        """Return what was made before of the same parts, and rest on what it rests on."""
        if key not in self.made:
            outer, self.ground = self.ground, Ground()
            try:
                self.made[key] = make(), self.ground, parts  # the parts stay alive: their identities mean them
            finally:
                self.ground = outer
        symbol, ground, _ = self.made[key]
        self.ground.add(ground)
        return symbol

    def less(self, left: Symbol, right: Symbol, *, or_equal: bool = False) -> Symbol:
        """Return whether one value comes before another; strings by what is known of them."""
        if left.sort is not Sort.STRING or right.sort is not Sort.STRING:
            return less(left, right, or_equal=or_equal)
        return Symbol(Sort.BOOLEAN, self.comes_before(left.term, right.term, or_equal=or_equal), either(left.null, right.null))

    def comes_before(self, left: Term, right: Term, *, or_equal: bool) -> Term:
        """Return whether one string comes before another by its code points."""
        for one in (left, right):
            if isinstance(one, Branch):
                sides = ((one.then, right), (one.otherwise, right)) if one is left else ((left, one.then), (left, one.otherwise))
                return choose_truth(one.condition, *(self.comes_before(*side, or_equal=or_equal) for side in sides))
        if isinstance(left, Image) and is_known(right):
            last = self.text(right)
            return left.where(lambda code: self.text(code) < last or (or_equal and self.text(code) == last))
        if isinstance(right, Image) and is_known(left):
            first = self.text(left)
            return right.where(lambda code: first < self.text(code) or (or_equal and self.text(code) == first))
        if is_known(left) and is_known(right):
            return self.text(left) < self.text(right) or (or_equal and left == right)
        raise Opaque("按先后比较字符串", "strings are compared by their order")

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
            return compare(self, item.operator, value, self.value(item.operand, scope))
        assert item.low is not None
        assert item.high is not None
        low, high = self.value(item.low, scope), self.value(item.high, scope)
        above = self.less(low, value, or_equal=item.low_closed)
        beneath = self.less(value, high, or_equal=item.high_closed)
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


_NOWHERE = Span(Source("<proof>", ""), 0, 0)


def _called(name: str, arguments: Sequence[object], as_of: Date) -> object:
    """Return what a builtin comes to."""
    literals = tuple(syntax.Literal(_NOWHERE, argument) for argument in arguments)
    return evaluate(syntax.Call(_NOWHERE, syntax.Name(_NOWHERE, name), literals, ()), Frame({}, Run(as_of)))


@lru_cache(maxsize=50_000)
def _looked_up(name: str, arguments: tuple[object, ...]) -> object:
    """Return what a builtin comes to for numbers and strings, whatever the day: codes are asked the same again and again."""
    return _called(name, arguments, Date(2000, 1, 1))


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
