"""Coded facts: the cells of a frame as codes, once for all operations that look at them.

A number or date has a code for each stretch between the bounds that any operation compares it with; a text or other value
a code of its own. Null and unknown are the first two codes.

    Decimal, integer, Date ──thresholds──┐
    String, Categorical ──words──────────┼──> codes (8 or 16 bits)
    Boolean ─────────────────────────────┘
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Context, Decimal
from threading import RLock
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from zhida.columnar import kernel
from zhida.columnar.coded import MOST_ENTRIES, SAMPLE, Entry, FactNode, UncodedError
from zhida.columnar.columns import KNOWN, LARGEST, NULL, UNKNOWN, Array, Mask, Vocabulary, different
from zhida.columnar.frames import ABSENT, read_column
from zhida.columnar.plan import Form, Kind
from zhida.dmn.model import ItemDefinition
from zhida.values import temporal
from zhida.values.temporal import Date
from zhida.values.unknown import find_unknown

Value = Any

OF_NULL, OF_UNKNOWN, FIRST_CODE = 0, 1, 2
"""The codes of null and unknown, and the first of known values."""

_EXACT = Context(prec=7_000)  # holds every FEEL number in full
_NOTHING: frozenset[str] = frozenset()
_EPOCH = temporal.to_days(Date(1970, 1, 1))


def entry_of(value: int, state: int = KNOWN) -> Entry:
    """Return the entry of a cell."""
    return Entry(state, value, 1, _NOTHING, _NOTHING, is_bad=False, firing=None)


def thresholds_of(bounds: Iterable[Value], form: Form) -> NDArray[np.int64]:
    """Return where the stretches begin that bounds leave between them: at each bound, and right behind it.

    >>> thresholds_of([Decimal("20"), Decimal("0.5")], Form(Kind.NUMBER, 0)).tolist()
    [1, 20, 21]
    """
    found: set[int] = set()
    for bound in bounds:
        if form.kind is Kind.NUMBER and type(bound) is Decimal and bound.adjusted() <= 30:
            moved = bound.scaleb(form.scale, _EXACT)
            found |= {int(moved.to_integral_value("ROUND_CEILING")), int(moved.to_integral_value("ROUND_FLOOR")) + 1}
        elif form.kind is Kind.DATE and type(bound) is Date:
            found |= {temporal.to_days(bound), temporal.to_days(bound) + 1}
    return np.array(sorted(mark for mark in found if -LARGEST < mark <= LARGEST), np.int64)


class CodedFact(FactNode):
    """An input datum whose cells have codes."""

    def __init__(  # noqa: PLR0913, PLR0917 - what its cells are, and what it shares with others
        self,
        place: int,
        item: ItemDefinition,
        form: Form,
        thresholds: NDArray[np.int64],
        vocabulary: Vocabulary,
        lock: AbstractContextManager[object] | None = None,
    ) -> None:
        super().__init__(place, form)
        self.lock: AbstractContextManager[object] = RLock() if lock is None else lock
        self.item = item
        self.thresholds = thresholds
        self.vocabulary = vocabulary
        self.words: dict[str | int, int] = {}  # by the text, or by the number of any other value in the vocabulary
        self.entries.append(entry_of(0, NULL))
        self.entries.append(entry_of(0, UNKNOWN))
        if form.kind is Kind.BOOLEAN:
            for value in (0, 1):
                self.entries.append(entry_of(value))
        elif form.kind in {Kind.NUMBER, Kind.DATE}:
            if len(thresholds) + 3 > MOST_ENTRIES:
                raise UncodedError(f"'{item.name}' is compared with too many values")
            marks = thresholds.tolist()
            for value in [marks[0] - 1, *marks] if marks else [0]:
                self.entries.append(entry_of(value))

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        """The type of its codes."""
        return np.uint8 if len(self.entries) <= 250 else np.uint16

    def code_of(self, number: int) -> int:
        """Return the code of a number or date, as its column keeps it."""
        return FIRST_CODE + int(np.searchsorted(self.thresholds, number, side="right"))

    def code_of_word(self, word: str) -> int:
        """Return the code of a text; a new one gets the next."""
        code = self.words.get(word)
        return self.new_word(word, word) if code is None else code

    def code_of_number(self, number: int) -> int:
        """Return the code of a value by its number in the vocabulary; a new one gets the next."""
        value = self.vocabulary.values[number]
        if type(value) is str:
            return self.code_of_word(value)
        if find_unknown(value) is not None:
            raise UncodedError(f"'{self.item.name}' is a list of which an entry is unknown")
        code = self.words.get(number)
        return self.new_word(value, number) if code is None else code

    def new_word(self, word: Value, key: str | int) -> int:
        """Return the code of a text or other value that had none; several threads may come with the same."""
        with self.lock:
            code = self.words.get(key)
            if code is None:
                if len(self.entries) >= MOST_ENTRIES:
                    raise UncodedError(f"'{self.item.name}' has more than {MOST_ENTRIES} different values")
                code = len(self.entries)
                self.entries.append(entry_of(self.vocabulary.number(word)))
                self.words[key] = code
            return code

    def encode(self, frame: pl.DataFrame) -> "Encoded":
        """Return the codes of the cells of a frame; where it has no such column they are unknown."""
        name, rows = self.item.name, frame.height
        if name not in frame.columns:
            return Encoded(np.full(rows, OF_UNKNOWN, self.dtype), None)
        column = self.uncoded(frame[name])
        if column is None:
            return self.by_column(frame)
        found = kernel.coded(column)
        companion = name + ABSENT
        if companion in frame.columns and (absent := frame[companion].fill_null(value=False)).any():
            found[absent.to_numpy()] = OF_NULL
        return Encoded(found, None)

    def uncoded(self, series: pl.Series) -> kernel.Uncoded | None:
        """Return what makes the codes of a column of one of the usual types, unknown where it has no value; None for any other type."""
        dtype, kind = series.dtype, self.entries.form.kind
        if kind is Kind.NUMBER and isinstance(dtype, pl.Decimal) and dtype.scale <= self.entries.form.scale:
            given = arrow_of(series)
            return self.between(given, given.values(np.int64).reshape(-1, 2), self.moved(dtype.scale))
        if kind is Kind.NUMBER and dtype.is_integer() and dtype not in {pl.Int128, pl.UInt128, pl.UInt64}:
            given = arrow_of(series)
            return self.between(given, given.values(np.dtype(str(dtype).lower())), self.moved(0))
        if kind is Kind.DATE and dtype == pl.Date:
            given = arrow_of(series)
            return self.between(given, given.values(np.int32), np.clip(self.thresholds - _EPOCH, -LARGEST, LARGEST))
        if kind is Kind.BOOLEAN and dtype == pl.Boolean:
            given = arrow_of(series)
            bits, offset = given.bits
            codes = np.array([FIRST_CODE, FIRST_CODE + 1], self.dtype)
            return kernel.Uncoded(3, bits, codes, len(series), given.valid, OF_UNKNOWN, offset=offset)
        if kind in {Kind.STRING, Kind.VALUE} and isinstance(dtype, pl.String | pl.Categorical | pl.Enum):
            return self.of_words(series)
        return None

    def between(self, given: "ArrowCells", values: Array, thresholds: NDArray[np.int64]) -> kernel.Uncoded:
        """Return what makes the codes of integers, by some thresholds."""
        codes = np.arange(FIRST_CODE, FIRST_CODE + len(thresholds) + 1).astype(self.dtype)
        return kernel.Uncoded(1, values, codes, len(values), given.valid, OF_UNKNOWN, thresholds)

    def of_words(self, series: pl.Series) -> kernel.Uncoded:
        """Return what makes the codes of texts."""
        found = self.of_categories(series) if isinstance(series.dtype, pl.Categorical) else None
        if found is not None:
            return found
        given = series.to_arrow()
        if isinstance(given, pa.ChunkedArray):
            given = given.combine_chunks()
        if not pa.types.is_dictionary(given.type):
            given = given.dictionary_encode()
        numbers = [OF_UNKNOWN if word is None else self.code_of_word(word) for word in given.dictionary.to_pylist()]
        indices = ArrowCells(given.indices)
        values = indices.values(indices.array.type.to_pandas_dtype())
        return kernel.Uncoded(2, values, np.array([*numbers, OF_UNKNOWN], self.dtype), len(series), indices.valid, OF_UNKNOWN)

    def of_categories(self, series: pl.Series) -> kernel.Uncoded | None:
        """Return what makes the codes of categories, without a copy of their numbers; None where these are too great for a table."""
        physical, categories = series.to_physical(), series.dtype.categories  # type: ignore[attr-defined]  # a Categorical has them
        given = arrow_of(physical)
        numbers = given.values(np.dtype(str(physical.dtype).lower()))
        most = int(numbers.max(initial=0))
        if most >= MOST_ENTRIES:
            return None
        codes, is_met = np.full(most + 1, OF_UNKNOWN, np.int64), np.zeros(most + 1, np.uint8)  # others are of other columns, or of no row
        for rows in (SAMPLE, len(numbers)):  # most words are among the first
            some = numbers[:rows]
            found = kernel.translate(some, is_met, valid=given.valid, unknown=1)
            if not found.min(initial=1):
                for number in np.flatnonzero(np.bincount(some[found == 0])).tolist():
                    codes[number] = self.code_of_word(categories[number])
                    is_met[number] = 1
        return kernel.Uncoded(2, numbers, codes.astype(self.dtype), len(series), given.valid, OF_UNKNOWN)

    def moved(self, scale: int) -> NDArray[np.int64]:
        """Return the thresholds for numbers of a coarser scale."""
        unit = 10 ** (self.entries.form.scale - scale)
        return -(-self.thresholds // unit) if unit > 1 else self.thresholds

    def by_column(self, frame: pl.DataFrame) -> "Encoded":
        """Return the codes of a column of any type, by way of its integers."""
        column = read_column(frame, self.item, self.vocabulary)
        rows = frame.height
        if self.entries.form.kind is Kind.BOOLEAN:
            codes = FIRST_CODE + column.values.astype(np.int64)
        elif self.entries.form.kind in {Kind.NUMBER, Kind.DATE}:
            codes = FIRST_CODE + np.searchsorted(self.thresholds, column.values, side="right")
        else:
            words = different(column.values).tolist()
            table = {number: self.code_of_number(number) for number in words if self.vocabulary.values}
            codes = np.array([table.get(number, OF_UNKNOWN) for number in words], np.int64)[np.searchsorted(words, column.values)]
        if column.states is not None:
            codes = np.where(column.states == NULL, OF_NULL, np.where(column.states == UNKNOWN, OF_UNKNOWN, codes))
        return Encoded(np.broadcast_to(codes, (rows,)).astype(self.dtype), column.bad)


@dataclass(frozen=True, slots=True)
class Encoded:
    """The codes of one fact."""

    codes: Array
    """One for each row."""
    bad: Mask | None
    """The rows whose cell the column's form does not hold; None where there are none."""


