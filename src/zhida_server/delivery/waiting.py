"""Who waits for money: one line for each budget, first come, first served, whatever notice they stand on.

    a notice's line without an order ──┬── a later notice of the policy and year lists the enterprise: it waits there, in the place it had
                                       ├── the latest run of the year gives just the same: served, when it is its turn
                                       ├── it gives another amount: place and money are kept until a notice says the new amount
                                       └── it gives nothing any more: it waits no more

What the public has read of a line is what is granted by it; an amount that changed is put on notice anew. Nobody is overtaken: not by
a later notice, not by another policy of the same budget, and not by a claim.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import TypeVar
from uuid import UUID

from django.db import connection, transaction

from zhida_server import settings
from zhida_server.audit import service as audit
from zhida_server.delivery import models, orders
from zhida_server.delivery.data import NoticeState, OrderState
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import AlreadyGranted, Entitlement, GrantRequest, Run
from zhida_server.ledger import service as ledger
from zhida_server.people import service as people
from zhida_server.people.data import Actor, job_actor

Done = TypeVar("Done")

CHUNK = settings.GRANT_CHUNK
"""Grants of one transaction: what a kill loses is less than this."""

TRIES = 5
"""How often a chunk is tried again while others grant the same."""

PAGE = 1_000
"""Lines that are read at once."""

JOB = job_actor("notice")
"""Who grants the lines of a notice that somebody opened."""

UPHELD = """
EXISTS (SELECT FROM delivery_disputed disputed WHERE disputed.code = line.code
    AND disputed.policy = notice.policy AND disputed.period = notice.period AND disputed.is_upheld)
"""
"""Whether an objection to the enterprise of a line was upheld, for the policy and year of its notice, and holds; `line` is on `notice`."""

ELSEWHERE = """
EXISTS (SELECT FROM delivery_order other
    WHERE other.policy = notice.policy AND other.period = notice.period AND other.code = line.code
        AND (other.ordered_at > notice.opened_at
            OR NOT EXISTS (SELECT FROM delivery_event gone WHERE gone.order_id = other.id AND gone.kind = 'voided')))
"""
"""Whether the enterprise of a line without an order was granted the same by another notice, or by a claim; what was granted since the
notice and voided again does not bring its place back."""

MOVED = """
EXISTS (SELECT FROM delivery_notice later
    WHERE later.policy = notice.policy AND later.period = notice.period AND (later.opened_at, later.id) > (notice.opened_at, notice.id)
        AND (later.state <> 'granting'
            OR EXISTS (SELECT FROM delivery_notice_line there WHERE there.notice_id = later.id AND there.code = line.code)))
"""
"""Whether a later notice says what becomes of a line: it lists the enterprise, or is complete without it."""

WAITING = f"""
SELECT line.id, line.since, line.place, line.notice_id, notice.policy, notice.period, notice.run_id, line.code, line.amount_fen
FROM delivery_notice_line line JOIN delivery_notice notice ON notice.id = line.notice_id
WHERE line.order_id IS NULL AND notice.budget = %s AND (%s::uuid IS NULL OR notice.id = %s)
    AND (%s::timestamptz IS NULL OR (line.since, line.place, line.id) > (%s, %s, %s))
    AND NOT {UPHELD} AND NOT {ELSEWHERE} AND NOT {MOVED}
ORDER BY line.since, line.place, line.id LIMIT {PAGE:d}
"""  # noqa: S608 - all parts are ours

PLACES = """
SELECT line.code, line.since, line.place, ARRAY(
    SELECT later.run_id FROM delivery_notice later
    WHERE later.policy = notice.policy AND later.period = notice.period AND later.state <> 'granting'
        AND (later.opened_at, later.id) > (notice.opened_at, notice.id)
        AND NOT EXISTS (SELECT FROM delivery_notice_line there WHERE there.notice_id = later.id AND there.code = line.code))
FROM delivery_notice_line line JOIN delivery_notice notice ON notice.id = line.notice_id
WHERE notice.policy = %s AND notice.period = %s AND notice.id <> %s AND line.order_id IS NULL
    AND NOT EXISTS (SELECT FROM delivery_order made WHERE made.policy = notice.policy AND made.period = notice.period
        AND made.code = line.code AND made.ordered_at > notice.opened_at)
ORDER BY line.since, line.place, line.id
"""
"""Where enterprises wait for a policy and year on other notices, and were not served since, by whatever way; with the runs of the later
complete notices that do not list them."""

BARRED = "SELECT DISTINCT code FROM delivery_disputed WHERE policy = %s AND period = %s AND is_upheld"
"""The enterprises to which a policy is not granted in a year, because an objection was upheld and holds."""

UNDISPUTED = """
SELECT ordered.id FROM delivery_order ordered
WHERE ordered.notice_id = %s AND %s IN ('', ordered.code)
    AND (SELECT kind FROM delivery_event WHERE order_id = ordered.id ORDER BY seq DESC LIMIT 1) = 'noticed'
    AND NOT EXISTS (SELECT FROM delivery_disputed disputed
        WHERE (disputed.policy, disputed.period, disputed.code) = (ordered.policy, ordered.period, ordered.code))
