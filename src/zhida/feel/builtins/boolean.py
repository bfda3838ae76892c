"""Boolean functions, and those on lists of booleans (DMN 1.5, tables 73 and 75).

All of them are four-valued: a fact that is missing makes the answer unknown only where it could still change it.
"""

from zhida.feel.builtins.signature import LIST, Host, bad_argument, carried, define, signature, variadic
from zhida.values.logic import Truth, conjunction, disjunction, negation
from zhida.values.types import BOOLEAN
from zhida.values.unknown import Unknown


def opposite(_host: Host, negand: object) -> Truth:
    """Return `not(negand)`; null of null. A list of one stands for its element (10.3.2.9.4)."""
    if isinstance(negand, tuple) and len(negand) == 1:
        negand = negand[0]
    if negand is not None and not isinstance(negand, bool | Unknown):
        raise bad_argument("negand", negand, BOOLEAN)
    return negation(negand)


def every(_host: Host, elements: tuple[object, ...]) -> Truth:
    """Return whether all elements are true: false settles it; true where there are none."""
    return _settled(elements, conjunction(elements))


def some(_host: Host, elements: tuple[object, ...]) -> Truth:
    """Return whether any element is true: true settles it; false where there are none."""
    return _settled(elements, disjunction(elements))


def _settled(elements: tuple[object, ...], result: Truth) -> Truth:
    """Return the result; a null that comes from something else than a boolean or null is a mistake."""
    if result is None:
        for element in elements:
            if element is not None and not isinstance(element, bool):
                raise bad_argument("list", element, BOOLEAN)
    return result


def every_argument(host: Host, *arguments: object) -> Truth:
    """Return whether all arguments are true."""
    return every(host, arguments)


def some_argument(host: Host, *arguments: object) -> Truth:
    """Return whether any argument is true."""
    return some(host, arguments)


_LIST = carried("list", LIST)
_B1, _B2 = carried("b1"), carried("b2")

FUNCTIONS = (
    define("not", signature(opposite, BOOLEAN, carried("negand"))),
    define("all", signature(every, BOOLEAN, _LIST), variadic(every_argument, BOOLEAN, _B1, _B2)),
    define("any", signature(some, BOOLEAN, _LIST), variadic(some_argument, BOOLEAN, _B1, _B2)),
)
"""The functions of this module."""
