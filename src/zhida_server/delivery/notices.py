"""Public notices (公示): what a run found for a policy is granted, shown to everybody for some working days, and then payable.

    run ──open──> granting ──every eligible enterprise, in the order of the registry──> open ──its days are over──> closed
                     │ chunk by chunk: grant, order, line; killed and repeated, it goes on where it stopped     payable orders
                     └ once the budget is spent, everybody else waits, and is granted when there is money again

First come, first served: nobody is granted something while somebody before them waits for the same budget; see `waiting`. Whose answer
was overtaken since the run, by a claim or another run that stacking ties to it, is left to the next run. To whom an objection was
upheld, the policy is not granted in its year until somebody lifts that.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import partial
from uuid import UUID

from django.db import connection, transaction
from procrastinate.contrib.django import app

from zhida.assess.assessment import Delivery
from zhida_server import settings
from zhida_server.audit import service as audit
from zhida_server.catalogue import service as catalogue
from zhida_server.delivery import models, waiting
from zhida_server.delivery.data import (
    NoCalendar,
    NoNotice,
    NotDeliverable,
    Notice,
    NoticeLine,
    NoticeState,
    NotUnderstood,
    RunOvertaken,
)
from zhida_server.delivery.rows import insert
from zhida_server.delivery.waiting import CHUNK, JOB
from zhida_server.delivery.working_days import Calendar, add_working_days, parse_calendar
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import EligibleLine, GrantRequest, NoBudget, Run, RunNotDone, RunState
from zhida_server.ledger import service as ledger
from zhida_server.people import service as people
from zhida_server.people.data import Actor, NotFound
from zhida_server.registry import service as registry

CALENDAR = "national/calendar.md"
"""Where packs keep the official calendar."""

MONEY = ("cash", "voucher")
"""What a policy gives that is paid out by orders."""

WITHOUT_APPLYING = ("", Delivery.WITHOUT_APPLICATION.value, Delivery.WITHOUT_REVIEW.value)
"""The ways of delivery by which nobody has to apply; empty where the document orders none."""

MOST_DAYS = 60
"""Working days of a notice, at most; more is a slip of the hand."""

LINE_COLUMNS = (
    ("notice_id", "uuid"),
    ("position", "integer"),
    ("code", "text"),
    ("name", "text"),
    ("amount_fen", "bigint"),
    ("article", "text"),
    ("order_id", "uuid"),
    ("since", "timestamptz"),
    ("place", "integer"),
)
"""What is written of a line."""

WAITS = "waiting"
"""The state of a line that waits for money."""

GRANT_JOB = "delivery.grant_lines"
"""The name of the job that grants the lines of a notice."""

VOIDED = """
SELECT ordered.notice_id, count(*), sum(ordered.amount_fen)
FROM delivery_event event JOIN delivery_order ordered ON ordered.id = event.order_id
WHERE event.kind = 'voided' AND ordered.notice_id = ANY(%s) GROUP BY ordered.notice_id
"""
"""What of it was voided again."""

OBJECTED = """
SELECT objection.notice_id, count(*) FROM delivery_objection objection
LEFT JOIN delivery_objection_decision decision ON decision.objection_id = objection.id
WHERE objection.notice_id = ANY(%s) AND decision.objection_id IS NULL GROUP BY objection.notice_id
"""
"""Objections that nobody has decided."""

FIGURES = """
SELECT line.notice_id, count(line.order_id), coalesce(sum(line.amount_fen) FILTER (WHERE line.order_id IS NOT NULL), 0),
    count(*) FILTER (WHERE line.order_id IS NULL)
FROM delivery_notice_line line WHERE line.notice_id = ANY(%s) GROUP BY line.notice_id
"""
"""How many lines have an order, for how much, and how many have none."""

FOLLOWED = """
SELECT notice.id, count(*) FROM delivery_notice notice
JOIN delivery_notice later ON later.policy = notice.policy AND later.period = notice.period AND later.state <> 'granting'
    AND (later.opened_at, later.id) > (notice.opened_at, notice.id)
WHERE notice.id = ANY(%s) GROUP BY notice.id
"""
"""Notices on which nobody waits any more, because a later one of the policy and year is complete."""

LINES = f"""
SELECT line.position, line.code, line.name, line.amount_fen, line.article, line.order_id,
    CASE WHEN line.order_id IS NOT NULL
        THEN (SELECT kind FROM delivery_event WHERE order_id = line.order_id ORDER BY seq DESC LIMIT 1)
        WHEN {waiting.UPHELD} THEN 'objected' WHEN {waiting.ELSEWHERE} THEN 'elsewhere' WHEN {waiting.MOVED} THEN 'moved'
        ELSE 'waiting' END
