"""A change is tried out before it is published: what it costs, who wins and loses, and what each threshold is worth."""

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path

import polars as pl
import pytest

from tests.stories.small_district import AS_OF, PACKS, Answer, District, Zhida, files_below
from zhida.entitle.simulation.files import DataFiles

VOUCHER = "hangzhou/compute-voucher"
RATIO = "hangzhou/compute-voucher:2:基本比例"
FILE = "hangzhou/policies/compute-voucher.md"
GIT = shutil.which("git")


def simulate(zhida: Zhida, district: District, out: Path, *more: object, packs: Path = PACKS) -> Answer:
    return zhida("simulate", district.registry, "--out", out, "--packs", packs, "--as-of", AS_OF, *more)


@pytest.fixture
def change(tmp_path: Path) -> Path:
    """Return the compute vouchers with 60 % for what gets 50 % now."""
    text = (PACKS / FILE).read_text(encoding="utf-8")
    new = text.replace("| - | - | 0.5 |", "| - | - | 0.6 |")
    assert new != text
    path = tmp_path / "compute-voucher.md"
    path.write_text(new, encoding="utf-8")
    return path


def test_a_change_is_told_on_the_terminal_on_a_page_and_as_data(zhida: Zhida, district: District, change: Path, tmp_path: Path) -> None:
    answer = simulate(zhida, district, tmp_path / "out", "--change", change)
    assert (answer.code, answer.err) == (0, "")
    assert set(files_below(tmp_path / "out")) == {
        *("simulation.html", "verdict.md", "simulation.json", "changes.parquet", "changes.csv"),
    }
    data = json.loads((tmp_path / "out/simulation.json").read_text(encoding="utf-8"))
    assert data["is_synthetic"] is True
    assert [each["policy"] for each in data["simulation"]["touched"]] == [VOUCHER]
    assert data["simulation"]["winners"] > 0 == data["simulation"]["losers"]
    assert data["change_fen"] == data["simulation"]["gained_fen"]
    verdict = (tmp_path / "out/verdict.md").read_text(encoding="utf-8")
    assert len(verdict.splitlines()) <= 15
    assert verdict.startswith("### 改动测算：多花")
    assert "例对不上" in verdict
    assert "悬崖" in verdict
    assert "合成数据" in verdict
    page = (tmp_path / "out/simulation.html").read_text(encoding="utf-8")
    assert page.count('role="img"') == page.count("<svg") == 3
    assert "<script" not in page
    assert not re.search(r'(?:href|src)="https?:', page)
    assert "改动测算：多花" in answer.out


