"""Decision tables: every hit policy over matches, nulls, unknowns, defaults and violations."""

from decimal import Decimal

import pytest

from tests.engine.dmn_models import Value, decide, decision, found_in, outcome, table
from zhida.dmn.model import DecisionTable
from zhida.values.types import NUMBER
from zhida.values.unknown import Unknown, unknown

ALL = ("U", "A", "P", "F", "R", "O", "C", "C+", "C<", "C>", "C#")
SINGLE = ("U", "A", "P", "F")
MANY = ("R", "O", "C")


def sized(hit_policy: str, *outputs: str, default: str = "", listed: str = "3,2,1,0,6,7,9") -> DecisionTable:
    """Return a table over 人 whose three rules say >= 30, >= 20 and >= 10."""
    rules = [[f">= {line}", output] for line, output in zip((30, 20, 10), outputs, strict=True)]
    return table(hit_policy, ["人"], ["出"], rules, listed=[listed], default=[default] if default else [])


def people(count: int | None) -> dict[str, Value]:
    return {"人": None if count is None else Decimal(count)}


def numbers(*values: int) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, values))


# --- matches ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hit_policy", "expected"),
    [
        ("A", Decimal(7)),
        ("P", Decimal(7)),
        ("F", Decimal(7)),
        ("R", numbers(7, 7, 7)),
        ("O", numbers(7, 7, 7)),
        ("C", numbers(7, 7, 7)),
        ("C+", Decimal(21)),
        ("C<", Decimal(7)),
        ("C>", Decimal(7)),
        ("C#", Decimal(3)),
    ],
)
def test_three_rules_that_say_the_same(hit_policy: str, expected: Value) -> None:
    assert outcome(sized(hit_policy, "7", "7", "7"), people(35)) == (expected, [])


@pytest.mark.parametrize(
    ("hit_policy", "expected"),
    [
        ("P", Decimal(3)),
        ("F", Decimal(2)),
        ("R", numbers(2, 1, 3)),
        ("O", numbers(3, 2, 1)),
        ("C", numbers(2, 1, 3)),
        ("C+", Decimal(6)),
        ("C<", Decimal(1)),
        ("C>", Decimal(3)),
        ("C#", Decimal(3)),
    ],
)
def test_three_rules_that_differ(hit_policy: str, expected: Value) -> None:
    assert outcome(sized(hit_policy, "2", "1", "3"), people(35)) == (expected, [])


@pytest.mark.parametrize("hit_policy", ALL)
def test_one_rule_that_matches(hit_policy: str) -> None:
    expected = {"C#": Decimal(1)}.get(hit_policy, numbers(3) if hit_policy in MANY else Decimal(3))
    assert outcome(sized(hit_policy, "2", "1", "3"), people(15)) == (expected, [])


def test_unique_hit_policy_rejects_two_matches_and_names_both_rules() -> None:
    found = decide(sized("U", "1", "1", "1"), people(25))
    assert found.value is None
    (violated,) = found.diagnostics
    assert violated.code == "dmn-unique-violated"
    assert violated.arguments["rules"] == "2, 3"


def test_any_hit_policy_rejects_different_outputs_and_names_the_rules() -> None:
    found = decide(sized("A", "1", "1", "2"), people(35))
    assert found.value is None
    (violated,) = found.diagnostics
    assert (violated.code, violated.arguments["rules"]) == ("dmn-any-violated", "1, 2, 3")


def test_first_hit_policy_does_not_look_at_rules_behind_the_one_that_matches() -> None:
    looked = table("F", ["人"], ["出"], [[">= 10", "1"], ["1 / 0", "2"]])
    assert outcome(looked, people(15)) == (Decimal(1), [])


def test_a_value_that_is_not_listed_comes_last_in_the_order_of_priority_as_null() -> None:
    assert outcome(sized("P", "8", "1", "2"), people(35)) == (Decimal(2), [])
    assert outcome(sized("O", "8", "1", "2"), people(35)) == ((*numbers(2, 1), None), ["dmn-not-allowed"])


def test_priority_goes_column_by_column_and_columns_without_listed_values_do_not_count() -> None:
    rules = [["-", '"乙"', "5", "1"], ["-", '"甲"', "1", "2"], ["-", '"甲"', "9", "3"]]
    columns = ["级", "数", "次"]
    chosen = outcome(table("P", ["人"], columns, rules, listed=['"甲","乙"', "", "3,2,1"]), people(1))
    assert chosen == ({"级": "甲", "数": Decimal(9), "次": Decimal(3)}, [])
    ordered = outcome(table("O", ["人"], columns, rules, listed=['"甲","乙"', "", ""]), people(1))[0]
    assert [row["次"] for row in ordered] == list(numbers(2, 3, 1))


