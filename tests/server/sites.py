"""Sites that run as they do for people: `zhida serve` as a program of its own, watched and killed from outside."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.engine.postgresql_server import in_memory
from zhida_server.run.serving import health

READY_SECONDS = 120.0
ZHIDA = (sys.executable, "-c", "import zhida.cli; zhida.cli.main()")
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "ZHIDA_SITE", "DJANGO_SETTINGS_MODULE"}}


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def until(is_so: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"it is not so after {seconds} seconds"
        time.sleep(0.05)


def command(*arguments: object, address: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command of zhida to its end, with the embedded database or one that has an address."""
    given, environment = [*ZHIDA, *map(str, arguments)], with_database(address)
    return subprocess.run(given, check=False, capture_output=True, text=True, env=environment, timeout=300, stdin=subprocess.DEVNULL)


def with_database(address: str) -> dict[str, str]:
    """Return the environment of a site: with its database's address, where it is not the embedded one."""
    return ENVIRONMENT | ({"DATABASE_URL": address} if address else {})


def processes_of(folder: Path) -> dict[int, str]:
    """Return the processes that work for a site: their numbers and command lines."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (place / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ").strip()
            works = f"ZHIDA_SITE={folder}\0".encode() in (place / "environ").read_bytes() + b"\0" or f"{folder}/database" in words
            in_place = place.joinpath("cwd").readlink() == folder / "database"
            if words and (works or in_place) and int(place.name) != os.getpid():
                found[int(place.name)] = words
    return found


class RunningSite:
    """A site that is served."""

    def __init__(self, folder: Path, *options: str, address: str = "") -> None:
        """Keep its folder and how it is served, and the address of its database where that is not the embedded one."""
        self._environment = with_database(address)
        self.folder = folder.resolve()
        self.port = free_port()
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.out = folder.parent / f"{folder.name}.out"

    def start(self) -> None:
        """Start it and wait until it is well."""
        with self.out.open("ab") as out:
            given = [*ZHIDA, "serve", str(self.folder), "--port", str(self.port), "--workers", "1", *self._options]
            self._process = subprocess.Popen(
                given, stdout=out, stderr=out, env=self._environment, stdin=subprocess.DEVNULL, start_new_session=True
            )
        until(lambda: self.is_well() or self._process is None or self._process.poll() is not None)
        assert self.is_well(), self.out.read_text(encoding="utf-8") + self.log()

    def log(self) -> str:
        """Return what its processes said."""
        path = self.folder / "logs" / "site.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def is_well(self) -> bool:
        """Whether it says so."""
        return health("127.0.0.1", self.port)

    def send(self, number: int) -> None:
        """Send the one who started everything a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def ended(self, seconds: float = 60.0) -> int:
        """Wait for its end and return the exit code."""
        assert self._process is not None
        return self._process.wait(seconds)

    def is_served(self) -> bool:
        """Whether the one who started everything is there."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Kill the one who started everything, and nobody else."""
        self.send(signal.SIGKILL)
        self.ended()

    @property
    def database_pid(self) -> int | None:
        """The number of the database's first process."""
        with suppress(OSError, ValueError, IndexError):
            return int((self.folder / "database" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        return None

    def pids(self, words: str) -> list[int]:
        """Return its processes in whose command line some words stand."""
        return [pid for pid, line in processes_of(self.folder).items() if words in line]

    def end(self) -> None:
        """End whatever is left of it."""
        if self._process is not None and self._process.poll() is None:
            self.send(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.ended(30)
        for pid in processes_of(self.folder):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait(30)


@contextmanager
def short_folder() -> Iterator[Path]:
    """Give a folder with a short path, as a database's socket needs one; whatever works in it is ended, and it is removed."""
    folder = Path(tempfile.mkdtemp(prefix="zs-", dir=in_memory(4)))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def copied(source: Path, target: Path) -> Path:
    """Return a copy of a site that does not run, with the owners of its files."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)  # noqa: S607 - the system's own
    return target


def kill(pids: Sequence[int]) -> int:
    """Kill processes, and return how many there were."""
    count = 0
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            count += 1
    return count
