"""Whether a certificate holds: a short reading that trusts nobody who made it, and needs no solver.

A bound adds limits up: whatever is paid, times the limits that it counts against, stays below them, and what is left of each
policy below its own ceiling. Cases hold whatever is taken: each expected case is there, and each has an argument of its own.
What is expected follows from the laws of the subject alone (`grounds`), so a certificate has to match it name by name and
number by number. It proves that the combination is lawful and that none pays more; that ties between combinations of the same
sum are broken as stated, it does not say: that is held by comparing with `lawful.preference`.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from zhida.entitle.best.argument import Argument, Bound, Certificate, sealed
from zhida.entitle.best.grounds import Grounds, State, beginning
from zhida.entitle.best.lawful import Combination, Situation, faults, laws
from zhida.entitle.stacking.structure import Structure
from zhida.values.temporal import Date


def check(structure: Structure, situation: Situation, certificate: Certificate, as_of: Date) -> tuple[str, ...]:
    """Return what is wrong with a certificate; nothing where it proves that its combination is lawful and its sum the greatest.

    Args:
        structure: What binds the policies together.
        situation: What they say for the subject.
        certificate: The certificate.
        as_of: The day.
    """
    told = (certificate.policies, certificate.stacking_sha256, certificate.as_of)
    if told != (structure.policies, structure.sha256, str(as_of)) or certificate.seal != sealed(certificate):
        return ("证明与政策、叠加规则、日期或封印不符",)
    wrong = faults(structure, situation, Combination(certificate.paid_fen, certificate.is_taken), as_of)
    return wrong or tuple(_faults(Grounds(structure, laws(structure, situation, as_of)), certificate))


def _faults(grounds: Grounds, certificate: Certificate) -> Iterator[str]:
    """Yield where the parts do not make the whole, or are not proved."""
    paid, policies = certificate.paid_fen, grounds.structure.policies
    if certificate.total_fen != sum(paid):
        yield "合计与各项不符"
    listed = [policy for part in certificate.parts for policy in part.policies]
    able = {policy for policy, limit in zip(policies, grounds.law.limits_fen, strict=True) if limit}
    if len(set(listed)) < len(listed) or not able <= set(listed) <= set(policies):
        yield "各部分没有不重不漏地列出能付钱的政策"
        return
    for part in certificate.parts:
        positions = [policies.index(policy) for policy in part.policies]
        if part.total_fen != sum(paid[each] for each in positions):
            yield f"{'、'.join(part.policies)}：合计与各项不符"
        checker = _Checker(grounds, positions, part.total_fen)
        yield from checker.faults(part.argument, beginning(grounds.law))


class _Checker:
    """Reads the argument of one part."""

    def __init__(self, grounds: Grounds, positions: Sequence[int], claimed_fen: int) -> None:
        self.grounds = grounds
        self.positions = positions
        self.claimed_fen = claimed_fen

    def faults(self, argument: Argument, state: State) -> Iterator[str]:
        """Yield where an argument does not prove that what is supposed pays no more than is claimed."""
        grounds = self.grounds
        if isinstance(argument, Bound):
            yield from self.bound_faults(argument, state)
            return
        if argument.on not in ("choice", "requirement", "amount") or not 0 <= argument.place < grounds.count(argument.on):
            yield "分情形的依据不存在"
            return
        fen = argument.cases[0].fen if argument.cases else 0
        openings = grounds.openings(state, argument.on, argument.place, fen)
        expected = list(islice(openings, len(argument.cases) + 1))  # there may be very many; told are so few
        found = [(each.kind, each.names, each.fen) for each in argument.cases]
        if found != expected or (argument.name, argument.article) != grounds.named(argument.on, argument.place):
            yield f"{argument.name}：情形不全或与规则不符"
            return
        for opening, case in zip(expected, argument.cases, strict=True):
            yield from self.faults(case.argument, grounds.narrowed(state, argument.place, opening))

    def bound_faults(self, bound: Bound, state: State) -> Iterator[str]:
        """Yield where limits do not add up to what is claimed."""
        factors = [(each.on, each.place, each.times) for each in bound.terms if each.on != "policy"]
        is_known = all(on in ("sum", "choice") and 0 <= place < self.grounds.count(on) for on, place, _ in factors)
        if not is_known or any(times <= 0 for *_, times in factors):
            yield "上限里有不存在的一项"
        elif self.grounds.added_up(state, self.positions, factors) != bound or bound.limit_fen > self.claimed_fen:
            yield f"上限 {bound.limit_fen} 分推不出合计最多 {self.claimed_fen} 分"
