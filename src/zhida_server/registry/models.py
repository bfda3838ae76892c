"""The tables of the registry. Rows are only ever added, but for the list of enterprises, which follows the import that was taken last.

upload ──── import          files that were handed in, until they are read; both have one id
import ──── decision        taken or refused, once; the import taken last is what the registry says
   │
   └──── snapshot           what it said of everybody on a day, told facts among it: a file by its sha256
attribute                   a fact that was told: value, what it corrects, source, validity; one that replaces another closes it
enterprise                  code, name, sub-district and bigrams, for lists and search; can be made again from the import
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

SHA256 = 64
"""Digits of a sha256."""

CODE = 64
"""Characters of an enterprise's key, at most."""

NAME = 200
"""Characters of a file name, at most."""


class Import(models.Model):
    """Files that were read."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    rows = models.IntegerField()
    sha256 = models.CharField(max_length=SHA256)
    mapping_sha256 = models.CharField(max_length=SHA256)
    quality_sha256 = models.CharField(max_length=SHA256)
    set_aside_sha256 = models.CharField(max_length=SHA256)
    report = models.JSONField()
    sources = models.JSONField()
    report_text_zh = models.TextField()
    report_text_en = models.TextField()
    by = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        """Named as the drawing above names it."""

        db_table = "registry_import"


class Upload(models.Model):
    """Files that were handed in on a page, and how far reading them is."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    mapping = models.CharField(max_length=NAME)
    names = ArrayField(models.CharField(max_length=NAME))
    by = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=8, default="queued")
    phase = models.CharField(max_length=32, blank=True)
    done = models.BigIntegerField(default=0)
    of = models.BigIntegerField(default=0)
    tries = models.IntegerField(default=0)
    fault_zh = models.TextField(blank=True)
    fault_en = models.TextField(blank=True)
    told_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Named as the drawing above names it."""

        db_table = "registry_upload"


class Decision(models.Model):
    """That an import was taken or refused."""

    offer = models.OneToOneField(Import, on_delete=models.PROTECT, db_column="import_id", related_name="decision")
    is_taken = models.BooleanField()
    reason = models.TextField(blank=True)
    by = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        """Who refuses says why."""

        db_table = "registry_decision"
        constraints = [
            models.CheckConstraint(name="registry_decision_says_why", condition=models.Q(is_taken=True) | models.Q(reason__gt="")),
        ]


class Attribute(models.Model):
    """A fact that was told of an enterprise."""

    code = models.CharField(max_length=CODE)
    name = models.CharField(max_length=200)
    value = models.JSONField()
    corrects = models.JSONField(null=True)
    source = models.TextField()
    since = models.DateField()
    until = models.DateField(null=True)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="replaced_by")
    by = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        """A fact does not end before it begins; that no two hold on the same day is held by a trigger."""

        db_table = "registry_attribute"
        constraints = [
            models.CheckConstraint(
                name="registry_attribute_ends_after_it_begins", condition=models.Q(until=None) | models.Q(until__gte=models.F("since"))
            ),
            models.CheckConstraint(name="registry_attribute_has_a_source", condition=models.Q(source__gt="")),
        ]
        indexes = [models.Index(name="registry_attribute_of_code", fields=["code", "name"])]


class Snapshot(models.Model):
    """What the registry said of everybody on a day."""

    sha256 = models.CharField(max_length=SHA256)
    as_of = models.DateField()
    rows = models.IntegerField()
    told = models.IntegerField()
    offer = models.ForeignKey(Import, on_delete=models.PROTECT, db_column="import_id")
    taken_by = models.CharField(max_length=200)
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        """The same bytes can be taken again after others: the one taken last holds."""

        db_table = "registry_snapshot"
        indexes = [models.Index(name="registry_snapshot_of_sha256", fields=["sha256"])]


class Enterprise(models.Model):
    """A line of the list of enterprises."""

    code = models.CharField(max_length=CODE, primary_key=True)
    name = models.TextField()
    street = models.TextField()
    searched = models.TextField()
    bigrams = ArrayField(models.TextField())

    class Meta:
        """Found by two characters of the name that follow each other."""

        db_table = "registry_enterprise"
        indexes = [GinIndex(name="registry_enterprise_by_bigram", fields=["bigrams"])]
