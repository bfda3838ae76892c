"""The tables of people."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower, Now

from zhida_server.people.data import STAFF, Role

ROLES = sorted(STAFF | {Role.REPRESENTATIVE})


class User(AbstractUser):
    """Somebody who logs in: staff of an office, or the representative of one enterprise. Who they are never changes; accounts end."""

    role = models.CharField(max_length=16)
    office = models.CharField(max_length=200, blank=True)
    enterprise_code = models.CharField(max_length=18, blank=True)
    has_initial_password = models.BooleanField(default=False)

    class Meta:
        """One representative is bound to one enterprise, staff to none; two names differ by more than capitals."""

        db_table = "people_user"
        constraints = [
            models.CheckConstraint(
                name="people_user_representative_has_enterprise",
                condition=models.Q(role=Role.REPRESENTATIVE.value, enterprise_code__gt="")
                | (~models.Q(role=Role.REPRESENTATIVE.value) & models.Q(enterprise_code="")),
            ),
            models.CheckConstraint(name="people_user_role_is_known", condition=models.Q(role__in=[role.value for role in ROLES])),
            models.UniqueConstraint(Lower("username"), name="people_user_name_in_small_letters"),
        ]

    def __str__(self) -> str:
        return self.username


class Binding(models.Model):
    """That somebody may act for an enterprise: asked for by one person, confirmed by another. Without it nobody represents anybody."""

    user = models.OneToOneField(User, primary_key=True, on_delete=models.PROTECT, related_name="binding")
    document = models.CharField(max_length=200, blank=True)
    asked_by = models.CharField(max_length=200)
    asked_office = models.CharField(max_length=200, blank=True)
    asked_at = models.DateTimeField(db_default=Now())
    is_confirmed = models.BooleanField(null=True)
    decided_by = models.CharField(max_length=200, null=True)
    decided_role = models.CharField(max_length=16, null=True)
    decided_office = models.CharField(max_length=200, null=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        """Who confirms is not who asked, and whoever decides at a counter is of the office that asked.

        Only work on the site's own machine, which has both persons' hands, confirms what it has asked for, and says so of itself.
        """

        db_table = "people_binding"
        constraints = [
            models.CheckConstraint(
                name="people_binding_two_persons",
                condition=~models.Q(is_confirmed=True) | ~models.Q(decided_by=models.F("asked_by")) | models.Q(asked_by__startswith="job:"),
            ),
            models.CheckConstraint(
                name="people_binding_decided_whole",
                condition=models.Q(is_confirmed=None, decided_by=None, decided_role=None, decided_office=None, decided_at=None)
                | models.Q(
                    is_confirmed__isnull=False,
                    decided_by__isnull=False,
                    decided_role__isnull=False,
                    decided_office__isnull=False,
                    decided_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="people_binding_of_one_office",
                condition=models.Q(decided_role=None)
                | models.Q(decided_role="administrator")
                | models.Q(decided_role="job", decided_by__startswith="job:")
                | models.Q(decided_role="service", decided_office=models.F("asked_office")),
            ),
            models.CheckConstraint(
                name="people_binding_rests_on_a_document", condition=models.Q(document__gt="") | models.Q(asked_by__startswith="job:")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.asked_by} {self.decided_by}"
