"""What a run of combinations came to, counted part by part: sums before and after, groups, combinations, deciding facts."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from zhida.entitle.best.columns import Batch, Combiner, Figures
from zhida.entitle.best.missing import JOINED
from zhida.entitle.best.situations import Mask
from zhida.entitle.best.supports import bits_of
from zhida.entitle.stacking.structure import Structure
from zhida.values.temporal import Date

MOST_COMBINATIONS = 20
"""Combinations that are told, the most frequent first."""


@dataclass(frozen=True, slots=True)
class PolicyTotal:
    """What became of one policy."""

    policy: str
    """`pack/name`."""
    title: str
    """Its title."""
    is_money: bool
    """Whether it gives money."""
    holders: int
    """Subjects that hold it, so far as is sure."""
    claimed_fen: int
    """What it would pay by itself."""
    taken: int
    """Subjects that take it."""
    paid_fen: int
    """What it pays in the best combinations."""


@dataclass(frozen=True, slots=True)
class GroupTotal:
    """What one row of stacking takes away."""

    group: str
    """What the group is called."""
    rule: str
    """Its rule."""
    article: str
    """Where that is ordered."""
    subjects: int
    """Subjects from which it takes anything."""
    cut_fen: int
    """What it takes; where several rows stop a policy, it counts for the first of them."""


@dataclass(frozen=True, slots=True)
class CombinationSummary:
    """What a run came to."""

    as_of: Date
    """The date of the business fact."""
    registry: str
    """What the registry is called."""
    is_synthetic: bool
    """Whether it is invented."""
    subjects: int
    """How many subjects there are."""
    paid_subjects: int
    """How many of them are paid anything."""
    claimed_fen: int
    """What all policies would pay by themselves."""
    total_fen: int
    """What the best combinations pay."""
    possible_fen: int
    """What they would pay if all missing facts turned out well, as far as that is known."""
    open_subjects: int
    """Subjects of which more is possible than is sure."""
    policies: tuple[PolicyTotal, ...]
    """Policy by policy."""
    groups: tuple[GroupTotal, ...]
    """Row by row of stacking, in the order of the packs."""
    combinations: tuple[tuple[tuple[str, ...], int, int], ...]
    """The most frequent combinations of two policies and more: their titles, how many subjects, what they are paid together."""
    deciding: tuple[tuple[str, int], ...]
    """The facts that decide, with the number of subjects, most first."""
    subject_deciding: tuple[tuple[str, int], ...]
    """The same among the subjects' own facts, where no parameter is told that the place has not filled in."""
    parameters: tuple[str, ...]
    """The parameters among all that decides: not for subjects to tell."""
    figures: Figures
    """How many rows needed what."""
    received_elsewhere: int = 0
    """Payments that were received of policies or by subjects that are not among these."""


