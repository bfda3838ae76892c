"""A workbook as a Markdown policy, forgiving of what people do in Excel, and saying so.

Numbers, dates and truth values may be real ones; full-width digits and punctuation in rules are read as half-width; merged
cells all say the same; empty rows and columns at the end do not count. What is wrong is told with file, sheet and cell, and
what is found wrong in the text later is brought back to the cell that it came from.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from zhida.errors import Diagnostic, diagnostic, nearest
from zhida.policy.document import Table, parse
from zhida.policy.excel_cells import Sheet, Workbook, cell_faults, read_workbook
from zhida.policy.excel_layout import (
    COLUMN_KINDS,
    EXAMPLES_MARK,
    EXAMPLES_SHEET,
    LISTS_SHEET,
    NOTE,
    TEXT_HEADER,
    TEXT_SHEET,
    RowKind,
    styled,
)
from zhida.policy.interchange_markdown import BETWEEN, fence_text, front_text, join, table_text
from zhida.source import Source, Span

FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if not chr(code - 0xFEE0).isalpha()} | {
    ord(wide): narrow
    for wide, narrow in (
        ("　", " "),
        ("“", '"'),
        ("”", '"'),
        ("、", ","),
        ("。", "."),
        ("≥", ">="),
        ("≤", "<="),
        ("≠", "!="),
        ("−", "-"),
        ("—", "-"),
        ("–", "-"),
    )
}
"""Full-width digits and punctuation, and signs of mathematics, and what they are in FEEL."""


@dataclass(frozen=True, slots=True)
class ReadWorkbook:
    """A workbook as a policy."""

    text: str
    """The Markdown text."""
    diagnostics: tuple[Diagnostic, ...]
    """What is wrong with the workbook, or odd about it."""
    places: tuple[tuple[int, int, Span], ...]
    """Stretches of the text, and the cells that they came from."""

    def cell_of(self, item: Diagnostic) -> Diagnostic:
        """Return a diagnostic about the text as one about the cell that it came from."""
        if item.span is None or item.span.source.text != self.text:
            return item
        found = [place for place in self.places if place[0] <= item.span.start <= place[1]]
        if not found:
            return item
        start, _, span = min(found, key=lambda place: place[1] - place[0])
        length = len(span.source.text)
        begin = min(max(item.span.start - start, 0), length)
        return replace(item, span=replace(span, start=begin, end=max(min(begin + item.span.end - item.span.start, length), begin)))


def read_policy(data: bytes, name: str) -> ReadWorkbook:
    """Read a workbook that holds a policy.

    Args:
        data: The file.
        name: What messages call it.

    Returns:
        The text, and what was found: excel-missing-sheet, excel-unknown-row, excel-unknown-column, excel-beside,
        excel-unused-sheet, excel-merged, excel-full-width, excel-formula, excel-error-value. With an error among them the text is
        not complete.

    Raises:
        InputError: excel-not-a-workbook.
    """
    return _Reader(read_workbook(data, name), name).read()


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the text, and where it came from."""

    text: str
    before: int
    span: Span
    grid: tuple[tuple[Span, ...], ...] = ()
    """Of a table, the cells of its header and rows."""
    offset: int = 0
    """Where in the text the content of the cell begins."""
    lines: tuple[tuple[int, int, Span], ...] = ()
    """Of the front matter, where in the text each row stands, and its cell."""


