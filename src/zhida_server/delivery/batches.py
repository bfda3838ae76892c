"""Payment batches: made by one person of finance, signed by another, sent to the bank, reconciled on what the bank returns.

    payable orders ──make──> made ──sign (another person)──> signed ──fetch the bank file──> sent ──return files──> reconciled
                              └────withdraw──> withdrawn (its orders are payable again)

What is signed is a file: its bytes are kept under their digest, and nothing of the batch changes afterwards. A return file is taken whole
or not at all, and once.
"""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.models import Count, Q, Sum

from zhida_server import files
from zhida_server.audit import service as audit
from zhida_server.delivery import bank_files, models, orders
from zhida_server.delivery.data import (
    Batch,
    BatchIsBarred,
    BatchLine,
    BatchState,
    NoBatch,
    NothingPayable,
    NotInThatState,
    OrderState,
    Reconciled,
    ReturnRefused,
    TwoPersons,
)
from zhida_server.delivery.rows import insert
from zhida_server.delivery.texts import line_of, reason_of
from zhida_server.ledger import service as ledger
from zhida_server.ledger.data import Settlement
from zhida_server.people import service as people
from zhida_server.people.data import Actor

SUFFIX = ".csv"
"""What kept bank files end in."""

CHOSEN = """
SELECT ordered.id, ordered.amount_fen, payee.id
FROM delivery_order ordered JOIN LATERAL (SELECT id FROM delivery_payee WHERE code = ordered.code ORDER BY id DESC LIMIT 1) payee ON true
WHERE ordered.id = ANY(%s) ORDER BY ordered.policy, ordered.ordered_on, ordered.code, ordered.id
"""
"""Orders with the account that counts now, in the order of the bank file."""

LINE_COLUMNS = (
    ("batch_id", "uuid"),
    ("number", "integer"),
    ("order_id", "uuid"),
    ("amount_fen", "bigint"),
    ("payee_id", "bigint"),
    ("reason", "text"),
)
"""What is written of a line when it is made."""

LINES = """
SELECT line.number, line.order_id, ordered.policy, ordered.code, line.amount_fen, payee.account_name, payee.bank, payee.account_number,
    coalesce(line.outcome, ''), line.reason
FROM delivery_line line JOIN delivery_order ordered ON ordered.id = line.order_id JOIN delivery_payee payee ON payee.id = line.payee_id
WHERE line.batch_id = %s AND line.number > %s AND (%s::uuid IS NULL OR line.order_id = %s) ORDER BY line.number LIMIT %s
"""
"""The lines of a batch behind a number, or that of one order, as a `BatchLine` has them."""

END_LINES = """
UPDATE delivery_line line SET outcome = ended.outcome, reason = ended.reason
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS ended (order_id, outcome, reason)
WHERE line.batch_id = %s AND line.order_id = ended.order_id AND line.outcome IS NULL
"""


# --- making and signing --------------------------------------------------------------------------------------------


def make_batch(actor: Actor, policy: str | None = None, *, on: dt.date) -> Batch:
    """Put every payable order whose payee is known, and to which nobody objects, into a new batch.

    Args:
        actor: Who makes it; another person must sign it.
        policy: The one policy to be paid; all where it is None.
        on: The day.

    Raises:
        NothingPayable: where there is no such order.
    """
    people.require(actor, "batch.make")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('delivery/batch', 0))")
        states = orders.locked(orders.payable_ids(policy or ""))
        disputed = orders.disputed(list(states))
        cursor.execute(CHOSEN, [[id_ for id_, state in states.items() if state is OrderState.PAYABLE and id_ not in disputed]])
        chosen = cursor.fetchall()
        if not chosen:
            raise NothingPayable(
                "nothing-payable",
                "没有可以支付的订单：公示未结束的、有异议的、没有收款账户的、已进批次的都不算。请先看“待支付”里缺什么",
                "nothing can be paid: what is on notice, objected to, without an account or in a batch does not count; see the list",
            )
        row = models.Batch.objects.create(
            id=uuid4(),
            number=_next_number(on.year),
            policy=policy or "",
            made_on=on,
            count=len(chosen),
            amount_fen=sum(amount_fen for _, amount_fen, _ in chosen),
            made_by=actor.name,
        )
        lines = ((row.id, number, *one, "") for number, one in enumerate(chosen, start=1))
        insert("delivery_line", LINE_COLUMNS, lines)
        orders.tell((order_id for order_id, _, _ in chosen), OrderState.BATCHED, by=actor.name, on=on, batch_id=row.id)
        after = {"number": row.number, "count": row.count, "amount_fen": row.amount_fen, "policy": row.policy}
        audit.record(actor.name, "batch.make", str(row.id), after=after)
        return _batch(row)


