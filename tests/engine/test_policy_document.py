"""Markdown to blocks: articles, cells that are cut exactly, fences, quotes, front matter, and spans that lead back."""

from pathlib import Path

import pytest

from tests.engine.policy_texts import document
from zhida.errors import InputError
from zhida.policy.document import Fence, Heading, Prose, Quote, Table, read_source
from zhida.policy.tangle import tangle


def tables(text: str) -> list[Table]:
    return [block for block in document(text).blocks if isinstance(block, Table)]


def only_table(text: str) -> Table:
    (table,) = tables(text)
    return table


def codes(text: str) -> list[str]:
    return [item.code for item in document(text).diagnostics]


# --- articles -------------------------------------------------------------------------------------------------------------


def test_a_heading_of_an_article_opens_it_and_one_of_its_level_or_above_closes_it() -> None:
    text = "# 办法\n\n甲\n\n## 第一条 对象\n\n乙\n\n### 说明\n\n丙\n\n## 附则\n\n丁\n\n## 第二条\n\n戊\n\n# 例\n\n己\n"
    articles = {block.text: block.span.article for block in document(text).blocks if isinstance(block, Prose)}
    assert articles == {"甲": "", "乙": "第一条", "丙": "第一条", "丁": "", "戊": "第二条", "己": ""}


@pytest.mark.parametrize(
    ("heading", "article"),
    [
        ("## 第十二条 标准", "第十二条"),
        ("## 第12条", "第12条"),
        ("## 第三条之一", "第三条之一"),
        ("## 第一百〇二条", "第一百〇二条"),
        ("## Article 3 Rates", "Article 3"),
        ("## Article 3a", "Article 3a"),
        ("## 关于第三条", ""),
        ("## 第三章", ""),
    ],
)
def test_what_opens_an_article(heading: str, article: str) -> None:
    (found,) = document(f"{heading}\n").blocks
    assert isinstance(found, Heading)
    assert found.span.article == article


@pytest.mark.parametrize(
    ("documents", "heading", "article"),
    [
        ("财税〔2015〕72号；公告2023年第8号", "## 第二条 谁缴纳（财税〔2015〕72号）", "财税〔2015〕72号第二条"),
        ("财税〔2015〕72号;公告2023年第8号", "## 第二条 免缴 (公告2023年第8号)", "公告2023年第8号第二条"),
        ("财税〔2015〕72号；公告2023年第8号", "## 第二条 免缴（三十人以下）", "第二条"),
        ("财税〔2015〕72号；公告2023年第8号", "## 第二条（财税〔2015〕72号）谁缴纳", "第二条"),
        ("财税〔2015〕72号", "## 第二条 谁缴纳（财税〔2015〕72号）", "第二条"),
    ],
)
def test_an_article_keeps_its_document_where_the_policy_rests_on_several(documents: str, heading: str, article: str) -> None:
    text = f"---\ntitle: 示例\ndocument: {documents}\n---\n\n{heading}\n\n乙\n"
    assert [block.span.article for block in document(text).blocks] == [article, article]


def test_an_inner_article_takes_over_from_the_one_around_it() -> None:
    text = "# 第一条\n\n甲\n\n## 第二条\n\n乙\n\n# 第三条\n\n丙\n"
    assert [block.span.article for block in document(text).blocks if isinstance(block, Prose)] == ["第一条", "第二条", "第三条"]


# --- tables ----------------------------------------------------------------------------------------------------------------


def test_cells_are_trimmed_and_headers_lose_their_emphasis() -> None:
    table = only_table(
        "| F | 人 |  **券 比例**  | *依据* | __甲__ | _乙_ |\n|:-:|---|--:|---|---|---|\n| 1 |  >= 3 | `x` | **不动** | | - |\n"
    )
    assert [(cell.text, cell.style) for cell in table.header] == [
        ("F", "plain"),
        ("人", "plain"),
        ("券 比例", "bold"),
        ("依据", "italic"),
        ("甲", "bold"),
        ("乙", "italic"),
    ]
    assert [cell.text for cell in table.rows[0]] == ["1", ">= 3", "`x`", "**不动**", "", "-"]


