"""What is said of policies on their way to and from DMN and Excel, whole and in both languages, as golden files.

Each file of tests/examples/convert/ says in its first lines what it shows, and then holds sections:

    === a.md | dmn              a policy in Markdown, and what it is converted to
    === a.dmn | md              a DMN model; in the place of its `<definitions …>` tag, if it has none, the usual one stands
    === a.xlsx | md             a workbook: sheets as `## name`, rows as lines, cells between `|`; `=1` is a formula of value 1,
                                `#DIV/0!` an error, `^` is merged with the cell above
    {字×9}                      in any of them: a character so many times
    === expected                everything that is said, once in Chinese and once in English

A policy in Markdown has the dictionary of test_golden.py. With ZHIDA_BLESS=1 `expected` is written anew.
"""

import io
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
import xlsxwriter

from tests.examples.test_golden import DICTIONARY, sections
from zhida.errors import CODES, Diagnostic, DiagnosticsError
from zhida.policy.dictionary import parse_dictionary
from zhida.policy.interchange import NO_PACKS, Form, read_text, write_text
from zhida.source import Source

FOLDER = Path(__file__).parent / "convert"
CASES = sorted(path.name for path in FOLDER.glob("*.md"))
DEFINITIONS = '<definitions xmlns="https://www.omg.org/spec/DMN/20230324/MODEL/" name="模型" namespace="urn:m">'


def workbook(text: str) -> bytes:
    """Return a workbook that is written down as text."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        name, *lines = part.rstrip("\n").split("\n")
        sheet = book.add_worksheet(name)
        rows = [[cell.strip() for cell in line.split("|")] for line in lines]
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if cell == "^":
                    sheet.merge_range(row - 1, column, row, column, rows[row - 1][column])
                elif cell.startswith(("=", "#DIV")):
                    sheet.write_formula(row, column, "=0+0", None, cell.removeprefix("="))
                else:
                    sheet.write_string(row, column, cell)
    book.close()
    return out.getvalue()


def said(head: str, text: str) -> tuple[Diagnostic, ...]:
    """Return what is said of the conversion that a section asks for."""
    name, _, form = head.partition(" | ")
    own = Form(name.rpartition(".")[2])
    text = re.sub(r"\{(.)×(\d+)\}", lambda found: found[1] * int(found[2]), text)
    data = text.encode()
    if own is Form.DMN and "<definitions" not in text:
        data = f"{DEFINITIONS}\n{text}</definitions>".encode()
    if own is Form.EXCEL and text.startswith("## "):
        data = workbook(text)
    dictionary = parse_dictionary(Source("demo/registry/enterprise.md", DICTIONARY), "enterprise")
    try:
        found = read_text(data, own, name, "demo/a")
        if not found.is_complete:
            return found.diagnostics
        written = write_text(found, Form(form), replace(NO_PACKS, dictionaries={"enterprise": dictionary}))
    except DiagnosticsError as error:
        return error.diagnostics
    return (*found.diagnostics, *written.diagnostics)


@pytest.mark.parametrize("name", CASES)
def test_the_whole_message_is_as_it_was_read_and_agreed(name: str) -> None:
    path = FOLDER / name
    title, parts = sections(path.read_text(encoding="utf-8"))
    diagnostics = [item for head, text in parts.items() if head != "expected" for item in said(head, text)]
    messages = [item.render("zh") for item in diagnostics] + [item.render("en") for item in diagnostics]
    found = "\n\n".join(messages) + "\n"
    if os.environ.get("ZHIDA_BLESS"):
        kept = {head: text for head, text in parts.items() if head != "expected"}
        path.write_text(title + "".join(f"=== {head}\n{text}" for head, text in (*kept.items(), ("expected", found))), encoding="utf-8")
    else:
        assert found == parts.get("expected")


def test_every_code_of_conversion_has_a_golden_file() -> None:
    expected = "".join(sections((FOLDER / name).read_text(encoding="utf-8"))[1]["expected"] for name in CASES)
    codes = {code for code in CODES if code.startswith(("interchange-", "excel-"))}
    assert codes <= set(re.findall(r"\[([a-z0-9-]+)\]: ", expected))
