"""Sheets that people keep beside a registry: who received what, who applied when. Read as text, cell by cell, with their places."""

from pathlib import Path

import polars as pl

from zhida.errors import InputError
from zhida.registry_io.mapping import FileMapping
from zhida.registry_io.tables import SourceTable, read_table
from zhida.source import Source, Span

WRITTEN_DAY = r"([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?"
"""How a day is written: 2026-03-01, 2026/3/1, 2026.3.1 or 2026年3月1日."""


def read_sheet(path: Path, name: str) -> SourceTable:
    """Read a sheet in the encoding that it has: UTF-8, else GB 18030.

    Args:
        path: The file.
        name: What the sheet is called where something is wrong with it.

    Raises:
        InputError: file-not-found, file-unreadable, registry-csv-syntax, and the others of `read_table`.
    """
    nowhere = Span(Source(str(path), ""), 0, 0)
    try:
        return read_table(path, FileMapping(name, "", nowhere, (), ()))
    except InputError as error:
        if error.diagnostics[0].code != "registry-encoding":
            raise
    return read_table(path, FileMapping(name, "", nowhere, (), (), encoding="gb18030"))


def days_in(text: pl.Expr, form: str) -> pl.Expr:
    """Return the days that cells write; null where one is none.

    Args:
        text: The cells.
        form: How they are written: `WRITTEN_DAY` with what may stand around it.
    """
    figures = [text.str.extract(form, group).str.zfill(2) for group in (1, 2, 3)]
    return pl.concat_str(figures, separator="-").str.to_date("%Y-%m-%d", strict=False)
