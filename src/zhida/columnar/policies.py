"""Policies over frames: a linked policy as a plan and the questions that are asked of it.

PolicyModel ──open_policy──> PolicyColumns ──settle──> Answers      block after block of a frame
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhida.columnar.answers import HELD, Questions
from zhida.columnar.columns import Array, Column, Mask, Vocabulary, distinct, keys_of, take, value_at
from zhida.columnar.execute import BLOCK, Executor
from zhida.columnar.frames import column_names, read_block
from zhida.columnar.interpreted import Firing
from zhida.columnar.kernel.numpy_kernel import WORD
from zhida.columnar.lower import lower
from zhida.columnar.plan import Kind, Plan
from zhida.columnar.settle import Answers, Settler
from zhida.dmn.compiled import CompiledTable, Typed
from zhida.dmn.model import Rule
from zhida.policy.front_matter import Rounding
from zhida.policy.pack import PolicyModel
from zhida.values.numbers import CENT_GUARD_PLACES, feel_context, round_amount
from zhida.values.types import is_number
from zhida.values.unknown import Unknown


@dataclass(frozen=True, slots=True)
class PolicyColumns:
    """A policy that is ready for frames."""

    model: PolicyModel
    """The policy, linked for a day."""
    plan: Plan
    """How its decisions are computed; `plan.fallbacks` is what the interpreter does."""
    questions: Questions
    """What is asked of each row."""
    executor: Executor
    """Runs the plan; it keeps what it learns."""
    settler: Settler
    """Answers the questions."""

    def settle(self, frame: pl.DataFrame, *, block: int = BLOCK) -> Iterator[Answers]:
        """Yield the answers of a frame, block by block, in its order.

        Rows that are `bad` in an answer are for the interpreter. Outside of the days on which the policy is law nothing is
        asked: that is for the caller to see.

        Args:
            frame: One row for each subject: columns by the names of attributes, with `:absent` companions.
            block: Rows that are decided together.
        """
        kept = [name for name in column_names(self.plan.facts) if name in frame.columns]
        narrow = frame.select(kept) if kept else frame
        for start in range(0, frame.height, block):
            yield self.settler.settle(read_block(narrow.slice(start, block), self.plan, self.executor.vocabulary))

    def frame(self, answers: Answers) -> pl.DataFrame:
        """Return the answers of a block as a frame, in the order of its rows.

        Columns: `ending` (UInt8: HELD, OPEN, ODD, FAILED + n), `amount_fen` (Int64, where the policy gives money), `result`
        (String, where it gives a status), `missing` (UInt64, then `missing:1`, …: bit n is the n-th of `plan.facts`), `codes`
        (Categorical: what was odd, with commas between), `bad` (Boolean: a row for the interpreter, of which nothing else
        counts), and for each table `rules:<id>` (Categorical: numbers of the rules that fired; empty where none did, null
        where the answer does not rest on it).
        """
        columns = [pl.Series("ending", answers.endings, pl.UInt8)]
        held = (answers.endings == HELD) & ~answers.bad
        if answers.value is not None and self.questions.below is not None:
            fen = fen_of(answers.value, held, self.model.policy.front.rounding, self.executor.vocabulary)
            columns.append(pl.Series("amount_fen", fen, pl.Int64).set(pl.Series(~held), None))
        elif answers.value is not None:
            found = column_values(answers.value, np.flatnonzero(held), self.executor.vocabulary)
            words: Array = np.full(len(held), None, object)
            words[held] = [str(value) for value in found]
            columns.append(pl.Series("result", words.tolist(), pl.String))
        names = [item.name for item in self.plan.facts.values()]
        for place, start in enumerate(range(0, max(len(names), 1), WORD)):
            bits = bit_set([answers.missing.get(name) for name in names[start : start + WORD]], len(held))
            columns.append(pl.Series(f"missing:{place}" if place else "missing", bits, pl.UInt64))
        codes = sorted(answers.codes)
        first, places = distinct([bit_set([answers.codes[code] for code in codes], len(held)).view(np.int64)])
        said = [",".join(code for code in codes if answers.codes[code][row]) for row in first.tolist()]
        columns.append(_categorical("codes", said, places))
        columns.append(pl.Series("bad", answers.bad, pl.Boolean))
        columns += [self.rules(answers, id_) for id_ in answers.tables]
        return pl.DataFrame(columns)

    def rules(self, answers: Answers, decision_id: str) -> pl.Series:
        """Return the rules of a table that fired in each row."""
        body = self.model.model.decisions[decision_id].body
        body = body.body if isinstance(body, Typed) else body
        assert isinstance(body, CompiledTable), "only tables fire"
        rules = body.table.rules
        texts = ["、".join(rules[place].number for place in firing.rules) for firing in self.executor.firings.list if _fits(firing, rules)]
        numbers = np.cumsum([_fits(firing, rules) for firing in self.executor.firings.list]) - 1
        fired = answers.tables[decision_id].firing
        places = np.where(fired < 0, len(texts), numbers[fired] if len(numbers) else 0)
        return _categorical(f"rules:{decision_id}", [*texts, None], places)


def _fits(firing: Firing, rules: Sequence[Rule]) -> bool:
    """Say whether a firing can be one of a table."""
    return all(place < len(rules) for place in firing.rules)


def _categorical(name: str, words: Sequence[str | None], places: Array) -> pl.Series:
    """Return for each row one of some words."""
    return pl.Series(name, words, pl.String).cast(pl.Categorical).gather(pl.Series(places, dtype=pl.UInt32)).alias(name)


def bit_set(masks: Sequence[Mask | None], rows: int) -> NDArray[np.uint64]:
    """Return for each row the bits of the masks that it is in; at most 64 of them.

    >>> bit_set([np.array([True, False]), None, np.array([True, True])], 2).tolist()
    [5, 4]
    """
    total = np.zeros(rows, np.uint64)
    for place, mask in enumerate(masks):
        if mask is not None:
            total |= np.where(mask, np.uint64(1 << place), np.uint64(0))
    return total


def column_values(column: Column, rows: Array, vocabulary: Vocabulary) -> list[object]:
    """Return the FEEL values of some rows; each different one is made once."""
    if not len(rows):
        return []
    chosen = take(column, rows)
    first, places = distinct(keys_of(chosen, len(rows), vocabulary))
    values = [value_at(chosen, row, vocabulary) for row in first.tolist()]
    return [values[place] for place in places.tolist()]


def fen_of(column: Column, held: Mask, rounding: Rounding, vocabulary: Vocabulary) -> Array:
    """Return amounts of yuan in integer fen, rounded once; where nothing is held, 0.

    Args:
        column: The amounts.
        held: The rows that count.
        rounding: How the policy rounds.
        vocabulary: That of the executor.
    """
    fen = np.zeros(len(held), np.int64)
    scale, kept = column.form.scale, rounding.scale
    if column.form.kind is not Kind.NUMBER or scale > CENT_GUARD_PLACES or not 0 <= kept <= 2:
        rows = np.flatnonzero(held)
        amounts = column_values(column, rows, vocabulary)
        fen[rows] = [round_amount(amount, kept, rounding.mode).scaleb(2, feel_context()) for amount in amounts if is_number(amount)]
        return fen
    values = np.where(held, column.values, 0)
    if scale <= kept:
        return values * np.int64(10 ** (2 - scale))
    unit = np.int64(10 ** (scale - kept))
    whole, rest = np.abs(values) // unit, np.abs(values) % unit
    match rounding.mode:
        case "down":
            up = np.zeros(len(values), np.bool_)
        case "up":
            up = rest > 0
        case "half_up":
            up = 2 * rest >= unit
        case _:
            up = (2 * rest > unit) | ((2 * rest == unit) & (whole % 2 == 1))
    found: Array = np.sign(values) * (whole + up) * np.int64(10 ** (2 - kept))
    return found


def questions_of(model: PolicyModel, *, below: Decimal) -> Questions:
    """Return what is asked of a subject by a policy: whether it applies, whether the subject is eligible, how much.

    Args:
        model: The policy.
        below: The amount, in yuan, from which a person must look.
    """
    policy = model.policy
    conditions = tuple(goal for goal in (policy.applies_id, policy.eligible_id) if goal is not None)
    if policy.result_id is not None:
        return Questions(conditions, policy.result_id)
    return Questions(conditions, policy.amount_id, below)


def open_policy(model: PolicyModel, *, below: Decimal, limit: int) -> PolicyColumns:
    """Return a policy that is ready for frames.

    Args:
        model: The policy, linked for a day. A parameter whose figure is lacking is a fact that every row lacks.
        below: The amount, in yuan, from which a person must look.
        limit: Combinations of missing facts that are enumerated at most.
    """
    questions = questions_of(model, below=below)
    known = {id_: value for id_, value in model.parameters.items() if not isinstance(value, Unknown)}
    plan = lower(model.model, questions.goals, as_of=model.as_of, constants=known)
    executor = Executor(plan)
    return PolicyColumns(model, plan, questions, executor, Settler(executor, questions, limit=limit))
