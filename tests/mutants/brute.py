"""Brute force: whether a changed decision ever answers otherwise, by trying subjects with the interpreter.

    what the decision requires ──product──> its two bodies differ?                    locally
    facts ──examples, every value of each, bisection, product or chance──> they differ?          from facts

Both versions agree on all that the changed decision rests on, so that this decision alone is looked at; where its value is the
same and only what was odd about it differs, the outcome decides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import product
from math import prod
from random import Random
from typing import Any

from tests.mutants.facts import Facts, Row, Variable, completed, descent, reads_day, rows_of_examples, variables_of
from zhida.assess.settle import settle
from zhida.dmn.evaluate import Evaluator
from zhida.policy.pack import Packs, PolicyModel
from zhida.values import temporal
from zhida.values.equality import equal
from zhida.values.temporal import Date
from zhida.values.unknown import find_unknown

Value = Any

TOLERANCE = Decimal("1e-8")
MOST_POINTS = 20_000
MOST_ROWS = 40
DRAWN = 3_000
BISECTED = 12
MOST_SHOWN = 300


class Standing(StrEnum):
    """What brute force says of a mutant.

    Equal locally or from facts is what every representative was tried for; as far as tried, where there are more than those, and
    neither its body nor its facts showed anything. Unreached is what differs for values that no facts were found for. Unusual is
    what only subjects show that have a fact outside of its usual range: fewer than no jobs, an award below zero.
    """

    DIFFERENT = "different"
    LOCALLY_EQUAL = "equal locally"
    TRIED_EQUAL = "equal as far as tried"
    EQUAL_FROM_FACTS = "equal from facts"
    PROVED_EQUAL = "equal by proof"
    UNUSUAL = "different outside of usual ranges only"
    UNREACHED = "unreached"


@dataclass(frozen=True, slots=True)
class Trial:
    """What was found."""

    standing: Standing
    """Whether the versions differ."""
    witness: str = ""
    """A subject that shows the difference, with both values."""
    tried: int = 0
    """How many subjects were tried."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What two versions of a decision come to for one subject."""

    left: Value
    """The value in the original."""
    right: Value
    """The value in the mutant."""
    turns: tuple[Value, Value]
    """Of each, what turns where another rule fires: the rules that matched, or the value where there is no table."""
    is_odd: bool
    """Whether something odd happened in only one of them."""


class Versions:
    """A decision in two versions of its policy, and how often they were compared."""

    def __init__(self, old: Packs, new: Packs, policy_id: str, decision_id: str) -> None:
        self.old, self.new = old, new
        self.policy_id, self.decision_id = policy_id, decision_id
        self.tried = 0

    def models(self, day: Date) -> tuple[PolicyModel, PolicyModel]:
        """Return both versions on a day."""
        return self.old.model_of(self.policy_id, day), self.new.model_of(self.policy_id, day)

    def answers(self, facts: Facts, day: Date) -> Answers:
        """Return what both versions come to."""
        self.tried += 1
        old, new = self.models(day)
        given = {**old.parameters, **facts}
        first = Evaluator(old.model, given, as_of=day)
        left = first.value(self.decision_id)
        required = new.model.decisions[self.decision_id].requirements.values()
        beneath = {id_: first.value(id_) for id_ in required if id_ in new.model.decisions and id_ in old.model.decisions}
        second = Evaluator(new.model, {**given, **beneath}, as_of=day)
        right = second.value(self.decision_id)
        traces = [each.trace[self.decision_id] for each in (first, second)]
        turns = [trace.value if trace.table is None else trace.table.matched for trace in traces]
        is_odd = len({bool(trace.diagnostics) for trace in traces}) > 1
        return Answers(left, right, (turns[0], turns[1]), is_odd)

    def differ(self, facts: Facts, day: Date) -> bool:
        """Say whether a subject shows a difference."""
        found = self.answers(facts, day)
        if find_unknown(found.left) is not None or find_unknown(found.right) is not None:
            return False
        if not _same(found.left, found.right):
            return True
        return found.is_odd and self._outcomes_differ(facts, day)

    def _outcomes_differ(self, facts: Facts, day: Date) -> bool:
        old, new = self.models(day)
        left, right = (settle(model, {**model.parameters, **facts}).judgement.answer.outcome for model in (old, new))
        return left != right

    def words(self, facts: Facts, day: Date, names: Sequence[Variable]) -> str:
        """Return a subject in words, with what both versions say."""
        found = self.answers(facts, day)
        told = "，".join(f"{each.name} = {_shown(facts[each.id])}" for each in names if each.id in facts)
        return f"{told} ({day}): {_shown(found.left)} → {_shown(found.right)}"


