"""The smallest change for all rows and policies at once.

    batch + results ──rows that lack──> open whatever moves? ──each attribute──> each date ──else pairs──> chosen ──> columns
                                                                     rows that are not told: zhida.entitle.next.steps, one by one

Columns, for each policy, each headed `<policy>:`; nothing in them where no change is known or none is needed.

    step                 words, coded: what must change (`研发费用（研发费用占比）`), two with `；` between
    steps                uint8: 1, or 2 that are needed together
    then                 words, coded: ELIGIBLE, or REVIEW where only a person's judgement is left
    cost_fen             int64: what all of it costs; nothing where a step has no price
    kind, attribute      words, coded: `move`, `switch`, `wait`; what changes (of `wait` the date that lacks)
    value, change        int64 at the attribute's scale; of `switch` 0 or 1 and 1; of `wait` the day from 1970-01-01 and days to wait
    tested, met, line    words, coded, and int64 in millionths: what is compared, what the subject has of it, and the line, today
    kind2, attribute2, value2, change2, tested2, met2, line2      the same of the second step

Invariant: a table is what `next_steps` says of each row, on any number of threads.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor

import numpy as np
import polars as pl
import pyarrow as pa

from zhida.assess.assessment import Outcome
from zhida.assess.feeds import frame_at
from zhida.assess.subject import engine_value
from zhida.columnar.columns import Array, Column, Mask, full, take
from zhida.columnar.execute import Block
from zhida.entitle.next.choosing import NO_LINE, UNPRICED, Change, Choice, costs_of, shares_of
from zhida.entitle.next.columns import EPOCH, FIELDS, Cell, Told, figures, is_word
from zhida.entitle.next.lines import MILLION, Mobile, Ways, share_of
from zhida.entitle.next.rows import FAR, Places, Reached, first_enough, places, reach
from zhida.entitle.next.standing import NOT, Facts, Numbers, Program, Standing, gap, is_open, known_column, unknown_column
from zhida.entitle.next.steps import MOVE, SWITCH, WAIT, YEAR, Seeker
from zhida.policy.pack import Packs
from zhida.registry_io.registry import row_facts
from zhida.values import temporal
from zhida.values.temporal import Date

BLOCK = 131_072
"""Rows of one policy that are sought together."""


class StepFinder:
    """Finds steps for batch after batch."""

    def __init__(
        self, packs: Packs, policies: Sequence[str], *, as_of: Date, wanted: Mapping[str, str] | None = None, ways: Ways | None = None
    ) -> None:
        """Prepare what does not depend on rows.

        Args:
            packs: The packs.
            policies: Ids of the policies, in the order of the columns.
            as_of: The date of the business fact.
            wanted: Policy → the status that is wanted of it; by default any that makes eligible.
            ways: How attributes move; by default what the dictionary says.

        Raises:
            CompileError: a policy, or one that it uses, has errors.
        """
        self.as_of = as_of
        self.policies = tuple(policies)
        self.finders = [_Finder(packs, policy, as_of, (wanted or {}).get(policy), ways) for policy in policies]
        work = [len(finder.mobiles) * len(finder.program.drawn) for finder in self.finders]
        self.heaviest_first = sorted(range(len(work)), key=lambda place: -work[place])  # so that no thread is left waiting for the last
        self.schema = pa.schema([pa.field(f"{policy}:{name}", type_) for policy in policies for name, type_ in FIELDS.items()])

    @property
    def interpreted(self) -> int:
        """How many rows went to the specification, one by one, so far."""
        return sum(finder.interpreted for finder in self.finders)

    def find(self, batch: pl.DataFrame, results: pa.Table, *, workers: int | None = None) -> pa.Table:
        """Return the steps of a batch, one row for each of its rows, in order; see the module for the columns.

        Args:
            batch: Columns by the names of attributes and of their years, as they were assessed (with what is computed of all
                subjects, where anything is).
            results: What `zhida.assess.columns` said of the same rows.
            workers: Threads; by default one for each processor.
        """
        facts = Facts(frame_at(batch, self.as_of))
        for finder in self.finders:
            finder.is_halted = False

        def one(finder: _Finder) -> list[pa.Array]:
            return finder.find(facts, finder.lacking(results))

        threads = min(workers or os.cpu_count() or 1, max(len(self.finders), 1))
        with ThreadPoolExecutor(threads) as pool:
            begun = pool.map(one, [self.finders[place] for place in self.heaviest_first])
            try:
                found = dict(zip(self.heaviest_first, begun, strict=True))
            except BaseException:  # an interruption too: nobody waits for what is not wanted any more
                for finder in self.finders:
                    finder.is_halted = True
                raise
        arrays = [array for place in range(len(self.finders)) for array in found[place]]
        return pa.Table.from_arrays(arrays, schema=self.schema)


class _Finder:
    """Finds the steps of one policy."""

    def __init__(self, packs: Packs, policy: str, as_of: Date, wanted: str | None, ways: Ways | None) -> None:
        self.policy = policy
        self.model = packs.model_of(policy, as_of)
        self.wanted = wanted
        self.program = Program(self.model, wanted=wanted, ways=ways)
        self.seeker = Seeker(self.model, wanted=wanted, ways=ways)
        self.mobiles = self.program.mobiles
        self.waiting = self.program.waiting
        self.movers = [mobile.item for mobile in self.mobiles]
        self.movers += [self.model.model.inputs[id_].item for id_ in self.waiting.ids]
        self.scales = {mobile.item.name: mobile.scale for mobile in self.mobiles}
        self.interpreted = 0
        self.is_halted = False

    def go_on(self) -> None:
        """Stop where the others were interrupted; nobody sees what is raised."""
        if self.is_halted:
            raise CancelledError

    def lacking(self, results: pa.Table) -> Mask:
        """Return the rows whose answer a step could better."""
        found = is_word(results, f"{self.policy}:outcome", Outcome.INELIGIBLE.value)
        if self.wanted is not None and f"{self.policy}:result" in results.column_names:
            is_held = is_word(results, f"{self.policy}:outcome", Outcome.ELIGIBLE.value)
            found |= is_held & ~is_word(results, f"{self.policy}:result", self.wanted)
        return found

    def find(self, facts: Facts, lacking: Mask) -> list[pa.Array]:
        """Return the columns of all rows."""
        count = facts.frame.height
        told = Told(count)
        rows = np.flatnonzero(lacking)
        if not self.program.is_idle() and len(rows):
            columns = self.program.facts(facts)
            for start in range(0, len(rows), BLOCK):
                some = rows[start : start + BLOCK]
                open_ = some[self.open(columns, some)]
                if len(open_):
                    self.block(facts, columns, open_, told)
        return told.columns()

    def open(self, columns: Mapping[str, Column], rows: Array) -> Array:
        """Return the places of the rows whose answer is not settled without what moves, and without dates."""
        items = {mobile.id: mobile.item for mobile in self.mobiles}
        items |= {id_: self.model.model.inputs[id_].item for id_ in self.waiting.ids}
        program = self.program
        facts = {
            id_: unknown_column(items[id_], len(rows)) if id_ in items else take(columns[id_], rows) for id_ in program.executor.plan.facts
        }
        return np.flatnonzero(is_open(program, program.executor.execute(Block(len(rows), facts))))

    def block(self, facts: Facts, columns: Mapping[str, Column], rows: Array, told: Told) -> None:
        """Write down the steps of some rows."""
        standing = Standing.of(self.program, columns, rows)
        choice, untold = Choice(len(rows)), np.zeros(len(rows), np.bool_)
        for number, mobile in enumerate(self.mobiles):
            self.go_on()
            reached = reach(standing, mobile)
            untold |= reached.untold
            at = np.flatnonzero(reached.then != NOT)
            change = self.change(standing, at, number, reached.value[at], reached.line[at])
            choice.offer(at, reached.then[at], change)
        for number, id_ in enumerate(self.waiting.ids):
            self.wait(standing, id_, len(self.mobiles) + number, choice, untold)
        left = np.flatnonzero(~choice.has_any & ~untold)
        if len(left) and len(self.mobiles) > 1:
            _Pairs(self, standing, left, choice, untold).find()
        then, chosen = choice.result()
        then[untold] = NOT
        self.write(standing, rows, then, chosen, told)
        names = facts.frame.columns
        for row in rows[untold].tolist():
            self.interpreted += 1
            given = {name: engine_value(value) for name, value in row_facts(names, facts.frame.row(row)).items()}
            told.tell(row, self.seeker.steps(given), self.scales)

    def change(self, standing: Standing, rows: Array, number: int, target: Numbers, line: Numbers) -> Change:
        """Return a step of an attribute in some rows."""
        mobile = self.mobiles[number]
        column = take(standing.fact(mobile.id), rows)
        value = full(column.values, len(rows)).astype(np.int64)
        share = np.full(len(rows), MILLION)
        for each in np.flatnonzero(np.bincount(line[line != NO_LINE])).tolist():
            places_ = np.flatnonzero(line == each)
            found = gap(standing.sides_with(rows[places_], {}), each)
            share[places_] = shares_of(found)
            for place in places_[found.bad].tolist():
                share[place] = share_of(*standing.sides_of(each, int(rows[place])))
        return Change(number, value, target, line, costs_of(mobile, target - value), share)

    def wait(self, standing: Standing, id_: str, number: int, choice: Choice, untold: Mask) -> None:
        """Offer waits for one date."""
        item = self.model.model.inputs[id_].item
        rows = standing.with_unknown(np.arange(standing.rows), [(id_, item)])
        column = take(standing.fact(id_), rows)
        known = full(np.asarray(column.known), len(rows))
        days = full(column.values, len(rows))
        drawn = {
            place: each for each, line in reversed(list(enumerate(self.waiting.lines))) if line.id == id_ for place in line.places
        }  # of lines at one place the first
        listed = sorted(drawn, reverse=True)
        values = np.tile(np.array(listed, np.int64), (len(rows), 1))
        distances = np.where(known[:, None] & (values < days[:, None]), days[:, None] - values, FAR)
        lines = np.tile(np.array([drawn[place] for place in listed], np.int64), (len(rows), 1))
        none = np.zeros(len(rows), np.bool_)
        reached = first_enough(standing, id_, item, rows, Places(values, lines, distances, none))
        untold |= reached.untold
        at = np.flatnonzero(reached.then != NOT)
        day = full(standing.fact(id_).values, standing.rows)[at]
        until = self.until(reached, at, day)
        at, day, until = at[until >= 0], day[until >= 0], until[until >= 0]
        share = (until - temporal.to_days(self.as_of)) * MILLION // YEAR
        choice.offer(at, reached.then[at], Change(number, day, until, reached.line[at], np.full(len(at), UNPRICED), share))

    @property
    def as_of(self) -> Date:
        """The date of the business fact."""
        return self.model.as_of

    def until(self, reached: Reached, rows: Array, days: Numbers) -> Numbers:
        """Return the day until which some rows must wait; -1 where that is too long. Each different date is looked for once."""
        keys = np.stack([reached.line[rows], days, reached.value[rows]], axis=1)
        different, places_ = np.unique(keys, axis=0, return_inverse=True)
        found = [self.waiting.day(*each) for each in different.tolist()]
        return np.array([-1 if day is None else temporal.to_days(day) for day in found], np.int64)[places_.reshape(-1)]

    def write(self, standing: Standing, rows: Array, then: Numbers, chosen: Mapping[str, Numbers], told: Told) -> None:
        """Write down what was chosen, kind after kind."""
        at = np.flatnonzero(then != NOT)
        told.then[rows[at]] = then[at]
        costs = np.zeros(len(rows), np.int64)
        priced = np.ones(len(rows), np.bool_)
        for slot in (0, 1):
            mover = chosen[f"mover{slot}"]
            has = np.flatnonzero((mover >= 0) & (then != NOT))
            if not len(has):
                continue
            costs[has] += chosen[f"cost{slot}"][has]
            priced[has] &= chosen[f"cost{slot}"][has] != UNPRICED
            keys = mover[has] * (len(self.program.lines) + len(self.waiting.lines) + 1) + chosen[f"line{slot}"][has] + 1
            for key in np.flatnonzero(np.bincount(keys)).tolist():
                some = has[keys == key]
                line = int(chosen[f"line{slot}"][some[0]])
                value, target = chosen[f"value{slot}"][some], chosen[f"target{slot}"][some]
                self.write_step(standing, Cell(told, slot, rows[some]), some, (int(mover[some[0]]), line), (value, target))
        told.cost[rows[at]] = np.where(priced[at], costs[at], UNPRICED)

    def write_step(self, standing: Standing, cell: Cell, rows: Array, what: tuple[int, int], moves: tuple[Numbers, Numbers]) -> None:
        """Write down one step of rows that are alike but for their figures."""
        (mover, line), (value, target) = what, moves
        name = self.movers[mover].name
        if mover >= len(self.mobiles):
            drawn = self.waiting.lines[line].line
            cell.put(WAIT, name, drawn.left.span.text, value - EPOCH, target - temporal.to_days(self.as_of))
        elif line == NO_LINE:
            cell.put(SWITCH, name, name, value, np.ones(len(rows), np.int64))
        else:
            cell.put(MOVE, name, self.program.lines[line].left.span.text, value, target - value)
            met, at = figures(standing, rows, line)
            cell.figures(met, at)


class _Pairs:
    """Pairs of attributes for rows that one alone does not help."""

    def __init__(self, finder: _Finder, standing: Standing, rows: Array, choice: Choice, untold: Mask) -> None:
        self.finder = finder
        self.whole = standing
        self.rows = rows
        self.standing = standing.moved(rows, {})
        self.choice = choice
        self.untold = untold
        self.open: dict[tuple[int, int], Mask] = {}

    def find(self) -> None:
        """Offer each pair: one attribute is moved first, then each other one."""
        mobiles = self.finder.mobiles
        for first, mobile in enumerate(mobiles):
            others = {second: self.both(first, second) for second in range(len(mobiles)) if second != first}
            some = np.flatnonzero(np.any(list(others.values()), axis=0))
            if not len(some):
                continue
            found = places(self.standing, mobile, some)
            self.untold[self.rows[some[found.untold]]] = True
            for span in found.spans():
                at, ranks = np.nonzero(found.distances[:, span] < FAR)
                self.finder.go_on()
                if len(at):
                    ranks += span.start
                    self.first(first, some[at], ranks, (found.values[at, ranks], found.lines[at, ranks]), others)

    def both(self, first: int, second: int) -> Mask:
        """Return the rows in which two attributes together could make a difference."""
        key = min(first, second), max(first, second)
        if key not in self.open:
            items = [(self.finder.mobiles[each].id, self.finder.mobiles[each].item) for each in key]
            self.open[key] = np.zeros(self.standing.rows, np.bool_)
            self.open[key][self.standing.with_unknown(np.arange(self.standing.rows), items)] = True
        return self.open[key]

    def first(self, first: int, rows: Array, ranks: Array, moves: tuple[Numbers, Numbers], others: Mapping[int, Mask]) -> None:
        """Offer one attribute at some places of each row, rank after rank, and each other one at its own."""
        mobile = self.finder.mobiles[first]
        moved = self.standing.moved(rows, {mobile.id: known_column(mobile.item, moves[0])})
        items = [(self.finder.mobiles[each].id, self.finder.mobiles[each].item) for each in others]
        live = moved.with_unknown(np.arange(len(rows)), items)
        offers: list[tuple[Array, Numbers, tuple[Change, Change]]] = []
        for second, mask in others.items():
            some = live[mask[rows[live]]]
            if len(some):
                reached = reach(moved, self.finder.mobiles[second], some)
                self.untold[self.rows[rows[reached.untold]]] = True
                offers += self.second(first, second, rows, moves, reached)
        for rank in np.flatnonzero(np.bincount(ranks)).tolist():
            for some, then, changes in offers:
                now = np.flatnonzero(ranks[some] == rank)
                self.choice.offer(self.rows[rows[some[now]]], then[now], *(change.some(now) for change in changes))

    def second(
        self, first: int, second: int, rows: Array, moves: tuple[Numbers, Numbers], reached: Reached
    ) -> Iterator[tuple[Array, Numbers, tuple[Change, Change]]]:
        """Yield a pair for the rows in which it is enough, and the first step could not be smaller."""
        values, lines = moves
        some = np.flatnonzero(reached.then != NOT)
        if len(some):
            some = some[self.is_smallest(self.finder.mobiles[first], second, rows[some], values[some], reached.value[some])]
        if len(some):
            at = self.rows[rows[some]]
            changes = {
                first: self.finder.change(self.whole, at, first, values[some], lines[some]),
                second: self.finder.change(self.whole, at, second, reached.value[some], reached.line[some]),
            }
            yield some, reached.then[some], (changes[min(first, second)], changes[max(first, second)])

    def is_smallest(self, mobile: Mobile, second: int, rows: Array, values: Numbers, others: Numbers) -> Mask:
        """Return the rows in which the first attribute could not stay a unit nearer."""
        if mobile.is_switch or not len(rows):
            return np.ones(len(rows), np.bool_)
        other = self.finder.mobiles[second]
        start = full(take(self.standing.fact(mobile.id), rows).values, len(rows))
        less = values - np.sign(values - start)
        given = {mobile.id: known_column(mobile.item, less), other.id: known_column(other.item, others)}
        enough, bad = self.standing.moved(rows, given).enough()
        self.untold[self.rows[rows[bad]]] = True
        return np.asarray(enough == NOT)
