"""Results of a run over a registry, read: the wide form that a run leaves, and the long form for people as a view of it.

    wide   <key> 名称 | <policy>:outcome :result :amount_fen :missing … :<table> …      results.parquet: a file, or a folder of parts
    long   one row for each subject and policy, in words                               made when it is asked for

The wide form holds the rule that fired in each table, so that every explanation can be made later from the registry,
the policies and `as_of` that its metadata names. Words stand in dictionaries, missing facts are bits whose names are in
the metadata; `zhida.assess.columns` says what each column is.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import polars as pl

from zhida.errors import InputError, diagnostic
from zhida.registry_io.replacing import replacing
from zhida.registry_io.writing import csv_bytes, csv_records

RESULTS_FILE = "results.parquet"

LONG_HEADS = ("政策", "政策名称", "结论", "结果", "金额（元）", "缺的事实", "可能的结果", "差一步", "兑付方式", "需人工核对的原因")
"""The columns of the long form, after the subject's code and name."""

SYNTHETIC_COLUMN, SYNTHETIC_WORD = "数据性质", "合成数据 synthetic"
"""The last column of the long form where the registry is invented."""

NO_RANGE, NO_LIST = "金额无法给出范围", "见逐户说明"
"""Said of an amount, or a status, that is open, and of which nothing can be told for all alike."""

ETC = "等"
"""Stands behind possible answers where there may be others."""

JOINED = "、"
"""Stands between the words of a list."""

ELIGIBLE, UNDETERMINED = "ELIGIBLE", "UNDETERMINED"
"""The outcomes of which an amount may be told."""

WORD = 64
"""Missing facts that one integer holds."""

STEP = 20_000
"""Subjects whose rows are written together."""


def result_files(results: Path) -> list[Path]:
    """Return the files of some results, in the order of their rows.

    Args:
        results: results.parquet, which is a file or a folder of parts, or the folder that it stands in.

    Raises:
        InputError: file-not-found.
    """
    place = results / RESULTS_FILE if (results / RESULTS_FILE).exists() else results
    files = sorted(place.glob("part-*.parquet")) if place.is_dir() else [place]
    if not files or not files[0].exists():
        raise InputError([diagnostic("file-not-found", None, name=place)])
    return files


def results_metadata(results: Path) -> dict[str, str]:
    """Return what results say of themselves: the policies, the day, the registry, the names of missing facts.

    Raises:
        InputError: file-not-found, results-unreadable.
    """
    file = result_files(results)[0]
    try:
        found = pl.read_parquet_metadata(file)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(file) from error
    if "zhida.missing" not in found:
        raise _unreadable(file)
    return {name: value for name, value in found.items() if name.startswith("zhida.")}


def _unreadable(path: Path) -> InputError:
    return InputError([diagnostic("results-unreadable", None, name=path)])


def read_row(results: Path, code: str, policy: str = "") -> dict[str, Any] | None:
    """Return the row of one subject, words as texts; None where it has none.

    Args:
        results: results.parquet: a file or a folder.
        code: The subject's code.
        policy: The id of the only policy whose cells are wanted; empty for all.

    Raises:
        InputError: file-not-found, results-unreadable.
    """
    files = result_files(results)
    try:
        for file in files:
            wide = pl.scan_parquet(file)
            names = wide.collect_schema().names()
            wanted = [name for name in names if name == names[0] or not policy or name.startswith(f"{policy}:")]
            found = wide.select(wanted).filter(pl.first() == code).head(1).collect()
            if found.height:
                return found.with_columns(pl.col(pl.Categorical).cast(pl.String)).row(0, named=True)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(file) from error
    return None


def first_near_miss(results: Path, policies: Sequence[str]) -> tuple[str, str] | None:
    """Return a subject that is one step away, and from what: the first in the first of the policies that has any, or None.

    Args:
        results: results.parquet: a file or a folder.
        policies: Ids of the policies.
    """
    files = result_files(results)
    for policy in policies:
        for file in files:
            found = pl.scan_parquet(file).filter(pl.col(f"{policy}:near").is_not_null()).select(pl.first()).head(1).collect()
            if found.height:
                return str(found.item()), policy
    return None


# --- the long form -------------------------------------------------------------------------------------------------


