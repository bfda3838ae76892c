"""What is kept on disk between runs: files of bytes, each named by the digest of all that it was made of.

    digest of policy, used policies, parameters, dictionary, date, engine ──> <cache>/plans/<digest>     what a plan has learned and become
    digest of the texts of packs, engine                                  ──> <cache>/packs/<digest>     packs, read and compiled

A file begins with the digest of its bytes: one that is damaged or cut short is as good as none. A cache and nothing else: whatever
is wrong with it, the run goes on without it and only takes longer. Whoever calls names the folder, or none.
"""

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from zhida.registry_io.engine import engine_digest

PLANS, PACKS = "plans", "packs"
"""The kinds of files: each has a folder of its own."""

MOST_KEPT = {PLANS: 200, PACKS: 8}
"""Files that are kept of each kind; those that were not used longest go first."""

HEAD = sha256().digest_size
"""Bytes that a file begins with: the digest of the others."""


def plan_digest(made_of: Iterable[str]) -> str:
    """Return the name of a file.

    Args:
        made_of: All that its bytes were made of, in words or digests; the engine itself is added.
    """
    return sha256("\0".join([engine_digest(), *made_of]).encode()).hexdigest()


def read_plan(folder: Path | None, digest: str, kind: str = PLANS) -> bytes | None:
    """Return what is kept under a name in a folder; None where nothing is, where it is damaged, or where there is no folder."""
    if folder is None:
        return None
    path = folder / kind / digest
    with suppress(OSError):
        data = path.read_bytes()
        if sha256(data[HEAD:]).digest() == data[:HEAD]:
            os.utime(path)  # it was used just now
            return data[HEAD:]
        path.unlink()
    return None


def write_plan(folder: Path | None, digest: str, data: bytes, kind: str = PLANS) -> None:
    """Keep something under a name in a folder; where that cannot be done it is left.

    It is written beside and renamed. It need not reach the disk before that: what is cut short is seen when it is read.
    """
    if folder is None:
        return
    with suppress(OSError):
        place = folder / kind
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = place / f".{digest}.{secrets.token_hex(4)}.part"
        try:
            new.write_bytes(sha256(data).digest() + data)
            new.replace(place / digest)
        finally:
            new.unlink(missing_ok=True)
        kept = list(place.iterdir())
        if len(kept) > MOST_KEPT[kind]:
            for path in sorted(kept, key=lambda path: path.stat().st_mtime, reverse=True)[MOST_KEPT[kind] :]:
                path.unlink(missing_ok=True)
