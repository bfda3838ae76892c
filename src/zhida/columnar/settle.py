"""Settling over columns: where an answer rests on missing facts, every answer that is possible, for all rows at once.

    Block ──judge──> endings ── OPEN? ──group──> situations ──expand──> one row for each combination ──judge──> settled, or missing

What `zhida.assess.settle` does for one row, with the same domains in the same order: rows that lack the same facts, and in
which the same rules are excluded, have the same combinations. Invariant: a row that is not bad is what that module says.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress
from typing import Any

import numpy as np

from zhida.columnar.answers import HELD, ODD, OPEN, Judged, Questions, answer_keys, judge
from zhida.columnar.cases import Cases, FenOf, names_at, packed
from zhida.columnar.columns import (
    KNOWN,
    LARGEST,
    UNKNOWN,
    Array,
    Column,
    Marks,
    Mask,
    different,
    distinct,
    either,
    full,
    keys_of,
    limited,
    marks_of,
    mask_of,
    rows_of,
    take,
    union,
    value_at,
)
from zhida.columnar.domains import Domain, Domains, RowDomain
from zhida.columnar.execute import Base, Block, Executor, Results
from zhida.columnar.groups import Group, batches, joined, members_of
from zhida.columnar.plan import Form
from zhida.dmn.evaluate import Evaluator

Value = Any

PossibleSet = frozenset[tuple[int, str]]
"""Endings, each with the value where it is HELD and the value no amount; OPEN among them: there may be others."""


@dataclass(frozen=True, slots=True)
class Fired:
    """What a table did in each row."""

    firing: Array
    """The number of the firing; -1 where the answer does not rest on the table."""
    is_null: Mask
    """Whether it has no value that is certain: it is null, or rests on missing facts."""


@dataclass(frozen=True, slots=True)
class Possible:
    """What is possible in rows that rest on missing facts."""

    sets: Array
    """For each row the number of what is possible, among the settler's `possible`; -1 where it does not rest on any."""
    low_fen: Array
    """The least amount that is possible, in fen."""
    high_fen: Array
    """The greatest."""
    has_amount: Mask
    """The rows in which some amount is possible."""


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest misses of a block."""

    misses: Array
    """For each row the number of the line that it misses, among the finder's `lines`; -1 where nothing is near."""
    bad: Mask
    """The rows of which it cannot be told."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the rows of a block come to."""

    endings: Array
    """HELD, OPEN, ODD, or FAILED + n."""
    value: Column | None
    """The value that was asked for; it counts where the ending is HELD."""
    missing: Marks
    """Fact → the rows whose answer lacks it."""
    codes: Marks
    """Diagnostic code → the rows beneath whose answer it was noted."""
    tables: Mapping[str, Fired]
    """Decision by table → what it did."""
    bad: Mask
    """The rows that go to the interpreter."""
    possible: Possible | None = None
    """What is possible; None where no row rests on missing facts."""
    near: Near | None = None
    """What is nearly met; None where nobody looked."""

    def take(self, rows: Array) -> "Answers":
        """Return the answers of some rows, without what they nearly meet."""
        possible = self.possible
        if possible is not None:
            possible = Possible(possible.sets[rows], possible.low_fen[rows], possible.high_fen[rows], possible.has_amount[rows])
        return Answers(
            self.endings[rows],
            None if self.value is None else take(self.value, rows),
            marks_of(self.missing, rows),
            marks_of(self.codes, rows),
            {id_: Fired(fired.firing[rows], fired.is_null[rows]) for id_, fired in self.tables.items()},
            self.bad[rows],
            possible,
        )


_FIRST = np.zeros(1, np.int64)


class _Undecided:
    """What is written while open rows are settled."""

    def __init__(self, answers: Judged, value: Column | None, rows: int) -> None:
        self.endings = answers.endings.copy()
        self.bad = answers.bad.copy()
        self.values = None if value is None else full(value.values, rows).copy()
        self.divisors = None if value is None or value.divisors is None else full(value.divisors, rows).copy()
        self.missing: dict[str, Mask] = {}
        self.codes: dict[str, Mask] = {}
        self.settled = np.zeros(rows, np.bool_)
        self.possible = Possible(np.full(rows, -1, np.int64), np.zeros(rows, np.int64), np.zeros(rows, np.int64), np.zeros(rows, np.bool_))

    def mark(self, marks: dict[str, Mask], name: str, rows: Array) -> None:
        """Add rows to a mark."""
        if len(rows):
            marks.setdefault(name, np.zeros(len(self.settled), np.bool_))[rows] = True


