"""Grants: what a run, or a decision at once, says is owed, becomes owed: a decision that stays and money that is set aside.

    requests ──former grants──> new ones ──ledger.reserve──> money set aside ──> entitlements ──> audit
                   └──────────> the same again: what was granted then is returned, and nothing changes

The id of a grant is made of its policy, year, enterprise and attempt, so that whoever grants the same twice, at whatever moment they
were stopped, grants it once. An entitlement, the reservation and the order to pay have this id; the order is made by `delivery` in the
same transaction, without which nothing is committed.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from zhida_server.audit import service as audit
from zhida_server.audit.data import Entry
from zhida_server.entitlements import lines, records
from zhida_server.entitlements.data import (
    AlreadyGranted,
    EligibleLine,
    Entitlement,
    EntitlementState,
    GrantRequest,
    NoBudget,
    NoEntitlement,
    NotOfTheRun,
    Run,
)
from zhida_server.ledger import service as ledger
from zhida_server.ledger.data import Reservation, act_id
from zhida_server.people import service as people
from zhida_server.people.data import Actor, NotAllowed, Role

COLUMNS = "id, policy, period, code, attempt, amount_fen, run_id, granted_on, article, decision::text, granted_by, granted_at, state"
"""What is read of a grant."""

INSERT = """
INSERT INTO entitlements_entitlement
    (id, policy, period, code, attempt, amount_fen, run_id, granted_on, article, decision, granted_by)
SELECT id, policy, %(period)s, code, attempt, amount_fen, %(run)s, %(on)s, article, decision, %(by)s
FROM jsonb_to_recordset(%(rows)s::jsonb)
    AS new (id uuid, policy text, code text, attempt smallint, amount_fen bigint, article text, decision jsonb)
