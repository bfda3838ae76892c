"""Effects of a change that no sum shows: new cliffs, examples that no longer pass, people who must now look.

All of them are looked for in the policies that a change touches, and told only where they were not there before.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zhida.assess.examples import run_examples
from zhida.entitle.simulation.scenario import Reason, Scenario
from zhida.policy.pack import Packs
from zhida.proof.across.cliffs import Cliff, prove_cliffs
from zhida.proof.across.shown import Examples

MOST_POLICIES = 12
"""Touched policies whose cliffs are looked for; with more it takes too long, and that is said."""


@dataclass(frozen=True, slots=True)
class Failing:
    """Examples of a policy that passed before, or are new, and do not pass."""

    policy: str
    """The policy."""
    examples: tuple[str, ...]
    """What they are called, in the order of the text."""


@dataclass(frozen=True, slots=True)
class Effects:
    """What else a change does."""

    cliffs: tuple[Cliff, ...]
    """Cliffs that were not there before, or lose more than before."""
    failing: tuple[Failing, ...]
    """Examples that do not pass after the change."""
    is_complete: bool
    """Whether cliffs were looked for in all touched policies that give money."""


def effects_of(scenario: Scenario) -> Effects:
    """Return what else a change does: cliffs around the examples, and the examples themselves.

    Args:
        scenario: What is compared.
    """
    own = [each for each in scenario.touched if each.reason is not Reason.REMOVED]
    money = [each.policy for each in own if each.is_money and scenario.as_of in scenario.after.in_force[each.policy]]
    looked = money[:MOST_POLICIES]
    cliffs: list[Cliff] = []
    for policy in looked:
        known = _cliffs(scenario.before, policy, scenario) if policy in scenario.before.policies else {}
        found = _cliffs(scenario.after, policy, scenario)
        cliffs += [cliff for key, cliff in found.items() if key not in known or cliff.loss > known[key].loss]
    cliffs.sort(key=lambda cliff: (-cliff.loss, cliff.policy, cliff.fact))
    failing = [Failing(each.policy, names) for each in own if (names := tuple(_failing(scenario, each.policy)))]
    return Effects(tuple(cliffs), tuple(failing), len(looked) == len(money))


def _cliffs(packs: Packs, policy: str, scenario: Scenario) -> Mapping[tuple[str, str], Cliff]:
    """Return the cliffs of a policy around its examples, by the fact and the line."""
    model = packs.model_of(policy, scenario.as_of)
    proof = prove_cliffs(packs, model, None, as_of=scenario.as_of, examples=Examples(packs, as_of=scenario.as_of))
    return {(cliff.fact, str(cliff.line)): cliff for cliff in proof.cliffs}


def _failing(scenario: Scenario, policy: str) -> Iterator[str]:
    """Yield the examples that do not pass after the change, though they did before, or were not there."""
    known = set()
    if policy in scenario.before.policies:
        before = scenario.before.policies[policy]
        known = {each.example.id for each in run_examples(scenario.before, before, as_of=scenario.as_of) if not each.passed}
    for each in run_examples(scenario.after, scenario.after.policies[policy], as_of=scenario.as_of):
        if not each.passed and each.example.id not in known:
            yield each.example.id
