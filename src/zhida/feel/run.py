"""What one evaluation carries along: the decimal context, the date, the variables and the diagnostics it meets.

An evaluation never raises for what its inputs hold: it notes a diagnostic and goes on with null.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context
from typing import Any

from zhida.errors import Diagnostic, diagnostic
from zhida.source import Span
from zhida.values.function import Function
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date

MAX_DEPTH = 50
"""How many calls may stand inside each other."""

MAX_STEPS = 100_000
"""How many numbers or days an iteration may run through."""


@dataclass(slots=True)
class Run:
    """The state of one evaluation."""

    today: Date
    """What `today()` is: the `as_of` of the evaluation."""
    context: Context = field(default_factory=feel_context)
    """The decimal context: 34 digits."""
    diagnostics: list[Diagnostic] = field(default_factory=list)
    """What was odd, in the order in which it was met."""
    depth: int = 0
    """How many calls stand inside each other just now."""
    span: Span | None = None
    """Where the builtin stands that is being called; it has no other way to know."""

    def note(self, code: str, span: Span | None = None, **arguments: object) -> None:
        """Keep a diagnostic."""
        self.diagnostics.append(diagnostic(code, span or self.span, **arguments))

    def invoke(self, function: Function, arguments: tuple[Any, ...], span: Span | None = None) -> Any:  # noqa: ANN401 - any FEEL value
        """Call a function value, at `span` where that is known; too deep a recursion is null."""
        if self.depth >= MAX_DEPTH:
            self.note("feel-too-deep", span, limit=MAX_DEPTH)
            return None
        outer, self.span = self.span, span or self.span
        self.depth += 1
        try:
            return function.invoke(arguments)
        except RecursionError:  # large bodies that call each other can exhaust Python's own stack before the limit
            self.note("feel-too-deep", limit=self.depth)
            return None
        finally:
            self.depth -= 1
            self.span = outer


_ABSENT = object()


class Frame:
    """The variables in scope, innermost first."""

    __slots__ = ("parent", "run", "variables")

    def __init__(self, variables: Mapping[str, Any], run: Run, parent: "Frame | None" = None) -> None:
        """Open a scope inside of `parent`."""
        self.variables = variables
        self.run = run
        self.parent = parent

    def inner(self, variables: Mapping[str, Any]) -> "Frame":
        """Return a scope inside of this one."""
        return Frame(variables, self.run, self)

    def find(self, name: str) -> tuple[bool, Any]:
        """Return whether a variable is in scope, and its value."""
        frame: Frame | None = self
        while frame is not None:
            value = frame.variables.get(name, _ABSENT)
            if value is not _ABSENT:
                return True, value
            frame = frame.parent
        return False, None
