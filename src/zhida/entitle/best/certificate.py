"""Certificates: an argument that no lawful combination pays more than the one that was found.

    limits added up suffice?  ── yes ──> Bound
         │ no
         ▼  the amounts that make the bound break a choice, a requirement, or are no whole fen
    Cases of just that, each argued in its turn

The bound of a case is the least that can be had by adding limits up (`linear`), so most arguments are one sum; cases are
made where that is too much. `checker` verifies the outcome; it shares `grounds` with the search,
which says what limits and cases there are, and nothing of the search itself.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from fractions import Fraction

from zhida.entitle.best.argument import Argument, Bound, Case, Cases, Certificate, Part, sealed
from zhida.entitle.best.grounds import Grounds, State, beginning
from zhida.entitle.best.lawful import Combination, Requirement, Situation, faults, laws, parts
from zhida.entitle.best.linear import Row, greatest
from zhida.entitle.stacking.structure import Structure
from zhida.values.temporal import Date


def prove(structure: Structure, situation: Situation, combination: Combination, as_of: Date) -> Certificate:
    """Return the certificate that a combination is lawful and that none pays more.

    Args:
        structure: What binds the policies together.
        situation: What they say for the subject.
        combination: The best lawful combination; of a worse one there is no certificate, which is an error of ours.
        as_of: The day.
    """
    wrong = faults(structure, situation, combination, as_of)
    assert not wrong, f"the combination is not lawful: {wrong}"
    law = laws(structure, situation, as_of)
    found = []
    for positions in parts(law):
        if any(law.limits_fen[each] for each in positions):
            total = sum(combination.paid_fen[each] for each in positions)
            argument = _Search(Grounds(structure, law), positions, total).argue(beginning(law))
            found.append(Part(tuple(structure.policies[each] for each in positions), total, argument))
    certificate = Certificate(
        str(as_of),
        structure.sha256,
        structure.policies,
        combination.paid_fen,
        combination.is_taken,
        combination.total_fen,
        tuple(found),
        "",
    )
    return replace(certificate, seal=sealed(certificate))


class _Search:
    """Looks for the argument of one part."""

    def __init__(self, grounds: Grounds, positions: Sequence[int], claimed_fen: int) -> None:
        self.grounds = grounds
        self.law = law = grounds.law
        self.positions = positions
        self.claimed_fen = claimed_fen
        tied = set(positions)
        self.rows = [("sum", place) for place, each in enumerate(law.sums) if tied & set(each.members)]
        self.rows += [("choice", place) for place, each in enumerate(law.choices) if any(tied & set(unit.members) for unit in each.units)]

    def argue(self, state: State) -> Argument:
        """Return why no more is paid in a case."""
        bound, amounts = self.bound(state)
        if bound.limit_fen <= self.claimed_fen:
            return self.plainer(state, bound)
        paid = {position for position, amount in amounts.items() if amount}
        taken = paid | state.taken
        if (place := self.broken_choice(paid, taken)) is not None:
            return self.cases(state, "choice", place)
        if not self.is_completed(state, paid, taken):
            return self.cases(
                state, "requirement", next(place for place, need in enumerate(self.law.requirements) if _is_open(need, taken))
            )
        broken = next((position for position, amount in amounts.items() if amount.denominator != 1), None)
        assert broken is not None, f"a lawful combination pays more than {self.claimed_fen} fen: {amounts}"
        return self.cases(state, "amount", broken, amounts[broken].numerator // amounts[broken].denominator)

    def broken_choice(self, paid: AbstractSet[int], taken: AbstractSet[int]) -> int | None:
        """Return a choice of which more is chosen than may be, by its place."""
        for place, choice in enumerate(self.law.choices):
            chosen = [unit for unit in choice.units if (paid if choice.is_of_paid else taken) & set(unit.members)]
            if len(chosen) > choice.count:
                return place
        return None

    def is_completed(self, state: State, paid: AbstractSet[int], taken: AbstractSet[int]) -> bool:
        """Say whether all that is required can be taken besides, so that nothing but the amounts stands in the way."""
        if self.broken_choice(paid, taken) is not None:
            return False
        need = next((need for need in self.law.requirements if _is_open(need, taken)), None)
        members = () if need is None else [each for each in need.required.members if each not in state.barred]
        return need is None or any(self.is_completed(state, paid, taken | {each}) for each in members)

    def plainer(self, state: State, bound: Bound) -> Bound:
        """Return a bound that is easier to follow: each limit counted once, each choice as what its greatest unit is worth."""
        for number, term in enumerate(each for each in bound.terms if each.on != "policy"):
            uses = self.grounds.weights(state, term.on, term.place)[0]
            whole = max((1 / uses[each] for each in self.positions if uses.get(each)), default=Fraction(1))
            told = [(each.on, each.place, each.times) for each in bound.terms if each.on != "policy"]
            told[number] = (term.on, term.place, whole)
            other = self.grounds.added_up(state, self.positions, told)
            if other.limit_fen <= self.claimed_fen and len(other.terms) <= len(bound.terms):
                bound = other
        return bound

    def cases(self, state: State, on: str, place: int, fen: int = 0) -> Cases:
        """Return the cases of a choice, a requirement or an amount, with their arguments."""
        openings = self.grounds.openings(state, on, place, fen)
        cases = tuple(Case(*opening, self.argue(self.grounds.narrowed(state, place, opening))) for opening in openings)
        return Cases(on, place, *self.grounds.named(on, place), cases)

    def bound(self, state: State) -> tuple[Bound, Mapping[int, Fraction]]:
        """Return the least bound that adding limits up gives, and the amounts that would make it."""
        able = [each for each in self.positions if state.high[each]]
        told = [self.grounds.weights(state, on, place) for on, place in self.rows]
        rows = [Row({each: uses[each] for each in able if each in uses}, Fraction(limit)) for uses, limit in told]
        found = greatest(rows, {each: state.low[each] for each in able}, {each: state.high[each] for each in able})
        often = Fraction(1)
        while True:
            factors = [(*row, times * often) for row, times in zip(self.rows, found.multipliers, strict=True) if times]
            bound = self.grounds.added_up(state, self.positions, factors)
            if found.amounts is not None or bound.limit_fen <= self.claimed_fen:
                return bound, found.amounts or {}
            often *= 2


def _is_open(need: Requirement, taken: AbstractSet[int]) -> bool:
    """Say whether something is taken that requires what is not."""
    return bool(taken & set(need.unit.members)) and not taken & set(need.required.members)
