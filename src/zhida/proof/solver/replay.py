"""Replay: the interpreter judges what the solver found, and rounder values are tried for those who read it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Any

from zhida.assess.subject import inputs_of
from zhida.dmn.boxed import evaluate_body, fitted
from zhida.dmn.compiled import Body
from zhida.dmn.evaluate import ElementTrace, Evaluator
from zhida.dmn.model import ItemDefinition
from zhida.feel import syntax
from zhida.feel.evaluate import evaluate
from zhida.feel.run import Frame
from zhida.feel.syntax import Node
from zhida.policy.pack import PolicyModel
from zhida.values.numbers import format_number
from zhida.values.temporal import Date
from zhida.values.unknown import Unknown

Value = Any

_EXACT = Context(prec=7_000)  # holds every FEEL number in full

_MOST_TRIES = 40
"""How many rounder values are tried for one witness."""


def element_beside(linked: PolicyModel, name: str) -> str | None:
    """Return the id of an element of a model that a question names though its scope does not require it."""
    own = f"{linked.policy.id}#{name}"
    if own in linked.model.decisions:
        return own
    found = (id_ for id_, compiled in linked.model.decisions.items() if compiled.decision.name == name)
    return next(found, None) or next((id_ for id_, data in linked.model.inputs.items() if data.name == name), None)


class Replay:
    """One subject in some models, decided by the interpreter."""

    def __init__(self, models: Sequence[PolicyModel], facts: Mapping[str, Value]) -> None:
        """Begin with nothing decided.

        Args:
            models: The models.
            facts: What is known of the subject.
        """
        self.models = models
        self.evaluators = [Evaluator(model.model, inputs_of(model, facts), as_of=model.as_of) for model in models]
        self.read: list[ElementTrace] = []
        self.met: list[tuple[int, str]] = []

    def frame(self, model: int, scope: str) -> Frame:
        """Return what a body of a model may name."""
        linked = self.models[model].model
        compiled = linked.decisions.get(scope) or linked.knowledge[scope]
        trace = ElementTrace()
        self.met.append((model, scope))
        self.read.append(trace)
        return self.evaluators[model].frame(compiled, trace)

    def value(self, node: Node, scope: str, model: int) -> Value:
        """Return the value of an expression in the scope of a decision."""
        frame = self.frame(model, scope)
        linked = self.models[model]
        beside: dict[str, Value] = {}
        for name in syntax.free_names(node):
            if not frame.find(name.name)[0]:
                id_ = element_beside(linked, name.name)
                if id_ is not None:
                    beside[name.name] = self.decided(model, id_)
        return evaluate(node, frame.inner(beside))

    def decided(self, model: int, id_: str) -> Value:
        """Return the value of an element."""
        trace = ElementTrace(read=[id_])
        self.met.append((model, id_))
        self.read.append(trace)
        return self.evaluators[model].value(id_)

    def by_body(self, model: int, decision_id: str, body: Body) -> Value:
        """Return the value that a decision has by another body."""
        decision = self.models[model].model.decisions[decision_id].decision
        frame = self.frame(model, decision_id)
        value, _ = evaluate_body(body, frame, decision.name)
        return fitted(value, decision.type, decision.span, decision.name, frame)

    def facts_read(self) -> set[tuple[int, str]]:
        """Return the input data that was read, by model and id."""
        found = set()
        for (model, _), trace in zip(self.met, self.read, strict=True):
            evaluator = self.evaluators[model]
            ids = evaluator.beneath(trace.read) | set(trace.read)
            linked = self.models[model]
            found |= {
                (model, id_)
                for id_ in ids
                if id_ in linked.model.inputs and (id_ not in linked.parameters or isinstance(linked.parameters[id_], Unknown))
            }
        return found


# --- rounder values --------------------------------------------------------------------------------------------------


def polished(
    facts: Mapping[str, Value], items: Mapping[str, ItemDefinition], is_answer: Callable[[Mapping[str, Value]], bool]
) -> dict[str, Value]:
    """Return a subject with rounder values that answers the same.

    Args:
        facts: A subject that does.
        items: What is known of its facts.
        is_answer: Says whether a subject does.
    """
    found = dict(facts)
    tries = _MOST_TRIES
    for name, value in facts.items():
        for rounder in _rounder(value, items.get(name)):
            if tries == 0:
                return found
            tries -= 1
            if is_answer({**found, name: rounder}):
                found[name] = rounder
                break
    return found


def _rounder(value: Value, item: ItemDefinition | None) -> Iterator[Value]:
    """Yield values that are easier to read than one, the easiest first."""
    if isinstance(value, Decimal) and value != value.to_integral_value():
        for rounding in (ROUND_CEILING, ROUND_FLOOR):
            yield value.quantize(Decimal(1), rounding, _EXACT)
    if isinstance(value, Decimal) and _digits(value) > 2:
        low, high = (item.usual_range if item else None) or (None, None)
        seen = set()
        for digits in (1, 2, 3):
            for rounding in (ROUND_FLOOR, ROUND_CEILING):
                unit = Decimal(1).scaleb(value.adjusted() + 1 - digits, _EXACT)
                rounded = Decimal(format_number(value.quantize(unit, rounding, _EXACT)))
                is_usual = (low is None or rounded >= min(low, value)) and (high is None or rounded <= max(high, value))
                if rounded not in seen and is_usual and _digits(rounded) < _digits(value):
                    seen.add(rounded)
                    yield rounded
    elif isinstance(value, str) and item is not None and item.allowed_values is None and item.allowed_beginnings is None:
        if value != other_text(item):
            yield other_text(item)
    elif isinstance(value, Date):
        for day in _first_days(value):
            if day != value:
                yield day


def other_text(item: ItemDefinition) -> str:
    """Return a text that nobody names."""
    return f"其他{item.name}"


def _first_days(value: Date) -> Iterable[Date]:
    """Return days that are easier to read: one that says that it does not matter, then those near."""
    return (Date(2020, 1, 1), Date(value.year, 1, 1), Date(value.year, value.month, 1), Date(value.year + 1, 1, 1))


def _digits(value: Decimal) -> int:
    """Return how many digits a number has before only zeros follow."""
    return len(format(value, "f").replace(".", "").strip("-0"))
