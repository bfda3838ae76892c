"""The literal expressions of the DMN conformance kit that need no inputs, evaluated as FEEL and compared with what the kit expects.

    ZHIDA_TCK=/path/to/kit python -m pytest -m conformance tests

What fails is written down in `expected_failures.txt` with its reason; what is written there and passes is a failure too, so
the list can only be true. As in every published runner, numbers may differ by 1e-8 and an error counts as null.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from zhida.errors import CompileError
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression
from zhida.feel.run import Frame, Run
from zhida.source import snippet
from zhida.values import temporal
from zhida.values.equality import equal
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.types import ANY, Type, coerce, list_of, parse_type

KIT = Path(os.environ.get("ZHIDA_TCK") or "no-kit")
LEVELS = ("compliance-level-2", "compliance-level-3")
FAILURES = Path(__file__).parent / "expected_failures.txt"
TOLERANCE = Decimal("1e-8")
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
NAMES = NameSet(BUILTINS)
PROPERTIES = ("start", "end", "start included", "end included", *(name for names in temporal.PROPERTIES.values() for name in names))

Value = Any


# --- reading ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Expression:
    """A decision that is one literal expression and requires nothing."""

    text: str
    type: Type
    types: dict[str, Type]


def tag(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def children(element: ET.Element, name: str) -> list[ET.Element]:
    return [child for child in element if tag(child) == name]


def text_of(element: ET.Element, *path: str) -> str:
    for name in path:
        found = children(element, name)
        if not found:
            return ""
        element = found[0]
    return element.text or ""


def item_types(definitions: ET.Element) -> dict[str, Type]:
    """Return the item definitions of a model as types; one may use those that stand below it."""
    items = {item.get("name", ""): item for item in children(definitions, "itemDefinition")}
    done: dict[str, Type] = {}

    def named(name: str) -> Type:
        name = name.strip().removeprefix("feel:")
        if name not in done and name in items:
            done[name] = ANY
            done[name] = made(items[name])
        return done.get(name) or parse_type(name) or ANY

    def made(item: ET.Element) -> Type:
        parts = children(item, "itemComponent")
        type_ = named(text_of(item, "typeRef"))
        if parts:
            type_ = Type("context", (), tuple((part.get("name", ""), made(part)) for part in parts))
        for function in children(item, "functionItem"):
            parameters = (named(parameter.get("typeRef", "Any")) for parameter in children(function, "parameters"))
            type_ = Type("function", (*parameters, named(function.get("outputTypeRef", "Any"))))
        return list_of(type_) if item.get("isCollection") == "true" else type_

    return {name: named(name) for name in items}


def read_model(path: Path) -> dict[str, Expression]:
    """Return the decisions of a model that can be evaluated without anything else."""
    definitions = ET.parse(path).getroot()  # noqa: S314 - the kit is trusted: it is named by who runs this
    types = item_types(definitions)
    found = {}
    for decision in children(definitions, "decision"):
        requires = [child for child in decision if tag(child) in {"informationRequirement", "knowledgeRequirement"}]
        literals = children(decision, "literalExpression")
        if literals and not requires:
            type_name = next((variable.get("typeRef") or "Any" for variable in children(decision, "variable")), "Any")
            type_ = types.get(type_name) or parse_type(type_name.removeprefix("feel:")) or ANY
            found[decision.get("name", "")] = Expression(text_of(literals[0], "text"), type_, types)
    return found


def read_value(element: ET.Element) -> Value:
    """Return what an `expected` (or an `item` or `component`) says."""
    for name in ("value", "list"):
        for child in children(element, name):
            if child.get(NIL) == "true":
                return None
            return read_simple(child) if name == "value" else tuple(read_value(item) for item in children(child, "item"))
    return {part.get("name", ""): read_value(part) for part in children(element, "component")} or None


def read_simple(element: ET.Element) -> Value:
    text = element.text or ""
    match (element.get(TYPE) or "").rpartition(":")[2]:
        case "decimal" | "double":
            return Decimal(text)
        case "boolean":
            return text.strip() == "true"
        case "date" | "time" | "dateTime" | "duration":
            return temporal.parse_at_literal(text.strip())
    return text


@dataclass(frozen=True)
class Case:
    """One result that the kit expects of one expression."""

    name: str
    expression: Expression
    expected: Value


def read_cases(folder: Path) -> Iterator[Case]:
    for path in sorted(folder.glob("*.xml")):
        root = ET.parse(path).getroot()  # noqa: S314 - the kit is trusted
        if tag(root) != "testCases":
            continue
        expressions = read_model(folder / text_of(root, "modelName").strip())
        for case in children(root, "testCase"):
            results = [result for result in children(case, "resultNode") if result.get("name") in expressions]
            for result in results:
                name = case.get("id", "") if len(results) == 1 else f"{case.get('id')}:{result.get('name')}"
                expected = [read_value(element) for element in children(result, "expected")]
                if expected:
                    yield Case(f"{folder.name}/{name}".replace(" ", "_"), expressions[result.get("name", "")], expected[0])


# --- running ---------------------------------------------------------------------------------------------------------


def result_of(expression: Expression) -> Value:
    scope = Scope(NAMES, properties=NameSet(PROPERTIES), types=expression.types)
    try:
        node = parse_expression(snippet(expression.text), scope)
    except CompileError:
        return None
    return coerce(evaluate(node, Frame({}, Run(Date(2026, 1, 1)))), expression.type)[0]


def agree(found: Value, expected: Value) -> bool:
    if isinstance(found, Decimal) and isinstance(expected, Decimal):
        return abs(found - expected) < TOLERANCE
    if isinstance(found, tuple) and isinstance(expected, tuple):
        return len(found) == len(expected) and all(map(agree, found, expected))
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(agree(found[key], expected[key]) for key in found)
    return equal(found, expected) is True


def verdict(case: Case, expected_failures: dict[str, str]) -> str:
    """Return what is wrong with how a case came out, given what is expected to fail; empty where nothing is."""
    found = result_of(case.expression)
    passes = agree(found, case.expected)
    if passes and case.name in expected_failures:
        return f"{case.name}: passes, but is written down as a failure: {expected_failures[case.name]}"
    if not passes and case.name not in expected_failures:
        return f"{case.name}: {' '.join(case.expression.text.split())}\n    is {literal(found)}, should be {literal(case.expected)}"
    return ""


def read_failures(text: str) -> dict[str, str]:
    """Return the reason of each expected failure by `directory/case`."""
    lines = ((line.split()[0], line.partition(" ")[2].strip()) for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return dict(lines)


EXPECTED_FAILURES = read_failures(FAILURES.read_text(encoding="utf-8"))
FOLDERS = sorted(path for level in LEVELS for path in (KIT / level).glob("*") if path.is_dir())


@pytest.mark.conformance
@pytest.mark.parametrize("folder", FOLDERS or [KIT], ids=lambda folder: folder.name)
def test_literal_expressions_come_to_what_the_kit_expects(folder: Path) -> None:
    wrong = list(filter(None, (verdict(case, EXPECTED_FAILURES) for case in read_cases(folder))))
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.conformance
def test_every_expected_failure_is_a_case_of_the_kit() -> None:
    names = [case.name for folder in FOLDERS for case in read_cases(folder)]
    assert len(names) > 1_000
    assert set(EXPECTED_FAILURES) <= set(names)


# --- the reader itself, on a kit of two cases --------------------------------------------------------------------------------

MODEL = """<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/">
  <itemDefinition name="tPair"><itemComponent name="a"><typeRef>number</typeRef></itemComponent></itemDefinition>
  <decision name="sum"><variable name="sum" typeRef="number"/><literalExpression><text>[1 + 1]</text></literalExpression></decision>
  <decision name="pair"><variable name="pair" typeRef="tPair"/><literalExpression><text>{a: 1}</text></literalExpression></decision>
  <decision name="bad"><variable name="bad"/><literalExpression><text>1 +</text></literalExpression></decision>
  <decision name="needs"><informationRequirement/><literalExpression><text>1</text></literalExpression></decision>
