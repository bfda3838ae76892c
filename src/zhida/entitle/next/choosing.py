"""Choosing among changes, row by row: by yuan where all that would do are priced, else by shares of lines.

What `zhida.entitle.next.steps.best` says of one subject. Of changes that are alike the one that was offered first counts.
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from zhida.columnar.columns import Array, Mask
from zhida.columnar.operators import magnitude
from zhida.entitle.next.lines import MILLION, NEVER, Mobile
from zhida.entitle.next.standing import Gap, Numbers

UNPRICED = -1
"""Stands in place of a cost that nobody can say."""

NO_LINE = -1
"""The number of the line of a truth value."""


@dataclass(frozen=True, slots=True)
class Change:
    """One step in some rows."""

    mover: int
    """The number of what moves: an attribute, or behind these a date."""
    value: Numbers
    """Its value; of a date, the day."""
    target: Numbers
    """Its value afterwards; of a date, the day until which one has to wait."""
    line: Numbers
    """The number of the comparison that turns; of a date, of the date's."""
    cost: Numbers
    """Fen; `UNPRICED` where nobody can say."""
    share: Numbers
    """Millionths of the line."""

    def some(self, places: Array) -> "Change":
        """Return it in some of the rows."""
        return replace(
            self,
            value=self.value[places],
            target=self.target[places],
            line=self.line[places],
            cost=self.cost[places],
            share=self.share[places],
        )


FIELDS = ("mover", "value", "target", "line", "cost", "share")


def _nothing(rows: int) -> dict[str, Numbers]:
    return {f"{name}{slot}": np.full(rows, -1, np.int64) for slot in (0, 1) for name in FIELDS}


@dataclass(slots=True)
class Ballot:
    """What is best so far in each row, by one measure."""

    rows: int
    """How many rows there are."""
    key: Numbers = field(init=False)
    """The measure; the greatest number where nothing was offered."""
    then: Numbers = field(init=False)
    """What the answer would be."""
    chosen: dict[str, Numbers] = field(init=False)
    """The two steps, field by field."""

    def __post_init__(self) -> None:
        """Begin with nothing."""
        self.key = np.full(self.rows, np.iinfo(np.int64).max)
        self.then = np.zeros(self.rows, np.int64)
        self.chosen = _nothing(self.rows)

    def offer(self, rows: Array, key: Numbers, then: Numbers, changes: tuple[Change, ...]) -> None:
        """Take an offer where it is better than what is there."""
        places = np.flatnonzero(key < self.key[rows])
        at = rows[places]
        self.key[at], self.then[at] = key[places], then[places]
        for slot, change in enumerate(changes):
            some = change.some(places)
            self.chosen[f"mover{slot}"][at] = change.mover
            for name in FIELDS[1:]:
                self.chosen[f"{name}{slot}"][at] = getattr(some, name)
        if len(changes) == 1:
            self.chosen["mover1"][at] = -1


class Choice:
    """The best change of each row."""

    def __init__(self, rows: int) -> None:
        """Begin with nothing."""
        self.by_cost, self.by_share = Ballot(rows), Ballot(rows)
        self.is_priced = np.ones(rows, np.bool_)

    def offer(self, rows: Array, then: Numbers, *changes: Change) -> None:
        """Offer a change of one or two steps to some rows, each at most once."""
        if not len(rows):
            return
        costs = np.stack([change.cost for change in changes])
        priced = (costs != UNPRICED).all(axis=0)
        shares = np.minimum(np.sum(np.stack([change.share for change in changes]), axis=0), NEVER)
        self.is_priced[rows] &= priced
        self.by_share.offer(rows, shares, then, changes)
        places = np.flatnonzero(priced)
        some = tuple(change.some(places) for change in changes)
        self.by_cost.offer(rows[places], costs.sum(axis=0)[places], then[places], some)

    @property
    def has_any(self) -> Mask:
        """The rows that have a change."""
        return self.by_share.then > 0

    def result(self) -> tuple[Numbers, dict[str, Numbers]]:
        """Return what the answer would be in each row, 0 where there is no change, and the two steps, field by field."""
        if not (self.is_priced & self.has_any).any():
            return self.by_share.then, self.by_share.chosen
        then = np.where(self.is_priced, self.by_cost.then, self.by_share.then)
        found = {name: np.where(self.is_priced, self.by_cost.chosen[name], self.by_share.chosen[name]) for name in self.by_cost.chosen}
        return then, found


def costs_of(mobile: Mobile, change: Numbers) -> Numbers:
    """Return what changes of an attribute cost in fen, rounded up; `UNPRICED` where nobody can say.

    Args:
        mobile: The attribute.
        change: By how much it changes, at its scale.
    """
    if mobile.way.price is None or mobile.is_switch:
        return np.full(len(change), UNPRICED)
    unit = Fraction(mobile.way.price) * 100 / 10**mobile.scale
    units = np.abs(change)
    if magnitude(units) * unit.numerator < 2**63:
        fen: Numbers = -(-units * unit.numerator // unit.denominator)
        return fen
    return np.array([min(-(-each * unit.numerator // unit.denominator), NEVER) for each in units.tolist()], np.int64)


def shares_of(found: Gap) -> Numbers:
    """Return how far values are from a line, in millionths of it, rounded down.

    Args:
        found: How both sides stand to each other.
    """
    is_told = found.known & ~found.bad & (found.line != 0)
    above, line = np.where(is_told, np.abs(found.above), 0), np.where(is_told, np.abs(found.line), 1)
    is_small = above < 2**63 // MILLION
    shares = np.where(is_small, above, 0) * MILLION // line
    for place in np.flatnonzero(~is_small).tolist():
        shares[place] = min(int(above[place]) * MILLION // int(line[place]), NEVER)
    return np.where(is_told, np.minimum(shares, NEVER), NEVER)
