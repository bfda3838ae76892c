"""The calendar in terms: years, months and days of a date that is not known, by the arithmetic of `values.calendar`."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache, partial
from typing import NamedTuple

from zhida.proof.solver.algebra import (
    Branch,
    Image,
    Sort,
    Term,
    at_most,
    below,
    both,
    choose_number,
    divided,
    each,
    either,
    is_known,
    is_variable,
    minus,
    plus,
    rest,
    times,
)
from zhida.proof.solver.values import Opaque, Symbol
from zhida.values import calendar

_SHIFT, _CYCLE, _MONTHS = 719_468, 146_097, 12
_ZERO, _ONE = Fraction(0), Fraction(1)


_FIRST, _LAST = (calendar.days_from_civil(*date) for date in ((1900, 1, 1), (2100, 12, 31)))


def of_date(days: Term, change: Callable[[int], int], direction: int, plain: Callable[[Term], Term]) -> Term:
    """Return a whole number that hangs on a date: looked up where the date is a variable.

    Args:
        days: The date.
        change: What it comes to for a known date.
        direction: 1 where that never falls from day to day, -1 where it never rises.
        plain: The same by the calendar's arithmetic.
    """

    def one(term: Term) -> Term:
        if is_known(term):
            return Fraction(change(int(term)))
        if isinstance(term, Image) and term.trend:
            return term.mapped(lambda value: Fraction(change(int(value))), direction, plain)
        if is_variable(term):
            return Image(term, _FIRST, _LAST, lambda value: Fraction(change(value)), direction, lambda: plain(term))
        return plain(term)

    return each(days, one)


def _stretches(change: Callable[[int], int]) -> list[tuple[int, int]]:
    """Return the days from which a whole number that hangs on a date is another, and what it is from then on.

    It may change on the first of a month and at its end, and nowhere else.
    """
    found: list[tuple[int, int]] = []
    for month in range(1900 * _MONTHS, 2101 * _MONTHS):
        year, place = divmod(month, _MONTHS)
        first = calendar.days_from_civil(year, place + 1, 1)
        for day in (first, *range(first + 28, first + calendar.days_in_month(year, place + 1))):
            value = change(day)
            if not found or found[-1][1] != value:
                found.append((day, value))
    return found


def _tree(argument: Term, stretches: Sequence[tuple[int, int]]) -> Term:
    """Return a number that is looked up, each time in the half where the argument lies."""
    if len(stretches) == 1:
        return Fraction(stretches[0][1])
    middle = len(stretches) // 2
    is_before = below(argument, Fraction(stretches[middle][0]))
    return choose_number(is_before, _tree(argument, stretches[:middle]), _tree(argument, stretches[middle:]))


class Civil(NamedTuple):
    """A date by its parts."""

    year: Term
    """The year."""
    month: Term
    """1 to 12."""
    day: Term
    """1 to 31."""


def civil(days: Term) -> Civil:
    """Return the parts of a date that is counted from 1970-01-01."""
    shifted = plus(days, Fraction(_SHIFT))
    cycle, day = divided(shifted, _CYCLE), rest(shifted, _CYCLE)
    leaps = minus(plus(minus(day, divided(day, 1460)), divided(day, 36_524)), divided(day, 146_096))
    year = divided(leaps, 365)
    before = minus(plus(times(Fraction(365), year), divided(year, 4)), divided(year, 100))
    of_year = minus(day, before)
    place = divided(plus(times(Fraction(5), of_year), Fraction(2)), 153)
    of_month = plus(minus(of_year, divided(plus(times(Fraction(153), place), Fraction(2)), 5)), _ONE)
    is_late = below(place, Fraction(10))
    month = choose_number(is_late, plus(place, Fraction(3)), minus(place, Fraction(9)))
    whole_year = plus(plus(year, times(Fraction(400), cycle)), choose_number(is_late, _ZERO, _ONE))
    return Civil(whole_year, month, of_month)


def days_of(date: Civil) -> Term:
    """Return a date, counted in days from 1970-01-01."""
    is_early = at_most(date.month, Fraction(2))
    year = minus(date.year, choose_number(is_early, _ONE, _ZERO))
    cycle, of_cycle = divided(year, 400), rest(year, 400)
    month = plus(date.month, choose_number(is_early, Fraction(9), Fraction(-3)))
    of_year = plus(divided(plus(times(Fraction(153), month), Fraction(2)), 5), minus(date.day, _ONE))
    of_years = minus(plus(times(Fraction(365), of_cycle), divided(of_cycle, 4)), divided(of_cycle, 100))
    return plus(plus(times(Fraction(_CYCLE), cycle), plus(of_years, of_year)), Fraction(-_SHIFT))


def year_of(days: Term) -> Term:
    """Return the year of a date."""
    return of_date(
        days, lambda day: calendar.civil_from_days(day)[0], 1, lambda term: _tree(term, _years()) if is_variable(term) else civil(term).year
    )


def with_months(days: Term, months: Term) -> Term:
    """Return a date some months later; a day that its month lacks becomes the month's last."""
    if is_known(months):
        return of_date(days, lambda day: _moved(day, int(months)), 1, lambda term: _with_months(term, months))
    return _with_months(days, months)


