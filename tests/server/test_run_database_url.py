"""A site whose database is on a server of somebody else's: served, verified, backed up, and restored into another database of it."""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.engine.postgresql_server import running_server
from tests.server.databases import address_of
from tests.server.sites import RunningSite, command, processes_of, short_folder, until

pytestmark = pytest.mark.long

DRIVER = Path(__file__).with_name("kill_driver.py")
ROOT = DRIVER.parents[2]


@pytest.fixture(scope="module")
def real_server() -> Iterator[str]:
    """The address of a server that is none of ours."""
    with running_server() as address:
        yield address


@contextmanager
def new_database(server: str, name: str) -> Iterator[str]:
    """Make an empty database of a server; it is dropped at the end."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield address_of(server, name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def place(real_server: str) -> Iterator[tuple[Path, str]]:
    """A folder with a site that was made on the server, with its first administrator; and the address of its database."""
    with short_folder() as folder, new_database(real_server, "first") as address:
        (folder / "password").write_text("a long password for a test\n", encoding="utf-8")
        made = told("site", "init", folder / "site", "--administrator", "wang", "--password-file", folder / "password", address=address)
        assert made["administrator"] == "wang"
        yield folder, address


def told(*arguments: object, address: str) -> dict[str, object]:
    """Return what a command says as JSON."""
    done = command(*arguments, "--json", address=address)
    assert done.returncode == 0, done.stderr + done.stdout
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def paid(site: Path, address: str) -> None:
    """Grant and pay a few times, and keep a file."""
    names = {"ZHIDA_SITE": str(site), "DATABASE_URL": address, "PYTHONPATH": str(ROOT), "DJANGO_SETTINGS_MODULE": "zhida_server.settings"}
    for arguments in (
        (str(DRIVER), "5", "7", str(site.parent / "journal")),
        ("-c", "from zhida_server import files; files.keep_bytes(b'a bank file', '.csv')"),
    ):
        subprocess.run([sys.executable, *arguments], check=True, env=os.environ | names)


def balances(address: str) -> list[tuple[object, ...]]:
    with psycopg.connect(address) as connection:
        return connection.execute("SELECT code, debits_posted_fen, credits_posted_fen FROM ledger_account ORDER BY code").fetchall()


def tables(address: str) -> int:
    with psycopg.connect(address) as connection:
        row = connection.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'").fetchone()
        assert row is not None
        return int(row[0])


def changed(source: Path, target: Path, name: str, old: bytes, new: bytes) -> Path:
    """Copy a backup with other words in one of its members."""
    with tarfile.open(source) as former, tarfile.open(target, "w") as made:
        for member in former:
            file = former.extractfile(member)
            assert file is not None
            content = file.read().replace(old, new) if member.name == name else file.read()
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    return target


def test_a_site_is_served_from_a_server_of_its_own_and_leaves_it_running(place: tuple[Path, str]) -> None:
    folder, address = place
    toml = folder / "site" / "site.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("is_behind_https = true", "is_behind_https = false"), encoding="utf-8")
    site = RunningSite(folder / "site", address=address)
    try:
        site.start()
        assert site.database_pid is None
        assert not (folder / "site" / "database").exists()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        until(site.is_well)
        assert told("site", "verify", folder / "site", address=address)["faults"] == []
        site.send(signal.SIGTERM)
        assert site.ended() == 0
    finally:
        site.end()
    assert processes_of(folder / "site") == {}
    assert balances(address) == []


def test_it_is_backed_up_and_restored_into_another_database(place: tuple[Path, str], real_server: str) -> None:
    folder, address = place
    paid(folder / "site", address)
    made = told("site", "backup", folder / "site", folder / "site.tar", address=address)
    refused = command("site", "restore", folder / "other", folder / "site.tar", "--lang", "en", address=address)
    assert refused.returncode == 1
    assert "the database is not empty" in refused.stderr
    assert not (folder / "other").exists()
    with new_database(real_server, "second") as second:
        back = told("site", "restore", folder / "other", folder / "site.tar", address=second)
        assert {name: back[name] for name in ("head", "records", "accounts", "files")} == {
            name: made[name] for name in ("head", "records", "accounts", "files")
        }
        assert balances(second) == balances(address) != []
        verified = told("site", "verify", folder / "other", address=second)
        assert (verified["head"], verified["faults"]) == (made["head"], [])
        people = told("site", "staff", folder / "other", address=second)["people"]
        assert isinstance(people, list)
        assert [each["name"] for each in people] == ["wang"]


def test_what_came_back_otherwise_is_not_left_in_the_database(place: tuple[Path, str], real_server: str) -> None:
    folder, _ = place
    bad = changed(folder / "site.tar", folder / "bad.tar", "manifest.json", b'"made_at"', b'"head": "0", "made_at"')
    with new_database(real_server, "third") as third:
        refused = command("site", "restore", folder / "third", bad, "--lang", "en", address=third)
        assert refused.returncode == 1
        assert "head is not what it was" in refused.stderr
        assert not (folder / "third").exists()
        assert tables(third) == 0


def test_a_server_that_does_not_answer_is_told(place: tuple[Path, str]) -> None:
    folder, _ = place
    answer = command("serve", folder / "site", "--no-serve", "--lang", "en", address=f"postgresql://zhida@/nothing?host={folder}")
    assert answer.returncode == 1
    assert "DATABASE_URL" in answer.stderr
    assert "Traceback" not in answer.stderr
