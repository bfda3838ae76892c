"""Reading a FEEL text piece by piece: a cursor that knows keywords, literals and, through the scope, names.

There is no list of tokens: where a name ends depends on what is declared, so the cursor reads at the parser's demand.
"""

import re
from decimal import Decimal
from typing import NoReturn

from zhida.errors import CompileError, diagnostic
from zhida.feel.names import PART, Scope, read_part, skip_space
from zhida.feel.slips import THOUSANDS, WITHOUT_SEPARATORS, advice, quoted_zh
from zhida.source import Snippet, Span
from zhida.values.numbers import FEEL_DIGITS, feel_context

KEYWORDS = frozenset(
    (
        "and",
        "or",
        "between",
        "in",
        "instance",
        "if",
        "then",
        "else",
        "for",
        "return",
        "some",
        "every",
        "satisfies",
        "function",
        "external",
        "true",
        "false",
        "null",
    )
)
"""Words that are no names unless they are part of a longer declared one."""

NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{6})|(.))", re.DOTALL)
ESCAPED = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}

OPERATOR = re.compile(r"\*\*|<=|>=|!=|\.\.|->|[-<>=+*/()\[\]{},:.@]")
WORD = re.compile("[a-z]+")
_KEYWORD_STARTS = frozenset(keyword[0] for keyword in KEYWORDS)
_NUMBER_STARTS = frozenset(".0123456789")
_DENSE = frozenset("()[]{},:.@<>=+-*'\"0123456789abcdefghijklmnopqrstuvwxyz")
"""Characters that neither are white space nor begin a comment."""

MAX_NAME_LENGTH = 1_000
"""How many characters a name may have where it is declared."""

_SHOWN = 60
"""How many characters of what was met a message shows."""

WORDS_ZH = {
    "an expression": "表达式", "the end": "表达式的结尾", "a name": "名称", "a type": "类型", "a closing quote": "结束的引号",
    WITHOUT_SEPARATORS: "不带千位逗号的数字",
}  # fmt: skip
"""What can be expected, in Chinese."""


