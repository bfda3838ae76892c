"""The builtin functions of FEEL (DMN 1.5, 10.3.4) and the one way to call them.

    name, arguments --bind--> signature, converted arguments --unknown?--> implementation --> value
                        |                                                       |
                        +-- refused: null and a diagnostic <--------------------+

Each module holds one of the standard's tables as `FUNCTIONS`; `BUILTINS` is all of them. An implementation takes the host
and its arguments; it returns a value, refuses what it is not defined for, and knows nothing of how it was called.
"""

from collections.abc import Mapping, Sequence
from decimal import DivisionByZero, InvalidOperation, Overflow
from typing import Any

from zhida.feel.builtins import boolean, context, conversion, numeric, range, sort, string, temporal  # noqa: A004 - the standard's words
from zhida.feel.builtins import list as list_
from zhida.feel.builtins.signature import Builtin, Host, Parameter, Refusal, Refused, Signature, Undetermined, bind
from zhida.values.types import ANY
from zhida.values.unknown import MAY_HOLD_UNKNOWN, Unknown, find_unknown, merge

_MODULES = (conversion, boolean, string, list_, numeric, range, temporal, sort, context)

BUILTINS: Mapping[str, Builtin] = {builtin.name: builtin for module in _MODULES for builtin in module.FUNCTIONS}
"""Every builtin by its name."""


def call_builtin(builtin: Builtin, host: Host, positional: Sequence[Any], named: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 - any FEEL value
    """Return the result of calling a builtin; a mistake is null and a diagnostic, never an exception.

    What an argument lacks, the result lacks too. The exceptions are parameters that a builtin does not look at and those of
    `all`, `any` and `list contains`, which answer as soon as the known arguments settle it.

    Args:
        builtin: What is called.
        host: The evaluation that calls.
        positional: Arguments by position; empty where they are named.
        named: Arguments by name.
    """
    bound = bind(builtin, positional, named)
    if isinstance(bound, Refusal):
        host.note(bound.code, function=builtin.name, **bound.arguments)
        return None
    signature, arguments = bound
    unknown = _lacking(signature, arguments)
    if unknown is not None:
        return unknown
    try:
        return signature.implementation(host, *arguments)
    except Refused as refused:
        host.note(refused.code, **{"function": builtin.name, **refused.arguments})
    except Undetermined as undetermined:
        # Which of the unknown parts would settle it cannot be told from here, so the result lacks them all.
        return merge((undetermined.unknown, *arguments))
    except (InvalidOperation, DivisionByZero, Overflow):
        host.note("feel-number-overflow", operation=builtin.name)
    return None


def _lacking(signature: Signature, arguments: tuple[object, ...]) -> Unknown | None:
    """Return the unknown that hides in what the builtin must look at, or None where all of it is known."""
    parameters = signature.parameters
    last = len(parameters) - 1
    looked_at = [
        _looked_at(argument, parameters[min(place, last)]) for place, argument in enumerate(arguments) if type(argument) in MAY_HOLD_UNKNOWN
    ]
    return merge(looked_at) if looked_at else None


def _looked_at(argument: object, parameter: Parameter) -> Unknown | None:
    """Return the unknown in an argument that keeps the builtin from its work.

    A carried list or context must be there, only its parts may be unknown; anything else that is carried may be unknown itself.
    """
    if not parameter.is_carried:
        return find_unknown(argument)
    return argument if isinstance(argument, Unknown) and parameter.type is not ANY else None
