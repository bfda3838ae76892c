"""What a viewer shows as a table is one, what it hides is none, and nothing that looks like a rule is lost without a word."""

import pytest

from tests.engine.policy_texts import document, tangled
from zhida.policy.document import Fence, Heading, Prose, Quote, Table

TABLE = "| F | 人 | **出** |\n|---|---|---|\n| 1 | - | 5 |\n"
ROW = "\n| 2 | - | 6 |\n"


def codes(text: str) -> list[str]:
    return [item.code for item in document(text).diagnostics]


def rows(text: str) -> list[list[str]]:
    (table,) = (block for block in document(text).blocks if isinstance(block, Table))
    return [[cell.text for cell in row] for row in table.rows]


def articles(text: str) -> dict[str, str]:
    return {block.text: block.span.article for block in document(text).blocks if isinstance(block, Prose)}


# --- rows --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["2 | - | 6", "2 | - | 6 |", "  2 | - | 6", "| 2 | - | 6"])
def test_a_row_may_lack_its_outer_bars(line: str) -> None:
    assert rows(TABLE + line + "\n") == [["1", "-", "5"], ["2", "-", "6"]]


@pytest.mark.parametrize("line", ["2 | -", "- | 2 | - | 6", "| 2 |"])
def test_a_line_with_bars_below_a_table_is_a_row_with_the_wrong_number_of_cells(line: str) -> None:
    assert codes(TABLE + line + "\n") == ["policy-row-cells"]


@pytest.mark.parametrize("line", ["｜ 2 ｜ - ｜ 6 ｜", "2 ｜ - ｜ 6", "| 2 ｜ - | 6 ｜ 7 |", "甲｜乙"])
def test_full_width_bars_below_a_table_are_an_error(line: str) -> None:
    assert codes(TABLE + line + "\n") == ["policy-full-width-bar"]


def test_a_full_width_bar_inside_of_a_cell_is_a_character_like_others() -> None:
    assert rows(TABLE + '| 2 | "甲｜乙" | 6 |\n')[1] == ["2", '"甲｜乙"', "6"]


@pytest.mark.parametrize("text", ["｜ F ｜ 人 ｜\n", "F ｜ 人\n---｜---\n", "话\n｜ 1 ｜ 2 ｜\n"])
def test_a_table_of_full_width_bars_is_an_error(text: str) -> None:
    assert "policy-full-width-bar" in codes(text)


def test_one_full_width_bar_in_running_text_is_no_fault() -> None:
    assert codes("甲｜乙，见附件。\n") == []


@pytest.mark.parametrize("line", ["缺口：没有规定 | 的", "> 待确认：甲 | 乙", "## 二 | 三", "<!-- | 2 | - | 6 | -->", "```text\n|\n```"])
def test_other_blocks_end_a_table(line: str) -> None:
    text = TABLE + line + "\n"
    assert rows(text) == [["1", "-", "5"]]
    assert [code for code in codes(text) if code != "policy-not-executed"] == []


@pytest.mark.parametrize("text", ["F | 人 | **出**\n---|---|---\n1 | - | 5\n", "说明如下\nF | 人 | **出**\n-|-|-\n1 | - | 5\n"])
def test_a_header_without_a_leading_bar_begins_a_table_where_dashes_follow(text: str) -> None:
    assert [decision.name for decision in tangled(text).decisions] == ["出"]


def test_words_with_a_bar_above_a_plain_line_of_dashes_are_a_heading_and_no_table() -> None:
    (block,) = document("甲 | 乙\n---\n").blocks
    assert isinstance(block, Heading)


# --- what is hidden ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"<!--\n{TABLE}-->\n",
        f"<!-- 暂停\n\n{TABLE}\n-->\n",
        "<!-- | F | 人 | -->\n",
        "<!--\n```feel 甲\n1\n```\n-->\n",
        f"<!-- a -->{TABLE}\n".replace("\n|", "\n<!-- x -->|"),
        "".join(f"    {line}\n" for line in TABLE.splitlines()),
        "\t```feel 甲\n\t1\n\t```\n",
        f"话\n\n      {TABLE.splitlines()[0]}\n",
        "".join(f"> {line}\n" for line in TABLE.splitlines()),
    ],
)
def test_what_a_viewer_hides_or_shows_as_code_is_not_carried_out_and_said(text: str) -> None:
    policy = tangled(text)
    assert (policy.decisions, policy.examples) == ((), ())
    assert set(codes(text)) == {"policy-not-executed"}


def test_what_follows_a_comment_is_carried_out_and_the_comment_is_no_text() -> None:
    policy = tangled(f"<!-- 第一条\n## 第九条\n-->\n甲 <!-- 乙 --> 丙\n\n{TABLE}")
    assert [decision.span.article for decision in policy.decisions if decision.span] == [""]
    assert articles("甲 <!-- 乙 --> 丙\n") == {"甲  丙": ""}
    assert codes("<!-- 只是话 -->\n") == []