def long_form(results: Path, *, outcome_words: Mapping[str, str] | None = None) -> pl.LazyFrame:
    """Return a view with one row for each subject and policy, in the order of the subjects: nothing is read before it is collected.

    Columns: the key and `名称`, then `LONG_HEADS`; amounts in yuan with two decimals (Decimal), all else texts; last
    `SYNTHETIC_COLUMN` where the registry is invented.

    Args:
        results: results.parquet: a file or a folder.
        outcome_words: What the outcomes are called; ELIGIBLE, INELIGIBLE, … by default.

    Raises:
        InputError: file-not-found, results-unreadable.
    """
    metadata = results_metadata(results)
    return pl.concat([_long(pl.scan_parquet(file), metadata, outcome_words or {}) for file in result_files(results)])


def write_long(results: Path, path: Path, *, outcome_words: Mapping[str, str]) -> None:
    """Write the long form as CSV, a stretch of subjects at a time: UTF-8 with a byte order mark, safe against spreadsheet formulas.

    Args:
        results: results.parquet: a file or a folder.
        path: The file to write; replaced whole or not at all.
        outcome_words: What the outcomes are called.

    Raises:
        InputError: file-not-found, results-unreadable, registry-write-failed.
    """
    metadata = results_metadata(results)
    with replacing(path) as new, new.open("wb") as out:
        is_first = True
        for file in result_files(results):
            wide = pl.scan_parquet(file)
            rows = wide.select(pl.len()).collect().item()
            for start in range(0, max(rows, 1), STEP):
                out.writelines(_stretch(wide.slice(start, STEP).collect(), metadata, outcome_words, is_first=is_first))
                is_first = False


def _stretch(wide: pl.DataFrame, metadata: Mapping[str, str], outcome_words: Mapping[str, str], *, is_first: bool) -> Iterator[bytes]:
    """Yield the long form of some rows as CSV.

    What is said of a subject by a policy is mostly said of many: each different record is written once, and put together with
    the subject's own cells as it stands.
    """
    heads = csv_records(wide.select(pl.first(), "名称")) if wide.height else None
    tails = None if heads is None else _tails(wide, metadata, outcome_words)
    if heads is None or not tails:
        yield csv_bytes(_long(wide.lazy(), metadata, outcome_words).collect(), is_first=is_first)
        return
    if is_first:
        heads_of_all = [wide.columns[0], "名称", *LONG_HEADS, *([SYNTHETIC_COLUMN] if metadata.get("zhida.synthetic") == "true" else [])]
        yield csv_bytes(pl.DataFrame(schema=heads_of_all))
    yield from ((head + b",").join((b"", *said)) for head, said in zip(heads, zip(*tails, strict=True), strict=True))


def _tails(wide: pl.DataFrame, metadata: Mapping[str, str], outcome_words: Mapping[str, str]) -> list[Iterator[bytes]] | None:
    """Return for each policy what stands behind a subject's own cells in each row of the long form, with the end of the line."""
    titles, missing = json.loads(metadata["zhida.titles"]), json.loads(metadata["zhida.missing"])
    gives_amount = frozenset(json.loads(metadata["zhida.gives_amount"]))
    said: list[pl.DataFrame] = []
    places: list[list[int]] = []
    for policy, title in titles.items():
        cells = _cells(policy, title, missing[policy], outcome_words, gives_amount=policy in gives_amount)
        if metadata.get("zhida.synthetic") == "true":
            cells.append(pl.lit(SYNTHETIC_WORD).alias(SYNTHETIC_COLUMN))
        names = list(dict.fromkeys(name for cell in cells for name in cell.meta.root_names()))
        alike = wide.select(names).with_row_index("_row").group_by(names, maintain_order=True).agg("_row")
        said.append(alike.select(cells))
        numbered = alike.select("_row", pl.int_range(pl.len()).alias("_place"))
        places.append(numbered.explode("_row").sort("_row")["_place"].to_list())
    records = csv_records(pl.concat(said)) if said else []
    if records is None:
        return None
    ends = accumulate([frame.height for frame in said], initial=0)
    lines = [record + b"\n" for record in records]
    return [map(lines[start : start + len(frame)].__getitem__, each) for start, frame, each in zip(ends, said, places, strict=False)]


