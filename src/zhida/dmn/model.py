"""The elements of a decision model, as frozen data (DMN 1.5, chapters 6 to 8 and 10).

    Definitions
    ├── imports          Import                                other models, by their namespace
    ├── items            ItemDefinition                        named types, and what is known of an attribute
    ├── inputs           InputData
    ├── decisions        Decision ── expression, requirements
    ├── knowledge_models BusinessKnowledgeModel ── expression, requirements
    ├── services         DecisionService
    ├── sources          KnowledgeSource
    └── others, diagrams what only readers need, kept as XML

A model that was read from Markdown and one that was read from XML are the same data. An element's `span` leads back to the text it came
from and carries the article of law. FEEL is kept as snippets: `zhida.dmn.compile` parses them once, against the names of their scope.
Where `requirements` is None, names wire the graph (Markdown); where it is a tuple, only what is required is in scope (XML). A type that
a model defines itself is spelled by its name, `Type("tLoan")`, until `compile` finds its definition.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from zhida.source import Snippet, Span
from zhida.values.types import ANY, Type


@dataclass(frozen=True, slots=True)
class Notes:
    """What an element says beside its meaning: carried along for its readers, never evaluated."""

    id: str = ""
    """Its id in the XML it came from."""
    label: str = ""
    """Its label."""
    description: str = ""
    """Its description."""
    extensions: str = ""
    """Its extension elements, as canonical XML."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Attributes by `{namespace}name`, in the order of names: of other namespaces, or with no other place here (`typeRef` of a cell)."""


NO_NOTES = Notes()


@dataclass(frozen=True, slots=True)
class FunctionItem:
    """The signature of a function that an item definition describes."""

    parameters: tuple[tuple[str, Type], ...]
    """Names and types of its parameters."""
    type: Type
    """Type of its result."""
    notes: Notes = NO_NOTES
    """Its id and words."""
    parameter_notes: tuple[Notes, ...] = ()
    """Those of its parameters; empty where none has any."""


@dataclass(frozen=True, slots=True)
class ItemDefinition:
    """What is known of an attribute, a parameter or a declared result before its value is: its type, unit, scale and limits."""

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
    is_yearly: bool = False
    """Whether a registry keeps a value for each year (历史); the bare name is that of the reporting year."""
    code_list: str = ""
    """The code list that its values stand in, as the dictionary names it (`代码表 ip-classes`); empty where it names none."""
    allowed_beginnings: tuple[str, ...] | None = None
    """What a string must begin with, where only the beginning is looked up in a code list; None where nothing is."""
    statistic: Snippet | None = None
    """How it is computed from all subjects of a snapshot (统计); None where it is told of each subject."""
    is_collection: bool = False
    """Whether its values are lists of `type`."""
    components: tuple["ItemDefinition", ...] = ()
    """Entries, where its values are contexts; `type` says nothing then."""
    function: FunctionItem | None = None
    """The signature, where its values are functions."""
    allowed: Snippet | None = None
    """Unary tests that every value must pass: of a collection, every element (`allowedValues`)."""
    constraint: Snippet | None = None
    """Unary tests that the whole value must pass (`typeConstraint`)."""
    notes: Notes = NO_NOTES
    """Its id and words; of input data in XML, those of its variable."""
    movable: str = ""
    """Which way the subject itself can move it (可动): 升, 降, 升降; empty where it cannot."""
    price: Decimal | None = None
    """What one unit of such a move costs the subject, in yuan (单价); None where nobody can say."""
    allowed_notes: Notes = NO_NOTES
    """Those of its allowed values."""
    constraint_notes: Notes = NO_NOTES
    """Those of its type constraint."""

    def allows(self, text: str) -> bool:
        """Say whether a string is one of those that the code list has."""
        is_listed = self.allowed_values is None or text in self.allowed_values
        return is_listed and (self.allowed_beginnings is None or text.startswith(self.allowed_beginnings))


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
    notes: Notes = NO_NOTES
    """Its id, label and words."""
    expression_notes: Notes = NO_NOTES
    """Those of its expression."""
    values_notes: Notes = NO_NOTES
    """Those of its allowed values."""


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
    notes: Notes = NO_NOTES
    """Its id, label and words."""
    values_notes: Notes = NO_NOTES
    """Those of its allowed values."""
    default_notes: Notes = NO_NOTES
    """Those of its default."""


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
    notes: Notes = NO_NOTES
    """Its id and words."""
    entry_notes: tuple[Notes, ...] = ()
    """Those of its cells, inputs first; empty where no cell has any."""


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
    type: Type = ANY
    """Declared type of its value."""
    annotation_names: tuple[str, ...] = ()
    """Names of the annotation columns, where a table without rules has any."""
    output_label: str = ""
    """What the column of results is called."""
    orientation: str = ""
    """How it is drawn (`Rule-as-Row`, `Rule-as-Column`, `CrossTable`); empty where that was not said."""
    notes: Notes = NO_NOTES
    """Its id and words."""


