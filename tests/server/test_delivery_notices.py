"""Public notices: granted in the order of the registry, resumed where they stopped, objections heard, payable when their days are over."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.house.tree import ROOT
from tests.server.delivery_orders import (
    AUDITOR,
    BUDGET,
    CLERK,
    CODES,
    LI,
    OFFICER,
    POLICY,
    checked,
    grant,
    left,
    open_budget,
    state_of,
    tell_payees,
)
from zhida_server.audit import models as audit_models
from zhida_server.delivery import notices, service, tasks, waiting
from zhida_server.delivery.data import (
    AlreadyDecided,
    NoCalendar,
    NoNotice,
    NotDeliverable,
    Notice,
    NoticeIsOver,
    NoticeState,
    NotUnderstood,
    NotUpheld,
    OrderState,
    RunOvertaken,
)
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import EligibleLine, Entitlement, GrantRequest, NoBudget, RunNotDone, RunState
from zhida_server.ledger import service as ledger
from zhida_server.people.data import Actor, NotAllowed, Role, job_actor

pytestmark = pytest.mark.usefixtures("database")

WEDNESDAY = dt.date(2026, 7, 1)
JOB = job_actor("nightly")


class FoundRun:
    """What a run found, for notices that need nothing else of it."""

    def __init__(self) -> None:
        self.fen = 10_000
        self.codes: Sequence[str] = CODES
        self.state = RunState.DONE
        self.gives, self.delivery = "cash", "免申即享"
        self.stops_after = 10**9
        self.granted_codes = entitlements.granted_codes
        self.grants_alone = entitlements.grants_alone
        self.gone: frozenset[str] = frozenset()
        self.latest: Any = None
        self.pays: Mapping[str, int] = {}

    def take_place(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let notices ask this run instead of the services."""
        for name in ("entitlements", "catalogue", "registry"):
            monkeypatch.setattr(notices, name, self)
        monkeypatch.setattr(waiting, "entitlements", self)

    def run(self, _actor: Actor, id_: UUID) -> Any:  # noqa: ANN401 - as much of a run as is looked at
        return SimpleNamespace(id=id_, state=self.state, as_of=dt.date(2026, 6, 30), packs_sha256="packs")

    def eligible(self, _id: UUID, policy: str) -> Iterator[EligibleLine]:
        assert policy == POLICY
        return (EligibleLine(code, self.fen, self.fen, "免申即享", "第一条", facts="") for code in self.codes)

    def grant_within(
        self, actor: Actor, _run: UUID, requests: Sequence[GrantRequest], *, on: dt.date
    ) -> tuple[tuple[Entitlement, ...], tuple[GrantRequest, ...]]:
        if self.stops_after == 0:
            raise KeyboardInterrupt
        self.stops_after -= 1
        return entitlements.grant_within(actor, None, requests, on=on)

    def latest_run(self) -> Any:  # noqa: ANN401 - as much of a run as is looked at
        return self.latest

    def latest_run_of(self, year: int) -> Any:  # noqa: ANN401 - as much of a run as is looked at
        return None if self.latest is None or self.latest.as_of.year != year else self.latest

    def paid_by(self, run: Any, policy: str) -> Mapping[str, int]:  # noqa: ANN401 - as much of a run as is looked at
        assert (run, policy) == (self.latest, POLICY)
        return self.pays

    def overtaken(self, _run: UUID, policy: str) -> frozenset[str]:
        assert policy == POLICY
        return self.gone

    def packs_of(self, _sha256: str) -> Any:  # noqa: ANN401 - as much of packs as is looked at
        front = SimpleNamespace(gives=self.gives, delivery=self.delivery, title="示例")
        return SimpleNamespace(policies={POLICY: SimpleNamespace(front=front)})

    def current_sha256(self) -> str:
        return "packs"

    def pack_file(self, _sha256: str, path: str) -> bytes:
        return (ROOT / "packs" / path).read_bytes()

    def names_of(self, codes: Sequence[str]) -> dict[str, str]:
        return {code: f"示例企业{code[-1]}" for code in codes}


