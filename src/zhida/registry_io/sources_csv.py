"""CSV as a source: a table whose header names attributes, part by part.

    file ──scan──> bounds of each part, in bytes and lines ──read──> cells as texts ──sources_columns──> typed

Owns positions in a CSV file (RFC 4180, UTF-8 with or without a byte order mark, commas). The scan looks at every byte
once, so that a part can be read without what stands before it, and a cell can be pointed at by line and column.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv

from zhida.errors import Diagnostic, InputError, diagnostic
from zhida.policy.dictionary import Dictionary
from zhida.registry_io.importing import SYNTHETIC_COLUMN, SYNTHETIC_MARK
from zhida.registry_io.sources_columns import check_keys, fields_of, items_of, key_of, read_columns
from zhida.registry_io.sources_files import SourceFile
from zhida.registry_io.sources_parts import Findings, Part, check_order, nowhere
from zhida.registry_io.tables import MAX_DIAGNOSTICS, Frame, cell_spans
from zhida.source import Source, Span

SEPARATOR, OTHER_SEPARATOR = ",", ";"
CHUNK = 1 << 25
"""Bytes that are looked at at a time."""

SHOWN_BYTES = 2_000
"""Bytes of a line that are looked at around a place in it."""

LINE_FEED, RETURN, QUOTE, COMMA = b'\n\r",'
MARK = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8."""

WIDE_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""First bytes of texts in other encodings."""

Places = np.ndarray


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Where the rows of a part stand in the file."""

    start: int
    """Offset of the first byte."""
    end: int
    """Offset behind the last."""
    line: int
    """The 1-based line on which the first row starts."""
    rows: int
    """How many rows there are."""
    last: int
    """Offset of the last row."""


@dataclass(frozen=True, slots=True)
class _Records:
    """The records of a stretch of a file."""

    starts: Places
    """Where each begins."""
    ends: Places
    """Where each ends: at its line feed."""
    lines: Places
    """How many line feeds stand before each."""