@dataclass(frozen=True, slots=True)
class LiteralExpression:
    """An expression in FEEL."""

    text: Snippet
    """The expression."""
    type: Type = ANY
    """Declared type of its value."""
    language: str = ""
    """The URI of another expression language; empty for FEEL."""
    notes: Notes = NO_NOTES
    """Its id and words."""
    imported_values: str = ""
    """The `importedValues` that stand in place of a text, as canonical XML."""


# --- boxed expressions (DMN 1.5, 10.2.2) -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Variable:
    """A name and its declared type: of a context entry, a column, a parameter."""

    name: str
    """The name in FEEL."""
    type: Type = ANY
    """Declared type."""
    notes: Notes = NO_NOTES
    """Its id and words."""


@dataclass(frozen=True, slots=True)
class ContextEntry:
    """An entry of a boxed context."""

    variable: Variable | None
    """Its key and type; None for the result of the context."""
    expression: "Expression"
    """Its value; it may use the entries before it."""
    notes: Notes = NO_NOTES
    """Its id and words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxed:
    """What all boxed expressions have."""

    span: Span
    """Where it stands."""
    type: Type = ANY
    """Declared type of its value; of a function, of its result."""
    notes: Notes = NO_NOTES
    """Its id and words."""
    part_ids: tuple[str, ...] = ()
    """Ids of the elements that hold its parts (`if`, `in`, `satisfies`, …), in their order; empty where none has any."""


@dataclass(frozen=True, slots=True)
class Context(Boxed):
    """A boxed context: named values, or the last one alone where it has no name."""

    entries: tuple[ContextEntry, ...]
    """Entries, in order."""


@dataclass(frozen=True, slots=True)
class ListExpression(Boxed):
    """A boxed list."""

    elements: tuple["Expression", ...]
    """Its elements."""


@dataclass(frozen=True, slots=True)
class Relation(Boxed):
    """A list of contexts with the same keys, written as a table."""

    columns: tuple[Variable, ...]
    """Keys and their types."""
    rows: tuple[ListExpression, ...]
    """Rows: one expression for each column."""


@dataclass(frozen=True, slots=True)
class Binding:
    """An argument of a boxed invocation."""

    parameter: Variable
    """The parameter that it is for."""
    expression: "Expression | None"
    """Its value."""


@dataclass(frozen=True, slots=True)
class Invocation(Boxed):
    """A boxed call: a function and named arguments."""

    function: "Expression"
    """What is called."""
    bindings: tuple[Binding, ...]
    """Arguments by the names of parameters."""


@dataclass(frozen=True, slots=True)
class FunctionDefinition(Boxed):
    """A boxed function; the logic of a business knowledge model is one."""

    parameters: tuple[Variable, ...]
    """Its parameters."""
    body: "Expression | None"
    """What it returns; for foreign code a context that names it."""
    kind: str = "FEEL"
    """`FEEL`, `Java` or `PMML`."""


@dataclass(frozen=True, slots=True)
class Conditional(Boxed):
    """A boxed `if`."""

    condition: "Expression"
    """The condition."""
    then: "Expression"
    """The value if it is true."""
    otherwise: "Expression"
    """The value if it is false."""


@dataclass(frozen=True, slots=True)
class Filter(Boxed):
    """A boxed filter."""

    value: "Expression"
    """The list."""
    condition: "Expression"
    """The condition, in the scope of an element."""


@dataclass(frozen=True, slots=True)
class Iteration(Boxed):
    """A boxed `for`, `some` or `every`."""

    kind: str
    """`for`, `some` or `every`."""
    variable: str
    """The iterator variable."""
    domain: "Expression"
    """What it runs over."""
    body: "Expression"
    """What is returned, or must hold."""
    variable_type: Type = ANY
    """Declared type of the domain."""


Expression = (
    LiteralExpression
    | DecisionTable
    | Context
    | ListExpression
    | Relation
    | Invocation
    | FunctionDefinition
    | Conditional
    | Filter
    | Iteration
)


# --- elements of the requirement graph (DMN 1.5, chapter 6) -----------------------------------------------------------------


class RequirementKind(StrEnum):
    """What is required, by the name of its XML element."""

    INPUT = "requiredInput"
    DECISION = "requiredDecision"
    KNOWLEDGE = "requiredKnowledge"
    AUTHORITY = "requiredAuthority"


@dataclass(frozen=True, slots=True)
class Requirement:
    """An arrow of the graph."""

    kind: RequirementKind
    """What it leads to."""
    href: str
    """`#id`, or `namespace#id` of an element of another model."""
    notes: Notes = NO_NOTES
    """Its id and words."""
    leads_to: str = ""
    """Of an authority requirement that leads to no knowledge source: `requiredDecision` or `requiredInput`."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A named value that is decided by an expression."""

    id: str
    """Unique in its model: `pack/policy#name` where it comes from a policy, the XML's own id otherwise."""
    name: str
    """The name in FEEL."""
    type: Type
    """Declared type of its value; `ANY` where none was declared."""
    expression: Expression | None
    """How it is decided; None where no logic was given."""
    span: Span
    """Where it is defined, with the article it executes."""
    requirements: tuple[Requirement, ...] | None = None
    """What it requires; None where names wire the graph."""
    question: str = ""
    """The question that it answers."""
    allowed_answers: str = ""
    """The answers that it may give, in words."""
    references: tuple[tuple[str, str], ...] = ()
    """Further references: the XML element's name (`decisionMaker`, `supportedObjective`, …) and its href."""
    notes: Notes = NO_NOTES
    """Its label and words."""
    variable_notes: Notes = NO_NOTES
    """Those of its variable."""


