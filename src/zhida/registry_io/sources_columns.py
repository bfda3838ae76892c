"""Columns of a source: what files and databases hold, as the types of a registry, exactly.

    arrow column ──same type──────────────────────────────────────┐
                 ──integer, decimal: cast that loses nothing──────┼──> Decimal(38, scale) │ Date │ Boolean │ String │ List
                 ──text, and what a cast would change: cells.py───┘         └──> findings: what was odd, and where

Owns which types are taken. Binary fractions are refused; texts are read as an import reads them, word by distinct word; a
cell that says nothing of its attribute is unknown and is counted. Nothing is guessed and nothing is dropped silently.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from zhida.dmn.model import ItemDefinition
from zhida.errors import Diagnostic, InputError, diagnostic, nearest
from zhida.policy.dictionary import Dictionary
from zhida.registry_io.attributes import ABSENT_SUFFIX, attribute_of, form_faults, in_order, item_of, year_faults
from zhida.registry_io.cells import DIGITS, Cell, converter, scale_of
from zhida.registry_io.facts import cell_words, element_columns, polars_type
from zhida.registry_io.mapping import SUPPORTED_TYPES, AttributeMapping, element_type, elements_of, is_held
from zhida.registry_io.sources_parts import SHOWN_CELLS, Findings, Part, nowhere, order_fault
from zhida.registry_io.tables import Frame
from zhida.source import Span
from zhida.values.text import shortened
from zhida.values.types import BOOLEAN, DATE, NUMBER, STRING, Type

Place = Callable[[int, str], Span]
"""Gives the place of a cell from its row in the part, from 0, and the name of its column."""

FIRST_DAY, LAST_DAY = (
    date(year, month, day).toordinal() - date(1970, 1, 1).toordinal() for year, month, day in ((1, 1, 1), (9999, 12, 31))
)
"""The days that a date can be, counted from 1970-01-01."""

SEPARATOR = ";"
"""Between the elements of a list in a text."""

ARROW_TYPES = {BOOLEAN: pa.bool_(), DATE: pa.date32(), STRING: pa.large_string()}


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a source that is read."""

    name: str
    """Its name, there and in the frame."""
    item: ItemDefinition
    """The attribute."""
    is_absent: bool = False
    """Whether it is the companion that says where the attribute is known to be absent."""


# --- which columns -------------------------------------------------------------------------------------------------


def key_of(dictionary: Dictionary) -> str:
    """Return the attribute that names a subject where a source does not say which: the first of the dictionary."""
    return next(iter(dictionary.items))


def fields_of(schema: pa.Schema, dictionary: Dictionary, key: str, name: str) -> tuple[tuple[Field, ...], tuple[Diagnostic, ...]]:
    """Return the columns of a source that are attributes, and what should be known of the others.

    Args:
        schema: All columns.
        dictionary: The attributes.
        key: The attribute that names a subject; its column must be there.
        name: What the source is called.

    Raises:
        InputError: registry-missing-column, registry-duplicate-column, registry-type, registry-not-yearly, registry-year,
            registry-year-and-none, source-column-type, source-float.
    """
    span = nowhere(name)
    faults: list[Diagnostic] = []
    notes: list[Diagnostic] = []
    fields: list[Field] = []
    names = list(schema.names)
    if key not in names:
        words = {"name": key, "file": name, "near": nearest(key, names), "columns": "、".join(names[:30])}
        faults.append(diagnostic("registry-missing-column", span, **words))
    for column in dict.fromkeys(names):
        is_absent = column.endswith(ABSENT_SUFFIX)
        item = item_of(dictionary, column.removesuffix(ABSENT_SUFFIX))
        faults += year_faults(column, span, dictionary)
        if item is None and attribute_of(column) not in dictionary.items:
            near = nearest(column, [each for each in dictionary.items if each not in names])
            notes.append(diagnostic("source-column-ignored", span, name=column, source=name, near=near))
        elif item is None:
            continue  # one of the faults
        elif item.statistic is not None:
            faults.append(diagnostic("population-given", span, name=item.name))
        elif names.count(column) > 1:
            faults.append(diagnostic("registry-duplicate-column", span, name=column, file=name))
        else:
            fields.append(Field(column, item, is_absent))
            faults += _type_faults(schema.field(column).type, fields[-1], span)
            notes += _entry_notes(schema.field(column).type, fields[-1], name, span)
    faults += form_faults(((column, span) for column in dict.fromkeys(names)), dictionary)
    if faults:
        raise InputError(faults)
    return tuple(fields), tuple(notes)


