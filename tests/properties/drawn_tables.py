"""Small decision tables drawn at random, and every point of their inputs that could matter, decided by the interpreter.

    seed ──draw──> DrawnTable ──points──> matches, value         what a proof of the table must agree with

The points are made of the constants that were drawn, what lies just beside them and between them; nothing of `zhida.proof` is asked.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice, product
from typing import Any, cast

from tests.engine.dmn_models import AS_OF, decision, model, table
from zhida.dmn.compiled import DecisionModel
from zhida.dmn.evaluate import Evaluation, evaluate
from zhida.dmn.model import ItemDefinition
from zhida.errors import has_errors
from zhida.policy.front_matter import Interval
from zhida.policy.pack import Policy, PolicyModel
from zhida.values import temporal
from zhida.values.temporal import Date, DaysDuration, MonthsDuration
from zhida.values.text import literal
from zhida.values.types import BOOLEAN, DATE, DAYS_DURATION, MONTHS_DURATION, NUMBER, STRING

Value = Any

POLICIES = ("U", "U", "A", "P", "F", "F", "C", "R", "O", "C+", "C#", "C<", "C>")
LISTED = "3, 1, 2"
CODES = ("企业", "高校", "其他")
DAY = 86_400 * 10**9


@dataclass(frozen=True)
class Fact:
    """A column that was drawn: a fact and the constants that its cells may name."""

    item: ItemDefinition
    constants: tuple[Value, ...]

    @property
    def values(self) -> list[Value]:
        """Values of which one lies in each stretch that the constants make."""
        null = [None] if self.item.is_nullable else []
        return [*dict.fromkeys(self._values()), *null]

    def _values(self) -> Iterator[Value]:
        if self.item.type == BOOLEAN:
            yield from (True, False)
        elif self.item.type == STRING:
            yield from self.item.allowed_values or (*self.constants, "没有人提到的")
        elif self.item.type == NUMBER:
            yield from self._numbers()
        else:
            to_number, to_value = COUNTED[str(self.item.type)]
            numbers = sorted({to_number(each) for each in self.constants})
            yield from (to_value(number + step) for number in numbers for step in (-1, 0, 1))

    def _numbers(self) -> Iterator[Decimal]:
        ends = sorted((*self.constants, *(end for end in self.item.usual_range or () if end is not None)))
        step = Decimal(1).scaleb(-(6 if self.item.scale is None else self.item.scale))
        for end in ends:
            for near in (end - step, end, end + step, end - step / 2, end + step / 2):
                if self.item.scale is None or near == near.quantize(step):
                    yield near
            if self.item.scale is not None:
                yield from (end.quantize(step, "ROUND_FLOOR"), end.quantize(step, "ROUND_CEILING"))


COUNTED: Mapping[str, Any] = {
    str(DATE): (temporal.to_days, temporal.from_days),
    str(DAYS_DURATION): (lambda value: value.nanoseconds, DaysDuration),
    str(MONTHS_DURATION): (lambda value: value.months, MonthsDuration),
}


def draw_fact(dice: random.Random, name: str) -> Fact:
    """Draw a column."""
    kind = dice.choice(("number", "number", "number", "date", "boolean", "codes", "text", "days", "months"))
    item = ItemDefinition(name, is_nullable=dice.random() < 0.4)
    if kind == "number":
        scale = dice.choice((0, 0, 1, None))
        fine = dice.choice((0, 0, 1))
        constants = [Decimal(dice.randrange(-2, 12)).scaleb(-fine) for _ in range(3)]
        usual = dice.choice((None, None, (Decimal(0), Decimal(6)), (Decimal(0), None)))
        return Fact(replace(item, type=NUMBER, scale=scale, usual_range=usual), tuple(constants))
    if kind == "date":
        return Fact(replace(item, type=DATE), tuple(Date(2026, 1, dice.randrange(1, 6)) for _ in range(3)))
    if kind == "days":
        return Fact(replace(item, type=DAYS_DURATION), tuple(DaysDuration(dice.randrange(0, 4) * DAY) for _ in range(2)))
    if kind == "months":
        return Fact(replace(item, type=MONTHS_DURATION), tuple(MonthsDuration(dice.randrange(0, 4)) for _ in range(2)))
    if kind == "boolean":
        return Fact(replace(item, type=BOOLEAN), (True, False))
    if kind == "codes":
        return Fact(replace(item, type=STRING, allowed_values=CODES), CODES)
    return Fact(replace(item, type=STRING), ("甲", "乙"))


def draw_cell(dice: random.Random, fact: Fact) -> str:
    """Draw a cell of a column."""
    if dice.random() < 0.25:
        return "-"
    tests = [draw_test(dice, fact) for _ in range(dice.choice((1, 1, 1, 2)))]
    text = ", ".join(tests)
    return f"not({text})" if dice.random() < 0.15 else text


def draw_test(dice: random.Random, fact: Fact) -> str:
    """Draw one test."""
    one, other = (dice.choice(fact.constants) for _ in range(2))
    if fact.item.is_nullable and dice.random() < 0.15:
        return "null"
    if fact.item.type in {STRING, BOOLEAN}:
        forms = [literal(one), literal(one), f"[{literal(one)}, {literal(other)}]", f"? != {literal(one)}", f"not(? = {literal(one)})"]
        return dice.choice(forms)
    low, high = sorted((one, other), key=number_of)
    ends = f"{literal(low)}..{literal(high)}"
    forms = [
        f"{dice.choice(('<', '<=', '>', '>='))} {literal(one)}",
        f"{dice.choice(('<', '<=', '>', '>='))} {literal(one)}",
        f"{dice.choice('[(')}{ends}{dice.choice('])')}",
        literal(one),
        f"? {dice.choice(('<', '>=', '!=', '='))} {literal(low)} {dice.choice(('and', 'or'))} ? {dice.choice(('>', '<='))} {literal(high)}",
        f"? between {literal(low)} and {literal(high)}",
        f"? in [{ends}]",
        f"[{literal(one)}, {literal(other)}]",
    ]
    return dice.choice(forms)


def number_of(value: Value) -> Any:  # noqa: ANN401 - a number of either kind
    """Return where a value lies on the line of its type."""
    if isinstance(value, Decimal):
        return value
    return value.nanoseconds if isinstance(value, DaysDuration) else value.months if isinstance(value, MonthsDuration) else str(value)


@dataclass(frozen=True)
class DrawnTable:
    """A table that was drawn."""

    policy: str
    facts: tuple[Fact, ...]
    rules: tuple[tuple[str, ...], ...]
    default: str

    @property
    def model(self) -> PolicyModel | None:
        """The table as decision `问`, and as `全` with all rules that match; None where it does not compile."""
        names = [fact.item.name for fact in self.facts]
        needs_order = self.policy in {"P", "O"}
        words = {"listed": (LISTED,) if needs_order else (), "default": (self.default,) if self.default else ()}
        asked = decision("问", table(self.policy, names, ["果"], self.rules, **words))
        collected = decision("全", table("C", names, ["果"], [(*rule[:-1], str(place)) for place, rule in enumerate(self.rules)]))
        made = model(asked, collected, items={fact.item.name: fact.item for fact in self.facts})
        return None if has_errors(made.diagnostics) else linked(made)

    def points(self, most: int) -> list[tuple[Value, ...]]:
        """The points of its inputs, if they are not too many."""
        found = list(islice(product(*(fact.values for fact in self.facts)), most + 1))
        return found if len(found) <= most else []

    def __str__(self) -> str:
        """Write it down."""
        heads = [f"{fact.item.name}: {fact.item.type}, {fact.item.scale}, null {fact.item.is_nullable}" for fact in self.facts]
        return "\n".join([f"{self.policy} default {self.default!r}", " | ".join(heads), *(" | ".join(rule) for rule in self.rules)])


def linked(made: DecisionModel) -> PolicyModel:
    """Return decisions as if they were a policy's."""
    return PolicyModel(cast("Policy", None), AS_OF, Interval(None, None), made, {}, {}, (), {})


