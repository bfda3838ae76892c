"""Columns beside the interpreter: every part of every answer of every row, and a tally by construct.

Different rows are decided once by the interpreter; the columns decide them all, each many times over, in another order and
in blocks of several sizes. What is compared of a row and a decision: its value or the facts it lacks, what was odd in all it
rests on, and which rules fired in each table that it rests on.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np

from tests.columnar.coding import Words, by_codes, frame_of, words_of
from tests.columnar.models import GIVEN, DrawnModel
from tests.engine.columnar_agreement import block_of, told
from tests.engine.dmn_models import AS_OF
from zhida.columnar import kernel
from zhida.columnar.columns import Array, Mask, distinct, full, keys_of
from zhida.columnar.execute import Executor, Results
from zhida.columnar.lower import lower
from zhida.columnar.plan import Plan
from zhida.dmn.compiled import DecisionModel
from zhida.dmn.evaluate import Evaluator
from zhida.values.unknown import unknown

Value = Any

CODED = ", coded"
"""Said behind the path of the kernel on which coded decisions ran: one of them for each model."""
BLOCKS = (1, 40, 700)
"""Rows in the first blocks; the rest is one more."""


def paths() -> tuple[str, ...]:
    """Return the names of the kernel's paths that this machine has."""
    return kernel.PATHS


def others() -> tuple[str, ...]:
    """Return the names of those that it does not have."""
    return kernel.OTHER_PATHS


@dataclass(frozen=True)
class Difference:
    """A row of which the two do not say the same."""

    decision: str
    row: int
    """Its place among the rows of the model."""
    path: str
    """The path of the kernel."""
    interpreter: str
    columns: str


@dataclass
class Tally:
    """What was compared."""

    models: int = 0
    compared: Counter[str] = field(default_factory=Counter)
    """Rows and decisions that were compared, by path of the kernel."""
    distinct: int = 0
    """Those of different rows: what the interpreter was asked."""
    interpreted: Counter[str] = field(default_factory=Counter)
    """Rows and decisions that the columns left to the interpreter, by path: they are compared with nothing."""
    partly: int = 0
    """Of all that was compared on the first path, what some fallback had a part in."""
    whole: int = 0
    """The same of decisions that fell back whole."""
    by_construct: dict[str, Counter[str]] = field(default_factory=dict)
    """The same counts for each construct, on the first path: compared, distinct, interpreted, partly, whole."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why what fell back did, over plans."""

    def add(self, other: "Tally") -> None:
        self.models += other.models
        self.compared += other.compared
        self.distinct += other.distinct
        self.interpreted += other.interpreted
        self.partly += other.partly
        self.whole += other.whole
        self.reasons += other.reasons
        for construct, counts in other.by_construct.items():
            self.by_construct.setdefault(construct, Counter()).update(counts)

    def data(self) -> dict[str, object]:
        """Return the tally as JSON has it."""
        return {
            "models": self.models,
            "compared": dict(self.compared),
            "distinct": self.distinct,
            "interpreted": dict(self.interpreted),
            "partly_fallen_back": self.partly,
            "wholly_fallen_back": self.whole,
            "by_construct": {name: dict(counts) for name, counts in sorted(self.by_construct.items())},
            "reasons": dict(self.reasons.most_common()),
        }


@dataclass
class Finding:
    """What the comparison of one model found."""

    tally: Tally
    differences: list[Difference]


def compare(drawn: DrawnModel, model: DecisionModel, *, repeats: int, seed: str, on: Sequence[str]) -> Finding:
    """Compare the columns with the interpreter over all decisions of a model.

    Args:
        drawn: The model and its rows.
        model: The model, compiled.
        repeats: How many times the columns decide each row.
        seed: The order of rows follows from it.
        on: Paths of the kernel.
    """
    goals = [each.name for each in drawn.decisions]
    plan = lower(model, goals, as_of=AS_OF, constants=GIVEN)
    expected, words, texts = by_interpreter(model, goals, drawn.rows)
    places = np.array([*range(len(drawn.rows))] * repeats)
    Random(seed).shuffle(places)  # type: ignore[arg-type]  # an array is changed in place as a list is
    tally = Tally(models=1, distinct=len(goals) * len(drawn.rows))
    tally.reasons.update({_kind_of(item.reason): 1 for item in plan.fallbacks})
    differences: list[Difference] = []
    is_plain = np.ones(len(drawn.rows), np.bool_)
    for number, path in enumerate(on):
        bad = dict.fromkeys(goals, 0)
        with kernel.use(path.removesuffix(CODED)):
            for goal, rows, numbers, is_bad in by_columns(plan, goals, drawn.rows, places, words):
                bad[goal] += int(is_bad.sum())
                is_plain[rows[is_bad]] = False
                for row in np.flatnonzero((numbers != expected[goal][rows]) & ~is_bad)[:1].tolist():
                    said = list(words)
                    differences.append(Difference(goal, int(rows[row]), path, said[expected[goal][rows[row]]], said[numbers[row]]))
        tally.compared[path] += len(goals) * len(places) - sum(bad.values())
        tally.interpreted[path] += sum(bad.values())
        if not number:
            _count(tally, drawn, plan, bad, len(places))
    path = Random(seed).choice(on)
    with kernel.use(path.removesuffix(CODED)):
        differences += _compare_codes(tally, plan, goals, drawn.rows, places[is_plain[places]], texts, path.removesuffix(CODED))
    return Finding(tally, differences)


