"""Outcomes: rows that expect 结果, for what no decision of a policy shows: its days in force, and whom it is for.

first day - 1 | first day | … | last day | last day + 1          NOT_APPLICABLE outside
applies, eligible                                                each outcome that decides anything
"""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from zhida.assess.assessment import Outcome
from zhida.feel.syntax import Literal
from zhida.policy.pack import Packs, Policy, PolicyModel
from zhida.policy.tangle import OUTCOME_COLUMN
from zhida.proof.findings import Verdict
from zhida.proof.proposals.rows import Row, outcome_expected
from zhida.proof.proposals.shown import OUTCOME, Shown
from zhida.proof.solver.encoding import Differs, Encoding, Question
from zhida.source import Source, Span
from zhida.values import temporal
from zhida.values.temporal import Date
from zhida.values.unknown import Unknown

Value = Any

BUDGET = 200_000
"""How much the solver may spend on one question: what takes it longer is sooner found by trying."""

NOWHERE = Span(Source("", ""), 0, 0)


def subject_questions(policy: Policy, *, but: str | None = None) -> list[Question]:
    """Return what must hold of a subject that a policy gives something to: in scope, eligible, its amount or status known.

    Args:
        policy: The policy.
        but: A decision that nothing is asked of.
    """
    found: list[Question] = []
    for id_ in (policy.applies_id, policy.eligible_id):
        if id_ is not None and id_ != but:
            found += [Differs(id_, Literal(NOWHERE, value)) for value in (False, None)]
    given = policy.result_id or policy.amount_id
    if given is not None and given != but:
        found.append(Differs(given, Literal(NOWHERE, None)))
    return found


def outcome_rows(packs: Packs, policy: Policy, model: PolicyModel, encoding: Encoding, known: Sequence[Shown]) -> list[Row]:
    """Return the rows about days and outcomes that the examples of a policy lack.

    Args:
        packs: The packs.
        policy: The policy.
        model: It, linked for the day of the other rows.
        encoding: The solver's view of that.
        known: Subjects that are known, those of examples first.
    """
    finder = _Finder(packs, policy, model, encoding, [subject for subject in known if subject.model.policy.id == policy.id])
    days = list(finder.days())
    return [*days, *finder.outcomes({row.expected[OUTCOME_COLUMN] for row in days})]


class _Finder:
    """Finds subjects for outcomes."""

    def __init__(self, packs: Packs, policy: Policy, model: PolicyModel, encoding: Encoding, known: Sequence[Shown]) -> None:
        self.packs = packs
        self.policy = policy
        self.model = model
        self.encodings = {str(model.as_of): encoding}
        self.known = known
        self.expecting = [subject for subject in known if OUTCOME in subject.goals]

    def days(self) -> Iterator[Row]:
        """Yield rows for the first and last day in force, and the days beside them."""
        interval = self.packs.in_force[self.policy.id]
        asked = []
        if interval.start is not None:
            asked += [(_beside(interval.start, -1), False, ("施行前一天", "the day before it comes into force"))]
            asked += [(interval.start, True, ("施行第一天", "the first day in force"))]
        if interval.end is not None:
            asked += [(interval.end, True, ("施行最后一天", "the last day in force"))]
            asked += [(_beside(interval.end, 1), False, ("失效后一天", "the day after it ends"))]
        for day, is_inside, text in asked:
            if any(self.tells(subject, day, is_inside=is_inside) for subject in self.expecting):
                continue
            subject = self.on(day, is_inside=is_inside)
            if subject is not None:
                yield self.row(subject, text)

    def tells(self, subject: Shown, day: Date, *, is_inside: bool) -> bool:
        """Say whether a subject, that expects an outcome, tells whether the policy is in force on a day."""
        return subject.model.as_of == day and self.would_tell(subject, is_inside=is_inside)

    def would_tell(self, subject: Shown, *, is_inside: bool) -> bool:
        """Say whether the outcome would be another one if the policy were, or were not, in force."""
        if is_inside:
            return subject.answer.outcome is not Outcome.NOT_APPLICABLE
        applies = self.policy.applies_id
        return subject.answer.outcome is Outcome.NOT_APPLICABLE and (applies is None or subject.value(applies) is True)

    def on(self, day: Date, *, is_inside: bool) -> Shown | None:
        """Return a subject whose outcome on a day tells whether the policy is in force; an eligible one where there is one."""
        best: Shown | None = None
        model = self.packs.model_of(self.policy.id, day)
        for facts in (*self.told(), *self.solved(model)):
            subject = Shown(model, facts, (OUTCOME,))
            if not self.would_tell(subject, is_inside=is_inside):
                continue
            if not is_inside or subject.answer.outcome is Outcome.ELIGIBLE:
                return subject
            best = best or subject
        return best

    def told(self) -> Iterator[Mapping[str, Value]]:
        """Yield the facts of known subjects, those that are eligible first, and no fact unknown."""
        for subjects in (self.expecting, self.known):
            for subject in subjects:
                is_told = not any(isinstance(value, Unknown) for value in subject.facts.values())
                if is_told and subject.answer.outcome is Outcome.ELIGIBLE:
                    yield subject.facts

    def solved(self, model: PolicyModel, questions: Sequence[Question] | None = None) -> Iterator[Mapping[str, Value]]:
        """Yield the facts of a subject that is solved for: an eligible one, unless other questions are asked."""
        encoding = self.encodings.setdefault(str(model.as_of), Encoding([model]))
        wanted = subject_questions(self.policy) if questions is None else questions
        found = encoding.solve(wanted, budget=BUDGET) if wanted else None
        if found is not None and found.verdict is Verdict.REFUTED:
            yield found.facts
        elif found is None:
            yield {}

    def outcomes(self, expected: AbstractSet[str]) -> Iterator[Row]:
        """Yield a row for each outcome that decides something and that no example expects, nor any of these rows."""
        policy = self.policy
        told = {Outcome(each) for each in expected - {Outcome.NOT_APPLICABLE}} | {
            subject.answer.outcome for subject in self.expecting if subject.model.as_of in subject.model.in_force
        }
        wanted: list[tuple[Outcome, list[Question], tuple[str, str]]] = []
        wanted.append((Outcome.ELIGIBLE, subject_questions(policy), ("符合的", "one that is eligible")))
        for id_, outcome, text in (
            (policy.eligible_id, Outcome.INELIGIBLE, ("不符合的", "one that is not eligible")),
            (policy.applies_id, Outcome.NOT_APPLICABLE, ("不在适用范围的", "one out of scope")),
        ):
            if id_ is not None:
                others = [each for each in subject_questions(policy, but=id_) if outcome is Outcome.INELIGIBLE]
                is_false: list[Question] = [Differs(id_, Literal(NOWHERE, value)) for value in (True, None)]
                applies = [each for each in others if isinstance(each, Differs) and each.decision_id == policy.applies_id]
                wanted.append((outcome, [*is_false, *applies], text))
        for outcome, questions, text in wanted:
            if outcome in told:
                continue
            known = (subject.facts for subject in self.known)
            for facts in (*known, *self.solved(self.model, questions)):
                subject = Shown(self.model, facts, (OUTCOME,))
                if subject.answer.outcome is outcome:
                    yield self.row(subject, text)
                    break

    def row(self, subject: Shown, text: tuple[str, str]) -> Row:
        """Return a subject as a row that expects the outcome."""
        return Row(self.policy.applies_id or "", subject.model.as_of, subject.facts, outcome_expected(subject.answer.outcome), (text,))


def _beside(day: Date, days: int) -> Date:
    return temporal.from_days(temporal.to_days(day) + days)
