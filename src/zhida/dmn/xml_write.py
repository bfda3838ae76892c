"""Definitions to DMN XML that other tools read (DMN 1.5, chapter 12).

    Definitions ──elements in the order of the schema──> Markup ──xml_markup──> bytes
                        └──xml_layout──> a diagram, where there is none

What was read from XML comes back as the same model. What a model of Markdown lacks is made: ids from names, a namespace, the
arrows that its names stand for. The same definitions make the same bytes.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace

from zhida.dmn.model import (
    NO_NOTES,
    BusinessKnowledgeModel,
    Decision,
    DecisionService,
    Definitions,
    FunctionDefinition,
    Import,
    InputData,
    ItemDefinition,
    KnowledgeSource,
    Notes,
    Requirement,
    RequirementKind,
    Variable,
)
from zhida.dmn.xml_layout import Arrow, Box, diagram
from zhida.dmn.xml_markup import Child, Markup, document, kept, markup, text_markup
from zhida.dmn.xml_names import VALID, NewIds
from zhida.dmn.xml_schema import MODEL
from zhida.dmn.xml_versions import NAMESPACES, NEWEST, in_version
from zhida.dmn.xml_write_expressions import ExpressionWriter, type_ref
from zhida.errors import CompileError, Diagnostic, diagnostic
from zhida.source import Source, Span
from zhida.values.types import ANY

Node = Decision | BusinessKnowledgeModel | InputData | DecisionService | KnowledgeSource

TAGS = {
    RequirementKind.INPUT: "informationRequirement",
    RequirementKind.DECISION: "informationRequirement",
    RequirementKind.KNOWLEDGE: "knowledgeRequirement",
    RequirementKind.AUTHORITY: "authorityRequirement",
}
"""Arrows of the graph, by what they lead to."""
ORDER = ("informationRequirement", "knowledgeRequirement", "authorityRequirement")
UNSAFE = re.compile(r"""[\s<>"{}|\\^`%#]""")


def write(
    definitions: Definitions,
    *,
    requirements: Mapping[str, Iterable[str]] | None = None,
    is_drawn: bool = True,
    version: str = NEWEST,
) -> bytes:
    """Return definitions as a DMN file.

    Args:
        definitions: The model.
        requirements: For elements that names wire (`requirements` is None), the ids of the elements that each requires, as
            `DecisionModel.requirements` has them; an element without an entry requires nothing. Ids that are of no element of
            `definitions` must be `namespace#id`.
        is_drawn: Whether a model without a diagram gets one, so that other tools show it.
        version: The version of DMN: `1.5`, or `1.4` or `1.3` for tools that read no newer one.

    Returns:
        UTF-8 text that validates against the standard's schema.

    Raises:
        CompileError: dmn-xml-character, dmn-xml-knowledge-requires, dmn-xml-newer.

    >>> print(write(Definitions("m", namespace="urn:m"), is_drawn=False).decode().rstrip())
    <?xml version="1.0" encoding="UTF-8"?>
    <definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="urn:m"/>
    """
    root = _Writer(_wired(definitions, requirements or {}), is_drawn=is_drawn).definitions()
    return document(in_version(root, version), NAMESPACES[version].get(MODEL, MODEL))


# --- arrows of models that names wire ------------------------------------------------------------------------------------


def _wired(definitions: Definitions, requirements: Mapping[str, Iterable[str]]) -> Definitions:
    """Return definitions whose elements say what they require; input data that nothing requires is left out with the names."""
    logic: tuple[Decision | BusinessKnowledgeModel, ...] = (*definitions.decisions, *definitions.knowledge_models)
    if all(element.requirements is not None for element in logic):
        return definitions
    kinds = {each.id: RequirementKind.INPUT for each in definitions.inputs}
    kinds |= {each.id: RequirementKind.DECISION for each in definitions.decisions}
    kinds |= {each.id: RequirementKind.KNOWLEDGE for each in definitions.knowledge_models}
    kinds |= {each.id: RequirementKind.KNOWLEDGE for each in definitions.services}
    faults: list[Diagnostic] = []

    def arrows(element: Decision | BusinessKnowledgeModel) -> tuple[Requirement, ...]:
        if element.requirements is not None:
            return element.requirements
        found = []
        for id_ in dict.fromkeys(requirements.get(element.id, ())):
            kind = kinds.get(id_, RequirementKind.DECISION)
            if isinstance(element, BusinessKnowledgeModel) and kind is not RequirementKind.KNOWLEDGE:
                faults.append(diagnostic("dmn-xml-knowledge-requires", element.span, name=element.name, required=id_.rpartition("#")[2]))
            found.append(Requirement(kind, f"#{id_}" if id_ in kinds else id_))
        return tuple(found)

    decisions = tuple(replace(each, requirements=arrows(each)) for each in definitions.decisions)
    models = tuple(replace(each, requirements=arrows(each)) for each in definitions.knowledge_models)
    if faults:
        raise CompileError(faults)
    logic = (*decisions, *models)
    mentioned = {each.href for element in logic for each in element.requirements or ()}
    inputs = tuple(each for each in definitions.inputs if f"#{each.id}" in mentioned)
    return replace(definitions, decisions=decisions, knowledge_models=models, inputs=inputs)


