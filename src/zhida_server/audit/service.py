"""The door of the audit: one record for each act and each read of an enterprise's facts, chained by the database.

    record(…) ──▶ audit_record ──(commit)──▶ audit_link: seq, sha256(hash of the one before + every column of the record)

A record is written in the transaction of the act that it tells of, so that there is never one without the other. The chain is
computed by the database when that transaction commits, under a lock that is held only while it commits: acts do not wait for each
other while they work, and writing the record first or last cannot make two acts wait for each other in a circle.

What the chain proves: a record that was edited, removed or slipped in, by whatever means, is found by `verify`. What it cannot prove
by itself: that the end was not cut off. For this `head` is printed and kept elsewhere, and given to `verify` as its anchor.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from django.db import connection, transaction

from zhida_server.audit import models
from zhida_server.audit.data import Chain, Content, Entry, Head, Record

FIRST = "0" * 64
"""What stands before the first record."""
PART = 1_000
"""How many records one statement writes."""
FAULTS = 100
"""After so many faults a verification stops: the rest follows from them."""

_INSERT = """INSERT INTO audit_record (actor, act, object, purpose, before, after)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])"""
_CHAIN = """SELECT link.seq, link.hash, record.id, (extract(epoch FROM record.at) * 1000000)::bigint, record.actor, record.act,
    record.object, record.purpose, record.before, record.after
