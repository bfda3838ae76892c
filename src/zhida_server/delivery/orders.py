"""Orders to pay, and what becomes of them: every step is an event that is added, and the last one says where an order stands.

    (nothing) ──> noticed ──> payable ──> batched ──> paid
                     │           │  ▲        ├──> failed ───> payable again, after three failures held for a person
                     └─> voided <┘  └────────┴──> released (the batch was withdrawn before it was signed)

The database holds these steps, and that an order is paid or voided exactly where the ledger is.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from zhida_server.audit import service as audit
from zhida_server.delivery import models
from zhida_server.delivery.data import NoOrder, NotInThatState, Order, OrderEvent, OrderState, PayableLine
from zhida_server.delivery.rows import insert
from zhida_server.delivery.texts import reason_of
from zhida_server.entitlements.data import Entitlement
from zhida_server.ledger import service as ledger
from zhida_server.ledger.data import Settlement
from zhida_server.people import service as people
from zhida_server.people.data import Actor

FAILURES = 3
"""After so many failures an order is no longer tried again by itself."""

ORDER_COLUMNS = (
    ("id", "uuid"),
    ("policy", "text"),
    ("period", "smallint"),
    ("code", "text"),
    ("amount_fen", "bigint"),
    ("notice_id", "uuid"),
    ("ordered_on", "date"),
    ("ordered_by", "text"),
)
"""What is written of an order."""

EVENT_COLUMNS = (("order_id", "uuid"), ("kind", "text"), ("batch_id", "uuid"), ("reason", "text"), ("happened_on", "date"), ("by", "text"))
"""What is written of an event; its place among the events of its order is the database's."""

LAST = "(SELECT kind FROM delivery_event WHERE order_id = ordered.id ORDER BY seq DESC LIMIT 1)"
"""The state of an order, in SQL that calls it `ordered`."""

BARRING = """
SELECT ordered.id, decision.reason FROM delivery_disputed disputed
JOIN delivery_order ordered ON (ordered.policy, ordered.period, ordered.code) = (disputed.policy, disputed.period, disputed.code)
JOIN delivery_objection_decision decision ON decision.objection_id = disputed.objection_id
WHERE ordered.id = ANY(%s) ORDER BY decision.decided_at, decision.objection_id
"""
"""Orders among some to which an objection was upheld, by whatever notice, and holds; with the reason."""

DISPUTED = """
SELECT DISTINCT ordered.id FROM delivery_disputed disputed
JOIN delivery_order ordered ON (ordered.policy, ordered.period, ordered.code) = (disputed.policy, disputed.period, disputed.code)
WHERE ordered.id = ANY(%s)
"""
"""Orders among some to which somebody objects, by whatever notice: nobody has decided that, or it was upheld and holds."""

PAYABLE = """
SELECT event.order_id FROM delivery_event event
WHERE event.kind = %s AND NOT EXISTS (SELECT FROM delivery_event later WHERE later.order_id = event.order_id AND later.seq = event.seq + 1)
"""
"""The orders that stand at `payable` or `held`."""

IN_DOUBT = "SELECT EXISTS (SELECT FROM delivery_disputed WHERE policy = %s AND period = %s AND code = %s)"
"""Whether an objection is not decided, or was upheld and holds."""

TAKEN_BACK = """
SELECT EXISTS (
    SELECT FROM delivery_order ordered JOIN delivery_event event ON event.order_id = ordered.id AND event.kind = 'voided'
    WHERE ordered.policy = %s AND ordered.period = %s AND ordered.code = %s
) OR EXISTS (SELECT FROM delivery_disputed WHERE policy = %s AND period = %s AND code = %s AND is_upheld)
"""

ORDERS = """
SELECT ordered.id, ordered.policy, ordered.period, ordered.code, ordered.amount_fen, ordered.notice_id, ordered.ordered_on,
    EXISTS (SELECT FROM delivery_payee payee WHERE payee.code = ordered.code)
FROM delivery_order ordered WHERE {where} ORDER BY ordered.ordered_on DESC, ordered.policy, ordered.id
"""

EVENTS = """
SELECT event.order_id, event.kind, event.happened_on, event.at, event.by, coalesce(batch.number, ''), event.reason
FROM delivery_event event LEFT JOIN delivery_batch batch ON batch.id = event.batch_id
WHERE event.order_id = ANY(%s) ORDER BY event.order_id, event.seq
"""

