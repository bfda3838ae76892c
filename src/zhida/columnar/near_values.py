"""Near misses of rows that were decided value by value: they are settled again from what they came to."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from zhida.columnar import plan as ops
from zhida.columnar.answers import HELD
from zhida.columnar.columns import KNOWN, Array, Column, Mask, full, take, value_at
from zhida.columnar.execute import Base, Block, Executor, Results, TakenFacts
from zhida.columnar.near import NearFinder, NearRows, Tried
from zhida.columnar.near_lines import NearName, Positions
from zhida.columnar.plan import Kind
from zhida.columnar.settle import Answers
from zhida.values.equality import equal

POSITIONS = 131_072
"""Positions that are settled together."""


class ValueRows(NearRows):
    """Rows that were decided value by value."""

    def __init__(self, finder: NearFinder, results: Results, answers: Answers) -> None:
        """Keep what they came to.

        Args:
            finder: Says what is asked of them.
            results: What was executed.
            answers: What their answers are.
        """
        self.finder = finder
        self.results = results
        self.answers = answers
        self.endings = answers.endings
        self.bad = answers.bad
        self.words = results.vocabulary

    def whole(self, id_: str) -> Column | None:
        """Return the values of a name in all rows; None where nothing reads it."""
        executor = self.finder.settler.executor
        if id_ in executor.facts:
            return self.results.operations[executor.facts[id_]]
        return None if id_ in self.results.plan.facts else self.results.columns[id_]

    def column(self, id_: str, rows: Array) -> Column:
        """Return what some rows have of an input datum or decision."""
        column = self.whole(id_)
        assert column is not None, "what nothing reads has no positions"
        return take(column, rows)

    def inside(self, name: NearName) -> Mask | None:
        """Return the rows whose value may be near a line; None where that takes more than a look."""
        column = self.whole(name.id)
        return np.zeros(len(self.bad), np.bool_) if column is None else name.inside(column, len(self.bad))

    def cuts(self, name: NearName) -> Array | None:
        """Return the values that are told from those before them."""
        executor = self.finder.settler.executor
        return cuts_of(executor, name.id) if name.id in executor.facts else None

    def tried(self, parts: Sequence[Positions]) -> Tried:
        """Return what the rows come to at the positions of some facts."""
        rows = np.concatenate([part.rows for part in parts])
        values = np.concatenate([part.values for part in parts])
        numbers = np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts])
        executor = self.finder.settler.executor
        found = []
        for start in range(0, len(rows), POSITIONS):
            piece = slice(start, start + POSITIONS)
            facts = {}
            for id_ in {part.name.id for part in parts}:
                column = take(self.results.operations[executor.facts[id_]], rows[piece])
                is_moved = np.isin(numbers[piece], [place for place, part in enumerate(parts) if part.name.id == id_])
                states = None if column.states is None else np.where(is_moved, np.uint8(KNOWN), column.states)
                facts[id_] = replace(column, values=np.where(is_moved, values[piece], column.values), states=states)
            base = Base(self.results, rows[piece], frozenset(facts))
            found.append(self.compared(self.finder.settler.settle(Block(len(rows[piece]), facts), base, is_brief=True), rows[piece]))
        return Tried.of(found)

    def tried_given(self, part: Positions) -> Tried:
        """Return what the rows come to at the positions of a decision."""
        settler, known = self.finder.settler_given(part.name), self.finder.settler.executor.facts
        places = {id_: known[id_] for id_ in settler.plan.facts if id_ in known}
        found = []
        for start in range(0, len(part.rows), POSITIONS):
            rows = part.rows[start : start + POSITIONS]
            given = Column(part.name.form, part.values[start : start + POSITIONS])
            facts = TakenFacts(self.results, places, rows, {part.name.id: given})
            base = Base(self.results, rows, frozenset(facts))
            found.append(self.compared(settler.settle(Block(len(rows), facts), base, is_brief=True), rows))
        return Tried.of(found)

    def compared(self, answers: Answers, rows: Array) -> Tried:
        """Return which answers are better than those of their rows: they hold, and did not, or give something else."""
        is_better = (answers.endings == HELD) & ~answers.bad
        places = np.flatnonzero(is_better & (self.answers.endings[rows] == HELD))
        if len(places) and answers.value is not None and self.answers.value is not None:
            is_better[places] = self.differs(take(answers.value, places), take(self.answers.value, rows[places]), len(places))
        return Tried(is_better, answers.bad)

    def differs(self, one: Column, other: Column, rows: int) -> Mask:
        """Return the rows in which two values are not equal."""
        if one.form == other.form and one.form.kind in {Kind.STRING, Kind.NUMBER, Kind.BOOLEAN, Kind.DATE}:
            return np.asarray(full(one.values != other.values, rows))
        words = self.results.vocabulary
        return np.array([equal(value_at(one, row, words), value_at(other, row, words)) is False for row in range(rows)], np.bool_)


def cuts_of(executor: Executor, id_: str) -> Array | None:
    """Return the values of a fact that what reads it tells from those before them; None where all may be."""
    found: set[int] = set()
    fact = executor.facts[id_]
    for place, operation in enumerate(executor.plan.operations):
        if place in executor.spare or fact not in ops.operands_of(operation):
            continue
        if not isinstance(operation, ops.Decide) or any(each == fact for _, each in operation.outputs):
            return None
        for encoder, each in zip(executor.tables[place].encoders, operation.inputs, strict=True):
            if each == fact:
                found |= set(encoder.thresholds[encoder.table[1:] != encoder.table[:-1]].tolist())
    return np.array(sorted(found), np.int64)
