"""The database of the tests, and what migrations promise."""

import pytest
from django.core.management import call_command


@pytest.mark.usefixtures("database")
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_a_database_of_its_own_is_a_migrated_copy(own_database: str) -> None:
    assert "test_" in own_database
    call_command("migrate", check_unapplied=True, verbosity=0)
