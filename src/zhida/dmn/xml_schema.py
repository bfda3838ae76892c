"""What the XML of DMN looks like: namespaces of its versions, and which attributes and elements each element may have.

The versions 1.2 to 1.5 differ in their namespaces and in what was added; one table holds all of them, and what is newer
than the version that a file claims is read all the same.
"""

from collections.abc import Mapping
from dataclasses import dataclass

MODEL = "https://www.omg.org/spec/DMN/20230324/MODEL/"
"""The namespace of the models of DMN 1.5."""
FEEL = "https://www.omg.org/spec/DMN/20230324/FEEL/"
"""The URI of FEEL in DMN 1.5."""
DMNDI = "https://www.omg.org/spec/DMN/20230324/DMNDI/"
"""The namespace of the diagrams of DMN 1.5."""
DC = "http://www.omg.org/spec/DMN/20180521/DC/"
"""The namespace of positions and sizes in diagrams."""
DI = "http://www.omg.org/spec/DMN/20180521/DI/"
"""The namespace of the lines in diagrams."""
XML_SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
"""The namespace of hints to validators."""

VERSIONS: Mapping[str, str] = {
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    MODEL: "1.5",
}
"""Namespaces of the models that are read, and their versions."""
TOO_OLD: Mapping[str, str] = {
    "http://www.omg.org/spec/DMN/20130901": "1.0",
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20151101/MODEL/": "1.1",
}
"""Those of older ones, which are told apart to say so."""
FEEL_URIS = frozenset(
    {
        "http://www.omg.org/spec/FEEL/20140401",
        "http://www.omg.org/spec/DMN/20151101/FEEL/",
        "http://www.omg.org/spec/DMN/20180521/FEEL/",
        "https://www.omg.org/spec/DMN/20191111/FEEL/",
        "https://www.omg.org/spec/DMN/20211108/FEEL/",
        FEEL,
    }
)
"""What FEEL is called by all versions."""
RENAMED: Mapping[str, str] = {
    **dict.fromkeys(VERSIONS, MODEL),
    "http://www.omg.org/spec/DMN/20180521/DMNDI/": DMNDI,
    "https://www.omg.org/spec/DMN/20191111/DMNDI/": DMNDI,
    "https://www.omg.org/spec/DMN/20211108/DMNDI/": DMNDI,
}
"""Namespaces of older versions, and those of DMN 1.5."""


@dataclass(frozen=True, slots=True)
class Content:
    """What an element may have, beside what every element has."""

    attributes: frozenset[str]
    """Attributes without a namespace."""
    elements: frozenset[str]
    """Elements of the model's namespace inside it."""


EXPRESSIONS = frozenset(
    [
        "literalExpression",
        "decisionTable",
        "context",
        "list",
        "relation",
        "invocation",
        "functionDefinition",
        "conditional",
        "filter",
        "for",
        "some",
        "every",
    ]
)
"""Elements that are expressions."""
ARTIFACTS = ("textAnnotation", "association", "group")
"""Elements that stand beside the graph."""
BUSINESS_CONTEXT = ("performanceIndicator", "organizationUnit")
"""Elements of the organisation around the decisions."""
REFERENCES = (
    "supportedObjective",
    "impactedPerformanceIndicator",
    "decisionMaker",
    "decisionOwner",
    "usingProcess",
    "usingTask",
)
"""What a decision refers to, in the order of the standard."""
REQUIREMENTS = ("informationRequirement", "knowledgeRequirement", "authorityRequirement")
"""Arrows of the graph, in the order of the standard."""


def _content(attributes: str = "", elements: str = "", *, is_plain: bool = False, holds_expression: bool = False) -> Content:
    """Return a content; a plain one lacks what DMN elements have in common."""
    common = ("", "") if is_plain else ("id label", "description extensionElements")
    known = frozenset(f"{common[1]} {elements}".split())
    return Content(frozenset(f"{common[0]} {attributes}".split()), known | EXPRESSIONS if holds_expression else known)


_REFERENCE = _content("href", is_plain=True)
_TEXT = _content(is_plain=True)
_TESTS = _content("typeRef expressionLanguage", "text")
_ITEM = _content("name typeRef")
_CHILD = _content("id typeRef", is_plain=True, holds_expression=True)
_DECISION = " ".join(("question allowedAnswers variable", *REQUIREMENTS, *REFERENCES))
_FUNCTION = _content("typeRef kind", "formalParameter", holds_expression=True)
_LITERAL = _content("typeRef expressionLanguage", "text importedValues")
_QUANTIFIED = _content("typeRef iteratorVariable", "in satisfies")

