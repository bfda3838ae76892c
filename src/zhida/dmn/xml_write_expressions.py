"""Boxed expressions and decision tables of the model to DMN 1.5 XML, in the order that its schema asks for."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from zhida.dmn.model import (
    NO_NOTES,
    Boxed,
    Conditional,
    Context,
    ContextEntry,
    DecisionTable,
    Expression,
    Filter,
    FunctionDefinition,
    HitPolicy,
    InputClause,
    Invocation,
    Iteration,
    ListExpression,
    LiteralExpression,
    Notes,
    OutputClause,
    Relation,
    Rule,
    Variable,
)
from zhida.dmn.xml_expressions import AGGREGATIONS, HIT_POLICIES
from zhida.dmn.xml_markup import Child, Markup, kept, markup, text_markup
from zhida.dmn.xml_schema import FEEL
from zhida.source import Snippet
from zhida.values.types import ANY, Type

HIT_POLICY_WORDS: Mapping[HitPolicy, tuple[str, str | None]] = {
    **{policy: (words, None) for words, policy in HIT_POLICIES.items()},
    **{policy: ("COLLECT", words) for words, policy in AGGREGATIONS.items()},
}
"""Words of the XML for each hit policy, and for its aggregation."""


class ExpressionWriter:
    """Writes expressions, given how ids are written and which language the model has."""

    def __init__(self, xml_id: Callable[[str], str], *, is_feel: bool) -> None:
        self.xml_id = xml_id
        self.is_feel = is_feel

    # --- what all elements have ------------------------------------------------------------------------------------

    def attributes(self, notes: Notes, id_: str = "") -> dict[str, str | None]:
        """Return the attributes that every element may have; `id_` is that of an element whose id has a place of its own."""
        given = id_ or notes.id
        return {"id": self.xml_id(given) if given else None, "label": notes.label or None}

    def element(
        self, name: str, attributes: Mapping[str, str | None], notes: Notes, *children: Child, more: Iterable[Child] = ()
    ) -> Markup:
        """Return an element with its notes: ids and words first, attributes of others last."""
        extensions = markup("extensionElements", {}, *kept(notes.extensions)) if notes.extensions else None
        description = text_markup("description", notes.description) if notes.description else None
        given = {**self.attributes(notes), **attributes, **dict(notes.attributes)}
        return markup(name, given, description, extensions, *children, more=more)

    def variable(self, name: str, variable: Variable) -> Markup:
        """Return a name and its type."""
        return self.element(name, {"name": variable.name, "typeRef": type_ref(variable.type)}, variable.notes)

    def cell(self, name: str, text: Snippet | None, notes: Notes, type_: Type = ANY) -> Markup | None:
        """Return an expression or unary tests in an element of their own; None where there are none."""
        if text is None:
            return None
        return self.element(name, {"typeRef": type_ref(type_)}, notes, text_markup("text", text))

    # --- boxed expressions -----------------------------------------------------------------------------------------

    def write(self, expression: Expression) -> Markup:
        """Return an expression."""
        match expression:
            case LiteralExpression():
                return self.literal(expression)
            case DecisionTable():
                return self.table(expression)
            case Context(entries=entries):
                return self.boxed("context", expression, more=[self.entry(each) for each in entries])
            case ListExpression():
                return self.list_("list", expression)
            case Relation(columns=columns, rows=rows):
                parts = [*(self.variable("column", each) for each in columns), *(self.list_("row", each) for each in rows)]
                return self.boxed("relation", expression, more=parts)
            case Invocation(function=function, bindings=bindings):
                parts = [
                    markup("binding", {}, self.variable("parameter", each.parameter), self.optional(each.expression)) for each in bindings
                ]
                return self.boxed("invocation", expression, self.write(function), more=parts)
            case FunctionDefinition():
                return self.function("functionDefinition", expression)
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return self.boxed(
                    "conditional", expression, more=self.parts(expression, {"if": condition, "then": then, "else": otherwise})
                )
            case Filter(value=value, condition=condition):
                return self.boxed("filter", expression, more=self.parts(expression, {"in": value, "match": condition}))
            case Iteration():
                return self.iteration(expression)

    def optional(self, expression: Expression | None) -> Markup | None:
        """Return an expression where there is one."""
        return self.write(expression) if expression is not None else None

    def boxed(self, name: str, expression: Boxed, *children: Child, more: Iterable[Child] = ()) -> Markup:
        """Return the element of a boxed expression."""
        return self.element(name, {"typeRef": type_ref(expression.type)}, expression.notes, *children, more=more)

    def literal(self, expression: LiteralExpression) -> Markup:
        """Return a literal expression; where the model has another language, one in FEEL says so."""
        language = expression.language or (None if self.is_feel else FEEL)
        attributes = {"typeRef": type_ref(expression.type), "expressionLanguage": language}
        imported = kept(expression.imported_values)
        text = None if imported else text_markup("text", expression.text)
        return self.element("literalExpression", attributes, expression.notes, text, more=imported)

    def entry(self, entry: ContextEntry) -> Markup:
        """Return an entry of a context."""
        variable = self.variable("variable", entry.variable) if entry.variable is not None else None
        return self.element("contextEntry", {}, entry.notes, variable, self.write(entry.expression))

    def list_(self, name: str, expression: ListExpression) -> Markup:
        """Return a list, or a row of a relation."""
        return self.boxed(name, expression, more=[self.write(each) for each in expression.elements])

    def function(self, name: str, expression: FunctionDefinition) -> Markup:
        """Return a function definition."""
        attributes = {"typeRef": type_ref(expression.type), "kind": expression.kind if expression.kind != "FEEL" else None}
        parameters = [self.variable("formalParameter", each) for each in expression.parameters]
        return self.element(name, attributes, expression.notes, more=[*parameters, self.optional(expression.body)])

    def iteration(self, expression: Iteration) -> Markup:
        """Return a `for`, `some` or `every`."""
        last = "return" if expression.kind == "for" else "satisfies"
        domain, body = self.parts(expression, {"in": expression.domain, last: expression.body})
        if (spelled := type_ref(expression.variable_type)) is not None:
            domain = Markup(domain.name, {**domain.attributes, "typeRef": spelled}, domain.children)
        attributes = {"typeRef": type_ref(expression.type), "iteratorVariable": expression.variable}
        return self.element(expression.kind, attributes, expression.notes, domain, body)

    def parts(self, expression: Boxed, parts: Mapping[str, Expression]) -> list[Markup]:
        """Return the elements that hold the parts of an expression."""
        ids = expression.part_ids or ("",) * len(parts)
        return [
            markup(name, {"id": self.xml_id(id_) if id_ else None}, self.write(each))
            for (name, each), id_ in zip(parts.items(), ids, strict=True)
        ]

    # --- decision tables -------------------------------------------------------------------------------------------

    def table(self, table: DecisionTable) -> Markup:
        """Return a decision table."""
        policy, aggregation = HIT_POLICY_WORDS[table.hit_policy]
        attributes = {
            "typeRef": type_ref(table.type),
            "hitPolicy": policy,
            "aggregation": aggregation,
            "preferredOrientation": table.orientation or None,
            "outputLabel": table.output_label or None,
        }
        names = list(dict.fromkeys([*table.annotation_names, *(name for rule in table.rules for name in rule.annotations)]))
        parts: list[Child] = [self.input(each) for each in table.inputs]
        parts += [self.output(each) for each in table.outputs]
        parts += [markup("annotation", {"name": name}) for name in names]
        parts += [self.rule(each, names) for each in table.rules]
        return self.element("decisionTable", attributes, table.notes, more=parts)

    def input(self, clause: InputClause) -> Markup:
        """Return a column of conditions."""
        expression = self.cell("inputExpression", clause.expression, clause.expression_notes, clause.type)
        return self.element("input", {}, clause.notes, expression, self.cell("inputValues", clause.allowed_values, clause.values_notes))

    def output(self, clause: OutputClause) -> Markup:
        """Return a column of results."""
        values = self.cell("outputValues", clause.allowed_values, clause.values_notes)
        default = self.cell("defaultOutputEntry", clause.default, clause.default_notes)
        return self.element("output", {"name": clause.name or None, "typeRef": type_ref(clause.type)}, clause.notes, values, default)

    def rule(self, rule: Rule, annotations: Iterable[str]) -> Markup:
        """Return a row."""
        return self.element("rule", {}, rule.notes, more=[*self.cells(rule), *self.annotations(rule, annotations)])

    def cells(self, rule: Rule) -> Iterator[Child]:
        """Yield the cells of a row."""
        count = len(rule.input_entries)
        notes = rule.entry_notes or (NO_NOTES,) * (count + len(rule.output_entries))
        for text, each in zip(rule.input_entries, notes[:count], strict=True):
            yield self.cell("inputEntry", text, each)
        for text, each in zip(rule.output_entries, notes[count:], strict=True):
            yield self.cell("outputEntry", text, each)

    def annotations(self, rule: Rule, names: Iterable[str]) -> Iterator[Child]:
        """Yield the words beside a row."""
        for name in names:
            yield markup("annotationEntry", {}, text_markup("text", rule.annotations.get(name, "")))


def type_ref(type_: Type) -> str | None:
    """Return how a type is spelled; None for `Any`, which needs no words."""
    return None if type_ == ANY else str(type_)
