"""String functions (DMN 1.5, table 74). Lengths and positions count code points; the first position is 1, the last -1."""

from decimal import Decimal

from zhida.feel.builtins import pattern
from zhida.feel.builtins.signature import STRING_, Host, Refused, bad_argument, define, optional, required, signature
from zhida.feel.run import MAX_LEVELS, MAX_SIZE
from zhida.values.types import BOOLEAN, NUMBER, STRING, list_of


def place(parameter: str, position: Decimal, count: int) -> int:
    """Return the 0-based place that a 1-based position means, counted from the end if it is negative.

    A fraction is cut off. A position outside of 1 to `count` is refused.
    """
    whole = int(position)
    if not 0 < abs(whole) <= count:
        raise bad_argument(parameter, position, f"[1..{count}] | [-{count}..-1]" if count else "[]")
    return whole - 1 if whole > 0 else count + whole


def stretch(count: int, start: Decimal, length: Decimal | None) -> slice:
    """Return the part of `count` things from position `start` on, `length` of them or all; refuse what is not there."""
    first = place("start position", start, count)
    if length is None:
        return slice(first, count)
    if not 1 <= int(length) <= count - first:
        raise bad_argument("length", length, f"[1..{count - first}]")
    return slice(first, first + int(length))


def substring(_host: Host, string: str, start: Decimal, length: Decimal | None) -> str:
    """Return the characters from a position on."""
    return string[stretch(len(string), start, length)]


def string_length(_host: Host, string: str) -> Decimal:
    """Return how many characters a string has."""
    return Decimal(len(string))


def upper_case(_host: Host, string: str) -> str:
    """Return a string in capitals."""
    return string.upper()


def lower_case(_host: Host, string: str) -> str:
    """Return a string in small letters."""
    return string.lower()


def substring_before(_host: Host, string: str, match: str) -> str:
    """Return what stands before the first `match`; nothing where there is none."""
    before, found, _ = string.partition(match) if match else ("", "", "")
    return before if found else ""


def substring_after(_host: Host, string: str, match: str) -> str:
    """Return what stands behind the first `match`; nothing where there is none."""
    return string.partition(match)[2] if match else string


def contains(_host: Host, string: str, match: str) -> bool:
    """Return whether `match` stands in a string."""
    return match in string


def starts_with(_host: Host, string: str, match: str) -> bool:
    """Return whether a string begins with `match`."""
    return string.startswith(match)


def ends_with(_host: Host, string: str, match: str) -> bool:
    """Return whether a string ends with `match`."""
    return string.endswith(match)


def matches(host: Host, text: str, pattern_text: str, flags: str | None) -> bool:
    """Return whether a pattern is found in a string."""
    return pattern.search(host, text, pattern_text, flags or "")


def replace(host: Host, text: str, pattern_text: str, replacement: str, flags: str | None) -> str:
    """Return a string with every stretch that a pattern matches replaced."""
    return pattern.replace(host, text, pattern_text, replacement, flags or "")


def split(host: Host, string: str, delimiter: str) -> tuple[str, ...]:
    """Return the parts of a string between the stretches that a pattern matches."""
    return pattern.split(host, string, delimiter)


def string_join(_host: Host, elements: tuple[str | None, ...], delimiter: str | None) -> str:
    """Return the strings as one, nulls left out."""
    texts = [element for element in elements if element is not None]
    between = delimiter or ""
    if sum(map(len, texts)) + len(between) * len(texts) > MAX_SIZE:
        raise Refused("feel-too-large", limit=MAX_SIZE, levels=MAX_LEVELS)
    return between.join(texts)


_MATCH = required("match", STRING)
_INPUT, _PATTERN, _FLAGS = required("input", STRING), required("pattern", STRING), optional("flags", STRING)

FUNCTIONS = (
    define(
        "substring",
        signature(substring, STRING, STRING_, required("start position", NUMBER), optional("length", NUMBER)),
    ),
    define("string length", signature(string_length, NUMBER, STRING_)),
    define("upper case", signature(upper_case, STRING, STRING_)),
    define("lower case", signature(lower_case, STRING, STRING_)),
    define("substring before", signature(substring_before, STRING, STRING_, _MATCH)),
    define("substring after", signature(substring_after, STRING, STRING_, _MATCH)),
    define("replace", signature(replace, STRING, _INPUT, _PATTERN, required("replacement", STRING), _FLAGS)),
    define("contains", signature(contains, BOOLEAN, STRING_, _MATCH)),
    define("starts with", signature(starts_with, BOOLEAN, STRING_, _MATCH)),
    define("ends with", signature(ends_with, BOOLEAN, STRING_, _MATCH)),
    define("matches", signature(matches, BOOLEAN, _INPUT, _PATTERN, _FLAGS)),
    define("split", signature(split, list_of(STRING), STRING_, required("delimiter", STRING))),
    define("string join", signature(string_join, STRING, required("list", list_of(STRING)), optional("delimiter", STRING))),
)
"""The functions of this module."""
