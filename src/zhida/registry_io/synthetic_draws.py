"""Seeded draws and exact apportionment for the synthetic district.

Owns every random number of the generator. The same seed gives the same numbers on every machine and every Python: the only
source is `random.Random(seed).random()`, whose sequence Python guarantees; exponentials are those of `decimal`, which are
correctly rounded, and never those of the C library, which differ in their last bit; a normal is twelve uniforms added as
integers. Nothing here is a float but the uniform itself.
"""

import bisect
import decimal
import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

T = TypeVar("T")

CONTEXT = decimal.Context(
    prec=18,
    rounding=decimal.ROUND_HALF_EVEN,
    Emin=-999999,
    Emax=999999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
)
"""The context of every calculation of the generator: invented facts need no more than 18 digits."""

ZERO, ONE = Decimal(0), Decimal(1)
UNIFORM_DIGITS = 9
"""A uniform has nine decimals: enough for a district, and short to calculate with."""
NORMAL_TERMS = 12
"""Twelve uniforms have the variance one, so that their sum less six is a normal without a scale."""
NORMAL_STEP = 1 << 32
"""How finely each of the twelve uniforms is cut."""


@dataclass(frozen=True, slots=True)
class LogNormal:
    """A quantity whose logarithm is normal: most values small, a few large, none negative."""

    median: Decimal
    """Half of the values are below it, in the quantity's own unit."""
    sigma: Decimal
    """The standard deviation of the natural logarithm."""


@dataclass(frozen=True, slots=True)
class Normal:
    """A quantity that lies evenly around its mean."""

    mean: Decimal
    """The mean, in the quantity's own unit."""
    deviation: Decimal
    """The standard deviation, in the same unit."""


@dataclass(frozen=True, slots=True)
class Weighted(Generic[T]):
    """Values to choose from, with the cumulative sums of their weights."""

    values: tuple[T, ...]
    """What can be chosen, in the order of the data file."""
    cumulative: tuple[Decimal, ...]
    """For each value, the weight of all values up to it."""


def weighted(weights: Mapping[T, Decimal]) -> Weighted[T]:
    """Return the choice among the keys of `weights`, each as likely as its weight; weights need not add up to one."""
    cumulative: list[Decimal] = []
    total = ZERO
    for weight in weights.values():
        total = CONTEXT.add(total, weight)
        cumulative.append(total)
    assert total > 0, "a choice without any weight"
    return Weighted(tuple(weights), tuple(cumulative))


