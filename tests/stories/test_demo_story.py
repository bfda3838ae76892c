"""A small district's whole day: made, imported, assessed, explained, woven; and never once taken for a real one."""

import csv
import json
import re
import shlex
from pathlib import Path

import polars as pl
import pytest

from tests.stories.small_district import ALL_PACKS, AS_OF, ENTERPRISES, PACKS, Zhida, files_below, plant_district
from zhida.cli import run

MARK = "合成数据"


@pytest.mark.long
def test_a_district_walks_from_its_parameters_to_explained_answers(zhida: Zhida, tmp_path: Path) -> None:
    parameters = plant_district(tmp_path / "parameters")
    sources, registry, results = (tmp_path / name for name in ("sources", "registry", "results"))

    made = zhida("registry", "synthesize", parameters / "district.yaml", "--out", sources)
    assert (made.code, made.err) == (0, "")
    assert MARK in made.out
    files = sorted(sources.iterdir())
    assert sorted(made.out.splitlines()[1:]) == [str(path) for path in files]

    taken = zhida("registry", "import", parameters / "mapping.yaml", *files, "--out", registry, "--packs", PACKS)
    assert taken.code == 0
    assert MARK in taken.out
    quality = json.loads((registry / "quality.json").read_text(encoding="utf-8"))
    # The district is dirty on purpose: of the 120, two conflicting rows take one enterprise out of the base.
    assert (quality["subjects"], quality["subjects_set_aside"]) == (ENTERPRISES - 1, 1)
    assert quality["synthetic"] is True

    answer = zhida("assess", registry, "--out", results, "--packs", PACKS, "--as-of", AS_OF, "--json")
    assert answer.code == 0
    assert set(re.findall(r"\[([a-z-]+)\]", answer.err)) <= {"source-all-unknown"}  # of so few, nobody has what few have
    summary = json.loads(answer.out)
    assert summary["is_synthetic"] is True
    assert {sum(row["counts"].values()) for row in summary["policies"]} == {quality["subjects"]}
    size = next(row for row in summary["policies"] if row["policy"] == "national/sme-size")
    assert sum(size["results"].values()) == size["counts"]["ELIGIBLE"] > 0

    rows = list(csv.DictReader((results / "results.csv").read_text(encoding="utf-8-sig").splitlines()))
    decided = next(row for row in rows if row["政策"] == "national/sme-size" and row["结果"])
    said = zhida("explain", decided["统一社会信用代码"], "中小企业划型", "--registry", registry, "--packs", PACKS, "--as-of", AS_OF)
    assert said.code == 0
    assert MARK in said.out
    assert f"结论：企业规模为{decided['结果']}" in said.out
    assert decided["名称"] in said.out

    woven = zhida("weave", "--out", tmp_path / "pages", "--packs", PACKS, "--as-of", AS_OF)
    assert woven.code == 0
    pages = {str(tmp_path / "pages" / f"{row['policy'].replace('/', '-')}.html") for row in summary["policies"]}
    assert pages == set(woven.out.splitlines())
    assert all(Path(path).stat().st_size > 10_000 for path in woven.out.splitlines())


@pytest.fixture(scope="module")
def parameters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return plant_district(tmp_path_factory.mktemp("parameters") / "district")


