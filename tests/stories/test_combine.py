"""Combinations on the command line: everybody, one enterprise, earlier payments, and what does not fit."""

import json
from pathlib import Path

import polars as pl
import pytest

from tests.engine.combination_packs import packs_in, registry_of
from tests.stories.small_district import Zhida
from zhida.entitle.best.argument import read
from zhida.registry_io.writing import write_parquet

AS_OF = ("--as-of", "2026-06-30")
ROWS = 40


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with packs and a registry."""
    folder = tmp_path_factory.mktemp("combine")
    registry = registry_of(packs_in(folder), ROWS)
    (folder / "registry").mkdir()
    write_parquet(registry.frame, folder / "registry" / "registry.parquet", dict(registry.metadata) | {"zhida.synthetic": "true"})
    return folder


def common(place: Path) -> tuple[object, ...]:
    return (place / "registry", "--packs", place / "packs", *AS_OF)


def test_everybody_is_assessed_and_combined_and_the_second_time_results_serve(zhida: Zhida, place: Path, tmp_path: Path) -> None:
    first = zhida("combine", *common(place), "--out", tmp_path / "out")
    assert first.code == 0, first.err
    assert "合成数据" in first.out
    assert "封顶 券合计" in first.out
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["combinations.html", "combinations.json", "entitlements.csv", "entitlements.parquet", "results"]
    before = (tmp_path / "out" / "entitlements.parquet").read_bytes()
    second = zhida("combine", *common(place), "--out", tmp_path / "out", "--json", "--no-csv")
    assert second.code == 0
    assert "用已有的结果" in second.err
    data = json.loads(second.out)
    assert data["total_fen"] == pl.read_parquet(tmp_path / "out" / "entitlements.parquet")["total_fen"].sum()
    assert (tmp_path / "out" / "entitlements.parquet").read_bytes() == before
    assert not (tmp_path / "out" / "entitlements.csv").exists()
    page = (tmp_path / "out" / "combinations.html").read_text(encoding="utf-8")
    assert "叠加规则减去的" in page
    assert "券合计" in page


def test_earlier_payments_leave_less(zhida: Zhida, place: Path, tmp_path: Path) -> None:
    plain = json.loads(zhida("combine", *common(place), "--out", tmp_path / "out", "--json").out)
    sheet = tmp_path / "received.csv"
    rows = "".join(f"E{row:05},demo/second,250,2026-02-01\n" for row in range(ROWS))
    sheet.write_text(f"主体,政策,金额（元）,日期\n{rows}", encoding="utf-8")
    beside = ("--results", tmp_path / "out" / "results", "--received", sheet)
    less = zhida("combine", *common(place), *beside, "--out", tmp_path / "less", "--json")
    assert less.code == 0, less.err
    assert json.loads(less.out)["total_fen"] < plain["total_fen"]


def test_results_of_another_day_are_refused_with_what_to_do(zhida: Zhida, place: Path, tmp_path: Path) -> None:
    assert zhida("combine", *common(place), "--out", tmp_path / "out").code == 0
    other = (place / "registry", "--packs", place / "packs", "--as-of", "2026-05-01")
    found = zhida("combine", *other, "--results", tmp_path / "out" / "results", "--out", tmp_path / "other")
    assert found.code == 1
    assert "combine-results-differ" in found.err
    assert "zhida assess" in found.err
    assert not (tmp_path / "other").exists()


def test_the_letter_says_what_is_taken_what_is_given_up_and_why(zhida: Zhida, place: Path, tmp_path: Path) -> None:
    zhida("combine", *common(place), "--out", tmp_path / "out")
    table = pl.read_parquet(tmp_path / "out" / "entitlements.parquet")
    code = table.filter(pl.col("demo/voucher:why").cast(pl.String) == "封顶 券合计")["代码"][0]
    letter = zhida("combine", *common(place), code)
    assert letter.code == 0, letter.err
    assert "核对通过" in letter.out
    assert "“券合计”合计最多" in letter.out
    assert "依据：第一条" in letter.out
    english = zhida("combine", *common(place), code, "--lang", "en")
    assert "no lawful one pays more" in english.out
    data = json.loads(zhida("combine", *common(place), code, "--json").out)
    row = table.filter(pl.col("代码") == code).row(0, named=True)
    assert data["is_checked"] is True
    assert data["columns_agree"] is True
    assert data["total_fen"] == row["total_fen"]
    assert data["possible_fen"] == row["possible_fen"]
    assert "、".join(data["decides"]) == (row["decides"] or "")
    assert read(data["certificate"]).total_fen == row["total_fen"]
    assert zhida("combine", *common(place), code, "--html", tmp_path / "letter.html").code == 0
    page = (tmp_path / "letter.html").read_text(encoding="utf-8")
    assert "放弃或减少的，以及为什么" in page
    assert "<script" not in page


def test_a_subject_that_is_not_there_is_told(zhida: Zhida, place: Path) -> None:
    found = zhida("combine", *common(place), "E99999")
    assert found.code == 2
    assert "E99999" in found.err


def test_what_is_about_one_enterprise_and_what_about_everybody_is_kept_apart(zhida: Zhida, place: Path, tmp_path: Path) -> None:
    assert zhida("combine", *common(place), "--html", tmp_path / "x.html").code == 2
    found = zhida("combine", *common(place), "E00001", "--out", tmp_path / "out")
    assert found.code == 2
    assert "--html" in found.err
    assert "CODE" in zhida("combine", "--help").out


def test_a_kind_of_subject_that_no_policy_is_about_is_refused(zhida: Zhida, place: Path) -> None:
    found = zhida("combine", *common(place), "--subject", "resident")
    assert found.code == 2
    assert "resident" in found.err
