"""Objections (异议) to lines of a notice: made by anybody in its days, decided by the policy office, and heard before anything is paid.

One that is upheld holds for the policy, the year and the enterprise: no later run, notice or claim grants the same, until somebody with
the right lifts that with a reason.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from zhida_server.audit import service as audit
from zhida_server.delivery import models, notices, orders
from zhida_server.delivery.data import AlreadyDecided, NoNotice, NoObjection, NoticeIsOver, NoticeState, NotUpheld, Objection, OrderState
from zhida_server.delivery.texts import line_of, reason_of
from zhida_server.entitlements import service as entitlements
from zhida_server.ledger.data import act_id
from zhida_server.people import service as people
from zhida_server.people.data import VISITOR, Actor

QUERY = """
SELECT objection.id, objection.notice_id, notice.policy, notice.title, objection.code, line.name, objection.who, objection.reason,
    objection.made_on, decision.is_upheld, coalesce(decision.reason, ''), coalesce(decision.decided_by, ''), decision.decided_on,
    coalesce(lift.reason, ''), coalesce(lift.lifted_by, ''), lift.lifted_on,
    CASE WHEN entered.is_made THEN entered.number ELSE '' END, CASE WHEN entered.is_made THEN '' ELSE coalesce(entered.number, '') END
FROM delivery_objection objection JOIN delivery_notice notice ON notice.id = objection.notice_id
JOIN delivery_notice_line line ON line.notice_id = objection.notice_id AND line.code = objection.code
LEFT JOIN delivery_objection_decision decision ON decision.objection_id = objection.id
LEFT JOIN delivery_objection_lift lift ON lift.decision_id = objection.id
LEFT JOIN LATERAL (
    SELECT batch.number, batch.state = 'made' AS is_made
    FROM delivery_order ordered JOIN delivery_line entry ON entry.order_id = ordered.id
    JOIN delivery_batch batch ON batch.id = entry.batch_id
    WHERE ordered.policy = notice.policy AND ordered.period = notice.period AND ordered.code = objection.code
        AND (entry.outcome IS NULL OR entry.outcome = 'paid') LIMIT 1
) entered ON decision.is_upheld AND lift.decision_id IS NULL
WHERE {where} ORDER BY (decision.objection_id IS NOT NULL), objection.made_at, objection.id LIMIT {limit}
"""
"""Objections with how they were decided, whether that was lifted, and the batch that holds what is upheld; the undecided first."""

VOIDABLE = (OrderState.NOTICED, OrderState.PAYABLE, OrderState.HELD)
"""Where an order can be voided: before a bank may have it."""

MOST = 1_000
"""Objections that are listed at once."""


def object_to(  # noqa: PLR0913 - what an objection consists of
    notice_id: UUID, code: str, who: str, reason: str, *, on: dt.date, actor: Actor = VISITOR
) -> Objection:
    """Object to a line of a notice; the same words of the same person again change nothing.

    Args:
        notice_id: The notice.
        code: The enterprise whose line it is.
        who: Who objects, and how to reach them.
        reason: Why.
        on: The day; within those of the notice.
        actor: Who enters it; anybody may.

    Raises:
        NoNotice: where there is no such line.
        NoticeIsOver: where its days are over.
    """
    people.require(actor, "objection.make")
    name, because = line_of(who, "异议人", "who objects"), reason_of(reason)
    with transaction.atomic():
        orders.alone_about(code)
        row = models.Notice.objects.select_for_update(of=("self",)).filter(id=notice_id).first()
        if row is None or not models.NoticeLine.objects.filter(notice=row, code=code).exists():
            raise NoNotice("no-notice-line", "这份公示里没有这家企业", "this notice has no line of that enterprise")
        if row.state == NoticeState.CLOSED or not row.opened_on <= on <= row.closes_on:
            raise NoticeIsOver(
                "notice-over",
                f"这份公示到 {row.closes_on} 为止，现在不能提异议；仍有问题请联系主管部门",
                f"this notice ran until {row.closes_on} and takes no objections now; please turn to the department in charge",
            )
        id_ = act_id(f"objection/{notice_id}/{code}/{name}/{because}")
        found = models.Objection.objects.filter(id=id_)
        if not found.exists():
            orders.locked(_orders_of(row, code))  # whoever puts one into a batch or signs that waits and sees it, or we wait for them
            models.Objection.objects.create(id=id_, notice=row, code=code, who=name, reason=because, made_on=on)
            audit.record(actor.name, "objection.make", str(id_), after={"notice": str(notice_id), "code": code})
        return _one(id_)


def decide_objection(actor: Actor, objection_id: UUID, *, is_upheld: bool, reason: str, on: dt.date) -> Objection:
    """Decide an objection; where it is upheld, the grant is void and its money free again, and nothing is granted in its place this year.

    What stands in a batch that nobody has signed cannot be signed any more: the objection says which batch has to be withdrawn, by which
    it is void. What stands in a signed batch is on its way to the bank: it is paid, or void where the bank sends it back; the objection
    names that batch too. The same decision again changes nothing.

    Args:
        actor: Who decides.
        objection_id: The objection.
        is_upheld: Whether it is right.
        reason: Why.
        on: The day.

    Raises:
        AlreadyDecided: where it was decided the other way.
    """
    people.require(actor, "objection.decide")
    because = reason_of(reason)
    with transaction.atomic():
        objection = models.Objection.objects.filter(id=objection_id).first()
        if objection is None:
            raise NoObjection("no-objection", f"没有这条异议：{objection_id}", f"there is no such objection: {objection_id}")
        same = models.Notice.objects.filter(policy=objection.notice.policy, period=objection.notice.period)
        notice_ids = [row.id for row in same.select_for_update().order_by("id")]  # the daily closing waits, or we wait for it
        former = models.ObjectionDecision.objects.filter(objection=objection).first()
        if former is not None:
            if former.is_upheld != is_upheld:
                raise _decided_otherwise(former)
            return _one(objection_id)
        models.ObjectionDecision.objects.create(
            objection=objection, is_upheld=is_upheld, reason=because, decided_by=actor.name, decided_on=on
        )
        if is_upheld:
            entitlements.grants_alone()  # no claim and no other notice grants it between the look and the end
            _void(objection, actor, because, on)
        else:
            for notice_id in notice_ids:  # who waited may have been served on a later notice
                notices.let_go(notice_id, objection.code, actor.name, on)
        audit.record(actor.name, "objection.decide", str(objection_id), after={"is_upheld": is_upheld, "reason": because})
        return _one(objection_id)


def _void(objection: models.Objection, actor: Actor, because: str, on: dt.date) -> None:
    """Void what stands of the policy and year, by whatever way it was granted, as far as no bank may have it."""
    ids = _orders_of(objection.notice, objection.code)
    standing = orders.locked(ids)
    orders.void([each for each in ids if standing[each] in VOIDABLE], by=actor.name, reason=because, on=on)


def _orders_of(notice: models.Notice, code: str) -> list[UUID]:
    """Return the orders of an enterprise under the policy and year of a notice."""
    found = models.Order.objects.filter(policy=notice.policy, period=notice.period, code=code)
    return list(found.values_list("id", flat=True))


def lift_objection(actor: Actor, objection_id: UUID, reason: str, *, on: dt.date) -> Objection:
    """Lift what an upheld objection forbids: its policy may be granted to the enterprise again in its year. Lifting again changes nothing.

    What was voided stays void; a later notice, or a claim, may grant it anew, and who waited keeps their place.

    Args:
        actor: Who lifts it.
        objection_id: The objection.
        reason: Why.
        on: The day.

    Raises:
        NotUpheld: where it was not upheld.
    """
    people.require(actor, "objection.lift")
    because = reason_of(reason)
    with transaction.atomic():
        decision = models.ObjectionDecision.objects.select_for_update().filter(objection_id=objection_id).first()
        if decision is None or not decision.is_upheld:
            raise NotUpheld(
                "objection-not-upheld", "这条异议没有认定成立，无需解除", "this objection was not upheld: there is nothing to lift"
            )
        if not models.ObjectionLift.objects.filter(decision=decision).exists():
            models.ObjectionLift.objects.create(decision=decision, reason=because, lifted_by=actor.name, lifted_on=on)
            audit.record(actor.name, "objection.lift", str(objection_id), after={"reason": because})
        return _one(objection_id)


def objection(actor: Actor, objection_id: UUID) -> Objection:
    """Return one objection.

    Args:
        actor: Who asks.
        objection_id: The objection.

    Raises:
        NoObjection: where there is none.
    """
    people.require(actor, "objection.read")
    found = _read("objection.id = %s", [objection_id])
    if not found:
        raise NoObjection("no-objection", f"没有这条异议：{objection_id}", f"there is no such objection: {objection_id}")
    return found[0]


def objections(actor: Actor, notice_id: UUID | None = None, *, is_open: bool = False) -> tuple[Objection, ...]:
    """Return objections, the undecided first.

    Args:
        actor: Who asks.
        notice_id: Only those to one notice; to any where it is None.
        is_open: Only those that nobody has decided.
    """
    people.require(actor, "objection.read")
    return _read(
        "(%s::uuid IS NULL OR objection.notice_id = %s) AND (NOT %s OR decision.objection_id IS NULL)", [notice_id, notice_id, is_open]
    )


def _one(id_: UUID) -> Objection:
    return _read("objection.id = %s", [id_])[0]


def _read(where: str, values: list[Any]) -> tuple[Objection, ...]:
    with connection.cursor() as cursor:
        cursor.execute(QUERY.format(where=where, limit=MOST), values)
        return tuple(Objection(*row) for row in cursor.fetchall())


def _decided_otherwise(former: models.ObjectionDecision) -> AlreadyDecided:
    zh, en = ("成立", "upheld") if former.is_upheld else ("不成立", "not upheld")
    return AlreadyDecided(
        "objection-decided",
        f"这条异议已于 {former.decided_on} 由 {former.decided_by} 认定{zh}，不能再改",
        f"this objection was found to be {en} by {former.decided_by} on {former.decided_on} and stays so",
    )
