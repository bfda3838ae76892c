"""The runner of the conformance kit, on kits made by hand: what it reads, what it runs, what it takes for equal."""

from decimal import Decimal

import pytest

from tests.engine.conformance_kits import NIL, case, case_file, decision, folder, given, input_data, model, number, string, wanted
from zhida.dmn import conformance
from zhida.dmn.conformance import CaseResult, Closeness, KitFolder, closeness, plan, run_case, stale_disputes, tally
from zhida.dmn.conformance_cases import Untyped, read_cases, typed
from zhida.dmn.conformance_disputes import Dispute
from zhida.errors import CompileError
from zhida.values.temporal import Date, parse_at_literal
from zhida.values.types import ANY, BOOLEAN, NUMBER, Type, list_of

TODAY = Date(2026, 6, 30)
SAYS_SUM = decision("sum", "a + b", "number", "a b") + input_data("a", "number") + input_data("b", "number")


def results_of(kit: KitFolder) -> list[CaseResult]:
    return [run_case(planned, as_of=TODAY) for planned in plan(kit)]


def result_of(dmn: str, *nodes: str, attributes: str = "") -> CaseResult:
    [result] = results_of(folder("0001", m_dmn=model(dmn), t_xml=case_file(case("001", *nodes, attributes=attributes))))
    return result


def value_in(written: str) -> object:
    file = read_cases(case_file(case("1", given("a", written))), "t.xml")
    assert file is not None
    return file.cases[0].given[0].value


# --- reading ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (number("-1.50"), Decimal("-1.50")),
        ('<value xsi:type="xsd:double"> 1.5E2 </value>', Decimal(150)),
        ('<value xsi:type="xsd:boolean">1</value>', True),
        (string(" a "), " a "),
        (string(""), ""),
        ('<value xsi:type="xsd:date">-0044-03-15</value>', parse_at_literal("-0044-03-15")),
        ('<value xsi:type="xsd:time">24:00:00Z</value>', parse_at_literal("24:00:00Z")),
        ('<value xsi:type="xsd:dateTime">2026-01-01T00:00:00+08:00</value>', parse_at_literal("2026-01-01T00:00:00+08:00")),
        ('<value xsi:type="xsd:duration">P1Y</value>', parse_at_literal("P1Y")),
        ('<value xsi:type="xsd:duration">PT1H</value>', parse_at_literal("PT1H")),
        ("<value>7</value>", Untyped("7")),
        (NIL, None),
        ('<list xsi:nil="true"/>', None),
        ("<list/>", ()),
        (f"<list><item>{number('1')}</item><item>{NIL}</item></list>", (Decimal(1), None)),
        (f'<component name="a">{number("1")}</component><component name="b" xsi:nil="1"/>', {"a": Decimal(1), "b": None}),
        (f'<component name="a"><component name="b">{string("x")}</component></component>', {"a": {"b": "x"}}),
    ],
)
def test_values_are_read_by_their_type(written: str, value: object) -> None:
    assert value_in(written) == value


@pytest.mark.parametrize(
    "written",
    ['<value xsi:type="xsd:decimal">x</value>', '<value xsi:type="xsd:double">INF</value>', '<value xsi:type="xsd:date">1</value>'],
)
def test_a_value_that_is_none_of_its_type_is_told_with_its_place(written: str) -> None:
    with pytest.raises(CompileError) as caught:
        value_in(written)
    [item] = caught.value.diagnostics
    assert item.code == "dmn-kit-malformed"
    assert item.span is not None
    assert item.span.text == "<value"


def test_a_file_that_is_no_test_file_is_left_out_but_one_without_a_model_is_a_fault() -> None:
    assert read_cases(b"<other/>", "t.xml") is None
    with pytest.raises(CompileError, match="names no model"):
        read_cases(case_file(of=""), "t.xml")


def test_untyped_values_are_read_as_the_model_declares() -> None:
    assert typed(Untyped(" 1 "), NUMBER) == Decimal(1)
    assert typed(Untyped("true"), BOOLEAN) is True
    assert typed(Untyped("x"), NUMBER) == "x"
    assert typed(Untyped("1"), ANY) == "1"
    assert typed(Untyped("1"), list_of(NUMBER)) == Decimal(1)
    assert typed((Untyped("1"), None), list_of(NUMBER)) == (Decimal(1), None)
    pair = Type("context", (), (("a", NUMBER), ("d", Type("date"))))
    assert typed({"a": Untyped("1"), "d": Untyped("2026-01-01"), "z": Untyped("1")}, pair) == {"a": 1, "d": Date(2026, 1, 1), "z": "1"}


# --- running ---------------------------------------------------------------------------------------------------------------


