"""DMN XML in: positions, versions, types, what is kept, what other tools write otherwise."""

import pytest

from tests.engine.dmn_xml_models import NAMESPACES, decided, definitions, everything, model, model_differences
from zhida.dmn.model import (
    Context,
    DecisionTable,
    HitPolicy,
    Iteration,
    LiteralExpression,
    Notes,
    Requirement,
    RequirementKind,
)
from zhida.dmn.xml import read
from zhida.dmn.xml_schema import MODEL
from zhida.dmn.xml_source import parse
from zhida.errors import CompileError
from zhida.source import Snippet
from zhida.values.types import ANY, DATE_TIME, NUMBER, Type, list_of


def literal(data: bytes) -> Snippet:
    expression = definitions(data).decisions[0].expression
    assert isinstance(expression, LiteralExpression)
    return expression.text


def table(body: str, attributes: str = "") -> DecisionTable:
    expression = definitions(decided(f"<decisionTable {attributes}>{body}</decisionTable>")).decisions[0].expression
    assert isinstance(expression, DecisionTable)
    return expression


def codes(data: bytes) -> list[str]:
    try:
        return [item.code for item in read(data, "m.dmn").diagnostics]
    except CompileError as error:
        return [item.code for item in error.diagnostics]


# --- positions ---------------------------------------------------------------------------------------------------------


def test_a_text_that_stands_verbatim_in_the_file_is_pointed_at_exactly() -> None:
    text = literal(model('<decision id="d" name="d"><literalExpression>\n  <text>\n  税率 + 一</text></literalExpression></decision>'))
    assert text.text == "\n  税率 + 一"
    assert text.span(3, 5).place == "m.dmn:4:3"
    assert text.span(3, 5).text == "税率"


def test_a_text_in_cdata_is_pointed_at_exactly() -> None:
    text = literal(decided("<literalExpression><text><![CDATA[a < b]]></text></literalExpression>"))
    assert text.text == "a < b"
    assert text.span(4, 5).text == "b"


@pytest.mark.parametrize("written", ["a &lt; b", "a <!-- is --><![CDATA[<]]> b", "<![CDATA[a <]]><![CDATA[ b]]>", "a &#60; b"])
def test_a_text_that_is_written_otherwise_is_pointed_at_as_a_whole(written: str) -> None:
    text = literal(decided(f"<literalExpression><text>{written}</text></literalExpression>"))
    assert text.text == "a < b"
    assert text.span(4, 5).text == written


def test_line_ends_of_other_systems_and_byte_order_marks_do_not_move_positions() -> None:
    data = b"\xef\xbb\xbf" + decided("\r\n<literalExpression>\r\n<text>1 + x</text></literalExpression>")
    assert literal(data).span(4, 5).place == "m.dmn:4:11"


def test_a_fault_in_an_attribute_is_pointed_at_in_its_value() -> None:
    with pytest.raises(CompileError) as refused:
        read(decided('<decisionTable hitPolicy = "FRIST"><output/></decisionTable>'), "m.dmn")
    span = refused.value.diagnostics[0].span
    assert span is not None
    assert span.text == "FRIST"


# --- versions ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", NAMESPACES)
def test_the_same_model_in_an_older_version_is_the_same(version: str) -> None:
    older, newest = definitions(everything(version)), definitions(everything(version, namespaces_of="1.5"))
    assert model_differences(older, newest) == []


@pytest.mark.parametrize("version", NAMESPACES)
def test_diagrams_and_artifacts_of_older_versions_come_in_the_namespaces_of_the_newest(version: str) -> None:
    found = definitions(everything(version))
    assert parse(found.diagrams.encode(), "x").namespace == "https://www.omg.org/spec/DMN/20230324/DMNDI/"
    assert {parse(text.encode(), "x").namespace for text in found.others} == {MODEL}


def test_what_a_version_added_is_read_in_a_file_that_claims_an_older_one() -> None:
    found = definitions(everything("1.5", namespaces_of="1.2"))
    assert found.items[-1].constraint is not None
    assert any(isinstance(decision.expression, Iteration) for decision in found.decisions)


