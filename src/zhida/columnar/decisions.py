"""Decisions over a frame: a DMN model decided for every row, without any policy around it.

    DecisionModel + goals ──open_decisions──> Decisions ──decide──> for each goal a column of values and one of rules

The columns are dictionary-coded: what a table can say stands once, a row holds its number. The order of the words depends
on the model and on what the rows come to, never on what was decided before.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from zhida.columnar import kernel
from zhida.columnar.coded import MOST_ENTRIES, UncodedError, column_of_entries
from zhida.columnar.coded_build import build, sources_of, stretch_of
from zhida.columnar.coded_facts import CodedFact
from zhida.columnar.columns import Array, Mask, either, full, is_bad_at, value_at
from zhida.columnar.execute import Executor
from zhida.columnar.frames import column_names, read_block, value_of_cell
from zhida.columnar.lower import lower
from zhida.columnar.plan import Plan, Step
from zhida.dmn.compiled import CompiledTable, DecisionModel, Typed
from zhida.dmn.evaluate import Evaluator
from zhida.dmn.model import ItemDefinition
from zhida.errors import Diagnostic, InputError, diagnostic
from zhida.feel.syntax import Literal
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.types import BOOLEAN, DATE, NUMBER, STRING, Type, list_of
from zhida.values.unknown import find_unknown

Value = Any

BLOCK = 65_536
"""Rows that are decided together, at least: few enough for their codes to stay near the processor."""

CODES = 1_048_576
"""Codes of facts up to which there are more rows in a block: each block has its price whatever it holds."""

BETWEEN = "、"
"""Stands between the numbers of several rules."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a decision says of some rows."""

    codes: Array
    """For each row a number."""
    values: Sequence[str | None]
    """What the value of a number is called: text as it is, anything else as FEEL writes it; None where it is unknown."""
    rules: Sequence[str]
    """The rules that fired, by number; empty where none did, or it is not known which."""
    of_values: Array | None = None
    """For each row the place of its value among the words that the table writes out; None where some are not there."""
    of_rules: Array | None = None
    """The same for its rules."""


@dataclass(frozen=True, slots=True)
class EntryWords:
    """What the entries of a goal are called."""

    values: Sequence[str | None]
    """Their values."""
    rules: Sequence[str]
    """Their rules."""
    of_values: Array | None
    """The places of the values among the words that the table writes out, the greatest number for none; None where some are not there."""
    of_rules: Array | None
    """The same for the rules."""
    odd: Array | None
    """The entries of which only the interpreter can tell; None where there are none."""
    told: int
    """How many entries there are."""


def _places(words: Sequence[str | None], static: Sequence[str | None]) -> Array | None:
    """Return the place of each word among static ones, the greatest number for None; nothing where a word is not there."""
    places: dict[str | None, int] = {word: place for place, word in enumerate(static)}
    if len(places) > MOST_ENTRIES or any(word is not None and word not in places for word in words):
        return None
    dtype = np.uint8 if len(places) < 255 else np.uint16
    return np.array([np.iinfo(dtype).max if word is None else places[word] for word in words], dtype)


