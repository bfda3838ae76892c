"""A workbook as cells: what each says, and where it stands.

    bytes ──zip──> parts ──xml_source──> elements ──> Workbook ──> Sheet ──> Cell

Read with the bounds of all XML here: no entities, at most so many bytes and levels. A number has the fifteen digits that
Excel shows, a date is a date; of a formula its last value is taken. Cells that are merged all say what the first of them says.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal, InvalidOperation

from zhida.dmn.xml_source import MAX_BYTES, Element, parse
from zhida.errors import CompileError, Diagnostic, InputError, diagnostic
from zhida.source import Source, Span
from zhida.values.numbers import format_number

MAX_CELLS = 200_000
"""Cells of one sheet that are read."""
DATE_FORMATS = frozenset((*range(14, 23), *range(27, 37), 45, 46, 47, *range(50, 59)))
"""Built-in number formats that show dates and times."""
SHOWN = Context(prec=15)
"""The digits that a workbook shows of a number."""
LONGEST_NUMBER = 310
"""Digits before or behind the point that a number of a workbook may have."""
LAST_DAY = 3_000_000
"""The number of a day behind the last one that a workbook knows, 9999-12-31."""
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell."""

    text: str
    """What it says: a string as it stands, a number in plain digits, `true` or `false`, a date as ISO 8601."""
    kind: str
    """`string`, `number`, `boolean`, `date` or `error`."""
    span: Span
    """Where it stands: a source of its own, named `file:sheet!C5`."""
    has_formula: bool = False
    """Whether it is calculated."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet."""

    name: str
    """Its name."""
    cells: Mapping[tuple[int, int], Cell]
    """Cells that say something, by row and column, 1-based; of merged cells each."""
    merged: tuple[tuple[str, Cell], ...]
    """Merged cells that say something: `B3:B5`, and what they say."""
    file: str
    """The file, as messages call it."""
    widths: Mapping[int, int]
    """The last column of each row that says anything."""

    @property
    def rows(self) -> int:
        """The last row that says anything."""
        return max(self.widths, default=0)

    def columns(self, row: int) -> int:
        """Return the last column of a row that says anything."""
        return self.widths.get(row, 0)

    def text(self, row: int, column: int) -> str:
        """Return what a cell says; empty where it says nothing."""
        cell = self.cells.get((row, column))
        return cell.text if cell is not None else ""

    def span(self, row: int, column: int) -> Span:
        """Return where a cell stands, be it empty."""
        cell = self.cells.get((row, column))
        return cell.span if cell is not None else _span(self.file, self.name, f"{column_name(column)}{row}", "")


@dataclass(frozen=True, slots=True)
class Workbook:
    """A workbook."""

    sheets: Mapping[str, Sheet]
    """By name, in order; sheets that are hidden too."""


