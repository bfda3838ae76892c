"""The kernel, on every path of this machine, against plain Python; the same refusals on each; and what is done without it."""

import os
import re
import subprocess
import sys
import sysconfig
from bisect import bisect_right
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from operator import and_
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.kernel_arrays import Array, bits_of, random_masks, wide
from zhida.columnar import kernel
from zhida.errors import InputError

SIZES = (0, 1, 63, 64, 130, 2049, 4096 + 1000)
LEAST, MOST = -(2**63), 2**63 - 1


@pytest.fixture(params=kernel.PATHS)
def path(request: pytest.FixtureRequest) -> Iterator[str]:
    with kernel.use(request.param):
        yield request.param


@pytest.fixture
def lots(request: pytest.FixtureRequest) -> np.random.Generator:
    return np.random.default_rng(sum(request.node.originalname.encode()))


def everywhere(expected: list[Any], call: Callable[[], Array]) -> None:
    """Assert that a call gives the same on every path; what is expected is worked out once."""
    for name in kernel.PATHS:
        with kernel.use(name):
            assert call().tolist() == expected, name


def codes_for(count: int, dtype: type[np.generic], lots: np.random.Generator) -> Array:
    return lots.integers(0, np.iinfo(dtype).max, count, endpoint=True).astype(dtype)


def reference(values: list[int], thresholds: Array, codes: Array) -> list[int]:
    marks = thresholds.tolist()
    return [int(codes[bisect_right(marks, value)]) for value in values]


# --- encode ----------------------------------------------------------------------------------------------------------------


