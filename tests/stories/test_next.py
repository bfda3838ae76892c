"""A street official's day: who is one step from what, whom to call first, and the ladder of the one who answers."""

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.stories.small_district import ALL_PACKS, AS_OF, District, Zhida, few_packs, files_below

GOALS = ("national/above-scale", "national/small-profit-tax")
RUNGS = (
    "national/above-scale",
    "national/tech-sme",
    "national/hnte-recognition",
    "national/innovative-sme",
    "national/little-giant",
    "national/quality-sme-basics",
    "national/specialized-sme",
    "national/specialized-sme-2022",
)
"""The policies of the ladders, and what they use and replace."""


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the few packs of the stories with the ladders and their policies."""
    folder = few_packs(tmp_path_factory.mktemp("ladders") / "packs")
    for name in ("national/ladder.md", *(f"{policy.replace('/', '/policies/')}.md" for policy in RUNGS)):
        shutil.copyfile(ALL_PACKS / name, folder / name)
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def test_a_district_gets_its_lists_and_the_same_with_results_taken_over(
    zhida: Zhida, district: District, packs: Path, tmp_path: Path
) -> None:
    chosen = [part for goal in GOALS for part in ("--policy", goal)]
    common = ("--packs", packs, "--as-of", AS_OF, *chosen)
    made = zhida("next", district.registry, *common, "--out", tmp_path / "a", "--json")
    assert (made.code, made.err) == (0, "")
    data = json.loads(made.out)
    assert [goal["goal"] for goal in data["goals"]] == ["规模以上", "小型微利企业所得税优惠"]
    for goal in data["goals"]:
        assert sum(goal["counts"].values()) == data["subjects"]
    rows = rows_of(tmp_path / "a/next-steps.csv")
    listed = {goal["policy"]: sum(goal["counts"][place] for place in ("met", "one", "two")) for goal in data["goals"]}
    assert Counter(row["政策"] for row in rows) == Counter({policy: count for policy, count in listed.items() if count})
    assert {row["数据性质"] for row in rows} == {"合成数据 synthetic"}
    page = (tmp_path / "a/next-steps.html").read_text(encoding="utf-8")
    assert "离规模以上差一步" in page
    assert "合成数据" in page
    assert zhida("assess", district.registry, *common, "--out", tmp_path / "r", "--no-csv").code == 0
    again = zhida("next", district.registry, *common, "--results", tmp_path / "r", "--out", tmp_path / "b")
    assert (again.code, "没有" in again.err) == (0, False)
    assert files_below(tmp_path / "b") == files_below(tmp_path / "a")
    assert "规模以上" in again.out


@pytest.mark.long
def test_results_of_another_day_are_not_taken_over_and_that_is_said(zhida: Zhida, district: District, packs: Path, tmp_path: Path) -> None:
    common = ("--packs", packs, "--policy", GOALS[0])
    assert zhida("assess", district.registry, *common, "--as-of", "2026-05-01", "--out", tmp_path / "r", "--no-csv").code == 0
    answer = zhida("next", district.registry, *common, "--as-of", AS_OF, "--results", tmp_path / "r", "--out", tmp_path / "n")
    assert answer.code == 0
    assert "results-of-another-run" in answer.err
    assert "1 项政策没有照抄，重新判定" in answer.err


@pytest.mark.long
def test_one_subject_gets_its_ladder_on_the_terminal_as_a_page_and_as_a_picture(
    zhida: Zhida, district: District, packs: Path, tmp_path: Path
) -> None:
    common = ("--packs", packs, "--as-of", AS_OF)
    zhida("next", district.registry, *common, "--policy", GOALS[0], "--out", tmp_path / "n")
    code = next(row["主体"] for row in rows_of(tmp_path / "n/next-steps.csv") if row["状态"] == "差一步")
    told = zhida("next", district.registry, code, *common, "--ladder", "--out", tmp_path / "one")
    assert told.code == 0
    assert "规模以上：下一步" in told.out
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == [
        f"ladder-{code}-1.svg",
        f"ladder-{code}-2.svg",
        f"next-{code}.html",
    ]
    by_rung = zhida("next", district.registry, *common, "--policy", "规模以上", "--out", tmp_path / "m")
    assert (by_rung.code, files_below(tmp_path / "m")) == (0, files_below(tmp_path / "n"))
    english = zhida("next", district.registry, code, *common, "--ladder", "--lang", "en", "--json")
    data = json.loads(english.out)
    (rung,) = [rung for ladder in data["ladders"] for rung in ladder["rungs"] if rung["policy"] == "national/above-scale"]
    assert rung["standing"] == "next"
    assert rung["steps"][0]["attribute"] in {"营业收入", "主营业务收入"}


def test_what_cannot_be_asked_is_said_with_what_to_do(zhida: Zhida, district: District, packs: Path, tmp_path: Path) -> None:
    common = ("--packs", packs, "--as-of", AS_OF)
    assert zhida("next", district.registry, *common, "--ladder").code == 2
    assert zhida("next", district.registry, "91990001HC0000585H", *common, "--results", tmp_path).code == 2
    assert zhida("next", district.registry, "没有", *common).code == 2
    assert zhida("next", tmp_path / "x.csv", *common).code == 2
    nothing = zhida("next", district.registry, "--packs", packs, "--as-of", "1999-01-01", "--out", tmp_path / "n")
    assert nothing.code == 2
    assert not (tmp_path / "n").exists()
