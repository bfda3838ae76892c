"""DMN XML to definitions: the versions 1.2 to 1.5, read into one model (DMN 1.5, chapter 12).

    bytes ──xml_source──> elements ──xml_reader, xml_expressions──> Definitions
                              └──xml_kept──> what only readers need, as canonical XML

The versions differ in their namespaces and in what was added since; what a later one added is read in earlier ones too.
Comments, processing instructions, `xsi:schemaLocation` and what the standard does not know are dropped, the latter with a
warning. What a tool adds in its own namespace, where the standard lets it, is kept.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

from zhida.dmn.model import (
    NO_NOTES,
    BusinessKnowledgeModel,
    Decision,
    DecisionService,
    Definitions,
    FunctionItem,
    Import,
    InputData,
    ItemDefinition,
    KnowledgeSource,
    Notes,
    Requirement,
    RequirementKind,
)
from zhida.dmn.xml_expressions import read_expression, read_function
from zhida.dmn.xml_kept import kept
from zhida.dmn.xml_names import NewIds
from zhida.dmn.xml_reader import Reader, is_model, unknown
from zhida.dmn.xml_schema import (
    ARTIFACTS,
    BUSINESS_CONTEXT,
    FEEL_URIS,
    MODEL,
    REFERENCES,
    RENAMED,
    REQUIREMENTS,
    TOO_OLD,
    XML_SCHEMA_INSTANCE,
)
from zhida.dmn.xml_source import Element, parse
from zhida.errors import CompileError, Diagnostic, diagnostic, has_errors
from zhida.values.types import ANY

MOST = 100
"""How many findings are told of one file, errors first."""
MAX_COMPONENTS = 60
"""How many item components may stand inside each other."""
KINDS = {
    "requiredInput": RequirementKind.INPUT,
    "requiredDecision": RequirementKind.DECISION,
    "requiredKnowledge": RequirementKind.KNOWLEDGE,
    "requiredAuthority": RequirementKind.AUTHORITY,
}
RIGHT_TARGETS = {
    "requiredInput": {"inputData"},
    "requiredDecision": {"decision"},
    "requiredKnowledge": {"businessKnowledgeModel", "decisionService"},
    "requiredAuthority": {"knowledgeSource"},
    "outputDecision": {"decision"},
    "encapsulatedDecision": {"decision"},
    "inputDecision": {"decision"},
}
"""What each reference may lead to."""
WIRED = {"requiredInput", "requiredDecision", "requiredKnowledge", "outputDecision", "encapsulatedDecision", "inputDecision", "inputData"}
"""References that must lead somewhere for a model to be decided: `compile` tells those that do not."""


@dataclass(frozen=True, slots=True)
class Document:
    """A DMN file that could be read."""

    definitions: Definitions
    """The model."""
    diagnostics: tuple[Diagnostic, ...]
    """What is odd about the file, in the order of its text; no errors."""


def read(data: bytes, name: str) -> Document:
    """Read a DMN model of version 1.2 to 1.5.

    Args:
        data: The file.
        name: Its name as its reader knows it; positions are told with it.

    Returns:
        The model and warnings: dmn-xml-unknown-element, dmn-xml-unknown-attribute, dmn-xml-extra-element, dmn-xml-dangling,
        dmn-xml-wrong-target, dmn-xml-variable-name, dmn-xml-language.

    Raises:
        CompileError: the file is no sound XML (see `xml_source.parse`), or no DMN, or a model that cannot be used:
            dmn-xml-not-dmn, dmn-xml-missing-attribute, dmn-xml-missing-element, dmn-xml-bad-value, dmn-xml-aggregation,
            dmn-xml-row-cells, dmn-xml-duplicate-id, dmn-xml-too-deep; the warnings too. Of many findings, the first are told.

    >>> document = read(
    ...     b'''<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="m" namespace="urn:m">
    ...   <decision name="a b"><literalExpression><text>1 + 1</text></literalExpression></decision>
    ... </definitions>''',
    ...     "m.dmn",
    ... )
    >>> decision = document.definitions.decisions[0]
    >>> decision.name, decision.expression.text.text, decision.expression.text.span().place
    ('a b', '1 + 1', 'm.dmn:2:49')
    """
    root = parse(data, name)
    if not is_model(root) or root.name != "definitions":
        version = TOO_OLD.get(root.namespace, "")
        told = diagnostic("dmn-xml-not-dmn", root.span, root=root.name, namespace=root.namespace, version=version, model=MODEL)
        raise CompileError([told])
    reader = Reader(root)
    definitions = _Model(reader).definitions(root)
    found = chain(reader.diagnostics, islice(unknown(reader), MOST), islice(_doubled(root), MOST), islice(_astray(reader, root), MOST))
    diagnostics = sorted(found, key=lambda item: (item.severity != "error", item.span.start if item.span else 0))[:MOST]
    diagnostics.sort(key=lambda item: item.span.start if item.span else 0)
    if has_errors(diagnostics):
        raise CompileError(diagnostics)
    return Document(definitions, tuple(diagnostics))


class _Model:
    """Reads the elements of a model."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.ids = NewIds(each.attributes["id"] for each in reader.root.walk() if "id" in each.attributes)

    def definitions(self, root: Element) -> Definitions:
        """Return the whole model."""
        reader = self.reader
        models = tuple(self.imported(child) for child in reader.all(root, "import"))
        reader.imports = {each.namespace: each.name for each in models}
        notes = reader.notes(root)
        further = ("exporter", "exporterVersion", "expressionLanguage", "typeLanguage")
        own = ((name, root.attributes.get(name, "")) for name in further)
        attributes = [(name, value) for name, value in own if value and value not in FEEL_URIS]
        attributes += [(name, value) for name, value in notes.attributes if not name.startswith(f"{{{XML_SCHEMA_INSTANCE}}}")]
        diagrams = [child for child in root.children if child.name == "DMNDI"]
        return Definitions(
            reader.attribute(root, "name"),
            tuple(self.decision(child) for child in reader.all(root, "decision")),
            tuple(self.knowledge_model(child) for child in reader.all(root, "businessKnowledgeModel")),
            tuple(self.input_data(child) for child in reader.all(root, "inputData")),
            id=root.attributes.get("id", ""),
            namespace=reader.attribute(root, "namespace"),
            models=models,
            items=tuple(self.item(child) for child in reader.all(root, "itemDefinition")),
            services=tuple(self.service(child) for child in reader.all(root, "decisionService")),
            sources=tuple(self.knowledge_source(child) for child in reader.all(root, "knowledgeSource")),
            others=tuple(kept(child) for names in _OTHERS for child in reader.all(root, *names)),
            diagrams=kept(diagrams[0]) if diagrams else "",
            attributes=tuple(sorted(attributes)),
            notes=Notes("", notes.label, notes.description, notes.extensions),
        )

    def id(self, element: Element) -> str:
        """Return the id of an element; one without gets one from its name."""
        return element.attributes.get("id", "") or self.ids.new(element.attributes.get("name", "") or element.name)

    def imported(self, element: Element) -> Import:
        """Return an import; its name may be empty."""
        attributes = element.attributes
        if "name" not in attributes:
            self.reader.attribute(element, "name")
        return Import(
            " ".join(attributes.get("name", "").split()),
            self.reader.attribute(element, "namespace"),
            RENAMED.get(attributes.get("importType", ""), attributes.get("importType", "")),
            attributes.get("locationURI", ""),
            self.reader.notes(element),
        )

    # --- item definitions ------------------------------------------------------------------------------------------

    def item(self, element: Element, level: int = 0) -> ItemDefinition:
        """Return an item definition or a component of one."""
        reader = self.reader
        components = reader.all(element, "itemComponent")
        if components and level == MAX_COMPONENTS:
            reader.note("dmn-xml-too-deep", element.span, limit=MAX_COMPONENTS)
            components = []
        spelled, function = reader.one(element, "typeRef"), reader.one(element, "functionItem")
        allowed, constraint = reader.one(element, "allowedValues"), reader.one(element, "typeConstraint")
        tests, limits = reader.tests(allowed), reader.tests(constraint)
        return ItemDefinition(
            reader.attribute(element, "name"),
            reader.type_of(spelled.text, spelled.namespaces) if spelled is not None else ANY,
            span=element.span,
            is_collection=reader.is_true(element, "isCollection"),
            components=tuple(self.item(child, level + 1) for child in components),
            function=self.function_item(function) if function is not None else None,
            allowed=tests,
            constraint=limits,
            notes=reader.notes(element, "typeLanguage"),
            allowed_notes=reader.notes(allowed, "typeRef", "expressionLanguage") if tests is not None else NO_NOTES,
            constraint_notes=reader.notes(constraint, "typeRef", "expressionLanguage") if limits is not None else NO_NOTES,
        )

    def function_item(self, element: Element) -> FunctionItem:
        """Return the signature of a function."""
        parameters = [self.reader.variable(child) for child in self.reader.all(element, "parameters")]
        notes = tuple(each.notes for each in parameters)
        return FunctionItem(
            tuple((each.name, each.type) for each in parameters),
            self.reader.type(element, "outputTypeRef"),
            self.reader.notes(element),
            notes if any(each != NO_NOTES for each in notes) else (),
        )

    # --- the requirement graph -------------------------------------------------------------------------------------

    def decision(self, element: Element) -> Decision:
        """Return a decision."""
        reader = self.reader
        variable = reader.variable_of(element)
        return Decision(
            self.id(element),
            reader.attribute(element, "name"),
            variable.type,
            read_expression(reader, element, is_needed=False),
            element.span,
            tuple(self.requirements(element)),
            reader.text(element, "question"),
            reader.text(element, "allowedAnswers"),
            tuple((name, reader.href(child)) for name in REFERENCES for child in reader.all(element, name)),
            reader.notes(element, with_id=False),
            variable.notes,
        )

    def requirements(self, element: Element) -> Iterator[Requirement]:
        """Yield what an element requires, in the order of the standard: information, knowledge, authority."""
        reader = self.reader
        for name in REQUIREMENTS:
            for child in reader.all(element, name):
                target = reader.one(child, *KINDS)
                if target is None:
                    reader.note("dmn-xml-missing-element", child.span, element=child.name, name="required…")
                    continue
                is_authority = name == "authorityRequirement"
                kind = RequirementKind.AUTHORITY if is_authority else KINDS[target.name]
                leads_to = target.name if is_authority and target.name != "requiredAuthority" else ""
                yield Requirement(kind, reader.href(target), reader.notes(child), leads_to)

    def knowledge_model(self, element: Element) -> BusinessKnowledgeModel:
        """Return a business knowledge model."""
        reader = self.reader
        logic = reader.one(element, "encapsulatedLogic")
        function = read_function(reader, logic) if logic is not None else None
        parameters = function.parameters if function is not None else ()
        notes = tuple(each.notes for each in parameters)
        return BusinessKnowledgeModel(
            self.id(element),
            reader.attribute(element, "name"),
            tuple((each.name, each.type) for each in parameters),
            function.type if function is not None else ANY,
            function.body if function is not None else None,
            element.span,
            tuple(self.requirements(element)),
            function.kind if function is not None else "FEEL",
            reader.notes(element, with_id=False),
            reader.variable_of(element),
            function.notes if function is not None else NO_NOTES,
            notes if any(each != NO_NOTES for each in notes) else (),
        )

    def input_data(self, element: Element) -> InputData:
        """Return input data."""
        variable = self.reader.variable_of(element)
        item = ItemDefinition(self.reader.attribute(element, "name"), variable.type, span=element.span, notes=variable.notes)
        return InputData(self.id(element), item, self.reader.notes(element, with_id=False))

    def service(self, element: Element) -> DecisionService:
        """Return a decision service."""
        reader = self.reader
        variable = reader.variable_of(element)
        return DecisionService(
            self.id(element),
            reader.attribute(element, "name"),
            variable.type,
            reader.hrefs(element, "outputDecision"),
            reader.hrefs(element, "encapsulatedDecision"),
            reader.hrefs(element, "inputDecision"),
            reader.hrefs(element, "inputData"),
            element.span,
            reader.notes(element, with_id=False),
            variable,
        )

    def knowledge_source(self, element: Element) -> KnowledgeSource:
        """Return a knowledge source."""
        reader = self.reader
        return KnowledgeSource(
            self.id(element),
            reader.attribute(element, "name"),
            reader.text(element, "type"),
            reader.href(reader.one(element, "owner")),
            element.attributes.get("locationURI", ""),
            tuple(self.requirements(element)),
            reader.notes(element, with_id=False),
        )


