"""Boxed expressions of DMN as FEEL blocks: they come to the same, also where FEEL alone is more lenient."""

from decimal import Decimal
from typing import Any

import pytest

from tests.engine.interchange_models import both, codes, decision, feel, imported, input_data, markdown_model, model, value_of

ONE, TWO, THREE = Decimal(1), Decimal(2), Decimal(3)
SOME: tuple[Any, ...] = (None, True, False, "abc", ONE, TWO, (ONE, TWO, THREE), (), (True, None), (True, False), ("a", ONE), {"a": ONE})


def agree(logic: str, *, declared: str = "", type_: str = "", values: tuple[Any, ...] = SOME) -> list[Any]:
    """Return what a decision over one input comes to for each value; Markdown must come to the same."""
    definitions = model(input_data("x", type_) + decision("d", logic, "x", type_=declared))
    assert not [item for item in imported(definitions).diagnostics if item.severity == "error"]
    results = []
    for value in values:
        found, markdown = both(definitions, "d", x=value)
        assert found == markdown, f"{value}: {found} in DMN, {markdown} in Markdown"
        results.append(found)
    return results


def test_a_boxed_if_with_a_condition_that_is_neither_boolean_nor_null_stays_null() -> None:
    logic = f"<conditional><if>{feel('x')}</if><then>{feel('1')}</then><else>{feel('2')}</else></conditional>"
    assert agree(logic, values=(True, False, None, "abc", ONE)) == [ONE, TWO, TWO, None, None]


def test_a_plain_condition_stays_a_plain_if() -> None:
    logic = f"<conditional><if>{feel('x = 1')}</if><then>{feel('1')}</then><else>{feel('2')}</else></conditional>"
    agree(logic)
    text = imported(model(input_data("x") + decision("d", logic, "x"))).text
    assert "if (x = 1) then 1 else 2" in text


@pytest.mark.parametrize("condition", ["item &gt; 1", "item", "a = 1", "1"])
def test_a_boxed_filter_answers_a_list_or_null(condition: str) -> None:
    agree(f"<filter><in>{feel('x')}</in><match>{feel(condition)}</match></filter>")


@pytest.mark.parametrize("kind", ["some", "every"])
@pytest.mark.parametrize("condition", ["each = 1", "each", "null"])
def test_a_boxed_quantifier_with_a_condition_that_is_not_boolean_stays_null(kind: str, condition: str) -> None:
    agree(f'<{kind} iteratorVariable="each"><in>{feel("x")}</in><satisfies>{feel(condition)}</satisfies></{kind}>')


def test_a_boxed_for_sees_what_came_before() -> None:
    logic = (
        f'<for iteratorVariable="i"><in>{feel("[1, 2, 3, 4]")}</in><return>{feel("if i = 1 then 1 else i * partial[-1]")}</return></for>'
    )
    assert agree(logic, values=(None,)) == [(ONE, TWO, Decimal(6), Decimal(24))]


def test_entries_of_a_context_see_those_before_and_are_converted_to_their_types() -> None:
    entries = (
        f'<contextEntry><variable name="a b" typeRef="number"/>{feel("x")}</contextEntry>'
        f'<contextEntry><variable name="c"/>{feel("a b + 1")}</contextEntry>'
    )
    results = agree(f"<context>{entries}</context>", values=(ONE, (TWO,), "abc", None))
    assert results[:2] == [{"a b": ONE, "c": TWO}, {"a b": TWO, "c": THREE}]
    agree(f"<context>{entries}<contextEntry>{feel('c * 2')}</contextEntry></context>", values=(ONE, (TWO,), "abc", None))


def test_a_relation_is_a_list_of_contexts_whose_cells_are_converted_to_the_types_of_their_columns() -> None:
    head = '<column name="a" typeRef="number"/><column name="b c"/>'
    logic = f"<relation>{head}<row>{feel('1')}{feel('x')}</row><row>{feel('x')}{feel('2')}</row></relation>"
    assert agree(logic, values=((THREE,), "z"))[0] == ({"a": ONE, "b c": (THREE,)}, {"a": THREE, "b c": TWO})


