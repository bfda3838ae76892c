"""The answers of a run, for the pages of enterprises: written once by COPY, read back in one query.

    results, entitlements ──part by part, policy by policy──> one text an enterprise ──COPY──> entitlements_answer
                                                         └──> what each policy came to ──────> entitlements_policyresult

An enterprise's page asks for all answers of one enterprise and for nothing else, so these stand in one row: a list of cells (`CELLS`)
for each policy that has something to show. What is never shown (not in scope, or not eligible and far from it) stands in the
files alone. The rows are derived: they are dropped when a newer run is done, and can be written again from the files.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db import connection

from zhida.assess.assessment import Delivery, Outcome
from zhida.assess.cells import missing_cells
from zhida.policy.front_matter import window_on
from zhida.policy.pack import PolicyModel
from zhida_server import files
from zhida_server.entitlements.data import Answer
from zhida_server.entitlements.kept import PARQUET, Kept, result_paths

CELLS = ("place", "outcome", "amount_fen", "paid_fen", "why", "missing", "low_fen", "high_fen", "near", "delivery", "result")
"""What is kept of each answer, in this order: the place of the policy in the run; the outcome's letter; fen; words; bits of missing
facts, several integers as a list; 0 stands for nothing in all of them, and -1 for an amount that nobody can tell."""

LETTERS = {
    Outcome.ELIGIBLE: "E",
    Outcome.UNDETERMINED: "U",
    Outcome.REVIEW: "R",
    Outcome.INELIGIBLE: "I",
    Outcome.NOT_APPLICABLE: "N",
}
"""The letter of each outcome."""

OUTCOMES = {letter: outcome for outcome, letter in LETTERS.items()}
SHOWN = (Outcome.ELIGIBLE, Outcome.UNDETERMINED, Outcome.REVIEW)
"""The outcomes that a page shows whether or not a line is near."""

WORD = 64
"""Missing facts that one integer holds."""

UNTOLD = -1
"""Stands for an amount that nobody can tell."""

WAYS = tuple(way.value for way in Delivery)


@dataclass(slots=True)
class PolicySums:
    """What a policy comes to, part by part."""

    outcomes: Counter[str] = field(default_factory=Counter)
    """How many enterprises have each outcome."""
    amount_fen: int = 0
    """The sum of what it gives by itself."""
    paid_fen: int = 0
    """The sum of what it gives in everybody's best lawful combination."""


@dataclass(frozen=True, slots=True)
class Part:
    """The answers of a part of the registry, ready for COPY."""

    data: bytes
    """Lines of COPY's text form: number of the result, code, answers."""
    rows: int
    """How many enterprises there are."""


def parts_of(
    kept: Kept, result: int, policies: Sequence[str], missing: Mapping[str, Sequence[str]], sums: Mapping[str, PolicySums]
) -> Iterator[Part]:
    """Yield the answers of a run part by part, adding up what each policy comes to.

    Args:
        kept: The files of the run.
        result: The number of the result that the answers belong to.
        policies: Ids of the policies, in the order of their places.
        missing: The names of missing facts of each policy, in the order of their bits.
        sums: What each policy comes to, filled in.
    """
    with pq.ParquetFile(files.path_of(kept.entitlements, PARQUET)) as paid:
        groups = iter(range(paid.num_row_groups))
        for path in result_paths(kept):
            with pq.ParquetFile(path) as results:
                own = _groups_of(paid, groups, results.metadata.num_rows)
                yield _part(results, paid, own, result, policies, missing, sums)


def _groups_of(paid: pq.ParquetFile, groups: Iterator[int], rows: int) -> list[int]:
    """Return the row groups of the entitlements that a part of the results has."""
    found = []
    while rows > 0:
        group = next(groups)
        rows -= paid.metadata.row_group(group).num_rows
        found.append(group)
    assert rows == 0, "entitlements are cut where results are cut"
    return found


