"""The sort function (DMN 1.5, 10.3.4.9): a list in the order that a function of two elements gives."""

from functools import cmp_to_key

from zhida.feel.builtins.signature import CARRIED_LIST, FUNCTION, LIST, Host, Undetermined, bad_argument, define, required, signature
from zhida.values.function import Function
from zhida.values.types import BOOLEAN
from zhida.values.unknown import Unknown


def sort(host: Host, elements: tuple[object, ...], precedes: Function) -> tuple[object, ...]:
    """Return the elements so that none stands behind one that it precedes; those that tie keep their order."""
    if len(precedes.parameters) != 2:
        raise bad_argument("precedes", precedes, "function(x, y)")

    def order(left: object, right: object) -> int:
        # Python's sort is stable and asks only whether one comes before the other, so one call answers.
        answer = host.invoke(precedes, (left, right))
        if isinstance(answer, Unknown):
            raise Undetermined(answer)
        if not isinstance(answer, bool):
            raise bad_argument("precedes", answer, BOOLEAN)
        return -1 if answer else 0

    return tuple(sorted(elements, key=cmp_to_key(order)))


FUNCTIONS = (define("sort", signature(sort, LIST, CARRIED_LIST, required("precedes", FUNCTION))),)
"""The functions of this module."""
