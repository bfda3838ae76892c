"""Columns: what lowers and what falls back, integers that do not fit, quotients at their lines, tables of every size."""

import pickle
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.engine.columnar_agreement import Agreement, agreement, block_of
from tests.engine.dmn_models import AS_OF, ITEMS, decision, knowledge, model, table
from zhida.columnar.columns import Vocabulary, is_bad_at, value_at
from zhida.columnar.execute import Executor
from zhida.columnar.frames import FEW_WORDS, read_column, with_numbered_words
from zhida.columnar.kernel import combine, first, intersect, reached
from zhida.columnar.lower import lower
from zhida.columnar.plan import Arithmetic, Decide, Plan
from zhida.columnar.tables import DENSE_LIMIT
from zhida.dmn.model import BusinessKnowledgeModel, Decision, ItemDefinition
from zhida.values.temporal import Date
from zhida.values.types import ANY, BOOLEAN, DATE, NUMBER, STRING, list_of
from zhida.values.unknown import Unknown, unknown

Value = Any
HALF = {"收入": Decimal("0.5")}


def plan_of(*elements: Decision | BusinessKnowledgeModel, goal: str = "问", **constants: Value) -> Plan:
    return lower(model(*elements), [goal], as_of=AS_OF, constants=constants)


def compared(body: Any, rows: list[dict[str, Value]], *others: Decision | BusinessKnowledgeModel) -> Agreement:  # noqa: ANN401
    found = agreement(model(*others, decision("问", body)), "问", rows, as_of=AS_OF)
    assert not found.differences, found.differences[0]
    return found


# --- lowering ------------------------------------------------------------------------------------------------------------


def test_what_is_computed_twice_is_there_once() -> None:
    plan = plan_of(decision("问", "if 收入 * 2 > 10 then 收入 * 2 else 收入 * 2 + 1"))
    assert sum(isinstance(operation, Arithmetic) and operation.operator == "*" for operation in plan.operations) == 1


def test_decisions_stand_behind_what_they_require_and_only_what_is_asked_for_is_lowered() -> None:
    plan = plan_of(decision("问", "中 + 1"), decision("中", "收入"), decision("别", "人"))
    assert [step.name for step in plan.steps] == ["中", "问"]
    assert list(plan.facts) == ["收入"]


def test_what_has_no_column_form_is_named_with_its_reason_and_only_it_falls_back() -> None:
    plan = plan_of(decision("问", 'if starts with(行业, "6") then 收入 * 2 else 0'))
    assert [(item.decision, item.text, item.reason) for item in plan.fallbacks] == [
        ("问", 'starts with(行业, "6")', "'starts with' has no column form")
    ]
    assert any(isinstance(operation, Arithmetic) for operation in plan.operations)


def test_a_decision_whose_parts_cannot_be_told_apart_falls_back_whole() -> None:
    parts = (decision("问", "sum(for 数 in [人, 1] return 双(数))"), knowledge("双", {"n": NUMBER}, "n * 2", NUMBER))
    assert [(item.text, item.reason) for item in plan_of(*parts).fallbacks] == [("", "'双' is a function here")]
    compared("sum(for 数 in [人, 1] return 双(数))", [{"人": Decimal(3)}, {"人": None}, {}], parts[1])


def test_business_knowledge_models_are_inlined() -> None:
    税 = knowledge("税", {"额": NUMBER}, "if 额 > 100 then 额 - 100 else 0", NUMBER)  # noqa: PLC2401, N806
    assert plan_of(decision("问", "税(收入) + 税(收入 * 2)"), 税).fallbacks == ()
    compared("税(收入) + 税(收入 * 2)", [{"收入": Decimal(value)} for value in ("50", "100", "100.01")] + [{"收入": None}, {}], 税)


def test_a_plan_can_be_sent_to_another_process() -> None:
    body = table("F", ["收入", "行业"], [""], [(">= 10", '"甲"', "收入 * 2"), ("-", "-", "0")])
    plan = plan_of(decision("问", body))
    again = Executor(pickle.loads(pickle.dumps(plan)))  # noqa: S301 - our own bytes
    results = again.execute(block_of(again.plan, [{"收入": Decimal(10), "行业": "甲"}], again))
    assert results.value("问", 0) == Decimal(20)


# --- integers ------------------------------------------------------------------------------------------------------------


