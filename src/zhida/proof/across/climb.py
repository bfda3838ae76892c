"""Climbing: a subject that loses more at the same step, found by moving its other numbers to their own lines.

    300 人 → 301 人, 所得 1,000,000 元     loses 200,000 元
    the same step,  所得 3,000,000 元     loses 600,000 元; behind that line nothing

Each number is moved once and alone, so that what is found is a great loss, not always the greatest.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from zhida.policy.pack import PolicyModel
from zhida.proof.across.lines import Line, Movable, Mover
from zhida.proof.across.shown import gain_of, goals_of

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a number of a subject."""

    model: PolicyModel
    """The policy."""
    mover: Mover
    """The subject."""
    fact: Movable
    """What moves."""
    place: Decimal
    """Where it stands before the step."""


def climb(step: Step, lines: Sequence[Line], facts: Iterable[Movable]) -> tuple[Step, tuple[str, ...]]:
    """Return the same step of a subject that loses more, or of the same one, and the names of what the loss goes on growing with.

    Args:
        step: The step; it loses money.
        lines: All lines of the policy.
        facts: The numbers that may move.
    """
    growing: list[str] = []
    stands = step.mover.at(step.fact, step.place)
    read = stands.beneath(goals_of(step.model.policy))
    lines = [line for line in lines if line.decision_id in stands.trace]
    for other in facts:
        mover = step.mover
        start = other.start(mover.base.inputs.get(other.id))
        if other.id == step.fact.id or other.is_list or start is None or other.id not in read:
            continue
        slope = _Slope(step, other)
        here = slope.loss(start)
        if all(slope.loss(each) == here for each in (start + other.step, start - other.step)):
            continue
        roots = {root for line in lines if other.id in line.reads and (root := mover.root(line, other)) is not None}
        places = sorted({each for root in roots for each in (root - other.step, root + other.step)})
        best = max(places, key=slope.loss, default=start)  # on either side of a line, and then on it: it belongs to one of the two
        best = max((each for each in (best - other.step, best, best + other.step) if each == best or each in roots), key=slope.loss)
        if slope.loss(best) > here:
            step, here = replace(step, mover=Mover(mover.at(other, best))), slope.loss(best)
        top = max((abs(start), *map(abs, places), other.step))
        if slope.loss(4 * top) > slope.loss(2 * top) > here:
            growing.append(other.item.name)
    return step, tuple(growing)


class _Slope:
    """What a subject loses at a step, by the place of another number."""

    def __init__(self, step: Step, other: Movable) -> None:
        self.step, self.other = step, other
        self.places = (step.place, step.place + step.fact.step)  # made once: evaluations are shared by the identities of values
        self.known: dict[Decimal, Decimal] = {}

    def loss(self, at: Decimal) -> Decimal:
        """Return what is lost; nothing where it is not known, or the other number is outside of its usual range."""
        if at not in self.known:
            self.known[at] = self.loss_anew(at) if self.other.is_usual(at) else ZERO
        return self.known[at]

    def loss_anew(self, at: Decimal) -> Decimal:
        """Return what is lost, evaluated."""
        moved = Mover(self.step.mover.at(self.other, at))
        before, after = (gain_of(self.step.model, moved.at(self.step.fact, each)) for each in self.places)
        return ZERO if before is None or after is None else before - after
