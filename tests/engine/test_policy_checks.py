"""What a policy must satisfy as a whole: types of its goals, listed results, rows of parameters that fit each other."""

from pathlib import Path

import pytest

from tests.engine.policy_texts import block, codes, front, packs_of

FINE = block("符合: boolean", "人 > 3")
HEAD = "| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |\n|---|---|---|---|---|---|---|\n"


def found(root: Path, body: str, **keys: str) -> list[str]:
    return codes(packs_of(root, {"demo/policies/a.md": front(**keys) + body}))


@pytest.mark.parametrize(
    ("keys", "body"),
    [
        ({"applies": "人 + 1"}, FINE),
        ({"applies": "城市"}, FINE),
        ({}, block("符合", "人")),
        ({}, block("符合: string", '"是"')),
        ({"amount": "额"}, FINE + block("额", '"2 万"')),
        ({"amount": "额"}, FINE + block("额", "人 > 3")),
        ({"amount": "额"}, FINE + "| C | 人 | **额: number** |\n|---|---|---|\n| 1 | - | 1 |\n"),
    ],
)
def test_a_goal_of_another_type_is_an_error(tmp_path: Path, keys: dict[str, str], body: str) -> None:
    assert found(tmp_path, body, **keys) == ["policy-wrong-type"]


@pytest.mark.parametrize(
    ("keys", "body"),
    [
        ({"applies": '城市 = "甲"'}, FINE),
        ({"amount": "额"}, FINE + block("额", "收入 * 0.1")),
        ({"amount": "额"}, FINE + "| C+ | 人 | **额: number** |\n|---|---|---|\n| 1 | - | 1 |\n"),
        ({"amount": "额"}, FINE + "| F | 人 | **额: number** |\n|---|---|---|\n| 1 | - | null |\n"),
        ({}, block("符合", "null")),
    ],
)
def test_a_goal_of_the_right_or_of_no_known_type_is_fine(tmp_path: Path, keys: dict[str, str], body: str) -> None:
    assert found(tmp_path, body, **keys) == []


@pytest.mark.parametrize(
    ("listed", "result", "expected"),
    [
        ('"大","小"', '"中"', ["policy-not-listed"]),
        ('"大","小"', '"小"', []),
        ('"大","小"', "null", []),
        ('"大","小"', "城市", []),
        ("1, -2", "-2", []),
        ("1, -2", "2", ["policy-not-listed"]),
        ("1.0, 2", "1", []),
        ("true, false", "true", []),
        ("[0..1]", "5", []),
    ],
)
@pytest.mark.parametrize("row", ["| 1 | - | {} |", "| 否则 | - | {} |"])
def test_a_written_result_is_among_the_listed_ones(tmp_path: Path, listed: str, result: str, expected: list[str], row: str) -> None:
    body = f"\n| F | 人 | **档** |\n|---|---|---|\n| | - | {listed} |\n{row.format(result)}\n"
    assert found(tmp_path, FINE + body) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["number | 元 | 1 | ../2025-12-31", "number | 元 | 2 | 2026-01-01/.."], []),
        (["number | 元 | 1 | ../2026-01-01", "number | 元 | 2 | 2026-01-01/.."], ["dictionary-parameter-overlap"]),
        (["number | 元 | 1 | ../..", "number | 元 | 2 | 2026-01-01/2026-12-31"], ["dictionary-parameter-overlap"]),
        (["number | 元 | 1 | 2026-01-01/..", "number | 元 |  | 2026-01-01/.."], ["dictionary-parameter-overlap"]),
        (["number | 元 | 1 | ../2025-12-31", "number | 人 | 2 | 2026-01-01/.."], ["dictionary-parameter-differs"]),
        (["number | 元 | 1 | ../2025-12-31", 'string | 元 | "2" | 2026-01-01/..'], ["dictionary-parameter-differs"]),
    ],
)
def test_rows_of_a_parameter_do_not_overlap_and_are_of_one_type_and_unit(tmp_path: Path, rows: list[str], expected: list[str]) -> None:
    table = HEAD + "".join(f"| 线 | {row} | 公报 | official |\n" for row in rows)
    assert codes(packs_of(tmp_path, {"demo/policies/a.md": front() + FINE, "demo/parameters.md": table})) == expected


def test_a_policy_that_rests_on_such_a_parameter_is_not_evaluated_and_others_are(tmp_path: Path) -> None:
    rows = "| 线 | number | 元 | 1 | ../.. | 公报 | official |\n| 线 | number | 元 | 2 | 2026-01-01/.. | 公报 | official |\n"
    files = {
        "demo/parameters.md": HEAD + rows,
        "demo/policies/a.md": front() + FINE,
        "demo/policies/b.md": front("demo/b") + block("符合: boolean", "收入 > 线"),
    }
    packs = packs_of(tmp_path, files)
    assert [policy.is_sound for policy in packs.policies.values()] == [True, False]
    assert codes(packs) == ["dictionary-parameter-overlap"]


def test_a_plain_outcome_column_is_an_error_that_says_how_it_is_written(tmp_path: Path) -> None:
    body = FINE + "\n| 例 | 人 | 结果 | **符合** |\n|---|---|---|---|\n| 1 | 4 | ELIGIBLE | true |\n"
    packs = packs_of(tmp_path, {"demo/policies/a.md": front() + body})
    (item,) = packs.diagnostics
    assert (item.code, item.arguments["hint"]) == ("policy-example-name", "what is expected stands in bold: **结果**")