BY_POLICY = f"""
WITH standing AS (SELECT order_id, true AS is_payable FROM ({PAYABLE}) payable UNION ALL SELECT order_id, false FROM ({PAYABLE}) held),
known AS (
    SELECT ordered.policy, ordered.amount_fen, standing.is_payable,
        EXISTS (SELECT FROM delivery_payee payee WHERE payee.code = ordered.code) AS has_payee
    FROM standing JOIN delivery_order ordered ON ordered.id = standing.order_id
)
SELECT policy, count(*) FILTER (WHERE is_payable AND has_payee), coalesce(sum(amount_fen) FILTER (WHERE is_payable AND has_payee), 0),
    count(*) FILTER (WHERE is_payable AND NOT has_payee), coalesce(sum(amount_fen) FILTER (WHERE is_payable AND NOT has_payee), 0),
    count(*) FILTER (WHERE NOT is_payable)
FROM known GROUP BY policy ORDER BY policy
"""  # noqa: S608 - all parts are ours


# --- what the other modules of delivery do with orders -------------------------------------------------------------


def place(by: str, granted: Sequence[Entitlement], *, notice_id: UUID | None, kind: OrderState, on: dt.date) -> None:
    """Make the orders of new entitlements, in the transaction in which they are granted.

    Args:
        by: Who acts.
        granted: The entitlements.
        notice_id: The notice they come from; None for a claim.
        kind: Where the orders begin: noticed or payable.
        on: The day.
    """
    insert(
        "delivery_order",
        ORDER_COLUMNS,
        [(each.id, each.policy, each.period, each.code, each.amount_fen, notice_id, on, by) for each in granted],
    )
    tell((each.id for each in granted), kind, by=by, on=on)


def tell(  # noqa: PLR0913 - what an event says
    orders: Iterable[UUID],
    kind: str,
    *,
    by: str,
    on: dt.date,
    batch_id: UUID | None = None,
    reasons: Mapping[UUID, str] | None = None,
) -> None:
    """Add one event to each of some orders; the database refuses what does not follow.

    Args:
        orders: The orders.
        kind: What became of them.
        by: Who did it.
        on: The day.
        batch_id: The batch in which it happened; None where none.
        reasons: Why, by order.
    """
    why = reasons or {}
    insert("delivery_event", EVENT_COLUMNS, ((each, str(kind), batch_id, why.get(each, ""), on, by) for each in orders))


def alone_about(code: str) -> None:
    """Let nobody else claim for an enterprise, judge its claims or object to what it gets until the transaction ends; the first lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('claim/' || %s, 0))", [code])


def locked(ids: Iterable[UUID]) -> Mapping[UUID, OrderState]:
    """Lock some orders until the transaction ends, and return where each stands then.

    Whoever moves an order, or makes or decides an objection to it, locks it first: a batch or a notice before its orders, orders by
    their ids, budgets after them. Nobody ever edits an order, so rows that point to it wait for nobody.
    """
    wanted = list(ids)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM delivery_order WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [wanted])
        cursor.fetchall()
        cursor.execute(f"SELECT ordered.id, {LAST} FROM delivery_order ordered WHERE id = ANY(%s)", [wanted])  # noqa: S608 - ours
        return {row[0]: OrderState(row[1]) for row in cursor.fetchall()}


def payable_ids(policy: str = "") -> list[UUID]:
    """Return the orders that can go into a batch: of one policy, or of all."""
    chosen = "SELECT ordered.id FROM delivery_order ordered JOIN delivery_payee payee ON payee.code = ordered.code"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{chosen} WHERE ordered.id IN ({PAYABLE}) AND %s IN ('', ordered.policy) GROUP BY ordered.id",
            [OrderState.PAYABLE, policy],
        )
        return [row[0] for row in cursor.fetchall()]


def failures_of(ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return how often each of some orders failed; what never failed is left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT order_id, count(*) FROM delivery_event WHERE order_id = ANY(%s) AND kind = 'failed' GROUP BY order_id", [list(ids)]
        )
        return dict(cursor.fetchall())


def void(ids: Sequence[UUID], *, by: str, reason: str, on: dt.date) -> None:
    """Void orders that stand where they can be: their money is free again."""
    ledger.void_many([Settlement(each, f"void/{each}") for each in ids], reason, by=by)
    tell(ids, OrderState.VOIDED, by=by, on=on, reasons=dict.fromkeys(ids, reason))


def barred(ids: Sequence[UUID]) -> Mapping[UUID, str]:
    """Return which of some orders an upheld objection forbids to pay, and why; ask once they are locked."""
    with connection.cursor() as cursor:
        cursor.execute(BARRING, [list(ids)])
        found: dict[UUID, str] = dict(cursor.fetchall())
        return found


def disputed(ids: Sequence[UUID]) -> frozenset[UUID]:
    """Return to which of some orders an objection stands that is not decided, or was upheld and holds; ask once they are locked."""
    with connection.cursor() as cursor:
        cursor.execute(DISPUTED, [list(ids)])
        return frozenset(row[0] for row in cursor.fetchall())


def void_barred(ids: Sequence[UUID], *, by: str, on: dt.date) -> None:
    """Void what came back out of a batch although an objection to it was upheld meanwhile: the bank has it no more.

    Args:
        ids: Orders that are payable again, and locked.
        by: Who acts.
        on: The day.
    """
    for order_id, reason in barred(ids).items():
        void([order_id], by=by, reason=reason, on=on)


def standing_of(policy: str, period: int, code: str) -> UUID | None:
    """Return the order of a policy, year and enterprise that was not voided."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT ordered.id FROM delivery_order ordered WHERE policy = %s AND period = %s AND code = %s AND {LAST} <> 'voided'",  # noqa: S608 - ours
            [policy, period, code],
        )
        row = cursor.fetchone()
        return None if row is None else row[0]


