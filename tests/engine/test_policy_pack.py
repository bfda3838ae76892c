"""Packs: policies that see each other by name, the version in force on a day, and parameters with their days."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.engine.policy_texts import DICTIONARY, Value, block, codes, front, packs_of, packs_with
from tests.packs import the_packs
from zhida.assess.subject import assess_subject
from zhida.errors import CompileError, InputError
from zhida.policy.pack import Packs, in_force, load_packs
from zhida.policy.tangle import APPLIES
from zhida.values.temporal import Date
from zhida.values.unknown import unknown

FINE = block("符合: boolean", "人 > 3")


def status(name: str, body: str, **keys: str) -> str:
    merged = {"gives": "status", "eligible": "", "result": "规模", "publishes": "[规模]"} | keys
    return front(name, **merged) + block("规模: string", body)


def result(packs: Packs, policy: str, facts: dict[str, Value], day: Date) -> tuple[str, Value]:
    found = assess_subject(packs, policy, facts, as_of=day)
    return found.outcome.value, found.result


def both_versions() -> dict[str, str]:
    """Return two versions of a policy, and one that uses the old one by name."""
    return {
        "demo/policies/old.md": status("demo/old", '"旧"', in_force="2024-01-01/2025-06-30"),
        "demo/policies/new.md": status("demo/new", '"新"', in_force="2025-07-01/..", replaces="demo/old"),
        "demo/policies/a.md": front(uses="[demo/old]", in_force="2023-01-01/..") + block("符合: boolean", '规模 = "新"'),
    }


# --- names --------------------------------------------------------------------------------------------------------------------


def test_policies_are_named_by_their_place_and_see_each_other_across_packs(tmp_path: Path) -> None:
    files = {
        "national/policies/size.md": status("national/size", 'if 人 > 10 then "大" else "小"'),
        "city/policies/b.md": front("city/b", uses="[national/size]") + block("符合: boolean", '规模 = "大"'),
    }
    packs = packs_of(tmp_path, files)
    assert codes(packs) == []
    assert list(packs.policies) == ["city/b", "national/size"]
    assert assess_subject(packs, "city/b", {"人": Decimal(11)}, as_of=Date(2026, 1, 1)).outcome == "ELIGIBLE"


def test_one_pack_can_be_read_by_itself(tmp_path: Path) -> None:
    packs_with(tmp_path, FINE)
    assert list(load_packs(tmp_path / "demo").policies) == ["demo/a"]


def test_only_published_decisions_of_used_policies_are_in_scope(tmp_path: Path) -> None:
    files = {
        "demo/policies/b.md": front("demo/b", publishes="[符合]") + FINE + block("内部", "1"),
        "demo/policies/a.md": front(uses="[demo/b]", eligible="甲") + block("甲: boolean", "符合 and 内部 > 0"),
    }
    packs = packs_of(tmp_path, files)
    assert codes(packs) == ["feel-unknown-name"]


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ({"policy": "demo/b"}, "policy-path"),
        ({"subject": "enterprize"}, "policy-unknown-subject"),
        ({"uses": "[demo/b]"}, "policy-uses-unknown"),
        ({"replaces": "demo/b"}, "policy-uses-unknown"),
        ({"eligible": "符和"}, "policy-not-a-decision"),
        ({"amount": "金额"}, "policy-not-a-decision"),
        ({"publishes": "[人]"}, "policy-not-a-decision"),
    ],
)
def test_names_in_the_front_matter_must_mean_something(tmp_path: Path, keys: dict[str, str], code: str) -> None:
    packs = packs_of(tmp_path, {"demo/policies/a.md": front(**keys) + FINE})
    assert code in codes(packs)
    with pytest.raises(CompileError):
        packs.model_of("demo/a", Date(2026, 1, 1))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"gives": "", "result": "符合", "eligible": ""}, ["policy-missing-key gives"]),
        ({"gives": "stauts", "result": "符合", "eligible": ""}, ["policy-bad-value gives"]),
        ({"gives": "cash", "result": "符合", "eligible": ""}, ["policy-missing-key eligible"]),
        ({"gives": "status", "eligible": "符合"}, ["policy-missing-key result"]),
        ({"gives": "", "eligible": ""}, ["policy-missing-key gives", "policy-missing-key eligible"]),
    ],
)
def test_one_lacking_key_is_one_fault(tmp_path: Path, keys: dict[str, str], expected: list[str]) -> None:
    packs = packs_of(tmp_path, {"demo/policies/a.md": front(**keys) + FINE})
    assert [f"{item.code} {item.arguments['name']}" for item in packs.diagnostics] == expected


def test_policies_may_not_use_each_other_in_a_circle(tmp_path: Path) -> None:
    files = {f"demo/policies/{one}.md": front(f"demo/{one}", uses=f"[demo/{other}]") + FINE for one, other in ("ab", "ba")}
    packs = packs_of(tmp_path, files)
    assert codes(packs) == ["dmn-cycle"]
    assert packs.diagnostics[0].arguments["cycle"] == "demo/a → demo/b → demo/a"


def test_a_policy_that_is_not_there_is_refused_with_a_near_one(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, FINE)
    with pytest.raises(InputError) as caught:
        packs.model_of("demo/b", Date(2026, 1, 1))
    assert caught.value.diagnostics[0].arguments["near"] == "demo/a"


def test_a_folder_without_policies_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError):
            load_packs(folder)


def test_faults_are_collected_over_all_packs_and_sound_policies_still_run(tmp_path: Path) -> None:
    files = {
        "demo/policies/a.md": front() + FINE,
        "demo/policies/b.md": front("demo/b") + block("符合", "不在 > 3"),
        "demo/policies/c.md": front("demo/c") + block("符合", "1 +"),
        "demo/policies/d.md": "",
    }
    packs = packs_of(tmp_path, files)
    assert sorted(codes(packs)) == ["feel-syntax", "feel-unknown-name", "file-empty"]
    assert [policy.is_sound for policy in packs.policies.values()] == [True, False, False]
    assert assess_subject(packs, "demo/a", {"人": Decimal(4)}, as_of=Date(2026, 1, 1)).outcome == "ELIGIBLE"
    with pytest.raises(CompileError):
        packs.model_of("demo/b", Date(2026, 1, 1))


def test_a_policy_that_uses_one_with_errors_is_not_linked(tmp_path: Path) -> None:
    files = {
        "demo/policies/b.md": front("demo/b", publishes="[乙]") + FINE + block("乙", "1") + block("丙", "1 +"),
        "demo/policies/a.md": front(uses="[demo/b]") + block("符合: boolean", "乙 > 0"),
    }
    packs = packs_of(tmp_path, files)
    assert packs.policies["demo/a"].is_sound
    with pytest.raises(CompileError):
        packs.model_of("demo/a", Date(2026, 1, 1))


# --- versions -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "version"),
    [
        (Date(2023, 12, 31), None),
        (Date(2024, 1, 1), "demo/old"),
        (Date(2025, 6, 30), "demo/old"),
        (Date(2025, 7, 1), "demo/new"),
        (Date(2099, 1, 1), "demo/new"),
    ],
)
@pytest.mark.parametrize("asked", ["demo/old", "demo/new"])
def test_the_version_in_force_is_found_along_replaces_from_either_end(tmp_path: Path, asked: str, day: Date, version: str | None) -> None:
    assert in_force(packs_of(tmp_path, both_versions()), asked, day) == version


def test_versions_that_each_replace_the_one_before_are_one_family(tmp_path: Path) -> None:
    files = {
        f"demo/policies/v{year}.md": status(
            f"demo/v{year}",
            f'"{year}"',
            in_force=f"{year}-01-01/{year}-12-31",
            **({"replaces": f"demo/v{year - 1}"} if year > 2021 else {}),
        )
        for year in (2021, 2022, 2023)
    }
    packs = packs_of(tmp_path, files)
    assert [in_force(packs, "demo/v2022", Date(year, 5, 1)) for year in (2020, 2021, 2022, 2023, 2024)] == [
        None,
        "demo/v2021",
        "demo/v2022",
        "demo/v2023",
        None,
    ]


def test_what_is_used_is_the_version_in_force_at_as_of(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, both_versions())
    assert codes(packs) == []
    assert assess_subject(packs, "demo/a", {}, as_of=Date(2025, 6, 30)).outcome == "INELIGIBLE"
    assert assess_subject(packs, "demo/a", {}, as_of=Date(2025, 7, 1)).outcome == "ELIGIBLE"


def test_where_no_version_is_in_force_a_person_must_look(tmp_path: Path) -> None:
    found = assess_subject(packs_of(tmp_path, both_versions()), "demo/a", {}, as_of=Date(2023, 5, 1))
    assert found.outcome == "REVIEW"
    assert "dmn-not-available" in [item.code for item in found.diagnostics]


def test_a_published_decision_of_a_used_policy_may_be_given(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, both_versions())
    assert assess_subject(packs, "demo/a", {"规模": "新"}, as_of=Date(2025, 1, 1)).outcome == "ELIGIBLE"
    assert assess_subject(packs, "demo/a", {"规模": "别的"}, as_of=Date(2026, 1, 1)).outcome == "INELIGIBLE"


def test_the_digest_names_exactly_the_text(tmp_path: Path) -> None:
    first = packs_with(tmp_path / "1", FINE).policies["demo/a"].sha256
    assert packs_with(tmp_path / "2", FINE).policies["demo/a"].sha256 == first
    assert packs_with(tmp_path / "3", FINE + " ").policies["demo/a"].sha256 != first


# --- parameters --------------------------------------------------------------------------------------------------------------

HEAD = "| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |\n|---|---|---|---|---|---|---|\n"
WAGE = """| 社平工资 | number | 元 | 90000 | 2024-01-01/2024-12-31 | 统计公报 | official |
| 社平工资 | number | 元 | 100000 | 2025-01-01/2025-12-31 | 统计公报 | official |
| 社平工资 | number | 元 |  | 2026-01-01/.. | | |
"""


def with_wage(root: Path) -> Packs:
    return packs_with(root, block("符合: boolean", "收入 > 社平工资"), {"demo/parameters.md": HEAD + WAGE}, in_force="2000-01-01/..")


@pytest.mark.parametrize(
    ("day", "outcome"),
    [
        (Date(2024, 1, 1), "ELIGIBLE"),
        (Date(2024, 12, 31), "ELIGIBLE"),
        (Date(2025, 1, 1), "INELIGIBLE"),
        (Date(2025, 12, 31), "INELIGIBLE"),
        (Date(2026, 1, 1), "UNDETERMINED"),
        (Date(2023, 12, 31), "UNDETERMINED"),
    ],
)
def test_a_parameter_holds_for_its_days_and_is_unknown_where_it_is_empty_or_not_there(tmp_path: Path, day: Date, outcome: str) -> None:
    found = assess_subject(with_wage(tmp_path), "demo/a", {"收入": Decimal(95_000)}, as_of=day)
    assert found.outcome == outcome
    assert found.missing == (("社平工资",) if outcome == "UNDETERMINED" else ())


def test_an_answer_names_the_parameters_that_it_rests_on(tmp_path: Path) -> None:
    found = assess_subject(with_wage(tmp_path), "demo/a", {"收入": Decimal(95_000)}, as_of=Date(2025, 5, 1))
    assert dict(found.parameters) == {"社平工资": "统计公报 (official)"}


def test_an_example_or_a_caller_may_give_a_parameter(tmp_path: Path) -> None:
    found = assess_subject(with_wage(tmp_path), "demo/a", {"收入": Decimal(95_000), "社平工资": Decimal(1)}, as_of=Date(2026, 5, 1))
    assert found.outcome == "ELIGIBLE"


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("| 线 | number | 元 | 九 | ../.. | 公报 | official |", "feel-type-expected"),
        ("| 线 | number | 元 | 1 + | ../.. | 公报 | official |", "feel-syntax"),
        ('| 线 | number | 元 | "9" | ../.. | 公报 | official |', "feel-type-expected"),
        ("| 线 | number | 元 | 9 | 2025 | 公报 | official |", "policy-bad-value"),
        ("| 线 | number | 元 | 9 | ../.. | 公报 | 听说 |", "policy-bad-value"),
        ("| 线 | number | 万元 | 9 | ../.. | 公报 | official |", "dictionary-unit"),
        ("| 线 | numbre | 元 | 9 | ../.. | 公报 | official |", "feel-unknown-type"),
        ("| 人 | number | 元 | 9 | ../.. | 公报 | official |", "dmn-duplicate-name"),
    ],
)
def test_what_is_wrong_with_a_parameter_is_said(tmp_path: Path, row: str, code: str) -> None:
    packs = packs_of(tmp_path, {"demo/policies/a.md": front() + FINE, "demo/parameters.md": HEAD + row + "\n"})
    assert code in codes(packs)


def test_an_empty_figure_is_unknown_by_its_own_name(tmp_path: Path) -> None:
    model = with_wage(tmp_path).model_of("demo/a", Date(2026, 1, 1))
    assert model.parameters == {"parameter:社平工资": unknown("社平工资")}


# --- dictionaries ------------------------------------------------------------------------------------------------------------


def test_a_dictionary_becomes_item_definitions(tmp_path: Path) -> None:
    items = packs_with(tmp_path, FINE).dictionaries["enterprise"].items
    staff, kind, key = items["人"], items["类型"], items["重点"]
    assert (staff.unit, staff.scale, staff.usual_range, staff.is_self_reported) == ("人", 0, (Decimal(0), Decimal(1_000_000)), True)
    assert (kind.allowed_values, kind.scale) == (("企业", "高校", "其他"), None)
    assert (key.is_judged, key.is_nullable, items["证书"].is_nullable) == (True, False, True)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("| 甲 | number | 万元 | | | | | |", "dictionary-unit"),
        ("| 甲 | number | 元 | 多 | | | | |", "dictionary-range"),
        ("| 甲 | number | 元 | | | 也许 | | |", "dictionary-yes-no"),
        ("| 甲 | numbre | 元 | | | | | |", "feel-unknown-type"),
        ("| 人 | number | 人 | | | | | |", "dmn-duplicate-name"),
    ],
)
def test_what_is_wrong_with_an_attribute_is_said(tmp_path: Path, row: str, code: str) -> None:
    packs = packs_of(tmp_path, {"demo/registry/enterprise.md": DICTIONARY + row + "\n", "demo/policies/a.md": front() + FINE})
    assert codes(packs) == [code]


# --- the packs of the project -------------------------------------------------------------------------------------------------


def test_every_block_of_the_levy_stands_under_the_article_that_it_carries_out() -> None:
    decisions = the_packs().policies["national/disability-levy"].tangled.decisions
    law, notice = "财税〔2015〕72号", "财政部公告2023年第8号"
    assert {decision.name: decision.span.article for decision in decisions if decision.name != APPLIES} == {
        "缴费主体": f"{law}第二条",
        "差额人数": f"{law}第八条",
        "计费年平均工资": f"{law}第八条",
        "减免前应缴额": f"{law}第八条",
        "可享减免": f"{law}第八条",
        "安排比例": f"{notice}第一条",
        "缴纳比例": f"{notice}第一条",
        "应缴保障金": f"{notice}第一条",
        "减免金额": f"{notice}第一条",
        "三十人以下企业": f"{notice}第二条",
    }