def sign_batch(actor: Actor, batch_id: UUID, *, on: dt.date) -> Batch:
    """Sign a batch: its bank file is written and kept, and nothing of it changes any more. Signing again changes nothing.

    Args:
        actor: Who signs; not who made it.
        batch_id: The batch.
        on: The day.

    Raises:
        TwoPersons: where the maker wants to sign.
        NotInThatState: where it was withdrawn, or another person has signed it.
        BatchIsBarred: where an objection to something in it was upheld meanwhile, or is not decided.
    """
    people.require(actor, "batch.sign")
    with transaction.atomic():
        row = _locked(batch_id)
        if row.made_by == actor.name:
            raise TwoPersons(
                "batch-signer-is-maker",
                f"批次 {row.number} 是您自己做的，要由另一位财务人员签发",
                f"you made batch {row.number} yourself: another person of finance has to sign it",
            )
        if row.signed_by == actor.name:
            return _batch(row)
        if row.state != BatchState.MADE:
            raise _not_from(row, "签发", "signed")
        lines = _lines(row.id)
        _refuse_what_is_disputed(row, lines)
        content = bank_files.write(row.number, lines)
        row.state, row.signed_by, row.signed_on = BatchState.SIGNED, actor.name, on
        row.file_sha256 = files.keep_bytes(content, SUFFIX)
        row.save(update_fields=["state", "signed_by", "signed_on", "file_sha256"])
        after = {"number": row.number, "count": row.count, "amount_fen": row.amount_fen, "file_sha256": row.file_sha256}
        audit.record(actor.name, "batch.sign", str(row.id), after=after)
        return _batch(row)


def _refuse_what_is_disputed(row: models.Batch, lines: Sequence[BatchLine]) -> None:
    """Refuse to sign what an objection forbids to pay; whoever decides one at this moment waits, or we wait for them."""
    ids = [line.order_id for line in lines]
    orders.locked(ids)
    disputed = orders.disputed(ids)
    if not disputed:
        return
    barred = orders.barred(list(disputed))
    if barred:
        places = _places(lines, barred)
        raise BatchIsBarred(
            "batch-barred",
            f"批次 {row.number} 编好以后，第 {places} 行有异议成立，不能支付：请撤回这个批次（这些支付随之撤销），重新编一个",
            f"objections to lines {places} of batch {row.number} were upheld meanwhile: withdraw it, which voids them, and make another",
        )
    places = _places(lines, disputed)
    raise BatchIsBarred(
        "batch-disputed",
        f"批次 {row.number} 第 {places} 行有异议还没有认定，认定以前不能支付：等认定以后再签发，或者撤回这个批次，重新编一个（不含这些）",
        f"objections to lines {places} of batch {row.number} are not decided: sign it after that, or withdraw it and make one without them",
    )


def _places(lines: Sequence[BatchLine], ids: Collection[UUID]) -> str:
    """Return the numbers of the lines of some orders."""
    return "、".join(str(line.number) for line in lines if line.order_id in ids)


