"""Functions as values: what can be called, and by which parameter names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False)
class Function:
    """A callable value: a function literal with what it closes over, a business knowledge model or a builtin."""

    name: str
    """The name it was declared by; empty for a function literal."""
    parameters: tuple[str, ...]
    """Names of the parameters, in order."""
    invoke: Callable[[tuple[Any, ...]], Any]
    """Takes one value for each parameter and returns the result."""
    call: Callable[[tuple[Any, ...], dict[str, Any]], Any] | None = None
    """Takes arguments by position or by name, of a builtin, which may have several signatures; None where the parameters say it all."""
    types: tuple[Any, ...] = ()
    """Types of the parameters, then of the result; empty where they are not known."""
