"""A policy as a workbook: the text on one sheet, each decision table on its own, the examples on another.

Every cell is text, so that nothing becomes a formula, a date or another number; the same policy makes the same bytes. Cells
of a column with a code list offer its words; the head of a column says the unit.
"""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]  # it has no types of its own, and nobody wrote stubs

from zhida.dmn.model import Decision, DecisionTable, HitPolicy, ItemDefinition
from zhida.errors import InputError, diagnostic
from zhida.policy.document import Heading, PolicyDocument, Table
from zhida.policy.excel_layout import (
    CELL_LIMIT,
    COLUMN_KINDS,
    EXAMPLES_MARK,
    EXAMPLES_SHEET,
    EXPECTED,
    GIVEN,
    INPUT,
    LISTS_SHEET,
    NOTE,
    OUTPUT,
    RULES_MARK,
    TEXT_HEADER,
    TEXT_SHEET,
    RowKind,
    styled,
)
from zhida.policy.interchange_extensions import FORBIDDEN
from zhida.policy.interchange_markdown import BETWEEN, Piece, cut, fence_text, table_text
from zhida.policy.tangle import TangledPolicy
from zhida.source import Span, display_width
from zhida.values.text import literal

CREATED = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""When a workbook says that it was made: the same for all, so that the same policy makes the same bytes."""
NOT_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
KEY = re.compile(r"([a-z_]+): (\S.*)")
WIDEST = 60
"""Characters that a column of a table is wide at most."""
FORMATS: Mapping[str, Mapping[str, object]] = {
    "plain": {},
    "head": {"bold": True, "bg_color": "#DDE6F0", "border": 1},
    "bold": {"bold": True, "bg_color": "#FFF2CC", "border": 1},
    "italic": {"italic": True, "bg_color": "#EEEEEE", "border": 1},
    "kind": {"font_color": "#777777"},
}
"""How cells look; all of them hold text."""
Worksheet = Any
"""A sheet that is being written."""
Row = tuple[str, str, str, int]
"""A row of the sheet 说明: kind, name, content and line feeds before it."""


def write_workbook(document: PolicyDocument, tangled: TangledPolicy, items: Mapping[str, ItemDefinition]) -> bytes:
    """Return a policy as a workbook.

    Args:
        document: Its blocks.
        tangled: What they execute.
        items: What is known of attributes and parameters, by name: units and code lists.

    Raises:
        InputError: interchange-character, excel-too-long.
    """
    source = document.source
    if found := FORBIDDEN.search(source.text):
        span = Span(source, found.start(), found.end())
        raise InputError([diagnostic("interchange-character", span, character=f"U+{ord(found[0]):04X}")])
    return _Writer(cut(document, tangled), items).workbook()


class _Writer:
    """Writes one workbook."""

    def __init__(self, pieces: Sequence[Piece], items: Mapping[str, ItemDefinition]) -> None:
        self.pieces = pieces
        self.items = items
        self.out = io.BytesIO()
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
        self.book = xlsxwriter.Workbook(self.out, options)
        self.book.set_properties({"created": CREATED, "comments": "zhida"})
        plain = {"num_format": "@", "text_wrap": True, "valign": "top"}
        self.formats = {name: self.book.add_format({**plain, **extra}) for name, extra in FORMATS.items()}
        self.names = {piece.start: name for piece, name in self.sheet_names()}
        self.lists: dict[str, str] = {}

    def sheet_names(self) -> Iterator[tuple[Piece, str]]:
        """Yield each decision table and the name of its sheet: the decision's, as a workbook allows it."""
        taken = {name.lower() for name in (TEXT_SHEET, EXAMPLES_SHEET, LISTS_SHEET, "history")}
        for piece in self.pieces:
            if not isinstance(piece.block, Table) or not isinstance(piece.logic, Decision):
                continue
            wanted = name = NOT_IN_NAMES.sub("_", piece.logic.name).strip("' ")[:31] or "表"
            number = 1
            while name.lower() in taken:
                number += 1
                name = f"{wanted[: 30 - len(str(number))]}_{number}"
            taken.add(name.lower())
            yield piece, name

    def workbook(self) -> bytes:
        """Return the whole workbook."""
        sheet = self.book.add_worksheet(TEXT_SHEET)
        examples = [piece.block for piece in self.pieces if piece.kind == "examples" and isinstance(piece.block, Table)]
        tables = [piece for piece in self.pieces if piece.start in self.names and piece.kind == "decision"]
        sheets = {piece.start: self.book.add_worksheet(self.names[piece.start]) for piece in tables}
        example_sheet = self.book.add_worksheet(EXAMPLES_SHEET) if examples else None
        self.write_lists(tables)
        self.write_text(sheet)
        for piece in tables:
            self.write_table(sheets[piece.start], piece)
        if example_sheet is not None:
            self.write_examples(example_sheet, examples)
        self.book.close()
        return self.out.getvalue()

    def put(self, sheet: Worksheet, place: tuple[int, int], text: str, format_: str = "plain") -> None:
        """Write a text into a cell."""
        row, column = place
        form = self.formats[format_]
        if text:
            sheet.write_string(row, column, text, form)
        else:
            sheet.write_blank(row, column, None, form)

    # --- the sheet 说明 ------------------------------------------------------------------------------------------------

    def write_text(self, sheet: Worksheet) -> None:
        """Write the text, one row for each piece of it."""
        for column, (head, width) in enumerate(zip(TEXT_HEADER, (10, 24, 100, 6), strict=True)):
            sheet.set_column(column, column, width, self.formats["plain"])
            self.put(sheet, (0, column), head, "head")
        sheet.freeze_panes(1, 0)
        rows = [(row, piece) for piece in self.pieces for row in self.rows_of(piece)]
        for number, ((kind, name, content, before), piece) in enumerate(rows, start=1):
            if len(content) > CELL_LIMIT:
                span = piece.block.span if piece.block is not None else None
                raise InputError([diagnostic("excel-too-long", span, limit=f"{CELL_LIMIT:,}", length=f"{len(content):,}")])
            self.put(sheet, (number, 0), kind, "kind")
            self.put(sheet, (number, 1), name)
            self.put(sheet, (number, 2), content, "head" if kind in {RowKind.ARTICLE, RowKind.HEADING} else "plain")
            self.put(sheet, (number, 3), "" if before == BETWEEN else str(before))
            if kind == RowKind.TABLE:
                sheet.write_url(number, 1, f"internal:'{name.replace(chr(39), chr(39) * 2)}'!A1", self.formats["plain"], string=name)
        sheet.data_validation(1, 0, len(rows) + 200, 0, {"validate": "list", "source": [kind.value for kind in RowKind]})

    def rows_of(self, piece: Piece) -> Iterator[Row]:
        """Yield the rows that a piece becomes; what has no plain form stands as it is."""
        block = piece.block
        match piece.kind:
            case "front":
                yield from _front_rows(piece.text)
            case "article" | "heading" if isinstance(block, Heading) and piece.text == f"{'#' * block.level} {block.text}":
                yield RowKind.ARTICLE if piece.kind == "article" else RowKind.HEADING, str(block.level), block.text, piece.before
            case "prose":
                yield RowKind.PROSE, "", piece.text, piece.before
            case "quote":
                yield _quote_row(piece)
            case "examples" if isinstance(block, Table) and piece.text == _plain(block):
                tables = [each.start for each in self.pieces if each.kind == "examples"]
                yield RowKind.EXAMPLES, EXAMPLES_SHEET, str(tables.index(piece.start) + 1), piece.before
            case "decision" if isinstance(block, Table):
                yield RowKind.TABLE, self.names[piece.start], "", piece.before
                if block.gap_reason:
                    yield RowKind.GAP, "", block.gap_reason, BETWEEN
            case "decision" | "knowledge" if (row := _formula_row(piece)) is not None:
                yield row
            case _:
                yield RowKind.RAW, "", piece.text, piece.before

    # --- the sheets of tables --------------------------------------------------------------------------------------------

    def write_lists(self, tables: Sequence[Piece]) -> None:
        """Write the code lists that the columns of tables offer, and remember where each stands."""
        expressions = [piece.logic.expression for piece in tables if isinstance(piece.logic, Decision)]
        heads = [clause.expression.text for each in expressions if isinstance(each, DecisionTable) for clause in each.inputs]
        listed = [name for name in dict.fromkeys(heads) if name in self.items and self.items[name].allowed_values]
        sheet = self.book.add_worksheet(LISTS_SHEET)
        sheet.hide()
        for column, name in enumerate((RULES_MARK, *listed)):
            words = self.items[name].allowed_values if name in self.items else None
            texts = [literal(word) for word in words] if words else [each.value for each in HitPolicy]
            for row, text in enumerate((name, *texts)):
                self.put(sheet, (row, column), text)
            letter = xlsxwriter.utility.xl_col_to_name(column)
            self.lists[name] = f"={LISTS_SHEET}!${letter}$2:${letter}${len(texts) + 1}"

    def write_table(self, sheet: Worksheet, piece: Piece) -> None:
        """Write a decision table."""
        assert isinstance(piece.block, Table)
        rows = _rows(piece.block)
        kinds = [RULES_MARK, *({"bold": OUTPUT, "italic": NOTE}.get(cell.style, INPUT) for cell in piece.block.header[1:])]
        self.write_rows(sheet, 0, kinds, rows)
        sheet.freeze_panes(2, 1)
        for column, width in enumerate(_widths(rows)):
            sheet.set_column(column, column, width, self.formats["plain"])
        last = len(rows) + 200
        for column, (kind, head) in enumerate(zip(kinds, rows[0], strict=True)):
            item = self.items.get(head)
            if column == 0:
                sheet.data_validation(1, 0, 1, 0, _offered(self.lists[RULES_MARK]))
            elif kind == INPUT and item is not None:
                if head in self.lists:
                    sheet.data_validation(2, column, last, column, _offered(self.lists[head]))
                if words := _about(item):
                    sheet.write_comment(1, column, words, {"author": "zhida", "x_scale": 2})

    def write_examples(self, sheet: Worksheet, tables: Sequence[Table]) -> None:
        """Write the tables of examples, one below the other."""
        row = 0
        for table in tables:
            names = {"bold": EXPECTED, "italic": NOTE}
            kinds = [EXAMPLES_MARK, *(names.get(cell.style, GIVEN) for cell in table.header[1:])]
            rows = _rows(table)
            self.write_rows(sheet, row, kinds, rows)
            row += len(rows) + 2
        widths = [_widths(_rows(table)) for table in tables]
        for column in range(max(map(len, widths))):
            width = max(each[column] for each in widths if column < len(each))
            sheet.set_column(column, column, width, self.formats["plain"])

    def write_rows(self, sheet: Worksheet, first: int, kinds: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write the row of kinds, the header and the rows of a table."""
        for column, kind in enumerate(kinds):
            style = COLUMN_KINDS.get(kind, "plain")
            self.put(sheet, (first, column), kind, "kind")
            self.put(sheet, (first + 1, column), rows[0][column], "head" if style == "plain" else style)
        for number, row in enumerate(rows[1:], start=first + 2):
            for column, text in enumerate(row):
                self.put(sheet, (number, column), text)


def _front_rows(text: str) -> Iterator[Row]:
    """Yield the rows of a front matter: one for each key; what is no key with a value in one line belongs to the row before."""
    rows: list[tuple[str, str]] = []
    for line in text.split("\n"):
        found = KEY.fullmatch(line)
        if found is not None and line == line.rstrip():
            rows.append((found[1], found[2]))
        elif rows and not rows[-1][0]:
            rows[-1] = ("", f"{rows[-1][1]}\n{line}")
        else:
            rows.append(("", line))
    for name, content in rows:
        yield RowKind.FRONT, name, content, BETWEEN


def _quote_row(piece: Piece) -> Row:
    """Return the row of a quote: a caveat, plain words, or the lines as they stand."""
    caveat = piece.text.removeprefix("> 待确认：")
    if caveat != piece.text and "\n" not in caveat and caveat == caveat.strip() and caveat:
        return RowKind.CAVEAT, "", caveat, piece.before
    words = "\n".join(line.removeprefix("> ") for line in piece.text.split("\n"))
    if "\n".join(f"> {line}" for line in words.split("\n")) == piece.text:
        return RowKind.QUOTE, "", words, piece.before
    return RowKind.RAW, "", piece.text, piece.before


def _formula_row(piece: Piece) -> Row | None:
    """Return the row of a fenced block of FEEL; None where it is not in its plainest form."""
    head, _, body = piece.text.partition("\n")
    body = body.rpartition("\n")[0]
    name = head.lstrip("`").removeprefix("feel ")
    return (RowKind.FORMULA, name, body, piece.before) if fence_text(name, body) == piece.text and name == name.strip() else None


def _rows(table: Table) -> list[list[str]]:
    """Return the texts of all cells of a table, its header first."""
    return [[cell.text for cell in row] for row in (table.header, *table.rows)]


def _plain(table: Table) -> str:
    """Return a table of examples in its plainest form."""
    heads = [styled(cell.text, cell.style) for cell in table.header]
    return table_text([heads, *_rows(table)[1:]])


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    lengths = ([display_width(line) for row in rows for line in row[place].split("\n")] for place in range(len(rows[0])))
    return [min(WIDEST, max(8, max(found) + 2)) for found in lengths]


def _offered(source: str) -> dict[str, object]:
    """Return a list of words that a cell offers and does not insist on: a cell may also say several, or a condition."""
    return {"validate": "list", "source": source, "show_error": False}


def _about(item: ItemDefinition) -> str:
    """Return what is told of an attribute at the head of its column."""
    parts = [("单位", item.unit), ("来源", item.department), ("说明", item.description)]
    return "\n".join(f"{name}：{text}" for name, text in parts if text)
