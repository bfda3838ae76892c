"""What statistics look at, by columns: of each row its group, whether it takes part, and the value that is computed with.

    frame ──by──────────> groups          each different combination once, and for each row which
          ──condition───> takes part      true, else not; unknown where it rests on what nobody told
          ──base────────> values          of an attribute, or of a decision that a policy publishes

Rows that the columns leave to the interpreter are asked of it one by one, so that what comes out is what it says.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhida.assess.elements import with_untold
from zhida.columnar.columns import distinct, either, keys_of, take, value_at
from zhida.columnar.execute import BLOCK, Block, Executor
from zhida.columnar.frames import column_names, read_block
from zhida.columnar.lower import lower
from zhida.columnar.plan import Plan
from zhida.dmn.compile import compile_definitions, link
from zhida.dmn.compiled import DecisionModel
from zhida.dmn.evaluate import Evaluator
from zhida.dmn.model import Decision, Definitions, InputData, LiteralExpression
from zhida.errors import InputError, diagnostic
from zhida.policy.dictionary import Dictionary
from zhida.policy.pack import Packs, Policy
from zhida.policy.statistics import Statistic
from zhida.registry_io.attributes import ABSENT_SUFFIX
from zhida.registry_io.registry import row_facts
from zhida.source import Snippet
from zhida.values.temporal import Date
from zhida.values.types import ANY
from zhida.values.unknown import Unknown, unknown

Value = Any
Places = NDArray[np.int64]

MOST_REMEMBERED = 50_000
"""Values that are remembered of former rows: with more, all is forgotten."""

FEW_ROWS = 32_768
"""Rows of which it is remembered what was said: the same ones are looked at again in each step, where a snapshot is a single part."""

NOBODY = object()
"""The group of those of whom it is not known to which they belong."""


@dataclass(frozen=True, slots=True)
class Told:
    """A value for each row, each different one once."""

    values: list[Value]
    """The different values."""
    places: Places
    """For each row the place of its value."""


@dataclass(frozen=True, slots=True)
class Question:
    """A decision that is asked of all rows."""

    model: DecisionModel
    """Where it stands."""
    goal: str
    """Its id."""
    constants: Mapping[str, Value]
    """Figures of the place, by id; unknown where one is lacking."""
    as_of: Date
    """The date of the business fact."""
    _plan: list[Plan] = field(default_factory=list, init=False, repr=False, compare=False)
    """How it is computed, once that was asked for."""

    @property
    def plan(self) -> Plan:
        """How it is computed."""
        if not self._plan:
            known = {id_: value for id_, value in self.constants.items() if not isinstance(value, Unknown)}
            self._plan.append(lower(self.model, [self.goal], as_of=self.as_of, constants=known))
        return self._plan[0]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the input data that it rests on."""
        return tuple(item.name for item in self.plan.facts.values())

    def open(self) -> Executor:
        """Return what decides rows."""
        return Executor(self.plan)

    def interpreted(self, facts: Mapping[str, Value]) -> Value:
        """Return what the interpreter says of one subject."""
        inputs: dict[str, Value] = dict(self.constants)
        for id_, data in self.model.inputs.items():
            if id_ not in inputs:
                inputs[id_] = with_untold(facts[data.name], data.item) if data.name in facts else unknown(data.name)
        return Evaluator(self.model, inputs, as_of=self.as_of).value(self.goal)