MARKS: dict[str, Callable[[], list[int]]] = {
    "none": list,
    "one": lambda: [0],
    "extremes": lambda: [LEAST, LEAST + 1, -1, 0, 1, MOST - 1, MOST],
    "the least alone": lambda: [LEAST],
    "the greatest alone": lambda: [MOST],
    "seven": lambda: [-5, -4, 0, 1, 2, 30, 100],
    "eight": lambda: list(range(8)),
    "fifteen": lambda: list(range(-70, 80, 10)),
    "sixteen": lambda: list(range(-70, 90, 10)),
    "repeated": lambda: sorted([3] * 9 + [4] * 9 + [5, 9]),
    "a short span": lambda: list(range(0, 600, 3)),
    "an even spread": lambda: [1_000_000 * place + 17 for place in range(1000)],
    "money": lambda: sorted({int(100 * 1.07**place) + shift for place in range(300) for shift in (0, 1)}),
    "money around zero": lambda: sorted({sign * int(1.2**place) for place in range(150) for sign in (1, -1)}),
    "a crowd": lambda: [*range(1000, 1100), 10**15],
    "all of 64 bits": lambda: sorted([LEAST, MOST, *(LEAST + 2**57 * place for place in range(128))]),
    "thousands": lambda: sorted({(place * 2_654_435_761) % 10**10 for place in range(5000)}),
}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("name", MARKS)
def test_each_value_gets_the_code_of_the_thresholds_it_has_reached(name: str, dtype: type[np.generic], lots: np.random.Generator) -> None:
    thresholds = np.array(MARKS[name](), np.int64)
    codes = codes_for(len(thresholds) + 1, dtype, lots)
    near = [mark + step for mark in thresholds.tolist() for step in (-1, 0, 1)]
    pool = np.array([value for value in [*near, LEAST, LEAST + 1, -1, 0, 1, MOST - 1, MOST] if LEAST <= value <= MOST], np.int64)
    for size in (*SIZES, 40_001):
        values = np.where(lots.random(size) < 0.8, pool[lots.integers(0, len(pool), size)], lots.integers(LEAST, MOST, size))
        if len(thresholds) > 16 and size == 40_001:  # most of them among the thresholds
            values = np.where(lots.random(size) < 0.7, lots.integers(thresholds[0], thresholds[-1], size), values)
        everywhere(reference(values.tolist(), thresholds, codes), lambda values=values: kernel.encode(values, thresholds, codes))
        assert kernel.encode(values, thresholds, codes).dtype == dtype


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("name", ["money", "an even spread", "a crowd", "thousands"])
def test_codes_may_be_any_of_their_kind_the_greatest_too(name: str, dtype: type[np.generic], lots: np.random.Generator) -> None:
    thresholds = np.array(MARKS[name](), np.int64)
    greatest = np.iinfo(dtype).max
    values = lots.integers(thresholds[0] - 9, thresholds[-1] + 9, 40_001)
    values[::3] = thresholds[lots.integers(0, len(thresholds), len(values[::3]))] - lots.integers(0, 2, len(values[::3]))
    codes = (np.arange(len(thresholds) + 1) % greatest).astype(dtype)  # without the greatest
    everywhere(reference(values.tolist(), thresholds, codes), lambda: kernel.encode(values, thresholds, codes))
    codes[len(codes) // 2] = greatest
    everywhere(reference(values.tolist(), thresholds, codes), lambda: kernel.encode(values, thresholds, codes))


@pytest.mark.parametrize("kind", ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"])
@pytest.mark.parametrize("count", [0, 3, 12, 40, 250])
def test_integers_of_every_width_are_encoded(kind: str, count: int, lots: np.random.Generator) -> None:
    low, high = (0, 1) if kind == "bool" else (int(np.iinfo(kind).min), int(np.iinfo(kind).max))
    thresholds = np.sort(lots.integers(low, high, count, endpoint=True))
    codes = codes_for(count + 1, np.uint16, lots)
    for size in SIZES:
        values = lots.integers(low, high, size, dtype=np.int64, endpoint=True).astype(kind)
        values[: min(size, 2)] = [low, high][: min(size, 2)]
        everywhere(reference(values.tolist(), thresholds, codes), lambda values=values: kernel.encode(values, thresholds, codes))


@pytest.mark.parametrize("name", ["none", "extremes", "the least alone", "the greatest alone", "fifteen", "money", "all of 64 bits"])
def test_wide_values_beyond_64_bits_lie_beyond_all_thresholds(name: str, lots: np.random.Generator) -> None:
    thresholds = np.array(MARKS[name](), np.int64)
    codes = codes_for(len(thresholds) + 1, np.uint8, lots)
    edges = [0, -1, 1, LEAST, LEAST - 1, LEAST - 2, MOST, MOST + 1, 2**64, -(2**64), 2**64 - 1, -(2**127), 2**127 - 1, *thresholds.tolist()]
    for size in (*SIZES, 20_000):
        numbers = [edges[place] for place in lots.integers(0, len(edges), size).tolist()]
        values = wide(numbers)
        everywhere(reference(numbers, thresholds, codes), lambda values=values: kernel.encode(values, thresholds, codes))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("share", [0.0, 0.03, 0.5, 1.0])
def test_rows_without_a_value_get_the_code_of_unknown(share: float, dtype: type[np.generic], lots: np.random.Generator) -> None:
    thresholds, codes = np.array([10, 20], np.int64), np.array([5, 6, 7], dtype)
    for size in SIZES:
        values = lots.integers(0, 30, size)
        valid = lots.random(size) < share
        expected = [code if counts else 200 for code, counts in zip(reference(values.tolist(), thresholds, codes), valid, strict=True)]
        for given in (valid, *((bits_of(valid, offset), offset) for offset in (0, 1, 7, 8, 13))):
            everywhere(expected, lambda given=given, values=values: kernel.encode(values, thresholds, codes, valid=given, unknown=200))


def test_slices_that_begin_anywhere_are_read(lots: np.random.Generator) -> None:
    thresholds, codes = np.array([100, 200], np.int64), np.array([1, 2, 3], np.uint8)
    whole = lots.integers(0, 300, 3000).astype(np.int32)
    for start in (1, 3, 5, 63):
        part = whole[start:]
        everywhere(reference(part.tolist(), thresholds, codes), lambda part=part: kernel.encode(part, thresholds, codes))


# --- translate -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "int64"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_indices_of_a_dictionary_become_codes(kind: str, dtype: type[np.generic], lots: np.random.Generator) -> None:
    count = 100 if kind.endswith("int8") else 30_000
    codes = codes_for(count, dtype, lots)
    for size in SIZES:
        indices = lots.integers(0, count, size).astype(kind)
        everywhere([int(codes[index]) for index in indices.tolist()], lambda indices=indices: kernel.translate(indices, codes))


@pytest.mark.parametrize("kind", ["int8", "int32", "int64", "uint32"])
def test_an_index_under_a_row_without_a_value_may_be_anything(kind: str, lots: np.random.Generator) -> None:
    codes = np.array([11, 12], np.uint8)
    for size in SIZES:
        valid = lots.random(size) < 0.5
        indices = np.where(valid, lots.integers(0, 2, size), 99 if kind == "uint32" else -3).astype(kind)
        expected = [int(codes[index]) if counts else 7 for index, counts in zip(indices.tolist(), valid, strict=True)]
        for given in (valid, (bits_of(valid, 5), 5)):
            everywhere(expected, lambda given=given, indices=indices: kernel.translate(indices, codes, valid=given, unknown=7))


def test_a_dictionary_without_words_serves_rows_without_values(path: str) -> None:
    none = np.zeros(3, np.bool_)
    assert kernel.translate(np.array([4, 0, -1]), np.zeros(0, np.uint8), valid=none, unknown=9).tolist() == [9, 9, 9], path


@pytest.mark.parametrize("index", [-1, 2, 127])
def test_an_index_that_has_no_code_is_refused(path: str, index: int) -> None:
    for size in (1, 100, 3000):
        indices = np.zeros(size, np.int8)
        indices[-1] = index
        with pytest.raises(ValueError, match=f"row {size - 1} is not below 2"):
            kernel.translate(indices, np.array([1, 2], np.uint8))
    assert path


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_bits_become_codes(dtype: type[np.generic], lots: np.random.Generator) -> None:
    for size in SIZES:
        for offset in (0, 3, 8):
            values, valid = lots.random(size) < 0.5, lots.random(size) < 0.8
            bits, given, out = bits_of(values, offset), (bits_of(valid, 1), 1), np.empty(size, dtype)
            everywhere(
                [9 if not counts else 5 if value else 4 for value, counts in zip(values, valid, strict=True)],
                lambda bits=bits, offset=offset, size=size, given=given, out=out: kernel.translate_bits(
                    bits, offset, size, (4, 5), valid=given, unknown=9, out=out
                ),
            )


# --- decide ----------------------------------------------------------------------------------------------------------------


def columns(counts: list[int], rows: int, lots: np.random.Generator, *, is_wide: bool = False) -> list[Array]:
    """Return one column of codes for each count; pairs of bytes where bytes are too narrow."""
    return [lots.integers(0, count, rows).astype(np.uint16 if count > 256 or is_wide else np.uint8) for count in counts]


SHAPES = {
    "one column": ([5], [5]),
    "bytes all the way": ([3, 4, 20], [3, 4, 20]),
    "shared codes": ([40, 64, 17, 9], [3, 4, 2, 5]),
    "two pages of a table": ([10, 7, 2], [10, 7, 2]),
    "sixteen pages of a table": ([64, 8, 4], [64, 8, 4]),
    "seventeen pages of a table": ([65, 8, 4], [64, 9, 4]),
    "more than 64 codes": ([65, 100, 128], [3, 4, 5]),
    "more than 128 codes": ([129, 200, 256], [3, 4, 5]),
    "sums of two bytes": ([40, 64, 17, 30, 8, 64], [3, 8, 9, 10, 3, 3]),
    "sums of two bytes, many codes": ([256, 200, 70], [40, 30, 50]),
    "a column of pairs": ([1000, 20, 60_000, 5], [10, 20, 7, 5]),
    "pairs alone": ([300, 500], [16, 15]),
    "65,536 codes": ([65_536], [65_536]),
    "more than 65,536 entries": ([100, 100, 100], [50, 40, 60]),
    "eight columns": ([9] * 8, [2, 3, 2, 3, 2, 3, 2, 3]),
    "twelve columns": ([9] * 12, [2] * 12),
}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int32])
@pytest.mark.parametrize("name", SHAPES)
def test_a_dense_table_gives_the_entry_of_each_combination(name: str, dtype: type[np.generic], lots: np.random.Generator) -> None:
    shared, local = SHAPES[name]
    maps, stride = [], 1
    for count, own in zip(shared, local, strict=True):
        places = lots.integers(0, own, count)
        places[-1] = own - 1
        maps.append((stride * places).astype(np.uint32))
        stride *= own
    table = lots.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, stride, endpoint=True).astype(dtype)
    for size in SIZES:
        codes = columns(shared, size, lots)
        places = [sum(int(map_[code]) for map_, code in zip(maps, row, strict=True)) for row in zip(*codes, strict=True)]
        everywhere([int(table[place]) for place in places], lambda codes=codes: kernel.decide_dense(codes, maps, table))
        assert kernel.decide_dense(codes, maps, table).dtype == dtype


