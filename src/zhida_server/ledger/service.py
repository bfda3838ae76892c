"""The door of the ledger: double entry in integer fen; the database itself holds what may never break.

    appropriate ─direct─▶ budget ─reserve: pending─▶ enterprise ─┬─ post: paid
                            │                                    └─ void: back to the budget
                            └─reduce: what is free is taken back

Rows are only ever added. An act has a key of the caller's, and the same key is the same act: done again it changes nothing, and with
other content it is refused. Acts are atomic: in a transaction of their own, or in the one that is open.
"""

from zhida_server.ledger.acts import appropriate, open_budget, post_many, reduce, reserve_many, reserve_within, void_many
from zhida_server.ledger.books import (
    access_ledger,
    account_totals,
    budget,
    budget_for,
    budgets,
    check_books,
    drawn,
    movements,
    states,
    transaction,
)
from zhida_server.ledger.exports import export_beancount, export_csv, export_journal

__all__ = [
    "access_ledger",
    "account_totals",
    "appropriate",
    "budget",
    "budget_for",
    "budgets",
    "check_books",
    "drawn",
    "export_beancount",
    "export_csv",
    "export_journal",
    "movements",
    "open_budget",
    "post_many",
    "reduce",
    "reserve_many",
    "reserve_within",
    "states",
    "transaction",
    "void_many",
]
