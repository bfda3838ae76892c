"""`instance of`, and the types of function literals that it looks at (DMN 1.5, 10.3.2.9 and table 61).

A function's type is that of its parameters and of what comes back. What comes back is known beforehand where the body is a
literal, a list or context of such, or a parameter; of any other body it stays unknown, and an unknown type goes with each.
"""

from collections.abc import Mapping

from zhida.feel import syntax
from zhida.feel.syntax import Node
from zhida.values.types import ANY, NULL, Type, conforms, list_of, type_of

WITHOUT_PARAMETERS = frozenset(("list", "range", "context", "function"))
"""Words that are types only with what they hold."""


def is_instance(value: object, type_: Type, spelled: str) -> bool | None:
    """Return whether a value is an instance of a type; None where the type was spelled as a bare `list` or the like.

    >>> is_instance(None, NULL, "Null"), is_instance(None, ANY, "Any"), is_instance((), list_of(ANY), "list")
    (True, False, None)
    """
    if spelled in WITHOUT_PARAMETERS:
        return None
    return type_ is NULL if value is None else conforms(value, type_)


def function_types(node: syntax.FunctionLiteral) -> tuple[Type, ...]:
    """Return the types of a function literal's parameters, then that of its result."""
    parameters = {name: type_ or ANY for name, type_ in node.parameters}  # of two with one name the body sees the last
    return (*(type_ or ANY for _, type_ in node.parameters), ANY if node.is_external else _beforehand(node.body, parameters))


def _beforehand(node: Node, names: Mapping[str, Type]) -> Type:
    """Return what is known of an expression's type without evaluating it."""
    match node:
        case syntax.Literal():
            return type_of(node.value)
        case syntax.Name():
            return names.get(node.name, ANY)
        case syntax.ContextLiteral():
            return Type("context", (), tuple((name, _beforehand(entry, {})) for name, entry in node.entries))
        case syntax.ListLiteral():
            types = {_beforehand(element, names) for element in node.elements}
            return list_of(types.pop() if len(types) == 1 else ANY)
    return ANY
