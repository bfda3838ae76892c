"""ResultColumns as Parquet, written directly: a column of few different values costs a look-up and a few bits for each row.

    values, places ──kernel.pack──> bits ──> page ──zstd, where it pays──> chunk ┐
    values, words  ──────────────────────────> page ─────────────────────> chunk ┴──> row group, footer ──> file

What general writers do for each cell (meet the value, look it up in a table of what was met, gather it, count) is known here before
the first row: which values there are, and for each row the place of its own. So the same columns are written in a tenth of the time.
The format is Apache Parquet's (`parquet.thrift`, `Encodings.md`): one row group, data pages of version 1 with checksums, values in
dictionaries (RLE_DICTIONARY) or as they are (PLAIN). Dictionaries hold just the values that occur, sorted: the same rows give the same
bytes, whichever values were known when they were decided, and on whichever path the kernel runs.
"""

import base64
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from zhida.columnar import kernel
from zhida.columnar.arrays import values_of
from zhida.columnar.columns import Array
from zhida.columnar.spread import Column, Places, ResultColumns, Spread
from zhida.columnar.thrift import BINARY, I64, STRUCT, Struct, binary, varint, zigzag

MAGIC = b"PAR1"
CREATED_BY = b"zhida"

INT64, BYTE_ARRAY = 2, 6
"""Physical types."""
PLAIN, RLE, RLE_DICTIONARY = 0, 3, 8
"""Encodings."""
UNCOMPRESSED, ZSTD = 0, 6
"""Codecs."""
DATA_PAGE, DICTIONARY_PAGE = 0, 2
"""Kinds of pages."""
HEADS = {DATA_PAGE: 5, DICTIONARY_PAGE: 7}
"""The field of a page's head that says what is special of its kind."""
OPTIONAL = 1
"""Of a column: that there may be rows without a value."""
UTF8, UINT_64 = 0, 14
"""What values mean, in the older way of saying it."""
STRING, INTEGER = 1, 10
"""The same, in the newer."""

PAGE_ROWS = 1 << 20
"""Rows of a page at most."""

LOOKED_AT, FEW_NUMBERS = 4_096, 256
"""Of how many rows numbers are looked at, and up to how many different ones they are put into a dictionary."""

FEW_WORDS = 256
"""Words up to which it is remembered how a dictionary of them is written."""

LEVEL = 1
"""How much time zstd takes for less room."""
SMALL, PAYS = 128, Fraction(19, 20)
"""Bytes from which a page is compressed, and to what share of them all pages of a column have to come."""


def parquet_bytes(results: ResultColumns, *, with_statistics: Collection[str] = ()) -> bytes:
    """Return results as a Parquet file.

    Args:
        results: Columns of text, of dictionary-coded text, int64 or uint64.
        with_statistics: The columns of which the least and the greatest value are said.

    Raises:
        TypeError: a column is of another type.
    """
    chunks, place = [], len(MAGIC)
    names = results.schema.names
    for name, column in zip(names, results.columns, strict=True):
        chunk = _chunk(name, column, place, with_statistics=name in with_statistics)
        chunks.append(chunk)
        place += chunk.size
    footer = _footer(results, chunks)
    pages = chain.from_iterable(chunk.pages for chunk in chunks)
    return b"".join([MAGIC, *pages, footer, len(footer).to_bytes(4, "little"), MAGIC])


# --- columns ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A column, as it stands in the file."""

    pages: tuple[bytes, ...]
    """Heads and bodies of its pages."""
    size: int
    """Their bytes."""
    full: int
    """The same before they were compressed."""
    told: bytes
    """What the footer says of it."""


@dataclass(frozen=True, slots=True)
class _Pages:
    """The bodies of a column's pages."""

    encodings: tuple[int, ...]
    """What is used in them."""
    data: Sequence[tuple[int, bytes]]
    """Data pages, each with its rows."""
    listed: bytes = b""
    """The page of the dictionary."""
    entries: int = 0
    """How many entries it has; none where there is no dictionary."""


def _chunk(name: str, column: Column, place: int, *, with_statistics: bool) -> _Chunk:
    """Return a column that begins at some byte of the file."""
    physical = _physical(column.type)
    pages = _pages(column)
    bodies = [body for _, body in pages.data]
    compressed = [_compressed(body) if len(body) >= SMALL else body for body in bodies]
    listed = _compressed(pages.listed) if len(pages.listed) >= SMALL else pages.listed
    codec = ZSTD if sum(map(len, [listed, *compressed])) < PAYS * sum(map(len, [pages.listed, *bodies])) else UNCOMPRESSED
    found: list[bytes] = []
    full = 0
    dictionary_size = 0
    if pages.entries:
        head = Struct().number(1, pages.entries).number(2, PLAIN).truth(3, True).end()
        full += _add(found, DICTIONARY_PAGE, head, pages.listed, _written(pages.listed, listed, codec))
        dictionary_size = sum(map(len, found))
    for (rows, body), packed in zip(pages.data, compressed, strict=True):
        head = Struct().number(1, rows).number(2, pages.encodings[0]).number(3, RLE).number(4, RLE).end()
        full += _add(found, DATA_PAGE, head, body, _written(body, packed, codec))
    size = sum(map(len, found))
    told = Struct().number(1, physical).items(2, 5, [zigzag(each) for each in pages.encodings])
    told.items(3, BINARY, [binary(name.encode())]).number(4, codec).number(5, len(column), I64)
    told.number(6, full, I64).number(7, size, I64).number(9, place + dictionary_size, I64)
    if pages.entries:
        told.number(11, place, I64)
    if with_statistics:
        told.struct(12, _statistics(column))
    return _Chunk(tuple(found), size, full, Struct().number(2, place, I64).struct(3, told.end()).end())


