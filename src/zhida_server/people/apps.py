"""The app as Django knows it."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """The app's name."""

    name = "zhida_server.people"
