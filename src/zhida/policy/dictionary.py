"""Data dictionaries: what may be known of a subject (`registry/<subject>.md` of a pack).

A dictionary is a Markdown table with `属性` top-left. It becomes item definitions, which carry type, unit, scale and
limits to the checker, the registry's import and the columns. What the elements of a list are is told by a table of their
own, with `属性：` and the name of the list top-left.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation

from zhida.dmn.model import ItemDefinition
from zhida.errors import Diagnostic, diagnostic, nearest
from zhida.policy.codes import CodeList, list_named, with_values
from zhida.policy.document import Cell, Table, parse
from zhida.policy.naming import name_faults
from zhida.policy.statistics import Statistic, parse_statistic
from zhida.source import Source, Span
from zhida.values.types import ANY, BOOLEAN, NUMBER, SIMPLE_TYPES, STRING, Type, list_of, parse_type

COLUMNS = ("属性", "类型", "单位", "常见范围", "来源", "可自报", "可空", "敏感", "取值", "说明", "小数位", "历史", "统计", "可动", "单价")
"""The columns of a dictionary; only the first two must be there."""

BASE_UNITS = ("元", "人", "m2", "天", "1", "月", "年", "件", "项", "户", "次", "台", "千瓦时", "吨", "分")
"""Units that facts are kept in; a rate joins two of them, as 元/人."""

DEFAULT_SCALES = {"元": 2, "人": 0, "m2": 2, "天": 0, "1": 6}
"""Decimal places kept of a number in this unit where the dictionary does not say."""

ELEMENTS = ("属性：", "属性:")
"""What stands top-left of a table that describes the elements of a list, before the name of the list."""

WAYS = ("升", "降", "升降")
"""Which way a subject can move an attribute; of a boolean, `升降`: it can be made true and made false."""

PRICE = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")
"""Yuan for one unit."""

JUDGED = "人工认定"
"""The source of a fact that a person judges."""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """The attributes of one kind of subject."""

    subject: str
    """The kind: `enterprise`, `resident`, …"""
    items: Mapping[str, ItemDefinition]
    """Attributes by name, in the order of the table."""
    source: Source
    """The text it was read from."""
    diagnostics: tuple[Diagnostic, ...] = field(default=())
    """What could not be read."""
    statistics: Mapping[str, Statistic] = field(default_factory=dict)
    """How the attributes are computed that are population facts, by name."""
    code_lists: tuple[CodeList, ...] = ()
    """The code lists that it refers to, each once."""


def parse_dictionary(source: Source, subject: str, codes: Mapping[str, CodeList] | None = None) -> Dictionary:
    """Read a data dictionary.

    Args:
        source: The Markdown text.
        subject: The kind of subject; by convention the file's name without its ending.
        codes: The code lists that it may refer to, by name; without them, references limit nothing.
    """
    document = parse(source)
    diagnostics = list(document.diagnostics)
    items: dict[str, ItemDefinition] = {}
    tables = [block for block in document.blocks if isinstance(block, Table)]
    for table in tables:
        if table.header[0].text == COLUMNS[0]:
            _read_rows(table, items, codes, diagnostics)
    for table in tables:
        if table.header[0].text.startswith(ELEMENTS):
            _read_elements(table, items, codes, diagnostics)
    if not items:
        diagnostics.append(diagnostic("dictionary-empty", Span(source, 0, 0), name=source.name))
    parsed = (parse_statistic(name, item.statistic, diagnostics) for name, item in items.items() if item.statistic is not None)
    statistics = {each.name: each for each in parsed if each is not None}
    named = dict.fromkeys(list_named(each) for item in items.values() for each in (item, *item.components))
    lists = tuple(found for name in named if (found := (codes or {}).get(name)) is not None)
    return Dictionary(subject, items, source, tuple(diagnostics), statistics, lists)


def _read_rows(table: Table, items: dict[str, ItemDefinition], codes: Mapping[str, CodeList] | None, diagnostics: list[Diagnostic]) -> None:
    """Read the rows of a table into `items`; a name may be given once."""
    columns = _columns(table, diagnostics)
    for row in table.rows:
        item = parse_item({name: row[place] for name, place in columns.items()}, row[0], diagnostics, codes)
        diagnostics.extend(name_faults(item.name, row[0].span))
        if item.name in items:
            first = items[item.name].span
            diagnostics.append(diagnostic("dmn-duplicate-name", row[0].span, name=item.name, first=first.place if first else ""))
        else:
            items[item.name] = item


def _read_elements(
    table: Table, items: dict[str, ItemDefinition], codes: Mapping[str, CodeList] | None, diagnostics: list[Diagnostic]
) -> None:
    """Read what the elements of a list are; the list's type becomes that of a list of such contexts."""
    corner = table.header[0]
    name = corner.text[len(ELEMENTS[0]) :].strip()
    entries: dict[str, ItemDefinition] = {}
    _read_rows(table, entries, codes, diagnostics)
    item = items.get(name)
    if item is None or item.type != list_of(ANY):
        lists: Sequence[str] = [each.name for each in items.values() if each.type.name == "list"]
        words = {"near": nearest(name, lists), "type": "" if item is None else str(item.type)}
        diagnostics.append(diagnostic("dictionary-elements", corner.span, name=name, **words))
        return
    element = Type("context", (), tuple((entry.name, entry.type) for entry in entries.values()))
    items[name] = replace(item, type=list_of(element), components=tuple(entries.values()))


