"""Boxed expressions, decision services, imports and named types, as a DMN file holds them."""

from decimal import Decimal
from typing import Any

import pytest

from zhida.dmn.compile import compile_models
from zhida.dmn.evaluate import Evaluation, evaluate, invoke
from zhida.dmn.model import (
    Binding,
    BusinessKnowledgeModel,
    Conditional,
    Context,
    ContextEntry,
    Decision,
    DecisionService,
    DecisionTable,
    Definitions,
    Expression,
    Filter,
    FunctionDefinition,
    FunctionItem,
    HitPolicy,
    Import,
    InputClause,
    InputData,
    Invocation,
    ItemDefinition,
    Iteration,
    ListExpression,
    LiteralExpression,
    OutputClause,
    Relation,
    Requirement,
    RequirementKind,
    Rule,
    Variable,
)
from zhida.source import snippet
from zhida.values.temporal import Date
from zhida.values.types import ANY, BOOLEAN, NUMBER, STRING, Type, list_of

Value = Any
SPAN = snippet("boxed").span()
NOW = Date(2026, 1, 1)


def feel(text: str, type_: Type = ANY) -> LiteralExpression:
    return LiteralExpression(snippet(text), type_)


def entry(name: str, expression: Expression | str, type_: Type = ANY) -> ContextEntry:
    return ContextEntry(Variable(name, type_), feel(expression) if isinstance(expression, str) else expression)


def result(expression: Expression | str) -> ContextEntry:
    return ContextEntry(None, feel(expression) if isinstance(expression, str) else expression)


def decision(name: str, expression: Expression | str | None, *requires: Requirement, type_: Type = ANY) -> Decision:
    logic = feel(expression) if isinstance(expression, str) else expression
    return Decision(name, name, type_, logic, SPAN, requirements=requires)


def needs(id_: str, kind: RequirementKind = RequirementKind.DECISION, namespace: str = "") -> Requirement:
    return Requirement(kind, f"{namespace}#{id_}")


def data(name: str, type_: Type = ANY) -> InputData:
    return InputData(name, ItemDefinition(name, type_))


def model(*elements: Value, **others: Value) -> Definitions:
    def of(kind: type) -> tuple[Any, ...]:
        return tuple(element for element in elements if isinstance(element, kind))

    namespace = others.pop("namespace", "urn:m")
    return Definitions(
        "m",
        of(Decision),
        of(BusinessKnowledgeModel),
        of(InputData),
        namespace=namespace,
        services=of(DecisionService),
        items=of(ItemDefinition),
        **others,
    )


def run(definitions: Definitions, name: str, *others: Definitions, **inputs: Value) -> Evaluation:
    given = {f"{definitions.namespace}#{id_}": value for id_, value in inputs.items()}
    return evaluate(compile_models(definitions, others), f"{definitions.namespace}#{name}", given, as_of=NOW)


def value_of(expression: Expression, type_: Type = ANY) -> Value:
    return run(model(decision("d", expression, type_=type_)), "d").value


def codes(expression: Expression) -> list[str]:
    return [item.code for item in run(model(decision("d", expression)), "d").diagnostics]


# --- boxed expressions ------------------------------------------------------------------------------------------------------


def test_an_entry_of_a_boxed_context_sees_those_before_it() -> None:
    assert value_of(Context((entry("a", "1"), entry("b c", "a + 1"), entry("d", "b c * 10")), span=SPAN)) == {
        "a": Decimal(1),
        "b c": Decimal(2),
        "d": Decimal(20),
    }


def test_a_boxed_context_with_a_result_comes_to_the_result() -> None:
    assert value_of(Context((entry("a", "1"), result("a + 1")), span=SPAN)) == Decimal(2)


def test_an_entry_that_does_not_fit_its_type_is_null_and_told() -> None:
    found = Context((entry("a", '"one"', NUMBER), entry("b", "[2]", NUMBER)), span=SPAN)
    assert value_of(found) == {"a": None, "b": Decimal(2)}
    assert codes(found) == ["feel-bad-result"]


def test_two_entries_of_one_name_make_a_context_null() -> None:
    found = Context((entry("a", "1"), entry("a", "2")), span=SPAN)
    assert value_of(found) is None
    assert codes(found) == ["feel-duplicate-key"]


def test_a_boxed_list_holds_what_its_expressions_come_to() -> None:
    assert value_of(ListExpression((feel("1 + 1"), Context((entry("a", "3"),), span=SPAN)), span=SPAN)) == (Decimal(2), {"a": Decimal(3)})


