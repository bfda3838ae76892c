"""Units of numbers: what may be added to and compared with what, and what a product is in.

A unit is written as the dictionary writes it: `元`, `人`, `元/人`, `1` for a bare ratio. None stands for a number whose
unit nobody stated, such as a literal: it goes with every unit.
"""

from collections import Counter
from decimal import Decimal
from functools import cache

Unit = tuple[tuple[str, int], ...]
"""Base units with their exponents, sorted; empty for a bare ratio."""

KEEPS_UNIT = frozenset(
    (
        *("min", "max", "sum", "mean", "median", "stddev", "abs", "floor", "ceiling", "decimal", "modulo"),
        *("round up", "round down", "round half up", "round half down"),
    )
)
"""Functions whose number is in the unit of their first argument."""

KEEPS_LIST = frozenset(("append", "concatenate", "distinct values", "flatten", "mode", "remove", "reverse", "sort", "sublist", "union"))
"""Functions whose list holds what is in the lists that they are given."""

AGREEING = frozenset(("min", "max", "sum", "mean", "median", "stddev", "mode", "append", "concatenate", "union"))
"""Functions whose arguments must all be in one unit."""

MAX_POWER = 99
"""A unit to a higher power than this is not followed."""


@cache  # a dictionary writes few units many times
def parse_unit(text: str) -> Unit | None:
    """Return the unit that `text` writes, or None for an empty text.

    >>> parse_unit("元/人")
    (('人', -1), ('元', 1))
    """
    if not text:
        return None
    numerator, *denominators = text.split("/")
    powers: Counter[str] = Counter()
    for sign, part in ((1, numerator), *((-1, part) for part in denominators)):
        for factor in part.split("*"):
            if factor.strip() != "1":
                powers[factor.strip()] += sign
    return _unit(powers)


def format_unit(unit: Unit | None) -> str:
    """Return a unit as it is written.

    >>> format_unit((("人", -1), ("元", 1)))
    '元/人'
    """
    if unit is None:
        return "?"
    above = "*".join(name for name, power in unit for _ in range(power) if power > 0) or "1"
    below = "".join(f"/{name}" for name, power in unit for _ in range(-power) if power < 0)
    return above + below


def multiply(left: Unit | None, right: Unit | None, sign: int = 1) -> Unit | None:
    """Return the unit of a product, or of a quotient with `sign=-1`; a number without unit scales the other."""
    if left is None and right is None:
        return None
    powers = Counter(dict(left or ()))
    for name, power in right or ():
        powers[name] += sign * power
    return _unit(powers) if all(abs(power) <= MAX_POWER for power in powers.values()) else None


def raised(unit: Unit | None, exponent: object) -> Unit | None:
    """Return the unit of a power, or None where the exponent is no whole number that is written out.

    >>> format_unit(raised(parse_unit("元"), Decimal(2)))
    '元*元'
    """
    if unit is None or not isinstance(exponent, Decimal) or abs(exponent) > MAX_POWER or exponent != exponent.to_integral_value():
        return None
    powers = Counter({name: power * int(exponent) for name, power in unit})
    return _unit(powers) if all(abs(power) <= MAX_POWER for power in powers.values()) else None


def _unit(powers: Counter[str]) -> Unit:
    return tuple(sorted((name, power) for name, power in powers.items() if power))
