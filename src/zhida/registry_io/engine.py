"""The engine that is running, told from others: what results and reports say that made them, and what caches are named by.

    texts of the package (*.py, *.c, *.h) ──engine_version──> 0.1.0+3f2a91c04b7e: what results say, and are compared by
    these, the built kernel, Python and libraries ──engine_digest──> what this machine keeps: plans, packs, parts of a run

Files count by what they hold and where they lie in the package, never by their times: machines and fresh clones agree, and to touch a
file changes nothing. The kernel counts by its texts, which every installation has; whether and by which compiler it was built does
not change answers, so it does not change what results say. Only what does not leave the machine is named by the built file too.
"""

import os
import sys
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
"""The folder of the package."""

TEXTS, BUILT = (".py", ".c", ".h"), (".so", ".pyd")
"""How the names of its files end: those that are written, and those that are built of them."""

SHOWN_DIGITS = 12
"""Digits of the texts' digest that stand beside the version."""

LIBRARIES = ("PyYAML", "elementpath", "numpy", "polars", "pyarrow", "regex", "tzdata")
"""Distributions on whose versions packs that are read, lessons that are learned and parts that are written rest."""


def engine_version() -> str:
    """Return the version of the engine that is running, and the first digits of what tells it from others of the same version.

    Two engines that say the same hold the same texts: `0.1.0+3f2a91c04b7e`, a version as Python's packages write it.
    """
    return f"{_version_of('zhida')}+{_own_files()[0][:SHOWN_DIGITS]}"


@cache
def engine_digest() -> str:
    """Return what tells this engine on this machine from others: its texts, its built kernel, Python, and libraries."""
    libraries = [f"{name} {_version_of(name)}" for name in LIBRARIES]
    return sha256("\n".join([_version_of("zhida"), *_own_files(), sys.version, *libraries]).encode()).hexdigest()


@cache
def _own_files() -> tuple[str, str]:
    """Return the digests of the running engine's texts and of what was built of them."""
    return files_digests(PACKAGE)


def files_digests(package: Path) -> tuple[str, str]:
    """Return two digests of the files of a package: of its texts, line ends as Unix writes them, and of what was built of them.

    Args:
        package: Its folder; what that is called, and files of other kinds, do not count.
    """
    texts, built = sha256(), sha256()
    for place, path in sorted(_files(str(package), "")):
        with open(path, "rb") as file:  # noqa: PTH123 - hundreds of files whenever a command starts
            data = file.read()
        is_text = place.endswith(TEXTS)
        if is_text and b"\r" in data:
            data = data.replace(b"\r\n", b"\n")
        found = texts if is_text else built
        found.update(f"{place}\0{len(data)}\0".encode())
        found.update(data)
    return texts.hexdigest(), built.hexdigest()


def _files(folder: str, under: str) -> Iterator[tuple[str, str]]:
    """Yield the place in the package of each file that counts, and its path."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith((".", "__pycache__")):  # what editors and Python leave beside them
                continue
            if entry.name.endswith(TEXTS + BUILT):
                yield under + entry.name, entry.path
            elif entry.is_dir():
                yield from _files(entry.path, f"{under}{entry.name}/")


def _version_of(distribution: str) -> str:
    """Return the version of a distribution; "0" for one that is not installed, as the engine is not where it runs from its source tree."""
    return _asked(version, distribution)


@cache
def _asked(version_of: Callable[[str], str], distribution: str) -> str:
    """Return what `_version_of` does; it is asked once: for the results of each policy, and it looks through all that is installed."""
    try:
        return version_of(distribution)
    except PackageNotFoundError:
        return "0"
