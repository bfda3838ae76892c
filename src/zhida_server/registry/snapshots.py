"""Snapshots: what the registry says of everybody on a day, kept as Parquet under the sha256 of its bytes, for good.

    the import taken last ──┐
    facts told, holding ────┴─merge──▶ Parquet ──▶ SITE/files/…  its sha256 is its name
                                          └──────▶ SITE/subjects/<sha256>.arrow   the same rows, one enterprise found in a millisecond

A told fact that holds on the day takes the place of an imported one unless the import is the newer and says another thing than what
the fact corrected: importing old data again undoes no correction.
The same import and the same told facts give the same bytes.
"""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

import polars as pl
from django.db import transaction

from zhida.policy.dictionary import Dictionary
from zhida.policy.pack import Packs
from zhida.registry_io.attributes import ABSENT_SUFFIX, in_order, item_of
from zhida.registry_io.facts import polars_type
from zhida.registry_io.registry import Registry, read_registry, row_facts
from zhida.registry_io.writing import write_parquet
from zhida.values.temporal import Date
from zhida_server import files
from zhida_server.audit import service as audit
from zhida_server.catalogue import service as catalogue
from zhida_server.people import service as people
from zhida_server.people.data import Actor, NotFound
from zhida_server.registry import data, models, rows
from zhida_server.registry.importing import SUBJECT, SUFFIX, newest_taken
from zhida_server.registry.told import column_of, facts_on, holds_beside
from zhida_server.registry.values import encoded

PROCESS_KEEPS = 1
"""Registries that a process keeps whole in its memory."""

TOLD = "zhida.told_sha256"
"""What a snapshot with told facts says of them beside what its import says of itself."""

NEW = "\0new"
"""A column that no attribute is called."""


def take(actor: Actor, as_of: dt.date) -> data.Snapshot:
    """See `service.take_snapshot`."""
    people.require(actor, "registry.snapshot")
    offer = newest_taken()
    came_in = models.Decision.objects.get(offer=offer).at
    _, packs = catalogue.current_packs()
    dictionary = packs.dictionaries[SUBJECT]
    path = files.checked(offer.sha256, SUFFIX)
    frame = pl.read_parquet(path)
    metadata = {name: value for name, value in pl.read_parquet_metadata(path).items() if name.startswith("zhida.")}
    merged, used = with_told(frame, metadata["zhida.key"], facts_on(as_of), came_in, as_of, dictionary)
    sha256 = offer.sha256
    if used:
        listed = json.dumps([(each.code, each.name, encoded(each.value)) for each in used], ensure_ascii=False)
        metadata[TOLD] = hashlib.sha256(listed.encode()).hexdigest()
        sha256 = files.keep(lambda place: write_parquet(merged, place, metadata), SUFFIX)
        rows.lay_out(offer.sha256, frame)
    rows.lay_out(sha256, merged)
    with transaction.atomic():
        last = models.Snapshot.objects.order_by("-id").first()
        if last is None or (last.sha256, last.as_of, last.offer_id) != (sha256, as_of, offer.id):
            models.Snapshot.objects.create(sha256=sha256, as_of=as_of, rows=merged.height, told=len(used), offer=offer, taken_by=actor.name)
        audit.record(actor.name, "registry.snapshot", sha256, after={"as_of": as_of, "rows": merged.height, "told": len(used)})
        return newest(sha256)


def with_told(  # noqa: PLR0913, PLR0917 - each says one thing about what is merged
    frame: pl.DataFrame,
    key: str,
    told: Iterable[data.Told],
    came_in: dt.datetime,
    as_of: dt.date,
    dictionary: Dictionary,
) -> tuple[pl.DataFrame, tuple[data.Told, ...]]:
    """Return a registry with told facts in it, and which of them took a place.

    Args:
        frame: The registry as it was imported.
        key: The column of the keys.
        told: Facts that hold on the day, at most one for each enterprise and attribute.
        came_in: When the import was taken; see `told.holds_beside`.
        as_of: The day.
        dictionary: The types of columns that the import does not have.
    """
    by_column: dict[str, list[data.Told]] = {}
    for each in told:
        column = column_of(each.name, frame.columns, as_of)
        item = item_of(dictionary, column) if column else None
        if column and item is not None and item.statistic is None:
            by_column.setdefault(column, []).append(each)
    used: list[data.Told] = []
    for column in in_order(dictionary, by_column):
        frame, taken = _merged(frame, key, column, by_column[column], came_in, dictionary)
        used += taken
    names = [name for name in frame.columns if not name.endswith(ABSENT_SUFFIX)]
    ordered = [
        name for found in (key, *in_order(dictionary, (name for name in names if name != key))) for name in (found, found + ABSENT_SUFFIX)
    ]
    return frame.select(name for name in ordered if name in frame.columns), tuple(sorted(used, key=lambda each: (each.code, each.name)))


