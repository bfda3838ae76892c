"""Lists of things (patents, hires) among the facts: entries that nobody told of are unknown, not absent.

An element is a context; the dictionary says what entries it has. One that an element does not name stands for a fact of the
list that we have not been told, so that a filter on it is undetermined and one on other entries is not.
"""

from collections.abc import Iterator
from decimal import Context, Decimal
from typing import Any

from zhida.dmn.model import ItemDefinition
from zhida.errors import Diagnostic, diagnostic, nearest
from zhida.values.text import literal
from zhida.values.types import ANY, conforms, type_of
from zhida.values.unknown import find_unknown, unknown

Value = Any

MOST_VALUES = 20
"""How many values of a code list a message shows."""


def with_untold(value: Value, item: ItemDefinition) -> Value:
    """Return a list whose elements have every entry that the dictionary declares; what was not told of is unknown.

    Any other value is returned as it is. Entries stand in the order of the dictionary.

    >>> from zhida.values.types import list_of
    >>> patents = ItemDefinition("专利", list_of(ANY), components=(ItemDefinition("类别"), ItemDefinition("编号")))
    >>> [str(entry) for entry in with_untold(({"编号": "1"},), patents)[0].values()]
    ['?(专利)', '1']
    """
    if not item.components or not isinstance(value, tuple):
        return value
    lacking = unknown(item.name)
    names = [entry.name for entry in item.components]
    return tuple([{name: element.get(name, lacking) for name in names} if isinstance(element, dict) else element for element in value])


def fits(value: Value, item: ItemDefinition) -> bool:
    """Say whether a value is of the type of an attribute; of the elements of a list, as far as they were told."""
    if not item.components or not isinstance(value, tuple):
        return conforms(value, item.type)
    return all(element is not None and not any(_element_faults(item, element)) for element in value)


def refused(item: ItemDefinition, value: Value) -> Iterator[Diagnostic]:
    """Yield what keeps a known value from being one of an attribute: its type, its code list, its decimal places, null.

    Codes: feel-type-expected, fact-not-nullable, fact-not-in-list, fact-too-fine, fact-no-entry.
    """
    if item.components and isinstance(value, tuple):
        for element in value:
            yield from _element_faults(item, element)
        return
    shown = repr(value) if type_of(value) is ANY else literal(value)
    if not conforms(value, item.type):
        yield diagnostic("feel-type-expected", None, expected=item.type, found=f"{item.name} = {shown}")
    elif value is None and not item.is_nullable and item.statistic is None:
        yield diagnostic("fact-not-nullable", None, name=item.name)
    elif isinstance(value, str) and not item.allows(value):
        listed = item.allowed_values or item.allowed_beginnings or ()
        values = "、".join(listed[:MOST_VALUES]) + (" …" if len(listed) > MOST_VALUES else "")
        yield diagnostic("fact-not-in-list", None, name=item.name, value=shown, near=nearest(value, listed), values=values)
    elif item.scale is not None and any(_is_finer(each, item.scale) for each in (value if isinstance(value, tuple) else (value,))):
        yield diagnostic("fact-too-fine", None, name=item.name, value=shown, scale=item.scale)


def _element_faults(item: ItemDefinition, element: Value) -> Iterator[Diagnostic]:
    """Yield what is wrong with an element of a list: it is no context, has an entry that nobody declared, or a value that none may have."""
    if not isinstance(element, dict):
        yield diagnostic("feel-type-expected", None, expected=item.type, found=f"{item.name} = [{literal(element)}]")
        return
    entries = {entry.name: entry for entry in item.components}
    for name, value in element.items():
        if name not in entries:
            yield diagnostic("fact-no-entry", None, name=item.name, entry=name, near=nearest(name, entries), entries="、".join(entries))
        elif find_unknown(value) is None:
            yield from refused(entries[name], value)


def _is_finer(value: Value, scale: int) -> bool:
    """Say whether a number has more decimal places than are kept."""
    return isinstance(value, Decimal) and value != value.quantize(Decimal(1).scaleb(-scale), context=Context(prec=7_000))
