"""The models of the conformance kit through columns: all test cases of a model in one block say what `evaluate` says of each."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.columnar_agreement import block_of, told
from zhida.cli.tck import find_folders, read_folder
from zhida.columnar.columns import is_bad_at
from zhida.columnar.execute import Executor
from zhida.columnar.lower import lower
from zhida.dmn.conformance import PlannedCase, TestedModel, _find, _inputs, plan
from zhida.dmn.evaluate import _as_declared, evaluate
from zhida.dmn.model import ItemDefinition
from zhida.feel.run import Run
from zhida.values.temporal import Date

Value = Any
pytestmark = pytest.mark.conformance

KIT = Path(os.environ.get("ZHIDA_TCK") or "no-kit")
FOLDERS = find_folders(KIT)[0] if KIT.is_dir() else []
AS_OF = Date(2026, 6, 30)


@dataclass
class Compared:
    """What the comparison of a folder, or of all, came to."""

    decisions: Counter[str] = field(default_factory=Counter)
    """Decisions that a test case asks for: lowered, partly (some expression is interpreted) or whole."""
    rows: Counter[str] = field(default_factory=Counter)
    """Rows and decisions: compared, or interpreted because the columns left them to the interpreter."""
    reasons: Counter[str] = field(default_factory=Counter)
    """Why what fell back did."""
    differences: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Row:
    """A test case as a row."""

    given: Mapping[str, Value]
    """What it gives, by id, as the declared types ask."""
    codes: frozenset[str]
    """What was odd about that."""


def rows_of(tested: TestedModel, cases: list[PlannedCase]) -> Iterator[Row]:
    for planned in cases:
        inputs, _ = _inputs(tested, planned.case, planned.case.wanted[0].span)
        run = Run(AS_OF)
        yield Row(_as_declared(tested.model, inputs, run), frozenset(item.code for item in run.diagnostics))


def compare(tested: TestedModel, goal: str, rows: list[Row], found: Compared) -> None:
    """Compare one decision over rows that give the same decisions."""
    given = frozenset(id_ for id_ in rows[0].given if id_ in tested.model.decisions)
    decided = {id_: tested.model.decisions[id_].decision for id_ in given}
    items = {id_: ItemDefinition(each.name, each.type) for id_, each in decided.items()}
    executor = Executor(lower(tested.model, [goal], as_of=AS_OF, given=items))
    fallbacks = executor.plan.fallbacks
    own = [item for item in fallbacks if item.decision == tested.model.decisions[goal].decision.name]
    found.decisions["whole" if any(not item.text for item in own) else "partly" if fallbacks else "lowered"] += 1
    found.reasons.update(item.reason for item in fallbacks)
    absent = dict.fromkeys(executor.plan.facts)
    results = executor.execute(block_of(executor.plan, [{**absent, **row.given} for row in rows], executor))
    codes = results.codes_beneath(results.demanded({goal: np.ones(len(rows), np.bool_)}))
    for place, row in enumerate(rows):
        if is_bad_at(results.columns[goal], place):
            found.rows["interpreted"] += 1
            continue
        found.rows["compared"] += 1
        odd = {code for code, mask in codes.items() if (mask if mask.ndim == 0 else mask[place])}
        wanted = evaluate(tested.model, goal, row.given, as_of=AS_OF)
        said = (told(results.value(goal, place)), odd | row.codes)
        if said != (told(wanted.value), {item.code for item in wanted.diagnostics}):
            found.differences.append(f"{goal}: evaluate says {wanted.value}, {wanted.diagnostics}; the columns {said}")


@cache
def compared(folder: Path) -> Compared:
    """Compare all decisions that the test cases of a folder ask for, each over all its test cases."""
    found = Compared()
    models: dict[int, TestedModel] = {}
    cases: dict[int, list[PlannedCase]] = {}
    for planned in plan(read_folder(folder)):
        if planned.model is not None and planned.case.kind == "decision":
            models[id(planned.model)] = planned.model
            cases.setdefault(id(planned.model), []).append(planned)
    for key, tested in models.items():
        elements = [_find(tested.elements, tested, wanted) for planned in cases[key] for wanted in planned.case.wanted]
        rows = list(rows_of(tested, cases[key]))
        for goal in dict.fromkeys(element.id for element in elements if element is not None):
            groups: dict[frozenset[str], list[Row]] = {}
            for row in rows:
                groups.setdefault(frozenset(row.given.keys() & tested.model.decisions.keys()), []).append(row)
            for given, group in groups.items():
                if goal not in given:
                    compare(tested, goal, group, found)
    return found


@pytest.mark.parametrize("folder", FOLDERS or [KIT], ids=lambda folder: folder.name)
def test_columns_say_what_evaluate_says_of_every_test_case(folder: Path) -> None:
    assert compared(folder).differences == []


def test_most_of_what_the_kit_asks_for_is_compared_and_tables_are_lowered() -> None:
    total = Compared()
    for folder in FOLDERS:
        found = compared(folder)
        total.decisions += found.decisions
        total.rows += found.rows
        total.reasons += found.reasons
    print(dict(total.decisions), dict(total.rows), total.reasons.most_common(40))  # noqa: T201 - shown by `pytest -rP`
    assert total.decisions["lowered"] > 600
    assert total.rows["compared"] > 500 * total.rows["interpreted"], "functions and ranges as values are what columns do not hold"