@pytest.fixture(scope="module")
def demonstration(parameters: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    assert run(["demo", "--district", str(parameters), "--out", str(out), "--packs", str(PACKS), "--workers", "1"]) == 0
    return out


@pytest.mark.long
def test_every_file_about_subjects_says_that_they_are_invented(zhida: Zhida, demonstration: Path, tmp_path: Path) -> None:
    registry = demonstration / "registry"
    code = pl.read_parquet(registry / "registry.parquet")["统一社会信用代码"][0]
    asked = ("explain", code, "sme-size", "--registry", registry, "--packs", PACKS, "--as-of", AS_OF)
    for form in ("text", "json", "html"):
        assert zhida(*asked, "--format", form, "--out", tmp_path / f"explanation.{form}").code == 0
    unmarked = []
    for name, content in (files_below(demonstration) | files_below(tmp_path)).items():
        if name.startswith("pages/"):
            continue  # a policy is about nobody in particular
        if name.endswith(".parquet"):
            is_marked = pl.read_parquet_metadata(demonstration / name)["zhida.synthetic"] == "true"
        elif name.endswith(".json"):
            data = json.loads(content)
            is_marked = any(data.get(key) is True for key in ("synthetic", "is_synthetic"))
        else:
            text = content.decode("utf-8-sig")
            is_marked = MARK in text or (name.endswith(".csv") and "数据性质" in text and text.count("\n") == 1)  # of nobody
        if not is_marked:
            unmarked.append(name)
    assert unmarked == []


@pytest.mark.long
def test_every_row_of_sources_and_results_says_that_it_is_invented(demonstration: Path) -> None:
    for path in (*(demonstration / "sources").glob("*.csv"), demonstration / "results/results.csv"):
        rows = list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
        assert len(rows) > 10
        assert all(MARK in row["数据性质"] for row in rows), path.name


def pages_of(files: dict[str, bytes]) -> list[str]:
    return [name for name in files if name.startswith("pages/")]


@pytest.mark.long
def test_the_demonstration_tells_each_policy_once_and_folds_those_that_decide_nothing(
    zhida: Zhida, parameters: Path, tmp_path: Path
) -> None:
    answer = zhida("demo", "--district", parameters, "--out", tmp_path, "--packs", ALL_PACKS, "--workers", "1", "--lang", "en")
    summary = json.loads((tmp_path / "results/summary.json").read_text(encoding="utf-8"))
    nobody = [row["policy"] for row in summary["policies"] if row["counts"]["NOT_APPLICABLE"] == summary["subjects"]]
    (line,) = [line for line in answer.out.splitlines() if "applying to nobody here: " in line]
    assert line.partition(": ")[2].split(", ") == nobody
    assert len(answer.out.partition("\n$ ")[0].splitlines()) < len(summary["policies"]) + 12


@pytest.mark.long
def test_the_demonstration_gives_the_same_bytes_again(zhida: Zhida, parameters: Path, demonstration: Path) -> None:
    before = files_below(demonstration)
    assert {name.partition("/")[0] for name in before} == {
        *("sources", "registry", "results", "pages"),
        *("applications.csv", "combine", "allocate", "simulate", "notices"),
    }
    answer = zhida("demo", "--district", parameters, "--out", demonstration, "--packs", PACKS, "--workers", "1")
    assert answer.code == 0
    assert MARK in answer.out
    told = [line for line in answer.out.splitlines() if line.startswith(str(demonstration / "results"))]
    assert [Path(line).name for line in told] == ["results.parquet", "results.csv", "report.html", "summary.json"]
    assert re.search(rf"^{demonstration / 'pages'}/  政策网页 {len(pages_of(before))} 页$", answer.out, flags=re.MULTILINE)
    assert f"另有 1 户搁置，未作判定（数据自相矛盾）：{demonstration / 'registry/set-aside.csv'}" in answer.out
    assert files_below(demonstration) == before


@pytest.mark.long
def test_the_next_step_that_the_demonstration_names_shows_somebody_one_step_away(zhida: Zhida, parameters: Path, tmp_path: Path) -> None:
    folder = tmp_path / "two words"
    answer = zhida("demo", "--district", parameters, "--out", folder, "--packs", PACKS, "--workers", "1", "--as-of", "2026-05-31")
    assert answer.code == 0
    assert "2026年5月31日" in answer.out
    command = shlex.split(answer.err.partition("下一步：")[2])
    assert command[0].endswith("zhida")
    assert command[command.index("--as-of") + 1] == "2026-05-31"
    shown = zhida(*command[1:])
    assert shown.code == 0
    assert "\n差一步" in shown.out
