"""Drawn tables as models of ours, and as the files that some peers read.

DrawnTable ──definitions──> Definitions ──compile──> DecisionModel
                                        ──xml_write─> DMN with cells of Python     (SpiffWorkflow)
DrawnTable ──write_workbook──> Excel                                               (pyDMNrules)
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import drawn
import xlsxwriter
from drawn import ANY, SUM, UNIQUE, Attribute, Cell, DrawnTable

from zhida.dmn import xml_write
from zhida.dmn.compile import compile_definitions, link
from zhida.dmn.compiled import DecisionModel
from zhida.dmn.model import Decision, DecisionTable, Definitions, HitPolicy, InputClause, InputData, ItemDefinition, OutputClause, Rule
from zhida.source import snippet
from zhida.values.types import BOOLEAN, DATE, NUMBER, STRING

TYPES = {"number": NUMBER, "string": STRING, "boolean": BOOLEAN, "date": DATE}
DOUBLE = 6
"""The number of a double line in XlsxWriter."""

Writer = Callable[[Cell, Attribute], str]


def item(attribute: Attribute) -> ItemDefinition:
    """Return an attribute as a dictionary has it."""
    scale = attribute.scale if attribute.kind == "number" else None
    return ItemDefinition(attribute.name, TYPES[attribute.kind], scale=scale)


def decision(table: DrawnTable, cell_text: Writer = drawn.feel) -> Decision:
    """Return a table as a decision; its rules are numbered from 1."""
    rules = tuple(
        Rule(
            str(number),
            tuple(snippet(cell_text(cell, each)) for cell, each in zip(rule.cells, table.attributes, strict=True)),
            (snippet(str(rule.output)),),
            {},
            "",
            snippet("").span(),
        )
        for number, rule in enumerate(table.rules, 1)
    )
    clauses = tuple(InputClause(snippet(each.name), TYPES[each.kind]) for each in table.attributes)
    body = DecisionTable(HitPolicy(table.hit_policy), clauses, (OutputClause("", NUMBER),), rules, snippet("").span())
    return Decision(table.name, table.name, NUMBER, body, snippet("").span())


def definitions(tables: Iterable[DrawnTable], attributes: Sequence[Attribute]) -> Definitions:
    """Return tables over the same attributes as definitions."""
    return Definitions("bench", tuple(map(decision, tables)), inputs=tuple(InputData(each.name, item(each)) for each in attributes))


def model_of(tables: Iterable[DrawnTable], attributes: Sequence[Attribute]) -> DecisionModel:
    """Return tables as a compiled model."""
    return link([compile_definitions(definitions(tables, attributes), {})])


# --- files of peers ------------------------------------------------------------------------------------------------------


def write_files(folder: Path) -> None:
    """Write the tables over frames as the files that some peers read."""
    folder.mkdir(parents=True, exist_ok=True)
    for size in drawn.SIZES:
        for hit_policy in drawn.HIT_POLICIES:
            table = drawn.table_of(size, hit_policy)
            (folder / f"{table.name}.python.dmn").write_bytes(_python_dmn(table))
            _write_workbook(folder / f"{table.name}.xlsx", table)


def _python_dmn(table: DrawnTable) -> bytes:
    """Return a table in DMN whose cells are Python with `?` for the value; COLLECT or UNIQUE, for its reader knows no other."""
    made = decision(table, lambda cell, _: "-" if cell == ANY else drawn.python(cell, "?"))
    assert isinstance(made.expression, DecisionTable), "it was made of a table"
    policy = HitPolicy.COLLECT if table.hit_policy == SUM else HitPolicy.UNIQUE
    made = replace(made, expression=replace(made.expression, hit_policy=policy, outputs=(OutputClause("found", NUMBER),)))
    return xml_write.write(Definitions("bench", (made,), namespace="urn:bench"), is_drawn=False, version="1.3")


def _write_workbook(path: Path, table: DrawnTable) -> None:
    """Write a table as a workbook: double lines part the headings from the rules, and inputs from outputs."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Rules")
        corner = book.add_format({"bottom": DOUBLE, "right": DOUBLE})
        below, beside = book.add_format({"bottom": DOUBLE}), book.add_format({"right": DOUBLE})
        sheet.write(0, 0, table.name)
        headings = [table.hit_policy if table.hit_policy != UNIQUE else "U", *(each.name for each in table.attributes)]
        for place, heading in enumerate(headings):
            sheet.write(1, place, heading, corner if place == len(table.attributes) else below)
        sheet.write(1, len(headings), "found", below)
        for number, rule in enumerate(table.rules, 1):
            cells = [drawn.feel(cell, each) for cell, each in zip(rule.cells, table.attributes, strict=True)]
            sheet.write_number(1 + number, 0, number)
            for place, text in enumerate(cells, 1):
                sheet.write_string(1 + number, place, text, beside if place == len(cells) else None)
            sheet.write_number(1 + number, len(cells) + 1, rule.output)
