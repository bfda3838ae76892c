"""Fingerprints of rows: 64 bits that tell whether what is known of a subject has changed.

    fingerprint(row) = sum over its columns of mix(name of the column, value), modulo 2**64

An unknown value adds nothing, so that a column that is not there is one of which nothing is known. The value counts, not how it
is stored: strings by their bytes, numbers by their scaled integer, whatever the encoding. The same rows have the same
fingerprints on every machine and with every version; `tests/engine/test_run_changes.py` holds some of them.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhida.registry_io.attributes import ABSENT_SUFFIX

Words = NDArray[np.uint64]

WORD = 8
"""Bytes of a word."""

SAMPLE, FEW = 512, 4
"""Rows that are looked at to see whether a column has few different strings: less than one in four."""

NULL_ELEMENT = np.uint64(0x9E3779B97F4A7C15)
"""Stands for an element of a list that is null."""


def row_fingerprints(frame: pl.DataFrame, columns: Iterable[str]) -> Words:
    """Return the fingerprint of each row.

    Args:
        frame: Typed as a registry is: decimals, dates, booleans, strings, and lists of any of these or of elements.
        columns: Which columns count; those that are not there are unknown in each row.
    """
    total = np.zeros(frame.height, np.uint64)
    for name in columns:
        if name in frame.columns:
            total += _column(name, frame[name])
    return total


def _column(name: str, series: pl.Series) -> Words:
    """Return what a column adds to the fingerprint of each row."""
    seed = np.uint64(int.from_bytes(sha256(name.encode()).digest()[:WORD], "little"))
    if name.endswith(ABSENT_SUFFIX):
        series = series.replace(False, None)  # what is not known to be absent says nothing
    mixed = _values(series, seed)
    if series.null_count():
        mixed[series.is_null().to_numpy()] = 0
    return mixed


def _values(series: pl.Series, seed: np.uint64) -> Words:
    """Return one word for each value; what stands for null does not count."""
    if isinstance(series.dtype, pl.List):
        return _lists(series, seed)
    if isinstance(series.dtype, pl.Struct):
        return _mix(row_fingerprints(series.struct.unnest(), series.struct.fields) ^ seed)
    if isinstance(series.dtype, pl.String | pl.Categorical | pl.Enum):
        return _strings(series.cast(pl.String), seed)
    if isinstance(series.dtype, pl.Decimal):
        return _wide_integers(series, seed)
    return _mix(series.to_physical().cast(pl.Int64).fill_null(0).to_numpy().view(np.uint64) ^ seed)


def _wide_integers(series: pl.Series, seed: np.uint64) -> Words:
    """Return one word for each 128-bit integer."""
    array = _array(series)
    halves = np.frombuffer(array.buffers()[1] or b"", np.uint64)[2 * array.offset : 2 * (array.offset + len(array))]
    high = halves[1::2]
    above = _mix(high ^ seed) if high.any() else _mix(np.full(1, seed))  # few numbers are negative or wider than 64 bits
    mixed: Words = _mix(halves[0::2] ^ above)
    return mixed


def _strings(series: pl.Series, seed: np.uint64) -> Words:
    """Return one word for each string; where there are few different ones, each is done once."""
    array = _array(series)
    sample = array.slice(len(array) // 2, SAMPLE)
    if len(array) < 2 * SAMPLE or len(sample.unique()) > SAMPLE // FEW:
        return _texts(array, seed)
    coded = array.dictionary_encode()
    if not len(coded.dictionary):  # nothing is known of any row
        return np.zeros(len(array), np.uint64)
    found: Words = _texts(coded.dictionary, seed)[coded.indices.fill_null(0).to_numpy()]
    return found


def _texts(array: Any, seed: np.uint64) -> Words:  # noqa: ANN401 - an Arrow array, which has no types
    """Return one word for each string: the sum of its mixed words of eight bytes, each with its place, and of its length."""
    array = array.cast("large_string")
    _, starts, data = array.buffers()
    offsets = np.frombuffer(starts, np.int64)[array.offset : array.offset + len(array) + 1]
    lengths = np.diff(offsets)
    text = np.concatenate([np.frombuffer(data or b"", np.uint8), np.zeros(WORD, np.uint8)])
    words: Words = np.ndarray(len(text) - WORD + 1, np.dtype("<u8"), text.data, strides=(1,))
    total: Words = _mix(lengths.astype(np.uint64) ^ seed)
    for place in range(0, int(lengths.max(initial=0)), WORD):
        rows = np.flatnonzero(lengths > place)
        found = words[offsets[rows] + place]
        rest = lengths[rows] - place
        ends = np.flatnonzero(rest < WORD)
        found[ends] <<= ((WORD - rest[ends]) * WORD).astype(np.uint64)  # what follows the text does not count
        total[rows] += _mix(found ^ _mix(np.full(1, place, np.uint64) + seed))
    return total


def _lists(series: pl.Series, seed: np.uint64) -> Words:
    """Return one word for each list: the sum of its mixed elements, each with its place, and of its length."""
    array = _array(series)
    lengths = array.value_lengths().fill_null(0).to_numpy().astype(np.int64)
    elements = array.flatten()
    mixed = _values(pl.Series("elements", pl.from_arrow(elements)), seed)
    if elements.null_count:
        mixed[elements.is_null().to_numpy(zero_copy_only=False)] = NULL_ELEMENT
    ends = np.cumsum(lengths)
    places = np.arange(len(elements)) - np.repeat(ends - lengths, lengths)
    mixed += _mix(np.arange(lengths.max(initial=0) + 1, dtype=np.uint64) ^ seed)[places]
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(_mix(mixed), dtype=np.uint64)])
    total: Words = _mix(lengths.astype(np.uint64) ^ seed) + sums[ends] - sums[ends - lengths]
    return total


def _array(series: pl.Series) -> Any:  # noqa: ANN401 - an Arrow array, which has no types
    """Return a column as one Arrow array."""
    return series.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())


def _mix(values: Words) -> Words:
    """Spread each bit of a word over all of them (the end of splitmix64); 0 becomes another value too."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
