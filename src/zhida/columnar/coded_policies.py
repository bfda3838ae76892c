"""Coded policies: policies whose answer is a function of codes alone, decided for all rows by looking it up.

    frame ──facts──> codes ──AnswerNode──> answers for what is known ── OPEN? ──every code of what is missing──> records
                                                        └─ else ──────────────────────────────────────────────> records

A *record* is one whole answer; rows that have the same record share it, so whatever is said of an answer in words is said
once. Missing facts are enumerated by their codes: what `zhida.columnar.settle` does value by value, and by its domains, with
the same result. It decides the rows that are left, such as those with too many combinations, and shows what a row whose
missing facts turn out not to matter is told by.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from zhida.columnar.answers import HELD, ODD, OPEN
from zhida.columnar.coded import UncodedError
from zhida.columnar.coded_answers import AnswerNode
from zhida.columnar.coded_build import build, stretch_of
from zhida.columnar.coded_facts import OF_NULL, OF_UNKNOWN, CodedFact
from zhida.columnar.columns import LARGEST, Array, Column, Mask, distinct, either, full, pack, value_at
from zhida.columnar.frames import read_block
from zhida.columnar.groups import members_of
from zhida.columnar.plan import Fact, Kind
from zhida.columnar.settle import Answers, Fired, Possible, PossibleSet, Settler
from zhida.values.text import format_value

WORD = 62
"""Bits of an integer that are used for sets."""

EXPANDED = 524_288
"""Combinations of rows that are looked up together: a code is a byte or two, so there may be more than of columns of values."""


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
    records: Array
    """For each row the number of its record."""
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
        self.records: list[Record] = []
        self.numbers: dict[Record, int] = {}
        self.domains: dict[int, NDArray[np.int64] | None] = {}
        self.sizes: dict[int, int] = {}
        self.of_answer: NDArray[np.int64] = np.zeros(0, np.int64)
        self.settled: dict[tuple[int, ...], int] = {}
        self.opened: dict[tuple[object, ...], int] = {}
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
        found = self.of_answer[known]
        answers = self.answer.answers
        is_open = np.array([answer.ending == OPEN for answer in answers], np.bool_)
        is_bad = np.array([answer.is_bad for answer in answers], np.bool_)
        if is_bad.any():
            slow = either(slow, is_bad[known])
        if is_open.any():
            rows = np.flatnonzero(is_open[known] if slow is None else is_open[known] & ~slow)
            if len(rows):
                left = self.enumerate(frame, codes, known, rows, found)
                if len(left):
                    slow = np.zeros(frame.height, np.bool_) if slow is None else slow.copy()
                    slow[left] = True
        if slow is not None and slow.any():
            rows = np.flatnonzero(slow)
            found[rows] = self.by_values(frame[rows])
        return self.decided(found, codes, unfit)

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
        met = np.flatnonzero(np.bincount(found, minlength=len(self.records)))
        places = np.zeros(len(self.records), np.intp)
        places[met] = np.arange(len(met))
        return Decided(self.answers_of([self.records[number] for number in met.tolist()]), places[found], found, codes, unfit)

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
                    self.domains[fact.place] = np.unique([code for code in codes if code is not None])
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

    def enumerate(self, frame: pl.DataFrame, codes: Mapping[int, Array], known: Array, rows: Array, found: Array) -> Array:
        """Write down what open rows come to; returns those that are left."""
        keys = [np.zeros(len(rows), np.int64) for _ in range(len(self.facts) // WORD + 1)]
        for place, fact in enumerate(self.facts):
            keys[place // WORD] |= (codes[fact.place][rows] == OF_UNKNOWN).astype(np.int64) << (place % WORD)
        first, groups = distinct(keys)
        left = []
        for number, members in enumerate(members_of(groups, len(first))):
            row = rows[first[number]]
            lacking = [fact for fact in self.facts if codes[fact.place][row] == OF_UNKNOWN]
            domains = [self.domain(fact) for fact in lacking]
            listed = [domain for domain in domains if domain is not None]
            if len(listed) < len(domains) or prod(self.sizes[fact.place] for fact in lacking) > self.settler.limit:
                left.append(rows[members])
                continue
            step = max(EXPANDED // prod(map(len, listed)), 1)
            for start in range(0, len(members), step):
                some = rows[members[start : start + step]]
                left.append(self.enumerate_alike(frame, codes, known, some, lacking, listed, found))
        return np.concatenate(left) if left else np.zeros(0, np.int64)

    def enumerate_alike(  # noqa: PLR0913, PLR0917 - rows that lack the same facts, with all that is known of them
        self,
        frame: pl.DataFrame,
        codes: Mapping[int, Array],
        known: Array,
        rows: Array,
        lacking: Sequence[CodedFact],
        domains: Sequence[NDArray[np.int64]],
        found: Array,
    ) -> Array:
        """Write down what rows come to that lack the same facts; returns those that are left."""
        sizes = tuple(map(len, domains))
        cases = prod(sizes)
        mesh = np.meshgrid(*domains, indexing="ij") if domains else []
        varied = {fact.place: each.ravel() for fact, each in zip(lacking, mesh, strict=True)}
        expanded: dict[int, Array] = {}
        for fact in self.facts:
            column = codes[fact.place]
            if fact.place in varied:
                expanded[fact.place] = np.tile(varied[fact.place].astype(fact.dtype), len(rows))
            else:
                expanded[fact.place] = np.repeat(column[rows], cases)
        met = self.answer.run(expanded, len(rows) * cases).reshape(len(rows), cases)
        self.follow_answers()
        key_of, is_left_of = self.answer_keys()
        keys = key_of[met]
        is_left = is_left_of[met].any(axis=1)
        same = (keys == keys[:, :1]).all(axis=1)
        settled = np.flatnonzero(same & ~is_left)
        if len(settled):
            found[rows[settled]] = self.settle(frame, codes, rows[settled], met[settled], lacking)
        rest = np.flatnonzero(~same & ~is_left)
        if len(rest):
            missing = [changes(keys[rest].reshape(len(rest), *sizes), axis) for axis in range(1, len(sizes) + 1)]
            found[rows[rest]] = self.open(known[rows[rest]], keys[rest], dict(zip(lacking, missing, strict=True)))
        left: Array = rows[is_left]
        return left

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

    def settle(self, frame: pl.DataFrame, codes: Mapping[int, Array], rows: Array, met: Array, lacking: Sequence[CodedFact]) -> Array:
        """Return the records of rows whose missing facts turned out not to matter, one row of each kind decided value by value."""
        states = self.answer.states(codes, rows)
        kinds, places = distinct([*states, *sets_of(met, len(self.answer.answers))])
        unknown = tuple(fact.place for fact in lacking)
        of_kinds = zip(*(column[kinds].tolist() for column in states), strict=True) if states else [()] * len(kinds)
        keys = [(*unknown, -1, *kind, -1, *sorted(set(some))) for kind, some in zip(of_kinds, met[kinds].tolist(), strict=True)]
        fresh = {key: row for key, row in zip(keys, rows[kinds].tolist(), strict=True) if key not in self.settled}
        if fresh:
            self.settled |= zip(fresh, self.by_values(frame[list(fresh.values())]).tolist(), strict=True)
        return np.array([self.settled[key] for key in keys], np.int64)[places]

    def open(self, known: Array, keys: Array, missing: Mapping[CodedFact, Mask]) -> Array:
        """Return the records of rows that rest on missing facts.

        Args:
            known: For each row its answer for what is known.
            keys: For each row and combination of missing facts the number of what makes the answer the same as others.
            missing: The facts that each row lacks.
        """
        masks = list(missing.values())
        bits = np.zeros(len(known), np.int64)
        for place, mask in enumerate(masks):
            bits |= mask.astype(np.int64) << place
        said, fens, has_fen = self.said_of_keys()
        sets = said[keys]
        columns = [known.astype(np.int64), bits, *sets_of(sets, len(self.said_numbers))]
        if has_fen.any():
            has, amounts = has_fen[keys], fens[keys]
            columns.append(np.where(has, amounts, LARGEST).min(axis=1))
            columns.append(np.where(has, amounts, -LARGEST).max(axis=1))
        kinds, places = distinct(columns)
        lacking, listed = tuple([fact.place for fact in missing]), list(self.said_numbers)
        numbers = []
        of_kinds = zip(*(column[kinds].tolist() for column in columns), strict=True)
        for row, of_kind in zip(kinds.tolist(), of_kinds, strict=True):
            key = (lacking, *of_kind)
            if key not in self.opened:
                base = self.answer.answers[int(known[row])]
                names = frozenset(fact.item.name for fact, mask in missing.items() if mask[row])
                is_judged = bool(names) and all(self.is_judged(name) for name in names)
                possible = self.possible(frozenset(listed[number] for number in set(sets[row].tolist())))
                least_most = (int(columns[-2][row]), int(columns[-1][row])) if has_fen[keys[row]].any() else None
                record = Record(ODD if is_judged else OPEN, None, names, base.codes, base.fired, possible, least_most, is_bad=False)
                self.opened[key] = self.number(record)
            numbers.append(self.opened[key])
        return np.array(numbers, np.int64)[places]

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


def changes(cube: Array, axis: int) -> Mask:
    """Return the rows in which another value along an axis alone changes something."""
    differs = cube.max(axis=axis) != cube.min(axis=axis)
    found: Mask = differs.reshape(len(cube), -1).any(axis=1)
    return found


def sets_of(numbers: Array, count: int) -> list[Array]:
    """Return for each row the set of its numbers, as bits of integers.

    >>> [column.tolist() for column in sets_of(np.array([[0, 2, 2], [1, 1, 1]]), 3)]
    [[5, 2]]
    """
    found = []
    for start in range(0, max(count, 1), WORD):
        inside = (numbers >= start) & (numbers < start + WORD)
        bits = np.where(inside, np.int64(1) << np.clip(numbers.astype(np.int64) - start, 0, WORD - 1), 0)
        found.append(np.bitwise_or.reduce(bits, axis=1))
    return found


def _marks(said: Sequence[frozenset[str]]) -> dict[str, Mask]:
    names: frozenset[str] = frozenset().union(*said)
    return {name: np.array([name in each for each in said], np.bool_) for name in sorted(names)}
