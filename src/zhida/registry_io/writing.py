"""Writing: files that are whole or not there, Parquet for machines and CSV for people."""

import io
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from zhida.registry_io.importing import ImportResult
from zhida.registry_io.replacing import replacing, settle, write_failed

REGISTRY_FILE = "registry.parquet"
QUALITY_FILE = "quality.json"
QUALITY_TEXTS = {"zh": "quality.zh.txt", "en": "quality.en.txt"}
SET_ASIDE_FILE = "set-aside.csv"

ROWS_PER_GROUP = 131_072
"""Rows of a row group."""

RECORD_END = "\x1e\x1f\x1e"
"""Stands between rows that are written to be cut apart again: separators that no text has a use for."""

FORMULA_START = r"^[=+\-@\t\r\n＝＋－＠]"
"""A cell that begins so may be run as a formula by a spreadsheet; some of the region take full-width signs too."""
PLAIN_NEGATIVE = r"^-[0-9]+(\.[0-9]+)?$"
"""A negative number, which begins with a minus sign and is no formula."""


def write_registry(result: ImportResult, directory: Path | str) -> dict[str, Path]:
    """Write a registry and its quality report.

    All files are written before the first takes its place, so that a full disk leaves the old set together.

    Args:
        result: What was imported.
        directory: A folder; made where there is none. In it: registry.parquet, quality.json, quality.zh.txt,
            quality.en.txt and set-aside.csv (which is empty but for its header where no row was set aside).

    Returns:
        The paths by file name.

    Raises:
        InputError: registry-write-failed.
    """
    folder = Path(directory)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_failed(folder, error) from error
    names = (REGISTRY_FILE, QUALITY_FILE, *QUALITY_TEXTS.values(), SET_ASIDE_FILE)
    with ExitStack() as stack:
        new = {name: stack.enter_context(replacing(folder / name)) for name in names}
        new[REGISTRY_FILE].write_bytes(_parquet(result.frame, result.metadata))
        new[QUALITY_FILE].write_text(result.quality.to_json(), encoding="utf-8", newline="\n")
        new[QUALITY_TEXTS["zh"]].write_text(result.quality.to_text("zh"), encoding="utf-8", newline="\n")
        new[QUALITY_TEXTS["en"]].write_text(result.quality.to_text("en"), encoding="utf-8", newline="\n")
        new[SET_ASIDE_FILE].write_bytes(csv_bytes(result.set_aside))
        for path in new.values():
            settle(path)
    return {name: folder / name for name in names}


def write_parquet(frame: pl.DataFrame, path: Path | str, metadata: Mapping[str, str]) -> None:
    """Write a frame as Parquet; the same frame and metadata give the same bytes.

    Raises:
        InputError: registry-write-failed.
    """
    with replacing(path) as new:
        new.write_bytes(_parquet(frame, metadata))


def write_csv(frame: pl.DataFrame, path: Path | str) -> None:
    """Write a frame as CSV for people: UTF-8 with a byte order mark, so that spreadsheets show Chinese, and no formulas.

    A text that a spreadsheet could run as a formula gets an apostrophe before it; negative numbers stay numbers. Lists
    are joined by `; `.

    Raises:
        InputError: registry-write-failed.
    """
    with replacing(path) as new:
        new.write_bytes(csv_bytes(frame))


def _parquet(frame: pl.DataFrame, metadata: Mapping[str, str]) -> bytes:
    # Into memory first: an operating system's refusal is then always an OSError of ours.
    # Row groups are what a run reads, decides and resumes by; checksums tell a damaged page from a true one.
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest()).replace_schema_metadata(dict(metadata))
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=ROWS_PER_GROUP, compression="zstd", write_page_checksum=True)
    return out.getvalue()


def csv_bytes(frame: pl.DataFrame, *, is_first: bool = True) -> bytes:
    """Return a frame as `write_csv` writes it; only what comes first has the mark and the heads."""
    out = io.BytesIO()
    safe = frame.select(_safe(name, type_) for name, type_ in frame.schema.items())
    safe.columns = [f"'{name}" if name.startswith(("=", "+", "-", "@")) else name for name in safe.columns]
    safe.write_csv(out, include_bom=is_first, include_header=is_first)
    return out.getvalue()


def csv_records(frame: pl.DataFrame) -> list[bytes] | None:
    """Return each row as `csv_bytes` writes it, without what ends a line; None where a cell holds `RECORD_END` itself."""
    out = io.BytesIO()
    safe = frame.select(_safe(name, type_) for name, type_ in frame.schema.items())
    safe.write_csv(out, include_header=False, line_terminator=RECORD_END)
    records = out.getvalue().split(RECORD_END.encode())
    return records[:-1] if len(records) == frame.height + 1 else None


def _safe(name: str, type_: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(type_, pl.List):
        column = column.list.eval(pl.element().cast(pl.String)).list.join("; ")
    elif type_ != pl.String:
        return column
    is_formula = column.str.contains(FORMULA_START) & ~column.str.contains(PLAIN_NEGATIVE)
    return pl.when(is_formula).then(pl.lit("'") + column).otherwise(column).alias(name)
