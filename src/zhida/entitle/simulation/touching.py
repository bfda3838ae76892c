"""Whom a change of a policy can touch: the subjects that must be decided again; of all others the answer is that of before.

    policy before ─┐        ┌── outcomes ──> who fell at a condition that is the same, with all it rests on, is as before
                   ├─differences
    policy after  ─┘        └── probes ────> who stands on the same side of every moved line is as before

A probe is made of what the decision itself is made of: of a comparison that differs that `x >= 5 = x >= 6`, of a cell a table that says
whether both tests come to the same, and of a result a table that says whether its rule does not match. Only what is known to be true
counts: of whom a fact is lacking, all is asked again.
Invariant: what is taken over is what deciding again would say. Where a difference has no probe, nothing but outcomes is looked at.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from zhida.assess.assessment import Outcome
from zhida.assess.columns import MOST_REMEMBERED, OUTCOMES
from zhida.columnar.columns import full
from zhida.columnar.execute import Executor
from zhida.columnar.frames import column_names, read_block
from zhida.columnar.lower import lower
from zhida.dmn.compiled import Body, CompiledDecision, CompiledRule, CompiledTable, DecisionModel, Typed
from zhida.dmn.graph import closure
from zhida.dmn.model import DecisionTable, HitPolicy, Notes, OutputClause, Rule
from zhida.entitle.simulation.deciding import outcome_codes
from zhida.feel import syntax
from zhida.feel.shape import Shape
from zhida.feel.syntax import Node, UnaryTests, free_names
from zhida.policy.pack import PolicyModel
from zhida.source import Snippet, Source, Span
from zhida.values.text import literal
from zhida.values.types import BOOLEAN
from zhida.values.unknown import Unknown

MOST_PROBES = 16
"""With more of them it is as quick to decide everybody again."""

LEAST_SAVED = 4
"""Probes are worth their time where they spare at least one of so many rows."""

IGNORED = (Span, Notes, Shape)
"""What has no part in what is decided: places, words beside, what was known of a value beforehand."""

PROBED = syntax.Comparison | syntax.Between | syntax.In
"""Nodes that tell subjects apart."""

THROUGH = syntax.Conjunction | syntax.Disjunction | syntax.If | syntax.Arithmetic | syntax.Negation
"""Nodes whose parts see the names that they see themselves."""

Probe = Node | CompiledTable
"""What is true of whom a difference does not touch."""


# --- what differs ---------------------------------------------------------------------------------------------------


def is_same(left: object, right: object) -> bool:
    """Say whether two compiled things decide the same: the same but for where they stand.

    >>> is_same((1, "a"), (1, "a")), is_same((1,), ("1",))
    (True, False)
    """
    if left is right or (isinstance(left, IGNORED) and type(left) is type(right)):
        return True
    if type(left) is not type(right):
        return False
    match left, right:
        case Snippet(), Snippet():
            return left.text == right.text
        case DecisionTable(), DecisionTable():
            return is_same(_headed(left), _headed(right))
        case Rule(), Rule():
            return left.number == right.number
        case Decimal(), Decimal():
            return str(left) == str(right)
    if isinstance(left, tuple | list) and isinstance(right, tuple | list):
        return len(left) == len(right) and all(map(is_same, left, right))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(is_same(value, right[name]) for name, value in left.items())
    if is_dataclass(left):
        return all(is_same(getattr(left, each.name), getattr(right, each.name)) for each in fields(left) if each.compare)
    return bool(left == right)


def _headed(table: DecisionTable) -> tuple[object, ...]:
    """Return what the head of a table decides; its cells are compared as they were compiled."""
    inputs = [(clause.type, clause.allowed_values is None) for clause in table.inputs]
    outputs = [(clause.name, clause.type, clause.allowed_values, clause.default is None) for clause in table.outputs]
    return table.hit_policy, table.type, inputs, outputs


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two versions of a policy."""

    decisions: frozenset[str]
    """Decisions whose own logic differs, by id."""
    probes: Mapping[str, tuple[Probe, ...]] | None
    """For each of these, what is true of whom the difference does not touch; None where that cannot be said."""