@pytest.fixture(autouse=True)
def found(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[FoundRun]:  # noqa: ARG001 - the order of fixtures
    open_budget()
    tell_payees()
    run = FoundRun()
    run.take_place(monkeypatch)
    for module in (notices, waiting):
        monkeypatch.setattr(module, "CHUNK", 2)
    yield run
    checked()
    assert ledger.check_books() == ()


def opened(run_id: UUID | None = None, days: int | None = None) -> Notice:
    return service.grant_lines(service.open_notice(OFFICER, run_id or uuid4(), POLICY, on=WEDNESDAY, days=days).id)


def standing(notice: Notice) -> list[str]:
    return [line.state for line in service.notice_lines(notice.id)]


# --- opening and granting ------------------------------------------------------------------------------------------


def test_a_notice_grants_everybody_and_runs_its_working_days() -> None:
    notice = opened()
    assert (notice.state, notice.lines, notice.amount_fen, notice.waiting) == (NoticeState.OPEN, 6, 60_000, 0)
    assert (notice.days, notice.closes_on) == (5, dt.date(2026, 7, 8))
    lines = service.notice_lines(notice.id)
    assert [(line.position, line.code, line.name, line.state) for line in lines[:2]] == [
        (1, CODES[0], "示例企业1", "noticed"),
        (2, CODES[1], "示例企业2", "noticed"),
    ]
    assert left() == 940_000
    assert [line.code for line in service.notice_lines(notice.id, "企业3")] == [CODES[2]]
    assert [line.position for line in service.notice_lines(notice.id, after=4, limit=1)] == [5]
    assert service.notices()[0] == notice


def test_opening_it_again_changes_nothing() -> None:
    run_id = uuid4()
    first = opened(run_id)
    assert opened(run_id, days=9) == first
    assert service.grant_lines(first.id) == first
    assert audit_models.Record.objects.filter(act="entitlement.grant").count() == 6


def test_a_notice_that_was_cut_short_goes_on_where_it_stopped(found: FoundRun) -> None:
    begun = service.open_notice(OFFICER, uuid4(), POLICY, on=WEDNESDAY)
    assert begun.state is NoticeState.GRANTING
    found.stops_after = 1
    with pytest.raises(KeyboardInterrupt):
        service.grant_lines(begun.id)
    halfway = service.notice(begun.id)
    assert (halfway.state, halfway.lines) == (NoticeState.GRANTING, 2)
    found.stops_after = 10**9
    whole = service.grant_lines(begun.id)
    assert (whole.state, whole.lines, left()) == (NoticeState.OPEN, 6, 940_000)
    assert [line.position for line in service.notice_lines(begun.id)] == [1, 2, 3, 4, 5, 6]


def test_a_notice_whose_lines_come_late_runs_its_days_from_then_on() -> None:
    notice = service.open_notice(OFFICER, uuid4(), POLICY, on=WEDNESDAY)
    assert (notice.closes_on, notices.unfinished()) == (dt.date(2026, 7, 8), (notice.id,))
    late = service.grant_lines(notice.id, on=dt.date(2026, 7, 9))
    assert (late.closes_on, notices.unfinished()) == (dt.date(2026, 7, 16), ())
    assert service.close_notices(JOB, dt.date(2026, 7, 10)) == ()
    assert service.object_to(notice.id, CODES[0], "某人", "理由", on=dt.date(2026, 7, 16)).code == CODES[0]
    assert service.grant_lines(notice.id, on=dt.date(2026, 7, 20)).closes_on == dt.date(2026, 7, 16)


def test_the_daily_job_goes_on_with_a_notice_whose_own_job_was_given_up(found: FoundRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zhida_server.delivery.tasks.timezone.localdate", lambda: WEDNESDAY)
    found.stops_after = 1
    notice = service.open_notice(OFFICER, uuid4(), POLICY, on=WEDNESDAY)
    with pytest.raises(KeyboardInterrupt):
        service.grant_lines(notice.id)
    found.stops_after = 10**9
    tasks.close_notices(1)
    assert (service.notice(notice.id).state, service.notice(notice.id).lines) == (NoticeState.OPEN, 6)


def test_the_rest_waits_where_the_budget_is_spent_and_nobody_is_overtaken(found: FoundRun) -> None:
    found.fen = 220_000
    notice = opened()
    assert (notice.lines, notice.waiting, notice.waiting_fen, left()) == (4, 2, 440_000, 120_000)
    assert standing(notice) == ["noticed"] * 4 + ["waiting"] * 2
    assert service.grant_waiting(OFFICER, on=WEDNESDAY) == 0
    ledger.appropriate(LI, BUDGET, 100_000, key="more")
    assert service.grant_waiting(OFFICER, on=WEDNESDAY) == 1
    assert standing(notice) == ["noticed"] * 5 + ["waiting"]
    first = service.notice_lines(notice.id)[0].order_id
    assert first is not None
    service.cancel_order(LI, first, "企业已注销", on=WEDNESDAY)
    assert service.grant_waiting(OFFICER, POLICY, on=WEDNESDAY) == 1
    assert standing(notice) == ["voided"] + ["noticed"] * 5
    assert service.notice(notice.id).amount_fen == 5 * 220_000


def test_who_waited_beyond_the_notice_is_payable_at_once(found: FoundRun) -> None:
    found.fen = 220_000
    notice = opened()
    service.close_notices(JOB, dt.date(2026, 7, 9))
    ledger.appropriate(LI, BUDGET, 400_000, key="more")
    assert service.grant_waiting(JOB, on=dt.date(2026, 7, 10)) == 2
    assert standing(notice) == ["payable"] * 6


def test_another_run_grants_nobody_twice(found: FoundRun) -> None:
    found.codes = CODES[:3]
    first = opened()
    voided = service.notice_lines(first.id)[1].order_id
    assert voided is not None
    service.cancel_order(LI, voided, "更正", on=WEDNESDAY)
    found.codes = CODES
    second = opened()
    assert [line.code for line in service.notice_lines(second.id)] == [CODES[1], *CODES[3:]]
    assert left() == 940_000


def later(found: FoundRun, pays: Mapping[str, int]) -> UUID:
    """Let a later run of the same year be done, which gives something else."""
    found.latest = SimpleNamespace(id=uuid4(), as_of=dt.date(2026, 7, 1))
    found.pays, found.codes = pays, tuple(pays)
    return UUID(str(found.latest.id))


def test_who_waits_moves_to_a_later_notice_in_the_same_order_before_everybody_else(found: FoundRun) -> None:
    found.fen, found.codes = 250_000, CODES[:5]
    first = opened()
    assert (standing(first), left()) == (["noticed"] * 4 + ["waiting"], 0)
    assert waiting.is_waited_for(BUDGET)
    found.codes = (CODES[5], CODES[4], *CODES[:4])
    second = opened(later(found, dict.fromkeys(found.codes, 250_000)))
    assert [(line.position, line.code, line.state) for line in service.notice_lines(second.id)] == [
        (1, CODES[4], "waiting"),
        (2, CODES[5], "waiting"),
    ]
    assert standing(first)[4:] == ["moved"]
    assert (service.notice(first.id).waiting, service.notice(second.id).waiting) == (0, 2)
    ledger.appropriate(LI, BUDGET, 250_000, key="more")
    assert service.grant_waiting(OFFICER, on=WEDNESDAY) == 1
    assert (standing(first)[4:], standing(second)) == (["elsewhere"], ["noticed", "waiting"])


def test_a_later_run_serves_who_waits_in_their_place_where_it_gives_the_same(found: FoundRun) -> None:
    found.fen = 250_000
    notice = opened()
    newer = later(found, {CODES[5]: 250_000})
    assert standing(notice) == ["noticed"] * 4 + ["gone", "waiting"]
    assert (service.notice(notice.id).waiting, service.notice(notice.id).waiting_fen) == (1, 250_000)
    ledger.appropriate(LI, BUDGET, 500_000, key="more")
    granted: list[UUID] = []
    within = found.grant_within
    found.grant_within = lambda actor, run, requests, on: (granted.append(run), within(actor, run, requests, on=on))[1]  # type: ignore[method-assign]
    assert service.grant_waiting(OFFICER, on=WEDNESDAY) == 1
    assert granted == [newer]
    assert (standing(notice)[4:], left(), waiting.is_waited_for(BUDGET)) == (["gone", "noticed"], 250_000, False)


def test_whose_amount_changed_keeps_place_and_money_until_a_notice_says_the_new_one(found: FoundRun) -> None:
    found.fen = 250_000
    first = opened()
    newer = later(found, {CODES[4]: 300_000, CODES[5]: 250_000})
    assert standing(first)[4:] == ["changed", "waiting"]
    assert (service.notice(first.id).waiting, service.notice(first.id).changed) == (1, 1)
    ledger.appropriate(LI, BUDGET, 500_000, key="more")
    assert (service.grant_waiting(OFFICER, on=WEDNESDAY), left()) == (0, 500_000)
    ledger.appropriate(LI, BUDGET, 50_000, key="still more")
    assert (service.grant_waiting(OFFICER, on=WEDNESDAY), standing(first)[4:], left()) == (1, ["changed", "noticed"], 300_000)
    assert waiting.is_waited_for(BUDGET)
    found.fen, found.codes = 300_000, CODES[4:5]
    second = opened(newer)
    assert (standing(first)[4:], standing(second), left()) == (["elsewhere", "noticed"], ["noticed"], 0)
    assert not waiting.is_waited_for(BUDGET)


def test_a_later_notice_overtakes_nobody_who_waits_on_an_earlier_one(found: FoundRun) -> None:
    found.fen, found.codes = 400_000, CODES[:3]
    first = opened()
    assert (standing(first), left()) == (["noticed"] * 2 + ["waiting"], 200_000)
    found.codes = (*CODES[3:], CODES[2])
    newer, found.fen = later(found, {}), 150_000
    found.codes, found.pays = (*CODES[3:], CODES[2]), dict.fromkeys((*CODES[3:], CODES[2]), 150_000)
    assert standing(first)[2:] == ["changed"]
    second = opened(newer)
    assert [(line.code, line.state) for line in service.notice_lines(second.id)] == [
        (CODES[2], "noticed"),
        *((code, "waiting") for code in CODES[3:]),
    ]
    assert (standing(first)[2:], left()) == (["elsewhere"], 50_000)


def test_who_was_overtaken_since_the_run_is_left_to_the_next_and_keeps_nobody_waiting(found: FoundRun) -> None:
    found.fen, found.codes, found.gone = 400_000, CODES[:5], frozenset(CODES[:1])
    notice = opened()
    assert [(line.code, line.state) for line in service.notice_lines(notice.id)] == [
        (CODES[1], "noticed"),
        (CODES[2], "noticed"),
        (CODES[3], "waiting"),
        (CODES[4], "waiting"),
    ]
    found.gone = frozenset(CODES[3:4])
    ledger.appropriate(LI, BUDGET, 200_000, key="more")
    assert service.notice(notice.id).waiting == 1
    assert (service.grant_waiting(OFFICER, on=WEDNESDAY), standing(notice)[2:]) == (1, ["elsewhere", "noticed"])
    assert (service.notice(notice.id).waiting, service.notice(notice.id).waiting_fen) == (0, 0)
    assert not waiting.is_waited_for(BUDGET)


def test_a_notice_is_opened_of_the_latest_run_of_its_year(found: FoundRun) -> None:
    former = uuid4()
    notice = opened(former)
    found.latest = SimpleNamespace(id=uuid4(), as_of=dt.date(2026, 7, 1))
    with pytest.raises(RunOvertaken, match="2026-07-01"):
        opened()
    assert service.open_notice(OFFICER, former, POLICY, on=WEDNESDAY) == notice
    found.latest = SimpleNamespace(id=uuid4(), as_of=dt.date(2027, 1, 4))
    assert opened().state is NoticeState.OPEN


def test_nobody_new_is_an_empty_notice(found: FoundRun) -> None:
    opened()
    again = opened()
    assert (again.state, again.lines, again.waiting) == (NoticeState.OPEN, 0, 0)
    found.codes = ()
    assert opened().state is NoticeState.OPEN


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"gives": "tax"}, NotDeliverable),
        ({"delivery": "申报审核"}, NotDeliverable),
        ({"delivery": "即申即享"}, NotDeliverable),
        ({"state": RunState.RUNNING}, RunNotDone),
    ],
)
def test_what_is_not_paid_without_applying_is_refused(found: FoundRun, change: dict[str, Any], refusal: type[Exception]) -> None:
    for name, value in change.items():
        setattr(found, name, value)
    with pytest.raises(refusal):
        service.open_notice(OFFICER, uuid4(), POLICY, on=WEDNESDAY)