FROM audit_link link FULL JOIN audit_record record ON record.id = link.record_id ORDER BY link.seq, record.id"""


def record(  # noqa: PLR0913 - each is one column
    actor: str,
    act: str,
    object: str,  # noqa: A002 - the record's own word
    *,
    purpose: str = "",
    before: Content | None = None,
    after: Content | None = None,
) -> None:
    """Write one record, in the transaction that is open.

    Args:
        actor: Who acts, as `Actor.name` says it.
        act: What is done, as the table of permissions names it.
        object: What it is done to.
        purpose: What for, where facts of an enterprise are read.
        before: What changes, as it was.
        after: What changes, as it is now.
    """
    record_many([Entry(actor, act, object, purpose, before, after)])


def record_read(actor: str, act: str, object: str, *, purpose: str) -> None:  # noqa: A002 - the record's own word
    """Write the record of a read, and return when it is on the disk; inside a transaction it is written as any other.

    Pages are read by many at once, and a commit waits for the disk: here it lets go of the chain first and waits after, so that all
    who read wait for the disk together instead of one after the other.

    Args:
        actor: Who reads.
        act: What is done, as the table of permissions names it.
        object: Whose facts are read.
        purpose: What for.
    """
    if connection.in_atomic_block:
        record(actor, act, object, purpose=purpose)
        return
    with connection.cursor() as cursor:
        with transaction.atomic():
            cursor.execute("SET LOCAL synchronous_commit = off")
            record(actor, act, object, purpose=purpose)
        cursor.execute("SELECT pg_logical_emit_message(true, 'audit', '')")  # its own commit flushes what was written before it


def record_many(entries: Sequence[Entry]) -> None:
    """Write many records in their order, in the transaction that is open; all or none."""
    rest = iter(entries)
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        while part := list(islice(rest, PART)):
            cursor.execute(
                _INSERT,
                [
                    [entry.actor for entry in part],
                    [entry.act for entry in part],
                    [entry.object for entry in part],
                    [entry.purpose for entry in part],
                    [_text(entry.before) for entry in part],
                    [_text(entry.after) for entry in part],
                ],
            )


def head() -> Head:
    """Return the end of the chain, to be kept elsewhere: it is what shows later that nothing up to here was cut off."""
    last = models.Link.objects.order_by("-seq").first()
    return Head(last.seq, last.hash) if last else Head(0, FIRST)


def verify(anchor: Head | None = None) -> Chain:
    """Compute the whole chain again from the columns as they are stored, and say what is broken.

    Args:
        anchor: An end of the chain that was kept elsewhere; without it a chain whose end was cut off looks whole.
    """
    faults: list[str] = []
    length, last, at_anchor = 0, FIRST, FIRST
    with transaction.atomic(), connection.cursor() as chaining:
        chaining.execute("SET CONSTRAINTS audit_record_is_chained IMMEDIATE")
        chaining.execute("SET CONSTRAINTS audit_record_is_chained DEFERRED")
        for row in _rows():
            seq, found = row[0], row[1]
            if len(faults) >= FAULTS:
                break
            if seq is None:
                faults.append(_fault(f"记录 {row[2]} 不在链中：绕过触发器插入", f"record {row[2]} is not in the chain: it was slipped in"))
                continue
            if seq != length + 1:
                faults.append(
                    _fault(
                        f"第 {length + 1} 至 {seq - 1} 条不见了：被删除", f"numbers {length + 1} to {seq - 1} are gone: they were removed"
                    )
                )
            elif row[2] is None:
                faults.append(_fault(f"第 {seq} 条的内容不见了：被删除", f"what number {seq} said is gone: it was removed"))
            elif found != hash_of(last, seq, row[3:]):
                faults.append(
                    _fault(
                        f"第 {seq} 条与它的校验值不符：它或前一条被改动，或是插入的",
                        f"number {seq} does not carry its own hash: it or the one before it was edited, or it was slipped in",
                    )
                )
            length, last = seq, found
            at_anchor = found if anchor and seq == anchor.length else at_anchor
    if anchor and at_anchor != anchor.hash:
        faults.append(
            _fault(
                f"另处留存的第 {anchor.length} 条的校验值在此找不到：末尾被截去，或整条链被重写",
                f"the hash kept elsewhere of number {anchor.length} is not found here: the end was cut off, or the chain rewritten",
            )
        )
    return Chain(length, last, tuple(faults))


def hash_of(previous: str, seq: int, columns: Sequence[object]) -> str:
    """Return the hash of a record: sha256 of the hash before it and its place and columns, each after its length in bytes.

    Args:
        previous: The hash of the record before.
        seq: Its place in the chain.
        columns: Microseconds since 1970, actor, act, object, purpose, before, after; None where there is nothing.

    >>> hash_of("0" * 64, 1, [0, "li", "run.start", "7", "", None, None])[:16]
    'fc48a9232fbc97ac'
    """
    text = previous + "".join("-" if value is None else f"{len(str(value).encode())}:{value}" for value in (seq, *columns))
    return hashlib.sha256(text.encode()).hexdigest()


def records(  # noqa: PLR0913 - each is one filter
    *,
    object: str = "",  # noqa: A002 - the record's own word
    actor: str = "",
    act: str = "",
    purpose: str = "",
    before_id: int | None = None,
    limit: int = 100,
) -> tuple[Record, ...]:
    """Return records, the latest first; whoever shows them asks `people.service.access_audit` before.

    Args:
        object: Only what was done to it.
        actor: Only what they did.
        act: Only this act, or with a dot at its end (`batch.`) every act that begins so.
        purpose: Only reads for this purpose.
        before_id: Only records before this one: the next page of a listing.
        limit: How many at most.
    """
    rows = models.Record.objects.order_by("-id")
    rows = rows.filter(object=object) if object else rows
    rows = rows.filter(actor=actor) if actor else rows
    rows = rows.filter(purpose=purpose) if purpose else rows
    if act:
        rows = rows.filter(act__startswith=act) if act.endswith(".") else rows.filter(act=act)
    rows = rows.filter(id__lt=before_id) if before_id is not None else rows
    found = list(rows[:limit])
    links = {link.record_id: link for link in models.Link.objects.filter(record_id__in=[row.id for row in found])}
    return tuple(_record(row, links.get(row.id)) for row in found)


def _record(row: models.Record, link: models.Link | None) -> Record:
    """Return a row as others see it."""
    before, after = (None if text is None else json.loads(text) for text in (row.before, row.after))
    return Record(
        row.id,
        link.seq if link else None,
        row.at,
        row.actor,
        row.act,
        row.object,
        row.purpose,
        before,
        after,
        link.hash if link else "",
    )


def _rows() -> Iterator[tuple[Any, ...]]:
    """Yield every record with its place in the chain, read from the database a part at a time."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_CHAIN)
        while part := cursor.fetchmany(PART):
            yield from part


def _text(content: Content | None) -> str | None:
    """Return a mapping as one text; what JSON has no form for is written as its own text."""
    if content is None:
        return None
    text = json.dumps(dict(content), ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return text.encode("utf-8", "backslashreplace").decode()


def _fault(zh: str, en: str) -> str:
    """Return a fault in both languages."""
    return f"{zh} / {en}"
