"""How the tests of FEEL write an expression: text and variables go in, values and the codes of diagnostics come out."""

from typing import Any

import pytest

from zhida.errors import CompileError, Diagnostic
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import evaluate, test
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression, parse_unary_tests
from zhida.feel.run import Frame, Run
from zhida.feel.syntax import Node, UnaryTests
from zhida.source import snippet
from zhida.values import temporal
from zhida.values.temporal import Date
from zhida.values.text import literal

Value = Any

TODAY = Date(2026, 3, 1)
PROPERTIES = NameSet(name for names in temporal.PROPERTIES.values() for name in names)


def scope(*names: str) -> Scope:
    return Scope(NameSet([*BUILTINS, *names]), properties=PROPERTIES)


def parse(text: str, *names: str) -> Node:
    return parse_expression(snippet(text), scope(*names))


def parse_cell(text: str, *names: str) -> UnaryTests:
    return parse_unary_tests(snippet(text), scope(*names))


def outcome(text: str, variables: dict[str, Value] | None = None) -> tuple[Value, list[str]]:
    """Return the value of an expression and the codes of what was odd."""
    variables = variables or {}
    run = Run(TODAY)
    value = evaluate(parse(text, *variables), Frame(variables, run))
    return value, [item.code for item in run.diagnostics]


def value_of(text: str, variables: dict[str, Value] | None = None) -> Value:
    """Return the value of an expression in which nothing may be odd."""
    value, codes = outcome(text, variables)
    assert codes == []
    return value


def shown(text: str, variables: dict[str, Value] | None = None) -> str:
    """Return the literal of the value of an expression in which nothing may be odd."""
    return literal(value_of(text, variables))


def null_because(text: str, variables: dict[str, Value] | None = None) -> list[str]:
    """Return the codes of what was odd in an expression that must come to null."""
    value, codes = outcome(text, variables)
    assert value is None
    return codes


def passes(cell: str, tested: Value, variables: dict[str, Value] | None = None) -> Value:
    """Return whether a value passes a cell; what was odd does not matter here."""
    variables = variables or {}
    return test(parse_cell(cell, *variables), tested, Frame(variables, Run(TODAY)))


def mistake(text: str, *names: str) -> Diagnostic:
    """Return what is wrong with an expression that is not FEEL."""
    with pytest.raises(CompileError) as caught:
        parse(text, *names)
    (found,) = caught.value.diagnostics
    return found
