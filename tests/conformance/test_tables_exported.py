"""The table suite as other engines get it: what is written is DMN and a test file of the kit, and read back it comes to the same."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from lxml import etree

from tests.conformance import export_tables
from tests.conformance.table_suite import AS_OF, read_all
from zhida.dmn.conformance import KitFolder, plan, run_case

KIT = Path(os.environ.get("ZHIDA_TCK") or "no-kit")
GOLDEN = {golden.name: golden for golden in read_all()}


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    export_tables.export(folder)
    return folder


@pytest.mark.parametrize("name", GOLDEN)
def test_what_is_read_back_comes_to_the_same(exported: Path, name: str) -> None:
    files = {path.name: path.read_bytes() for path in (exported / name).iterdir()}
    results = [run_case(planned, as_of=AS_OF) for planned in plan(KitFolder("tables", name, files))]
    assert len(results) == len(list(export_tables.sayable(GOLDEN[name])))
    assert len({result.id for result in results}) == len(results)
    assert [result.path for result in results if not result.passed] == []
    assert [result.path for result in results if not result.flags_agree] == []


def test_only_ranges_and_named_zones_are_left_out() -> None:
    written = {case.id for golden in GOLDEN.values() for case in export_tables.sayable(golden)}
    left = [case for golden in GOLDEN.values() for case in golden.cases if case.id not in written]
    assert {case.id.partition("#")[0] for case in left} == {"aggregation", "dates", "ranges", "violations"}
    assert {case.id.partition(".")[0] for case in left if case.id.startswith("dates")} == {"dates#17"}
    assert len(written) > 1_500


def test_the_program_runs_from_anywhere_and_says_what_it_wrote(tmp_path: Path) -> None:
    command = [sys.executable, str(Path(export_tables.__file__)), "out"]
    said = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert said.startswith(f"{sum(len(list(export_tables.sayable(golden))) for golden in GOLDEN.values())} cases written to out;")
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(GOLDEN)


@pytest.mark.conformance
@pytest.mark.parametrize("name", GOLDEN)
def test_what_is_written_is_valid(exported: Path, name: str) -> None:
    for schema, file in (("DMN15.xsd", f"{name}.dmn"), ("testCases.xsd", f"{name}-test-01.xml")):
        found = etree.XMLSchema(etree.parse(KIT / schema))
        found.assertValid(etree.parse(exported / name / file))
