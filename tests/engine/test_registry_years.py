"""Years of facts: columns of years in mappings and sources, read on a day, and said so in results."""

import io
import json
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.engine.extended_registry import DAY, GROWTH_POLICY, MAP, imported, packs_in, registry_of
from tests.engine.registry_fixtures import codes_of
from zhida.assess.agreement import agreement
from zhida.assess.cells import cells_of
from zhida.assess.columns import assess_registry, open_run
from zhida.assess.feeds import feeding_columns, frame_at
from zhida.assess.order import RunOrder, fact_attributes, read_attributes
from zhida.assess.subject import assess_subject
from zhida.errors import InputError
from zhida.policy.pack import Packs
from zhida.registry_io.fingerprints import row_fingerprints
from zhida.registry_io.registry import Registry
from zhida.registry_io.sources import lacking_columns, open_source
from zhida.values.temporal import Date

SERIES = MAP.replace("{企业名称: name}", "\n      企业名称: name\n      研发费用: {column: 研发%Y, years: 2023..2025, unit: 万元}")
TABLE = "code,name,研发2023,研发2024,研发2025\nA,甲,1,2,3\nB,乙,1,2,1\nC,丙,,2,3\nD,丁,1,,3\nE,戊,1,2,\n"


@pytest.fixture
def packs(tmp_path: Path) -> Packs:
    return packs_in(tmp_path / "packs", GROWTH_POLICY)


@pytest.fixture
def registry(tmp_path: Path, packs: Packs) -> Registry:
    return registry_of(tmp_path, packs, SERIES, base=TABLE)


def test_a_series_of_years_becomes_a_column_of_each_in_base_units(registry: Registry) -> None:
    assert registry.frame.columns == ["代码", "企业名称", "研发费用@2023", "研发费用@2024", "研发费用@2025"]
    assert registry.frame["研发费用@2023"].to_list() == [Decimal(10_000), Decimal(10_000), None, Decimal(10_000), Decimal(10_000)]


def test_single_years_are_mapped_like_any_attribute(tmp_path: Path, packs: Packs) -> None:
    mapping = MAP.replace("{企业名称: name}", "{企业名称: name, 证书到期日@2024: {column: end, absent: 无}}")
    frame = imported(tmp_path, packs, mapping, base="code,name,end\nA,甲,无\nB,乙,2030-01-01\n").frame
    assert frame["证书到期日@2024:absent"].to_list() == [True, False]


def test_the_quality_report_counts_each_year(tmp_path: Path, packs: Packs) -> None:
    report = imported(tmp_path, packs, SERIES, base=TABLE).quality
    unknown = {each.name: each.unknown for each in report.attributes if each.files}
    assert unknown == {"企业名称": 0, "研发费用@2023": 1, "研发费用@2024": 1, "研发费用@2025": 1}
    assert "研发费用" not in [each.name for each in report.attributes]


def test_findings_of_years_are_in_the_order_of_years(tmp_path: Path, packs: Packs) -> None:
    found = imported(tmp_path, packs, SERIES, base="code,name,研发2023,研发2024,研发2025\nA,甲,x,y,z\n").quality.findings
    assert [(item.attribute, item.value) for item in found] == [("研发费用@2023", "x"), ("研发费用@2024", "y"), ("研发费用@2025", "z")]


def test_a_year_that_stands_twice_is_refused(tmp_path: Path, packs: Packs) -> None:
    mapping = SERIES + "      研发费用@2024: other\n"
    with pytest.raises(InputError) as raised:
        imported(tmp_path, packs, mapping, base=TABLE)
    assert codes_of(raised.value) == ["registry-mapping-duplicate-key"]


def test_offsets_read_the_years_before_the_day(packs: Packs, registry: Registry) -> None:
    run = open_run(packs, ["demo/growth"], as_of=DAY, key=registry.key)
    rows = run.decide(registry.frame).to_pylist()
    outcomes = [row["demo/growth:outcome"] for row in rows]
    assert outcomes == ["ELIGIBLE", "INELIGIBLE", "UNDETERMINED", "UNDETERMINED", "UNDETERMINED"]
    assert rows[0]["demo/growth:amount_fen"] == 600_000
    assert run.interpreted == 0
    for row, facts in zip(rows, registry.iter_subjects(), strict=True):
        for cell, wanted in cells_of(run.layouts[0], facts).items():
            assert row[f"demo/growth:{cell}"] == wanted


def test_another_day_reads_other_years(packs: Packs, registry: Registry) -> None:
    table = assess_registry(packs, ["demo/growth"], registry, as_of=Date(2025, 6, 30))
    assert table["demo/growth:outcome"].to_pylist()[0] == "UNDETERMINED"
    assert json.loads(table.schema.metadata[b"zhida.missing"])["demo/growth"] == ["研发费用", "研发费用@2023", "研发费用@2022"]


def test_missing_facts_are_called_by_their_columns(packs: Packs, registry: Registry) -> None:
    run = open_run(packs, ["demo/growth"], as_of=DAY, key=registry.key)
    names = json.loads(run.schema.metadata[b"zhida.missing"])["demo/growth"]
    assert names == ["研发费用", "研发费用@2024", "研发费用@2023"]
    bits = run.decide(registry.frame)["demo/growth:missing"].to_pylist()
    missing = [[names[place] for place in range(3) if bit >> place & 1] for bit in bits[2:]]
    assert missing == [["研发费用@2023"], ["研发费用@2024"], ["研发费用"]]


