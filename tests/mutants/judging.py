"""Judging: whether a mutant is found, and what brute force says of one that is not.

    mutant ──with_policy──> errors? ──examples──> one fails? ──prove──> errors? ── none ──> brute force

What fails in an example is another answer, so that such a mutant needs no brute force.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from tests.mutants.accepting import Accepting
from tests.mutants.brute import Standing, Trial, Versions, compare
from tests.mutants.drawing import Mutant
from tests.mutants.places import changes_of, mutated
from tests.mutants.proving import equal_by_proof, errors_of_packs, errors_of_policy
from zhida.assess.assessment import Outcome
from zhida.assess.examples import day_of, given_facts, run_examples
from zhida.assess.settle import settle
from zhida.assess.subject import inputs_of
from zhida.errors import Diagnostic, has_errors
from zhida.policy.document import parse
from zhida.policy.pack import Packs, Policy, load_packs, with_policy
from zhida.policy.stacking import Surroundings, read_stacking
from zhida.policy.versions import effective_intervals, version_faults
from zhida.source import Source
from zhida.values import temporal
from zhida.values.temporal import Date

DAY = Date(2026, 11, 20)
"""The day for all that sets none: no clock is read."""

MOST_DAYS = 20
"""How many days are tried between two ends."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of a mutant."""

    number: int
    """The mutant."""
    errors: tuple[str, ...] = ()
    """Codes of the errors that it shows."""
    example: str = ""
    """The id of an example that fails; empty where none does."""
    own: bool = False
    """Whether that is an example of the packs, and not one that was accepted."""
    trial: Trial | None = None
    """What brute force says, where it was asked."""

    @property
    def is_found(self) -> bool:
        """Whether an error or an example gives it away."""
        return bool(self.errors or self.example)

    @property
    def is_equal(self) -> bool:
        """Whether it answers as the original does, at least where all facts lie in their usual ranges."""
        equal = {Standing.LOCALLY_EQUAL, Standing.EQUAL_FROM_FACTS, Standing.TRIED_EQUAL, Standing.PROVED_EQUAL, Standing.UNUSUAL}
        return self.trial is not None and self.trial.standing in equal


