"""The same act by several at once: it counts once, and nobody is paid twice."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from tests.server.delivery_orders import (
    CODES,
    LI,
    OFFICER,
    ON,
    POLICY,
    WANG,
    grant,
    left,
    open_budget,
    resent_batch,
    return_file,
    sent_batch,
    tell_payees,
)
from tests.server.test_delivery_notices import FoundRun
from zhida_server.delivery import models, notices, orders, service
from zhida_server.delivery.data import BatchIsBarred, NothingPayable, NoticeState, Objection
from zhida_server.entitlements import service as entitlements
from zhida_server.ledger import service as ledger
from zhida_server.people.data import Actor, Refused, Role

AT_ONCE = 4
Done = TypeVar("Done")


@pytest.fixture(autouse=True)
def town(own_database: str) -> None:  # noqa: ARG001 - the order of fixtures
    open_budget()
    tell_payees()


def at_once(act: Callable[[], Done]) -> list[Done | Refused]:
    """Let several do the same at once, each over a connection of its own; what is refused comes back as the refusal."""

    def one(_: int) -> Done | Refused:
        try:
            return act()
        except Refused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def test_an_order_goes_into_one_batch() -> None:
    grant(CODES)
    found = at_once(lambda: service.make_batch(LI, on=ON).count)
    assert sorted(map(str, (each for each in found if isinstance(each, int)))) == ["6"]
    assert sum(isinstance(each, NothingPayable) for each in found) == AT_ONCE - 1


def test_a_return_file_counts_once() -> None:
    batch = sent_batch(CODES)
    content = return_file(batch, *["成功"] * len(CODES))
    found = at_once(lambda: service.load_return(LI, batch.id, "回盘.csv", content, on=ON).is_repeated)
    assert sorted(map(str, found)) == ["False", *["True"] * (AT_ONCE - 1)]
    assert (ledger.budgets(LI)[0].paid_fen, ledger.check_books()) == (6 * 12_345, ())
    assert models.Event.objects.filter(kind="paid").count() == 6


def test_a_notice_is_granted_once_by_several_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    run = FoundRun()
    run.take_place(monkeypatch)
    monkeypatch.setattr(notices, "CHUNK", 1)
    opened = service.open_notice(OFFICER, uuid4(), POLICY, on=ON)
    found = at_once(lambda: service.grant_lines(opened.id).state)
    assert set(found) == {NoticeState.OPEN}
    assert [line.position for line in service.notice_lines(opened.id)] == [1, 2, 3, 4, 5, 6]
    assert (left(), models.Order.objects.count(), ledger.check_books()) == (940_000, 6, ())


def test_cancelling_and_batching_at_once_is_one_of_both() -> None:
    (granted,) = grant(CODES[:1])
    turns = iter((True, False, True, False))
    found = at_once(
        lambda: service.cancel_order(LI, granted.id, "撤销", on=ON).state if next(turns) else service.make_batch(LI, on=ON).count
    )
    state = orders.states_of([granted.id])[granted.id]
    assert (state, left()) in {("voided", 1_000_000), ("batched", 1_000_000 - 12_345)}
    assert any(not isinstance(each, Refused) for each in found)


def test_closing_and_deciding_at_once_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    run = FoundRun()
    run.take_place(monkeypatch)
    opened = service.grant_lines(service.open_notice(OFFICER, uuid4(), POLICY, on=ON).id)
    objection = service.object_to(opened.id, CODES[0], "某人", "理由", on=ON)
    after = opened.closes_on + dt.timedelta(days=1)
    turns = iter((True, False, True, False))

    def either() -> str:
        if next(turns):
            return str(len(service.close_notices(OFFICER, after)))
        return str(service.decide_objection(OFFICER, objection.id, is_upheld=False, reason="无据", on=after).is_upheld)

    assert not [each for each in at_once(either) if isinstance(each, Refused)]
    assert {line.state for line in service.notice_lines(opened.id)} == {"payable"}


def test_a_notice_is_granted_before_or_after_a_claim_is_decided_never_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    run = FoundRun()
    run.take_place(monkeypatch)
    opened = service.open_notice(OFFICER, uuid4(), POLICY, on=ON)

    def granted() -> NoticeState:
        try:
            return service.grant_lines(opened.id).state
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            entitlements.grants_at_once()
            notice = pool.submit(granted)
            with pytest.raises(TimeoutError):
                notice.result(0.5)
            assert not models.Order.objects.exists()
        assert notice.result(120) is NoticeState.OPEN


# --- an objection is decided while its order is on its way ---------------------------------------------------------------


def over_another(act: Callable[[], Done]) -> Done:
    """Do something over a connection of its own."""
    try:
        return act()
    finally:
        connection.close()


@pytest.fixture
def waited_on(monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A notice on which an enterprise waits that has a payable order by another way; somebody may still object to it there."""
    run = FoundRun()
    run.fen = 190_000
    run.take_place(monkeypatch)
    opened = service.grant_lines(service.open_notice(OFFICER, uuid4(), POLICY, on=ON).id)
    assert [line.state for line in service.notice_lines(opened.id)] == ["noticed"] * 5 + ["waiting"]
    grant(CODES[5:])
    return opened.id


