"""A representative is bound by two persons: the table, and what the database holds of it."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models.functions import Now

from zhida_server.database import frozen_columns

# Who represented an enterprise before there were two persons goes on to do so; the row says that nobody else confirmed it.
FORMER = """
INSERT INTO people_binding
    (user_id, document, asked_by, asked_office, is_confirmed, decided_by, decided_role, decided_office, decided_at, reason)
SELECT id, '', 'job:upgrade', '', true, 'job:upgrade', 'job', '', now(), '' FROM people_user WHERE role = 'representative';
"""

# A decision is made once. Nobody who represents an enterprise logs in before it was made, nor after it was refused.
DECIDED_ONCE = """
CREATE TRIGGER people_binding_is_decided_once BEFORE UPDATE ON people_binding FOR EACH ROW
    WHEN (OLD.is_confirmed IS NOT NULL) EXECUTE FUNCTION zhida_refuse();

CREATE FUNCTION zhida_people_decides_as_they_are() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM people_user WHERE username = NEW.decided_by AND (role, office) <> (NEW.decided_role, NEW.decided_office)) THEN
        RAISE EXCEPTION '% is not % of %', NEW.decided_by, NEW.decided_role, NEW.decided_office
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'a decision says what whoever makes it is here for, and of which office';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER people_binding_decided_as_they_are BEFORE INSERT OR UPDATE ON people_binding FOR EACH ROW
    WHEN (NEW.decided_by IS NOT NULL) EXECUTE FUNCTION zhida_people_decides_as_they_are();

CREATE FUNCTION zhida_people_is_bound() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM people_binding WHERE user_id = NEW.id AND is_confirmed) THEN
        RAISE EXCEPTION 'the representative % was not confirmed', NEW.username
            USING ERRCODE = 'integrity_constraint_violation', HINT = 'another person than who asked for the binding confirms it first';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER people_user_representative_is_bound BEFORE INSERT OR UPDATE ON people_user FOR EACH ROW
    WHEN (NEW.role = 'representative' AND NEW.is_active) EXECUTE FUNCTION zhida_people_is_bound();
"""
NOT_DECIDED_ONCE = """
DROP TRIGGER people_user_representative_is_bound ON people_user;
DROP FUNCTION zhida_people_is_bound();
DROP TRIGGER people_binding_decided_as_they_are ON people_binding;
DROP FUNCTION zhida_people_decides_as_they_are();
DROP TRIGGER people_binding_is_decided_once ON people_binding;
"""


class Migration(migrations.Migration):
    """The table of bindings, and its triggers."""

    dependencies = [("people", "0002_rules")]
    operations = [
        migrations.CreateModel(
            name="Binding",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="binding",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("document", models.CharField(blank=True, max_length=200)),
                ("asked_by", models.CharField(max_length=200)),
                ("asked_office", models.CharField(blank=True, max_length=200)),
                ("asked_at", models.DateTimeField(db_default=Now())),
                ("is_confirmed", models.BooleanField(null=True)),
                ("decided_by", models.CharField(max_length=200, null=True)),
                ("decided_role", models.CharField(max_length=16, null=True)),
                ("decided_office", models.CharField(max_length=200, null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=500)),
            ],
            options={
                "db_table": "people_binding",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("is_confirmed", True), _negated=True),
                            models.Q(("decided_by", models.F("asked_by")), _negated=True),
                            ("asked_by__startswith", "job:"),
                            _connector="OR",
                        ),
                        name="people_binding_two_persons",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("decided_at", None),
                                ("decided_by", None),
                                ("decided_office", None),
                                ("decided_role", None),
                                ("is_confirmed", None),
                            ),
                            models.Q(
                                ("decided_at__isnull", False),
                                ("decided_by__isnull", False),
                                ("decided_office__isnull", False),
                                ("decided_role__isnull", False),
                                ("is_confirmed__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="people_binding_decided_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_role", None),
                            ("decided_role", "administrator"),
                            models.Q(("decided_by__startswith", "job:"), ("decided_role", "job")),
                            models.Q(("decided_office", models.F("asked_office")), ("decided_role", "service")),
                            _connector="OR",
                        ),
                        name="people_binding_of_one_office",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("document__gt", ""), ("asked_by__startswith", "job:"), _connector="OR"),
                        name="people_binding_rests_on_a_document",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORMER, migrations.RunSQL.noop),
        frozen_columns("people_binding", "user_id", "document", "asked_by", "asked_office", "asked_at"),
        migrations.RunSQL(DECIDED_ONCE, NOT_DECIDED_ONCE),
    ]
