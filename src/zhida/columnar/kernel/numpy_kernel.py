"""The kernel in numpy: the judge of every faster one, and what runs where none was built.

It owns what the functions mean. A kernel in another language takes the same arguments, gives the same arrays bit for bit and
refuses the same: a `TypeError` for elements of the wrong kind, a `ValueError` for shapes, lengths, orders and codes that do
not fit. Beside them stand the parts that only learning uses (`reached`, `combine`, `look_up`, `intersect`, `first`): they take integers of
any width and run in numpy alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORD = 64
"""Rules in a word of a mask."""

FEW = 64
"""Thresholds up to which comparing with each is faster than searching."""

BLOCK = 16_384
"""Rows at a time: what lies between two steps stays in the second-level cache."""

MOST_COLUMNS = 256
"""Inputs of a table."""

Array = NDArray[Any]
Bits = tuple[Any, int]
"""Any bytes and the place of the first row's bit in them, the least significant bit of a byte first, as Arrow keeps them."""

_CODES = "BH"
_INDICES = "bBhHiIlq"
_PLACES = "BHIilq"
_MOST_BITS = 32
_WORDS = 2
"""Words of 64 bits in a wide value."""


@dataclass(frozen=True, slots=True)
class Uncoded:
    """A column that is not coded yet: what decides a table makes its codes as it goes, and keeps them nowhere."""

    way: int
    """1 as `encode` does, 2 as `translate`, 3 as `translate_bits`."""
    values: Any
    """Values, indices or bits."""
    codes: Array
    """The codes; of bits those of false and of true."""
    rows: int
    """How many rows there are."""
    valid: Array | Bits | None = None
    """Which rows have a value."""
    unknown: int = 0
    """The code of rows that have none."""
    thresholds: NDArray[np.int64] | None = None
    """Of values."""
    offset: int = 0
    """Of bits: where the first row's is."""

    @property
    def arguments(self) -> tuple[Any, ...]:
        """All of it, in the order in which a kernel in another language takes it."""
        match self.way:
            case 1:
                return (1, self.values, self.thresholds, self.codes, self.valid, self.unknown)
            case 2:
                return (2, self.values, self.codes, self.valid, self.unknown)
            case 3:
                return (3, self.values, self.offset, self.rows, self.codes, self.valid, self.unknown)
        return (self.way,)

    def part(self, start: int, stop: int) -> "Uncoded":
        """Return some of the rows."""
        rows = min(stop, self.rows) - start
        valid: Array | Bits | None = None
        if isinstance(self.valid, tuple):
            valid = self.valid[0], self.valid[1] + start
        elif self.valid is not None:
            valid = self.valid[start : start + rows]
        is_bits = self.way == 3
        values = self.values if is_bits else self.values[start : start + rows]
        return Uncoded(self.way, values, self.codes, rows, valid, self.unknown, self.thresholds, self.offset + start if is_bits else 0)

    def coded(self) -> Array:
        """Return the codes."""
        match self.way:
            case 1 if self.thresholds is not None:
                return encode(self.values, self.thresholds, self.codes, valid=self.valid, unknown=self.unknown)
            case 2:
                return translate(self.values, self.codes, valid=self.valid, unknown=self.unknown)
            case 3 if len(self.codes) == 2:
                out = np.empty(self.rows, self.codes.dtype)
                ends = int(self.codes[0]), int(self.codes[1])
                return translate_bits(self.values, self.offset, self.rows, ends, valid=self.valid, unknown=self.unknown, out=out)
        raise ValueError("codes: neither codes nor what they are made of")


Coded = Array | Uncoded
"""A column of codes, or of what they are made of."""


# --- columns to codes ------------------------------------------------------------------------------------------------------


