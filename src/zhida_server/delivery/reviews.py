"""Reviews: a claim that a person must judge is opened with its facts and reasons, and decided once; or the enterprise takes it back.

    claim (REVIEW) ──┬── yes: what was judged is kept with who judged it, the engine decides again with it, and the grant is made at once
                     ├── no, with a reason
                     └── withdrawn by the enterprise, which may claim anew

A claim is decided by the law, the facts and the budget of the day on which it was made, by an officer of an office that has issued the
policy (of any, where none of the site has), and never by whoever entered it. The engine has the last word: nothing is granted that it
does not say with what was judged, and nothing to which an objection was upheld.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from zhida.assess.assessment import Outcome
from zhida.assess.subject import engine_value
from zhida.errors import Language
from zhida.values.text import literal
from zhida_server.audit import service as audit
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import claims, models, orders, waiting
from zhida_server.delivery.data import AlreadyDecided, Claim, ClaimOutcome, NoClaim, NotYetYes, Question, Review
from zhida_server.delivery.questions import judged_of, verified_of
from zhida_server.delivery.texts import reason_of
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import AlreadyGranted, Decided
from zhida_server.ledger.data import yuan
from zhida_server.people import service as people
from zhida_server.people.data import Actor, NotAllowed, Role
from zhida_server.registry import service as registry
from zhida_server.registry.data import Subject

PURPOSE = "claim.decide"
"""What facts are read for; it stands in the audit."""

MAY_READ = ("", "")
"""Nothing stands against deciding a claim."""


# --- reading -------------------------------------------------------------------------------------------------------


def claims_for_review(actor: Actor) -> tuple[Claim, ...]:
    """Return the claims that wait for a person, the oldest first: those of an officer's own office, and all for auditors.

    Args:
        actor: Who asks.
    """
    people.require(actor, "claim.review")
    if not people.may(actor, "claim.decide"):
        return claims.open_claims()
    known = people.offices_that_may("claim.decide")
    others = [policy for policy in claims.policies_to_review() if not _is_responsible(actor, _offices(policy, known))]
    return claims.open_claims(without=others)


def review(actor: Actor, claim_id: UUID, facts: Mapping[str, object] | None = None, *, language: Language = "zh") -> Review:
    """Return a claim with what has to be judged, and what the engine says with what was; nothing is kept of it.

    Args:
        actor: Who looks.
        claim_id: The claim.
        facts: What was judged so far, by the names of questions; empty texts are nothing. What the enterprise has stated, and is
            not among them, counts as it is known, and is shown so.
        language: Of the explanation.

    Raises:
        NoClaim: where there is none.
        Refused: where the dictionary does not allow what was entered.
    """
    people.require(actor, "claim.review")
    with transaction.atomic():
        row = _row(claim_id)
        subject = registry.access_subject(actor, row.code, purpose=PURPOSE, on=row.claimed_on)
        found = claims.kept_claim(row)
        offices = _offices(row.policy, people.offices_that_may("claim.decide"))
        why_not = _why_not(actor, row, offices)
        if _is_gone(row.policy):
            return Review(found, subject.name, offices, why_not, (), (), (), {}, None, "", "")
        judged = _Judged(actor, row, subject, facts or {})
        names = {each.name for each in (*judged.questions, *judged.stated)}
        return Review(
            claim=found,
            name=subject.name,
            offices=offices,
            why_not=why_not,
            questions=judged.questions,
            stated=judged.stated,
            unverified=judged.unverified,
            values={name: subject.facts[name] for name in names if name in subject.facts} | dict(facts or {}),
            decided=judged.decided,
            explanation=entitlements.told_of(judged.decided, code=row.code, name=subject.name, language=language),
            seen=judged.digest(),
        )


class _Judged:
    """What the engine says of a claim with what a person judged."""

    def __init__(self, actor: Actor, row: models.Claim, subject: Subject, entered: Mapping[str, object]) -> None:
        items, on = claims.items_of_enterprises(), row.claimed_on
        self.stated = verified_of(sorted(row.told), items)
        """What the enterprise has stated."""
        known = {each.name: subject.facts[each.name] for each in self.stated if each.name in subject.facts and each.name not in entered}
        facts = known | dict(_read(entered, on))
        self.accepted = {each.name: facts[each.name] for each in self.stated if each.name in facts}
        """What was judged or verified, and matters."""
        self.unverified = tuple(each for each in self.stated if each.name not in facts)
        """What the enterprise has stated, and whoever judges has left empty."""
        asked: dict[str, Question] = {}
        while True:
            self.decided: Decided = entitlements.decide_now(
                actor, row.code, row.policy, self.accepted, on=on, purpose=PURPOSE, subject=subject
            )
            self.open = judged_of(self.decided.assessment, items, on)
            """What is still to be judged."""
            asked |= {each.name: each for each in self.open}
            fresh = {each.name: facts[each.name] for each in self.open if each.name in facts and each.name not in self.accepted}
            if not fresh:
                break
            self.accepted |= fresh
        stated = {each.name for each in self.stated}
        self.questions = tuple(each for name, each in asked.items() if name not in stated)
        """What had to be judged, in the order in which it was asked."""

    def digest(self) -> str:
        """Return the digest of all of it: what was judged, what else is known, the rules, and what they come to."""
        decided = self.decided
        rested_on = {name: decided.decision[name] for name in ("packs_sha256", "policy_sha256", "facts_sha256")}
        came_to = {"outcome": decided.outcome.value, "amount_fen": decided.amount_fen, "paid_fen": decided.paid_fen}
        judged = {name: None if value is None else literal(engine_value(value)) for name, value in self.accepted.items()}
        left = [each.name for each in self.unverified]
        written = json.dumps({**rested_on, **came_to, "judged": judged, "left": left}, ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(written.encode()).hexdigest()


def _read(facts: Mapping[str, object], on: dt.date) -> Mapping[str, object]:
    given = {name: value for name, value in facts.items() if not (isinstance(value, str) and not value.strip())}
    return registry.read_facts(given, on=on, is_own=False) if given else {}


# --- deciding ------------------------------------------------------------------------------------------------------


def decide_claim(  # noqa: PLR0913 - what a decision consists of
    actor: Actor,
    claim_id: UUID,
    *,
    is_granted: bool,
    reason: str,
    on: dt.date,
    facts: Mapping[str, object] | None = None,
    seen: str = "",
) -> Claim:
    """Decide a claim: yes, with the facts that were judged, and the grant is made at once; or no. The same again changes nothing.

    That somebody reads the enterprise's facts for it is recorded once.

    Args:
        actor: Who decides.
        claim_id: The claim.
        is_granted: Whether it is granted.
        reason: On what grounds: what was looked at, or why not.
        on: The day.
        facts: What was judged or verified, by the names of questions; of a refusal nothing is kept of them.
        seen: The digest of the review that whoever grants it has seen; a refusal needs none.

    Raises:
        NoClaim: where there is none.
        NotAllowed: where another office decides it, or who entered it wants to.
        AlreadyDecided: where somebody else has decided it, or it was decided otherwise, or taken back.
        NotYetYes: where the engine does not say yes with these facts, they or what it says are not what was seen, or an objection
            that was upheld holds.
        BudgetSpent: where the budget has not enough left, or others wait for it; the claim stays open.
        AlreadyGranted: where the same was granted meanwhile.
    """
    people.require(actor, "claim.decide")
    because, outcome = reason_of(reason), ClaimOutcome.GRANTED if is_granted else ClaimOutcome.REFUSED
    with transaction.atomic():
        row, former = _locked(claim_id)
        if former is not None or not is_granted:  # or else it is read, and recorded, by what grants it
            people.access_enterprise(actor, row.code, purpose=PURPOSE)
        if row.outcome != Outcome.REVIEW:
            raise _answered()
        if former is not None:
            if (former.outcome, former.decided_by) != (outcome.value, actor.name):
                raise _decided_before(former)
            return claims.kept_claim(row)
        why_not = _why_not(actor, row, _offices(row.policy, people.offices_that_may("claim.decide")))
        if why_not[0]:
            raise NotAllowed("claim-not-yours", *why_not)
        judged = _grant(actor, row, _Yes(facts or {}, because, on, seen)) if is_granted else None
        decided = models.ClaimDecision.objects.create(
            claim=row,
            outcome=outcome.value,
            reason=because,
            judged={} if judged is None else {name: str(value) for name, value in judged.accepted.items()},
            amount_fen=None if judged is None else judged.decided.paid_fen,
            order_id=None if judged is None else orders.standing_of(row.policy, row.claimed_on.year, row.code),
            decided_by=actor.name,
            decided_on=on,
        )
        after: dict[str, Any] = {"outcome": outcome.value, "reason": because, "judged": sorted(decided.judged)}
        if decided.order_id is not None:
            after |= {"order": str(decided.order_id), "amount_fen": decided.amount_fen}
        audit.record(actor.name, "claim.decide", str(claim_id), before={"outcome": row.outcome}, after=after)
        return claims.kept_claim(_row(claim_id))


@dataclass(frozen=True, slots=True)
class _Yes:
    """A claim is to be granted."""

    facts: Mapping[str, object]
    because: str
    on: dt.date
    seen: str


def _grant(actor: Actor, row: models.Claim, yes: _Yes) -> _Judged:
    """Keep what was judged, decide with it, and grant what the engine says."""
    front, period = claims.claimable(row.policy), row.claimed_on.year
    entitlements.grants_at_once()
    standing = orders.standing_of(row.policy, period, row.code)
    if standing is not None:
        raise AlreadyGranted(
            "already-granted",
            f"“{front.title}”在 {period} 年已经给过这家企业（{standing}）",
            f"'{front.title}' was granted to this enterprise for {period} already ({standing})",
        )
    if row.code in waiting.barred_codes(row.policy, period):
        raise NotYetYes(
            "objection-holds",
            f"对这家企业的“{front.title}”有异议成立，{period} 年内不能发放；查明以后先在“公示与异议”里解除",
            f"an objection to '{front.title}' for this enterprise was upheld and holds for {period}: it has to be lifted first",
        )
    if orders.is_in_doubt(row.policy, period, row.code):
        raise NotYetYes(
            "objection-open",
            f"对这家企业的“{front.title}”有异议还没有认定：先在“公示与异议”里认定，再办这次申领",
            f"an objection to '{front.title}' for this enterprise is not decided yet: it has to be decided first",
        )
    judged = _Judged(actor, row, registry.access_subject(actor, row.code, purpose=PURPOSE, on=row.claimed_on), yes.facts)
    _refuse_what_is_not_yes(judged)
    _refuse_what_was_not_seen(judged, yes.seen)
    if judged.accepted:
        source = f"{actor.office or actor.role.zh}认定：{yes.because}"
        registry.judge(actor, row.code, judged.accepted, source=source, on=row.claimed_on)
    claims.granted_for(actor, row.code, row.policy, judged.decided, front, row.claimed_on, yes.on)
    return judged


def _refuse_what_is_not_yes(judged: _Judged) -> None:
    """Refuse what nobody has judged, or the engine does not say yes to."""
    decided = judged.decided
    if judged.unverified:
        names = "、".join(each.label for each in judged.unverified)
        zh = f"企业自报的还没有核实：{names}。请填上核实的事实，不能留空"
        raise NotYetYes("not-verified", zh, f"the enterprise stated this and nobody has verified it: {names}; enter what was found")
    if judged.open:
        names = "、".join(each.label for each in judged.open)
        raise NotYetYes("not-judged", f"还没有认定：{names}", f"this is still to be judged: {names}")
    if decided.outcome is not Outcome.ELIGIBLE:
        zh = f"按这些事实，规则的结论不是符合，不能发放：{decided.reason_zh}"
        raise NotYetYes("engine-says-no", zh, f"with these facts the rules do not say yes, so it cannot be granted: {decided.reason_en}")
    if decided.paid_fen <= 0:
        zh = f"单看这一项应得 {yuan(decided.amount_fen)} 元；与已享受或更优的政策不能同享，没有可发放的金额"
        en = f"by itself it comes to {yuan(decided.amount_fen)} yuan, but it does not go with what is received, or is better"
        raise NotYetYes("nothing-left", zh, en)


def _refuse_what_was_not_seen(judged: _Judged, seen: str) -> None:
    """Refuse a yes to other facts, or to something else that comes of them, than was shown to whoever says it."""
    if seen != judged.digest():
        fen = yuan(judged.decided.paid_fen)
        zh = f"要准予的不是刚才看到的：所填的事实，或规则据此得出的，已经不同。现在应发 {fen} 元，请看过理由，再决定"
        en = f"this is not what was shown: the facts, or what the rules say of them, differ. It is {fen} yuan now: look, then decide"
        raise NotYetYes("not-what-was-seen", zh, en)


def withdraw_claim(actor: Actor, claim_id: UUID, *, on: dt.date) -> Claim:
    """Take a claim back that nobody has decided; the enterprise may claim anew. Taking it back again changes nothing.

    Args:
        actor: Who does: the representative, or staff at the counter for them.
        claim_id: The claim.
        on: The day.

    Raises:
        NoClaim: where there is none.
        AlreadyDecided: where somebody has decided it.
    """
    people.require(actor, "claim")
    with transaction.atomic():
        row, former = _locked(claim_id)
        people.access_enterprise(actor, row.code, purpose=f"撤回 {row.policy}")
        if row.outcome != Outcome.REVIEW:
            raise _answered()
        if former is not None and former.outcome != ClaimOutcome.WITHDRAWN:
            raise _decided_before(former)
        if former is None:
            outcome = ClaimOutcome.WITHDRAWN.value
            models.ClaimDecision.objects.create(claim=row, outcome=outcome, reason="", judged={}, decided_by=actor.name, decided_on=on)
            audit.record(actor.name, "claim.withdraw", str(claim_id), before={"outcome": row.outcome}, after={"outcome": outcome})
        return claims.kept_claim(_row(claim_id))


def _locked(claim_id: UUID) -> tuple[models.Claim, models.ClaimDecision | None]:
    """Return a claim and what was decided of it, once nobody else decides, or claims for the same enterprise."""
    row = _row(claim_id)
    orders.alone_about(row.code)
    row = _row(claim_id)
    decision: models.ClaimDecision | None = getattr(row, "decision", None)
    return row, decision


def _row(claim_id: UUID) -> models.Claim:
    row = models.Claim.objects.select_related("decision").filter(id=claim_id).first()
    if row is None:
        raise NoClaim("no-claim", f"没有这次申领：{claim_id}", f"there is no such claim: {claim_id}")
    return row


def _decided_before(former: models.ClaimDecision) -> AlreadyDecided:
    words = {
        ClaimOutcome.GRANTED.value: ("准予发放", "granted"),
        ClaimOutcome.REFUSED.value: ("不予发放", "refused"),
        ClaimOutcome.WITHDRAWN.value: ("撤回", "withdrawn"),
    }
    zh, en = words[former.outcome]
    return AlreadyDecided(
        "claim-decided",
        f"这次申领已于 {former.decided_on} 由 {former.decided_by} {zh}，不能再办",
        f"this claim was {en} by {former.decided_by} on {former.decided_on}, and stays so",
    )


def _answered() -> AlreadyDecided:
    return AlreadyDecided("claim-answered", "这次申领已经当场答复，不用再办", "this claim was answered at once: nothing is left to be done")


# --- who decides ---------------------------------------------------------------------------------------------------


def _is_gone(policy: str) -> bool:
    """Say whether the packs that hold now have a policy no more."""
    _, packs = catalogue.current_packs()
    return policy not in packs.policies


def _offices(policy: str, known: frozenset[str]) -> tuple[str, ...]:
    """Return the offices of the site that have issued a policy, or belong to one that has: “财政局” and “财政局企业处”."""
    _, packs = catalogue.current_packs()
    found: Any = packs.policies.get(policy)
    issuers: Sequence[str] = () if found is None else found.front.issuer
    return tuple(sorted(office for office in known if any(office.startswith(issuer) for issuer in issuers)))


def _is_responsible(actor: Actor, offices: tuple[str, ...]) -> bool:
    return not offices or actor.office in offices


def _why_not(actor: Actor, row: models.Claim, offices: tuple[str, ...]) -> tuple[str, str]:
    """Say why somebody may not decide a claim."""
    if not people.may(actor, "claim.decide"):
        return "审核由政策、服务岗位办理", f"officers of {Role.POLICY.en} and {Role.SERVICE.en} decide it"
    if not _is_responsible(actor, offices):
        return f"这项政策由{'、'.join(offices)}审核", f"this policy is decided by {', '.join(offices)}"
    if actor.name == row.claimed_by:
        return "这次申领是您录入的，要由另一位经办人审核", "you entered this claim yourself: another officer has to decide it"
    return MAY_READ
