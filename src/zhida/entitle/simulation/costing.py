"""What a threshold costs: a curve of the cost over its values, and the value that spends a sum.

    Threshold ──points──> packs with another number ──decide, for everybody──> Cost
                                                       └── curve: a cost at each of eleven values and more
                                                       └── sought: the last value at which no more than a sum is spent

Costs are gross: what the policies that rest on the number give, each as if it stood alone. Invariant: each cost that is told was
decided over the whole registry; between two points nothing is guessed.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from zhida.assess.order import RunOrder, read_attributes
from zhida.assess.population import Population
from zhida.assess.renewing import fact_columns
from zhida.entitle.simulation.deciding import Side, outcome_codes, population_of, sure_and_possible
from zhida.entitle.simulation.tally import LEFT, exact_sum
from zhida.entitle.simulation.thresholds import Threshold, costed, varied
from zhida.entitle.simulation.walking import in_order
from zhida.errors import CompileError, has_errors
from zhida.policy.dictionary import Dictionary
from zhida.policy.pack import Packs
from zhida.registry_io.sources import Source
from zhida.values.temporal import Date

MOST_KEPT_ROWS = 3_000_000
"""Rows that are kept in memory between points; a larger registry is read once for each."""

GRID = tuple(map(Decimal, ("0", "0.1", "0.25", "0.5", "0.75", "0.9", "1", "1.1", "1.25", "1.5", "2", "3", "4", "8")))
"""Multiples of the present value at which it is looked where a sum is spent."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What some policies give at one value of a threshold."""

    value: Decimal
    """The value."""
    fen: int | None
    """The sum; None where the policy has errors with this value."""
    subjects: int
    """How many get something."""
    open_subjects: int = 0
    """How many are undetermined, or for a person to look at: why a cost may leap where a number changes little."""
    fault: str = ""
    """What is wrong with it, in Chinese; empty where nothing is."""


@dataclass(frozen=True, slots=True)
class Curve:
    """The cost of a threshold at some values."""

    threshold: Threshold
    """What is varied."""
    policies: tuple[str, ...]
    """The policies whose cost is told."""
    points: tuple[Cost, ...]
    """By value, ascending; the present one among them."""

    @property
    def present(self) -> Cost:
        """The cost as it is."""
        return next(each for each in self.points if each.value == self.threshold.rounded(self.threshold.value))

    @property
    def is_flat(self) -> bool:
        """Whether nothing is spent more or less at any of the values."""
        return len({each.fen for each in self.points if each.fen is not None}) <= 1


@dataclass(frozen=True, slots=True)
class Sought:
    """The value at which a sum is spent."""

    threshold: Threshold
    """What was varied."""
    policies: tuple[str, ...]
    """The policies whose cost is told."""
    target_fen: int
    """The sum."""
    found: Cost | None
    """The last value at which no more than the sum is spent; None where there is none between the ends of `tried`, or where the
    policy has errors on the way to it."""
    beyond: Cost | None
    """The next value, by the smallest step, at which more is spent; None likewise."""
    tried: tuple[Cost, ...]
    """Everything that was decided, by value."""
    is_monotone: bool
    """Whether, as far as was looked, the cost goes one way only; if not, there may be other values that spend the sum."""


