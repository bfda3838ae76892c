"""The measured trap of the disability levy: the wage of one is a payroll divided by people, and seldom comes out even."""

from decimal import Context, Decimal
from fractions import Fraction

import pytest

from zhida.values.numbers import round_amount

CONTEXT = Context(prec=34)
INPUTS = [(people, payroll) for people in range(31, 57) for payroll in range(3_000_000, 5_600_000, 100_000)]
"""People and payrolls as round as they are in life; nobody disabled, so nine tenths of 1.5 % of the payroll are owed: whole yuan."""


def levy(people: int, payroll: int) -> Decimal:
    """Return what is owed, computed as the document says: the shortfall of people by the average wage, nine tenths of it."""
    wage = CONTEXT.divide(Decimal(payroll), Decimal(people))
    shortfall = CONTEXT.multiply(Decimal(people), Decimal("0.015"))
    return CONTEXT.multiply(CONTEXT.multiply(shortfall, wage), Decimal("0.9"))


@pytest.mark.parametrize("mode", ["down", "up", "half_up", "half_even"])
def test_round_inputs_of_the_levy_lose_no_fen_and_gain_none(mode: str) -> None:
    for people, payroll in INPUTS:
        assert Fraction(round_amount(levy(people, payroll), 2, mode)) == Fraction(payroll) * Fraction(135, 10_000), (people, payroll)


def test_123_of_676_would_lose_a_fen_if_they_were_cut_at_once() -> None:
    lost = [(people, payroll) for people, payroll in INPUTS if levy(people, payroll) < Fraction(payroll) * Fraction(135, 10_000)]
    assert len(INPUTS) == 676
    assert len(lost) == 123
    assert str(levy(31, 3_200_000)).startswith("43199.99999")
