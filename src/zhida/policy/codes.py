"""Code lists: the codes that an attribute may take, as data (`packs/<pack>/codes/<name>.md`).

A code list is a Markdown table with `代码` top-left. A dictionary refers to it in its column 取值: `代码表 NAME`, or
`代码表 NAME 前2位` where only the first two characters of a value are looked up.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from zhida.dmn.model import ItemDefinition
from zhida.errors import Diagnostic, diagnostic, nearest
from zhida.policy.document import Cell, Table, parse
from zhida.source import Source, Span

COLUMNS = ("代码", "名称", "说明")
"""The columns of a code list; only the first must be there."""

REFERENCE = re.compile(r"代码表\s+(\S+?)(?:\s+前\s*([0-9]{1,2})\s*位)?")
"""How a dictionary names a code list."""


@dataclass(frozen=True, slots=True)
class CodeList:
    """Codes and what they stand for."""

    name: str
    """Its name: that of the file without its ending."""
    names: Mapping[str, str]
    """What each code stands for, in the order of the table; empty where the table does not say."""
    source: Source
    """The text it was read from."""


def parse_codes(source: Source, name: str, diagnostics: list[Diagnostic]) -> CodeList:
    """Read a code list.

    Args:
        source: The Markdown text.
        name: Its name.
        diagnostics: Where mistakes are put: code-list-empty, dictionary-unknown-column, dmn-duplicate-name, policy-empty-cell.
    """
    document = parse(source)
    diagnostics.extend(document.diagnostics)
    names: dict[str, str] = {}
    spans: dict[str, Span] = {}
    for block in document.blocks:
        if not isinstance(block, Table) or block.header[0].text != COLUMNS[0]:
            continue
        columns = _columns(block, diagnostics)
        for row in block.rows:
            code = row[0].text
            if not code:
                words = {"hint": "write the code", "hint_zh": "请写代码"}
                diagnostics.append(diagnostic("policy-empty-cell", row[0].span, column=COLUMNS[0], **words))
            elif code in names:
                diagnostics.append(diagnostic("dmn-duplicate-name", row[0].span, name=code, first=spans[code].place))
            else:
                spans[code] = row[0].span
                names[code] = row[columns[COLUMNS[1]]].text if COLUMNS[1] in columns else ""
    if not names:
        diagnostics.append(diagnostic("code-list-empty", Span(source, 0, 0), name=source.name))
    return CodeList(name, names, source)


def _columns(table: Table, diagnostics: list[Diagnostic]) -> dict[str, int]:
    """Return the place of each known column; complain of the others."""
    for cell in table.header:
        if cell.text not in COLUMNS:
            near = nearest(cell.text, COLUMNS)
            diagnostics.append(diagnostic("dictionary-unknown-column", cell.span, name=cell.text, near=near, columns="、".join(COLUMNS)))
    return {cell.text: place for place, cell in enumerate(table.header) if cell.text in COLUMNS}


def listed_values(cell: Cell) -> tuple[str, ...]:
    """Return the values that a cell of 取值 lists itself: words divided by 、 or other marks."""
    return tuple(part.strip().strip('"') for part in re.split(r"[、,，;；/]", cell.text) if part.strip())


def with_values(item: ItemDefinition, cell: Cell, codes: Mapping[str, CodeList] | None, diagnostics: list[Diagnostic]) -> ItemDefinition:
    """Return an attribute with the values that its cell of 取值 allows, listed there or in a code list.

    Args:
        item: The attribute.
        cell: What stands in its column 取值.
        codes: The code lists, by name; None where they are not at hand, and then a reference limits nothing.
        diagnostics: Where mistakes are put: code-list-reference, code-list-unknown.
    """
    if not cell.text.startswith("代码表"):
        return replace(item, allowed_values=listed_values(cell) or None)
    found = REFERENCE.fullmatch(cell.text)
    if found is None or found[2] == "0":
        diagnostics.append(diagnostic("code-list-reference", cell.span, value=cell.text))
        return item
    item = replace(item, code_list=cell.text)
    if codes is None:
        return item
    if found[1] not in codes:
        known: Sequence[str] = sorted(codes)
        near = nearest(found[1], known)
        diagnostics.append(diagnostic("code-list-unknown", cell.span, name=found[1], near=near, lists="、".join(known)))
        return item
    listed = codes[found[1]].names
    if found[2] is None:
        return replace(item, allowed_values=tuple(listed))
    return replace(item, allowed_beginnings=tuple(dict.fromkeys(code[: int(found[2])] for code in listed)))


def list_named(item: ItemDefinition) -> str:
    """Return the name of the code list that an attribute's values stand in; empty where the dictionary names none."""
    found = REFERENCE.fullmatch(item.code_list)
    return found[1] if found else ""
