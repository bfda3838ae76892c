"""Edges: on which side of a line a comparison changes, so that a place need not be tried where nothing does.

>= 300    300 is told from 299        300 moves onto the line
>  300    300 is told from 301        301 moves past it
=  300    both
"""

from collections.abc import Sequence
from dataclasses import dataclass

from zhida.policy.pack import PolicyModel
from zhida.proof.across.lines import Line, compared


@dataclass(frozen=True, slots=True)
class Edges:
    """What a comparison tells apart."""

    below: bool
    """Whether being on the line is told from being below it."""
    above: bool
    """Whether being on the line is told from being above it."""

    def turned(self) -> "Edges":
        """Return it with both sides of the comparison exchanged."""
        return Edges(self.above, self.below)

    def joined(self, other: "Edges") -> "Edges":
        """Return what either of two tells apart."""
        return Edges(self.below or other.below, self.above or other.above)


FROM_BELOW, FROM_ABOVE, BOTH, NEITHER = Edges(True, False), Edges(False, True), Edges(True, True), Edges(False, False)
_OPERATORS = {">=": FROM_BELOW, "<": FROM_BELOW, ">": FROM_ABOVE, "<=": FROM_ABOVE, "=": BOTH, "!=": BOTH}


def edges_of(model: PolicyModel, lines: Sequence[Line]) -> tuple[Edges, ...]:
    """Return the edges of some lines.

    Args:
        model: The policy that they stand in.
        lines: The lines.
    """
    known: dict[str, dict[tuple[str, str], Edges]] = {}
    found = []
    for line in lines:
        if line.decision_id not in known:
            told = known[line.decision_id] = {}
            for left, right, operator in compared(model.model.decisions[line.decision_id]):
                words = left.span.text, right.span.text
                told[words] = _OPERATORS[operator].joined(told.get(words, NEITHER))
        told = known[line.decision_id]
        words = line.left.span.text, line.right.span.text
        edges = told.get(words, NEITHER).joined(told.get(words[::-1], NEITHER).turned())
        found.append(BOTH if edges == NEITHER else edges)
    return tuple(found)
