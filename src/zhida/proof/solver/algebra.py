"""Truths and numbers as terms of z3; what is known stays plain Python and is computed here.

    (营收 / 资产) <= 3        asked of a quotient in two parts, so that it remains linear
    成立.year = 2024          looked up: 2024-01-01 <= 成立 <= 2024-12-31

Numbers are exact rationals, truths are two-valued: null is kept beside them, in `values`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any

import z3

Term = Any

Context = Any


class Sort(StrEnum):
    """What a value can be beside null."""

    NULL = "null"
    NUMBER = "number"
    STRING = "string"
    BOOLEAN = "boolean"
    DATE = "date"
    DAYS = "days and time duration"
    MONTHS = "years and months duration"
    LIST = "list"
    CONTEXT = "context"
    FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class Quotient:
    """A number that is divided by another which is not known; where that is zero it means nothing."""

    above: Term
    """What is divided."""
    below: Term
    """What it is divided by, never a known number."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One number or another; a comparison is asked of each, so that what is known of them is used."""

    condition: Term
    """Which of them."""
    then: Term
    """The number where that holds."""
    otherwise: Term
    """The number where it does not."""


@dataclass(frozen=True, slots=True)
class Image:
    """A known function of one whole number: a year of a date, the first two digits of a code.

    What it is compared with, if known, is looked up: what is left is a comparison of the argument.
    """

    argument: Term
    """What it is a function of."""
    low: int
    """The least value of the argument."""
    high: int
    """The greatest value of the argument."""
    at: Callable[[int], Fraction]
    """What it is for a value of the argument."""
    trend: int
    """1 where it never falls, -1 where it never rises; 0 where neither is known: then the argument has few values."""
    plain: Callable[[], Term]
    """The same as a term of z3."""
    stretches: list[tuple[Fraction, int]] = field(default_factory=list, init=False, repr=False, compare=False)
    """Its values as the argument grows, each with where it begins; empty until it is asked for."""

    def mapped(self, change: Callable[[Fraction], Fraction], direction: int, plain: Callable[[Term], Term]) -> "Image":
        """Return a function of this one; `direction` says whether that never falls, never rises, or neither."""
        at = self.at
        return Image(
            self.argument, self.low, self.high, lambda value: change(at(value)), self.trend * direction, lambda: plain(self.plain())
        )

    def where(self, test: Callable[[Fraction], bool]) -> Term:
        """Return whether a test holds; where there is a trend, it holds up to some value or from one on."""
        if self.trend == 0:
            return self._runs(test)
        first, last = test(self.at(self.low)), test(self.at(self.high))
        if first == last:
            return first
        low, high = self.low, self.high  # the test changes once, somewhere between the two
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if test(self.at(middle)) == first else (low, middle)
        return at_most(self.argument, Fraction(low)) if first else at_most(Fraction(high), self.argument)

    def _runs(self, test: Callable[[Fraction], bool]) -> Term:
        """Return whether the argument lies in one of the stretches where a test holds; each value is tested once."""
        if not self.stretches:
            values = [self.at(value) for value in range(self.low, self.high + 1)]
            begins = [place for place, value in enumerate(values) if not place or value != values[place - 1]]
            self.stretches.extend((values[begin], self.low + begin) for begin in begins)
        met = {value: test(value) for value in dict.fromkeys(value for value, _ in self.stretches)}
        runs: list[Term] = []
        begin: int | None = None
        for value, start in (*self.stretches, (None, self.high + 1)):
            is_met = value is not None and met[value]
            if is_met and begin is None:
                begin = start
            elif not is_met and begin is not None:
                after = True if begin == self.low else at_most(Fraction(begin), self.argument)
                before = True if start > self.high else at_most(self.argument, Fraction(start - 1))
                runs.append(both(after, before))
                begin = None
        return either(*runs)


def each(term: Term, change: Callable[[Term], Term]) -> Term:
    """Return a function of a number, taken in each of its branches."""
    if isinstance(term, Branch):
        return Branch(term.condition, each(term.then, change), each(term.otherwise, change))
    return change(term)


# --- z3's own makers, without the conversions around them: most of the time went there ---------------------------------


