"""Statuses stand in the order in which their table lists them, and each says what keeps it from the next one up."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.engine.policy_texts import AS_OF, Value, assessed, block, packs_with
from zhida.assess.assessment import Assessment
from zhida.assess.statuses import status_order, status_rank
from zhida.values.temporal import Date

STATUS = {"gives": "status", "eligible": "", "result": "规模"}

SIZES = """| F | 类型 | 人 | 收入 | **规模: string** | *依据* |
|---|---|---|---|---|---|
| 1 | "企业" | >= 300 | >= 2000 | "大型" | 第一条 |
| 2 | "企业" | >= 100 | >= 1000 | "中型" | 第二条 |
| 3 | "企业" | >= 10 | >= 100 | "小型" | 第三条 |
| 4 | "企业" | - | - | "微型" | 第四条 |
| 5 | "高校" | >= 20 | - | "小型" | 第五条 |
| 6 | - | - | - | "微型" | 第六条 |
"""


def sized(root: Path, count: Value = None, revenue: Value = None, body: str = SIZES, **facts: Value) -> Assessment:
    figures = {name: Decimal(value) for name, value in (("人", count), ("收入", revenue)) if value is not None}
    return assessed(root, body, {"类型": "企业", **figures, **facts}, **STATUS)


def why(found: Assessment) -> tuple[Value, str, list[tuple[str, str, Value, str]]] | None:
    up = found.next_status
    return None if up is None else (up.result, up.rule, [(item.what, item.test, item.value, item.unit) for item in up.conditions])


# --- order ---------------------------------------------------------------------------------------------------------


def order(root: Path, body: str) -> tuple[str, ...]:
    return status_order(packs_with(root, body, **STATUS).model_of("demo/a", AS_OF))


def test_statuses_stand_in_the_order_of_the_rules(tmp_path: Path) -> None:
    assert order(tmp_path, SIZES) == ("大型", "中型", "小型", "微型")


def test_a_bare_name_stands_for_the_table_it_names(tmp_path: Path) -> None:
    assert order(tmp_path, SIZES.replace("规模", "档次") + "\n" + block("规模: string", "档次")) == ("大型", "中型", "小型", "微型")


def test_a_status_that_no_table_gives_has_no_order_and_stands_behind(tmp_path: Path) -> None:
    assert order(tmp_path / "a", block("规模: string", 'if 人 > 3 then "大" else "小"')) == ()
    rank = status_rank(packs_with(tmp_path / "b", SIZES, **STATUS).model_of("demo/a", AS_OF))
    assert sorted(["乙", "微型", "甲", "大型"], key=rank) == ["大型", "微型", "乙", "甲"]


def test_possible_statuses_are_told_highest_first(tmp_path: Path) -> None:
    assert [answer.result for answer in sized(tmp_path, revenue=5_000).possible] == ["大型", "中型", "小型", "微型"]


# --- why not the next one up ---------------------------------------------------------------------------------------


def test_the_one_cell_that_fails_is_told_with_the_value_met(tmp_path: Path) -> None:
    assert why(sized(tmp_path, 99, 5_000)) == ("中型", "2", [("人", ">= 100", Decimal(99), "人")])


def test_all_cells_that_fail_are_told(tmp_path: Path) -> None:
    expected = [("人", ">= 100", Decimal(99), "人"), ("收入", ">= 1000", Decimal(999), "元")]
    assert why(sized(tmp_path, 99, 999)) == ("中型", "2", expected)


def test_a_rule_for_another_kind_of_subject_is_no_next_one_up(tmp_path: Path) -> None:
    assert why(sized(tmp_path, 19, 50, 类型="高校")) == ("小型", "5", [("人", ">= 20", Decimal(19), "人")])
    assert why(sized(tmp_path, 19, 50, 类型="其他")) is None


def test_nothing_stands_above_the_highest_status(tmp_path: Path) -> None:
    assert why(sized(tmp_path, 300, 2_000)) is None


def test_what_is_not_known_is_not_said_to_fail(tmp_path: Path) -> None:
    assert why(sized(tmp_path, revenue=99)) == ("小型", "3", [("收入", ">= 100", Decimal(99), "元")])


def test_of_several_rules_for_the_next_status_the_one_that_fails_least_is_told(tmp_path: Path) -> None:
    body = (
        "| F | 人 | 收入 | **规模: string** |\n|---|---|---|---|\n"
        '| 1 | >= 300 | >= 2000 | "大型" |\n| 2 | - | >= 3000 | "大型" |\n| 3 | - | - | "小型" |\n'
    )
    assert why(sized(tmp_path, 99, 999, body)) == ("大型", "2", [("收入", ">= 3000", Decimal(999), "元")])


@pytest.mark.parametrize(("fact", "value", "cell"), [("限制", True, "false"), ("成立", Date(2025, 3, 1), '<= @"2024-01-01"')])
def test_dates_and_yes_or_no_count_too(tmp_path: Path, fact: str, value: Value, cell: str) -> None:
    body = f'| F | {fact} | **规模: string** |\n|---|---|---|\n| 1 | {cell} | "甲" |\n| 2 | - | "乙" |\n'
    found = why(sized(tmp_path, body=body, **{fact: value}))
    assert found is not None
    assert [item[:3] for item in found[2]] == [(fact, cell, value)]


def test_looking_upwards_leaves_no_trace_in_the_answer(tmp_path: Path) -> None:
    found = sized(tmp_path, 99, 5_000)
    assert (found.result, found.diagnostics) == ("小型", ())
