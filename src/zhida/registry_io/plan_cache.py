"""What plans have learned, kept on disk between runs: one file for each plan, named by the digest of all that it was made of.

    digest of policy, used policies, parameters, dictionary, date, engine ──> <cache>/plans/<digest>

A cache and nothing else: whatever is wrong with it, the run goes on without it and only takes longer. Whoever calls names
the folder, or none.
"""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

from zhida.errors import InputError
from zhida.registry_io.engine import engine_version
from zhida.registry_io.replacing import replacing

MOST_PLANS = 200
"""Files that are kept; those that were not used longest go first."""


def plan_digest(made_of: Iterable[str]) -> str:
    """Return the name of a plan.

    Args:
        made_of: All that the plan was made of, in words or digests; the engine itself is added.
    """
    return sha256("\0".join([engine_digest(), *made_of]).encode()).hexdigest()


@cache
def engine_digest() -> str:
    """Return what tells this engine from others: its version and its files, each by size and time."""
    root = Path(__file__).parents[1]
    files = [f"{path.relative_to(root)} {(found := path.stat()).st_size} {found.st_mtime_ns}" for path in sorted(root.rglob("*.py"))]
    return sha256("\n".join([engine_version(), sys.version, *files]).encode()).hexdigest()


def read_plan(folder: Path | None, digest: str) -> bytes | None:
    """Return what is kept of a plan in a folder; None where nothing is, or there is no folder."""
    if folder is None:
        return None
    path = folder / "plans" / digest
    with suppress(OSError):
        data = path.read_bytes()
        os.utime(path)  # it was used just now
        return data
    return None


def write_plan(folder: Path | None, digest: str, data: bytes) -> None:
    """Keep something of a plan in a folder; where that cannot be done it is left."""
    if folder is None:
        return
    with suppress(OSError, InputError):
        plans = folder / "plans"
        plans.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replacing(plans / digest) as new:
            new.write_bytes(data)
        old = sorted(plans.iterdir(), key=lambda path: path.stat().st_mtime, reverse=True)[MOST_PLANS:]
        for path in old:
            path.unlink(missing_ok=True)