def _moved(day: int, months: int) -> int:
    return calendar.days_from_civil(*calendar.add_months(*calendar.civil_from_days(day), months))


@lru_cache(maxsize=256)
def _shifts(months: int) -> list[tuple[int, int]]:
    """Return by how many days some months move a date, from which day on."""
    return _stretches(lambda day: _moved(day, months) - day)


@lru_cache(maxsize=1)
def _years() -> list[tuple[int, int]]:
    """Return the years, by their first days."""
    return _stretches(lambda day: calendar.civil_from_days(day)[0])


def _with_months(days: Term, months: Term) -> Term:
    if is_known(months) and is_variable(days):  # other months move dates by ever other days
        return plus(days, _tree(days, _shifts(int(months))))
    date = civil(days)
    total = plus(plus(times(Fraction(_MONTHS), date.year), minus(date.month, _ONE)), months)
    first = Civil(divided(total, _MONTHS), plus(rest(total, _MONTHS), _ONE), _ONE)
    following = plus(total, _ONE)
    begin = days_of(first)
    next_begin = days_of(Civil(divided(following, _MONTHS), plus(rest(following, _MONTHS), _ONE), _ONE))
    length = minus(next_begin, begin)
    day = choose_number(below(length, date.day), length, date.day)
    return plus(begin, minus(day, _ONE))


def months_between(start: Term, end: Term) -> Term:
    """Return the whole months between two dates, cut towards zero."""
    if is_known(end):
        last = calendar.civil_from_days(int(end))
        change = partial(_months_to, last)
        return of_date(start, change, -1, lambda term: _months_between(term, end))
    if is_known(start):
        first = calendar.civil_from_days(int(start))
        return of_date(end, partial(_months_from, first), 1, lambda term: _months_between(start, term))
    return _months_between(start, end)


def _months_to(last: tuple[int, int, int], day: int) -> int:
    return calendar.months_between(calendar.civil_from_days(day), last)


def _months_from(first: tuple[int, int, int], day: int) -> int:
    return calendar.months_between(first, calendar.civil_from_days(day))


def _months_between(start: Term, end: Term) -> Term:
    first, last = civil(start), civil(end)
    months = plus(times(Fraction(_MONTHS), minus(last.year, first.year)), minus(last.month, first.month))
    is_short = both(below(_ZERO, months), below(last.day, first.day))
    is_long = both(below(months, _ZERO), below(first.day, last.day))
    return plus(months, choose_number(is_short, Fraction(-1), choose_number(is_long, _ONE, _ZERO)))


