"""How a difference is said: its language and measure, the names of facts, figures, cells in words, lines that are broken."""

import re
from dataclasses import dataclass
from decimal import Decimal

from zhida.errors import Language
from zhida.policy.tangle import OTHERWISE
from zhida.policy.years import parse_given
from zhida.proof.difference.rules import ANY_VALUE
from zhida.proof.difference.versions import Difference
from zhida.report.conditions import describe_test, gloss_test
from zhida.report.explanation import LINE_CELLS
from zhida.report.words import bracketed, choose, format_named, format_quantity, gloss_yuan, printable
from zhida.source import display_width

ABSENT = {"null": ("为空", "is absent"), "not(null)": ("不为空", "is there")}
"""Cells that ask whether there is anything."""

CLOSES = "，。、；：）」』》！？,.;:)"
OPENS = "（「『《"

OPENS = "（「『《"


@dataclass(frozen=True, slots=True)
class Style:
    """How a difference is told."""

    language: Language = "zh"
    """In which language."""
    is_whole: bool = False
    """Whether nothing is left out."""
    cells: int = LINE_CELLS
    """Cells of a line."""

    def say(self, zh: str, en: str) -> str:
        """Return the words of one language."""
        return choose(self.language, zh, en)


def wrapped(mark: str, text: str, cells: int) -> list[str]:
    """Break a sentence into lines that begin below its first character; no line begins with a stop."""
    indent = " " * display_width(mark)
    lines, line = [], ""
    for piece in re.findall(rf"[{OPENS}]*(?:[!-~]+ ?|[^!-~])[{CLOSES}]*", printable(text)):
        if line and display_width(indent + line + piece.rstrip()) > cells:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    lines.append(line.rstrip())
    return [(mark if place == 0 else indent) + part for place, part in enumerate(lines)]


class Speaker:
    """Says one difference in one language; each part of it says its own things."""

    def __init__(self, found: Difference, style: Style) -> None:
        """Keep what is said, and how.

        Args:
            found: What is different.
            style: How it is told.
        """
        self.found = found
        self.style = style
        self.language: Language = style.language
        versions = (found.old, found.new)
        self.items = {data.name: data.item for version in versions for data in version.policy.compiled.definitions.inputs}
        self.yearly = {name for name, item in self.items.items() if item.is_yearly}

    def say(self, zh: str, en: str) -> str:
        """Return the words of the language."""
        return choose(self.language, zh, en)

    def lines(self, mark: str, text: str) -> list[str]:
        """Return a sentence in lines of its width."""
        return wrapped(mark, text, self.style.cells)

    def because(self, reason: tuple[str, str]) -> str:
        """Return a reason in the language."""
        return choose(self.language, *reason)

    def money(self, amount: Decimal) -> str:
        """Return an amount of yuan, large ones in the words of documents."""
        return gloss_yuan(amount, self.language) or format_quantity(amount, "元", self.language)

    def shown(self, name: str, value: object, unit: str = "") -> str:
        """Return a value as people read it; large sums in the words of documents."""
        if value is None and not name:
            return self.say("没有结论", "no result")
        if isinstance(value, Decimal):
            unit = unit or self.unit(name)
            if unit == "元":
                return self.money(value)
        return format_named(name, value, unit, self.language)

    def unit(self, name: str) -> str:
        """Return the unit of a fact; empty where it has none."""
        item = self.items.get(parse_given(name)[0])
        return "" if item is None or item.unit == "1" else item.unit

    def name(self, name: str) -> str:
        """Return the name of a fact; an earlier year is told in brackets."""
        base, offset = parse_given(name)
        if not isinstance(offset, int) or offset == 0 or base not in self.yearly:
            return name
        return base + bracketed(self.say(f"前 {offset} 年", "1 year earlier" if offset == 1 else f"{offset} years earlier"), self.language)

    def test(self, test: str, unit: str) -> str:
        """Return a cell in words."""
        if unit == "元" and (gloss := gloss_test(test, self.language)):
            return gloss
        if test in ABSENT:
            return self.say(*ABSENT[test])
        said = describe_test(test, self.language, unit)
        return f"= {said}" if said and not re.match(r"[≥≤<>≠=]|不是|not ", said) else said

    def more(self) -> str:
        """Return how one sees what is left out."""
        return self.say("（内容：--all）", " (in full: --all)")

    def column(self, name: str) -> str:
        """Return the head of a column; the only result of a table is called that."""
        return self.name(name) or self.say("结果", "result")

    def rule_name(self, number: str) -> str:
        """Return what a row is called."""
        return number if number.startswith(OTHERWISE) else self.say(f"规则 {number}", f"rule {number}")

    def cell(self, text: str, unit: str) -> str:
        """Return a cell in words; one that asks nothing says so."""
        if text == ANY_VALUE:
            return self.say("不限", "any")
        if text == "null":
            return self.say("没有结论", "no result")
        return (unit == "元" and gloss_test(text, self.language)) or describe_test(text, self.language, unit)
