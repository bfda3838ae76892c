"""Frames to columns: what polars holds, as integers.

    frame ──read_block──> Block

A cell without a value is unknown; it is null where the companion column `<attribute>:absent` says so. A cell that the
column's form does not hold (a number finer than its scale, or beyond 64 bits) is bad.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl

from zhida.columnar.columns import KNOWN, MAX_SCALE, NULL, UNKNOWN, Array, Column, Mask, Vocabulary
from zhida.columnar.elements import Elements
from zhida.columnar.execute import Block
from zhida.columnar.lower import form_of_item
from zhida.columnar.plan import LISTS, Form, Kind, Plan
from zhida.dmn.model import ItemDefinition
from zhida.values import temporal
from zhida.values.components import from_python
from zhida.values.temporal import Date
from zhida.values.unknown import unknown

Value = Any

ABSENT = ":absent"
"""Ends the name of the companion column of an attribute."""

_EPOCH = temporal.to_days(Date(1970, 1, 1))

_INTEGERS: Mapping[Any, type] = {
    pl.Int8: np.int8,
    pl.Int16: np.int16,
    pl.Int32: np.int32,
    pl.Int64: np.int64,
    pl.UInt8: np.uint8,
    pl.UInt16: np.uint16,
    pl.UInt32: np.uint32,
}

FEW_WORDS = 1_000
"""Different texts up to which those of an attribute are numbered once for all that read it."""


def read_block(frame: pl.DataFrame, plan: Plan, vocabulary: Vocabulary) -> Block:
    """Return the input data of a plan as columns; what the frame has no column for is unknown.

    Args:
        frame: One row for each subject; columns by the names of attributes: numbers as decimals or integers, dates, booleans,
            strings, lists of numbers, lists of structs.
        plan: What is to be computed.
        vocabulary: That of the executor.
    """
    return Block(frame.height, FrameFacts(frame, plan.facts, vocabulary))


class FrameFacts(Mapping[str, Column]):
    """The input data of a frame, each read when somebody asks for it."""

    def __init__(self, frame: pl.DataFrame, items: Mapping[str, ItemDefinition], vocabulary: Vocabulary) -> None:
        """Read nothing yet.

        Args:
            frame: The rows.
            items: The input data, by id.
            vocabulary: Counts words.
        """
        self.frame = frame
        self.items_by_id = items
        self.vocabulary = vocabulary
        self.names = frozenset(frame.columns)
        self.read: dict[str, Column] = {}

    def __getitem__(self, id_: str) -> Column:
        """Return one input datum."""
        if id_ not in self.read:
            self.read[id_] = _read(self.frame, self.names, self.items_by_id[id_], self.vocabulary)
        return self.read[id_]

    def __iter__(self) -> Iterator[str]:
        """Yield the ids."""
        return iter(self.items_by_id)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.items_by_id)


def read_column(frame: pl.DataFrame, item: ItemDefinition, vocabulary: Vocabulary) -> Column:
    """Return one attribute of a frame."""
    return _read(frame, frozenset(frame.columns), item, vocabulary)


def _read(frame: pl.DataFrame, names: AbstractSet[str], item: ItemDefinition, vocabulary: Vocabulary) -> Column:
    """Return one attribute of a frame with columns of some names."""
    form, name, rows = form_of_item(item), item.name, frame.height
    if name not in names:
        values: Array = np.zeros(rows, np.bool_ if form.kind is Kind.BOOLEAN else np.int64)
        offsets = np.zeros(rows + 1, np.int64) if form.kind in LISTS else None
        nobody = _Cells(item, pl.Series([], dtype=pl.Null), vocabulary) if form.kind is Kind.ELEMENTS else None
        every = np.full(rows, UNKNOWN, np.uint8)
        lacking = {name: np.ones(rows, np.bool_)}
        return Column(form, values if offsets is None else values[:0], every, lacking, offsets=offsets, elements=nobody)
    series = frame.get_column(name)
    offsets = None
    elements: Elements | None = None
    if form.kind in LISTS:
        unknown = _lacking(series)
        if form.kind is Kind.LIST:
            values, bad, offsets = _lists(series, form)
        else:
            values, bad, offsets, elements = _elements(series, item, vocabulary)
    else:
        cells = _arrow(series)
        unknown = _lacking(series) if cells is None else _nulls(cells)
        values, bad = _values(series, cells, form, vocabulary)
    states = None if unknown is None else np.where(unknown, np.uint8(UNKNOWN), np.uint8(KNOWN))
    companion = name + ABSENT
    if companion in names:
        absent = _truths(frame.get_column(companion).to_arrow())
        if absent.any():
            states = np.where(absent, np.uint8(NULL), np.uint8(KNOWN) if states is None else states)
            unknown = None if unknown is None else unknown & ~absent
    missing = {} if unknown is None or not unknown.any() else {name: unknown}
    if bad is not None:
        bad = bad & (True if states is None else states == KNOWN)
        bad = bad if bad.any() else None
    return Column(form, values, states, missing, bad=bad, offsets=offsets, elements=elements)


def _arrow(series: pl.Series) -> Any:  # noqa: ANN401 - an Arrow array
    """Return a column as an Arrow array; None of integers that are wider than Arrow has."""
    is_wide = series.dtype.is_integer() and series.dtype not in _INTEGERS
    return None if is_wide else series.to_arrow()


def _lacking(series: pl.Series) -> Mask | None:
    """Return the rows of a column that hold nothing; None where all hold something."""
    return series.is_null().to_numpy() if series.null_count() else None


def _nulls(cells: Any) -> Mask | None:  # noqa: ANN401 - an Arrow array
    """Return the rows of an Arrow array that hold nothing; None where all hold something."""
    if not cells.null_count:
        return None
    rows, validity = len(cells), cells.buffers()[0]
    return np.ones(rows, np.bool_) if validity is None or cells.null_count == rows else ~_bits(validity, cells.offset, rows)


def _bits(buffer: Any, offset: int, rows: int) -> Mask:  # noqa: ANN401 - an Arrow buffer
    """Return the bits of a buffer from an offset on."""
    skipped = offset // 8  # bytes before the first that counts
    bits = np.unpackbits(np.frombuffer(buffer, np.uint8)[skipped:], count=offset % 8 + rows, bitorder="little")
    return bits[offset % 8 :].view(np.bool_)


def _truths(cells: Any) -> Mask:  # noqa: ANN401 - an Arrow array
    """Return where a column of truth values holds true; a row without a value does not."""
    if cells.null_count == len(cells):
        return np.zeros(len(cells), np.bool_)
    found = _bits(cells.buffers()[1], cells.offset, len(cells))
    nulls = _nulls(cells)
    return found if nulls is None else found & ~nulls


def _values(series: pl.Series, cells: Any, form: Form, vocabulary: Vocabulary) -> tuple[Array, Mask | None]:  # noqa: ANN401 - an Arrow array
    """Return the integers of a column, and what does not fit.

    Args:
        series: The column.
        cells: The same as an Arrow array.
        form: How its values are kept.
        vocabulary: Counts words.
    """
    match form.kind:
        case Kind.NUMBER:
            return _numbers(series, form.scale, cells)
        case Kind.BOOLEAN if series.dtype == pl.Boolean:
            return _truths(cells), None
        case Kind.DATE if series.dtype == pl.Date:
            return _fixed(cells, np.int32).astype(np.int64) + _EPOCH, None
        case Kind.STRING | Kind.VALUE if isinstance(series.dtype, pl.String | pl.Categorical | pl.Enum):
            return _words(cells, vocabulary), None
    dtype = np.bool_ if form.kind is Kind.BOOLEAN else np.int64
    return np.zeros(len(series), dtype), np.ones(len(series), np.bool_)


def _fixed(cells: Any, kind: Any) -> Array:  # noqa: ANN401 - an Arrow array, a numpy type
    """Return what an Arrow array of numbers holds, and 0 where it holds nothing."""
    data = cells.buffers()[1]
    found: Array = np.frombuffer(b"" if data is None else data, kind)[cells.offset : cells.offset + len(cells)]
    nulls = _nulls(cells)
    return found if nulls is None else np.where(nulls, np.zeros(1, kind), found)


def _words(cells: Any, vocabulary: Vocabulary) -> Array:  # noqa: ANN401 - an Arrow array
    """Return the numbers of texts."""
    rows = len(cells)
    if cells.null_count == rows:
        return np.zeros(rows, np.int64)
    coded = cells if hasattr(cells, "dictionary") else cells.dictionary_encode()
    indices = coded.indices
    places = _fixed(indices, np.dtype(indices.type.to_pandas_dtype()))
    nulls = _nulls(indices)
    met = np.bincount(places if nulls is None else places[~nulls], minlength=len(coded.dictionary))
    numbers = np.zeros(len(met), np.int64)
    texts = {coded.dictionary[place].as_py(): place for place in np.flatnonzero(met).tolist()}
    for text in sorted(texts):  # so that the same text stands for those like it in every run
        numbers[texts[text]] = vocabulary.number(text)
    found = numbers[places]
    return found if nulls is None else np.where(nulls, 0, found)


def _numbers(series: pl.Series, scale: int, cells: Any) -> tuple[Array, Mask | None]:  # noqa: ANN401 - an Arrow array
    """Return numbers as integers of a scale, and those that are finer or larger than such."""
    dtype = series.dtype
    if not isinstance(dtype, pl.Decimal) and not dtype.is_integer():
        return np.zeros(len(series), np.int64), np.ones(len(series), np.bool_)
    moved = scale - (dtype.scale if isinstance(dtype, pl.Decimal) else 0)
    whole = _whole(dtype, cells)
    if whole is None or moved < -MAX_SCALE:
        return _wide_numbers(series, moved)
    bad: Mask | None = None
    if moved < 0:
        divisor = np.int64(10**-moved)
        coarse = whole // divisor
        finer = coarse * divisor != whole
        bad, whole = finer if finer.any() else None, coarse
    limit = (2**63 - 1) // 10 ** max(moved, 0)
    if whole.size and (int(whole.max()) > limit or int(whole.min()) < -limit):
        beyond = (whole > limit) | (whole < -limit)
        bad = beyond if bad is None else bad | beyond
    if bad is not None:
        whole = np.where(bad, 0, whole)
    return whole * np.int64(10**moved) if moved > 0 else whole, bad


def _whole(dtype: pl.DataType, cells: Any) -> Array | None:  # noqa: ANN401 - an Arrow array
    """Return what integers or decimals hold as integers, 0 where they hold nothing; None where 64 bits do not hold them."""
    if dtype in _INTEGERS:
        return _fixed(cells, _INTEGERS[dtype]).astype(np.int64)
    if cells is None:
        return None
    rows, nulls = len(cells), _nulls(cells)
    if cells.null_count == rows:
        return np.zeros(rows, np.int64)
    halves = np.frombuffer(cells.buffers()[1], np.int64).reshape(-1, 2)[cells.offset : cells.offset + rows]
    low, high = halves[:, 0], halves[:, 1]
    if nulls is not None:
        low, high = np.where(nulls, 0, low), np.where(nulls, 0, high)
    return np.ascontiguousarray(low) if (low >> 63 == high).all() else None


def _wide_numbers(series: pl.Series, moved: int) -> tuple[Array, Mask | None]:
    """Return numbers, some of which 64 bits do not hold before they are moved by some decimal places, and those that are bad."""
    whole = series.to_physical() if isinstance(series.dtype, pl.Decimal) else series.cast(pl.Int128)
    bad: Mask | None = None
    if moved < 0:
        divisor = pl.Series([10**-moved], dtype=pl.Int128)
        finer = (whole % divisor != 0).fill_null(value=False).to_numpy()
        bad = finer if finer.any() else None
        whole = whole // divisor
    limit = (2**63 - 1) // 10 ** max(moved, 0)
    beyond = ((whole > limit) | (whole < -limit)).fill_null(value=False).to_numpy()
    if beyond.any():
        bad = beyond if bad is None else bad | beyond
    narrow = whole.cast(pl.Int64, strict=False).fill_null(0).to_numpy()
    if bad is not None:
        narrow = np.where(bad, 0, narrow)
    return narrow * np.int64(10**moved) if moved > 0 else narrow, bad


def _lists(series: pl.Series, form: Form) -> tuple[Array, Mask | None, Array]:
    """Return the numbers of lists one after another, the rows of which some do not fit, and where each list begins."""
    rows = len(series)
    if not isinstance(series.dtype, pl.List):
        return np.zeros(0, np.int64), np.ones(rows, np.bool_), np.zeros(rows + 1, np.int64)
    lengths = series.list.len().fill_null(0).to_numpy().astype(np.int64)
    offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
    elements = series.drop_nulls()
    inner = elements.filter(elements.list.len() > 0).explode()
    values, bad = _numbers(inner, form.scale, _arrow(inner))
    lost = inner.is_null().to_numpy()
    misfit = lost if bad is None else bad | lost
    if not misfit.any():
        return values, None, offsets
    return values, np.bincount(np.repeat(np.arange(rows), lengths)[misfit], minlength=rows) > 0, offsets


class _Cells(Elements):
    """The elements of a column of a frame, in order."""

    def __init__(self, item: ItemDefinition, cells: pl.Series, vocabulary: Vocabulary) -> None:
        super().__init__(item, vocabulary)
        self.cells = cells
        self.frame = pl.DataFrame() if cells.is_empty() else cells.struct.unnest()

    @property
    def count(self) -> int:
        """How many elements there are."""
        return len(self.cells)

    def weigh(self) -> Array:
        """Return how much each element weighs."""
        texts = [name for name, type_ in self.frame.schema.items() if type_ == pl.String and not name.endswith(ABSENT)]
        found = np.full(self.count, len(self.item.components), np.int64)
        for name in texts:
            found += self.frame[name].str.len_chars().fill_null(0).to_numpy()
        return found

    def read(self, entry: ItemDefinition) -> Column:
        """Return an entry of all elements."""
        if self.count == 0:
            return read_column(pl.DataFrame({entry.name: pl.Series([], dtype=pl.Null)}), entry, self.vocabulary)
        return read_column(self.frame, entry, self.vocabulary)

    def make(self, numbers: Sequence[int]) -> Sequence[Value]:
        """Return some elements."""
        cells = self.cells.gather(list(numbers)).to_list() if numbers else []
        return elements_of_cell([cell or {} for cell in cells], self.item)


def _elements(series: pl.Series, item: ItemDefinition, vocabulary: Vocabulary) -> tuple[Array, Mask | None, Array, Elements]:
    """Return the numbers of elements one after another, the rows that are no lists of such, where each begins, and the elements."""
    rows = len(series)
    dtype = series.dtype
    if not isinstance(dtype, pl.List) or not isinstance(dtype.inner, pl.Struct):
        nothing = _Cells(item, pl.Series([], dtype=pl.Null), vocabulary)
        is_empty = series.is_null().to_numpy() if not isinstance(dtype, pl.List) else series.list.len().fill_null(0).to_numpy() == 0
        return np.zeros(0, np.int64), ~is_empty, np.zeros(rows + 1, np.int64), nothing
    lengths = series.list.len().fill_null(0).to_numpy().astype(np.int64)
    cells = series.filter((series.list.len() > 0).fill_null(value=False)).explode()
    lost = np.bincount(np.repeat(np.arange(rows), lengths)[cells.is_null().to_numpy()], minlength=rows) > 0
    offsets = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
    return np.arange(len(cells)), lost if lost.any() else None, offsets, _Cells(item, cells, vocabulary)


def elements_of_cell(elements: Sequence[Mapping[str, object]], item: ItemDefinition) -> tuple[dict[str, object], ...]:
    """Return the elements of a list as the interpreter takes them: an entry of which nothing is known is unknown."""

    def entry(element: Mapping[str, object], name: str) -> object:
        value = element.get(name)
        return unknown(item.name) if value is None and not element.get(name + ABSENT) else _engine_value(value)

    return tuple({each.name: entry(element, each.name) for each in item.components} for element in elements)


def value_of_cell(frame: pl.DataFrame, row: int, item: ItemDefinition) -> Any:  # noqa: ANN401 - any FEEL value
    """Return one cell of a frame in full, as the interpreter takes it."""
    name = item.name
    if name not in frame.columns:
        return unknown(name)
    value = frame[name][row]
    if value is None:
        is_absent = name + ABSENT in frame.columns and frame[name + ABSENT][row]
        return None if is_absent else unknown(name)
    value = value.to_list() if isinstance(value, pl.Series) else value
    return elements_of_cell(value, item) if item.components else _engine_value(value)


def _engine_value(value: object) -> object:
    """Return a value of a frame as the engine's own."""
    if type(value) is int:
        return Decimal(value)
    if isinstance(value, list):
        return tuple(_engine_value(element) for element in value)
    return from_python(value) if isinstance(value, date) else value


def with_numbered_words(frame: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Return a frame in which texts that are read several times are numbered once for all, where there are few different ones.

    Args:
        frame: The rows.
        names: The attributes that are read, each as often as it is.
    """
    often = {name for name, count in Counter(names).items() if count > 1}
    texts = [frame[name] for name in frame.columns if name in often and frame.schema[name] == pl.String]
    words = [(series, series.drop_nulls().unique().sort()) for series in texts]
    return frame.with_columns([series.cast(pl.Enum(some)) for series, some in words if len(some) <= FEW_WORDS])


def column_names(facts: Mapping[str, ItemDefinition]) -> list[str]:
    """Return the columns of a frame that some input data is read from.

    >>> column_names({"收入": ItemDefinition("收入")})
    ['收入', '收入:absent']
    """
    return [name for item in facts.values() for name in (item.name, item.name + ABSENT)]
