"""Decisions to values: the specification that every faster path is judged by (DMN 1.5, chapters 6 and 10).

Each element that is needed is evaluated once. An element's value rests on the elements that were read on the way to it
and on no others; the trace keeps what was read, the diagnostics, and for tables which rules matched.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from zhida.dmn.boxed import bound, evaluate_body, fitted
from zhida.dmn.compiled import AS_OF, CompiledDecision, CompiledKnowledge, CompiledService, DecisionModel
from zhida.dmn.graph import closure
from zhida.dmn.table import TableTrace
from zhida.errors import Diagnostic
from zhida.feel.run import Frame, Run
from zhida.values.function import Function
from zhida.values.temporal import Date

Value = Any


@dataclass(slots=True)
class ElementTrace:
    """How one element came to its value."""

    value: Value = None
    """Its value."""
    read: list[str] = field(default_factory=list)
    """Ids of the elements that were read, in order, each once."""
    diagnostics: list[Diagnostic] = field(default_factory=list)
    """What was odd."""
    table: TableTrace | None = None
    """Which rules matched, for a decision table."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a decision came to."""

    value: Value
    """Its value."""
    diagnostics: tuple[Diagnostic, ...]
    """What was odd in all that it rests on."""
    trace: Mapping[str, ElementTrace]
    """How each element that was evaluated came to its value."""


def evaluate(model: DecisionModel, decision_id: str, inputs: Mapping[str, Value], *, as_of: Date) -> Evaluation:
    """Evaluate one decision.

    Args:
        model: The compiled model.
        decision_id: The id of the decision.
        inputs: Values by id: of input data, and of decisions that are overridden. Absent input data is null.
        as_of: The date of the business fact; `today()` and 评估日.
    """
    run = Run(as_of)
    evaluator = Evaluator(model, _as_declared(model, inputs, run), as_of=as_of, run=run)
    value = evaluator.value(decision_id)
    return Evaluation(value, (*run.diagnostics, *evaluator.diagnostics_beneath([decision_id])), evaluator.trace)


def invoke(model: DecisionModel, id_: str, arguments: Mapping[str, Value], *, as_of: Date) -> Evaluation:
    """Call a decision service or a business knowledge model from outside.

    Args:
        model: The compiled model.
        id_: The id of the decision service or business knowledge model.
        arguments: Values by the names of its parameters; what is not given is null.
        as_of: The date of the business fact.
    """
    evaluator = Evaluator(model, {}, as_of=as_of)
    function = evaluator.value(id_)
    value = evaluator.run.invoke(function, tuple(arguments.get(name) for name in function.parameters))
    # What it read on the way, it read for its value.
    return Evaluation(value, (*evaluator.run.diagnostics, *evaluator.diagnostics_beneath(evaluator.trace)), evaluator.trace)


def _as_declared(model: DecisionModel, inputs: Mapping[str, Value], run: Run) -> dict[str, Value]:
    """Return the given values as the types of what they are given for ask; one that does not fit is null, and told."""
    given, frame = dict(inputs), Frame({}, run)
    for id_, value in inputs.items():
        if id_ in model.inputs:
            item = model.inputs[id_].item
            given[id_] = fitted(value, item.type, item.span, item.name, frame)
        elif id_ in model.decisions:
            decision = model.decisions[id_].decision
            given[id_] = fitted(value, decision.type, decision.span, decision.name, frame)
    return given


class Shared:
    """What decisions came to in evaluations that differ in some inputs: what rests on the others is not evaluated again.

    Only for evaluations of one model at one date. A decision whose value holds a function is not shared: the function goes on
    reading where it was made.
    """

    def __init__(self, model: DecisionModel) -> None:
        """Begin with nothing."""
        self.model = model
        self.given: dict[str, tuple[str, ...]] = {}
        self.kept: dict[tuple[str, tuple[int, ...]], tuple[ElementTrace, int]] = {}
        self.alive: list[Mapping[str, Value]] = []

    def key(self, id_: str, inputs: Mapping[str, Value]) -> tuple[str, tuple[int, ...]]:
        """Return what tells the evaluations of a decision from each other: the identities of all values that it may read."""
        names = self.given.get(id_)
        if names is None:
            others = closure(self.model.requirements, [id_]) - {id_}
            names = self.given[id_] = tuple(sorted(each for each in others if each in self.model.inputs or each in self.model.decisions))
        return id_, tuple(map(id, map(inputs.get, names, repeat(self))))

    def keep(self, key: tuple[str, tuple[int, ...]], trace: ElementTrace, steps: int) -> None:
        """Keep how a decision came to its value, and in how many steps of its own."""
        if not _holds_function(trace.value):
            self.kept[key] = trace, steps

    def back_to(self, kept: int, alive: int) -> None:
        """Forget all but the first decisions and the first inputs: those of combinations that nobody will ask for again."""
        while len(self.kept) > kept:
            self.kept.popitem()
        del self.alive[alive:]


