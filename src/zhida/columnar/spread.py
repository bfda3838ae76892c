"""Columns of which few values are different: those, and for each row the place of its value.

values   甲 乙              few, and of each column its own
places   0 0 1 0 …          one for each row, shared by all the columns of a policy
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from zhida.columnar import kernel
from zhida.columnar.arrays import numbers, values_of
from zhida.columnar.columns import Array

NARROW, WIDE = 0x100, 0x10000
"""From how many entries on a place needs more than one byte, and more than two."""


def narrowest(entries: int) -> type[np.unsignedinteger]:
    """Return the narrowest type of places among some entries."""
    return np.uint8 if entries <= NARROW else np.uint16 if entries <= WIDE else np.uint32


def entries_at(entries: Array, places: Array) -> Array:
    """Return the entry at each place: `entries[places]`, by the kernel where an entry has a byte or two.

    >>> entries_at(np.array([False, True]), np.array([1, 0, 1], np.uint8)).tolist()
    [True, False, True]
    """
    if entries.itemsize > np.dtype(np.uint16).itemsize:
        return entries[places]
    kind = np.uint8 if entries.itemsize == 1 else np.uint16
    return kernel.translate(places, entries.view(kind)).view(entries.dtype)


@dataclass(frozen=True)
class Places:
    """For each row the place of its entry."""

    rows: Array
    """The places, as narrow as there are entries."""
    entries: int
    """How many entries there are."""

    @classmethod
    def of(cls, places: NDArray[np.integer], entries: int) -> "Places":
        """Return places in the narrowest type that holds them; none is negative."""
        return cls(places.astype(narrowest(entries), copy=False), entries)

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many rows have each entry."""
        return kernel.count(self.rows, self.entries)

    def changed(self, rows: Sequence[int]) -> "Places":
        """Return the places with an entry of its own, behind all others, for each of some rows."""
        found = Places.of(self.rows, self.entries + len(rows))
        changed = found.rows.copy()
        changed[list(rows)] = np.arange(self.entries, found.entries)
        return Places(changed, found.entries)


@dataclass(frozen=True, slots=True)
class Spread:
    """A column: `values[places]`."""

    values: pa.Array
    """The entries; dictionary-coded where they are words. Some may be alike, and some may be of no row."""
    places: Places = field(repr=False)
    """For each row the place of its entry."""

    def __len__(self) -> int:
        """Return how many rows there are."""
        return len(self.places.rows)

    @property
    def type(self) -> pa.DataType:
        """That of the entries."""
        return self.values.type

    def whole(self) -> pa.Array:
        """Return the column with a value for each row."""
        return spread(self.values, self.places.rows)


Column: TypeAlias = pa.Array | Spread


def whole(column: Column) -> pa.Array:
    """Return a column with a value for each row."""
    return column.whole() if isinstance(column, Spread) else column


def spread(array: pa.Array, places: Array) -> pa.Array:
    """Return an array with an entry of another at each place.

    >>> spread(pa.array([5, None, 7]), np.array([0, 0, 1])).to_pylist()
    [5, 5, None]
    """
    if isinstance(array, pa.DictionaryArray):
        return pa.DictionaryArray.from_arrays(spread(array.indices, places), array.dictionary, safe=False)
    if not pa.types.is_integer(array.type):
        return array.take(numbers(places))
    values, lacking = values_of(array)
    return numbers(values[places], None if lacking is None else lacking[places])


@dataclass(frozen=True, slots=True)
class ResultColumns:
    """Columns of results beside each other, each by itself as it was found; `table` is the same for whoever wants Arrow's."""

    schema: pa.Schema
    """Names, types and what the results say of themselves."""
    columns: tuple[Column, ...]
    """The columns, in the order of the schema."""
    rows: int
    """How many rows there are."""

    def table(self) -> pa.Table:
        """Return the results as a table."""
        return pa.Table.from_arrays([whole(column) for column in self.columns], schema=self.schema)

    def column(self, name: str) -> Column:
        """Return the column of a name.

        Raises:
            KeyError: there is none.
        """
        place = self.schema.get_field_index(name)
        if place < 0:
            raise KeyError(name)
        return self.columns[place]

    def with_column(self, name: str, column: pa.Array) -> "ResultColumns":
        """Return the results with one more column at the end."""
        return ResultColumns(self.schema.append(pa.field(name, column.type)), (*self.columns, column), self.rows)

    def with_metadata(self, metadata: dict[bytes, bytes]) -> "ResultColumns":
        """Return the results with something else said of them."""
        return ResultColumns(self.schema.with_metadata(metadata), self.columns, self.rows)

    @classmethod
    def of(cls, table: pa.Table) -> "ResultColumns":
        """Return a table as results."""
        if any(column.num_chunks != 1 for column in table.columns):
            table = table.unify_dictionaries().combine_chunks()
        found = tuple(column.chunk(0) if column.num_chunks else pa.array([], column.type) for column in table.columns)
        return cls(table.schema, found, table.num_rows)