def test_a_cell_of_a_relation_sees_those_before_it_in_its_row() -> None:
    logic = f'<relation><column name="x"/><column name="y"/><row>{feel("1")}{feel("x")}</row></relation>'
    found = imported(model(input_data("x") + decision("d", logic, "x")))
    assert value_of(markdown_model(found), "d", {"x": THREE}) == ({"x": ONE, "y": ONE},)


def test_lists_functions_and_calls() -> None:
    agree(f"<list>{feel('x')}{feel('1 // one')}{feel('[2]')}</list>")
    function = f'<functionDefinition><formalParameter name="n" typeRef="number"/>{feel("n + 1")}</functionDefinition>'
    binding = f'<binding><parameter name="n"/>{feel("x")}</binding>'
    entries = f'<contextEntry><variable name="f"/>{function}</contextEntry>'
    call = f"<contextEntry><invocation>{feel('f')}{binding}</invocation></contextEntry>"
    assert agree(f"<context>{entries}{call}</context>", values=(ONE, "a", None))[0] == TWO


@pytest.mark.parametrize("declared", ["number", "string", "list&lt;number&gt;", ""])
@pytest.mark.parametrize("own", ["number", "string", ""])
def test_types_of_an_expression_and_of_its_decision_both_convert(declared: str, own: str) -> None:
    agree(feel("x", own), declared=declared)


def table(policy: str, outputs: str, rules: str) -> str:
    return f"<decisionTable {policy}><input><inputExpression><text>x</text></inputExpression></input>{outputs}{rules}</decisionTable>"


def rule(test: str, *results: str) -> str:
    cells = "".join(f"<outputEntry><text>{result}</text></outputEntry>" for result in results)
    return f"<rule><inputEntry><text>{test}</text></inputEntry>{cells}</rule>"


POLICIES = (
    *('hitPolicy="UNIQUE"', 'hitPolicy="ANY"', 'hitPolicy="FIRST"', 'hitPolicy="RULE ORDER"', 'hitPolicy="COLLECT"'),
    *(f'hitPolicy="COLLECT" aggregation="{each}"' for each in ("SUM", "MIN", "MAX", "COUNT")),
)
RULES = rule("&lt; 2", "10") + rule("1, 3", "20") + rule("not(1,2,3)", "10") + rule("? = 2", "x") + rule("[5..9]", '"a"')
NUMBERS = (*map(Decimal, range(7)), None, "abc", (ONE, TWO))


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("default", ["", "<defaultOutputEntry><text>0</text></defaultOutputEntry>"])
def test_a_table_inside_of_a_context_means_the_same_as_an_expression(policy: str, default: str) -> None:
    inner = table(policy, f"<output>{default}</output>", RULES)
    logic = f'<context><contextEntry><variable name="t"/>{inner}</contextEntry></context>'
    agree(logic, values=NUMBERS)
    assert "interchange-table-inside" in codes(imported(model(input_data("x") + decision("d", logic, "x"))))


@pytest.mark.parametrize("policy", POLICIES[:5])
def test_a_table_inside_with_allowed_values_and_several_outputs(policy: str) -> None:
    listed = "<outputValues><text>1, 2</text></outputValues>"
    outputs = f'<output name="x">{listed}</output><output name="y" typeRef="number"/>'
    inner = table(policy, outputs, rule("&gt; 1", "1", "x") + rule("&gt; 4", "3", '"a"'))
    inner = inner.replace("</inputExpression>", "</inputExpression><inputValues><text>[0..5]</text></inputValues>")
    agree(f'<context><contextEntry><variable name="t"/>{inner}</contextEntry></context>', values=NUMBERS)


