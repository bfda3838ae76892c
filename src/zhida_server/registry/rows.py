"""The rows of a snapshot, and of the import that it begins with, laid out so that those of one enterprise are found at once.

Every process finds them, without reading the others.

    SITE/subjects/<sha256 of the Parquet>.arrow          the columns, plain, mapped into memory: what is not asked for is not read
    SITE/subjects/<sha256 of the Parquet>.arrow.sha256   of its bytes, compared when a process opens it

It is made of the Parquet and can be made again: nothing is lost with it, and a backup need not have it.
"""

import os
import secrets
from bisect import bisect_left
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock

import polars as pl
import pyarrow as pa
from pyarrow import ipc

from zhida.registry_io.registry import Facts, row_facts
from zhida_server import files, settings

SUFFIX = ".parquet"

KEPT = 4
"""What was laid out and stays on the disk: the latest two snapshots with their imports; others are made again when they are asked for."""

PROCESS_KEEPS = 4
"""As many a process keeps open."""

_opening = Lock()


class Rows:
    """The rows of one snapshot."""

    def __init__(self, table: pa.Table) -> None:
        """Keep the columns; the first one is the key, and sorted."""
        self.columns: list[str] = table.column_names
        self._columns = [column.chunk(0) if column.num_chunks else pa.array([], column.type) for column in table.columns]
        self._height: int = table.num_rows

    def facts(self, code: str) -> Facts | None:
        """Return what is known of one enterprise; None where the snapshot does not have it."""
        keys = self._columns[0]
        place = bisect_left(range(self._height), code, key=lambda row: keys[row].as_py())
        if place == self._height or keys[place].as_py() != code:
            return None
        return row_facts(self.columns, tuple(column[place].as_py() for column in self._columns))


def rows_of(sha256: str) -> Rows:
    """Return the rows of a snapshot, opened once a process.

    Raises:
        DamagedFileError: the Parquet is missing or damaged.
    """
    with _opening:
        return _opened(sha256)


@lru_cache(maxsize=PROCESS_KEEPS)
def _opened(sha256: str) -> Rows:
    path = _path(sha256)
    if not _is_sound(path):
        lay_out(sha256, pl.read_parquet(files.checked(sha256, SUFFIX)))
    return Rows(ipc.open_file(pa.memory_map(str(path))).read_all())


def lay_out(sha256: str, frame: pl.DataFrame) -> None:
    """Lay out the rows of a snapshot, and remove what was laid out long ago."""
    path = _path(sha256)
    if path.exists():
        os.utime(path)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{secrets.token_hex(8)}")
    try:
        table = frame.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest()).combine_chunks()
        with ipc.new_file(str(beside), table.schema) as out:
            out.write_table(table)
        digest = files.sha256_of(beside)
        _sum_of(path).write_text(digest, encoding="ascii")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    for old in sorted(path.parent.glob("*.arrow"), key=_age)[KEPT:]:
        old.unlink(missing_ok=True)
        _sum_of(old).unlink(missing_ok=True)


def _age(path: Path) -> float:
    """Return a number that is the greater the longer ago a file was used."""
    with suppress(OSError):
        return -path.stat().st_mtime
    return 0.0


def _is_sound(path: Path) -> bool:
    """Say whether a file is there and has the bytes that were written; a damaged one is removed."""
    try:
        if files.sha256_of(path) == _sum_of(path).read_text(encoding="ascii"):
            return True
    except FileNotFoundError:
        pass
    path.unlink(missing_ok=True)
    return False


def _path(sha256: str) -> Path:
    return settings.SITE / "subjects" / f"{sha256}.arrow"


def _sum_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
