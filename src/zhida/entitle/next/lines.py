"""What a subject can move, and the places at which a comparison turns as it does.

    研发费用 / 营业收入 >= 0.05        研发费用 moves: the place is 0.05 of 营业收入, to the fen
    从业人员 >= 300                    从业人员 moves: 300
    成立天数 >= 365                    成立日期 does not move, the day of assessment does: `zhida.entitle.next.waiting`

`zhida.proof.across.lines` says what the rules compare; here it is followed for one subject, exactly. A comparison that does not
change at the next unit of an attribute has no place of its own, nor has one that an attribute reaches only by way of other
comparisons, such as one of a score: where it jumps, another comparison turns.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from typing import Any

from zhida.dmn.compiled import CompiledTable, Typed
from zhida.dmn.graph import closure
from zhida.dmn.model import ItemDefinition
from zhida.entitle.next.edges import Edges
from zhida.feel import syntax
from zhida.feel.syntax import Node, UnaryTests
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


def followed(model: PolicyModel, lines: Sequence[Line], mobiles: Iterable[Mobile]) -> dict[str, tuple[int, ...]]:
    """Return for each attribute the numbers of the comparisons that can turn by themselves as it moves.

    What an attribute reaches only by way of other comparisons and cells of tables, such as a score, jumps where these turn.

    Args:
        model: The policy.
        lines: What it compares.
        mobiles: The attributes.
    """
    flows = _Flows(model)
    reached = [flows.of_line(line) for line in lines]
    return {mobile.id: tuple(number for number, ids in enumerate(reached) if mobile.id in ids) for mobile in mobiles}


class _Flows:
    """Which facts a value is computed with, rather than chosen by."""

    def __init__(self, model: PolicyModel) -> None:
        self.model = model.model
        self.known: dict[str, frozenset[str]] = {}

    def of_line(self, line: Line) -> frozenset[str]:
        """Return those of the two sides of a comparison."""
        required = self.model.decisions[line.decision_id].requirements
        return self.of_names((*_computed_with(line.left), *_computed_with(line.right)), required)

    def of_names(self, names: Iterable[str], required: Mapping[str, str]) -> frozenset[str]:
        """Return those of what some names mean."""
        return frozenset().union(*(self.of(required[name]) for name in names if name in required))

    def of(self, id_: str) -> frozenset[str]:
        """Return those of an element."""
        if id_ in self.model.inputs:
            return frozenset((id_,))
        if id_ not in self.known:
            self.known[id_] = frozenset()  # requirements have no cycles; this is for those of functions
            element = self.model.decisions.get(id_)
            body = None if element is None else element.body
            body = body.body if isinstance(body, Typed) else body
            if element is None or not isinstance(body, Node | CompiledTable):
                found = frozenset(closure(self.model.requirements, [id_]))  # what is inside is not looked through
            else:
                outputs = [body] if isinstance(body, Node) else [node for node in body.nodes if node not in body.inputs]
                names = [name for node in outputs if not isinstance(node, UnaryTests) for name in _computed_with(node)]
                found = self.of_names(names, element.requirements)
            self.known[id_] = found
        return self.known[id_]


def _computed_with(node: Node) -> Iterator[str]:
    """Yield the names with whose values an expression computes; a condition only chooses."""
    match node:
        case syntax.Name():
            yield node.name
        case syntax.Comparison() | syntax.Between() | syntax.In() | syntax.Conjunction() | syntax.Disjunction() | syntax.Literal():
            return
        case syntax.If():
            yield from _computed_with(node.then)
            yield from _computed_with(node.otherwise)
        case syntax.For() | syntax.Quantified() | syntax.Filter() | syntax.FunctionLiteral() | syntax.ContextLiteral():
            yield from (name.name for name in syntax.free_names(node))
        case _:
            for child in syntax.children(node):
                yield from _computed_with(child)


# --- places ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a comparison turns."""

    place: Decimal
    """On the line, or the last place before it that the scale can write."""
    is_on: bool
    """Whether it is on the line."""
    side: int
    """Where the subject stands: above the line (1), on it (0), or below it (-1)."""
    rises: bool
    """Whether what is compared rises with the attribute."""


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
    side = (before > 0) - (before < 0)
    if line.is_on(fact.id):
        exact = _WIDE.subtract(start, before)
        place = fact.on_step(exact)
        return Turn(place, exact == place, side, rises=True)
    after = line.distance(mover.at(fact, start + fact.step))
    if after is None or after == before:
        return None
    rises = after > before
    if before == 0:
        return Turn(start, is_on=True, side=0, rises=rises)
    sign = -1 if rises is (before > 0) else 1
    if (UP if sign > 0 else DOWN) not in mobile.way.movable:
        return None
    root = _WIDE.subtract(start, _WIDE.multiply(_WIDE.divide(before, _WIDE.subtract(after, before)), fact.step))
    found = _told(mover, line, fact, fact.on_step(root.quantize(_ROOT, context=_WIDE)))
    if found is None:
        guess = mover.root(line, fact)
        found = None if guess is None else _told(mover, line, fact, guess)
    found = found or _halved(mover, line, fact, sign)
    return None if found is None else Turn(*found, side, rises)


