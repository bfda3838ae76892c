"""How the ledger stands: budgets, totals, single transactions; and whether its books are in order.

Whoever shows what lies behind a total (transactions, exports) asks `access_ledger` before; single transactions are reached from what
they were made for, whose door is guarded there.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db import connection

from zhida_server.audit import service as audit
from zhida_server.ledger.data import (
    AccountKind,
    AccountTotals,
    Budget,
    BudgetUnfit,
    Kind,
    Movement,
    NoSuchAccount,
    NoSuchTransaction,
    Posting,
    State,
    TransactionView,
)
from zhida_server.people.data import Actor
from zhida_server.people.service import require

_STATES = {
    Kind.PENDING: State.PENDING,
    Kind.POST: State.POSTED,
    Kind.VOID: State.VOIDED,
    Kind.DIRECT: State.POSTED,
    Kind.REDUCE: State.POSTED,
}
_BUDGETS = """SELECT account.code, account.name, budget.year,
    ARRAY(SELECT policy FROM ledger_budget_policy WHERE budget_id = account.code ORDER BY policy COLLATE "C"),
    account.credits_posted_fen - coalesce(reduction.credits_posted_fen, 0), account.debits_pending_fen,
    account.debits_posted_fen - coalesce(reduction.credits_posted_fen, 0),
    account.credits_posted_fen - account.debits_pending_fen - account.debits_posted_fen, coalesce(reduction.credits_posted_fen, 0)
FROM ledger_budget budget JOIN ledger_account account ON account.code = budget.account_id
LEFT JOIN ledger_account reduction ON reduction.code = 'reduction/' || substr(account.code, 8)
WHERE account.code = %s OR %s = '' ORDER BY budget.year DESC, account.code"""
_TRANSACTION = """SELECT made.id, made.key, made.kind, made.at, made.by, made.about, made.settles_id, settling.id, settling.kind
FROM ledger_transaction made LEFT JOIN ledger_transaction settling ON settling.settles_id = made.id WHERE made.id = %s"""
_MOVEMENTS = """SELECT made.id, made.kind, ARRAY(
        SELECT account_id FROM ledger_posting other
        WHERE other.transaction_id = made.id AND account_id <> line.account_id ORDER BY account_id
    ), line.debit_fen, line.credit_fen, made.at, made.by, made.about
FROM ledger_posting line JOIN ledger_transaction made ON made.id = line.transaction_id
WHERE line.account_id = %s AND (%s::uuid IS NULL OR (made.at, made.id) < (SELECT at, id FROM ledger_transaction WHERE id = %s))
ORDER BY made.at DESC, made.id DESC LIMIT %s"""
_DRAWN = """SELECT line.account_id,
    coalesce(sum(line.debit_fen) FILTER (WHERE made.kind = 'pending' AND made.at >= %(since)s), 0)
        - coalesce(sum(line.debit_fen) FILTER (WHERE made.kind = 'void' AND made.at >= %(since)s), 0),
    min(made.at) FILTER (WHERE made.kind = 'pending')
