"""Decimal numbers: 34 digits, as IEEE 754 decimal128 and the DMN standard ask (DMN 1.5, 10.3.2.3.1).

A context is passed to whatever computes; the thread's own context is never touched.
"""

from decimal import (
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)

FEEL_DIGITS = 34
"""Significant digits of a FEEL number."""

CENT_GUARD_PLACES = 12
"""Decimal places to which an amount is rounded half-even before it is cut down or up (semantics.md, Amounts)."""

ROUNDING_MODES = {
    "down": ROUND_DOWN,
    "up": ROUND_UP,
    "half_up": ROUND_HALF_UP,
    "half_even": ROUND_HALF_EVEN,
}
"""Rounding modes by the word that a policy's front matter uses."""


_PASSIVE = Context(prec=FEEL_DIGITS, rounding=ROUND_HALF_EVEN, Emin=-6143, Emax=6144, clamp=1, traps=[])
_TRAPPING = Context(
    prec=FEEL_DIGITS,
    rounding=ROUND_HALF_EVEN,
    Emin=-6143,
    Emax=6144,
    clamp=1,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)

_EXACT = Context(prec=7_000)  # holds every FEEL number in full
_GUARD = Decimal(1).scaleb(-CENT_GUARD_PLACES)


def feel_context(*, is_passive: bool = False) -> Context:
    """Return a fresh decimal128 context; errors are trapped so that the caller can make them null, unless it is passive."""
    return (_PASSIVE if is_passive else _TRAPPING).copy()  # to copy is ten times as quick as to make, and every evaluation has one


def round_amount(amount: Decimal, scale: int, mode: str) -> Decimal:
    """Round `amount` once, at the border.

    Args:
        amount: Yuan, as computed with 34 digits.
        scale: Decimal places kept; 2 is the fen.
        mode: A key of `ROUNDING_MODES`. `down` and `up` first round half-even to 12 places, so that the
            53999.999… of a 34-digit division is 54000.00.

    >>> round_amount(Decimal("53999.9999999999999999"), 2, "down")
    Decimal('54000.00')
    >>> round_amount(Decimal("0.999"), 2, "down")
    Decimal('0.99')
    """
    if mode in {"down", "up"}:
        amount = amount.quantize(_GUARD, rounding=ROUND_HALF_EVEN, context=_EXACT)
    return amount.quantize(Decimal(1).scaleb(-scale), rounding=ROUNDING_MODES[mode], context=_EXACT)


def format_number(value: Decimal) -> str:
    """Return the plain decimal form of a number, without exponent or idle zeros.

    >>> format_number(Decimal("1.50E+3")), format_number(Decimal("0.10"))
    ('1500', '0.1')
    """
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
