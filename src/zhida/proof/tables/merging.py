"""Merging: two rules of a table that could be one, and what is exact beside what is only possible, in one grid."""

from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import and_

from zhida.proof.tables.axes import AtomKind, Axis
from zhida.proof.tables.boxes import Budget, Grid, Logic, bits, different_boxes
from zhida.proof.tables.columns import TableInAtoms


@dataclass(frozen=True, slots=True)
class Beside:
    """What rules may take in and what they take in for certain, side by side."""

    grid: Grid
    """First all rules with what they may take in, then all with what they must."""
    shift: int
    """How many rules there are."""

    @property
    def mask(self) -> int:
        """The first half, as bits."""
        return (1 << self.shift) - 1


def beside(read: TableInAtoms) -> Beside:
    """Return what the rules of a table may and must take in."""
    return Beside(Grid(read.may.sizes, read.may.rules + read.must.rules), len(read.may.rules))


def merged_pairs(read: TableInAtoms, idle: Collection[int], budget: Budget) -> Iterator[tuple[int, int, int, int]]:
    """Yield two rules that could be one, the column in which they differ, and the atoms of the one cell in their place.

    They have the same outputs and rest on the same article, and the table answers everything as before.

    Args:
        read: The table; all its cells were read.
        idle: Rules that do not count.
        budget: Where it is spent, no more are found.
    """
    used = set(idle)
    for left, right, column in sorted(_alike(read)):
        atoms = read.may.rules[left][column] | read.may.rules[right][column]
        if {left, right} & used or budget.is_spent or not is_one_cell(read.columns[column].axis, atoms):
            continue
        if _is_same(read, left, right, (column, atoms), budget):
            used |= {left, right}
            yield left, right, column, atoms


def _alike(read: TableInAtoms) -> Iterator[tuple[int, int, int]]:
    """Yield two rules that say the same, rest on the same article and differ in one column, and the column."""
    for column in range(len(read.may.sizes)):
        known: dict[Hashable, list[int]] = {}
        for place, rule in enumerate(read.may.rules):
            rest = (*rule[:column], *rule[column + 1 :])
            article = read.table.rules[place].rule.article
            others = known.setdefault((rest, read.logic.outputs[place], article), [])
            yield from ((other, place, column) for other in others if read.may.rules[other][column] != rule[column])
            others.append(place)


def is_one_cell(axis: Axis, atoms: int) -> bool:
    """Say whether one plain cell takes in just these atoms: one stretch of a line, or a list of words."""
    if atoms & axis.null and atoms != axis.everything:
        return False
    if axis.is_ordered:
        places = list(bits(atoms & ~axis.null))
        return places[-1] - places[0] == len(places) - 1
    kinds = {atom.kind for atom in axis.chosen(atoms)}
    return kinds == {AtomKind.POINT} or atoms == axis.everything


def _is_same(read: TableInAtoms, left: int, right: int, cell: tuple[int, int], budget: Budget) -> bool:
    """Say whether a table answers everything as before with one wider rule in the place of two."""
    column, atoms = cell
    rules, logic = read.may.rules, read.logic
    wide = (*rules[left][:column], atoms, *rules[left][column + 1 :])
    met = reduce(and_, [read.may.met(place, each) for place, each in enumerate(wide)])
    near = [place for place in logic.order if met >> place & 1]  # no other rule has a say where the two have
    inner = Logic(tuple(range(len(near))), tuple(logic.outputs[place] for place in near), logic.default, logic.combine)
    before = (Grid(read.may.sizes, tuple(rules[place] for place in near)), inner)
    nothing = (0,) * len(wide)
    for place, other in ((left, right), (right, left)):
        changed = tuple(wide if each == place else nothing if each == other else rules[each] for each in near)
        if next(different_boxes(before, (Grid(read.may.sizes, changed), inner), wide, budget), None) is None and not budget.is_spent:
            return True
    return False