def is_taken_back(policy: str, period: int, code: str) -> bool:
    """Say whether a policy was granted to an enterprise in a year and voided again, or an objection to it was upheld and holds."""
    with connection.cursor() as cursor:
        cursor.execute(TAKEN_BACK, [policy, period, code] * 2)
        (is_so,) = cursor.fetchone()
        return bool(is_so)


def is_in_doubt(policy: str, period: int, code: str) -> bool:
    """Say whether somebody objects to a policy for an enterprise in a year and that is not decided, or was upheld and holds."""
    with connection.cursor() as cursor:
        cursor.execute(IN_DOUBT, [policy, period, code])
        (is_so,) = cursor.fetchone()
        return bool(is_so)


# --- acts ----------------------------------------------------------------------------------------------------------


def cancel_order(actor: Actor, order_id: UUID, reason: str, *, on: dt.date) -> Order:
    """Cancel an order that is in no batch; its money goes back to the budget. Cancelling again changes nothing.

    Args:
        actor: Who acts.
        order_id: The order.
        reason: Why, in words.
        on: The day.

    Raises:
        NotInThatState: where it is in a batch or paid.
    """
    people.require(actor, "order.cancel")
    because = reason_of(reason)
    with transaction.atomic():
        state = _state(order_id)
        if state in {OrderState.BATCHED, OrderState.PAID}:
            raise _not_from(state, "撤销", "cancelled")
        if state is not OrderState.VOIDED:
            void([order_id], by=actor.name, reason=because, on=on)
            audit.record(actor.name, "order.cancel", str(order_id), before={"state": state}, after={"reason": because})
        return order_by_id(order_id)


def requeue_order(actor: Actor, order_id: UUID, reason: str, *, on: dt.date) -> Order:
    """Let an order that failed too often be tried again, once a person has settled why it failed.

    Args:
        actor: Who acts.
        order_id: The order.
        reason: What was settled.
        on: The day.

    Raises:
        NotInThatState: where it is not held.
    """
    people.require(actor, "order.requeue")
    because = reason_of(reason)
    with transaction.atomic():
        state = _state(order_id)
        if state is not OrderState.PAYABLE:
            if state is not OrderState.HELD:
                raise _not_from(state, "重新排队", "queued again")
            tell([order_id], OrderState.PAYABLE, by=actor.name, on=on, reasons={order_id: because})
            audit.record(actor.name, "order.requeue", str(order_id), after={"reason": because})
        return order_by_id(order_id)


# --- reading -------------------------------------------------------------------------------------------------------


