"""Writes the table suite for other engines: each golden file as a DMN 1.5 model, with a test file in the conformance kit's format.

    python tests/conformance/export_tables.py FOLDER      tables/nulls.md → FOLDER/nulls/nulls.dmn, FOLDER/nulls/nulls-test-01.xml

What XML Schema has no form for stays behind: cases that give or expect a range or a named time zone. A null that we
report a diagnostic for is marked `errorResult`.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # so that it may be started from anywhere

from tests.conformance.table_suite import SUFFIXES, Case, Golden, read_all
from zhida.dmn.compile import compile_definitions
from zhida.dmn.model import Decision, DecisionTable, Definitions, ItemDefinition, Requirement, RequirementKind
from zhida.dmn.xml_write import write
from zhida.values.range import Range
from zhida.values.temporal import DateTime
from zhida.values.text import literal
from zhida.values.types import ANY, SIMPLE_TYPES, Type

Value = Any

KIT = "http://www.omg.org/spec/DMN/20160719/testcase"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
SCHEMA = "http://www.w3.org/2001/XMLSchema"
REMARKS = {"dmn-null-in-table"}
"""Codes that say no error."""


# --- models ----------------------------------------------------------------------------------------------------------------


@dataclass
class Names:
    """Names for the types that DMN knows by item definitions only: lists and contexts."""

    items: dict[str, ItemDefinition] = field(default_factory=dict)

    def named(self, type_: Type) -> Type:
        """Return a type as a `typeRef` can spell it; a range is left open, for nothing defines it."""
        if type_ in SIMPLE_TYPES.values() and type_.name not in {"list", "context", "range", "function"}:
            return type_
        if type_.name not in {"list", "context"}:
            return ANY
        item = self.item(type_)
        self.items[item.name] = item
        return Type(item.name)

    def item(self, type_: Type) -> ItemDefinition:
        """Return the item definition of a list or context."""
        name = "t_" + "_".join(part for part in str(type_).replace("<", " ").replace(">", " ").replace(",", " ").replace(":", " ").split())
        if type_.name == "list":
            element = type_.arguments[0]
            if element.name == "context":
                return replace(self.item(element), name=name, is_collection=True)
            return ItemDefinition(name, self.named(element), is_collection=True)
        return ItemDefinition(name, components=tuple(self.component(entry, entry_type) for entry, entry_type in type_.fields))

    def component(self, name: str, type_: Type) -> ItemDefinition:
        """Return an entry of a context."""
        return replace(self.item(type_), name=name) if type_.name in {"list", "context"} else ItemDefinition(name, self.named(type_))


def model_of(golden: Golden) -> Definitions:
    """Return the model of a golden file as other engines want it: ids, requirements and types written out."""
    names = Names()
    compiled = compile_definitions(golden.definitions, {})
    inputs = tuple(
        replace(data, id=f"input_{number}", item=replace(data.item, type=names.named(data.item.type)))
        for number, data in enumerate(golden.definitions.inputs, 1)
    )
    ids = {data.name: data.id for data in inputs}
    decisions = []
    for number, decision in enumerate(golden.definitions.decisions, 1):
        required = compiled.decisions[decision.id].requirements
        arrows = tuple(Requirement(RequirementKind.INPUT, f"#{ids[name]}") for name in required)
        decisions.append(exported(decision, f"decision_{number}", arrows, names))
    return replace(golden.definitions, inputs=inputs, decisions=tuple(decisions), items=tuple(names.items.values()))


def exported(decision: Decision, id_: str, requirements: tuple[Requirement, ...], names: Names) -> Decision:
    """Return a decision with its types named; the output of a table that has only one needs no name."""
    table = decision.expression
    assert isinstance(table, DecisionTable)
    outputs = tuple(
        replace(clause, name=clause.name if len(table.outputs) > 1 else "", type=names.named(clause.type)) for clause in table.outputs
    )
    table = replace(table, outputs=outputs)
    return replace(decision, id=id_, type=names.named(decision.type), expression=table, requirements=requirements)


# --- test cases ------------------------------------------------------------------------------------------------------------


def test_file_of(golden: Golden) -> bytes:
    """Return the test file of a golden file, in the kit's format."""
    ET.register_namespace("", KIT)
    ET.register_namespace("xsi", INSTANCE)
    root = ET.Element(f"{{{KIT}}}testCases", {"xmlns:xsd": SCHEMA})
    part(root, "modelName").text = f"{golden.name}.dmn"
    for case in sayable(golden):
        number, _, policy = case.id.partition("#")[2].partition(".")
        node = part(root, "testCase", id="-".join(filter(None, (number, SUFFIXES.get(policy, policy).replace(" ", "-")))))
        part(node, "description").text = case.basis
        for name, value in case.inputs.items():
            say(part(node, "inputNode", name=name), value)
        is_error = case.expected is None and bool(set(case.codes) - REMARKS)
        result = part(node, "resultNode", name=case.decision, type="decision", **({"errorResult": "true"} if is_error else {}))
        say(part(result, "expected"), case.expected)
    ET.indent(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


test_file_of.__test__ = False  # type: ignore[attr-defined]  # it is no test


def sayable(golden: Golden) -> Iterator[Case]:
    """Yield the cases that XML can say."""
    return (case for case in golden.cases if all(map(has_form, (*case.inputs.values(), case.expected))))


def has_form(value: Value) -> bool:
    """Say whether XML Schema has a form for a value."""
    match value:
        case tuple():
            return all(map(has_form, value))
        case dict():
            return all(map(has_form, value.values()))
        case Range():
            return False
        case DateTime():
            return "@" not in simple(value)[1]
    return True


def part(parent: ET.Element, tag: str, /, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{KIT}}}{tag}", attributes)


def say(parent: ET.Element, value: Value) -> None:
    """Write a value as the kit's schema has it."""
    match value:
        case tuple():
            elements = part(parent, "list")
            for element in value:
                say(part(elements, "item"), element)
        case dict():
            for name, entry in value.items():
                say(part(parent, "component", name=name), entry)
        case None:
            part(parent, "value").set(f"{{{INSTANCE}}}nil", "true")
        case _:
            kind, text = simple(value)
            node = part(parent, "value")
            node.set(f"{{{INSTANCE}}}type", f"xsd:{kind}")
            node.text = text


def simple(value: Value) -> tuple[str, str]:
    """Return the type of XML Schema and the text of a simple value."""
    if isinstance(value, bool):
        return "boolean", str(value).lower()
    if isinstance(value, str):
        return "string", value
    if isinstance(value, Decimal):
        return "decimal", format(value, "f")
    kinds = {"Date": "date", "Time": "time", "DateTime": "dateTime", "DaysDuration": "duration", "MonthsDuration": "duration"}
    return kinds[type(value).__name__], literal(value).removeprefix('@"').removesuffix('"')


# --- the program -----------------------------------------------------------------------------------------------------------


def export(folder: Path) -> tuple[int, int]:
    """Write the suite; return how many cases were written and how many stay behind."""
    written = left = 0
    for golden in read_all():
        place = folder / golden.name
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{golden.name}.dmn").write_bytes(write(model_of(golden)))
        (place / f"{golden.name}-test-01.xml").write_bytes(test_file_of(golden))
        said = len(list(sayable(golden)))
        written += said
        left += len(golden.cases) - said
    return written, left


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the models and test files are written")
    folder = parser.parse_args().folder
    written, left = export(folder)
    sys.stdout.write(f"{written} cases written to {folder}; {left} left out: ranges and named time zones have no form in XML\n")


if __name__ == "__main__":
    main()