def _add(found: list[bytes], kind: int, head: bytes, body: bytes, written: bytes) -> int:
    """Add the head of a page and the page; returns how many bytes they would be if nothing were compressed."""
    checksum = zlib.crc32(written)
    whole = Struct().number(1, kind).number(2, len(body)).number(3, len(written))
    whole.number(4, checksum - (1 << 32) if checksum >> 31 else checksum).struct(HEADS[kind], head)
    found += [whole.end(), written]
    return len(found[-2]) + len(body)


def _written(body: bytes, compressed: bytes, codec: int) -> bytes:
    """Return a page as it is written; a small one was not compressed yet."""
    if codec == UNCOMPRESSED:
        return body
    return compressed if len(body) >= SMALL else _compressed(body)


def _compressed(body: bytes) -> bytes:
    found: bytes = pa.Codec("zstd", compression_level=LEVEL).compress(body, asbytes=True)
    return found


def _physical(kind: pa.DataType) -> int:
    """Return how values of a type are written."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_string(kind):
        return BYTE_ARRAY
    if kind in {pa.int64(), pa.uint64()}:
        return INT64
    raise TypeError(f"a column of {kind} cannot be written")


def _pages(column: Column) -> _Pages:
    """Return the bodies of a column's pages."""
    if isinstance(column, Spread):
        return _listed(column.values, column.places)
    if pa.types.is_dictionary(column.type):
        return _listed(*_entries(column))
    if not pa.types.is_string(column.type) and len(column) and len(column.slice(0, LOOKED_AT).unique()) <= FEW_NUMBERS:
        listed = column.dictionary_encode()
        if len(listed.dictionary) * 8 < len(column):
            return _listed(*_entries(listed))
    return _plain(column)


def _entries(column: pa.DictionaryArray) -> tuple[pa.Array, Places]:
    """Return the entries of a dictionary-coded column, with one for none at the end, and for each row the place of its own."""
    places, lacking = values_of(column.indices)
    entries = len(column.dictionary)
    listed = pa.concat_arrays([column.dictionary, pa.nulls(1, column.dictionary.type)])
    return listed, Places.of(places if lacking is None else np.where(lacking, entries, places), entries + 1)


# --- pages -----------------------------------------------------------------------------------------------------------


