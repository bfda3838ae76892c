"""Facts as variables: what every value of them is like, and what usual ones are like.

A list has a few parts, each of some number of equal elements: a subject with twenty patents of one class is one part.
Numbers that a registry keeps without decimal places are whole; finer ones are any number, and made to fit when they are read.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction

from zhida.dmn.model import ItemDefinition
from zhida.proof.symbolic_scope import Fact
from zhida.proof.symbolic_values import (
    Opaque,
    Part,
    Sort,
    Symbol,
    Term,
    at_most,
    either,
    free,
    opposite,
    same_number,
    variable,
)
from zhida.values import temporal
from zhida.values.temporal import Date
from zhida.values.types import Type

PARTS = 3
"""How many different elements a list of things has at most."""

MOST_EQUAL = 30
"""How many equal elements stand beside each other at most."""

NUMBERS = 4
"""How many numbers a list has at most: the quarters of a year."""

YEARS_AHEAD = 10
"""How many years after the day of the question a usual date lies at most."""

_EARLIEST, _LATEST, _USUALLY = (temporal.to_days(Date(year, 1, 1)) for year in (1900, 2101, 1950))

SORTS: Mapping[str, Sort] = {
    sort.value: sort for sort in Sort if sort not in {Sort.NULL, Sort.LIST, Sort.CONTEXT, Sort.FUNCTION}
}
"""Sorts of simple types, by the type's name."""


def sort_of(type_: Type) -> Sort:
    """Return the sort of the values of a type.

    Raises:
        Opaque: it has none, or several.
    """
    if type_.constraint is not None:
        raise Opaque("带约束的类型", "a type with a constraint")
    if type_.name == "list":
        return Sort.LIST
    if type_.name == "context":
        return Sort.CONTEXT
    if type_.name not in SORTS:
        raise Opaque(f"类型 {type_.name}", f"the type {type_.name}")
    return SORTS[type_.name]


class Facts:
    """The variables of some models, each made when it is first read."""

    def __init__(self, code: Callable[[str], Fraction], as_of: Date, *, with_lists: bool) -> None:
        """Begin with none.

        Args:
            code: The number of a string.
            as_of: The day of the question.
            with_lists: Whether the elements of lists are looked at.
        """
        self.code = code
        self.latest = temporal.to_days(Date(as_of.year + YEARS_AHEAD, 12, 31))
        self.with_lists = with_lists
        self.made: dict[str, Fact] = {}

    def fact(self, name: str, item: ItemDefinition) -> Fact:
        """Return the variable of a fact or lacking parameter; `Opaque` where its type has no terms."""
        if name not in self.made:
            limits: list[Term] = []
            usual: list[Term] = []
            symbol = self.symbol(name, item, limits, usual)
            self.made[name] = Fact(name, item, symbol, tuple(limits), tuple(usual))
        return self.made[name]

    def symbol(self, name: str, item: ItemDefinition, limits: list[Term], usual: list[Term]) -> Symbol:
        """Return the value of a fact, and note what it is like."""
        is_nullable = item.is_nullable or item.statistic is not None
        if item.components or item.type.name == "list":
            return self.list_of(name, item, limits, usual)
        sort = sort_of(item.type)
        is_whole = item.scale is not None and item.scale <= 0
        symbol = Symbol(sort, variable(sort, name, is_whole=is_whole), free(Sort.BOOLEAN, f"{name} null").term if is_nullable else False)
        term = symbol.term
        match sort:
            case Sort.NUMBER:
                low, high = item.usual_range or (None, None)
                usual += [at_most(Fraction(low), term)] if low is not None else []
                usual += [at_most(term, Fraction(high))] if high is not None else []
            case Sort.STRING if item.allowed_values is not None:
                limits.append(either(*(same_number(term, self.code(text)) for text in item.allowed_values)))
            case Sort.DATE:
                limits += [at_most(Fraction(_EARLIEST), term), at_most(term, Fraction(_LATEST - 1))]
                usual += [at_most(Fraction(_USUALLY), term), at_most(term, Fraction(self.latest))]
        return symbol

    def list_of(self, name: str, item: ItemDefinition, limits: list[Term], usual: list[Term]) -> Symbol:
        """Return a list of a few parts."""
        null = free(Sort.BOOLEAN, f"{name} null").term if item.is_nullable else False
        if not self.with_lists:
            return Symbol(Sort.LIST, None, null)
        parts = []
        element_type = item.type.arguments[0] if item.type.arguments else item.type
        most = Fraction(MOST_EQUAL if item.components else 1)
        for place in range(PARTS if item.components else NUMBERS):
            label = f"{name}[{place + 1}]"
            times = variable(Sort.NUMBER, f"{label} times", is_whole=True)
            limits += [at_most(Fraction(0), times), at_most(times, most)]
            if item.components:
                entries = {entry.name: self.symbol(f"{label}.{entry.name}", entry, limits, usual) for entry in item.components}
                value = Symbol(Sort.CONTEXT, entries)
            else:
                element = ItemDefinition(label, element_type, scale=item.scale, usual_range=item.usual_range)
                value = self.symbol(label, element, limits, usual)
            if parts and not item.components:
                limits.append(at_most(times, parts[-1].times))
            parts.append(Part(times, value))
        return Symbol(Sort.LIST, tuple(parts), null)


def scaled(value: Fraction, scale: int | None) -> Decimal:
    """Return a number with no more decimal places than are kept; at most six where nothing limits them.

    >>> scaled(Fraction(1, 3), 2)
    Decimal('0.33')
    """
    places = 6 if scale is None else scale
    return Decimal(round(value * 10**places) if places >= 0 else int(value)).scaleb(-max(places, 0))


def is_absent(null: Term) -> Term:
    """Return whether something is there that may be null."""
    return opposite(null)
