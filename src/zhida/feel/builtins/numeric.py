"""Numeric functions, and the statistics of lists of numbers (DMN 1.5, tables 75 and 76).

Sums, products, means and deviations are computed exactly and rounded once, to the host's 34 digits: their result does not
depend on the order of the numbers. A result that is too great for decimal128 is refused by the call.
"""

from collections import Counter
from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Context,
    Decimal,
)

from zhida.feel.builtins.signature import NUMBERS, Host, N, Refused, bad_argument, define, of_list_or_arguments, required, signature
from zhida.values import temporal
from zhida.values.numbers import FEEL_DIGITS
from zhida.values.temporal import DaysDuration, Duration, MonthsDuration
from zhida.values.types import BOOLEAN, DAYS_DURATION, MONTHS_DURATION, NUMBER

EXACT_DIGITS = 20_000
"""Enough for the exact sum of any two decimal128 numbers, whose digits span 12,321 places."""
MIN_SCALE, MAX_SCALE = -6111, 6176
"""The scales of the standard."""
_ONE, _TWO = Decimal(1), Decimal(2)


_EXACT = Context(prec=EXACT_DIGITS, rounding=ROUND_HALF_EVEN, Emin=MIN_EMIN, Emax=MAX_EMAX)


def _exact() -> Context:
    """Return a context in which sums and products of decimal128 numbers lose nothing."""
    return _EXACT.copy()


# --- one number ------------------------------------------------------------------------------------------------------


def _rounded(host: Host, n: Decimal, scale: Decimal, rounding: str) -> Decimal:
    """Return `n` with `scale` decimal places; a scale that is no whole number is cut to one."""
    places = int(scale)
    if not MIN_SCALE <= places <= MAX_SCALE:
        raise bad_argument("scale", scale, f"[{MIN_SCALE}..{MAX_SCALE}]")
    exponent = n.as_tuple().exponent
    assert isinstance(exponent, int), "a FEEL number is finite"
    if -exponent <= places:
        return n
    return host.context.plus(n.quantize(_ONE.scaleb(-places, _exact()), rounding, _exact()))


def decimal(host: Host, n: Decimal, scale: Decimal) -> Decimal:
    """Return `n` rounded half-even."""
    return _rounded(host, n, scale, ROUND_HALF_EVEN)


def floor(host: Host, n: Decimal, scale: Decimal = Decimal(0)) -> Decimal:
    """Return `n` rounded towards minus infinity."""
    return _rounded(host, n, scale, ROUND_FLOOR)


def ceiling(host: Host, n: Decimal, scale: Decimal = Decimal(0)) -> Decimal:
    """Return `n` rounded towards plus infinity."""
    return _rounded(host, n, scale, ROUND_CEILING)


def round_up(host: Host, n: Decimal, scale: Decimal) -> Decimal:
    """Return `n` rounded away from zero."""
    return _rounded(host, n, scale, ROUND_UP)


def round_down(host: Host, n: Decimal, scale: Decimal) -> Decimal:
    """Return `n` rounded towards zero."""
    return _rounded(host, n, scale, ROUND_DOWN)


def round_half_up(host: Host, n: Decimal, scale: Decimal) -> Decimal:
    """Return `n` rounded to the nearest, a tie away from zero."""
    return _rounded(host, n, scale, ROUND_HALF_UP)


def round_half_down(host: Host, n: Decimal, scale: Decimal) -> Decimal:
    """Return `n` rounded to the nearest, a tie towards zero."""
    return _rounded(host, n, scale, ROUND_HALF_DOWN)


def absolute(_host: Host, n: Decimal) -> Decimal:
    """Return `n` without its sign."""
    return n.copy_abs()


def absolute_duration(_host: Host, n: DaysDuration | MonthsDuration) -> Duration | None:
    """Return a duration without its direction."""
    return temporal.absolute(n)


def modulo(host: Host, dividend: Decimal, divisor: Decimal) -> Decimal:
    """Return the remainder of a division that is rounded towards minus infinity: it has the divisor's sign."""
    if not divisor:
        raise Refused("feel-division-by-zero", left=dividend)
    exact = _exact()
    remainder = exact.remainder(dividend, divisor)
    if remainder and remainder.is_signed() != divisor.is_signed():
        remainder = exact.add(remainder, divisor)
    return host.context.plus(remainder)


def square_root(host: Host, number: Decimal) -> Decimal:
    """Return the root; a negative number has none."""
    if number < 0:
        raise bad_argument("number", number, ">= 0")
    return host.context.sqrt(number)


def logarithm(host: Host, number: Decimal) -> Decimal:
    """Return the natural logarithm; only a number above zero has one."""
    if number <= 0:
        raise bad_argument("number", number, "> 0")
    return host.context.ln(number)


def exponential(host: Host, number: Decimal) -> Decimal:
    """Return e to the power of a number."""
    return host.context.exp(number)


def is_odd(_host: Host, number: Decimal) -> bool:
    """Return whether a number is whole and odd."""
    return _exact().remainder(number, _TWO).copy_abs() == 1


def is_even(_host: Host, number: Decimal) -> bool:
    """Return whether a number is whole and even."""
    return not _exact().remainder(number, _TWO)


