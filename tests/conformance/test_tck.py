"""The DMN conformance kit, run whole through our runner: every value, and every error flag but the disputed ones.

ZHIDA_TCK=/path/to/kit python -m pytest -m conformance tests
"""

import os
from functools import cache
from pathlib import Path

import pytest

from tests.house.tree import ROOT
from zhida.cli.tck import find_folders, read_folder
from zhida.dmn.conformance import CaseResult, plan, run_case, stale_disputes
from zhida.dmn.conformance_disputes import DISPUTES
from zhida.report.conformance_page import conformance_page
from zhida.values.temporal import Date

KIT = Path(os.environ.get("ZHIDA_TCK") or "no-kit")
PAGE = ROOT / "docs/conformance.md"
FOLDERS = find_folders(KIT)[0] if KIT.is_dir() else []


@cache
def results_of(folder: Path) -> tuple[CaseResult, ...]:
    return tuple(run_case(planned, as_of=Date(2026, 6, 30)) for planned in plan(read_folder(folder)))


@pytest.mark.conformance
@pytest.mark.parametrize("folder", FOLDERS or [KIT], ids=lambda folder: folder.name)
def test_every_case_comes_to_what_the_kit_expects(folder: Path) -> None:
    results = results_of(folder)
    assert results, f"no test case in {folder}"
    wrong = [
        f"{result.path}: {node.name}: {node.text}\n    is {node.found or node.crash}, should be {node.expected}"
        for result in results
        for node in result.nodes
        if not node.passed
    ]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.conformance
@pytest.mark.parametrize("folder", FOLDERS or [KIT], ids=lambda folder: folder.name)
def test_errors_are_errors_where_the_kit_says_so_unless_that_is_disputed(folder: Path) -> None:
    results = results_of(folder)
    wrong = [
        f"{result.path}: {node.name}: {node.text}\n    {node.found}, kit says error: {node.expects_error}, here: {node.is_error}; "
        + " ".join(item.message() for item in node.diagnostics)
        for result in results
        for node in result.nodes
        if node.flag_agrees == (node.dispute is not None)
    ]
    assert not wrong, "\n" + "\n".join(wrong)
    assert stale_disputes(results) == []


@pytest.mark.conformance
def test_every_disputed_flag_is_one_of_the_kit() -> None:
    paths = {
        path
        for folder in FOLDERS
        for result in results_of(folder)
        for path in (result.path, *(f"{result.path}:{node.name}" for node in result.nodes))
    }
    assert set(DISPUTES) <= paths


@pytest.mark.conformance
def test_the_page_is_that_of_a_run_of_today() -> None:
    results = [result for folder in FOLDERS for result in results_of(folder)]
    page = conformance_page(results)
    if f"| {len(results)} |" not in PAGE.read_text(encoding="utf-8"):
        pytest.skip(f"docs/conformance.md is about another kit than this one of {len(results)} cases")
    assert PAGE.read_text(encoding="utf-8") == page, "run `zhida tck --report docs/conformance.md`"
