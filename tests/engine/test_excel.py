"""A policy as a workbook and back: the same text; what people do in Excel is understood, or told with its cell."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter

from tests.engine.pack_policies import LARGE, cases
from tests.engine.policy_texts import front
from tests.packs import the_packs
from zhida.errors import InputError
from zhida.policy.dictionary import parse_dictionary
from zhida.policy.document import parse
from zhida.policy.excel_cells import Workbook, read_workbook
from zhida.policy.excel_read import ReadWorkbook, half_width, read_policy
from zhida.policy.excel_write import write_workbook
from zhida.policy.interchange import NO_PACKS, Form, read_text, write_text
from zhida.policy.pack import Packs
from zhida.policy.tangle import tangle
from zhida.source import Source

Made = Any  # a workbook, or a sheet of one, that is being made
HEADER = ["种类", "名称", "内容", "换行"]
FRONT = [["文件头", *line.split(": ", 1)] for line in front().strip("-\n").split("\n")]
RULES = [["命中方式", "条件", "结果", "说明"], ["F", "人", "符合: boolean", "依据"]]


def written(text: str) -> bytes:
    document = parse(Source("a.md", text))
    return write_workbook(document, tangle(document), {})


def there_and_back(text: str) -> str:
    found = read_policy(written(text), "a.xlsx")
    assert not found.diagnostics
    return found.text


def workbook(sheets: Mapping[str, Sequence[Sequence[Any]]], touch: Callable[[Made, Mapping[str, Made]], None] | None = None) -> bytes:
    """Return a workbook as people make them: numbers are numbers, dates are dates."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy/m/d"})
    made = {name: book.add_worksheet(name) for name in sheets}
    for name, rows in sheets.items():
        for row, cells in enumerate(rows):
            for column, value in enumerate(cells):
                made[name].write(row, column, value)
    if touch is not None:
        touch(book, made)
    book.close()
    return out.getvalue()


def policy_book(*rules: Sequence[Any], touch: Callable[[Made, Mapping[str, Made]], None] | None = None) -> ReadWorkbook:
    """Return what is read of a workbook with one table, 规则表, that has these rules."""
    sheets = {"说明": [HEADER, *FRONT, ["判定表", "规则表", ""]], "规则表": [*RULES, *rules]}
    return read_policy(workbook(sheets, touch), "a.xlsx")


def told(found: ReadWorkbook) -> list[tuple[str, str]]:
    return [(item.code, item.span.source.name if item.span else "") for item in found.diagnostics]


# --- there and back --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy_id", cases())
def test_each_policy_of_the_packs_comes_back_to_the_byte(policy_id: str) -> None:
    text = the_packs().policies[policy_id].document.source.text
    source = read_text(text.encode(), Form.MARKDOWN, "a.md", policy_id)
    made = write_text(source, Form.EXCEL, the_packs())
    assert made.diagnostics == ()
    assert made.data is not None
    found = read_policy(made.data, "a.xlsx")
    assert found.diagnostics == ()
    assert found.text == text


def test_the_same_policy_makes_the_same_bytes() -> None:
    text = the_packs().policies[LARGE[0]].document.source.text
    assert written(text) == written(text)
    with zipfile.ZipFile(io.BytesIO(written(text))) as archive:
        assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert "2026-01-01T00:00:00Z" in archive.read("docProps/core.xml").decode()


def test_words_and_blocks_of_every_kind_come_back() -> None:
    text = (
        front()
        + "# 题\n\n第一条 甲\n---\n\n> 待确认：某事\n\n> 一\n> 二\n\n<!-- 注释 -->\n\n\n正文\n第二行\n\n"
        + "```feel 乘(甲: number, 乙): number\n甲 * 乙\n```\n\n~~~feel 丁\n1\n~~~\n\n"
        + "| U | 人 | **符合: boolean** | *说明* |\n|---|---|---|---|\n| 1 | > 1 | true | 竖线 \\| |\n| 否则 | - | null | 其余 |\n\n"
        + "缺口: 理由\n\n"
        + "| 给人看 | 的 |\n|---|---|\n| 1 | 2 |\n\n## 例\n\n| 例 | 人 | **符合** |\n|---|---|---|\n| 1 | 3 | true |\n\n"
        + "| 例 | 人 | **符合** |\n|---|---|---|\n| 2 | ? | ? |\n"
    )
    assert there_and_back(text) == text