@pytest.mark.parametrize("text", ["| * | **a** b |", "| ** | b |", "| a* | *b |", "|a_b_|_|"])
def test_what_is_not_wholly_emphasised_is_left_alone(text: str) -> None:
    header = only_table(f"{text}\n|---|---|\n").header
    assert [cell.style for cell in header] == ["plain", "plain"]


def test_only_an_escaped_bar_is_unescaped_and_every_cell_leads_back_to_its_place() -> None:
    text = '| F | a |\n|---|---|\n| 1 | "甲\\|乙\\|丙" + \\n * 2 |\n'
    cell = only_table(text).rows[0][1]
    assert cell.text == '"甲|乙|丙" + \\n * 2'
    assert cell.span.text == '"甲\\|乙\\|丙" + \\n * 2'
    star = cell.text.index("*")
    assert cell.snippet.span(star, star + 1).text == "*"
    assert cell.snippet.span(1, 6).text == "甲\\|乙\\|丙"
    assert (cell.span.line, cell.span.column) == (3, 7)


@pytest.mark.parametrize(
    "rows",
    [
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "a | b |\n---|---|\n| 1 | 2",
        "| a | b\n|---|---\n| 1 | 2",
        "  | a | b |\n  |---|---|\n  | 1 | 2 |",
    ],
)
def test_outer_bars_may_be_left_out_of_a_row(rows: str) -> None:
    table = only_table(rows)
    assert [[cell.text for cell in row] for row in (table.header, *table.rows)] == [["a", "b"], ["1", "2"]]


@pytest.mark.parametrize("row", ["| 1 |", "| 1 | 2 | 3 |", "| 1 | 2 | |", '| 1 | "a|b" |'])
def test_a_row_with_too_few_or_too_many_cells_is_said_and_never_padded(row: str) -> None:
    text = f"| a | b |\n|---|---|\n{row}\n| 8 | 9 |\n"
    (found,) = document(text).diagnostics
    assert (found.code, found.arguments["expected"]) == ("policy-row-cells", "2")
    assert found.span is not None
    assert found.span.text == row
    assert [[cell.text for cell in row] for row in only_table(text).rows] == [["8", "9"]]


def test_bars_without_a_line_of_dashes_are_prose_and_said() -> None:
    assert codes("| a | b |\n| 1 | 2 |\n") == ["policy-table-rule"]
    assert tables("| a | b |\n| 1 | 2 |\n") == []


def test_a_line_of_dashes_must_have_as_many_cells_as_the_header() -> None:
    assert codes("| a | b |\n|---|\n") == ["policy-row-cells"]


def test_a_gap_is_justified_below_the_table() -> None:
    assert only_table("| a |\n|---|\n\n缺口：文件没有规定\n").gap_reason == "文件没有规定"
    assert only_table("| a |\n|---|\n\n别的话\n").gap_reason == ""


# --- fences, quotes, prose ------------------------------------------------------------------------------------------------


def test_a_fence_keeps_its_lines_and_what_looks_like_other_blocks_in_it() -> None:
    text = "## 第一条\n\n```feel 甲: number\n1 +\n  | 2 |\n## 3\n```\n后\n"
    fence = document(text).blocks[1]
    assert isinstance(fence, Fence)
    assert (fence.info.text, fence.body.text) == ("feel 甲: number", "1 +\n  | 2 |\n## 3")
    assert fence.body.span(0, 1).line == 4
    assert fence.body.article == fence.span.article == "第一条"


def test_a_longer_or_other_fence_may_hold_a_shorter_one() -> None:
    for mark in ("````", "~~~"):
        (fence,) = document(f"{mark} feel 甲\n```\n1\n{mark}\n").blocks
        assert isinstance(fence, Fence)
        assert fence.body.text == "```\n1"


