"""DMN XML out: what was read comes back the same, and what a model of names lacks is made."""

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from tests.engine.dmn_models import ITEMS, decision, knowledge
from tests.engine.dmn_xml_models import NAMESPACES, definitions, everything, model, model_differences
from zhida.dmn.compile import compile_definitions
from zhida.dmn.model import Definitions, InputData, LiteralExpression, Notes, OutputClause, Requirement, RequirementKind, Rule
from zhida.dmn.xml import read
from zhida.dmn.xml_layout import Arrow, Box, layout
from zhida.dmn.xml_names import VALID
from zhida.dmn.xml_schema import DMNDI, MODEL
from zhida.dmn.xml_write import write
from zhida.errors import CompileError
from zhida.source import snippet
from zhida.values.types import NUMBER

M, D = f"{{{MODEL}}}", f"{{{DMNDI}}}"


def tree(data: bytes) -> ET.Element:
    return ET.fromstring(data)  # noqa: S314 - written a moment ago


def wired(*logic: object, inputs: str = "") -> tuple[Definitions, dict[str, tuple[str, ...]]]:
    """Return definitions that names wire, and what they require."""
    found = Definitions(
        "pack/券",
        tuple(each for each in logic if type(each).__name__ == "Decision"),
        tuple(each for each in logic if type(each).__name__ == "BusinessKnowledgeModel"),
        tuple(InputData(name, ITEMS[name]) for name in inputs.split()),
    )
    compiled = compile_definitions(found, {})
    elements = {**compiled.decisions, **compiled.knowledge}
    return found, {id_: tuple(each.requirements.values()) for id_, each in elements.items()}


# --- what was read -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", NAMESPACES)
def test_what_was_read_comes_back_the_same(version: str) -> None:
    found = definitions(everything(version))
    assert model_differences(found, definitions(write(found))) == []


@pytest.mark.parametrize("version", NAMESPACES)
def test_what_was_written_is_written_again_to_the_byte(version: str) -> None:
    written = write(definitions(everything(version)))
    assert write(definitions(written)) == written


@pytest.mark.parametrize(
    "inner",
    [
        '<x:a xmlns:x="urn:x"> <b xmlns="">1</b> <x:c d="x:e"/> </x:a>',
        '<a xmlns="">plain</a><a xmlns="urn:a"><b/></a>',
        '<x:a xmlns:x="urn:x" xml:space="preserve"> <x:b/>  <x:c/></x:a>',
        '<x:a xmlns:x="urn:x">words <x:b>and</x:b> words</x:a>',
        '<x:a xmlns:x="urn:x">&lt;&amp;&#13;"&gt;]]&gt;</x:a>',
        '<x:a xmlns:x="urn:x" b="&#10;&#9;&lt;>&quot;\'"/>',
        '<ns1:a xmlns:ns1="urn:1" b="ns1:c"/>',
        '<x:a xmlns:x="urn:x" xmlns:y="urn:x"><y:a xmlns:x="urn:z" x:b="1"/></x:a>',
    ],
)
def test_extension_elements_come_back_as_they_were(inner: str) -> None:
    attributes = 'xmlns:z="urn:z" z:tool="1"'
    found = definitions(model(f"<decision id='d' name='d'><extensionElements>{inner}</extensionElements></decision>", attributes))
    again = definitions(write(found, is_drawn=False))
    assert found.decisions[0].notes.extensions
    assert model_differences(found, again) == []


@pytest.mark.parametrize("text", ["a < b", " \n a\n", '"]]>" & "&amp;"', "a > 1 or\r\n b", "\t", "𠮷 👍 é"])
def test_texts_come_back_as_they_were(text: str) -> None:
    each = replace(decision("d", "1"), requirements=(), question=text, expression=LiteralExpression(snippet(text)))
    found = definitions(write(Definitions("m", (each,), namespace="urn:m"))).decisions[0]
    assert isinstance(found.expression, LiteralExpression)
    assert (found.question, found.expression.text.text) == (text, text)


def test_line_feeds_in_names_come_back() -> None:
    each = replace(decision("d", "1"), requirements=(), notes=Notes(label='a\n"b"\t<'))
    assert definitions(write(Definitions("m", (each,), namespace="urn:m"))).decisions[0].notes.label == 'a\n"b"\t<'


