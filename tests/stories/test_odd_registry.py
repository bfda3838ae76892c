"""A registry that somebody altered: what cannot be is told and unknown, in a run, in an explanation and in a plain file alike."""

import json
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.stories.small_district import ALL_PACKS, AS_OF, District, Zhida

POLICIES = ("national/hnte-recognition", "national/sme-size")
ASKED = ("--packs", ALL_PACKS, "--as-of", AS_OF)
BEFORE, BEYOND = -719_929, 40_000_000
"""Days of the year -2 and of the year 111485, counted from 1970-01-01."""
ROWS = 40


@pytest.fixture
def altered(district: District, tmp_path: Path) -> Path:
    """Return some rows of the district's registry: two with days that cannot be, one with a word of no code list."""
    table = pq.read_table(district.registry / "registry.parquet").slice(0, ROWS)
    days = table["成立日期"].combine_chunks().cast(pa.int32()).to_pylist()
    words = table["单位类型"].to_pylist()
    days[:2], words[2] = [BEFORE, BEYOND], "火星企业"
    for name, array in (("成立日期", pa.array(days, pa.int32()).cast(pa.date32())), ("单位类型", pa.array(words, pa.large_string()))):
        table = table.set_column(table.column_names.index(name), name, array)
    path = tmp_path / "altered.parquet"
    pq.write_table(table, path, write_page_checksum=True)
    return path


def assess(zhida: Zhida, source: Path, out: Path) -> tuple[pl.DataFrame, str]:
    options = [word for policy in POLICIES for word in ("--policy", policy)]
    answer = zhida("assess", source, "--out", out, *ASKED, *options)
    assert answer.code == 0
    return pl.read_parquet(out / "results.parquet"), answer.err


@pytest.mark.long
def test_a_run_and_an_explanation_of_an_altered_registry_agree(zhida: Zhida, altered: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.parquet"
    pq.write_table(pq.read_table(altered).replace_schema_metadata({}), plain)
    results, told = assess(zhida, altered, tmp_path / "out")
    expected, told_of_plain = assess(zhida, plain, tmp_path / "other")
    assert results.equals(expected)
    for words in (f"“成立日期”的 {BEFORE} 不在公元 1 年", f"“成立日期”的 {BEYOND} 不在公元 1 年", "“火星企业”不在“单位类型”的代码表中"):
        assert words in told
        assert words in told_of_plain
    for row in (0, 2):
        said = zhida("explain", results.item(row, 0), *POLICIES, "--registry", altered, *ASKED, "--results", tmp_path / "out", "--json")
        assert said.code == 0
        assert f"“成立日期”的 {BEFORE}" in said.err
        for each in json.loads(said.out):
            assert each["agreement"]["columns"]["agree"]
            assert each["agreement"]["results"]["agree"]
