"""Rows as they stand, and as they would stand with other values: what is decided of them, and what their lines compare.

    Facts ──Standing.of──> standing ──moved(rows, facts)──> standing       only what rests on those facts is computed again

A program holds two plans of one policy: the questions that are asked of it, and both sides of each comparison that something
movable could turn. Invariant: a row that is not bad is what the interpreter says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhida.assess.judge import MAX_AMOUNT
from zhida.assess.settle import MAX_COMBINATIONS
from zhida.columnar.answers import FAILED, HELD, ODD, OPEN, judge
from zhida.columnar.columns import UNKNOWN, Array, Column, Mask, Vocabulary, distinct, full, keys_of, take, value_at
from zhida.columnar.execute import Base, Block, Executor, Results
from zhida.columnar.frames import read_column
from zhida.columnar.lower import form_of_item, lower
from zhida.columnar.operators import ordered, plus
from zhida.columnar.plan import Kind
from zhida.columnar.policies import fen_of, questions_of
from zhida.columnar.settle import Settler
from zhida.dmn.evaluate import Evaluator, Shared
from zhida.dmn.model import ItemDefinition
from zhida.entitle.next.edges import edges_of
from zhida.entitle.next.lines import Mobile, Turn, Ways, followed, lines_by, mobiles_of, turn_of
from zhida.entitle.next.steps import judged_names
from zhida.entitle.next.waiting import Waiting
from zhida.feel import syntax
from zhida.policy.pack import PolicyModel
from zhida.proof.across.extended import Extension
from zhida.proof.across.lines import Line, Mover
from zhida.values.unknown import Unknown

Value = Any
Numbers = NDArray[np.int64]

NOT, ELIGIBLE, REVIEW = 0, 1, 2
"""What is enough: nothing, being eligible, or that only a person's judgement is left."""

MOST_REMEMBERED = 200_000
"""Turns that are remembered at most."""

_SHARED = {Kind.NUMBER, Kind.BOOLEAN, Kind.DATE, Kind.LIST}
"""Kinds of columns that count no words, so that all policies may read the same one."""


class Facts:
    """The columns of a batch, each read once."""

    def __init__(self, frame: pl.DataFrame) -> None:
        """Keep the frame; it has the columns as the rules call them on the day."""
        self.frame = frame
        self.kept: dict[str, Column] = {}
        self.lock = Lock()

    def column(self, item: ItemDefinition, vocabulary: Vocabulary) -> Column:
        """Return an attribute of all rows."""
        if form_of_item(item).kind not in _SHARED:
            return read_column(self.frame, item, vocabulary)
        with self.lock:
            if item.name not in self.kept:
                self.kept[item.name] = read_column(self.frame, item, vocabulary)
            return self.kept[item.name]


class Program:
    """One policy over columns; one thread at a time may use it."""

    def __init__(self, model: PolicyModel, *, wanted: str | None = None, ways: Ways | None = None) -> None:
        """Prepare what does not depend on rows.

        Args:
            model: The policy, linked for a day.
            wanted: The status that is wanted.
            ways: How attributes move; by default what the dictionary says.
        """
        self.model = model
        self.wanted = wanted
        self.mobiles = mobiles_of(model, ways, wanted)
        self.lines = lines_by(model, wanted)
        self.waiting = Waiting(model, wanted)
        self.followed = followed(model, self.lines, self.mobiles)
        self.edges = edges_of(model, self.lines)
        self.drawn = sorted({number for numbers in self.followed.values() for number in numbers})
        self.judged = judged_names(model)
        self.questions = questions_of(model, below=Decimal(MAX_AMOUNT))
        known = {id_: value for id_, value in model.parameters.items() if not isinstance(value, Unknown)}
        plan = lower(model.model, self.questions.goals, as_of=model.as_of, constants=known)
        self.executor = Executor(plan)
        fen = None
        if self.questions.below is not None and self.questions.value is not None:
            fen = partial(fen_of, rounding=model.policy.front.rounding, vocabulary=self.executor.vocabulary)
        self.settler = Settler(self.executor, self.questions, limit=MAX_COMBINATIONS, fen=fen)
        extension = Extension(model)
        goals = [side_id for place in self.drawn for side_id in _add(extension, place, self.lines[place])]
        sides = lower(extension.model().model, goals, as_of=model.as_of, constants=known)
        self.comparer = Executor(sides, self.executor.vocabulary)
        self.turns: dict[tuple[object, ...], Turn | None] = {}
        self.mobiles = tuple(mobile for mobile in self.mobiles if mobile.id in self.executor.facts)

    def is_idle(self) -> bool:
        """Say whether nothing in it moves."""
        return not self.mobiles and not self.waiting.lines

    def facts(self, facts: Facts) -> dict[str, Column]:
        """Return the input data of all rows of a batch."""
        items = {**self.comparer.plan.facts, **self.executor.plan.facts}
        return {id_: facts.column(item, self.executor.vocabulary) for id_, item in items.items()}

    def is_wanted(self, column: Column) -> Mask:
        """Return the rows that have the wanted status."""
        if self.wanted is None:
            return np.ones((), np.bool_)
        if column.form.kind is Kind.STRING:
            return np.asarray(column.known & (column.values == self.executor.vocabulary.number(self.wanted)))
        words = self.executor.vocabulary.values
        if column.form.kind is not Kind.VALUE:
            return np.zeros((), np.bool_)
        return np.asarray(column.known & np.array([type(word) is str and word == self.wanted for word in words])[column.values])


