"""Who waits for money keeps their place through later runs, by real runs: served first, in order, where still eligible."""

import datetime as dt
from pathlib import Path
from uuid import UUID

import pytest

from tests.house.tree import ROOT
from tests.server import small_town
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import orders, waiting
from zhida_server.delivery import service as delivery
from zhida_server.delivery.data import BudgetSpent, Notice, OrderState
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import GrantRequest
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


# --- places that are kept, and places that are lost ------------------------------------------------------------------


def waiting_codes() -> list[str]:
    return [each.code for each in waiting.waiters(BUDGET)]


def granted_beside(code: str) -> UUID:
    """Grant the garden to an enterprise by another way than a notice; returns the order."""
    requests = [GrantRequest(GARDEN, code, 100_000, "第一条", {"outcome": "ELIGIBLE", "title": "花园补助"})]
    granted = entitlements.grant_many(LI, None, requests, on=LATER)
    orders.place(LI.name, granted, notice_id=None, kind=OrderState.PAYABLE, on=LATER)
    return granted[0].id


def test_a_place_is_lost_once_a_complete_notice_left_out_who_is_given_nothing() -> None:
    on_notice(done(AS_OF), LATER)
    people_of("C3", 300)
    second = on_notice(done(LATER), LATER)  # C3 is not eligible
    assert [code for code, *_ in lines(second)] == ["D4", "E5"]
    people_of("C3", 100, LATEST)
    third = on_notice(done(LATEST), LATEST)
    assert ([code for code, *_ in lines(third)], waiting_codes()) == (["D4", "E5", "C3"], ["D4", "E5", "C3"])
    fourth = on_notice(done(LATEST), LATEST)
    assert ([code for code, *_ in lines(fourth)], waiting_codes()) == (["D4", "E5", "C3"], ["D4", "E5", "C3"])


def test_a_place_is_kept_by_whom_no_notice_left_out_though_a_run_between_gave_nothing() -> None:
    on_notice(done(AS_OF), LATER)
    people_of("C3", 300)
    done(LATER)
    people_of("C3", 100, LATEST)
    assert [code for code, *_ in lines(on_notice(done(LATEST), LATEST))] == ["C3", "D4", "E5"]


def test_a_place_is_kept_by_whom_a_notice_left_out_because_another_grant_had_overtaken_its_run(monkeypatch: pytest.MonkeyPatch) -> None:
    on_notice(done(AS_OF), LATER)
    newer = done(LATER)
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(entitlements, "overtaken", lambda *_: frozenset({"C3"}))
        assert [code for code, *_ in lines(on_notice(newer, LATER))] == ["D4", "E5"]
    third = on_notice(done(LATEST), LATEST)
    assert ([code for code, *_ in lines(third)], waiting_codes()) == (["C3", "D4", "E5"], ["C3", "D4", "E5"])


def test_who_was_served_meanwhile_begins_at_the_end_and_is_not_served_by_the_notice_where_it_waited() -> None:
    first = on_notice(done(AS_OF), LATER)
    ledger.appropriate(FINANCE, BUDGET, 50_000, key="more")
    order = granted_beside("C3")
    assert waiting_codes() == ["D4", "E5"]
    delivery.cancel_order(FINANCE, order, "材料不实", on=LATER)
    assert (lines(first)[2], waiting_codes()) == (("C3", 100_000, "elsewhere"), ["D4", "E5"])
    assert delivery.grant_waiting(LI, on=LATER) == 1
    assert [state for *_, state in lines(first)] == ["noticed", "noticed", "elsewhere", "noticed", "waiting"]
    second = on_notice(done(LATEST), LATEST)
    assert ([code for code, *_ in lines(second)], waiting_codes()) == (["E5", "C3"], ["E5", "C3"])


def test_what_was_granted_and_voided_before_a_notice_takes_no_place_on_it() -> None:
    delivery.cancel_order(FINANCE, granted_beside("D4"), "更正", on=LATER)
    first = on_notice(done(AS_OF), LATER)
    assert (lines(first)[3], waiting_codes()) == (("D4", 100_000, "waiting"), ["C3", "D4", "E5"])


def test_a_claim_fits_beside_those_whose_amount_changed_and_takes_nothing_of_theirs() -> None:
    on_notice(done(AS_OF), LATER)
    for code in ("C3", "D4", "E5"):
        people_of(code, 200)
    newer = done(LATER)
    ledger.appropriate(FINANCE, BUDGET, 650_000, key="more")  # 700,000 are free, 600,000 stay aside
    assert delivery.claim(CLERK, "A1", LAMPS, {}, on=LATER, key="k1").amount_fen == 100_000
    with pytest.raises(BudgetSpent):
        delivery.claim(CLERK, "B2", LAMPS, {}, on=LATER, key="k2")
    assert [state for *_, state in lines(on_notice(newer, LATER))] == ["noticed"] * 3
    with pytest.raises(BudgetSpent):  # by the ledger: nobody waits any more
        delivery.claim(CLERK, "B2", LAMPS, {}, on=LATER, key="k2")
    ledger.appropriate(FINANCE, BUDGET, 100_000, key="still more")
    assert delivery.claim(CLERK, "B2", LAMPS, {}, on=LATER, key="k2").amount_fen == 100_000


def test_a_claim_does_not_fit_beside_one_who_could_be_served_however_much_there_is() -> None:
    on_notice(done(AS_OF), LATER)
    people_of("C3", 200)
    done(LATER)
    ledger.appropriate(FINANCE, BUDGET, 10_000_000, key="more")
    with pytest.raises(BudgetSpent, match="有人在先等候"):
        delivery.claim(CLERK, "A1", LAMPS, {}, on=LATER, key="k1")
    assert delivery.grant_waiting(LI, on=LATER) == 2
    assert delivery.claim(CLERK, "A1", LAMPS, {}, on=LATER, key="k1").amount_fen == 100_000