def test_cells_are_text_and_never_formulas_or_numbers() -> None:
    rows = '| 1 | = 1 | 0.10 |\n| 2 | -1 | "=1+1" |\n| 3 | - | @"2026-01-01" |\n| 4 | 1E5 | 00012 |\n'
    text = front() + "| U | 人 | **符合** |\n|---|---|---|\n" + rows
    assert there_and_back(text) == text
    with zipfile.ZipFile(io.BytesIO(written(text))) as archive:
        sheets = [archive.read(name).decode() for name in archive.namelist() if "worksheets/sheet" in name]
    assert all("<f>" not in sheet for sheet in sheets)
    assert not any(cell.kind != "string" for sheet in book(written(text)).sheets.values() for cell in sheet.cells.values())


def book(data: bytes) -> Workbook:
    return read_workbook(data, "a.xlsx")


def test_tables_have_sheets_of_their_own_with_names_that_a_workbook_allows() -> None:
    long = "很长" * 20
    names = ("例", "说明", long, long + "二", "a/b")
    tables = "".join(f"| U | 人 | **{name}** |\n|---|---|---|\n| 1 | - | 1 |\n\n" for name in names)
    text = front() + tables.rstrip("\n") + "\n"
    assert there_and_back(text) == text
    sheets = list(book(written(text)).sheets)
    assert sheets == ["说明", "例_2", "说明_2", long[:31], f"{long[:29]}_2", "a_b", "取值"]


def test_code_lists_are_offered_and_units_are_told() -> None:
    source = read_text(the_packs().policies["hangzhou/compute-voucher"].document.source.text.encode(), Form.MARKDOWN, "a.md", "x/y")
    made = write_text(source, Form.EXCEL, the_packs())
    assert made.data is not None
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    lists = book(made.data).sheets["取值"]
    assert [lists.text(row, 2) for row in range(1, 4)] == ["单位类型", '"企业"', '"个体工商户"']
    assert "取值!$B$2:$B$8" in texts["xl/worksheets/sheet2.xml"]
    assert 'showErrorMessage="1"' not in texts["xl/worksheets/sheet2.xml"]
    assert "单位：元" in texts["xl/comments1.xml"]


def test_a_text_too_long_for_a_cell_is_refused() -> None:
    with pytest.raises(InputError) as refused:
        written(front() + "字" * 40_000 + "\n")
    assert [item.code for item in refused.value.diagnostics] == ["excel-too-long"]


# --- what people do in Excel -------------------------------------------------------------------------------------------------


def test_numbers_dates_and_truth_values_may_be_real_ones() -> None:
    day, moment = date(2026, 3, 1), datetime(2026, 3, 1, 8, 30)  # noqa: DTZ001 - a workbook knows no time zone
    found = policy_book([1, 0.3, True, "a"], [2, 1e20, False, 5], [3, day, True, ""], [4, moment, False, day])
    assert told(found) == []
    rows = found.text.partition("|---|---|---|---|\n")[2]
    assert rows == (
        "| 1 | 0.3 | true | a |\n| 2 | 100000000000000000000 | false | 5 |\n"
        '| 3 | @"2026-03-01" | true | |\n| 4 | @"2026-03-01T08:30:00" | false | 2026-03-01 |\n'
    )


def test_a_number_has_the_fifteen_digits_that_excel_shows() -> None:
    def calculate(_book: Made, sheets: Mapping[str, Made]) -> None:
        sheets["规则表"].write_formula("B3", "=0.1+0.2", None, 0.1 + 0.2)

    found = policy_book([1, "", True, ""], [2, 0.29999999999999999, True, ""], [3, 1234567.89, True, ""], touch=calculate)
    rows = found.text.partition("|---|---|---|---|\n")[2]
    assert rows == "| 1 | 0.3 | true | |\n| 2 | 0.3 | true | |\n| 3 | 1234567.89 | true | |\n"