def duplicate_columns(schema: pa.Schema, name: str) -> list[Diagnostic]:
    """Return which columns of a source stand in it more than once: nobody could say which of them holds.

    Codes: registry-duplicate-column.
    """
    counts = Counter(schema.names)
    return [diagnostic("registry-duplicate-column", nowhere(name), name=column, file=name) for column, count in counts.items() if count > 1]


def items_of(fields: Iterable[Field], dictionary: Dictionary) -> dict[str, ItemDefinition]:
    """Return what is known of the columns of a source and of their elements, companions left out, in the order of the dictionary."""
    found = {field.item.name: field.item for field in fields}
    ordered = [found[name] for name in in_order(dictionary, found)]
    return {each.name: each for item in ordered for each in (item, *elements_of(item).values())}


def _type_faults(type_: pa.DataType, field: Field, span: Span) -> list[Diagnostic]:
    if field.item.components and is_held(field.item) and not field.is_absent:
        return list(_element_faults(type_, field, span))
    if field.item.type not in SUPPORTED_TYPES and not field.item.components:
        return [diagnostic("registry-type", span, name=field.name, type=field.item.type)]
    wanted = BOOLEAN if field.is_absent else element_type(field.item)
    if field.item.type.name == "list" and not field.is_absent and _is_list(type_):
        type_ = type_.value_type
        if _is_list(type_):
            return [diagnostic("source-column-type", span, name=field.name, found=f"list<{type_}>", expected=field.item.type)]
    if wanted in {NUMBER, BOOLEAN} and pa.types.is_floating(type_):
        return [diagnostic("source-float", span, name=field.name, found=type_)]
    if not _is_taken(type_, wanted):
        expected = "boolean" if field.is_absent else field.item.type
        return [diagnostic("source-column-type", span, name=field.name, found=type_, expected=expected)]
    return []


def _element_faults(type_: pa.DataType, field: Field, span: Span) -> Iterator[Diagnostic]:
    """Yield what is wrong with the type of a column of lists of elements: texts hold JSON, lists hold structs."""
    if is_text(type_) or pa.types.is_null(type_):
        return
    if not _is_list(type_) or not pa.types.is_struct(type_.value_type):
        yield diagnostic("source-column-type", span, name=field.name, found=type_, expected=field.item.type)
        return
    struct = type_.value_type
    for name, element in elements_of(field.item).items():
        if struct.get_field_index(name) >= 0:
            yield from _type_faults(struct.field(name).type, Field(element.name, element), span)


def _entry_notes(type_: pa.DataType, field: Field, name: str, span: Span) -> Iterator[Diagnostic]:
    """Yield which entries of a column of structs are not read."""
    if field.item.components and _is_list(type_) and pa.types.is_struct(type_.value_type):
        known = element_columns(field.item)
        for entry in type_.value_type:
            if entry.name not in known:
                words = {"near": nearest(entry.name, known), "source": name}
                yield diagnostic("source-column-ignored", span, name=f"{field.name}.{entry.name}", **words)


def _is_list(type_: pa.DataType) -> bool:
    return bool(pa.types.is_list(type_) or pa.types.is_large_list(type_) or pa.types.is_fixed_size_list(type_))


def is_text(type_: pa.DataType) -> bool:
    """Say whether a column holds texts."""
    if pa.types.is_dictionary(type_):
        return is_text(type_.value_type)
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_))


def _is_taken(type_: pa.DataType, wanted: Type) -> bool:
    """Say whether a column of this type can hold values of a type of the dictionary."""
    if is_text(type_) or pa.types.is_null(type_):
        return True
    if wanted == NUMBER:
        return bool(pa.types.is_integer(type_) or pa.types.is_decimal(type_))
    if wanted == BOOLEAN:
        return bool(pa.types.is_boolean(type_) or pa.types.is_integer(type_))
    if wanted == DATE:
        return bool(pa.types.is_date(type_) or (pa.types.is_timestamp(type_) and type_.tz is None))
    return False


# --- their cells ---------------------------------------------------------------------------------------------------