def withdraw_batch(actor: Actor, batch_id: UUID, reason: str, *, on: dt.date) -> Batch:
    """Give up a batch that nobody has signed; its orders are payable again, or void where an objection to them was upheld meanwhile.

    Withdrawing again changes nothing.

    Args:
        actor: Who acts.
        batch_id: The batch.
        reason: Why.
        on: The day.

    Raises:
        NotInThatState: where it was signed.
    """
    people.require(actor, "batch.withdraw")
    because = reason_of(reason)
    with transaction.atomic():
        row = _locked(batch_id)
        if row.state == BatchState.WITHDRAWN:
            return _batch(row)
        if row.state != BatchState.MADE:
            raise _not_from(row, "撤回", "withdrawn")
        row.state, row.withdrawn_because = BatchState.WITHDRAWN, because
        row.save(update_fields=["state", "withdrawn_because"])
        ids = [line.order_id for line in _lines(row.id)]
        orders.locked(ids)  # whoever upholds an objection to one of them waits and voids it, or we wait and void it
        _end_lines(row.id, ids, ["released"] * len(ids), [""] * len(ids))
        orders.tell(ids, "released", by=actor.name, on=on, batch_id=row.id, reasons=dict.fromkeys(ids, because))
        orders.tell(ids, OrderState.PAYABLE, by=actor.name, on=on)
        orders.void_barred(ids, by=actor.name, on=on)
        audit.record(actor.name, "batch.withdraw", str(row.id), after={"number": row.number, "reason": because})
        return _batch(row)


def bank_file(actor: Actor, batch_id: UUID) -> tuple[str, bytes]:
    """Return the name and the bytes of the bank file that was signed; the first time, the batch counts as sent.

    Args:
        actor: Who fetches it.
        batch_id: The batch.

    Raises:
        NotInThatState: where nobody has signed the batch.
        DamagedFileError: where the kept file is not what was signed.
    """
    people.require(actor, "batch.send")
    with transaction.atomic():
        row = _locked(batch_id)
        if row.file_sha256 is None:
            raise _not_from(row, "导出银行文件", "exported")
        content = files.checked(row.file_sha256, SUFFIX).read_bytes()
        if row.state == BatchState.SIGNED:
            row.state, row.sent_by = BatchState.SENT, actor.name
            row.save(update_fields=["state", "sent_by"])
        audit.record(actor.name, "batch.send", str(row.id), after={"number": row.number, "file_sha256": row.file_sha256})
        return f"batch-{row.number}{SUFFIX}", content


# --- reconciling ---------------------------------------------------------------------------------------------------


def load_return(actor: Actor, batch_id: UUID, name: str, content: bytes, *, on: dt.date) -> Reconciled:
    """Take a return file of the bank: what it paid is posted, what failed is payable again, or held for a person after three failures.

    What failed is void where an objection to it was upheld while the bank had it.

    Exactly the same file again changes nothing. Several files may settle a batch; it is reconciled when no line is open.

    Args:
        actor: Who loads it.
        batch_id: The batch that it answers.
        name: The name of the file.
        content: Its bytes.
        on: The day.

    Raises:
        ReturnRefused: where any line does not fit; nothing is taken then.
        NotInThatState: where the bank file was not fetched yet.
    """
    people.require(actor, "batch.return")
    called = line_of(name, "文件名", "file name")
    sha256 = hashlib.sha256(content).hexdigest()
    with transaction.atomic():
        row = _locked(batch_id)
        if row.state not in {BatchState.SENT, BatchState.RECONCILED}:
            raise _not_from(row, "回盘", "reconciled")
        former = models.Return.objects.filter(sha256=sha256).select_related("batch").first()
        if former is not None:
            if former.batch_id != row.id:
                zh, en = f"这个文件已作为批次 {former.batch.number} 的回盘收过", f"this file was taken for batch {former.batch.number}"
                raise ReturnRefused([(zh, en)])
            return _reconciled(row, former.figures, is_repeated=True)
        lines = {line.order_id: line for line in _lines(row.id)}
        read = bank_files.read(content, row.number, lines)
        figures = _settle(actor, row, lines, read, on)
        files.keep_bytes(content, SUFFIX)
        models.Return.objects.create(sha256=sha256, batch=row, name=called, figures=figures, loaded_by=actor.name, loaded_on=on)
        audit.record(
            actor.name, "batch.return", str(row.id), after={"number": row.number, "file_sha256": sha256, "name": called, **figures}
        )
        return _reconciled(row, figures, is_repeated=False)


