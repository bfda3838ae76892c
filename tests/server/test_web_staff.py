"""The pages of staff: what waits for whom, acts that are done once, two persons for one payment, and money followed to its article."""

import datetime as dt
import uuid
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.server import small_town, staff_town
from zhida.assess import columns as assess_columns
from zhida_server.audit import service as audit
from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import BatchState, OrderState
from zhida_server.entitlements import runs as entitlement_runs
from zhida_server.entitlements import service as entitlements
from zhida_server.ledger import service as ledger
from zhida_server.ledger.data import Budget
from zhida_server.people import service as people
from zhida_server.people.data import Actor, NotAllowed, Role
from zhida_server.people.models import User
from zhida_server.registry import service as registry
from zhida_server.registry.data import ImportState
from zhida_server.web import staff_budgets, staff_payments, staff_registry
from zhida_server.web.staff_forms import fen_of

TODAY = timezone.localdate


def as_user(name: str) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username=name))
    return client


def post(client: Client, address: str, /, *arguments: object, key: str = "", **sent: object) -> Any:  # noqa: ANN401 - an answer of the test client
    return client.post(reverse(address, args=arguments), {"key": key or str(uuid.uuid4()), **sent})


def text(client: Client, name: str, *arguments: object, query: str = "") -> str:
    got = client.get(reverse(name, args=arguments) + query)
    assert got.status_code == 200, (name, got.status_code)
    return got.content.decode()


def another_batch() -> UUID:
    """Return a batch that li made, of a claim of the other enterprise."""
    rival = staff_town.Actor("rival", staff_town.Role.REPRESENTATIVE, "", staff_town.OTHER)
    delivery.claim(rival, staff_town.OTHER, staff_town.LAMPS, {}, on=TODAY(), key="rival")
    return delivery.make_batch(staff_town.LI, on=TODAY()).id


# --- the desk ------------------------------------------------------------------------------------------------------


def test_the_desk_shows_each_role_what_waits_for_it(town: staff_town.Town) -> None:
    assert town.run
    assert "次导入等待收下或退回" in text(as_user("zhao"), "staff_home")
    assert "条异议等待认定" in text(as_user("zhao"), "staff_home")
    finance = text(as_user("li"), "staff_home")
    assert "个批次等待银行回盘" in finance
    assert "异议" not in finance
    assert "现在没有等您处理的事" in text(as_user("wu"), "staff_home")


def test_every_page_of_the_desk_speaks_english_too(town: staff_town.Town) -> None:
    client = as_user("sun")
    client.cookies["django_language"] = "en"
    assert "Policy × outcome" in text(client, "staff_run", town.run)
    assert "Follow a payment" in text(client, "staff_audit")


def test_a_form_that_is_sent_twice_is_done_once(town: staff_town.Town) -> None:
    assert town.run
    client, key = as_user("zhao"), str(uuid.uuid4())
    before = len(entitlements.runs(staff_town.ZHAO))
    first = post(client, "staff_run_start", key=key, as_of="2026-07-01")
    second = post(client, "staff_run_start", key=key, as_of="2026-07-01")
    assert (first.status_code, second.status_code) == (302, 302)
    assert len(entitlements.runs(staff_town.ZHAO)) == before + 1
    assert "没有再办一次" in text(client, "staff_runs")


def test_a_refused_form_may_be_sent_again_with_its_key(town: staff_town.Town) -> None:
    assert town.run
    client, key = as_user("li"), str(uuid.uuid4())
    sent = {"name": "新", "year": "2026", "code": "bad code", "amount": "1,000.50", "policies": ["town/nothing"]}
    refused = post(client, "staff_budget_open", key=key, **sent)
    assert refused.status_code == 422
    assert "不合格式" in refused.content.decode()
    assert 'value="1,000.50"' in refused.content.decode()
    assert post(client, "staff_budget_open", key=key, **{**sent, "code": "budget/2026/town/new"}).status_code == 302
    assert next(each for each in ledger.budgets(staff_town.LI) if each.name == "新").available_fen == 100_050


