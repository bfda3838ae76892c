"""What one evaluation carries along: the decimal context, the date, the variables and the diagnostics it meets.

An evaluation never raises for what its inputs hold: it notes a diagnostic and goes on with null. It ends: what could go on
for ever, or grow without end, draws on one budget of steps and one limit of size, the same on every machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Any

from zhida.errors import Diagnostic, diagnostic
from zhida.source import Span
from zhida.values.equality import HASHED_TYPES
from zhida.values.function import Function
from zhida.values.numbers import feel_context
from zhida.values.range import Range
from zhida.values.temporal import Date
from zhida.values.text import shortened
from zhida.values.types import ANY, type_of

MAX_DEPTH = 50
"""How many calls may stand inside each other."""

MAX_STEPS = 1_000_000
"""How many steps one evaluation may take in all: of iterations and filters, calls, and elements handed to builtins."""

MAX_SIZE = 1_000_000
"""How many elements and characters an expression may put into one value."""

MAX_LEVELS = 100
"""How many lists and contexts may stand inside each other in it."""


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
    steps: int = MAX_STEPS
    """How many steps are left."""

    def note(self, code: str, span: Span | None = None, **arguments: object) -> None:
        """Keep a diagnostic; none is ever dropped, so each takes steps, and their number has an end as well."""
        self.steps -= _NOTED_STEPS
        self.diagnostics.append(diagnostic(code, span or self.span, **arguments))

    def spend(self, steps: int, span: Span | None = None) -> bool:
        """Take steps out of the budget; where they are not left, say so and return False."""
        self.steps -= steps
        if self.steps >= 0:
            return True
        self.note("feel-too-many-steps", span, limit=MAX_STEPS)
        return False

    def read(self, *values: Any, span: Span | None = None) -> bool:  # noqa: ANN401 - any FEEL value
        """Take the steps that it takes to go through values to compare or convert them; False where they are not left."""
        steps = 0
        for value in values:
            kind = type(value)
            if kind is str:
                steps += len(value) // _CHARACTERS_IN_A_STEP
            elif kind in _HAVE_SIZE:
                size = weigh(value)
                steps += (MAX_SIZE if size is None else size) // _WEIGHED_IN_A_STEP
        return steps == 0 or self.spend(steps, span)

    def spend_on_call(self, name: str, arguments: tuple[Any, ...], span: Span | None = None) -> bool:
        """Take the steps that a builtin takes: it goes through the lists that it is given, some of them more than once."""
        lists = [argument for argument in arguments if isinstance(argument, tuple)]
        steps = 1 + sum(map(len, lists))
        if name in {"distinct values", "union"}:
            compared = sum(type(element) not in HASHED_TYPES for elements in lists for element in elements)
            steps += compared * (compared + (weigh(tuple(lists)) or 0) // 4) // _COMPARED_IN_A_STEP
        elif name == "product":
            steps *= _PRODUCT_STEPS
        return self.spend(steps, span) and self.read(*arguments, span=span)

    def show_type(self, value: Any) -> str:  # noqa: ANN401 - any FEEL value
        """Return the type of a value for a message."""
        return shortened(str(type_of(value) if self.read(value) else ANY))

    def keep(self, value: Any, span: Span | None = None) -> Any:  # noqa: ANN401 - any FEEL value
        """Return a value that was built, or null where it is too large; a list in a list counts with all that it holds."""
        if type(value) not in _HAVE_SIZE:
            return value
        size = weigh(value)
        # To weigh takes time as well: who builds large values again and again runs out of steps.
        if not self.spend((MAX_SIZE if size is None else size) // _WEIGHED_IN_A_STEP, span):
            return None
        if size is None:
            self.note("feel-too-large", span, limit=MAX_SIZE, levels=MAX_LEVELS)
            return None
        return value

    def invoke(self, function: Function, arguments: tuple[Any, ...], span: Span | None = None) -> Any:  # noqa: ANN401 - any FEEL value
        """Call a function value, at `span` where that is known; too deep a recursion is null."""
        if self.depth >= MAX_DEPTH:
            self.note("feel-too-deep", span, limit=MAX_DEPTH)
            return None
        if not self.spend(1, span):
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


_HAVE_SIZE = frozenset((str, tuple, dict, Range))
_HAVE_NO_SIZE = frozenset((Decimal, bool, type(None), Date))

_WEIGHED_IN_A_STEP = 10
"""How many elements are weighed in the time of one step."""

_PRODUCT_STEPS = 10
"""How many steps it takes to multiply by a number without losing a digit."""

_COMPARED_IN_A_STEP = 10
"""How many pairs of lists or contexts are compared in the time of one step."""

_CHARACTERS_IN_A_STEP = 1_000
"""How many characters are read in the time of one step."""

_NOTED_STEPS = 10
"""How many steps are done in the time in which a diagnostic is noted."""


def weigh(value: object) -> int | None:
    """Return how many elements and characters a value holds, or None where it holds too many or too much inside each other.

    What stands in it twice is counted twice: that is how much of it a reader would meet.

    >>> weigh(("ab", (1, 2))), weigh("abc")
    (6, 3)
    """
    size, level = 0, [value]
    for _ in range(MAX_LEVELS):
        inner: list[object] = []
        for item in level:
            kind = type(item)
            if kind is str:
                size += len(item)  # type: ignore[arg-type]
            elif kind is tuple or kind is dict:
                size += len(item)  # type: ignore[arg-type]
                if size <= MAX_SIZE and not (kind is tuple and _HAVE_NO_SIZE.issuperset(map(type, item))):  # type: ignore[call-overload]
                    inner.extend(item.values() if kind is dict else item)  # type: ignore[attr-defined, arg-type]
            elif kind is Range:
                size += 2
                inner += (item.low, item.high)  # type: ignore[attr-defined]
        if size > MAX_SIZE:
            return None
        if not inner:
            return size
        level = inner
    return None


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
        value = self.variables.get(name, _ABSENT)
        frame = self.parent
        while value is _ABSENT and frame is not None:
            value = frame.variables.get(name, _ABSENT)
            frame = frame.parent
        return (False, None) if value is _ABSENT else (True, value)
