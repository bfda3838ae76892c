"""What the text of the standard says of DMN files, where engines go astray: types, scopes, services, and models from strangers."""

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from zhida.dmn.compile import compile_models
from zhida.dmn.compiled import DecisionModel
from zhida.dmn.evaluate import Evaluation, evaluate, invoke
from zhida.dmn.xml import read
from zhida.dmn.xml_schema import MODEL
from zhida.values.temporal import Date
from zhida.values.unknown import Unknown

Value = Any
NOW = Date(2026, 1, 1)
ONE, TWO, THREE = Decimal(1), Decimal(2), Decimal(3)
LACKING = Unknown(frozenset(("q",)))


def _type(type_: str) -> str:
    return f' typeRef="{type_}"' if type_ else ""


def literal(text: str, type_: str = "") -> str:
    return f"<literalExpression{_type(type_)}><text>{text.replace('<', '&lt;')}</text></literalExpression>"


def given(name: str, type_: str = "") -> str:
    return f'<inputData id="{name}" name="{name}"><variable name="{name}"{_type(type_)}/></inputData>'


def decision(name: str, logic: str, requires: Sequence[str] = (), type_: str = "") -> str:
    """Return a decision; what it requires is `i:` input data, `d:` a decision or `k:` knowledge."""
    tags = {"i": ("information", "Input"), "d": ("information", "Decision"), "k": ("knowledge", "Knowledge")}
    needed = ""
    for each in requires:
        kind, _, href = each.partition(":")
        group, tag = tags[kind]
        target = href if "#" in href else f"#{href}"
        needed += f'<{group}Requirement><required{tag} href="{target}"/></{group}Requirement>'
    body = logic if logic.startswith("<") else literal(logic)
    return f'<decision id="{name}" name="{name}"><variable name="{name}"{_type(type_)}/>{needed}{body}</decision>'


def knowledge(name: str, parameters: Sequence[str], logic: str, variable: str = "") -> str:
    formal = "".join(f'<formalParameter name="{each}"/>' for each in parameters)
    return (
        f'<businessKnowledgeModel id="{name}" name="{name}"><variable name="{name}"{_type(variable)}/>'
        f"<encapsulatedLogic>{formal}{literal(logic)}</encapsulatedLogic></businessKnowledgeModel>"
    )


def service(name: str, outputs: Sequence[str], inputs: Sequence[str] = (), type_: str = "") -> str:
    def references(tag: str, hrefs: Sequence[str]) -> str:
        return "".join(f'<{tag} href="{href if "#" in href else f"#{href}"}"/>' for href in hrefs)

    parts = references("outputDecision", outputs) + references("inputData", inputs)
    return f'<decisionService id="{name}" name="{name}"><variable name="{name}"{_type(type_)}/>{parts}</decisionService>'


def item(name: str, type_: str = "", parts: str = "", *, allowed: str = "", constraint: str = "", tag: str = "itemDefinition") -> str:
    spelled = f"<typeRef>{type_}</typeRef>" if type_ else ""
    tests = f"<allowedValues><text>{allowed}</text></allowedValues>" if allowed else ""
    tests += f"<typeConstraint><text>{constraint}</text></typeConstraint>" if constraint else ""
    return f'<{tag} name="{name}">{spelled}{tests}{parts}</{tag}>'


def part(name: str, type_: str, *, allowed: str = "") -> str:
    return item(name, type_, allowed=allowed, tag="itemComponent")


def imported(name: str, namespace: str) -> str:
    return f'<import name="{name}" namespace="{namespace}" importType="{MODEL}"/>'


NUMBER_FUNCTION = (
    '<itemDefinition name="tF"><functionItem outputTypeRef="number"><parameters name="x" typeRef="number"/></functionItem></itemDefinition>'
)