</definitions>"""
CASES = """<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <modelName>m.dmn</modelName>
  <testCase id="001"><resultNode name="sum"><expected><value xsi:type="xsd:decimal">2.000000001</value></expected></resultNode></testCase>
  <testCase id="002"><resultNode name="pair"><expected>
    <component name="a"><value xsi:type="xsd:decimal">2</value></component></expected></resultNode></testCase>
  <testCase id="003"><resultNode name="bad"><expected><value xsi:nil="true"/></expected></resultNode></testCase>
  <testCase id="004"><resultNode name="needs"><expected><value xsi:type="xsd:decimal">9</value></expected></resultNode></testCase>
</testCases>"""


def test_a_case_that_fails_is_told_unless_it_is_written_down_and_one_that_passes_may_not_be(tmp_path: Path) -> None:
    folder = tmp_path / "0000-kit"
    folder.mkdir()
    (folder / "m.dmn").write_text(MODEL, encoding="utf-8")
    (folder / "m-test.xml").write_text(CASES, encoding="utf-8")
    cases = list(read_cases(folder))
    assert [case.name for case in cases] == ["0000-kit/001", "0000-kit/002", "0000-kit/003"]
    assert [bool(verdict(case, {})) for case in cases] == [False, True, False]
    written = read_failures("# head\n0000-kit/001 it rounds\n0000-kit/002   no such thing\n")
    assert written == {"0000-kit/001": "it rounds", "0000-kit/002": "no such thing"}
    assert [bool(verdict(case, written)) for case in cases] == [True, False, False]