def read_workbook(data: bytes, name: str) -> Workbook:
    """Read a workbook.

    Args:
        data: The file.
        name: What messages call it.

    Raises:
        InputError: excel-not-a-workbook.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _Reader(archive, name).workbook()
    except CompileError as error:
        raise refused(name, error.diagnostics[0].message("en"), error.diagnostics[0].message("zh")) from error
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, NotImplementedError, RuntimeError, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
        old = data.startswith(b"\xd0\xcf\x11\xe0")
        words = (
            ("it is an old .xls, or protected by a password", "是旧的 .xls，或加了密码")
            if old
            else ("a part is lacking or damaged", "内容缺损")
        )
        raise refused(name, *words) from error


def refused(name: str, reason: str, reason_zh: str) -> InputError:
    """Return what is raised of a file that is no workbook."""
    nowhere = Span(Source(name, ""), 0, 0)
    return InputError([diagnostic("excel-not-a-workbook", nowhere, name=name, reason=reason, reason_zh=reason_zh)])


def column_name(column: int) -> str:
    """Return the letters of a column.

    >>> column_name(1), column_name(28)
    ('A', 'AB')
    """
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _span(file: str, sheet: str, place: str, text: str) -> Span:
    return Span(Source(f"{file}:{sheet}!{place}", text), 0, len(text))


class _Reader:
    """Reads the parts of one file."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self.archive = archive
        self.name = name
        self.strings: list[str] = []
        self.dates: list[bool] = []
        self.epoch = datetime(1899, 12, 30)  # noqa: DTZ001 - a workbook knows no time zone
        self.left = MAX_CELLS

    def part(self, name: str) -> Element:
        """Return a part of the file as XML."""
        with self.archive.open(name) as stream:
            return parse(stream.read(MAX_BYTES + 1), self.name)

    def workbook(self) -> Workbook:
        """Return all sheets."""
        names = set(self.archive.namelist())
        root = self.part("xl/workbook.xml")
        targets = {each.attributes["Id"]: each.attributes["Target"] for each in self.part("xl/_rels/workbook.xml.rels").children}
        if "xl/sharedStrings.xml" in names:
            self.strings = [_string(item) for item in self.part("xl/sharedStrings.xml").children]
        if "xl/styles.xml" in names:
            self.dates = list(_date_styles(self.part("xl/styles.xml")))
        properties = _children(root, "workbookPr")
        if properties and properties[0].attributes.get("date1904") in {"1", "true"}:
            self.epoch = datetime(1904, 1, 1)  # noqa: DTZ001 - a workbook knows no time zone
        sheets = {}
        for each in (child for list_ in _children(root, "sheets") for child in list_.children):
            id_ = next(value for name, value in each.attributes.items() if name.endswith("}id"))
            path = targets[id_].removeprefix("/xl/").removeprefix("xl/")
            if f"xl/{path}" in names and path.startswith("worksheets/"):
                sheets[each.attributes["name"]] = self.sheet(self.part(f"xl/{path}"), each.attributes["name"])
        return Workbook(sheets)

    def sheet(self, root: Element, name: str) -> Sheet:
        """Return one sheet."""
        cells: dict[tuple[int, int], Cell] = {}
        for data in _children(root, "sheetData"):
            for place, row in enumerate(data.children, start=1):
                number = int(row.attributes.get("r", place))
                for column, each in enumerate(row.children, start=1):
                    here = _place(each.attributes.get("r", "")) or (number, column)
                    cell = self.cell(each, f"{column_name(here[1])}{here[0]}", name)
                    if cell is not None:
                        cells[here] = cell
        merged = tuple(self.merge(root, name, cells))
        widths: dict[int, int] = {}
        for row_number, column in cells:
            widths[row_number] = max(column, widths.get(row_number, 0))
        return Sheet(name, cells, merged, self.name, widths)

    def merge(self, root: Element, name: str, cells: dict[tuple[int, int], Cell]) -> Iterator[tuple[str, Cell]]:
        """Let merged cells say what the first of them says."""
        for each in (child for list_ in _children(root, "mergeCells") for child in list_.children):
            reference = each.attributes.get("ref", "")
            first, last = _place(reference.partition(":")[0]), _place(reference.partition(":")[2])
            if first is None or last is None or first not in cells:
                continue
            cell = cells[first]
            yield reference, cell
            self.spend((last[0] - first[0] + 1) * (last[1] - first[1] + 1))
            for row in range(first[0], last[0] + 1):
                for column in range(first[1], last[1] + 1):
                    span = _span(self.name, name, f"{column_name(column)}{row}", cell.text)
                    cells.setdefault((row, column), Cell(cell.text, cell.kind, span, cell.has_formula))

    def spend(self, count: int) -> None:
        """Count cells; a sheet with too many is refused."""
        self.left -= count
        if self.left < 0:
            raise refused(self.name, f"it has more than {MAX_CELLS:,} cells", f"单元格超过 {MAX_CELLS:,} 个")

    def cell(self, element: Element, place: str, sheet: str) -> Cell | None:
        """Return a cell; None where it says nothing."""
        self.spend(1)
        type_ = element.attributes.get("t", "n")
        values = _children(element, "v")
        raw = values[0].text if values else ""
        inline = _children(element, "is")
        style = int(element.attributes.get("s", "0") or 0)
        kind = "string"
        match type_:
            case "s":
                text = self.strings[int(raw)] if raw else ""
            case "inlineStr":
                text = _string(inline[0]) if inline else ""
            case "b":
                text, kind = ("true" if raw == "1" else "false"), "boolean"
            case "e":
                text, kind = raw, "error"
            case "n" if raw:
                is_date = style < len(self.dates) and self.dates[style]
                text, kind = (self.date(raw), "date") if is_date else (_number(raw), "number")
            case "d":
                text, kind = raw, "date"
            case _:
                text = _unescaped(raw)
        formulas = _children(element, "f")
        if formulas and not raw and type_ == "n":  # a program wrote it that does not calculate
            text, kind = f"={formulas[0].text}", "error"
        if not text.strip():
            return None
        return Cell(text, kind, _span(self.name, sheet, place, text), bool(formulas))

    def date(self, raw: str) -> str:
        """Return a day, or a day with a time, as ISO 8601; a number that is none stays a number."""
        try:
            days = Decimal(raw)
            if not abs(days) <= LAST_DAY:
                return raw
            moment = self.epoch + timedelta(days=int(days), seconds=int((days % 1 * 86_400).quantize(Decimal(1))))
        except (InvalidOperation, OverflowError, ValueError):
            return raw
        return f"{moment:%Y-%m-%d}" if moment.time() == moment.min.time() else f"{moment:%Y-%m-%dT%H:%M:%S}"


