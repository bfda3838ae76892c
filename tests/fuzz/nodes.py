"""Random trees of FEEL: every kind of node, and nothing that the parser could not have made.

The chooser is a `random.Random`; hypothesis has one as well, so its tests and the fuzzer draw from the same trees.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import TypeVar

from zhida.feel import syntax
from zhida.feel.builtins import BUILTINS
from zhida.feel.names import NameSet, Scope
from zhida.feel.syntax import INPUT, PARTIAL, Iteration, Node, UnaryTests
from zhida.source import Source, Span
from zhida.values import temporal
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date, DateTime, DaysDuration, MonthsDuration, Time
from zhida.values.types import SIMPLE_TYPES, Type

T = TypeVar("T")

NOWHERE = Span(Source("<nodes>", ""), 0, 0)
VARIABLES = ("a", "b", "c", "职工 人数", "x-y", "a - b", "a and b", "b.c", "in x", "L", "list of a")
"""What the trees may name; some begin with others, or with a keyword."""
KEYS = ("a", "b", "k k", "x:y", "1", "if", "", '"', "a\nb", "year", "item", "start included", "+", "a /* b", "职工")
PROPERTIES = ("a", "b", "k k", "year", "time offset", "start included", "item", "职工")
VARIABLE_NAMES = ("v", "w", "v w", "a", "v-1", "项")
TYPE_NAMES = ("number", "string", "list", "list<number>", "context<a: number, b c: list<string>>", "Any", "range<date>", "date and time")
STRINGS = (
    "",
    "a",
    '"',
    "\\",
    "\n\t\r",
    "中文",
    "𠮷",
    "\x00\x1f\x7f",
    "//",
    "/*",
    "\\u0041",
    "\ufeff\u2028",
    "a" * 50,
    "(a+)+$",
    "2024-02-29",
)
NUMBERS = ("0", "1", "2", "-1", "0.5", "1.50", "34", "1e30", "1e-30", "9" * 34, "1e6144", "1e-6176", "12345678.9", "999999999", "0.0")
TEMPORALS: tuple[object, ...] = (
    *(Date(2024, 2, 29), Date(-999_999_999, 1, 1), Date(999_999_999, 12, 31), Date(0, 1, 1)),
    *(Time(23, 59, 59, 999_999_999), Time(0, 0, 0, offset=-64_800), Time(12, 0, 0, zone="Europe/Paris")),
    DateTime(Date(2024, 3, 31), Time(2, 30, 0, zone="Europe/Paris")),
    DateTime(Date(999_999_999, 12, 31), Time(23, 59, 59, 999_999_999)),
    *(DaysDuration(1), DaysDuration(-(2**63 - 1) * 10**9), MonthsDuration(14), MonthsDuration(-(2**63 - 1)), DaysDuration(0)),
)


def scope() -> Scope:
    """Return a fresh scope in which everything that the trees may name is declared."""
    names = (*BUILTINS, *VARIABLES)
    properties = (*PROPERTIES, *(name for names in temporal.PROPERTIES.values() for name in names))
    return Scope(NameSet(names), properties=NameSet(properties))


class Grower:
    """Grows trees of about `size` nodes."""

    def __init__(self, random: Random, size: int = 12) -> None:
        self.random = random
        self.size = size

    def pick(self, things: Sequence[T]) -> T:
        return things[self.random.randrange(len(things))]

    def chance(self, one_in: int) -> bool:
        return self.random.randrange(one_in) == 0

    def several(self, grow: Callable[[], T], least: int = 0, most: int = 3) -> tuple[T, ...]:
        return tuple(grow() for _ in range(self.random.randint(least, most)))

    def expression(self) -> Node:
        """Grow an expression of any kind."""
        self.size -= 1
        if self.size <= 0 or self.chance(5):
            return self.leaf()
        return self.pick(_GROWERS)(self)

    def argument(self) -> Node:
        """Grow what may stand in a list or a call: an expression or a range with an operator."""
        return self.operator_range() if self.chance(8) else self.expression()

    def leaf(self) -> Node:
        kind = self.random.randrange(8)
        if kind < 3:
            return syntax.Name(NOWHERE, self.pick(VARIABLES))
        if kind == 3:
            return syntax.Name(NOWHERE, self.pick(tuple(BUILTINS)))
        return syntax.Literal(NOWHERE, self.value())

    def value(self) -> object:
        match self.random.randrange(6):
            case 0:
                return self.pick((True, False, None))
            case 1:
                return self.pick(STRINGS)
            case 2:
                return self.pick(TEMPORALS)
        # A minus sign is an operator, so no literal is below zero.
        return feel_context(is_passive=True).create_decimal(self.pick(NUMBERS).lstrip("-"))

    def operator_range(self) -> Node:
        operator = self.pick(("=", "!=", "<", "<=", ">", ">="))
        operand = self.expression()
        if operator in {"<", "<="}:
            return syntax.RangeLiteral(NOWHERE, None, operand, low_closed=False, high_closed=operator == "<=", operator=operator)
        return syntax.RangeLiteral(NOWHERE, operand, None, low_closed=operator not in {">", "!="}, high_closed=False, operator=operator)

    def range(self) -> Node:
        return syntax.RangeLiteral(NOWHERE, self.expression(), self.expression(), self.chance(2), self.chance(2))

    def list(self) -> Node:
        return syntax.ListLiteral(NOWHERE, self.several(self.argument))

    def context(self) -> Node:
        return syntax.ContextLiteral(NOWHERE, self.several(lambda: (self.pick(KEYS), self.expression())))

    def function(self) -> Node:
        parameters = self.several(lambda: (self.pick(VARIABLE_NAMES), self.type() if self.chance(2) else None))
        return syntax.FunctionLiteral(NOWHERE, parameters, self.expression(), self.chance(20))

    def type(self, levels: int = 3) -> Type:
        match self.random.randrange(6 if levels else 2):
            case 2 | 3:
                return Type(self.pick(("list", "range")), (self.type(levels - 1),))
            case 4:
                return Type("context", (), self.several(lambda: (self.pick(("a", "b c", "类型")), self.type(levels - 1)), 1))
            case 5:
                return Type("function", self.several(lambda: self.type(levels - 1), 1))
        return self.pick(tuple(SIMPLE_TYPES.values()))

    def negation(self) -> Node:
        return syntax.Negation(NOWHERE, self.expression())

    def arithmetic(self) -> Node:
        return syntax.Arithmetic(NOWHERE, self.pick(("+", "-", "*", "/", "**")), self.expression(), self.expression())

    def comparison(self) -> Node:
        return syntax.Comparison(NOWHERE, self.pick(("=", "!=", "<", "<=", ">", ">=")), self.expression(), self.expression())

    def between(self) -> Node:
        return syntax.Between(NOWHERE, self.expression(), self.expression(), self.expression())

    def membership(self) -> Node:
        return syntax.In(NOWHERE, self.expression(), UnaryTests(NOWHERE, self.several(self.argument, 1)))

    def instance(self) -> Node:
        type_ = self.type()
        return syntax.InstanceOf(NOWHERE, self.expression(), type_, str(type_))

    def logical(self) -> Node:
        return self.pick((syntax.Conjunction, syntax.Disjunction))(NOWHERE, self.expression(), self.expression())

    def conditional(self) -> Node:
        return syntax.If(NOWHERE, self.expression(), self.expression(), self.expression())

    def iterations(self) -> tuple[Iteration, ...]:
        return self.several(
            lambda: (
                Iteration(self.pick(VARIABLE_NAMES), self.argument())
                if self.chance(2)
                else Iteration(self.pick(VARIABLE_NAMES), self.expression(), self.expression())
            ),
            least=1,
            most=2,
        )

    def iteration(self) -> Node:
        iterations, body = self.iterations(), self.expression()
        if self.chance(4):
            body = syntax.ListLiteral(NOWHERE, (body, syntax.Name(NOWHERE, PARTIAL)))
        return syntax.For(NOWHERE, iterations, body, syntax.mentions(body, PARTIAL))

    def quantified(self) -> Node:
        return syntax.Quantified(NOWHERE, self.chance(2), self.iterations(), self.expression())

    def path(self) -> Node:
        return syntax.Path(NOWHERE, self.expression(), self.pick(PROPERTIES))

    def filter(self) -> Node:
        return syntax.Filter(NOWHERE, self.expression(), self.expression())

    def call(self) -> Node:
        function = self.expression() if self.chance(4) else syntax.Name(NOWHERE, self.pick(tuple(BUILTINS)))
        if self.chance(3):
            named = self.several(lambda: (self.pick(("list", "n", "string", "from", "start position", "v")), self.argument()), 1)
            return syntax.Call(NOWHERE, function, (), named)
        return syntax.Call(NOWHERE, function, self.several(self.argument), ())

    def unary_tests(self) -> UnaryTests:
        """Grow what a cell of a decision table tests."""
        if self.chance(20):
            return UnaryTests(NOWHERE, ())
        return UnaryTests(NOWHERE, self.several(self.test, 1), self.chance(5))

    def test(self) -> Node:
        test = self.argument()
        if self.chance(3):
            test = syntax.Comparison(NOWHERE, self.pick(("=", "<", ">=")), syntax.Name(NOWHERE, INPUT), test)
        return syntax.Condition(NOWHERE, test) if syntax.mentions_input(test) else test


_GROWERS: tuple[Callable[[Grower], Node], ...] = (
    Grower.range,
    Grower.list,
    Grower.context,
    Grower.function,
    Grower.negation,
    Grower.arithmetic,
    Grower.arithmetic,
    Grower.comparison,
    Grower.between,
    Grower.membership,
    Grower.instance,
    Grower.logical,
    Grower.conditional,
    Grower.iteration,
    Grower.quantified,
    Grower.path,
    Grower.filter,
    Grower.call,
    Grower.call,
)


def expression(random: Random, size: int = 12) -> Node:
    """Return a random expression.

    >>> from zhida.feel.unparse import unparse
    >>> bool(unparse(expression(Random(1))))
    True
    """
    return Grower(random, size).expression()


def unary_tests(random: Random, size: int = 12) -> UnaryTests:
    """Return what a cell might test."""
    return Grower(random, size).unary_tests()