def model(body: str, *others: tuple[str, str]) -> DecisionModel:
    """Return the model `urn:m`, compiled with others, each of which is its namespace and what it holds."""
    files = [("urn:m", body), *others]
    texts = [f'<definitions xmlns="{MODEL}" name="m" namespace="{name}">{held}</definitions>' for name, held in files]
    main, *rest = (read(text.encode(), "m.dmn").definitions for text in texts)
    return compile_models(main, rest)


def decide(body: str, facts: Mapping[str, Value] | None = None, *others: tuple[str, str], goal: str = "d") -> Evaluation:
    inputs = {name if "#" in name else f"urn:m#{name}": value for name, value in (facts or {}).items()}
    return evaluate(model(body, *others), f"urn:m#{goal}", inputs, as_of=NOW)


def codes(found: Evaluation | DecisionModel) -> list[str]:
    return [each.code for each in found.diagnostics]


OTHER = ("urn:b", given("x", "number") + decision("y", "x + 1", ["i:x"]))
"""A model that others import."""


# --- types ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("low", "fits"), [(ONE, True), (THREE, False)])
def test_tests_of_a_component_see_the_components_beside_it(low: Decimal, fits: bool) -> None:
    types = item("tSpan", parts=part("low end", "number") + part("high", "number", allowed="> low end"))
    value = {"low end": low, "high": TWO}
    found = decide(types + given("x", "tSpan") + decision("d", "x", ["i:x"]), {"x": value})
    assert (found.value, codes(found)) == ((value, []) if fits else (None, ["feel-bad-result"]))


def test_a_component_called_like_a_builtin_leaves_the_builtin_to_the_tests_beside_it() -> None:
    since = part("since", "date", allowed='&gt; date("2020-01-01")')
    types = item("tPaper", parts=part("date", "date") + since)
    value = {"date": NOW, "since": NOW}
    assert decide(types + given("x", "tPaper") + decision("d", "x", ["i:x"]), {"x": value}).value == value


@pytest.mark.parametrize(("low", "fits"), [(ONE, True), (THREE, False)])
def test_a_constraint_on_a_context_may_use_entries_with_spaces(low: Decimal, fits: bool) -> None:
    types = item("tSpan", parts=part("low end", "number") + part("high end", "number"), constraint="?.high end > ?.low end")
    value = {"low end": low, "high end": TWO}
    assert decide(types + given("x", "tSpan") + decision("d", "x", ["i:x"]), {"x": value}).value == (value if fits else None)


def test_a_type_that_an_imported_model_imports_itself_keeps_its_tests() -> None:
    far = ("urn:c", item("tGrade", "string", allowed='"a", "b"'))
    near = ("urn:b", imported("C", "urn:c") + item("tMark", "C.tGrade"))
    body = imported("B", "urn:b") + given("x", "B.tMark") + decision("d", "x", ["i:x"])
    assert decide(body, {"x": "a"}, near, far).value == "a"
    assert codes(decide(body, {"x": "z"}, near, far)) == ["feel-bad-result"]


def test_models_that_import_each_other_may_share_types() -> None:
    near = ("urn:b", imported("A", "urn:m") + item("tMark", "A.tGrade"))
    body = imported("B", "urn:b") + item("tGrade", "B.tMark") + given("x", "tGrade") + decision("d", "x", ["i:x"])
    assert decide(body, {"x": ONE}, near).value == ONE


def test_a_component_of_a_type_that_nobody_defines_is_told() -> None:
    assert codes(model(item("tSpan", parts=part("low", "tNothing")))) == ["feel-unknown-type"]


def test_types_too_deep_or_too_large_are_told_and_take_no_time() -> None:
    deep = "".join(item(f"t{place}", parts=part("a", f"t{place + 1}")) for place in range(2_000)) + item("t2000", "number")
    wide = "".join(item(f"w{place}", parts=part("a", f"w{place + 1}") + part("b", f"w{place + 1}")) for place in range(40))
    before = time.process_time()
    assert set(codes(model(deep))) == {"dmn-type-too-large"}
    assert set(codes(model(wide + item("w40", "number")))) == {"dmn-type-too-large"}
    assert time.process_time() - before < 10


