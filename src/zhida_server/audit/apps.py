"""The app as Django knows it."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The app's name."""

    name = "zhida_server.audit"