def difference_of(before: PolicyModel, after: PolicyModel) -> Difference | None:
    """Return what differs between two versions of a policy; None where more differs than decisions.

    Args:
        before: The policy as it is, linked with what it uses.
        after: The policy as it would be, for the same day.
    """
    models = before.model, after.model
    if not all(each.as_of in each.in_force for each in (before, after)) or not is_same(before.policy.front, after.policy.front):
        return None
    if _figures(before) != _figures(after) or before.as_of != after.as_of:
        return None
    around = [(model.knowledge, model.services, model.inputs, model.requirements, list(model.decisions)) for model in models]
    if not is_same(around[0], around[1]):
        return None
    differing = {}
    for id_, old in models[0].decisions.items():
        new = models[1].decisions[id_]
        if not is_same(old.requirements, new.requirements) or old.decision.name != new.decision.name:
            return None
        if not is_same(old.body, new.body):
            differing[id_] = tuple(_probes(old.body, new.body))
    known = None if any(None in probes for probes in differing.values()) else {
        id_: tuple(probe for probe in probes if probe is not None) for id_, probes in differing.items()
    }  # fmt: skip
    return Difference(frozenset(differing), known)


def _figures(model: PolicyModel) -> dict[str, str]:
    return {
        id_: "?" if isinstance(value, Unknown) else literal(value) for id_, value in model.parameters.items() if id_ in model.model.inputs
    }


def _probes(old: Body, new: Body) -> Iterator[Probe | None]:
    """Yield what is true where two bodies come to the same; None for a difference of which nothing can be said."""
    if is_same(old, new):
        return
    match old, new:
        case Typed(), Typed() if is_same(old.type, new.type):
            yield from _probes(old.body, new.body)
        case CompiledTable(), CompiledTable():
            yield from _probes_of_table(old, new)
        case Node(), Node() if isinstance(old, PROBED) and isinstance(new, PROBED):
            yield _equal(old, new)
        case Node(), Node() if isinstance(old, THROUGH) and type(old) is type(new):
            pairs = list(zip(syntax.children(old), syntax.children(new), strict=True))
            if getattr(old, "operator", "") != getattr(new, "operator", ""):
                yield None
            for left, right in pairs:
                yield from _probes(left, right)
        case _:
            yield None


def _probes_of_table(old: CompiledTable, new: CompiledTable) -> Iterator[Probe | None]:
    """Yield the same for two tables: of a cell that differs, and of a result that does."""
    around = [
        (each.table, each.inputs, each.allowed, each.listed, each.defaults, each.priorities, each.names_null, len(each.rules))
        for each in (old, new)
    ]
    if not is_same(around[0], around[1]):
        yield None
        return
    for was, now in zip(old.rules, new.rules, strict=True):
        if not is_same(was.rule, now.rule):
            yield None
        for place, (left, right) in enumerate(zip(was.tests, now.tests, strict=True)):
            if not is_same(left, right):
                rows = (((left, right), True), ((left, _ANYTHING), False), ((_ANYTHING, right), False))
                yield _probing_table(old, (place, place), rows)
        if not is_same(was.outputs, now.outputs):
            yield _probing_table(old, range(len(old.inputs)), ((was.tests, False),))


_ANYTHING = UnaryTests(Span(Source("", ""), 0, 0), ())
"""A cell that tests nothing."""


def _probing_table(table: CompiledTable, columns: Sequence[int], rows: Sequence[tuple[Sequence[UnaryTests], bool]]) -> CompiledTable:
    """Return a table of some columns of another: the first row that matches says what is true; where none does, it is true."""
    given, span = table.table, table.table.span
    inputs = tuple(given.inputs[place] for place in columns)
    output = OutputClause("", BOOLEAN)
    rules = tuple(Rule(str(number), (), (), {}, "", span) for number, _ in enumerate(rows))
    head = DecisionTable(HitPolicy.FIRST, inputs, (output,), rules, span, type=BOOLEAN)
    return CompiledTable(
        head,
        tuple(table.inputs[place] for place in columns),
        tuple(table.allowed[place] for place in columns),
        tuple(
            CompiledRule(rule, tuple(tests), (syntax.Literal(span, is_true),)) for rule, (tests, is_true) in zip(rules, rows, strict=True)
        ),
        (syntax.Literal(span, value=True),),
        ((),),
        tuple(table.names_null[place] for place in columns),
        tuple(table.listed[place] for place in columns) if table.listed else (),
    )


def _equal(left: Node, right: Node) -> Node:
    return syntax.Comparison(left.span, "=", left, right)


# --- whom it touches ------------------------------------------------------------------------------------------------


