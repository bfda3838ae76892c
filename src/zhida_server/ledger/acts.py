"""What is done in the ledger: budgets are opened, filled and reduced, amounts are reserved, posted and voided.

Every act is a set: few statements write many transactions with their postings, all or none. Budgets are locked first, in the order
of their codes, then enterprises, so that acts wait for each other and never in a circle; whoever does several acts in one
transaction does them in the order of the budgets' codes. The database holds the rules by itself (see the migrations); what is checked
here is checked to say well what is wrong.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from django.db import connection, transaction

from zhida_server.audit import service as audit
from zhida_server.ledger import books
from zhida_server.ledger.data import (
    AlreadySettled,
    BelowPromised,
    Budget,
    BudgetUnfit,
    KeyReused,
    Kind,
    NoSuchAccount,
    NoSuchTransaction,
    Overdrawn,
    Reservation,
    Settlement,
    State,
    act_id,
    enterprise_account,
    reduction_account,
    yuan,
)
from zhida_server.people.data import Actor
from zhida_server.people.service import require

Row = TypeVar("Row")
PART = 5_000
"""How many transactions one statement writes."""
MOST_FEN = 10**16
"""The largest appropriation: a hundred of them still fit the totals."""

_LOCK_BUDGETS = """SELECT code, credits_posted_fen - debits_posted_fen - debits_pending_fen FROM ledger_account
WHERE code = ANY(%s) AND kind = 'budget' ORDER BY code FOR NO KEY UPDATE"""
_OPEN_ENTERPRISES = """INSERT INTO ledger_account (code, name, kind)
SELECT asked.code, asked.code, 'enterprise' FROM unnest(%s::text[]) AS asked (code)
WHERE NOT EXISTS (SELECT FROM ledger_account WHERE code = asked.code) ORDER BY asked.code ON CONFLICT DO NOTHING"""
_RESERVED = """SELECT made.key, made.kind, made.about, debit.account_id, credit.account_id, debit.debit_fen
FROM ledger_transaction made
JOIN ledger_posting debit ON debit.transaction_id = made.id AND debit.debit_fen > 0
JOIN ledger_posting credit ON credit.transaction_id = made.id AND credit.credit_fen > 0
WHERE made.key = ANY(%s)"""
_WRITE = """WITH asked AS MATERIALIZED (
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[])
        AS asked (id, key, debited, credited, amount_fen, about)
), made AS (
    INSERT INTO ledger_transaction (id, key, kind, about, by) SELECT id, key, %s, about, %s FROM asked ON CONFLICT DO NOTHING RETURNING id
)
INSERT INTO ledger_posting (transaction_id, account_id, debit_fen, credit_fen)
SELECT id, debited, amount_fen, 0 FROM asked JOIN made USING (id)
UNION ALL SELECT id, credited, 0, amount_fen FROM asked JOIN made USING (id)"""
_BUDGETS_OF = "SELECT DISTINCT account_id FROM ledger_posting WHERE transaction_id = ANY(%s) AND account_id LIKE 'budget/%%'"
_SETTLED = """SELECT made.id, made.kind, min(line.account_id) FILTER (WHERE line.credit_fen > 0), count(*), settling.kind
FROM ledger_transaction made JOIN ledger_posting line ON line.transaction_id = made.id
LEFT JOIN ledger_transaction settling ON settling.settles_id = made.id
WHERE made.id = ANY(%s) GROUP BY made.id, settling.kind"""
_SETTLE = """WITH asked AS MATERIALIZED (
    SELECT * FROM unnest(%s::uuid[], %s::text[], %s::uuid[]) AS asked (id, key, settles_id)
), made AS (
    INSERT INTO ledger_transaction (id, key, kind, settles_id, about, by) SELECT id, key, %s, settles_id, %s, %s FROM asked
    ON CONFLICT DO NOTHING RETURNING id, settles_id
)
INSERT INTO ledger_posting (transaction_id, account_id, debit_fen, credit_fen)
SELECT made.id, reserved.account_id, reserved.debit_fen, reserved.credit_fen
FROM made JOIN ledger_posting reserved ON reserved.transaction_id = made.settles_id"""


@transaction.atomic
def open_budget(  # noqa: PLR0913, PLR0917 - a budget is described by as many
    actor: Actor,
    code: str,
    name: str,
    policies: Sequence[str],
    year: int,
    amount_fen: int,
    *,
    key: str,
) -> Budget:
    """Open a budget for some policies of a year and put its first amount in; the same again changes nothing.

    Args:
        actor: Who opens it.
        code: The code of its account, `budget/<year>/…` in small letters, digits and hyphens.
        name: Its name.
        policies: The policies that draw on it; no other budget of the year may have them.
        year: The calendar year of the days as of which is granted.
        amount_fen: The first appropriation, in fen; may be 0.
        key: The key of that appropriation.

    Raises:
        BudgetUnfit: where the code does not fit the year, or another budget has the code or one of the policies.
        KeyReused: where the key stands for another act.
    """
    require(actor, "budget.open")
    drawing = sorted(set(policies))
    books.check_budget_code(code, year)
    _check_amount(amount_fen, least=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('zhida budgets', 0))")
        if known := books.budget(code):
            if (known.name, known.year, known.policies) != (name, year, tuple(drawing)):
                raise BudgetUnfit(
                    "ledger-budget-exists",
                    f"预算“{code}”已设立，名称、年度或政策不同：追加金额，或换一个代码",
                    f"the budget {code!r} exists with another name, year or policies: appropriate to it, or choose another code",
                )
        else:
            if taken := [(policy, other) for policy in drawing if (other := books.budget_for(policy, year))]:
                raise BudgetUnfit(
                    "ledger-policy-has-budget",
                    f"{year} 年“{taken[0][0]}”已由预算“{taken[0][1]}”支出：一项政策一年只有一个预算",
                    f"{taken[0][0]!r} draws on the budget {taken[0][1]!r} in {year} already: one budget for a policy and year",
                )
            cursor.execute("INSERT INTO ledger_account (code, name, kind) VALUES (%s, %s, 'budget')", [code, name])
            cursor.execute("INSERT INTO ledger_budget (account_id, year) VALUES (%s, %s)", [code, year])
            cursor.execute(
                """INSERT INTO ledger_budget_policy (policy, year, budget_id)
                SELECT policy, %s, %s FROM unnest(%s::text[]) AS asked (policy)""",
                [year, code, drawing],
            )
            audit.record(actor.name, "budget.open", code, after={"name": name, "year": year, "policies": drawing})
    if amount_fen:
        return appropriate(actor, code, amount_fen, key=key)
    return books.standing(code)


@transaction.atomic
def appropriate(actor: Actor, code: str, amount_fen: int, *, key: str) -> Budget:
    """Put an amount into a budget; the same key again changes nothing.

    Args:
        actor: Who does.
        code: The budget's code.
        amount_fen: How much, in fen; more than nothing.
        key: The key of the act.

    Raises:
        NoSuchAccount: where there is no such budget.
        BudgetUnfit: where the amount is none, or beyond all proportion.
        KeyReused: where the key stands for another act.
    """
    require(actor, "budget.appropriate")
    _check_amount(amount_fen, least=1)
    _lock_budgets([code])
    with connection.cursor() as cursor:
        before = books.standing(code)
        source = f"appropriation/{before.year}"
        if found := _kept([key]):
            if found[key] != (Kind.DIRECT, "", source, code, amount_fen):
                raise KeyReused([key])
            return before
        cursor.execute(
            "INSERT INTO ledger_account (code, name, kind) VALUES (%s, %s, 'appropriation') ON CONFLICT DO NOTHING", [source, source]
        )
        _write(Kind.DIRECT, [(key, source, code, amount_fen, "")], actor.name)
    after = books.standing(code)
    audit.record(
        actor.name,
        "budget.appropriate",
        code,
        before={"appropriated_fen": before.appropriated_fen},
        after={"appropriated_fen": after.appropriated_fen, "transaction": str(act_id(key))},
    )
    return after


@transaction.atomic
def reduce(actor: Actor, code: str, amount_fen: int, reason: str, *, key: str) -> Budget:
    """Take back what is free of a budget; never what is reserved or paid. The same key again changes nothing.

    Args:
        actor: Who does.
        code: The budget's code.
        amount_fen: How much, in fen; more than nothing.
        reason: Why, in words: the document that orders it, as a rule.
        key: The key of the act.

    Raises:
        NoSuchAccount: where there is no such budget.
        BudgetUnfit: where the amount is none or beyond all proportion, or nothing says why.
        BelowPromised: where so much is not free.
        KeyReused: where the key stands for another act.
    """
    require(actor, "budget.reduce")
    _check_amount(amount_fen, least=1)
    because = " ".join(reason.split())
    if not because:
        raise BudgetUnfit(
            "ledger-no-reason", "调减预算要写明依据，如调整文件的文号", "say why, such as the document that orders the reduction"
        )
    free_fen = _lock_budgets([code])[code]
    target = reduction_account(code)
    before = books.standing(code)
    if found := _kept([key]):
        if found[key] != (Kind.REDUCE, because, code, target, amount_fen):
            raise KeyReused([key])
        return before
    if amount_fen > free_fen:
        raise BelowPromised(code, free_fen, amount_fen)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_account (code, name, kind) VALUES (%s, %s, 'reduction') ON CONFLICT DO NOTHING", [target, target]
        )
    _write(Kind.REDUCE, [(key, code, target, amount_fen, because)], actor.name)
    after = books.standing(code)
    audit.record(
        actor.name,
        "budget.reduce",
        code,
        before={"appropriated_fen": before.appropriated_fen},
        after={"appropriated_fen": after.appropriated_fen, "transaction": str(act_id(key)), "reason": because},
    )
    return after


@transaction.atomic
def reserve_many(reservations: Sequence[Reservation], *, by: str = "") -> tuple[UUID, ...]:
    """Reserve many amounts, all or none; a key that was reserved before with the same content changes nothing.

    Args:
        reservations: What to reserve, of any budgets.
        by: Who does, for the record.

    Returns:
        The ids of the pending transactions, in the order that was given.

    Raises:
        Overdrawn: where a budget does not have it; nothing is reserved then.
        KeyReused: where a key stands for another act.
        NoSuchAccount: where a budget does not exist.
    """
    left = _lock_budgets([one.budget for one in reservations])
    new = _unknown(reservations)
    asked: Counter[str] = Counter()
    for one in new:
        asked[one.budget] += one.amount_fen
    for budget in sorted(asked):
        if asked[budget] > left[budget]:
            raise Overdrawn(budget, left[budget], asked[budget])
    _reserve(new, by)
    return tuple(one.id for one in reservations)


@transaction.atomic
def reserve_within(budget: str, reservations: Sequence[Reservation], *, by: str = "") -> tuple[tuple[UUID, ...], int]:
    """Reserve as many of the first as a budget allows: in their order, up to the first that does not fit. Nobody is overtaken.

    Those whose keys were reserved before count as granted and take nothing again.

    Args:
        budget: The budget's code, the same in each reservation.
        reservations: What to reserve, first come first.
        by: Who does, for the record.

    Returns:
        The ids of those that are reserved (the first ones), and what the budget has left, in fen.

    Raises:
        KeyReused: where a key stands for another act.
        NoSuchAccount: where the budget does not exist.
    """
    assert all(one.budget == budget for one in reservations), "all draw on the one budget"
    left = _lock_budgets([budget])[budget]
    new = {one.key: one for one in _unknown(reservations)}
    granted: list[Reservation] = []
    fresh: dict[str, Reservation] = {}
    for one in reservations:
        if one.key in new and one.key not in fresh:
            if one.amount_fen > left:
                break
            left -= one.amount_fen
            fresh[one.key] = one
        granted.append(one)
    _reserve(list(fresh.values()), by)
    return tuple(one.id for one in granted), left


def post_many(settlements: Sequence[Settlement], *, by: str = "", about: str = "") -> None:
    """Mark reservations as paid, all or none; what is paid already stays as it is.

    Args:
        settlements: The reservations, each with the key of its payment.
        by: Who does, for the record.
        about: What for, in words.

    Raises:
        AlreadySettled: where one was voided.
        KeyReused: where a key stands for another act.
        NoSuchTransaction: where an id is that of no reservation.
    """
    _settle(Kind.POST, settlements, about, by)


def void_many(settlements: Sequence[Settlement], reason: str, *, by: str = "") -> None:
    """Give reservations back to their budgets, all or none; what is voided already stays as it is.

    Args:
        settlements: The reservations, each with the key of this act.
        reason: Why, in words.
        by: Who does, for the record.

    Raises:
        AlreadySettled: where one was paid.
        KeyReused: where a key stands for another act.
        NoSuchTransaction: where an id is that of no reservation.
    """
    _settle(Kind.VOID, settlements, reason, by)


def _check_amount(amount_fen: int, *, least: int) -> None:
    """Refuse an appropriation or a reduction that is none, or beyond all proportion."""
    if not least <= amount_fen <= MOST_FEN:
        raise BudgetUnfit(
            "ledger-amount",
            f"金额 {yuan(amount_fen)} 元不合理：应在 {yuan(least)} 元至 {yuan(MOST_FEN)} 元之间",
            f"an amount of {yuan(amount_fen)} yuan cannot be: it is between {yuan(least)} and {yuan(MOST_FEN)} yuan",
        )


def _lock_budgets(codes: Sequence[str]) -> dict[str, int]:
    """Lock budgets until the transaction ends; what each has left, in fen."""
    asked = set(codes)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_BUDGETS, [sorted(asked)])
        left = dict(cursor.fetchall())
    if missing := asked - left.keys():
        raise NoSuchAccount(missing)
    return left


def _kept(keys: Sequence[str]) -> dict[str, tuple[str, str, str, str, int]]:
    """Return what stands under keys already: kind, what for, account debited, account credited, fen."""
    with connection.cursor() as cursor:
        cursor.execute(_RESERVED, [list(keys)])
        return {row[0]: row[1:] for row in cursor.fetchall()}


def _unknown(reservations: Sequence[Reservation]) -> list[Reservation]:
    """Return the reservations whose keys are new, each once; a key with other content is refused."""
    first: dict[str, Reservation] = {}
    for one in reservations:
        assert one.amount_fen > 0, "a reservation is more than nothing"
        first.setdefault(one.key, one)
    kept = _kept(list(first))
    reused = {one.key for one in reservations if first[one.key] != one}
    reused |= {key for key, content in kept.items() if content != _content(first[key])}
    if reused:
        raise KeyReused(reused)
    return [one for one in first.values() if one.key not in kept]


def _content(one: Reservation) -> tuple[str, str, str, str, int]:
    return Kind.PENDING, one.about, one.budget, enterprise_account(one.enterprise), one.amount_fen


def _reserve(new: Sequence[Reservation], by: str) -> None:
    """Write reservations whose budgets are locked and suffice, in the order of the enterprises."""
    ordered = sorted(new, key=lambda one: (one.enterprise, one.key))
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_ENTERPRISES, [sorted({enterprise_account(one.enterprise) for one in ordered})])
    rows = [(one.key, one.budget, enterprise_account(one.enterprise), one.amount_fen, one.about) for one in ordered]
    _write(Kind.PENDING, rows, by)


def _write(kind: Kind, rows: Sequence[tuple[str, str, str, int, str]], by: str) -> None:
    """Write transactions of two postings each: key, account debited, account credited, fen, what for."""
    with connection.cursor() as cursor:
        for part in _parts(rows):
            keys, debited, credited, amounts, abouts = (list(column) for column in zip(*part, strict=True))
            cursor.execute(_WRITE, [[act_id(str(key)) for key in keys], keys, debited, credited, amounts, abouts, kind, by])
            if cursor.rowcount != 2 * len(part):  # somebody wrote the key at the same moment, for another budget
                raise KeyReused(row[0] for row in part)


def _settle(kind: Kind, settlements: Sequence[Settlement], about: str, by: str) -> None:
    """Settle reservations, in the order of the enterprises; those settled this way stay as they are."""
    with transaction.atomic():
        asked = [one.id for one in settlements]
        _lock_budgets(_budgets_of(asked))
        standing = _standing(asked)
        if other := [one for one in asked if standing[one].settled not in {None, kind}]:
            raise AlreadySettled(other, State.VOIDED if kind == Kind.POST else State.POSTED)
        first: dict[UUID, Settlement] = {}
        for one in settlements:
            if standing[one.id].settled is None:
                first.setdefault(one.id, one)
        new = sorted(first.values(), key=lambda one: (standing[one.id].enterprise, one.key))
        uses = Counter(one.key for one in new)
        if reused := {key for key, count in uses.items() if count > 1} | _kept(list(uses)).keys():
            raise KeyReused(reused)
        with connection.cursor() as cursor:
            for part in _parts(new):
                keys = [one.key for one in part]
                cursor.execute(_SETTLE, [[act_id(key) for key in keys], keys, [one.id for one in part], kind, about, by])
                if cursor.rowcount != sum(standing[one.id].lines for one in part):
                    raise KeyReused(keys)


def _budgets_of(ids: Sequence[UUID]) -> list[str]:
    """Return the budgets of transactions."""
    with connection.cursor() as cursor:
        cursor.execute(_BUDGETS_OF, [list(ids)])
        return [row[0] for row in cursor.fetchall()]


@dataclass(frozen=True)
class _Standing:
    """Where a reservation stands."""

    enterprise: str
    lines: int
    settled: Kind | None


def _standing(ids: Sequence[UUID]) -> Mapping[UUID, _Standing]:
    """Return where reservations stand: the enterprise's account, how many postings, and what settled them."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLED, [list(ids)])
        found = {row[0]: _Standing(row[2], row[3], Kind(row[4]) if row[4] else None) for row in cursor.fetchall() if row[1] == Kind.PENDING}
    if missing := [one for one in ids if one not in found]:
        raise NoSuchTransaction(missing)
    return found


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """Yield the rows a part at a time."""
    for start in range(0, len(rows), PART):
        yield rows[start : start + PART]
