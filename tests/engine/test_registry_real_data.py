"""The mappings under examples/ on the real files that they are for, which are no part of the project.

ZHIDA_DATA names a folder with a-share-2015/ and inc5000/; without it these tests are skipped, and say so.
"""

import json
import os
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from tests.packs import the_packs
from zhida.assess.cells import names_of
from zhida.assess.columns import assess_registry
from zhida.assess.subject import assess_model
from zhida.policy.dictionary import Dictionary, parse_dictionary
from zhida.policy.document import read_source
from zhida.registry_io.attributes import attribute_of
from zhida.registry_io.importing import ImportResult, import_registry
from zhida.registry_io.mapping_reading import read_mapping
from zhida.registry_io.registry import Facts, Registry, read_registry
from zhida.registry_io.writing import write_registry
from zhida.values.temporal import Date

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("ZHIDA_DATA", "")) if os.environ.get("ZHIDA_DATA") else None

needs_data = pytest.mark.skipif(
    DATA is None or not DATA.is_dir(), reason="ZHIDA_DATA is not set: it names the folder with a-share-2015/ and inc5000/"
)


def enterprise() -> Dictionary:
    return parse_dictionary(read_source(ROOT / "packs/national/registry/enterprise.md"), "enterprise")


@cache
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
    for example, folder, unknown in (("a-share", "a-share-2015", 245), ("inc5000", "inc5000", 0)):
        industry = next(item for item in imported(example, folder).quality.attributes if item.name == "行业代码")
        assert industry.counts.get("left_unknown", 0) == industry.unknown == unknown
        assert set(industry.counts) <= {"left_unknown"}


Said = tuple[str, tuple[str, ...]]
"""An outcome, and the facts that it lacks."""


def by_interpreter(registry: Registry, as_of: Date) -> Iterator[Said]:
    model = the_packs().model_of(SIZE, as_of)
    for facts in registry.iter_subjects():
        answer = assess_model(model, facts, near_within=Decimal(0))
        yield answer.outcome.value, answer.missing


def by_columns(registry: Registry, as_of: Date) -> Iterator[Said]:
    table = assess_registry(the_packs(), [SIZE], registry, as_of=as_of)
    names = json.loads(table.schema.metadata[b"zhida.missing"])[SIZE]
    for row in table.to_pylist():
        yield row[f"{SIZE}:outcome"], names_of(names, [bits for name, bits in row.items() if name.startswith(f"{SIZE}:missing")])


SIZE = "national/sme-size"
WAYS = [by_columns, pytest.param(by_interpreter, marks=pytest.mark.long)]
Way = Callable[[Registry, Date], Iterator[Said]]


def sizes(example: str, folder: str, as_of: Date, tmp_path: Path, way: Way) -> list[tuple[Facts, Said]]:
    """Return what is known of each firm, and what the size standard says of it."""
    write_registry(imported(example, folder), tmp_path)
    registry = read_registry(tmp_path, the_packs().dictionaries["enterprise"])
    return list(zip(registry.iter_subjects(), way(registry, as_of), strict=True))


@needs_data
@pytest.mark.parametrize("way", WAYS)
def test_listed_companies_without_headcount_are_decided_where_the_standard_does_not_ask_for_it(tmp_path: Path, way: Way) -> None:
    found = sizes("a-share", "a-share-2015", Date(2016, 6, 30), tmp_path, way)
    assert len(found) == 2929
    for facts, answer in found:
        division = str(facts.get("行业代码", ""))[:2]
        revenue = facts.get("营业收入")
        if "06" <= division <= "46" and isinstance(revenue, Decimal):
            expected = ("UNDETERMINED", ("从业人员",)) if revenue >= 3_000_000 else ("ELIGIBLE", ())
            assert answer == expected, facts
        if division in {"01", "02", "04", "48", "50"} or facts.get("行业代码") == "701":
            expected = ("ELIGIBLE", ()) if revenue is not None else ("UNDETERMINED", ("营业收入",))
            assert answer == expected, facts


@needs_data
@pytest.mark.parametrize("way", WAYS)
def test_of_american_firms_only_those_without_headcount_lack_it(tmp_path: Path, way: Way) -> None:
    found = sizes("inc5000", "inc5000", Date(2013, 6, 30), tmp_path, way)
    assert len(found) == 5001
    lacking = [facts for facts, (_, missing) in found if "从业人员" in missing]
    assert len(lacking) == 11
    assert all("从业人员" not in facts for facts in lacking)
    assert {missing for _, (_, missing) in found} == {(), ("从业人员",), ("资产总额",)}  # the list has no assets
    by_assets = {str(facts["行业代码"]) for facts, (_, missing) in found if missing == ("资产总额",)}
    assert by_assets == {"47", "72"}  # construction and business services are measured by assets too


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
    assert {attribute_of(name) for name in known} <= set(dictionary.items)
