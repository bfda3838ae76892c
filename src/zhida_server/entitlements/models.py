"""The tables of entitlements.

    run ──(progress: how far)──> result ──┬── policy   what each policy came to
     │                                    └── answer   what an enterprise's page shows; derived, dropped when a newer run is done
     ├── repetition    decided again from its record: how far that is, and what came of it
     └── entitlement   what was granted: the decision; ledger_transaction and delivery_order have the same id

A run, its result and an entitlement are written once. Whether a run is done is whether it has a result; whether an entitlement is
reserved, paid or voided stands in the ledger: neither is kept a second time.
"""

import uuid

from django.db import models
from django.db.models.functions import Now

SHA256 = 64
"""Digits of a sha256."""

CODE = 18
"""Characters of an enterprise's code, at most."""


class Run(models.Model):
    """The order of a run: everything that decides what comes out."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    as_of = models.DateField()
    packs_sha256 = models.CharField(max_length=SHA256)
    snapshot_sha256 = models.CharField(max_length=SHA256)
    policies = models.JSONField()
    received_sha256 = models.CharField(max_length=SHA256)
    engine_version = models.CharField(max_length=64)
    started_by = models.CharField(max_length=200)
    started_at = models.DateTimeField(db_default=Now())


class Progress(models.Model):
    """How far a run is; the only row of it that changes, and gone into its result when it is done."""

    run = models.OneToOneField(Run, on_delete=models.PROTECT, primary_key=True)
    state = models.CharField(max_length=8, default="queued")
    phase = models.CharField(max_length=16, blank=True)
    parts_done = models.IntegerField(default=0)
    parts = models.IntegerField(default=0)
    rows_done = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    milliseconds = models.BigIntegerField(default=0)
    tries = models.IntegerField(default=0)
    fault = models.TextField(blank=True)
    told_at = models.DateTimeField(db_default=Now())


class Result(models.Model):
    """What a run came to: from the moment that this row is there, the run counts."""

    number = models.BigAutoField(primary_key=True)
    run = models.OneToOneField(Run, on_delete=models.PROTECT)
    results_sha256 = models.CharField(max_length=SHA256)
    subjects = models.IntegerField()
    figures = models.JSONField()
    finished_at = models.DateTimeField(db_default=Now())


class PolicyResult(models.Model):
    """What a policy came to in a run, and how its answers are read."""

    pk = models.CompositePrimaryKey("result_id", "place")
    result = models.ForeignKey(Result, on_delete=models.PROTECT, db_index=False)
    place = models.SmallIntegerField()
    policy = models.CharField(max_length=200)
    title = models.TextField()
    gives = models.CharField(max_length=16)
    outcomes = models.JSONField()
    amount_fen = models.BigIntegerField()
    paid_fen = models.BigIntegerField()
    missing = models.JSONField()
    window_until = models.DateField(null=True)


class Answer(models.Model):
    """What a run says of one enterprise, as far as its page shows it; see `answers.CELLS`."""

    pk = models.CompositePrimaryKey("result_id", "code")
    result = models.ForeignKey(Result, on_delete=models.PROTECT, db_index=False, db_constraint=False)
    code = models.CharField(max_length=CODE)
    said = models.TextField()


class Repetition(models.Model):
    """A run that is decided again: how far that is, and whether every byte is the same."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="repetitions")
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=8, default="queued")
    phase = models.CharField(max_length=16, blank=True)
    parts_done = models.IntegerField(default=0)
    parts = models.IntegerField(default=0)
    rows_done = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    milliseconds = models.BigIntegerField(default=0)
    tries = models.IntegerField(default=0)
    fault = models.TextField(blank=True)
    told_at = models.DateTimeField(db_default=Now())
    is_same = models.BooleanField(null=True)
    results_sha256 = models.CharField(max_length=SHA256, blank=True)
    engine_version = models.CharField(max_length=64, blank=True)

    class Meta:
        """One at a time of a run; one that is done says what came of it."""

        constraints = [
            models.UniqueConstraint(
                name="entitlements_repetition_open_once", fields=["run"], condition=models.Q(state__in=["queued", "running"])
            ),
            models.CheckConstraint(
                name="entitlements_repetition_outcome", condition=models.Q(state="done") ^ models.Q(is_same__isnull=True)
            ),
        ]


class Entitlement(models.Model):
    """A grant: what was decided. The reservation of its money and the order to pay it have the same id."""

    id = models.UUIDField(primary_key=True)
    policy = models.CharField(max_length=200)
    period = models.SmallIntegerField()
    code = models.CharField(max_length=CODE)
    attempt = models.SmallIntegerField()
    amount_fen = models.BigIntegerField()
    run = models.ForeignKey(Run, on_delete=models.PROTECT, null=True)
    granted_on = models.DateField()
    article = models.TextField()
    decision = models.JSONField()
    granted_by = models.CharField(max_length=200)
    granted_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Money is more than nothing; once a period, unless it was voided (a trigger holds the latter)."""

        constraints = [
            models.CheckConstraint(name="entitlements_entitlement_amount", condition=models.Q(amount_fen__gt=0)),
            models.CheckConstraint(name="entitlements_entitlement_attempt", condition=models.Q(attempt__gte=1)),
            models.UniqueConstraint(name="entitlements_entitlement_once", fields=["policy", "period", "code", "attempt"]),
        ]
        indexes = [models.Index(name="entitlements_by_code", fields=["code"])]