def _add(extension: Extension, place: int, line: Line) -> tuple[str, str]:
    """Add both sides of a comparison to a policy, each as a decision; return their ids."""
    required = extension.decisions[line.decision_id].requirements
    found = []
    for side, node in zip(side_ids(place), (line.left, line.right), strict=True):
        names = {name.name for name in syntax.free_names(node)}
        found.append(extension.add(side, node, {name: id_ for name, id_ in required.items() if name in names}))
    return found[0], found[1]


def side_ids(place: int) -> tuple[str, str]:
    """Return what the sides of a comparison are called."""
    return f"line {place} left", f"line {place} right"


@dataclass(frozen=True, slots=True)
class Gap:
    """By how much the left side of a comparison is above the right one, in some unit of each row's own."""

    above: Numbers
    """The difference; where it is not known, anything."""
    line: Numbers
    """The right side in the same unit."""
    known: Mask
    """The rows in which both sides are numbers."""
    bad: Mask
    """The rows of which it cannot be told."""


class Standing:
    """Some rows as they stand."""

    def __init__(self, program: Program, results: Results, sides: "Results | tuple[Standing, Array, dict[str, Column]]") -> None:
        """Keep what they came to.

        Args:
            program: The policy.
            results: What was decided of them.
            sides: What their lines compare, or of what that can be made: rows that stood otherwise, and which of them these are.
        """
        self.program = program
        self.results = results
        self.rows = results.rows
        self._sides = sides

    @classmethod
    def of(cls, program: Program, facts: Mapping[str, Column], rows: Array) -> "Standing":
        """Return some rows of a batch.

        Args:
            program: The policy.
            facts: The input data of all rows, by id.
            rows: Which of them.
        """
        taken = {id_: take(column, rows) for id_, column in facts.items()}
        block = Block(len(rows), {id_: taken[id_] for id_ in program.executor.plan.facts})
        sides = program.comparer.execute(Block(len(rows), {id_: taken[id_] for id_ in program.comparer.plan.facts}))
        return cls(program, program.executor.execute(block), sides)

    @property
    def sides(self) -> Results:
        """What their lines compare."""
        if isinstance(self._sides, tuple):
            before, rows, facts = self._sides
            known = {id_: column for id_, column in facts.items() if id_ in self.program.comparer.facts}
            base = Base(before.sides, rows, frozenset(known))
            self._sides = self.program.comparer.execute(Block(len(rows), known), base)
        return self._sides

    def moved(self, rows: Array, facts: dict[str, Column]) -> "Standing":
        """Return some of the rows with other values of some facts.

        Args:
            rows: Which.
            facts: Their values, by id.
        """
        known = {id_: column for id_, column in facts.items() if id_ in self.program.executor.facts}
        results = self.program.executor.execute(Block(len(rows), known), Base(self.results, rows, frozenset(known)))
        return Standing(self.program, results, (self, rows, facts))

    def sides_with(self, rows: Array, facts: dict[str, Column]) -> Results:
        """Return what the lines of some of the rows compare with other values of some facts."""
        known = {id_: column for id_, column in facts.items() if id_ in self.program.comparer.facts}
        return self.program.comparer.execute(Block(len(rows), known), Base(self.sides, rows, frozenset(known)))

    def fact(self, id_: str) -> Column:
        """Return an input datum."""
        executor = self.program.executor
        if id_ in executor.facts:
            return self.results.operations[executor.facts[id_]]
        return self.sides.operations[self.program.comparer.facts[id_]]

    def turns(self, mobile: Mobile, number: int, rows: Array) -> list[Turn | None]:
        """Return where a comparison turns in some rows, as the specification says; what is alike is asked once."""
        program = self.program
        keys: list[Array] = []
        for id_ in self.asked(number):
            column = take(self.fact(id_), rows)
            states = np.zeros(len(rows), np.int64) if column.states is None else full(column.states, len(rows)).astype(np.int64)
            keys += [states, *keys_of(replace(column, states=None), len(rows), program.executor.vocabulary)]
        first, places = distinct(keys) if keys else (np.zeros(1, np.int64), np.zeros(len(rows), np.int64))
        found = []
        for place in first.tolist() if len(rows) else []:
            key = mobile.id, number, *(int(each[place]) for each in keys)
            if key not in program.turns:
                if len(program.turns) >= MOST_REMEMBERED:
                    program.turns.clear()
                program.turns[key] = turn_of(Mover(self.evaluator(number, int(rows[place]))), program.lines[number], mobile)
            found.append(program.turns[key])
        return [found[place] for place in places.tolist()]

    def asked(self, number: int) -> list[str]:
        """Return the facts that a comparison rests on, by id."""
        return [id_ for id_ in sorted(self.program.lines[number].reads) if id_ in self.program.comparer.facts]

    def sides_of(self, number: int, row: int) -> tuple[Value, Value]:
        """Return both sides of a comparison in one row, as the specification says."""
        evaluator = self.evaluator(number, row)
        line = self.program.lines[number]
        return line.side(evaluator), line.side(evaluator, is_right=True)

    def evaluator(self, number: int, row: int) -> Evaluator:
        """Return an evaluation that knows of a row what a comparison rests on."""
        program = self.program
        given = {id_: value_at(self.fact(id_), row, program.executor.vocabulary) for id_ in self.asked(number)}
        inputs = {**program.model.parameters, **given}
        return Evaluator(program.model.model, inputs, as_of=program.model.as_of, shared=Shared(program.model.model))

    def with_unknown(self, rows: Array, mobiles: Iterable[tuple[str, ItemDefinition]]) -> Array:
        """Return those of some rows in which some facts could make a difference: without them the answer is not settled."""
        given = {id_: unknown_column(item, len(rows)) for id_, item in mobiles}
        program = self.program
        base = Base(self.results, rows, frozenset(given))
        known = {id_: column for id_, column in given.items() if id_ in program.executor.facts}
        results = program.executor.execute(Block(len(rows), known), base)
        return rows[is_open(program, results)]

    def enough(self) -> tuple[NDArray[np.int8], Mask]:
        """Return what is enough (`NOT`, `ELIGIBLE`, `REVIEW`) as the rows stand, and the rows of which it cannot be told."""
        program = self.program
        judged = judge(program.questions, self.results)
        found = np.where(judged.endings == HELD, np.int8(ELIGIBLE), np.int8(NOT))
        if program.wanted is not None and program.questions.value is not None:
            found[~full(program.is_wanted(self.results.columns[program.questions.value]), self.rows)] = NOT
        found[judged.bad] = NOT
        is_left = (judged.endings == OPEN) & ~judged.bad if program.judged else np.zeros(self.rows, np.bool_)
        for name, mask in judged.missing.items():
            if name not in program.judged:
                is_left &= ~mask
        left = np.flatnonzero(is_left)
        bad = full(judged.bad, self.rows)
        if len(left):
            bad = bad.copy()
            found[left], bad[left] = self.moved(left, {}).settled()
        return found, bad

    def settled(self) -> tuple[NDArray[np.int8], Mask]:
        """Return the same with what a person judges enumerated."""
        program = self.program
        answers = program.settler.settled(Block(self.rows, {}), self.results)
        held = answers.endings == HELD
        if answers.value is not None and program.wanted is not None:
            held &= full(program.is_wanted(answers.value), self.rows)
        lacks = np.zeros(self.rows, np.bool_)
        for mask in answers.missing.values():
            lacks |= mask
        found = np.where(held, np.int8(ELIGIBLE), np.where((answers.endings == ODD) & lacks, np.int8(REVIEW), np.int8(NOT)))
        return np.where(answers.bad, np.int8(NOT), found), full(answers.bad, self.rows)


