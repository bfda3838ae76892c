"""Values as text."""

from decimal import Decimal

import pytest

from tests.engine.builtin_calls import Value, at, feel, lambda_
from zhida.values.range import Range
from zhida.values.text import excerpt, format_value, literal

D = Decimal


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (D("1E+3"), "1000"),
        (D("0.10"), "0.1"),
        ("中小企业", "中小企业"),
        (at("P26M"), "P2Y2M"),
        ([], "[]"),
        ([1, "a", None, [True]], '[1, "a", null, [true]]'),
        ([at("2026-01-01")], '[@"2026-01-01"]'),
        ({"人数": 3, "a b": "x"}, '{人数: 3, a b: "x"}'),
        ({"{": 1, "1a": 2, "": 3}, '{"{": 1, "1a": 2, "": 3}'),
        (Range(D(1), D(3), high_closed=False), "[1..3)"),
        (Range("a", None, low_closed=False), '("a"..null]'),
        (Range(D(30), None, operator=">="), ">= 30"),
        ([Range(None, D(5), operator="<")], "[(< 5)]"),
        (lambda_("x y", lambda x, _: x), "function(x, y)"),
    ],
)
def test_values_have_one_canonical_text(value: Value, text: str) -> None:
    assert format_value(feel(value)) == text


def test_a_literal_tells_text_from_numbers_and_dates() -> None:
    assert [literal("1"), literal(D(1)), literal("2026-01-01"), literal(at("2026-01-01"))] == ['"1"', "1", '"2026-01-01"', '@"2026-01-01"']


def test_a_literal_escapes_what_would_end_or_break_it() -> None:
    assert literal('a"b\\c\nd\te\r') == '"a\\"b\\\\c\\nd\\te\\r"'


def test_an_excerpt_is_cut_at_its_limit() -> None:
    assert len(excerpt("x" * 500)) == 80
    assert excerpt("short") == '"short"'