def test_a_large_type_that_many_use_takes_its_time_once() -> None:
    wide = "".join(item(f"w{place}", parts=part("a", f"w{place + 1}") + part("b", f"w{place + 1}")) for place in range(11))
    users = "".join(item(f"u{place}", "w0") + given(f"x{place}", f"u{place}") for place in range(300))
    before = time.process_time()
    assert codes(model(wide + item("w11", "number") + users)) == []
    assert time.process_time() - before < 10


def test_types_inside_each_other_as_deep_as_people_write_them_are_known() -> None:
    deep = "".join(item(f"t{place}", parts=part("a", f"t{place + 1}")) for place in range(30)) + item("t30", "number")
    assert codes(model(deep + given("x", "t0") + decision("d", f"x{'.a' * 30}", ["i:x"]))) == []


def test_tests_of_types_draw_on_the_steps_of_the_evaluation() -> None:
    slow = item("tSlow", "number", allowed="count(for i in 1..100000 return i) > 0")
    body = slow + '<itemDefinition name="tAll" isCollection="true"><typeRef>tSlow</typeRef></itemDefinition>'
    found = decide(body + given("x", "tAll") + decision("d", "count(x)", ["i:x"]), {"x": (ONE,) * 100})
    assert found.value is None or found.value == 0
    assert "feel-too-many-steps" in codes(found)


def test_a_decision_that_is_given_is_as_its_type_asks() -> None:
    found = decide(decision("a", "1", type_="number") + decision("d", "a", ["d:a"]), {"a": "x"})
    assert (found.value, codes(found)) == (None, ["feel-bad-result"])
    assert decide(decision("a", "1", type_="number") + decision("d", "a", ["d:a"]), {"a": (TWO,)}).value == TWO


@pytest.mark.parametrize(("variable", "logic", "code"), [("tF", '"a"', "feel-bad-result"), ("number", '"a"', "feel-bad-result")])
def test_the_variable_of_a_knowledge_model_tells_the_type_of_its_result(variable: str, logic: str, code: str) -> None:
    found = decide(NUMBER_FUNCTION + knowledge("f", ["x"], logic, variable) + decision("d", "f(1)", ["k:f"]))
    assert (found.value, codes(found)) == (None, [code])


def test_the_variable_of_a_knowledge_model_tells_the_types_of_its_parameters() -> None:
    found = decide(NUMBER_FUNCTION + knowledge("f", ["x"], "1", "tF") + decision("d", 'f("a")', ["k:f"]))
    assert (found.value, codes(found)) == (None, ["feel-bad-argument"])


def test_a_boxed_function_has_the_types_that_it_declares() -> None:
    boxed = f'<functionDefinition typeRef="string"><formalParameter name="x" typeRef="string"/>{literal("x")}</functionDefinition>'
    found = decide(NUMBER_FUNCTION + decision("d", boxed, type_="tF"))
    assert (found.value, codes(found)) == (None, ["feel-bad-result"])


# --- scopes ----------------------------------------------------------------------------------------------------------------


def test_input_data_called_like_the_day_of_the_evaluation_is_what_is_given() -> None:
    assert decide(given("评估日") + decision("d", "评估日", ["i:评估日"]), {"评估日": ONE}).value == ONE


def test_a_function_in_a_context_does_not_see_the_entries_behind_it() -> None:
    assert decide(given("x") + decision("d", "{f: function() x, x: 5, r: f()}.r", ["i:x"]), {"x": ONE}).value == ONE
    entries = [
        ("f", f"<functionDefinition>{literal('x')}</functionDefinition>"),
        ("x", literal("5")),
    ]
    boxed = "".join(f'<contextEntry><variable name="{name}"/>{value}</contextEntry>' for name, value in entries)
    boxed = f"<context>{boxed}<contextEntry>{literal('f()')}</contextEntry></context>"
    assert decide(given("x") + decision("d", boxed, ["i:x"]), {"x": ONE}).value == ONE


