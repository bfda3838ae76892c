"""Boxes: a decision table as sets of atoms, and what can be shown of it by cutting the space of its inputs.

    Grid     rules × columns, each cell a set of atoms        a set is the bits of one whole number
    search   box ──one answer for all of it?──> yes: keep it or drop it
                                           └──> no: cut it in two where the fewest rules are split, go on with both

Gaps, masked rules, redundant rules and the differences of two tables are one search with different questions. A box within
which every rule is met wholly or not at all has one answer, so the search ends; as it may take exponentially long, it has a
budget of nodes and says when that is spent. Nothing here knows FEEL: `zhida.proof.tables.cells` says which atoms a cell takes in.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_, or_

Box = tuple[int, ...]
"""For each column the atoms that belong to it, as bits; no column of a box is empty."""

NODES = 60_000
"""How many boxes a search may look at."""


@dataclass(slots=True)
class Budget:
    """How much a search may still do."""

    left: int = NODES
    """Boxes that may still be looked at."""
    spent: int = 0
    """Boxes that were looked at."""

    def take(self, nodes: int = 1) -> bool:
        """Take nodes out of it; False where they are not left."""
        self.spent += nodes
        self.left -= nodes
        return self.left >= 0

    @property
    def is_spent(self) -> bool:
        """Whether more was asked for than there was."""
        return self.left < 0


@dataclass(frozen=True, slots=True)
class Grid:
    """The conditions of a table, or of several side by side, as sets of atoms."""

    sizes: tuple[int, ...]
    """How many atoms each column has."""
    rules: tuple[Box, ...]
    """The cells of each rule; one that takes in nothing is 0."""
    rules_at: tuple[tuple[int, ...], ...] = field(init=False, compare=False, repr=False)
    """For each column and atom, the rules whose cell takes it in, as bits."""

    def __post_init__(self) -> None:
        """Turn cells into rules by atom: each cell once, however many rules have it."""
        found = []
        for column, size in enumerate(self.sizes):
            having: dict[int, int] = {}
            for place, rule in enumerate(self.rules):
                having[rule[column]] = having.get(rule[column], 0) | 1 << place
            always = having.pop((1 << size) - 1, 0)
            at = [always] * size
            for atoms, rules in having.items():
                for atom in bits(atoms):
                    at[atom] |= rules
            found.append(tuple(at))
        object.__setattr__(self, "rules_at", tuple(found))

    @property
    def everything(self) -> Box:
        """The box of all inputs."""
        return tuple((1 << size) - 1 for size in self.sizes)

    @property
    def all_rules(self) -> int:
        """All rules, as bits."""
        return (1 << len(self.rules)) - 1

    def met(self, column: int, atoms: int) -> int:
        """Return the rules whose cell takes in some of the atoms."""
        at = self.rules_at[column]
        return reduce(or_, [at[atom] for atom in bits(atoms)], 0)

    def covered(self, column: int, atoms: int) -> int:
        """Return the rules whose cell takes in all of the atoms."""
        at = self.rules_at[column]
        return reduce(and_, [at[atom] for atom in bits(atoms)], self.all_rules)


def bits(number: int) -> Iterator[int]:
    """Yield the places of the bits that are set, from the lowest.

    >>> list(bits(0b1011))
    [0, 1, 3]
    """
    while number:
        low = number & -number
        yield low.bit_length() - 1
        number ^= low


def common(boxes: Iterable[Box]) -> Box | None:
    """Return what some boxes have in common, or None where that is nothing.

    >>> common([(0b011, 0b1), (0b110, 0b1)]), common([(0b001, 0b1), (0b110, 0b1)])
    ((2, 1), None)
    """
    found = tuple(reduce(and_, column) for column in zip(*boxes, strict=True))
    return found if all(found) else None


def holds(outer: Box, inner: Box) -> bool:
    """Say whether one box lies in another."""
    return all(one & ~other == 0 for one, other in zip(inner, outer, strict=True))


# --- searching -------------------------------------------------------------------------------------------------------------

Leaf = Callable[[int, int], bool | None]
"""Asked of the rules that meet a box and of those that cover it: keep the box, drop it, or None: cut it."""


def search(grid: Grid, start: Box, rules: int, leaf: Leaf, budget: Budget) -> Iterator[Box]:
    """Yield the boxes within `start` that a question keeps, as they are found; they do not meet each other.

    Args:
        grid: The conditions.
        start: Where to look.
        rules: The rules that count, as bits.
        leaf: The question. Where each rule that meets the box covers it too, it must not ask for a cut.
        budget: Where it is spent, the search ends.
    """
    if not all(start):
        return
    met = [grid.met(column, atoms) for column, atoms in enumerate(start)]
    covered = [grid.covered(column, atoms) for column, atoms in enumerate(start)]
    waiting = [(start, met, covered)]
    while waiting and budget.take():
        box, met, covered = waiting.pop()
        active = reduce(and_, met, rules)
        whole = reduce(and_, covered, active)
        answer = leaf(active, whole)
        if answer is None:
            column, left = _cut(grid, box, met, covered, active & ~whole)
            for part in (box[column] & ~left, left):
                child = (*box[:column], part, *box[column + 1 :])
                child_met, child_covered = met.copy(), covered.copy()
                child_met[column] = grid.met(column, part)
                child_covered[column] = grid.covered(column, part)
                waiting.append((child, child_met, child_covered))
        elif answer:
            yield box


def _cut(grid: Grid, box: Box, met: Sequence[int], covered: Sequence[int], partial: int) -> tuple[int, int]:
    """Return the column to cut in, and the atoms of the lower part: where the fewest rules are split, and most evenly."""
    best: tuple[int, int] | None = None
    place = (0, 0)
    for column, atoms in enumerate(box):
        if not partial & met[column] & ~covered[column]:
            continue
        at = grid.rules_at[column]
        steps: list[tuple[int, int]] = []  # the rules that count from each atom on, and the atom's bit, where they change
        for atom in bits(atoms):
            rules = at[atom] & partial
            if not steps or steps[-1][0] != rules:
                steps.append((rules, 1 << atom))
        after = [0] * len(steps)
        for index in range(len(steps) - 2, -1, -1):
            after[index] = after[index + 1] | steps[index + 1][0]
        before = 0
        for index in range(len(steps) - 1):
            before |= steps[index][0]
            score = ((before & after[index]).bit_count(), max(before.bit_count(), after[index].bit_count()))
            if best is None or score < best:
                best, place = score, (column, atoms & (steps[index + 1][1] - 1))
    assert best is not None, "each rule that meets the box covers it, and still no answer"
    return place


# --- gaps ------------------------------------------------------------------------------------------------------------------


def uncovered(grid: Grid, start: Box, rules: int, budget: Budget) -> Iterator[Box]:
    """Yield the boxes within `start` that none of some rules meets.

    >>> grid = Grid((3, 2), ((0b011, 0b11), (0b100, 0b01)))
    >>> list(uncovered(grid, grid.everything, grid.all_rules, Budget()))
    [(4, 2)]
    """
    return search(grid, start, rules, lambda active, whole: not active if not active or whole else None, budget)


def widened(grid: Grid, box: Box, within: Box, rules: int) -> Box:
    """Return a box that none of some rules meets, made as large as it can be within another.

    A column that can be given up wholly is given up first: a finding with few conditions is easy to read.
    """
    met = [grid.met(column, atoms) & rules for column, atoms in enumerate(box)]
    found = list(box)
    for only_whole in (True, False):
        for column, atoms in enumerate(within):
            if found[column] == atoms:
                continue
            others = reduce(and_, (each for other, each in enumerate(met) if other != column), rules)
            free = found[column] | sum(1 << atom for atom in bits(atoms & ~found[column]) if not grid.rules_at[column][atom] & others)
            if free == atoms or not only_whole:
                found[column] = free
                met[column] = grid.met(column, free) & rules
    return tuple(found)


def usual_first(within: Box, usual: Box) -> Iterator[Box]:
    """Yield a box in parts: what is usual in every column, though that may be nothing, then column by column what is not.

    >>> list(usual_first((0b111, 0b11), (0b011, 0b01)))
    [(3, 1), (4, 3), (3, 2)]
    """
    inside = tuple(atoms & each for atoms, each in zip(within, usual, strict=True))
    yield inside
    for column, atoms in enumerate(within):
        part = (*inside[:column], atoms & ~usual[column], *within[column + 1 :])
        if all(part):
            yield part


def concise(grid: Grid, boxes: Sequence[Box], within: Box, rules: int) -> list[Box]:
    """Return few large boxes that together are exactly some boxes which no rule meets, those with the fewest conditions first."""
    found: list[Box] = []
    for box in boxes:
        if not any(holds(known, box) for known in found):
            found.append(widened(grid, box, within, rules))
    found.sort(key=lambda box: (sum(one != other for one, other in zip(box, within, strict=True)), box))
    needed = {next(place for place, large in enumerate(found) if holds(large, box)) for box in boxes}
    return [found[place] for place in sorted(needed)]


# --- overlaps ----------------------------------------------------------------------------------------------------------------


def overlapping(grid: Grid, rules: int | None = None) -> list[int]:
    """Return for each rule the others that it overlaps, as bits.

    >>> overlapping(Grid((3,), ((0b011,), (0b110,), (0b100,))))
    [2, 5, 2]
    """
    rules = grid.all_rules if rules is None else rules
    known: list[dict[int, int]] = [{} for _ in grid.sizes]
    found = []
    for place, rule in enumerate(grid.rules):
        others = rules & ~(1 << place) if rules >> place & 1 else 0
        for column, atoms in enumerate(rule):
            if not others:
                break
            met = known[column].get(atoms)
            if met is None:
                met = known[column][atoms] = grid.met(column, atoms)
            others &= met
        found.append(others)
    return found


def pairs(others: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield pairs of rules that overlap, each once, in order."""
    for place, each in enumerate(others):
        for other in bits(each >> (place + 1)):
            yield place, place + 1 + other