class Cursor:
    """A place in a FEEL text, moved on by reading."""

    def __init__(self, snippet: Snippet, scope: Scope) -> None:
        """Start at the first character."""
        self.snippet = snippet
        self.text = snippet.text
        self.scope = scope
        self.position = skip_space(self.text, 0)
        self.end = 0
        self._operator_place, self._operator = -1, ""
        self._keyword_place, self._keyword_scope, self._keyword = -1, scope, ""

    def advance(self, position: int) -> None:
        """Move behind what was read, and over the white space that follows."""
        self.end = position
        # Most of what follows is no space; a regular expression need not be asked.
        is_dense = self.text[position : position + 1] in _DENSE
        self.position = position if is_dense else skip_space(self.text, position)

    def span(self, start: int) -> Span:
        """Return the span from `start` to the end of what was read last."""
        return self.snippet.span(start, max(self.end, start))

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.position >= len(self.text)

    def operator(self) -> str:
        """Return the operator at the cursor, or an empty text; each level of precedence asks, so it is looked for once."""
        if self._operator_place != self.position:
            found = OPERATOR.match(self.text, self.position)
            self._operator = found[0] if found else ""
            self._operator_place = self.position
        return self._operator

    def infix(self) -> str:
        """Return the operator or the keyword at the cursor, or an empty text."""
        return self.operator() or self.keyword()

    def accept(self, *operators: str) -> str:
        """Read one of `operators` if it stands here, and return it or an empty text."""
        found = self.operator()
        if found in operators:
            self.advance(self.position + len(found))
            return found
        return ""

    def expect(self, *operators: str) -> str:
        """Read one of `operators`, or complain."""
        return self.accept(*operators) or self.fail(" or ".join(f"'{operator}'" for operator in operators))

    def keyword(self) -> str:
        """Return the keyword at the cursor, or an empty text; a longer declared name that begins with it wins."""
        if self._keyword_place != self.position or self._keyword_scope is not self.scope:
            self._keyword = self._find_keyword()
            self._keyword_place, self._keyword_scope = self.position, self.scope
        return self._keyword

    def _find_keyword(self) -> str:
        if self.text[self.position : self.position + 1] not in _KEYWORD_STARTS:
            return ""
        word = WORD.match(self.text, self.position)
        if word is None or word[0] not in KEYWORDS or read_part(self.text, self.position) != word[0]:
            return ""
        name = self.scope.match(self.text, self.position)
        return "" if name is not None and name[2] > 1 else word[0]

    def accept_keyword(self, *words: str) -> str:
        """Read one of the keywords if it stands here, and return it or an empty text."""
        found = self.keyword()
        if found in words:
            self.advance(self.position + len(found))
            return found
        return ""

    def expect_keyword(self, word: str) -> None:
        """Read a keyword, or complain."""
        if not self.accept_keyword(word):
            self.fail(f"'{word}'")

    def number(self) -> Decimal | None:
        """Read a numeric literal, rounded to 34 digits like every number; infinite where it is beyond all numbers of FEEL."""
        found = NUMBER.match(self.text, self.position) if self.text[self.position : self.position + 1] in _NUMBER_STARTS else None
        if found is None:
            return None
        if grouped := THOUSANDS.match(self.text, self.position):
            self.fail(WITHOUT_SEPARATORS, len(grouped[0]))
        self.advance(found.end())
        # Most numbers are what they are; only one with an exponent or too many digits asks for rounding.
        is_plain = len(found[0]) <= FEEL_DIGITS and "e" not in found[0].lower()
        return Decimal(found[0]) if is_plain else feel_context(is_passive=True).create_decimal(found[0])

    def string(self) -> str | None:
        """Read a string literal and resolve its escapes."""
        if not self.text.startswith('"', self.position):
            return None
        found = STRING.match(self.text, self.position)
        if found is None:
            self.fail("a closing quote", len(self.text[self.position :].partition("\n")[0].rstrip()))
        self.advance(found.end())
        if found[1].isascii() and "\\" not in found[1]:
            return found[1]
        text = ESCAPE.sub(_unescape, found[1])
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if re.search("[\ud800-\udfff]", text) else text

    def declared_name(self) -> str | None:
        """Read the longest declared name; an undeclared one is read as one part."""
        found = self.scope.match(self.text, self.position)
        if found is not None:
            self.advance(found[1])
            return found[0]
        part = PART.match(self.text, self.position)
        if part is None or part[0] in KEYWORDS:
            return None
        self.advance(part.end())
        return part[0]

    def property_name(self) -> str | None:
        """Read what follows a dot: the longest known name of an entry, else one part."""
        found = self.scope.properties.match(self.text, self.position) or self.scope.match(self.text, self.position)
        part = PART.match(self.text, self.position)
        if found is not None and (part is None or found[1] > part.end()):
            self.advance(found[1])
            return found[0]
        if part is None:
            return None
        self.advance(part.end())
        return part[0]

    def new_name(self, *stops: str) -> str | None:
        """Read a name that is being declared: all parts up to one of `stops` (operators or keywords)."""
        start = place = self.position
        while place < len(self.text):
            if place - start > MAX_NAME_LENGTH:
                return None
            part = read_part(self.text, place)
            if not part or part in stops or self.text.startswith(tuple(stop for stop in stops if not PART.match(stop)), place):
                break
            self.end = place + len(part)
            place = skip_space(self.text, self.end)
        if place == start:
            return None
        self.position = place
        return " ".join(self.text[start : self.end].split())

    def fail(self, expected: str, length: int = 0) -> NoReturn:
        """Complain of what stands at the cursor: of `length` characters, or of the next part."""
        rest = self.text[self.position : self.position + (length or 1)]
        part = rest if length else read_part(self.text, self.position) or self.operator() or rest
        part = part if len(part) <= _SHOWN else f"{part[: _SHOWN - 1]}…"
        hint, hint_zh = advice(self.text, self.position, expected)
        place = min(self.position, len(self.text))
        raise CompileError(
            [
                diagnostic(
                    "feel-syntax",
                    self.snippet.span(place, place + max(len(part), 1) if part else place),
                    found=(f'"{part}"' if part == "'" else f"'{part}'") if part else "the end",
                    found_zh=quoted_zh(part) if part else "结尾",
                    expected="the end of the expression" if expected == "the end" else expected,
                    expected_zh=WORDS_ZH.get(expected) or re.sub("'([^']*)'", r"“\1”", expected).replace(" or ", " 或 "),
                    hint=hint,
                    hint_zh=hint_zh,
                )
            ]
        )


def _unescape(found: re.Match[str]) -> str:
    if found[3] is not None:
        return ESCAPED.get(found[3], found[0])
    code = int(found[1] or found[2], 16)
    return chr(code) if code <= 0x10FFFF else found[0]