def _long(wide: pl.LazyFrame, metadata: Mapping[str, str], outcome_words: Mapping[str, str]) -> pl.LazyFrame:
    """Return the long form of some rows."""
    titles, missing = json.loads(metadata["zhida.titles"]), json.loads(metadata["zhida.missing"])
    gives_amount = frozenset(json.loads(metadata["zhida.gives_amount"]))
    key = wide.collect_schema().names()[0]
    subject = (pl.col(key), pl.col("名称"))
    parts = [
        wide.with_row_index("_row").select(
            "_row",
            pl.lit(place).alias("_policy"),
            *subject,
            *_cells(policy, title, missing[policy], outcome_words, gives_amount=policy in gives_amount),
        )
        for place, (policy, title) in enumerate(titles.items())
    ]
    if not parts:
        return wide.clear().select(*subject, *(pl.lit(None, pl.String).alias(head) for head in LONG_HEADS))
    # A file is a part of bounded size: to sort it costs a tenth of gathering what belongs to a subject in a list.
    long = pl.concat(parts).sort("_row", "_policy").drop("_row", "_policy")
    if metadata.get("zhida.synthetic") == "true":
        long = long.with_columns(pl.lit(SYNTHETIC_WORD).alias(SYNTHETIC_COLUMN))
    return long


def _cells(policy: str, title: str, missing: Sequence[str], outcome_words: Mapping[str, str], *, gives_amount: bool) -> list[pl.Expr]:
    """Return what the long form says of one policy."""

    def text(cell: str) -> pl.Expr:
        return pl.col(f"{policy}:{cell}").cast(pl.String)

    outcome = text("outcome")
    said = (
        pl.lit(policy),
        pl.lit(title),
        outcome.replace(outcome_words),
        text("result"),
        _yuan(pl.col(f"{policy}:amount_fen")),
        _names(policy, missing),
        _possible(policy, outcome_words, gives_amount=gives_amount),
        text("near"),
        text("delivery"),
        text("review"),
    )
    return [column.alias(head) for column, head in zip(said, LONG_HEADS, strict=True)]


def _yuan(fen: pl.Expr) -> pl.Expr:
    return fen.cast(pl.Decimal(38, 2)).truediv(pl.lit(100)).cast(pl.Decimal(38, 2))


def _names(policy: str, missing: Sequence[str]) -> pl.Expr:
    """Return the missing facts by name."""
    if not missing:
        return pl.lit(None, pl.String)
    bits = [pl.col(f"{policy}:missing:{place}" if place else f"{policy}:missing") for place in range(-(-len(missing) // WORD))]

    def named(found: tuple[int, ...]) -> str:
        return JOINED.join(sorted(name for place, name in enumerate(missing) if found[place // WORD] >> place % WORD & 1))

    return _for_each(pl.struct(bits), lambda found: named(tuple(found.values())) or None)


def _possible(policy: str, outcome_words: Mapping[str, str], *, gives_amount: bool) -> pl.Expr:
    """Return the possible answers in words; amounts of money from the least to the greatest stand for being eligible."""
    possible, low, high = (pl.col(f"{policy}:{cell}") for cell in ("possible", "low_fen", "high_fen"))

    def worded(said: str) -> str | None:
        known = said.removesuffix(ETC).split(JOINED)
        words = JOINED.join(outcome_words.get(word, word) for word in known if not (gives_amount and word == ELIGIBLE))
        return words + ETC * (said.endswith(ETC) and not gives_amount) or None

    others = _for_each(possible.cast(pl.String), worded)
    if not gives_amount:
        return others.replace(ETC, NO_LIST)
    etc = pl.when(possible.cast(pl.String).str.ends_with(ETC)).then(pl.lit(ETC)).otherwise(pl.lit(""))
    least, most = (_yuan(fen).cast(pl.String) + " 元" for fen in (low, high))
    amounts = pl.when(low == high).then(least).otherwise(least + " 至 " + most)
    told = pl.concat_str([amounts, others], separator=JOINED, ignore_nulls=True).replace("", None) + etc
    is_open = pl.col(f"{policy}:outcome").cast(pl.String) == UNDETERMINED
    return pl.when(is_open & told.is_null()).then(pl.lit(NO_RANGE)).otherwise(told)


def _for_each(column: pl.Expr, word: Callable[[Any], str | None]) -> pl.Expr:
    """Return a word for each value of a column; it is made once for each that occurs."""

    def words(values: pl.Series) -> pl.Series:
        met = values.unique().drop_nulls()
        if met.is_empty():
            return pl.Series(values.name, [None] * len(values), pl.String)
        return values.replace_strict(met, pl.Series([word(value) for value in met], dtype=pl.String), default=None, return_dtype=pl.String)

    return column.map_batches(words, return_dtype=pl.String, is_elementwise=True)
