"""Coded policies: policies whose answer is a function of codes alone, decided for all rows by looking it up.

    frame ──facts──> codes ──AnswerNode──> answers for what is known ── OPEN? ──every code of what is missing──> records
                                                        └─ else ──────────────────────────────────────────────> records

A *record* is one whole answer; rows that have the same record share it, so whatever is said of an answer in words is said
once. Missing facts are enumerated by their codes: what `zhida.columnar.settle` does value by value, and by its domains, with
the same result; once for all open rows of which the same is known (`zhida.columnar.coded_known`). It decides the rows that are
left, such as those with too many combinations, and shows what a row whose missing facts turn out not to matter is told by.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhida.columnar import kernel
from zhida.columnar.answers import HELD, ODD, OPEN
from zhida.columnar.coded import Codes, UncodedError
from zhida.columnar.coded_answers import AnswerNode
from zhida.columnar.coded_build import build, stretch_of
from zhida.columnar.coded_combinations import SET, Combinations, Values
from zhida.columnar.coded_facts import OF_NULL, OF_UNKNOWN, CodedFact
from zhida.columnar.coded_known import Knowledge, Known, packed
from zhida.columnar.coded_sets import SetCodes
from zhida.columnar.columns import LARGEST, Array, Column, Mask, different, distinct, either, full, pack, value_at
from zhida.columnar.frames import read_block
from zhida.columnar.plan import Fact, Kind
from zhida.columnar.settle import Answers, Fired, Possible, PossibleSet, Settler
from zhida.columnar.spread import entries_at, narrowest
from zhida.values.text import format_value

EXPANDED = 524_288
"""Combinations of rows that are looked up together: a code is a byte or two, so there may be more than of columns of values."""

MOST_OPEN = 131_072
"""Words of the keys of different open rows of which it is remembered what they come to."""

MOST_SETTLED = 20_000
"""Kinds of rows whose missing facts do not matter of which it is remembered what they are told by."""

KNOWN_AT_ONCE = 4_194_304
"""Words of what is known of rows, or of the values to be tried in them, that are made at once."""

NEW, LEFT = -1, 0
"""What open rows come to where that is not known yet, and where it is to be decided value by value; else one more than a record."""


class Record(NamedTuple):
    """One whole answer."""

    ending: int
    """HELD, OPEN, ODD, or FAILED + n."""
    value: tuple[int, int] | None
    """Where it is HELD and a value was asked for: that, as columns keep it, and its denominator."""
    missing: frozenset[str]
    """The facts that it lacks."""
    codes: frozenset[str]
    """What was odd."""
    fired: tuple[tuple[int, bool], ...]
    """For each table the firing, -1 where the answer does not rest on it, and whether its value is null."""
    possible: int
    """What is possible, by its number; -1 where the answer does not rest on missing facts."""
    fens: tuple[int, int] | None
    """The least and the greatest amount that is possible."""
    is_bad: bool
    """Whether only the interpreter can tell."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The answers of a block."""

    answers: Answers
    """The different answers."""
    places: Array
    """For each row the place of its answer."""
    codes: Mapping[int, Array]
    """The codes of the rows, by the places of facts."""
    unfit: Mask | None
    """The rows some of whose cells have no code."""


