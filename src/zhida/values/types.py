"""Types of values: their names, their order and whether a value conforms (DMN 1.5, 10.3.2.9).

A `Type` is frozen and structural: two lists of numbers have equal types. `parse_type` reads the spelling of type
references in models and policies; `conforms` is the test behind `instance of`, `coerce` what a typed variable does.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import Any, TypeGuard

from zhida.values.function import Function
from zhida.values.range import Range
from zhida.values.temporal import UTC_MIDNIGHT, Date, DateTime, DaysDuration, MonthsDuration, Time
from zhida.values.unknown import Unknown, find_unknown


@dataclass(frozen=True, slots=True)
class Constraint:
    """What the values of a type must be beside its structure: the unary tests of an item definition."""

    tests: str
    """The tests, in FEEL."""
    allows: Callable[[object, Mapping[str, Any], Any], bool] = field(compare=False, repr=False)
    """Says whether a value passes them, given the entries beside it in its context, and what pays for the steps that this
    takes (a `feel.run.Run`, or None where nobody counts); never called for null."""


@dataclass(frozen=True, slots=True)
class Type:
    """A FEEL type."""

    name: str
    """`number`, `string`, …, `list`, `range`, `context`, `function`, `Any` or `Null`."""
    arguments: tuple["Type", ...] = ()
    """Element type of a list or range; parameter types and, last, the result type of a function."""
    fields: tuple[tuple[str, "Type"], ...] = ()
    """Entries that a context must have, in order."""
    constraint: Constraint | None = None
    """What a value must pass beside."""

    def __str__(self) -> str:
        """Return the spelling of the standard; a constraint follows in brackets."""
        if self.constraint is not None:
            return f"{replace(self, constraint=None)} ({self.constraint.tests})"
        match self.name:
            case "list" | "range" if self.arguments:
                return f"{self.name}<{self.arguments[0]}>"
            case "context" if self.fields:
                return f"context<{', '.join(f'{name}: {type_}' for name, type_ in self.fields)}>"
            case "function" if self.arguments:
                return f"function<{', '.join(map(str, self.arguments[:-1]))}> -> {self.arguments[-1]}"
        return self.name

    def __reduce__(self) -> tuple[Callable[..., "Type"], tuple[object, ...]]:
        """Return how a copy is made, in another process too: of the simple types there is only one, which is told by `is`."""
        if SIMPLE_TYPES.get(self.name) is self:
            return simple_type, (self.name,)
        return Type, (self.name, self.arguments, self.fields, self.constraint)


ANY = Type("Any")
NULL = Type("Null")
NUMBER = Type("number")
STRING = Type("string")
BOOLEAN = Type("boolean")
DATE = Type("date")
TIME = Type("time")
DATE_TIME = Type("date and time")
DAYS_DURATION = Type("days and time duration")
MONTHS_DURATION = Type("years and months duration")

SIMPLE_TYPES = {
    type_.name: type_ for type_ in (ANY, NULL, NUMBER, STRING, BOOLEAN, DATE, TIME, DATE_TIME, DAYS_DURATION, MONTHS_DURATION)
} | {
    "dateTime": DATE_TIME,
    "dayTimeDuration": DAYS_DURATION,
    "yearMonthDuration": MONTHS_DURATION,
    "list": Type("list", (ANY,)),
    "context": Type("context"),
    "range": Type("range", (ANY,)),
    "function": Type("function"),
}
"""Types that are written as a bare name, with the XML spellings of older models."""


def simple_type(name: str) -> Type:
    """Return the type that is written as a bare name.

    >>> simple_type("date and time") is DATE_TIME
    True
    """
    return SIMPLE_TYPES[name]


ORDERED_TYPES = {NUMBER, STRING, DATE, TIME, DATE_TIME, DAYS_DURATION, MONTHS_DURATION}
"""Types whose values can be compared with `<`."""


def list_of(element: Type) -> Type:
    """Return the type of a list of `element`."""
    return Type("list", (element,))


MAX_NESTING = 50
"""How many types may be spelled inside each other."""


def parse_type(text: str, named: Callable[[str], Type] | None = None) -> Type | None:
    """Return the type that `text` spells, or None where it spells none.

    Args:
        text: The spelling.
        named: What a name means that is none of FEEL's own; without it, such a name is no type.

    >>> str(parse_type("list<context<a: number, b: string>>"))
    'list<context<a: number, b: string>>'
    >>> str(parse_type("list<tLoan>", Type))
    'list<tLoan>'
    """
    return _parse_type(re.sub(r"\s+", " ", text), MAX_NESTING, named)


def _parse_type(text: str, levels: int, named: Callable[[str], Type] | None) -> Type | None:
    """Return the type that `text` spells with so many more inside each other."""
    text = text.strip()
    if text in SIMPLE_TYPES:
        return SIMPLE_TYPES[text]
    if levels == 0:
        return None
    if found := re.fullmatch(r"(list|range) ?< ?(.*) ?>", text):
        element = _parse_type(found[2], levels - 1, named)
        return element and Type(found[1], (element,))
    if found := re.fullmatch(r"context ?< ?(.*) ?>", text):
        fields = []
        for part in _split_top(found[1]):
            name, colon, spelled = part.partition(":")
            inner = _parse_type(spelled, levels - 1, named)
            if not colon or inner is None:
                return None
            fields.append((name.strip(), inner))
        return Type("context", (), tuple(fields))
    if found := re.fullmatch(r"function ?< ?(.*) ?> ?-> ?(.*)", text):
        types = [_parse_type(part, levels - 1, named) for part in (*_split_top(found[1]), found[2])]
        known = tuple(type_ for type_ in types if type_ is not None)
        return Type("function", known) if len(known) == len(types) else None
    return named(text) if named is not None and text and not re.search("[<>]", text) else None


def _split_top(text: str) -> list[str]:
    """Split at the commas that stand in no inner angle brackets."""
    parts, depth, start = [], 0, 0
    for place, character in enumerate(text):
        arrow = character == ">" and text[place - 1 : place] == "-"
        depth += (character == "<") - (character == ">" and not arrow)
        if character == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [part for part in (*parts, text[start:]) if part.strip()]


def type_of(value: object) -> Type:
    """Return the most specific type of a value.

    >>> str(type_of((Decimal(1), Decimal(2))))
    'list<number>'
    """
    simple = _PYTHON_TYPES.get(type(value))
    if simple is not None:
        return simple
    match value:
        case tuple():
            elements = {type_of(element) for element in value}
            return list_of(elements.pop() if len(elements) == 1 else ANY)
        case dict():
            return Type("context", (), tuple((name, type_of(entry)) for name, entry in value.items()))
        case Range():
            end = value.low if value.low is not None else value.high
            return Type("range", (type_of(end),))
        case Function():
            return Type("function")
    return ANY


_PYTHON_TYPES: dict[type, Type] = {
    type(None): NULL,
    Decimal: NUMBER,
    str: STRING,
    bool: BOOLEAN,
    Date: DATE,
    Time: TIME,
    DateTime: DATE_TIME,
    DaysDuration: DAYS_DURATION,
    MonthsDuration: MONTHS_DURATION,
}


def conforms(value: object, type_: Type) -> bool:
    """Say whether `value` is built as `type_` says; null conforms to every type, and constraints are no part of the question.

    >>> conforms((Decimal(1), "a"), list_of(NUMBER))
    False
    """
    if value is None or type_ is ANY or _PYTHON_TYPES.get(type(value)) is type_:
        return True
    simple = _PYTHON_TYPES.get(type(value))
    if simple is not None:
        return simple is type_ or type_.name in {simple.name, "Any"}
    match type_.name:
        case "Any":
            return True
        case "list":
            element_type = type_.arguments[0]
            return isinstance(value, tuple) and (element_type is ANY or all(conforms(element, element_type) for element in value))
        case "context":
            return isinstance(value, dict) and all(name in value and conforms(value[name], field) for name, field in type_.fields)
        case "range":
            return isinstance(value, Range) and conforms(value.low, type_.arguments[0]) and conforms(value.high, type_.arguments[0])
        case "function":
            return isinstance(value, Function) and _is_called_so(value, type_)
    return False


def _is_called_so(function: Function, type_: Type) -> bool:
    """Say whether a function takes what a function type gives and gives what it takes, as far as the function's types are known."""
    if not type_.arguments or function.call is not None:
        return True
    if len(function.parameters) != len(type_.arguments) - 1:
        return False
    *taken, result = function.types or (ANY,) * len(type_.arguments)
    *given, wanted = type_.arguments
    # `Any` among the parameters takes all, but is not taken by all.
    fits = all(mine is ANY or (other is not ANY and is_assignable(other, mine)) for mine, other in zip(taken, given, strict=True))
    return fits and is_assignable(result, wanted)


