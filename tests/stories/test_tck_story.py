"""`zhida tck` on a kit of seven cases: counts, files to submit, explanations, misuse, Ctrl-C."""

import csv
import json
from pathlib import Path

import pytest

from tests.engine.conformance_kits import small_kit
from tests.stories.small_district import Zhida
from zhida.dmn.conformance_disputes import Dispute
from zhida.source import display_width


@pytest.fixture
def kit(tmp_path: Path) -> Path:
    for path, data in small_kit().items():
        file = tmp_path / "kit" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return tmp_path / "kit"


def last_line(text: str) -> str:
    return text.splitlines()[-1]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_last_line_counts_cases_in_any_language(zhida: Zhida, kit: Path, lang: str) -> None:
    answer = zhida("tck", kit, "--lang", lang)
    assert (answer.code, last_line(answer.out)) == (1, "6 passed, 1 failed")
    assert "--failures" in answer.err
    assert max(display_width(line) for line in answer.out.splitlines()) <= 80


def test_levels_are_counted_by_what_is_expected(zhida: Zhida, kit: Path) -> None:
    lines = [line.split() for line in zhida("tck", kit, "--lang", "en").out.splitlines()]
    assert ["compliance-level-2", "2", "2", "0", "1/1", "1/1", "2/2"] in lines
    assert ["compliance-level-3", "5", "4", "1", "2/3", "2/2", "5/5"] in lines
    assert ["in", "all", "7", "6", "1", "3/4", "3/3", "7/7"] in lines
    assert "results with numbers: 1 exact, 1 when rounded as expected, 0 within 1e-8 only" in zhida("tck", kit, "--lang", "en").out


@pytest.mark.parametrize(
    ("part", "line"),
    [
        ("compliance-level-2", "2 passed, 0 failed"),
        ("compliance-level-3/0002-sums", "4 passed, 1 failed"),
        (".", "6 passed, 1 failed"),
    ],
)
def test_a_kit_a_level_and_a_folder_can_be_run(zhida: Zhida, kit: Path, part: str, line: str) -> None:
    assert last_line(zhida("tck", kit / part).out) == line


@pytest.mark.parametrize(
    ("patterns", "line"),
    [
        (["0001*"], "2 passed, 0 failed"),
        (["compliance-level-3"], "4 passed, 1 failed"),
        (["0002-sums/00[12]"], "2 passed, 0 failed"),
        (["0001*", "*/0002-sums/005"], "2 passed, 1 failed"),
    ],
)
def test_only_runs_what_matches(zhida: Zhida, kit: Path, patterns: list[str], line: str) -> None:
    answer = zhida("tck", kit, *(part for pattern in patterns for part in ("--only", pattern)))
    assert last_line(answer.out) == line
    assert answer.code == (" 0 failed" not in line)


def test_failures_are_explained(zhida: Zhida, kit: Path) -> None:
    answer = zhida("tck", kit, "--failures", "--lang", "en")
    assert "compliance-level-3/0002-sums/m-test/005: bad\n   | 1 + 1\n   expected 3 (no error)\n   found    2 (no error)\n" in answer.out
    assert answer.err == ""


def test_the_files_to_submit_are_those_of_the_kit(zhida: Zhida, kit: Path, tmp_path: Path) -> None:
    rows, properties = tmp_path / "tck_results.csv", tmp_path / "tck_results.properties"
    zhida("tck", kit, "--csv", rows, "--properties", properties, "--as-of", "2026-06-30")
    text = rows.read_text(encoding="utf-8")
    assert text.splitlines()[0] == '"compliance-level-2/0001-greeting","m-test","001","SUCCESS",""'
    assert next(row for row in csv.reader(text.splitlines()) if row[3] != "SUCCESS") == [
        *("compliance-level-3/0002-sums", "m-test", "005", "ERROR", "bad: expected 3, found 2")
    ]
    entries = dict(line.split("=", 1) for line in properties.read_text(encoding="ascii").splitlines())
    assert entries["product.name"] == "zhida"
    assert entries["last.update"] == "2026-06-30"
    assert set(entries) == {
        *("vendor.name", "vendor.url", "product.name", "product.url", "product.version", "product.comment"),
        *("last.update", "instructions.url"),
    }


