"""Definitions to a decision model: names bound, requirements found, types and units checked; all mistakes at once.

    Definitions ──compile_definitions──> CompiledDefinitions ─┐
    Definitions ──compile_definitions──> CompiledDefinitions ─┴─link──> DecisionModel

Names wire the graph: a decision that mentions another's name requires it. Definitions that use others' decisions are
compiled by themselves, knowing only the shapes of what they use, and linked when it is known which versions are meant.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from zhida.dmn.graph import sort_requirements
from zhida.dmn.model import (
    BusinessKnowledgeModel,
    Decision,
    DecisionTable,
    Definitions,
    HitPolicy,
    InputClause,
    InputData,
    ItemDefinition,
    LiteralExpression,
    OutputClause,
    Rule,
)
from zhida.errors import CompileError, Diagnostic, diagnostic
from zhida.feel.builtins import BUILTINS
from zhida.feel.check import Checker
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression, parse_unary_tests
from zhida.feel.shape import Shape, join, shape_of_type
from zhida.feel.syntax import Literal, Node, UnaryTests, children, free_names
from zhida.feel.units import parse_unit
from zhida.source import Snippet
from zhida.values import temporal
from zhida.values.types import ANY, DATE, NUMBER, Type, is_assignable, list_of

AS_OF = "评估日"
"""The reserved name of the date for which a model is evaluated."""

MAX_CALLS = 1_000
"""How many calls of business knowledge models are inferred one by one; what is beyond is inferred in general."""

MAX_DEPTH = 8
"""How many of them inside each other."""


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its cells parsed."""

    rule: Rule
    """The rule."""
    tests: tuple[UnaryTests, ...]
    """One for each input clause."""
    outputs: tuple[Node, ...]
    """One for each output clause."""


@dataclass(frozen=True, slots=True)
class CompiledTable:
    """A decision table with its cells parsed."""

    table: DecisionTable
    """The table."""
    inputs: tuple[Node, ...]
    """What is tested, by column."""
    allowed: tuple[UnaryTests | None, ...]
    """What each input may be."""
    rules: tuple[CompiledRule, ...]
    """The rules, in order."""
    defaults: tuple[Node | None, ...]
    """What each output is when no rule matches."""
    priorities: tuple[tuple[Node, ...], ...]
    """The allowed values of each output, highest priority first; none where they are not listed."""
    names_null: tuple[bool, ...]
    """For each input clause, whether some cell of its column names null."""

    @property
    def nodes(self) -> Iterator[Node]:
        """Every expression in the table."""
        yield from self.inputs
        yield from (node for node in self.defaults if node is not None)
        for rule in self.rules:
            yield from rule.tests
            yield from rule.outputs


Body = Node | CompiledTable


@dataclass(frozen=True, slots=True)
class CompiledDecision:
    """A decision that can be evaluated."""

    decision: Decision
    """The decision."""
    body: Body
    """Its expression, parsed."""
    requirements: Mapping[str, str]
    """What it requires: the name in FEEL → the id of the element."""
    shape: Shape
    """What is known of its value beforehand."""


@dataclass(frozen=True, slots=True)
class CompiledKnowledge:
    """A business knowledge model that can be called."""

    model: BusinessKnowledgeModel
    """The business knowledge model."""
    body: Body
    """Its expression, parsed."""
    requirements: Mapping[str, str]
    """What it requires beside its parameters."""
    shape: Shape
    """The shape of the function."""


@dataclass(frozen=True, slots=True)
class CompiledDefinitions:
    """One set of definitions, compiled."""

    definitions: Definitions
    """What was compiled."""
    decisions: Mapping[str, CompiledDecision]
    """By id, in the order in which they can be decided."""
    knowledge: Mapping[str, CompiledKnowledge]
    """By id."""
    inputs: Mapping[str, InputData]
    """Input data that is mentioned, by id."""
    diagnostics: tuple[Diagnostic, ...]
    """What was found; no model may be linked from definitions with errors."""


