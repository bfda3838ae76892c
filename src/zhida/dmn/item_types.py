"""Item definitions to types, and types by name to types by structure (DMN 1.5, 7.3.2, 10.3.2.9).

A model spells the types that it defines by their names, `Type("tLoan")`, also inside of `list<tLoan>`. Here a name becomes
the structure that it stands for, with the unary tests that its values must pass as a constraint of the type.
"""

from collections.abc import Callable, Mapping, MutableSequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from zhida.dmn.model import Definitions, ItemDefinition
from zhida.errors import CompileError, Diagnostic
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import test
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_unary_tests
from zhida.feel.run import Frame, Run
from zhida.source import Snippet, Source, Span
from zhida.values.temporal import Date
from zhida.values.types import ANY, SIMPLE_TYPES, Constraint, Type, list_of

Thing = TypeVar("Thing")
_SOME_DAY = Date(2000, 1, 1)
"""What `today()` is in a constraint: a type must not change from day to day."""


@dataclass(slots=True)
class TypeNames:
    """The types that are in the scope of one model, by the names that they have there."""

    types: dict[str, Type] = field(default_factory=dict)
    """Resolved types: the model's own, and those of imported models as `import.name`."""


def named_types(model: Definitions, catalogue: Mapping[str, Definitions], diagnostics: MutableSequence[Diagnostic]) -> TypeNames:
    """Return the types that a model may name.

    Args:
        model: The model.
        catalogue: All models, by namespace.
        diagnostics: Takes what is wrong with the constraints of the model's own types.
    """
    found = TypeNames()
    for each in model.models:
        other = catalogue.get(each.namespace)
        if other is not None and other is not model:
            prefix = f"{each.name}." if each.name else ""
            own = _Resolver(other, {}, []).all()
            found.types.update({f"{prefix}{name}": type_ for name, type_ in own.items()})
    found.types.update(_Resolver(model, found.types, diagnostics).all())
    return found


class _Resolver:
    """Turns the item definitions of one model into types; one may use those that stand below it."""

    def __init__(self, model: Definitions, imported: Mapping[str, Type], diagnostics: MutableSequence[Diagnostic]) -> None:
        self.items = {item.name: item for item in model.items}
        self.imported = imported
        self.diagnostics = diagnostics
        self.done: dict[str, Type] = {}
        self.open: set[str] = set()

    def all(self) -> dict[str, Type]:
        """Return every type of the model by its name."""
        for name in self.items:
            self.named(name)
        return self.done

    def named(self, name: str) -> Type:
        """Return the type of a name; one that contains itself is open at that place."""
        if name in self.done:
            return self.done[name]
        item = self.items.get(name)
        if item is None or name in self.open:
            return self.imported.get(name, ANY)
        self.open.add(name)
        self.done[name] = self.made(item)
        self.open.discard(name)
        return self.done[name]

    def made(self, item: ItemDefinition) -> Type:
        """Return the type that an item definition describes."""
        type_ = self.resolved(item.type)
        if item.components:
            type_ = Type("context", (), tuple((part.name, self.made(part)) for part in item.components))
        elif item.function is not None:
            signature = (*(each for _, each in item.function.parameters), item.function.type)
            type_ = Type("function", tuple(map(self.resolved, signature)))
        if item.allowed is not None:
            # Of a collection that only names a list type, the tests are for the elements of that list.
            is_list = type_.name == "list" and not item.is_collection
            inner = self.constrained(type_.arguments[0] if is_list else type_, item.allowed)
            type_ = list_of(inner) if is_list else inner
        if item.is_collection:
            type_ = list_of(type_)
        return type_ if item.constraint is None else self.constrained(type_, item.constraint)

    def resolved(self, type_: Type) -> Type:
        """Return a type with the names in it replaced by what they stand for."""
        return substitute(type_, self.named)

    def constrained(self, type_: Type, tests: Snippet) -> Type:
        """Return a type whose values must pass unary tests as well; tests that cannot be read constrain nothing, but are told."""
        scope = Scope(NameSet(BUILTINS))
        try:
            node = parse_unary_tests(tests, scope)
        except CompileError as error:
            self.diagnostics.extend(error.diagnostics)
            return type_
        inner = type_.constraint

        def allows(value: object) -> bool:
            return (inner is None or inner.allows(value)) and test(node, value, Frame({}, Run(_SOME_DAY))) is True

        return replace(type_, constraint=Constraint(tests.text, allows))


def substitute(type_: Type, named: Callable[[str], Type]) -> Type:
    """Return a type in which every name that is none of FEEL's own is replaced."""
    if not type_.arguments and not type_.fields:
        return type_ if type_.name in _OWN else named(type_.name)
    arguments = tuple(substitute(each, named) for each in type_.arguments)
    entries = tuple((name, substitute(each, named)) for name, each in type_.fields)
    return type_ if (arguments, entries) == (type_.arguments, type_.fields) else replace(type_, arguments=arguments, fields=entries)


_OWN = {type_.name for type_ in SIMPLE_TYPES.values()}


def resolve_types(thing: Thing, names: TypeNames, note: Callable[[str, Span | None], None]) -> Thing:
    """Return an element of a model with every type in it resolved, however deep it stands.

    Args:
        thing: The element: a frozen dataclass of dataclasses and tuples.
        names: The types in its scope.
        note: Is told each name that is unknown, once, with the span of the innermost thing around it.
    """
    told: set[str] = set()

    def walk(value: Any, span: Span | None) -> Any:  # noqa: ANN401 - whatever a field holds
        if isinstance(value, Type):
            return substitute(value, lambda name: named(name, span))
        if isinstance(value, tuple):
            items = tuple([walk(item, span) for item in value])
            return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
        if not is_dataclass(value) or isinstance(value, Span | Source | Snippet):
            return value
        here = getattr(value, "span", None) or span
        changed = {}
        for each in fields(value):
            old = getattr(value, each.name)
            new = walk(old, here)
            if new is not old:
                changed[each.name] = new
        return replace(cast("Any", value), **changed) if changed else value

    def named(name: str, span: Span | None) -> Type:
        if name not in names.types and name not in told:
            told.add(name)
            note(name, span)
        return names.types.get(name, ANY)

    return cast("Thing", walk(thing, None))
