"""Codes of what a table tests: the values of an input cut into elementary intervals, those that pass the same cells sharing a code.

    column ──Encoder──> codes

Each bound of any cell, and the gaps between them, each string by itself: the interpreter tests one value of each. Null and
unknown have codes of their own.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from decimal import Context, Decimal
from itertools import repeat
from operator import add
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zhida.columnar import kernel
from zhida.columnar.columns import ALL, DAY, KNOWN, Array, Column, Mask, Vocabulary, different, either, form_of, full, scaled, within
from zhida.columnar.dates import FIRST_DAY, LAST_DAY
from zhida.columnar.operators import compare
from zhida.columnar.plan import Form, Kind
from zhida.columnar.told import CellsOfColumn, Told
from zhida.values import temporal
from zhida.values.temporal import Date, DaysDuration, MonthsDuration

Value = Any

OF_NULL, OF_UNKNOWN, FIRST_CODE = 0, 1, 2
"""The codes of null and unknown, and the first of known values."""

Saying = Told | tuple[object, ...]
"""What each cell of a column says: a truth and the codes of what was odd."""

Tell = Callable[[Value], Saying]
"""Says what the cells of a column say of a value."""

_EXACT = Context(prec=7_000)  # holds every FEEL number in full


class Encoder:
    """The codes of one input."""

    def __init__(self, form: Form, bounds: Sequence[Value] | None, cells: CellsOfColumn | Tell, vocabulary: Vocabulary) -> None:
        self.form = form
        self.cells = cells
        self.vocabulary = vocabulary
        self.numbers: dict[Saying, int] = {}
        self.representatives: list[Value] = [None, None]
        self.told: list[Saying] = [(), ()]
        self.thresholds = np.zeros(0, np.int64)
        self.bounds: list[Decimal] = []
        self.table = np.zeros(0, np.int64)
        self.stretches: dict[int, int] | None = None
        match form.kind:
            case Kind.VALUE if bounds is not None:
                self.bounds = sorted({value for value in bounds if type(value) is Decimal})
                self.stretches = {}
            case Kind.NUMBER | Kind.DATE | Kind.DAYS | Kind.MONTHS:
                assert bounds is not None, "what is compared with constants"
                self.cut(bounds)
            case Kind.BOOLEAN:
                self.table = np.array([self.code(value) for value in (False, True)], np.int64)
            case Kind.RATIO:
                assert bounds is not None, "what is compared with constants"
                self.bounds = sorted({value for value in bounds if type(value) is Decimal})
                self.table = np.array([self.code(value) for value in self.between()], np.int64)

    @property
    def count(self) -> int:
        """How many codes there are by now; strings that are met later may add some."""
        return len(self.representatives)

    def tell(self, value: Value) -> Saying:
        """Return what the cells of the column say of a value."""
        return self.cells.tell(value) if isinstance(self.cells, CellsOfColumn) else self.cells(value)

    def code(self, value: Value) -> int:
        """Return the code of a known value."""
        return self.code_of_saying(value, self.tell(value))

    def code_of_saying(self, value: Value, told: Saying) -> int:
        """Return the code of a known value, given what the cells say of it."""
        fresh = len(self.representatives)
        found = self.numbers.setdefault(told, fresh)
        if found == fresh:
            self.representatives.append(value)
            self.told.append(told)
        return found

    def cut(self, bounds: Sequence[Value]) -> None:
        """Cut integers into elementary intervals."""
        marks = marks_of(bounds, self.form)
        self.thresholds = marks
        samples = np.array([int(marks[0]) - 1, *marks.tolist()] if len(marks) else [0], np.int64)
        if isinstance(self.cells, CellsOfColumn):
            told: list[Saying] = [*self.cells.tell_stretches(samples, self.unpacked, lambda some: marks_of(some, self.form))]
        else:
            told = [self.tell(self.unpacked(sample)) for sample in samples.tolist()]
        pairs = zip(samples.tolist(), told, strict=True)
        self.table = np.array([self.code_of_saying(self.unpacked(sample), saying) for sample, saying in pairs], np.int64)

    def unpacked(self, number: int) -> Value:
        """Return the value that an integer stands for."""
        if self.form.kind is Kind.DATE:
            return temporal.from_days(number)
        if self.form.kind is Kind.DAYS:
            return DaysDuration(number * DAY)
        if self.form.kind is Kind.MONTHS:
            return MonthsDuration(number)
        return Decimal(number).scaleb(-self.form.scale, _EXACT)

    def between(self) -> list[Decimal]:
        """Return a number from each interval of a ratio: below a bound, the bound, above it, …"""
        if not self.bounds:
            return [Decimal(0)]
        found = [_EXACT.subtract(self.bounds[0], Decimal(1))]
        for place, bound in enumerate(self.bounds):
            beyond = self.bounds[place + 1] if place + 1 < len(self.bounds) else _EXACT.add(bound, Decimal(2))
            found += [bound, _EXACT.divide(_EXACT.add(bound, beyond), Decimal(2))]
        return found

    def encode(self, column: Column, rows: int) -> tuple[Array, Mask | None]:
        """Return the code of each row, and the rows of which it cannot be told."""
        bad: Mask | None = None
        match self.form.kind:
            case Kind.NULL:
                codes = np.zeros(rows, np.int64)
            case Kind.NUMBER | Kind.DATE | Kind.DAYS | Kind.MONTHS:
                codes = kernel.look_up(kernel.reached(column.values, self.thresholds), self.table)
            case Kind.BOOLEAN:
                codes = self.table[column.values.astype(np.int64)]
            case Kind.RATIO:
                codes, bad = self.of_ratios(column)
            case _:
                codes = self.of_words(column)
        codes = full(np.asarray(codes), rows)
        if column.states is not None:
            states = full(column.states, rows)
            codes = np.where(states == KNOWN, codes, states - np.uint8(1))
        return codes, bad if bad is None else within(np.asarray(bad & column.known), ALL)

    def of_ratios(self, column: Column) -> tuple[Array, Mask | None]:
        """Return the codes of quotients: how many bounds each has reached, and how many it has passed."""
        bad: Mask | None = None
        places: Array = np.zeros(column.values.shape, np.int64)
        for bound in self.bounds:
            form = form_of(bound)
            if form.kind is not Kind.NUMBER:  # finer or larger than 64 bits can say
                return np.zeros(column.values.shape, np.int64), np.ones(column.values.shape, np.bool_)
            other = Column(form, np.asarray(np.int64(scaled(bound, form.scale) or 0)))
            reached, passed = compare(">=", column, other), compare(">", column, other)
            places = places + reached.values + passed.values
            bad = either(bad, reached.bad)
        return self.table[places], bad

    def of_words(self, column: Column) -> Array:
        """Return the codes of numbers of the vocabulary, each of which is tested when it is first met."""
        lacking = max(len(self.vocabulary.values), 1) - len(self.table)
        if lacking > 0:
            self.table = np.concatenate((self.table, np.full(lacking, -1, np.int64)))
        codes = self.table[column.values]
        fresh = (codes < 0) & column.known
        if fresh.any():
            self.learn_words(different(column.values[fresh] if column.values.ndim else column.values))
            codes = self.table[column.values]
        return codes

    def learn_words(self, numbers: Array) -> None:
        """Find the codes of some numbers of the vocabulary; numbers between the same bounds, or on the same one, share one."""
        words = self.vocabulary.values
        if self.stretches is not None:
            counted = numbers[self.vocabulary.decimals()[numbers]]
            values = [words[number] for number in counted.tolist()]
            below, above = (map(side, repeat(self.bounds), values) for side in (bisect_left, bisect_right))
            stretches = list(map(add, below, above))
            for stretch, value in dict(zip(reversed(stretches), reversed(values), strict=True)).items():  # the first value of each
                if stretch not in self.stretches:
                    self.stretches[stretch] = self.code(value)
            self.table[counted] = [self.stretches[stretch] for stretch in stretches]
            numbers = numbers[self.table[numbers] < 0]
        for number in numbers.tolist():
            self.table[number] = self.code(words[number])


def marks_of(bounds: Sequence[Value], form: Form) -> NDArray[np.int64]:
    """Return where integers of a form go from one side of some constants to the other: at each, and right behind it.

    >>> marks_of([Decimal("20"), Decimal("0.5")], Form(Kind.NUMBER, 0)).tolist()
    [1, 20, 21]
    """
    found: set[int] = set()
    for bound in bounds:
        if form.kind is Kind.NUMBER and type(bound) is Decimal:
            if bound.adjusted() > 30:
                continue  # no 64 bits come near to it
            moved = bound.scaleb(form.scale, _EXACT)
            found |= {int(moved.to_integral_value("ROUND_CEILING")), int(moved.to_integral_value("ROUND_FLOOR")) + 1}
        elif form.kind is Kind.DATE and type(bound) is Date:
            day = temporal.to_days(bound)
            found |= {day, day + 1}
        elif form.kind is Kind.DAYS and type(bound) is DaysDuration:
            found |= {-(-bound.nanoseconds // DAY), bound.nanoseconds // DAY + 1}
        elif form.kind is Kind.MONTHS and type(bound) is MonthsDuration:
            found |= {bound.months, bound.months + 1}
    limit = 2**63 - 1
    least, most = (FIRST_DAY, LAST_DAY) if form.kind is Kind.DATE else (-limit, limit)
    return np.array(sorted(mark for mark in found if least < mark <= most), np.int64)
