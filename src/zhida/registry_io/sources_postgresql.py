"""PostgreSQL as a source: a table or a query, ordered by key, in one snapshot of the database.

    postgresql://user@host/db?table=NAME ──one query──> keys at which parts begin and end, and what changes when they change
    postgresql://user@host/db#SELECT …   ──one stream, opened anew where a run goes on──> rows by key ──sources_columns──> typed

Owns addresses and what the database may answer. Everything is read in one read-only transaction, so that all parts are
of one moment. Keys are ordered by their code points (COLLATE "C"), whatever the database's own order is. Numbers arrive
as texts and are cast exactly. A password is never part of a message.
"""

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import Any
from urllib.parse import unquote, unquote_plus, urlsplit

import pyarrow as pa

from zhida.errors import Diagnostic, InputError, diagnostic
from zhida.policy.dictionary import Dictionary
from zhida.registry_io.attributes import item_of
from zhida.registry_io.importing import SYNTHETIC_COLUMN, SYNTHETIC_MARK
from zhida.registry_io.sources_columns import check_keys, fields_of, items_of, key_of, read_columns
from zhida.registry_io.sources_parts import SHOWN_CELLS, Findings, Forward, Part, check_order, nowhere
from zhida.registry_io.tables import Frame
from zhida.source import Span

try:
    import adbc_driver_manager as adbc
    import adbc_driver_postgresql as adbc_postgresql
except ImportError:  # the extra `sql` is not installed
    HAS_DRIVER = False
else:
    HAS_DRIVER = True


SCHEMES = ("postgresql://", "postgres://")

SECRETS = frozenset({"password", "sslpassword"})
"""Parameters of an address that are never shown."""

FAULTS: Mapping[str, str] = {
    "42P01": "source-sql-table",
    "42703": "source-sql-table",
    "3F000": "source-sql-table",
    "42501": "source-sql-privilege",
}
"""What PostgreSQL's error codes are told as; any other is `source-sql-query`."""

STORED = ("r", "m")
"""Kinds of relations that hold their rows themselves: a row of theirs says which transaction wrote it."""

TYPE_WORD = b"POSTGRESQL:type"
"""Where the driver says which type a column has in the database."""

MONEY = "money"
"""A type whose decimal places depend on the server's settings, so that nothing exact can be read from it."""


@dataclass(frozen=True, slots=True)
class _Address:
    """Where a database is, and what is read from it."""

    uri: str
    """What the driver is given."""
    name: str
    """What people see."""
    relation: str
    """A table, quoted, or a query in brackets, in SQL; empty where neither was named."""
    is_query: bool
    """Whether it is a query."""
    secrets: tuple[str, ...]
    """What must not be shown."""


def is_address(spec: str) -> bool:
    """Say whether a source is a database."""
    return spec.startswith(SCHEMES)


def parse_address(spec: str) -> _Address:
    """Take an address apart.

    >>> found = parse_address("postgresql://li:secret@db:5432/city?table=public.企业&sslmode=require")
    >>> found.uri, found.relation
    ('postgresql://li:secret@db:5432/city?sslmode=require', '"public"."企业"')
    >>> found.name
    'postgresql://li@db:5432/city?table=public.企业&sslmode=require'
    """
    base, mark, query = spec.partition("#")
    parts = urlsplit(base)
    place, _, user = parts.netloc.rpartition("@")[2], "", parts.netloc.rpartition("@")[0]
    pairs = [pair.partition("=") for pair in parts.query.split("&") if pair]
    table = next((unquote_plus(value) for name, _, value in pairs if name == "table"), "")
    secrets = [unquote(value) for name, _, value in pairs if name in SECRETS] + [unquote(user.partition(":")[2])]
    given = "&".join(name + equals + value for name, equals, value in pairs if name != "table")
    shown = "&".join(name + equals + unquote_plus(value) for name, equals, value in pairs if name not in SECRETS)
    start = f"{parts.scheme}://" + (f"{user.partition(':')[0]}@" if user else "") + place + parts.path
    query = query.strip().rstrip(";").strip()
    if mark and query:
        relation = f"({query}\n) AS source"
        name = start + (f"?{shown}" if shown else "") + "#query"
    else:
        relation = ".".join(map(_quoted, re.findall(r'"(?:[^"]|"")+"|[^.]+', table)))
        name = start + (f"?{shown}" if shown else "")
    uri = f"{parts.scheme}://{parts.netloc}{parts.path}" + (f"?{given}" if given else "")
    return _Address(uri, name, relation, bool(mark and query), tuple(secret for secret in secrets if secret))


