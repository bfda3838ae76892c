"""The ledger for other programs: a beancount file, an hledger journal, a CSV table. They are written as they are read, row by row.

Every account becomes two, one of what counts and one of what is reserved, so that each of our totals is a balance of theirs:

    budget/2026/hangzhou/compute-voucher   ▶   Liabilities:Posted:Budget:2026:Hangzhou:Compute-voucher
                                               Liabilities:Pending:Budget:2026:Hangzhou:Compute-voucher

A file ends in the balance of each account *by our totals*; the other program adds up the transactions by itself and compares. Amounts
are in yuan with two decimals, exact; debits are positive, credits negative.
"""

import csv
import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.utils import timezone

from zhida_server.ledger import books
from zhida_server.ledger.data import AccountTotals, Kind, yuan

Write = Callable[[str], object]
"""Takes the next piece of text."""

PART = 2_000
COLUMNS = ("编号", "键", "种类", "结清", "时间", "经办", "事由", "账户", "借方(元)", "贷方(元)")
"""The columns of the CSV table, which docs/ledger.md describes."""
_ROOTS = {"appropriation": "Assets", "budget": "Liabilities", "enterprise": "Liabilities", "reduction": "Assets"}
_ROWS = """SELECT made.id::text, made.key, made.kind, coalesce(made.settles_id::text, ''), made.at, made.by, made.about,
    array_agg(line.account_id ORDER BY line.credit_fen, line.account_id COLLATE "C"),
    array_agg(line.debit_fen - line.credit_fen ORDER BY line.credit_fen, line.account_id COLLATE "C")
FROM ledger_transaction made JOIN ledger_posting line ON line.transaction_id = made.id
GROUP BY made.id ORDER BY made.at, (made.kind <> 'direct'), (made.settles_id IS NOT NULL), made.id"""


@dataclass(frozen=True)
class _Row:
    """A transaction as it is exported."""

    id: str
    key: str
    kind: Kind
    settles: str
    at: dt.datetime
    by: str
    about: str
    lines: tuple[tuple[str, int], ...]

    @property
    def day(self) -> dt.date:
        """The day on which it was written, where the site is."""
        return timezone.localdate(self.at)

    def amounts(self) -> Iterator[tuple[str, int]]:
        """Yield each account of the other program with fen: debits positive."""
        for code, fen in self.lines:
            if self.kind in {Kind.POST, Kind.VOID}:
                yield account_name(code, is_pending=True), -fen
            if self.kind != Kind.VOID:
                yield account_name(code, is_pending=self.kind == Kind.PENDING), fen


def account_name(code: str, *, is_pending: bool) -> str:
    """Return what an account is called in beancount and hledger; different codes have different names.

    >>> account_name("budget/2026/hangzhou/compute-voucher", is_pending=True)
    'Liabilities:Pending:Budget:2026:Hangzhou:Compute-voucher'
    """
    parts = [part[0].upper() + part[1:] for part in code.split("/")]
    return ":".join([_ROOTS[code.partition("/")[0]], "Pending" if is_pending else "Posted", *parts])


def export_beancount(write: Write) -> None:
    """Write the whole ledger as a beancount file; `bean-check` adds it up and compares with our totals.

    Args:
        write: Takes the text piece by piece.
    """
    with _at_one_moment() as (totals, first, after):
        write('option "title" "政策直达 总账 · zhida ledger"\noption "operating_currency" "CNY"\n\n')
        for name, _ in _balances(totals):
            write(f"{first} open {name} CNY\n")
        for row in _rows():
            settles = f" ^{row.settles}" if row.settles else ""
            write(f'\n{row.day} * "{_quoted(row.about)}" #{row.kind.value} ^{row.id}{settles}\n')
            write(f'  key: "{_quoted(row.key)}"\n  by: "{_quoted(row.by)}"\n')
            for name, fen in row.amounts():
                write(f"  {name}  {yuan(fen)} CNY\n")
        write("\n")
        for name, fen in _balances(totals):
            write(f"{after} balance {name}  {yuan(fen)} ~ 0.00 CNY\n")


def export_journal(write: Write) -> None:
    """Write the whole ledger as an hledger journal, whose last transaction asserts our totals; `hledger check` compares.

    Args:
        write: Takes the text piece by piece.
    """
    with _at_one_moment() as (totals, _, after):
        write("; 政策直达 总账 · zhida ledger\ndecimal-mark .\ncommodity 1000.00 CNY\n\n")
        for name, _ in _balances(totals):
            write(f"account {name}\n")
        for row in _rows():
            write(f"\n{row.day} * ({row.id}) {_plain(row.about)}  ; kind:{row.kind.value}, settles:{row.settles}\n")
            write(f"    ; key: {_plain(row.key)}\n    ; by: {_plain(row.by)}\n")
            for name, fen in row.amounts():
                write(f"    {name}  {yuan(fen)} CNY\n")
        if totals:
            write(f"\n{after} * 余额 balances\n")
        for name, fen in _balances(totals):
            write(f"    {name}  0.00 CNY = {yuan(fen)} CNY\n")


def export_csv(write: Write) -> None:
    """Write the whole ledger as a CSV table, a line for each posting; its columns are `COLUMNS`.

    Args:
        write: Takes the text piece by piece; the first begins with the mark by which spreadsheets know UTF-8.
    """
    table = csv.writer(_Lines(write), lineterminator="\r\n")
    write("\ufeff")
    table.writerow(COLUMNS)
    for row in _rows():
        at = timezone.localtime(row.at).isoformat(timespec="microseconds")
        for code, fen in row.lines:
            sides = (yuan(fen), "") if fen > 0 else ("", yuan(-fen))
            table.writerow((row.id, _cell(row.key), row.kind.value, row.settles, at, _cell(row.by), _cell(row.about), code, *sides))


class _Lines:
    """What a CSV writer writes to."""

    def __init__(self, write: Write) -> None:
        self.write = write


@contextmanager
def _at_one_moment() -> Iterator[tuple[tuple[AccountTotals, ...], dt.date, dt.date]]:
    """Read totals and transactions as of one moment; gives the totals, the first day, and the day after the last.

    In a transaction that is open already its own isolation holds.
    """
    is_first = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_first:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT min(at), max(at) FROM ledger_transaction")
        first, last = (timezone.localdate(at) if at else dt.date(1970, 1, 1) for at in cursor.fetchone())
        yield books.account_totals(), first, last + dt.timedelta(1)


def _rows() -> Iterator[_Row]:
    """Yield every transaction, read from the database a part at a time: appropriations before what draws on them."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(_ROWS)
        while part := cursor.fetchmany(PART):
            for row in part:
                lines = tuple(zip(row[7], row[8], strict=True))
                yield _Row(row[0], row[1], Kind(row[2]), row[3], row[4], row[5], row[6], lines)


def _balances(totals: tuple[AccountTotals, ...]) -> Iterator[tuple[str, int]]:
    """Yield each account of the other program with its balance by our totals, in fen."""
    for one in totals:
        yield account_name(one.code, is_pending=False), one.debits_posted_fen - one.credits_posted_fen
        yield account_name(one.code, is_pending=True), one.debits_pending_fen - one.credits_pending_fen


def _quoted(text: str) -> str:
    """Return a text as it stands between the quotes of beancount, on one line."""
    return re.sub(r"\s+", " ", text).replace("\\", "\\\\").replace('"', '\\"')


def _plain(text: str) -> str:
    """Return a text as it stands in a journal: on one line, and without what ends a description."""
    return re.sub(r"\s+", " ", text).replace(";", "；").replace("|", "｜")


def _cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
