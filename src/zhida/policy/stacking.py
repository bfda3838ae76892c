"""Stacking: which benefits may be enjoyed together, and up to what (`stacking.md` of a pack).

    | 叠加 | 规则 | 政策 | 数额 | 依据 | 说明 |        group, rule, policies, figure, article, words

Reads and checks only: what the best lawful combination is, is another question. Groups may overlap. A policy is named by its
id; the versions that replace it are meant with it. Where a row names a policy it may name another group of the page: that
*unit* is enjoyed when any policy of it is. Invariants of what is read: units of a group share no policy, and none holds itself.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from zhida.dmn.graph import sort_requirements
from zhida.dmn.model import ItemDefinition
from zhida.dmn.wiring import shape_of
from zhida.errors import CompileError, Diagnostic, diagnostic, nearest
from zhida.feel.builtins import BUILTINS
from zhida.feel.check import Checker
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression
from zhida.feel.shape import Shape
from zhida.feel.syntax import Node
from zhida.feel.units import parse_unit
from zhida.policy.dictionary import Dictionary
from zhida.policy.document import Cell, PolicyDocument, Table
from zhida.policy.parameters import Parameter
from zhida.policy.years import Years
from zhida.source import Snippet, Span
from zhida.values.types import ANY, NULL, NUMBER

COLUMNS = ("叠加", "规则", "政策", "数额", "依据", "说明")
"""The columns; the top-left cell is 叠加, and those behind 政策 may be left out."""


class StackingRule(StrEnum):
    """How the benefits of a group go together."""

    HIGHEST = "择高"
    CHOICE = "择一"
    CAP = "封顶"
    TOP_UP = "补差"
    REQUIRES = "前提"
    SHARES = "分担"
    TIMES = "限次"
    FREE = "可叠加"


PERIODS = ("年", "半年", "季度", "月", "户", "人", "项", "件", "笔", "终身")
"""What a number of times can be counted for."""

ALONE = frozenset((StackingRule.CAP, StackingRule.SHARES, StackingRule.TIMES))
"""Rules that mean something for one policy too."""

UNNESTED = frozenset((StackingRule.TOP_UP, StackingRule.SHARES))
"""Rules about the sum of one benefit, which the sum of a group is not."""


@dataclass(frozen=True, slots=True)
class Cap:
    """The sum may not exceed an amount in yuan."""

    text: Snippet
    """The amount in FEEL, years written out: over attributes, parameters and decisions that the group's policies publish."""
    node: Node
    """The same, parsed."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one party bears."""

    party: str
    """Who."""
    part: Decimal
    """How much of the whole: 0.2."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Who bears how much; the parts make the whole."""

    shares: tuple[Share, ...]
    """The parties, in the order of the text."""


@dataclass(frozen=True, slots=True)
class Times:
    """How often, for what."""

    count: int
    """So many times."""
    per: str
    """For each of these: 年, 人, 项, …"""


Figure = Cap | Shares | Times


@dataclass(frozen=True, slots=True)
class StackingUnit:
    """What a row names once, between two 、."""

    name: str
    """The id of a policy, or the name of another group of the page."""
    policies: tuple[str, ...]
    """That policy, or all policies of that group."""


@dataclass(frozen=True, slots=True)
class StackingGroup:
    """A row: policies, and how their benefits go together."""

    name: str
    """What the group is called."""
    rule: StackingRule
    """How they go together."""
    policies: tuple[str, ...]
    """Ids of all its policies in the order of the text, those of nested groups where these are named."""
    figure: Figure | None
    """The amount, the shares or the number of times; None for rules that need none."""
    article: str
    """Where that is ordered; empty where the row does not say."""
    note: str
    """What a reader should know."""
    span: Span
    """The row."""
    units: tuple[StackingUnit, ...]
    """What it names, policies and nested groups, in the order of the text; of 前提, each requires those before it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the rows of a page may name."""

    subjects: Mapping[str, str]
    """The kind of subject of each policy, by id."""
    published: Mapping[str, Mapping[str, Shape]]
    """The decisions that each policy publishes, by its id and by their names."""
    dictionaries: Mapping[str, Dictionary]
    """The data dictionaries, by subject."""
    parameters: Mapping[str, Sequence[Parameter]]
    """The parameters, by name."""


def read_stacking(document: PolicyDocument, around: Surroundings, diagnostics: list[Diagnostic]) -> list[StackingGroup]:
    """Read the groups of a page; a row with a mistake is left out.

    Args:
        document: The page in blocks.
        around: What its rows may name.
        diagnostics: Where mistakes are put: stacking-empty, stacking-rule, stacking-policy, stacking-figure, stacking-shares,
            stacking-one, stacking-nested, stacking-twice, dictionary-unknown-column, dictionary-missing-column,
            dmn-duplicate-name, dmn-cycle, feel-*.
    """
    tables = [block for block in document.blocks if isinstance(block, Table) and block.header[0].text == COLUMNS[0]]
    if not tables:
        diagnostics.append(diagnostic("stacking-empty", Span(document.source, 0, 0), name=document.source.name))
    reader = _Reader(around, diagnostics)
    return reader.groups([row for table in tables for row in reader.table(table)])


