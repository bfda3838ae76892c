"""The smallest change that would make one subject eligible: of one attribute, else of two.

    INELIGIBLE ──each attribute that moves, to each place at which a comparison turns, nearest first──> settle ──> eligible?
        └─ none alone ──the same for a second one, with the first moved──> the cheapest pair

The specification of `zhida.entitle.next.finder`, which does the same for all rows at once. A change is *smallest* in its attribute:
one unit less is not enough. Between attributes the one that costs least yuan comes first where all that would do are priced; else the
one that is nearest to its line, as a share of it. A step is taken to be enough where the subject is eligible then, or where
nothing is left but what a person judges. What else is not known must not matter by the rules alone: it is not enumerated.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zhida.assess.assessment import Answer, Outcome
from zhida.assess.judge import Judgement, judge
from zhida.assess.settle import Settled, settle
from zhida.assess.subject import inputs_of
from zhida.dmn.evaluate import Evaluator, Shared
from zhida.entitle.next.edges import edges_of
from zhida.entitle.next.lines import MILLION, NEVER, Mobile, Turn, Ways, followed, lines_by, mobiles_of, places_of, share_of, turn_of
from zhida.entitle.next.waiting import Waiting
from zhida.policy.pack import PolicyModel
from zhida.proof.across.lines import Line, Mover
from zhida.values import temporal
from zhida.values.equality import equal
from zhida.values.temporal import Date
from zhida.values.types import is_number
from zhida.values.unknown import unknown

Value = Any

MOVE, SWITCH, WAIT = "move", "switch", "wait"
"""An attribute moves to a value; a truth value turns; days pass."""

YEAR = 365
"""Days of waiting are told as a share of so many."""


@dataclass(frozen=True, slots=True)
class Tested:
    """What a line is drawn for."""

    name: str
    """What is tested, as the rules write it: the attribute itself or what is made of it."""
    value: Value
    """What the subject has of it today; None where that is not known."""
    line: Value
    """The line today; None where there is none, as for a truth value."""


@dataclass(frozen=True, slots=True)
class Step:
    """One change."""

    kind: str
    """`move`, `switch` or `wait`."""
    attribute: str
    """What changes; of `wait`, the date that lacks."""
    value: Value
    """What the subject has."""
    target: Value
    """What it would have to have; of `wait`, the day until which one has to wait."""
    change: Decimal
    """By how much, in `unit`; of `switch` 1."""
    unit: str
    """The attribute's unit; 天 of `wait`."""
    tested: Tested
    """What the line is drawn for: its name, value and line."""
    article: str
    """The article that draws the line."""
    cost_fen: int | None
    """What it costs in fen, rounded up; None where the dictionary has no price."""
    share: int
    """How far from the line, in millionths of it; a truth value is a whole line away, a day is a 365th."""
    then: Outcome
    """What the answer would be once all steps are taken: ELIGIBLE, or REVIEW where only a person's judgement is left."""


def next_steps(model: PolicyModel, facts: Mapping[str, Value], *, wanted: str | None = None, ways: Ways | None = None) -> tuple[Step, ...]:
    """Return the smallest change that would make a subject eligible: one step, or two that are needed together.

    Nothing where the subject is eligible, where the policy does not apply or the answer is open, and where no such change is known.

    Args:
        model: The policy, linked for a day.
        facts: What is known of the subject, as `zhida.assess.subject.assess_model` takes it.
        wanted: The status that is wanted, of a policy that gives one; by default any.
        ways: How attributes move; by default what the dictionary says.
    """
    return Seeker(model, wanted=wanted, ways=ways).steps(facts)


def is_lacking(answer: Answer, wanted: str | None) -> bool:
    """Say whether an answer is one that a step could better."""
    if answer.outcome is Outcome.INELIGIBLE:
        return True
    return wanted is not None and answer.outcome is Outcome.ELIGIBLE and equal(answer.result, wanted) is not True


def judged_names(model: PolicyModel) -> frozenset[str]:
    """Return the names of facts that a person judges."""
    return frozenset(data.name for data in model.model.inputs.values() if data.item.is_judged)


def step_words(steps: Sequence[Step]) -> str:
    """Return what must change in few words that are the same for everybody who lacks the same.

    >>> import dataclasses
    >>> tested = Tested("研发费用占比", Decimal("0.047"), Decimal("0.05"))
    >>> told = Step("move", "研发费用", Decimal(47), Decimal(50), Decimal(3), "元", tested, "", 300, 60000, Outcome.ELIGIBLE)
    >>> step_words([told]), step_words([dataclasses.replace(told, kind="switch", attribute="依托备案大模型")])
    ('研发费用（研发费用占比）', '依托备案大模型')
    """
    return "；".join(words_of(step.kind, step.attribute, step.tested.name) for step in steps)


def words_of(kind: str, attribute: str, tested: str) -> str:
    """Return one step in few words."""
    named = attribute if kind == SWITCH or tested == attribute else f"{attribute}（{tested}）"
    return f"等待：{named}" if kind == WAIT else named


