"""Cells: exact values, nothing guessed, every liberty counted."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.registry_fixtures import dictionary, mapping
from zhida.registry_io.cells import Cell, converter


def read(column: str, text: str, unknown: frozenset[str] = frozenset()) -> Cell:
    """Read one cell by `ATTRIBUTE: {options}`."""
    found = mapping(f"- name: 甲\n  key: code\n  columns:\n    {column}\n").files[0].columns[0]
    return converter(found, dictionary().items[found.attribute], unknown)(text)


REVENUE = "营业收入: {column: x, unit: 万元}"


@pytest.mark.parametrize(
    ("text", "yuan", "liberties"),
    [
        ("250", "2500000", ()),
        (" 250.5 ", "2505000", ()),
        ("0.000001", "0.01", ()),
        ("-3", "-30000", ()),
        ("007", "70000", ()),
        ("1,234.5", "12345000", ("thousands",)),
        ("１２３", "1230000", ("full_width",)),
        ("１，２３４．５", "12345000", ("full_width", "thousands")),
        ("+5", "50000", ("plus_sign",)),
        ("−5", "-50000", ("full_width",)),
    ],
)
def test_numbers_convert_exactly(text: str, yuan: str, liberties: tuple[str, ...]) -> None:
    cell = read(REVENUE, text)
    assert cell.value == Decimal(yuan)
    assert cell.liberties == liberties


@pytest.mark.parametrize("text", ["12万", "1.2E+05", "(120)", "1,23", "1 234", "--", "NaN", "Infinity", "10²", "٣", "1.", ".5", "1" * 40])
def test_what_may_be_no_number_is_not_guessed(text: str) -> None:
    cell = read(REVENUE, text)
    assert cell.value is None
    assert cell.problems == ("registry-unparsable",)


@given(st.decimals(min_value=0, max_value=99_999, places=6))
def test_no_digit_of_a_number_is_lost(number: Decimal) -> None:
    assert read(REVENUE, str(number)).value == number * 10_000


def test_digits_beyond_the_scale_are_rounded_half_even_and_said() -> None:
    assert read(REVENUE, "0.0000005") == Cell(Decimal("0.00"), problems=("registry-rounded",), liberties=("rounded",))
    assert read(REVENUE, "0.0000015").value == Decimal("0.02")


def test_rounding_after_a_rate_is_counted_but_is_no_finding() -> None:
    rate = "rate: {from: USD, to: 元, value: '6.2855', date: 2012-12-31, source: 示例}"
    cell = read(f"营业收入: {{column: x, unit: USD, {rate}}}", "1.01")
    assert cell == Cell(Decimal("6.35"), liberties=("rounded",))


def test_unusual_numbers_are_kept_and_said() -> None:
    assert read(REVENUE, "200000") == Cell(Decimal("2000000000.00"), problems=("registry-out-of-range",))
    assert not read(REVENUE, "100000").problems


@pytest.mark.parametrize("text", ["", "  ", "\u3000"])
def test_empty_cells_are_unknown(text: str) -> None:
    assert read(REVENUE, text) == Cell()


def test_words_for_unknown_are_unknown() -> None:
    assert read(REVENUE, "不详", frozenset({"不详"})) == Cell()


def test_the_word_for_absence_is_null_only_where_the_dictionary_allows_it() -> None:
    assert read("证书到期日: {column: x, absent: 无}", "无") == Cell(is_absent=True)
    assert read("成立日期: {column: x, absent: 无}", "无") == Cell(problems=("registry-absent-not-allowed",))


def test_code_tables_translate_leave_unknown_and_list_the_rest() -> None:
    table = "企业名称: {column: x, values: {甲: 乙, 丙: ~}, otherwise: %s}"
    assert read(table % "unknown", "甲").value == "乙"
    assert read(table % "unknown", "丙") == Cell(liberties=("left_unknown",))
    assert read(table % "unknown", "丁") == Cell(problems=("registry-not-in-list",))
    assert read(table % "error", "丁") == Cell(problems=("registry-value-refused",))


def test_strings_must_be_in_the_dictionary_s_code_list() -> None:
    assert read("单位类型: x", "企业").value == "企业"
    assert read("单位类型: x", "公司") == Cell(problems=("registry-not-in-list",))


@pytest.mark.parametrize("text", ["2015-01-31", "2015/1/31", "2015.1.31", "2015年1月31日", "2015-01-31 00:00:00", "２０１５-01-31"])
def test_dates_with_the_year_first_are_understood(text: str) -> None:
    assert read("成立日期: x", text).value == date(2015, 1, 31)


@pytest.mark.parametrize("text", ["2015-02-30", "31/1/2015", "2015", "42035", "2015-01-31 08:00:00", "15-1-31"])
def test_what_may_be_no_date_is_not_guessed(text: str) -> None:
    assert read("成立日期: x", text).problems == ("registry-unparsable",)


def test_a_stated_form_of_dates_is_the_only_one() -> None:
    column = "成立日期: {column: x, format: '%d/%m/%Y'}"
    assert read(column, "1/12/2015").value == date(2015, 12, 1)
    assert read(column, "2015-12-01").problems == ("registry-unparsable",)
    assert read("成立日期: {column: x, format: '%Y%m%d'}", "0").problems == ("registry-unparsable",)


@pytest.mark.parametrize(("text", "value"), [("是", True), ("TRUE", True), ("1", True), ("否", False), ("n", False), ("０", False)])
def test_booleans_are_said_in_usual_words(text: str, value: bool) -> None:
    assert read("依托大模型: x", text).value is value


def test_other_words_for_booleans_need_a_code_table() -> None:
    assert read("依托大模型: x", "有").problems == ("registry-unparsable",)
    assert read("依托大模型: {column: x, values: {有: true, 没有: false}}", "没有").value is False