def test_a_form_without_its_key_does_nothing(town: staff_town.Town) -> None:
    assert town.run
    got = as_user("zhao").post(reverse("staff_run_start"), {"as_of": "2026-07-01"})
    assert got.status_code == 422


def test_a_form_whose_key_cannot_be_kept_fails_and_is_not_said_to_have_been_sent_before(town: staff_town.Town) -> None:
    assert town.run
    client, batch, key = as_user("wang"), another_batch(), str(uuid.uuid4())
    client.raise_request_exception = False
    with connection.cursor() as cursor:  # as on a full disk
        cursor.execute("ALTER TABLE cache ADD CONSTRAINT full_disk CHECK (cache_key NOT LIKE '%form:%') NOT VALID")
        assert post(client, "staff_batch_sign", batch, key=key).status_code == 500
        assert delivery.batch(staff_town.LI, batch).state is BatchState.MADE
        cursor.execute("ALTER TABLE cache DROP CONSTRAINT full_disk")
    assert post(client, "staff_batch_sign", batch, key=key).status_code == 302
    assert delivery.batch(staff_town.LI, batch).state is BatchState.SIGNED


# --- runs, registry, notices ---------------------------------------------------------------------------------------


def test_a_run_is_tallied_and_repeated_to_the_byte(town: staff_town.Town) -> None:
    client = as_user("zhao")
    page = text(client, "staff_run", town.run)
    assert "¥2,000.00" in page
    assert reverse("staff_notice_open", args=[town.run, staff_town.SHOP]) in page
    assert reverse("staff_notice_open", args=[town.run, staff_town.LAMPS]) not in page
    post(client, "staff_run_repeat", town.run)
    (asked,) = entitlements.repetitions(staff_town.ZHAO, town.run)
    waiting = text(client, "staff_run", town.run)
    assert "复算，逐字节比对" not in waiting
    assert "再交给后台" in waiting
    part = client.get(reverse("staff_run_repetitions", args=[town.run]), HTTP_HX_REQUEST="true").content.decode()
    assert "every 2s" in part
    assert "<html" not in part
    assert client.get(reverse("staff_run_repetitions", args=[town.run]))["Location"] == reverse("staff_run", args=[town.run])
    entitlements.repeat_now(asked.id)
    assert "复算一致" in text(client, "staff_run", town.run)
    assert b"every 2s" not in client.get(reverse("staff_run_repetitions", args=[town.run]), HTTP_HX_REQUEST="true").content


