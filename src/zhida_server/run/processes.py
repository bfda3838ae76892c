"""The processes of a site: started, watched, started again when they die, ended in order.

What they say is written to DIR/logs/site.log by the one who started them, with the name of the process before each line.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_BYTES, LOGS_KEPT = 10_000_000, 9
"""How large a log grows before the next begins, and how many earlier ones are kept."""

DEATHS, DEATH_SECONDS = 6, 60.0
"""A process that dies so often in so many seconds keeps dying."""

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 10.0
"""How long one waits before a process is started again: twice as long after each death of the last minute."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a process is, and how it is started."""

    name: str
    """What it is called in the log."""
    command: tuple[str, ...]
    """The program and its arguments."""
    grace_seconds: float
    """How long it may take to end once it was asked to."""


def python(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command of one of our own modules."""
    return (sys.executable, "-m", module, *arguments)


class _Log(RotatingFileHandler):
    """A log that leaves out what does not fit on a full disk: nobody's terminal is flooded with each line that was not written."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's own face
        """Leave a line out where it could not be written; what else goes wrong is told as the library does."""
        if not isinstance(sys.exception(), OSError):
            super().handleError(record)


def opened_log(folder: Path) -> logging.Logger:
    """Return the log of a site's processes."""
    log = logging.getLogger("zhida.site")
    log.handlers.clear()
    log.propagate = False
    log.setLevel(logging.INFO)
    folder.mkdir(mode=0o700, exist_ok=True)
    handler = _Log(folder / "site.log", maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log.addHandler(handler)
    return log


class Process:
    """One process of a site."""

    def __init__(self, kind: Kind, environment: Mapping[str, str], log: logging.Logger) -> None:
        """Keep what it is; it is not started yet."""
        self.kind = kind
        self._environment = dict(environment)
        self._log = log
        self._process: subprocess.Popen[str] | None = None
        self._deaths: deque[float] = deque(maxlen=2 * DEATHS)
        self._is_dead, self._next = False, 0.0

    @property
    def pid(self) -> int | None:
        """Its number while it runs."""
        return self._process.pid if self.is_alive() and self._process else None

    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it in a group of its own, so that Ctrl-C on the terminal reaches only whoever ends it in order."""
        self._process = subprocess.Popen(
            self.kind.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=self._environment,
            start_new_session=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._is_dead = False
        self._log.info("%s: started as process %s", self.kind.name, self._process.pid)
        threading.Thread(target=self._keep_words, args=(self._process,), daemon=True).start()

    def _keep_words(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self._log.info("%s: %s", self.kind.name, line.rstrip())

    def revive(self) -> bool:
        """Start it again where it died, after a pause; return whether it keeps dying."""
        if self.is_alive() or self._process is None:
            return False
        now = time.monotonic()
        recent = [moment for moment in self._deaths if now - moment < DEATH_SECONDS]
        if not self._is_dead:
            self._is_dead = True
            self._log.warning("%s: died (%s)", self.kind.name, self._process.returncode)
            self.kill()  # what it left behind
            self._next = now + min(FIRST_PAUSE_SECONDS * 2 ** len(recent), LONGEST_PAUSE_SECONDS)
            self._deaths.append(now)
        elif now >= self._next:
            self.start()
        return len(recent) >= DEATHS

    def ask_to_end(self) -> None:
        """Ask it to end."""
        if self.is_alive() and self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    def end(self, *, is_hasty: bool = False) -> None:
        """End it: asked first, then, after its time or in haste, made to, with all that it started."""
        if self._process is None:
            return
        if not is_hasty:
            self.ask_to_end()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(self.kind.grace_seconds)
        self.kill()
        self._process.wait()

    def kill(self) -> None:
        """Kill it with all that it started, and wait for nothing."""
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


def run_to_end(command: Sequence[str], environment: Mapping[str, str], given: str) -> tuple[int, str]:
    """Run a program with some input until it ends, and return its exit code and output; it ends with us when we are interrupted.

    Args:
        command: The program and its arguments; what it says on standard error is shown as it comes.
        environment: Its environment.
        given: Its standard input.
    """
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(environment), start_new_session=True, text=True, encoding="utf-8"
    ) as process:
        try:
            out, _ = process.communicate(given)
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
        return process.returncode, out
