"""What has no column form: the interpreter, once for each distinct combination of the operands, joined back to the rows.

    operands ──distinct──> combinations ──interpreter──> told ──join──> column

What was told of a combination is kept, so that another block of rows with the same combination costs nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import repeat
from typing import Any

import numpy as np

from zhida.columnar.columns import (
    ALL,
    KNOWN,
    NULL,
    UNKNOWN,
    Array,
    Column,
    Marks,
    Mask,
    Untold,
    Vocabulary,
    column_of,
    decimals_of,
    different,
    distinct,
    either,
    full,
    keys_of,
    limited,
    mask_of,
    rows_of,
    take,
    union,
    value_at,
    with_lists_numbered,
    within,
)
from zhida.columnar.decimals import NULL_OPERAND, compute, is_computed, numbers_at, numeric
from zhida.columnar.learned import Firing, Lesson, Lessons, key_of
from zhida.columnar.merging import merge_rows, scattered
from zhida.columnar.plan import Fit, Form, Interpret, InterpretDecision, Kind, Plan, placeholder
from zhida.dmn.boxed import fitted
from zhida.dmn.compiled import AS_OF
from zhida.dmn.evaluate import Evaluator
from zhida.dmn.table import TableTrace
from zhida.feel.evaluate import evaluate
from zhida.feel.run import Frame, Run
from zhida.feel.syntax import Node, free_names
from zhida.values.temporal import Date, DaysDuration, MonthsDuration
from zhida.values.types import NUMBER
from zhida.values.unknown import Unknown, find_unknown

Value = Any

MOST_OPERANDS = 40
"""Operands whose states one integer tells, and no more."""

STAND_INS: Mapping[Kind, Value] = {
    Kind.NUMBER: Decimal(0),
    Kind.RATIO: Decimal(0),
    Kind.BOOLEAN: True,
    Kind.STRING: "",
    Kind.DATE: Date(2000, 1, 1),
    Kind.DAYS: DaysDuration(0),
    Kind.MONTHS: MonthsDuration(0),
}
"""What stands for a known value where only that it is known, and its kind, matters."""


def firing_of(trace: TableTrace) -> Firing:
    """Return what a table told beside its value."""
    return Firing(() if trace.possible else trace.matched, trace.excluded)


class Firings:
    """Every firing, by a number."""

    def __init__(self) -> None:
        self.list: list[Firing] = []
        self.numbers: dict[Firing, int] = {}

    def number(self, firing: Firing) -> int:
        """Return the number of a firing."""
        fresh = len(self.list)
        found = self.numbers.setdefault(firing, fresh)
        if found == fresh:
            self.list.append(firing)
        return found


@dataclass(frozen=True, slots=True)
class Told:
    """What the interpreter says of one combination."""

    value: Value
    """The value; an unknown lacks the marks of operands, or names that no row gives."""
    codes: frozenset[str]
    """What was odd."""
    read: frozenset[str]
    """The marks of the operands that were read."""
    firing: int | None = None
    """What a table told beside, by number."""

    def __reduce__(self) -> tuple[type["Told"], tuple[object, ...]]:
        """Return what it is made of, for pickles, which hold thousands."""
        return Told, (self.value, self.codes, self.read, self.firing)


@dataclass(slots=True)
class Operand:
    """A column under the name by which it is read."""

    mark: str
    """The name."""
    column: Column
    """The values."""


class Watched(dict[str, Value]):
    """Variables that remember which of them were read."""

    def __init__(self, variables: dict[str, Value]) -> None:
        super().__init__(variables)
        self.read: set[str] = set()

    def get(self, name: str, default: Value = None) -> Value:
        """Return a variable."""
        if name in self:
            self.read.add(name)
            return self[name]
        return default


def evaluate_with(node: Node, variables: dict[str, Value], as_of: Date) -> Told:
    """Return what the interpreter says of an expression."""
    run = Run(as_of)
    watched = Watched({AS_OF: as_of, **variables})
    value = evaluate(node, Frame(watched, run))
    return Told(value, frozenset(item.code for item in run.diagnostics), frozenset(watched.read))


_BY_IDENTITY = ("lessons", "told", "stand_ins", "computable")
"""What an interpreter keeps by the identity of operations."""


class Interpreter:
    """Evaluates what has no column form, and keeps what it was told."""

    def __init__(self, plan: Plan, vocabulary: Vocabulary, firings: Firings, lessons: Mapping[int, Lessons] | None = None) -> None:
        """Begin with nothing told but some lessons.

        Args:
            plan: Whose operations are asked.
            vocabulary: The words that columns count.
            firings: Counts which rules fired.
            lessons: What was told in other runs, by the identity of the operation.
        """
        self.lessons = lessons or {}
        self.plan = plan
        self.vocabulary = vocabulary
        self.firings = firings
        self.told: dict[int, dict[tuple[int, ...], Told]] = {}
        self.stand_ins: dict[int, Interpret] = {}
        self.texts: dict[int, tuple[Value, str]] = {}
        self.computable: dict[int, bool] = {}
        self.evaluations = 0

    def __getstate__(self) -> dict[str, object]:
        """Return what is kept between runs: what goes by the identity of operations, with the operations themselves."""
        operations = {id(each): each for each in (*self.plan.operations, *self.stand_ins.values())}
        kept = {
            name: [(operations[number], said) for number, said in getattr(self, name).items() if number in operations]
            for name in _BY_IDENTITY
        }
        return {**vars(self), **kept, "texts": {}, "evaluations": 0}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up what was kept."""
        vars(self).update(state)
        for name in _BY_IDENTITY:
            setattr(self, name, {id(operation): said for operation, said in state[name]})

    def expression(self, operation: Interpret, operands: Sequence[Operand], rows: int) -> Column:
        """Return the column of an expression; where all operands are numbers, or unknown, the interpreter is not asked."""
        if operation.by_state or not 0 < len(operands) < MOST_OPERANDS or not self.is_computed(operation):
            return self.interpreted(operation, operands, rows)
        choice = np.zeros(rows, np.int64)
        columns: dict[int, Column] = {}
        for unknown, null, members in self.alike(operands, rows):
            taken = [Operand(operand.mark, take(operand.column, members)) for operand in operands]
            found, kept = self.computed(operation, taken, len(members), unknown, null)
            if len(kept):
                places = members[kept]
                number = len(columns) + 1
                choice[places] = number
                columns[number] = found if len(places) == rows else scattered(found, places, rows)
        rest = np.flatnonzero(choice == 0)
        if len(columns) == 1 and not len(rest):
            return columns[1]
        if len(rest):
            others = [Operand(operand.mark, take(operand.column, rest)) for operand in operands]
            columns[0] = scattered(self.interpreted(operation, others, len(rest)), rest, rows)
        return merge_rows(columns, choice, operation.form)

    def alike(self, operands: Sequence[Operand], rows: int) -> Iterator[tuple[frozenset[str], frozenset[str], Array]]:
        """Yield the rows in which each operand is a number, unknown or null: those together in which the same are unknown, and null."""
        usable = np.ones(rows, np.bool_)
        which = np.zeros(rows, np.int64)
        for operand in operands:
            state = np.where(operand.column.unknown, np.int64(UNKNOWN), np.where(operand.column.null, np.int64(NULL), np.int64(KNOWN)))
            usable &= numeric(operand.column, self.vocabulary) | (state != KNOWN)
            which = which * 3 + state
        for number in different(which[usable]).tolist():
            states = [number // 3**place % 3 for place in range(len(operands) - 1, -1, -1)]
            marks = [
                frozenset(operand.mark for operand, each in zip(operands, states, strict=True) if each == kind) for kind in (UNKNOWN, NULL)
            ]
            yield marks[0], marks[1], np.flatnonzero(usable & (which == number))

    def computed(
        self, operation: Interpret, operands: Sequence[Operand], rows: int, unknown: frozenset[str], null: frozenset[str]
    ) -> tuple[Column, Array]:
        """Return what an expression comes to in those of some rows with which nothing is odd, and the places of these.

        Args:
            operation: The expression.
            operands: Numbers, but for those that are unknown, or null, in each row.
            rows: How many rows there are.
            unknown: The marks of those that are unknown.
            null: The marks of those that are null.
        """
        known = [operand for operand in operands if operand.mark not in unknown | null]
        keys = [key for operand in known for key in keys_of(operand.column, rows, self.vocabulary)]
        first, places = distinct(keys) if keys else (np.zeros(1, np.int64), np.zeros(rows, np.int64))
        given = {operand.mark: numbers_at(operand.column, first, self.vocabulary) for operand in known}
        found = compute(operation.node, given, len(first), unknown, null)
        kept = np.arange(rows)
        if found.failed:  # the interpreter says what is odd about these
            kept = np.flatnonzero(~mask_of(found.failed, len(first))[places])
            places, operands = places[kept], [Operand(operand.mark, take(operand.column, kept)) for operand in operands]
        column = column_of(found.values, operation.form, self.vocabulary)
        is_shared = unknown | null and len(found.values) == 1
        places = np.zeros(len(places), np.int64) if is_shared else places
        odd: Marks = {NULL_OPERAND: np.ones(len(places), np.bool_)} if found.is_odd else {}
        is_unknown = column.states is not None and bool((column.states == UNKNOWN).all())
        return replace(
            column,
            values=column.values[places],
            states=None if column.states is None else column.states[places],
            missing=union(*(operand.column.missing for operand in operands if operand.mark in unknown)) if is_unknown else {},
            reads=union(*(operand.column.reads for operand in operands)),
            codes=union(odd, *(operand.column.codes for operand in operands)),
            bad=either(None if column.bad is None else column.bad[places], *(operand.column.bad for operand in operands)),
            divisors=None if column.divisors is None else column.divisors[places],
        ), kept

    def is_computed(self, operation: Interpret) -> bool:
        """Say whether an expression is made of what is computed without the interpreter where all that it names are numbers."""
        known = self.computable.get(id(operation))
        if known is None:
            names = {name.name for name in free_names(operation.node)} - {"min", "max"}
            known = self.computable[id(operation)] = is_computed(operation.node) and names == {mark for mark, _ in operation.names}
        return known

    def interpreted(self, operation: Interpret, operands: Sequence[Operand], rows: int) -> Column:
        """Return the column of an expression that the interpreter evaluates."""

        def tell(values: Sequence[Value]) -> Told:
            names = dict(zip((operand.mark for operand in operands), values, strict=True))
            return evaluate_with(operation.node, names, self.plan.as_of)

        return self.by_distinct(operation, operands, rows, tell, by_state=operation.by_state)

    def decision(self, operation: InterpretDecision, operands: Sequence[Operand], rows: int) -> Column:
        """Return the column of a whole decision."""
        id_ = operation.decision_id
        compiled = self.plan.model.decisions[id_]

        def tell(values: Sequence[Value]) -> Told:
            given = dict(zip((operand.mark for operand in operands), values, strict=True))
            evaluator = Evaluator(self.plan.model, {**self.plan.constants, **given}, as_of=self.plan.as_of)
            value = evaluator.decide(id_, compiled)
            trace = evaluator.trace[id_]
            if operation.path is not None:
                part = evaluate_with(operation.path, {placeholder(0): value}, self.plan.as_of)
                return Told(part.value, part.codes, frozenset(trace.read))
            firing = None if trace.table is None else self.firings.number(firing_of(trace.table))
            codes = frozenset(item.code for item in trace.diagnostics)
            return Told(value, codes, frozenset(trace.read), firing)

        return self.by_distinct(operation, operands, rows, tell)

    def fitted(self, operation: Fit, column: Column, rows: int) -> Column:
        """Return values as a declared type asks; a number is one."""
        if operation.type == NUMBER and operation.form == column.form:
            is_number = numeric(column, self.vocabulary)
            if is_number.any():
                rest = np.flatnonzero(~full(is_number, rows))
                kept = replace(column, firing=None)
                if not len(rest):
                    return kept
                others = scattered(self.checked(operation, take(column, rest), len(rest)), rest, rows)
                return merge_rows({1: kept, 0: others}, full(is_number, rows).astype(np.int64), operation.form)
        return self.checked(operation, column, rows)

    def checked(self, operation: Fit, column: Column, rows: int) -> Column:
        """Return values as a declared type asks, each different one of which is checked."""

        def tell(values: Sequence[Value]) -> Told:
            run = Run(self.plan.as_of)
            value = fitted(values[0], operation.type, None, "", Frame({}, run))
            return Told(value, frozenset(item.code for item in run.diagnostics), frozenset((placeholder(0),)))

        return self.by_distinct(operation, [Operand(placeholder(0), column)], rows, tell)

    def by_distinct(
        self,
        operation: Interpret | InterpretDecision | Fit,
        operands: Sequence[Operand],
        rows: int,
        tell: Callable[[Sequence[Value]], Told],
        *,
        by_state: bool = False,
    ) -> Column:
        """Return a column of what `tell` says of the operands' values, which is asked once for each combination of them."""
        kept = self.told.setdefault(id(operation), {})
        lessons = self.lessons.get(id(operation))
        numbered = [replace_column(operand, with_lists_numbered(operand.column, self.vocabulary)) for operand in operands]
        keys: list[Array] = []
        for operand in numbered:
            states = operand.column.states
            if by_state:
                keys += [] if states is None else [full(states, rows).astype(np.int64)]
            else:
                keys += keys_of(operand.column, rows, self.vocabulary)
        first, places = distinct(keys) if keys else (np.zeros(1, np.int64), np.zeros(rows, np.int64))
        first = first if rows else first[:0]
        parts = [part for operand in numbered for part in met_of(operand.column, first, by_state=by_state)]
        keys_met = list(zip(*parts, strict=True)) if parts else [()] * len(first)
        fresh = [place for place, key in enumerate(keys_met) if key not in kept]
        values = zip(*(self.values(operand, first[fresh], by_state=by_state) for operand in numbered), strict=True)
        for place, some in zip(fresh, values if numbered else repeat(()), strict=False):
            kept[keys_met[place]] = self.asked(lessons, some, tell)
        told = [kept[key] for key in keys_met]
        return joined(told, places, operands, operation.form, self.vocabulary)

    def asked(self, lessons: Lessons | None, values: Sequence[Value], tell: Callable[[Sequence[Value]], Told]) -> Told:
        """Return what is told of some values, which is known from another run or else asked."""
        key = None if lessons is None else key_of(values, self.texts)
        if lessons is not None and key is not None and (lesson := lessons.get(key)) is not None:
            firing = None if lesson.firing is None else self.firings.number(lesson.firing)
            return Told(lesson.value, lesson.codes, lesson.read, firing)
        self.evaluations += 1
        told = tell(values)
        if lessons is not None and key is not None:
            firing_told = None if told.firing is None else self.firings.list[told.firing]
            lessons.keep(key, Lesson(told.value, told.codes, firing_told, told.read))
        return told

    def values(self, operand: Operand, rows: Array, *, by_state: bool) -> Sequence[Value]:
        """Return the values of one operand in some rows."""
        column = operand.column
        is_known = column.states is None or bool((rows_of(column.states, rows) == KNOWN).all())
        if not by_state and is_known and column.offsets is None and column.form.kind in {Kind.STRING, Kind.VALUE, Kind.NUMBER}:
            numbers = full(rows_of(column.values, rows), len(rows)).tolist()
            if column.form.kind is Kind.NUMBER:
                return decimals_of(numbers, column.form.scale)
            return [self.vocabulary.values[number] for number in numbers]
        return [self.value(operand, row, by_state=by_state) for row in rows.tolist()]

    def value(self, operand: Operand, row: int, *, by_state: bool) -> Value:
        """Return the value of one operand in one row; an unknown lacks the operand itself."""
        state = _state(operand.column, row)
        if by_state and state == KNOWN:
            return STAND_INS[operand.column.form.kind]
        return value_at(operand.column, row, self.vocabulary, Unknown(frozenset((operand.mark,))))


def met_of(column: Column, rows: Array, *, by_state: bool) -> Iterator[list[int]]:
    """Yield numbers for some rows that are the same, all of them, for the same value: the state, the value, and a denominator."""
    count = len(rows)
    states = np.zeros(count, np.uint8) if column.states is None else full(rows_of(column.states, rows), count)
    yield states.tolist()
    if not by_state:
        known = states == KNOWN
        yield np.where(known, rows_of(column.values, rows), 0).astype(np.int64).tolist()
        if column.divisors is not None:
            yield np.where(known, rows_of(column.divisors, rows), 1).tolist()


def replace_column(operand: Operand, column: Column) -> Operand:
    """Return an operand with another column."""
    return Operand(operand.mark, column)


def _state(column: Column, row: int) -> int:
    if column.states is None:
        return KNOWN
    return int(column.states if column.states.ndim == 0 else column.states[row])


def joined(told: Sequence[Told], places: Array, operands: Sequence[Operand], form: Form, vocabulary: Vocabulary) -> Column:
    """Return what was told of combinations as a column of the rows that have them.

    Args:
        told: What was told.
        places: For each row the place in it.
        operands: What the marks in it mean.
        form: How the values are kept; what does not fit is bad.
        vocabulary: Takes strings and other values.
    """
    marks = frozenset(operand.mark for operand in operands if operand.column.missing.keys() - {operand.mark})
    column = column_of((kept_value(item.value, marks) for item in told), form, vocabulary)
    missing, codes = _spread(column.missing, places), _marks([item.codes for item in told], places)
    reads: Marks = {}
    bad = None if column.bad is None else within(column.bad[places], ALL)
    own: Marks = {}
    read = _marks([item.read for item in told], places)
    for operand in operands:
        lacking = missing.pop(operand.mark, None)
        if lacking is not None:  # the operand, or, where that is known, something in it by the name of a fact
            own = union(own, limited(operand.column.missing, lacking), limited({operand.mark: operand.column.known}, lacking))
            within_known = lacking & operand.column.known  # an entry of a list, the unknown of which bears the name of the list
            own = union(own, {operand.mark: within_known}) if within_known.any() else own
        mask: Mask | None = read.get(operand.mark)
        if mask is not None:
            reads = union(reads, limited(operand.column.reads, mask))
            codes = union(codes, limited(operand.column.codes, mask))
            bad = either(bad, within(operand.column.bad, mask))
    firing = None
    if any(item.firing is not None for item in told):
        firing = np.array([-1 if item.firing is None else item.firing for item in told], np.int64)[places]
    return replace(
        column,
        values=column.values[places],
        states=None if column.states is None else column.states[places],
        missing=union(missing, own),
        reads=reads,
        codes=codes,
        bad=bad,
        divisors=None if column.divisors is None else column.divisors[places],
        firing=firing,
    )


def kept_value(value: Value, marks: frozenset[str]) -> Value:
    """Return a value as columns keep it: what is unknown in a list or context must not lack an operand, which is another in each row."""
    inner = None if isinstance(value, Unknown) else find_unknown(value)
    return value if inner is None or marks.isdisjoint(inner.missing) else Untold()


def _spread(marks: Marks, places: Array) -> Marks:
    return {name: mask[places] for name, mask in marks.items()}


def _marks(names: Sequence[frozenset[str]], places: Array) -> Marks:
    """Return the rows in which each name was said."""
    every = frozenset().union(*names)
    return {name: np.array([name in said for said in names], np.bool_)[places] for name in sorted(every)}