@dataclass(frozen=True, slots=True)
class DecisionModel:
    """A decision model that can be evaluated: definitions linked with those that they use."""

    decisions: Mapping[str, CompiledDecision]
    """By id."""
    knowledge: Mapping[str, CompiledKnowledge]
    """By id."""
    inputs: Mapping[str, InputData]
    """By id."""
    requirements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each decision and knowledge model, the ids that it requires."""


def compile_definitions(definitions: Definitions, imported: Mapping[str, Shape]) -> CompiledDefinitions:
    """Compile one set of definitions by itself.

    Args:
        definitions: The elements.
        imported: The shape of each name in `definitions.imports`.

    Returns:
        What was compiled; mistakes are in its `diagnostics` (feel-*, dmn-cycle, dmn-duplicate-name, dmn-reserved-name).
    """
    return _Compiler(definitions, imported).compile()


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


def shape_of(item: ItemDefinition) -> Shape:
    """Return what the checker knows of a declared value."""
    return replace(
        shape_of_type(item.type, item.name),
        unit=parse_unit(item.unit),
        usual_range=item.usual_range,
        allowed_values=item.allowed_values,
    )


class _Compiler:
    """Compiles one set of definitions, collecting what is wrong in all of them."""

    def __init__(self, definitions: Definitions, imported: Mapping[str, Shape]) -> None:
        self.definitions = definitions
        self.diagnostics: list[Diagnostic] = []
        self.ids: dict[str, str] = {}
        self.shapes: dict[str, Shape] = {AS_OF: Shape(DATE, label=AS_OF)}
        self.elements: dict[str, Decision | BusinessKnowledgeModel] = {}
        for data in definitions.inputs:
            self.ids[data.name] = data.id
            self.shapes[data.name] = shape_of(data.item)
        for name, shape in imported.items():
            self.ids[name] = definitions.imports[name]
            self.shapes[name] = shape
        self.declare()
        self.calls = _Calls(self)
        self.scope = Scope(NameSet([*BUILTINS, *self.shapes, *self.elements]), properties=NameSet(self.properties()))

    def declare(self) -> None:
        """Give every decision and knowledge model its name; a name may be given once."""
        declared: dict[str, Decision | BusinessKnowledgeModel | InputData] = {data.name: data for data in self.definitions.inputs}
        elements: list[Decision | BusinessKnowledgeModel] = [*self.definitions.decisions, *self.definitions.knowledge_models]
        for element in elements:
            first = declared.get(element.name)
            span = first.item.span if isinstance(first, InputData) else first.span if first else None
            if element.name == AS_OF:
                self.diagnostics.append(diagnostic("dmn-reserved-name", element.span, name=element.name))
                continue
            if first is not None or element.name in self.definitions.imports:
                place = span.place if span else self.definitions.imports.get(element.name, "")
                self.diagnostics.append(diagnostic("dmn-duplicate-name", element.span, name=element.name, first=place))
                continue
            declared[element.name] = element
            self.ids[element.name] = element.id
            self.elements[element.name] = element

    def properties(self) -> Iterator[str]:
        """Yield the names that may follow a dot and hold spaces or operators: of values, of tables' outputs, of contexts."""
        for names in temporal.PROPERTIES.values():
            yield from names
        for shape in self.shapes.values():
            yield from shape.fields
            yield from (name for name, _ in shape.type.fields)
        for element in self.elements.values():
            if isinstance(element.expression, DecisionTable):
                yield from (clause.name for clause in element.expression.outputs)

    def compile(self) -> CompiledDefinitions:
        """Parse all bodies, order them by their requirements, then check them in that order."""
        bodies: dict[str, Body] = {}
        for name, element in self.elements.items():
            body = self.parse(element)
            if body is not None:
                bodies[name] = body
        mentioned = {name: self.mentioned(self.elements[name], body) for name, body in bodies.items()}
        order, cycles = sort_requirements(mentioned)
        for cycle in cycles:
            self.diagnostics.append(diagnostic("dmn-cycle", self.elements[cycle[0]].span, cycle=" → ".join(cycle)))
        self.shapes |= {name: Shape() for name in self.elements}
        decisions: dict[str, CompiledDecision] = {}
        knowledge: dict[str, CompiledKnowledge] = {}
        self.calls.bodies = bodies
        for name in order:
            element, body = self.elements[name], bodies[name]
            requirements = {required: self.ids[required] for required in mentioned[name] if required in self.ids}
            shape = self.check(element, body)
            self.shapes[name] = shape
            if isinstance(element, Decision):
                decisions[element.id] = CompiledDecision(element, body, requirements, shape)
            else:
                knowledge[element.id] = CompiledKnowledge(element, body, requirements, shape)
        used = {id_ for decision in decisions.values() for id_ in decision.requirements.values()}
        used |= {id_ for model in knowledge.values() for id_ in model.requirements.values()}
        inputs = {data.id: data for data in self.definitions.inputs if data.id in used}
        return CompiledDefinitions(self.definitions, decisions, knowledge, inputs, tuple(self.diagnostics))

    # --- parsing -------------------------------------------------------------------------------------------------

    def parse(self, element: Decision | BusinessKnowledgeModel) -> Body | None:
        """Parse the expression of an element; None where it cannot be."""
        scope = self.scope
        if isinstance(element, BusinessKnowledgeModel):
            scope = scope.inner(name for name, _ in element.parameters)
        match element.expression:
            case LiteralExpression(text):
                return self.expression(text, scope)
            case DecisionTable() as table:
                return self.table(table, scope)

    def expression(self, text: Snippet, scope: Scope) -> Node | None:
        """Parse one expression; what is wrong with it is kept."""
        try:
            return parse_expression(text, scope)
        except CompileError as error:
            self.diagnostics.extend(error.diagnostics)
            return None

    def tests(self, text: Snippet, scope: Scope) -> UnaryTests | None:
        """Parse the tests of one cell; what is wrong with them is kept."""
        try:
            return parse_unary_tests(text, scope)
        except CompileError as error:
            self.diagnostics.extend(error.diagnostics)
            return None

    def table(self, table: DecisionTable, scope: Scope) -> CompiledTable | None:
        """Parse all cells of a table; None where one of them cannot be."""
        before = len(self.diagnostics)
        inputs = [self.expression(clause.expression, scope) for clause in table.inputs]
        allowed = [self.tests(clause.allowed_values, scope) if clause.allowed_values else None for clause in table.inputs]
        rules = [
            (
                rule,
                [self.tests(entry, scope) for entry in rule.input_entries],
                [self.expression(entry, scope) for entry in rule.output_entries],
            )
            for rule in table.rules
        ]
        defaults = [self.expression(clause.default, scope) if clause.default else None for clause in table.outputs]
        priorities = [self.tests(clause.allowed_values, scope) if clause.allowed_values else None for clause in table.outputs]
        if len(self.diagnostics) > before:
            return None
        compiled = tuple(
            CompiledRule(rule, tuple(test for test in tests if test), tuple(output for output in outputs if output))
            for rule, tests, outputs in rules
        )
        return CompiledTable(
            table,
            tuple(node for node in inputs if node is not None),
            tuple(allowed),
            compiled,
            tuple(defaults),
            tuple(tests.tests if tests else () for tests in priorities),
            tuple(any(_names_null(rule.tests[place]) for rule in compiled) for place in range(len(inputs))),
        )

    def mentioned(self, element: Decision | BusinessKnowledgeModel, body: Body) -> list[str]:
        """Return the names that a body requires, each once, in the order of the text."""
        bound = frozenset(name for name, _ in element.parameters) if isinstance(element, BusinessKnowledgeModel) else frozenset[str]()
        nodes = body.nodes if isinstance(body, CompiledTable) else iter((body,))
        names = (name.name for node in nodes for name in free_names(node, bound))
        return list(dict.fromkeys(name for name in names if name in self.ids))

    # --- checking ------------------------------------------------------------------------------------------------

    def check(self, element: Decision | BusinessKnowledgeModel, body: Body) -> Shape:
        """Check a body and return the shape of the element."""
        checker = Checker(self.shapes, infer_call=self.calls.infer)
        parameters: dict[str, Shape] = {}
        if isinstance(element, BusinessKnowledgeModel):
            parameters = {name: shape_of_type(type_, name) for name, type_ in element.parameters}
        shape = self.infer(checker, body, parameters)
        self.diagnostics.extend(checker.diagnostics)
        if not _null(body) and not is_assignable(shape.type, element.type):
            self.diagnostics.append(diagnostic("feel-type-expected", element.span, expected=element.type, found=shape.type))
        if isinstance(element, BusinessKnowledgeModel):
            result = element.type if element.type is not ANY else shape.type
            return Shape(Type("function", (*(type_ for _, type_ in element.parameters), result)), shape.unit, element.name)
        return _as_declared(element.type, element.name, replace(shape, literal=None))

    def infer(self, checker: Checker, body: Body, parameters: Mapping[str, Shape]) -> Shape:
        """Return the shape of a body in which parameters stand for what has these shapes."""
        checker.local.append(parameters)
        shape = self.check_table(checker, body) if isinstance(body, CompiledTable) else checker.infer(body)
        checker.local.pop()
        return shape

    def check_table(self, checker: Checker, table: CompiledTable) -> Shape:
        """Check the cells of a table and return the shape of its value."""
        clauses: Sequence[InputClause] = table.table.inputs
        tested = [checker.infer(node) for node in table.inputs]
        for shape, clause, allowed in zip(tested, clauses, table.allowed, strict=True):
            del clause
            if allowed is not None:
                checker.infer_tests(allowed, shape)
        for rule in table.rules:
            for tests, shape in zip(rule.tests, tested, strict=True):
                checker.infer_tests(tests, shape)
        outputs = [self.check_output(checker, table, place, clause) for place, clause in enumerate(table.table.outputs)]
        return _table_shape(table.table, outputs)

    def check_output(self, checker: Checker, table: CompiledTable, place: int, clause: OutputClause) -> Shape:
        """Check one column of results and return its shape."""
        default = table.defaults[place]
        nodes = [rule.outputs[place] for rule in table.rules] + ([default] if default is not None else [])
        shapes = [(node, checker.infer(node)) for node in nodes]
        known = [shape for node, shape in shapes if not _null(node) and shape.type is not ANY]
        wanted = clause.type if clause.type is not ANY else known[0].type if known else ANY
        for node, shape in shapes:
            fits = is_assignable(shape.type, wanted) or (clause.type is ANY and is_assignable(wanted, shape.type))
            if not _null(node) and not fits:
                checker.note("feel-type-expected", node, expected=wanted, found=shape.type)
        united = next((shape for _, shape in shapes if shape.unit is not None), None)
        for node, shape in shapes:
            if united is not None:
                checker.same_unit(node, clause.name or table.table.hit_policy, united, shape)
        return replace(join(known), type=wanted)


