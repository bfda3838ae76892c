"""Lines and positions: the values that a number or date is compared with, and where near ones would move it.

    values of a name ──within the share──> pairs of row and line ──onto it, or past it──> positions, nearest first

All of it in integers of one scale: a value is rounded down, and of what was cut off it is kept whether that was nothing, less
than a half, a half or more, which is all that tells two distances apart.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from itertools import repeat
from operator import gt
from typing import Any

import numpy as np

from zhida.columnar import kernel
from zhida.columnar.columns import LARGEST, Array, Column, Mask, Vocabulary, different, full, scale_of, value_at
from zhida.columnar.lower import form_of_item
from zhida.columnar.plan import Kind
from zhida.columnar.scales import DEFAULT_SCALE
from zhida.dmn.elementary import Bound, share_of
from zhida.dmn.model import ItemDefinition
from zhida.values import temporal
from zhida.values.temporal import Date
from zhida.values.types import DATE

Value = Any

MAX_TRIES = 8
"""Positions within the share that are tried for one name of a row, nearest first."""

MOST_DIGITS = 30
"""Digits before the point of a number that may be near a line."""

PART_DIGITS = 15
"""Digits behind the scale of comparison by which about is said how far a value is from a line."""

DAYS = 365
"""Days are told as a share of so many."""

ROUNDED = 33
"""A quotient of less than so many digits before the point and behind it lies on the same side of a step as the 34 digits of it."""

_EXACT = Context(prec=7_000)  # holds every FEEL number in full


@dataclass(frozen=True, slots=True)
class Line:
    """A value that is drawn for a name."""

    id: str
    """The input datum or decision."""
    value: Value
    """The number or date."""
    bounds: tuple[Bound, ...]
    """All that draws it, in the order of the text."""

    def __reduce__(self) -> tuple[type["Line"], tuple[object, ...]]:
        """Return what it is made of, for pickles, which hold thousands."""
        return Line, (self.id, self.value, self.bounds)


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a name as integers of a scale, rounded down."""

    floor: Array
    """Rounded down."""
    rest: Array
    """Quarters that were cut off: 0 nothing, 1 less than a half, 2 a half, 3 more."""
    part: Array
    """What was cut off, about."""
    known: Mask
    """The rows that have a value."""
    bad: Mask
    """The rows of which it cannot be told."""


@dataclass(frozen=True, slots=True)
class Positions:
    """Where the values of one name could be moved to: by row, and for each row nearest first."""

    name: "NearName"
    """The name."""
    rows: Array
    """The rows of the block."""
    lines: Array
    """For each the place of its line among those of the name."""
    values: Array
    """Where the value is moved to, at the name's scale."""
    shares: Array
    """The distance of the row's value from the line as a share of it, about."""

    @classmethod
    def joined(cls, name: "NearName", parts: Sequence["Positions"]) -> "Positions":
        """Return positions of several stretches of rows one after another."""
        if len(parts) == 1:
            return parts[0]
        found = (
            [np.concatenate([getattr(part, field) for part in parts]) for field in ("rows", "lines", "values", "shares")] if parts else []
        )
        return cls(name, *(found or [np.zeros(0, np.int64)] * 4))

    def some(self, places: Array) -> "Positions":
        """Return some of them."""
        return Positions(self.name, self.rows[places], self.lines[places], self.values[places], self.shares[places])


