"""The best combination is the one that trying everything finds, and every certificate holds until something in it is changed."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.properties.drawn_combinations import AS_OF, Drawn, drawn, drawn_large, lawful, tried
from zhida.entitle.best.argument import data, read, sealed
from zhida.entitle.best.certificate import prove
from zhida.entitle.best.checker import check
from zhida.entitle.best.grounds import Grounds, State, beginning
from zhida.entitle.best.lawful import Combination, faults, laws, preference
from zhida.entitle.best.solver import best
from zhida.errors import InputError

SECOND_OPINION = Path(__file__).with_name("second_opinion.py")
QUICK = range(150)
CHUNKS = [pytest.param(range(start, start + 500), marks=pytest.mark.long, id=str(start)) for start in range(0, 10_000, 500)]


@pytest.mark.parametrize("seeds", [pytest.param(QUICK, id="quick"), *CHUNKS])
def test_the_best_combination_is_what_trying_everything_finds(seeds: range) -> None:
    for seed in seeds:
        subject = drawn(seed)
        structure, situation = subject.structure, subject.situation
        expected = tried(subject)
        assert faults(structure, situation, expected, AS_OF) == (), seed
        found = best(structure, situation, AS_OF)
        assert found == expected, (seed, preference(structure, situation, found))
        certificate = read(json.loads(json.dumps(data(prove(structure, situation, found, AS_OF)))))
        assert check(structure, situation, certificate, AS_OF) == (), seed


@pytest.mark.parametrize("seeds", [pytest.param(QUICK, id="quick"), *CHUNKS])
def test_a_certificate_that_was_tampered_with_fails(seeds: range) -> None:
    for seed in seeds:
        subject = drawn(seed)
        told = data(prove(subject.structure, subject.situation, best(subject.structure, subject.situation, AS_OF), AS_OF))
        dice = Random(seed)  # noqa: S311
        places = list(_places(told))
        for place in dice.sample(places, min(3, len(places))):
            spoilt = _changed(told, place, dice)
            assert _complaints(subject, spoilt), (seed, place)
            if place != ("seal",):
                _what_is_sealed_anew_is_refused_or_true(subject, told, spoilt)


def _what_is_sealed_anew_is_refused_or_true(subject: Drawn, told: dict[str, Any], spoilt: dict[str, Any]) -> None:
    """Who makes a new seal gets through only with another proof of the same: the same sum, lawfully made."""
    try:
        certificate = read(spoilt)
    except InputError:
        return
    if not check(subject.structure, subject.situation, replace(certificate, seal=sealed(certificate)), AS_OF):
        assert certificate.total_fen == told["total_fen"] == sum(certificate.paid_fen)
        assert {**spoilt, "parts": [], "is_taken": [], "paid_fen": []} == {**told, "parts": [], "is_taken": [], "paid_fen": []}


def _complaints(subject: Drawn, told: dict[str, Any]) -> tuple[str, ...]:
    try:
        return check(subject.structure, subject.situation, read(told), AS_OF)
    except InputError as error:
        return tuple(each.code for each in error.diagnostics)


def _places(told: dict[str, Any] | list[Any]) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to every number, name and case."""
    for key, value in told.items() if isinstance(told, dict) else enumerate(told):
        if isinstance(value, dict | list):
            yield from ((key, *rest) for rest in _places(value))
        if not isinstance(value, dict):
            yield (key,)


def _changed(told: dict[str, Any], place: tuple[str | int, ...], dice: Random) -> dict[str, Any]:
    """Return what is told with one thing changed: a number, a name, or a list that lost or doubled an entry."""
    spoilt: dict[str, Any] = json.loads(json.dumps(told))
    at: Any = spoilt
    for key in place[:-1]:
        at = at[key]
    value = at[place[-1]]
    match value:
        case bool():
            at[place[-1]] = not value
        case int():
            at[place[-1]] = value + dice.choice((-1, 1, 7))
        case str():
            at[place[-1]] = dice.choice((f"{value}0", value[:-1])) if value else "0"
        case list():
            at[place[-1]] = value[1:] if value and dice.random() < 0.5 else [*value, *(value[-1:] or ["p/00"])]
    return spoilt


