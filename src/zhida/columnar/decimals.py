"""Numbers that have no column form, computed as FEEL computes them: 34-digit decimals, list by list.

    expression of + - * / min max and comparisons, over numbers ──compute──> a decimal, or a truth value, for each combination

It is what the interpreter does with numbers, operation by operation, without its way from node to node. A combination with
which anything goes wrong (a division by zero, a number too large) is left to it: it says what was odd.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import numpy as np

from zhida.columnar.columns import Array, Column, Mask, Vocabulary, decimal_of, full, rows_of
from zhida.columnar.plan import Kind
from zhida.feel import syntax
from zhida.feel.syntax import Node
from zhida.values.numbers import feel_context

_COMPARISONS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {"=": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_FAILURES = (Overflow, DivisionByZero, InvalidOperation)


def is_computed(node: Node) -> bool:
    """Say whether an expression is computed here where all that it names are numbers.

    >>> from zhida.feel.parse import parse_expression
    >>> is_computed(parse_expression("min(a / b - 1, 0.5) > 0")), is_computed(parse_expression("a > 0 and b"))
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


def compute(node: Node, names: Mapping[str, Sequence[Decimal]], count: int) -> tuple[list[Any], list[int]]:
    """Return what an expression comes to for each of so many combinations, and the places of those that are left to the interpreter.

    Args:
        node: An expression that is computed here.
        names: For each name in it the number of each combination.
        count: How many there are.

    >>> from zhida.feel.parse import parse_expression
    >>> compute(parse_expression("a / b"), {"a": [Decimal(1), Decimal(1)], "b": [Decimal(8), Decimal(0)]}, 2)
    ([Decimal('0.125'), Decimal('0')], [1])
    """
    work = _Computing(names, count)
    if isinstance(node, syntax.Comparison):
        test = _COMPARISONS[node.operator]
        return list(map(test, work.numbers(node.left), work.numbers(node.right))), sorted(work.failed)
    return list(work.numbers(node)), sorted(work.failed)


class _Computing:
    """One expression."""

    def __init__(self, names: Mapping[str, Sequence[Decimal]], count: int) -> None:
        self.names = names
        self.count = count
        self.context: Context = feel_context(is_passive=True)
        self.failed: set[int] = set()

    def numbers(self, node: Node) -> Sequence[Decimal]:
        """Return what an expression comes to for each combination; of those that failed, anything."""
        match node:
            case syntax.Literal():
                return [node.value] * self.count
            case syntax.Name():
                return self.names[node.name]
            case syntax.Negation():
                return [number.copy_negate() if number else number for number in self.numbers(node.operand)]
            case syntax.Arithmetic():
                return self.arithmetic(node.operator, self.numbers(node.left), self.numbers(node.right))
            case syntax.Call(function=syntax.Name(name=name)):
                choose = min if name == "min" else max  # of equal ones the first, as the builtins do
                return list(map(choose, *map(self.numbers, node.positional)))
        raise AssertionError(f"not computed: {node}")

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


def numeric(column: Column, vocabulary: Vocabulary) -> Mask | None:
    """Return the rows that are numbers; None of a column that holds something else."""
    match column.form.kind:
        case Kind.NUMBER | Kind.RATIO:
            return np.asarray(column.known)
        case Kind.VALUE:
            return np.asarray(column.known & vocabulary.decimals()[column.values])
    return None


def numbers_at(column: Column, rows: Array, vocabulary: Vocabulary) -> list[Decimal]:
    """Return the numbers of some rows, all of which are such."""
    values = rows_of(column.values, rows)
    if column.form.kind is Kind.VALUE:
        return [vocabulary.values[value] for value in full(values, len(rows)).tolist()]
    if column.divisors is None:
        if values.ndim == 0:
            return [decimal_of(int(values), column.form.scale)] * len(rows)
        return [decimal_of(value, column.form.scale) for value in values.tolist()]
    divide = feel_context().divide
    divisors = full(rows_of(column.divisors, rows), len(rows)).tolist()
    return [divide(Decimal(above), Decimal(below)) for above, below in zip(full(values, len(rows)).tolist(), divisors, strict=True)]