def _same(left: Value, right: Value) -> bool:
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return abs(left - right) <= TOLERANCE
    return (left is None and right is None) or equal(left, right) is True or left == right


def _shown(value: Value) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = "null" if value is None else str(value)
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "…"


def compare(versions: Versions, default: Date, seed: str) -> Trial:
    """Return whether two versions of a decision differ for some subject, as far as trying shows."""
    random = Random(seed)
    old, new = versions.models(default)
    ids, between = descent(old, versions.decision_id)
    ids += [id_ for id_ in descent(new, versions.decision_id)[0] if id_ not in ids]
    rows = rows_of_examples(versions.old, versions.policy_id, default, ids)
    variables = variables_of((old, new), versions.decision_id, ids, between, rows)
    days = [default]
    is_dated = reads_day(old, between)
    if is_dated:
        days = list({str(day): day for day in (default, *(row.day for row in rows))}.values())
        numbers = sorted({temporal.to_days(day) + shift for day in days for shift in (-1, 0, 1)})
        within = [temporal.from_days(number) for number in numbers]
        days = [day for day in within if day in old.in_force] or days
    rows = random.sample(rows, MOST_ROWS) if len(rows) > MOST_ROWS else rows
    search = _Search(versions, variables, [Row(completed(row, variables, random), row.day) for row in rows], days, random)
    is_equal, is_exact = _local(versions, default, rows, random)
    if is_equal and is_exact:
        return Trial(Standing.LOCALLY_EQUAL, tried=versions.tried)
    points = prod(len(each.values) for each in variables) * len(days)
    is_small = points <= MOST_POINTS
    odd = ""
    for facts, day in search.points(is_small=is_small):
        if (not odd or _is_usual(facts, variables)) and versions.differ(facts, day):
            words = versions.words(facts, day, variables)
            if _is_usual(facts, variables):
                return Trial(Standing.DIFFERENT, words, versions.tried)
            odd = words
    if odd:
        return Trial(Standing.UNUSUAL, odd, versions.tried)
    if is_small and all(each.is_exact for each in variables):
        return Trial(Standing.EQUAL_FROM_FACTS, tried=versions.tried)
    return Trial(Standing.TRIED_EQUAL if is_equal else Standing.UNREACHED, tried=versions.tried)


def _is_usual(facts: Facts, variables: Sequence[Variable]) -> bool:
    return all(each.is_usual(facts[each.id]) for each in variables if each.id in facts)


def _local(versions: Versions, day: Date, rows: Sequence[Row], random: Random) -> tuple[bool, bool]:
    """Return whether the bodies never differ for what they require, and whether that was shown for all there is."""
    old, new = versions.models(day)
    ids = list(dict.fromkeys(id_ for model in (old, new) for id_ in model.model.decisions[versions.decision_id].requirements.values()))
    ids = [id_ for id_ in ids if (id_ in old.model.inputs and id_ not in old.parameters) or id_ in old.model.decisions]
    variables = variables_of((old, new), versions.decision_id, ids, [versions.decision_id], rows)
    is_small = prod(len(each.values) for each in variables) <= MOST_POINTS
    names = [each.id for each in variables]
    if is_small:
        points: Iterator[tuple[Value, ...]] = product(*(each.values for each in variables))
    else:
        points = (tuple(random.choice(each.values) for each in variables) for _ in range(DRAWN))
    is_equal = not any(versions.differ(dict(zip(names, point, strict=True)), day) for point in points)
    is_exact = is_small and all(each.is_exact for each in variables) and not reads_day(old, [versions.decision_id])
    return is_equal, is_exact


