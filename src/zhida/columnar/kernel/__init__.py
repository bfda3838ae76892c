"""The kernel: columns in, codes out; codes and tables in, rules out. Whoever uses it does not know what runs below.

    values, thresholds ──encode─────────> codes         one small integer per row and column, shared by all tables
    indices, codes     ──translate──────> codes         the same for dictionaries (and `translate_bits` for booleans)
    codes, maps, table ──decide_dense───> outcomes      a table of all combinations
    codes, masks       ──decide_masks───> rules         the lowest rule, or the only one
    codes, masks       ──match──────────> masks         all of them, one bit per rule
    codes, masks       ──sum_masks──────> sums          of the numbers of all of them
    places             ──count──────────> counts        how many rows have each entry
    places, numbers    ──pack───────────> bits          what a page of Parquet holds of a column of few values

The four that decide take columns that are not coded yet as well (`Uncoded`): then codes are made a stretch of rows at a time, right
before they are used, and never leave the caches.

`PATHS` are the ways in which this machine can run it, best first: native ones where the extension was built, and "numpy", which is
the judge of the others (see `numpy_kernel` for what the functions mean). The best is in use unless the environment variable
ZHIDA_KERNEL names another; `use` changes it for a while, for the whole process. Arrays must not change while a function runs:
native paths let other threads run meanwhile.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.columnar.kernel import numpy_kernel
from zhida.columnar.kernel.numpy_kernel import WORD, Array, Bits, Coded, Uncoded, combine, first, intersect, look_up, reached
from zhida.errors import InputError, diagnostic

try:
    from zhida.columnar.kernel import _native
except ImportError:  # no compiler was found when the package was built
    _NATIVE: tuple[str, ...] = ()
else:
    _NATIVE = _native.PATHS

__all__ = [
    "ALL_PATHS",
    "OTHER_PATHS",
    "PATHS",
    "WORD",
    "Coded",
    "Uncoded",
    "coded",
    "combine",
    "count",
    "decide_dense",
    "decide_masks",
    "encode",
    "first",
    "intersect",
    "look_up",
    "match",
    "pack",
    "path",
    "reached",
    "sum_masks",
    "translate",
    "translate_bits",
    "use",
]

ALL_PATHS = ("avx512", "avx2", "portable", "numpy")
"""Every way of running the kernel there is, best first."""

PATHS = (*_NATIVE, "numpy")
"""The ways in which this machine can run it, best first; the last is always "numpy"."""

OTHER_PATHS = tuple(name for name in ALL_PATHS if name not in PATHS)
"""The ways in which it cannot."""

_VARIABLE = "ZHIDA_KERNEL"
_NUMPY = len(PATHS) - 1


class _Choice:
    """The way in use, by its place in `PATHS`."""

    place = 0


def _place(name: str) -> int:
    if name in PATHS:
        return PATHS.index(name)
    raise InputError([diagnostic("run-kernel-unknown", name=name, known=", ".join(ALL_PATHS))])


def path() -> str:
    """Return the way in use."""
    return PATHS[_Choice.place]


@contextmanager
def use(name: str) -> Iterator[None]:
    """Run the kernel in another way, for the whole process, until the block ends.

    Raises `InputError` with run-kernel-unknown where this machine has no such way.

    >>> with use("numpy"):
    ...     path()
    'numpy'
    """
    before, _Choice.place = _Choice.place, _place(name)
    try:
        yield
    finally:
        _Choice.place = before


def encode(  # noqa: PLR0913 - the kernel's face
    values: Array,
    thresholds: NDArray[np.int64],
    codes: Array,
    *,
    valid: Array | Bits | None = None,
    unknown: int = 0,
    out: Array | None = None,
) -> Array:
    """Return for each value the code of how many thresholds it has reached; see `numpy_kernel.encode`."""
    place = _Choice.place
    if place == _NUMPY:
        return numpy_kernel.encode(values, thresholds, codes, valid=valid, unknown=unknown, out=out)
    if out is None:
        out = np.empty(len(values), codes.dtype)
    _native.encode(place, values, thresholds, codes, valid, unknown, out)
    return out


def translate(
    indices: Array,
    codes: Array,
    *,
    valid: Array | Bits | None = None,
    unknown: int = 0,
    out: Array | None = None,
) -> Array:
    """Return for each index of a dictionary its code; see `numpy_kernel.translate`."""
    place = _Choice.place
    if place == _NUMPY:
        return numpy_kernel.translate(indices, codes, valid=valid, unknown=unknown, out=out)
    if out is None:
        out = np.empty(len(indices), codes.dtype)
    _native.translate(place, indices, codes, valid, unknown, out)
    return out


def translate_bits(  # noqa: PLR0913 - the kernel's face
    bits: Any,  # noqa: ANN401 - whatever holds bytes
    offset: int,
    rows: int,
    codes: tuple[int, int],
    *,
    valid: Array | Bits | None = None,
    unknown: int = 0,
    out: Array | None = None,
) -> Array:
    """Return for each bit the code of false or of true; see `numpy_kernel.translate_bits`."""
    place = _Choice.place
    if place == _NUMPY:
        return numpy_kernel.translate_bits(bits, offset, rows, codes, valid=valid, unknown=unknown, out=out)
    if out is None:
        out = np.empty(rows, np.uint8)
    elif len(out) != rows:
        raise ValueError(f"out: {len(out)} rows, not {rows}")
    _native.translate_bits(place, bits, offset, codes[0], codes[1], valid, unknown, out)
    return out


def decide_dense(codes: Sequence[Coded], maps: Sequence[NDArray[np.uint32]], table: Array, *, out: Array | None = None) -> Array:
    """Return for each row the entry of a dense table; see `numpy_kernel.decide_dense`."""
    place = _Choice.place
    if place == _NUMPY:
        return numpy_kernel.decide_dense(codes, maps, table, out=out)
    if out is None:
        out = np.empty(_rows(codes), table.dtype)
    _native.decide_dense(place, _plain(codes), maps, table, out)
    return out


def decide_masks(  # noqa: PLR0913 - the kernel's face
    codes: Sequence[Coded],
    masks: Sequence[NDArray[np.uint64]],
    first: bool,
    none: int,
    many: int,
    *,
    words: Array | None = None,
    out: Array | None = None,
) -> Array:
    """Return for each row the lowest rule that all its codes satisfy, or the only one; see `numpy_kernel.decide_masks`."""
    place = _Choice.place
    if place == _NUMPY:
        return numpy_kernel.decide_masks(codes, masks, first, none, many, words=words, out=out)
    if out is None:
        out = np.empty(_rows(codes), np.uint16 if words is None else words.dtype)
    _native.decide_masks(place, _plain(codes), masks, first, none, many, words, out)
    return out


def match(codes: Sequence[Coded], masks: Sequence[NDArray[np.uint64]], *, out: NDArray[np.uint64] | None = None) -> NDArray[np.uint64]:
    """Return for each row the words of the rules that all its codes satisfy; see `numpy_kernel.match`."""
    place = _Choice.place
    if place == _NUMPY:
        return numpy_kernel.match(codes, masks, out=out)
    if out is None:
        out = np.empty((_rows(codes), masks[0].shape[1]) if codes and masks else (0, 1), np.uint64)
    _native.match(place, _plain(codes), masks, out)
    return out


def sum_masks(  # noqa: PLR0913 - the kernel's face
    codes: Sequence[Coded],
    masks: Sequence[NDArray[np.uint64]],
    numbers: NDArray[np.int64],
    none: int,
    empty: int,
    *,
    out: NDArray[np.int64] | None = None,
) -> NDArray[np.int64]:
    """Return for each row the sum of the numbers of the rules that all its codes satisfy; see `numpy_kernel.sum_masks`."""
    place = _Choice.place
    if place == _NUMPY:
        return numpy_kernel.sum_masks(codes, masks, numbers, none, empty, out=out)
    if out is None:
        out = np.empty(_rows(codes), np.int64)
    _native.sum_masks(place, _plain(codes), masks, numbers, none, empty, out)
    return out


def count(places: Array, entries: int) -> NDArray[np.int64]:
    """Return how many rows have each entry; see `numpy_kernel.count`."""
    place = _Choice.place
    if place == _NUMPY:
        return numpy_kernel.count(places, entries)
    out = np.empty(index(entries), np.int64)
    _native.count(place, places, out)
    return out


def pack(
    places: Array, numbers: NDArray[np.int32], bits: int, *, out: NDArray[np.uint8] | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None, int]:
    """Return the numbers of rows packed as bits, which rows have one, and how many; see `numpy_kernel.pack`."""
    place = _Choice.place
    if place == _NUMPY:
        return numpy_kernel.pack(places, numbers, bits, out=out)
    groups = (len(places) + 7) // 8
    if out is None:
        out = np.empty(groups * bits, np.uint8)
    present = np.empty(groups, np.uint8)
    count = _native.pack(place, places, numbers, bits, out, present)
    return out[: (count + 7) // 8 * bits], None if count == len(places) else present, count


def coded(column: Coded) -> Array:
    """Return the codes of a column.

    >>> coded(Uncoded(2, np.array([1, 0], np.uint8), np.array([7, 8], np.uint8), 2)).tolist()
    [8, 7]
    """
    if not isinstance(column, Uncoded):
        return column
    if _Choice.place == _NUMPY:
        return column.coded()
    out = np.empty(column.rows, column.codes.dtype)
    match column.way:
        case 1:
            _native.encode(_Choice.place, column.values, column.thresholds, column.codes, column.valid, column.unknown, out)
        case 2:
            _native.translate(_Choice.place, column.values, column.codes, column.valid, column.unknown, out)
        case _:
            off, on = column.codes.tolist()
            _native.translate_bits(_Choice.place, column.values, column.offset, off, on, column.valid, column.unknown, out)
    return out


def _rows(codes: Sequence[Coded]) -> int:
    """Return how many rows columns have."""
    if not codes:
        return 0
    return codes[0].rows if isinstance(codes[0], Uncoded) else len(codes[0])


def _plain(codes: Sequence[Coded]) -> Sequence[object]:
    """Return columns as native paths take them."""
    return [column.arguments if isinstance(column, Uncoded) else column for column in codes]


_Choice.place = _place(os.environ.get(_VARIABLE) or PATHS[0])