def test_a_fence_that_is_not_closed_is_said_and_reaches_to_the_end() -> None:
    text = "```feel 甲\n1 + 1\n# 二\n"
    assert codes(text) == ["policy-fence-open"]
    (fence,) = document(text).blocks
    assert isinstance(fence, Fence)
    assert fence.body.text == "1 + 1\n# 二"
    assert codes("```") == ["policy-fence-open"]


def test_quotes_lose_their_marks_and_prose_stops_at_other_blocks() -> None:
    blocks = document("话\n> 待确认：甲\n>乙\n话二\n| a |\n|---|\n").blocks
    assert [type(block) for block in blocks] == [Prose, Quote, Prose, Table]
    assert isinstance(blocks[1], Quote)
    assert blocks[1].text == "待确认：甲\n乙"


# --- front matter ----------------------------------------------------------------------------------------------------------


def test_values_of_the_front_matter_are_texts_that_lead_back_to_their_place() -> None:
    text = '---\ntitle: "示 例"\napplies: 城市 = "杭州市" # 注\nuses: [a/b, c/d]\nrounding: {scale: 2, mode: down}\nyes: no\n---\n'
    front = document(text).front
    assert front["title"].value == "示 例"
    assert front["title"].snippet.span().text == "示 例"
    assert front["applies"].snippet.text == '城市 = "杭州市"'
    assert front["applies"].snippet.span(5, 10).text == '"杭州市"'
    uses = front["uses"].value
    assert isinstance(uses, tuple)
    assert [(item.value, item.snippet.span().line) for item in uses] == [("a/b", 4), ("c/d", 4)]
    rounding = front["rounding"].value
    assert isinstance(rounding, dict)
    assert rounding["mode"].value == "down"
    assert front["yes"].value == "no"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("---\na: 1\n", "policy-front-matter-open"),
        ("---\na: b: c\n---\n", "policy-front-matter-yaml"),
        ("---\na: [1\n---\n", "policy-front-matter-yaml"),
        ("---\n- a\n---\n", "policy-front-matter-yaml"),
        ("---\n\ta: 1\n---\n", "policy-front-matter-yaml"),
        ("---\na: &x 1\nb: *x\n---\n", "policy-front-matter-yaml"),
        ("---\na: 1\na: 2\n---\n", "policy-duplicate-key"),
        ("---\na: {b: 1, b: 2}\n---\n", "policy-duplicate-key"),
        ("---\na: !!python/object/apply:os.system [ls]\n---\n", ""),
        ("---\na: \x01\n---\n", "policy-front-matter-yaml"),
        ("---\na: " + "[" * 3_000 + "\n---\n", "policy-front-matter-yaml"),
        ("---\n---\n", "policy-front-matter-yaml"),
    ],
)
def test_a_front_matter_that_cannot_be_read_is_said_and_runs_nothing(text: str, code: str) -> None:
    assert codes(text) == ([code] if code else [])


def test_a_line_of_dashes_further_down_is_no_front_matter() -> None:
    assert document("话\n---\na: 1\n---\n").front == {}


# --- files --------------------------------------------------------------------------------------------------------------------


def test_line_ends_and_a_byte_order_mark_make_no_difference(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes("\ufeff# 甲\r\n乙\r丙\n".encode())
    assert read_source(path).text == "# 甲\n乙\n丙\n"


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "file-empty"), (b" \n\t\n", "file-empty"), ("甲".encode("gb18030"), "file-not-utf8"), ("甲".encode("utf-16"), "file-not-utf8")],
)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "a.md"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_source(path)
    assert [item.code for item in caught.value.diagnostics] == [code]


def test_any_text_at_all_can_be_cut_into_blocks() -> None:
    for text in (
        "",
        "\n",
        "|",
        "||",
        "|\n|-|",
        "|\n|---|\n| 1 |\n",
        ">",
        "#",
        "```",
        "---",
        "---\n---",
        "|\\|",
        "\\|",
        "# \n",
        "| a |\n|---|",
        "\t| a |\n\t|-|\n",
    ):
        tangle(document(text))
