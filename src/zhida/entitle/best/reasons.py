"""Why less is paid than a policy could pay by itself: the restrictions that one fen more, or one policy more, would break.

Asked of the best combination of each row. A sum that is the greatest leaves nothing out without a reason, so each policy that is not
paid in full is stopped by at least one row of stacking.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zhida.entitle.best.filling import Combined, Room, room_of
from zhida.entitle.best.situations import Before, Mask, Rows, Situations, before_of
from zhida.entitle.best.supports import Rule, Tie, bits_of, touched_units
from zhida.entitle.stacking.structure import Structure
from zhida.policy.stacking import StackingRule
from zhida.values.temporal import Date

Bits = NDArray[np.int64]
"""Sets of rows of stacking or of units, as bits."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """Why a policy is not paid in full, in some rows."""

    position: int
    """The policy."""
    rows: Rows
    """The rows in which it is not."""
    restrictions: tuple[int, ...]
    """The restrictions that may have stopped it, by their places in the structure."""
    by: Bits
    """For each of these rows, which of them did, as bits."""


def stopped(structure: Structure, ties: Sequence[Tie], situations: Situations, combined: Combined, as_of: Date) -> list[Stopped]:
    """Return why policies are not paid in full, or, where they give no money, not taken.

    Args:
        structure: What binds the policies together.
        ties: Its ties.
        situations: The rows, in which nothing is held whose window is closed.
        combined: Their best combinations.
        as_of: The day.
    """
    found = []
    for tie in ties:
        before = before_of(structure, tie, situations, as_of)
        lacks = _lacking(tie, situations, combined)
        rows = np.flatnonzero(lacks.any(axis=0))
        if not len(rows):
            continue
        restrictions = (
            *(rule.restriction for rule in tie.rules),
            *(limit.restriction for limit in tie.limits),
            *(chain.restriction for chain in tie.chains),
        )
        room = room_of(tie, situations, combined.open_to, before, rows)
        by = _Looker(tie, combined, before, rows, room)
        for place, position in enumerate(tie.members):
            own = np.flatnonzero(lacks[place, rows])
            if len(own):
                found.append(Stopped(position, rows[own], restrictions, by.of(place)[own]))
    return found


def _lacking(tie: Tie, situations: Situations, combined: Combined) -> Mask:
    """Return (members, rows) whether a member is not paid in full, or not taken."""
    members = list(tie.members)
    lacks: Mask = combined.paid[members] < combined.open_to[members]
    for place, position in enumerate(members):
        if not tie.money >> place & 1:
            lacks[place] = situations.held[position] & ~combined.taken[position]
    return lacks


class _Looker:
    """Looks which restrictions stop the members of a tie in some rows."""

    def __init__(self, tie: Tie, combined: Combined, before: Before, rows: Rows, room: Room) -> None:
        self.tie, self.rows, self.room = tie, rows, room
        self.paid = combined.paid[list(tie.members)][:, rows]
        self.taken = combined.taken[list(tie.members)][:, rows]
        blank = [before.contexts.get(int(row), tie.blank) for row in rows.tolist()] if before.contexts else None
        self.contexts = [
            np.zeros(len(rows), np.int64) if blank is None else np.array([each[place] for each in blank], np.int64)
            for place in range(len(tie.rules))
        ]

    def of(self, place: int) -> Bits:
        """Return for each row the restrictions that stop a member, as bits in the order of rules, limits and chains."""
        found = np.zeros(len(self.rows), np.int64)
        bit = 1
        for rule, context in zip(self.tie.rules, self.contexts, strict=True):
            found |= np.where(self._by_rule(rule, context, place), bit, 0)
            bit <<= 1
        for limit, left in zip(self.tie.limits, self.room.limits, strict=True):
            if (limit.members & self.tie.money) >> place & 1:
                found |= np.where(self.paid[list(bits_of(limit.members))].sum(axis=0) >= left, bit, 0)
            bit <<= 1
        for chain, (before, left) in zip(self.tie.chains, self.room.chains, strict=True):
            own = [unit for unit, members in enumerate(chain.units) if members >> place & 1]
            if own and self.tie.money >> place & 1:
                paid = np.stack([self.paid[list(bits_of(unit))].sum(axis=0) for unit in chain.units])
                up_to = np.where(before, paid[:, None], 0).sum(axis=0)
                is_full = (before[own[0]] & (up_to >= left)).any(axis=0)
                found |= np.where(is_full, bit, 0)
            bit <<= 1
        return found

    def _by_rule(self, rule: Rule, context: Bits, place: int) -> Mask:
        """Return whether a rule would be broken if a member were taken, or paid, too."""
        own = touched_units(rule.units, 1 << place)
        nobody: Mask = np.zeros(len(self.rows), np.bool_)
        if not own:
            return nobody
        chosen = self.paid > 0 if rule.rule is StackingRule.HIGHEST else self.taken
        there = np.zeros(len(self.rows), np.int64)
        for unit, members in enumerate(rule.units):
            there |= np.where(chosen[list(bits_of(members))].any(axis=0), 1 << unit, 0)
        with_it = there | own
        is_stopped: Mask = nobody
        match rule.rule:
            case StackingRule.TIMES:
                is_stopped = (np.bitwise_count(with_it) + context > rule.count) & ~self.taken[place]
            case StackingRule.REQUIRES:
                needed = (1 << (own.bit_length() - 1)) - 1
                is_stopped = (needed & ~(with_it | context)) != 0
            case _:
                alone = (np.bitwise_count(with_it) == 1) & (context == 0)
                same = (context != 0) & (with_it & ~context == 0) & (np.bitwise_count(context) == 1)
                is_stopped = ~(alone | same)
        return is_stopped
