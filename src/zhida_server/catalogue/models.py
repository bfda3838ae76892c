"""The tables of the catalogue. Rows are only ever added; what holds now is the packs that were taken last.

pack_version ──┬── pack_file        path and sha256 of each file; the bytes are kept by sha256
               ├── pack_policy ──── policy_version      one text of one policy, shared by the packs that have it
               ├── taking           each time that packs were taken: the last one holds
               └── woven_page       a policy as a page in a language; the bytes are kept by sha256
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

SHA256 = 64
"""Digits of a sha256."""


class PackVersion(models.Model):
    """All packs, as they were taken once."""

    sha256 = models.CharField(max_length=SHA256, primary_key=True)
    policies = models.IntegerField()
    files = models.IntegerField()
    taken_by = models.CharField(max_length=200)
    taken_at = models.DateTimeField(db_default=Now())

    class Meta:
        """Named as the drawing above names it."""

        db_table = "catalogue_pack_version"


class PackFile(models.Model):
    """One file of packs."""

    pack = models.ForeignKey(PackVersion, on_delete=models.PROTECT)
    path = models.CharField(max_length=500)
    sha256 = models.CharField(max_length=SHA256)

    class Meta:
        """A path stands once."""

        db_table = "catalogue_pack_file"
        constraints = [models.UniqueConstraint(name="catalogue_pack_file_once", fields=["pack", "path"])]


class Taking(models.Model):
    """That packs were taken; the last of these says which hold."""

    pack = models.ForeignKey(PackVersion, on_delete=models.PROTECT)
    by = models.CharField(max_length=200)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        """Named as the drawing above names it."""

        db_table = "catalogue_taking"


class PolicyVersion(models.Model):
    """One text of one policy, and what a list shows of it."""

    policy = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=SHA256)
    title = models.TextField()
    document = models.TextField()
    issuer = ArrayField(models.TextField())
    gives = models.CharField(max_length=16)
    delivery = models.TextField()
    subject = models.CharField(max_length=64)
    summary_zh = models.TextField()
    summary_en = models.TextField()

    class Meta:
        """A text of a policy stands once, whichever packs have it."""

        db_table = "catalogue_policy_version"
        constraints = [models.UniqueConstraint(name="catalogue_policy_version_once", fields=["policy", "sha256"])]


class PackPolicy(models.Model):
    """That packs have a text of a policy, and what depends on the other files of the packs."""

    pack = models.ForeignKey(PackVersion, on_delete=models.PROTECT)
    version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT)
    policy = models.CharField(max_length=200)
    position = models.SmallIntegerField()
    effective = models.DateField(null=True)
    expires = models.DateField(null=True)
    place = models.TextField()
    searched = models.TextField()
    bigrams = ArrayField(models.TextField())

    class Meta:
        """Packs have one text of a policy."""

        db_table = "catalogue_pack_policy"
        constraints = [models.UniqueConstraint(name="catalogue_pack_policy_once", fields=["pack", "policy"])]
        indexes = [GinIndex(name="catalogue_by_bigram", fields=["bigrams"])]


class WovenPage(models.Model):
    """A policy of packs as a page in a language."""

    pack = models.ForeignKey(PackVersion, on_delete=models.PROTECT)
    policy = models.CharField(max_length=200)
    language = models.CharField(max_length=2)
    form = models.CharField(max_length=SHA256)
    body_sha256 = models.CharField(max_length=SHA256)

    class Meta:
        """`form` says how pages were made: another engine or style makes them anew."""

        db_table = "catalogue_woven_page"
        constraints = [models.UniqueConstraint(name="catalogue_woven_page_once", fields=["pack", "policy", "language", "form"])]
