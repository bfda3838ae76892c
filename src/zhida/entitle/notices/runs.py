"""A run to be held against another: what it says of itself, and its rows by ranges of keys, a few columns at a time.

    folder of zhida assess ─┐
                            ├──> Run: metadata, stretches in the order of their keys ──cut(low, high)──> Cut ──read(columns)──> table
    table in memory ────────┘

Keys are unique and ascend over all stretches of a run; results of `zhida assess` are so, what is given in memory is sorted here.
Nothing but the columns that are asked for is ever read.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from zhida.errors import InputError, diagnostic
from zhida.registry_io.former import FACTS_COLUMN
from zhida.registry_io.results import result_files, results_metadata
from zhida.registry_io.sources_parts import nowhere, order_fault
from zhida.values.temporal import Date, parse_date

NAME = "名称"
"""The column of what a subject is called."""

TOLD: Mapping[str, str] = {
    "as_of": "zhida.as_of",
    "policies": "zhida.policies",
    "used": "zhida.used_policies",
    "parameters": "zhida.parameters",
    "dictionary": "zhida.dictionary_sha256",
    "engine": "zhida.engine_version",
}
"""Where results say what they were made of."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows of a run that are read together."""

    low: str
    """Its first key."""
    high: str
    """Its last key."""
    rows: int
    """How many rows it has."""
    read: Callable[[Sequence[str]], pa.Table]
    """Reads some of its columns."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The rows of a run whose keys lie in a range."""

    pieces: tuple[tuple[Stretch, int, int], ...]
    """The stretches, and which of their rows: from, to."""
    keys: pl.Series
    """Their keys, ascending."""
    schema: pa.Schema
    """The columns of the run."""

    def read(self, columns: Sequence[str]) -> pa.Table:
        """Return some columns of these rows, each in one chunk; those that the run does not have are left out."""
        names = [name for name in columns if name in self.schema.names]
        tables = [stretch.read(names).slice(start, stop - start) for stretch, start, stop in self.pieces]
        if not tables:
            return pa.schema([self.schema.field(name) for name in names]).empty_table()
        table = pa.concat_tables(tables)
        return table.unify_dictionaries().combine_chunks() if len(tables) > 1 else table.combine_chunks()