def _told(mover: Mover, line: Line, fact: Movable, place: Decimal) -> tuple[Decimal, bool] | None:
    """Return a place, and whether it is on the line, where the comparison turns on it or within the step behind it."""
    first, second = (line.distance(mover.at(fact, each)) for each in (place, place + fact.step))
    if first is None or second is None or first * second > 0:
        return None
    return (place + fact.step, True) if second == 0 else (place, first == 0)


def _halved(mover: Mover, line: Line, fact: Movable, sign: int) -> tuple[Decimal, bool] | None:
    """Return where a comparison turns that is not linear, by halving the way to it; the way to nothing ends a step before it."""
    start, before = fact.start(mover.base.inputs[fact.id]), line.distance(mover.base)
    assert start is not None and before is not None, "what can be moved is a number that is compared with one"  # noqa: PT018

    def has_turned(steps: int) -> bool | None:
        there = line.distance(mover.at(fact, start + sign * steps * fact.step))
        return None if there is None else there * before <= 0

    nothing = int(abs(start) / fact.step) - 1 if sign * start < 0 else 0  # a ratio turns before its denominator is nothing
    near, far = 0, 1
    while (turned := has_turned(far)) is False and far < LONGEST:
        near, far = far, min(2 * far, nothing) if far < nothing else 2 * far
    if not turned:
        return None
    while far - near > 1:
        middle = (near + far) // 2
        near, far = (near, middle) if has_turned(middle) else (middle, far)
    return _told(mover, line, fact, start + sign * (near if sign > 0 else far) * fact.step)


def places_of(turn: Turn, mobile: Mobile, value: Decimal, edges: Edges) -> Iterator[Decimal]:
    """Yield where an attribute can be moved to so that a comparison turns: onto the line and past it, as far as these are told apart.

    Args:
        turn: Where it turns.
        mobile: The attribute.
        value: Where it stands.
        edges: What the comparison tells apart.
    """
    place, step = turn.place, mobile.fact.step
    found: list[Decimal] = []
    if turn.side == 0:
        up, down = (edges.above, edges.below) if turn.rises else (edges.below, edges.above)
        found = [*([place + step] if up else []), *([place - step] if down else [])]
    elif turn.is_on:
        onto, past = (edges.below, edges.above) if turn.side < 0 else (edges.above, edges.below)
        found = [*([place] if onto else []), *([place + (step if place > value else -step)] if past else [])]
    else:
        found = [place + step if place >= value else place]
    yield from (each for each in found if mobile.can_reach(value, each))


def share_of(met: Value, line: Value) -> int:
    """Return how far a value is from a line, in millionths of the line, rounded down.

    >>> share_of(Decimal("0.047"), Decimal("0.05")), share_of(Decimal(5), Decimal(0)) == NEVER
    (60000, True)
    """
    if not is_number(met) or not is_number(line) or not line:
        return NEVER
    above = _WIDE.multiply(abs(_WIDE.subtract(met, line)), Decimal(MILLION))
    return min(int(_WIDE.divide(above, abs(line))), NEVER)
