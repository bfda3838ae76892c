"""Values of FEEL as terms: what each is where it is not null, and a truth that says where it is.

    Symbol(NUMBER, n / d, d = 0)        the quotient of two facts, null where the divisor is zero

Strings are numbered as they are met; dates are days, durations days or months.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from zhida.proof.solver.algebra import (
    Sort,
    Space,
    Term,
    at_most,
    below,
    both,
    choose_number,
    choose_truth,
    either,
    opposite,
    same_number,
    same_truth,
)


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


NULL = Symbol(Sort.NULL, None, null=True)
"""Null."""

NUMERIC = frozenset((Sort.NUMBER, Sort.DATE, Sort.DAYS, Sort.MONTHS))
"""Sorts whose terms are numbers: they have an order."""


def holds(symbol: Symbol) -> Term:
    """Return whether a value is true; anything but true is not."""
    return both(opposite(symbol.null), symbol.term) if symbol.sort is Sort.BOOLEAN else False


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
    """Return whether two values are not known to be equal: null beside a value is another.

    Two lists are taken for different where their parts are: they may be equal all the same, so a subject must be replayed.
    """
    if left.sort is Sort.LIST and right.sort is Sort.LIST and left.term is not None and right.term is not None:
        return either(opposite(same_truth(left.null, right.null)), both(opposite(left.null), _parts_differ(left.term, right.term)))
    return opposite(holds(equal(left, right)))


def _parts_differ(left: Sequence[Part], right: Sequence[Part]) -> Term:
    """Return whether two lists differ in some part."""
    none = [Part(Fraction(0), NULL)]
    longest = max(len(left), len(right))
    pairs = zip([*left, *none * (longest - len(left))], [*right, *none * (longest - len(right))], strict=True)
    return either(
        *(
            either(opposite(same_number(one.times, other.times)), both(below(Fraction(0), one.times), differ(one.value, other.value)))
            for one, other in pairs
        )
    )


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


def free(space: Space, sort: Sort, name: str) -> Symbol:
    """Return a value of which nothing is known but its type; the entries of a context are not made here."""
    if sort is Sort.NULL:
        return NULL
    null = space.variable(Sort.BOOLEAN, f"{name} null")
    return Symbol(sort, None if sort is Sort.LIST else space.variable(sort, name), null)
