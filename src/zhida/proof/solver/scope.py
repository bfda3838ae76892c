"""Scopes of symbolic evaluation: what a name means, and what an evaluation rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

from zhida.dmn.compiled import Body, CompiledRule
from zhida.dmn.model import ItemDefinition
from zhida.feel.syntax import Node, RangeLiteral, UnaryTests
from zhida.policy.pack import PolicyModel
from zhida.proof.solver.algebra import Sort, Term
from zhida.proof.solver.values import Opaque, Part, Symbol
from zhida.values.types import Type


@dataclass(frozen=True, slots=True)
class Fact:
    """A variable: a fact of the subject, or a parameter whose figure is lacking."""

    name: str
    """Its name in FEEL."""
    item: ItemDefinition
    """What is known of it."""
    symbol: Symbol
    """Its value."""
    limits: tuple[Term, ...]
    """What every value of it is like."""
    usual: tuple[Term, ...]
    """What usual values are like."""


@dataclass(slots=True)
class Ground:
    """What the value of an expression rests on."""

    facts: dict[str, Fact] = field(default_factory=dict)
    """Facts by name."""
    opaque: dict[str, tuple[str, str]] = field(default_factory=dict)
    """What is not in terms: its text, and why."""
    lists: set[str] = field(default_factory=set)
    """Facts that are lists, of which only a few elements are looked at."""
    minds_day: bool = False
    """Whether it rests on the day of the question, and this is one day only."""

    def add(self, other: "Ground") -> None:
        """Rest on what another rests on as well."""
        self.facts |= other.facts
        self.opaque |= other.opaque
        self.lists |= other.lists
        self.minds_day = self.minds_day or other.minds_day


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """What names mean at some place."""

    model: int
    """The place of the model."""
    requirements: Mapping[str, str]
    """Names of the elements that are required."""
    local: Mapping[str, Symbol] = field(default_factory=dict)
    """Names that are declared around it."""
    depth: int = 0
    """How many calls stand around it."""

    def inner(self, local: Mapping[str, Symbol]) -> "Scope":
        """Return a scope inside of this one."""
        return Scope(self.model, self.requirements, {**self.local, **local}, self.depth)


class Reader(Protocol):
    """What evaluates expressions: the parts of an encoding ask it for those inside of theirs."""

    @property
    def ground(self) -> Ground:
        """What is being evaluated rests on this."""

    @property
    def models(self) -> Sequence[PolicyModel]:
        """The models."""

    def day(self, model: int) -> Symbol:
        """Return the day of the question."""

    def element(self, model: int, id_: str) -> Symbol:
        """Return the value of an element, and rest on what it rests on."""

    def instead(self, node: Node, scope: Scope, sort: Sort, fault: Opaque) -> Symbol:
        """Return a free value for an expression that has no terms."""

    def text(self, code: Fraction) -> str:
        """Return the string of a number."""

    def less(self, left: Symbol, right: Symbol, *, or_equal: bool = False) -> Symbol:
        """Return whether one value comes before another."""

    def in_range(self, item: RangeLiteral, value: Symbol, scope: Scope) -> Symbol:
        """Return whether a value lies in a range that is written out."""

    def invoke(self, function: Symbol, positional: Sequence[Symbol], named: Mapping[str, Symbol], scope: Scope) -> Symbol:
        """Return what a business knowledge model comes to."""

    def condition_in(self, node: Node, part: Part, entries: Mapping[str, Symbol], scope: Scope) -> Symbol:
        """Return what a condition comes to in the scope of an element."""

    def value(self, node: Node, scope: Scope) -> Symbol:
        """Return the value of an expression."""

    def value_kept(self, node: Node, scope: Scope) -> Symbol:
        """Return the value of an expression that other tables may ask for again."""

    def passes_kept(self, tests: UnaryTests, value: Symbol, scope: Scope) -> Symbol:
        """Return whether a value passes the tests of a cell that other tables may ask for again."""

    def rule_kept(self, rule: CompiledRule, inputs: Sequence[Symbol], scope: Scope) -> Symbol:
        """Return whether all cells of a rule are passed, which other tables may ask for again."""

    def body(self, body: Body, scope: Scope) -> Symbol:
        """Return the value of the logic of an element."""

    def passes(self, tests: UnaryTests, value: Symbol, scope: Scope) -> Symbol:
        """Return whether a value passes the tests of a cell."""

    def constant(self, value: object) -> Symbol:
        """Return a value that is known."""

    def known(self, symbol: Symbol) -> object:
        """Return a value of FEEL that is known; `Opaque` where it is not."""

    def call_known(self, name: str, arguments: Sequence[object], model: int) -> Symbol:
        """Return what a builtin comes to for values that are known."""

    def fitted(self, symbol: Symbol, type_: Type) -> Symbol:
        """Return a value as its type asks; one that does not fit is null."""
