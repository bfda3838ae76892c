"""Search: rows near those that are known, tried with the interpreter.

It is what is left where nothing can be solved for: without a solver, and where a decision rests on lists or functions that the
solver does not know. Each known subject is moved, one fact at a time and then two, to the values that tell rules apart: the
lines that the fact is compared with, a step to each side of them, the words of its code list, the values that other rows have.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations, product
from typing import Any

from zhida.dmn.elementary import Use, bound_values, representatives
from zhida.dmn.evaluate import Evaluator, Shared
from zhida.dmn.graph import closure
from zhida.dmn.model import ItemDefinition
from zhida.feel.syntax import Node
from zhida.policy.pack import PolicyModel
from zhida.proof.proposals.shown import Goal, Shown
from zhida.proof.proposals.targets import Target
from zhida.values import temporal
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.types import BOOLEAN, DATE, NUMBER, STRING
from zhida.values.unknown import Unknown, find_unknown

Value = Any

MOST_TRIED = 1_500
"""Subjects that are tried for one decision at most."""

MOST_SEEDS = 12
"""Known subjects that are moved at most."""

MOST_VALUES = 40
"""Values that a fact is moved to at most."""


class Search:
    """Subjects around known ones, for one policy on one day."""

    def __init__(self, model: PolicyModel, known: Iterable[Mapping[str, Value]]) -> None:
        """Keep where to begin.

        Args:
            model: The policy, linked for the day.
            known: What is known of other subjects, by the names in FEEL.
        """
        self.model = model
        self.known = [dict(facts) for facts in known]
        self._tried: dict[str, list[Shown]] = {}

    def find(self, target: Target, place: Node | None, goals: Sequence[Goal]) -> Shown | None:
        """Return a subject that shows a target at a place; None where none of those that are tried does."""
        for subject in self.subjects(target.decision_id, goals):
            if (place is None or subject.holds(place, target.decision_id)) and subject.shows(target.decision_id, target.other):
                return subject
        return None

    def subjects(self, decision_id: str, goals: Sequence[Goal]) -> list[Shown]:
        """Return the subjects that are tried for a decision: evaluated, known in all that is expected, no two that it cannot tell apart."""
        if decision_id not in self._tried:
            found: list[Shown] = []
            seen: set[str] = set()
            shared = Shared(self.model.model)
            for tried, facts in enumerate(self._moved(decision_id)):
                if tried == MOST_TRIED:
                    break
                subject = Shown(self.model, facts, goals, shared)
                if any(goal.decision_id and find_unknown(subject.value(goal.decision_id)) is not None for goal in goals):
                    continue
                key = self._key(subject, decision_id)
                if key not in seen:
                    seen.add(key)
                    found.append(subject)
            self._tried[decision_id] = found
        return self._tried[decision_id]

    def _key(self, subject: Shown, decision_id: str) -> str:
        """Return what a decision sees of a subject."""
        required = self.model.model.decisions[decision_id].requirements.values()
        ids = [id_ for id_ in required if id_ in self.model.model.inputs or id_ in self.model.model.decisions]
        return " ".join(literal(subject.value(id_)) for id_ in ids)

    def _moved(self, decision_id: str) -> Iterator[dict[str, Value]]:
        """Yield known subjects, then these with one fact moved, then with two."""
        ids = [id_ for id_ in sorted(closure(self.model.model.requirements, [decision_id])) if id_ in self.model.model.inputs]
        items = {self.model.model.inputs[id_].name: (id_, self.model.model.inputs[id_].item) for id_ in ids if not self._is_given(id_)}
        values = {name: self._values(name, id_, item, decision_id) for name, (id_, item) in items.items()}
        seeds = self._seeds(values)
        yield from seeds
        for seed in seeds:
            for name, moved in values.items():
                yield from ({**seed, name: value} for value in moved if literal(seed.get(name)) != literal(value))
        for seed in seeds[: MOST_SEEDS // 3]:
            for one, other in combinations(values, 2):
                yield from ({**seed, one: left, other: right} for left, right in product(values[one], values[other]))

    def _is_given(self, id_: str) -> bool:
        """Say whether a value is the same for everybody: a parameter whose figure is known."""
        return id_ in self.model.parameters and find_unknown(self.model.parameters[id_]) is None

    def _seeds(self, values: Mapping[str, Sequence[Value]]) -> list[dict[str, Value]]:
        """Return the known subjects as far as a decision reads them, each once; what they do not tell is filled in."""
        names = set(values)
        default = {name: moved[0] for name, moved in values.items() if moved}
        found: dict[str, dict[str, Value]] = {}
        for facts in [*self.known, default]:
            told = {name: value for name, value in facts.items() if not isinstance(value, Unknown)}
            lent = {name: value for name, value in told.items() if name not in names and self._is_lent(name)}
            seed = {**default, **{name: value for name, value in told.items() if name in names}, **lent}
            found.setdefault(" ".join(f"{name} {literal(seed[name])}" for name in sorted(seed)), seed)
        # Those that lie far apart in the text are likely to differ most.
        rows = list(found.values())
        step = max(1, -(-len(rows) // MOST_SEEDS))
        return rows[::step]

    def _is_lent(self, name: str) -> bool:
        return any(each.decision.name == name for policy in self.model.used_policies for each in policy.compiled.decisions.values())

    def _values(self, name: str, id_: str, item: ItemDefinition, decision_id: str) -> list[Value]:
        """Return the values that a fact is moved to."""
        use = self.model.uses((decision_id,)).get(id_, Use())
        evaluator = Evaluator(self.model.model, dict(self.model.parameters), as_of=self.model.as_of)
        told = [facts[name] for facts in self.known if name in facts and not isinstance(facts[name], Unknown)]
        found = [*(representatives(item, use, evaluator) or ()), *_around(bound_values(use, evaluator) or (), item), *told]
        found += _usual(item)
        found += [None] if item.is_nullable else []
        allowed = [value for value in found if not isinstance(value, str) or (item.allows(value) and "\x00" not in value)]
        return list({literal(value): value for value in allowed}.values())[:MOST_VALUES]


def _around(lines: Iterable[Value], item: ItemDefinition) -> Iterator[Value]:
    """Yield the lines that a fact is compared with, and a step to each side."""
    step = Decimal(1).scaleb(-(item.scale or 0))
    for line in lines:
        if isinstance(line, Decimal):
            yield from (line, feel_context().add(line, step), feel_context().subtract(line, step))
        elif isinstance(line, Date):
            days = temporal.to_days(line)
            yield from (line, temporal.from_days(days + 1), temporal.from_days(days - 1))
        elif isinstance(line, str):
            yield line


def _usual(item: ItemDefinition) -> list[Value]:
    """Return values of a fact that is compared with nothing."""
    if item.type is BOOLEAN:
        return [True, False]
    if item.type is STRING:
        return list(item.allowed_values or ("其他",))
    if item.type is DATE:
        return [Date(2020, 1, 1), Date(2025, 6, 30)]
    if item.type is NUMBER:
        low, high = item.usual_range or (None, None)
        ends = [end for end in (low, high) if end is not None]
        return [*ends, Decimal(0), Decimal(1), Decimal(10), Decimal(1_000), Decimal(1_000_000)]
    return [()] if item.type.name == "list" else []
