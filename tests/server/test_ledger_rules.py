"""What the database refuses, whoever asks: statements of raw SQL that go round the services."""
# ruff: noqa: S608 - the statements are ours

import threading
import uuid
from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from zhida_server.ledger import service as ledger
from zhida_server.ledger.data import Reservation, Settlement, act_id
from zhida_server.people.data import Actor, Role

FINANCE = Actor("caiwu", Role.FINANCE)
BUDGET = "budget/2026/hangzhou/compute-voucher"
OTHER = "budget/2026/hangzhou/stable-jobs"
TAKEN = "reduction/2026/hangzhou/compute-voucher"
FIRST, SECOND = "enterprise/A1", "enterprise/A2"
PENDING, PAID, BACK = act_id("g1"), act_id("g2"), act_id("g3")
NEW = UUID("00000000-0000-0000-0000-000000000001")

WRITE = "INSERT INTO ledger_transaction (id, key, kind, settles_id) VALUES"
LINES = "INSERT INTO ledger_posting (transaction_id, account_id, debit_fen, credit_fen) VALUES"


def made(kind: str, settles: UUID | None = None) -> str:
    settled = f"'{settles}'" if settles else "NULL"
    return f"{WRITE} ('{NEW}', 'new', '{kind}', {settled})"


def lines(*rows: tuple[str, int, int], of: UUID = NEW) -> str:
    return f"{LINES} " + ", ".join(f"('{of}', '{account}', {debit}, {credit})" for account, debit, credit in rows)


