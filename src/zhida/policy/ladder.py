"""Ladders: the rungs by which a subject grows, and who recognises each (`ladder.md` of a pack).

    ## 科技创新与优质中小企业                                   the name of the ladder: the heading above its table
    | 阶梯 | 政策 | 已获得 | 到期 | 之前 | 依据 | 说明 |         rung, policy, held, until, before, article, words

`已获得` is a FEEL condition by which a subject holds the rung already, `到期` a FEEL date until which, both over what is known of
the subject and what the rung's policy publishes. `之前` names rungs above in the same table: one usually stands on one of them.
Reads and checks only: where a subject stands is another question. Order is advice; what is required is for the policies to say.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zhida.dmn.compiled import AS_OF
from zhida.dmn.model import ItemDefinition
from zhida.dmn.wiring import shape_of
from zhida.errors import CompileError, Diagnostic, diagnostic, nearest
from zhida.feel.builtins import BUILTINS
from zhida.feel.check import Checker
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression
from zhida.feel.shape import Shape
from zhida.policy.document import Cell, Heading, PolicyDocument, Table
from zhida.policy.stacking import Surroundings
from zhida.policy.years import Years
from zhida.source import Snippet, Span
from zhida.values.types import ANY, BOOLEAN, DATE, NULL, Type

COLUMNS = ("阶梯", "政策", "已获得", "到期", "之前", "依据", "说明")
"""The columns; the top-left cell is 阶梯, and those behind 已获得 may be left out."""


@dataclass(frozen=True, slots=True)
class Rung:
    """A row: one standing that a subject can reach."""

    name: str
    """What it is called."""
    policy: str
    """The id of the policy that says who may have it; empty for a rung that nobody has to ask for."""
    held: Snippet
    """A FEEL condition: whether the subject has it already."""
    until: Snippet | None
    """A FEEL date: the last day on which the subject has it; None where it does not end, or nobody keeps it."""
    before: tuple[str, ...]
    """Rungs above it in the table, on one of which a subject usually stands first; empty for a rung to begin with."""
    article: str
    """Where that is ordered; empty where the row does not say."""
    note: str
    """What a reader should know."""
    span: Span
    """The row."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """A table: rungs, from the lowest to the highest."""

    name: str
    """What it is called."""
    subject: str
    """The kind of subject that climbs it."""
    rungs: tuple[Rung, ...]
    """The rungs in the order of the text."""


def read_ladders(document: PolicyDocument, around: Surroundings, diagnostics: list[Diagnostic]) -> list[Ladder]:
    """Read the ladders of a page; a ladder with a mistake is left out.

    Args:
        document: The page in blocks.
        around: What its rows may name.
        diagnostics: Where mistakes are put: ladder-empty, ladder-policy, ladder-subject, ladder-before, ladder-condition,
            dictionary-unknown-column, dictionary-missing-column, dmn-duplicate-name, feel-*.
    """
    found: list[Ladder] = []
    names: dict[str, Span] = {}
    heading, is_empty = "", True
    for block in document.blocks:
        if isinstance(block, Heading):
            heading = block.text
        elif isinstance(block, Table) and block.header[0].text == COLUMNS[0]:
            is_empty = False
            before = len(diagnostics)
            if heading in names:
                diagnostics.append(diagnostic("dmn-duplicate-name", block.header[0].span, name=heading, first=names[heading].place))
            names.setdefault(heading, block.header[0].span)
            ladder = _Reader(around, diagnostics).ladder(heading, block)
            if ladder is not None and len(diagnostics) == before:
                found.append(ladder)
    if is_empty:
        diagnostics.append(diagnostic("ladder-empty", Span(document.source, 0, 0), name=document.source.name))
    return found


class _Reader:
    """Reads one table."""

    def __init__(self, around: Surroundings, diagnostics: list[Diagnostic]) -> None:
        self.around = around
        self.diagnostics = diagnostics
        self.spans: dict[str, Span] = {}

    def note(self, code: str, span: Span, **words: object) -> None:
        """Keep what is wrong."""
        self.diagnostics.append(diagnostic(code, span, **words))

    def ladder(self, name: str, table: Table) -> Ladder | None:
        """Return the ladder of a table, or None where its columns or its subject are wrong."""
        corner = table.header[0].span
        names = [cell.text for cell in table.header]
        for cell in table.header:
            if cell.text not in COLUMNS:
                near = nearest(cell.text, COLUMNS)
                self.note("dictionary-unknown-column", cell.span, name=cell.text, near=near, columns="、".join(COLUMNS))
        lacking = [column for column in COLUMNS[:3] if column not in names]
        for column in lacking:
            self.note("dictionary-missing-column", corner, name=column)
        if lacking:
            return None
        rows = [dict(zip(names, row, strict=True)) for row in table.rows]
        policies = [self.policy(cells["政策"]) for cells in rows]
        subjects = list(dict.fromkeys(self.around.subjects[id_] for id_ in policies if id_ in self.around.subjects))
        if len(subjects) != 1:
            if all(id_ in self.around.subjects for id_ in policies if id_):  # an unknown policy was complained of already
                self.note("ladder-subject", corner, subjects="、".join(subjects))
            return None
        rungs = tuple(self.rungs(subjects[0], rows, policies))
        return Ladder(name, subjects[0], rungs)

    def policy(self, cell: Cell) -> str:
        """Return the policy that a cell names; a cell may be empty."""
        if cell.text and cell.text not in self.around.subjects:
            self.note("ladder-policy", cell.span, name=cell.text, near=nearest(cell.text, self.around.subjects))
        return cell.text

    def rungs(self, subject: str, rows: list[dict[str, Cell]], policies: list[str]) -> Iterator[Rung]:
        """Yield the rungs of a table."""
        for cells, policy in zip(rows, policies, strict=True):
            name = cells["阶梯"]
            before = tuple(self.before(cells["之前"])) if "之前" in cells else ()
            if name.text in self.spans:
                self.note("dmn-duplicate-name", name.span, name=name.text, first=self.spans[name.text].place)
            self.spans.setdefault(name.text, name.span)
            held = self.expression(cells["已获得"], subject, policy, BOOLEAN)
            until = self.expression(cells["到期"], subject, policy, DATE) if "到期" in cells and cells["到期"].text else None
            article, note = (cells[column].text if column in cells else "" for column in ("依据", "说明"))
            yield Rung(name.text, policy, held, until, before, article, note, name.span)

    def before(self, cell: Cell) -> Iterator[str]:
        """Yield the rungs that a cell names, all of them above its row."""
        for part in re.finditer(r"[^、,，;；\s]+", cell.text):
            if part[0] not in self.spans:
                near = nearest(part[0], self.spans)
                self.note("ladder-before", cell.snippet.span(part.start(), part.end()), name=part[0], near=near)
            yield part[0]

    def expression(self, cell: Cell, subject: str, policy: str, wanted: Type) -> Snippet:
        """Return a FEEL expression, checked; a cell may stand in backquotes."""
        text = cell.snippet
        is_code = len(text.text) > 1 and text.text.startswith("`") and text.text.endswith("`")
        text = text.part(1, len(text.text) - 1) if is_code else text
        words = {"expected": wanted, "expected_zh": {BOOLEAN: "条件（是或否）", DATE: "日期"}[wanted]}
        if not text.text:
            self.note("ladder-condition", cell.span, found="empty", found_zh="是空的", **words)
            return text
        dictionary = self.around.dictionaries.get(subject)
        items: Mapping[str, ItemDefinition] = dictionary.items if dictionary else {}
        others = {name: shape_of(rows[0].item) for name, rows in self.around.parameters.items()}
        others |= dict(self.around.published.get(policy, {})) | {AS_OF: Shape(DATE)}
        years = Years(items, [*others, *BUILTINS])
        written = years.written_out(text)
        self.diagnostics += years.diagnostics
        names = {name: shape_of(item) for name, item in items.items()} | others
        names |= {name: shape_of(data.item) for name, data in years.used.items()}
        try:
            node = parse_expression(written, Scope(NameSet([*BUILTINS, *names])))
        except CompileError as error:
            self.diagnostics += error.diagnostics
            return text
        checker = Checker(names)
        shape = checker.infer(node)
        self.diagnostics += checker.diagnostics
        if not checker.diagnostics and shape.type not in (wanted, ANY, NULL):
            self.note("ladder-condition", cell.span, found=shape.type, found_zh=f"的类型是 {shape.type}", **words)
        return text