MASK_SHAPES = {
    "six rules": ([5, 4, 3], 6, 0.4),
    "eight rules": ([20, 64], 8, 0.3),
    "forty rules": ([12, 20, 7, 9, 30, 64], 40, 0.6),
    "sixty-four rules, one column": ([128], 64, 0.05),
    "sixty-four rules, bytes": ([256, 200], 64, 0.2),
    "sixty-five rules": ([5, 6], 65, 0.1),
    "pairs of bytes": ([1000, 30], 40, 0.2),
    "pairs of bytes, few masks": ([257, 30, 900, 5], 40, 0.5),
    "pairs of bytes, eight rules": ([1000, 258], 8, 0.1),
    "pairs of bytes, each another mask": ([1001, 20], 40, 0.5),
    "ten columns of pairs of bytes": ([400] * 10, 20, 0.9),
    "a thousand rules": ([700, 30, 300, 12, 256], 1000, 0.15),
    "a thousand rules, few matches": ([700, 30, 300], 1000, 0.05),
    "two hundred rules, four columns": ([20, 30, 40, 50], 200, 0.3),
    "two hundred rules, six columns": ([20, 30, 40, 50, 9, 300], 200, 0.5),
    "two hundred rules, seven columns": ([20, 30, 40, 50, 9, 300, 5], 200, 0.5),
    "twelve hundred rules, many matches": ([20, 30], 1200, 0.6),
    "five thousand rules": ([40, 300], 5000, 0.02),
    "65,536 codes": ([65_536], 20, 0.1),
    "ten columns": ([9] * 10, 30, 0.8),
}