_OTHERS = (ARTIFACTS, ("elementCollection",), BUSINESS_CONTEXT)
"""What is kept as it is, in the order of the standard."""


def _doubled(root: Element) -> Iterator[Diagnostic]:
    """Yield each id that another element has already; what tools keep inside extension elements is theirs."""
    first: dict[str, Element] = {}
    for element in _own(root):
        id_ = element.attributes.get("id", "")
        if id_ and first.setdefault(id_, element) is not element:
            place = first[id_].attribute_span("id").place
            yield diagnostic("dmn-xml-duplicate-id", element.attribute_span("id"), id=id_, first=place)


def _own(root: Element) -> Iterator[Element]:
    """Yield the elements of a model, without those inside extension elements."""
    waiting = [root]
    while waiting:
        element = waiting.pop()
        yield element
        waiting.extend(child for child in reversed(element.children) if element.name not in {"extensionElements", "extension"})


def _astray(reader: Reader, root: Element) -> Iterator[Diagnostic]:
    """Yield each reference that leads to nothing in the model, or to something of another kind."""
    ids = {element.attributes["id"]: element for element in _own(root) if "id" in element.attributes}
    for element in _own(root):
        if not is_model(element) or "href" not in element.attributes:
            continue
        href = reader.href(element)
        target = ids.get(href[1:]) if href.startswith("#") else None
        span = element.attribute_span("href")
        right = RIGHT_TARGETS.get(element.name)
        if target is None and not re.fullmatch(r"[^#]+#[^#]+", href) and element.name not in WIRED and href.strip():
            near = reader.near(href.removeprefix("#"), ids)
            yield diagnostic("dmn-xml-dangling", span, href=href, near=near)
        elif target is not None and right is not None and target.name not in right:
            others = (name for name, names in RIGHT_TARGETS.items() if target.name in names and name.startswith("required"))
            words = {"name": element.name, "href": href, "found": target.name}
            yield diagnostic("dmn-xml-wrong-target", span, **words, right=next(others, "") if "required" in element.name else "")
