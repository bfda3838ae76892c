"""Decision tables over columns: codes for what is tested, then one outcome for each combination of codes.

    column ──Encoder──> codes ──look up or match──> outcomes ──> column

An `Encoder` cuts the values of an input into elementary intervals (each bound of any cell, and the gaps between them; each
string by itself) and lets the interpreter test one value of each; intervals that pass the same cells share a code. Null and
unknown have codes of their own. A `TableDecider` lets the interpreter decide each combination of codes that is met, once:
where there are few combinations they form one dense table, else bit vectors find the rules that match, and combinations
with null, unknown or anything odd are gathered by themselves. So what a table means stands in `zhida.dmn.table` alone.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from zhida.columnar import kernel
from zhida.columnar.columns import (
    ALL,
    KNOWN,
    Array,
    Column,
    Marks,
    Mask,
    Vocabulary,
    column_of,
    different,
    distinct,
    either,
    full,
    limited,
    states_of,
    union,
    within,
    words_of,
)
from zhida.columnar.encoders import FIRST_CODE, OF_NULL, OF_UNKNOWN, Encoder
from zhida.columnar.interpreted import Firings, firing_of
from zhida.columnar.kernel import WORD
from zhida.columnar.learned import Firing, Learned, Lesson, Lessons, key_of
from zhida.columnar.merging import merge_rows, scattered
from zhida.columnar.operators import agreed, plus
from zhida.columnar.plan import DEFAULT, Decide, Form, placeholder, token
from zhida.columnar.told import TRUE, CellsOfColumn, Told
from zhida.dmn.boxed import fitted
from zhida.dmn.compiled import AS_OF, CompiledTable
from zhida.dmn.model import HitPolicy
from zhida.dmn.table import decide_table
from zhida.feel.run import Frame, Run
from zhida.feel.syntax import Literal, UnaryTests
from zhida.values.temporal import Date
from zhida.values.types import ANY, Type, coerce
from zhida.values.unknown import Unknown, find_unknown

Value = Any

DENSE_LIMIT = 65_536
"""Combinations of codes up to which a table is one look-up."""

DENIED_LIMIT = 4_000_000
"""Rules of combinations, one by one, that are looked at together."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a table comes to for one combination of codes."""

    value: Value
    """Its value; an unknown lacks placeholders of inputs, or names that no row gives."""
    codes: frozenset[str]
    """What was odd."""
    firing: int
    """Which rules fired, by number."""
    chosen: tuple[int, ...] = ()
    """Where outputs are no constants: the rules whose outputs make the value."""
    possible: tuple[int, ...] = ()
    """Where it is unknown which rule fires: the rules, and the default, whose outputs are still possible."""
    is_hard: bool = False
    """Whether it takes more to tell, so that the interpreter must decide."""

    def __reduce__(self) -> tuple[type["Outcome"], tuple[object, ...]]:
        """Return what it is made of, for pickles, which hold thousands."""
        return Outcome, (self.value, self.codes, self.firing, self.chosen, self.possible, self.is_hard)


_TRUE = (True, ())
_SUMS = {HitPolicy.COLLECT_SUM, HitPolicy.COLLECT_MIN, HitPolicy.COLLECT_MAX}