def _of_many(make: Callable[..., Term], parts: Sequence[Term]) -> Term:
    context = parts[0].ctx
    array = (z3.Ast * len(parts))(*[part.ast for part in parts])
    return z3.BoolRef(make(context.ref(), len(parts), array), context)


def _of_two(make: Callable[..., Term], left: Term, right: Term) -> Term:
    return z3.BoolRef(make(left.ctx.ref(), left.ast, right.ast), left.ctx)


def _if_else(condition: Term, then: Term, otherwise: Term) -> Term:
    made = z3.Z3_mk_ite(then.ctx.ref(), condition.ast, then.ast, otherwise.ast)
    return (z3.BoolRef if isinstance(then, z3.BoolRef) else z3.ArithRef)(made, then.ctx)


def _is_whole(term: Term) -> bool:
    """Say whether a term of z3 is a whole number."""
    context = term.ctx.ref()
    return bool(z3.Z3_get_sort_kind(context, z3.Z3_get_sort(context, term.ast)) == z3.Z3_INT_SORT)


# --- truths ----------------------------------------------------------------------------------------------------------


def both(*truths: Term) -> Term:
    """Return whether all hold."""
    parts = []
    for truth in truths:
        if truth is False:
            return False
        if truth is not True:
            parts.append(truth)
    if not parts:
        return True
    return parts[0] if len(parts) == 1 else _of_many(z3.Z3_mk_and, parts)


def either(*truths: Term) -> Term:
    """Return whether any holds."""
    parts = []
    for truth in truths:
        if truth is True:
            return True
        if truth is not False:
            parts.append(truth)
    if not parts:
        return False
    return parts[0] if len(parts) == 1 else _of_many(z3.Z3_mk_or, parts)


def opposite(truth: Term) -> Term:
    """Return whether something does not hold."""
    return not truth if isinstance(truth, bool) else z3.BoolRef(z3.Z3_mk_not(truth.ctx_ref(), truth.ast), truth.ctx)


def same_truth(left: Term, right: Term) -> Term:
    """Return whether two truths are the same."""
    if isinstance(left, bool):
        return right if left else opposite(right)
    if isinstance(right, bool):
        return left if right else opposite(left)
    return _of_two(z3.Z3_mk_eq, left, right)


def choose_truth(condition: Term, then: Term, otherwise: Term) -> Term:
    """Return one truth or another."""
    if isinstance(condition, bool):
        return then if condition else otherwise
    if isinstance(then, bool):
        return either(condition, otherwise) if then else both(opposite(condition), otherwise)
    if isinstance(otherwise, bool):
        return either(opposite(condition), then) if otherwise else both(condition, then)
    return then if then is otherwise else _if_else(condition, then, otherwise)


# --- numbers ---------------------------------------------------------------------------------------------------------


def is_known(term: Term) -> bool:
    """Say whether a truth or number is plain Python."""
    return isinstance(term, bool | int | Fraction)


def lifted(term: Term, context: Context = None) -> Term:
    """Return a number as a term of z3, of some context where it is known."""
    if isinstance(term, Quotient):
        return _real(term.above, _context(term.below)) / _real(term.below)
    if isinstance(term, Image):
        return lifted(term.plain(), _context(term.argument))
    if isinstance(term, Branch):
        one, other = _pair(term.then, term.otherwise, term.condition)
        return _if_else(term.condition, one, other)
    if isinstance(term, int) or (isinstance(term, Fraction) and term.denominator == 1):
        return z3.IntVal(int(term), context)
    return z3.RealVal(f"{term.numerator}/{term.denominator}", context) if isinstance(term, Fraction) else term


def _context(*terms: Term) -> Context:
    """Return the context of the first term that is not known."""
    for term in terms:
        if isinstance(term, z3.ExprRef):
            return term.ctx
        if isinstance(term, Quotient):
            return _context(term.above, term.below)
        if isinstance(term, Image):
            return _context(term.argument)
        if isinstance(term, Branch):
            return _context(term.condition)
    return None


def _plain(term: Term) -> Term:
    """Return an image as a term of z3, anything else as it is."""
    return _plain(term.plain()) if isinstance(term, Image) else term


