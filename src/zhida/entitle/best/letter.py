"""The combination of one enterprise, whole: what it takes, what it gives up and why, and a certificate that was checked.

    facts ──combine_subject──> claims, sure, possible, what decides
          ──prove──> certificate ──check──> faults: none, or nobody is to rely on it
          ──reasons──> for each policy that is not paid in full the rows of stacking that stop it

The sure combination is worked out twice: by the solver, and by the columns that do whole registries; where they differ, that is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhida.assess.assessment import Delivery, Outcome
from zhida.entitle.best.argument import Certificate
from zhida.entitle.best.certificate import prove
from zhida.entitle.best.checker import check
from zhida.entitle.best.filling import combined
from zhida.entitle.best.lawful import Combination, Received, Situation
from zhida.entitle.best.reasons import stopped
from zhida.entitle.best.situations import one_row
from zhida.entitle.best.subject import Claim, SubjectCombination, combine_subject
from zhida.entitle.best.supports import ties_of
from zhida.entitle.stacking.structure import Restriction, Structure
from zhida.policy.pack import Packs
from zhida.values.temporal import Date

WAYS = tuple(Delivery)


@dataclass(frozen=True, slots=True)
class LetterLine:
    """What becomes of one policy."""

    policy: str
    """`pack/name`."""
    title: str
    """Its title."""
    is_money: bool
    """Whether it gives money."""
    claimed_fen: int
    """What it gives by itself, for sure."""
    paid_fen: int
    """What it pays in the best combination."""
    is_taken: bool
    """Whether it is taken."""
    is_held: bool
    """Whether the subject is eligible for sure."""
    is_review: bool
    """Whether a person decides first."""
    is_closed: bool
    """Whether the window is closed."""
    missing: tuple[str, ...]
    """What is lacking where it may be held, but not for sure."""
    received_fen: int
    """What was received of it this year."""
    deadline: Date | None
    """The last day to apply; None for no end."""
    delivery: Delivery | None
    """How it goes out; None for what is no money."""
    stopped_by: tuple[Restriction, ...]
    """The rows of stacking because of which it is not paid in full, or not taken."""


@dataclass(frozen=True, slots=True)
class Letter:
    """The combination of one subject."""

    code: str
    """Its code."""
    name: str
    """What it is called; may be empty."""
    as_of: Date
    """The date of the business fact."""
    is_synthetic: bool
    """Whether it is invented."""
    structure: Structure
    """The policies, and what binds them."""
    situation: Situation
    """What they say of the subject for sure."""
    sure: Combination
    """The best combination."""
    possible_fen: int
    """What it could come to if the missing facts turned out well."""
    is_endless: bool
    """Whether more may be possible than that."""
    decides: tuple[str, ...]
    """The missing facts that decide."""
    lines: tuple[LetterLine, ...]
    """Policy by policy; those that have nothing to say are left out."""
    titles: Mapping[str, str]
    """The titles of all policies, by id."""
    certificate: Certificate
    """Why no lawful combination pays more."""
    faults: tuple[str, ...]
    """What the check found wrong; nothing where the certificate holds."""
    is_alike: bool
    """Whether the columns come to the same."""


def letter_of(  # noqa: PLR0913 - each says one thing about the subject
    packs: Packs,
    policies: Sequence[str],
    facts: Mapping[str, Any],
    *,
    code: str,
    name: str,
    as_of: Date,
    received: Sequence[tuple[str, Received]] = (),
    is_synthetic: bool = False,
) -> Letter:
    """Return the combination of one subject, with its certificate.

    Args:
        packs: The packs.
        policies: Ids of the policies.
        facts: What is known of the subject, population facts included.
        code: Its code.
        name: What it is called.
        as_of: The date of the business fact.
        received: What it received earlier, by the id of the policy.
        is_synthetic: Whether it is invented.
    """
    found = combine_subject(packs, policies, facts, as_of=as_of, received=received)
    situation = found.situation
    certificate = prove(found.structure, situation, found.sure, as_of)
    faults = check(found.structure, situation, certificate, as_of)
    columns = one_row(situation)
    again = combined(found.structure, ties_of(found.structure), columns, as_of)
    alike = tuple(again.paid[:, 0].tolist()) == found.sure.paid_fen and tuple(again.taken[:, 0].tolist()) == found.sure.is_taken
    by: dict[int, tuple[Restriction, ...]] = {}
    for each in stopped(found.structure, ties_of(found.structure), columns, again, as_of):
        bits = int(each.by[0])
        by[each.position] = tuple(found.structure.restrictions[row] for at, row in enumerate(each.restrictions) if bits >> at & 1)
    lines = tuple(_line(packs, found, position, by.get(position, ()), as_of) for position in range(len(found.claims)))
    return Letter(
        code,
        name,
        as_of,
        is_synthetic,
        found.structure,
        situation,
        found.sure,
        found.possible.total_fen,
        found.is_open,
        found.decides,
        tuple(line for line in lines if line.is_held or line.is_review or line.missing or line.received_fen),
        {line.policy: line.title for line in lines},
        certificate,
        faults,
        alike,
    )


def _line(packs: Packs, found: SubjectCombination, position: int, by: tuple[Restriction, ...], as_of: Date) -> LetterLine:
    """Return what becomes of one policy."""
    structure, claim = found.structure, found.claims[position]
    received = sum(each.amount_fen for each in found.situation.received if each.position == position and each.on.year == as_of.year)
    is_unsure = claim.is_possible and not claim.is_sure
    return LetterLine(
        claim.policy,
        packs.policies[claim.policy].front.title,
        structure.is_money[position],
        claim.low_fen if structure.is_money[position] else 0,
        found.sure.paid_fen[position],
        found.sure.is_taken[position],
        claim.is_sure,
        _is_review(claim),
        structure.is_closed[position],
        tuple(sorted(claim.missing)) if is_unsure else (),
        received,
        structure.deadlines[position],
        WAYS[claim.effort] if structure.is_money[position] else None,
        by,
    )


def _is_review(claim: Claim) -> bool:
    return claim.outcome is Outcome.REVIEW