FROM delivery_notice_line line JOIN delivery_notice notice ON notice.id = line.notice_id
WHERE line.notice_id = %s AND line.position > %s AND (%s = '' OR line.code = %s OR strpos(line.name, %s) > 0)
ORDER BY line.position LIMIT %s
"""  # noqa: S608 - all parts are ours


# --- opening -------------------------------------------------------------------------------------------------------


def open_notice(actor: Actor, run_id: UUID, policy: str, *, on: dt.date, days: int | None = None) -> Notice:
    """Open a public notice of what a run found for a policy; opening it again returns it as it is.

    Its lines are granted by the job that `grant_lines` is; until then it is `granting` and `waiting` counts nothing.

    Args:
        actor: Who opens it.
        run_id: The run, which must be done.
        policy: The policy: it gives money and its document asks nobody to apply.
        on: The day; the notice's days are counted from the next.
        days: How many working days it runs; without it, as many as the site's options say.

    Raises:
        RunOvertaken: where a later run of the same year was done since.
        NotDeliverable: where the policy is not paid out this way.
        NoBudget: where no budget pays it.
        NoCalendar: where its days lead into a year that the official calendar does not have yet.
    """
    people.require(actor, "notice.open")
    run = entitlements.run(actor, run_id)
    if run.state is not RunState.DONE:
        raise RunNotDone("run-not-done", "这次运行还没有完成，不能公示", "this run is not done yet and cannot be put on notice")
    count = settings.NOTICE_WORKING_DAYS if days is None else days
    if not 1 <= count <= MOST_DAYS:
        raise NotUnderstood("notice-days", f"公示期应当是 1 至 {MOST_DAYS} 个工作日", f"a notice runs 1 to {MOST_DAYS} working days")
    with transaction.atomic():
        former = models.Notice.objects.filter(run_id=run_id, policy=policy).first()
        if former is not None:
            return _notice(former)
        _refuse_what_is_overtaken(run)
        title, budget = _deliverable(policy, run.packs_sha256, run.as_of.year)
        row = models.Notice.objects.create(
            policy=policy,
            title=title,
            period=run.as_of.year,
            run_id=run_id,
            budget=budget,
            opened_on=on,
            days=count,
            closes_on=add_working_days(official_calendar(), on, count),
            opened_by=actor.name,
        )
        after = {"policy": policy, "run": str(run_id), "days": count, "closes_on": str(row.closes_on)}
        audit.record(actor.name, "notice.open", str(row.id), after=after)
        app.configure_task(GRANT_JOB, lock=f"notice/{row.id}", queueing_lock=f"notice/{row.id}").defer(notice_id=str(row.id))
        return _notice(row)


def _refuse_what_is_overtaken(run: Run) -> None:
    """Refuse a run whose answers no longer count: what a later one of the same year found is what enterprises see."""
    latest = entitlements.latest_run()
    if latest is not None and latest.id != run.id and latest.as_of.year == run.as_of.year:
        raise RunOvertaken(
            "run-overtaken",
            f"评估日 {run.as_of} 的这次运行已被后来的一次（评估日 {latest.as_of}）代替：请按最近一次运行开公示",
            f"this run as of {run.as_of} was overtaken by a later one as of {latest.as_of}: open the notice of the latest run",
        )


def official_calendar() -> Calendar:
    """Return the official calendar of the packs that hold now.

    Raises:
        NoCalendar: where they have none.
    """
    try:
        content = catalogue.pack_file(catalogue.current_sha256(), CALENDAR)
    except NotFound:
        raise NoCalendar(
            "no-calendar",
            f"政策包里没有工作日历（{CALENDAR}），公示期数不出来；补上以后重新收一次政策包",
            f"the packs have no official calendar ({CALENDAR}), so working days cannot be counted; add it and take the packs again",
        ) from None
    return parse_calendar(content.decode("utf-8"))


def _deliverable(policy: str, packs_sha256: str, period: int) -> tuple[str, str]:
    """Return the title of a policy that is paid without applying, and its budget."""
    found = catalogue.packs_of(packs_sha256).policies.get(policy)
    if found is None:
        raise NotDeliverable("no-such-policy", f"这次运行的政策里没有“{policy}”", f"the run's policies have no '{policy}'")
    front = found.front
    if front.gives not in MONEY:
        raise NotDeliverable(
            "gives-no-money", f"“{front.title}”不发钱，不用公示兑付", f"'{front.title}' pays no money, so there is nothing to put on notice"
        )
    if front.delivery not in WITHOUT_APPLYING:
        raise NotDeliverable(
            "document-orders-otherwise",
            f"“{front.title}”的文件规定的是“{front.delivery}”，不能免申即享",
            f"the document of '{front.title}' orders '{front.delivery}': it cannot go out without application",
        )
    budget = ledger.budget_for(policy, period)
    if budget is None:
        raise NoBudget(
            "no-budget",
            f"{period} 年没有支付“{front.title}”的预算：请先由财务开立",
            f"no budget of {period} pays '{front.title}': finance has to open one",
        )
    return front.title, budget


# --- granting ------------------------------------------------------------------------------------------------------


def unfinished() -> tuple[UUID, ...]:
    """Return the notices that are still granting, the oldest first: their job is at work, or has failed for good."""
    return tuple(models.Notice.objects.filter(state=NoticeState.GRANTING).order_by("opened_at", "id").values_list("id", flat=True))


def grant_lines(notice_id: UUID, *, on: dt.date | None = None) -> Notice:
    """Grant the lines of a notice, chunk by chunk, and open it; killed and repeated, it goes on where it stopped.

    Args:
        notice_id: The notice; one that is open or closed is left as it is.
        on: The day; where the lines are complete later than the day of opening, the working days of the notice are counted from it.

    Raises:
        NoCalendar: where these lead into a year that the official calendar does not have yet.
    """
    row = _row(notice_id)
    eligible = [each for each in entitlements.eligible(row.run_id, row.policy) if each.paid_fen > 0]
    places = waiting.places_of(row)
    if places:  # who waits already comes first, in the order in which they wait
        eligible.sort(key=lambda each: (each.code not in places, places.get(each.code, ())))
    is_done = False
    while not is_done:
        is_done = waiting.retried(partial(_grant_chunk, notice_id, eligible, places, on))
    return notice(notice_id)


def _grant_chunk(notice_id: UUID, eligible: Sequence[EligibleLine], places: Mapping[str, waiting.Place], on: dt.date | None) -> bool:
    """Grant the next lines of a notice, in one transaction; says whether there are none left."""
    with transaction.atomic():
        row = models.Notice.objects.select_for_update().get(id=notice_id)
        if row.state != NoticeState.GRANTING:
            return True
        entitlements.grants_alone()
        listed = _listed(row.id)
        settled = entitlements.granted_codes(row.policy, row.period) | entitlements.overtaken(row.run_id, row.policy) | listed
        left = [each for each in eligible if each.code not in settled]
        _write_lines(row, list(enumerate(left[:CHUNK], start=len(listed) + 1)), places)
        is_done = len(left) <= CHUNK
        if is_done:
            row.state = NoticeState.OPEN
            if on is not None and on > row.opened_on:
                row.closes_on = max(row.closes_on, add_working_days(official_calendar(), on, row.days))
            row.save(update_fields=["state", "closes_on"])
            found = _notice(row)
            figures = {"lines": found.lines, "amount_fen": found.amount_fen, "waiting": found.waiting, "waiting_fen": found.waiting_fen}
            audit.record(JOB.name, "notice.open", str(row.id), before={"state": "granting"}, after={"state": "open", **figures})
        return is_done


def _write_lines(row: models.Notice, fresh: Sequence[tuple[int, EligibleLine]], places: Mapping[str, waiting.Place]) -> None:
    """Write lines with their orders as far as the budget allows; where somebody waits for it, everybody takes their place in the line.

    So they do where a later run of the year was done since the notice was opened: they are served by what that one gives.
    """
    latest = entitlements.latest_run_of(row.period)
    is_free = (latest is None or latest.id == row.run_id) and not waiting.is_waited_for(row.budget)
    granted: Mapping[str, UUID] = {}
    if is_free and fresh:
        barred = waiting.barred_codes(row.policy, row.period)
        requests = [GrantRequest(row.policy, each.code, each.paid_fen) for _, each in fresh if each.code not in barred]
        granted = waiting.grant(row, row.run_id, requests, row.opened_on)
    names = registry.names_of([each.code for _, each in fresh])
    lines = []
    for position, each in fresh:
        since, place = places.get(each.code, (row.opened_at, position))
        what = (position, each.code, names.get(each.code, ""), each.paid_fen, each.article)
        lines.append((row.id, *what, granted.get(each.code), since, place))
    insert("delivery_notice_line", LINE_COLUMNS, lines)
    if not is_free:
        waiting.serve(row.budget, {row.id: row}, row.opened_on)


def _listed(notice_id: UUID) -> frozenset[str]:
    """Return the enterprises that are on a notice already."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(code) FROM delivery_notice_line WHERE notice_id = %s", [notice_id])
        return frozenset(cursor.fetchone()[0] or ())


