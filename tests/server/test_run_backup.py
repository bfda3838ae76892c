"""Backups: what was destroyed comes back whole, and what came back otherwise is not taken."""

import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.server.sites import command, copied, processes_of, short_folder
from zhida_server.run.folder import SiteFolder, opened_folder
from zhida_server.run.postgres import used

pytestmark = pytest.mark.long

DRIVER = Path(__file__).with_name("kill_driver.py")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a site that has grants, payments, kept files and people, and a backup of it."""
    with short_folder() as place:
        (place / "password").write_text("a long password for a test", encoding="utf-8")
        made = command("site", "init", place / "site", "--administrator", "wang", "--password-file", place / "password")
        assert made.returncode == 0, made.stderr
        with used(SiteFolder(place / "site")) as server:
            work(place, server.address)
        done = command("site", "backup", place / "site", place / "site.tar", "--json")
        assert done.returncode == 0, done.stderr
        (place / "backup.json").write_text(done.stdout, encoding="utf-8")
        yield place


def work(place: Path, address: str) -> None:
    """Grant and pay twenty times, and keep a file."""
    environment = os.environ | {"ZHIDA_SITE": str(place / "site"), "DATABASE_URL": address, "PYTHONPATH": str(DRIVER.parents[2])}
    run(environment, str(DRIVER), "20", "7", str(place / "journal"))
    run(environment, "-c", "from zhida_server import files; files.keep_bytes(b'a bank file', '.csv')")


def run(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, env=environment | {"DJANGO_SETTINGS_MODULE": "zhida_server.settings"})


def balances(site: Path) -> list[tuple[object, ...]]:
    with used(opened_folder(site)) as server, psycopg.connect(server.address) as connection:
        return connection.execute(
            """SELECT code, debits_posted_fen, credits_posted_fen, debits_pending_fen, credits_pending_fen
            FROM ledger_account ORDER BY code"""
        ).fetchall()


def test_what_was_destroyed_comes_back_with_the_same_chain_and_balances(folder: Path) -> None:
    made = json.loads((folder / "backup.json").read_text(encoding="utf-8"))
    assert made["files"] == 1
    assert made["records"] > 40
    before = balances(folder / "site")
    destroyed = copied(folder / "site", folder / "lost")
    for path in sorted(destroyed.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    back = command("site", "restore", destroyed, folder / "site.tar", "--json")
    assert back.returncode == 0, back.stderr
    told = json.loads(back.stdout)
    assert [told[name] for name in ("head", "records", "accounts", "files")] == [made[n] for n in ("head", "records", "accounts", "files")]
    assert balances(destroyed) == before
    assert (destroyed / "secret").read_bytes() == (folder / "site" / "secret").read_bytes()
    assert (destroyed / "secret").stat().st_mode & 0o077 == 0
    verified = command("site", "verify", destroyed, "--json")
    assert verified.returncode == 0, verified.stdout
    assert json.loads(verified.stdout)["head"] == made["head"]
    assert processes_of(destroyed) == {}


def test_a_backup_is_its_owners_alone_and_never_written_over(folder: Path) -> None:
    assert (folder / "site.tar").stat().st_mode & 0o077 == 0
    again = command("site", "backup", folder / "site", folder / "site.tar", "--lang", "en")
    assert again.returncode == 2
    assert "is there already" in again.stderr
    assert not list(folder.glob(".site.tar*"))


def test_a_restore_into_a_folder_that_holds_something_is_refused(folder: Path) -> None:
    refused = command("site", "restore", folder / "site", folder / "site.tar", "--lang", "en")
    assert refused.returncode == 2
    assert "is not empty" in refused.stderr


def changed(source: Path, target: Path, name: str, content: bytes) -> Path:
    """Copy a backup with one member changed, or added."""
    with tarfile.open(source) as former, tarfile.open(target, "w") as new:
        names = former.getnames()
        for member in [*names, *([] if name in names else [name])]:
            file = former.extractfile(member) if member in names else None
            text = content if member == name else file.read() if file else b""
            entry = tarfile.TarInfo(member)
            entry.size = len(text)
            new.addfile(entry, io.BytesIO(text))
    return target


@pytest.mark.parametrize("name", ["site.toml", "files/../../../stray", "../stray"])
def test_a_damaged_or_foreign_member_is_refused_and_nothing_is_left(folder: Path, name: str) -> None:
    bad = changed(folder / "site.tar", folder / "bad.tar", name, b"is_demo = true\n")
    refused = command("site", "restore", folder / "other", bad, "--lang", "en")
    assert refused.returncode == 1
    assert "damaged" in refused.stderr or "does not belong there" in refused.stderr
    assert not (folder / "other").exists()
    assert not list(folder.glob(".other*"))
    assert not list(folder.glob("**/stray"))


def test_a_manifest_that_says_other_balances_is_not_believed(folder: Path) -> None:
    with tarfile.open(folder / "site.tar") as archive:
        file = archive.extractfile("manifest.json")
        assert file is not None
        manifest = json.loads(file.read())
    manifest["balances"][0]["debits_posted_fen"] += 1
    bad = changed(folder / "site.tar", folder / "bad.tar", "manifest.json", json.dumps(manifest).encode())
    refused = command("site", "restore", folder / "other", bad, "--lang", "en")
    assert refused.returncode == 1
    assert "balances is not what it was" in refused.stderr
    assert not (folder / "other").exists()
    assert processes_of(folder / "other") == {}


def test_half_a_backup_is_refused(folder: Path) -> None:
    whole = (folder / "site.tar").read_bytes()
    (folder / "half.tar").write_bytes(whole[: len(whole) // 2])
    refused = command("site", "restore", folder / "other", folder / "half.tar", "--lang", "en")
    assert refused.returncode == 1
    assert not (folder / "other").exists()


def test_a_kept_file_with_other_bytes_is_found(folder: Path) -> None:
    site = copied(folder / "site", folder / "tampered")
    (kept,) = (site / "files").glob("*/*.csv")
    kept.write_bytes(b"another bank file")
    found = command("site", "verify", site)
    assert found.returncode == 1
    assert kept.name in found.stdout