def test_a_decision_is_evaluated_with_what_the_case_gives() -> None:
    result = result_of(SAYS_SUM, given("a", number("1")), given("b", number("2")), wanted("sum", number("3")))
    assert (result.passed, result.flags_agree) == (True, True)
    [node] = result.nodes
    assert (node.text, node.expected, node.found, node.closeness) == ("a + b", "3", "3", Closeness.EXACT)


def test_untyped_input_is_read_as_its_input_data_declares() -> None:
    assert result_of(SAYS_SUM, given("a", "<value>1</value>"), given("b", number("2")), wanted("sum", "<value>3</value>")).passed


def test_a_case_passes_only_with_all_its_results() -> None:
    two = decision("one", "1") + decision("two", "2")
    result = result_of(two, wanted("one", number("1")), wanted("two", number("3")))
    assert [node.passed for node in result.nodes] == [True, False]
    assert not result.passed


def test_a_decision_that_is_given_is_not_evaluated() -> None:
    chain = decision("low", "1 + &quot;a&quot;") + decision("high", "low + 1", "number", ":low")
    result = result_of(chain, given("low", number("1")), wanted("high", number("2")))
    assert (result.passed, result.flags_agree) == (True, True)


def test_an_imported_element_is_given_by_its_namespace() -> None:
    inner = model(input_data("who", "string"), "urn:inner", "inner")
    outer = model(
        '<import name="other" namespace="urn:inner" importType="https://www.omg.org/spec/DMN/20230324/MODEL/"/>'
        '<decision id="d" name="d"><variable name="d"/>'
        '<informationRequirement><requiredInput href="urn:inner#who"/></informationRequirement>'
        "<literalExpression><text>other.who</text></literalExpression></decision>"
    )
    for node in (given("who", string("Ann"), ' namespace="urn:inner"'), given("other.who", string("Ann")), given("who", string("Ann"))):
        kit = folder("1", m_dmn=outer, inner_dmn=inner, t_xml=case_file(case("1", node, wanted("d", string("Ann")))))
        assert [result.passed for result in results_of(kit)] == [True], node


KNOWLEDGE = (
    '<businessKnowledgeModel id="double" name="double"><variable name="double"/><encapsulatedLogic>'
    '<formalParameter name="n" typeRef="number"/><literalExpression><text>n * 2</text></literalExpression>'
    "</encapsulatedLogic></businessKnowledgeModel>"
)
SERVICE = (
    SAYS_SUM
    + decision("next", "sum + 1", "number", ":sum")
    + '<decisionService id="s" name="s"><variable name="s"/><outputDecision href="#next"/><inputDecision href="#sum"/></decisionService>'
    + '<decisionService id="both" name="both"><variable name="both"/><outputDecision href="#next"/><outputDecision href="#sum"/>'
    '<inputData href="#a"/><inputData href="#b"/></decisionService>'
)


def test_a_knowledge_model_is_called_with_what_the_case_gives() -> None:
    result = result_of(
        KNOWLEDGE, given("n", "<value>4</value>"), wanted("double", number("8")), attributes=' type="bkm" invocableName="double"'
    )
    assert (result.passed, result.flags_agree) == (True, True)


def test_a_decision_service_answers_by_the_names_of_its_decisions() -> None:
    one = result_of(SERVICE, given("sum", number("4")), wanted("next", number("5")), attributes=' type="decisionService" invocableName="s"')
    assert (one.passed, one.flags_agree) == (True, True)
    nodes = (given("a", number("1")), given("b", number("2")), wanted("next", number("4")), wanted("sum", number("3")))
    both = result_of(SERVICE, *nodes, attributes=' type="decisionService" invocableName="both"')
    assert [node.found for node in both.nodes] == ["4", "3"]
    assert both.passed


@pytest.mark.parametrize(
    ("dmn", "value", "error", "agrees"),
    [
        ("1 + &quot;a&quot;", NIL, True, True),
        ("1 + &quot;a&quot;", NIL, False, False),
        ("null", NIL, False, True),
        ("null", NIL, True, False),
        ("1 +", NIL, True, True),
        ("[1 + &quot;a&quot;]", f"<list><item>{NIL}</item></list>", False, True),
    ],
)
def test_an_error_is_a_null_with_a_finding_beside_it(dmn: str, value: str, error: bool, agrees: bool) -> None:
    result = result_of(decision("d", dmn), wanted("d", value, error=error))
    assert (result.passed, result.flags_agree) == (True, agrees)


