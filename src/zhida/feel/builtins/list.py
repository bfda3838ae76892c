"""List functions (DMN 1.5, table 75). Positions begin with 1, and with -1 from the end; a fraction is cut off.

A function that only moves elements takes unknown ones as they are. An element is found by `=`: one of another type is not it.
"""

from decimal import Decimal

from zhida.feel.builtins.signature import (
    CARRIED_LIST,
    FUNCTION,
    LIST,
    LIST_,
    Host,
    Undetermined,
    bad_argument,
    carried,
    define,
    nullable,
    of_list_or_arguments,
    optional,
    required,
    signature,
    variadic,
)
from zhida.feel.builtins.string import place, stretch
from zhida.values.equality import distinct, equal, less
from zhida.values.function import Function
from zhida.values.types import ANY, BOOLEAN, NUMBER, list_of
from zhida.values.unknown import Unknown, find_unknown, merge

List = tuple[object, ...]


# --- questions -------------------------------------------------------------------------------------------------------


def list_contains(_host: Host, elements: List, element: object) -> bool | Unknown | None:
    """Return whether an element equals `element`.

    A known one that does settles it, whatever the others turn out to be. In an empty list there is nothing, even unknown.
    """
    sought = find_unknown(element)
    missing = [unknown for unknown in (sought, *map(find_unknown, elements)) if unknown is not None]
    if sought is None:
        known = [other for other in elements if find_unknown(other) is None] if missing else elements
        if any(equal(other, element) is True for other in known):
            return True
    return merge(missing) if missing and elements else False


def count(_host: Host, elements: List) -> Decimal:
    """Return how many elements a list has; an element counts whether we know it or not."""
    return Decimal(len(elements))


def smallest(_host: Host, elements: List) -> object:
    """Return the element before all others; null where there are none."""
    return _extreme(elements, sign=False)


def largest(_host: Host, elements: List) -> object:
    """Return the element behind all others; null where there are none."""
    return _extreme(elements, sign=True)


def _extreme(elements: List, *, sign: bool) -> object:
    if not elements:
        return None
    best = elements[0]
    for element in elements:
        precedes = less(best, element) if sign else less(element, best)
        if precedes is None:
            raise bad_argument("list", elements, "comparable")
        best = element if precedes else best
    return best


def index_of(_host: Host, elements: List, match: object) -> tuple[Decimal, ...]:
    """Return the positions of the elements that equal `match`, ascending."""
    return tuple(Decimal(number) for number, element in enumerate(elements, 1) if equal(element, match) is True)


# --- new lists -------------------------------------------------------------------------------------------------------


def sublist(_host: Host, elements: List, start: Decimal, length: Decimal | None) -> List:
    """Return the elements from a position on."""
    return elements[stretch(len(elements), start, length)]


def append(_host: Host, elements: List, *items: object) -> List:
    """Return a list with items added at its end."""
    return elements + items


def concatenate(_host: Host, *lists: List) -> List:
    """Return the elements of all lists."""
    return tuple(element for elements in lists for element in elements)


def insert_before(_host: Host, elements: List, position: Decimal, item: object) -> List:
    """Return a list with an item put before the one at a position."""
    where = place("position", position, len(elements))
    return (*elements[:where], item, *elements[where:])


def remove(_host: Host, elements: List, position: Decimal) -> List:
    """Return a list without the element at a position."""
    where = place("position", position, len(elements))
    return elements[:where] + elements[where + 1 :]


def replace_at(_host: Host, elements: List, position: Decimal, item: object) -> List:
    """Return a list with an item in place of the one at a position."""
    where = place("position", position, len(elements))
    return (*elements[:where], item, *elements[where + 1 :])


def replace_matching(host: Host, elements: List, match: Function, item: object) -> List:
    """Return a list with an item in place of every element for which `match(element, item)` is true."""
    if len(match.parameters) != 2:
        raise bad_argument("match", match, "function(item, newItem)")
    return tuple(item if _is_true(host, match, element, item) else element for element in elements)


def _is_true(host: Host, match: Function, element: object, item: object) -> bool:
    answer = host.invoke(match, (element, item))
    if isinstance(answer, Unknown):
        raise Undetermined(answer)
    if not isinstance(answer, bool):
        raise bad_argument("match", answer, BOOLEAN)
    return answer


def reverse(_host: Host, elements: List) -> List:
    """Return the elements from the last to the first."""
    return elements[::-1]


def union(_host: Host, *lists: List) -> List:
    """Return the elements of all lists, each once."""
    return distinct(tuple(element for elements in lists for element in elements))


def distinct_values(_host: Host, elements: List) -> List:
    """Return the elements, each once."""
    return distinct(elements)


def flatten(_host: Host, elements: List) -> List:
    """Return the elements, and those of the lists among them, however deep, in one list."""
    flat: list[object] = []
    rest = [iter(elements)]
    while rest:
        for element in rest[-1]:
            if isinstance(element, tuple):
                rest.append(iter(element))
                break
            flat.append(element)
        else:
            rest.pop()
    return tuple(flat)


_POSITION = required("position", NUMBER)
_NEW_ITEM = carried("newItem")
_LISTS = carried("list", LIST)

FUNCTIONS = (
    define("list contains", signature(list_contains, BOOLEAN, CARRIED_LIST, carried("element"))),
    define("count", signature(count, NUMBER, CARRIED_LIST)),
    of_list_or_arguments("min", smallest, ANY, LIST),
    of_list_or_arguments("max", largest, ANY, LIST),
    define("sublist", signature(sublist, LIST, CARRIED_LIST, required("start position", NUMBER), optional("length", NUMBER))),
    define("append", variadic(append, LIST, CARRIED_LIST, carried("item"))),
    define("concatenate", variadic(concatenate, LIST, _LISTS)),
    define("insert before", signature(insert_before, LIST, CARRIED_LIST, _POSITION, _NEW_ITEM)),
    define("remove", signature(remove, LIST, CARRIED_LIST, _POSITION)),
    define(
        "list replace",
        signature(replace_at, LIST, CARRIED_LIST, _POSITION, _NEW_ITEM),
        signature(replace_matching, LIST, CARRIED_LIST, required("match", FUNCTION), _NEW_ITEM),
    ),
    define("reverse", signature(reverse, LIST, CARRIED_LIST)),
    define("index of", signature(index_of, list_of(NUMBER), LIST_, nullable("match"))),
    define("union", variadic(union, LIST, LIST_)),
    define("distinct values", signature(distinct_values, LIST, LIST_)),
    define("flatten", signature(flatten, LIST, LIST_)),
)
"""The functions of this module."""
