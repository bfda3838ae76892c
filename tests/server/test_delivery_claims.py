"""Claims: exactly the missing facts are asked, the answer comes at once with its reason, and a double click is one claim."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.server import small_town
from tests.server.delivery_orders import AUDITOR, CLERK, LI, OFFICER, checked, return_file, state_of
from tests.server.test_delivery_rules import NOTICE, NOTICE_LINE, OBJECTION
from zhida.assess.assessment import Outcome
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import models, service
from zhida_server.delivery.data import BudgetSpent, KeyUsed, NotDeliverable, NotYetYes, OrderState, Question
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import AlreadyGranted
from zhida_server.ledger import service as ledger
from zhida_server.people.data import VISITOR, Actor, NotAllowed, NotFound, Refused, Role, job_actor
from zhida_server.registry import service as registry

ON = dt.date(2026, 7, 1)
TEA = Actor("tea", Role.REPRESENTATIVE, "", "B2")
POLICY = "town/lamps"
DICTIONARY = (
    small_town.DICTIONARY
    + "| 示范企业 | boolean | | | 人工认定 | 否 | 否 | 否 | | | | |\n| 用电量 | number | | | 供电局 | 否 | 否 | 否 | | | 2 | |\n"
)


def policy(name: str, eligible: str, amount: str, gives: str = "cash", delivery: str = "即申即享") -> str:
    return f"""---
policy: town/{name}
title: {name} 补助
document: 文〔2026〕2号
issuer: [经信局]
in_force: 2026-01-01/2026-12-31
subject: enterprise
gives: {gives}
delivery: {delivery}
eligible: 符合
amount: 数额
rounding: {{scale: 2, mode: down}}
checked: {{on: 2026-11-20, by: official, note: 虚构}}
---

# {name} 补助

## 第一条 对象

```feel 符合: boolean
{eligible}
```

## 第二条 数额

