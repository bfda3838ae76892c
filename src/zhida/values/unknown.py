"""Unknown: the value of a fact that we have not been told, and that knows what it lacks."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unknown:
    """Stands for a value that rests on missing facts; merges with others through operators."""

    missing: frozenset[str]
    """Names of the attributes (or parameters) that would have to be known."""

    def __reduce__(self) -> tuple[type["Unknown"], tuple[frozenset[str]]]:
        """Return what it is made of, for pickles, which hold tens of thousands."""
        return Unknown, (self.missing,)

    def __bool__(self) -> bool:
        """Refuse to be taken for true or false: an unknown must be handled, never assumed."""
        raise TypeError("an Unknown is neither true nor false")

    def __str__(self) -> str:
        """Show the unknown as the mark that examples use, with what it lacks."""
        return f"?({', '.join(sorted(self.missing))})"


def unknown(name: str) -> Unknown:
    """Return the unknown value of one fact.

    >>> unknown("从业人员").missing
    frozenset({'从业人员'})
    """
    return Unknown(frozenset((name,)))


def find_unknown(value: object) -> Unknown | None:
    """Return the merged unknown inside `value` (itself, or anywhere in a list or context), or None where all is known.

    >>> find_unknown((1, unknown("a"), {"b": unknown("b")})) == Unknown(frozenset({"a", "b"}))
    True
    """
    match value:
        case Unknown():
            return value
        case tuple():
            return None if MAY_HOLD_UNKNOWN.isdisjoint(map(type, value)) else merge(value)
        case dict():
            return merge(value.values())
    return None


MAY_HOLD_UNKNOWN = frozenset((Unknown, tuple, dict))
"""Types whose values are or may hold an unknown; all others need not be looked at."""


def merge(values: Iterable[object]) -> Unknown | None:
    """Return one unknown that lacks all that the unknowns among `values` lack, or None where there is none."""
    missing: frozenset[str] = frozenset()
    found = False
    for value in values:
        inner = find_unknown(value) if type(value) in MAY_HOLD_UNKNOWN else None
        if inner is not None:
            found = True
            missing |= inner.missing
    return Unknown(missing) if found else None
