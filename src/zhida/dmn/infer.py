"""What is known of each element before anything is evaluated: types and units of bodies, checked in the order of requirements.

Owns the checks that need more than one expression: a table's columns, a boxed expression's parts, a call's arguments.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from zhida.dmn.compiled import (
    AS_OF,
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
from zhida.dmn.model import BusinessKnowledgeModel, Decision, DecisionTable, HitPolicy, OutputClause
from zhida.dmn.wiring import Wiring
from zhida.errors import Diagnostic, diagnostic
from zhida.feel.check import Checker
from zhida.feel.shape import Shape, join, shape_of_type
from zhida.feel.syntax import PARTIAL, Literal, Node
from zhida.source import Span
from zhida.values.types import ANY, BOOLEAN, NUMBER, Type, is_assignable, list_of, unconstrained

MAX_CALLS = 1_000
"""How many calls of business knowledge models are inferred one by one; what is beyond is inferred in general."""

MAX_DEPTH = 8
"""How many of them inside each other."""


class _Named(Mapping[str, Shape]):
    """The shapes of the names in a scope, as far as they are known by now."""

    def __init__(self, names: Mapping[str, str], shapes: Mapping[str, Shape]) -> None:
        self.ids = {AS_OF: AS_OF, **names}
        self.shapes = shapes

    def __getitem__(self, name: str) -> Shape:
        return self.shapes[self.ids[name]]

    def __iter__(self) -> Any:  # noqa: ANN401 - an iterator of names
        return (name for name, id_ in self.ids.items() if id_ in self.shapes)

    def __len__(self) -> int:
        return sum(id_ in self.shapes for id_ in self.ids.values())


class Inference:
    """Infers the shapes of elements and checks them."""

    def __init__(self, wiring: Wiring, shapes: Mapping[str, Shape], bodies: Mapping[str, Body], diagnostics: list[Diagnostic]) -> None:
        """Keep what is known; `shapes` grows while elements are inferred, `diagnostics` takes what is wrong."""
        self.wiring = wiring
        self.shapes = shapes
        self.bodies = bodies
        self.diagnostics = diagnostics
        self.scopes: dict[int, _Named] = {}
        self.calls = MAX_CALLS
        self.depth = 0

    def element(self, id_: str, element: Decision | BusinessKnowledgeModel, body: Body) -> Shape:
        """Check a body and return the shape of its element."""
        parameters: dict[str, Shape] = {}
        if isinstance(element, BusinessKnowledgeModel):
            parameters = {name: shape_of_type(type_, name) for name, type_ in element.parameters}
        checker = self.checker(id_)
        shape = self.under(checker, parameters, body)
        self.diagnostics.extend(checker.diagnostics)
        # A policy says what it means; in a file from elsewhere a list of one may stand for its element.
        fits = is_assignable(shape.type, element.type) or (bool(self.wiring.types) and _is_coerced(shape.type, element.type))
        if not _null(body) and not fits:
            self.diagnostics.append(diagnostic("feel-type-expected", element.span, expected=element.type, found=shape.type))
        if isinstance(element, BusinessKnowledgeModel):
            result = element.type if element.type is not ANY else shape.type
            function = unconstrained(Type("function", (*(type_ for _, type_ in element.parameters), result)))
            return Shape(function, shape.unit, element.name)
        return _as_declared(element.type, element.name, replace(shape, literal=None))

    def checker(self, id_: str) -> Checker:
        """Return a checker of what stands in the scope of an element."""
        names = self.wiring.names[id_]
        if id(names) not in self.scopes:
            self.scopes[id(names)] = _Named(names, self.shapes)

        def infer_call(name: str, positional: list[Shape], named: Mapping[str, Shape], node: Node) -> Shape | None:
            return self.call(names.get(name, ""), positional, named, node)

        return Checker(self.scopes[id(names)], infer_call=infer_call)

    def under(self, checker: Checker, names: Mapping[str, Shape], body: Body) -> Shape:
        """Return the shape of a body in which some names stand for what has these shapes."""
        checker.local.append(names)
        shape = self.body(checker, body)
        checker.local.pop()
        return shape

    def body(self, checker: Checker, body: Body) -> Shape:
        """Return the shape of any body."""
        match body:
            case CompiledTable():
                return self.table(checker, body)
            case Typed():
                return self.typed(checker, body)
            case CompiledContext():
                return self.context(checker, body)
            case CompiledList():
                return join([self.body(checker, element) for element in body.elements]).in_list
            case CompiledInvocation():
                return self.invocation(checker, body)
            case CompiledFunction():
                self.under(checker, {name: shape_of_type(type_, name) for name, type_ in body.parameters}, body.body)
                return Shape(Type("function"))
            case CompiledConditional():
                self.expect(checker, body.condition, BOOLEAN, body.span)
                return join([self.body(checker, body.then), self.body(checker, body.otherwise)])
            case CompiledFilter():
                return self.filter(checker, body)
            case CompiledIteration():
                return self.iteration(checker, body)
            case CompiledExternal() | Broken():
                return Shape()
        return checker.infer(body)

    def typed(self, checker: Checker, body: Typed) -> Shape:
        """Check an expression against its declared type."""
        shape = self.body(checker, body.body)
        if not _null(body.body) and not is_assignable(shape.type, body.type) and not _is_coerced(shape.type, body.type):
            self.diagnostics.append(diagnostic("feel-type-expected", body.span, expected=body.type, found=shape.type))
        return _as_declared(body.type, body.name, shape)

    def context(self, checker: Checker, body: CompiledContext) -> Shape:
        """Check a boxed context."""
        entries: dict[str, Shape] = {}
        checker.local.append(entries)
        for key, entry in body.entries:
            entries[key] = self.body(checker, entry)
        result = None if body.result is None else self.body(checker, body.result)
        checker.local.pop()
        if result is not None:
            return result
        return Shape(Type("context", (), tuple((key, shape.type) for key, shape in entries.items())), fields=entries)

    def invocation(self, checker: Checker, body: CompiledInvocation) -> Shape:
        """Check a boxed call as far as its parts go."""
        function = self.body(checker, body.function)
        for _, argument in body.arguments:
            self.body(checker, argument)
        is_known = function.type.name == "function" and function.type.arguments
        return replace(shape_of_type(function.type.arguments[-1]), unit=function.unit) if is_known else Shape()

    def filter(self, checker: Checker, body: CompiledFilter) -> Shape:
        """Check a boxed filter."""
        value = self.body(checker, body.value)
        element = value.element if value.type.name == "list" else value
        is_open = not value.fields and element.type.name in {"Any", "context"}
        checker.open_scopes += is_open
        self.under(checker, {"item": element, **value.fields}, body.condition)
        checker.open_scopes -= is_open
        return replace(value, type=list_of(element.type))

    def iteration(self, checker: Checker, body: CompiledIteration) -> Shape:
        """Check a boxed `for`, `some` or `every`."""
        domain = self.body(checker, body.domain)
        names = {body.variable: replace(domain.element, literal=None)}
        if body.kind == "for":
            return self.under(checker, {**names, PARTIAL: Shape(list_of(ANY))}, body.body).in_list
        self.under(checker, names, body.body)
        return Shape(BOOLEAN)

    def expect(self, checker: Checker, body: Body, wanted: Type, span: Span) -> None:
        """Complain of a body that is not of the wanted type."""
        found = self.body(checker, body).type
        if not is_assignable(found, wanted):
            self.diagnostics.append(diagnostic("feel-type-expected", span, expected=wanted, found=found))

    # --- tables --------------------------------------------------------------------------------------------------

    def table(self, checker: Checker, table: CompiledTable) -> Shape:
        """Check the cells of a table and return the shape of its value."""
        tested = [_as_clause(clause.type, checker.infer(node)) for clause, node in zip(table.table.inputs, table.inputs, strict=True)]
        for shape, allowed in zip(tested, table.allowed, strict=True):
            if allowed is not None:
                checker.infer_tests(allowed, shape)
        for rule in table.rules:
            for tests, shape in zip(rule.tests, tested, strict=True):
                checker.infer_tests(tests, shape)
        outputs = [self.output(checker, table, place, clause) for place, clause in enumerate(table.table.outputs)]
        return _table_shape(table.table, outputs)

    def output(self, checker: Checker, table: CompiledTable, place: int, clause: OutputClause) -> Shape:
        """Check one column of results and return its shape."""
        default = table.defaults[place]
        nodes = [rule.outputs[place] for rule in table.rules] + ([default] if default is not None else [])
        shapes = [(node, checker.infer(node)) for node in nodes]
        known = [shape for node, shape in shapes if not _null(node) and shape.type is not ANY]
        declared = unconstrained(clause.type)
        wanted = declared if declared != ANY else known[0].type if known else ANY
        listed = table.listed[place] if table.listed else None
        if listed is not None:
            checker.infer_tests(listed, Shape(declared))
        for node, shape in shapes:
            fits = is_assignable(shape.type, wanted) or (declared == ANY and is_assignable(wanted, shape.type))
            if not _null(node) and not fits:
                checker.note("feel-type-expected", node, expected=wanted, found=shape.type)
        united = next((shape for _, shape in shapes if shape.unit is not None), None)
        for node, shape in shapes:
            if united is not None:
                checker.same_unit(node, clause.name or table.table.hit_policy, united, shape)
        return replace(join(known), type=wanted)

    # --- calls -------------------------------------------------------------------------------------------------------

    def call(self, id_: str, positional: Sequence[Shape], named: Mapping[str, Shape], node: Node) -> Shape | None:
        """Return the shape of a call's result, or None where it cannot be told from its arguments.

        What a body makes of its parameters in general was said when it was checked; what it makes of these arguments, such
        as a sum of different units, is said at the call.
        """
        model, body = self.wiring.elements.get(id_), self.bodies.get(id_)
        if not isinstance(model, BusinessKnowledgeModel) or body is None or self.depth == MAX_DEPTH or self.calls == 0:
            return None
        given = {**dict(zip((parameter for parameter, _ in model.parameters), positional, strict=False)), **named}
        parameters = {}
        for parameter, type_ in model.parameters:
            shape = given.get(parameter, Shape())
            if not is_assignable(shape.type, type_) and not _is_coerced(shape.type, type_):
                self.diagnostics.append(diagnostic("feel-type-expected", node.span, expected=type_, found=shape.type))
                return None
            parameters[parameter] = _as_declared(type_, parameter, shape)
        checker = self.checker(id_)
        before = len(self.diagnostics)
        self.depth += 1
        self.calls -= 1
        try:
            result = self.under(checker, parameters, body)
        except RecursionError:  # large bodies that call each other: what they come to is not told, but each is checked by itself
            del self.diagnostics[before:]
            return None
        finally:
            self.depth -= 1
        checker.diagnostics += self.diagnostics[before:]
        del self.diagnostics[before:]
        known = {(item.code, item.span) for item in self.diagnostics}
        for item in checker.diagnostics:
            if not {(item.code, item.span), (item.code, node.span)} & known:
                known.add((item.code, node.span))
                self.diagnostics.append(replace(item, span=node.span))
        return _as_declared(model.type, "", result)


def _is_coerced(found: Type, declared: Type) -> bool:
    """Say whether a value of one type becomes one of the other by itself: a list of one and its element."""
    if declared.name == "list" and found.name != "list":
        return is_assignable(found, declared.arguments[0])
    if found.name == "list" and declared.name != "list":
        return is_assignable(found.arguments[0], declared)
    return found.name == "date" and declared.name == "date and time"


def _as_declared(type_: Type, name: str, shape: Shape) -> Shape:
    """Return a shape under the name and type that are declared for it; what the type leaves open, the shape tells."""
    declared = shape_of_type(type_, name)
    return replace(
        declared,
        type=shape.type if type_ == ANY else declared.type,
        unit=shape.unit,
        usual_range=shape.usual_range,
        literal=shape.literal,
        fields={entry: shape.fields.get(entry, known) for entry, known in declared.fields.items()} or shape.fields,
        allowed_values=shape.allowed_values,
        allowed_beginnings=shape.allowed_beginnings,
    )


def _as_clause(type_: Type, shape: Shape) -> Shape:
    """Return the shape of what a column tests: a value of another type that becomes one of the column's is of that."""
    return replace(shape, type=unconstrained(type_)) if type_ != ANY and _is_coerced(shape.type, type_) else shape


def _table_shape(table: DecisionTable, outputs: list[Shape]) -> Shape:
    """Return the shape of a table's value: an output or a context of them, in a list where many rules may match."""
    if table.hit_policy is HitPolicy.COLLECT_COUNT:
        return Shape(NUMBER)
    if len(outputs) == 1:
        shape = outputs[0]
    else:
        fields = {clause.name: shape for clause, shape in zip(table.outputs, outputs, strict=True)}
        shape = Shape(Type("context", (), tuple((name, field_.type) for name, field_ in fields.items())), fields=fields)
    if table.hit_policy in {HitPolicy.COLLECT, HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER}:
        return Shape(list_of(shape.type), shape.unit, fields=shape.fields)
    return shape


def _null(body: Body) -> bool:
    return isinstance(body, Literal) and body.value is None