def test_an_expression_in_feel_says_so_where_the_model_has_another_language() -> None:
    body = (
        '<decision id="a" name="a"><literalExpression><text>1</text></literalExpression></decision>'
        '<decision id="b" name="b"><literalExpression expressionLanguage="http://www.omg.org/spec/FEEL/20140401"><text>1</text>'
        "</literalExpression></decision>"
    )
    found = definitions(model(body, 'expressionLanguage="urn:xpath"'))
    assert model_differences(found, definitions(write(found, is_drawn=False))) == []


def test_an_existing_diagram_is_left_alone() -> None:
    found = definitions(everything("1.5"))
    assert definitions(write(found, is_drawn=True)).diagrams == found.diagrams


# --- what names wire ---------------------------------------------------------------------------------------------------


def test_names_become_arrows_of_the_kind_of_what_they_lead_to() -> None:
    found, requirements = wired(
        decision("补贴", "比例(收入) * 2 + 基数"),
        decision("基数", "人"),
        knowledge("比例", {"x": NUMBER}, "折(x)"),
        knowledge("折", {"x": NUMBER}, "x / 2"),
        inputs="人 收入 行业",
    )
    again = definitions(write(found, requirements=requirements, is_drawn=False))
    assert {each.name: {(item.kind, item.href) for item in each.requirements or ()} for each in again.decisions} == {
        "补贴": {
            (RequirementKind.INPUT, "#收入"),
            (RequirementKind.DECISION, "#基数"),
            (RequirementKind.KNOWLEDGE, "#比例"),
        },
        "基数": {(RequirementKind.INPUT, "#人")},
    }
    assert [each.requirements for each in again.knowledge_models] == [(Requirement(RequirementKind.KNOWLEDGE, "#折"),), ()]


def test_input_data_that_nothing_requires_is_left_out_where_names_wire() -> None:
    found, requirements = wired(decision("d", "人"), inputs="人 收入 行业")
    assert [each.name for each in definitions(write(found, requirements=requirements)).inputs] == ["人"]


def test_a_knowledge_model_that_uses_a_fact_is_refused() -> None:
    found, requirements = wired(knowledge("k", {}, "人 + 1"), inputs="人")
    with pytest.raises(CompileError) as refused:
        write(found, requirements=requirements)
    assert refused.value.diagnostics[0].code == "dmn-xml-knowledge-requires"
    assert "人" in refused.value.diagnostics[0].hint()


def test_ids_that_xml_forbids_are_made_from_names_and_references_follow() -> None:
    first = replace(decision("补贴 金额", "1"), id="pack/a#补贴 金额")
    second = replace(decision("补贴_金额", "2"), id="pack/a#补贴_金额")
    last = replace(decision("2nd", "3"), id="2nd")
    requirements = {"2nd": (first.id, second.id)}
    found = definitions(write(Definitions("m", (first, second, last)), requirements=requirements))
    ids = [each.id for each in found.decisions]
    assert len(set(ids)) == 3
    assert all(VALID.fullmatch(id_) for id_ in ids)
    assert [each.href for each in found.decisions[2].requirements or ()] == [f"#{id_}" for id_ in ids[:2]]


def test_a_required_element_of_another_model_keeps_its_address() -> None:
    found = definitions(write(Definitions("m", (decision("d", "1"),)), requirements={"d": ("urn:o#x",)}))
    assert found.decisions[0].requirements is not None
    assert found.decisions[0].requirements[0].href == "urn:o#x"


def test_a_model_without_a_namespace_gets_one_from_its_name() -> None:
    assert definitions(write(Definitions("pack/算力 券"))).namespace == "urn:zhida:pack/算力%20券"


def test_the_same_definitions_make_the_same_bytes() -> None:
    found, requirements = wired(decision("d", "人 + e"), decision("e", "收入"), inputs="人 收入")
    assert write(found, requirements=requirements) == write(found, requirements=requirements)


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\ufffe", "\ud800"])
def test_a_character_that_xml_cannot_hold_is_told_where_it_stands(character: str) -> None:
    each = replace(decision("d", "1"), requirements=(), expression=LiteralExpression(snippet(f'"a{character}"', "a.md")))
    with pytest.raises(CompileError) as refused:
        write(Definitions("m", (each,)))
    (told,) = refused.value.diagnostics
    assert told.code == "dmn-xml-character"
    assert told.arguments["character"] == f"U+{ord(character):04X}"
    assert told.span is not None
    assert told.span.source.name == "a.md"


