"""What a registry says of itself is believed as far as it can be: its types are right, and its days and words are looked at.

    column ──least and greatest day, distinct words──> in the calendar, in the code list? ──yes──> as it is
                                                                                         └──no──> `sources_columns.read_columns`

Owns which columns of a registry are read like those of any other file. An import writes no day outside of the calendar, no word
that the code list does not have and no column without a type; but somebody else may have written the file.
"""

import io
from collections.abc import Iterable, Sequence

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from zhida.dmn.model import ItemDefinition
from zhida.errors import Diagnostic
from zhida.policy.dictionary import Dictionary
from zhida.registry_io.attributes import ABSENT_SUFFIX, item_of
from zhida.registry_io.mapping import element_type, elements_of
from zhida.registry_io.sources_columns import FIRST_DAY, LAST_DAY, Field, duplicate_columns, is_text, items_of, read_columns
from zhida.registry_io.sources_parts import Findings, Part, nowhere
from zhida.registry_io.tables import Frame
from zhida.values.types import DATE, STRING


def frame_of(table: pa.Table) -> Frame:
    """Return columns that have the types of a registry already; distinct words and their places become texts again."""
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(place, field.name, pc.cast(table.column(place), field.type.value_type))
    return pl.DataFrame(pl.from_arrow(table))


def frame_of_series(series: Iterable[pl.Series]) -> Frame:
    """Return columns as one frame."""
    return pl.DataFrame(list(series))


def coded_columns(schema: pa.Schema, fields: Sequence[Field]) -> tuple[str, ...]:
    """Return the columns whose distinct words are looked at; to read these by their places is quicker than to read them as texts.

    Args:
        schema: All columns.
        fields: Those that are attributes.
    """
    return tuple(
        field.name for field in fields if field.item.type == STRING and _is_listed(field.item) and is_text(schema.field(field.name).type)
    )


def is_looked_at(field: Field) -> bool:
    """Say whether a column may hold a day or a word that cannot be."""
    kind = element_type(field.item)
    return not field.is_absent and bool(field.item.components or kind == DATE or (kind == STRING and _is_listed(field.item)))


def _is_listed(item: ItemDefinition) -> bool:
    return item.allowed_values is not None or item.allowed_beginnings is not None


class Trust:
    """Looks at the columns of a registry, part by part; a word that was found in its code list is not looked up again."""

    def __init__(self) -> None:
        """Know no words yet."""
        self._known: dict[str, set[str]] = {}

    def odd_fields(self, table: pa.Table, fields: Sequence[Field]) -> list[Field]:
        """Return the columns with a day or a word that cannot be, and those that have no type.

        Args:
            table: The columns, with the types of a registry or with none.
            fields: Those that are wanted.
        """
        return [field for field in fields if not all(self._is_sound(array, field) for array in table[field.name].chunks)]

    def _is_sound(self, array: pa.Array, field: Field) -> bool:
        return not pa.types.is_null(array.type) and (not is_looked_at(field) or self._holds(array, field.item))

    def _holds(self, array: pa.Array, item: ItemDefinition) -> bool:
        """Say whether all values are such as an import writes."""
        if item.components:
            structs = array.flatten()
            return all(self._holds(pc.struct_field(structs, name), element) for name, element in elements_of(item).items())
        wanted = element_type(item)
        values = array.flatten() if item.type.name == "list" else array
        if wanted == DATE:
            bounds = pc.min_max(pc.cast(values, pa.int32()))
            least, greatest = bounds["min"].as_py(), bounds["max"].as_py()
            return least is None or bool(least >= FIRST_DAY and greatest <= LAST_DAY)
        return wanted != STRING or not _is_listed(item) or self._has_words(values, item)

    def _has_words(self, array: pa.Array, item: ItemDefinition) -> bool:
        """Say whether the code list has all words."""
        words = array.dictionary if pa.types.is_dictionary(array.type) else pc.unique(array)
        known = self._known.setdefault(item.name, set())
        for word in words.to_pylist():
            if word is not None and word not in known:
                if not item.allows(word):
                    return False
                known.add(word)
        return True


def columns_twice(data: bytes, name: str) -> list[Diagnostic]:
    """Return which columns a Parquet file has more than once; none where it is no Parquet file."""
    try:
        schema = pq.read_schema(io.BytesIO(data))
    except (pa.ArrowException, OSError):
        return []
    return duplicate_columns(schema, name)


def mended(frame: Frame, dictionary: Dictionary, name: str) -> tuple[Frame, tuple[Diagnostic, ...]]:
    """Return a registry as a run reads it, and what was odd: days and words that cannot be are unknown, as are columns without a type."""
    fields = [
        field
        for column in frame.columns
        if (item := item_of(dictionary, column.removesuffix(ABSENT_SUFFIX))) is not None
        and (is_looked_at(field := Field(column, item, column.endswith(ABSENT_SUFFIX))) or frame.schema[column] == pl.Null())
    ]
    table = pa.table({field.name: frame[field.name].to_arrow(compat_level=pl.CompatLevel.oldest()) for field in fields})
    odd = Trust().odd_fields(table, fields)
    if not odd:
        return frame, ()
    findings, part = Findings(name), Part(0, 0, frame.height, "", "")
    read = read_columns(table, odd, part, findings, lambda row, _column: nowhere(name, row + 1))
    held = {series.name: series for series in (*frame.drop([field.name for field in odd]), *read)}
    found = findings.diagnostics(items_of(odd, dictionary), 1)
    return pl.DataFrame([held[column] for column in frame.columns if column in held]), found
