"""What a run left behind: its files, each kept by its sha256, under a list that is kept by its own.

    results_sha256.json   {"results": [part, part, …], "entitlements": file}
    part.parquet          what every policy says of every enterprise (docs/results.md), a part of the registry each
    file.parquet          the best lawful combination of everybody (docs/combinations.md), in the same order

One digest therefore names everything that came out, and a run that is repeated is the same where this digest is.
"""

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from zhida.registry_io.parts import part_name
from zhida_server import files, settings

LIST, PARQUET = ".json", ".parquet"


@dataclass(frozen=True, slots=True)
class Kept:
    """The files of a run."""

    results: tuple[str, ...]
    """The parts of the results, in the order of the enterprises."""
    entitlements: str
    """The best lawful combinations."""


def keep(results: list[Path], entitlements: Path) -> str:
    """Keep the files of a run, which also stay where they are; returns what names them all."""
    for path in (*results, entitlements):
        files.keep(partial(os.link, path), PARQUET)
    return files.keep_bytes(_list(results, entitlements), LIST)


def digest_of(results: list[Path], entitlements: Path) -> str:
    """Return what would name the files of a run, without keeping them."""
    return hashlib.sha256(_list(results, entitlements)).hexdigest()


def _list(results: list[Path], entitlements: Path) -> bytes:
    listed = {"results": [files.sha256_of(path) for path in results], "entitlements": files.sha256_of(entitlements)}
    return json.dumps(listed, sort_keys=True).encode()


@lru_cache(maxsize=64)
def kept_of(results_sha256: str) -> Kept:
    """Return the files of a run, once their bytes were compared with their names.

    Raises:
        DamagedFileError: where one is missing or differs.
    """
    data = json.loads(files.checked(results_sha256, LIST).read_text(encoding="utf-8"))
    for sha256 in (*data["results"], data["entitlements"]):
        files.checked(sha256, PARQUET)
    return Kept(tuple(data["results"]), data["entitlements"])


def result_paths(kept: Kept) -> list[Path]:
    """Return the parts of the results, in their order."""
    return [files.path_of(sha256, PARQUET) for sha256 in kept.results]


def results_folder(results_sha256: str) -> Path:
    """Return a folder that holds the results as the engine names them, which are no copies; it can be removed at any time."""
    found = settings.SITE / "runs" / f"results-{results_sha256}"
    if not found.exists():
        found.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=found.parent) as beside:
            for place, path in enumerate(result_paths(kept_of(results_sha256))):
                os.link(path, Path(beside) / f"{part_name(place)}.parquet")
            with suppress(OSError):  # somebody else was faster
                Path(beside).replace(found)
                Path(beside).mkdir()
    return found


def rows_of(kept: Kept) -> int:
    """Return how many enterprises there are."""
    return sum(pq.read_metadata(path).num_rows for path in result_paths(kept))


def read_columns(kept: Kept, results: list[str], entitlements: list[str]) -> pl.DataFrame:
    """Return some columns of results and entitlements side by side; the key comes first, under the name `code`.

    Args:
        kept: The files of the run.
        results: Columns of the results; those that are not there are left out.
        entitlements: Columns of the entitlements; those that are not there are left out.
    """
    parts = [_read(path, results) for path in result_paths(kept)]
    frame = pl.concat(parts)
    paid = _read(files.path_of(kept.entitlements, PARQUET), entitlements)
    assert frame["code"].equals(paid["code"]), "results and entitlements are of the same enterprises"
    return frame.hstack(paid.drop("code"))


def _read(path: Path, columns: list[str]) -> pl.DataFrame:
    """Return some columns of a file, words as texts."""
    scanned = pl.scan_parquet(path)
    names = scanned.collect_schema().names()
    there = [name for name in columns if name in names]
    words = pl.col(pl.Categorical).cast(pl.String)
    return scanned.select(pl.col(names[0]).cast(pl.String).alias("code"), *there).with_columns(words).collect()