def test_the_report_is_written_by_folder_and_label(zhida: Zhida, kit: Path, tmp_path: Path) -> None:
    page = tmp_path / "conformance.md"
    zhida("tck", kit, "--report", page)
    text = page.read_text(encoding="utf-8")
    assert "**6 passed, 1 failed**" in text
    assert "| compliance-level-3/0002-sums | 5 | 4 | 1 | 2/3 | 2/2 | 5/5 |" in text
    assert "| some label | 7 | 6 | 1 | 3/4 | 3/3 | 7/7 |" in text
    assert "- compliance-level-3/0002-sums/005\n" in text


def test_json_holds_counts_and_failures(zhida: Zhida, kit: Path) -> None:
    answer = zhida("tck", kit, "--json")
    data = json.loads(answer.out)
    assert answer.code == 1
    assert (data["all"]["cases"], data["all"]["failed"], data["levels"]["compliance-level-2"]["passed"]) == (7, 1, 2)
    [failure] = data["failures"]
    assert (failure["case"], failure["results"][0]["found"]) == ("compliance-level-3/0002-sums/005", "2")


def test_a_flag_that_disagrees_fails_a_strict_run_only(zhida: Zhida, kit: Path) -> None:
    file = kit / "compliance-level-2/0001-greeting/m-test.xml"
    file.write_bytes(file.read_bytes().replace(b' errorResult="true"', b""))
    level = kit / "compliance-level-2"
    lenient, strict = zhida("tck", level, "--lang", "en"), zhida("tck", level, "--strict", "--failures", "--lang", "en")
    assert (lenient.code, last_line(lenient.out)) == (0, "2 passed, 0 failed")
    assert "1 error flags differ, 0 of them" in lenient.out
    assert (strict.code, last_line(strict.out)) == (1, "1 passed, 1 failed")
    assert "expected null (no error)\n   found    null (error)" in strict.out


def test_a_disputed_flag_that_agrees_after_all_fails_a_strict_run(zhida: Zhida, kit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = {"compliance-level-2/0001-greeting/002": Dispute("10.3", "no longer", "已不再是这样")}
    monkeypatch.setattr("zhida.dmn.conformance.DISPUTES", listed)
    answer = zhida("tck", kit / "compliance-level-2", "--strict", "--lang", "en")
    assert answer.code == 1
    assert "an error flag that is listed as disputed agrees: compliance-level-2/0001-greeting/002: greeting" in answer.err


def test_folders_outside_of_the_levels_do_not_count_unless_they_are_all_there_is(zhida: Zhida, kit: Path) -> None:
    (kit / "compliance-level-2").rename(kit / "non-compliant")
    answer = zhida("tck", kit, "--lang", "en")
    assert last_line(answer.out) == "4 passed, 1 failed"
    assert "folders that do not count: 1" in answer.err
    assert last_line(zhida("tck", kit / "non-compliant").out) == "2 passed, 0 failed"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (("no-such",), "there is no folder"),
        ((".", "--only", "9999*"), "no test case in"),
        (("empty",), "looked for folders with .dmn and .xml"),
    ],
)
def test_where_there_is_no_kit_it_is_said_what_was_looked_for(zhida: Zhida, kit: Path, make: tuple[str, ...], words: str) -> None:
    (kit / "empty").mkdir()
    answer = zhida("tck", kit / make[0], *make[1:], "--lang", "en")
    assert answer.code == 2
    assert words in answer.err
    assert answer.out == ""


def test_without_a_folder_the_environment_names_the_kit(zhida: Zhida, kit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHIDA_TCK", str(kit))
    assert last_line(zhida("tck").out) == "6 passed, 1 failed"
    monkeypatch.delenv("ZHIDA_TCK")
    answer = zhida("tck", "--lang", "en")
    assert answer.code == 2
    assert "ZHIDA_TCK" in answer.err


def test_a_broken_test_file_is_told_with_its_place(zhida: Zhida, kit: Path) -> None:
    (kit / "compliance-level-3/0002-sums/m-test.xml").write_text("<testCases>", encoding="utf-8")
    answer = zhida("tck", kit, "--lang", "en")
    assert answer.code == 1
    assert "m-test.xml:1:" in answer.err
    assert "error[dmn-xml-syntax]" in answer.err


def test_an_interrupted_run_leaves_the_old_files(zhida: Zhida, kit: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    rows = tmp_path / "rows.csv"
    rows.write_text("old", encoding="utf-8")
    monkeypatch.setattr("zhida.cli.tck.run_case", interrupted)
    assert zhida("tck", kit, "--csv", rows).code == 130
    assert rows.read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kit", "rows.csv"]
