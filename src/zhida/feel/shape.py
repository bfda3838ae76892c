"""What is known of a value before it is known: its type, unit, usual range, code list, entries.

Owns `Shape` and what does not need an expression to say of it. A shape that says nothing goes with everything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache

from zhida.feel.units import Unit
from zhida.values.types import ANY, NULL, SIMPLE_TYPES, Type, is_assignable, list_of, unconstrained

_MOST_TYPES = 100
"""How many types are compared with each other to find one for all of them; so many have none."""

SIMPLE = frozenset(SIMPLE_TYPES.values())


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a value beforehand."""

    type: Type = ANY
    """Its type."""
    unit: Unit | None = None
    """Unit of a number, or of the numbers in a list; None where nobody stated one."""
    label: str = ""
    """The name that people know it by; empty for what has none."""
    usual_range: tuple[Decimal | None, Decimal | None] | None = None
    """Least and greatest usual value."""
    literal: Decimal | str | None = None
    """The number or string itself where it is written out."""
    fields: Mapping[str, "Shape"] = field(default_factory=dict)
    """Entries of a context, or of the contexts in a list."""
    allowed_values: tuple[str, ...] | None = None
    """The code list of a string, or of the strings in a list; None where any string will do."""
    allowed_beginnings: tuple[str, ...] | None = None
    """What a string must begin with; None where any string will do."""

    @property
    def element(self) -> "Shape":
        """The shape of what is in a list or range; of anything else, its own."""
        return replace(self, type=self.type.arguments[0]) if self.type.name in {"list", "range"} else self

    @property
    def in_list(self) -> "Shape":
        """The shape of a list of such values."""
        return replace(self, type=list_of(self.type), label="", literal=None)


def shape_of_type(type_: Type, label: str = "") -> Shape:
    """Return the shape of a value of which nothing but its type is declared, with the entries that the type names."""
    if not type_.arguments and not type_.fields:
        return Shape(type_ if type_.constraint is None else unconstrained(type_), label=label)
    return replace(_known_shape(_Identity(type_)), label=label)


class _Identity:
    """A type as itself: to compare two large ones part by part takes longer than to look at one."""

    __slots__ = ("type_",)

    def __init__(self, type_: Type) -> None:
        self.type_ = type_

    def __hash__(self) -> int:
        return id(self.type_)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.type_ is other.type_


@lru_cache(maxsize=64)
def _known_shape(same: _Identity) -> Shape:
    """Return the shape of a type, which many values may share."""
    return _shape(unconstrained(same.type_), "")


def _shape(type_: Type, label: str) -> Shape:
    inner = type_.arguments[0] if type_.name == "list" and type_.arguments else type_
    return Shape(type_, label=label, fields={name: _shape(entry, name) for name, entry in inner.fields})


def join(shapes: Sequence[Shape]) -> Shape:
    """Return what several shapes have in common; null goes with all."""
    shapes = [shape for shape in shapes if shape.type is not NULL]
    if not shapes:
        return Shape()
    types = list(dict.fromkeys(shape.type for shape in shapes))
    if len(types) > _MOST_TYPES:
        types = [ANY]
    type_ = next((wide for wide in types if wide != ANY and ANY not in types and all(is_assignable(type_, wide) for type_ in types)), ANY)
    units = {shape.unit for shape in shapes if shape.unit is not None}
    entries = shapes[0].fields if all(shape.fields.keys() == shapes[0].fields.keys() for shape in shapes) else {}
    return Shape(
        type_,
        units.pop() if len(units) == 1 else None,
        fields={name: join([shape.fields[name] for shape in shapes]) for name in entries},
    )
