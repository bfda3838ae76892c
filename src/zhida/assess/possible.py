"""Which answers are possible where a missing fact cannot be enumerated, because it reaches a function or arithmetic.

    open evaluation ──split──> a decision at each value that its table can still give ──judge──> answers
                     └─ nothing left to split, or too many steps ──> what the tables of the questions can still give

Invariant: the answers told hold every answer that a complete set of facts can give, unless `Extent.AT_LEAST` says that
there may be others. A value of a decision that some value of the fact is known to give (a *witness*, taken from the words in
cells) makes an answer certain; where all are certain, the answers are told as exactly these.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from zhida.assess.assessment import Answer, Extent, Outcome
from zhida.assess.judge import answer_of_amount, judge
from zhida.assess.settle import Settled, distinct_answers, ordered_answers
from zhida.dmn.boxed import fitted
from zhida.dmn.compiled import CompiledTable
from zhida.dmn.elementary import Use, ends_of, representatives
from zhida.dmn.evaluate import ElementTrace, Evaluator
from zhida.dmn.graph import closure
from zhida.dmn.table import values_still_possible
from zhida.feel.syntax import Literal
from zhida.policy.pack import PolicyModel
from zhida.values.equality import distinct
from zhida.values.types import BOOLEAN, STRING
from zhida.values.unknown import Unknown, find_unknown, unknown

MAX_JUDGEMENTS = 48
"""Combinations that are judged for one subject; the rest is bounded by what its tables can give."""

Value = Any

REVIEW = Answer(Outcome.REVIEW)
"""What comes out where something odd lies beneath."""


def possible_answers(model: PolicyModel, settled: Settled) -> tuple[tuple[Answer, ...], Extent]:
    """Return the answers that are possible, and whether they are exactly these, at most these or at least these."""
    if settled.is_minimal or not settled.open:
        return settled.possible, Extent.EXACTLY
    search = _Search(model, certain=list(settled.possible), told=list(settled.possible))
    # Where there are many combinations, the one evaluation of what is known stands for all of them.
    is_many = len(settled.open) > MAX_JUDGEMENTS
    is_told = search.bound(settled.evaluator) if is_many else all(search.cover(each, is_certain=True) for each in settled.open)
    if not is_told:
        return settled.possible, Extent.AT_LEAST
    is_exact = len(distinct_answers(search.told)) == len(distinct_answers(search.certain))
    return ordered_answers(distinct_answers(search.told), model), Extent.EXACTLY if is_exact else Extent.AT_MOST


@dataclass(slots=True)
class _Search:
    """The answers of one subject, as far as they were found."""

    model: PolicyModel
    """The policy."""
    certain: list[Answer] = field(default_factory=list)
    """The answers that some values of what is missing do give."""
    told: list[Answer] = field(default_factory=list)
    """These, and those that could not be ruled out."""
    judged: int = 0
    """Combinations that were judged."""

    def add(self, answer: Answer, *, is_certain: bool) -> None:
        """Note one answer, once."""
        for answers in (self.told, self.certain) if is_certain else (self.told,):
            if len(distinct_answers([*answers, answer])) > len(answers):
                answers.append(answer)

    def cover(self, evaluator: Evaluator, *, is_certain: bool) -> bool:
        """Note every answer that an evaluation can still come to; False where they cannot be told."""
        judgement = judge(self.model, evaluator)
        if judgement.answer.outcome is not Outcome.UNDETERMINED:
            self.add(judgement.answer, is_certain=is_certain)
            return True
        split = self.split(evaluator, judgement.goals, judgement.missing)
        if split is None or self.judged + len(split.values) > MAX_JUDGEMENTS:
            return self.bound(evaluator)
        self.judged += len(split.values)
        if split.hides_oddities:
            self.add(REVIEW, is_certain=False)
        for value, is_witnessed in split.values:
            inner = Evaluator(self.model.model, {**evaluator.inputs, split.id: value}, as_of=self.model.as_of)
            if not self.cover(inner, is_certain=is_certain and is_witnessed):
                return False
        return True

    def bound(self, evaluator: Evaluator) -> bool:
        """Note the answers that the tables of the questions can give, without judging any; False where they cannot be told."""
        answers = _bounded(self.model, evaluator)
        for answer in answers or ():
            self.add(answer, is_certain=False)
        return answers is not None

    def split(self, evaluator: Evaluator, goals: Sequence[str], missing: frozenset[str]) -> "_Split | None":
        """Return what to tell apart next: a decision that no fact beneath it can be enumerated for, else a fact."""
        facts = {}
        for id_, data in self.model.model.inputs.items():
            if data.name in missing and isinstance(evaluator.inputs.get(id_), Unknown):
                facts[id_] = representatives(data.item, self.model.uses(_goals(self.model)).get(id_, Use()), evaluator)
        computed = {self.model.model.inputs[id_].name for id_, values in facts.items() if values is None}
        beneath = evaluator.beneath(goals)
        for id_, trace in tuple(evaluator.trace.items()):  # what a table can still give may evaluate further decisions
            lacking = find_unknown(trace.value) if id_ in beneath else None
            if lacking is not None and not computed.isdisjoint(lacking.missing):
                values = _values_of(evaluator, id_)
                if values is not None:
                    given = _witnessed(self.model, id_, evaluator, lacking.missing)
                    return _Split(
                        id_, tuple((value, len(distinct((*given, value))) == len(given)) for value in values), hides_oddities=True
                    )
        for id_, found in facts.items():
            if found is not None:
                return _Split(id_, tuple((value, True) for value in found))
        return None


@dataclass(frozen=True, slots=True)
class _Split:
    """What is told apart by its values."""

    id: str
    """The decision or fact."""
    values: tuple[tuple[Value, bool], ...]
    """Its values, and whether each can really come about."""
    hides_oddities: bool = False
    """Whether something odd may lie beneath it that its value does not tell."""


def _goals(model: PolicyModel) -> tuple[str, ...]:
    policy = model.policy
    return tuple(goal for goal in (policy.applies_id, policy.eligible_id, policy.result_id, policy.amount_id) if goal)


def _values_of(evaluator: Evaluator, id_: str) -> tuple[Value, ...] | None:
    """Return all values that a decision can still have; None where that cannot be told."""
    compiled, trace = evaluator.model.decisions[id_], evaluator.trace[id_]
    decision = compiled.decision
    if trace.table is not None:
        frame = evaluator.frame(compiled, ElementTrace())
        before = len(evaluator.run.diagnostics)
        values = values_still_possible(trace.table, frame)
        typed = None if values is None else tuple(fitted(value, decision.type, decision.span, decision.name, frame) for value in values)
        del evaluator.run.diagnostics[before:]
        if typed is not None:
            return distinct(typed)
    return (True, False, None) if decision.type is BOOLEAN else None


def _bounded(model: PolicyModel, evaluator: Evaluator) -> list[Answer] | None:
    """Return answers among which the real one is, question by question; None where an answer could be anything."""
    policy = model.policy
    found = [REVIEW]
    for goal, settles in ((policy.applies_id, Outcome.NOT_APPLICABLE), (policy.eligible_id, Outcome.INELIGIBLE)):
        if goal is None:
            continue
        value = evaluator.value(goal)
        values = (_values_of(evaluator, goal) or (True, False)) if isinstance(value, Unknown) and goal in evaluator.trace else (value,)
        if any(each is False or isinstance(each, Unknown) for each in values):
            found.append(Answer(settles))
        if not any(each is True or isinstance(each, Unknown) for each in values):
            return found
    goal = policy.result_id or policy.amount_id
    if goal is None:
        return [*found, Answer(Outcome.ELIGIBLE)]
    value = evaluator.value(goal)
    last = (value,) if find_unknown(value) is None else _values_of(evaluator, goal) if goal in evaluator.trace else None
    if last is None:
        return None
    known = [each for each in last if each is not None]
    return found + [Answer(Outcome.ELIGIBLE, result=each) if policy.result_id else answer_of_amount(policy, each) for each in known]


# --- witnesses -----------------------------------------------------------------------------------------------------


def _witnessed(model: PolicyModel, id_: str, evaluator: Evaluator, missing: frozenset[str]) -> tuple[Value, ...]:
    """Return values that a decision has for some value of the one missing text that it, and nothing beside it, rests on."""
    requirements = model.model.requirements
    facts = [each for each in closure(requirements, [id_]) if each in model.model.inputs]
    beside = closure({each: () if each == id_ else found for each, found in requirements.items()}, _goals(model))
    if len(facts) != 1 or facts[0] in beside or missing != {model.model.inputs[facts[0]].name}:
        return ()
    fact = model.model.inputs[facts[0]]
    if fact.item.type is not STRING or fact.item.allowed_values or not isinstance(evaluator.inputs.get(fact.id), Unknown):
        return ()
    if id_ not in model.witnessed:
        model.witnessed[id_] = distinct(tuple(_tried(model, id_, fact.id)))
    return model.witnessed[id_]


def _tried(model: PolicyModel, id_: str, fact_id: str) -> Iterator[Value]:
    """Yield the values of a decision for each word that the cells of its table and of those beneath it name."""
    words: dict[str, None] = {}
    for each in closure(model.model.requirements, [id_]):
        compiled = model.model.decisions.get(each)
        if compiled is not None and isinstance(compiled.body, CompiledTable):
            tests = (item for rule in compiled.body.rules for cell in rule.tests for item in cell.tests)
            named = (end.value for item in tests for end in ends_of(item) if isinstance(end, Literal))
            words.update((word, None) for word in named if isinstance(word, str))
    lacking = {each: unknown(data.name) for each, data in model.model.inputs.items()}
    for word in words:
        evaluator = Evaluator(model.model, {**lacking, **model.parameters, fact_id: word}, as_of=model.as_of)
        value = evaluator.value(id_)
        if find_unknown(value) is None and (value is None or not any(True for _ in evaluator.diagnostics_beneath([id_]))):
            yield value