class Settler:
    """Settles block after block."""

    def __init__(
        self, executor: Executor, questions: Questions, *, limit: int, fen: FenOf | None = None, base: "Settler | None" = None
    ) -> None:
        """Keep what is asked.

        Args:
            executor: Runs the plan of the questions.
            questions: What is asked.
            limit: Combinations of missing facts that are enumerated at most.
            fen: Rounds amounts to fen, in the rows of a mask; None where the value is no amount.
            base: Settles the same questions of the same model where no decision is given.
        """
        self.executor = executor
        self.questions = questions
        self.limit = limit
        self.plan = executor.plan
        self.judged = frozenset(data.name for data in self.plan.model.inputs.values() if data.item.is_judged)
        self.by_name = {data.name: id_ for id_, data in self.plan.model.inputs.items()}
        self.base = base
        self.expanded = 0
        self.fen = fen
        self.possible: list[PossibleSet] = []
        self.possible_numbers: dict[PossibleSet, int] = {}
        self.kind_numbers: dict[tuple[int, ...], int] = {}
        self.kinds = np.zeros(0, np.int64)
        self.same_domains: dict[tuple[str, int], RowDomain] = {}  # by the identity of domains, which are kept
        self.excluded_numbers: dict[frozenset[int], int] = {frozenset(): 0}
        self.excluded = np.zeros(0, np.int64)

    def __getstate__(self) -> dict[str, object]:
        """Return what is kept between runs: nothing that goes by the identity of domains."""
        return {**vars(self), "same_domains": {}, "expanded": 0}

    @cached_property
    def domains(self) -> Domains:
        """The domains of facts."""
        return Domains(self.plan, self.questions.goals, None if self.base is None else self.base.domains)

    @cached_property
    def tested(self) -> tuple[str, ...]:
        """The tables that test facts."""
        return tuple(dict.fromkeys(table for id_ in self.plan.facts for table in self.domains.tables.get(id_, ())))

    @property
    def evaluator(self) -> Evaluator:
        """Evaluates what is the same in each row."""
        return self.domains.evaluator

    def settle(self, block: Block, base: Base | None = None, *, is_brief: bool = False) -> Answers:
        """Return the answers of all rows of a block.

        Args:
            block: The rows.
            base: What they came to with other values of some facts.
            is_brief: Whether nothing counts but what is HELD, and its value: of other rows, and beside these, nothing is told.
        """
        return self.settled(block, self.executor.execute(block, base), is_brief=is_brief)

    def settled(self, block: Block, results: Results, *, is_brief: bool = False) -> Answers:
        """Return the answers of rows that were executed; `settle` says what of them."""
        judged = judge(self.questions, results)
        value = None if self.questions.value is None else results.columns[self.questions.value]
        open_rows = np.flatnonzero((judged.endings == OPEN) & ~judged.bad)
        told: Iterable[str] = [step.id for step in self.plan.steps if step.is_table]
        if is_brief:
            told = self.tested if len(open_rows) else ()  # what rows are grouped by
        tables = {id_: self.fired(results, judged.demanded, id_) for id_ in told if id_ in results.columns}
        codes = {} if is_brief else results.codes_beneath(judged.demanded)
        if not len(open_rows):
            return Answers(judged.endings, value, judged.missing, codes, tables, judged.bad)
        state = _Undecided(judged, value, block.rows)
        work = _Enumeration(self, block, results, judged, state, tables)
        work.is_brief = is_brief
        work.run(open_rows)
        closed = ~state.settled
        is_open = mask_of(open_rows, block.rows)
        if value is not None and state.values is not None:
            states = None if value.states is None else np.where(state.settled, np.uint8(KNOWN), full(value.states, block.rows))
            value = replace(value, values=state.values, states=states, divisors=state.divisors)
        return Answers(
            state.endings,
            value,
            union(limited(judged.missing, ~is_open), state.missing),
            union(limited(codes, closed), state.codes),
            work.tables,
            state.bad,
            state.possible,
        )

    def same_domain(self, id_: str, domain: tuple[Value, ...], form: Form) -> RowDomain:
        """Return a domain that is the same in each row as columns keep it."""
        if (id_, id(domain)) not in self.same_domains:
            self.same_domains[id_, id(domain)] = RowDomain.of([domain], form, self.executor.vocabulary, 1)
        return self.same_domains[id_, id(domain)]

    def exclusions(self) -> tuple[Array, list[frozenset[int]]]:
        """Return for each firing the number of the set of rules that it excludes, behind them that for no firing, and these sets."""
        firings = self.executor.firings.list
        found = [self.excluded_numbers.setdefault(each.excluded, len(self.excluded_numbers)) for each in firings[len(self.excluded) :]]
        if found or not len(self.excluded):
            self.excluded = np.concatenate((self.excluded, np.array(found, np.int64)))
        return np.append(self.excluded, 0), list(self.excluded_numbers)

    def rule_kinds(self) -> Array:
        """Return for each firing a number that is the same where the same rules fired."""
        firings = self.executor.firings.list
        if len(self.kinds) < len(firings):
            found = [self.kind_numbers.setdefault(firing.rules, len(self.kind_numbers)) for firing in firings[len(self.kinds) :]]
            self.kinds = np.concatenate((self.kinds, np.array(found, np.int64)))
        return self.kinds

    def fired(self, results: Results, demanded: Mapping[str, Mask], id_: str, rows: Array | None = None) -> Fired:
        """Return what a table did in each row, or in some, for which the masks of what is demanded stand then."""
        count = results.rows if rows is None else len(rows)
        mask = demanded.get(id_)
        column = None if mask is None else results.columns[id_]
        if mask is None or column is None or column.firing is None:
            return Fired(np.full(count, -1, np.int64), np.zeros(count, np.bool_))
        is_null = full(np.asarray(column.null | column.unknown), results.rows)
        firing = column.firing if rows is None else rows_of(column.firing, rows)
        return Fired(np.where(mask, firing, -1), is_null.copy() if rows is None else is_null[rows])

    def domain(self, id_: str, excluded: Mapping[str, frozenset[int]]) -> tuple[Value, ...] | None:
        """Return one value from each elementary interval of a fact; None where it cannot be enumerated.

        Raises:
            LookupError: what it is compared with is not the same in each row.
        """
        return self.domains.of(id_, excluded)