# --- closing -------------------------------------------------------------------------------------------------------


def close_notices(actor: Actor, on: dt.date) -> tuple[Notice, ...]:
    """Close the notices whose last day is over: what nobody objects to is payable; where an objection is undecided, it waits for that.

    Args:
        actor: Who closes: the daily job.
        on: The day; a notice is closed on the day after its last, at the earliest.
    """
    people.require(actor, "notice.close")
    closed = []
    for notice_id in (
        models.Notice.objects.filter(state=NoticeState.OPEN, closes_on__lt=on).values_list("id", flat=True).order_by("closes_on", "id")
    ):
        with transaction.atomic():
            row = models.Notice.objects.select_for_update().get(id=notice_id)
            if row.state != NoticeState.OPEN:
                continue
            row.state, row.closed_on = NoticeState.CLOSED, on
            row.save(update_fields=["state", "closed_on"])
            count = waiting.let_go(row, actor.name, on)
            audit.record(actor.name, "notice.close", str(row.id), after={"payable": count, "on": str(on)})
            closed.append(_notice(row))
    return tuple(closed)


def let_go(notice_id: UUID, code: str, by: str, on: dt.date) -> None:
    """Make an enterprise's order on a notice that is closed payable, where nobody objects to it any more; the caller holds its row."""
    row = _row(notice_id)
    if row.state == NoticeState.CLOSED:
        waiting.let_go(row, by, on, code)


