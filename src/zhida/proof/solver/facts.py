"""Facts as variables: what every value of them is like, and what usual ones are like.

A list has a few parts, each of some number of equal elements: a subject with twenty patents of one class is one part.
Numbers that a registry keeps without decimal places are whole; finer ones are any number, and made to fit when they are read.
"""

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from typing import Protocol

from zhida.dmn.model import ItemDefinition
from zhida.proof.solver.algebra import Image, Sort, Space, Term, at_most, either, same_number
from zhida.proof.solver.scope import Fact
from zhida.proof.solver.values import Opaque, Part, Symbol
from zhida.values import temporal
from zhida.values.numbers import format_number
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

_EXACT = Context(prec=7_000)  # holds every FEEL number in full

_EARLIEST, _LATEST, _USUALLY = (temporal.to_days(Date(year, 1, 1)) for year in (1900, 2101, 1950))

SORTS: Mapping[str, Sort] = {sort.value: sort for sort in Sort if sort not in {Sort.NULL, Sort.LIST, Sort.CONTEXT, Sort.FUNCTION}}
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


def components_of(item: ItemDefinition) -> tuple[ItemDefinition, ...]:
    """Return the entries of the elements of a list of things, as the dictionary or at least their type names them."""
    element = item.type.arguments[0] if item.type.arguments else item.type
    return item.components or tuple(ItemDefinition(name, type_) for name, type_ in element.fields)


class Texts(Protocol):
    """What knows strings by numbers."""

    def code(self, text: str) -> Fraction:
        """Return the number of a string."""

    @property
    def named(self) -> Sequence[str]:
        """The strings that the models or questions name."""


class Facts:
    """The variables of some models, each made when it is first read."""

    def __init__(self, space: Space, texts: Texts, as_of: Date, *, with_lists: bool) -> None:
        """Begin with none.

        Args:
            space: Where terms live.
            texts: The strings.
            as_of: The day of the question.
            with_lists: Whether the elements of lists are looked at.
        """
        self.space = space
        self.code = texts.code
        self.named = tuple(texts.named)
        self.latest = temporal.to_days(Date(as_of.year + YEARS_AHEAD, 12, 31))
        self.with_lists = with_lists
        self.made: dict[str, Fact] = {}

    def fact(self, name: str, item: ItemDefinition, *, is_figure: bool) -> Fact:
        """Return the variable of a fact or lacking parameter; `Opaque` where its type has no terms.

        Args:
            name: Its name in FEEL.
            item: What is known of it.
            is_figure: Whether it is a parameter: a figure of law is usually not negative.
        """
        if name not in self.made:
            limits: list[Term] = []
            usual: list[Term] = []
            symbol = self.symbol(name, item, limits, usual)
            if is_figure and symbol.sort is Sort.NUMBER and (item.usual_range is None or item.usual_range[0] is None):
                usual.append(at_most(Fraction(0), symbol.term))
            self.made[name] = Fact(name, item, symbol, tuple(limits), tuple(usual))
        return self.made[name]

    def symbol(self, name: str, item: ItemDefinition, limits: list[Term], usual: list[Term]) -> Symbol:
        """Return the value of a fact, and note what it is like."""
        is_nullable = item.is_nullable or item.statistic is not None
        if item.components or item.type.name == "list":
            return self.list_of(name, item, limits, usual)
        sort = sort_of(item.type)
        if sort is Sort.CONTEXT:
            raise Opaque("上下文类型的事实", "a fact that is a context")
        if sort is Sort.STRING and item.allowed_beginnings is not None:
            return self.coded(name, item, limits, usual)
        is_whole = item.scale is not None and item.scale <= 0
        symbol = Symbol(
            sort,
            self.space.variable(sort, name, is_whole=is_whole),
            self.space.variable(Sort.BOOLEAN, f"{name} null") if is_nullable else False,
        )
        term = symbol.term
        match sort:
            case Sort.NUMBER:
                low, high = item.usual_range or (None, None)
                usual += [at_most(Fraction(low), term)] if low is not None else []
                usual += [at_most(term, Fraction(high))] if high is not None else []
            case Sort.MONTHS | Sort.DAYS:
                usual.append(at_most(Fraction(0), term))
            case Sort.STRING if item.allowed_values is not None:
                limits.append(either(*(same_number(term, self.code(text)) for text in item.allowed_values)))
            case Sort.DATE:
                limits += [at_most(Fraction(_EARLIEST), term), at_most(term, Fraction(_LATEST - 1))]
                usual += [at_most(Fraction(_USUALLY), term), at_most(term, Fraction(self.latest))]
        return symbol

    def coded(self, name: str, item: ItemDefinition, limits: list[Term], usual: list[Term]) -> Symbol:
        """Return a string that begins with a word of a code list, as its place among some that stand for all."""
        texts = codes(item.allowed_beginnings or (), tuple(text for text in self.named if item.allows(text)))
        numbers = [self.code(text) for text in texts]
        place = self.space.variable(Sort.NUMBER, name, is_whole=True)
        limits += [at_most(Fraction(0), place), at_most(place, Fraction(len(texts) - 1))]
        image = Image(place, 0, len(texts) - 1, numbers.__getitem__, 0, no_term)
        ordinary = {self.code(text) for text in texts if is_ordinary(text, item.allowed_beginnings or ())}
        usual.append(image.where(ordinary.__contains__))
        return Symbol(Sort.STRING, image, self.space.variable(Sort.BOOLEAN, f"{name} null") if item.is_nullable else False)

    def list_of(self, name: str, item: ItemDefinition, limits: list[Term], usual: list[Term]) -> Symbol:
        """Return a list of a few parts."""
        null = self.space.variable(Sort.BOOLEAN, f"{name} null") if item.is_nullable else False
        if not self.with_lists:
            return Symbol(Sort.LIST, None, null)
        parts: list[Part] = []
        components = components_of(item)
        element = ItemDefinition(name, item.type.arguments[0] if item.type.arguments else item.type, scale=item.scale)
        for place in range(PARTS if components else NUMBERS):
            label = f"{name}[{place + 1}]"
            times = self.space.variable(Sort.NUMBER, f"{label} times", is_whole=True)
            limits += [at_most(Fraction(0), times), at_most(times, Fraction(MOST_EQUAL if components else 1))]
            if components:
                entries = {entry.name: self.symbol(f"{label}.{entry.name}", entry, limits, usual) for entry in components}
                value = Symbol(Sort.CONTEXT, entries)
            else:
                value = self.symbol(label, element, limits, usual)
                limits += [at_most(times, parts[-1].times)] if parts else []
            parts.append(Part(times, value))
        return Symbol(Sort.LIST, tuple(parts), null)


