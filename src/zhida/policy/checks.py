"""What a policy must satisfy as a whole, beyond what the checker of expressions knows.

    front matter names decisions of the right type │ examples name what can be given or expected │ names are told apart
    results are among the listed values │ a successor publishes what it replaces published

Each check yields diagnostics and changes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from zhida.dmn.compiled import CompiledDecision, CompiledDefinitions, CompiledTable
from zhida.dmn.model import BusinessKnowledgeModel, Decision
from zhida.errors import Diagnostic, diagnostic, nearest
from zhida.feel.shape import Shape
from zhida.feel.syntax import Literal, Negation, Node
from zhida.feel.units import format_unit, parse_unit
from zhida.policy.document import Cell
from zhida.policy.front_matter import FrontMatter
from zhida.policy.naming import name_clashes
from zhida.policy.tangle import APPLIES, OUTCOME_COLUMN, TangledPolicy
from zhida.policy.years import parse_given
from zhida.source import Snippet, Span
from zhida.values.equality import equal
from zhida.values.types import ANY, BOOLEAN, NULL, NUMBER


def front_names(tangled: TangledPolicy) -> Iterator[Diagnostic]:
    """Yield what the front matter names that is no decision of the policy: policy-not-a-decision."""
    front = tangled.front
    names = [decision.name for decision in tangled.decisions if decision.name != APPLIES]
    named = [("eligible", front.eligible), ("result", front.result), ("amount", front.amount)]
    for key, snippet in (*named, *(("publishes", item) for item in front.publishes)):
        if snippet is not None and snippet.text not in names:
            near = nearest(snippet.text, names)
            yield diagnostic("policy-not-a-decision", snippet.span(), key=key, name=snippet.text, near=near, decisions="、".join(names))


def goal_types(id_: str, front: FrontMatter, compiled: CompiledDefinitions) -> Iterator[Diagnostic]:
    """Yield where a goal has another type or unit than it must have: policy-wrong-type, policy-amount-unit."""
    for key, goal, name, wanted in (
        ("applies", front.applies, APPLIES, BOOLEAN),
        ("eligible", front.eligible, front.eligible.text if front.eligible else "", BOOLEAN),
        ("amount", front.amount, front.amount.text if front.amount else "", NUMBER),
    ):
        decision = compiled.decisions.get(f"{id_}#{name}")
        if goal is None or decision is None:
            continue
        shape = decision.shape
        if shape.type not in (wanted, ANY, NULL):
            yield diagnostic("policy-wrong-type", goal.span(), key=key, name=goal.text, expected=wanted, found=shape.type)
        elif key == "amount" and shape.unit not in (None, parse_unit("元")):
            yield diagnostic("policy-amount-unit", goal.span(), name=goal.text, unit=format_unit(shape.unit))


def listed_results(compiled: CompiledDefinitions) -> Iterator[Diagnostic]:
    """Yield each written-out result of a table that is not among the values its first row lists: policy-not-listed."""
    for decision in compiled.decisions.values():
        if isinstance(decision.body, CompiledTable):
            yield from _listed_results(decision.body)


def _listed_results(table: CompiledTable) -> Iterator[Diagnostic]:
    for place, (clause, listed) in enumerate(zip(table.table.outputs, table.priorities, strict=True)):
        values = [_written(node) for node in listed]
        if not values or None in values or clause.allowed_values is None:
            continue
        default = table.defaults[place]
        for node in (*(rule.outputs[place] for rule in table.rules), *((default,) if default is not None else ())):
            value = _written(node)
            if value is not None and not any(equal(value, item) is True for item in values):
                words = {"value": node.span.text, "name": clause.name, "listed": clause.allowed_values.text}
                yield diagnostic("policy-not-listed", node.span, **words)


def _written(node: Node) -> object:
    """Return the value that is written out, or None for null and for what must be worked out."""
    if isinstance(node, Negation) and isinstance(node.operand, Literal) and isinstance(node.operand.value, Decimal):
        return -node.operand.value
    return node.value if isinstance(node, Literal) else None


def names_apart(tangled: TangledPolicy, others: Iterable[str]) -> Iterator[Diagnostic]:
    """Yield each name of a policy that another in scope may be taken for: dmn-duplicate-name, policy-name-reads-as."""
    own: dict[str, Span] = {}
    elements: list[Decision | BusinessKnowledgeModel] = [*tangled.decisions, *tangled.knowledge_models]
    for element in elements:
        if element.name != APPLIES and element.span is not None:
            own.setdefault(element.name, element.span)
    yield from name_clashes(own, [name for name in others if name not in own])


def example_columns(tangled: TangledPolicy, given: set[str], own: set[str], yearly: set[str]) -> Iterator[Diagnostic]:
    """Yield each column of examples that names nothing that can be given or expected: policy-example-name, feel-not-yearly.

    Args:
        tangled: The policy.
        given: What can be given: attributes, parameters and decisions of used policies.
        own: What can be expected: its own decisions.
        yearly: Those of the attributes of which a year can be given: `X(1)`, `X@2024`.
    """
    columns = {cell.span: cell for example in tangled.examples for cell in example.columns}
    for cell in columns.values():
        known = own if cell.style == "bold" else given
        base, _ = parse_given(cell.text)
        if cell.style == "plain" and base != cell.text and base in given:
            if base not in yearly:
                yield diagnostic("feel-not-yearly", cell.span, name=base)
            continue
        if cell.text not in known and cell.text.partition(".")[0] not in known:
            yield _example_name(cell, given, own)


def _example_name(cell: Cell, given: set[str], own: set[str]) -> Diagnostic:
    """Complain of a column of examples that names nothing that can be given, or expected."""
    name, is_expected = cell.text, cell.style == "bold"
    use, use_zh = (
        ("decision of this policy", "本政策的决策")
        if is_expected
        else ("input, parameter or decision of a used policy", "输入、参数或所引用政策的决策")
    )
    hint = hint_zh = near = ""
    if is_expected and name in given:
        hint, hint_zh = f"what is given stands without **: {name}", f"给出的值，表头不加粗：{name}"
    elif not is_expected and name in {*own, OUTCOME_COLUMN}:
        hint, hint_zh = f"what is expected stands in bold: **{name}**", f"期望的值，表头加粗：**{name}**"
    else:
        near = nearest(name, sorted(own if is_expected else given))
    return diagnostic("policy-example-name", cell.span, name=name, use=use, use_zh=use_zh, near=near, hint=hint, hint_zh=hint_zh)


def successor_publishes(
    front: FrontMatter, replaced: Snippet, old: Mapping[str, CompiledDecision], new: Mapping[str, CompiledDecision]
) -> Iterator[Diagnostic]:
    """Yield what a policy no longer publishes as the one that it replaces did.

    Args:
        front: The front matter of the policy.
        replaced: The name of the one that it replaces.
        old: The decisions that the old one publishes, by name.
        new: The decisions that the policy publishes, by name.

    Codes: policy-successor-lacks, policy-successor-differs.
    """
    published = {item.text: item for item in front.publishes}
    for name, decision in old.items():
        if name not in published:
            yield diagnostic("policy-successor-lacks", replaced.span(), name=name, replaced=replaced.text)
        elif name in new and (difference := _difference(decision.shape, new[name].shape)):
            expected, found = difference
            words = {"name": name, "replaced": replaced.text, "expected": expected, "found": found}
            yield diagnostic("policy-successor-differs", published[name].span(), **words)


def _difference(old: Shape, new: Shape) -> tuple[str, str] | None:
    """Return how two shapes differ, as far as both are known: by type, else by unit."""
    if ANY not in (old.type, new.type) and NULL not in (old.type, new.type) and old.type != new.type:
        return str(old.type), str(new.type)
    if None not in (old.unit, new.unit) and old.unit != new.unit:
        return format_unit(old.unit), format_unit(new.unit)
    return None