# --- ids ---------------------------------------------------------------------------------------------------------------


class _Ids:
    """Ids as XML has them: those that it allows as they are, others made from names; each once."""

    def __init__(self, definitions: Definitions) -> None:
        self.new = NewIds(id_ for id_ in _ids_in(definitions) if VALID.fullmatch(id_)).new
        self.written: dict[str, str] = {}
        for element in nodes(definitions):
            if not VALID.fullmatch(element.id):
                self.written[element.id] = self.new(element.name)

    def __call__(self, id_: str) -> str:
        """Return an id as it is written."""
        if id_ not in self.written and not VALID.fullmatch(id_):
            self.written[id_] = self.new(id_)
        return self.written.get(id_, id_)

    def href(self, href: str) -> str:
        """Return an href as it is written."""
        return f"#{self.written.get(href[1:], href[1:])}" if href.startswith("#") else href


def nodes(definitions: Definitions) -> Iterator[Node]:
    """Yield the elements of the requirement graph, in the order in which they are written."""
    yield from definitions.inputs
    yield from definitions.decisions
    yield from definitions.knowledge_models
    yield from definitions.services
    yield from definitions.sources


def _ids_in(definitions: Definitions) -> Iterator[str]:
    """Yield every id that a model holds, however deep."""
    waiting: list[object] = [definitions]
    while waiting:
        value = waiting.pop()
        if isinstance(value, tuple):
            waiting.extend(value)
        elif is_dataclass(value) and not isinstance(value, Source | Span):
            yield from (id_ for id_ in (getattr(value, "id", ""), *getattr(value, "part_ids", ())) if id_)
            waiting.extend(getattr(value, each.name) for each in fields(value))
    for text in (*definitions.others, definitions.diagrams):
        yield from re.findall(r'\sid="([^"]*)"', text)


# --- elements ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Drawing:
    """What a diagram is made of, gathered while the elements are written."""

    boxes: list[Box]
    arrows: list[Arrow]


