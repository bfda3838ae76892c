"""Round the services: what the database itself refuses of delivery, said in raw SQL by somebody with every right."""

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection

from tests.server.delivery_orders import (
    CODES,
    LI,
    OFFICER,
    ON,
    POLICY,
    checked,
    grant,
    open_budget,
    resent_batch,
    return_file,
    rolled_back,
    sent_batch,
    tell_payees,
)
from zhida_server.delivery import service
from zhida_server.delivery.data import Batch, OrderState
from zhida_server.entitlements import service as entitlements
from zhida_server.entitlements.data import GrantRequest

pytestmark = pytest.mark.usefixtures("database")

EVENT = (
    "INSERT INTO delivery_event (order_id, seq, kind, batch_id, reason, happened_on, by)"
    " VALUES ('{order}', 0, '{kind}', {batch}, '', '2026-07-01', 'x')"
)
ENTITLEMENT = """INSERT INTO entitlements_entitlement
    (id, policy, period, code, attempt, amount_fen, granted_on, article, decision, granted_by)
VALUES ('00000000-0000-0000-0000-000000000001', 'demo/a', 2026, 'X', 1, 100, '2026-07-01', '', '{}', 'x')"""
MADE = """INSERT INTO delivery_batch (id, number, policy, made_on, count, amount_fen, made_by, state)
VALUES (gen_random_uuid(), 'x', '', '2026-07-01', 1, 12345, 'x', 'made')"""
SIGNED = "UPDATE delivery_batch SET state = 'signed', signed_by = '{}', signed_on = '2026-07-01', file_sha256 = 'x' WHERE id = '{}'"
LINE = """INSERT INTO delivery_line (batch_id, number, order_id, amount_fen, payee_id, reason)
SELECT id, {place}, '{order}', 12345, (SELECT max(id) FROM delivery_payee WHERE code = '{code}'), ''
FROM delivery_batch WHERE number = '{batch}'"""
NOTICE = """INSERT INTO delivery_notice (id, policy, title, period, run_id, budget, opened_on, days, closes_on, opened_by, state)
VALUES ('00000000-0000-0000-0000-00000000000a', 'demo/a', '示例', 2026, '00000000-0000-0000-0000-00000000000b', 'b', '2026-07-01', 5,
    '2026-07-08', 'x', 'granting')"""
NOTICE_LINE = """INSERT INTO delivery_notice_line (notice_id, position, code, name, amount_fen, article, order_id, since, place)
VALUES ('00000000-0000-0000-0000-00000000000a', {place}, '{code}', '企业', 100, '', {order}, '2026-07-01T00:00Z', {place})"""
ORDER = (
    "INSERT INTO delivery_order (id, policy, period, code, amount_fen, notice_id, ordered_on, ordered_by)"
    " SELECT id, policy, period, code, amount_fen, '00000000-0000-0000-0000-00000000000a', granted_on, 'x'"
    " FROM entitlements_entitlement"
)
OBJECTION = """INSERT INTO delivery_objection (id, notice_id, code, who, reason, made_on)
VALUES ('00000000-0000-0000-0000-00000000000c', '00000000-0000-0000-0000-00000000000a', '{code}', '某人', '理由', '2026-07-02')"""
UPHELD = """INSERT INTO delivery_objection_decision (objection_id, is_upheld, reason, decided_by, decided_on)
VALUES ('00000000-0000-0000-0000-00000000000c', {is_upheld}, '理由', 'x', '2026-07-02')"""
LIFTED = """INSERT INTO delivery_objection_lift (decision_id, reason, lifted_by, lifted_on)
VALUES ('00000000-0000-0000-0000-00000000000c', '理由', 'x', '2026-07-03')"""
CLAIM = """INSERT INTO delivery_claim (id, key, code, policy, title, told, outcome, reason_zh, reason_en, claimed_on, claimed_by)
VALUES ('00000000-0000-0000-0000-00000000000d', 'k', '{code}', 'demo/a', '示例', '{{}}', '{outcome}', '', '', '2026-07-01', 'qian')"""
DECIDED = """INSERT INTO delivery_claim_decision (claim_id, outcome, reason, judged, amount_fen, order_id, decided_by, decided_on)
VALUES ('00000000-0000-0000-0000-00000000000d', '{outcome}', 'x', '{{}}', {fen}, {order}, '{by}', '2026-07-02')"""


@pytest.fixture(autouse=True)
def town(database: None) -> Iterator[None]:  # noqa: ARG001 - the order of fixtures
    open_budget()
    tell_payees()
    yield
    checked()


