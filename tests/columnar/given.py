"""Decisions whose values are given: the columns take them as facts."""

from collections.abc import Set as AbstractSet
from dataclasses import replace

from zhida.dmn.compiled import DecisionModel
from zhida.dmn.model import InputData, ItemDefinition


def with_facts(model: DecisionModel, given: AbstractSet[str]) -> DecisionModel:
    """Return a model in which the values of some decisions are given as those of input data are."""
    facts = {}
    for id_ in given:
        decision = model.decisions[id_].decision
        facts[id_] = InputData(id_, ItemDefinition(decision.name, decision.type))
    kept = {id_: compiled for id_, compiled in model.decisions.items() if id_ not in given}
    return replace(model, decisions=kept, inputs={**model.inputs, **facts})
