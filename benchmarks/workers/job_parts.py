"""A whole job in a process of its own: row groups in, part files out.

    Parquet ──row group──> decide ──> write ──> part-00000.parquet, …        two threads take row groups in turn

Row groups are read in the same way by us and by the floors. The floors write with pyarrow, we with our own writer.

What it took is printed as a line of JSON.
"""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local

import pyarrow as pa
import pyarrow.parquet as pq
from registry_drawn import ATTRIBUTES, GROUP, KEY, STRINGS

WORKERS = 2

Decide = Callable[[int, pa.Table], pa.Table]
"""Takes the number of a row group and what it holds; returns what is written."""
Write = Callable[[pa.Table, Path], object]
"""Writes what was decided into a file."""


def write_by_arrow(found: pa.Table, path: Path) -> None:
    """Write a table with pyarrow: words from dictionaries, zstd."""
    words = [field.name for field in found.schema if pa.types.is_dictionary(field.type)]
    pq.write_table(found, path, compression="zstd", compression_level=1, use_dictionary=words, write_statistics=False, row_group_size=GROUP)


def run(decide: Decide, write: Write, registry: Path, out: Path, *, has_key: bool) -> int:
    """Run a job; return the bytes that were written.

    Args:
        decide: What makes results of a row group; two threads call it.
        write: Writes them.
        registry: The registry.
        out: A folder for the part files.
        has_key: Whether the key is read too.
    """
    threads = local()
    names = [each.name for each in ATTRIBUTES]

    def part(place: int) -> int:
        if not hasattr(threads, "file"):
            threads.file = pq.ParquetFile(registry, read_dictionary=STRINGS)
        found = decide(place, threads.file.read_row_group(place, columns=[KEY, *names] if has_key else names, use_threads=False))
        path = out / f"part-{place:05}.parquet"
        write(found, path)
        return path.stat().st_size

    with ThreadPoolExecutor(WORKERS) as pool:
        return sum(pool.map(part, range(pq.ParquetFile(registry).num_row_groups)))


def peak() -> int:
    """Return the most memory that this process ever had, in bytes."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    return int(text.partition("VmHWM:")[2].split()[0]) * 1024


def tell(open_job: Callable[[], Decide], registry: Path, out: Path, *, has_key: bool, write: Write = write_by_arrow) -> None:
    """Run a job, and print what it took: opening (for us, compiling the tables), the job itself, memory, bytes."""
    start = time.perf_counter()
    decide = open_job()
    opened = time.perf_counter()
    written = run(decide, write, registry, out, has_key=has_key)
    ended = time.perf_counter()
    print(json.dumps({"opening": opened - start, "seconds": ended - opened, "peak": peak(), "written": written}))
