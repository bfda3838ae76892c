"""The data files of a simulation: written part by part beside the old ones, and put in their places together.

    changes.parquet   a row for each subject and policy of which something differs; fen         changes.csv   the same in yuan
    relief.parquet    a row for each subject that saves anything; fen                           relief.csv    the same in yuan
    curves.csv        a row for each value of each threshold

Invariant: nothing takes its place before everything is written; what was not written this time is removed then.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from zhida.assess.columns import NAME
from zhida.entitle.simulation.costing import Curve
from zhida.entitle.simulation.relief import TOTAL
from zhida.registry_io.replacing import replacing
from zhida.registry_io.results import SYNTHETIC_COLUMN, SYNTHETIC_WORD
from zhida.registry_io.writing import csv_bytes
from zhida.values.numbers import format_number

CHANGES_FILE, CHANGES_CSV = "changes.parquet", "changes.csv"
RELIEF_FILE, RELIEF_CSV = "relief.parquet", "relief.csv"
CURVES_CSV = "curves.csv"
OWN_FILES = (CHANGES_FILE, CHANGES_CSV, RELIEF_FILE, RELIEF_CSV, CURVES_CSV)
"""All data files that a simulation may write."""

CHANGE_HEADS: Mapping[str, str] = {
    "policy": "政策",
    "outcome_before": "变前结论",
    "outcome_after": "变后结论",
    "gross_fen_before": "变前应得（元）",
    "gross_fen_after": "变后应得（元）",
    "net_fen_before": "变前实得（元）",
    "net_fen_after": "变后实得（元）",
    "total_fen_before": "变前合计（元）",
    "total_fen_after": "变后合计（元）",
}
"""What the columns of changes are called for people."""


class DataFiles:
    """The data files, while they are written."""

    def __init__(  # noqa: PLR0913 - each says one thing of what is written
        self,
        folder: Path,
        key: str,
        outcome_words: Mapping[str, str],
        titles: Mapping[str, str],
        *,
        metadata: Mapping[str, str],
        is_csv: bool,
    ) -> None:
        """Begin with none.

        Args:
            folder: Where they go; it exists.
            key: The attribute that names a subject.
            outcome_words: What outcomes are called for people.
            titles: What policies are called.
            metadata: What the files for machines say of themselves.
            is_csv: Whether what is written for machines is written for people too.
        """
        self.folder, self.key, self.is_csv = folder, key, is_csv
        self.outcome_words, self.titles = dict(outcome_words), dict(titles)
        self.metadata = dict(metadata)
        self.stack = ExitStack()
        self.writers: dict[str, pq.ParquetWriter] = {}
        self.texts: dict[str, IO[bytes]] = {}
        self.written: list[str] = []

    def __enter__(self) -> Self:
        """Begin."""
        self.stack.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Put everything into its place, or nothing where it failed."""
        try:
            self.close()
        finally:
            self.stack.__exit__(kind, error, trace)
        if kind is None:
            for name in OWN_FILES:
                if name not in self.written:
                    (self.folder / name).unlink(missing_ok=True)

    def place(self, name: str) -> Path:
        """Return where a file is written until everything is."""
        self.written.append(name)
        return self.stack.enter_context(replacing(self.folder / name))

    def close(self) -> None:
        """Bring what is written part by part to its end."""
        for writer in self.writers.values():
            writer.close()
        for file in self.texts.values():
            file.close()
        self.writers.clear()
        self.texts.clear()

    def add_changes(self, rows: pl.DataFrame) -> None:
        """Write the changes of a part."""
        self._add_table(CHANGES_FILE, rows)
        if self.is_csv:
            fen = [name for name in rows.columns if "_fen_" in name]
            words = [pl.col(name).replace_strict(self.outcome_words, default="–") for name in ("outcome_before", "outcome_after")]
            told = rows.with_columns(*map(_yuan, fen), *words, pl.col("policy").replace(self.titles))
            self._add_text(CHANGES_CSV, told.rename({**CHANGE_HEADS, self.key: "主体"}))

    def add_relief(self, rows: pl.DataFrame) -> None:
        """Write who of a part saves what."""
        self._add_table(RELIEF_FILE, rows.rename({name: f"{name}:saved_fen" for name in rows.columns[2:] if name != TOTAL}))
        fen = rows.columns[2:]
        told = rows.with_columns(*map(_yuan, fen)).select(self.key, NAME, TOTAL, *fen[:-1])
        heads = {name: f"{self.titles.get(name, name)}（元）" for name in fen if name != TOTAL}
        self._add_text(RELIEF_CSV, told.rename({**heads, TOTAL: "减免合计（元）", self.key: "主体"}))

    def write_curves(self, curves: Sequence[Curve]) -> None:
        """Write curves for people."""
        rows = [
            {
                "线": each.threshold.address,
                "条款": each.threshold.article,
                "政策": each.threshold.policy,
                "规则": f"{each.threshold.decision} {each.threshold.rule} {each.threshold.column}".strip(),
                "取值": format_number(point.value),
                "花费（元）": None if point.fen is None else f"{point.fen // 100}.{point.fen % 100:02d}",
                "户数": point.subjects,
                "待定或转人工": point.open_subjects,
                "不成立的原因": point.fault,
            }
            for each in curves
            for point in each.points
        ]
        if rows:
            self.place(CURVES_CSV).write_bytes(csv_bytes(pl.DataFrame(rows, infer_schema_length=None)))

    def _add_table(self, name: str, rows: pl.DataFrame) -> None:
        table = rows.to_arrow(compat_level=pl.CompatLevel.oldest())
        if name not in self.writers:
            schema = pa.schema([pa.field(field.name, _plain(field.type)) for field in table.schema], metadata=self.metadata)
            self.writers[name] = pq.ParquetWriter(self.place(name), schema, compression="zstd", write_page_checksum=True)
        if table.num_rows:
            self.writers[name].write_table(table.cast(self.writers[name].schema))

    def _add_text(self, name: str, rows: pl.DataFrame) -> None:
        if self.metadata.get("zhida.synthetic") == "true":
            rows = rows.with_columns(pl.lit(SYNTHETIC_WORD).alias(SYNTHETIC_COLUMN))
        is_first = name not in self.texts
        if is_first:
            self.texts[name] = self.place(name).open("wb")
        self.texts[name].write(csv_bytes(rows, is_first=is_first))


def _plain(type_: pa.DataType) -> pa.DataType:
    """Return a type as it is written: texts as texts."""
    return pa.string() if pa.types.is_large_string(type_) or pa.types.is_string(type_) else type_


def _yuan(name: str) -> pl.Expr:
    """Return a column of fen as yuan with two decimals, in text; the sign of what is below nothing stays."""
    fen = pl.col(name)
    whole = (fen.abs() // 100).cast(pl.String)
    sign = pl.when(fen < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.concat_str(sign, whole, pl.lit("."), (fen.abs() % 100).cast(pl.String).str.zfill(2)).alias(name)