@pytest.mark.long
def test_the_changes_are_everybody_whose_answer_differs(zhida: Zhida, district: District, change: Path, tmp_path: Path) -> None:
    simulate(zhida, district, tmp_path / "out", "--change", change)
    frame = pl.read_parquet(tmp_path / "out/changes.parquet")
    metadata = pl.read_parquet_metadata(tmp_path / "out/changes.parquet")
    assert metadata["zhida.synthetic"] == "true"
    assert metadata["zhida.as_of"] == AS_OF
    assert set(json.loads(metadata["zhida.policies_after"])) >= {VOUCHER}
    data = json.loads((tmp_path / "out/simulation.json").read_text(encoding="utf-8"))
    gain = sum(frame["net_fen_after"].to_list()) - sum(frame["net_fen_before"].to_list())
    assert gain == data["change_fen"]
    with (tmp_path / "out/changes.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == frame.height
    assert {row["数据性质"] for row in rows} == {"合成数据 synthetic"}
    for row, told in zip(rows, frame.iter_rows(named=True), strict=True):
        assert row["变后应得（元）"] == f"{told['gross_fen_after'] // 100}.{told['gross_fen_after'] % 100:02d}"


@pytest.mark.long
def test_the_same_change_gives_the_same_bytes_with_any_number_of_threads(
    zhida: Zhida, district: District, change: Path, tmp_path: Path
) -> None:
    options = ("--change", change, "--relief", "--curve", RATIO)
    simulate(zhida, district, tmp_path / "one", *options, "--workers", 1)
    simulate(zhida, district, tmp_path / "two", *options, "--workers", 3)
    assert files_below(tmp_path / "one") == files_below(tmp_path / "two")


@pytest.mark.long
def test_it_speaks_english_too(zhida: Zhida, district: District, change: Path, tmp_path: Path) -> None:
    answer = simulate(zhida, district, tmp_path / "out", "--change", change, "--lang", "en")
    assert "Change: costs" in answer.out
    page = (tmp_path / "out/simulation.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in page
    assert "Who wins and who loses" in page


@pytest.mark.long
def test_a_budget_watch_fails_where_a_change_costs_more(zhida: Zhida, district: District, change: Path, tmp_path: Path) -> None:
    assert simulate(zhida, district, tmp_path / "a", "--change", change, "--fail-over", "0").code == 1
    assert simulate(zhida, district, tmp_path / "b", "--change", change, "--fail-over", "10亿").code == 0


@pytest.mark.long
def test_former_results_serve_for_the_side_before(zhida: Zhida, district: District, change: Path, tmp_path: Path) -> None:
    assert zhida("assess", district.registry, "--out", tmp_path / "results", "--packs", PACKS, "--as-of", AS_OF).code == 0
    simulate(zhida, district, tmp_path / "decided", "--change", change)
    answer = simulate(zhida, district, tmp_path / "read", "--change", change, "--results", tmp_path / "results", "--json")
    data = json.loads(answer.out)
    assert VOUCHER in data["simulation"]["reused"]
    both = [(tmp_path / name / "changes.parquet").read_bytes() for name in ("decided", "read")]
    assert both[0] == both[1]


def test_errors_in_a_change_are_told_as_check_tells_them(zhida: Zhida, district: District, change: Path, tmp_path: Path) -> None:
    change.write_text(change.read_text(encoding="utf-8").replace("| - | - | 0.6 |", "| - | - | 0.6 + |"), encoding="utf-8")
    answer = simulate(zhida, district, tmp_path / "out", "--change", change)
    assert answer.code == 1
    assert f"{change}:63:" in answer.err
    assert not (tmp_path / "out").exists()


@pytest.mark.long
def test_earlier_files_stay_as_they_are_where_something_goes_wrong(
    zhida: Zhida, district: District, change: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulate(zhida, district, tmp_path / "out", "--change", change)
    before = files_below(tmp_path / "out")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(DataFiles, "add_changes", interrupted)
    assert simulate(zhida, district, tmp_path / "out", "--change", change).code == 130
    assert files_below(tmp_path / "out") == before


@pytest.mark.long
def test_what_is_not_written_this_time_is_gone(zhida: Zhida, district: District, change: Path, tmp_path: Path) -> None:
    simulate(zhida, district, tmp_path / "out", "--change", change, "--relief")
    assert (tmp_path / "out/relief.csv").exists()
    simulate(zhida, district, tmp_path / "out", "--change", change)
    assert not (tmp_path / "out/relief.csv").exists()


# --- thresholds ----------------------------------------------------------------------------------------------------


def test_thresholds_are_listed_with_their_law(zhida: Zhida, district: District, tmp_path: Path) -> None:
    answer = simulate(zhida, district, tmp_path / "out", "--thresholds", VOUCHER)
    assert re.search(rf"^{VOUCHER}:\d+:\d+\t50 %\t.*举措一（一） 第 \d+ 行 \d+ 列$", answer.out, re.MULTILINE)
    assert not (tmp_path / "out").exists()
    told = json.loads(simulate(zhida, district, tmp_path / "out", "--thresholds", VOUCHER, "--json").out)
    assert {each["value"] for each in told["thresholds"]} >= {"0.5", "0.3", "500000"}


@pytest.mark.long
def test_a_curve_and_the_value_that_spends_a_sum(zhida: Zhida, district: District, tmp_path: Path) -> None:
    answer = simulate(zhida, district, tmp_path / "out", "--curve", RATIO, "--seek", RATIO, "--spend", "20万", "--json")
    data = json.loads(answer.out)
    curve = data["curves"][0]
    assert len(curve["points"]) >= 11
    assert curve["threshold"]["article"] == "举措一（一）"
    sought = data["sought"]
    assert sought["target_fen"] == 20_000_000
    page = (tmp_path / "out/simulation.html").read_text(encoding="utf-8")
    assert "每条线值多少钱" in page
    assert "反求" in page
    with (tmp_path / "out/curves.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["取值"] for row in csv.DictReader(file)] == [point["value"] for point in curve["points"]]


@pytest.mark.long
def test_all_thresholds_of_what_a_change_touches(zhida: Zhida, district: District, tmp_path: Path) -> None:
    answer = simulate(zhida, district, tmp_path / "out", "--set", "企业所得税法定税率=0.2", "--curve", "企业所得税法定税率", "--json")
    data = json.loads(answer.out)
    assert data["simulation"]["parameters"] == [{"name": "企业所得税法定税率", "before": "0.25", "after": "0.2"}]
    assert [each["reason"] for each in data["simulation"]["touched"]] == ["figures"] * len(data["simulation"]["touched"])
    assert data["curves"][0]["threshold"]["address"] == "企业所得税法定税率"


def test_relief_is_told_by_measure_and_by_subject(zhida: Zhida, district: District, tmp_path: Path) -> None:
    data = json.loads(simulate(zhida, district, tmp_path / "out", "--relief", "--json").out)
    with (tmp_path / "out/relief.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == data["relief"]["subjects"] > 0
    assert sum(int(row["减免合计（元）"].replace(".", "")) for row in rows) == data["relief"]["total_fen"]
    assert {each["policy"] for each in data["relief"]["measures"]} == {"national/small-profit-tax", "national/disability-levy"}


# --- git -----------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(GIT is None, reason="!!! there is no git here: revisions were not compared")
@pytest.mark.long
def test_a_revision_is_compared_with_the_files_as_they_are(zhida: Zhida, district: District, change: Path, tmp_path: Path) -> None:
    packs = tmp_path / "tree/packs"
    shutil.copytree(PACKS, packs)
    for command in (
        ("init", "-q"),
        ("add", "."),
        ("-c", "user.name=n", "-c", "user.email=e@example.org", "commit", "-q", "-m", "before"),
    ):
        subprocess.run([GIT or "git", *command], cwd=tmp_path / "tree", check=True, capture_output=True)
    shutil.copyfile(change, packs / FILE)
    based = simulate(zhida, district, tmp_path / "based", "--base", "HEAD", packs=packs)
    filed = simulate(zhida, district, tmp_path / "filed", "--change", change)
    assert (based.code, filed.code) == (0, 0)
    both = [json.loads((tmp_path / name / "simulation.json").read_text(encoding="utf-8"))["simulation"] for name in ("based", "filed")]
    assert both[0] == both[1]
    back = simulate(zhida, district, tmp_path / "back", "--change", "HEAD", packs=packs)
    assert "少花" in back.out
    nowhere = simulate(zhida, district, tmp_path / "no", "--base", "no-such", packs=packs)
    assert nowhere.code == 2
    assert "no-such" in nowhere.err


# --- misuse --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "--change"),
        (("--set", "奖励"), "参数=值"),
        (("--relief", "--by", "颜色"), "颜色"),
        (("--curve", "all"), "政策的编号"),
        (("--seek", "national/small-profit-tax:1:应纳税所得额"), "--spend"),
        (("--relief", "--fail-over", "很多"), "--fail-over"),
        (("--change", "/no/such.md"), "no/such.md"),
    ],
)
def test_wrong_use_is_told_with_what_to_do(zhida: Zhida, district: District, tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    answer = simulate(zhida, district, tmp_path / "out", *options)
    assert answer.code == 2
    assert words in answer.err
    assert not (tmp_path / "out").exists()
