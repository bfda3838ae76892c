"""How logging in differs from what the library does by itself: nobody signs up, everything is recorded, and failure tells nothing.

The library calls these classes; what it has no call for, it tells by signals, and those are received at the end.
"""

import base64
import hashlib
import time

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from zhida_server.audit import service as audit
from zhida_server.people.data import STAFF, VISITOR
from zhida_server.people.models import User

FRESH_S = 300
"""For so many seconds after logging in nobody is asked for their password again."""
UNKNOWN = "unknown"
"""What is recorded where the name is nobody's: people type their password there by mistake."""


class StaffAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # the library has no type information
    """Accounts are made by an administrator, never by a visitor; every login, failure and lock-out is recorded."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - the library's own face
        """Say that nobody signs up by themselves."""
        return False

    def is_reauthentication_required(self, **kwargs: object) -> bool:
        """Say whether the password is asked for again: not of somebody who just typed it."""
        records = get_authentication_records(self.request, self.request.user)
        is_fresh = bool(records) and time.time() - records[-1]["at"] < FRESH_S
        return not is_fresh and bool(super().is_reauthentication_required(**kwargs))

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:  # noqa: ARG002 - the library's own face
        """Tell somebody whose account was ended no more than anybody else."""
        return redirect("account_login")

    def pre_authenticate(self, request: HttpRequest, **credentials: str) -> None:
        """Let nobody try too often, and record whom that stopped."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            self._record(request, "login.locked", credentials)
            raise

    def authenticate(self, request: HttpRequest, **credentials: str) -> User | None:
        """Return who has these credentials; an account that was ended fails as a wrong password does."""
        user: User | None = super().authenticate(request, **credentials)
        if user is not None and not user.is_active:
            self.authentication_failed(request, **credentials)
            return None
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: str) -> None:
        """Record a failure."""
        self._record(request, "login.failed", credentials)

    def login(self, request: HttpRequest, user: User) -> None:
        """Log somebody in, after every step, and record it."""
        super().login(request, user)
        audit.record(user.username, "login", user.username, after={"address": self.get_client_ip(request)})

    def logout(self, request: HttpRequest) -> None:
        """Record that somebody leaves, and let them."""
        name = request.user.get_username()
        audit.record(name, "logout", name)
        super().logout(request)

    @transaction.atomic
    def set_password(self, user: User, password: str) -> None:
        """Change somebody's own password, and record it."""
        user.has_initial_password = False
        super().set_password(user, password)
        audit.record(user.username, "password.change", user.username)

    def _record(self, request: HttpRequest, act: str, credentials: dict[str, str]) -> None:
        """Record what happened to a login that was tried; a name that is nobody's is not written down."""
        found = User.objects.filter(username__iexact=credentials.get("username", "")).first()
        audit.record(VISITOR.name, act, found.username if found else UNKNOWN, after={"address": self.get_client_ip(request)})


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # the library has no type information
    """The secrets of second factors are kept encrypted by the site's own key; staff who must have one cannot drop it."""

    def encrypt(self, text: str) -> str:
        """Return a secret as it is kept."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return a kept secret."""
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Say whether somebody may drop their second factor; where it is required, an administrator resets a lost one."""
        return not (settings.REQUIRES_SECOND_FACTOR and authenticator.user.role in STAFF)


def _cipher() -> Fernet:
    """Return the cipher of the site's key, for this purpose alone."""
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"second factor {settings.SECRET_KEY}".encode()).digest()))


@receiver(signals.authentication_failed)
def _factor_failed(user: User, authenticator: Authenticator, **_others: object) -> None:
    """Record a code that was wrong."""
    audit.record(VISITOR.name, "login.failed", user.username, after={"factor": str(authenticator.type)})


@receiver(post_save, sender=Authenticator)
def _factor_added(instance: Authenticator, created: bool, **_others: object) -> None:
    """Record a second factor, or recovery codes, that were set up: in the transaction that keeps them."""
    if created:
        audit.record(instance.user.username, "factor.add", instance.user.username, after={"factor": str(instance.type)})


@receiver(signals.authenticator_removed)
def _factor_removed(user: User, authenticator: Authenticator, **_others: object) -> None:
    """Record a second factor that was dropped."""
    audit.record(user.username, "factor.remove", user.username, before={"factor": str(authenticator.type)})