def said(*statements: str) -> None:
    """Say something in SQL and have it committed, as far as a test can; everything is taken back."""
    with rolled_back(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        checked()


def refused(*statements: str, because: str) -> None:
    """Expect the last statement, or the commit, to be refused."""
    with pytest.raises(DatabaseError, match=because):
        said(*statements)


@pytest.fixture
def batch() -> Batch:
    """A batch that was sent, of three orders; each test of a step says what it would change."""
    sent = sent_batch()
    checked()
    return sent


# --- orders --------------------------------------------------------------------------------------------------------


def test_an_entitlement_without_an_order_is_not_committed() -> None:
    refused(ENTITLEMENT, "SET CONSTRAINTS delivery_granted_is_ordered IMMEDIATE", because="no order to pay it")


def test_an_order_is_that_of_an_entitlement_to_the_fen() -> None:
    insert = (
        "INSERT INTO delivery_order (id, policy, period, code, amount_fen, ordered_on, ordered_by)"
        " VALUES ('{id}', 'demo/a', 2026, '{code}', {fen}, '2026-07-01', 'x')"
    )
    refused(insert.format(id="00000000-0000-0000-0000-000000000001", code=CODES[0], fen=100), because="are not those of its entitlement")
    (granted,) = grant(CODES[:1])
    refused(insert.format(id=granted.id, code=CODES[1], fen=12_345), because="are not those of its entitlement")
    refused(insert.format(id=granted.id, code=CODES[0], fen=12_346), because="are not those of its entitlement")
    refused(insert.format(id=granted.id, code=CODES[0], fen=12_345), because="duplicate key")


@pytest.mark.parametrize(
    "table",
    [
        *("order", "event", "objection", "objection_decision", "objection_lift"),
        *("payee", "return", "claim", "claim_decision"),
    ],
)
def test_what_was_written_stays(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass", [f"delivery_{table}"])
        names = {row[0] for row in cursor.fetchall()}
    assert {f"delivery_{table}_rows_stay", f"delivery_{table}_is_never_emptied"} <= names
    refused(f"TRUNCATE delivery_{table} CASCADE", because="rows are kept|is refused")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE delivery_order SET amount_fen = amount_fen + 1",
        "DELETE FROM delivery_order",
        "UPDATE delivery_event SET kind = 'paid'",
        "DELETE FROM delivery_event",
        "UPDATE delivery_payee SET account_number = '999999999'",
        "UPDATE delivery_batch SET amount_fen = amount_fen - 1",
        "UPDATE delivery_batch SET made_by = 'somebody'",
        "DELETE FROM delivery_batch",
        "UPDATE delivery_line SET amount_fen = 1",
        "UPDATE delivery_line SET payee_id = (SELECT max(id) FROM delivery_payee)",
        "DELETE FROM delivery_line",
        "TRUNCATE delivery_line",
    ],
)
@pytest.mark.usefixtures("batch")
def test_nothing_that_money_rests_on_is_edited(statement: str) -> None:
    refused(statement, because="kept as they were written|foreign key|is refused")


# --- steps ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["noticed", "paid", "failed", "released", "held", "payable", "nonsense"])
def test_an_order_goes_one_lawful_step_at_a_time(kind: str) -> None:
    (granted,) = grant(CODES[:1])
    refused(EVENT.format(order=granted.id, kind=kind, batch="NULL"), because=f"{kind} after payable is refused")


def test_an_order_is_not_paid_twice_nor_after_it_was_voided(batch: Batch) -> None:
    service.load_return(LI, batch.id, "a.csv", return_file(batch, "成功", "失败", "处理中"), on=ON)
    paid, failed, open_ = (line.order_id for line in batch.lines)
    for kind in ("paid", "payable", "voided", "batched"):
        refused(EVENT.format(order=paid, kind=kind, batch="NULL"), because=f"{kind} after paid is refused")
    refused(EVENT.format(order=failed, kind="paid", batch=f"'{batch.id}'"), because="paid after payable is refused")
    refused(EVENT.format(order=open_, kind="paid", batch=f"'{batch.id}'"), because="not what its line in batch")
    refused(EVENT.format(order=open_, kind="voided", batch="NULL"), because="voided after batched is refused")


def test_an_order_is_in_one_open_batch_and_never_in_another_once_paid(batch: Batch) -> None:
    first = batch.lines[0]
    again = LINE.format(place=1, order=first.order_id, code=first.code, batch="x")
    refused(MADE, again, because="delivery_line_open_or_paid_once")
    service.load_return(LI, batch.id, "a.csv", return_file(batch, "成功"), on=ON)
    refused(MADE, again, because="delivery_line_open_or_paid_once")


