"""What an argument may rest on: limits that are added up, and cases of which one always holds.

Everything here follows from the laws of the subject and from what is supposed in a case, and from nothing that a certificate
says; the checker expects exactly this, and the search makes its arguments of it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations

from zhida.entitle.best.argument import Bound, Term
from zhida.entitle.best.lawful import Choice, Laws
from zhida.entitle.stacking.structure import Structure

Factor = tuple[str, int, Fraction]
"""A limit, `sum` or `choice` and its place, and how often it is added."""
Opening = tuple[str, tuple[str, ...], int]
"""A case: its kind, what it names, and its fen."""


@dataclass(frozen=True, slots=True)
class State:
    """What is supposed in a case."""

    low: tuple[int, ...]
    """The least that each policy pays."""
    high: tuple[int, ...]
    """The most that each policy pays."""
    barred: frozenset[int]
    """Policies that are not taken."""
    taken: frozenset[int]
    """Policies that are taken."""


def beginning(law: Laws) -> State:
    """Return what is supposed before any case: the laws, and nothing else."""
    barred = frozenset(position for position, can in enumerate(law.can_take) if not can)
    return State((0,) * len(law.limits_fen), law.limits_fen, barred, frozenset())


@dataclass(frozen=True, slots=True)
class Grounds:
    """The structure and the laws that arguments about a subject rest on."""

    structure: Structure
    """What binds the policies together."""
    law: Laws
    """What that asks of the subject."""

    def count(self, on: str) -> int:
        """Return how many things there are that a term or cases may be about; 0 of what there is not."""
        return {
            "sum": len(self.law.sums),
            "choice": len(self.law.choices),
            "requirement": len(self.law.requirements),
            "amount": len(self.structure.policies),
        }.get(on, 0)

    def named(self, on: str, place: int) -> tuple[str, str]:
        """Return the name and article of what a term or cases are about."""
        match on:
            case "sum":
                restriction = self.law.sums[place].restriction
            case "choice":
                restriction = self.law.choices[place].restriction
            case "requirement":
                restriction = self.law.requirements[place].restriction
            case _:
                return self.structure.policies[place], ""
        row = self.structure.restrictions[restriction]
        return row.group, row.article

    def weights(self, state: State, on: str, place: int) -> tuple[dict[int, Fraction], int]:
        """Return how much of a limit each fen of a policy uses, by position, and the limit.

        Of a choice, a unit that pays all it can uses one whole unit; those that are taken already leave fewer.
        """
        if on == "sum":
            return dict.fromkeys(self.law.sums[place].members, Fraction(1)), self.law.sums[place].limit_fen
        choice, used = self.law.choices[place], _used(self.law.choices[place], state)
        found: dict[int, Fraction] = {}
        for unit in choice.units:
            members = [each for each in unit.members if state.high[each]]
            limits = [each.limit_fen for each in self.law.sums if set(members) <= set(each.members)]
            most = min([sum(state.high[each] for each in members), *limits])
            found |= dict.fromkeys(members if most and unit.name not in used else (), Fraction(1, most or 1))
        return found, choice.count - len(used)

    def added_up(self, state: State, positions: Sequence[int], factors: Sequence[Factor]) -> Bound:
        """Return the bound that so many times these limits make, with what is left of each policy."""
        terms: list[Term] = []
        left = dict.fromkeys(positions, Fraction(1))
        for on, place, times in factors:
            uses, limit = self.weights(state, on, place)
            terms.append(Term(on, place, *self.named(on, place), times, limit))
            left = {position: rest - times * uses.get(position, 0) for position, rest in left.items()}
        for position, rest in left.items():
            limit = state.high[position] if rest > 0 else state.low[position]
            if rest * limit:
                terms.append(Term("policy", position, *self.named("policy", position), rest, limit))
        total = sum((each.times * each.limit for each in terms), Fraction(0))
        return Bound(tuple(terms), total.numerator // total.denominator)

    def openings(self, state: State, on: str, place: int, fen: int) -> Iterator[Opening]:
        """Yield the cases of which one holds whatever is taken; none where what is supposed cannot be."""
        if on == "amount":
            policy = (self.structure.policies[place],)
            yield from (("at_most", policy, fen), ("at_least", policy, fen + 1))
        elif on == "choice":
            choice, used = self.law.choices[place], _used(self.law.choices[place], state)
            open_ = [unit.name for unit in choice.units if any(_is_open(choice, state, each) for each in unit.members)]
            left = [name for name in open_ if name not in used]
            if choice.count >= len(used) and set(used) <= set(open_):
                several = combinations(left, min(choice.count - len(used), len(left)))
                yield from (("only", (*used, *chosen), 0) for chosen in several)
        else:
            need = self.law.requirements[place]
            if not state.taken & set(need.unit.members):
                yield "without", (need.unit.name,), 0
            yield from (("with", (self.structure.policies[each],), 0) for each in need.required.members if each not in state.barred)

    def narrowed(self, state: State, place: int, opening: Opening) -> State:
        """Return what is supposed in a case beside what was supposed before."""
        kind, names, fen = opening
        match kind:
            case "at_most":
                return replace(state, high=tuple(min(each, fen) if at == place else each for at, each in enumerate(state.high)))
            case "at_least":
                return replace(state, low=tuple(max(each, fen) if at == place else each for at, each in enumerate(state.low)))
            case "with":
                return replace(state, taken=state.taken | {self.structure.policies.index(names[0])})
            case "without":
                closed = set(self.law.requirements[place].unit.members)
            case _:
                closed = {each for unit in self.law.choices[place].units if unit.name not in names for each in unit.members}
        is_of_paid = kind == "only" and self.law.choices[place].is_of_paid
        high = tuple(0 if position in closed else each for position, each in enumerate(state.high))
        return replace(state, high=high, barred=state.barred if is_of_paid else state.barred | closed)


def _used(choice: Choice, state: State) -> list[str]:
    """Return the units of a choice that are taken already."""
    return [] if choice.is_of_paid else [unit.name for unit in choice.units if state.taken & set(unit.members)]


def _is_open(choice: Choice, state: State, position: int) -> bool:
    return state.high[position] > 0 if choice.is_of_paid else position not in state.barred
