"""What the commands leave on the disk: results that say what they are, the same every time, and whole or not there at all."""

import csv
import errno
import json
import os
import resource
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import polars as pl
import pytest

from tests.stories.small_district import AS_OF, PACKS, District, Zhida, files_below
from zhida.assess.assessment import Outcome
from zhida.cli import run
from zhida.registry_io.engine import engine_version

RESULTS = {"results.parquet", "results.csv", "report.html", "summary.json"}


def assess(zhida: Zhida, district: District, out: Path, *more: str) -> int:
    return zhida("assess", district.registry, "--out", out, "--packs", PACKS, "--as-of", AS_OF, *more).code


@pytest.fixture(scope="module")
def results(district: District, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("results")
    assert run(["assess", str(district.registry), "--out", str(out), "--packs", str(PACKS), "--as-of", AS_OF, "--workers", "1"]) == 0
    return out


# --- results -------------------------------------------------------------------------------------------------------


def test_results_say_what_they_were_made_of(results: Path, district: District) -> None:
    metadata = pl.read_parquet_metadata(results / "results.parquet")
    assert metadata["zhida.as_of"] == AS_OF
    assert metadata["zhida.engine_version"] == engine_version()
    assert metadata["zhida.synthetic"] == "true"
    assert json.loads(metadata["zhida.policies"]) == {
        f"{path.parts[-3]}/{path.stem}": sha256(path.read_bytes()).hexdigest() for path in sorted(PACKS.glob("*/policies/*.md"))
    }
    sources = {source["file"]: source["sha256"] for source in json.loads(metadata["zhida.sources"])}
    assert sources == {path.name: sha256(path.read_bytes()).hexdigest() for path in district.sources}


def test_outcomes_of_each_policy_add_up_to_the_number_of_subjects(results: Path) -> None:
    summary = json.loads((results / "summary.json").read_text(encoding="utf-8"))
    frame = pl.read_parquet(results / "results.parquet")
    assert frame.height == summary["subjects"] > 100
    for row in summary["policies"]:
        column = Counter(frame[f"{row['policy']}:outcome"].to_list())
        assert {outcome: column[outcome] for outcome in Outcome} == row["counts"]
        assert sum(row["counts"].values()) == summary["subjects"]
        assert (frame[f"{row['policy']}:amount_fen"].sum() or 0) == row["amount_fen"]


def test_the_csv_opens_in_a_spreadsheet_and_runs_nothing_there(results: Path) -> None:
    data = (results / "results.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(data.decode("utf-8-sig").splitlines())
    summary = json.loads((results / "summary.json").read_text(encoding="utf-8"))
    assert len(rows) == summary["subjects"] * len(summary["policies"])
    assert not [cell for row in (head, *rows) for cell in row if cell[:1] in set("=+@-\t\r") and not cell[1:].replace(".", "").isdigit()]


def test_an_empty_cell_of_the_csv_is_written_in_one_way_only(results: Path) -> None:
    assert '""' not in (results / "results.csv").read_text(encoding="utf-8-sig")


def test_a_name_that_is_a_formula_is_text_in_the_csv(zhida: Zhida, district: District, tmp_path: Path) -> None:
    base, *others = district.sources
    lines = base.read_text(encoding="utf-8-sig").splitlines()
    code, name, *_ = lines[1].split(",")
    hostile = tmp_path / base.name
    hostile.write_text("\n".join(lines).replace(f"{code},{name},", f"{code},=HYPERLINK(1)合成,") + "\n", encoding="utf-8")
    assert zhida("registry", "import", district.mapping, hostile, *others, "--out", tmp_path / "registry", "--packs", PACKS).code == 0
    chosen = ("--policy", "sme-size", "--out", tmp_path, "--packs", PACKS, "--as-of", AS_OF)
    assert zhida("assess", tmp_path / "registry", *chosen).code == 0
    assert f"{code},'=HYPERLINK(1)合成," in (tmp_path / "results.csv").read_text(encoding="utf-8-sig")


@pytest.mark.long
def test_importing_twice_gives_the_same_bytes(zhida: Zhida, district: District, tmp_path: Path) -> None:
    again = zhida("registry", "import", district.mapping, *district.sources, "--out", tmp_path, "--packs", PACKS)
    assert again.code == 0
    assert files_below(tmp_path) == files_below(district.registry)
    assert [Path(line.split()[-1]).name for line in again.err.splitlines()] == [
        *("registry.parquet", "quality.json", "quality.zh.txt", "quality.en.txt", "set-aside.csv")
    ]


@pytest.mark.parametrize(("language", "warning"), [("zh", "警告"), ("en", "warning")])
def test_a_registry_imported_with_another_dictionary_is_warned_of_and_still_decided(
    zhida: Zhida, district: District, tmp_path: Path, language: str, warning: str
) -> None:
    packs = tmp_path / "packs"
    shutil.copytree(PACKS, packs)
    dictionary = packs / "national/registry/enterprise.md"
    dictionary.write_text(f"{dictionary.read_text(encoding='utf-8')}\n注：统计口径已改。\n", encoding="utf-8")
    code = pl.read_parquet(district.registry / "registry.parquet")["统一社会信用代码"][0]
    given = ("--packs", packs, "--as-of", AS_OF, "--lang", language, "--json")
    for answer in (
        zhida("assess", district.registry, "--policy", "sme-size", "--out", tmp_path / "out", *given),
        zhida("explain", code, "sme-size", "--registry", district.registry, *given),
    ):
        assert answer.code == 0
        assert answer.err.startswith(f"{warning}[registry-dictionary-differs]: ")
        assert json.loads(answer.out)["is_synthetic"] is True


# --- old results stay ----------------------------------------------------------------------------------------------


def test_a_mistake_in_the_mapping_leaves_the_old_registry(zhida: Zhida, district: District, tmp_path: Path) -> None:
    out = tmp_path / "registry"
    given = (*district.sources, "--out", out, "--packs", PACKS)
    assert zhida("registry", "import", district.mapping, *given).code == 0
    before = files_below(out)
    text = district.mapping.read_text(encoding="utf-8")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(text.replace("      街道: 街道", "      街道: 街区").replace("unit: 人}", "unit: 头}"), encoding="utf-8")
    answer = zhida("registry", "import", mapping, *given)
    assert answer.code == 1
    assert "错误[registry-" in answer.err
    assert files_below(out) == before


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the operating system refuse to write more than this into one file, as it does when the disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def visible_below(folder: Path) -> dict[str, bytes]:
    """Return what people see below a folder: not the parts of a run that are kept for the next."""
    return {name: data for name, data in files_below(folder).items() if not name.startswith(".")}


def plant_old(folder: Path, names: set[str]) -> dict[str, bytes]:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_bytes(f"old {name}\n".encode())
    return files_below(folder)


@pytest.mark.long
def test_a_refusal_to_write_any_of_the_results_leaves_all_old_ones(zhida: Zhida, district: District, tmp_path: Path, results: Path) -> None:
    before = plant_old(tmp_path / "out", RESULTS)
    sizes = sorted(len(content) for content in files_below(results).values())
    for size in (0, sizes[0] - 1, sizes[1] - 1, sizes[-1] - 1):
        with files_of_at_most(size):
            answer = zhida("assess", district.registry, "--out", tmp_path / "out", "--packs", PACKS, "--as-of", AS_OF)
        assert (answer.code, answer.out) == (1, "")
        assert answer.err.startswith(f"错误[registry-write-failed]: 无法写入“{tmp_path / 'out'}")
        assert ".results-" not in answer.err
        assert "原有文件未受影响" in answer.err
        assert visible_below(tmp_path / "out") == before


def test_a_full_disk_leaves_no_folder_that_was_not_there(zhida: Zhida, district: District, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for name in ("new/below/it", "there"):
        with files_of_at_most(0):
            assert assess(zhida, district, tmp_path / name, "--policy", "sme-size") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


@pytest.mark.parametrize("name", sorted(RESULTS))
def test_a_full_disk_leaves_all_old_results(
    zhida: Zhida, district: District, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    before = plant_old(tmp_path / "out", RESULTS)
    replace = Path.replace

    def refuse(path: Path, target: Path) -> Path:
        if target.name == name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", refuse)
    code = assess(zhida, district, tmp_path / "out", "--policy", "sme-size")
    assert code == 1
    assert visible_below(tmp_path / "out") == before


@pytest.mark.long
def test_a_full_disk_leaves_the_old_registry(zhida: Zhida, district: District, tmp_path: Path) -> None:
    before = plant_old(tmp_path / "out", set(files_below(district.registry)))
    for size in (0, 1_000, 10_000):
        with files_of_at_most(size):
            answer = zhida("registry", "import", district.mapping, *district.sources, "--out", tmp_path / "out", "--packs", PACKS)
        assert (answer.code, answer.out) == (1, "")
        assert "错误[registry-write-failed]" in answer.err
        assert files_below(tmp_path / "out") == before


@pytest.mark.long
def test_a_full_disk_leaves_the_old_page_and_explanation(zhida: Zhida, district: District, tmp_path: Path) -> None:
    before = plant_old(tmp_path / "out", {"national-sme-size.html", "answer.html"})
    code = pl.read_parquet(district.registry / "registry.parquet")["统一社会信用代码"][0]
    explain = ("explain", code, "sme-size", "--registry", district.registry, "--format", "html", "--out", tmp_path / "out/answer.html")
    for arguments in (("weave", "sme-size", "--out", tmp_path / "out"), explain):
        with files_of_at_most(1_000):
            answer = zhida(*arguments, "--packs", PACKS)
        assert answer.code == 1
        assert "错误[registry-write-failed]" in answer.err
        assert files_below(tmp_path / "out") == before


@pytest.mark.parametrize(
    "arguments",
    [
        "assess {registry} --packs {packs} --out {file}",
        "weave --packs {packs} --out {file}",
        "registry import {mapping} {sources} --packs {packs} --out {file}",
        "registry synthesize {district} --out {file}",
        "explain {code} sme-size --registry {registry} --packs {packs} --out {file}/answer.txt",
    ],
)
def test_a_folder_that_cannot_be_made_is_told(zhida: Zhida, district: District, tmp_path: Path, arguments: str) -> None:
    file = tmp_path / "file"
    file.write_text("a file\n", encoding="utf-8")
    words = arguments.format(
        registry=district.registry,
        packs=PACKS,
        file=file,
        mapping=district.mapping,
        sources=" ".join(map(str, district.sources)),
        district=district.parameters / "district.yaml",
        code=pl.read_parquet(district.registry / "registry.parquet")["统一社会信用代码"][0],
    )
    answer = zhida(*words.split())
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.startswith(f"错误[registry-write-failed]: 无法写入“{file}")
    assert file.read_text(encoding="utf-8") == "a file\n"