class _Calls:
    """Infers the bodies of business knowledge models once more for each call, with the shapes of its arguments.

    What a body makes of its parameters in general was said when it was checked; what it makes of these arguments, such as
    a sum of different units, is said at the call.
    """

    def __init__(self, compiler: _Compiler) -> None:
        self.compiler = compiler
        self.bodies: Mapping[str, Body] = {}
        self.depth = 0
        self.left = MAX_CALLS

    def infer(self, name: str, positional: list[Shape], named: Mapping[str, Shape], node: Node) -> Shape | None:
        """Return the shape of a call's result, or None where it cannot be told from its arguments."""
        model, body = self.compiler.elements.get(name), self.bodies.get(name)
        if not isinstance(model, BusinessKnowledgeModel) or body is None or self.depth == MAX_DEPTH or self.left == 0:
            return None
        given = {**dict(zip((parameter for parameter, _ in model.parameters), positional, strict=False)), **named}
        checker = Checker(self.compiler.shapes, infer_call=self.infer)
        parameters = {}
        for parameter, type_ in model.parameters:
            shape = given.get(parameter, Shape())
            if not is_assignable(shape.type, type_):
                self.compiler.diagnostics.append(diagnostic("feel-type-expected", node.span, expected=type_, found=shape.type))
                return None
            parameters[parameter] = _as_declared(type_, parameter, shape)
        self.depth += 1
        self.left -= 1
        result = self.compiler.infer(checker, body, parameters)
        self.depth -= 1
        known = {(item.code, item.span) for item in self.compiler.diagnostics}
        for item in checker.diagnostics:
            if not {(item.code, item.span), (item.code, node.span)} & known:
                known.add((item.code, node.span))
                self.compiler.diagnostics.append(replace(item, span=node.span))
        return _as_declared(model.type, "", result)


def _as_declared(type_: Type, name: str, shape: Shape) -> Shape:
    """Return a shape under the name and type that are declared for it; what the type leaves open, the shape tells."""
    declared = shape_of_type(type_, name)
    return replace(
        declared,
        type=shape.type if type_ == ANY else type_,
        unit=shape.unit,
        usual_range=shape.usual_range,
        literal=shape.literal,
        fields={entry: shape.fields.get(entry, known) for entry, known in declared.fields.items()} or shape.fields,
        allowed_values=shape.allowed_values,
    )


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


def _names_null(node: Node) -> bool:
    """Say whether null is written anywhere in a cell."""
    return _null(node) or any(_names_null(child) for child in children(node))
