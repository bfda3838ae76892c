"""What keeps a site sound: its tables made, everything verified, the database written out and read back, the books exported."""

import dataclasses
import os
import re
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections, transaction

from zhida_server import files
from zhida_server.audit import service as audit
from zhida_server.ledger import service as ledger
from zhida_server.people.data import Conflict
from zhida_server.run.filling import actor_named
from zhida_server.run.postgres import installed_programs

MIGRATING = 7_041_776
"""The number of the lock under which tables are made, so that two processes that start together do it one after the other."""


def prepare() -> dict[str, Any]:
    """Make or update the tables, the cache and the collected styles; what a killed process left half written is removed."""
    with _alone():
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    return {"swept": files.sweep()}


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the lock of migrations on a connection of its own."""
    with psycopg.connect(**_parameters(), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (MIGRATING,))
        yield


def _parameters() -> dict[str, Any]:
    parameters = connection.get_connection_params()
    return {
        name: parameters[name] for name in ("dbname", "user", "password", "host", "port", "sslmode", "sslrootcert") if parameters.get(name)
    }


def state() -> dict[str, Any]:
    """Return what must be the same before and after: the head of the audit chain, how many records, and all balances.

    Raises:
        Conflict: the chain or the books are broken.
    """
    chain = audit.verify()
    faults = (*chain.faults, *ledger.check_books())
    if faults:
        text = "\n".join(map(str, faults))
        raise Conflict("site-unsound", f"审计链或账目有问题：\n{text}", f"the audit chain or the books are broken:\n{text}")
    totals = [dataclasses.asdict(account) | {"kind": account.kind.value} for account in ledger.account_totals()]
    return {"head": chain.last_hash, "records": chain.length, "balances": sorted(totals, key=lambda each: str(each["code"]))}


def verify() -> dict[str, Any]:
    """Verify the audit chain, the books, and each kept file against the sha256 in its name."""
    chain = audit.verify()
    kept = sorted((settings.SITE / "files").glob("[0-9a-f][0-9a-f]/*"))
    damaged = [path for path in kept if files.sha256_of(path) != path.name.partition(".")[0]]
    faults = [*chain.faults, *map(str, ledger.check_books())]
    faults += [f"留存的文件与它的名字不符 / a kept file has other bytes than its name says: {path}" for path in damaged]
    return {
        "head": chain.last_hash,
        "records": chain.length,
        "accounts": len(ledger.account_totals()),
        "files": len(kept),
        "faults": faults,
    }


def dump(out: str) -> dict[str, Any]:
    """Write the database into a file, and return its state at that very moment.

    Args:
        out: The file.

    Raises:
        Conflict: as `state`, or the programs do not fit the server.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT pg_export_snapshot()")
            moment = str(cursor.fetchone()[0])
        _program("pg_dump", "--format=custom", f"--snapshot={moment}", "--no-owner", "--no-privileges", f"--file={out}")
        return state()


def undump(source: str) -> dict[str, Any]:
    """Read a database back from a file into an empty one, all or nothing.

    Args:
        source: The file.

    Raises:
        Conflict: the database is not empty, or the file cannot be read.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
        if cursor.fetchone()[0]:
            raise Conflict(
                "database-not-empty", "数据库不是空的：恢复只写进空的数据库", "the database is not empty: restore into an empty one"
            )
    connections.close_all()
    _program(
        "pg_restore",
        "--no-owner",
        "--no-privileges",
        "--single-transaction",
        "--exit-on-error",
        f"--dbname={connection.get_connection_params()['dbname']}",
        source,
    )
    return {}


def discard() -> dict[str, Any]:
    """Empty a database again that was filled by `undump`, and was empty before."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    return {}


def _server_version() -> int:
    """Return the major version of the database's server."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0]) // 10_000


def _program(name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs against the site's database."""
    version = _server_version()
    fitting = [each.folder for each in installed_programs() if each.version >= version]
    if not fitting:
        raise Conflict(
            "programs-too-old",
            f"数据库服务器是 PostgreSQL {version}，这里的 {name} 太旧：请安装 postgresql-client-{version}",
            f"the server is PostgreSQL {version} and {name} here is older: install postgresql-client-{version}",
        )
    parameters = _parameters()
    names = {
        "dbname": "PGDATABASE",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "host": "PGHOST",
        "port": "PGPORT",
        "sslmode": "PGSSLMODE",
        "sslrootcert": "PGSSLROOTCERT",
    }
    environment = {**os.environ, **{names[key]: str(value) for key, value in parameters.items()}, "LC_ALL": "C.UTF-8"}
    done = subprocess.run([fitting[-1] / name, *arguments], check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        said = re.sub(r"\s+", " ", done.stderr).strip()
        raise Conflict("program-failed", f"{name} 没有做成：{said}", f"{name} failed: {said}")


def export(actor: str, format: str, out: str) -> dict[str, Any]:  # noqa: A002 - as it is called on the command line
    """Write the books into a file.

    Args:
        actor: In whose name; empty for a job of this machine.
        format: beancount, csv or journal.
        out: The file.
    """
    write = {"beancount": ledger.export_beancount, "csv": ledger.export_csv, "journal": ledger.export_journal}[format]
    ledger.access_ledger(actor_named(actor), "ledger.export")
    path = Path(out)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with beside.open("w", encoding="utf-8", newline="") as file:
            write(file.write)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return {"out": out}