```feel 数额: number
{amount}
```
"""


POLICIES = {
    "lamps": policy("lamps", "从业人员 < 300", 'if 设施类型 = "国产" then 0.1 * 营业收入 else 500'),
    "review": policy("review", "从业人员 < 300", "500", delivery="申报审核"),
    "judged": policy("judged", "从业人员 < 300 and 示范企业", "500"),
    "metered": policy("metered", "从业人员 < 300", "用电量 * 2"),
    "bank": policy("bank", "从业人员 < 300", "500", delivery="银行经办"),
    "tax": policy("tax", "从业人员 < 300", "500", gives="tax", delivery="申报即享"),
}

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def town(database: None, tmp_path: Path) -> Iterator[None]:  # noqa: ARG001 - the order of fixtures
    others = {f"policies__{name}": text for name, text in POLICIES.items()}
    catalogue.take_packs(job_actor("setup"), small_town.packs(tmp_path / "packs", **others, registry__enterprise=DICTIONARY))
    base = small_town.BASE.replace("西湖茶叶店,灵隐街道,,5,无", "西湖茶叶店,灵隐街道,,,")
    mapping = ("mapping.yaml", small_town.MAPPING.encode())
    registry.take_import(OFFICER, registry.propose_import(OFFICER, mapping, [("base.csv", base.encode())]).id)
    registry.take_snapshot(OFFICER, dt.date(2026, 6, 30))
    paid = [f"town/{name}" for name in POLICIES]
    ledger.open_budget(LI, "budget/2026/town/all", "小镇", paid, 2026, 120_000, key="open")
    yield
    checked()
    assert ledger.check_books() == ()


def asked(policy: str = POLICY, **told: object) -> list[str]:
    return [each.name for each in service.claim_questions(TEA, "B2", policy, on=ON, told=told)]


# --- asking --------------------------------------------------------------------------------------------------------


def test_exactly_the_missing_facts_are_asked_with_what_the_dictionary_says() -> None:
    questions = {each.name: each for each in service.claim_questions(TEA, "B2", POLICY, on=ON)}
    assert set(questions) == {"从业人员", "设施类型", "营业收入@2025"}
    assert questions["从业人员"] == Question("从业人员", "从业人员", "人", "number", (), "", is_nullable=False, decimals=0)
    assert (questions["设施类型"].kind, questions["设施类型"].choices, questions["设施类型"].is_nullable) == (
        "choice",
        ("国产", "其他"),
        True,
    )
    assert (questions["营业收入@2025"].label, questions["营业收入@2025"].unit) == ("营业收入（2025 年）", "元")


def test_what_does_not_matter_after_an_answer_is_not_asked() -> None:
    assert asked(从业人员="400") == []
    assert set(asked(从业人员="10")) == {"设施类型", "营业收入@2025"}
    assert asked(从业人员="10", 设施类型="其他") == []
    assert asked(从业人员="10", 设施类型="国产") == ["营业收入@2025"]
    assert asked(从业人员="10", 设施类型=None) == []
    assert asked(从业人员=" ") == asked()


def test_what_a_person_must_judge_or_an_office_must_tell_is_not_asked_of_the_enterprise() -> None:
    assert asked("town/judged") == ["从业人员"]
    assert asked("town/metered", 从业人员="10") == []


def test_nothing_is_asked_where_everything_is_known() -> None:
    firm = Actor("firm", Role.REPRESENTATIVE, "", "A1")
    assert service.claim_questions(firm, "A1", POLICY, on=ON) == ()


# --- claiming ------------------------------------------------------------------------------------------------------


def test_a_claim_is_answered_granted_and_payable_at_once() -> None:
    claimed = service.claim(TEA, "B2", POLICY, {"从业人员": "10", "设施类型": "国产", "营业收入@2025": "1234.56"}, on=ON, key="k1")
    assert (claimed.outcome, claimed.amount_fen, claimed.still_missing) == (Outcome.ELIGIBLE, 12_345, ())
    assert claimed.entitlement is not None
    assert claimed.reason("zh-hans")
    assert claimed.reason("en")
    assert state_of(claimed.entitlement) is OrderState.PAYABLE
    granted = entitlements.entitlement(AUDITOR, claimed.entitlement, purpose="test")
    assert (granted.amount_fen, granted.run_id, granted.decision["told"]) == (12_345, None, ["从业人员", "营业收入@2025", "设施类型"])
    told = {each.name: each.source for each in registry.told_facts(CLERK, "B2", purpose="test")}
    assert told == {"从业人员": "企业自报", "设施类型": "企业自报", "营业收入@2025": "企业自报"}


def test_a_double_click_is_one_claim() -> None:
    told = {"从业人员": "10", "设施类型": "其他"}
    first = service.claim(TEA, "B2", POLICY, told, on=ON, key="k1")
    assert service.claim(TEA, "B2", POLICY, told, on=ON, key="k1") == first
    assert service.claims_of(TEA, "B2", purpose="test") == (first,)
    with pytest.raises(KeyUsed):
        service.claim(TEA, "B2", "town/judged", told, on=ON, key="k1")
    with pytest.raises(AlreadyGranted, match="2026"):
        service.claim(TEA, "B2", POLICY, told, on=ON, key="k2")
    assert len(service.orders_of(TEA, "B2", purpose="test")) == 1


def test_a_claim_with_open_questions_keeps_nothing() -> None:
    claimed = service.claim(TEA, "B2", POLICY, {"从业人员": "10"}, on=ON, key="k1")
    assert claimed.id is None
    assert {each.name for each in claimed.still_missing} == {"设施类型", "营业收入@2025"}
    assert registry.told_facts(CLERK, "B2", purpose="test") == ()
    assert not models.Claim.objects.exists()
    assert service.claim(TEA, "B2", POLICY, {"从业人员": "10", "设施类型": "其他"}, on=ON, key="k1").amount_fen == 50_000


def test_what_was_not_asked_is_not_kept() -> None:
    service.claim(TEA, "B2", POLICY, {"从业人员": "10", "设施类型": "其他", "成立日期": "2020-01-01"}, on=ON, key="k1")
    assert {each.name for each in registry.told_facts(CLERK, "B2", purpose="test")} == {"从业人员", "设施类型"}


def test_a_refusal_says_why_and_keeps_what_was_told() -> None:
    claimed = service.claim(TEA, "B2", POLICY, {"从业人员": "300"}, on=ON, key="k1")
    assert (claimed.outcome, claimed.entitlement, claimed.amount_fen) == (Outcome.INELIGIBLE, None, 0)
    assert claimed.reason_zh
    assert [each.name for each in registry.told_facts(CLERK, "B2", purpose="test")] == ["从业人员"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("town/judged", "示范企业"), ("town/metered", "用电量"), ("town/review", "申报审核")],
)
def test_what_a_person_must_decide_goes_to_the_worklist_and_says_so(name: str, said: str) -> None:
    claimed = service.claim(TEA, "B2", name, {"从业人员": "10"}, on=ON, key="k1")
    assert (claimed.outcome, claimed.entitlement) == (Outcome.REVIEW, None)
    assert said in claimed.reason_zh
    assert service.claims_for_review(CLERK) == (claimed,)
    with pytest.raises(NotAllowed):
        service.claims_for_review(TEA)


def test_what_was_taken_back_is_not_claimed_again_without_a_person() -> None:
    told = {"从业人员": "10", "设施类型": "其他"}
    first = service.claim(TEA, "B2", POLICY, told, on=ON, key="k1")
    assert first.entitlement is not None
    service.cancel_order(LI, first.entitlement, "材料不实", on=ON)
    again = service.claim(TEA, "B2", POLICY, told, on=ON, key="k2")
    assert (again.outcome, again.entitlement) == (Outcome.REVIEW, None)
    assert "撤销" in again.reason_zh
    assert service.claims_for_review(CLERK) == (again,)
    assert service.payable(LI) == ()


def test_a_budget_that_is_spent_leaves_nothing_behind() -> None:
    told = {"从业人员": "10", "设施类型": "国产", "营业收入@2025": "1000000"}
    with pytest.raises(BudgetSpent, match="预算已经用完") as refused:
        service.claim(TEA, "B2", POLICY, told, on=ON, key="k1")
    assert "100000.00" in refused.value.words("zh")
    assert registry.told_facts(CLERK, "B2", purpose="test") == ()
    ledger.appropriate(LI, "budget/2026/town/all", 10_000_000, key="more")
    assert service.claim(TEA, "B2", POLICY, told, on=ON, key="k1").amount_fen == 10_000_000


def test_a_claim_overtakes_nobody_who_waits_for_the_same_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"从业人员": "10", "设施类型": "其他"}
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("zhida_server.delivery.claims.is_left_beside", lambda *asked: asked != ("budget/2026/town/all", 50_000))
        with pytest.raises(BudgetSpent):
            service.claim(TEA, "B2", POLICY, told, on=ON, key="k1")
    assert service.claim(TEA, "B2", POLICY, told, on=ON, key="k1").amount_fen == 50_000


def test_nothing_is_granted_at_once_while_an_objection_is_undecided_and_a_person_grants_it_after_that() -> None:
    with connection.cursor() as cursor:  # B2 waits on a notice, and somebody objects to it
        for statement in (NOTICE, NOTICE_LINE.format(place=1, code="B2", order="NULL"), OBJECTION.format(code="B2")):
            cursor.execute(statement.replace("demo/a", POLICY).replace("'b', '2026-07-01'", "'budget/2026/town/other', '2026-07-01'"))
    told = {"从业人员": "10", "设施类型": "其他"}
    claimed = service.claim(TEA, "B2", POLICY, told, on=ON, key="k1")
    assert (claimed.outcome, claimed.entitlement, service.payable(LI)) == (Outcome.REVIEW, None, ())
    assert "异议还没有认定" in claimed.reason_zh
    assert claimed.id is not None
    seen = service.review(CLERK, claimed.id, told).seen
    with pytest.raises(NotYetYes, match="not decided yet"):
        service.decide_claim(CLERK, claimed.id, is_granted=True, reason="看过", on=ON, facts=told, seen=seen)
    (objection,) = service.objections(OFFICER)
    service.decide_objection(OFFICER, objection.id, is_upheld=False, reason="查无此事", on=ON)
    granted = service.decide_claim(CLERK, claimed.id, is_granted=True, reason="看过", on=ON, facts=told, seen=seen)
    assert granted.entitlement is not None
    assert state_of(granted.entitlement) is OrderState.PAYABLE


@pytest.mark.parametrize("told", [{"从业人员": "十个"}, {"从业人员": "-1.5"}, {"示范企业": "是"}, {"用电量": "3"}, {"没有": "1"}])
def test_what_the_dictionary_does_not_let_an_enterprise_say_is_refused(told: dict[str, object]) -> None:
    with pytest.raises(Refused):
        service.claim(TEA, "B2", POLICY, told, on=ON, key="k1")


@pytest.mark.parametrize(("name", "refusal"), [("town/bank", NotDeliverable), ("town/tax", NotDeliverable), ("town/none", NotFound)])
def test_what_is_not_claimed_here_is_refused_with_the_way(name: str, refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        service.claim(TEA, "B2", name, {}, on=ON, key="k1")
    with pytest.raises(refusal):
        service.claim_questions(TEA, "B2", name, on=ON)


@pytest.mark.parametrize("actor", [VISITOR, LI, AUDITOR, Actor("firm", Role.REPRESENTATIVE, "", "A1")])
def test_nobody_claims_for_an_enterprise_that_is_not_theirs(actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        service.claim(actor, "B2", POLICY, {"从业人员": "10"}, on=ON, key="k1")
    with pytest.raises(NotAllowed):
        service.claim_questions(actor, "B2", POLICY, on=ON)


def test_a_claim_is_paid_like_everything_else() -> None:
    claimed = service.claim(CLERK, "B2", POLICY, {"从业人员": "10", "设施类型": "其他"}, on=ON, key="k1")
    assert service.payable(LI)[0].without_payee == 1
    service.set_payee(TEA, "B2", "西湖茶叶店", "示例银行", "622200001111", on=ON)
    made = service.make_batch(LI, on=ON)
    service.sign_batch(Actor("wang", Role.FINANCE), made.id, on=ON)
    service.bank_file(LI, made.id)
    service.load_return(LI, made.id, "a.csv", return_file(made, "成功"), on=ON)
    assert claimed.entitlement is not None
    assert state_of(claimed.entitlement) is OrderState.PAID
