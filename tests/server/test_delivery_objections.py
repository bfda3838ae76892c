"""Objections and money that is on its way: nothing is paid, let go or granted at once while one stands, on whatever notice it was made."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from tests.server.delivery_orders import (
    BUDGET,
    CODES,
    LI,
    OFFICER,
    POLICY,
    WANG,
    checked,
    grant,
    left,
    open_budget,
    resent_batch,
    return_file,
    state_of,
    tell_payees,
)
from tests.server.test_delivery_notices import JOB, WEDNESDAY, FoundRun, later, opened, standing
from zhida_server.delivery import service
from zhida_server.delivery.data import BatchIsBarred, BatchState, NothingPayable, Notice, Objection, OrderState
from zhida_server.ledger import service as ledger

pytestmark = pytest.mark.usefixtures("database")

OTHER = CODES[4]
"""It waits on the notice, and is granted something by another way."""


@pytest.fixture(autouse=True)
def found(database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[FoundRun]:  # noqa: ARG001 - the order of fixtures
    open_budget()
    tell_payees()
    run = FoundRun()
    run.take_place(monkeypatch)
    run.fen = 220_000
    yield run
    checked()
    assert ledger.check_books() == ()


def objected(notice: Notice, code: str = OTHER) -> UUID:
    return service.object_to(notice.id, code, "某人", "理由", on=WEDNESDAY).id


def decided(objection: UUID, *, is_upheld: bool) -> Objection:
    return service.decide_objection(OFFICER, objection, is_upheld=is_upheld, reason="查过了", on=WEDNESDAY)


# --- in a batch ----------------------------------------------------------------------------------------------------


def test_a_batch_is_not_signed_once_an_objection_to_something_in_it_was_upheld() -> None:
    notice = opened()
    own, other = grant(CODES[5:], 20_000)[0].id, grant([OTHER], 100_000)[0].id
    made = service.make_batch(LI, on=WEDNESDAY)
    upheld = decided(objected(notice), is_upheld=True)
    assert (upheld.batch, upheld.too_late, state_of(other), left()) == (made.number, "", OrderState.BATCHED, 0)
    place = next(line.number for line in made.lines if line.order_id == other)
    with pytest.raises(BatchIsBarred, match=f"lines {place} of batch {made.number} were upheld"):
        service.sign_batch(WANG, made.id, on=WEDNESDAY)
    assert service.batch(LI, made.id).state is BatchState.MADE
    service.withdraw_batch(LI, made.id, "有异议成立", on=WEDNESDAY)
    assert (state_of(own), state_of(other), left()) == (OrderState.PAYABLE, OrderState.VOIDED, 100_000)
    assert service.objection(OFFICER, upheld.id).batch == ""
    again = service.make_batch(LI, on=WEDNESDAY)
    assert [line.order_id for line in again.lines] == [own]
    assert service.sign_batch(WANG, again.id, on=WEDNESDAY).state is BatchState.SIGNED


def test_a_batch_can_be_signed_again_once_the_upheld_objection_is_lifted() -> None:
    notice = opened()
    grant([OTHER], 100_000)
    made = service.make_batch(LI, on=WEDNESDAY)
    upheld = decided(objected(notice), is_upheld=True)
    service.lift_objection(OFFICER, upheld.id, "误会", on=WEDNESDAY)
    assert service.sign_batch(WANG, made.id, on=WEDNESDAY).state is BatchState.SIGNED


def test_what_nobody_has_decided_is_neither_put_into_a_batch_nor_signed() -> None:
    notice = opened()
    (order,) = grant([OTHER], 100_000)
    made = service.make_batch(LI, on=WEDNESDAY)
    objection = objected(notice)
    with pytest.raises(BatchIsBarred, match="are not decided"):
        service.sign_batch(WANG, made.id, on=WEDNESDAY)
    service.withdraw_batch(LI, made.id, "等认定", on=WEDNESDAY)
    assert state_of(order.id) is OrderState.PAYABLE
    with pytest.raises(NothingPayable):
        service.make_batch(LI, on=WEDNESDAY)
    decided(objection, is_upheld=False)
    again = service.make_batch(LI, on=WEDNESDAY)
    assert service.sign_batch(WANG, again.id, on=WEDNESDAY).count == 1


def test_what_the_bank_has_is_paid_and_what_it_sends_back_is_void() -> None:
    notice = opened()
    paid, failed = grant([OTHER], 60_000)[0].id, grant(CODES[5:], 60_000)[0].id
    sent = resent_batch()
    for code in (OTHER, CODES[5]):
        upheld = decided(objected(notice, code), is_upheld=True)
        assert (upheld.batch, upheld.too_late) == ("", sent.number)
    assert {state_of(paid), state_of(failed)} == {OrderState.BATCHED}
    results = ["成功" if line.order_id == paid else "失败" for line in sent.lines]
    service.load_return(LI, sent.id, "回盘.csv", return_file(sent, *results, reason="账号不符"), on=WEDNESDAY)
    assert (state_of(paid), state_of(failed), left()) == (OrderState.PAID, OrderState.VOIDED, 60_000)
    assert {each.code: each.too_late for each in service.objections(OFFICER)} == {OTHER: sent.number, CODES[5]: ""}
    with pytest.raises(NothingPayable):
        service.make_batch(LI, on=WEDNESDAY)


def test_what_failed_for_the_third_time_is_void_and_not_held_where_an_objection_was_upheld() -> None:
    notice = opened()
    (order,) = grant([OTHER], 60_000)
    for each in range(3):
        sent = resent_batch()
        if each == 2:  # the bank has it for the third time
            decided(objected(notice), is_upheld=True)
        service.load_return(LI, sent.id, "回盘.csv", return_file(sent, "失败", reason=f"第 {each} 次"), on=WEDNESDAY)
    assert (state_of(order.id), left()) == (OrderState.VOIDED, 120_000)


# --- who waits moves, and the objection with them ------------------------------------------------------------------


def moved(found: FoundRun) -> tuple[Notice, Notice, UUID]:
    """Let somebody to whom an objection was made wait on one notice, and be granted on a later one; returns both, and the objection."""
    first = opened()
    assert standing(first)[4:] == ["waiting", "waiting"]
    objection = objected(first)
    ledger.appropriate(LI, BUDGET, 1_000_000, key="more")
    newer = later(found, dict.fromkeys(CODES[4:], 220_000))
    second = opened(newer)
    assert (standing(first)[4:], standing(second)) == (["elsewhere"] * 2, ["noticed"] * 2)
    return first, second, objection


def test_an_undecided_objection_holds_back_who_moved_to_a_later_notice_until_it_is_decided(found: FoundRun) -> None:
    first, second, objection = moved(found)
    after = service.notice(second.id).closes_on.replace(day=20)
    assert len(service.close_notices(JOB, after)) == len((first, second))
    assert standing(second) == ["noticed", "payable"]
    assert OTHER not in {line.code for line in service.make_batch(LI, on=after).lines}
    decided(objection, is_upheld=False)
    assert standing(second) == ["payable", "batched"]
    assert [line.code for line in service.make_batch(LI, on=after).lines] == [OTHER]


def test_an_objection_that_is_upheld_on_an_earlier_notice_voids_what_a_later_one_granted(found: FoundRun) -> None:
    _, second, objection = moved(found)
    service.close_notices(JOB, second.closes_on.replace(day=20))
    decided(objection, is_upheld=True)
    assert standing(second) == ["voided", "payable"]


def test_who_is_objected_to_on_two_notices_waits_for_both_decisions(found: FoundRun) -> None:
    _, second, objection = moved(found)
    another = objected(second)
    service.close_notices(JOB, second.closes_on.replace(day=20))
    decided(another, is_upheld=False)
    assert standing(second) == ["noticed", "payable"]
    decided(objection, is_upheld=False)
    assert standing(second) == ["payable", "payable"]


# --- a notice whose run was overtaken ------------------------------------------------------------------------------


def test_a_notice_whose_run_was_overtaken_while_it_was_drawn_up_grants_only_what_the_later_run_gives(found: FoundRun) -> None:
    begun = service.open_notice(OFFICER, uuid4(), POLICY, on=WEDNESDAY)
    codes = found.codes
    found.gone = frozenset(CODES[:1])  # granted something else beside the run meanwhile
    later(found, {CODES[1]: 220_000, CODES[2]: 100_000})
    found.codes = codes
    service.grant_lines(begun.id)
    lines = {line.code: line.state for line in service.notice_lines(begun.id)}
    assert lines == {CODES[1]: "noticed", CODES[2]: "changed", CODES[3]: "gone", CODES[4]: "gone", CODES[5]: "gone"}
    assert left() == 1_000_000 - 220_000