@pytest.mark.parametrize("name", MASK_SHAPES)
def test_masks_give_the_lowest_rule_the_only_one_or_all(name: str, lots: np.random.Generator) -> None:
    counts, rules, density = MASK_SHAPES[name]
    masks, numbers = random_masks(counts, rules, density, lots)
    for size in SIZES:
        codes = columns(counts, size, lots)
        matched = [reduce(and_, map(list.__getitem__, numbers, row)) for row in zip(*codes, strict=True)]
        lowest = [(bits & -bits).bit_length() - 1 for bits in matched]
        firsts = [65_535 if rule < 0 else rule for rule in lowest]
        onlies = [65_534 if bits & (bits - 1) else rule for bits, rule in zip(matched, firsts, strict=True)]
        everywhere(firsts, lambda codes=codes: kernel.decide_masks(codes, masks, True, 65_535, 65_534))
        everywhere(onlies, lambda codes=codes: kernel.decide_masks(codes, masks, False, 65_535, 65_534))
        words = [[bits >> 64 * word & (2**64 - 1) for word in range(masks[0].shape[1])] for bits in matched]
        everywhere(words, lambda codes=codes: kernel.match(codes, masks))
        assert kernel.first(kernel.match(codes, masks)).tolist() == lowest


def rules_of(bits: int) -> Iterator[int]:
    """Yield the places of the bits that are set."""
    while bits:
        yield (bits & -bits).bit_length() - 1
        bits &= bits - 1


@pytest.mark.parametrize("name", MASK_SHAPES)
def test_masks_add_up_the_numbers_of_all_rules(name: str, lots: np.random.Generator) -> None:
    counts, rules, density = MASK_SHAPES[name]
    given, bits = random_masks(counts, rules, density, lots)
    masks = [np.ascontiguousarray(np.pad(mask, ((0, 0), (0, (rules + 1) % 64 == 1)))) for mask in given]
    for mask, of_codes in zip(masks, bits, strict=True):
        behind = lots.random(len(mask)) < 0.9  # the bit behind the rules, and anything behind that
        mask[:, rules // 64] |= np.where(behind, 1 << rules % 64, 0).astype(np.uint64)
        if rules % 64 < 63:
            mask[:, -1] |= np.uint64(1 << 63)
        of_codes[:] = [each | int(has) << rules for each, has in zip(of_codes, behind, strict=True)]
    few = rules // 2  # the rest of the rules is behind then
    for numbers, bit in ((lots.integers(-1000, 1000, rules), rules), (lots.integers(-(2**52), 2**52, rules), rules), (np.arange(few), few)):
        listed = numbers.tolist()
        for size in SIZES[:-1]:
            codes = columns(counts, size, lots)
            expected = []
            for row in zip(*codes, strict=True):
                found = reduce(and_, map(list.__getitem__, bits, row))
                some = [listed[rule] for rule in rules_of(found & (1 << bit) - 1)]
                expected.append(LEAST if not found >> bit & 1 else sum(some) if some else MOST)
            everywhere(expected, lambda codes=codes, numbers=numbers: kernel.sum_masks(codes, masks, numbers, LEAST, MOST))


def test_every_bit_of_a_word_is_found(path: str) -> None:
    masks = [np.array([[1 << rule] for rule in range(64)], np.uint64)]
    codes = [np.tile(np.arange(64, dtype=np.uint8), 3)]
    for first in (True, False):
        assert kernel.decide_masks(codes, masks, first, 99, 98).tolist() == list(range(64)) * 3, path
    assert kernel.match(codes, masks)[:64, 0].tolist() == [1 << rule for rule in range(64)]


@pytest.mark.parametrize("count", [3, 64, 65, 200])
def test_a_code_that_a_table_does_not_know_is_refused(path: str, count: int) -> None:
    for size in (1, 64, 5000):
        for kind in (np.uint8, np.uint16):
            codes = [np.zeros(size, np.uint8), np.zeros(size, kind)]
            codes[1][-1] = count
            maps = [np.zeros(2, np.uint32), np.zeros(count, np.uint32)]
            masks = [np.zeros((2, 1), np.uint64), np.zeros((count, 1), np.uint64)]
            many = [np.zeros((2, 3), np.uint64), np.zeros((count, 3), np.uint64)]
            for call in (
                lambda codes=codes, maps=maps: kernel.decide_dense(codes, maps, np.zeros(1, np.uint8)),
                lambda codes=codes, masks=masks: kernel.decide_masks(codes, masks, True, 0, 0),
                lambda codes=codes, many=many: kernel.decide_masks(codes, many, True, 0, 0),
                lambda codes=codes, masks=masks: kernel.match(codes, masks),
                lambda codes=codes, masks=masks: kernel.sum_masks(codes, masks, NUMBERS, 0, 0),
                lambda codes=codes, many=many: kernel.sum_masks(codes, many, NUMBERS, 0, 0),
            ):
                with pytest.raises(ValueError, match=f"column 1 has no code {count}.*there are {count}"):
                    call()
    assert path


# --- where to write --------------------------------------------------------------------------------------------------------


def test_results_are_written_where_they_are_wanted(path: str) -> None:
    block = np.full(10, 77, np.uint8)
    codes = [np.array([0, 1, 1], np.uint8)]
    assert kernel.encode(np.array([1, 5, 9]), np.array([5]), np.array([1, 2], np.uint8), out=block[2:5]) is not None
    kernel.translate(np.array([1, 0]), np.array([3, 4], np.uint8), out=block[6:8])
    kernel.decide_dense(codes, [np.array([0, 1], np.uint32)], np.array([8, 9], np.uint8), out=block[:3])
    assert block.tolist() == [8, 9, 9, 2, 2, 77, 4, 3, 77, 77], path
    rules, words = np.full(4, 5, np.uint16), np.full((3, 1), 5, np.uint64)
    masks = [np.array([[4], [2]], np.uint64)]
    assert kernel.decide_masks(codes, masks, True, 0, 0, out=rules[1:]).tolist() == [2, 1, 1]
    assert kernel.match(codes, masks, out=words).tolist() == [[4], [2], [2]]
    sums = np.full(5, 9, np.int64)
    assert kernel.sum_masks(codes, [np.array([[6], [5]], np.uint64)], np.array([3, 4]), -1, 0, out=sums[1:4]).tolist() == [4, 3, 3]
    assert sums.tolist() == [9, 4, 3, 3, 9]
    assert rules[0] == 5


def test_threads_decide_side_by_side(path: str, lots: np.random.Generator) -> None:
    codes = columns([30, 64, 5], 80_000, lots)
    maps = [(np.arange(count) * stride).astype(np.uint32) for count, stride in ((30, 320), (64, 5), (5, 1))]
    table = lots.integers(0, 200, 9600).astype(np.uint8)
    whole = kernel.decide_dense(codes, maps, table)
    parts = [[column[start : start + 9000] for column in codes] for start in range(0, 80_000, 9000)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda part: kernel.decide_dense(part, maps, table), parts))
    assert np.concatenate(found).tolist() == whole.tolist(), path


