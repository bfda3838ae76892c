"""What `zhida check` looks at policy by policy: the examples, what they cover, the proof; all in the same processes.

    packs ──each policy, in one of several processes──> how its examples came out, what they cover, what is proved
          ──pages of stacking─────────────────────────> how their examples came out

What was evaluated for an example serves its coverage and the proof, so one process does all of that for a policy; only what
is told of it travels back.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from zhida.assess.examples import ExampleResult, run_examples
from zhida.cli.console import progress_bar
from zhida.cli.over_coverage import Covered, covered_by
from zhida.cli.over_proof import Proved
from zhida.cli.processes import over_processes
from zhida.entitle.examples import StackingResult, run_stacking_examples
from zhida.errors import Diagnostic, Language
from zhida.policy.pack import Packs, Policy
from zhida.proof.policies import Found, Proving, can_be_proved
from zhida.values.temporal import Date


@dataclass(frozen=True, slots=True)
class Looked:
    """What was seen of policies."""

    results: Mapping[str, tuple[ExampleResult, ...]]
    """How the examples came out, by the id of the policy, of those that have no errors; without how they were run."""
    covered: Mapping[str, Covered]
    """What they show, of the same policies."""
    proved: Proved | None
    """The proof, where it was asked for."""
    stacking: tuple[StackingResult, ...]
    """How the examples on pages of stacking came out, of those that are about the policies and could be run."""
    stacking_not_run: int
    """How many could not, because policies or pages have errors."""

    @property
    def wrong(self) -> list[tuple[Diagnostic, ...]]:
        """What is wrong with each example that was run, of policies and of pages of stacking; nothing where it passed."""
        of_policies = [result.diagnostics for found in self.results.values() for result in found]
        return of_policies + [result.diagnostics for result in self.stacking]


_Seen = tuple[list[tuple[Diagnostic, ...]] | None, Covered | None, Found | None]
"""Of one policy: what is wrong with each example, what they show, what is found of it."""


def look(packs: Packs, chosen: Sequence[str] | None, as_of: Date, language: Language, *, proves: bool) -> Looked:
    """Look at policies, with a progress bar on a terminal where they are to be proved.

    Args:
        packs: The packs.
        chosen: Ids of policies; all where that is None.
        as_of: The day.
        language: Of the bar's label.
        proves: Whether they are to be proved.
    """
    began = time.monotonic()
    proving = Proving(packs, as_of=as_of)
    asked = list(packs.policies if chosen is None else chosen)
    runs = {id_ for id_ in asked if _can_run(packs, packs.policies[id_])}
    proved = {id_ for id_ in asked if proves and can_be_proved(packs, packs.policies[id_])}

    def seen(id_: str) -> _Seen:
        results = tuple(run_examples(packs, packs.policies[id_], as_of=as_of)) if id_ in runs else None
        covered = None if results is None else covered_by(packs, id_, results, as_of)
        wrong = None if results is None else [result.diagnostics for result in results]
        return wrong, covered, proving.found(id_, results) if id_ in proved else None

    ids = sorted((id_ for id_ in asked if id_ in runs or id_ in proved), key=lambda id_: -_work(packs.policies[id_]))
    found: dict[str, _Seen] = {}
    with progress_bar(language, "证明", "proving") as bar:
        if proves:
            bar.start(len(ids))
        for id_, each in zip(ids, over_processes(seen, ids), strict=True):
            found[id_] = each
            bar.advance(1 if proves else 0)
        told = {id_: each[2] for id_, each in found.items() if each[2] is not None}
        proof = proving.proof(told, chosen) if proves else None
    results = {
        id_: tuple(ExampleResult(*pair) for pair in zip(packs.policies[id_].tangled.examples, wrong, strict=True))
        for id_ in asked
        if id_ in found and (wrong := found[id_][0]) is not None
    }
    covered = {id_: covering for id_ in results if (covering := found[id_][1]) is not None}
    about = tuple(each for each in packs.stacking_examples if not set(asked).isdisjoint(each.policies))
    stacking = tuple(run_stacking_examples(replace(packs, stacking_examples=about), as_of=as_of))
    told_proof = None if proof is None else Proved(proof, f"{time.monotonic() - began:.1f}")
    return Looked(results, covered, told_proof, stacking, len(about) - len(stacking))


def _work(policy: Policy) -> int:
    """Return how much there is to look at, roughly: where the longest begins first, all processes end at about the same time."""
    tables = (len(getattr(decision.expression, "rules", ())) for decision in policy.tangled.decisions)
    return len(policy.tangled.examples) * 4 + sum(tables) + len(policy.tangled.decisions)


def check_examples(packs: Packs, as_of: Date, chosen: Sequence[str] | None = None) -> dict[str, tuple[ExampleResult, ...]]:
    """Run the examples of all policies, or of the chosen ones, that, with all they use, have no errors."""
    policies = [packs.policies[id_] for id_ in (packs.policies if chosen is None else chosen)]
    return {policy.id: tuple(run_examples(packs, policy, as_of=as_of)) for policy in policies if _can_run(packs, policy)}


def _can_run(packs: Packs, policy: Policy) -> bool:
    used = (packs.policies.get(name.text) for name in (*policy.front.uses, *policy.front.replaces))
    return policy.is_sound and all(other is not None and _can_run_used(packs, other) for other in used)


def _can_run_used(packs: Packs, policy: Policy) -> bool:
    return policy.is_sound and all(_sound(packs, name.text) for name in policy.front.uses)


def _sound(packs: Packs, name: str) -> bool:
    return name in packs.policies and packs.policies[name].is_sound
