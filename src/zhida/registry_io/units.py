"""Units of columns: exact factors from the unit of a file to the base unit of the dictionary.

A dictionary knows base units only (元, 人, m2, 天, 1 for ratios). A file may give 万元 or %; its mapping says so, and here
the unit becomes an exact decimal factor. Money of another currency needs a stated rate, which no table here holds.
"""

import re
from decimal import Decimal

from zhida.policy.dictionary import BASE_UNITS

PREFIXES = {
    "": Decimal(1),
    "十": Decimal(10),
    "百": Decimal(100),
    "千": Decimal(1000),
    "万": Decimal(10_000),
    "十万": Decimal(100_000),
    "百万": Decimal(1_000_000),
    "千万": Decimal(10_000_000),
    "亿": Decimal(100_000_000),
    "十亿": Decimal(1_000_000_000),
    "百亿": Decimal(10_000_000_000),
    "千亿": Decimal(100_000_000_000),
    "万亿": Decimal(1_000_000_000_000),
}
"""Words before a unit and what they multiply by."""

OTHER_UNITS = {
    "CNY": ("元", Decimal(1)),
    "RMB": ("元", Decimal(1)),
    "人民币元": ("元", Decimal(1)),
    "角": ("元", Decimal("0.1")),
    "名": ("人", Decimal(1)),
    "平方米": ("m2", Decimal(1)),
    "㎡": ("m2", Decimal(1)),
    "m²": ("m2", Decimal(1)),
    "公顷": ("m2", Decimal(10_000)),
    "日": ("天", Decimal(1)),
    "%": ("1", Decimal("0.01")),
    "‰": ("1", Decimal("0.001")),
}
"""Other spellings and exact multiples of base units."""

CURRENCY = re.compile(r"[A-Z]{3}")
"""A currency's code (ISO 4217); CNY and RMB are units, every other one needs a rate."""


def split_unit(unit: str) -> tuple[str, Decimal] | None:
    """Return the base unit (or the foreign currency) of `unit` and the exact factor to it, or None for an unknown unit.

    >>> split_unit("百万元"), split_unit("%"), split_unit("万USD"), split_unit("万圆")
    (('元', Decimal('1000000')), ('1', Decimal('0.01')), ('USD', Decimal('10000')), None)
    """
    numerator, slash, denominator = unit.partition("/")
    if slash:
        above, below = split_unit(numerator), split_unit(denominator)
        # Only a denominator of one keeps every factor a finite decimal.
        return (f"{above[0]}/{below[0]}", above[1]) if above and below and below[1] == 1 else None
    for prefix in sorted(PREFIXES, key=len):
        if not unit.startswith(prefix):
            continue
        rest = unit[len(prefix) :]
        if rest in OTHER_UNITS:
            base, factor = OTHER_UNITS[rest]
            return base, PREFIXES[prefix] * factor
        if rest in BASE_UNITS or CURRENCY.fullmatch(rest):
            return rest, PREFIXES[prefix]
    return None


def is_currency(base: str) -> bool:
    """Say whether a base unit is a foreign currency, which needs a rate."""
    return CURRENCY.fullmatch(base) is not None


def known_units() -> tuple[str, ...]:
    """Return spellings to propose where a unit is not known, common ones first."""
    money = tuple(f"{prefix}元" for prefix in ("", "千", "万", "百万", "亿"))
    return (*money, "人", "万人", "%", *(unit for unit in (*BASE_UNITS, *OTHER_UNITS) if unit not in {"元", "人", "%"}))
