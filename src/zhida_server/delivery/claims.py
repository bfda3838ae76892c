"""Claims (即申即享): an enterprise is asked exactly what is missing, answered at once with the reason, and granted in the same act.

    claim_questions ──facts──> claim ──┬── something is still missing: nothing is kept, the questions that are left come back
                                       ├── eligible: the facts are told, the grant and its order are made, payable at once
                                       ├── a person must decide, or a grant was taken back: a line on a worklist (see `reviews`)
                                       └── not eligible: the facts are told, the answer is kept with its reason

The key of a claim makes a double click one claim. An enterprise states only what the dictionary lets it state, and only what is asked.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from zhida.assess.assessment import Delivery, Outcome
from zhida.dmn.model import ItemDefinition
from zhida.policy.front_matter import FrontMatter
from zhida_server.audit import service as audit
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import models, orders
from zhida_server.delivery.data import (
    BudgetSpent,
    Claim,
    ClaimDecision,
    ClaimIsOpen,
    ClaimOutcome,
    KeyUsed,
    NoClaim,
    NotDeliverable,
    OrderState,
    Question,
)
from zhida_server.delivery.notices import MONEY
from zhida_server.delivery.questions import questions_of
from zhida_server.delivery.texts import text_of
from zhida_server.delivery.waiting import is_left_beside
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import AlreadyGranted, Decided, GrantRequest
from zhida_server.ledger import service as ledger
from zhida_server.ledger.data import Overdrawn, act_id, yuan
from zhida_server.people import service as people
from zhida_server.people.data import Actor, NotFound
from zhida_server.registry import service as registry

SOURCE = "企业自报"
"""What the registry keeps as the source of a fact that is told in a claim."""

SUBJECT = "enterprise"
"""The kind of subject that claims."""

KEY_LIMIT = 100
"""Characters of a key, at most."""

ELSEWHERE = (Delivery.BY_DECLARATION.value, Delivery.THROUGH_BANK.value)
"""Ways of delivery that do not lead over this site."""

LISTED = 500
"""Claims that are listed at once."""

FOR_REVIEW = """
SELECT claim.* FROM delivery_claim claim
WHERE claim.outcome = 'REVIEW' AND NOT claim.policy = ANY(%s)
    AND NOT EXISTS (SELECT FROM delivery_claim_decision decision WHERE decision.claim_id = claim.id)
    AND NOT EXISTS (
    SELECT FROM delivery_order ordered
    WHERE ordered.policy = claim.policy AND ordered.period = extract(year FROM claim.claimed_on) AND ordered.code = claim.code
        AND NOT EXISTS (SELECT FROM delivery_event gone WHERE gone.order_id = ordered.id AND gone.kind = 'voided')
) ORDER BY claim.claimed_at, claim.id LIMIT %s
"""
"""The claims that wait for a person, and nobody decided: of what was not granted meanwhile, or was voided again."""


# --- asking and claiming -------------------------------------------------------------------------------------------


def claim_questions(actor: Actor, code: str, policy: str, *, on: dt.date, told: Mapping[str, object] | None = None) -> tuple[Question, ...]:
    """Return what the enterprise has to be asked: only what still matters after what it told already.

    Args:
        actor: Who asks for it: the representative, or staff at the counter.
        code: The enterprise.
        policy: The policy.
        on: The day.
        told: The answers so far, by the names of questions; empty texts are no answers.

    Raises:
        NotDeliverable: where the policy is not claimed here.
    """
    people.require(actor, "claim")
    claimable(policy)
    _, _, questions = _decide(actor, code, policy, _read(told or {}, on), on)
    return questions


def claim(  # noqa: PLR0913 - what a claim consists of
    actor: Actor, code: str, policy: str, told: Mapping[str, object], *, on: dt.date, key: str
) -> Claim:
    """Claim a policy: answered at once, with the reason; where the answer is yes, the money is set aside and its payment ordered.

    Args:
        actor: Who claims.
        code: The enterprise.
        policy: The policy.
        told: The answers, by the names of questions; what is not asked is left alone, empty texts are no answers.
        on: The day.
        key: The caller's key of this claim: the same key is the same claim.

    Raises:
        NotDeliverable: where the policy is not claimed here.
        AlreadyGranted: where it was granted for this year already.
        ClaimIsOpen: where a person has to judge it, and a claim of the same waits for that already.
        KeyUsed: where the key stands for another claim.
        BudgetSpent: where the policy's budget has not enough left; nothing is kept then.
    """
    people.require(actor, "claim")
    id_ = act_id(f"claim/{text_of(key, '表单编号', 'key', KEY_LIMIT)}")
    with transaction.atomic():
        orders.alone_about(code)
        entitlements.grants_at_once()
        former = models.Claim.objects.filter(id=id_).first()
        if former is not None:
            people.access_enterprise(actor, code, purpose=f"办理 {policy}")
            return _again(former, code, policy)
        front = claimable(policy)
        standing = orders.standing_of(policy, on.year, code)
        if standing is not None:
            people.access_enterprise(actor, code, purpose=f"办理 {policy}")
            raise AlreadyGranted(
                "already-granted",
                f"“{front.title}”在 {on.year} 年已经给过这家企业（{standing}），在“进度”里可以看到",
                f"'{front.title}' was granted to this enterprise for {on.year} already ({standing}): see its progress",
            )
        decided, accepted, questions = _decide(actor, code, policy, _read(told, on), on)
        if questions:
            return _answer(None, front, code, decided, _Verdict(decided.outcome, decided.reason_zh, decided.reason_en), None, questions, on)
        is_in_doubt = orders.is_in_doubt(policy, on.year, code)
        verdict = _verdict(front, decided, is_taken_back=orders.is_taken_back(policy, on.year, code), is_in_doubt=is_in_doubt)
        if verdict.outcome is Outcome.REVIEW:
            _refuse_a_second(policy, on.year, code)
        if accepted:
            registry.tell(actor, code, accepted, source=SOURCE, on=on)
        order_id = granted_for(actor, code, policy, decided, front, on) if verdict.is_granted else None
        row = models.Claim.objects.create(
            id=id_,
            key=key,
            code=code,
            policy=policy,
            title=front.title,
            told={name: str(value) for name, value in accepted.items()},
            outcome=verdict.outcome.value,
            amount_fen=decided.paid_fen if verdict.outcome in {Outcome.ELIGIBLE, Outcome.REVIEW} else None,
            reason_zh=verdict.zh,
            reason_en=verdict.en,
            order_id=order_id,
            claimed_on=on,
            claimed_by=actor.name,
        )
        after = {"code": code, "policy": policy, "outcome": row.outcome, "order": None if order_id is None else str(order_id)}
        audit.record(actor.name, "claim", str(id_), after=after)
        return kept_claim(row)


class _Verdict:
    """What a claim comes to: the outcome, and why."""

    def __init__(self, outcome: Outcome, zh: str, en: str, *, is_granted: bool = False) -> None:
        self.outcome = outcome
        self.zh = zh
        self.en = en
        self.is_granted = is_granted


def _verdict(front: FrontMatter, decided: Decided, *, is_taken_back: bool, is_in_doubt: bool) -> _Verdict:
    """Say what a claim comes to once nothing is left to be asked."""
    zh, en = decided.reason_zh, decided.reason_en
    if decided.outcome in {Outcome.REVIEW, Outcome.UNDETERMINED}:
        names = "、".join(decided.assessment.missing)
        zh_more = f"还缺企业不能自己填报的：{names}。" if names else ""
        en_more = f" What the enterprise cannot state itself is lacking: {names}." if names else ""
        return _Verdict(Outcome.REVIEW, f"已转经办人办理。{zh_more}{zh}", f"A person decides.{en_more} {en}".strip())
    if decided.outcome is not Outcome.ELIGIBLE:
        return _Verdict(decided.outcome, zh, en)
    if front.delivery == Delivery.ON_REVIEW.value:
        ordered_zh = "按已有的事实符合条件；文件规定申报审核，已转经办人审核。"
        ordered_en = "Eligible by what is known; the document orders a review, so a person looks at it."
        return _Verdict(Outcome.REVIEW, f"{ordered_zh}{zh}", f"{ordered_en} {en}".strip())
    if decided.paid_fen <= 0:
        less_zh = f"单看这一项应得 {yuan(decided.amount_fen)} 元；与已享受或更优的政策不能同享，这一项不再发放。"
        less_en = f"By itself it comes to {yuan(decided.amount_fen)} yuan; it does not go together with what is received, or is better."
        return _Verdict(Outcome.ELIGIBLE, f"{less_zh}{zh}", f"{less_en} {en}".strip())
    if is_taken_back:
        back_zh = f"按已有的事实符合条件；但“{front.title}”今年的发放曾经撤销，或有异议成立，已转经办人核实。"
        back_en = f"Eligible by what is known; but this year's grant of '{front.title}' was voided, or objected to rightly: a person looks."
        return _Verdict(Outcome.REVIEW, f"{back_zh}{zh}", f"{back_en} {en}".strip())
    if is_in_doubt:
        doubt_zh = f"按已有的事实符合条件；但对“{front.title}”今年的公示有异议还没有认定，已转经办人，认定以后再办。"
        doubt_en = f"Eligible by what is known; but an objection to '{front.title}' of this year is not decided yet: a person looks."
        return _Verdict(Outcome.REVIEW, f"{doubt_zh}{zh}", f"{doubt_en} {en}".strip())
    return _Verdict(Outcome.ELIGIBLE, zh, en, is_granted=True)


def _refuse_a_second(policy: str, period: int, code: str) -> None:
    """Refuse a claim that a person would have to judge while another of the same waits for that."""
    rows = models.Claim.objects.filter(code=code, policy=policy, claimed_on__year=period, outcome=Outcome.REVIEW.value)
    former = rows.filter(decision=None).order_by("claimed_at").first()
    if former is None:
        return
    raise ClaimIsOpen(
        "claim-open",
        f"“{former.title}”的申领已于 {former.claimed_on} 提交，正在审核；要更正所填的内容，先在进度里撤回，再重新办理",
        f"'{former.title}' was claimed on {former.claimed_on} and is being reviewed; to mend what was told, withdraw that claim first",
    )


def granted_for(  # noqa: PLR0913, PLR0917 - what is granted, and when
    actor: Actor, code: str, policy: str, decided: Decided, front: FrontMatter, on: dt.date, ordered_on: dt.date | None = None
) -> UUID:
    """Grant what was decided, with its order; returns the order's id.

    Args:
        actor: Who grants.
        code: The enterprise.
        policy: The policy.
        decided: What the engine says.
        front: The policy's head.
        on: The day of the claim, whose law, year and facts hold.
        ordered_on: The day of the order, where a person decided later.

    Raises:
        BudgetSpent: where the budget has not enough left, or others wait for it.
    """
    request = GrantRequest(policy, code, decided.paid_fen, decided.article, decided.decision)
    try:
        budget = ledger.budget_for(policy, on.year)
        if budget is not None and not is_left_beside(budget, decided.paid_fen):
            raise _spent(front, decided)
        granted = entitlements.grant_many(actor, None, [request], on=on)
    except Overdrawn:
        raise _spent(front, decided) from None
    orders.place(actor.name, granted, notice_id=None, kind=OrderState.PAYABLE, on=ordered_on or on)
    return granted[0].id


def _spent(front: FrontMatter, decided: Decided) -> BudgetSpent:
    zh = f"您符合“{front.title}”的条件，应得 {yuan(decided.paid_fen)} 元；但今年的预算已经用完或有人在先等候，追加以后请再来办理"
    en = f"you are eligible for '{front.title}', {yuan(decided.paid_fen)} yuan; but the budget is spent or others wait: please come again"
    return BudgetSpent("budget-spent", zh, en)


def _decide(
    actor: Actor, code: str, policy: str, told: Mapping[str, object], on: dt.date
) -> tuple[Decided, dict[str, object], tuple[Question, ...]]:
    """Decide with the answers that are asked for; returns the decision, these answers, and the questions that are left."""
    items = items_of_enterprises()
    accepted: dict[str, object] = {}
    while True:
        decided = entitlements.decide_now(actor, code, policy, accepted, on=on)
        questions = questions_of(decided.assessment, items, on)
        fresh = {each.name: told[each.name] for each in questions if each.name in told and each.name not in accepted}
        if not fresh:
            return decided, accepted, questions
        accepted |= fresh


def _read(told: Mapping[str, object], on: dt.date) -> Mapping[str, object]:
    """Return answers as values of the engine; empty texts are left out."""
    given = {name: value for name, value in told.items() if not (isinstance(value, str) and not value.strip())}
    return registry.read_facts(given, on=on, is_own=True) if given else {}


def items_of_enterprises() -> Mapping[str, ItemDefinition]:
    """Return the data dictionary, by attribute."""
    _, packs = catalogue.current_packs()
    return packs.dictionaries[SUBJECT].items


def claimable(policy: str) -> FrontMatter:
    """Return the front matter of a policy that can be claimed here.

    Raises:
        NotFound, NotDeliverable: where it cannot.
    """
    _, packs = catalogue.current_packs()
    found = packs.policies.get(policy)
    if found is None or found.front.subject != SUBJECT:
        raise NotFound("no-policy", f"政策目录里没有“{policy}”", f"the catalogue has no policy '{policy}'")
    front = found.front
    if front.gives not in MONEY:
        raise NotDeliverable(
            "gives-no-money", f"“{front.title}”不在这里发钱，不用申领", f"'{front.title}' pays no money here, so there is nothing to claim"
        )
    if front.delivery in ELSEWHERE:
        zh = f"“{front.title}”的办法是“{front.delivery}”，请按政策页上的说明办理"
        raise NotDeliverable("claimed-elsewhere", zh, f"'{front.title}' is had by '{front.delivery}': please follow its page")
    return front


# --- reading -------------------------------------------------------------------------------------------------------


def claims_of(actor: Actor, code: str, *, purpose: str) -> tuple[Claim, ...]:
    """Return the claims of an enterprise that were answered, the latest first.

    Args:
        actor: Who asks.
        code: The enterprise.
        purpose: What for.
    """
    people.access_enterprise(actor, code, purpose=purpose)
    return claims_for(code)


def claim_by_id(actor: Actor, claim_id: UUID, *, purpose: str) -> Claim:
    """Return one claim.

    Args:
        actor: Who asks.
        claim_id: The claim.
        purpose: What for.

    Raises:
        NoClaim: where there is none.
        NotAllowed: where it is another's enterprise.
    """
    row = models.Claim.objects.select_related("decision").filter(id=claim_id).first()
    if row is None:
        raise NoClaim("no-claim", f"没有这次申领：{claim_id}", f"there is no such claim: {claim_id}")
    people.access_enterprise(actor, row.code, purpose=purpose)
    return kept_claim(row)


def claims_for(code: str) -> tuple[Claim, ...]:
    """Return the same, for whoever was let in already."""
    rows = models.Claim.objects.select_related("decision").filter(code=code).order_by("-claimed_at")[:LISTED]
    return tuple(kept_claim(row) for row in rows)


def claim_of(order_id: UUID) -> Claim | None:
    """Return the claim that an order came from, for whoever was let in already; None where it came from none."""
    is_its = Q(order_id=order_id) | Q(decision__order_id=order_id)
    row = models.Claim.objects.select_related("decision").filter(is_its).first()
    return None if row is None else kept_claim(row)


def policies_to_review() -> tuple[str, ...]:
    """Return the policies of which there are claims that nobody decided."""
    waiting = models.Claim.objects.filter(outcome=Outcome.REVIEW.value, decision=None)
    return tuple(waiting.order_by("policy").values_list("policy", flat=True).distinct())


def open_claims(*, without: Sequence[str] = ()) -> tuple[Claim, ...]:
    """Return the claims that wait for a person, the oldest first; what was granted meanwhile is left out.

    Args:
        without: Policies whose claims are left out too.
    """
    return tuple(_claim(row, None) for row in models.Claim.objects.raw(FOR_REVIEW, [list(without), LISTED]))


def _again(former: models.Claim, code: str, policy: str) -> Claim:
    """Return a claim that was answered already, if its key is used for the same again."""
    if (former.code, former.policy) != (code, policy):
        raise KeyUsed(
            "claim-key-used",
            "这份表单已经用于另一次申领，请重新打开页面",
            "this form was used for another claim; please open the page again",
        )
    return kept_claim(former)


def kept_claim(row: models.Claim) -> Claim:
    """Return a claim as it is kept, with what a person decided."""
    return _claim(row, getattr(row, "decision", None) if row.outcome == Outcome.REVIEW else None)


def _claim(row: models.Claim, decision: models.ClaimDecision | None) -> Claim:
    return Claim(
        id=row.id,
        policy=row.policy,
        title=row.title,
        code=row.code,
        outcome=Outcome(row.outcome),
        amount_fen=row.amount_fen or 0 if decision is None else decision.amount_fen or 0,
        reason_zh=row.reason_zh,
        reason_en=row.reason_en,
        entitlement=row.order_id if decision is None else decision.order_id,
        still_missing=(),
        on=row.claimed_on,
        by=row.claimed_by,
        told=tuple(sorted(row.told)),
        decision=None if decision is None else _decided_of(decision),
    )


def _decided_of(row: models.ClaimDecision) -> ClaimDecision:
    return ClaimDecision(ClaimOutcome(row.outcome), row.reason, tuple(sorted(row.judged)), row.decided_by, row.decided_on)


def _answer(  # noqa: PLR0913, PLR0917 - the fields of a claim
    id_: UUID | None,
    front: FrontMatter,
    code: str,
    decided: Decided,
    verdict: _Verdict,
    order_id: UUID | None,
    questions: tuple[Question, ...],
    on: dt.date,
) -> Claim:
    policy: Any = decided.assessment.policy
    return Claim(id_, policy, front.title, code, verdict.outcome, decided.paid_fen, verdict.zh, verdict.en, order_id, questions, on)
