"""A budget's whole day: applications come in, money is shared out, the list is published before the seed, anybody computes it again."""

import csv
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.engine.budget_files import budget_packs, write_entitlements
from tests.stories.small_district import AS_OF, PACKS, Zhida, files_below, plant_district
from zhida.cli import run

POLICY = "hangzhou/compute-voucher"
MARK = "合成数据"


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with results of a district large enough for some to buy computing power, and applications."""
    folder = tmp_path_factory.mktemp("day")
    parameters = plant_district(folder / "parameters", 900)
    made = ["registry", "synthesize", parameters / "district.yaml", "--out", folder / "s", "--applications", folder / "applications.csv"]
    files = [folder / "s" / f"{name}-synthetic.csv" for name in ("enterprises", "finance", "history", "standing")]
    files += [folder / "s" / f"{name}-synthetic.csv" for name in ("hires", "intellectual-property")]
    imported = ["registry", "import", parameters / "mapping.yaml", *files, "--out", folder / "registry", "--packs", PACKS]
    assessed = ["assess", folder / "registry", "--out", folder / "results", "--packs", PACKS, "--as-of", AS_OF, "--policy", POLICY]
    for command in (made, imported, [*assessed, "--no-csv"]):
        assert run([str(part) for part in command]) == 0
    return folder


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))


def test_money_goes_to_who_came_first_until_it_is_gone(zhida: Zhida, day: Path, tmp_path: Path) -> None:
    common = (day / "results", POLICY, "--applications", day / "applications.csv", "--packs", PACKS)
    plenty = zhida("allocate", *common, "--out", tmp_path / "plenty", "--json")
    assert plenty.code == 0
    data = json.loads(plenty.out)
    assert data["synthetic"] is True
    assert data["outcome"]["paid_fen"] == data["outcome"]["claimed_fen"] > 0
    assert data["run_out"]["gone_on"] is None
    half = data["outcome"]["claimed_fen"] // 200
    scarce = zhida("allocate", *common, "--budget", half, "--out", tmp_path / "scarce")
    assert scarce.code == 0
    assert MARK in scarce.out
    assert re.search(r"按申请日累计，2026年\d月\d+日用完。", scarce.out)
    assert "allocation-stacking-ignored" in scarce.err
    rows = [row for row in rows_of(tmp_path / "scarce/allocation.csv") if row["次序"]]
    days = [row["申请日期"] or "9999" for row in rows]
    assert days == sorted(days)
    assert sum(int(row["实付（元）"].replace(".", "")) for row in rows) == half * 100
    states = [row["状态"] for row in rows]
    assert states[0] == "付清"
    assert "等候" in states
    applied = rows_of(day / "applications.csv")
    assert len(rows_of(tmp_path / "scarce/allocation.csv")) == len(applied)  # nobody who applied is lost
    assert all(MARK in content.decode("utf-8-sig") or name.endswith(".json") for name, content in files_below(tmp_path / "scarce").items())


def test_the_same_files_give_the_same_bytes_and_english_says_the_same(zhida: Zhida, day: Path, tmp_path: Path) -> None:
    common = ("allocate", day / "results", POLICY, "--applications", day / "applications.csv", "--packs", PACKS, "--budget", "5万")
    for name in ("one", "two"):
        assert zhida(*common, "--out", tmp_path / name).code == 0
    assert files_below(tmp_path / "one") == files_below(tmp_path / "two")
    english = zhida(*common, "--out", tmp_path / "three", "--lang", "en")
    assert "Paid now: ¥50,000.00" in english.out
    assert "the money was gone on" in english.out
    assert (tmp_path / "three/allocation.json").read_bytes() == (tmp_path / "one/allocation.json").read_bytes()
    page = (tmp_path / "three/allocation.html").read_text(encoding="utf-8")
    assert "When the money runs out" in page
    assert page.count("<svg") == 1


@pytest.fixture
def lottery(tmp_path: Path) -> Path:
    """Return a folder in which the list of a lottery was published, with its entitlements and packs beside it."""
    budget_packs(tmp_path / "packs", budget="{year: 2026, amount: 1000, order: lottery}", window="")
    write_entitlements(tmp_path / "entitlements.parquet", {f"K{place:02d}": 15_000 + place for place in range(20)})
    return tmp_path


def test_a_list_is_published_before_its_seed_and_anybody_draws_the_lots_again(zhida: Zhida, lottery: Path) -> None:
    call = ("allocate", lottery / "entitlements.parquet", "demo/a", "--packs", lottery / "packs", "--out", lottery / "out")
    assert zhida(*call).code == 2
    listed = zhida(*call, "--list")
    digest = hashlib.sha256((lottery / "out/claims.csv").read_bytes()).hexdigest()
    assert f"名单 20 户，SHA-256 {digest}" in listed.out
    assert not (lottery / "out/allocation.json").exists()
    assert zhida(*call, "--seed", "排列五 26172：41703", "--list-sha256", digest).code == 0
    served = [(row["主体"], row["签号"]) for row in rows_of(lottery / "out/allocation.csv")]
    script = """tail -n +2 claims.csv | cut -d, -f1 | while read -r code; do
        printf '%s %s\\n' "$(printf '%s\\n%s' "$seed" "$code" | sha256sum | cut -c1-64)" "$code"; done | LC_ALL=C sort"""
    shell = shutil.which("sh")
    assert shell is not None
    environment = {"seed": "排列五 26172：41703", "PATH": "/usr/bin:/bin"}
    drawn = subprocess.run([shell, "-c", script], cwd=lottery / "out", env=environment, check=True, capture_output=True, text=True).stdout
    assert [tuple(reversed(line.split())) for line in drawn.splitlines()] == served
    before = files_below(lottery / "out")
    relisted = zhida(*call, "--list")
    assert (relisted.code, "已经有一次分配的记录" in relisted.err, files_below(lottery / "out") == before) == (2, True, True)
    write_entitlements(lottery / "entitlements.parquet", {f"K{place:02d}": 15_000 + place for place in range(21)})
    changed = zhida(*call, "--seed", "1", "--list-sha256", digest)
    assert (changed.code, "allocation-list-differs" in changed.err) == (1, True)


@pytest.mark.parametrize("order", ["lottery", "pro-rata"])
def test_a_record_is_computed_again_from_itself_alone(zhida: Zhida, lottery: Path, order: str) -> None:
    call = ("allocate", lottery / "entitlements.parquet", "demo/a", "--packs", lottery / "packs", "--out", lottery / "out")
    assert zhida(*call, "--order", order, "--seed", "7", "--spent", "0.05").code == 0
    shutil.rmtree(lottery / "packs")
    (lottery / "entitlements.parquet").unlink()
    moved = lottery / "elsewhere"
    shutil.move(lottery / "out", moved)
    again = zhida("allocate", "--replay", moved)
    assert (again.code, again.err) == (0, "")
    assert "与记录逐字节相同：20 户" in again.out
    assert json.loads(zhida("allocate", "--replay", moved, "--json").out)["is_same"] is True
    paid = sum(int(row["实付（元）"].replace(".", "")) for row in rows_of(moved / "allocation.csv"))
    assert paid == 100_000 - 5
    text = (moved / "allocation.csv").read_text(encoding="utf-8")
    (moved / "allocation.csv").write_text(text.replace("K07公司", "K08公司"), encoding="utf-8")
    found = zhida("allocate", "--replay", moved, "--json")
    assert found.code == 1
    assert {item["code"] for item in json.loads(found.out)["diagnostics"]} == {"allocation-file-changed", "allocation-record-differs"}


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("entitlements.parquet", "demo/a"),
        ("entitlements.parquet", "demo/a", "--out", "o", "--budget", "三亿"),
        ("entitlements.parquet", "demo/a", "--out", "o", "--spent", "0.001"),
        ("entitlements.parquet", "demo/a", "--out", "o", "--seed", "a\nb"),
        ("entitlements.parquet", "demo/b", "--out", "o"),
        ("nothing.parquet", "demo/a", "--out", "o"),
        ("--replay", "nothing"),
    ],
)
def test_wrong_calls_say_so_and_leave_nothing(
    zhida: Zhida, lottery: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(lottery)
    answer = zhida("allocate", *arguments)
    assert (answer.code, answer.out) == (2, "")
    assert "错误" in answer.err
    assert not (lottery / "o").exists()