CONTENTS: Mapping[str, Content] = {
    **dict.fromkeys(("description", "question", "allowedAnswers", "text", "typeRef", "type", "importedElement"), _TEXT),
    **dict.fromkeys((*REFERENCES, "requiredDecision", "requiredInput", "requiredKnowledge", "requiredAuthority"), _REFERENCE),
    **dict.fromkeys(
        ("outputDecision", "encapsulatedDecision", "inputDecision", "owner", "sourceRef", "targetRef", "drgElement"), _REFERENCE
    ),
    **dict.fromkeys(("impactingDecision", "decisionMade", "decisionOwned"), _REFERENCE),
    **dict.fromkeys(("allowedValues", "typeConstraint", "inputValues", "outputValues", "inputEntry"), _TESTS),
    **dict.fromkeys(("variable", "parameter", "parameters", "formalParameter", "column", "informationItem"), _ITEM),
    **dict.fromkeys(("in", "return", "satisfies", "if", "then", "else", "match"), _CHILD),
    **dict.fromkeys(("literalExpression", "inputExpression", "outputEntry", "defaultOutputEntry"), _LITERAL),
    **dict.fromkeys(("functionDefinition", "encapsulatedLogic"), _FUNCTION),
    **dict.fromkeys(("list", "row"), _content("typeRef", holds_expression=True)),
    **dict.fromkeys(("some", "every"), _QUANTIFIED),
    "definitions": _content(
        "name namespace expressionLanguage typeLanguage exporter exporterVersion",
        "import itemDefinition decision businessKnowledgeModel inputData knowledgeSource decisionService elementCollection "
        + " ".join((*ARTIFACTS, *BUSINESS_CONTEXT)),
    ),
    "import": _content("name namespace locationURI importType"),
    "importedValues": _content("name namespace locationURI importType expressionLanguage", "importedElement"),
    "elementCollection": _content("name", "drgElement"),
    "decision": _content("name", _DECISION, holds_expression=True),
    "performanceIndicator": _content("name URI", "impactingDecision"),
    "organizationUnit": _content("name URI", "decisionMade decisionOwned"),
    "businessKnowledgeModel": _content("name", "variable encapsulatedLogic knowledgeRequirement authorityRequirement"),
    "inputData": _content("name href", "variable"),  # the element, and the reference to it in a decision service
    "knowledgeSource": _content("name locationURI", "authorityRequirement type owner"),
    "decisionService": _content("name", "variable outputDecision encapsulatedDecision inputDecision inputData"),
    "informationRequirement": _content("", "requiredDecision requiredInput"),
    "knowledgeRequirement": _content("", "requiredKnowledge"),
    "authorityRequirement": _content("", "requiredDecision requiredInput requiredAuthority"),
    "itemDefinition": _content("name typeLanguage isCollection", "typeRef allowedValues typeConstraint itemComponent functionItem"),
    "itemComponent": _content("name typeLanguage isCollection", "typeRef allowedValues typeConstraint itemComponent functionItem"),
    "functionItem": _content("outputTypeRef", "parameters"),
    "decisionTable": _content("typeRef hitPolicy aggregation preferredOrientation outputLabel", "input output annotation rule"),
    "input": _content("", "inputExpression inputValues"),
    "output": _content("name typeRef", "outputValues defaultOutputEntry"),
    "annotation": _content("name", is_plain=True),
    "rule": _content("", "inputEntry outputEntry annotationEntry"),
    "annotationEntry": _content("", "text", is_plain=True),
    "invocation": _content("typeRef", "binding", holds_expression=True),
    "binding": _content("", "parameter", is_plain=True, holds_expression=True),
    "context": _content("typeRef", "contextEntry"),
    "contextEntry": _content("", "variable", holds_expression=True),
    "relation": _content("typeRef", "column row"),
    "for": _content("typeRef iteratorVariable", "in return"),
    "conditional": _content("typeRef", "if then else"),
    "filter": _content("typeRef", "in match"),
    "group": _content("name"),
    "textAnnotation": _content("textFormat", "text"),
    "association": _content("associationDirection", "sourceRef targetRef"),
}
"""By the name of the element."""
