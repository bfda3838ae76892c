"""The tables of people."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """Somebody who logs in: staff of an office, or the representative of one enterprise."""

    role = models.CharField(max_length=16)
    office = models.CharField(max_length=200, blank=True)
    enterprise_code = models.CharField(max_length=18, blank=True)

    class Meta:
        """One representative is bound to one enterprise; staff to none."""

        constraints = [
            models.CheckConstraint(
                name="people_user_representative_has_enterprise",
                condition=models.Q(role="representative", enterprise_code__gt="")
                | (~models.Q(role="representative") & models.Q(enterprise_code="")),
            ),
        ]