def _part(  # noqa: PLR0913, PLR0917 - the files and what is read of them
    results: pq.ParquetFile,
    paid: pq.ParquetFile,
    groups: list[int],
    result: int,
    policies: Sequence[str],
    missing: Mapping[str, Sequence[str]],
    sums: Mapping[str, PolicySums],
) -> Part:
    """Return the answers of one part."""
    names, paid_names = set(results.schema_arrow.names), set(paid.schema_arrow.names)
    key = results.schema_arrow.names[0]
    codes = results.read(columns=[key]).column(0).cast(pa.string())
    said = []
    for place, policy in enumerate(policies):
        heads = missing_cells(len(missing[policy]))
        cells = ["outcome", "amount_fen", "low_fen", "high_fen", "near", "delivery", "result", *heads]
        table = results.read(columns=[name for cell in cells if (name := f"{policy}:{cell}") in names])
        if f"{policy}:paid_fen" in paid_names and groups:
            own = paid.read_row_groups(groups, columns=[f"{policy}:paid_fen", f"{policy}:why"])
            table = table.append_column("paid_fen", own.column(0)).append_column("why", own.column(1))
        columns = _Columns(policy, table)
        _add(sums[policy], columns)
        said.append(_said(place, columns, heads))
    text = pl.concat_str([pl.lit(each) for each in said]).str.strip_chars_start(",")
    frame = pl.select(result=pl.lit(result), code=pl.Series(pl.from_arrow(codes)), said=pl.lit("[") + text + pl.lit("]"))
    lines = frame.filter(pl.col("said") != "[]").write_csv(include_header=False, separator="\t", quote_style="never")
    return Part(lines.encode(), len(codes))


@dataclass(frozen=True, slots=True)
class _Columns:
    """The cells of one policy."""

    policy: str
    table: pa.Table

    def column(self, cell: str) -> pa.Array | None:
        """Return a column as one array; None where there is none."""
        name = cell if cell in self.table.column_names else f"{self.policy}:{cell}"
        if name not in self.table.column_names:
            return None
        found = self.table.column(name).combine_chunks()
        return found if not isinstance(found, pa.ChunkedArray) else pa.concat_arrays(found.chunks)


def _add(sums: PolicySums, columns: _Columns) -> None:
    outcome = columns.column("outcome")
    for each in outcome.value_counts().to_pylist() if outcome is not None else []:
        sums.outcomes[str(each["values"])] += each["counts"]
    for cell in ("amount_fen", "paid_fen"):
        fen = columns.column(cell)
        total = 0 if fen is None else pc.sum(fen).as_py() or 0
        setattr(sums, cell, getattr(sums, cell) + total)


def _said(place: int, columns: _Columns, heads: Sequence[str]) -> pl.Series:
    """Return what is kept of one policy, a text for each row; empty where there is nothing to show."""
    outcome, near = columns.column("outcome"), columns.column("near")
    assert outcome is not None
    assert near is not None
    is_shown = pc.or_(pc.is_in(outcome.cast(pa.string()), pa.array([each.value for each in SHOWN])), near.is_valid())
    rows = pc.indices_nonzero(is_shown)
    letters = {outcome.value: letter for outcome, letter in LETTERS.items()}
    cells = [
        pl.lit(str(place)),
        _words(outcome.take(rows), letters),
        *(_fen(columns.column(cell), rows, otherwise) for cell, otherwise in (("amount_fen", 0), ("paid_fen", 0))),
        _words(_taken(columns.column("why"), rows)),
        _bits([columns.column(head) for head in heads], rows),
        *(_fen(columns.column(cell), rows, UNTOLD) for cell in ("low_fen", "high_fen")),
        *(_words(_taken(columns.column(cell), rows)) for cell in ("near", "delivery", "result")),
    ]
    found = (
        pl.select(pl.lit(",[") + pl.concat_str(cells, separator=",") + pl.lit("]")).to_series()
        if len(rows)
        else pl.Series([], dtype=pl.String)
    )
    places = pl.DataFrame({"row": pl.Series(pl.from_arrow(rows)).cast(pl.UInt32), "said": found})
    everybody = pl.DataFrame({"row": pl.int_range(len(outcome), dtype=pl.UInt32, eager=True)})
    return everybody.join(places, on="row", how="left", maintain_order="left")["said"].fill_null("")


