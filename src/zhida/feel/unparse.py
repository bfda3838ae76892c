"""Nodes to FEEL text: the shortest that reads back as the same nodes (DMN 1.5, 10.3.1.2).

    parse(unparse(node)) == node, but for the spans

Parentheses stand only where precedence asks for them, names as they were declared, strings with their escapes. Where a name
ends depends on what is declared: `a - b` is one name where somebody declared it. Whoever has the scope gives it, and names
are put in parentheses where they would be read differently without.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import fields
from decimal import Decimal
from typing import Any

from zhida.errors import CompileError
from zhida.feel import syntax
from zhida.feel.names import PART, Scope
from zhida.feel.parse import parse_expression, parse_unary_tests
from zhida.feel.syntax import Iteration, Node, UnaryTests
from zhida.feel.tokens import NUMBER, STRING, Cursor
from zhida.source import snippet
from zhida.values.numbers import format_number
from zhida.values.text import literal

LOOSEST, OR, AND, COMPARISON, ADDITIVE, MULTIPLICATIVE, POWER, NEGATION, INSTANCE, POSTFIX = range(10)
"""Levels of precedence; what stands at a level may hold what is tighter."""

_OPERATOR_LEVELS = {"+": ADDITIVE, "-": ADDITIVE, "*": MULTIPLICATIVE, "/": MULTIPLICATIVE, "**": POWER}
_LONGEST_PLAIN_NUMBER = 40
_ESCAPED = re.compile(r'["\\]|[^\x20-\x7e\x85\xa0-\u2027\u202a-\ufffd\U00010000-\U0010ffff]|[\x85\ud800-\udfff\ufdd0-\ufdef]')
_SHORT_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_OPEN_TYPE = re.compile(r"(?:list|range|context|function)\Z")
_INDENT = "  "


def unparse(node: Node, *, scope: Scope | None = None, width: int | None = None) -> str:
    """Return the FEEL text of a node.

    Args:
        node: An expression or unary tests.
        scope: The names that the text will be read with; without it, no name is taken to begin with another and an operator.
        width: Characters that a line should hold at most; longer lists, contexts, calls and iterations go over several
            lines. None means one line.

    >>> from zhida.source import snippet
    >>> unparse(parse_expression(snippet("(1+(2*3))*(x)"), Scope()))
    '(1 + 2 * 3) * x'
    """
    text = _Writer(width).text(node)
    if scope is not None and not _reads_as(text, node, scope):
        text = _Writer(width, is_careful=True).text(node)
    return text


def is_same(left: object, right: object) -> bool:
    """Say whether two nodes are equal but for their spans; numbers that are equal count as the same.

    >>> from zhida.source import snippet
    >>> is_same(parse_expression(snippet("1+a"), Scope()), parse_expression(snippet("(1 + a)"), Scope()))
    True
    """
    if type(left) is not type(right):
        return False
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and all(map(is_same, left, right))
    if isinstance(left, Node | Iteration):
        return all(is_same(getattr(left, field.name), getattr(right, field.name)) for field in fields(left) if field.name != "span")
    return left == right


def _reads_as(text: str, node: Node, scope: Scope) -> bool:
    """Say whether a text reads as a node."""
    # What a context names becomes known to the scope that reads it, so a copy reads.
    scope = Scope(scope.names, scope.parent, type(scope.properties)(scope.properties), scope.types)
    try:
        read = parse_unary_tests(snippet(text), scope) if isinstance(node, UnaryTests) else parse_expression(snippet(text), scope)
    except CompileError:
        return False
    return is_same(read, node)


class _Writer:
    """Writes nodes with at most `width` characters to a line; a careful one puts whatever ends in a name in parentheses."""

    def __init__(self, width: int | None = None, *, is_careful: bool = False) -> None:
        self.width = width
        self.is_careful = is_careful
        self.depth = 0
        self.in_one_line = self if width is None else _Writer(is_careful=is_careful)

    def text(self, node: Node) -> str:
        """Return the text of a node that stands alone."""
        if isinstance(node, UnaryTests):
            line = self.in_one_line.unary_tests(node)
            return line if self.fits(line) else self.unary_tests(node)
        return self.expression(node)

    def fits(self, line: str) -> bool:
        """Say whether a text fits a line."""
        return self.width is None or len(line) + len(_INDENT) * self.depth <= self.width

    def expression(self, node: Node) -> str:
        """Return the text of a node where any expression may stand; a range with an operator needs its parentheses."""
        return self.operand(node, LOOSEST)

    def argument(self, node: Node) -> str:
        """Return the text of a node where a range with an operator may stand bare."""
        if isinstance(node, syntax.RangeLiteral) and node.operator:
            return f"{node.operator} {self.operand(node.operand, ADDITIVE)}"
        return self.expression(node)

    def operand(self, node: Node, level: int) -> str:
        """Return the text of a node where only what is as tight as `level` may stand without parentheses."""
        if isinstance(node, syntax.RangeLiteral) and node.operator:
            return f"({self.argument(node)})"
        if self.width is not None:
            line = self.in_one_line.operand(node, level)
            if self.fits(line):
                return line
        text = _WRITERS[type(node)](self, node)
        is_loose = _level(node) < level
        return f"({text})" if is_loose or (self.is_careful and isinstance(node, _ENDING_IN_NAMES)) else text

    # --- several lines -----------------------------------------------------------------------------------------------

    def enclosed(self, opening: str, parts: Iterable[str], closing: str) -> str:
        """Return parts with commas between them; where one line could not hold them, one to each."""
        if self.width is None:
            return f"{opening}{', '.join(parts)}{closing}"
        self.depth += 1
        inner, outer = "\n" + _INDENT * self.depth, "\n" + _INDENT * (self.depth - 1)
        lines = f",{inner}".join(parts)
        self.depth -= 1
        return f"{opening}{inner}{lines}{outer}{closing}" if lines else f"{opening}{closing}"

    def phrases(self, first: str, rest: Iterable[str]) -> str:
        """Return phrases; where one line could not hold them, each in its own."""
        if self.width is None:
            return " ".join((first, *rest))
        self.depth += 1
        indent = "\n" + _INDENT * self.depth
        lines = first + "".join(f"{indent}{phrase}" for phrase in rest)
        self.depth -= 1
        return lines

    # --- leaves --------------------------------------------------------------------------------------------------------

    def literal(self, node: syntax.Literal) -> str:
        """Write a literal; one that says nothing valid stays as it was written."""
        if not node.is_valid:
            written = node.span.text
            is_whole = bool(NUMBER.fullmatch(written) or (written.startswith("@") and STRING.fullmatch(written[1:].lstrip())))
            return written if is_whole else '@""'
        if isinstance(node.value, str):
            return quoted(node.value)
        return _number(node.value) if isinstance(node.value, Decimal) else literal(node.value)

    def name(self, node: syntax.Name) -> str:
        """Write a name as it was declared."""
        return node.name

    def list(self, node: syntax.ListLiteral) -> str:
        """Write `[a, b]`."""
        return self.enclosed("[", map(self.argument, node.elements), "]")

    def context(self, node: syntax.ContextLiteral) -> str:
        """Write `{a: 1, "b c": a}`."""
        return self.enclosed("{", (f"{_key(key)}: {self.expression(entry)}" for key, entry in node.entries), "}")

    def range(self, node: syntax.RangeLiteral) -> str:
        """Write `[a..b]` and its open forms."""
        low, high = (self.expression(end) if end is not None else "null" for end in (node.low, node.high))
        return f"{'[' if node.low_closed else '('}{low}..{high}{']' if node.high_closed else ')'}"

    def function(self, node: syntax.FunctionLiteral) -> str:
        """Write `function(a: number) a + 1`."""
        parameters = ", ".join(name if type_ is None else f"{name}: {type_}" for name, type_ in node.parameters)
        head = f"function({parameters}){' external' if node.is_external else ''}"
        return self.phrases(head, map(self.expression, (node.body,)))

    # --- operators -----------------------------------------------------------------------------------------------------

    def infix(self, left: Node, operator: str, right: Node, level: int) -> str:
        """Write `a + b`; what is as loose as the operator stands at its left without parentheses."""
        before = self.operand(left, level)
        if operator == "<" and _ends_in_open_type(left) and not before.endswith(")"):
            before = f"({before})"  # `list <` would begin the type of its elements
        return self.phrases(before, (f"{operator} {self.operand(part, level + 1)}" for part in (right,)))

    def negation(self, node: syntax.Negation) -> str:
        """Write `-a`."""
        return f"-{self.operand(node.operand, NEGATION)}"

    def arithmetic(self, node: syntax.Arithmetic) -> str:
        """Write `a + b` and its like."""
        return self.infix(node.left, node.operator, node.right, _OPERATOR_LEVELS[node.operator])

    def comparison(self, node: syntax.Comparison) -> str:
        """Write `a = b` and its like."""
        return self.infix(node.left, node.operator, node.right, COMPARISON)

    def conjunction(self, node: syntax.Conjunction) -> str:
        """Write `a and b`."""
        return self.infix(node.left, "and", node.right, AND)

    def disjunction(self, node: syntax.Disjunction) -> str:
        """Write `a or b`."""
        return self.infix(node.left, "or", node.right, OR)

    def between(self, node: syntax.Between) -> str:
        """Write `a between b and c`."""
        low, high = self.operand(node.low, ADDITIVE), self.operand(node.high, ADDITIVE)
        return f"{self.operand(node.value, COMPARISON)} between {low} and {high}"

    def membership(self, node: syntax.In) -> str:
        """Write `a in b` or `a in (b, > c)`."""
        return f"{self.operand(node.value, COMPARISON)} in {self.tests_behind_in(node.tests)}"

    def tests_behind_in(self, tests: UnaryTests) -> str:
        """Return tests as they stand behind `in`; a parenthesis there holds them all, so no single one may begin with its own."""
        if len(tests.tests) == 1 and not tests.is_negated:
            (test,) = tests.tests
            if isinstance(test, syntax.RangeLiteral) and not test.operator:
                return self.range(test)
            if isinstance(test, syntax.RangeLiteral) or _level(test) >= ADDITIVE:
                text = self.argument(test)
                if not text.startswith("("):
                    return text
        return self.enclosed("(", map(self.argument, tests.tests), ")")

    def instance(self, node: syntax.InstanceOf) -> str:
        """Write `a instance of T`, the type as it was spelled."""
        return f"{self.operand(node.value, INSTANCE)} instance of {node.type_name}"

    # --- control -------------------------------------------------------------------------------------------------------

    def conditional(self, node: syntax.If) -> str:
        """Write `if a then b else c`."""
        branches = (("then", node.then), ("else", node.otherwise))
        return self.phrases(f"if {self.expression(node.condition)}", (f"{word} {self.expression(branch)}" for word, branch in branches))

    def iterations(self, iterations: tuple[Iteration, ...]) -> str:
        """Return `x in a, y in b..c`."""
        return ", ".join(
            f"{item.name} in {self.argument(item.domain)}"
            if item.last is None
            else f"{item.name} in {self.expression(item.domain)}..{self.expression(item.last)}"
            for item in iterations
        )

    def iteration(self, node: syntax.For) -> str:
        """Write `for x in a return b`."""
        bodies = (f"return {self.expression(body)}" for body in (node.body,))
        return self.phrases(f"for {self.iterations(node.iterations)}", bodies)

    def quantified(self, node: syntax.Quantified) -> str:
        """Write `some x in a satisfies b`."""
        word = "every" if node.is_every else "some"
        conditions = (f"satisfies {self.expression(condition)}" for condition in (node.condition,))
        return self.phrases(f"{word} {self.iterations(node.iterations)}", conditions)

    # --- postfixes -----------------------------------------------------------------------------------------------------

    def path(self, node: syntax.Path) -> str:
        """Write `a.b`."""
        return f"{self.operand(node.value, POSTFIX)}.{node.name}"

    def filter(self, node: syntax.Filter) -> str:
        """Write `a[b]`."""
        return f"{self.operand(node.value, POSTFIX)}[{self.expression(node.condition)}]"

    def call(self, node: syntax.Call) -> str:
        """Write `f(a, b)` or `f(name: a)`."""
        function = self.operand(node.function, POSTFIX)
        if node.named:
            return self.enclosed(f"{function}(", (f"{name}: {self.argument(value)}" for name, value in node.named), ")")
        return self.enclosed(f"{function}(", map(self.argument, node.positional), ")")

    # --- unary tests ---------------------------------------------------------------------------------------------------

    def condition(self, node: syntax.Condition) -> str:
        """Write a test that names the tested value."""
        return self.argument(node.expression)

    def unary_tests(self, node: UnaryTests) -> str:
        """Write `-`, tests with commas between them, or `not(…)` of such."""
        if not node.tests:
            return "-"
        if node.is_negated:
            return self.enclosed("not(", map(self.test, node.tests), ")")
        text = self.enclosed("", map(self.test, node.tests), "").strip()
        (first, *others) = node.tests
        expression = first.expression if isinstance(first, syntax.Condition) else first
        is_call_of_not = not others and isinstance(expression, syntax.Call) and text.startswith("not(")
        # `-` alone is every value, and `not(…)` alone is none of the tests.
        return f"({text})" if is_call_of_not or text == "-" else text

    def test(self, node: Node) -> str:
        """Return the text of one test."""
        return self.condition(node) if isinstance(node, syntax.Condition) else self.argument(node)


_ENDING_IN_NAMES = (syntax.Name, syntax.Path, syntax.InstanceOf)
"""What ends in a name, which a longer one may begin with."""

_WRITERS: dict[type[Node], Callable[[_Writer, Any], str]] = {
    syntax.Literal: _Writer.literal,
    syntax.Name: _Writer.name,
    syntax.ListLiteral: _Writer.list,
    syntax.ContextLiteral: _Writer.context,
    syntax.RangeLiteral: _Writer.range,
    syntax.FunctionLiteral: _Writer.function,
    syntax.Negation: _Writer.negation,
    syntax.Arithmetic: _Writer.arithmetic,
    syntax.Comparison: _Writer.comparison,
    syntax.Between: _Writer.between,
    syntax.In: _Writer.membership,
    syntax.InstanceOf: _Writer.instance,
    syntax.Conjunction: _Writer.conjunction,
    syntax.Disjunction: _Writer.disjunction,
    syntax.If: _Writer.conditional,
    syntax.For: _Writer.iteration,
    syntax.Quantified: _Writer.quantified,
    syntax.Path: _Writer.path,
    syntax.Filter: _Writer.filter,
    syntax.Call: _Writer.call,
    syntax.Condition: _Writer.condition,
    syntax.UnaryTests: _Writer.unary_tests,
}
"""How each kind of node is written."""

_LEVELS: dict[type[Node], int] = {
    syntax.If: LOOSEST,
    syntax.For: LOOSEST,
    syntax.Quantified: LOOSEST,
    syntax.FunctionLiteral: LOOSEST,
    syntax.Disjunction: OR,
    syntax.Conjunction: AND,
    syntax.Comparison: COMPARISON,
    syntax.Between: COMPARISON,
    syntax.In: COMPARISON,
    syntax.Negation: NEGATION,
    syntax.InstanceOf: INSTANCE,
}
"""The level of each kind of node but those that arithmetic and the number decide; the others are the tightest."""


def _level(node: Node) -> int:
    match node:
        case syntax.Arithmetic():
            return _OPERATOR_LEVELS[node.operator]
        case syntax.Literal(value=Decimal() as value) if value < 0:
            return NEGATION
    return _LEVELS.get(type(node), POSTFIX)


def _ends_in_open_type(node: Node) -> bool:
    """Say whether the text of a node ends in the name of a type to which angle brackets could be added."""
    while not isinstance(node, syntax.InstanceOf):
        if not isinstance(node, syntax.Comparison | syntax.Arithmetic | syntax.Between | syntax.Negation):
            return isinstance(node, syntax.In)  # rare enough not to be looked into
        node = node.high if isinstance(node, syntax.Between) else node.operand if isinstance(node, syntax.Negation) else node.right
    return bool(_OPEN_TYPE.search(node.type_name))


def quoted(text: str) -> str:
    r"""Return the string literal that denotes a text; what no XML document and no line may hold is escaped.

    >>> print(quoted('中 "a"\n'))
    "中 \"a\"\n"
    """
    return f'"{_ESCAPED.sub(_escaped, text)}"'


def _escaped(found: re.Match[str]) -> str:
    return _SHORT_ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04X}"


def _number(value: Decimal) -> str:
    """Return a number in plain digits, or with an exponent where these would fill the line."""
    plain = format_number(value)
    if len(plain) <= _LONGEST_PLAIN_NUMBER:
        return plain
    sign, digits, exponent = value.as_tuple()
    whole = "".join(map(str, digits)).rstrip("0") or "0"
    assert isinstance(exponent, int), "a literal is finite"
    return f"{'-' * sign}{whole}e{exponent + len(digits) - len(whole)}"


def _key(key: str) -> str:
    """Return the key of a context as a name where that reads back as the same, else as a string."""
    if PART.match(key):
        cursor = Cursor(snippet(f"{key}:"), Scope())
        if cursor.new_name(":") == key and cursor.position == len(key):
            return key
    return quoted(key)
