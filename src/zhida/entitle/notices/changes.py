"""Whose answer changed: two runs, held against each other cell by cell, and what the changes have in common.

    rows of both runs ──> Aligned ──each pair──> Sides ──masks──> changed rows ──distinct──> Change, each with its rows

An answer is the outcome, the status, the amount, what is missing, what is possible and the way of delivery: these cells, and no
others. Rules, near misses and diagnostics only help to tell a change. Where a run has no answer (the policy or the subject is not
there), an answer that neither gives anything nor may give it is the same as having none.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from zhida.assess.assessment import Outcome
from zhida.assess.cells import missing_cells, names_of
from zhida.entitle.notices.pairs import WORD, Cause, Event, Pair
from zhida.entitle.notices.runs import NO_NUMBER, NONE, Cut, Run, bits, numbers, word_places
from zhida.registry_io.former import FACTS_COLUMN

COMPARED_WORDS = ("outcome", "result", "delivery", "possible")
"""The cells of words that are the answer."""

COMPARED_NUMBERS = ("amount_fen", "low_fen", "high_fen")
"""The cells of numbers that are the answer."""

NEAR = "near"
"""The cell that tells what was nearly met."""

OUTCOMES: Mapping[str, int] = {outcome.value: place for place, outcome in enumerate(Outcome)}
"""The place of each outcome: vocabularies begin with them."""

ELIGIBLE, INELIGIBLE, UNDETERMINED, REVIEW, NOT_APPLICABLE = (OUTCOMES[outcome] for outcome in Outcome)

Words = np.ndarray
Bits = np.ndarray


@dataclass(frozen=True, slots=True)
class Aligned:
    """The rows of two cuts of the same range of keys, each key once."""

    keys: pl.Series
    """The keys, ascending."""
    former: np.ndarray | None
    """For each key its row in the former cut, -1 for none; None where they are its rows, in order."""
    now: np.ndarray | None
    """The same for the cut of today."""


def align(former: Cut, now: Cut) -> Aligned:
    """Return the keys of two cuts with the rows that they have in each."""
    if len(former.keys) == len(now.keys) and bool((former.keys == now.keys).all()):
        return Aligned(now.keys, None, None)
    keys = pl.concat([former.keys, now.keys]).unique().sort()
    return Aligned(keys, *(_places(keys, cut.keys) for cut in (former, now)))


def _places(keys: pl.Series, own: pl.Series) -> np.ndarray | None:
    """Return the place of each key among those of one cut, -1 for none."""
    if len(keys) == len(own):
        return None
    left = pl.DataFrame({"key": keys})
    right = pl.DataFrame({"key": own}).with_row_index("place")
    found: np.ndarray = left.join(right, on="key", how="left", maintain_order="left")["place"].cast(pl.Int64).fill_null(-1).to_numpy()
    return found


def spread(values: np.ndarray, places: np.ndarray | None, none: int) -> np.ndarray:
    """Return the value of each place; `none` where there is no place."""
    if places is None:
        return values
    if not len(values):
        return np.full(len(places), none, values.dtype)
    found: np.ndarray = np.where(places < 0, values.dtype.type(none), values[places])
    return found


@dataclass(frozen=True, slots=True)
class Side:
    """What one run says of one policy, for all rows that are compared."""

    is_there: np.ndarray
    """Whether it has an answer for the subject."""
    words: Mapping[str, Words]
    """The cells of words as places in the pair's vocabulary; beside those compared `near` and the goals' tables."""
    numbers: Mapping[str, np.ndarray]
    """The cells of numbers."""
    missing: tuple[Bits, ...]
    """The missing facts, as bits of the pair."""

    @property
    def outcome(self) -> Words:
        """The outcomes, as places."""
        return self.words["outcome"]


def side_of(cut: Cut, run: Run, policy: str, own: tuple[int, ...], pair: Pair, places: np.ndarray | None, known: dict[str, int]) -> Side:  # noqa: PLR0913, PLR0917 - one for each thing that is read
    """Return one run's side of a pair.

    Args:
        cut: Its rows.
        run: The run.
        policy: The policy's id in it; empty where it has no answer of it.
        own: For each of its missing facts the bit in the pair.
        pair: The pair.
        places: For each key its row in the cut; None where they are its rows.
        known: The pair's vocabulary, which learns.
    """
    rows = len(cut.keys) if places is None else len(places)
    tables = tuple(pair.tables.values()) if policy == pair.now else ()
    cells = (*COMPARED_WORDS, NEAR, *tables)
    if not policy:
        none = np.full(rows, NONE, np.int32)
        empty = np.zeros(rows, np.uint64)
        nothing = np.full(rows, NO_NUMBER, np.int64)
        return Side(np.zeros(rows, np.bool_), dict.fromkeys(cells, none), dict.fromkeys(COMPARED_NUMBERS, nothing), (empty,) * pair.words)
    bit_cells = missing_cells(len(run.missing[policy]))
    table = cut.read([f"{policy}:{cell}" for cell in (*cells, *COMPARED_NUMBERS, *bit_cells)])

    def column(cell: str) -> pa.ChunkedArray:
        name = f"{policy}:{cell}"
        if name in table.schema.names:
            return table.column(name)
        return pa.chunked_array([pa.nulls(table.num_rows, pa.int64() if cell in COMPARED_NUMBERS else pa.string())])

    found = {cell: spread(word_places(column(cell), known), places, NONE) for cell in cells}
    there = np.ones(rows, np.bool_) if places is None else places >= 0
    sums = {cell: spread(numbers(column(cell)), places, NO_NUMBER) for cell in COMPARED_NUMBERS}
    lacking = _rearranged([bits(column(cell)) for cell in bit_cells], own, pair.words)
    return Side(there, found, sums, tuple(spread(word, places, 0) for word in lacking))


def _rearranged(words: list[Bits], own: tuple[int, ...], count: int) -> list[Bits]:
    """Return bits in the order of the pair."""
    rows = len(words[0])
    if own == tuple(range(len(own))):
        return [*words, *(np.zeros(rows, np.uint64) for _ in range(count - len(words)))]
    found = [np.zeros(rows, np.uint64) for _ in range(count)]
    for place, target in enumerate(own):
        is_set = words[place // WORD] >> np.uint64(place % WORD) & np.uint64(1)
        found[target // WORD] |= is_set << np.uint64(target % WORD)
    return found


# --- which rows ----------------------------------------------------------------------------------------------------


def is_changed(former: Side, now: Side, vocabulary: Mapping[str, int]) -> np.ndarray:
    """Say of each row whether the answer is another one.

    Args:
        former: The former run's side.
        now: Today's side.
        vocabulary: The words of both.
    """
    differs = np.zeros(len(now.is_there), np.bool_)
    for cell in COMPARED_WORDS:
        differs |= former.words[cell] != now.words[cell]
    for cell in COMPARED_NUMBERS:
        differs |= former.numbers[cell] != now.numbers[cell]
    for then, today in zip(former.missing, now.missing, strict=True):
        differs |= then != today
    begins = now.is_there & ~former.is_there & may_hold(now, vocabulary)
    ends = former.is_there & ~now.is_there & may_hold(former, vocabulary)
    found: np.ndarray = (differs & former.is_there & now.is_there) | begins | ends
    return found


def may_hold(side: Side, vocabulary: Mapping[str, int]) -> np.ndarray:
    """Say of each row whether the policy gives, or may give, the subject anything."""
    is_nothing = (side.outcome == INELIGIBLE) | (side.outcome == NOT_APPLICABLE)
    is_ruled_out = among(side.words["possible"], vocabulary, excludes_eligible)
    found: np.ndarray = ~is_nothing & ~((side.outcome == UNDETERMINED) & is_ruled_out)
    return found


def among(words: Words, vocabulary: Mapping[str, int], is_one: Callable[[str], bool]) -> np.ndarray:
    """Say of each row whether its word is one of those for which something holds; none is not."""
    holds = np.zeros(len(vocabulary) + 1, np.bool_)  # the last place is that of none
    for word, place in vocabulary.items():
        holds[place] = is_one(word)
    found: np.ndarray = holds[words]
    return found


def excludes_eligible(possible: str) -> bool:
    """Say whether the words of what is possible leave out being eligible; what goes to a person may still come out so.

    >>> excludes_eligible("INELIGIBLE、NOT_APPLICABLE"), excludes_eligible("INELIGIBLE、REVIEW"), excludes_eligible("INELIGIBLE等")
    (True, False, False)
    """
    return set(possible.split("、")) <= {Outcome.INELIGIBLE, Outcome.NOT_APPLICABLE}


def is_met_by_window(pair: Pair, former: Side, now: Side, vocabulary: Mapping[str, int]) -> np.ndarray:
    """Say of each row whether what became of the window concerns it: there is, or may be, something to apply for."""
    if pair.event is None:
        return np.zeros(len(now.is_there), np.bool_)
    found: np.ndarray = now.is_there & former.is_there & may_hold(now, vocabulary)
    return found


# --- what they have in common --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AnswerKind:
    """What the answers of many subjects have in common: everything but the amounts."""

    outcome: Outcome
    """The outcome."""
    result: str
    """The status; empty where there is none."""
    missing: tuple[str, ...]
    """The missing facts by name."""
    delivery: str
    """The way of delivery; empty where there is none."""
    possible: str
    """What is possible, in the words of the results."""
    has_amount: bool
    """Whether there is an amount."""
    has_range: bool
    """Whether the possible amounts have a least and a greatest."""
    is_single: bool
    """Whether these are one and the same."""
    near: str
    """What is nearly met: `从业人员 → 300 人`."""
    articles: tuple[str, ...] = ()
    """The articles that it rests on; told of today alone."""

    @property
    def is_nothing(self) -> bool:
        """Whether the policy neither gives nor may give anything."""
        if self.outcome is Outcome.UNDETERMINED:
            return excludes_eligible(self.possible)
        return self.outcome in {Outcome.INELIGIBLE, Outcome.NOT_APPLICABLE}


@dataclass(frozen=True, slots=True)
class Change:
    """What the changes of many subjects have in common: everything but the amounts."""

    pair: Pair
    """The policy."""
    former: AnswerKind | None
    """What was said; None where nothing was."""
    now: AnswerKind | None
    """What is said; None where nothing is."""
    event: Event | None
    """What became of the window, where the answer is the same."""
    amounts: int
    """Whether the amount is greater (1), less (-1) or the same (0)."""
    causes: tuple[Cause, ...]
    """What differs between the runs."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The rows of one pair in which something changed."""

    rows: np.ndarray
    """Their places among the keys."""
    kinds: tuple[Change, ...]
    """What they have in common."""
    kind_of: np.ndarray
    """For each row its place among `kinds`."""
    former: Mapping[str, np.ndarray]
    """The amounts of the former run."""
    now: Mapping[str, np.ndarray]
    """The amounts of today."""