def test_a_product_of_sums_of_money_is_exact_however_great() -> None:
    found = compared("收入 * 收入", [{"收入": Decimal(9) * 10**16}, {"收入": Decimal("0.01")}, {"收入": None}, {}])
    assert found.bad == 0
    assert not found.differences


@pytest.mark.parametrize("text", ["收入 + 收入 + 收入", "sum(收入, 收入, 收入)", "收入 * 1000000000000", "abs(-收入 - 收入)"])
def test_a_row_whose_integers_do_not_fit_goes_to_the_interpreter_and_its_neighbours_do_not(text: str) -> None:
    found = compared(text, [{"收入": Decimal(9) * 10**16}, {"收入": Decimal("0.01")}, {"收入": None}, {}])
    assert found.bad == 1


def test_a_number_finer_than_its_scale_goes_to_the_interpreter() -> None:
    assert compared("收入 + 1", [{"收入": Decimal("0.005")}, HALF]).bad == 1


def test_a_branch_that_is_not_entered_makes_no_row_bad() -> None:
    assert compared("if 收入 > 1000 then 0 else 收入 * 收入", [{"收入": Decimal(9) * 10**16}]).bad == 0


def test_division_by_a_constant_with_a_finite_inverse_stays_an_integer() -> None:
    plan = plan_of(decision("问", "收入 / 8"))
    assert plan.operations[-1].form.scale == 5
    compared("收入 / 8 + 1", [HALF, {"收入": Decimal("-7.77")}, {"收入": None}])


@pytest.mark.parametrize("line", ["0.01", "0.333333", "3", "0", "-0.5"])
@pytest.mark.parametrize("operator", ["=", "<", "<=", ">", ">="])
def test_a_quotient_is_compared_exactly_at_its_line(line: str, operator: str) -> None:
    rows = [
        {"收入": Decimal(above) / 100, "人": Decimal(below)}
        for above in (0, 1, 2, 99, 100, 101, 300, -150, 333333)
        for below in (1, 3, 100, -3, 0, 1000)
    ]
    compared(f"收入 / 人 {operator} {line}", rows)
    compared(table("F", ["收入 / 人"], [""], [(f"{operator} {line}" if operator != "=" else line, "1"), ("-", "2")]), rows)


def test_folds_of_lists_are_those_of_the_interpreter() -> None:
    lists = [(Decimal(3), Decimal(-1)), (), None, (Decimal(2**62), Decimal(2**62)), (Decimal(1),) * 1_001, (Decimal(7),)]
    rows = [{"季度": value} for value in lists] + [{}]
    for name, bad in (("sum", 2), ("count", 1), ("min", 1), ("max", 1)):
        assert compared(f"{name}(季度)", rows).bad == bad


# --- tables --------------------------------------------------------------------------------------------------------------

POLICIES = ["U", "A", "F", "P", "R", "O", "C", "C+", "C<", "C>", "C#"]


def random_rows(count: int, lots: Random) -> list[dict[str, Value]]:
    def lot(values: list[Value], name: str) -> Value:
        return lots.choice([*values, *values, None, unknown(name)])

    return [
        {
            "收入": lot([Decimal(lots.randrange(-100, 12_000)).scaleb(-2) for _ in range(8)], "收入"),
            "人": lot([Decimal(lots.randrange(0, 130)) for _ in range(8)], "人"),
            "行业": lot([f"{number:02}" for number in range(100)], "行业"),
            "成立": lot([Date(2020 + lots.randrange(8), 1 + lots.randrange(12), 1) for _ in range(4)], "成立"),
        }
        for _ in range(count)
    ]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("rules", [3, 40, 150])
