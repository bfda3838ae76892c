"""Job A, ours: the rule codes of a hundred decision tables for every row of a registry.

job_codes.py REGISTRY OUT
"""

import sys
from pathlib import Path

import polars as pl
import pyarrow as pa
from job_parts import Decide, tell
from models import model_of
from registry_drawn import AS_OF, ATTRIBUTES, tables

from zhida.columnar.decisions import open_decisions
from zhida.columnar.parquet import parquet_bytes
from zhida.columnar.spread import ResultColumns
from zhida.values.temporal import parse_date


def deciding() -> Decide:
    """Return what decides a row group."""
    drawn = tables()
    day = parse_date(AS_OF)
    assert day is not None, "it is a date"
    decisions = open_decisions(model_of(drawn, ATTRIBUTES), [table.name for table in drawn], as_of=day)

    def decide(_: int, given: pa.Table) -> pa.Table:
        frame = pl.from_arrow(given)
        assert isinstance(frame, pl.DataFrame), "a table is a frame"
        return pa.Table.from_batches([decisions.decide(frame, values=False, workers=1)])

    return decide


def write(found: pa.Table, path: Path) -> None:
    """Write rules as a run writes its results."""
    path.write_bytes(parquet_bytes(ResultColumns.of(found)))


tell(deciding, Path(sys.argv[1]), Path(sys.argv[2]), has_key=False, write=write)
