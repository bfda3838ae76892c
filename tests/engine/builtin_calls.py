"""How the tests of builtins call one: plain Python numbers and lists go in, values and the codes of diagnostics come out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any

from zhida.errors import Diagnostic, diagnostic
from zhida.feel.builtins import BUILTINS, call_builtin
from zhida.values.function import Function
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date, Temporal, parse_at_literal

Value = Any
"""Any FEEL value, or what Python spells it as."""


@dataclass
class RecordingHost:
    """A host that keeps what a builtin notes."""

    today: Date = field(default_factory=lambda: Date(2026, 3, 1))
    context: Context = field(default_factory=feel_context)
    noted: list[Diagnostic] = field(default_factory=list)
    spent: int = 0

    def invoke(self, function: Function, arguments: tuple[Value, ...], /) -> Value:
        return function.invoke(arguments)

    def spend(self, steps: int, /) -> bool:
        self.spent += steps
        return True

    def note(self, code: str, **arguments: Value) -> None:
        self.noted.append(diagnostic(code, **arguments))


def feel(value: Value) -> Value:
    """Return a Python value as FEEL holds it: whole numbers as decimals, lists as tuples."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, list | tuple):
        return tuple(map(feel, value))
    return {key: feel(entry) for key, entry in value.items()} if isinstance(value, dict) else value


def call(name: str, *positional: Value, named: Mapping[str, Value] | None = None) -> Value:
    """Return the result of a call in which nothing may be odd."""
    host = RecordingHost()
    result = call_builtin(BUILTINS[name], host, feel(positional), feel(dict(named or {})))
    assert host.noted == []
    return result


def refusal(name: str, *positional: Value, named: Mapping[str, Value] | None = None) -> Diagnostic:
    """Return why a call is refused: its result must be null, with one diagnostic."""
    host = RecordingHost()
    assert call_builtin(BUILTINS[name], host, feel(positional), feel(dict(named or {}))) is None
    (noted,) = host.noted
    return noted


def at(text: str) -> Temporal:
    """Return the value of an at-literal."""
    value = parse_at_literal(text)
    assert value is not None, text
    return value


def lambda_(parameters: str, body: Callable[..., Value]) -> Function:
    """Return a function value whose body is Python's."""
    return Function("", tuple(parameters.split()), lambda arguments: body(*arguments))
