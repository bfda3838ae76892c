"""What has a column form: dates, durations, rounding, contexts, conditionals, functions; and what the rest costs."""

from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from tests.engine import dmn_models
from tests.engine.columnar_agreement import agreement
from tests.engine.dmn_models import AS_OF, decision, knowledge, span, table
from zhida.columnar.costs import MIXED, Often, costs
from zhida.columnar.lower import lower
from zhida.columnar.plan import Fit, Interpret, InterpretDecision, Plan
from zhida.dmn.model import Conditional, Context, ContextEntry, Decision, Expression, LiteralExpression, Variable
from zhida.source import snippet
from zhida.values.temporal import MAX_YEAR, MIN_YEAR, Date
from zhida.values.types import NUMBER, STRING, Type

Value = Any

ITEMS = {name: replace(item, unit="") for name, item in dmn_models.ITEMS.items()}
model = partial(dmn_models.model, items=ITEMS)

DAYS = [
    Date(2024, 2, 29),
    Date(2026, 3, 1),
    Date(2025, 12, 31),
    Date(2026, 1, 31),
    Date(1969, 12, 31),
    Date(1, 1, 1),
    Date(-400, 2, 29),
    Date(MIN_YEAR, 1, 1),
    Date(MAX_YEAR, 12, 31),
    None,
]
DATED: list[dict[str, Value]] = [{"成立": one, "证书": two} for one in DAYS for two in (*DAYS[:4], None)] + [{}, {"成立": DAYS[0]}]
MONEY: list[dict[str, Value]] = [
    {"收入": Decimal(value).scaleb(-2), "人": Decimal(people)}
    for value in (0, 1, -1, 49, 50, 51, 149, 150, 151, -50, -149, -150, 250, 350, 99_999, 10**16)
    for people in (1, 3, -7, 0, 200)
] + [{"收入": None, "人": Decimal(1)}, {"人": Decimal(3)}, {}]


def plan_of(body: Any) -> Plan:  # noqa: ANN401 - an expression or a table
    return lower(model(decision("问", body)), ["问"], as_of=AS_OF)


def lowers(body: Any, rows: list[dict[str, Value]], *others: Any) -> int:  # noqa: ANN401 - an expression or a table
    """Show that a body has a column form that says what the interpreter says; returns how many rows it leaves to that."""
    compiled = model(*others, decision("问", body))
    plan = lower(compiled, ["问"], as_of=AS_OF)
    assert plan.fallbacks == ()
    found = agreement(compiled, "问", rows, as_of=AS_OF)
    assert not found.differences, found.differences[0]
    return found.bad


# --- dates and durations -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        '成立 + @"P1Y"',
        '成立 - @"P1M"',
        '@"P1Y1M" + 成立',
        '成立 + duration("P30D")',
        '成立 - @"P1D"',
        "成立 - 证书",
        "(成立 - 证书).days",
        '(成立 - 证书) + @"P1D" > @"P30D"',
        '成立 + (证书 - date("2024-02-29"))',
        '成立 - 证书 < @"P2D"',
        "years and months duration(成立, 证书)",
        "years and months duration(成立, 评估日).months",
        'years and months duration(成立, 证书) - @"P2M" >= @"P1Y"',
        "years and months duration(成立, 证书).years",
        "date(成立)",
        "max(成立, 证书)",
        "min(成立, 评估日)",
        "成立.year * 12 + 成立.month",
        "成立.day + 成立.weekday",
        "if 成立.year < 2025 then 成立 else 证书",
        '成立 + @"P1Y" <= 评估日 and 证书 >= date("2026-03-01")',
        '成立 in [date("2024-02-29")..date("2025-12-31")]',
        "成立 instance of date",
        "证书 - 成立 = null",
    ],
)
def test_dates_and_durations_have_a_column_form(text: str) -> None:
    assert lowers(text, DATED) <= sum(row.get("成立") in {DAYS[7], DAYS[8]} for row in DATED)


