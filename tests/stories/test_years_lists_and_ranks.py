"""A district whose policies ask for years, patents and ranks: from the files at hand to letters, on the command line."""

import json
from pathlib import Path

import pytest

from tests.engine.extended_registry import GROWTH_POLICY, PATENTS_POLICY, SCORE_POLICY, STATISTICS, packs_in
from tests.stories.small_district import Zhida

DAY = ("--as-of", "2026-06-30")
MAPPING = """subject: enterprise
key: {attribute: 代码, check: none}
files:
  - name: 登记
    path: base*.csv
    key: 信用代码
    columns: {企业名称: 名称, 区县: 区县, 规上: 规上}
  - name: 财务
    path: finance*.csv
    key: 信用代码
    columns:
      研发费用: {column: 研发%Y（万元）, years: 2023..2025, unit: 万元}
      营业收入@2025: {column: 营收（万元）, unit: 万元}
lists:
  - name: 专利
    list: 专利
    path: patents*.csv
    key: 信用代码
    unique: 编号
    columns: {编号: 专利号, 类别: 类别, 费用: 年费, 到期日: {column: 到期, absent: 无}, 用于产品: 用于产品}
"""
FILES = {
    "base.csv": "信用代码,名称,区县,规上\nA,甲公司,东区,是\nB,乙公司,东区,是\nC,丙公司,东区,是\nD,丁公司,西区,否\n",
    "finance.csv": "信用代码,研发2023（万元）,研发2024（万元）,研发2025（万元）,营收（万元）\n"
    "A,1,2,3,30\nB,1,,3,20\nC,3,2,1,50\nD,1,2,3,10\n",
    "patents.csv": "信用代码,专利号,类别,年费,到期,用于产品\n"
    "A,1,Ⅰ类,100,2030-01-01,是\nA,2,Ⅰ类,100,无,是\nB,3,Ⅰ类,100,无,是\nX,4,Ⅰ类,100,无,是\n",
}


@pytest.fixture
def place(tmp_path: Path, zhida: Zhida) -> Path:
    """Return a folder with packs, files and the registry that was imported of them."""
    packs_in(tmp_path / "packs", GROWTH_POLICY, PATENTS_POLICY, SCORE_POLICY, rows=STATISTICS)
    (tmp_path / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    paths = [tmp_path / name for name in FILES]
    said = zhida("registry", "import", tmp_path / "mapping.yaml", *paths, "--out", tmp_path / "registry", "--packs", tmp_path / "packs")
    assert said.code == 0
    assert "没有对应主体的行" in said.out
    assert "研发费用@2024" in said.out
    return tmp_path


def explained(zhida: Zhida, place: Path, code: str, policy: str, *more: str) -> str:
    """Return an explanation, which both engines must agree on."""
    said = zhida("explain", code, policy, "--registry", place / "registry", "--packs", place / "packs", *DAY, *more)
    assert (said.code, said.err) == (0, "")
    return said.out.replace("\n    ", "")


def test_a_run_decides_over_years_lists_and_ranks(zhida: Zhida, place: Path) -> None:
    said = zhida("assess", place / "registry", "--packs", place / "packs", *DAY, "--json")
    assert said.code == 0, said.err
    summary = json.loads(said.out)
    counts = {each["policy"]: each["counts"] for each in summary["policies"]}
    assert counts["demo/growth"] == {"ELIGIBLE": 2, "INELIGIBLE": 1, "UNDETERMINED": 1, "REVIEW": 0, "NOT_APPLICABLE": 0}
    assert counts["demo/patents"]["ELIGIBLE"] == 1
    assert summary["run"]["rows_interpreted"] == 0
    table = (place / "registry" / "results" / "population.csv").read_text(encoding="utf-8-sig")
    assert "得分名次,名次(得分) 按 区县 当 规上,区县=东区,3,0," in table
    assert "研发费用@2024" in (place / "registry" / "results" / "results.csv").read_text(encoding="utf-8-sig")


def test_a_letter_says_the_years_and_how_a_rank_came_about(zhida: Zhida, place: Path) -> None:
    assert zhida("assess", place / "registry", "--packs", place / "packs", *DAY).code == 0
    missing = explained(zhida, place, "B", "growth")
    assert "研发费用（2024 年）" in missing
    rank = explained(zhida, place, "A", "score")
    assert "由全体算出的事实" in rank
    assert "得分名次：2。算法：名次(得分) 按 区县 当 规上；组：区县 东区，3 户参加" in rank
    assert "与结果文件一致" in rank
    english = explained(zhida, place, "D", "score", "--lang", "en")
    assert "Facts computed from all subjects" in english
    (note, *_) = [each for each in json.loads(explained(zhida, place, "A", "score", "--json"))["population"] if each["name"] == "得分名次"]
    assert (note["members"], note["group"]["区县"]["value"]) == (3, "东区")


def test_only_who_changed_and_whose_rank_changed_is_decided_anew(zhida: Zhida, place: Path) -> None:
    results = place / "registry" / "results"
    assert zhida("assess", place / "registry", "--packs", place / "packs", *DAY).code == 0
    text = FILES["finance.csv"].replace("C,3,2,1,50", "C,3,2,40,50")
    (place / "finance.csv").write_text(text, encoding="utf-8")
    paths = [place / name for name in FILES]
    arguments = (place / "mapping.yaml", *paths, "--out", place / "later", "--packs", place / "packs")
    assert zhida("registry", "import", *arguments).code == 0
    said = zhida("assess", place / "later", "--packs", place / "packs", *DAY, "--changed-since", results, "--json")
    assert json.loads(said.out)["run"]["rows_taken_over"] < 3
    fresh = zhida("assess", place / "later", "--packs", place / "packs", *DAY, "--out", place / "fresh", "--json")
    assert json.loads(said.out)["policies"] == json.loads(fresh.out)["policies"]