def _compare_codes(
    tally: Tally,
    plan: Plan,
    goals: Sequence[str],
    rows: Sequence[Mapping[str, Value]],
    places: Array,
    texts: Mapping[str, Sequence[Words]],
    path: str,
) -> list[Difference]:
    """Compare coded decisions, of rows that columns can tell."""
    differing, interpreted, said = by_codes(plan, goals, frame_of(rows), places, texts)
    tally.compared[path + CODED] += len(goals) * (len(places) - interpreted)
    tally.interpreted[path + CODED] += len(goals) * interpreted
    found = []
    for goal, several in differing.items():
        for place in several[:1].tolist():
            row = int(places[place])
            found.append(Difference(goal, row, path + CODED, str(texts[goal][row]), str(said[goal][0])))
    return found


def _count(tally: Tally, drawn: DrawnModel, plan: Plan, bad: Mapping[str, int], rows: int) -> None:
    """Count by construct."""
    names = {item.decision for item in plan.fallbacks}
    wholes = {item.decision for item in plan.fallbacks if not item.text}
    for each in drawn.decisions:
        compared = rows - bad[each.name]
        counts = Counter(
            compared=compared,
            distinct=len(drawn.rows),
            interpreted=bad[each.name],
            partly=compared * (each.name in names - wholes),
            whole=compared * (each.name in wholes),
        )
        tally.partly += counts["partly"]
        tally.whole += counts["whole"]
        for construct in each.constructs or {"a name or a constant alone"}:
            tally.by_construct.setdefault(construct, Counter()).update(counts)


def _kind_of(reason: str) -> str:
    """Return a reason without what it says of one name."""
    return "a cell names what a row gives" if reason.startswith("a cell names") else reason


# --- the two sides -----------------------------------------------------------------------------------------------------------


def by_interpreter(
    model: DecisionModel, goals: Sequence[str], rows: Sequence[Mapping[str, Value]]
) -> tuple[dict[str, Array], dict[str, int], dict[str, list[Words]]]:
    """Return for each decision the number of what each row comes to, the numbers of all that was said, and it in words."""
    words: dict[str, int] = {}
    texts: dict[str, list[Words]] = {goal: [] for goal in goals}
    found: dict[str, list[int]] = {goal: [] for goal in goals}
    for row in rows:
        evaluator = Evaluator(model, {**GIVEN, **row}, as_of=AS_OF)
        for goal in goals:
            value = evaluator.value(goal)
            beneath = evaluator.beneath([goal]) & evaluator.trace.keys()
            codes = {item.code for id_ in beneath for item in evaluator.trace[id_].diagnostics}
            fired = {}
            for id_ in beneath:
                table = evaluator.trace[id_].table
                if table is not None:
                    fired[id_] = () if table.possible else table.matched
            found[goal].append(words.setdefault(_said(told(value), codes, fired), len(words)))
            texts[goal].append(words_of(model, evaluator, goal))
    return {goal: np.array(numbers) for goal, numbers in found.items()}, words, texts


def _said(value: str, codes: set[str], fired: Mapping[str, tuple[int, ...]]) -> str:
    rules = "; ".join(f"{id_} {list(fired[id_])}" for id_ in sorted(fired))
    return f"{value} | {', '.join(sorted(codes))} | {rules}"


def by_columns(
    plan: Plan, goals: Sequence[str], rows: Sequence[Mapping[str, Value]], places: Array, words: dict[str, int]
) -> Iterator[tuple[str, Array, Array, Mask]]:
    """Yield for each block and decision its rows, the numbers of what these come to, and which go to the interpreter."""
    executor = Executor(plan)
    every = block_of(plan, [{**{name: unknown(name) for name in plan.facts}, **row} for row in rows], executor)
    starts = [0]
    while starts[-1] < len(places):
        size = BLOCKS[len(starts) - 1] if len(starts) <= len(BLOCKS) else len(places)
        starts.append(min(starts[-1] + size, len(places)))
    for start, end in pairwise(starts):
        chosen = places[start:end]
        results = executor.execute(every.take(chosen))
        for goal in goals:
            numbers, bad = _numbers(results, executor, goal, len(chosen), words)
            yield goal, chosen, numbers, bad


def _numbers(results: Results, executor: Executor, goal: str, rows: int, words: dict[str, int]) -> tuple[Array, Mask]:
    """Return the number of what each row comes to, and the rows that go to the interpreter."""
    column = results.columns[goal]
    bad: Mask = np.zeros(rows, np.bool_) if column.bad is None else np.array(full(column.bad, rows))
    demanded = results.demanded({goal: np.ones(rows, np.bool_)})
    codes = results.codes_beneath(demanded)
    tables = {}
    for id_, mask in demanded.items():
        firing = results.columns[id_].firing
        if firing is not None:
            tables[id_] = np.where(full(mask, rows), full(firing, rows), -1)
    keys = [*keys_of(column, rows, results.vocabulary), bad.astype(np.int64)]
    keys += [full(mask, rows).astype(np.int64) for mask in (*column.missing.values(), *codes.values())]
    first, inverse = distinct([*keys, *tables.values()])
    numbers = []
    for row in first.tolist():
        if bad[row]:
            numbers.append(-1)
            continue
        said = {code for code, mask in codes.items() if full(mask, rows)[row]}
        fired = {id_: executor.firings.list[firing[row]].rules for id_, firing in tables.items() if firing[row] >= 0}
        numbers.append(words.setdefault(_said(told(results.value(goal, row)), said, fired), len(words)))
    return np.array(numbers)[inverse], bad