def _quoted(name: str) -> str:
    """Return a name as SQL writes it, upper and lower case kept."""
    bare = name[1:-1].replace('""', '"') if re.fullmatch(r'"(?:[^"]|"")+"', name) else name
    return '"' + bare.replace('"', '""') + '"'


def _literal(text: str) -> str:
    """Return a text as SQL writes it, whatever the server's settings are."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class PostgresSource:
    """A table or a query of a PostgreSQL database (see `zhida.registry_io.sources.Source`)."""

    is_registry = False
    dictionary_differs = False

    def __init__(self, spec: str, dictionary: Dictionary, *, rows_per_part: int) -> None:
        """Connect, see that the columns are as they should be, and find the parts.

        Raises:
            InputError: source-sql-address, source-sql-driver, source-sql-connection, source-sql-table,
                source-sql-privilege, source-sql-query, registry-file-empty, source-key-lacking, and those of `fields_of`.
        """
        self._address = parse_address(spec)
        self.name = self._address.name
        if not self._address.relation:
            raise InputError([diagnostic("source-sql-address", None, name=self.name)])
        self.key = key_of(dictionary)
        self._lock = Lock()
        self._stamps: list[str] = []
        self._window: tuple[int, int] | None = None
        self._stream: tuple[tuple[str, ...], Forward[pa.Table]] | None = None
        self._connection = self._connect()
        try:
            self._look(dictionary, rows_per_part)
        except InputError:
            self._connection.close()
            raise

    def _look(self, dictionary: Dictionary, rows_per_part: int) -> None:
        """See what columns and keys there are."""
        self._connection.set_autocommit(enabled=False)
        self._all("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with self._asked(f"SELECT * FROM {self._address.relation} LIMIT 0") as reader:  # noqa: S608 - names are quoted; queries the user's own
            schema = reader.schema
        faults = list(self._money(schema, dictionary))
        try:
            self._fields, notes = fields_of(_stored(schema), dictionary, self.key, self.name)
        except InputError as error:
            faults += error.diagnostics
        if faults:
            raise InputError(faults)
        self._items = items_of(self._fields, dictionary)
        self.attributes = tuple(field.name for field in self._fields)
        self._order = f'({_quoted(self.key)})::text COLLATE "C"'
        self._schema = repr([(field.name, str(field.type)) for field in schema])
        self.parts: Sequence[Part] = self._parts(rows_per_part)
        self.rows: int | None = sum(part.rows for part in self.parts)
        if not self.rows:
            raise InputError([diagnostic("registry-file-empty", nowhere(self.name), name=self.name)])
        check_order(self.name, self.key, self.parts, lambda part: nowhere(self.name, part.start + 1))
        self._findings = Findings(self.name, notes)
        asked = {"zhida.query": self._address.relation} if self._address.is_query else {}
        self.metadata: Mapping[str, str] = asked | ({"zhida.synthetic": "true"} if self._is_synthetic(schema.names) else {})

    # --- asking ---------------------------------------------------------------------------------------------------

    def _connect(self) -> Any:  # noqa: ANN401 - the driver is optional
        if not HAS_DRIVER:
            raise InputError([diagnostic("source-sql-driver", None)])
        try:
            return adbc.AdbcConnection(adbc_postgresql.connect(self._address.uri))
        except adbc.Error as error:
            reason = self._said(str(error))
            raise InputError([diagnostic("source-sql-connection", None, name=self.name, reason=reason)]) from None

    @contextmanager
    def _asked(self, query: str) -> Iterator[Any]:
        """Ask the database; gives a reader of Arrow batches, which come as they are read.

        Raises:
            InputError: source-sql-table, source-sql-privilege, source-sql-query.
        """
        try:
            with adbc.AdbcStatement(self._connection) as statement:
                statement.set_sql_query(query)
                handle, _ = statement.execute_query()
                yield pa.RecordBatchReader._import_from_c(handle.address)  # noqa: SLF001 - the documented way in from C
        except (adbc.Error, pa.ArrowException, OSError) as error:
            code = FAULTS.get(getattr(error, "sqlstate", None) or "", "source-sql-query")
            words = {"name": self.name, "reason": self._said(str(error))}
            raise InputError([diagnostic(code, None, **words)]) from None

    def _all(self, query: str) -> pa.Table:
        """Return everything that a query gives."""
        with self._asked(query) as reader:
            return reader.read_all()

    def check(self) -> None:
        """Do nothing: what is read is of one moment, whatever is written meanwhile."""

    def close(self) -> None:
        """Let go of the connection."""
        with self._lock:
            if self._stream is not None:
                self._stream[1].close()
                self._stream = None
            self._connection.close()

    def _said(self, reason: str) -> str:
        """Return the first line of what the driver says, without what must not be shown."""
        for secret in self._address.secrets:
            reason = reason.replace(secret, "***")
        found = re.search(r"(?:ERROR|FATAL): +([^\n]*)", reason) or re.search(r"(?:Failed to connect: )([^\n]*)", reason)
        return (found[1] if found else next(iter(reason.strip().splitlines()), "")).strip()

    def _parts(self, rows_per_part: int) -> tuple[Part, ...]:
        """Find the parts in one pass over the keys, and what changes when one of them does."""
        stamp = self._stamp()
        query = f"""
            SELECT part::bigint, count(*)::bigint AS rows, count(k)::bigint AS keys, min(k), max(k), sum(stamp)::text FROM (
                SELECT k, stamp, (row_number() OVER (ORDER BY k) - 1) / {rows_per_part} AS part FROM (
                    SELECT {self._order} AS k, {stamp}::numeric AS stamp FROM {self._address.relation}
                ) AS keyed
            ) AS numbered GROUP BY part ORDER BY part"""  # noqa: S608 - as above
        parts: list[Part] = []
        start = lacking = 0
        for row in self._all(query).to_pylist():
            number, rows, keys, first, last, changes = row.values()
            parts.append(Part(number, start, rows, (first or "").strip(), (last or "").strip()))
            self._stamps.append(f"{first}\n{last}\n{rows}\n{changes}")
            start += rows
            lacking += rows - keys
        if lacking:
            spans = [nowhere(self.name, start - lacking + row + 1) for row in range(min(lacking, SHOWN_CELLS))]
            raise InputError([diagnostic("source-key-lacking", span, key=self.key, name=self.name) for span in spans])
        return tuple(parts)

    def _stamp(self) -> str:
        """Return what to add up over the rows of a part, so that the sum changes when they do.

        A stored row says which transaction wrote it: later ones have greater numbers, so of equally many rows between the
        same keys the sum grows. Rows of views and queries say nothing of the kind: the digest of their text does.
        """
        if not self._address.is_query:
            question = "SELECT relkind::text FROM pg_catalog.pg_class WHERE oid = to_regclass"
            found = self._all(f"{question}({_literal(self._address.relation)})")
            if found.num_rows and found.column(0)[0].as_py() in STORED:
                return "xmin::text::bigint"
            row = self._address.relation.rpartition(".")[2]
            return f"hashtextextended({row}::text, 0)"
        return "hashtextextended(source::text, 0)"

    def _money(self, schema: pa.Schema, dictionary: Dictionary) -> Iterator[Diagnostic]:
        """Yield what is wrong with columns that the driver hands over as integers of a unit that it does not say."""
        for field in schema:
            item = item_of(dictionary, field.name)
            if item is not None and (field.metadata or {}).get(TYPE_WORD, b"").decode() == MONEY:
                yield diagnostic("source-column-type", nowhere(self.name), name=field.name, found=MONEY, expected=item.type)

    def _is_synthetic(self, names: Sequence[str]) -> bool:
        """Say whether some row says that it is invented."""
        if SYNTHETIC_COLUMN not in names:
            return False
        found = self._all(f"SELECT {_quoted(SYNTHETIC_COLUMN)}::text FROM {self._address.relation} LIMIT 1")  # noqa: S608 - as above
        return SYNTHETIC_MARK in str(found.column(0)[0].as_py())

    # --- reading --------------------------------------------------------------------------------------------------

    def read(self, part: Part, columns: Sequence[str] | None = None) -> Frame:
        """Return the rows of a part.

        Raises:
            InputError: source-sql-query, source-key-duplicate, source-unsorted.
        """
        fields = [field for field in self._fields if columns is None or field.name in columns or field.name == self.key]
        fields.sort(key=lambda field: field.name != self.key)
        names = tuple(field.name for field in fields)
        with self._lock:  # one connection answers one question at a time
            if self._stream is None or self._stream[0] != names:
                if self._stream is not None:
                    self._stream[1].close()
                self._stream = names, Forward(lambda number: self._from(number, names))
            try:
                table = self._stream[1].take(part.number)
            except ValueError as error:
                raise InputError([diagnostic("source-sql-query", None, name=self.name, reason=error)]) from error

        def place(row: int, _column: str) -> Span:
            return nowhere(self.name, part.start + row + 1)

        frame = read_columns(table, fields, part, self._findings, place)
        check_keys(frame[self.key], self.name, place)
        return frame

    def _from(self, number: int, names: Sequence[str]) -> Generator[pa.Table, None, None]:
        """Yield the parts from one on."""
        columns = ", ".join(map(_quoted, names))
        end = self._end(number)
        bounds = [f"{self._order} >= {_literal(self.parts[number].first_key)}"] if number else []
        bounds += [f"{self._order} <= {_literal(self.parts[end - 1].last_key)}"] if end < len(self.parts) else []
        where = f"WHERE {' AND '.join(bounds)}" if bounds else ""
        query = f"SELECT {columns} FROM {self._address.relation} {where} ORDER BY {self._order}"  # noqa: S608 - as above
        kept: list[pa.Table] = []
        have = 0
        wanted = number
        with self._asked(query) as reader:
            for batch in reader:
                kept.append(pa.Table.from_batches([batch]))
                have += batch.num_rows
                while wanted < end and have >= self.parts[wanted].rows:
                    rows = self.parts[wanted].rows
                    whole = pa.concat_tables(kept)
                    yield whole.slice(0, rows)
                    kept, have, wanted = [whole.slice(rows)], have - rows, wanted + 1

    def _end(self, number: int) -> int:
        """Return where a stream that begins at a part ends: what is asked for and not read must be read to its end all the same.

        The first one reads on to the end. Where parts are asked for here and there, a stream begins with one part, and each
        that goes on where another ended is twice as long.
        """
        left = len(self.parts) - number
        length = left
        if self._window is not None:
            length = 2 * self._window[1] if number == sum(self._window) else 1
        self._window = number, min(length, left)
        return sum(self._window)

    def fingerprint(self, part: Part) -> str:
        """Return the digest of what changes when the part does: its keys, its rows' stamps, the columns and the question."""
        words = (self._address.relation, self._schema, self._stamps[part.number])
        return sha256("\n".join(words).encode()).hexdigest()

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return what was odd so far."""
        return self._findings.diagnostics(self._items, len(self.parts))


def _stored(schema: pa.Schema) -> pa.Schema:
    """Return the columns by the types in which the driver hands them over."""
    fields = []
    for field in schema:
        type_ = field.type
        if isinstance(type_, pa.BaseExtensionType):
            type_ = type_.storage_type
        elif pa.types.is_list(type_) and isinstance(type_.value_type, pa.BaseExtensionType):
            type_ = pa.list_(type_.value_type.storage_type)
        fields.append(pa.field(field.name, type_))
    return pa.schema(fields)