def _unbranched(term: Term) -> Term:
    """Return images and branches as terms of z3, anything else as it is."""
    return lifted(term) if isinstance(term, Image | Branch) else term


def _real(term: Term, context: Context = None) -> Term:
    found = lifted(term, context)
    return z3.ToReal(found) if _is_whole(found) else found


def _pair(left: Term, right: Term, beside: Term = None) -> tuple[Term, Term]:
    """Return two numbers as terms of one sort."""
    context = _context(left, right, beside)
    left, right = lifted(left, context), lifted(right, context)
    if _is_whole(left) == _is_whole(right):
        return left, right
    return (z3.ToReal(left), right) if _is_whole(left) else (left, z3.ToReal(right))


def plus(left: Term, right: Term) -> Term:
    """Return the sum."""
    if is_known(left) and is_known(right):
        return left + right
    if is_known(left):
        left, right = right, left
    if is_known(right):
        if right == 0:
            return left
        if isinstance(left, Branch):
            return each(left, lambda term: plus(term, right))
        if isinstance(left, Image):
            return left.mapped(lambda value: value + right, 1, lambda term: plus(term, right))
        if isinstance(left, Quotient):
            return Quotient(plus(left.above, times(right, left.below)), left.below)
    one, other = _pair(left, right)
    return one + other


def minus(left: Term, right: Term) -> Term:
    """Return the difference."""
    if is_known(left) and is_known(right):
        return left - right
    if isinstance(left, Quotient) or isinstance(right, Quotient | Image | Branch) or is_known(right):
        return plus(left, times(Fraction(-1), right))
    one, other = _pair(left, right)
    return one - other


def times(left: Term, right: Term) -> Term:
    """Return the product."""
    if is_known(left) and is_known(right):
        return left * right
    if is_known(right):
        left, right = right, left
    if is_known(left):
        if left == 0:
            return Fraction(0)
        if left == 1:
            return right
        if isinstance(right, Branch):
            return each(right, lambda term: times(left, term))
        if isinstance(right, Image):
            return right.mapped(lambda value: value * left, 1 if left > 0 else -1, lambda term: times(left, term))
        if isinstance(right, Quotient):
            return Quotient(times(left, right.above), right.below)
    left, right = _unbranched(left), _unbranched(right)
    if isinstance(left, Quotient):
        left, right = right, left
    if isinstance(right, Quotient) and not isinstance(left, Quotient):
        return Quotient(times(left, right.above), right.below)
    one, other = _pair(left, right)
    return one * other


def over(left: Term, right: Term) -> Term:
    """Return the quotient; the divisor is not a known zero."""
    if is_known(right):
        return times(left, 1 / Fraction(right))
    left, right = _unbranched(left), _unbranched(right)
    if isinstance(right, Quotient):
        return over(times(left, right.below), right.above) if not is_known(right.above) else times(left, over(right.below, right.above))
    return Quotient(times(left.above, 1), times(left.below, right)) if isinstance(left, Quotient) else Quotient(left, right)


def choose_number(condition: Term, then: Term, otherwise: Term) -> Term:
    """Return one number or another."""
    if isinstance(condition, bool):
        return then if condition else otherwise
    if then is otherwise or (is_known(then) and is_known(otherwise) and then == otherwise):
        return then
    if isinstance(then, Image | Branch) or isinstance(otherwise, Image | Branch):
        return Branch(condition, then, otherwise)
    if isinstance(then, Quotient) or isinstance(otherwise, Quotient):
        parts = [part if isinstance(part, Quotient) else Quotient(part, Fraction(1)) for part in (then, otherwise)]
        above = choose_number(condition, parts[0].above, parts[1].above)
        return Quotient(above, choose_number(condition, parts[0].below, parts[1].below))
    one, other = _pair(then, otherwise, condition)
    return _if_else(condition, one, other)


def at_most(left: Term, right: Term) -> Term:
    """Return whether `left <= right`."""
    if is_known(left) and is_known(right):
        return bool(left <= right)
    return _ordered(left, right, is_strict=False)


