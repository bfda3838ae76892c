"""notices.csv, and the first rows of it for the page: notices as people open them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import polars as pl

from zhida.entitle.notices.told import KIND
from zhida.registry_io.results import SYNTHETIC_COLUMN, SYNTHETIC_WORD
from zhida.registry_io.writing import csv_bytes

SUBJECT = "主体"
"""The column of the subject's code."""

NOTICES_FILE = "notices.csv"

BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Sample:
    """The first notices of each kind, for the page."""

    most: int
    """How many are kept of each kind."""
    rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    """By kind: the rows, by the heads of the sheet."""

    def add(self, frame: pl.DataFrame) -> None:
        """Keep what is still wanted of some notices."""
        for (kind,), rows in frame.group_by(KIND, maintain_order=True):
            kept = self.rows.setdefault(str(kind), [])
            wanted = rows.drop(KIND).head(max(self.most - len(kept), 0))
            kept += [{name: "" if value is None else str(value) for name, value in row.items()} for row in wanted.iter_rows(named=True)]


def sheet_of(frames: Iterable[pl.DataFrame], sample: Sample, *, is_synthetic: bool) -> Iterator[bytes]:
    """Yield a sheet of notices as CSV, piece by piece: UTF-8 with a byte order mark, safe against spreadsheet formulas.

    Args:
        frames: The notices.
        sample: Keeps the first of them.
        is_synthetic: Whether their subjects are invented, which each row then says.
    """
    is_first = True
    for frame in frames:
        told = frame.rename({frame.columns[0]: SUBJECT})
        if is_synthetic:
            told = told.with_columns(pl.lit(SYNTHETIC_WORD).alias(SYNTHETIC_COLUMN))
        sample.add(told)
        if told.height or is_first:
            yield csv_bytes(told.drop(KIND), is_first=is_first)
            is_first = False