def _merged(  # noqa: PLR0913, PLR0917 - as above
    frame: pl.DataFrame, key: str, column: str, told: list[data.Told], came_in: dt.datetime, dictionary: Dictionary
) -> tuple[pl.DataFrame, list[data.Told]]:
    """Return a registry with told facts in one column, and which of them took a place."""
    item = item_of(dictionary, column)
    assert item is not None, "columns are looked up before"
    absent = column + ABSENT_SUFFIX
    missing = [pl.lit(None, polars_type(item)).alias(column)] if column not in frame.columns else []
    if absent not in frame.columns and any(each.value is None for each in told):
        missing.append(pl.lit(value=False).alias(absent))
    frame = frame.with_columns(missing)
    names = [name for name in (column, absent) if name in frame.columns]
    codes = pl.Series(key, [each.code for each in told], dtype=pl.String)
    before = frame.lazy().filter(pl.col(key).is_in(codes.implode())).select(key, *names).collect()
    imported = {code: row_facts(names, tuple(values)) for code, *values in before.iter_rows()}
    taken = [each for each in told if each.code in imported and holds_beside(each, imported[each.code], column, came_in)]
    if not taken:
        return frame.drop([expression.meta.output_name() for expression in missing]), []
    values = [polars_value(each.value) for each in taken]
    news = pl.DataFrame(
        [
            pl.Series(key, [each.code for each in taken], dtype=pl.String),
            pl.Series(NEW, values, dtype=polars_type(item)),
            pl.Series(NEW + ABSENT_SUFFIX, [each.value is None for each in taken], dtype=pl.Boolean),
        ]
    )
    joined = frame.join(news, on=key, how="left", maintain_order="left")
    is_told = pl.col(NEW + ABSENT_SUFFIX).is_not_null()
    changed = [pl.when(is_told).then(pl.col(NEW)).otherwise(pl.col(column)).alias(column)]
    if absent in frame.columns:
        changed.append(pl.when(is_told).then(pl.col(NEW + ABSENT_SUFFIX)).otherwise(pl.col(absent)).alias(absent))
    return joined.with_columns(changed).drop(NEW, NEW + ABSENT_SUFFIX), taken


def polars_value(value: object) -> object:
    """Return a value of the engine as a cell of a frame."""
    if isinstance(value, Date):
        return dt.date(value.year, value.month, value.day)
    if isinstance(value, tuple):
        return [polars_value(each) for each in value]
    if isinstance(value, dict):
        absences = {name + ABSENT_SUFFIX: True for name, entry in value.items() if entry is None}
        return {name: polars_value(entry) for name, entry in value.items()} | absences
    return value


# --- what is kept --------------------------------------------------------------------------------------------------


def snapshots(actor: Actor, limit: int) -> tuple[data.Snapshot, ...]:
    """See `service.snapshots`."""
    people.require(actor, "registry.read")
    return tuple(_snapshot(row) for row in models.Snapshot.objects.order_by("-id")[:limit])


def newest(sha256: str | None = None) -> data.Snapshot:
    """Return the snapshot that was taken last, or the last one of a name.

    Raises:
        NotFound: there is none.
    """
    found = models.Snapshot.objects.order_by("-id")
    row = (found.filter(sha256=sha256) if sha256 else found).first()
    if row is None:
        raise NotFound("no-snapshot", "还没有这样的登记册快照：先取一份快照", "there is no such snapshot of the registry: take one first")
    return _snapshot(row)


def path_of(sha256: str) -> Path:
    """See `service.snapshot_path`."""
    newest(sha256)
    return files.checked(sha256, SUFFIX)


def registry_of(sha256: str, packs: Packs) -> Registry:
    """See `service.snapshot_registry`."""
    return _read(sha256, _Dictionary(packs.dictionaries[SUBJECT]))


class _Dictionary:
    """A dictionary that is the same where its text is, for what a process keeps."""

    def __init__(self, dictionary: Dictionary) -> None:
        self.dictionary = dictionary

    def __hash__(self) -> int:
        return hash(self.dictionary.source.text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Dictionary) and other.dictionary.source.text == self.dictionary.source.text


@lru_cache(maxsize=PROCESS_KEEPS)
def _read(sha256: str, dictionary: _Dictionary) -> Registry:
    return read_registry(path_of(sha256), dictionary.dictionary)


@lru_cache(maxsize=4)
def import_behind(import_id: uuid.UUID) -> tuple[str, Mapping[str, str], dt.datetime]:
    """Return the name of an import's Parquet, which files it took each attribute from, and when it was taken."""
    row = models.Import.objects.get(id=import_id)
    came_in = models.Decision.objects.get(offer=row).at
    return row.sha256, {name: "、".join(found) for name, found in row.sources.items()}, came_in


def _snapshot(row: models.Snapshot) -> data.Snapshot:
    return data.Snapshot(row.sha256, row.as_of, row.rows, row.told, row.offer_id, row.taken_at, row.taken_by)