class CsvSource:
    """A CSV file (see `zhida.registry_io.sources.Source`)."""

    is_registry = False
    dictionary_differs = False

    def __init__(self, path: Path, dictionary: Dictionary, *, rows_per_part: int) -> None:
        """Look through the file.

        Raises:
            InputError: file-unreadable, source-changed, registry-encoding, registry-not-a-table, registry-csv-syntax, source-csv-quote,
                registry-file-empty, and those of `fields_of` and `check_order`.
        """
        self.name = str(path)
        self.key = key_of(dictionary)
        self.file = SourceFile(path)
        self._stretches = self._scan(rows_per_part)
        self.header = self._cells(self._head.start, self._head)
        schema = pa.schema([(name, pa.string()) for name in self.header])
        self._fields, notes = fields_of(schema, dictionary, self.key, self.name)
        self._items = items_of(self._fields, dictionary)
        self.attributes = tuple(field.name for field in self._fields)
        self._findings = Findings(self.name, notes)
        if not self._stretches:
            raise InputError([diagnostic("registry-file-empty", nowhere(self.name), name=self.name)])
        self.rows: int | None = sum(stretch.rows for stretch in self._stretches)
        self.parts: Sequence[Part] = tuple(self._parts())
        check_order(self.name, self.key, self.parts, lambda part: _Pointer(self, self._stretches[part.number]).record(0))
        self.metadata: Mapping[str, str] = {"zhida.synthetic": "true"} if self._is_synthetic() else {}

    # --- positions ------------------------------------------------------------------------------------------------

    def _scan(self, rows_per_part: int) -> list[_Stretch]:
        """Find the header and the parts."""
        head = self.file.read(0, len(MARK))
        if head[:2] in WIDE_MARKS:
            raise self._not_utf8(1, 0)
        begin = len(MARK) if head == MARK else 0
        bounds = _Bounds(self.file, begin, rows_per_part)
        for start in range(begin, self.file.size, CHUNK):
            bounds.look(start, min(start + CHUNK, self.file.size))
        bounds.finish()
        if bounds.head is None:
            raise InputError([diagnostic("registry-file-empty", nowhere(self.name), name=self.name)])
        self._head = bounds.head
        return bounds.stretches

    def _not_utf8(self, line: int, byte: int) -> InputError:
        words = {"name": self.name, "encoding": "utf-8", "line": line, "byte": byte + 1, "other": "gb18030"}
        return InputError([diagnostic("registry-encoding", nowhere(self.name), **words)])

    def text(self, start: int, end: int, line: int) -> str:
        """Return some bytes as text; `line` is that of the first."""
        data = self.file.read(start, end)
        try:
            return data.decode().replace("\r\n", "\n").rstrip("\n")
        except UnicodeDecodeError as error:
            raise self._not_utf8(line + data.count(b"\n", 0, error.start), start + error.start) from None

    def _cells(self, start: int, stretch: _Stretch, end: int | None = None) -> list[str]:
        """Return the cells of a record of a stretch, without outer blanks; `end` is where it ends, if not with the stretch."""
        line = stretch.line + int(np.count_nonzero(_bytes(self.file, stretch.start, start) == LINE_FEED))
        text = self.text(start, stretch.end if end is None else end, line)
        return [cell.strip() for cell in next(csv.reader(io.StringIO(text), delimiter=SEPARATOR))]

    def _parts(self) -> Iterator[Part]:
        """Yield the parts with their first and last keys."""
        start, place = 0, self.header.index(self.key)
        for number, stretch in enumerate(self._stretches):
            records = self._first(stretch), self._cells(stretch.last, stretch)
            first, last = (cells[place] if place < len(cells) else "" for cells in records)
            yield Part(number, start, stretch.rows, first, last)
            start += stretch.rows

    def _first(self, stretch: _Stretch) -> list[str]:
        """Return the cells of the first record of a stretch."""
        length = 1 << 16
        while True:
            end = min(stretch.start + length, stretch.end)
            ends = _records(_bytes(self.file, stretch.start, end), stretch.start, 1).ends
            if end == stretch.end or (len(ends) and ends[0] < end):
                return self._cells(stretch.start, stretch, int(ends[0]))
            length *= 2

    def _is_synthetic(self) -> bool:
        cells = self._first(self._stretches[0])
        return any(name == SYNTHETIC_COLUMN and SYNTHETIC_MARK in cell for name, cell in zip(self.header, cells, strict=False))

    # --- reading --------------------------------------------------------------------------------------------------

    def read(self, part: Part, columns: Sequence[str] | None = None) -> Frame:
        """Return the rows of a part.

        Raises:
            InputError: registry-encoding, registry-ragged-row, registry-more-ragged, source-key-lacking,
                source-key-duplicate, source-unsorted.
        """
        stretch = self._stretches[part.number]
        pointer = _Pointer(self, stretch)
        fields = [field for field in self._fields if columns is None or field.name in columns or field.name == self.key]
        fields.sort(key=lambda field: field.name != self.key)
        places = [self.header.index(field.name) for field in fields]
        table = self._table(stretch, places, pointer).rename_columns([field.name for field in fields])
        frame = read_columns(table, fields, part, self._findings, pointer.place)
        check_keys(frame[self.key], self.name, pointer.place)
        return frame

    def _table(self, stretch: _Stretch, places: Sequence[int], pointer: "_Pointer") -> pa.Table:
        """Return the cells of some columns as texts."""
        data = self.file.read(stretch.start, stretch.end)
        names = [str(place) for place in range(len(self.header))]
        ragged: list[tuple[int, int]] = []

        def note(row: pacsv.InvalidRow) -> str:
            ragged.append((row.number, row.actual_columns))
            return "skip"

        wanted = [names[place] for place in places]
        try:
            table = pacsv.read_csv(
                pa.BufferReader(data),
                pacsv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
                pacsv.ParseOptions(delimiter=SEPARATOR, newlines_in_values=True, invalid_row_handler=note),
                pacsv.ConvertOptions(
                    column_types=dict.fromkeys(wanted, pa.string()), include_columns=wanted, strings_can_be_null=False, check_utf8=True
                ),
            )
        except pa.ArrowInvalid as error:
            self.text(stretch.start, stretch.end, stretch.line)  # raises where it is no UTF-8
            span = pointer.record(0)
            raise InputError([diagnostic("registry-csv-syntax", span, reason=error, reason_zh=error)]) from error
        if ragged:
            raise InputError(self._ragged(ragged, pointer))
        assert table.num_rows == stretch.rows, "the scan and the reader find the same rows"
        return table

    def _ragged(self, ragged: Sequence[tuple[int, int]], pointer: "_Pointer") -> list[Diagnostic]:
        found = [
            diagnostic("registry-ragged-row", pointer.record(number - 1), found=cells, expected=len(self.header))
            for number, cells in ragged[:MAX_DIAGNOSTICS]
        ]
        if len(ragged) > MAX_DIAGNOSTICS:
            found.append(diagnostic("registry-more-ragged", None, count=len(ragged) - MAX_DIAGNOSTICS, name=self.name))
        return found

    def fingerprint(self, part: Part) -> str:
        """Return the digest of the part's bytes and of the header."""
        digest = sha256(self.file.read(self._head.start, self._head.end))
        digest.update(b"\n")
        stretch = self._stretches[part.number]
        digest.update(self.file.read(stretch.start, stretch.end))
        return digest.hexdigest()

    def check(self) -> None:
        """See that nobody has written into the file since it was opened.

        Raises:
            InputError: source-changed.
        """
        self.file.check()

    def close(self) -> None:
        """Do nothing: the file is let go of with its source."""

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return what was odd so far."""
        return self._findings.diagnostics(self._items, len(self.parts))


class _Pointer:
    """Points at the cells of a part; where its records stand is found when it is asked for the first time."""

    def __init__(self, source: CsvSource, stretch: _Stretch) -> None:
        self.source = source
        self.stretch = stretch

    @cached_property
    def records(self) -> _Records:
        """The records of the part."""
        stretch = self.stretch
        return _records(_bytes(self.source.file, stretch.start, stretch.end), stretch.start, stretch.line)

    def record(self, row: int) -> Span:
        """Return where a row stands."""
        start, end, line = (int(places[row]) for places in (self.records.starts, self.records.ends, self.records.lines))
        text = self.source.text(start, end, line)
        return Span(Source(self.source.name, text, line), 0, max(len(text), 1))

    def place(self, row: int, column: str) -> Span:
        """Return where a cell stands."""
        span = self.record(row)
        cells = list(cell_spans(span.source.text, 0, SEPARATOR))
        start, end = cells[self.source.header.index(column)]
        return Span(span.source, start, end)


def _bytes(file: SourceFile, start: int, end: int) -> Places:
    """Return some bytes of a file as numbers."""
    return np.frombuffer(file.read(start, end), np.uint8)


def _records(data: Places, start: int, line: int) -> _Records:
    """Return the records of whole lines that begin at `start` of the file, without blank ones."""
    feeds = np.flatnonzero(data == LINE_FEED)
    if not len(data) or data[-1] != LINE_FEED:
        feeds = np.append(feeds, len(data))
    quotes = np.flatnonzero(data == QUOTE)
    is_end = np.searchsorted(quotes, feeds) % 2 == 0
    ends = feeds[is_end]
    starts = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1))
    lines = np.concatenate((np.zeros(1, np.int64), np.flatnonzero(is_end)[:-1] + 1))
    is_row = ~_blank(data[np.minimum(starts, len(data) - 1)] if len(data) else starts, starts, ends)
    return _Records(starts[is_row] + start, ends[is_row] + start, lines[is_row] + line)


def _blank(first: Places, starts: Places, ends: Places) -> np.ndarray:
    """Say which records are empty lines; `first` has the first byte of each."""
    lengths = ends - starts
    return np.asarray((lengths == 0) | ((lengths == 1) & (first == RETURN)))


class _Bounds:
    """Finds header and parts while the bytes go by."""

    def __init__(self, file: SourceFile, begin: int, rows_per_part: int) -> None:
        self.name = file.name
        self.file = file
        self.window = begin, np.zeros(0, np.uint8)
        """The bytes that are at hand, one more on either side than are looked at, and the offset of the first."""
        self.rows_per_part = rows_per_part
        self.head: _Stretch | None = None
        self.stretches: list[_Stretch] = []
        self.lines = 1
        """The line of the first byte that was not looked at."""
        self.quotes = 0
        """The quotes before it."""
        self.record = begin, 1
        """Offset and line of the record that is open there."""
        self.open: list[tuple[int, int, int]] = []
        """Start, line and end of the first and of the last row of the part that is open."""
        self.count = 0
        """Its rows."""

    def look(self, start: int, end: int) -> None:
        """Look at some bytes."""
        first = max(start - 1, 0)
        self.window = first, _bytes(self.file, first, end + 1)
        chunk = self.window[1][start - first : end - first]
        if not chunk.all():
            raise InputError([diagnostic("registry-not-a-table", nowhere(self.name), name=self.name, kind="binary")])
        feeds = np.flatnonzero(chunk == LINE_FEED) + start
        quotes = np.flatnonzero(chunk == QUOTE) + start
        self._check_quotes(quotes)
        self._check_returns(chunk, start, quotes)
        is_end = (np.searchsorted(quotes, feeds) + self.quotes) % 2 == 0
        ends = feeds[is_end]
        if len(ends):
            starts = np.concatenate((np.array([self.record[0]]), ends[:-1] + 1))
            lines = np.concatenate((np.array([self.record[1]]), np.flatnonzero(is_end)[:-1] + 1 + self.lines))
            self._take(starts, ends, lines)
            self.record = int(ends[-1]) + 1, int(np.flatnonzero(is_end)[-1]) + 1 + self.lines
        self.lines += len(feeds)
        self.quotes += len(quotes)

    def finish(self) -> None:
        """Take the last record, which need not end in a line feed."""
        end = self.file.size
        if self.quotes % 2:
            span = nowhere(self.name, self.record[1])
            raise InputError([diagnostic("registry-csv-syntax", span, reason="a quote does not end", reason_zh="引号没有结束")])
        if self.record[0] < end:
            self._take(np.array([self.record[0]]), np.array([end]), np.array([self.record[1]]))
        self._close()

    def _take(self, starts: Places, ends: Places, lines: Places) -> None:
        """Count records towards parts."""
        is_row = ~_blank(self._at(starts), starts, ends)
        starts, ends, lines = starts[is_row], ends[is_row], lines[is_row]
        if self.head is None and len(starts):
            self.head = _Stretch(int(starts[0]), int(ends[0]), int(lines[0]), 1, int(starts[0]))
            starts, ends, lines = starts[1:], ends[1:], lines[1:]
        place = 0
        while place < len(starts):
            last = min(place + self.rows_per_part - self.count, len(starts)) - 1
            for row in (place, last):
                self.open.append((int(starts[row]), int(lines[row]), int(ends[row])))
            self.open = [self.open[0], self.open[-1]]
            self.count += last + 1 - place
            place = last + 1
            if self.count == self.rows_per_part:
                self._close()

    def _at(self, places: Places) -> Places:
        """Return the bytes at some offsets, nearly all of them at hand; behind the end of the file stands its last one."""
        places = np.minimum(places, self.file.size - 1)
        first, window = self.window
        is_at_hand = (places >= first) & (places < first + len(window))
        found = window[np.where(is_at_hand, places - first, 0)]
        for place in np.flatnonzero(~is_at_hand):  # the start of a record that began long before
            found[place] = _bytes(self.file, int(places[place]), int(places[place]) + 1)[0]
        return found

    def _close(self) -> None:
        """End the part that is open."""
        if self.count:
            (start, line, _), (last, _, end) = self.open
            self.stretches.append(_Stretch(start, end, line, self.count, last))
        self.open, self.count = [], 0

    def _check_quotes(self, quotes: Places) -> None:
        """See that quotes open at the beginning of a cell and close at its end; a doubled one does both."""
        if not len(quotes):
            return
        opens = quotes[(self.quotes % 2) :: 2]
        closes = quotes[(1 - self.quotes % 2) :: 2]
        before = np.where(opens > 0, self._at(np.maximum(opens - 1, 0)), LINE_FEED)
        after = np.where(closes + 1 < self.file.size, self._at(closes + 1), LINE_FEED)
        is_bad_open = ~np.isin(before, (LINE_FEED, COMMA, QUOTE)) & ~((opens == len(MARK)) & (before == MARK[-1]))
        is_bad_close = ~np.isin(after, (LINE_FEED, RETURN, COMMA, QUOTE))
        bad = np.sort(np.concatenate((opens[is_bad_open], closes[is_bad_close])))
        if len(bad):
            head = self.file.read(0, SHOWN_BYTES).partition(b"\n")[0]
            is_other = COMMA not in head and OTHER_SEPARATOR.encode() in head
            self._refuse("source-csv-quote", int(bad[0]), separator=OTHER_SEPARATOR if is_other else "")

    def _check_returns(self, chunk: Places, start: int, quotes: Places) -> None:
        """See that a carriage return outside of quotes belongs to a line feed."""
        returns = np.flatnonzero(chunk == RETURN) + start
        if not len(returns):
            return
        after = np.where(returns + 1 < self.file.size, self._at(returns + 1), LINE_FEED)
        is_bad = (after != LINE_FEED) & ((np.searchsorted(quotes, returns) + self.quotes) % 2 == 0)
        if is_bad.any():
            words = {"reason": "a carriage return without a line feed", "reason_zh": "有回车而没有换行"}
            self._refuse("registry-csv-syntax", int(returns[is_bad][0]), **words)

    def _refuse(self, code: str, offset: int, **words: str) -> None:
        """Refuse a byte, pointing at it in its line, of which as much is shown as a message may hold."""
        begin = max(offset - SHOWN_BYTES, 0)
        before = self.file.read(begin, offset).rpartition(b"\n")[2].decode(errors="ignore")
        after = self.file.read(offset, offset + SHOWN_BYTES).partition(b"\n")[0].decode(errors="ignore")
        starts = range(0, offset, CHUNK)
        line = 1 + sum(int(np.count_nonzero(_bytes(self.file, start, min(start + CHUNK, offset)) == LINE_FEED)) for start in starts)
        text = (before + after).replace("\r", " ")
        raise InputError([diagnostic(code, Span(Source(self.name, text, line), len(before), len(before) + 1), **words)])
