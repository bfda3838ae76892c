"""Mapping files: read as written, every mistake at once and at its place."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.engine.registry_fixtures import HEAD, codes_of, dictionary, mapping
from zhida.errors import Diagnostic, InputError
from zhida.registry_io.mapping import check_mapping, factor_of
from zhida.registry_io.units import split_unit

FILE = "- name: 甲\n  key: code\n  columns:\n"


def complaints(columns: str) -> list[tuple[str, int, int]]:
    """Return code, line and column of what is wrong with a file's columns for the dictionary."""
    found = check_mapping(mapping(FILE + columns), dictionary())
    return [(item.code, item.span.line, item.span.column) for item in found if item.span]


def refused(text: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        mapping(text, head="")
    return codes_of(caught.value)


def test_words_are_read_as_they_are_written() -> None:
    column = mapping(FILE + "    行业: {column: x, values: {农业: 01, 是: no, 空: '', 无: ~}}\n").files[0].columns[0]
    assert column.codes is not None
    assert column.codes.entries == {"农业": "01", "是": "no", "空": "", "无": None}


def test_short_form_and_long_form_name_the_same_column() -> None:
    short, long = mapping(FILE + "    甲: x\n    乙: {column: x}\n").files[0].columns
    assert short.columns[0].name == long.columns[0].name == "x"


def test_a_list_takes_several_columns_in_order() -> None:
    column = mapping(FILE + "    季末人数: {columns: [q1, q2, q3, q4], unit: 人}\n").files[0].columns[0]
    assert [name.name for name in column.columns] == ["q1", "q2", "q3", "q4"]


@pytest.mark.parametrize(
    ("unit", "base", "factor"),
    [
        ("元", "元", "1"),
        ("万元", "元", "10000"),
        ("百万元", "元", "1000000"),
        ("亿元", "元", "100000000"),
        ("千人", "人", "1000"),
        ("%", "1", "0.01"),
        ("公顷", "m2", "10000"),
        ("千瓦时", "千瓦时", "1"),
        ("万千瓦时", "千瓦时", "10000"),
        ("万元/人", "元/人", "10000"),
        ("万USD", "USD", "10000"),
    ],
)
def test_units_convert_by_exact_factors(unit: str, base: str, factor: str) -> None:
    assert split_unit(unit) == (base, Decimal(factor))


@pytest.mark.parametrize("unit", ["万圆", "万", "元/千人", "", "usd"])
def test_what_is_no_unit_is_not_guessed(unit: str) -> None:
    assert split_unit(unit) is None


def test_a_rate_multiplies_with_the_prefix_of_the_unit() -> None:
    rate = "rate: {from: USD, to: 元, value: '6.2855', date: 2012-12-31, source: 示例}"
    column = mapping(FILE + f"    营业收入: {{column: x, unit: 万USD, {rate}}}\n").files[0].columns[0]
    assert factor_of(column) == Decimal(62855)


def test_unknown_attribute_is_found_where_it_is_named() -> None:
    assert complaints("    营业收人: x\n") == [("registry-unknown-attribute", 7, 5)]


def test_units_are_checked_against_the_dictionary() -> None:
    assert complaints("    营业收入: {column: x, unit: 万圆}\n    从业人员: {column: y, unit: 万元}\n") == [
        ("registry-unknown-unit", 7, 29),
        ("registry-unit-mismatch", 8, 29),
    ]


def test_a_foreign_currency_needs_a_rate_of_its_own() -> None:
    rate = "rate: {from: EUR, to: 元, value: '8', date: 2014-12-31, source: 示例}"
    assert complaints("    营业收入: {column: x, unit: USD}\n")[0][0] == "registry-rate-missing"
    assert complaints(f"    营业收入: {{column: x, unit: USD, {rate}}}\n")[0][0] == "registry-rate-currency"
    assert complaints(f"    营业收入: {{column: x, unit: 万元, {rate}}}\n")[0][0] == "registry-rate-needless"


@pytest.mark.parametrize(
    "column",
    [
        "企业名称: {column: x, unit: 元}",
        "从业人员: {column: x, format: '%Y%m%d'}",
        "从业人员: {columns: [x, y]}",
        "季末人数: {column: x}",
    ],
)
def test_options_must_fit_the_type(column: str) -> None:
    assert [code for code, _, _ in complaints(f"    {column}\n")] == ["registry-option"]


def test_the_key_is_not_mapped_twice() -> None:
    assert complaints("    代码: x\n") == [("registry-key-mapped", 7, 5)]


def test_a_key_is_a_string() -> None:
    found = check_mapping(mapping(FILE + "    企业名称: x\n", HEAD.replace("代码", "从业人员")), dictionary())
    assert [item.code for item in found] == ["registry-key-type"]


def test_another_subject_than_the_dictionary_is_refused() -> None:
    found = check_mapping(mapping(FILE + "    企业名称: x\n", HEAD.replace("enterprise", "resident")), dictionary())
    assert [item.code for item in found] == ["registry-subject-differs"]


def test_mistakes_of_shape_are_collected() -> None:
    text = (
        "subjekt: enterprise\nkey: {attribute: 代码, check: maybe}\nfiles:\n- {name: 甲, key: c, columns: {a: {column: x, constant: y}}}\n"
    )
    assert refused(text) == [
        "registry-mapping-unknown-key",
        "registry-mapping-missing-key",
        "registry-mapping-value",
        "registry-column-choice",
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("- 1\n", "registry-mapping-shape"),
        (HEAD + "- {name: 甲, key: c, columns: {a: x, a: y}}\n", "registry-mapping-duplicate-key"),
        (HEAD + "- {name: 甲, key: c, columns: {a: x}}\n" * 2, "registry-mapping-duplicate-key"),
        (HEAD + "- {name: 甲, key: c, columns: {a: {column: x, format: '%y%m%d'}}}\n", "registry-mapping-value"),
        (HEAD + "- {name: 甲, key: c, columns: {a: {column: x, otherwise: error}}}\n", "registry-mapping-missing-key"),
        (HEAD + "- {name: 甲, key: c, columns: {a: {column: x, rate: {from: USD}}}}\n", "registry-mapping-missing-key"),
        (HEAD + "- {name: 甲, key: c, separator: '', columns: {a: x}}\n", "registry-mapping-value"),
        (HEAD + "  []\n", "registry-mapping-shape"),
        ("a: [1\n", "registry-mapping-yaml"),
        ("a: " + "[" * 5000, "registry-mapping-yaml"),
        ("# nothing\n", "file-empty"),
    ],
)
def test_what_is_no_mapping_is_refused_with_its_reason(text: str, code: str) -> None:
    assert code in refused(text)


def test_the_same_mapping_has_the_same_digest_and_another_has_another() -> None:
    one, two = mapping(FILE + "    企业名称: x\n"), mapping(FILE + "    企业名称: y\n")
    assert one.sha256 == mapping(FILE + "    企业名称: x\n").sha256 != two.sha256


SCRAPS = (
    "subject: ",
    "enterprise",
    "key: ",
    "files:",
    "\n",
    "  ",
    "- ",
    "name: ",
    "columns: ",
    "{",
    "}",
    "[",
    "]",
    ": ",
    ", ",
    "甲",
    "&a ",
    "*a",
    "!!int ",
    "? ",
    "~",
    "'",
    "01",
    "column",
    "unit: 万元",
    "values: ",
    "rate: ",
)


@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(SCRAPS), max_size=40).map("".join)))
@example("files: &a\n- *a\n")
@example("subject: \x07")
@example("? [a]\n: b\n")
def test_any_text_is_a_mapping_or_is_refused(text: str) -> None:
    diagnostics: tuple[Diagnostic, ...] = ()
    try:
        mapping(text, head="")
    except InputError as error:
        diagnostics = error.diagnostics
    assert all(item.render("zh") and item.render("en") for item in diagnostics)