def changes_of(pair: Pair, former: Side, now: Side, vocabulary: Mapping[str, int], facts: np.ndarray | None) -> Changes:
    """Return what changed for one pair.

    Args:
        pair: The pair.
        former: The former run's side.
        now: Today's side.
        vocabulary: The words of both.
        facts: Whether the facts of each subject are others; None where nobody knows.
    """
    changed = is_changed(former, now, vocabulary)
    rows = np.flatnonzero(changed | is_met_by_window(pair, former, now, vocabulary))
    sums, sums_now = ({cell: side.numbers[cell][rows] for cell in COMPARED_NUMBERS} for side in (former, now))
    if not len(rows):
        return Changes(rows, (), rows, sums, sums_now)
    amounts, amounts_now = sums["amount_fen"], sums_now["amount_fen"]
    columns: dict[str, np.ndarray] = {
        "event": ~changed[rows],
        "facts": np.full(len(rows), NONE, np.int8) if facts is None else facts[rows].astype(np.int8),
        "amounts": np.sign(_known(amounts_now) - _known(amounts)).astype(np.int8),
    }
    for head, side, money in (("then", former, sums), ("now", now, sums_now)):
        columns[f"{head} there"] = side.is_there[rows]
        columns |= {f"{head} {cell}": words[rows] for cell, words in side.words.items()}
        columns |= {f"{head} missing {place}": word[rows] for place, word in enumerate(side.missing)}
        low, high = money["low_fen"], money["high_fen"]
        columns[f"{head} amount"] = money["amount_fen"] != NO_NUMBER
        is_range = (low != NO_NUMBER) & (high != NO_NUMBER)
        columns[f"{head} range"] = is_range.astype(np.int8) + (is_range & (low == high))
    frame = pl.DataFrame(columns)
    distinct = frame.unique(maintain_order=True)
    kind_of = frame.join(distinct.with_row_index("kind"), on=frame.columns, how="left", maintain_order="left")["kind"].to_numpy()
    texts = list(vocabulary)
    kinds = tuple(_change(pair, row, texts) for row in distinct.iter_rows(named=True))
    return Changes(rows, kinds, kind_of, sums, sums_now)


