"""Files of a source, read where they stand: one descriptor each, positioned reads, and never bytes of another version.

    path ──open──> size, time of change ──read──> bytes ──still the same?──> whoever asked
                                                                └──no──> source-changed

Owns what happens when somebody writes into a file while a run reads it. A file that is mapped into memory ends the whole process
where it is cut short; here that is an error like others. Whoever replaces a file by another of its name does not disturb the
reading: the descriptor holds the file that was opened.
"""

import os
from pathlib import Path
from typing import Any

import pyarrow as pa

from zhida.errors import InputError, diagnostic
from zhida.registry_io.sources_parts import nowhere

KEPT_OPEN = 200
"""Files of one folder whose descriptors are kept: operating systems give a process 256 and more. The others are opened each time they
are read, and must still be the file that they were."""


class SourceFile:
    """One file that is read in pieces, by several threads at once."""

    def __init__(self, path: Path, *, is_kept: bool = True) -> None:
        """Open a file.

        Args:
            path: Where it stands.
            is_kept: Whether it stays open.

        Raises:
            InputError: file-unreadable.
        """
        self.name = str(path)
        """What people call it."""
        try:
            opened = pa.OSFile(self.name)
            found = os.fstat(opened.fileno())
        except OSError as error:
            raise InputError([diagnostic("file-unreadable", nowhere(self.name), name=self.name, reason=reason_of(error))]) from error
        self.size = found.st_size
        """How many bytes it had when it was opened."""
        self.modified_ns = found.st_mtime_ns
        """When it had last been changed then, in nanoseconds of 1970."""
        self._identity = _identity(found)
        self._kept = opened if is_kept else None

    def opened(self) -> Any:  # noqa: ANN401 - a file of pyarrow, which has no types
        """Return the file for a reader that reads by positions; it may be shared."""
        return pa.OSFile(self.name) if self._kept is None else self._kept

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes from `start` to `end`, fewer where the file has no more.

        Raises:
            InputError: source-changed.
        """
        try:
            data: bytes = self.opened().read_at(max(min(end, self.size) - start, 0), start)
        except OSError as error:
            self.check()
            raise InputError([diagnostic("file-unreadable", nowhere(self.name), name=self.name, reason=reason_of(error))]) from error
        self.check()
        return data

    def check(self) -> None:
        """See that nobody has written into the file since it was opened: after bytes were read, before anything is made of them.

        Raises:
            InputError: source-changed.
        """
        try:
            found = Path(self.name).stat() if self._kept is None else os.fstat(self._kept.fileno())
        except OSError:
            found = None
        if found is None or _identity(found) != self._identity:
            raise InputError([diagnostic("source-changed", nowhere(self.name), name=self.name)])


def _identity(stat: os.stat_result) -> tuple[int, ...]:
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns


def reason_of(error: BaseException) -> str:
    """Return the first line of what a library says."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return (reason.strip().splitlines() or [type(error).__name__])[0][:200]
