"""Places and reach over columns: where comparisons turn as one attribute moves, and the nearest place that is enough.

    Standing ──turns──> places, nearest first ──moved, settled, rank after rank──> Reached

What `zhida.entitle.next.lines.turn_of` and `Seeker.reach` do for one subject. A comparison is followed in integers: with its
quotients multiplied out, its difference changes by the same amount with each unit of an attribute, or it is not followed and its
place is what the specification says. A row of which a decision cannot be told in columns is *untold*, and goes there whole.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Context

import numpy as np

from zhida.columnar.columns import Array, Column, Mask, take
from zhida.columnar.plan import Kind
from zhida.dmn.model import ItemDefinition
from zhida.entitle.next.edges import Edges
from zhida.entitle.next.lines import DOWN, UP, Mobile, Turn
from zhida.entitle.next.standing import NOT, Numbers, Standing, gap, known_column, mobile_values, moved_by, usual_ends

FAR = 2**62
"""Stands where there is no place."""

WIDEST = 2**61
"""The greatest distance that is followed."""

TOGETHER = 8_192
"""Places that are tried together at most, unless one rank of all rows is more: a round costs what it costs, however few they are."""

WIDE = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Places:
    """Where an attribute could be moved to in some rows, nearest first."""

    values: Numbers
    """By row and rank the value at the attribute's scale."""
    lines: Numbers
    """The number of the comparison that turns there; -1 of a truth value."""
    distances: Numbers
    """How far away it is; `FAR` where there is none."""
    untold: Mask
    """The rows of which not all can be told."""

    def spans(self) -> Iterator[slice]:
        """Yield the ranks, as many together as are few places."""
        rows, ranks = self.values.shape
        many = max(TOGETHER // max(rows, 1), 1)
        for start in range(0, ranks, many):
            yield slice(start, start + many)


@dataclass(frozen=True, slots=True)
class Reached:
    """The nearest place that is enough."""

    value: Numbers
    """The value, at the attribute's scale."""
    line: Numbers
    """The number of the comparison that turns."""
    then: Numbers
    """`NOT`, `ELIGIBLE` or `REVIEW`; NOT where there is none."""
    untold: Mask
    """The rows of which it cannot be told."""


def reach(standing: Standing, mobile: Mobile, rows: Array | None = None) -> Reached:
    """Return for each row the nearest place of an attribute that is enough.

    Args:
        standing: The rows.
        mobile: The attribute.
        rows: Those that are asked about; all by default.
    """
    open_ = standing.with_unknown(np.arange(standing.rows) if rows is None else rows, [(mobile.id, mobile.item)])
    found = places(standing, mobile, open_)
    return first_enough(standing, mobile.id, mobile.item, open_, found)


def first_enough(standing: Standing, id_: str, item: ItemDefinition, rows: Array, found: Places) -> Reached:
    """Return for each row the first place of some that is enough.

    Args:
        standing: The rows.
        id_: What moves.
        item: What is known of it.
        rows: Those of the rows that have places.
        found: Their places.
    """
    count = standing.rows
    value, line = np.zeros(count, np.int64), np.full(count, -1, np.int64)
    then, untold = np.zeros(count, np.int64), np.zeros(count, np.bool_)
    untold[rows[found.untold]] = True
    for span in found.spans():
        is_sought = (then[rows] == NOT) & ~untold[rows]
        near = found.distances[:, span] < FAR
        if near.shape[1] == 1:
            some = np.flatnonzero(near[:, 0] & is_sought)
            ranks = np.zeros(len(some), np.int64)
        else:
            some, ranks = np.nonzero(near & is_sought[:, None])  # row after row, each nearest first
        if not len(some):
            continue
        values = found.values[some, span.start + ranks]
        enough, bad = standing.moved(rows[some], {id_: known_column(item, values)}).enough()
        ends = np.flatnonzero((enough != NOT) | bad)
        ends = ends[np.diff(some[ends], prepend=-1) > 0]  # the first of each row
        untold[rows[some[ends[bad[ends]]]]] = True
        is_one = ends[~bad[ends]]
        chosen = rows[some[is_one]]
        value[chosen], then[chosen] = values[is_one], enough[is_one]
        line[chosen] = found.lines[some[is_one], span.start + ranks[is_one]]
    then[untold] = NOT
    return Reached(value, line, then, untold)


def places(standing: Standing, mobile: Mobile, rows: Array) -> Places:
    """Return where an attribute could be moved to in some rows."""
    column = take(standing.fact(mobile.id), rows)
    values, known = mobile_values(column, len(rows))
    untold = np.zeros(len(rows), np.bool_) if column.bad is None else np.asarray(np.broadcast_to(column.bad, (len(rows),)))
    if mobile.is_switch:
        turned = (~values).astype(np.int64)[:, None]
        return Places(turned, np.full((len(rows), 1), -1), np.where(known, 1, FAR)[:, None], untold)
    numbers = standing.program.followed[mobile.id]
    none = np.zeros((len(rows), 0), np.int64)
    if not numbers or not len(rows):
        return Places(none, none, none, untold)
    slopes = None
    found: list[tuple[Numbers, Numbers]] = []
    drawn: list[int] = []
    sides = standing.sides_with(rows, {})
    for number in numbers:
        line = standing.program.lines[number]
        before = gap(sides, number)
        if line.is_on(mobile.id):
            after = gap(sides, number, moved_by(sides.columns[f"line {number} left"], 1))
        else:
            slopes = slopes or standing.sides_with(rows, {mobile.id: moved_by(column, 1)})
            after = gap(slopes, number)
        live = known & before.known & after.known & ~before.bad & ~after.bad
        lost = known & before.known & (before.bad | (after.known & after.bad))
        slope = after.above - before.above
        live &= slope != 0
        usual = max(int(slope[np.argmax(live)]), 1)  # where it is not live, any will do
        turns = _Turns.of(values, before.above, np.where(live, slope, usual), live, mobile)
        if not line.is_on(mobile.id):
            lost |= _is_bent(standing, mobile, number, rows, turns, column)
        if lost.any():
            turns = turns.told(np.flatnonzero(lost), standing.turns(mobile, number, rows[lost]))
        found += turns.places(standing.program.edges[number])
        drawn += [number] * (len(found) - len(drawn))
    return _ranked(found, values, drawn, untold) if found else Places(none, none, none, untold)


@dataclass(frozen=True, slots=True)
class _Turns:
    """Where one comparison turns."""

    mobile: Mobile
    start: Numbers
    """Where the attribute stands."""
    above: Numbers
    """The difference there."""
    slope: Numbers
    """How it changes with each unit."""
    root: Numbers
    """On the line, or the last place before it."""
    is_on: Mask
    """Whether it is on the line."""
    side: Numbers
    """Where the row stands: above the line (1), on it (0), or below it (-1)."""
    rises: Mask
    """Whether what is compared rises with the attribute."""
    live: Mask
    """The rows in which it turns at all on a way that the attribute may go."""

    @classmethod
    def of(cls, start: Numbers, above: Numbers, slope: Numbers, live: Mask, mobile: Mobile) -> "_Turns":
        """Follow a difference that changes by the same amount with each unit."""
        least = int(slope.min(initial=FAR))
        if 0 < least == int(slope.max(initial=0)):  # one number divides faster than many
            steps = -above // least
            rest = -above - steps * least
        else:
            steps, rest = np.divmod(-above, slope)
        live = live & (np.abs(steps) < WIDEST) & (np.abs(start) < WIDEST)
        root = start + np.where(live, steps, 0)
        is_on = rest == 0
        is_up = (root > start) | ((root == start) & ~is_on)
        is_here = (root == start) & is_on
        may_go = np.where(is_up, UP in mobile.way.movable, DOWN in mobile.way.movable) | is_here
        return cls(mobile, start, above, slope, root, is_on, np.sign(above), slope > 0, live & may_go)

    def told(self, rows: Array, turns: Sequence[Turn | None]) -> "_Turns":
        """Return it with what the specification says of some rows."""
        root, is_on, side = self.root.copy(), self.is_on.copy(), self.side.copy()
        rises, live = self.rises.copy(), self.live.copy()
        for row, turn in zip(rows.tolist(), turns, strict=True):
            place = 0 if turn is None else int(turn.place.scaleb(self.mobile.scale, WIDE))
            live[row] = turn is not None and abs(place) < WIDEST
            if live[row] and turn is not None:
                root[row], is_on[row], side[row], rises[row] = place, turn.is_on, turn.side, turn.rises
        return replace(self, root=root, is_on=is_on, side=side, rises=rises, live=live)

    def places(self, edges: Edges) -> Iterator[tuple[Numbers, Numbers]]:
        """Yield places for each row, each with its distance: onto the line and past it, as far as these are told apart.

        Args:
            edges: What the comparison tells apart.
        """
        low, high = usual_ends(self.mobile)
        start, root = self.start, self.root
        is_here, is_up = self.side == 0, root >= start
        from_below = self.side < 0
        onto, past = np.where(from_below, edges.below, edges.above), np.where(from_below, edges.above, edges.below)
        up, down = np.where(self.rises, edges.above, edges.below), np.where(self.rises, edges.below, edges.above)
        found = [(root + (is_here | (is_up & ~self.is_on)), np.where(is_here, up, onto | ~self.is_on))]
        has_second = self.live & np.where(is_here, down, past & self.is_on)
        if has_second.any():
            found.append((root + np.where(is_up & ~is_here, 1, -1), has_second))
        for place, is_one in found:
            goes = np.zeros((), np.bool_)
            if UP in self.mobile.way.movable:
                goes = place > start
            if DOWN in self.mobile.way.movable:
                goes = goes | (place < start)
            exists = self.live & is_one & goes & (place >= low) & (place <= high)
            if exists.any():
                yield place, np.where(exists, np.abs(place - start), FAR)


def _is_bent(  # noqa: PLR0913, PLR0917 - one comparison of one attribute
    standing: Standing, mobile: Mobile, number: int, rows: Array, turns: _Turns, column: Column
) -> Mask:
    """Return the rows in which a difference does not change by the same amount all the way to the place where it turns."""
    found = np.zeros(len(rows), np.bool_)
    some = np.flatnonzero(turns.live & (turns.root != turns.start))
    if not len(some):
        return found
    there = known_column(mobile.item, turns.root[some])
    assert column.form.kind is Kind.NUMBER, "what moves is a number"
    after = gap(standing.sides_with(rows[some], {mobile.id: there}), number)
    expected = turns.above[some] + turns.slope[some] * (turns.root[some] - turns.start[some])
    found[some] = ~after.known | after.bad | (after.above != expected)
    return found


def _ranked(found: list[tuple[Numbers, Numbers]], start: Numbers, numbers: Sequence[int], untold: Mask) -> Places:
    """Return the places of all comparisons, nearest first, each place once; of comparisons that turn in one place the first counts."""
    values = np.stack([place for place, _ in found], axis=1)
    far = np.stack([distance for _, distance in found], axis=1)
    lines = np.array(numbers, np.int64)
    if len(found) == 1:
        return Places(values, np.broadcast_to(lines, values.shape), far, untold)
    keys = np.where(far < FAR, np.minimum(far, FAR // 2 - 1) * 2 + (values < start[:, None]), FAR)
    order = np.argsort(keys, axis=1, kind="stable")
    flat = order + np.arange(0, values.size, values.shape[1])[:, None]
    values, far = values.ravel()[flat], far.ravel()[flat]
    far[:, 1:][(values[:, 1:] == values[:, :-1]) & (far[:, :-1] < FAR)] = FAR
    width = int(np.flatnonzero((far < FAR).any(axis=0)).max(initial=-1)) + 1
    return Places(values[:, :width], lines[order][:, :width], far[:, :width], untold)
