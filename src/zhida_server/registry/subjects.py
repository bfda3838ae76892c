"""One enterprise: what is known of it, and from where. Every reader of its facts comes through `access`."""

import datetime as dt
from collections.abc import Iterable
from types import MappingProxyType

from zhida.assess.order import NAME_ATTRIBUTE
from zhida_server.people import service as people
from zhida_server.people.data import Actor, NotFound
from zhida_server.registry import data
from zhida_server.registry.lines import STREET_ATTRIBUTE
from zhida_server.registry.rows import rows_of
from zhida_server.registry.snapshots import import_behind, newest
from zhida_server.registry.told import column_of, facts_of, holds_beside


def access(  # noqa: PLR0913 - each says one thing about what is read
    actor: Actor,
    code: str,
    *,
    purpose: str,
    snapshot_sha256: str | None,
    on: dt.date | None,
    known_at: dt.datetime | None,
) -> data.Subject:
    """See `service.access_subject`."""
    people.access_enterprise(actor, code, purpose=purpose)
    snapshot = newest(snapshot_sha256)
    imported, sources, came_in = import_behind(snapshot.import_id)
    is_exact = snapshot_sha256 is not None and on is None
    rows = rows_of(snapshot.sha256 if is_exact else imported)
    facts = rows.facts(code)
    if facts is None:
        raise NotFound("no-enterprise", f"登记册里没有代码为“{code}”的企业", f"the registry has no enterprise with the code '{code}'")
    provenance = {name: data.Provenance(sources.get(name, ""), None, None, came_in, is_told=False) for name in facts}
    told = facts_of(code, known_at=snapshot.taken_at if is_exact else known_at)
    day = on or snapshot.as_of
    holding = _latest(told, day) if on is None and not is_exact else _holding(told, day)
    placed = ((column_of(each.name, rows.columns, day), each) for each in holding)
    if is_exact:  # it has them already, and says the same
        news = {column: each for column, each in placed if column in facts and facts[column] == each.value}
    else:
        news = {column: each for column, each in placed if column is not None and holds_beside(each, facts, column, came_in)}
    facts |= {column: each.value for column, each in news.items()}
    provenance |= {column: _provenance(each) for column, each in news.items()}
    return data.Subject(
        code=code,
        name=str(facts.get(NAME_ATTRIBUTE) or ""),
        street=str(facts.get(STREET_ATTRIBUTE) or ""),
        facts=MappingProxyType(facts),
        provenance=MappingProxyType(provenance),
        snapshot_sha256=snapshot.sha256,
        as_of=snapshot.as_of,
    )


def _holding(told: Iterable[data.Told], on: dt.date) -> list[data.Told]:
    """Return what holds on a day."""
    return [each for each in told if each.since <= on and (each.until is None or on <= each.until)]


def _latest(told: Iterable[data.Told], as_of: dt.date) -> list[data.Told]:
    """Return, of each attribute, what was told to hold from the latest day on, unless it was over on the day of the snapshot."""
    found: dict[str, data.Told] = {}
    for each in sorted(told, key=lambda each: (each.since, each.id)):
        if each.until is None or each.until >= max(as_of, each.since):
            found[each.name] = each
    return list(found.values())


def _provenance(told: data.Told) -> data.Provenance:
    return data.Provenance(told.source, told.since, told.until, told.at, is_told=True)
