from decimal import Decimal

import pytest

from zhida.assess.assessment import Delivery, Outcome
from zhida.report.conditions import describe_test, gloss_test
from zhida.report.page import Markup, element, join
from zhida.report.prose import render_line, render_prose
from zhida.report.words import (
    DELIVERIES,
    OUTCOMES,
    format_amount,
    format_quantity,
    format_unit,
    format_value,
    format_yuan,
    gloss_yuan,
    group_digits,
)
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date
from zhida.values.unknown import unknown

CONTEXT = feel_context()


@pytest.mark.parametrize(
    ("fen", "shown"),
    [
        (0, "¥0.00"),
        (1, "¥0.01"),
        (99, "¥0.99"),
        (100, "¥1.00"),
        (-1, "-¥0.01"),
        (25_000_000, "¥250,000.00"),
        (10**19 + 1, "¥100,000,000,000,000,000.01"),
    ],
)
def test_amounts_of_fen_are_exact(fen: int, shown: str) -> None:
    assert format_amount(fen) == shown


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("0", "¥0.00"), ("1E+5", "¥100,000.00"), ("0.5", "¥0.50"), ("249999.995", "¥249,999.995"), ("-12.3", "-¥12.30")],
)
def test_unrounded_amounts_keep_every_decimal(amount: str, shown: str) -> None:
    assert format_yuan(Decimal(amount)) == shown


def test_a_number_that_is_cut_says_so() -> None:
    assert group_digits(Decimal("0.12345678")) == "0.12345678"
    assert group_digits(Decimal("0.123456789")) == "≈ 0.12345679"
    assert format_yuan(Decimal(100) / 3).startswith("≈ ¥33.3333")


def test_figures_keep_more_digits_than_the_default_context_has() -> None:
    whole = "1,234,567,890,123,456,789,012,345,678,901,234"
    value = Decimal(whole.replace(",", ""))
    assert group_digits(value) == whole
    assert format_yuan(value.copy_negate()) == f"-¥{whole}.00"
    assert format_quantity(value, "元", "zh") == f"{whole} 元"
    assert describe_test(f"> -{value}", "zh") == f"> -{whole}"
    assert (
        gloss_yuan(Decimal("1234567890123456789012345678901.01").scaleb(8, CONTEXT), "zh")
        == "1,234,567,890,123,456,789,012,345,678,901.01 亿元"
    )


@pytest.mark.parametrize(
    ("unit", "zh", "en"), [("元", "元", "yuan"), ("元/人", "元/人", "yuan/person"), ("1", "", ""), ("人*元", "人·元", "persons·yuan")]
)
def test_units_in_both_languages(unit: str, zh: str, en: str) -> None:
    assert (format_unit(unit, "zh"), format_unit(unit, "en")) == (zh, en)


def test_one_person_and_two_persons() -> None:
    assert format_quantity(Decimal(1), "人", "en") == "1 person"
    assert format_quantity(Decimal(2), "人", "en") == "2 persons"


def test_unknown_null_and_empty_text_are_three_things() -> None:
    assert [format_value(value, "人", "zh") for value in (unknown("人数"), None, "")] == ["未知", "无", "（空）"]
    assert [format_value(value, "人", "en") for value in (unknown("人数"), None, "")] == ["unknown", "none", "(empty)"]


def test_true_is_not_one() -> None:
    assert format_value(True, "人", "zh") == "是"


def test_dates_are_written_out() -> None:
    assert format_value(Date(2026, 3, 1), "天", "zh") == "2026年3月1日"
    assert format_value(Date(2026, 3, 1), "天", "en") == "1 March 2026"


def test_every_outcome_and_delivery_has_words_in_both_languages() -> None:
    assert set(OUTCOMES) == set(Outcome)
    assert set(DELIVERIES) == set(Delivery)
    assert all(words["zh"] and words["en"] for table in (OUTCOMES, DELIVERIES) for words in table.values())


@pytest.mark.parametrize(
    ("value", "gloss"),
    [
        ("9999", ""),
        ("10000", "1 万元"),
        ("500100", "50.01 万元"),
        ("500000.01", ""),
        ("123456789", ""),
        ("123450000", "12,345 万元"),
        ("100000000", "1 亿元"),
    ],
)
def test_large_sums_are_told_in_wan_only_where_that_is_exact(value: str, gloss: str) -> None:
    assert gloss_yuan(Decimal(value), "zh") == gloss


@pytest.mark.parametrize(
    ("test", "zh", "en"),
    [
        ("-", "", ""),
        (">= 300", "≥ 300", "≥ 300"),
        ("< -5", "< -5", "< -5"),
        ("[1..5)", "≥ 1 且 < 5", "≥ 1 and < 5"),
        ('["06".."46"]', "06 至 46", "06 to 46"),
        ('"53", ["66".."69"]', "53 或 66 至 69", "53 or 66 to 69"),
        ('"中型","小型"', "中型或小型", "中型 or 小型"),
        ('not("企业", "高校")', "不是企业或高校", "not 企业 or 高校"),
        ("null", "无", "none"),
        ("true", "是", "yes"),
        ("封顶", "封顶", "封顶"),
        ("? > 3", "? > 3", "? > 3"),
        ("< 合同 金额", "< 合同 金额", "< 合同 金额"),
        ('date("2026-01-01")', 'date("2026-01-01")', 'date("2026-01-01")'),
    ],
)
def test_cells_in_words_or_as_they_are(test: str, zh: str, en: str) -> None:
    assert (describe_test(test, "zh"), describe_test(test, "en")) == (zh, en)


def test_a_cell_of_small_numbers_has_no_gloss() -> None:
    assert gloss_test("> 0", "zh") == ""
    assert gloss_test("(0..500000]", "zh") == "> 0 且 ≤ 50 万元"
    assert gloss_test("-", "zh") == ""


def test_text_is_escaped_unless_it_is_markup() -> None:
    assert element("p", "<b>", Markup("<i>x</i>"), title='"<') == '<p title="&quot;&lt;">&lt;b&gt;<i>x</i></p>'
    assert join(["<", Markup("<br>")], ">") == "&lt;&gt;<br>"


def test_markup_that_was_changed_is_text_again() -> None:
    assert element("p", Markup("<i>") + "<b>") == "<p>&lt;i&gt;&lt;b&gt;</p>"


@pytest.mark.parametrize(
    "text", ["<script>x</script>", "a <img src=x onerror=y> b", "[x](javascript:alert(1))", "![x](http://example.org/a.png)"]
)
def test_prose_cannot_bring_elements_that_act_or_fetch(text: str) -> None:
    for html in (render_prose(text), render_line(text)):
        assert "<script" not in html
        assert "<img" not in html
        assert "href" not in html or "javascript" not in html


def test_lines_of_chinese_prose_are_joined_without_a_space() -> None:
    assert render_prose("线上\n算达到，\n共 3\nitems") == "<p>线上算达到，共 3\nitems</p>\n"


def test_a_list_in_prose_stays_a_list() -> None:
    assert render_prose("1. 甲\n2. 乙").count("<li>") == 2
