"""The builtin functions that have terms: extremes, sums, counts, rounding, membership (DMN 1.5, 10.3.4)."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

from zhida.proof.solver.algebra import (
    Sort,
    Term,
    below,
    both,
    choose_number,
    either,
    is_known,
    minus,
    opposite,
    plus,
    rest,
    same_number,
    times,
    whole,
)
from zhida.proof.solver.temporal import months_between
from zhida.proof.solver.values import NULL, NUMERIC, Opaque, Part, Symbol, choose, equal, holds, less, negated

_ZERO, _ONE, _HALF = Fraction(0), Fraction(1), Fraction(1, 2)
_MOST_PLACES = 34

Arguments = Sequence[Symbol]


def unknown_list() -> Opaque:
    """Return the fault of a list of which nothing is known."""
    return Opaque("列表的元素不在分析之内", "the elements of a list are not analysed")


def parts_of(symbol: Symbol) -> tuple[Part, ...]:
    """Return the parts of a list; a value stands for a list of one."""
    if symbol.sort is not Sort.LIST:
        return (Part(_ONE, symbol),)
    if symbol.term is None:
        raise unknown_list()
    parts: tuple[Part, ...] = symbol.term
    return parts


def _listed(arguments: Arguments) -> tuple[tuple[Part, ...], Term]:
    """Return the elements that a function of a list or of several arguments is given, and whether that is null."""
    if len(arguments) == 1:
        return parts_of(arguments[0]), arguments[0].null
    if any(argument.sort is Sort.LIST for argument in arguments):
        raise Opaque("以列表为多个参数之一", "a list is one of several arguments")
    return tuple(Part(_ONE, argument) for argument in arguments), either(*(argument.null for argument in arguments))


def _extreme(arguments: Arguments, *, greatest: bool) -> Symbol:
    given, null = _listed(arguments)
    parts = [part for part in given if part.value.sort is not Sort.NULL]
    null = either(null, *(below(_ZERO, part.times) for part in given if part.value.sort is Sort.NULL))
    sorts = {part.value.sort for part in parts}
    if not parts:
        return NULL
    if len(sorts) > 1 or not sorts <= NUMERIC:
        raise Opaque("求数和日期之外的最大、最小值", "the extreme of what is no number and no date")
    best, is_any = parts[0].value, below(_ZERO, parts[0].times)
    nulls = [both(is_any, parts[0].value.null)]
    for part in parts[1:]:
        is_there = below(_ZERO, part.times)
        nulls.append(both(is_there, part.value.null))
        is_better = below(best.term, part.value.term) if greatest else below(part.value.term, best.term)
        term = choose_number(both(is_there, either(opposite(is_any), is_better)), part.value.term, best.term)
        best, is_any = Symbol(best.sort, term), either(is_any, is_there)
    return Symbol(best.sort, best.term, either(null, opposite(is_any), *nulls))


def _numbers(arguments: Arguments) -> tuple[tuple[Part, ...], Term]:
    """Return numbers to add, and whether one of them is null or there are none."""
    parts, null = _listed(arguments)
    nulls = [both(below(_ZERO, part.times), either(part.value.sort is not Sort.NUMBER, part.value.null)) for part in parts]
    is_any = either(*(below(_ZERO, part.times) for part in parts))
    return tuple(part for part in parts if part.value.sort is Sort.NUMBER), either(null, opposite(is_any), *nulls)


def added(parts: Sequence[Part]) -> Term:
    """Return the sum of numbers."""
    total: Term = _ZERO
    for part in parts:
        total = plus(total, times(part.times, part.value.term))
    return total


def _sum(arguments: Arguments) -> Symbol:
    parts, null = _numbers(arguments)
    return Symbol(Sort.NUMBER, added(parts), null)


def _mean(arguments: Arguments) -> Symbol:
    parts, null = _numbers(arguments)
    how_many = counted(parts)
    if not is_known(how_many):
        raise Opaque("个数不定的平均值", "the mean of a number of values that is not known")
    return Symbol(Sort.NUMBER, times(added(parts), 1 / how_many) if how_many else _ZERO, null)


def counted(parts: Sequence[Part]) -> Term:
    """Return how many elements there are."""
    total: Term = _ZERO
    for part in parts:
        total = plus(total, part.times)
    return total


def _count(arguments: Arguments) -> Symbol:
    (given,) = arguments
    if given.sort is Sort.NULL:
        return NULL
    return Symbol(Sort.NUMBER, counted(parts_of(given)), given.null)


def _not(arguments: Arguments) -> Symbol:
    (given,) = arguments
    return negated(given)


def _list_contains(arguments: Arguments) -> Symbol:
    elements, sought = arguments
    found = [both(below(_ZERO, part.times), holds(equal(part.value, sought))) for part in parts_of(elements)]
    return Symbol(Sort.BOOLEAN, either(*found), elements.null)


def _abs(arguments: Arguments) -> Symbol:
    (given,) = arguments
    if given.sort not in {Sort.NUMBER, Sort.DAYS, Sort.MONTHS}:
        return NULL
    return Symbol(given.sort, choose_number(below(given.term, _ZERO), times(Fraction(-1), given.term), given.term), given.null)


# --- rounding --------------------------------------------------------------------------------------------------------


def _up(number: Term) -> Term:
    return times(Fraction(-1), whole(times(Fraction(-1), number)))


def _half_even(number: Term) -> Term:
    floor = whole(number)
    over_floor = minus(number, floor)
    is_tie_down = both(same_number(over_floor, _HALF), same_number(rest(floor, 2), _ZERO))
    return choose_number(either(below(over_floor, _HALF), is_tie_down), floor, plus(floor, _ONE))


def _by_size(round_size: Callable[[Term], Term]) -> Callable[[Term], Term]:
    """Return a rounding that does the same on both sides of zero."""

    def rounded(number: Term) -> Term:
        opposite_number = times(Fraction(-1), number)
        return choose_number(below(number, _ZERO), times(Fraction(-1), round_size(opposite_number)), round_size(number))

    return rounded


_ROUNDINGS: Mapping[str, Callable[[Term], Term]] = {
    "floor": whole,
    "ceiling": _up,
    "decimal": _half_even,
    "round up": _by_size(_up),
    "round down": _by_size(whole),
    "round half up": _by_size(lambda number: whole(plus(number, _HALF))),
    "round half down": _by_size(lambda number: _up(minus(number, _HALF))),
}


def _rounded(name: str, arguments: Arguments) -> Symbol:
    number, *scales = arguments
    if number.sort is not Sort.NUMBER or any(scale.sort is not Sort.NUMBER for scale in scales):
        return NULL
    if any(not is_known(scale.term) or scale.null is not False for scale in scales):
        raise Opaque("小数位数不定的舍入", "rounding to a number of places that is not known")
    places = int(scales[0].term) if scales else 0
    if abs(places) > _MOST_PLACES:
        raise Opaque("小数位数过多的舍入", "rounding to too many places")
    unit = Fraction(10) ** places
    return Symbol(Sort.NUMBER, times(1 / unit, _ROUNDINGS[name](times(unit, number.term))), number.null)


# --- dates -----------------------------------------------------------------------------------------------------------


def _months(arguments: Arguments) -> Symbol:
    start, end = arguments
    if start.sort is not Sort.DATE or end.sort is not Sort.DATE:
        return NULL
    return Symbol(Sort.MONTHS, months_between(start.term, end.term), either(start.null, end.null))


def _date(arguments: Arguments) -> Symbol:
    if len(arguments) == 1 and arguments[0].sort is Sort.DATE:
        return arguments[0]
    raise Opaque("由不定的数或文字构成的日期", "a date made of numbers or a text that are not known")


_FUNCTIONS: Mapping[str, tuple[tuple[int, int], Callable[[Arguments], Symbol]]] = {
    "min": ((1, 1000), lambda arguments: _extreme(arguments, greatest=False)),
    "max": ((1, 1000), lambda arguments: _extreme(arguments, greatest=True)),
    "sum": ((1, 1000), _sum),
    "mean": ((1, 1000), _mean),
    "count": ((1, 1), _count),
    "not": ((1, 1), _not),
    "list contains": ((2, 2), _list_contains),
    "abs": ((1, 1), _abs),
    "years and months duration": ((2, 2), _months),
    "date": ((1, 1), _date),
}
"""By name: how many arguments each takes, and what it comes to."""


def call(name: str, arguments: Arguments) -> Symbol:
    """Return what a builtin comes to.

    Raises:
        Opaque: it has no terms, or not for these arguments.
    """
    if name in _ROUNDINGS and 1 + (name not in {"floor", "ceiling"}) <= len(arguments) <= 2:
        return _rounded(name, arguments)
    if name in _FUNCTIONS:
        (least, most), function = _FUNCTIONS[name]
        if least <= len(arguments) <= most:
            return function(arguments)
    raise Opaque(f"函数 {name}", f"the function {name}")


__all__ = ["added", "call", "choose", "counted", "less", "parts_of", "unknown_list"]
