"""How fast tables are proved, beside the published geometric sweep on the same tables in the same run.

    python benchmarks/proof_timed.py                1,500 rules by 3, 9, 11 and 15 columns; the sweep gets a minute for each answer
    python benchmarks/proof_timed.py --seconds 900  more patience with the sweep

The tables are like those of the publication (Calvanese, Dumas, Laurson, Maggi, Montali, Teinemaa, BPM 2016): the space is cut
again and again until there are enough boxes, and 10 % of the rules are then made a little smaller or larger, so that gaps and
overlaps arise. The sweep is written here after its description: sort the bounds of a column, keep the rules that are active
between two of them, go on with these in the next column. Figures are wall time from cells of numbers to merged findings.
"""

import argparse
import bisect
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from goals import Goal

from zhida.proof.tables.boxes import Box, Budget, Grid, concise, groups, overlapping, uncovered

Rule = tuple[tuple[int, int], ...]
"""For each column the least number that passes, and the first that does not."""

COLUMNS = (3, 9, 11, 15)
RULES = 1_500
NOISE = 10
"""One rule in so many is made smaller or larger."""
SPACE = 1_000_000
SEED = 2016
TURNS = 5
PATIENCE = 60.0
OVERLAPS_GOAL, GAPS_GOAL = 0.2, 2.0