FROM ledger_posting line JOIN ledger_transaction made ON made.id = line.transaction_id
WHERE line.debit_fen > 0 AND line.account_id IN (SELECT account_id FROM ledger_budget) GROUP BY line.account_id"""
_FAULTS: Mapping[str, str] = {
    "分录不平衡或不足两笔 / not balanced, or fewer than two postings": """SELECT made.id::text FROM ledger_transaction made
        LEFT JOIN ledger_posting line ON line.transaction_id = made.id GROUP BY made.id
        HAVING count(line.account_id) < 2 OR sum(line.debit_fen) <> sum(line.credit_fen)""",
    "分录没有交易或账户 / a posting without its transaction or account": """SELECT line.transaction_id::text FROM ledger_posting line
        LEFT JOIN ledger_transaction made ON made.id = line.transaction_id
        LEFT JOIN ledger_account account ON account.code = line.account_id WHERE made.id IS NULL OR account.code IS NULL""",
    "结清与预留不一致 / does not settle its reservation in full": """SELECT made.id::text FROM ledger_transaction made
        LEFT JOIN ledger_transaction settled ON settled.id = made.settles_id
        LEFT JOIN ledger_posting line ON line.transaction_id = made.id
        LEFT JOIN ledger_posting twin ON twin.transaction_id = settled.id AND twin.account_id = line.account_id
            AND twin.debit_fen = line.debit_fen AND twin.credit_fen = line.credit_fen
        WHERE made.kind IN ('post', 'void') GROUP BY made.id, settled.kind
        HAVING settled.kind IS DISTINCT FROM 'pending' OR count(line.account_id) <> count(twin.account_id)""",
    "同一预留结清了两次 / one reservation is settled twice": """SELECT settles_id::text FROM ledger_transaction
        WHERE settles_id IS NOT NULL GROUP BY settles_id HAVING count(*) > 1""",
    "账户合计与分录不符 / totals differ from the postings": """WITH counted AS (
            SELECT line.account_id AS code,
                sum(line.debit_fen) FILTER (WHERE made.kind IN ('post', 'direct', 'reduce')) AS debits_posted,
                sum(line.credit_fen) FILTER (WHERE made.kind IN ('post', 'direct', 'reduce')) AS credits_posted,
                sum(CASE made.kind WHEN 'pending' THEN line.debit_fen ELSE -line.debit_fen END)
                    FILTER (WHERE made.kind IN ('pending', 'post', 'void')) AS debits_pending,
                sum(CASE made.kind WHEN 'pending' THEN line.credit_fen ELSE -line.credit_fen END)
                    FILTER (WHERE made.kind IN ('pending', 'post', 'void')) AS credits_pending
            FROM ledger_posting line JOIN ledger_transaction made ON made.id = line.transaction_id GROUP BY line.account_id)
        SELECT code FROM ledger_account account LEFT JOIN counted USING (code)
        WHERE account.debits_posted_fen <> coalesce(debits_posted, 0) OR account.credits_posted_fen <> coalesce(credits_posted, 0)
            OR account.debits_pending_fen <> coalesce(debits_pending, 0) OR account.credits_pending_fen <> coalesce(credits_pending, 0)""",
    "调减没有记在该预算的调减账户 / a reduction that is not that of its budget": """SELECT made.id::text FROM ledger_transaction made
        JOIN ledger_posting debit ON debit.transaction_id = made.id AND debit.debit_fen > 0
        JOIN ledger_posting credit ON credit.transaction_id = made.id AND credit.credit_fen > 0
        WHERE made.kind = 'reduce' AND credit.account_id <> 'reduction/' || substr(debit.account_id, 8)""",
    "账户透支 / overdrawn": """SELECT code FROM ledger_account
        WHERE kind <> 'appropriation' AND debits_posted_fen + debits_pending_fen > credits_posted_fen""",
    "全部账户借贷不等 / debits and credits of all accounts differ": """SELECT 'ledger_account' FROM ledger_account
        HAVING sum(debits_posted_fen) <> sum(credits_posted_fen) OR sum(debits_pending_fen) <> sum(credits_pending_fen)""",
}


def access_ledger(actor: Actor, act: str = "ledger.read") -> None:
    """Let an actor read transactions (`ledger.read`) or take them away (`ledger.export`), and record that they did.

    Raises:
        NotAllowed: where the role may not.
    """
    require(actor, act)
    audit.record(actor.name, act, "ledger")


def budgets(actor: Actor) -> tuple[Budget, ...]:
    """Return all budgets and how they stand, the latest year first.

    Raises:
        NotAllowed: where the role may not.
    """
    require(actor, "budget.read")
    return _budgets("")


def budget(code: str) -> Budget | None:
    """Return how one budget stands; nothing where there is none of that code."""
    return next(iter(_budgets(code)), None) if code else None


def standing(code: str) -> Budget:
    """Return how one budget stands.

    Raises:
        NoSuchAccount: where there is no budget of that code.
    """
    found = budget(code)
    if found is None:
        raise NoSuchAccount([code])
    return found


def drawn(actor: Actor, since: dt.datetime) -> Mapping[str, tuple[int, dt.datetime | None]]:
    """Return what was drawn on each budget since a moment, what was given back left out, and when it was drawn on for the first time.

    Args:
        actor: Who asks.
        since: The moment.

    Returns:
        By the budget's code, fen and the first moment; a budget that nobody drew on has no entry.

    Raises:
        NotAllowed: where the role may not.
    """
    require(actor, "budget.read")
    with connection.cursor() as cursor:
        cursor.execute(_DRAWN, {"since": since})
        return {row[0]: (int(row[1]), row[2]) for row in cursor.fetchall()}


def _budgets(code: str) -> tuple[Budget, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_BUDGETS, [code, code])
        return tuple(Budget(row[0], row[1], row[2], tuple(row[3]), *row[4:]) for row in cursor.fetchall())


def budget_for(policy: str, year: int) -> str | None:
    """Return the code of the budget that a policy draws on in a year."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT budget_id FROM ledger_budget_policy WHERE policy = %s AND year = %s", [policy, year])
        row = cursor.fetchone()
    return row[0] if row else None


