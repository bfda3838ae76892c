"""The tables of delivery.

    notice ──< notice_line ──(once there is money)──> order ──< event        where an order stands = its last event
       └──< objection ── objection_decision ── lift     │
    claim ──(granted)──────────────────────────────────┤
       └── claim_decision (what a person decided) ─────┘
    payee ──┐
    batch ──┴─< line >── order            return   each file of the bank, once

Orders, events, payees, objections, claims, returns and what was decided are only ever added to. A notice, a batch and their lines move
on along one way; their rules stand in the migrations, so that raw SQL meets them as well. An order has the id of its entitlement and of
its transaction in the ledger.
"""

import uuid

from django.db import models
from django.db.models.functions import Now

SHA256 = 64
"""Digits of a sha256."""

CODE = 18
"""Characters of an enterprise's code, at most."""

WHO = 200
"""Characters of a name that somebody acts by, at most."""


class Notice(models.Model):
    """A public notice of what a run found for one policy: granting, then open, then closed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    policy = models.CharField(max_length=200)
    title = models.TextField()
    period = models.SmallIntegerField()
    run_id = models.UUIDField()
    budget = models.TextField()
    opened_on = models.DateField()
    days = models.SmallIntegerField()
    closes_on = models.DateField()
    opened_by = models.CharField(max_length=WHO)
    opened_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=8, default="granting")
    closed_on = models.DateField(null=True)

    class Meta:
        """One notice a run and policy; it runs its days out."""

        constraints = [
            models.UniqueConstraint(name="delivery_notice_once", fields=["run_id", "policy"]),
            models.CheckConstraint(name="delivery_notice_days", condition=models.Q(days__gte=1, closes_on__gt=models.F("opened_on"))),
            models.CheckConstraint(
                name="delivery_notice_state",
                condition=models.Q(state__in=["granting", "open"], closed_on=None)
                | models.Q(state="closed", closed_on__gt=models.F("closes_on")),
            ),
        ]


class NoticeLine(models.Model):
    """An enterprise on a notice; without an order it waits for money, in the place that `since` and `place` say.

    They are the notice's own opening and the line's position, or those of the earlier notice of the same policy and year on which the
    enterprise waits already.
    """

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="all_lines", db_index=False)
    position = models.IntegerField()
    code = models.CharField(max_length=CODE)
    name = models.TextField()
    amount_fen = models.BigIntegerField()
    article = models.TextField(blank=True)
    since = models.DateTimeField()
    place = models.IntegerField()
    order = models.OneToOneField("Order", on_delete=models.PROTECT, null=True, related_name="notice_line")

    class Meta:
        """Each enterprise once; money is more than nothing."""

        db_table = "delivery_notice_line"
        constraints = [
            models.UniqueConstraint(name="delivery_notice_line_place", fields=["notice", "position"]),
            models.UniqueConstraint(name="delivery_notice_line_once", fields=["notice", "code"]),
            models.CheckConstraint(name="delivery_notice_line_amount", condition=models.Q(amount_fen__gt=0)),
        ]
        indexes = [models.Index(name="delivery_waiting", fields=["since", "place", "id"], condition=models.Q(order=None))]


class Objection(models.Model):
    """What somebody has against a line of a notice."""

    id = models.UUIDField(primary_key=True)
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="objections", db_index=False)
    code = models.CharField(max_length=CODE)
    who = models.CharField(max_length=WHO)
    reason = models.TextField()
    made_on = models.DateField()
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Found by the line that it is about."""

        indexes = [
            models.Index(name="delivery_objection_to", fields=["notice", "code"]),
            models.Index(name="delivery_objection_about", fields=["code"]),
        ]