# --- refusals --------------------------------------------------------------------------------------------------------------

V, T, C = np.arange(3), np.array([1, 2]), np.array([1, 2, 3], np.uint8)
COLUMN, MAP, TABLE = np.array([0, 1], np.uint8), np.array([0, 1], np.uint32), np.array([3, 4], np.uint8)
MASK, NUMBERS = np.array([[1], [2]], np.uint64), np.array([5])
BAD: dict[str, tuple[type[Exception], Callable[[], object]]] = {
    "encode: values of floats": (TypeError, lambda: kernel.encode(V.astype(float), T, C)),
    "encode: values of uint64": (TypeError, lambda: kernel.encode(V.astype(np.uint64), T, C)),
    "encode: values of another byte order": (TypeError, lambda: kernel.encode(V.astype(">i8"), T, C)),
    "encode: values with gaps": (ValueError, lambda: kernel.encode(np.arange(6)[::2], T, C)),
    "encode: values of three dimensions": (ValueError, lambda: kernel.encode(np.zeros((2, 2, 2), np.int64), T, C)),
    "encode: values of three words": (ValueError, lambda: kernel.encode(np.zeros((2, 3), np.int64), T, C)),
    "encode: wide values of 32 bits": (TypeError, lambda: kernel.encode(np.zeros((2, 2), np.int32), T, C)),
    "encode: thresholds of 32 bits": (TypeError, lambda: kernel.encode(V, T.astype(np.int32), C)),
    "encode: thresholds out of order": (ValueError, lambda: kernel.encode(V, T[::-1].copy(), C)),
    "encode: a code too few": (ValueError, lambda: kernel.encode(V, T, C[:2])),
    "encode: a code too many": (ValueError, lambda: kernel.encode(V, T[:1], C)),
    "encode: codes with a sign": (TypeError, lambda: kernel.encode(V, T, C.astype(np.int8))),
    "encode: unknown beyond a byte": (ValueError, lambda: kernel.encode(V, T, C, unknown=256)),
    "encode: unknown below zero": (ValueError, lambda: kernel.encode(V, T, C, unknown=-1)),
    "encode: valid too short": (ValueError, lambda: kernel.encode(V, T, C, valid=np.ones(2, np.bool_))),
    "encode: bits too short": (ValueError, lambda: kernel.encode(V, T, C, valid=(b"\1", 6))),
    "encode: offset below zero": (ValueError, lambda: kernel.encode(V, T, C, valid=(b"\1", -1))),
    "encode: bits alone": (ValueError, lambda: kernel.encode(V, T, C, valid=(b"\1",))),  # type: ignore[arg-type]
    "encode: bits with gaps": (ValueError, lambda: kernel.encode(V, T, C, valid=(memoryview(b"\1\1\1")[::2], 0))),
    "encode: bits that are none": (TypeError, lambda: kernel.encode(V, T, C, valid=("1", 0))),
    "encode: out too short": (ValueError, lambda: kernel.encode(V, T, C, out=np.zeros(2, np.uint8))),
    "encode: out of another kind": (TypeError, lambda: kernel.encode(V, T, C, out=np.zeros(3, np.uint16))),
    "encode: out with gaps": (ValueError, lambda: kernel.encode(V, T, C, out=np.zeros(6, np.uint8)[::2])),
    "encode: out that is codes": (ValueError, lambda: kernel.encode(V, T, C, out=C)),
    "encode: out inside values": (ValueError, lambda: kernel.encode(V, T, C, out=V.view(np.uint8)[4:7])),
    "translate: indices of floats": (TypeError, lambda: kernel.translate(V.astype(float), C)),
    "translate: indices of uint64": (TypeError, lambda: kernel.translate(V.astype(np.uint64), C)),
    "translate: codes of 32 bits": (TypeError, lambda: kernel.translate(V, C.astype(np.uint32))),
    "translate: out too long": (ValueError, lambda: kernel.translate(V, C, out=np.zeros(4, np.uint8))),
    "translate_bits: too few": (ValueError, lambda: kernel.translate_bits(b"\1", 1, 8, (0, 1))),
    "translate_bits: a code beyond a byte": (ValueError, lambda: kernel.translate_bits(b"\1", 1, 3, (0, 256))),
    "translate_bits: out too short": (ValueError, lambda: kernel.translate_bits(b"\1", 1, 3, (0, 1), out=np.zeros(2, np.uint8))),
    "decide_dense: no column": (ValueError, lambda: kernel.decide_dense([], [], TABLE)),
    "decide_dense: too many columns": (ValueError, lambda: kernel.decide_dense([COLUMN] * 257, [MAP * 0] * 257, TABLE)),
    "decide_dense: a map too few": (ValueError, lambda: kernel.decide_dense([COLUMN, COLUMN], [MAP], TABLE)),
    "decide_dense: a shorter column": (ValueError, lambda: kernel.decide_dense([COLUMN, COLUMN[:1]], [MAP, MAP * 0], TABLE)),
    "decide_dense: codes of 32 bits": (TypeError, lambda: kernel.decide_dense([COLUMN.astype(np.uint32)], [MAP], TABLE)),
    "decide_dense: maps of 64 bits": (TypeError, lambda: kernel.decide_dense([COLUMN], [MAP.astype(np.uint64)], TABLE)),  # type: ignore[list-item]
    "decide_dense: maps that lead astray": (ValueError, lambda: kernel.decide_dense([COLUMN], [MAP * 2], TABLE)),
    "decide_dense: sums beyond 32 bits": (
        ValueError,
        lambda: kernel.decide_dense([COLUMN, COLUMN], [MAP * np.uint32(2**32 - 1)] * 2, TABLE),
    ),
    "decide_dense: an empty table": (ValueError, lambda: kernel.decide_dense([COLUMN], [MAP], TABLE[:0])),
    "decide_dense: a table of 64 bits": (TypeError, lambda: kernel.decide_dense([COLUMN], [MAP], TABLE.astype(np.int64))),
    "decide_dense: out of another kind": (TypeError, lambda: kernel.decide_dense([COLUMN], [MAP], TABLE, out=np.zeros(2, np.int32))),
    "decide_masks: masks of 32 bits": (TypeError, lambda: kernel.decide_masks([COLUMN], [MASK.astype(np.uint32)], True, 0, 0)),  # type: ignore[list-item]
    "decide_masks: masks of one dimension": (ValueError, lambda: kernel.decide_masks([COLUMN], [MASK[:, 0].copy()], True, 0, 0)),
    "decide_masks: other words": (ValueError, lambda: kernel.decide_masks([COLUMN] * 2, [MASK, np.zeros((2, 2), np.uint64)], True, 0, 0)),
    "decide_masks: no words": (ValueError, lambda: kernel.decide_masks([COLUMN], [np.zeros((2, 0), np.uint64)], True, 0, 0)),
    "decide_masks: too many words": (ValueError, lambda: kernel.decide_masks([COLUMN], [np.zeros((2, 1025), np.uint64)], True, 0, 0)),
    "decide_masks: none beyond 16 bits": (ValueError, lambda: kernel.decide_masks([COLUMN], [MASK], True, 65_536, 0)),
    "decide_masks: words too few": (ValueError, lambda: kernel.decide_masks([COLUMN], [MASK], True, 0, 0, words=np.zeros(63, np.uint8))),
    "decide_masks: words of 32 bits": (TypeError, lambda: kernel.decide_masks([COLUMN], [MASK], True, 0, 0, words=np.zeros(64, np.int32))),
    "decide_masks: none without a word": (
        ValueError,
        lambda: kernel.decide_masks([COLUMN], [MASK], True, 64, 0, words=np.zeros(64, np.uint8)),
    ),
    "decide_masks: out of another kind than the words": (
        TypeError,
        lambda: kernel.decide_masks([COLUMN], [MASK], True, 0, 0, words=np.zeros(64, np.uint8), out=np.zeros(2, np.uint16)),
    ),
    "sum_masks: no rules": (ValueError, lambda: kernel.sum_masks([COLUMN], [MASK[:, :0].copy()], NUMBERS[:0], 0, 0)),
    "sum_masks: no bit behind": (ValueError, lambda: kernel.sum_masks([COLUMN], [MASK], np.zeros(64, np.int64), 0, 0)),
    "sum_masks: numbers of 32 bits": (TypeError, lambda: kernel.sum_masks([COLUMN], [MASK], NUMBERS.astype(np.int32), 0, 0)),  # type: ignore[arg-type]
    "sum_masks: numbers without a sign": (TypeError, lambda: kernel.sum_masks([COLUMN], [MASK], NUMBERS.astype(np.uint64), 0, 0)),  # type: ignore[arg-type]
    "sum_masks: numbers of two dimensions": (ValueError, lambda: kernel.sum_masks([COLUMN], [MASK], NUMBERS.reshape(1, 1), 0, 0)),
    "sum_masks: numbers with gaps": (ValueError, lambda: kernel.sum_masks([COLUMN], [MASK], np.arange(6)[::2], 0, 0)),
    "sum_masks: masks of 32 bits": (TypeError, lambda: kernel.sum_masks([COLUMN], [MASK.astype(np.uint32)], NUMBERS, 0, 0)),  # type: ignore[list-item]
    "sum_masks: too many words": (ValueError, lambda: kernel.sum_masks([COLUMN], [np.zeros((2, 1025), np.uint64)], NUMBERS, 0, 0)),
    "sum_masks: none beyond 64 bits": (ValueError, lambda: kernel.sum_masks([COLUMN], [MASK], NUMBERS, 2**63, 0)),
    "sum_masks: empty below 64 bits": (ValueError, lambda: kernel.sum_masks([COLUMN], [MASK], NUMBERS, 0, -(2**63) - 1)),
    "sum_masks: none that is no integer": (TypeError, lambda: kernel.sum_masks([COLUMN], [MASK], NUMBERS, 0.5, 0)),  # type: ignore[arg-type]
    "sum_masks: out of another kind": (TypeError, lambda: kernel.sum_masks([COLUMN], [MASK], NUMBERS, 0, 0, out=np.zeros(2, np.uint64))),  # type: ignore[arg-type]
    "sum_masks: out too long": (ValueError, lambda: kernel.sum_masks([COLUMN], [MASK], NUMBERS, 0, 0, out=np.zeros(3, np.int64))),
    "sum_masks: out that is numbers": (ValueError, lambda: kernel.sum_masks([COLUMN[:1]], [MASK], NUMBERS, 0, 0, out=NUMBERS)),
    "sum_masks: out that is masks": (ValueError, lambda: kernel.sum_masks([COLUMN], [MASK], NUMBERS, 0, 0, out=MASK[:, 0].view(np.int64))),
    "not coded: another way": (ValueError, lambda: kernel.decide_dense([kernel.Uncoded(0, V, C, 3)], [MAP], TABLE)),
    "not coded: a code too few": (ValueError, lambda: kernel.decide_dense([kernel.Uncoded(1, V, C[:2], 3, thresholds=T)], [MAP], TABLE)),
    "not coded: other rows": (ValueError, lambda: kernel.decide_dense([COLUMN, kernel.Uncoded(2, V, C, 3)], [MAP] * 2, TABLE)),
    "not coded: bits too short": (ValueError, lambda: kernel.decide_dense([kernel.Uncoded(3, b"\1", C[:2], 9)], [MAP], TABLE)),
    "not coded: bits with three codes": (ValueError, lambda: kernel.decide_dense([kernel.Uncoded(3, b"\1", C, 3)], [MAP], TABLE)),
    "not coded: out inside values": (
        ValueError,
        lambda: kernel.decide_dense([kernel.Uncoded(2, V, C * 0, 3)], [MAP], TABLE, out=V.view(np.uint8)[4:7]),
    ),
    "match: out of other words": (ValueError, lambda: kernel.match([COLUMN], [MASK], out=np.zeros((2, 2), np.uint64))),
    "match: no columns": (ValueError, lambda: kernel.match([], [])),
}