def partition(rules: int, columns: int, seed: int) -> list[Rule]:
    """Return the rules of a table that would be complete and free of overlaps, but for the noise."""
    dice = random.Random(seed)  # noqa: S311 - a table is drawn from a seed
    boxes = [[(0, SPACE)] * columns]
    while len(boxes) < rules:
        place, column = dice.randrange(len(boxes)), dice.randrange(columns)
        low, high = boxes[place][column]
        if high - low > 1:
            cut = dice.randrange(low + 1, high)
            other = list(boxes[place])
            boxes[place][column], other[column] = (low, cut), (cut, high)
            boxes.append(other)
    for place in dice.sample(range(rules), rules // NOISE):
        column = dice.randrange(columns)
        low, high = boxes[place][column]
        step = max(1, (high - low) // 10) * dice.choice((-1, 1))
        if dice.random() < 1 / 2:
            low = min(max(0, low + step), high - 1)
        else:
            high = max(min(SPACE, high + step), low + 1)
        boxes[place][column] = (low, high)
    dice.shuffle(boxes)
    return [tuple(box) for box in boxes]


# --- ours --------------------------------------------------------------------------------------------------------------------


def grid_of(rules: Sequence[Rule]) -> Grid:
    """Return a table in atoms: each bound, and each stretch between two of them."""
    sizes, cells = [], []
    for column in zip(*rules, strict=True):
        ends = sorted({0, SPACE, *(end for cell in column for end in cell)})
        sizes.append(2 * len(ends) - 2)
        cells.append([(1 << 2 * bisect.bisect_left(ends, high)) - (1 << 2 * bisect.bisect_left(ends, low)) for low, high in column])
    return Grid(tuple(sizes), tuple(zip(*cells, strict=True)))


def our_overlaps(rules: Sequence[Rule]) -> list[tuple[tuple[int, ...], Box]]:
    """Return the maximal sets of rules that overlap."""
    grid = grid_of(rules)
    return groups(grid, overlapping(grid), Budget())


def our_gaps(rules: Sequence[Rule]) -> list[Box]:
    """Return the gaps, put together to few large boxes."""
    grid, budget = grid_of(rules), Budget()
    found = list(uncovered(grid, grid.everything, grid.all_rules, budget))
    few = concise(grid, found, grid.everything, grid.all_rules)
    assert not budget.is_spent
    return few


# --- the published sweep -------------------------------------------------------------------------------------------------------


class TimeIsUpError(Exception):
    """The sweep took longer than it was given."""


@dataclass
class Sweep:
    """The geometric sweep over a table."""

    rules: Sequence[Rule]
    """The rules."""
    ends_at: float
    """When to give up, as a monotonic clock tells it."""

    def bounds(self, active: Sequence[int], column: int) -> list[tuple[int, bool, int]]:
        """Return where active rules begin and end in a column: an end comes before a beginning at the same place."""
        if time.perf_counter() > self.ends_at:
            raise TimeIsUpError
        found = [(self.rules[rule][column][0], True, rule) for rule in active]
        found += [(self.rules[rule][column][1], False, rule) for rule in active]
        return sorted(found)

    def overlaps(self) -> set[frozenset[int]]:
        """Return the maximal sets of rules that overlap."""
        found: set[frozenset[int]] = set()
        self._overlaps(range(len(self.rules)), 0, found)
        return {each for each in found if not any(each < other for other in found)}

    def _overlaps(self, active: Sequence[int], column: int, found: set[frozenset[int]]) -> None:
        if len(active) < 2:
            return
        if column == len(self.rules[0]):
            found.add(frozenset(active))
            return
        now: dict[int, None] = {}
        has_grown = False
        for _, begins, rule in self.bounds(active, column):
            if begins:
                now[rule] = None
                has_grown = True
            else:
                if has_grown:
                    self._overlaps(list(now), column + 1, found)
                    has_grown = False
                del now[rule]

    def gaps(self) -> list[Rule]:
        """Return the gaps, neighbours put together."""
        found: list[Rule] = []
        self._gaps(range(len(self.rules)), (), found)
        return found

    def _gaps(self, active: Sequence[int], before: Rule, found: list[Rule]) -> None:
        column = len(before)
        if column == len(self.rules[0]):
            return
        now: dict[int, None] = {}
        last = 0
        for end, begins, rule in [*self.bounds(active, column), (SPACE, True, -1)]:
            if end > last:
                here = (*before, (last, end))
                if now:
                    self._gaps(list(now), here, found)
                else:
                    add_gap(found, (*here, *((0, SPACE) for _ in range(column + 1, len(self.rules[0])))))
                last = end
            if begins:
                now[rule] = None
            else:
                del now[rule]


def add_gap(found: list[Rule], gap: Rule) -> None:
    """Add a gap, or make the one larger that it continues in a column."""
    for place in range(len(found) - 1, -1, -1):
        other = found[place]
        columns = [column for column in range(len(gap)) if gap[column] != other[column]]
        if len(columns) == 1 and other[columns[0]][1] == gap[columns[0]][0]:
            column = columns[0]
            found[place] = (*gap[:column], (other[column][0], gap[column][1]), *gap[column + 1 :])
            return
    found.append(gap)


# --- measuring -----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figure:
    """How long one question takes for one table."""

    columns: int
    question: str
    seconds: float
    found: int
    sweep_seconds: float | None
    """None where it was stopped."""
    sweep_found: int | None
    patience: float

    @property
    def line(self) -> str:
        """The figure as the terminal shows it."""
        is_stopped = self.sweep_seconds is None
        sweep = f"> {self.patience:,.0f} s" if is_stopped else f"{self.sweep_seconds:,.2f} s ({self.sweep_found:,})"
        return f"{RULES:>6,} x {self.columns:<3}{self.question:<10}{self.seconds:>8.3f} s ({self.found:,} found)   sweep {sweep}"


def timed(action: Callable[[], Sequence[object] | set[frozenset[int]]]) -> tuple[float, int]:
    """Return how long something takes, and how much it finds."""
    start = time.perf_counter()
    found = action()
    return time.perf_counter() - start, len(found)


def figures(patience: float = PATIENCE, turns: int = TURNS) -> Iterator[Figure]:
    """Measure all tables."""
    for columns in COLUMNS:
        rules = partition(RULES, columns, SEED + columns)
        for question, ours in (("overlaps", our_overlaps), ("gaps", our_gaps)):
            taken = [timed(lambda ours=ours, rules=rules: ours(rules)) for _ in range(turns)]  # type: ignore[misc]
            sweep = Sweep(rules, time.perf_counter() + patience)
            try:
                sweep_seconds, sweep_found = timed(sweep.overlaps if question == "overlaps" else sweep.gaps)
            except TimeIsUpError:
                sweep_seconds = sweep_found = None  # type: ignore[assignment]
            seconds = statistics.median(each for each, _ in taken)
            yield Figure(columns, question, seconds, taken[0][1], sweep_seconds, sweep_found, patience)


def goals(found: Sequence[Figure]) -> Iterator[Goal]:
    """Return the figures of the widest table beside their goals."""
    for figure in found:
        if figure.columns == max(COLUMNS):
            is_gaps = figure.question == "gaps"
            what = f"一张 1,500 条规则、{figure.columns} 列的表：{'空档' if is_gaps else '重叠'}，合并后"
            what_en = f"{figure.question} of a table of 1,500 rules and {figure.columns} columns, merged"
            yield Goal(what, figure.seconds, GAPS_GOAL if is_gaps else OVERLAPS_GOAL, (1.0, "s"), what_en)


def page_lines(found: Sequence[Figure]) -> list[str]:
    """Return the figures as a section of the page."""
    lines = [
        "## 证明一张表 / Proving a table",
        "",
        "同样的表、同一台机器：本项目与已发表的几何扫描法（Calvanese 等，2016，按论文描述实现）。括号内是找到的数目，合并方式不同。  ",
        "The same tables on the same machine: ours, and the published geometric sweep (Calvanese et al. 2016, written after its",
        "description). In brackets how many findings there are; the two merge them in different ways.",
        "",
        "| 规则 × 列<br>rules × columns | 问题 / question | zhida | 几何扫描 / sweep |",
        "|---|---|---|---|",
    ]
    for figure in found:
        sweep = f"> {figure.patience:,.0f} s" if figure.sweep_seconds is None else f"{figure.sweep_seconds:,.2f} s ({figure.sweep_found:,})"
        question = "空档 / gaps" if figure.question == "gaps" else "重叠 / overlaps"
        lines.append(f"| {RULES:,} × {figure.columns} | {question} | {figure.seconds:.3f} s ({figure.found:,}) | {sweep} |")
    return [*lines, ""]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=PATIENCE, help="how long the sweep may take for one answer")
    for each in figures(parser.parse_args().seconds):
        print(each.line, flush=True)
