"""The chain of records: every way in is chained, nothing is edited, and tampering is found."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from zhida_server.audit import service as audit
from zhida_server.audit.data import Chain, Entry, Head

INSERT = "INSERT INTO audit_record (actor, act, object) VALUES (%s, 'run.start', %s)"


def written(count: int = 5) -> None:
    audit.record_many([Entry("li", "run.start", str(number), after={"n": number}) for number in range(count)])


def tampered(address: str, *statements: str) -> Chain:
    """The chain after somebody with every right had triggers switched off."""
    with psycopg.connect(address) as other:
        other.execute("SET session_replication_role = replica")
        for statement in statements:
            other.execute(statement)
    return audit.verify()


@pytest.mark.usefixtures("own_database")
def test_records_are_chained_from_the_first() -> None:
    assert audit.verify() == Chain(0, "0" * 64, ())
    audit.record("li", "enterprise.read", "91330000MA27XXXX0X", purpose="claim")
    written(4)
    chain = audit.verify()
    assert (chain.length, chain.is_whole) == (5, True)
    assert audit.head() == Head(5, chain.last_hash)


@pytest.mark.usefixtures("own_database")
def test_what_stands_in_a_record_comes_back() -> None:
    act = uuid.uuid4()
    before = {"金额": Decimal("1.50"), "on": date(2026, 3, 1), "id": act, "nothing": None, "nul": "a\0b", "half": "\ud800"}
    audit.record("王芳", "order.cancel", "7", before=before, after={})
    (found,) = audit.records(object="7")
    assert found.before == {"金额": "1.50", "on": "2026-03-01", "id": str(act), "nothing": None, "nul": "a\0b", "half": "\ud800"}
    assert (found.actor, found.after, found.seq, len(found.hash)) == ("王芳", {}, 1, 64)
    assert audit.verify().is_whole


@pytest.mark.usefixtures("own_database")
def test_a_record_inserted_by_raw_sql_is_chained_as_well() -> None:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, ["li", "1"])
        cursor.execute("INSERT INTO audit_record (actor, act, object, at) VALUES ('li', 'x', '2', '2001-01-01')")
    chain = audit.verify()
    assert (chain.length, chain.is_whole) == (2, True)
    assert audit.records()[0].at.year > 2001


@pytest.mark.usefixtures("own_database")
def test_a_record_of_an_act_that_was_rolled_back_leaves_no_hole() -> None:
    written(1)
    with transaction.atomic():
        written(3)
        transaction.set_rollback(True)
    written(1)
    assert (audit.verify().length, audit.verify().faults) == (2, ())


@pytest.mark.usefixtures("database")
def test_a_record_is_listed_before_its_transaction_commits() -> None:
    written(1)
    assert (audit.records()[0].seq, audit.records()[0].hash) == (None, "")
    assert audit.verify().length == 1
    assert audit.records()[0].seq == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_record SET object = 'other'",
        "DELETE FROM audit_record",
        "TRUNCATE audit_record CASCADE",
        "UPDATE audit_link SET hash = repeat('0', 64)",
        "DELETE FROM audit_link",
        "TRUNCATE audit_link",
        "INSERT INTO audit_link (seq, record_id, hash) SELECT 7, id, repeat('0', 64) FROM audit_record LIMIT 1",
        "INSERT INTO audit_link (seq, record_id) SELECT 9, id FROM audit_record LIMIT 1",
        "INSERT INTO audit_link (record_id) SELECT id FROM audit_record LIMIT 1",
        "INSERT INTO audit_link (record_id) VALUES (999999999)",
    ],
)
@pytest.mark.usefixtures("database")
def test_the_database_refuses_to_change_the_chain(statement: str) -> None:
    written(2)
    assert audit.verify().length == 2
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"{statement}; SET CONSTRAINTS ALL IMMEDIATE")
    assert (audit.verify().length, audit.verify().faults) == (2, ())


@pytest.mark.parametrize(
    ("statements", "number", "what"),
    [
        (["UPDATE audit_record SET object = 'x' WHERE object = '2'"], "number 3", "edited"),
        (["UPDATE audit_record SET at = at + interval '1 microsecond' WHERE object = '2'"], "number 3", "edited"),
        (["UPDATE audit_record SET after = NULL WHERE object = '0'"], "number 1", "edited"),
        (["UPDATE audit_link SET hash = repeat('a', 64) WHERE seq = 2"], "number 2", "edited"),
        (["DELETE FROM audit_record WHERE object = '3'"], "number 4", "removed"),
        (["DELETE FROM audit_link WHERE seq = 2", "DELETE FROM audit_record WHERE object = '1'"], "numbers 2 to 2", "removed"),
        (["DELETE FROM audit_link WHERE seq = 1", "UPDATE audit_link SET seq = seq - 1"], "number 1 ", "edited"),
        (["INSERT INTO audit_record (actor, act, object, purpose, at) VALUES ('x', 'x', 'x', '', now())"], "record", "slipped in"),
        (
            [
                "INSERT INTO audit_record (actor, act, object, purpose, at) VALUES ('x', 'x', 'x', '', now())",
                "INSERT INTO audit_link (seq, record_id, hash) SELECT 6, max(id), repeat('b', 64) FROM audit_record",
            ],
            "number 6",
            "slipped in",
        ),
    ],
)
def test_tampering_behind_the_triggers_is_found(own_database: str, statements: list[str], number: str, what: str) -> None:
    written()
    fault = tampered(own_database, *statements).faults[0]
    assert number in fault
    assert what in fault


def test_a_record_edited_together_with_its_hash_breaks_the_one_after_it(own_database: str) -> None:
    written()
    forged = """UPDATE audit_link SET hash = zhida_audit_hash((SELECT hash FROM audit_link WHERE seq = 2), 3, audit_record)
        FROM audit_record WHERE seq = 3 AND audit_record.id = record_id"""
    chain = tampered(own_database, "UPDATE audit_record SET object = 'x' WHERE object = '2'", forged)
    assert ["number 4" in fault for fault in chain.faults] == [True]


def test_a_chain_cut_at_its_end_is_found_only_by_its_anchor(own_database: str) -> None:
    written()
    anchor = audit.head()
    written()
    assert audit.verify(anchor).is_whole
    cut = tampered(
        own_database, "DELETE FROM audit_link WHERE seq > 4", "DELETE FROM audit_record WHERE id NOT IN (SELECT record_id FROM audit_link)"
    )
    assert cut.is_whole
    assert "cut off" in audit.verify(anchor).faults[0]


@pytest.mark.usefixtures("own_database")
def test_an_empty_anchor_fits_every_chain() -> None:
    anchor = audit.head()
    written()
    assert audit.verify(anchor).is_whole


@pytest.mark.usefixtures("own_database")
def test_the_record_of_a_read_is_chained_and_leaves_other_commits_waiting_for_the_disk() -> None:
    audit.record_read("li", "enterprise.read", "c1", purpose="page")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        before = cursor.fetchone()
        audit.record_read("li", "enterprise.read", "c2", purpose="page")
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == before
    assert [(one.object, one.seq) for one in audit.records(purpose="page")] == [("c2", 2), ("c1", 1)]
    assert audit.verify().is_whole


def test_eight_writers_at_once_make_one_chain(own_database: str) -> None:
    def write(writer: int) -> None:
        with psycopg.connect(own_database, autocommit=True) as other:
            for number in range(10):
                other.execute(INSERT, [f"w{writer}", str(number)])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    chain = audit.verify()
    assert (chain.length, chain.faults) == (80, ())


def test_an_act_in_progress_holds_up_nobody_who_records(own_database: str) -> None:
    with psycopg.connect(own_database) as slow:
        slow.execute(INSERT, ["slow", "1"])
        with psycopg.connect(own_database) as quick:
            quick.execute("SET lock_timeout = '2s'")
            quick.execute(INSERT, ["quick", "2"])
    assert {one.actor: one.seq for one in audit.records()} == {"quick": 1, "slow": 2}
    assert audit.verify().is_whole


@pytest.mark.usefixtures("database")
def test_a_listing_goes_by_object_actor_act_and_page() -> None:
    for act in ("batch.make", "batch.sign", "run.start"):
        audit.record("li", act, "b1")
    audit.record("wang", "enterprise.read", "c1", purpose="page")
    assert [one.act for one in audit.records(object="b1")] == ["run.start", "batch.sign", "batch.make"]
    assert [one.act for one in audit.records(act="batch.")] == ["batch.sign", "batch.make"]
    assert [one.act for one in audit.records(act="batch.sign")] == ["batch.sign"]
    assert [one.object for one in audit.records(actor="wang", purpose="page")] == ["c1"]
    first = audit.records(limit=2)
    assert [one.act for one in audit.records(before_id=first[-1].id, limit=2)] == ["batch.sign", "batch.make"]
