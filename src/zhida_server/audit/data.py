"""What the audit gives and takes: an entry to be written, a record that was written, and what the chain of records says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

Content = Mapping[str, object]
"""What a record says beside its words, by name; kept as JSON, in which a date or a decimal is a text."""


@dataclass(frozen=True)
class Entry:
    """One act or one read, about to be recorded."""

    actor: str
    """Who: the name that somebody logs in with, `job:…` for background work, `visitor` for nobody."""
    act: str
    """What was done, as it stands in the table of permissions: `run.start`, `enterprise.read`."""
    object: str
    """To what: an enterprise's code, the id of a run, of a batch, of an entitlement."""
    purpose: str = ""
    """What for, where a fact of an enterprise was read."""
    before: Content | None = None
    """What changed, as it was."""
    after: Content | None = None
    """What changed, as it is now."""


@dataclass(frozen=True)
class Record:
    """One record as it was kept."""

    id: int
    """Grows with time, with holes; pages of a listing follow it."""
    seq: int | None
    """Its place in the chain, from 1, without holes; nothing while its transaction is open."""
    at: datetime
    """When its transaction began, by the database's clock."""
    actor: str
    """Who."""
    act: str
    """What was done."""
    object: str
    """To what."""
    purpose: str
    """What for."""
    before: Content | None
    """What changed, as it was."""
    after: Content | None
    """What changed, as it is now."""
    hash: str
    """The hash that it carries, in hexadecimal digits; empty while its transaction is open."""


@dataclass(frozen=True)
class Head:
    """The end of the chain. Printed and kept elsewhere, it proves later that no record up to it was cut off."""

    length: int
    """How many records there are."""
    hash: str
    """The hash of the last one."""


@dataclass(frozen=True)
class Chain:
    """What a verification found."""

    length: int
    """How many records were read."""
    last_hash: str
    """The hash of the last one."""
    faults: tuple[str, ...]
    """What is broken, the first fault first, in both languages; empty where the chain is whole."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing is broken."""
        return not self.faults
