"""Subjects that are known already: a policy's examples are looked at before a solver searches for a subject.

What an example shows needs no search, and its figures are those that the official chose. What no example shows goes on to
the solver. An example counts where it tells facts alone, for the day of the model, and all of its numbers are usual ones.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from zhida.assess.examples import ExampleResult
from zhida.policy.pack import PolicyModel
from zhida.proof.findings import Verdict
from zhida.proof.solver.encoding import BUDGET, Encoding, Holds, Lies, Question, Solution, lies_in
from zhida.proof.solver.replay import Replay
from zhida.values.unknown import Unknown, find_unknown

Value = Any


class Recalling(Encoding):
    """An encoding of one model that tries the subjects that are known before it searches."""

    def __init__(self, model: PolicyModel, results: Iterable[ExampleResult]) -> None:
        """Begin with nothing encoded.

        Args:
            model: The model.
            results: The examples of its policy, as they were run.
        """
        super().__init__([model], expects_none=True)
        told = (_facts(model, result) for result in results)
        self.subjects = [facts for facts in told if facts and all(_is_usual(model, *fact) for fact in facts.items())]
        self._replays: dict[int, Replay] = {}

    def solve(self, questions: Sequence[Question], *, budget: int = BUDGET, realistic: bool = True, polish: bool = True) -> Solution:
        """Return a subject that answers all questions at once, or that there is none; an example where one does."""
        if all(isinstance(question, Holds | Lies) and question.model == 0 for question in questions):
            for place, facts in enumerate(self.subjects):
                if all(self._is_answered(place, question) for question in questions):
                    read = self.facts_read(questions, facts)
                    kept = {name: value for name, value in facts.items() if name in read}
                    return Solution(Verdict.REFUTED, kept if self.answers(questions, kept) else facts)
        return super().solve(questions, budget=budget, realistic=realistic, polish=polish)

    def _is_answered(self, place: int, question: Question) -> bool:
        """Say whether a known subject answers a question; its evaluation is kept."""
        assert isinstance(question, Holds | Lies)
        replay = self._replays.get(place)
        if replay is None:
            replay = self._replays[place] = Replay(self.models, self.subjects[place])
        value = replay.value(question.node, question.scope, 0)
        if isinstance(question, Holds):
            return value is True
        return find_unknown(value) is None and any(lies_in(value, atom) for atom in question.atoms)


def _facts(model: PolicyModel, result: ExampleResult) -> dict[str, Value]:
    """Return what an example tells, by the names of facts; nothing where it is of another day, or tells more than facts."""
    run = result.run
    if run is None or run.model.as_of != model.as_of:
        return {}
    given = {id_: value for id_, value in run.inputs.items() if model.parameters.get(id_, _NONE) is not value}
    if any(id_ in model.parameters or id_ in model.model.decisions for id_ in given):
        return {}
    inputs = model.model.inputs
    return {inputs[id_].name: value for id_, value in given.items() if id_ in inputs and not isinstance(value, Unknown)}


_NONE = object()


def _is_usual(model: PolicyModel, name: str, value: Value) -> bool:
    item = model.item(name)
    low, high = (item.usual_range if item else None) or (None, None)
    if not isinstance(value, Decimal):
        return True
    return (low is None or value >= low) and (high is None or value <= high)