def test_a_comment_without_an_end_is_said_for_it_hides_the_rest() -> None:
    assert codes(f"<!-- 甲\n\n{TABLE}") == ["policy-comment-open", "policy-not-executed"]


def test_a_comment_in_a_fenced_block_is_part_of_it() -> None:
    (fence,) = document("```feel 甲\n<!--\n```\n").blocks
    assert isinstance(fence, Fence)
    assert fence.body.text == "<!--"


@pytest.mark.parametrize("lead", ["- 甲\n\n", "1. 甲\n\n", "- 甲\n  - 乙\n\n"])
def test_a_table_inside_of_a_list_may_be_indented(lead: str) -> None:
    indent = "    " if "乙" in lead else "   "
    text = lead + "".join(f"{indent}{line}\n" for line in TABLE.splitlines())
    assert rows(text) == [["1", "-", "5"]]
    assert codes(text) == []


# --- articles and quotes --------------------------------------------------------------------------------------------------


def test_articles_nest_and_the_end_of_the_inner_one_returns_to_the_outer() -> None:
    text = "## 第一条\n\n### Article 2\n\n甲\n\n#### 注\n\n乙\n\n### 说明\n\n丙\n\n## 附则\n\n丁\n"
    assert articles(text) == {"甲": "Article 2", "乙": "Article 2", "丙": "第一条", "丁": ""}


@pytest.mark.parametrize(
    ("line", "level", "text"),
    [
        ("   ## 第一条 对象", 2, "第一条 对象"),
        ("## 第一条 ##", 2, "第一条"),
        ("## C#", 2, "C#"),
        ("#\t甲", 1, "甲"),
        ("##", 2, ""),
        ("第一条\n===", 1, "第一条"),
        ("第一条\n对象\n---", 2, "第一条 对象"),
    ],
)
def test_headings_are_read_as_a_viewer_shows_them(line: str, level: int, text: str) -> None:
    (block,) = document(f"{line}\n").blocks
    assert isinstance(block, Heading)
    assert (block.level, block.text, block.span.article) == (level, text, "第一条" if "第一条" in text else "")


def test_a_long_heading_or_line_of_dashes_takes_no_longer_than_its_length() -> None:
    tangled("```feel 甲" + " " * 300_000 + "(\n1\n```\n")
    for text in ("# " + " " * 300_000 + "x", "# " + "#" * 300_000 + "x", "| a |\n|-" + " " * 300_000 + "x", "甲\n-" + " " * 300_000 + "x"):
        document(text)


@pytest.mark.parametrize("text", ["**待确认**：甲", "**待确认：**甲", "*待确认*: 甲", "待确认 甲", "**待确认：甲**", "__待确认__：甲"])
def test_a_caveat_may_be_emphasised(text: str) -> None:
    assert [caveat.text for caveat in tangled(f"> {text}\n").caveats] == ["甲"]


def test_the_word_elsewhere_in_a_quote_is_warned_of() -> None:
    policy = tangled("> 条款号待确认\n\n> 只是引文\n")
    assert policy.caveats == ()
    assert [item.code for item in policy.diagnostics] == ["policy-caveat-place"]


def test_a_quote_keeps_its_lines() -> None:
    (quote,) = document("> 甲\n> 乙\n").blocks
    assert isinstance(quote, Quote)
    assert quote.text == "甲\n乙"


# --- front matter ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('"城市 = \\"杭州\\""', '城市 = "杭州"'),
        ("'城市 = ''杭州'''", "城市 = '杭州'"),
        ("|\n  人 > 3\n  and 人 < 9", "人 > 3\nand 人 < 9"),
        (">\n  人 > 3\n  and 人 < 9", "人 > 3 and 人 < 9"),
        ("人 > 3\n  and 人 < 9", "人 > 3 and 人 < 9"),
        ("!!str 人 > 3", "人 > 3"),
        ('"人 \\u003e 3"', "人 > 3"),
    ],
)
def test_a_value_that_is_written_otherwise_than_it_is_meant_is_read_as_meant(written: str, meant: str) -> None:
    value = document(f"---\napplies: {written}\n---\n").front["applies"]
    assert (value.value, value.snippet.text) == (meant, meant)
    assert value.snippet.span().text == value.snippet.span(1, 2).text == written


def test_a_value_that_is_written_as_meant_still_leads_to_each_of_its_characters() -> None:
    for written in ("人 > 3", '"人 > 3"', "'人 > 3'"):
        assert document(f"---\napplies: {written}\n---\n").front["applies"].snippet.span(2, 3).text == ">"


def test_spaces_behind_the_dashes_make_no_difference() -> None:
    assert document("--- \ntitle: 甲\n---\t\n话\n").front["title"].value == "甲"