@pytest.mark.parametrize("seeds", [pytest.param(range(150), id="quick"), *CHUNKS])
def test_whatever_limits_are_added_up_and_whatever_cases_are_made_no_lawful_combination_is_missed(seeds: range) -> None:
    """What a forger could choose is drawn: which limits, how often, which cases. What is left is compared with everything tried."""
    for seed in seeds:
        subject, dice = drawn(seed), Random(seed)  # noqa: S311
        law = laws(subject.structure, subject.situation, AS_OF)
        grounds = Grounds(subject.structure, law)
        state, left = beginning(law), [*lawful(subject, AS_OF)][:: dice.randint(1, 5)]
        limits = [("sum", place) for place in range(len(law.sums))] + [("choice", place) for place in range(len(law.choices))]
        kinds = [on for on in ("amount", "choice", "requirement") if grounds.count(on)]
        for _ in range(5):
            chosen = dice.sample(limits, dice.randint(0, min(4, len(limits))))
            positions = [each for each in range(len(law.can_take)) if dice.random() < 0.7]
            factors = [(*limit, Fraction(dice.randint(1, 9), dice.randint(1, 4))) for limit in chosen]
            at_most = grounds.added_up(state, positions, factors).limit_fen
            assert all(sum(each.paid_fen[position] for position in positions) <= at_most for each in left), (seed, state, factors)
            on = dice.choice(kinds)
            place = dice.randrange(grounds.count(on))
            states = [grounds.narrowed(state, place, each) for each in grounds.openings(state, on, place, dice.randint(-2, 9))]
            assert all(any(_is_in(each, case) for case in states) for each in left), (seed, on, place)
            if not states:
                break
            state = dice.choice(states)
            left = [each for each in left if _is_in(each, state)]


def _is_in(combination: Combination, state: State) -> bool:
    """Say whether a combination is one of those that are supposed in a case."""
    taken = {position for position, is_taken in enumerate(combination.is_taken) if is_taken}
    is_paid = all(low <= fen <= high for low, fen, high in zip(state.low, combination.paid_fen, state.high, strict=True))
    return is_paid and taken >= state.taken and taken.isdisjoint(state.barred)


@pytest.mark.parametrize(("large", "small"), [(15, 50), pytest.param(60, 100, marks=pytest.mark.long)])
def test_another_solver_finds_the_same_sum(large: int, small: int) -> None:
    subjects = [*map(drawn_large, range(large)), *map(drawn, range(small))]
    told = json.dumps([asdict(laws(each.structure, each.situation, AS_OF)) for each in subjects])
    found = subprocess.run([sys.executable, SECOND_OPINION], input=told, capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == [best(each.structure, each.situation, AS_OF).total_fen for each in subjects]


@pytest.mark.parametrize("seeds", [range(10), pytest.param(range(10, 60), marks=pytest.mark.long)])
def test_certificates_of_large_subjects_hold_and_stay_small(seeds: range) -> None:
    for seed in seeds:
        subject = drawn_large(seed)
        certificate = prove(subject.structure, subject.situation, best(subject.structure, subject.situation, AS_OF), AS_OF)
        assert check(subject.structure, subject.situation, certificate, AS_OF) == ()
        assert len(json.dumps(data(certificate), ensure_ascii=False)) < 20_000, seed


def test_the_answer_is_the_same_again() -> None:
    subject = drawn_large(3)
    first = best(subject.structure, subject.situation, AS_OF)
    again = best(subject.structure, subject.situation, AS_OF)
    assert first == again
    assert prove(subject.structure, subject.situation, first, AS_OF) == prove(subject.structure, subject.situation, again, AS_OF)
