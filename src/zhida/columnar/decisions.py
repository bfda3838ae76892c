"""Decisions over a frame: a DMN model decided for every row, without any policy around it.

    DecisionModel + goals ──open_decisions──> Decisions ──decide──> for each goal a column of values and one of rules

The columns are dictionary-coded: what a table can say stands once, a row holds its number. The order of the words depends
on the model and on what the rows come to, never on what was decided before.
"""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from zhida.columnar import kernel
from zhida.columnar.arrays import coded, numbers, strings
from zhida.columnar.coded import Entry, UncodedError, column_of_entries
from zhida.columnar.coded_build import build, sources_of, stretch_of
from zhida.columnar.coded_facts import CodedFact
from zhida.columnar.coded_flat import Flat, fits
from zhida.columnar.coded_sums import RULES, VALUES, Sums
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

BLOCK = 131_072
"""Rows that are decided together, where each thread has as many: few enough for their codes to stay near the processor."""

CODES = 1_048_576
"""Codes of facts up to which there are more rows in a block: each block has its price whatever it holds."""

_NO_WORD: Mapping[Any, int] = {np.uint8: 2**8 - 1, np.uint16: 2**16 - 1}
"""What stands for no word, by the type of numbers of words."""

BETWEEN = "、"
"""Stands between the numbers of several rules."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a decision says of some rows."""

    codes: Array
    """For each row a number."""
    values: Sequence[str | None]
    """What the value of a number is called: text as it is, anything else as FEEL writes it; None where it is unknown."""
    rules: Sequence[str | None]
    """The rules that fired, by number; empty where none did, or it is not known which."""
    of_values: Array | None = None
    """For each row the number of its value among the words that the goal was called by; None where it is not of a coded goal."""
    of_rules: Array | None = None
    """The same for its rules."""


class Called:
    """What the entries of a goal are called, by their values or their rules: each word once.

    It only grows: numbers of words stay what they are.
    """

    def __init__(self, static: Sequence[str | None]) -> None:
        """Begin with no entries.

        Args:
            static: The words that the dictionary begins with whether they occur or not.
        """
        self.static = [word for word in static if word is not None]
        self.words: list[str] = list(self.static)
        self.numbers: dict[str, int] = {word: place for place, word in enumerate(self.words)}
        self.entries: list[str | None] = []
        self.numbered: Array = np.zeros(0, np.int64)
        self.of_entries: Array = np.zeros(0, np.uint8)
        self.order: Array = np.zeros(0, np.int64)
        self.first = strings(self.static)
        self.texts = self.first
        self.fits = True

    def extend(self, called: Iterable[str | None]) -> None:
        """Add the words of entries that are new."""
        more = []
        for word in called:
            self.entries.append(word)
            more.append(-1 if word is None else self.numbers.setdefault(word, len(self.words)))
            if len(self.numbers) > len(self.words) and word is not None:
                self.words.append(word)
        dtype = np.uint8 if len(self.words) < _NO_WORD[np.uint8] else np.uint16
        self.fits = len(self.words) < _NO_WORD[np.uint16]
        places = self.numbered = np.concatenate((self.numbered, np.array(more, np.int64)))
        self.of_entries = np.where(places < 0, _NO_WORD[dtype], places).astype(dtype)

    def ordered(self, count: int) -> Array:
        """Return the places of some words behind the static ones, and perhaps of more, in the order of their text."""
        order = self.order
        if len(order) < count:
            others = self.words[len(self.static) :]
            fresh = sorted(range(len(order), len(others)), key=others.__getitem__)
            both = sorted([*order.tolist(), *fresh], key=others.__getitem__)  # what is in order already is only merged
            order = self.order = np.array(both, np.int64)
        return order

    def texts_of(self, count: int) -> pa.StringArray:
        """Return some words, the static ones first, and perhaps more."""
        texts = self.texts
        if len(texts) < count:
            self.texts = texts = pa.concat_arrays([texts, strings(self.words[len(texts) :])])
        return texts

    def column(self, parts: Sequence[Array]) -> pa.DictionaryArray:
        """Return numbers of words of several parts as one dictionary-coded column: static words first, then others, sorted, that occur."""
        dtype = max((part.dtype for part in parts), key=lambda each: each.itemsize)
        flat = np.concatenate([_widened(part, dtype) for part in parts]) if len(parts) > 1 else parts[0]
        no_word, first = np.iinfo(dtype).max, len(self.static)
        kind = np.uint8 if first < _NO_WORD[np.uint8] else np.uint16
        if len(self.words) == first and dtype == kind:  # no word is there but those that the dictionary begins with
            return coded(flat, self.first, int(no_word) if len(flat) and flat.max() == no_word else None)
        met = kernel.count(flat, no_word + 1) != 0
        others = np.flatnonzero(met[first:no_word])
        none = int(no_word) if met[no_word] else None
        kind = np.uint8 if first + len(others) < _NO_WORD[np.uint8] else np.uint16
        if not len(others) and kind == dtype:
            return coded(flat, self.first, none)
        count = int(others.max(initial=-1)) + 1
        order = self.ordered(count)
        others = order[order < count]
        others = others[met[first + others]]
        places = np.full(no_word + 1, _NO_WORD[kind], kind)
        places[:first] = np.arange(first)
        places[first + others] = np.arange(first, first + len(others))
        texts = self.texts_of(first + count)
        found = texts.take(numbers(np.concatenate((np.arange(first), first + others))))
        return coded(kernel.translate(flat, places), found, None if none is None else _NO_WORD[kind])


