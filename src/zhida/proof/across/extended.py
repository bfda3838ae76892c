"""Extending: decisions that a proof makes up, beside those of a policy, so that a question about it is one about a decision.

    rule 3 fires            the table, answering true by rule 3 and false by any other
    what is given           the amount, or nothing where the policy does not apply or the subject is not eligible
    the same, one step on   copies of all decisions that rest on a fact, reading it one step further on

What is made up is evaluated by the interpreter, and put into terms by the solver, like any other decision.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from zhida.dmn.compiled import Body, CompiledDecision, CompiledTable
from zhida.dmn.graph import closure
from zhida.dmn.model import Decision, HitPolicy, InputData, ItemDefinition
from zhida.feel import syntax
from zhida.feel.shape import Shape
from zhida.feel.syntax import Node
from zhida.policy.pack import PolicyModel
from zhida.proof.solver.encoding import Holds
from zhida.source import Source, Span
from zhida.values.types import ANY, NUMBER
from zhida.values.unknown import Unknown

Value = Any

_NOWHERE = Span(Source("", ""), 0, 0)


class Extension:
    """A linked policy to which decisions are added."""

    def __init__(self, model: PolicyModel) -> None:
        """Begin with nothing added.

        Args:
            model: The policy.
        """
        self.base = model
        self.decisions = dict(model.model.decisions)
        self.inputs = dict(model.model.inputs)
        self.requirements = dict(model.model.requirements)

    def add(self, id_: str, body: Body, requirements: Mapping[str, str]) -> str:
        """Add a decision and return its id; it can be named by it, too.

        Args:
            id_: Its id.
            body: What it is decided by.
            requirements: The ids of what the names in it mean.
        """
        decision = Decision(id_, id_, ANY, None, _NOWHERE)
        self.decisions[id_] = CompiledDecision(decision, body, requirements, Shape(ANY))
        self.requirements[id_] = tuple(requirements.values())
        return id_

    def add_number(self, id_: str, scale: int | None) -> str:
        """Add a number that is told, and return its id."""
        self.inputs[id_] = InputData(id_, ItemDefinition(id_, NUMBER, scale=scale))
        return id_

    def model(self) -> PolicyModel:
        """Return the policy with all that was added."""
        linked = replace(self.base.model, decisions=self.decisions, inputs=self.inputs, requirements=self.requirements)
        return replace(self.base, model=linked, _uses={}, witnessed={})

    def add_copies(self, goals: Iterable[str], moved: Mapping[str, str], mark: str) -> dict[str, str]:
        """Add copies of all decisions beneath some goals that rest on what was moved, and return the id of each goal's copy.

        Args:
            goals: Ids of decisions.
            moved: What stands in place of some facts, by their ids.
            mark: What the copies are called by.
        """
        goals = tuple(goals)
        ids = closure(self.base.model.requirements, goals)
        stands = dict(moved)
        touched = {
            id_ for id_ in ids if id_ in self.decisions and not moved.keys().isdisjoint(closure(self.base.model.requirements, [id_]))
        }
        stands |= {id_: f"{id_}{mark}" for id_ in touched}
        for id_ in sorted(touched):
            compiled = self.decisions[id_]
            required = {name: stands.get(each, each) for name, each in compiled.requirements.items()}
            self.decisions[stands[id_]] = replace(compiled, decision=replace(compiled.decision, id=stands[id_]), requirements=required)
            self.requirements[stands[id_]] = tuple(required.values())
        return {goal: stands.get(goal, goal) for goal in goals}

    def add_gain(self, id_: str, goals: Mapping[str, str]) -> str:
        """Add what the policy gives: null where that is not known.

        Args:
            id_: Its id.
            goals: The ids of what stands for its goals, by their own.
        """
        policy = self.base.policy
        assert policy.amount_id is not None
        body: Node = name("amount")
        required = {"amount": goals[policy.amount_id]}
        for word, goal in (("eligible", policy.eligible_id), ("applies", policy.applies_id)):
            if goal is not None and goal in goals:
                required[word] = goals[goal]
                nothing = if_(equals(word, value=False), literal(Decimal(0)), literal(None))
                body = if_(equals(word, value=True), body, nothing)
        return self.add(id_, body, required)


def fires(table: CompiledTable, place: int) -> CompiledTable:
    """Return a table that says whether it is decided by one of its rules.

    Args:
        table: The table.
        place: The place of the rule.
    """
    first = table.table.hit_policy is HitPolicy.FIRST
    rules = [rule for each, rule in enumerate(table.rules) if each == place or (first and each < place)]
    answers = tuple(replace(rule, outputs=(literal(rule is table.rules[place]),)) for rule in rules)
    output = replace(table.table.outputs[0], type=ANY, allowed_values=None)
    written = replace(table.table, hit_policy=HitPolicy.FIRST, outputs=(output,))
    return replace(table, table=written, rules=answers, defaults=(literal(value=False),), priorities=((),), listed=())


def name(text: str) -> syntax.Name:
    """Return a name."""
    return syntax.Name(_NOWHERE, text)


def literal(value: object) -> syntax.Literal:
    """Return a literal."""
    return syntax.Literal(_NOWHERE, value)


def if_(condition: Node, then: Node, otherwise: Node) -> syntax.If:
    """Return a choice."""
    return syntax.If(_NOWHERE, condition, then, otherwise)


def compared(operator: str, left: Node, right: Node) -> syntax.Comparison:
    """Return a comparison."""
    return syntax.Comparison(_NOWHERE, operator, left, right)


def equals(word: str, *, value: object) -> syntax.Comparison:
    """Return that a name has a value."""
    return compared("=", name(word), literal(value))


def added(operator: str, left: Node, right: Node) -> syntax.Arithmetic:
    """Return a sum, or another operation of arithmetic."""
    return syntax.Arithmetic(_NOWHERE, operator, left, right)


def all_of(nodes: Sequence[Node]) -> Node:
    """Return that all of some conditions hold; true where there are none."""
    found: Node = literal(value=True)
    for place, node in enumerate(nodes):
        found = syntax.Conjunction(_NOWHERE, found, node) if place else node
    return found


def supposed(model: PolicyModel, held: Mapping[str, Value], scope: str) -> list[Holds]:
    """Return what is supposed of parameters that nobody has set: the examples' values, else that no number is below nothing.

    Args:
        model: The policy.
        held: The values that the examples suppose, by id.
        scope: A decision that requires all parameters by their ids.
    """
    open_ids = [id_ for id_, value in model.parameters.items() if isinstance(value, Unknown) and id_ in model.model.inputs]
    found = [Holds(equals(id_, value=held[id_]), scope) for id_ in open_ids if id_ in held]
    numbers = [id_ for id_ in open_ids if id_ not in held and model.model.inputs[id_].item.type is NUMBER]
    return found + [Holds(compared(">=", name(id_), literal(Decimal(0))), scope) for id_ in numbers]


def any_of(nodes: Sequence[Node]) -> Node:
    """Return that one of some conditions holds; false where there are none."""
    found: Node = literal(value=False)
    for place, node in enumerate(nodes):
        found = syntax.Disjunction(_NOWHERE, found, node) if place else node
    return found