def _settle(
    actor: Actor, row: models.Batch, lines: dict[UUID, BatchLine], read: Sequence[bank_files.ReturnLine], on: dt.date
) -> dict[str, Any]:
    """Let the lines of a return file count; returns its figures."""
    fresh = [each for each in read if not lines[each.order_id].outcome]
    paid = [each.order_id for each in fresh if each.result == bank_files.PAID]
    failed = {each.order_id: each.reason for each in fresh if each.result == bank_files.FAILED}
    orders.locked(failed)  # whoever upholds an objection to one of them waits and voids it, or we wait and void it
    waiting = [each for each in fresh if each.result == bank_files.OPEN]
    ended = [each for each in fresh if each.result != bank_files.OPEN]
    _end_lines(row.id, [each.order_id for each in ended], [each.result for each in ended], [each.reason for each in ended])
    ledger.post_many([Settlement(order_id, f"pay/{order_id}") for order_id in paid], by=actor.name, about=row.number)
    orders.tell(paid, OrderState.PAID, by=actor.name, on=on, batch_id=row.id)
    orders.tell(failed, "failed", by=actor.name, on=on, batch_id=row.id, reasons=failed)
    failures = orders.failures_of(list(failed))
    barred = orders.barred(list(failed))
    held = [order_id for order_id in failed if failures[order_id] >= orders.FAILURES and order_id not in barred]
    orders.tell(held, OrderState.HELD, by=actor.name, on=on)
    again = sorted(failed.keys() - set(held))
    orders.tell(again, OrderState.PAYABLE, by=actor.name, on=on)
    orders.void_barred(again, by=actor.name, on=on)
    if row.state == BatchState.SENT and not models.Line.objects.filter(batch=row, outcome=None).exists():
        row.state = BatchState.RECONCILED
        row.save(update_fields=["state"])
    return {
        "paid": len(paid),
        "paid_fen": sum(lines[order_id].amount_fen for order_id in paid),
        "failed": len(failed),
        "held": len(held),
        "repeated": len(read) - len(fresh),
        "unknown": [f"第 {each.number} 行：{each.reason or '处理中'}" for each in waiting],
    }


# --- reading -------------------------------------------------------------------------------------------------------


def batches(actor: Actor, *, limit: int = 200) -> tuple[Batch, ...]:
    """Return the batches, the latest first, without their lines.

    Args:
        actor: Who asks.
        limit: How many at most.
    """
    people.require(actor, "batch.read")
    return _batches(list(models.Batch.objects.order_by("-made_at", "-number")[:limit]))


def batch(actor: Actor, batch_id: UUID, *, after: int = 0, limit: int | None = None) -> Batch:
    """Return one batch with its lines, or some of them; its sums are always those of all. Without lines to whoever sees sums alone.

    Args:
        actor: Who asks.
        batch_id: The batch.
        after: Only lines behind this number: the next page of a listing.
        limit: How many lines at most; None for all.

    Raises:
        NoBatch: where there is none.
    """
    people.require(actor, "batch.read")
    row = models.Batch.objects.filter(id=batch_id).first()
    if row is None:
        raise _none(batch_id)
    audit.record(actor.name, "batch.read", str(row.id))
    (found,) = _batches([row])
    is_shown = people.may(actor, "ledger.read") and limit != 0
    return replace(found, lines=_lines(row.id, after=after, limit=limit)) if is_shown else found


def batch_with(order_id: UUID) -> Batch | None:
    """Return the batch that an order was put into last, with its line alone, for whoever was let in already; None where it was in none."""
    row = models.Batch.objects.filter(lines__order_id=order_id).order_by("-made_at", "-number").first()
    return None if row is None else replace(_batches([row])[0], lines=_lines(row.id, order_id=order_id))


def batch_numbered(actor: Actor, number: str) -> UUID:
    """Return the id of the batch that has a number.

    Args:
        actor: Who asks.
        number: As it stands in the bank file.

    Raises:
        NoBatch: where there is none.
    """
    people.require(actor, "batch.read")
    found = models.Batch.objects.filter(number=number).values_list("id", flat=True).first()
    if found is None:
        raise _none(number)
    return found