def test_a_relation_is_a_list_of_contexts() -> None:
    rows = tuple(ListExpression((feel(f'"{name}"'), feel(number)), span=SPAN) for name, number in (("x", "1"), ("y", "2")))
    found = Relation((Variable("name", STRING), Variable("number", NUMBER)), rows, span=SPAN)
    assert value_of(found) == ({"name": "x", "number": Decimal(1)}, {"name": "y", "number": Decimal(2)})


def test_a_cell_of_a_relation_sees_those_before_it_in_its_row() -> None:
    rows = (ListExpression((feel("2"), feel("a b * 2")), span=SPAN), ListExpression((feel("3"), feel("a b * 3")), span=SPAN))
    found = Relation((Variable("a b"), Variable("c")), rows, span=SPAN)
    assert value_of(found) == ({"a b": Decimal(2), "c": Decimal(4)}, {"a b": Decimal(3), "c": Decimal(9)})


def test_a_boxed_function_takes_arguments_of_its_types_only() -> None:
    function = FunctionDefinition((Variable("x", NUMBER),), feel("x + 1"), span=SPAN)
    calls = [entry("f", function), entry("good", "f(1)"), entry("bad", 'f("1")')]
    found = Context((*calls, result("[good, bad]")), span=SPAN)
    assert value_of(found) == (Decimal(2), None)
    assert "feel-bad-argument" in codes(found)


def test_a_boxed_function_sees_what_is_around_it() -> None:
    function = FunctionDefinition((Variable("x"),), feel("x + base"), span=SPAN)
    assert value_of(Context((entry("base", "10"), entry("f", function), result("f(1)")), span=SPAN)) == Decimal(11)


def test_a_boxed_invocation_binds_arguments_by_name() -> None:
    function = FunctionDefinition((Variable("a"), Variable("b")), feel("a - b"), span=SPAN)
    bindings = (Binding(Variable("b"), feel("1")), Binding(Variable("a"), feel("10")))
    assert value_of(Context((entry("f", function), result(Invocation(feel("f"), bindings, span=SPAN))), span=SPAN)) == Decimal(9)


@pytest.mark.parametrize("names", [("a", "c"), ("a", "b", "c"), ("a", "a")])
def test_a_boxed_invocation_with_other_names_is_null(names: tuple[str, ...]) -> None:
    function = FunctionDefinition((Variable("a"), Variable("b")), feel("1"), span=SPAN)
    bindings = tuple(Binding(Variable(name), feel("1")) for name in names)
    found = Context((entry("f", function), result(Invocation(feel("f"), bindings, span=SPAN))), span=SPAN)
    assert value_of(found) is None
    assert codes(found) == ["feel-bad-call"]


def test_a_parameter_that_a_boxed_invocation_does_not_bind_is_null() -> None:
    function = FunctionDefinition((Variable("a"), Variable("b")), feel("[a, b]"), span=SPAN)
    bindings = (Binding(Variable("b"), feel("1")),)
    assert value_of(Context((entry("f", function), result(Invocation(feel("f"), bindings, span=SPAN))), span=SPAN)) == (None, Decimal(1))


def test_a_builtin_can_be_invoked_in_a_box() -> None:
    bindings = (Binding(Variable("string"), feel('"abc"')), Binding(Variable("start position"), feel("2")))
    assert value_of(Invocation(feel("substring"), bindings, span=SPAN)) == "bc"
    assert value_of(Invocation(feel("abs"), (Binding(Variable("n"), feel("-2")),), span=SPAN)) == Decimal(2)


@pytest.mark.parametrize(
    ("condition", "expected", "found"),
    [("true", Decimal(1), []), ("false", Decimal(2), []), ("null", Decimal(2), []), ('"x"', None, ["feel-bad-condition"])],
)
def test_a_boxed_conditional_wants_a_boolean(condition: str, expected: object, found: list[str]) -> None:
    box = Conditional(feel(condition), feel("1"), feel("2"), span=SPAN)
    assert value_of(box) == expected
    assert codes(box) == found


@pytest.mark.parametrize(
    ("value", "condition", "expected"),
    [
        ("[1, 2, 3]", "item > 1", (Decimal(2), Decimal(3))),
        ("[1, 2, 3]", "item > 9", ()),
        ("[{x: 1}, {x: 2}]", "x > 1", ({"x": Decimal(2)},)),
        ("[{x: 1}, {y: 2}]", "x = 1", ({"x": Decimal(1)},)),
        ("[1, 2]", "1", None),
        ('["a"]', "null", ()),
    ],
)
def test_a_boxed_filter_answers_a_list_and_wants_booleans(value: str, condition: str, expected: object) -> None:
    assert value_of(Filter(feel(value), feel(condition), span=SPAN)) == expected


