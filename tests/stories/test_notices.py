"""Two runs a month apart: who hears of what, in files that are whole, the same every time, and printable."""

import csv
import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from tests.stories.small_district import AS_OF, PACKS, District, Zhida, files_below
from zhida.cli import run

VOUCHER = "hangzhou/compute-voucher"
LATER = "2026-11-20"
FILES = {"notices.csv", "notices.html", "notices.json"}


@pytest.fixture(scope="module")
def runs(district: District, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return results without the vouchers, and later ones with them."""
    folder = tmp_path_factory.mktemp("runs")
    fewer = folder / "packs"
    shutil.copytree(PACKS, fewer)
    (fewer / "hangzhou/policies/compute-voucher.md").unlink()
    for name, packs, day in (("old", fewer, AS_OF), ("new", PACKS, LATER)):
        command = [
            "assess",
            str(district.registry),
            "--out",
            str(folder / name),
            "--packs",
            str(packs),
            "--as-of",
            day,
            "--no-csv",
            "--json",
        ]
        assert run(command) == 0
    return folder / "old", folder / "new"


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "notices.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_notices_of_one_new_policy(zhida: Zhida, runs: tuple[Path, Path], tmp_path: Path) -> None:
    done = zhida("notices", *runs, "--packs", PACKS, "--policy", "算力券", "--out", tmp_path / "n", "--json")
    assert done.code == 0, done.err
    data = json.loads(done.out)
    assert [row["is_new"] for row in data["policies"]] == [True]
    assert data["new_policies"]["policies"] == 1
    results = pl.read_parquet(runs[1] / "results.parquet")
    outcome = results[f"{VOUCHER}:outcome"].cast(pl.String)
    eligible = set(results.filter(outcome == "ELIGIBLE")["统一社会信用代码"])
    rows = rows_of(tmp_path / "n")
    assert eligible == {row["主体"] for row in rows if row["事由"] == "新可享受"}
    assert eligible
    assert {row["主体"] for row in rows} <= set(results.filter(~outcome.is_in(["INELIGIBLE", "NOT_APPLICABLE"]))["统一社会信用代码"])
    assert all(row["通知语"].startswith("您现在可以享受《杭州市算力券") for row in rows if row["事由"] == "新可享受")
    assert sum(data["kinds"].values()) == data["notices"] == len(rows)
    assert {row["数据性质"] for row in rows} == {"合成数据 synthetic"}


def test_the_same_runs_give_the_same_bytes_on_any_number_of_threads(zhida: Zhida, runs: tuple[Path, Path], tmp_path: Path) -> None:
    for workers in ("1", "3"):
        assert zhida("notices", *runs, "--packs", PACKS, "--out", tmp_path / workers, "--workers", workers).code == 0
    one, three = (files_below(tmp_path / workers) for workers in ("1", "3"))
    assert one == three
    assert set(one) == FILES
    assert b"<script" not in one["notices.html"]


def test_a_run_against_itself_has_no_notices(zhida: Zhida, runs: tuple[Path, Path], tmp_path: Path) -> None:
    done = zhida("notices", runs[1], runs[1], "--packs", PACKS, "--out", tmp_path / "n")
    assert done.code == 0
    assert "0 户的答案有变；该通知 0 户，通知 0 条" in done.out
    assert rows_of(tmp_path / "n") == []
    told = zhida("notices", runs[1], runs[1], "--packs", PACKS, "--new-policy", VOUCHER, "--out", tmp_path / "m")
    assert "新增政策主动推送率" in told.out


def test_the_list_alone_pipes(zhida: Zhida, runs: tuple[Path, Path], tmp_path: Path) -> None:
    before = files_below(tmp_path)
    done = zhida("notices", *runs, "--packs", PACKS, "--csv", "--lang", "en")
    assert done.code == 0
    head, *rows = csv.reader(done.out.splitlines())
    assert head[:4] == ["主体", "名称", "政策", "政策名称"]
    assert any(row[4] == "newly eligible" for row in rows)
    assert files_below(tmp_path) == before


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--csv", "--json"], "--csv"),
        (["--new-policy", "没有这项"], "policy-unknown"),
    ],
)
def test_misuse_is_told_and_nothing_is_written(zhida: Zhida, runs: tuple[Path, Path], tmp_path: Path, more: list[str], said: str) -> None:
    out = [] if "--csv" in more else ["--out", tmp_path / "n"]
    done = zhida("notices", *runs, "--packs", PACKS, *out, *more)
    assert done.code == 2
    assert said in done.err + done.out
    assert not (tmp_path / "n").exists()


def test_results_that_are_none_are_refused(zhida: Zhida, runs: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_text("no", encoding="utf-8")
    done = zhida("notices", tmp_path / "x.parquet", runs[1], "--packs", PACKS)
    assert done.code == 1
    assert "results-unreadable" in done.err


def test_a_text_that_is_not_that_of_the_results_is_told(zhida: Zhida, runs: tuple[Path, Path], tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    shutil.copytree(PACKS, packs)
    page = packs / "hangzhou/policies/compute-voucher.md"
    page.write_text(page.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    done = zhida("notices", *runs, "--packs", packs, "--out", tmp_path / "n")
    assert done.code == 0
    assert "notices-text-differs" in done.err
    assert VOUCHER in done.err
