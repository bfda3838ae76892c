"""Execution: a plan over rows, block by block.

    Block ──Executor──> Results        one column for each decision; nothing is raised for what a row holds

An `Executor` keeps what it learns (words, outcomes of tables, what the interpreter was asked), so blocks that follow are
decided from it. `Results.settled` says which decisions the answers to some questions rest on, row by row, and with them
what was odd and which rules fired: what `Evaluator.beneath` says of one row.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from zhida.columnar import plan as ops
from zhida.columnar.columns import (
    ALL,
    KNOWN,
    Array,
    Column,
    Marks,
    Mask,
    Vocabulary,
    column_of,
    either,
    full,
    limited,
    marks_of,
    rows_of,
    take,
    union,
    value_at,
)
from zhida.columnar.elements import Elements, filtered, iterated
from zhida.columnar.encoders import OF_NULL, OF_UNKNOWN, Encoder
from zhida.columnar.interpreted import Firings, Interpreter, Operand, Told, evaluate_with, joined
from zhida.columnar.learned import Learned
from zhida.columnar.merging import merge_rows, scattered
from zhida.columnar.operators import arithmetic, between, choose, compare, convert, fold, fold_list, logical, opposite
from zhida.columnar.plan import Operation, Plan, placeholder
from zhida.columnar.relations import decide_related
from zhida.columnar.tables import TableDecider
from zhida.dmn.graph import closure
from zhida.feel.syntax import Node
from zhida.values.temporal import Date
from zhida.values.unknown import Unknown

Value = Any

INTERPRETED = (ops.Interpret, ops.InterpretDecision, ops.Fit)
"""Operations that ask the interpreter of each distinct combination of values."""

BLOCK = 65_536
"""Rows that are decided together."""


class Operations(Protocol):
    """Columns by the places of their operations."""

    def __getitem__(self, place: int, /) -> Column:
        """Return one column."""


@dataclass(frozen=True, slots=True)
class Block:
    """What rows give."""

    rows: int
    """How many there are."""
    facts: Mapping[str, Column]
    """The input data, by id."""

    def take(self, rows: Array) -> "Block":
        """Return some of the rows."""
        return Block(len(rows), {id_: take(column, rows) for id_, column in self.facts.items()})


@dataclass(frozen=True, slots=True)
class Results:
    """What rows came to."""

    plan: Plan
    """What was computed."""
    rows: int
    """How many rows there are."""
    columns: Mapping[str, Column]
    """The decisions, by id."""
    vocabulary: Vocabulary
    """The words and other values that columns count."""
    operations: "Operations" = ()
    """All operations of the plan, by their places."""

    def value(self, decision_id: str, row: int) -> Value:
        """Return what a decision came to in a row."""
        return value_at(self.columns[decision_id], row, self.vocabulary)

    def demanded(self, asked: Mapping[str, Mask], rows: Array | None = None) -> dict[str, Mask]:
        """Return the rows in which each decision is one that the answers rest on.

        Args:
            asked: The decisions that were asked for, each in the rows in which it was.
            rows: The rows that masks stand for; all by default.
        """
        found: Marks = dict(asked)
        for step in reversed(self.plan.steps):
            mask = found.get(step.id)
            if mask is not None and np.count_nonzero(mask):
                reads = self.columns[step.id].reads
                found = union(found, limited(reads if rows is None else marks_of(reads, rows), mask))
        return {step.id: found[step.id] for step in self.plan.steps if step.id in found}

    def codes_beneath(self, demanded: Mapping[str, Mask]) -> Marks:
        """Return the rows in which each thing was odd in what the answers rest on."""
        return union(*(limited(self.columns[id_].codes, mask) for id_, mask in demanded.items()))


@dataclass(frozen=True, slots=True)
class Base:
    """Rows that were executed before, some facts of which have other values now."""

    results: Results
    """What they came to."""
    rows: Array
    """For each row of now its row of then."""
    changed: frozenset[str]
    """The facts that have other values; the block need not give any others."""


class TakenFacts(Mapping[str, Column]):
    """Facts of rows that were executed before, each taken when somebody asks for it."""

    def __init__(self, base: "Results", places: Mapping[str, int], rows: Array, own: Mapping[str, Column]) -> None:
        """Take none so far.

        Args:
            base: What the rows came to then.
            places: For each fact that is taken its place among the operations.
            rows: For each row of now its row of then.
            own: The facts that are not taken.
        """
        self.base = base
        self.places = places
        self.rows = rows
        self.own = own
        self.taken: dict[str, Column] = {}

    def __getitem__(self, id_: str) -> Column:
        """Return a fact."""
        if id_ in self.own:
            return self.own[id_]
        if id_ not in self.taken:
            self.taken[id_] = take(self.base.operations[self.places[id_]], self.rows)
        return self.taken[id_]

    def __iter__(self) -> Iterator[str]:
        """Yield the ids."""
        return iter({**self.own, **self.places})

    def __len__(self) -> int:
        """Return how many there are."""
        return len({**self.own, **self.places})


class Varied:
    """The operations of rows that were executed before: those that rest on what has changed, and the others as they were."""

    def __init__(self, base: Base) -> None:
        self.base = base
        self.columns: dict[int, Column] = {}

    def __getitem__(self, place: int) -> Column:
        """Return one operation."""
        if place not in self.columns:
            self.columns[place] = take(self.base.results.operations[place], self.base.rows)
        return self.columns[place]


class Beside:
    """The operations of a plan that shares decisions with another, by which the same rows were executed before.

    What is shared is taken from there; what is within it is executed only where somebody asks.
    """

    def __init__(self, executor: "Executor", base: Base, block: Block) -> None:
        self.executor = executor
        self.base = base
        self.block = block
        self.columns: dict[int, Column] = {}

    def __getitem__(self, place: int) -> Column:
        """Return one operation."""
        if place not in self.columns:
            other = self.executor.shared.get(place)
            if other is None:
                self.columns[place] = self.executor.run(place, self.executor.plan.operations[place], self, self.block)
            else:
                self.columns[place] = take(self.base.results.operations[other], self.base.rows)
        return self.columns[place]


class Steps(Mapping[str, Column]):
    """The decisions of a plan among its operations."""

    def __init__(self, places: Mapping[str, int], operations: Operations) -> None:
        self.places = places
        self.operations = operations

    def __getitem__(self, id_: str) -> Column:
        """Return one decision."""
        return self.operations[self.places[id_]]

    def __iter__(self) -> Iterator[str]:
        """Yield the ids."""
        return iter(self.places)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.places)


@dataclass(frozen=True, slots=True)
class Tested:
    """Says what an expression with one operand says of values."""

    node: Node
    """The expression, with a placeholder for the operand."""
    as_of: Date
    """The date of the business fact."""

    def __call__(self, value: Value) -> tuple[object, ...]:
        """Return what the expression comes to with a value, and what was odd."""
        told = evaluate_with(self.node, {placeholder(0): value}, self.as_of)
        return (told.value, told.codes)


class Executor:
    """Runs one plan over many blocks."""

    def __init__(
        self,
        plan: Plan,
        vocabulary: Vocabulary | None = None,
        firings: Firings | None = None,
        learned: Learned | None = None,
        given: str = "",
    ) -> None:
        """Begin with nothing learned but what is given.

        Args:
            plan: What is computed.
            vocabulary: That of an executor whose columns are compared with those of this one.
            firings: The firings of the same.
            learned: What the interpreter said in other runs of the same plan.
            given: The decision that the plan is given as a fact, by which what is learned of it is kept apart.
        """
        self.plan = plan
        self.learned = Learned() if learned is None else learned
        self.given = given
        self.vocabulary = Vocabulary() if vocabulary is None else vocabulary
        self.firings = Firings() if firings is None else firings
        lessons = {
            id(operation): self.learned.of(place, given)
            for place, operation in enumerate(plan.operations)
            if isinstance(operation, INTERPRETED)
        }
        self.interpreter = Interpreter(plan, self.vocabulary, self.firings, lessons)
        self.tables: dict[int, TableDecider] = {}
        self.deciders: dict[object, TableDecider] = {}  # of executors with the same words: the same table is learned once
        self.tests: dict[int, tuple[Encoder, dict[int, Told]]] = {}
        self.spare = {operation.hard for operation in plan.operations if isinstance(operation, ops.Decide)}
        self.facts = {operation.id: place for place, operation in enumerate(plan.operations) if isinstance(operation, ops.Fact)}
        self.places = {step.id: step.operation for step in plan.steps}  # and decisions that rows give, whoever asks for them
        self.places |= {id_: place for id_, place in self.facts.items() if id_ in plan.model.decisions}
        self.inner: dict[int, Executor] = {}
        self.shared: dict[int, int] = {}
        self.own: tuple[int, ...] = ()
        self.dependents: dict[frozenset[str], tuple[int, ...]] = {}
        self.nothing = self.constant(ops.Constant(None, ops.NULLS))

    @property
    def remembered(self) -> int:
        """How many values and combinations of values are remembered."""
        combinations = sum(map(len, self.interpreter.told.values())) + sum(table.remembered for table in self.tables.values())
        return len(self.vocabulary.values) + len(self.firings.list) + combinations

    def execute(self, block: Block, base: Base | None = None) -> Results:
        """Decide all rows of a block.

        Args:
            block: The rows.
            base: What they came to with other values of some facts: what does not rest on these is not decided again. Or what
                they came to by the plan that this one shares decisions with.
        """
        columns: list[Column] | Varied | Beside
        if base is not None and base.results.plan is not self.plan:
            columns = Beside(self, base, block)
            for place in self.own:  # in order, so that no operation waits for a long row of others
                columns.columns[place] = self.run(place, self.plan.operations[place], columns, block)
        elif base is None:
            columns = []
            for place, operation in enumerate(self.plan.operations):
                columns.append(self.run(place, operation, columns, block))
        else:
            columns = Varied(base)
            for place in self.resting_on(base.changed):
                columns.columns[place] = self.run(place, self.plan.operations[place], columns, block)
        return Results(self.plan, block.rows, Steps(self.places, columns), self.vocabulary, columns)

    def share(self, other: Plan, given: str) -> None:
        """Take what does not rest on a given decision from what rows came to by another plan of the same model.

        Args:
            other: The plan, of which only that differs that the decision is given here.
            given: The decision.
        """
        places = {step.id: step.operation for step in other.steps}
        for step in self.plan.steps:
            is_above = given in closure(self.plan.model.requirements, [step.id])
            if not is_above and step.id in places and other.operations[places[step.id]].form == self.plan.operations[step.operation].form:
                self.shared[step.operation] = places[step.id]
        begun = (
            (place, mine) for place, (mine, its) in enumerate(zip(self.plan.operations, other.operations, strict=False)) if mine is its
        )
        spare = {operation.hard for operation in other.operations if isinstance(operation, ops.Decide)}
        for place, operation in begun:  # the plan was begun with these, and with all that they are made of
            if place not in spare and not isinstance(operation, ops.Constant | ops.Fact):
                self.shared.setdefault(place, place)
        waiting = [step.operation for step in self.plan.steps]
        own: set[int] = set()
        while waiting:
            place = waiting.pop()
            if place not in own and place not in self.shared:
                own.add(place)
                waiting += ops.operands_of(self.plan.operations[place])
        self.own = tuple(sorted(own))

    def resting_on(self, facts: frozenset[str]) -> tuple[int, ...]:
        """Return the places of the operations that rest on some facts, in order."""
        if facts not in self.dependents:
            found: set[int] = set()
            for place, operation in enumerate(self.plan.operations):
                is_one = isinstance(operation, ops.Fact) and operation.id in facts
                if is_one or not found.isdisjoint(ops.operands_of(operation)):
                    found.add(place)
            self.dependents[facts] = tuple(sorted(found))
        return self.dependents[facts]

    def run(self, place: int, operation: Operation, columns: Operations, block: Block) -> Column:
        """Return the column of one operation."""
        match operation:
            case ops.Fact():
                return block.facts[operation.id]
            case ops.Constant():
                return self.constant(operation)
            case ops.Read():
                read = columns[operation.operand]
                codes = read.codes if operation.is_part else {}
                return replace(read, reads={operation.decision_id: ALL}, codes=codes, firing=None)
            case ops.Bare():
                return replace(columns[operation.operand], reads={}, codes={}, firing=None)
            case ops.After():
                return self.after([columns[each] for each in operation.first], columns[operation.operand])
            case ops.Convert():
                return convert(columns[operation.operand], operation.form)
            case ops.Arithmetic():
                return arithmetic(operation.operator, columns[operation.left], columns[operation.right], operation.form)
            case ops.Compare():
                return compare(operation.operator, columns[operation.left], columns[operation.right])
            case ops.Between():
                return between(columns[operation.value], columns[operation.low], columns[operation.high])
            case ops.Logical():
                return logical(is_disjunction=operation.is_disjunction, left=columns[operation.left], right=columns[operation.right])
            case ops.Opposite():
                return opposite(columns[operation.operand])
            case ops.Choose():
                then, otherwise = columns[operation.then], columns[operation.otherwise]
                return choose(columns[operation.condition], then, otherwise, self.vocabulary)
            case ops.Fold() | ops.FoldList():
                return self.fold(operation, columns, block.rows)
            case ops.Filter():
                return filtered(columns[operation.operand], self.of_elements(place, operation.condition, columns[operation.operand]))
            case ops.Iterate():
                return iterated(columns[operation.operand], self.of_elements(place, operation.body, columns[operation.operand]))
            case ops.Interpret():
                operands = [Operand(name, columns[each]) for name, each in operation.names]
                return self.interpreter.expression(operation, operands, block.rows)
            case ops.Fit():
                return self.interpreter.fitted(operation, columns[operation.operand], block.rows)
            case ops.InterpretDecision():
                if place in self.spare:  # interpreted where its table asks for it
                    return self.nothing
                return self.interpret(operation, columns, np.arange(block.rows))
            case ops.Test():
                return self.test(place, operation, columns[operation.operand], block.rows)
            case ops.Decide():
                return self.decide(place, operation, columns, block.rows)
        raise AssertionError(f"no operation: {operation}")

    def constant(self, operation: ops.Constant) -> Column:
        """Return a column of one value that stands for all."""
        return take_first(column_of([operation.value], operation.form, self.vocabulary))

    @staticmethod
    def after(first: Sequence[Column], column: Column) -> Column:
        """Return a column after others were evaluated."""
        return replace(
            column,
            reads=union(column.reads, *(each.reads for each in first)),
            codes=union(column.codes, *(each.codes for each in first)),
            bad=either(column.bad, *(each.bad for each in first)),
            firing=None,
        )

    def fold(self, operation: ops.Fold | ops.FoldList, columns: Operations, rows: int) -> Column:
        """Return a builtin of numbers; the rows in which an argument is not known are interpreted."""
        operands = operation.operands if isinstance(operation, ops.Fold) else (operation.operand,)
        given = tuple(columns[each] for each in operands)
        if isinstance(operation, ops.Fold):
            found = fold(operation.name, given, operation.form)
        else:
            found = fold_list(operation.name, given[0], operation.form)
        if found.states is None:
            return found
        places = np.flatnonzero(full(found.states, rows) != KNOWN)
        named = [Operand(placeholder(place), take(column, places)) for place, column in enumerate(given)]
        node = ops.Interpret(operation.node, (), operation.form, by_state=isinstance(operation, ops.Fold))
        rest = self.interpreter.expression(self.kept(operation, node), named, len(places))
        choice = np.zeros(rows, np.int64)
        choice[places] = 1
        return merge_rows({0: found, 1: scattered(rest, places, rows)}, choice, operation.form)

    def of_elements(self, place: int, plan: Plan, lists: Column) -> Column:
        """Return what each element comes to of those that some lists are made of."""
        elements = lists.elements
        assert isinstance(elements, Elements), "a column of elements knows them"
        if place not in self.inner:
            self.inner[place] = Executor(plan, self.vocabulary, Firings())
        executor = self.inner[place]

        def ask() -> Column:
            facts = {name: elements.entry(item) for name, item in plan.facts.items()}
            return executor.execute(Block(elements.count, facts)).operations[len(plan.operations) - 1]

        return elements.answer(plan, ask)

    def kept(self, operation: Operation, made: ops.Interpret) -> ops.Interpret:
        """Return the operation that stands for what another leaves to the interpreter: the same one each time."""
        return self.interpreter.stand_ins.setdefault(id(operation), made)

    def interpret(self, operation: ops.InterpretDecision, columns: Operations, places: Array) -> Column:
        """Return a decision by the interpreter, in some rows."""
        operands = [Operand(id_, take(columns[each], places)) for id_, each in operation.operands]
        return self.interpreter.decision(operation, operands, len(places))

    def test(self, place: int, operation: ops.Test, column: Column, rows: int) -> Column:
        """Return an expression with one operand, decided once for each code of it."""
        if place not in self.tests:
            tested = Tested(operation.node, self.plan.as_of)
            self.tests[place] = (Encoder(column.form, operation.bounds, tested, self.vocabulary), {})
        encoder, told = self.tests[place]
        codes, bad = encoder.encode(column, rows)
        operand = Operand(placeholder(0), column)
        for code in range(encoder.count):
            if code not in told:
                value = Unknown(frozenset((operand.mark,))) if code == OF_UNKNOWN else encoder.representatives[code]
                assert code != OF_NULL or value is None, "the code of null stands for null"
                told[code] = evaluate_with(operation.node, {operand.mark: value}, self.plan.as_of)
        found = joined([told[code] for code in range(encoder.count)], codes, [operand], operation.form, self.vocabulary)
        return found if bad is None else self.after([Column(found.form, found.values, bad=bad)], found)

    def decide(self, place: int, operation: ops.Decide, columns: Operations, rows: int) -> Column:
        """Return a decision by its table."""
        inputs = [columns[each] for each in operation.inputs]
        if place not in self.tables:
            forms = tuple([column.form for column in inputs])
            key: object = (place, self.given)
            if operation.decision_id and not operation.relations:  # what is tested aside, a decision has the same table in all plans
                varying = tuple([rule for rule, _ in operation.outputs])
                key = (operation.decision_id, varying, operation.bounds, forms, operation.type, operation.form)
            if key not in self.deciders:
                lessons = self.learned.of(place, self.given)
                self.deciders[key] = TableDecider(operation, forms, self.plan.as_of, self.vocabulary, self.firings, lessons)
            self.tables[place] = self.deciders[key]
        outputs = {rule: columns[each] for rule, each in operation.outputs}
        hard = None if operation.hard is None else self.plan.operations[operation.hard]

        def interpret(places: Array) -> Column:
            assert isinstance(hard, ops.InterpretDecision), "the operation for hard rows is an interpretation"
            return self.interpret(hard, columns, places)

        if operation.relations:
            named = [columns[relation.operand] for relation in operation.relations]
            return decide_related(self.tables[place], inputs, outputs, named, rows, interpret)
        return self.tables[place].decide(inputs, outputs, rows, interpret)


def take_first(column: Column) -> Column:
    """Return a column whose first row stands for all.

    >>> take_first(Column(ops.BOOLEANS, np.array([True]))).values.ndim
    0
    """
    rows: Any = 0
    return Column(
        column.form,
        np.asarray(rows_of(column.values, rows)),
        None if column.states is None else np.asarray(column.states[0]),
        {name: np.asarray(mask[0]) for name, mask in column.missing.items()},
        bad=None if column.bad is None else np.asarray(column.bad[0]),
        divisors=None if column.divisors is None else np.asarray(column.divisors[0]),
    )
