"""Which element each name means: by the names themselves in a policy, by requirements in a DMN file.

    Definitions + imported shapes ──wire_by_name──> Wiring      every element sees every name
    [Definitions]                 ──wire_by_href──> Wiring      an element sees what it requires, imports as `name.element`

In a wiring of DMN files an element's id is `namespace#id`, so that ids of several models do not meet, and every type
that a model defines is resolved.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from zhida.dmn.compiled import AS_OF
from zhida.dmn.item_types import TypeNames, named_types, resolve_types
from zhida.dmn.model import (
    BusinessKnowledgeModel,
    Decision,
    DecisionService,
    Definitions,
    Import,
    InputData,
    ItemDefinition,
    RequirementKind,
)
from zhida.errors import Diagnostic, diagnostic, nearest
from zhida.feel.shape import Shape, shape_of_type
from zhida.feel.units import parse_unit
from zhida.source import Source, Span
from zhida.values.types import ANY, Type

Logic = Decision | BusinessKnowledgeModel | DecisionService


@dataclass(slots=True)
class Wiring:
    """Elements, and what the names in each of them mean."""

    definitions: Definitions
    """The definitions; of several files, the main one."""
    elements: dict[str, Logic] = field(default_factory=dict)
    """Decisions, business knowledge models and decision services, by id."""
    inputs: dict[str, InputData] = field(default_factory=dict)
    """Input data, by id."""
    shapes: dict[str, Shape] = field(default_factory=dict)
    """What is known beforehand of input data and of imported elements, by id."""
    names: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """For each element, the names in its scope and the ids that they mean."""
    types: dict[str, Mapping[str, Type]] = field(default_factory=dict)
    """For each element, the types that its expressions may name."""
    prefixes: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """For each model, by namespace, what stands in it before the names of its own and of imported models, by theirs."""
    diagnostics: list[Diagnostic] = field(default_factory=list)
    """What is wrong."""


def shape_of(item: ItemDefinition) -> Shape:
    """Return what the checker knows of a declared value."""
    shape = shape_of_type(item.type, item.name)
    return replace(
        shape,
        unit=parse_unit(item.unit),
        usual_range=item.usual_range,
        allowed_values=item.allowed_values,
        allowed_beginnings=item.allowed_beginnings,
        fields={entry.name: shape_of(entry) for entry in item.components} or shape.fields,
    )


def wire_by_name(definitions: Definitions, imported: Mapping[str, Shape], known: Mapping[str, Shape] = MappingProxyType({})) -> Wiring:
    """Return the wiring of definitions in which every name is in every scope; a name may be given once.

    Args:
        definitions: The elements.
        imported: The shape of each name in `definitions.imports`.
        known: Of input data whose shape was found before, by id, that shape.
    """
    wiring = Wiring(definitions)
    names: dict[str, str] = {data.name: data.id for data in definitions.inputs}
    for data in definitions.inputs:
        wiring.inputs[data.id] = data
        wiring.shapes[data.id] = known.get(data.id) or shape_of(data.item)
    for name, shape in imported.items():
        names[name] = definitions.imports[name]
        wiring.shapes[definitions.imports[name]] = shape
    spans: dict[str, Span | None] = {data.name: data.item.span for data in definitions.inputs}
    elements: tuple[Logic, ...] = (*definitions.decisions, *definitions.knowledge_models)
    for element in elements:
        if element.name == AS_OF:
            wiring.diagnostics.append(diagnostic("dmn-reserved-name", element.span, name=element.name))
        elif element.name in names:
            span = spans.get(element.name)
            place = span.place if span else definitions.imports.get(element.name, "")
            wiring.diagnostics.append(diagnostic("dmn-duplicate-name", element.span, name=element.name, first=place))
        else:
            names[element.name] = element.id
            spans[element.name] = element.span
            wiring.elements[element.id] = element
            wiring.names[element.id] = names
    return wiring


# --- DMN files ---------------------------------------------------------------------------------------------------------


def wire_by_href(models: Sequence[Definitions]) -> Wiring:
    """Return the wiring of DMN files.

    Args:
        models: The main one first, then those that it imports, directly or through others.
    """
    wiring = Wiring(models[0])
    catalogue = {model.namespace: model for model in models}
    type_names = {model.namespace: named_types(model, catalogue, wiring.diagnostics) for model in models}
    for model in models:
        _collect(model, type_names[model.namespace], wiring)
    for model in models:
        _bind(model, catalogue, wiring)
    return wiring


def global_id(model: Definitions, href: str) -> str:
    """Return the id of what an href of a model leads to: `#a` is its own.

    >>> global_id(Definitions("m", namespace="urn:m"), "#a")
    'urn:m#a'
    """
    return f"{model.namespace}{href}" if href.startswith("#") else href


def _collect(model: Definitions, types: TypeNames, wiring: Wiring) -> None:
    """Take in the elements of one model under their global ids, with their types resolved."""

    def note(name: str, span: Span | None) -> None:
        wiring.diagnostics.append(diagnostic("feel-unknown-type", span, name=name, near=nearest(name, types.types)))

    for data in model.inputs:
        id_ = global_id(model, f"#{data.id}")
        wiring.inputs[id_] = replace(resolve_types(data, types, note), id=id_)
        wiring.shapes[id_] = shape_of(wiring.inputs[id_].item)
    elements: tuple[Logic, ...] = (*model.decisions, *model.knowledge_models, *model.services)
    for element in elements:
        id_ = global_id(model, f"#{element.id}")
        wiring.elements[id_] = _as_function(replace(resolve_types(element, types, note), id=id_))
        wiring.types[id_] = types.types


def _as_function(element: Logic) -> Logic:
    """Return an element whose result, and whose parameters if it has any, are of the types that the variable of the function tells.

    The variable of what is invoked is of a function type; many tools give it the type of the result instead.
    """
    if isinstance(element, Decision) or element.variable is None:
        return element
    type_ = element.variable.type
    is_function = type_.name == "function"
    result = (type_.arguments[-1] if type_.arguments else ANY) if is_function else type_
    if isinstance(element, DecisionService):
        return replace(element, type=result)
    parameters = element.parameters
    if is_function and len(type_.arguments) == len(parameters) + 1:
        taken = zip(parameters, type_.arguments, strict=False)
        parameters = tuple((name, own if own != ANY else wanted) for (name, own), wanted in taken)
    return replace(element, parameters=parameters, type=element.type if element.type != ANY else result)


def _bind(model: Definitions, catalogue: Mapping[str, Definitions], wiring: Wiring) -> None:
    """Say for each element of a model what the names in its scope mean."""
    prefixes = wiring.prefixes[model.namespace] = _prefixes(model)
    elements: tuple[Decision | BusinessKnowledgeModel, ...] = (*model.decisions, *model.knowledge_models)
    for element in elements:
        names: dict[str, str] = {}
        wiring.names[global_id(model, f"#{element.id}")] = names
        for requirement in element.requirements or ():
            if requirement.kind is RequirementKind.AUTHORITY:
                continue
            target = global_id(model, requirement.href)
            found = wiring.inputs.get(target) or wiring.elements.get(target)
            if found is None:
                wiring.diagnostics.append(_dangling(model, element, requirement.href, catalogue))
                continue
            namespace = target.rpartition("#")[0]
            prefix = prefixes.get(namespace)
            if prefix is None:
                wiring.diagnostics.append(diagnostic("dmn-not-imported", element.span, name=element.name, namespace=namespace))
                continue
            name = f"{prefix}{found.name}"
            if names.get(name, target) != target:
                other = wiring.inputs.get(names[name]) or wiring.elements[names[name]]
                first = other.item.span if isinstance(other, InputData) else other.span
                words = {"name": name, "first": first.place if first is not None else names[name]}
                wiring.diagnostics.append(diagnostic("dmn-duplicate-name", element.span, **words))
            names.setdefault(name, target)
            if namespace != model.namespace:  # a model may be imported under several names
                for each in model.models:
                    if each.namespace == namespace and each.name:
                        names.setdefault(f"{each.name}.{found.name}", target)
    for service in model.services:
        for href in (*service.output_decisions, *service.encapsulated_decisions, *service.input_decisions, *service.inputs):
            target = global_id(model, href)
            if target not in wiring.elements and target not in wiring.inputs:
                wiring.diagnostics.append(_dangling(model, service, href, catalogue))


def _prefixes(model: Definitions) -> dict[str, str]:
    """Return what stands before the names of each model that is in scope: nothing before a model's own."""
    imported = {each.namespace: f"{each.name}." if each.name else "" for each in model.models}
    return {**imported, model.namespace: ""}