def _children(element: Element, name: str) -> list[Element]:
    return [child for child in element.children if child.name == name]


def _place(reference: str) -> tuple[int, int] | None:
    """Return row and column of `C5`."""
    found = REFERENCE.fullmatch(reference.replace("$", ""))
    if found is None:
        return None
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    return int(found[2]), column


def _string(element: Element) -> str:
    """Return a string, be it of several formats; how it is pronounced is no part of it."""
    runs = [
        each
        for child in element.children
        for each in ([child] if child.name == "t" else _children(child, "t") if child.name == "r" else [])
    ]
    return _unescaped("".join(each.text for each in runs))


def _unescaped(text: str) -> str:
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), text).replace("\r\n", "\n").replace("\r", "\n")


def _number(raw: str) -> str:
    """Return a number in plain digits: the fifteen that a workbook, which counts in binary, holds and shows exactly."""
    try:
        value = SHOWN.create_decimal(raw)
        return format_number(value) if value.is_finite() and abs(value.adjusted()) < LONGEST_NUMBER else raw
    except (InvalidOperation, ValueError):
        return raw


def _date_styles(root: Element) -> Iterator[bool]:
    """Yield for each style of cells whether it shows dates."""
    own = {
        int(each.attributes["numFmtId"]): re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", each.attributes.get("formatCode", ""))
        for list_ in _children(root, "numFmts")
        for each in list_.children
    }
    for each in (child for list_ in _children(root, "cellXfs") for child in list_.children):
        number = int(each.attributes.get("numFmtId", "0"))
        yield number in DATE_FORMATS if number not in own else bool(re.search("[ymdhs年月日]", own[number].lower()))


def cell_faults(sheet: Sheet) -> Iterator[Diagnostic]:
    """Yield what is odd about the cells of a sheet: excel-merged, excel-formula, excel-error-value."""
    for reference, cell in sheet.merged:
        yield diagnostic("excel-merged", cell.span, cells=reference, value=cell.text)
    for cell in sheet.cells.values():
        if cell.kind == "error":
            yield diagnostic("excel-error-value", cell.span, value=cell.text)
        elif cell.has_formula:
            yield diagnostic("excel-formula", cell.span, value=cell.text)