def is_assignable(found: Type, declared: Type) -> bool:
    """Say whether every value of type `found` may stand where `declared` is declared, as far as the two tell.

    A bare `list`, `context` or `function` tells nothing of what is inside, so it goes with each of its kind.

    >>> is_assignable(list_of(NUMBER), list_of(ANY)), is_assignable(NUMBER, STRING)
    (True, False)
    """
    if declared in (found, ANY) or found in (ANY, NULL):
        return True
    if found.name != declared.name:
        return False
    if declared.constraint is not None or found.constraint is not None:
        return is_assignable(replace(found, constraint=None), replace(declared, constraint=None))
    match declared.name:
        case "list" | "range":
            return is_assignable(found.arguments[0], declared.arguments[0])
        case "context":
            entries = dict(found.fields)
            return not entries or all(name in entries and is_assignable(entries[name], type_) for name, type_ in declared.fields)
        case "function":
            return (
                not (found.arguments and declared.arguments)
                or (
                    len(found.arguments) == len(declared.arguments)
                    # A function may take more than it is asked to, and give less than it may.
                    and all(map(is_assignable, declared.arguments[:-1], found.arguments[:-1]))
                    and is_assignable(found.arguments[-1], declared.arguments[-1])
                )
            )
    return False


def unconstrained(type_: Type) -> Type:
    """Return a type without the constraints in it: what expressions can be checked by beforehand."""
    if type_.constraint is None and not type_.arguments and not type_.fields:
        return type_
    arguments = tuple(map(unconstrained, type_.arguments))
    entries = tuple((name, unconstrained(entry)) for name, entry in type_.fields)
    same = zip((*type_.arguments, *(each for _, each in type_.fields)), (*arguments, *(each for _, each in entries)), strict=True)
    # What has no constraints stays the same object: large types are shared, not copied.
    return type_ if type_.constraint is None and all(old is new for old, new in same) else Type(type_.name, arguments, entries)