def test_what_the_model_does_not_have_fails_even_where_null_is_expected() -> None:
    result = result_of(decision("total", "1"), wanted("totl", NIL, error=True))
    assert not result.passed
    assert [(item.code, item.arguments["near"]) for item in result.nodes[0].diagnostics] == [("dmn-kit-element", "total")]
    lost = result_of(KNOWLEDGE, wanted("x", NIL), attributes=' type="decisionService" invocableName="x"')
    assert [item.code for item in lost.nodes[0].diagnostics] == ["dmn-kit-element"]


def test_what_is_given_for_nothing_is_told_beside_the_result() -> None:
    result = result_of(decision("d", "1"), given("x", number("1")), wanted("d", number("1")))
    assert result.passed
    assert [item.code for item in result.nodes[0].diagnostics] == ["dmn-kit-element"]


def test_a_model_that_is_lacking_or_broken_fails_its_cases_and_says_why() -> None:
    asked = case_file(case("1", wanted("d", NIL, error=True)))
    for files, code in (({"n_dmn": model(decision("d", "1"))}, "dmn-kit-no-model"), ({"m_dmn": b"<a>"}, "dmn-xml-syntax")):
        [result] = results_of(folder("1", t_xml=asked, **files))
        assert not result.passed
        assert [item.code for item in result.nodes[0].diagnostics] == [code]


def test_a_case_that_breaks_the_engine_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by our own mistake")

    monkeypatch.setattr(conformance, "evaluate", breaks)
    result = result_of(decision("d", "1"), wanted("d", NIL, error=True))
    assert not result.passed
    assert "by our own mistake" in result.nodes[0].crash


# --- comparing -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "expected", "is_so"),
    [
        (Decimal("1.0"), Decimal(1), Closeness.EXACT),
        (Decimal("0.666666666666"), Decimal("0.666666667"), Closeness.ROUNDED),
        (Decimal("0.333333331"), Decimal("0.333333334"), Closeness.NEAR),
        (Decimal("0.33333333"), Decimal("0.33333334"), Closeness.DIFFERENT),
        (Decimal("1E+6000"), Decimal("1.000000000000000000000000000000001E+6000"), Closeness.DIFFERENT),
        (True, Decimal(1), Closeness.DIFFERENT),
        ("1", Decimal(1), Closeness.DIFFERENT),
        (None, None, Closeness.EXACT),
        (None, (), Closeness.DIFFERENT),
        ((Decimal("0.333333331"), "a"), (Decimal("0.333333334"), "a"), Closeness.NEAR),
        ((Decimal(1),), (Decimal(1), Decimal(1)), Closeness.DIFFERENT),
        ({"b": None, "a": Decimal(1)}, {"a": Decimal(1), "b": None}, Closeness.EXACT),
        ({"a": None}, {}, Closeness.DIFFERENT),
        (parse_at_literal("10:00:00Z"), parse_at_literal("10:00:00+00:00"), Closeness.EXACT),
        (parse_at_literal("10:00:00Z"), parse_at_literal("11:00:00+01:00"), Closeness.DIFFERENT),
    ],
)
def test_closeness(found: object, expected: object, is_so: Closeness) -> None:
    assert closeness(found, expected) is is_so


def test_results_are_counted_by_what_they_expect() -> None:
    dmn = decision("third", "1 / 3") + decision("none", "null") + decision("two", "2") + decision("bad", "3")
    cases = (
        case("1", wanted("third", number("0.333333333")), wanted("two", number("2")), wanted("none", NIL)),
        case("2", wanted("bad", NIL, error=True)),
    )
    counts = tally(results_of(folder("1", m_dmn=model(dmn), t_xml=case_file(*cases))))
    assert (counts.cases, counts.passed, counts.failed) == (2, 1, 1)
    assert (counts.values, counts.values_passed, counts.nulls, counts.nulls_passed) == (2, 2, 2, 1)
    assert (counts.flags, counts.flags_agree) == (4, 3)
    assert (counts.exact, counts.rounded, counts.near) == (1, 1, 0)


def test_a_disputed_flag_is_no_disagreement_and_one_that_agrees_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {
        "compliance-level-3/1/1": Dispute("10.3", "why", "理由"),
        "compliance-level-3/1/2:d": Dispute("10.3", "why", "理由"),
        "compliance-level-3/1/3": Dispute("10.3", "why", "理由"),
    }
    monkeypatch.setattr(conformance, "DISPUTES", listed)
    cases = (
        case("1", wanted("d", NIL, error=True)),
        case("2", wanted("d", NIL, error=True), wanted("e", number("1"))),
        case("3", wanted("d", NIL)),
    )
    results = results_of(folder("1", m_dmn=model(decision("d", "null") + decision("e", "1")), t_xml=case_file(*cases)))
    assert [result.flags_agree for result in results] == [True, True, False]
    assert stale_disputes(results) == ["compliance-level-3/1/3: d"]
    assert tally(results).flags_disputed == 2