class Touching:
    """Tells who must be decided again; one thread at a time uses it."""

    def __init__(self, before: PolicyModel, difference: Difference) -> None:
        """Make everything ready that does not depend on rows."""
        policy, requirements = before.policy, before.model.requirements
        self.policy = policy.id
        conditions = {Outcome.NOT_APPLICABLE: policy.applies_id, Outcome.INELIGIBLE: policy.eligible_id}
        firm: list[str] = []
        for outcome, goal in conditions.items():  # in the order in which they are asked: one that moved leaves no later one firm
            if goal is not None and closure(requirements, [goal]) & difference.decisions:
                break
            firm += [outcome.value]
        self.firm = frozenset(firm)
        self.probes: tuple[str, ...] = ()
        self.executor: Executor | None = None
        self.is_worth = True
        model = None if difference.probes is None else probing(before.model, difference)
        if model is not None:
            self.probes = tuple(id_ for id_ in model.decisions if id_ not in before.model.decisions)
            known = {id_: value for id_, value in before.parameters.items() if not isinstance(value, Unknown)}
            plan = lower(model, self.probes, as_of=before.as_of, constants=known)
            if not plan.fallbacks:
                self.executor = Executor(plan)

    def rows(self, frame: pl.DataFrame, outcomes: NDArray[np.int8], words: Sequence[str]) -> NDArray[np.int64]:
        """Return the places of the rows that must be decided again.

        Args:
            frame: The rows, with the attributes that are known of them.
            outcomes: What the policy said of each before, as the place of a word.
            words: The words of outcomes.
        """
        is_firm = np.array([word in self.firm for word in words] + [False], np.bool_)
        places: NDArray[np.int64] = np.flatnonzero(~is_firm[outcomes])
        if self.executor is None or not self.is_worth or not len(places):
            return places
        if self.executor.remembered > MOST_REMEMBERED:
            self.executor = Executor(self.executor.plan)
        names = [name for name in column_names(self.executor.plan.facts) if name in frame.columns]
        narrow = frame.select(names) if names else frame
        is_touched = self._is_touched(narrow if len(places) == frame.height else narrow[places], len(places))
        self.is_worth = int(is_touched.sum()) * LEAST_SAVED <= len(places) * (LEAST_SAVED - 1)
        return places[is_touched]

    def _is_touched(self, frame: pl.DataFrame, rows: int) -> NDArray[np.bool_]:
        """Return the rows of which not every probe is known to be true."""
        assert self.executor is not None, "there are probes"
        results = self.executor.execute(read_block(frame, self.executor.plan, self.executor.vocabulary))
        found = np.zeros(rows, np.bool_)
        for id_ in self.probes:
            column = results.columns[id_]
            found |= ~full(column.known & column.values.astype(np.bool_), rows)
            if column.bad is not None:
                found |= full(column.bad, rows)
        return found


def touched_rows(policies: Iterable[Touching], frame: pl.DataFrame, before: pa.Table) -> NDArray[np.int64]:
    """Return the places of the rows that any of some policies must be decided again for.

    Args:
        policies: What tells, for each policy.
        frame: The rows.
        before: What the policies said of them.
    """
    found = np.zeros(frame.height, np.bool_)
    for each in policies:
        found[each.rows(frame, outcome_codes(before, each.policy), OUTCOMES)] = True
    return np.flatnonzero(found)


def probing(model: DecisionModel, difference: Difference) -> DecisionModel | None:
    """Return a model with a decision for each probe; None where one rests on what differs itself, or there are too many."""
    decisions, requirements = dict(model.decisions), dict(model.requirements)
    for id_, probes in (difference.probes or {}).items():
        own = decisions[id_]
        for number, probe in enumerate(probes):
            nodes = probe.nodes if isinstance(probe, CompiledTable) else (probe,)
            named = {each.name for node in nodes for each in free_names(node)}
            needed = {name: required for name, required in own.requirements.items() if name in named}
            if closure(model.requirements, needed.values()) & difference.decisions:
                return None
            new = f"{id_}#{number}"
            decision = replace(own.decision, id=new, name=f"{own.decision.name} {number}", type=BOOLEAN)
            decisions[new] = CompiledDecision(decision, probe, needed, Shape())
            requirements[new] = tuple(needed.values())
    return None if len(decisions) - len(model.decisions) > MOST_PROBES else replace(model, decisions=decisions, requirements=requirements)
