"""The columns of steps: what changes, in coded words and in integers, row by row.

See `zhida.entitle.next.finder` for what stands in them.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zhida.assess.assessment import Outcome
from zhida.columnar.columns import Array, Column, Mask, full
from zhida.columnar.plan import Kind
from zhida.columnar.policies import dictionary
from zhida.entitle.next.choosing import UNPRICED
from zhida.entitle.next.lines import MILLION
from zhida.entitle.next.standing import Numbers, Standing, side_ids
from zhida.entitle.next.steps import Step, words_of
from zhida.values import temporal
from zhida.values.temporal import Date
from zhida.values.types import is_number

Value = Any

EPOCH = temporal.to_days(Date(1970, 1, 1))
THENS = ("", Outcome.ELIGIBLE.value, Outcome.REVIEW.value)
SLOTS = ("", "2")
UNKNOWN_FIGURE = -(2**63)
"""Stands in place of a figure that is not known."""

_WORDS = pa.dictionary(pa.int32(), pa.string())
FIELDS: Mapping[str, pa.DataType] = {
    "step": _WORDS,
    "steps": pa.uint8(),
    "then": _WORDS,
    "cost_fen": pa.int64(),
    **{
        f"{name}{slot}": _WORDS if name in {"kind", "attribute", "tested"} else pa.int64()
        for slot in SLOTS
        for name in ("kind", "attribute", "value", "change", "tested", "met", "line")
    },
}
"""The columns of a policy, and their types."""


class Told:
    """What is written down of all rows."""

    def __init__(self, rows: int) -> None:
        self.then = np.zeros(rows, np.int64)
        self.cost = np.full(rows, UNPRICED)
        self.words: dict[tuple[str, str, str], int] = {}
        self.coded = [np.full(rows, -1, np.int64) for _ in SLOTS]
        self.numbers = {f"{name}{slot}": np.full(rows, UNKNOWN_FIGURE) for slot in SLOTS for name in ("value", "change", "met", "line")}

    def code(self, kind: str, attribute: str, tested: str) -> int:
        """Return the number of what is said in words."""
        return self.words.setdefault((kind, attribute, tested), len(self.words))

    def tell(self, row: int, steps: Sequence[Step], scales: Mapping[str, int]) -> None:
        """Write down what the specification says of one row.

        Args:
            row: The row.
            steps: The steps.
            scales: The decimal places of attributes, by name.
        """
        if not steps:
            return
        self.then[row] = THENS.index(steps[0].then.value)
        costs = [step.cost_fen for step in steps if step.cost_fen is not None]
        self.cost[row] = sum(costs) if len(costs) == len(steps) else UNPRICED
        for slot, step in enumerate(steps):
            self.coded[slot][row] = self.code(step.kind, step.attribute, step.tested.name)
            for name, number in _numbers_of(step, scales.get(step.attribute, 0)).items():
                self.numbers[f"{name}{SLOTS[slot]}"][row] = number

    def columns(self) -> list[pa.Array]:
        """Return the columns."""
        listed = list(self.words)
        has = self.then > 0
        steps = np.where(has, 1 + (self.coded[1] >= 0), 0)
        found: dict[str, pa.Array] = {
            "step": self.step_words(listed),
            "steps": pa.array(steps.astype(np.uint8), mask=~has),
            "then": dictionary(np.where(has, self.then, -1), THENS.__getitem__),
            "cost_fen": pa.array(self.cost, mask=self.cost == UNPRICED),
        }
        for slot, codes in zip(SLOTS, self.coded, strict=True):
            for part, name in enumerate(("kind", "attribute", "tested")):
                found[f"{name}{slot}"] = dictionary(codes, [each[part] for each in listed].__getitem__)
        for name, numbers in self.numbers.items():
            found[name] = pa.array(numbers, mask=numbers == UNKNOWN_FIGURE)
        return [found[name] for name in FIELDS]

    def step_words(self, listed: Sequence[tuple[str, str, str]]) -> pa.DictionaryArray:
        """Return both steps in words."""
        width = len(listed) + 1
        codes = np.where(self.coded[0] >= 0, self.coded[0] * width + self.coded[1] + 1, -1)
        met, places_ = np.unique(codes, return_inverse=True)

        def words(place: int) -> str:
            first, second = divmod(int(met[place]), width)
            return "；".join(words_of(*listed[each]) for each in ((first, second - 1) if second else (first,)))

        return dictionary(np.where(codes >= 0, places_.reshape(-1), -1), words)


class Cell:
    """One step of some rows, to be written."""

    def __init__(self, told: Told, slot: int, rows: Array) -> None:
        self.told = told
        self.slot = slot
        self.rows = rows

    def put(self, kind: str, attribute: str, tested: str, value: Numbers, change: Numbers) -> None:
        """Write down what changes."""
        self.told.coded[self.slot][self.rows] = self.told.code(kind, attribute, tested)
        self.told.numbers[f"value{SLOTS[self.slot]}"][self.rows] = value
        self.told.numbers[f"change{SLOTS[self.slot]}"][self.rows] = change

    def figures(self, met: Numbers, line: Numbers) -> None:
        """Write down what is compared."""
        self.told.numbers[f"met{SLOTS[self.slot]}"][self.rows] = met
        self.told.numbers[f"line{SLOTS[self.slot]}"][self.rows] = line


def _numbers_of(step: Step, scale: int) -> dict[str, int]:
    """Return the figures of a step as the columns keep them; those that are not known are left out."""
    found = {"value": _integer(step.value, scale), "change": _integer(step.change, scale)}
    if step.kind == "move":
        found |= {"met": _integer(step.tested.value, 6), "line": _integer(step.tested.line, 6)}
    return {name: number for name, number in found.items() if number is not None}


def _integer(value: Value, scale: int) -> int | None:
    """Return a value as an integer of a scale, rounded down; of a date its day."""
    if isinstance(value, Date):
        return temporal.to_days(value) - EPOCH
    if isinstance(value, bool):
        return int(value)
    if not is_number(value):
        return None
    found = int((value * Decimal(10) ** scale).to_integral_value("ROUND_FLOOR"))
    return found if abs(found) < 2**63 else None


def is_word(results: pa.Table, name: str, word: str) -> Mask:
    """Return the rows of a column of words that have a word."""
    found = pc.equal(results.column(name).cast(pa.string()), word).fill_null(False)
    return np.asarray(found.to_numpy())


def figures(standing: Standing, rows: Array, number: int) -> tuple[Numbers, Numbers]:
    """Return both sides of a comparison in millionths, rounded down."""
    sides = standing.sides_with(rows, {})
    left, right = (sides.columns[name] for name in side_ids(number))
    return _millionths(left, len(rows)), _millionths(right, len(rows))


def _millionths(column: Column, rows: int) -> Numbers:
    known = full(np.asarray(column.known), rows)
    if column.form.kind not in {Kind.NUMBER, Kind.RATIO}:
        return np.full(rows, UNKNOWN_FIGURE)
    divisors = np.full(rows, 10**column.form.scale) if column.divisors is None else full(column.divisors, rows)
    whole, rest = np.divmod(full(column.values, rows), divisors)
    known = known & (np.abs(whole) < 2**62 // MILLION)
    is_small = divisors < 2**62 // MILLION
    part = np.where(is_small, rest, 0) * MILLION // divisors
    for place in np.flatnonzero(~is_small).tolist():
        part[place] = int(rest[place]) * MILLION // int(divisors[place])
    return np.where(known, np.where(known, whole, 0) * MILLION + part, UNKNOWN_FIGURE)