def test_several_outputs_make_a_context() -> None:
    two = table("F", ["人"], ["甲", "乙"], [[">= 10", "1", "人 * 2"]])
    assert outcome(two, people(12)) == ({"甲": Decimal(1), "乙": Decimal(24)}, [])


def test_a_cell_may_use_its_input_other_inputs_and_builtins() -> None:
    cells = table("F", ["季度", "人"], ["出"], [["count(?) > 1 and sum(?) > 人", "-", "1"], ["-", "max(季度)", "2"], ["-", "-", "3"]])
    facts = {"季度": numbers(5, 6), "人": Decimal(10)}
    assert outcome(cells, facts)[0] == 1
    assert outcome(cells, {**facts, "季度": numbers(10)})[0] == 2
    assert outcome(cells, {**facts, "季度": ()})[0] == 3


def test_a_table_may_test_an_expression() -> None:
    assert outcome(table("U", ["收入 / 人"], ["出"], [["> 5", "1"], ["<= 5", "2"]]), {"收入": Decimal(10), "人": Decimal(2)})[0] == 2


# --- no rule matches ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hit_policy", "expected", "codes"),
    [(hit_policy, None, ["dmn-no-rule"]) for hit_policy in ALL],
)
def test_no_rule_and_no_default(hit_policy: str, expected: Value, codes: list[str]) -> None:
    assert outcome(sized(hit_policy, "1", "2", "3"), people(5)) == (expected, codes)


@pytest.mark.parametrize("hit_policy", ALL)
def test_no_rule_and_a_default(hit_policy: str) -> None:
    assert outcome(sized(hit_policy, "1", "2", "3", default="人 + 1"), people(5)) == (Decimal(6), [])


@pytest.mark.parametrize("hit_policy", MANY)
def test_where_many_may_match_the_default_is_the_value_itself(hit_policy: str) -> None:
    lists = table(hit_policy, ["人"], ["出"], [[">= 10", "[1, 2]"]], default=["[0]"])
    assert outcome(lists, people(5)) == (numbers(0), [])


def test_a_default_that_is_null_is_no_mistake() -> None:
    assert outcome(sized("F", "1", "2", "3", default="null"), people(5)) == (None, [])


def test_a_default_of_some_outputs_leaves_the_others_null() -> None:
    two = table("F", ["人"], ["甲", "乙"], [[">= 10", "1", "2"]], default=["0", ""])
    assert outcome(two, people(5)) == ({"甲": Decimal(0), "乙": None}, [])


# --- null -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hit_policy", ALL)
def test_a_rule_that_fails_only_because_of_null_is_noted(hit_policy: str) -> None:
    value, codes = outcome(sized(hit_policy, "1", "2", "3", default="9"), people(None))
    assert value == Decimal(9)
    assert codes == ["dmn-null-in-table"]


def test_a_table_that_names_null_has_said_what_null_means() -> None:
    named = table("F", ["人"], ["出"], [["null", "0"], [">= 10", "1"]])
    assert outcome(named, people(None)) == (Decimal(0), [])
    excluded = table("F", ["人"], ["出"], [["not(null)", "1"]], default=["0"])
    assert outcome(excluded, people(None)) == (Decimal(0), [])


def test_null_does_not_matter_where_another_cell_of_the_rule_fails() -> None:
    two = table("F", ["人", "行业"], ["出"], [[">= 10", '"65"', "1"]], default=["0"])
    assert outcome(two, {"人": None, "行业": "47"}) == (Decimal(0), [])
    assert outcome(two, {"人": None, "行业": "65"}) == (Decimal(0), ["dmn-null-in-table"])


def test_a_cell_that_compares_with_a_null_is_noted() -> None:
    line = table("F", ["人"], ["出"], [[">= 线", "1"]], default=["0"])
    assert outcome(line, {"人": Decimal(5), "线": None}) == (Decimal(0), ["feel-null-operand"])


def test_a_cell_that_compares_with_a_null_does_not_matter_where_another_cell_fails() -> None:
    line = table("F", ["人", "行业"], ["出"], [[">= 线", '"65"', "1"], ["-", '"47"', "2"]], default=["0"])
    assert outcome(line, {"人": Decimal(5), "线": None, "行业": "47"}) == (Decimal(2), [])


def test_null_passes_a_dash() -> None:
    assert outcome(table("U", ["人"], ["出"], [["-", "1"]]), people(None)) == (Decimal(1), [])


# --- what is not allowed, and outputs of another type -----------------------------------------------------------------


def test_where_an_input_is_not_allowed_no_rule_matches_and_it_is_said() -> None:
    limited = table("F", ["人"], ["出"], [["> 0", "1"]], allowed=["[0..100]"], default=["0"])
    assert outcome(limited, people(100)) == (Decimal(1), [])
    assert outcome(limited, people(101)) == (Decimal(0), ["dmn-not-allowed"])
    assert outcome(limited, people(None)) == (Decimal(0), ["dmn-null-in-table"])


