"""Merging: two rules of a table that could be one, and what is exact beside what is only possible, in one grid."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from zhida.proof.axes import AtomKind, Axis
from zhida.proof.boxes import Budget, Grid, bits, different_boxes
from zhida.proof.columns import TableInAtoms


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
    rules, logic = read.may.rules, read.logic
    used = set(idle)
    for left in range(len(rules)):
        for right in range(left + 1, len(rules)):
            if {left, right} & used or logic.outputs[left] != logic.outputs[right]:
                continue
            if read.table.rules[left].rule.article != read.table.rules[right].rule.article:
                continue
            columns = [place for place, (one, other) in enumerate(zip(rules[left], rules[right], strict=True)) if one != other]
            if len(columns) != 1:
                continue
            column = columns[0]
            atoms = rules[left][column] | rules[right][column]
            if is_one_cell(read.columns[column].axis, atoms) and _is_same(read, left, right, (column, atoms), budget):
                used |= {left, right}
                yield left, right, column, atoms


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
    nothing = (0,) * len(wide)
    for place, other in ((left, right), (right, left)):
        changed = tuple(wide if each == place else nothing if each == other else rule for each, rule in enumerate(rules))
        after = (Grid(read.may.sizes, changed), replace(logic))
        if next(different_boxes((read.may, logic), after, wide, budget), None) is None and not budget.is_spent:
            return True
    return False