def _columns(table: Table, diagnostics: list[Diagnostic]) -> dict[str, int]:
    """Return the place of each known column; complain of unknown ones and of those that are lacking."""
    places: dict[str, int] = {COLUMNS[0]: 0}
    for place, cell in enumerate(table.header):
        if place == 0:
            continue
        if cell.text in COLUMNS:
            places[cell.text] = place
        else:
            near = nearest(cell.text, COLUMNS)
            diagnostics.append(diagnostic("dictionary-unknown-column", cell.span, name=cell.text, near=near, columns="、".join(COLUMNS)))
    if "类型" not in places:
        diagnostics.append(diagnostic("dictionary-missing-column", table.header[0].span, name="类型"))
    return places


def parse_item(
    cells: Mapping[str, Cell], name: Cell, diagnostics: list[Diagnostic], codes: Mapping[str, CodeList] | None = None
) -> ItemDefinition:
    """Read one row: an attribute or, with the same columns, a parameter.

    Args:
        cells: The row by the name of its column; absent columns are absent.
        name: The cell that holds the name.
        diagnostics: Where mistakes are put.
        codes: The code lists that its column 取值 may name.
    """

    def text(column: str) -> str:
        return cells[column].text if column in cells else ""

    type_ = _type(cells, diagnostics)
    unit = text("单位")
    for part in unit.split("/") if unit else ():
        if part not in BASE_UNITS:
            diagnostics.append(
                diagnostic("dictionary-unit", cells["单位"].span, unit=unit, near=nearest(part, BASE_UNITS), units="、".join(BASE_UNITS))
            )
            break
    item = ItemDefinition(
        name=name.text,
        type=type_,
        unit=unit,
        scale=_scale(cells, type_, unit, diagnostics),
        usual_range=_range(cells, diagnostics),
        is_nullable=_yes(cells, "可空", diagnostics),
        is_self_reported=_yes(cells, "可自报", diagnostics),
        is_judged=text("来源") == JUDGED,
        is_sensitive=_yes(cells, "敏感", diagnostics),
        department=text("来源"),
        description=text("说明"),
        span=name.span,
        is_yearly=_yes(cells, "历史", diagnostics),
        statistic=cells["统计"].snippet if text("统计") else None,
        movable=(movable := _movable(cells, type_, diagnostics)),
        price=_price(cells, type_, movable, diagnostics),
    )
    return with_values(item, cells["取值"], codes, diagnostics) if "取值" in cells else item


def _type(cells: Mapping[str, Cell], diagnostics: list[Diagnostic]) -> Type:
    if "类型" not in cells:
        return STRING
    type_ = parse_type(cells["类型"].text)
    if type_ is None:
        name = cells["类型"].text
        diagnostics.append(diagnostic("feel-unknown-type", cells["类型"].span, name=name, near=nearest(name, SIMPLE_TYPES)))
        return STRING
    return type_


def _scale(cells: Mapping[str, Cell], type_: Type, unit: str, diagnostics: list[Diagnostic]) -> int | None:
    stated = cells["小数位"].text if "小数位" in cells else ""
    if stated:
        if stated.isascii() and stated.isdigit() and int(stated) <= 18:
            return int(stated)
        diagnostics.append(diagnostic("dictionary-number", cells["小数位"].span, value=stated))
    if type_ is NUMBER or NUMBER in type_.arguments:
        return DEFAULT_SCALES.get(unit, 6)
    return None


def _range(cells: Mapping[str, Cell], diagnostics: list[Diagnostic]) -> tuple[Decimal | None, Decimal | None] | None:
    """Read `low..high`; either end may be left out."""
    stated = cells["常见范围"].text if "常见范围" in cells else ""
    if not stated:
        return None
    low, dots, high = stated.partition("..")
    try:
        ends = tuple(Decimal(end.strip().replace(",", "")) if end.strip() else None for end in (low, high))
    except InvalidOperation:
        dots = ""
        ends = (None, None)
    if not dots:
        diagnostics.append(diagnostic("dictionary-range", cells["常见范围"].span, value=stated))
        return None
    return ends[0], ends[1]


def _movable(cells: Mapping[str, Cell], type_: Type, diagnostics: list[Diagnostic]) -> str:
    """Read which way the subject can move it; only numbers move, and booleans both ways."""
    stated = cells["可动"].text if "可动" in cells else ""
    if stated in {"", "否", "-"}:
        return ""
    if stated in (WAYS if type_ is NUMBER else WAYS[2:] if type_ is BOOLEAN else ()):
        return stated
    diagnostics.append(diagnostic("dictionary-movable", cells["可动"].span, value=stated, type=type_))
    return ""


def _price(cells: Mapping[str, Cell], type_: Type, movable: str, diagnostics: list[Diagnostic]) -> Decimal | None:
    """Read what a unit costs; only a number that the subject can move has a price."""
    stated = cells["单价"].text if "单价" in cells else ""
    if not stated:
        return None
    is_price = PRICE.fullmatch(stated) is not None
    if is_price and movable and type_ is NUMBER:
        return Decimal(stated)
    diagnostics.append(diagnostic("dictionary-price", cells["单价"].span, value=stated, is_price=is_price))
    return None


def _yes(cells: Mapping[str, Cell], column: str, diagnostics: list[Diagnostic]) -> bool:
    stated = cells[column].text if column in cells else ""
    if stated in {"是", "yes", "√"} or (column == "历史" and stated == "年"):
        return True
    if stated not in {"", "否", "no", "-"}:
        diagnostics.append(diagnostic("dictionary-yes-no", cells[column].span, column=column, value=stated))
    return False
