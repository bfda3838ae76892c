"""Counting what a change comes to: costs before and after, who wins and who loses, part by part.

    results before ─┐
    results after  ─┼──compare──> rows: a subject each, with its groups and sums ──Tally──> figures
    groups          ┘                    └──> changes: a row for each subject and policy whose answer differs

Owns no file. All sums are integer fen and exact, however many rows there are. A subject *wins* where it gets more after than
before, all policies of the scenario together, and *loses* where it gets less; that is after stacking where stacking was
considered.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from zhida.assess.columns import NAME, OUTCOMES
from zhida.entitle.simulation.deciding import amounts, outcome_codes, sure_and_possible
from zhida.entitle.simulation.groupings import Groupings

ABSENT = len(OUTCOMES)
"""The place, behind the outcomes, of a policy that one side does not have."""

KINDS = ABSENT + 1
"""Outcomes, and that a side does not have the policy."""

HELD = OUTCOMES.index("ELIGIBLE")
LEFT = (OUTCOMES.index("UNDETERMINED"), OUTCOMES.index("REVIEW"))

TOP = 20
"""Winners and losers that are named."""

BEFORE, AFTER, CHANGE = "before", "after", "change"


@dataclass(frozen=True, slots=True)
class Pair:
    """A number before and after."""

    before: int
    """Before the change."""
    after: int
    """After it."""

    @property
    def change(self) -> int:
        """How much more it is after."""
        return self.after - self.before

    def __add__(self, other: "Pair") -> "Pair":
        """Return the sums."""
        return Pair(self.before + other.before, self.after + other.after)


NONE = Pair(0, 0)


@dataclass(frozen=True, slots=True)
class PolicyTally:
    """What one policy comes to before and after."""

    policy: str
    """Its id."""
    gross_fen: Pair
    """The sum of what it gives for sure, as if it stood alone: to those who are undetermined, but entitled whatever comes, the least."""
    net_fen: Pair
    """The sum that is left of it after stacking; the same as gross where stacking was not considered."""
    possible_fen: Pair
    """What could come on top of `gross_fen`, as far as it is known: the greatest possible amounts of those who are undetermined."""
    moves: tuple[tuple[int, ...], ...]
    """How many subjects have each outcome before (row) and after (column), by the place in `OUTCOMES`, `ABSENT` last."""

    def count(self, outcome: int) -> Pair:
        """Return how many have an outcome before and after."""
        return Pair(sum(self.moves[outcome]), sum(row[outcome] for row in self.moves))

    @property
    def changed(self) -> int:
        """How many have another outcome after than before."""
        return sum(count for was, row in enumerate(self.moves) for is_, count in enumerate(row) if was != is_)


@dataclass(frozen=True, slots=True)
class GroupTally:
    """What a group of subjects comes to."""

    label: str
    """What it is called; empty for those of whom it is not known."""
    subjects: int
    """How many there are."""
    gross_fen: Pair
    """The sum of amounts, each policy as if it stood alone."""
    net_fen: Pair
    """The same after stacking."""
    winners: int
    """How many get more."""
    losers: int
    """How many get less."""


@dataclass(frozen=True, slots=True)
class Mover:
    """A subject that wins or loses."""

    key: str
    """Its code."""
    name: str
    """What it is called; empty where nobody knows."""
    groups: tuple[str, ...]
    """Its group, by each grouping."""
    fen: Pair
    """What it gets."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A part, compared."""

    rows: pl.DataFrame
    """A row for each subject: key, `名称`, its groups, `gross:before`, `gross:after`, `net:before`, `net:after`,
    those of `detailed` policies, `change`."""
    changes: pl.DataFrame
    """A row for each subject and policy of which something differs; see `CHANGES`."""
    policies: tuple[PolicyTally, ...]
    """The policies, counted."""


CHANGES: Mapping[str, pl.DataType] = {
    "policy": pl.String(),
    "outcome_before": pl.String(),
    "outcome_after": pl.String(),
    "gross_fen_before": pl.Int64(),
    "gross_fen_after": pl.Int64(),
    "net_fen_before": pl.Int64(),
    "net_fen_after": pl.Int64(),
    "total_fen_before": pl.Int64(),
    "total_fen_after": pl.Int64(),
}
"""The columns of changes behind the key, `名称` and the groups: what one policy says of a subject, and what it gets in all."""


