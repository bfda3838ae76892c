"""Every example of every policy through columns: each expected value and outcome, all examples of a policy in one block."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.columnar.given import with_facts
from tests.engine.columnar_agreement import block_of, by_columns, by_interpreter, policy_columns, said_by_columns
from tests.packs import the_packs
from zhida.assess.assessment import Outcome
from zhida.assess.examples import _agree, cell_value, day_of, given_facts
from zhida.assess.subject import inputs_of
from zhida.columnar.columns import is_bad_at
from zhida.columnar.execute import Block, Executor
from zhida.columnar.lower import lower
from zhida.dmn.compiled import AS_OF
from zhida.policy.pack import Packs, Policy, PolicyModel
from zhida.policy.tangle import OUTCOME_COLUMN, Example
from zhida.values.temporal import Date
from zhida.values.types import DATE
from zhida.values.unknown import Unknown

Value = Any
LOADED = the_packs()
TODAY = Date(2026, 6, 30)


@dataclass(frozen=True)
class Given:
    """An example, ready to be decided."""

    example: Example
    day: Date
    inputs: Mapping[str, Value]
    """By id; those of decisions too."""
    expected: Mapping[str, Value]
    """What the example expects, by the column that says so."""


def given_by(packs: Packs, policy: Policy) -> Iterator[Given]:
    """Yield the examples of a policy with their cells evaluated."""
    for example in policy.tangled.examples:
        stated = None if example.as_of is None else cell_value(example.as_of, AS_OF, example, [], DATE)
        day = stated if isinstance(stated, Date) else day_of(packs.in_force[policy.id], TODAY)
        model = packs.model_of(policy.id, day)
        facts = given_facts(model, example, [])
        cells = example.expectations.items()
        expected = {name: cell.text if name == OUTCOME_COLUMN else cell_value(cell, name, example, []) for name, cell in cells}
        yield Given(example, day, inputs_of(model, facts), expected)


@cache
def groups(policy_id: str) -> tuple[tuple[PolicyModel, list[Given]], ...]:
    """Return the examples of a day that give the same decisions and figures, with the model in which these are facts."""
    return tuple(_groups(LOADED, LOADED.policies[policy_id]))


def _groups(packs: Packs, policy: Policy) -> Iterator[tuple[PolicyModel, list[Given]]]:
    found: dict[tuple[Date, frozenset[str]], list[Given]] = {}
    for given in given_by(packs, policy):
        model = packs.model_of(policy.id, given.day)
        figures = {id_ for id_, value in model.parameters.items() if given.inputs.get(id_) is not value}
        found.setdefault((given.day, frozenset(figures | given.inputs.keys() & model.model.decisions.keys())), []).append(given)
    for (day, own), several in found.items():
        model = packs.model_of(policy.id, day)
        others = {id_: value for id_, value in model.parameters.items() if id_ not in own}
        yield replace(model, model=with_facts(model.model, own & model.model.decisions.keys()), parameters=others), several


def does_not_fit(block: Block, row: int) -> bool:
    """Say whether a fact is finer than the dictionary says: such a row is for the interpreter."""
    return any(is_bad_at(column, row) for column in block.facts.values())


def compared(policy: Policy) -> int:
    """Compare the values that examples expect, and return how many there are."""
    ids = {compiled.decision.name: id_ for id_, compiled in policy.compiled.decisions.items()}
    count = 0
    for model, several in groups(policy.id):
        goals = {name: ids[name.partition(".")[0]] for given in several for name in given.expected if name != OUTCOME_COLUMN}
        constants = {id_: value for id_, value in model.parameters.items() if not isinstance(value, Unknown)}
        for goal in dict.fromkeys(goals.values()):
            if goal not in model.model.decisions:
                continue  # it is given
            executor = Executor(lower(model.model, [goal], as_of=model.as_of, constants=constants))
            block = block_of(executor.plan, [given.inputs for given in several], executor)
            results = executor.execute(block)
            demanded = results.demanded({goal: np.ones(len(several), np.bool_)})
            for row, given in enumerate(several):
                if is_bad_at(results.columns[goal], row) and does_not_fit(block, row):
                    count += sum(its == goal and name in given.expected for name, its in goals.items())
                    continue
                assert not is_bad_at(results.columns[goal], row), f"{given.example.id}: '{goal}' was left to the interpreter"
                said = by_columns(results, executor, goal, row, demanded)
                assert said == by_interpreter(model.model, goal, given.inputs, model.as_of), given.example.id
                for name in (name for name, its in goals.items() if its == goal and name in given.expected):
                    value, output = results.value(goal, row), name.partition(".")[2]
                    value = value.get(output) if output and isinstance(value, dict) else value
                    assert _agree(value, given.expected[name]), f"{given.example.id}: {name} is {value}, not {given.expected[name]}"
                    count += 1
    return count


def outcomes(policy: Policy) -> int:
    """Compare the outcomes that examples expect, and return how many there are."""
    count = 0
    for model, several in groups(policy.id):
        asked = [given for given in several if OUTCOME_COLUMN in given.expected]
        if model.as_of not in model.in_force:  # nothing is asked of columns then: that is for the caller to see
            assert all(given.expected[OUTCOME_COLUMN].strip('"') == Outcome.NOT_APPLICABLE for given in asked)
            count += len(asked)
            continue
        columns = policy_columns(model)
        block = block_of(columns.plan, [given.inputs for given in asked], columns.executor)
        answers = columns.settler.settle(block)
        for row, (given, said) in enumerate(zip(asked, said_by_columns(columns, answers), strict=True)):
            if said is None and does_not_fit(block, row):
                count += 1
                continue
            assert said is not None, f"{given.example.id} was left to the interpreter"
            assert said.outcome == given.expected[OUTCOME_COLUMN].strip('"'), given.example.id
            count += 1
    return count


POLICIES = [policy for policy in LOADED.policies.values() if policy.tangled.examples]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_every_value_that_an_example_expects_comes_out_of_columns_too(policy: Policy) -> None:
    wanted = sum(name != OUTCOME_COLUMN for example in policy.tangled.examples for name in example.expectations)
    assert compared(policy) == wanted


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_every_outcome_that_an_example_expects_comes_out_of_columns_too(policy: Policy) -> None:
    wanted = sum(OUTCOME_COLUMN in example.expectations for example in policy.tangled.examples)
    assert outcomes(policy) == wanted
