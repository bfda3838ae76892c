"""What is advised where people write figures, comparisons and marks as the law or a spreadsheet does."""

import time

import pytest

from zhida.errors import CompileError
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_unary_tests
from zhida.feel.slips import advice, in_words, quoted_zh
from zhida.source import snippet


def advised(cell: str) -> tuple[str, str]:
    """Return the hints of the one complaint about a cell."""
    with pytest.raises(CompileError) as refused:
        parse_unary_tests(snippet(cell), Scope(NameSet([])))
    (found,) = refused.value.diagnostics
    return found.arguments["hint"], found.arguments["hint_zh"]


@pytest.mark.parametrize(
    ("cell", "instead"),
    [
        ("20以上", ">= 20"),
        ("20 人以上", ">= 20"),
        ("20（含）以上", ">= 20"),
        ("20及以上", ">= 20"),
        ("20以下", "<= 20"),
        ("20以内", "<= 20"),
        ("500万元以下", "<= 5000000"),
        ("不低于 20", ">= 20"),
        ("至少 20 人", ">= 20"),
        ("超过 20", "> 20"),
        ("30～300", "[30..300]"),
        ("30至300人", "[30..300]"),
        ("100至500万元", "[1000000..5000000]"),
        ("3%", "0.03"),
        ("12.5％", "0.125"),
    ],
)
def test_a_comparison_or_figure_in_words_is_answered_with_its_feel(cell: str, instead: str) -> None:
    assert advised(cell) == (f"write {instead}", f"请写作 {instead}")


@pytest.mark.parametrize(
    ("name", "instead"),
    [("不低于20", ">= 20"), ("超过2000万元", "> 20000000"), ("不满18周岁", "< 18"), ("不超过0.5", "<= 0.5"), ("大型", ""), ("以上", "")],
)
def test_a_name_that_is_a_comparison_is_known_for_one(name: str, instead: str) -> None:
    assert in_words(name) == instead


def test_a_figure_with_its_unit_is_answered_with_the_bare_figure() -> None:
    assert advised("3.5亿")[1] == "数字后面不写单位，也不写“亿”：请写作 350000000"
    assert "unit" in advised("30人")[0]


def test_only_what_has_a_narrow_form_is_called_full_width() -> None:
    assert advice("（", 0, "an expression")[1] == "请把“（”改为半角的 ("
    assert advice("≥30", 0, "an expression")[1] == "请把“≥”改为 >="
    assert "半角" not in advice("x%", 1, "the end")[1]


def test_quotation_marks_are_quoted_in_others() -> None:
    assert quoted_zh("大") == "“大”"
    assert [quoted_zh(mark) for mark in "“\"'"] == ["「“」", '「"」', "「'」"]


@pytest.mark.parametrize("text", ["1" * 100_000, "1 " * 50_000, "1人 " * 50_000, "不低于" * 50_000])
def test_advice_on_a_long_text_takes_no_time(text: str) -> None:
    begun = time.process_time()
    advice(text, len(text) // 2, "the end")
    in_words(text)
    assert time.process_time() - begun < 1
