"""Packs as folders that are named by what is in them: written from the kept files, read once a process.

catalogue_pack_file ── path, sha256 ──▶ SITE/files/…      the bytes, for good
                                    └─▶ SITE/packs/<sha256>/…   the folder that the engine reads; made again where it is damaged
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock

from zhida.policy.pack import Packs, load_packs
from zhida_server import files, settings
from zhida_server.catalogue import models
from zhida_server.people.data import NotFound

SUFFIX = ".pack"
"""What kept files of packs end in."""

PROCESS_KEEPS = 3
"""Versions of packs that a process keeps read."""

_reading = Lock()


def digest_of(sums: Mapping[str, str]) -> str:
    """Return the name of packs: sha256 of the sorted list of paths, each with the sha256 of its file.

    >>> digest_of({"b": "2", "a": "1"}) == digest_of({"a": "1", "b": "2"})
    True
    """
    listed = "".join(f"{sums[path]}  {path}\n" for path in sorted(sums))
    return hashlib.sha256(listed.encode()).hexdigest()


def folder_of(sha256: str) -> Path:
    """Return where packs are, or would be."""
    return settings.SITE / "packs" / sha256


def sums_of(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file below a folder, by its path in it; hidden files are none of ours."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    relative = ((path, path.relative_to(folder)) for path in paths)
    return {found.as_posix(): files.sha256_of(path) for path, found in relative if not any(part.startswith(".") for part in found.parts)}


def lay_out(content: Mapping[str, bytes]) -> str:
    """Write packs as a folder of their name, which is returned.

    Args:
        content: The bytes of each file by its path.
    """
    sums = {path: hashlib.sha256(data).hexdigest() for path, data in content.items()}
    sha256 = digest_of(sums)
    folder = folder_of(sha256)
    if folder.is_dir() and digest_of(sums_of(folder)) == sha256:
        return sha256
    beside = folder.parent / f".{secrets.token_hex(8)}"
    try:
        for path, data in content.items():
            place = beside / path
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        if folder.is_dir():  # its files are not those of its name
            folder.replace(folder.parent / f".damaged-{secrets.token_hex(8)}")
        with suppress(OSError):  # another process was faster
            beside.replace(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return sha256


def drop(sha256: str) -> None:
    """Remove the folder of packs that were refused."""
    shutil.rmtree(folder_of(sha256), ignore_errors=True)


def file_of(sha256: str, path: str) -> Path:
    """Return where one file of packs is kept, after its bytes were checked.

    Raises:
        NotFound: there are no such packs, or they have no such file.
    """
    row = models.PackFile.objects.filter(pack_id=sha256, path=path).first()
    if row is None:
        raise NotFound("no-pack-file", f"这一版政策包里没有文件“{path}”", f"these packs have no file '{path}'")
    return files.checked(row.sha256, SUFFIX)


def packs_of(sha256: str) -> Packs:
    """Return packs by their name, read once a process; the bytes are checked before.

    Raises:
        NotFound: there are no such packs.
        DamagedFileError: a kept file is missing or damaged.
    """
    with _reading:
        return _read(sha256)


@lru_cache(maxsize=PROCESS_KEEPS)
def _read(sha256: str) -> Packs:
    folder = folder_of(sha256)
    if not folder.is_dir() or digest_of(sums_of(folder)) != sha256:
        rows = list(models.PackFile.objects.filter(pack_id=sha256))
        if not rows:
            raise NotFound("no-packs", f"没有这一版政策包：{sha256}", f"there are no packs of this name: {sha256}")
        lay_out({row.path: files.checked(row.sha256, SUFFIX).read_bytes() for row in rows})
    return load_packs(folder)