def _batches(rows: Sequence[models.Batch]) -> tuple[Batch, ...]:
    """Return batches without their lines."""
    figures = models.Line.objects.filter(batch__in=rows).values("batch_id")
    figures = figures.annotate(
        paid=Count("id", filter=Q(outcome="paid")),
        paid_fen=Sum("amount_fen", filter=Q(outcome="paid")),
        failed=Count("id", filter=Q(outcome="failed")),
    )
    found = {each["batch_id"]: each for each in figures}
    return tuple(_read(row, found[row.id], ()) for row in rows)


def _batch(row: models.Batch) -> Batch:
    """Return a batch with its lines."""
    lines = _lines(row.id)
    paid = [line.amount_fen for line in lines if line.outcome == "paid"]
    return _read(row, {"paid": len(paid), "paid_fen": sum(paid), "failed": sum(line.outcome == "failed" for line in lines)}, lines)


def _read(row: models.Batch, found: Mapping[str, Any], lines: tuple[BatchLine, ...]) -> Batch:
    return Batch(
        id=row.id,
        number=row.number,
        policy=row.policy,
        made_on=row.made_on,
        count=row.count,
        amount_fen=row.amount_fen,
        state=BatchState(row.state),
        made_by=row.made_by,
        signed_by=row.signed_by or "",
        signed_on=row.signed_on,
        file_sha256=row.file_sha256 or "",
        sent_by=row.sent_by or "",
        paid=found["paid"],
        paid_fen=int(found["paid_fen"] or 0),
        failed=found["failed"],
        withdrawn_because=row.withdrawn_because or "",
        lines=lines,
    )


def _lines(batch_id: UUID, *, after: int = 0, order_id: UUID | None = None, limit: int | None = None) -> tuple[BatchLine, ...]:
    with connection.cursor() as cursor:
        cursor.execute(LINES, [batch_id, after, order_id, order_id, limit])
        return tuple(BatchLine(*row) for row in cursor.fetchall())


def _end_lines(batch_id: UUID, ids: Sequence[UUID], outcomes: Sequence[str], reasons: Sequence[str]) -> None:
    """Write how lines of a batch ended."""
    with connection.cursor() as cursor:
        cursor.execute(END_LINES, [list(ids), list(outcomes), list(reasons), batch_id])
        assert cursor.rowcount == len(ids), f"{len(ids)} open lines are ended, {cursor.rowcount} were found: {Counter(outcomes)}"


def _next_number(year: int) -> str:
    """Return the next number of a year; the caller holds the lock."""
    last = models.Batch.objects.filter(number__startswith=f"{year}-").order_by("-number").values_list("number", flat=True).first()
    return f"{year}-{(int(last.partition('-')[2]) if last else 0) + 1:06}"


def _locked(batch_id: UUID) -> models.Batch:
    row = models.Batch.objects.select_for_update().filter(id=batch_id).first()
    if row is None:
        raise _none(batch_id)
    return row


def _none(batch_id: UUID | str) -> NoBatch:
    return NoBatch("no-batch", f"没有这个批次：{batch_id}", f"there is no such batch: {batch_id}")


def _not_from(row: models.Batch, what_zh: str, what_en: str) -> NotInThatState:
    where = {
        BatchState.MADE: "还没有签发",
        BatchState.WITHDRAWN: "已经撤回",
        BatchState.SIGNED: f"已由 {row.signed_by} 签发，银行文件还没有取走",
        BatchState.SENT: f"已由 {row.signed_by} 签发，银行文件已取走",
        BatchState.RECONCILED: "已经对账",
    }[BatchState(row.state)]
    return NotInThatState(
        "batch-state", f"批次 {row.number} {where}，不能{what_zh}", f"batch {row.number} is {row.state} and cannot be {what_en}"
    )


def _reconciled(row: models.Batch, figures: dict[str, Any], *, is_repeated: bool) -> Reconciled:
    counts = {name: figures[name] for name in ("paid", "paid_fen", "failed", "held", "repeated")}
    return Reconciled(batch=row.number, unknown=tuple(figures["unknown"]), is_repeated=is_repeated, **counts)
