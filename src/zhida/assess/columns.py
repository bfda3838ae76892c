"""A registry by columns: batches of subjects in, tables of results out, every policy decided for all rows at once.

    polars frame ──PolicyColumns──> endings, rules, missing facts ──words──> pyarrow table        bad rows: the interpreter, one by one

The columns of a table: the key and `名称` (string), and for each policy, each headed `<policy>:`,

    outcome, result, possible, near, delivery, diagnostics, review     dictionary(int32, string)
    amount_fen, low_fen, high_fen                                      int64, fen
    missing, then missing:1, …                                         uint64: bit n is the n-th name of `zhida.missing` in the metadata
    <table>                                                            dictionary: the rules that fired, `否则` for the default

Invariant: a table depends on the batch, the policies and `as_of` alone: not on what was decided before, nor on who decided it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from zhida.assess.assessment import Delivery, Outcome
from zhida.assess.cells import (
    FIELDS,
    NEAR_SHARE,
    WORD,
    Layout,
    cells_of,
    is_self_reported,
    names_of,
    near_told,
    review_words,
    table_cells,
    way_of,
)
from zhida.assess.feeds import frame_at
from zhida.assess.judge import MAX_AMOUNT
from zhida.assess.order import NAME_ATTRIBUTE
from zhida.assess.population import population_data, with_population
from zhida.assess.registry import known_at
from zhida.assess.settle import MAX_COMBINATIONS
from zhida.assess.statuses import status_order
from zhida.assess.subject import gives_amount
from zhida.columnar.answers import FAILED, HELD, ODD, OPEN
from zhida.columnar.columns import distinct
from zhida.columnar.frames import with_numbered_words
from zhida.columnar.learned import Learned
from zhida.columnar.policies import CODED_FROM, Part, PolicyColumns, Words, dictionary, open_policy
from zhida.columnar.settle import Answers
from zhida.columnar.spread import Column, Places, ResultColumns, Spread, whole
from zhida.policy.pack import Packs, PolicyModel
from zhida.registry_io.engine import engine_version
from zhida.registry_io.plan_cache import plan_digest, read_plan, write_plan
from zhida.registry_io.registry import Registry, dictionary_sha256, row_facts
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.unknown import Unknown

NAME = "名称"
"""The column of what a subject is called."""

WORDS = pa.dictionary(pa.int32(), pa.string())
"""The type of columns of words."""

TYPES: Mapping[str, pa.DataType] = {"amount_fen": pa.int64(), "low_fen": pa.int64(), "high_fen": pa.int64(), "missing": pa.uint64()}
"""The types of the cells that are no words."""

OUTCOMES = tuple(outcome.value for outcome in Outcome)
WAYS = tuple(way.value for way in Delivery)

MOST_REMEMBERED = 50_000
"""Values and combinations of values that a policy may remember behind a batch: with more it begins anew, so that memory does not grow
with the registry where an attribute is different in each row."""

WordPlaces = NDArray[np.int32]
"""The place of each row's word, -1 for none."""

Columns = dict[str, Column]


def open_run(packs: Packs, policies: Sequence[str], *, as_of: Date, key: str | None = None, cache: Path | None = None) -> "RegistryColumns":
    """Return policies that are ready for batches of a registry.

    One thread at a time may use them; each thread opens its own.

    Args:
        packs: The packs.
        policies: Ids of the policies, in the order of the columns.
        as_of: The date of the business fact.
        key: The attribute that names a subject; the first of the dictionary by default.
        cache: The folder that keeps what was learned in other runs; None for none.

    Raises:
        CompileError: a policy, or one that it uses, has errors.
    """
    models = [packs.model_of(policy, as_of) for policy in policies]
    return RegistryColumns(packs, models, as_of, key or default_key(packs, policies), cache)


def assess_registry(packs: Packs, policies: Sequence[str], registry: Registry, *, as_of: Date) -> pa.Table:
    """Say what policies say for all subjects of a registry at a date: one row for each, in its order; see the module for the columns.

    Args:
        packs: The packs.
        policies: Ids of the policies, in the order of the columns.
        registry: The registry, in memory; `zhida.assess.run` takes larger ones part by part.
        as_of: The date of the business fact.

    Raises:
        CompileError: a policy, or one that it uses, has errors.
    """
    registry, population = with_population(packs, policies, registry, as_of)
    table = open_run(packs, policies, as_of=as_of, key=registry.key).decide(registry.frame)
    own = {**registry.metadata, "zhida.known_at": known_at(registry.metadata)}
    own |= {"zhida.population": json.dumps(population_data(population), ensure_ascii=False)} if population.computed else {}
    return table.replace_schema_metadata({**{name.encode(): value for name, value in own.items()}, **table.schema.metadata})


