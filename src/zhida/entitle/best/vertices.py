"""Vertices: the sums that limits allow where they cross, as far as whole fen come out of their corners.

What some members may be paid together is bounded by their own amounts and by limits of sums. A best payment lies in a corner of that:
as many of the bounds as there are members are met exactly. Where every system of such bounds has a determinant of 1 or -1, corners are
whole fen, and looking at all of them is exact. Else (an odd cycle of limits, say) halves come up, and the solver is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from math import comb

MOST_MEMBERS = 7
"""Members whose corners are looked at together."""

MOST_SYSTEMS = 800
"""Systems of bounds that are looked at."""


@dataclass(frozen=True, slots=True)
class Vertex:
    """A corner: which bounds are met, and what is paid then."""

    bounds: tuple[int, ...]
    """The bounds that are met: first one for each member, its own amount; then the limits."""
    weights: tuple[tuple[int, ...], ...]
    """For each member, how often each of these bounds counts in what it is paid."""


@lru_cache(maxsize=4_096)
def vertices_of(members: int, limits: tuple[int, ...]) -> tuple[Vertex, ...] | None:
    """Return the corners in which each of some members is paid something; None where they may be no whole fen, or are too many.

    Args:
        members: The members that are paid, as bits.
        limits: The members of each limit, as bits; some may have none of those that are paid.

    >>> [vertex.bounds for vertex in vertices_of(0b11, (0b11,))]
    [(0, 1), (0, 2), (1, 2)]
    >>> vertices_of(0b111, (0b011, 0b110, 0b101)) is None
    True
    """
    places = [place for place in range(members.bit_length()) if members >> place & 1]
    count = len(places)
    if count > MOST_MEMBERS or comb(count + len(limits), count) > MOST_SYSTEMS:
        return None
    rows = [[int(place == own) for place in places] for own in places]
    rows += [[limit >> place & 1 for place in places] for limit in limits]
    found = []
    for bounds in combinations(range(len(rows)), count):
        inverse = _inverse([rows[bound] for bound in bounds])
        if inverse is None:
            continue
        if any(value.denominator != 1 for row in inverse for value in row):
            return None
        found.append(Vertex(bounds, tuple(tuple(int(value) for value in row) for row in inverse)))
    return tuple(found)


def _inverse(rows: Sequence[Sequence[int]]) -> list[list[Fraction]] | None:
    """Return the inverse of a square matrix; None where it has none."""
    count = len(rows)
    work = [[Fraction(value) for value in row] + [Fraction(int(at == place)) for at in range(count)] for place, row in enumerate(rows)]
    for place in range(count):
        pivot = next((at for at in range(place, count) if work[at][place]), None)
        if pivot is None:
            return None
        work[place], work[pivot] = work[pivot], work[place]
        head = work[place][place]
        work[place] = [value / head for value in work[place]]
        for at in range(count):
            factor = work[at][place]
            if at != place and factor:
                work[at] = [value - factor * other for value, other in zip(work[at], work[place], strict=True)]
    return [row[count:] for row in work]
