"""The columns of steps: what changes, in coded words and in integers, row by row.

See `zhida.entitle.next.finder` for what stands in them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from zhida.assess.assessment import Outcome
from zhida.columnar.columns import Array, Column, Mask, full
from zhida.columnar.plan import Kind
from zhida.entitle.next.choosing import UNPRICED
from zhida.entitle.next.lines import MILLION
from zhida.entitle.next.rows import WIDE
from zhida.entitle.next.standing import Numbers, Standing, side_ids
from zhida.entitle.next.steps import MOVE, Step, words_of
from zhida.values import temporal
from zhida.values.temporal import Date
from zhida.values.types import is_number

Value = Any

EPOCH = temporal.to_days(Date(1970, 1, 1))
THENS = ("", Outcome.ELIGIBLE.value, Outcome.REVIEW.value)
SLOTS = ("", "2")
FIGURE_SCALE = 6
"""Decimal places of what is compared."""

UNKNOWN_FIGURE = -(2**63)
"""Stands in place of a figure that is not known."""

WORDS = pa.dictionary(pa.int32(), pa.string())
FIELDS: Mapping[str, pa.DataType] = {
    "step": WORDS,
    "steps": pa.uint8(),
    "then": WORDS,
    "cost_fen": pa.int64(),
    **{
        f"{name}{slot}": WORDS if name in {"kind", "attribute", "tested"} else pa.int64()
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
        self.numbers: dict[str, Numbers] = {}

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
                self.number(f"{name}{SLOTS[slot]}")[row] = number

    def columns(self) -> list[pa.Array]:
        """Return the columns."""
        rows = len(self.then)
        has = self.then > 0
        if not has.any():
            return [_no_words(rows) if type_ == WORDS else pa.nulls(rows, type_) for type_ in FIELDS.values()]
        listed = list(self.words)
        steps = has.astype(np.uint8) + (self.coded[1] >= 0)
        found: dict[str, pa.Array] = {
            "step": self.step_words(listed),
            "steps": pa.array(steps, mask=~has),
            "then": _worded(_counted(np.where(has, self.then, -1)), THENS),
            "cost_fen": pa.array(self.cost, mask=self.cost == UNPRICED),
        }
        for slot, codes in zip(SLOTS, self.coded, strict=True):
            counted = _counted(codes)
            for part, name in enumerate(("kind", "attribute", "tested")):
                found[f"{name}{slot}"] = _worded(counted, [each[part] for each in listed])
        for name, numbers in self.numbers.items():
            found[name] = pa.array(numbers, mask=numbers == UNKNOWN_FIGURE)
        return [found[name] if name in found else pa.nulls(rows, type_) for name, type_ in FIELDS.items()]

    def number(self, name: str) -> Numbers:
        """Return a column of integers, to be written."""
        if name not in self.numbers:
            self.numbers[name] = np.full(len(self.then), UNKNOWN_FIGURE)
        return self.numbers[name]

    def step_words(self, listed: Sequence[tuple[str, str, str]]) -> pa.DictionaryArray:
        """Return both steps in words."""
        width = len(listed) + 1
        codes = np.where(self.coded[0] >= 0, self.coded[0] * width + self.coded[1] + 1, -1)

        def words(code: int) -> str:
            first, second = divmod(code, width)
            return "；".join(words_of(*listed[each]) for each in ((first, second - 1) if second else (first,)))

        moved, counts = _counted(codes)
        return _worded((moved, counts), [words(code) if count else "" for code, count in enumerate(counts[1:].tolist())])


def _no_words(rows: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.nulls(rows, pa.int32()), pa.array([], pa.string()))


def _counted(codes: Numbers) -> tuple[Numbers, Numbers]:
    """Return codes from 1 on, nothing being 0, and how many rows have each."""
    moved = codes + 1
    return moved, np.bincount(moved, minlength=1)


def _worded(counted: tuple[Numbers, Numbers], words: Sequence[str]) -> pa.DictionaryArray:
    """Return for each row the word of its code, nothing for 0; what the dictionary holds depends on the rows alone."""
    moved, counts = counted
    met = sorted({word for word, count in zip(words, counts[1:].tolist(), strict=False) if count})
    places = {word: place for place, word in enumerate(met)}
    table = np.array([-1, *(places.get(word, -1) for word in words)], np.int32)
    found = table[moved]
    return pa.DictionaryArray.from_arrays(pa.array(found, mask=found < 0), pa.array(met, pa.string()), safe=False)


class Cell:
    """One step of some rows, to be written."""

    def __init__(self, told: Told, slot: int, rows: Array) -> None:
        self.told = told
        self.slot = slot
        self.rows = rows

    def put(self, kind: str, attribute: str, tested: str, value: Numbers, change: Numbers) -> None:
        """Write down what changes."""
        self.told.coded[self.slot][self.rows] = self.told.code(kind, attribute, tested)
        self.told.number(f"value{SLOTS[self.slot]}")[self.rows] = value
        self.told.number(f"change{SLOTS[self.slot]}")[self.rows] = change

    def figures(self, met: Numbers, line: Numbers) -> None:
        """Write down what is compared."""
        self.told.number(f"met{SLOTS[self.slot]}")[self.rows] = met
        self.told.number(f"line{SLOTS[self.slot]}")[self.rows] = line


def _numbers_of(step: Step, scale: int) -> dict[str, int]:
    """Return the figures of a step as the columns keep them; those that are not known are left out."""
    found = {"value": _integer(step.value, scale), "change": _integer(step.change, scale)}
    if step.kind == MOVE:
        found |= {"met": _integer(step.tested.value, FIGURE_SCALE), "line": _integer(step.tested.line, FIGURE_SCALE)}
    return {name: number for name, number in found.items() if number is not None}


def _integer(value: Value, scale: int) -> int | None:
    """Return a value as an integer of a scale, rounded down; of a date its day."""
    if isinstance(value, Date):
        return temporal.to_days(value) - EPOCH
    if isinstance(value, bool):
        return int(value)
    if not is_number(value):
        return None
    found = int(value.scaleb(scale, WIDE).to_integral_value("ROUND_FLOOR", WIDE))
    return found if abs(found) < 2**63 else None


def is_word(results: pa.Table, name: str, word: str) -> Mask:
    """Return the rows of a column of words that have a word."""
    found = pc.equal(results.column(name).cast(pa.string()), word).fill_null(False)
    return np.asarray(found.to_numpy())


def figures(standing: Standing, rows: Array, number: int) -> tuple[Numbers, Numbers]:
    """Return both sides of a comparison in millionths, rounded down."""
    sides = standing.sides_with(rows, {})
    left, right = (sides.columns[name] for name in side_ids(number))
    (above, first), (below, second) = _millionths(left, len(rows)), _millionths(right, len(rows))
    for place in np.flatnonzero(first | second).tolist():
        told = [_integer(value, FIGURE_SCALE) for value in standing.sides_of(number, int(rows[place]))]
        above[place], below[place] = (UNKNOWN_FIGURE if each is None else each for each in told)
    return above, below


def _millionths(column: Column, rows: int) -> tuple[Numbers, Mask]:
    """Return numbers in millionths, rounded down, and the rows of which that cannot be told."""
    known = full(np.asarray(column.known), rows)
    if column.form.kind not in {Kind.NUMBER, Kind.RATIO}:
        return np.full(rows, UNKNOWN_FIGURE), known
    divisors = np.full(rows, 10**column.form.scale) if column.divisors is None else full(column.divisors, rows)
    whole, rest = np.divmod(full(column.values, rows), divisors)
    lost = known & ((np.abs(whole) >= 2**62 // MILLION) | (divisors >= 2**62 // MILLION))
    lost = lost if column.bad is None else lost | (known & full(column.bad, rows))
    known = known & ~lost
    part = np.where(known, rest, 0) * MILLION // divisors
    return np.where(known, np.where(known, whole, 0) * MILLION + part, UNKNOWN_FIGURE), lost
