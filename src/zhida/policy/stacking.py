"""Stacking: which benefits may be enjoyed together, and up to what (`stacking.md` of a pack).

    | 叠加 | 规则 | 政策 | 数额 | 依据 | 说明 |        group, rule, policies, figure, article, words

Reads and checks only: what the best lawful combination is, is another question. Groups may overlap, and one may hold the
policies of another. A policy is named by its id; the versions that replace it are meant with it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

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
class StackingGroup:
    """A row: policies, and how their benefits go together."""

    name: str
    """What the group is called."""
    rule: StackingRule
    """How they go together."""
    policies: tuple[str, ...]
    """Ids of the policies in the order of the text; of 前提, each requires those before it."""
    figure: Figure | None
    """The amount, the shares or the number of times; None for rules that need none."""
    article: str
    """Where that is ordered; empty where the row does not say."""
    note: str
    """What a reader should know."""
    span: Span
    """The row."""


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
            stacking-one, dictionary-unknown-column, dictionary-missing-column, dmn-duplicate-name, feel-*.
    """
    reader = _Reader(around, diagnostics)
    tables = [block for block in document.blocks if isinstance(block, Table) and block.header[0].text == COLUMNS[0]]
    if not tables:
        diagnostics.append(diagnostic("stacking-empty", Span(document.source, 0, 0), name=document.source.name))
    return [group for table in tables for group in reader.table(table)]


class _Reader:
    """Reads the rows of one page."""

    def __init__(self, around: Surroundings, diagnostics: list[Diagnostic]) -> None:
        self.around = around
        self.diagnostics = diagnostics
        self.spans: dict[str, Span] = {}

    def note(self, code: str, span: Span, **words: object) -> None:
        """Keep what is wrong."""
        self.diagnostics.append(diagnostic(code, span, **words))

    def table(self, table: Table) -> Iterator[StackingGroup]:
        """Yield the groups of a table."""
        names = [cell.text for cell in table.header]
        for cell in table.header:
            if cell.text not in COLUMNS:
                near = nearest(cell.text, COLUMNS)
                self.note("dictionary-unknown-column", cell.span, name=cell.text, near=near, columns="、".join(COLUMNS))
        lacking = [name for name in COLUMNS[:3] if name not in names]
        for name in lacking:
            self.note("dictionary-missing-column", table.header[0].span, name=name)
        for row in table.rows if not lacking else ():
            group = self.group(dict(zip(names, row, strict=True)), row)
            if group is not None:
                yield group

    def group(self, cells: Mapping[str, Cell], row: tuple[Cell, ...]) -> StackingGroup | None:
        """Return the group of one row, or None where something in it is wrong."""
        before = len(self.diagnostics)
        name = cells["叠加"]
        if name.text in self.spans:
            self.note("dmn-duplicate-name", name.span, name=name.text, first=self.spans[name.text].place)
        self.spans.setdefault(name.text, name.span)
        rule = self.rule(cells["规则"])
        policies = self.policies(cells["政策"])
        if rule is not None and len(policies) == 1 and rule not in ALONE and len(self.diagnostics) == before:
            self.note("stacking-one", cells["政策"].span, name=name.text, rule=rule.value, policy=policies[0])
        figure = self.figure(rule, policies, cells.get("数额"), cells["规则"].span) if rule is not None else None
        if rule is None or len(self.diagnostics) > before:
            return None
        article, note = (cells[column].text if column in cells else "" for column in ("依据", "说明"))
        span = Span(row[0].span.source, row[0].span.start, row[-1].span.end, row[0].span.article)
        return StackingGroup(name.text, rule, policies, figure, article, note, span)

    def rule(self, cell: Cell) -> StackingRule | None:
        """Return the rule that a cell names."""
        if cell.text in set(StackingRule):
            return StackingRule(cell.text)
        self.note("stacking-rule", cell.span, name=cell.text, near=nearest(cell.text, StackingRule), rules="、".join(StackingRule))
        return None

    def policies(self, cell: Cell) -> tuple[str, ...]:
        """Return the policies that a cell names."""
        found: dict[str, None] = {}
        for part in re.finditer(r"[^、,，;；\s]+", cell.text):
            span = cell.snippet.span(part.start(), part.end())
            if part[0] not in self.around.subjects:
                self.note("stacking-policy", span, name=part[0], near=nearest(part[0], self.around.subjects))
            elif part[0] in found:
                self.note("dmn-duplicate-name", span, name=part[0], first=cell.span.place)
            found[part[0]] = None
        if not found:
            self.note("stacking-policy", cell.span, name="", near="")
        return tuple(found)

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


def _bare(text: Snippet) -> Snippet:
    """Return a figure without the backquotes that may stand around it."""
    is_code = len(text.text) > 1 and text.text.startswith("`") and text.text.endswith("`")
    return text.part(1, len(text.text) - 1) if is_code else text
