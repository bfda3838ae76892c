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


@dataclass(slots=True)
class Ballot:
    """What is best so far in each row, by one measure."""

    rows: int
    """How many rows there are."""
    key: Numbers = field(init=False)
    """The measure; the greatest number where nothing was offered."""
    then: Numbers = field(init=False)
    """What the answer would be."""
    place: Numbers = field(init=False)
    """The place of the offer among all that were kept; -1 where there is none."""

    def __post_init__(self) -> None:
        """Begin with nothing."""
        self.key = np.full(self.rows, np.iinfo(np.int64).max)
        self.then = np.zeros(self.rows, np.int64)
        self.place = np.full(self.rows, -1, np.int64)

    def better(self, rows: Array, key: Numbers) -> Mask:
        """Return where an offer is better than what is there."""
        return np.asarray(key < self.key[rows])

    def take(self, rows: Array, key: Numbers, then: Numbers, places: Array) -> None:
        """Take offers in place of what is there."""
        self.key[rows], self.then[rows], self.place[rows] = key, then, places


class Choice:
    """The best change of each row."""

    def __init__(self, rows: int) -> None:
        """Begin with nothing."""
        self.by_share = Ballot(rows)
        self.by_cost: Ballot | None = None  # where something has a price
        self.is_priced = np.ones(rows, np.bool_)
        self.kept: list[tuple[int, tuple[Change, ...]]] = []
        self.count = 0

    def offer(self, rows: Array, then: Numbers, *changes: Change) -> None:
        """Offer a change of one or two steps to some rows, each at most once."""
        if not len(rows):
            return
        priced = np.logical_and.reduce([change.cost != UNPRICED for change in changes])
        shares = np.minimum(sum((change.share for change in changes[1:]), changes[0].share), NEVER)
        better = self.by_share.better(rows, shares)
        kept = better
        cheaper: Mask | None = None
        costs = shares
        if priced.all():
            cheaper = np.ones(len(rows), np.bool_)
        else:
            self.is_priced[rows[~priced]] = False
            cheaper = priced if priced.any() else None
        if cheaper is not None:
            self.by_cost = self.by_cost or Ballot(len(self.is_priced))
            costs = sum((change.cost for change in changes[1:]), changes[0].cost)
            cheaper = cheaper & self.by_cost.better(rows, costs)
            kept = better | cheaper
        some = np.flatnonzero(kept)
        if not len(some):
            return
        is_all = len(some) == len(rows)
        self.kept.append((len(some), changes if is_all else tuple(change.some(some) for change in changes)))
        places = np.arange(self.count, self.count + len(some))
        self.count += len(some)
        for ballot, mask, key in ((self.by_share, better, shares), (self.by_cost, cheaper, costs)):
            if ballot is not None and mask is not None:
                at = some[mask[some]]
                ballot.take(rows[at], key[at], then[at], places[mask[some]])

    @property
    def has_any(self) -> Mask:
        """The rows that have a change."""
        return self.by_share.then > 0

    def result(self) -> tuple[Numbers, dict[str, Numbers]]:
        """Return what the answer would be in each row, 0 where there is no change, and the two steps, field by field."""
        then, places = self.by_share.then, self.by_share.place
        if self.by_cost is not None and (self.is_priced & self.has_any).any():
            then = np.where(self.is_priced, self.by_cost.then, then)
            places = np.where(self.is_priced, self.by_cost.place, places)
        nothing = np.full(len(then), -1, np.int64)
        found = {f"{name}{slot}": nothing for slot in (0, 1) for name in FIELDS}
        for slot in (0, 1):
            if any(len(changes) > slot for _, changes in self.kept):
                found |= {f"{name}{slot}": self.gathered(name, slot, places) for name in FIELDS}
        return then, found

    def gathered(self, name: str, slot: int, places: Array) -> Numbers:
        """Return a field of one step of the offers that were chosen, -1 where there is none."""
        parts = [
            np.full(count, -1, np.int64) if len(changes) <= slot else np.broadcast_to(getattr(changes[slot], name), (count,))
            for count, changes in self.kept
        ]
        return np.concatenate([*parts, np.full(1, -1, np.int64)])[places]


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
