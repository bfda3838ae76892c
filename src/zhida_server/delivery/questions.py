"""What an enterprise is asked for a claim: exactly the facts that would change the answer and that it may state itself.

A person who judges a claim is asked for the rest: what people judge, what another office knows, and what the enterprise has stated.
"""

import datetime as dt
from collections.abc import Iterable, Mapping

from zhida.assess.assessment import Assessment
from zhida.dmn.model import ItemDefinition
from zhida.policy.years import column_name, parse_column, parse_offset
from zhida.values.temporal import Date
from zhida.values.types import BOOLEAN, DATE, NUMBER
from zhida_server.delivery.data import Question

KINDS = {NUMBER: "number", BOOLEAN: "boolean", DATE: "date"}
"""The kinds of fields, by type; everything else is `text`, or `choice` where the dictionary lists the values."""


def questions_of(assessment: Assessment, items: Mapping[str, ItemDefinition], on: dt.date) -> tuple[Question, ...]:
    """Return the questions that are open: none where nothing is missing, or only what the enterprise may not state.

    Args:
        assessment: What the policy says with what is known.
        items: The data dictionary, by attribute.
        on: The day.
    """
    day = Date(on.year, on.month, on.day)
    asked = []
    for fact in assessment.told_by:
        item = items.get(parse_offset(fact.name)[0])
        name = column_name(fact.name, day) if item is not None and item.is_yearly else fact.name
        if item is not None and fact.is_self_reported and not fact.is_judged and not _is_too_rich(item):
            asked.append(_question(name, item))
    return tuple(asked)


def judged_of(assessment: Assessment, items: Mapping[str, ItemDefinition], on: dt.date) -> tuple[Question, ...]:
    """Return what has to be judged: every fact that is missing, whoever knows it, as far as a field holds it.

    Args:
        assessment: What the policy says with what is known.
        items: The data dictionary, by attribute.
        on: The day.
    """
    day = Date(on.year, on.month, on.day)
    asked = []
    for fact in assessment.told_by:
        item = items.get(parse_offset(fact.name)[0])
        name = column_name(fact.name, day) if item is not None and item.is_yearly else fact.name
        if item is not None and item.statistic is None and not _is_too_rich(item):
            asked.append(_question(name, item))
    return tuple(asked)


def verified_of(names: Iterable[str], items: Mapping[str, ItemDefinition]) -> tuple[Question, ...]:
    """Return questions for facts that an enterprise has stated, for whoever verifies them.

    Args:
        names: Columns of the registry.
        items: The data dictionary, by attribute.
    """
    found = ((name, items.get(parse_column(name)[0])) for name in names)
    return tuple(_question(name, item) for name, item in found if item is not None and not _is_too_rich(item))


def _question(name: str, item: ItemDefinition) -> Question:
    base, year = parse_column(name)
    is_list = item.type.name == "list"
    element = item.type.arguments[0] if is_list and item.type.arguments else item.type
    choices = item.allowed_values or ()
    return Question(
        name=name,
        label=f"{base}（{year} 年）" if year else base,
        unit="" if item.unit == "1" else item.unit,
        kind="choice" if choices else KINDS.get(element, "text"),
        choices=choices,
        help=item.description,
        is_nullable=item.is_nullable,
        decimals=item.scale or 0,
        is_list=is_list,
    )


def _is_too_rich(item: ItemDefinition) -> bool:
    """Say whether a fact is a list of things with several entries each, which no single field holds."""
    return bool(item.components)