def _known(amounts: np.ndarray) -> np.ndarray:
    """Return amounts with nothing in the place of none."""
    return np.where(amounts == NO_NUMBER, 0, amounts)


def _change(pair: Pair, row: Mapping[str, int], texts: list[str]) -> Change:
    """Return what some rows have in common."""
    former, now = _answer(pair, row, texts, "then"), _answer(pair, row, texts, "now")
    is_event = bool(row["event"])
    causes = (Cause.DATE,) if is_event else tuple(_causes(pair, row))
    return Change(pair, former, now, pair.event if is_event else None, row["amounts"], causes)


def _causes(pair: Pair, row: Mapping[str, int]) -> Iterator[Cause]:
    """Yield what differs; the date and the engine only where nothing else does, facts included."""
    if Cause.NEW_POLICY in pair.causes or Cause.GONE_POLICY in pair.causes:
        yield from pair.causes
        return
    if not row["then there"] or not row["now there"]:
        yield Cause.GONE_SUBJECT if row["then there"] else Cause.NEW_SUBJECT
        return
    found = [*pair.causes, *([Cause.FACTS] if row["facts"] == 1 else [])]
    yield from found or (pair.otherwise if row["facts"] == 0 else ())


def _answer(pair: Pair, row: Mapping[str, int], texts: list[str], head: str) -> AnswerKind | None:
    """Return what a row says of one side."""
    if not row[f"{head} there"]:
        return None

    def text(cell: str) -> str:
        place = row[f"{head} {cell}"]
        return "" if place == NONE else texts[place]

    outcome = Outcome(text("outcome"))
    missing = names_of(pair.missing, [row[f"{head} missing {place}"] for place in range(pair.words)])
    rules = {goal: text(cell) for goal, cell in pair.tables.items()} if head == "now" and pair.now else {}
    return AnswerKind(
        outcome=outcome,
        result=text("result"),
        missing=missing,
        delivery=text("delivery"),
        possible=text("possible"),
        has_amount=bool(row[f"{head} amount"]),
        has_range=bool(row[f"{head} range"]) and outcome is Outcome.UNDETERMINED,
        is_single=row[f"{head} range"] == 2,
        near=text(NEAR),
        articles=tuple(_articles(pair, outcome, rules)),
    )


