"""A PostgreSQL server and a site for the tests of the site: one server and one migrated database a process, a copy of it a test.

`database` rolls back what a test wrote; `own_database` is a copy of its own, for tests that commit, lock or run several processes.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import pytest

SITE = Path(tempfile.mkdtemp(prefix="zhida-site-"))
atexit.register(shutil.rmtree, SITE, ignore_errors=True)
(SITE / "site.toml").write_text("is_demo = true\n", encoding="utf-8")
(SITE / "static").mkdir()
os.environ["DJANGO_SETTINGS_MODULE"] = "zhida_server.settings"
os.environ["ZHIDA_SITE"] = str(SITE)
(SITE / "secret").write_text("only for tests, and only here", encoding="utf-8")
os.environ["DATABASE_URL"] = "postgresql:///not_started"
django.setup()

from django.conf import settings  # noqa: E402 - Django is set up first
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections, transaction  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from tests.engine.postgresql_server import running_server  # noqa: E402
from tests.server import staff_town  # noqa: E402
from tests.server.databases import cloned, emptied_of_connections, point_at  # noqa: E402

TEMPLATE, TOWN = "zhida_template", "zhida_town"
setup_test_environment(debug=False)  # pages tell a test what they were made of


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of a server that has a migrated database."""
    with running_server() as address:
        settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
        with cloned(address, "template1", TEMPLATE) as template:
            point_at(template)
            call_command("migrate", verbosity=0)
            call_command("createcachetable", verbosity=0)
            connections.close_all()
            yield address


@pytest.fixture
def database(server: str) -> Iterator[None]:
    """A migrated database; what a test writes is rolled back, after the deferred rules were checked."""
    point_at(server, TEMPLATE)
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    connection.close()


@pytest.fixture(scope="session")
def made_town(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[staff_town.Town]:
    """A town in the middle of its work, in a database of its own: it is made once."""
    with cloned(server, TEMPLATE, TOWN) as address:
        point_at(address)
        made = staff_town.town(tmp_path_factory.mktemp("town"))
        connections.close_all()
        yield made


@pytest.fixture
def town(server: str, made_town: staff_town.Town) -> Iterator[staff_town.Town]:
    """The town that was made, with its database; what a test writes is rolled back."""
    point_at(server, TOWN)
    with transaction.atomic():
        yield made_town
        transaction.set_rollback(True)
    connection.close()


@pytest.fixture
def own_database(server: str) -> Iterator[str]:
    """The address of a migrated database of the test's own, which is dropped afterwards."""
    connections.close_all()
    with cloned(server, TEMPLATE, f"test_{os.getpid()}") as address:
        point_at(address)
        yield address
        connections.close_all()
        emptied_of_connections(server, f"test_{os.getpid()}")