def test_annotation_columns_are_written_whether_the_table_names_them_or_its_rules() -> None:
    found = definitions(everything("1.5")).decisions[0]
    table = found.expression
    assert hasattr(table, "annotation_names")
    bare = replace(found, expression=replace(table, annotation_names=()), requirements=(), references=())
    again = definitions(write(Definitions("m", (bare,), namespace="urn:m"), is_drawn=False)).decisions[0].expression
    assert hasattr(again, "annotation_names")
    assert again.annotation_names == ("why", "annotation 2")
    assert all(isinstance(rule, Rule) for rule in again.rules)
    assert all(isinstance(clause, OutputClause) for clause in again.outputs)


# --- older versions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["1.3", "1.4"])
def test_a_model_is_written_for_tools_that_read_older_versions_only(version: str) -> None:
    found = definitions(everything(version))
    written = write(found, version=version)
    assert all(uri in written.decode() for uri in NAMESPACES[version])
    assert "20230324" not in written.decode()
    assert model_differences(found, definitions(written)) == []


def test_what_an_older_version_did_not_have_is_told_each_by_each() -> None:
    with pytest.raises(CompileError) as refused:
        write(definitions(everything("1.5")), version="1.3")
    told = [(item.arguments["name"], item.arguments["element"]) for item in refused.value.diagnostics]
    assert told == [
        ("tPair", "typeConstraint"),
        ("if", "conditional"),
        ("for", "for"),
        ("for", "filter"),
        ("some", "some"),
        ("some", "every"),
    ]


def test_made_ids_have_letters_only_that_every_tool_reads() -> None:
    first = replace(decision("补贴金额", "1"), id="pack/a#补贴金额")
    second = replace(decision("补贴 金额", "1"), id="pack/a#补贴 金额")
    ids = [each.id for each in definitions(write(Definitions("m", (first, second)))).decisions]
    assert all(id_.isascii() for id_ in ids)
    assert len(set(ids)) == 2


# --- the diagram -------------------------------------------------------------------------------------------------------


def test_every_element_is_drawn_and_every_arrow_within_the_model() -> None:
    found, requirements = wired(decision("a", "b + 人"), decision("b", "k(人)"), knowledge("k", {"x": NUMBER}, "x"), inputs="人")
    root = tree(write(found, requirements=requirements))
    ids = {each.get("id") for each in root.iter()}
    shapes, edges = list(root.iter(f"{D}DMNShape")), list(root.iter(f"{D}DMNEdge"))
    assert (len(shapes), len(edges)) == (4, 4)
    assert {each.get("dmnElementRef") for each in (*shapes, *edges)} <= ids
    assert len([each for each in root.iter() if each.get("id")]) == len(ids - {None})


def test_a_model_without_elements_gets_no_diagram() -> None:
    assert tree(write(Definitions("m"))).find(f"{D}DMNDI") is None


def test_what_is_required_stands_below_and_no_boxes_overlap() -> None:
    boxes = [Box(name, name * 10, "decision") for name in "abcdefg"]
    pairs = ("ab", "ac", "bd", "ce", "ef", "ag")
    places = layout(boxes, [Arrow(pair, pair[0], pair[1], "") for pair in pairs])
    assert all(places[one].y < places[other].y for one, other in pairs)
    for one in places.values():
        assert not [other for other in places.values() if other is not one and other.y == one.y and one.x <= other.x < one.x + one.width]


def test_a_circle_of_requirements_can_be_drawn() -> None:
    boxes = [Box(name, name, "decision") for name in "ab"]
    assert len(layout(boxes, [Arrow("1", "a", "b", ""), Arrow("2", "b", "a", "")])) == 2


def test_a_relative_namespace_is_kept_like_any_other() -> None:
    note = '<extensionElements><own:note xmlns:own="mine/2015" own:of="x">1</own:note></extensionElements>'
    once = read(f'<definitions xmlns="{MODEL}" name="m" namespace="urn:m">{note}</definitions>'.encode(), "m.dmn").definitions
    assert "own:note" in once.notes.extensions
    assert read(write(once, is_drawn=False), "m.dmn").definitions.notes == once.notes
