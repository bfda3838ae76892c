"""The best lawful combination of many subjects at once: candidates of each tie, filled greedily, compared by the stated rules.

    Situations ──by tie──> rows alike (held, paying, received)  ──candidates──> filled ──┬── one pays more, all in full: that is it
                                                                                         ├── else all candidates compared
                                                                                         └── too many, or halves of a fen: the solver

Why greedy: the sums that limits allow within a candidate are a polymatroid where the limits are laminar. Filling it in the order
deadline, tax before public funds, position then gives the greatest sum, and among those the one that the rules prefer. What is paid
in full, and by one candidate alone, needs no comparison. Where limits cross, the corners of what they allow are compared (`vertices`),
which is exact as long as these are whole fen. Invariant: the same as `entitle.best.solver.best` row for row.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from zhida.entitle.best.lawful import Combination, Situation
from zhida.entitle.best.situations import Before, Fen, Mask, Rows, Situations, before_of, received_this_year
from zhida.entitle.best.solver import best
from zhida.entitle.best.supports import Candidate, Context, Tie, bits_of
from zhida.entitle.best.vertices import vertices_of
from zhida.entitle.stacking.structure import Structure
from zhida.values.temporal import Date

FAR = np.int64(1 << 62)
"""More than any sum."""


@dataclass(frozen=True, slots=True)
class Combined:
    """The best combinations of some rows."""

    paid: Fen
    """(policies, rows): what is paid."""
    taken: Mask
    """(policies, rows): what is taken."""
    open_to: Fen
    """(policies, rows): what each policy could pay by itself: its amount less what was received this year, where it is held."""
    solved: int
    """How many rows went to the solver, counted for each tie."""
    distinct: int
    """How many different situations these were."""

    @property
    def totals(self) -> Fen:
        """The sum of each row."""
        sums: Fen = self.paid.sum(axis=0)
        return sums


@dataclass(slots=True)
class Asked:
    """What the solver was asked."""

    structure: Structure
    """What binds the policies together."""
    as_of: Date
    """The day."""
    rows: int = 0
    """How many rows."""
    distinct: int = 0
    """How many different situations."""

    def best(self, situation: Situation, known: dict[Situation, Combination]) -> Combination:
        """Return what the solver says, which is asked once for the same."""
        self.rows += 1
        if situation not in known:
            self.distinct += 1
            known[situation] = best(self.structure, situation, self.as_of)
        return known[situation]


def combined(structure: Structure, ties: Sequence[Tie], situations: Situations, as_of: Date) -> Combined:
    """Return the best combination of each row.

    Args:
        structure: What binds the policies together.
        ties: Its ties.
        situations: The rows.
        as_of: The day.
    """
    situations = _still_open(structure, situations)
    open_to = opening(structure, situations, as_of)
    taken = open_to > 0
    for position, is_money in enumerate(structure.is_money):
        if not is_money:
            taken[position] = situations.held[position]
    paid = open_to.copy()
    asked = Asked(structure, as_of)
    for tie in ties:
        _Filler(tie, situations, open_to, before_of(structure, tie, situations, as_of), asked).into(paid, taken)
    return Combined(paid, taken, open_to, asked.rows, asked.distinct)


def greatest_sums(structure: Structure, ties: Sequence[Tie], situations: Situations, as_of: Date) -> Fen:
    """Return the sum of the best combination of each row, without saying which it is: ties need not be broken."""
    nothing = np.zeros(situations.amounts.shape, np.int64)
    everything = set(range(len(structure.policies))), set(range(len(structure.caps)))
    return raised_sums(structure, ties, situations, nothing, everything, as_of)


def raised_sums(  # noqa: PLR0913, PLR0917 - each says one thing about the rows
    structure: Structure,
    ties: Sequence[Tie],
    situations: Situations,
    paid: Fen,
    changed: tuple[set[int], set[int]],
    as_of: Date,
) -> Fen:
    """Return the sum of the best combination of each row after something has changed; the rest counts as it was paid before.

    Args:
        structure: What binds the policies together.
        ties: Its ties.
        situations: The rows, as they are now.
        paid: (policies, rows): the best combinations as they were before.
        changed: The positions of the policies and the places of the caps that changed.
        as_of: The day.
    """
    situations = _still_open(structure, situations)
    open_to = opening(structure, situations, as_of)
    positions, caps = changed
    sums: Fen = paid.sum(axis=0)
    tied = {position for tie in ties for position in tie.members}
    for position in sorted(positions - tied):
        sums += open_to[position] - paid[position]
    asked = Asked(structure, as_of)
    for tie in ties:
        if positions.isdisjoint(tie.members) and caps.isdisjoint(limit.cap for limit in tie.limits):
            continue
        sums -= paid[list(tie.members)].sum(axis=0)
        sums += _Filler(tie, situations, open_to, before_of(structure, tie, situations, as_of), asked).sums()
    return sums


def _still_open(structure: Structure, situations: Situations) -> Situations:
    """Return situations in which nothing is held whose window is closed."""
    closed = np.array(structure.is_closed, np.bool_)
    return replace(situations, held=situations.held & ~closed[:, None]) if closed.any() else situations


def opening(structure: Structure, situations: Situations, as_of: Date) -> Fen:
    """Return (policies, rows) what each policy could pay by itself."""
    open_to: Fen = situations.amounts * situations.held
    open_to[~np.array(structure.is_money, np.bool_)] = 0
    received = received_this_year(structure, situations, as_of)
    return open_to if received is None else np.maximum(open_to - received, 0)


@dataclass(frozen=True, slots=True)
class Room:
    """What limits leave to the members of a tie, in some rows."""

    tie: Tie
    """The tie."""
    each: Fen
    """(members, rows): what each could be paid by itself."""
    limits: tuple[Fen, ...]
    """What each limit leaves to all its members."""
    chains: tuple[tuple[Mask, Fen], ...]
    """Of each chain: (i, j, rows) whether its i-th unit comes no later than its j-th, and what all up to the j-th may be paid."""

    def take(self, rows: Rows) -> "Room":
        """Return some rows."""
        chains = tuple((before[:, :, rows], left[:, rows]) for before, left in self.chains)
        return Room(self.tie, self.each[:, rows], tuple(limit[rows] for limit in self.limits), chains)

    def filled(self, paid: int) -> Fen:
        """Return (members, rows) what is paid where some members may be paid: each in turn as much as is left."""
        found = np.zeros_like(self.each)
        bound = [(limit.members, left.copy()) for limit, left in zip(self.tie.limits, self.limits, strict=True) if limit.members & paid]
        chains = [
            (chain.units, before, left.copy())
            for chain, (before, left) in zip(self.tie.chains, self.chains, strict=True)
            if chain.members & paid
        ]
        for place in self.tie.order:
            if not paid >> place & 1:
                continue
            amount = self.each[place].copy()
            own = [left for members, left in bound if members >> place & 1]
            within = [(before[unit], left) for units, before, left in chains for unit, members in enumerate(units) if members >> place & 1]
            for left in own:
                np.minimum(amount, left, out=amount)
            for before, left in within:
                np.minimum(amount, np.where(before, left, FAR).min(axis=0), out=amount)
            np.maximum(amount, 0, out=amount)
            found[place] = amount
            for left in own:
                np.subtract(left, amount, out=left)
            for before, left in within:
                np.subtract(left, np.where(before, amount, 0), out=left)
        return found

    def fillings(self, paid: int) -> Iterator[tuple[Fen, Mask]]:
        """Yield (members, rows) what may be paid where some members are paid, the best among it, and in which rows each of them is.

        Where limits cross, each corner of what they allow is yielded; `is_exact` says whether that is all there is to look at.
        """
        places = list(bits_of(paid))
        corners = None if is_nested(self.tie, paid) else vertices_of(paid, _within(self.tie, paid))
        if corners is None:
            found = self.filled(paid)
            yield found, _all_of(found[places] > 0)
            return
        own = [(limit.members & paid, left) for limit, left in zip(self.tie.limits, self.limits, strict=True) if limit.members & paid]
        wholes = [np.minimum(left, self.each[list(bits_of(members))].sum(axis=0)) for members, left in own]
        bounds = [*(self.each[place] for place in places), *wholes]
        for corner in corners:
            found = np.zeros_like(self.each)
            for place, weights in zip(places, corner.weights, strict=True):
                for bound, weight in zip(corner.bounds, weights, strict=True):
                    if weight:
                        found[place] += weight * bounds[bound]
            lawful = _all_of(found[places] > 0) & _all_of(found <= self.each)
            for members, left in own:
                lawful &= found[list(bits_of(members))].sum(axis=0) <= left
            if lawful.any():
                yield found, lawful


def is_nested(tie: Tie, paid: int) -> bool:
    """Say whether the limits of some members are nested or apart, so that filling them in turn is exact."""
    if tie.is_laminar:
        return True
    limits = [limit.members & paid for limit in tie.limits]
    return not tie.chains and not any(one & other and one & other not in (one, other) for one in limits for other in limits)


def is_exact(tie: Tie, candidates: Sequence[Candidate]) -> bool:
    """Say whether what candidates pay at best can be found without the solver."""
    if tie.is_laminar or tie.chains:
        return tie.is_laminar
    sets = dict.fromkeys(candidate.paid for candidate in candidates)
    return all(is_nested(tie, paid) or vertices_of(paid, _within(tie, paid)) is not None for paid in sets)


def _within(tie: Tie, paid: int) -> tuple[int, ...]:
    """Return those of some members that each limit counts; limits of none of them are left out."""
    return tuple(limit.members & paid for limit in tie.limits if limit.members & paid)


def room_of(tie: Tie, situations: Situations, open_to: Fen, before: Before, rows: Rows) -> Room:
    """Return what limits leave to the members of a tie.

    Args:
        tie: The tie.
        situations: The rows.
        open_to: (policies, rows): what each policy could pay by itself.
        before: What was received before, as the tie counts it.
        rows: The rows that are asked for.
    """
    members = list(tie.members)
    limits = []
    for place, limit in enumerate(tie.limits):
        cap = np.maximum(situations.caps[limit.cap, rows], 0)
        used = before.used.get(place)
        limits.append(cap if used is None else np.maximum(cap - used[rows], 0))
    chains = []
    for place, chain in enumerate(tie.chains):
        own = situations.amounts[members][:, rows]
        own[[each for each in range(len(members)) if not tie.money >> each & 1]] = 0
        amounts = np.stack([own[list(bits_of(unit))].max(axis=0) for unit in chain.units])
        comes = np.arange(len(amounts))
        is_first = comes[:, None] <= comes[None, :]
        is_before = (amounts[:, None] < amounts[None]) | ((amounts[:, None] == amounts[None]) & is_first[:, :, None])
        received = before.ever.get(place)
        chains.append((is_before, np.maximum(amounts if received is None else amounts - received[rows], 0)))
    return Room(tie, open_to[members][:, rows], tuple(limits), tuple(chains))


class _Filler:
    """Finds the best combinations of one tie."""

    def __init__(self, tie: Tie, situations: Situations, open_to: Fen, before: Before, asked: Asked) -> None:
        self.tie, self.situations, self.before, self.asked = tie, situations, before, asked
        self.members = list(tie.members)
        each = open_to[self.members]
        held, paying = situations.held[self.members], each > 0
        able = np.zeros(situations.count, np.int64)
        for place in range(len(self.members)):
            is_of_use = paying[place] if (tie.money & ~tie.prerequisites) >> place & 1 else held[place]
            able |= is_of_use.astype(np.int64) << place
        self.rows: Rows = np.flatnonzero(able)
        self.held = able[self.rows]
        self.paying = np.zeros(len(self.rows), np.int64)
        for place in range(len(self.members)):
            self.paying |= paying[place, self.rows].astype(np.int64) << place
        self.room = room_of(tie, situations, open_to, before, self.rows)
        self.known: dict[Situation, Combination] = {}

    def alike(self) -> Iterator[tuple[int, int, Context, Rows]]:
        """Yield what is held, what still has something to give, what was received before, and the places of the rows in which it is so."""
        contexts = sorted(set(self.before.contexts.values()) | {self.tie.blank})
        kinds = np.full(self.situations.count, contexts.index(self.tie.blank), np.int64)
        for row, context in self.before.contexts.items():
            kinds[row] = contexts.index(context)
        for kind, context in enumerate(contexts):
            own = np.flatnonzero(kinds[self.rows] == kind) if len(contexts) > 1 else np.arange(len(self.rows))
            for rows in _groups(self.held[own], self.paying[own], len(self.members)):
                yield int(self.held[own[rows[0]]]), int(self.paying[own[rows[0]]]), context, own[rows]

    def into(self, paid: Fen, taken: Mask) -> None:
        """Write what is paid and taken into the arrays of all policies."""
        paid[self.members] = 0
        taken[self.members] = False
        for held, paying, context, rows in self.alike():
            self._write(paid, taken, self._clear(held, paying, context, rows), rows)

    def sums(self) -> Fen:
        """Return the greatest sum of each row."""
        found = np.zeros(self.situations.count, np.int64)
        for held, paying, context, rows in self.alike():
            candidates = self.tie.candidates(held, paying, context)
            if candidates is None or not self.tie.is_laminar:
                found[self.rows[rows]] = self._clear(held, paying, context, rows)[0].sum(axis=0)
                continue
            room = self.room.take(rows)
            sums = [room.filled(members).sum(axis=0) for members in _widest(candidates)]
            found[self.rows[rows]] = np.maximum.reduce(sums)
        return found

    def _write(self, paid: Fen, taken: Mask, decided: tuple[Fen, NDArray[np.int64]], rows: Rows) -> None:
        amounts, bits = decided
        at = self.rows[rows]
        for place, position in enumerate(self.members):
            paid[position, at] = amounts[place]
            taken[position, at] = (bits >> place & 1) != 0

    def _clear(self, held: int, paying: int, context: Context, rows: Rows) -> tuple[Fen, NDArray[np.int64]]:
        """Return what is paid (members, rows) and what is taken, as bits, where the rows are alike."""
        tie, room = self.tie, self.room.take(rows)
        amounts = np.zeros((len(self.members), len(rows)), np.int64)
        bits = np.zeros(len(rows), np.int64)
        candidates = tie.candidates(held, paying, context)
        widest = () if candidates is None else _widest(candidates)
        filled = [room.filled(members) for members in widest]
        sums = [each.sum(axis=0) for each in filled]
        wanted = [room.each[list(bits_of(members))].sum(axis=0) for members in widest]
        at_most = sums if tie.is_laminar else wanted
        is_open = np.ones(len(rows), np.bool_)
        for place, members in enumerate(widest):
            others = [each for other, each in enumerate(at_most) if other != place]
            alone = [each for each in candidates or () if each.paid == members]
            if len(alone) == 1:
                is_clear = is_open & (sums[place] == wanted[place])
                for each in others:
                    is_clear &= each < sums[place]
                amounts[:, is_clear] = filled[place][:, is_clear]
                bits[is_clear] = alone[0].taken
                is_open &= ~is_clear
        rest = np.flatnonzero(is_open)
        if len(rest):
            is_found = candidates is not None and is_exact(tie, candidates)
            decide = partial(self._compared, candidates or ()) if is_found else self._solved
            amounts[:, rest], bits[rest] = decide(rows[rest])
        return amounts, bits

    def _solved(self, rows: Rows) -> tuple[Fen, NDArray[np.int64]]:
        """Return what the solver says."""
        amounts = np.zeros((len(self.members), len(rows)), np.int64)
        bits = np.zeros(len(rows), np.int64)
        for place, row in enumerate(self.rows[rows].tolist()):
            found = self.asked.best(self.situations.one(row, self.members), self.known)
            amounts[:, place] = [found.paid_fen[position] for position in self.members]
            bits[place] = sum(1 << each for each, position in enumerate(self.members) if found.is_taken[position])
        return amounts, bits

    def _compared(self, candidates: Sequence[Candidate], rows: Rows) -> tuple[Fen, NDArray[np.int64]]:
        """Return the best of all candidates."""
        room = self.room.take(rows)
        efforts = self.situations.efforts[self.members][:, self.rows[rows]].astype(np.int64)
        best_keys: list[Fen] | None = None
        amounts = np.zeros((len(self.members), len(rows)), np.int64)
        bits = np.zeros(len(rows), np.int64)
        for candidate in candidates:
            for filled, lawful in room.fillings(candidate.paid):
                keys = self._keys(candidate, filled, efforts)
                keys[0] = np.where(lawful, keys[0], -1)  # what is not paid after all is in another candidate
                if best_keys is None:
                    best_keys = [np.full(len(rows), -1, np.int64), *(np.zeros(len(rows), np.int64) for _ in keys[1:])]
                is_better = _greater(keys, best_keys)
                if is_better.any():
                    amounts[:, is_better] = filled[:, is_better]
                    bits[is_better] = candidate.taken
                    for new, old in zip(keys, best_keys, strict=True):
                        old[is_better] = new[is_better]
        assert best_keys is not None, "to take nothing is a candidate"
        return amounts, bits

    def _keys(self, candidate: Candidate, filled: Fen, efforts: NDArray[np.int64]) -> list[Fen]:
        """Return by what candidates are compared, the greater the better, one after another."""
        tie, rows = self.tie, filled.shape[1]

        def sum_of(members: int, values: Fen) -> Fen:
            sums: Fen = values[list(bits_of(members))].sum(axis=0)
            return sums

        constant = np.full(rows, (candidate.taken & ~tie.money).bit_count(), np.int64)
        keys = [filled.sum(axis=0), constant, *(sum_of(members, filled) for members in tie.classes)]
        keys += [-sum_of(candidate.taken, efforts), -sum_of(tie.public, filled), *filled]
        keys.append(np.full(rows, -candidate.taken.bit_count(), np.int64))
        return keys + [np.full(rows, candidate.taken >> place & 1, np.int64) for place in range(len(self.members))]


def _all_of(masks: Mask) -> Mask:
    """Return in which rows all of some masks hold."""
    found: Mask = np.logical_and.reduce(masks, axis=0)
    return found


def _greater(keys: Sequence[Fen], others: Sequence[Fen]) -> Mask:
    """Return in which rows keys are greater than others, one after another."""
    is_greater = np.zeros(len(keys[0]), np.bool_)
    is_equal = np.ones(len(keys[0]), np.bool_)
    for new, old in zip(keys, others, strict=True):
        is_greater |= is_equal & (new > old)
        is_equal &= new == old
        if not is_equal.any():
            break
    return is_greater


def _widest(candidates: Sequence[Candidate]) -> tuple[int, ...]:
    """Return the sets of members that are paid and that no other holds, as bits."""
    sets = list(dict.fromkeys(candidate.paid for candidate in candidates))
    return tuple(one for one in sets if not any(one != other and one & ~other == 0 for other in sets))


def _groups(held: NDArray[np.int64], paying: NDArray[np.int64], members: int) -> Iterator[Rows]:
    """Yield the places of rows that are alike, in the order of what is held and then of what pays."""
    if not len(held):
        return
    if members <= 8:
        keys: NDArray[np.unsignedinteger] = (held << members | paying).astype(np.uint16)
        order = np.argsort(keys, kind="stable")
        changes = np.flatnonzero(np.diff(keys[order])) + 1
    else:
        order = np.lexsort((paying, held))
        changes = np.flatnonzero((np.diff(held[order]) != 0) | (np.diff(paying[order]) != 0)) + 1
    yield from np.split(order, changes)