def compare(  # noqa: PLR0913, PLR0917 - both sides of one part, and how it is grouped
    before: pa.Table,
    after: pa.Table,
    paid: tuple[pa.Table, pa.Table] | None,
    groups: Sequence[pl.Series],
    policies: Sequence[str],
    is_money: Mapping[str, bool],
    detailed: Collection[str] = (),
) -> Compared:
    """Return one part compared.

    Args:
        before: The results before, key first.
        after: The results after, of the same rows.
        paid: What is left after stacking, before and after: `<policy>:paid_fen`; None where it was not considered.
        groups: The group of each row, by each grouping.
        policies: The policies of either side, in order.
        is_money: Of each, whether what it gives counts as money.
        detailed: Policies of which the rows tell `<policy>:before` and `<policy>:after`, what is left after stacking.
    """
    key, names = before.column_names[0], _names(before, after)
    rows = before.num_rows
    totals = {kind: np.zeros(rows, np.int64) for kind in ("gross:before", "gross:after", "net:before", "net:after")}
    told, seen = [], []
    for policy in policies:
        outcomes = [outcome_codes(table, policy) for table in (before, after)]
        nothing = np.zeros(rows, np.int64)
        claims = [sure_and_possible(table, policy) if is_money[policy] else (nothing, nothing) for table in (before, after)]
        gross = [sure for sure, _ in claims]
        net = gross if paid is None else [amounts(table, f"{policy}:paid_fen") for table in paid]
        net = net if is_money[policy] else gross
        for kind, arrays in (("gross", gross), ("net", net)):
            totals[f"{kind}:before"] += arrays[0]
            totals[f"{kind}:after"] += arrays[1]
        open_ = [possible - sure for sure, possible in claims]
        moves = np.bincount(outcomes[0].astype(np.int64) * KINDS + outcomes[1], minlength=KINDS * KINDS).reshape(KINDS, KINDS)
        sums = [Pair(exact_sum(arrays[0]), exact_sum(arrays[1])) for arrays in (gross, net, open_)]
        told.append(PolicyTally(policy, sums[0], sums[1], sums[2], tuple(tuple(row) for row in moves.tolist())))
        seen.append((policy, outcomes, gross, net))
        if policy in detailed:
            totals |= {f"{policy}:{when}": values for when, values in zip((BEFORE, AFTER), net, strict=True)}
    frame = pl.DataFrame({key: _series(before.column(0)), NAME: names}).with_columns(groups)
    frame = frame.with_columns(*(pl.Series(name, values) for name, values in totals.items()))
    frame = frame.with_columns((pl.col("net:after") - pl.col("net:before")).alias(CHANGE))
    return Compared(frame, _changes(frame, [group.name for group in groups], seen), tuple(told))


def _changes(
    frame: pl.DataFrame,
    groups: Sequence[str],
    seen: Sequence[tuple[str, list[NDArray[np.int8]], list[NDArray[np.int64]], list[NDArray[np.int64]]]],
) -> pl.DataFrame:
    """Return a row for each subject and policy of which something differs, subject by subject."""
    key = frame.columns[0]
    words = pl.Series([*OUTCOMES, None], dtype=pl.String)
    found = [pl.DataFrame(schema={"place": pl.Int64(), **CHANGES}).drop("total_fen_before", "total_fen_after")]
    for policy, outcomes, gross, net in seen:
        places = np.flatnonzero((outcomes[0] != outcomes[1]) | (gross[0] != gross[1]) | (net[0] != net[1]))
        columns = {"place": pl.Series(places, dtype=pl.Int64), "policy": pl.repeat(policy, len(places), dtype=pl.String, eager=True)}
        for when, codes in zip((BEFORE, AFTER), outcomes, strict=True):
            columns[f"outcome_{when}"] = words.gather(codes[places].astype(np.uint32))
        for kind, arrays in (("gross", gross), ("net", net)):
            columns |= {f"{kind}_fen_{when}": pl.Series(values[places]) for when, values in zip((BEFORE, AFTER), arrays, strict=True)}
        found.append(pl.DataFrame(columns))
    rows = pl.concat(found).sort("place", maintain_order=True)
    own = frame.select(key, NAME, *groups, total_fen_before=pl.col("net:before"), total_fen_after=pl.col("net:after"))
    return pl.concat([own[rows["place"]], rows.drop("place")], how="horizontal").select(key, NAME, *groups, *CHANGES)


def _names(before: pa.Table, after: pa.Table) -> pl.Series:
    for table in (after, before):
        if NAME in table.column_names:
            return _series(table.column(NAME))
    return pl.repeat(None, before.num_rows, dtype=pl.String, eager=True)


