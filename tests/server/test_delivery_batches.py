"""Payment batches: two persons, a file that stays what was signed, a return file that fits or is refused whole, nothing paid twice."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.server.delivery_orders import (
    AUDITOR,
    BUDGET,
    CLERK,
    CODES,
    LI,
    OFFICER,
    ON,
    POLICY,
    WANG,
    checked,
    grant,
    left,
    open_budget,
    resent_batch,
    return_file,
    sent_batch,
    state_of,
    tell_payees,
)
from zhida_server.audit import models as audit_models
from zhida_server.delivery import bank_files, service
from zhida_server.delivery.data import (
    BatchState,
    NoBatch,
    NothingPayable,
    NotInThatState,
    NotUnderstood,
    OrderState,
    ReturnRefused,
    TwoPersons,
)
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import EntitlementState
from zhida_server.ledger import service as ledger
from zhida_server.people.data import Actor, NotAllowed, Role

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def town(database: None) -> Iterator[None]:  # noqa: ARG001 - the order of fixtures
    open_budget()
    tell_payees()
    yield
    checked()
    assert ledger.check_books() == ()


# --- making and signing --------------------------------------------------------------------------------------------


def test_a_batch_holds_every_payable_order_with_the_account_that_counts() -> None:
    granted = grant(CODES[:3])
    service.set_payee(LI, CODES[0], "新户名", "新银行", "1234567890", on=ON, document="开户证明 1")
    made = service.make_batch(LI, POLICY, on=ON)
    assert (made.number, made.count, made.amount_fen, made.state) == ("2026-000001", 3, 3 * 12_345, BatchState.MADE)
    assert [line.account_name for line in made.lines] == ["新户名", "示例企业2", "示例企业3"]
    assert {state_of(each.id) for each in granted} == {OrderState.BATCHED}
    with pytest.raises(NothingPayable):
        service.make_batch(LI, on=ON)


def test_an_order_without_an_account_stays_out_and_is_told() -> None:
    code = "91330100MA000000X9"
    grant([code])
    grant(CODES[:1])
    (line,) = service.payable(LI)
    assert (line.orders, line.without_payee, line.without_payee_fen, line.held) == (1, 1, 12_345, 0)
    assert service.make_batch(LI, on=ON).count == 1
    assert service.orders_of(AUDITOR, code, purpose="test")[0].has_payee is False


def test_who_made_a_batch_does_not_sign_it() -> None:
    grant(CODES[:1])
    made = service.make_batch(LI, on=ON)
    with pytest.raises(TwoPersons, match="another person"):
        service.sign_batch(LI, made.id, on=ON)
    signed = service.sign_batch(WANG, made.id, on=ON)
    assert (signed.state, signed.signed_by, signed.signed_on) == (BatchState.SIGNED, "wang", ON)
    assert service.sign_batch(WANG, made.id, on=ON) == signed
    with pytest.raises(NotInThatState):
        service.sign_batch(Actor("zhou", Role.FINANCE), made.id, on=ON)


@pytest.mark.parametrize("actor", [OFFICER, CLERK, AUDITOR, Actor("r", Role.REPRESENTATIVE, "", CODES[0])])
def test_only_finance_moves_money(actor: Actor) -> None:
    grant(CODES[:1])
    made = service.make_batch(LI, on=ON)
    for act in (
        lambda: service.make_batch(actor, on=ON),
        lambda: service.sign_batch(actor, made.id, on=ON),
        lambda: service.withdraw_batch(actor, made.id, "x", on=ON),
        lambda: service.bank_file(actor, made.id),
        lambda: service.load_return(actor, made.id, "x.csv", b"", on=ON),
        lambda: service.cancel_order(actor, made.lines[0].order_id, "x", on=ON),
        lambda: service.requeue_order(actor, made.lines[0].order_id, "x", on=ON),
    ):
        with pytest.raises(NotAllowed):
            act()


def test_a_batch_that_nobody_signed_can_be_withdrawn() -> None:
    (granted,) = grant(CODES[:1])
    made = service.make_batch(LI, on=ON)
    withdrawn = service.withdraw_batch(LI, made.id, "金额要复核", on=ON)
    assert (withdrawn.state, withdrawn.withdrawn_because) == (BatchState.WITHDRAWN, "金额要复核")
    assert service.withdraw_batch(LI, made.id, "再来一次", on=ON) == withdrawn
    assert state_of(granted.id) is OrderState.PAYABLE
    again = service.make_batch(LI, on=ON)
    assert (again.number, again.lines[0].order_id) == ("2026-000002", granted.id)
    service.sign_batch(WANG, again.id, on=ON)
    with pytest.raises(NotInThatState):
        service.withdraw_batch(LI, again.id, "太迟", on=ON)


# --- the bank file -------------------------------------------------------------------------------------------------


def test_the_bank_file_is_what_was_signed_and_exact_to_the_fen() -> None:
    grant(CODES[:2], 100_005)
    made = service.make_batch(LI, on=ON)
    with pytest.raises(NotInThatState, match="made"):
        service.bank_file(LI, made.id)
    signed = service.sign_batch(WANG, made.id, on=ON)
    name, content = service.bank_file(LI, made.id)
    assert (name, content[:3]) == ("batch-2026-000001.csv", b"\xef\xbb\xbf")
    assert service.batch(LI, made.id).state is BatchState.SENT
    assert service.bank_file(WANG, made.id) == (name, content)
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert tuple(rows[0]) == bank_files.WRITTEN
    assert [row[7] for row in rows[1:]] == ["1000.05", "1000.05"]
    assert [row[2] for row in rows[1:]] == [str(line.order_id) for line in signed.lines]


def test_no_cell_of_a_bank_file_is_a_formula() -> None:
    service.set_payee(LI, CODES[0], '=HYPERLINK("x")', "@银行", "622200001111", on=ON, document="开户证明 1")
    grant(CODES[:1])
    made = service.make_batch(LI, on=ON)
    service.sign_batch(WANG, made.id, on=ON)
    _, content = service.bank_file(LI, made.id)
    row = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[1]
    assert row[4:6] == ['\'=HYPERLINK("x")', "'@银行"]


@pytest.mark.parametrize("number", ["", "12345", "6222x0001", "1" * 33, "６２２２００００"])
def test_an_account_number_is_digits(number: str) -> None:
    with pytest.raises(NotUnderstood):
        service.set_payee(LI, CODES[0], "户名", "银行", number, on=ON, document="开户证明 1")


def test_staff_who_tells_an_account_names_the_document_and_the_audit_keeps_it() -> None:
    told = ("户名", "银行", "6222 0000 1111")
    for document in ("", "  "):
        with pytest.raises(NotUnderstood, match="凭据"):
            service.set_payee(CLERK, CODES[0], *told, on=ON, document=document)
    service.set_payee(CLERK, CODES[0], *told, on=ON, document="开户许可证 J3310 号")
    service.set_payee(Actor("boss", Role.REPRESENTATIVE, "", CODES[1]), CODES[1], *told, on=ON)
    kept = [json.loads(after or "{}") for after in audit_models.Record.objects.filter(act="payee.tell").values_list("after", flat=True)]
    assert [each.get("document") for each in kept[-2:]] == ["开户许可证 J3310 号", None]


def test_the_same_account_told_again_changes_nothing() -> None:
    before = audit_models.Record.objects.filter(act="payee.tell").count()
    tell_payees(CODES[:1])
    assert audit_models.Record.objects.filter(act="payee.tell").count() == before
    assert "6222000000000001" not in str(audit_models.Record.objects.filter(act="payee.tell").values_list("after"))


# --- the return file -----------------------------------------------------------------------------------------------


def test_what_the_bank_paid_is_posted_once_and_the_budget_keeps_the_rest() -> None:
    batch = sent_batch()
    content = return_file(batch, "成功", "成功", "成功")
    first = service.load_return(LI, batch.id, "回盘.csv", content, on=ON)
    assert (first.paid, first.paid_fen, first.failed, first.is_repeated) == (3, 3 * 12_345, 0, False)
    assert service.batch(LI, batch.id).state is BatchState.RECONCILED
    again = service.load_return(LI, batch.id, "回盘.csv", content, on=ON)
    assert (again.paid, again.is_repeated) == (3, True)
    (budget,) = ledger.budgets(LI)
    assert (budget.paid_fen, budget.reserved_fen, budget.available_fen) == (3 * 12_345, 0, 1_000_000 - 3 * 12_345)
    order = service.orders_of(AUDITOR, CODES[0], purpose="test")[0]
    assert [event.kind for event in order.events] == ["payable", "batched", "paid"]
    assert entitlements.by_ids([order.id])[order.id].state is EntitlementState.PAID
    with pytest.raises(NothingPayable):
        service.make_batch(LI, on=ON)
    with pytest.raises(NotInThatState):
        service.cancel_order(LI, order.id, "太迟", on=ON)


def test_what_failed_is_queued_again_and_after_three_failures_a_person_looks() -> None:
    batch = sent_batch(CODES[:1])
    order_id = batch.lines[0].order_id
    for attempt in (1, 2, 3):
        found = service.load_return(LI, batch.id, "回盘.csv", return_file(batch, "失败", reason="账号不符"), on=ON)
        assert (found.failed, found.held) == (1, int(attempt == 3))
        if attempt < 3:
            assert state_of(order_id) is OrderState.PAYABLE
            batch = resent_batch()
    assert state_of(order_id) is OrderState.HELD
    (held,) = service.held_orders(LI)
    assert (held.id, held.failures, held.events[-2].reason) == (order_id, 3, "账号不符")
    with pytest.raises(NothingPayable):
        service.make_batch(LI, on=ON)
    assert service.requeue_order(LI, order_id, "账户已更正", on=ON).state is OrderState.PAYABLE
    assert service.requeue_order(LI, order_id, "账户已更正", on=ON).state is OrderState.PAYABLE
    batch = resent_batch()
    service.load_return(LI, batch.id, "回盘.csv", return_file(batch, "成功"), on=ON)
    assert state_of(order_id) is OrderState.PAID


def test_a_batch_may_be_settled_by_several_files() -> None:
    batch = sent_batch()
    first = service.load_return(LI, batch.id, "a.csv", return_file(batch, "成功", "处理中", reason="跨行"), on=ON)
    assert (first.paid, first.unknown) == (1, ("第 3 行：跨行",))
    assert service.batch(LI, batch.id).state is BatchState.SENT
    second = service.load_return(LI, batch.id, "b.csv", return_file(batch, "成功", "成功", "失败", reason="销户"), on=ON)
    assert (second.paid, second.failed, second.repeated) == (1, 1, 1)
    assert service.batch(LI, batch.id).state is BatchState.RECONCILED
    assert left() == 1_000_000 - 3 * 12_345


def test_return_files_in_gb18030_are_read() -> None:
    batch = sent_batch(CODES[:1])
    content = return_file(batch, "失败", reason="户名不符", encoding="gb18030")
    assert service.load_return(LI, batch.id, "回盘.csv", content, on=ON).failed == 1
    assert service.orders_of(LI, CODES[0], purpose="test")[0].events[-2].reason == "户名不符"


@pytest.mark.parametrize(
    ("change", "faults"),
    [
        (lambda text: text.replace("123.45", "123.46", 1), ["第 2 行：金额是“123.46”，批次里是 123.45"]),
        (lambda text: text.replace("123.45", "123.450"), ["第 2 行：金额", "第 3 行：金额"]),
        (lambda text: text.replace("2026-000001", "2026-000009", 1), ["第 2 行：批次号是“2026-000009”，不是 2026-000001"]),
        (lambda text: text.replace("成功", "好", 1), ["第 2 行：结果“好”不认识"]),
        (lambda text: text + "\r\n2026-000001,00000000-0000-0000-0000-000000000001,1.00,成功,", ["第 4 行：支付编号"]),
        (lambda text: text + "\r\n" + text.splitlines()[1], ["第 4 行：支付编号与第 2 行重复"]),
        (lambda text: text.replace("原因", "说明"), ["第 1 行：缺少列 原因"]),
        (lambda text: text.replace("结果,原因", "结果,原因,结果"), ["第 1 行：列 结果 有两个"]),
        (lambda text: text.splitlines()[0], ["没有一行数据"]),
        (lambda text: "", ["文件是空的"]),  # noqa: ARG005 - it takes what all take
        (lambda text: text + '\r\n"', ["不是 CSV 文件"]),
    ],
)
def test_a_return_file_that_does_not_fit_is_refused_whole_with_every_fault(change: object, faults: list[str]) -> None:
    batch = sent_batch(CODES[:2])
    text = change(return_file(batch, "成功", "成功", encoding="utf-8").decode())  # type: ignore[operator]
    with pytest.raises(ReturnRefused) as refused:
        service.load_return(LI, batch.id, "回盘.csv", text.encode(), on=ON)
    assert [zh[: len(fault)] for (zh, _), fault in zip(refused.value.faults, faults, strict=True)] == faults
    assert {state_of(line.order_id) for line in batch.lines} == {OrderState.BATCHED}
    assert left() == 1_000_000 - 2 * 12_345


def test_a_line_that_was_settled_is_never_settled_otherwise() -> None:
    batch = sent_batch(CODES[:1])
    service.load_return(LI, batch.id, "a.csv", return_file(batch, "成功"), on=ON)
    with pytest.raises(ReturnRefused, match="以前的回盘说成功"):
        service.load_return(LI, batch.id, "b.csv", return_file(batch, "失败"), on=ON)


def test_a_file_is_not_taken_for_another_batch_or_too_early() -> None:
    batch = sent_batch(CODES[:1])
    content = return_file(batch, "成功")
    grant(CODES[1:2])
    made = service.make_batch(LI, on=ON)
    with pytest.raises(NotInThatState, match="cannot be reconciled"):
        service.load_return(LI, made.id, "a.csv", content, on=ON)
    service.sign_batch(WANG, made.id, on=ON)
    service.bank_file(LI, made.id)
    service.load_return(LI, batch.id, "a.csv", content, on=ON)
    with pytest.raises(ReturnRefused, match=batch.number):
        service.load_return(LI, made.id, "a.csv", content, on=ON)
    with pytest.raises(NoBatch):
        service.batch(LI, batch.lines[0].order_id)


# --- cancelling ----------------------------------------------------------------------------------------------------


def test_a_cancelled_order_frees_its_money_and_can_be_granted_again() -> None:
    (granted,) = grant(CODES[:1])
    assert left() == 1_000_000 - 12_345
    cancelled = service.cancel_order(LI, granted.id, "企业已注销", on=ON)
    assert (cancelled.state, cancelled.events[-1].reason, left()) == (OrderState.VOIDED, "企业已注销", 1_000_000)
    assert service.cancel_order(LI, granted.id, "企业已注销", on=ON) == cancelled
    assert ledger.transaction(granted.id).state == "voided"
    (second,) = grant(CODES[:1], 500)
    assert (second.attempt, left()) == (2, 1_000_000 - 500)


def test_an_order_in_a_batch_is_not_cancelled() -> None:
    (granted,) = grant(CODES[:1])
    made = service.make_batch(LI, on=ON)
    with pytest.raises(NotInThatState, match="batched"):
        service.cancel_order(LI, granted.id, "太迟", on=ON)
    service.withdraw_batch(LI, made.id, "撤回", on=ON)
    assert service.cancel_order(LI, granted.id, "可以了", on=ON).state is OrderState.VOIDED


def test_every_act_leaves_a_record() -> None:
    batch = sent_batch(CODES[:1])
    service.load_return(LI, batch.id, "a.csv", return_file(batch, "成功"), on=ON)
    acts = list(audit_models.Record.objects.filter(object=str(batch.id)).order_by("id").values_list("act", "actor"))
    assert acts == [
        ("batch.make", "li"),
        ("batch.sign", "wang"),
        ("batch.send", "li"),
        ("batch.read", "li"),
        ("batch.return", "li"),
    ]
    assert service.batches(AUDITOR)[0].paid == 1
    assert BUDGET in {each.code for each in ledger.budgets(AUDITOR)}


def test_a_list_of_batches_asks_the_database_no_more_than_a_short_one() -> None:
    first = sent_batch(CODES[:2])
    service.load_return(LI, first.id, "a.csv", return_file(first, "成功", "失败"), on=ON)
    second = resent_batch()
    with CaptureQueriesContext(connection) as asked:
        found = service.batches(LI)
    assert len(asked) == 2
    assert [(each.number, each.paid, each.paid_fen, each.failed) for each in found] == [
        (second.number, 0, 0, 0),
        (first.number, 1, 12_345, 1),
    ]
    assert replace(service.batch(LI, first.id), lines=()) == found[1]
