"""Answers differ exactly where every subject of a small domain, judged by both versions, says so.

Random tables, one of them changed: with elementary values alone, and with an arithmetic clause that only the solver decides.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.proof_versions import compare, packs_around
from zhida.assess.assessment import Answer
from zhida.assess.judge import judge
from zhida.assess.subject import inputs_of
from zhida.dmn.evaluate import Evaluator
from zhida.policy.pack import Packs
from zhida.proof.difference.answers import Change, Compared
from zhida.proof.difference.versions import Difference, solver_of
from zhida.proof.findings import Verdict
from zhida.proof.solver.encoding import NOT_INSTALLED

Value = Any

PEOPLE = [Decimal(number) for number in range(2, 11)]
INCOMES = [Decimal(number) for number in (-1000, 1, 5, 11, 15, 40, 45, 70, 100, 1000)]  # one between any two amounts that cross
KINDS = ["企业", "高校", "其他"]
NUMBERS = ["-", "> 3", ">= 3", "< 7", "<= 7", "[3..7]", "(3..9)", "5", "not(5)", "3, 9"]
TEXTS = ["-", '"企业"', '"高校"', 'not("企业")', '"企业", "其他"']
FLAGS = ["-", "true", "false"]
AMOUNTS = ["0", "100", "250", "收入 * 2", "收入 * 3 - 30"]

rows = st.tuples(st.sampled_from(NUMBERS), st.sampled_from(TEXTS), st.sampled_from(FLAGS), st.booleans(), st.sampled_from(AMOUNTS))
tables = st.lists(rows, min_size=1, max_size=4)
changes = st.tuples(st.integers(0, 3), st.sampled_from(["number", "text", "flag", "output", "amount", "drop", "swap"]), rows)


@cache
def packs() -> Packs:
    """Return packs to stand in; no argument of a test, for their text would be printed with every failure."""
    with TemporaryDirectory() as folder:
        return packs_around(Path(folder))


def changed(table: Sequence[tuple[Value, ...]], change: tuple[int, str, tuple[Value, ...]]) -> list[tuple[Value, ...]]:
    """Return a table with one change made to it."""
    place, what, drawn = change
    place %= len(table)
    rows_ = list(table)
    if what == "drop":
        return rows_[:place] + rows_[place + 1 :]
    if what == "swap":
        return rows_[::-1]
    column = ["number", "text", "flag", "output", "amount"].index(what)
    row = rows_[place]
    rows_[place] = (*row[:column], drawn[column], *row[column + 1 :])
    return rows_


def body(table: Sequence[tuple[Value, ...]], clause: str) -> str:
    """Return a policy whose table says who is eligible, and another what they get."""
    lines = [f"| F | {clause} | 类型 | 重点 | **符合: boolean** |", "|---|---|---|---|---|"]
    lines += [f"| {place} | {row[0]} | {row[1]} | {row[2]} | {str(row[3]).lower()} |" for place, row in enumerate(table, 1)]
    lines += ["| 否则 | - | - | - | false |", "", "## 第二条 金额", ""]
    lines += ["| F | 类型 | 重点 | **金额: number** |", "|---|---|---|---|"]
    lines += [f"| {place} | {row[1]} | {row[2]} | {row[4]} |" for place, row in enumerate(table, 1)]
    return "\n".join([*lines, "| 否则 | - | - | 7 |", ""])


def every(found: Difference, incomes: Sequence[Decimal]) -> Iterator[tuple[dict[str, Value], Answer, Answer]]:
    """Yield each subject of the domain with the answers of both versions."""
    versions = zip((found.old, found.new), found.days, strict=True)
    models = [version.packs.model_of(version.policy.id, day) for version, day in versions]
    for people, kind, flag, income in product(PEOPLE, KINDS, (True, False), incomes):
        facts = {"人": people, "类型": kind, "重点": flag, "收入": income}
        answers = [judge(model, Evaluator(model.model, inputs_of(model, facts), as_of=model.as_of)).answer for model in models]
        yield facts, answers[0], answers[1]


def policy_of(found: Difference) -> Compared:
    assert found.answers is not None
    return found.answers.policy


def is_shown(change: Change, old: Answer, new: Answer) -> bool:
    """Say whether a change is of the same kind as a subject's: the same outcomes, money in the same direction."""
    before, after = change.old.answer, change.new.answer
    assert before is not None
    assert after is not None
    if (before.outcome, after.outcome) != (old.outcome, new.outcome):
        return False
    return (before.amount is None) or (after.amount is None) or ((before.amount < after.amount) is ((old.amount or 0) < (new.amount or 0)))


def check_shown(found: Difference) -> None:
    """Check that what is shown is so, by the interpreter."""
    versions = zip((found.old, found.new), found.days, strict=True)
    models = [version.packs.model_of(version.policy.id, day) for version, day in versions]
    for change in policy_of(found).changes:
        for model, said in zip(models, (change.old, change.new), strict=True):
            answer = judge(model, Evaluator(model.model, inputs_of(model, change.facts), as_of=model.as_of)).answer
            assert answer == said.answer
        assert change.old.answer != change.new.answer


def check_exact(found: Difference, incomes: Sequence[Decimal]) -> None:
    """Check that every difference of the domain is of a kind that is shown, and none is shown where there is none."""
    policy = policy_of(found)
    assert policy.is_complete, policy.reasons
    differing = [(old, new) for _, old, new in every(found, incomes) if old != new]
    for old, new in differing:
        assert any(is_shown(change, old, new) for change in policy.changes), (old, new)
    for change in policy.changes:
        assert any(is_shown(change, old, new) for old, new in differing), change
    assert (policy.verdict is Verdict.PROVED) is (not differing)


@given(tables, changes)
def test_without_a_solver_elementary_tables_are_compared_exactly(
    table: list[tuple[Value, ...]], change: tuple[int, str, tuple[Value, ...]]
) -> None:
    table = [(*row[:4], row[4] if "收入" not in row[4] else "40") for row in table]
    new = [(*row[:4], row[4] if "收入" not in row[4] else "60") for row in changed(table, change)]
    found = compare(packs(), body(table, "人"), body(new, "人"), amount="金额")
    check_shown(found)
    check_exact(found, INCOMES[:1])


@given(tables, changes)
@settings(max_examples=max(settings().max_examples // 3, 1))
def test_without_a_solver_nothing_is_proved_that_was_not_looked_at(
    table: list[tuple[Value, ...]], change: tuple[int, str, tuple[Value, ...]]
) -> None:
    found = compare(packs(), body(table, "人 + 0"), body(changed(table, change), "人 + 0"), amount="金额")
    check_shown(found)
    policy = policy_of(found)
    if policy.is_complete:
        differing = [(old, new) for _, old, new in every(found, INCOMES) if old != new]
        assert bool(differing) is bool(policy.changes)


@given(tables, changes)
@settings(max_examples=max(settings().max_examples // 3, 1))
def test_with_a_solver_computed_tables_are_compared_exactly(
    table: list[tuple[Value, ...]], change: tuple[int, str, tuple[Value, ...]]
) -> None:
    found = compare(packs(), body(table, "人 + 0"), body(changed(table, change), "人 + 0"), solver=solver_of, amount="金额")
    if NOT_INSTALLED in policy_of(found).reasons:
        pytest.skip("z3-solver is not installed")
    check_shown(found)
    check_exact(found, INCOMES)
