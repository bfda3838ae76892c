"""Answers: what the questions of a policy come to in each row, and what that rests on.

    Results ──judge──> Judged      asked in order: a condition that does not hold ends the questions of its row

The questions and the endings are those of `zhida.assess`; here they have no words yet. A row ends HELD where all conditions
hold and the value is known, OPEN where it rests on unknown facts, ODD where a person must look, or with the first condition
that fails.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from zhida.columnar.columns import ALL, LARGEST, Array, Column, Marks, Mask, Vocabulary, either, full, limited, union
from zhida.columnar.execute import Results
from zhida.columnar.plan import BOOLEANS, Kind

HELD, OPEN, ODD, FAILED = 0, 1, 2, 3
"""How a row ends; FAILED + n where the n-th condition does not hold."""


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked of each row, in order."""

    conditions: tuple[str, ...]
    """Ids of the decisions that must be true."""
    value: str | None = None
    """The id of the decision that is asked for then."""
    below: Decimal | None = None
    """Where the value must be a number: what it must stay below, either way."""

    @property
    def goals(self) -> tuple[str, ...]:
        """All decisions that may be asked for."""
        return (*self.conditions, *([] if self.value is None else [self.value]))


@dataclass(frozen=True, slots=True)
class Judged:
    """What one execution comes to."""

    endings: Array
    """How each row ends."""
    asked: Mapping[str, Mask]
    """The decisions that were asked for, each in the rows in which it was."""
    missing: Marks
    """What open rows rest on that is not known."""
    bad: Mask
    """The rows that go to the interpreter."""
    demanded: Mapping[str, Mask] = field(default_factory=dict)
    """The rows in which each decision is one that the answer rests on."""


def judge(questions: Questions, results: Results) -> Judged:
    """Return what one execution comes to."""
    rows = results.rows
    endings = np.full(rows, HELD, np.uint8)
    going = np.ones(rows, np.bool_)
    bad = np.zeros(rows, np.bool_)
    asked: dict[str, Mask] = {}
    demanded: list[Marks] = []
    missing: Marks = {}
    for place, goal in enumerate(questions.goals):
        column = results.columns[goal]
        asked[goal] = going
        bad = bad if column.bad is None else bad | (column.bad & going)
        partly = results.vocabulary.partly(column)
        bad = bad | (partly & going) if partly.any() else bad
        unknown = going & column.unknown
        missing = union(missing, limited(column.missing, unknown))
        demanded.append(results.demanded({goal: going}))
        codes = results.codes_beneath(demanded[-1])
        odd = going & ~unknown & np.asarray(either(column.null, *codes.values()))
        if goal != questions.value:
            column = as_truth(column, results.vocabulary)
            odd |= going & ~unknown & np.asarray(column.null)
            failed = going & ~unknown & ~odd & ~column.values
            endings[failed] = FAILED + place
        else:
            odd |= going & ~unknown & _too_large(questions, column, results.vocabulary)
            failed = ~going
        endings[unknown], endings[odd] = OPEN, ODD
        going = going & ~unknown & ~odd & ~failed
    every = union(*demanded)  # what all questions rest on is what any of them does
    return Judged(endings, asked, missing, bad, {step.id: every[step.id] for step in results.plan.steps if step.id in every})


def as_truth(column: Column, vocabulary: Vocabulary) -> Column:
    """Return a column as truth values; what is none is null."""
    if column.form.kind is Kind.BOOLEAN:
        return column
    values = np.asarray(~ALL)
    null = ALL
    if column.form.kind is Kind.VALUE:
        words = [vocabulary.values[number] if number < len(vocabulary.values) else None for number in range(max(len(vocabulary.values), 1))]
        values = np.array([word is True for word in words])[column.values]
        null = ~np.array([isinstance(word, bool) for word in words])[column.values] | column.null
    states = np.where(column.unknown, np.uint8(2), np.where(null, np.uint8(1), np.uint8(0)))
    return Column(BOOLEANS, np.asarray(values), states, column.missing)


def _too_large(questions: Questions, column: Column, vocabulary: Vocabulary) -> Mask:
    """Return the rows whose value is no number that stays below the limit."""
    if questions.below is None:
        return np.asarray(~ALL)
    if column.form.kind not in {Kind.NUMBER, Kind.RATIO}:
        return ~vocabulary.below(questions.below)[column.values] if column.form.kind is Kind.VALUE else ALL
    whole = column.values if column.divisors is None else column.values // column.divisors
    negative = -column.values if column.divisors is None else -column.values // column.divisors
    limit = int(questions.below) * 10**column.form.scale
    if limit > LARGEST:
        return np.asarray(~ALL)
    return np.asarray((whole >= limit) | (negative >= limit))


def answer_keys(questions: Questions, results: Results, judged: Judged) -> tuple[list[Array], Mask]:
    """Return columns of integers that are alike in two rows where their answers are, and the rows of which that cannot be told."""
    rows = results.rows
    keys: list[Array] = [judged.endings.astype(np.int64)]
    if questions.value is None:
        return keys, ~ALL
    column = results.columns[questions.value]
    held = judged.endings == HELD
    values, divisors = full(column.values, rows).astype(np.int64), column.divisors
    unsure: Mask = ~ALL
    if divisors is not None:
        divisors = full(divisors, rows)
        common = np.gcd(values, divisors)
        values, divisors = values // common, divisors // common
        keys.append(np.where(held, divisors, 1))
        unsure = held & (divisors > 2**31)  # two such quotients may differ by less than 34 digits tell
    return [*keys, np.where(held, values, 0)], unsure