def test_full_width_digits_and_punctuation_in_rules_are_read_and_told() -> None:
    found = policy_book(["1", "＞＝１０，“甲，乙”", "true", "说明，保持原样（一）"], ["2", '"，"', "true", ""])
    assert told(found) == [("excel-full-width", "a.xlsx:规则表!B3")]
    assert '| 1 | >=10,"甲，乙" | true | 说明，保持原样（一） |\n| 2 | "，" | true | |' in found.text
    assert half_width("≤ 3、4") == ("<= 3,4", "≤")


def test_merged_cells_all_say_the_same_and_are_told() -> None:
    def merge(_book: Made, sheets: Mapping[str, Made]) -> None:
        sheets["规则表"].merge_range("B3:B4", "> 1")

    found = policy_book(["1", "", "true", ""], ["2", "", "false", ""], touch=merge)
    assert told(found) == [("excel-merged", "a.xlsx:规则表!B3")]
    assert "| 1 | > 1 | true | |\n| 2 | > 1 | false | |" in found.text


def test_a_formula_counts_by_its_last_value_and_an_error_does_not_count() -> None:
    def calculate(_book: Made, sheets: Mapping[str, Made]) -> None:
        sheets["规则表"].write_formula("B3", "=1+1", None, 2)
        sheets["规则表"].write_formula("B4", "=1/0", None, "#DIV/0!")

    found = policy_book(["1", "", "true", ""], ["2", "", "true", ""], touch=calculate)
    assert told(found) == [("excel-formula", "a.xlsx:规则表!B3"), ("excel-error-value", "a.xlsx:规则表!B4")]
    assert "| 1 | 2 | true |" in found.text


def test_empty_rows_and_formats_of_several_kinds_do_not_count() -> None:
    def rich(made: Made, sheets: Mapping[str, Made]) -> None:
        sheets["规则表"].write_rich_string("B3", "> ", made.add_format({"bold": True}), "1")

    found = policy_book(["1", "", "true", ""], ["", "", "", ""], ["2", "-", "false", " "], ["", " "], touch=rich)
    assert told(found) == []
    assert found.text.endswith("| 1 | > 1 | true | |\n| 2 | - | false | |\n")


def test_what_is_wrong_with_a_rule_is_told_with_its_cell() -> None:
    data = workbook({"说明": [HEADER, *FRONT, ["判定表", "规则表", ""]], "规则表": [*RULES, ["1", "> 1", "", ""], ["1", "-", "true"]]})
    text = read_text(data, Form.EXCEL, "a.xlsx", "demo/a")
    made = write_text(text, Form.MARKDOWN, NO_PACKS)
    assert [(item.code, item.span.place) for item in made.diagnostics if item.span] == [
        ("policy-empty-cell", "a.xlsx:规则表!C3:1:1"),
        ("policy-duplicate-rule", "a.xlsx:规则表!A4:1:1"),
    ]


def test_what_is_wrong_with_an_expression_is_told_with_its_cell_and_column() -> None:
    dictionary = "# 企业\n\n| 属性 | 类型 | 单位 |\n|---|---|---|\n| 人 | number | 人 |\n"
    sheets = {
        "说明": [HEADER, *FRONT, ["公式", "乙: number", "人 + 丙"], ["判定表", "规则表", ""]],
        "规则表": [*RULES, ["1", "> 1", "丁 > 1", ""], ["2", "> ", "true", ""]],
    }
    text = read_text(workbook(sheets), Form.EXCEL, "a.xlsx", "demo/a")
    made = write_text(text, Form.DMN, packs_with(dictionary))
    assert made.data is None
    assert [(item.code, item.span.place) for item in made.diagnostics if item.span] == [
        ("feel-unknown-name", "a.xlsx:说明!C9:1:5"),
        ("feel-unknown-name", "a.xlsx:规则表!C3:1:1"),
        ("feel-syntax", "a.xlsx:规则表!B4:1:2"),
    ]


def packs_with(dictionary: str) -> Packs:
    return replace(NO_PACKS, dictionaries={"enterprise": parse_dictionary(Source("d.md", dictionary), "enterprise")})