@pytest.mark.parametrize(
    ("kind", "domain", "body", "expected"),
    [
        ("for", "[1, 2]", "x * 2", (Decimal(2), Decimal(4))),
        ("for", "[1..3]", "x", (Decimal(1), Decimal(2), Decimal(3))),
        ("for", "1..3", "x", None),
        ("for", "[1, 2, 3]", "count(partial)", (Decimal(0), Decimal(1), Decimal(2))),
        ("some", "[1, 2]", "x > 1", True),
        ("every", "[1, 2]", "x > 1", False),
        ("every", "[]", "x > 1", True),
        ("some", "[1, 2]", "if x = 2 then true else 0", None),
        ("every", "[1, null]", "x > 0", None),
    ],
)
def test_boxed_iterations(kind: str, domain: str, body: str, expected: object) -> None:
    assert value_of(Iteration(kind, "x", feel(domain), feel(body), span=SPAN)) == expected


def test_a_decision_table_may_stand_in_a_context() -> None:
    rules = tuple(
        Rule(str(place), (snippet(test),), (snippet(output),), {}, "", SPAN)
        for place, (test, output) in enumerate((("> 5", '"big"'), ("-", '"small"')))
    )
    table = DecisionTable(HitPolicy.FIRST, (InputClause(snippet("size")),), (OutputClause(""),), rules, SPAN)
    found = run(model(decision("d", Context((entry("size", "7"), result(table)), span=SPAN))), "d")
    assert found.value == "big"


def test_an_element_that_cannot_be_parsed_is_null_and_says_why_and_the_rest_goes_on() -> None:
    definitions = model(decision("bad", "1 +"), decision("good", "if bad = null then 1 else 2", needs("bad")))
    found = run(definitions, "good")
    assert found.value == Decimal(1)
    assert [item.code for item in found.diagnostics] == ["feel-syntax"]


def test_another_language_is_refused() -> None:
    definitions = model(decision("d", LiteralExpression(snippet("1"), language="http://www.w3.org/1999/XPath")))
    assert run(definitions, "d").value is None
    assert [item.code for item in compile_models(definitions).diagnostics] == ["dmn-language"]


# --- what is in scope --------------------------------------------------------------------------------------------------------


def test_only_what_is_required_is_in_scope() -> None:
    definitions = model(decision("a", "1"), decision("with", "a", needs("a")), decision("without", "a"))
    assert run(definitions, "with").value == Decimal(1)
    found = run(definitions, "without")
    assert found.value is None
    assert [item.code for item in found.diagnostics] == ["feel-unknown-name"]


def test_a_requirement_that_leads_nowhere_is_told() -> None:
    assert [item.code for item in compile_models(model(decision("a", "1", needs("b")))).diagnostics] == ["dmn-dangling"]


def test_decisions_that_require_each_other_are_null_and_told() -> None:
    definitions = model(decision("a", "b", needs("b")), decision("b", "a", needs("a")))
    found = run(definitions, "a")
    assert found.value is None
    assert [item.code for item in found.diagnostics] == ["dmn-cycle"]


def test_an_imported_element_has_the_name_of_its_import_before_its_own() -> None:
    other = model(decision("a b", "x + 1", needs("x", RequirementKind.INPUT)), data("x", NUMBER), namespace="urn:o")
    main = model(decision("d", "The Other.a b * 2", needs("a b", namespace="urn:o")), models=(Import("The Other", "urn:o"),))
    found = evaluate(compile_models(main, [other]), "urn:m#d", {"urn:o#x": Decimal(4)}, as_of=NOW)
    assert found.value == Decimal(10)


def test_an_import_without_a_name_puts_nothing_before() -> None:
    other = model(decision("a", "1"), namespace="urn:o")
    main = model(decision("d", "a", needs("a", namespace="urn:o")), models=(Import("", "urn:o"),))
    assert run(main, "d", other).value == Decimal(1)


def test_a_model_that_is_not_there_is_told() -> None:
    assert [item.code for item in compile_models(model(decision("d", "1"), models=(Import("o", "urn:o"),))).diagnostics] == [
        "dmn-missing-model"
    ]