def test_a_batch_is_the_sum_of_its_lines_and_of_nothing_else(batch: Batch) -> None:
    (granted,) = grant(CODES[3:4])
    line = LINE.format(place=1, order=granted.id, code=CODES[3], batch="x")
    event = EVENT.format(order=granted.id, kind="batched", batch="(SELECT id FROM delivery_batch WHERE number = 'x')")
    said(MADE, line, event)
    refused(MADE, because="it says 1 lines and 12345 fen, its lines are 0 and 0")
    refused(MADE.replace("1, 12345", "1, 12346"), line, event, because="says 1 lines and 12346 fen, its lines are 1 and 12345")
    refused(MADE, line, because="no event says that it is batched")
    refused(MADE, line.replace("12345", "12344"), because="delivery_line_sum")
    refused(MADE, line.replace(CODES[3], CODES[4]), because="account of another enterprise")
    refused(MADE.replace("'', '2026", "'demo/b', '2026"), line, because="another policy")
    late = LINE.format(place=4, order=granted.id, code=CODES[3], batch=batch.number)
    refused(late, because="no place of a batch that is being made")


@pytest.mark.parametrize(
    ("statement", "because"),
    [
        ("UPDATE delivery_batch SET state = 'made'", "from sent to made is refused"),
        ("UPDATE delivery_batch SET state = 'withdrawn', withdrawn_because = 'x'", "from sent to withdrawn is refused"),
        ("UPDATE delivery_batch SET state = 'reconciled'", "it has open lines"),
        ("UPDATE delivery_batch SET signed_by = 'li'", "is refused"),
        ("UPDATE delivery_batch SET state = 'reconciled', file_sha256 = 'x'", "is refused"),
        ("UPDATE delivery_line SET outcome = 'released'", "is refused"),
        ("UPDATE delivery_line SET outcome = 'paid'", "no event says that it is paid"),
    ],
)
@pytest.mark.usefixtures("batch")
def test_a_batch_goes_one_way(statement: str, because: str) -> None:
    refused(statement, because=because)


def test_two_persons_sign_a_payment_whatever_the_program_says() -> None:
    grant(CODES[:1])
    made = service.make_batch(LI, on=ON)
    refused(SIGNED.format("li", made.id), because="delivery_batch_two_persons")
    said(SIGNED.format("wang", made.id))
    refused("UPDATE delivery_batch SET state = 'signed'", because="delivery_batch_state")


# --- money follows -------------------------------------------------------------------------------------------------

SETTLE = """INSERT INTO ledger_transaction (id, key, kind, settles_id) VALUES (gen_random_uuid(), 'round the back', '{kind}', '{order}')"""


@pytest.mark.parametrize("kind", ["post", "void"])
def test_money_never_moves_beside_its_order(kind: str) -> None:
    (granted,) = grant(CODES[:1])
    refused(SETTLE.format(kind=kind, order=granted.id), "SET CONSTRAINTS delivery_settled_is_told IMMEDIATE", because="no event of order")


def test_an_order_is_not_voided_beside_the_ledger() -> None:
    (granted,) = grant(CODES[:1])
    refused(EVENT.format(order=granted.id, kind="voided", batch="NULL"), because="the ledger does not say so")


# --- notices -------------------------------------------------------------------------------------------------------


def test_an_order_on_notice_is_not_payable_before_the_notice_is_closed() -> None:
    (granted,) = grant(CODES[:1], kind=OrderState.NOTICED)
    refused(EVENT.format(order=granted.id, kind="payable", batch="NULL"), because="it is on notice")


def test_an_order_of_a_notice_does_not_begin_as_payable() -> None:
    with rolled_back():
        requests = [GrantRequest("demo/a", CODES[0], 100, "第一条", {"title": "示例"})]
        (granted,) = entitlements.grant_many(OFFICER, None, requests, on=ON)
        event = EVENT.format(order=granted.id, kind="payable", batch="NULL")
        refused(NOTICE, ORDER, event, because="it is on notice")
        said(NOTICE, ORDER, EVENT.format(order=granted.id, kind="noticed", batch="NULL"))


