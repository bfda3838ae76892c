"""What is given to a door of the library, and what is given back: frames of three libraries, sheets, days and sums.

    polars DataFrame, LazyFrame ─┐           ┌─> registry in memory (exactly typed, or refused)
    pandas DataFrame ────────────┼─> Given ──┼─> sheet for the rooms that read files
    Arrow (__arrow_c_stream__) ──┘           └─> back: a frame of the kind that was given

Binary fractions are refused wherever they say anything. pandas is never imported: whoever gives a pandas frame has it loaded.
"""

import datetime as dt
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from zhida.assess.columns import default_key
from zhida.errors import Diagnostic, InputError, diagnostic, nearest
from zhida.policy.dictionary import Dictionary
from zhida.policy.pack import Packs
from zhida.registry_io.registry import Registry
from zhida.registry_io.sources_columns import fields_of, items_of, read_columns
from zhida.registry_io.sources_parts import Findings, Part, nowhere
from zhida.source import Source, Span
from zhida.values.temporal import Date, parse_date

Frame = Any
"""A polars, pandas or Arrow table, or what offers its columns as Arrow does: `__arrow_c_stream__`."""

Day = Date | dt.date | str
"""A day: zhida's own, Python's, or a text such as `2026-06-30`."""

GIVEN = "frame"
"""What a frame is called in messages."""

Told = list[Diagnostic] | None
"""Where findings are put; None to tell them as warnings."""

MOST_FEN = 10**18
"""Sums of money are below."""


@dataclass(frozen=True)
class Given:
    """A frame, as it was given."""

    table: pa.Table
    """Its columns."""
    kind: str
    """`polars`, `pandas` or `arrow`."""
    index: object | None = None
    """The index of a pandas frame."""

    def back(self, table: pa.Table) -> Frame:
        """Return a table as the kind of frame that was given."""
        if self.kind == "arrow":
            return table
        if self.kind == "polars":
            return pl.DataFrame(pl.from_arrow(table))
        pandas = sys.modules["pandas"]
        types = {pa.int64(): pandas.Int64Dtype(), pa.uint64(): pandas.UInt64Dtype(), pa.uint8(): pandas.UInt8Dtype()}
        types |= {pa.int32(): pandas.Int32Dtype(), pa.bool_(): pandas.BooleanDtype()}
        frame = table.replace_schema_metadata(None).to_pandas(types_mapper=types.get)
        if self.index is not None:
            frame.index = self.index
        return frame


