"""What a subject can move, and the places at which a comparison turns as it does.

    研发费用 / 营业收入 >= 0.05        研发费用 moves: the place is 0.05 of 营业收入, to the fen
    从业人员 >= 300                    从业人员 moves: 300
    成立天数 >= 365                    成立日期 does not move, the day of assessment does: `zhida.entitle.next.waiting`

`zhida.proof.across.lines` says what the rules compare; here it is followed for one subject, exactly. A comparison that does not
change at the next unit of an attribute has no place of its own: where it jumps, another comparison turns.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from typing import Any

from zhida.dmn.graph import closure
from zhida.dmn.model import ItemDefinition
from zhida.policy.pack import PolicyModel
from zhida.policy.years import parse_offset
from zhida.proof.across.lines import Line, Movable, Mover, lines_of
from zhida.proof.across.shown import goals_of
from zhida.values.types import BOOLEAN, NUMBER, is_number

Value = Any

UP, DOWN = "升", "降"
"""Which way an attribute may move, as the dictionary writes it."""

NEVER = 10**18
"""The share of a line at nothing, in millionths: to have something instead of nothing is no small step."""

MILLION = 1_000_000

LONGEST = 2**70
"""Steps within which the other side of a line is looked for."""

_WIDE = Context(prec=60)
_ROOT = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Way:
    """Which way a subject can move an attribute, and at what price."""

    movable: str
    """升, 降, 升降; empty where it cannot."""
    price: Decimal | None = None
    """Yuan for each unit; None where nobody can say."""


Ways = Mapping[str, Way]
"""By the names of attributes."""


@dataclass(frozen=True, slots=True)
class Mobile:
    """An attribute that a subject can move."""

    id: str
    """The id of the input datum."""
    item: ItemDefinition
    """What is known of it."""
    way: Way
    """Which way, and at what price."""

    @property
    def is_switch(self) -> bool:
        """Whether it is a truth value, which turns."""
        return self.item.type is BOOLEAN

    @property
    def fact(self) -> Movable:
        """The number that moves."""
        return Movable(self.id, self.item)

    @property
    def scale(self) -> int:
        """Decimal places that are kept; 0 of a truth value."""
        return 0 if self.is_switch else 6 if self.item.scale is None else self.item.scale

    def can_reach(self, value: Decimal, place: Decimal) -> bool:
        """Say whether a subject that stands at a value can move to a place."""
        way = UP if place > value else DOWN
        return place != value and way in self.way.movable and self.fact.is_usual(place)

    def cost_fen(self, change: Decimal) -> int | None:
        """Return what a change costs in fen, rounded up; None where nobody can say."""
        if self.way.price is None or self.is_switch:
            return None
        yuan = _WIDE.multiply(abs(change), self.way.price)
        return int(yuan.scaleb(2, _WIDE).to_integral_value(ROUND_CEILING, _WIDE))


def ways_of(items: Mapping[str, ItemDefinition]) -> dict[str, Way]:
    """Return what a dictionary says of how its attributes move.

    Args:
        items: The attributes by name.
    """
    return {name: Way(item.movable, item.price) for name, item in items.items() if item.movable}


def conditions_of(model: PolicyModel, wanted: str | None = None) -> tuple[str, ...]:
    """Return the decisions that settle whether a subject is eligible: what a policy gives, once one is, needs no step.

    Args:
        model: The policy.
        wanted: The status that is wanted; what decides on it counts then too.
    """
    policy = model.policy
    goals = (policy.applies_id, policy.eligible_id, policy.result_id if wanted is not None else None)
    return tuple(goal for goal in goals_of(policy) if goal in goals)


def mobiles_of(model: PolicyModel, ways: Ways | None = None, wanted: str | None = None) -> tuple[Mobile, ...]:
    """Return the attributes beneath the conditions of a policy that a subject can move: numbers and truth values, by their ids.

    Of a yearly fact the current year moves alone; lists and dates do not.

    Args:
        model: The policy, linked for a day.
        ways: How attributes move; by default what the dictionary says.
        wanted: The status that is wanted.
    """
    found = []
    for id_ in sorted(closure(model.model.requirements, conditions_of(model, wanted))):
        data = model.model.inputs.get(id_)
        if data is None or data.name in model.parameter_rows or parse_offset(data.name)[1]:
            continue
        way = Way(data.item.movable, data.item.price) if ways is None else ways.get(data.name, Way(""))
        if way.movable and (data.item.type is NUMBER or (data.item.type is BOOLEAN and way.movable == UP + DOWN)):
            found.append(Mobile(id_, data.item, way))
    return tuple(found)


def lines_by(model: PolicyModel, wanted: str | None = None) -> tuple[Line, ...]:
    """Return all that the rules beneath the conditions of a policy compare, in the order of the text.

    Args:
        model: The policy.
        wanted: The status that is wanted.
    """
    return lines_of(model.model, conditions_of(model, wanted))


# --- places ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a comparison turns."""

    place: Decimal
    """On the line, or the last place before it that the scale can write."""
    is_on: bool
    """Whether it is on the line."""