SETTLING = lines((BUDGET, 100, 0), (FIRST, 0, 100))
SETTLED_BACK = lines((BUDGET, 300, 0), (FIRST, 0, 300))
REFUSED = {
    # balance
    "debits beyond credits": (made("pending"), lines((BUDGET, 5, 0), (FIRST, 0, 4))),
    "credits beyond debits": (made("direct"), lines(("appropriation/2026", 5, 0), (BUDGET, 0, 6))),
    "a transaction without postings": (made("pending"),),
    "a transaction of one posting": (made("pending"), lines((BUDGET, 5, 0))),
    "postings of two statements": (made("pending"), lines((BUDGET, 5, 0)), lines((FIRST, 0, 5))),
    "a third posting after a balanced pair": (made("pending"), lines((BUDGET, 5, 0), (FIRST, 0, 5)), lines((OTHER, 5, 0), (SECOND, 0, 5))),
    "the same once the rules were checked": (
        made("pending"),
        lines((BUDGET, 5, 0), (FIRST, 0, 5)),
        "SET CONSTRAINTS ALL IMMEDIATE",
        lines((OTHER, 5, 0)),
    ),
    "postings before their transaction": (lines((BUDGET, 5, 0), (FIRST, 0, 5)), made("pending")),
    "postings of no transaction": (lines((BUDGET, 5, 0), (FIRST, 0, 5)),),
    "a posting to no account": (made("pending"), lines((BUDGET, 5, 0), ("enterprise/NOBODY", 0, 5))),
    "one account twice": (made("pending"), lines((BUDGET, 5, 0), (BUDGET, 5, 0), (FIRST, 0, 10))),
    # committed transactions
    "a pair of postings added to a committed transaction": (lines((OTHER, 5, 0), (SECOND, 0, 5), of=PENDING),),
    "one posting added to a committed transaction": (lines((OTHER, 5, 0), of=PENDING),),
    # amounts
    "an amount of nothing": (made("pending"), lines((BUDGET, 0, 0), (FIRST, 0, 0))),
    "a negative amount": (made("pending"), lines((BUDGET, -5, 0), (FIRST, 0, -5))),
    "both sides in one posting": (made("pending"), lines((BUDGET, 5, 5), (FIRST, 5, 5))),
    "an amount that is not known": (made("pending"), f"{LINES} ('{NEW}', '{BUDGET}', NULL, 5), ('{NEW}', '{FIRST}', 5, NULL)"),
    # overdraft and the way money flows
    "a reservation beyond the budget by one fen": (made("pending"), lines((BUDGET, 99_601, 0), (FIRST, 0, 99_601))),
    "one reservation on two budgets, one of them empty": (made("pending"), lines((BUDGET, 5, 0), (OTHER, 5, 0), (FIRST, 0, 10))),
    "money from an enterprise": (made("pending"), lines((FIRST, 5, 0), (SECOND, 0, 5))),
    "money from one budget to another": (made("direct"), lines((BUDGET, 5, 0), (OTHER, 0, 5))),
    "an appropriation past the budget": (made("direct"), lines(("appropriation/2026", 5, 0), (FIRST, 0, 5))),
    "an appropriation that is only pending": (made("pending"), lines(("appropriation/2026", 5, 0), (BUDGET, 0, 5))),
    "a payment without a reservation": (made("post"), lines((BUDGET, 5, 0), (FIRST, 0, 5))),
    "a reduction of what is reserved, by one fen": (made("reduce"), lines((BUDGET, 99_601, 0), (TAKEN, 0, 99_601))),
    "a reduction to the account of another budget": (
        "INSERT INTO ledger_account (code, name, kind) VALUES ('reduction/2026/hangzhou/stable-jobs', 'x', 'reduction')",
        made("reduce"),
        lines((BUDGET, 5, 0), ("reduction/2026/hangzhou/stable-jobs", 0, 5)),
    ),
    "a reduction of two budgets at once": (made("reduce"), lines((BUDGET, 5, 0), (OTHER, 0, 5))),
    "a reduction to an enterprise": (made("reduce"), lines((BUDGET, 5, 0), (FIRST, 0, 5))),
    "a reservation on the account of reductions": (made("pending"), lines((BUDGET, 5, 0), (TAKEN, 0, 5))),
    "money back from the account of reductions": (made("direct"), lines((TAKEN, 5, 0), (BUDGET, 0, 5))),
    "a reduction that settles": (made("reduce", PENDING), lines((BUDGET, 100, 0), (TAKEN, 0, 100))),
    "a reservation that settles": (made("pending", PENDING), SETTLING),
    "a transaction of an unknown kind": (made("paid"), SETTLING),
    # settled once, in full
    "posted twice": (made("post", PAID), lines((BUDGET, 200, 0), (FIRST, 0, 200))),
    "voided after it was posted": (made("void", PAID), lines((BUDGET, 200, 0), (FIRST, 0, 200))),
    "posted after it was voided": (made("post", BACK), SETTLED_BACK),
    "voided twice": (made("void", BACK), SETTLED_BACK),
    "posted in part": (made("post", PENDING), lines((BUDGET, 99, 0), (FIRST, 0, 99))),
    "posted with more": (made("post", PENDING), lines((BUDGET, 101, 0), (FIRST, 0, 101))),
    "posted to another enterprise": (made("post", PENDING), lines((BUDGET, 100, 0), (SECOND, 0, 100))),
    "voided to another budget": (made("void", PENDING), lines((OTHER, 100, 0), (FIRST, 0, 100))),
    "posted with a line more": (made("post", PENDING), lines((BUDGET, 100, 0), (FIRST, 0, 99), (SECOND, 0, 1))),
    "posted without postings": (made("post", PENDING),),
    "a reduction voided": (made("void", act_id("b4")), lines((BUDGET, 50, 0), (TAKEN, 0, 50))),
    "an appropriation voided": (made("void", act_id("b1")), lines((BUDGET, 100_000, 0), (FIRST, 0, 100_000))),
    "a void voided": (made("void", act_id("v3")), SETTLED_BACK),
    "a payment of nothing that is there": (made("post", uuid.uuid4()), SETTLING),
    "a payment that settles itself": (made("post", NEW), SETTLING),
    # keys
    "a key used twice": (f"{WRITE} ('{NEW}', 'g1', 'pending', NULL)", SETTLING),
    "an empty key": (f"{WRITE} ('{NEW}', '', 'pending', NULL)", SETTLING),
    "an id used twice": (f"{WRITE} ('{PENDING}', 'new', 'pending', NULL)", SETTLING),
    # rows stay
    "a posting edited": (f"UPDATE ledger_posting SET debit_fen = debit_fen + 1 WHERE transaction_id = '{PENDING}' AND debit_fen > 0",),
    "a posting edited on both sides": (
        f"UPDATE ledger_posting SET debit_fen = sign(debit_fen), credit_fen = sign(credit_fen) WHERE transaction_id = '{PENDING}'",
    ),
    "a posting edited where it is inserted again": (
        f"{LINES} ('{PENDING}', '{BUDGET}', 5, 0) ON CONFLICT (transaction_id, account_id) DO UPDATE SET debit_fen = 5",
    ),
    "a posting removed": (f"DELETE FROM ledger_posting WHERE transaction_id = '{PENDING}'",),
    "postings emptied": ("TRUNCATE ledger_posting",),
    "a transaction edited": (f"UPDATE ledger_transaction SET about = 'other' WHERE id = '{PENDING}'",),
    "a pending transaction turned into a payment": (f"UPDATE ledger_transaction SET kind = 'direct' WHERE id = '{PENDING}'",),
    "a transaction removed": (f"DELETE FROM ledger_transaction WHERE id = '{act_id('v3')}'",),
    "transactions emptied": ("TRUNCATE ledger_transaction CASCADE",),
    "an account removed": ("DELETE FROM ledger_account WHERE code = 'enterprise/A3'",),
    "accounts emptied": ("TRUNCATE ledger_account CASCADE",),
    "an account renamed": ("UPDATE ledger_account SET code = 'enterprise/B1' WHERE code = 'enterprise/A1'",),
    "an account of another kind": ("UPDATE ledger_account SET kind = 'appropriation' WHERE kind = 'budget'",),
    "a budget of another year": ("UPDATE ledger_budget SET year = 2027",),
    "a budget removed": ("DELETE FROM ledger_budget_policy", "DELETE FROM ledger_budget"),
    "a second budget for a policy": (f"INSERT INTO ledger_budget_policy VALUES ('hangzhou/compute-voucher', 2026, '{OTHER}')",),
    "a budget for a policy of another year": (f"INSERT INTO ledger_budget_policy VALUES ('hangzhou/compute-voucher', 2027, '{OTHER}')",),
    # totals follow
    "totals written": (f"UPDATE ledger_account SET credits_posted_fen = credits_posted_fen + 1 WHERE code = '{BUDGET}'",),
    "totals written as they are": ("UPDATE ledger_account SET credits_posted_fen = credits_posted_fen",),
    "totals written after a transaction": (
        made("pending"),
        lines((BUDGET, 5, 0), (FIRST, 0, 5)),
        f"UPDATE ledger_account SET debits_pending_fen = 0 WHERE code = '{BUDGET}'",
    ),
    "totals written within a block of code": (
        f"DO $$ BEGIN UPDATE ledger_account SET credits_posted_fen = 1000000 WHERE code = '{BUDGET}'; END $$",
    ),
    "an account that begins with money": (
        "INSERT INTO ledger_account (code, name, kind, credits_posted_fen) VALUES ('budget/2026/rich', 'rich', 'budget', 100)",
    ),
    "a budget's account under an enterprise's code": (
        "INSERT INTO ledger_account (code, name, kind) VALUES ('enterprise/A9', 'x', 'budget')",
    ),
    "an account of an unknown kind": ("INSERT INTO ledger_account (code, name, kind) VALUES ('cash/1', 'x', 'cash')",),
}
"""What somebody may try, and the statements of one transaction that would do it."""