def encode(  # noqa: PLR0913 - the kernel's face
    values: Array,
    thresholds: NDArray[np.int64],
    codes: Array,
    *,
    valid: Array | Bits | None = None,
    unknown: int = 0,
    out: Array | None = None,
) -> Array:
    """Return for each value the code of how many of the ascending thresholds it has reached.

    >>> encode(np.array([19, 20, 21]), np.array([20, 21]), np.array([7, 8, 9], np.uint8)).tolist()
    [7, 8, 9]

    Args:
        values: Integers of up to 64 bits with a sign or 32 without, booleans, or for 128 bits an array of (rows, 2): the low
            word and the high word of each, both of kind int64. A wide value that is out of 64 bits is beyond all thresholds.
        thresholds: In ascending order.
        codes: One more than there are thresholds, of one or two bytes.
        valid: Which rows have a value: booleans, or (bytes, offset of the first bit).
        unknown: The code of rows that have none.
        out: Where to write; of the kind of `codes`.
    """
    is_wide = values.ndim == _WORDS
    _check("values", values, "q" if is_wide else "?bBhHiIlq", values.ndim if is_wide else 1)
    if is_wide and values.shape[1] != _WORDS:
        raise ValueError("values: a wide value has two words")
    _check("thresholds", thresholds, "q")
    _check("codes", codes, _CODES)
    counts = _counting(valid, len(values))
    out = _out(out, (len(values),), codes.dtype, values, thresholds, codes)
    _check_codes(codes.dtype, unknown)
    if len(codes) != len(thresholds) + 1:
        raise ValueError(f"codes: {len(codes)}, not one more than the {len(thresholds)} thresholds")
    if (thresholds[1:] < thresholds[:-1]).any():
        raise ValueError("thresholds: not in ascending order")
    if is_wide:
        low, high = values[:, 0], values[:, 1]
        beyond = np.where(high < 0, 0, len(thresholds))
        places = np.where(high == low >> np.int64(63), reached(low, thresholds), beyond)
    else:
        places = reached(values, thresholds)
    np.take(codes, places, out=out, mode="clip")
    return _veiled(out, counts, unknown)


def translate(
    indices: Array,
    codes: Array,
    *,
    valid: Array | Bits | None = None,
    unknown: int = 0,
    out: Array | None = None,
) -> Array:
    """Return for each index of a dictionary its code; an index in a row that has no value may be anything.

    >>> translate(np.array([1, 0, 9]), np.array([7, 8], np.uint8), valid=np.array([True, True, False])).tolist()
    [8, 7, 0]
    """
    _check("indices", indices, _INDICES)
    _check("codes", codes, _CODES)
    counts = _counting(valid, len(indices))
    out = _out(out, (len(indices),), codes.dtype, indices, codes)
    _check_codes(codes.dtype, unknown)
    beyond = (indices < 0) | (indices >= len(codes))
    wrong = np.flatnonzero(beyond if counts is None else beyond & counts)
    if len(wrong):
        raise ValueError(f"indices: the one in row {wrong[0]} is not below {len(codes)}")
    if len(codes):
        np.take(codes, np.where(beyond, 0, indices), out=out, mode="clip")
    return _veiled(out, counts, unknown)


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
    r"""Return for each bit the code of false or of true; bytes unless `out` is wider.

    >>> translate_bits(b"\x06", 1, 3, (4, 5)).tolist()
    [5, 5, 4]
    """
    found = _spread("bits", bits, offset, rows)
    counts = _counting(valid, rows)
    out = _out(out, (rows,), np.dtype(np.uint8) if out is None else out.dtype)
    _check("out", out, _CODES)
    _check_codes(out.dtype, *codes, unknown)
    out[:] = np.where(found, codes[1], codes[0])
    return _veiled(out, counts, unknown)


# --- codes to rules --------------------------------------------------------------------------------------------------------