class Workshop:
    """The packs with their accepted examples, and what is made of them."""

    def __init__(self, root: Path, accepting: Accepting, *, is_proved: bool = True, is_always_proved: bool = False) -> None:
        """Read the packs.

        Args:
            root: The folder of packs.
            accepting: Where the texts with accepted examples come from.
            is_proved: Whether errors of proofs count.
            is_always_proved: Whether a mutant is proved even where an example fails already.
        """
        self.root = root
        self.packs = load_packs(root)
        self.accepting = accepting
        self.is_proved = is_proved
        self.is_always_proved = is_always_proved
        self.accepted: dict[str, Packs] = {}
        self.before: dict[str, frozenset[str]] = {}

    def original(self, policy_id: str) -> Packs:
        """Return the packs with the accepted text of one policy."""
        if policy_id not in self.accepted:
            policy = self.packs.policies[policy_id]
            text = self.accepting.text(self.packs, policy, DAY)
            source = Source(policy.document.source.name, text)
            self.accepted[policy_id] = replaced(self.packs, with_policy(self.packs, policy_id, source))
        return self.accepted[policy_id]

    def faults_of_original(self, policy_id: str) -> list[str]:
        """Return what is wrong with a policy that nothing was changed in: errors, and examples that fail."""
        packs = self.original(policy_id)
        policy = packs.policies[policy_id]
        found = [item.code for item in policy.diagnostics if has_errors([item])]
        found += [f"例 {result.example.id}" for result in run_examples(packs, policy, as_of=DAY) if not result.passed]
        return found + (errors_of_policy(packs, policy_id, DAY) if self.is_proved else [])

    def judge(self, mutant: Mutant) -> Judgement:
        """Return what becomes of a mutant."""
        return self.judge_stacking(mutant) if mutant.kind == "stacking" else self.judge_policy(mutant)

    # --- policies ------------------------------------------------------------------------------------------------

    def judge_policy(self, mutant: Mutant) -> Judgement:
        """Return what becomes of a policy with a change in it."""
        original = self.original(mutant.policy)
        policy = original.policies[mutant.policy]
        change = changes_of(policy, mutant.kind)[mutant.place]
        assert (change.old, change.new) == (mutant.change.old, mutant.change.new), "the text with accepted examples is another one"
        source = Source(policy.document.source.name, mutated(policy.document.source.text, change))
        changed = with_policy(original, mutant.policy, source)
        packs = replaced(original, changed)
        errors = [item.code for item in changed.diagnostics if has_errors([item])]
        errors += [item.code for id_, item in self.version_faults(packs) if id_ == mutant.policy and has_errors([item])]
        if errors:
            return Judgement(mutant.number, tuple(dict.fromkeys(errors)))
        example = next((each.example.id for each in run_examples(packs, changed, as_of=DAY) if not each.passed), "")
        own = {each.id for each in self.packs.policies[mutant.policy].tangled.examples}
        if self.is_proved and (self.is_always_proved or not example):
            known = self.known_errors(mutant.policy)
            errors = [code for code in errors_of_policy(packs, mutant.policy, DAY) if code not in known]
            if mutant.kind == "in-force":
                errors += [code for code in errors_of_packs(packs) if code not in self.known_errors_of_packs]
        found = Judgement(mutant.number, tuple(dict.fromkeys(errors)), example, example in own)
        return found if example else replace(found, trial=self.trial(mutant, original, packs))

    def known_errors(self, policy_id: str) -> frozenset[str]:
        """Return the codes of errors that the original shows already; there should be none."""
        if policy_id not in self.before:
            self.before[policy_id] = frozenset(errors_of_policy(self.original(policy_id), policy_id, DAY))
        return self.before[policy_id]

    @cached_property
    def known_errors_of_packs(self) -> frozenset[str]:
        """The codes of errors that the packs as a whole show already; there should be none."""
        return frozenset(errors_of_packs(self.packs)) if self.is_proved else frozenset()

    def version_faults(self, packs: Packs) -> Iterator[tuple[str, Diagnostic]]:
        """Yield what is wrong with who replaces whom."""
        return version_faults({id_: policy.front for id_, policy in packs.policies.items()}, packs.in_force)

    def trial(self, mutant: Mutant, original: Packs, packs: Packs) -> Trial:
        """Return what brute force says."""
        if mutant.kind == "in-force":
            return _compare_days(original, packs, mutant.policy)
        decision_id = f"{mutant.policy}#{mutant.change.element}"
        day = day_of(original.in_force[mutant.policy], DAY)
        found = compare(Versions(original, packs, mutant.policy, decision_id), day, f"{mutant.policy}/{mutant.kind}/{mutant.place}")
        if found.standing not in {Standing.UNREACHED, Standing.TRIED_EQUAL, Standing.UNUSUAL}:
            return found
        verdict = equal_by_proof(original.model_of(mutant.policy, day), packs.model_of(mutant.policy, day), decision_id)
        if verdict.is_equal and found.standing is not Standing.UNUSUAL:
            return replace(found, standing=Standing.PROVED_EQUAL)
        if verdict.witness and not verdict.is_unusual:
            return replace(found, standing=Standing.DIFFERENT, witness=verdict.witness)
        return replace(found, standing=Standing.UNUSUAL, witness=verdict.witness) if verdict.witness else found

    # --- stacking ------------------------------------------------------------------------------------------------

    @cached_property
    def surroundings(self) -> Surroundings:
        """What the rows of stacking may name."""
        subjects = {id_: policy.front.subject for id_, policy in self.packs.policies.items()}
        shapes = {id_: {name: each.shape for name, each in policy.published.items()} for id_, policy in self.packs.policies.items()}
        return Surroundings(subjects, shapes, self.packs.dictionaries, self.packs.parameters)

    def judge_stacking(self, mutant: Mutant) -> Judgement:
        """Return what becomes of a page of stacking with a row more; such a row contradicts another by how it was made."""
        page = Path(mutant.policy)
        found: list[Diagnostic] = []
        document = parse(Source(mutant.policy, mutated(page.read_text(encoding="utf-8"), mutant.change)))
        groups = read_stacking(document, self.surroundings, found)
        errors = [item.code for item in found if has_errors([item])]
        others = [group for group in self.packs.stacking if group.span.source.name != mutant.policy]
        packs = replace(self.packs, stacking=(*others, *groups))
        if self.is_proved:
            errors += [code for code in errors_of_packs(packs) if code not in self.known_errors_of_packs]
        return Judgement(mutant.number, tuple(dict.fromkeys(errors)), trial=Trial(Standing.DIFFERENT, "两行不能都照办"))


def replaced(packs: Packs, policy: Policy) -> Packs:
    """Return packs with another text of one policy."""
    policies = {id_: policy if id_ == policy.id else each for id_, each in packs.policies.items()}
    fronts: Mapping[str, object] = {id_: each.front for id_, each in policies.items()}
    return replace(packs, policies=policies, in_force=effective_intervals(fronts), _linked={})  # type: ignore[arg-type]


def _compare_days(old: Packs, new: Packs, policy_id: str) -> Trial:
    """Return whether a policy is law on other days, and an example of it that is answered otherwise then."""
    left, right = old.in_force[policy_id], new.in_force[policy_id]
    if left == right:
        return Trial(Standing.LOCALLY_EQUAL)
    ends = [end for interval in (left, right) for end in (interval.start, interval.end) if end is not None]
    days = {str(day): day for end in ends for day in (temporal.from_days(temporal.to_days(end) + shift) for shift in (-1, 0, 1))}
    numbers = sorted(temporal.to_days(day) for day in days.values())
    between = range(numbers[0], numbers[-1], max((numbers[-1] - numbers[0]) // MOST_DAYS, 1))
    tried = 0
    for day in (*days.values(), *(temporal.from_days(number) for number in between)):
        if (day in left) == (day in right):
            continue
        for example in old.policies[policy_id].tangled.examples:
            tried += 1
            models = [packs.model_of(policy_id, day) for packs in (old, new)]
            facts = given_facts(models[0], example, [])
            outcomes = [settle(model, inputs_of(model, facts)).judgement.answer.outcome for model in models]
            if outcomes[0] != outcomes[1] and Outcome.NOT_APPLICABLE in outcomes:
                return Trial(Standing.DIFFERENT, f"例 {example.id} ({day}): {outcomes[0]} → {outcomes[1]}", tried)
    return Trial(Standing.TRIED_EQUAL, tried=tried)
