"""Asking z3: terms in, a model or none out, the same for the same question on every machine.

Each question has a solver of its own, so that no answer depends on what was asked before, and a budget in z3's resource
units, never in seconds.
"""

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

import z3

from zhida.proof.solver.algebra import Branch, Image, Quotient, Space, Term, below, is_known, lifted

_SEED = 7

_LEAST_POWER, _MOST_POWER, _MOST_GUESSES = -2, 16, 60

_FEN = Fraction(1, 100)


class Status(StrEnum):
    """How z3 answered."""

    POSSIBLE = "sat"
    IMPOSSIBLE = "unsat"
    UNKNOWN = "unknown"


class Answer(NamedTuple):
    """What z3 answered."""

    status: Status
    """Whether the terms can hold together."""
    model: Term = None
    """Of POSSIBLE, values with which they do."""


def ask(space: Space, terms: Sequence[Term], budget: int) -> Answer:
    """Return whether some terms can hold together.

    Args:
        space: Where they live.
        terms: The terms.
        budget: How much may be spent, in z3's resource units.
    """
    if any(term is False for term in terms):
        return Answer(Status.IMPOSSIBLE)
    if budget <= 0:
        return Answer(Status.UNKNOWN)
    solver = z3.SimpleSolver(ctx=space.context)
    solver.set("rlimit", budget, "random_seed", _SEED)
    solver.add([term for term in terms if term is not True])
    status = Status(str(solver.check()))
    return Answer(status, solver.model() if status is Status.POSSIBLE else None)


class Bound(NamedTuple):
    """The greatest value of a number."""

    status: Status
    """Whether there is any value; UNKNOWN where the greatest was not found."""
    value: Fraction | None = None
    """The greatest value, or the least that none exceeds; None where there is none."""


def bound(space: Space, terms: Sequence[Term], number: Term, budget: int, *, is_climbing: bool = True) -> Bound:
    """Return the greatest value that a number has where some terms hold.

    Args:
        space: Where they live.
        terms: The terms.
        number: The number.
        budget: How much may be spent, in z3's resource units.
        is_climbing: Whether ever greater values are asked for where z3 finds no greatest.
    """
    if any(term is False for term in terms):
        return Bound(Status.IMPOSSIBLE)
    if is_known(number):
        answer = ask(space, terms, budget)
        return Bound(answer.status, Fraction(number) if answer.status is Status.POSSIBLE else None)
    if budget <= 0:
        return Bound(Status.UNKNOWN)
    optimize = z3.Optimize(ctx=space.context)
    optimize.set("rlimit", budget)
    optimize.add([term for term in terms if term is not True])
    goal = optimize.maximize(lifted(number))
    status = Status(str(optimize.check()))
    if status is Status.UNKNOWN:
        return _climbed(space, terms, number, budget // 4) if is_climbing else Bound(status)
    if status is Status.IMPOSSIBLE:
        return Bound(status)
    infinite, finite, _ = optimize.upper_values(goal)
    if not z3.is_rational_value(finite) and not z3.is_int_value(finite):
        return Bound(Status.UNKNOWN)
    return Bound(status, None if str(infinite) != "0" else _fraction(finite))


def _climbed(space: Space, terms: Sequence[Term], number: Term, budget: int) -> Bound:
    """Return the greatest value by asking for ever greater ones: between what is possible and what is not, until a fen is left."""
    answer = ask(space, terms, budget)
    if answer.status is not Status.POSSIBLE:
        return Bound(answer.status)
    low, high = Fraction(read(answer.model, number)), None
    guesses = iter(Fraction(10) ** power for power in range(_LEAST_POWER, _MOST_POWER) if Fraction(10) ** power > low)
    for _ in range(_MOST_GUESSES):
        if high is not None and high - low <= _FEN:
            return Bound(Status.POSSIBLE, shortest(low, high))
        quarter = Fraction(0) if high is None else (high - low) / 4
        guess = next(guesses, None) if high is None else shortest(low + quarter, high - quarter)
        if guess is None:
            break
        answer = ask(space, [*terms, below(guess, number)], budget)
        if answer.status is Status.UNKNOWN:
            break
        if answer.status is Status.IMPOSSIBLE:
            high = guess
        else:
            low = max(low, Fraction(read(answer.model, number)))
    return Bound(Status.UNKNOWN)


def shortest(low: Fraction, high: Fraction) -> Fraction:
    """Return a number between two with as few decimal digits as can be, the greatest of these.

    >>> shortest(Fraction(4999), Fraction(5003)), shortest(Fraction(1, 3), Fraction(2, 5))
    (Fraction(5000, 1), Fraction(2, 5))
    """
    power = len(str(int(max(abs(low), abs(high))))) + 1
    while True:
        unit = Fraction(10) ** power
        found = (high // unit) * unit
        if found >= low:
            return found
        power -= 1


def read(model: Term, term: Term) -> bool | Fraction:
    """Return the value of a term in a model; one that does not matter there is false or zero, an irrational one is near."""
    if is_known(term):
        return term if isinstance(term, bool) else Fraction(term)
    if isinstance(term, Quotient):
        below = read(model, term.below)
        return Fraction(read(model, term.above)) / Fraction(below) if below else Fraction(0)
    if isinstance(term, Branch):
        return read(model, term.then if read(model, term.condition) else term.otherwise)
    if isinstance(term, Image):
        return term.at(int(read(model, term.argument)))
    value = model.eval(term, model_completion=True)
    if z3.is_bool(value):
        return bool(z3.is_true(value))
    if z3.is_algebraic_value(value):
        value = value.approx(20)
    return _fraction(value)


def _fraction(value: Term) -> Fraction:
    return Fraction(value.as_long()) if z3.is_int_value(value) else Fraction(value.numerator_as_long(), value.denominator_as_long())