def _holds_function(value: Value) -> bool:
    if isinstance(value, tuple | dict):
        return any(map(_holds_function, value.values() if isinstance(value, dict) else value))
    return isinstance(value, Function)


class Evaluator:
    """The evaluation of one model for one set of inputs; each element is evaluated at most once."""

    def __init__(
        self, model: DecisionModel, inputs: Mapping[str, Value], *, as_of: Date, run: Run | None = None, shared: Shared | None = None
    ) -> None:
        """Keep what is given; nothing is evaluated yet.

        Args:
            model: The model.
            inputs: Values by id: of input data, and of decisions that are given.
            as_of: The date of the business fact.
            run: That of an evaluation of which this one is a part.
            shared: What other evaluations of the model came to.
        """
        self.model = model
        self.inputs = inputs
        self.as_of = as_of
        self.run = run or Run(as_of)
        self.trace: dict[str, ElementTrace] = {}
        self.is_deciding = False
        self.shared = shared
        self.inner_steps = 0
        if shared is not None:
            shared.alive.append(inputs)  # or an identity might come to stand for another value

    def value(self, id_: str, reader: ElementTrace | None = None) -> Value:
        """Return the value of an element, evaluating it if that was not done before.

        Args:
            id_: The element.
            reader: Who reads it; what a business knowledge model reads counts as read by its caller.
        """
        if id_ in self.inputs:
            return self.inputs[id_]
        known = self.trace.get(id_)
        if known is not None:
            return known.value
        if id_ in self.model.knowledge:
            return self.function(self.model.knowledge[id_], reader or ElementTrace())
        if id_ in self.model.services:
            return self.service(self.model.services[id_])
        compiled = self.model.decisions.get(id_)
        if compiled is None:
            if id_ in self.model.inputs:
                return None
            self.run.note("dmn-not-available", name=id_, as_of=self.as_of)
            return None
        return self.decide(id_, compiled) if self.is_deciding else self.decide_first(id_, compiled)

    def decide_first(self, id_: str, compiled: CompiledDecision) -> Value:
        """Evaluate the decision that was asked for; a chain too long for the stack is evaluated from its far end."""
        self.is_deciding = True
        try:
            return self.decide(id_, compiled)
        except RecursionError:
            self.prepare(id_)
            return self.decide(id_, compiled)
        finally:
            self.is_deciding = False

    def prepare(self, goal: str) -> None:
        """Evaluate all that a decision requires, those first that require nothing.

        What is evaluated here but never read does not count: the trace keeps what was read.
        """
        waiting = [goal]
        while waiting:
            id_ = waiting[-1]
            open_ = [each for each in self.model.requirements.get(id_, ()) if self.is_open(each)]
            if open_:
                waiting += open_
                continue
            waiting.pop()
            if id_ != goal and self.is_open(id_):
                self.decide(id_, self.model.decisions[id_])

    def is_open(self, id_: str) -> bool:
        """Say whether an element is a decision that was neither given nor evaluated yet."""
        return id_ in self.model.decisions and id_ not in self.inputs and id_ not in self.trace

    def decide(self, id_: str, compiled: CompiledDecision) -> Value:
        """Evaluate a decision and keep how it came about, unless another evaluation came to it from the same values."""
        if self.shared is None:
            return self.decide_anew(id_, compiled)
        key = self.shared.key(id_, self.inputs)
        known = self.shared.kept.get(key)
        if known is not None:
            trace, steps = known
            for read in trace.read:
                if self.is_open(read):
                    self.decide(read, self.model.decisions[read])
            if steps <= self.run.steps:
                self.run.steps -= steps
                self.inner_steps += steps
                self.trace[id_] = trace
                return trace.value
        outer, self.inner_steps, before = self.inner_steps, 0, self.run.steps
        value = self.decide_anew(id_, compiled)
        steps = before - self.run.steps
        self.shared.keep(key, self.trace[id_], steps - self.inner_steps)
        self.inner_steps = outer + steps
        return value

    def decide_anew(self, id_: str, compiled: CompiledDecision) -> Value:
        """Evaluate a decision and keep how it came about."""
        trace = ElementTrace()
        decision = compiled.decision
        outer, self.run.diagnostics = self.run.diagnostics, trace.diagnostics
        try:
            frame = self.frame(compiled, trace)
            value, trace.table = evaluate_body(compiled.body, frame, decision.name)
            trace.value = fitted(value, decision.type, decision.span, decision.name, frame)
        finally:
            self.run.diagnostics = outer
        self.trace[id_] = trace
        return trace.value

    def frame(self, compiled: CompiledDecision | CompiledKnowledge, trace: ElementTrace) -> Frame:
        """Return the names that a body may use; each is evaluated when it is first read."""
        return Frame(_Required(self, compiled.requirements, trace), self.run)

    def function(self, compiled: CompiledKnowledge, reader: ElementTrace) -> Function:
        """Return a business knowledge model as a function value."""
        model = compiled.model
        names = tuple(name for name, _ in model.parameters)

        def call(arguments: tuple[Value, ...]) -> Value:
            frame = self.frame(compiled, reader)
            coerced = bound(model.name, model.parameters, arguments, model.span, frame)
            if coerced is None:
                return None
            result, _ = evaluate_body(compiled.body, frame.inner(coerced), model.name)
            return fitted(result, model.type, model.span, model.name, frame)

        return Function(model.name, names, call, types=(*(type_ for _, type_ in model.parameters), model.type))

    def service(self, compiled: CompiledService) -> Function:
        """Return a decision service as a function value: what it is given is never evaluated, and nothing else leaks into it."""
        service = compiled.service
        names = tuple(name for name, _ in compiled.parameters)

        def call(arguments: tuple[Value, ...]) -> Value:
            frame = Frame({}, self.run)
            coerced = bound(service.name, compiled.parameters, arguments, service.span, frame)
            if coerced is None:
                return None
            given = dict(zip(compiled.inputs, (coerced[name] for name in names), strict=True))
            # A function that comes out of the service goes on with the same run: its steps count, and what it notes is kept.
            inner = Evaluator(self.model, given, as_of=self.as_of, run=self.run)
            values = {name: inner.value(id_) for name, id_ in zip(compiled.output_names, compiled.outputs, strict=True)}
            self.run.diagnostics += inner.diagnostics_beneath(compiled.outputs)
            result = next(iter(values.values()), None) if len(compiled.outputs) == 1 else values
            return fitted(result, service.type, service.span, service.name, frame)

        return Function(service.name, names, call, types=(*(type_ for _, type_ in compiled.parameters), service.type))

    def beneath(self, ids: Iterable[str]) -> set[str]:
        """Return the elements that the values of `ids` rest on, themselves included."""
        return closure({id_: trace.read for id_, trace in self.trace.items()}, ids)

    def diagnostics_beneath(self, ids: Iterable[str]) -> Iterator[Diagnostic]:
        """Yield what was odd in all that `ids` rest on, in the order of evaluation."""
        if not any(trace.diagnostics for trace in self.trace.values()):
            return
        found = self.beneath(ids)
        for id_, trace in self.trace.items():
            if id_ in found:
                yield from trace.diagnostics


class _Required(dict[str, Value]):
    """The variables of a body: filled as they are read, so that what was read is known."""

    def __init__(self, evaluator: Evaluator, requirements: Mapping[str, str], trace: ElementTrace) -> None:
        super().__init__({} if AS_OF in requirements else {AS_OF: evaluator.as_of})
        self._evaluator = evaluator
        self._requirements = requirements
        self._trace = trace

    def get(self, name: str, default: Value = None) -> Value:
        """Return a variable, evaluating the element that it names when it is read first."""
        if name in self:
            return self[name]
        id_ = self._requirements.get(name)
        if id_ is None:
            return default
        value = self._evaluator.value(id_, self._trace)
        self[name] = value
        if id_ not in self._trace.read:
            self._trace.read.append(id_)
        return value
