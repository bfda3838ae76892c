"""The page on which a person judges a claim: what has to be judged is asked, looked at before it counts, and kept with who judged it."""

import datetime as dt
import uuid
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.server import small_town
from tests.server.delivery_orders import LI, OFFICER, seen_on
from tests.server.test_delivery_claims import DICTIONARY, POLICIES, TEA
from zhida_server.audit import models as audit_models
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import service as delivery
from zhida_server.entitlements import service as entitlements
from zhida_server.ledger import service as ledger
from zhida_server.people import service as people
from zhida_server.people.data import Actor, Role, job_actor
from zhida_server.people.models import User
from zhida_server.registry import service as registry

JUDGED = "town/judged"
SENTENCE = "a long sentence of 2026"

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _town(database: None, tmp_path: Path) -> None:  # noqa: ARG001 - it comes first
    others = {f"policies__{name}": text for name, text in POLICIES.items()}
    catalogue.take_packs(job_actor("setup"), small_town.packs(tmp_path / "packs", **others, registry__enterprise=DICTIONARY))
    base = small_town.BASE.replace("西湖茶叶店,灵隐街道,,5,无", "西湖茶叶店,灵隐街道,,,")
    mapping = ("mapping.yaml", small_town.MAPPING.encode())
    registry.take_import(OFFICER, registry.propose_import(OFFICER, mapping, [("base.csv", base.encode())]).id)
    entitlements.run_now(entitlements.start_run(OFFICER, dt.date(2026, 6, 30)).id)
    today = timezone.localdate()
    ledger.open_budget(LI, f"budget/{today.year}/town", "小镇", [f"town/{name}" for name in POLICIES], today.year, 120_000, key="open")
    for name, role in (("qian", Role.SERVICE), ("zhao", Role.POLICY)):
        people.create_staff(job_actor("setup"), name, SENTENCE, role, "政务中心")
    people.bind_representative(job_actor("setup"), "tea", SENTENCE, "B2")
    User.objects.update(has_initial_password=False)


def as_user(name: str) -> Client:
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(username=name))
    return client


def post(client: Client, address: str, claim: UUID, /, **sent: object) -> Any:  # noqa: ANN401 - an answer of the test client
    return client.post(reverse(address, args=[claim]), {"key": str(uuid.uuid4()), **sent})


def claimed() -> UUID:
    found = delivery.claim(TEA, "B2", JUDGED, {"从业人员": "10"}, on=timezone.localdate(), key="k1").id
    assert found is not None
    return found


def test_what_has_to_be_judged_is_asked_and_looked_at_before_it_counts() -> None:
    claim, client = claimed(), as_user("qian")
    page = client.get(reverse("staff_review", args=[claim])).content.decode()
    assert 'name="told:示范企业"' in page
    assert 'name="told:从业人员" value="10"' in page
    assert "准予发放 ¥" not in page
    looked = post(client, "staff_review", claim, **{"told:示范企业": "true", "told:从业人员": "12"}).content.decode()
    assert "准予发放 ¥500.00" in looked
    assert 'name="told:从业人员" value="12"' in looked
    assert 'value="true" required checked' in looked
    assert "不是符合" not in looked
    wrong = post(client, "staff_review", claim, **{"told:示范企业": "true", "told:从业人员": "很多"})
    assert wrong.status_code == 422
    assert "很多" in wrong.content.decode()
    no = post(client, "staff_review", claim, **{"told:示范企业": "false", "told:从业人员": "12"}).content.decode()
    assert "准予发放 ¥" not in no
    assert delivery.claims_for_review(Actor("qian", Role.SERVICE, "政务中心"))[0].id == claim


