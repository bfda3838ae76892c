"""The nodes of FEEL, frozen; each knows its span (DMN 1.5, 10.3.1.2).

Node
├── Literal  Name  ListLiteral  ContextLiteral  RangeLiteral  FunctionLiteral
├── Negation  Arithmetic  Comparison  Between  In  InstanceOf  Conjunction  Disjunction
├── If  For  Quantified  Path  Filter  Call
└── UnaryTests  Condition  (what a cell of a decision table holds)
"""

from collections.abc import Iterator as IteratorOf
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, fields
from functools import cache

from zhida.source import Span
from zhida.values.types import Type


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of FEEL."""

    span: Span
    """Where it stands."""

    def __reduce__(self) -> tuple[type["Node"], tuple[object, ...]]:
        """Return what it is made of, for pickles, which hold tens of thousands."""
        kind = type(self)
        return kind, tuple([getattr(self, name) for name in _names_of_made(kind)])  # type: ignore[arg-type]  # a class can be hashed


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A number, string, boolean, null or at-literal."""

    value: object
    """Its value; None also for an at-literal that says nothing valid."""
    is_valid: bool = True
    """False for an at-literal that is no date, time or duration."""


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A reference to a named value."""

    name: str
    """The name as it was declared."""


@dataclass(frozen=True, slots=True)
class ListLiteral(Node):
    """`[a, b]`."""

    elements: tuple[Node, ...]
    """Its elements."""


@dataclass(frozen=True, slots=True)
class ContextLiteral(Node):
    """`{a: 1, b: a + 1}`."""

    entries: tuple[tuple[str, Node], ...]
    """Keys and expressions; an entry may use those before it."""
    has_functions: bool = field(init=False, compare=False)
    """Whether a function is written in an entry."""

    def __post_init__(self) -> None:
        """Look for functions once, not each time that the context is made."""
        entries = [entry for _, entry in self.entries if not isinstance(entry, Literal | Name)]
        found = any(isinstance(node, FunctionLiteral) for entry in entries for node in descendants(entry))
        object.__setattr__(self, "has_functions", found)


@dataclass(frozen=True, slots=True)
class RangeLiteral(Node):
    """`[low..high]` with its open forms, or `> 5` and its like with one end only."""

    low: Node | None
    """Lower end."""
    high: Node | None
    """Upper end."""
    low_closed: bool
    """Whether the lower end belongs to it."""
    high_closed: bool
    """Whether the upper end belongs to it."""
    operator: str = ""
    """The operator of a range that was written as a unary test; its operand stands at the end that it bounds."""

    @property
    def operand(self) -> Node:
        """The one end of a range that was written with an operator."""
        end = self.high if self.low is None else self.low
        assert end is not None
        return end


@dataclass(frozen=True, slots=True)
class FunctionLiteral(Node):
    """`function(a: number) a + 1`."""

    parameters: tuple[tuple[str, Type | None], ...]
    """Names and declared types."""
    body: Node
    """What it returns."""
    is_external: bool = False
    """Whether the body names foreign code, which is never run."""


@dataclass(frozen=True, slots=True)
class Negation(Node):
    """`-a`."""

    operand: Node
    """What is negated."""


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """`a + b`, `-`, `*`, `/`, `**`."""

    operator: str
    """One of the five."""
    left: Node
    """Left operand."""
    right: Node
    """Right operand."""


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """`a = b`, `!=`, `<`, `<=`, `>`, `>=`."""

    operator: str
    """One of the six."""
    left: Node
    """Left operand."""
    right: Node
    """Right operand."""


@dataclass(frozen=True, slots=True)
class Between(Node):
    """`a between b and c`."""

    value: Node
    """What is compared."""
    low: Node
    """Least value."""
    high: Node
    """Greatest value."""


@dataclass(frozen=True, slots=True)
class In(Node):
    """`a in (tests)`."""

    value: Node
    """What is tested."""
    tests: "UnaryTests"
    """The tests, of which one must hold."""


@dataclass(frozen=True, slots=True)
class InstanceOf(Node):
    """`a instance of T`."""

    value: Node
    """What is tested."""
    type_: Type | None
    """The type; None where its name is unknown."""
    type_name: str
    """How the type was spelled."""


@dataclass(frozen=True, slots=True)
class Conjunction(Node):
    """`a and b`."""

    left: Node
    """Left operand."""
    right: Node
    """Right operand."""


@dataclass(frozen=True, slots=True)
class Disjunction(Node):
    """`a or b`."""

    left: Node
    """Left operand."""
    right: Node
    """Right operand."""


@dataclass(frozen=True, slots=True)
class If(Node):
    """`if c then a else b`."""

    condition: Node
    """The condition."""
    then: Node
    """The value if it is true."""
    otherwise: Node
    """The value if it is anything else."""


@dataclass(frozen=True, slots=True)
class Iteration:
    """`name in domain`, or `name in low..high`."""

    name: str
    """The variable."""
    domain: Node
    """A list or range, or the first value."""
    last: Node | None = None
    """The last value where the iteration was written `low..high`."""


@dataclass(frozen=True, slots=True)
class For(Node):
    """`for x in list return f(x)`."""

    iterations: tuple[Iteration, ...]
    """The variables; a later one varies faster and sees those before it."""
    body: Node
    """What each step contributes."""
    sees_partial: bool = True
    """Whether the body may name `partial`; to keep that for nothing takes long."""


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    """`some x in list satisfies c`, `every …`."""

    is_every: bool
    """`every` rather than `some`."""
    iterations: tuple[Iteration, ...]
    """The variables."""
    condition: Node
    """What must hold."""


@dataclass(frozen=True, slots=True)
class Path(Node):
    """`a.b`."""

    value: Node
    """A context, a list of contexts, or a value with properties."""
    name: str
    """The entry."""


@dataclass(frozen=True, slots=True)
class Filter(Node):
    """`list[condition]` or `list[position]`."""

    value: Node
    """The list."""
    condition: Node
    """The condition, in the scope of an element, or the position."""


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`f(a, b)` or `f(name: a)`."""

    function: Node
    """What is called."""
    positional: tuple[Node, ...]
    """Arguments by position."""
    named: tuple[tuple[str, Node], ...]
    """Arguments by name; never together with arguments by position."""


