"""Cliffs ahead of one subject: where a little more of something would lose it money that it gets today.

    应纳税所得额 2,950,000 元   ──50,000.01 元 more──>   减免税额 590,000 → 0 元

`zhida.proof.across.cliffs` knows what a cliff is; here it is looked for on the way of one subject, upwards only, each number alone
with all others as they stand. Lists do not move. Invariant: both amounts were computed by the interpreter.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zhida.assess.feeds import facts_at
from zhida.assess.subject import inputs_of
from zhida.dmn.evaluate import Evaluator
from zhida.policy.pack import Packs, PolicyModel
from zhida.proof.across.cliffs import Cliff, cliff_at, is_crossed, loss_at
from zhida.proof.across.climb import Step
from zhida.proof.across.lines import Line, Mover, lines_of
from zhida.proof.across.moved import facts_of
from zhida.proof.across.shown import gain_of, gives_money, goals_of
from zhida.values.temporal import Date

WITHIN = Decimal("0.2")
"""How near a cliff must be, as a share of where it is."""


@dataclass(frozen=True, slots=True)
class CliffAhead:
    """A cliff that a subject may come to."""

    title: str
    """The title of the policy."""
    cliff: Cliff
    """The cliff, as the subject would meet it."""
    value: Decimal
    """Where the subject stands today."""
    gain: Decimal
    """What the policy gives it today, in yuan."""

    @property
    def distance(self) -> Decimal:
        """How much more is one step too far."""
        place: Decimal = self.cliff.place
        return place + self.cliff.step - self.value


def cliffs_ahead(packs: Packs, policy_id: str, facts: Mapping[str, Any], *, as_of: Date) -> tuple[CliffAhead, ...]:
    """Return the cliffs of a policy that a subject is near, the nearest first; none where it gets nothing today.

    Args:
        packs: The packs.
        policy_id: The version of the policy that is law on the day.
        facts: What is known of the subject, as a registry tells it.
        as_of: The day.
    """
    model = packs.model_of(policy_id, as_of)
    if not gives_money(model) or as_of not in model.in_force:
        return ()
    inputs = inputs_of(model, facts_at(facts, as_of))
    base = Evaluator(model.model, inputs, as_of=as_of)
    gain = gain_of(model, base)
    if gain is None or gain <= 0:
        return ()
    dictionary = packs.dictionaries.get(model.policy.front.subject)
    statistics = dictionary.statistics if dictionary else {}
    found: dict[tuple[str, Decimal], CliffAhead] = {}
    for step, line, amounts in _steps(model, Mover(base), statistics):
        cliff = cliff_at(step, line, amounts)
        start = inputs[step.fact.id]
        found.setdefault((cliff.fact, step.place), CliffAhead(model.policy.front.title, cliff, start, gain))
    return tuple(sorted(found.values(), key=lambda each: (each.distance / max(abs(each.cliff.place), Decimal(1)), each.cliff.fact)))


def _steps(model: PolicyModel, mover: Mover, statistics: Mapping[str, object]) -> Iterator[tuple[Step, Line, tuple[Decimal, Decimal]]]:
    """Yield each step ahead that loses money, with the line that it crosses and the amounts before and after."""
    base = mover.base
    read = base.beneath(goals_of(model.policy))
    lines = sorted(lines_of(model.model, goals_of(model.policy)), key=lambda line: len(line.reads))  # what rests on least names it best
    for fact in facts_of(model, statistics):
        start = fact.start(base.inputs.get(fact.id))
        if fact.is_list or start is None or fact.id not in read:
            continue
        for line in lines:
            turn = mover.root(line, fact) if fact.id in line.reads and line.decision_id in base.trace else None
            for place in () if turn is None else (turn, turn - fact.step):
                step = Step(model, mover, fact, place)
                if start <= place and place - start <= WITHIN * abs(place) and is_crossed(step, line):
                    amounts = loss_at(step)
                    if amounts is not None:
                        yield step, line, amounts