def orders_of(actor: Actor, code: str, *, purpose: str) -> tuple[Order, ...]:
    """Return the orders of an enterprise with everything that became of them, the latest first.

    Args:
        actor: Who asks.
        code: The enterprise.
        purpose: What for.
    """
    people.require(actor, "order.read")
    people.access_enterprise(actor, code, purpose=purpose)
    return orders_for(code)


def orders_for(code: str) -> tuple[Order, ...]:
    """Return the same, for whoever was let in already."""
    return _read("ordered.code = %s", [code])


def order(actor: Actor, order_id: UUID, *, purpose: str) -> Order:
    """Return one order.

    Args:
        actor: Who asks.
        order_id: The order.
        purpose: What for.

    Raises:
        NoOrder: where there is none.
    """
    people.require(actor, "order.read")
    found = order_by_id(order_id)
    people.access_enterprise(actor, found.code, purpose=purpose)
    return found


def held_orders(actor: Actor) -> tuple[Order, ...]:
    """Return the orders that failed too often and wait for a person.

    Raises:
        NotAllowed: where the role sees sums alone, or nothing of it.
    """
    people.require(actor, "ledger.read")
    return _read(f"ordered.id IN ({PAYABLE})", [OrderState.HELD])


def payable(actor: Actor) -> tuple[PayableLine, ...]:
    """Return what could be paid now, by policy."""
    people.require(actor, "batch.read")
    with connection.cursor() as cursor:
        cursor.execute(BY_POLICY, [OrderState.PAYABLE, OrderState.HELD])
        rows = cursor.fetchall()
    titles = dict(models.Notice.objects.values_list("policy", "title").distinct()) | dict(
        models.Claim.objects.values_list("policy", "title").distinct()
    )
    return tuple(PayableLine(row[0], titles.get(row[0], row[0]), *(int(each) for each in row[1:])) for row in rows)


def order_by_id(order_id: UUID) -> Order:
    """Return one order, for whoever was let in already."""
    found = _read("ordered.id = %s", [order_id])
    if not found:
        raise NoOrder("no-order", f"没有这笔支付：{order_id}", f"there is no such order: {order_id}")
    return found[0]


def states_of(ids: Sequence[UUID]) -> Mapping[UUID, OrderState]:
    """Return where each of some orders stands."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ordered.id, {LAST} FROM delivery_order ordered WHERE id = ANY(%s)", [list(ids)])  # noqa: S608 - ours
        return {row[0]: OrderState(row[1]) for row in cursor.fetchall()}


def _read(where: str, values: Sequence[str | UUID]) -> tuple[Order, ...]:
    with connection.cursor() as cursor:
        cursor.execute(ORDERS.format(where=where), values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        if not rows:
            return ()
        cursor.execute(EVENTS, [[row[0] for row in rows]])
        events: dict[UUID, list[OrderEvent]] = {}
        for order_id, *event in cursor.fetchall():
            events.setdefault(order_id, []).append(OrderEvent(*event))
    return tuple(_order(row, tuple(events[row[0]])) for row in rows)


def _order(row: tuple[Any, ...], events: tuple[OrderEvent, ...]) -> Order:
    id_, policy, period, code, amount_fen, notice_id, ordered_on, has_payee = row
    failures = sum(event.kind == "failed" for event in events)
    state = OrderState(events[-1].kind)
    return Order(id_, policy, period, code, amount_fen, state, failures, notice_id, ordered_on, events, has_payee)


def _state(order_id: UUID) -> OrderState:
    """Lock an order and return where it stands."""
    found = locked([order_id])
    if order_id not in found:
        raise NoOrder("no-order", f"没有这笔支付：{order_id}", f"there is no such order: {order_id}")
    return found[order_id]


def _not_from(state: OrderState, what_zh: str, what_en: str) -> NotInThatState:
    where_zh = {
        OrderState.NOTICED: "在公示",
        OrderState.PAYABLE: "待支付",
        OrderState.BATCHED: "已进批次（先撤回批次，或等银行回盘）",
        OrderState.HELD: "在人工处理",
        OrderState.PAID: "已经支付",
        OrderState.VOIDED: "已经撤销",
    }[state]
    return NotInThatState("order-state", f"这笔支付{where_zh}，不能{what_zh}", f"this order is {state.value} and cannot be {what_en}")