def coerce(value: object, type_: Type, run: Any = None) -> tuple[Any, bool]:  # noqa: ANN401 - a run is of a higher layer
    """Return `value` as `type_` asks, and whether it fits (DMN 1.5, 10.3.2.9.4).

    A list of one stands for its element where an element is wanted, and the other way round; an unknown fits anything. What
    a constraint in the type does not allow does not fit. `run` pays for the steps that constraints take.
    """
    value, fits = _coerce(value, type_)
    if fits and value is not None and _is_constrained(type_) and not _is_allowed(value, type_, {}, run):
        return None, False
    return value, fits


@cache
def _is_constrained(type_: Type) -> bool:
    """Say whether a type or one inside of it has a constraint."""
    inner = (*type_.arguments, *(entry for _, entry in type_.fields))
    return type_.constraint is not None or (type_.name != "function" and any(map(_is_constrained, inner)))


def _is_allowed(value: Any, type_: Type, beside: Mapping[str, Any], run: Any) -> bool:  # noqa: ANN401 - any FEEL value
    """Say whether a value that is built as `type_` says passes the constraints in it, however deep.

    Tests of an entry see the entries `beside` it (DMN 1.5, 7.3.3).
    """
    if value is None or find_unknown(value) is not None:
        return True
    if type_.constraint is not None and not type_.constraint.allows(value, beside, run):
        return False
    match value:
        case tuple() if type_.name == "list":
            return all(_is_allowed(element, type_.arguments[0], beside, run) for element in value)
        case dict():
            return all(_is_allowed(value.get(name), entry, value, run) for name, entry in type_.fields)
    return True


def _coerce(value: object, type_: Type) -> tuple[Any, bool]:
    """Return `value` as the structure of `type_` asks, and whether it fits."""
    if isinstance(value, Unknown) or conforms(value, type_) or find_unknown(value) is not None:
        return value, True
    if isinstance(value, tuple) and len(value) == 1 and type_.name != "list" and conforms(value[0], type_):
        return value[0], True
    if type_.name == "list" and not isinstance(value, tuple) and conforms(value, type_.arguments[0]):
        return (value,), True
    if type_.name == "date and time" and type(value) is Date:
        return DateTime(value, UTC_MIDNIGHT), True
    return None, False


def is_number(value: object) -> TypeGuard[Decimal]:
    """Say whether `value` is a FEEL number."""
    return type(value) is Decimal
