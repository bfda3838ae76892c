"""Which document is law on a day: one that is replaced ends the day before, and what it published goes on."""

from pathlib import Path

import pytest

from tests.engine.policy_texts import block, codes, front, packs_of
from zhida.assess.subject import assess_subject
from zhida.policy.pack import Packs, in_force
from zhida.values.temporal import Date
from zhida.values.types import NUMBER

FINE = block("符合: boolean", "true")


def version(name: str, value: str, in_force: str, **keys: str) -> dict[str, str]:
    merged = {"gives": "status", "eligible": "", "result": "规模", "publishes": "[规模]", "in_force": in_force} | keys
    return {f"demo/policies/{name}.md": front(f"demo/{name}", **merged) + block("规模: string", value)}


def open_ended(root: Path) -> Packs:
    """Return a document with an open end, one that replaces it, and one that uses the old one by name."""
    user = {
        "demo/policies/user.md": front("demo/user", uses="[demo/old]", in_force="2020-01-01/..") + block("符合: boolean", '规模 = "新"')
    }
    old, new = version("old", '"旧"', "2024-01-01/.."), version("new", '"新"', "2025-07-01/2026-12-31", replaces="demo/old")
    return packs_of(root, {**old, **new, **user})


@pytest.mark.parametrize(
    ("day", "law"),
    [
        (Date(2024, 1, 1), "demo/old"),
        (Date(2025, 6, 30), "demo/old"),
        (Date(2025, 7, 1), "demo/new"),
        (Date(2026, 12, 31), "demo/new"),
        (Date(2027, 1, 1), None),
    ],
)
@pytest.mark.parametrize("asked", ["demo/old", "demo/new"])
def test_a_replaced_document_with_an_open_end_is_law_up_to_the_day_before(tmp_path: Path, asked: str, day: Date, law: str | None) -> None:
    packs = open_ended(tmp_path)
    assert codes(packs) == []
    assert in_force(packs, asked, day) == law


def test_what_uses_it_and_what_is_asked_of_it_agree_on_the_day(tmp_path: Path) -> None:
    packs = open_ended(tmp_path)
    outcomes = {
        (policy, day): assess_subject(packs, f"demo/{policy}", {}, as_of=day).outcome.value
        for policy in ("old", "new", "user")
        for day in (Date(2025, 6, 30), Date(2025, 7, 1))
    }
    assert list(outcomes.values()) == ["ELIGIBLE", "NOT_APPLICABLE", "NOT_APPLICABLE", "ELIGIBLE", "INELIGIBLE", "ELIGIBLE"]


def test_a_model_and_its_packs_tell_the_days_on_which_it_is_law(tmp_path: Path) -> None:
    packs = open_ended(tmp_path)
    assert str(packs.in_force["demo/old"]) == "2024-01-01/2025-06-30"
    assert str(packs.model_of("demo/old", Date(2026, 1, 1)).in_force) == "2024-01-01/2025-06-30"
    assert str(packs.policies["demo/old"].front.in_force) == "2024-01-01/.."


def test_an_end_of_its_own_holds_where_it_comes_first(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {**version("old", '"旧"', "../2024-12-31"), **version("new", '"新"', "2026-01-01/..", replaces="demo/old")})
    assert str(packs.in_force["demo/old"]) == "../2024-12-31"
    assert in_force(packs, "demo/old", Date(2025, 5, 1)) is None


def test_in_a_line_of_open_ends_each_ends_where_the_next_begins(tmp_path: Path) -> None:
    files = version("v1", '"1"', "2020-01-01/..")
    for number in (2, 3):
        files |= version(f"v{number}", f'"{number}"', f"{2020 + number}-01-01/..", replaces=f"demo/v{number - 1}")
    packs = packs_of(tmp_path, files)
    assert [str(interval) for interval in packs.in_force.values()] == ["2020-01-01/2021-12-31", "2022-01-01/2022-12-31", "2023-01-01/.."]


def test_one_that_takes_the_place_of_two_makes_neither_a_version_of_the_other(tmp_path: Path) -> None:
    files = {
        **version("a", '"甲"', "2020-01-01/.."),
        **version("b", '"乙"', "2022-01-01/.."),
        **version("c", '"丙"', "2025-01-01/..", replaces="[demo/a, demo/b]"),
    }
    packs = packs_of(tmp_path, files)
    assert codes(packs) == []
    assert [in_force(packs, f"demo/{name}", Date(2023, 1, 1)) for name in "ab"] == ["demo/a", "demo/b"]
    assert in_force(packs, "demo/b", Date(2021, 1, 1)) is None
    assert {in_force(packs, f"demo/{name}", Date(2025, 1, 1)) for name in "abc"} == {"demo/c"}


def test_successors_that_follow_each_other_may_replace_the_same_one(tmp_path: Path) -> None:
    files = {
        **version("old", '"旧"', "2020-01-01/.."),
        **version("one", '"一"', "2022-01-01/2022-12-31", replaces="demo/old"),
        **version("two", '"二"', "2023-01-01/..", replaces="demo/old"),
    }
    packs = packs_of(tmp_path, files)
    assert codes(packs) == []
    assert [in_force(packs, "demo/one", Date(year, 1, 1)) for year in (2021, 2022, 2023)] == ["demo/old", "demo/one", "demo/two"]


@pytest.mark.parametrize(
    ("second", "replaces", "expected"),
    [
        ("2022-12-31/..", "demo/old", ["policy-two-successors"]),
        ("2022-06-01/2022-06-30", "demo/old", ["policy-two-successors"]),
        ("2022-12-31/..", "[demo/old, demo/one]", []),
        ("../..", "demo/old", ["policy-replaces-start", "policy-two-successors"]),
        ("2023-01-01/..", "demo/two", ["dmn-cycle"]),
    ],
)
def test_two_successors_on_one_day_or_none_from_a_day_are_errors(tmp_path: Path, second: str, replaces: str, expected: list[str]) -> None:
    files = {
        **version("old", '"旧"', "2020-01-01/.."),
        **version("one", '"一"', "2022-01-01/2022-12-31", replaces="demo/old"),
        **version("two", '"二"', second, replaces=replaces),
    }
    packs = packs_of(tmp_path, files)
    assert codes(packs) == expected
    assert packs.policies["demo/two"].is_sound is not bool(expected)


# --- what is published goes on -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("publishes", "body", "expected"),
    [
        ("[额]", block("额: number", "收入 * 2"), []),
        ("[额]", block("额: number", "1000"), []),
        ("[额]", block("额", "null"), []),
        ("", block("额: number", "收入"), ["policy-successor-lacks"]),
        ("[新额]", block("新额: number", "收入"), ["policy-successor-lacks"]),
        ("[额]", block("额: string", '"一"'), ["policy-successor-differs"]),
        ("[额]", block("额: number", "人"), ["policy-successor-differs"]),
    ],
)
def test_a_successor_publishes_what_it_replaces_published(tmp_path: Path, publishes: str, body: str, expected: list[str]) -> None:
    files = {
        "demo/policies/old.md": front("demo/old", publishes="[额]") + FINE + block("额: number", "收入"),
        "demo/policies/new.md": front("demo/new", publishes=publishes, replaces="demo/old", in_force="2026-01-01/..") + FINE + body,
    }
    packs = packs_of(tmp_path, files)
    assert codes(packs) == expected
    assert packs.policies["demo/new"].is_sound is not bool(expected)
    assert packs.policies["demo/old"].published["额"].shape.type is NUMBER