def check_budget_code(code: str, year: int) -> None:
    """Refuse a code that says nothing, or another year.

    Raises:
        BudgetUnfit: where it is not `budget/<year>/…`.
    """
    if not re.fullmatch(rf"budget/{year:04}(/[a-z0-9]+(-[a-z0-9]+)*)+", code):
        raise BudgetUnfit(
            "ledger-budget-code",
            f"预算代码“{code}”不合格式：应为 budget/{year}/…，小写字母、数字和连字符，如 budget/{year}/hangzhou/compute-voucher",
            f"the code {code!r} does not fit: budget/{year}/… in small letters, digits, hyphens, as budget/{year}/hangzhou/compute-voucher",
        )


def account_totals() -> tuple[AccountTotals, ...]:
    """Return every account with its totals, by code."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT code, name, kind, debits_posted_fen, credits_posted_fen, debits_pending_fen, credits_pending_fen
            FROM ledger_account ORDER BY code COLLATE "C" """
        )
        return tuple(AccountTotals(row[0], row[1], AccountKind(row[2]), *row[3:]) for row in cursor.fetchall())


def transaction(id: UUID) -> TransactionView:  # noqa: A002 - its own word
    """Return a transaction with its postings and what has become of it.

    Raises:
        NoSuchTransaction: where there is none of that id.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TRANSACTION, [id])
        row = cursor.fetchone()
        if row is None:
            raise NoSuchTransaction([id])
        cursor.execute(
            'SELECT account_id, debit_fen, credit_fen FROM ledger_posting WHERE transaction_id = %s ORDER BY account_id COLLATE "C"', [id]
        )
        postings = tuple(Posting(*line) for line in cursor.fetchall())
    kind = Kind(row[2])
    return TransactionView(
        id=row[0],
        key=row[1],
        kind=kind,
        state=_STATES[Kind(row[8]) if row[8] else kind],
        postings=postings,
        at=row[3],
        by=row[4],
        about=row[5],
        settles=row[6],
        settled_by=row[7],
    )


def states(ids: Sequence[UUID]) -> Mapping[UUID, State]:
    """Return where reservations stand; an id of no transaction has no entry."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT made.id, coalesce(settling.kind, made.kind) FROM ledger_transaction made
            LEFT JOIN ledger_transaction settling ON settling.settles_id = made.id WHERE made.id = ANY(%s)""",
            [list(ids)],
        )
        return {row[0]: _STATES[Kind(row[1])] for row in cursor.fetchall()}


def movements(actor: Actor, code: str, *, after: UUID | None = None, limit: int = 100) -> tuple[Movement, ...]:
    """Return the transactions of one account, the latest first.

    Args:
        actor: Who reads them; it is recorded.
        code: The account.
        after: The last transaction of the page before.
        limit: How many at most.

    Raises:
        NotAllowed: where the role may not.
    """
    require(actor, "ledger.read")
    audit.record(actor.name, "ledger.read", code)
    with connection.cursor() as cursor:
        cursor.execute(_MOVEMENTS, [code, after, after, limit])
        return tuple(Movement(row[0], Kind(row[1]), tuple(row[2]), *row[3:]) for row in cursor.fetchall())


def check_books(limit: int = 100) -> tuple[str, ...]:
    """Compute everything again from the postings and return what is not in order, in both languages; empty where all is.

    Every transaction is balanced, what settles settles in full and once, the totals of each account are those of its postings, no
    account is overdrawn, and debits are credits over all.

    Args:
        limit: How many faults of a kind are named.
    """
    faults: list[str] = []
    with connection.cursor() as cursor:
        for words, query in _FAULTS.items():
            cursor.execute(f"{query} LIMIT {limit:d}")  # the query is one of those above
            faults += [f"{row[0]}: {words}" for row in cursor.fetchall()]
    return tuple(faults)