def read_columns(table: pa.Table, fields: Sequence[Field], part: Part, findings: Findings, place: Place) -> Frame:
    """Return a part of a source with the types of a registry (see `zhida.registry_io.facts.polars_type`).

    Args:
        table: The columns as the source has them.
        fields: Those that are wanted, in the order of the result.
        part: Which part it is.
        findings: Told of every cell that is odd.
        place: Where a cell stands.
    """
    columns: list[pl.Series] = []
    known: dict[str, tuple[int, Decimal | None, Decimal | None]] = {}
    for field in fields:
        report = _Report(findings, part, field, place)
        array = _plain(table[field.name].combine_chunks())
        if field.is_absent:
            columns += _absence(array, field, report)
            continue
        wanted = element_type(field.item)
        if field.item.components:
            read = _element_lists(array, report)
        else:
            read = _lists(array, wanted, report) if field.item.type.name == "list" else _values(array, wanted, report)
        series = pl.Series(field.name, pl.from_arrow(read), dtype=polars_type(field.item))
        columns.append(series)
        least, greatest = (series.min(), series.max()) if field.item.type == NUMBER else (None, None)
        known[field.name] = len(series) - series.null_count(), _decimal(least), _decimal(greatest)
    findings.know(part, known)
    return pl.DataFrame(columns)


def _decimal(value: object) -> Decimal | None:
    return value if isinstance(value, Decimal) else None


@dataclass(frozen=True, slots=True)
class _Report:
    """Tells of odd cells of one column of one part."""

    findings: Findings
    part: Part
    field: Field
    place: Place
    """Where its cells stand."""

    def add(self, code: str, rows: np.ndarray, values: Sequence[str]) -> None:
        """Tell of cells in some rows of the part, in order; `values` are the texts of the first of them."""

        def make(number: int, row: int) -> Callable[[], Diagnostic]:
            words = cell_words(self.field.item, values[number])
            span = self.place(row, self.field.name)
            return lambda: diagnostic(code, span, **words)

        if len(rows):
            cells = [(self.part.start + int(row), make(number, int(row))) for number, row in enumerate(rows[:SHOWN_CELLS])]
            self.findings.add(self.part, code, self.field.item.name, cells, len(rows))


def _plain(array: pa.Array) -> pa.Array:
    """Return a column without dictionaries, views and types of others."""
    if isinstance(array.type, pa.BaseExtensionType):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return pc.cast(array, pa.large_string()) if is_text(array.type) else array


def _values(array: pa.Array, wanted: Type, report: _Report, rows: np.ndarray | None = None) -> pa.Array:
    """Return values of one type; `rows` says in which row of the part each stands, if not in its own."""
    if wanted == NUMBER:
        return _numbers(array, report, rows)
    type_ = ARROW_TYPES[wanted]
    if wanted == STRING:
        return _strings(pc.cast(array, type_), report, rows)
    if pa.types.is_null(array.type) or array.type == pa.bool_():
        return pc.cast(array, type_)
    if pa.types.is_date(array.type):
        return _dates(pc.cast(array, type_, safe=False), report, rows)
    if pa.types.is_timestamp(array.type):
        return _moments(array, report, rows)
    return _by_words(array, None, type_, report, rows)


def _numbers(array: pa.Array, report: _Report, rows: np.ndarray | None) -> pa.Array:
    """Return numbers of the attribute's scale: by a cast where that changes nothing, the others word by word."""
    scale = scale_of(report.field.item)
    type_ = pa.decimal128(DIGITS, scale)
    if array.type == type_:
        return array
    if not is_text(array.type):
        try:
            return pc.cast(array, type_)
        except pa.ArrowInvalid:  # some number is too fine or too large
            return _by_words(array, None, type_, report, rows)
    digits = rf"^-?[0-9]{{1,{DIGITS - scale}}}" + (rf"(\.[0-9]{{1,{scale}}})?$" if scale else "$")
    is_plain = pc.match_substring_regex(array, digits)
    cast = pc.cast(pc.if_else(is_plain, array, pa.scalar(None, array.type)), type_)
    is_odd = pc.fill_null(pc.invert(is_plain), fill_value=False)
    return _by_words(array, (cast, is_odd), type_, report, rows)


def _by_words(
    array: pa.Array, others: tuple[pa.Array, pa.Array] | None, type_: pa.DataType, report: _Report, rows: np.ndarray | None
) -> pa.Array:
    """Return cells read as an import reads their texts, each distinct one once.

    Args:
        array: The cells.
        others: The values that are known already, and which cells are to be read; None where all are.
        type_: The type of the values.
        report: Told what is odd.
        rows: See `_values`.
    """
    is_read = array.is_valid() if others is None else others[1]
    places = np.flatnonzero(is_read.to_numpy(zero_copy_only=False))
    base = pa.nulls(len(array), type_) if others is None else others[0]
    if not len(places):
        return base
    if pa.types.is_timestamp(array.type):
        array = pc.cast(array, pa.string())
    encoded = pc.dictionary_encode(array.filter(is_read))
    words = [text_of(value) for value in encoded.dictionary.to_pylist()]
    item = report.field.item
    read = converter(AttributeMapping(item.name, (), nowhere(report.findings.name)), item)
    cells = [read(word) for word in words]
    numbers = encoded.indices.to_numpy(zero_copy_only=False)
    _tell(cells, words, numbers, places if rows is None else rows[places], report)
    values = pa.array([cell.value for cell in cells], type_).take(encoded.indices)
    return pc.replace_with_mask(base, is_read, values)


