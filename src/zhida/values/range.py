"""Ranges as values (DMN 1.5, 10.3.2.7): two ends, each open or closed, either of them possibly absent."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Range:
    """`[low..high]` and its open forms; `(> 5)` has no high end, `(< 5)` no low one."""

    low: object
    """Lower end, or None where the range has none."""
    high: object
    """Upper end, or None where the range has none."""
    low_closed: bool = True
    """Whether the lower end belongs to the range."""
    high_closed: bool = True
    """Whether the upper end belongs to the range."""
    operator: str = ""
    """`<`, `<=`, `>`, `>=`, `=` or `!=` where the range was written as a unary test; such ranges equal only their like."""
