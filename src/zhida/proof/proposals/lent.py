"""Lent decisions: those of used policies, given as if they were facts, where the examples of a policy give them so.

    企业规模 ──required by──> 券比例          its examples have a column 企业规模: rows have one too, and not the four facts beneath it

What a used policy decides is shown by its own examples. A decision that is lent may have any value that its policy can answer, so that
what is impossible with it is impossible without.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from zhida.dmn.compiled import CompiledDecision, CompiledTable, Typed
from zhida.dmn.model import InputData, ItemDefinition
from zhida.feel.syntax import Literal
from zhida.policy.pack import PolicyModel
from zhida.values.types import BOOLEAN, DATE, NUMBER, STRING

Value = Any


def lent_decisions(model: PolicyModel, known: Iterable[Mapping[str, Value]]) -> dict[str, str]:
    """Return the decisions of used policies that examples give, by name, with their ids.

    Args:
        model: The policy, linked for the day.
        known: What the examples give, by the names in FEEL.
    """
    given = {name for facts in known for name in facts}
    return {
        compiled.decision.name: id_
        for policy in model.used_policies
        for id_, compiled in policy.compiled.decisions.items()
        if compiled.decision.name in given and id_ in model.model.decisions
    }


def with_lent(model: PolicyModel, lent: Mapping[str, str]) -> PolicyModel:
    """Return a model in which some decisions are facts; those whose values cannot be told stay decisions."""
    items = {id_: _item(name, model.model.decisions[id_]) for name, id_ in lent.items()}
    told = {id_: InputData(id_, item) for id_, item in items.items() if item is not None}
    if not told:
        return model
    decisions = {id_: compiled for id_, compiled in model.model.decisions.items() if id_ not in told}
    requirements = {id_: ids for id_, ids in model.model.requirements.items() if id_ not in told}
    decided = replace(model.model, decisions=decisions, inputs={**model.model.inputs, **told}, requirements=requirements)
    return replace(model, model=decided, _uses={}, witnessed={})


def _item(name: str, compiled: CompiledDecision) -> ItemDefinition | None:
    """Return what a decision can come to, as of a fact; None where that is not told."""
    type_ = compiled.shape.type
    if type_ in {BOOLEAN, NUMBER, DATE}:
        return ItemDefinition(name, type_, is_nullable=True)
    body = compiled.body.body if isinstance(compiled.body, Typed) else compiled.body
    if type_ is not STRING or not isinstance(body, CompiledTable) or len(body.table.outputs) != 1:
        return None
    outputs = [*(rule.outputs[0] for rule in body.rules), *(node for node in body.defaults if node is not None)]
    if not all(isinstance(node, Literal) for node in outputs):
        return None
    values = dict.fromkeys(node.value for node in outputs if isinstance(node, Literal) and isinstance(node.value, str))
    return ItemDefinition(name, type_, allowed_values=tuple(values), is_nullable=True)
