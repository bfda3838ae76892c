"""Proposals: the examples that a policy lacks, with their inputs solved for (docs/policy-format.md, Examples).

    examples ──show──> targets still open ──solve, or search──> a subject ──replay──> row ──shows more──> fewer targets

A row expects one decision, so that what it shows can be seen at that decision itself. Each row is looked at for everything that is
still open before the next is solved for, and rows that the others make needless are dropped. What can never be shown, and what
could be neither shown nor excluded, is told with its place.

Invariant: were the proposed rows accepted, the same call would propose nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zhida.assess.examples import day_of
from zhida.dmn.compiled import CompiledTable, Typed
from zhida.errors import Diagnostic, diagnostic
from zhida.feel.syntax import Literal, Node
from zhida.policy.pack import Packs, Policy, PolicyModel
from zhida.proof.findings import Verdict
from zhida.proof.proposals.lent import lent_decisions, with_lent
from zhida.proof.proposals.outcomes import BUDGET, NOWHERE, outcome_rows, subject_questions
from zhida.proof.proposals.polish import Polish
from zhida.proof.proposals.rows import Row, expectations, outcome_expected
from zhida.proof.proposals.search import Search
from zhida.proof.proposals.shown import OUTCOME, Goal, Shown, shown_by_examples
from zhida.proof.proposals.targets import Target, TargetKind, targets_of
from zhida.proof.solver.days import only_for
from zhida.proof.solver.encoding import Differs, Encoding, Holds, Question, Solution
from zhida.values.temporal import Date
from zhida.values.unknown import find_unknown

Value = Any

CONDITIONS = frozenset((TargetKind.TRUE, TargetKind.FALSE, TargetKind.RULE))
"""Targets that are conditions."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What rows are wanted."""

    kinds: frozenset[TargetKind] = frozenset(TargetKind)
    """For targets of which kinds."""
    decision: str | None = None
    """The name of the one decision that is looked at; None for all."""

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out: then rows that expect the outcome belong to it too."""
        return self.decision is None and self.kinds == frozenset(TargetKind)


EVERYTHING = Wanted()

NULL = Literal(NOWHERE, None)

TOLD = frozenset((TargetKind.ON, TargetKind.PAST, TargetKind.TRUE, TargetKind.FALSE, TargetKind.RULE))
"""What is told where it cannot be shown; a figure or a column that decides nothing is of no use to anybody."""

Tell = Callable[[int, int], None]
"""Told how many of how many targets are settled."""


@dataclass(slots=True)
class Tally:
    """How far the targets of one policy are shown."""

    targets: int = 0
    """How many there are."""
    shown: int = 0
    """How many of them the policy's own examples show."""
    added: int = 0
    """How many more the proposed rows show."""
    impossible: int = 0
    """How many nothing can show."""
    undecided: int = 0
    """Of how many it is not known."""


@dataclass(frozen=True, slots=True)
class Proposals:
    """The rows that the examples of a policy lack."""

    policy: str
    """The policy."""
    as_of: Date
    """The day of the rows that do not ask for another."""
    rows: tuple[Row, ...]
    """The rows, decision by decision."""
    order: tuple[str, ...]
    """Names of facts in the order of their columns."""
    told: tuple[Diagnostic, ...]
    """What no row can show, and what could not be decided: proof-example-impossible, proof-example-undecided, proof-example-unwritable."""
    tally: Tally
    """How far the targets are shown."""


def propose(packs: Packs, policy: Policy, *, as_of: Date, wanted: Wanted = EVERYTHING, tell: Tell | None = None) -> Proposals:
    """Return the rows that the examples of a sound policy lack.

    Args:
        packs: The packs that it stands in.
        policy: The policy.
        as_of: The date; the policy's own first or last day where it is not in force then.
        wanted: What rows are wanted.
        tell: Told how far it is.
    """
    day = day_of(packs.in_force[policy.id], as_of)
    model = packs.model_of(policy.id, day)
    known = list(shown_by_examples(packs, policy, as_of=as_of))
    told = [subject.facts for subject in known]
    encoding = Encoding([with_lent(model, lent_decisions(model, told))])
    work = _Work(packs, policy, model, encoding, Search(model, told), Polish(model, told), known, Tally(), tell)
    names = {id_: compiled.decision.name for id_, compiled in policy.compiled.decisions.items()}
    chosen = [id_ for id_, name in names.items() if wanted.decision in {None, name}]
    targets = {id_: [each for each in targets_of(model, id_) if each.kind in wanted.kinds] for id_ in chosen}
    work.tally.targets = sum(map(len, targets.values()))
    rows: list[Row] = []
    for id_, found in targets.items():
        rows += work.rows_of(id_, found)
    if wanted.is_all:
        rows += outcome_rows(packs, policy, model, work.encoding, [*known, *work.added])
    order = tuple(data.name for data in policy.compiled.definitions.inputs)
    return Proposals(policy.id, day, tuple(rows), order, tuple(work.told), work.tally)