def groups(grid: Grid, others: Sequence[int], budget: Budget) -> list[tuple[tuple[int, ...], Box]]:
    """Return sets of rules that overlap all at once, none of which is part of another, and the box that they have in common.

    Each pair that overlaps is in one of them. Where cells hold lists, rules can overlap two by two and not all at once.

    Args:
        grid: The conditions.
        others: What `overlapping` returned.
        budget: Where it is spent, pairs that were not reached come back as pairs.
    """
    found: dict[tuple[int, ...], Box] = {}
    seen = [0] * len(others)
    for clique in _cliques(others, budget):
        box = common([grid.rules[place] for place in clique])
        for group in (clique,) if box is not None else _with_common_box(grid, clique):
            if group in found:
                continue
            shared = common([grid.rules[place] for place in group])
            assert shared is not None
            found[group] = shared
            together = sum(1 << place for place in group)
            for place in group:
                seen[place] |= together
    for left, right in pairs([each & ~known for each, known in zip(others, seen, strict=True)]):
        shared = common((grid.rules[left], grid.rules[right]))
        assert shared is not None
        found[left, right] = shared
    return sorted(found.items())


def _cliques(others: Sequence[int], budget: Budget) -> Iterator[tuple[int, ...]]:
    """Yield maximal sets of rules that overlap two by two (Bron and Kerbosch, with a pivot)."""
    everyone = sum(1 << place for place, each in enumerate(others) if each)
    waiting: list[tuple[tuple[int, ...], int, int]] = [((), everyone, 0)]
    while waiting and budget.take():
        clique, candidates, done = waiting.pop()
        if not candidates:
            if not done and len(clique) > 1:
                yield tuple(sorted(clique))
            continue
        pivot = max(bits(candidates | done), key=lambda place: (candidates & others[place]).bit_count())
        following = []
        for place in bits(candidates & ~others[pivot]):
            following.append(((*clique, place), candidates & others[place], done & others[place]))
            candidates &= ~(1 << place)
            done |= 1 << place
        waiting += reversed(following)


