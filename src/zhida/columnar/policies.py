"""Policies over frames: a linked policy as a plan and the questions that are asked of it.

PolicyModel ──open_policy──> PolicyColumns ──settle──> Answers ──batch──> record batch      block after block of a frame
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from zhida.columnar.answers import FAILED, HELD, ODD, OPEN, Questions
from zhida.columnar.cases import FenOf
from zhida.columnar.coded import UncodedError
from zhida.columnar.coded_policies import CodedPolicy
from zhida.columnar.columns import Array, Column, Marks, Mask, Vocabulary, distinct, full, keys_of, take, value_at
from zhida.columnar.execute import BLOCK, Block, Executor, Results
from zhida.columnar.frames import column_names, read_block
from zhida.columnar.kept import from_bytes, to_bytes
from zhida.columnar.kernel.numpy_kernel import WORD
from zhida.columnar.learned import Learned
from zhida.columnar.lower import lower
from zhida.columnar.near import NearFinder
from zhida.columnar.near_coded import CodedRows
from zhida.columnar.near_values import ValueRows
from zhida.columnar.plan import Kind, Plan
from zhida.columnar.settle import Answers, Fired, Near, PossibleSet, Settler
from zhida.columnar.spread import Places, Spread, entries_at, narrowest, spread
from zhida.columnar.stages import decide_by_stages
from zhida.dmn.compiled import CompiledTable, Typed
from zhida.policy.front_matter import Rounding
from zhida.policy.pack import PolicyModel
from zhida.values.numbers import CENT_GUARD_PLACES, feel_context, round_amount
from zhida.values.text import format_value
from zhida.values.types import is_number
from zhida.values.unknown import Unknown

DEFAULT_FIRED = "否则"
"""Said of a table of which no rule fired, and whose value is none the less not null."""


CODED_BLOCK = 4 * BLOCK
"""Rows that are decided together where codes tell all: of each row there are a few bytes."""

CODED_FROM = 32_768
"""Rows from which a run decides by codes: what codes mean has to be learned first, as dearly for few rows as for many."""

ETC = "等"
"""Said behind what is possible where there may be more."""


_ToldRules = tuple[dict[int, str], dict[str, int], dict[str, tuple[int, ...]]]
"""The words of firings; the place of each rule by its number; the ranks of words: so many as there are firings."""


@dataclass(frozen=True, slots=True)
class Words:
    """The words for what is possible, in the order in which they are listed."""

    held: str = "ELIGIBLE"
    """All conditions hold; a status is said instead where the policy gives one."""
    ineligible: str = "INELIGIBLE"
    """The subject is not eligible."""
    odd: str = "REVIEW"
    """A person must look."""
    not_applicable: str = "NOT_APPLICABLE"
    """The policy does not apply to the subject."""
    statuses: tuple[str, ...] = ()
    """The statuses that the policy gives, in its own order; others follow by their text."""

    def rank(self, status: str) -> int:
        """Return the place of a status."""
        return self.statuses.index(status) if status in self.statuses else len(self.statuses)


@dataclass(frozen=True, slots=True)
class Part:
    """What is said of the rows of a block."""

    answers: Answers
    """The answers: one for each row, or each different one once."""
    places: Array | None
    """For each row the place of its answer; None where there is one for each row."""
    near: Near | None
    """What is nearly met, row by row; None where nobody looked."""

    @property
    def bad(self) -> Mask:
        """The rows that go to the interpreter."""
        return self.answers.bad if self.places is None else entries_at(self.answers.bad, self.places)


@dataclass(frozen=True, slots=True)
class PolicyColumns:
    """A policy that is ready for frames."""

    model: PolicyModel
    """The policy, linked for a day."""
    plan: Plan
    """How its decisions are computed; `plan.fallbacks` is what the interpreter does."""
    questions: Questions
    """What is asked of each row."""
    executor: Executor
    """Runs the plan; it keeps what it learns."""
    settler: Settler
    """Answers the questions."""
    words: Words = Words()
    """What is said of what is possible."""
    finder: NearFinder | None = None
    """Finds what is nearly met; None where nobody asks."""
    coded_from: int = 0
    """Rows of a frame from which it is decided by codes."""
    _codes: list[CodedPolicy | None] = field(default_factory=list, init=False, repr=False, compare=False)
    """What decides by codes, once that was asked for."""
    _told_rules: dict[str, _ToldRules] = field(default_factory=dict, init=False, repr=False, compare=False)
    """By table: how firings are told."""

    @property
    def codes(self) -> CodedPolicy | None:
        """Decides by codes, where the answer is a function of codes alone; None where it is not, or no longer."""
        if not self._codes:
            try:
                self._codes.append(CodedPolicy(self.settler))
                self.executor.learned.is_stale = True
            except UncodedError:
                self._codes.append(None)
        return self._codes[0]

    @property
    def is_without_codes(self) -> bool:
        """Whether it was found that codes do not tell all."""
        return self._codes == [None]

    def leave_codes(self) -> None:
        """Decide by values from now on: there are more different ones than codes."""
        self._codes[:] = [None]

    def try_codes(self) -> None:
        """Find out anew whether codes tell all."""
        self._codes.clear()

    def settle(self, frame: pl.DataFrame, *, block: int = BLOCK) -> Iterator[Answers]:
        """Yield the answers of a frame, block by block, in its order.

        Rows that are `bad` in an answer are for the interpreter. Outside of the days on which the policy is law nothing is
        asked: that is for the caller to see.

        Args:
            frame: One row for each subject: columns by the names of attributes, with `:absent` companions.
            block: Rows that are decided together.
        """
        kept = [name for name in column_names(self.plan.facts) if name in frame.columns]
        narrow = frame.select(kept) if kept else frame
        for start in range(0, frame.height, block):
            yield self.decide(read_block(narrow.slice(start, block), self.plan, self.executor.vocabulary))

    def decide(self, block: Block) -> Answers:
        """Return the answers of a block, with what is nearly met where that was asked for."""
        is_whole = self.finder is not None and any(ending == FAILED for ending, _ in self.finder.groups)
        return decide_by_stages(self.settler, block, self.whole, is_whole=is_whole)

    def whole(self, block: Block, results: Results) -> Answers:
        """Return the answers of rows that are asked everything."""
        answers = self.settler.settled(block, results)
        if self.finder is None:
            return answers
        near = self.finder.find(ValueRows(self.finder, results, answers))
        return replace(answers, near=near, bad=answers.bad | near.bad)

    def parts(self, frame: pl.DataFrame, *, block: int | None = None) -> Iterator[Part]:
        """Yield what `settle` says, block by block, each different answer once where codes tell them all.

        Args:
            frame: One row for each subject: columns by the names of attributes, with `:absent` companions.
            block: Rows that are decided together; by default more of codes than of values.
        """
        kept = [name for name in column_names(self.plan.facts) if name in frame.columns]
        start, are_many = 0, frame.height >= self.coded_from
        is_whole = not are_many and frame.height <= (block or BLOCK)  # read as it is, then
        narrow = frame if is_whole or not kept else frame.select(kept)
        while start < frame.height:
            codes = self.codes if are_many else None
            rows = block or (BLOCK if codes is None else CODED_BLOCK)
            yield self.part(narrow if is_whole else narrow.slice(start, rows), codes)
            start += rows

    def part(self, frame: pl.DataFrame, codes: CodedPolicy | None) -> Part:
        """Return what is said of the rows of a block, by codes or by values."""
        if codes is not None:
            try:
                decided = codes.decide(frame)
                near = None if self.finder is None else self.finder.find(CodedRows(self.finder, codes, frame, decided))
            except UncodedError:  # more different values than there are codes
                self.leave_codes()
            else:
                if near is None or not near.bad.any():
                    return Part(decided.answers, decided.places, near)
                answers = decided.answers.take(decided.places)  # rows that go to the interpreter leave no words
                return Part(replace(answers, bad=answers.bad | near.bad, near=near), None, near)
        answers = self.decide(read_block(frame, self.plan, self.executor.vocabulary))
        return Part(answers, None, answers.near)

    def told(self, part: Part) -> pa.RecordBatch:
        """Return a block as `batch` does, one row for each of its rows."""
        if part.places is None:
            return self.batch(part.answers)
        few = self.batch(part.answers)
        columns = {name: spread(few.column(name), part.places) for name in few.schema.names}
        if part.near is not None:
            columns["near"] = self.near(part.near.misses, ~part.bad)
        return pa.RecordBatch.from_pydict(columns)

    def near(self, misses: Array, good: Mask) -> pa.DictionaryArray:
        """Return the nearest line of each row in words."""
        return dictionary(np.where(good, misses, -1), str if self.finder is None else self.finder.text)

    def near_spread(self, part: Part) -> Spread:
        """Return the nearest line of each row of a block, each line in words once.

        Raises:
            ValueError: nobody looked for near misses.
        """
        if self.finder is None or part.near is None:
            raise ValueError("nobody looked for near misses")
        codes = (part.near.misses + 1).astype(narrowest(len(self.finder.lines) + 1))
        codes[part.bad] = 0
        places = Places(codes, len(self.finder.lines) + 1)
        lines = np.where(places.counts > 0, np.arange(-1, places.entries - 1), -1)
        return Spread(dictionary(lines, self.finder.text), places)

    def batch(self, answers: Answers) -> pa.RecordBatch:
        """Return the answers of a block, one row for each of its rows, in order.

        Rows that are `bad` are for the interpreter: everything else about them is null, zero or false. What dictionaries hold
        depends on nothing but the rows: the words that occur, in the order of the policy or of the text.

        Columns:
            ending: uint8, HELD, OPEN, ODD or FAILED + n.
            amount_fen: int64, where the policy gives money; null where nothing is held.
            result: dictionary, where it gives a status; null where nothing is held.
            missing: uint64, then `missing:1`, …: bit n is the n-th of `plan.facts`.
            codes: dictionary, codes of what was odd with commas between, in the order of the text.
            possible: dictionary, the answers that are possible where a row is OPEN, by `words`; `等` behind where there may be
                others; null elsewhere.
            low_fen, high_fen: int64, the least and the greatest amount among these; null where there is none.
            near: dictionary, the nearest line that would change the answer: `<name> → <line> <unit>`; null where none is near.
            bad: bool.
            rules:<decision>: dictionary for each table: numbers of the rules that fired with `、` between, `否则` where none did;
                null where the answer does not rest on the table, and where none fired for certain and its value is null or not known.
        """
        rows = len(answers.endings)
        good = ~answers.bad
        held = (answers.endings == HELD) & good
        columns: dict[str, pa.Array] = {"ending": pa.array(np.where(good, answers.endings, ODD), pa.uint8())}
        if answers.value is not None and self.questions.below is not None:
            fen = fen_of(answers.value, held, self.model.policy.front.rounding, self.executor.vocabulary)
            columns["amount_fen"] = pa.array(fen, pa.int64(), mask=~held)
        elif answers.value is not None:
            columns["result"] = self.results(answers.value, held)
        names = [item.name for item in self.plan.facts.values()]
        for place, start in enumerate(range(0, max(len(names), 1), WORD)):
            bits = bit_set([answers.missing.get(name) for name in names[start : start + WORD]], rows)
            columns[f"missing:{place}" if place else "missing"] = pa.array(np.where(good, bits, np.uint64(0)))
        columns["codes"] = joined_names(answers.codes, good)
        columns |= self.possible(answers, good)
        columns["near"] = self.near(np.full(rows, -1, np.int64) if answers.near is None else answers.near.misses, good)
        columns["bad"] = pa.array(answers.bad)
        for id_, fired in answers.tables.items():
            columns[f"rules:{id_}"] = self.rules(id_, fired, good)
        return pa.RecordBatch.from_pydict(columns)

    def results(self, column: Column, held: Mask) -> pa.DictionaryArray:
        """Return the status of each row that has one."""
        vocabulary = self.executor.vocabulary
        if column.form.kind is Kind.STRING:
            return dictionary(np.where(held, column.values, -1), lambda code: format_value(vocabulary.values[code]), self.words.rank)
        rows = np.flatnonzero(held)
        chosen = take(column, rows)
        first, places = distinct(keys_of(chosen, len(rows), vocabulary)) if len(rows) else (rows, rows)
        codes = np.full(len(held), -1, np.int64)
        codes[rows] = places
        return dictionary(codes, lambda code: format_value(value_at(chosen, int(first[code]), vocabulary)), self.words.rank)

    def possible(self, answers: Answers, good: Mask) -> dict[str, pa.Array]:
        """Return what is possible in rows that are open."""
        found, rows = answers.possible, len(good)
        if found is None:
            nothing = pa.nulls(rows, pa.int64())
            return {"possible": dictionary(np.full(rows, -1, np.int64), str), "low_fen": nothing, "high_fen": nothing}
        is_open = good & (answers.endings == OPEN)
        lacks = ~(is_open & found.has_amount)
        return {
            "possible": dictionary(np.where(is_open, found.sets, -1), lambda code: self.possible_words(self.settler.possible[code])),
            "low_fen": pa.array(found.low_fen, pa.int64(), mask=lacks),
            "high_fen": pa.array(found.high_fen, pa.int64(), mask=lacks),
        }

    def possible_words(self, possible: PossibleSet) -> str:
        """Return what is possible in words: what holds first, statuses in the order of the policy."""
        policy, words = self.model.policy, self.words
        failed = {goal: FAILED + place for place, goal in enumerate(self.questions.conditions)}
        listed = {
            failed.get(policy.eligible_id or ""): words.ineligible,
            ODD: words.odd,
            failed.get(policy.applies_id or ""): words.not_applicable,
        }
        endings = {ending for ending, _ in possible}
        held = sorted((said for ending, said in possible if ending == HELD), key=lambda said: (words.rank(said), said))
        is_status = self.questions.value is not None and self.questions.below is None  # which may be the empty text
        found = [said if is_status else words.held for said in held]
        found += [word for ending, word in listed.items() if ending in endings]
        return "、".join(found) + (ETC if OPEN in endings else "")

    def rules(self, decision_id: str, fired: Fired, good: Mask) -> pa.DictionaryArray:
        """Return the rules of a table that fired in each row."""
        body = self.model.model.decisions[decision_id].body
        body = body.body if isinstance(body, Typed) else body
        assert isinstance(body, CompiledTable), "only tables fire"
        rules, firings = body.table.rules, self.executor.firings.list
        if decision_id not in self._told_rules:
            self._told_rules[decision_id] = ({}, {rule.number: place for place, rule in enumerate(rules)}, {})
        words, numbers, ranks = self._told_rules[decision_id]
        fires = np.array([bool(firing.rules) for firing in firings] or [False])
        is_told = good & (fired.firing >= 0) & (fires[fired.firing] | ~fired.is_null)

        def word(code: int) -> str:
            if code not in words:
                words[code] = "、".join([rules[place].number for place in firings[code].rules]) or DEFAULT_FIRED
            return words[code]

        def rank(said: str) -> tuple[int, ...]:
            if said not in ranks:
                ranks[said] = tuple([numbers.get(number, len(rules)) for number in said.split("、")])
            return ranks[said]

        return dictionary(np.where(is_told, fired.firing, -1), word, rank)


def dictionary(codes: Array, word: Callable[[int], str], rank: Callable[[str], Any] = str) -> pa.DictionaryArray:
    """Return for each row the word of its code; nothing for -1.

    Args:
        codes: The code of each row, -1 or more.
        word: The word of a code; codes may share one.
        rank: What words are sorted by; where it is the same, by the text.

    >>> found = dictionary(np.array([7, -1, 3, 7]), {7: "小型", 3: "中型"}.__getitem__)
    >>> found.to_pylist(), found.dictionary.to_pylist()
    (['小型', None, '中型', '小型'], ['中型', '小型'])
    """
    met = np.flatnonzero(np.bincount(codes + 1)) - 1
    said = {code: word(code) for code in met.tolist() if code >= 0}
    words = sorted(set(said.values()), key=lambda each: (rank(each), each))
    places = {each: place for place, each in enumerate(words)}
    table = np.full(int(met.max(initial=-1)) + 2, -1, np.int32)
    for code, each in said.items():
        table[code + 1] = places[each]
    found = table[codes + 1]
    return pa.DictionaryArray.from_arrays(pa.array(found, pa.int32(), mask=found < 0), pa.array(words, pa.string()))


def joined_names(marks: Marks, rows: Mask) -> pa.DictionaryArray:
    """Return for each row the names of the marks that it has, with commas between; nothing where it does not count."""
    names = sorted(marks)
    if not names:
        return dictionary(np.where(rows, 0, -1), lambda _: "")
    keys = [
        bit_set([marks[name] for name in names[start : start + WORD]], len(rows)).view(np.int64) for start in range(0, len(names), WORD)
    ]
    first, places = distinct(keys)
    return dictionary(np.where(rows, places, -1), lambda code: ",".join(name for name in names if marks[name][first[code]]))


def bit_set(masks: Sequence[Mask | None], rows: int) -> NDArray[np.uint64]:
    """Return for each row the bits of the masks that it is in; at most 64 of them.

    >>> bit_set([np.array([True, False]), None, np.array([True, True])], 2).tolist()
    [5, 4]
    """
    total = np.zeros(rows, np.uint64)
    for place, mask in enumerate(masks):
        if mask is not None:
            total |= np.where(mask, np.uint64(1 << place), np.uint64(0))
    return total


def column_values(column: Column, rows: Array, vocabulary: Vocabulary) -> list[object]:
    """Return the FEEL values of some rows; each different one is made once."""
    if not len(rows):
        return []
    chosen = take(column, rows)
    if chosen.form.kind is Kind.VALUE and np.all(chosen.known):
        return [vocabulary.values[number] for number in full(chosen.values, len(rows)).tolist()]
    first, places = distinct(keys_of(chosen, len(rows), vocabulary))
    values = [value_at(chosen, row, vocabulary) for row in first.tolist()]
    return [values[place] for place in places.tolist()]


def fen_of(column: Column, held: Mask, rounding: Rounding, vocabulary: Vocabulary) -> Array:
    """Return amounts of yuan in integer fen, rounded once; where nothing is held, 0.

    Args:
        column: The amounts.
        held: The rows that count.
        rounding: How the policy rounds.
        vocabulary: That of the executor.
    """
    fen = np.zeros(len(held), np.int64)
    scale, kept = column.form.scale, rounding.scale
    if column.form.kind is not Kind.NUMBER or scale > CENT_GUARD_PLACES or not 0 <= kept <= 2:
        rows, context = np.flatnonzero(held), feel_context()
        amounts = column_values(column, rows, vocabulary)
        fen[rows] = [round_amount(amount, kept, rounding.mode).scaleb(2, context) for amount in amounts if is_number(amount)]
        return fen
    values = np.where(held, column.values, 0)
    if scale <= kept:
        return values * np.int64(10 ** (2 - scale))
    unit = np.int64(10 ** (scale - kept))
    whole, rest = np.abs(values) // unit, np.abs(values) % unit
    match rounding.mode:
        case "down":
            up = np.zeros(len(values), np.bool_)
        case "up":
            up = rest > 0
        case "half_up":
            up = 2 * rest >= unit
        case _:
            up = (2 * rest > unit) | ((2 * rest == unit) & (whole % 2 == 1))
    found: Array = np.sign(values) * (whole + up) * np.int64(10 ** (2 - kept))
    return found


@dataclass(frozen=True, slots=True)
class Fens:
    """Rounds amounts to fen as a policy does."""

    rounding: Rounding
    """How it rounds."""
    vocabulary: Vocabulary
    """That of the executor."""

    def __call__(self, column: Column, held: Mask) -> Array:
        """Return amounts of yuan in integer fen, as `fen_of` does."""
        return fen_of(column, held, self.rounding, self.vocabulary)


def questions_of(model: PolicyModel, *, below: Decimal) -> Questions:
    """Return what is asked of a subject by a policy: whether it applies, whether the subject is eligible, how much.

    Args:
        model: The policy.
        below: The amount, in yuan, from which a person must look.
    """
    policy = model.policy
    conditions = tuple(goal for goal in (policy.applies_id, policy.eligible_id) if goal is not None)
    if policy.result_id is not None:
        return Questions(conditions, policy.result_id)
    return Questions(conditions, policy.amount_id, below)


@dataclass(frozen=True, slots=True)
class Opened:
    """How a policy was opened; see `open_policy`."""

    below: Decimal
    """The amount, in yuan, from which a person must look."""
    limit: int
    """Combinations of missing facts that are enumerated at most."""
    words: Words
    """What is said of what is possible."""
    near_within: Decimal | None
    """How near a line must be to be a near miss."""
    coded_from: int
    """Rows of a frame from which it is decided by codes."""


def open_policy(  # noqa: PLR0913 - each says one thing of how rows are told
    model: PolicyModel,
    *,
    below: Decimal,
    limit: int,
    words: Words | None = None,
    near_within: Decimal | None = None,
    learned: Learned | None = None,
    coded_from: int = 0,
) -> PolicyColumns:
    """Return a policy that is ready for frames.

    Args:
        model: The policy, linked for a day. A parameter whose figure is lacking is a fact that every row lacks.
        below: The amount, in yuan, from which a person must look.
        limit: Combinations of missing facts that are enumerated at most.
        words: What is said of what is possible.
        near_within: How near a line must be to be a near miss, as a share of it; None where nobody asks.
        learned: What the interpreter said in other runs of the same policy, and will say in this one.
        coded_from: Rows of a frame from which it is decided by codes; what comes out is the same.
    """
    opened = Opened(below, limit, words or Words(), near_within, coded_from)
    found = None if learned is None else _kept(model, opened, learned)
    if found is None:
        found = _opened(model, opened, learned)
    if learned is not None:
        learned.becoming = partial(_become, found, opened)
    return found


MOST_KEPT = 50_000
"""Values and combinations of values that are kept between runs of what a policy has become."""


def _kept(model: PolicyModel, opened: Opened, learned: Learned) -> PolicyColumns | None:
    """Return a policy as it was at the end of another run; None where that is not known, or it was opened in another way."""
    become, learned.become = learned.become, b""  # whoever begins anew begins with the lessons alone
    found = from_bytes(become, model, learned) if become else None
    match found:
        case (Opened() as then, PolicyColumns() as columns) if then == opened:
            if columns.is_without_codes:  # other rows may have fewer different values
                columns.try_codes()
            return columns
    if become:  # what becomes of the policy now takes its place
        learned.is_stale = True
    return None


def _become(columns: PolicyColumns, opened: Opened) -> bytes:
    """Return what a policy has become as bytes; none where it has become too much."""
    executor = columns.executor
    return b"" if executor.remembered > MOST_KEPT else to_bytes((opened, columns), columns.model, executor.learned)


def _opened(model: PolicyModel, opened: Opened, learned: Learned | None) -> PolicyColumns:
    """Return a policy that is ready for frames, and has met none."""
    questions = questions_of(model, below=opened.below)
    known = {id_: value for id_, value in model.parameters.items() if not isinstance(value, Unknown)}
    plan = lower(model.model, questions.goals, as_of=model.as_of, constants=known)
    executor = Executor(plan, learned=learned)
    fen: FenOf | None = None
    if questions.below is not None and questions.value is not None:
        fen = Fens(model.policy.front.rounding, executor.vocabulary)
    settler = Settler(executor, questions, limit=opened.limit, fen=fen)
    finder = None if opened.near_within is None else NearFinder(settler, better_groups(model, questions), opened.near_within)
    return PolicyColumns(model, plan, questions, executor, settler, opened.words, finder, opened.coded_from)


def better_groups(model: PolicyModel, questions: Questions) -> list[tuple[int, Questions]]:
    """Return the endings that could be better, each with the questions that were asked until then: not eligible, and a status."""
    found = []
    if model.policy.eligible_id is not None:
        place = questions.conditions.index(model.policy.eligible_id)
        found.append((FAILED + place, Questions(questions.conditions[: place + 1])))
    if model.policy.result_id is not None:
        found.append((HELD, questions))
    return found