def codes(beginnings: Sequence[str], named: Sequence[str]) -> list[str]:
    """Return strings that stand for all that begin with a word of a code list, in their order.

    Each word alone, with one digit more, with too many, and with what is no digit; where something is named that begins with
    a word, also all codes of two digits more, and what stands beside what is named.

    >>> codes(("01", "02"), ())
    ['01', '01000', '011', '01x', '02', '02000', '021', '02x']
    >>> codes(("01",), ("0135",))[-3:], len(codes(("01",), ("0135",)))
    (['0198', '0199', '01x'], 115)
    """
    split = [text for text in beginnings if any(name != text and name.startswith(text) for name in named)]
    digits = "0123456789"
    others = [f"{text}{more}" for text in beginnings for more in ("1", "000", "x")]
    longer = [f"{text}{digit}{more}" for text in split for digit in digits for more in ("", *digits)]
    beside = [f"{text}{more}" for text in named for more in ("", "0", "x")]
    return sorted({*beginnings, *others, *longer, *beside})


def is_ordinary(text: str, beginnings: Sequence[str]) -> bool:
    """Say whether a string is what a code with one of these beginnings usually is: at most two digits longer.

    >>> [is_ordinary(text, ("01", "02")) for text in ("01", "0123", "01x", "01000")]
    [True, True, False, False]
    """
    beginning = next((each for each in beginnings if text.startswith(each)), "")
    more = text.removeprefix(beginning)
    return len(more) <= 2 and (not more or more.isdigit())


def no_term() -> Term:
    """Refuse: what is known of a coded string are the answers to questions about it."""
    raise Opaque("代码之间的比较", "codes are compared with each other")


def scaled(value: Fraction, scale: int | None) -> Decimal:
    """Return a number with no more decimal places than are kept; at most six where nothing limits them.

    >>> scaled(Fraction(1, 3), 2)
    Decimal('0.33')
    """
    places = 6 if scale is None else scale
    number = Decimal(round(value * 10**places) if places >= 0 else int(value)).scaleb(-max(places, 0), _EXACT)
    return Decimal(format_number(number))
