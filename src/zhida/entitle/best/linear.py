"""The greatest sum under several limits, in exact fractions: what a bound is read off.

    greatest  Σ x   where  low ≤ x ≤ high  and  Σ c·x ≤ limit for each row

Dual simplex on z = high − x, whose start z = 0 needs no search; Bland's order makes it end, and the same input gives the
same answer. What counts is the multiplier of each row: by them alone anybody can add up that no sum is greater.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

ZERO, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True, slots=True)
class Row:
    """A limit over several amounts."""

    weights: Mapping[int, Fraction]
    """How much each amount counts, by its position; what does not count is left out."""
    limit: Fraction
    """So much at most."""


@dataclass(frozen=True, slots=True)
class Greatest:
    """The greatest sum, and why there is no greater one."""

    amounts: Mapping[int, Fraction] | None
    """Amounts that make it, by position; None where no amounts keep to all limits."""
    multipliers: tuple[Fraction, ...]
    """How often each row is added up for the bound; where no amounts keep to the limits, by any multiple of these it falls below all."""


def greatest(rows: Sequence[Row], low: Mapping[int, int], high: Mapping[int, int]) -> Greatest:
    """Return the greatest sum of amounts.

    Args:
        rows: The limits; every weight is of a position in `high`.
        low: The least that each amount may be, by position.
        high: The most that each amount may be, by position.

    >>> greatest([Row({0: ONE, 1: ONE}, Fraction(5))], {0: 0, 1: 0}, {0: 4, 1: 3}).multipliers
    (Fraction(1, 1),)
    """
    positions = sorted(high)
    numbers = {position: number for number, position in enumerate(positions)}
    first_slack = len(positions)
    table: dict[int, list[Fraction]] = {}  # each basic variable as a sum over the others: weights, then the constant
    for number, row in enumerate(rows):
        weights = [ZERO] * len(positions)
        for position, weight in row.weights.items():
            weights[numbers[position]] = weight
        table[first_slack + number] = [*weights, row.limit - sum(weight * high[each] for each, weight in row.weights.items())]
    for number, position in enumerate(positions):
        weights = [ZERO] * len(positions)
        weights[number] = -ONE
        table[first_slack + len(rows) + number] = [*weights, Fraction(high[position] - low[position])]
    costs = [ONE] * len(positions)
    outside = list(range(len(positions)))  # the variables that are 0, one for each column
    while (leaving := min((each for each, line in table.items() if line[-1] < 0), default=None)) is not None:
        line = table[leaving]
        ratios = [(costs[column] / line[column], outside[column], column) for column in range(len(outside)) if line[column] > 0]
        if not ratios:
            ray = dict.fromkeys(outside, ZERO) | {outside[column]: -line[column] for column in range(len(outside))} | {leaving: ONE}
            return Greatest(None, _of_rows(ray, first_slack, len(rows)))
        _exchange(table, costs, outside, leaving, min(ratios)[2])
    amounts = {each: high[each] - (table[number][-1] if number in table else ZERO) for each, number in numbers.items()}
    return Greatest(amounts, _of_rows(dict(zip(outside, costs, strict=True)), first_slack, len(rows)))


def _of_rows(values: Mapping[int, Fraction], first_slack: int, count: int) -> tuple[Fraction, ...]:
    return tuple(values.get(first_slack + number, ZERO) for number in range(count))


def _exchange(table: dict[int, list[Fraction]], costs: list[Fraction], outside: list[int], leaving: int, column: int) -> None:
    """Let a basic variable leave, and the variable of a column take its place."""
    line = table.pop(leaving)
    by = line[column]
    solved = [-each / by for each in line]
    solved[column] = ONE / by
    entering, outside[column] = outside[column], leaving
    for other in table.values():
        if factor := other[column]:
            other[column] = ZERO
            for at, each in enumerate(solved):
                if each:
                    other[at] += factor * each
    factor = costs[column]
    costs[column] = ZERO
    for at in range(len(costs)):
        costs[at] += factor * solved[at]
    table[entering] = solved
