"""The tables of the ledger. Rows are only ever added, and totals follow from postings: the rules stand in the migrations.

account ◀── posting ──▶ transaction ──settles──▶ transaction (a pending one)
   ▲ four totals, kept by a trigger
   └── budget ◀── budget_policy     one budget for a policy and year
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from zhida_server.ledger.data import AccountKind, Kind


class Account(models.Model):
    """An account; its code says what it is."""

    code = models.TextField(primary_key=True)
    name = models.TextField()
    kind = models.TextField(choices=[(kind.value, kind.value) for kind in AccountKind])
    debits_posted_fen = models.BigIntegerField(default=0, db_default=0)
    credits_posted_fen = models.BigIntegerField(default=0, db_default=0)
    debits_pending_fen = models.BigIntegerField(default=0, db_default=0)
    credits_pending_fen = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        """Totals are never below nothing; only an appropriation can be in debit."""

        db_table = "ledger_account"
        constraints = [
            models.CheckConstraint(
                name="ledger_account_totals_not_negative",
                condition=Q(debits_posted_fen__gte=0, credits_posted_fen__gte=0, debits_pending_fen__gte=0, credits_pending_fen__gte=0),
            ),
            models.CheckConstraint(
                name="ledger_account_not_overdrawn",
                condition=Q(kind="appropriation") | Q(credits_posted_fen__gte=F("debits_posted_fen") + F("debits_pending_fen")),
            ),
            models.CheckConstraint(
                name="ledger_account_code_speaks",
                condition=Q(kind="appropriation", code__regex=r"^appropriation/[0-9]{4}$")
                | Q(kind="budget", code__regex=r"^budget/[0-9]{4}(/[a-z0-9]+(-[a-z0-9]+)*)+$")
                | Q(kind="enterprise", code__regex=r"^enterprise/[0-9A-Z]+(-[0-9A-Z]+)*$")
                | Q(kind="reduction", code__regex=r"^reduction/[0-9]{4}(/[a-z0-9]+(-[a-z0-9]+)*)+$"),
            ),
        ]


class Transaction(models.Model):
    """One act of the ledger."""

    id = models.UUIDField(primary_key=True, editable=False)
    key = models.TextField()
    kind = models.TextField(choices=[(kind.value, kind.value) for kind in Kind])
    settles = models.OneToOneField("self", null=True, on_delete=models.DO_NOTHING, related_name="settled_by", db_constraint=False)
    about = models.TextField(default="", db_default="")
    by = models.TextField(default="", db_default="")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        """What settles says what it settles; that it is pending, and in full, is held where postings are added."""

        db_table = "ledger_transaction"
        constraints = [
            models.UniqueConstraint(name="ledger_transaction_key_once", fields=["key"]),
            models.CheckConstraint(name="ledger_transaction_key_not_empty", condition=Q(key__gt="")),
            models.CheckConstraint(
                name="ledger_transaction_settles_by_kind",
                condition=Q(kind__in=["post", "void"], settles__isnull=False)
                | Q(kind__in=["pending", "direct", "reduce"], settles__isnull=True),
            ),
        ]


class Posting(models.Model):
    """One line of a transaction: an account is debited or credited. Its foreign keys stand in the migrations, where they hold at once."""

    pk = models.CompositePrimaryKey("transaction_id", "account_id")
    transaction_id = models.UUIDField()
    account_id = models.TextField()
    debit_fen = models.BigIntegerField()
    credit_fen = models.BigIntegerField()

    class Meta:
        """Two columns, of which exactly one holds an amount."""

        db_table = "ledger_posting"
        indexes = [models.Index(fields=["account_id"], name="ledger_posting_of_account")]
        constraints = [
            models.CheckConstraint(
                name="ledger_posting_one_side",
                condition=Q(debit_fen__gt=0, credit_fen=0) | Q(debit_fen=0, credit_fen__gt=0),
            ),
        ]


class Budget(models.Model):
    """What a budget's account is for."""

    account = models.OneToOneField(Account, primary_key=True, on_delete=models.DO_NOTHING, related_name="budget")
    year = models.IntegerField()

    class Meta:
        """Listed by year."""

        db_table = "ledger_budget"


class BudgetPolicy(models.Model):
    """A policy that draws on a budget; on one only in a year."""

    pk = models.CompositePrimaryKey("policy", "year")
    policy = models.TextField()
    year = models.IntegerField()
    budget = models.ForeignKey(Budget, on_delete=models.DO_NOTHING, related_name="policies")

    class Meta:
        """One word in the database."""

        db_table = "ledger_budget_policy"