ON CONFLICT (id) DO NOTHING RETURNING id
"""

FORMER = f"""
SELECT DISTINCT ON (policy, code) {COLUMNS} FROM entitlements_granted
WHERE period = %s AND (policy, code) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
ORDER BY policy, code, attempt DESC
"""  # noqa: S608 - the columns are ours


@dataclass(frozen=True, slots=True)
class _New:
    """A grant that is about to be written."""

    request: GrantRequest
    attempt: int
    period: int
    article: str
    decision: Mapping[str, Any]
    key: str
    id: UUID


def key_of(policy: str, period: int, code: str, attempt: int) -> str:
    """Return the idempotency key of a grant, of which its id is made."""
    return f"grant/{policy}/{period}/{code}/{attempt}"


# --- granting ------------------------------------------------------------------------------------------------------


def grant_many(actor: Actor, run_id: UUID | None, grants: Sequence[GrantRequest], *, on: dt.date) -> tuple[Entitlement, ...]:
    """Grant all of some requests, or none; what was granted already, just so, is returned as it is.

    The transaction that is open is committed only if it also holds an order to pay each grant (`delivery` makes them).

    Args:
        actor: Who grants.
        run_id: The run that the requests rest on, which must give exactly what they ask; None for what was decided at once.
        grants: What is to be granted.
        on: The day of the grant.

    Raises:
        NotAllowed: where the role may not, or a representative asks for another enterprise.
        NotOfTheRun: where the run gives something else.
        AlreadyGranted: where something else was granted of the same policy for the same year and was not voided.
        NoBudget: where no budget pays a policy.
        Overdrawn: where a budget has not enough left (the ledger's refusal); nothing is granted then.
    """
    with transaction.atomic():
        order = _Order.of(actor, run_id, grants, on)
        ledger.reserve_many([_reservation(each, order.budgets) for each in order.new], by=actor.name)
        return order.written(order.new)


def grant_within(
    actor: Actor, run_id: UUID | None, grants: Sequence[GrantRequest], *, on: dt.date
) -> tuple[tuple[Entitlement, ...], tuple[GrantRequest, ...]]:
    """Grant as many of some requests, first come first, as their one budget allows; see `grant_many`.

    Args:
        actor: Who grants.
        run_id: The run that the requests rest on.
        grants: What is to be granted, in the order in which it is served; all of policies that one budget pays.
        on: The day of the grant.

    Returns:
        What is granted, and the requests that have to wait.
    """
    with transaction.atomic():
        order = _Order.of(actor, run_id, grants, on)
        budgets = set(order.budgets.values())
        assert len(budgets) <= 1, "first come, first served is a matter of one budget"
        served: set[UUID] = set()
        if order.new:
            ids, _ = ledger.reserve_within(budgets.pop(), [_reservation(each, order.budgets) for each in order.new], by=actor.name)
            served = set(ids)
        granted = order.written([each for each in order.new if each.id in served])
        return granted, tuple(each.request for each in order.new if each.id not in served)


@dataclass(frozen=True, slots=True)
class _Order:
    """Requests, held against what was granted before."""

    actor: Actor
    run: Run | None
    on: dt.date
    period: int
    requests: tuple[GrantRequest, ...]
    former: Mapping[tuple[str, str], Entitlement]
    new: tuple[_New, ...]
    budgets: Mapping[str, str]

    @classmethod
    def of(cls, actor: Actor, run_id: UUID | None, grants: Sequence[GrantRequest], on: dt.date) -> "_Order":
        """Check requests, and say which of them are new."""
        people.require(actor, "entitlement.grant")
        if actor.role is Role.REPRESENTATIVE and (run_id is not None or any(each.code != actor.enterprise_code for each in grants)):
            raise NotAllowed("enterprise-not-yours", "只能为自己代表的企业办理", "you can act only for the enterprise that you represent")
        run = None if run_id is None else records.done_run(run_id)
        period = on.year if run is None else run.as_of.year
        requests = tuple(dict.fromkeys((each.policy, each.code) for each in grants))
        assert len(requests) == len(grants), "a policy and an enterprise stand in an order once"
        former = {(each.policy, each.code): each for each in _former(period, requests)}
        standing = {pair: each for pair, each in former.items() if each.state is not EntitlementState.VOIDED}
        said = {} if run is None else {policy: lines.lines_by_code(run, policy) for policy in dict.fromkeys(each.policy for each in grants)}
        for each in grants:
            _refuse_what_differs(each, standing.get((each.policy, each.code)), run_id)
            if run is not None and (each.policy, each.code) not in standing:
                _refuse_what_the_run_does_not_give(each, said[each.policy].get(each.code))
        new = tuple(
            _new(each, run, said.get(each.policy, {}).get(each.code), period, former.get((each.policy, each.code)))
            for each in grants
            if (each.policy, each.code) not in standing
        )
        budgets = {policy: _budget(policy, period) for policy in dict.fromkeys(each.request.policy for each in new)}
        return cls(actor, run, on, period, tuple(grants), standing, new, budgets)

    def written(self, new: Sequence[_New]) -> tuple[Entitlement, ...]:
        """Write new grants, and return all that stand now, in the order of the requests."""
        inserted = _insert(self, new)
        audit.record_many([_entry(self.actor, each) for each in new if each.id in inserted])
        pairs = [(each.request.policy, each.request.code) for each in new]
        now = {(each.policy, each.code): each for each in _former(self.period, pairs)}
        run_id = None if self.run is None else self.run.id
        for each in new:  # somebody else may have granted meanwhile
            _refuse_what_differs(each.request, now[each.request.policy, each.request.code], run_id)
        found = dict(self.former) | now
        return tuple(found[pair] for each in self.requests if (pair := (each.policy, each.code)) in found)


def _insert(order: _Order, new: Sequence[_New]) -> set[UUID]:
    """Write new grants; returns the ids of those that were not there."""
    if not new:
        return set()
    values = {
        "period": order.period,
        "run": None if order.run is None else order.run.id,
        "on": order.on,
        "by": order.actor.name,
        "rows": json.dumps([_row(each) for each in new], ensure_ascii=False),
    }
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
        return {row[0] for row in cursor.fetchall()}


def _row(new: _New) -> dict[str, Any]:
    """Return a new grant as the database reads it: one text for all of them is written many times faster than a text for each."""
    request = new.request
    own = {"id": str(new.id), "policy": request.policy, "code": request.code, "attempt": new.attempt, "amount_fen": request.amount_fen}
    return own | {"article": new.article, "decision": new.decision}


def _new(request: GrantRequest, run: Run | None, line: EligibleLine | None, period: int, former: Entitlement | None) -> _New:
    article = request.article or ("" if line is None else line.article)
    decision = dict(request.decision) if run is None else lines.decision_of(run, request.policy, line) | dict(request.decision)
    decision |= {"amount_fen": request.amount_fen, "article": article}
    attempt = 1 if former is None else former.attempt + 1
    key = key_of(request.policy, period, request.code, attempt)
    return _New(request, attempt, period, article, decision, key, act_id(key))


def _reservation(new: _New, budgets: Mapping[str, str]) -> Reservation:
    request = new.request
    return Reservation(new.key, budgets[request.policy], request.code, request.amount_fen, f"{request.policy} {new.period}")


def _entry(actor: Actor, new: _New) -> Entry:
    request = new.request
    after = {"policy": request.policy, "code": request.code, "amount_fen": request.amount_fen, "article": new.article}
    return Entry(actor.name, "entitlement.grant", str(new.id), "", None, after)


def _budget(policy: str, period: int) -> str:
    found = ledger.budget_for(policy, period)
    if found is None:
        raise NoBudget(
            "no-budget",
            f"{period} 年没有支付“{policy}”的预算：请先由财务开立",
            f"no budget of {period} pays '{policy}': finance has to open one first",
        )
    return found


def _refuse_what_differs(request: GrantRequest, former: Entitlement | None, run_id: UUID | None) -> None:
    if former is None or (former.amount_fen == request.amount_fen and former.run_id == run_id):
        return
    raise AlreadyGranted(
        "already-granted",
        f"{request.code} 的“{request.policy}”在 {former.period} 年已于 {former.on} 发放（{former.id}）；要改，先撤销那一笔",
        f"'{request.policy}' was granted to {request.code} for {former.period} on {former.on} ({former.id}); to change it, void that first",
    )


def _refuse_what_the_run_does_not_give(request: GrantRequest, line: EligibleLine | None) -> None:
    given = 0 if line is None else line.paid_fen
    if given == request.amount_fen > 0:
        return
    raise NotOfTheRun(
        "not-of-the-run",
        f"运行结果给 {request.code} 的“{request.policy}”是 {given} 分，不是 {request.amount_fen} 分",
        f"the run gives {request.code} {given} fen of '{request.policy}', not {request.amount_fen}",
    )


# --- reading -------------------------------------------------------------------------------------------------------


def entitlements_of(actor: Actor, code: str, *, purpose: str) -> tuple[Entitlement, ...]:
    """Return what was granted to an enterprise, the latest first.

    Raises:
        NotAllowed: where the actor may not read of the enterprise.
    """
    people.access_enterprise(actor, code, purpose=purpose)
    return _read("code = %s ORDER BY granted_on DESC, granted_at DESC, policy", [code])


def entitlement(actor: Actor, id_: UUID, *, purpose: str) -> Entitlement:
    """Return one grant.

    Raises:
        NoEntitlement: where there is none.
        NotAllowed: where the actor may not read of its enterprise.
    """
    found = _read("id = %s", [id_])
    if not found:
        raise missing(id_)
    people.access_enterprise(actor, found[0].code, purpose=purpose)
    return found[0]


def missing(id_: UUID) -> NoEntitlement:
    """Return what is said where there is no such grant."""
    return NoEntitlement("no-entitlement", f"没有这一笔发放：{id_}", f"there is no such entitlement: {id_}")


def granted_codes(policy: str, period: int) -> frozenset[str]:
    """Return the enterprises to which a policy was granted for a year, what was voided left out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT code FROM entitlements_granted WHERE policy = %s AND period = %s AND state <> 'voided'", [policy, period])
        return frozenset(row[0] for row in cursor.fetchall())


def granted_to(code: str) -> tuple[Entitlement, ...]:
    """Return what was granted to an enterprise, for services that have checked who asks, and recorded it."""
    return _read("code = %s ORDER BY granted_on, policy, attempt", [code])


def by_ids(ids: Sequence[UUID]) -> Mapping[UUID, Entitlement]:
    """Return grants by id, for services that have checked who asks."""
    return {each.id: each for each in _read("id = ANY(%s)", [list(ids)])}


def _former(period: int, pairs: Sequence[tuple[str, str]]) -> tuple[Entitlement, ...]:
    """Return the latest attempt of each policy and enterprise in a year."""
    with connection.cursor() as cursor:
        cursor.execute(FORMER, [period, [policy for policy, _ in pairs], [code for _, code in pairs]])
        return _entitlements(cursor.fetchall())


def _read(where: str, values: Sequence[str | UUID | list[UUID]]) -> tuple[Entitlement, ...]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM entitlements_granted WHERE {where}", values)  # noqa: S608 - both are ours
        return _entitlements(cursor.fetchall())


def _entitlements(rows: Iterable[tuple[Any, ...]]) -> tuple[Entitlement, ...]:
    return tuple(_entitlement(*row) for row in rows)


def _entitlement(  # noqa: PLR0913, PLR0917 - the columns of a row
    id_: UUID,
    policy: str,
    period: int,
    code: str,
    attempt: int,
    amount_fen: int,
    run_id: UUID | None,
    on: dt.date,
    article: str,
    decision: str,
    granted_by: str,
    granted_at: dt.datetime,
    state: str,
) -> Entitlement:
    data = json.loads(decision)
    title = str(data.get("title") or policy)
    what = (id_, policy, title, code, period, attempt, amount_fen, run_id, on, EntitlementState(state), article, data)
    return Entitlement(*what, granted_by, granted_at)
