"""Deciding one side of a scenario: the same columns that a run writes, without what is nearly met.

    frame ──Filler──> with population facts ──Conditions──> who fails one ──RegistryColumns, for the others──> table of results
    former results, where they are of the same policy, day and registry ──> the same table, read

One thread at a time uses a side; each thread opens its own.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
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
from zhida.entitle.simulation.failing import PASSED, Conditions, conditions_of
from zhida.registry_io.former import Former, open_former
from zhida.registry_io.sources import Source

JOINED = (b"zhida.missing", b"zhida.titles", b"zhida.policies", b"zhida.used_policies", b"zhida.parameters")
"""Metadata of results that say something of each policy."""

CELLS = ("outcome", "result", "amount_fen", "missing", "possible", "low_fen", "high_fen", "delivery")
"""The cells of a policy that a comparison looks at; further bits of missing facts among them."""

ROWS_TOGETHER = 131_072
"""Rows that are decided together: fewer and greater steps, so that threads wait less for each other."""


class Side:
    """Policies of one side, ready for batches; they keep what they learn."""

    def __init__(self, order: RunOrder, key: str, population: Population, cache: Path | None) -> None:
        """Make everything ready that does not depend on rows."""
        self.key = key
        self.filler = Filler(population)
        self.whole: RegistryColumns | None = None  # policies that are decided for every row at once
        self.staged: list[tuple[Conditions, RegistryColumns]] = []  # those whose conditions are asked first
        if not order.policies:
            return
        together = open_run(order.packs, order.policies, as_of=order.as_of, key=key, cache=cache)
        uncoded = [part.layout.policy for part in together.parts if part.columns is not None and not part.columns.codes]
        for policy in uncoded:
            conditions = conditions_of(order.packs.model_of(policy, order.as_of))
            if conditions is not None:
                self.staged.append((conditions, together.only([policy])))
        staged = {conditions.model.policy.id for conditions, _ in self.staged}
        self.whole = together.only([policy for policy in order.policies if policy not in staged])

    @property
    def runs(self) -> list[RegistryColumns]:
        """Everything that decides."""
        return [*([] if self.whole is None else [self.whole]), *(columns for _, columns in self.staged)]

    def filled(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return rows with a column for each population fact."""
        return self.filler.fill(frame)

    def decide(self, frame: pl.DataFrame) -> pa.Table:
        """Return the results of rows that were `filled`; the columns are those of `zhida.assess.columns`, none of them `near`.

        Of policies whose conditions are asked first there are only the cells that a comparison looks at.
        """
        if self.whole is None:
            return pa.table({self.key: frame[self.key].to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.string())})
        tables = [_decided(self.whole, frame)]
        for conditions, columns in self.staged:
            failed = conditions.failed(frame)
            tables.append(_spread(columns, frame, failed) if (failed != PASSED).any() else _decided(columns, frame))
        return joined(tables)

    def named(self, frame: pl.DataFrame) -> pa.Table:
        """Return rows with nothing but their key and what they are called."""
        assert self.whole is not None, "there are policies"
        return self.whole.only([]).decide(frame)

    def keep(self) -> None:
        """Keep what was learned for other runs."""
        for columns in self.runs:
            columns.keep()


def _decided(columns: RegistryColumns, frame: pl.DataFrame) -> pa.Table:
    """Return what policies say of some rows."""
    if not frame.height:
        return columns.schema.empty_table()
    columns.block = ROWS_TOGETHER
    parts = columns.parts  # where too much was remembered, a part was made anew with what finds near misses
    columns.parts = [
        part if part.columns is None or part.columns.finder is None else replace(part, columns=replace(part.columns, finder=None))
        for part in parts
    ]
    return columns.decide(frame)


def _spread(columns: RegistryColumns, frame: pl.DataFrame, failed: NDArray[np.int8]) -> pa.Table:
    """Return what a policy says of rows of which some are known to fail a condition: one of these stands for all that fail the same."""
    kinds, first = np.unique(failed, return_index=True)
    is_asked = failed == PASSED
    is_asked[first] = True
    places = np.cumsum(is_asked) - 1
    for kind, row in zip(kinds.tolist(), first.tolist(), strict=True):
        if kind != PASSED:
            places[failed == kind] = places[row]
    told = _decided(columns, frame[np.flatnonzero(is_asked)])
    names = [name for name in told.column_names if _is_cell(name, [layout.policy for layout in columns.layouts])]
    return told.select(names).take(pa.array(places))


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


def overlaid(former: pa.Table, some: pa.Table, places: NDArray[np.int64]) -> pa.Table | None:
    """Return former results in which some rows are those of another table, with what that one says of its policies.

    Args:
        former: The results of all rows, key first.
        some: Those of some rows, of policies of which the former tell too.
        places: The places of these among all.

    Returns:
        The key and the cells that a comparison looks at; None where the two do not tell the same, or mean other facts by their bits.
    """
    words = [json.loads((table.schema.metadata or {}).get(b"zhida.missing", b"{}")) for table in (former, some)]
    names = [name for name in some.column_names[1:] if _is_cell(name, words[1])]
    if any(words[0].get(policy) != listed for policy, listed in words[1].items()) or not set(names) <= set(former.column_names):
        return None
    own = [former.column_names[0], *names]
    found = former.select(own)
    if some.num_rows:
        order = np.arange(former.num_rows)
        order[places] = former.num_rows + np.arange(some.num_rows)
        tables = [table.select(names).replace_schema_metadata() for table in (former, some)]
        whole = pa.concat_tables(tables).unify_dictionaries().combine_chunks().take(pa.array(order))
        found = pa.table([former.column(0), *whole.columns], names=own)
    return found.replace_schema_metadata(some.schema.metadata)


def _is_cell(name: str, policies: Iterable[str]) -> bool:
    """Say whether a column is a cell of a policy that a comparison looks at."""
    heads = (name.removeprefix(f"{policy}:").partition(":")[0] for policy in policies if name.startswith(f"{policy}:"))
    return any(head in CELLS for head in heads)


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