# --- reading, by anybody -------------------------------------------------------------------------------------------


def notice(notice_id: UUID) -> Notice:
    """Return a notice; anybody may read it.

    Args:
        notice_id: The notice.

    Raises:
        NoNotice: where there is none.
    """
    return _notice(_row(notice_id))


def open_notices() -> int:
    """Return how many notices are open; anybody may know."""
    return models.Notice.objects.filter(state=NoticeState.OPEN.value).count()


def notices(*, limit: int = 100) -> tuple[Notice, ...]:
    """Return the notices, the latest first; anybody may read them.

    Args:
        limit: How many at most.
    """
    return _notices(list(models.Notice.objects.order_by("-opened_on", "-opened_at")[:limit]))


def notice_lines(notice_id: UUID, text: str = "", *, after: int = 0, limit: int = 100) -> tuple[NoticeLine, ...]:
    """Return lines of a notice, in order; anybody may read them.

    Args:
        notice_id: The notice.
        text: A part of the enterprise's name, or its code; empty for all.
        after: Only those behind this position.
        limit: How many at most.
    """
    row, wanted, latest = _row(notice_id), text.strip(), waiting.Latest()
    with connection.cursor() as cursor:
        cursor.execute(LINES, [notice_id, after, wanted, wanted.upper(), wanted, limit])
        return tuple(
            NoticeLine(position, code, name, amount_fen, article, _line_state(row, latest, code, amount_fen, state), order_id)
            for position, code, name, amount_fen, article, order_id, state in cursor.fetchall()
        )


def _line_state(row: models.Notice, latest: waiting.Latest, code: str, amount_fen: int, state: str) -> str:
    """Return where a line stands; of one that waits, what the run that counts now says of it."""
    if state != WAITS or row.state == NoticeState.GRANTING:
        return state
    run_id, due_fen = latest.due(row.run_id, row.policy, row.period, code, amount_fen)
    if due_fen == 0:
        return "elsewhere" if run_id == row.run_id else "gone"
    return WAITS if due_fen == amount_fen else "changed"


def _row(notice_id: UUID) -> models.Notice:
    row = models.Notice.objects.filter(id=notice_id).first()
    if row is None:
        raise NoNotice("no-notice", f"没有这份公示：{notice_id}", f"there is no such notice: {notice_id}")
    return row


def _notice(row: models.Notice) -> Notice:
    return _notices([row])[0]


def _notices(rows: Sequence[models.Notice]) -> tuple[Notice, ...]:
    ids = [row.id for row in rows]
    figures, voided, objected = _by_notice(FIGURES, ids), _by_notice(VOIDED, ids), _by_notice(OBJECTED, ids)
    followed = _by_notice(FOLLOWED, ids)
    found = []
    for row in rows:
        lines, amount_fen, unordered = figures.get(row.id, (0, 0, 0))
        waiters = tuple(waiting.waiters(row.budget, row.id)) if unordered and row.id not in followed else ()
        unchanged = [each.due_fen for each in waiters if not each.is_changed]
        gone, gone_fen = voided.get(row.id, (0, 0))
        found.append(
            Notice(
                id=row.id,
                policy=row.policy,
                title=row.title,
                period=row.period,
                run_id=row.run_id,
                budget=row.budget,
                opened_on=row.opened_on,
                days=row.days,
                closes_on=row.closes_on,
                state=NoticeState(row.state),
                closed_on=row.closed_on,
                lines=lines,
                amount_fen=amount_fen - gone_fen,
                waiting=len(unchanged),
                waiting_fen=sum(unchanged),
                changed=len(waiters) - len(unchanged),
                voided=gone,
                open_objections=objected.get(row.id, (0,))[0],
                opened_by=row.opened_by,
            )
        )
    return tuple(found)


def _by_notice(query: str, ids: Sequence[UUID]) -> Mapping[UUID, tuple[int, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, [list(ids)])
        return {row[0]: tuple(int(each) for each in row[1:]) for row in cursor.fetchall()}