class Tally:
    """Counts parts."""

    def __init__(self, combiner: Combiner, *, registry: str, is_synthetic: bool) -> None:
        """Begin with nothing.

        Args:
            combiner: What combines.
            registry: What the registry is called.
            is_synthetic: Whether it is invented.
        """
        self.combiner, self.registry, self.is_synthetic = combiner, registry, is_synthetic
        structure = combiner.structure
        count = len(structure.policies)
        self.sums: dict[str, list[int]] = {name: [0] * count for name in ("holders", "claimed", "taken", "paid")}
        self.cut = [[0, 0] for _ in structure.restrictions]
        self.combinations: Counter[int] = Counter()
        self.paid_together: Counter[int] = Counter()
        self.deciding: Mapping[str, Counter[str]] = {"decides": Counter(), "subject_decides": Counter()}
        self.subjects = self.paid_subjects = self.possible = self.open = 0
        self.figures = Figures()

    def add(self, batch: Batch) -> None:
        """Count a part."""
        found, structure = batch.found, self.combiner.structure
        self.subjects += batch.situations.count
        totals = found.totals
        self.paid_subjects += int((totals > 0).sum())
        self.possible += int(batch.possible.sum())
        self.open += int((batch.possible > totals).sum())
        for position in range(len(structure.policies)):
            self.sums["holders"][position] += int(batch.situations.held[position].sum())
            self.sums["claimed"][position] += int(found.open_to[position].sum())
            self.sums["taken"][position] += int(found.taken[position].sum())
            self.sums["paid"][position] += int(found.paid[position].sum())
        self._groups(batch)
        self._together(batch, structure)
        for column, counted in self.deciding.items():
            words = batch.table.column(column).value_counts()
            said = zip(words.field(0).to_pylist(), words.field(1).to_pylist(), strict=True)
            counted.update({word: count for word, count in said if word})
        self.figures += batch.figures

    def _groups(self, batch: Batch) -> None:
        """Count what groups take away."""
        hit: dict[int, Mask] = {}
        for each in batch.short:
            ranks = sorted(range(len(each.restrictions)), key=lambda at: each.restrictions[at])
            left = np.ones(len(each.rows), np.bool_)
            lost = batch.found.open_to[each.position, each.rows] - batch.found.paid[each.position, each.rows]
            for at in ranks:
                own = left & ((each.by >> at & 1) != 0)
                if own.any():
                    place = each.restrictions[at]
                    mask = hit.setdefault(place, np.zeros(batch.situations.count, np.bool_))
                    mask[each.rows[own]] = True
                    self.cut[place][1] += int(lost[own].sum())
                left &= ~own
        for place, mask in hit.items():
            self.cut[place][0] += int(mask.sum())

    def _together(self, batch: Batch, structure: Structure) -> None:
        """Count which policies are taken together: those that give money."""
        money = [position for position, is_money in enumerate(structure.is_money) if is_money]
        is_paid = batch.found.paid[money] > 0
        rows = np.flatnonzero(is_paid.sum(axis=0) > 1)
        if not len(rows):
            return
        packed = np.packbits(is_paid[:, rows], axis=0, bitorder="little")
        bits = [f"{place}" for place in range(len(packed))]
        frame = pl.DataFrame(dict(zip(bits, packed, strict=True)) | {"fen": batch.found.totals[rows]})
        for *words, count, fen in frame.group_by(bits).agg(pl.len(), pl.col("fen").sum()).iter_rows():
            key = int.from_bytes(bytes(words), "little")
            self.combinations[key] += count
            self.paid_together[key] += fen

    def summary(self, received_elsewhere: int = 0) -> CombinationSummary:
        """Return the counts."""
        structure, packs = self.combiner.structure, self.combiner.packs
        titles = {policy: packs.policies[policy].front.title for policy in structure.policies}
        money = [position for position, is_money in enumerate(structure.is_money) if is_money]
        frequent = sorted(self.combinations.items(), key=lambda item: (-item[1], item[0]))[:MOST_COMBINATIONS]
        return CombinationSummary(
            as_of=self.combiner.as_of,
            registry=self.registry,
            is_synthetic=self.is_synthetic,
            subjects=self.subjects,
            paid_subjects=self.paid_subjects,
            claimed_fen=sum(self.sums["claimed"]),
            total_fen=sum(self.sums["paid"]),
            possible_fen=self.possible,
            open_subjects=self.open,
            policies=self._policies(structure, titles),
            groups=tuple(
                GroupTotal(row.group, row.rule.value, row.article, *cut) for row, cut in zip(structure.restrictions, self.cut, strict=True)
            ),
            combinations=tuple(
                (tuple(titles[structure.policies[money[at]]] for at in bits_of(key)), count, self.paid_together[key])
                for key, count in frequent
            ),
            deciding=_most_first(self.deciding["decides"]),
            subject_deciding=_most_first(self.deciding["subject_decides"]),
            parameters=tuple(
                sorted({name for words in self.deciding["decides"] for name in words.split(JOINED)} & packs.parameters.keys())
            ),
            figures=self.figures,
            received_elsewhere=received_elsewhere,
        )

    def _policies(self, structure: Structure, titles: Mapping[str, str]) -> tuple[PolicyTotal, ...]:
        columns: Sequence[Sequence[int]] = [self.sums[name] for name in ("holders", "claimed", "taken", "paid")]
        return tuple(
            PolicyTotal(policy, titles[policy], is_money, *figures)
            for policy, is_money, figures in zip(structure.policies, structure.is_money, zip(*columns, strict=True), strict=True)
        )


def _most_first(counted: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counted.items(), key=lambda item: (-item[1], item[0])))
