"""What was received earlier: a sheet of payments, and what of it a batch needs.

    主体, 政策, 金额（元）, 日期[, 事项]   ──read_received──> received (SCHEMA) ──payments_of──> Payments of a batch

A payment that cannot be read would be paid a second time, so one wrong cell stops everything. Whatever version of a policy was paid,
it counts for the version that is law now.
"""

from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa

from zhida.entitle.best.situations import Payments
from zhida.entitle.stacking.structure import Structure
from zhida.errors import Diagnostic, InputError, diagnostic, nearest
from zhida.policy.pack import Packs
from zhida.policy.versions import first_version
from zhida.registry_io.sheets import WRITTEN_DAY, days_in, read_sheet
from zhida.registry_io.tables import SourceTable
from zhida.values.temporal import Date

KEY, POLICY, AMOUNT, DAY, ITEM = "主体", "政策", "金额（元）", "日期", "事项"
"""The columns of the sheet; the last may be left out."""

FEN = "amount_fen"
"""The column of what was read as fen."""

SCHEMA = {KEY: pl.String, POLICY: pl.String, FEN: pl.Int64, DAY: pl.Date, ITEM: pl.String}
"""The columns of `received`."""

AMOUNT_FORM = r"^[0-9]{1,15}(\.[0-9]{1,2})?$"
"""How yuan may be written, commas and blanks left out."""

DAY_FORM = rf"^{WRITTEN_DAY}$"
"""How a day may be written."""

SHOWN = 20
"""Wrong cells that are pointed at; the others are counted."""


def read_received(path: Path, packs: Packs) -> pl.DataFrame:
    """Read a sheet of payments: a row for each, in the order of the sheet (`SCHEMA`).

    Args:
        path: A CSV file (UTF-8 or GB 18030) or a Parquet file.
        packs: The packs; a policy is named by its id, in any of its versions, or by its full title.

    Raises:
        InputError: received-column-lacking, received-cell, received-policy, received-more, file-not-found, and the others of `read_table`.
    """
    table = read_sheet(path, "received")
    frame = table.frame.rename({"金额": AMOUNT} if "金额" in table.frame.columns and AMOUNT not in table.frame.columns else {})
    lacking = [name for name in (KEY, POLICY, AMOUNT, DAY) if name not in frame.columns]
    if lacking:
        there = "、".join(table.frame.columns)
        raise InputError([diagnostic("received-column-lacking", None, name=path, column="、".join(lacking), there=there)])
    if ITEM not in frame.columns:
        frame = frame.with_columns(pl.lit("").alias(ITEM))
    texts = frame.select(pl.col(KEY, POLICY, AMOUNT, DAY, ITEM).cast(pl.String).fill_null("").str.strip_chars())
    ids = {id_: id_ for id_ in packs.policies} | {policy.front.title: id_ for id_, policy in packs.policies.items()}
    yuan = pl.col(AMOUNT).str.replace_all(r"[,，\s]", "")
    fen = pl.when(yuan.str.contains(AMOUNT_FORM)).then(yuan).cast(pl.Decimal(18, 2)).cast(pl.Decimal(20, 2)) * 100
    parsed = texts.select(
        pl.col(KEY),
        pl.col(POLICY).replace_strict(ids, default=None, return_dtype=pl.String),
        fen.cast(pl.Int64).alias(FEN),
        days_in(pl.col(DAY), DAY_FORM).alias(DAY),
        pl.col(ITEM),
    )
    faults = _faults(table, texts, parsed, ids)
    if faults:
        raise InputError(faults)
    return parsed


def _faults(table: SourceTable, texts: pl.DataFrame, parsed: pl.DataFrame, ids: dict[str, str]) -> list[Diagnostic]:
    """Return what cannot be read, the first rows first."""
    wrong = {name: parsed[FEN if name == AMOUNT else name].is_null() | (texts[name] == "") for name in (KEY, POLICY, AMOUNT, DAY)}
    cells = sorted((row, name) for name, mask in wrong.items() for row in mask.arg_true().to_list())
    found = []
    for row, name in cells[:SHOWN]:
        value = texts[name][row]
        column = name if name in table.frame.columns else "金额"
        found_words = (
            {"found": f"'{value}'", "found_zh": f"“{value}”"} if value else {"found": "the cell is empty", "found_zh": "这一格是空的"}
        )
        words = {"row": table.row_number(row)} | found_words
        if name == POLICY:
            found.append(diagnostic("received-policy", table.span(row, column), near=nearest(value, ids), **words))
        else:
            found.append(diagnostic("received-cell", table.span(row, column), column=column, **words))
    if len(cells) > SHOWN:
        found.append(diagnostic("received-more", None, count=len(cells) - SHOWN))
    return found


def payments_of(structure: Structure, packs: Packs, received: pl.DataFrame, keys: pa.ChunkedArray) -> Payments | None:
    """Return what the subjects of a batch received; None where that is nothing.

    Args:
        structure: The policies; payments of others count for nothing.
        packs: The packs, which say what replaces what.
        received: The payments (`SCHEMA`).
        keys: The codes of the subjects, row by row.
    """
    positions = positions_of(structure, packs, received[POLICY].unique().to_list())
    rows = pl.DataFrame({KEY: pl.Series(keys.cast(pa.string()).to_numpy(zero_copy_only=False), dtype=pl.String)}).with_row_index("_row")
    own = received.with_row_index("_at").join(rows, on=KEY, how="inner").sort("_at")
    places = own[POLICY].replace_strict(positions, default=-1, return_dtype=pl.Int64)
    own, places = own.filter(places >= 0), places.filter(places >= 0)
    if own.is_empty():
        return None
    days = tuple(Date(day.year, day.month, day.day) for day in own[DAY].to_list())
    return Payments(own["_row"].cast(pl.Int64).to_numpy(), places.to_numpy(), own[FEN].to_numpy(), days, tuple(own[ITEM].to_list()))


def positions_of(structure: Structure, packs: Packs, policies: Sequence[str]) -> dict[str, int]:
    """Return the position of each policy in a structure: its own, else that of a version of it; those without any are left out."""
    fronts = {id_: policy.front for id_, policy in packs.policies.items()}
    roots: dict[str, int] = {}
    for position, id_ in enumerate(structure.policies):
        roots.setdefault(first_version(fronts, id_), position)
    found = {id_: roots.get(first_version(fronts, id_)) for id_ in policies}
    own = {id_: position for position, id_ in enumerate(structure.policies)}
    return {id_: own.get(id_, position) for id_, position in found.items() if position is not None}
