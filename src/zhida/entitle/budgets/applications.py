"""Applications as a sheet: who applied for what, on which day, at what time, with how many points.

    主体, 政策, 申请日期[, 申请时刻][, 得分]

Owns the form of the sheet. An empty day, time or score is not known; what cannot be read is said with its place, and the row is
kept with what it says, so that nobody drops out of sight.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from zhida.errors import Diagnostic, InputError, diagnostic
from zhida.registry_io.sheets import WRITTEN_DAY, days_in, read_sheet
from zhida.registry_io.tables import SourceTable

KEY, POLICY, DAY, TIME, SCORE = "主体", "政策", "申请日期", "申请时刻", "得分"
"""The columns of the sheet; the last two may be lacking."""

DAY_FORM = rf"^{WRITTEN_DAY}(?:[ T]([0-9]{{1,2}}[:：][0-9]{{2}}(?:[:：][0-9]{{2}})?))?$"
"""How a day may be written; a time may follow it."""
TIME_FORM = r"^([0-9]{1,2})[:：]([0-9]{2})(?:[:：]([0-9]{2}))?$"
"""How a time may be written."""
SCORE_FORM = r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$"
"""How points may be written: six decimals are kept, so that they compare exactly."""
SHOWN = 5
"""Cells that are pointed at; the others are counted."""

SCHEMA = {"key": pl.String, "date": pl.Date, "time": pl.Int32, "score": pl.String, "fault": pl.String, "line": pl.Int64}
"""The columns of applications: the subject's code, the day, the second of the day, points as written, what cannot be read."""


@dataclass(frozen=True, slots=True)
class Applications:
    """The applications for one policy."""

    frame: pl.DataFrame
    """A row for each, in the order of the sheet (`SCHEMA`)."""
    diagnostics: tuple[Diagnostic, ...]
    """What could not be read, and what is odd."""
    has_scores: bool
    """Whether the sheet has a column of points."""
    others: Mapping[str, int]
    """How many rows are about something else, by what they name."""
    sha256: str
    """Digest of the file."""


def read_applications(path: Path, policy: str, title: str, *, is_scored: bool = True) -> Applications:
    """Read the applications for a policy.

    Args:
        path: A CSV file (UTF-8 or GB 18030) or a Parquet file.
        policy: The id of the policy; the sheet may name its title instead.
        title: The title.
        is_scored: Whether points count; where they do not, points that cannot be read keep nobody out.

    Raises:
        InputError: applications-column-lacking, file-not-found, file-unreadable, registry-csv-syntax, and the others of `read_table`.
    """
    table = read_sheet(path, "applications")
    lacking = [name for name in (KEY, POLICY, DAY) if name not in table.frame.columns]
    if lacking:
        there = "、".join(table.frame.columns)
        raise InputError([diagnostic("applications-column-lacking", None, name=path, column="、".join(lacking), there=there)])
    texts = table.frame.with_row_index("_row").with_columns(
        *(pl.lit("").alias(name) for name in (TIME, SCORE) if name not in table.frame.columns)
    )
    texts = texts.with_columns(pl.col(KEY, POLICY, DAY, TIME, SCORE).str.strip_chars())
    mine = texts.filter(pl.col(POLICY).is_in([policy, title]))
    frame = _parsed(mine, is_scored=is_scored)
    faults = mine.filter(frame["fault"] != "").with_columns(fault=frame.filter(pl.col("fault") != "")["fault"])
    found = [_fault(table, row["_row"], row["fault"], row[row["fault"]]) for row in faults.head(SHOWN).iter_rows(named=True)]
    if faults.height > SHOWN:
        found.append(diagnostic("applications-more", None, count=faults.height - SHOWN, name=path))
    if mine.is_empty():
        met = "、".join(texts[POLICY].unique(maintain_order=True).head(5)) or "–"
        found.append(diagnostic("applications-none", None, name=path, policy=policy, met=met))
    named = texts.filter(~pl.col(POLICY).is_in([policy, title])).group_by(POLICY, maintain_order=True).len()
    return Applications(frame, tuple(found), SCORE in table.frame.columns, dict(named.iter_rows()), table.sha256)


def _parsed(texts: pl.DataFrame, *, is_scored: bool) -> pl.DataFrame:
    """Return the cells as days, seconds and points; the first of a row that cannot be read is named in `fault`."""
    day, time, score = pl.col(DAY), pl.col(TIME), pl.col(SCORE)
    date = days_in(day, DAY_FORM)
    clock = pl.when(time == "").then(day.str.extract(DAY_FORM, 4).fill_null("")).otherwise(time)
    hour, minute, second = (clock.str.extract(TIME_FORM, group).cast(pl.Int32) for group in (1, 2, 3))
    seconds = hour * 3600 + minute * 60 + second.fill_null(0)
    is_time = (hour < 24) & (minute < 60) & (second.fill_null(0) < 60)
    parsed = texts.select(
        pl.col(KEY).alias("key"),
        date.alias("date"),
        pl.when(is_time).then(seconds).alias("time"),
        score.alias("score"),
        pl.when((day != "") & date.is_null())
        .then(pl.lit(DAY))
        .when((clock != "") & ~is_time.fill_null(value=False))
        .then(pl.lit(TIME))
        .when(pl.lit(is_scored) & (score != "") & ~score.str.contains(SCORE_FORM))
        .then(pl.lit(SCORE))
        .otherwise(pl.lit(""))
        .alias("fault"),
        pl.col("_row").cast(pl.Int64).alias("line"),
    )
    return parsed.cast(SCHEMA)  # type: ignore[arg-type]  # types of columns by name


def _fault(table: SourceTable, row: int, column: str, value: str) -> Diagnostic:
    place = table.span(row, column if column in table.frame.columns else DAY)
    return diagnostic("applications-cell", place, column=column, value=value, row=table.row_number(row))