@pytest.mark.parametrize("namespace", ["http://www.omg.org/spec/DMN/20151101/dmn.xsd", "http://www.omg.org/spec/DMN/20151101/MODEL/"])
def test_an_older_version_is_refused_by_its_number(namespace: str) -> None:
    with pytest.raises(CompileError) as refused:
        read(model("").replace(MODEL.encode(), namespace.encode()), "m.dmn")
    assert "DMN 1.1" in refused.value.diagnostics[0].hint()


# --- types -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        ("number", NUMBER),
        ("feel:number", NUMBER),
        ("f:dateTime", DATE_TIME),
        ("tLoan", Type("tLoan")),
        ("own:tLoan", Type("tLoan")),
        ("b:tLoan", Type("Model B.tLoan")),
        ("Model B.tLoan", Type("Model B.tLoan")),
        ("list&lt;tLoan>", list_of(Type("tLoan"))),
        ("list&lt;list&lt;f:number>>", list_of(list_of(NUMBER))),
        ("context&lt;a: tLoan, b: number>", Type("context", (), (("a", Type("tLoan")), ("b", NUMBER)))),
        ("function&lt;tLoan> -> b:tX", Type("function", (Type("tLoan"), Type("Model B.tX")))),
        ("  a  type\tof mine ", Type("a type of mine")),
        ("u:tLoan", Type("u:tLoan")),
        ("list&lt;", Type("list<")),
        ("", ANY),
    ],
)
def test_a_type_is_read_by_its_name_wherever_it_stands(spelled: str, expected: Type) -> None:
    prefixes = 'xmlns:f="http://www.omg.org/spec/DMN/20180521/FEEL/" xmlns:own="urn:m" xmlns:b="urn:b" xmlns:u="urn:unknown"'
    body = f'<import name="Model B" namespace="urn:b" importType="{MODEL}"/>'
    body += f'<inputData id="i" name="i"><variable name="i" typeRef="{spelled}"/></inputData>'
    assert definitions(model(body, prefixes)).inputs[0].item.type == expected


# --- the graph ---------------------------------------------------------------------------------------------------------


def test_requirements_come_in_the_order_of_the_standard_and_keep_what_they_lead_to() -> None:
    found = definitions(everything("1.5")).decisions[0]
    assert found.requirements == (
        Requirement(RequirementKind.INPUT, "#i", Notes("r1")),
        Requirement(RequirementKind.DECISION, "#d_context"),
        Requirement(RequirementKind.KNOWLEDGE, "urn:other#k"),
        Requirement(RequirementKind.AUTHORITY, "#s", Notes("r2")),
        Requirement(RequirementKind.AUTHORITY, "#i", leads_to="requiredInput"),
    )
    assert found.references[0] == ("supportedObjective", "urn:goals#1")


def test_an_element_without_an_id_gets_one_from_its_name_that_no_other_has() -> None:
    body = '<decision name="a b"/><decision name="a_b"/><inputData id="a_b_2" name="c"/>'
    found = definitions(model(body))
    assert [decision.id for decision in found.decisions] == ["a_b", "a_b_3"]


def test_a_variable_of_another_name_is_told_and_the_name_of_the_element_counts() -> None:
    document = read(model('<decision id="d" name="d"><variable name="e" typeRef="number"/></decision>'), "m.dmn")
    assert [item.code for item in document.diagnostics] == ["dmn-xml-variable-name"]
    assert (document.definitions.decisions[0].name, document.definitions.decisions[0].type) == ("d", NUMBER)


def test_references_that_evaluation_needs_are_left_to_the_compiler() -> None:
    body = '<decision id="d" name="d"><informationRequirement><requiredInput href="#gone"/></informationRequirement></decision>'
    assert codes(model(body)) == []
    assert codes(model('<decision id="d" name="d"><decisionOwner href="#gone"/></decision>')) == ["dmn-xml-dangling"]
    assert codes(model('<decision id="d" name="d"><decisionOwner href="elsewhere"/></decision>')) == ["dmn-xml-dangling"]


# --- tables ------------------------------------------------------------------------------------------------------------

COLUMNS = "<input><inputExpression><text>a</text></inputExpression></input><output/>"
ROW = "<rule><inputEntry><text>{}</text></inputEntry><outputEntry><text>1</text></outputEntry>{}</rule>"


