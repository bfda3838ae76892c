"""Runs that were overtaken: what was granted beside a run counts, and nothing is promised twice over the end of a year."""

import datetime as dt
from pathlib import Path
from uuid import UUID

import pytest
from django.db import transaction

from tests.house.tree import ROOT
from tests.server import small_town
from tests.server.test_entitlements_runs import SHOP, STACKING
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import orders
from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import OrderState
from zhida_server.entitlements import service
from zhida_server.entitlements.data import GrantRequest
from zhida_server.ledger import service as ledger
from zhida_server.people.data import Actor, Role, job_actor
from zhida_server.registry import service as registry

LI, FINANCE, CLERK = Actor("li", Role.POLICY), Actor("qian", Role.FINANCE), Actor("zhao", Role.SERVICE)
AS_OF, LATER = dt.date(2026, 6, 30), dt.date(2026, 7, 1)
GARDEN, SHOPS, CAP = "town/garden", "town/shop", 120_000

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _town(database: None, tmp_path: Path) -> None:  # noqa: ARG001 - it comes first
    folder = small_town.packs(tmp_path / "packs", policies__shop=SHOP, stacking=STACKING)
    (folder / "national").mkdir()
    (folder / "national/calendar.md").write_bytes((ROOT / "packs/national/calendar.md").read_bytes())
    catalogue.take_packs(job_actor("setup"), folder)
    mapping = ("mapping.yaml", small_town.MAPPING.encode())
    registry.take_import(LI, registry.propose_import(LI, mapping, [("base.csv", small_town.BASE.encode())]).id)
    for policy in (GARDEN, SHOPS):
        ledger.open_budget(FINANCE, f"budget/2026/{policy}", policy, [policy], 2026, 1_000_000, key=policy)


def done(as_of: dt.date = AS_OF) -> UUID:
    return service.run_now(service.start_run(LI, as_of).id).id


def on_notice(run_id: UUID, policy: str) -> list[tuple[str, int]]:
    notice = delivery.grant_lines(delivery.open_notice(LI, run_id, policy, on=LATER).id)
    return [(line.code, line.amount_fen) for line in delivery.notice_lines(notice.id)]


def granted_fen() -> int:
    return sum(each.amount_fen for each in service.entitlements_of(LI, "A1", purpose="test"))


def test_a_claim_and_a_notice_of_an_older_run_stay_within_what_stacking_allows() -> None:
    run_id = done()
    assert sum(line.paid_fen for policy in (GARDEN, SHOPS) for line in service.eligible(run_id, policy)) == CAP
    registry.tell(CLERK, "A1", {"从业人员": 0}, source="统计局", on=LATER)
    claimed = delivery.claim(CLERK, "A1", SHOPS, {}, on=LATER, key="k1")
    assert claimed.amount_fen == granted_fen() == 50_000
    assert [line.paid_fen for line in service.eligible(run_id, GARDEN)] == [100_000]
    assert on_notice(run_id, GARDEN) == []
    registry.tell(CLERK, "A1", {"从业人员": 12}, source="统计局", on=LATER + dt.timedelta(days=1))
    assert on_notice(done(LATER + dt.timedelta(days=1)), GARDEN) == [("A1", CAP - 50_000)]
    assert granted_fen() == CAP


def test_what_the_run_gives_itself_does_not_overtake_it() -> None:
    first = done()
    ordered = service.start_run(LI, AS_OF)
    shop = on_notice(first, SHOPS)
    second = service.run_now(ordered.id).id
    assert on_notice(second, GARDEN) == [(line.code, line.paid_fen) for line in service.eligible(second, GARDEN)] != []
    assert shop
    assert granted_fen() == CAP


def test_what_is_granted_in_january_of_a_run_as_of_december_is_of_the_former_year() -> None:
    december, january = dt.date(2026, 12, 31), dt.date(2027, 1, 5)
    first = done(december)
    (line,) = service.eligible(first, GARDEN)
    with transaction.atomic():
        granted = service.grant_many(job_actor("notice"), first, [GrantRequest(GARDEN, "A1", line.paid_fen)], on=january)
        orders.place("notice", granted, notice_id=None, kind=OrderState.PAYABLE, on=january)
    assert granted[0].period == 2026
    second = done(december)
    assert sum(each.paid_fen for policy in (GARDEN, SHOPS) for each in service.eligible(second, policy)) == CAP - line.paid_fen
    said = service.decide_now(LI, "A1", GARDEN, {}, on=december)
    assert said.paid_fen == 100_000 - line.paid_fen
