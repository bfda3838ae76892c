"""Columns of a registry: which attribute each holds, and of which year.

    营业收入    研发费用@2024    高企证书到期日:absent    研发费用@2024:absent

Owns the names of columns. A yearly attribute stands in one column that bears its name, which then holds the value of the
reporting year, or in one column for each year, `<attribute>@<year>`; never in both, since nobody could say which holds.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from zhida.dmn.model import ItemDefinition
from zhida.errors import Diagnostic, diagnostic
from zhida.policy.dictionary import Dictionary
from zhida.source import Span

ABSENT_SUFFIX = ":absent"
"""Ends the name of the companion column that says where a null is a known absence and not an unknown."""

YEAR_MARK = "@"
"""Stands between the name of a yearly attribute and the year."""

FIRST_YEAR, LAST_YEAR = 1900, 2999
"""The years that a column can be of."""

YEAR = re.compile(r"[0-9]{4}")


def year_column(attribute: str, year: int) -> str:
    """Return the column of a yearly attribute in a year.

    >>> year_column("研发费用", 2024)
    '研发费用@2024'
    """
    return f"{attribute}{YEAR_MARK}{year}"


def attribute_of(column: str) -> str:
    """Return the attribute that a column is of, whatever year it holds and whether it is a companion.

    >>> attribute_of("研发费用@2024:absent")
    '研发费用'
    """
    return column.removesuffix(ABSENT_SUFFIX).partition(YEAR_MARK)[0]


def year_of(column: str) -> int | None:
    """Return the year of a column; None where it names none, or one that no column can be of.

    >>> year_of("研发费用@2024"), year_of("研发费用"), year_of("研发费用@24")
    (2024, None, None)
    """
    _, mark, year = column.removesuffix(ABSENT_SUFFIX).partition(YEAR_MARK)
    found = int(year) if mark and YEAR.fullmatch(year) else 0
    return found if FIRST_YEAR <= found <= LAST_YEAR else None


def item_of(dictionary: Dictionary, column: str) -> ItemDefinition | None:
    """Return what is known of a column that holds an attribute, called by the column's own name; None where it holds none.

    Args:
        dictionary: The attributes.
        column: The name of the column; that of a companion names none.
    """
    item = dictionary.items.get(column)
    if item is not None or YEAR_MARK not in column:
        return item
    item = dictionary.items.get(attribute_of(column))
    return replace(item, name=column) if item is not None and item.is_yearly and year_of(column) is not None else None


def year_faults(column: str, span: Span | None, dictionary: Dictionary) -> list[Diagnostic]:
    """Return what is wrong with the year that a column names: the attribute is not kept by year, or it is no year.

    Codes: registry-not-yearly, registry-year.
    """
    item = dictionary.items.get(attribute_of(column))
    if YEAR_MARK not in column or column in dictionary.items or item is None:
        return []
    year = column.removesuffix(ABSENT_SUFFIX).partition(YEAR_MARK)[2]
    if not item.is_yearly:
        return [diagnostic("registry-not-yearly", span, column=column, name=item.name, dictionary=dictionary.source.name)]
    if year_of(column) is None:
        return [diagnostic("registry-year", span, column=column, year=year, first=FIRST_YEAR, last=LAST_YEAR)]
    return []


def form_faults(columns: Iterable[tuple[str, Span | None]], dictionary: Dictionary) -> list[Diagnostic]:
    """Return which yearly attributes stand both in a column of their name and in columns of years.

    Codes: registry-year-and-none.
    """
    by_year: dict[str, str] = {}
    bare: dict[str, Span | None] = {}
    for column, span in columns:
        item = dictionary.items.get(attribute_of(column))
        if item is not None and item.is_yearly and not column.endswith(ABSENT_SUFFIX):
            if YEAR_MARK in column:
                by_year.setdefault(item.name, column)
            else:
                bare.setdefault(item.name, span)
    return [diagnostic("registry-year-and-none", bare[name], name=name, column=by_year[name]) for name in bare if name in by_year]


def in_order(dictionary: Dictionary, columns: Iterable[str]) -> list[str]:
    """Return columns in the order of the dictionary, those of years from the earliest on; what is no attribute comes last."""
    places = {name: place for place, name in enumerate(dictionary.items)}
    return sorted(columns, key=lambda column: (places.get(attribute_of(column), len(places)), year_of(column) or 0, column))
