"""The kernel counts columns of few values, and packs them as Parquet has them: on every path of this machine, against plain Python."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from tests.engine.kernel_arrays import Array
from zhida.columnar import kernel

SIZES = (0, 1, 7, 8, 63, 64, 65, 130, 2049, 4096 + 1003)
BITS = (0, 1, 2, 3, 7, 8, 9, 12, 14, 15, 16, 17, 28, 29, 31, 32)
KINDS = ("uint8", "uint16", "uint32", "int32", "int64")


@pytest.fixture(params=kernel.PATHS)
def path(request: pytest.FixtureRequest) -> Iterator[str]:
    with kernel.use(request.param):
        yield request.param


@pytest.fixture
def lots(request: pytest.FixtureRequest) -> np.random.Generator:
    return np.random.default_rng(sum(request.node.originalname.encode()))


def reference(places: Array, numbers: Array, bits: int) -> tuple[list[int], list[int] | None, int]:
    """Return what packing gives: one long integer, least bit first, cut into bytes."""
    entries = numbers.tolist()
    found = [entries[place] for place in places.tolist()]
    kept = [number for number in found if number >= 0]
    total, flags = 0, 0
    for start in reversed(range(0, len(kept), 512)):  # in parts: one shift for each number would be slow
        part = sum(number << (bits * place) for place, number in enumerate(kept[start : start + 512]))
        total = total << (bits * 512) | part
    for start in reversed(range(0, len(found), 512)):
        flags = flags << 512 | sum((number >= 0) << place for place, number in enumerate(found[start : start + 512]))
    present = None if len(kept) == len(found) else list(flags.to_bytes(-(-len(found) // 8), "little"))
    return list(total.to_bytes(-(-len(kept) // 8) * bits, "little")), present, len(kept)


def told(places: Array, numbers: Array, bits: int, out: Array | None = None) -> tuple[list[int], list[int] | None, int]:
    packed, present, count = kernel.pack(places, numbers, bits, out=out)
    assert packed.dtype == np.uint8
    return packed.tolist(), None if present is None else present.tolist(), count


def everywhere(places: Array, numbers: Array, bits: int) -> None:
    """Assert that every path packs alike, and as plain Python does."""
    expected = reference(places, numbers, bits)
    for name in kernel.PATHS:
        with kernel.use(name):
            assert told(places, numbers, bits) == expected, (name, len(places), len(numbers), bits)


def table(count: int, bits: int, share: float, lots: np.random.Generator) -> Array:
    """Return numbers of some bits, the least and the greatest among them; a share of them none."""
    most = min(2**bits, 2**31) - 1
    numbers = lots.integers(0, most, count, endpoint=True).astype(np.int32)
    numbers[:2] = [most, 0][:count]
    numbers[lots.random(count) < share] = -1
    return numbers


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bits", BITS)
def test_numbers_are_packed_and_rows_without_one_left_out(bits: int, kind: str, lots: np.random.Generator) -> None:
    for count, share in ((3, 0.0), (3, 0.4), (100, 0.1), (200, 0.0), (256, 0.9)):
        numbers = table(count, bits, share, lots)
        for size in SIZES:
            everywhere(lots.integers(0, count, size).astype(kind), numbers, bits)


@pytest.mark.parametrize("kind", ["uint16", "uint32", "int64"])
@pytest.mark.parametrize("count", [1, 64, 65, 128, 129, 256, 257, 300, 500, 700, 2048, 2049, 20_000, 65_536])
def test_tables_of_every_size_are_looked_up(count: int, kind: str, lots: np.random.Generator) -> None:
    places = lots.integers(0, count, 5000).astype(kind)
    places[:2] = count - 1
    for bits in (0, 1, 6, 8, 11):
        for share in (0.0, 0.2):
            everywhere(places, table(count, bits, share, lots), bits)


def test_tables_beyond_two_bytes_are_looked_up(lots: np.random.Generator) -> None:
    for count in (65_537, 200_000):
        for bits in (1, 13, 18):
            for kind in ("uint8", "uint16", "uint32", "int32", "int64"):
                places = lots.integers(0, min(count, np.iinfo(kind).max), 3000).astype(kind)
                for share in (0.0, 0.3):
                    everywhere(places, table(count, bits, share, lots), bits)


@pytest.mark.parametrize("bits", [0, 1, 8, 12, 20])
def test_all_rows_or_none_may_have_a_number(bits: int, lots: np.random.Generator) -> None:
    numbers = table(10, bits, 0.0, lots)
    numbers[4] = -1
    for size in SIZES:
        for here in ([4], [0, 1, 2, 3, 5, 9]):
            everywhere(np.array(here, np.uint8)[lots.integers(0, len(here), size)], numbers, bits)
        rare = np.full(size, 4, np.uint16)  # a long way to eight
        rare[::700] = 1
        everywhere(rare, numbers, bits)
        often = np.ones(size, np.uint16)
        often[::700] = 4
        everywhere(often, numbers, bits)


def test_every_number_of_a_byte_or_two_has_its_place_beside_none(lots: np.random.Generator) -> None:
    for bits in (8, 16):
        numbers = np.arange(-1, 2**bits, dtype=np.int32)
        lots.shuffle(numbers)
        everywhere(lots.integers(0, len(numbers), 4000), numbers, bits)
        everywhere(lots.integers(0, len(numbers), 4000), np.maximum(numbers, 0), bits)
        everywhere(lots.integers(0, len(numbers), 4000), np.maximum(numbers, 0), bits + 3)


def test_few_numbers_may_have_more_bits_than_they_need(lots: np.random.Generator) -> None:
    for bits in BITS[2:]:
        for share in (0.0, 0.5):
            everywhere(lots.integers(0, 9, 3001).astype(np.uint8), table(9, 1, share, lots), bits)


def test_numbers_are_written_where_they_are_wanted(path: str, lots: np.random.Generator) -> None:
    places = lots.integers(0, 50, 1001).astype(np.uint16)
    for share in (0.0, 0.3):
        for bits in (0, 1, 5, 8, 13, 31):
            numbers = table(50, bits, share, lots)
            expected = reference(places, numbers, bits)
            for more in (0, 1, 200):
                room = np.full(126 * bits + more + 16, 7, np.uint8)
                assert told(places, numbers, bits, room[8:-8]) == expected, path
                assert set(room[:8].tolist() + room[-8:].tolist()) == {7}, path
                assert np.shares_memory(kernel.pack(places, numbers, bits, out=room)[0], room) == (bits > 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_place_that_the_table_does_not_have_is_refused(path: str, kind: str) -> None:
    beyond = [200, 255] if kind == "uint8" else [200, 256, 511, 65_535 if kind == "uint16" else 2**31 - 1]
    beyond += [-1, np.iinfo(kind).min] if kind.startswith("i") else []
    beyond += [2**32, 2**32 + 5, 2**63 - 1] if kind == "int64" else [2**32 - 1] if kind == "uint32" else []
    for bits, least in ((0, 0), (0, -1), (1, 0), (8, -1), (20, -1)):
        numbers = np.full(200, least, np.int32)
        numbers[-1] = 0
        for size in (1, 70, 5000):
            for row in {0, size // 2, size - 1}:
                for place in beyond:
                    places = np.full(size, 199, kind)
                    places[row] = place
                    with pytest.raises(ValueError, match=rf"row {row} is not below 200"):
                        kernel.pack(places, numbers, bits)
    with pytest.raises(ValueError, match="row 0 is not below 0"):
        kernel.pack(np.zeros(3, kind), np.zeros(0, np.int32), 1)
    assert told(np.zeros(0, kind), np.zeros(0, np.int32), 1) == ([], None, 0), path


def test_a_number_that_needs_more_bits_is_refused(path: str) -> None:
    places = np.zeros(9, np.uint8)
    for bits in (0, 1, 7, 8, 16, 30):
        for number in (-2, 2**bits, 2**31 - 1, -(2**31)):
            with pytest.raises(ValueError, match=rf"numbers: {number} does not fit into {bits} bits"):
                kernel.pack(places, np.array([0, number], np.int32), bits)
    assert told(places, np.array([2**31 - 1], np.int32), 31)[2] == 9, path


def test_parts_follow_each_other(path: str, lots: np.random.Generator) -> None:
    """Whole groups of eight are a page's own: packing half of the rows after the other gives the same bytes."""
    places, numbers = lots.integers(0, 30, 64 * 40).astype(np.uint16), table(30, 6, 0.0, lots)
    whole = told(places, numbers, 6)[0]
    cuts = [0, 8, 64, 72, 1000, 64 * 40]
    assert [byte for start, stop in pairwise(cuts) for byte in told(places[start:stop], numbers, 6)[0]] == whole, path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("entries", [1, 2, 200, 256, 4096, 4097, 70_000])
