"""Source files as tables of text: CSV and Parquet, read strictly.

Owns positions in data files: every row knows the line on which it starts (CSV) or its number (Parquet), and every cell
can be pointed at. All columns are text; what the text means is for `cells`. A file that is not quite a table (a row with
too many cells, a quote that never ends, another encoding) is refused whole, with the place.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl

from zhida.errors import Diagnostic, InputError, diagnostic
from zhida.registry_io.mapping import FileMapping
from zhida.source import Source, Span

Frame = pl.DataFrame
"""A table of columns, as all parts of the import hand it on."""

CHUNK_ROWS = 50_000
"""Rows that are held as Python texts before they become columns."""

MAX_DIAGNOSTICS = 20
"""Ragged rows that are shown; one wrong separator makes every row ragged."""

MAGIC = {b"PAR1": "parquet", b"PK\x03\x04": "xlsx", b"\xd0\xcf\x11\xe0": "xls", b"\x1f\x8b": "gzip"}
"""First bytes of files that are no CSV."""


@dataclass(frozen=True)
class SourceTable:
    """One file as columns of text."""

    name: str
    """What reports call it: the mapping's name of the file."""
    path: str
    """The path as it was given."""
    sha256: str
    """Digest of its bytes."""
    frame: pl.DataFrame
    """One text column for each column of the file, in order; a repeated name has NUL and its place appended."""
    lines: tuple[int, ...] | None
    """The 1-based line on which each row starts; None for Parquet."""
    text: str = ""
    """The decoded CSV with line feeds only."""
    separator: str = ","
    """What stands between cells."""

    @property
    def base_name(self) -> str:
        """The file's name without its folders, as reports show it."""
        return Path(self.path).name

    @cached_property
    def source(self) -> Source:
        """The text with its lines indexed."""
        return Source(self.path, self.text)

    def row_number(self, row: int) -> int:
        """Return what people call a row: its first line in the file, or its number from 1 in a Parquet file."""
        return row + 1 if self.lines is None else self.lines[row]

    def span(self, row: int, column: str | None = None) -> Span | None:
        """Return where a cell (or a whole row) stands; None in a Parquet file."""
        if self.lines is None:
            return None
        start = self.source.line_start(self.lines[row])
        cells = list(cell_spans(self.text, start, self.separator))
        if column is None:
            return Span(self.source, cells[0][0], cells[-1][1])
        begin, end = cells[self.frame.columns.index(column)]
        return Span(self.source, begin, end)

    def record(self, row: int) -> str:
        """Return a row as one line of CSV, as the list of rows that were set aside shows it."""
        out = io.StringIO()
        csv.writer(out, lineterminator="").writerow(self.frame.row(row))
        return out.getvalue()


