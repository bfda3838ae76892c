"""The enterprise's page: its own alone, each amount with its reasons, and a claim that is answered at once."""

import datetime as dt
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.server.town_site import FINANCE, OFFICER, POLICY, SECOND, TODAY, Town, town
from zhida_server.audit import service as audit
from zhida_server.delivery import orders
from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import Order
from zhida_server.ledger import service as ledger

MOST_QUERIES = 10
"""Statements of the enterprise's page, those of the visit and of the audit among them."""


@pytest.fixture
def place(database: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:  # noqa: ARG001 - it comes first
    monkeypatch.setattr(timezone, "localdate", lambda *_: TODAY)
    return town(tmp_path)


def text(browser: Client, name: str, *parts: object, status: int = 200, query: str = "", **how: str) -> str:
    answer = browser.get(reverse(name, args=parts) + query, **how)  # type: ignore[arg-type] - headers
    assert answer.status_code == status, answer
    return answer.content.decode()


def part(page: str, name: str) -> str:
    """Return one part of the page."""
    found = re.search(rf'<section class="part" id="{name}">.*?</section>', page, re.DOTALL)
    assert found is not None
    return found[0]


def test_a_representative_is_led_to_their_own_enterprise_and_sees_no_other(place: Town) -> None:
    boss = place.client("boss")
    assert boss.get(reverse("own_enterprise"))["Location"] == reverse("enterprise", args=["A1"])
    assert "杭州智算科技有限公司" in text(boss, "enterprise", "A1")
    for name, parts in {"enterprise": (), "facts": (), "payee": (), "explanation": (POLICY,), "claim": (POLICY,)}.items():
        assert "只能" in text(boss, name, "B2", *parts, status=403)


def test_staff_search_and_open_what_their_role_allows_and_each_look_is_recorded(place: Town) -> None:
    clerk = place.client("the-service")
    assert "西湖茶叶店" in text(clerk, "own_enterprise", query="?q=茶叶")
    assert "西湖茶叶店" in text(clerk, "enterprise", "B2")
    looked = [(each.actor, each.object, each.purpose) for each in audit.records(act="enterprise.read")]
    assert ("the-service", "B2", "服务岗位：企业页面") in looked
    assert "没有权限" in text(place.client("the-leader"), "enterprise", "B2", status=403)


def test_the_page_shows_what_is_due_near_missing_under_way_and_paid(place: Town) -> None:
    page = text(place.client("boss"), "enterprise", "A1")
    assert "¥1,000.00" in part(page, "due")
    assert "没有在途的款项" in part(page, "under-way")
    page = text(place.client("tea"), "enterprise", "B2")
    assert "从业人员" in part(page, "missing")
    assert reverse("claim", args=["B2", POLICY]) in part(page, "missing")
    page = text(place.client("the-service"), "enterprise", "D4")
    assert "差在" in part(page, "near")


def test_an_enterprise_that_is_none_is_not_found(place: Town) -> None:
    assert "Z9" in text(place.client("the-service"), "enterprise", "Z9", status=404)


def test_money_is_followed_from_notice_to_bank(place: Town) -> None:
    boss, notice = place.client("boss"), place.notice()
    delivery.set_payee(FINANCE, "A1", "智算公司", "小镇银行", "6222000011112222", on=TODAY, document="开户证明 1")
    page = text(boss, "enterprise", "A1")
    assert "公示中" in part(page, "under-way")
    assert "¥1,000.00" in part(page, "under-way")
    delivery.close_notices(OFFICER, notice.closes_on + dt.timedelta(days=1))
    batch = delivery.sign_batch(SECOND, delivery.make_batch(FINANCE, POLICY, on=TODAY).id, on=TODAY)
    delivery.bank_file(FINANCE, batch.id)
    order = delivery.orders_of(FINANCE, "A1", purpose="测试")[0]
    told = f"批次号,支付编号,金额（元）,结果,原因\n{batch.number},{order.id},1000.00,成功,\n"
    delivery.load_return(FINANCE, batch.id, "return.csv", told.encode(), on=TODAY)
    page = text(boss, "enterprise", "A1")
    assert "没有在途的款项" in part(page, "under-way")
    assert "银行已拨付到账" in part(page, "paid")
    assert "已到账" in part(page, "due")
    granted = text(boss, "granted", "A1", order.id)
    assert str(order.id) in granted
    assert batch.number in granted
    assert text(place.client("tea"), "granted", "A1", order.id, status=403)
    assert text(boss, "granted", "B2", order.id, status=404)


def test_an_amount_opens_its_reasons_in_place_and_as_a_page(place: Town) -> None:
    boss = place.client("boss")
    inside = text(boss, "explanation", "A1", POLICY, HTTP_HX_REQUEST="true")
    assert '<article class="explained">' in inside
    assert "<html" not in inside
    page = text(boss, "explanation", "A1", POLICY)
    assert '<article class="explained">' in page
    assert place.run.snapshot_sha256 in page
    assert text(boss, "explanation", "A1", POLICY, query=f"?run={place.run.id}")
    assert text(boss, "explanation", "A1", POLICY, query="?run=nonsense")
    assert text(boss, "explanation", "A1", "town/none", status=404)


def test_facts_stand_with_their_source_and_year(place: Town) -> None:
    page = text(place.client("boss"), "facts", "A1")
    assert "12 人" in page
    assert "登记" in page
    assert "（2025 年）" in page


def test_the_page_asks_the_database_little_however_much_it_shows(place: Town) -> None:
    place.notice()
    boss = place.client("boss")
    text(boss, "enterprise", "A1")  # what is read once a process
    before = len(audit.records(act="enterprise.read"))
    with CaptureQueriesContext(connection) as asked:
        text(boss, "enterprise", "A1")
    assert len(audit.records(act="enterprise.read")) == before + 1, "one look is one record"
    assert len(asked) <= MOST_QUERIES, [each["sql"][:100] for each in asked]


def test_what_is_granted_while_the_page_is_read_does_not_break_it(place: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = orders.orders_for

    def late(code: str) -> tuple[Order, ...]:
        place.notice()
        monkeypatch.setattr(orders, "orders_for", asked)
        return asked(code)

    monkeypatch.setattr(orders, "orders_for", late)
    assert "公示中" in part(text(place.client("boss"), "enterprise", "A1"), "under-way")


def test_a_page_of_somebody_is_kept_by_no_cache_but_its_style_is(place: Town) -> None:
    boss = place.client("boss")
    answer = boss.get(reverse("enterprise", args=["A1"]))
    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]
    assert boss.get(reverse("style", args=["explained"]))["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_browser_tells_a_page_from_its_part_when_somebody_goes_back(place: Town) -> None:
    answer = place.client().get(reverse("policies"))
    assert "HX-Request" in answer["Vary"]
    assert '"historyRestoreAsHxRequest":false' in answer.content.decode()


def test_a_part_that_is_asked_for_after_logging_out_leads_the_whole_page_to_the_login(place: Town) -> None:
    answer = place.client().get(reverse("explanation", args=["A1", POLICY]), HTTP_HX_REQUEST="true")
    assert answer["HX-Redirect"].startswith(reverse("account_login"))


def test_files_come_from_staff_alone_and_the_refusal_says_so(place: Town) -> None:
    large = SimpleUploadedFile("large.csv", b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    answer = place.client("boss").post(reverse("payee", args=["A1"]), {"account_name": large})
    assert answer.status_code == 413
    assert '<p class="fault-number" aria-hidden="true">413</p>' in answer.content.decode()
    large.seek(0)
    assert place.client("the-policy").post(reverse("payee", args=["A1"]), {"account_name": large}).status_code == 403


def test_an_address_that_is_none_still_knows_who_asks(place: Town) -> None:
    answer = place.client("boss").get("/nowhere/")
    assert answer.status_code == 404
    assert reverse("account_logout") in answer.content.decode()


# --- claims ----------------------------------------------------------------------------------------------------------


def form(browser: Client, code: str = "B2") -> dict[str, str]:
    """Return the hidden fields of the form, as the page has them."""
    page = text(browser, "claim", code, POLICY)
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.partition('class="panel"')[2]))


def send(browser: Client, fields: dict[str, str], code: str = "B2") -> HttpResponse:
    answer = browser.post(reverse("claim", args=[code, POLICY]), fields)
    assert isinstance(answer, HttpResponse)
    return answer


def test_a_claim_asks_exactly_what_is_missing(place: Town) -> None:
    page = text(place.client("tea"), "claim", "B2", POLICY)
    assert re.findall(r'name="told:([^"]+)"', page) == ["从业人员"]
    assert "只问还缺的 1 项事实" in page


def test_an_answer_that_cannot_be_read_stays_in_the_form_with_the_reason(place: Town) -> None:
    tea = place.client("tea")
    answer = send(tea, form(tea) | {"told:从业人员": "十来个"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="十来个"' in page
    assert 'role="alert"' in page


def test_a_claim_is_answered_at_once_and_is_one_however_often_it_is_sent(place: Town) -> None:
    tea = place.client("tea")
    fields = form(tea) | {"told:从业人员": "8"}
    first, again = send(tea, fields), send(tea, fields)
    assert first.status_code == 302
    assert first["Location"] == again["Location"]
    assert ledger.budgets(FINANCE)[0].reserved_fen == 100_000
    page = tea.get(first["Location"]).content.decode()
    assert "¥1,000.00" in page
    assert "等待财务编批" in page
    assert "还没有收款账户" in page
    overview = text(tea, "enterprise", "B2")
    assert "¥1,000.00" in part(overview, "under-way")
    assert "¥1,000.00" in part(overview, "due"), "what was granted is had, whatever the run before said"
    assert reverse("claim", args=["B2", POLICY]) not in overview
    assert f"/policies/{POLICY}/" not in part(overview, "missing"), "and nothing is missing for it"


def test_a_claim_that_comes_to_nothing_says_why(place: Town) -> None:
    tea = place.client("tea")
    answer = send(tea, form(tea) | {"told:从业人员": "300"})
    assert answer.status_code == 200
    assert "不符合" in answer.content.decode()
    assert ledger.budgets(FINANCE)[0].reserved_fen == 0


def test_an_account_is_told_and_shown(place: Town) -> None:
    boss = place.client("boss")
    told = {"account_name": "智算公司", "bank": "小镇银行", "account_number": "6222 0000 1111"}
    answer = boss.post(reverse("payee", args=["A1"]), told)
    assert answer.status_code == 302
    page = boss.get(answer["Location"]).content.decode()
    assert "622200001111" in page
    assert "已保存" in page
    assert boss.post(reverse("payee", args=["A1"]), told | {"account_number": "x"}).status_code == 422
    assert boss.post(reverse("payee", args=["B2"]), told).status_code == 403
    assert "凭据" not in page
    counter = place.client("the-service")
    assert "凭据" in counter.get(reverse("payee", args=["A1"])).content.decode()
    assert counter.post(reverse("payee", args=["A1"]), told).status_code == 422
    assert counter.post(reverse("payee", args=["A1"]), told | {"document": "开户证明 7"}).status_code == 302