def turn_of(mover: Mover, line: Line, mobile: Mobile) -> Turn | None:
    """Return where a comparison turns as an attribute moves; None where it does not, or cannot be followed.

    Args:
        mover: The subject.
        line: The comparison.
        mobile: The attribute; it has a number.
    """
    fact = mobile.fact
    start, before = fact.start(mover.base.inputs.get(fact.id)), line.distance(mover.base)
    if start is None or before is None:
        return None
    if line.is_on(fact.id):
        place = fact.on_step(_WIDE.subtract(start, before))
        return Turn(place, _WIDE.subtract(start, before) == place)
    after = line.distance(mover.at(fact, start + fact.step))
    if after is None or after == before:
        return None
    if before == 0:
        return Turn(start, is_on=True)
    sign = 1 if (after < before) is (before > 0) else -1
    if (UP if sign > 0 else DOWN) not in mobile.way.movable:
        return None
    root = _WIDE.subtract(start, _WIDE.multiply(_WIDE.divide(before, _WIDE.subtract(after, before)), fact.step))
    place = fact.on_step(root.quantize(_ROOT, context=_WIDE))
    found = _told(mover, line, fact, place)
    if found is None:
        guess = mover.root(line, fact)
        found = None if guess is None else _told(mover, line, fact, guess)
    return found or _halved(mover, line, fact, sign)


def _told(mover: Mover, line: Line, fact: Movable, place: Decimal) -> Turn | None:
    """Return a place as a turn, where the comparison turns on it or within the step behind it."""
    first, second = (line.distance(mover.at(fact, each)) for each in (place, place + fact.step))
    if first is None or second is None or first * second > 0:
        return None
    return Turn(place + fact.step, is_on=True) if second == 0 else Turn(place, is_on=first == 0)


def _halved(mover: Mover, line: Line, fact: Movable, sign: int) -> Turn | None:
    """Return where a comparison turns that is not linear, by halving the way to it."""
    start, before = fact.start(mover.base.inputs[fact.id]), line.distance(mover.base)
    assert start is not None and before is not None, "what can be moved is a number that is compared with one"  # noqa: PT018

    def has_turned(steps: int) -> bool | None:
        there = line.distance(mover.at(fact, start + sign * steps * fact.step))
        return None if there is None else there * before <= 0

    near, far = 0, 1
    while (turned := has_turned(far)) is False and far < LONGEST:
        near, far = far, 2 * far
    if not turned:
        return None
    while far - near > 1:
        middle = (near + far) // 2
        near, far = (near, middle) if has_turned(middle) else (middle, far)
    return _told(mover, line, fact, start + sign * (near if sign > 0 else far) * fact.step)


def places_of(turn: Turn, mobile: Mobile, value: Decimal) -> Iterator[Decimal]:
    """Yield where an attribute can be moved to so that a comparison turns: onto the line and past it, nearest first."""
    step = mobile.fact.step
    up = (turn.place, turn.place + step) if turn.is_on else (turn.place + step,)
    down = (turn.place, turn.place - step) if turn.is_on else (turn.place,)
    yield from (place for place in up if place > value and mobile.can_reach(value, place))
    yield from (place for place in down if place < value and mobile.can_reach(value, place))


def share_of(met: Value, line: Value) -> int:
    """Return how far a value is from a line, in millionths of the line, rounded down.

    >>> share_of(Decimal("0.047"), Decimal("0.05")), share_of(Decimal(5), Decimal(0)) == NEVER
    (60000, True)
    """
    if not is_number(met) or not is_number(line) or not line:
        return NEVER
    above = _WIDE.multiply(abs(_WIDE.subtract(met, line)), Decimal(MILLION))
    return min(int(_WIDE.divide(above, abs(line))), NEVER)