@pytest.mark.parametrize(
    ("statement", "because"),
    [
        ("UPDATE delivery_notice SET state = 'closed', closed_on = '2026-07-09'", "from granting to closed is refused"),
        ("UPDATE delivery_notice SET state = 'open', closes_on = '2026-07-02'", "its last day stays"),
        ("UPDATE delivery_notice SET state = 'open', days = 1", "kept as they were written"),
        ("DELETE FROM delivery_notice", "kept as they were written|foreign key"),
    ],
)
def test_a_notice_runs_its_days(statement: str, because: str) -> None:
    refused(NOTICE, statement, because=because)
    early = "UPDATE delivery_notice SET state = 'closed', closed_on = '2026-07-08'"
    refused(NOTICE, "UPDATE delivery_notice SET state = 'open'", early, because="delivery_notice_state")
    later = "UPDATE delivery_notice SET state = 'closed', closes_on = '2026-07-09', closed_on = '2026-07-10'"
    refused(NOTICE, "UPDATE delivery_notice SET state = 'open'", later, because="its last day stays")


def test_a_line_of_a_notice_is_granted_once_and_as_it_says() -> None:
    first, second = grant(CODES[:2], 100)
    refused(NOTICE, NOTICE_LINE.format(place=1, code=CODES[0], order=f"'{first.id}'"), because="is not what it says")
    line = NOTICE_LINE.format(place=1, code=CODES[0], order="NULL")
    said(NOTICE, line)
    refused(NOTICE, line, NOTICE_LINE.format(place=2, code=CODES[0], order="NULL"), because="delivery_notice_line_once")
    refused(NOTICE, line, NOTICE_LINE.format(place=1, code=CODES[1], order="NULL"), because="delivery_notice_line_place")
    other = "UPDATE delivery_notice_line SET order_id = '{}'"
    refused(NOTICE, line, other.format(second.id), because="is not what it says")
    refused(NOTICE, line, "UPDATE delivery_notice_line SET amount_fen = 1", because="kept as they were written")
    opened = "UPDATE delivery_notice SET state = 'open'"
    refused(NOTICE, line, opened, NOTICE_LINE.format(place=2, code=CODES[1], order="NULL"), because="is complete")


@pytest.mark.parametrize(("code", "day"), [(CODES[1], "2026-07-03"), (CODES[0], "2026-06-30"), (CODES[0], "2026-07-09")])
def test_an_objection_is_to_a_line_and_in_its_days(code: str, day: str) -> None:
    line = NOTICE_LINE.format(place=1, code=CODES[0], order="NULL")
    objection = (
        "INSERT INTO delivery_objection (id, notice_id, code, who, reason, made_on)"
        " VALUES (gen_random_uuid(), '00000000-0000-0000-0000-00000000000a', '{}', '某人', '理由', '{}')"
    )
    refused(NOTICE, line, objection.format(code, day), because="no such line, or not in its days")
    said(NOTICE, line, objection.format(CODES[0], "2026-07-08"))


def test_two_at_once_collide() -> None:
    (granted,) = grant(CODES[:1])
    checked()
    blind = "ALTER TABLE delivery_event DISABLE TRIGGER delivery_event_follows"
    again = EVENT.format(order=granted.id, kind="voided", batch="NULL").replace(" 0,", " 1,").replace("', 0,", "', 1,")
    refused(blind, again, because="delivery_event_place")
    assert resent_batch().count == 1


# --- objections that hold, claims that a person decided ---------------------------------------------------------------


def test_what_was_rightly_objected_to_is_not_granted_in_its_year_until_that_is_lifted() -> None:
    line, objected = NOTICE_LINE.format(place=1, code=CODES[0], order="NULL"), OBJECTION.format(code=CODES[0])
    upheld = (NOTICE, line, objected, UPHELD.format(is_upheld=True))
    with rolled_back(), connection.cursor() as cursor:
        for statement in upheld:
            cursor.execute(statement)
        with pytest.raises(DatabaseError, match="was upheld"), rolled_back():
            grant(CODES[:1])
        grant(CODES[1:2])
        cursor.execute(LIFTED)
        grant(CODES[:1])
    refused(*upheld, LIFTED, LIFTED, because="duplicate key")
    refused(*upheld, LIFTED, "UPDATE delivery_objection_lift SET reason = ''", because="kept as they were written")
    refused(NOTICE, line, objected, UPHELD.format(is_upheld=False), LIFTED, because="was not upheld")