@dataclass(frozen=True, slots=True)
class Reached:
    """A place of one attribute that is enough."""

    place: Value
    """Its value there."""
    line: int
    """The number of the comparison that turns; -1 of a truth value."""
    then: Outcome
    """What the answer is."""


class Seeker:
    """Seeks steps for subject after subject."""

    def __init__(self, model: PolicyModel, *, wanted: str | None = None, ways: Ways | None = None) -> None:
        """Prepare what is the same for every subject; see `next_steps`."""
        self.model = model
        self.wanted = wanted
        self.mobiles = mobiles_of(model, ways, wanted)
        self.lines = lines_by(model, wanted)
        self.followed = followed(model, self.lines, self.mobiles)
        self.edges = edges_of(model, self.lines)
        self.waiting = Waiting(model, wanted)
        self.judged = judged_names(model)
        self.shared = Shared(model.model)
        self.start: Mapping[str, Value] = {}
        self.turns: dict[tuple[str, int], Turn | None] = {}

    def steps(self, facts: Mapping[str, Value]) -> tuple[Step, ...]:
        """Return the smallest change of a subject; see `next_steps`."""
        self.shared = Shared(self.model.model)
        inputs = inputs_of(self.model, facts)
        settled = settle(self.model, inputs, self.shared)
        if not is_lacking(settled.judgement.answer, self.wanted) or not self.is_open(inputs, self.mobiles, self.waiting.ids):
            return ()
        self.start, self.turns = inputs, {}
        base = Mover(Evaluator(self.model.model, inputs, as_of=self.model.as_of, shared=self.shared))
        found = [*self.single(base), *self.waits(inputs)]
        return best(found) or best(self.pairs(base))

    # --- deciding ---------------------------------------------------------------------------------------------------------

    def enough(self, inputs: Mapping[str, Value]) -> Outcome | None:
        """Return what the answer is where it is enough, else None."""
        judgement = judge(self.model, self.evaluator(inputs))
        if judgement.answer.outcome is Outcome.ELIGIBLE:
            return None if is_lacking(judgement.answer, self.wanted) else Outcome.ELIGIBLE
        if judgement.answer.outcome is not Outcome.UNDETERMINED or not judgement.missing <= self.judged:
            return None
        settled: Settled = settle(self.model, inputs, self.shared)
        judgement = settled.judgement
        if judgement.answer.outcome is Outcome.ELIGIBLE:
            return None if is_lacking(judgement.answer, self.wanted) else Outcome.ELIGIBLE
        return Outcome.REVIEW if judgement.answer.outcome is Outcome.REVIEW and judgement.missing else None

    def is_open(self, inputs: Mapping[str, Value], mobiles: Sequence[Mobile], dates: Sequence[str] = ()) -> bool:
        """Say whether a change of some attributes, whatever it is, could be enough: the answer without them is not settled."""
        given = {**inputs, **{id_: unknown(self.model.model.inputs[id_].name) for id_ in (*(mobile.id for mobile in mobiles), *dates)}}
        found: Judgement = judge(self.model, Evaluator(self.model.model, given, as_of=self.model.as_of, shared=self.shared))
        answer = found.answer
        return answer.outcome is not Outcome.NOT_APPLICABLE and not is_lacking(answer, self.wanted)

    def turn(self, mover: Mover, mobile: Mobile, number: int) -> Turn | None:
        """Return where a comparison turns; one that rests on nothing that was moved before turns where it did."""
        line = self.lines[number]
        moved = frozenset(id_ for id_ in self.start if mover.base.inputs[id_] is not self.start[id_])
        if moved and moved.isdisjoint(line.reads):
            key = mobile.id, number
            if key not in self.turns:
                self.turns[key] = turn_of(Mover(self.evaluator(self.start)), line, mobile)
            return self.turns[key]
        return turn_of(mover, line, mobile)

    def places(self, mover: Mover, mobile: Mobile) -> list[tuple[Value, int]]:
        """Return where an attribute can be moved to, nearest first, each place once, with the number of the comparison that turns there."""
        value = mover.base.inputs.get(mobile.id)
        if mobile.is_switch:
            return [(not value, -1)] if isinstance(value, bool) else []
        if not is_number(value):
            return []
        found: dict[Decimal, int] = {}
        for number in self.followed[mobile.id]:
            turn = self.turn(mover, mobile, number)
            for place in () if turn is None else places_of(turn, mobile, value, self.edges[number]):
                found.setdefault(place, number)
        return sorted(found.items(), key=lambda each: (abs(each[0] - value), each[0] < value))

    def reach(self, mover: Mover, mobile: Mobile) -> Reached | None:
        """Return the nearest place of an attribute that is enough."""
        inputs = mover.base.inputs
        if not self.is_open(inputs, [mobile]):
            return None
        for place, number in self.places(mover, mobile):
            then = self.enough({**inputs, mobile.id: place})
            if then is not None:
                return Reached(place, number, then)
        return None

    # --- steps ------------------------------------------------------------------------------------------------------------

    def single(self, base: Mover) -> Iterator[tuple[Step, ...]]:
        """Yield the smallest change of each attribute that is enough alone."""
        for mobile in self.mobiles:
            reached = self.reach(base, mobile)
            if reached is not None:
                yield (self.step(base, mobile, reached),)

    def pairs(self, base: Mover) -> Iterator[tuple[Step, ...]]:
        """Yield changes of two attributes that are enough together, neither of which could be a unit less."""
        inputs = base.base.inputs
        for first in self.mobiles:
            others = [second for second in self.mobiles if second is not first and self.is_open(inputs, [first, second])]
            for place, number in self.places(base, first) if others else ():
                given = {**inputs, first.id: place}
                if not self.is_open(given, others):
                    continue
                moved = Mover(self.evaluator(given))
                for second in others:
                    reached = self.reach(moved, second)
                    if reached is not None and self.is_smallest(inputs, first, place, {second.id: reached.place}):
                        steps = {first.id: self.step(base, first, Reached(place, number, reached.then))}
                        steps[second.id] = self.step(base, second, reached)
                        yield tuple(steps[mobile.id] for mobile in self.mobiles if mobile.id in steps)

    def is_smallest(self, inputs: Mapping[str, Value], first: Mobile, place: Value, others: Mapping[str, Value]) -> bool:
        """Say whether the first attribute of a pair could not stay a unit nearer."""
        if first.is_switch:
            return True
        less = place - first.fact.step * (1 if place > inputs[first.id] else -1)
        return self.enough({**inputs, first.id: less, **others}) is None

    def evaluator(self, inputs: Mapping[str, Value]) -> Evaluator:
        """Return an evaluation of other inputs."""
        return Evaluator(self.model.model, inputs, as_of=self.model.as_of, shared=self.shared)

    def step(self, base: Mover, mobile: Mobile, reached: Reached) -> Step:
        """Return one change in words and figures."""
        value = base.base.inputs[mobile.id]
        if mobile.is_switch:
            return Step(
                SWITCH,
                mobile.item.name,
                value,
                reached.place,
                Decimal(1),
                "",
                Tested(mobile.item.name, value, None),
                "",
                None,
                MILLION,
                reached.then,
            )
        line = self.lines[reached.line]
        met, drawn = line.side(base.base), line.side(base.base, is_right=True)
        change = reached.place - value
        return Step(
            MOVE,
            mobile.item.name,
            value,
            reached.place,
            change,
            mobile.item.unit,
            Tested(line.left.span.text, met if is_number(met) else None, drawn if is_number(drawn) else None),
            article_of(line),
            mobile.cost_fen(change),
            share_of(met, drawn),
            reached.then,
        )

    def waits(self, inputs: Mapping[str, Value]) -> Iterator[tuple[Step, ...]]:
        """Yield for each date the shortest wait that is enough."""
        for id_ in self.waiting.ids:
            value = inputs.get(id_)
            if not isinstance(value, Date):
                continue
            day = temporal.to_days(value)
            places = {
                place: number
                for number, drawn in reversed(list(enumerate(self.waiting.lines)))
                if drawn.id == id_
                for place in drawn.places
            }
            for place in sorted((place for place in places if place < day), reverse=True):
                then = self.enough({**inputs, id_: temporal.from_days(place)})
                until = None if then is None else self.waiting.day(places[place], day, place)
                if then is not None and until is not None:
                    yield (self.wait(id_, day, places[place], until, then),)
                if then is not None:
                    break

    def wait(self, id_: str, day: int, number: int, until: Date, then: Outcome) -> Step:
        """Return a wait."""
        drawn = self.waiting.lines[number]
        name = self.model.model.inputs[id_].name
        days = temporal.to_days(until) - temporal.to_days(self.model.as_of)
        tested = Tested(drawn.line.left.span.text, *self.waiting.met(drawn, day))
        share = min(days * MILLION // YEAR, NEVER)
        return Step(WAIT, name, temporal.from_days(day), until, Decimal(days), "天", tested, article_of(drawn.line), None, share, then)


def article_of(line: Line) -> str:
    """Return the article that a line stands in."""
    return line.right.span.article or line.left.span.article


def best(found: Iterator[tuple[Step, ...]] | Sequence[tuple[Step, ...]]) -> tuple[Step, ...]:
    """Return the change that is smallest of some: by yuan where all are priced, else by shares; the first of those that are alike."""
    listed = list(found)
    costs = [[step.cost_fen for step in steps if step.cost_fen is not None] for steps in listed]
    is_priced = all(len(cost) == len(steps) for cost, steps in zip(costs, listed, strict=True))
    keys = [sum(cost) if is_priced else min(sum(step.share for step in steps), NEVER) for cost, steps in zip(costs, listed, strict=True)]
    return listed[keys.index(min(keys))] if listed else ()
