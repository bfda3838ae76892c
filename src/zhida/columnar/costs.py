"""What a plan leaves to the interpreter, and what that costs: `zhida check --columnar` says it before anybody waits for it.

The interpreter is asked once for each distinct combination of operands. Where these can be counted beforehand (truths, listed
words, what a table can come to), that is how often at most; where they are words, once for each different word that a registry
has; where they are numbers, dates or lists, it may be once for each row.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import prod

from zhida.columnar import plan as ops
from zhida.columnar.plan import Fallback, Kind, Plan, operands_of
from zhida.dmn.model import HitPolicy

MICROSECONDS = 50
"""About what the interpreter takes for one expression of a policy."""

MIXED = "keeps values of several kinds side by side"
"""Why values are counted one by one where no expression is left to the interpreter."""

_MOST = 1_000_000
_LACKING = 2
"""Null and unknown."""
_TRUTHS = 2 + _LACKING


class Often(StrEnum):
    """How often the interpreter is asked."""

    ONCE = "once"
    """Nothing that rows give is in it."""
    COUNTED = "counted"
    """At most so many times, whatever rows there are."""
    PER_VALUE = "per value"
    """Once for each different combination of words."""
    PER_ROW = "per row"
    """Once for each different combination of numbers, dates or lists: for each row where all are different."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Something that is left to the interpreter."""

    decision: str
    """The name of the decision that it stands in."""
    text: str
    """The expression; empty for the whole decision."""
    reason: str
    """Why it has no column form."""
    operands: tuple[str, ...]
    """The names of the input data that it rests on."""
    often: Often
    """How often the interpreter is asked."""
    at_most: int | None
    """How many times that is at most, where it can be counted."""

    @property
    def microseconds(self) -> int | None:
        """About how long that takes in all, where it can be counted."""
        return None if self.at_most is None else self.at_most * MICROSECONDS


def costs(plan: Plan, within: str = "") -> tuple[Cost, ...]:
    """Return what a plan leaves to the interpreter, by decision in the order of requirement.

    Args:
        plan: The plan.
        within: Only decisions whose ids begin so.
    """
    reasons = {item.operation: item for item in plan.fallbacks}
    spare = {operation.hard for operation in plan.operations if isinstance(operation, ops.Decide)}
    most, wordy = counts_of(plan)
    found: dict[int, Cost] = {}
    for step in plan.steps:
        for place in reached(plan, [step.operation], reads=False) if step.id.startswith(within) else ():
            operation = plan.operations[place]
            is_asked = isinstance(operation, ops.Interpret | ops.InterpretDecision | ops.Fit) and place not in spare
            if not is_asked or place in found or (isinstance(operation, ops.Interpret) and operation.by_state):
                continue
            why = reasons.get(place) or Fallback(step.name, "", MIXED, place)
            facts = (plan.operations[each] for each in reached(plan, operands_of(operation)))
            names = tuple(dict.fromkeys(plan.facts[fact.id].name for fact in facts if isinstance(fact, ops.Fact)))
            counts = [most[operand] for operand in operands_of(operation)]
            count = _product(counts)
            if count is None:
                is_wordy = all(wordy[operand] for operand in operands_of(operation) if most[operand] is None)
                often = Often.PER_VALUE if is_wordy else Often.PER_ROW
            else:
                often = Often.COUNTED if names else Often.ONCE
            found[place] = Cost(why.decision, why.text, why.reason, names, often, count)
    return tuple(found.values())


def reached(plan: Plan, places: Iterable[int], *, reads: bool = True) -> list[int]:
    """Return the places of some operations and all that they are made of, in order; without other decisions unless `reads`."""
    needed: set[int] = set()
    waiting = [*places]
    while waiting:
        place = waiting.pop()
        if place not in needed:
            needed.add(place)
            if reads or not isinstance(plan.operations[place], ops.Read):
                waiting += operands_of(plan.operations[place])
    return sorted(needed)


def counts_of(plan: Plan) -> tuple[list[int | None], list[bool]]:
    """Return how many different values each operation has at most, and whether where that is unknown it rests on words alone.

    Null and unknown are counted too; None where there is no telling.
    """
    most: list[int | None] = []
    wordy: list[bool] = []
    for operation in plan.operations:
        operands = operands_of(operation)
        is_wordy = all(wordy[operand] for operand in operands if most[operand] is None)
        if isinstance(operation, ops.Fact):
            is_wordy = operation.form.kind is Kind.STRING
        most.append(_most(plan, operation, most))
        wordy.append(is_wordy)
    return most, wordy


def _most(plan: Plan, operation: ops.Operation, most: Sequence[int | None]) -> int | None:
    """Return how many different values an operation has at most; `most` is that of all before it."""
    if operation.form.kind is Kind.BOOLEAN:
        return _TRUTHS
    match operation:
        case ops.Constant():
            return 1
        case ops.Fact():
            allowed = plan.facts[operation.id].allowed_values
            return None if allowed is None else len(allowed) + _LACKING
        case ops.Choose():
            return _sum([most[operation.then], most[operation.otherwise]])
        case ops.Decide() if operation.table.table.hit_policy in _ONE_OF_THE_RULES:
            return _sum([len(operation.table.rules) + 1 + _LACKING, *(most[output] for _, output in operation.outputs)])
        case ops.After():
            return most[operation.operand]
    return _product([most[operand] for operand in operands_of(operation)])


_ONE_OF_THE_RULES = {HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.FIRST, HitPolicy.PRIORITY, HitPolicy.COLLECT_COUNT}


def _product(counts: Sequence[int | None]) -> int | None:
    """Return a product; None where a factor is None, or it is too large to count on."""
    product = prod(count for count in counts if count is not None)
    return None if None in counts or product > _MOST else product


def _sum(counts: Sequence[int | None]) -> int | None:
    return None if None in counts else sum(count for count in counts if count is not None)
