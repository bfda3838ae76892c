"""One enterprise: what is known of it, and from where. Every reader of its facts comes through `access`."""

import datetime
from collections.abc import Iterable
from types import MappingProxyType

from zhida.assess.order import NAME_ATTRIBUTE
from zhida.registry_io.registry import Facts
from zhida_server.people import service as people
from zhida_server.people.data import Actor, NotFound
from zhida_server.registry import data
from zhida_server.registry.lines import STREET_ATTRIBUTE
from zhida_server.registry.rows import rows_of
from zhida_server.registry.snapshots import column_of, newest, sources_of
from zhida_server.registry.told import facts_of


def access(actor: Actor, code: str, *, purpose: str, snapshot_sha256: str | None, on: datetime.date | None) -> data.Subject:
    """See `service.access_subject`."""
    people.access_enterprise(actor, code, purpose=purpose)
    snapshot = newest(snapshot_sha256)
    rows = rows_of(snapshot.sha256)
    facts = rows.facts(code)
    if facts is None:
        raise NotFound("no-enterprise", f"登记册里没有代码为“{code}”的企业", f"the registry has no enterprise with the code '{code}'")
    sources, came_in = sources_of(snapshot.import_id)
    provenance = {name: data.Provenance(sources.get(name, ""), None, None, came_in, is_told=False) for name in facts}
    told = facts_of(code)
    if snapshot_sha256 is not None:
        kept = [each for each in _holding(told, snapshot.as_of) if each.at <= snapshot.taken_at]
        _name_sources(facts, provenance, kept, snapshot)
    else:
        holding = _holding(told, on) if on is not None else _latest(told, snapshot.as_of)
        _overlay(facts, provenance, holding, snapshot, came_in, rows.columns)
    return data.Subject(
        code=code,
        name=str(facts.get(NAME_ATTRIBUTE) or ""),
        street=str(facts.get(STREET_ATTRIBUTE) or ""),
        facts=MappingProxyType(facts),
        provenance=MappingProxyType(provenance),
        snapshot_sha256=snapshot.sha256,
        as_of=snapshot.as_of,
    )


def _holding(told: Iterable[data.Told], on: datetime.date) -> list[data.Told]:
    """Return what holds on a day."""
    return [each for each in told if each.since <= on and (each.until is None or on <= each.until)]


def _latest(told: Iterable[data.Told], as_of: datetime.date) -> list[data.Told]:
    """Return, of each attribute, what was told to hold from the latest day on, unless it was over on the day of the snapshot."""
    found: dict[str, data.Told] = {}
    for each in sorted(told, key=lambda each: (each.since, each.id)):
        if each.until is None or each.until >= max(as_of, each.since):
            found[each.name] = each
    return list(found.values())


def _name_sources(facts: Facts, provenance: dict[str, data.Provenance], told: Iterable[data.Told], snapshot: data.Snapshot) -> None:
    """Name who told the facts of a snapshot that it has from them: they were told before it was taken, and it says the same."""
    for each in told:
        column = column_of(each.name, facts, snapshot.as_of)
        if column in facts and facts[column] == each.value:
            provenance[column] = _provenance(each)


def _overlay(  # noqa: PLR0913, PLR0917 - each says one thing about what is laid over
    facts: Facts,
    provenance: dict[str, data.Provenance],
    told: Iterable[data.Told],
    snapshot: data.Snapshot,
    came_in: datetime.datetime,
    columns: Iterable[str],
) -> None:
    """Let told facts take the place of imported ones as a snapshot of this moment would."""
    for each in told:
        column = column_of(each.name, columns, snapshot.as_of)
        if column is not None and (column not in facts or each.at >= came_in):
            facts[column] = each.value
            provenance[column] = _provenance(each)


def _provenance(told: data.Told) -> data.Provenance:
    return data.Provenance(told.source, told.since, told.until, told.at, is_told=True)
