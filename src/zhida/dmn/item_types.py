"""Item definitions to types, and types by name to types by structure (DMN 1.5, 7.3.2, 10.3.2.9).

A model spells the types that it defines by their names, `Type("tLoan")`, also inside of `list<tLoan>`. Here a name becomes
the structure that it stands for, with the unary tests that its values must pass as a constraint of the type.
"""

from collections.abc import Callable, Iterator, Mapping, MutableSequence, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar, cast

from zhida.dmn.model import Definitions, ItemDefinition
from zhida.errors import CompileError, Diagnostic, diagnostic, nearest
from zhida.feel.builtins import BUILTINS
from zhida.feel.evaluate import test
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_unary_tests
from zhida.feel.run import Frame, Run
from zhida.feel.syntax import Call, Name, descendants, free_names
from zhida.source import Snippet, Source, Span
from zhida.values.temporal import PROPERTIES, Date
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
        diagnostics: Takes what is wrong with the model's own types.
    """
    family = _Family(model, catalogue, diagnostics)
    found = TypeNames()
    for prefix, other in family.imports(model):
        found.types.update({f"{prefix}{name}": type_ for name, type_ in other.all().items()})
    found.types.update(family.resolver(model).all())
    return found


MAX_DEPTH = 100
"""How many types and components may stand inside each other."""
MAX_PARTS = 5_000
"""How many parts a type may have where it is written out without names; equal parts count as often as they stand there."""


class _Family:
    """A model whose types are asked for, and those that it imports, directly or through others."""

    def __init__(self, model: Definitions, catalogue: Mapping[str, Definitions], diagnostics: MutableSequence[Diagnostic]) -> None:
        self.catalogue = {**catalogue, model.namespace: model}
        self.model = model
        self.diagnostics = diagnostics
        self.resolvers: dict[str, _Resolver] = {}
        self.level = 0
        self.small: set[int] = set()
        names = (name for each in self.catalogue.values() for item in each.items for name in _names_in(item))
        self.properties = NameSet([*_PROPERTIES, *names])

    def resolver(self, model: Definitions) -> "_Resolver":
        """Return what resolves the types of one model; only the faults of the model that was asked for are told."""
        if model.namespace not in self.resolvers:
            self.resolvers[model.namespace] = _Resolver(self, model, self.diagnostics if model is self.model else [])
        return self.resolvers[model.namespace]

    def imports(self, model: Definitions) -> Iterator[tuple[str, "_Resolver"]]:
        """Yield what stands before the names of each model that a model imports, and its resolver."""
        for each in model.models:
            other = self.catalogue.get(each.namespace)
            if other is not None and other is not model:
                yield f"{each.name}." if each.name else "", self.resolver(other)


class _Resolver:
    """Turns the item definitions of one model into types; one may use those that stand below it, and those of imported models."""

    def __init__(self, family: _Family, model: Definitions, diagnostics: MutableSequence[Diagnostic]) -> None:
        self.family = family
        self.model = model
        self.items = {item.name: item for item in model.items}
        self.diagnostics = diagnostics
        self.done: dict[str, Type] = {}
        self.open: set[str] = set()

    def all(self) -> dict[str, Type]:
        """Return every type of the model by its name; of two of one name, the last."""
        for item in self.model.items:
            last = self.items[item.name]
            if last is not item:
                self.note("dmn-duplicate-name", last, name=item.name, first=item.span.place if item.span else item.name)
        for name in self.items:
            self.named(name, None)
        return self.done

    def named(self, name: str, user: ItemDefinition | None) -> Type:
        """Return the type of a name that a type may use; one that contains itself is open at that place."""
        if name in self.done:
            return self.done[name]
        if name in self.open:
            return ANY
        item = self.items.get(name)
        if item is None:
            return self.imported(name, user)
        self.open.add(name)
        type_ = self.made(item, ())
        self.open.discard(name)
        if id(type_) not in self.family.small and _has_more_parts(type_, MAX_PARTS):
            self.note("dmn-type-too-large", item, name=name, limit=MAX_PARTS)
            type_ = ANY
        self.family.small.add(id(type_))
        self.done[name] = type_
        return type_

    def imported(self, name: str, user: ItemDefinition | None) -> Type:
        """Return a type of an imported model; one that nobody defines is told and is any type."""
        for prefix, other in self.family.imports(self.model):
            if name.startswith(prefix) and name.removeprefix(prefix) in other.items:
                return other.named(name.removeprefix(prefix), None)
        if user is not None:
            self.note("feel-unknown-type", user, name=name, near=nearest(name, self.items))
        return ANY

    def note(self, code: str, item: ItemDefinition, **words: object) -> None:
        """Keep what is wrong with an item definition."""
        self.diagnostics.append(diagnostic(code, item.span, **words))

    def made(self, item: ItemDefinition, beside: Sequence[str]) -> Type:
        """Return the type that an item definition describes; its tests see the components of these names beside it."""
        if self.family.level == MAX_DEPTH:
            self.note("dmn-type-too-large", item, name=item.name, limit=MAX_DEPTH)
            return ANY
        self.family.level += 1
        type_ = self.bare(item)
        self.family.level -= 1
        if item.allowed is not None:
            # Of a collection that only names a list type, the tests are for the elements of that list.
            is_list = type_.name == "list" and not item.is_collection
            inner = self.constrained(type_.arguments[0] if is_list else type_, item.allowed, beside)
            type_ = list_of(inner) if is_list else inner
        if item.is_collection:
            type_ = list_of(type_)
        return type_ if item.constraint is None else self.constrained(type_, item.constraint, beside)

    def bare(self, item: ItemDefinition) -> Type:
        """Return the type of an item definition without its tests, and of an element where it is a collection."""
        if item.components:
            names = [part.name for part in item.components]
            return Type("context", (), tuple((part.name, self.made(part, names)) for part in item.components))
        if item.function is not None:
            signature = (*(each for _, each in item.function.parameters), item.function.type)
            return Type("function", tuple(self.resolved(each, item) for each in signature))
        return self.resolved(item.type, item)

    def resolved(self, type_: Type, user: ItemDefinition) -> Type:
        """Return a type with the names in it replaced by what they stand for."""
        return substitute(type_, lambda name: self.named(name, user))

    def constrained(self, type_: Type, tests: Snippet, beside: Sequence[str]) -> Type:
        """Return a type whose values must pass unary tests as well; tests that cannot be read constrain nothing, but are told."""
        scope = Scope(NameSet([*BUILTINS, *beside]), properties=self.family.properties)
        try:
            node = parse_unary_tests(tests, scope)
        except CompileError as error:
            self.diagnostics.extend(error.diagnostics)
            return type_
        inner = type_.constraint
        calls = (each.function for each in descendants(node) if isinstance(each, Call))
        # A component that is called like a builtin does not keep the tests beside it from calling the builtin.
        used = {each.name for each in free_names(node)} - {each.name for each in calls if isinstance(each, Name)}

        def allows(value: object, entries: Mapping[str, Any], payer: Run | None) -> bool:
            if inner is not None and not inner.allows(value, entries, payer):
                return False
            run = Run(_SOME_DAY) if payer is None else Run(_SOME_DAY, steps=payer.steps)
            passed = test(node, value, Frame({name: entry for name, entry in entries.items() if name in used}, run))
            if payer is not None:
                payer.steps = run.steps
                payer.spend(1, tests.span())
            return passed is True

        return replace(type_, constraint=Constraint(tests.text, allows))


_PROPERTIES = ("start included", "end included", *(name for names in PROPERTIES.values() for name in names))
"""What may follow a dot and holds spaces, of values that are no contexts."""


def _names_in(item: ItemDefinition) -> Iterator[str]:
    """Yield the names of all components in an item definition, however deep."""
    for part in item.components:
        yield part.name
        yield from _names_in(part)


def _has_more_parts(type_: Type, limit: int) -> bool:
    """Say whether a type has more parts than `limit`."""
    waiting, parts = [type_], 0
    while waiting and parts <= limit:
        each = waiting.pop()
        parts += 1
        waiting.extend(each.arguments)
        waiting.extend(entry for _, entry in each.fields)
    return parts > limit


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
