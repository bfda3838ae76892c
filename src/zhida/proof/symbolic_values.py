"""Values of FEEL as terms of z3: a term for each sort and a truth that says where it is null.

    Symbol(NUMBER, n / d, d = 0)        the quotient of two facts, null where the divisor is zero

What is known stays plain Python (`bool`, `Fraction`, `int`) and is computed here, not in z3: most of a policy is known.
Numbers are exact rationals; strings are numbered as they are met; dates are days, durations days or months. A quotient stays
in two parts, so that comparing it with a number remains linear.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any

import z3

Term = Any


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
class Symbol:
    """A value: what it is where it is not null."""

    sort: Sort
    """What it can be."""
    term: Term
    """A term or what is known: of a list its `Part`s or None where they are not known, of a context its entries."""
    null: Term = False
    """Whether it is null."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some equal elements of a list that stand beside each other."""

    times: Term
    """How many there are."""
    value: Symbol
    """What each of them is."""


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

    def mapped(self, change: Callable[[Fraction], Fraction], direction: int, plain: Callable[[Term], Term]) -> "Image":
        """Return a function of this one; `direction` says whether that never falls, never rises, or neither."""
        at = self.at
        return Image(self.argument, self.low, self.high, lambda value: change(at(value)), self.trend * direction, lambda: plain(self.plain()))

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
        """Return whether the argument lies in one of the stretches where a test holds."""
        runs: list[Term] = []
        begin: int | None = None
        for value in range(self.low, self.high + 2):
            is_met = value <= self.high and test(self.at(value))
            if is_met and begin is None:
                begin = value
            elif not is_met and begin is not None:
                after = True if begin == self.low else at_most(Fraction(begin), self.argument)
                before = True if value > self.high else at_most(self.argument, Fraction(value - 1))
                runs.append(both(after, before))
                begin = None
        return either(*runs)


def each(term: Term, change: Callable[[Term], Term]) -> Term:
    """Return a function of a number, taken in each of its branches."""
    if isinstance(term, Branch):
        return Branch(term.condition, each(term.then, change), each(term.otherwise, change))
    return change(term)


NULL = Symbol(Sort.NULL, None, null=True)
"""Null."""

NUMERIC = frozenset((Sort.NUMBER, Sort.DATE, Sort.DAYS, Sort.MONTHS))
"""Sorts whose terms are numbers: they have an order."""


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
    return parts[0] if len(parts) == 1 else z3.And(parts)


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
    return parts[0] if len(parts) == 1 else z3.Or(parts)


def opposite(truth: Term) -> Term:
    """Return whether something does not hold."""
    return not truth if isinstance(truth, bool) else z3.Not(truth)


def same_truth(left: Term, right: Term) -> Term:
    """Return whether two truths are the same."""
    if isinstance(left, bool):
        return right if left else opposite(right)
    if isinstance(right, bool):
        return left if right else opposite(left)
    return left == right


def choose_truth(condition: Term, then: Term, otherwise: Term) -> Term:
    """Return one truth or another."""
    if isinstance(condition, bool):
        return then if condition else otherwise
    if isinstance(then, bool):
        return either(condition, otherwise) if then else both(opposite(condition), otherwise)
    if isinstance(otherwise, bool):
        return either(opposite(condition), then) if otherwise else both(condition, then)
    return then if then is otherwise else z3.If(condition, then, otherwise)


def holds(symbol: Symbol) -> Term:
    """Return whether a value is true; anything but true is not."""
    return both(opposite(symbol.null), symbol.term) if symbol.sort is Sort.BOOLEAN else False


# --- numbers ---------------------------------------------------------------------------------------------------------


def is_known(term: Term) -> bool:
    """Say whether a truth or number is plain Python."""
    return isinstance(term, bool | int | Fraction)


def _lift(term: Term) -> Term:
    """Return a number as a term of z3."""
    if isinstance(term, Quotient):
        return _real(term.above) / _real(term.below)
    if isinstance(term, Image):
        return _lift(term.plain())
    if isinstance(term, Branch):
        one, other = _pair(term.then, term.otherwise)
        return z3.If(term.condition, one, other)
    if isinstance(term, int) or (isinstance(term, Fraction) and term.denominator == 1):
        return z3.IntVal(int(term))
    return z3.RealVal(f"{term.numerator}/{term.denominator}") if isinstance(term, Fraction) else term