def test_bytes_of_another_engine_are_said_to_be_those_of_another_engine(town: staff_town.Town, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (assess_columns, entitlement_runs):
        monkeypatch.setattr(module, "engine_version", lambda: "9.9.9+newer")
    entitlements.repeat_now(entitlements.start_repeat(staff_town.ZHAO, town.run).id)
    page = text(as_user("zhao"), "staff_run", town.run)
    assert "复算不一致" in page
    assert f"引擎已经不是当时的那一个（当时 {entitlements.run(staff_town.ZHAO, town.run).engine_version}）" in page


def test_progress_is_a_part_that_asks_again_until_the_run_is_done(town: staff_town.Town) -> None:
    client = as_user("zhao")
    queued = entitlements.start_run(staff_town.ZHAO, staff_town.AS_OF)
    part = client.get(reverse("staff_run", args=[queued.id]), HTTP_HX_REQUEST="true")
    assert b"every 2s" in part.content
    assert b"<html" not in part.content
    assert client.get(reverse("staff_run", args=[town.run]), HTTP_HX_REQUEST="true")["HX-Refresh"] == "true"


def test_an_import_is_looked_at_confirmed_and_taken(town: staff_town.Town) -> None:
    client = as_user("zhao")
    assert "收下…" in text(client, "staff_import", town.import_id)
    assert "收下…" not in text(as_user("qian"), "staff_import", town.import_id)
    assert "4 家企业" in text(client, "staff_import_take", town.import_id)
    post(client, "staff_import_take", town.import_id)
    assert registry.import_(staff_town.ZHAO, town.import_id).state is ImportState.TAKEN


def test_files_that_cannot_be_read_are_refused_line_by_line(town: staff_town.Town) -> None:
    assert town.run
    client = as_user("qian")
    mapping = small_town.MAPPING.replace("人数", "没有的列").encode()
    uploads = {"mapping": named("mapping.yaml", mapping), "files": named("base.csv", staff_town.BASE.encode())}
    bad = read_upload(client, **uploads)
    assert "没有的列" in text(client, "staff_upload", bad)
    assert reverse("staff_upload", args=[bad]) in text(client, "staff_registry")
    good = {"mapping": named("mapping.yaml", staff_town.MAPPING[1]), "files": named("base.csv", staff_town.BASE.encode())}
    made = read_upload(client, **good)
    assert client.get(reverse("staff_upload", args=[made]))["Location"] == reverse("staff_import", args=[made])
    assert client.get(reverse("staff_upload", args=[made]), HTTP_HX_REQUEST="true")["HX-Redirect"] == reverse("staff_import", args=[made])
    assert "3 家企业的导入" in text(client, "staff_import", made)


def read_upload(client: Client, **uploads: SimpleUploadedFile) -> UUID:
    """Hand files in, see that the page waits, and read them as the worker does."""
    got = post(client, "staff_import_propose", **uploads)
    assert got.status_code == 302
    waiting = client.get(got["Location"], HTTP_HX_REQUEST="true").content.decode()
    assert "every 2s" in waiting
    assert "<html" not in waiting
    upload = UUID(got["Location"].rstrip("/").rpartition("/")[2])
    registry.read_upload(upload)
    return upload


def test_more_files_than_are_taken_are_refused_and_none_is_dropped(town: staff_town.Town, monkeypatch: pytest.MonkeyPatch) -> None:
    assert town.run
    monkeypatch.setattr(staff_registry, "MOST_FILES", 1)
    files = [named(f"{name}.csv", staff_town.BASE.encode()) for name in ("base", "more")]
    got = post(as_user("qian"), "staff_import_propose", mapping=named("mapping.yaml", staff_town.MAPPING[1]), files=files)
    assert got.status_code == 422
    assert "一次最多 1 个数据文件，这次有 2 个" in got.content.decode()


def test_who_was_logged_out_comes_back_to_a_page_that_can_be_opened(town: staff_town.Town) -> None:
    nobody = Client(SERVER_NAME="localhost")
    assert nobody.get(reverse("staff_run", args=[town.run]))["Location"].endswith(f"?next={reverse('staff_run', args=[town.run])}")
    assert post(nobody, "staff_run_start", as_of="2026-07-01")["Location"].endswith(f"?next={reverse('staff_home')}")


def test_a_notice_is_opened_after_its_sums_were_seen(town: staff_town.Town) -> None:
    client = as_user("zhao")
    assert "¥600.00" in text(client, "staff_notice_open", town.run, staff_town.SHOP)
    assert post(client, "staff_notice_open", town.run, staff_town.SHOP, days="0").status_code == 422
    post(client, "staff_notice_open", town.run, staff_town.SHOP, days="7")
    assert {(each.policy, each.days) for each in delivery.notices()} >= {(staff_town.SHOP, 7)}


def test_an_objection_is_decided_once_with_a_reason(town: staff_town.Town) -> None:
    client = as_user("zhao")
    assert "没有花园" in text(client, "staff_objection", town.objection)
    assert post(client, "staff_objection", town.objection, decision="upheld", reason="").status_code == 422
    assert post(client, "staff_objection", town.objection, decision="upheld", reason="属实").status_code == 302
    assert delivery.objections(staff_town.ZHAO)[0].is_upheld
    assert post(client, "staff_objection", town.objection, decision="not-upheld", reason="不属实").status_code == 409


def test_an_upheld_objection_is_lifted_with_a_reason(town: staff_town.Town) -> None:
    client = as_user("zhao")
    assert post(client, "staff_objection_lift", town.objection, reason="查清").status_code == 409
    post(client, "staff_objection", town.objection, decision="upheld", reason="属实")
    assert "年内有效" in text(client, "staff_notices")
    assert "解除的理由" in text(client, "staff_objection", town.objection)
    assert "解除的理由" not in text(as_user("sun"), "staff_notices")
    assert post(client, "staff_objection_lift", town.objection, reason="").status_code == 422
    assert post(client, "staff_objection_lift", town.objection, reason="查清了").status_code == 302
    assert "查清了" in text(client, "staff_objection", town.objection)
    assert "成立，已解除" in text(client, "staff_notices")


# --- payments ------------------------------------------------------------------------------------------------------


def test_a_batch_is_made_by_one_person_and_signed_by_another_who_sees_the_sum(town: staff_town.Town) -> None:
    assert town.run
    batch = another_batch()
    li, wang = as_user("li"), as_user("wang")
    assert "要由另一位财务人员签发" in text(li, "staff_batch", batch)
    refused = post(li, "staff_batch_sign", batch)
    assert refused.status_code == 409
    assert "确认签发 ¥200.00" in text(wang, "staff_batch_sign", batch)
    assert post(wang, "staff_batch_sign", batch).status_code == 302
    assert post(wang, "staff_batch_sign", batch).status_code == 302
    assert delivery.batch(staff_town.LI, batch).state is BatchState.SIGNED


def test_the_bank_file_comes_as_it_was_signed_and_its_answer_pays(town: staff_town.Town) -> None:
    client = as_user("li")
    fetched = [client.post(reverse("staff_batch_file", args=[town.batch])) for _ in range(2)]
    assert fetched[0].content == fetched[1].content
    assert "attachment" in fetched[0]["Content-Disposition"]
    answer = staff_town.answer_of_bank(town.batch, "成功")
    bad = post(client, "staff_batch_return", town.batch, file=named("back.csv", answer.replace(b"200.00", b"300.00")))
    assert bad.status_code == 422
    assert "第 2 行" in bad.content.decode()
    post(client, "staff_batch_return", town.batch, file=named("back.csv", answer))
    assert "到账 1 笔" in text(client, "staff_batch", town.batch)
    post(client, "staff_batch_return", town.batch, file=named("back.csv", answer))
    assert "以前收过" in text(client, "staff_batch", town.batch)
    assert ledger.transaction(town.order).state == "posted"


def test_a_payment_that_failed_three_times_waits_for_a_person_who_queues_it_again(town: staff_town.Town) -> None:
    batch = town.batch
    for number in range(3):
        answer = staff_town.answer_of_bank(batch, "失败", reason=f"账号不符{number}")
        delivery.load_return(staff_town.LI, batch, f"back{number}.csv", answer, on=TODAY())
        if number < 2:
            batch = staff_town.sent(delivery.make_batch(staff_town.LI, on=TODAY()).id)
    client = as_user("li")
    assert "账号不符2" in text(client, "staff_held")
    assert post(client, "staff_order_requeue", town.order, reason="").status_code == 422
    post(client, "staff_order_requeue", town.order, reason="账号已更正")
    assert delivery.order(staff_town.LI, town.order, purpose="test").state is OrderState.PAYABLE
    post(client, "staff_order_cancel", town.order, reason="重复")
    assert delivery.order(staff_town.LI, town.order, purpose="test").state is OrderState.VOIDED


# --- budgets -------------------------------------------------------------------------------------------------------


def test_leaders_get_no_lines_at_the_door_of_the_service_either(town: staff_town.Town) -> None:
    zhou = Actor("zhou", Role.LEADER)
    assert delivery.batch(zhou, town.batch).lines == ()
    assert delivery.batch(zhou, town.batch).amount_fen == 20_000
    with pytest.raises(NotAllowed):
        delivery.held_orders(zhou)


def test_the_lines_of_a_batch_come_page_by_page(town: staff_town.Town, monkeypatch: pytest.MonkeyPatch) -> None:
    rival = Actor("rival", Role.REPRESENTATIVE, "", staff_town.OTHER)
    delivery.claim(rival, staff_town.OTHER, staff_town.LAMPS, {}, on=TODAY(), key="rival")
    delivery.close_notices(staff_town.ZHAO, delivery.notice(town.notice).closes_on + dt.timedelta(days=1))
    batch = delivery.make_batch(staff_town.LI, on=TODAY()).id
    monkeypatch.setattr(staff_payments, "PAGE_LINES", 1)
    first = text(as_user("li"), "staff_batch", batch)
    second = text(as_user("li"), "staff_batch", batch, query="?after=1")
    assert "花园补助" in first
    assert "路灯补助" not in first
    assert "?after=1" in first
    assert "路灯补助" in second
    assert "花园补助" not in second
    assert "?after=2" not in second


def budget_of(available_fen: int) -> Budget:
    return Budget("budget/2026/a", "a", 2026, ("a/b",), 1_000, 0, 1_000 - available_fen, available_fen)


def test_the_day_on_which_a_budget_is_spent_follows_from_its_pace_and_is_not_guessed() -> None:
    now = timezone.make_aware(dt.datetime(2026, 6, 30, 12))  # noqa: DTZ001 - made aware here

    def runs_out(available_fen: int, drawn_fen: int, days: int) -> dt.date | None:
        drawn = {"budget/2026/a": (drawn_fen, now - dt.timedelta(days=days - 1))}
        return staff_budgets.standing(budget_of(available_fen), drawn, now).runs_out

    assert runs_out(100, 100, 10) == dt.date(2026, 7, 10)
    assert runs_out(101, 100, 10) == dt.date(2026, 7, 11)
    assert runs_out(100, 90, 200) == dt.date(2026, 10, 8)  # 90 days count, not all
    assert runs_out(100, 100, 6) is None  # too few days
    assert runs_out(1_000, 10, 90) is None  # lasts the year
    assert runs_out(0, 100, 10) is None
    assert staff_budgets.standing(budget_of(100), {}, now).days == 0


def test_what_was_given_back_does_not_count_as_drawn(town: staff_town.Town) -> None:
    def drawn() -> int:
        return ledger.drawn(staff_town.LI, timezone.now() - dt.timedelta(days=90))[staff_town.GARDEN_BUDGET][0]

    assert drawn() == 200_000
    delivery.decide_objection(staff_town.ZHAO, town.objection, is_upheld=True, reason="属实", on=TODAY())
    assert drawn() == 100_000
    assert ledger.drawn(staff_town.LI, timezone.now() + dt.timedelta(days=1))[staff_town.GARDEN_BUDGET][0] == 0
    assert "天数太少，不估" in text(as_user("zhou"), "staff_budgets")


def test_a_budget_is_appropriated_to_once_a_form(town: staff_town.Town) -> None:
    assert town.run
    client, key = as_user("li"), str(uuid.uuid4())
    for _ in range(2):
        post(client, "staff_budget_appropriate", key=key, code=staff_town.GARDEN_BUDGET, amount="10.5")
    found = next(each for each in ledger.budgets(staff_town.LI) if each.code == staff_town.GARDEN_BUDGET)
    assert found.appropriated_fen == 1_001_050
    assert text(client, "staff_budget", staff_town.GARDEN_BUDGET).count("拨入</span>") == 2


def test_a_budget_is_reduced_by_what_is_free_once_a_form(town: staff_town.Town) -> None:
    assert town.run
    client, key = as_user("li"), str(uuid.uuid4())
    before = ledger.budget(staff_town.GARDEN_BUDGET)
    assert before is not None
    sent = {"code": staff_town.GARDEN_BUDGET, "reason": "财预〔2026〕9号"}
    assert post(client, "staff_budget_reduce", **sent, amount="10000.01").status_code == 409
    for _ in range(2):
        assert post(client, "staff_budget_reduce", **sent, amount="100", key=key).status_code == 302
    after = ledger.budget(staff_town.GARDEN_BUDGET)
    assert after is not None
    assert (after.available_fen, after.reduced_fen) == (before.available_fen - 100_00, 100_00)
    assert after.reserved_fen == before.reserved_fen
    assert "已扣除调减" in text(client, "staff_budgets")
    page = text(client, "staff_budget", staff_town.GARDEN_BUDGET)
    assert "调减" in page
    assert "财预〔2026〕9号" in page
    assert post(client, "staff_budget_reduce", code=staff_town.GARDEN_BUDGET, reason="", amount="1").status_code == 422


@pytest.mark.parametrize(("kind", "says"), [("beancount", b"open Liabilities:"), ("hledger", b"decimal-mark ."), ("csv", b"\xef\xbb\xbf")])
def test_the_ledger_is_exported_to_finance_and_auditors_and_recorded(town: staff_town.Town, kind: str, says: bytes) -> None:
    assert town.run
    sun = as_user("sun")
    assert reverse("staff_ledger_export", args=[kind]) in text(sun, "staff_budgets")
    got: Any = sun.get(reverse("staff_ledger_export", args=[kind]))
    assert got.streaming
    assert "attachment" in got["Content-Disposition"]
    assert "no-store" in got["Cache-Control"]
    content = b"".join(got.streaming_content)
    assert says in content
    assert str(town.order).encode() in content
    assert audit.records(act="ledger.export")[0].actor == "sun"
    assert "导出总账" not in text(as_user("zhou"), "staff_budgets")
    assert as_user("zhou").get(reverse("staff_ledger_export", args=[kind])).status_code == 403
    assert sun.get(reverse("staff_ledger_export", args=["pdf"])).status_code == 404


def test_amounts_are_read_to_the_fen_or_refused() -> None:
    assert [fen_of(each) for each in ("1", "1.5", "1,234.56", "¥ 0.01")] == [100, 150, 123_456, 1]
    for odd in ("", "1.234", "-1", "1e3", "一百"):
        with pytest.raises(staff_budgets.Refused):
            fen_of(odd)


# --- the audit -----------------------------------------------------------------------------------------------------


def test_a_payment_is_followed_from_the_bank_line_to_the_article_and_decided_again(town: staff_town.Town) -> None:
    client = as_user("sun")
    follow = reverse("staff_follow")
    assert client.get(follow, {"number": str(town.order)})["Location"] == reverse("staff_order", args=[town.order])
    number = delivery.batch(staff_town.LI, town.batch).number
    assert client.get(follow, {"number": number})["Location"] == reverse("staff_batch", args=[town.batch])
    assert client.get(follow, {"number": "nothing"}).status_code == 404
    page = text(client, "staff_order", town.order)
    for said in (number, "6222000000000001", "enterprise/A1", "第二条", "杭州智算科技有限公司"):
        assert said in page
    assert "重新判定，结果一致" in text(client, "staff_order_replay", town.order)


def test_a_grant_of_a_run_is_decided_again_by_the_interpreter_with_its_articles(town: staff_town.Town) -> None:
    client = as_user("sun")
    (line,) = [each for each in delivery.notice_lines(town.notice) if each.code == staff_town.OWN]
    page = text(client, "staff_order_replay", line.order_id)
    assert "重新判定，结果一致" in page
    assert page.count('<article class="explained">') == 1
    assert "依据 —" not in page
    assert str(town.run) in text(client, "staff_order", line.order_id)


def test_what_was_granted_at_once_is_decided_again_by_what_was_known_then(town: staff_town.Town) -> None:
    registry.tell(staff_town.QIAN, staff_town.OWN, {"从业人员": 500}, source="窗口", on=TODAY())
    page = text(as_user("sun"), "staff_order_replay", town.order)
    assert "重新判定，结果一致" in page
    assert "当时的政策包、快照和当时知道的事实" in page
    assert "第二条" in page


def test_records_are_searched_and_the_search_is_recorded(town: staff_town.Town) -> None:
    client = as_user("sun")
    page = text(client, "staff_audit", query="?act=batch.&actor=wang")
    assert "batch.sign" in page
    assert "batch.make" not in page
    text(client, "staff_audit", query=f"?object={town.order}")
    assert (audit.records(act="audit.read")[0].object, audit.records(act="audit.read")[0].actor) == (str(town.order), "sun")


def test_the_chain_is_verified_and_held_against_a_head_kept_elsewhere(town: staff_town.Town) -> None:
    assert town.run
    audit.verify()  # it lets the chain be written before the transaction of the test ends
    client, head = as_user("sun"), audit.head()
    assert head.length > 20
    assert "完整" in text(client, "staff_chain", query=f"?verify=1&length={head.length}&hash={head.hash}")
    assert "有断裂" in text(client, "staff_chain", query=f"?verify=1&length=1&hash={'0' * 64}")
    assert "要一起填" in text(client, "staff_chain", query="?verify=1&length=3")


# --- people --------------------------------------------------------------------------------------------------------


def test_an_administrator_makes_ends_and_restores_accounts_and_nobody_changes_a_role(town: staff_town.Town) -> None:
    assert town.run
    client = as_user("wu")
    sent = {"name": "chen", "password": staff_town.PASSWORD, "office": "街道"}
    assert post(client, "staff_person_create", **sent, role="representative").status_code == 422
    assert post(client, "staff_person_create", **sent, role="finance").status_code == 302
    post(client, "staff_person_change", act="deactivate", name="chen")
    assert not User.objects.get(username="chen").is_active
    post(client, "staff_person_change", act="reactivate", name="chen")
    assert post(client, "staff_person_create", **sent, role="administrator").status_code == 409
    assert post(client, "staff_person_change", act="promote", name="wu").status_code == 422
    assert User.objects.get(username="chen").role == "finance"
    assert post(client, "staff_person_change", act="deactivate", name="wu").status_code == 409


def test_the_counter_binds_a_representative_and_an_administrator_confirms(town: staff_town.Town) -> None:
    assert town.run
    sent = {"name": "third", "code": "c3"}
    weak = post(as_user("qian"), "staff_person_bind", **sent, password="x" * 5, document="授权书 1")
    assert weak.status_code == 422
    assert "密码太弱" in weak.content.decode()
    assert post(as_user("qian"), "staff_person_bind", **sent, password=staff_town.PASSWORD).status_code == 422
    post(as_user("qian"), "staff_person_bind", **sent, password=staff_town.PASSWORD, document="授权书 1")
    assert people.people(staff_town.SETUP, "third")[0].enterprise_code == "C3"
    assert "要由另一位工作人员确认" in text(as_user("qian"), "staff_bindings")
    assert "等待第二人确认" in text(as_user("wu"), "staff_home")
    assert "授权书 1" in text(as_user("wu"), "staff_bindings")
    assert "待第二人确认" in text(as_user("wu"), "staff_people")
    assert post(as_user("qian"), "staff_binding_decide", name="third", decision="confirmed").status_code == 403
    assert post(as_user("wu"), "staff_binding_decide", name="third", decision="perhaps").status_code == 422
    assert not User.objects.get(username="third").is_active
    key = str(uuid.uuid4())
    for _ in range(2):
        assert post(as_user("wu"), "staff_binding_decide", key=key, name="third", decision="confirmed").status_code == 302
    assert User.objects.get(username="third").is_active
    assert post(as_user("wu"), "staff_binding_decide", name="third", decision="refused", reason="x").status_code == 409


def test_a_representative_who_was_refused_never_logs_in(town: staff_town.Town) -> None:
    assert town.run
    post(as_user("wu"), "staff_person_bind", name="third", code="c3", password=staff_town.PASSWORD, document="授权书 1")
    assert post(as_user("qian"), "staff_binding_decide", name="third", decision="refused", reason="").status_code == 422
    people.create_staff(staff_town.SETUP, "lin", staff_town.PASSWORD, Role.SERVICE, "另一处")
    User.objects.update(has_initial_password=False)
    assert post(as_user("lin"), "staff_binding_decide", name="third", decision="refused", reason="填错").status_code == 403
    assert 'value="refused"' not in text(as_user("lin"), "staff_bindings")
    assert 'value="refused"' in text(as_user("wu"), "staff_bindings")
    assert post(as_user("wu"), "staff_binding_decide", name="third", decision="refused", reason="填错").status_code == 302
    assert not User.objects.get(username="third").is_active
    assert post(as_user("wu"), "staff_person_change", act="reactivate", name="third").status_code == 409


def named(name: str, content: bytes) -> Any:  # noqa: ANN401 - a file of the test client
    return SimpleUploadedFile(name, content)