class Decisions:
    """A model that is ready for frames."""

    def __init__(self, plan: Plan, goals: tuple[str, ...]) -> None:
        """Make the coded program.

        Args:
            plan: How the decisions are computed.
            goals: Ids of those that are asked for.
        """
        self.plan = plan
        self.goals = goals
        self.executor = Executor(plan)
        self.interpreted = 0
        self.program = build(self.executor)
        steps = {goal: self.plan.step(goal) for goal in self.goals}
        # A fact as it is has codes for stretches of its values alone: whoever asks for the values has to be told each.
        told = {goal: step.operation for goal, step in steps.items() if stretch_of(plan, step.operation) is None}
        self.coded = {goal: place for goal, place in told.items() if place in self.program.nodes}
        self.others = {goal: step for goal, step in steps.items() if goal not in self.coded}
        self.sources = sources_of(self.program, self.coded.values())
        needed = self.program.needed(self.sources)
        self.facts = [node for place in needed if isinstance(node := self.program.nodes[place], CodedFact)]
        self.first_words = {goal: _static_words(self.plan.model, goal) for goal in self.goals}
        self.kept_words: dict[str, EntryWords] = {}
        self.lock = self.program.lock

    @property
    def uncoded(self) -> dict[str, str]:
        """The goals that are computed value by value, each with the reason."""
        return {goal: self.program.reasons.get(step.operation, "") for goal, step in self.others.items()}

    def decide(self, frame: pl.DataFrame, *, values: bool = True, rules: bool = True, workers: int | None = None) -> pa.RecordBatch:
        """Return what the goals come to in each row.

        Columns, for each goal: `<id>` (dictionary of text: its value; null where it rests on what is not known) and
        `rules:<id>` (dictionary of text: the numbers of the rules that fired, empty where none did).

        Args:
            frame: One row for each subject: columns by the names of input data.
            values: Whether values are wanted.
            rules: Whether rules are wanted.
            workers: Threads; by default one for each processor.

        Raises:
            InputError: source-float, source-column-type: a column is not of the type of its input data.
        """
        refused = [found for item in self.plan.facts.values() if (found := refusal(frame, item)) is not None]
        if refused:
            raise InputError(refused)
        threads = workers or os.cpu_count() or 1
        rows = min(max(CODES // max(len(self.facts), 1), BLOCK), 4 * BLOCK, max(-(-frame.height // threads), BLOCK))
        starts = range(0, frame.height, rows)
        count = max(min(threads, len(starts)), 1)
        names = [name for name in column_names(self.plan.facts) if name in frame.columns]
        narrow = frame[names] if names else frame
        if count > 1:
            with ThreadPoolExecutor(count) as pool:
                parts = list(pool.map(lambda start: self.block(narrow.slice(start, rows), values, rules), starts))
        else:
            parts = [self.block(narrow.slice(start, rows), values, rules) for start in starts]
        columns: dict[str, pa.Array] = {}
        for goal in self.goals:
            said = [part[goal] for part in parts]
            static_values, static_rules = self.first_words[goal]
            if values:
                columns[goal] = together([(each.codes, each.values, each.of_values) for each in said], static_values)
            if rules:
                columns[f"rules:{goal}"] = together([(each.codes, each.rules, each.of_rules) for each in said], static_rules)
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    def block(self, frame: pl.DataFrame, values: bool, rules: bool) -> dict[str, Said]:
        """Return what each goal says of the rows of a block."""
        found: dict[str, Said] = {}
        try:
            bad = self.of_codes(frame, found, values, rules)
        except UncodedError:  # more different values than codes: these are computed value by value from now on
            with self.lock:
                self.others = self.others | {goal: self.plan.step(goal) for goal in self.coded}
                self.coded = {}
            bad = None
        others = {goal: step for goal, step in self.others.items() if goal not in found}
        if others:
            with self.lock:
                bad = either(bad, self.of_columns(frame, others, found))
        if bad is not None and bad.any():
            self.of_interpreter(frame, np.flatnonzero(bad), found)
        return found

    def of_codes(self, frame: pl.DataFrame, found: dict[str, Said], values: bool, rules: bool) -> Mask | None:
        """Add what the coded goals say; returns the rows of which they do not."""
        codes: dict[int, Array] = {}
        bad: Mask | None = None
        for fact in self.facts:
            encoded = fact.encode(frame)
            codes[fact.place] = encoded.codes
            bad = either(bad, encoded.bad)
        self.program.run(codes, self.sources)
        for goal, place in self.coded.items():
            source = self.program.nodes[place].source
            words = self.words(goal, place, values, rules)
            given = np.zeros(frame.height, np.uint8) if source is None else codes[source]
            if words.odd is not None:
                bad = either(bad, words.odd[given])
            found[goal] = Said(
                given,
                words.values,
                words.rules,
                None if not values or words.of_values is None else kernel.translate(given, words.of_values),
                None if not rules or words.of_rules is None else kernel.translate(given, words.of_rules),
            )
        return bad

    def words(self, goal: str, place: int, values: bool, rules: bool) -> "EntryWords":
        """Return what the entries of a goal are called, whose operation stands at a place; words that nobody wants are not made."""
        node = self.program.nodes[place]
        kept = self.kept_words.get(goal) or EntryWords([], [], None, None, None, 0)
        source = node if node.source is None else self.program.nodes[node.source]
        count = len(source.entries)
        if kept.told == count and (not values or len(kept.values) == count) and (not rules or len(kept.rules) == count):
            return kept
        with self.program.lock:
            for each in self.program.mapped_beneath([node.place]):
                each.update()
            entries, vocabulary = node.entries.list, self.executor.vocabulary
            some, called, of_values = entries[len(kept.values) :], list(kept.values), kept.of_values
            static_values, static_rules = self.first_words[goal]
            if values and some:
                column = column_of_entries(some, node.entries.form)
                called += [_value_word(value_at(column, row, vocabulary)) for row in range(len(some))]
                of_values = _places(called, static_values)
            numbers, of_rules = list(kept.rules), kept.of_rules
            if rules and len(numbers) < len(entries):
                numbers += [self.rules_word(goal, entry.firing) for entry in entries[len(numbers) :]]
                of_rules = _places(numbers, static_rules)
            odd = np.array([entry.is_bad for entry in entries])
        found = EntryWords(called, numbers, of_values, of_rules, odd if odd.any() else None, len(entries))
        self.kept_words[goal] = found
        return found

    def rules_word(self, goal: str, firing: int | None) -> str:
        """Return the numbers of the rules of a firing."""
        table = _table(self.plan.model, goal)
        if table is None or firing is None or firing < 0:
            return ""
        return BETWEEN.join(table.table.rules[place].number for place in self.executor.firings.list[firing].rules)

    def of_columns(self, frame: pl.DataFrame, steps: Mapping[str, Step], found: dict[str, Said]) -> Mask | None:
        """Add what goals say that are computed value by value; returns the rows of which they do not."""
        results = self.executor.execute(read_block(frame, self.plan, self.executor.vocabulary))
        bad: Mask | None = None
        for goal in steps:
            column = results.columns[goal]
            bad = either(bad, None if column.bad is None else full(column.bad, frame.height))
            words: dict[tuple[str | None, str], int] = {}
            codes = np.zeros(frame.height, np.int32)
            for row in range(frame.height):
                if not is_bad_at(column, row):
                    firing = None if column.firing is None else int(full(column.firing, frame.height)[row])
                    said = (_value_word(results.value(goal, row)), self.rules_word(goal, firing))
                    codes[row] = words.setdefault(said, len(words))
            found[goal] = Said(codes, [value for value, _ in words] or [None], [rules for _, rules in words] or [""])
        return bad

    def of_interpreter(self, frame: pl.DataFrame, rows: Array, found: dict[str, Said]) -> None:
        """Put what the interpreter says in place of what columns cannot."""
        with self.lock:
            self.interpreted += len(rows)
        told: dict[str, list[tuple[str | None, str]]] = {goal: [] for goal in self.goals}
        for row in rows.tolist():
            inputs = {id_: value_of_cell(frame, row, item) for id_, item in self.plan.facts.items()}
            evaluator = Evaluator(self.plan.model, {**self.plan.constants, **inputs}, as_of=self.plan.as_of)
            for goal in self.goals:
                value = evaluator.value(goal)
                table = evaluator.trace[goal].table if goal in evaluator.trace else None
                body = _table(self.plan.model, goal)
                fired = () if table is None or table.possible else table.matched
                numbers = "" if body is None else BETWEEN.join(body.table.rules[place].number for place in fired)
                told[goal].append((_value_word(value), numbers))
        for goal, said in found.items():
            words: dict[tuple[str | None, str], int] = {}
            base = max(len(said.values), len(said.rules))
            codes = said.codes.astype(np.int64)
            codes[rows] = [base + words.setdefault(each, len(words)) for each in told[goal]]
            values = [*said.values, *[None] * (base - len(said.values)), *(value for value, _ in words)]
            found[goal] = Said(codes, values, [*said.rules, *[""] * (base - len(said.rules)), *(rules for _, rules in words)])


_TYPES: Mapping[Type, Callable[[pl.DataType], bool]] = {
    NUMBER: lambda found: found.is_integer() or found.is_decimal(),
    BOOLEAN: lambda found: found == pl.Boolean,
    DATE: lambda found: found == pl.Date,
    STRING: lambda found: isinstance(found, pl.String | pl.Categorical | pl.Enum),
    list_of(NUMBER): lambda found: isinstance(found, pl.List) and (found.inner.is_integer() or found.inner.is_decimal()),
}
"""What types of columns hold the values of a type; of any other type nothing is asked."""


def refusal(frame: pl.DataFrame, item: ItemDefinition) -> Diagnostic | None:
    """Return why a column of a frame cannot be an input datum; None where it can, or is not there, or has no value at all."""
    found = frame.schema.get(item.name)
    fits = _TYPES.get(item.type)
    if found is None or fits is None or found == pl.Null or fits(found):
        return None
    if item.type == NUMBER and found.is_float():
        return diagnostic("source-float", None, name=item.name, found=found)
    return diagnostic("source-column-type", None, name=item.name, found=found, expected=item.type)


def open_decisions(model: DecisionModel, goals: Iterable[str], *, as_of: Date, constants: Mapping[str, Value] | None = None) -> Decisions:
    """Return a model that is ready for frames.

    Args:
        model: A compiled model.
        goals: Ids of the decisions that are asked for.
        as_of: The date of the business fact.
        constants: Input data that is the same for every row, by id.
    """
    asked = tuple(goals)
    return Decisions(lower(model, asked, as_of=as_of, constants=constants), asked)


def together(parts: Sequence[tuple[Array, Sequence[str | None], Array | None]], static: Sequence[str | None]) -> pa.DictionaryArray:
    """Return codes of several parts as one dictionary-coded column.

    Args:
        parts: For each part the numbers of its rows, what these are called, and the places of the rows' words among the static
            ones where all are there.
        static: Words that the dictionary begins with whether they occur or not; others follow, sorted, as far as they occur.
    """
    if parts and all(places is not None for _, _, places in parts):
        flat = np.concatenate([places for _, _, places in parts if places is not None])
        no_word = np.iinfo(flat.dtype).max
        nulls = flat == no_word if len(flat) and flat.max() == no_word else None
        return pa.DictionaryArray.from_arrays(pa.array(flat, mask=nulls), pa.array(static, pa.string()), safe=False)
    places = {word: place for place, word in enumerate(static)}
    met = [np.flatnonzero(np.bincount(codes, minlength=1)) for codes, _, _ in parts]
    said = [[words[code] for code in codes.tolist()] for codes, (_, words, _) in zip(met, parts, strict=True)]
    others = {word for words in said for word in words if word is not None} - places.keys()
    places |= {word: len(places) + place for place, word in enumerate(sorted(others))}
    dtype = np.uint8 if len(places) < 255 else np.uint16 if len(places) < 65_535 else np.int32
    no_word = np.iinfo(dtype).max
    tables = [np.zeros(int(codes.max(initial=0)) + 1, dtype) for codes in met]
    for table, codes, words in zip(tables, met, said, strict=True):
        table[codes] = [no_word if word is None else places[word] for word in words]
    flat = np.concatenate([table[codes] for (codes, _, _), table in zip(parts, tables, strict=True)]) if parts else np.zeros(0, dtype)
    nulls = flat == no_word
    return pa.DictionaryArray.from_arrays(
        pa.array(flat, mask=nulls if nulls.any() else None), pa.array(list(places), pa.string()), safe=False
    )


def _value_word(value: Value) -> str | None:
    """Return what a value is called; None where it is unknown."""
    if find_unknown(value) is not None:
        return None
    return value if type(value) is str else literal(value)


def _table(model: DecisionModel, goal: str) -> CompiledTable | None:
    body = model.decisions[goal].body
    body = body.body if isinstance(body, Typed) else body
    return body if isinstance(body, CompiledTable) else None


def _static_words(model: DecisionModel, goal: str) -> tuple[list[str | None], list[str | None]]:
    """Return the values that a table writes out, and the numbers of its rules, in its own order."""
    table = _table(model, goal)
    if table is None or len(table.table.outputs) != 1:
        return [], [""]
    nodes = [*(rule.outputs[0] for rule in table.rules), *table.defaults]
    values = dict.fromkeys(_value_word(node.value) for node in nodes if isinstance(node, Literal))
    if not table.defaults or table.defaults[0] is None:
        values[literal(None)] = None
    return [word for word in values if word is not None], list(dict.fromkeys(["", *(rule.rule.number for rule in table.rules)]))
