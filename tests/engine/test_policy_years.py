"""Yearly facts: what `X(n)` becomes before it is compiled, and what people, machines and other tools are told of it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.engine.policy_texts import block, codes, front, packs_of
from zhida.assess.assessment import Assessment, Outcome
from zhida.assess.examples import run_examples
from zhida.assess.subject import assess_subject
from zhida.dmn.model import ItemDefinition
from zhida.errors import InputError
from zhida.policy.dictionary import parse_dictionary
from zhida.policy.interchange import Form, read_text, with_pages, write_text
from zhida.policy.pack import Packs, with_policy
from zhida.policy.years import Years, column_name, input_name, offset_name, parse_offset, reporting_year, spoken_name
from zhida.report.explanation import explanation_data, explanation_text
from zhida.report.weave import weave
from zhida.source import Snippet, Source, snippet
from zhida.values.temporal import Date

AS_OF = Date(2026, 6, 30)
DICTIONARY = """# 企业

| 属性 | 类型 | 单位 | 可自报 | 历史 |
|---|---|---|---|---|
| 代码 | string | | | |
| 人 | number | 人 | | |
| 研发费用 | number | 元 | 是 | 年 |
| 研发费用/营收 | number | 1 | | 年 |
"""
GROWTH = block("增幅: number", "研发费用 / 研发费用(1) - 1") + block("符合: boolean", "增幅 >= 0.1")


def packs_with(root: Path, body: str, **keys: str) -> Packs:
    return packs_of(root, {"demo/registry/enterprise.md": DICTIONARY, "demo/policies/a.md": front(**keys) + body})


def assessed(root: Path, body: str, facts: dict[str, object], **keys: str) -> Assessment:
    packs = packs_with(root, body, **keys)
    assert packs.diagnostics == ()
    return assess_subject(packs, "demo/a", facts, as_of=AS_OF)


def written_out(text: str) -> str:
    return Years(attributes(), ["人数", "合计"]).written_out(snippet(text)).text


def attributes() -> Mapping[str, ItemDefinition]:
    return parse_dictionary(Source("d.md", DICTIONARY), "enterprise").items


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("研发费用(1)", "研发费用 前1年"),
        ("研发费用(0)", "研发费用"),
        ("研发费用 ( 2 )", "研发费用 前2年"),
        ("sum(研发费用(0..2))", "sum([研发费用, 研发费用 前1年, 研发费用 前2年])"),
        ("研发费用(1..1)", "[研发费用 前1年]"),
        ("研发费用/营收(1)", "研发费用/营收 前1年"),
        ("研发费用 前1年 + 1", "研发费用 前1年 + 1"),
        ('"研发费用(1)"', '"研发费用(1)"'),
        ("研发费用 // 研发费用(1)", "研发费用 // 研发费用(1)"),
        ("x.研发费用(1)", "x.研发费用(1)"),
        ("年研发费用(1)", "年研发费用(1)"),
        ("研发费用 > 1", "研发费用 > 1"),
    ],
)
def test_years_are_written_out_in_expressions_and_nowhere_else(text: str, expected: str) -> None:
    assert written_out(text) == expected


def test_places_in_a_text_with_years_are_those_of_the_text_as_written() -> None:
    source = Source("a.md", "研发费用(1) + 人数 \\| 研发费用(0..1)")
    text = Snippet("研发费用(1) + 人数 | 研发费用(0..1)", source, 0, "", (13,))
    made = Years(attributes(), []).written_out(text)
    assert made.text == "研发费用 前1年 + 人数 | [研发费用, 研发费用 前1年]"
    for part, expected in (("研发费用 前1年", "研发费用(1)"), ("人数", "人数"), ("[研发费用, 研发费用 前1年]", "研发费用(0..1)")):
        start = made.text.index(part)
        assert made.span(start, start + len(part)).text == expected
    assert made.span(made.text.index("人数")).text == "人数 \\| 研发费用(0..1)"


def test_the_reporting_year_is_the_calendar_year_before_the_day() -> None:
    assert [reporting_year(day) for day in (Date(2026, 1, 1), Date(2026, 12, 31), Date(2027, 1, 1))] == [2025, 2025, 2026]


@pytest.mark.parametrize("offset", [0, 1, 12])
def test_names_of_years_are_read_back(offset: int) -> None:
    name = offset_name("研发费用", offset)
    assert parse_offset(name) == ("研发费用", offset)
    assert input_name(column_name(name, AS_OF), AS_OF) == name
    assert input_name(f"研发费用({offset})", AS_OF) == name


def test_a_year_after_the_reporting_year_has_no_name() -> None:
    assert input_name("研发费用@2026", AS_OF) is None


def test_a_year_is_said_in_both_languages() -> None:
    assert spoken_name("研发费用 前1年", AS_OF, "zh") == "研发费用（2024 年）"
    assert spoken_name("研发费用 前1年", AS_OF, "en") == "研发费用 (2024)"
    assert spoken_name("研发费用", AS_OF, "zh") == "研发费用"


# --- policies ------------------------------------------------------------------------------------------------------------


def test_each_year_is_a_fact_of_its_own(tmp_path: Path) -> None:
    given = {"研发费用@2025": 110, "研发费用@2024": 100}
    assert assessed(tmp_path / "a", GROWTH, given).outcome is Outcome.ELIGIBLE
    assert assessed(tmp_path / "b", GROWTH, {"研发费用@2025": 109, "研发费用@2024": 100}).outcome is Outcome.INELIGIBLE


def test_a_missing_year_is_named_with_its_year(tmp_path: Path) -> None:
    found = assessed(tmp_path, block("符合: boolean", "研发费用(1) > 0"), {"研发费用@2025": 110})
    assert found.missing == ("研发费用 前1年",)
    assert "缺：研发费用（2024 年）" in explanation_text(found, language="zh")
    assert "missing: 研发费用 (2024)" in explanation_text(found, language="en")
    assert explanation_data(found)["missing"] == ["研发费用@2024"]
    assert found.delivery is not None
    assert found.delivery.value == "即申即享"


def test_an_explanation_tells_the_year_of_a_bare_name_beside_another_year(tmp_path: Path) -> None:
    found = assessed(tmp_path, GROWTH, {"研发费用@2025": 110, "研发费用@2024": 100})
    said = explanation_text(found, language="zh")
    assert "研发费用（2025 年）" in said
    assert "研发费用（2024 年）" in said
    assert "前1年" not in said
    (growth,) = (reason for reason in explanation_data(found)["reasons"] if reason["decision"] == "增幅")
    assert growth["expression"] == "研发费用 / 研发费用@2024 - 1"
    assert [condition["what"] for condition in growth["conditions"]] == ["研发费用", "研发费用@2024"]


def test_a_bare_yearly_fact_alone_keeps_its_name(tmp_path: Path) -> None:
    said = explanation_text(assessed(tmp_path, block("符合: boolean", "研发费用 > 1"), {"研发费用": 110}), language="zh")
    assert "研发费用" in said
    assert "2025 年）" not in said


def test_near_misses_name_the_year(tmp_path: Path) -> None:
    table = "| F | 研发费用(1) | **符合: boolean** |\n|---|---|---|\n| 1 | >= 100 | true |\n| 否则 | - | false |\n"
    found = assessed(tmp_path, table, {"研发费用@2024": 99})
    assert [miss.name for miss in found.near] == ["研发费用 前1年"]
    assert "研发费用（2024 年） 99 元，线为 100 元" in explanation_text(found, language="zh")


def test_examples_give_years_by_offset_and_by_number(tmp_path: Path) -> None:
    table = (
        "\n| 例 | 评估日 | 研发费用 | 研发费用(1) | 研发费用@2023 | **三年** |\n|---|---|---|---|---|---|\n"
        '| 1 | @"2026-06-30" | 3 | 2 | 1 | 6 |\n| 2 | @"2025-06-30" | 3 | | 2 | ? |\n'
    )
    packs = packs_with(tmp_path, block("三年: number", "sum(研发费用(0..2))") + block("符合: boolean", "三年 > 0") + table)
    assert packs.diagnostics == ()
    assert all(result.passed for result in run_examples(packs, packs.policies["demo/a"], as_of=AS_OF))


def test_units_of_a_year_are_those_of_the_fact(tmp_path: Path) -> None:
    assert codes(packs_with(tmp_path, block("符合: boolean", "研发费用(1) > 人"))) == ["feel-unit-mismatch"]


def test_a_yearly_fact_and_the_scope_of_a_policy(tmp_path: Path) -> None:
    body = block("符合: boolean", "true")
    assert assessed(tmp_path, body, {"研发费用@2024": 0}, applies="研发费用(1) > 0").outcome is Outcome.NOT_APPLICABLE


def test_a_fact_of_a_year_that_is_not_yearly_is_refused(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, block("符合: boolean", "人 > 0"))
    with pytest.raises(InputError):
        assess_subject(packs, "demo/a", {"人@2024": 1}, as_of=AS_OF)


# --- other forms ---------------------------------------------------------------------------------------------------------

TEXT = (front(applies="研发费用(1) >= 0") + GROWTH + block("三年: number", "sum(研发费用(0..2))")).rstrip() + "\n"


@pytest.mark.parametrize("form", [Form.DMN, Form.EXCEL])
def test_years_come_back_to_the_byte(tmp_path: Path, form: Form) -> None:
    packs = packs_of(tmp_path, {"demo/registry/enterprise.md": DICTIONARY, "demo/policies/a.md": TEXT})
    written = write_text(read_text(TEXT.encode(), Form.MARKDOWN, "a.md", "demo/a"), form, packs)
    assert written.data is not None
    assert read_text(written.data, form, f"a.{form}", "demo/a").source.text == TEXT


def test_other_tools_read_years_as_plain_input_data(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"demo/registry/enterprise.md": DICTIONARY, "demo/policies/a.md": TEXT})
    data = write_text(read_text(TEXT.encode(), Form.MARKDOWN, "a.md", "demo/a"), Form.DMN, packs).data
    assert data is not None
    xml = data.decode()
    assert "<text>研发费用 / 研发费用 前1年 - 1</text>" in xml
    assert "<text>sum([研发费用, 研发费用 前1年, 研发费用 前2年])</text>" in xml
    back = read_text(data, Form.DMN, "a.dmn", "demo/a")
    assert back.pages["registry/enterprise.md"].count("研发费用") == 1
    alone = with_pages(Packs({}, {}, {}, {}, ()), back)
    assert alone.dictionaries["enterprise"].items["研发费用"].is_yearly
    assert with_policy(alone, "demo/a", back.source).diagnostics == ()


def test_what_was_changed_elsewhere_comes_back_with_years_as_a_policy_writes_them(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"demo/registry/enterprise.md": DICTIONARY, "demo/policies/a.md": TEXT})
    data = write_text(read_text(TEXT.encode(), Form.MARKDOWN, "a.md", "demo/a"), Form.DMN, packs).data
    assert data is not None
    changed = data.decode().replace("研发费用 / 研发费用 前1年 - 1", "研发费用 / 研发费用 前1年 - 2").encode()
    assert "\n研发费用 / 研发费用(1) - 2\n" in read_text(changed, Form.DMN, "a.dmn", "demo/a").source.text


def test_a_woven_page_says_which_years_are_asked_for(tmp_path: Path) -> None:
    packs = packs_of(tmp_path, {"demo/registry/enterprise.md": DICTIONARY, "demo/policies/a.md": TEXT})
    page = weave(packs.policies["demo/a"], packs, (), language="zh")
    assert "用到：报告年度、前 1 年、前 2 年" in page
    assert page.count('id="fact-研发费用"') == 1
