"""Sources of a run: where subjects and their facts come from, a part at a time.

    registry.parquet, folder of parts, plain Parquet ──sources_parquet────┐
    CSV with the names of attributes as its header   ──sources_csv────────┼──> Source: parts, and a typed frame for each
    postgresql://…?table=NAME, postgresql://…#query  ──sources_postgresql─┘

Owns which kind a source is. Whatever it is, its rows are subjects sorted by key, each key once, and a part of them is
never in memory longer than it is used. What is in no column is unknown; what a cell says and cannot be is told and
unknown. A file with foreign names, units or codes is for `zhida registry import`.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from zhida.errors import Diagnostic, InputError, diagnostic
from zhida.policy.dictionary import Dictionary
from zhida.registry_io.attributes import YEAR_MARK, attribute_of
from zhida.registry_io.sources_csv import CsvSource
from zhida.registry_io.sources_parquet import ParquetSource
from zhida.registry_io.sources_parts import Part, nowhere
from zhida.registry_io.sources_postgresql import PostgresSource, is_address
from zhida.registry_io.tables import MAGIC, Frame
from zhida.registry_io.writing import REGISTRY_FILE

PARQUET = ".parquet"


class Source(Protocol):
    """Where subjects come from. All of it may be used by several threads at once."""

    name: str
    """What people call it: the path, or the address without its password."""
    key: str
    """The attribute that names a subject."""
    rows: int | None
    """How many rows it has, where it is known."""
    metadata: Mapping[str, str]
    """What it says of itself: the `zhida.…` words of a registry; `zhida.synthetic` where its data are invented;
    `zhida.query` where it is a query."""
    parts: Sequence[Part]
    """Its parts, in the order of their keys."""
    attributes: tuple[str, ...]
    """The columns that are read: attributes and their `:absent` companions."""
    is_registry: bool
    """Whether an import wrote it."""
    dictionary_differs: bool
    """Whether it is a registry and the dictionary's text has changed since the import."""

    def read(self, part: Part, columns: Sequence[str] | None = None) -> Frame:
        """Return the rows of a part, sorted by key, with the types of a registry; the key is the first column.

        Args:
            part: One of `parts`.
            columns: The attributes and companions that are wanted; what the source does not have is left out. None for all.

        Raises:
            InputError: what is wrong with these rows; others can still be read.
        """
        ...

    def fingerprint(self, part: Part) -> str:
        """Return a digest that changes when the rows of the part may have changed."""
        ...

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return what was odd, in the columns and in the cells that were read so far."""
        ...

    def check(self) -> None:
        """See that what was read of it belongs together: that nobody has changed it since it was opened.

        Raises:
            InputError: source-changed.
        """
        ...

    def close(self) -> None:
        """Let go of it: of a database above all, which keeps the moment of its opening until then."""
        ...


def open_source(spec: str, dictionary: Dictionary, *, rows_per_part: int) -> Source:
    """Open a source: see that it can be read and that its keys can be trusted, and find its parts.

    Args:
        spec: A path or the address of a database.
        dictionary: The attributes.
        rows_per_part: How many rows a part has at most. Row groups of a Parquet file that are smaller are not merged.

    Raises:
        InputError: file-not-found, file-unreadable, registry-not-a-table, registry-not-a-registry,
            source-damaged, and those of the kind.
    """
    assert rows_per_part > 0
    if is_address(spec):
        return PostgresSource(spec, dictionary, rows_per_part=rows_per_part)
    path = Path(spec)
    if path.is_dir():
        whole = path / REGISTRY_FILE
        paths = sorted(path.glob(f"*{PARQUET}")) if not whole.exists() else sorted(whole.glob(f"*{PARQUET}")) if whole.is_dir() else [whole]
        if len(paths) == 1 and paths[0].is_dir():  # results of several parts
            return open_source(str(paths[0]), dictionary, rows_per_part=rows_per_part)
        if not paths:
            raise InputError([diagnostic("registry-not-a-registry", nowhere(spec), name=spec)])
        return ParquetSource(spec, paths, dictionary, rows_per_part=rows_per_part)
    kind = _kind_of(path, spec)
    if kind == "parquet":
        return ParquetSource(spec, [path], dictionary, rows_per_part=rows_per_part)
    if kind != "csv":
        raise InputError([diagnostic("registry-not-a-table", nowhere(spec), name=spec, kind=kind)])
    return CsvSource(path, dictionary, rows_per_part=rows_per_part)


def _kind_of(path: Path, name: str) -> str:
    """Return what a file is, by its first bytes."""
    try:
        with path.open("rb") as file:
            head = file.read(8)
    except FileNotFoundError:
        raise InputError([diagnostic("file-not-found", nowhere(name), name=name)]) from None
    except OSError as error:
        raise InputError([diagnostic("file-unreadable", nowhere(name), name=name, reason=error.strerror or str(error))]) from error
    if not head:
        raise InputError([diagnostic("registry-file-empty", nowhere(name), name=name)])
    found = next((kind for magic, kind in MAGIC.items() if head.startswith(magic)), "csv")
    if found == "csv" and path.suffix == PARQUET:
        raise InputError([diagnostic("source-damaged", nowhere(name), name=name, reason="no Parquet file begins like this")])
    return found


def lacking_columns(source: Source, columns: Iterable[str]) -> tuple[Diagnostic, ...]:
    """Return what is said of columns that policies ask for and the source does not have: what they hold is unknown for all.

    Args:
        source: The source.
        columns: What is asked for. Where a yearly attribute is asked for both with years and without one, the column without a
            year stands for that of the last.

    Codes: source-column-lacking.
    """
    asked = list(dict.fromkeys(columns))
    bare = {name for name in asked if YEAR_MARK not in name}
    last = {attribute_of(name): name for name in sorted(asked) if YEAR_MARK in name}
    stands_for = {last[name]: name for name in bare & last.keys()}
    lacking = [
        name
        for name in asked
        if name not in source.attributes and name not in stands_for.values() and stands_for.get(name) not in source.attributes
    ]
    if not lacking:
        return ()
    return (diagnostic("source-column-lacking", nowhere(source.name), source=source.name, names="、".join(lacking)),)
