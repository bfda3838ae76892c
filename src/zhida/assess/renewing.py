r"""Deciding a part: all of its rows, or, beside former results, only what has changed.

    row \\ policy      still the same          changed or new
    facts the same    taken over              decided
    facts changed     decided                 decided

Either way the same table comes out, with a last column that holds the fingerprint of each row's facts.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import polars as pl
import pyarrow as pa

from zhida.assess.columns import RegistryColumns, open_run
from zhida.assess.order import RunOrder, fact_attributes, policy_digest
from zhida.assess.population import Filler, Population
from zhida.assess.population_columns import Askers
from zhida.columnar.spread import ResultColumns
from zhida.registry_io.attributes import ABSENT_SUFFIX
from zhida.registry_io.engine import engine_version
from zhida.registry_io.fingerprints import Words, row_fingerprints
from zhida.registry_io.former import FACTS_COLUMN, Former, places_of
from zhida.registry_io.registry import dictionary_sha256


@dataclass(frozen=True, slots=True)
class Decided:
    """A part, decided."""

    results: ResultColumns
    """The columns of the results, `zhida:facts` last."""
    interpreted: int
    """Rows that went to the interpreter, counted for each policy."""
    taken_over: int
    """Rows of which anything was taken over."""


def fact_columns(attributes: Iterable[str], key: str) -> tuple[str, ...]:
    """Return the columns that fingerprints cover: all attributes but the key, and where they are known to be absent.

    >>> fact_columns(["代码", "人员"], "代码")
    ('人员', '人员:absent')
    """
    return tuple(column for name in attributes if name != key for column in (name, f"{name}{ABSENT_SUFFIX}"))


def changes_of(order: RunOrder, former: Former) -> dict[str, str]:
    """Return why policies are decided anew though there are former results: one of `CHANGES` for each that changed or is new."""
    then, day = former.words, str(order.as_of)
    found = {}
    for policy in order.policies:
        if former.digests.get(policy) == policy_digest(order, policy):
            continue
        model = order.packs.model_of(policy, order.as_of)
        digests = json.loads(then.get("zhida.policies", "{}"))
        differing = {
            "new": policy not in former.digests,
            "date": then.get("zhida.as_of") != day,
            "engine": then.get("zhida.engine_version") != engine_version(),
            "text": digests.get(policy) != model.policy.sha256,
            "dictionary": dictionary_sha256(order.dictionary) not in then.get("zhida.dictionary_sha256", "").split(","),
            "around": True,
        }
        found[policy] = next(name for name, differs in differing.items() if differs)
    return found


Share = Callable[[RegistryColumns, pl.DataFrame], ResultColumns]
"""Decides a batch with some policies, as `RegistryColumns.results` does."""

Opened = dict[tuple[str, ...], RegistryColumns]
"""Policies that are ready, by which they are; they do not depend on population facts."""

CHANGES = ("new", "date", "engine", "text", "dictionary", "around")
"""Not in the former results; another date, engine, text or dictionary; parameters of the place, policies that are used."""


@dataclass
class Decider:
    """Decides parts; used by one thread at a time."""

    order: RunOrder
    """What is to be decided."""
    key: str
    """The attribute that names a subject."""
    former: Former | None
    """Former results, of which what still holds is taken over."""
    population: Population
    """The population facts of the snapshot."""
    askers: Askers = field(default_factory=Askers)
    """Ask what population facts rest on."""
    share: Share | None = None
    """Decides a batch together with another process; None where there is none."""
    attributes: tuple[str, ...] = ()
    """The columns that answers rest on."""
    filler: Filler = field(init=False)
    """Adds population facts to rows."""
    opened: Opened = field(default_factory=dict)
    """The policies that were made ready."""

    def __post_init__(self) -> None:
        """Make ready what all parts need."""
        self.attributes = fact_attributes(self.order)
        self.filler = Filler(self.population, self.askers)

    def columns(self, policies: tuple[str, ...]) -> RegistryColumns:
        """Return the columns of some policies, ready; they keep what they learn."""
        if policies not in self.opened:
            order = self.order
            self.opened[policies] = open_run(order.packs, policies, as_of=order.as_of, key=self.key, cache=order.cache)
        return self.opened[policies]

    def keep(self) -> None:
        """Keep what was learned for other runs."""
        for columns in self.opened.values():
            columns.keep()

    def decide(self, frame: pl.DataFrame) -> Decided:
        """Decide the rows of a part."""
        before = self._interpreted()
        frame, attributes = self.filler.fill(frame), self.attributes
        fingerprints = row_fingerprints(frame, fact_columns(attributes, self.key))
        table, taken_over = None, 0
        if self.former is not None and frame.height:
            is_alike = set(attributes) == set(self.former.facts)
            compared = fingerprints if is_alike else row_fingerprints(frame, fact_columns(self.former.facts, self.key))
            table, taken_over = self._renewed(frame, self.former, compared)
        results = self._anew(frame) if table is None else ResultColumns.of(table)
        return Decided(results.with_column(FACTS_COLUMN, pa.array(fingerprints)), self._interpreted() - before, taken_over)

    def _anew(self, frame: pl.DataFrame) -> ResultColumns:
        """Return the results of rows, nothing of which is taken over."""
        columns = self.columns(self.order.policies)
        return columns.results(frame) if self.share is None else self.share(columns, frame)

    def _interpreted(self) -> int:
        return sum(columns.interpreted for columns in self.opened.values())

    def _renewed(self, frame: pl.DataFrame, former: Former, fingerprints: Words) -> tuple[pa.Table | None, int]:
        """Return the results of the rows, with how many were taken over; None where none can be."""
        kept = tuple(policy for policy in self.order.policies if former.digests.get(policy) == policy_digest(self.order, policy))
        if not kept:
            return None, 0
        keys = frame[self.key]
        low, high = str(keys[0]), str(keys[-1])
        then = former.rows(low, high, [self.key, FACTS_COLUMN])
        places = places_of(keys, fingerprints, then)
        is_same = places.is_not_null()
        same = int(is_same.sum())
        if not same:
            return None, 0
        new_rows = self.columns(kept).decide(frame.filter(~is_same)).replace_schema_metadata(None)
        old_rows = former.rows(low, high, new_rows.column_names).take(places.drop_nulls().to_arrow())
        # Where the rows of the part are found among those taken over, followed by those decided.
        ranks = pl.select(pl.when(is_same).then(is_same.cum_sum()).otherwise((~is_same).cum_sum() + same).cast(pl.Int64) - 1).to_series()
        both = pa.concat_tables([old_rows.cast(new_rows.schema), new_rows]).unify_dictionaries().take(ranks.to_arrow())
        found = dict(zip(both.column_names, both.columns, strict=True))
        changed = tuple(policy for policy in self.order.policies if policy not in kept)
        if changed:
            beside = self.columns(changed).decide(frame)
            found |= dict(zip(beside.column_names, beside.columns, strict=True))
        schema = self.columns(self.order.policies).schema
        return pa.Table.from_arrays([found[name] for name in schema.names], schema=schema), same
