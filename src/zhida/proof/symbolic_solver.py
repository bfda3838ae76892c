"""Asking z3: terms in, a model or none out, the same for the same question on every machine.

Each question has a solver of its own, so that no answer depends on what was asked before, and a budget in z3's resource
units, never in seconds.
"""

from collections.abc import Sequence
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

import z3

from zhida.proof.symbolic_values import Branch, Image, Quotient, Term, is_known

_SEED = 7


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


def ask(terms: Sequence[Term], budget: int) -> Answer:
    """Return whether some terms can hold together.

    Args:
        terms: The terms.
        budget: How much may be spent, in z3's resource units.
    """
    if any(term is False for term in terms):
        return Answer(Status.IMPOSSIBLE)
    if budget <= 0:
        return Answer(Status.UNKNOWN)
    solver = z3.SimpleSolver()
    solver.set("rlimit", budget, "random_seed", _SEED)
    solver.add([term for term in terms if term is not True])
    status = Status(str(solver.check()))
    return Answer(status, solver.model() if status is Status.POSSIBLE else None)


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
    return Fraction(value.as_long()) if z3.is_int_value(value) else Fraction(value.numerator_as_long(), value.denominator_as_long())