def test_a_table_of_a_decision_stays_a_table_and_means_the_same() -> None:
    for policy in POLICIES:
        agree(table(policy, '<output typeRef="number"/>', RULES), values=NUMBERS)
    text = imported(model(input_data("x") + decision("d", table(POLICIES[0], "<output/>", RULES), "x"))).text
    assert "| U | x | **d** |\n|---|---|---|\n| 1 | < 2 | 10 |" in text


def test_a_typed_input_clause_converts_what_it_tests() -> None:
    logic = table(POLICIES[0], "<output/>", rule("1", "10") + rule("null", "20"))
    logic = logic.replace("<inputExpression>", '<inputExpression typeRef="number">')
    assert agree(logic, values=(ONE, (ONE,), "a")) == [Decimal(10), Decimal(10), Decimal(20)]


def test_types_that_the_model_defines_are_spelled_by_their_structure() -> None:
    item = '<itemDefinition name="tPair"><itemComponent name="a"><typeRef>number</typeRef></itemComponent></itemDefinition>'
    logic = feel("x instance of tPair")
    definitions = model(item + input_data("x") + decision("d", logic, "x"))
    assert both(definitions, "d", x={"a": ONE}) == (True, True)
    assert both(definitions, "d", x={"b": ONE}) == (False, False)


def test_a_business_knowledge_model_is_a_block_with_parameters() -> None:
    knowledge = (
        '<businessKnowledgeModel id="f" name="f"><variable name="f"/><encapsulatedLogic>'
        f'<formalParameter name="n" typeRef="number"/>{table(POLICIES[2], "<output/>", RULES).replace(">x<", ">n<")}'
        "</encapsulatedLogic></businessKnowledgeModel>"
    )
    arrow = '<knowledgeRequirement><requiredKnowledge href="#f"/></knowledgeRequirement>'
    definitions = model(input_data("x") + knowledge + decision("d", feel("f(x)"), "x", further=arrow))
    for value in NUMBERS:
        found, markdown = both(definitions, "d", x=value)
        assert found == markdown
    assert "```feel f(n: number)\n" in imported(definitions).text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (decision("d", feel("1").replace("<literalExpression", '<literalExpression expressionLanguage="urn:js"')), "another language"),
        (decision("d", '<functionDefinition kind="Java"><context/></functionDefinition>'), "a function in Java"),
        (decision("d", f"<list>{table('hitPolicy=' + chr(34) + 'PRIORITY' + chr(34), '<output/>', RULES)}</list>"), "hit policy P"),
        (decision("d", f"<list>{feel('1 +')}</list>"), "an expression that is no FEEL"),
        ('<import name="B" namespace="urn:b" importType="urn:x"/>' + decision("d", feel("1")), "an import of urn:b"),
        (
            decision("d", feel("s()"), further='<knowledgeRequirement><requiredKnowledge href="#s"/></knowledgeRequirement>')
            + '<decisionService id="s" name="s"><variable name="s"/><outputDecision href="#d"/></decisionService>',
            "a call of a decision service",
        ),
    ],
)
def test_what_has_no_form_in_markdown_is_refused_by_name(body: str, said: str) -> None:
    found = [item for item in imported(model(body)).diagnostics if item.code == "interchange-no-form"]
    assert found
    assert said in found[0].message("en")


@pytest.mark.long
def test_expressions_too_deep_inside_each_other_are_refused_and_not_written_out() -> None:
    logic = feel("item")
    for _ in range(40):
        logic = f"<filter><in>{feel('[1]')}</in><match>{logic}</match></filter>"
    found = imported(model(decision("d", logic)))
    assert {item.code for item in found.diagnostics if item.severity == "error"} == {"interchange-no-form"}
    assert len(found.text) < 200_000


def test_names_that_markdown_cannot_have_are_refused_where_they_stand() -> None:
    found = imported(model(decision("count", feel("1")) + decision("税率（%）", feel("2"))))
    assert [item.code for item in found.diagnostics if item.severity == "error"] == ["policy-reserved-name", "policy-name"]
    assert found.diagnostics[0].span is not None
    assert found.diagnostics[0].span.place.startswith("m.dmn:1:")
