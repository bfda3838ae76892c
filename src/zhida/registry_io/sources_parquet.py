"""Parquet as a source: one file, or a folder of them, row group by row group.

    registry.parquet │ plain file │ folder ──footer──> a part for each row group, or for each stretch of a large one
                                               └──read──> only the columns that are asked for, typed

Owns what a Parquet file says of itself. A registry that an import wrote was checked there: its columns are taken as they
are, but for what the calendar or a code list does not have. Any other file is read as `sources_columns` says. Row groups are
read from an open file, as `sources_files` says.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice, repeat
from pathlib import Path
from threading import Lock, local
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from zhida.errors import Diagnostic, InputError, diagnostic
from zhida.policy.dictionary import Dictionary
from zhida.registry_io.importing import SYNTHETIC_COLUMN, SYNTHETIC_MARK
from zhida.registry_io.registry import checked_metadata, dictionary_sha256
from zhida.registry_io.sources_columns import (
    Field,
    Place,
    check_keys,
    duplicate_columns,
    fields_of,
    is_text,
    items_of,
    key_of,
    read_columns,
)
from zhida.registry_io.sources_files import KEPT_OPEN, SourceFile, reason_of
from zhida.registry_io.sources_parts import Findings, Forward, Part, check_order, nowhere
from zhida.registry_io.sources_trust import Trust, coded_columns, frame_of, frame_of_series
from zhida.registry_io.tables import Frame
from zhida.source import Span

DAMAGE = (pa.ArrowException, OSError, ValueError, KeyError, IndexError, OverflowError, MemoryError)
"""What reading a damaged file raises."""

RESULTS_MARK = "zhida.missing"
"""What only results say of themselves."""

HEADER_BYTES, NEXT_INTEGER = 40, b"\x15"
"""How much of a page's header is looked at; what stands there before an integer that is its next field (Thrift's compact form)."""

BUFFER_BYTES = 1 << 20
"""How much of a column is read at a time where a row group is too large to be read whole."""

EXACT_KEY_BYTES = 32
"""Bounds of a row group that are longer may have been cut short by whoever wrote the file."""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Where a part stands."""

    file: int
    """Which of the files."""
    group: int
    """Which of its row groups."""
    number: int
    """Which stretch of the row group."""
    start: int
    """How many rows of the row group stand before it."""
    rows: int
    """How many rows it has."""
    is_whole: bool
    """Whether it is the whole row group."""


