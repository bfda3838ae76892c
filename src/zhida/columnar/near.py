"""Near misses over columns: one change of one value that would change the answer, for all rows at once.

    rows that could be better ──lines within the share──> positions ──settle again──> better? ──nearest by share──> misses

What `zhida.assess.near` does for one row, with the same lines in the same order: a *position* is a line itself, or a step past
it, to which one value of a row is moved. Where rows come from, and how they are settled again, is for `NearRows` to say: from
columns of values (`zhida.columnar.near_values`) or from codes (`zhida.columnar.near_coded`). Invariant: a row that is not
bad has the nearest miss of that module, or none.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from zhida.columnar.answers import Questions
from zhida.columnar.columns import Array, Column, Mask, Vocabulary
from zhida.columnar.execute import Executor
from zhida.columnar.lower import lower
from zhida.columnar.near_lines import Line, NearName, Positions
from zhida.columnar.settle import Near, Settler
from zhida.dmn.elementary import Bound, fixed_lines, title_of, uses
from zhida.dmn.model import ItemDefinition
from zhida.values.numbers import format_number
from zhida.values.temporal import Date
from zhida.values.types import DATE, NUMBER

Value = Any

ALIKE = 2**30
"""Shares that differ by less than one part in so many are compared as the interpreter compares them."""

STRETCH = 16_384
"""Rows whose lines are sought together."""


class NearFinder:
    """Finds the near misses of block after block."""

    def __init__(self, settler: Settler, groups: Sequence[tuple[int, Questions]], within: Decimal) -> None:
        """Prepare the lines.

        Args:
            settler: Answers the questions.
            groups: The endings that could be better, each with the questions that were asked until then.
            within: How near a line must be to be tried, as a share of it.
        """
        self.settler = settler
        self.lines: list[Line] = []
        self.by_number: dict[int, tuple[NearName, int]] = {}
        self.groups = [(ending, list(self.names(asked, within))) for ending, asked in groups]
        self.given: dict[str, Settler] = {}

    def names(self, asked: Questions, within: Decimal) -> Iterator[NearName]:
        """Yield each number and date that is compared with something that is the same in every row."""
        model, plan = self.settler.plan.model, self.settler.plan
        domains = self.settler.domains
        for id_, use in (domains.uses if asked.goals == domains.goals else uses(model, asked.goals, domains.walked)).items():
            if id_ in asked.goals or not (id_ in plan.facts or id_ in model.decisions):
                continue
            drawn: dict[Value, list[Bound]] = {}
            for bound, value in fixed_lines(use, self.settler.evaluator, plan.constants):
                if isinstance(value, Date) or (isinstance(value, Decimal) and value):
                    drawn.setdefault(value, []).append(bound)
            for kind in (Date, Decimal):
                lines = [Line(id_, value, tuple(bounds)) for value, bounds in drawn.items() if isinstance(value, kind)]
                if lines:
                    numbered = list(enumerate(lines, len(self.lines)))
                    self.lines += lines
                    item = plan.facts.get(id_) or ItemDefinition(id_, DATE if kind is Date else NUMBER)
                    name = NearName(id_, item, numbered, within)
                    self.by_number |= {number: (name, place) for place, number in enumerate(name.numbers.tolist())}
                    yield name

    def text(self, number: int) -> str:
        """Return a line in words: the name, the line, its unit."""
        line = self.lines[number]
        name, unit = title_of(self.settler.plan.model, line.id)
        if isinstance(line.value, Date):
            return f"{name} → {line.value}"
        return f"{name} → {format_number(line.value)}" + (f" {unit}" if unit not in {"", "1"} else "")

    def find(self, source: "NearRows") -> Near:
        """Return the nearest miss of each row of a block."""
        search = _Search(self, source)
        for ending, names in self.groups:
            asked = (source.endings == ending) & ~source.bad
            if names and asked.any():
                search.run(asked, names)
        return Near(search.misses, search.bad)

    def settler_given(self, name: NearName) -> Settler:
        """Return what answers the questions where a decision is given as a fact."""
        if name.id not in self.given:
            plan, settler = self.settler.plan, self.settler
            goals, items = settler.questions.goals, {name.id: name.item}
            given = lower(plan.model, goals, as_of=plan.as_of, constants=plan.constants, given=items, base=plan)
            whole = settler.executor
            executor = Executor(given, whole.vocabulary, whole.firings, whole.learned, name.id)
            executor.share(plan, name.id)
            executor.deciders = whole.deciders
            self.given[name.id] = Settler(executor, settler.questions, limit=settler.limit, fen=settler.fen, base=settler)
        return self.given[name.id]


class NearRows(ABC):
    """The rows of a block, and how they are settled again."""

    endings: Array
    """How each row ends."""
    bad: Mask
    """The rows that go to the interpreter anyway."""
    words: Vocabulary
    """The values that columns of kind VALUE count."""

    @abstractmethod
    def column(self, id_: str, rows: Array) -> Column:
        """Return what some rows have of an input datum or decision."""

    @abstractmethod
    def inside(self, name: NearName) -> Mask | None:
        """Return the rows whose value may be near a line; None where that takes more than a look."""

    @abstractmethod
    def cuts(self, name: NearName) -> Array | None:
        """Return the values that are told from those before them, at the name's scale; None where all may be."""

    @abstractmethod
    def tried(self, parts: Sequence[Positions]) -> "Tried":
        """Return what rows come to at positions of facts, part after part."""

    @abstractmethod
    def tried_given(self, part: Positions) -> "Tried":
        """Return what rows come to at positions of a decision."""


