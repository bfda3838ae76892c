"""One allocation: the terms, the claims in the order of service, what each is paid, and how the money goes.

    claims + terms ──order──> turns ──service──> paid now, waiting ──run_out──> the day on which the money is gone

A function of its arguments alone: the same claims and terms give the same frame on any machine and any number of threads.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from zhida.entitle.budgets.claims import written_when
from zhida.entitle.budgets.run_out import RunOut, run_out
from zhida.entitle.budgets.service import EXACT, by_lot, in_turn, lots, pro_rata, total_fen
from zhida.errors import InputError, diagnostic
from zhida.policy.front_matter import LASTS, ORDERS
from zhida.values.temporal import Date

FIRST_COME, PRO_RATA, SCORE, LOTTERY = ORDERS
"""The orders of service."""

PAID, PART, SHARE, WAITING = "付清", "付一部分", "按比例付", "等候"
"""What a claim comes to: paid in full; the rest of the money, at the edge; its share; nothing now."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an allocation goes by, besides the claims."""

    policy: str
    """Id of the policy that the money is for."""
    title: str
    """Its title."""
    year: int
    """The year of the budget."""
    budget_fen: int
    """The budget; fen."""
    spent_fen: int
    """What of it was spent before; fen."""
    order: str
    """Who is served first: `first-come`, `pro-rata`, `score` or `lottery`."""
    last: str
    """At the edge: `part` pays what is left, `wait` pays in full or not at all."""
    seed: str
    """The published seed of a lottery; empty otherwise."""
    as_of: Date
    """The day of the calculation: claims are known until then."""
    until: Date | None = None
    """The last day on which one may apply; None where that is the last of the year."""

    @property
    def last_day(self) -> Date:
        """The last day on which one may apply."""
        return self.until or Date(self.year, 12, 31)

    @property
    def available_fen(self) -> int:
        """What there is for the claims."""
        return max(self.budget_fen - self.spent_fen, 0)


@dataclass(frozen=True, slots=True)
class Allocation:
    """What a budget comes to."""

    terms: Terms
    """What it goes by."""
    frame: pl.DataFrame
    """A row for each claim in the order of service: key, name, turn (from 1), amount_fen, paid_fen, state, date, time, score, lot."""
    counts: Mapping[str, tuple[int, int, int]]
    """By state: how many claims, how many fen they are to have, and how many they are paid."""
    claimed_fen: int
    """What all claims are to have."""
    paid_fen: int
    """What they are paid."""
    undated: int
    """Claims without a day."""
    unscored: int
    """Claims without points."""
    run_out: RunOut
    """How the money goes."""

    @property
    def waiting_fen(self) -> int:
        """What is not paid now."""
        return self.claimed_fen - self.paid_fen

    @property
    def unspent_fen(self) -> int:
        """What there is and nobody is paid, though somebody waits: less than the next is to have."""
        return self.terms.available_fen - self.paid_fen if self.waiting_fen else 0


def allocate(claims: pl.DataFrame, terms: Terms) -> Allocation:
    """Return who is paid now and who waits.

    Args:
        claims: A row for each claim (`CLAIMS`): amounts above 0, each key once.
        terms: What the allocation goes by.

    Raises:
        InputError: allocation-no-seed.
    """
    assert terms.order in ORDERS, terms.order
    assert terms.last in LASTS, terms.last
    served = _in_order(claims.sort("key"), terms)
    amounts = served["amount_fen"].to_numpy()
    assert not amounts.size or amounts.min() > 0, "a claim for nothing"
    is_shared = terms.order == PRO_RATA
    paid = pro_rata(amounts, terms.available_fen) if is_shared else in_turn(amounts, terms.available_fen, last=terms.last)
    left = pl.col("amount_fen") - pl.col("paid_fen")
    partly = pl.lit(SHARE) if is_shared else pl.when(pl.col("paid_fen") > 0).then(pl.lit(PART)).otherwise(pl.lit(WAITING))
    frame = served.with_columns(
        turn=pl.Series(np.arange(1, len(amounts) + 1)),
        paid_fen=pl.Series(paid, dtype=pl.Int64),
    ).with_columns(state=pl.when(left == 0).then(pl.lit(PAID)).otherwise(partly))
    frame = frame.select("key", "name", "turn", "amount_fen", "paid_fen", "state", "date", "time", "score", "lot")
    claimed = total_fen(amounts)
    demand, undated_fen = _demand(frame, is_exact=claimed < EXACT)
    counts = {
        str(state): (each.height, total_fen(each["amount_fen"].to_numpy()), total_fen(each["paid_fen"].to_numpy()))
        for (state,), each in frame.select("state", "amount_fen", "paid_fen").group_by("state")
    }
    return Allocation(
        terms=terms,
        frame=frame,
        counts={state: counts[state] for state in (PAID, PART, SHARE, WAITING) if state in counts},
        claimed_fen=claimed,
        paid_fen=total_fen(paid),
        undated=frame["date"].null_count(),
        unscored=int((frame["score"] == "").sum()),
        run_out=run_out(demand, undated_fen=undated_fen, available_fen=terms.available_fen, as_of=terms.as_of),
    )