def decide_dense(codes: Sequence[Coded], maps: Sequence[NDArray[np.uint32]], table: Array, *, out: Array | None = None) -> Array:
    """Return for each row the entry of a dense table at the sum of what the maps say of its codes.

    >>> codes = [np.array([1, 0], np.uint8), np.array([2, 1], np.uint8)]
    >>> maps = [np.array([0, 3], np.uint32), np.array([0, 1, 2], np.uint32)]
    >>> decide_dense(codes, maps, np.array([5, 6, 7, 8, 9, 10], np.uint8)).tolist()
    [10, 6]

    Args:
        codes: One column for each input: of bytes, of pairs of bytes, or not coded yet.
        maps: For each input, what each code adds; the sum of their largest entries is a place of the table.
        table: The entries, of kind uint8, uint16 or int32.
        out: Where to write; of the kind of `table`.
    """
    given, codes = codes, _all_coded(codes)
    _check_columns(codes, maps, "maps", "I", 1)
    _check("table", table, "BHi")
    out = _out(out, (len(codes[0]),), table.dtype, *_arrays(given), *maps, table)
    largest = sum(int(entries.max(initial=0)) for entries in maps)
    if largest >= len(table):
        raise ValueError(f"maps: they lead as far as {largest}, and the table has {len(table)} entries")
    for start in range(0, len(out), BLOCK):
        rows = slice(start, start + BLOCK)
        places = maps[0][codes[0][rows]]
        for column, entries in zip(codes[1:], maps[1:], strict=True):
            places += entries[column[rows]]
        np.take(table, places, out=out[rows], mode="clip")
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
    """Return for each row the rule that all its codes satisfy: the lowest, or the only one.

    >>> codes = [np.array([0, 1, 2], np.uint8)]
    >>> masks = [np.array([[0b110], [0b100], [0]], np.uint64)]
    >>> decide_masks(codes, masks, True, 99, 98).tolist(), decide_masks(codes, masks, False, 99, 98).tolist()
    ([1, 2, 99], [98, 2, 99])

    Args:
        codes: One column for each input: of bytes, of pairs of bytes, or not coded yet.
        masks: For each input one row of words for each code: bit r of word w is rule 64 w + r.
        first: Whether the lowest rule is asked for, else the only one.
        none: The answer where no rule matches.
        many: The answer where the only rule is asked for and several match.
        words: What stands for each answer, of kind uint8 or uint16; the answers themselves where none are given.
        out: Where to write; of the kind of the words.
    """
    given, codes = codes, _all_coded(codes)
    _check_columns(codes, masks, "masks", "Q", 2)
    _check_codes(np.dtype(np.uint16), none, many)
    size = masks[0].shape[1]
    if not 1 <= size <= 2**16 // WORD:
        raise ValueError(f"masks: {size} words; from 1 to {2**16 // WORD}")
    if words is not None:
        _check("words", words, _CODES)
        if len(words) <= (most := max(none, many, size * WORD - 1)):
            raise ValueError(f"words: {len(words)}, and the answers go up to {most}")
    out = _out(out, (len(codes[0]),), np.dtype(np.uint16) if words is None else words.dtype, *_arrays(given), *masks)
    if words is not None:
        _out(out, out.shape, out.dtype, words)
    for start in range(0, len(out), BLOCK):
        rows = slice(start, start + BLOCK)
        found = intersect([column[rows] for column in codes], masks)
        rules = _lowest(found)
        rules[rules < 0] = none
        if not first:
            rules[np.bitwise_count(found).sum(axis=1) > 1] = many
        out[rows] = rules if words is None else words[rules]
    return out