def test_tables_test_durations() -> None:
    cells = [('< @"P30D"', '"新"'), ('[@"P30D"..@"P365D"]', '"成"'), ('@"PT12H", null', '"零"'), ("-", '"老"')]
    assert lowers(table("F", ["评估日 - 成立"], [""], cells), DATED) == 0
    cells = [('< @"P1Y"', "1"), ('@"P1Y", @"P2Y"', "2"), ('>= @"P10Y"', "3")]
    assert lowers(table("F", ["years and months duration(成立, 评估日)"], [""], cells), DATED) == 0


def test_the_first_and_the_last_day_of_all_are_bounds_like_others() -> None:
    cells = [(f'<= date("{Date(MIN_YEAR, 1, 1)}")', "1"), (f'>= date("{Date(MAX_YEAR, 12, 31)}")', "2"), ("-", "3")]
    assert lowers(table("F", ["成立"], [""], cells), DATED) == 0


def test_a_date_that_no_year_holds_is_left_to_the_interpreter_and_its_neighbours_are_not() -> None:
    rows = [{"成立": day} for day in (Date(MAX_YEAR, 12, 31), Date(2026, 1, 31), Date(MIN_YEAR, 1, 1))]
    assert lowers('成立 + @"P1M"', rows) == 1
    assert lowers('成立 - @"P1D"', rows) == 1
    assert lowers('成立 + @"P9999999999999D"', rows) == 3


# --- numbers -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["decimal", "round up", "round down", "round half up", "round half down", "floor", "ceiling"])
@pytest.mark.parametrize("places", [0, 1, 2, 3])
def test_rounding_to_places_has_a_column_form_for_numbers_and_quotients(name: str, places: int) -> None:
    assert lowers(f"{name}(收入, {places})", MONEY) == 0
    assert lowers(f"{name}(收入 / 人, {places}) + 1", MONEY) <= 5


@pytest.mark.parametrize("text", ["modulo(收入, 7)", "modulo(收入, 人)", "modulo(-收入, 0.3)", "floor(收入) + ceiling(收入 / 人)"])
def test_remainders_and_whole_numbers_have_a_column_form(text: str) -> None:
    assert lowers(text, MONEY) <= sum(row.get("人") == 0 for row in MONEY)


@pytest.mark.parametrize("text", ["max([收入, 人, null])", "sum([收入, 人])", "min(收入, null)", "max(null, 人, 收入)"])
def test_a_null_in_a_list_and_a_null_among_arguments_are_told_apart(text: str) -> None:
    lowers(text, MONEY)


def test_whole_numbers_of_what_is_interpreted_are_numbers_again() -> None:
    plan = plan_of("(floor(log(收入 + 1)) + string length(行业)) * 2 + count(季度[item > 1])")
    assert plan.operations[-1].form.kind == "number"
    assert "log" in " ".join(item.text for item in plan.fallbacks)
    assert sum(isinstance(operation, Interpret) for operation in plan.operations) == len(plan.fallbacks)


# --- contexts, conditionals, functions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "{甲: 收入 * 2, 乙: 甲 + 人}.乙",
        "{甲: 收入 / 人, 乙: 1}.乙",
        "{人: 收入, 乙: 人 + 1}.乙 + 人",
        '{甲: 成立 + @"P1Y"}.甲',
    ],
)
def test_an_entry_of_a_context_has_a_column_form_and_all_entries_are_evaluated(text: str) -> None:
    lowers(text, [{**one, **two} for one, two in zip(MONEY, DATED, strict=False)])


def literal(text: str) -> LiteralExpression:
    return LiteralExpression(snippet(text))


def boxed(expression: Expression, type_: Type = NUMBER) -> Decision:
    return replace(decision("问", "1", type_), expression=expression)


def lowers_boxed(body: Decision, *others: Any) -> None:  # noqa: ANN401 - elements
    compiled = model(*others, body)
    assert lower(compiled, ["问"], as_of=AS_OF).fallbacks == ()
    found = agreement(compiled, "问", MONEY, as_of=AS_OF)
    assert not found.differences, found.differences[0]


