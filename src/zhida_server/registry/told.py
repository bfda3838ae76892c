"""Facts that are told of an enterprise, one by one, beside what is imported: with who said so, and from when until when.

    text, number, date ──the dictionary──▶ a value that it allows ──▶ registry_attribute      or refused, all mistakes at once

A row never changes. A fact that is told again replaces the one that holds on its first day, which then ends on the day before.
What is judged of a day that is over ends before the next fact that is told already: what is newer stays.
Each keeps what the import said at that moment: as long as later imports say no other, they bring no news, and the told fact holds.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection, transaction

from zhida.policy.years import parse_column, reporting_year
from zhida.registry_io.registry import Facts
from zhida.values.temporal import Date
from zhida_server.audit import service as audit
from zhida_server.catalogue import service as catalogue
from zhida_server.people import service as people
from zhida_server.people.data import Actor, Conflict, NotAllowed, NotFound, Refused, Role
from zhida_server.registry import data, lines, models
from zhida_server.registry.importing import SUBJECT, newest_taken
from zhida_server.registry.rows import rows_of
from zhida_server.registry.values import Value, checked, decoded, encoded

LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('registry_attribute/' || %s || '/' || %s, 0))"
"""Taken by the trigger too."""

FACTS = """SELECT told.id, told.code, told.name, told.value::text, told.corrects::text, told.source, told.since,
    nullif(registry_attribute_last_day(told.until, next.since), 'infinity'), told.at, told.by, next.id
