"""Deciding one side of a scenario: the same columns that a run writes, without what is nearly met.

    frame ──Filler──> with population facts ──RegistryColumns──> table of results
    former results, where they are of the same policy, day and registry ──> the same table, read

One thread at a time uses a side; each thread opens its own.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from zhida.assess.columns import OUTCOMES, RegistryColumns, open_run
from zhida.assess.order import RunOrder, policy_digest, population_plan, read_attributes
from zhida.assess.population import Filler, Population, compute_population
from zhida.assess.registry import known_at
from zhida.assess.renewing import fact_columns
from zhida.entitle.best.claims import claim_of
from zhida.registry_io.former import Former, open_former
from zhida.registry_io.sources import Source

JOINED = (b"zhida.missing", b"zhida.titles", b"zhida.policies", b"zhida.used_policies", b"zhida.parameters")
"""Metadata of results that say something of each policy."""

ROWS_TOGETHER = 131_072
"""Rows that are decided together: fewer and greater steps, so that threads wait less for each other."""


class Side:
    """Policies of one side, ready for batches; they keep what they learn."""

    def __init__(self, order: RunOrder, key: str, population: Population, cache: Path | None) -> None:
        """Make everything ready that does not depend on rows."""
        self.columns: RegistryColumns | None = None
        if order.policies:
            self.columns = open_run(order.packs, order.policies, as_of=order.as_of, key=key, cache=cache)
            self.columns.block = ROWS_TOGETHER
        self.filler = Filler(population)
        self.key = key

    def filled(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return rows with a column for each population fact."""
        return self.filler.fill(frame)

    def decide(self, frame: pl.DataFrame) -> pa.Table:
        """Return the results of rows that were `filled`; the columns are those of `zhida.assess.columns`, none of them `near`."""
        if self.columns is None:
            return pa.table({self.key: frame[self.key].to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.string())})
        parts = self.columns.parts  # where too much was remembered, a part was made anew with what finds near misses
        self.columns.parts = [
            part if part.columns is None or part.columns.finder is None else replace(part, columns=replace(part.columns, finder=None))
            for part in parts
        ]
        return self.columns.decide(frame)

    def keep(self) -> None:
        """Keep what was learned for other runs."""
        if self.columns is not None:
            self.columns.keep()


def population_of(order: RunOrder, source: Source) -> Population:
    """Compute the population facts that an order rests on, over all parts of a source."""
    planned = population_plan(order)
    if not planned:
        return Population(order.as_of)
    columns = (source.key, *fact_columns(read_attributes(order), source.key))
    return compute_population(planned, lambda: (source.read(part, columns) for part in source.parts), order.as_of)


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Return the columns of several results of the same rows as one table, with what they say of their policies."""
    columns: dict[str, pa.ChunkedArray] = {}
    said: dict[bytes, dict[str, object]] = {name: {} for name in JOINED}
    metadata: dict[bytes, bytes] = {}
    for table in tables:
        own = dict(table.schema.metadata or {})
        columns |= dict(zip(table.column_names, table.columns, strict=True))
        for name in JOINED:
            said[name] |= json.loads(own.get(name, b"{}"))
        metadata |= own
    metadata |= {name: json.dumps(value, ensure_ascii=False).encode() for name, value in said.items()}
    return pa.table(columns).replace_schema_metadata(metadata)


def outcome_codes(table: pa.Table, policy: str) -> NDArray[np.int8]:
    """Return for each row the place of its outcome among `OUTCOMES`; that behind them where the policy is not in the table."""
    name = f"{policy}:outcome"
    if name not in table.column_names:
        return np.full(table.num_rows, len(OUTCOMES), np.int8)
    column = table.column(name).combine_chunks() if table.column(name).num_chunks != 1 else table.column(name).chunk(0)
    if isinstance(column, pa.ChunkedArray):  # of no chunk at all
        return np.zeros(0, np.int8)
    places = np.array([OUTCOMES.index(word) for word in column.dictionary.to_pylist()] or [0], np.int8)
    found: NDArray[np.int8] = places[column.indices.to_numpy(zero_copy_only=False)]
    return found


def amounts(table: pa.Table, name: str) -> NDArray[np.int64]:
    """Return a column of fen, 0 where there is none."""
    if name not in table.column_names:
        return np.zeros(table.num_rows, np.int64)
    found: NDArray[np.int64] = table.column(name).fill_null(0).to_numpy()
    return found


def sure_and_possible(table: pa.Table, policy: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return what a policy gives in each row for sure, by itself, and what it gives at most; 0 where it is not in the table."""
    if f"{policy}:outcome" not in table.column_names:
        return np.zeros(table.num_rows, np.int64), np.zeros(table.num_rows, np.int64)
    claim = claim_of(table, policy, is_money=True)
    return claim.sure, claim.possible


def words_of(table: pa.Table, name: str) -> pl.Series:
    """Return a column of words as texts."""
    found = pl.from_arrow(table.column(name))
    assert isinstance(found, pl.Series), "one column is a series"
    return found.cast(pl.String)


# --- former results ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reuse:
    """Former results that serve for policies of the side before."""

    former: Former
    """The results."""
    policies: tuple[str, ...]
    """The policies that they serve for."""

    def table(self, keys: pl.Series) -> pa.Table | None:
        """Return what the results hold of some rows; None where they are not of exactly these subjects."""
        names = [name for name in self.former.schema.names if name.rpartition(":")[0] and self._is_wanted(name)]
        if not keys.len():
            return None
        low, high = str(keys[0]), str(keys[-1])
        found = self.former.rows(low, high, [self.former.key, *names])
        codes = pl.Series(found.column(0).to_pylist(), dtype=pl.String)
        inside = (codes >= low) & (codes <= high)
        if not inside.all():
            found = found.filter(pa.array(inside.to_list()))
            codes = codes.filter(inside)
        if codes.len() != keys.len() or not (codes == keys.cast(pl.String)).all():
            return None
        return found.replace_schema_metadata({name.encode(): word.encode() for name, word in self.former.words.items()})

    def _is_wanted(self, name: str) -> bool:
        return any(name.startswith(f"{policy}:") for policy in self.policies)


def reuse_of(folder: Path, order: RunOrder, source: Source) -> tuple[Reuse | None, Mapping[str, str]]:
    """Return what former results serve for, and why not for the others.

    Args:
        folder: Where the results are.
        order: The policies before.
        source: The subjects.

    Returns:
        The reuse, and for each policy that is decided anew one of `new`, `differs` (policy or day), `registry`, `unknown` (the
        source does not say which knowledge it holds).

    Raises:
        InputError: file-not-found, run-former-unusable.
    """
    former = open_former(folder, source.key)
    knowledge = known_at(source.metadata)
    if not knowledge or former.words.get("zhida.known_at") != knowledge:
        return None, dict.fromkeys(order.policies, "registry" if knowledge else "unknown")
    serving, others = [], {}
    for policy in order.policies:
        if former.digests.get(policy) == policy_digest(order, policy):
            serving.append(policy)
        else:
            others[policy] = "differs" if policy in former.digests else "new"
    return (Reuse(former, tuple(serving)) if serving else None), others
