"""What a cell of a decision table asks, in words: `(0..500000]` as `> 0 且 ≤ 500,000`.

The cell is parsed, never guessed at; what has no plain words stays as it is written in FEEL.
"""

from decimal import Decimal

from zhida.errors import CompileError, Language
from zhida.feel import syntax
from zhida.feel.names import Scope
from zhida.feel.parse import parse_unary_tests
from zhida.feel.syntax import Node
from zhida.report.words import choose, format_quantity, format_value, gloss_yuan, listed
from zhida.source import snippet

SIGNS = {">=": "≥", "<=": "≤", ">": ">", "<": "<", "!=": "≠", "=": "="}
"""Comparisons as people write them."""


def describe_test(test: str, language: Language, unit: str = "") -> str:
    """Return what a cell asks, in words; an empty text where it asks nothing.

    Args:
        test: The cell.
        language: Of the words around it.
        unit: The unit of what is tested; its numbers are told in it.

    >>> describe_test(">= 300", "zh", "人")
    '≥ 300 人'
    >>> describe_test("(0..500000]", "zh"), describe_test('"中型","小型"', "zh"), describe_test('not("企业")', "en")
    ('> 0 且 ≤ 500,000', '中型或小型', 'not 企业')
    """
    tests = _parse(test)
    if tests is None:
        return test
    if not tests.tests:
        return ""
    said = _Words(language, unit=unit).tests(tests)
    return test if said is None else said


def gloss_test(test: str, language: Language) -> str:
    """Return what a cell asks of a sum in yuan, in the words of documents; empty where that says nothing new.

    >>> gloss_test(">= 20000000", "zh"), gloss_test("(0..500000]", "zh"), gloss_test("> 0", "zh")
    ('≥ 2,000 万元', '> 0 且 ≤ 50 万元', '')
    """
    tests = _parse(test)
    if tests is None or not tests.tests:
        return ""
    words = _Words(language, in_wan=True, unit="")
    said = words.tests(tests)
    return said if said is not None and words.has_wan else ""


def _parse(test: str) -> syntax.UnaryTests | None:
    try:
        return parse_unary_tests(snippet(test), Scope())
    except CompileError:
        return None


class _Words:
    """Says nodes in words; each method returns None for what has none."""

    def __init__(self, language: Language, *, unit: str, in_wan: bool = False) -> None:
        self.language = language
        self.unit = unit
        self.in_wan = in_wan
        self.has_wan = False

    def tests(self, tests: syntax.UnaryTests) -> str | None:
        """Return the tests of a cell, any of which may hold."""
        said = self.any_of(tests.tests)
        if said is None or not tests.is_negated:
            return said
        return choose(self.language, "不是", "not ") + said

    def any_of(self, nodes: tuple[Node, ...]) -> str | None:
        """Return alternatives."""
        said = [self.node(node) for node in nodes]
        known = [text for text in said if text is not None]
        if not known or len(known) < len(said):
            return None
        if len(known) == 1:
            return known[0]
        if self.language == "en":
            return f"{listed(known[:-1], 'en')} or {known[-1]}"
        # A space keeps figures and the word apart; between Chinese characters none is written.
        left, right = (" " if character.isascii() else "" for character in (known[-2][-1:], known[-1][:1]))
        return f"{listed(known[:-1], 'zh')}{left}或{right}{known[-1]}"

    def node(self, node: Node) -> str | None:
        """Return one test or operand."""
        match node:
            case syntax.Literal():
                return self.value(node.value)
            case syntax.Name():
                return node.name
            case syntax.Negation(operand=syntax.Literal(value=Decimal() as value)):
                return self.value(value.copy_negate())
            case syntax.ListLiteral():
                return self.any_of(node.elements)
            case syntax.RangeLiteral():
                return self.range(node)
        return None

    def value(self, value: object) -> str:
        """Return a literal."""
        if isinstance(value, Decimal):
            gloss = gloss_yuan(value, self.language) if self.in_wan else ""
            self.has_wan = self.has_wan or bool(gloss)
            return gloss or format_quantity(value, self.unit, self.language)
        return format_value(value, "", self.language)

    def range(self, node: syntax.RangeLiteral) -> str | None:
        """Return a comparison, or both ends of a range."""
        if node.operator:
            operand = self.node(node.operand)
            return operand and f"{SIGNS[node.operator]} {operand}"
        if node.low is None or node.high is None:
            return None
        low, high = self.node(node.low), self.node(node.high)
        if low is None or high is None:
            return None
        is_text = isinstance(node.low, syntax.Literal) and isinstance(node.low.value, str)
        if is_text and node.low_closed and node.high_closed:
            return choose(self.language, f"{low} 至 {high}", f"{low} to {high}")
        both = choose(self.language, " 且 ", " and ")
        return f"{'≥' if node.low_closed else '>'} {low}{both}{'≤' if node.high_closed else '<'} {high}"
