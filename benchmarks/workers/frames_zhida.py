"""zhida over a frame: `open_decisions` once, then `decide` for all rows; the values, dictionary-coded.

Which path of the kernel runs, the environment says.
"""

import numpy as np
import polars as pl
import pyarrow as pa
from drawn import DrawnTable
from frames import Array, Decider, Rows, serve_tables
from models import model_of

from zhida.columnar.decisions import open_decisions
from zhida.values.temporal import Date

AS_OF = Date(2026, 6, 30)


def prepare(table: DrawnTable, values: Rows) -> Decider:
    """Return the decision of all rows; numbers are whole, strings an Enum, as the other frames have them."""
    columns = []
    for each in table.attributes:
        column = pl.Series(each.name, values[each.name])
        columns.append(pl.Series(each.name, each.words).gather(column).cast(pl.Enum(each.words)) if each.kind == "string" else column)
    frame = pl.DataFrame(columns)
    decisions = open_decisions(model_of([table], table.attributes), [table.name], as_of=AS_OF)
    return lambda: decisions.decide(frame, rules=False)


def told(found: pa.RecordBatch) -> Array:
    """Return the values as numbers."""
    column = found.column(0)
    words = np.array([-1 if word == "null" else int(word) for word in column.dictionary.to_pylist()], np.int64)
    return words[column.indices.to_numpy()]


serve_tables(prepare, told)