class ObjectionDecision(models.Model):
    """How an objection was decided; once."""

    objection = models.OneToOneField(Objection, on_delete=models.PROTECT, primary_key=True, related_name="decision")
    is_upheld = models.BooleanField()
    reason = models.TextField()
    decided_by = models.CharField(max_length=WHO)
    decided_on = models.DateField()
    decided_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Named as its words are."""

        db_table = "delivery_objection_decision"


class ObjectionLift(models.Model):
    """That what an upheld objection forbids for the rest of its year is allowed again; once."""

    decision = models.OneToOneField(ObjectionDecision, on_delete=models.PROTECT, primary_key=True, related_name="lift")
    reason = models.TextField()
    lifted_by = models.CharField(max_length=WHO)
    lifted_on = models.DateField()
    lifted_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Named as its words are."""

        db_table = "delivery_objection_lift"


class Order(models.Model):
    """An order to pay one entitlement; it has the entitlement's id."""

    id = models.UUIDField(primary_key=True)
    policy = models.CharField(max_length=200)
    period = models.SmallIntegerField()
    code = models.CharField(max_length=CODE)
    amount_fen = models.BigIntegerField()
    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, null=True, related_name="orders")
    ordered_on = models.DateField()
    ordered_by = models.CharField(max_length=WHO)
    ordered_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Found by enterprise, by policy and by notice."""

        constraints = [models.CheckConstraint(name="delivery_order_amount", condition=models.Q(amount_fen__gt=0))]
        indexes = [
            models.Index(name="delivery_order_of_code", fields=["code"]),
            models.Index(name="delivery_order_of_policy", fields=["policy", "period", "code"]),
        ]


class Payee(models.Model):
    """The bank account of an enterprise, as somebody told it; the latest counts."""

    code = models.CharField(max_length=CODE)
    account_name = models.CharField(max_length=200)
    bank = models.CharField(max_length=200)
    account_number = models.CharField(max_length=40)
    since = models.DateField()
    told_by = models.CharField(max_length=WHO)
    told_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Found by enterprise, the latest last."""

        indexes = [models.Index(name="delivery_payee_of", fields=["code", "id"])]


class Batch(models.Model):
    """Orders that are paid together: made, signed, sent, reconciled; or withdrawn before it was signed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number = models.CharField(max_length=16, unique=True)
    policy = models.CharField(max_length=200, blank=True)
    made_on = models.DateField()
    count = models.IntegerField()
    amount_fen = models.BigIntegerField()
    made_by = models.CharField(max_length=WHO)
    made_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=10, default="made")
    signed_by = models.CharField(max_length=WHO, null=True)
    signed_on = models.DateField(null=True)
    file_sha256 = models.CharField(max_length=SHA256, null=True)
    sent_by = models.CharField(max_length=WHO, null=True)
    withdrawn_because = models.TextField(null=True)

    class Meta:
        """Two persons: who made it does not sign it."""

        constraints = [
            models.CheckConstraint(name="delivery_batch_two_persons", condition=~models.Q(signed_by=models.F("made_by"))),
            models.CheckConstraint(name="delivery_batch_of_something", condition=models.Q(count__gte=1, amount_fen__gt=0)),
            models.CheckConstraint(
                name="delivery_batch_state",
                condition=models.Q(state="made", signed_by=None, signed_on=None, file_sha256=None, sent_by=None, withdrawn_because=None)
                | models.Q(
                    state="withdrawn", signed_by=None, signed_on=None, file_sha256=None, sent_by=None, withdrawn_because__isnull=False
                )
                | models.Q(
                    state="signed",
                    signed_by__isnull=False,
                    signed_on__isnull=False,
                    file_sha256__isnull=False,
                    sent_by=None,
                    withdrawn_because=None,
                )
                | models.Q(
                    state__in=["sent", "reconciled"],
                    signed_by__isnull=False,
                    signed_on__isnull=False,
                    file_sha256__isnull=False,
                    sent_by__isnull=False,
                    withdrawn_because=None,
                ),
            ),
        ]


class Line(models.Model):
    """An order in a batch, and how it ended there."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="lines", db_index=False)
    number = models.IntegerField()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines", db_index=False)
    amount_fen = models.BigIntegerField()
    payee = models.ForeignKey(Payee, on_delete=models.PROTECT, db_index=False)
    outcome = models.CharField(max_length=8, null=True)
    reason = models.TextField(blank=True)

    class Meta:
        """An order stands in one open batch at most, and never again once it was paid."""

        constraints = [
            models.UniqueConstraint(name="delivery_line_place", fields=["batch", "number"]),
            models.UniqueConstraint(name="delivery_line_once", fields=["order", "batch"]),
            models.UniqueConstraint(
                name="delivery_line_open_or_paid_once",
                fields=["order"],
                condition=models.Q(outcome=None) | models.Q(outcome="paid"),
            ),
            models.CheckConstraint(
                name="delivery_line_outcome", condition=models.Q(outcome=None) | models.Q(outcome__in=["paid", "failed", "released"])
            ),
        ]