def match(codes: Sequence[Coded], masks: Sequence[NDArray[np.uint64]], *, out: NDArray[np.uint64] | None = None) -> NDArray[np.uint64]:
    """Return for each row the words of the rules that all its codes satisfy.

    >>> match([np.array([1, 0], np.uint8)], [np.array([[4], [5]], np.uint64)]).tolist()
    [[5], [4]]
    """
    given, codes = codes, _all_coded(codes)
    _check_columns(codes, masks, "masks", "Q", 2)
    out = _out(out, (len(codes[0]), masks[0].shape[1]), np.dtype(np.uint64), *_arrays(given), *masks)
    out[:] = intersect(codes, masks)
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
    """Return for each row the sum of the numbers of the rules that all its codes satisfy.

    >>> codes = [np.array([0, 1, 2, 3], np.uint8)]
    >>> masks = [np.array([[0b111], [0b110], [0b100], [0b011]], np.uint64)]
    >>> sum_masks(codes, masks, np.array([20, 3]), -1, 0).tolist()
    [23, 3, 0, -1]

    Args:
        codes: One column for each input: of bytes, of pairs of bytes, or not coded yet.
        masks: For each input one row of words for each code: bit r of word w is rule 64 w + r. The bit behind the rules is set
            where a row counts; what stands behind that means nothing.
        numbers: One for each rule. No sum of any of them is beyond 64 bits: that is the caller's care, else it wraps.
        none: The answer where a row does not count.
        empty: The answer where it counts, but no rule matches.
        out: Where to write; of kind int64.
    """
    given, codes = codes, _all_coded(codes)
    _check_columns(codes, masks, "masks", "Q", 2)
    _check("numbers", numbers, "q")
    none, empty = _number("none", none), _number("empty", empty)
    size = masks[0].shape[1]
    if not 1 <= size <= 2**16 // WORD:
        raise ValueError(f"masks: {size} words; from 1 to {2**16 // WORD}")
    if len(numbers) >= size * WORD:
        raise ValueError(f"numbers: {len(numbers)}, and the masks have {size * WORD} bits, one of them behind the rules")
    out = _out(out, (len(codes[0]),), np.dtype(np.int64), *_arrays(given), *masks, numbers)
    last, bit = len(numbers) // WORD, np.uint64(1 << (len(numbers) % WORD))
    spread = np.zeros(size * WORD, np.int64)
    spread[: len(numbers)] = numbers
    for start in range(0, len(out), BLOCK):
        found = intersect([column[start : start + BLOCK] for column in codes], masks)
        counts = (found[:, last] & bit) != 0
        found[:, last] &= bit - np.uint64(1)
        found[:, last + 1 :] = 0
        rows, words = np.nonzero(found)
        bits = np.unpackbits(found[rows, words].astype("<u8").view(np.uint8), bitorder="little").reshape(-1, WORD)
        some, rules = np.nonzero(bits)
        sums = np.zeros(len(found), np.int64)
        np.add.at(sums, rows[some], spread[words[some] * WORD + rules])
        out[start : start + BLOCK] = np.where(counts, np.where(found.any(axis=1), sums, np.int64(empty)), np.int64(none))
    return out


# --- columns of few values -------------------------------------------------------------------------------------------------


def count(places: Array, entries: int) -> NDArray[np.int64]:
    """Return how many rows have each entry.

    >>> count(np.array([0, 2, 2], np.uint8), 4).tolist()
    [1, 0, 2, 0]

    Args:
        places: For each row the place of its entry; of kind uint8, uint16, uint32, int32 or int64.
        entries: How many entries there are.
    """
    _check("places", places, _PLACES)
    if (entries := index(entries)) < 0:
        raise ValueError("negative dimensions are not allowed")
    _check_places(places, entries)
    return np.bincount(places, minlength=entries)