def _plain(term: Term) -> Term:
    """Return an image as a term of z3, anything else as it is."""
    return _plain(term.plain()) if isinstance(term, Image) else term


def _unbranched(term: Term) -> Term:
    """Return images and branches as terms of z3, anything else as it is."""
    return _lift(term) if isinstance(term, Image | Branch) else term


def _real(term: Term) -> Term:
    lifted = _lift(term)
    return z3.ToReal(lifted) if lifted.is_int() else lifted


def _pair(left: Term, right: Term) -> tuple[Term, Term]:
    """Return two numbers as terms of one sort."""
    left, right = _lift(left), _lift(right)
    if left.is_int() == right.is_int():
        return left, right
    return (z3.ToReal(left), right) if left.is_int() else (left, z3.ToReal(right))


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
    one, other = _pair(then, otherwise)
    return z3.If(condition, one, other)


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
    if isinstance(left, Fraction) and left.denominator != 1 and right.is_int():
        left, is_strict = Fraction(left.__ceil__()), False
    if isinstance(right, Fraction) and right.denominator != 1 and left.is_int():
        right, is_strict = Fraction(right.__floor__()), False
    one, other = _pair(left, right)
    return one < other if is_strict else one <= other


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
        if isinstance(one, Fraction) and one.denominator != 1 and other.is_int():
            return False
    one, other = _pair(left, right)
    return one == other


def whole(term: Term) -> Term:
    """Return the greatest whole number that is not above a number."""
    if is_known(term):
        return Fraction(term.__floor__())
    lifted = _lift(term)
    return lifted if lifted.is_int() else z3.ToInt(lifted)


