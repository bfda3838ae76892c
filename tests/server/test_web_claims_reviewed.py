"""A claim under review, on the desk and on the enterprise's page: decided as it was shown, its reason read there, or taken back."""

from django.urls import reverse
from django.utils import timezone

from tests.server import staff_town
from tests.server.delivery_orders import seen_on
from tests.server.test_web_staff import as_user, post, text
from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import OrderState
from zhida_server.people.data import Actor, Role


def test_a_claim_is_reviewed_and_granted_as_it_was_shown(town: staff_town.Town) -> None:
    client = as_user("qian")
    assert reverse("staff_review", args=[town.claim]) in text(client, "staff_reviews")
    page = text(client, "staff_review", town.claim)
    assert "准予发放 ¥400.00" in page
    seen = seen_on(page)
    assert "逐条理由" in page
    assert post(client, "staff_review_decide", town.claim, decision="granted", reason="", seen=seen).status_code == 422
    for forged in ({}, {"seen": "x"}, {"seen": "40000"}):
        assert post(client, "staff_review_decide", town.claim, decision="granted", reason="齐全", **forged).status_code == 409
    assert post(client, "staff_review_decide", town.claim, decision="granted", reason="材料齐全", seen=seen).status_code == 302
    page = text(client, "staff_review", town.claim)
    assert "准予发放" in page
    assert "材料齐全" in page
    assert "不予发放" not in page
    assert "没有待审核的申领" in text(client, "staff_reviews")
    assert post(as_user("zhao"), "staff_review_decide", town.claim, decision="refused", reason="不行").status_code == 409
    order = next(each for each in delivery.orders_of(staff_town.QIAN, staff_town.OWN, purpose="test") if each.policy == staff_town.STALLS)
    assert (order.state, order.amount_fen) == (OrderState.PAYABLE, 40_000)
    firm = as_user("firm")
    assert "准予发放" in text(firm, "claimed", staff_town.OWN, town.claim)
    assert "材料齐全" in text(firm, "claimed", staff_town.OWN, town.claim)
    assert reverse("granted", args=[staff_town.OWN, order.id]) in text(firm, "enterprise", staff_town.OWN)


def test_what_was_judged_is_looked_at_before_it_is_decided(town: staff_town.Town) -> None:
    rival = Actor("rival", Role.REPRESENTATIVE, "", staff_town.OTHER)
    assert town.run
    claim = delivery.claim(rival, staff_town.OTHER, staff_town.STALLS, {}, on=timezone.localdate(), key="rival").id
    assert claim is not None
    client = as_user("qian")
    got = post(client, "staff_review", claim)
    assert got.status_code == 200
    assert "准予发放 ¥400.00" in got.content.decode()
    assert "审核由政策、服务岗位办理" in text(as_user("sun"), "staff_review", claim)
    refused = post(client, "staff_review_decide", claim, decision="refused", reason="没有摊位")
    assert refused.status_code == 302
    own = text(as_user("rival"), "enterprise", staff_town.OTHER)
    assert "不予发放" in own
    assert "没有摊位" in own


def test_an_enterprise_sees_its_claim_under_review_and_takes_it_back(town: staff_town.Town) -> None:
    firm = as_user("firm")
    page = text(firm, "enterprise", staff_town.OWN)
    assert reverse("claimed", args=[staff_town.OWN, town.claim]) in page
    assert "审核中" in page
    assert reverse("claim", args=[staff_town.OWN, staff_town.STALLS]) not in page
    own = text(firm, "claimed", staff_town.OWN, town.claim)
    assert "等待经办人审核" in own
    assert "撤回申领…" in own
    assert "撤回申领…" not in text(as_user("zhao"), "claimed", staff_town.OWN, town.claim)
    assert firm.get(reverse("claimed", args=[staff_town.OTHER, town.claim])).status_code == 404
    assert post(firm, "claim_withdraw", staff_town.OWN, town.claim).status_code == 302
    assert "已撤回" in text(firm, "claimed", staff_town.OWN, town.claim)
    again = text(firm, "enterprise", staff_town.OWN)
    assert reverse("claimed", args=[staff_town.OWN, town.claim]) not in again
    assert reverse("claim", args=[staff_town.OWN, staff_town.STALLS]) in again
    got = post(firm, "claim", staff_town.OWN, staff_town.STALLS)
    assert got.status_code == 302
    assert "等待经办人审核" in firm.get(got["Location"]).content.decode()
