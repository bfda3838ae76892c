"""The best combinations of a whole registry: in memory, or part by part beside the results of a run.

    results.parquet ─┬─ part 0 ─┐                       threads, in any order
    source ──────────┴─ rows  ──┴─> Combiner ──> entitlements.parquet, entitlements.csv: written in the order of the parts

Each part of the results is combined with the rows of the source that it was made from; their keys are compared one by one. What comes
out depends on the results, the rows of stacking and the payments alone, so it is the same with any number of threads.
"""

import json
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from zhida.assess.columns import NAME, assess_registry
from zhida.assess.feeds import frame_at
from zhida.assess.order import NAME_ATTRIBUTE, RunOrder, policy_digest, population_plan, read_attributes
from zhida.assess.population import Filler, Population, compute_population, with_population
from zhida.assess.registry import known_at
from zhida.assess.renewing import changes_of, fact_columns
from zhida.assess.run import Progress
from zhida.entitle.best.columns import Batch, Combiner
from zhida.entitle.best.lawful import Received
from zhida.entitle.best.payments import DAY, FEN, ITEM, KEY, POLICY, positions_of
from zhida.entitle.best.tally import CombinationSummary, Tally
from zhida.entitle.stacking.caps import with_caps
from zhida.entitle.stacking.structure import structure_of
from zhida.errors import InputError, diagnostic
from zhida.policy.pack import Packs
from zhida.registry_io.fingerprints import row_fingerprints
from zhida.registry_io.former import FACTS_COLUMN, Former, open_former
from zhida.registry_io.registry import Facts, Registry, row_facts
from zhida.registry_io.results import SYNTHETIC_COLUMN, SYNTHETIC_WORD, result_files, results_metadata
from zhida.registry_io.sources import Source
from zhida.registry_io.writing import csv_bytes
from zhida.values.temporal import Date

CSV_HEADS = ("政策", "政策名称", "应得（元）", "实得（元）", "缘由", "兑付方式")
"""The columns of entitlements.csv, after the subject's code and name."""


READ = ("outcome", "amount_fen", "possible", "low_fen", "high_fen", "delivery")
"""The cells of each policy that are read, beside those of missing facts."""

ROWS_AT_A_TIME = 1 << 16
"""Rows that are combined at a time, which is a row group of the entitlements too."""

SHOWN_DIGITS = 12
"""Digits of a digest that an error shows."""

CHANGE_WORDS = {
    "new": ("set of policies", "所含的政策"),
    "date": ("date", "评估日"),
    "engine": ("version of the engine", "引擎版本"),
    "text": ("text of a policy", "政策文本"),
    "dictionary": ("data dictionary", "数据字典"),
    "around": ("place: its parameters, or policies that are used", "地方参数或引用的政策"),
    "data": ("registry", "登记册"),
}
"""In what results may differ, in English and in Chinese."""


def combine_registry(
    packs: Packs, policies: Sequence[str], registry: Registry, *, as_of: Date, received: pl.DataFrame | None = None
) -> pa.Table:
    """Return the best combinations of all subjects of a registry: one row for each, in its order; see `entitle.best.columns`.

    Args:
        packs: The packs, whose rows of stacking count.
        policies: Ids of the policies; their order is the last tie-breaker.
        registry: The registry, in memory.
        as_of: The date of the business fact.
        received: What was received earlier (`entitle.best.payments`).

    Raises:
        CompileError: a policy, or one that it uses, has errors.
    """
    results = assess_registry(packs, policies, registry, as_of=as_of)
    structure = structure_of(packs, policies, as_of)
    wider, caps = with_caps(packs, structure.caps, as_of)
    filled, _ = with_population(wider, caps, registry, as_of)
    return Combiner(packs, policies, as_of=as_of, key=registry.key).decide(filled.frame, results, received)


@dataclass(frozen=True, slots=True)
class Outputs:
    """Where a run writes to; the files are new ones, and take their places when all are whole."""

    parquet: Path
    """The entitlements."""
    csv: Path | None
    """The same for people; None for nothing."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of rows of some results."""

    file: Path
    """The file that it stands in."""
    group: int | None
    """Which of its row groups it is; None for the whole file."""
    start: int
    """How many rows come before it, in all files."""
    rows: int
    """How many rows it has."""