def default_key(packs: Packs, policies: Sequence[str]) -> str:
    """Return the attribute that names a subject: the first of the dictionary of what the policies are about."""
    kinds = [packs.policies[policy].front.subject for policy in policies] or list(packs.dictionaries)
    return next(iter(packs.dictionaries[kinds[0]].items))


class RegistryColumns:
    """Policies that decide batches."""

    def __init__(self, packs: Packs, models: Sequence[PolicyModel], as_of: Date, key: str, cache: Path | None = None) -> None:
        """Make everything ready that does not depend on rows."""
        self.key = key
        self.as_of = as_of
        self.cache = cache
        self.digests = [plan_digest(_made_of(packs, model)) for model in models]
        self.parts = [_Policy.of(model, learned_of(cache, digest)) for model, digest in zip(models, self.digests, strict=True)]
        fields = [pa.field(key, pa.string()), pa.field(NAME, pa.string())]
        fields += [pa.field(f"{part.layout.policy}:{cell}", type_) for part in self.parts for cell, type_ in part.types.items()]
        self.schema = pa.schema(fields, metadata=run_metadata(packs, [part.layout for part in self.parts], as_of))
        self.layouts = tuple(part.layout for part in self.parts)
        self.interpreted = 0
        self.block: int | None = None  # rows that are decided together; nothing of what comes out depends on it

    def only(self, policies: Sequence[str]) -> "RegistryColumns":
        """Return some of the policies by themselves, ready as they are; use either these or the whole."""
        found = copy(self)
        places = [place for place, layout in enumerate(self.layouts) if layout.policy in policies]
        found.parts, found.digests = [self.parts[place] for place in places], [self.digests[place] for place in places]
        found.layouts = tuple(self.layouts[place] for place in places)
        fields = list(self.schema)[:2]
        fields += [pa.field(f"{part.layout.policy}:{cell}", type_) for part in found.parts for cell, type_ in part.types.items()]
        found.schema = pa.schema(fields, metadata=self.schema.metadata)
        return found

    def decide(self, batch: pl.DataFrame) -> pa.Table:
        """Return the results of a batch, one row for each of its rows, in order; see the module for the columns.

        Args:
            batch: Columns by the names of attributes and of their years, typed as registry.parquet is, with `:absent` companions.
        """
        return self.results(batch).table()

    def results(self, batch: pl.DataFrame) -> ResultColumns:
        """Return what `decide` does, column by column, as it was found."""
        batch = self.ready(batch)
        return self.together(batch, [self.one(place, batch) for place in range(len(self.parts))])

    def ready(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Return a batch as `one` takes it."""
        facts = [item.name for part in self.parts if part.columns is not None for item in part.columns.plan.facts.values()]
        return with_numbered_words(frame_at(batch, self.as_of), facts)

    def one(self, place: int, batch: pl.DataFrame) -> Columns:
        """Return what the policy at a place says of a batch that was made ready."""
        part = self.parts[place]
        found, interpreted = part.decide(batch, self.block)
        self.interpreted += interpreted
        self.parts[place] = part.within(MOST_REMEMBERED)
        return found

    def together(self, batch: pl.DataFrame, found: Sequence[Columns]) -> ResultColumns:
        """Return what the policies say of a batch, one after the other."""
        columns: list[Column] = [_strings(batch, self.key), _strings(batch, NAME_ATTRIBUTE)]
        columns += [cells[cell] for part, cells in zip(self.parts, found, strict=True) for cell in part.types]
        return ResultColumns(self.schema, tuple(columns), batch.height)

    def costs(self) -> list[int]:
        """Return about how long each policy takes beside the others: the more steps there are, the longer each has to wait for others."""
        return [0 if part.columns is None else len(part.columns.plan.steps) ** 2 for part in self.parts]

    def keep(self) -> None:
        """Keep what was learned for other runs."""
        for part, digest in zip(self.parts, self.digests, strict=True):
            if part.columns is not None and part.columns.executor.learned.is_new:
                write_plan(self.cache, digest, part.columns.executor.learned.to_bytes())


def learned_of(cache: Path | None, digest: str) -> Learned:
    """Return what was learned of a plan in other runs; nothing where nothing is kept."""
    return Learned.from_bytes(read_plan(cache, digest) or b"") or Learned()


def _made_of(packs: Packs, model: PolicyModel) -> Iterator[str]:
    """Yield all that the plan of a policy is made of."""
    policy = model.policy
    yield from (policy.id, policy.sha256, str(model.as_of))
    yield from (f"{used.id} {used.sha256}" for used in model.used_policies)
    yield from (f"{id_} = {'?' if isinstance(value, Unknown) else literal(value)}" for id_, value in sorted(model.parameters.items()))
    yield from (dictionary_sha256(dictionary) for _, dictionary in sorted(packs.dictionaries.items()))


def run_metadata(packs: Packs, layouts: Iterable[Layout], as_of: Date) -> dict[str, str]:
    """Return what results were made of and how to read them; what the registry says of itself stands beside it."""
    layouts = list(layouts)
    policies = {layout.policy: layout.model.policy for layout in layouts}
    digests = {id_: policy.sha256 for id_, policy in policies.items()}
    used = {part.id: part.sha256 for layout in layouts for part in layout.model.used_policies if part.id not in digests}
    kinds = dict.fromkeys(policy.front.subject for policy in policies.values())
    said = {
        "zhida.policies": digests,
        "zhida.used_policies": used,
        "zhida.parameters": _parameters(layouts),
        "zhida.titles": {id_: policy.front.title for id_, policy in policies.items()},
        "zhida.missing": {layout.policy: list(layout.told_missing) for layout in layouts},
        "zhida.gives_amount": [layout.policy for layout in layouts if gives_amount(layout.model)],
    }
    return {
        "zhida.as_of": str(as_of),
        "zhida.engine_version": engine_version(),
        "zhida.dictionary_sha256": ",".join(dictionary_sha256(packs.dictionaries[kind]) for kind in kinds if kind in packs.dictionaries),
        **{name: json.dumps(value, ensure_ascii=False) for name, value in said.items()},
    }


def _parameters(layouts: Iterable[Layout]) -> dict[str, str]:
    """Return the figures of the place that policies rest on, by id; empty where one is lacking."""
    found: dict[str, object] = {}
    for layout in layouts:
        needed = layout.model.model.inputs.keys() & layout.model.parameters.keys()
        found |= {id_: layout.model.parameters[id_] for id_ in sorted(needed)}
    return {id_: "" if isinstance(value, Unknown) else str(value) for id_, value in found.items()}


def _strings(batch: pl.DataFrame, name: str) -> pa.Array:
    """Return a column of texts; nothing where there is none."""
    if name not in batch.columns:
        return pa.nulls(batch.height, pa.string())
    found = batch[name].cast(pl.String).to_arrow(compat_level=pl.CompatLevel.oldest())
    return found.cast(pa.string())


# --- one policy ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Policy:
    """One policy of a run."""

    layout: Layout
    """Its cells."""
    columns: PolicyColumns | None
    """Decides it; None outside of the days on which it is law."""
    outcomes: WordPlaces
    """By ending: the place of the outcome."""
    ways: WordPlaces
    """By ending: the place of the way of delivery; behind them where facts are missing that all, or not all, may be stated."""
    stated: tuple[np.uint64, ...]
    """The bits of missing facts that a subject may state."""

    @classmethod
    def of(cls, model: PolicyModel, learned: Learned) -> "_Policy":
        """Make a policy ready."""
        policy = model.policy
        endings = {HELD: Outcome.ELIGIBLE, OPEN: Outcome.UNDETERMINED, ODD: Outcome.REVIEW}
        conditions = [(policy.applies_id, Outcome.NOT_APPLICABLE), (policy.eligible_id, Outcome.INELIGIBLE)]
        endings |= {FAILED + place: outcome for place, (_, outcome) in enumerate(goal for goal in conditions if goal[0] is not None)}
        columns = None
        missing: list[str] = []
        if model.as_of in model.in_force:
            words, below, limit = Words(statuses=status_order(model)), Decimal(MAX_AMOUNT), MAX_COMBINATIONS
            columns = open_policy(
                model, below=below, limit=limit, words=words, near_within=NEAR_SHARE, learned=learned, coded_from=CODED_FROM
            )
            missing = [item.name for item in columns.plan.facts.values()]
        others = dict.fromkeys([*(data.name for data in model.model.inputs.values()), *model.parameter_rows])
        missing += [name for name in others if name not in missing]
        order = () if columns is None else tuple(step.id for step in columns.plan.steps)
        layout = Layout(model, tuple(missing), table_cells(model), order)
        is_stated = [is_self_reported(layout, name) for name in missing]
        ways = [_place(WAYS, way_of(layout, endings[ending], [])) for ending in range(len(endings))]
        for kind in (True, False):
            like = [name for name, is_one in zip(missing, is_stated, strict=True) if is_one is kind]
            ways.append(_place(WAYS, way_of(layout, Outcome.UNDETERMINED, like[:1])))
        return cls(
            layout,
            columns,
            np.array([OUTCOMES.index(endings[ending]) for ending in range(len(endings))], np.int32),
            np.array(ways, np.int32),
            tuple(
                np.uint64(sum(1 << place for place, is_one in enumerate(is_stated[start : start + WORD]) if is_one))
                for start in range(0, len(layout.missing_cells) * WORD, WORD)
            ),
        )

    def within(self, most: int) -> "_Policy":
        """Return the policy, or, where more is remembered than some number of values, the same with nothing but its lessons."""
        if self.columns is None or self.columns.executor.remembered <= most:
            return self
        fresh = _Policy.of(self.layout.model, self.columns.executor.learned)
        if fresh.columns is not None and self.columns.is_without_codes:
            fresh.columns.leave_codes()
        return fresh

    @property
    def types(self) -> dict[str, pa.DataType]:
        """The cells and their types, in order."""
        names = [name for field in FIELDS for name in (self.layout.missing_cells if field == "missing" else (field,))]
        found = {name: TYPES.get(name.partition(":")[0], WORDS) for name in names}
        return found | dict.fromkeys(self.layout.tables.values(), WORDS)

    def decide(self, batch: pl.DataFrame, block: int | None = None) -> tuple[Columns, int]:
        """Return the cells of a batch as columns, and how many rows the interpreter decided."""
        if self.columns is None:
            return self.not_law(batch.height), 0
        blocks: list[Columns] = []
        bad: list[int] = []
        start = 0
        for part in self.columns.parts(batch, block=block):
            blocks.append(self.block(self.columns, part))
            is_bad = part.bad
            bad += [start + place for place in np.flatnonzero(is_bad).tolist()]
            start += len(is_bad)
        if len(blocks) == 1:
            found = blocks[0]
        else:
            batches = [pa.RecordBatch.from_pydict({name: whole(column) for name, column in each.items()}) for each in blocks]
            table = pa.Table.from_batches(batches, pa.schema(list(self.types.items()))).unify_dictionaries().combine_chunks()
            found = {name: _only_chunk(table.column(name)) for name in self.types}
        if bad:
            names = batch.columns
            said = [cells_of(self.layout, row_facts(names, batch.row(place))) for place in bad]
            found = _filled(found, bad, said)
        return found, len(bad)

    def not_law(self, rows: int) -> Columns:
        """Return what is said where a policy is no law: it does not apply, and nothing is asked."""
        found: Columns = {name: _no_words(rows) if type_ == WORDS else pa.nulls(rows, type_) for name, type_ in self.types.items()}
        for name in self.layout.missing_cells:
            found[name] = pa.array(np.zeros(rows, np.uint64))
        found["outcome"] = _worded(np.full(rows, OUTCOMES.index(Outcome.NOT_APPLICABLE), np.int32), OUTCOMES)
        return found

    def block(self, columns: PolicyColumns, part: Part) -> Columns:
        """Return the cells of one block; what different answers have in common is worded once, and rows have their places."""
        cells: Columns = dict(self.cells(part.answers, columns.batch(part.answers)))
        cells["near"] = _with_years(cells["near"], self.layout.model.as_of)
        if part.places is None:
            return cells
        places = Places.of(part.places, len(part.answers.endings))
        found: Columns = {name: Spread(column, places) for name, column in cells.items()}
        if part.near is not None:
            near = columns.near_spread(part)
            found["near"] = Spread(_with_years(near.values, self.layout.model.as_of), near.places)
        return found

    def cells(self, answers: Answers, given: pa.RecordBatch) -> dict[str, pa.Array]:
        """Return the cells of one block."""
        rows = given.num_rows
        endings = given.column("ending").to_numpy()
        missing = [
            given.column(name).to_numpy() if name in given.schema.names else np.zeros(rows, np.uint64) for name in self.layout.missing_cells
        ]
        found = {
            "outcome": _worded(self.outcomes[endings], OUTCOMES),
            **dict(zip(self.layout.missing_cells, map(pa.array, missing), strict=True)),
            "delivery": self.delivery(endings, missing),
            "diagnostics": _without_blank(given.column("codes")),
            "review": self.review(answers, given, endings, missing),
        }
        for name in self.types:
            if name in given.schema.names and name not in found:
                found[name] = given.column(name)
        for id_, name in self.layout.tables.items():
            if f"rules:{id_}" in given.schema.names:
                found[name] = _without_blank(given.column(f"rules:{id_}"))
        absent = {
            name: _no_words(rows) if type_ == WORDS else pa.nulls(rows, type_) for name, type_ in self.types.items() if name not in found
        }
        return {name: (found | absent)[name] for name in self.types}

    def delivery(self, endings: NDArray[np.uint8], missing: Sequence[NDArray[np.uint64]]) -> pa.Array:
        """Return how each row's benefit can go out."""
        if (self.ways < 0).all():
            return _no_words(len(endings))
        lacks = np.zeros(len(endings), np.bool_)
        lacks_other = np.zeros(len(endings), np.bool_)
        for bits, stated in zip(missing, self.stated, strict=True):
            lacks |= bits != 0
            lacks_other |= (bits & ~stated) != 0
        kinds = len(self.ways) - 2
        place = np.where((endings == OPEN) & lacks, np.where(lacks_other, kinds + 1, kinds), endings)
        return _worded(self.ways[place], WAYS)

    def review(
        self, answers: Answers, given: pa.RecordBatch, endings: NDArray[np.uint8], missing: Sequence[NDArray[np.uint64]]
    ) -> pa.Array:
        """Return why a person must look, in the rows in which one must; words are made once for each combination."""
        odd = np.flatnonzero((endings == ODD) & ~given.column("bad").to_numpy(zero_copy_only=False))
        if not len(odd):
            return _no_words(len(endings))
        open_ = {id_: (fired.firing[odd] >= 0) & fired.is_null[odd] for id_, fired in answers.tables.items()}
        open_ = {id_: mask for id_, mask in open_.items() if mask.any()}
        rules = {id_: places_in(given.column(f"rules:{id_}"), odd) for id_ in open_}
        codes = places_in(given.column("codes"), odd)
        keys = [bits[odd].view(np.int64) for bits in missing] + [codes.astype(np.int64)]
        keys += [np.where(open_[id_], rules[id_].astype(np.int64) + 1, -1) for id_ in open_]
        first, places = distinct(keys)
        words = []
        for row in first.tolist():
            lacking = names_of(self.layout.told_missing, [int(bits[odd[row]]) for bits in missing])
            said = _word(given.column("codes"), codes[row])
            fired = {id_: _word(given.column(f"rules:{id_}"), rules[id_][row]) for id_ in open_ if open_[id_][row]}
            words.append(review_words(self.layout.model, lacking, said.split(",") if said else [], fired))
        listed = sorted(set(words))
        found = np.full(len(endings), -1, np.int32)
        found[odd] = np.array([listed.index(said) for said in words], np.int32)[places]
        return _worded(found, listed)


def _place(words: Sequence[str], word: str | None) -> int:
    return -1 if word is None else words.index(word)


# --- columns of words ----------------------------------------------------------------------------------------------


def _worded(places: WordPlaces, words: Sequence[str]) -> pa.Array:
    """Return for each row one of some words, all of which are in the dictionary; nothing for -1."""
    mask = places < 0
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int32(), mask=mask if mask.any() else None), pa.array(words, pa.string()))


