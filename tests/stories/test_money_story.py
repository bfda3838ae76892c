"""From an import to the bank's return file: days in a small town, committed for real, in which every fen can be followed to its article."""

import csv
import datetime as dt
import io
from pathlib import Path
from uuid import UUID

import pytest

from tests.house.tree import ROOT
from tests.server import small_town
from tests.server.conftest import own_database, server  # noqa: F401 - fixtures
from zhida.assess.assessment import Outcome
from zhida_server.audit import service as audit
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import bank_files, service
from zhida_server.delivery.data import BatchState, NothingPayable, NoticeState, NotInThatState, OrderState, ReturnRefused, TwoPersons
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import EntitlementState
from zhida_server.ledger import service as ledger
from zhida_server.ledger.data import State, yuan
from zhida_server.people.data import Actor, Role, job_actor
from zhida_server.registry import service as registry

ZHAO = Actor("zhao", Role.POLICY, "经信局")
LI, WANG = Actor("li", Role.FINANCE, "财政局"), Actor("wang", Role.FINANCE, "财政局")
SUN = Actor("sun", Role.AUDITOR)
TEA = Actor("tea", Role.REPRESENTATIVE, "", "E11")
NIGHT = job_actor("nightly")
POLICY, BUDGET = "town/garden", "budget/2026/town/garden"
AS_OF, MONDAY = dt.date(2026, 9, 18), dt.date(2026, 9, 21)
GIVEN = 100_000  # what the policy gives, in fen

FIRMS = "代码,名称,街道,人数,收入,设施\n" + "".join(
    f"E{number:02},小镇企业{number:02},湖墅街道,{'' if number == 11 else 400 if number == 12 else number},100,国产\n"
    for number in range(1, 13)
)


@pytest.fixture(autouse=True)
def town(own_database: str, tmp_path: Path) -> None:  # noqa: F811, ARG001 - the fixture that is imported, first
    folder = small_town.packs(tmp_path / "packs")
    (folder / "national").mkdir()
    (folder / "national/calendar.md").write_bytes((ROOT / "packs/national/calendar.md").read_bytes())
    catalogue.take_packs(job_actor("setup"), folder)


def state_of(order_id: UUID) -> OrderState:
    return service.order(SUN, order_id, purpose="story").state


