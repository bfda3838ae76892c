"""The years, titles, facts and lists of the synthetic district: published totals exactly, facts that hang together, laws in data."""

import copy
import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.packs import the_packs
from zhida.errors import InputError
from zhida.registry_io.importing import ImportResult, import_registry
from zhida.registry_io.mapping_reading import read_mapping
from zhida.registry_io.synthetic import KEY, MARK, MARK_COLUMN, write_district
from zhida.registry_io.synthetic_district import read_district
from zhida.registry_io.synthetic_draws import Draws, LogNormal
from zhida.registry_io.synthetic_laws import POOL, Pools, figure

ROOT = Path(__file__).parents[2]
DISTRICT = ROOT / "examples/demo/district.yaml"
MAPPING = ROOT / "examples/demo/mapping.yaml"

Row = dict[str, str]


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    return dict(read_district(DISTRICT))


@pytest.fixture(scope="module")
def files(data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Row]]:
    """Return the rows of each file of the demonstration's district, without unknown cells and mistakes in the other files."""
    return read_all(write_district(cleaned(data), tmp_path_factory.mktemp("district")))


def cleaned(data: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a district in which nothing is unknown or goes wrong."""
    found = copy.deepcopy(data)
    found["unknown"] = {"share": 0}
    found["dirt"] |= dict.fromkeys(("bad_check_digits", "negative_headcounts", "wages_in_wan", "unmatched_rows"), 0)
    found["dirt"] |= {"unparsable": {}, "not_in_code_list": {}, "exact_duplicates": {}, "conflicting_duplicates": {}}
    return found


def read_all(paths: tuple[Path, ...]) -> dict[str, list[Row]]:
    """Return the rows of each file, by its name without `-synthetic.csv`."""
    return {path.name.removesuffix("-synthetic.csv"): list(csv.DictReader(path.read_text(encoding="utf-8").splitlines())) for path in paths}


@pytest.fixture(scope="module")
def standing(files: dict[str, list[Row]]) -> list[Row]:
    """Return the facts of each enterprise: those of all files, money in 元."""
    tables = [files[name] for name in ("enterprises", "finance", "history", "standing")]
    return [dict(pair for row in rows for pair in row.items()) for rows in zip(*tables, strict=True)]


@pytest.fixture(scope="module")
def imported(data: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> ImportResult:
    dictionary = the_packs().dictionaries["enterprise"]
    return import_registry(read_mapping(MAPPING), list(write_district(data, tmp_path_factory.mktemp("raw"))), dictionary)


@pytest.fixture
def small(data: dict[str, Any]) -> dict[str, Any]:
    """Return a copy with 200 enterprises, nothing unknown or wrong, one title and no facts: free to be given some."""
    found = cleaned(data)
    found["enterprises"] = 200
    found["calibrate"] = {}
    found["research"]["holders"] = 60
    found["titles"] = {"高新技术企业": {"holders": 12, "among": {"research": True}}}
    found["facts"] = {}
    found["lists"] = {}
    return found


def facts_of(small: dict[str, Any], folder: Path, **facts: object) -> list[Row]:
    small["facts"] = facts
    tables = read_all(write_district(small, folder))
    return [enterprise | row for enterprise, row in zip(tables["enterprises"], tables["standing"], strict=False)]


def amount(row: Row, column: str) -> Decimal:
    return Decimal(row[column])


def revenue(row: Row) -> Decimal:
    return amount(row, "营业收入（万元）") * 10_000


# Published totals


@pytest.mark.long
def test_published_totals_of_titles_come_out_exactly_in_the_registry(imported: ImportResult) -> None:
    frame = imported.frame
    assert frame["省科技型中小企业"].sum() == 2660
    assert frame.select(pl.col("高企证书到期日", "专精特新到期日").is_not_null().sum()).row(0) == (803, 158)


@pytest.mark.long
def test_titles_are_known_of_everybody(imported: ImportResult) -> None:
    for name in ("高企证书起始日", "高企证书到期日", "专精特新到期日", "小巨人到期日", "科技型中小企业入库到期日"):
        known = imported.frame.select((pl.col(name).is_not_null() | pl.col(f"{name}:absent")).sum()).item()
        assert known == imported.frame.height, name


@pytest.mark.long
def test_of_other_attributes_one_in_a_hundred_is_unknown(data: dict[str, Any], tmp_path: Path) -> None:
    tables = read_all(write_district(data, tmp_path))
    for table, column in (("history", "研发费用2024"), ("standing", "列入严重失信名单"), ("standing", "税收实际贡献2025")):
        assert sum(not row[column] for row in tables[table]) == 90


def test_a_target_of_holders_beyond_all_candidates_is_refused(small: dict[str, Any], tmp_path: Path) -> None:
    small["titles"]["高新技术企业"]["holders"] = 61
    with pytest.raises(InputError) as error:
        write_district(small, tmp_path)
    assert [(item.code, item.arguments["path"]) for item in error.value.diagnostics] == [("district-target", "titles.高新技术企业")]


# What hangs together


@pytest.mark.long
def test_most_holders_of_a_certificate_meet_its_conditions_as_far_as_they_are_figures(standing: list[Row]) -> None:
    holders = [row for row in standing if row["高企证书到期日"] != "无"]
    met = 0
    for row in holders:
        line = Decimal("0.05") if revenue(row) <= 50_000_000 else Decimal("0.04") if revenue(row) <= 200_000_000 else Decimal("0.03")
        met += (
            amount(row, "研发费用2025") + amount(row, "研发费用2024") + amount(row, "研发费用2023")
            >= line * (revenue(row) + amount(row, "营业收入2024") + amount(row, "营业收入2023"))
            and amount(row, "科技人员数2025") >= Decimal("0.1") * amount(row, "职工总数2025")
            and amount(row, "高新技术产品收入2025") >= Decimal("0.6") * amount(row, "收入总额2025")
        )
    assert len(holders) == 803
    assert 0.85 < met / len(holders) < 1


@pytest.mark.long
def test_titles_are_valid_on_the_day_of_looking_and_first_given_no_later(standing: list[Row]) -> None:
    for row in standing:
        start, end, first = row["高企证书起始日"], row["高企证书到期日"], row["高企首次认定日期"]
        assert (start == "无") == (end == "无") == (first == "无")
        if start != "无":
            assert row["成立日期"] < first <= start <= "2026-06-30" <= end


@pytest.mark.long
def test_titles_rest_on_one_another(standing: list[Row]) -> None:
    for row in standing:
        assert row["小巨人到期日"] == "无" or row["专精特新到期日"] != "无"
        assert row["专精特新到期日"] == "无" or row["创新型中小企业到期日"] != "无"
        assert row["高企证书到期日"] == "无" or (row["单位类型"] == "企业" and amount(row, "研发费用2025") > 0)


@pytest.mark.long
def test_figures_of_a_year_hang_together(standing: list[Row]) -> None:
    for row in standing:
        for year in ("2025", "2024", "2023", "2022"):
            assert amount(row, f"境内研发费用{year}") <= amount(row, f"研发费用{year}")
            assert amount(row, f"科技人员数{year}") <= amount(row, f"职工总数{year}") + Decimal("0.1")
            if year != "2025":
                debts = amount(row, f"净资产{year}") + amount(row, f"负债总额{year}")
                assert abs(debts - amount(row, f"资产总额{year}")) <= Decimal("0.02")
        if row["成立日期"] >= "2025":
            assert amount(row, "营业收入2024") == amount(row, "失业保险参保人数2024") == 0


@pytest.mark.long
def test_taxpayers_above_the_line_are_general_and_period_figures_follow_revenue(standing: list[Row]) -> None:
    for row in standing:
        is_small = row["增值税纳税人类型"] == "小规模纳税人"
        assert not is_small or revenue(row) < 5_000_000
        assert (row["申报期不含税销售额"] == "") == (row["申报期含税销售额"] == "") == (not is_small)
        if is_small:
            assert (row["申报期不含税销售额"] == "无") != (row["申报期含税销售额"] == "无")
            sales = Decimal(0) if row["申报期不含税销售额"] == "无" else amount(row, "申报期不含税销售额")
            assert amount(row, "申报期专用发票销售额") <= sales


@pytest.mark.long
def test_land_and_energy_belong_to_industrial_firms(standing: list[Row]) -> None:
    industrial = [row for row in standing if row["工业企业"] == "是"]
    assert len(industrial) > 400
    for row in standing:
        is_industrial = row["工业企业"] == "是"
        assert is_industrial == (row["单位类型"] == "企业" and 13 <= int(row["行业代码"][:2]) <= 46)
        assert (amount(row, "用地面积2025") > 0) == is_industrial
        assert (row["规上工业企业"] == "是") == (is_industrial and amount(row, "主营业务收入2025") >= 20_000_000)


@pytest.mark.long
def test_what_a_person_judges_is_unknown_of_most(standing: list[Row]) -> None:
    for name in ("核心知识产权认定", "符合研发投入补助条件", "智能券认定比例", "属于区级扶持对象"):
        known = sum(row[name] != "" for row in standing)
        assert 0 < known < len(standing) / 10, name


@pytest.mark.long
def test_scores_of_one_review_are_known_together(standing: list[Row]) -> None:
    scores = [name for name in standing[0] if name.startswith("高企") and name.endswith(("得分", "加分"))]
    assert len(scores) == 12
    assert Counter(sum(row[name] != "" for name in scores) for row in standing).keys() == {0, 12}


@pytest.mark.long
def test_rows_of_lists_belong_to_enterprises_and_every_certificate_rests_on_rights(
    files: dict[str, list[Row]], standing: list[Row]
) -> None:
    keys = {row[KEY] for row in files["enterprises"]}
    owners = {row[KEY] for row in files["intellectual-property"]}
    assert owners < keys
    assert {row[KEY] for row in standing if row["高企证书到期日"] != "无"} <= owners
    numbers = [row["知识产权编号"] for row in files["intellectual-property"]]
    assert len(set(numbers)) == len(numbers)
    assert {row["类别"] for row in files["intellectual-property"] if row["种类"] == "发明专利"} == {"Ⅰ类"}
    assert all(row[MARK_COLUMN] == MARK for rows in files.values() for row in rows)


# Laws


def test_the_first_case_whose_group_an_enterprise_is_in_decides(small: dict[str, Any], tmp_path: Path) -> None:
    cases = [
        {"among": {"unit_types": ["个体工商户"]}, "value": "甲"},
        {"among": {"research": True}, "value": "乙"},
        {"among": {"industries": ["零售业"]}, "value": "丙", "otherwise": "丁"},
    ]
    rows = facts_of(
        small, tmp_path, 类型={"cases": cases}, 再={"among": {"when": {"类型": ["甲", "丁"]}}, "value": "有", "otherwise": "没有"}
    )
    assert {row["类型"] for row in rows if row["单位类型"] == "个体工商户"} == {"甲"}
    assert {row["类型"] for row in rows} == {"甲", "乙", "丙", "丁"}
    assert all((row["再"] == "有") == (row["类型"] in {"甲", "丁"}) for row in rows)


def test_the_lower_end_of_a_group_belongs_to_it_and_the_upper_one_does_not(small: dict[str, Any], tmp_path: Path) -> None:
    facts = {"数": {"choice": ["4", "5", "6", "7"]}, "在内": {"among": {"between": {"数": [5, 7]}}, "value": "是", "otherwise": "否"}}
    rows = facts_of(small, tmp_path, **facts)
    assert {row["数"] for row in rows if row["在内"] == "是"} == {"5", "6"}
    assert {row["数"] for row in rows if row["在内"] == "否"} == {"4", "7"}


def test_a_ratio_follows_a_figure_of_the_same_year(small: dict[str, Any], tmp_path: Path) -> None:
    facts_of(small, tmp_path, 税={"years": 2, "ratio": {"median": 0.1, "sigma": 0}, "of": "营业收入", "step": 0.01})
    tables = read_all(tuple(tmp_path / f"{name}-synthetic.csv" for name in ("finance", "history", "standing")))
    ratios = []
    for now, before, row in zip(*tables.values(), strict=False):
        assert amount(row, "税2025") == revenue(now) / 10
        if amount(before, "营业收入2024"):
            ratios.append(amount(row, "税2024") / amount(before, "营业收入2024"))
        else:
            assert row["税2024"] == "0"
    assert len(set(ratios)) > 100
    assert all(Decimal("0.05") < ratio < Decimal("0.15") for ratio in ratios)


def test_holders_of_a_share_are_drawn_and_the_others_have_what_is_said(small: dict[str, Any], tmp_path: Path) -> None:
    facts = {"事": {"share": 0.5, "value": "有", "otherwise": "?"}, "人": {"among": {"titles": ["高新技术企业"]}, "chance": 1}}
    rows = facts_of(small, tmp_path, **facts)
    assert 70 < sum(row["事"] == "有" for row in rows) < 130
    assert {row["事"] for row in rows} == {"有", ""}
    assert Counter(row["人"] for row in rows) == {"是": 12, "否": 188}


def test_a_further_fact_leaves_the_others_as_they_were(small: dict[str, Any], tmp_path: Path) -> None:
    law = {"amount": {"median": 100, "sigma": 1}}
    before = facts_of(small, tmp_path, 甲=law, 乙=law)
    after = facts_of(small, tmp_path, 新={"chance": 0.5}, 甲=law, 乙=law)
    assert [(row["甲"], row["乙"]) for row in before] == [(row["甲"], row["乙"]) for row in after]
    assert [row["甲"] for row in before] != [row["乙"] for row in before]


@pytest.mark.parametrize(
    ("fact", "path"),
    [
        ({"ratio": {"median": 1, "sigma": 0}, "of": "营收"}, "facts.事: 营收"),
        ({"among": {"between": {"后": [1, None]}}, "chance": 1}, "facts.事: 后"),
        ({"among": {"when": {"后": ["1"]}}, "chance": 1}, "facts.事: 后"),
        ({"among": {"titles": ["高企"]}, "chance": 1}, "facts.事.among.titles.高企"),
    ],
)
def test_a_fact_that_rests_on_what_is_not_known_before_it_is_refused(
    small: dict[str, Any], tmp_path: Path, fact: dict[str, object], path: str
) -> None:
    with pytest.raises(InputError) as error:
        facts_of(small, tmp_path, 事=fact, 后={"value": "1"})
    assert [(item.code, item.arguments["path"]) for item in error.value.diagnostics] == [("district-key", path)]


@pytest.mark.parametrize(
    ("fact", "path"),
    [
        ({"chance": 0.1, "value": "1"}, "facts.事"),
        ({"among": {"between": {"营业收入": [None, None]}}, "chance": 1}, "facts.事.among.between.营业收入"),
        ({"days": [9, 3]}, "facts.事.days"),
        ({"among": {"research": "yes"}, "chance": 1}, "facts.事.among.research"),
    ],
)
def test_a_law_that_is_none_is_refused_with_its_place(small: dict[str, Any], tmp_path: Path, fact: dict[str, object], path: str) -> None:
    with pytest.raises(InputError) as error:
        facts_of(small, tmp_path, 事=fact)
    assert [(item.code, item.arguments["path"]) for item in error.value.diagnostics] == [("district-value", path)]


def test_a_pool_draws_anew_until_it_is_full_and_then_from_what_it_has() -> None:
    pools, law = Pools(Draws(1, 34)), LogNormal(Decimal(100), Decimal(1))
    first = [pools.draw(law) for _ in range(POOL)]
    assert len(set(first)) == POOL
    assert {pools.draw(law) for _ in range(POOL)} < set(first)


def test_some_numbers_are_drawn_none_twice() -> None:
    found = [tuple(Draws(seed, 1).some(10, 4)) for seed in range(200)]
    assert all(len(set(numbers)) == 4 for numbers in found)
    assert {number for numbers in found for number in numbers} == set(range(10))


@pytest.mark.parametrize(
    ("value", "step", "text"),
    [("12.345", "0.01", "12.34"), ("12345", "100", "12300"), ("0.004", "0.01", "0"), ("7.3", "0.5", "7.5"), ("1E+3", "1", "1000")],
)
def test_figures_are_multiples_of_their_step(value: str, step: str, text: str) -> None:
    assert figure(Decimal(value), Decimal(step)) == text
