"""Facts to try: what a decision rests on, and values of each that could show a difference.

The values are the lines that either version compares with, a step to either side of them, what the examples give, what the
dictionary lists, and figures that the rules are written with. The interpreter alone is asked; no solver has a part in it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import chain, pairwise
from random import Random
from typing import Any

from zhida.assess.examples import given_facts
from zhida.assess.subject import inputs_of
from zhida.dmn.compiled import AS_OF, CompiledTable
from zhida.dmn.elementary import Use, fixed_lines, uses
from zhida.dmn.evaluate import Evaluator
from zhida.dmn.model import ItemDefinition
from zhida.feel import syntax
from zhida.feel.syntax import Node
from zhida.policy.pack import Packs, PolicyModel
from zhida.values import temporal
from zhida.values.temporal import Date
from zhida.values.types import BOOLEAN, DATE, NUMBER, STRING, list_of
from zhida.values.unknown import find_unknown

Value = Any
Facts = dict[str, Value]

FEW = 64
MOST_WORDS = 24
MOST_FIGURES = 30
MOST = Decimal("1e18")


@dataclass(frozen=True, slots=True)
class Variable:
    """A fact, or a decision that is given as one."""

    id: str
    """Its id in the model."""
    name: str
    """Its name."""
    values: tuple[Value, ...]
    """What is tried."""
    is_exact: bool
    """Whether the values stand for all others."""
    step: Decimal | None = None
    """Of a number, the least by which it can change."""
    usual: tuple[Decimal | None, Decimal | None] | None = None
    """Its least and greatest usual value."""

    def is_usual(self, value: Value) -> bool:
        """Say whether a value lies where values of the fact usually do."""
        if isinstance(value, tuple):
            return all(self.is_usual(each) for each in value)
        if self.usual is None or not isinstance(value, Decimal):
            return True
        low, high = self.usual
        return (low is None or low <= value) and (high is None or value <= high)


@dataclass(frozen=True, slots=True)
class Row:
    """A subject on a day."""

    facts: Facts
    """Values by id; of parameters too."""
    day: Date
    """The day."""


def descent(model: PolicyModel, decision_id: str) -> tuple[list[str], list[str]]:
    """Return the facts that a decision of a policy rests on, and the elements between; ids, in the order in which they are met.

    A decision that another policy publishes counts as a fact, for it may be given; so does a parameter without a figure.
    """
    own = f"{model.policy.id}#"
    found: dict[str, None] = {}
    between: dict[str, None] = {decision_id: None}
    waiting = [decision_id]
    while waiting:
        for id_ in model.model.requirements.get(waiting.pop(0), ()):
            if id_ in model.model.inputs:
                if find_unknown(model.parameters.get(id_, None)) is not None or id_ not in model.parameters:
                    found.setdefault(id_)
            elif id_ in model.model.decisions and not id_.startswith(own):
                found.setdefault(id_)
            elif id_ not in between:
                between[id_] = None
                waiting.append(id_)
    return list(found), list(between)


def reads_day(model: PolicyModel, ids: Iterable[str]) -> bool:
    """Say whether some elements read the day."""
    for id_ in ids:
        for node in _nodes(model, id_):
            if isinstance(node, syntax.Name) and node.name in {AS_OF, "today", "now"}:
                return True
    return False


def variables_of(
    models: Sequence[PolicyModel], goal: str, ids: Sequence[str], between: Sequence[str], rows: Sequence[Row]
) -> list[Variable]:
    """Return facts with what is tried of them.

    Args:
        models: The versions, the original first.
        goal: The decision that is changed.
        ids: The facts.
        between: The elements between them and the decision.
        rows: Subjects that are known.
    """
    used = [_uses(model, goal, between) for model in models]
    figures, words, days = _written(models, between)
    found = []
    for id_ in ids:
        lines: list[Value] = []
        for model, use in zip(models, used, strict=True):
            evaluator = Evaluator(model.model, dict(model.parameters), as_of=model.as_of)
            lines += [value for _, value in fixed_lines(use.get(id_, Use()), evaluator, model.parameters)]
        given = [row.facts[id_] for row in rows if id_ in row.facts and find_unknown(row.facts[id_]) is None]
        is_compared = all(use.get(id_, Use()).is_compared_only and len(use.get(id_, Use()).bounds) <= len(lines) for use in used)
        found.append(_variable(models[0], id_, lines, given, (figures, words, days), is_compared=is_compared))
    return found


def _uses(model: PolicyModel, goal: str, between: Sequence[str]) -> dict[str, Use]:
    """Return how named values are used by a decision and the elements beneath it, as far as these are not given."""
    required = {id_: tuple(each for each in model.model.requirements.get(id_, ()) if each in between) for id_ in between}
    return uses(replace(model.model, requirements=required), [goal])


def _written(models: Sequence[PolicyModel], between: Sequence[str]) -> tuple[list[Decimal], list[str], list[Date]]:
    """Return the figures, words and days that elements are written with."""
    values: dict[Value, None] = {}
    for model in models:
        for id_ in between:
            for node in _nodes(model, id_):
                if isinstance(node, syntax.Literal) and isinstance(node.value, Decimal | str | Date) and not isinstance(node.value, bool):
                    values.setdefault(node.value)
    figures = [value for value in values if isinstance(value, Decimal)]
    return figures[:40], [value for value in values if isinstance(value, str)][:40], [value for value in values if isinstance(value, Date)]


def _nodes(model: PolicyModel, id_: str) -> Iterator[Node]:
    element = model.model.decisions.get(id_) or model.model.knowledge.get(id_)
    body = element.body if element is not None else None
    roots = list(body.nodes) if isinstance(body, CompiledTable) else [body] if isinstance(body, Node) else []
    return chain.from_iterable(syntax.descendants(root) for root in roots)


def _variable(
    model: PolicyModel,
    id_: str,
    lines: list[Value],
    given: list[Value],
    written: tuple[list[Decimal], list[str], list[Date]],
    *,
    is_compared: bool,
) -> Variable:
    """Return a fact with what is tried of it."""
    figures, words, days = written
    data = model.model.inputs.get(id_)
    if data is not None:
        item = data.item
    else:
        decision = model.model.decisions[id_]
        is_count = isinstance(decision.body, syntax.Call) and decision.body.function == syntax.Name(decision.body.function.span, "count")
        item = ItemDefinition(decision.decision.name, decision.shape.type, scale=0 if is_count else None, is_nullable=True)
        outputs, is_all = _outputs(model, id_)
        if is_all and item.type is STRING:
            return Variable(id_, item.name, (*outputs, None), is_exact=True)
        lines = [*lines, *outputs]
    null = (None,) if item.is_nullable else ()
    if item.components or item.is_collection or item.type.name == "list":
        return Variable(id_, item.name, tuple(_lists(item, given, figures)) + null, is_exact=False, usual=item.usual_range)
    if item.type is BOOLEAN:
        return Variable(id_, item.name, (True, False, *null), is_exact=True)
    if item.type is STRING:
        if item.allowed_values and len(item.allowed_values) <= FEW:
            return Variable(id_, item.name, (*item.allowed_values, *null), is_exact=True)
        texts = [text for text in lines if isinstance(text, str)]
        others = [] if is_compared else [*words, *(text for text in given if isinstance(text, str))]
        return Variable(id_, item.name, (*_distinct([*texts, *others])[:MOST_WORDS], "另外的", *null), is_exact=is_compared)
    if item.type is NUMBER:
        step = Decimal(1).scaleb(-(6 if item.scale is None else item.scale))
        numbers = [line for line in lines if isinstance(line, Decimal)]
        others = [] if is_compared else [*given, *figures, Decimal(0), Decimal(1), *_ends(item)]
        return Variable(id_, item.name, (*_around(numbers, others, step), *null), is_compared, step, item.usual_range)
    if item.type is DATE:
        dates = [line for line in lines if isinstance(line, Date)]
        others = [] if is_compared else [*given, *days, model.as_of]
        return Variable(id_, item.name, (*_days_around([*dates, *others]), *null), is_exact=is_compared, step=Decimal(1))
    return Variable(id_, item.name, tuple(_distinct(given)) + null, is_exact=False)


def _outputs(model: PolicyModel, id_: str) -> tuple[list[Value], bool]:
    """Return the values that a decision of another policy is written to have, and whether it has no others."""
    body = model.model.decisions[id_].body
    if not isinstance(body, CompiledTable):
        return [], False
    nodes = [node for rule in body.rules for node in rule.outputs] + [node for node in body.defaults if node is not None]
    values = [node.value for node in nodes if isinstance(node, syntax.Literal)]
    is_all = len(values) == len(nodes) and body.table.hit_policy.value in {"U", "A", "P", "F"}
    return _distinct(value for value in values if value is not None), is_all


def _ends(item: ItemDefinition) -> list[Decimal]:
    return [end for end in item.usual_range or () if end is not None]


def _distinct(values: Iterable[Value]) -> list[Value]:
    found: list[Value] = []
    for value in values:
        if not any(type(value) is type(other) and value == other for other in found):
            found.append(value)
    return found


def _around(lines: Sequence[Decimal], others: Iterable[Value], step: Decimal) -> list[Decimal]:
    """Return numbers on and beside lines, and some others, each one that a registry can hold."""
    wanted: list[Decimal] = []
    for line in lines:
        low = (line / step).to_integral_value(rounding="ROUND_FLOOR") * step
        wanted += [low, low + step, low - step]
    if len(lines) > 1:
        ordered = sorted(lines)
        wanted += [((left + right) / 2).quantize(step) for left, right in pairwise(ordered)]
    plain = _distinct(each.quantize(step) for each in others if isinstance(each, Decimal) and abs(each) < MOST)
    if not lines and not plain:
        wanted = [Decimal(0), Decimal(1), Decimal(100)]
    return sorted({*wanted, *plain[:MOST_FIGURES]})


def _days_around(days: Sequence[Value]) -> list[Date]:
    numbers = {temporal.to_days(day) + shift for day in days if isinstance(day, Date) for shift in (-1, 0, 1)}
    return [temporal.from_days(number) for number in sorted(numbers)][: 3 * MOST_FIGURES]


def _lists(item: ItemDefinition, given: Sequence[Value], figures: Sequence[Decimal]) -> list[Value]:
    """Return lists: those of examples, with an element left out, doubled or changed, and of figures."""
    found: list[Value] = [(), *_distinct(given)]
    for known in list(found):
        if not isinstance(known, tuple):
            continue
        for place, element in enumerate(known):
            found += [known[:place] + known[place + 1 :], (*known, element)]
            found += [(*known[:place], other, *known[place + 1 :]) for other in _elements(item, element, figures)]
    if item.type == list_of(NUMBER):
        found += [(figure,) * 4 for figure in _held(item, figures[:MOST_FIGURES])]
    return _distinct(found[:300])


def _elements(item: ItemDefinition, element: Value, figures: Sequence[Decimal]) -> Iterator[Value]:
    """Yield an element of a list with one thing changed."""
    if isinstance(element, Decimal):
        yield from _held(item, (element + 1, element - 1, *figures[:4]))
    elif isinstance(element, dict):
        for part in item.components:
            for value in _parts(part, element.get(part.name), figures):
                yield {**element, part.name: value}


def _held(item: ItemDefinition, figures: Iterable[Decimal]) -> list[Decimal]:
    """Return figures as a registry can hold them: to as many decimal places as it keeps."""
    step = Decimal(1).scaleb(-(6 if item.scale is None else item.scale))
    return _distinct(figure.quantize(step) for figure in figures if abs(figure) < MOST)


def _parts(part: ItemDefinition, value: Value, figures: Sequence[Decimal]) -> Sequence[Value]:
    if part.type is BOOLEAN:
        return (True, False)
    if part.type is STRING and part.allowed_values:
        return part.allowed_values[:20]
    if part.type is NUMBER:
        return _held(part, (*figures[:8], Decimal(0), *((value + 1, value - 1) if isinstance(value, Decimal) else ())))
    if part.type is DATE and isinstance(value, Date):
        number = temporal.to_days(value)
        return tuple(temporal.from_days(number + shift) for shift in (-400, -31, -1, 1, 31, 400))
    return ()


def rows_of_examples(packs: Packs, policy_id: str, default: Date, ids: Sequence[str]) -> list[Row]:
    """Return what the examples of a policy give, as far as it is about some facts; decisions of others that are not given are decided."""
    found: dict[str, Row] = {}
    policy = packs.policies[policy_id]
    for example in policy.tangled.examples:
        day = _day_of(example.as_of.text if example.as_of is not None else "", default)
        model = packs.model_of(policy_id, day)
        inputs = inputs_of(model, given_facts(model, example, []))
        evaluator = Evaluator(model.model, inputs, as_of=day)
        facts = {id_: evaluator.value(id_) for id_ in ids if id_ in model.model.inputs or id_ in model.model.decisions}
        known = {id_: value for id_, value in facts.items() if find_unknown(value) is None}
        if known:
            found.setdefault(repr((sorted(known.items(), key=lambda each: each[0]), str(day))), Row(known, day))
    return list(found.values())


def _day_of(text: str, default: Date) -> Date:
    parts = text.strip('@"').split("-")
    return Date(*(int(part) for part in parts)) if len(parts) == 3 and all(part.isdigit() for part in parts) else default


def completed(row: Row, variables: Sequence[Variable], random: Random) -> Facts:
    """Return the facts of a row with what it does not tell drawn."""
    return {each.id: row.facts[each.id] if each.id in row.facts else random.choice(each.values or (None,)) for each in variables}
