"""What a policy that was opened has become in a run, as bytes for the next: its plan, its coded program and all that these learned.

    PolicyColumns ──to_bytes──> bytes ──from_bytes──> PolicyColumns, as it was at the end of the run before

It holds for the policy alone that was opened, opened alike; who keeps it must name it by a digest of all that the policy is made
of, and of the engine. What belongs to the policy itself (its tables, cells, texts) is not in the bytes but named by its place
among the parts of the model, which whoever reads them gives. Nothing is made of bytes but the engine's own values, numbers and
arrays; whatever is wrong with them, the policy is opened anew.

Invariant: what is decided does not depend on what was decided before, so it does not matter what the bytes already know.
"""

import io
import pickle
from collections.abc import Iterator
from threading import RLock
from types import NoneType
from typing import Any

from zhida.columnar import plan
from zhida.columnar.columns import ALL
from zhida.columnar.elements import Elements
from zhida.columnar.learned import Learned, Lessons
from zhida.dmn.compiled import Body, CompiledDecision, CompiledKnowledge, CompiledTable, Typed
from zhida.feel.syntax import Node
from zhida.policy.pack import PolicyModel
from zhida.source import Source, Span

MOST_BYTES = 4_000_000
"""Bytes that are kept of one policy; what has become larger than that is learned anew."""

_LOCK = type(RLock())


def to_bytes(opened: object, model: PolicyModel, learned: Learned) -> bytes:
    """Return what a policy has become as bytes; none where it cannot be written so, or is too large.

    Args:
        opened: The policy, opened, and how it was.
        model: The policy, linked for a day.
        learned: What the interpreter said, which is kept beside.
    """
    file = io.BytesIO()
    try:
        parts = list(parts_of(model))
        _Pickler(file, parts, learned).dump((len(parts), opened))
    except Exception:  # noqa: BLE001 - a value that holds a function, or what nobody thought of: it is opened anew next time
        return b""
    return file.getvalue() if file.tell() <= MOST_BYTES else b""


def from_bytes(data: bytes, model: PolicyModel, learned: Learned) -> Any:  # noqa: ANN401 - what was given to `to_bytes`
    """Return what a policy has become from bytes; None where they are not such bytes, or are those of another policy."""
    try:
        parts = list(parts_of(model))
        count, opened = _Unpickler(io.BytesIO(data), parts, learned).load()
    except Exception:  # noqa: BLE001 - whatever is wrong with bytes from a disk, the policy is opened anew
        return None
    return opened if count == len(parts) else None


def parts_of(model: PolicyModel) -> Iterator[object]:
    """Yield what a policy is made of that a plan may be made of too, always in the same order."""
    yield model
    yield model.model
    yield model.policy
    spans: list[Span] = []
    elements: list[CompiledDecision | CompiledKnowledge] = [*model.model.decisions.values(), *model.model.knowledge.values()]
    for element in elements:
        yield element
        for part in _parts_of_body(element.body):
            yield part
            if isinstance(part, Node):
                spans.append(part.span)
    yield from _sources(spans)
    for data in model.model.inputs.values():
        yield data
        yield data.item


def _parts_of_body(body: Body) -> Iterator[object]:
    yield body
    if isinstance(body, Typed):
        yield from _parts_of_body(body.body)
    elif isinstance(body, CompiledTable):
        yield body.table
        yield from body.table.inputs
        yield from body.table.outputs
        for rule in body.rules:
            yield rule
            yield rule.rule
        yield from body.nodes


def _sources(spans: list[Span]) -> Iterator[Source]:
    """Yield the texts that nodes stand in, each once."""
    found: dict[int, Source] = {}
    for span in spans:
        found.setdefault(id(span.source), span.source)
    yield from found.values()


# --- what is named -------------------------------------------------------------------------------------------------


def named(*name: object) -> object:
    """Stand in bytes for what whoever reads them has: it is never called, who reads puts its own in its place.

    Raises:
        LookupError: it was called.
    """
    raise LookupError(name)


_SINGLE: dict[str, object] = {
    "type of null": NoneType,
    "every row": ALL,
    **{f"form {form.kind}": form for form in (plan.BOOLEANS, plan.DATES, plan.STRINGS, plan.VALUES, plan.RATIOS, plan.NULLS)},
}
"""What there is only once in a process, and is told by that, by name."""

_SINGLE_NAMES = {id(thing): name for name, thing in _SINGLE.items()}


class _Pickler(pickle.Pickler):
    """Writes parts of the model, lessons, and what there is only once, by their names."""

    def __init__(self, file: io.BytesIO, parts: list[object], learned: Learned) -> None:
        super().__init__(file, protocol=5)
        self.places: dict[int, int] = {}
        for place, part in enumerate(parts):
            self.places.setdefault(id(part), place)
        self.learned = learned
        self.lessons = {id(lessons): key for key, lessons in learned.lessons.items()}

    def reducer_override(self, thing: Any) -> Any:  # noqa: ANN401 - anything but Python's plain values
        """Return how an object is made when it is read.

        Raises:
            pickle.PicklingError: it belongs to rows.
        """
        number, kind = id(thing), type(thing)
        if number in self.places:
            return named, ("part", self.places[number])
        if number in _SINGLE_NAMES:
            return named, ("single", _SINGLE_NAMES[number])
        if kind is Lessons:
            given, place = self.lessons[id(thing.by_key)]
            return named, ("lessons", place, given)
        if kind is Learned:
            return named, ("learned",)
        if kind is _LOCK:
            return named, ("lock",)
        if Elements in kind.__mro__:
            raise pickle.PicklingError("elements of the lists of rows")
        return NotImplemented


class _Unpickler(pickle.Unpickler):
    """Makes nothing but the engine's own values, numbers and arrays."""

    LAYERS = ("zhida.source", "zhida.values.", "zhida.feel.", "zhida.dmn.", "zhida.columnar.", "zhida.policy.")
    """The modules whose classes are made."""
    OTHERS = frozenset((
        *(("decimal", "Decimal"), ("fractions", "Fraction"), ("zhida.values.types", "simple_type")),
        *(("numpy", "dtype"), ("numpy", "ndarray"), ("numpy._core.numeric", "_frombuffer")),
        *(("numpy._core.multiarray", "scalar"), ("numpy._core.multiarray", "_reconstruct")),
        *(("builtins", "slice"), ("builtins", "str"), ("builtins", "bool"), ("builtins", "tuple"), ("builtins", "dict")),
    ))  # fmt: skip
    """What values and arrays are made of beside."""

    def __init__(self, file: io.BytesIO, parts: list[object], learned: Learned) -> None:
        super().__init__(file)
        self.parts = parts
        self.learned = learned

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - a class
        """Return a class that bytes name.

        Raises:
            pickle.UnpicklingError: it is none of those that may be made.
        """
        if (module, name) == (__name__, named.__name__):
            return self.found
        if (module, name) in self.OTHERS:
            return super().find_class(module, name)
        is_own = module.startswith(self.LAYERS) and "." not in name
        found = super().find_class(module, name) if is_own else None
        if isinstance(found, type) and found.__module__ == module:
            return found
        raise pickle.UnpicklingError(f"{module}.{name}")

    def found(self, kind: str, *name: Any) -> object:  # noqa: ANN401 - numbers and words
        """Return what a name stands for.

        Raises:
            pickle.UnpicklingError: nothing.
        """
        match kind:
            case "part":
                return self.parts[name[0]]
            case "single":
                return _SINGLE[name[0]]
            case "lessons":
                return self.learned.of(*name)
            case "learned":
                return self.learned
            case "lock":
                return RLock()
        raise pickle.UnpicklingError(kind)
