"""The floors of a job: what reading and writing alone take.

    job_floor.py constants REGISTRY OUT LIKE   the same columns read, as many columns written as LIKE has, each of one word
    job_floor.py again REGISTRY OUT LIKE       the same columns read, and the very results that stand in LIKE written

LIKE is a folder of part files. Of `again`, some of them are held in memory beforehand, uncounted, and written over and over.
"""

import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from job_parts import Decide, tell
from registry_drawn import KEY

KEPT = 8
"""Parts of results that are held to be written over and over."""


def constants(like: Path) -> Decide:
    """Return what answers with columns of one word; the key, where there is one, as it is."""
    names = pq.read_schema(min(like.glob("*.parquet"))).names
    word = pa.array(["1"])

    def decide(_: int, given: pa.Table) -> pa.Table:
        column = pa.DictionaryArray.from_arrays(pa.nulls(given.num_rows, pa.uint8()).fill_null(0), word)
        return pa.table({name: given.column(name) if name == KEY else column for name in names})

    return decide


def again(like: Path) -> Decide:
    """Return what answers with results of before."""
    kept = [_narrow(pq.read_table(path)) for path in sorted(like.glob("*.parquet"))[:KEPT]]
    return lambda place, given: kept[place % len(kept)].slice(0, given.num_rows)


def _narrow(table: pa.Table) -> pa.Table:
    """Return a table whose dictionaries have small numbers, as they have when they are decided."""
    columns = {}
    for name in table.column_names:
        column = table.column(name).combine_chunks()
        is_narrow = pa.types.is_dictionary(column.type) and len(column.dictionary) < 256
        columns[name] = pa.DictionaryArray.from_arrays(column.indices.cast(pa.uint8()), column.dictionary) if is_narrow else column
    return pa.table(columns)


kind, registry, out, folder = sys.argv[1], *map(Path, sys.argv[2:5])
has_key = KEY in pq.read_schema(min(folder.glob("*.parquet"))).names
tell(lambda: {"constants": constants, "again": again}[kind](folder), registry, out, has_key=has_key)