def test_tables_too_large_for_one_look_up_are_matched_by_bits(policy: str, rules: int) -> None:
    lots = Random(f"{policy}{rules}")  # noqa: S311 - drawn from a seed, and nothing is secret
    cells = [
        (
            lots.choice(["-", f">= {lots.randrange(120)}", f"[{place}..{place + 9}.99)"]),
            lots.choice(["-", f"< {lots.randrange(130)}", str(place % 130)]),
            lots.choice(["-", f'"{place % 100:02}"', f'not("{place % 100:02}")']),
            lots.choice(["-", f'>= @"{2020 + place % 8}-{1 + place % 12:02}-01"']),
            str(place % 3),
        )
        for place in range(rules)
    ]
    body = table(policy, ["收入", "人", "行业", "成立"], [""], cells, listed=["2,1,0"] if policy in {"P", "O"} else [])
    compiled = model(decision("问", body))
    executor = Executor(lower(compiled, ["问"], as_of=AS_OF))
    rows = random_rows(250 if rules < 150 else 130, lots)
    for part in (rows[:100], rows[100:]):  # strings that a later block brings have codes of their own
        found = agreement(compiled, "问", part, as_of=AS_OF, executor=executor)
        assert not found.differences, found.differences[0]
    decider = next(iter(executor.tables.values()))
    assert executor.plan.fallbacks == ()
    if rules > 3:
        assert np.prod([encoder.count for encoder in decider.encoders]) > DENSE_LIMIT
        assert len(decider.masks[0][0]) == -(-rules // 64)


def test_a_table_with_outputs_that_are_no_constants_needs_the_interpreter_for_no_plain_row() -> None:
    body = table("F", ["收入"], [""], [("< 10", "收入 * 2"), (">= 10", "收入")])
    compiled = model(decision("问", body))
    executor = Executor(lower(compiled, ["问"], as_of=AS_OF))
    rows = [{"收入": Decimal(number)} for number in range(20)] + [{}]
    assert not agreement(compiled, "问", rows, as_of=AS_OF, executor=executor).differences
    assert executor.interpreter.evaluations == 0


def test_an_odd_constant_that_may_be_the_output_agrees_with_no_other() -> None:
    body = table("F", ["人"], [""], [("< 10", "null"), ("< 60", "sum(100, null)"), ("-", "收入")])
    compared(body, [{"收入": Decimal(1)}, {"人": unknown("人"), "收入": None}, *({"人": Decimal(each)} for each in (9, 10, 60))])
    certain = table("F", ["人"], [""], [("< 10", "null"), ("-", "sum(100, null)"), ("-", "收入")])
    compared(certain, [{"收入": Decimal(1)}, {"人": Decimal(9)}, {"人": Decimal(10)}])


def test_amounts_of_matching_rules_are_added_up_in_columns() -> None:
    body = table("C+", ["人", "收入"], [""], [("> 0", "-", "收入 * 2"), ("> 30", "-", "收入"), ("> 60", "-", "10"), ("-", "< 0", "null")])
    plan = plan_of(decision("问", body))
    assert plan.fallbacks == ()
    compared(body, random_rows(200, Random(1)))  # noqa: S311 - as above


def test_a_cell_that_compares_with_what_a_row_gives_is_a_column_of_truth_values() -> None:
    body = table("F", ["人"], [""], [("> 线", "1"), ("-", "0")])
    assert plan_of(decision("问", body)).fallbacks == ()
    compared(body, random_rows(200, Random(2)))  # noqa: S311 - as above


def test_a_cell_that_names_what_a_row_gives_in_another_way_makes_the_table_fall_back() -> None:
    body = table("F", ["人"], [""], [("线", "1"), ("-", "0")])
    assert [item.reason for item in plan_of(decision("问", body)).fallbacks] == ["a cell names '线'"]
    compared(body, random_rows(50, Random(2)))  # noqa: S311 - as above


def with_lines(rows: list[dict[str, Value]], lots: Random) -> list[dict[str, Value]]:
    return [row | {"线": lots.choice([Decimal(lots.randrange(0, 130)), row["人"], Decimal(60), None, unknown("线")])} for row in rows]


@pytest.mark.parametrize("policy", ["F", "U"])
def test_what_only_a_cell_names_is_read_where_that_cell_is_come_to(policy: str) -> None:
    lots = Random(3)  # noqa: S311 - the same rows each time
    rows = with_lines(random_rows(400, lots), lots)
    compared(table(policy, ["人", "收入"], [""], [("> 线", "> 0", "1"), ("<= 线", "< 50", "2"), ("<= 线", ">= 50", "线")]), rows)
    odd = decision("界", table("U", ["线"], [""], [("> 60", "线"), ("< 30", "30")]))  # of which no rule may fire
    compared(table(policy, ["收入", "人"], [""], [("> 50", "<= 界", "1"), ("<= 50", "-", "2")]), rows, odd)


ELEMENTS = ItemDefinition(
    "专利", list_of(ANY), components=(ItemDefinition("类别", STRING), ItemDefinition("费用", NUMBER, scale=2), ItemDefinition("到期", DATE))
)


@pytest.mark.parametrize(
    "body",
    [
        'count(专利[类别 = "甲" and 费用 > 1])',
        'count(专利[类别 = "甲" or 到期 >= @"2026-01-01"])',
        'count(专利[类别 != "乙"][费用 * 2 > 3])',
        "sum(for 件 in 专利 return 件.费用 * 2)",
        "count(专利)",
        "专利[费用 > 1]",
    ],
)
def test_elements_of_lists_are_looked_at_all_at_once(body: str) -> None:
    lots = Random(5)  # noqa: S311 - the same rows each time
    lacking = unknown("专利")

    def element(odd: int) -> dict[str, Value]:
        values = {
            "类别": lots.choice(["甲", "乙"]),
            "费用": Decimal(lots.randrange(0, 400)).scaleb(-2),
            "到期": Date(2025 + lots.randrange(2), 1, 1),
        }
        return {name: lots.choice([None, lacking]) if lots.randrange(100) < odd else value for name, value in values.items()}

    lists = [tuple(element(lots.choice([0, 0, 10])) for _ in range(lots.randrange(6))) for _ in range(300)]
    rows = [{"专利": lots.choice([value, value, value, None, lacking])} for value in lists]
    whole = model(decision("问", body), items={"专利": ELEMENTS})
    found = agreement(whole, "问", rows, as_of=AS_OF)
    assert not found.differences, found.differences[0]
    assert lower(whole, ["问"], as_of=AS_OF).fallbacks == ()


def test_cells_may_name_parameters() -> None:
    plan = plan_of(decision("问", table("F", ["人"], [""], [("> 线", "1"), ("-", "0")])), 线=Decimal(3))
    assert plan.fallbacks == ()
    assert sum(isinstance(operation, Decide) for operation in plan.operations) == 1


# --- frames --------------------------------------------------------------------------------------------------------------


def read(series: pl.Series, item: ItemDefinition, *more: pl.Series) -> list[Value]:
    words = Vocabulary()
    column = read_column(pl.DataFrame([series, *more]), item, words)
    return ["bad" if is_bad_at(column, row) else value_at(column, row, words) for row in range(len(series))]


MONEY = ItemDefinition("收入", NUMBER, "元", 2)
LACKING = Unknown(frozenset({"收入"}))


def test_decimals_are_read_as_integers_of_the_scale() -> None:
    values = [Decimal("1.5"), Decimal("-0.01"), None, Decimal(10) ** 17]
    assert read(pl.Series("收入", values, pl.Decimal(38, 2)), MONEY) == [Decimal("1.5"), Decimal("-0.01"), LACKING, "bad"]
    assert read(pl.Series("收入", [Decimal("1.505"), Decimal("1.5")], pl.Decimal(38, 3)), MONEY) == ["bad", Decimal("1.5")]
    assert read(pl.Series("收入", [Decimal(3)], pl.Decimal(38, 0)), MONEY) == [Decimal(3)]
    assert read(pl.Series("收入", [3, 2**62, None], pl.Int64), MONEY) == [Decimal(3), "bad", LACKING]


def test_binary_numbers_are_no_money() -> None:
    assert read(pl.Series("收入", [1.5, None]), MONEY) == ["bad", LACKING]


def test_a_known_absence_is_null_and_an_empty_cell_is_unknown() -> None:
    absent = pl.Series("证书:absent", [True, False, None])
    found = read(pl.Series("证书", [None, None, None], pl.Date), ItemDefinition("证书", DATE, is_nullable=True), absent)
    assert found == [None, Unknown(frozenset({"证书"})), Unknown(frozenset({"证书"}))]


def test_lists_words_and_dates_are_read() -> None:
    people = ItemDefinition("季度", list_of(NUMBER), "人", 0)
    values = pl.Series("季度", [[1, 2], [], None, [1, None]], pl.List(pl.Int64))
    assert read(values, people) == [(Decimal(1), Decimal(2)), (), Unknown(frozenset({"季度"})), "bad"]
    assert read(pl.Series("行业", ["甲", None, "甲"]), ItemDefinition("行业", STRING))[::2] == ["甲", "甲"]
    day = pl.Series("成立", ["2024-02-29", "1969-12-31"]).str.to_date()
    assert read(day, ITEMS["成立"]) == [Date(2024, 2, 29), Date(1969, 12, 31)]


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical, pl.Enum(["乙", "甲", "丙"])])
def test_texts_are_read_whatever_they_are_numbered_by(dtype: Any) -> None:  # noqa: ANN401 - a type of polars
    trade = ItemDefinition("行业", STRING)
    assert read(pl.Series("行业", ["甲", None, "乙"], dtype), trade) == ["甲", Unknown(frozenset({"行业"})), "乙"]
    assert read(pl.Series("行业", [None, None], dtype), trade) == [Unknown(frozenset({"行业"}))] * 2


