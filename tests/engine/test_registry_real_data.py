"""The mappings under examples/ on the real files that they are for, which are no part of the project.

ZHIDA_DATA names a folder with a-share-2015/ and inc5000/; without it these tests are skipped, and say so.
"""

import os
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from zhida.policy.dictionary import Dictionary, parse_dictionary
from zhida.policy.document import read_source
from zhida.registry_io.importing import ImportResult, import_registry
from zhida.registry_io.mapping_reading import read_mapping

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("ZHIDA_DATA", "")) if os.environ.get("ZHIDA_DATA") else None

needs_data = pytest.mark.skipif(
    DATA is None or not DATA.is_dir(), reason="ZHIDA_DATA is not set: it names the folder with a-share-2015/ and inc5000/"
)


def enterprise() -> Dictionary:
    return parse_dictionary(read_source(ROOT / "packs/national/registry/enterprise.md"), "enterprise")


def imported(example: str, folder: str) -> ImportResult:
    assert DATA is not None
    paths = sorted((DATA / folder).glob("*.csv"))
    return import_registry(read_mapping(ROOT / "examples" / example / "mapping.yaml"), paths, enterprise())


@needs_data
def test_listed_companies_duplicates_are_counted_by_file() -> None:
    files = {file.name: file for file in imported("a-share", "a-share-2015").quality.files}
    assert {name: file.rows_read for name, file in files.items()} == {"basics": 2929, "profit": 2916, "report": 2916}
    assert {name: (file.exact_duplicate_keys, file.exact_duplicate_rows) for name, file in files.items()} == {
        "basics": (0, 0),
        "profit": (10, 10),
        "report": (343, 345),
    }
    assert {name: (file.conflicting_keys, file.conflicting_rows) for name, file in files.items()} == {
        "basics": (0, 0),
        "profit": (0, 0),
        "report": (79, 161),
    }


@needs_data
def test_listed_companies_units_are_converted_by_file() -> None:
    result = imported("a-share", "a-share-2015")
    facts = result.frame.row(by_predicate=pl.col("统一社会信用代码") == "000001", named=True)
    assert facts["资产总额"] == Decimal("2800983040000.00")
    assert facts["营业收入"] == Decimal("96163000000.00")
    assert result.frame.height == 2929


@needs_data
def test_every_industry_of_the_lists_is_mapped_or_left_unknown_on_purpose() -> None:
    for example, folder in (("a-share", "a-share-2015"), ("inc5000", "inc5000")):
        industry = next(item for item in imported(example, folder).quality.attributes if item.name == "行业代码")
        assert industry.counts["left_unknown"] == industry.unknown > 0
        assert set(industry.counts) == {"left_unknown"}


@needs_data
def test_american_firms_revenue_is_converted_by_the_stated_rate() -> None:
    result = imported("inc5000", "inc5000")
    assert result.frame.height == 5001
    assert result.frame["从业人员"].null_count() == 12
    facts = result.frame.row(by_predicate=pl.col("统一社会信用代码") == "Fuhu, El Segundo, CA", named=True)
    assert facts["营业收入"] == Decimal(117900000) * Decimal("6.2855")


@pytest.mark.parametrize("example", ["a-share", "inc5000", "demo"])
def test_example_mappings_fit_the_dictionary(example: str) -> None:
    mapping = read_mapping(ROOT / "examples" / example / "mapping.yaml")
    dictionary = enterprise()
    known = {column.attribute for file in mapping.files for column in file.columns}
    assert mapping.subject == dictionary.subject
    assert known <= set(dictionary.items)