class _Writer:
    """Writes one model."""

    def __init__(self, definitions: Definitions, *, is_drawn: bool) -> None:
        self.model = definitions
        self.ids = _Ids(definitions)
        self.drawing = _Drawing([], []) if is_drawn and not definitions.diagrams else None
        language = dict(definitions.attributes).get("expressionLanguage", "")
        self.expressions = ExpressionWriter(self.ids, is_feel=not language)

    def definitions(self) -> Markup:
        """Return the whole model."""
        model = self.model
        own = {name: value for name, value in model.attributes if not name.startswith("{")}
        notes = replace(model.notes, attributes=tuple(each for each in model.attributes if each[0].startswith("{")))
        attributes = {"name": model.name, "namespace": model.namespace or namespace_of(model.name), **own}
        parts: list[Child] = [self.imported(each) for each in model.models]
        parts += [self.item("itemDefinition", each) for each in model.items]
        parts += [self.node(each) for each in nodes(model)]
        parts += [each for text in model.others for each in kept(text)]
        if model.diagrams:
            parts += kept(model.diagrams)
        elif self.drawing is not None and self.drawing.boxes:
            parts.append(diagram(self.drawing.boxes, self.drawing.arrows, self.ids.new))
        return self.element("definitions", attributes, notes, *parts, id_=model.id)

    def element(self, name: str, attributes: Mapping[str, str | None], notes: Notes, *children: Child, id_: str = "") -> Markup:
        """Return an element with its notes; `id_` is that of an element whose id has a place of its own."""
        return self.expressions.element(name, attributes, replace(notes, id=id_ or notes.id), *children)

    def imported(self, model: Import) -> Markup:
        """Return an import."""
        attributes = {"name": model.name, "namespace": model.namespace, "locationURI": model.location or None}
        return self.element("import", {**attributes, "importType": model.type or MODEL}, model.notes)

    def item(self, name: str, item: ItemDefinition) -> Markup:
        """Return an item definition or a component of one."""
        spelled = type_ref(item.type) or ("Any" if item.allowed or item.constraint else None)
        parts: list[Child] = []
        if item.components:
            parts += [self.item("itemComponent", each) for each in item.components]
        elif item.function is not None:
            parts.append(self.function_item(item))
        elif spelled is not None:
            parts.append(text_markup("typeRef", spelled))
            parts.append(self.expressions.cell("allowedValues", item.allowed, item.allowed_notes))
            parts.append(self.expressions.cell("typeConstraint", item.constraint, item.constraint_notes))
        notes = item.notes if item.notes.description else replace(item.notes, description=item.description)
        return self.element(name, {"name": item.name, "isCollection": "true" if item.is_collection else None}, notes, *parts)

    def function_item(self, item: ItemDefinition) -> Markup:
        """Return the signature of a function."""
        function = item.function
        assert function is not None, item.name
        notes = function.parameter_notes or (NO_NOTES,) * len(function.parameters)
        variables = [Variable(name, type_, each) for (name, type_), each in zip(function.parameters, notes, strict=True)]
        parameters = [self.expressions.variable("parameters", each) for each in variables]
        return self.element("functionItem", {"outputTypeRef": type_ref(function.type)}, function.notes, *parameters)

    # --- the requirement graph -------------------------------------------------------------------------------------

    def node(self, element: Node) -> Markup:
        """Return an element of the graph, and draw it."""
        parts: list[Child]
        match element:
            case InputData():
                tag, parts = "inputData", [self.variable(Variable(element.name, element.item.type, element.item.notes))]
            case Decision():
                tag, parts = "decision", self.decision(element)
            case BusinessKnowledgeModel():
                tag, parts = "businessKnowledgeModel", self.knowledge_model(element)
            case DecisionService():
                tag, parts = "decisionService", self.service(element)
            case KnowledgeSource():
                tag, parts = "knowledgeSource", self.knowledge_source(element)
        id_ = self.ids(element.id)
        if self.drawing is not None:
            self.drawing.boxes.append(Box(id_, element.name, tag))
        notes = element.notes
        if isinstance(element, InputData) and not notes.description:
            notes = replace(notes, description=element.item.description)
        location = (element.location or None) if isinstance(element, KnowledgeSource) else None
        return self.element(tag, {"name": element.name, "locationURI": location}, notes, *parts, id_=id_)

    def variable(self, variable: Variable) -> Markup:
        """Return the variable of an element."""
        return self.expressions.variable("variable", variable)

    def decision(self, decision: Decision) -> list[Child]:
        """Return what is inside a decision."""
        return [
            text_markup("question", decision.question) if decision.question else None,
            text_markup("allowedAnswers", decision.allowed_answers) if decision.allowed_answers else None,
            self.variable(Variable(decision.name, decision.type, decision.variable_notes)),
            *self.arrows(decision.id, decision.name, decision.requirements or ()),
            *(markup(name, {"href": self.ids.href(href)}) for name, href in decision.references),
            self.expressions.optional(decision.expression),
        ]

    def knowledge_model(self, model: BusinessKnowledgeModel) -> list[Child]:
        """Return what is inside a business knowledge model."""
        notes = model.parameter_notes or (NO_NOTES,) * len(model.parameters)
        parameters = tuple(Variable(name, type_, each) for (name, type_), each in zip(model.parameters, notes, strict=True))
        has_logic = model.expression is not None or parameters or model.logic_notes != NO_NOTES or model.type != ANY
        logic = FunctionDefinition(parameters, model.expression, model.kind, span=model.span, type=model.type, notes=model.logic_notes)
        return [
            self.variable(model.variable or Variable(model.name)),
            self.expressions.function("encapsulatedLogic", logic) if has_logic else None,
            *self.arrows(model.id, model.name, model.requirements or ()),
        ]

    def service(self, service: DecisionService) -> list[Child]:
        """Return what is inside a decision service."""
        hrefs = {
            "outputDecision": service.output_decisions,
            "encapsulatedDecision": service.encapsulated_decisions,
            "inputDecision": service.input_decisions,
            "inputData": service.inputs,
        }
        return [
            self.variable(service.variable or Variable(service.name, service.type)),
            *(markup(name, {"href": self.ids.href(href)}) for name, each in hrefs.items() for href in each),
        ]

    def knowledge_source(self, source: KnowledgeSource) -> list[Child]:
        """Return what is inside a knowledge source."""
        return [
            *self.arrows(source.id, source.name, source.requirements),
            text_markup("type", source.type) if source.type else None,
            markup("owner", {"href": self.ids.href(source.owner)}) if source.owner else None,
        ]

    def arrows(self, id_: str, name: str, requirements: Iterable[Requirement]) -> Iterator[Markup]:
        """Yield the arrows of an element in the order of the standard, and draw them; what is drawn needs an id."""
        for each in sorted(requirements, key=lambda each: ORDER.index(TAGS[each.kind])):
            tag, target = TAGS[each.kind], self.ids.href(each.href)
            own = each.notes.id
            if self.drawing is not None:
                own = self.ids(own) if own else self.ids.new(f"{name}_requires")
                self.drawing.arrows.append(Arrow(own, self.ids(id_), target.removeprefix("#"), tag))
            yield self.element(tag, {}, each.notes, markup(each.leads_to or each.kind.value, {"href": target}), id_=own)


def namespace_of(name: str) -> str:
    """Return a namespace for a model that has none.

    >>> namespace_of("hangzhou/算力 券")
    'urn:zhida:hangzhou/算力%20券'
    """
    return "urn:zhida:" + UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), name)