def test_a_decision_keeps_what_was_judged_and_is_not_made_on_something_else() -> None:
    claim, client = claimed(), as_user("qian")
    facts = {"told:示范企业": "true", "told:从业人员": "12"}
    seen = seen_on(post(client, "staff_review", claim, **facts).content.decode())
    yes = {"decision": "granted", "reason": "名录在册", "seen": seen}
    missing = post(client, "staff_review_decide", claim, **yes)
    assert missing.status_code == 409
    assert "还没有认定：示范企业" in missing.content.decode()
    assert "名录在册" in missing.content.decode()
    assert post(client, "staff_review_decide", claim, **yes, **facts).status_code == 302
    told = {each.name: each.source for each in registry.told_facts(OFFICER, "B2", purpose="test") if each.replaced_by is None}
    assert told == {"示范企业": "政务中心认定：名录在册", "从业人员": "政务中心认定：名录在册"}
    again = post(as_user("zhao"), "staff_review_decide", claim, **yes, **{"told:示范企业": "true"})
    assert again.status_code == 409
    assert "qian" in again.content.decode()


def test_what_was_changed_after_the_look_is_shown_again_and_granted_then() -> None:
    claim, client = claimed(), as_user("qian")
    shown = post(client, "staff_review", claim, **{"told:示范企业": "true", "told:从业人员": "12"}).content.decode()
    yes, changed = {"decision": "granted", "reason": "名录在册"}, {"told:示范企业": "true", "told:从业人员": "13"}
    for forged in ({}, {"seen": "x"}, {"seen": "50000"}, {"seen": seen_on(shown)}):
        again = post(client, "staff_review_decide", claim, **yes, **changed, **forged)
        assert (again.status_code, "不是刚才看到的" in again.content.decode()) == (409, True)
    assert seen_on(again.content.decode()) != seen_on(shown)
    assert [each.name for each in registry.told_facts(OFFICER, "B2", purpose="test")] == ["从业人员"]
    assert post(client, "staff_review_decide", claim, **yes, **changed, seen=seen_on(again.content.decode())).status_code == 302


def test_what_the_enterprise_stated_is_not_granted_by_when_its_field_was_emptied() -> None:
    claim, client = claimed(), as_user("qian")
    emptied = {"told:示范企业": "true", "told:从业人员": " "}
    page = post(client, "staff_review", claim, **emptied).content.decode()
    assert "还没有核实，不能据此准予" in page
    assert "准予发放 ¥" not in page
    refused = post(client, "staff_review_decide", claim, decision="granted", reason="在册", **emptied)
    assert (refused.status_code, "还没有核实：从业人员" in refused.content.decode()) == (409, True)


def test_looking_at_a_claim_is_recorded_once_and_so_is_deciding_it() -> None:
    claim, client = claimed(), as_user("qian")
    facts = {"told:示范企业": "true", "told:从业人员": "12"}

    def reads() -> int:
        return audit_models.Record.objects.filter(actor="qian", act="enterprise.read", object="B2").count()

    client.get(reverse("staff_review", args=[claim]))
    assert reads() == 1
    seen = seen_on(post(client, "staff_review", claim, **facts).content.decode())
    assert reads() == 2
    post(client, "staff_review_decide", claim, decision="granted", reason="在册", seen="x", **facts)
    assert reads() == 3
    assert post(client, "staff_review_decide", claim, decision="granted", reason="在册", seen=seen, **facts).status_code == 302
    assert reads() == 4


def test_an_enterprise_asks_for_a_review_of_what_only_a_person_can_judge() -> None:
    registry.tell(TEA, "B2", {"从业人员": 10}, source="企业自报", on=dt.date(2026, 6, 30))
    entitlements.run_now(entitlements.start_run(OFFICER, dt.date(2026, 6, 30)).id)
    tea = as_user("tea")
    address = reverse("claim", args=["B2", JUDGED])
    page = tea.get(reverse("enterprise", args=["B2"])).content.decode()
    assert "提请审核" in page
    assert address in page
    got = tea.post(address, {"key": str(uuid.uuid4())}, follow=True)
    assert "等待经办人审核" in got.content.decode()
    assert address not in tea.get(reverse("enterprise", args=["B2"])).content.decode()


def test_the_page_speaks_english_too() -> None:
    client = as_user("qian")
    client.cookies["django_language"] = "en"
    page = client.get(reverse("staff_review", args=[claimed()])).content.decode()
    assert "Judge the facts" in page
    assert "See what it comes to" in page