def _widened(places: Array, dtype: Any) -> Array:  # noqa: ANN401 - any numpy type
    """Return numbers of words in a wider type, in which another number stands for none."""
    if places.dtype == dtype:
        return places
    table = np.append(np.arange(_NO_WORD[np.uint8]), _NO_WORD[np.uint16]).astype(dtype)
    return kernel.translate(places, table)


@dataclass(slots=True)
class EntryWords:
    """What the entries of a goal are called."""

    values: Called
    """By their values."""
    rules: Called
    """By their rules."""
    odd: Array | None = None
    """The entries of which only the interpreter can tell; None where there are none."""
    told: int = 0
    """How many entries there are."""


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
        self.kept_words = {goal: EntryWords(Called(values), Called(rules)) for goal, (values, rules) in self.first_words.items()}
        self.lock = self.program.lock
        is_one = len(self.goals) == len(self.coded) == len(self.sources) == 1
        flats: list[Flat | None] = [None, None]
        if is_one:
            flats = [Flat.of(self.program, source) for source in self.sources for _ in flats]
        self.flat_values, self.flat_rules = flats
        self.sums = Sums.of(self.program, next(iter(self.coded.values())), BETWEEN) if is_one else None

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
        schema = frame.schema
        refused = [found for item in self.plan.facts.values() if (found := refusal(schema, item)) is not None]
        if refused:
            raise InputError(refused)
        names = [name for name in column_names(self.plan.facts) if name in schema]
        narrow = frame[names] if names else frame
        columns = self.by_flat(narrow, values, rules, workers) or self.by_sums(narrow, values, rules, workers)
        if columns is None:
            try:
                columns = self.by_blocks(narrow, values, rules, workers, keeps_codes=self.sums is not None and not self.sums.has_many)
            except UncodedError:
                assert self.sums is not None, "else the goal would have been computed value by value"
                self.sums.has_many = True
                columns = self.by_sums(narrow, values, rules, workers) or self.by_blocks(narrow, values, rules, workers)
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    def by_blocks(
        self, frame: pl.DataFrame, values: bool, rules: bool, workers: int | None, *, keeps_codes: bool = False
    ) -> dict[str, pa.Array]:
        """Return the columns of all goals, decided some rows at a time.

        Args:
            frame: The columns of the facts.
            values: Whether values are wanted.
            rules: Whether rules are wanted.
            workers: Threads; by default one for each processor.
            keeps_codes: Whether nothing is computed value by value where codes run out.

        Raises:
            UncodedError: codes ran out, and nothing is to be computed value by value.
        """
        threads = workers or os.cpu_count() or 1
        rows = min(max(CODES // max(len(self.facts), 1), BLOCK), 2 * BLOCK, max(-(-frame.height // threads), BLOCK // 2))
        starts = range(0, frame.height, rows)
        count = max(min(threads, len(starts)), 1)
        if count > 1:
            with ThreadPoolExecutor(count) as pool:
                parts = list(pool.map(lambda start: self.block(frame.slice(start, rows), values, rules, keeps_codes), starts))
        else:
            parts = [self.block(frame.slice(start, rows), values, rules, keeps_codes) for start in starts]
        columns: dict[str, pa.Array] = {}
        for goal in self.goals:
            said = [part[goal] for part in parts]
            static_values, static_rules = self.first_words[goal]
            called = self.kept_words[goal]
            if values:
                places = [each.of_values for each in said if each.of_values is not None]
                is_coded = 0 < len(said) == len(places)
                few = [(each.codes, each.values) for each in said]
                columns[goal] = called.values.column(places) if is_coded else together(few, static_values)
            if rules:
                places = [each.of_rules for each in said if each.of_rules is not None]
                is_coded = 0 < len(said) == len(places)
                columns[f"rules:{goal}"] = (
                    called.rules.column(places) if is_coded else together([(each.codes, each.rules) for each in said], static_rules)
                )
        return columns

    def by_flat(self, frame: pl.DataFrame, values: bool, rules: bool, workers: int | None) -> dict[str, pa.Array] | None:
        """Return the columns of a single table over facts alone; None where it is none, or cannot be decided in one pass."""
        found: dict[str, pa.Array] = {}
        for goal, place in self.coded.items() if self.flat_values and self.flat_rules else ():
            for is_wanted, name, flat in ((values, goal, self.flat_values), (rules, f"rules:{goal}", self.flat_rules)):
                if not is_wanted:
                    continue
                called = self.kept_words[goal].values if name == goal else self.kept_words[goal].rules
                look_up = partial(self.numbers_of_words, goal, place, called)
                try:
                    numbers = None if flat is None else flat.decide(frame, look_up, workers)
                except UncodedError:
                    numbers = None
                if numbers is None:
                    return None
                found[name] = called.column([numbers])
        return found or None

    def by_sums(self, frame: pl.DataFrame, values: bool, rules: bool, workers: int | None) -> dict[str, pa.Array] | None:
        """Return the columns of a large table of hit policy C+ over facts alone; None where it is none, or the sums are not told."""
        if self.sums is None or not frame.height:
            return None
        goal = self.goals[0]
        kept = self.kept_words[goal]
        asked = {name: called for name, called, is_wanted in ((VALUES, kept.values, values), (RULES, kept.rules, rules)) if is_wanted}
        names = {VALUES: goal, RULES: f"rules:{goal}"}

        def rest(some: pl.DataFrame) -> dict[str, pa.Array]:
            said = self.by_blocks(some, values, rules, workers)
            return {name: said[names[name]] for name in asked}

        try:
            if rules and not self.sums.is_varied(frame):
                return None
            told = self.sums.decide(frame, {name: called.static for name, called in asked.items()}, rest, workers)
        except UncodedError:
            return None
        return None if told is None else {names[name]: column for name, column in told.items()}

    def numbers_of_words(self, goal: str, place: int, called: Called) -> Array | None:
        """Return what the entries of a goal are called, by number; None where not all of them can be said so."""
        is_value = called is self.kept_words[goal].values
        words = self.words(goal, place, is_value, not is_value)
        return called.of_entries if words.odd is None and called.fits and fits(len(called.words)) else None

    def block(self, frame: pl.DataFrame, values: bool, rules: bool, keeps_codes: bool) -> dict[str, Said]:
        """Return what each goal says of the rows of a block."""
        found: dict[str, Said] = {}
        try:
            bad = self.of_codes(frame, found, values, rules)
        except UncodedError:  # more different values than codes: these are computed value by value from now on
            if keeps_codes:
                raise
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
                words.values.entries,
                words.rules.entries,
                kernel.translate(given, words.values.of_entries) if values and words.values.fits else None,
                kernel.translate(given, words.rules.of_entries) if rules and words.rules.fits else None,
            )
        return bad

    def words(self, goal: str, place: int, values: bool, rules: bool) -> "EntryWords":
        """Return what the entries of a goal are called, whose operation stands at a place; words that nobody wants are not made."""
        node = self.program.nodes[place]
        kept = self.kept_words[goal]
        source = node if node.source is None else self.program.nodes[node.source]
        count = len(source.entries.list)
        if (
            kept.told == count
            and (not values or len(kept.values.of_entries) == count)
            and (not rules or len(kept.rules.of_entries) == count)
        ):
            return kept
        with self.program.learning():
            for each in self.program.mapped_beneath([node.place]):
                each.update()
            entries, vocabulary = node.entries.list, self.executor.vocabulary
            some = entries[len(kept.values.entries) :]
            if values and some:
                column = column_of_entries(some, node.entries.form)
                kept.values.extend([_value_word(value_at(column, row, vocabulary)) for row in range(len(some))])
            if rules and len(kept.rules.entries) < len(entries):
                kept.rules.extend(self.rules_words(goal, entries[len(kept.rules.entries) :]))
            odd = np.array([entry.is_bad for entry in entries])
            kept.odd = odd if odd.any() else None
            kept.told = len(entries)
        return kept

    def rules_words(self, goal: str, entries: Iterable[Entry]) -> list[str]:
        """Return the numbers of the rules of some entries."""
        table, firings = _table(self.plan.model, goal), self.executor.firings.list
        numbers = [] if table is None else [rule.number for rule in table.table.rules]
        return [
            BETWEEN.join([numbers[place] for place in firings[firing].rules]) if firing is not None and firing >= 0 and numbers else ""
            for firing in (entry.firing for entry in entries)
        ]

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


def refusal(schema: Mapping[str, pl.DataType], item: ItemDefinition) -> Diagnostic | None:
    """Return why a column of a frame cannot be an input datum; None where it can, or is not there, or has no value at all."""
    found = schema.get(item.name)
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


def together(parts: Sequence[tuple[Array, Sequence[str | None]]], static: Sequence[str | None]) -> pa.DictionaryArray:
    """Return codes of several parts, each with numbers of its own, as one dictionary-coded column.

    Args:
        parts: For each part the numbers of its rows, and what these are called.
        static: Words that the dictionary begins with whether they occur or not; others follow, sorted, as far as they occur.
    """
    places = {word: place for place, word in enumerate(static)}
    met = [np.flatnonzero(np.bincount(codes, minlength=1)) for codes, _ in parts]
    said = [[words[code] for code in codes.tolist()] for codes, (_, words) in zip(met, parts, strict=True)]
    others = {word for words in said for word in words if word is not None} - places.keys()
    places |= {word: len(places) + place for place, word in enumerate(sorted(others))}
    dtype = np.uint8 if len(places) < 255 else np.uint16 if len(places) < 65_535 else np.int32
    no_word = np.iinfo(dtype).max
    tables = [np.zeros(int(codes.max(initial=0)) + 1, dtype) for codes in met]
    for table, codes, words in zip(tables, met, said, strict=True):
        table[codes] = [no_word if word is None else places[word] for word in words]
    flat = np.concatenate([table[codes] for (codes, _), table in zip(parts, tables, strict=True)]) if parts else np.zeros(0, dtype)
    return coded(flat, strings([word for word in places if word is not None]), int(no_word))


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