def answered(content: bytes, results: dict[str, str]) -> bytes:
    """Return what the bank answers to its file: a result by enterprise, paid where nothing is said."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    head = {name: place for place, name in enumerate(rows[0])}
    lines = [",".join(bank_files.READ)]
    for row in rows[1:]:
        result = results.get(row[head["企业代码"]], "成功")
        lines.append(
            f"{row[head['批次号']]},{row[head['支付编号']]},{row[head['金额（元）']]},{result},{'账号不符' if result == '失败' else ''}"
        )
    return "\r\n".join(lines).encode("gb18030")


def test_from_an_import_to_the_money_and_back_to_the_article() -> None:
    # Friday: files come in, are looked at, are taken; everybody is decided
    proposed = registry.propose_import(ZHAO, ("mapping.yaml", small_town.MAPPING.encode()), [("base.csv", FIRMS.encode())])
    assert registry.enterprises(ZHAO) == ()
    registry.take_import(ZHAO, proposed.id)
    run = entitlements.run_now(entitlements.start_run(ZHAO, AS_OF).id)
    tally = next(each for each in entitlements.tallies(ZHAO, run.id) if each.policy == POLICY)
    assert (tally.outcomes["ELIGIBLE"], tally.paid_fen) == (10, 10 * GIVEN)

    # Monday: there is money for eight; finance opens the budget, the policy office the notice
    ledger.open_budget(LI, BUDGET, "花园补助", [POLICY], 2026, 8 * GIVEN + 1, key="open")
    notice = service.grant_lines(service.open_notice(ZHAO, run.id, POLICY, on=MONDAY).id)
    assert (notice.state, notice.lines, notice.amount_fen, notice.waiting) == (NoticeState.OPEN, 8, 8 * GIVEN, 2)
    assert notice.closes_on == dt.date(2026, 9, 29)  # over the Mid-autumn Festival
    lines = service.notice_lines(notice.id)
    assert [(line.name, line.state) for line in lines[7:]] == [
        ("小镇企业08", "noticed"),
        ("小镇企业09", "waiting"),
        ("小镇企业10", "waiting"),
    ]

    # Tuesday: somebody objects, rightly; somebody else does not; the money that is free goes to who waited first
    objection = service.object_to(notice.id, "E03", "邻居", "这家没有花园", on=dt.date(2026, 9, 22))
    idle = service.object_to(notice.id, "E05", "同行", "凭什么", on=dt.date(2026, 9, 29))
    service.decide_objection(ZHAO, objection.id, is_upheld=True, reason="现场核实没有花园", on=dt.date(2026, 9, 23))
    assert service.grant_waiting(ZHAO, on=dt.date(2026, 9, 23)) == 1
    assert service.notice(notice.id).waiting == 1

    # the notice runs out: all but the one with an open objection are payable
    assert service.close_notices(NIGHT, dt.date(2026, 9, 29)) == ()
    (closed,) = service.close_notices(NIGHT, dt.date(2026, 9, 30))
    assert closed.state is NoticeState.CLOSED
    states = {line.code: line.state for line in service.notice_lines(notice.id)}
    assert states == {"E03": "voided", "E05": "noticed", "E10": "waiting"} | {f"E{each:02}": "payable" for each in (1, 2, 4, 6, 7, 8, 9)}
    service.decide_objection(ZHAO, idle.id, is_upheld=False, reason="没有依据", on=dt.date(2026, 9, 30))

    # one firm is gone: its order is cancelled, and the last one who waits is served
    gone = next(line.order_id for line in lines if line.code == "E01")
    assert gone is not None
    service.cancel_order(LI, gone, "企业已注销", on=dt.date(2026, 9, 30))
    assert ledger.transaction(gone).state is State.VOIDED
    assert service.grant_waiting(NIGHT, on=dt.date(2026, 9, 30)) == 1

    # one firm was never decided, because nobody knew how many people it has: it says so, and is granted at once where there is money
    (question,) = service.claim_questions(TEA, "E11", POLICY, on=dt.date(2026, 9, 30))
    assert question.name == "从业人员"
    ledger.appropriate(LI, BUDGET, GIVEN, key="more")
    claimed = service.claim(TEA, "E11", POLICY, {"从业人员": "25"}, on=dt.date(2026, 9, 30), key="form-1")
    assert (claimed.outcome, claimed.amount_fen) == (Outcome.ELIGIBLE, GIVEN)

    paid_out(notice.id)
    followed()


def paid_out(notice_id: UUID) -> None:
    """Pay what is payable: made by one, signed by another, answered by the bank; what failed is paid by a second batch."""
    on = dt.date(2026, 10, 8)
    for number in range(1, 13):
        service.set_payee(LI, f"E{number:02}", f"小镇企业{number:02}", "小镇银行", f"62220000{number:08}", on=on, document="开户证明 1")
    made = service.make_batch(LI, POLICY, on=on)
    assert (made.count, made.amount_fen) == (9, 9 * GIVEN)
    with pytest.raises(TwoPersons):
        service.sign_batch(LI, made.id, on=on)
    service.sign_batch(WANG, made.id, on=on)
    _, content = service.bank_file(LI, made.id)
    back = answered(content, {"E07": "失败"})
    with pytest.raises(ReturnRefused):
        service.load_return(LI, made.id, "改过的.csv", back.replace(b"1000.00", b"1000.01", 1), on=on)
    found = service.load_return(LI, made.id, "回盘.csv", back, on=on)
    assert (found.paid, found.failed) == (8, 1)

    # nothing can be paid twice: not by the same file, not by another batch, not by cancelling what was paid
    assert service.load_return(LI, made.id, "回盘.csv", back, on=on).is_repeated
    second = service.make_batch(LI, on=on)
    assert [line.code for line in second.lines] == ["E07"]
    with pytest.raises(NothingPayable):
        service.make_batch(LI, on=on)
    with pytest.raises(NotInThatState):
        service.cancel_order(LI, made.lines[0].order_id, "太迟", on=on)
    service.sign_batch(WANG, second.id, on=on)
    _, content = service.bank_file(LI, second.id)
    service.load_return(LI, second.id, "回盘2.csv", answered(content, {}), on=on)
    assert {each.state for each in service.batches(SUN)} == {BatchState.RECONCILED}
    assert {line.state for line in service.notice_lines(notice_id)} == {"paid", "voided"}


def followed() -> None:
    """Follow each line of each bank file back to the article, as an auditor does; then let the books speak."""
    total = 0
    for batch in service.batches(SUN):
        for line in service.batch(SUN, batch.id).lines:
            if line.outcome != "paid":
                continue
            order = service.order(SUN, line.order_id, purpose="audit")
            granted = entitlements.entitlement(SUN, line.order_id, purpose="audit")
            money = ledger.transaction(line.order_id)
            assert (order.state, granted.state, money.state) == (OrderState.PAID, EntitlementState.PAID, State.POSTED)
            assert order.amount_fen == granted.amount_fen == line.amount_fen == money.postings[0].debit_fen == GIVEN
            assert granted.article == "第二条"
            if granted.run_id is not None:
                why = entitlements.explain(SUN, line.code, POLICY, purpose="audit", run_id=granted.run_id, language="zh")
                assert (why.assessment.amount_fen, why.article, why.differences) == (GIVEN, "第二条", ())
                assert granted.decision["policy_sha256"] == why.policy_sha256
            total += line.amount_fen
    (budget,) = ledger.budgets(SUN)
    assert (budget.paid_fen, budget.reserved_fen, budget.available_fen) == (total, 0, 9 * GIVEN + 1 - total)
    assert yuan(total) == "9000.00"
    assert ledger.check_books() == ()
    assert audit.verify().faults == ()