def test_a_boxed_conditional_on_what_is_unknown_is_what_both_branches_say() -> None:
    def boxed(then: str) -> str:
        return f"<conditional><if>{literal('q')}</if><then>{literal(then)}</then><else>{literal('1')}</else></conditional>"

    assert decide(given("q") + decision("d", boxed("1"), ["i:q"]), {"q": LACKING}).value == ONE
    found = decide(given("q") + decision("d", boxed("1 / 0"), ["i:q"]), {"q": LACKING})
    assert (found.value, codes(found)) == (LACKING, [])


def test_a_model_may_be_imported_under_two_names() -> None:
    body = imported("B", "urn:b") + imported("My  C", "urn:b") + decision("d", "[B.y, My C.y]", ["d:urn:b#y"])
    assert decide(body, {"urn:b#x": ONE}, OTHER).value == (TWO, TWO)


# --- decision services -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["S(1, 2)", "S(x: 1, B.x: 2)"])
def test_what_a_service_is_given_from_another_model_stands_behind_the_name_of_its_import(call: str) -> None:
    logic = decision("o", "x * 100 + B.x", ["i:x", "i:urn:b#x"])
    body = imported("B", "urn:b") + given("x", "number") + logic + service("S", ["o"], ["x", "urn:b#x"])
    assert decide(body + decision("d", call, ["k:S"]), None, OTHER).value == 102


def test_what_a_service_answers_from_another_model_stands_behind_the_name_of_its_import() -> None:
    body = imported("B", "urn:b") + decision("y", "B.y * 10", ["d:urn:b#y"]) + service("S", ["y", "urn:b#y"], ["urn:b#x"])
    assert decide(body + decision("d", "S(2)", ["k:S"]), None, OTHER).value == {"y": Decimal(30), "B.y": THREE}


def test_the_variable_of_a_service_may_be_of_a_function_type() -> None:
    body = NUMBER_FUNCTION + given("x", "number") + decision("o", "x + 1", ["i:x"]) + service("S", ["o"], ["x"], "tF")
    assert decide(body + decision("d", "S(2)", ["k:S"])).value == THREE


def test_input_data_that_a_service_needs_and_is_not_given_is_told() -> None:
    inside = given("x") + decision("e", "x", ["i:x"]) + decision("o", "e", ["d:e"])
    assert codes(model(inside + service("S", ["o"]))) == ["dmn-service-input"]
    assert codes(model(inside + service("S", ["o"], ["x"]))) == []


def test_a_function_that_comes_out_of_a_service_notes_and_spends_where_it_is_called() -> None:
    body = decision("o", "function(x) x + null") + service("S", ["o"]) + decision("d", "S()(1)", ["k:S"])
    assert codes(decide(body)) == ["feel-null-operand"]
    body = decision("o", "function(x) count(for i in 1..400000 return i)") + service("S", ["o"])
    assert "feel-too-many-steps" in codes(decide(body + decision("d", "for i in 1..9 return S()(i)", ["k:S"])))


def test_a_service_that_requires_itself_is_told_and_comes_to_an_end() -> None:
    body = given("n", "number") + decision("o", "if n = 0 then 0 else 1 + S(n - 1)", ["i:n", "k:S"]) + service("S", ["o"], ["n"])
    assert codes(model(body)) == ["dmn-cycle"]
    assert decide(body + decision("d", "S(5)", ["k:S"])).value == 5
    assert "feel-too-deep" in codes(decide(body + decision("d", "S(500)", ["k:S"])))


def test_what_a_function_that_is_called_from_outside_reads_is_told() -> None:
    body = given("x") + decision("o", "x + 1", ["i:x"]) + service("S", ["o"], ["x"])
    found = invoke(model(body), "urn:m#S", {}, as_of=NOW)
    assert (found.value, codes(found)) == (None, ["feel-null-operand"])


