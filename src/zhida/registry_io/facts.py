"""Facts of one file: the used rows of a table as typed columns, with what was odd about their cells."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from zhida.dmn.model import ItemDefinition
from zhida.errors import Diagnostic, diagnostic
from zhida.policy.dictionary import Dictionary
from zhida.registry_io.attributes import ABSENT_SUFFIX, item_of
from zhida.registry_io.cells import DIGITS, UNKNOWN_CELL, Cell, CellValue, converter, expected_of, scale_of
from zhida.registry_io.keys import KeyedRows
from zhida.registry_io.mapping import AttributeMapping, FileMapping, element_type
from zhida.registry_io.quality import Finding
from zhida.registry_io.tables import SourceTable
from zhida.source import Span
from zhida.values.types import BOOLEAN, DATE, NUMBER, Type

SHOWN_VALUES = 12
"""Values of a code list that a message shows."""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one file says of its subjects."""

    name: str
    """The mapping's name of the file."""
    frame: pl.DataFrame
    """One row for each used row of the file: the attributes and their `:absent` companions, no key."""
    findings: tuple[Finding, ...]
    """Cells that could not be read, are unusual or not allowed."""
    counts: dict[str, Counter[str]]
    """Attribute → how often each problem and each liberty was met."""
    columns: dict[str, str]
    """Attribute → the (first) column of the file that it is read from."""
    refusals: tuple[Diagnostic, ...]
    """Cells that stop the import because the mapping says so."""


def read_facts(table: SourceTable, keyed: KeyedRows, mapping: FileMapping, dictionary: Dictionary, tick: Callable[[], None]) -> FileFacts:
    """Convert the used rows of a table.

    Args:
        table: The file as text.
        keyed: Its rows that are used.
        mapping: How it is read; checked against the dictionary.
        dictionary: The attributes.
        tick: Called after each attribute.

    The frame's columns: number → Decimal(38, scale), list<T> → List, date → Date, boolean → Boolean, string → String;
    null is unknown, except where the companion column `<attribute>:absent` is true.
    """
    columns: list[pl.Series] = []
    findings: list[Finding] = []
    refusals: list[Diagnostic] = []
    counts: dict[str, Counter[str]] = {}
    for column in mapping.columns:
        item = item_of(dictionary, column.attribute)
        assert item is not None, "the mapping's attributes are checked before files are read"
        reader = ColumnReader(table, keyed, column, item, mapping.unknown)
        columns += reader.series()
        counts[column.attribute] = reader.counts
        for finding in reader.findings():
            if finding.code == "registry-value-refused":
                refusals.append(finding.diagnostic)
            else:
                findings.append(finding)
        tick()
    columns_of = {column.attribute: column.columns[0].name for column in mapping.columns if column.columns}
    return FileFacts(mapping.name, pl.DataFrame(columns), tuple(findings), counts, columns_of, tuple(refusals))