def test_an_element_of_a_model_that_is_not_imported_is_told() -> None:
    near = model(decision("b", "1", needs("a", namespace="urn:far")), models=(Import("far", "urn:far"),), namespace="urn:near")
    far = model(decision("a", "1"), namespace="urn:far")
    main = model(decision("d", "1", needs("a", namespace="urn:far")), models=(Import("near", "urn:near"),))
    assert [item.code for item in compile_models(main, [near, far]).diagnostics] == ["dmn-not-imported"]


# --- business knowledge models and decision services -------------------------------------------------------------------------


def knowledge(name: str, parameters: dict[str, Type], expression: str, type_: Type = ANY, **others: Value) -> BusinessKnowledgeModel:
    return BusinessKnowledgeModel(name, name, tuple(parameters.items()), type_, feel(expression), SPAN, requirements=(), **others)


def test_a_knowledge_model_is_called_by_those_that_require_it() -> None:
    definitions = model(knowledge("f", {"x": NUMBER}, "x * 2", NUMBER), decision("d", "f(21)", needs("f", RequirementKind.KNOWLEDGE)))
    assert run(definitions, "d").value == Decimal(42)


def test_a_java_function_of_the_whitelist_is_done_and_any_other_refused() -> None:
    def java(method: str) -> Context:
        return Context((entry("class", '"java.lang.Math"'), entry("method signature", f'"{method}"')), span=SPAN)

    for method, expected, found in (("max(int,int)", Decimal(3), []), ("random()", None, ["feel-external"])):
        body = java(method)
        function = BusinessKnowledgeModel("f", "f", (("a", NUMBER), ("b", NUMBER)), ANY, body, SPAN, requirements=(), kind="Java")
        outcome = run(model(function, decision("d", "f(2, 3)", needs("f", RequirementKind.KNOWLEDGE))), "d")
        assert outcome.value == expected
        assert [item.code for item in outcome.diagnostics] == found


def service(
    outputs: tuple[str, ...], input_decisions: tuple[str, ...] = (), inputs: tuple[str, ...] = (), type_: Type = ANY
) -> DecisionService:
    def hrefs(ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"#{id_}" for id_ in ids)

    return DecisionService("s", "s", type_, hrefs(outputs), (), hrefs(input_decisions), hrefs(inputs), SPAN)


SERVED = (
    data("x", NUMBER),
    decision("given", "1 / 0"),
    decision("out", "x + given", needs("x", RequirementKind.INPUT), needs("given")),
    decision("other", "x", needs("x", RequirementKind.INPUT)),
)


def test_a_decision_service_takes_input_data_before_input_decisions_and_never_decides_what_it_is_given() -> None:
    definitions = model(*SERVED, service(("out",), ("given",), ("x",)), decision("d", "s(10, 3)", needs("s", RequirementKind.KNOWLEDGE)))
    found = run(definitions, "d", x=Decimal(99))
    assert found.value == Decimal(13)
    assert found.diagnostics == ()


def test_a_decision_service_can_be_called_by_name_and_from_outside() -> None:
    served = service(("out",), ("given",), ("x",))
    definitions = model(*SERVED, served, decision("d", "s(given: 3, x: 10)", needs("s", RequirementKind.KNOWLEDGE)))
    assert run(definitions, "d").value == Decimal(13)
    assert invoke(compile_models(definitions), "urn:m#s", {"x": Decimal(1), "given": Decimal(2)}, as_of=NOW).value == Decimal(3)


def test_a_decision_service_with_two_outputs_answers_a_context() -> None:
    definitions = model(
        *SERVED, service(("out", "other"), ("given",), ("x",)), decision("d", "s(10, 3)", needs("s", RequirementKind.KNOWLEDGE))
    )
    assert run(definitions, "d").value == {"out": Decimal(13), "other": Decimal(10)}


def test_a_decision_service_is_not_called_with_what_does_not_fit() -> None:
    definitions = model(*SERVED, service(("out",), ("given",), ("x",)), decision("d", 's("ten", 3)', needs("s", RequirementKind.KNOWLEDGE)))
    found = run(definitions, "d")
    assert found.value is None
    assert [item.code for item in found.diagnostics] == ["feel-bad-argument"]


def test_what_goes_wrong_in_a_service_is_told_to_its_caller() -> None:
    definitions = model(*SERVED, service(("out",), (), ("x",)), decision("d", "s(10)", needs("s", RequirementKind.KNOWLEDGE)))
    assert [item.code for item in run(definitions, "d").diagnostics] == ["feel-division-by-zero", "feel-null-operand"]


