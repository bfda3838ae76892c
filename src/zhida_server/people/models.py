"""The tables of people."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower

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
