"""The elements of a decision model, as frozen data (DMN 1.5, chapters 6 to 8 and 10).

A model that was read from Markdown and one that was read from XML are the same data. An element's `span` leads back to
the text it came from and carries the article of law. Expressions are kept as snippets: `zhida.dmn.compile` parses them
once, against the names that are declared in their scope.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from zhida.source import Snippet, Span
from zhida.values.types import ANY, Type


@dataclass(frozen=True, slots=True)
class ItemDefinition:
    """What is known of a named value before it is known: its type, unit, scale and limits.

    An attribute of a registry, a parameter and a decision's declared result are all described by one of these.
    """

    name: str
    """The name in FEEL."""
    type: Type = ANY
    """The type of the value."""
    unit: str = ""
    """Base unit (元, 人, m2, 天, `1` for ratios; 元/人 for rates); empty where none was stated."""
    scale: int | None = None
    """Decimal places that the registry keeps of a number; None where nothing limits them."""
    usual_range: tuple[Decimal | None, Decimal | None] | None = None
    """Least and greatest usual value; either end may be open. A value outside is odd, not wrong."""
    allowed_values: tuple[str, ...] | None = None
    """The code list of a string, or None where any string will do."""
    is_nullable: bool = False
    """Whether the value can be known to be absent (可空)."""
    is_self_reported: bool = False
    """Whether the subject itself may state it (可自报)."""
    is_judged: bool = False
    """Whether a person must judge it (来源 = 人工认定)."""
    is_sensitive: bool = False
    """Whether it is shown to those with a reason only (敏感)."""
    department: str = ""
    """The department that it comes from (来源)."""
    description: str = ""
    """说明."""
    span: Span | None = None
    """Where it is declared."""


class HitPolicy(StrEnum):
    """How the matching rules of a decision table make one answer (DMN 1.5, 8.2.8)."""

    UNIQUE = "U"
    ANY = "A"
    PRIORITY = "P"
    FIRST = "F"
    RULE_ORDER = "R"
    OUTPUT_ORDER = "O"
    COLLECT = "C"
    COLLECT_SUM = "C+"
    COLLECT_MIN = "C<"
    COLLECT_MAX = "C>"
    COLLECT_COUNT = "C#"


@dataclass(frozen=True, slots=True)
class InputClause:
    """A column of conditions."""

    expression: Snippet
    """What is tested, in FEEL."""
    type: Type = ANY
    """Its declared type."""
    allowed_values: Snippet | None = None
    """Unary tests that every value must pass."""


@dataclass(frozen=True, slots=True)
class OutputClause:
    """A column of results."""

    name: str
    """The name of the output; empty where the table has one output that needs no name."""
    type: Type = ANY
    """Its declared type."""
    allowed_values: Snippet | None = None
    """Values it may take, highest priority first."""
    default: Snippet | None = None
    """What it is when no rule matches."""
    span: Span | None = None
    """Where it is declared."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a decision table."""

    number: str
    """What the table calls it: the text of its first cell, or its position."""
    input_entries: tuple[Snippet, ...]
    """Unary tests, one for each input clause."""
    output_entries: tuple[Snippet, ...]
    """Expressions, one for each output clause."""
    annotations: Mapping[str, str]
    """Words beside the rule, by the name of their column."""
    article: str
    """The article that the rule rests on."""
    span: Span
    """The row."""


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """A decision table."""

    hit_policy: HitPolicy
    """How matching rules combine."""
    inputs: tuple[InputClause, ...]
    """Columns of conditions."""
    outputs: tuple[OutputClause, ...]
    """Columns of results."""
    rules: tuple[Rule, ...]
    """Rows, in order."""
    span: Span
    """The whole table."""
    gap_reason: str = ""
    """Why it is right that some inputs match no rule; empty where that was not said."""


@dataclass(frozen=True, slots=True)
class LiteralExpression:
    """An expression in FEEL."""

    text: Snippet
    """The expression."""


Expression = LiteralExpression | DecisionTable


@dataclass(frozen=True, slots=True)
class Decision:
    """A named value that is decided by an expression."""

    id: str
    """Unique in a compiled model: `pack/policy#name` where it comes from a policy."""
    name: str
    """The name in FEEL."""
    type: Type
    """Declared type of its value; `ANY` where none was declared."""
    expression: Expression
    """How it is decided."""
    span: Span
    """Where it is defined, with the article it executes."""


@dataclass(frozen=True, slots=True)
class BusinessKnowledgeModel:
    """A named function of parameters."""

    id: str
    """Unique in a compiled model."""
    name: str
    """The name in FEEL."""
    parameters: tuple[tuple[str, Type], ...]
    """Names and types of its parameters, in order."""
    type: Type
    """Declared type of its result."""
    expression: Expression
    """Its body."""
    span: Span
    """Where it is defined."""


@dataclass(frozen=True, slots=True)
class InputData:
    """A fact about the subject, or a parameter: what a model is given."""

    id: str
    """Unique in a compiled model; the attribute's name."""
    item: ItemDefinition
    """What is known of it beforehand."""

    @property
    def name(self) -> str:
        """The name in FEEL."""
        return self.item.name


Element = Decision | BusinessKnowledgeModel | InputData


@dataclass(frozen=True, slots=True)
class Definitions:
    """A set of elements whose names are known to each other."""

    name: str
    """The name of the model; for a policy, `pack/name`."""
    decisions: tuple[Decision, ...] = ()
    """Decisions, in the order of the text."""
    knowledge_models: tuple[BusinessKnowledgeModel, ...] = ()
    """Business knowledge models."""
    inputs: tuple[InputData, ...] = ()
    """Input data that the names may mean; only those that are mentioned become part of the compiled model."""
    imports: Mapping[str, str] = field(default_factory=dict)
    """Names that mean elements of other definitions: name in FEEL → id of the element."""
