"""What compilation makes of definitions: expressions parsed, names bound, every type resolved.

    CompiledDefinitions ──link──> DecisionModel
    ├── CompiledDecision, CompiledKnowledge    ── body: Body
    └── CompiledService

A body is a FEEL expression (a node), a decision table, or another boxed expression, whose parts are bodies themselves.
An element whose logic cannot be used is `Broken`: it comes to null and says why.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Union

from zhida.dmn.model import BusinessKnowledgeModel, Decision, DecisionService, DecisionTable, Definitions, InputData, Rule
from zhida.errors import Diagnostic
from zhida.feel.shape import Shape
from zhida.feel.syntax import Node, UnaryTests
from zhida.source import Span
from zhida.values.types import Type

AS_OF = "评估日"
"""The reserved name of the date for which a model is evaluated."""


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its cells parsed."""

    rule: Rule
    """The rule."""
    tests: tuple[UnaryTests, ...]
    """One for each input clause."""
    outputs: tuple[Node, ...]
    """One for each output clause."""


@dataclass(frozen=True, slots=True)
class CompiledTable:
    """A decision table with its cells parsed."""

    table: DecisionTable
    """The table."""
    inputs: tuple[Node, ...]
    """What is tested, by column."""
    allowed: tuple[UnaryTests | None, ...]
    """What each input may be."""
    rules: tuple[CompiledRule, ...]
    """The rules, in order."""
    defaults: tuple[Node | None, ...]
    """What each output is when no rule matches."""
    priorities: tuple[tuple[Node, ...], ...]
    """The allowed values of each output, highest priority first; none where they are not listed."""
    names_null: tuple[bool, ...]
    """For each input clause, whether some cell of its column names null."""
    listed: tuple[UnaryTests | None, ...] = ()
    """The same allowed values as tests, by column; none at all where no column lists any."""

    @property
    def nodes(self) -> Iterator[Node]:
        """Every expression in the table."""
        yield from self.inputs
        yield from (tests for tests in self.allowed if tests is not None)
        yield from (node for tests in self.listed if tests is not None for node in tests.tests)
        yield from (node for node in self.defaults if node is not None)
        for rule in self.rules:
            yield from rule.tests
            yield from rule.outputs


@dataclass(frozen=True, slots=True)
class Typed:
    """An expression with a declared type: a value that does not fit is null."""

    body: "Body"
    """The expression."""
    type: Type
    """What its value must be."""
    span: Span
    """Where it stands."""
    name: str = ""
    """What diagnostics call it."""


@dataclass(frozen=True, slots=True)
class CompiledContext:
    """A boxed context."""

    entries: tuple[tuple[str, "Body"], ...]
    """Keys and values, in order; each may use those before it."""
    result: Union["Body", None]
    """What the context comes to where that is not the context itself."""
    span: Span
    """Where it stands."""


@dataclass(frozen=True, slots=True)
class CompiledList:
    """A boxed list; a relation is one of contexts."""

    elements: tuple["Body", ...]
    """Its elements."""
    span: Span
    """Where it stands."""


@dataclass(frozen=True, slots=True)
class CompiledInvocation:
    """A boxed call."""

    function: "Body"
    """What is called."""
    arguments: tuple[tuple[str, "Body"], ...]
    """Arguments by the names of parameters."""
    span: Span
    """Where it stands."""


@dataclass(frozen=True, slots=True)
class CompiledFunction:
    """A boxed function."""

    parameters: tuple[tuple[str, Type], ...]
    """Names and types of its parameters."""
    body: "Body"
    """What it returns."""
    span: Span
    """Where it stands."""


@dataclass(frozen=True, slots=True)
class CompiledExternal:
    """The body of a function that names foreign code: one of the whitelist is done here, any other is refused."""

    specification: "Body"
    """A context that names a class and a method."""
    parameters: tuple[str, ...]
    """The names of the parameters, in the order of the method's."""
    span: Span
    """Where it stands."""


