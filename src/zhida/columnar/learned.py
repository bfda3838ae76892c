"""What a plan has learned: what the interpreter said of combinations of values, so that the next run need not ask again.

    executor ── asks ──> Learned ── does not know ──> interpreter
                            └── bytes, by the digest of what the plan was made of ──> the next run

Kept by values, not by codes: codes are numbers of one run. (What the plan has become by its lessons, codes and all, stands beside
them for the same plan only: `zhida.columnar.kept`.) It holds for the plan alone that it was learned by; who keeps it
must name that plan by a digest of all that it was made of.
"""

import io
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from zhida.values.text import literal
from zhida.values.unknown import Unknown

Value = Any

Key = tuple[str, ...]
"""Values, each by its type and how FEEL writes it."""

MOST_KEPT = 20_000
"""Combinations that are kept of one operation."""

FEW = 16
"""Of so many lessons one that is new is not worth writing all."""

FORMAT = 5
"""Of the bytes; others are not read."""


class Firing(NamedTuple):
    """What a table told beside its value."""

    rules: tuple[int, ...]
    """Places of the rules that the value rests on; none where it is not known which."""
    excluded: frozenset[int]
    """Places of the rules that what is known keeps from having any say."""


class Lesson(NamedTuple):
    """What the interpreter said of one combination of values."""

    value: Value
    """The value."""
    codes: frozenset[str]
    """What was odd."""
    firing: Firing | None = None
    """Which rules of a table fired."""
    read: frozenset[str] = frozenset()
    """The operands that were read."""
    more: tuple[tuple[int, ...], tuple[int, ...], bool] = ((), (), False)
    """Of a table whose outputs are no constants: the rules whose outputs count, those that may, whether it takes more to tell."""


@dataclass(slots=True)
class Learned:
    """The lessons of one plan."""

    lessons: dict[tuple[str, int], dict[Key, Lesson]] = field(default_factory=dict)
    """By the decision that is given as a fact, if any, and the place of the operation; then by the values of its operands."""
    known: int = 0
    """How many there were at the beginning."""
    fresh: int = 0
    """How many have come since."""
    is_read: bool = False
    """Whether anything is kept yet, if only that there are none."""
    is_stale: bool = False
    """Whether what is kept with them is of no use, or lacks the coded program."""
    become: bytes = b""
    """What the plan had become by the end of another run, for who opens it next (`zhida.columnar.kept`); none where that is not known."""
    becoming: Callable[[], bytes] | None = field(default=None, repr=False, compare=False)
    """Says what the plan has become by now."""

    def of(self, place: int, given: str = "") -> "Lessons":
        """Return the lessons of one operation.

        Args:
            place: Its place in the plan.
            given: The decision that is a fact there, where the plan is one of those that near misses are sought with.
        """
        return Lessons(self, self.lessons.setdefault((given, place), {}))

    @property
    def is_new(self) -> bool:
        """Whether so many have come that it is worth keeping them: to write all takes longer than to learn a few once more."""
        return self.is_stale or not self.is_read or self.fresh * FEW > self.known

    def to_bytes(self) -> bytes:
        """Return all lessons as bytes, and what the plan has become by them."""
        become = b"" if self.becoming is None else self.becoming()
        return pickle.dumps((FORMAT, self.lessons, become), protocol=5)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Learned | None":
        """Return lessons from bytes; None where they are not such bytes, or were written by another version."""
        try:
            format_, lessons, become = _Unpickler(io.BytesIO(data)).load()
        except Exception:  # noqa: BLE001 - whatever is wrong with bytes from a disk, they are learned anew
            return None
        if format_ != FORMAT or not isinstance(lessons, dict) or not isinstance(become, bytes):
            return None
        return cls(lessons, sum(map(len, lessons.values())), is_read=True, become=become)


@dataclass(slots=True)
class Lessons:
    """The lessons of one operation."""

    learned: Learned
    """The lessons of the plan."""
    by_key: dict[Key, Lesson]
    """By the values of the operands."""

    def get(self, key: Key) -> Lesson | None:
        """Return what was said of some values, if that is known."""
        return self.by_key.get(key)

    def keep(self, key: Key, lesson: Lesson) -> None:
        """Keep what was said of some values."""
        if len(self.by_key) < MOST_KEPT:
            self.learned.fresh += key not in self.by_key
            self.by_key[key] = lesson


def key_of(values: Sequence[Value], texts: dict[int, tuple[Value, str]] | None = None) -> Key:
    """Return what tells some values from others.

    Args:
        values: The values.
        texts: Remembers how lists and contexts are written, by their identity.

    >>> key_of(["1", True, None]), key_of([Unknown(frozenset(("人",)))])
    (('str "1"', 'bool true', 'NoneType null'), ('? 人',))
    """
    return tuple([_text(value, texts) for value in values])


def _text(value: Value, texts: dict[int, tuple[Value, str]] | None) -> str:
    if isinstance(value, Unknown):
        return "? " + ",".join(sorted(value.missing))
    if texts is None or not isinstance(value, tuple | dict):
        return f"{type(value).__name__} {literal(value)}"
    if id(value) not in texts:
        texts[id(value)] = value, f"{type(value).__name__} {literal(value)}"  # kept, so that its identity stays its own
    return texts[id(value)][1]


class _Unpickler(pickle.Unpickler):
    """Makes nothing but values of FEEL and lessons."""

    OTHERS = frozenset({("decimal", "Decimal"), ("zhida.columnar.learned", "Lesson"), ("zhida.columnar.learned", "Firing")})

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - a class
        """Return a class that bytes name.

        Raises:
            pickle.UnpicklingError: it is none of those that lessons are made of.
        """
        is_value = module.startswith("zhida.values.") and "." not in name
        found = super().find_class(module, name) if is_value or (module, name) in self.OTHERS else None
        if isinstance(found, type) and found.__module__ == module:
            return found
        raise pickle.UnpicklingError(f"{module}.{name}")