def text_of(value: object) -> str:
    """Return a value of a source as its text.

    >>> text_of(Decimal("1E+3")), text_of(True), text_of("12万")
    ('1000', 'true', '12万')
    """
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tell(cells: Sequence[Cell], words: Sequence[str], numbers: np.ndarray, rows: np.ndarray, report: _Report) -> None:
    """Report the problems of cells; `numbers` says for each row which word it holds."""
    codes = sorted({code for cell in cells for code in cell.problems} - {"registry-out-of-range"})  # that is told of whole columns
    for code in codes:
        has = np.array([code in cell.problems for cell in cells])[numbers]
        report.add(code, rows[has], [words[number].strip() for number in numbers[has][:SHOWN_CELLS]])


def _strings(array: pa.Array, report: _Report, rows: np.ndarray | None) -> pa.Array:
    """Return texts without outer blanks; an empty one is unknown, and so is one that the code list does not have."""
    series = pl.Series(pl.from_arrow(array), dtype=pl.String).str.strip_chars()
    item = report.field.item
    is_listed = item.allowed_values is not None or item.allowed_beginnings is not None
    odd = [word for word in series.unique().to_list() if word and not item.allows(word)] if is_listed else []
    if odd:
        places = series.is_in(odd).fill_null(value=False).arg_true().to_numpy()
        shown = [series[int(place)] for place in places[:SHOWN_CELLS]]
        report.add("registry-not-in-list", places if rows is None else rows[places], shown)
    lost = ["", *odd]
    if series.is_in(lost).any():
        series = pl.select(pl.when(series.is_in(lost)).then(None).otherwise(series))[series.name or "literal"]
    return series.to_arrow(compat_level=pl.CompatLevel.oldest())


def _dates(array: pa.Array, report: _Report, rows: np.ndarray | None) -> pa.Array:
    """Return dates; what lies outside of the calendar is unknown."""
    days = pc.cast(array, pa.int32())
    is_odd = _is_beyond(array)
    places = np.flatnonzero(is_odd.to_numpy(zero_copy_only=False))
    if not len(places):
        return array
    values = [str(days[int(place)].as_py()) for place in places[:SHOWN_CELLS]]
    report.add("source-date-beyond", places if rows is None else rows[places], values)
    return pc.if_else(is_odd, pa.scalar(None, pa.date32()), array)


def _is_beyond(array: pa.Array) -> pa.Array:
    """Say which dates lie outside of the calendar."""
    days = pc.cast(array, pa.int32())
    return pc.fill_null(pc.or_(pc.less(days, FIRST_DAY), pc.greater(days, LAST_DAY)), fill_value=False)


def _moments(array: pa.Array, report: _Report, rows: np.ndarray | None) -> pa.Array:
    """Return the days of moments; one with a time of day says more than a date, and is read as an import reads its text."""
    days = pc.cast(array, pa.date32(), safe=False)
    has_time = pc.fill_null(pc.not_equal(pc.cast(days, array.type, safe=False), array), fill_value=False)
    is_odd = pc.and_not(has_time, _is_beyond(days))
    return _by_words(array, (_dates(days, report, rows), is_odd), pa.date32(), report, rows)


def _lists(array: pa.Array, wanted: Type, report: _Report) -> pa.Array:
    """Return lists; one with an unknown element is unknown, since no sum over it would be right."""
    element = pa.decimal128(DIGITS, scale_of(report.field.item)) if wanted == NUMBER else ARROW_TYPES[wanted]
    if pa.types.is_null(array.type):
        return pc.cast(array, pa.large_list(element))
    if is_text(array.type):
        trimmed = pc.utf8_trim_whitespace(array)
        array = pc.split_pattern(pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, trimmed.type), trimmed), SEPARATOR)
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    rows = np.repeat(np.arange(len(array)), lengths)
    elements = _plain(array.flatten())
    if is_text(elements.type):
        elements = pc.utf8_trim_whitespace(elements)
    values = _values(elements, wanted, report, rows)
    is_lost = np.zeros(len(array), np.bool_)
    is_lost[rows[np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False))]] = True
    is_lost |= array.is_null().to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths))))
    return pa.LargeListArray.from_arrays(offsets, values, mask=pa.array(is_lost))