ACCEPTED = {
    "a reservation": (made("pending"), SETTLING),
    "a reservation of all that is left": (made("pending"), lines((BUDGET, 99_600, 0), (FIRST, 0, 99_600))),
    "a reservation for two enterprises": (made("pending"), lines((BUDGET, 5, 0), (FIRST, 0, 3), (SECOND, 0, 2))),
    "a reservation whose two postings two parts of one statement add": (
        made("pending"),
        f"WITH first AS ({lines((BUDGET, 5, 0))}) {lines((FIRST, 0, 5))}",
    ),
    "a payment": (made("post", PENDING), SETTLING),
    "a void": (made("void", PENDING), SETTLING),
    "an appropriation": (made("direct"), lines(("appropriation/2026", 5, 0), (OTHER, 0, 5))),
    "a reduction of all that is free": (made("reduce"), lines((BUDGET, 99_600, 0), (TAKEN, 0, 99_600))),
}
"""What is in order: without these the refusals above would prove nothing."""


@pytest.fixture
def books(own_database: str) -> Iterator[psycopg.Connection]:
    """A connection to a ledger: 1,000 yuan, of which 1 is reserved and 2 are paid; 3 were given back, and 1 is reserved for another."""
    ledger.open_budget(FINANCE, BUDGET, "算力券", ["hangzhou/compute-voucher"], 2026, 100_000, key="b1")
    ledger.open_budget(FINANCE, OTHER, "稳岗", ["hangzhou/stable-jobs"], 2026, 0, key="b2")
    ledger.appropriate(FINANCE, BUDGET, 50, key="b3")
    ledger.reduce(FINANCE, BUDGET, 50, "调整", key="b4")
    drawn = [("g1", "A1", 100), ("g2", "A1", 200), ("g3", "A1", 300), ("g4", "A2", 100), ("g5", "A3", 1)]
    ledger.reserve_many([Reservation(key, BUDGET, enterprise, fen, "") for key, enterprise, fen in drawn])
    ledger.post_many([Settlement(PAID, "p2")])
    ledger.void_many([Settlement(BACK, "v3"), Settlement(act_id("g5"), "v5")], "撤回")
    with psycopg.connect(own_database) as connection:
        yield connection


