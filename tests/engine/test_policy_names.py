"""Declared names: each reads as one FEEL name, means nothing else, and is not taken for another."""

from pathlib import Path

import pytest

from tests.engine.policy_texts import DICTIONARY, block, codes, front, packs_of
from zhida.policy.naming import name_clashes, name_faults
from zhida.source import Source, Span

FINE = block("符合: boolean", "人 > 3")
HERE = Span(Source("a.md", "甲"), 0, 1)
PARAMETERS = "| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |\n|---|---|---|---|---|---|---|\n"


def faults(name: str) -> list[str]:
    return [item.code for item in name_faults(name, HERE)]


@pytest.mark.parametrize("name", ["从业人员", "研发 费用", "a-b", "A+级", "统一社会信用代码2", "R+D", "表.输出", "〇", "２年"])
def test_what_feel_reads_as_one_name_may_be_declared(name: str) -> None:
    assert faults(name) == []


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("补贴（元）", "（"),
        ("补贴(元)", "("),
        ("2025年", "2"),
        ("占比%", "%"),
        ("甲、乙", "、"),
        ("", ""),
        ("-甲", "-"),
        ("甲//乙", "/"),
        ('"甲"', '"'),
    ],
)
def test_what_feel_cannot_read_as_one_name_is_an_error(name: str, odd: str) -> None:
    (found,) = name_faults(name, HERE)
    assert (found.code, found.arguments["found"]) == ("policy-name", odd)


@pytest.mark.parametrize("name", ["true", "false", "null", "not", "if", "and", "item", "?", "count", "sum", "string length", "date"])
def test_words_of_feel_and_built_in_functions_are_taken(name: str) -> None:
    assert faults(name) == ["policy-reserved-name"]


def test_the_name_of_the_date_is_taken() -> None:
    assert faults("评估日") == ["dmn-reserved-name"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["研发费用", "营收", "研发费用/营收"], ["policy-name-reads-as"]),
        (["甲", "乙", "甲 and 乙"], ["policy-name-reads-as"]),
        (["甲", "甲 - 1"], ["policy-name-reads-as"]),
        (["甲", "甲-丙"], []),
        (["甲", "A+级"], []),
        (["甲-丙", "甲 - 丙"], ["dmn-duplicate-name"]),
        (["甲 丙", "甲丙"], []),
    ],
)
def test_names_that_can_be_taken_for_another_are_said(names: list[str], expected: list[str]) -> None:
    assert [item.code for item in name_clashes(dict.fromkeys(names, HERE))] == expected


@pytest.mark.parametrize(
    "files",
    [
        {"demo/registry/enterprise.md": DICTIONARY + "| 占比（%） | number | 1 | | | | | |\n"},
        {"demo/parameters.md": PARAMETERS + "| 线（元） | number | 元 | 9 | ../.. | 公报 | official |\n"},
        {"demo/policies/b.md": front("demo/b") + FINE + block("补贴（元）", "1")},
        {"demo/policies/b.md": front("demo/b") + FINE + block("封顶(金额（元）: number)", "1")},
        {"demo/policies/b.md": front("demo/b") + FINE + "| F | 人 | **补贴（元）** |\n|---|---|---|\n| 1 | - | 1 |\n"},
        {"demo/policies/b.md": front("demo/b") + FINE + "| F 2档 | 人 | **甲** |\n|---|---|---|\n| 1 | - | 1 |\n"},
    ],
)
def test_names_are_checked_wherever_they_are_declared(tmp_path: Path, files: dict[str, str]) -> None:
    assert codes(packs_of(tmp_path, {"demo/policies/a.md": front() + FINE, **files})) == ["policy-name"]


def test_a_decision_that_reads_as_an_operation_on_attributes_is_warned_of(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"demo/policies/a.md": front() + FINE + block("收入/人", "1")})
    assert codes(packs) == ["policy-name-reads-as"]
    assert packs.policies["demo/a"].is_sound


def test_a_name_that_two_used_policies_publish_is_an_error_that_names_both(tmp_path: Path) -> None:
    files = {f"demo/policies/{name}.md": front(f"demo/{name}", publishes="[符合]") + FINE for name in ("b", "c")}
    files["demo/policies/a.md"] = front(uses="[demo/b, demo/c]", eligible="甲") + block("甲: boolean", "符合")
    (found,) = packs_of(tmp_path, files).diagnostics
    assert (found.code, dict(found.arguments)) == ("dmn-duplicate-name", {"name": "demo/c#符合", "first": "demo/b#符合"})


def test_a_policy_that_is_used_twice_by_one_name_is_one(tmp_path: Path) -> None:
    files = {
        "demo/policies/b.md": front("demo/b", publishes="[符合]") + FINE,
        "demo/policies/a.md": front(uses="[demo/b, demo/b]", eligible="甲") + block("甲: boolean", "符合"),
    }
    assert codes(packs_of(tmp_path, files)) == []


def test_a_published_name_may_not_hide_an_attribute(tmp_path: Path) -> None:
    files = {
        "demo/registry/resident.md": "| 属性 | 类型 |\n|---|---|\n| 年龄 | number |\n",
        "demo/policies/b.md": front("demo/b", subject="resident", publishes="[人]", eligible="人") + block("人: boolean", "年龄 > 3"),
        "demo/policies/a.md": front(uses="[demo/b]") + FINE,
    }
    assert codes(packs_of(tmp_path, files)) == ["dmn-duplicate-name"]
