"""Names in FEEL: they may hold spaces, keywords and operators, so reading one needs the scope (DMN 1.5, 10.3.1.5).

A name is a sequence of parts: runs of name characters, and the symbols `. / - ' + *`. White space between parts means
nothing. `NameSet.match` finds the longest declared name at a place; `Scope` chains such sets.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from zhida.values.types import Type

START = (
    "?A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3003-\u3007\u3012\u3013\u3020-\ud7ff\uf900-\ufdcf\ufdf0-\ufefe\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uffdc"
    "\U00010000-\U000effff"
)
"""Characters that begin a name; Chinese punctuation is left out, because it is always a slip of the keyboard."""

PART = re.compile(rf"[{START}][{START}0-9\u00b7\u0300-\u036f\u203f-\u2040]*")
"""A run of name characters."""

SYMBOL = re.compile(r"[./\-'+*]")
"""Characters that a name may hold between its parts."""

DIGITS = re.compile(r"[0-9]+")
"""Digits inside a name, after a symbol or a space."""

SPACE = re.compile(r"(?:[\s\u180e\u200b\ufeff]|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
"""White space and comments."""


def skip_space(text: str, position: int) -> int:
    """Return the place behind white space and comments."""
    found = SPACE.match(text, position)
    return found.end() if found else position


def read_part(text: str, position: int) -> str:
    """Return the part of a name that stands at `position`, or an empty text."""
    for pattern in (PART, SYMBOL, DIGITS):
        if found := pattern.match(text, position):
            return found[0]
    return ""


@lru_cache(maxsize=8_192)
def split_name(name: str) -> tuple[str, ...]:
    """Return the parts of a name.

    >>> split_name("a-b  c")
    ('a', '-', 'b', 'c')
    """
    if PART.fullmatch(name):
        return (name,)
    parts, position = [], skip_space(name, 0)
    while position < len(name):
        part = read_part(name, position) or name[position]
        parts.append(part)
        position = skip_space(name, position + len(part))
    return tuple(parts)


_KEY = re.compile(r"""[{,]\s*+(?:"([^"\\]*+)"\s*+|([^\s"{}\[\](),:][^"{}\[\](),:]*+)):""")


def written_keys(text: str) -> Iterator[str]:
    """Yield the keys of several parts that contexts in a text seem to have: only these need to be known before they are read.

    >>> list(written_keys('[{order size: 1, a: {"unit price": 2}}]'))
    ['order size', 'unit price']
    """
    for found in _KEY.finditer(text):
        name = " ".join((found[1] or found[2] or "").split())
        parts = split_name(name)
        if len(parts) > 1 and PART.match(name) and all(map(_is_part, parts)):
            yield name


def _is_part(part: str) -> bool:
    return any(pattern.fullmatch(part) for pattern in (PART, SYMBOL, DIGITS))


class NameSet:
    """A set of names that finds the longest of them at a place in a text."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """Index the names by their parts."""
        self._names: dict[tuple[str, ...], str] = {}
        self._longest: dict[str, int] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """Declare one more name."""
        parts = split_name(name)
        if parts:
            self._names[parts] = name
            self._longest[parts[0]] = max(self._longest.get(parts[0], 0), len(parts))

    def including(self, name: str) -> "NameSet":
        """Return a set of these names and one more."""
        names = NameSet()
        names._names = dict(self._names)
        names._longest = dict(self._longest)
        names.add(name)
        return names

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names in the order of their declaration."""
        return iter(self._names.values())

    def has_name_from(self, part: str) -> bool:
        """Say whether some name begins with a part."""
        return part in self._longest

    def match(self, text: str, position: int, part: str | None = None) -> tuple[str, int, int] | None:
        """Return the longest name at `position` as (name, end, number of parts), or None; `part` is what stands there, if it was read."""
        if part is None:
            part = read_part(text, position)
        limit = self._longest.get(part, 0)
        if limit == 1:  # most names have one part
            return self._names[part,], position + len(part), 1
        if not limit:
            return None
        parts: list[str] = []
        best: tuple[str, int, int] | None = None
        while part and len(parts) < limit:
            position += len(part)
            parts.append(part)
            name = self._names.get(tuple(parts))
            if name is not None:
                best = (name, position, len(parts))
            position = skip_space(text, position)
            part = read_part(text, position)
        return best


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that an expression may use, innermost first."""

    names: NameSet = field(default_factory=NameSet)
    """Names declared here."""
    parent: "Scope | None" = None
    """The scope around this one."""
    properties: NameSet = field(default_factory=NameSet)
    """Names that may follow a dot: entries of contexts and properties of values; shared by all scopes of a model."""
    types: Mapping[str, Type] = field(default_factory=dict)
    """Named types; shared by all scopes of a model."""

    def inner(self, names: Iterable[str] = ()) -> "Scope":
        """Return a scope inside of this one that declares `names` as well."""
        return Scope(NameSet(names), self, self.properties, self.types)

    def match(self, text: str, position: int) -> tuple[str, int, int] | None:
        """Return the longest declared name at `position` as (name, end, number of parts); the innermost among equals."""
        best: tuple[str, int, int] | None = None
        part = read_part(text, position)
        scope: Scope | None = self
        while scope is not None:
            found = scope.names.match(text, position, part) if scope.names.has_name_from(part) else None
            if found is not None and (best is None or found[1] > best[1]):
                best = found
            scope = scope.parent
        return best
