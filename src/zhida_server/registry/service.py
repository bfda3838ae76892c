"""The door of the registry: files come in, facts are told, snapshots are taken, and one enterprise is read at a time.

propose_import ──▶ take_import │ refuse_import          tell
         └───────────────▶ take_snapshot ◀───────────────┘
                                ├──▶ snapshot_path, snapshot_registry     for runs
                                └──▶ access_subject                       for one enterprise, recorded
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from zhida.policy.pack import Packs
from zhida.registry_io.registry import Registry
from zhida_server.people import service as people
from zhida_server.people.data import Actor
from zhida_server.registry import importing, lines, subjects, told
from zhida_server.registry import snapshots as kept
from zhida_server.registry import uploads as uploads_
from zhida_server.registry.data import EnterpriseLine, Import, Snapshot, Subject, Told, Upload


def propose_import(actor: Actor, mapping: tuple[str, bytes], files: Sequence[tuple[str, bytes]]) -> Import:
    """Read uploaded files and keep what they say as a proposal; the registry does not change.

    Args:
        actor: Who hands them in.
        mapping: Name and bytes of the mapping file.
        files: Name and bytes of each file that it reads.

    Raises:
        NotAllowed: the actor may not.
        ImportRefused: the files cannot be read as the mapping says; it holds every mistake with file and line.
        Refused: import-same-name, import-no-name, import-long-name; import-unfit-codes: a key can be no code of an enterprise.
        NotFound: no packs were taken yet, so no dictionary says what there may be.
    """
    return importing.propose(actor, mapping, files)


def order_import(actor: Actor, mapping: tuple[str, bytes], files: Sequence[tuple[str, bytes]]) -> Upload:
    """Take files in and leave it to the worker to read them: what comes of it is a proposal, or a refusal with every mistake.

    Args:
        actor: Who hands them in.
        mapping: Name and bytes of the mapping file.
        files: Name and bytes of each file that it reads.

    Raises:
        NotAllowed: the actor may not.
        Refused: import-same-name, import-no-name, import-long-name.
        NotFound: no packs were taken yet.
    """
    return uploads_.order(actor, mapping, files)


def read_upload(upload_id: uuid.UUID) -> None:
    """Read files that were handed in, as the worker does; what was read or refused already stays so.

    Raises:
        NotFound: there is no such upload.
    """
    uploads_.read(upload_id)


def upload(actor: Actor, upload_id: uuid.UUID) -> Upload:
    """Return how far reading an upload is.

    Raises:
        NotAllowed: the actor may not.
        NotFound: there is no such upload.
    """
    return uploads_.upload_of(actor, upload_id)


def uploads(actor: Actor) -> tuple[Upload, ...]:
    """Return the uploads of which there is no import, the latest first: those under way, and those that could not be read.

    Raises:
        NotAllowed: the actor may not.
    """
    return uploads_.uploads(actor)


def propose_import_paths(actor: Actor, mapping_path: Path, paths: Sequence[Path], *, progress: importing.Progress | None = None) -> Import:
    """Do the same with files that are on the server already; for the command line and for large files.

    Args:
        actor: Who imports.
        mapping_path: The mapping file.
        paths: The files that it reads.
        progress: Told how far it is.

    Raises:
        NotAllowed, ImportRefused, Refused, NotFound: as `propose_import`.
    """
    return importing.propose_paths(actor, mapping_path, paths, progress=progress)


def take_import(actor: Actor, import_id: uuid.UUID) -> Import:
    """Take an import: from now on it is what the registry says, and the list of enterprises follows it.

    Raises:
        NotAllowed: the actor may not.
        NotFound: there is no such import.
        Conflict: somebody took or refused it already.
    """
    return importing.take(actor, import_id)


def refuse_import(actor: Actor, import_id: uuid.UUID, reason: str) -> Import:
    """Refuse an import, with the reason; it stays to be read.

    Raises:
        NotAllowed: the actor may not.
        NotFound: there is no such import.
        Conflict: somebody took or refused it already.
        Refused: import-refused-without-reason.
    """
    return importing.refuse(actor, import_id, reason)


def import_(actor: Actor, import_id: uuid.UUID) -> Import:
    """Return one import.

    Raises:
        NotAllowed: the actor may not.
        NotFound: there is no such import.
    """
    return importing.import_of(actor, import_id)


def imports(actor: Actor, *, limit: int = 50) -> tuple[Import, ...]:
    """Return imports, the latest first.

    Raises:
        NotAllowed: the actor may not.
    """
    return importing.imports(actor, limit)


def import_file(actor: Actor, import_id: uuid.UUID, kind: str) -> Path:
    """Return a kept file of an import, checked; that it was read is recorded.

    Args:
        actor: Who reads it.
        import_id: The import.
        kind: `mapping`, `quality` (the whole report, JSON) or `set-aside` (the rows that are not in the registry, CSV).

    Raises:
        NotAllowed: the actor may not.
        NotFound: there is no such import, or no such kind.
    """
    return importing.kept_file(actor, import_id, kind)


def tell(  # noqa: PLR0913 - each says one thing about the facts
    actor: Actor,
    code: str,
    facts: Mapping[str, object],
    *,
    source: str,
    on: dt.date,
    until: dt.date | None = None,
) -> None:
    """Tell facts of an enterprise; what holds on the first day is replaced and ends on the day before. All or nothing.

    Args:
        actor: Who enters them; a representative only of their own enterprise, and only what the dictionary lets them tell.
        code: The enterprise.
        facts: By attribute, in base units: the engine's values or plain Python's, None for a known absence; a text is read as a
            cell of a file is. A yearly fact without a year is that of the year before `on`.
        source: Who says so: an office, a document, the enterprise itself.
        on: The first day on which they hold.
        until: The last day; None where nobody knows of one.

    Raises:
        NotAllowed: the actor may not.
        NotFound: the registry has no such enterprise.
        Refused: told-not-allowed and its like: a value that the dictionary does not allow.
        Conflict: told-overlaps: several facts hold within these days.
    """
    told.tell(actor, code, facts, source=source, on=on, until=until)


def judge(actor: Actor, code: str, facts: Mapping[str, object], *, source: str, on: dt.date) -> None:
    """Keep facts that a person of an office has judged or verified for a claim; of any attribute of the dictionary that is not computed.

    Each takes the place of the fact that holds on its first day, and ends before the next that was told already: what is newer stays.

    Args:
        actor: Who judged them.
        code: The enterprise.
        facts: As `tell` takes them.
        source: The office, and what for; it stands beside each fact.
        on: The first day on which they hold.

    Raises:
        NotAllowed, NotFound, Refused, Conflict: as `tell`.
    """
    told.judge(actor, code, facts, source=source, on=on)


def told_facts(actor: Actor, code: str, *, purpose: str) -> tuple[Told, ...]:
    """Return all that was ever told of an enterprise, in the order of its coming in; that it was read is recorded.

    Raises:
        NotAllowed: the actor may not.
    """
    people.access_enterprise(actor, code, purpose=purpose)
    return told.facts_of(code)


def take_snapshot(actor: Actor, as_of: dt.date) -> Snapshot:
    """Take a snapshot of what the registry says of everybody on a day; the same facts give the same bytes and the same name.

    Raises:
        NotAllowed: the actor may not.
        NotFound: no import was taken yet.
    """
    return kept.take(actor, as_of)


def snapshots(actor: Actor, *, limit: int = 100) -> tuple[Snapshot, ...]:
    """Return snapshots, the latest first.

    Raises:
        NotAllowed: the actor may not.
    """
    return kept.snapshots(actor, limit)


def latest_snapshot() -> Snapshot:
    """Return the snapshot that was taken last.

    Raises:
        NotFound: none was.
    """
    return kept.newest()


def snapshot_path(sha256: str) -> Path:
    """Return the Parquet of a snapshot, for `zhida.registry_io.sources.open_source`, after its bytes were checked.

    Raises:
        NotFound: there is no such snapshot.
        DamagedFileError: its file is missing or damaged.
    """
    return kept.path_of(sha256)


def snapshot_registry(sha256: str, packs: Packs) -> Registry:
    """Return a snapshot whole, kept by the process; for one enterprise `access_subject` is much lighter.

    Raises:
        NotFound: there is no such snapshot.
        InputError: its columns are not those of the packs' dictionary.
    """
    return kept.registry_of(sha256, packs)


def access_subject(  # noqa: PLR0913 - each says one thing about what is read
    actor: Actor,
    code: str,
    *,
    purpose: str,
    snapshot_sha256: str | None = None,
    on: dt.date | None = None,
    known_at: dt.datetime | None = None,
) -> Subject:
    """Return what is known of one enterprise and from where; that it was read is recorded.

    Args:
        actor: Who reads.
        code: The enterprise.
        purpose: What for; it stands in the record.
        snapshot_sha256: The snapshot; None for the latest one.
        on: Told facts that hold on this day, those told since the snapshot among them. None for exactly what the snapshot says where
            one is named, else for what was told to hold from the latest day on.
        known_at: With a day: only what had been told at this moment; None for all.

    Raises:
        NotAllowed: the actor may not, or it is another's enterprise.
        NotFound: there is no such enterprise or no such snapshot.
    """
    return subjects.access(actor, code, purpose=purpose, snapshot_sha256=snapshot_sha256, on=on, known_at=known_at)


def enterprises(actor: Actor, text: str = "", *, after: str = "", limit: int = 50) -> tuple[EnterpriseLine, ...]:
    """Return enterprises by code, as the import that was taken last has them.

    Args:
        actor: Who searches.
        text: Words, each of which the name must have or the code begin with; empty for everybody.
        after: Only codes behind this one: the next page of a listing.
        limit: How many at most.

    Raises:
        NotAllowed: the actor may not.
    """
    return lines.enterprises(actor, text, after=after, limit=limit)


def names_of(codes: Sequence[str]) -> Mapping[str, str]:
    """Return the names of enterprises, by code, for those who name them in public; codes that the registry does not have are left out."""
    return lines.names_of(codes)


def read_facts(facts: Mapping[str, object], *, on: dt.date, is_own: bool) -> Mapping[str, object]:
    """Return facts as `tell` would keep them, without keeping them: the engine's values, by column of the registry.

    Args:
        facts: By attribute, as `tell` takes them.
        on: The first day on which they would hold.
        is_own: Whether the enterprise tells them itself, and may tell only what the dictionary lets it.

    Raises:
        Refused: told-not-allowed and its like: a value that the dictionary does not allow.
    """
    return told.read(facts, on, is_own=is_own)
