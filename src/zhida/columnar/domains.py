"""Domains: the values of a missing fact that are enumerated, one from each of its elementary intervals.

What a fact is compared with may be the same for every row (figures, parameters, the date), or another value of the row: then
rows have domains of their own, as many values in each of those that are enumerated together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from itertools import chain
from types import NoneType
from typing import Any

import numpy as np

from zhida.columnar.columns import Array, Mask, Vocabulary, column_of
from zhida.columnar.interpreted import evaluate_with
from zhida.columnar.learned import key_of
from zhida.columnar.plan import Form, Plan
from zhida.dmn.compiled import AS_OF
from zhida.dmn.elementary import FEW_VALUES, Bound, Use, representatives, uses
from zhida.dmn.evaluate import Evaluator
from zhida.dmn.graph import closure
from zhida.dmn.model import ItemDefinition
from zhida.feel.builtins import BUILTINS
from zhida.feel.syntax import Literal, free_names
from zhida.values.temporal import Date
from zhida.values.types import BOOLEAN, STRING
from zhida.values.unknown import find_unknown, unknown

Value = Any

_NOTHING: frozenset[str] = frozenset()

Excluded = Mapping[str, frozenset[int]]
"""Decision by table → the places of the rules that have no say."""


@dataclass(frozen=True, slots=True)
class RowDomain:
    """The values of a fact that is enumerated, row by row; in each there are as many."""

    index: Array
    """For each row of the block its place in what follows."""
    numbers: Array
    """For each place the values, as columns keep them."""
    lost: Mask
    """Which of the values do not fit a column."""
    states: Array
    """The states of the values."""
    is_fit: bool
    """Whether all of the values fit a column."""

    def __len__(self) -> int:
        """Return how many values each row has."""
        return int(self.numbers.shape[1])

    @classmethod
    def of(cls, domains: Sequence[tuple[Value, ...]], form: Form, vocabulary: Vocabulary, rows: int) -> "RowDomain":
        """Return several domains of as many values each; every row has the first one."""
        columns = [column_of(values, form, vocabulary) for values in domains]
        shape = (len(domains), len(domains[0]))
        lost, states = np.zeros(shape, np.bool_), np.zeros(shape, np.uint8)
        for place, column in enumerate(columns):
            if column.bad is not None:
                lost[place] = column.bad
            if column.states is not None:
                states[place] = column.states
        numbers = np.array([column.values for column in columns], np.int64)
        return cls(np.zeros(rows, np.int64), numbers, lost, states, not lost.any())


Domain = tuple[Value, ...] | RowDomain


_TOLD_AGAIN = frozenset(("uses", "evaluator", "tables", "bounds"))
"""What is known of domains by their model alone."""


class Domains:
    """The domains of the facts of a plan."""

    def __init__(self, plan: Plan, goals: Iterable[str], base: "Domains | None" = None) -> None:
        """Keep what is asked for.

        Args:
            plan: What is computed.
            goals: The decisions that are asked for.
            base: The domains of another plan of the same model with the same goals.
        """
        self.plan = plan
        self.goals = tuple(goals)
        self.base = base
        self.walked: dict[str, dict[str, Use]] = {}  # what each element by itself uses, where that was sought
        self.known: dict[tuple[str, frozenset[int]], tuple[Value, ...] | None] = {}
        self.alike: dict[tuple[str, object], tuple[Value, ...]] = {}  # so that the same values of a fact are one object
        self.varying: dict[tuple[str, frozenset[int]], frozenset[str]] = {}
        self.told: dict[tuple[str, tuple[frozenset[int] | None, ...]], frozenset[int]] = {}
        self.by_rule: dict[str, dict[str, dict[int | None, list[int]]]] = {}

    def __getstate__(self) -> dict[str, object]:
        """Return what is kept between runs: not what the model tells again where somebody asks, nor what counts its steps."""
        return {name: value for name, value in vars(self).items() if name not in _TOLD_AGAIN} | {"walked": {}, "by_rule": {}}

    @cached_property
    def uses(self) -> Mapping[str, Use]:
        """What each name is compared with in all that the goals rest on, by id."""
        return uses(self.plan.model, self.goals, self.walked) if self.base is None else self.base.uses

    @cached_property
    def evaluator(self) -> Evaluator:
        """Evaluates what is the same in each row: it lacks all facts."""
        lacking = {id_: unknown(item.name) for id_, item in self.plan.facts.items()}
        return Evaluator(self.plan.model, {**lacking, **self.plan.constants}, as_of=self.plan.as_of)

    @cached_property
    def tables(self) -> dict[str, tuple[str, ...]]:
        """The decisions in which each name is compared."""
        return {id_: tuple(dict.fromkeys([bound.decision_id for bound in use.bounds])) for id_, use in self.uses.items()}

    @cached_property
    def bounds(self) -> dict[str, list[frozenset[str]]]:
        """What each bound of a fact rests on that is not the same in each row, by id."""
        return {
            id_: [_NOTHING if type(bound.node) is Literal else self.varies_by(bound) for bound in use.bounds]
            for id_, use in self.uses.items()
            if id_ in self.plan.facts
        }

    def of(self, id_: str, excluded: Excluded, lacks: Callable[[str], bool] = lambda _: False) -> tuple[Value, ...] | None:
        """Return one value from each elementary interval of a fact; None where it cannot be enumerated.

        Args:
            id_: The fact.
            excluded: The rules of each table that have no say.
            lacks: Says whether all rows lack a fact, so that what is compared with it is the same in each.

        Raises:
            LookupError: what it is compared with is not the same in each row.
        """
        use = self.uses.get(id_) or Use()
        key = (id_, self.kept(id_, use, excluded))
        if key not in self.known:
            item, places = self.plan.facts[id_], sorted(key[1])
            needed = [self.bounds[id_][place] for place in places] if _needs_bounds(item, use) else []
            self.varying[key] = frozenset().union(*needed)
            found = representatives(item, Use([use.bounds[place] for place in places], use.is_compared_only), self.evaluator)
            self.known[key] = None if found is None else self.alike.setdefault((id_, _key_of(found)), found)
        if not all(map(lacks, self.varying[key])):
            raise LookupError(id_)
        return self.known[key]

    def kept(self, id_: str, use: Use, excluded: Excluded) -> frozenset[int]:
        """Return the places of the bounds of a fact that stand in no rule that has no say."""
        key = id_, tuple([excluded.get(each) for each in self.tables.get(id_, ())])
        if key not in self.told:
            if id_ not in self.by_rule:
                self.by_rule[id_] = {}
                for place, bound in enumerate(use.bounds):
                    self.by_rule[id_].setdefault(bound.decision_id, {}).setdefault(bound.rule, []).append(place)
            found: list[int] = []
            for table, by_rule in self.by_rule[id_].items():
                found += chain.from_iterable([by_rule[rule] for rule in by_rule.keys() - excluded.get(table, ())])
            self.told[key] = frozenset(found)
        return self.told[key]

    def varies_by(self, bound: Bound) -> frozenset[str]:
        """Return what a bound rests on that is not the same in each row, by id."""
        element = self.plan.model.decisions.get(bound.decision_id)
        if element is None or isinstance(bound.node, Literal):
            return _NOTHING
        ids = {element.requirements.get(name.name, name.name) for name in free_names(bound.node)}
        return frozenset(id_ for id_ in ids if id_ not in BUILTINS and not self.is_same(id_))

    def is_same(self, id_: str) -> bool:
        """Say whether an element is the same in each row: it rests on nothing but parameters and the date."""
        model = self.plan.model
        rests_on = closure({each: () if each in self.plan.facts else needed for each, needed in model.requirements.items()}, [id_])
        return all(
            each in self.plan.constants or each == AS_OF or (each in model.decisions and each not in self.plan.facts) for each in rests_on
        )

    def beside(self, id_: str, excluded: Excluded, given: Mapping[str, Value]) -> tuple[Value, ...] | None:
        """Return one value from each elementary interval of a fact in a row with some values; None where it cannot be enumerated.

        Args:
            id_: The fact.
            excluded: The rules of each table that have no say.
            given: What the row has of all that the fact is compared with and is not the same in each row, by id.
        """
        use = self.uses[id_]
        bounds = []
        for bound, varies_by in zip(use.bounds, self.bounds[id_], strict=True):
            if bound.rule in excluded.get(bound.decision_id, ()):
                continue
            if not varies_by:
                bounds.append(bound)
                continue
            requirements = self.plan.model.decisions[bound.decision_id].requirements
            ids = {name.name: requirements[name.name] for name in free_names(bound.node) if name.name in requirements}
            known = {name: given[each] if each in given else self.evaluator.value(each) for name, each in ids.items()}
            told = evaluate_with(bound.node, known, self.plan.as_of)
            if told.codes or find_unknown(told.value) is not None:
                return None
            bounds.append(replace(bound, node=Literal(bound.node.span, told.value), rule=None))
        return representatives(self.plan.facts[id_], Use(bounds, use.is_compared_only), self.evaluator)


def _key_of(values: tuple[Value, ...]) -> object:
    """Return what tells some values from others."""
    kinds = tuple(map(type, values))
    return (kinds, values) if _PLAIN.issuperset(kinds) else key_of(values)


_PLAIN = frozenset({Decimal, str, bool, Date, NoneType})
"""Types of values that are the same where they are equal."""


def _needs_bounds(item: ItemDefinition, use: Use) -> bool:
    """Say whether the domain of a fact depends on what it is compared with."""
    is_listed = item.type is STRING and item.allowed_values is not None and 0 < len(item.allowed_values) <= FEW_VALUES
    return item.type is not BOOLEAN and not is_listed and use.is_compared_only
