"""Definitions to a decision model: names bound, requirements found, types and units checked; all mistakes at once.

    Definitions ──compile_definitions──> CompiledDefinitions ─┐
    Definitions ──compile_definitions──> CompiledDefinitions ─┴─link──> DecisionModel
    [Definitions] ──compile_models──────────────────────────────────> DecisionModel      (DMN files)

Definitions that use others' decisions are compiled by themselves, knowing only the shapes of what they use, and linked
when it is known which versions are meant. In a DMN file that others wrote, an element with mistakes is `Broken`: it comes
to null and says why, and the rest of the file can be used.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

from zhida.dmn.compiled import (
    AS_OF,
    Body,
    Broken,
    CompiledConditional,
    CompiledContext,
    CompiledDecision,
    CompiledDefinitions,
    CompiledExternal,
    CompiledFilter,
    CompiledFunction,
    CompiledInvocation,
    CompiledIteration,
    CompiledKnowledge,
    CompiledList,
    CompiledRule,
    CompiledService,
    CompiledTable,
    DecisionModel,
    Typed,
)
from zhida.dmn.free_names import body_names
from zhida.dmn.graph import sort_requirements
from zhida.dmn.infer import Inference
from zhida.dmn.model import (
    BusinessKnowledgeModel,
    Conditional,
    Context,
    ContextEntry,
    Decision,
    DecisionService,
    DecisionTable,
    Definitions,
    Expression,
    Filter,
    FunctionDefinition,
    Invocation,
    Iteration,
    ListExpression,
    LiteralExpression,
    OutputClause,
    Relation,
)
from zhida.dmn.wiring import Logic, Wiring, global_id, order_of_imports, wire_by_href, wire_by_name
from zhida.errors import CompileError, Diagnostic, diagnostic
from zhida.feel.builtins import BUILTINS
from zhida.feel.names import NameSet, Scope, written_keys
from zhida.feel.parse import parse_expression, parse_unary_tests
from zhida.feel.shape import Shape, shape_of_type
from zhida.feel.syntax import PARTIAL, Literal, Node, UnaryTests, children
from zhida.source import Snippet, Span, snippet
from zhida.values import temporal
from zhida.values.types import ANY, DATE, Type

FEEL_LANGUAGES = ("feel", "feel/", "feel.xsd")
"""How the URIs of expression languages end that are FEEL, of whichever version, in small letters."""


def compile_definitions(
    definitions: Definitions, imported: Mapping[str, Shape], known: Mapping[str, Shape] = MappingProxyType({})
) -> CompiledDefinitions:
    """Compile one set of definitions by itself.

    Args:
        definitions: The elements.
        imported: The shape of each name in `definitions.imports`.
        known: Of input data whose shape was found before, by id, that shape.

    Returns:
        What was compiled; mistakes are in its `diagnostics` (feel-*, dmn-cycle, dmn-duplicate-name, dmn-reserved-name).
    """
    return _Compiler(wire_by_name(definitions, imported, known)).compile()


def compile_models(main: Definitions, others: Iterable[Definitions] = ()) -> DecisionModel:
    """Compile DMN models, of which one imports the others; what is wrong in an element breaks that element alone.

    Args:
        main: The model.
        others: Models that it may import, directly or through others, in any order.

    Returns:
        The model; the ids of its elements are `namespace#id`. Mistakes are in its `diagnostics` (feel-*, dmn-*), and an
        element with mistakes comes to null and says why.
    """
    models, missing = order_of_imports(main, others)
    compiled = _Compiler(wire_by_href(models)).compile()
    diagnostics = (*missing, *compiled.diagnostics)
    elements: dict[str, CompiledDecision | CompiledKnowledge] = {**compiled.decisions, **compiled.knowledge}
    requirements = {id_: tuple(element.requirements.values()) for id_, element in elements.items()}
    return DecisionModel(compiled.decisions, compiled.knowledge, compiled.inputs, requirements, compiled.services, diagnostics)


def link(parts: Iterable[CompiledDefinitions], aliases: Mapping[str, str] | None = None) -> DecisionModel:
    """Join compiled definitions into one model.

    Args:
        parts: The definitions, none of which may have errors.
        aliases: Ids by which some elements are also known (the version that is meant by a name): alias → id.

    Raises:
        CompileError: all errors of all parts.
    """
    parts = list(parts)
    errors = [item for part in parts for item in part.diagnostics if item.severity == "error"]
    if errors:
        raise CompileError(errors)
    decisions = {id_: decision for part in parts for id_, decision in part.decisions.items()}
    decisions |= {alias: decisions[id_] for alias, id_ in (aliases or {}).items() if id_ in decisions}
    knowledge = {id_: model for part in parts for id_, model in part.knowledge.items()}
    inputs = {id_: data for part in parts for id_, data in part.inputs.items()}
    elements: dict[str, CompiledDecision | CompiledKnowledge] = {**decisions, **knowledge}
    requirements = {id_: tuple(element.requirements.values()) for id_, element in elements.items()}
    return DecisionModel(decisions, knowledge, inputs, requirements)


class _Compiler:
    """Compiles what a wiring holds, collecting what is wrong in all of it."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.diagnostics: list[Diagnostic] = list(wiring.diagnostics)
        self.shapes: dict[str, Shape] = {AS_OF: Shape(DATE, label=AS_OF), **wiring.shapes}
        self.properties = NameSet(self.property_names())
        self.scopes: dict[int, Scope] = {}
        self.broken: dict[str, list[Diagnostic]] = {}
        self.here = ""

    def property_names(self) -> Iterator[str]:
        """Yield the names that may follow a dot and hold spaces or operators: of values, of tables' outputs, of contexts."""
        for names in temporal.PROPERTIES.values():
            yield from names
        yield from ("start included", "end included")
        for shape in self.shapes.values():
            yield from shape.fields
        yield from _entry_names(shape.type for shape in self.shapes.values())
        for id_, element in self.wiring.elements.items():
            if isinstance(element, DecisionService):
                yield from (self.qualified(each, id_.rpartition("#")[0]) for each in self.outputs(id_, element))
            else:
                yield from _keys(element.expression)
        yield from _entry_names(element.type for element in self.wiring.elements.values())
        named = {id(types): types for types in self.wiring.types.values()}
        yield from _entry_names(type_ for types in named.values() for type_ in types.values())

    def compile(self) -> CompiledDefinitions:
        """Parse all bodies, order them by their requirements, then check them in that order."""
        bodies: dict[str, Body] = {}
        elements = {id_: element for id_, element in self.wiring.elements.items() if not isinstance(element, DecisionService)}
        for id_, element in elements.items():
            self.here = id_
            bodies[id_] = self.logic(element)
        mentioned = {id_: self.mentioned(element, bodies[id_]) for id_, element in elements.items()}
        requirements = {id_: tuple(found.values()) for id_, found in mentioned.items()}
        order, cycles = sort_requirements(requirements)
        for cycle in cycles:
            self.note_cycle(cycle)
            for id_ in set(cycle):
                self.broken.setdefault(id_, []).append(self.diagnostics[-1])
        self.shapes |= {id_: Shape() for id_ in self.wiring.elements}
        self.declare_services()
        inference = Inference(self.wiring, self.shapes, bodies, self.diagnostics)
        decisions: dict[str, CompiledDecision] = {}
        knowledge: dict[str, CompiledKnowledge] = {}
        for id_ in order:
            element = elements[id_]
            shape = self.shapes[id_] = inference.element(id_, element, bodies[id_])
            body: Body = Broken(tuple(self.broken[id_])) if id_ in self.broken else bodies[id_]
            if isinstance(element, Decision):
                decisions[id_] = CompiledDecision(element, body, mentioned[id_], shape)
            else:
                knowledge[id_] = CompiledKnowledge(element, body, mentioned[id_], shape)
        used = {required for found in mentioned.values() for required in found.values()}
        services = self.services()
        self.check_services(services, requirements)
        used |= {id_ for service in services.values() for id_ in service.inputs}
        is_whole = bool(self.wiring.types)
        inputs = {id_: data for id_, data in self.wiring.inputs.items() if is_whole or id_ in used}
        return CompiledDefinitions(self.wiring.definitions, decisions, knowledge, inputs, services, tuple(self.diagnostics))

    def note_cycle(self, cycle: Sequence[str]) -> None:
        """Tell elements that require each other."""
        names = " → ".join(self.wiring.elements[id_].name for id_ in cycle)
        self.diagnostics.append(diagnostic("dmn-cycle", self.wiring.elements[cycle[0]].span, cycle=names))

    def note(self, found: Diagnostic) -> None:
        """Keep a diagnostic that breaks the element that is being compiled."""
        self.diagnostics.append(found)
        self.broken.setdefault(self.here, []).append(found)

    # --- parsing -------------------------------------------------------------------------------------------------

    def logic(self, element: Decision | BusinessKnowledgeModel) -> Body:
        """Parse the logic of an element; what cannot be parsed is null, and breaks the element."""
        scope = self.scope(element)
        if element.expression is None:
            found = diagnostic("dmn-no-logic", element.span, name=element.name)
            self.broken[element.id] = [found]
            if found.severity == "error":
                self.diagnostics.append(found)
            return Literal(element.span, None)
        if isinstance(element, BusinessKnowledgeModel):
            scope = scope.inner(name for name, _ in element.parameters)
            if element.kind != "FEEL":
                return self.foreign(element.kind, tuple(name for name, _ in element.parameters), element.expression, scope, element.span)
        return self.body(element.expression, scope)

    def scope(self, element: Logic) -> Scope:
        """Return the names that an element's logic may use."""
        names = self.wiring.names.get(element.id, {})
        if id(names) not in self.scopes:
            types = self.wiring.types.get(element.id, {})
            self.scopes[id(names)] = Scope(NameSet([*BUILTINS, AS_OF, *names]), properties=self.properties, types=types)
        return self.scopes[id(names)]

    def body(self, expression: Expression, scope: Scope) -> Body:
        """Parse any expression, each part in its scope."""
        if isinstance(expression, LiteralExpression):
            span = expression.text.span()
            if expression.language and not expression.language.lower().endswith(FEEL_LANGUAGES):
                self.note(diagnostic("dmn-language", span, language=expression.language))
                return Literal(span, None)
            body: Body = self.expression(expression.text, scope)
        else:
            span = expression.span
            parse: Callable[..., Body] = _PARSERS[type(expression)]
            body = parse(self, expression, scope)
            if isinstance(expression, FunctionDefinition):
                return body
        return body if expression.type == ANY else Typed(body, expression.type, span)

    def expression(self, text: Snippet, scope: Scope) -> Node:
        """Parse one expression; what is wrong with it is kept, and null stands for it."""
        try:
            return parse_expression(text, scope)
        except CompileError as error:
            for found in error.diagnostics:
                self.note(found)
            return Literal(text.span(), None)

    def tests(self, text: Snippet, scope: Scope) -> UnaryTests:
        """Parse the tests of one cell; what is wrong with them is kept, and no test stands for them."""
        try:
            return parse_unary_tests(text, scope)
        except CompileError as error:
            for found in error.diagnostics:
                self.note(found)
            return UnaryTests(text.span(), ())

    def table(self, table: DecisionTable, scope: Scope) -> CompiledTable:
        """Parse all cells of a table."""
        inputs = tuple(self.expression(clause.expression, scope) for clause in table.inputs)
        allowed = tuple(self.tests(clause.allowed_values, scope) if clause.allowed_values else None for clause in table.inputs)
        rules = tuple(
            CompiledRule(
                rule,
                tuple(self.tests(entry, scope) for entry in rule.input_entries),
                tuple(self.expression(entry, scope) for entry in rule.output_entries),
            )
            for rule in table.rules
        )
        defaults = tuple(self.expression(clause.default, scope) if clause.default else None for clause in table.outputs)
        listed = tuple(self.tests(clause.allowed_values, scope) if clause.allowed_values else None for clause in table.outputs)
        ordered = (tests or self.values_of(table, clause, scope) for tests, clause in zip(listed, table.outputs, strict=True))
        priorities = tuple(tests.tests if tests and not tests.is_negated else () for tests in ordered)
        names_null = tuple(any(_names_null(rule.tests[place]) for rule in rules) for place in range(len(inputs)))
        return CompiledTable(table, inputs, allowed, rules, defaults, priorities, names_null, listed if any(listed) else ())

    def values_of(self, table: DecisionTable, clause: OutputClause, scope: Scope) -> UnaryTests | None:
        """Return the values that the type of an output allows: where the column lists none, their order is that of priority."""
        type_, element = clause.type, self.wiring.elements.get(self.here)
        if type_ == ANY and len(table.outputs) == 1:  # then the type is that of the table, or of what it decides (8.3.2)
            is_whole = element is not None and not isinstance(element, DecisionService) and element.expression is table
            type_ = element.type if element is not None and is_whole and table.type == ANY else table.type
            type_ = type_.arguments[0] if type_.name == "list" else type_
        if type_.constraint is None:
            return None
        try:
            return parse_unary_tests(snippet(type_.constraint.tests), Scope(NameSet(BUILTINS), properties=scope.properties))
        except CompileError:  # tests that name what is beside a component order nothing
            return None

    def context(self, context: Context, scope: Scope) -> CompiledContext:
        """Parse a boxed context; an entry sees those before it."""
        entries: list[tuple[str, Body]] = []
        result: Body | None = None
        for entry in context.entries:
            body = self.body(entry.expression, scope)
            if entry.variable is None:
                result = body
                continue
            name, type_ = entry.variable.name, entry.variable.type
            is_function = isinstance(entry.expression, FunctionDefinition)
            body = body if type_ == ANY or is_function else Typed(body, type_, context.span, name)
            entries.append((name, body))
            scope = scope.inner([name])
        return CompiledContext(tuple(entries), result, context.span)

    def list(self, list_: ListExpression, scope: Scope) -> CompiledList:
        """Parse a boxed list."""
        return CompiledList(tuple(self.body(element, scope) for element in list_.elements), list_.span)

    def relation(self, relation: Relation, scope: Scope) -> CompiledList:
        """Parse a relation: a list of contexts, one for each row."""
        rows = (
            Context(tuple(ContextEntry(column, cell) for column, cell in zip(relation.columns, row.elements, strict=False)), span=row.span)
            for row in relation.rows
        )
        return CompiledList(tuple(self.context(row, scope) for row in rows), relation.span)

    def invocation(self, invocation: Invocation, scope: Scope) -> CompiledInvocation:
        """Parse a boxed call."""
        arguments: list[tuple[str, Body]] = []
        for binding in invocation.bindings:
            body: Body = Literal(invocation.span, None) if binding.expression is None else self.body(binding.expression, scope)
            type_ = binding.parameter.type
            name = binding.parameter.name
            arguments.append((name, body if type_ == ANY else Typed(body, type_, invocation.span, name)))
        return CompiledInvocation(self.body(invocation.function, scope), tuple(arguments), invocation.span)

    def function(self, function: FunctionDefinition, scope: Scope) -> CompiledFunction:
        """Parse a boxed function."""
        names = tuple(parameter.name for parameter in function.parameters)
        inner = scope.inner(names)
        if function.body is None:
            self.note(diagnostic("dmn-no-logic", function.span, name="function"))
            body: Body = Literal(function.span, None)
        elif function.kind == "FEEL":
            body = self.body(function.body, inner)
        else:
            body = self.foreign(function.kind, names, function.body, inner, function.span)
        if function.type != ANY:
            body = Typed(body, function.type, function.span)
        return CompiledFunction(tuple((each.name, each.type) for each in function.parameters), body, function.span)

    def foreign(self, kind: str, names: Sequence[str], expression: Expression, scope: Scope, span: Span) -> Body:
        """Return what stands for foreign code: a function of the whitelist, or null and the reason."""
        if kind == "Java" and isinstance(expression, Context):
            return CompiledExternal(self.context(expression, scope), tuple(names), span)
        return Broken((diagnostic("feel-external", span),))

    def conditional(self, conditional: Conditional, scope: Scope) -> CompiledConditional:
        """Parse a boxed `if`."""
        condition, then, otherwise = (self.body(part, scope) for part in (conditional.condition, conditional.then, conditional.otherwise))
        return CompiledConditional(condition, then, otherwise, conditional.span)

    def filter(self, filter_: Filter, scope: Scope) -> CompiledFilter:
        """Parse a boxed filter; an element's entries are in the scope of its condition."""
        inner = scope.inner(["item", *scope.properties])
        return CompiledFilter(self.body(filter_.value, scope), self.body(filter_.condition, inner), filter_.span)

    def iteration(self, iteration: Iteration, scope: Scope) -> CompiledIteration:
        """Parse a boxed `for`, `some` or `every`."""
        domain = self.body(iteration.domain, scope)
        domain = domain if iteration.variable_type == ANY else Typed(domain, iteration.variable_type, iteration.span)
        names = [iteration.variable, PARTIAL] if iteration.kind == "for" else [iteration.variable]
        body = self.body(iteration.body, scope.inner(names))
        return CompiledIteration(iteration.kind, iteration.variable, domain, body, iteration.span)

    # --- services and requirements --------------------------------------------------------------------------------

    def mentioned(self, element: Decision | BusinessKnowledgeModel, body: Body) -> dict[str, str]:
        """Return the names that a body requires and the ids that they mean, in the order of the text."""
        bound = frozenset(name for name, _ in element.parameters) if isinstance(element, BusinessKnowledgeModel) else frozenset[str]()
        names = self.wiring.names[element.id]
        return {name: names[name] for name in dict.fromkeys(body_names(body, bound)) if name in names}

    def declare_services(self) -> None:
        """Give every decision service the shape of its function."""
        for id_, service in self.services().items():
            types = (*(type_ for _, type_ in service.parameters), service.service.type)
            self.shapes[id_] = shape_of_type(Type("function", types), service.service.name)

    def services(self) -> dict[str, CompiledService]:
        """Return the decision services, by id."""
        found = {}
        for id_, service in self.wiring.elements.items():
            if isinstance(service, DecisionService):
                namespace = id_.rpartition("#")[0]
                home = Definitions("", namespace=namespace)
                given = [global_id(home, href) for href in (*service.inputs, *service.input_decisions)]
                given = [each for each in given if each in self.wiring.inputs or each in self.wiring.elements]
                outputs = self.outputs(id_, service)
                output_names = tuple(self.qualified(each, namespace) for each in outputs)
                parameters = tuple((self.qualified(each, namespace), self.type_of(each)) for each in given)
                shape = self.shapes.get(id_, Shape())
                found[id_] = CompiledService(service, outputs, output_names, tuple(given), parameters, shape)
        return found

    def outputs(self, id_: str, service: DecisionService) -> tuple[str, ...]:
        """Return the ids of what a decision service answers."""
        home = Definitions("", namespace=id_.rpartition("#")[0])
        return tuple(global_id(home, href) for href in service.output_decisions)

    def check_services(self, services: Mapping[str, CompiledService], requirements: Mapping[str, tuple[str, ...]]) -> None:
        """Tell each input data that a service needs and is not given, and each service that requires itself (6.3.10).

        The latter is evaluated all the same: calls inside each other have an end.
        """
        for cycle in sort_requirements({**requirements, **{id_: service.outputs for id_, service in services.items()}})[1]:
            if not services.keys().isdisjoint(cycle):
                self.note_cycle(cycle)
        for service in services.values():
            found, waiting = set(service.inputs), list(service.outputs)
            while waiting:
                id_ = waiting.pop()
                if id_ in found:
                    continue
                found.add(id_)
                waiting.extend(requirements.get(id_, ()))
            for id_ in sorted(found.intersection(self.wiring.inputs).difference(service.inputs)):
                words = {"name": service.service.name, "input": self.wiring.inputs[id_].name}
                self.diagnostics.append(diagnostic("dmn-service-input", service.service.span, **words))

    def qualified(self, id_: str, namespace: str) -> str:
        """Return the name of an element in the model of a namespace: one of another model stands behind its import's (10.4)."""
        element = self.wiring.inputs.get(id_) or self.wiring.elements.get(id_)
        if element is None:
            return id_
        return self.wiring.prefixes.get(namespace, {}).get(id_.rpartition("#")[0], "") + element.name

    def type_of(self, id_: str) -> Type:
        """Return the declared type of input data or of a decision."""
        data = self.wiring.inputs.get(id_)
        return data.item.type if data is not None else self.wiring.elements[id_].type


