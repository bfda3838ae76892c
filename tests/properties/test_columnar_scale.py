"""Columns against the interpreter at scale: random models, each row many times over, on every path of the kernel.

`python -m tests.columnar --comparisons 10000000` is the long form; here a few seconds of it, and a minute with `make check`.
"""

from dataclasses import replace

import pytest

from tests.columnar.__main__ import explain, judge, summary
from tests.columnar.comparing import Difference, Tally, compare, paths
from tests.columnar.models import Drawn, DrawnModel, Table, draw
from tests.columnar.policies import PolicyFinding, compare_policy
from tests.columnar.shrinking import shrink, written
from tests.columnar.trees import SHAPES, Tree
from zhida.columnar import operators
from zhida.columnar.columns import Column
from zhida.columnar.plan import Form

SEED = 20261121


def compared(models: range, rows: int, repeats: int) -> Tally:
    total = Tally()
    for number in models:
        _, found = judge((SEED, number, rows, repeats, paths()))
        assert not isinstance(found, str), f"model {number} of seed {SEED} crashed\n{found}"
        assert not found.differences, explain(SEED, number, rows, found.differences[0])
        total.add(found.tally)
    return total


@pytest.mark.long
def test_random_models_over_columns_are_what_the_interpreter_says() -> None:
    total = compared(range(16), 90, 3)
    assert min(total.compared[path] for path in paths()) > 20_000, summary(total, 0)


@pytest.mark.long
def test_many_random_models_over_columns_are_what_the_interpreter_says() -> None:
    total = compared(range(100, 180), 200, 12)
    assert min(total.compared[path] for path in paths()) > 1_000_000, summary(total, 0)
    drawn = {shape.construct for shapes in SHAPES.values() for shape in shapes}
    assert drawn <= total.by_construct.keys(), "every construct is met"
    assert {f"table {policy}" for policy in ("U", "A", "F", "P", "R", "O", "C", "C+", "C<", "C>", "C#")} <= total.by_construct.keys()
    first = total.compared[paths()[0]]
    assert total.whole < first / 5
    assert total.interpreted[paths()[0]] < first / 3


def compared_policies(numbers: range, rows: int, repeats: int) -> PolicyFinding:
    total = PolicyFinding()
    for number in numbers:
        found = compare_policy(f"policy {SEED}/{number}", rows=rows, repeats=repeats)
        assert not found.differences, found.differences[0]
        total.compared += found.compared
        total.policies += found.policies
    return total


def test_random_policies_over_columns_are_what_assess_says_in_any_order_and_block() -> None:
    assert compared_policies(range(16), 30, 8).policies > 8


@pytest.mark.long
def test_many_random_policies_over_columns_are_what_assess_says() -> None:
    assert compared_policies(range(100, 250), 60, 20).compared > 100_000


# --- the comparison itself -------------------------------------------------------------------------------------------------


def test_a_model_and_its_rows_follow_from_the_seed() -> None:
    assert draw("1/2", rows=40) == draw("1/2", rows=40)
    assert draw("1/2", rows=40) != draw("1/3", rows=40)


def wrong_sums(left: Column, right: Column, form: Form) -> Column:
    """Return sums that are one too high where they are above 100."""
    found = operators.arithmetic("+", left, right, form)
    return replace(found, values=found.values + (found.values > 100 * 10**form.scale))


@pytest.mark.long
def test_a_difference_is_found_and_cut_down_to_what_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = operators.arithmetic
    monkeypatch.setattr(
        "zhida.columnar.execute.arithmetic",
        lambda operator, *rest: wrong_sums(*rest) if operator == "+" else plain(operator, *rest),
    )
    found: list[Difference] = []
    number = -1
    while not found:
        number += 1
        drawn = draw(f"5/{number}", rows=120)
        found = compare(drawn, drawn.compiled(), repeats=1, seed="", on=paths()[:1]).differences
    less = shrink(drawn, found[0])
    assert len(less.rows) == 1
    assert len(less.decisions) <= 2
    assert "+" in written(less)
    assert sum(size(each) for each in less.decisions) <= 12, written(less)
    assert f"--only {number} " in explain(5, number, 120, found[0])


def size(drawn: Drawn) -> int:
    body = drawn.body
    if isinstance(body, Tree):
        return body.size
    trees = [*body.clauses, *(cell for rule in body.rules for cell in rule)] if isinstance(body, Table) else [body.result]
    return sum(tree.size if isinstance(tree, Tree) else 1 for tree in trees)


def test_a_crash_is_told_with_its_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("zhida.columnar.execute.compare", broken)
    told = [judge((SEED, number, 30, 1, paths()[:1]))[1] for number in range(12)]
    assert any(isinstance(found, str) and "ZeroDivisionError" in found for found in told)


def test_rows_and_decisions_are_counted_once_for_each_row_that_was_compared() -> None:
    drawn = draw("1/0", rows=50)
    tally = compare(DrawnModel(drawn.decisions, drawn.rows), drawn.compiled(), repeats=4, seed="", on=paths()).tally
    for path in paths():
        assert tally.compared[path] + tally.interpreted[path] == 4 * len(drawn.rows) * len(drawn.decisions)
    assert tally.distinct == len(drawn.rows) * len(drawn.decisions)
