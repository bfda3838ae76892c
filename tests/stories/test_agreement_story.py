"""An explanation is held against the columns and against the results on the disk: what differs is told, and nobody signs it."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.stories.small_district import AS_OF, PACKS, District, Zhida

POLICY = "national/small-profit-tax"
AGREED = "两种算法一致：逐户解释与按列计算，结论、金额、所用规则、缺的事实都相同"


@pytest.fixture
def results(zhida: Zhida, district: District, tmp_path: Path) -> Path:
    """Return the results of the district, in a folder of their own."""
    assert zhida("assess", district.registry, "--out", tmp_path / "results", "--packs", PACKS, "--as-of", AS_OF).code == 0
    return tmp_path / "results"


def asked(district: District, code: str, *more: object) -> tuple[object, ...]:
    return ("explain", code, POLICY, "--registry", district.registry, "--packs", PACKS, "--as-of", AS_OF, *more)


def eligible_code(results: Path) -> str:
    table = pq.read_table(results / "results.parquet")
    place = table.column(f"{POLICY}:outcome").to_pylist().index("ELIGIBLE")
    return str(table.column(0)[place].as_py())


def doctor(results: Path, code: str, fen: int) -> None:
    """Alter the amount of one subject in the results."""
    table = pq.read_table(results / "results.parquet")
    column = table.schema.get_field_index(f"{POLICY}:amount_fen")
    amounts = table.column(column).to_pylist()
    amounts[table.column(0).to_pylist().index(code)] = fen
    pq.write_table(table.set_column(column, table.schema.field(column), pa.array(amounts, pa.int64())), results / "results.parquet")


def test_an_explanation_says_that_both_engines_and_the_results_agree(zhida: Zhida, district: District, results: Path) -> None:
    code = eligible_code(results)
    said = zhida(*asked(district, code, "--results", results))
    text = said.out.replace("\n    ", "")
    assert (said.code, said.err) == (0, "")
    assert AGREED in text
    assert "与结果文件一致：" in text
    page = zhida(*asked(district, code, "--results", results, "--format", "html"))
    assert AGREED in page.out
    assert "与结果文件一致：" in page.out


def test_without_results_only_the_engines_are_held_against_each_other(zhida: Zhida, district: District, results: Path) -> None:
    said = zhida(*asked(district, eligible_code(results), "--json"))
    assert said.code == 0
    agreement = json.loads(said.out)["agreement"]
    assert agreement == {"columns": {"agree": True, "is_interpreted": False, "differences": []}, "results": None}


def test_results_that_say_something_else_are_an_error(zhida: Zhida, district: District, results: Path) -> None:
    code = eligible_code(results)
    doctor(results, code, 123)
    said = zhida(*asked(district, code, "--results", results))
    assert said.code == 1
    assert f"错误[columns-differ]: “{code}”的“{POLICY}:amount_fen”：" in said.err
    assert "中为“123”" in said.err
    assert "与结果文件不一致" in said.out
    assert "请勿签发" in said.out.replace("\n    ", "")
    data = json.loads(zhida(*asked(district, code, "--results", results, "--json")).out)["agreement"]
    assert (data["columns"]["agree"], data["results"]["agree"]) == (True, False)
    other = next(each for each in pq.read_table(results / "results.parquet").column(0).to_pylist() if each != code)
    assert zhida(*asked(district, other, "--results", results)).code == 0


def test_results_of_another_day_are_not_compared(zhida: Zhida, district: District, results: Path) -> None:
    code = eligible_code(results)
    doctor(results, code, 123)
    question = ("explain", code, POLICY, "--registry", district.registry, "--packs", PACKS, "--as-of", "2026-06-29")
    said = zhida(*question, "--results", results)
    assert said.code == 0
    assert said.err.startswith("警告[results-of-another-run]: ")
    assert "评估日不同" in said.err
    assert AGREED in said.out.replace("\n    ", "")


def test_results_beside_the_registry_are_looked_up_unasked(zhida: Zhida, district: District, tmp_path: Path) -> None:
    registry = tmp_path / "district" / "registry"
    registry.mkdir(parents=True)
    (registry / "registry.parquet").write_bytes((district.registry / "registry.parquet").read_bytes())
    given = ("--packs", PACKS, "--as-of", AS_OF)
    for out in (registry / "results", registry.parent / "results"):
        assert zhida("assess", registry, "--out", out, *given).code == 0
        code = eligible_code(out)
        said = zhida("explain", code, POLICY, "--registry", registry, *given, "--json")
        assert json.loads(said.out)["agreement"]["results"] == {"file": str(out / "results.parquet"), "agree": True, "differences": []}
        (out / "results.parquet").write_bytes(b"no results")  # which nobody was asked to read
        said = zhida("explain", code, POLICY, "--registry", registry, *given, "--json")
        assert (said.code, json.loads(said.out)["agreement"]["results"]) == (0, None)