class _Enumeration:
    """The open rows of one block."""

    def __init__(  # noqa: PLR0913, PLR0917 - all that is known of a block
        self, settler: Settler, block: Block, results: Results, judged: Judged, state: _Undecided, tables: Mapping[str, Fired]
    ) -> None:
        self.settler = settler
        self.block = block
        self.results = results
        self.judged = judged
        self.state = state
        self.tables = {id_: Fired(fired.firing.copy(), fired.is_null.copy()) for id_, fired in tables.items()}  # written to
        self.is_brief = False

    def run(self, rows: Array) -> None:
        """Settle some rows, round after round, until no group lacks facts that could still join."""
        groups = list(self.grouped(rows))
        while groups:
            ready = []
            for group in groups:
                ready += self.extended(group)
            groups = [again for batch in batches(list(joined(ready))) for again in self.round(batch)]

    def extended(self, group: Group) -> list[Group]:
        """Let the missing facts of a group join its combinations; rows that are compared with other values may part."""
        group.is_new = False
        groups = [group]
        for name in sorted(group.missing - group.given_up):
            id_ = self.settler.by_name.get(name)
            if id_ is not None and id_ not in group.domains and id_ in self.settler.plan.facts:
                groups = [each for one in groups for each in self.with_fact(one, name, id_)]
        return groups

    def with_fact(self, group: Group, name: str, id_: str) -> Iterator[Group]:
        """Yield the rows of a group with one more fact in their combinations, or given up where it cannot be enumerated."""
        pieces: list[tuple[Group, Domain | None]]
        try:
            pieces = [(group, self.settler.domains.of(id_, group.excluded, group.lacks))]
        except LookupError:
            pieces = list(self.row_domains(group, id_))
        for piece, values in pieces:
            if values is None or piece.cases * len(values) > self.settler.limit:
                piece.given_up.add(name)
            else:
                piece.join(id_, values)
            yield piece

    def row_domains(self, group: Group, id_: str) -> Iterator[tuple[Group, Domain | None]]:
        """Yield the rows of a group by how many values a fact has in them, with these."""
        settler, vocabulary = self.settler, self.settler.executor.vocabulary
        varying = frozenset().union(*settler.domains.bounds[id_])
        columns = {each: self.column(each) for each in sorted(varying)}
        bad = either(*(None if column is None else column.bad for column in columns.values()))
        lost = np.zeros(len(group.rows), np.bool_) if bad is None else full(bad, self.block.rows)[group.rows]
        if any(column is None for column in columns.values()):
            lost[:] = True
        self.state.bad[group.rows[lost]] = True
        rows = group.rows[~lost]
        if not len(rows):
            return
        taken = {each: take(column, rows) for each, column in columns.items() if column is not None}
        keys = [key for column in taken.values() for key in keys_of(column, len(rows), vocabulary)]
        first, places = distinct(keys)
        found = []
        for row in first.tolist():
            given = {each: value_at(column, row, vocabulary) for each, column in taken.items()}
            found.append(settler.domains.beside(id_, group.excluded, given))
        sizes = np.array([-1 if values is None else len(values) for values in found])
        for size in different(sizes).tolist():
            members = np.flatnonzero(sizes[places] == size)
            piece = group.part(rows[members])
            domain = None if size < 0 else self.row_domain(id_, [values for values in found if values is not None and len(values) == size])
            if domain is not None:
                numbered = np.cumsum(sizes == size) - 1
                domain.index[rows[members]] = numbered[places[members]]
            yield piece, domain

    def row_domain(self, id_: str, domains: Sequence[tuple[Value, ...]]) -> RowDomain:
        """Return several domains of as many values each; no row has one yet."""
        executor = self.settler.executor
        return RowDomain.of(domains, self.results.operations[executor.facts[id_]].form, executor.vocabulary, self.block.rows)

    def column(self, id_: str) -> Column | None:
        """Return what the rows of the block have of an input datum or decision; None for anything else."""
        facts = self.settler.executor.facts
        if id_ in facts:
            return self.results.operations[facts[id_]]
        if id_ in self.block.facts:
            return self.block.facts[id_]
        return self.results.columns[id_] if id_ in self.settler.executor.places else None

    def grouped(self, rows: Array) -> Iterator[Group]:
        """Yield the rows that lack the same facts and in which the same rules are excluded, of those that test facts."""
        kinds, excluded = self.settler.exclusions()
        tables = [id_ for id_ in self.settler.tested if id_ in self.tables and (self.tables[id_].firing[rows] >= 0).any()]
        names = list(self.judged.missing)
        keys = [kinds[self.tables[id_].firing[rows]] for id_ in tables] + packed([self.judged.missing[name] for name in names], rows)
        first, places = distinct(keys)
        for number, members in enumerate(members_of(places, len(first))):
            source = {id_: excluded[key[first[number]]] for id_, key in zip(tables, keys, strict=False)}
            missing = names_at(self.judged.missing, rows[first[number]])
            yield Group(rows[members], missing, (source,), facts=self.block.facts)

    def round(self, groups: Sequence[Group]) -> Iterator[Group]:
        """Decide every combination of some groups; yield the groups that must go on."""
        block, base, misfits = self.expand(groups)
        self.settler.expanded += block.rows
        results = self.settler.executor.execute(block, base)
        judged = judge(self.settler.questions, results)
        keys, unsure = answer_keys(self.settler.questions, results, judged)
        _, answers = distinct(keys)
        bad = judged.bad | unsure | misfits
        case = Cases(self.settler.questions, results, judged, answers)
        start = 0
        for group in groups:
            stop = start + len(group.rows) * group.cases
            yield from self.finish(group, case, slice(start, stop), bad[start:stop])
            start = stop

    def finish(self, group: Group, case: Cases, part: slice, bad: Mask) -> Iterator[Group]:
        """Write down what the rows of a group come to; yield those of which more facts must join."""
        shape = (len(group.rows), group.cases)
        is_bad = bad.reshape(shape).any(axis=1)
        self.state.bad[group.rows[is_bad]] = True
        lacking = case.lacking(part, shape)
        goes_on = np.zeros(len(group.rows), np.bool_)
        if group.is_new:
            open_ = lacking[[name not in group.given_up for name in case.names]] if group.given_up else lacking
            goes_on = np.asarray(open_.any(axis=0) & ~is_bad)
        places = np.flatnonzero(goes_on)
        if len(places):
            keys = packed(list(lacking), places)
            first, kinds = distinct(keys if group.source_of is None else [*keys, group.source_of[places]])
            for members in members_of(kinds, len(first)):
                chosen = places[members]
                source = 0 if group.source_of is None else int(group.source_of[chosen[0]])
                again = group.part(group.rows[chosen])
                again.missing = frozenset(compress(case.names, lacking[:, chosen[0]].tolist()))
                again.sources, again.source_of = (group.sources[source],), None
                yield again
        done = np.flatnonzero(~goes_on & ~is_bad)
        if len(done):
            self.write(group, case, part, done, lacking)

    def write(self, group: Group, case: Cases, part: slice, done: Array, lacking: Array) -> None:
        """Write down the final answers of some rows of a group."""
        state, rows = self.state, group.rows
        answers = case.answers[part].reshape(len(rows), group.cases)[done]
        endings = case.judged.endings[part].reshape(len(rows), group.cases)[done]
        settled = (answers == answers[:, :1]).all(axis=1) & (endings[:, 0] != OPEN)
        if settled.any():
            self.write_settled(group, case, part, done[settled])
        rest = done[~settled]
        if not len(rest) or self.is_brief:
            return
        self.write_possible(rows[rest], case, (part.start + rest * group.cases)[:, None] + np.arange(group.cases))
        open_ = lacking[:, rest]
        found = {case.names[place]: open_[place] for place in np.flatnonzero(open_.any(axis=1)).tolist()}
        for name, mask in self.differing(group, answers[~settled]).items():
            found[name] = found[name] | mask if name in found else mask
        if group.given_up:
            for goal in self.settler.questions.goals:
                column = self.results.columns[goal]
                if column.bad is not None:  # a question that was not asked before, and cannot be told here
                    state.bad[rows[rest]] |= full(column.bad, self.results.rows)[rows[rest]]
                for name, mask in column.missing.items():
                    more = full(mask, self.results.rows)[rows[rest]]
                    found[name] = found[name] | more if name in found else more
        is_judged = np.ones(len(rest), np.bool_)
        any_missing = np.zeros(len(rest), np.bool_)
        for name, mask in found.items():
            state.mark(state.missing, name, rows[rest[mask]])
            any_missing |= mask
            if not self.is_judged(name):
                is_judged &= ~mask
        state.endings[rows[rest]] = np.where(is_judged & any_missing, ODD, OPEN)

    def write_possible(self, rows: Array, case: Cases, places: Array) -> None:
        """Write down what is possible in rows that rest on missing facts.

        Args:
            rows: The rows.
            case: What the combinations came to.
            places: For each row the places of its combinations.
        """
        possible, settler = self.state.possible, self.settler
        kinds, kind_of = case.kinds()
        first, sets = distinct([np.bitwise_or.reduce(bits[places], axis=1) for bits in case.bits()])
        numbers = []
        for row in first.tolist():
            found = frozenset([kinds[kind] for kind in set(kind_of[places[row]].tolist())])
            if found not in settler.possible_numbers:
                settler.possible_numbers[found] = len(settler.possible)
                settler.possible.append(found)
            numbers.append(settler.possible_numbers[found])
        possible.sets[rows] = np.array(numbers, np.int64)[sets]
        if settler.fen is None:
            return
        held = case.judged.endings[places] == HELD
        fen = case.fen(settler.fen)[places]
        possible.has_amount[rows] = held.any(axis=1)
        possible.low_fen[rows] = np.where(held, fen, LARGEST).min(axis=1)
        possible.high_fen[rows] = np.where(held, fen, -LARGEST).max(axis=1)

    def is_judged(self, name: str) -> bool:
        """Say whether a person must judge a fact."""
        return name in self.settler.judged

    def differing(self, group: Group, answers: Array) -> dict[str, Mask]:
        """Return the facts of which another value alone changes the answer, each with the rows in which it does."""
        cube = answers.reshape(len(answers), *map(len, group.domains.values()))
        found = {}
        for axis, id_ in enumerate(group.domains, 1):
            changes = cube.max(axis=axis) != cube.min(axis=axis)
            found[self.settler.plan.model.inputs[id_].name] = changes.reshape(len(answers), -1).any(axis=1)
        return found

    def write_settled(self, group: Group, case: Cases, part: slice, places: Array) -> None:
        """Write down rows whose missing facts turned out not to matter."""
        state, rows = self.state, group.rows[places]
        first = part.start + places * group.cases
        state.settled[rows] = True
        state.endings[rows] = case.judged.endings[first]
        if self.settler.questions.value is not None and state.values is not None:
            column = case.results.columns[self.settler.questions.value]
            state.values[rows] = full(column.values, case.results.rows)[first]
            if state.divisors is not None and column.divisors is not None:
                state.divisors[rows] = full(column.divisors, case.results.rows)[first]
        if self.is_brief:
            return
        for code, mask in case.codes().items():
            state.mark(state.codes, code, rows[full(mask, case.results.rows)[first]])
        demanded = self.results.demanded({goal: mask[first] for goal, mask in case.judged.asked.items()}, rows)
        for id_ in self.tables:
            self.write_table(id_, rows, demanded, case, first, group.cases)

    def write_table(  # noqa: PLR0913, PLR0917 - one table of one group
        self, id_: str, rows: Array, demanded: Mapping[str, Mask], case: Cases, first: Array, cases: int
    ) -> None:
        """Write down what a table did in rows that are settled: what is known of it, else what all combinations agree on."""
        column = self.results.columns[id_]
        base = self.settler.fired(self.results, demanded, id_, rows)
        firing, is_null = base.firing, base.is_null
        open_ = full(np.asarray(column.unknown), self.results.rows)[rows] & (firing >= 0)
        places = np.flatnonzero(open_)
        if len(places):
            every = (first[places][:, None] + np.arange(cases)).ravel()
            firing[places], is_null[places] = case.agreed(id_, every, (len(places), cases), firing[places], self.settler.rule_kinds())
        fired = self.tables[id_]
        fired.firing[rows], fired.is_null[rows] = firing, is_null

    # --- expanding -----------------------------------------------------------------------------------------------------------

    def expand(self, groups: Sequence[Group]) -> tuple[Block, Base, Mask]:
        """Return one row for each combination of each row of some groups, and those whose values do not fit a column."""
        places = np.concatenate([np.repeat(group.rows, group.cases) for group in groups])
        varied = frozenset(id_ for group in groups for id_ in group.domains)
        misfits = np.zeros(len(places), np.bool_)
        known = self.settler.executor.facts
        facts = {
            id_: self.varied(take(self.results.operations[known[id_]], places), id_, groups, misfits) for id_ in varied if id_ in known
        }
        return Block(len(places), facts), Base(self.results, places, varied), misfits

    def varied(self, column: Column, id_: str, groups: Sequence[Group], misfits: Mask) -> Column:
        """Return a column with the values of each combination where its fact is enumerated."""
        rows = len(misfits)
        values = full(column.values, rows).copy()
        states = np.zeros(rows, np.uint8) if column.states is None else full(column.states, rows).copy()
        start = 0
        for group in groups:
            stop = start + len(group.rows) * group.cases
            if id_ in group.domains:
                domain, behind = group.domains[id_], group.behind(id_)
                if isinstance(domain, RowDomain):
                    place = domain.index[group.rows]
                else:
                    domain, place = self.settler.same_domain(id_, domain, column.form), _FIRST
                # a row has its combinations one after another: so many times each value, so many times behind it
                shape = (len(group.rows), -1, len(domain), behind)
                values[start:stop].reshape(shape)[:] = domain.numbers[place][:, None, :, None]
                states[start:stop].reshape(shape)[:] = domain.states[place][:, None, :, None]
                if not domain.is_fit:
                    misfits[start:stop].reshape(shape)[:] |= domain.lost[place][:, None, :, None]
            start = stop
        unknown_ = states == UNKNOWN
        return replace(column, values=values, states=states if states.any() else None, missing=limited(column.missing, unknown_))