def _articles(pair: Pair, outcome: Outcome, rules: Mapping[str, str]) -> Iterator[str]:
    """Yield the articles that an outcome rests on, each once: those of the rules that fired, else of the decision."""
    if pair.model is None:
        return
    policy = pair.model.policy
    goals = {
        Outcome.NOT_APPLICABLE: (policy.applies_id,),
        Outcome.INELIGIBLE: (policy.eligible_id,),
        Outcome.ELIGIBLE: (policy.eligible_id, policy.result_id, policy.amount_id),
    }.get(outcome, (policy.eligible_id, policy.result_id))
    told: list[str] = []
    for goal in filter(None, goals):
        told += [article for article in articles_of(pair, goal, rules.get(goal, "")) if article]
    yield from dict.fromkeys(told)


def articles_of(pair: Pair, goal: str, fired: str) -> list[str]:
    """Return the articles of the rules of a goal's table that fired, or of the decision where none is named.

    Args:
        pair: The policy, whose text is known.
        goal: The id of the decision.
        fired: The numbers of the rules, joined by `、`.
    """
    assert pair.model is not None
    compiled = pair.model.model.decisions.get(goal)
    table = pair.rules.get(goal)
    if table is not None and fired:
        found = [table[number] for number in fired.split("、") if number in table]
        if found:
            return found
    return [] if compiled is None else [compiled.decision.span.article]


def facts_changed(former: Cut, now: Cut, runs: tuple[Run, Run], aligned: Aligned) -> np.ndarray | None:
    """Say of each subject whether its facts are others; None where the runs do not tell, or cover other attributes.

    Args:
        former: Rows of the former run.
        now: Rows of today.
        runs: Both runs, the former first.
        aligned: Their keys.
    """
    then, today = runs
    if then.facts is None or set(then.facts) != set(today.facts or ()):
        return None
    words = []
    for cut, places in ((former, aligned.former), (now, aligned.now)):
        table = cut.read([FACTS_COLUMN])
        column = table.column(0) if table.num_columns else pa.chunked_array([pa.nulls(0, pa.uint64())])
        words.append(spread(bits(column), places, 0))
    found: np.ndarray = words[0] != words[1]
    return found
