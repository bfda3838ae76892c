"""The kernel in numpy: the judge of every faster one, and what runs where none was built."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORD = 64
"""Rules in a word of a mask."""


def encode(values: NDArray[np.int64], thresholds: NDArray[np.int64]) -> NDArray[np.intp]:
    """Return for each value how many of the ascending thresholds it has reached.

    >>> encode(np.array([19, 20, 21]), np.array([20, 21])).tolist()
    [0, 1, 2]
    """
    return np.searchsorted(thresholds, values, side="right")


def combine(codes: Sequence[NDArray[Any]], strides: Sequence[int]) -> NDArray[np.int64]:
    """Return one number for each combination of codes; there is at least one column.

    >>> combine([np.array([1, 0]), np.array([2, 1])], [3, 1]).tolist()
    [5, 1]
    """
    total: NDArray[Any] = codes[0] * np.int64(strides[0])
    for column, stride in zip(codes[1:], strides[1:], strict=True):
        total = total + column * np.int64(stride)
    return total


def look_up(keys: NDArray[Any], table: NDArray[Any]) -> NDArray[Any]:
    """Return the entry of each key."""
    found: NDArray[Any] = table[keys]
    return found


def match(codes: Sequence[NDArray[Any]], masks: Sequence[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Return for each row the rules that all its codes satisfy.

    Args:
        codes: One column for each input of a table.
        masks: For each of them one row of words for each code: bit r of word w is rule 64 w + r.
    """
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
        lowest = bits & (~bits + np.uint64(1))
        rules = np.where(bits != 0, WORD * word + _place(lowest), rules)
    return rules


def _place(bits: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return the place of the only bit in each word; without floating point, which has no 64 bits."""
    place = np.zeros(bits.shape, np.int64)
    for step in (32, 16, 8, 4, 2, 1):
        is_above = bits >> np.uint64(step) != 0
        place += is_above * step
        bits = np.where(is_above, bits >> np.uint64(step), bits)
    return place