def _taken(column: pa.Array | None, rows: pa.Array) -> pa.Array | None:
    return None if column is None else column.take(rows)


def _words(column: pa.Array | None, known: Mapping[str, str] | None = None) -> pl.Expr:
    """Return a column of words as they stand in JSON within a line of COPY; 0 where there is none."""
    if column is None:
        return pl.lit("0")
    words = [json.dumps((known or {}).get(word, word), ensure_ascii=False).replace("\\", "\\\\") for word in column.dictionary.to_pylist()]
    texts = pa.array(words, pa.string()).take(column.indices)
    return pl.lit(pl.Series(pl.from_arrow(texts), dtype=pl.String).fill_null("0"))


def _fen(column: pa.Array | None, rows: pa.Array, otherwise: int) -> pl.Expr:
    """Return a column of fen as text."""
    if column is None:
        return pl.lit(str(otherwise))
    return pl.lit(pl.Series(pl.from_arrow(column.take(rows)), dtype=pl.Int64).fill_null(otherwise).cast(pl.String))


def _bits(columns: Sequence[pa.Array | None], rows: pa.Array) -> pl.Expr:
    """Return the bits of missing facts as a list of integers; 0 where nothing is missing."""
    taken = [pl.Series(pl.from_arrow(column.take(rows)), dtype=pl.UInt64).fill_null(0) for column in columns if column is not None]
    if not taken:
        return pl.lit("0")
    is_any = pl.any_horizontal(pl.lit(each) > 0 for each in taken)
    listed = pl.lit("[") + pl.concat_str([pl.lit(each.cast(pl.String)) for each in taken], separator=",") + pl.lit("]")
    return pl.when(is_any).then(listed).otherwise(pl.lit("0"))


# --- into the database, and out of it --------------------------------------------------------------------------------


def copy(part: Part) -> None:
    """Write the answers of a part, in the transaction that is open."""
    with connection.cursor() as cursor, cursor.copy("COPY entitlements_answer (result_id, code, said) FROM STDIN") as out:
        out.write(part.data)


@dataclass(frozen=True, slots=True)
class Heading:
    """How the answers of one policy in one run are read."""

    policy: str
    """`pack/name`."""
    title: str
    """Its title."""
    gives: str
    """What it gives."""
    missing: tuple[str, ...]
    """The names of missing facts, in the order of their bits."""
    window_until: dt.date | None
    """The last day to apply."""


def answers_in(said: str, headings: Sequence[Heading]) -> tuple[Answer, ...]:
    """Return the answers that stand in a row.

    Args:
        said: The row's text.
        headings: How answers of the run are read, in the order of the places.
    """
    return tuple(_answer(cells, headings[cells[0]]) for cells in json.loads(said))


def _answer(cells: Sequence[Any], heading: Heading) -> Answer:
    _, letter, amount, paid, why, missing, low, high, near, delivery, result = cells
    return Answer(
        policy=heading.policy,
        title=heading.title,
        gives=heading.gives,
        outcome=OUTCOMES[letter],
        result=result or "",
        amount_fen=amount,
        paid_fen=paid,
        why_less=why or "",
        missing=_names(missing, heading.missing),
        low_fen=None if low == UNTOLD else low,
        high_fen=None if high == UNTOLD else high,
        near=near or "",
        delivery=delivery or "",
        window_until=heading.window_until,
    )


def _names(bits: list[int] | int, names: Sequence[str]) -> tuple[str, ...]:
    """Return the names whose bits are set.

    >>> _names([5], ("甲", "乙", "丙"))
    ('甲', '丙')
    """
    if not bits:
        return ()
    words = bits if isinstance(bits, list) else [bits]
    return tuple(name for place, name in enumerate(names) if words[place // WORD] >> place % WORD & 1)


def window_end(model: PolicyModel) -> dt.date | None:
    """Return the last day on which one may apply for what a policy gives, seen from the day it is linked for."""
    window = model.policy.front.window
    if window is None:
        return None
    end = window_on(window, model.as_of)[1].end
    return None if end is None else dt.date(end.year, end.month, end.day)
