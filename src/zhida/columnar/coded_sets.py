"""Codes by sets of rules: which code a set has that was met before, for many sets at once.

    words of bits, one row for each set ──SetCodes──> codes, -1 for sets that are new

A table in memory with open addressing: a set's place is its hash, or the next free one behind. Any thread may look up while
one that holds the lock learns: what is not there yet is then said to be new, and looked up again under the lock.
"""

import numpy as np
from numpy.typing import NDArray

from zhida.columnar.columns import Array

_FIRST_BITS = 10
"""The table begins with 2 ** 10 places."""

_FACTORS = np.random.Generator(np.random.PCG64(62)).integers(1 << 62, 1 << 63, 2_100, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
"""Odd numbers that the words of a set are multiplied with: the same in every run."""


class SetCodes:
    """Sets of rules with their codes."""

    def __init__(self, words: int) -> None:
        """Begin with none.

        Args:
            words: Words of 64 bits that a set has.
        """
        self.words = words
        self.count = 0
        self.table = self.empty(_FIRST_BITS)

    def empty(self, bits: int) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
        """Return a table of 2 ** bits places: sets, and their codes, -1 where there is none."""
        return np.zeros((1 << bits, self.words), np.uint64), np.full(1 << bits, -1, np.int32)

    def look_up(self, sets: NDArray[np.uint64]) -> NDArray[np.int32]:
        """Return the code of each set, -1 where it is new.

        >>> codes = SetCodes(1)
        >>> codes.learn(np.array([[5], [9]], np.uint64), np.array([0, 7]))
        >>> codes.look_up(np.array([[9], [5], [6]], np.uint64)).tolist()
        [7, 0, -1]
        """
        if not self.count:
            return np.full(len(sets), -1, np.int32)
        keys, codes = self.table
        slots = self.slots(sets, len(codes))
        found: NDArray[np.int32] = codes[slots]
        other = np.flatnonzero((found >= 0) & ~_alike(keys, slots, sets))
        while len(other):
            slots[other] = (slots[other] + 1) & (len(codes) - 1)
            found[other] = codes[slots[other]]
            other = other[(found[other] >= 0) & ~_alike(keys, slots[other], sets[other])]
        return found

    def slots(self, sets: NDArray[np.uint64], size: int) -> NDArray[np.int64]:
        """Return where each set is looked for first."""
        mixed = sets[:, 0] * _FACTORS[0] if self.words == 1 else (sets * _FACTORS[np.arange(self.words) % len(_FACTORS)]).sum(axis=1)
        found: NDArray[np.int64] = (mixed >> np.uint64(65 - size.bit_length())).view(np.int64)
        return found

    def learn(self, sets: NDArray[np.uint64], codes: Array) -> None:
        """Keep the codes of sets that are new and all different."""
        self.count += len(sets)
        keys, kept = self.table
        if 2 * self.count > len(kept):
            is_old = kept >= 0
            sets, codes = np.concatenate((keys[is_old], sets)), np.concatenate((kept[is_old], codes))
            keys, kept = self.empty((2 * self.count).bit_length() + 1)
        slots = self.slots(sets, len(kept))
        left = np.arange(len(sets))
        while len(left):
            free = left[kept[slots[left]] < 0]
            chosen = free[np.unique(slots[free], return_index=True)[1]]
            keys[slots[chosen]] = sets[chosen]
            kept[slots[chosen]] = codes[chosen]  # last: who sees a code must see its set
            is_left = np.ones(len(sets), np.bool_)
            is_left[chosen] = False
            left = left[is_left[left]]
            slots[left] = (slots[left] + 1) & (len(kept) - 1)  # wherever one was left out, another stands now
        self.table = keys, kept


def _alike(keys: NDArray[np.uint64], slots: Array, sets: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return where the set at a place is the one that is looked for."""
    if keys.shape[1] == 1:
        same: NDArray[np.bool_] = keys[slots, 0] == sets[:, 0]
        return same
    found: NDArray[np.bool_] = (keys[slots] == sets).all(axis=1)
    return found