@dataclass(slots=True)
class _Candidate:
    """A row that was found, and what it shows of what was open."""

    subject: Shown
    targets: list[Target]


@dataclass(slots=True)
class _Work:
    """The search for the rows of one policy."""

    packs: Packs
    policy: Policy
    model: PolicyModel
    encoding: Encoding
    search: Search
    polish: Polish
    known: list[Shown]
    tally: Tally
    tell: Tell | None
    added: list[Shown] = field(default_factory=list)
    told: list[Diagnostic] = field(default_factory=list)
    done: int = 0
    reasons: list[tuple[str, str]] = field(default_factory=list)
    idle: dict[int, bool] = field(default_factory=dict)
    idle_on_day: dict[int, bool] = field(default_factory=dict)
    minds_day: bool = False

    def rows_of(self, decision_id: str, targets: Sequence[Target]) -> list[Row]:
        """Return the rows that a decision lacks."""
        open_ = [target for target in targets if not self.is_shown(target)]
        self.tally.shown += len(targets) - len(open_)
        self.settled(len(targets) - len(open_))
        found: list[_Candidate] = []
        waiting = list(open_)
        while waiting:
            target = waiting.pop(0)
            candidate = self.candidate(target)
            if candidate is None:
                self.settled(1)
                continue
            candidate.targets = [each for each in open_ if each is target or _shows(candidate.subject, each, each.enough)]
            left = [each for each in waiting if not any(each is shown for shown in candidate.targets)]
            self.tally.added += 1 + len(waiting) - len(left)
            self.settled(1 + len(waiting) - len(left))
            waiting = left
            found.append(candidate)
        kept = _needed(found)
        rows = [row for each in kept if (row := self.row(each, decision_id)) is not None]
        self.added += [each.subject for each in kept]
        return rows

    def settled(self, count: int) -> None:
        """Tell how far it is."""
        self.done += count
        if self.tell is not None:
            self.tell(self.done, self.tally.targets)

    def is_shown(self, target: Target) -> bool:
        """Say whether some example of the policy shows a target."""
        return any(_shows(subject, target, target.enough) for subject in self.known)

    def goals(self, decision_id: str) -> tuple[Goal, ...]:
        """Return what a row about a decision expects: its value, or the outcome where it says to whom the policy applies."""
        return (OUTCOME,) if decision_id == self.policy.applies_id else (Goal(decision_id),)

    def candidate(self, target: Target) -> _Candidate | None:
        """Return a subject that shows a target; None where nobody can, where it is not known, or where an example did already."""
        self.reasons = []
        self.minds_day = False
        for place in target.places:
            if any(_shows(subject, target, place) for subject in self.known):
                self.tally.shown += 1
                return None
            found = None if self.is_idle(target) else self.solved(target, place)
            if found is not None:
                return found
        later = self.on_another_day(target) if not self.reasons else None
        if later is not None:
            return later
        if self.reasons:
            self.tally.undecided += 1
            self.say("proof-example-undecided", target, self.reasons[0])
        else:
            self.tally.impossible += 1
            self.say("proof-example-impossible", target)
        return None

    def on_another_day(self, target: Target) -> _Candidate | None:
        """Return a subject that shows on another day what nobody shows on the day of the others; where that is not known, why."""
        goals = self.goals(target.decision_id)
        for place in target.places if self.minds_day else ():
            questions: list[Question] = [Differs(target.decision_id, target.other)]
            questions += [] if place is None else [Holds(place, target.decision_id)]
            found = self.encoding.on_any_day(questions, budget=BUDGET)
            if found.verdict is Verdict.PROVED:
                continue
            if found.verdict is Verdict.REFUTED and found.as_of is not None:
                subject = Shown(self.packs.model_of(self.policy.id, found.as_of), found.facts, goals)
                if self.is_told(subject, goals) and _shows(subject, target, place):
                    return _Candidate(subject, [])
            self.reasons.append(found.reason if found.verdict is Verdict.UNDECIDED else only_for(self.model.as_of))
        return None

    def is_idle(self, target: Target) -> bool:
        """Say whether it is proved that nobody is answered otherwise by the other body, wherever a row stands."""
        key = id(target.other)
        if key not in self.idle:
            found = self.solve([Differs(target.decision_id, target.other)])
            self.idle[key] = found.verdict is Verdict.PROVED
            self.idle_on_day[key] = found.minds_day
        self.minds_day = self.minds_day or self.idle_on_day[key]
        return self.idle[key]

    def solved(self, target: Target, place: Node | None) -> _Candidate | None:
        """Return a subject that was solved for, or found by trying; where neither came of it, the reason is kept."""
        goals = self.goals(target.decision_id)
        found = self.answer(target, place, goals)
        if found.verdict is Verdict.PROVED:
            self.minds_day = self.minds_day or found.minds_day
            return None
        if found.verdict is Verdict.REFUTED:
            subject = Shown(self.model, found.facts, goals)
            if self.is_told(subject, goals) and _shows(subject, target, place):
                polished = self.polish.polished(subject, lambda each: self.is_told(each, goals) and _shows(each, target, place))
                return _Candidate(polished, [])
        tried = self.search.find(target, place, goals)
        if tried is not None:
            return _Candidate(tried, [])
        self.reasons.append(
            found.reason if found.verdict is Verdict.UNDECIDED else ("解出的例与解释器不符", "what was solved did not replay")
        )
        return None

    def answer(self, target: Target, place: Node | None, goals: Sequence[Goal]) -> Solution:
        """Return what the solver says of a target at a place: a subject whose answer is no null where there is one."""
        questions: list[Question] = [Differs(target.decision_id, target.other)]
        questions += [] if place is None else [Holds(place, target.decision_id)]
        is_outcome = goals == (OUTCOME,)
        wanted = subject_questions(self.policy, but=target.decision_id) if is_outcome else [Differs(target.decision_id, NULL)]
        found = self.solve([*questions, *wanted])
        return found if found.verdict is Verdict.REFUTED else self.solve(questions)

    def solve(self, questions: Sequence[Question]) -> Solution:
        """Return what the solver says."""
        return self.encoding.solve(questions, budget=BUDGET)

    def is_told(self, subject: Shown, goals: Sequence[Goal]) -> bool:
        """Say whether all that a row would expect is known."""
        return all(goal == OUTCOME or find_unknown(subject.value(goal.decision_id)) is None for goal in goals)

    def row(self, candidate: _Candidate, decision_id: str) -> Row | None:
        """Return a subject as a row; None, and told, where its value cannot be written."""
        subject = candidate.subject
        if self.goals(decision_id) == (OUTCOME,):
            expected: dict[str, str] | None = outcome_expected(subject.answer.outcome)
        else:
            name = self.model.model.decisions[decision_id].decision.name
            expected = expectations(name, subject.value(decision_id), _outputs(self.model, decision_id))
        if expected is None:
            for target in candidate.targets:
                self.say("proof-example-unwritable", target)
            return None
        facts = self.told_facts(candidate, decision_id)
        texts = tuple(target.text for target in candidate.targets)
        return Row(decision_id, subject.model.as_of, facts, expected, texts, self.polish.is_unusual(facts))

    def told_facts(self, candidate: _Candidate, decision_id: str) -> Mapping[str, Value]:
        """Return the facts that a row gives: those that were read, or all of them where something could not be shown without."""
        subject = candidate.subject
        facts = {name: value for name, value in subject.facts.items() if self.is_read(subject, name, decision_id)}
        if len(facts) == len(subject.facts):
            return facts
        fewer = Shown(subject.model, facts, subject.goals)
        shown = [target for target in candidate.targets if _shows(subject, target, target.enough)]
        return facts if all(_shows(fewer, target, target.enough) for target in shown) else subject.facts

    def is_read(self, subject: Shown, name: str, decision_id: str) -> bool:
        """Say whether a fact was read for what a row expects."""
        data = next((id_ for id_, data in self.model.model.inputs.items() if data.name == name), None)
        return data is None or self.goals(decision_id) == (OUTCOME,) or data in subject.evaluator.beneath([decision_id])

    def say(self, code: str, target: Target, reason: tuple[str, str] = ("", "")) -> None:
        """Keep what is to be told of a target."""
        if target.kind in TOLD:
            name = self.model.model.decisions[target.decision_id].decision.name
            words = {"decision": name, "target": target.text[1], "target_zh": target.text[0], "reason": reason[1], "reason_zh": reason[0]}
            self.told.append(diagnostic(code, target.span, **words))


