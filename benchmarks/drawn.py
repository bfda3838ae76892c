"""Decision tables and rows drawn from a seed, as plain data, and how each language writes their cells.

    attributes ──draw_table──> DrawnTable ──feel, python, …──> texts of cells
               ──draw_rows───> one array for each attribute

Nothing here knows who runs it; it needs numpy alone, so that it works in the environment of every peer. Numbers are whole: of an
attribute with a scale they count its last decimal place. Every row has an answer, because at least one rule of each table holds
for everything: what a table says when none matches is where engines differ, and is no matter of speed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np

Array = Any

FIRST, UNIQUE, SUM = "F", "U", "C+"
HIT_POLICIES = (FIRST, UNIQUE, SUM)


@dataclass(frozen=True)
class Attribute:
    """A column of facts."""

    name: str
    kind: str
    """`number`, `string`, `boolean` or `date` (days from 1970-01-01)."""
    low: int = 0
    """The least number or day."""
    high: int = 1
    """What every number or day is below."""
    scale: int = 0
    """Decimal places of a number."""
    words: tuple[str, ...] = ()
    """What a string may be."""
    unit: str = ""
    """The unit of a number."""
    step: int = 1
    """What every bound that a table tests is a multiple of: lines of law are round."""

    def number(self, value: int) -> str:
        """Return a whole number as the attribute writes it."""
        return str(Decimal(value).scaleb(-self.scale))


@dataclass(frozen=True)
class Cell:
    """A test of one attribute; without anything it holds for everything."""

    low: int | None = None
    """The least number that passes."""
    high: int | None = None
    """What every number that passes is below."""
    words: tuple[str, ...] = ()
    """Strings that pass."""
    is_negated: bool = False
    """Whether all other strings pass instead."""
    flag: bool | None = None
    """The truth value that passes."""

    @property
    def is_any(self) -> bool:
        """Whether it holds for everything."""
        return self.low is None and self.high is None and not self.words and self.flag is None


ANY = Cell()


@dataclass(frozen=True)
class DrawnRule:
    """A row of a table."""

    cells: tuple[Cell, ...]
    output: int


@dataclass(frozen=True)
class DrawnTable:
    """A decision table over some attributes."""

    name: str
    hit_policy: str
    attributes: tuple[Attribute, ...]
    rules: tuple[DrawnRule, ...]


# --- drawing -------------------------------------------------------------------------------------------------------------

STAFF = Attribute("staff", "number", 0, 2_000)
REVENUE = Attribute("revenue", "number", 0, 500_000_000)
ASSETS = Attribute("assets", "number", 0, 100_000)
KIND = Attribute("kind", "string", words=("firm", "lab", "school", "farm", "shop", "guild"))
TRADE = Attribute("trade", "string", words=tuple(str(code) for code in range(5100, 5130)))
RESTRICTED = Attribute("restricted", "boolean")

SIZES = {
    "small": (6, (STAFF, REVENUE, KIND, RESTRICTED)),
    "medium": (40, (STAFF, REVENUE, ASSETS, KIND, TRADE, RESTRICTED)),
    "large": (1_000, (STAFF, REVENUE, ASSETS, TRADE, RESTRICTED)),
}
"""Rules and inputs of the tables over frames."""
GRIDS = {"small": (3, 1, 2), "medium": (5, 4, 2), "large": (20, 10, 5)}
"""Of tables of which one rule alone holds for each row: parts of the first number, of the second number, of the first string."""


def table_of(size: str, hit_policy: str) -> DrawnTable:
    """Return the table of a size and hit policy: the same every time."""
    count, attributes = SIZES[size]
    random = Random(f"{size} {hit_policy}")  # noqa: S311 - drawn from a seed, and nothing is secret
    if hit_policy == UNIQUE:
        return DrawnTable(f"{size}U", hit_policy, attributes, _grid(random, attributes, GRIDS[size]))
    return draw_table(random, f"{size}{hit_policy[0]}", hit_policy, attributes, count)


def draw_table(random: Random, name: str, hit_policy: str, attributes: Sequence[Attribute], count: int) -> DrawnTable:
    """Return a table whose rules overlap; each but the last holds for about one row in `count`, the last for all."""
    rules = []
    for place in range(count - 1):
        tested = random.sample(range(len(attributes)), random.randint(len(attributes) // 2 + 1, len(attributes)))
        share = (1 / count) ** (1 / len(tested))
        cells = tuple(_draw_cell(random, each, share) if spot in tested else ANY for spot, each in enumerate(attributes))
        rules.append(DrawnRule(cells, (place + 1) * 100))
    return DrawnTable(name, hit_policy, tuple(attributes), (*rules, DrawnRule((ANY,) * len(attributes), 50)))


def _draw_cell(random: Random, attribute: Attribute, share: float) -> Cell:
    """Return a test that about such a share of the values passes."""
    if attribute.kind == "boolean":
        return Cell(flag=random.random() < 0.5)
    if attribute.kind == "string":
        count = max(1, round(share * len(attribute.words)))
        is_negated = count > len(attribute.words) // 2
        chosen = random.sample(attribute.words, max(1, len(attribute.words) - count) if is_negated else count)
        return Cell(words=tuple(sorted(chosen)), is_negated=is_negated)
    span = attribute.high - attribute.low
    width = max(1, round(share * span))
    low = attribute.low + random.randrange(max(1, span - width + 1))
    if attribute.step > 1:
        low, width = low - low % attribute.step, max(attribute.step, width - width % attribute.step)
    open_end = random.random()
    if share > 0.3 and open_end < 0.25:
        return Cell(high=attribute.low + width)
    if share > 0.3 and open_end < 0.5:
        return Cell(low=attribute.high - width)
    return Cell(low=low, high=low + width)


def _grid(random: Random, attributes: Sequence[Attribute], parts: tuple[int, int, int]) -> tuple[DrawnRule, ...]:
    """Return the rules of a grid, one of which holds for each row, in no order."""
    numbers = [each for each in attributes if each.kind == "number"]
    text = next(each for each in attributes if each.kind == "string")
    sides = [_intervals(random, each, count) for each, count in zip(numbers, parts, strict=False)]
    size = -(-len(text.words) // parts[2])
    groups = [Cell(words=text.words[start : start + size]) for start in range(0, len(text.words), size)]
    rules = []
    for first in sides[0]:
        for second in sides[1]:
            for group in groups:
                chosen = {numbers[0].name: first, numbers[1].name: second, text.name: group}
                rules.append(DrawnRule(tuple(chosen.get(each.name, ANY) for each in attributes), (len(rules) + 1) * 100))
    random.shuffle(rules)
    return tuple(rules)


def _intervals(random: Random, attribute: Attribute, count: int) -> list[Cell]:
    """Return intervals that cover all numbers once."""
    lowest = attribute.low - attribute.low % attribute.step + attribute.step
    bounds = sorted(random.sample(range(lowest, attribute.high, attribute.step), count - 1))
    return [Cell(low, high) for low, high in zip([None, *bounds], [*bounds, None], strict=True)]


def draw_rows(attributes: Sequence[Attribute], rows: int, seed: int = 4) -> dict[str, Array]:
    """Return the values of some rows by attribute; strings as the places of their words. More rows begin with the same ones.

    Args:
        attributes: The attributes.
        rows: How many rows.
        seed: Another one, other rows.
    """
    drawn = {}
    for place, attribute in enumerate(attributes):
        generator = np.random.Generator(np.random.PCG64([seed, place]))
        if attribute.kind == "boolean":
            drawn[attribute.name] = generator.integers(0, 2, rows).astype(np.bool_)
        elif attribute.kind == "string":
            drawn[attribute.name] = generator.integers(0, len(attribute.words), rows, dtype=np.int32)
        else:
            drawn[attribute.name] = generator.integers(attribute.low, attribute.high, rows, dtype=np.int64)
    return drawn


def records(attributes: Sequence[Attribute], values: dict[str, Array]) -> list[dict[str, Any]]:
    """Return rows as dictionaries of Python's own values."""
    columns = []
    for attribute in attributes:
        column = values[attribute.name].tolist()
        columns.append([attribute.words[place] for place in column] if attribute.kind == "string" else column)
    names = [attribute.name for attribute in attributes]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def mask(cell: Cell, attribute: Attribute, column: Array) -> Array:
    """Return which values pass a test; strings are places of words. What someone writes by hand in numpy."""
    if cell.words:
        passes = np.full(len(attribute.words), cell.is_negated)
        passes[[attribute.words.index(word) for word in cell.words]] = not cell.is_negated
        return passes[column]
    if cell.flag is not None:
        return column if cell.flag else ~column
    if cell.low is None:
        return column < cell.high
    return column >= cell.low if cell.high is None else (column >= cell.low) & (column < cell.high)