@lru_cache(maxsize=8)
def _no_words(rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.nulls(rows, pa.int32()), pa.array([], pa.string()))


def places_in(column: pa.DictionaryArray, rows: NDArray[np.int64] | None = None) -> WordPlaces:
    """Return the place of each row's word, or of those of some rows; -1 for none."""
    found = column.indices if rows is None else column.indices.take(pa.array(rows))
    places: WordPlaces = (found.fill_null(-1) if found.null_count else found).to_numpy()
    return places


def _word(column: pa.DictionaryArray, place: int) -> str:
    return "" if place < 0 else column.dictionary[int(place)].as_py()


def _with_years(column: pa.DictionaryArray, as_of: Date) -> pa.Array:
    """Return a column of near misses in which yearly facts are called as machines are told."""
    words = column.dictionary.to_pylist()
    told = [near_told(word, as_of) for word in words]
    return column if told == words else pa.DictionaryArray.from_arrays(column.indices, pa.array(told, pa.string()))


def _without_blank(column: pa.DictionaryArray) -> pa.Array:
    """Return a column of words in which the empty one is none."""
    words = column.dictionary.to_pylist()
    if "" not in words:
        return column
    blank = words.index("")
    moved = np.array([*(place - (place > blank) for place in range(len(words))), -1], np.int32)
    moved[blank] = -1
    return _worded(moved[places_in(column)], [word for word in words if word])


