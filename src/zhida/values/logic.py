"""Four-valued logic: true, false, null and unknown (DMN 1.5, 10.3.2.10 to 10.3.2.12; semantics.md for unknown).

FEEL takes anything that is not a boolean for null. Unknown is a value that could yet be true, false or null, so it
gives way to whatever settles the answer: `false and unknown` is false, `true and unknown` is unknown.
"""

from collections.abc import Iterable

from zhida.values.unknown import Unknown, merge

Truth = bool | Unknown | None
"""A value of the logic."""


def truth(value: object) -> Truth:
    """Return `value` as a truth value: itself, or null for what is no boolean."""
    return value if isinstance(value, bool | Unknown) else None


def negation(value: object) -> Truth:
    """Return the opposite; of null and unknown, themselves.

    >>> negation(None) is None
    True
    """
    return not value if isinstance(value, bool) else truth(value)


def conjunction(values: Iterable[object]) -> Truth:
    """Return whether all hold: false settles it, then unknown, then null; true where there are none.

    >>> conjunction([True, None, False]), conjunction([])
    (False, True)
    """
    return _settle(values, settles=False)


def disjunction(values: Iterable[object]) -> Truth:
    """Return whether any holds: true settles it, then unknown, then null; false where there are none.

    >>> disjunction([None, True]), disjunction([])
    (True, False)
    """
    return _settle(values, settles=True)


def _settle(values: Iterable[object], *, settles: bool) -> Truth:
    unknowns: list[object] = []
    has_null = False
    for value in values:
        if value is settles:
            return settles
        if isinstance(value, Unknown):
            unknowns.append(value)
        elif value is not (not settles):
            has_null = True
    if unknowns:
        return merge(unknowns)
    return None if has_null else not settles