def answers(table: DrawnTable, values: dict[str, Array], block: int = 8_192) -> Array:
    """Return the answer of each row: rule by rule, straight from what a hit policy means. What every contestant is held against."""
    total = len(next(iter(values.values())))
    found = np.zeros(total, np.int64)
    for start in range(0, total, block):
        part = {name: column[start : start + block] for name, column in values.items()}
        said = found[start : start + block]
        for rule in reversed(table.rules):
            hit = np.ones(len(said), np.bool_)
            for cell, attribute in zip(rule.cells, table.attributes, strict=True):
                if not cell.is_any:
                    hit &= mask(cell, attribute, part[attribute.name])
            said[hit] = said[hit] + rule.output if table.hit_policy == SUM else rule.output
    return found


# --- languages -----------------------------------------------------------------------------------------------------------


def feel(cell: Cell, attribute: Attribute) -> str:
    """Return a cell as FEEL writes it, for a table.

    >>> feel(Cell(20, 300), STAFF), feel(Cell(words=("lab",), is_negated=True), KIND)
    ('[20..300)', 'not("lab")')
    """
    if cell.is_any:
        return "-"
    if cell.words:
        text = ",".join(f'"{word}"' for word in cell.words)
        return f"not({text})" if cell.is_negated else text
    if cell.flag is not None:
        return str(cell.flag).lower()
    low, high = (None if bound is None else literal(bound, attribute) for bound in (cell.low, cell.high))
    return f"< {high}" if low is None else f">= {low}" if high is None else f"[{low}..{high})"