def test_rows_are_counted_by_their_entry(path: str, kind: str, entries: int, lots: np.random.Generator) -> None:
    """With few entries rows in turn are counted apart, with many together; there may be entries of no row, and rows of one entry alone."""
    most = min(entries, np.iinfo(kind).max + 1)
    for size in (*SIZES, 20_001):
        for places in (lots.integers(0, most, size), np.full(size, most - 1), np.arange(size) // 7 % most):
            column = places.astype(kind)
            expected = dict(Counter(column.tolist()))
            found = kernel.count(column, entries)
            assert (found.dtype, len(found)) == (np.int64, entries)
            assert {place: count for place, count in enumerate(found.tolist()) if count} == expected, (path, size)


@pytest.mark.parametrize(
    ("kind", "place"), [("uint8", 7), ("uint16", 7), ("uint32", 2**31), ("int32", -1), ("int64", -(2**40)), ("int64", 7)]
)
@pytest.mark.parametrize("row", [0, 4_000, 9_998])
def test_a_row_of_no_entry_is_named_where_rows_are_counted(path: str, kind: str, place: int, row: int) -> None:
    places = np.zeros(10_000, kind)
    places[row:] = place
    with pytest.raises(ValueError, match=f"^places: the one in row {row} is not below 7$"):
        kernel.count(places, 7)
    with pytest.raises(ValueError, match="row 0 is not below 0"):
        kernel.count(np.zeros(1, kind), 0)
    assert kernel.count(np.zeros(0, kind), 0).tolist() == [], path


P, N = np.array([1, 0, 1], np.uint16), np.array([1, -1], np.int32)
BAD: dict[str, tuple[type[Exception], Callable[[], Any]]] = {
    "places of floats": (TypeError, lambda: kernel.pack(P.astype(float), N, 1)),
    "places of int8": (TypeError, lambda: kernel.pack(P.astype(np.int8), N, 1)),
    "places of int16": (TypeError, lambda: kernel.pack(P.astype(np.int16), N, 1)),
    "places of uint64": (TypeError, lambda: kernel.pack(P.astype(np.uint64), N, 1)),
    "places of the other order of bytes": (TypeError, lambda: kernel.pack(P.astype(P.dtype.newbyteorder()), N, 1)),
    "places with gaps": (ValueError, lambda: kernel.pack(np.zeros(6, np.uint16)[::2], N, 1)),
    "places of two dimensions": (ValueError, lambda: kernel.pack(np.zeros((3, 2), np.uint16), N, 1)),
    "numbers of 64 bits": (TypeError, lambda: kernel.pack(P, N.astype(np.int64), 1)),
    "numbers without a sign": (TypeError, lambda: kernel.pack(P, N.astype(np.uint32), 1)),
    "numbers with gaps": (ValueError, lambda: kernel.pack(P, np.zeros(6, np.int32)[::2], 1)),
    "bits below zero": (ValueError, lambda: kernel.pack(P, N, -1)),
    "too many bits": (ValueError, lambda: kernel.pack(P, N, 33)),
    "bits that are no integer": (TypeError, lambda: kernel.pack(P, N, 1.5)),  # type: ignore[arg-type]
    "out too short": (ValueError, lambda: kernel.pack(P, N, 3, out=np.zeros(2, np.uint8))),
    "out of another kind": (TypeError, lambda: kernel.pack(P, N, 1, out=np.zeros(2, np.uint16))),
    "out with gaps": (ValueError, lambda: kernel.pack(P, N, 1, out=np.zeros(6, np.uint8)[::2])),
    "out that is places": (ValueError, lambda: kernel.pack(P, N, 1, out=P.view(np.uint8))),
    "counted places of floats": (TypeError, lambda: kernel.count(P.astype(float), 2)),
    "counted places of int8": (TypeError, lambda: kernel.count(P.astype(np.int8), 2)),
    "counted places with gaps": (ValueError, lambda: kernel.count(np.zeros(6, np.uint16)[::2], 2)),
    "counted places of two dimensions": (ValueError, lambda: kernel.count(np.zeros((3, 2), np.uint16), 2)),
    "entries below zero": (ValueError, lambda: kernel.count(P, -1)),
    "entries that are no integer": (TypeError, lambda: kernel.count(P, 1.5)),  # type: ignore[arg-type]
    "entries that are a pair": (TypeError, lambda: kernel.count(P, (2,))),  # type: ignore[arg-type]
    "counted truths": (TypeError, lambda: kernel.count(P.astype(np.bool_), 2)),
    "truths for places": (TypeError, lambda: kernel.pack(P.astype(np.bool_), N, 1)),
    "out inside numbers": (ValueError, lambda: kernel.pack(P, N, 1, out=N.view(np.uint8)[3:5])),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_packed_or_counted_is_refused_alike(path: str, name: str) -> None:
    error, call = BAD[name]
    with pytest.raises(error) as caught:
        call()
    assert caught.type is error, path
