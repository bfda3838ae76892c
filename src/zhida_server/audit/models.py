"""The tables of the audit. Both are only ever added to; the rules stand in the migrations, so that raw SQL meets them as well.

audit_record   who did what to what, what for, before and after      written where the act is written
audit_link     the place of each record in the chain, and its hash   written by the database when the transaction commits
"""

from django.db import models
from django.db.models.functions import Now


class Record(models.Model):
    """One act or one read."""

    at = models.DateTimeField(db_default=Now())
    actor = models.CharField(max_length=200)
    act = models.CharField(max_length=64)
    object = models.CharField(max_length=200)
    purpose = models.TextField(default="", db_default="")
    before = models.TextField(null=True)
    after = models.TextField(null=True)

    class Meta:
        """Listings ask for what was done to an object, and for what somebody did."""

        db_table = "audit_record"
        indexes = [
            models.Index(fields=["object", "id"], name="audit_record_of_object"),
            models.Index(fields=["actor", "id"], name="audit_record_of_actor"),
            models.Index(fields=["act", "id"], name="audit_record_of_act"),
        ]

    def __str__(self) -> str:
        return f"{self.actor} {self.act} {self.object}"


class Link(models.Model):
    """The place of a record in the chain."""

    seq = models.BigIntegerField(primary_key=True)
    record = models.OneToOneField(Record, on_delete=models.PROTECT, related_name="link")
    hash = models.CharField(max_length=64)

    class Meta:
        """Named as the drawing above names it."""

        db_table = "audit_link"

    def __str__(self) -> str:
        return f"{self.seq} {self.hash}"
