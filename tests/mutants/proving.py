"""Proving: what proofs say of a mutant, and of two versions that trying could not tell apart."""

from dataclasses import dataclass

from zhida.errors import has_errors
from zhida.policy.pack import Packs, PolicyModel
from zhida.proof.across.findings import findings_of_packs
from zhida.proof.findings import Verdict
from zhida.proof.policies import prove
from zhida.proof.solver.encoding import Differs, Encoding
from zhida.values.temporal import Date


@dataclass(frozen=True, slots=True)
class Equality:
    """What the solver says of two versions of a decision."""

    is_equal: bool = False
    """Whether no subject tells them apart."""
    witness: str = ""
    """One that does, replayed."""
    is_unusual: bool = False
    """Whether only subjects outside of the usual range of some fact do."""


def errors_of_policy(packs: Packs, policy_id: str, day: Date) -> list[str]:
    """Return the codes of the errors that proofs of one policy find."""
    return [each.diagnostic.code for each in prove(packs, policy_id, as_of=day).findings if has_errors([each.diagnostic])]


def errors_of_packs(packs: Packs) -> list[str]:
    """Return the codes of the errors that proofs across policies find."""
    return [each.diagnostic.code for each in findings_of_packs(packs) if has_errors([each.diagnostic])]


def equal_by_proof(old: PolicyModel, new: PolicyModel, decision_id: str) -> Equality:
    """Return whether the solver shows two versions of a decision to be the same, or a subject that tells them apart."""
    body = new.model.decisions[decision_id].body
    solution = Encoding([old]).solve([Differs(decision_id, body)])
    told = "，".join(f"{name} = {value}" for name, value in solution.facts.items())
    return Equality(solution.verdict is Verdict.PROVED, told if solution.verdict is Verdict.REFUTED else "", solution.is_unusual)