def is_open(program: Program, results: Results) -> Mask:
    """Return the rows whose answer could still be enough."""
    judged = judge(program.questions, results)
    found: Mask = judged.endings < FAILED
    if program.wanted is not None and program.questions.value is not None:
        column = results.columns[program.questions.value]
        found &= ~((judged.endings == HELD) & ~full(program.is_wanted(column), results.rows))
    return np.asarray(found | judged.bad)


def unknown_column(item: ItemDefinition, rows: int) -> Column:
    """Return a fact of which nothing is known."""
    form = form_of_item(item)
    values: Array = np.zeros(rows, np.bool_ if form.kind is Kind.BOOLEAN else np.int64)
    return Column(form, values, np.full(rows, UNKNOWN, np.uint8), {item.name: np.ones(rows, np.bool_)})


def known_column(item: ItemDefinition, values: Array) -> Column:
    """Return a fact of which everything is known."""
    form = form_of_item(item)
    return Column(form, values.astype(np.bool_) if form.kind is Kind.BOOLEAN else values)


def gap(sides: Results, place: int, left: Column | None = None) -> Gap:
    """Return how both sides of a comparison stand to each other.

    Args:
        sides: What lines compare.
        place: The number of the comparison.
        left: What stands in place of its left side.
    """
    rows = sides.rows
    names = side_ids(place)
    left = sides.columns[names[0]] if left is None else left
    right = sides.columns[names[1]]
    none, zeros = np.zeros(rows, np.bool_), np.zeros(rows, np.int64)
    known = full(np.asarray(left.known & right.known), rows)
    kinds = {left.form.kind, right.form.kind}
    if not kinds <= {Kind.NUMBER, Kind.RATIO, Kind.VALUE}:
        return Gap(zeros, zeros, none, none)
    bad = none
    for column in (left, right):
        bad = bad if column.bad is None else bad | full(column.bad, rows)
    if Kind.VALUE in kinds:
        return Gap(zeros, zeros, known, known | bad)
    above, below, lost = ordered(left, right)
    difference, beyond = plus(above, -below)
    for mask in (lost, beyond):
        bad = bad if mask is None else bad | full(mask, rows)
    return Gap(full(difference, rows), full(np.asarray(below), rows), known, bad & known)


def moved_by(column: Column, units: int) -> Column:
    """Return numbers that are some units more."""
    return replace(column, values=column.values + np.int64(units))


def mobile_values(column: Column, rows: int) -> tuple[Array, Mask]:
    """Return the numbers or truth values of a fact, and the rows that have one."""
    known = full(np.asarray(column.known), rows)
    return full(column.values, rows), known if column.bad is None else known & ~full(column.bad, rows)


def usual_ends(mobile: Mobile) -> tuple[int, int]:
    """Return the least and the greatest usual value of an attribute, at its scale."""
    low, high = mobile.item.usual_range or (None, None)
    ends = [None if end is None else end.scaleb(mobile.scale) for end in (low, high)]
    least = -(2**62) if ends[0] is None else int(ends[0].to_integral_value("ROUND_CEILING"))
    most = 2**62 if ends[1] is None else int(ends[1].to_integral_value("ROUND_FLOOR"))
    return max(least, -(2**62)), min(most, 2**62)