def divided(term: Term, divisor: int) -> Term:
    """Return a whole number divided by a known one, rounded down."""
    return Fraction(int(term) // divisor) if is_known(term) else _lift(term) / z3.IntVal(divisor)


def rest(term: Term, divisor: int) -> Term:
    """Return what is left of a whole number where it is divided by a known one, rounded down."""
    return Fraction(int(term) % divisor) if is_known(term) else _lift(term) % z3.IntVal(divisor)


# --- any -------------------------------------------------------------------------------------------------------------


class Opaque(Exception):  # noqa: N818 - it never leaves an encoding: it becomes a free value
    """Something cannot be said in terms."""

    def __init__(self, chinese: str, english: str) -> None:
        """Keep why."""
        super().__init__(english)
        self.reason = (chinese, english)


def mixed() -> Opaque:
    """Return the fault of a value that can be of several types."""
    return Opaque("一个值可能有几种类型", "a value can be of several types")


def choose(condition: Term, then: Symbol, otherwise: Symbol) -> Symbol:
    """Return one value or another."""
    if isinstance(condition, bool):
        return then if condition else otherwise
    null = choose_truth(condition, then.null, otherwise.null)
    if then.sort is Sort.NULL or then.null is True:
        return Symbol(otherwise.sort, otherwise.term, null)
    if otherwise.sort is Sort.NULL or otherwise.null is True:
        return Symbol(then.sort, then.term, null)
    if then.sort is not otherwise.sort:
        raise mixed()
    return Symbol(then.sort, _chosen(then.sort, condition, then.term, otherwise.term), null)


def _chosen(sort: Sort, condition: Term, then: Term, otherwise: Term) -> Term:
    if sort is Sort.BOOLEAN:
        return choose_truth(condition, then, otherwise)
    if sort in NUMERIC or sort is Sort.STRING:
        return choose_number(condition, then, otherwise)
    if sort is Sort.CONTEXT and then.keys() == otherwise.keys():
        return {name: choose(condition, entry, otherwise[name]) for name, entry in then.items()}
    if sort is Sort.LIST:
        return None if then is None or otherwise is None else (*_if(condition, then), *_if(opposite(condition), otherwise))
    raise mixed()


def _if(condition: Term, parts: Sequence[Part]) -> list[Part]:
    return [Part(choose_number(condition, part.times, Fraction(0)), part.value) for part in parts]


def equal(left: Symbol, right: Symbol) -> Symbol:
    """Return whether two values are equal: null equals null alone; values of different types are null."""
    if left.sort is Sort.NULL or right.sort is Sort.NULL:
        other = left if right.sort is Sort.NULL else right
        return Symbol(Sort.BOOLEAN, other.null)
    if left.sort is not right.sort:
        one_is_null = either(left.null, right.null)
        return Symbol(Sort.BOOLEAN, both(left.null, right.null), opposite(one_is_null))
    nulls = both(left.null, right.null)
    values = both(opposite(left.null), opposite(right.null), _same(left, right))
    return Symbol(Sort.BOOLEAN, either(nulls, values))


def _same(left: Symbol, right: Symbol) -> Term:
    if left.sort is Sort.BOOLEAN:
        return same_truth(left.term, right.term)
    if left.sort in NUMERIC or left.sort is Sort.STRING:
        return same_number(left.term, right.term)
    if left.sort is Sort.CONTEXT and left.term.keys() == right.term.keys():
        return both(*(holds(equal(entry, right.term[name])) for name, entry in left.term.items()))
    raise Opaque("比较两个列表", "two lists are compared")


def differ(left: Symbol, right: Symbol) -> Term:
    """Return whether two values are not known to be equal: null beside a value is another."""
    return opposite(holds(equal(left, right)))


def less(left: Symbol, right: Symbol, *, or_equal: bool = False) -> Symbol:
    """Return whether one value comes before another; null where they have no order."""
    if Sort.NULL in {left.sort, right.sort} or left.sort is not right.sort:
        return NULL
    if left.sort not in NUMERIC:
        if left.sort is Sort.STRING:
            raise Opaque("按先后比较字符串", "strings are compared by their order")
        return NULL
    compare = at_most if or_equal else below
    return Symbol(Sort.BOOLEAN, compare(left.term, right.term), either(left.null, right.null))


def negated(symbol: Symbol) -> Symbol:
    """Return the opposite of a truth; null for anything else."""
    return Symbol(Sort.BOOLEAN, opposite(symbol.term), symbol.null) if symbol.sort is Sort.BOOLEAN else NULL


def conjunction(symbols: Sequence[Symbol]) -> Symbol:
    """Return whether all hold: false settles it, then null."""
    truths = [symbol if symbol.sort is Sort.BOOLEAN else NULL for symbol in symbols]
    is_false = either(*(both(opposite(each.null), opposite(each.term)) for each in truths if each.sort is Sort.BOOLEAN))
    return Symbol(Sort.BOOLEAN, opposite(is_false), both(opposite(is_false), either(*(each.null for each in truths))))


def disjunction(symbols: Sequence[Symbol]) -> Symbol:
    """Return whether any holds: true settles it, then null."""
    is_true = either(*map(holds, symbols))
    nulls = (symbol.null if symbol.sort is Sort.BOOLEAN else True for symbol in symbols)
    return Symbol(Sort.BOOLEAN, is_true, both(opposite(is_true), either(*nulls)))


# --- variables -------------------------------------------------------------------------------------------------------


def variable(sort: Sort, name: str, *, is_whole: bool = False) -> Term:
    """Return a term of which nothing is known."""
    if sort is Sort.BOOLEAN:
        return z3.Bool(name)
    return z3.Real(name) if sort in {Sort.NUMBER, Sort.DAYS} and not is_whole else z3.Int(name)


def free(sort: Sort, name: str, *, is_nullable: bool = True, entries: Mapping[str, Sort] | None = None) -> Symbol:
    """Return a value of which nothing is known but its type."""
    null = z3.Bool(f"{name} null") if is_nullable else False
    if sort is Sort.NULL:
        return NULL
    if sort is Sort.CONTEXT:
        return Symbol(sort, {entry: free(kind, f"{name}.{entry}") for entry, kind in (entries or {}).items()}, null)
    return Symbol(sort, None if sort is Sort.LIST else variable(sort, name), null)


def is_variable(term: Term) -> bool:
    """Say whether a term is a variable and nothing more."""
    return isinstance(term, z3.ExprRef) and z3.is_const(term) and term.decl().kind() == z3.Z3_OP_UNINTERPRETED