class Draws:
    """One stream of seeded draws; streams of different names do not disturb each other."""

    def __init__(self, seed: int, stream: int) -> None:
        """Start stream number `stream` (0 to 99) of `seed`."""
        assert 0 <= stream < 100, stream
        self._random = random.Random(seed * 100 + stream)  # noqa: S311 - invented facts need repeating, not secrecy

    @classmethod
    def named(cls, seed: int, stream: int, name: str) -> "Draws":
        """Start a stream of its own for a column: a further column does not change the others."""
        digest = hashlib.sha256(name.encode()).digest()
        return cls(seed + int.from_bytes(digest[:16]), stream)

    def below(self, limit: int) -> int:
        """Return a whole number of at least 0 and less than `limit`."""
        return int(self._random.random() * limit)

    def uniform(self) -> Decimal:
        """Return a number of at least 0 and less than 1.

        >>> Draws(1, 0).uniform() == Draws(1, 0).uniform()
        True
        """
        return Decimal(self.below(10**UNIFORM_DIGITS)).scaleb(-UNIFORM_DIGITS, CONTEXT)

    def is_below(self, share: Decimal) -> bool:
        """Say whether the next uniform is below a share: true for that share of all draws."""
        return self._random.random() < share

    def normal(self) -> Decimal:
        """Return a draw of the standard normal; it never lies more than six deviations out."""
        draw = self._random.random
        total = 0
        for _ in range(NORMAL_TERMS):
            total += int(draw() * NORMAL_STEP)
        return CONTEXT.divide(Decimal(total - NORMAL_TERMS // 2 * NORMAL_STEP), Decimal(NORMAL_STEP))

    def of_normal(self, law: Normal) -> Decimal:
        """Return a draw of a normal quantity."""
        return CONTEXT.fma(law.deviation, self.normal(), law.mean)

    def of_lognormal(self, law: LogNormal, lift: Decimal = ZERO) -> Decimal:
        """Return a draw of a lognormal quantity; `lift` is added to its logarithm and ties it to another draw."""
        return CONTEXT.multiply(law.median, CONTEXT.exp(CONTEXT.fma(law.sigma, self.normal(), lift)))

    def choice(self, choices: Weighted[T]) -> T:
        """Return one of the values, each as likely as its weight."""
        point = CONTEXT.multiply(self.uniform(), choices.cumulative[-1])
        return choices.values[bisect.bisect_right(choices.cumulative, point)]

    def some(self, length: int, count: int) -> list[int]:
        """Return `count` of the numbers below `length`, each as likely as every other, none twice."""
        numbers = list(range(length))
        for place in range(count):
            other = place + self.below(length - place)
            numbers[place], numbers[other] = numbers[other], numbers[place]
        return numbers[:count]

    def order(self, length: int) -> list[int]:
        """Return the numbers below `length` in a random order."""
        numbers = list(range(length))
        for last in range(length - 1, 0, -1):
            other = self.below(last + 1)
            numbers[last], numbers[other] = numbers[other], numbers[last]
        return numbers


def whole(value: Decimal, step: int = 1) -> int:
    """Return the multiple of `step` that is nearest to `value`; a half goes to the even multiple.

    >>> whole(Decimal("1250.00"), 100), whole(Decimal("-7.6"))
    (1200, -8)
    """
    return int(CONTEXT.divide(value, Decimal(step)).to_integral_value(decimal.ROUND_HALF_EVEN)) * step


def apportion(total: int, weights: Sequence[Decimal]) -> list[int]:
    """Share `total` out by largest remainder: the counts add up exactly and each is within one of its share.

    Of equal remainders the earlier place comes first.

    >>> apportion(10, [Decimal(1), Decimal(1), Decimal(1)])
    [4, 3, 3]
    """
    whole_weight = ZERO
    for weight in weights:
        whole_weight = CONTEXT.add(whole_weight, weight)
    quotas = [CONTEXT.divide(CONTEXT.multiply(Decimal(total), weight), whole_weight) for weight in weights]
    counts = [int(quota) for quota in quotas]
    by_remainder = sorted(range(len(quotas)), key=lambda place: (CONTEXT.subtract(Decimal(counts[place]), quotas[place]), place))
    for place in by_remainder[: total - sum(counts)]:
        counts[place] += 1
    return counts


def apportion_table(rows: Sequence[int], columns: Sequence[int], weights: Sequence[Sequence[Decimal]]) -> list[list[int]] | None:
    """Fill a table with whole counts whose row and column totals are given exactly, near the proportions of `weights`.

    A cell of weight zero stays zero. None where no such table exists or none was found.

    >>> apportion_table([3, 3], [4, 2], [[Decimal(1), Decimal(1)], [Decimal(1), Decimal(0)]])
    [[1, 2], [3, 0]]
    """
    assert sum(rows) == sum(columns), "the totals of rows and columns differ"
    fitted = _fit_margins(rows, columns, weights)
    counts = [[int(cell) for cell in line] for line in fitted]
    row_lack = [total - sum(line) for total, line in zip(rows, counts, strict=True)]
    column_lack = [total - sum(line[place] for line in counts) for place, total in enumerate(columns)]
    cells = [(i, j) for i in range(len(rows)) for j in range(len(columns)) if weights[i][j] > 0]
    cells.sort(key=lambda cell: (CONTEXT.subtract(Decimal(counts[cell[0]][cell[1]]), fitted[cell[0]][cell[1]]), cell))
    for i, j in cells:
        if row_lack[i] > 0 and column_lack[j] > 0:
            counts[i][j] += 1
            row_lack[i] -= 1
            column_lack[j] -= 1
    for i, lack in enumerate(row_lack):
        for _ in range(lack):
            place = next((j for j, open_places in enumerate(column_lack) if open_places > 0), None)
            if place is None or not _place_one(counts, cells, i, place):
                return None
            column_lack[place] -= 1
    return None if any(column_lack) else counts


def _fit_margins(rows: Sequence[int], columns: Sequence[int], weights: Sequence[Sequence[Decimal]]) -> list[list[Decimal]]:
    """Scale the rows and the columns in turn (iterative proportional fitting), rows last so that no floor exceeds its total."""
    table = [list(line) for line in weights]
    for _ in range(60):
        for j, target in enumerate(columns):
            column = [line[j] for line in table]
            for line, cell in zip(table, _scaled(column, target), strict=True):
                line[j] = cell
        table = [_scaled(line, target) for line, target in zip(table, rows, strict=True)]
    return table


def _scaled(cells: Sequence[Decimal], target: int) -> list[Decimal]:
    total = ZERO
    for cell in cells:
        total = CONTEXT.add(total, cell)
    return [CONTEXT.divide(CONTEXT.multiply(cell, Decimal(target)), total) if total else cell for cell in cells]


def _place_one(counts: list[list[int]], cells: Sequence[tuple[int, int]], row: int, column: int) -> bool:
    """Add one to the total of a row and of a column, directly or by moving one count of another row aside."""
    allowed = set(cells)
    if (row, column) in allowed:
        counts[row][column] += 1
        return True
    for other_row, other_column in cells:
        if (row, other_column) in allowed and (other_row, column) in allowed and counts[other_row][other_column] > 0:
            counts[row][other_column] += 1
            counts[other_row][other_column] -= 1
            counts[other_row][column] += 1
            return True
    return False