def objected(notice: UUID) -> Objection:
    return service.object_to(notice, CODES[5], "某人", "理由", on=ON)


def upheld(notice: UUID) -> Objection:
    made = objected(notice)
    return service.decide_objection(OFFICER, made.id, is_upheld=True, reason="属实", on=ON)


def order_state() -> str:
    (order,) = service.orders_of(LI, CODES[5], purpose="test")
    return order.state


def left_alone(notice: UUID, act: Callable[[], Done], begin: Callable[[UUID], Objection] = upheld) -> Future[Done]:
    """Uphold the objection, or only make it, and while that is not committed let another do something: it waits, and sees that."""
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            begin(notice)
            done = pool.submit(over_another, act)
            with pytest.raises(TimeoutError):
                done.result(0.5)
        done.exception(60)
    return done


def test_a_batch_is_signed_before_or_after_an_objection_is_upheld_never_meanwhile(waited_on: UUID) -> None:
    made = service.make_batch(LI, on=ON)
    done = left_alone(waited_on, lambda: service.sign_batch(WANG, made.id, on=ON))
    assert isinstance(done.exception(), BatchIsBarred)
    assert (service.batch(LI, made.id).state, order_state()) == ("made", "batched")


def test_a_batch_is_signed_before_or_after_an_objection_is_made_never_meanwhile(waited_on: UUID) -> None:
    made = service.make_batch(LI, on=ON)
    done = left_alone(waited_on, lambda: service.sign_batch(WANG, made.id, on=ON), objected)
    refused = done.exception()
    assert isinstance(refused, BatchIsBarred)
    assert refused.code == "batch-disputed"
    assert (service.batch(LI, made.id).state, order_state()) == ("made", "batched")


def test_a_batch_that_is_made_while_an_objection_is_made_leaves_its_order_out(waited_on: UUID) -> None:
    done = left_alone(waited_on, lambda: service.make_batch(LI, on=ON), objected)
    assert isinstance(done.exception(), NothingPayable)
    assert (order_state(), ledger.check_books()) == ("payable", ())


def test_a_claim_is_decided_before_or_after_an_objection_is_made_never_meanwhile(waited_on: UUID) -> None:
    firm = Actor("firm", Role.REPRESENTATIVE, "", CODES[5])
    done = left_alone(waited_on, lambda: service.claim(firm, CODES[5], POLICY, {}, on=ON, key="once"), objected)
    assert isinstance(done.exception(), Refused)  # no packs are taken here; it came so far once the objection was there


def test_an_objection_that_is_upheld_while_a_batch_is_being_signed_comes_too_late_and_says_so(waited_on: UUID) -> None:
    made = service.make_batch(LI, on=ON)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            service.sign_batch(WANG, made.id, on=ON)
            done = pool.submit(over_another, lambda: upheld(waited_on).batch)
            with pytest.raises(TimeoutError):
                done.result(0.5)
        assert done.result(60) == ""
    assert (service.batch(LI, made.id).state, order_state()) == ("signed", "batched")


def test_what_comes_back_out_of_a_batch_while_an_objection_is_upheld_is_void(waited_on: UUID) -> None:
    made = service.make_batch(LI, on=ON)
    assert left_alone(waited_on, lambda: service.withdraw_batch(LI, made.id, "重编", on=ON).state).result() == "withdrawn"
    assert (order_state(), left(), ledger.check_books()) == ("voided", 50_000, ())


def test_what_the_bank_sends_back_while_an_objection_is_upheld_is_void(waited_on: UUID) -> None:
    sent = resent_batch()
    content = return_file(sent, "失败", reason="账号不符")
    assert left_alone(waited_on, lambda: service.load_return(LI, sent.id, "回盘.csv", content, on=ON).failed).result() == 1
    assert (order_state(), left(), ledger.check_books()) == ("voided", 50_000, ())


def test_a_batch_that_is_made_while_an_objection_is_upheld_leaves_its_order_out(waited_on: UUID) -> None:
    done = left_alone(waited_on, lambda: service.make_batch(LI, on=ON))
    assert isinstance(done.exception(), NothingPayable)
    assert (order_state(), ledger.check_books()) == ("voided", ())


def test_deciding_and_signing_and_withdrawing_at_once_end_without_a_deadlock(waited_on: UUID) -> None:
    made = service.make_batch(LI, on=ON)
    acts = iter(
        (
            lambda: service.withdraw_batch(LI, made.id, "重编", on=ON).state,
            lambda: str(upheld(waited_on).is_upheld),
            lambda: service.sign_batch(WANG, made.id, on=ON).state,
            lambda: service.make_batch(LI, on=ON).state,
        )
    )

    def one_of_them() -> str:
        return next(acts)()

    found = at_once(one_of_them)
    assert "True" in found
    state = service.batch(LI, made.id).state
    assert (state, order_state()) in {("withdrawn", "voided"), ("withdrawn", "batched"), ("signed", "batched"), ("made", "batched")}
    assert ledger.check_books() == ()