def _only_chunk(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)


def _filled(found: Columns, rows: Sequence[int], said: Sequence[Mapping[str, Any]]) -> Columns:
    """Return columns with something else said of some rows: an entry behind the others for each, where rows have places."""
    changed: dict[int, Places] = {}
    filled: Columns = {}
    for name, column in found.items():
        values = [cells[name] for cells in said]
        if isinstance(column, Spread):
            before = column.places
            if id(before) not in changed:
                changed[id(before)] = before.changed(rows)
            filled[name] = Spread(_appended(column.values, values), changed[id(before)])
        else:
            filled[name] = _replaced(column, rows, values)
    return filled


def _appended(column: pa.Array, values: Sequence[Any]) -> pa.Array:
    """Return a column with values behind its own."""
    if column.type != WORDS:
        return pa.concat_arrays([column, pa.array(values, column.type)])
    words = column.dictionary.to_pylist()
    words += dict.fromkeys(value for value in values if value is not None and value not in words)
    return _worded(np.append(places_in(column), [_place(words, value) for value in values]).astype(np.int32), words)


def _replaced(column: pa.Array, rows: Sequence[int], values: Sequence[Any]) -> pa.Array:
    """Return a column with other values in some rows; words that no row has any more are left out, but for those of a fixed list."""
    mask = np.zeros(len(column), np.bool_)
    mask[list(rows)] = True
    if column.type != WORDS:
        return pc.replace_with_mask(column, pa.array(mask), pa.array(values, column.type))
    words = column.dictionary.to_pylist()
    places = places_in(column).astype(np.int64)
    if words == list(OUTCOMES) or words == list(WAYS):
        places[mask] = [_place(words, value) for value in values]
        return _worded(places.astype(np.int32), words)
    words += dict.fromkeys(value for value in values if value is not None and value not in words)
    places[mask] = [_place(words, value) for value in values]
    return dictionary(places, words.__getitem__)