def _element_lists(array: pa.Array, report: _Report) -> pa.Array:
    """Return lists of elements; an entry that is not there, or cannot be read, is unknown, and the list is known all the same."""
    item = report.field.item
    if pa.types.is_null(array.type) or is_text(array.type):
        array = _parsed(pc.cast(array, pa.large_string()), report)
    lengths = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    rows = np.repeat(np.arange(len(array)), lengths)
    structs = array.flatten()
    arrays: dict[str, pa.Array] = {}
    for name, element in elements_of(item).items():
        told = replace(report, field=Field(report.field.name, element))
        arrays[name] = _values(_entries(structs, name), element.type, told, rows)
        if element.is_nullable:
            absent = Field(report.field.name, ItemDefinition(element.name, BOOLEAN))
            said = _values(_entries(structs, name + ABSENT_SUFFIX), BOOLEAN, replace(report, field=absent), rows)
            arrays[name + ABSENT_SUFFIX] = pc.fill_null(said, fill_value=False)
    values = pa.StructArray.from_arrays(list(arrays.values()), list(arrays))
    offsets = pa.array(np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths))))
    return pa.LargeListArray.from_arrays(offsets, values, mask=array.is_null())


def _entries(structs: pa.StructArray, name: str) -> pa.Array:
    """Return one entry of each struct; nothing where they have none of that name."""
    if structs.type.get_field_index(name) < 0:
        return pa.nulls(len(structs))
    found = _plain(pc.struct_field(structs, name))
    return pc.utf8_trim_whitespace(found) if is_text(found.type) else found


def _parsed(array: pa.Array, report: _Report) -> pa.Array:
    """Return lists that stand as JSON in texts, as structs of texts; a text that is no such list is unknown."""
    names = list(element_columns(report.field.item))
    type_ = pa.large_list(pa.struct([(name, pa.large_string()) for name in names]))
    encoded = pc.dictionary_encode(array)
    words = encoded.dictionary.to_pylist()
    lists = [parse_elements(word, names) if word.strip() else None for word in words]
    odd = np.array([found is None and bool(word.strip()) for word, found in zip(words, lists, strict=True)], np.bool_)
    if odd.any():
        numbers = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        rows = np.flatnonzero((numbers >= 0) & odd[numbers])
        report.add("source-list-unreadable", rows, [shortened(words[numbers[row]]) for row in rows[:SHOWN_CELLS]])
    return pa.array(lists, type_).take(encoded.indices)


def parse_elements(text: str, names: Sequence[str]) -> list[dict[str, str | None]] | None:
    """Return the elements that JSON lists, entry by entry as texts, numbers as they are written; None where it is no such list.

    >>> parse_elements('[{"种类": "发明专利", "次数": 1.50, "用于产品": true}]', ["种类", "次数", "用于产品"])
    [{'种类': '发明专利', '次数': '1.50', '用于产品': 'true'}]
    >>> parse_elements('[{"别的": 1}]', ["种类"]) is None
    True
    """
    try:
        found = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, list) or not all(isinstance(element, dict) and element.keys() <= set(names) for element in found):
        return None
    if any(isinstance(entry, dict | list) for element in found for entry in element.values()):
        return None
    return [{name: None if entry is None else text_of(entry) for name, entry in element.items()} for element in found]


def _absence(array: pa.Array, field: Field, report: _Report) -> list[pl.Series]:
    """Return the companion column that says where an attribute is known to be absent, if it can be."""
    told = replace(report, field=Field(field.name, ItemDefinition(field.item.name, BOOLEAN), is_absent=True))
    absent = _values(array, BOOLEAN, told)
    series = pl.Series(field.name, pl.from_arrow(absent), dtype=pl.Boolean).fill_null(value=False)
    if field.item.is_nullable:
        return [series]
    places = series.arg_true().to_numpy()
    report.add("registry-absent-not-allowed", places, ["true"] * SHOWN_CELLS)
    return []


def check_keys(keys: pl.Series, name: str, place: Place) -> None:
    """See that every row of a part has a key above the one before it.

    Raises:
        InputError: source-key-lacking, source-key-duplicate, source-unsorted.
    """
    lacking = keys.is_null().arg_true().head(SHOWN_CELLS).to_list()
    found = [diagnostic("source-key-lacking", place(row, keys.name), key=keys.name, name=name) for row in lacking]
    wrong = (keys <= keys.shift(1)).fill_null(value=False).arg_true().head(SHOWN_CELLS).to_list()
    found += [order_fault(name, keys.name, keys[row - 1], keys[row], place(row, keys.name)) for row in wrong]
    if found:
        raise InputError(found)