class _Reader:
    """Reads one workbook."""

    def __init__(self, book: Workbook, name: str) -> None:
        self.book = book
        self.name = name
        self.diagnostics: list[Diagnostic] = []
        self.used = {TEXT_SHEET, EXAMPLES_SHEET, LISTS_SHEET}

    def note(self, code: str, span: Span, **words: object) -> None:
        """Keep a diagnostic."""
        self.diagnostics.append(diagnostic(code, span, **words))

    def read(self) -> ReadWorkbook:
        """Return the whole text."""
        sheet = self.sheet(TEXT_SHEET, Span(Source(self.name, ""), 0, 0))
        if sheet is None:
            return ReadWorkbook("", tuple(self.diagnostics), ())
        parts = list(self.parts(sheet))
        for name, each in self.book.sheets.items():
            if name != LISTS_SHEET:
                self.diagnostics.extend(cell_faults(each))
            if name not in self.used and each.rows:
                self.note("excel-unused-sheet", each.span(1, 1))
        text = join((part.text, part.before) for part in parts)
        return ReadWorkbook(text, tuple(self.diagnostics), tuple(_places(text, parts)))

    def sheet(self, name: str, span: Span) -> Sheet | None:
        """Return a sheet; one that is not there is told."""
        found = self.book.sheets.get(name)
        if found is None:
            self.note("excel-missing-sheet", span, sheet=name, near=nearest(name, self.book.sheets))
        self.used.add(name)
        return found

    # --- the sheet 说明 ------------------------------------------------------------------------------------------------

    def parts(self, sheet: Sheet) -> Iterator[_Part]:
        """Yield the parts of the text."""
        front: list[tuple[str, str, Span]] = []
        first = 2 if tuple(sheet.text(1, column) for column in (1, 2, 3)) == TEXT_HEADER[:3] else 1
        for row in range(first, sheet.rows + 1):
            kind, name, content = closed_up(sheet.text(row, 1)), sheet.text(row, 2).strip(), sheet.text(row, 3)
            if kind == RowKind.FRONT:
                front.append((name, content, sheet.span(row, 3)))
                continue
            if front:
                yield _front(front)
                front = []
            if kind or name or content.strip():
                yield from self.part(sheet, row, kind, (name, content))
        if front:
            yield _front(front)

    def part(self, sheet: Sheet, row: int, kind: str, said: tuple[str, str]) -> Iterator[_Part]:
        """Yield the part of the text that a row is."""
        name, content = said
        span = sheet.span(row, 3)
        feeds = sheet.text(row, 4).strip()
        before = int(feeds) if feeds.isdigit() and len(feeds) < 4 else BETWEEN
        match kind:
            case RowKind.ARTICLE | RowKind.HEADING:
                level = int(name) if name in {"1", "2", "3", "4", "5", "6"} else 2
                yield _Part(f"{'#' * level} {content.strip()}", before, span, offset=level + 1)
            case RowKind.FORMULA:
                text = fence_text(name, self.feel(content.strip("\n"), span))
                yield _Part(text, before, span, offset=text.find("\n") + 1)
            case RowKind.CAVEAT:
                yield _Part(f"> 待确认：{' '.join(content.split(chr(10)))}", before, span, offset=len("> 待确认："))
            case RowKind.QUOTE:
                yield _Part("\n".join(f"> {line}" for line in content.split("\n")), before, span, offset=2)
            case RowKind.GAP:
                yield _Part(f"缺口: {content.strip()}", before, span, offset=len("缺口: "))
            case RowKind.PROSE | RowKind.RAW | "":
                yield _Part(content.strip("\n"), before, span)
            case RowKind.TABLE:
                found = self.sheet(name, sheet.span(row, 2))
                if found is not None:
                    yield from self.table(found, (1, found.rows), before)
            case RowKind.EXAMPLES:
                found = self.sheet(name or EXAMPLES_SHEET, sheet.span(row, 2))
                if found is not None:
                    yield from self.examples(found, content.strip(), span, before)
            case _:
                self.unknown(sheet.span(row, 1), kind, RowKind)

    def unknown(self, span: Span, kind: str, known: Iterable[str]) -> None:
        """Tell of a row of an unknown kind."""
        words = list(known)
        self.note("excel-unknown-row", span, kind=kind, near=nearest(kind, words), known="、".join(words))

    # --- tables --------------------------------------------------------------------------------------------------------

    def examples(self, sheet: Sheet, number: str, span: Span, before: int) -> Iterator[_Part]:
        """Yield the table of examples of a number: each begins with a row of kinds."""
        starts = [row for row in range(1, sheet.rows + 1) if closed_up(sheet.text(row, 1)) == EXAMPLES_MARK]
        wanted = int(number) if number.isdigit() and len(number) < 4 else 1
        if not 0 < wanted <= len(starts):
            self.unknown(span, number, (str(place) for place in range(1, len(starts) + 1)))
            return
        end = starts[wanted] - 1 if wanted < len(starts) else sheet.rows
        yield from self.table(sheet, (starts[wanted - 1], end), before)

    def table(self, sheet: Sheet, rows: tuple[int, int], before: int) -> Iterator[_Part]:
        """Yield a table: a row of kinds, its header, its rows; empty rows do not count."""
        first, last = rows
        columns = max(sheet.columns(first), sheet.columns(first + 1))
        kinds = [closed_up(sheet.text(first, column)) for column in range(1, columns + 1)]
        unknown = [column for column in range(2, columns + 1) if kinds[column - 1] not in COLUMN_KINDS]
        for column in unknown if len(unknown) < columns - 1 else (1,):
            self.column(sheet, (first, column))
        if unknown:
            return
        texts: list[list[str]] = []
        grid: list[tuple[Span, ...]] = []
        for row in range(first + 1, last + 1):
            cells = [(row, column) for column in range(1, columns + 1)]
            if not any(sheet.text(*cell).strip() for cell in cells):
                continue
            is_header = row == first + 1
            texts.append([self.cell(sheet, cell, kind, is_header=is_header) for cell, kind in zip(cells, kinds, strict=True)])
            grid.append(tuple(sheet.span(*cell) for cell in cells))
            self.beyond(sheet, row, columns)
        if not texts:
            self.unknown(sheet.span(first + 1, 1), "", COLUMN_KINDS)
            return
        texts[0] = [styled(text, COLUMN_KINDS.get(kind, "plain")) for text, kind in zip(texts[0], kinds, strict=True)]
        yield _Part(table_text(texts), before, grid[0][0], tuple(grid))

    def beyond(self, sheet: Sheet, row: int, columns: int) -> None:
        """Tell of the first cell that stands beyond the columns of its table."""
        found = [column for column in range(columns + 1, sheet.columns(row) + 1) if sheet.text(row, column).strip()]
        if found:
            self.note("excel-beside", sheet.span(row, found[0]), value=sheet.text(row, found[0]).strip())

    def column(self, sheet: Sheet, place: tuple[int, int]) -> None:
        """Tell of a column whose first row does not say what it is."""
        kind = sheet.text(*place).strip()
        self.note("excel-unknown-column", sheet.span(*place), kind=kind, near=nearest(kind, COLUMN_KINDS), known="、".join(COLUMN_KINDS))

    def cell(self, sheet: Sheet, place: tuple[int, int], kind: str, *, is_header: bool) -> str:
        """Return what a cell of a table says in Markdown: FEEL, or words."""
        cell = sheet.cells.get(place)
        if cell is None:
            return ""
        if is_header or kind == NOTE or place[1] == 1:
            return cell.text.strip()
        if cell.kind == "date":
            return f'@"{cell.text}"'
        return self.feel(cell.text.strip(), cell.span) if cell.kind == "string" else cell.text

    def feel(self, text: str, span: Span) -> str:
        """Return FEEL whose punctuation and digits are half-width; strings stay as they are."""
        read, odd = half_width(text)
        if odd:
            self.note("excel-full-width", span, found=odd, read=odd.translate(FULL_WIDTH))
        return read