class TableDecider:
    """Decides one table; what it learns of a combination holds for every later block."""

    def __init__(  # noqa: PLR0913, PLR0917 - the table, and what it shares with others
        self,
        operation: Decide,
        forms: Sequence[Form],
        as_of: Date,
        vocabulary: Vocabulary,
        firings: Firings,
        lessons: Lessons | None = None,
    ) -> None:
        """Begin with nothing learned but some lessons.

        Args:
            operation: The table.
            forms: How what it tests is kept.
            as_of: The date of the business fact.
            vocabulary: The words that columns count.
            firings: Counts which rules fired.
            lessons: What the interpreter said in other runs, and will say in this one.
        """
        self.operation = operation
        self.table = operation.table
        self.as_of = as_of
        self.vocabulary = vocabulary
        self.firings = firings
        self.lessons = Learned().of(0) if lessons is None else lessons
        self.tokens = {token(place): place for place, _ in operation.outputs}
        self.is_sum = bool(self.tokens) and self.table.table.hit_policy in _SUMS
        if self.is_sum:  # the rules are gathered here, their outputs added up later
            self.table = replace(self.table, table=replace(self.table.table, hit_policy=HitPolicy.COLLECT))
        self.encoders = [
            Encoder(form, bounds, self.cells_of(column), vocabulary)
            for column, (form, bounds) in enumerate(zip(forms, operation.bounds, strict=True))
        ]
        self.outcomes: list[Outcome] = []
        self.told = column_of([], operation.form, vocabulary)
        self.told_of = 0
        self.odd: dict[str, Mask] = {}
        self.fired = np.zeros(0, np.int64)
        self.alone: Any = None
        self.met: dict[tuple[int, ...], int] = {}
        self.known: dict[str, dict[tuple[int, ...], int]] = {"rules": {}, "codes": {}}
        self.dense = np.zeros(0, np.int64)
        self.counts: list[int] = []
        self.masks: list[Array] = []
        self.plain: list[Array] = []
        self.denied: list[Array] = []
        self.simple: list[Mask] = []
        self.texts: dict[tuple[int, int], str] = {}
        self.short: dict[tuple[int, int], Sequence[UnaryTests]] = {}

    def __getstate__(self) -> dict[str, object]:
        """Return what is kept between runs: nothing that is the table once more."""
        return {**vars(self), "alone": None, "short": {}}

    @property
    def remembered(self) -> int:
        """How many combinations are remembered."""
        return len(self.met) + sum(map(len, self.known.values()))

    def cells_of(self, column: int) -> CellsOfColumn:
        """Return the cells of a column, and last what it allows."""
        allowed = self.table.allowed[column]
        return CellsOfColumn([*(rule.tests[column] for rule in self.table.rules), *([] if allowed is None else [allowed])], self.as_of)

    # --- combinations to outcomes --------------------------------------------------------------------------------------

    def outcomes_of(self, codes: Sequence[Array]) -> Array:
        """Return the number of the outcome of each of some combinations of codes: one is decided of those that come to the same.

        They do that where the same rules are left, each input is null, unknown or there in both, and one that is there says a plain
        yes or no in each cell: nothing else of it is asked.
        """
        self.extend_masks()
        rows, rules = len(codes[0]) if codes else 1, len(self.table.rules)
        step = max(DENIED_LIMIT // max(rules, 1), 1)
        parts = [self.alike_of([column[start : start + step] for column in codes]) for start in range(0, rows, step)]
        return np.concatenate(parts) if len(parts) != 1 else parts[0]

    def alike_of(self, codes: Sequence[Array]) -> Array:
        """Do what `outcomes_of` does, for so few that a mask of the rules of each is no matter."""
        rows = len(codes[0]) if codes else 1
        denied = np.zeros((rows, len(self.table.rules)), np.bool_)
        kinds = []
        for given, masks, simple in zip(codes, self.denied, self.simple, strict=True):
            column = given.astype(np.int64)
            denied |= masks[column]
            kinds.append(np.where(column <= OF_UNKNOWN, column, np.where(simple[column], FIRST_CODE, column + 1)))
        words = words_of(denied, max(-(-denied.shape[1] // WORD), 1)).view(np.int64)
        keys = [*kinds, *words.T]
        first, places = distinct(keys)
        numbers = []
        met = zip(*(key[first].tolist() for key in keys), strict=True)
        for row, key in zip(first.tolist(), met, strict=True):
            if key not in self.met:
                self.met[key] = len(self.outcomes)
                self.outcomes.append(self.decided([int(column[row]) for column in codes], denied[row]))
            numbers.append(self.met[key])
        return np.array(numbers, np.int64)[places]

    def decided(self, codes: Sequence[int], denied: Mask) -> Outcome:
        """Let the interpreter decide one combination of codes, unless that is known from another run.

        Args:
            codes: The codes.
            denied: The rules that have no say.
        """
        key = (*[self.text(place, code) for place, code in enumerate(codes)], np.packbits(denied).tobytes().hex())
        lesson = self.lessons.get(key)
        if lesson is not None:
            assert lesson.firing is not None, "a table told it"
            return Outcome(lesson.value, lesson.codes, self.firings.number(lesson.firing), *lesson.more)
        given = {placeholder(place): self.given(place, code) for place, code in enumerate(codes)}
        found = self.interpreted(given, *self.shortened(codes, denied), codes)
        more = (found.chosen, found.possible, found.is_hard)
        self.lessons.keep(key, Lesson(found.value, found.codes, self.firings.list[found.firing], more=more))
        return found

    def given(self, column: int, code: int) -> Value:
        """Return the value that stands for a code."""
        return Unknown(frozenset((placeholder(column),))) if code == OF_UNKNOWN else self.encoders[column].representatives[code]

    def text(self, column: int, code: int) -> str:
        """Return what tells the value of a code from others in lessons; nothing of one that says a plain yes or no in each cell."""
        if (column, code) not in self.texts:
            is_simple = code >= FIRST_CODE and bool(self.simple[column][code])
            self.texts[column, code] = "" if is_simple else key_of([self.given(column, code)])[0]
        return self.texts[column, code]

    def outcome_of(self, certain: Sequence[int], possible: Sequence[int]) -> Outcome:
        """Let the interpreter decide for some rules that match and others of which it is unknown, no input being null or odd.

        The table that it decides has these rules alone, with a cell in the first column that says so; so it does not matter
        how many rules and inputs there are. Outputs are constants.
        """
        assert not self.tokens, "outputs that are no constants have a column each"
        key = ("rules", *(",".join(map(str, places)) for places in (certain, possible)))
        lesson = self.lessons.get(key)
        if lesson is None:
            places = sorted((*certain, *possible))
            found = self.interpreted(*self.of_rules(places, frozenset(possible)), places, [OF_UNKNOWN])
            lesson = Lesson(found.value, found.codes, Firing(self.firings.list[found.firing].rules, frozenset()))
            self.lessons.keep(key, lesson)
        assert lesson.firing is not None, "a table told it"
        return Outcome(lesson.value, lesson.codes, self.firings.number(lesson.firing))

    def of_rules(self, places: Sequence[int], possible: AbstractSet[int]) -> tuple[dict[str, Value], CompiledTable]:
        """Return inputs and a table of some rules alone, which match whatever its inputs are, or perhaps."""
        if self.alone is None:
            mark = placeholder(0)
            clauses = self.table.table.inputs[:1]
            one = replace(self.table, inputs=self.table.inputs[:1], allowed=(None,), table=replace(self.table.table, inputs=clauses))
            none = replace(one, inputs=(), allowed=(), table=replace(one.table, inputs=()))
            self.alone = (none, one, {mark: Unknown(frozenset((mark,)))})
        none, one, given = self.alone
        rules = [self.table.rules[place] for place in places]
        if not possible:
            return {}, replace(none, rules=tuple([replace(rule, tests=()) for rule in rules]))
        spans = [rule.tests[0].span for rule in rules]
        tests = [(Literal(span, True),) if place in possible else () for place, span in zip(places, spans, strict=True)]
        cells = map(UnaryTests, spans, tests)
        return given, replace(one, rules=tuple([replace(rule, tests=(cell,)) for rule, cell in zip(rules, cells, strict=True)]))

    def shortened(self, codes: Sequence[int], denied: Mask) -> tuple[CompiledTable, list[int]]:
        """Return the table for one combination of codes without what its encoders know already, and the places of its rules.

        Rules a cell of which says no to a value that is there have no say, nor anything odd; cells that pass ask nothing.
        """
        left: list[int] = np.flatnonzero(~denied).tolist()
        cells = [self.cells_left(column, code) for column, code in enumerate(codes)]
        rules = [replace(self.table.rules[place], tests=tuple([column[place] for column in cells])) for place in left]
        return replace(self.table, rules=tuple(rules)), left

    def cells_left(self, column: int, code: int) -> Sequence[UnaryTests]:
        """Return the cells of a column for one code: those that pass are empty, those that lack the input alone have one test."""
        if (column, code) not in self.short:
            cells = [rule.tests[column] for rule in self.table.rules]
            if code != OF_NULL:
                lacking = Unknown(frozenset((placeholder(column),)))
                encoder = self.encoders[column]
                told = encoder.tell(lacking) if code == OF_UNKNOWN else encoder.told[code]
                for place, (cell, said) in enumerate(zip(cells, told, strict=False)):  # what the column allows comes last
                    if said == _TRUE:
                        cells[place] = UnaryTests(cell.span, ())
                    elif code == OF_UNKNOWN and said == (lacking, ()):
                        cells[place] = UnaryTests(cell.span, (Literal(cell.span, True),))
            self.short[column, code] = cells
        return self.short[column, code]

    def interpreted(self, given: Mapping[str, Value], table: CompiledTable, places: Sequence[int], codes: Sequence[int]) -> Outcome:
        """Let the interpreter decide one combination of values.

        Args:
            given: The values of the inputs.
            table: The table, or some of its rules.
            places: The places of these.
            codes: The codes of the inputs.
        """
        run = Run(self.as_of)
        frame = Frame({AS_OF: self.as_of, **given}, run)
        value, trace = decide_table(table, frame, "")
        matched, possible, kept = (tuple([places[place] for place in some]) for some in (trace.matched, trace.possible, trace.excluded))
        excluded = frozenset(range(len(self.table.rules))).difference(places).union(kept)
        trace = replace(trace, matched=matched, possible=possible, excluded=excluded)
        firing = self.firings.number(firing_of(trace))
        found = {item.code for item in run.diagnostics}
        if not self.tokens:
            value = fitted(value, self.operation.type, self.table.table.span, "", frame)
            return Outcome(value, frozenset(item.code for item in run.diagnostics), firing)
        if trace.possible and self.table.table.hit_policy is HitPolicy.FIRST and OF_NULL not in codes:
            possible = (*trace.matched, *trace.possible, *([] if trace.matched else [DEFAULT]))
            return Outcome(value, frozenset(found), firing, possible=possible if isinstance(value, Unknown) else ())
        if trace.possible or find_unknown(value) is not None or "dmn-null-in-table" in found:
            return Outcome(None, frozenset(found), firing, is_hard=True)
        chosen = (trace.matched if self.is_sum else ()) or self._chosen(value)
        return Outcome(None if chosen else value, frozenset(found), firing, chosen)

    def _chosen(self, value: Value) -> tuple[int, ...]:
        return (self.tokens[value],) if type(value) is str and value in self.tokens else ()

    def numbers(self, codes: Sequence[Array]) -> Array:
        """Return the number of the outcome of each row."""
        counts = [encoder.count for encoder in self.encoders]
        if not counts:
            return self.outcomes_of(())
        if prod(counts) > DENSE_LIMIT:
            return self.by_masks(codes)
        if counts != self.counts:
            self.counts, self.dense = counts, np.full(prod(counts), -1, np.int64)
        strides = [prod(counts[place + 1 :]) for place in range(len(counts))]
        keys = kernel.combine(codes, strides)
        found = kernel.look_up(keys, self.dense)
        fresh = found < 0
        if fresh.any():
            new = different(keys[fresh]).astype(np.int64)
            self.dense[new] = self.outcomes_of([new // stride % count for stride, count in zip(strides, counts, strict=True)])
            found = kernel.look_up(keys, self.dense)
        return found

    def by_masks(self, codes: Sequence[Array]) -> Array:
        """Return the number of the outcome of each row, by the rules that match; what is not plain, by its codes."""
        self.extend_masks()
        rows = len(codes[0])
        found = np.empty(rows, np.int64)
        is_plain = np.ones(rows, np.bool_)
        for column, plain in zip(codes, self.plain, strict=True):
            is_plain &= plain[column]
        whole = bool(is_plain.all())
        places = np.flatnonzero(is_plain)
        if len(places):
            chosen = list(codes) if whole else [column[places] for column in codes]
            matched = kernel.intersect(chosen, self.masks)
            if self.table.table.hit_policy is HitPolicy.FIRST:
                keys = [kernel.first(matched)]
            else:
                keys = [matched[:, word].view(np.int64) for word in range(matched.shape[1])]
            found[places] = self.by_keys("rules", keys, chosen)
        if not whole:
            places = np.flatnonzero(~is_plain)
            chosen = [column[places] for column in codes]
            found[places] = self.by_keys("codes", chosen, chosen)
        return found

    def by_keys(self, kind: str, keys: Sequence[Array], codes: Sequence[Array]) -> Array:
        """Return the number of the outcome of each row, which is the same for the same keys."""
        first, places = distinct(keys)
        known = self.known[kind]
        met = list(zip(*(column[first].tolist() for column in keys), strict=True))
        fresh = [place for place, key in enumerate(met) if key not in known]
        if fresh:
            rows = first[fresh]
            known |= zip([met[place] for place in fresh], self.outcomes_of([column[rows] for column in codes]).tolist(), strict=True)
        return np.array([known[key] for key in met], np.int64)[places]

    def extend_masks(self) -> None:
        """Make the masks of codes that are new."""
        rules = len(self.table.rules)
        words = max(-(-rules // WORD), 1)
        if not self.masks:
            self.masks = [np.zeros((0, words), np.uint64) for _ in self.encoders]
            self.plain = [np.zeros(0, np.bool_) for _ in self.encoders]
            self.denied = [np.zeros((0, rules), np.bool_) for _ in self.encoders]
            self.simple = [np.zeros(0, np.bool_) for _ in self.encoders]
        for place, encoder in enumerate(self.encoders):
            fresh = encoder.told[len(self.plain[place]) :]
            if not fresh:
                continue
            masks = np.zeros((len(fresh), words), np.uint64)
            plain = np.zeros(len(fresh), np.bool_)
            denied = np.zeros((len(fresh), rules), np.bool_)
            simple = np.zeros(len(fresh), np.bool_)
            start, type_ = len(self.plain[place]), self.table.table.inputs[place].type
            for row, told in enumerate(fresh):
                if not told:
                    continue
                assert isinstance(told, Told), "the cells of a table told it"
                says_no = np.array([isinstance(cell, tuple) and cell[0] is False for cell in told.said])
                plain[row] = (told.numbers[:rules] <= TRUE).all() and (told.numbers[rules:] == TRUE).all()
                masks[row] = words_of(told.numbers[None, :rules] == TRUE, words)[0]
                denied[row] = says_no[told.numbers[:rules]]
                simple[row] = plain[row] and is_as_declared(encoder.representatives[start + row], type_, self.as_of)
            self.masks[place] = np.concatenate((self.masks[place], masks))
            self.plain[place] = np.concatenate((self.plain[place], plain))
            self.denied[place] = np.concatenate((self.denied[place], denied))
            self.simple[place] = np.concatenate((self.simple[place], simple))

    # --- outcomes to a column ------------------------------------------------------------------------------------------

    def decide(
        self, inputs: Sequence[Column], outputs: dict[int, Column], rows: int, interpret: Callable[[Array], Column] | None
    ) -> Column:
        """Return the column of the table.

        Args:
            inputs: What is tested.
            outputs: The outputs that are no constants, by the place of their rule.
            rows: How many rows there are.
            interpret: Decides some rows by the interpreter, by their places.
        """
        bad = either(*(column.bad for column in inputs))
        codes = []
        for encoder, column in zip(self.encoders, inputs, strict=True):
            encoded, misfit = encoder.encode(column, rows)
            codes.append(encoded)
            bad = either(bad, misfit)
        numbers = full(self.numbers(codes)[0], rows) if not codes else self.numbers(codes)
        base = self.base(inputs, numbers, bad)
        if not self.tokens:
            return base
        return self.with_outputs(base, outputs, numbers, interpret)

    def base(self, inputs: Sequence[Column], numbers: Array, bad: Mask | None) -> Column:
        """Return the column of what the outcomes themselves say."""
        if len(self.outcomes) != self.told_of:
            fresh, known = self.outcomes[self.told_of :], self.told_of
            more = column_of([outcome.value for outcome in fresh], self.operation.form, self.vocabulary)
            self.told = more if not known else behind(self.told, known, more, len(fresh))
            self.told_of = len(self.outcomes)
            every = frozenset(self.odd).union(*(outcome.codes for outcome in fresh))
            nobody = np.zeros(known, np.bool_)
            self.odd = {
                code: np.concatenate((self.odd.get(code, nobody), [code in outcome.codes for outcome in fresh])) for code in sorted(every)
            }
            self.fired = np.concatenate((self.fired, np.array([outcome.firing for outcome in fresh], np.int64)))
        told = self.told
        missing: Marks = {}
        for name, mask in told.missing.items():
            lacking = mask[numbers]
            place = next((place for place in range(len(inputs)) if placeholder(place) == name), None)
            missing = union(missing, {name: lacking} if place is None else limited(inputs[place].missing, lacking))
        own = {code: mask[numbers] for code, mask in self.odd.items()}
        misfit = None if told.bad is None else within(told.bad[numbers], ALL)
        return Column(
            self.operation.form,
            told.values[numbers],
            None if told.states is None else told.states[numbers],
            {name: mask for name, mask in missing.items() if mask.any()},
            union(*(column.reads for column in inputs)),
            union(*(column.codes for column in inputs), limited(own, np.ones(len(numbers), np.bool_))),
            either(bad, misfit),
            None if told.divisors is None else told.divisors[numbers],
            firing=self.fired[numbers],
        )

    def with_outputs(self, base: Column, outputs: dict[int, Column], numbers: Array, interpret: Callable[[Array], Column] | None) -> Column:
        """Return the column of a table with outputs that are no constants."""
        groups: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {((), ()): 0}
        of_outcome = np.zeros(len(self.outcomes), np.int64)
        for place, outcome in enumerate(self.outcomes):
            of_outcome[place] = -1 if outcome.is_hard else groups.setdefault((outcome.chosen, outcome.possible), len(groups))
        choice = of_outcome[numbers]
        met = set(different(choice).tolist())
        columns = {0: base}
        for (chosen, possible), number in groups.items():
            if number not in met:
                continue
            if chosen:
                columns[number] = after(base, self.combined([outputs[place] for place in chosen]))
            elif possible:
                is_odd = DEFAULT in possible and all(default is None for default in self.operation.table.defaults)  # no rule fires
                found = one_of(base, [outputs[place] for place in possible], self.vocabulary, is_odd=is_odd)
                columns[number] = after(base, found)
        hard = np.flatnonzero(choice < 0)
        if len(hard):
            assert interpret is not None, "a table with outputs that are no constants has an operation for hard rows"
            columns[-1] = scattered(interpret(hard), hard, len(numbers))
        return merge_rows(columns, choice, self.operation.form)

    def combined(self, columns: list[Column]) -> Column:
        """Return the outputs of several matching rules as one: their sum, least or greatest."""
        if not self.is_sum:
            return columns[0]
        policy = self.operation.table.table.hit_policy
        unknown = either(*(column.unknown for column in columns))
        null = either(*(column.null for column in columns))
        assert unknown is not None
        assert null is not None
        total, bad = columns[0].values, None
        for column in columns[1:]:
            if policy is HitPolicy.COLLECT_SUM:
                total, misfit = plus(total, column.values)
                bad = either(bad, misfit)
            else:
                total = (np.minimum if policy is HitPolicy.COLLECT_MIN else np.maximum)(total, column.values)
        lacks = null & ~unknown
        codes: Marks = {"dmn-bad-aggregation": lacks} if lacks.any() else {}
        return Column(
            columns[0].form,
            total,
            states_of(null, unknown),
            union(*(column.missing for column in columns)),
            union(*(column.reads for column in columns)),
            union(codes, *(column.codes for column in columns)),
            either(bad, *(column.bad for column in columns)),
        )


def behind(one: Column, rows: int, other: Column, more: int) -> Column:
    """Return what values come to of which some were made a column before, and some after; nobody read anything or noted a code.

    Args:
        one: The column of the first values.
        rows: How many these are.
        other: The column of the others.
        more: How many these are.
    """

    def both(first: Array | None, second: Array | None, none: np.generic) -> Array | None:
        if first is None and second is None:
            return None
        return np.concatenate((np.full(rows, none) if first is None else first, np.full(more, none) if second is None else second))

    missing = {}
    for name in dict.fromkeys((*one.missing, *other.missing)):
        mask = both(one.missing.get(name), other.missing.get(name), np.False_)
        assert mask is not None, "one of them lacks it"
        missing[name] = mask
    return Column(
        one.form,
        np.concatenate((one.values, other.values)),
        both(one.states, other.states, np.uint8(KNOWN)),
        missing,
        bad=both(one.bad, other.bad, np.False_),
        divisors=both(one.divisors, other.divisors, np.int64(1)),
    )


def is_as_declared(value: Value, type_: Type, as_of: Date) -> bool:
    """Say whether a value is taken for an input of a declared type as it is, with nothing odd about it."""
    if type_ is ANY:
        return True
    run = Run(as_of)
    found, fits = coerce(value, type_, run)
    return fits and found is value and not run.diagnostics


def one_of(base: Column, columns: Sequence[Column], words: Vocabulary | None = None, *, is_odd: bool = False) -> Column:
    """Return what several outputs agree on without anything odd, else an unknown that lacks what `base` and they lack."""
    agrees = ~ALL if is_odd else ALL
    bad = either(*(column.bad for column in columns))
    for column in columns[1:]:
        same, misfit = agreed(columns[0], column, words)
        agrees, bad = agrees & same, either(bad, misfit)
    odd = either(*(mask for column in columns for mask in column.codes.values()))
    agrees = agrees if odd is None else agrees & ~odd
    return replace(
        columns[0],
        states=states_of(agrees & columns[0].null, ~agrees),
        missing=limited(union(base.missing, *(column.missing for column in columns)), ~agrees),
        reads=union(*(column.reads for column in columns)),
        codes={},
        bad=bad,
    )


def after(base: Column, column: Column) -> Column:
    """Return a column with what was odd, read and fired before it."""
    return replace(
        column,
        reads=union(base.reads, column.reads),
        codes=union(base.codes, column.codes),
        bad=either(base.bad, column.bad),
        firing=base.firing,
    )
