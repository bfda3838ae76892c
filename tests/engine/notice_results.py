"""Results for tests of notices: answers go in, the table that a run would leave comes out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from zhida.assess.cells import missing_cells
from zhida.columnar.parquet import parquet_bytes
from zhida.columnar.spread import ResultColumns
from zhida.entitle.notices.pairs import pairs_of
from zhida.entitle.notices.runs import Run, open_run, run_of
from zhida.entitle.notices.telling import Tally, notices_between, schema
from zhida.policy.pack import Packs
from zhida.report.notice_words import teller

KEY = "代码"
WORDS = pa.dictionary(pa.int32(), pa.string())
WORD_CELLS = ("outcome", "result", "possible", "near", "delivery")
NUMBER_CELLS = ("amount_fen", "low_fen", "high_fen")


@dataclass(frozen=True)
class Given:
    """One answer."""

    outcome: str
    amount_fen: int | None = None
    result: str | None = None
    missing: frozenset[str] = frozenset()
    possible: str | None = None
    low_fen: int | None = None
    high_fen: int | None = None
    delivery: str | None = None
    near: str | None = field(default=None, compare=False)

    @property
    def may_hold(self) -> bool:
        nothing = {"INELIGIBLE", "NOT_APPLICABLE"}
        ruled_out = self.outcome == "UNDETERMINED" and self.possible is not None and set(self.possible.split("、")) <= nothing
        return self.outcome not in nothing and not ruled_out


Answers = Mapping[str, Mapping[str, Given]]
"""Key → policy → answer."""


def results_of(answers: Answers, missing: Mapping[str, Sequence[str]], as_of: str = "2026-03-01", **words: str) -> pa.Table:
    """Return results with one row for each key, in the order given; `missing` names the policies and the bits of each."""
    arrays: dict[str, pa.Array] = {
        KEY: pa.array(list(answers), pa.string()),
        "名称": pa.array([f"{key}公司" for key in answers], pa.string()),
    }
    for policy, names in missing.items():
        cells = [row[policy] for row in answers.values()]
        for cell in WORD_CELLS:
            arrays[f"{policy}:{cell}"] = pa.array([getattr(each, cell) for each in cells], pa.string()).dictionary_encode().cast(WORDS)
        for cell in NUMBER_CELLS:
            arrays[f"{policy}:{cell}"] = pa.array([getattr(each, cell) for each in cells], pa.int64())
        for place, cell in enumerate(missing_cells(len(names))):
            bits = [sum(1 << names.index(name) for name in each.missing) >> place * 64 & (1 << 64) - 1 for each in cells]
            arrays[f"{policy}:{cell}"] = pa.array(bits, pa.uint64())
    metadata = {
        "zhida.as_of": as_of,
        "zhida.engine_version": "1",
        "zhida.policies": json.dumps(dict.fromkeys(missing, "")),
        "zhida.titles": json.dumps({policy: policy.rpartition("/")[2] for policy in missing}),
        "zhida.missing": json.dumps({policy: list(names) for policy, names in missing.items()}),
        "zhida.gives_amount": json.dumps(list(missing)),
    } | {f"zhida.{name}": text for name, text in words.items()}
    return pa.table(arrays).replace_schema_metadata(metadata)


def left_in(folder: Path, table: pa.Table, cuts: Sequence[int] = ()) -> Run:
    """Write results as a folder of parts that are cut before some rows, and open them."""
    parts = folder / "results.parquet"
    parts.mkdir(parents=True)
    bounds = [0, *sorted({cut for cut in cuts if 0 < cut < table.num_rows}), table.num_rows]
    for place, (start, stop) in enumerate(pairwise(bounds)):
        piece = table.slice(start, stop - start)
        (parts / f"part-{place:05}.parquet").write_bytes(parquet_bytes(ResultColumns.of(piece)))
    return open_run(folder)


def told(packs: Packs, former: Run | pa.Table, now: Run | pa.Table, **options: Any) -> tuple[pl.DataFrame, Tally]:  # noqa: ANN401 - those of `pairs_of`
    """Return the notices of two runs, and their tally."""
    language = options.pop("language", "zh")
    threads = options.pop("threads", 1)
    runs = [run_of(run, "results") if isinstance(run, pa.Table) else run for run in (former, now)]
    tally = Tally.of(pairs_of(packs, runs[0], runs[1], **options))
    frames = list(notices_between(runs[0], runs[1], teller(language), tally, threads))
    return pl.concat([pl.DataFrame(schema=schema(runs[1].key)), *frames]), tally