ORDER BY ordered.id
"""
"""The orders of a notice to which no objection is left: on no notice of the policy and year, since who waits moves from one to another."""

ORDERED = """
UPDATE delivery_notice_line line SET order_id = made.order_id
FROM unnest(%s::bigint[], %s::uuid[]) AS made (line_id, order_id) WHERE line.id = made.line_id
"""

Place = tuple[dt.datetime, int]
"""Where somebody stands in the line of a budget: since when, and there in which place."""


@dataclass(frozen=True, slots=True)
class Waiter:
    """An enterprise that waits for money."""

    line: int
    """Its line."""
    notice: UUID
    """The notice that the line is on."""
    policy: str
    """The policy."""
    run: UUID
    """The run that counts now, of the year of the notice."""
    code: str
    """The enterprise."""
    noticed_fen: int
    """How much the notice says."""
    due_fen: int
    """How much the run that counts says."""

    @property
    def is_changed(self) -> bool:
        """Whether a new notice has to say the amount."""
        return self.noticed_fen != self.due_fen


@dataclass(slots=True)
class Latest:
    """What the latest run of a year says of those who wait by an earlier one; asked for once and kept for as long as this is."""

    runs: dict[int, Run | None] = field(default_factory=dict)
    """By year."""
    overtaken: dict[tuple[UUID, str], frozenset[str]] = field(default_factory=dict)
    """By run and policy: the enterprises for which a run is out of date."""

    def due(self, run_id: UUID, policy: str, period: int, code: str, noticed_fen: int) -> tuple[UUID, int]:
        """Return the run that counts for a line, and how much is due by it; 0 where nothing is any more."""
        if period not in self.runs:
            self.runs[period] = entitlements.latest_run_of(period)
        run = self.runs[period]
        if run is None or run.id == run_id:
            return run_id, 0 if code in self._overtaken(run_id, policy) else noticed_fen
        due_fen = entitlements.paid_by(run, policy).get(code, 0)
        return run.id, 0 if due_fen and code in self._overtaken(run.id, policy) else due_fen

    def _overtaken(self, run_id: UUID, policy: str) -> frozenset[str]:
        if (run_id, policy) not in self.overtaken:
            self.overtaken[run_id, policy] = entitlements.overtaken(run_id, policy)
        return self.overtaken[run_id, policy]


def waiters(budget: str, notice_id: UUID | None = None) -> Iterator[Waiter]:
    """Yield who waits for money of a budget, in the order in which they are served.

    Args:
        budget: The account.
        notice_id: Only those of one notice; of any where it is None.
    """
    latest = Latest()
    after: tuple[dt.datetime, int, int] | None = None
    while True:
        with connection.cursor() as cursor:
            since, place, line = after or (None, None, None)
            cursor.execute(WAITING, [budget, notice_id, notice_id, since, since, place, line])
            rows = cursor.fetchall()
        for line_id, _, _, notice, policy, period, run_id, code, noticed_fen in rows:
            run, due_fen = latest.due(run_id, policy, period, code, noticed_fen)
            if due_fen:
                yield Waiter(line_id, notice, policy, run, code, noticed_fen, due_fen)
        if len(rows) < PAGE:
            return
        last = rows[-1]
        after = (last[1], last[2], last[0])


def is_waited_for(budget: str) -> bool:
    """Say whether somebody on a notice waits for money of a budget; nobody else is served before them."""
    return next(waiters(budget), None) is not None


def is_left_beside(budget: str, amount_fen: int) -> bool:
    """Say whether a claim of an amount overtakes nobody who waits for a budget; nobody else draws on it until the transaction ends.

    Whoever could be served comes first. Of those whose amount changed, and who have to be put on notice again, the money stays aside.

    Args:
        budget: The account.
        amount_fen: How much is claimed. Where nobody waits, whether it is there is for the ledger to say.
    """
    _, left = ledger.reserve_within(budget, ())  # nothing: it locks the budget and says what is left
    for each in waiters(budget):
        left -= each.due_fen
        if not each.is_changed or left < amount_fen:
            return False
    return True


def places_of(row: models.Notice) -> Mapping[str, Place]:
    """Return where enterprises wait for the policy and year of a notice on other notices, by code.

    A place is lost once a complete notice said that its run gives nothing, and once it was served. Where a complete notice left somebody
    out although its run gives them something, because that was overtaken by another grant, the place is kept.
    """
    with connection.cursor() as cursor:
        cursor.execute(PLACES, [row.policy, row.period, row.id])
        found = cursor.fetchall()
    gives: dict[UUID, frozenset[str]] = {}
    places: dict[str, Place] = {}
    for code, since, place, silent in found:
        for run_id in silent:
            if run_id not in gives:
                gives[run_id] = frozenset(each.code for each in entitlements.eligible(run_id, row.policy) if each.paid_fen > 0)
        if all(code in gives[run_id] for run_id in silent):
            places.setdefault(code, (since, place))
    return places


def barred_codes(policy: str, period: int) -> frozenset[str]:
    """Return the enterprises to which a policy is not granted in a year, because an objection was upheld and nobody lifted that."""
    with connection.cursor() as cursor:
        cursor.execute(BARRED, [policy, period])
        return frozenset(row[0] for row in cursor.fetchall())


# --- serving -------------------------------------------------------------------------------------------------------


def grant_waiting(actor: Actor, policy: str | None = None, *, on: dt.date) -> int:
    """Grant those who wait, first come first served, as far as budgets allow now; returns how many were granted.

    Args:
        actor: Who lets it be done.
        policy: Only those who wait for the budgets that pay one policy; all where it is None.
        on: The day.
    """
    people.require(actor, "notice.open")
    rows = models.Notice.objects.filter(all_lines__order=None)
    count = 0
    for budget in sorted(set((rows.filter(policy=policy) if policy else rows).values_list("budget", flat=True))):
        is_over = False
        while not is_over:
            granted, is_over = retried(partial(_serve_chunk, budget, on))
            count += granted
    if count:
        audit.record(actor.name, "notice.open", policy or "waiting", after={"granted": count, "on": str(on)})
    return count


def _serve_chunk(budget: str, on: dt.date) -> tuple[int, bool]:
    """Serve the next who wait for a budget, in one transaction."""
    with transaction.atomic():
        waited_on = models.NoticeLine.objects.filter(order=None).values("notice_id")
        rows = models.Notice.objects.select_for_update().filter(budget=budget, id__in=waited_on).order_by("id")
        locked = {row.id: row for row in rows}
        entitlements.grants_alone()
        return serve(budget, locked, on)


def serve(budget: str, locked: Mapping[UUID, models.Notice], on: dt.date) -> tuple[int, bool]:
    """Serve the first who wait for a budget, in the transaction in which their notices are locked and nobody else grants.

    Args:
        budget: The account.
        locked: Notices that the caller holds; where somebody on another notice comes next, nobody behind is served.
        on: The day.

    Returns:
        How many were granted, and whether nobody else can be served now.
    """
    first, is_over = _next(budget, locked)
    count = 0
    for (notice_id, run_id), group in groupby(first, key=lambda each: (each.notice, each.run)):
        row, members = locked[notice_id], list(group)
        requests = [GrantRequest(row.policy, each.code, each.due_fen) for each in members]
        granted = grant(row, run_id, requests, on)
        now = [(each.line, granted[each.code]) for each in members if each.code in granted]
        with connection.cursor() as cursor:
            cursor.execute(ORDERED, [[line for line, _ in now], [order_id for _, order_id in now]])
        if row.state == NoticeState.CLOSED:
            let_go(row, JOB.name, on)
        count += len(now)
        if len(now) < len(members):
            return count, True
    return count, is_over


def _next(budget: str, locked: Mapping[UUID, models.Notice]) -> tuple[list[Waiter], bool]:
    """Return who is served next, a chunk at most, and whether nobody is behind them who could be; money of the changed stays aside."""
    standing = ledger.budget(budget)
    left = 0 if standing is None else standing.available_fen
    found: list[Waiter] = []
    for each in waiters(budget):
        if each.notice not in locked or each.due_fen > left:
            return found, True
        if len(found) == CHUNK:
            return found, False
        left -= each.due_fen
        if not each.is_changed:
            found.append(each)
    return found, True


def grant(row: models.Notice, run_id: UUID, requests: Sequence[GrantRequest], on: dt.date) -> dict[str, UUID]:
    """Grant as many of some requests as the budget of a notice allows, with their orders; returns the orders by enterprise.

    Args:
        row: The notice, locked.
        run_id: The run that gives just this.
        requests: Who is granted what, in the order in which they are served.
        on: The day.
    """
    granted: tuple[Entitlement, ...]
    granted, _ = entitlements.grant_within(JOB, run_id, requests, on=on)
    orders.place(JOB.name, granted, notice_id=row.id, kind=OrderState.NOTICED, on=on)
    return {each.code: each.id for each in granted}


def let_go(row: models.Notice, by: str, on: dt.date, code: str = "") -> int:
    """Make payable what nobody objects to on a notice that is closed, or of that what is one enterprise's; say how many orders that are."""
    with connection.cursor() as cursor:
        cursor.execute(UNDISPUTED, [row.id, code])
        ids = [found[0] for found in cursor.fetchall()]
    standing = orders.locked(ids)
    disputed = orders.disputed(ids)  # by another notice of the policy and year, before we held them
    free = [order_id for order_id in ids if standing[order_id] is OrderState.NOTICED and order_id not in disputed]
    orders.tell(free, OrderState.PAYABLE, by=by, on=on)
    return len(free)


def retried(act: Callable[[], Done]) -> Done:
    """Do an act again where somebody else granted the same at the same moment."""
    for _ in range(TRIES - 1):
        try:
            return act()
        except AlreadyGranted:
            continue
    return act()