class _Search:
    """Subjects to try, the likely ones first."""

    def __init__(
        self, versions: Versions, variables: Sequence[Variable], rows: Sequence[Row], days: Sequence[Date], random: Random
    ) -> None:
        self.versions = versions
        self.variables = [each for each in variables if each.values]
        self.rows = list(rows) or [Row({each.id: random.choice(each.values) for each in self.variables}, days[0])]
        self.days = days
        self.random = random

    def points(self, *, is_small: bool) -> Iterator[tuple[Facts, Date]]:
        """Yield subjects: examples, all single variations, bisected ones, then the whole product or chance."""
        for row in self.rows:
            yield row.facts, row.day
        for row in self.rows:
            for each in self.variables:
                yield from (({**row.facts, each.id: value}, row.day) for value in each.values)
            yield from ((row.facts, day) for day in self.days)
        if is_small:
            names = [each.id for each in self.variables]
            for day in self.days:
                for point in product(*(each.values for each in self.variables)):
                    yield dict(zip(names, point, strict=True)), day
        for row in self.rows[:BISECTED]:
            yield from self.bisected(row)
        if not is_small:
            yield from self.by_chance()

    def by_chance(self) -> Iterator[tuple[Facts, Date]]:
        """Yield pairs of variations, then subjects that are drawn, some of them bisected."""
        for _ in range(DRAWN):
            row = self.random.choice(self.rows)
            changed = self.random.sample(self.variables, min(len(self.variables), self.random.choice((2, 2, 3))))
            yield {**row.facts, **{each.id: self.random.choice(each.values) for each in changed}}, self.random.choice([row.day, *self.days])
        for number in range(DRAWN):
            drawn = {each.id: self.random.choice(each.values) for each in self.variables}
            day = self.random.choice(self.days)
            yield drawn, day
            if number % (DRAWN // BISECTED) == 0:
                yield from self.bisected(Row(drawn, day))

    def bisected(self, row: Row) -> Iterator[tuple[Facts, Date]]:
        """Yield both sides of each place where a number or a day, changed alone, turns the answer of either version."""
        for each in self.variables:
            if each.step is None:
                continue
            numbers = sorted({_number(value, each.step) for value in each.values if value is not None})
            for version in (0, 1):
                answers = [self.answer(row, each, number, version) for number in numbers]
                for place in range(len(numbers) - 1):
                    if not _alike(answers[place], answers[place + 1]):
                        turned = self.turn(row, each, (numbers[place], numbers[place + 1]), version)
                        yield from (({**row.facts, each.id: _value(each, number)}, row.day) for number in (turned, turned + 1))

    def turn(self, row: Row, each: Variable, ends: tuple[int, int], version: int) -> int:
        """Return the last number of steps before an answer turns."""
        low, high = ends
        before = self.answer(row, each, low, version)
        while high - low > 1:
            middle = (low + high) // 2
            if _alike(before, self.answer(row, each, middle, version)):
                low = middle
            else:
                high = middle
        return low

    def answer(self, row: Row, each: Variable, number: int, version: int) -> Value:
        """Return what turns in one version, with one fact changed."""
        return self.versions.answers({**row.facts, each.id: _value(each, number)}, row.day).turns[version]


def _alike(left: Value, right: Value) -> bool:
    """Say whether two answers are the same, or both figures: these change all the time."""
    return _same(left, right) or (isinstance(left, Decimal) and isinstance(right, Decimal) and (left == 0) == (right == 0))


def _number(value: Value, step: Decimal) -> int:
    return temporal.to_days(value) if isinstance(value, Date) else int(value / step)


def _value(each: Variable, number: int) -> Value:
    sample = next(value for value in each.values if value is not None)
    return temporal.from_days(number) if isinstance(sample, Date) else number * (each.step or Decimal(1))
