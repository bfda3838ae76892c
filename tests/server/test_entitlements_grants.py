"""Grants: once a year for a policy and an enterprise, with the money set aside, whoever asks and however often."""

import datetime as dt
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction

from zhida_server.audit import models as audit_models
from zhida_server.entitlements import service
from zhida_server.entitlements.data import AlreadyGranted, EntitlementState, GrantRequest, NoBudget, NoEntitlement
from zhida_server.ledger import service as ledger
from zhida_server.ledger.data import Overdrawn, Reservation, Settlement, act_id
from zhida_server.people.data import VISITOR, Actor, NotAllowed, Role

FINANCE = Actor("finance", Role.FINANCE)
OFFICER = Actor("officer", Role.POLICY)
AUDITOR = Actor("auditor", Role.AUDITOR)
ON = dt.date(2026, 7, 1)
POLICY, BUDGET = "demo/a", "budget/2026/demo/a"
CODES = ("91330100MA00000001", "91330100MA00000002", "91330100MA00000003")

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def budget(database: None) -> None:  # noqa: ARG001 - it comes first
    ledger.open_budget(FINANCE, BUDGET, "示例", [POLICY], 2026, 1_000, key="open")


def request(code: str, amount_fen: int = 300, policy: str = POLICY) -> GrantRequest:
    return GrantRequest(policy, code, amount_fen, "第一条", {"outcome": "ELIGIBLE", "title": "示例"})


def available() -> int:
    return next(each.available_fen for each in ledger.budgets(FINANCE) if each.code == BUDGET)


def test_a_grant_keeps_its_decision_and_sets_its_money_aside_under_one_id() -> None:
    (granted,) = service.grant_many(OFFICER, None, [request(CODES[0])], on=ON)
    assert granted.id == act_id(f"grant/{POLICY}/2026/{CODES[0]}/1")
    assert (granted.amount_fen, granted.article, granted.title, granted.state) == (300, "第一条", "示例", EntitlementState.RESERVED)
    assert granted.decision["outcome"] == "ELIGIBLE"
    assert ledger.transaction(granted.id).key == f"grant/{POLICY}/2026/{CODES[0]}/1"
    assert available() == 700
    record = audit_models.Record.objects.get(act="entitlement.grant")
    assert (record.actor, record.object) == ("officer", str(granted.id))


def test_the_same_grant_again_is_the_same_and_changes_nothing() -> None:
    first = service.grant_many(OFFICER, None, [request(code) for code in CODES[:2]], on=ON)
    again = service.grant_many(OFFICER, None, [request(code) for code in CODES], on=ON)
    assert again[:2] == first
    assert available() == 100
    assert audit_models.Record.objects.filter(act="entitlement.grant").count() == 3


def test_another_amount_for_the_same_year_is_refused() -> None:
    service.grant_many(OFFICER, None, [request(CODES[0])], on=ON)
    with pytest.raises(AlreadyGranted, match="void that first"):
        service.grant_many(OFFICER, None, [request(CODES[0], 200)], on=ON)


def test_what_was_voided_may_be_granted_again_as_another_attempt() -> None:
    (first,) = service.grant_many(OFFICER, None, [request(CODES[0])], on=ON)
    ledger.void_many([Settlement(first.id, "void/1")], "异议成立")
    assert service.by_ids([first.id])[first.id].state is EntitlementState.VOIDED
    assert service.granted_codes(POLICY, 2026) == frozenset()
    (second,) = service.grant_many(OFFICER, None, [request(CODES[0], 200)], on=ON)
    assert (second.attempt, second.amount_fen, available()) == (2, 200, 800)
    assert [each.id for each in service.entitlements_of(OFFICER, CODES[0], purpose="test")].count(second.id) == 1


def test_a_grant_that_was_paid_says_so() -> None:
    (granted,) = service.grant_many(OFFICER, None, [request(CODES[0])], on=ON)
    ledger.post_many([Settlement(granted.id, "pay/1")])
    assert service.entitlement(AUDITOR, granted.id, purpose="test").state is EntitlementState.PAID