def attempt(connection: psycopg.Connection, statements: tuple[str, ...]) -> str:
    """Run statements as one transaction; why it was refused."""
    try:
        for statement in statements:
            connection.execute(statement.encode())
        connection.commit()
    except psycopg.errors.IntegrityError as refusal:
        connection.rollback()
        return str(refusal)
    return ""


def test_what_breaks_the_books_is_refused_by_the_database(books: psycopg.Connection) -> None:
    before = (ledger.account_totals(), counted(books))
    assert [what for what, statements in REFUSED.items() if not attempt(books, statements)] == []
    assert (ledger.account_totals(), counted(books)) == before
    assert ledger.check_books() == ()


@pytest.mark.parametrize("what", ACCEPTED)
def test_what_keeps_the_books_is_accepted(books: psycopg.Connection, what: str) -> None:
    assert attempt(books, ACCEPTED[what]) == ""
    assert ledger.check_books() == ()


def counted(connection: psycopg.Connection) -> tuple[object, ...]:
    """Return how many rows each table of the ledger has."""
    tables = ("account", "transaction", "posting", "budget", "budget_policy")
    found = tuple(connection.execute(f"SELECT count(*) FROM ledger_{table}".encode()).fetchone() for table in tables)
    connection.commit()
    return found


@pytest.mark.parametrize("then", ["post", "void"])
def test_of_two_who_settle_at_the_same_moment_one_is_refused(books: psycopg.Connection, own_database: str, then: str) -> None:
    books.execute(made("post", PENDING).encode())
    books.execute(SETTLING.encode())
    answers = []

    def settle_again() -> None:
        with psycopg.connect(own_database) as other:
            again = made(then, PENDING).replace(str(NEW), str(uuid.uuid4())).replace("'new'", "'again'")
            answers.append(attempt(other, (again,)))

    thread = threading.Thread(target=settle_again)
    thread.start()
    thread.join(0.2)
    assert thread.is_alive(), "it waits for whoever was first"
    books.commit()
    thread.join()
    assert "ledger_transaction_settles_id" in answers[0]


@pytest.mark.parametrize("level", [psycopg.IsolationLevel.READ_COMMITTED, psycopg.IsolationLevel.REPEATABLE_READ])
def test_nobody_adds_to_what_another_transaction_is_writing(
    books: psycopg.Connection, own_database: str, level: psycopg.IsolationLevel
) -> None:
    with psycopg.connect(own_database) as other:
        other.isolation_level = level
        other.execute("SELECT count(*) FROM ledger_transaction")
        books.execute(made("pending").encode())
        books.execute(SETTLING.encode())
        assert attempt(other, (lines((OTHER, 5, 0), (SECOND, 0, 5)),)) != ""
        books.commit()
        assert attempt(other, (lines((OTHER, 5, 0), (SECOND, 0, 5)),)) != ""
    assert ledger.check_books() == ()


def test_the_time_is_the_databases(books: psycopg.Connection) -> None:
    books.execute(f"{WRITE.replace('settles_id', 'at')} ('{NEW}', 'new', 'pending', '1999-01-01')".encode())
    books.execute(SETTLING.encode())
    books.commit()
    assert ledger.transaction(NEW).at.year > 1999


DAMAGES = {
    "totals": (f"UPDATE ledger_account SET credits_posted_fen = credits_posted_fen + 1 WHERE code = '{BUDGET}'", BUDGET),
    "amount": (f"UPDATE ledger_posting SET debit_fen = debit_fen + 1 WHERE transaction_id = '{PENDING}' AND debit_fen > 0", str(PENDING)),
    "lost postings": (f"DELETE FROM ledger_posting WHERE transaction_id = '{PENDING}'", str(PENDING)),
    "lost transaction": (f"DELETE FROM ledger_transaction WHERE id = '{PENDING}'", str(PENDING)),
    "changed payment": (
        f"UPDATE ledger_posting SET account_id = '{SECOND}' WHERE transaction_id = '{act_id('p2')}' AND credit_fen > 0",
        "p2",
    ),
    "payment of a payment": (f"UPDATE ledger_transaction SET settles_id = '{act_id('v3')}' WHERE key = 'p2'", "p2"),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_a_check_of_the_books_finds_what_was_damaged_below_the_rules(books: psycopg.Connection, what: str) -> None:
    """As a disk or a restore might: the triggers are off."""
    statement, named = DAMAGES[what]
    books.execute("SET session_replication_role = replica")
    books.execute(statement.encode())
    books.commit()
    named = str(act_id(named)) if named == "p2" else named
    assert any(fault.startswith(named) for fault in ledger.check_books()), ledger.check_books()