def test_a_column_without_a_year_is_that_of_the_reporting_year(tmp_path: Path, packs: Packs) -> None:
    bare = MAP.replace("{企业名称: name}", "{企业名称: name, 研发费用: {column: 研发, unit: 万元}}")
    registry = registry_of(tmp_path, packs, bare, base="code,name,研发\nA,甲,3\n")
    run = open_run(packs, ["demo/growth"], as_of=DAY, key="代码")
    (row,) = run.decide(registry.frame).to_pylist()
    assert (row["demo/growth:outcome"], row["demo/growth:missing"]) == ("UNDETERMINED", 0b110)
    assert assess_subject(packs, "demo/growth", registry.subject("A"), as_of=DAY).missing == ("研发费用 前1年", "研发费用 前2年")


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"研发费用": Decimal(1), "研发费用@2024": Decimal(1)}, "registry-year-and-none"),
        ({"研发费用@24": Decimal(1)}, "registry-year"),
        ({"区县@2024": "东"}, "registry-not-yearly"),
        ({"别的@2024": Decimal(1)}, "feel-unknown-name"),
        ({"研发费用@2024": "一万"}, "feel-type-expected"),
    ],
)
def test_facts_with_years_that_cannot_be_are_refused(packs: Packs, facts: dict[str, object], code: str) -> None:
    with pytest.raises(InputError) as raised:
        assess_subject(packs, "demo/growth", facts, as_of=DAY)
    assert codes_of(raised.value) == [code]


def test_facts_of_later_years_are_not_looked_at(packs: Packs) -> None:
    facts = {"研发费用@2026": Decimal(9), "研发费用@2025": Decimal(3), "研发费用@2024": Decimal(2), "研发费用@2023": Decimal(1)}
    assert assess_subject(packs, "demo/growth", facts, as_of=DAY).amount_fen == 60


def test_columns_are_called_as_rules_call_them() -> None:
    frame = pl.DataFrame({"代码": ["A"], "研发费用@2024": [1], "研发费用@2025:absent": [False], "研发费用@2026": [3]})
    assert frame_at(frame, DAY).columns == ["代码", "研发费用 前1年", "研发费用:absent"]


def test_a_run_reads_the_columns_of_the_years_it_asks_for(packs: Packs) -> None:
    order = RunOrder(packs, ("demo/growth",), packs.dictionaries["enterprise"], DAY)
    columns = ("企业名称", "研发费用", "研发费用@2023", "研发费用@2024", "研发费用@2025")
    assert read_attributes(order) == fact_attributes(order) == columns
    assert feeding_columns(["研发费用 前2年"], order.dictionary, DAY) == ("研发费用@2023",)


@pytest.mark.parametrize(
    ("head", "lacking"),
    [
        ("代码,研发费用,研发费用@2023", None),
        ("代码,企业名称,研发费用@2023,研发费用@2024,研发费用@2025", ""),
        ("代码,企业名称,研发费用@2024", "研发费用@2023、研发费用@2025"),
        ("代码,企业名称,研发费用", "研发费用@2023、研发费用@2024"),
        ("代码,企业名称", "研发费用@2023、研发费用@2024、研发费用@2025"),
    ],
)
def test_years_that_a_source_lacks_are_said(tmp_path: Path, packs: Packs, head: str, lacking: str | None) -> None:
    path = tmp_path / "plain.csv"
    path.write_text(f"{head}\n{','.join(['A'] + ['1'] * head.count(','))}\n", encoding="utf-8")
    order = RunOrder(packs, ("demo/growth",), packs.dictionaries["enterprise"], DAY)
    if lacking is None:  # both with a year and without
        with pytest.raises(InputError) as raised:
            open_source(str(path), order.dictionary, rows_per_part=10)
        assert codes_of(raised.value) == ["registry-year-and-none"]
        return
    source = open_source(str(path), order.dictionary, rows_per_part=10)
    assert [item.arguments["names"] for item in lacking_columns(source, read_attributes(order))] == ([lacking] if lacking else [])


def test_plain_files_and_registries_say_the_same(tmp_path: Path, packs: Packs, registry: Registry) -> None:
    order = RunOrder(packs, ("demo/growth",), packs.dictionaries["enterprise"], DAY)
    text = io.StringIO()
    registry.frame.write_csv(text)
    (tmp_path / "plain.csv").write_text(text.getvalue(), encoding="utf-8")
    registry.frame.write_parquet(tmp_path / "plain.parquet")
    for name in ("plain.csv", "plain.parquet", "registry"):
        source = open_source(str(tmp_path / name), order.dictionary, rows_per_part=10)
        frame = source.read(source.parts[0], [source.key, *read_attributes(order)])
        assert frame.equals(registry.frame.select(frame.columns))


def test_a_fingerprint_changes_with_the_value_of_any_year(registry: Registry) -> None:
    columns = ["研发费用@2023", "研发费用@2024", "研发费用@2025"]
    before = row_fingerprints(registry.frame, columns)
    one_less = pl.when(pl.col("代码") == "B").then(None).otherwise(pl.col("研发费用@2023")).alias("研发费用@2023")
    after = row_fingerprints(registry.frame.with_columns(one_less), columns)
    assert (before != after).tolist() == [False, True, False, False, False]


def test_both_engines_and_explain_agree_on_years(packs: Packs, registry: Registry) -> None:
    for code in registry.codes:
        assert agreement(packs, "demo/growth", registry, code, as_of=DAY).differences == ()