def test_numbers_that_64_bits_hold_after_rounding_alone_are_read() -> None:
    values = [Decimal(9) * 10**17, Decimal("-2.5"), None]
    assert read(pl.Series("收入", values, pl.Decimal(38, 6)), ItemDefinition("收入", NUMBER, "元", 0)) == [values[0], "bad", LACKING]
    assert read(pl.Series("收入", [3, 2**70, None], pl.Int128), MONEY) == [Decimal(3), "bad", LACKING]


@pytest.mark.parametrize(
    ("series", "item"),
    [
        (pl.Series("收入", [None, Decimal("1.5"), Decimal(-3)] * 7, pl.Decimal(38, 2)), MONEY),
        (pl.Series("收入", [None, 4, -3] * 7, pl.Int16), MONEY),
        (pl.Series("证书", [None, date(2024, 2, 29), date(1969, 12, 31)] * 7), ItemDefinition("证书", DATE)),
        (pl.Series("高企", [None, True, False] * 7), ItemDefinition("高企", BOOLEAN)),
        (pl.Series("行业", [None, "甲", "乙"] * 7), ItemDefinition("行业", STRING)),
        (pl.Series("行业", [None, "甲", "乙"] * 7, pl.Enum(["乙", "丙", "甲"])), ItemDefinition("行业", STRING)),
    ],
)
def test_rows_of_a_slice_are_read_as_they_are_in_the_whole(series: pl.Series, item: ItemDefinition) -> None:
    absent = pl.Series(f"{item.name}:absent", [place % 2 == 0 for place in range(len(series))])
    whole = read(series, item, absent)
    assert len({repr(value) for value in whole}) == 4
    for start in (1, 8, 11):
        assert read(series[start:], item, absent[start:]) == whole[start:]