# --- many numbers ----------------------------------------------------------------------------------------------------


def _checked(numbers: tuple[Decimal | None, ...]) -> list[Decimal]:
    """Return the numbers; a null among them is outside of every domain."""
    for number in numbers:
        if number is None:
            raise bad_argument("list", numbers, NUMBERS)
    return list(numbers)  # type: ignore[arg-type]  # none of them is null


def _added(numbers: list[Decimal]) -> Decimal:
    exact, sums = _exact(), dict[int, Decimal]()
    for number in numbers:  # numbers of like size first: a sum of all sizes has so many digits that to add to it takes long
        place = number.adjusted() // FEEL_DIGITS
        sums[place] = exact.add(sums[place], number) if place in sums else number
    total = Decimal(0)
    for place in sorted(sums):
        total = exact.add(total, sums[place])
    return total


def total(host: Host, numbers: tuple[Decimal | None, ...]) -> Decimal | None:
    """Return the sum; null where there are no numbers."""
    checked = _checked(numbers)
    return host.context.plus(_added(checked)) if checked else None


def mean(host: Host, numbers: tuple[Decimal | None, ...]) -> Decimal | None:
    """Return the arithmetic mean; null where there are no numbers."""
    checked = _checked(numbers)
    return host.context.divide(_added(checked), Decimal(len(checked))) if checked else None


def product(host: Host, numbers: tuple[Decimal | None, ...]) -> Decimal | None:
    """Return the product; null where there are no numbers."""
    checked = _checked(numbers)
    exact, result = _exact(), _ONE
    for number in checked:
        result = exact.multiply(result, number)
    return host.context.plus(result) if checked else None


def median(host: Host, numbers: tuple[Decimal | None, ...]) -> Decimal | None:
    """Return the middle number, or the mean of the middle two; null where there are no numbers."""
    ordered = sorted(_checked(numbers))
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return host.context.divide(_exact().add(ordered[middle - 1], ordered[middle]), _TWO) if ordered else None


def standard_deviation(host: Host, numbers: tuple[Decimal | None, ...]) -> Decimal:
    """Return the deviation of a sample; two numbers at least have one."""
    checked = _checked(numbers)
    count = Decimal(len(checked))
    if count < 2:
        raise bad_argument("list", numbers, f"{NUMBERS}, count >= 2")
    exact = _exact()
    squares = _added([exact.multiply(number, number) for number in checked])
    summed = _added(checked)
    spread = exact.subtract(exact.multiply(count, squares), exact.multiply(summed, summed))
    # Twice the digits here, so that the rounding of the quotient cannot show in the root.
    double = Context(prec=2 * host.context.prec, Emin=MIN_EMIN, Emax=MAX_EMAX)
    return host.context.plus(double.sqrt(double.divide(spread, exact.multiply(count, exact.subtract(count, _ONE)))))


def modes(_host: Host, numbers: tuple[Decimal | None, ...]) -> tuple[Decimal, ...]:
    """Return the numbers that occur most often, ascending; none where there are no numbers."""
    counts = Counter(_checked(numbers))
    most = max(counts.values(), default=0)
    return tuple(sorted(number for number, count in counts.items() if count == most))


SCALE = required("scale", NUMBER)
_NUMBER = required("number", NUMBER)

FUNCTIONS = (
    define("decimal", signature(decimal, NUMBER, N, SCALE)),
    define("floor", signature(floor, NUMBER, N), signature(floor, NUMBER, N, SCALE)),
    define("ceiling", signature(ceiling, NUMBER, N), signature(ceiling, NUMBER, N, SCALE)),
    define("round up", signature(round_up, NUMBER, N, SCALE)),
    define("round down", signature(round_down, NUMBER, N, SCALE)),
    define("round half up", signature(round_half_up, NUMBER, N, SCALE)),
    define("round half down", signature(round_half_down, NUMBER, N, SCALE)),
    define(
        "abs",
        signature(absolute, NUMBER, N),
        signature(absolute_duration, DAYS_DURATION, required("n", DAYS_DURATION)),
        signature(absolute_duration, MONTHS_DURATION, required("n", MONTHS_DURATION)),
    ),
    define("modulo", signature(modulo, NUMBER, required("dividend", NUMBER), required("divisor", NUMBER))),
    define("sqrt", signature(square_root, NUMBER, _NUMBER)),
    define("log", signature(logarithm, NUMBER, _NUMBER)),
    define("exp", signature(exponential, NUMBER, _NUMBER)),
    define("odd", signature(is_odd, BOOLEAN, _NUMBER)),
    define("even", signature(is_even, BOOLEAN, _NUMBER)),
    of_list_or_arguments("sum", total, NUMBER, NUMBERS),
    of_list_or_arguments("mean", mean, NUMBER, NUMBERS),
    of_list_or_arguments("product", product, NUMBER, NUMBERS),
    of_list_or_arguments("median", median, NUMBER, NUMBERS),
    of_list_or_arguments("stddev", standard_deviation, NUMBER, NUMBERS),
    of_list_or_arguments("mode", modes, NUMBERS, NUMBERS),
)
"""The functions of this module."""
