"""The names that a compiled body uses and does not declare itself: what its element requires."""

from collections.abc import Iterator

from zhida.dmn.compiled import (
    Body,
    Broken,
    CompiledConditional,
    CompiledContext,
    CompiledExternal,
    CompiledFilter,
    CompiledFunction,
    CompiledInvocation,
    CompiledIteration,
    CompiledList,
    CompiledTable,
    Typed,
)
from zhida.feel.syntax import PARTIAL, free_names


def body_names(body: Body, bound: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield the free names of a body, in the order of the text.

    Args:
        body: The body.
        bound: Names that are declared around it.
    """
    match body:
        case CompiledTable():
            for node in body.nodes:
                yield from (name.name for name in free_names(node, bound))
        case CompiledContext():
            for key, entry in body.entries:
                yield from body_names(entry, bound)
                bound |= {key}
            if body.result is not None:
                yield from body_names(body.result, bound)
        case CompiledFunction():
            yield from body_names(body.body, bound | {name for name, _ in body.parameters})
        case CompiledFilter():
            yield from body_names(body.value, bound)
            yield from body_names(body.condition, bound | {"item"})
        case CompiledIteration():
            yield from body_names(body.domain, bound)
            yield from body_names(body.body, bound | {body.variable, PARTIAL} if body.kind == "for" else bound | {body.variable})
        case Typed() | CompiledList() | CompiledInvocation() | CompiledConditional() | CompiledExternal():
            for part in parts(body):
                yield from body_names(part, bound)
        case Broken():
            return
        case _:
            yield from (name.name for name in free_names(body, bound))


def parts(body: Body) -> tuple[Body, ...]:
    """Return the bodies directly inside of a body that declares no names."""
    match body:
        case Typed():
            return (body.body,)
        case CompiledList():
            return body.elements
        case CompiledInvocation():
            return (body.function, *(argument for _, argument in body.arguments))
        case CompiledConditional():
            return (body.condition, body.then, body.otherwise)
        case CompiledExternal():
            return (body.specification,)
    return ()
