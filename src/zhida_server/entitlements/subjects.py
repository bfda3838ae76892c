"""One enterprise of a snapshot as the engine takes it: its row, with the facts that are computed of everybody."""

import datetime as dt
from contextlib import closing
from functools import lru_cache

import polars as pl

from zhida.assess.order import ROWS_PER_PART, RunOrder, population_plan, read_attributes
from zhida.assess.population import Filler, Population, compute_population
from zhida.assess.renewing import fact_columns
from zhida.errors import InputError, diagnostic
from zhida.policy.pack import Packs
from zhida.registry_io.registry import Registry, dictionary_sha256
from zhida.registry_io.sources import open_source
from zhida.values.temporal import Date
from zhida_server.catalogue import service as catalogue
from zhida_server.registry import service as registry

SUBJECT = "enterprise"
"""The kind of subject that the site is about."""


def engine_date(day: dt.date) -> Date:
    """Return a day as the engine has it.

    >>> str(engine_date(dt.date(2026, 6, 30)))
    '2026-06-30'
    """
    return Date(day.year, day.month, day.day)


def about_enterprises(packs: Packs) -> tuple[str, ...]:
    """Return the ids of the policies about enterprises, in the order of the packs."""
    return tuple(id_ for id_, policy in packs.policies.items() if policy.front.subject == SUBJECT)


def registry_of_one(
    snapshot_sha256: str, packs_sha256: str, policies: tuple[str, ...], code: str, as_of: Date
) -> tuple[Registry, Population]:
    """Return a registry of one enterprise, with what some policies read of it, and how population facts came about.

    Nobody is asked here who reads: callers have checked it, and recorded it.

    Args:
        snapshot_sha256: The snapshot.
        packs_sha256: The packs.
        policies: Ids of the policies.
        code: The enterprise.
        as_of: The date of the business fact.

    Raises:
        InputError: registry-unknown-subject.
        DamagedFileError: the snapshot is missing, or damaged.
    """
    packs = catalogue.packs_of(packs_sha256)
    order = RunOrder(packs, policies, packs.dictionaries[SUBJECT], as_of)
    population = _population(snapshot_sha256, packs_sha256, policies, as_of)
    path = registry.snapshot_path(snapshot_sha256)
    metadata = {name: value for name, value in pl.read_parquet_metadata(path).items() if name.startswith("zhida.")}
    key, scanned = metadata["zhida.key"], pl.scan_parquet(path)
    there = scanned.collect_schema().names()
    columns = [name for name in (key, *fact_columns(read_attributes(order), key)) if name in there]
    row = scanned.select(columns).filter(pl.col(key) == code).collect()
    if row.is_empty():
        raise InputError([diagnostic("registry-unknown-subject", None, key=code, near="", count=0)])
    differs = metadata.get("zhida.dictionary_sha256") != dictionary_sha256(order.dictionary)
    return Registry(key, Filler(population).fill(row), metadata, differs), population


@lru_cache(maxsize=8)
def _population(snapshot_sha256: str, packs_sha256: str, policies: tuple[str, ...], as_of: Date) -> Population:
    """Return the population facts of a snapshot that some policies rest on, computed once a process."""
    packs = catalogue.packs_of(packs_sha256)
    order = RunOrder(packs, policies, packs.dictionaries[SUBJECT], as_of)
    planned = population_plan(order)
    if not planned:
        return compute_population(planned, lambda: iter(()), as_of)
    with closing(open_source(str(registry.snapshot_path(snapshot_sha256)), order.dictionary, rows_per_part=ROWS_PER_PART)) as source:
        columns = (source.key, *fact_columns(read_attributes(order), source.key))
        return compute_population(planned, lambda: (source.read(part, columns) for part in source.parts), as_of)