class NearName:
    """A number or date and the lines that are drawn for it, sorted."""

    def __init__(self, id_: str, item: ItemDefinition, lines: Sequence[tuple[int, Line]], within: Decimal) -> None:
        """Prepare the lines.

        Args:
            id_: The input datum or decision.
            item: Its type and scale.
            lines: The lines, in the order of the text, each with its number.
            within: How near a line must be, as a share of it.
        """
        self.id = id_
        self.item = item
        self.is_date = item.type is DATE
        self.form = form_of_item(item)
        self.step_scale = 0 if self.is_date else DEFAULT_SCALE if item.scale is None else item.scale
        numbers = [Decimal(temporal.to_days(line.value)) if self.is_date else line.value for _, line in lines]
        unit = DAYS if self.is_date else 1
        finest = max([self.step_scale, *map(scale_of, numbers)])
        self.scale = finest + scale_of(within)
        self.factor = 10**self.scale
        self.step = 10 ** (self.scale - self.step_scale)
        reach = [(unit if self.is_date else abs(number)) * within for number in numbers]
        ordered = sorted(range(len(lines)), key=lambda place: numbers[place])
        marks = [self.scaled(numbers[place]) for place in ordered]
        reaches = [self.scaled(reach[place]) for place in ordered]
        self.fits = all(abs(mark) + abs(far) <= LARGEST // 8 for mark, far in zip(marks, reaches, strict=True))
        self.marks = np.array(marks if self.fits else [], np.int64)
        reached = np.array(reaches if self.fits else [], np.int64)
        self.lows, self.highs = self.marks - reached, self.marks + reached
        self.wholes = np.full(len(self.marks), DAYS * self.factor) if self.is_date else np.abs(self.marks)
        self.order = np.array(ordered, np.int64)
        is_sparse = not (self.marks % self.step).any() and (np.diff(self.marks) >= self.step).all()
        self.window = (MAX_TRIES // 2 if is_sparse else MAX_TRIES) + 1
        self.edges: dict[int, tuple[Array, Array]] = {}
        self.numbers = np.array([lines[place][0] for place in ordered], np.int64)
        self.drawn = [lines[place][1].value for place in ordered]

    def scaled(self, number: Decimal) -> int:
        """Return a number at the scale of comparison; it has no more decimal places."""
        return int(_EXACT.multiply(number, Decimal(self.factor)))

    def values(self, column: Column, rows: int, words: Vocabulary) -> Values:
        """Return the values of a column as integers of the scale of comparison."""
        known = np.asarray(full(np.asarray(column.known), rows))
        bad = np.zeros(rows, np.bool_) if column.bad is None else full(column.bad, rows) & known
        kind, nothing = column.form.kind, np.zeros(rows, np.int64)
        none = np.zeros(rows, np.bool_)
        if kind is Kind.VALUE:
            return self.values_of_words(np.where(known, full(column.values, rows), 0), known, bad, words)
        if kind not in ({Kind.DATE} if self.is_date else {Kind.NUMBER, Kind.RATIO}):
            return Values(nothing, nothing, nothing, none, none)
        if not self.fits:
            return Values(nothing, nothing, nothing, none, known)
        values, more = full(column.values, rows), self.scale - column.form.scale
        factor = 10 ** max(more, 0)
        limit = LARGEST // 4 // factor
        if column.divisors is None and more >= 0:
            known = known & ~bad & (values <= limit) & (values >= -limit)  # others are further than any line
            return Values(np.where(known, values, 0) * factor, nothing, nothing, known, bad)
        divisors = nothing + 10**-more if column.divisors is None else full(column.divisors, rows)
        whole, over = np.divmod(values, divisors)
        is_far = (whole > limit) | (whole < -limit)
        known = known & ~is_far & ~bad
        is_wide = known & (divisors > limit)
        part, cut = np.divmod(np.where(known & ~is_wide, over, 0) * factor, divisors)
        rest = np.where(cut == 0, 0, 2 + np.sign(2 * cut - divisors))
        found = Values(np.where(known, whole, 0) * factor + part, rest, cut / divisors, known, bad)
        for row in np.flatnonzero(is_wide).tolist():
            self.write_wide(found, row, int(over[row]), int(divisors[row]))
        return found

    def write_wide(self, values: Values, row: int, over: int, divisor: int) -> None:
        """Write down the part behind the point of a quotient whose denominator is too large for products of 64 bits.

        Args:
            values: The values, of which the row holds the whole part.
            row: The row.
            over: What is left of the numerator.
            divisor: The denominator.
        """
        part, cut = divmod(over * self.factor, divisor)
        whole = abs(int(values.floor[row])) // self.factor + 1
        if cut and 2 * whole * divisor * self.factor >= 10**ROUNDED:  # the 34 digits may lie on the other side of a step
            values.known[row], values.bad[row] = False, True
            return
        values.floor[row] += part
        values.rest[row] = 0 if not cut else 2 + (2 * cut > divisor) - (2 * cut < divisor)
        values.part[row] = cut / divisor

    def values_of_words(self, numbers: Array, known: Mask, bad: Mask, words: Vocabulary) -> Values:
        """Return the values of a column that counts values of any kind: what is no number, or no date, has no line."""
        numbered, places = np.unique(numbers, return_inverse=True)
        found = [(0, 0, 0, False)] * len(numbered)
        for place in self.near_words(numbered, words).tolist():
            found[place] = self.value_of_word(words.values[numbered[place]])
        floor = np.array([each[0] for each in found], np.int64)[places]
        part = np.array([each[1] for each in found], np.int64)[places] / 10**PART_DIGITS
        rest = np.array([each[2] for each in found], np.int64)[places]
        is_one = np.array([each[3] for each in found], np.bool_)[places] & known & ~bad
        return Values(
            np.where(is_one, floor, 0), np.where(is_one, rest, 0), np.where(is_one, part, 0), is_one, bad | (is_one & (not self.fits))
        )

    def near_words(self, numbers: Array, words: Vocabulary) -> Array:
        """Return the places of those of some values that may be near a line."""
        if self.is_date or not self.fits:
            return np.arange(len(numbers))
        places = np.flatnonzero(words.decimals()[numbers])
        values = [words.values[number] for number in numbers[places].tolist()]
        ends = [[Decimal(end).scaleb(-self.scale, _EXACT) for end in each.tolist()] for each in (self.lows, self.highs)]
        reached, passed = (map(side, repeat(some), values) for side, some in zip((bisect_right, bisect_left), ends, strict=True))
        return places[np.fromiter(map(gt, reached, passed), np.bool_, len(values))]

    def value_of_word(self, word: Value) -> tuple[int, int, int, bool]:
        """Return a value rounded down, the first digits and the quarters of what was cut off, and whether it may be near a line."""
        if not isinstance(word, Date if self.is_date else Decimal):
            return 0, 0, 0, False
        number = Decimal(temporal.to_days(word)) if isinstance(word, Date) else word
        moved = number.scaleb(self.scale, _EXACT) if number.adjusted() <= MOST_DIGITS else None
        if moved is None or abs(moved) > LARGEST // 4:  # further than any line
            return 0, 0, 0, False
        floor = int(moved.to_integral_value("ROUND_FLOOR"))
        cut = _EXACT.subtract(moved, Decimal(floor))
        quarters = 2 + int(_EXACT.multiply(cut, Decimal(2)).compare(Decimal(1))) if cut else 0
        return floor, int(cut.scaleb(PART_DIGITS, _EXACT)), quarters, True

    def inside(self, column: Column, rows: int) -> Mask | None:
        """Return the rows whose value may be near a line; None where that takes more than a look."""
        form = column.form
        if form.kind not in {Kind.NUMBER, Kind.DATE} or column.divisors is not None or self.scale < form.scale or not self.fits:
            return None
        edges, flags = self.merged(form.scale)
        found = kernel.encode(np.ascontiguousarray(full(column.values, rows)), edges, flags).view(np.bool_)
        return found if column.bad is None else found | column.bad

    def merged(self, scale: int) -> tuple[Array, Array]:
        """Return where the stretches that are near some line begin and end at a coarser scale, and 1 for those in between."""
        if scale not in self.edges:
            factor = 10 ** (self.scale - scale)
            edges: list[int] = []
            for low, high in zip((-(-self.lows // factor)).tolist(), (self.highs // factor).tolist(), strict=True):
                if edges and low <= edges[-1]:
                    edges[-1] = max(edges[-1], high + 1)
                elif low <= high:
                    edges += [low, high + 1]
            self.edges[scale] = np.array(edges, np.int64), np.arange(len(edges) + 1).astype(np.uint8) % 2
        return self.edges[scale]

    def positions(self, rows: Array, values: Values, cuts: Array | None) -> tuple["Positions", Mask]:
        """Return where the values of some rows could be moved to, and the rows of which that cannot be told.

        Args:
            rows: The rows of the block.
            values: Their values.
            cuts: The values, at the name's scale, that are told from those before them; None where all may be.
        """
        first = np.searchsorted(self.highs, values.floor + (values.rest > 0), "left")
        last = np.where(values.known, np.searchsorted(self.lows, values.floor, "right"), 0)
        at = np.searchsorted(self.marks, values.floor, "right")
        first, last = np.maximum(first, at - self.window), np.minimum(last, at + self.window)  # none behind these is tried
        count = np.maximum(last - first, 0)
        pair = np.repeat(np.arange(len(rows)), count)
        line = np.repeat(first - np.cumsum(count) + count, count) + np.arange(len(pair))
        low, rest, mark = values.floor[pair], values.rest[pair], self.marks[line]
        is_on, is_below = (low == mark) & (rest == 0), low < mark
        coarse = mark - mark % self.step
        is_fine = coarse != mark
        one = np.where(is_on, mark + self.step, np.where(is_fine, np.where(is_below, coarse + self.step, coarse), mark))
        other = np.where(is_below, mark + self.step, mark - self.step)
        share = np.abs(low - mark + values.part[pair]) / self.wholes[line]
        places = np.repeat(np.arange(len(pair)), 2)  # a line has two positions, unless it is finer than the scale
        moved = np.column_stack((one, other)).ravel()
        lows, rests = low[places], rest[places]
        far = np.where(moved > lows, 4 * (moved - lows) - rests, 4 * (lows - moved) + rests)
        far[1::2][is_fine] = -1
        if cuts is not None and 2 * count.max(initial=0) <= MAX_TRIES:  # what is not told apart need not be put in order
            before, at, behind = (np.searchsorted(cuts, each // self.step, "right") for each in (low, one, other))
            far[::2][at == before] = -1
            far[1::2][(behind == before) | (behind == at)] = -1
        order = self.ranked(pair[places], far, 2 * self.order[line[places]] + np.arange(len(moved)) % 2)
        moved = moved[order] // self.step
        if cuts is not None:
            reached = np.searchsorted(cuts, moved, "right")
            is_new = reached != np.searchsorted(cuts, (low // self.step)[places[order]], "right")
            whose = pair[places[order]]
            is_new[1:] &= (reached[1:] != reached[:-1]) | (whose[1:] != whose[:-1])
            order, moved = order[is_new], moved[is_new]
        chosen = places[order]
        return Positions(self, rows[pair[chosen]], line[chosen], moved, share[chosen]), rows[different(pair[is_on & is_fine])]

    @staticmethod
    def ranked(whose: Array, far: Array, ties: Array) -> Array:
        """Return the positions by row, nearest first, at most `MAX_TRIES` for each row; those that are -1 far are left out."""
        order = np.flatnonzero(far >= 0)
        alike = whose[order]
        several = np.zeros(len(order), np.bool_)
        several[1:] = alike[1:] == alike[:-1]
        several[:-1] |= several[1:]
        slots = np.flatnonzero(several)
        mixed = order[slots]
        order[slots] = mixed[np.lexsort((ties[mixed], far[mixed], whose[mixed]))]
        starts = np.flatnonzero(np.concatenate((np.ones(min(len(order), 1), np.bool_), alike[1:] != alike[:-1])))
        rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.append(starts, len(order))))
        return order[rank < MAX_TRIES]

    def share(self, column: Column, row: int, place: int, words: Vocabulary) -> Decimal:
        """Return how far the value of a row is from a line, as a share of it."""
        return share_of(value_at(column, row, words), self.drawn[place])