@pytest.mark.parametrize(
    ("attributes", "policy"),
    [
        ("", HitPolicy.UNIQUE),
        ('hitPolicy="RULE ORDER"', HitPolicy.RULE_ORDER),
        ('hitPolicy="COLLECT"', HitPolicy.COLLECT),
        ('hitPolicy="COLLECT" aggregation="COUNT"', HitPolicy.COLLECT_COUNT),
    ],
)
def test_hit_policies_and_aggregations_are_one(attributes: str, policy: HitPolicy) -> None:
    assert table(COLUMNS, attributes).hit_policy is policy


@pytest.mark.parametrize("blank", ["", "  ", "\n"])
def test_a_blank_cell_of_inputs_means_any(blank: str) -> None:
    assert table(COLUMNS + ROW.format(blank, "")).rules[0].input_entries[0].text == "-"


def test_blank_limits_are_no_limits() -> None:
    body = (
        "<input><inputExpression><text>a</text></inputExpression><inputValues><text/></inputValues></input>"
        "<output><outputValues><text> </text></outputValues><defaultOutputEntry><text/></defaultOutputEntry></output>"
    )
    found = table(body)
    assert (found.inputs[0].allowed_values, found.outputs[0].allowed_values, found.outputs[0].default) == (None, None, None)


def test_annotation_columns_without_a_name_of_their_own_get_one() -> None:
    words = "".join(f"<annotationEntry><text>{word}</text></annotationEntry>" for word in "abcd")
    found = table(COLUMNS + '<annotation name="why"/><annotation/><annotation name="why"/>' + ROW.format("1", words))
    assert found.annotation_names == ("why", "annotation 2", "why 3", "annotation 4")
    assert found.rules[0].annotations == {"why": "a", "annotation 2": "b", "why 3": "c", "annotation 4": "d"}


def test_a_row_of_another_length_is_told_at_the_row() -> None:
    with pytest.raises(CompileError) as refused:
        read(decided(f"<decisionTable>{COLUMNS}{ROW.format('1', '')}<rule><outputEntry/></rule></decisionTable>"), "m.dmn")
    (found,) = refused.value.diagnostics
    assert (found.code, found.arguments["found"], found.arguments["expected"]) == ("dmn-xml-row-cells", "0", "1")


def test_all_faults_are_told_at_once_in_the_order_of_the_text() -> None:
    body = '<decision id="x"><context><contextEntry/></context></decision><decision id="x" name="y" nmae="z"/>'
    assert codes(model(body)) == [
        "dmn-xml-missing-attribute",
        "dmn-xml-missing-element",
        "dmn-xml-duplicate-id",
        "dmn-xml-unknown-attribute",
    ]


# --- what is kept ------------------------------------------------------------------------------------------------------


def test_words_and_attributes_of_tools_are_kept_with_their_element() -> None:
    found = definitions(everything("1.5")).decisions[0]
    assert found.notes.attributes == (("{urn:x}colour", "red"),)
    assert found.notes.description == "which level"
    assert found.notes.extensions == ('<x:note xmlns:x="urn:x" kind="x:long">  two  <b>words</b></x:note><x:note xmlns:x="urn:x"></x:note>')
    assert found.variable_notes == Notes("v", "l")


def test_what_stands_in_extension_elements_is_no_part_of_the_model() -> None:
    inside = '<x:y xmlns:x="urn:x" id="d"><decision id="d" odd="1"><nothing/></decision></x:y>'
    document = read(model(f'<decision id="d" name="d"><extensionElements>{inside}</extensionElements></decision>'), "m.dmn")
    assert document.diagnostics == ()
    assert len(document.definitions.decisions) == 1


def test_hints_to_validators_are_dropped_and_the_language_of_the_standard_is_not_said_again() -> None:
    schema = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b"'
    assert definitions(model("", schema + ' expressionLanguage="http://www.omg.org/spec/FEEL/20140401"')).attributes == ()


def test_expressions_have_the_language_of_the_model_where_they_name_none() -> None:
    body = '<decision id="d" name="d"><literalExpression><text>1</text></literalExpression></decision>'
    expression = definitions(model(body, 'expressionLanguage="urn:xpath"')).decisions[0].expression
    assert isinstance(expression, LiteralExpression)
    assert expression.language == "urn:xpath"


def test_an_entry_of_a_context_without_a_variable_is_its_result() -> None:
    found = definitions(decided("<context><contextEntry><list/></contextEntry></context>")).decisions[0].expression
    assert isinstance(found, Context)
    assert found.entries[0].variable is None