def test_values_that_outputs_may_take_are_checked_and_may_use_other_inputs() -> None:
    unquoted = table("P", ["人"], ["出"], [["-", '"Yes"']], listed=["Yes, No"])
    assert [found_in(decision("问", unquoted)).codes] == [["feel-unknown-name", "feel-unknown-name"]]
    reckoned = table("P", ["人"], ["出"], [["-", "1"], ["-", "2"]], listed=["线, 线 - 1"])
    assert outcome(reckoned, {"人": Decimal(1), "线": Decimal(2)}) == (Decimal(2), [])
    assert outcome(reckoned, {"人": Decimal(1), "线": Decimal(1)}) == (Decimal(1), [])


def test_an_output_of_another_type_is_null_and_said() -> None:
    typed = table("F", ["人"], ["出"], [["-", "收入"]], types=[NUMBER])
    assert outcome(typed, {"人": Decimal(1), "收入": Decimal(2)}) == (Decimal(2), [])
    assert outcome(typed, {"人": Decimal(1), "收入": "二"}) == (None, ["feel-bad-result"])


@pytest.mark.parametrize("value", ["a", None, True, numbers(1, 2)])
@pytest.mark.parametrize("hit_policy", ["C+", "C<", "C>"])
def test_what_cannot_be_aggregated_is_null_and_said(hit_policy: str, value: Value) -> None:
    mixed = table(hit_policy, ["人"], ["出"], [["-", "1"], ["-", "值"], ["-", "2"]])
    assert outcome(mixed, {"人": Decimal(1), "值": value}) == (None, ["dmn-bad-aggregation"])


def test_texts_and_dates_have_a_least_and_a_greatest() -> None:
    words = table("C>", ["人"], ["出"], [["-", '"a"'], ["-", '"b"']])
    assert outcome(words, people(1)) == ("b", [])


def test_sums_have_34_digits() -> None:
    thirds = table("C+", ["人"], ["出"], [["-", "1 / 3"], ["-", "1 / 3"], ["-", "1 / 3"]])
    assert outcome(thirds, people(1)) == (Decimal("0." + "9" * 34), [])


# --- unknown ------------------------------------------------------------------------------------------------------------------

HERE, THERE = unknown("人"), unknown("收入")


def of_unknown(body: DecisionTable, **facts: Value) -> Value:
    value, codes = outcome(body, {"人": HERE, **facts})
    assert codes == []
    return value


@pytest.mark.parametrize("hit_policy", ALL)
def test_an_unknown_that_can_change_the_value_makes_it_unknown(hit_policy: str) -> None:
    assert of_unknown(sized(hit_policy, "1", "2", "3", default="0")) == HERE


@pytest.mark.parametrize("hit_policy", ["A", "F"])
def test_an_unknown_does_not_matter_where_all_rules_and_the_default_say_the_same(hit_policy: str) -> None:
    assert of_unknown(sized(hit_policy, "7", "7", "7", default="7")) == 7
    assert of_unknown(sized(hit_policy, "7", "7", "7")) == HERE


@pytest.mark.parametrize("hit_policy", ["A", "F"])
def test_an_unknown_matters_where_no_rule_may_fire_though_the_rules_say_null_too(hit_policy: str) -> None:
    assert of_unknown(sized(hit_policy, "null", "null", "null")) == HERE
    assert of_unknown(sized(hit_policy, "null", "null", "null", default="null")) is None


def test_under_unique_two_rules_that_may_both_match_keep_the_value_unknown() -> None:
    assert of_unknown(sized("U", "7", "7", "7", default="7")) == HERE
    one = table("U", ["人"], ["出"], [[">= 30", "7"]], default=["7"])
    assert of_unknown(one) == 7


def test_under_unique_a_rule_that_matches_is_not_safe_from_one_that_may() -> None:
    both = table("U", ["人", "行业"], ["出"], [["-", '"65"', "1"], [">= 30", "-", "1"]])
    assert of_unknown(both, 行业="65") == HERE
    assert of_unknown(both, 行业="47") == HERE


def test_under_first_only_rules_before_the_one_that_matches_count() -> None:
    rules = [[">= 30", '"47"', "1"], ["-", '"65"', "2"], [">= 20", "-", "3"]]
    first = table("F", ["人", "行业"], ["出"], rules)
    assert of_unknown(first, 行业="65") == 2
    assert of_unknown(first, 行业="47") == HERE


def test_under_any_all_rules_that_match_or_may_must_agree() -> None:
    rules = [["-", '"65"', "1"], [">= 30", "-", "1"], ["-", '"65","66"', "2"]]
    assert of_unknown(table("A", ["人", "行业"], ["出"], rules[:2]), 行业="65") == 1
    assert of_unknown(table("A", ["人", "行业"], ["出"], rules), 行业="66") == HERE
    assert of_unknown(table("A", ["人", "行业"], ["出"], rules), 行业="65") == HERE


