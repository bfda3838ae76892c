r"""Regular expressions as `matches`, `replace` and `split` mean them (XQuery 1.0 and XPath 2.0 Functions and Operators, 7.6).

Owns the one way from an XPath pattern to a compiled one. XPath's syntax is not Python's: `[A-Z-[OI]]` subtracts, `\p{…}`
names a block, flag `x` takes whitespace out of the pattern, and every escape that XPath does not list is a mistake. What
XPath calls an error is refused.

A pattern may need forever on some text, so it gets one second. No clock is read here: it is tried with a short time first,
and the longer one takes more steps out of the budget, so that many slow patterns come to an end as well.
"""

import re
from fractions import Fraction
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zhida.feel.builtins.signature import Host, Refused
from zhida.feel.run import MAX_LEVELS, MAX_SIZE, MAX_STEPS
from zhida.values.text import shortened

if TYPE_CHECKING:
    import regex

TRIES = ((1, 50), (10, 3_000), (100, 30_000), (1_000, 200_000))
"""How many milliseconds a pattern may work on a text before it is tried again with more, and the steps that each try takes."""

MAX_LENGTH = 2_000
"""How many characters a pattern may have: to read one takes long."""

_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)
_ESCAPABLE = frozenset("nrt\\|.-^?*+{}()[]$sSdDwWiIcCpP123456789")
_REPLACEMENT_PART = re.compile(r"\\([\\$])|\$([0-9]+)|([^\\$]+)|(.)", re.DOTALL)
_WHITESPACE = frozenset("\t\n\r ")
_OPTIONS = {"s": re.DOTALL, "m": re.MULTILINE, "i": re.IGNORECASE}


def search(host: Host, text: str, pattern: str, flags: str) -> bool:
    """Return whether `pattern` is found anywhere in `text`."""
    return bool(_timed(host, pattern, _compiled(host, pattern, flags).search, text))


def replace(host: Host, text: str, pattern: str, replacement: str, flags: str) -> str:
    r"""Return `text` with every match replaced; `$1` is what the first group held, `\$` and `\\` are the characters themselves."""
    compiled = _divider(host, pattern, flags)
    parts = _replacement_parts(replacement, compiled.groups)
    size = 0

    def filled(match: "regex.Match[str]") -> str:
        nonlocal size
        found = "".join(part if isinstance(part, str) else match[part] or "" for part in parts)
        size += len(found)
        if size > MAX_SIZE:  # a long replacement for each of many matches: it is not even put together
            raise Refused("feel-too-large", limit=MAX_SIZE, levels=MAX_LEVELS)
        return found

    def replaced(*, timeout: int) -> str:
        nonlocal size
        size = 0
        return compiled.sub(filled, text, timeout=timeout)

    return str(_timed(host, pattern, replaced))


def split(host: Host, text: str, pattern: str) -> tuple[str, ...]:
    """Return the parts of `text` between the matches; an empty text is one empty part."""
    compiled = _divider(host, pattern, "")
    parts, start = [], 0
    for begin, end in _timed(host, pattern, lambda *, timeout: [match.span() for match in compiled.finditer(text, timeout=timeout)]):
        parts.append(text[start:begin])
        start = end
    return (*parts, text[start:])


def _spend(host: Host, steps: int) -> None:
    if not host.spend(steps):
        raise Refused("feel-too-many-steps", limit=MAX_STEPS)


def _timed(host: Host, pattern: str, work: Any, *arguments: Any) -> Any:  # noqa: ANN401 - a method of a compiled pattern
    for milliseconds, steps in TRIES:
        _spend(host, steps)
        try:
            return work(*arguments, timeout=Fraction(milliseconds, 1_000))
        except TimeoutError:
            continue
    raise Refused("feel-pattern-timeout", pattern=shortened(pattern))


def _divider(host: Host, pattern: str, flags: str) -> "regex.Pattern[str]":
    """Return a compiled pattern that can part a text: one that matches nothing at all would part it everywhere."""
    compiled = _compiled(host, pattern, flags)
    if compiled.search(""):
        raise _bad(pattern)
    return compiled


def _bad(pattern: str) -> Refused:
    return Refused("feel-bad-pattern", pattern=shortened(pattern))


def _compiled(host: Host, pattern: str, flags: str) -> "regex.Pattern[str]":
    if len(pattern) > MAX_LENGTH:
        raise Refused("feel-pattern-too-long", length=len(pattern), limit=MAX_LENGTH)
    _spend(host, len(pattern))
    compiled = _compile(pattern, flags)
    if compiled is None:
        raise _bad(f"{pattern}  {flags}".rstrip())
    return compiled


def _engines() -> tuple[ModuleType, ModuleType]:
    """Import what reads patterns when the first pattern comes: most policies have none, and both take long to load."""
    import elementpath.regex as translator  # noqa: PLC0415 - the one import that may stand in a function
    import regex as engine  # noqa: PLC0415 - the same

    return translator, engine


@lru_cache(maxsize=256)
def _compile(pattern: str, flags: str) -> "regex.Pattern[str] | None":
    """Return a pattern ready to run, or None where the pattern or a flag is none."""
    translator, engine = _engines()
    if not set(flags) <= {*_OPTIONS, "x"}:
        return None
    if "x" in flags:
        pattern = _without_whitespace(pattern)
    if any(found[1] not in _ESCAPABLE for found in _ESCAPE.finditer(pattern)):
        return None
    options = sum(value for flag, value in _OPTIONS.items() if flag in flags)
    try:
        compiled: regex.Pattern[str] = engine.compile(translator.translate_pattern(pattern, options), options | engine.VERSION0)
    except (translator.RegexError, engine.error, ValueError, IndexError, OverflowError, RecursionError):
        return None
    return compiled


def _without_whitespace(pattern: str) -> str:
    """Return a pattern without the whitespace outside of its character classes, as flag `x` asks."""
    kept, depth, is_escaped = [], 0, False
    for character in pattern:
        if character in _WHITESPACE and not depth:
            continue
        if not is_escaped:
            depth += (character == "[") - (character == "]")
        is_escaped = character == "\\" and not is_escaped
        kept.append(character)
    return "".join(kept)


def _replacement_parts(replacement: str, groups: int) -> list[str | int]:
    """Return the texts and group numbers that a replacement is made of.

    A number takes as many digits as there are groups for it: with nine groups or fewer, `$10` is group 1 and a 0. A group
    that the pattern does not have is empty.
    """
    parts: list[str | int] = []
    for character, digits, text, mistake in _REPLACEMENT_PART.findall(replacement):
        if mistake:
            raise _bad(replacement)
        if digits:
            length = next((length for length in range(min(len(digits), 4), 1, -1) if int(digits[:length]) <= groups), 1)
            number = int(digits[:length])
            parts += [number if number <= groups else "", digits[length:]]
        else:
            parts.append(character or text)
    return parts