@dataclass(frozen=True, slots=True)
class BusinessKnowledgeModel:
    """A named function of parameters."""

    id: str
    """Unique in its model."""
    name: str
    """The name in FEEL."""
    parameters: tuple[tuple[str, Type], ...]
    """Names and types of its parameters, in order."""
    type: Type
    """Declared type of its result."""
    expression: Expression | None
    """Its body; None where no logic was given."""
    span: Span
    """Where it is defined."""
    requirements: tuple[Requirement, ...] | None = None
    """What it requires; None where names wire the graph."""
    kind: str = "FEEL"
    """`FEEL`, `Java` or `PMML`."""
    notes: Notes = NO_NOTES
    """Its label and words."""
    variable: Variable | None = None
    """Its variable as the XML has it; its type is that of the function."""
    logic_notes: Notes = NO_NOTES
    """Those of its encapsulated logic."""
    parameter_notes: tuple[Notes, ...] = ()
    """Those of its parameters; empty where none has any."""


@dataclass(frozen=True, slots=True)
class InputData:
    """A fact about the subject, or a parameter: what a model is given."""

    id: str
    """Unique in its model; the attribute's name where it comes from a dictionary."""
    item: ItemDefinition
    """What is known of it beforehand: name, type and limits."""
    notes: Notes = NO_NOTES
    """Its label and words."""

    @property
    def name(self) -> str:
        """The name in FEEL."""
        return self.item.name


@dataclass(frozen=True, slots=True)
class DecisionService:
    """Decisions that are offered as a function of others and of input data (DMN 1.5, 6.3.9, 10.4)."""

    id: str
    """Unique in its model."""
    name: str
    """The name in FEEL."""
    type: Type
    """Declared type of its result."""
    output_decisions: tuple[str, ...]
    """Hrefs of what it answers."""
    encapsulated_decisions: tuple[str, ...]
    """Hrefs of what it evaluates on the way."""
    input_decisions: tuple[str, ...]
    """Hrefs of the decisions that it is given."""
    inputs: tuple[str, ...]
    """Hrefs of the input data that it is given."""
    span: Span
    """Where it is defined."""
    notes: Notes = NO_NOTES
    """Its label and words."""
    variable: Variable | None = None
    """Its variable as the XML has it."""


@dataclass(frozen=True, slots=True)
class KnowledgeSource:
    """A document or a person that decisions rest on: an article of law."""

    id: str
    """Unique in its model."""
    name: str
    """What it is called."""
    type: str = ""
    """What it is: `law`, `policy`, …"""
    owner: str = ""
    """Href of the organisation that owns it."""
    location: str = ""
    """The URI at which it stands."""
    requirements: tuple[Requirement, ...] = ()
    """What it rests on itself."""
    notes: Notes = NO_NOTES
    """Its label and words."""


@dataclass(frozen=True, slots=True)
class Import:
    """Another model whose elements are in scope as `name.element`; without a name, as they are."""

    name: str
    """The name that stands before theirs."""
    namespace: str
    """The namespace of the other model."""
    type: str = ""
    """What is imported: the URI of DMN, of XML Schema, of PMML."""
    location: str = ""
    """Where it stands, as a URI."""
    notes: Notes = NO_NOTES
    """Its id and words."""


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
    id: str = ""
    """The id of the model in XML."""
    namespace: str = ""
    """The namespace of the model; with an id behind `#` it names an element in all the world."""
    models: tuple[Import, ...] = ()
    """Other models, as XML imports them."""
    items: tuple[ItemDefinition, ...] = ()
    """Named types."""
    services: tuple[DecisionService, ...] = ()
    """Decision services."""
    sources: tuple[KnowledgeSource, ...] = ()
    """Knowledge sources."""
    others: tuple[str, ...] = ()
    """What is kept for readers only, each as canonical XML: text annotations, associations, groups, organisations, indicators."""
    diagrams: str = ""
    """The diagrams (DMNDI), as canonical XML."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Attributes of the model itself: `exporter`, `expressionLanguage`, …, those of other namespaces as `{namespace}name`."""
    notes: Notes = NO_NOTES
    """Its label and words."""
