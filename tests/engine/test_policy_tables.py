"""Tables that are nearly right: corners, rows of defaults, lost numbers, columns and ids that stand twice."""

import pytest

from tests.engine.policy_texts import tangled
from zhida.dmn.model import DecisionTable
from zhida.policy.tangle import TangledPolicy

HEAD = "| F | 人 | **甲: number** |\n|---|---|---|\n"


def codes(body: str) -> list[str]:
    return [item.code for item in tangled(body).diagnostics]


def table_of(policy: TangledPolicy) -> DecisionTable:
    (decision,) = policy.decisions
    assert isinstance(decision.expression, DecisionTable)
    return decision.expression


@pytest.mark.parametrize(
    ("corner", "near"),
    [
        ("例子", "例"),
        ("例：", "例"),
        ("Examples", "Example"),
        ("example", "Example"),
        ("f", "F"),
        ("Ｆ", "F"),
        ("F.", "F"),
        ("U:", "U"),
        ("First", "F"),
        ("UNIQUE", "U"),
        ("C＋", "C+"),
        ("c+ 加成", "C+ 加成"),
        ("Ｕ： 加成", "U 加成"),
        ("C +", "C+"),
    ],
)
@pytest.mark.parametrize("output", ["**甲**", "甲"])
def test_a_corner_that_is_nearly_right_is_an_error_with_a_suggestion(corner: str, near: str, output: str) -> None:
    policy = tangled(f"| {corner} | 人 | {output} |\n|---|---|---|\n| 1 | - | 5 |\n")
    assert (policy.decisions, policy.examples) == ((), ())
    (found,) = policy.diagnostics
    assert (found.code, found.arguments["near"]) == ("policy-corner", near)


@pytest.mark.parametrize("corner", ["", "项目", "X", "序号"])
def test_bold_headers_with_an_unknown_corner_are_an_error_and_plain_ones_are_for_readers(corner: str) -> None:
    assert codes(f"| {corner} | **额** |\n|---|---|\n| 1 | 2 |\n") == ["policy-corner"]
    assert codes(f"| {corner} | 额 | *注* |\n|---|---|---|\n| 1 | 2 | 3 |\n") == []


def test_a_bold_corner_is_a_corner_and_no_result() -> None:
    table = table_of(tangled("| **F** | 人 | **甲** |\n|---|---|---|\n| 1 | - | 5 |\n"))
    assert [clause.name for clause in table.outputs] == ["甲"]
    assert codes("| **F** | 人 | 甲 |\n|---|---|---|\n| 1 | - | 5 |\n") == ["policy-no-output"]


@pytest.mark.parametrize(
    "header", ["| F | 人 | 人 | **甲** |", "| F 表 | 人 | **甲** | **甲** |", "| F 表 | 人 | **甲: number** | **甲: string** |"]
)
def test_two_columns_of_one_name_are_an_error(header: str) -> None:
    assert codes(f"{header}\n|---|---|---|---|\n| 1 | 1 | 1 | 1 |\n") == ["policy-duplicate-column"]


@pytest.mark.parametrize("header", ["| 例 | 人 | 人 | **甲** |", "| 例 | 人 | **甲** | **甲** |"])
def test_two_columns_of_one_name_in_examples_are_an_error(header: str) -> None:
    assert codes(f"{header}\n|---|---|---|---|\n| 1 | 1 | 1 | 1 |\n") == ["policy-duplicate-column"]


def test_two_rules_of_one_number_are_an_error() -> None:
    assert codes(HEAD + "| 1 | - | 1 |\n| 2 | - | 1 |\n| 1 | - | 2 |\n") == ["policy-duplicate-rule"]


# --- the row of defaults --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["-", ""])
def test_the_row_of_defaults_tests_nothing(cell: str) -> None:
    policy = tangled(HEAD + f"| 1 | > 3 | 1 |\n| 否则 | {cell} | 0 |\n")
    assert policy.diagnostics == ()
    default = table_of(policy).outputs[0].default
    assert default is not None
    assert default.text == "0"


def test_a_condition_in_the_row_of_defaults_is_an_error() -> None:
    assert codes(HEAD + "| 1 | > 3 | 1 |\n| 否则 | > 100 | 0 |\n") == ["policy-otherwise-cell"]


@pytest.mark.parametrize("rows", ["| 否则 | - | 0 |\n| 1 | > 3 | 1 |\n", "| 1 | > 3 | 1 |\n| 否则 | - | 0 |\n| 否则 | - | 2 |\n"])
def test_the_row_of_defaults_is_the_last_one(rows: str) -> None:
    assert codes(HEAD + rows) == ["policy-otherwise-place"]


# --- a first row without a number -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row", ["| | - | 5 |", "| |  | 5 |", "| | > 3 | 5 |", '| | "甲","乙" | 5 |', "| | - | min(1, 2) |", '| | - | "甲, 乙" |']
)
def test_a_first_row_of_single_results_is_a_rule_that_lost_its_number(row: str) -> None:
    policy = tangled(HEAD + row + "\n| 2 | - | 6 |\n")
    assert "policy-rule-number" in [item.code for item in policy.diagnostics]
    assert len(table_of(policy).rules) == 2


@pytest.mark.parametrize(
    "row", ["| | - | 5, 6 |", "| | [0..100] | - |", "| | >= 0 | |", "| | [0..100] | 5, 6 |", "| | - | [0..1] |", "| | - | >= 0 |"]
)
def test_a_first_row_that_limits_something_lists_allowed_values(row: str) -> None:
    policy = tangled(HEAD + row + "\n| 2 | - | 6 |\n")
    assert policy.diagnostics == ()
    assert len(table_of(policy).rules) == 1


# --- examples --------------------------------------------------------------------------------------------------------------

EXAMPLES = "| 例 | 评估日 | 人 | **甲** |\n|---|---|---|---|\n"


@pytest.mark.parametrize("day", ["?", "null"])
def test_the_day_of_an_example_is_a_date(day: str) -> None:
    assert codes(EXAMPLES + f"| 1 | {day} | 1 | 2 |\n") == ["policy-example-day"]


def test_every_example_has_an_id_of_its_own_over_all_tables() -> None:
    assert codes(EXAMPLES + "| | | 1 | 2 |\n") == ["policy-example-id"]
    assert codes(EXAMPLES + "| 1 | | 1 | 2 |\n\n" + EXAMPLES + "| 1 | | 3 | 4 |\n") == ["policy-duplicate-example"]


def test_an_outcome_that_is_not_in_bold_is_no_expectation_and_not_passed_over() -> None:
    (example,) = tangled("| 例 | 人 | 结果 | **甲** |\n|---|---|---|---|\n| 1 | 1 | ELIGIBLE | 2 |\n").examples
    assert "结果" in [cell.text for cell in example.columns]