FROM registry_attribute told LEFT JOIN LATERAL (
    SELECT id, since FROM registry_attribute
    WHERE replaces_id = told.id AND at <= coalesce(%(known_at)s, 'infinity'::timestamptz) ORDER BY since, id LIMIT 1
) next ON true
WHERE told.at <= coalesce(%(known_at)s, 'infinity'::timestamptz)"""


@dataclass(frozen=True)
class TellRequest:
    """Facts that somebody tells, checked."""

    code: str
    """The enterprise."""
    values: Mapping[str, Value]
    """By column of the registry: a yearly fact bears its year."""
    source: str
    """Who says so."""
    on: dt.date
    """The first day on which they hold."""
    until: dt.date | None
    """The last day; None where nobody knows of one."""
    leaves_newer: bool = False
    """Whether it ends before the next fact that was told of the same."""


def tell(  # noqa: PLR0913 - each says one thing about the facts
    actor: Actor, code: str, facts: Mapping[str, object], *, source: str, on: dt.date, until: dt.date | None
) -> None:
    """See `service.tell`."""
    people.require(actor, "registry.tell")
    if actor.role == Role.REPRESENTATIVE and actor.enterprise_code != code:
        raise NotAllowed("enterprise-not-yours", "只能填报自己代表的企业", "you can tell facts only of the enterprise that you represent")
    is_own = actor.role == Role.REPRESENTATIVE
    _tell(actor, code, facts, source, on, until, is_own=is_own, leaves_newer=False)


def judge(actor: Actor, code: str, facts: Mapping[str, object], *, source: str, on: dt.date) -> None:
    """See `service.judge`."""
    people.require(actor, "registry.judge")
    _tell(actor, code, facts, source, on, None, is_own=False, leaves_newer=True)


def _tell(  # noqa: PLR0913, PLR0917 - each says one thing about the facts
    actor: Actor,
    code: str,
    facts: Mapping[str, object],
    source: str,
    on: dt.date,
    until: dt.date | None,
    *,
    is_own: bool,
    leaves_newer: bool,
) -> None:
    """Keep facts that somebody may tell."""
    if lines.line_of(code) is None:
        raise NotFound("no-enterprise", f"登记册里没有代码为“{code}”的企业", f"the registry has no enterprise with the code '{code}'")
    if not source.strip():
        raise Refused("told-without-source", "请写明事实的来源", "say where the facts come from")
    if until is not None and until < on:
        raise Refused("told-ends-before", f"截止日 {until} 早于起始日 {on}", f"the last day {until} is before the first day {on}")
    _, packs = catalogue.current_packs()
    values = checked(facts, packs.dictionaries[SUBJECT], on, is_own=is_own)
    with transaction.atomic():
        before = _write(actor, TellRequest(code, values, source.strip(), on, until, leaves_newer))
        after = {name: encoded(value) for name, value in values.items()}
        audit.record(actor.name, "registry.tell", code, purpose=source.strip(), before=before or None, after=after)


def read(facts: Mapping[str, object], on: dt.date, *, is_own: bool) -> Mapping[str, Value]:
    """See `service.read_facts`."""
    _, packs = catalogue.current_packs()
    return checked(facts, packs.dictionaries[SUBJECT], on, is_own=is_own)


def _write(actor: Actor, asked: TellRequest) -> dict[str, object]:
    """Write a row for each fact, and return what was told before, by attribute."""
    names = sorted(asked.values)  # all who tell take the locks in one order
    with connection.cursor() as cursor:
        for name in names:
            cursor.execute(LOCK, [asked.code, name])
    former: dict[str, list[data.Told]] = {}
    for each in facts_of(asked.code):
        former.setdefault(each.name, []).append(each)
    imported = rows_of(newest_taken().sha256)
    said = imported.facts(asked.code) or {}
    before: dict[str, object] = {}
    rows = []
    for name in names:
        column = column_of(name, imported.columns, asked.on)
        corrects = (said[column],) if column in said else ()
        until = _last_day(asked, former.get(name, ()))
        met = [each for each in former.get(name, ()) if _holds_within(each, asked.on, until)]
        if len(met) > 1:
            raise _overlaps(name, met)
        if met and met[0].corrects == corrects and _says_the_same(met[0], asked, name, until):
            continue
        if met:
            before[name] = encoded(met[0].value)
        value = encoded(asked.values[name])
        replaces = met[0].id if met else None
        rows.append(
            models.Attribute(
                code=asked.code,
                name=name,
                value=value,
                corrects=encoded(corrects[0]) if corrects else None,
                source=asked.source,
                since=asked.on,
                until=until,
                replaces_id=replaces,
                by=actor.name,
            )
        )
    models.Attribute.objects.bulk_create(rows)
    return before


def _last_day(asked: TellRequest, former: Iterable[data.Told]) -> dt.date | None:
    """Return the last day on which a fact holds that is told, beside those that were told of the same."""
    if not asked.leaves_newer:
        return asked.until
    newer = [each.since - dt.timedelta(1) for each in former if each.since > asked.on and not _is_void(each)]
    return min((day for day in (asked.until, *newer) if day is not None), default=None)


def _is_void(told: data.Told) -> bool:
    """Say whether another fact took the place of a told one on all its days."""
    return told.until is not None and told.until < told.since


def _holds_within(told: data.Told, first: dt.date, last: dt.date | None) -> bool:
    """Say whether a told fact holds on any day from the first to the last."""
    return not _is_void(told) and (last is None or told.since <= last) and (told.until is None or first <= told.until)


def _says_the_same(told: data.Told, asked: TellRequest, name: str, until: dt.date | None) -> bool:
    """Say whether the same was told already, from the same day on: somebody sent a form twice."""
    return (
        encoded(told.value) == encoded(asked.values[name]) and (told.since, told.until) == (asked.on, until) and told.source == asked.source
    )


def _overlaps(name: str, met: Sequence[data.Told]) -> Conflict:
    days = "、".join(f"{each.since}—{each.until or ''}" for each in met)
    return Conflict(
        "told-overlaps",
        f"“{name}”在这段日子里已有几条事实（{days}）：请分段填报，一次只替换一条",
        f"several facts are told of '{name}' for these days ({days}): tell them part by part, each replacing one",
    )


# --- what is told --------------------------------------------------------------------------------------------------


def facts_of(code: str, *, known_at: dt.datetime | None = None) -> tuple[data.Told, ...]:
    """Return all that was told of an enterprise until a moment, or ever, in the order of its coming in, as it stood at that moment."""
    return _facts("AND told.code = %(code)s ORDER BY told.id", {"code": code, "known_at": known_at})


def facts_on(as_of: dt.date) -> tuple[data.Told, ...]:
    """Return all told facts of all enterprises that hold on a day, by code and attribute."""
    where = "AND told.since <= %(as_of)s AND registry_attribute_last_day(told.until, next.since) >= %(as_of)s"
    return _facts(f"{where} ORDER BY told.code, told.name", {"as_of": as_of, "known_at": None})


def _facts(where: str, arguments: Mapping[str, str | dt.date | None]) -> tuple[data.Told, ...]:
    with connection.cursor() as cursor:
        cursor.execute(f"{FACTS} {where}", arguments)
        return tuple(
            data.Told(id_, code, name, decoded(json.loads(value)), () if said is None else (decoded(json.loads(said)),), *rest)
            for id_, code, name, value, said, *rest in cursor.fetchall()
        )


# --- beside what is imported ---------------------------------------------------------------------------------------


def holds_beside(told: data.Told, imported: Facts, column: str, came_in: dt.datetime) -> bool:
    """Say whether a told fact takes the place of what an import says.

    It does where the import does not know, or came in before the fact was told, or still says what the fact corrected.

    Args:
        told: The fact.
        imported: What the import says of the enterprise.
        column: The column in which the fact stands there.
        came_in: When the import was taken.
    """
    return column not in imported or told.at >= came_in or told.corrects == (imported[column],)


def column_of(name: str, columns: Iterable[str], as_of: dt.date) -> str | None:
    """Return the column in which a told fact stands: that of its year, or the bare one where the registry keeps just one year.

    None where that is another year's.
    """
    base, year = parse_column(name)
    if year is None or base not in columns:
        return name
    return base if year == reporting_year(Date(as_of.year, as_of.month, as_of.day)) else None