def _with_common_box(grid: Grid, clique: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """Yield sets of rules that overlap all at once, so that each two of a clique are in one."""
    open_pairs = {(left, right) for index, left in enumerate(clique) for right in clique[index + 1 :]}
    while open_pairs:
        group = list(min(open_pairs))
        shared = common([grid.rules[place] for place in group])
        for place in clique:
            wider = common((shared, grid.rules[place])) if shared is not None and place not in group else None
            if wider is not None:
                group.append(place)
                shared = wider
        group.sort()
        open_pairs -= {(left, right) for index, left in enumerate(group) for right in group[index + 1 :]}
        yield tuple(group)


# --- answers -----------------------------------------------------------------------------------------------------------------

Answer = Hashable
"""What a table comes to; equal answers are the same answer."""


@dataclass(frozen=True, slots=True)
class Logic:
    """How the matching rules of a table make one answer."""

    order: tuple[int, ...]
    """The rules by precedence, where the first that matches gives the answer; otherwise in the order in which outputs are taken."""
    outputs: tuple[Answer, ...]
    """What each rule says."""
    default: Answer
    """The answer where no rule matches."""
    combine: Callable[[Sequence[Answer]], Answer] | None = None
    """Makes an answer of what all matching rules say; None where the first by precedence has it alone."""

    def answer(self, active: int, whole: int) -> tuple[Answer, ...] | None:
        """Return the one answer for all of a box, in a tuple; None where it may have several.

        Args:
            active: The rules that meet the box.
            whole: The rules that cover it.
        """
        if active == whole and self.combine is not None:
            said = [self.outputs[place] for place in self.order if active >> place & 1]
            return (self.combine(said) if said else self.default,)
        if self.combine is not None:
            return None
        answers: set[Answer] = set()
        for place in self.order:
            if active >> place & 1:
                answers.add(self.outputs[place])
                if whole >> place & 1:
                    break
        else:
            answers.add(self.default)
        return tuple(answers) if len(answers) == 1 else None


def is_redundant(grid: Grid, logic: Logic, place: int, budget: Budget) -> bool:
    """Say whether a table answers everything as it does without one of its rules."""
    without = ~(1 << place)

    def differs(active: int, whole: int) -> bool | None:
        if not active >> place & 1:
            return False
        before, after = logic.answer(active, whole), logic.answer(active & without, whole & without)
        return None if before is None or after is None else before != after

    box = grid.rules[place]
    return all(box) and next(search(grid, box, grid.all_rules, differs, budget), None) is None and not budget.is_spent


def different_boxes(left: tuple[Grid, Logic], right: tuple[Grid, Logic], start: Box, budget: Budget) -> Iterator[Box]:
    """Yield the boxes where two tables over the same atoms answer differently; they do not meet each other (see `merged`).

    Args:
        left: One table.
        right: The other; its columns have the same atoms.
        start: Where to look.
        budget: Where it is spent, the search ends.
    """
    (one, logic), (other, other_logic) = left, right
    assert one.sizes == other.sizes
    grid = Grid(one.sizes, one.rules + other.rules)
    shift, mask = len(one.rules), one.all_rules

    def differs(active: int, whole: int) -> bool | None:
        before = logic.answer(active & mask, whole & mask)
        after = other_logic.answer(active >> shift, whole >> shift)
        return None if before is None or after is None else before != after

    return search(grid, start, grid.all_rules, differs, budget)


def merged(boxes: Iterable[Box]) -> list[Box]:
    """Return the same boxes, with those put together that differ in one column only.

    >>> merged([(0b01, 0b1), (0b10, 0b1)])
    [(3, 1)]
    """
    found = list(boxes)
    while True:
        before = len(found)
        for column in range(len(found[0]) if found else 0):
            united: dict[Box, int] = {}
            for box in found:
                rest = (*box[:column], 0, *box[column + 1 :])
                united[rest] = united.get(rest, 0) | box[column]
            found = [(*rest[:column], atoms, *rest[column + 1 :]) for rest, atoms in united.items()]
        if len(found) == before:
            return sorted(found)
