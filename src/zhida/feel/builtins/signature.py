"""What a builtin function takes and returns, and how a call's arguments find their parameters (DMN 1.5, 10.3.2.13, 10.3.2.9.4).

Owns the description of builtins as data: the checker reads it, the interpreter binds by it. A builtin has one signature or
more; the first one that the arguments fit as they are is taken, else the first one that they fit after the implicit
conversions (a list of one for its element, an element for a list of one, a date for its UTC midnight). An argument that is
unknown fits every parameter. Nothing is evaluated here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context
from typing import Any, Protocol

from zhida.values.function import Function
from zhida.values.temporal import UTC_MIDNIGHT, Date, DateTime
from zhida.values.text import excerpt, shortened
from zhida.values.types import ANY, DATE_TIME, NUMBER, STRING, Type, conforms, list_of, type_of
from zhida.values.unknown import Unknown

FUNCTION = Type("function")
CONTEXT = Type("context")
RANGE = Type("range", (ANY,))
LIST = list_of(ANY)


class Host(Protocol):
    """What the evaluation that calls a builtin lends to it."""

    @property
    def context(self) -> Context:
        """The decimal context: 34 digits."""

    @property
    def today(self) -> Date:
        """The date of the evaluation."""

    def invoke(self, function: Function, arguments: tuple[Any, ...], /) -> Any:  # noqa: ANN401 - any FEEL value
        """Call a function value."""

    def note(self, code: str, **arguments: Any) -> None:  # noqa: ANN401 - words of a message
        """Keep a diagnostic."""

    def spend(self, steps: int, /) -> bool:
        """Take steps out of the budget; where they are not left, say so and return False."""


class Refused(Exception):  # noqa: N818 - it never leaves a call: it becomes null and a diagnostic
    """A builtin met what it is not defined for."""

    def __init__(self, code: str, **arguments: object) -> None:
        """Keep the diagnostic's code and words; the function's name is added by the call."""
        super().__init__(code)
        self.code = code
        self.arguments = arguments


class Undetermined(Exception):  # noqa: N818 - it never leaves a call: it becomes the unknown that it holds
    """A function that a builtin called answered with an unknown, so the whole rests on it."""

    def __init__(self, unknown: Unknown) -> None:
        """Keep what is missing."""
        super().__init__(str(unknown))
        self.unknown = unknown


def bad_argument(parameter: str, value: object, expected: object) -> Refused:
    """Return the refusal of one argument; `expected` is a type or a range, said alike in every language."""
    return Refused(_code(value, expected), parameter=parameter, value=excerpt(value), expected=expected)


def _code(value: object, expected: object) -> str:
    """Return what is wrong with an argument: there is no data, alone or in a list, or it is of the wrong type."""
    if isinstance(value, tuple) and any(element is None for element in value):
        rest = tuple(element for element in value if element is not None)
        return "feel-null-argument" if not isinstance(expected, Type) or conforms(rest, expected) else "feel-bad-argument"
    return "feel-null-argument" if value is None else "feel-bad-argument"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a builtin."""

    name: str
    """The standard's name, by which it can be named in a call."""
    type: Type
    """What it takes."""
    is_nullable: bool = False
    """Whether null is in its domain."""
    is_optional: bool = False
    """Whether a call by position may leave it out; it is null then."""
    is_carried: bool = False
    """Whether the builtin does not look at it (or at the parts of a list or context), so that an unknown may pass."""

    def __str__(self) -> str:
        """Return the name, with the standard's question mark where it may be left out."""
        return f"{self.name}?" if self.is_optional else self.name


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a builtin."""

    parameters: tuple[Parameter, ...]
    """In order; the optional ones last."""
    implementation: Callable[..., object]
    """Takes the host and one value for each parameter."""
    result: Type = ANY
    """Type of what comes back, unless it is null."""
    is_variadic: bool = False
    """Whether the last parameter takes one argument or more."""

    def __str__(self) -> str:
        """Return the parameters as the standard writes them."""
        return f"({', '.join(map(str, self.parameters))}{'...' if self.is_variadic else ''})"


@dataclass(frozen=True, slots=True)
class Builtin:
    """A builtin function of FEEL."""

    name: str
    """The standard's name, which may hold spaces."""
    signatures: tuple[Signature, ...]
    """Ways to call it; where arguments fit several, the first counts."""

    @property
    def parameter_names(self) -> tuple[str, ...]:
        """Names of the parameters of the first signature."""
        return tuple(parameter.name for parameter in self.signatures[0].parameters)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why arguments fit no signature."""

    code: str
    """A key of the error codes."""
    arguments: Mapping[str, object]
    """The words of its message."""


def required(name: str, type_: Type = ANY) -> Parameter:
    """Return a parameter that takes no null."""
    return Parameter(name, type_)


def nullable(name: str, type_: Type = ANY) -> Parameter:
    """Return a parameter that takes null."""
    return Parameter(name, type_, is_nullable=True)


def optional(name: str, type_: Type) -> Parameter:
    """Return a parameter that may be left out; null is the same as leaving it out."""
    return Parameter(name, type_, is_nullable=True, is_optional=True)


def carried(name: str, type_: Type = ANY) -> Parameter:
    """Return a parameter that is put into the result unread: anything, null with it, or the parts of a list or context."""
    return Parameter(name, type_, is_nullable=type_ is ANY, is_carried=True)


def signature(implementation: Callable[..., object], result: Type, *parameters: Parameter) -> Signature:
    """Return a signature with a fixed number of parameters."""
    return Signature(parameters, implementation, result)


def variadic(implementation: Callable[..., object], result: Type, *parameters: Parameter) -> Signature:
    """Return a signature whose last parameter takes one argument or more."""
    return Signature(parameters, implementation, result, is_variadic=True)


def define(name: str, *signatures: Signature) -> Builtin:
    """Return a builtin."""
    return Builtin(name, signatures)


def of_list_or_arguments(name: str, of_list: Callable[[Host, Any], object], result: Type, list_type: Type) -> Builtin:
    """Return a builtin that takes a list, or its elements as two arguments or more.

    One argument alone is always the list: an element stands for a list of one, so nothing is lost.
    """

    def of_arguments(host: Host, *elements: object) -> object:
        return of_list(host, elements)

    element = list_type.arguments[0]
    return Builtin(
        name,
        (
            Signature((Parameter("list", list_type),), of_list, result),
            Signature((Parameter("n1", element), Parameter("n2", element)), of_arguments, result, is_variadic=True),
        ),
    )


def bind(
    builtin: Builtin, positional: Sequence[object], named: Mapping[str, object] | None = None
) -> tuple[Signature, tuple[object, ...]] | Refusal:
    """Return the signature that a call means and one value for each parameter, converted as its type asks.

    Args:
        builtin: What is called.
        positional: Arguments by position; empty where they are named.
        named: Arguments by the names of parameters; what a signature has and the call does not name is null.

    Returns:
        The signature and its arguments, or a refusal with the code feel-bad-call, feel-bad-argument or feel-null-argument.
    """
    candidates = []
    for candidate in builtin.signatures:
        arranged = _arrange(candidate, positional, named)
        if arranged is None:
            continue
        parameters, arguments = arranged
        if all(map(_fits, arguments, parameters)):
            return candidate, arguments
        candidates.append((candidate, parameters, tuple(map(_convert, arguments, parameters))))
    for candidate, parameters, converted in candidates:
        if all(map(_fits, converted, parameters)):
            return candidate, converted
    if not candidates:
        given = ", ".join(named) if named else ", ".join(shortened(str(type_of(value))) for value in positional)
        signatures = " | ".join(f"{builtin.name}{candidate}" for candidate in builtin.signatures)
        return Refusal("feel-bad-call", {"given": f"({given})", "signature": signatures})
    return _misfit([(parameters, converted) for _, parameters, converted in candidates])


def _arrange(
    candidate: Signature, positional: Sequence[object], named: Mapping[str, object] | None
) -> tuple[tuple[Parameter, ...], tuple[object, ...]] | None:
    """Return parameter and argument side by side, or None where their number or names do not fit."""
    parameters = candidate.parameters
    if named:
        names = [parameter.name for parameter in parameters]
        return None if positional or not named.keys() <= set(names) else (parameters, tuple(map(named.get, names)))
    lacking = len(parameters) - len(positional)
    if lacking < 0:
        return (parameters + parameters[-1:] * -lacking, tuple(positional)) if candidate.is_variadic else None
    if lacking and not parameters[-lacking].is_optional:
        return None
    return parameters, (*positional, *(None,) * lacking)


def _fits(value: object, parameter: Parameter) -> bool:
    """Say whether a parameter takes a value as it is; what is unknown may turn out to fit."""
    if value is None:
        return parameter.is_nullable
    return conforms(value, parameter.type) or _may_conform(value, parameter.type)


def _may_conform(value: object, type_: Type) -> bool:
    if isinstance(value, Unknown):
        return True
    if isinstance(value, tuple) and type_.name == "list":
        return all(_may_conform(element, type_.arguments[0]) for element in value)
    return conforms(value, type_)


def _convert(value: object, parameter: Parameter) -> object:
    """Return the value after the implicit conversion that its parameter asks for, if there is one."""
    type_ = parameter.type
    if value is None or _fits(value, parameter):
        return value
    if isinstance(value, tuple):
        return value[0] if len(value) == 1 and type_.name != "list" else value
    if type_.name == "list":
        return (value,)
    return DateTime(value, UTC_MIDNIGHT) if type_ is DATE_TIME and type(value) is Date else value


def _misfit(candidates: list[tuple[tuple[Parameter, ...], tuple[object, ...]]]) -> Refusal:
    """Return the refusal of the first argument at which the last of the candidates fails, with all that would fit there."""
    failures = []
    for parameters, arguments in candidates:
        place = next(place for place, fits in enumerate(map(_fits, arguments, parameters)) if not fits)
        failures.append((place, parameters[place], arguments[place]))
    last = max(place for place, _, _ in failures)
    there = [(parameter, value) for place, parameter, value in failures if place == last]
    parameter, value = there[0]
    expected = " | ".join(dict.fromkeys(str(parameter.type) for parameter, _ in there))
    return Refusal(_code(value, parameter.type), {"parameter": parameter.name, "value": excerpt(value), "expected": expected})


N = required("n", NUMBER)
"""The number of the numeric functions."""
STRING_ = required("string", STRING)
"""The string of the string functions."""
LIST_ = required("list", LIST)
"""The list of the list functions, which look at its elements."""
CARRIED_LIST = carried("list", LIST)
"""The list of the list functions that only move its elements."""
NUMBERS = list_of(NUMBER)