def _dangling(model: Definitions, element: Logic, href: str, catalogue: Mapping[str, Definitions]) -> Diagnostic:
    namespace = global_id(model, href).rpartition("#")[0]
    known = "" if namespace in catalogue else namespace
    return diagnostic("dmn-dangling", element.span, name=element.name, href=href, namespace=known)


def order_of_imports(main: Definitions, others: Iterable[Definitions]) -> tuple[list[Definitions], list[Diagnostic]]:
    """Return a model with all that it imports, directly or through others, and what is missing of these."""
    catalogue = {model.namespace: model for model in others}
    found: dict[str, Definitions] = {main.namespace: main}
    missing: list[Diagnostic] = []
    waiting = [main]
    while waiting:
        model = waiting.pop(0)
        for each in _dmn_imports(model):
            if each.namespace in found:
                continue
            if each.namespace not in catalogue:
                span = Span(Source(model.name, ""), 0, 0)
                missing.append(diagnostic("dmn-missing-model", span, name=each.name, namespace=each.namespace, location=each.location))
                continue
            found[each.namespace] = catalogue[each.namespace]
            waiting.append(catalogue[each.namespace])
    return list(found.values()), missing


def _dmn_imports(model: Definitions) -> Iterator[Import]:
    """Yield the imports that are DMN models, not schemas or PMML."""
    yield from (each for each in model.models if "/DMN/" in each.type or not each.type)