class _Search:
    """The near misses of one block."""

    def __init__(self, finder: NearFinder, source: NearRows) -> None:
        rows = len(source.endings)
        self.finder = finder
        self.source = source
        self.misses = np.full(rows, -1, np.int64)
        self.shares = np.full(rows, np.inf)
        self.bad = np.zeros(rows, np.bool_)

    def run(self, asked: Mask, names: Sequence[NearName]) -> None:
        """Look for misses of some rows."""
        facts = self.finder.settler.plan.facts
        found = [part for name in names if len((part := self.positions(asked, name)).rows)]
        moved = [part for part in found if part.name.id in facts]
        tried = self.source.tried(moved) if moved else None
        start = 0
        for part in found:  # in the order of the text
            if tried is not None and part.name.id in facts:
                self.take(part, tried.part(slice(start, start + len(part.rows))))
                start += len(part.rows)
            else:
                self.take(part, self.source.tried_given(part))

    def positions(self, asked: Mask, name: NearName) -> Positions:
        """Return where the values of a name could be moved to in some rows."""
        inside = self.source.inside(name)
        rows = np.flatnonzero(asked if inside is None else inside & asked)
        parts = []
        for start in range(0, len(rows), STRETCH):
            some = rows[start : start + STRETCH]
            values = name.values(self.source.column(name.id, some), len(some), self.source.words)
            self.bad[some[values.bad]] = True
            found, untold = name.positions(some, values, self.source.cuts(name))
            self.bad[untold] = True
            parts.append(found)
        return Positions.joined(name, parts)

    def take(self, part: Positions, tried: "Tried") -> None:
        """Note the first position of each row that is better, where it is nearer than what other names have."""
        better, bad = np.flatnonzero(tried.is_better), np.flatnonzero(tried.bad)
        firsts = better[np.unique(part.rows[better], return_index=True)[1]]
        if len(bad):
            known = np.full(len(self.misses), len(part.rows))
            known[part.rows[firsts]] = firsts
            self.bad[part.rows[bad[bad < known[part.rows[bad]]]]] = True
        rows, shares = part.rows[firsts], part.shares[firsts]
        old = self.shares[rows]
        nearer = shares < old
        alike = np.flatnonzero(np.abs(shares - np.where(np.isfinite(old), old, -1)) * ALIKE <= shares)
        for place in alike.tolist():
            nearer[place] = self.is_nearer(part, int(firsts[place]), int(rows[place]))
        chosen, rows = firsts[nearer], rows[nearer]
        self.misses[rows] = part.name.numbers[part.lines[chosen]]
        self.shares[rows] = shares[nearer]

    def is_nearer(self, part: Positions, place: int, row: int) -> bool:
        """Say whether a position is nearer than the miss that is known of its row, or has the first name where both are as near."""
        finder = self.finder
        other, line = finder.by_number[int(self.misses[row])]
        columns = [self.source.column(id_, np.array([row])) for id_ in (part.name.id, other.id)]
        words, model = self.source.words, finder.settler.plan.model
        mine = part.name.share(columns[0], 0, int(part.lines[place]), words)
        theirs = other.share(columns[1], 0, line, words)
        if mine == theirs:
            return title_of(model, part.name.id)[0] < title_of(model, other.id)[0]
        return mine < theirs


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of some positions."""

    is_better: Mask
    """Whether the answer is worth the step."""
    bad: Mask
    """Whether it cannot be told."""

    @classmethod
    def of(cls, parts: Sequence["Tried"]) -> "Tried":
        """Return several one after another."""
        if len(parts) == 1:
            return parts[0]
        return cls(np.concatenate([part.is_better for part in parts]), np.concatenate([part.bad for part in parts]))

    def part(self, piece: slice) -> "Tried":
        """Return some of them."""
        return Tried(self.is_better[piece], self.bad[piece])
