"""What the tests of the kernel give it: bitmaps, wide values, masks."""

from typing import Any

import numpy as np
import pytest

from zhida.columnar import kernel

Array = np.ndarray[Any, np.dtype[Any]]

PATHS = [kernel.PATHS[0], *(pytest.param(path, marks=pytest.mark.long) for path in kernel.PATHS[1:])]
"""The paths of this machine: the best, and in the long run the others."""


def bits_of(valid: Array, offset: int) -> bytes:
    """Return a bitmap with rubbish before its first bit and none behind its last byte."""
    return np.packbits(np.concatenate((np.ones(offset, np.bool_), valid)), bitorder="little").tobytes()


def wide(numbers: list[int]) -> Array:
    """Return 128-bit integers as two words each."""
    data = b"".join(number.to_bytes(16, "little", signed=True) for number in numbers)
    return np.frombuffer(data, np.dtype("<i8")).reshape(-1, 2)


def random_masks(counts: list[int], rules: int, density: float, lots: np.random.Generator) -> tuple[list[Array], list[list[int]]]:
    """Return masks as words and as Python integers; of 257 to 1,000 codes many have the same."""
    words = -(-rules // 64)
    bits = [lots.random((count, rules)) < density for count in counts]
    bits = [each[lots.integers(0, 200, len(each))] if 256 < len(each) <= 1000 else each for each in bits]
    padded = [np.pad(each, ((0, 0), (0, words * 64 - rules))) for each in bits]
    masks = [np.packbits(each, axis=1, bitorder="little").view("<u8").astype(np.uint64) for each in padded]
    return masks, [[sum(1 << int(rule) for rule in np.flatnonzero(row)) for row in each] for each in bits]