def test_a_claim_is_decided_once_by_another_than_who_entered_it_and_as_it_asks() -> None:
    own, other = grant(CODES[:2])
    claim = CLAIM.format(code=CODES[0], outcome="REVIEW")
    yes = DECIDED.format(outcome="granted", fen=12_345, order=f"'{own.id}'", by="shen")
    said(claim, yes)
    refused(claim, yes, yes, because="duplicate key")
    refused(claim, yes.replace("shen", "qian"), because="who entered it does not decide it")
    refused(claim, yes.replace(str(own.id), str(other.id)), because="is not what it asks for")
    refused(claim, yes.replace("12345", "12344"), because="is not what it asks for")
    refused(claim, DECIDED.format(outcome="granted", fen="NULL", order="NULL", by="shen"), because="delivery_claim_decision_outcome")
    refused(claim, DECIDED.format(outcome="refused", fen=12_345, order=f"'{own.id}'", by="shen"), because="delivery_claim_decision_outcome")
    at_once = CLAIM.format(code=CODES[0], outcome="ELIGIBLE").replace("claimed_by)", "claimed_by, order_id)").replace("00d'", "00e'")
    at_once = at_once.replace("'k'", "'l'").replace("'qian')", f"'qian', '{own.id}')")
    refused(claim, at_once, yes, because="was made at once for another claim")
    refused(CLAIM.format(code=CODES[0], outcome="ELIGIBLE"), yes, because="nobody has to decide it")
    said(claim, DECIDED.format(outcome="withdrawn", fen="NULL", order="NULL", by="qian"))


def test_nothing_to_which_somebody_objects_is_payable_put_into_a_batch_or_signed() -> None:
    first, second = grant(CODES[:2])
    made = service.make_batch(LI, POLICY, on=ON)
    line, objected = NOTICE_LINE.format(place=1, code=CODES[0], order="NULL"), OBJECTION.format(code=CODES[0])
    open_, upheld, dismissed = (NOTICE, line, objected), UPHELD.format(is_upheld=True), UPHELD.format(is_upheld=False)
    signed = SIGNED.format("wang", made.id)
    refused(*open_, signed, because="somebody objects to one of its orders")
    refused(*open_, upheld, signed, because="somebody objects to one of its orders")
    said(*open_, dismissed, signed)
    said(*open_, upheld, LIFTED, signed)
    service.withdraw_batch(LI, made.id, "重编", on=ON)
    again = [LINE.format(place=1, order=each.id, code=each.code, batch="x") for each in (first, second)]
    batched = [
        EVENT.format(order=each.id, kind="batched", batch="(SELECT id FROM delivery_batch WHERE number = 'x')") for each in (first, second)
    ]
    refused(*open_, MADE, again[0], batched[0], because="batched is refused, because somebody objects")
    refused(*open_, upheld, MADE, again[0], batched[0], because="batched is refused, because somebody objects")
    said(*open_, dismissed, MADE, again[0], batched[0])
    said(*open_, upheld, MADE, again[1], batched[1])
    service.cancel_order(LI, first.id, "更正", on=ON)
    with rolled_back(), connection.cursor() as cursor:
        for statement in open_:
            cursor.execute(statement)
        with pytest.raises(DatabaseError, match="payable is refused, because somebody objects"), rolled_back():
            grant(CODES[:1])
        cursor.execute(dismissed)
        grant(CODES[:1])


def test_an_order_is_not_let_go_while_somebody_objects_on_another_notice_of_the_policy_and_year() -> None:
    other = NOTICE.replace("00a'", "00f'").replace("00b'", "00e'")
    line, objected = NOTICE_LINE.format(place=1, code=CODES[0], order="NULL"), OBJECTION.format(code=CODES[0])
    elsewhere = (other, line.replace("00a'", "00f'"), objected.replace("00a'", "00f'"))
    closed = ("UPDATE delivery_notice SET state = 'open'", "UPDATE delivery_notice SET state = 'closed', closed_on = '2026-07-09'")
    with rolled_back():
        requests = [GrantRequest("demo/a", CODES[0], 100, "第一条", {"title": "示例"})]
        (granted,) = entitlements.grant_many(OFFICER, None, requests, on=ON)
        noticed, payable = (EVENT.format(order=granted.id, kind=kind, batch="NULL") for kind in ("noticed", "payable"))
        said(NOTICE, ORDER, noticed, *closed, payable)
        refused(NOTICE, ORDER, noticed, *elsewhere, *closed, payable, because="payable is refused, because somebody objects")
        refused(*elsewhere, UPHELD.format(is_upheld=True), NOTICE, ORDER, because="was upheld")
        said(NOTICE, ORDER, noticed, *elsewhere, UPHELD.format(is_upheld=False), *closed, payable)
        said(NOTICE, ORDER, noticed, *elsewhere, UPHELD.format(is_upheld=True), LIFTED, *closed, payable)
        refused(NOTICE, ORDER, noticed, *elsewhere, UPHELD.format(is_upheld=True), *closed, payable, because="because somebody objects")
