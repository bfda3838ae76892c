"""Values of told facts: what somebody hands over, checked by the dictionary, and the form in which it is kept.

Decimal  {"number": "12.50"}      Date     {"date": "2026-11-21"}      None     {"absent": true}
context  {"entries": {…}}         list     […]                         text, boolean: as they are
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from zhida.assess.elements import refused
from zhida.assess.subject import engine_value
from zhida.dmn.model import ItemDefinition
from zhida.errors import Diagnostic, diagnostic, nearest
from zhida.policy.dictionary import Dictionary
from zhida.policy.years import column_name
from zhida.registry_io.attributes import YEAR_MARK, attribute_of, item_of
from zhida.registry_io.cells import converter, expected_of
from zhida.registry_io.mapping import AttributeMapping, elements_of
from zhida.source import Source, Span
from zhida.values.temporal import Date, parse_date
from zhida.values.types import STRING
from zhida_server.people.data import Refused

Value = Any
"""A value of the engine; in JSON one of its kept form."""

NOWHERE = Span(Source("", ""), 0, 0)


def encoded(value: Value) -> Value:
    """Return a value of the engine in the form in which it is kept.

    >>> encoded((Decimal("12.50"), None))
    [{'number': '12.50'}, {'absent': True}]
    """
    if isinstance(value, Decimal):
        return {"number": format(value, "f")}
    if isinstance(value, Date):
        return {"date": str(value)}
    if value is None:
        return {"absent": True}
    if isinstance(value, tuple):
        return [encoded(each) for each in value]
    if isinstance(value, dict):
        return {"entries": {name: encoded(entry) for name, entry in value.items()}}
    assert isinstance(value, str | bool), type(value)
    return value


def decoded(kept: Value) -> Value:
    """Return a kept value as one of the engine.

    >>> decoded(encoded((Decimal("12.50"), None, Date(2026, 11, 21), {"编号": "1"})))
    (Decimal('12.50'), None, Date(year=2026, month=11, day=21), {'编号': '1'})
    """
    if isinstance(kept, list):
        return tuple(decoded(each) for each in kept)
    if not isinstance(kept, dict):
        return kept
    ((kind, value),) = kept.items()
    match kind:
        case "number":
            return Decimal(value)
        case "date":
            return parse_date(value)
        case "entries":
            return {name: decoded(entry) for name, entry in value.items()}
        case _:
            return None


def checked(facts: Mapping[str, object], dictionary: Dictionary, on: dt.date, *, is_own: bool) -> dict[str, Value]:
    """Return facts as values of the engine, by column of the registry; a yearly fact without a year is that of the year before.

    Args:
        facts: By attribute: a value of the engine or plain Python's; a text of a number, date or yes and no is read as one.
        dictionary: What there may be.
        on: The first day on which they hold.
        is_own: Whether the enterprise itself tells them: then the dictionary must let it.

    Raises:
        Refused: told-not-allowed; it says every mistake.
    """
    if not facts:
        raise Refused("told-nothing", "没有填报任何事实", "no fact was told")
    found: dict[str, Value] = {}
    wrong: list[Diagnostic] = []
    others: list[str] = []
    for name, given in facts.items():
        item = item_of(dictionary, name)
        if item is None:
            known = {"near": nearest(attribute_of(name), dictionary.items), "dictionary": dictionary.source.name}
            wrong.append(diagnostic("registry-unknown-attribute", None, name=name, subject=dictionary.subject, **known))
            continue
        if item.statistic is not None:
            wrong.append(diagnostic("population-given", None, name=name))
            continue
        if is_own and not item.is_self_reported:
            others.append(name)
            continue
        value = engine_value(_read(given, item))
        wrong += refused(item, value)
        is_bare = item.is_yearly and YEAR_MARK not in name
        found[column_name(name, Date(on.year, on.month, on.day)) if is_bare else name] = value
    if wrong or others:
        raise _not_allowed(wrong, others)
    return found


def _not_allowed(wrong: Sequence[Diagnostic], others: Sequence[str]) -> Refused:
    zh = [f"{item.message('zh')}（{hint}）" if (hint := item.hint("zh")) else item.message("zh") for item in wrong]
    en = [f"{item.message('en')} ({hint})" if (hint := item.hint("en")) else item.message("en") for item in wrong]
    if others:
        zh.append(f"{'、'.join(others)}：不由企业填报，以主管部门的数据为准")
        en.append(f"{', '.join(others)}: not for the enterprise to tell; its department's data hold")
    return Refused("told-not-allowed", "填报的事实不能收下：\n" + "\n".join(zh), "these facts cannot be taken:\n" + "\n".join(en))


def _read(given: object, item: ItemDefinition) -> Value:
    """Return what a text says where the attribute is no text; everything else as it is."""
    if isinstance(given, list | tuple):
        if not item.components:
            return tuple(_read_one(each, item) for each in given)
        entries = elements_of(item)
        return tuple(
            {name: _read_one(entry, entries[name]) if name in entries else entry for name, entry in each.items()}
            if isinstance(each, dict)
            else each
            for each in given
        )
    return _read_one(given, item)


def _read_one(given: object, item: ItemDefinition) -> Value:
    element = item.type.arguments[0] if item.type.name == "list" else item.type
    if not isinstance(given, str) or element == STRING:
        return given
    cell = converter(AttributeMapping(item.name, (), NOWHERE), item)(given)
    if cell.value is None or "rounded" in cell.liberties:
        expected, expected_zh = expected_of(element)
        raise Refused(
            "told-unreadable",
            f"“{item.name}”读不懂“{given}”：应为{expected_zh}",
            f"'{given}' cannot be read as {item.name}: it takes {expected}",
        )
    return cell.value
