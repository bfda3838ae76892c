"""The tables of the catalogue."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    """Packs, their files, and the policies in them."""

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="PackVersion",
            fields=[
                ("sha256", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("policies", models.IntegerField()),
                ("files", models.IntegerField()),
                ("taken_by", models.CharField(max_length=200)),
                ("taken_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "db_table": "catalogue_pack_version",
            },
        ),
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("policy", models.CharField(max_length=200)),
                ("sha256", models.CharField(max_length=64)),
                ("title", models.TextField()),
                ("document", models.TextField()),
                ("issuer", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("gives", models.CharField(max_length=16)),
                ("delivery", models.TextField()),
                ("subject", models.CharField(max_length=64)),
                ("summary_zh", models.TextField()),
                ("summary_en", models.TextField()),
            ],
            options={
                "db_table": "catalogue_policy_version",
                "constraints": [models.UniqueConstraint(fields=("policy", "sha256"), name="catalogue_policy_version_once")],
            },
        ),
        migrations.CreateModel(
            name="Taking",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("by", models.CharField(max_length=200)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("pack", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="catalogue.packversion")),
            ],
            options={
                "db_table": "catalogue_taking",
            },
        ),
        migrations.CreateModel(
            name="PackFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(max_length=500)),
                ("sha256", models.CharField(max_length=64)),
                ("pack", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="catalogue.packversion")),
            ],
            options={
                "db_table": "catalogue_pack_file",
                "constraints": [models.UniqueConstraint(fields=("pack", "path"), name="catalogue_pack_file_once")],
            },
        ),
        migrations.CreateModel(
            name="PackPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("policy", models.CharField(max_length=200)),
                ("position", models.SmallIntegerField()),
                ("effective", models.DateField(null=True)),
                ("expires", models.DateField(null=True)),
                ("place", models.TextField()),
                ("searched", models.TextField()),
                ("bigrams", django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), size=None)),
                ("pack", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="catalogue.packversion")),
                ("version", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="catalogue.policyversion")),
            ],
            options={
                "db_table": "catalogue_pack_policy",
                "indexes": [django.contrib.postgres.indexes.GinIndex(fields=["bigrams"], name="catalogue_by_bigram")],
                "constraints": [models.UniqueConstraint(fields=("pack", "policy"), name="catalogue_pack_policy_once")],
            },
        ),
        migrations.CreateModel(
            name="WovenPage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("policy", models.CharField(max_length=200)),
                ("language", models.CharField(max_length=2)),
                ("form", models.CharField(max_length=64)),
                ("body_sha256", models.CharField(max_length=64)),
                ("pack", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to="catalogue.packversion")),
            ],
            options={
                "db_table": "catalogue_woven_page",
                "constraints": [models.UniqueConstraint(fields=("pack", "policy", "language", "form"), name="catalogue_woven_page_once")],
            },
        ),
    ]
