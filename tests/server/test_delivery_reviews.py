"""Reviews: what a person must judge is judged once, by the right person, with the engine's word last; or the enterprise takes it back."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.server import small_town
from tests.server.delivery_orders import AUDITOR, CLERK, LI, OFFICER, checked, state_of
from tests.server.test_delivery_claims import DICTIONARY, ON, POLICIES, TEA
from zhida.assess.assessment import Outcome
from zhida_server.audit import models as audit_models
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import claims, models, service
from zhida_server.delivery.data import (
    AlreadyDecided,
    BudgetSpent,
    Claim,
    ClaimIsOpen,
    ClaimOutcome,
    NoClaim,
    NotUnderstood,
    NotYetYes,
    OrderState,
)
from zhida_server.entitlements import service as entitlements
from zhida_server.ledger import service as ledger
from zhida_server.people import service as people
from zhida_server.people.data import Actor, NotAllowed, Refused, Role, job_actor
from zhida_server.registry import service as registry

LATER = dt.date(2026, 7, 6)
SECOND = Actor("shen", Role.SERVICE, "政务中心")
BUDGET = "budget/2026/town/all"
TEN = {"从业人员": "10"}

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def town(database: None, tmp_path: Path) -> Iterator[None]:  # noqa: ARG001 - the order of fixtures
    others = {f"policies__{name}": text for name, text in POLICIES.items()}
    catalogue.take_packs(job_actor("setup"), small_town.packs(tmp_path / "packs", **others, registry__enterprise=DICTIONARY))
    base = small_town.BASE.replace("西湖茶叶店,灵隐街道,,5,无", "西湖茶叶店,灵隐街道,,,")
    mapping = ("mapping.yaml", small_town.MAPPING.encode())
    registry.take_import(OFFICER, registry.propose_import(OFFICER, mapping, [("base.csv", base.encode())]).id)
    registry.take_snapshot(OFFICER, dt.date(2026, 6, 30))
    ledger.open_budget(LI, BUDGET, "小镇", [f"town/{name}" for name in POLICIES], 2026, 120_000, key="open")
    yield
    checked()
    assert ledger.check_books() == ()


def claimed(policy: str = "town/judged", key: str = "k1", actor: Actor = TEA) -> UUID:
    found = service.claim(actor, "B2", policy, TEN, on=ON, key=key)
    assert (found.outcome, found.is_open) == (Outcome.REVIEW, True)
    assert found.id is not None
    return found.id


def granted(actor: Actor, id_: UUID, reason: str, facts: dict[str, object] | None = None) -> Claim:
    """Grant a claim by what was looked at."""
    seen = service.review(actor, id_, facts).seen
    return service.decide_claim(actor, id_, is_granted=True, reason=reason, on=LATER, facts=facts, seen=seen)


def records(act: str) -> int:
    return audit_models.Record.objects.filter(act=act).count()


def test_a_claim_is_opened_with_what_has_to_be_judged_and_what_the_enterprise_stated() -> None:
    found = service.review(CLERK, claimed())
    assert [each.name for each in found.questions] == ["示范企业"]
    assert [each.name for each in found.stated] == ["从业人员"]
    assert str(found.values["从业人员"]) == "10"
    assert found.decided is not None
    assert (found.decided.outcome, found.is_yes, found.why_not) == (Outcome.REVIEW, False, ("", ""))
    assert "示范企业" in found.explanation
    assert found.name == "西湖茶叶店"


def test_looking_at_what_it_comes_to_keeps_nothing() -> None:
    id_ = claimed()
    found = service.review(CLERK, id_, {"示范企业": "true", "从业人员": "10"})
    assert found.decided is not None
    assert (found.is_yes, found.decided.paid_fen) == (True, 50_000)
    assert not service.review(CLERK, id_, {"示范企业": "false"}).is_yes
    assert not service.review(CLERK, id_, {"示范企业": "true", "从业人员": "400"}).is_yes
    assert service.review(CLERK, id_).decided.outcome is Outcome.REVIEW  # type: ignore[union-attr]
    assert [each.source for each in registry.told_facts(CLERK, "B2", purpose="test")] == ["企业自报"]


def test_yes_keeps_what_was_judged_decides_again_and_grants_in_one_act() -> None:
    id_ = claimed()
    decided = granted(CLERK, id_, "名录在册", {"示范企业": "true", "从业人员": "10"})
    assert (decided.is_open, decided.amount_fen) == (False, 50_000)
    assert decided.entitlement is not None
    assert decided.decision is not None
    assert (decided.decision.outcome, decided.decision.judged, decided.decision.by) == (
        ClaimOutcome.GRANTED,
        ("从业人员", "示范企业"),
        CLERK.name,
    )
    assert state_of(decided.entitlement) is OrderState.PAYABLE
    (order,) = service.orders_of(TEA, "B2", purpose="test")
    kept = entitlements.entitlement(AUDITOR, order.id, purpose="test")
    assert (kept.on, order.ordered_on, kept.amount_fen, kept.period) == (ON, LATER, 50_000, 2026)
    told = {each.name: (each.value, each.source) for each in registry.told_facts(CLERK, "B2", purpose="test") if each.replaced_by is None}
    assert told["示范企业"] == (True, "政务中心认定：名录在册")
    again = entitlements.decide_again(AUDITOR, order.id, purpose="test")
    assert {name: again.decision[name] for name in ("outcome", "claimed_fen", "facts_sha256")} == {
        name: kept.decision[name] for name in ("outcome", "claimed_fen", "facts_sha256")
    }
    assert service.claims_for_review(CLERK) == ()
    assert service.claims_of(TEA, "B2", purpose="test") == (decided,)
    assert records("claim.decide") == 1


def test_yes_to_the_facts_of_the_claims_day_leaves_what_was_told_of_later_days() -> None:
    id_ = claimed()
    service_desk = Actor("zhao", Role.SERVICE)
    registry.tell(service_desk, "B2", {"从业人员": 50}, source="统计局", on=dt.date(2026, 7, 3))
    registry.tell(service_desk, "B2", {"从业人员": 60}, source="统计局", on=dt.date(2026, 7, 5))
    assert granted(CLERK, id_, "名录在册", {"示范企业": "true", "从业人员": "10"}).entitlement is not None
    told = registry.told_facts(CLERK, "B2", purpose="test")
    days = sorted((each.since, each.until, each.value) for each in told if each.name == "从业人员" and (each.until or LATER) >= each.since)
    assert days == [
        (ON, dt.date(2026, 7, 2), 10),
        (dt.date(2026, 7, 3), dt.date(2026, 7, 4), 50),
        (dt.date(2026, 7, 5), None, 60),
    ]


def test_no_says_why_and_reserves_nothing() -> None:
    id_ = claimed()
    with pytest.raises(NotUnderstood):
        service.decide_claim(CLERK, id_, is_granted=False, reason=" ", on=LATER)
    decided = service.decide_claim(CLERK, id_, is_granted=False, reason="不在名录", on=LATER, facts={"示范企业": "false"})
    assert decided.decision is not None
    assert (decided.decision.outcome, decided.decision.reason, decided.entitlement) == (ClaimOutcome.REFUSED, "不在名录", None)
    assert ledger.budgets(LI)[0].reserved_fen == 0
    assert [each.name for each in registry.told_facts(CLERK, "B2", purpose="test")] == ["从业人员"]
    assert service.claims_for_review(CLERK) == ()


def test_two_persons_do_not_both_decide_and_the_same_again_changes_nothing() -> None:
    id_ = claimed()
    first = granted(CLERK, id_, "在册", {"示范企业": "true"})
    assert service.decide_claim(CLERK, id_, is_granted=True, reason="在册", on=LATER, facts={"示范企业": "true"}) == first
    for actor, is_granted in ((SECOND, True), (OFFICER, False), (CLERK, False)):
        with pytest.raises(AlreadyDecided, match=CLERK.name):
            service.decide_claim(actor, id_, is_granted=is_granted, reason="在册", on=LATER, facts={"示范企业": "true"})
    with pytest.raises(AlreadyDecided):
        service.withdraw_claim(TEA, id_, on=LATER)
    assert (records("claim.decide"), len(service.orders_of(TEA, "B2", purpose="test"))) == (1, 1)


@pytest.mark.parametrize(
    ("facts", "because"),
    [
        ({}, "还没有认定：示范企业"),
        ({"示范企业": "false"}, "不是符合"),
        ({"示范企业": "true", "从业人员": "300"}, "不是符合"),
        ({"示范企业": "true", "从业人员": " "}, "还没有核实：从业人员"),
    ],
)
def test_nothing_is_granted_that_the_engine_does_not_say_or_nobody_has_judged(facts: dict[str, object], because: str) -> None:
    id_ = claimed()
    with pytest.raises(NotYetYes, match=because):
        granted(CLERK, id_, "在册", facts)
    assert not service.review(CLERK, id_, facts).is_yes
    assert service.claims_for_review(CLERK)[0].id == id_
    assert service.orders_of(TEA, "B2", purpose="test") == ()


def test_nothing_is_granted_that_was_not_shown_though_the_amount_is_the_same() -> None:
    id_ = claimed()
    looked = service.review(CLERK, id_, {"示范企业": "true", "从业人员": "10"})
    for seen, facts in (
        ("", {"示范企业": "true", "从业人员": "10"}),
        (looked.seen, {"示范企业": "true", "从业人员": "11"}),
        (service.review(CLERK, id_).seen, {"示范企业": "true"}),
    ):
        with pytest.raises(NotYetYes, match="不是刚才看到的"):
            service.decide_claim(CLERK, id_, is_granted=True, reason="在册", on=LATER, facts=facts, seen=seen)
    assert service.review(CLERK, id_, {"示范企业": "true"}).seen == looked.seen  # what is not mended counts as it was stated
    registry.tell(TEA, "B2", {"从业人员": 12}, source="企业自报", on=ON)
    with pytest.raises(NotYetYes, match="不是刚才看到的"):
        service.decide_claim(CLERK, id_, is_granted=True, reason="在册", on=LATER, facts={"示范企业": "true"}, seen=looked.seen)
    assert [each.source for each in registry.told_facts(CLERK, "B2", purpose="test")] == ["企业自报"] * 2
    decided = granted(CLERK, id_, "在册", {"示范企业": "true"})
    assert decided.decision is not None
    assert decided.decision.judged == ("从业人员", "示范企业")


def test_what_the_dictionary_does_not_know_is_not_judged() -> None:
    id_ = claimed()
    with pytest.raises(Refused):
        service.review(CLERK, id_, {"示范企业": "也许"})
    with pytest.raises(Refused):
        service.decide_claim(CLERK, id_, is_granted=True, reason="在册", on=LATER, facts={"没有": "1"})


def test_what_another_office_knows_and_what_a_document_wants_reviewed_is_decided_too() -> None:
    metered, reviewed = claimed("town/metered"), claimed("town/review", "k2")
    assert granted(CLERK, metered, "抄表", {"用电量": "100.5"}).amount_fen == 20_100
    assert service.review(CLERK, reviewed).is_yes
    assert granted(CLERK, reviewed, "材料齐全").amount_fen == 50_000


def test_a_budget_that_is_spent_leaves_the_claim_open() -> None:
    id_ = claimed("town/metered")
    with pytest.raises(BudgetSpent):
        granted(CLERK, id_, "抄表", {"用电量": "100000"})
    assert service.claims_for_review(CLERK)[0].id == id_
    assert [each.name for each in registry.told_facts(CLERK, "B2", purpose="test")] == ["从业人员"]
    ledger.appropriate(LI, BUDGET, 20_000_000, key="more")
    assert granted(CLERK, id_, "抄表", {"用电量": "100000"}).amount_fen == 20_000_000


def test_the_enterprise_takes_a_claim_back_and_claims_anew() -> None:
    id_ = claimed()
    with pytest.raises(ClaimIsOpen, match="2026-07-01"):
        service.claim(TEA, "B2", "town/judged", TEN, on=LATER, key="k2")
    withdrawn = service.withdraw_claim(TEA, id_, on=LATER)
    assert withdrawn.decision is not None
    assert withdrawn.decision.outcome is ClaimOutcome.WITHDRAWN
    assert service.withdraw_claim(TEA, id_, on=LATER) == withdrawn
    assert (service.claims_for_review(CLERK), records("claim.withdraw")) == ((), 1)
    with pytest.raises(AlreadyDecided, match="撤回"):
        service.decide_claim(CLERK, id_, is_granted=False, reason="x", on=LATER)
    assert service.claim(TEA, "B2", "town/judged", TEN, on=LATER, key="k2").is_open


def test_what_was_answered_at_once_is_neither_decided_nor_withdrawn() -> None:
    answered = service.claim(TEA, "B2", "town/lamps", {"从业人员": "10", "设施类型": "其他"}, on=ON, key="k1")
    assert answered.id is not None
    with pytest.raises(AlreadyDecided):
        service.withdraw_claim(TEA, answered.id, on=LATER)
    with pytest.raises(AlreadyDecided):
        service.decide_claim(CLERK, answered.id, is_granted=False, reason="x", on=LATER)


def test_who_entered_a_claim_does_not_decide_it() -> None:
    id_ = claimed(actor=CLERK)
    assert "另一位" in service.review(CLERK, id_).why_not[0]
    with pytest.raises(NotAllowed, match="另一位"):
        service.decide_claim(CLERK, id_, is_granted=False, reason="x", on=LATER)
    assert service.decide_claim(SECOND, id_, is_granted=False, reason="不在名录", on=LATER).decision is not None


def test_the_office_that_issued_a_policy_decides_it_where_the_site_has_one() -> None:
    people.create_staff(job_actor("setup"), "jing", "a long sentence of 2026", Role.POLICY, "经信局企业处")
    jing = Actor("jing", Role.POLICY, "经信局企业处")
    id_ = claimed()
    assert service.review(CLERK, id_).offices == ("经信局企业处",)
    assert (service.claims_for_review(CLERK), len(service.claims_for_review(jing)), len(service.claims_for_review(AUDITOR))) == ((), 1, 1)
    with pytest.raises(NotAllowed, match="经信局企业处"):
        service.decide_claim(CLERK, id_, is_granted=False, reason="x", on=LATER)
    assert granted(jing, id_, "在册", {"示范企业": "true"}).entitlement is not None


def waiting(policy: str, count: int, minute: int) -> None:
    """Write claims that wait for a person since a minute of the day."""
    at = dt.datetime(2026, 7, 1, 8, minute, tzinfo=dt.UTC)
    for number in range(count):
        words = {"title": policy, "reason_zh": "", "reason_en": "", "told": {}, "outcome": "REVIEW", "claimed_by": "x"}
        code = f"Z{minute}{number}"
        models.Claim.objects.create(id=uuid4(), key=code, code=code, policy=policy, claimed_on=ON, claimed_at=at, **words)


def test_claims_of_other_offices_do_not_hide_those_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    people.create_staff(job_actor("setup"), "jing", "a long sentence of 2026", Role.POLICY, "经信局企业处")
    people.create_staff(job_actor("setup"), "yuan", "a long sentence of 2026", Role.POLICY, "园林局")
    monkeypatch.setattr(claims, "LISTED", 2)
    waiting("town/garden", 3, 0)
    waiting("town/judged", 1, 1)
    waiting("town/nobody-knows", 1, 2)  # of packs that hold no more: any officer's
    jing, yuan = Actor("jing", Role.POLICY, "经信局企业处"), Actor("yuan", Role.POLICY, "园林局")
    assert [each.policy for each in service.claims_for_review(jing)] == ["town/judged", "town/nobody-knows"]
    assert [each.policy for each in service.claims_for_review(yuan)] == ["town/garden", "town/garden"]
    assert [each.policy for each in service.claims_for_review(CLERK)] == ["town/nobody-knows"]
    assert len(service.claims_for_review(AUDITOR)) == 2


@pytest.mark.parametrize("actor", [CLERK, AUDITOR])
def test_the_list_of_claims_is_read_at_once_however_long_it_is(actor: Actor) -> None:
    counts = []
    for minute in (1, 2):
        waiting("town/judged", 5, minute)
        with CaptureQueriesContext(connection) as asked:
            assert len(service.claims_for_review(actor)) == 5 * minute
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("actor", [LI, AUDITOR, TEA])
def test_only_officers_decide(actor: Actor) -> None:
    id_ = claimed()
    with pytest.raises(NotAllowed):
        service.decide_claim(actor, id_, is_granted=False, reason="x", on=LATER)
    if actor is not AUDITOR:
        with pytest.raises(NotAllowed):
            service.review(actor, id_)


def test_nobody_else_withdraws_or_reads_a_claim() -> None:
    id_ = claimed()
    for actor in (Actor("firm", Role.REPRESENTATIVE, "", "A1"), LI):
        with pytest.raises(NotAllowed):
            service.withdraw_claim(actor, id_, on=LATER)
    with pytest.raises(NotAllowed):
        service.claim_by_id(Actor("firm", Role.REPRESENTATIVE, "", "A1"), id_, purpose="test")
    for act in (service.review, lambda actor, id_: service.withdraw_claim(actor, id_, on=LATER)):
        with pytest.raises(NoClaim):
            act(CLERK, uuid4())


def test_what_was_cancelled_is_granted_again_only_by_a_person() -> None:
    told = {"从业人员": "10", "设施类型": "其他"}
    first = service.claim(TEA, "B2", "town/lamps", told, on=ON, key="k1")
    assert first.entitlement is not None
    service.cancel_order(LI, first.entitlement, "材料不实", on=ON)
    again = service.claim(TEA, "B2", "town/lamps", told, on=ON, key="k2")
    assert again.id is not None
    decided = granted(CLERK, again.id, "已补正")
    assert decided.entitlement not in {None, first.entitlement}
    assert entitlements.entitlement(AUDITOR, decided.entitlement, purpose="test").attempt == 2  # type: ignore[arg-type]