class Return(models.Model):
    """A return file of the bank, taken once."""

    sha256 = models.CharField(max_length=SHA256, primary_key=True)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="returns")
    name = models.CharField(max_length=200)
    figures = models.JSONField()
    loaded_by = models.CharField(max_length=WHO)
    loaded_on = models.DateField()
    loaded_at = models.DateTimeField(db_default=Now())


class Event(models.Model):
    """What became of an order; its last event says where it stands."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events", db_index=False)
    seq = models.SmallIntegerField(default=0, db_default=0)
    kind = models.CharField(max_length=8)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, db_index=False)
    reason = models.TextField(blank=True)
    happened_on = models.DateField()
    by = models.CharField(max_length=WHO)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        """One after the other: two at once collide."""

        constraints = [models.UniqueConstraint(name="delivery_event_place", fields=["order", "seq"])]
        indexes = [
            models.Index(name="delivery_event_waiting", fields=["kind", "order", "seq"], condition=models.Q(kind__in=["payable", "held"])),
            models.Index(name="delivery_event_voided", fields=["order"], condition=models.Q(kind="voided")),
        ]


class Claim(models.Model):
    """An enterprise's claim that was answered: with a grant, with a refusal, or handed to a person."""

    id = models.UUIDField(primary_key=True)
    key = models.CharField(max_length=200, unique=True)
    code = models.CharField(max_length=CODE)
    policy = models.CharField(max_length=200)
    title = models.TextField()
    told = models.JSONField()
    outcome = models.CharField(max_length=16)
    amount_fen = models.BigIntegerField(null=True)
    reason_zh = models.TextField()
    reason_en = models.TextField()
    order = models.OneToOneField(Order, on_delete=models.PROTECT, null=True, related_name="claim")
    claimed_on = models.DateField()
    claimed_by = models.CharField(max_length=WHO)
    claimed_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Found by enterprise; those for a person by outcome."""

        indexes = [
            models.Index(name="delivery_claim_of", fields=["code", "policy"]),
            models.Index(name="delivery_claim_for_person", fields=["claimed_at"], condition=models.Q(outcome="REVIEW")),
        ]


class ClaimDecision(models.Model):
    """What a person decided of a claim, or that the enterprise took it back; once."""

    claim = models.OneToOneField(Claim, on_delete=models.PROTECT, primary_key=True, related_name="decision")
    outcome = models.CharField(max_length=9)
    reason = models.TextField()
    judged = models.JSONField()
    amount_fen = models.BigIntegerField(null=True)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, null=True, related_name="claim_decision")
    decided_by = models.CharField(max_length=WHO)
    decided_on = models.DateField()
    decided_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Granted with an order, and with nothing else; that it is the claim's own is held by a trigger."""

        db_table = "delivery_claim_decision"
        constraints = [
            models.CheckConstraint(
                name="delivery_claim_decision_outcome",
                condition=models.Q(outcome="granted", order__isnull=False, amount_fen__gt=0)
                | models.Q(outcome__in=["refused", "withdrawn"], order=None, amount_fen=None, judged={}),
            )
        ]
