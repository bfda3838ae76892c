"""Polish: what was solved for, made as like as can be to the examples that a policy already has.

Whoever reads a row wants to know the subject from another row, and see the one fact that differs. So the values of the example
that is nearest are taken over one by one, as long as the row still shows what it is there for.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from zhida.policy.pack import PolicyModel
from zhida.proof.proposals.lent import lent_decisions
from zhida.proof.proposals.shown import OUTCOME, Shown
from zhida.values.text import literal
from zhida.values.unknown import find_unknown

Value = Any


class Polish:
    """The examples that a policy has, to make rows like them."""

    def __init__(self, model: PolicyModel, known: Iterable[Mapping[str, Value]]) -> None:
        """Keep what is known.

        Args:
            model: The policy, linked for the day of the rows.
            known: What the examples give, by the names in FEEL.
        """
        self.model = model
        told = [{name: value for name, value in facts.items() if find_unknown(value) is None} for facts in known]
        self.known = list({repr(sorted((name, literal(value)) for name, value in facts.items())): facts for facts in told}.values())
        self.ids = {data.name: id_ for id_, data in model.model.inputs.items()}
        self.lent = lent_decisions(model, self.known)

    def polished(self, subject: Shown, is_good: Callable[[Shown], bool]) -> Shown:
        """Return a subject as like as can be to an example.

        Args:
            subject: What was solved for.
            is_good: Whether a subject still shows what it is there for.
        """
        for name, id_ in self.lent.items():
            if id_ in subject.reached and name not in subject.facts and find_unknown(subject.value(id_)) is None:
                subject = self.better(subject, {**subject.facts, name: subject.value(id_)}, is_good)
        subject = self.better(subject, self.read(subject), is_good)
        template = self.nearest(subject.facts)
        for name in sorted(subject.facts):
            if name in template and literal(template[name]) != literal(subject.facts[name]):
                subject = self.better(subject, {**subject.facts, name: template[name]}, is_good)
        return self.better(subject, self.read(subject), is_good)

    def better(self, subject: Shown, facts: Mapping[str, Value], is_good: Callable[[Shown], bool]) -> Shown:
        """Return the subject with other facts if it is still good and its answer no worse, else as it is."""
        if facts == subject.facts:
            return subject
        other = Shown(self.model, facts, subject.goals)
        is_worse = any(
            _is_null(other, goal.decision_id) and not _is_null(subject, goal.decision_id) for goal in subject.goals if goal != OUTCOME
        )
        if OUTCOME in subject.goals and other.answer.outcome is not subject.answer.outcome:
            return subject
        return other if not is_worse and is_good(other) else subject

    def read(self, subject: Shown) -> dict[str, Value]:
        """Return the facts that were read."""
        return {name: value for name, value in subject.facts.items() if self.ids.get(name, name) in {*subject.reached, *self.lent}}

    def nearest(self, facts: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return the example that has most facts of a subject, of these the one with most of its values, of these the first."""

        def likeness(known: Mapping[str, Value]) -> tuple[int, int]:
            shared = [name for name in facts if name in known]
            return len(shared), sum(literal(facts[name]) == literal(known[name]) for name in shared)

        return max(self.known, key=likeness, default={})

    def is_unusual(self, facts: Mapping[str, Value]) -> bool:
        """Say whether a number is outside of the usual range of its fact."""
        for name, value in facts.items():
            item = self.model.item(name)
            if isinstance(value, Decimal) and item is not None and item.usual_range is not None:
                low, high = item.usual_range
                if (low is not None and value < low) or (high is not None and value > high):
                    return True
        return False


def _is_null(subject: Shown, decision_id: str) -> bool:
    return subject.value(decision_id) is None