def test_a_rule_that_fails_elsewhere_does_not_depend_on_the_unknown() -> None:
    two = table("U", ["人", "行业"], ["出"], [[">= 30", '"65"', "1"], ["-", '"47"', "2"]])
    assert of_unknown(two, 行业="47") == 2


def test_a_rule_that_fails_by_null_does_not_depend_on_the_unknown() -> None:
    two = table("U", ["人", "线"], ["出"], [[">= 30", "> 5", "1"], ["-", "null", "2"]])
    assert of_unknown(two, 线=None) == 2


@pytest.mark.parametrize("hit_policy", ["P", "R", "O", "C", "C+", "C<", "C>", "C#"])
def test_one_rule_that_may_match_is_tried_both_ways(hit_policy: str) -> None:
    rules = [["-", '"65"', "5"], [">= 30", '"66"', "5"]]
    unaffected = outcome(table(hit_policy, ["人", "行业"], ["出"], rules, listed=["5"]), {"人": HERE, "行业": "65"})
    assert unaffected[0] == {"C#": Decimal(1)}.get(hit_policy, numbers(5) if hit_policy in MANY else Decimal(5))
    both = table(hit_policy, ["人", "行业"], ["出"], [["-", "-", "5"], [">= 30", "-", "5"]], listed=["5"])
    expected = Decimal(5) if hit_policy in {"P", "C<", "C>"} else HERE
    assert of_unknown(both, 行业="65") == expected


@pytest.mark.parametrize("hit_policy", ["A", "P", "O", "C+", "C<", "C>"])
def test_an_unknown_output_among_several_makes_the_value_unknown(hit_policy: str) -> None:
    rules = table(hit_policy, ["行业"], ["出"], [["-", "收入"], ["-", "1"]], listed=["1"])
    assert outcome(rules, {"行业": "65", "收入": THERE}) == (THERE, [])


@pytest.mark.parametrize("hit_policy", ["R", "C"])
def test_an_unknown_output_stays_in_the_list(hit_policy: str) -> None:
    rules = table(hit_policy, ["行业"], ["出"], [["-", "收入"], ["-", "1"]])
    assert outcome(rules, {"行业": "65", "收入": THERE}) == ((THERE, Decimal(1)), [])


def test_an_unknown_output_of_a_rule_that_does_not_match_does_not_matter() -> None:
    rules = table("U", ["行业"], ["出"], [['"47"', "收入"], ['"65"', "1"]])
    assert outcome(rules, {"行业": "65", "收入": THERE}) == (Decimal(1), [])


def test_what_is_missing_names_the_facts_of_cells_and_of_outputs() -> None:
    rules = table("F", ["人"], ["出"], [[">= 30", "收入"]], default=["0"])
    assert outcome(rules, {"人": HERE, "收入": THERE}) == (Unknown(frozenset({"人", "收入"})), [])


def test_rules_that_agree_only_in_a_mistake_keep_the_value_unknown() -> None:
    rules = table("F", ["人"], ["出"], [[">= 30", "if 1 / 0 > 1 then 1 else 2"]], default=["2"])
    assert of_unknown(rules) == HERE


# --- trace ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hit_policy", "matched"),
    [("U", (0, 1)), ("A", (0,)), ("P", (0, 1)), ("F", (0,)), ("R", (0, 1)), ("O", (0, 1)), ("C", (0, 1)), ("C+", (0, 1)), ("C#", (0, 1))],
)
def test_the_trace_names_the_rules_that_the_value_rests_on(hit_policy: str, matched: tuple[int, ...]) -> None:
    two = table(hit_policy, ["人"], ["出"], [[">= 10", "1"], [">= 5", "1"], [">= 50", "1"]], listed=["1"])
    trace = decide(two, people(12)).trace["问"].table
    assert trace is not None
    assert (trace.matched, trace.possible, trace.inputs) == (matched, (), numbers(12))


def test_the_trace_names_the_rules_of_which_nobody_knows() -> None:
    trace = decide(sized("F", "1", "2", "3"), {"人": HERE}).trace["问"].table
    assert trace is not None
    assert (trace.matched, trace.possible) == ((), (0, 1, 2))


@pytest.mark.parametrize(("hit_policy", "outputs"), [("P", ("1", "0")), ("C+", ("1", "-1")), ("U", ("1", "0"))])
def test_rules_that_exclude_each_other_may_match_alone(hit_policy: str, outputs: tuple[str, str]) -> None:
    rules = [["< 20", outputs[0]], [">= 30", outputs[1]]]
    assert of_unknown(table(hit_policy, ["人"], ["出"], rules, listed=["0,1"], default=["0"])) == HERE
