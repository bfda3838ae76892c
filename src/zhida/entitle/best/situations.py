"""Situations by columns: what many subjects may claim, held and were paid before, one row of arrays for each policy.

    amounts, held, efforts     (policies, rows)      what each policy gives, whether it is held, how much paper it takes
    caps                       (caps, rows)          the amounts of 封顶; NO_LIMIT where there is none
    Payments                   one entry for each payment that was received before

The scalar of the same is `entitle.best.lawful.Situation`; `Situations.one` makes it of a row.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zhida.entitle.best.lawful import Received, Situation, is_within
from zhida.entitle.best.supports import Tie
from zhida.entitle.stacking.structure import Structure
from zhida.policy.stacking import StackingRule
from zhida.values.temporal import Date

Fen = NDArray[np.int64]
"""Amounts in fen."""

Mask = NDArray[np.bool_]
"""One truth value for each row, or for each policy and row."""

Rows = NDArray[np.int64]
"""Numbers of rows."""

NO_LIMIT = 1 << 61
"""Stands for a sum that nothing limits: more than all policies together can give, and twice that still fits."""


@dataclass(frozen=True, slots=True)
class Payments:
    """What subjects received before: an entry for each payment."""

    rows: Rows
    """The row of the subject."""
    positions: NDArray[np.int64]
    """The position of the policy in the structure."""
    amounts: Fen
    """What was paid."""
    days: tuple[Date, ...]
    """When."""
    items: tuple[str, ...]
    """For what, where that was said; else empty."""

    def at(self, row: int) -> tuple[Received, ...]:
        """Return the payments of one row."""
        return tuple(
            Received(int(self.positions[place]), int(self.amounts[place]), self.days[place], self.items[place])
            for place in np.flatnonzero(self.rows == row).tolist()
        )

    def of(self, rows: Rows) -> "Payments | None":
        """Return the payments of some rows, which are numbered anew; None where there are none."""
        places = np.full(max(int(self.rows.max(initial=-1)), int(rows.max(initial=-1))) + 1, -1, np.int64)
        places[rows] = np.arange(len(rows))
        kept = np.flatnonzero(places[self.rows] >= 0)
        if not len(kept):
            return None
        days = tuple(self.days[place] for place in kept.tolist())
        items = tuple(self.items[place] for place in kept.tolist())
        return Payments(places[self.rows[kept]], self.positions[kept], self.amounts[kept], days, items)


@dataclass(frozen=True, slots=True)
class Situations:
    """What is to be combined, for many subjects at once."""

    amounts: Fen
    """(policies, rows): what each policy gives, 0 or more."""
    held: Mask
    """(policies, rows): whether it is held and one may still apply."""
    caps: Fen
    """(caps, rows): the amounts of the caps."""
    efforts: NDArray[np.int8]
    """(policies, rows): how much paper it takes."""
    payments: Payments | None = None
    """What was received before."""

    @property
    def count(self) -> int:
        """How many rows there are."""
        return int(self.amounts.shape[1])

    def take(self, rows: Rows) -> "Situations":
        """Return some rows."""
        payments = None if self.payments is None else self.payments.of(rows)
        return replace(
            self,
            amounts=self.amounts[:, rows],
            held=self.held[:, rows],
            caps=self.caps[:, rows],
            efforts=self.efforts[:, rows],
            payments=payments,
        )

    def one(self, row: int, members: Sequence[int] | None = None) -> Situation:
        """Return one row as the specification takes it.

        Args:
            row: Its number.
            members: The positions that count; others are not held. None for all.
        """
        held = self.held[:, row]
        if members is not None:
            held = held & np.isin(np.arange(len(held)), members)
        received = () if self.payments is None else self.payments.at(row)
        return Situation(
            tuple(self.amounts[:, row].tolist()),
            tuple(held.tolist()),
            tuple(self.caps[:, row].tolist()),
            tuple(self.efforts[:, row].tolist()),
            received,
        )


@dataclass(frozen=True, slots=True)
class Before:
    """What was received before, as the restrictions of a tie count it."""

    contexts: dict[int, tuple[int, ...]]
    """For each row with payments that rules count, the context."""
    used: dict[int, Fen]
    """For each limit, by its place in the tie, what was received of its policies this year; limits without payments are left out."""
    ever: dict[int, Fen]
    """For each chain, what was received of its policies ever."""


def received_this_year(structure: Structure, situations: Situations, as_of: Date) -> Fen | None:
    """Return (policies, rows) what was received of each policy this year, all its versions together; None for nothing at all."""
    payments = situations.payments
    if payments is None:
        return None
    now = np.array([day.year == as_of.year for day in payments.days], np.bool_)
    found = np.zeros(situations.amounts.shape, np.int64)
    for position, versions in enumerate(structure.versions):
        own = now & np.isin(payments.positions, versions)
        np.add.at(found[position], payments.rows[own], payments.amounts[own])
    return found


def before_of(structure: Structure, tie: Tie, situations: Situations, as_of: Date) -> Before:
    """Return what was received before, as a tie counts it."""
    payments = situations.payments
    if payments is None or not np.isin(payments.positions, tie.members).any():
        return Before({}, {}, {})
    now = np.array([day.year == as_of.year for day in payments.days], np.bool_)
    count = situations.count
    contexts: dict[int, list[int]] = {}
    for place, rule in enumerate(tie.rules):
        restriction = structure.restrictions[rule.restriction]
        for entry, position in enumerate(payments.positions.tolist()):
            context = contexts.setdefault(int(payments.rows[entry]), list(tie.blank)) if position in tie.members else None
            units = sum(1 << unit for unit, each in enumerate(restriction.units) if position in each.members)
            if context is None or not units:
                continue
            if rule.rule is StackingRule.TIMES:
                assert restriction.times is not None, "限次 has times"
                context[place] += is_within(payments.days[entry], payments.items[entry], as_of, restriction.times.per)
            elif _counts(rule.rule, is_now=bool(now[entry]), is_money=bool(payments.amounts[entry] > 0)):
                context[place] |= units
    used, ever = {}, {}
    for place, limit in enumerate(tie.limits):
        used[place] = _sum(payments, structure.restrictions[limit.restriction].members, now, count)
    for place, chain in enumerate(tie.chains):
        ever[place] = _sum(payments, structure.restrictions[chain.restriction].members, np.ones(len(now), np.bool_), count)
    return Before({row: tuple(context) for row, context in contexts.items()}, used, ever)


def _counts(rule: StackingRule, *, is_now: bool, is_money: bool) -> bool:
    """Say whether a payment counts for a rule: 前提 ever, 择一 in the year, 择高 in the year where it was money."""
    return rule is StackingRule.REQUIRES or (is_now and (is_money or rule is StackingRule.CHOICE))


def _sum(payments: Payments, members: Sequence[int], counted: Mask, rows: int) -> Fen:
    found = np.zeros(rows, np.int64)
    own = counted & np.isin(payments.positions, members)
    np.add.at(found, payments.rows[own], payments.amounts[own])
    return found


def one_row(situation: Situation) -> Situations:
    """Return one situation as columns of one row."""
    received = situation.received
    payments = None
    if received:
        payments = Payments(
            np.zeros(len(received), np.int64),
            np.array([each.position for each in received], np.int64),
            np.array([each.amount_fen for each in received], np.int64),
            tuple(each.on for each in received),
            tuple(each.item for each in received),
        )
    return Situations(
        np.array(situation.amounts_fen, np.int64).reshape(-1, 1),
        np.array(situation.is_held, np.bool_).reshape(-1, 1),
        np.array(situation.caps_fen, np.int64).reshape(-1, 1),
        np.array(situation.efforts, np.int8).reshape(-1, 1),
        payments,
    )