def test_texts_that_several_read_are_numbered_once_where_there_are_few_of_them() -> None:
    frame = pl.DataFrame({"行业": ["甲", None, "甲"], "地址": ["一", "二", "三"], "名": ["子", "丑", "寅"], "人": [1, 2, 3]})
    found = with_numbered_words(frame, ["行业", "人", "行业", "地址", "人", "名", "名"])
    assert found.schema["行业"] == pl.Enum(["甲"])
    assert found.schema["地址"] == pl.String  # read by one alone
    assert found.schema["人"] == pl.Int64
    assert found["行业"].to_list() == ["甲", None, "甲"]
    many = pl.DataFrame({"号": [str(number) for number in range(FEW_WORDS + 1)]})
    assert with_numbered_words(many, ["号", "号"]).schema["号"] == pl.String


def test_an_attribute_that_the_frame_does_not_have_is_unknown() -> None:
    assert read(pl.Series("别", [1]), MONEY) == [LACKING]
    assert read(pl.Series("别", [1]), ItemDefinition("季度", list_of(NUMBER))) == [Unknown(frozenset({"季度"}))]


# --- kernel --------------------------------------------------------------------------------------------------------------


def test_thresholds_count_from_the_value_that_reaches_them() -> None:
    assert reached(np.array([-(2**63), 9, 10, 11, 2**63 - 1]), np.array([10, 11])).tolist() == [0, 0, 1, 2, 2]


def test_the_lowest_rule_is_found_in_every_word() -> None:
    masks = np.zeros((4, 3), np.uint64)
    for row, rule in enumerate((0, 63, 64, 191)):
        masks[row, rule // 64] = np.uint64(1 << (rule % 64))
    assert first(masks).tolist() == [0, 63, 64, 191]


def test_rules_match_where_every_code_satisfies_them() -> None:
    masks = [np.array([[0b011], [0b110]], np.uint64), np.array([[0b010], [0b101]], np.uint64)]
    codes = [np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])]
    assert intersect(codes, masks)[:, 0].tolist() == [0b010, 0b001, 0b010, 0b100]
    assert combine(codes, [2, 1]).tolist() == [0, 1, 2, 3]
