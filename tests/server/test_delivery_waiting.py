"""Who waits for money keeps their place through later runs, by real runs: served first, in order, where still eligible."""

import datetime as dt
from pathlib import Path
from uuid import UUID

import pytest

from tests.house.tree import ROOT
from tests.server import small_town
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import service as delivery
from zhida_server.delivery import waiting
from zhida_server.delivery.data import BudgetSpent, Notice
from zhida_server.entitlements import service as entitlements
from zhida_server.ledger import service as ledger
from zhida_server.people.data import Actor, Role, job_actor
from zhida_server.registry import service as registry

LI, FINANCE, CLERK = Actor("li", Role.POLICY), Actor("qian", Role.FINANCE), Actor("zhao", Role.SERVICE)
AS_OF, LATER, LATEST = dt.date(2026, 6, 30), dt.date(2026, 7, 1), dt.date(2026, 7, 2)
GARDEN, LAMPS, BUDGET = "town/garden", "town/lamps", "budget/2026/town"
BY_SIZE = "if not(可补助) then 0 else if 从业人员 >= 200 then 2000 else 1000"
POLICY = small_town.POLICY.replace("if 可补助 and 从业人员 > 0 then 1000 else 0", BY_SIZE).split("## 例")[0]
AT_ONCE = POLICY.replace(GARDEN, LAMPS).replace("花园补助", "路灯补助").replace("免申即享", "即申即享")
CODES = ("A1", "B2", "C3", "D4", "E5")

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _town(database: None, tmp_path: Path) -> None:  # noqa: ARG001 - it comes first
    folder = small_town.packs(tmp_path / "packs", POLICY, policies__lamps=AT_ONCE)
    (folder / "national").mkdir()
    (folder / "national/calendar.md").write_bytes((ROOT / "packs/national/calendar.md").read_bytes())
    catalogue.take_packs(job_actor("setup"), folder)
    rows = "".join(f"{code},第{code}企业,湖墅街道,100,1,国产\n" for code in CODES)
    base = small_town.BASE.splitlines(keepends=True)[0] + rows
    mapping = ("mapping.yaml", small_town.MAPPING.encode())
    registry.take_import(LI, registry.propose_import(LI, mapping, [("base.csv", base.encode())]).id)
    ledger.open_budget(FINANCE, BUDGET, "小镇", [GARDEN, LAMPS], 2026, 250_000, key="open")


def done(as_of: dt.date) -> UUID:
    return entitlements.run_now(entitlements.start_run(LI, as_of).id).id


def on_notice(run_id: UUID, on: dt.date) -> Notice:
    return delivery.grant_lines(delivery.open_notice(LI, run_id, GARDEN, on=on).id)


def lines(notice: Notice) -> list[tuple[str, int, str]]:
    return [(line.code, line.amount_fen, line.state) for line in delivery.notice_lines(notice.id)]


def people_of(code: str, number: int, on: dt.date = LATER) -> None:
    registry.tell(CLERK, code, {"从业人员": number}, source="统计局", on=on)


def test_a_later_run_serves_in_the_same_order_and_leaves_out_who_is_not_eligible_any_more() -> None:
    first = on_notice(done(AS_OF), LATER)
    assert [state for *_, state in lines(first)] == ["noticed", "noticed", "waiting", "waiting", "waiting"]
    people_of("C3", 300)  # not eligible any more
    newer = done(LATER)
    assert [state for *_, state in lines(first)] == ["noticed", "noticed", "gone", "waiting", "waiting"]
    ledger.appropriate(FINANCE, BUDGET, 60_000, key="more")
    assert delivery.grant_waiting(LI, on=LATER) == 1
    assert [state for *_, state in lines(first)] == ["noticed", "noticed", "gone", "noticed", "waiting"]
    order = delivery.notice_lines(first.id)[3].order_id
    assert order is not None
    assert entitlements.entitlement(LI, order, purpose="test").run_id == newer
    explained = entitlements.explain(LI, "D4", GARDEN, purpose="test", run_id=newer)
    assert explained.differences == ()


def test_another_amount_goes_on_notice_anew_in_the_place_that_was_held() -> None:
    first = on_notice(done(AS_OF), LATER)
    people_of("C3", 200)
    newer = done(LATER)
    assert lines(first)[2:] == [("C3", 100_000, "changed"), ("D4", 100_000, "waiting"), ("E5", 100_000, "waiting")]
    ledger.appropriate(FINANCE, BUDGET, 160_000, key="more")  # 210,000 are free: C3's 200,000 stay aside, D4 does not fit behind them
    assert delivery.grant_waiting(LI, on=LATER) == 0
    with pytest.raises(BudgetSpent):
        delivery.claim(CLERK, "E5", LAMPS, {}, on=LATER, key="k1")
    second = on_notice(newer, LATER)
    assert lines(second) == [("C3", 200_000, "noticed"), ("D4", 100_000, "waiting"), ("E5", 100_000, "waiting")]
    assert [state for *_, state in lines(first)] == ["noticed", "noticed", "elsewhere", "moved", "moved"]
    third = on_notice(done(LATEST), LATEST)
    ledger.appropriate(FINANCE, BUDGET, 190_000, key="enough")
    assert delivery.grant_waiting(LI, on=LATEST) == 2
    assert [state for *_, state in lines(third)] == ["noticed", "noticed"]
    assert not waiting.is_waited_for(BUDGET)
    assert ledger.check_books() == ()


def test_a_notice_of_a_later_run_that_is_cut_short_loses_nobodys_place() -> None:
    first = on_notice(done(AS_OF), LATER)
    begun = delivery.open_notice(LI, done(LATER), GARDEN, on=LATER)
    assert [each.code for each in waiting.waiters(BUDGET)] == ["C3", "D4", "E5"]
    ledger.appropriate(FINANCE, BUDGET, 50_000, key="more")
    assert delivery.grant_waiting(LI, on=LATER) == 1  # on the earlier notice, while the later one is not written
    delivery.grant_lines(begun.id)
    assert lines(begun) == [("D4", 100_000, "waiting"), ("E5", 100_000, "waiting")]
    assert [state for *_, state in lines(first)] == ["noticed", "noticed", "noticed", "moved", "moved"]
    assert [each.notice for each in waiting.waiters(BUDGET)] == [begun.id] * 2