@dataclass
class Costing:
    """Decides what policies cost over a registry, as often as it is asked to."""

    source: Source
    """The subjects."""
    dictionary: Dictionary
    """Their attributes."""
    as_of: Date
    """The date of the business fact."""
    threads: int
    """How many parts are worked on at a time."""
    cache: Path | None = None
    """The folder that keeps what was learned of policies."""
    tell: Callable[[int], None] = lambda _: None
    """Told whenever another value was decided: 1."""
    kept: dict[tuple[str, ...], list[pl.DataFrame]] = field(default_factory=dict)
    """Parts that were read, by the columns that were read of them."""

    def cost(self, packs: Packs, policies: Sequence[str]) -> tuple[int, int, int]:
        """Return what some policies give in all, in fen, to how many subjects, and of how many that is open."""
        order = RunOrder(packs, tuple(policies), self.dictionary, self.as_of)
        population = population_of(order, self.source)

        def work(side: Side, frame: pl.DataFrame) -> tuple[int, int, int]:
            table = side.decide(side.filled(frame))
            fen, getting, open_ = 0, np.zeros(frame.height, np.bool_), np.zeros(frame.height, np.bool_)
            for policy in policies:
                paid, _ = sure_and_possible(table, policy)
                fen += exact_sum(paid)
                getting |= paid > 0
                open_ |= np.isin(outcome_codes(table, policy), LEFT)
            return fen, int(getting.sum()), int(open_.sum())

        frames = self.frames(order, population)
        found = list(in_order(frames, lambda: Side(order, self.source.key, population, self.cache), work, threads=self.threads))
        fen, subjects, open_subjects = (sum(each[place] for each in found) for place in range(3))
        return fen, subjects, open_subjects

    def frames(self, order: RunOrder, population: Population) -> "list[pl.DataFrame] | _Frames":
        """Return the parts with the columns that an order reads; kept for the next time where there is room."""
        columns = (self.source.key, *fact_columns(read_attributes(order), self.source.key))
        if (self.source.rows or MOST_KEPT_ROWS + 1) > MOST_KEPT_ROWS:
            return _Frames(self.source, columns)
        if columns not in self.kept:
            self.kept.clear()
            self.kept[columns] = list(_Frames(self.source, columns))
        assert population.as_of == self.as_of, "both are of the same day"
        return self.kept[columns]

    def at(self, packs: Packs, threshold: Threshold, value: Decimal, policies: Sequence[str]) -> Cost:
        """Return what policies cost with a threshold at a value."""
        try:
            with_value = varied(packs, threshold, value, self.as_of)
        except CompileError as error:
            fault = next(item for item in error.diagnostics if has_errors([item]))
            self.tell(1)
            return Cost(value, None, 0, fault=fault.message("zh"))
        cost = Cost(value, *self.cost(with_value, policies))
        self.tell(1)
        return cost

    def curve(self, packs: Packs, threshold: Threshold) -> Curve:
        """Return the cost of a threshold around its present value."""
        policies = costed(packs, threshold, self.as_of)
        return Curve(threshold, policies, tuple(self.at(packs, threshold, value, policies) for value in threshold.points()))

    def seek(self, packs: Packs, threshold: Threshold, target_fen: int) -> Sought:
        """Return the last value of a threshold at which policies give no more than a sum.

        Args:
            packs: The packs.
            threshold: What is varied, to its own smallest step.
            target_fen: The sum.
        """
        policies = costed(packs, threshold, self.as_of)
        most = Decimal(1) if threshold.is_ratio else None
        values = {threshold.rounded(threshold.value * factor) for factor in GRID} | ({most} if most is not None else set())
        values = {value for value in values if most is None or value <= most}
        tried = {value: self.at(packs, threshold, value, policies) for value in sorted(values)}
        known = [(each.value, each.fen) for each in tried.values() if each.fen is not None]
        rises = {left[1] < right[1] for left, right in pairwise(known) if left[1] != right[1]}
        spends = [(value, fen <= target_fen) for value, fen in known]
        crossings = [(left[0], right[0]) for left, right in pairwise(spends) if left[1] != right[1]]
        found, beyond = None, None
        if crossings:
            present = threshold.value
            low, high = min(crossings, key=lambda pair: (_distance(present, pair), pair))
            while high - low > threshold.step:
                middle = low + (high - low) / 2
                middle = middle.quantize(threshold.step, rounding=ROUND_FLOOR)
                cost = tried[middle] = self.at(packs, threshold, middle, policies)
                if cost.fen is None:
                    break
                is_like_low = (cost.fen <= target_fen) == (_fen(tried[low]) <= target_fen)
                low, high = (middle, high) if is_like_low else (low, middle)
            else:
                ends = (tried[low], tried[high])
                found, beyond = ends if _fen(ends[0]) <= target_fen else ends[::-1]
        every = tuple(tried[value] for value in sorted(tried))
        return Sought(threshold, policies, target_fen, found, beyond, every, len(rises) <= 1)


def _fen(cost: Cost) -> int:
    assert cost.fen is not None, "only values that can be decided are ends"
    return cost.fen


def _distance(present: Decimal, pair: tuple[Decimal, Decimal]) -> Decimal:
    """Return how far a stretch lies from the present value."""
    low, high = pair
    return max(low - present, present - high, Decimal(0))


@dataclass(frozen=True, slots=True)
class _Frames:
    """The parts of a source, read whenever they are gone through."""

    source: Source
    """The source."""
    columns: tuple[str, ...]
    """The columns that are read."""

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Read one part after the other."""
        for part in self.source.parts:
            yield self.source.read(part, self.columns)
