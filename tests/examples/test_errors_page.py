"""docs/errors.md says of every code what it means, what to do, and what the message looks like today."""

import re

from docs.generate import ERRORS, contents, errors_page, examples, words_of
from zhida.errors import CODES


def test_the_page_is_as_fresh_as_the_codes_and_the_golden_files() -> None:
    page = ERRORS.read_text(encoding="utf-8")
    assert page == errors_page(page), "run `make docs`"


def test_every_code_has_a_golden_file_that_produces_it() -> None:
    lacking = sorted(set(CODES) - set(examples()))
    assert not lacking, f"write an example of these in tests/examples: {lacking}"


def test_every_code_stands_in_the_contents() -> None:
    listed = re.findall(r"\(#([a-z0-9-]+)\)", "\n".join(contents()))
    assert sorted(listed) == sorted(CODES), "name the first word of a new code in PARTS of docs/generate.py"


def test_every_section_has_words_in_both_languages() -> None:
    words = words_of(ERRORS.read_text(encoding="utf-8"))
    silent = [code for code in CODES if not re.search(r"[\u4e00-\u9fff].*\n\n.*[a-z]{3}", words.get(code, ""))]
    assert not silent, f"write in docs/errors.md what these mean and what to do: {silent}"


def test_words_by_hand_survive_and_messages_are_written_anew() -> None:
    page = ERRORS.read_text(encoding="utf-8")
    altered = page.replace("命令里写的文件或文件夹不存在。", "没有。").replace("没有这个文件或文件夹", "旧的说法")
    assert errors_page(altered) == page.replace("命令里写的文件或文件夹不存在。", "没有。")


def test_a_section_of_no_code_is_dropped_and_a_lacking_one_is_made() -> None:
    page = ERRORS.read_text(encoding="utf-8")
    altered = page.replace("## file-empty\n", "## file-hollow\n")
    made = errors_page(altered)
    assert "file-hollow" not in made
    assert "## file-empty\n\n**错误 error**\n\n```text" in made
