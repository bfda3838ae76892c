"""Waiting: where only a date lacks, the day on which it no longer does.

    成立天数 >= 365,  成立日期 2026-03-01      wait until 2027-03-01

Dates of a subject do not move, but days pass: what is asked is whether the subject would be eligible with an earlier date, and on
which day the same comparison turns by itself. All else is taken as it stands today. Invariant: a comparison that is followed
rests on one date of the subject, the day of assessment and what is the same for everybody.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zhida.dmn.compiled import AS_OF
from zhida.dmn.evaluate import Evaluator
from zhida.dmn.graph import closure
from zhida.entitle.next.lines import conditions_of, lines_by
from zhida.policy.pack import PolicyModel
from zhida.policy.years import parse_offset
from zhida.proof.across.lines import Line
from zhida.values import temporal
from zhida.values.temporal import Date, DaysDuration, MonthsDuration
from zhida.values.types import DATE, is_number
from zhida.values.unknown import Unknown

Value = Any

LONGEST = 3_660
"""Days that one may be told to wait: about ten years."""

OLDEST = 36_600
"""Days before the day of assessment among which a date is looked for: about a hundred years."""


@dataclass(frozen=True, slots=True)
class DateLine:
    """A comparison that turns with time."""

    id: str
    """The date that it rests on, by its id."""
    line: Line
    """The comparison."""
    places: tuple[int, ...]
    """The days, as numbers, that the date would have to have for the comparison to turn today, the latest first."""


class Waiting:
    """What turns with time in one policy."""

    def __init__(self, model: PolicyModel, wanted: str | None = None) -> None:
        """Find the comparisons.

        Args:
            model: The policy, linked for a day.
            wanted: The status that is wanted.
        """
        self.model = model
        self.known = {id_: value for id_, value in model.parameters.items() if not isinstance(value, Unknown)}
        requirements = model.model.requirements
        dates = {
            id_: data
            for id_ in sorted(closure(requirements, conditions_of(model, wanted)))
            if (data := model.model.inputs.get(id_)) is not None and data.item.type is DATE and not parse_offset(data.name)[1]
        }
        self.days: dict[tuple[int, int, int], Date | None] = {}
        self.lines: list[DateLine] = []
        for line in lines_by(model, wanted) if dates else ():
            facts = {id_ for id_ in line.reads if id_ in model.model.inputs and id_ not in self.known and id_ != AS_OF}
            if len(facts) == 1 and facts <= dates.keys():
                (id_,) = facts
                places = self.places(line, id_)
                if places:
                    self.lines.append(DateLine(id_, line, places))
        self.ids = tuple(dict.fromkeys(line.id for line in self.lines))

    def evaluator(self, id_: str, day: int, as_of: Date) -> Evaluator:
        """Return an evaluation that knows nothing of a subject but one date."""
        return Evaluator(self.model.model, {**self.known, id_: temporal.from_days(day)}, as_of=as_of)

    def sign(self, line: Line, id_: str, day: int, as_of: Date) -> int | None:
        """Return whether the left side is above the right one (1), on it (0) or below it (-1)."""
        evaluator = self.evaluator(id_, day, as_of)
        left, right = number_of(line.side(evaluator)), number_of(line.side(evaluator, is_right=True))
        return None if left is None or right is None or left[0] is not right[0] else (left[1] > right[1]) - (left[1] < right[1])

    def places(self, line: Line, id_: str) -> tuple[int, ...]:
        """Return the last days, going back, before which a comparison comes out otherwise: at most two, onto the line and past it."""
        today = temporal.to_days(self.model.as_of)
        late, early = today + LONGEST, today - OLDEST
        signs = {day: self.sign(line, id_, day, self.model.as_of) for day in (early, late)}
        if None in signs.values() or signs[early] == signs[late]:
            return ()
        found = []
        while signs[late] != signs[early]:
            here, near, far = signs[late], late, early
            while near - far > 1:
                middle = (near + far) // 2
                signs[middle] = self.sign(line, id_, middle, self.model.as_of)
                if signs[middle] == here:
                    near = middle
                else:
                    far = middle
            if signs[far] is None:
                return ()
            found.append(far)
            late = far
        return tuple(found)

    def day(self, number: int, day: int, place: int) -> Date | None:
        """Return the first day on which a comparison comes out for a date as it does today for an earlier one; None where none is near.

        Args:
            number: The number of the comparison.
            day: The date of the subject.
            place: The earlier one.
        """
        key = number, day, place
        if key not in self.days:
            self.days[key] = self.first_day(self.lines[number], day, place)
        return self.days[key]

    def first_day(self, drawn: DateLine, day: int, place: int) -> Date | None:
        """Search for that day."""
        today = temporal.to_days(self.model.as_of)
        wanted = self.sign(drawn.line, drawn.id, place, self.model.as_of)
        now = self.sign(drawn.line, drawn.id, day, self.model.as_of)
        if wanted is None or now is None or wanted == now:
            return None
        way = 1 if wanted > now else -1
        near, far = 0, LONGEST
        if not self.is_reached(drawn, day, today + far, wanted, way):
            return None
        while far - near > 1:
            middle = (near + far) // 2
            near, far = (near, middle) if self.is_reached(drawn, day, today + middle, wanted, way) else (middle, far)
        found = temporal.from_days(today + far)
        return found if found in self.model.in_force else None

    def is_reached(self, drawn: DateLine, day: int, today: int, wanted: int, way: int) -> bool:
        """Say whether a comparison has turned by a day."""
        sign = self.sign(drawn.line, drawn.id, day, temporal.from_days(today))
        return sign is not None and sign * way >= wanted * way

    def met(self, drawn: DateLine, day: int) -> tuple[Value, Value]:
        """Return what is tested and the line, as they stand today."""
        evaluator = self.evaluator(drawn.id, day, self.model.as_of)
        return drawn.line.side(evaluator), drawn.line.side(evaluator, is_right=True)


def number_of(value: Value) -> tuple[type, Decimal] | None:
    """Return what is compared as a number of its kind; None for what does not turn with time.

    >>> number_of(Date(1970, 1, 2))[1] - number_of(Date(1970, 1, 1))[1], number_of("甲")
    (Decimal('1'), None)
    """
    match value:
        case Date():
            return Date, Decimal(temporal.to_days(value))
        case DaysDuration():
            return DaysDuration, Decimal(value.nanoseconds)
        case MonthsDuration():
            return MonthsDuration, Decimal(value.months)
    return (Decimal, value) if is_number(value) else None
