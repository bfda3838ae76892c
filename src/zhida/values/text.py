"""Values as text: what `string()` returns, and the FEEL that would give the value back.

Owns the canonical form of every value. `format_value` is for reading and for `string()` (DMN 1.5, table 72); `literal` is
for messages and for what is put inside of a list or context: it quotes strings, so that `"1"` and `1` stay apart.
"""

import re
from collections.abc import Iterator
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
        case tuple() | dict() | Range():
            return "".join(_pieces(value))
        case Function():
            return value.name or f"function({', '.join(value.parameters)})"
    return str(value)


def excerpt(value: object, limit: int = 80) -> str:
    """Return the literal of a value for a message, cut where it would fill the screen.

    >>> excerpt(tuple(map(Decimal, range(100))), 12)
    '[0, 1, 2, 3…'
    """
    text = _beginning(value, limit)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def shortened(text: str, limit: int = 200) -> str:
    """Return a text for a message, cut where it would fill the screen.

    >>> shortened("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def literal_within(value: object, limit: int) -> str | None:
    """Return the literal of a value, or None where it has more than `limit` characters; then it is not even put together.

    >>> literal_within((Decimal(1), Decimal(2)), 6), literal_within("abc", 4)
    ('[1, 2]', None)
    """
    text = _beginning(value, limit)
    return text if len(text) <= limit else None


def _beginning(value: object, limit: int) -> str:
    """Return the literal of a value, or at least so much of its beginning that it has more than `limit` characters."""
    if isinstance(value, str) and len(value) > limit:
        return literal(value[: limit + 1])
    if not isinstance(value, tuple | dict | Range):
        return literal(value)
    pieces: list[str] = []
    size = 0
    for piece in _pieces(value):
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            break
    return "".join(pieces)


def _inner_pieces(value: object) -> Iterator[str]:
    """Yield the literal of what stands in a list or context, where a range with an operator has parentheses."""
    is_bare = isinstance(value, Range) and value.operator
    yield "(" if is_bare else ""
    yield from _pieces(value)
    yield ")" if is_bare else ""


def _pieces(value: object) -> Iterator[str]:
    """Yield the literal of a value piece by piece."""
    match value:
        case tuple():
            yield "["
            for place, element in enumerate(value):
                yield ", " if place else ""
                yield from _inner_pieces(element)
            yield "]"
        case dict():
            yield "{"
            for place, (key, entry) in enumerate(value.items()):
                yield f"{', ' if place else ''}{_key(key)}: "
                yield from _inner_pieces(entry)
            yield "}"
        case Range(operator=""):
            yield "[" if value.low_closed else "("
            yield from _pieces(value.low)
            yield ".."
            yield from _pieces(value.high)
            yield "]" if value.high_closed else ")"
        case Range():
            yield f"{value.operator} "
            yield from _pieces(value.low if value.high is None else value.high)
        case _:
            yield literal(value)


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else literal(key)
