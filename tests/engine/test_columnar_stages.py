"""Stages: rows to which a policy does not apply are asked nothing more, and the answers are those of asking everything."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.engine.columnar_agreement import NEAR, block_of, policy_agreement, policy_columns
from tests.engine.policy_texts import AS_OF, block, packs_with
from zhida.columnar.columns import Column
from zhida.columnar.execute import Block, Executor, Operations
from zhida.columnar.plan import Operation
from zhida.columnar.policies import PolicyColumns
from zhida.policy.pack import PolicyModel
from zhida.values.unknown import unknown

BODY = block("符合: boolean", "人 >= 300") + block("金额: number", "收入 * 0.01")
ROWS: list[Mapping[str, Any]] = [
    {"类型": "企业", "人": Decimal(400), "收入": Decimal(1000)},
    {"类型": "高校", "人": Decimal(400), "收入": Decimal(1000)},
    {"类型": "企业", "人": Decimal(290), "收入": Decimal(1000)},
    {"类型": unknown("类型"), "人": Decimal(400), "收入": unknown("收入")},
    {"类型": None, "人": Decimal(290), "收入": Decimal(10)},
    *[{"类型": "高校", "人": Decimal(290), "收入": unknown("收入")}] * 5,
]
"""Two of an enterprise, one of which nobody knows whether it is one, and others."""


@pytest.fixture
def model(tmp_path: Path) -> PolicyModel:
    return packs_with(tmp_path, BODY, applies="'类型 = \"企业\"'", amount="金额").model_of("demo/a", AS_OF)


def asked_rows(columns: PolicyColumns, decision: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Decide the rows; returns of how many rows a decision was executed, each time."""
    found: list[int] = []
    place = columns.executor.places[decision]
    run = Executor.run

    def counted(executor: Executor, at: int, operation: Operation, operations: Operations, rows: Block) -> Column:
        if executor is columns.executor and at == place:
            found.append(rows.rows)
        return run(executor, at, operation, operations, rows)

    monkeypatch.setattr(Executor, "run", counted)
    columns.decide(block_of(columns.plan, ROWS, columns.executor))
    return found


def test_rows_to_which_a_policy_does_not_apply_are_asked_nothing_more(model: PolicyModel, monkeypatch: pytest.MonkeyPatch) -> None:
    assert max(asked_rows(policy_columns(model), "demo/a#金额", monkeypatch)) == 3


def test_what_is_said_is_what_is_said_where_all_are_asked_everything(model: PolicyModel) -> None:
    columns = policy_columns(model, near_within=NEAR)
    given = block_of(columns.plan, ROWS, columns.executor)
    every = columns.whole(given, columns.executor.execute(given))
    assert columns.batch(columns.decide(given)).to_pylist() == columns.batch(every).to_pylist()
    found = policy_agreement(model, ROWS)
    assert (found.differences, found.bad) == ([], 0)


def test_a_policy_that_applies_to_none_asks_nothing_more(model: PolicyModel) -> None:
    columns = policy_columns(model, near_within=NEAR)
    given = block_of(columns.plan, ROWS[-5:], columns.executor)
    every = columns.whole(given, columns.executor.execute(given))
    assert columns.batch(columns.decide(given)).to_pylist() == columns.batch(every).to_pylist()


def test_near_misses_are_sought_where_the_first_condition_is_the_one_that_fails(tmp_path: Path) -> None:
    columns = policy_columns(packs_with(tmp_path, BODY, amount="金额").model_of("demo/a", AS_OF), near_within=NEAR)
    answers = columns.decide(block_of(columns.plan, [{"人": Decimal(290), "收入": Decimal(1000)}] * 3, columns.executor))
    assert columns.batch(answers)["near"].to_pylist() == ["人 → 300 人"] * 3
