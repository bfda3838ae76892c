"""Files that are named by what is in them: written beside, flushed, renamed; the same content is kept once.

    SITE/files/ab/abcdef….parquet

A file whose bytes are no longer those of its name is told when it is opened by `checked`.
"""

import hashlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from zhida_server import settings

CHUNK = 1024 * 1024
LEFT_SECONDS = 24 * 3600.0
"""What nobody has written to for so long, nobody writes any more."""
HALVES = {"files": r"\.[0-9a-f]{16}(\..*)?", "packs": r"\.[0-9a-f]{16}", "subjects": r"\.[0-9a-f]{16}", "runs": r"repeat-.+|tmp.+"}
"""In which folders of the site things are written beside first, and what they are called meanwhile."""


class DamagedFileError(Exception):
    """A kept file is missing, or its bytes are not those that its name says."""


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def path_of(sha256: str, suffix: str) -> Path:
    """Return where a file is kept; it need not be there yet."""
    return settings.SITE / "files" / sha256[:2] / f"{sha256}{suffix}"


def keep_bytes(content: bytes, suffix: str) -> str:
    """Keep some bytes and return their sha256."""
    return keep(lambda path: path.write_bytes(content), suffix)


def keep(write: Callable[[Path], object], suffix: str) -> str:
    """Have a file written and keep it under the sha256 of its bytes, which is returned; on failure nothing is left.

    Args:
        write: Writes the file at the path that it is given.
        suffix: What the file's name ends in, with the dot.
    """
    folder = settings.SITE / "files"
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".{secrets.token_hex(8)}{suffix}"
    try:
        write(beside)
        sha256 = sha256_of(beside)
        path = path_of(sha256, suffix)
        if not path.parent.exists():
            path.parent.mkdir(exist_ok=True)
            _flush(folder)
        _flush(beside)
        beside.replace(path)
        _flush(path.parent)
    finally:
        beside.unlink(missing_ok=True)
    return sha256


def sweep() -> int:
    """Remove what was written beside and never renamed, because its process was killed; returns how many there were.

    What somebody writes at this moment is younger than `LEFT_SECONDS` and stays, so that it can be swept at any time. Kept files have
    other names and are never touched.
    """
    count, before = 0, time.time() - LEFT_SECONDS
    for folder, name in HALVES.items():
        for path in (settings.SITE / folder).glob("*"):
            if re.fullmatch(name, path.name) and _last_written(path) < before:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
                count += 1
    return count


def _last_written(path: Path) -> float:
    """Return when a file, or anything in a folder, was written to last; of what is gone by now, the far future."""
    found = float("inf")
    with suppress(FileNotFoundError):
        found = max(each.lstat().st_mtime for each in (path, *path.rglob("*")))
    return found


def _flush(path: Path) -> None:
    """Wait until a file's bytes, or a folder's names, are on the disk: what a database names must not go with the power."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def checked(sha256: str, suffix: str) -> Path:
    """Return a kept file's path once its bytes were compared with its name.

    Raises:
        DamagedFileError: where it is missing or differs.
    """
    path = path_of(sha256, suffix)
    if not path.exists():
        raise DamagedFileError(f"the kept file {path} is missing: restore it from a backup")
    if (found := sha256_of(path)) != sha256:
        raise DamagedFileError(f"the kept file {path} holds other bytes than its name says ({found}): restore it from a backup")
    return path