class _File:
    """One Parquet file: its bytes, its footer, its columns."""

    def __init__(self, path: Path, *, is_kept: bool) -> None:
        self.file = SourceFile(path, is_kept=is_kept)
        self.name = self.file.name
        if not self.file.size:
            raise InputError([diagnostic("registry-file-empty", nowhere(self.name), name=self.name)])
        self._is_kept = is_kept
        self._readers = local()
        try:
            self.footer = self.new_reader().metadata
            self.schema = self.new_reader().schema_arrow
            self.words = {key.decode(): value.decode() for key, value in (self.footer.metadata or {}).items()}
            self.names = list(self.schema.names)
            self.rows = [self.footer.row_group(group).num_rows for group in range(self.footer.num_row_groups)]
            if any(rows < 0 for rows in self.rows) or sum(self.rows) != self.footer.num_rows:
                raise ValueError("the rows of its row groups do not add up")
            leaves = {self.footer.schema.column(leaf).path: leaf for leaf in range(self.footer.num_columns)}
        except DAMAGE as error:
            self.file.check()
            raise InputError([diagnostic("source-damaged", nowhere(self.name), name=self.name, reason=reason_of(error))]) from error
        self.leaves: dict[str, int] = leaves
        size = self.file.size
        length = int.from_bytes(self.file.read(size - 8, size - 4), "little")
        self.stamp = f"{size} {self.file.modified_ns} {sha256(self.file.read(size - 8 - length, size)).hexdigest()}"
        self.coded: tuple[str, ...] = ()
        """Columns of texts that are given as places in their distinct words, which are looked at; set before anything is read."""

    def new_reader(self, **options: object) -> Any:  # noqa: ANN401 - a pyarrow ParquetFile, which has no types
        """Return a reader of the file's bytes; one reader is not for several threads at once."""
        metadata = getattr(self, "footer", None)
        return pq.ParquetFile(self.file.opened(), metadata=metadata, page_checksum_verification=True, **options)

    def has_checksums(self) -> bool:
        """Say whether its first page has a checksum: the fourth field of the page's header, behind three numbers."""
        if not self.rows or not self.footer.num_columns:
            return True
        try:
            column = self.footer.row_group(0).column(0)
            start = column.dictionary_page_offset or column.data_page_offset
        except DAMAGE:  # which is told when it is read
            return True
        if not 0 <= start < self.file.size:
            return True
        header = self.file.read(start, start + HEADER_BYTES)
        place = 0
        for _ in range(3):
            if header[place : place + 1] != NEXT_INTEGER:
                return False
            place += 1
            while place < len(header) and header[place] >= 0x80:
                place += 1
            place += 1
        return bool(header[place : place + 1] == NEXT_INTEGER)

    def read_group(self, group: int, columns: Sequence[str]) -> pa.Table:
        """Return some columns of a row group."""
        reader = getattr(self._readers, "reader", None) or self.new_reader(read_dictionary=self.coded)
        if self._is_kept:
            self._readers.reader = reader
        return reader.read_row_group(group, columns=list(columns), use_threads=False)

    def stretches(self, group: int, columns: Sequence[str], rows: int, after: int = 0) -> Generator[pa.Table, None, None]:
        """Yield some columns of a row group, `rows` at a time, without the first `after` of these stretches."""
        reader = self.new_reader(read_dictionary=self.coded, buffer_size=BUFFER_BYTES)
        batches = reader.iter_batches(batch_size=rows, row_groups=[group], columns=list(columns), use_threads=False)
        for batch in islice(batches, after, None):
            yield pa.Table.from_batches([batch])
        yield from repeat(self.schema.empty_table().select(columns))  # a row group that has fewer rows than it says

    def sound(self, stretch: _Stretch, take: Callable[[], pa.Table]) -> pa.Table:
        """Return what `take` reads of a row group, if it is sound.

        Raises:
            InputError: source-part-damaged, source-changed.
        """
        try:
            table = take()
            for field in table.schema:  # a text that is no UTF-8 would harm whoever takes it
                if _holds_text(field.type):
                    table[field.name].validate(full=True)
            if table.num_rows != stretch.rows:
                raise ValueError(f"{table.num_rows} rows instead of {stretch.rows}")
        except DAMAGE as error:
            self.file.check()
            raise self.damaged(stretch.group, reason_of(error)) from error
        self.file.check()
        return table

    def damaged(self, group: int, reason: str) -> InputError:
        """Return the error that says that a row group is damaged."""
        first = sum(self.rows[:group])
        words = {"group": group + 1, "first": first + 1, "last": first + self.rows[group], "reason": reason}
        return InputError([diagnostic("source-part-damaged", nowhere(self.name), name=self.name, **words)])


def _holds_text(type_: pa.DataType) -> bool:
    if pa.types.is_struct(type_):
        return any(_holds_text(type_.field(place).type) for place in range(type_.num_fields))
    return is_text(type_) or (hasattr(type_, "value_type") and _holds_text(type_.value_type))