@dataclass(frozen=True, slots=True)
class Condition(Node):
    """A test that names the tested value itself: `? > 5 and ? < 7`."""

    expression: Node
    """What must be true."""


@dataclass(frozen=True, slots=True)
class UnaryTests(Node):
    """What a cell tests of its input: any of some tests, or none of them, or nothing at all (`-`)."""

    tests: tuple[Node, ...]
    """The tests; none means that every value passes."""
    is_negated: bool = False
    """Whether the tests stand in `not(…)`."""


INPUT = "?"
"""The name by which a cell calls the value that it tests."""

PARTIAL = "partial"
"""The name by which the body of an iteration calls the results so far."""


@cache
def _names_of_made(kind: type[Node]) -> tuple[str, ...]:
    """Return the fields that a kind of node is made of, in order."""
    return tuple(field.name for field in fields(kind) if field.init)


@cache
def _fields_with_nodes(kind: type[Node]) -> tuple[str, ...]:
    """Return the fields of a kind of node that may hold others."""
    if kind is Literal or kind is Name:
        return ()
    return tuple(field.name for field in fields(kind) if field.name not in {"span", "operator", "name"})


def children(node: Node) -> IteratorOf[Node]:
    """Yield the nodes directly inside `node`, in the order of the text."""
    found: list[Node] = []
    for name in _fields_with_nodes(type(node)):  # type: ignore[arg-type]  # a class can be hashed, whatever its __hash__ takes
        _gather(getattr(node, name), found)
    return iter(found)


def _gather(value: object, found: list[Node]) -> None:
    """Add the nodes of a field to others; a list, because this is asked of every node of every policy."""
    if isinstance(value, Node):
        found.append(value)
    elif isinstance(value, tuple):
        for item in value:
            _gather(item, found)
    elif isinstance(value, Iteration):
        found.append(value.domain)
        if value.last is not None:
            found.append(value.last)


def descendants(node: Node) -> IteratorOf[Node]:
    """Yield `node` and all nodes inside of it, in no order that means anything."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(children(found))


def mentions(node: Node, name: str) -> bool:
    """Say whether a name occurs in `node`, whatever it means there."""
    return any(isinstance(found, Name) and found.name == name for found in descendants(node))


def mentions_input(node: Node) -> bool:
    """Say whether `?` occurs in `node`."""
    return mentions(node, INPUT)


def free_names(node: Node, bound: AbstractSet[str] = frozenset()) -> IteratorOf[Name]:
    """Yield the names in `node` that nothing inside of it declares; elements of a filter count as declaring nothing."""
    match node:
        case Name():
            if node.name not in bound:
                yield node
        case FunctionLiteral():
            yield from free_names(node.body, bound | {name for name, _ in node.parameters})
        case ContextLiteral():
            declared = set(bound)  # one set that grows: many entries stay cheap
            for key, entry in node.entries:
                yield from free_names(entry, declared)
                declared.add(key)
        case For() | Quantified():
            for iteration in node.iterations:
                yield from free_names(iteration.domain, bound)
                if iteration.last is not None:
                    yield from free_names(iteration.last, bound)
                bound |= {iteration.name}
            body = node.body if isinstance(node, For) else node.condition
            yield from free_names(body, bound | {PARTIAL} if isinstance(node, For) else bound)
        case Filter():
            yield from free_names(node.value, bound)
            yield from free_names(node.condition, bound | {"item"})
        case _:
            for child in children(node):
                if type(child) is not Literal:  # most of what cells list
                    yield from free_names(child, bound)