def literal(value: int, attribute: Attribute) -> str:
    """Return a number or a date as FEEL writes it."""
    return f'@"{np.datetime64(value, "D")}"' if attribute.kind == "date" else attribute.number(value)


def condition(rule: DrawnRule, attributes: Sequence[Attribute]) -> str:
    """Return all tests of a rule as one FEEL expression; `true` where it has none."""
    tests = []
    for cell, attribute in zip(rule.cells, attributes, strict=True):
        name = attribute.name
        if cell.words:
            joined = " or ".join(f'{name} = "{word}"' for word in cell.words)
            tests.append(f"not({joined})" if cell.is_negated else f"({joined})")
        elif cell.flag is not None:
            tests.append(f"{name} = {str(cell.flag).lower()}")
        else:
            tests += [] if cell.low is None else [f"{name} >= {cell.low}"]
            tests += [] if cell.high is None else [f"{name} < {cell.high}"]
    return " and ".join(tests) or "true"


def python(cell: Cell, name: str) -> str:
    """Return a cell as a condition of Python."""
    if cell.words:
        return f"{name} {'not in' if cell.is_negated else 'in'} {cell.words!r}"
    if cell.flag is not None:
        return f"{name} == {cell.flag}"
    low = "" if cell.low is None else f"{cell.low} <= "
    return f"{low}{name}" + ("" if cell.high is None else f" < {cell.high}")


def python_source(table: DrawnTable) -> str:
    """Return a table as a function of Python, as one writes it by hand; one `if` for each rule."""
    lines = [f"def decide({', '.join(each.name for each in table.attributes)}):", "    total = 0"]
    for rule in table.rules:
        pairs = zip(rule.cells, table.attributes, strict=True)
        tests = [python(cell, each.name) for cell, each in pairs if not cell.is_any]
        act = f"total += {rule.output}" if table.hit_policy == SUM else f"return {rule.output}"
        lines.append(f"    if {' and '.join(tests) or 'True'}: {act}")
    return "\n".join([*lines, "    return total", ""])
