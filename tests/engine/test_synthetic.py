"""The synthetic district: invented codes and names, exact counts, believable joint distributions, the same bytes everywhere."""

import copy
import csv
import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path
from statistics import correlation, median
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from tests.packs import the_packs
from zhida.assess.subject import assess_subject
from zhida.cli.demo import DEMO_AS_OF
from zhida.errors import InputError
from zhida.policy.dictionary import Dictionary
from zhida.policy.pack import Packs
from zhida.registry_io.importing import ImportResult, import_registry
from zhida.registry_io.mapping_reading import read_mapping
from zhida.registry_io.registry import read_registry
from zhida.registry_io.synthetic import FACTS, FILES, KEY, MARK, MARK_COLUMN, in_wan, synthesize, write_district, write_synthetic
from zhida.registry_io.synthetic_codes import social_credit_code
from zhida.registry_io.synthetic_district import District, parse_district, read_district
from zhida.registry_io.synthetic_draws import Draws, LogNormal, apportion, apportion_table, weighted
from zhida.registry_io.synthetic_population import Enterprise, count_by, populate
from zhida.registry_io.writing import write_registry
from zhida.values.temporal import parse_date

ROOT = Path(__file__).parents[2]
DISTRICT = ROOT / "examples/demo/district.yaml"
MAPPING = ROOT / "examples/demo/mapping.yaml"
COMPUTING = {"软件和信息技术服务业", "互联网与信息传输业", "科学研究和技术服务业"}

MADE = 9001
"""Enterprises that the demonstration's district makes; the rows of one contradict each other."""

Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    return dict(read_district(DISTRICT))


@pytest.fixture(scope="module")
def district(data: dict[str, Any]) -> District:
    return parse_district(data)


@pytest.fixture(scope="module")
def enterprises(district: District) -> tuple[Enterprise, ...]:
    return populate(district, district.seed)


@pytest.fixture(scope="module")
def rows(data: dict[str, Any]) -> Rows:
    return synthesize(data)


@pytest.fixture
def small(data: dict[str, Any]) -> dict[str, Any]:
    """Return a copy with 300 enterprises and no targets, titles in proportion, free to be changed."""
    found = copy.deepcopy(data)
    found["enterprises"] = 300
    found["calibrate"] = {}
    for holders in (found["research"], *found["titles"].values()):
        holders["holders"] = holders["holders"] * 300 // MADE
    return found


def codes_of(error: pytest.ExceptionInfo[InputError]) -> list[tuple[str, str]]:
    return [(item.code, item.arguments.get("path", "")) for item in error.value.diagnostics]


# Nobody exists


