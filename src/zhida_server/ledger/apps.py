"""The app as Django knows it."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The app's name."""

    name = "zhida_server.ledger"