@dataclass(frozen=True, slots=True)
class ArrowCells:
    """The memory of an Arrow array."""

    array: pa.Array
    """The array."""

    def values(self, dtype: Any) -> Array:  # noqa: ANN401 - any numpy type
        """Return its values as they lie in memory."""
        width = 2 if pa.types.is_decimal128(self.array.type) else 1
        size = np.dtype(dtype).itemsize * width
        buffer = self.array.buffers()[1]
        if buffer is None:
            return np.zeros(0, dtype)
        return np.frombuffer(buffer, dtype, len(self.array) * width, self.array.offset * size)

    @property
    def bits(self) -> tuple[Any, int]:
        """Its truth values as bits, and where they begin."""
        buffer = self.array.buffers()[1]
        return (b"", 0) if buffer is None else (buffer, self.array.offset)

    @property
    def valid(self) -> tuple[Any, int] | None:
        """Its validity bitmap and where it begins there, in bits; None where every cell has a value."""
        bits = self.array.buffers()[0]
        return None if bits is None or not self.array.null_count else (bits, self.array.offset)


def arrow_of(series: pl.Series) -> ArrowCells:
    """Return the memory of a column."""
    array = series.to_arrow()
    return ArrowCells(array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array)


def kept(thresholds: NDArray[np.int64], told: Sequence[Array]) -> NDArray[np.int64]:
    """Return the thresholds at which anything changes.

    Args:
        thresholds: The thresholds.
        told: What each operation says of the stretches that they leave, one number for each.
    """
    if not len(thresholds):
        return thresholds
    changes = np.zeros(len(thresholds), np.bool_)
    for column in told:
        changes |= column[1:] != column[:-1]
    found: NDArray[np.int64] = thresholds[changes]
    return found