def test_codes_are_unique_and_pass_both_checks_in_a_range_that_is_not_given_out(enterprises: Sequence[Enterprise]) -> None:
    assert len({enterprise.code for enterprise in enterprises}) == MADE
    for enterprise in enterprises:
        assert uscc.is_valid(enterprise.code)
        assert enterprise.code[2:10] == "990001HC"
        total = sum(int(character, 36) * weight for character, weight in zip(enterprise.code[8:16], (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
        assert (total + (10 if enterprise.code[16] == "X" else int(enterprise.code[16]))) % 11 == 0


@pytest.mark.parametrize("code", ["91330100799655058B", "9144030071526726XG", "91110108551385082Q"])
def test_codes_are_built_like_real_ones(code: str) -> None:
    assert social_credit_code(code[:2], code[2:8], code[8:16]) == code


def test_codes_tell_the_kind_of_organisation(district: District, enterprises: Sequence[Enterprise]) -> None:
    assert all(enterprise.code[:2] == district.unit_types[enterprise.unit_type].authority for enterprise in enterprises)
    assert {enterprise.unit_type for enterprise in enterprises} == set(district.unit_types)


def test_names_say_that_they_are_invented_and_are_unique(enterprises: Sequence[Enterprise]) -> None:
    assert len({enterprise.name for enterprise in enterprises}) == MADE
    assert all(enterprise.name.startswith("合成") and enterprise.code[10:16] in enterprise.name for enterprise in enterprises)


def test_every_row_and_every_file_name_says_synthetic(rows: Rows, tmp_path: Path) -> None:
    assert {row[MARK_COLUMN] for row in rows} == {MARK}
    assert "合成数据" in MARK
    assert "synthetic" in MARK
    assert all("synthetic" in path.name for path in write_synthetic(rows, tmp_path))


# Counts


def test_targets_by_size_class_are_met_exactly(data: dict[str, Any], enterprises: Sequence[Enterprise]) -> None:
    assert Counter(enterprise.size_class for enterprise in enterprises) == data["calibrate"]["size_classes"]


def test_targets_by_holders_are_met_exactly(data: dict[str, Any], enterprises: Sequence[Enterprise]) -> None:
    found = {
        "年度智算合同实际额": sum(enterprise.contracts.amount > 0 for enterprise in enterprises),
        "依托备案大模型": sum(enterprise.contracts.is_on_registered_model for enterprise in enterprises),
        "生成式多模态基础大模型企业": sum(enterprise.contracts.makes_foundation_model for enterprise in enterprises),
        "从事限制或禁止行业": sum(enterprise.is_restricted for enterprise in enterprises),
    }
    assert found == data["calibrate"]["holders"]


@pytest.mark.long
def test_industries_are_shared_out_by_largest_remainder_with_targets_and_without(data: dict[str, Any], district: District) -> None:
    expected = apportion(MADE, [industry.share for industry in district.industries])
    free = copy.deepcopy(data)
    free["calibrate"] = {}
    for parameters in (district, parse_district(free)):
        counts = Counter(enterprise.industry for enterprise in populate(parameters, 5))
        assert [counts[industry.name] for industry in district.industries] == expected


def test_without_targets_each_industry_shares_its_size_classes_out_by_largest_remainder(small: dict[str, Any]) -> None:
    district = parse_district(small)
    counts = count_by(populate(district, 1))
    for industry, total in zip(district.industries, apportion(300, [industry.share for industry in district.industries]), strict=True):
        found = [counts.get((industry.name, size.name), 0) for size in district.size_classes]
        assert found == apportion(total, industry.sizes)


@pytest.mark.long
def test_without_a_target_holders_follow_their_shares(data: dict[str, Any]) -> None:
    free = copy.deepcopy(data)
    free["calibrate"] = {}
    free["industries"] = [{**industry, "restricted": 0.2} for industry in free["industries"]]
    found = sum(enterprise.is_restricted for enterprise in populate(parse_district(free), 1))
    assert 1650 < found < 1950  # 1,800 expected, 38 the standard deviation


def test_a_target_beyond_all_candidates_is_refused(small: dict[str, Any]) -> None:
    small["calibrate"] = {"holders": {"年度智算合同实际额": 301}}
    with pytest.raises(InputError) as error:
        synthesize(small)
    assert codes_of(error) == [("district-target", "calibrate.holders.年度智算合同实际额")]


def test_a_target_for_a_size_class_that_no_industry_has_is_refused(small: dict[str, Any]) -> None:
    for industry in small["industries"]:
        industry["sizes"] = [1, 1, 1, 0]
    small["calibrate"] = {"size_classes": {"1至9人": 200, "10至99人": 50, "100至299人": 49, "300人以上": 1}}
    with pytest.raises(InputError) as error:
        synthesize(small)
    assert codes_of(error) == [("district-target", "calibrate.size_classes")]


@given(st.integers(0, 10_000), st.lists(st.integers(0, 1000), min_size=1, max_size=12).filter(any))
def test_apportioned_counts_add_up_and_lie_within_one_of_their_share(total: int, weights: list[int]) -> None:
    counts = apportion(total, [Decimal(weight) for weight in weights])
    assert sum(counts) == total
    assert all(abs(Decimal(count) - Decimal(total) * weight / sum(weights)) < 1 for count, weight in zip(counts, weights, strict=True))


@given(st.lists(st.lists(st.integers(0, 200), min_size=3, max_size=3), min_size=2, max_size=8))
def test_apportioned_tables_meet_the_totals_of_rows_and_columns(table: list[list[int]]) -> None:
    rows, columns = [sum(line) for line in table], [sum(column) for column in zip(*table, strict=True)]
    weights = [[Decimal(place + number + 1) for place in range(3)] for number in range(len(table))]
    counts = apportion_table(rows, columns, weights)
    assert counts is not None
    assert [sum(line) for line in counts] == rows
    assert [sum(column) for column in zip(*counts, strict=True)] == columns
    assert min(min(line) for line in counts) >= 0


def test_apportioned_tables_keep_empty_cells_empty_and_give_up_where_that_is_impossible() -> None:
    weights = [[Decimal(1), Decimal(0)], [Decimal(1), Decimal(1)]]
    assert apportion_table([5, 5], [7, 3], weights) == [[5, 0], [2, 3]]
    assert apportion_table([5, 5], [2, 8], weights) is None


# Joint distributions


def test_headcounts_lie_within_their_size_class(district: District, enterprises: Sequence[Enterprise]) -> None:
    bounds = {size.name: (size.minimum, size.maximum) for size in district.size_classes}
    for enterprise in enterprises:
        low, high = bounds[enterprise.size_class]
        assert low <= enterprise.staff.headcounts[-1] <= high


def test_small_firms_are_more_frequent_than_the_middle_of_their_class(enterprises: Sequence[Enterprise]) -> None:
    micro = [enterprise.staff.headcounts[-1] for enterprise in enterprises if enterprise.size_class == "1至9人"]
    assert 2 <= median(micro) <= 4


def logarithm(value: int) -> float:
    return float(Decimal(value).ln())


def test_revenue_grows_with_headcount_and_assets_with_revenue(enterprises: Sequence[Enterprise]) -> None:
    active = [enterprise for enterprise in enterprises if enterprise.money.revenue]
    heads = [logarithm(enterprise.staff.headcounts[-1]) for enterprise in active]
    revenue = [logarithm(enterprise.money.revenue) for enterprise in active]
    assets = [logarithm(enterprise.money.assets[-1]) for enterprise in active]
    assert 0.55 < correlation(heads, revenue) < 0.95
    assert 0.6 < correlation(revenue, assets) < 0.95


def test_revenue_per_head_and_wages_differ_by_industry_as_stated(district: District, enterprises: Sequence[Enterprise]) -> None:
    for industry in district.industries:
        firms = [enterprise for enterprise in enterprises if enterprise.industry == industry.name]
        if len(firms) < 200:
            continue
        assert Decimal("0.85") < Decimal(median(firm.staff.wage for firm in firms)) / industry.wage.median < Decimal("1.15")
        active = [firm for firm in firms if firm.money.revenue and firm.founded.year < 2025]
        per_head = Decimal(median(firm.money.revenue / firm.staff.headcounts[-1] for firm in active))
        assert Decimal("0.6") < per_head / industry.revenue_per_head.median < Decimal("1.3")


def test_pay_follows_productivity_within_an_industry(enterprises: Sequence[Enterprise]) -> None:
    firms = [enterprise for enterprise in enterprises if enterprise.industry == "软件和信息技术服务业" and enterprise.money.revenue]
    per_head = [logarithm(firm.money.revenue) - logarithm(firm.staff.headcounts[-1]) for firm in firms]
    assert 0.3 < correlation(per_head, [logarithm(firm.staff.wage) for firm in firms]) < 0.9


def test_last_years_staff_is_close_to_the_headcount(enterprises: Sequence[Enterprise]) -> None:
    old = [enterprise for enterprise in enterprises if enterprise.founded.year < 2025]
    ratios = sorted(enterprise.staff.on_payroll / enterprise.staff.headcounts[-1] for enterprise in old)
    assert 0.9 <= median(ratios) <= 1.05
    assert ratios[len(ratios) // 20] > 0.6
    assert ratios[-len(ratios) // 20] < 1.5


def test_disabled_employees_are_no_more_than_staff_counted_double_and_more_likely_in_large_firms(
    district: District, enterprises: Sequence[Enterprise]
) -> None:
    assert all(0 <= firm.staff.disabled <= firm.staff.on_payroll * district.habits.severe_counts_as for firm in enterprises)
    shares = []
    for size in district.size_classes:
        firms = [enterprise for enterprise in enterprises if enterprise.size_class == size.name]
        shares.append(sum(firm.staff.disabled > 0 for firm in firms) / len(firms))
    assert shares == sorted(shares)
    assert shares[-1] > 0.5


def test_computing_contracts_are_concentrated_in_computing_industries(enterprises: Sequence[Enterprise]) -> None:
    buyers = [enterprise for enterprise in enterprises if enterprise.contracts.amount]
    assert sum(buyer.industry in COMPUTING for buyer in buyers) / len(buyers) > 0.75
    assert sum(enterprise.industry in COMPUTING for enterprise in enterprises) / len(enterprises) < 0.25


def test_whoever_buys_no_computing_power_has_nothing_that_hangs_on_it(enterprises: Sequence[Enterprise]) -> None:
    for enterprise in enterprises:
        contracts = enterprise.contracts
        if not contracts.amount:
            assert (contracts.facility, contracts.voucher_percent, contracts.voucher_manner) == ("", "0", "")
            assert not contracts.is_on_registered_model
            assert not contracts.makes_foundation_model
        assert (contracts.voucher_percent == "0") == (contracts.voucher_manner in {"", "无"})


def test_nothing_is_owned_or_employed_before_the_foundation(enterprises: Sequence[Enterprise]) -> None:
    young = [enterprise for enterprise in enterprises if enterprise.founded.year == 2025]
    assert len(young) > 50
    for enterprise in enterprises:
        quarter = (enterprise.founded.month + 2) // 3 if enterprise.founded.year == 2025 else 0
        for points in (enterprise.staff.headcounts, enterprise.money.assets):
            assert all(point == 0 for point in points[:quarter])
            assert all(point > 0 for point in points[quarter:])
    assert max(enterprise.founded for enterprise in enterprises).isoformat() <= "2025-11-16"


def test_industry_codes_have_two_to_four_digits_of_their_industry(district: District, enterprises: Sequence[Enterprise]) -> None:
    codes = {industry.name: set(industry.codes.values) for industry in district.industries}
    assert all(enterprise.industry_code in codes[enterprise.industry] for enterprise in enterprises)
    everything = set().union(*codes.values())
    assert all(code.isdigit() and 2 <= len(code) <= 4 for code in everything)
    assert {len(code) for code in everything} == {2, 3, 4}


def test_industry_codes_belong_to_one_industry_each(district: District) -> None:
    divisions = Counter(division for industry in district.industries for division in {code[:2] for code in industry.codes.values})
    assert max(divisions.values()) == 1


# Rows and files


def test_quarters_follow_one_another_in_the_rows(rows: Rows) -> None:
    for row in rows[:MADE]:
        for kind in ("从业人数", "资产总额"):
            begins = [row[column] for column in FACTS[f"季初{kind}"]]
            ends = [row[column] for column in FACTS[f"季末{kind}"]]
            if begins[0] and ends[0]:
                assert ends[:3] == begins[1:]


def test_the_years_end_is_the_last_quarters_end(small: dict[str, Any]) -> None:
    small["unknown"] = {"share": 0}
    small["dirt"]["negative_headcounts"] = 0
    small["dirt"]["unparsable"] = {}
    for row in synthesize(small)[:300]:
        assert row["期末从业人员"] == row["四季度末从业人数"]
        assert row["年末资产总额（万元）"] == row["四季度末资产总额（万元）"]


def test_three_per_cent_of_each_attribute_are_unknown_and_lists_as_a_whole(rows: Rows) -> None:
    for columns in FACTS.values():
        for column in columns:
            assert sum(not row[column] for row in rows[:MADE]) == 270
        assert all(len({bool(row[column]) for column in columns}) == 1 for row in rows[:MADE])
    assert all(row[KEY] for row in rows)


def test_unknown_cells_of_different_attributes_lie_in_different_rows(rows: Rows) -> None:
    both = sum(not row["营业收入（万元）"] and not row["期末从业人员"] for row in rows[:MADE])
    assert both < 30  # 8 expected


def test_an_attribute_may_have_its_own_share_of_unknowns(small: dict[str, Any]) -> None:
    small["unknown"] = {"share": 0.5, "shares": {"企业名称": 0}}
    found = synthesize(small)[:300]
    assert sum(not row["企业名称"] for row in found) == 0
    assert sum(not row["街道"] for row in found) == 150


@pytest.mark.parametrize(("amount", "text"), [(0, "0"), (100, "0.01"), (10_000, "1"), (-1_234_500, "-123.45"), (100_000_000, "10000")])
def test_money_is_written_in_wan(amount: int, text: str) -> None:
    assert in_wan(amount) == text
    assert Decimal(text) * 10_000 == amount


def test_files_hold_a_header_and_data_only_and_can_be_joined(rows: Rows, tmp_path: Path) -> None:
    tables = {}
    for path, (name, columns) in zip(write_synthetic(rows, tmp_path / "new" / "folder"), FILES.items(), strict=True):
        with path.open(encoding="utf-8", newline="") as file:
            header, *lines = csv.reader(file)
        assert tuple(header) == columns
        assert {len(line) for line in lines} == {len(columns)}
        assert {line[-1] for line in lines} == {MARK}
        tables[name] = [line[0] for line in lines]
    assert tables["enterprises"][:MADE] == tables["finance"][:MADE]
    assert [len(table) for table in tables.values()] == [MADE + 2, MADE + 4]


@pytest.mark.long
def test_the_same_seed_gives_the_same_bytes_whatever_the_hash_seed(small: dict[str, Any], tmp_path: Path) -> None:
    program = (
        "import sys, yaml; from zhida.registry_io.synthetic import write_district;write_district(yaml.safe_load(sys.stdin), sys.argv[1])"
    )
    text = yaml.safe_dump(small, allow_unicode=True, sort_keys=False)
    digests = set()
    for hash_seed in ("1", "2"):
        folder = tmp_path / hash_seed
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        subprocess.run([sys.executable, "-c", program, str(folder)], input=text, text=True, check=True, env=environment, cwd=ROOT)
        digests.add(tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())))
    here = tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(write_district(small, tmp_path / "here")))
    assert digests == {here}
    assert len(here) == 6


def test_another_seed_gives_another_district_of_the_same_shape(small: dict[str, Any]) -> None:
    first, second = synthesize(small, seed=1), synthesize(small, seed=2)
    assert first != second
    assert synthesize(small, seed=1) == first
    assert len(first) == len(second)


def test_draws_are_the_same_on_every_machine() -> None:
    draws = Draws(20260101, 3)
    found = [str(draws.uniform()), str(draws.normal()), str(draws.of_lognormal(LogNormal(Decimal(100), Decimal("0.5"))))]
    assert found == ["0.212698579", "1.28184885554946959", "135.290742322485152"]
    assert draws.order(5) == [1, 0, 3, 2, 4]


def test_normals_have_mean_zero_and_deviation_one() -> None:
    draws = Draws(1, 1)
    found = [float(draws.normal()) for _ in range(4000)]
    mean = sum(found) / 4000
    assert abs(mean) < 0.06
    assert abs(sum((value - mean) ** 2 for value in found) / 4000 - 1) < 0.1


def test_choices_follow_their_weights_and_never_take_a_weight_of_zero() -> None:
    draws = Draws(1, 1)
    counts = Counter(draws.choice(weighted({"a": Decimal(3), "none": Decimal(0), "b": Decimal(1)})) for _ in range(4000))
    assert set(counts) == {"a", "b"}
    assert 2850 < counts["a"] < 3150


# What goes wrong on purpose, as the import sees it


@pytest.fixture(scope="module")
def packs() -> Packs:
    return the_packs()


@pytest.fixture(scope="module")
def dictionary(packs: Packs) -> Dictionary:
    return packs.dictionaries["enterprise"]


@pytest.fixture(scope="module")
def files(data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    return write_district(data, tmp_path_factory.mktemp("district"))


@pytest.fixture(scope="module")
def imported(files: tuple[Path, ...], dictionary: Dictionary) -> ImportResult:
    return import_registry(read_mapping(MAPPING), list(files), dictionary)


@pytest.mark.long
def test_every_attribute_of_the_dictionary_has_a_column(dictionary: Dictionary, imported: ImportResult) -> None:
    columns = {column.partition("@")[0] for column in imported.frame.columns}
    computed = {name for name, item in dictionary.items.items() if item.statistic is not None}
    assert computed
    assert set(dictionary.items) - columns == computed  # population facts are computed of all subjects, never handed over


@pytest.mark.long
def test_the_import_finds_what_was_spoiled_and_nothing_else(files: tuple[Path, ...], imported: ImportResult) -> None:
    found = Counter(finding.code for finding in imported.quality.findings)
    (lost,) = {finding.key for finding in imported.quality.findings if finding.code == "registry-subject-set-aside"}
    set_aside = sum(path.read_text(encoding="utf-8").count(lost) for path in files) - 2
    assert found == {
        "registry-bad-code": 12,  # three enterprises in four files
        "registry-duplicate-conflict": 4,  # two rows in each file
        "registry-duplicate-exact": 2,
        "registry-not-in-base": 2,
        "registry-subject-set-aside": set_aside,  # the other rows of the enterprise that conflicts in the base
        "registry-out-of-range": 5,
        "registry-unparsable": 2,
        "registry-not-in-list": 1,
    }
    assert imported.quality.is_synthetic
    assert (imported.frame.height, imported.quality.subjects_set_aside) == (9000, 1)


@pytest.mark.long
def test_the_import_gives_base_units_back(enterprises: Sequence[Enterprise], imported: ImportResult) -> None:
    table = {row[KEY]: row for row in imported.frame.iter_rows(named=True)}
    compared = 0
    for enterprise in enterprises[:300]:
        row = table[enterprise.code]
        if row["营业收入@2025"] is not None and row["季初资产总额"] is not None and row["智能券比例"] is not None:
            assert row["营业收入@2025"] == enterprise.money.revenue
            assert row["季初资产总额"] == [Decimal(amount) for amount in enterprise.money.assets[:4]]
            assert row["智能券比例"] == Decimal(enterprise.contracts.voucher_percent) / 100
            compared += 1
    assert compared > 200


@pytest.mark.long
@pytest.mark.parametrize("page", ["README.md", "README.zh.md"])
def test_the_answer_that_the_readme_shows_is_one_step_away(
    imported: ImportResult, packs: Packs, dictionary: Dictionary, tmp_path: Path, page: str
) -> None:
    pattern = r"explain --registry build/demo/registry (\S+) (\S+) --as-of (\S+)"
    found = re.search(pattern, (ROOT / page).read_text(encoding="utf-8"))
    assert found
    code, title, day = found.groups()
    (policy,) = (policy.id for policy in packs.policies.values() if title in policy.front.title)
    write_registry(imported, tmp_path)
    facts = read_registry(tmp_path, dictionary).subject(code)
    as_of = parse_date(day)
    assert as_of == DEMO_AS_OF
    assert assess_subject(packs, policy, facts, as_of=DEMO_AS_OF).near


# Mistakes in the district file


def test_mistakes_in_the_parameters_are_found_all_at_once(small: dict[str, Any]) -> None:
    small["seed"] = "seven"
    small["unknown"] = {"share": 3}
    del small["habits"]["severe_share"]
    small["industries"][1]["margn"] = small["industries"][1].pop("margin")
    small["industries"][2]["codes"] = {}
    with pytest.raises(InputError) as error:
        synthesize(small)
    assert sorted(codes_of(error)) == [
        ("district-key", "habits.severe_share"),
        ("district-key", "industries[1].margin"),
        ("district-key", "industries[1].margn"),
        ("district-value", "industries[2].codes"),
        ("district-value", "seed"),
        ("district-value", "unknown.share"),
    ]
    near = {item.arguments["path"]: item.arguments.get("near") for item in error.value.diagnostics}
    assert near["industries[1].margn"] == "margin"


def test_names_that_refer_to_nothing_and_totals_that_do_not_add_up_are_found(small: dict[str, Any]) -> None:
    small["streets"][0]["affinity"] = {"软件业": 2}
    small["industries"][0]["unit_types"] = {"公司": 1}
    small["industries"][0]["sizes"] = [1, 2]
    small["calibrate"] = {"size_classes": {"1至9人": 1, "10至99人": 1, "100至299人": 1, "300人以上": 1}, "holders": {"街道": 1}}
    with pytest.raises(InputError) as error:
        parse_district(small)
    assert codes_of(error) == [
        ("district-value", "industries[0].sizes"),
        ("district-key", "industries[].unit_types.公司"),
        ("district-key", "streets[].affinity.软件业"),
        ("district-key", "calibrate.holders.街道"),
        ("district-target", "calibrate.size_classes"),
    ]


@pytest.mark.parametrize(
    ("change", "path", "shown"),
    [
        (lambda data: data["industries"][0].update(sizes=[1, 0.5]), "industries[0].sizes", "[1, 0.5]"),
        (lambda data: data["compute"].update(vouchers={"30": 1, "10": 2}), "compute.vouchers", "{30: 1, 10: 2}"),
        (lambda data: data.update(seed={"a": [True, None]}), "seed", "{a: [true, null]}"),
        (lambda data: data.update(seed=list(range(100))), "seed", "[" + ", ".join(map(str, range(22))) + ", …"),
    ],
)
def test_a_wrong_value_is_shown_as_it_may_be_written(
    small: dict[str, Any], change: Callable[[dict[str, Any]], None], path: str, shown: str
) -> None:
    change(small)
    with pytest.raises(InputError) as error:
        parse_district(small)
    assert [item.arguments["value"] for item in error.value.diagnostics if item.arguments["path"] == path] == [shown]


def test_a_value_that_is_lacking_is_complained_of_once_and_never_shown(small: dict[str, Any]) -> None:
    del small["size_classes"][2]["maximum"]
    del small["code"]["region"]
    with pytest.raises(InputError) as error:
        parse_district(small)
    assert codes_of(error) == [("district-key", "size_classes[2].maximum"), ("district-key", "code.region")]
    assert "object at" not in str(error.value)


@pytest.mark.parametrize(
    ("key", "value", "path"),
    [
        ("exact_duplicates", {"staff": 1}, "dirt.exact_duplicates.staff"),
        ("conflicting_duplicates", {"staff": 1}, "dirt.conflicting_duplicates.staff"),
        ("unparsable", {"收入": "x"}, "dirt.unparsable.收入"),
    ],
)
def test_dirt_in_a_file_or_column_that_is_not_there_is_refused(small: dict[str, Any], key: str, value: object, path: str) -> None:
    small["dirt"][key] = value
    with pytest.raises(InputError) as error:
        synthesize(small)
    assert codes_of(error) == [("district-key", path)]


def test_an_unknown_attribute_among_the_unknown_shares_is_refused(small: dict[str, Any]) -> None:
    small["unknown"] = {"share": 0, "shares": {"收入": 1}}
    with pytest.raises(InputError) as error:
        synthesize(small)
    assert codes_of(error) == [("district-key", "unknown.shares.收入")]


@pytest.mark.parametrize("text", ["a: [1\n", "- 1\n- 2\n", "a: 2026-13-45\n"])
def test_a_file_that_holds_no_keys_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "district.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_district(path)
    assert [item.code for item in error.value.diagnostics] == ["district-yaml"]


def test_numbers_of_the_file_are_exact(district: District) -> None:
    assert district.unknowns.share == Decimal("0.03")