# --- what is no workbook of a policy ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "lacking or damaged"),
        (b"PK\x03\x04 no zip", "lacking or damaged"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old .xls"),
    ],
)
def test_what_is_no_workbook_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(InputError) as refused:
        read_policy(data, "a.xlsx")
    assert [item.code for item in refused.value.diagnostics] == ["excel-not-a-workbook"]
    assert said in str(refused.value)


def test_a_workbook_whose_xml_is_hostile_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(written(front()))) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            entity = b'<!DOCTYPE a [<!ENTITY b "c">]><workbook>&b;</workbook>'
            new.writestr(name, entity if name == "xl/workbook.xml" else old.read(name))
    with pytest.raises(InputError) as refused:
        read_policy(out.getvalue(), "a.xlsx")
    assert [item.code for item in refused.value.diagnostics] == ["excel-not-a-workbook"]


def test_sheets_and_rows_that_are_lacking_or_unknown_are_told() -> None:
    found = read_policy(workbook({"说 明": [HEADER]}), "a.xlsx")
    assert told(found) == [("excel-missing-sheet", "a.xlsx")]
    rows = [HEADER, *FRONT, ["判定", "规则表", ""], ["判定表", "规则", ""], ["例", "", "2"]]
    found = read_policy(workbook({"说明": rows, "规则表": RULES, "例": [["编号", "给定"], ["例", "人"]]}), "a.xlsx")
    assert told(found) == [
        ("excel-unknown-row", "a.xlsx:说明!A9"),
        ("excel-missing-sheet", "a.xlsx:说明!B10"),
        ("excel-unknown-row", "a.xlsx:说明!C11"),
        ("excel-unused-sheet", "a.xlsx:规则表!A1"),
    ]
    assert found.diagnostics[0].arguments["near"] == "判定表"


def test_a_column_of_an_unknown_kind_and_a_cell_beyond_the_columns_are_told() -> None:
    rows = [["命中方式", "条件", "结論"], ["F", "人", "符合"], ["1", "-", "true", "多"]]
    found = read_policy(workbook({"说明": [HEADER, ["判定表", "表", ""]], "表": rows}), "a.xlsx")
    assert told(found) == [("excel-unknown-column", "a.xlsx:表!C1")]
    rows = [["命中方式", "条 件", "结　果"], ["F", "人", "符合"], ["1", "-", "true", "多"]]
    found = read_policy(workbook({"说明": [HEADER, ["判定表", "表", ""]], "表": rows}), "a.xlsx")
    assert told(found) == [("excel-beside", "a.xlsx:表!D3")]
    assert found.text.endswith("| 1 | - | true |\n")


def test_a_title_above_a_table_is_told_once() -> None:
    rows = [["表一", "", ""], ["命中方式", "条件", "结果"], ["F", "人", "符合"], ["1", "（1..2）", "true"]]
    found = read_policy(workbook({"说明": [HEADER, ["判定表", "表", ""]], "表": rows}), "a.xlsx")
    assert told(found) == [("excel-unknown-column", "a.xlsx:表!A1")]


def test_what_is_wrong_with_the_front_matter_is_told_at_its_cell() -> None:
    rows = [HEADER, ["文件头", "policy", "demo/a"], ["文件头", "in_force", "2025-06-13"]]
    data = workbook({"说明": rows})
    text = read_text(data, Form.EXCEL, "a.xlsx", "demo/a")
    written = write_text(text, Form.MARKDOWN, NO_PACKS)
    assert written.data is None
    assert [(item.code, item.span.source.name) for item in written.diagnostics if item.span] == [("policy-bad-value", "a.xlsx:说明!C3")]


def test_a_formula_that_nobody_calculated_has_no_value() -> None:
    rows = [["命中方式", "条件", "结果"], ["F", "人", "符合"], ["1", "-", 777]]
    data = workbook({"说明": [HEADER, ["判定表", "表", ""]], "表": rows})
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"<v>777</v>", b"<f>1+1</f><v></v>"))
    found = read_policy(out.getvalue(), "a.xlsx")
    assert [(item.code, item.arguments["value"]) for item in found.diagnostics] == [("excel-error-value", "=1+1")]