def closed_up(text: str) -> str:
    """Return a word without the blanks that people put between two characters.

    >>> closed_up("条　件 ")
    '条件'
    """
    return "".join(text.split())


def _front(rows: Sequence[tuple[str, str, Span]]) -> _Part:
    """Return the front matter, which is several rows: name, content, and the cell of the content."""
    texts = [f"{name}: {content}" if name else content for name, content, _ in rows]
    whole = front_text("\n".join(texts))
    lines, position = [], whole.find("\n") + 1
    for text, (_, content, span) in zip(texts, rows, strict=True):
        lines.append((position + len(text) - len(content), position + len(text), span))
        position += len(text) + 1
    return _Part(whole, 0, rows[0][2], lines=tuple(lines))


def half_width(text: str) -> tuple[str, str]:
    """Return FEEL in half width, and the first character that was not; what stands in quotes stays.

    >>> half_width("“中型”，＞１０")
    ('"中型",>10', '“')
    """
    read, odd, is_string = "", "", False
    for place, character in enumerate(text):
        is_quote = character in '"“”' and not (is_string and text[:place].endswith("\\"))
        narrow = character.translate(FULL_WIDTH) if is_quote or not is_string else character
        is_string ^= is_quote
        odd = odd or (character if narrow != character else "")
        read += narrow
    return read, odd


def _places(text: str, parts: Sequence[_Part]) -> Iterator[tuple[int, int, Span]]:
    """Yield the stretches of the text with the cells that they came from."""
    tables = {block.span.start: block for block in parse(Source("", text)).blocks if isinstance(block, Table)}
    position = 0
    for place, part in enumerate(parts):
        position += part.before if place else 0
        end = position + len(part.text)
        yield position, end, part.span
        if part.offset:
            yield position + part.offset, end, part.span
        for start, stop, span in part.lines:
            yield position + start, position + stop, span
        table = tables.get(position)
        if table is not None:
            for cells, spans in zip((table.header, *table.rows), part.grid, strict=False):
                for cell, span in zip(cells, spans, strict=False):
                    yield cell.span.start, cell.span.end, span
        position = end