def _in_order(claims: pl.DataFrame, terms: Terms) -> pl.DataFrame:
    """Return the claims in the order of service; those that are alike in all that counts stay in the order of their keys."""
    if terms.order == LOTTERY:
        if not terms.seed:
            raise InputError([diagnostic("allocation-no-seed", None, policy=terms.policy)])
        drawn = lots(claims["key"].to_list(), terms.seed)
        return claims.with_columns(lot=pl.Series(drawn, dtype=pl.Binary).bin.encode("hex"))[by_lot(drawn)]
    told = claims.with_columns(lot=pl.lit(""))
    if terms.order == PRO_RATA:
        return told
    # A time without a day says nothing.
    by: list[pl.Expr | str] = ["date", pl.when(pl.col("date").is_not_null()).then(pl.col("time"))]
    if terms.order == SCORE:
        # Points descend; a claim without any stands behind all.
        points = pl.when(pl.col("score") != "").then(pl.col("score")).cast(pl.Decimal(20, 6))
        by = [-points, *by]
    return told.sort(by, nulls_last=True, maintain_order=True)


def _demand(frame: pl.DataFrame, *, is_exact: bool) -> tuple[dict[int, int], int]:
    """Return the fen claimed on each day, and on none."""
    days, amounts = frame["date"].to_physical(), frame["amount_fen"]
    if is_exact:
        sums = pl.DataFrame({"day": days, "fen": amounts}).group_by("day").agg(pl.col("fen").sum())
        pairs = list(sums.iter_rows())
    else:
        pairs = list(zip(days.to_list(), amounts.to_list(), strict=True))
    demand: dict[int | None, int] = {}
    for day, fen in pairs:
        demand[day] = demand.get(day, 0) + fen
    undated = demand.pop(None, 0)
    return {day: fen for day, fen in sorted(demand.items()) if day is not None}, undated


@dataclass(frozen=True, slots=True)
class Place:
    """A claim near the edge of the money."""

    turn: int
    """Its place in the order of service."""
    name: str
    """Who claims."""
    amount_fen: int
    """What is to be had."""
    paid_fen: int
    """What is paid."""
    ground: str
    """What it stands there for: day and time of the application, points as written, or the lot; empty where there is none."""


def edge(allocation: Allocation, *, each_side: int = 3) -> tuple[Place, ...]:
    """Return the last claims that are paid something and the first that wait; nothing where nobody waits or all share."""
    paid = int((allocation.frame["paid_fen"] > 0).sum())
    if paid == allocation.frame.height or allocation.terms.order == PRO_RATA:
        return ()
    near = allocation.frame.slice(max(paid - each_side, 0), min(paid, each_side) + each_side)
    when = pl.concat_str(written_when(), separator=" ").str.strip_chars()
    ground = {SCORE: pl.col("score"), LOTTERY: pl.col("lot")}.get(allocation.terms.order, when)
    return tuple(Place(*row) for row in near.select("turn", "name", "amount_fen", "paid_fen", ground.alias("ground")).iter_rows())
