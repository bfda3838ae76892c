"""Former results: which of their rows still hold, and the rows themselves, to be taken over into a new run.

A row still holds for a policy if the fingerprint of its facts is the same (column `zhida:facts`) and so is the digest of the
policy with everything it rests on (metadata `zhida.digests`). Parts are sorted by key, and only row groups that can hold keys of
the rows at hand are read.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from zhida.errors import InputError, diagnostic
from zhida.registry_io.fingerprints import Words
from zhida.registry_io.parts import PART, RESULTS_FILE

FACTS_COLUMN = "zhida:facts"
"""The column of a result that holds the fingerprint of the subject's facts."""

FACTS_KEY, DIGESTS_KEY = b"zhida.facts", b"zhida.digests"
"""Metadata of results: which attributes the fingerprint covers; a digest for each policy of what its answers rest on."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One row group of former results."""

    file: Path
    """The part."""
    place: int
    """Its place in the part."""
    low: str
    """Its first key."""
    high: str
    """Its last key."""


@dataclass(frozen=True, slots=True)
class Former:
    """Former results, opened."""

    key: str
    """The attribute that names a subject."""
    facts: tuple[str, ...]
    """The attributes that the fingerprints cover."""
    digests: Mapping[str, str]
    """For each policy, the digest of what its answers rest on."""
    stretches: tuple[Stretch, ...]
    """The row groups, in the order of the keys."""
    schema: pa.Schema
    """Their columns."""
    fingerprint: str
    """What tells their files from others."""
    words: Mapping[str, str]
    """What they say of themselves: the `zhida.…` words of their run."""

    def rows(self, low: str, high: str, columns: Sequence[str]) -> pa.Table:
        """Return some columns of the rows whose keys may lie between two, both included.

        Raises:
            InputError: run-former-unusable, where a part cannot be read.
        """
        found = [pa.schema([self.schema.field(name) for name in columns]).empty_table()]
        for stretch in self.stretches:
            if stretch.low <= high and low <= stretch.high:
                try:
                    with pq.ParquetFile(stretch.file) as opened:
                        found.append(opened.read_row_group(stretch.place, columns=list(columns)).select(list(columns)))
                except (OSError, pa.ArrowException) as error:
                    raise _unusable(stretch.file, str(error)) from error
        return pa.concat_tables([table.replace_schema_metadata(None) for table in found]).unify_dictionaries()


def open_former(folder: Path, key: str) -> Former:
    """Return former results.

    Args:
        folder: That of a former run, with results.parquet in it; or results.parquet itself.
        key: The attribute that must name their subjects.

    Raises:
        InputError: file-not-found, run-former-unusable.
    """
    results = folder / RESULTS_FILE if (folder / RESULTS_FILE).exists() else folder
    if not results.exists():
        raise InputError([diagnostic("file-not-found", None, name=folder)])
    files = sorted(item for item in results.iterdir() if PART.fullmatch(item.name)) if results.is_dir() else [results]
    if not files:
        raise _unusable(folder, f"there is no {RESULTS_FILE}", f"其中没有 {RESULTS_FILE}")
    stretches: list[Stretch] = []
    for file in files:
        try:
            with pq.ParquetFile(file) as opened:
                schema: pa.Schema = opened.schema_arrow
                stretches += _stretches(file, opened.metadata)
        except (OSError, pa.ArrowException) as error:
            raise _unusable(file, str(error)) from error
        metadata = schema.metadata or {}
        if FACTS_COLUMN not in schema.names or not {FACTS_KEY, DIGESTS_KEY} <= metadata.keys():
            raise _unusable(file, f"it has no column '{FACTS_COLUMN}'", f"没有“{FACTS_COLUMN}”列")
        if schema.names[0] != key:
            name = schema.names[0]
            raise _unusable(file, f"its subjects are named by '{name}', not by '{key}'", f"主体的代码是“{name}”，不是“{key}”")
    words = {name.decode(): value.decode() for name, value in metadata.items() if name.startswith(b"zhida.")}
    facts, digests = json.loads(metadata[FACTS_KEY]), json.loads(metadata[DIGESTS_KEY])
    return Former(key, tuple(facts), digests, tuple(stretches), schema, _fingerprint(files), words)


def _fingerprint(files: Sequence[Path]) -> str:
    """Return what tells some files from others, without reading them."""
    seen = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    return sha256(json.dumps([str(files[0].resolve()), seen]).encode()).hexdigest()


def _stretches(file: Path, metadata: pq.FileMetaData) -> list[Stretch]:
    """Return the row groups of a part with the first and last key of each."""
    found = []
    for place in range(metadata.num_row_groups):
        statistics = metadata.row_group(place).column(0).statistics
        if metadata.row_group(place).num_rows:
            has_range = statistics is not None and statistics.has_min_max
            low, high = (statistics.min, statistics.max) if has_range else ("", "\U0010ffff")
            found.append(Stretch(file, place, low, high))
    return found


def places_of(keys: pl.Series, fingerprints: Words, former: pa.Table) -> pl.Series:
    """Return for each row the place of its former result (Int64); null where there is none that still holds.

    Args:
        keys: The keys of the rows.
        fingerprints: Those of their facts.
        former: The key and `zhida:facts` of former results.
    """
    now = pl.DataFrame({"key": keys, "facts": pl.Series(fingerprints, dtype=pl.UInt64)})
    then = pl.DataFrame({
        "key": pl.Series(former.column(0).to_pylist(), dtype=pl.String),
        "facts": pl.Series(former.column(FACTS_COLUMN).to_numpy(), dtype=pl.UInt64),
    }).with_row_index("place")  # fmt: skip
    return now.join(then, on=["key", "facts"], how="left", maintain_order="left")["place"].cast(pl.Int64)


def _unusable(path: Path, reason: str, reason_zh: str = "") -> InputError:
    return InputError([diagnostic("run-former-unusable", None, path=path, reason=reason, reason_zh=reason_zh or reason)])
