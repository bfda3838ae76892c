"""Feeds: which columns of a registry feed the input data of rules on a day.

    研发费用 前1年 ──column_name──> 研发费用@2024        what is read
    研发费用@2024  ──input_name───> 研发费用 前1年        what is handed to rules

A yearly attribute stands in columns of years, or in one without a year that is the value of the reporting year. Columns of
other attributes are called as they are. Invariant: what is told of a subject is the same by either way.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from zhida.policy.dictionary import Dictionary
from zhida.policy.years import column_name, input_name, parse_offset
from zhida.registry_io.attributes import ABSENT_SUFFIX, YEAR_MARK, in_order
from zhida.registry_io.tables import Frame
from zhida.values.temporal import Date

Value = TypeVar("Value")


def feeding_columns(names: Iterable[str], dictionary: Dictionary, as_of: Date) -> tuple[str, ...]:
    """Return the columns that hold some input data, companions left out, in the order of the dictionary.

    Of a yearly attribute that is the column of its year, and for the reporting year the one without a year too: a registry has
    either of them.

    Args:
        names: The names of input data; those of parameters are left out.
        dictionary: The attributes.
        as_of: The date of the business fact.
    """
    found: dict[str, None] = {}
    for name in names:
        base, offset = parse_offset(name)
        item = dictionary.items.get(base)
        if item is None:
            continue
        if item.is_yearly:
            found[column_name(name, as_of)] = None
        if not offset:
            found[base] = None
    return tuple(in_order(dictionary, found))


def frame_at(frame: Frame, as_of: Date) -> Frame:
    """Return the rows of a registry with its columns called as rules call them on a day; those of later years are left out."""
    if not any(YEAR_MARK in name for name in frame.columns):
        return frame
    called = {name: _called(name, as_of) for name in frame.columns}
    return frame.drop([name for name, new in called.items() if new is None]).rename({name: new for name, new in called.items() if new})


def facts_at(facts: Mapping[str, Value], as_of: Date) -> dict[str, Value]:
    """Return the facts of a subject, called as rules call them on a day; those of later years are left out.

    >>> facts_at({"研发费用@2024": 1, "研发费用@2026": 2, "从业人员": 3}, Date(2026, 6, 30))
    {'研发费用 前1年': 1, '从业人员': 3}
    """
    called = ((input_name(name, as_of) if YEAR_MARK in name else name, value) for name, value in facts.items())
    return {name: value for name, value in called if name is not None}


def _called(column: str, as_of: Date) -> str | None:
    if YEAR_MARK not in column:
        return column
    base = column.removesuffix(ABSENT_SUFFIX)
    name = input_name(base, as_of)
    return None if name is None else name + column[len(base) :]
