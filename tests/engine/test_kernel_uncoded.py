"""The kernel over columns that are not coded yet: on every path of this machine it says what it says of their codes."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.engine.kernel_arrays import PATHS, bits_of, random_masks, wide
from zhida.columnar import kernel

SIZES = (0, 1, 63, 64, 130, 2049, 4096 + 1000)
MAP, TABLE = np.array([0, 1], np.uint32), np.array([3, 4], np.uint8)


@pytest.fixture(params=PATHS)
def path(request: pytest.FixtureRequest) -> Iterator[str]:
    with kernel.use(request.param):
        yield request.param


@pytest.fixture
def lots(request: pytest.FixtureRequest) -> np.random.Generator:
    return np.random.default_rng(sum(request.node.originalname.encode()))


def uncoded(size: int, lots: np.random.Generator) -> list[kernel.Uncoded]:
    """Return a column of each kind, with rows that have no value and from within an array, and their codes of one byte and two."""
    valid = lots.random(size + 5) < 0.8
    found = []
    for dtype in (np.uint8, np.uint16):
        offset = 3 if dtype == np.uint8 else 5
        bits = lots.random(size) < 0.5
        marks = np.array([-40, 0, 7, 100], np.int64)
        given = {"unknown": 5, "rows": size}
        found += [
            kernel.Uncoded(1, lots.integers(-100, 200, size), np.arange(5).astype(dtype), thresholds=marks, **given),
            kernel.Uncoded(
                1,
                wide([int(lots.integers(-(2**40), 2**40)) << int(lots.integers(0, 40)) for _ in range(size)]),
                np.arange(5).astype(dtype),
                thresholds=marks,
                valid=valid[:size],
                **given,
            ),
            kernel.Uncoded(
                2, lots.integers(0, 5, size).astype(np.uint8), np.arange(5).astype(dtype), valid=(bits_of(valid, 2), 2), **given
            ),
            kernel.Uncoded(2, lots.integers(0, 5, size, np.uint32), np.arange(5).astype(dtype), **given),
            kernel.Uncoded(
                3,
                bits_of(bits, offset),
                np.array([1, 4], dtype),
                offset=offset,
                valid=(bits_of(valid, offset), offset),
                **given,
            ),
        ]
    return found


def test_columns_that_are_not_coded_are_decided_like_their_codes(path: str, lots: np.random.Generator) -> None:
    for size in (*SIZES, 8192, 8193, 20_011):
        for start, stop in ((0, size), (min(67, size), size), (size // 3, size // 2)):
            columns_ = [column.part(start, stop) for column in uncoded(size, lots)]
            with kernel.use("numpy"):
                codes = [kernel.coded(column) for column in columns_]
            assert [kernel.coded(column).tolist() for column in columns_] == [column.tolist() for column in codes], path
            some = (0, 1, 2, 4, 7)
            maps = [(np.arange(6) * 6**place).astype(np.uint32) for place in range(5)]
            table = lots.integers(0, 256, 6**5).astype(np.uint8)
            whole = kernel.decide_dense([codes[place] for place in some], maps, table)
            assert kernel.decide_dense([columns_[place] for place in some], maps, table).tolist() == whole.tolist(), path
            for rules in (40, 130):
                masks, _ = random_masks([6] * 10, rules, 0.9, lots)
                mixed = [columns_[place] if place % 3 else codes[place] for place in range(10)]
                words = lots.integers(0, 250, 64 * masks[0].shape[1] + 2).astype(np.uint8)
                for first in (True, False):
                    expected = kernel.decide_masks(codes, masks, first, rules, rules + 1)
                    assert kernel.decide_masks(mixed, masks, first, rules, rules + 1).tolist() == expected.tolist(), path
                    for kind in (np.uint8, np.uint16):
                        told = kernel.decide_masks(mixed, masks, first, rules, rules + 1, words=words.astype(kind))
                        assert (told.dtype, told.tolist()) == (kind, words[expected].tolist()), path
                assert kernel.match(mixed, masks).tolist() == kernel.match(codes, masks).tolist(), path
                numbers = lots.integers(-(2**40), 2**40, rules - 1)  # the last rule says which rows count
                added = kernel.sum_masks(codes, masks, numbers, 2**62, -(2**62))
                assert kernel.sum_masks(mixed, masks, numbers, 2**62, -(2**62)).tolist() == added.tolist(), path


def test_a_column_that_is_not_coded_has_no_code_beyond_its_table(path: str) -> None:
    values = np.zeros(10_000, np.int64)
    values[9_000] = 8
    column = kernel.Uncoded(1, values, np.array([0, 3], np.uint8), 10_000, thresholds=np.array([5]))
    with pytest.raises(ValueError, match="has no code 3"):
        kernel.decide_dense([column], [MAP], TABLE)
    masks = [np.full((3, 2), 2**63, np.uint64)]
    for unknown, valid, beyond in ((0, None, 3), (4, values == 0, 4)):
        codes = np.array([0, beyond if valid is None else 1], np.uint8)
        column = kernel.Uncoded(1, values, codes, 10_000, valid, unknown, np.array([5]))
        for call in (
            lambda column=column: kernel.decide_masks([column], masks, True, 0, 0),
            lambda column=column: kernel.match([column], masks),
            lambda column=column: kernel.sum_masks([column], masks, np.zeros(100, np.int64), 0, 0),
        ):
            with pytest.raises(ValueError, match=f"has no code {beyond}"):
                call()
    indices = kernel.Uncoded(2, values, np.array([0, 1], np.uint8), 10_000)
    with pytest.raises(ValueError, match=r"8|9000"):
        kernel.decide_dense([indices], [MAP], TABLE)
    assert path