# --- named types -------------------------------------------------------------------------------------------------------------

GRADE = ItemDefinition("tGrade", STRING, allowed=snippet('"A", "B"'))


@pytest.mark.parametrize(("text", "expected"), [('"A"', "A"), ('["B"]', "B"), ('"C"', None), ("1", None), ("null", None)])
def test_a_value_must_be_one_of_those_that_its_type_allows(text: str, expected: object) -> None:
    assert run(model(GRADE, decision("d", text, type_=Type("tGrade"))), "d").value == expected


def test_allowed_values_of_a_collection_are_for_each_element() -> None:
    grades = ItemDefinition("tGrades", STRING, allowed=snippet('"A", "B"'), is_collection=True)
    for text, expected in (('["A", "B"]', ("A", "B")), ('["A", "C"]', None), ('"A"', ("A",))):
        assert run(model(grades, decision("d", text, type_=Type("tGrades"))), "d").value == expected


def test_a_type_constraint_is_for_the_whole_value() -> None:
    pair = ItemDefinition("tPair", NUMBER, constraint=snippet("count(?) = 2"), is_collection=True)
    for text, expected in (("[1, 2]", (Decimal(1), Decimal(2))), ("[1]", None)):
        assert run(model(pair, decision("d", text, type_=Type("tPair"))), "d").value == expected


def test_a_type_of_components_wants_each_and_takes_more() -> None:
    person = ItemDefinition("tPerson", components=(ItemDefinition("name", STRING), ItemDefinition("grade", Type("tGrade"))))
    definitions = [
        model(GRADE, person, decision("d", text, type_=Type("tPerson")))
        for text in ('{name: "x", grade: "A", more: 1}', '{name: "x"}', '{name: "x", grade: "Z"}')
    ]
    assert [run(each, "d").value is not None for each in definitions] == [True, False, False]


def test_a_type_may_stand_inside_another_and_below_it() -> None:
    grades = ItemDefinition("tReport", list_of(Type("tGrade")))
    assert run(model(grades, GRADE, decision("d", '["A"]', type_=Type("tReport"))), "d").value == ("A",)
    assert run(model(grades, GRADE, decision("d", '["Z"]', type_=Type("tReport"))), "d").value is None


def test_instance_of_knows_the_types_of_the_model_and_does_not_ask_for_allowed_values() -> None:
    definitions = model(
        GRADE, decision("d", '["A" instance of tGrade, "Z" instance of tGrade, 1 instance of tGrade]', type_=list_of(BOOLEAN))
    )
    assert run(definitions, "d").value == (True, True, False)


def test_a_value_that_is_not_allowed_is_told_with_what_is() -> None:
    found = run(model(GRADE, decision("d", '"C"', type_=Type("tGrade"))), "d").diagnostics
    assert '"A", "B"' in found[0].message()


def test_an_imported_type_has_the_name_of_its_import_before_its_own() -> None:
    other = model(GRADE, namespace="urn:o")
    main = model(decision("d", '"Z"', type_=Type("o.tGrade")), models=(Import("o", "urn:o"),))
    assert run(main, "d", other).value is None


def test_a_function_type_names_what_it_takes() -> None:
    signature = ItemDefinition("tFunction", function=FunctionItem((("a", NUMBER),), STRING))
    assert run(model(signature, decision("d", "function(a: number) string(a)", type_=Type("tFunction"))), "d").value is not None
    assert run(model(signature, decision("d", "1", type_=Type("tFunction"))), "d").value is None


def test_a_type_that_nobody_defines_is_told() -> None:
    assert [item.code for item in compile_models(model(decision("d", "1", type_=Type("tNone")))).diagnostics] == ["feel-unknown-type"]


def test_given_input_is_as_its_type_asks() -> None:
    definitions = model(data("x", NUMBER), decision("d", "x + 1", needs("x", RequirementKind.INPUT)))
    assert run(definitions, "d", x=(Decimal(1),)).value == Decimal(2)
    found = run(definitions, "d", x="one")
    assert found.value is None
    assert "feel-bad-result" in [item.code for item in found.diagnostics]


def test_a_list_that_becomes_its_element_is_no_mistake_in_a_file_from_elsewhere() -> None:
    definitions = model(decision("d", '["a", "b"][item = "b"]', type_=STRING))
    assert compile_models(definitions).diagnostics == ()
    assert run(definitions, "d").value == "b"
