"""The combination of one enterprise, whole: what it takes, what it gives up and why, and a certificate that was checked.

    facts ──combine_subject──> claims, sure, possible, what decides
          ──prove──> certificate ──check──> faults: none, or nobody is to rely on it
          ──reasons──> for each policy that is not paid in full the rows of stacking that stop it

What is sure, what is possible and what decides is worked out twice: by the solver, and by the columns that do whole registries; where
they differ, that is told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zhida.assess.assessment import Delivery, Outcome
from zhida.entitle.best.argument import Certificate
from zhida.entitle.best.certificate import prove
from zhida.entitle.best.checker import check
from zhida.entitle.best.filling import Combined, combined
from zhida.entitle.best.lawful import Combination, Received, Situation
from zhida.entitle.best.missing import JOINED, Gap, Outlook, Sure, one_gap, outlook, outlook_of_subject
from zhida.entitle.best.reasons import stopped
from zhida.entitle.best.situations import NO_LIMIT, one_row
from zhida.entitle.best.subject import Claim, SubjectCombination, combine_subject
from zhida.entitle.best.supports import ties_of
from zhida.entitle.stacking.structure import Restriction, Structure
from zhida.policy.pack import Packs
from zhida.policy.years import parse_column
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
class Lacking:
    """Something that is not known, and who is to tell it."""

    is_parameter: bool
    """Whether it is a parameter that the place has not filled in: nothing that a subject can tell."""
    is_judged: bool
    """Whether a person judges it."""
    is_self_reported: bool
    """Whether the subject may be asked for it."""
    source: str
    """The department that has it, or where the figure of a parameter comes from; may be empty."""


@dataclass(frozen=True, slots=True)
class Letter:
    """The combination of one subject."""

    kind: str
    """What kind of subject it is."""
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
    """The missing facts that decide; parameters that the place has not filled in may be among them."""
    own_decides: tuple[str, ...]
    """Those that decide among the subject's own facts."""
    own_possible_fen: int
    """What it could come to if the subject's own facts turned out well, and no parameter were told."""
    lacking: Mapping[str, Lacking]
    """Of all that is lacking, by name, who is to tell it."""
    caps_missing: tuple[tuple[str, ...], ...]
    """Of each cap what its amount lacks; nothing where it is known."""
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
    ties = ties_of(found.structure)
    again = combined(found.structure, ties, columns, as_of)
    certain, gaps = Sure(found.structure, ties, columns, again.paid, as_of), _gaps(found)
    more = outlook(certain, gaps)
    own = outlook_of_subject(certain, gaps, more, packs.parameters)
    by: dict[int, tuple[Restriction, ...]] = {}
    for each in stopped(found.structure, ties, columns, again, as_of):
        bits = int(each.by[0])
        by[each.position] = tuple(found.structure.restrictions[row] for at, row in enumerate(each.restrictions) if bits >> at & 1)
    lines = tuple(_line(packs, found, position, by.get(position, ()), as_of) for position in range(len(found.claims)))
    kind = packs.policies[policies[0]].front.subject
    return Letter(
        kind,
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
        _decides(own),
        int(own.possible[0]),
        {name: _lacking(packs, kind, name) for name in sorted({name for each in (*found.claims, *found.caps) for name in each.missing})},
        tuple(tuple(sorted(claim.missing)) for claim in found.caps),
        tuple(line for line in lines if line.is_held or line.is_review or line.missing or line.received_fen),
        {line.policy: line.title for line in lines},
        certificate,
        faults,
        _is_alike(found, again, more),
    )


def _is_alike(found: SubjectCombination, again: Combined, more: Outlook) -> bool:
    """Say whether the columns come to what was worked out of the one subject."""
    paid, taken = tuple(again.paid[:, 0].tolist()), tuple(again.taken[:, 0].tolist())
    sure = paid == found.sure.paid_fen and taken == found.sure.is_taken
    return sure and int(more.possible[0]) == found.possible.total_fen and _decides(more) == found.decides


def _decides(more: Outlook) -> tuple[str, ...]:
    return tuple(more.decides[0][1].split(JOINED)) if more.decides else ()


def _gaps(found: SubjectCombination) -> list[Gap]:
    """Return what is open, as the columns take it."""
    structure = found.structure
    gaps = [
        one_gap(
            position,
            (claim.low_fen, claim.high_fen) if structure.is_money[position] else (0, 0),
            (claim.is_sure, claim.is_possible),
            sorted(claim.missing),
            is_cap=False,
            is_endless=claim.is_open,
        )
        for position, claim in enumerate(found.claims)
        if claim.is_possible and not structure.is_closed[position]
    ]
    for place, (cap, fen) in enumerate(zip(found.caps, found.situation.caps_fen, strict=True)):
        if cap.outcome is Outcome.UNDETERMINED:
            most = cap.high_fen if cap.is_sure and not cap.is_open else NO_LIMIT
            gaps.append(one_gap(place, (fen, most), (True, True), sorted(cap.missing), is_cap=True, is_endless=cap.is_open))
    return [gap for gap in gaps if gap.claim.is_open.any()]


def _lacking(packs: Packs, kind: str, name: str) -> Lacking:
    """Return who is to tell something."""
    if name in packs.parameters:
        source = next((row.source for row in packs.parameters[name] if row.source), "")
        return Lacking(is_parameter=True, is_judged=False, is_self_reported=False, source=source)
    item = packs.dictionaries[kind].items.get(parse_column(name)[0])
    if item is None:
        return Lacking(is_parameter=False, is_judged=False, is_self_reported=False, source="")
    return Lacking(is_parameter=False, is_judged=item.is_judged, is_self_reported=item.is_self_reported, source=item.department)


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