def pack(
    places: Array, numbers: NDArray[np.int32], bits: int, *, out: NDArray[np.uint8] | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None, int]:
    """Return the numbers of rows packed as bits, least bit first, and which rows have one: what a page of Parquet holds.

    >>> packed, present, count = pack(np.array([0, 2, 1, 2], np.uint8), np.array([-1, 1, 5], np.int32), 3)
    >>> packed.tolist() == [5 | 1 << 3 | (5 << 6) % 256, 5 >> 2, 0], present.tolist() == [0b1110], count
    (True, True, 3)

    Args:
        places: For each row the place of an entry of `numbers`; of kind uint8, uint16, uint32, int32 or int64.
        numbers: Of kind int32; -1 is none.
        bits: Of each number, from 0 to 32; all numbers fit.
        out: Where to write the numbers: at least `bits` bytes for each eight rows, begun or whole. What is behind them afterwards
            means nothing.

    Returns:
        The numbers of the rows that have one, in their order, `bits` bits each, with zeros up to a whole number of eight
        numbers: `bits` bytes for each eight. One bit for each row, 1 where it has a number, with zeros up to a whole byte;
        None where all rows have one. How many rows have one.
    """
    _check("places", places, _PLACES)
    _check("numbers", numbers, "i")
    if not 0 <= (bits := index(bits)) <= _MOST_BITS:
        raise ValueError(f"bits: {bits} is not from 0 to {_MOST_BITS}")
    wrong = numbers[(numbers < -1) | (numbers >> min(bits, _MOST_BITS - 1) > 0)]
    if len(wrong):
        raise ValueError(f"numbers: {wrong[0]} does not fit into {bits} bits")
    room = -(-len(places) // 8) * bits
    if out is not None:
        _out(out, (max(len(out), room),), np.dtype(np.uint8), places, numbers)
    _check_places(places, len(numbers))
    found = numbers[places]
    has = found >= 0
    kept = found[has]
    packed = np.empty(room, np.uint8) if out is None else out
    packed = packed[: -(-len(kept) // 8) * bits]
    for start in range(0, len(kept) if bits else 0, BLOCK):
        some = kept[start : start + BLOCK]
        spread = np.zeros((-(-len(some) // 8) * 8, bits), np.uint8)
        spread[: len(some)] = (some[:, np.newaxis] >> np.arange(bits).clip(max=_MOST_BITS - 1)) & 1
        packed[start // 8 * bits :][: spread.size // 8] = np.packbits(spread, bitorder="little")
    return packed, None if len(kept) == len(places) else np.packbits(has, bitorder="little"), len(kept)


# --- what learning uses ------------------------------------------------------------------------------------------------------


def reached(values: Array, thresholds: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return for each value how many of the ascending thresholds it has reached.

    >>> reached(np.array([19, 20, 21]), np.array([20, 21])).tolist()
    [0, 1, 2]
    """
    if len(thresholds) > FEW or values.ndim == 0:
        return np.searchsorted(thresholds, values, side="right")
    places = np.zeros(values.shape, np.uint8)
    for start in range(0, len(values), BLOCK):
        some, found = values[start : start + BLOCK], places[start : start + BLOCK]
        for threshold in thresholds:
            found += some >= threshold
    return places.astype(np.intp)


def combine(codes: Sequence[Array], strides: Sequence[int]) -> NDArray[np.int64]:
    """Return one number for each combination of codes; there is at least one column.

    >>> combine([np.array([1, 0]), np.array([2, 1])], [3, 1]).tolist()
    [5, 1]
    """
    total: Array = codes[0] * np.int64(strides[0])
    for column, stride in zip(codes[1:], strides[1:], strict=True):
        total = total + column * np.int64(stride)
    return total


def look_up(keys: Array, table: Array) -> Array:
    """Return the entry of each key."""
    found: Array = table[keys]
    return found


def intersect(codes: Sequence[Array], masks: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Return what `match` does, for codes of any width."""
    found: NDArray[np.uint64] = masks[0][codes[0]]
    for column, mask in zip(codes[1:], masks[1:], strict=True):
        found &= mask[column]
    return found


def first(found: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the lowest rule of each row of masks, or -1 where there is none.

    >>> first(np.array([[0, 4], [6, 1], [0, 0]], np.uint64)).tolist()
    [66, 1, -1]
    """
    rules = np.full(len(found), -1, np.int64)
    for word in reversed(range(found.shape[1])):
        bits = found[:, word]
        below = bits & (~bits + np.uint64(1))  # the lowest bit alone; less one, as many bits as its place
        rules = np.where(bits != 0, np.bitwise_count(below - np.uint64(1)) + np.int64(WORD * word), rules)
    return rules


_lowest = first  # for `decide_masks`, where an argument has the name


# --- what is refused -----------------------------------------------------------------------------------------------------------


def _check(name: str, array: object, kinds: str, dimensions: int = 1) -> None:
    """Refuse an array of another kind or layout; `kinds` are numpy's letters."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "biu" or not array.dtype.isnative:
        raise TypeError(f"{name}: no array of this machine's integers")
    if array.dtype not in [np.dtype(kind) for kind in kinds]:
        raise TypeError(f"{name}: elements of kind {array.dtype} do not fit here")
    if array.ndim != dimensions:
        raise ValueError(f"{name}: {array.ndim} dimensions, not {dimensions}")
    if not array.flags.c_contiguous or not array.flags.aligned:
        raise ValueError(f"{name}: not an array in one piece")


def _check_places(places: Array, entries: int) -> None:
    """Raise `ValueError` where a row has the place of no entry."""
    beyond = np.flatnonzero((places < 0) | (places >= entries))
    if len(beyond):
        raise ValueError(f"places: the one in row {beyond[0]} is not below {entries}")


def _check_codes(kind: np.dtype[Any], *codes: int) -> None:
    if not all(0 <= code <= np.iinfo(kind).max for code in codes):
        raise ValueError(f"the codes {codes} are not all of kind {kind}")


def _number(name: str, number: int) -> int:
    """Refuse what is no integer of 64 bits."""
    found = index(number)
    if not -(2**63) <= found < 2**63:
        raise ValueError(f"{name}: a number beyond 64 bits")
    return found


def _arrays(codes: Sequence[Coded]) -> list[Array]:
    """Return all arrays that columns are made of."""
    found: list[Array] = []
    for column in codes:
        parts = (column.values, column.codes, column.thresholds, column.valid) if isinstance(column, Uncoded) else (column,)
        found += [part for part in parts if isinstance(part, np.ndarray)]
    return found


def _all_coded(codes: Sequence[Coded]) -> Sequence[Array]:
    return [column.coded() if isinstance(column, Uncoded) else column for column in codes]


def _check_columns(codes: Sequence[Array], entries: Sequence[Array], name: str, kinds: str, dimensions: int) -> None:
    if not 1 <= len(codes) == len(entries) <= MOST_COLUMNS:
        raise ValueError(f"{len(codes)} columns of codes and {len(entries)} {name}; from 1 to {MOST_COLUMNS} of each")
    for place, (column, entry) in enumerate(zip(codes, entries, strict=True)):
        _check("codes", column, _CODES)
        _check(name, entry, kinds, dimensions)
        if len(column) != len(codes[0]) or entry.shape[1:] != entries[0].shape[1:]:
            raise ValueError(f"column {place} has other lengths than the first")
        if (most := column.max(initial=0)) >= len(entry) and len(column):
            raise ValueError(f"column {place} has no code {most}: there are {len(entry)}")


def _counting(valid: Array | Bits | None, rows: int) -> NDArray[np.bool_] | None:
    """Return which rows count, or None for all."""
    if valid is None:
        return None
    if isinstance(valid, tuple):
        if len(valid) != 2:
            raise ValueError("valid: a pair of bits and an offset")
        return _spread("valid", valid[0], valid[1], rows)
    _check("valid", valid, "?B")
    if len(valid) != rows:
        raise ValueError(f"valid: {len(valid)} rows, not {rows}")
    counts: NDArray[np.bool_] = valid != 0
    return counts


def _spread(name: str, bits: object, offset: int, rows: int) -> NDArray[np.bool_]:
    """Return bits as an array of booleans."""
    view = memoryview(bits)  # type: ignore[arg-type]  # a TypeError for what holds no bytes
    if view.ndim != 1 or view.itemsize != 1:
        raise TypeError(f"{name}: no bytes")
    if not view.c_contiguous or offset < 0 or rows < 0 or offset + rows > 8 * len(view):
        raise ValueError(f"{name}: {8 * len(view)} bits, not {rows} from {offset}")
    found = np.unpackbits(np.frombuffer(view, np.uint8)[offset // 8 : -(-(offset + rows) // 8)], bitorder="little")
    return found[offset % 8 : offset % 8 + rows].view(np.bool_)


def _out(out: object, shape: tuple[int, ...], kind: np.dtype[Any], *others: Array) -> Array:
    """Return the array to write to, a new one where none is given."""
    if out is None:
        return np.empty(shape, kind)
    if not isinstance(out, np.ndarray) or out.dtype != kind:
        raise TypeError(f"out: no array of kind {kind}")
    if out.shape != shape or not out.flags.c_contiguous or not out.flags.writeable or not out.flags.aligned:
        raise ValueError(f"out: no array in one piece of shape {shape} that can be written")
    if any(np.may_share_memory(out, other) for other in others):
        raise ValueError("out: shares memory with an argument")
    return out


def _veiled(out: Array, counts: NDArray[np.bool_] | None, unknown: int) -> Array:
    """Give rows that do not count their code."""
    if counts is not None:
        out[~counts] = unknown
    return out
