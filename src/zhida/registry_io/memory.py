"""Memory: how much of it is free on this machine, and how much this process has; read from the operating system's own files.

Where there are no such files (macOS, Windows), a modest machine is assumed.
"""

import re
from pathlib import Path

ASSUMED_FREE = 4 * 1024**3
"""Bytes that are taken to be free where the operating system does not say."""

ASSUMED_USED = 200 * 1024**2
"""Bytes that this process is taken to have where the operating system does not say."""

MEMINFO, STATUS = Path("/proc/meminfo"), Path("/proc/self/status")
GROUP = Path("/sys/fs/cgroup")
"""The limits of the container, where this runs in one."""


def free_memory() -> int:
    """Return how many bytes can still be had, on the machine and in the container."""
    machine = _kibibytes(MEMINFO, "MemAvailable")
    free = ASSUMED_FREE if machine is None else machine
    most, has = _number(GROUP / "memory.max"), _number(GROUP / "memory.current")
    return free if most is None or has is None else max(min(free, most - has), 0)


def used_memory() -> int:
    """Return how many bytes this process has in memory."""
    used = _kibibytes(STATUS, "VmRSS")
    return ASSUMED_USED if used is None else used


def most_used_memory() -> int:
    """Return how many bytes this process had in memory at most since it began."""
    used = _kibibytes(STATUS, "VmHWM")
    return ASSUMED_USED if used is None else used


def _kibibytes(path: Path, name: str) -> int | None:
    """Return a figure of one of the files of the kernel, in bytes."""
    found = re.search(rf"^{name}:\s+([0-9]+) kB$", _text(path), re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def _number(path: Path) -> int | None:
    text = _text(path).strip()
    return int(text) if text.isdecimal() else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""