Batches = list[tuple[Batch, pa.Table]]
"""A part, combined, with the ways of delivery of its results."""


@dataclass(slots=True)
class CombineRun:
    """The best combinations of a source, beside results of it."""

    order: RunOrder
    """The policies, the day, and how many threads there are."""
    source: Source
    """The subjects."""
    results: Path
    """The results of the same run."""
    received: pl.DataFrame | None = None
    """What was received earlier."""
    threads: int = 1
    """How many parts are worked on at a time."""
    progress: Progress = field(default_factory=Progress)
    """How far it is."""
    _own: threading.local = field(default_factory=threading.local)
    _opened: list[Combiner] = field(default_factory=list)
    _population: Population | None = None
    _facts: tuple[str, ...] = ()

    def run(self, outputs: Outputs) -> CombinationSummary:
        """Combine all parts, and write them in their order; returns what it came to.

        Raises:
            InputError: combine-rows-differ, results-unreadable; what the source finds.
        """
        parts = stretches_of(self.results)
        self.progress.rows, self.progress.parts = sum(part.rows for part in parts), len(parts)
        self._population = self._computed()
        self._facts = compared_facts(self.results)
        combiner = self._combiner()
        is_synthetic = self.source.metadata.get("zhida.synthetic") == "true"
        tally = Tally(combiner, registry=self.order.registry or self.source.name, is_synthetic=is_synthetic)
        with _Writer(outputs, is_synthetic=is_synthetic) as writer:
            for batches in self._in_threads(parts):
                for batch, results in batches:
                    tally.add(batch)
                    writer.write(combiner, batch, results)
                    self.progress.rows_done += batch.situations.count
                self.progress.parts_done += 1
                self.progress.tell(self.progress)
        for each in self._opened[:1]:
            if each.limits is not None:
                each.limits.keep()
        return tally.summary(self._elsewhere(combiner))

    def _computed(self) -> Population:
        """Compute the population facts that caps rest on."""
        order = self._order_of_caps()
        planned = population_plan(order)
        columns = (self.source.key, *fact_columns(read_attributes(order), self.source.key))
        return compute_population(planned, lambda: (self.source.read(part, columns) for part in self.source.parts), self.order.as_of)

    def _order_of_caps(self) -> RunOrder:
        order = self.order
        wider, caps = with_caps(order.packs, structure_of(order.packs, order.policies, order.as_of).caps, order.as_of)
        return RunOrder(wider, caps, order.dictionary, order.as_of)

    def _combiner(self) -> Combiner:
        """Return the combiner of this thread."""
        if not hasattr(self._own, "combiner"):
            order = self.order
            made = Combiner(order.packs, order.policies, as_of=order.as_of, key=self.source.key, cache=order.cache)
            self._own.combiner, self._own.filler = made, None if self._population is None else Filler(self._population)
            self._opened.append(made)
        found: Combiner = self._own.combiner
        return found

    def _in_threads(self, parts: Sequence[Stretch]) -> Iterator[Batches]:
        """Yield parts in their order, worked on by several threads, a few ahead."""
        remaining = iter(parts)
        columns = self._read_columns()
        self.progress.is_waiting = True
        with ThreadPoolExecutor(self.threads) as pool:
            pending: list[Future[Batches]] = [pool.submit(self._part, columns, part) for part in islice(remaining, self.threads)]
            try:
                while pending:
                    done = self._awaited(pending[0])
                    pending.pop(0)
                    pending += [pool.submit(self._part, columns, part) for part in islice(remaining, 1)]
                    yield done
            finally:
                pool.shutdown(cancel_futures=True)
                self.progress.is_waiting = False

    def _awaited(self, future: "Future[Batches]") -> Batches:
        while not self.progress.is_asked_to_stop:
            try:
                return future.result(timeout=1)
            except TimeoutError:
                if future.done():
                    raise
        raise KeyboardInterrupt

    def _read_columns(self) -> tuple[str, ...]:
        """Return the columns of the source that caps rest on."""
        order = self._order_of_caps()
        names = (*(read_attributes(order) if order.policies else ()), *self._facts)
        return (self.source.key, *fact_columns(dict.fromkeys(names), self.source.key))

    def _part(self, columns: Sequence[str], part: Stretch) -> Batches:
        """Read one part of the results, and combine it by a few rows at a time, which stay near the processor."""
        combiner = self._combiner()
        results = read_results(part.file, combiner.policies, part.group)
        read = list(self._rows(part.start, part.rows, columns))
        frame = pl.concat(read) if read else self.source.read(self.source.parts[0], columns).clear()
        _check_keys(self.results, frame, results, part.start)
        if self._facts:
            _check_facts(self.results, frame, results, fact_columns(self._facts, self.source.key))
        filler: Filler | None = self._own.filler
        filled = frame if filler is None else filler.fill(frame)
        found = []
        for start in range(0, max(part.rows, 1), ROWS_AT_A_TIME):
            own = results.slice(start, ROWS_AT_A_TIME)
            batch = combiner.combine(filled.slice(start, ROWS_AT_A_TIME), own, self.received)
            found.append((batch, own.select([f"{policy}:delivery" for policy in combiner.policies])))
        return found

    def _rows(self, start: int, count: int, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield a stretch of the rows of the source, part by part."""
        for part in self.source.parts:
            first, last = max(start, part.start), min(start + count, part.start + part.rows)
            if first < last:
                frame = self.source.read(part, columns)
                yield frame if last - first == part.rows else frame.slice(first - part.start, last - first)

    def _elsewhere(self, combiner: Combiner) -> int:
        """Return how many payments are of none of the policies."""
        if self.received is None:
            return 0
        known = positions_of(combiner.structure, combiner.packs, self.received[POLICY].unique().to_list())
        return int((~self.received[POLICY].is_in(list(known))).sum())


def stretches_of(results: Path) -> list[Stretch]:
    """Return the row groups of some results, in the order of their rows: what is read at a time.

    Raises:
        InputError: file-not-found, results-unreadable.
    """
    found: list[Stretch] = []
    start = 0
    for file in result_files(results):
        try:
            metadata = pq.read_metadata(file)
        except (OSError, pa.ArrowException) as error:
            raise InputError([diagnostic("results-unreadable", None, name=file)]) from error
        for group in range(metadata.num_row_groups):
            rows = metadata.row_group(group).num_rows
            found.append(Stretch(file, group, start, rows))
            start += rows
    return found or [Stretch(result_files(results)[0], None, 0, 0)]


def read_results(file: Path, policies: Sequence[str], group: int | None = None) -> pa.Table:
    """Return what is needed of a part of results.

    Args:
        file: The part.
        policies: The policies that are combined.
        group: One of its row groups; None for all of them.

    Raises:
        InputError: results-unreadable.
    """
    try:
        with pq.ParquetFile(file) as opened:
            names = opened.schema_arrow.names
            wanted = {f"{policy}:{cell}" for policy in policies for cell in READ}
            heads = {f"{policy}:missing" for policy in policies}
            kept = [name for name in names if name in wanted or name in heads or name.rpartition(":")[0] in heads]
            columns = [names[0], NAME, *kept, *([FACTS_COLUMN] if FACTS_COLUMN in names else [])]
            return opened.read(columns=columns) if group is None else opened.read_row_group(group, columns=columns)
    except (OSError, pa.ArrowException) as error:
        raise InputError([diagnostic("results-unreadable", None, name=file)]) from error


def _check_keys(results: Path, frame: pl.DataFrame, table: pa.Table, start: int) -> None:
    """See that results and rows are of the same subjects."""
    keys = pl.Series(frame[frame.columns[0]]).cast(pl.String)
    told = pl.Series(pl.from_arrow(table.column(0).cast(pa.string())))
    if len(keys) == len(told) and keys.equals(told):
        return
    count = min(len(keys), len(told))
    differs = (keys.head(count) != told.head(count)).arg_true()
    row = int(differs[0]) if len(differs) else count
    found, expected = (series[row] if row < len(series) else "–" for series in (told, keys))
    raise InputError([diagnostic("combine-rows-differ", None, name=results, found=found, expected=expected, row=start + row + 1)])


def _check_facts(results: Path, frame: pl.DataFrame, table: pa.Table, columns: Sequence[str]) -> None:
    """See that results were made of the facts that the rows have now, where the source itself does not say which it holds."""
    now, then = row_fingerprints(frame, columns), table.column(FACTS_COLUMN).to_numpy()
    differs = np.flatnonzero(now != then)
    if len(differs):
        row = int(differs[0])
        code = str(frame[frame.columns[0]][row])
        found, expected = (f"{code}@{int(each[row]):x}"[: len(code) + 1 + SHOWN_DIGITS] for each in (then, now))
        raise _differ(results, "data", found, expected)


def compared_facts(results: Path) -> tuple[str, ...]:
    """Return the attributes whose fingerprints are compared: those of results whose source does not say which data it holds.

    Nothing where it does, or where population facts count, which no row has by itself.
    """
    metadata = results_metadata(results)
    if metadata.get("zhida.known_at") or "zhida.population" in metadata or "zhida.facts" not in metadata:
        return ()
    facts: list[str] = json.loads(metadata["zhida.facts"])
    return tuple(facts)


def fitting_results(order: RunOrder, source: Source, results: Path) -> Former:
    """Return results that were assessed before, if they are of the same policies, day and registry.

    Args:
        order: What is to be combined.
        source: The subjects.
        results: results.parquet, or its folder.

    Raises:
        InputError: file-not-found, run-former-unusable, combine-results-differ.
    """
    former = open_former(results, source.key)
    changes = changes_of(order, former)
    if changes:
        policy, change = next(iter(changes.items()))
        if change == "date":
            raise _differ(results, change, former.words.get("zhida.as_of", ""), str(order.as_of))
        then, now = former.digests.get(policy, "–"), policy_digest(order, policy)
        raise _differ(results, change, f"{policy}@{then[:SHOWN_DIGITS]}", f"{policy}@{now[:SHOWN_DIGITS]}")
    then, now = former.words.get("zhida.known_at", ""), known_at(source.metadata)
    if then != now:
        raise _differ(results, "data", then or "–", now or "–")
    return former


def _differ(results: Path, change: str, found: str, expected: str) -> InputError:
    what, what_zh = CHANGE_WORDS[change]
    words = {"what": what, "what_zh": what_zh, "found": found, "expected": expected}
    return InputError([diagnostic("combine-results-differ", None, name=results, **words)])


class _Writer:
    """Writes entitlements part by part."""

    def __init__(self, outputs: Outputs, *, is_synthetic: bool) -> None:
        self.outputs, self.is_synthetic = outputs, is_synthetic
        self.parquet: pq.ParquetWriter | None = None
        self.csv: BinaryIO | None = None
        self.is_first = True

    def __enter__(self) -> Self:
        if self.outputs.csv is not None:
            self.csv = self.outputs.csv.open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self.parquet, self.csv):
            if each is not None:
                each.close()

    def write(self, combiner: Combiner, batch: Batch, results: pa.Table) -> None:
        """Write a part."""
        table = batch.table
        if self.parquet is None:
            words = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
            settings = {"compression": "zstd", "compression_level": 1, "use_dictionary": words, "write_statistics": [table.schema.names[0]]}
            self.parquet = pq.ParquetWriter(self.outputs.parquet, table.schema, write_page_checksum=True, **settings)
        self.parquet.write_table(table, row_group_size=max(table.num_rows, 1))
        if self.csv is not None:
            frame = long_form(combiner, batch, results, is_synthetic=self.is_synthetic)
            self.csv.write(csv_bytes(frame, is_first=self.is_first))
        self.is_first = False


def long_form(combiner: Combiner, batch: Batch, results: pa.Table, *, is_synthetic: bool = False) -> pl.DataFrame:
    """Return a row for each subject and policy that is taken or given up, in words; amounts in yuan (Decimal).

    Args:
        combiner: What combined.
        batch: What it found.
        results: The results of the same rows.
        is_synthetic: Whether the data are invented.
    """
    table, policies = batch.table, combiner.policies
    count = table.num_rows
    said = np.zeros((len(policies), count), np.bool_)
    frames = []
    for position, policy in enumerate(policies):
        why = table.column(f"{policy}:why")
        is_open = np.array([bool(word) and word.startswith("待核定") for word in _words(why)], np.bool_)
        lacks = ~why.is_null().combine_chunks().to_numpy(zero_copy_only=False)
        said[position] = batch.found.taken[position] | (lacks & ~is_open[_places(why)])
        rows = np.flatnonzero(said[position])
        frames.append(
            pl.DataFrame(
                {
                    "_row": rows,
                    "_policy": np.full(len(rows), position, np.int64),
                    CSV_HEADS[0]: pl.Series([policy], dtype=pl.String).new_from_index(0, len(rows)),
                    CSV_HEADS[1]: pl.Series([combiner.packs.policies[policy].front.title], dtype=pl.String).new_from_index(0, len(rows)),
                    CSV_HEADS[2]: batch.situations.amounts[position, rows],
                    CSV_HEADS[3]: batch.found.paid[position, rows],
                    CSV_HEADS[4]: _texts(why, rows),
                    CSV_HEADS[5]: _texts(results.column(f"{policy}:delivery"), rows),
                }
            )
        )
    long = pl.concat(frames).sort("_row", "_policy")
    rows = long["_row"].to_numpy()
    fen = [(pl.col(name).cast(pl.Decimal(38, 2)).truediv(pl.lit(100))).cast(pl.Decimal(38, 2)) for name in CSV_HEADS[2:4]]
    own = [pl.Series(KEY, table.column(0).take(pa.array(rows)).to_pylist(), pl.String)]
    own.append(pl.Series(NAME, table.column(1).take(pa.array(rows)).to_pylist(), pl.String))
    found = long.with_columns(fen).with_columns(own).select(KEY, NAME, *CSV_HEADS)
    return found.with_columns(pl.lit(SYNTHETIC_WORD).alias(SYNTHETIC_COLUMN)) if is_synthetic else found


def _words(column: pa.ChunkedArray) -> list[str]:
    """Return the words of a column of one chunk, and an empty one behind them."""
    return [*column.combine_chunks().dictionary.to_pylist(), ""]


def _places(column: pa.ChunkedArray) -> np.ndarray:
    """Return the place of each row's word; that of the empty one where there is none."""
    array = column.combine_chunks()
    found: np.ndarray = array.indices.fill_null(len(array.dictionary)).to_numpy()
    return found


def _texts(column: pa.ChunkedArray, rows: np.ndarray) -> pl.Series:
    """Return the words of some rows."""
    return pl.Series(column.combine_chunks().cast(pa.string()).take(pa.array(rows)).to_pylist(), dtype=pl.String)


# --- one subject ---------------------------------------------------------------------------------------------------


def facts_of(order: RunOrder, source: Source, code: str) -> tuple[Facts, str]:
    """Return what is known of one subject, population facts included, and what it is called.

    Args:
        order: The policies and the day.
        source: The subjects.
        code: The subject's code.

    Raises:
        InputError: registry-unknown-subject; what the source finds.
    """
    wider, caps = with_caps(order.packs, structure_of(order.packs, order.policies, order.as_of).caps, order.as_of)
    whole = replace(order, packs=wider, policies=(*order.policies, *caps))
    planned = population_plan(whole)
    columns = (source.key, *fact_columns(read_attributes(whole), source.key))
    part = next((each for each in source.parts if each.first_key <= code <= each.last_key), None)
    frame = None if part is None else source.read(part, columns).filter(pl.col(source.key).cast(pl.String) == code)
    if frame is None or frame.is_empty():
        raise InputError([diagnostic("registry-unknown-subject", None, key=code, near="", count=source.rows or 0)])
    population = compute_population(planned, lambda: (source.read(each, columns) for each in source.parts), order.as_of)
    filled = frame_at(Filler(population).fill(frame), order.as_of)
    facts = row_facts(filled.columns, filled.row(0))
    return facts, str(facts.get(NAME_ATTRIBUTE) or "")


def payments_to(received: pl.DataFrame | None, code: str) -> list[tuple[str, Received]]:
    """Return what one subject received, by the id of the policy."""
    if received is None:
        return []
    own = received.filter(pl.col(KEY) == code)
    return [
        (row[POLICY], Received(-1, row[FEN], Date(row[DAY].year, row[DAY].month, row[DAY].day), row[ITEM]))
        for row in own.iter_rows(named=True)
    ]
