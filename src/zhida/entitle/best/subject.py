"""The best combinations of one subject, from its facts: what is sure, what is possible, and which fact decides between them.

    facts ──each policy──> Claim ┐
    facts ──each cap─────> Claim ┴─ least and greatest ──best──> sure, possible ──one missing fact after another──> what decides

The interpreter at work: one subject, every step in the open. `Combiner` does the same for a registry.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zhida.assess.assessment import Delivery, Outcome
from zhida.assess.explain import delivery_of
from zhida.assess.settle import settle
from zhida.assess.subject import engine_value, gives_amount, inputs_of
from zhida.entitle.best.lawful import Combination, Received, Situation
from zhida.entitle.best.missing import MOST_UNIONS
from zhida.entitle.best.solver import best
from zhida.entitle.stacking.caps import with_caps
from zhida.entitle.stacking.structure import Structure, refuse_left_out, structure_of
from zhida.policy.pack import Packs, PolicyModel, in_force
from zhida.policy.versions import first_version
from zhida.policy.years import machine_name
from zhida.values.temporal import Date

WAYS = tuple(Delivery)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a policy, or a cap, comes to for the subject."""

    policy: str
    """Its id."""
    outcome: Outcome
    """The outcome."""
    low_fen: int
    """The least that it comes to, in fen; 0 unless it surely comes to something."""
    high_fen: int
    """The greatest that it is known to come to."""
    is_sure: bool
    """Whether the subject is eligible whatever is missing."""
    is_possible: bool
    """Whether it can be eligible."""
    is_open: bool
    """Whether it may come to more than the greatest that is known."""
    missing: frozenset[str]
    """What it rests on that is not known."""
    effort: int
    """How much paperwork it is: the rank of its way of delivery."""

    @property
    def is_review(self) -> bool:
        """Whether it is for a person to look at: neither sure nor possible."""
        return self.outcome is Outcome.REVIEW


@dataclass(frozen=True, slots=True)
class SubjectCombination:
    """What one subject gets of several policies together."""

    structure: Structure
    """The policies, in the versions that are law on the day, and what binds them."""
    claims: tuple[Claim, ...]
    """What each comes to."""
    caps: tuple[Claim, ...]
    """What the caps of the structure come to."""
    sure: Combination
    """The best combination of what is sure."""
    possible: Combination
    """The best combination of what is possible."""
    is_open: bool
    """Whether more may be possible than could be worked out."""
    decides: tuple[str, ...]
    """The missing facts that decide between the two, sorted; none where nothing does."""
    review: tuple[str, ...]
    """Policies that are left to a person, in the order of the structure."""
    situation: Situation
    """What is sure, as the specification takes it."""


def combine_subject(
    packs: Packs,
    policies: Sequence[str],
    facts: Mapping[str, Any],
    *,
    as_of: Date,
    received: Sequence[tuple[str, Received]] = (),
) -> SubjectCombination:
    """Return the best combinations of one subject.

    Args:
        packs: The packs.
        policies: Ids of policies for subjects of one kind; of each the version counts that is law on the day.
        facts: What is known of the subject, by the names that rules have for it: FEEL values or plain Python's. What is not there is
            unknown.
        as_of: The day.
        received: What was received earlier: the id of the policy, in whatever version, and the payment; its position is filled in.

    Raises:
        CompileError: a policy, or one that it uses, has errors.
        InputError: received-not-combined: what was received restricts what is combined, and would be lost; combination-too-great.
    """
    facts = {name: engine_value(value) for name, value in facts.items()}
    meant = tuple(dict.fromkeys(in_force(packs, id_, as_of) or id_ for id_ in policies))
    refuse_left_out(packs, meant, (id_ for id_, _ in received))
    structure = structure_of(packs, meant, as_of)
    claims = [_claim(packs.model_of(id_, as_of), facts) for id_ in meant]
    wider, cap_ids = with_caps(packs, structure.caps, as_of)
    caps = tuple(_claim(wider.model_of(id_, as_of), facts) for id_ in cap_ids)
    bound = [row for row in structure.restrictions if row.cap is not None and _is_odd(caps[row.cap])]
    for position in {each for row in bound for each in row.members if claims[each].is_possible}:
        claims[position] = _for_a_person(claims[position])
    known = _Known(structure, tuple(claims), caps, tuple(_placed(packs, structure, received)), as_of)
    sure = known.best(frozenset())
    possible, is_open = known.best(None), any(claim.is_open for claim in known.open_claims)
    decides = known.decides(sure.total_fen, is_open=is_open) if is_open or possible.total_fen > sure.total_fen else ()
    review = tuple(claim.policy for claim in claims if claim.is_review)
    return SubjectCombination(structure, tuple(claims), caps, sure, possible, is_open, decides, review, known.situation(frozenset()))