class ColumnReader:
    """One attribute of one file: its cells, and what becomes of them."""

    def __init__(
        self, table: SourceTable, keyed: KeyedRows, column: AttributeMapping, item: ItemDefinition, unknown_words: frozenset[str]
    ) -> None:
        self.table = table
        self.keyed = keyed
        self.column = column
        self.item = item
        self.read = converter(column, item, unknown_words)
        self.cells = [self._cells(name.name) for name in column.columns]
        self.counts: Counter[str] = Counter()

    def _cells(self, name: str) -> list[Cell]:
        texts = self.table.frame[name]
        if len(self.keyed.rows) != len(texts):
            texts = texts.gather(list(self.keyed.rows))
        return [self.read(text) for text in texts.to_list()]

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong with the cells, counting it and every liberty that was taken."""
        for name, cells in zip(self.column.columns, self.cells, strict=True):
            for place, cell in enumerate(cells):
                if cell.problems or cell.liberties:
                    self.counts.update(cell.problems + cell.liberties)
                    for code in cell.problems:
                        yield self._finding(code, place, name.name)

    def _finding(self, code: str, place: int, column: str) -> Finding:
        item, row = self.item, self.keyed.rows[place]
        value = self.table.frame[column][row].strip()
        found = diagnostic(code, self.table.span(row, column), **cell_words(item, value))
        return Finding(found, self.table.base_name, self.table.row_number(row), self.keyed.keys[place], item.name, value)

    def series(self) -> list[pl.Series]:
        """Return the column of the attribute and, where the mapping has a word for absence, its companion."""
        item, type_ = self.item, polars_type(self.item)
        if self.column.constant is not None:
            return [pl.Series(item.name, [self.read(self.column.constant).value] * len(self.keyed.rows), dtype=type_)]
        if item.type.name == "list":
            return [pl.Series(item.name, list(self._lists()), dtype=type_)]
        values = [pl.Series(item.name, [cell.value for cell in self.cells[0]], dtype=type_)]
        if self.column.absent is not None and item.is_nullable:
            values.append(pl.Series(item.name + ABSENT_SUFFIX, [cell.is_absent for cell in self.cells[0]], dtype=pl.Boolean))
        return values

    def _lists(self) -> Iterator[list[CellValue] | None]:
        """Yield the list of each row; one with an unknown element is unknown, since no sum over it would be right."""
        for row in zip(*self.cells, strict=True):
            values = [cell.value for cell in row if cell.value is not None]
            self.counts["incomplete_list"] += 0 < len(values) < len(row)
            yield values if len(values) == len(row) else None


def cell_words(item: ItemDefinition, value: str) -> dict[str, object]:
    """Return the words that a finding about a cell may use."""
    low, high = item.usual_range or (None, None)
    expected, expected_zh = expected_of(element_type(item))
    return {
        "name": item.name,
        "value": value,
        "sample": "[" + json.dumps({each.name: "…" for each in item.components[:2]}, ensure_ascii=False) + "]",
        "low": "" if low is None else f"{low:f}",
        "high": "" if high is None else f"{high:f}",
        "unit": item.unit,
        "scale": scale_of(item),
        "expected": expected,
        "expected_zh": expected_zh,
    }


def check_constants(column: AttributeMapping, item: ItemDefinition) -> tuple[Diagnostic, ...]:
    """Return what is wrong with the values that the mapping itself states: its constant and its code table."""
    stated = AttributeMapping(column.attribute, (), column.span, unit=column.unit, rate=column.rate, date_format=column.date_format)
    read = converter(stated, item)
    wrong: list[tuple[str, Span]] = []
    if column.constant is not None and _is_wrong(converter(column, item)(column.constant)):
        wrong.append((column.constant, column.span))
    if column.codes is not None:
        entries = column.codes.entries.items()
        wrong += [(value, column.codes.spans[word]) for word, value in entries if value is not None and _is_wrong(read(value))]
    expected, expected_zh = expected_of(element_type(item))
    if item.allowed_values is not None:
        expected = expected_zh = " | ".join(item.allowed_values[:SHOWN_VALUES]) + (" …" if len(item.allowed_values) > SHOWN_VALUES else "")
    elif item.allowed_beginnings is not None:
        expected = expected_zh = item.code_list
    return tuple(
        diagnostic("registry-mapping-constant", span, name=item.name, value=text, expected=expected, expected_zh=expected_zh)
        for text, span in wrong
    )


def _is_wrong(cell: Cell) -> bool:
    return cell == UNKNOWN_CELL or any(code != "registry-out-of-range" for code in cell.problems)


def polars_type(item: ItemDefinition) -> pl.DataType:
    """Return the column type of an attribute.

    >>> polars_type(ItemDefinition("成立日期", DATE))
    Date
    """
    if item.components:
        return pl.List(pl.Struct([pl.Field(name, type_) for name, type_ in element_columns(item).items()]))
    element = _element(element_type(item), item)
    return pl.List(element) if item.type.name == "list" else element


def element_columns(item: ItemDefinition) -> dict[str, pl.DataType]:
    """Return the columns of a list's elements: their attributes, with companions where these can be absent."""
    found: dict[str, pl.DataType] = {}
    for element in item.components:
        found[element.name] = _element(element.type, element)
        if element.is_nullable:
            found[element.name + ABSENT_SUFFIX] = pl.Boolean()
    return found


def _element(type_: Type, item: ItemDefinition) -> pl.DataType:
    if type_ == NUMBER:
        return pl.Decimal(DIGITS, scale_of(item))
    if type_ == DATE:
        return pl.Date()
    if type_ == BOOLEAN:
        return pl.Boolean()
    return pl.String()