@pytest.mark.parametrize(
    ("days", "on", "refusal"), [(0, WEDNESDAY, NotUnderstood), (61, WEDNESDAY, NotUnderstood), (5, dt.date(2026, 12, 30), NoCalendar)]
)
def test_days_that_nobody_can_count_are_refused(days: int, on: dt.date, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        service.open_notice(OFFICER, uuid4(), POLICY, on=on, days=days)


def test_a_policy_without_a_budget_is_not_put_on_notice(found: FoundRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "run", lambda *_: SimpleNamespace(state=RunState.DONE, as_of=dt.date(2025, 6, 30), packs_sha256="packs"))
    with pytest.raises(NoBudget, match="2025"):
        service.open_notice(OFFICER, uuid4(), POLICY, on=WEDNESDAY)


@pytest.mark.parametrize("actor", [LI, CLERK, AUDITOR, Actor("r", Role.REPRESENTATIVE, "", CODES[0])])
def test_only_the_policy_office_opens_and_decides(actor: Actor) -> None:
    notice = opened()
    objection = service.object_to(notice.id, CODES[0], "某人", "理由", on=WEDNESDAY)
    for act in (
        lambda: service.open_notice(actor, uuid4(), POLICY, on=WEDNESDAY),
        lambda: service.decide_objection(actor, objection.id, is_upheld=True, reason="x", on=WEDNESDAY),
        lambda: service.close_notices(actor, WEDNESDAY),
        lambda: service.grant_waiting(actor, on=WEDNESDAY),
    ):
        with pytest.raises(NotAllowed):
            act()


# --- objections and closing ----------------------------------------------------------------------------------------


def test_what_nobody_objects_to_is_payable_when_the_days_are_over() -> None:
    notice = opened()
    assert service.close_notices(JOB, notice.closes_on) == ()
    assert set(standing(notice)) == {"noticed"}
    assert service.payable(LI) == ()
    (closed,) = service.close_notices(JOB, notice.closes_on + dt.timedelta(days=1))
    assert (closed.state, closed.closed_on) == (NoticeState.CLOSED, dt.date(2026, 7, 9))
    assert set(standing(notice)) == {"payable"}
    assert service.close_notices(JOB, dt.date(2026, 7, 20)) == ()
    (line,) = service.payable(LI)
    assert (line.orders, line.amount_fen, line.title) == (6, 60_000, "示例")


def test_an_upheld_objection_voids_the_grant_and_frees_the_money() -> None:
    notice = opened()
    objection = service.object_to(notice.id, CODES[1], " 张三 13800000000 ", "已经注销\r\n两年", on=WEDNESDAY)
    assert (objection.who, objection.reason, objection.name) == ("张三 13800000000", "已经注销\n两年", "示例企业2")
    assert service.notice(notice.id).open_objections == 1
    decided = service.decide_objection(OFFICER, objection.id, is_upheld=True, reason="属实", on=WEDNESDAY)
    assert (decided.is_upheld, decided.decided_by, left()) == (True, "zhao", 950_000)
    assert service.decide_objection(OFFICER, objection.id, is_upheld=True, reason="属实", on=WEDNESDAY) == decided
    with pytest.raises(AlreadyDecided):
        service.decide_objection(OFFICER, objection.id, is_upheld=False, reason="不属实", on=WEDNESDAY)
    assert standing(notice)[1] == "voided"
    assert (service.notice(notice.id).voided, service.notice(notice.id).amount_fen) == (1, 50_000)
    service.close_notices(JOB, dt.date(2026, 7, 9))
    assert standing(notice) == ["payable", "voided"] + ["payable"] * 4


def test_an_undecided_objection_holds_its_order_back_until_it_is_decided() -> None:
    notice = opened()
    objection = service.object_to(notice.id, CODES[0], "某人", "理由", on=notice.closes_on)
    other = service.object_to(notice.id, CODES[0], "另一人", "别的理由", on=notice.closes_on)
    service.close_notices(JOB, dt.date(2026, 7, 9))
    assert standing(notice) == ["noticed"] + ["payable"] * 5
    service.decide_objection(OFFICER, objection.id, is_upheld=False, reason="查无此事", on=dt.date(2026, 7, 10))
    assert standing(notice)[0] == "noticed"
    service.decide_objection(OFFICER, other.id, is_upheld=False, reason="查无此事", on=dt.date(2026, 7, 10))
    assert standing(notice)[0] == "payable"


def test_an_upheld_objection_to_one_who_waits_means_no_grant_later(found: FoundRun) -> None:
    found.fen = 220_000
    notice = opened()
    objection = service.object_to(notice.id, CODES[4], "某人", "理由", on=WEDNESDAY)
    service.decide_objection(OFFICER, objection.id, is_upheld=True, reason="属实", on=WEDNESDAY)
    ledger.appropriate(LI, BUDGET, 1_000_000, key="more")
    assert service.grant_waiting(OFFICER, on=WEDNESDAY) == 1
    assert standing(notice) == ["noticed"] * 4 + ["objected", "noticed"]


def test_an_upheld_objection_holds_for_the_year_until_somebody_lifts_it(found: FoundRun) -> None:
    first = opened()
    objection = service.object_to(first.id, CODES[1], "某人", "理由", on=WEDNESDAY)
    with pytest.raises(NotUpheld):
        service.lift_objection(OFFICER, objection.id, "误会", on=WEDNESDAY)
    service.decide_objection(OFFICER, objection.id, is_upheld=True, reason="属实", on=WEDNESDAY)
    second = opened()
    assert [(line.code, line.state) for line in service.notice_lines(second.id)] == [(CODES[1], "objected")]
    assert (service.notice(second.id).waiting, service.grant_waiting(OFFICER, on=WEDNESDAY)) == (0, 0)
    assert not waiting.is_waited_for(BUDGET)
    with pytest.raises(NotAllowed):
        service.lift_objection(LI, objection.id, "误会", on=WEDNESDAY)
    with pytest.raises(NotUnderstood):
        service.lift_objection(OFFICER, objection.id, " ", on=WEDNESDAY)
    lifted = service.lift_objection(OFFICER, objection.id, "注销的是同名企业", on=WEDNESDAY)
    assert (lifted.lifted_because, lifted.lifted_by, lifted.lifted_on) == ("注销的是同名企业", "zhao", WEDNESDAY)
    assert service.lift_objection(OFFICER, objection.id, "再说一次", on=WEDNESDAY) == lifted
    assert audit_models.Record.objects.filter(act="objection.lift").count() == 1
    assert standing(second) == ["waiting"]
    assert service.grant_waiting(OFFICER, on=WEDNESDAY) == 1
    assert (standing(first)[1], standing(second), left()) == ("voided", ["noticed"], 940_000)
    service.close_notices(JOB, dt.date(2026, 7, 9))
    assert standing(second) == ["payable"]
    found.codes = ()


def test_who_waited_and_was_rightly_objected_to_is_paid_once_that_is_lifted(found: FoundRun) -> None:
    found.fen = 220_000
    notice = opened()
    objection = service.object_to(notice.id, CODES[5], "某人", "理由", on=WEDNESDAY)
    service.decide_objection(OFFICER, objection.id, is_upheld=True, reason="属实", on=WEDNESDAY)
    service.close_notices(JOB, dt.date(2026, 7, 9))
    ledger.appropriate(LI, BUDGET, 1_000_000, key="more")
    service.lift_objection(OFFICER, objection.id, "查清了", on=dt.date(2026, 7, 10))
    assert service.grant_waiting(OFFICER, on=dt.date(2026, 7, 10)) == 2
    assert standing(notice) == ["payable"] * 6


def test_an_upheld_objection_voids_what_was_granted_by_another_way(found: FoundRun) -> None:
    found.fen = 220_000
    first = opened()
    (order,) = grant(CODES[4:5], 100_000)
    objection = service.object_to(first.id, CODES[4], "某人", "理由", on=WEDNESDAY)
    service.decide_objection(OFFICER, objection.id, is_upheld=True, reason="属实", on=WEDNESDAY)
    assert (state_of(order.id), left()) == (OrderState.VOIDED, 120_000)


def test_the_same_objection_twice_is_one() -> None:
    notice = opened()
    first = service.object_to(notice.id, CODES[0], "某人", "理由", on=WEDNESDAY)
    assert service.object_to(notice.id, CODES[0], "某人", "理由", on=WEDNESDAY) == first
    assert service.objections(OFFICER, notice.id, is_open=True) == (first,)
    assert service.objections(OFFICER, uuid4()) == ()


def test_objections_come_in_time_and_to_a_line() -> None:
    notice = opened()
    with pytest.raises(NoNotice):
        service.object_to(notice.id, "91330100MA000000X9", "某人", "理由", on=WEDNESDAY)
    with pytest.raises(NoNotice):
        service.object_to(uuid4(), CODES[0], "某人", "理由", on=WEDNESDAY)
    with pytest.raises(NoticeIsOver, match="2026-07-08"):
        service.object_to(notice.id, CODES[0], "某人", "理由", on=dt.date(2026, 7, 9))
    with pytest.raises(NoticeIsOver):
        service.object_to(notice.id, CODES[0], "某人", "理由", on=dt.date(2026, 6, 30))


@pytest.mark.parametrize(
    ("who", "reason"),
    [("", "理由"), ("某人", "  "), ("某人", "长" * 2_001), ("某\x00人", "理由"), ("某人\n另一人", "理由"), ("长" * 201, "理由")],
)
def test_words_have_limits(who: str, reason: str) -> None:
    notice = opened()
    with pytest.raises(NotUnderstood):
        service.object_to(notice.id, CODES[0], who, reason, on=WEDNESDAY)


def test_a_voided_order_stays_voided_when_an_objection_to_it_is_dismissed() -> None:
    notice = opened()
    first = service.notice_lines(notice.id)[0].order_id
    assert first is not None
    objection = service.object_to(notice.id, CODES[0], "某人", "理由", on=WEDNESDAY)
    service.cancel_order(LI, first, "企业已注销", on=WEDNESDAY)
    service.close_notices(JOB, dt.date(2026, 7, 9))
    service.decide_objection(OFFICER, objection.id, is_upheld=False, reason="查无此事", on=dt.date(2026, 7, 10))
    assert state_of(first) is OrderState.VOIDED
