"""The test files of the DMN conformance kit, as frozen data (its schema testCases.xsd, of 2016-07-19).

    bytes ──xml_source.parse──> Element ──read_cases──> KitFile ── KitCase ── Given, Wanted

Owns what a test file says: what is given, what is asked for, what is expected. It knows no model: a simple value without
`xsi:type` stays an `Untyped` text until `typed` is told what the model declares.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zhida.dmn.xml_source import Element, parse
from zhida.errors import CompileError, diagnostic
from zhida.source import Span
from zhida.values.numbers import feel_context
from zhida.values.temporal import parse_at_literal, parse_date, parse_date_time, parse_duration, parse_time
from zhida.values.types import Type

Value = Any

NAMESPACE = "http://www.omg.org/spec/DMN/20160719/testcase"
"""The namespace of the kit's test files."""
INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
"""Before `nil` and `type`."""
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
"""A number as XML Schema writes it."""
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
NUMBER_TYPES = frozenset(("decimal", "double", "float", "integer", "long", "int", "short", "byte", "number"))
"""Names of XML Schema's numeric types that the kit may use, and FEEL's own."""


@dataclass(frozen=True, slots=True)
class Untyped:
    """A simple value whose type the test file does not say."""

    text: str
    """What is written."""


@dataclass(frozen=True, slots=True)
class Given:
    """A value that a test case is given."""

    name: str
    """The name of input data, of a decision that is overridden, or of a parameter."""
    namespace: str
    """The namespace of the model that defines it; empty for the main model."""
    value: Value
    """The value."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A value that a test case expects."""

    name: str
    """The name of the decision, or of what is invoked."""
    namespace: str
    """The namespace of the model that defines it; empty for the main model."""
    value: Value
    """The value."""
    is_error: bool
    """Whether it is a null made by an error (`errorResult`)."""
    span: Span
    """Where it is asked for."""


@dataclass(frozen=True, slots=True)
class KitCase:
    """A test case."""

    id: str
    """Its id; its position, as `#3`, where it has none."""
    kind: str
    """`decision`, `bkm` or `decisionService`."""
    invocable: str
    """The name of the business knowledge model or decision service that is invoked; empty for decisions."""
    given: tuple[Given, ...]
    """What it is given."""
    wanted: tuple[Wanted, ...]
    """What it expects."""


@dataclass(frozen=True, slots=True)
class KitFile:
    """A test file."""

    stem: str
    """Its name without `.xml`."""
    model: str
    """The name of the DMN file that it is about."""
    labels: tuple[str, ...]
    """What it says that it is about."""
    cases: tuple[KitCase, ...]
    """Its test cases."""


def read_cases(data: bytes, name: str) -> KitFile | None:
    """Return what a test file says, or None where the file is sound XML but no test file.

    Args:
        data: The file.
        name: Its path as its reader knows it.

    Raises:
        CompileError: dmn-xml-*, dmn-kit-malformed.
    """
    root = parse(data, name)
    if root.tag != f"{{{NAMESPACE}}}testCases":
        return None
    cases = tuple(_case(element, place) for place, element in enumerate(_children(root, "testCase"), start=1))
    labels = tuple(label.text.strip() for labels in _children(root, "labels") for label in _children(labels, "label"))
    model = next((element.text.strip() for element in _children(root, "modelName")), "")
    if not model:
        raise _malformed(root.span, "it names no model", "没有写明模型（modelName）")
    return KitFile(name.replace("\\", "/").rpartition("/")[2].removesuffix(".xml"), model, labels, cases)


def typed(value: Value, type_: Type) -> Value:
    """Return a value with its untyped texts read as a declared type asks; a text that cannot be read so stays a string.

    >>> typed((Untyped("1"), "2"), Type("list", (Type("number"),)))
    (Decimal('1'), '2')
    """
    match value:
        case Untyped():
            inner = type_.arguments[0] if type_.name == "list" and type_.arguments else type_
            read = _simple(value.text, _XML_NAMES.get(inner.name, "string"))
            return value.text if read is None else read
        case tuple():
            inner = type_.arguments[0] if type_.name == "list" and type_.arguments else type_
            return tuple(typed(item, inner) for item in value)
        case dict():
            entries = dict(type_.fields)
            return {name: typed(item, entries.get(name, Type("Any"))) for name, item in value.items()}
    return value


_XML_NAMES: Mapping[str, str] = {
    "number": "decimal",
    "boolean": "boolean",
    "date": "date",
    "time": "time",
    "date and time": "dateTime",
    "days and time duration": "duration",
    "years and months duration": "duration",
    "string": "string",
}
"""XML Schema's names of FEEL's types."""


def _case(element: Element, place: int) -> KitCase:
    return KitCase(
        element.attributes.get("id") or f"#{place}",
        element.attributes.get("type", "decision"),
        _name(element, "invocableName"),
        tuple(Given(_name(node), node.attributes.get("namespace", ""), _value(node)) for node in _children(element, "inputNode")),
        tuple(_wanted(node) for node in _children(element, "resultNode")),
    )


def _wanted(node: Element) -> Wanted:
    value = next((_value(expected) for expected in _children(node, "expected")), None)
    flag = BOOLEANS.get(node.attributes.get("errorResult", "false").strip(), False)
    return Wanted(_name(node), node.attributes.get("namespace", ""), value, flag, node.span)


def _value(element: Element) -> Value:
    """Return the value that an element of the schema's `valueType` holds."""
    for child in element.children:
        if child.name in {"value", "list"} and _is_nil(child):
            return None
        if child.name == "value":
            return _typed_value(child)
        if child.name == "list":
            return tuple(_value(item) for item in _children(child, "item"))
    components = _children(element, "component")
    if not components:
        return None
    return {_name(part): None if _is_nil(part) else _value(part) for part in components}


def _is_nil(element: Element) -> bool:
    return BOOLEANS.get(element.attributes.get(f"{INSTANCE}nil", "").strip(), False)


def _typed_value(element: Element) -> Value:
    declared = element.attributes.get(f"{INSTANCE}type", "").strip().rpartition(":")[2]
    if not declared or declared in {"anySimpleType", "anyType"}:
        return Untyped(element.text)
    value = _simple(element.text, declared)
    if value is None:
        shown = element.text.strip()
        raise _malformed(element.span, f"'{shown}' is no {declared}", f"“{shown}”不是 {declared}")
    return value


def _simple(text: str, declared: str) -> Value:
    """Return the value that a text is by a type of XML Schema, None where it is no such value."""
    if declared == "string":
        return text
    text = text.strip()
    if declared in NUMBER_TYPES:
        return _number(text)
    match declared:
        case "boolean":
            return BOOLEANS.get(text)
        case "date":
            return parse_date(text)
        case "time":
            return parse_time(text)
        case "dateTime":
            return parse_date_time(text)
        case "duration" | "dayTimeDuration" | "yearMonthDuration":
            return parse_duration(text)
    return parse_at_literal(text)


def _number(text: str) -> Decimal | None:
    return feel_context().create_decimal(text) if NUMBER.fullmatch(text) else None


def _name(element: Element, attribute: str = "name") -> str:
    """Return a name as models have it: white space in it means no more than one space."""
    return " ".join(element.attributes.get(attribute, "").split())


def _children(element: Element, name: str) -> list[Element]:
    return [child for child in element.children if child.name == name]


def _malformed(span: Span, reason: str, reason_zh: str) -> CompileError:
    return CompileError([diagnostic("dmn-kit-malformed", span, reason=reason, reason_zh=reason_zh)])