@pytest.mark.parametrize("name", BAD)
def test_arguments_that_do_not_fit_are_refused_alike(path: str, name: str) -> None:
    error, call = BAD[name]
    with pytest.raises(error) as caught:
        call()
    assert caught.type is error, path


def test_what_cannot_be_written_is_refused(path: str) -> None:
    out = np.zeros(3, np.uint8)
    out.flags.writeable = False
    with pytest.raises(ValueError, match=r"read-only|written"):
        kernel.encode(V, T, C, out=out)
    odd = np.zeros(17, np.uint8)[1:].view(np.int64)  # where 8 bytes do not begin
    if odd.ctypes.data % 8:
        with pytest.raises(ValueError, match=r"aligned|one piece"):
            kernel.encode(odd, T, C)
    assert path


# --- the choice of a path --------------------------------------------------------------------------------------------------


def started(code: str, *prefix: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, **environment}
    return subprocess.run([*prefix, sys.executable, "-c", code], check=False, capture_output=True, text=True, env=given)


def test_the_paths_end_in_numpy_and_others_are_named() -> None:
    assert kernel.PATHS[-1] == "numpy"
    assert sorted([*kernel.PATHS, *kernel.OTHER_PATHS]) == sorted(kernel.ALL_PATHS)
    assert list(kernel.PATHS) == [name for name in kernel.ALL_PATHS if name in kernel.PATHS], "best first"


