"""Stages: rows of which the first condition tells all are asked nothing more.

    all rows ──first condition──┬── does not hold, or a person must look ──────────────────────────> answered
                                └── holds, or is not known ──> the other questions, near misses ──> answers ──┴──> one block

Many policies apply to few of the subjects of a registry. Invariant: what is said of a row is what is said where all are asked
everything: `judge` does not ask on, and nothing is near, where the first condition of several does not hold.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from zhida.columnar.answers import HELD, OPEN, Judged, Questions, judge
from zhida.columnar.columns import Array, Column, Marks, Mask, full, limited, take, union
from zhida.columnar.execute import Block, Executor, Results, Steps
from zhida.columnar.merging import scattered
from zhida.columnar.plan import LISTS, Kind, operands_of
from zhida.columnar.settle import Answers, Fired, Near, Possible, Settler

STAYING = 8
"""Where one of so many rows, or more, is answered by the first condition, the others are decided by themselves."""

Decide = Callable[[Block, Results], Answers]
"""Answers all questions in rows whose operations are ready to be asked for."""


class Asked:
    """The operations of a plan over a block, each of which is executed when somebody first asks for it."""

    def __init__(self, executor: Executor, block: Block, before: "Asked | None" = None, rows: Array | None = None) -> None:
        """Execute nothing yet.

        Args:
            executor: Runs the plan.
            block: The rows.
            before: The operations of a block of which these are some rows: what was executed there is taken from it.
            rows: The places of the rows in that.
        """
        self.executor = executor
        self.block = block
        self.before = before
        self.rows = rows
        self.columns: dict[int, Column] = {}

    def __getitem__(self, place: int) -> Column:
        """Return one operation."""
        if place not in self.columns:
            if self.before is not None and self.rows is not None and place in self.before.columns:
                self.columns[place] = take(self.before.columns[place], self.rows)
            else:
                self.columns[place] = self.executor.run(place, self.executor.plan.operations[place], self, self.block)
        return self.columns[place]

    def ask(self, places: Iterable[int]) -> None:
        """Execute some operations, those that others rest on before these."""
        for place in places:
            self[place]

    @property
    def results(self) -> Results:
        """What the rows come to, as far as somebody asks."""
        return Results(self.executor.plan, self.block.rows, Steps(self.executor.places, self), self.executor.vocabulary, self)


class TakenRows(Mapping[str, Column]):
    """Facts of some rows of a block, each taken when somebody asks for it."""

    def __init__(self, facts: Mapping[str, Column], rows: Array) -> None:
        self.facts = facts
        self.rows = rows
        self.taken: dict[str, Column] = {}

    def __getitem__(self, id_: str) -> Column:
        """Return a fact."""
        if id_ not in self.taken:
            self.taken[id_] = take(self.facts[id_], self.rows)
        return self.taken[id_]

    def __iter__(self) -> Iterator[str]:
        """Yield the ids."""
        return iter(self.facts)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.facts)


def decide_by_stages(settler: Settler, block: Block, decide: Decide, *, is_whole: bool) -> Answers:
    """Return the answers of a block; rows of which the first condition tells all are not asked on.

    Args:
        settler: Knows the questions.
        block: The rows.
        decide: Answers all questions.
        is_whole: Whether all rows are asked on: near misses are sought of those in which the first condition does not hold.
    """
    executor, questions = settler.executor, settler.questions
    every = Asked(executor, block)
    if block.rows and not is_whole and may_part(settler):
        first = Questions(questions.conditions[:1])
        every.ask(needed_by(executor, first.conditions[0]))
        results = every.results
        judged = judge(first, results)
        goes_on = judged.bad | (judged.endings == HELD) | (judged.endings == OPEN)
        rows = np.flatnonzero(goes_on)
        if (block.rows - len(rows)) * STAYING >= block.rows:
            answers = first_answers(settler, results, judged)
            if not len(rows):
                return answers
            some = Block(len(rows), TakenRows(block.facts, rows))
            asked = Asked(executor, some, every, rows)
            asked.ask(place for place in range(len(executor.plan.operations)) if place not in every.columns)
            return placed(answers, decide(some, asked.results), rows, goes_on)
    every.ask(range(len(executor.plan.operations)))
    return decide(block, every.results)


def may_part(settler: Settler) -> bool:
    """Say whether anything is asked beside a first condition, and rows can be put where they belong among others."""
    questions, plan = settler.questions, settler.plan
    form = None if questions.value is None else plan.operations[plan.step(questions.value).operation].form
    return len(questions.goals) > 1 and bool(questions.conditions) and (form is None or form.kind not in LISTS)


def needed_by(executor: Executor, goal: str) -> list[int]:
    """Return the places of the operations that a decision rests on, in order."""
    found: set[int] = set()
    waiting = [executor.places[goal]]
    while waiting:
        place = waiting.pop()
        if place not in found:
            found.add(place)
            waiting += operands_of(executor.plan.operations[place])
    return sorted(found)


def first_answers(settler: Settler, results: Results, judged: Judged) -> Answers:
    """Return what a first condition alone tells of all rows; of those that are asked on, it does not count."""
    plan, rows = settler.plan, results.rows
    value = None
    if settler.questions.value is not None:
        form = plan.operations[plan.step(settler.questions.value).operation].form
        numbers: Array = np.zeros(rows, np.bool_ if form.kind is Kind.BOOLEAN else np.int64)
        value = Column(form, numbers, np.ones(rows, np.uint8), divisors=np.ones(rows, np.int64) if form.kind is Kind.RATIO else None)
    tables = {step.id: settler.fired(results, judged.demanded, step.id) for step in plan.steps if step.is_table}
    return Answers(judged.endings, value, {}, results.codes_beneath(judged.demanded), tables, judged.bad)


def placed(first: Answers, others: Answers, rows: Array, is_other: Mask) -> Answers:
    """Return the answers of all rows, of which some were asked on.

    Args:
        first: What the first condition tells of all rows.
        others: The answers of those that were asked on.
        rows: The places of these.
        is_other: The same as a mask.
    """
    count = len(is_other)

    def spread(array: Array, nothing: object) -> Array:
        whole = np.full(count, nothing, array.dtype)
        whole[rows] = array
        return whole

    def marks(some: Marks) -> Marks:
        return {name: spread(full(mask, len(rows)), False) for name, mask in some.items()}

    possible, near = others.possible, others.near
    if possible is not None:
        possible = Possible(
            spread(possible.sets, -1), spread(possible.low_fen, 0), spread(possible.high_fen, 0), spread(possible.has_amount, False)
        )
    endings = first.endings.copy()
    endings[rows] = others.endings
    tables = {}
    for id_, fired in first.tables.items():
        firing, is_null = fired.firing.copy(), fired.is_null.copy()
        firing[rows], is_null[rows] = others.tables[id_].firing, others.tables[id_].is_null
        tables[id_] = Fired(firing, is_null)
    return Answers(
        endings,
        None if others.value is None else scattered(others.value, rows, count),
        marks(others.missing),
        union(limited(first.codes, ~is_other), marks(others.codes)),
        tables,
        spread(others.bad, False),
        possible,
        None if near is None else Near(spread(near.misses, -1), spread(near.bad, False)),
    )