def cell_spans(text: str, start: int, separator: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each cell of the record that begins at `start`, without quotes and outer blanks."""
    cell = re.compile(rf'"((?:[^"]|"")*)"|[^{re.escape(separator)}\n]*')
    place = start
    while True:
        found = cell.match(text, place)
        assert found is not None, "the pattern matches the empty text"
        group = 0 if found[1] is None else 1
        begin, end = found.span(group)
        blank = len(found[group]) - len(found[group].lstrip())
        yield begin + blank, max(begin + len(found[group].rstrip()), begin + blank)
        place = max(end, found.end())
        if not text.startswith(separator, place):
            return
        place += 1


def read_table(path: Path, mapping: FileMapping) -> SourceTable:
    """Read a source file.

    Args:
        path: A CSV or Parquet file; which of them is told by its first bytes.
        mapping: Its encoding and separator.

    Raises:
        InputError: file-not-found, file-is-directory, file-unreadable, registry-file-empty, registry-not-a-table,
            registry-encoding, registry-csv-syntax, registry-ragged-row, registry-parquet-type.
    """
    shown = str(path)
    nowhere = Span(Source(shown, ""), 0, 0)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError([diagnostic("file-not-found", nowhere, name=shown)]) from None
    except IsADirectoryError:
        raise InputError([diagnostic("file-is-directory", nowhere, name=shown)]) from None
    except OSError as error:
        raise InputError([diagnostic("file-unreadable", nowhere, name=shown, reason=error.strerror or str(error))]) from error
    kind = next((kind for magic, kind in MAGIC.items() if data.startswith(magic)), "csv")
    if kind == "parquet":
        return _read_parquet(data, shown, mapping)
    if kind != "csv":
        raise InputError([diagnostic("registry-not-a-table", nowhere, name=shown, kind=kind)])
    if not data.strip():
        raise InputError([diagnostic("registry-file-empty", nowhere, name=shown)])
    return _read_csv(_decode(data, shown, mapping.encoding), shown, mapping, hashlib.sha256(data).hexdigest())


def _decode(data: bytes, shown: str, encoding: str) -> str:
    """Return the text of a CSV file with line feeds only."""
    try:
        text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        other = "gb18030" if encoding == "utf-8" else "utf-8"
        line = data.count(b"\n", 0, error.start) + 1
        words = {"name": shown, "encoding": encoding, "line": line, "byte": error.start + 1, "other": other}
        raise InputError([diagnostic("registry-encoding", Span(Source(shown, ""), 0, 0), **words)]) from None
    if "\x00" in text:
        raise InputError([diagnostic("registry-not-a-table", Span(Source(shown, ""), 0, 0), name=shown, kind="binary")])
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _read_csv(text: str, shown: str, mapping: FileMapping, sha256: str) -> SourceTable:
    """Cut a CSV text (RFC 4180) into columns."""
    reader = csv.reader(io.StringIO(text), delimiter=mapping.separator, strict=True)
    ragged: list[tuple[int, int]] = []
    header: list[str] = []
    chunks: list[pl.DataFrame] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    line = 1
    try:
        for record in reader:
            if not header:
                header = _unique(name.strip() for name in record)
            elif not record:
                pass  # a blank line is no row
            elif len(record) != len(header):
                ragged.append((line, len(record)))
            else:
                rows.append(record)
                lines.append(line)
                if len(rows) == CHUNK_ROWS:
                    chunks.append(_frame(header, rows))
                    rows = []
            line = reader.line_num + 1
    except csv.Error as error:
        broken = diagnostic("registry-csv-syntax", _line_span(Source(shown, text), line), reason=error, reason_zh=_reason_zh(str(error)))
        raise InputError([*_ragged_rows(shown, text, ragged, len(header)), broken]) from None
    if ragged:
        raise InputError(_ragged_rows(shown, text, ragged, len(header)))
    frame = pl.concat([*chunks, _frame(header, rows)], rechunk=True)
    return SourceTable(mapping.name, shown, sha256, frame, tuple(lines), text, mapping.separator)


def _reason_zh(reason: str) -> str:
    """Return in Chinese what Python's reader of CSV complains of."""
    if reason.startswith("unexpected end"):
        return "引号没有结束"
    if "expected after" in reason:
        return "结束的引号之后应是分隔符"
    return "单元格过长" if "field larger" in reason else reason


def _ragged_rows(shown: str, text: str, ragged: list[tuple[int, int]], expected: int) -> list[Diagnostic]:
    """Return a diagnostic for each of the first ragged rows (line, cells found), and one for the rest."""
    source = Source(shown, text) if ragged else Source(shown, "")
    found = [
        diagnostic("registry-ragged-row", _line_span(source, line), found=cells, expected=expected)
        for line, cells in ragged[:MAX_DIAGNOSTICS]
    ]
    if len(ragged) > MAX_DIAGNOSTICS:
        found.append(diagnostic("registry-more-ragged", None, count=len(ragged) - MAX_DIAGNOSTICS, name=shown))
    return found


def _line_span(source: Source, line: int) -> Span:
    number = min(line, source.line_count)
    start = source.line_start(number)
    return Span(source, start, start + max(len(source.line(number)), 1))


def _unique(names: Iterator[str]) -> list[str]:
    """Return column names that all differ, so that a frame can hold them; a repeated one holds a NUL."""
    seen: list[str] = []
    for place, name in enumerate(names):
        seen.append(f"{name}\x00{place}" if name in seen else name)
    return seen


def _frame(header: list[str], rows: list[list[str]]) -> pl.DataFrame:
    columns = zip(*rows, strict=True) if rows else [()] * len(header)
    return pl.DataFrame({name: pl.Series(column, dtype=pl.String) for name, column in zip(header, columns, strict=True)})


def _read_parquet(data: bytes, shown: str, mapping: FileMapping) -> SourceTable:
    """Read a Parquet file and write every column as the text that a CSV would hold."""
    nowhere = Span(Source(shown, ""), 0, 0)
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputError([diagnostic("file-unreadable", nowhere, name=shown, reason=str(error).splitlines()[0])]) from error
    wrong = [
        diagnostic("registry-parquet-type", nowhere, column=name, type=type_)
        for name, type_ in frame.schema.items()
        if type_.is_nested() or type_ in {pl.Binary(), pl.Object()}
    ]
    if wrong:
        raise InputError(wrong)
    texts = frame.select(_as_text(name, type_) for name, type_ in frame.schema.items())
    return SourceTable(mapping.name, shown, hashlib.sha256(data).hexdigest(), texts, None)


def _as_text(name: str, type_: pl.DataType) -> pl.Expr:
    """Return a column as text; null becomes the empty text, which is unknown."""
    column = pl.col(name)
    if isinstance(type_, pl.Datetime):
        column = column.dt.to_string("%Y-%m-%d %H:%M:%S")
    return column.cast(pl.String).fill_null("")
