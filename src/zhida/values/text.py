"""Values as text: what `string()` returns, and the FEEL that would give the value back.

Owns the canonical form of every value. `format_value` is for reading and for `string()` (DMN 1.5, table 72); `literal` is
for messages and for what is put inside of a list or context: it quotes strings, so that `"1"` and `1` stay apart.
"""

import re
from decimal import Decimal

from zhida.values.function import Function
from zhida.values.numbers import format_number
from zhida.values.range import Range
from zhida.values.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time

_ESCAPES = str.maketrans({'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_PLAIN_KEY = re.compile(r"[^\W\d]\w*(?: \w+)*")


def format_value(value: object) -> str:
    """Return the canonical FEEL text of a value; a string stands for itself and is quoted inside of lists and contexts only.

    >>> format_value("中小企业"), format_value((Decimal("1.50"), "a", None, {"人数": Decimal(3)}))
    ('中小企业', '[1.5, "a", null, {人数: 3}]')
    """
    match value:
        case str():
            return value
        case Date() | Time() | DateTime() | DaysDuration() | MonthsDuration():
            return str(value)
    return literal(value)


def literal(value: object) -> str:
    r"""Return the FEEL expression that denotes a value: strings quoted, temporal values as `@"…"`.

    >>> print(literal('say "no"'), literal(Date(2026, 1, 1)), literal(Range(Decimal(1), None, operator=">=")))
    "say \"no\"" @"2026-01-01" >= 1
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format_number(value)
        case str():
            return f'"{value.translate(_ESCAPES)}"'
        case Date() | Time() | DateTime() | DaysDuration() | MonthsDuration():
            return f'@"{value}"'
        case tuple():
            return f"[{', '.join(map(_element, value))}]"
        case dict():
            return f"{{{', '.join(f'{_key(key)}: {_element(entry)}' for key, entry in value.items())}}}"
        case Range():
            return _range(value)
        case Function():
            return value.name or f"function({', '.join(value.parameters)})"
    return str(value)


def excerpt(value: object, limit: int = 80) -> str:
    """Return the literal of a value for a message, cut where it would fill the screen.

    >>> excerpt(tuple(map(Decimal, range(100))), 12)
    '[0, 1, 2, 3…'
    """
    text = literal(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _element(value: object) -> str:
    text = literal(value)
    return f"({text})" if isinstance(value, Range) and value.operator else text


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else literal(key)


def _range(range_: Range) -> str:
    if range_.operator:
        return f"{range_.operator} {literal(range_.low if range_.high is None else range_.high)}"
    opening, closing = "[" if range_.low_closed else "(", "]" if range_.high_closed else ")"
    return f"{opening}{literal(range_.low)}..{literal(range_.high)}{closing}"
