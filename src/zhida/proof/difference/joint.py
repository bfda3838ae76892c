"""Two versions in one model: the decisions of both beside each other, over the same facts.

    old decisions ──┐                    one decision for each question, which requires what is compared:
    new decisions ──┼──> joint model ──> 旧 营收符合, 新 营收符合, 旧 营收符合 规则, 新 营收符合 规则
    facts, shared ──┘

A fact of one name is one fact. The day of a version stands in its rules as a literal, so that each is judged on its own day.
A decision whose rules and grounds are the same in both stands in it once: it cannot come out differently, and nothing has to
be solved to say so. The *way* of a decision is a number: the place of the rule that fires, or of the condition that settles
it; 0 where none does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from decimal import Decimal
from typing import Any

from zhida.dmn.compiled import (
    AS_OF,
    Body,
    CompiledDecision,
    CompiledKnowledge,
    CompiledRule,
    CompiledTable,
    DecisionModel,
)
from zhida.dmn.graph import closure, sort_requirements
from zhida.dmn.model import Decision, HitPolicy, InputData, ItemDefinition, LiteralExpression
from zhida.feel import syntax
from zhida.feel.shape import Shape
from zhida.feel.syntax import Node
from zhida.policy.pack import PolicyModel
from zhida.source import Snippet, Source, Span
from zhida.values.temporal import Date
from zhida.values.types import ANY, NUMBER, Type
from zhida.values.unknown import Unknown

Value = Any

PREFIXES = ("旧 ", "新 ")
"""What stands before the name of a decision of the old and of the new version in the scope of a question."""

WAY = " 规则"
"""What stands behind the name of a decision where its way is meant."""

FACT = "事实 "
"""What stands before the name of a fact in the scope of a question."""

NOWHERE = Span(Source("<difference>", ""), 0, 0)

MOST_WAYS = 3
"""Tables by whose rules the changes of an amount are told apart, at most."""

SINGLE_HIT = frozenset((HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.PRIORITY, HitPolicy.FIRST))
"""Hit policies under which one rule gives the value."""


@dataclass(frozen=True, slots=True)
class Joint:
    """Two versions as one model."""

    model: PolicyModel
    """The model; its day is that of the new version."""
    ids: tuple[Mapping[str, str], Mapping[str, str]]
    """For each version, the id of an element in it → its id here."""
    ways: frozenset[str]
    """Ids, here, of the decisions that have more than one way."""

    def is_shared(self, ids: tuple[str, str]) -> bool:
        """Say whether a decision of the old version and one of the new are the same, with all that they rest on."""
        return self.ids[0].get(ids[0], "") == self.ids[1].get(ids[1])

    def scope(self, name: str, decisions: Sequence[Sequence[str]]) -> tuple["Joint", str]:
        """Return the joint model with a question of its own, and the id of that.

        Args:
            name: What the question is called.
            decisions: For each version, the ids in it of the decisions that the question is about.
        """
        named: dict[str, str] = {}
        for side, ids in enumerate(decisions):
            for own in ids:
                here = self.ids[side][own]
                name_here = PREFIXES[side] + self.model.model.decisions[here].decision.name
                named[name_here] = here
                if here in self.ways:
                    named[name_here + WAY] = here + WAY
        id_ = f"question#{name}"
        old = self.model.model
        beneath = closure(old.requirements, list(named.values()))
        named |= {FACT + data.name: here for here, data in old.inputs.items() if here in beneath}
        question = _decision(id_, syntax.Literal(NOWHERE, None), named)
        model = replace(old, decisions={**old.decisions, id_: question}, requirements={**old.requirements, id_: tuple(named.values())})
        return replace(self, model=replace(self.model, model=model)), id_

    def abstract(self, policies: Sequence[str]) -> "Joint | None":
        """Return the joint model in which what both versions take from other policies is given; None where they take nothing.

        More is possible in it than can be: what is impossible there is so here. Examples give such decisions as well.

        Args:
            policies: The ids of the two versions.
        """
        old = self.model.model
        own = {here for ids in self.ids for id_, here in ids.items() if id_.partition("#")[0] in policies}
        shared = set(self.ids[0].values()) & set(self.ids[1].values())
        taken = {required for id_ in own for required in old.requirements.get(id_, ()) if required in old.decisions}
        given = {id_: old.decisions[id_] for id_ in sorted((taken & shared) - own)}
        items = {id_: ItemDefinition(each.decision.name, _known_type(each), is_nullable=True) for id_, each in given.items()}
        items = {id_: item for id_, item in items.items() if item.type is not ANY}
        if not items:
            return None
        inputs = {**old.inputs, **{id_: InputData(id_, item) for id_, item in items.items()}}
        decisions = {id_: each for id_, each in old.decisions.items() if id_ not in items}
        requirements = {id_: found for id_, found in old.requirements.items() if id_ not in items}
        return replace(self, model=replace(self.model, model=DecisionModel(decisions, old.knowledge, inputs, requirements)))


def is_free(exact: Joint, loose: Joint, scope: str) -> bool:
    """Say whether what is given in place of a decision of another policy rests on no fact that the question has in another way.

    Else a subject could be given a size, say, that its own number of employees forbids.

    Args:
        exact: The joint model.
        loose: What `abstract` made of it.
        scope: The question.
    """
    known = exact.model.model
    kept = closure(loose.model.model.requirements, [scope]) & loose.model.model.inputs.keys()
    given = kept & known.decisions.keys()
    seen = kept - given
    for id_ in sorted(given):
        beneath = closure(known.requirements, [id_]) & known.inputs.keys()
        if seen & beneath:
            return False
        seen |= beneath
    return True


def _known_type(compiled: CompiledDecision) -> Type:
    return compiled.shape.type if compiled.decision.type is ANY else compiled.decision.type


def named(side: int, name: str, *, is_way: bool = False) -> Node:
    """Return the name of a decision, or of its way, in the scope of a question."""
    return syntax.Name(NOWHERE, PREFIXES[side] + name + (WAY if is_way else ""))


def fact(name: str) -> Node:
    """Return the name of a fact in the scope of a question."""
    return syntax.Name(NOWHERE, FACT + name)


def compared(operator: str, left: Node, right: Value) -> Node:
    """Return the comparison of a name with a value or another name."""
    return syntax.Comparison(NOWHERE, operator, left, right if isinstance(right, Node) else syntax.Literal(NOWHERE, right))


def joint(models: tuple[PolicyModel, PolicyModel]) -> Joint:
    """Return the joint model of two versions.

    Args:
        models: The old and the new version, each linked for its day.
    """
    joiner = _Joiner(models)
    for side in (0, 1):
        joiner.take(side)
    model = DecisionModel(joiner.decisions, joiner.knowledge, joiner.inputs, joiner.requirements)
    old, new = models
    inputs = {data.id: data for each in models for data in each.policy.compiled.definitions.inputs}
    compiled = replace(new.policy.compiled, definitions=replace(new.policy.compiled.definitions, inputs=tuple(inputs.values())))
    policy = replace(new.policy, compiled=compiled)
    rows = {**old.parameter_rows, **new.parameter_rows}
    whole = PolicyModel(policy, new.as_of, new.in_force, model, joiner.parameters, {}, (), rows)
    return Joint(whole, (joiner.ids[0], joiner.ids[1]), frozenset(joiner.ways))


class _Joiner:
    """Takes the elements of both versions, the old ones first."""

    def __init__(self, models: tuple[PolicyModel, PolicyModel]) -> None:
        self.models = models
        self.ids: list[dict[str, str]] = [{}, {}]
        self.decisions: dict[str, CompiledDecision] = {}
        self.knowledge: dict[str, CompiledKnowledge] = {}
        self.inputs: dict[str, InputData] = {}
        self.parameters: dict[str, Value] = {}
        self.requirements: dict[str, tuple[str, ...]] = {}
        self.ways: set[str] = set()
        self.kin: dict[str, list[str]] = {}

    def take(self, side: int) -> None:
        """Take what a version has, what is required first."""
        model = self.models[side]
        for id_, data in model.model.inputs.items():
            self.take_input(side, id_, data)
        own = [id_ for id_ in model.model.decisions if id_.startswith(f"{model.policy.id}#")]
        needed = closure(model.model.requirements, own)
        order, _ = sort_requirements({id_: found for id_, found in model.model.requirements.items() if id_ in needed})
        for id_ in order:
            self.take_element(side, id_)

    def take_input(self, side: int, id_: str, data: InputData) -> None:
        """Take a fact, which is the same in both versions, or a parameter, whose figure may be another on another day."""
        here = id_
        if id_ in self.models[side].parameters:
            value = self.models[side].parameters[id_]
            known = self.parameters.get(id_, value)
            if known != value and not (isinstance(known, Unknown) and isinstance(value, Unknown)):
                here = f"{PREFIXES[side]}{id_}"
                data = replace(data, id=here, item=replace(data.item, name=f"{PREFIXES[side]}{data.name}"))
            self.parameters[here] = value
        self.inputs.setdefault(here, data)
        self.ids[side][id_] = here

    def take_element(self, side: int, id_: str) -> None:
        """Take a decision or a business knowledge model, unless the other version has the same."""
        model = self.models[side].model
        element = model.decisions.get(id_) or model.knowledge.get(id_)
        if element is None:
            return
        ids = self.ids[side]
        requirements = {name: ids.get(required, required) for name, required in element.requirements.items()}
        body = _on_day(element.body, self.models[side].as_of)
        name = element.decision.name if isinstance(element, CompiledDecision) else element.model.name
        for known in self.kin.get(name, ()):
            if self.is_same(known, element, body, requirements):
                ids[id_] = known
                return
        here = ids[id_] = f"{side}:{id_}"
        self.kin.setdefault(name, []).append(here)
        self.requirements[here] = tuple(requirements.values())
        if isinstance(element, CompiledKnowledge):
            self.knowledge[here] = replace(element, model=replace(element.model, id=here), body=body, requirements=requirements)
            return
        decision = replace(element.decision, id=here)
        self.decisions[here] = replace(element, decision=decision, body=body, requirements=requirements)
        way = way_body(body)
        if way is not None:
            self.ways.add(here)
            self.decisions[here + WAY] = _decision(here + WAY, way, requirements)
            self.requirements[here + WAY] = tuple(requirements.values())

    def is_same(self, known: str, element: CompiledDecision | CompiledKnowledge, body: Body, requirements: Mapping[str, str]) -> bool:
        """Say whether an element of the old version is the same as one of the new."""
        if isinstance(element, CompiledKnowledge):
            model = self.knowledge.get(known)
            has_same_face = model is not None and (model.model.parameters, model.model.type) == (
                element.model.parameters,
                element.model.type,
            )
            return model is not None and has_same_face and model.requirements == requirements and is_alike(model.body, body)
        old = self.decisions.get(known)
        if old is None or old.decision.type != element.decision.type:
            return False
        return old.requirements == requirements and is_alike(old.body, body)


def _decision(id_: str, body: Body, requirements: Mapping[str, str]) -> CompiledDecision:
    """Return a decision of ours, which nobody wrote."""
    type_ = NUMBER if id_.endswith(WAY) else ANY
    expression = LiteralExpression(Snippet("", NOWHERE.source, 0))
    return CompiledDecision(Decision(id_, id_.partition("#")[2], ANY, expression, NOWHERE), body, dict(requirements), Shape(type_))


# --- the day ---------------------------------------------------------------------------------------------------------


def _on_day(body: Any, day: Date) -> Any:  # noqa: ANN401 - any part of a body
    """Return a body in which the day of the evaluation is written out."""
    if isinstance(body, syntax.Name) and body.name == AS_OF:
        return syntax.Literal(body.span, day)
    if isinstance(body, syntax.Call) and isinstance(body.function, syntax.Name) and body.function.name == "today":
        return syntax.Literal(body.span, day)
    return _mapped(body, lambda part: _on_day(part, day))


def _mapped(thing: Any, change: Callable[[Any], Any]) -> Any:  # noqa: ANN401 - any part of a body
    """Return a part of a body with each of its own parts changed; itself where none is."""
    if isinstance(thing, tuple):
        parts = tuple([change(part) for part in thing])
        return parts if any(new is not old for new, old in zip(parts, thing, strict=True)) else thing
    if not _is_body(thing):
        return thing
    kept = {}
    for field in fields(thing):
        value = getattr(thing, field.name)
        new = change(value) if field.init and (isinstance(value, tuple) or _is_body(value)) else value
        if new is not value:
            kept[field.name] = new
    return replace(thing, **kept) if kept else thing


def _is_body(thing: object) -> bool:
    """Say whether something is a part of a body that may hold others."""
    module = type(thing).__module__
    return is_dataclass(thing) and module in {syntax.__name__, CompiledTable.__module__}


# --- the same --------------------------------------------------------------------------------------------------------


def is_alike(old: object, new: object) -> bool:
    """Say whether two bodies say the same, wherever they stand and whatever is noted beside them."""
    if isinstance(old, CompiledTable) and isinstance(new, CompiledTable):
        return is_alike(_face(old), _face(new))
    if isinstance(old, CompiledRule) and isinstance(new, CompiledRule):
        return is_alike((old.tests, old.outputs), (new.tests, new.outputs))
    if isinstance(old, tuple) and isinstance(new, tuple):
        return len(old) == len(new) and all(map(is_alike, old, new))
    if type(old) is not type(new):
        return False
    if isinstance(old, Span):
        return True
    if _is_body(old):
        names = [field.name for field in fields(old)]  # type: ignore[arg-type]  # it is a dataclass
        return all(is_alike(getattr(old, name), getattr(new, name)) for name in names)
    return old == new


def _face(table: CompiledTable) -> tuple[object, ...]:
    """Return what a table is told by: not its words."""
    outputs = tuple((clause.name if len(table.table.outputs) > 1 else "", clause.type) for clause in table.table.outputs)
    return (table.table.hit_policy.value, outputs, table.inputs, table.allowed, table.rules, table.defaults, table.priorities)


# --- ways ------------------------------------------------------------------------------------------------------------


def way_body(body: Body) -> Body | None:
    """Return what tells by which way a decision comes to its value, or None where there is but one."""
    if isinstance(body, CompiledTable):
        if body.table.hit_policy not in SINGLE_HIT or not body.rules:
            return None
        rules = tuple([replace(rule, outputs=(_number(place),)) for place, rule in enumerate(body.rules, 1)])
        outputs = body.table.outputs[:1]
        kept = tuple([replace(clause, type=ANY, allowed_values=None) for clause in outputs])
        table = replace(body.table, hit_policy=HitPolicy.FIRST, outputs=kept, type=ANY)
        return replace(body, table=table, rules=rules, defaults=(_number(0),), priorities=((),))
    conditions = list(steps_of(body)) if isinstance(body, Node) else []
    if not conditions:
        return None
    way: Node = _number(0)
    for place, condition in reversed([*enumerate(conditions, 1)]):
        way = syntax.If(NOWHERE, condition, _number(place), way)
    return way


def steps_of(body: Node) -> Iterator[Node]:
    """Yield the conditions of which the first that holds settles an expression; none where it is not made of such."""
    if isinstance(body, syntax.If):
        while isinstance(body, syntax.If):
            yield body.condition
            body = body.otherwise
    elif isinstance(body, syntax.Conjunction):
        yield from (compared("=", operand, right=False) for operand in operands_of(body))
    elif isinstance(body, syntax.Disjunction):
        yield from operands_of(body)


def operands_of(node: Node) -> Iterator[Node]:
    """Yield the operands of a chain of `and` or of `or`, from left to right."""
    waiting = [node]
    while waiting:
        found = waiting.pop()
        if type(found) is type(node) and isinstance(found, syntax.Conjunction | syntax.Disjunction):
            waiting += [found.right, found.left]
        else:
            yield found


def _number(number: int) -> Node:
    return syntax.Literal(NOWHERE, Decimal(number))


def tables_beneath(model: PolicyModel, goal: str) -> list[str]:
    """Return the decisions of a policy whose ways make the value of a goal: itself where it is a table, else the nearest tables below it.

    Where there are none, it is the goal itself, if that has ways.
    """
    prefix = f"{model.policy.id}#"
    seen: set[str] = set()
    found: list[str] = []
    waiting = [goal]
    for id_ in waiting:  # which grows on the way
        compiled = model.model.decisions.get(id_)
        if id_ in seen or compiled is None or not id_.startswith(prefix):
            continue
        seen.add(id_)
        if isinstance(compiled.body, CompiledTable):
            found.append(id_)
        else:
            waiting += compiled.requirements.values()
    return [id_ for id_ in found if way_body(model.model.decisions[id_].body) is not None][:MOST_WAYS] or [goal]


def names_of(model: PolicyModel, goals: Iterable[str]) -> dict[str, InputData]:
    """Return the facts and parameters that goals rest on, by name."""
    needed = closure(model.model.requirements, goals)
    return {data.name: data for id_, data in model.model.inputs.items() if id_ in needed}