@pytest.mark.long
def test_to_look_at_large_arguments_takes_steps() -> None:
    body = '<itemDefinition name="tAll" isCollection="true"><typeRef>number</typeRef></itemDefinition>' + knowledge("f", ["l"], "1")
    body = body.replace('<formalParameter name="l"/>', '<formalParameter name="l" typeRef="tAll"/>')
    found = decide(body + given("x") + decision("d", "count(for i in 1..200000 return f(x))", ["i:x", "k:f"]), {"x": (ONE,) * 20_000})
    assert "feel-too-many-steps" in codes(found)


def test_entries_of_what_a_service_answers_may_have_spaces_in_their_names() -> None:
    body = decision("net price", "1").replace('id="net price"', 'id="n"') + decision("o", "2") + service("S", ["o", "n"])
    assert decide(body + decision("d", "S().net price", ["k:S"])).value == ONE


# --- decision tables -------------------------------------------------------------------------------------------------------


LEVELS = item("tLevel", "string", allowed='"high", "low"')
"""A type whose values have an order."""


def table(policy: str, *, clause: str = "", column: str = "") -> str:
    """Return a table of two rules that both match: the first says `low`, the second `high`."""
    rule = "<rule><inputEntry><text>{}</text></inputEntry><outputEntry><text>{}</text></outputEntry></rule>"
    rules = "".join(rule.format("-", text) for text in ('"low"', '"high"'))
    tested = f"<input><inputExpression{_type(column)}><text>x</text></inputExpression></input>"
    return f'<decisionTable hitPolicy="{policy}">{tested}<output{_type(clause)}/>{rules}</decisionTable>'


@pytest.mark.parametrize(("clause", "decided"), [("tLevel", ""), ("", "tLevel")])
def test_outputs_without_a_list_of_values_have_the_priorities_of_their_type(clause: str, decided: str) -> None:
    body = LEVELS + given("x") + decision("d", table("PRIORITY", clause=clause), ["i:x"], decided)
    assert decide(body, {"x": ONE}).value == "high"
    body = LEVELS + given("x") + decision("d", table("OUTPUT ORDER", clause="tLevel"), ["i:x"])
    assert decide(body, {"x": ONE}).value == ("high", "low")


def test_a_column_of_a_type_is_checked_by_what_its_values_become() -> None:
    types = '<itemDefinition name="tAll" isCollection="true"><typeRef>number</typeRef></itemDefinition>'
    logic = table("FIRST", column="number").replace("<text>-</text>", "<text>&lt; 5</text>")
    body = types + given("x", "tAll") + decision("d", logic, ["i:x"])
    assert codes(model(body)) == []
    assert decide(body, {"x": (ONE,)}).value == "low"


# --- models from strangers -------------------------------------------------------------------------------------------------


def test_large_functions_that_call_each_other_are_compiled() -> None:
    chain = "".join(
        knowledge(f"f{place}", ["x"], f"f{place + 1}(x)" + " + 1" * 140).replace(
            "</businessKnowledgeModel>",
            f'<knowledgeRequirement><requiredKnowledge href="#f{place + 1}"/></knowledgeRequirement></businessKnowledgeModel>',
        )
        for place in range(10)
    )
    found = decide(chain + knowledge("f10", ["x"], "1") + decision("d", "f0(1)", ["k:f0"]))
    assert found.value == 1_401 or "feel-too-deep" in codes(found)


def test_two_requirements_of_one_name_are_told() -> None:
    body = '<inputData id="one" name="x"/><inputData id="two" name="x"/>' + decision("d", "x", ["i:one", "i:two"])
    assert codes(model(body)) == ["dmn-duplicate-name"]


def test_two_types_of_one_name_are_told() -> None:
    assert codes(model(item("t", "number") + item("t", "string"))) == ["dmn-duplicate-name"]
