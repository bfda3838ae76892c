"""Over columns the best combinations are the same as one by one, row for row, and each policy that is cut has a reason."""

from random import Random

import numpy as np
import pytest

from tests.properties.drawn_combinations import AS_OF, DAYS, drawn, drawn_large, tried
from zhida.entitle.best.filling import Combined, combined, greatest_sums
from zhida.entitle.best.lawful import Combination, faults
from zhida.entitle.best.reasons import stopped
from zhida.entitle.best.situations import Payments, Situations, one_row
from zhida.entitle.best.solver import best
from zhida.entitle.best.supports import ties_of
from zhida.entitle.stacking.structure import Structure

QUICK = range(20)
CHUNKS = [pytest.param(range(start, start + 250), marks=pytest.mark.long, id=str(start)) for start in range(0, 1_000, 250)]
"""For each seed, every one of `ROWS` rows is asked of the solver too."""
SINGLE = [pytest.param(range(start, start + 500), marks=pytest.mark.long, id=str(start)) for start in range(0, 2_500, 500)]
ROWS = 12


def situations_of(structure: Structure, seed: int, rows: int, most: int) -> Situations:
    """Return rows for a structure: many alike, ties and limits that are just met among them."""
    dice = Random(seed)  # noqa: S311
    count = len(structure.policies)
    caps = sum(each.cap is not None for each in structure.restrictions)
    payments = [(row, dice.randrange(count), dice.randint(0, most)) for row in range(rows) if dice.random() < 0.3 for _ in range(2)]
    columns = [np.array(column, np.int64) for column in zip(*payments, strict=True)]
    days = tuple(dice.choice(DAYS) for _ in payments)
    items = tuple(dice.choice(("", "", "甲")) for _ in payments)
    return Situations(
        np.array([[dice.choice((0, 1, most // 2, most)) for _ in range(rows)] for _ in range(count)], np.int64),
        np.array([[dice.random() < 0.8 for _ in range(rows)] for _ in range(count)], np.bool_),
        np.array([[dice.randint(0, 2 * most) for _ in range(rows)] for _ in range(caps)], np.int64).reshape(caps, rows),
        np.array([[dice.randint(0, 2) for _ in range(rows)] for _ in range(count)], np.int8),
        Payments(columns[0], columns[1], columns[2], days, items) if payments else None,
    )


def of_row(found: Combined, row: int) -> Combination:
    """Return the combination of one row."""
    return Combination(tuple(found.paid[:, row].tolist()), tuple(found.taken[:, row].tolist()))


@pytest.mark.parametrize("seeds", [pytest.param(QUICK, id="quick"), *CHUNKS])
def test_columns_combine_as_the_solver_does_row_for_row(seeds: range) -> None:
    for seed in seeds:
        structure = drawn(seed).structure
        rows = situations_of(structure, seed, ROWS, 4)
        found = combined(structure, ties_of(structure), rows, AS_OF)
        sums = greatest_sums(structure, ties_of(structure), rows, AS_OF)
        for row in range(ROWS):
            expected = best(structure, rows.one(row), AS_OF)
            assert of_row(found, row) == expected, (seed, row)
            assert sums[row] == expected.total_fen, (seed, row)


@pytest.mark.parametrize("seeds", [pytest.param(range(200), id="quick"), *SINGLE])
def test_columns_combine_as_trying_everything_does(seeds: range) -> None:
    for seed in seeds:
        subject = drawn(seed)
        found = combined(subject.structure, ties_of(subject.structure), one_row(subject.situation), AS_OF)
        assert of_row(found, 0) == tried(subject), seed


@pytest.mark.parametrize("seed", range(4))
def test_thirty_policies_and_twelve_groups_combine_as_the_solver_does(seed: int) -> None:
    structure = drawn_large(seed).structure
    rows = situations_of(structure, seed, 3, 10**6)
    found = combined(structure, ties_of(structure), rows, AS_OF)
    assert [of_row(found, row) for row in range(3)] == [best(structure, rows.one(row), AS_OF) for row in range(3)]


@pytest.mark.parametrize("seeds", [pytest.param(QUICK, id="quick"), *CHUNKS])
def test_what_is_cut_is_stopped_by_a_row_and_what_is_not_is_paid_in_full(seeds: range) -> None:
    for seed in seeds:
        structure = drawn(seed).structure
        closed = np.array(structure.is_closed, np.bool_)[:, None]
        rows = situations_of(structure, seed, ROWS, 4)
        rows = Situations(rows.amounts, rows.held & ~closed, rows.caps, rows.efforts, rows.payments)
        found = combined(structure, ties_of(structure), rows, AS_OF)
        told = {}
        for each in stopped(structure, ties_of(structure), rows, found, AS_OF):
            for row, bits in zip(each.rows.tolist(), each.by.tolist(), strict=True):
                told[each.position, row] = [place for at, place in enumerate(each.restrictions) if bits >> at & 1]
        for position, is_money in enumerate(structure.is_money):
            for row in range(ROWS):
                paid, most = found.paid[position, row], found.open_to[position, row]
                is_cut = paid < most if is_money else rows.held[position, row] and not found.taken[position, row]
                assert bool(told.get((position, row))) == bool(is_cut), (seed, position, row)
                if is_cut:
                    assert broken_by_more(structure, rows, found, position, row), (seed, position, row)


def broken_by_more(structure: Structure, rows: Situations, found: Combined, position: int, row: int) -> bool:
    """Say whether one fen more of a policy, or it beside what is taken, is unlawful."""
    combination = of_row(found, row)
    paid, taken = list(combination.paid_fen), list(combination.is_taken)
    paid[position] += structure.is_money[position]
    taken[position] = True
    return bool(faults(structure, rows.one(row), Combination(tuple(paid), tuple(taken)), AS_OF))


def test_a_batch_combines_as_its_halves_do() -> None:
    structure = drawn_large(1).structure
    rows = situations_of(structure, 1, 16, 10**6)
    whole = combined(structure, ties_of(structure), rows, AS_OF)
    parts = [combined(structure, ties_of(structure), rows.take(np.arange(start, start + 8)), AS_OF) for start in (0, 8)]
    assert np.array_equal(whole.paid, np.concatenate([part.paid for part in parts], axis=1))
    assert np.array_equal(whole.taken, np.concatenate([part.taken for part in parts], axis=1))


@pytest.mark.parametrize("seeds", [pytest.param(QUICK, id="quick"), *CHUNKS])
def test_caps_that_cross_combine_as_the_solver_does_and_mostly_without_it(seeds: range) -> None:
    rows, solved = 0, 0
    for seed in seeds:
        structure = drawn(5 * seed).structure  # every fifth is about caps that cross
        situations = situations_of(structure, seed, ROWS, 40)
        found = combined(structure, ties_of(structure), situations, AS_OF)
        rows, solved = rows + ROWS, solved + found.solved
        for row in range(ROWS):
            assert of_row(found, row) == best(structure, situations.one(row), AS_OF), (seed, row)
    assert solved < rows / 2
