"""Parameters of a pack: figures that a place sets or that nobody has confirmed, dated and sourced (`parameters.md`).

An empty value is unknown: what rests on it is undetermined and says which parameter is lacking. A parameter may stand
in several rows, one for each stretch of days.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from zhida.dmn.model import ItemDefinition
from zhida.errors import CompileError, Diagnostic, diagnostic, nearest
from zhida.feel.evaluate import evaluate
from zhida.feel.names import Scope
from zhida.feel.parse import parse_expression
from zhida.feel.run import Frame, Run
from zhida.policy.dictionary import parse_item
from zhida.policy.document import Cell, Table, parse
from zhida.policy.front_matter import CHECKED_BY, Interval, parse_interval
from zhida.policy.naming import name_faults
from zhida.policy.versions import common_day
from zhida.source import Source
from zhida.values.temporal import Date
from zhida.values.types import conforms
from zhida.values.unknown import unknown

COLUMNS = ("参数", "类型", "单位", "值", "起止", "来源", "可信度", "核对")
"""The columns of the table; its top-left cell is 参数, and those behind 起止 may be left out."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A figure for a stretch of days."""

    item: ItemDefinition
    """Its name, type and unit."""
    value: Any
    """The figure; `Unknown` where it is not filled in."""
    valid: Interval
    """The days for which it holds."""
    source: str
    """Where it comes from."""
    confidence: str
    """`official`, `repost` or `recalled`; empty where there is no figure."""
    settled_by: str = ""
    """What would settle a figure that is not confirmed; empty where nobody said."""


def parse_parameters(source: Source, diagnostics: list[Diagnostic]) -> list[Parameter]:
    """Read a table of parameters.

    Args:
        source: The Markdown text.
        diagnostics: Where mistakes are put.
    """
    document = parse(source)
    diagnostics.extend(document.diagnostics)
    found: list[Parameter] = []
    for block in document.blocks:
        if isinstance(block, Table) and block.header and block.header[0].text == COLUMNS[0]:
            names = [cell.text for cell in block.header]
            for cell in block.header:
                if cell.text not in COLUMNS:
                    near = nearest(cell.text, COLUMNS)
                    diagnostics.append(
                        diagnostic("dictionary-unknown-column", cell.span, name=cell.text, near=near, columns="、".join(COLUMNS))
                    )
            lacking = [name for name in COLUMNS[:5] if name not in names]
            diagnostics.extend(diagnostic("dictionary-missing-column", block.header[0].span, name=name) for name in lacking)
            if not lacking:
                found.extend(_parameter(dict(zip(names, row, strict=True)), diagnostics) for row in block.rows)
    return found


def parameter_faults(rows: Sequence[Parameter]) -> Iterator[Diagnostic]:
    """Yield where the rows of one parameter do not fit each other.

    Codes: dictionary-parameter-overlap, dictionary-parameter-differs. Rows of different files are not compared: a
    parameter that stands in two is complained of anyway.
    """
    for first, second in combinations(rows, 2):
        here, there = second.item.span, first.item.span
        if here is None or there is None or here.source is not there.source:
            continue
        day = common_day(first.valid, second.valid)
        if day is not None:
            yield diagnostic("dictionary-parameter-overlap", here, name=second.item.name, day=day, first=there.place)
    for row in rows[1:]:
        found, expected = ((item.type, item.unit) for item in (row.item, rows[0].item))
        if found != expected and rows[0].item.span is not None:
            words = {"found": f"{found[0]} {found[1]}".strip(), "expected": f"{expected[0]} {expected[1]}".strip()}
            yield diagnostic("dictionary-parameter-differs", row.item.span, name=row.item.name, first=rows[0].item.span.place, **words)


def _parameter(cells: dict[str, Cell], diagnostics: list[Diagnostic]) -> Parameter:
    item = parse_item(cells, cells["参数"], diagnostics)
    diagnostics.extend(name_faults(item.name, cells["参数"].span))
    valid = parse_interval(cells["起止"].text or "../..")
    if valid is None:
        diagnostics.append(
            diagnostic(
                "policy-bad-value",
                cells["起止"].span,
                value=cells["起止"].text,
                name="起止",
                expected="FIRST/LAST with ISO dates",
                expected_zh="“开始日/结束日”，如 2026-01-01/..",
            )
        )
    confidence = cells["可信度"].text if "可信度" in cells else ""
    value = _value(cells["值"], item, diagnostics)
    if cells["值"].text and confidence not in CHECKED_BY:
        where = cells.get("可信度", cells["参数"])
        expected = " | ".join(CHECKED_BY)
        diagnostics.append(
            diagnostic("policy-bad-value", where.span, value=confidence, name="可信度", expected=expected, expected_zh=expected)
        )
    source = cells["来源"].text if "来源" in cells else ""
    settled_by = cells["核对"].text if "核对" in cells else ""
    return Parameter(item, value, valid or Interval(None, None), source, confidence, settled_by)


def _value(cell: Cell, item: ItemDefinition, diagnostics: list[Diagnostic]) -> Any:  # noqa: ANN401 - any FEEL value
    """Evaluate the figure: a FEEL expression without names."""
    if not cell.text:
        return unknown(item.name)
    try:
        node = parse_expression(cell.snippet, Scope())
    except CompileError as error:
        diagnostics.extend(error.diagnostics)
        return unknown(item.name)
    run = Run(Date(2000, 1, 1))
    value = evaluate(node, Frame({}, run))
    diagnostics.extend(run.diagnostics)
    if not conforms(value, item.type) or value is None:
        diagnostics.append(diagnostic("feel-type-expected", cell.span, expected=item.type, found=cell.text))
        return unknown(item.name)
    return value
