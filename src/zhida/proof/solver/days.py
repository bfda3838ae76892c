"""Days: what rests on 评估日, and on which days a proof may look beside the one for which a policy was linked.

    policy, linked for 2026-06-30 ──> its days in force ∩ those of each figure of it = the days on which nothing but 评估日 changes

A figure that has several rows, and what another policy publishes, may be another one on another day: there only the day of
the model is looked at, and nothing is said of the others.
"""

from collections.abc import Iterable
from dataclasses import replace

from zhida.dmn.compiled import AS_OF, CompiledDecision, CompiledTable, DecisionModel
from zhida.dmn.graph import closure
from zhida.feel import syntax
from zhida.feel.syntax import Node
from zhida.policy.front_matter import Interval
from zhida.policy.pack import PolicyModel
from zhida.values import temporal
from zhida.values.temporal import Date

DAY = frozenset((AS_OF, "today", "now"))
"""Names that mean the day of the question."""


def only_for(as_of: Date) -> tuple[str, str]:
    """Return the reason where a proof holds for one day."""
    return f"只对 {as_of} 证明，其他日子未判定", f"proved for {as_of} only, other days were not decided"


def minds_day(model: DecisionModel, names: Iterable[str], requirements: dict[str, str] | None = None) -> bool:
    """Say whether names, or what they stand for, rest on the day.

    Args:
        model: The decisions.
        names: Names, or ids of elements.
        requirements: What names stand for; those that are not there are ids, or mean the day.
    """
    known = requirements or {}
    found = [known.get(name, name) for name in names]
    if any(name in DAY for name in found):
        return True
    met = closure(model.requirements, [id_ for id_ in found if id_ in model.decisions or id_ in model.knowledge])
    return any(_names_day(body) for id_ in met if (body := _body(model, id_)) is not None)


def _body(model: DecisionModel, id_: str) -> object:
    compiled = model.decisions.get(id_) or model.knowledge.get(id_)
    return None if compiled is None else compiled.body


def _names_day(body: object) -> bool:
    nodes = [body] if isinstance(body, Node) else list(body.nodes) if isinstance(body, CompiledTable) else None
    if nodes is None:
        return True  # a boxed expression: it may
    return any(name.name in DAY for node in nodes for name in syntax.free_names(node))


def clause_minds_day(model: DecisionModel, compiled: CompiledDecision) -> bool:
    """Say whether some input clause of a decision's table rests on the day."""
    table = compiled.body
    nodes = table.inputs if isinstance(table, CompiledTable) else ()
    names = {name.name for node in nodes for name in syntax.free_names(node)}
    return minds_day(model, sorted(names), dict(compiled.requirements))


def days_of(model: PolicyModel, decisions: Iterable[str]) -> Interval | None:
    """Return the days on which all that some decisions rest on is as it is on the day of the model; None where that is this day only."""
    days = model.in_force
    used = {policy.id for policy in model.used_policies}
    if model.as_of not in days:
        return None
    for id_ in sorted(closure(model.model.requirements, decisions)):
        if id_ in model.model.decisions or id_ in model.model.knowledge:
            if id_.partition("#")[0] in used:
                return None
        elif id_ not in model.model.inputs:
            return None
        elif id_ in model.parameters:
            rows = model.parameter_rows.get(model.model.inputs[id_].name, ())
            if len(rows) != 1 or model.as_of not in rows[0].valid:
                return None
            days = _both(days, rows[0].valid)
    return days


def _both(left: Interval, right: Interval) -> Interval:
    starts = [temporal.to_days(each.start) for each in (left, right) if each.start is not None]
    ends = [temporal.to_days(each.end) for each in (left, right) if each.end is not None]
    return Interval(temporal.from_days(max(starts)) if starts else None, temporal.from_days(min(ends)) if ends else None)


def on_day(model: PolicyModel, day: Date) -> PolicyModel:
    """Return a policy on another of the days that `days_of` says."""
    return model if day == model.as_of else replace(model, as_of=day)