class ParquetSource:
    """A registry, a plain Parquet file, or a folder of Parquet files (see `zhida.registry_io.sources.Source`)."""

    def __init__(self, name: str, paths: Sequence[Path], dictionary: Dictionary, *, rows_per_part: int) -> None:
        """Read the footers and see that columns and keys are as they should be.

        Raises:
            InputError: file-unreadable, source-damaged, source-changed, source-is-results, registry-file-empty,
                registry-duplicate-column, and those of `checked_metadata`, `fields_of` and `check_order`.
        """
        self.name = name
        self._files = [_File(path, is_kept=number < KEPT_OPEN) for number, path in enumerate(paths)]
        words = self._files[0].words
        if RESULTS_MARK in words:
            raise InputError([diagnostic("source-is-results", nowhere(name), name=name)])
        self.is_registry = any(word.startswith("zhida.") for word in words)
        self.key = words.get("zhida.key", "") if self.is_registry else key_of(dictionary)
        notes: list[Diagnostic] = []
        self._fields: list[tuple[Field, ...]] = []
        own: dict[str, str] = {}
        for file in self._files:
            twice = duplicate_columns(file.schema, file.name)
            if twice:
                raise InputError(twice)
            if self.is_registry:
                own = checked_metadata(frame_of(file.schema.empty_table()).schema, file.words, dictionary, nowhere(file.name)) | own
            fields, found = fields_of(file.schema, dictionary, self.key, file.name)
            self._fields.append(fields)
            file.coded = coded_columns(file.schema, fields) if self.is_registry else ()
            notes += found
        bare = next((file.name for file in self._files if self.is_registry and not file.has_checksums()), "")
        notes += [diagnostic("source-no-checksums", nowhere(name), name=bare)] if bare else []
        self._items = items_of((field for fields in self._fields for field in fields), dictionary)
        self.attributes = tuple(dict.fromkeys(field.name for fields in self._fields for field in fields))
        self.dictionary_differs = self.is_registry and own.get("zhida.dictionary_sha256") != dictionary_sha256(dictionary)
        self.rows: int | None = sum(sum(file.rows) for file in self._files)
        if not self.rows:
            raise InputError([diagnostic("registry-file-empty", nowhere(name), name=name)])
        self._findings = Findings(name, notes)
        self._trust = Trust()
        self._stretches = [stretch for number, file in enumerate(self._files) for stretch in _stretches(number, file, rows_per_part)]
        self.parts: Sequence[Part] = self._parts()
        check_order(name, self.key, self.parts, lambda part: self._place(part, 0))
        self._streams: dict[tuple[int, int, tuple[str, ...]], Forward[pa.Table]] = {}
        self._lock = Lock()
        if not self.is_registry and self._is_synthetic():
            own["zhida.synthetic"] = "true"
        self.metadata: Mapping[str, str] = own

    def _is_synthetic(self) -> bool:
        """Say whether the first row says that it is invented."""
        stretch = self._stretches[0]
        file = self._files[stretch.file]
        if SYNTHETIC_COLUMN not in file.names or not is_text(file.schema.field(SYNTHETIC_COLUMN).type):
            return False
        table = file.sound(stretch, lambda: next(file.stretches(stretch.group, [SYNTHETIC_COLUMN], stretch.rows)))
        return SYNTHETIC_MARK in str(table[SYNTHETIC_COLUMN][0].as_py())

    def _parts(self) -> tuple[Part, ...]:
        """Return the parts with their first and last keys."""
        parts: list[Part] = []
        start = 0
        keys: Iterator[tuple[str, str]] = iter(())
        for number, stretch in enumerate(self._stretches):
            if not stretch.start:
                keys = self._keys(stretch)
            first, last = next(keys)
            parts.append(Part(number, start, stretch.rows, first, last))
            start += stretch.rows
        return tuple(parts)

    def _keys(self, first: _Stretch) -> Iterator[tuple[str, str]]:
        """Yield the first and the last key of each part of a row group.

        They stand in the footer, unless the row group is cut or they may be shortened there: then the column is read.
        """
        file = self._files[first.file]
        if first.is_whole and self.key in file.leaves:
            bounds = _bounds(file, first.group, file.leaves[self.key])
            if bounds is not None:
                yield bounds
                return
        tables = file.stretches(first.group, [self.key], first.rows)
        for stretch in self._stretches:
            if (stretch.file, stretch.group) == (first.file, first.group):
                table = file.sound(stretch, lambda: next(tables))
                texts = (table[self.key][place].as_py() for place in (0, stretch.rows - 1))
                start, end = (str(text or "").strip() for text in texts)
                yield start, end

    def read(self, part: Part, columns: Sequence[str] | None = None) -> Frame:
        """Return the rows of a part.

        Raises:
            InputError: source-part-damaged, source-changed, source-key-lacking, source-key-duplicate, source-unsorted.
        """
        stretch = self._stretches[part.number]
        file = self._files[stretch.file]
        fields = [field for field in self._fields[stretch.file] if columns is None or field.name in columns or field.name == self.key]
        fields.sort(key=lambda field: field.name != self.key)
        names = tuple(field.name for field in fields)

        def place(row: int, _column: str) -> Span:
            return self._place(part, row)

        def take() -> pa.Table:
            return file.read_group(stretch.group, names) if stretch.is_whole else self._stream(stretch, names).take(stretch.number)

        table = file.sound(stretch, take)
        frame = (self._imported if self.is_registry else read_columns)(table, fields, part, self._findings, place)
        check_keys(frame[self.key], self.name, place)
        if (frame[self.key][0], frame[self.key][-1]) != (part.first_key, part.last_key):
            raise file.damaged(stretch.group, f"its keys are not those between {part.first_key} and {part.last_key}")
        return frame

    def _imported(self, table: pa.Table, fields: Sequence[Field], part: Part, findings: Findings, place: Place) -> Frame:
        """Return a part of a registry: its columns as they are, but those with something that an import would not have written."""
        odd = self._trust.odd_fields(table, fields)
        frame = frame_of(table.select([field.name for field in fields if field not in odd]))
        if odd:
            read = read_columns(table, odd, part, findings, place)
            held = {series.name: series for series in (*frame, *read)}
            frame = frame_of_series(held[field.name] for field in fields if field.name in held)
        findings.know(part, {name: (part.rows - frame[name].null_count(), None, None) for name in frame.columns if name in self._items})
        return frame

    def _place(self, part: Part, row: int) -> Span:
        """Return the place of a row of a part: its number in its file."""
        stretch = self._stretches[part.number]
        file = self._files[stretch.file]
        return nowhere(file.name, sum(file.rows[: stretch.group]) + stretch.start + row + 1)

    def _stream(self, stretch: _Stretch, names: tuple[str, ...]) -> Forward[pa.Table]:
        """Return the stream through a row group that is cut into parts."""
        file, rows = self._files[stretch.file], stretch.rows if not stretch.start else stretch.start // stretch.number
        with self._lock:
            place = stretch.file, stretch.group, names
            self._streams = {key: stream for key, stream in self._streams.items() if key[:2] >= (stretch.file, stretch.group - 1)}
            if place not in self._streams:
                self._streams[place] = Forward(lambda number: file.stretches(stretch.group, names, rows, number))
            return self._streams[place]

    def fingerprint(self, part: Part) -> str:
        """Return what changes when the part may have changed: it covers the file's size and time, its footer and the part's place."""
        stretch = self._stretches[part.number]
        words = self._files[stretch.file].stamp, stretch.group, stretch.start, stretch.rows
        return sha256(" ".join(map(str, words)).encode()).hexdigest()

    def check(self) -> None:
        """See that nobody has written into the files since they were opened.

        Raises:
            InputError: source-changed.
        """
        for file in self._files:
            file.file.check()

    def close(self) -> None:
        """Do nothing: the file is let go of with its source."""

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return what was odd so far."""
        return self._findings.diagnostics(self._items, len(self.parts))


def _stretches(number: int, file: _File, rows_per_part: int) -> Iterator[_Stretch]:
    for group, rows in enumerate(file.rows):
        for place, start in enumerate(range(0, rows, rows_per_part)):
            yield _Stretch(number, group, place, start, min(rows_per_part, rows - start), rows <= rows_per_part)


def _bounds(file: _File, group: int, leaf: int) -> tuple[str, str] | None:
    """Return the least and the greatest key of a row group, where the footer says them in full."""
    try:
        statistics = file.footer.row_group(group).column(leaf).statistics
        if statistics is None or not statistics.has_min_max:
            return None
        least, greatest = statistics.min, statistics.max
    except DAMAGE:
        return None
    if not isinstance(least, str) or not isinstance(greatest, str):
        return None
    if max(len(least.encode()), len(greatest.encode())) >= EXACT_KEY_BYTES:
        return None
    return least.strip(), greatest.strip()
