"""Coded decision tables: dense where there are few combinations of codes, else by the rules that match.

    local codes ──cells──> rules that match for certain, rules that may ──sets──> entry

A table is decided by the interpreter once for each set of rules that matches (`zhida.columnar.tables`); a row in which an
input is unknown has two such sets, the rules that match whatever it is and those that may. Only combinations with null, or
with anything odd in a cell, are decided one by one. Sums are the one thing that is not asked for each set: where the
interpreter says of each rule alone that it gives a number, those of a set are added up here.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import prod

import numpy as np
from numpy.typing import NDArray

from zhida.columnar import kernel
from zhida.columnar.coded import SAMPLE, Codes, Entry, Looked, Program, UncodedError
from zhida.columnar.coded_sets import SetCodes
from zhida.columnar.columns import KNOWN, LARGEST, NULL, UNKNOWN, Array, Mask, different, distinct, pack, words_of
from zhida.columnar.encoders import OF_NULL, OF_UNKNOWN
from zhida.columnar.kernel import WORD
from zhida.columnar.learned import Firing
from zhida.columnar.plan import Decide, Kind, placeholder
from zhida.columnar.tables import DENSE_LIMIT, Outcome, TableDecider
from zhida.columnar.told import Told
from zhida.dmn.model import HitPolicy
from zhida.feel.syntax import Literal
from zhida.values.text import literal
from zhida.values.types import conforms
from zhida.values.unknown import Unknown

_FALSE, _TRUE, _OPEN, _ODD = 0, 1, 2, 3
"""What a cell says of a code."""

_PLAIN_POLICIES = {HitPolicy.FIRST, HitPolicy.UNIQUE, HitPolicy.COLLECT_SUM}
"""Hit policies under which a rule that matches alone gives its output, whatever stands beside it in the table."""

_BELOW = np.array([(1 << place) - 1 for place in range(WORD + 1)], np.uint64)
"""For each place of a word the bits below it."""


@dataclass(frozen=True, slots=True)
class Cells:
    """What the cells of some inputs say of the codes of a source."""

    certain: NDArray[np.uint64]
    """For each code the rules whose cells pass."""
    possible: NDArray[np.uint64]
    """The rules whose cells pass, or may."""
    plain: Mask
    """Whether nothing is null or odd."""

    def of(self, numbers: Array) -> "Cells":
        """Return what is said of some numbers of an input."""
        return Cells(self.certain[numbers], self.possible[numbers], self.plain[numbers])

    def together(self, other: "Cells") -> "Cells":
        """Return what two inputs of one source say."""
        return Cells(self.certain & other.certain, self.possible & other.possible, self.plain & other.plain)


@dataclass(frozen=True, slots=True)
class Masks:
    """The masks of a large table: for each source one set of rules for each of its codes.

    The bit behind the rules is one more rule: that of no rule, or of whatever else the masks of all sources have in common.
    """

    possible: Sequence[NDArray[np.uint64]]
    """Those that match, or may."""
    last: Sequence[NDArray[np.uint64]]
    """Those that match, and the rule of no rule; none at all where anything is odd."""
    first: Sequence[NDArray[np.uint64]]
    """Those that match or may, and the rule of no rule; all where anything is odd: the lowest is another than that of `last`."""
    exact: Sequence[NDArray[np.uint64]]
    """Those that match, where none else may; else none."""
    settled: Sequence[NDArray[np.uint64]]
    """The same, and the bit behind."""
    bit: np.uint64
    """The bit behind the rules, in the last word."""

    @classmethod
    def of(cls, cells: Sequence[Cells], rules: int) -> "Masks":
        """Return the masks of what cells say."""
        bit = np.uint64(1 << (rules % WORD))

        def with_bit(words: NDArray[np.uint64], has: Mask) -> NDArray[np.uint64]:
            found = np.where(has[:, None], words, np.uint64(0))
            found[:, -1] |= np.where(has, bit, np.uint64(0))
            return found

        exact = [each.plain & (each.certain == each.possible).all(axis=1) for each in cells]
        return cls(
            [each.possible for each in cells],
            [with_bit(each.certain, each.plain) for each in cells],
            [np.where(each.plain[:, None], with_bit(each.possible, each.plain), ~np.uint64(0)) for each in cells],
            [np.where(is_exact[:, None], each.certain, np.uint64(0)) for each, is_exact in zip(cells, exact, strict=True)],
            [with_bit(each.certain, is_exact) for each, is_exact in zip(cells, exact, strict=True)],
            bit,
        )


class TableNode(Looked):
    """A decision table whose inputs are coded."""

    def __init__(self, place: int, operation: Decide, sources: Sequence[int], program: Program) -> None:
        super().__init__(place, operation.form, sources, program, operation.inputs)
        self.operation = operation
        forms = [program.nodes[each].entries.form for each in operation.inputs]
        executor = program.executor
        if place not in program.deciders:
            lessons = executor.learned.of(place)
            program.deciders[place] = TableDecider(operation, forms, program.plan.as_of, executor.vocabulary, executor.firings, lessons)
        self.decider = program.deciders[place]
        self.is_first = operation.table.table.hit_policy is HitPolicy.FIRST
        self.rules = len(operation.table.rules)
        self.is_unique = operation.table.table.hit_policy is HitPolicy.UNIQUE
        self.is_sum = operation.table.table.hit_policy is HitPolicy.COLLECT_SUM
        self.words = self.rules // WORD + 1  # so that one bit at least is left
        self.certain: list[NDArray[np.uint64]] = []
        self.possible: list[NDArray[np.uint64]] = []
        self.plain: list[Mask] = []
        self.by_key: dict[tuple[int, ...], int] = {}
        self.is_dense, self.is_met, self.is_full = True, False, False
        self.inputs: list[Array] = []
        self.masks: Masks | None = None
        self.sure, self.pairs = SetCodes(self.words), SetCodes(2 * self.words)
        self.known_addends: NDArray[np.int64] | None = None
        self.by_rule: Array = np.full(self.rules + 2, -1, np.int64)
        self.by_rule[-1] = 0  # of rows that no rule decides alone: another code takes its place
        self.of_output = self.outputs_told_apart() if self.is_first else None
        self.by_open: Array = np.full(1 if self.of_output is None else len(self.of_output[1]) + 1, -1, np.int64)
        self.reads: frozenset[str] = frozenset()

    # --- codes of a source to numbers of the table ------------------------------------------------------------------------

    def layout(self) -> None:
        """Give the inputs' entries numbers by what is told apart, and make the dense table or the masks anew."""
        self.inputs = []
        for place, encoder in zip(self.operation.inputs, self.decider.encoders, strict=True):
            column = self.program.nodes[place].entries.column
            if any(mask.any() for mask in column.codes.values()) or column.bad is not None:
                raise UncodedError("an input that may be odd")
            codes, bad = encoder.encode(column, len(column.values))
            if bad is not None and bad.any():
                raise UncodedError("an input beyond 64 bits")
            self.inputs.append(codes)
        read = [name for place in self.operation.inputs for name in self.program.nodes[place].entries.column.reads]
        self.reads = frozenset(read)
        self.extend_cells()
        counts = [max(encoder.count, 2) for encoder in self.decider.encoders]
        self.is_dense = prod(counts) <= DENSE_LIMIT
        if self.is_dense:
            self.layout_dense(counts)
        else:
            self.layout_masks()

    def by_source(self, numbers: Sequence[Array]) -> list[Array]:
        """Return for each source what its inputs' numbers add up to; inputs of one source count together."""
        found: dict[int, Array] = {}
        for place, column in zip(self.operation.inputs, numbers, strict=True):
            source = self.program.nodes[place].source
            if source is None:  # a constant: its one number counts in every row
                found[self.sources[0]] = found.get(self.sources[0], np.zeros((), np.int64)) + column[0]
            else:
                found[source] = found[source] + column if source in found else column
        return [found[source] for source in self.sources]

    def layout_dense(self, counts: list[int]) -> None:
        """Make the dense table, if any input has more numbers than before."""
        strides = [prod(counts[place + 1 :]) for place in range(len(counts))]
        self.maps = [each.astype(np.uint32) for each in self.by_source([n * s for n, s in zip(self.inputs, strides, strict=True)])]
        if tuple(counts) != self.shape:
            self.shape, self.is_met, self.is_full = tuple(counts), False, False
            self.table = np.full(prod(counts), self.fresh, self.dtype)

    def layout_masks(self) -> None:
        """Make the masks of the sources' codes anew."""
        found: dict[int, Cells] = {}
        said = map(Cells, self.certain, self.possible, self.plain)
        for place, numbers, cells in zip(self.operation.inputs, self.inputs, said, strict=True):
            source = self.program.nodes[place].source
            if source is None:
                raise UncodedError("a constant input of a large table")
            mine, other = cells.of(numbers), found.get(source)
            found[source] = mine if other is None else mine.together(other)
        self.masks = Masks.of([found[source] for source in self.sources], self.rules)

    def look_up(self, codes: Codes) -> Array:
        """Return the codes of all rows."""
        self.follow()
        if self.is_dense:
            return super().look_up(codes)
        given = [codes[source] for source in self.sources]
        masks = self.masks
        assert masks is not None, "a table is dense or has masks"
        if self.is_first or self.is_unique:
            return self.by_one_rule(given, masks)
        found = self.by_all_rules(given, masks)
        return found.astype(self.dtype)

    def by_one_rule(self, given: Sequence[Array], masks: "Masks") -> Array:
        """Return the codes of all rows, most of which one rule decides, or the default."""
        none = self.rules + 1
        if self.is_first:
            rules = kernel.decide_masks(given, masks.settled, True, none, none)
            others = np.flatnonzero(rules == none)  # an input is not known, or odd
            if len(others):
                some = [column[others] for column in given]
                rules[others] = kernel.decide_masks(some, masks.last, True, none, none)
                others = others[rules[others] != kernel.decide_masks(some, masks.first, True, none, none)]
        else:
            rules = kernel.decide_masks(given, masks.exact, False, none, none)
            others = np.flatnonzero(rules == none)
        told = None
        if len(others):
            some = [column[others] for column in given]
            told = self.by_open_rules(some, masks, rules[others]) if self.of_output is not None else self.by_all_rules(some, masks)
            rules[others] = none
        while True:
            by_rule = self.by_rule
            dtype = self.dtype
            found: Array = kernel.translate(rules, np.where(by_rule < 0, np.iinfo(dtype).max, by_rule).astype(dtype))
            if not len(found) or found.max() != np.iinfo(dtype).max:
                break
            with self.program.learning():
                self.learn_rules(np.flatnonzero(np.bincount(rules, minlength=none + 1)))
        if told is not None:
            found = found.astype(self.dtype, copy=False)
            found[others] = told
        return found

    def learn_rules(self, rules: Array) -> None:
        """Learn what the table comes to where one of some rules decides, or the default does."""
        by_rule = self.by_rule.copy()
        for rule in rules[by_rule[rules] < 0].tolist():
            by_rule[rule] = self.entry_of(self.outcome_alone(rule) if rule < self.rules else self.decider.outcome_of([], []))
        self.by_rule = by_rule
        self.version += 1

    def by_open_rules(self, given: Sequence[Array], masks: "Masks", first: Array) -> Array:
        """Return the codes of rows of hit policy F in which rules before the first certain one may match, or anything is odd."""
        assert self.of_output is not None, "outputs are told apart"
        outputs, of_output = self.of_output
        first = np.minimum(first, self.rules)  # where anything is odd there is none
        sets = kernel.match(given, masks.last)
        open_ = self.reaching(kernel.match(given, masks.possible) & ~sets, first)
        mine = outputs[first]
        others = open_ & ~of_output[mine]
        is_one = others[:, 0] == 0 if self.words == 1 else ~others.any(axis=1)
        kinds = np.where(is_one, mine, len(self.by_open) - 1)
        kinds[(sets[:, -1] & masks.bit) == 0] = -1
        found: Array = np.append(self.by_open, -1)[kinds]
        if (found >= 0).all():
            return found
        with self.program.learning():
            by_open = self.by_open.copy()
            for kind in different(kinds).tolist():
                if kind >= 0 and by_open[kind] < 0:
                    row = int(np.flatnonzero(kinds == kind)[0])
                    rule = [int(first[row])] if first[row] < self.rules else []
                    by_open[kind] = self.entry_of(self.decider.outcome_of(rule, places_of(open_[row])))
            self.by_open = by_open
            found = np.append(by_open, -1)[kinds]
            odd = np.flatnonzero(kinds < 0)
            if len(odd):
                found[odd] = self.learn(self.numbers_at(given, odd))
        return found

    def by_all_rules(self, given: Sequence[Array], masks: "Masks") -> Array:
        """Return the codes of rows by all rules that match, and all that may."""
        sets = kernel.match(given, masks.settled)
        found: Array = self.sure.look_up(sets)
        fresh = np.flatnonzero(found < 0)
        if not len(fresh):
            return found
        is_settled = (sets[fresh, -1] & masks.bit) != 0
        with self.program.learning():
            settled, others = fresh[is_settled], fresh[~is_settled]
            if len(settled):
                found[settled] = self.learn_sets(self.sure, sets[settled], lambda rows: self.by_sure_rules(sets[settled[rows]]))
            if len(others):
                found[others] = self.by_open_sets([column[others] for column in given], masks)
        return found

    def by_open_sets(self, given: Sequence[Array], masks: "Masks") -> Array:
        """Return the codes of rows in which rules may match, or anything is odd."""
        certain = kernel.match(given, masks.last)
        open_ = kernel.match(given, masks.possible) & ~certain
        is_plain = (certain[:, -1] & masks.bit) != 0
        certain[:, -1] &= ~masks.bit
        if is_plain.all():
            return self.by_sets(certain, open_)
        found = np.empty(len(certain), np.int64)
        found[is_plain] = self.by_sets(certain[is_plain], open_[is_plain])
        odd = np.flatnonzero(~is_plain)
        found[odd] = self.learn(self.numbers_at(given, odd))
        return found

    def numbers_at(self, given: Sequence[Array], places: Array) -> list[Array]:
        """Return the inputs' own numbers in some rows."""
        columns = dict(zip(self.sources, given, strict=True))
        sources = [self.program.nodes[place].source for place in self.operation.inputs]
        return [numbers[columns[source][places]] for numbers, source in zip(self.inputs, sources, strict=True) if source is not None]

    # --- combinations that are new -----------------------------------------------------------------------------------------

    def learn_fresh(self, given: Sequence[Array]) -> None:
        """Learn the combinations of rows that were not met; when that is asked once more, all that the rules alone decide."""
        super().learn_fresh(given)
        if self.of_output is not None and self.is_met and not self.is_full:
            self.is_full = True
            keys = np.flatnonzero(self.table == np.iinfo(self.table.dtype).max)
            columns = np.unravel_index(keys, self.shape)
            is_plain = np.ones(len(keys), np.bool_)
            for column, plain in zip(columns, self.plain, strict=True):
                is_plain &= plain[column]
            self.fill(keys[is_plain], [column[is_plain] for column in columns])
        self.is_met = True

    def learn(self, columns: Sequence[Array]) -> Array:
        """Return the codes of combinations of the inputs' own numbers."""
        found = np.empty(len(columns[0]), np.int64)
        is_plain = np.ones(len(found), np.bool_)
        for column, plain in zip(columns, self.plain, strict=True):
            is_plain &= plain[column]
        places = np.flatnonzero(is_plain)
        if len(places):
            found[places] = self.by_matches([column[places] for column in columns])
        places = np.flatnonzero(~is_plain)
        if len(places):
            found[places] = self.by_codes([column[places] for column in columns])
        return found

    def by_matches(self, columns: Sequence[Array]) -> Array:
        """Return the codes of combinations by the rules that match for certain and those that may."""
        certain = kernel.intersect(columns, self.certain)
        return self.by_sets(certain, kernel.intersect(columns, self.possible) & ~certain)

    def by_sets(self, certain: NDArray[np.uint64], open_: NDArray[np.uint64]) -> Array:
        """Return the codes of combinations by sets of rules: those that match for certain, and others that may."""
        if self.is_first:  # only what stands before the first certain rule may still fire
            first = kernel.first(certain)
            first[first < 0] = self.rules
            open_ = self.reaching(open_, first)
            certain = np.zeros_like(certain)
            rows = np.flatnonzero(first < self.rules)
            certain[rows, first[rows] // WORD] = np.uint64(1) << (first[rows] % WORD).astype(np.uint64)
        sets = np.concatenate((certain, open_), axis=1)
        self.shorten(sets)
        found: Array = self.pairs.look_up(sets)
        fresh = np.flatnonzero(found < 0)
        if len(fresh):
            found[fresh] = self.learn_sets(self.pairs, sets[fresh], lambda rows: self.decide_sets(certain[fresh[rows]], open_[fresh[rows]]))
        return found

    def learn_sets(self, known: SetCodes, sets: NDArray[np.uint64], decide: Callable[[Array], Array]) -> Array:
        """Return the codes of sets, some of which are new.

        Args:
            known: What is known of sets.
            sets: The sets.
            decide: Returns the codes of some rows, all different.
        """
        found = known.look_up(sets)  # another thread may have learned them
        left = np.flatnonzero(found < 0)
        while len(left):
            some = left[:SAMPLE] if len(left) == len(sets) else left
            first = some[distinct([np.ascontiguousarray(column) for column in sets[some].view(np.int64).T])[0]]
            known.learn(sets[first], decide(first))
            found[left] = known.look_up(sets[left])
            left = left[found[left] < 0]
        return found

    def decide_sets(self, certain: NDArray[np.uint64], open_: NDArray[np.uint64]) -> Array:
        """Return the codes of combinations, all different, by the rules that match for certain and those that may."""
        found = np.empty(len(certain), np.int64)
        is_sure = ~open_.any(axis=1)
        found[is_sure] = self.by_sure_rules(certain[is_sure])
        for row in np.flatnonzero(~is_sure).tolist():
            found[row] = self.entry_of(self.decider.outcome_of(places_of(certain[row]), places_of(open_[row])))
        return found

    def by_sure_rules(self, sets: NDArray[np.uint64]) -> Array:
        """Return the codes of sets of rules, all different, that match for certain."""
        bits = np.unpackbits(np.ascontiguousarray(sets.astype("<u8")).view(np.uint8), axis=1, count=self.rules, bitorder="little")
        rows, rules = np.nonzero(bits)
        ends = np.searchsorted(rows, np.arange(len(sets) + 1))
        listed = rules.tolist()
        parts = [listed[start:stop] for start, stop in pairwise(ends.tolist())]
        addends = self.addends() if self.is_sum else None
        if addends is None:
            return np.array([self.entry_of(self.outcome_of(part)) for part in parts], np.int64)
        totals = np.concatenate((np.zeros(1, np.int64), np.cumsum(addends[rules])))
        found = []
        for part, total in zip(parts, (totals[ends[1:]] - totals[ends[:-1]]).tolist(), strict=True):
            if not part:
                found.append(self.entry_of(self.decider.outcome_of([], [])))
                continue
            firing = self.program.executor.firings.number(Firing(tuple(part), frozenset()))
            found.append(self.entries.number(Entry(KNOWN, total, 1, self.reads, frozenset(), is_bad=False, firing=firing)))
        return np.array(found, np.int64)

    def outcome_of(self, rules: Sequence[int]) -> Outcome:
        """Return what the table comes to where some rules match for certain, and no other."""
        return self.outcome_alone(rules[0]) if len(rules) == 1 else self.decider.outcome_of(rules, [])

    def outcome_alone(self, rule: int) -> Outcome:
        """Return what the table comes to where one rule matches alone: in tables of one kind, what any rule does that writes the same."""
        firings, firing = self.program.executor.firings, Firing((rule,), frozenset())
        kind = self.kind_of(rule)
        known = None if kind is None else self.program.alone.get(kind)
        if known is not None:
            return Outcome(known.value, known.codes, firings.number(firing))
        found = self.decider.outcome_of([rule], [])
        if kind is not None and firings.list[found.firing] == firing:
            self.program.alone[kind] = found
        return found

    def kind_of(self, rule: int) -> Hashable | None:
        """Return all that it depends on what a rule alone comes to; None where that is not plain."""
        compiled = self.operation.table
        node, *others = compiled.rules[rule].outputs
        clause = compiled.table.outputs[0]
        is_plain = isinstance(node, Literal) and node.is_valid and conforms(node.value, clause.type)
        if (
            others
            or not is_plain
            or compiled.table.hit_policy not in _PLAIN_POLICIES
            or any(listed is not None for listed in compiled.listed)
        ):
            return None
        assert isinstance(node, Literal), "it is plain"
        return compiled.table.hit_policy, clause.type, self.operation.type, type(node.value), literal(node.value)

    def shorten(self, sets: NDArray[np.uint64]) -> None:
        """Make sets of rules alike that come to the same: the certain rules of each stand before those that may match.

        Of several that may it does not matter which, unless they are asked whether they say the same (hit policies F and A):
        two rules that may match leave the value unknown. So does one that may add to a sum, whatever else is added up.
        """
        certain, open_ = sets[:, : self.words], sets[:, self.words :]
        if self.is_first:
            self.shorten_first(certain, open_)
            return
        if self.operation.table.table.hit_policy is HitPolicy.ANY:
            return
        counts = np.bitwise_count(open_).sum(axis=1)
        many = counts > 1
        sets[many] = 0
        sets[many, -1] = np.uint64(1) << np.uint64(self.rules % WORD)
        addends = self.addends() if self.is_sum and (counts == 1).any() else None
        if addends is not None:
            rows = np.flatnonzero((counts == 1) & certain.any(axis=1))
            rows = rows[addends[kernel.first(np.ascontiguousarray(open_[rows]))] != 0]
            certain[rows] = 0
            certain[rows, -1] = np.uint64(1) << np.uint64(self.rules % WORD)

    def shorten_first(self, certain: NDArray[np.uint64], open_: NDArray[np.uint64]) -> None:
        """Do the same for hit policy F: rules that may match come to the output of all of them, or to nothing that is known."""
        if self.of_output is None:
            return
        outputs, of_output = self.of_output
        rows = np.flatnonzero(open_.any(axis=1))
        mine = outputs[kernel.first(np.ascontiguousarray(certain[rows]))]  # -1, for none, is the default, which stands last
        is_one = ~(open_[rows] & ~of_output[mine]).any(axis=1)
        certain[rows] = 0
        certain[rows, -1] = np.uint64(1) << np.uint64(self.rules % WORD)
        open_[rows] = 0
        open_[rows, 0] = np.where(is_one, mine + 1, 0).astype(np.uint64)

    def addends(self) -> NDArray[np.int64] | None:
        """Return the number that each rule alone gives; None where any gives anything else, or together they may be too large."""
        if self.known_addends is None:
            outcomes = [self.outcome_alone(rule) for rule in range(self.rules)]
            numbers = [
                pack(outcome.value, self.operation.form, self.program.executor.vocabulary)
                if isinstance(outcome.value, Decimal) and not outcome.codes
                else None
                for outcome in outcomes
            ]
            known = [number for number in numbers if number is not None]
            fits = self.operation.form.kind is Kind.NUMBER and len(known) == self.rules and sum(map(abs, known)) <= LARGEST
            self.known_addends = np.array(known if fits else [], np.int64)
        return self.known_addends if len(self.known_addends) else None

    def reaching(self, open_: NDArray[np.uint64], first: Array) -> NDArray[np.uint64]:
        """Return of rules that may match those that stand before the first certain one."""
        kept = np.empty_like(open_)
        for word in range(self.words):
            kept[:, word] = open_[:, word] & _BELOW[np.clip(first.astype(np.int64) - WORD * word, 0, WORD)]
        return kept

    def outputs_told_apart(self) -> tuple[Array, NDArray[np.uint64]] | None:
        """Return for each rule, and last the default, the number of its output, and the rules of each; None where they are not plain."""
        table = self.operation.table
        if len(table.table.outputs) != 1:
            return None
        numbers: dict[tuple[str, str], int] = {}
        found = []
        for node in [*(rule.outputs[0] for rule in table.rules), table.defaults[0] if table.defaults else None]:
            if not isinstance(node, Literal) or not node.is_valid or not conforms(node.value, table.table.outputs[0].type):
                if node is not None:
                    return None
                found.append(-1)
                continue
            found.append(numbers.setdefault((type(node.value).__name__, literal(node.value)), len(numbers)))
        outputs = np.array([len(numbers) if number < 0 else number for number in found], np.int64)
        rules = outputs[:-1, None] == np.arange(len(numbers) + 1)
        return outputs, words_of(rules.T, self.words)

    def by_codes(self, columns: Sequence[Array]) -> Array:
        """Return the codes of combinations of the inputs' own numbers, each of which the interpreter decides."""
        first, places = distinct([np.ascontiguousarray(column) for column in columns])
        met = list(zip(*(column[first].tolist() for column in columns), strict=True))
        fresh = [place for place, key in enumerate(met) if key not in self.by_key]
        if fresh:
            rows, outcomes = first[fresh], self.decider.outcomes
            found = self.decider.outcomes_of([column[rows] for column in columns])
            entries = {number: self.entry_of(outcomes[number]) for number in different(found).tolist()}
            self.by_key |= zip([met[place] for place in fresh], [entries[number] for number in found.tolist()], strict=True)
        return np.array([self.by_key[key] for key in met], np.int64)[places]

    def entry_of(self, outcome: Outcome) -> int:
        """Return the code of what the table comes to."""
        value, is_open = outcome.value, isinstance(outcome.value, Unknown)
        is_known = value is not None and not is_open
        number = pack(value, self.operation.form, self.program.executor.vocabulary) if is_known else 0
        firing = self.program.plain_firing(outcome.firing)
        state = KNOWN if is_known else UNKNOWN if is_open else NULL
        return self.entries.number(Entry(state, number or 0, 1, self.reads, outcome.codes, is_bad=number is None, firing=firing))

    def extend_cells(self) -> None:
        """Note what the cells say of numbers that are new."""
        if not self.certain:
            self.certain = [np.zeros((0, self.words), np.uint64) for _ in self.decider.encoders]
            self.possible = [np.zeros((0, self.words), np.uint64) for _ in self.decider.encoders]
            self.plain = [np.zeros(0, np.bool_) for _ in self.decider.encoders]
        for place, encoder in enumerate(self.decider.encoders):
            start = len(self.plain[place])
            if start == max(encoder.count, 2):
                continue
            said = self.cells(place, range(start, max(encoder.count, 2)))
            plain = (said[:, : self.rules] != _ODD).all(axis=1) & (said[:, self.rules :] == _TRUE).all(axis=1)
            self.plain[place] = np.concatenate((self.plain[place], plain))
            for masks, mask in (
                (self.certain, said[:, : self.rules] == _TRUE),
                (self.possible, (said[:, : self.rules] == _TRUE) | (said[:, : self.rules] == _OPEN)),
            ):
                masks[place] = np.concatenate((masks[place], words_of(mask, self.words)))

    def cells(self, place: int, numbers: Sequence[int]) -> NDArray[np.uint8]:
        """Return what each cell of an input says of some of its numbers, one row for each of these."""
        encoder = self.decider.encoders[place]
        of_unknown = [encoder.tell(Unknown(frozenset((placeholder(place),))))] if OF_UNKNOWN in numbers else []
        told = [*of_unknown, *(encoder.told[number] for number in numbers if number not in {OF_NULL, OF_UNKNOWN})]
        cells = self.rules + (self.operation.table.allowed[place] is not None)
        found = np.full((len(numbers), cells), _ODD, np.uint8)
        if told:
            assert isinstance(told[0], Told), "the cells of a table told it"
            said = np.array([_said(cell) for cell in told[0].said], np.uint8)  # all that any of them says
            found[len(numbers) - len(told) :] = said[np.stack([each.numbers for each in told if isinstance(each, Told)])]
        return found


_PLAIN: dict[object, int] = {(True, ()): _TRUE, (False, ()): _FALSE}


def _said(cell: object) -> int:
    """Return what a cell says: a truth without anything odd, unknown, or something odd."""
    found = _PLAIN.get(cell)
    if found is not None:
        return found
    assert isinstance(cell, tuple), "a cell says a truth and what was odd"
    return _OPEN if isinstance(cell[0], Unknown) and not cell[1] else _ODD


def places_of(words: NDArray[np.uint64]) -> list[int]:
    """Return the places of the bits that are set.

    >>> places_of(np.array([5, 1], np.uint64))
    [0, 2, 64]
    """
    bits = np.unpackbits(words.astype("<u8").view(np.uint8), bitorder="little")
    found: list[int] = np.flatnonzero(bits).tolist()
    return found
