"""The tables of the registry."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    """Uploads, imports, told facts, snapshots, and the list of enterprises."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Import",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("rows", models.IntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("mapping_sha256", models.CharField(max_length=64)),
                ("quality_sha256", models.CharField(max_length=64)),
                ("set_aside_sha256", models.CharField(max_length=64)),
                ("report", models.JSONField()),
                ("sources", models.JSONField()),
                ("report_text_zh", models.TextField()),
                ("report_text_en", models.TextField()),
                ("by", models.CharField(max_length=200)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "registry_import",
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("mapping", models.CharField(max_length=200)),
                ("names", django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), size=None)),
                ("by", models.CharField(max_length=200)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("state", models.CharField(default="queued", max_length=8)),
                ("phase", models.CharField(blank=True, max_length=32)),
                ("done", models.BigIntegerField(default=0)),
                ("of", models.BigIntegerField(default=0)),
                ("tries", models.IntegerField(default=0)),
                ("fault_zh", models.TextField(blank=True)),
                ("fault_en", models.TextField(blank=True)),
                ("told_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "registry_upload",
            },
        ),
        migrations.CreateModel(
            name="Enterprise",
            fields=[
                ("code", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("name", models.TextField()),
                ("street", models.TextField()),
                ("searched", models.TextField()),
                ("bigrams", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
            ],
            options={
                "db_table": "registry_enterprise",
                "indexes": [django.contrib.postgres.indexes.GinIndex(fields=["bigrams"], name="registry_enterprise_by_bigram")],
            },
        ),
        migrations.CreateModel(
            name="Attribute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=64)),
                ("name", models.CharField(max_length=200)),
                ("value", models.JSONField()),
                ("corrects", models.JSONField(null=True)),
                ("source", models.TextField()),
                ("since", models.DateField()),
                ("until", models.DateField(null=True)),
                ("by", models.CharField(max_length=200)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "replaces",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="replaced_by", to="registry.attribute"
                    ),
                ),
            ],
            options={
                "db_table": "registry_attribute",
                "indexes": [models.Index(fields=["code", "name"], name="registry_attribute_of_code")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("until", None), ("until__gte", models.F("since")), _connector="OR"),
                        name="registry_attribute_ends_after_it_begins",
                    ),
                    models.CheckConstraint(condition=models.Q(("source__gt", "")), name="registry_attribute_has_a_source"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_taken", models.BooleanField()),
                ("reason", models.TextField(blank=True)),
                ("by", models.CharField(max_length=200)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "offer",
                    models.OneToOneField(
                        db_column="import_id", on_delete=django.db.models.deletion.PROTECT, related_name="decision", to="registry.import"
                    ),
                ),
            ],
            options={
                "db_table": "registry_decision",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("is_taken", True), ("reason__gt", ""), _connector="OR"), name="registry_decision_says_why"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64)),
                ("as_of", models.DateField()),
                ("rows", models.IntegerField()),
                ("told", models.IntegerField()),
                ("taken_by", models.CharField(max_length=200)),
                ("taken_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("offer", models.ForeignKey(db_column="import_id", on_delete=django.db.models.deletion.PROTECT, to="registry.import")),
            ],
            options={
                "db_table": "registry_snapshot",
                "indexes": [models.Index(fields=["sha256"], name="registry_snapshot_of_sha256")],
            },
        ),
    ]