class CodedPolicy:
    """Decides one policy by codes."""

    def __init__(self, settler: Settler) -> None:
        """Make the coded program.

        Raises:
            UncodedError: the policy also rests on what is no code.
        """
        self.settler = settler
        self.plan = settler.plan
        self.program = build(settler.executor)
        for step in self.plan.steps:
            if step.operation not in self.program.nodes:
                raise UncodedError(f"'{step.name}': {self.program.reasons[step.operation]}")
            if step.id == settler.questions.value and stretch_of(self.plan, step.operation) is not None:
                raise UncodedError(f"'{step.name}' is a fact itself, of which codes tell only the stretch")
        self.answer = AnswerNode(self.program, settler.questions)
        needed = self.program.needed(self.answer.sources)
        self.facts = [node for place in needed if isinstance(node := self.program.nodes[place], CodedFact)]
        self.knowledge = Knowledge(self.answer, self.facts)
        self.told_open = SetCodes(1)
        self.records: list[Record] = []
        self.numbers: dict[Record, int] = {}
        self.domains: dict[int, NDArray[np.int64] | None] = {}
        self.sizes: dict[int, int] = {}
        self.of_answer: NDArray[np.int64] = np.zeros(0, np.int64)
        self.settled: dict[tuple[int, ...], int] = {}
        self.opened = SetCodes(1)
        self.said_numbers: dict[tuple[int, str], int] = {}
        self.said, self.fens, self.has_fen = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.bool_)
        self.key_numbers: dict[tuple[int, tuple[int, int] | None], int] = {}
        self.key_of: NDArray[np.int32] = np.zeros(0, np.int32)
        self.is_left_of: Mask = np.zeros(0, np.bool_)

    # --- records ---------------------------------------------------------------------------------------------------------

    def number(self, record: Record) -> int:
        """Return the number of a record."""
        fresh = len(self.records)
        found = self.numbers.setdefault(record, fresh)
        if found == fresh:
            self.records.append(record)
        return found

    def decide(self, frame: pl.DataFrame) -> Decided:
        """Return the answers of the rows of a block."""
        codes: dict[int, Array] = {}
        slow: Mask | None = None
        for fact in self.facts:
            encoded = fact.encode(frame)
            codes[fact.place] = encoded.codes
            slow = either(slow, encoded.bad)
        unfit = slow
        known = self.answer.run(codes, frame.height)
        self.follow_answers()
        found = entries_at(self.of_answer.astype(narrowest(len(self.records))), known)
        answers = self.answer.answers
        is_open = np.array([answer.ending == OPEN for answer in answers], np.bool_)
        is_bad = np.array([answer.is_bad for answer in answers], np.bool_)
        if is_bad.any():
            slow = either(slow, entries_at(is_bad, known))
        if is_open.any():
            opened = entries_at(is_open, known)
            rows = np.flatnonzero(opened if slow is None else opened & ~slow)
            if len(rows):
                numbers = self.enumerate(frame, codes, known, rows)
                is_left = numbers == LEFT
                left = rows[is_left]
                found = self.written(found, rows[~is_left], numbers[~is_left] - 1)
                if len(left):
                    slow = np.zeros(frame.height, np.bool_) if slow is None else slow.copy()
                    slow[left] = True
        if slow is not None and slow.any():
            rows = np.flatnonzero(slow)
            found = self.written(found, rows, self.by_values(frame[rows]))
        return self.decided(found, codes, unfit)

    def written(self, found: Array, rows: Array, records: Array) -> Array:
        """Return the numbers of rows' records with others in some rows; they are wider than before where there are many more by now."""
        found = found.astype(narrowest(len(self.records)), copy=False)
        found[rows] = records
        return found

    def follow_answers(self) -> None:
        """Make the records of answers that are new."""
        answers = self.answer.answers
        if len(self.of_answer) < len(answers):
            fresh = [
                self.number(Record(item.ending, item.value, frozenset(), item.codes, item.fired, -1, None, is_bad=False))
                for item in answers[len(self.of_answer) :]
            ]
            self.of_answer = np.concatenate((self.of_answer, np.array(fresh, np.int64)))

    def by_values(self, frame: pl.DataFrame) -> Array:
        """Return the records of rows that are decided value by value."""
        answers = self.settler.settle(read_block(frame, self.plan, self.settler.executor.vocabulary))
        return np.array([self.number(record) for record in self.records_of(answers)], np.int64)

    def records_of(self, answers: Answers) -> Iterator[Record]:
        """Yield the answers of some rows as records."""
        tables = [answers.tables[id_] for id_ in self.answer.tables]
        value, possible = answers.value, answers.possible
        rows = len(answers.endings)
        values = np.zeros(rows, np.int64) if value is None else full(value.values, rows)
        divisors = np.ones(rows, np.int64) if value is None or value.divisors is None else full(value.divisors, rows)
        for row in range(rows):
            if answers.bad[row]:
                yield Record(ODD, None, frozenset(), frozenset(), tuple((-1, False) for _ in tables), -1, None, is_bad=True)
                continue
            is_held = answers.endings[row] == HELD and value is not None
            set_ = -1 if possible is None else int(possible.sets[row])
            fens = None
            if possible is not None and possible.has_amount[row]:
                fens = int(possible.low_fen[row]), int(possible.high_fen[row])
            yield Record(
                int(answers.endings[row]),
                (int(values[row]), int(divisors[row])) if is_held else None,
                frozenset(name for name, mask in answers.missing.items() if full(mask, rows)[row]),
                frozenset(code for code, mask in answers.codes.items() if full(mask, rows)[row]),
                tuple((self.plain(int(fired.firing[row])), bool(fired.is_null[row])) for fired in tables),
                set_,
                fens,
                is_bad=False,
            )

    def plain(self, firing: int) -> int:
        """Return the number of a firing without what it excludes."""
        return firing if firing < 0 else self.program.plain_firing(firing)

    def decided(self, found: Array, codes: Mapping[int, Array], unfit: Mask | None) -> Decided:
        """Return records as answers, those that occur, and for each row the place of its own."""
        met = np.flatnonzero(kernel.count(found, len(self.records)))
        places = np.zeros(len(self.records), narrowest(len(met)))
        places[met] = np.arange(len(met))
        return Decided(self.answers_of([self.records[number] for number in met.tolist()]), entries_at(places, found), codes, unfit)

    def answers_of(self, records: Sequence[Record]) -> Answers:
        """Return records as the answers of rows."""
        value = None
        if self.settler.questions.value is not None:
            form = self.plan.operations[self.plan.step(self.settler.questions.value).operation].form
            given = [record.value or (0, 1) for record in records]
            values = np.array([number for number, _ in given], np.bool_ if form.kind is Kind.BOOLEAN else np.int64)
            states = np.array([record.value is None for record in records], np.uint8)
            divisors = np.array([divisor for _, divisor in given], np.int64) if form.kind is Kind.RATIO else None
            value = Column(form, values, states if states.any() else None, divisors=divisors)
        tables = {
            id_: Fired(
                np.array([record.fired[place][0] for record in records], np.int64),
                np.array([record.fired[place][1] for record in records], np.bool_),
            )
            for place, id_ in enumerate(self.answer.tables)
        }
        possible = Possible(
            np.array([record.possible for record in records], np.int64),
            np.array([(record.fens or (0, 0))[0] for record in records], np.int64),
            np.array([(record.fens or (0, 0))[1] for record in records], np.int64),
            np.array([record.fens is not None for record in records], np.bool_),
        )
        return Answers(
            np.array([record.ending for record in records], np.uint8),
            value,
            _marks([record.missing for record in records]),
            _marks([record.codes for record in records]),
            tables,
            np.array([record.is_bad for record in records], np.bool_),
            possible,
        )

    # --- missing facts -----------------------------------------------------------------------------------------------------

    def domain(self, fact: CodedFact) -> NDArray[np.int64] | None:
        """Return the codes of the values that a missing fact may have; None where they cannot be listed."""
        if fact.place not in self.domains:
            self.domains[fact.place] = None
            operation = self.plan.operations[fact.place]
            assert isinstance(operation, Fact), "the facts of a program are facts of its plan"
            try:
                values = self.settler.domain(operation.id, {})
            except LookupError:
                values = None
            if values is not None:
                codes = [self.code(fact, value) for value in values]
                if None not in codes:
                    self.domains[fact.place] = different(np.array([code for code in codes if code is not None], np.int64))
                    self.sizes[fact.place] = len(values)
        return self.domains[fact.place]

    def code(self, fact: CodedFact, value: object) -> int | None:
        """Return the code of a value of a fact; None where columns do not hold it."""
        if value is None:
            return OF_NULL
        number = pack(value, fact.entries.form, self.settler.executor.vocabulary)
        if number is None:
            return None
        match fact.entries.form.kind:
            case Kind.BOOLEAN:
                return 2 + number
            case Kind.NUMBER | Kind.DATE:
                return fact.code_of(number)
        return fact.code_of_word(value) if isinstance(value, str) else None

    def enumerate(self, frame: pl.DataFrame, codes: Codes, known: Array, rows: Array) -> Array:
        """Return what open rows come to: LEFT, or one more than the number of a record. What has the same key comes to the same."""
        step = max(KNOWN_AT_ONCE // max(self.knowledge.words, 1), 1)
        parts = [rows[start : start + step] for start in range(0, len(rows), step)]
        return np.concatenate([self.open_numbers(frame, codes, known, some) for some in parts])

    def open_numbers(self, frame: pl.DataFrame, codes: Codes, known: Array, rows: Array) -> Array:
        """Return what open rows come to: LEFT, or one more than the number of a record."""
        told = self.knowledge.of(codes, rows)
        if self.told_open.words != told.keys.shape[1]:
            self.told_open = SetCodes(told.keys.shape[1])
        numbers = self.told_open.look_up(told.keys).astype(np.int64)
        numbers[~told.is_told] = NEW
        fresh = np.flatnonzero(numbers == NEW)
        if len(fresh):
            other = np.where(told.is_told[fresh], -1, fresh)
            first, places = distinct([*told.keys[fresh].view(np.int64).T, other])
            some = fresh[first]
            came_to = self.come_to(frame, codes, known, rows[some], told.take(some))
            self.keep_open(told.keys[some], came_to, told.is_told[some])
            numbers[fresh] = came_to[places]
        return numbers

    def keep_open(self, keys: NDArray[np.uint64], came_to: Array, is_told: Mask) -> None:
        """Keep what is new of what open rows come to; if it would be too much, what was kept before is forgotten."""
        most = MOST_OPEN // self.told_open.words
        kept = np.flatnonzero(is_told)[:most]
        if self.told_open.count + len(kept) > most:
            self.told_open = SetCodes(self.told_open.words)
        if len(kept):
            self.told_open.learn(keys[kept], came_to[kept])

    def come_to(self, frame: pl.DataFrame, codes: Codes, known: Array, rows: Array, told: Known) -> Array:
        """Return what open rows come to: LEFT, or one more than the number of a record.

        Args:
            frame: The block.
            codes: The codes of all facts and decisions.
            known: For each row of the block its answer for what is known.
            rows: The open rows.
            told: What is known of these.
        """
        found = np.full(len(rows), LEFT, np.int64)
        can = self.can_be_tried(codes, known, rows, told)
        self.knowledge.follow()  # a domain may bring new words
        widths = [0 if (domain := self.domains.get(fact.place)) is None else len(domain) for fact in self.facts]
        step = max(KNOWN_AT_ONCE // max(sum(widths) * self.knowledge.words, 1), 1)
        for start in range(0, len(can), step):
            some = can[start : start + step]
            values = self.values(codes, rows[some], told.take(some))
            ends = np.cumsum(np.prod(np.stack([each.sizes for each in values]), axis=0))
            first = 0
            while first < len(some):
                done = int(ends[first - 1]) if first else 0
                stop = max(int(np.searchsorted(ends, done + EXPANDED, side="right")), first + 1)
                piece = np.arange(first, stop)
                found[some[piece]] = self.tried(frame, codes, known, rows[some[piece]], [each.take(piece) for each in values])
                first = stop
        return found

    def can_be_tried(self, codes: Codes, known: Array, rows: Array, told: Known) -> Array:
        """Return the places of the rows all combinations of which the settler tries: it gives up no fact for being one too many."""
        lacking = [codes[fact.place][rows] == OF_UNKNOWN for fact in self.facts]
        limit = self.settler.limit
        is_able, cases = np.ones(len(rows), np.bool_), np.ones(len(rows), np.int64)
        for fact, lacks in zip(self.facts, lacking, strict=True):
            if lacks.any():
                if self.domain(fact) is None:
                    is_able[lacks] = False
                else:
                    cases[lacks] = np.minimum(cases[lacks] * self.sizes[fact.place], limit + 1)
        many = np.flatnonzero(is_able & (cases > limit))
        if len(many):
            rules = self.knowledge.with_say(known[rows[many]], told.rules[many])
            cases[many] = 1
            for number, fact in enumerate(self.facts):
                lacks = lacking[number][many]
                if lacks.any():
                    most = self.knowledge.most(self.settler, number, self.sizes[fact.place], rules[lacks])
                    cases[many[lacks]] = np.minimum(cases[many[lacks]] * most, limit + 1)
        return np.flatnonzero(is_able & (cases <= limit))

    def values(self, codes: Codes, rows: Array, told: Known) -> list[Values]:
        """Return the values of their missing facts that are tried in some rows."""
        found = []
        for number, fact in enumerate(self.facts):
            lacks = codes[fact.place][rows] == OF_UNKNOWN
            domain = self.domain(fact) if lacks.any() else None
            if domain is None:
                domain = np.zeros(0, np.int64)
            found.append(Values.of(lacks, domain, self.knowledge.one_of_each(number, domain, told.take(np.flatnonzero(lacks)))))
        return found

    def tried(self, frame: pl.DataFrame, codes: Codes, known: Array, rows: Array, values: Sequence[Values]) -> Array:
        """Return what rows come to of which all combinations are tried: LEFT, or one more than the number of a record."""
        cases = Combinations(values)
        expanded: dict[int, Array] = {}
        varied = []
        for number, fact in enumerate(self.facts):
            expanded[fact.place], where = cases.column(number, codes[fact.place][rows].astype(fact.dtype))
            varied.append(where)
        met = self.answer.run(expanded, cases.count)
        self.follow_answers()
        key_of, is_left_of = self.answer_keys()
        keys = key_of[met]
        is_left, same = cases.any(is_left_of[met]), cases.are_alike(keys)
        found = np.full(len(rows), LEFT, np.int64)
        settled = np.flatnonzero(same & ~is_left)
        if len(settled):
            found[settled] = self.settle(frame, codes, rows, settled, cases, met) + 1
        rest = np.flatnonzero(~same & ~is_left)
        if len(rest):
            missing = [np.zeros(len(rest), np.bool_) if where is None else cases.changes(keys, where)[rest] for where in varied]
            found[rest] = self.open(known[rows[rest]], rest, cases, keys, missing) + 1
        return found

    def answer_keys(self) -> tuple[Array, Mask]:
        """Return for each answer the number of what makes it the same as others, and whether it leaves a row to be decided by values.

        That is where anything is bad or still open; and odd, for facts of which only what is odd depends are not all enumerated by
        the interpreter.
        """
        told = self.answer.answers
        numbers, left = self.key_numbers, self.is_left_of
        if len(left) < len(told):
            fresh = told[len(left) :]
            kinds = np.array([numbers.setdefault(item.key, len(numbers)) for item in fresh], np.int32)
            is_left = np.array([item.is_bad or item.ending in {OPEN, ODD} for item in fresh], np.bool_)
            self.key_of, self.is_left_of = np.concatenate((self.key_of, kinds)), np.concatenate((left, is_left))
        return self.key_of, self.is_left_of

    def settle(  # noqa: PLR0913, PLR0917 - some rows of a block, and what became of them
        self, frame: pl.DataFrame, codes: Codes, rows: Array, places: Array, cases: Combinations, met: Array
    ) -> Array:
        """Return the records of rows whose missing facts turned out not to matter, one row of each kind decided value by value.

        Where that cannot be told, it is LEFT - 1.

        Args:
            frame: The block.
            codes: The codes of all facts and decisions.
            rows: The rows whose combinations were tried.
            places: Those among them that are asked for.
            cases: The combinations.
            met: The answer of each combination.
        """
        mine = rows[places]
        lacking = packed([(codes[fact.place][mine] == OF_UNKNOWN, 1) for fact in self.facts])
        states = [*(word.view(np.int64) for word in lacking), *self.answer.states(codes, mine)]
        kinds, kind_of = distinct([*states, *(bits[places] for bits in cases.sets(met, len(self.answer.answers)))])
        of_kinds = zip(*(column[kinds].tolist() for column in states), strict=True)
        keys = [(*kind, -1, *cases.of(met, row)) for kind, row in zip(of_kinds, places[kinds].tolist(), strict=True)]
        fresh = {key: row for key, row in zip(keys, mine[kinds].tolist(), strict=True) if key not in self.settled}
        if len(self.settled) > MOST_SETTLED:
            fresh, self.settled = dict(zip(keys, mine[kinds].tolist(), strict=True)), {}
        if fresh:
            told = self.by_values(frame[list(fresh.values())]).tolist()
            # what is bad in one row, such as a number beyond 64 bits, says nothing of the others: each is decided by itself
            self.settled |= zip(fresh, (LEFT - 1 if self.records[number].is_bad else number for number in told), strict=True)
        return np.array([self.settled[key] for key in keys], np.int64)[kind_of]

    def open(self, known: Array, places: Array, cases: Combinations, keys: Array, missing: Sequence[Mask]) -> Array:
        """Return the records of rows that rest on missing facts.

        Args:
            known: For each row its answer for what is known.
            places: The places of the rows among those whose combinations were tried.
            cases: The combinations.
            keys: For each combination the number of what makes the answer the same as others.
            missing: For each fact the rows whose answer lacks it.
        """
        said, fens, has_fen = self.said_of_keys()
        marks = [word.view(np.int64) for word in packed([(mask, 1) for mask in missing])]
        sets = [bits[places] for bits in cases.sets(said[keys], len(self.said_numbers))]
        columns = [known.astype(np.int64), *marks, *sets]
        has_amount = np.zeros(len(places), np.bool_)
        if has_fen.any():
            has, amounts = has_fen[keys], fens[keys]
            has_amount = cases.any(has)[places]
            columns.append(np.minimum.reduceat(np.where(has, amounts, LARGEST), cases.starts)[places])
            columns.append(np.maximum.reduceat(np.where(has, amounts, -LARGEST), cases.starts)[places])
        alike = np.column_stack(columns).view(np.uint64)
        if self.opened.words != alike.shape[1] or self.opened.count * self.opened.words > MOST_OPEN:
            self.opened = SetCodes(alike.shape[1])
        numbers = self.opened.look_up(alike).astype(np.int64)
        fresh = np.flatnonzero(numbers < 0)
        if len(fresh):
            first, kind_of = distinct([column[fresh] for column in columns])
            records = []
            possible = self.possible_of(sets, fresh[first])
            for row, set_ in zip(fresh[first].tolist(), possible, strict=True):
                base = self.answer.answers[int(known[row])]
                names = frozenset(fact.item.name for fact, mask in zip(self.facts, missing, strict=True) if mask[row])
                is_judged = bool(names) and all(self.is_judged(name) for name in names)
                least_most = (int(columns[-2][row]), int(columns[-1][row])) if has_amount[row] else None
                record = Record(ODD if is_judged else OPEN, None, names, base.codes, base.fired, set_, least_most, is_bad=False)
                records.append(self.number(record))
            made = np.array(records, np.int64)
            self.opened.learn(alike[fresh[first]], made)
            numbers[fresh] = made[kind_of]
        return numbers

    def possible_of(self, sets: Sequence[NDArray[np.int64]], rows: Array) -> list[int]:
        """Return the number of what is possible in each of some rows, given what is said in each as sets of bits."""
        first, places = distinct([bits[rows] for bits in sets])
        listed = list(self.said_numbers)
        numbers = []
        for row in rows[first].tolist():
            said = [listed[SET * word + bit] for word, bits in enumerate(sets) for bit in range(SET) if int(bits[row]) >> bit & 1]
            numbers.append(self.possible(frozenset(said)))
        found: list[int] = np.array(numbers, np.int64)[places].tolist()
        return found

    def is_judged(self, name: str) -> bool:
        """Say whether a person must judge a fact."""
        return any(data.item.is_judged for data in self.plan.model.inputs.values() if data.name == name)

    def possible(self, found: PossibleSet) -> int:
        """Return the number of what is possible."""
        settler = self.settler
        if found not in settler.possible_numbers:
            settler.possible_numbers[found] = len(settler.possible)
            settler.possible.append(found)
        return settler.possible_numbers[found]

    def said_of_keys(self) -> tuple[Array, Array, Mask]:
        """Return for what makes answers the same: the number of its ending with its value in words, its fen, and whether it has any.

        A value that is an amount has no words.
        """
        start = len(self.said)
        fresh = list(self.key_numbers)[start:]
        if fresh:
            nothing = tuple((-1, False) for _ in self.answer.tables)
            is_held = np.array([ending == HELD and value is not None for ending, value in fresh], np.bool_)
            given = [Record(HELD, value, frozenset(), frozenset(), nothing, -1, None, is_bad=False) for _, value in fresh]
            column, settler = self.answers_of(given).value, self.settler
            fens = np.zeros(len(fresh), np.int64)
            words = [""] * len(fresh)
            if column is not None and settler.fen is not None:
                fens = settler.fen(column, is_held)
            elif column is not None:
                for place in np.flatnonzero(is_held).tolist():
                    words[place] = format_value(value_at(column, place, settler.executor.vocabulary))
            pairs = [(ending, word) for (ending, _), word in zip(fresh, words, strict=True)]
            said = [self.said_numbers.setdefault(pair, len(self.said_numbers)) for pair in pairs]
            self.said = np.concatenate((self.said, np.array(said, np.int64)))
            self.fens = np.concatenate((self.fens, fens))
            self.has_fen = np.concatenate((self.has_fen, is_held if settler.fen is not None else np.zeros(len(fresh), np.bool_)))
        return self.said, self.fens, self.has_fen


def _marks(said: Sequence[frozenset[str]]) -> dict[str, Mask]:
    names: frozenset[str] = frozenset().union(*said)
    return {name: np.array([name in each for each in said], np.bool_) for name in sorted(names)}