def arithmetic(operator: str, left: Symbol, right: Symbol) -> Symbol | None:
    """Return what dates and durations come to, or None where the two do not go together: that is null."""
    null = either(left.null, right.null)
    match operator, left.sort, right.sort:
        case "+", Sort.DAYS | Sort.MONTHS, Sort.DATE:
            return arithmetic(operator, right, left)
        case "-", Sort.DATE, Sort.DATE:
            return Symbol(Sort.DAYS, minus(left.term, right.term), null)
        case "+" | "-", Sort.DATE, Sort.DAYS:
            if not _is_whole(right.term):
                raise Opaque("日期加减不足一天的时长", "a date is moved by a part of a day")
            moved = plus(left.term, right.term) if operator == "+" else minus(left.term, right.term)
            return Symbol(Sort.DATE, moved, null)
        case "+" | "-", Sort.DATE, Sort.MONTHS:
            months = right.term if operator == "+" else times(Fraction(-1), right.term)
            return Symbol(Sort.DATE, with_months(left.term, months), null)
        case "+" | "-", (Sort.DAYS | Sort.MONTHS) as sort, other if other is sort:
            return Symbol(sort, plus(left.term, right.term) if operator == "+" else minus(left.term, right.term), null)
        case "*", (Sort.DAYS | Sort.MONTHS), Sort.NUMBER:
            if not _is_whole(right.term):
                raise Opaque("时长乘以不是整数的数", "a duration is multiplied by a number that is not whole")
            return Symbol(left.sort, times(left.term, right.term), null)
        case "*", Sort.NUMBER, (Sort.DAYS | Sort.MONTHS):
            return arithmetic(operator, right, left)
        case "/", (Sort.DAYS | Sort.MONTHS), _ if right.sort in {left.sort, Sort.NUMBER}:
            raise Opaque("时长的除法", "a duration is divided")
    return None


def _is_whole(term: Term) -> bool:
    """Say whether a number is known to be whole."""
    if isinstance(term, Image):
        return True  # the only ones that come here hang on a date
    if isinstance(term, Branch):
        return _is_whole(term.then) and _is_whole(term.otherwise)
    return Fraction(term).denominator == 1 if is_known(term) else hasattr(term, "is_int") and bool(term.is_int())


def entry(symbol: Symbol, name: str) -> Symbol | None:
    """Return a part of a date or duration, or None where it has no such part."""
    match symbol.sort, name:
        case Sort.DATE, "year":
            return Symbol(Sort.NUMBER, year_of(symbol.term), symbol.null)
        case Sort.DATE, "month" | "day":
            return Symbol(Sort.NUMBER, getattr(civil(symbol.term), name), symbol.null)
        case Sort.DATE, "weekday":
            return Symbol(Sort.NUMBER, plus(rest(plus(symbol.term, Fraction(3)), 7), _ONE), symbol.null)
        case Sort.DAYS, "days" if _is_whole(symbol.term):
            return Symbol(Sort.NUMBER, symbol.term, symbol.null)
        case Sort.MONTHS, "years" | "months":
            return Symbol(Sort.NUMBER, each(symbol.term, partial(_part_of_months, name)), symbol.null)
        case (Sort.DAYS, "days" | "hours" | "minutes" | "seconds"):
            raise Opaque(f"时长的“{name}”", f"the {name} of a duration")
    return None


def _part_of_months(name: str, months: Term) -> Term:
    """Return the years of a duration in months, or the months beside them; those of one backwards are negative."""
    if isinstance(months, Image) and name == "years":
        return months.mapped(lambda value: Fraction(int(value / _MONTHS)), 1, partial(_part_of_months, name))
    is_backwards = below(months, _ZERO)
    size = choose_number(is_backwards, times(Fraction(-1), months), months)
    part = divided(size, _MONTHS) if name == "years" else rest(size, _MONTHS)
    return choose_number(is_backwards, times(Fraction(-1), part), part)
