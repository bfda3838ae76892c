"""FEEL text to nodes, by recursive descent; what stands lower in this list binds tighter (DMN 1.5, 10.3.1.2).

    if, for, some, every, function          reach as far as they can
    or
    and
    =  !=  <  <=  >  >=  between  in
    +  -
    *  /
    **                                      from the left
    -a                                      tighter than **
    instance of
    a.b  a[c]  a(b)

Text is parsed once, against the declared scope and never against data. What is wrong with the words themselves is said
here (feel-syntax); whether names and types make sense is said by `zhida.feel.check`.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from zhida.errors import CompileError, diagnostic, nearest
from zhida.feel import syntax
from zhida.feel.names import PART, NameSet, Scope, skip_space
from zhida.feel.syntax import INPUT, PARTIAL, Iteration, Node, UnaryTests, children, mentions, mentions_input
from zhida.feel.tokens import Cursor
from zhida.source import Snippet, Span
from zhida.values.temporal import parse_at_literal
from zhida.values.text import shortened
from zhida.values.types import ANY, SIMPLE_TYPES, Type

MAX_LENGTH = 200_000
"""How many characters the text of one expression may have."""

MAX_NESTING = 50
"""How many brackets, conditions and iterations may stand inside each other."""

MAX_HEIGHT = 150
"""How high a tree of nodes may be: as many operators may follow each other in one sum."""

LONE_NUMBER = re.compile(r"[0-9]{1,34} *[,\])]")
"""A whole number that is an element or an argument by itself."""

COMPARISONS = frozenset(("=", "!=", "<=", ">=", "<", ">"))
ADDITIVE = 4
TIGHTEST = 6
LEVELS = dict.fromkeys((*COMPARISONS, "between", "in"), 3) | {
    "or": 1,
    "and": 2,
    "+": ADDITIVE,
    "-": ADDITIVE,
    "*": 5,
    "/": 5,
    "**": TIGHTEST,
}
"""How tight each operator between two operands is."""

INFIX_KEYWORDS = frozenset(("and", "or", "between", "in", "instance", "then", "else", "return", "satisfies"))


_INPUT_NAME = NameSet([INPUT])
_NODES_WITHOUT_TEXT = 2
"""How many nodes above each other take no character of their own: the tests of a cell, and a condition on `?`."""


def parse_expression(text: Snippet, scope: Scope) -> Node:
    """Parse an expression.

    Args:
        text: The expression.
        scope: The names that it may use; others are parsed as one part each.

    Raises:
        CompileError: feel-syntax, feel-unknown-type, feel-too-nested, feel-text-too-long.

    >>> from zhida.source import snippet
    >>> type(parse_expression(snippet("1 + 2"), Scope())).__name__
    'Arithmetic'
    """
    parser = _Parser(Cursor(_of_bearable_length(text), scope))
    try:
        return parser.finish(parser.expression())
    except RecursionError:  # whoever calls from deep inside of something leaves less room than the limits need
        raise _too_nested(text.span(), MAX_NESTING) from None


def parse_unary_tests(text: Snippet, scope: Scope) -> UnaryTests:
    """Parse what a cell of a decision table tests: `-`, tests with commas between them, or `not(…)` of such.

    Raises:
        CompileError: feel-syntax, feel-unknown-type, feel-too-nested, feel-text-too-long.
    """
    cursor = Cursor(_of_bearable_length(text), Scope(_INPUT_NAME, scope, scope.properties, scope.types))
    if text.text.startswith("-", cursor.position) and skip_space(text.text, cursor.position + 1) == len(text.text):
        return UnaryTests(text.span(), ())
    parser = _Parser(cursor, is_cell=True)
    try:
        node = parser.finish(parser.unary_tests())
    except RecursionError:
        raise _too_nested(text.span(), MAX_NESTING) from None
    assert isinstance(node, UnaryTests)
    return node


def _of_bearable_length(text: Snippet) -> Snippet:
    """Return a text, or complain where it is so long that reading it would be felt."""
    if len(text.text) > MAX_LENGTH:
        raise CompileError([diagnostic("feel-text-too-long", text.span(0, 1), length=len(text.text), limit=MAX_LENGTH)])
    return text


def _too_nested(span: Span, limit: int) -> CompileError:
    return CompileError([diagnostic("feel-too-nested", span, limit=limit)])


class _Parser:
    """Recursive descent over a cursor; each method reads one production and returns its node."""

    def __init__(self, cursor: Cursor, *, is_cell: bool = False) -> None:
        self.cursor = cursor
        self.is_cell = is_cell
        self.open_ranges = 0
        self.nesting = 0

    def finish(self, node: Node) -> Node:
        """Complain of anything that is left, and of what is too high to be walked."""
        if not self.cursor.at_end:
            self.cursor.fail("the end")
        if len(self.cursor.text) + _NODES_WITHOUT_TEXT <= MAX_HEIGHT:
            return node
        level, height = [node], 0
        while level:
            height += 1
            level = [child for parent in level for child in children(parent)]
        if height > MAX_HEIGHT:
            raise _too_nested(node.span, MAX_HEIGHT)
        return node

    @contextmanager
    def nested(self) -> Iterator[None]:
        """Count what stands inside of something else."""
        outer = self.nesting
        self.deepen()
        yield
        self.nesting = outer

    def deepen(self) -> None:
        """Count one thing more inside of another; beyond the limit, complain."""
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            raise _too_nested(self.cursor.snippet.span(self.cursor.position), MAX_NESTING)

    # --- unary tests ---------------------------------------------------------------------------------------------

    def unary_tests(self) -> UnaryTests:
        """Read tests with commas between them, or `not(…)` of such."""
        cursor = self.cursor
        start = cursor.position
        found = PART.match(cursor.text, cursor.position)
        if found and found[0] == "not":
            after = skip_space(cursor.text, found.end())
            if cursor.text.startswith("(", after):
                saved = (cursor.position, cursor.end)
                cursor.advance(found.end())
                cursor.expect("(")
                tests = self.test_list()
                cursor.expect(")")
                if cursor.at_end:
                    return UnaryTests(cursor.span(start), tests, is_negated=True)
                cursor.position, cursor.end = saved
        tests = self.test_list()
        return UnaryTests(cursor.span(start), tests)

    def test_list(self) -> tuple[Node, ...]:
        """Read one test or more."""
        tests = [self.test()]
        while self.cursor.accept(","):
            tests.append(self.test())
        return tuple(tests)

    def test(self) -> Node:
        """Read one test: an operator with its operand, a condition that names `?`, or an expression."""
        node = self.operator_range() or self.expression()
        is_condition = self.is_cell and INPUT in self.cursor.text and mentions_input(node)
        return syntax.Condition(node.span, node) if is_condition else node

    def operator_range(self) -> Node | None:
        """Read `> a` and its like, where no left operand stands before the operator."""
        cursor = self.cursor
        start = cursor.position
        operator = cursor.operator()
        if operator not in COMPARISONS:
            return None
        cursor.advance(start + len(operator))
        with self.nested():
            operand = self.operation(ADDITIVE)
        if operator in {"<", "<="}:
            return syntax.RangeLiteral(cursor.span(start), None, operand, low_closed=False, high_closed=operator == "<=", operator=operator)
        closed = operator not in {">", "!="}
        return syntax.RangeLiteral(cursor.span(start), operand, None, low_closed=closed, high_closed=False, operator=operator)

    # --- expressions, loosest first ------------------------------------------------------------------------------

    def expression(self) -> Node:
        """Read an expression of any kind."""
        outer = self.nesting
        self.deepen()
        match self.cursor.keyword():
            case "if":
                node = self.conditional()
            case "for":
                node = self.iteration()
            case "some" | "every":
                node = self.quantified()
            case _:
                node = self.operation()
        self.nesting = outer
        return node

    def conditional(self) -> Node:
        """Read `if … then … else …`."""
        start = self.cursor.position
        self.cursor.expect_keyword("if")
        condition = self.expression()
        self.cursor.expect_keyword("then")
        then = self.expression()
        self.cursor.expect_keyword("else")
        otherwise = self.expression()
        return syntax.If(self.cursor.span(start), condition, then, otherwise)

    def iterations(self) -> tuple[Iteration, ...]:
        """Read `x in list, y in low..high`; each variable is in scope from then on."""
        cursor = self.cursor
        iterations = []
        while True:
            name = cursor.new_name("in", ",") or cursor.fail("a name")
            cursor.expect_keyword("in")
            domain = self.operator_range() or self.expression()
            last = self.expression() if cursor.accept("..") else None
            iterations.append(Iteration(name, domain, last))
            cursor.scope = cursor.scope.inner([name])
            if not cursor.accept(","):
                return tuple(iterations)
            self.deepen()  # each runs inside of those before it

    def iteration(self) -> Node:
        """Read `for … return …`."""
        cursor, outer = self.cursor, self.cursor.scope
        start = cursor.position
        cursor.expect_keyword("for")
        iterations = self.iterations()
        cursor.expect_keyword("return")
        cursor.scope = cursor.scope.inner([PARTIAL])
        body = self.expression()
        cursor.scope = outer
        return syntax.For(cursor.span(start), iterations, body, mentions(body, PARTIAL))

    def quantified(self) -> Node:
        """Read `some … satisfies …` or `every … satisfies …`."""
        cursor, outer = self.cursor, self.cursor.scope
        start = cursor.position
        is_every = cursor.accept_keyword("some", "every") == "every"
        iterations = self.iterations()
        cursor.expect_keyword("satisfies")
        condition = self.expression()
        cursor.scope = outer
        return syntax.Quantified(cursor.span(start), is_every, iterations, condition)

    def operation(self, least: int = 1) -> Node:
        """Read an operand and all operators behind it that are at least so tight; those of one level are read from the left."""
        cursor = self.cursor
        start = cursor.position
        left = self.negation()
        most = TIGHTEST
        while least <= (level := LEVELS.get(operator := cursor.infix(), 0)) <= most:
            cursor.advance(cursor.position + len(operator))
            left = self.right_side(start, left, operator, level)
            most = level  # `a in (b)` is no operand of a tighter operator
        return left

    def right_side(self, start: int, left: Node, operator: str, level: int) -> Node:
        """Read what stands behind an operator, and return all of the operation."""
        cursor = self.cursor
        match operator:
            case "between":
                low = self.operation(ADDITIVE)
                cursor.expect_keyword("and")
                high = self.operation(ADDITIVE)
                return syntax.Between(cursor.span(start), left, low, high)
            case "in":
                tests = self.tests_behind_in()
                return syntax.In(cursor.span(start), left, tests)
        right = self.operation(level + 1)
        span = cursor.span(start)
        match operator:
            case "or":
                return syntax.Disjunction(span, left, right)
            case "and":
                return syntax.Conjunction(span, left, right)
        return (syntax.Arithmetic if level >= ADDITIVE else syntax.Comparison)(span, operator, left, right)

    def tests_behind_in(self) -> UnaryTests:
        """Read what follows `in`: one test, or tests in parentheses."""
        cursor = self.cursor
        start = cursor.position
        if not cursor.accept("("):
            test = self.operator_range() or self.operation(ADDITIVE)
            return UnaryTests(cursor.span(start), (test,))
        tests = [self.argument()]
        if cursor.accept(".."):
            return UnaryTests(cursor.span(start), (self.range_end(start, tests[0], low_closed=False),))
        while cursor.accept(","):
            tests.append(self.argument())
        cursor.expect(")")
        return UnaryTests(cursor.span(start), tuple(tests))

    def negation(self) -> Node:
        """Read `-a`."""
        if self.cursor.operator() == "-":
            start = self.cursor.position
            self.cursor.accept("-")
            with self.nested():
                operand = self.negation()
            return syntax.Negation(self.cursor.span(start), operand)
        return self.instance_of()

    def instance_of(self) -> Node:
        """Read `a instance of T`."""
        cursor = self.cursor
        start = cursor.position
        node = self.postfix()
        while cursor.keyword() == "instance":
            cursor.expect_keyword("instance")
            if PART.match(cursor.text, cursor.position) is None or not cursor.text.startswith("of", cursor.position):
                cursor.fail("'of'")
            cursor.advance(cursor.position + 2)
            type_start = cursor.position
            type_ = self.type_reference()
            name = cursor.text[type_start : cursor.end]
            node = syntax.InstanceOf(cursor.span(start), node, type_, name)
        return node

    def postfix(self) -> Node:
        """Read `a.b`, `a[c]` and `a(b)`."""
        cursor = self.cursor
        start = cursor.position
        node = self.primary()
        while True:
            operator = cursor.operator()
            if not operator:
                return node
            if operator == ".":
                cursor.accept(".")
                name = cursor.property_name() or cursor.fail("a name")
                node = syntax.Path(cursor.span(start), node, name)
            elif operator == "[" and not self.closes_range():
                cursor.accept("[")
                node = self.filter(start, node)
            elif operator == "(":
                cursor.accept("(")
                node = self.call(start, node)
            else:
                return node

    def closes_range(self) -> bool:
        """Say whether the bracket at the cursor ends a range, as in `[1..10[`: nothing follows it that begins a condition."""
        if not self.open_ranges:
            return False
        cursor = self.cursor
        saved = (cursor.position, cursor.end)
        cursor.accept("[")
        closes = cursor.at_end or cursor.operator() not in {"", "(", "[", "{", "-", "@"} or cursor.keyword() in INFIX_KEYWORDS
        cursor.position, cursor.end = saved
        return closes

    def filter(self, start: int, value: Node) -> Node:
        """Read the condition of a filter; an element's entries are in its scope."""
        cursor, outer = self.cursor, self.cursor.scope
        cursor.scope = Scope(outer.properties.including("item"), outer, outer.properties, outer.types)
        condition = self.expression()
        cursor.scope = outer
        cursor.expect("]")
        return syntax.Filter(cursor.span(start), value, condition)

    def call(self, start: int, function: Node) -> Node:
        """Read the arguments of a call, by position or by name."""
        cursor = self.cursor
        positional: list[Node] = []
        named: list[tuple[str, Node]] = []
        while not cursor.accept(")"):
            if positional or named:
                cursor.expect(",")
            name = None if positional else self.argument_name()
            if name:
                named.append((name, self.argument()))
            elif named:
                cursor.fail("a name")
            else:
                positional.append(self.argument())
        return syntax.Call(cursor.span(start), function, tuple(positional), tuple(named))

    def argument(self) -> Node:
        """Read an argument or an element: an expression, or a range that is written with an operator."""
        cursor = self.cursor
        if LONE_NUMBER.match(cursor.text, cursor.position):  # most of what lists hold needs no look at each level of precedence
            start, number = cursor.position, cursor.number()
            return syntax.Literal(cursor.span(start), number)
        return self.operator_range() or self.expression()

    def argument_name(self) -> str | None:
        """Read `name:` before an argument."""
        cursor = self.cursor
        if cursor.text.find(":", cursor.position) < 0:
            return None
        saved = (cursor.position, cursor.end)
        name = cursor.new_name(":", ",", ")")
        if name and cursor.operator() == ":":
            cursor.accept(":")
            return name
        cursor.position, cursor.end = saved
        return None

    # --- primaries -----------------------------------------------------------------------------------------------

    def primary(self) -> Node:
        """Read a literal, a name, or something in brackets."""
        cursor = self.cursor
        start = cursor.position
        match cursor.keyword():
            case "true" | "false" | "null" as word:
                cursor.expect_keyword(word)
                return syntax.Literal(cursor.span(start), {"true": True, "false": False, "null": None}[word])
            case "function":
                return self.function_literal()
            case "if" | "for" | "some" | "every":
                return self.expression()
        number = cursor.number()
        if number is not None:
            is_valid = number.is_finite()
            return syntax.Literal(cursor.span(start), number if is_valid else None, is_valid)
        string = cursor.string()
        if string is not None:
            return syntax.Literal(cursor.span(start), string)
        match cursor.operator():
            case "@":
                return self.at_literal()
            case "(":
                return self.parenthesis()
            case "[" | "]":
                return self.bracket()
            case "{":
                return self.context()
        name = cursor.declared_name() or cursor.fail("an expression")
        return syntax.Name(cursor.span(start), name)

    def at_literal(self) -> Node:
        """Read `@"…"`."""
        start = self.cursor.position
        self.cursor.accept("@")
        text = self.cursor.string()
        if text is None:
            self.cursor.fail("a closing quote")
        value = parse_at_literal(text)
        return syntax.Literal(self.cursor.span(start), value, is_valid=value is not None)

    def parenthesis(self) -> Node:
        """Read `(a)`, `(a..b]`, or `(> a)`."""
        cursor = self.cursor
        start = cursor.position
        cursor.expect("(")
        node = self.operator_range()
        if node is None:
            node = self.expression()
            if cursor.accept(".."):
                return self.range_end(start, node, low_closed=False)
        cursor.expect(")")
        return node

    def bracket(self) -> Node:
        """Read a list `[a, b]` or a range `[a..b]`, `]a..b[`."""
        cursor = self.cursor
        start = cursor.position
        is_open = cursor.expect("[", "]") == "]"
        if not is_open and cursor.accept("]"):
            return syntax.ListLiteral(cursor.span(start), ())
        first = self.argument()
        if cursor.accept(".."):
            return self.range_end(start, first, low_closed=not is_open)
        if is_open:
            cursor.fail("'..'")
        elements = [first]
        while cursor.accept(","):
            elements.append(self.argument())
        cursor.expect("]")
        return syntax.ListLiteral(cursor.span(start), tuple(elements))

    def range_end(self, start: int, low: Node, *, low_closed: bool) -> Node:
        """Read the upper end of a range, behind the dots."""
        self.open_ranges += 1
        high = self.expression()
        self.open_ranges -= 1
        closing = self.cursor.expect("]", ")", "[")
        return syntax.RangeLiteral(self.cursor.span(start), low, high, low_closed, closing == "]")

    def context(self) -> Node:
        """Read `{a: 1, "b": a}`."""
        cursor, outer = self.cursor, self.cursor.scope
        start = cursor.position
        cursor.expect("{")
        entries: list[tuple[str, Node]] = []
        cursor.scope = outer.inner()
        while not cursor.accept("}"):
            if entries:
                cursor.expect(",")
            key = cursor.string()
            if key is None:
                key = cursor.new_name(":") or cursor.fail("a name")
            cursor.expect(":")
            entries.append((key, self.expression()))
            cursor.scope.names.add(key)
            cursor.scope.properties.add(key)
        cursor.scope = outer
        return syntax.ContextLiteral(cursor.span(start), tuple(entries))

    def function_literal(self) -> Node:
        """Read `function(a: T, b) body`."""
        cursor, outer = self.cursor, self.cursor.scope
        start = cursor.position
        cursor.expect_keyword("function")
        cursor.expect("(")
        parameters: list[tuple[str, Type | None]] = []
        while not cursor.accept(")"):
            if parameters:
                cursor.expect(",")
            name = cursor.new_name(":", ",", ")") or cursor.fail("a name")
            parameters.append((name, self.type_reference() if cursor.accept(":") else None))
        is_external = bool(cursor.accept_keyword("external"))
        cursor.scope = outer.inner([name for name, _ in parameters])
        body = self.expression()
        cursor.scope = outer
        return syntax.FunctionLiteral(cursor.span(start), tuple(parameters), body, is_external)

    # --- types ---------------------------------------------------------------------------------------------------

    def type_reference(self) -> Type | None:
        """Read the name of a type with what stands in its angle brackets; unknown names are complained of."""
        cursor = self.cursor
        start = cursor.position
        names = Scope(type(cursor.scope.names)([*SIMPLE_TYPES, *cursor.scope.types]))
        found = names.match(cursor.text, cursor.position)
        if found is None:
            name = cursor.new_name(",", ")", "]", "}", ">", "<") or cursor.fail("a type")
            near = nearest(name, [*SIMPLE_TYPES, *cursor.scope.types])
            raise CompileError([diagnostic("feel-unknown-type", cursor.span(start), name=shortened(name), near=near)])
        cursor.advance(found[1])
        if found[0] in cursor.scope.types:
            return cursor.scope.types[found[0]]
        if found[0] in {"list", "range", "context", "function"} and cursor.accept("<"):
            with self.nested():
                return self.generic(found[0])
        return SIMPLE_TYPES[found[0]]

    def generic(self, name: str) -> Type | None:
        """Read what stands in the angle brackets of a type."""
        cursor = self.cursor
        arguments: list[Type] = []
        fields: list[tuple[str, Type]] = []
        while not cursor.accept(">"):
            if arguments or fields:
                cursor.expect(",")
            if name == "context":
                field = cursor.new_name(":") or cursor.fail("a name")
                cursor.expect(":")
                fields.append((field, self.type_reference() or ANY))
            else:
                arguments.append(self.type_reference() or ANY)
            if name in {"list", "range"}:  # they take one
                cursor.expect(">")
                return Type(name, tuple(arguments))
        if name in {"list", "range"}:
            cursor.fail("a type")
        if name == "function":
            cursor.expect("->")
            arguments.append(self.type_reference() or ANY)
        return Type(name, tuple(arguments), tuple(fields))