# --- counting ------------------------------------------------------------------------------------------------------


def counted(column: Column) -> list[tuple[int, int]]:
    """Return the different values of a column of integers that every row has, each with how many rows have it."""
    if isinstance(column, Spread):
        found: dict[int, int] = {}
        for value, count in zip(column.values.to_pylist(), column.places.counts.tolist(), strict=True):
            if count:
                found[value] = found.get(value, 0) + count
        return list(found.items())
    values = pc.value_counts(column)
    return list(zip(values.field(0).to_pylist(), values.field(1).to_pylist(), strict=True))


def words_counted(column: Column) -> dict[str, int]:
    """Return how many rows have each word."""
    values, weights = (column.values, column.places.counts) if isinstance(column, Spread) else (column, None)
    if values.type != WORDS:
        values = values.cast(pa.string()).dictionary_encode()
    places = places_in(values)
    if weights is None:
        counts = np.bincount(places + 1, minlength=1)[1:]
    else:
        counts = np.zeros(len(values.dictionary), np.int64)
        np.add.at(counts, places[places >= 0], weights[places >= 0])
    return {word: int(count) for word, count in zip(values.dictionary.to_pylist(), counts, strict=False) if count}


def sum_of(column: Column) -> int:
    """Return the sum of integers, which may be more than 64 bits hold."""
    if isinstance(column, Spread):
        counts = column.places.counts.tolist()
        return sum((value or 0) * count for value, count in zip(column.values.to_pylist(), counts, strict=True))
    values = column.fill_null(0).to_numpy()
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def known_in(column: Column) -> int:
    """Return how many rows have a value."""
    if isinstance(column, Spread):
        return int(column.places.counts[column.values.is_valid().to_numpy(zero_copy_only=False)].sum())
    return int(len(column) - column.null_count)