def _claim(model: PolicyModel, facts: Mapping[str, Any]) -> Claim:
    """Return what a policy comes to for facts."""
    settled = settle(model, inputs_of(model, facts))
    answer, missing = settled.judgement.answer, settled.judgement.missing
    way, _ = delivery_of(model.policy, model.model, answer.outcome, missing)
    effort = 0 if way is None else WAYS.index(way)
    names = frozenset(machine_name(name, model.as_of) for name in missing)
    if answer.outcome is not Outcome.UNDETERMINED:
        is_held, fen = answer.outcome is Outcome.ELIGIBLE, max(0, answer.amount_fen or 0)
        return Claim(model.policy.id, answer.outcome, fen, fen, is_held, is_held, is_open=False, missing=names, effort=effort)
    is_whole = settled.is_minimal or not settled.open
    eligible = [max(0, each.amount_fen or 0) for each in settled.possible if each.outcome is Outcome.ELIGIBLE]
    is_sure = is_whole and len(eligible) == len(settled.possible) > 0
    low, high = (min(eligible) if is_sure else 0), max(eligible, default=0)
    is_possible, is_open = bool(eligible) or not is_whole, not is_whole and gives_amount(model)
    return Claim(model.policy.id, answer.outcome, low, high, is_sure, is_possible, is_open=is_open, missing=names, effort=effort)


def _is_unsure(claim: Claim) -> bool:
    """Say whether more may come of a claim than is sure."""
    return claim.is_possible and (not claim.is_sure or claim.high_fen > claim.low_fen)


def _is_odd(cap: Claim) -> bool:
    """Say whether it cannot be told what a cap comes to, as against what it is not known to come to."""
    return cap.outcome not in {Outcome.ELIGIBLE, Outcome.UNDETERMINED}


def _for_a_person(claim: Claim) -> Claim:
    """Return a claim that is left to a person, because a cap over it is odd."""
    return replace(claim, outcome=Outcome.REVIEW, low_fen=0, high_fen=0, is_sure=False, is_possible=False, is_open=False)


def _placed(packs: Packs, structure: Structure, received: Sequence[tuple[str, Received]]) -> Iterator[Received]:
    """Yield what was received with the positions of the policies, whatever version was paid then."""
    fronts = {id_: policy.front for id_, policy in packs.policies.items()}
    positions = {first_version(fronts, id_): position for position, id_ in enumerate(structure.policies)}
    for id_, payment in received:
        position = positions.get(first_version(fronts, id_))
        if position is not None:
            yield Received(position, payment.amount_fen, payment.on, payment.item)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a subject, and what would be if more were."""

    structure: Structure
    """What binds the policies."""
    claims: tuple[Claim, ...]
    """What each comes to."""
    caps: tuple[Claim, ...]
    """What each cap comes to."""
    received: tuple[Received, ...]
    """What was received earlier."""
    as_of: Date
    """The day."""

    @property
    def open_claims(self) -> list[Claim]:
        """What the policies come to that one can still apply for."""
        return [claim for claim, is_closed in zip(self.claims, self.structure.is_closed, strict=True) if not is_closed]

    def best(self, told: frozenset[str] | None) -> Combination:
        """Return the best combination if some missing facts turned out well; None stands for all of them."""
        return best(self.structure, self.situation(told), self.as_of)

    def situation(self, told: frozenset[str] | None) -> Situation:
        """Return what is claimed if some missing facts turned out well; None stands for all of them."""
        wells = [told is None or claim.missing <= told for claim in self.claims]
        pairs = list(zip(self.claims, wells, strict=True))
        amounts = tuple(claim.high_fen if is_well else claim.low_fen for claim, is_well in pairs)
        held = tuple(claim.is_possible if is_well else claim.is_sure for claim, is_well in pairs)
        most = sum(amounts) + sum(each.amount_fen for each in self.received)
        caps = tuple(_cap(claim, most, is_well=told is None or claim.missing <= told) for claim in self.caps)
        efforts = tuple(claim.effort for claim in self.claims)
        return Situation(amounts, held, caps, efforts, self.received)

    def decides(self, sure_fen: int, *, is_open: bool) -> tuple[str, ...]:
        """Return the one fact that raises the best sum most, else the smallest set of facts that raises it."""
        over = {row.cap for row in self.structure.restrictions if any(self.claims[each].is_possible for each in row.members)}
        caps = [claim for place, claim in enumerate(self.caps) if place in over]
        lacks = [claim.missing for claim in (*self.open_claims, *caps) if _is_unsure(claim)]
        names = sorted(frozenset().union(*lacks))
        raised = [(self.raised(frozenset((name,)), sure_fen, is_open=is_open), name) for name in names]
        most = max((each for each, _ in raised), default=(False, 0))
        if most > (False, 0):
            return (next(name for each, name in raised if each == most),)
        unions = {frozenset[str]()}  # the smallest set that raises the sum is what some claims lack together
        for lack in lacks:
            unions |= {union | lack for union in unions} if len(unions) <= MOST_UNIONS else set()
        tried = sorted(unions, key=lambda told: (len(told), sorted(told))) if len(unions) <= MOST_UNIONS else []
        found = next((told for told in tried if self.raised(told, sure_fen, is_open=is_open) > (False, 0)), names)
        return tuple(sorted(found))

    def raised(self, told: frozenset[str], sure_fen: int, *, is_open: bool) -> tuple[bool, int]:
        """Return whether some facts make an amount possible that has no known greatest, and by how much they raise the sum."""
        opens = is_open and any(claim.is_open and claim.missing <= told for claim in self.open_claims)
        return opens, self.best(told).total_fen - sure_fen


def _cap(claim: Claim, most: int, *, is_well: bool) -> int:
    """Return the amount of a cap: its least where that is not known to be known, its greatest, or so much that it restricts nothing."""
    if _is_odd(claim) or (is_well and (claim.is_open or not claim.is_sure)):
        return most
    return claim.high_fen if is_well else claim.low_fen