def draw(seed: str) -> DrawnTable:
    """Draw a table."""
    dice = random.Random(seed)  # noqa: S311 - a test's die, from a seed
    facts = tuple(draw_fact(dice, f"量{place}") for place in range(dice.choice((1, 2, 2, 3))))
    rules = tuple((*(draw_cell(dice, fact) for fact in facts), str(dice.choice((1, 1, 2, 3)))) for _ in range(dice.choice((1, 2, 3, 4, 5))))
    return DrawnTable(dice.choice(POLICIES), facts, rules, dice.choice(("", "", "2")))


def changed(drawn: DrawnTable, seed: str) -> DrawnTable:
    """Draw another version of a table: a rule less, a rule moved, or another cell."""
    dice = random.Random(seed)  # noqa: S311 - a test's die, from a seed
    rules = list(drawn.rules)
    place = dice.randrange(len(rules))
    kind = dice.choice(("drop", "move", "cell", "cell", "output"))
    if kind == "drop" and len(rules) > 1:
        del rules[place]
    elif kind == "move":
        rules.insert(0, rules.pop(place))
    else:
        row = list(rules[place])
        column = dice.randrange(len(drawn.facts))
        row[-1 if kind == "output" else column] = str(dice.choice((1, 2, 3))) if kind == "output" else draw_cell(dice, drawn.facts[column])
        rules[place] = tuple(row)
    return replace(drawn, rules=tuple(rules))


def decided(policy: PolicyModel, decision_id: str, point: Sequence[Value]) -> Evaluation:
    """Decide one point."""
    inputs = dict(zip(policy.model.inputs, point, strict=True))
    return evaluate(policy.model, decision_id, inputs, as_of=AS_OF)