def test_a_boxed_context_with_a_result_has_a_column_form() -> None:
    entries = [ContextEntry(Variable("甲", NUMBER), literal("收入 * 2")), ContextEntry(Variable("乙"), literal("甲 / 人"))]
    lowers_boxed(boxed(Context((*entries, ContextEntry(None, literal("if 乙 > 1 then 甲 else 人"))), span=span())))


def test_a_boxed_conditional_has_a_column_form() -> None:
    lowers_boxed(boxed(Conditional(literal("收入 > 人"), literal("收入"), literal("人 * 2"), span=span())))


def test_a_table_in_a_function_has_a_column_form_where_its_outputs_are_constants() -> None:
    level = knowledge("级", {"额": NUMBER, "业": STRING}, table("F", ["额", "业"], [""], [("> 1", "-", "2"), ("-", '"甲"', "1")]), NUMBER)
    lowers_boxed(decision("问", '级(收入, "甲") + 级(业: "乙", 额: 人)'), level)


def test_values_of_no_known_kind_are_checked_against_a_declared_type() -> None:
    body = decision("问", 'if 人 > 2 then 收入 else "少"', NUMBER)
    compiled = model(body)
    plan = lower(compiled, ["问"], as_of=AS_OF)
    assert any(isinstance(operation, Fit) for operation in plan.operations)
    assert not any(isinstance(operation, InterpretDecision) for operation in plan.operations)
    assert not agreement(compiled, "问", MONEY, as_of=AS_OF).differences


def test_names_in_contexts_are_replaced_by_parameters() -> None:
    compiled = model(decision("问", "{甲: function(数) 数 + 线, 乙: 人}.乙"))
    plan = lower(compiled, ["问"], as_of=AS_OF, constants={"线": Decimal(3)})
    assert plan.fallbacks[0].text == "{甲: function(数) 数 + 线, 乙: 人}"
    assert not agreement(compiled, "问", MONEY, as_of=AS_OF, constants={"线": Decimal(3)}).differences


# --- costs -------------------------------------------------------------------------------------------------------------------


def cost_of(body: Any) -> list[tuple[str, Often, int | None]]:  # noqa: ANN401 - an expression or a table
    return [(cost.text, cost.often, cost.at_most) for cost in costs(plan_of(body))]


def test_what_rests_on_listed_words_and_truths_is_counted() -> None:
    assert cost_of("contains(类型, string(限制))")[-1] == ("contains(类型, string(限制))", Often.COUNTED, 5 * 4)


def test_what_rests_on_words_is_asked_once_for_each_of_them_and_on_numbers_perhaps_once_for_each_row() -> None:
    assert cost_of('contains(行业, "6")') == [('contains(行业, "6")', Often.PER_VALUE, None)]
    assert cost_of("log(收入)") == [("log(收入)", Often.PER_ROW, None)]
    assert cost_of('contains(行业, "6") = (log(2) > 0)')[0][1] is Often.PER_VALUE


def test_what_rests_on_nothing_is_asked_once() -> None:
    assert cost_of('matches("a", "a(")') == [('matches("a", "a(")', Often.ONCE, 1)]


def test_what_a_table_can_come_to_is_counted() -> None:
    body = table("F", ["收入"], [""], [("> 1", '"甲乙"'), ("> 0", '"乙"'), ("-", '"丙"')])
    found = costs(lower(model(decision("级", body), decision("问", "substring(级, 1, 1)")), ["问"], as_of=AS_OF))
    assert [(cost.often, cost.at_most, cost.microseconds, cost.operands) for cost in found] == [(Often.COUNTED, 6, 300, ("收入",))]


def test_values_of_several_kinds_side_by_side_are_told_of_though_no_expression_falls_back() -> None:
    found = costs(plan_of('if 人 > 2 then 收入 else "少"'))
    assert {(cost.reason, cost.often) for cost in found} == {(MIXED, Often.PER_ROW), (MIXED, Often.ONCE)}
