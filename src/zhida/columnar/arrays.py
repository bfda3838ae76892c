"""Arrow arrays straight from memory: numbers and words without a look at each, and without what conversions load on the way.

    numbers ──────────────┐
    words ──strings──> ───┴──coded──> dictionary-coded array

What is made here shares the memory that it was made of: nobody changes that from then on.
"""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zhida.columnar.columns import Array, Mask

_TYPES = {np.dtype(each.to_pandas_dtype()): each for each in (pa.uint8(), pa.uint16(), pa.int32(), pa.uint32(), pa.int64(), pa.uint64())}


def numbers(values: Array, lacking: Mask | None = None) -> pa.Array:
    """Return integers as an Arrow array over the same memory.

    >>> numbers(np.array([3, 4], np.uint8), np.array([False, True])).to_pylist()
    [3, None]

    Args:
        values: Integers, which nobody changes from now on.
        lacking: The rows that have none; None for no rows.
    """
    flat = np.ascontiguousarray(values)
    validity = None
    if lacking is not None and lacking.any():
        validity = pa.py_buffer(np.packbits(~lacking, bitorder="little"))
    return pa.Array.from_buffers(_TYPES[flat.dtype], len(flat), [validity, pa.py_buffer(flat)])


def values_of(array: pa.Array) -> tuple[Array, Mask | None]:
    """Return the integers of an Arrow array, whatever stands where there is none, and the rows that have none; None for no rows.

    >>> [each.tolist() for each in values_of(numbers(np.array([3, 4], np.uint8), np.array([False, True])))]
    [[3, 4], [False, True]]
    """
    validity, data = array.buffers()
    kind = np.dtype(array.type.to_pandas_dtype())
    values = np.frombuffer(data or b"", kind)[array.offset : array.offset + len(array)]
    if not array.null_count:
        return values, None
    bits = np.unpackbits(np.frombuffer(validity, np.uint8), count=array.offset + len(array), bitorder="little")
    return values, bits[array.offset :] == 0


def strings(words: Sequence[str]) -> pa.StringArray:
    """Return words as an Arrow array.

    >>> strings(["企业", ""]).to_pylist()
    ['企业', '']
    """
    data = [word.encode() for word in words]
    offsets = np.fromiter(accumulate(map(len, data), initial=0), np.int32, len(data) + 1)
    return pa.Array.from_buffers(pa.string(), len(data), [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(data))])


def joined(words: pa.StringArray, places: Array, counts: Array, between: str) -> pa.StringArray:
    """Return words one behind the other, some for each row.

    >>> joined(strings(["1", "2", "3"]), np.array([0, 2, 1]), np.array([2, 0, 1]), "、").to_pylist()
    ['1、3', '', '2']

    Args:
        words: The words.
        places: Those of all rows, in the order of the rows.
        counts: How many of them each row has.
        between: Stands between two.
    """
    ends = np.concatenate((np.zeros(1, np.int32), np.cumsum(counts, dtype=np.int32)))
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(ends), words.take(pa.array(places))), between)


def coded(places: Array, words: pa.Array, none: int | None = None) -> pa.DictionaryArray:
    """Return for each row the word at a place.

    >>> coded(np.array([1, 9, 0], np.uint8), strings(["甲", "乙"]), 9).to_pylist()
    ['乙', None, '甲']

    Args:
        places: The places, all of them within the words but for `none`.
        words: The words.
        none: Stands for no word.
    """
    lacking = None if none is None else places == none
    return pa.DictionaryArray.from_arrays(numbers(places, lacking), words, safe=False)