Row = tuple[Mapping[str, Cell], tuple[Cell, ...]]
"""The cells of a row by the names of their columns, and in order."""


class _Reader:
    """Reads the rows of one page."""

    def __init__(self, around: Surroundings, diagnostics: list[Diagnostic]) -> None:
        self.around = around
        self.diagnostics = diagnostics
        self.rows: dict[str, Row] = {}
        self.read: dict[str, StackingGroup | None] = {}

    def note(self, code: str, span: Span, **words: object) -> None:
        """Keep what is wrong."""
        self.diagnostics.append(diagnostic(code, span, **words))

    def table(self, table: Table) -> Iterator[Row]:
        """Yield the rows of a table."""
        names = [cell.text for cell in table.header]
        for cell in table.header:
            if cell.text not in COLUMNS:
                near = nearest(cell.text, COLUMNS)
                self.note("dictionary-unknown-column", cell.span, name=cell.text, near=near, columns="、".join(COLUMNS))
        lacking = [name for name in COLUMNS[:3] if name not in names]
        for name in lacking:
            self.note("dictionary-missing-column", table.header[0].span, name=name)
        for row in table.rows if not lacking else ():
            yield dict(zip(names, row, strict=True)), row

    def groups(self, rows: Sequence[Row]) -> list[StackingGroup]:
        """Return the groups of the rows; those that a row names are read before it."""
        again = []
        for cells, row in rows:
            called = cells["叠加"]
            if called.text in self.rows:
                self.note("dmn-duplicate-name", called.span, name=called.text, first=self.rows[called.text][0]["叠加"].span.place)
                again.append((cells, row))
            else:
                self.rows[called.text] = cells, row
        nested = {name: [part.text for part in _parts(cells["政策"]) if part.text in self.rows] for name, (cells, _) in self.rows.items()}
        order, cycles = sort_requirements(nested)
        for cycle in cycles:
            part = next(part for part in _parts(self.rows[cycle[0]][0]["政策"]) if part.text == cycle[1])
            self.note("dmn-cycle", part.span(), cycle=" → ".join(cycle))
        in_circles = {name for cycle in cycles for name in cycle}
        for name in order:
            self.read[name] = None if name in in_circles else self.group(*self.rows[name])
        for cells, row in again:
            self.group(cells, row)
        return [group for name in self.rows if (group := self.read[name]) is not None]

    def group(self, cells: Mapping[str, Cell], row: tuple[Cell, ...]) -> StackingGroup | None:
        """Return the group of one row, or None where something in it, or in a group that it names, is wrong."""
        before = len(self.diagnostics)
        name = cells["叠加"].text
        rule = self.rule(cells["规则"])
        units = self.units(cells["政策"], rule)
        if rule is not None and units is not None and len(units) == 1 and rule not in ALONE and len(self.diagnostics) == before:
            self.note("stacking-one", cells["政策"].span, name=name, rule=rule.value, policy=units[0].name)
        policies = tuple(id_ for unit in units or () for id_ in unit.policies)
        figure = self.figure(rule, policies, cells.get("数额"), cells["规则"].span) if rule is not None else None
        if rule is None or units is None or len(self.diagnostics) > before:
            return None
        article, note = (cells[column].text if column in cells else "" for column in ("依据", "说明"))
        span = Span(row[0].span.source, row[0].span.start, row[-1].span.end, row[0].span.article)
        return StackingGroup(name, rule, policies, figure, article, note, span, units)

    def rule(self, cell: Cell) -> StackingRule | None:
        """Return the rule that a cell names."""
        if cell.text in set(StackingRule):
            return StackingRule(cell.text)
        self.note("stacking-rule", cell.span, name=cell.text, near=nearest(cell.text, StackingRule), rules="、".join(StackingRule))
        return None

    def units(self, cell: Cell, rule: StackingRule | None) -> tuple[StackingUnit, ...] | None:
        """Return what a cell names, policies and groups of the page; None where a group that it names is not to be had."""
        units: list[StackingUnit] = []
        held: dict[str, str] = {}
        is_whole = True
        for part in _parts(cell):
            name, span = part.text, part.span()
            if name not in self.around.subjects and name not in self.rows:
                self.note("stacking-policy", span, name=name, near=nearest(name, [*self.around.subjects, *self.rows]))
                continue
            if any(name == unit.name for unit in units):
                self.note("dmn-duplicate-name", span, name=name, first=cell.span.place)
                continue
            is_group = name not in self.around.subjects
            if is_group and rule in UNNESTED:
                self.note("stacking-nested", span, name=name, rule=rule.value)
            group = self.read.get(name)
            is_whole = is_whole and not (is_group and group is None)
            policies = (group.policies if group else ()) if is_group else (name,)
            twice = next((id_ for id_ in policies if id_ in held), None)
            if twice is not None:
                self.note("stacking-twice", span, policy=twice, first=held[twice], second=name)
            held |= dict.fromkeys(policies, name)
            units.append(StackingUnit(name, policies))
        if not cell.text.strip("、,，;； "):
            self.note("stacking-policy", cell.span, name="", near="")
        return tuple(units) if is_whole else None

    # --- figures -------------------------------------------------------------------------------------------------

    def figure(self, rule: StackingRule, policies: tuple[str, ...], cell: Cell | None, place: Span) -> Figure | None:
        """Return the figure of a row, as its rule wants it."""
        text = _bare(cell.snippet) if cell is not None else None
        expected = _FIGURES.get(rule)
        if expected is None:
            if text is not None and text.text:
                self.wrong(text.span(), rule, text.text, "no figure", "没有数额")
            return None
        if text is None or not text.text:
            self.wrong(cell.span if cell is not None and cell.text else place, rule, "", *expected)
            return None
        match rule:
            case StackingRule.CAP:
                return self.cap(text, policies)
            case StackingRule.SHARES:
                return self.shares(text)
        found = re.fullmatch(rf"([1-9][0-9]?)\s*次\s*/\s*({'|'.join(PERIODS)})", text.text)
        if found is None:
            self.wrong(text.span(), rule, text.text, *expected)
            return None
        return Times(int(found[1]), found[2])

    def wrong(self, span: Span, rule: StackingRule, found: str, expected: str, expected_zh: str) -> None:
        """Complain of a figure."""
        words = {"expected": expected, "expected_zh": expected_zh}
        self.note("stacking-figure", span, rule=rule.value, found=found or "–", **words)

    def cap(self, text: Snippet, policies: tuple[str, ...]) -> Cap | None:
        """Return an amount: FEEL over what is known of the subject, the parameters, and what the policies publish."""
        subjects = dict.fromkeys(self.around.subjects[id_] for id_ in policies if id_ in self.around.subjects)
        items: dict[str, ItemDefinition] = {}
        for subject in subjects:
            items |= self.around.dictionaries[subject].items if subject in self.around.dictionaries else {}
        published = {name: shape for id_ in policies for name, shape in self.around.published.get(id_, {}).items()}
        others = {name: shape_of(rows[0].item) for name, rows in self.around.parameters.items()} | published
        years = Years(items, [*others, *BUILTINS])
        text = years.written_out(text)
        self.diagnostics += years.diagnostics
        names = {name: shape_of(item) for name, item in items.items()} | others
        names |= {name: shape_of(data.item) for name, data in years.used.items()}
        try:
            node = parse_expression(text, Scope(NameSet([*BUILTINS, *names])))
        except CompileError as error:
            self.diagnostics += error.diagnostics
            return None
        checker = Checker(names)
        shape = checker.infer(node)
        self.diagnostics += checker.diagnostics
        if not checker.diagnostics and (shape.type not in (NUMBER, ANY, NULL) or shape.unit not in (None, parse_unit("元"))):
            self.wrong(text.span(), StackingRule.CAP, text.text, *_FIGURES[StackingRule.CAP])
        return Cap(text, node)

    def shares(self, text: Snippet) -> Shares | None:
        """Return who bears how much."""
        found: list[Share] = []
        for part in re.split("[、,，;；]", text.text):
            share = re.fullmatch(r"\s*(\S(?:.*?\S)?)\s+(0(?:\.[0-9]+)?|1(?:\.0+)?|0?\.[0-9]+)\s*", part)
            if share is None:
                self.wrong(text.span(), StackingRule.SHARES, part.strip(), *_FIGURES[StackingRule.SHARES])
                return None
            found.append(Share(share[1], Decimal(share[2])))
        total = sum((share.part for share in found), Decimal(0))
        if total != 1:
            self.note("stacking-shares", text.span(), total=total, percent=f"{total * 100:f}".rstrip("0").rstrip("."))
        return Shares(tuple(found))


_FIGURES: Mapping[StackingRule, tuple[str, str]] = {
    StackingRule.CAP: ("an amount in yuan, such as  0.6 * 年度智算合同实际额", "以元计的金额，如 0.6 * 年度智算合同实际额"),
    StackingRule.SHARES: ("parties and parts, such as  银行 0.2、农担 0.8", "各方和比例，如 银行 0.2、农担 0.8"),
    StackingRule.TIMES: (f"times for each of {', '.join(PERIODS)}, such as  1 次/年", f"次数，如 1 次/年；可以按{'、'.join(PERIODS)}计"),
}
"""What stands in the column 数额, for the rules that need something there."""


def _parts(cell: Cell) -> list[Snippet]:
    """Return what a cell names, with its place."""
    return [cell.snippet.part(found.start(), found.end()) for found in re.finditer(r"[^、,，;；\s]+", cell.text)]


def _bare(text: Snippet) -> Snippet:
    """Return a figure without the backquotes that may stand around it."""
    is_code = len(text.text) > 1 and text.text.startswith("`") and text.text.endswith("`")
    return text.part(1, len(text.text) - 1) if is_code else text