def below(left: Term, right: Term) -> Term:
    """Return whether `left < right`."""
    if is_known(left) and is_known(right):
        return bool(left < right)
    return _ordered(left, right, is_strict=True)


def _ordered(left: Term, right: Term, *, is_strict: bool) -> Term:
    compare = below if is_strict else at_most
    if isinstance(left, Branch):
        return choose_truth(left.condition, compare(left.then, right), compare(left.otherwise, right))
    if isinstance(right, Branch):
        return choose_truth(right.condition, compare(left, right.then), compare(left, right.otherwise))
    if isinstance(left, Image) and is_known(right):
        return left.where(lambda value: value < right if is_strict else value <= right)
    if isinstance(right, Image) and is_known(left):
        return right.where(lambda value: left < value if is_strict else left <= value)
    left, right = _plain(left), _plain(right)
    if isinstance(left, Quotient):
        scaled = times(right, left.below)
        is_positive = below(Fraction(0), left.below)
        return choose_truth(is_positive, compare(left.above, scaled), compare(scaled, left.above))
    if isinstance(right, Quotient):
        scaled = times(left, right.below)
        is_positive = below(Fraction(0), right.below)
        return choose_truth(is_positive, compare(scaled, right.above), compare(right.above, scaled))
    if isinstance(left, Fraction) and left.denominator != 1 and _is_whole(right):
        left, is_strict = Fraction(left.__ceil__()), False
    if isinstance(right, Fraction) and right.denominator != 1 and _is_whole(left):
        right, is_strict = Fraction(right.__floor__()), False
    one, other = _pair(left, right)
    return _of_two(z3.Z3_mk_lt if is_strict else z3.Z3_mk_le, one, other)


def same_number(left: Term, right: Term) -> Term:
    """Return whether two numbers are equal."""
    if is_known(left) and is_known(right):
        return bool(left == right)
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Branch):
            return choose_truth(one.condition, same_number(one.then, other), same_number(one.otherwise, other))
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Image) and is_known(other):
            if one.trend:
                return both(at_most(one, other), at_most(other, one))
            return one.where(lambda value: value == other)  # noqa: B023 - it is asked at once
    left, right = _plain(left), _plain(right)
    if isinstance(left, Quotient):
        return same_number(left.above, times(right, left.below))
    if isinstance(right, Quotient):
        return same_number(right.above, times(left, right.below))
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Fraction) and one.denominator != 1 and _is_whole(other):
            return False
    one, other = _pair(left, right)
    return _of_two(z3.Z3_mk_eq, one, other)


def whole(term: Term) -> Term:
    """Return the greatest whole number that is not above a number."""
    if is_known(term):
        return Fraction(term.__floor__())
    found = lifted(term)
    return found if _is_whole(found) else z3.ToInt(found)


def divided(term: Term, divisor: int) -> Term:
    """Return a whole number divided by a known one, rounded down."""
    return Fraction(int(term) // divisor) if is_known(term) else lifted(term) / z3.IntVal(divisor, _context(term))


def rest(term: Term, divisor: int) -> Term:
    """Return what is left of a whole number where it is divided by a known one, rounded down."""
    return Fraction(int(term) % divisor) if is_known(term) else lifted(term) % z3.IntVal(divisor, _context(term))


# --- variables -------------------------------------------------------------------------------------------------------


class Space:
    """Where terms live: those of one space are made in the same order wherever they are made, so z3 answers alike."""

    def __init__(self) -> None:
        """Begin with no terms."""
        self.context = z3.Context()

    def variable(self, sort: Sort, name: str, *, is_whole: bool = False) -> Term:
        """Return a term of which nothing is known."""
        if sort is Sort.BOOLEAN:
            return z3.Bool(name, self.context)
        if sort in {Sort.NUMBER, Sort.DAYS} and not is_whole:
            return z3.Real(name, self.context)
        return z3.Int(name, self.context)


def is_variable(term: Term) -> bool:
    """Say whether a term is a variable and nothing more."""
    return isinstance(term, z3.ExprRef) and z3.is_const(term) and term.decl().kind() == z3.Z3_OP_UNINTERPRETED