def given_of(frame: Frame) -> Given:
    """Return a frame with its kind.

    Raises:
        InputError: frame-kind, frame-column.
    """
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    library = type(frame).__module__.partition(".")[0]
    if not hasattr(frame, "__arrow_c_stream__"):
        raise InputError([diagnostic("frame-kind", None, found=f"{library}.{type(frame).__name__}")])
    is_polars = isinstance(frame, pl.DataFrame)
    try:
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest()) if is_polars else pa.table(frame)
    except (pa.ArrowException, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise InputError([_unreadable(frame, f"{library}.{type(frame).__name__}", error)]) from error
    if is_polars or library != "pandas":
        return Given(table, "polars" if is_polars else "arrow")
    names = [name for name in table.column_names if not name.startswith("__index_level_")]
    return Given(table.select(names), "pandas", frame.index)


def _unreadable(frame: Frame, found: str, error: Exception) -> Diagnostic:
    """Return why a frame cannot be taken: the first of its columns that cannot, else that it is none."""
    names = list(getattr(frame, "columns", ()))
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        return diagnostic("frame-column", None, name=twice[0], reason="×2")
    for name in names:
        try:
            pa.table(frame[[name]])
        except (pa.ArrowException, TypeError, ValueError, pl.exceptions.PolarsError) as reason:
            return diagnostic("frame-column", None, name=name, reason=_first_line(reason))
    return diagnostic("frame-kind", None, found=f"{found}: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    """Return the first line of what an error says."""
    text = str(error.args[0] if error.args else error).strip()
    return text.splitlines()[0] if text else type(error).__name__


# --- arguments -----------------------------------------------------------------------------------------------------


def day_of(name: str, day: object) -> Date:
    """Return a day as zhida has it.

    >>> str(day_of("as_of", dt.date(2026, 6, 30))), str(day_of("as_of", "2026-06-30"))
    ('2026-06-30', '2026-06-30')

    Raises:
        InputError: frame-argument.
    """
    if isinstance(day, Date):
        return day
    found = Date(day.year, day.month, day.day) if isinstance(day, dt.date) else parse_date(day) if isinstance(day, str) else None
    if found is None:
        raise argument_fault(name, day, "zhida.Date(2026, 6, 30), datetime.date(2026, 6, 30), '2026-06-30'")
    return found


def fen_of(name: str, yuan: object) -> int:
    """Return yuan as fen.

    >>> fen_of("budget", Decimal("1.2"))
    120

    Raises:
        InputError: frame-argument: a binary fraction, no number, less than nothing, finer than a fen or too much.
    """
    if isinstance(yuan, Decimal | int) and not isinstance(yuan, bool) and Decimal(yuan).is_finite():
        fen = Decimal(yuan).scaleb(2)
        if 0 <= fen < MOST_FEN and fen == int(fen):
            return int(fen)
    raise argument_fault(name, yuan, "250000, Decimal('1200.05')")


def policies_of(packs: Packs, policies: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of policies; one alone may be written without a list.

    Raises:
        InputError: policy-unknown.
    """
    named = (policies,) if isinstance(policies, str) else tuple(policies)
    for name in named:
        known_word("policy-unknown", name, packs.policies)
    return named


def known_word(code: str, name: str, known: Iterable[str], argument: str = "") -> None:
    """See that a word is one of those that are known.

    Raises:
        InputError: the code: `policy-unknown`, or `frame-argument` of the argument named.
    """
    words = list(known)
    if name not in words and code == "frame-argument":
        raise argument_fault(argument, name, ", ".join(words))
    if name not in words:
        raise InputError([diagnostic(code, None, name=name, near=nearest(str(name), words), known="、".join(words))])


def argument_fault(name: str, value: object, known: str) -> InputError:
    """Return that an argument cannot have a value, and what it may be."""
    return InputError([diagnostic("frame-argument", None, name=name, value=value, known=known, known_zh=known)])


# --- sheets --------------------------------------------------------------------------------------------------------


@contextmanager
def sheet_of(given: Frame | Path, name: str) -> Iterator[Path]:
    """Give a sheet as a file: the rooms that read sheets tell where in a file a cell is wrong.

    Args:
        given: A frame, or the path of a file.
        name: What the frame is called in messages.

    Raises:
        InputError: frame-kind, frame-column, source-float; what is raised inside, with that name.
    """
    if isinstance(given, str | Path):
        yield Path(given)
        return
    table = given_of(given).table
    metadata = table.schema.metadata
    columns = [_plain(name, column) for name, column in zip(table.column_names, table.columns, strict=True)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{GIVEN}.parquet"
        pq.write_table(pa.table(columns, names=table.column_names).replace_schema_metadata(metadata), path)
        try:
            yield path
        except InputError as error:
            raise InputError([renamed(item, str(path), name) for item in error.diagnostics]) from error


def renamed(item: Diagnostic, path: str, name: str) -> Diagnostic:
    """Return a finding that calls a file otherwise."""
    span = item.span
    if span is not None and span.source.name == path:
        span = replace(span, source=Source(name, span.source.text))
    return replace(item, span=span, arguments={key: word.replace(path, name) for key, word in item.arguments.items()})


def _plain(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of a sheet: whole days as such; binary fractions are refused."""
    if pa.types.is_floating(column.type):
        if column.null_count < len(column):
            raise InputError([diagnostic("source-float", nowhere(GIVEN), name=name, found=column.type)])
        return pa.chunked_array([pa.nulls(len(column), pa.string())])
    if pa.types.is_timestamp(column.type) and column.type.tz is None:
        days = column.cast(pa.date32(), safe=False)
        if pc.all(pc.equal(days.cast(column.type), column), min_count=0).as_py():
            return days
    return column


# --- a frame as a registry -----------------------------------------------------------------------------------------


def registry_of(packs: Packs, policies: Sequence[str], given: Given, key: str | None, findings: Told) -> Registry:
    """Return a frame as a registry in memory, in the order of its rows.

    Raises:
        InputError: what cannot be read; see `zhida.entitle.frames.assess_frame`.
    """
    kinds = [packs.policies[policy].front.subject for policy in policies] or list(packs.dictionaries)
    return typed(packs.dictionaries[kinds[0]], given, key or default_key(packs, policies), findings, depth=4)


def typed(dictionary: Dictionary, given: Given, key: str | None, findings: Told, *, depth: int = 3) -> Registry:
    """Return a frame with the types of a registry.

    Args:
        dictionary: The attributes.
        given: The frame.
        key: The attribute that names a subject; the first by default.
        findings: Where what was odd is put; None to tell it as warnings.
        depth: How many calls up the caller of the door is, whom a warning is told.

    Raises:
        InputError: what cannot be read; see `zhida.entitle.frames.assess_frame`.
    """
    key = key or next(iter(dictionary.items))
    table = _without_empty_fractions(given.table)
    fields, notes = fields_of(table.schema, dictionary, key, GIVEN)
    fields = tuple(sorted(fields, key=lambda field: field.name != key))
    odd = Findings(GIVEN, notes)

    def place(row: int, _column: str) -> Span:
        return nowhere(GIVEN, row + 1)

    frame = read_columns(table, fields, Part(0, 0, table.num_rows, "", ""), odd, place)
    keys = frame[key].cast(pl.String)
    if keys.null_count():
        row = int(keys.is_null().arg_true()[0])
        raise InputError([diagnostic("source-key-lacking", place(row, key), key=key, name=GIVEN)])
    twice = keys.filter(keys.is_duplicated())
    if len(twice):
        raise InputError([diagnostic("frame-key-twice", None, key=key, value=twice[0], name=GIVEN)])
    parts = 1 if table.num_rows else -1  # of no rows nothing is odd in all of them
    tell(odd.diagnostics(items_of(fields, dictionary), parts), findings, depth + 1)
    return Registry(key, frame, {}, dictionary_differs=False)


def _without_empty_fractions(table: pa.Table) -> pa.Table:
    """Return a table whose columns of fractions that say nothing have no type: pandas makes such of columns of nothing."""
    for place, column in enumerate(table.columns):
        if pa.types.is_floating(column.type) and column.null_count == len(column):
            table = table.set_column(place, table.column_names[place], pa.nulls(len(column)))
    return table


def tell(found: Iterable[Diagnostic], findings: Told, depth: int) -> None:
    """Put findings where they are wanted, or tell them as warnings.

    Args:
        found: The findings.
        findings: Where they are put; None to tell them as warnings.
        depth: How many calls up from here the caller of the door is.
    """
    for item in found:
        if findings is None:
            warnings.warn(item.message("zh") + " | " + item.message("en"), stacklevel=depth)
        else:
            findings.append(item)
