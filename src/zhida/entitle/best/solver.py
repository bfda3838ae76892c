"""The best lawful combination by CP-SAT, in whole fen: exact, and the same on every machine.

    laws ──cut into parts that nothing ties──> model of a part ──one criterion after another──> paid, taken

Each criterion of `lawful.preference` is made as great as it can be and then held while the next is; what the last answer has
already reached is not asked again. One thread, a fixed seed, no time limit and no tolerance: a status that is not OPTIMAL is
an error of ours, never a worse answer. The library is loaded when the first part needs it.
"""

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING

from zhida.entitle.best.lawful import MOST_FEN, Choice, Combination, Laws, Situation, day_key, faults, laws, parts, ties
from zhida.entitle.stacking.structure import Structure
from zhida.errors import InputError, diagnostic
from zhida.values.temporal import Date

if TYPE_CHECKING:
    from ortools.sat.python import cp_model


def best(structure: Structure, situation: Situation, as_of: Date) -> Combination:
    """Return the best lawful combination of a subject; there is exactly one.

    Args:
        structure: What binds the policies together.
        situation: What they say for the subject.
        as_of: The day.

    Raises:
        InputError: combination-too-great.
    """
    law = laws(structure, situation, as_of)
    paid = [0] * len(structure.policies)
    taken = [False] * len(structure.policies)
    for positions in parts(law):
        if len(positions) == 1 and next(ties(law, positions[0]), None) is None:
            (position,) = positions
            paid[position] = law.limits_fen[position]
            taken[position] = law.can_take[position] and (paid[position] > 0 or not structure.is_money[position])
            continue
        found = _Part(structure, situation, law, positions).best()
        for position, (fen, is_taken) in zip(positions, found, strict=True):
            paid[position], taken[position] = fen, is_taken
    combination = Combination(tuple(paid), tuple(taken))
    wrong = faults(structure, situation, combination, as_of)
    assert not wrong, f"the combination found is not lawful: {wrong}"
    return combination


class _Part:
    """The model of policies that are tied together."""

    def __init__(self, structure: Structure, situation: Situation, law: Laws, positions: Sequence[int]) -> None:
        if sum(law.limits_fen[each] for each in positions) > MOST_FEN:
            greatest = max(positions, key=lambda each: law.limits_fen[each])
            yuan, most = f"{law.limits_fen[greatest] // 100:,}", f"{MOST_FEN // 100:,}"
            raise InputError([diagnostic("combination-too-great", policy=structure.policies[greatest], yuan=yuan, most=most)])
        self.structure = structure
        self.situation = situation
        self.law = law
        self.positions = positions
        self.library = _library()
        self.model: cp_model.CpModel = self.library.CpModel()
        self.paid = {each: self.model.new_int_var(0, law.limits_fen[each], f"paid {each}") for each in positions}
        self.taken = {each: self.model.new_int_var(0, int(law.can_take[each]), f"taken {each}") for each in positions}
        self.most = {self.paid[each].index: law.limits_fen[each] for each in positions}
        self.most |= {self.taken[each].index: int(law.can_take[each]) for each in positions}
        self.values: dict[int, int] = {}
        for position in positions:
            self.model.add(self.paid[position] <= law.limits_fen[position] * self.taken[position])
        for each in law.sums:
            members = [member for member in each.members if member in self.paid]
            if sum(law.limits_fen[member] for member in members) > each.limit_fen:
                self.model.add(sum(self.paid[member] for member in members) <= each.limit_fen)
        for choice in law.choices:
            self.add_choice(choice)
        for need in law.requirements:
            required = [self.taken[member] for member in need.required.members if member in self.taken]
            for member in need.unit.members:
                if member in self.taken:
                    self.model.add(self.taken[member] <= sum(required))

    def add_choice(self, choice: Choice) -> None:
        """Add that so many units at most are chosen."""
        chosen = []
        for unit in choice.units:
            is_chosen = self.model.new_bool_var("")
            chosen.append(is_chosen)
            for member in unit.members:
                if member in self.paid and choice.is_of_paid:
                    self.model.add(self.paid[member] <= self.law.limits_fen[member] * is_chosen)
                elif member in self.paid:
                    self.model.add(self.taken[member] <= is_chosen)
        self.model.add(sum(chosen) <= choice.count)

    def best(self) -> list[tuple[int, bool]]:
        """Return what each policy pays, and whether it is taken, in the order of the positions."""
        for weights in self.criteria():
            self.raise_(weights)
        if not self.values:
            self.solve()
        return [(self.value(self.paid[each]), bool(self.value(self.taken[each]))) for each in self.positions]

    def criteria(self) -> "Iterator[list[tuple[cp_model.IntVar, int]]]":
        """Yield what is made as great as it can be, one after another: variables with their weights."""
        structure, paid, taken = self.structure, self.paid, self.taken
        yield [(paid[each], 1) for each in self.positions]
        yield [(taken[each], 1) for each in self.positions if not structure.is_money[each]]
        days = {each: day for each in self.positions if (day := structure.deadlines[each]) is not None}
        for end in sorted(set(map(day_key, days.values()))):
            yield [(paid[each], 1) for each, day in days.items() if day_key(day) == end]
        yield [(taken[each], -self.situation.efforts[each]) for each in self.positions]
        yield [(paid[each], -1) for each in self.positions if structure.is_public_funds[each]]
        for each in self.positions:
            yield [(paid[each], 1)]
        yield [(taken[each], -1) for each in self.positions]
        for each in self.positions:
            yield [(taken[each], 1)]

    def raise_(self, weights: "Sequence[tuple[cp_model.IntVar, int]]") -> None:
        """Make a sum as great as it can be, and hold it there."""
        weights = [(variable, weight) for variable, weight in weights if weight and self.most[variable.index]]
        if not weights:
            return
        expression = sum(variable * weight for variable, weight in weights)
        most = sum(max(0, weight * self.most[variable.index]) for variable, weight in weights)
        if not self.values or sum(self.value(variable) * weight for variable, weight in weights) < most:
            self.model.maximize(expression)
            self.solve()
        self.model.add(expression == sum(self.value(variable) * weight for variable, weight in weights))

    def value(self, variable: "cp_model.IntVar") -> int:
        """Return the value of a variable in the last answer."""
        return self.values[variable.index]

    def solve(self) -> None:
        """Solve the model as it is; the answer is kept."""
        solver: cp_model.CpSolver = self.library.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 1
        solver.parameters.absolute_gap_limit = 0
        solver.parameters.relative_gap_limit = 0
        if self.values:
            self.model.clear_hints()  # type: ignore[no-untyped-call]
            for variable in (*self.paid.values(), *self.taken.values()):
                self.model.add_hint(variable, self.value(variable))
        status = solver.solve(self.model)
        assert status == self.library.OPTIMAL, f"the solver ended with {solver.status_name(status)}"
        self.values = {each.index: solver.value(each) for each in (*self.paid.values(), *self.taken.values())}


def _library() -> ModuleType:
    """Import what solves when the first part needs it: most subjects have none, and it takes long to load."""
    from ortools.sat.python import cp_model as library  # noqa: PLC0415 - one of the imports that may stand in a function

    return library