def _shows(subject: Shown, target: Target, place: Node | None) -> bool:
    """Say whether a subject shows a target at a place."""
    if target.decision_id not in subject.reached:
        return False
    is_there = place is None or subject.holds(place, target.decision_id)
    return is_there and subject.shows(target.decision_id, target.other)


def _outputs(model: PolicyModel, decision_id: str) -> list[str]:
    """Return the names of the outputs of a table of several whose value is one context."""
    body = model.model.decisions[decision_id].body
    body = body.body if isinstance(body, Typed) else body
    if not isinstance(body, CompiledTable) or len(body.table.outputs) < 2 or body.table.hit_policy.value not in {"U", "A", "P", "F"}:
        return []
    return [clause.name for clause in body.table.outputs]


def _needed(found: Sequence[_Candidate]) -> list[_Candidate]:
    """Return the rows that are needed: from the last to the first, one is dropped whose targets others show as well."""
    kept = list(found)
    for each in reversed(found):
        others = {id(target) for other in kept if other is not each for target in other.targets}
        if all(id(target) in others for target in each.targets):
            kept.remove(each)
    return kept


def told_again(told: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield what is told, each thing once."""
    seen: set[tuple[str, str]] = set()
    for item in told:
        key = item.code, item.message("zh")
        if key not in seen:
            seen.add(key)
            yield item
