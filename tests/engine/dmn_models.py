"""How the tests of decision models write one: names and texts go in, a compiled model comes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhida.dmn.compile import compile_definitions, link
from zhida.dmn.compiled import CompiledDefinitions, DecisionModel
from zhida.dmn.evaluate import Evaluation, Evaluator, evaluate
from zhida.dmn.model import (
    BusinessKnowledgeModel,
    Decision,
    DecisionTable,
    Definitions,
    Expression,
    HitPolicy,
    InputClause,
    InputData,
    ItemDefinition,
    LiteralExpression,
    OutputClause,
    Rule,
)
from zhida.feel.shape import Shape
from zhida.source import Source, Span, snippet
from zhida.values.temporal import Date
from zhida.values.types import ANY, BOOLEAN, DATE, NUMBER, STRING, Type, list_of

Value = Any

AS_OF = Date(2026, 3, 1)

ITEMS = {
    "人": ItemDefinition("人", NUMBER, "人", 0, None),
    "线": ItemDefinition("线", NUMBER, "人", 0, is_nullable=True),
    "值": ItemDefinition("值"),
    "收入": ItemDefinition("收入", NUMBER, "元", 2),
    "行业": ItemDefinition("行业", STRING),
    "类型": ItemDefinition("类型", STRING, allowed_values=("企业", "高校", "其他")),
    "成立": ItemDefinition("成立", DATE),
    "限制": ItemDefinition("限制", BOOLEAN),
    "季度": ItemDefinition("季度", list_of(NUMBER), "人", 0),
    "证书": ItemDefinition("证书", DATE, is_nullable=True),
}


def span(text: str = "") -> Span:
    return snippet(text).span()


def decision(name: str, body: str | DecisionTable, type_: Type = ANY) -> Decision:
    expression: Expression = LiteralExpression(snippet(body, name)) if isinstance(body, str) else body
    return Decision(name, name, type_, expression, Span(Source(name, name), 0, len(name)))


def knowledge(name: str, parameters: Mapping[str, Type], body: str | DecisionTable, type_: Type = ANY) -> BusinessKnowledgeModel:
    expression: Expression = LiteralExpression(snippet(body, name)) if isinstance(body, str) else body
    return BusinessKnowledgeModel(name, name, tuple(parameters.items()), type_, expression, span(name))


def table(
    hit_policy: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    rules: Sequence[Sequence[str]],
    *,
    allowed: Sequence[str] = (),
    listed: Sequence[str] = (),
    default: Sequence[str] = (),
    types: Sequence[Type] = (),
) -> DecisionTable:
    """Return a decision table.

    Args:
        hit_policy: Its letters.
        inputs: Input expressions.
        outputs: Names of outputs.
        rules: Cells, those of inputs first.
        allowed: What each input may be; empty for anything.
        listed: Values of each output, highest priority first.
        default: What each output is when no rule matches.
        types: Types of the outputs.
    """

    def at(texts: Sequence[str], place: int) -> Any:  # noqa: ANN401 - a snippet or None
        return snippet(texts[place]) if place < len(texts) and texts[place] else None

    width = len(inputs)
    return DecisionTable(
        HitPolicy(hit_policy),
        tuple(InputClause(snippet(text), allowed_values=at(allowed, place)) for place, text in enumerate(inputs)),
        tuple(
            OutputClause(name, types[place] if types else ANY, at(listed, place), at(default, place), span(name))
            for place, name in enumerate(outputs)
        ),
        tuple(
            Rule(str(number), tuple(map(snippet, cells[:width])), tuple(map(snippet, cells[width:])), {}, "", span(str(number)))
            for number, cells in enumerate(rules, 1)
        ),
        span(),
    )


def definitions(
    *elements: Decision | BusinessKnowledgeModel, items: Mapping[str, ItemDefinition] = ITEMS, imports: Mapping[str, str] | None = None
) -> Definitions:
    return Definitions(
        "试验",
        tuple(element for element in elements if isinstance(element, Decision)),
        tuple(element for element in elements if isinstance(element, BusinessKnowledgeModel)),
        tuple(InputData(name, item) for name, item in items.items()),
        imports or {},
    )


def compiled(*elements: Decision | BusinessKnowledgeModel, imported: Mapping[str, Shape] | None = None) -> CompiledDefinitions:
    names = {name: f"外#{name}" for name in imported or {}}
    return compile_definitions(definitions(*elements, imports=names), imported or {})


def model(*elements: Decision | BusinessKnowledgeModel, items: Mapping[str, ItemDefinition] = ITEMS) -> DecisionModel:
    return link([compile_definitions(definitions(*elements, items=items), {})])


def decide(body: str | DecisionTable, facts: Mapping[str, Value] | None = None, *others: Decision | BusinessKnowledgeModel) -> Evaluation:
    """Return what one decision comes to."""
    return evaluate(model(*others, decision("问", body)), "问", facts or {}, as_of=AS_OF)


def outcome(body: str | DecisionTable, facts: Mapping[str, Value] | None = None) -> tuple[Value, list[str]]:
    """Return what one decision comes to, and the codes of what was odd."""
    found = decide(body, facts)
    return found.value, [item.code for item in found.diagnostics]


def evaluator(facts: Mapping[str, Value], *elements: Decision | BusinessKnowledgeModel) -> Evaluator:
    return Evaluator(model(*elements), facts, as_of=AS_OF)


@dataclass(frozen=True)
class Found:
    """What compiling finds."""

    codes: list[str]
    arguments: list[Mapping[str, str]]


def found_in(*elements: Decision | BusinessKnowledgeModel) -> Found:
    diagnostics = compiled(*elements).diagnostics
    return Found([item.code for item in diagnostics], [item.arguments for item in diagnostics])
