"""The app as Django knows it."""

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """The app's name."""

    name = "zhida_server.catalogue"