def test_a_path_is_used_for_a_while() -> None:
    before = kernel.path()
    with kernel.use("numpy"):
        assert kernel.path() == "numpy"
    assert kernel.path() == before
    with pytest.raises(InputError, match="run-kernel-unknown"), kernel.use("fast"):
        pass
    assert kernel.path() == before


@pytest.mark.parametrize("name", kernel.PATHS)
def test_the_environment_chooses_a_path(name: str) -> None:
    done = started("from zhida.columnar import kernel; print(kernel.path())", ZHIDA_KERNEL=name)
    assert done.stdout.strip() == name, done.stderr


@pytest.mark.long
def test_a_path_that_the_environment_cannot_have_is_misuse_of_the_command() -> None:
    code = "import sys; from zhida.cli import run; sys.exit(run(['assess', 'a', '--lang', 'en']))"
    done = started(code, ZHIDA_KERNEL="avx1024")
    assert done.returncode == 2, done.stderr
    assert "error[run-kernel-unknown]: the kernel has no path 'avx1024' here" in done.stderr + done.stdout


def test_without_the_extension_numpy_does_everything() -> None:
    code = """
import sys
sys.modules["zhida.columnar.kernel._native"] = None  # what an import finds where none was built
import numpy as np
from zhida.columnar import kernel
print(kernel.PATHS, kernel.path(), kernel.OTHER_PATHS, kernel.encode(np.arange(3), np.array([1]), np.array([4, 5], np.uint8)).tolist())
"""
    assert started(code).stdout.strip() == "('numpy',) numpy ('avx512', 'avx2', 'portable') [4, 5, 5]"


# --- building --------------------------------------------------------------------------------------------------------------

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.long
def test_a_machine_without_a_compiler_still_gets_a_wheel(tmp_path: Path) -> None:
    for compiler, is_native in ((sysconfig.get_config_var("CC") or "cc", True), ("/bin/false", False)):
        folder = tmp_path / str(is_native)
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--no-deps", "--no-build-isolation"]
        command = [*pip, "--wheel-dir", folder, checkout(tmp_path / f"{is_native}-source")]
        done = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "CC": compiler})
        assert done.returncode == 0, done.stdout + done.stderr
        listed = subprocess.run(
            [sys.executable, "-m", "zipfile", "--list", *folder.glob("*.whl")], check=True, capture_output=True, text=True
        ).stdout
        assert bool(re.search(r"zhida/columnar/kernel/_native\.\S*(so|pyd)\b", listed)) == is_native
        assert "zhida/columnar/kernel/native.c" in listed  # engines are told apart by their texts, built or not
        assert "zhida/columnar/kernel/numpy_kernel.py" in listed


def checkout(folder: Path) -> Path:
    """Return a copy of what a build needs."""
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "MANIFEST.in"):
        if (ROOT / name).exists():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix in {".py", ".pyi", ".c", ".h"}:
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return folder