_PARSERS: dict[type, Callable[..., Body]] = {
    DecisionTable: _Compiler.table,
    Context: _Compiler.context,
    ListExpression: _Compiler.list,
    Relation: _Compiler.relation,
    Invocation: _Compiler.invocation,
    FunctionDefinition: _Compiler.function,
    Conditional: _Compiler.conditional,
    Filter: _Compiler.filter,
    Iteration: _Compiler.iteration,
}
"""How each kind of boxed expression is parsed."""


def _entry_names(types: Iterable[Type]) -> Iterator[str]:
    """Yield the names of entries in types, however deep; what is shared is looked at once."""
    waiting, seen = list(types), set[int]()
    while waiting:
        type_ = waiting.pop()
        if id(type_) not in seen:
            seen.add(id(type_))
            yield from (name for name, _ in type_.fields)
            waiting += (*type_.arguments, *(entry for _, entry in type_.fields))


def _keys(expression: Expression | None) -> Iterator[str]:
    """Yield the keys of contexts that an expression makes, however deep: names that may follow a dot."""
    match expression:
        case LiteralExpression():
            yield from written_keys(expression.text.text)
        case DecisionTable():
            yield from (clause.name for clause in expression.outputs)
        case Context():
            for entry in expression.entries:
                if entry.variable is not None:
                    yield entry.variable.name
                yield from _keys(entry.expression)
        case Relation():
            yield from (column.name for column in expression.columns)
            for row in expression.rows:
                yield from _keys(row)
        case ListExpression():
            for element in expression.elements:
                yield from _keys(element)
        case Invocation():
            for binding in expression.bindings:
                yield from _keys(binding.expression)
        case FunctionDefinition():
            yield from _keys(expression.body)
        case Conditional():
            yield from _keys(expression.then)
            yield from _keys(expression.otherwise)
        case Filter():
            yield from _keys(expression.value)
        case Iteration():
            yield from _keys(expression.domain)
            yield from _keys(expression.body)


def _names_null(node: Node) -> bool:
    """Say whether null is written anywhere in a cell."""
    return (isinstance(node, Literal) and node.value is None) or any(_names_null(child) for child in children(node))
