"""Numbers that have no column form, computed as FEEL computes them: 34-digit decimals, list by list.

    expression of + - * / min max and comparisons, over numbers ──compute──> a decimal, or a truth value, for each combination

It is what the interpreter does with numbers, operation by operation, without its way from node to node. A combination with
which anything goes wrong (a division by zero, a number too large) is left to it: it says what was odd.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from functools import partial
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import numpy as np

from zhida.columnar.columns import Array, Column, Mask, Vocabulary, decimal_of, decimals_of, full, rows_of
from zhida.columnar.plan import Kind
from zhida.feel import syntax
from zhida.feel.syntax import Node
from zhida.values.numbers import feel_context
from zhida.values.unknown import Unknown

_COMPARISONS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_UNKNOWN = Unknown(frozenset())
_Numbers = Sequence[Decimal] | Unknown | None
_FAILURES = (Overflow, DivisionByZero, InvalidOperation)


def is_computed(node: Node) -> bool:
    """Say whether an expression is computed here where all that it names are numbers.

    >>> from zhida.feel.parse import parse_expression
    >>> from zhida.feel.names import Scope
    >>> from zhida.source import snippet
    >>> texts = "min(a / b - 1, 0.5) > 0", "a > 0 and b"
    >>> tuple(is_computed(parse_expression(snippet(text), Scope())) for text in texts)
    (True, False)
    """
    match node:
        case syntax.Comparison():
            return _is_number(node.left) and _is_number(node.right)
    return _is_number(node)


def _is_number(node: Node) -> bool:
    match node:
        case syntax.Literal():
            return node.is_valid and type(node.value) is Decimal
        case syntax.Name():
            return True
        case syntax.Negation():
            return _is_number(node.operand)
        case syntax.Arithmetic():
            return node.operator in {"+", "-", "*", "/"} and _is_number(node.left) and _is_number(node.right)
        case syntax.Call(function=syntax.Name(name="min" | "max")):
            return len(node.positional) > 1 and not node.named and all(map(_is_number, node.positional))
    return False


NULL_OPERAND = "feel-null-operand"
"""Noted of an operator one side of which is null."""


@dataclass(frozen=True, slots=True)
class Computed:
    """What an expression came to."""

    values: list[Any]
    """The value of each combination, anything where that has failed; the only one where they all share it, unknown or null."""
    failed: list[int]
    """The places of those that are left to the interpreter."""
    is_odd: bool
    """Whether null was computed with, in each of them."""


def compute(
    node: Node,
    names: Mapping[str, Sequence[Decimal]],
    count: int,
    unknown: AbstractSet[str] = frozenset(),
    null: AbstractSet[str] = frozenset(),
) -> Computed:
    """Return what an expression comes to for each of so many combinations.

    Where a name is unknown, so is the whole, and where one is null, so it is: but what is made of known numbers alone is computed
    even so, for what may be odd about it.

    Args:
        node: An expression that is computed here.
        names: For each name in it the number of each combination.
        count: How many there are.
        unknown: The names that are unknown in each of them; what comes of it lacks no names.
        null: The names that are null in each of them.

    >>> from zhida.feel.parse import parse_expression
    >>> from zhida.feel.names import Scope
    >>> from zhida.source import snippet
    >>> node = parse_expression(snippet("a / b"), Scope())
    >>> found = compute(node, {"a": [Decimal(1), Decimal(1)], "b": [Decimal(8), Decimal(0)]}, 2)
    >>> found.values, found.failed
    ([Decimal('0.125'), Decimal('0')], [1])
    """
    work = _Computing(names, count, unknown, null)
    if isinstance(node, syntax.Comparison):
        found = work.joined(work.numbers(node.left), work.numbers(node.right), partial(_compared, _COMPARISONS[node.operator]))
        if found is None:  # what is compared with null is for the interpreter
            work.fail()
    else:
        found = work.numbers(node)
    values = [found] if found is None or isinstance(found, Unknown) else list(found)
    return Computed(values, sorted(work.failed), work.is_odd)


def _compared(test: Callable[[Decimal, Decimal], bool], left: Sequence[Decimal], right: Sequence[Decimal]) -> list[Any]:
    return list(map(test, left, right))


def _opposites(numbers: Sequence[Decimal], _: object) -> list[Any]:
    return [number.copy_negate() if number else number for number in numbers]


class _Computing:
    """One expression."""

    def __init__(self, names: Mapping[str, Sequence[Decimal]], count: int, unknown: AbstractSet[str], null: AbstractSet[str]) -> None:
        self.names: dict[str, _Numbers] = {**names, **dict.fromkeys(unknown, _UNKNOWN), **dict.fromkeys(null)}
        self.count = count
        self.is_odd = False
        self.context: Context = feel_context(is_passive=True)
        self.failed: set[int] = set()

    def numbers(self, node: Node) -> "_Numbers":
        """Return what an expression comes to for each combination, or that it is unknown or null in all; of those that failed, anything."""
        match node:
            case syntax.Literal():
                assert type(node.value) is Decimal, "a number"
                return [node.value] * self.count
            case syntax.Name():
                return self.names[node.name]
            case syntax.Negation():
                return self.joined(self.numbers(node.operand), [], _opposites)
            case syntax.Arithmetic():
                left, right = self.numbers(node.left), self.numbers(node.right)
                return self.joined(left, right, partial(self.arithmetic, node.operator))
            case syntax.Call(function=syntax.Name(name=name)):
                return self.extreme(min if name == "min" else max, [self.numbers(argument) for argument in node.positional])
        raise AssertionError(f"not computed: {node}")

    def joined(self, left: "_Numbers", right: "_Numbers", operation: Callable[[Any, Any], list[Any]]) -> "_Numbers":
        """Return what an operator makes of its sides: unknown where one is, else null where one is, which is odd."""
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return _UNKNOWN
        if left is None or right is None:
            self.is_odd = True
            return None
        return operation(left, right)

    def extreme(self, choose: Callable[..., Decimal], given: Sequence["_Numbers"]) -> "_Numbers":
        """Return the least or greatest of arguments: of equal ones the first, as the builtins do."""
        known = [numbers for numbers in given if numbers is not None and not isinstance(numbers, Unknown)]
        if len(known) == len(given):
            return list(map(choose, *known))
        if any(numbers is None for numbers in given):  # what the builtins say of null is for them to say
            self.fail()
            return None
        return _UNKNOWN

    def fail(self) -> None:
        """Leave all combinations to the interpreter."""
        self.failed.update(range(self.count))

    def arithmetic(self, operator: str, left: Sequence[Decimal], right: Sequence[Decimal]) -> list[Decimal]:
        """Return `left operator right`; what is not finite has failed, and is 0 from there on."""
        context = self.context
        operation = {"+": context.add, "-": context.subtract, "*": context.multiply, "/": context.divide}[operator]
        context.clear_flags()
        found = list(map(operation, left, right))
        if any(context.flags[failure] for failure in _FAILURES):
            for place, number in enumerate(found):
                if not number.is_finite():
                    self.failed.add(place)
                    found[place] = Decimal(0)
        return found


# --- columns -------------------------------------------------------------------------------------------------------


def numeric(column: Column, vocabulary: Vocabulary) -> Mask:
    """Return the rows that are numbers."""
    match column.form.kind:
        case Kind.NUMBER | Kind.RATIO:
            return np.asarray(column.known)
        case Kind.VALUE:
            return np.asarray(column.known & vocabulary.decimals()[column.values])
    return np.asarray(False)


def numbers_at(column: Column, rows: Array, vocabulary: Vocabulary) -> list[Decimal]:
    """Return the numbers of some rows, all of which are such."""
    values = rows_of(column.values, rows)
    if column.form.kind is Kind.VALUE:
        return [vocabulary.values[value] for value in full(values, len(rows)).tolist()]
    if column.divisors is None:
        if values.ndim == 0:
            return [decimal_of(int(values), column.form.scale)] * len(rows)
        return decimals_of(values.tolist(), column.form.scale)
    divide = feel_context().divide
    divisors = full(rows_of(column.divisors, rows), len(rows)).tolist()
    return list(map(divide, map(Decimal, full(values, len(rows)).tolist()), map(Decimal, divisors)))