class Asker:
    """Asks one question of frames; for one thread at a time."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.executor = question.open()
        self.columns = column_names(self.executor.plan.facts)
        self.last: tuple[pl.DataFrame, Told] | None = None

    def ask(self, frame: pl.DataFrame, rows: Places | None = None) -> Told:
        """Return what is said of each row.

        Args:
            frame: The rows; columns are called as rules call them.
            rows: The places of those that are asked of; of the others anything is said. All by default.
        """
        if rows is None or len(rows) == frame.height:
            return self.asked(frame)
        if not len(rows):
            return Told([None], np.zeros(frame.height, np.int64))
        kept = [name for name in self.columns if name in frame.columns]
        told = self.asked((frame.select(kept) if kept else frame)[rows])
        places = np.zeros(frame.height, np.int64)
        places[rows] = told.places
        return Told(told.values, places)

    def asked(self, frame: pl.DataFrame) -> Told:
        """Return what is said of each row; columns are called as rules call them."""
        asked = frame.select([name for name in self.columns if name in frame.columns])
        if not asked.width or frame.height > FEW_ROWS:
            return self.told(frame)
        if self.last is None or self.last[0].schema != asked.schema or not self.last[0].equals(asked):
            self.last = asked, self.told(frame)
        return self.last[1]

    def told(self, frame: pl.DataFrame) -> Told:
        """Return what is said of each row, whatever was asked before."""
        numbers: dict[Hashable, int] = {}
        values: list[Value] = []
        places = []
        kept = [name for name in self.columns if name in frame.columns]
        for start in range(0, frame.height, BLOCK):
            rows = frame.slice(start, BLOCK)
            places.append(self.block(rows.select(kept) if kept else rows, values, numbers))
            if self.executor.remembered > MOST_REMEMBERED:
                self.executor = Executor(self.executor.plan)
        return Told(values, np.concatenate(places) if places else np.zeros(0, np.int64))

    def block(self, frame: pl.DataFrame, values: list[Value], numbers: dict[Hashable, int]) -> Places:
        """Return for each row of a block the place of its value, adding those that are new."""
        executor, rows = self.executor, frame.height
        given = read_block(frame, executor.plan, executor.vocabulary)
        column = executor.execute(given).columns[self.question.goal]
        every = np.arange(rows)
        whole = take(replace(column, reads={}, codes={}, firing=None), every)
        first, places = distinct(keys_of(whole, rows, executor.vocabulary))
        table = np.array([_number(value_at(whole, row, executor.vocabulary), values, numbers) for row in first.tolist()], np.int64)
        found: Places = table[places]
        if whole.bad is not None and whole.bad.any():
            bad = np.flatnonzero(whole.bad)
            alike, which = self.alike(given, bad)
            said = [self.question.interpreted(row_facts(frame.columns, frame.row(row))) for row in bad[alike].tolist()]
            found[bad] = np.array([_number(value, values, numbers) for value in said], np.int64)[which]
        return found

    def alike(self, given: Block, rows: Places) -> tuple[Places, Places]:
        """Return the first of those of some rows that give the same, and for each which it is; what columns do not hold is like nothing."""
        facts = [take(column, rows) for column in given.facts.values()]
        keys = [key for column in facts for key in keys_of(column, len(rows), self.executor.vocabulary)]
        lost = either(*(column.bad for column in facts))
        if lost is not None:
            keys.append(np.where(lost, np.arange(1, len(rows) + 1), 0))
        return distinct(keys) if keys else (np.zeros(1, np.int64), np.zeros(len(rows), np.int64))


class Askers:
    """Asks questions, each of which it keeps ready for whoever asks it again; for one thread at a time."""

    def __init__(self) -> None:
        """Begin with none."""
        self.made: dict[int, Asker] = {}

    def of(self, question: Question | None) -> Asker | None:
        """Return what asks a question; None for none."""
        if question is None:
            return None
        if id(question) not in self.made:
            self.made[id(question)] = Asker(question)  # which keeps it, so that its identity stays its own
        return self.made[id(question)]


def _number(value: Value, values: list[Value], numbers: dict[Hashable, int]) -> int:
    """Return the place of a value among those that were met; of what is unknown only that it is."""
    key: Hashable = Unknown if isinstance(value, Unknown) else (type(value), value if isinstance(value, Hashable) else str(value))
    place = numbers.get(key)
    if place is None:
        place = numbers[key] = len(values)
        values.append(value)
    return place


def groups_of(frame: pl.DataFrame, by: Sequence[str]) -> Told:
    """Return the group of each row: the values of some attributes, null among them; `NOBODY` where one is unknown.

    Args:
        frame: Columns called as rules call them.
        by: The attributes: strings or booleans.
    """
    if not by:
        return Told([()], np.zeros(frame.height, np.int64))
    columns = [_words(frame, name) for name in by]
    first, places = distinct([column.places for column in columns])
    groups = []
    for row in first.tolist():
        group = tuple(column.values[column.places[row]] for column in columns)
        groups.append(NOBODY if NOBODY in group else group)
    return Told(groups, places)


def _words(frame: pl.DataFrame, name: str) -> Told:
    """Return the values of an attribute that makes groups."""
    if name not in frame.columns:
        return Told([NOBODY], np.zeros(frame.height, np.int64))
    series = frame[name]
    if isinstance(series.dtype, pl.Categorical | pl.Enum):
        series = series.cast(pl.String)
    words = series.unique().drop_nulls().sort()
    values = [*words.to_list(), None, NOBODY]
    places = np.full(frame.height, len(words) + 1, np.int64)
    if len(words):
        table = pl.Series(np.arange(len(words)), dtype=pl.Int64)
        numbers = series.replace_strict(words, table, default=None, return_dtype=pl.Int64)
        places = numbers.fill_null(len(words) + 1).to_numpy().copy()
    if name + ABSENT_SUFFIX in frame.columns:
        places[frame[name + ABSENT_SUFFIX].fill_null(value=False).to_numpy()] = len(words)
    return Told(values, places)


# --- questions -----------------------------------------------------------------------------------------------------


def question_of_feel(text: Snippet, dictionary: Dictionary, as_of: Date) -> Question:
    """Return an expression over attributes as a question."""
    decision = Decision("statistic", "statistic", ANY, LiteralExpression(text), text.span())
    inputs = tuple(InputData(item.name, item) for item in dictionary.items.values())
    compiled = compile_definitions(Definitions("statistic", (decision,), (), inputs), {})
    return Question(link([compiled]), decision.id, {}, as_of)


def question_of_base(statistic: Statistic, packs: Packs, dictionary: Dictionary, as_of: Date) -> Question | None:
    """Return what a statistic is computed of; None where no policy that publishes it is law on the day.

    Raises:
        InputError: population-base-twice.
    """
    if statistic.base in dictionary.items:
        start = statistic.text.text.index(statistic.base)
        return question_of_feel(statistic.text.part(start, start + len(statistic.base)), dictionary, as_of)
    found = [policy for policy in publishers(packs, dictionary.subject, as_of) if statistic.base in policy.published]
    if len(found) > 1:
        words = {"name": statistic.name, "base": statistic.base, "policies": "、".join(policy.id for policy in found)}
        raise InputError([diagnostic("population-base-twice", statistic.text.span(), **words)])
    if not found:
        return None
    model = packs.model_of(found[0].id, as_of)
    return Question(model.model, f"{found[0].id}#{statistic.base}", model.parameters, as_of)


def publishers(packs: Packs, subject: str, as_of: Date) -> Iterable[Policy]:
    """Yield the policies on a kind of subject that are law on a day."""
    for id_, policy in packs.policies.items():
        if policy.front.subject == subject and as_of in packs.in_force[id_]:
            yield policy