def _series(column: pa.ChunkedArray) -> pl.Series:
    found = pl.from_arrow(column)
    assert isinstance(found, pl.Series), "one column is a series"
    return found.cast(pl.String)


def exact_sum(values: NDArray[np.int64]) -> int:
    """Return the sum of integers, which may be more than 64 bits hold.

    >>> exact_sum(np.array([2**62, 2**62, 2**62]))
    13835058055282163712
    """
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


# --- parts together ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Tally:
    """Parts, counted one after the other in the order of the registry."""

    groupings: Groupings
    """How subjects are grouped."""
    subjects: int = 0
    """How many there are."""
    winners: int = 0
    """How many get more."""
    losers: int = 0
    """How many get less."""
    gained_fen: int = 0
    """What winners get more, all together."""
    lost_fen: int = 0
    """What losers get less, all together; not negative."""
    policies: dict[str, PolicyTally] = field(default_factory=dict)
    """By id."""
    groups: dict[str, dict[str, GroupTally]] = field(default_factory=dict)
    """By grouping, then by label."""
    most: list[Mover] = field(default_factory=list)
    """Who wins most, greatest first."""
    least: list[Mover] = field(default_factory=list)
    """Who loses most, greatest first."""

    def add(self, part: Compared) -> None:
        """Count a part."""
        rows = part.rows
        self.subjects += rows.height
        change = rows[CHANGE].to_numpy()
        self.winners += int((change > 0).sum())
        self.losers += int((change < 0).sum())
        self.gained_fen += exact_sum(np.where(change > 0, change, 0))
        self.lost_fen -= exact_sum(np.where(change < 0, change, 0))
        for each in part.policies:
            self.policies[each.policy] = _sum(self.policies[each.policy], each) if each.policy in self.policies else each
        for name in self.groupings.names:
            self._group(name, rows)
        self.most = self._top(self.most, rows, is_most=True)
        self.least = self._top(self.least, rows, is_most=False)

    def _group(self, name: str, rows: pl.DataFrame) -> None:
        sums = [pl.col(f"{kind}:{when}").cast(pl.Int128).sum() for kind in ("gross", "net") for when in (BEFORE, AFTER)]
        counts = [pl.len().alias("rows"), (pl.col(CHANGE) > 0).sum().alias("winners"), (pl.col(CHANGE) < 0).sum().alias("losers")]
        own = self.groups.setdefault(name, {})
        for label, *values in rows.group_by(name, maintain_order=True).agg(*sums, *counts).iter_rows():
            gross, net = Pair(values[0], values[1]), Pair(values[2], values[3])
            was = own.get(label, GroupTally(label, 0, NONE, NONE, 0, 0))
            own[label] = GroupTally(
                label,
                was.subjects + values[4],
                was.gross_fen + gross,
                was.net_fen + net,
                was.winners + values[5],
                was.losers + values[6],
            )

    def _top(self, known: list[Mover], rows: pl.DataFrame, *, is_most: bool) -> list[Mover]:
        """Return who is first among those known and those of a part; where they are equal, by their codes."""
        sign = 1 if is_most else -1
        moving = rows.filter(pl.col(CHANGE) * sign > 0)
        if not moving.height:
            return known
        first = moving.sort(pl.col(CHANGE) * sign, descending=True, maintain_order=True).head(TOP)
        places = [first.columns.index(name) for name in self.groupings.names]
        before, after = first.columns.index("net:before"), first.columns.index("net:after")
        found = [
            Mover(str(row[0]), row[1] or "", tuple(row[place] for place in places), Pair(row[before], row[after]))
            for row in first.iter_rows()
        ]
        return sorted([*known, *found], key=lambda each: (-sign * each.fen.change, each.key))[:TOP]


def _sum(left: PolicyTally, right: PolicyTally) -> PolicyTally:
    moves = tuple(tuple(map(sum, zip(*rows, strict=True))) for rows in zip(left.moves, right.moves, strict=True))
    return PolicyTally(
        left.policy,
        left.gross_fen + right.gross_fen,
        left.net_fen + right.net_fen,
        left.possible_fen + right.possible_fen,
        moves,
    )


def ordered(groups: Mapping[str, GroupTally]) -> tuple[GroupTally, ...]:
    """Return groups by what they cost after the change, greatest first; those of whom it is not known last."""
    return tuple(sorted(groups.values(), key=lambda each: (not each.label, -each.net_fen.after, -each.net_fen.before, each.label)))