@dataclass(frozen=True, slots=True)
class Run:
    """What policies said for all subjects at a date."""

    key: str
    """The attribute that names a subject."""
    as_of: Date
    """The date of the business fact."""
    words: Mapping[str, str]
    """What it says of itself: the `zhida.…` words."""
    schema: pa.Schema
    """Its columns."""
    stretches: tuple[Stretch, ...]
    """Its rows, in the order of their keys."""

    def said(self, what: str) -> Any:  # noqa: ANN401 - what the metadata hold
        """Return what the run says of itself under one of `TOLD`, read where it is JSON; nothing where it does not say."""
        text = self.words.get(TOLD[what], "")
        return json.loads(text) if text.startswith("{") else text or {}

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies that were decided, in the order of the columns."""
        return tuple(json.loads(self.words["zhida.titles"]))

    @property
    def titles(self) -> Mapping[str, str]:
        """What they are called."""
        found: Mapping[str, str] = json.loads(self.words["zhida.titles"])
        return found

    @property
    def missing(self) -> Mapping[str, tuple[str, ...]]:
        """For each policy the names of the bits of missing facts."""
        return {policy: tuple(names) for policy, names in json.loads(self.words["zhida.missing"]).items()}

    @property
    def gives_amount(self) -> frozenset[str]:
        """The policies that give money."""
        return frozenset(json.loads(self.words["zhida.gives_amount"]))

    @property
    def facts(self) -> tuple[str, ...] | None:
        """The attributes that the fingerprints of facts cover; None where there are no fingerprints."""
        found = self.words.get("zhida.facts")
        return tuple(json.loads(found)) if found and FACTS_COLUMN in self.schema.names else None

    @property
    def is_synthetic(self) -> bool:
        """Whether its registry is invented."""
        return self.words.get("zhida.synthetic") == "true"

    def cut(self, low: str | None, high: str | None) -> Cut:
        """Return the rows whose keys lie behind `low` and not behind `high`; None for no bound."""
        pieces, keys = [], [pl.Series(self.key, [], pl.String)]
        for stretch in self.stretches:
            if (low is not None and stretch.high <= low) or (high is not None and stretch.low > high):
                continue
            held = _texts(stretch.read([self.key]))
            start = 0 if low is None else int((held <= low).sum())
            stop = len(held) if high is None else int((held <= high).sum())
            if stop > start:
                pieces.append((stretch, start, stop))
                keys.append(held.slice(start, stop - start))
        return Cut(tuple(pieces), pl.concat(keys), self.schema)


def open_run(results: Path) -> Run:
    """Return the run that `zhida assess` left in a folder.

    Args:
        results: The folder, or results.parquet in it, which may be a folder of parts.

    Raises:
        InputError: file-not-found, results-unreadable; source-key-lacking, source-key-duplicate, source-unsorted, where rows
            are not in the order of their keys.
    """
    words = results_metadata(results)
    stretches: list[Stretch] = []
    schema: pa.Schema | None = None
    for file in result_files(results):
        try:
            with pq.ParquetFile(file) as opened:
                schema, footer = opened.schema_arrow, opened.metadata
            stretches += _stretches(file, footer, schema.names[0])
        except (OSError, pa.ArrowException) as error:
            raise InputError([diagnostic("results-unreadable", None, name=file)]) from error
    assert schema is not None, "result_files names at least one file"
    return _run(schema, words, stretches, str(results))


def run_of(table: pa.Table, name: str) -> Run:
    """Return results in memory as a run, sorted by key.

    Args:
        table: The columns of `zhida.assess.columns` with its metadata.
        name: What the results are called where something is wrong with them.

    Raises:
        InputError: results-unreadable, source-key-lacking, frame-key-twice.
    """
    words = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    key = table.schema.names[0]
    if "zhida.missing" not in words:
        raise InputError([diagnostic("results-unreadable", None, name=name)])
    keys = _texts(table)
    if keys.null_count():
        row = int(keys.is_null().arg_true()[0])
        raise InputError([diagnostic("source-key-lacking", nowhere(name, row + 1), key=key, name=name)])
    if not keys.is_sorted():
        table = table.take(keys.arg_sort().to_arrow())
        keys = _texts(table)
    twice = keys.filter(keys == keys.shift(1))
    if len(twice):
        raise InputError([diagnostic("frame-key-twice", None, key=key, value=twice[0], name=name)])
    stretches = [Stretch(keys[0], keys[-1], len(keys), lambda names: table.select(list(names)))] if len(keys) else []
    return _run(table.schema, words, stretches, name)


def _run(schema: pa.Schema, words: Mapping[str, str], stretches: Sequence[Stretch], name: str) -> Run:
    day = parse_date(words.get("zhida.as_of", ""))
    if day is None:
        raise InputError([diagnostic("results-unreadable", None, name=name)])
    ordered = tuple(sorted(stretches, key=lambda stretch: stretch.low))
    for before, behind in pairwise(ordered):
        if before.high >= behind.low:
            raise InputError([order_fault(name, schema.names[0], before.high, behind.low, nowhere(name))])
    return Run(schema.names[0], day, words, schema, ordered)


def _stretches(file: Path, footer: Any, key: str) -> list[Stretch]:  # noqa: ANN401 - pyarrow has no types
    """Return the row groups of a file that hold anything, with the first and last key of each."""
    found = []
    for place in range(footer.num_row_groups):
        rows = footer.row_group(place).num_rows
        if not rows:
            continue

        def read(names: Sequence[str], place: int = place) -> pa.Table:
            try:
                with pq.ParquetFile(file, metadata=footer) as opened:
                    return opened.read_row_group(place, columns=list(names), use_threads=False).select(list(names))
            except (OSError, pa.ArrowException) as error:
                raise InputError([diagnostic("results-unreadable", None, name=file)]) from error

        keys = _texts(read([key]))
        _check_order(keys, key, file)
        found.append(Stretch(keys[0], keys[-1], rows, read))
    return found


def _texts(table: pa.Table) -> pl.Series:
    """Return the first column, that of the keys."""
    return pl.Series(pl.from_arrow(table.column(0).cast(pa.large_string())), dtype=pl.String)


def _check_order(keys: pl.Series, key: str, file: Path) -> None:
    """See that every key is there, and above the one before it.

    Raises:
        InputError: source-key-lacking, source-key-duplicate, source-unsorted.
    """
    if keys.null_count():
        row = int(keys.is_null().arg_true()[0])
        raise InputError([diagnostic("source-key-lacking", nowhere(str(file), row + 1), key=key, name=file)])
    wrong = (keys <= keys.shift(1)).arg_true()
    if len(wrong):
        row = int(wrong[0])
        raise InputError([order_fault(str(file), key, keys[row - 1], keys[row], nowhere(str(file), row + 1))])


# --- columns as numbers --------------------------------------------------------------------------------------------

NONE = -1
"""Stands for no word."""

NO_NUMBER = int(np.iinfo(np.int64).min)
"""Stands for no number."""


def word_places(column: pa.ChunkedArray, vocabulary: dict[str, int]) -> np.ndarray:
    """Return for each row the place of its word in a vocabulary, which learns the words that it lacks; `NONE` for none."""
    array = column.chunk(0) if column.num_chunks else pa.array([], column.type)
    if not pa.types.is_dictionary(array.type):
        array = array.dictionary_encode()
    known = [NONE if word is None else vocabulary.setdefault(word, len(vocabulary)) for word in array.dictionary.to_pylist()]
    indices = array.indices.fill_null(len(known)) if array.null_count else array.indices
    found: np.ndarray = np.array([*known, NONE], np.int32)[indices.to_numpy()]
    return found


def numbers(column: pa.ChunkedArray) -> np.ndarray:
    """Return a column of integers; `NO_NUMBER` for none."""
    found: np.ndarray = pc.fill_null(column.cast(pa.int64()), NO_NUMBER).to_numpy()
    return found


def bits(column: pa.ChunkedArray) -> np.ndarray:
    """Return a column of bits; none set where there is nothing."""
    found: np.ndarray = pc.fill_null(column.cast(pa.uint64()), pa.scalar(0, pa.uint64())).to_numpy()
    return found