def test_all_or_none_where_the_budget_does_not_suffice() -> None:
    with pytest.raises(Overdrawn):
        service.grant_many(OFFICER, None, [request(code, 400) for code in CODES], on=ON)
    assert service.granted_codes(POLICY, 2026) == frozenset()
    assert available() == 1_000


def test_first_come_first_served_leaves_the_others_waiting() -> None:
    granted, waiting = service.grant_within(OFFICER, None, [request(code, 400) for code in CODES], on=ON)
    assert [each.code for each in granted] == list(CODES[:2])
    assert [each.code for each in waiting] == [CODES[2]]
    again, still = service.grant_within(OFFICER, None, [request(code, 400) for code in CODES], on=ON)
    assert (again, still) == (granted, waiting)


def test_a_policy_without_a_budget_is_refused() -> None:
    with pytest.raises(NoBudget, match="2026"):
        service.grant_many(OFFICER, None, [request(CODES[0], policy="demo/b")], on=ON)


def test_a_representative_is_granted_only_what_is_theirs() -> None:
    own = Actor("r", Role.REPRESENTATIVE, "", CODES[0])
    service.grant_many(own, None, [request(CODES[0])], on=ON)
    with pytest.raises(NotAllowed):
        service.grant_many(own, None, [request(CODES[1])], on=ON)
    with pytest.raises(NotAllowed):
        service.entitlements_of(own, CODES[1], purpose="test")
    with pytest.raises(NotAllowed):
        service.grant_many(VISITOR, None, [request(CODES[0])], on=ON)


def test_an_entitlement_that_is_not_there_is_told() -> None:
    with pytest.raises(NoEntitlement):
        service.entitlement(OFFICER, UUID(int=1), purpose="test")


# --- round the services: the database itself --------------------------------------------------------------------------

INSERT = """INSERT INTO entitlements_entitlement (id, policy, period, code, attempt, amount_fen, granted_on, article, decision, granted_by)
VALUES (%s, 'demo/a', 2026, %s, %s, %s, '2026-07-01', '', '{}', 'x')"""


def refused(sql: str, values: list[str | int | UUID], words: str) -> None:
    def act() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError, match=words):
        act()


def test_the_database_refuses_an_entitlement_without_its_reservation() -> None:
    refused(INSERT, [UUID(int=7), CODES[0], 1, 300], "entitlements_entitlement_transaction|there is no order|not what its transaction")


def test_the_database_refuses_an_amount_that_is_not_reserved() -> None:
    ids = ledger.reserve_many([Reservation("k", BUDGET, CODES[0], 300, "")])
    refused(INSERT, [ids[0], CODES[0], 1, 299], "not what its transaction reserves|there is no order")


def test_the_database_refuses_a_second_attempt_before_the_first_was_voided() -> None:
    service.grant_many(OFFICER, None, [request(CODES[0])], on=ON)
    refused(INSERT, [UUID(int=7), CODES[0], 2, 300], "attempt 1 was not voided")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE entitlements_entitlement SET amount_fen = 1",
        "DELETE FROM entitlements_entitlement",
        "UPDATE entitlements_run SET as_of = '2020-01-01'",
    ],
)
def test_the_database_refuses_to_change_what_was_granted(sql: str) -> None:
    service.grant_many(OFFICER, None, [request(CODES[0])], on=ON)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO entitlements_run (id, as_of, packs_sha256, snapshot_sha256, policies, received_sha256, engine_version, "
            "started_by) VALUES (%s, '2026-06-30', '', '', '[]', '', '', '')",
            [UUID(int=9)],
        )
    refused(sql, [], "its rows are kept as they were written")


@pytest.mark.parametrize("table", ["entitlement", "run", "result", "policyresult"])
def test_the_database_refuses_to_empty_the_record(table: str) -> None:
    refused(f"TRUNCATE entitlements_{table} CASCADE", [], "its rows are kept as they were written")