def _listed(values: pa.Array, places: Places) -> _Pages:
    """Return the pages of a column of which the values are in a dictionary."""
    body, count, numbers = _dictionary(values, places)
    rows = len(places.rows)
    if not count:
        return _Pages((PLAIN, RLE), [(rows, _levels(None, rows, 0))])
    bits = max((count - 1).bit_length(), 1)
    is_one = count == 1
    data = []
    for start in range(0, rows, PAGE_ROWS):
        some = places.rows[start : start + PAGE_ROWS]
        packed, levels, has = kernel.pack(some, numbers, 0 if is_one else bits)
        run = varint(has << 1) + b"\0" if is_one else varint((-(-has // 8) << 1) | 1)
        data.append((len(some), b"".join([_levels(levels, len(some), has), bytes((bits,)), *([run, packed.tobytes()] if has else [])])))
    return _Pages((RLE_DICTIONARY, PLAIN, RLE), data, body, count)


def _dictionary(values: pa.Array, places: Places) -> tuple[bytes, int, NDArray[np.int32]]:
    """Return the page of the dictionary: the values that occur, sorted; how many they are; and for each entry the number of its value."""
    occurs = places.counts > 0
    if pa.types.is_dictionary(values.type) or pa.types.is_string(values.type):
        listed = values if pa.types.is_dictionary(values.type) else None
        words = values.dictionary.to_pylist() if listed is not None else values.to_pylist()
        if listed is not None:
            indices, lacking = values_of(listed.indices)
        else:
            indices, lacking = np.arange(len(words)), np.array([word is None for word in words], np.bool_)
        met = np.zeros(len(words), np.bool_)
        has = occurs if lacking is None else occurs & ~lacking
        met[indices[has]] = True
        found = sorted({words[place] for place in np.flatnonzero(met).tolist()})
        numbered = {word: number for number, word in enumerate(found)}
        of_words = np.array([numbered.get(word, -1) for word in words] or [-1], np.int32)
        numbers = np.where(has, of_words[np.where(has, indices, 0)], np.int32(-1)).astype(np.int32, copy=False)
        return _few_words_page(tuple(found)) if len(found) <= FEW_WORDS else _words_page(found), len(found), numbers
    kept, lacking = values_of(values)
    has = occurs if lacking is None else occurs & ~lacking
    different, inverse = np.unique(kept[has], return_inverse=True)
    numbers = np.full(len(kept), -1, np.int32)
    numbers[has] = inverse
    return different.tobytes(), len(different), numbers


@lru_cache(maxsize=1_024)
def _few_words_page(words: tuple[str, ...]) -> bytes:
    """Return what `_words_page` does; part after part has the same few words."""
    return _words_page(words)


def _words_page(words: Sequence[str]) -> bytes:
    """Return words, each with its length before it."""
    data = [word.encode() for word in words]
    return b"".join(chain.from_iterable((len(word).to_bytes(4, "little"), word) for word in data))


def _plain(column: pa.Array) -> _Pages:
    """Return the pages of a column whose values stand there as they are."""
    data = []
    for start in range(0, len(column), PAGE_ROWS):
        some = column.slice(start, PAGE_ROWS)
        levels = None
        if some.null_count:
            levels = np.packbits(some.is_valid().to_numpy(zero_copy_only=False), bitorder="little")
        known = some.drop_null() if some.null_count else some
        body = _text(known) if pa.types.is_string(some.type) else values_of(known)[0].tobytes()
        data.append((len(some), _levels(levels, len(some), len(known)) + body))
    return _Pages((PLAIN, RLE), data)


def _text(column: pa.StringArray) -> bytes:
    """Return words, each with its length before it, without a look at each by itself."""
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    if not len(column):
        return b""
    lengths = np.diff(ends).astype("<u4")
    out = np.empty(int(ends[-1] - ends[0]) + 4 * len(lengths), np.uint8)
    heads = (ends[:-1] - ends[0] + 4 * np.arange(len(lengths)))[:, None] + np.arange(4)
    is_head = np.zeros(len(out), np.bool_)
    is_head[heads] = True
    out[heads] = lengths.view(np.uint8).reshape(-1, 4)
    out[~is_head] = np.frombuffer(data or b"", np.uint8)[ends[0] : ends[-1]]
    return out.tobytes()


def _levels(levels: Array | None, rows: int, has: int) -> bytes:
    """Return which rows have a value: `levels`, a bit for each, or all or none of them."""
    is_one = levels is None or has in {0, rows}
    body = varint(rows << 1) + bytes((has > 0,)) if is_one or levels is None else varint((len(levels) << 1) | 1) + levels.tobytes()
    return len(body).to_bytes(4, "little") + body


def _statistics(column: Column) -> bytes:
    """Return what is said of a column of text: the rows without a value, the greatest and the least."""
    assert isinstance(column, pa.StringArray), "of keys"
    told = Struct().number(3, column.null_count, I64)
    least = pc.min_max(column).as_py()
    if least["min"] is not None:
        told.words(5, least["max"].encode()).words(6, least["min"].encode())
    return told.end()


# --- the footer ------------------------------------------------------------------------------------------------------


def _footer(results: ResultColumns, chunks: Sequence[_Chunk]) -> bytes:
    """Return what stands at the end of the file."""
    schema = results.schema
    root = Struct().words(4, b"schema").number(5, len(schema)).end()
    group = Struct().items(1, STRUCT, [chunk.told for chunk in chunks])
    group.number(2, sum(chunk.full for chunk in chunks), I64).number(3, results.rows, I64)
    group.number(5, len(MAGIC), I64).number(6, sum(chunk.size for chunk in chunks), I64)
    said = dict(schema.metadata or {})
    arrow: bytes = schema.serialize().to_pybytes()  # with its metadata, which readers that know it take from there
    said[b"ARROW:schema"] = base64.b64encode(arrow)
    return (
        Struct()
        .number(1, 2)
        .items(2, STRUCT, [root, *(_element(field.name, field.type) for field in schema)])
        .number(3, results.rows, I64)
        .items(4, STRUCT, [group.end()])
        .items(5, STRUCT, [Struct().words(1, name).words(2, value).end() for name, value in said.items()])
        .words(6, CREATED_BY)
        .items(7, STRUCT, [_BY_TYPE] * len(schema))
        .end()
    )


_BY_TYPE = Struct().struct(1, Struct().end()).end()
"""That least and greatest values follow the order of the column's type."""


@lru_cache(maxsize=8_192)
def _element(name: str, kind: pa.DataType) -> bytes:
    """Return what the footer's schema says of a column."""
    found = Struct().number(1, _physical(kind)).number(3, OPTIONAL).words(4, name.encode())
    if _physical(kind) == BYTE_ARRAY:
        return found.number(6, UTF8).struct(10, Struct().struct(STRING, Struct().end()).end()).end()
    if kind == pa.uint64():
        integer = Struct().byte(1, 64).truth(2, False).end()
        return found.number(6, UINT_64).struct(10, Struct().struct(INTEGER, integer).end()).end()
    return found.end()