@dataclass(frozen=True, slots=True)
class CompiledConditional:
    """A boxed `if`."""

    condition: "Body"
    """The condition."""
    then: "Body"
    """The value if it is true."""
    otherwise: "Body"
    """The value if it is false."""
    span: Span
    """Where it stands."""


@dataclass(frozen=True, slots=True)
class CompiledFilter:
    """A boxed filter."""

    value: "Body"
    """The list."""
    condition: "Body"
    """The condition, in the scope of an element."""
    span: Span
    """Where it stands."""


@dataclass(frozen=True, slots=True)
class CompiledIteration:
    """A boxed `for`, `some` or `every`."""

    kind: str
    """`for`, `some` or `every`."""
    variable: str
    """The iterator variable."""
    domain: "Body"
    """What it runs over."""
    body: "Body"
    """What is returned, or must hold."""
    span: Span
    """Where it stands."""


@dataclass(frozen=True, slots=True)
class Broken:
    """An expression that cannot be used: it comes to null and says why."""

    diagnostics: tuple[Diagnostic, ...]
    """What is wrong with it."""


Body = (
    Node
    | CompiledTable
    | Typed
    | CompiledContext
    | CompiledList
    | CompiledInvocation
    | CompiledFunction
    | CompiledExternal
    | CompiledConditional
    | CompiledFilter
    | CompiledIteration
    | Broken
)


@dataclass(frozen=True, slots=True)
class CompiledDecision:
    """A decision that can be evaluated."""

    decision: Decision
    """The decision."""
    body: Body
    """Its expression, parsed."""
    requirements: Mapping[str, str]
    """What it requires: the name in FEEL → the id of the element."""
    shape: Shape
    """What is known of its value beforehand."""


@dataclass(frozen=True, slots=True)
class CompiledKnowledge:
    """A business knowledge model that can be called."""

    model: BusinessKnowledgeModel
    """The business knowledge model."""
    body: Body
    """Its expression, parsed."""
    requirements: Mapping[str, str]
    """What it requires beside its parameters."""
    shape: Shape
    """The shape of the function."""


@dataclass(frozen=True, slots=True)
class CompiledService:
    """A decision service that can be called."""

    service: DecisionService
    """The decision service."""
    outputs: tuple[str, ...]
    """Ids of the decisions that it answers."""
    output_names: tuple[str, ...]
    """Names of these; of one of another model, with the name of its import before it (DMN 1.5, 10.4)."""
    inputs: tuple[str, ...]
    """Ids of what it is given, in the order of its parameters: input data, then input decisions."""
    parameters: tuple[tuple[str, Type], ...]
    """Names and types of these."""
    shape: Shape
    """The shape of the function."""


@dataclass(frozen=True, slots=True)
class CompiledDefinitions:
    """One set of definitions, compiled."""

    definitions: Definitions
    """What was compiled."""
    decisions: Mapping[str, CompiledDecision]
    """By id, in the order in which they can be decided."""
    knowledge: Mapping[str, CompiledKnowledge]
    """By id."""
    inputs: Mapping[str, InputData]
    """Input data that is mentioned, by id."""
    services: Mapping[str, CompiledService]
    """By id."""
    diagnostics: tuple[Diagnostic, ...]
    """What was found; no model may be linked from definitions with errors."""


@dataclass(frozen=True, slots=True)
class DecisionModel:
    """A decision model that can be evaluated: definitions linked with those that they use."""

    decisions: Mapping[str, CompiledDecision]
    """By id."""
    knowledge: Mapping[str, CompiledKnowledge]
    """By id."""
    inputs: Mapping[str, InputData]
    """By id."""
    requirements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each decision and knowledge model, the ids that it requires."""
    services: Mapping[str, CompiledService] = field(default_factory=dict)
    """By id."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """What was found in compiling it; with errors only where broken elements were asked to come to null."""
