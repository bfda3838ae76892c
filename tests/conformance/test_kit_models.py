"""Every model of the kit is read without a finding, comes back the same, and is valid as DMN 1.5."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from tests.engine.dmn_xml_models import NAMESPACES, definitions, everything, model_differences
from zhida.dmn.model import Definitions, Notes, Requirement
from zhida.dmn.xml import read
from zhida.dmn.xml_write import write

KIT = Path(os.environ.get("ZHIDA_TCK") or "no-kit")
MODELS = sorted(KIT.rglob("*.dmn"))
pytestmark = pytest.mark.conformance


def faults(data: bytes, version: str = "1.5") -> list[str]:
    """Return what the standard's schema says against a file."""
    schema = etree.XMLSchema(etree.parse(KIT / f"DMN{version.replace('.', '')}.xsd"))
    schema.validate(etree.fromstring(data))
    return [f"{item.line}: {item.message}" for item in schema.error_log]


def without_drawing(found: Definitions) -> Definitions:
    """Return a model without its diagram and without the ids of requirements, which a diagram needs."""

    def bare(requirements: tuple[Requirement, ...] | None) -> tuple[Requirement, ...]:
        return tuple(replace(each, notes=replace(each.notes, id="")) for each in requirements or ())

    return replace(
        found,
        decisions=tuple(replace(each, requirements=bare(each.requirements)) for each in found.decisions),
        knowledge_models=tuple(replace(each, requirements=bare(each.requirements)) for each in found.knowledge_models),
        sources=tuple(replace(each, requirements=bare(each.requirements)) for each in found.sources),
        diagrams="",
    )


@pytest.mark.parametrize("path", MODELS or [KIT], ids=lambda path: path.stem)
def test_a_model_of_the_kit_comes_back_the_same_and_is_valid(path: Path) -> None:
    found = definitions(path.read_bytes())
    written = write(found, is_drawn=False)
    assert model_differences(found, definitions(written)) == []
    assert faults(written) == []


@pytest.mark.parametrize("path", MODELS or [KIT], ids=lambda path: path.stem)
def test_a_model_of_the_kit_that_is_drawn_anew_is_else_the_same_and_valid(path: Path) -> None:
    found = definitions(path.read_bytes())
    written = write(replace(found, diagrams=""))
    again = definitions(written)
    assert again.diagrams
    assert model_differences(without_drawing(found), without_drawing(again)) == []
    assert faults(written) == []


def test_the_kit_has_models_with_and_without_diagrams() -> None:
    drawn = [bool(read(path.read_bytes(), path.name).definitions.diagrams) for path in MODELS]
    assert min(drawn.count(True), drawn.count(False)) > 40


@pytest.mark.parametrize("version", NAMESPACES)
def test_the_hand_made_models_are_valid_in_their_version_and_as_dmn_1_5_afterwards(version: str) -> None:
    data = everything(version)
    assert faults(data, version) == []
    assert faults(write(definitions(data))) == []
    if version != "1.2":
        assert faults(write(definitions(data), version=version), version) == []


def test_notes_are_compared() -> None:
    found = definitions(everything("1.5"))
    assert model_differences(found, replace(found, notes=Notes("x", description="of everything"))) == ["[1].notes[1].id: '' is not 'x'"]
