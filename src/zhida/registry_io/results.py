"""Results of a registry run: a frame with one row for each subject, and its long form for people.

    wide   <key> | <policy>:outcome :result :amount_fen :missing :possible :near :delivery :diagnostics :review :<table> …    Parquet
    long   one row for each subject and policy, in words                                                            CSV

The wide form holds the rule that fired in each table, so that every explanation can be made later from the registry,
the policies and `as_of` that the file's metadata names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from zhida.registry_io.writing import write_csv, write_parquet


@dataclass(frozen=True, slots=True)
class PolicyColumns:
    """One policy's part of the frame."""

    policy: str
    """`pack/name`."""
    title: str
    """Its title."""
    tables: tuple[str, ...]
    """The names of its decision tables, each of which has a column of rule numbers."""


@dataclass(frozen=True, slots=True)
class ResultCells:
    """What one policy says for one subject, as text and integers."""

    outcome: str
    """The outcome."""
    result: str | None
    """The status, where the policy gives one."""
    amount_fen: int | None
    """The amount in fen."""
    missing: tuple[str, ...]
    """Missing facts and parameters."""
    possible: tuple[str, ...]
    """Possible answers, where the outcome is undetermined."""
    near: str | None
    """The nearest miss in words."""
    delivery: str | None
    """The way of delivery."""
    diagnostics: tuple[str, ...]
    """Codes of what was odd."""
    review: str | None
    """Why a person must look, in words; None where nobody must."""
    rules: tuple[str | None, ...]
    """For each table, the rule that fired; None where none did for certain."""


FIELDS: Mapping[str, pl.DataType] = {
    "outcome": pl.String(),
    "result": pl.String(),
    "amount_fen": pl.Int64(),
    "missing": pl.List(pl.String()),
    "possible": pl.List(pl.String()),
    "near": pl.String(),
    "delivery": pl.String(),
    "diagnostics": pl.List(pl.String()),
    "review": pl.String(),
}
"""The columns of each policy, beside one for each of its tables; `amount_fen` is in fen."""

LONG_HEADS = ("政策", "政策名称", "结论", "结果", "金额（元）", "缺的事实", "可能的结果", "差一步", "兑付方式", "需人工核对的原因")
"""The columns of the long form, after the subject's code and name."""

SYNTHETIC_COLUMN, SYNTHETIC_WORD = "数据性质", "合成数据 synthetic"


def results_frame(
    key: str, codes: Sequence[str], names: Sequence[str | None], policies: Sequence[PolicyColumns], rows: Sequence[Sequence[ResultCells]]
) -> pl.DataFrame:
    """Return the wide frame.

    Args:
        key: The attribute that names a subject; the first column.
        codes: The subjects, in order.
        names: What they are called; the second column, `企业名称`.
        policies: The policies, in order.
        rows: For each subject, one cell for each policy.
    """
    columns: dict[str, pl.Series] = {key: pl.Series(key, codes, dtype=pl.String), "名称": pl.Series("名称", names, dtype=pl.String)}
    for place, policy in enumerate(policies):
        cells = [row[place] for row in rows]
        for field, type_ in FIELDS.items():
            name = f"{policy.policy}:{field}"
            values = [getattr(cell, field) for cell in cells]
            columns[name] = pl.Series(name, [list(value) if isinstance(value, tuple) else value for value in values], dtype=type_)
        for table_place, table in enumerate(policy.tables):
            name = f"{policy.policy}:{table}"
            columns[name] = pl.Series(name, [cell.rules[table_place] for cell in cells], dtype=pl.String)
    return pl.DataFrame(columns)


def first_near_miss(path: Path, policies: Sequence[str]) -> tuple[str, str] | None:
    """Return a subject that is one step away, and from what: the first in the first of the policies that has any, or None.

    Args:
        path: A results.parquet.
        policies: Ids of the policies.
    """
    for policy in policies:
        near = f"{policy}:near"
        found = pl.scan_parquet(path).filter(pl.col(near).is_not_null()).select(pl.first()).head(1).collect()
        if found.height:
            return str(found.item()), policy
    return None


def long_form(frame: pl.DataFrame, policies: Sequence[PolicyColumns], *, outcome_words: Mapping[str, str]) -> pl.DataFrame:
    """Return one row for each subject and policy, in the order of the subjects.

    Args:
        frame: The wide frame.
        policies: The policies that it holds.
        outcome_words: What the outcomes are called.
    """
    key = frame.columns[0]
    parts = []
    for place, policy in enumerate(policies):
        column = {field: pl.col(f"{policy.policy}:{field}") for field in FIELDS}
        parts.append(
            frame.lazy()
            .with_row_index("_row")
            .select(
                "_row",
                pl.lit(place).alias("_policy"),
                pl.col(key),
                pl.col("名称"),
                pl.lit(policy.policy).alias("政策"),
                pl.lit(policy.title).alias("政策名称"),
                column["outcome"].replace_strict(outcome_words, default=column["outcome"]).alias("结论"),
                column["result"].alias("结果"),
                column["amount_fen"].cast(pl.Decimal(38, 2)).truediv(pl.lit(100)).cast(pl.Decimal(38, 2)).alias("金额（元）"),
                column["missing"].list.join("、").replace("", None).alias("缺的事实"),
                column["possible"].list.eval(pl.element().replace(outcome_words)).list.join("、").replace("", None).alias("可能的结果"),
                column["near"].alias("差一步"),
                column["delivery"].alias("兑付方式"),
                column["review"].alias("需人工核对的原因"),
            )
        )
    return pl.concat(parts).sort("_row", "_policy").drop("_row", "_policy").collect()


def write_results(
    frame: pl.DataFrame,
    policies: Sequence[PolicyColumns],
    directory: Path,
    metadata: Mapping[str, str],
    *,
    outcome_words: Mapping[str, str],
) -> tuple[Path, Path]:
    """Write results.parquet (wide) and results.csv (long, safe against spreadsheet formulas) into a folder that exists.

    Args:
        frame: The wide frame.
        policies: The policies that it holds.
        directory: The folder.
        metadata: What the run was made of; `zhida.synthetic` marks every row of the CSV.
        outcome_words: What the outcomes are called in the CSV.

    Raises:
        InputError: registry-write-failed.
    """
    parquet, csv = directory / "results.parquet", directory / "results.csv"
    write_parquet(frame, parquet, metadata)
    table = long_form(frame, policies, outcome_words=outcome_words)
    if metadata.get("zhida.synthetic") == "true":
        table = table.with_columns(pl.lit(SYNTHETIC_WORD).alias(SYNTHETIC_COLUMN))
    write_csv(table, csv)
    return parquet, csv
