"""Who is paid out of money that does not suffice: four orders of service over columns, exact to the fen.

Amounts are integer fen, all above zero. Whatever the order, the sum that is paid never exceeds what is available; in turn with
`part`, and pro rata, it is exactly the lesser of what is available and what is claimed. Sums and products are those of Python's
own integers where they could leave 64 bits. Nothing is drawn: a lot is a digest of the published seed and the subject's code.
"""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Fen = NDArray[np.int64]
"""Amounts in fen, one for each claim."""

EXACT = 2**62
"""Sums below it are exact in 64 bits, also when another amount is added."""
WORD = 40
"""Bits of the lower part of a remainder, which is split so that both parts fit 64 bits."""
LOT_WORDS = 4
"""Words of 64 bits in a lot."""


def total_fen(amounts: Fen) -> int:
    """Return the sum of amounts, exact however large."""
    return sum(amounts.tolist())


def in_turn(amounts: Fen, available_fen: int, *, last: str) -> Fen:
    """Return what each is paid where everybody is served in turn until the money is gone.

    Args:
        amounts: What each is to have, in the order of service; fen.
        available_fen: What there is.
        last: What happens at the edge. `part`: the one whom the rest does not suffice for gets the rest. `wait`: that one waits,
            and so does everybody behind, also who would have fitted: nobody is overtaken.

    >>> in_turn(np.array([40, 40, 40, 10]), 100, last="part").tolist(), in_turn(np.array([40, 40, 40, 10]), 100, last="wait").tolist()
    ([40, 40, 20, 0], [40, 40, 0, 0])
    """
    assert last in {"part", "wait"}, last
    available, total = max(available_fen, 0), total_fen(amounts)
    if available >= total:
        return amounts.copy()
    exact = amounts if total < EXACT else amounts.astype(object)
    served = np.cumsum(exact)  # with everybody before
    if last == "wait":
        return np.where(served <= available, amounts, 0).astype(np.int64)
    left = available - (served - exact)
    paid: Fen = np.maximum(np.minimum(left, exact), 0).astype(np.int64)
    return paid


def pro_rata(amounts: Fen, available_fen: int) -> Fen:
    """Return what each is paid where all share alike: amount × available ÷ sum of amounts, rounded down to the fen.

    The fen that are left over go one each to the largest remainders; of equal remainders, to who comes first in the array.

    >>> pro_rata(np.array([100, 100, 100]), 100).tolist()
    [34, 33, 33]
    """
    available, total = max(available_fen, 0), total_fen(amounts)
    if available >= total:
        return amounts.copy()
    shares = [divmod(amount * available, total) for amount in amounts.tolist()]
    paid = np.fromiter((share for share, _ in shares), np.int64, len(shares))
    low = (1 << WORD) - 1
    above = np.fromiter((rest >> WORD for _, rest in shares), np.int64, len(shares))
    below = np.fromiter((rest & low for _, rest in shares), np.int64, len(shares))
    left = available - total_fen(paid)
    paid[np.lexsort((-below, -above))[:left]] += 1  # the sort is stable
    return paid


def lots(keys: Iterable[str], seed: str) -> list[bytes]:
    r"""Return the lot of each subject: SHA-256 of the seed, a line feed and the subject's code.

    Who has the least is served first. Anybody can draw it again: `printf '%s\n%s' "$seed" "$code" | sha256sum`.

    >>> lots(["91990001HC000001X"], "2026")[0].hex()[:16]
    'edc264697da4f4bd'
    """
    started = f"{seed}\n".encode()
    digest = hashlib.sha256
    return [digest(started + key.encode()).digest() for key in keys]


def by_lot(drawn: Sequence[bytes]) -> NDArray[np.intp]:
    """Return the places of lots in ascending order; of equal lots the earlier place comes first."""
    words = np.frombuffer(b"".join(drawn), dtype=">u8").reshape(-1, LOT_WORDS).astype(np.uint64)
    order = np.argsort(words[:, 0], kind="stable")
    first = words[order, 0]
    if np.any(first[1:] == first[:-1]):  # that two lots begin alike does not happen by chance, but may be the same code twice
        order = np.lexsort([words[:, place] for place in reversed(range(LOT_WORDS))])
    return order
