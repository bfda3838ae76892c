"""What the registry gives: an import, a snapshot, a subject with where its facts come from, a line of a list, and what is refused."""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from zhida.errors import Diagnostic
from zhida_server.people.data import Refused


class ImportState(StrEnum):
    """How far an import is."""

    PROPOSED = "proposed"
    """It was read and its quality report waits for somebody."""
    TAKEN = "taken"
    """It is what the registry says now, or said before a later one."""
    REFUSED = "refused"
    """Somebody looked at it and did not take it."""


class UploadState(StrEnum):
    """How far reading an upload is."""

    QUEUED = "queued"
    """It waits for the worker."""
    READING = "reading"
    """It is being read, or was cut short and is about to be read again."""
    DONE = "done"
    """There is an import of the same id."""
    FAILED = "failed"
    """It cannot be read as its mapping says; nothing was kept."""


@dataclass(frozen=True)
class Upload:
    """Files that were handed in on a page."""

    id: uuid.UUID
    """Names it, and the import that is made of it."""
    state: UploadState
    """How far it is."""
    files: tuple[str, ...]
    """The names of the files, the mapping first."""
    phase: str
    """What reading is at; empty before it begins."""
    done: int
    """How far this phase is."""
    of: int
    """How much there is of it; 0 while nobody knows."""
    tries: int
    """How often it was begun."""
    fault_zh: str
    """Why it cannot be read, in Chinese; empty otherwise."""
    fault_en: str
    """The same in English."""
    by: str
    """Who handed it in."""
    at: dt.datetime
    """When."""


@dataclass(frozen=True)
class Import:
    """Files that were read into one row for each enterprise, with what was met on the way."""

    id: uuid.UUID
    """Names it."""
    state: ImportState
    """How far it is."""
    rows: int
    """How many enterprises there are."""
    sha256: str
    """Of the Parquet that it made."""
    report: Mapping[str, object]
    """The quality report: `files`, `attributes`, `findings` (how many of each kind), `examples` (the first ones of each kind), and
    `is_synthetic`. The whole of it is kept as a file, see `full_report`."""
    report_text_zh: str
    """The report for people, in Chinese."""
    report_text_en: str
    """The same in English."""
    at: dt.datetime
    """When it was proposed."""
    by: str
    """Who proposed it."""
    decided_at: dt.datetime | None
    """When it was taken or refused."""
    decided_by: str
    """Who did that."""
    reason: str
    """Why it was refused."""


@dataclass(frozen=True)
class Snapshot:
    """What the registry says of all enterprises on a day; kept as Parquet and never changed."""

    sha256: str
    """Of the Parquet's bytes: its name."""
    as_of: dt.date
    """The day."""
    rows: int
    """How many enterprises there are."""
    told: int
    """How many facts in it were told and not imported."""
    import_id: uuid.UUID
    """The import that it begins with."""
    taken_at: dt.datetime
    """When it was taken."""
    taken_by: str
    """Who took it."""


@dataclass(frozen=True)
class Provenance:
    """Where a fact comes from."""

    source: str
    """The file of an import as its mapping calls it, or who told the fact."""
    since: dt.date | None
    """The first day on which it holds; None where the source does not say."""
    until: dt.date | None
    """The last day; None where nobody knows of an end."""
    at: dt.datetime
    """When it came in."""
    is_told: bool
    """Whether it was told, rather than imported."""


@dataclass(frozen=True)
class Subject:
    """One enterprise and what is known of it."""

    code: str
    """Its unified social credit code."""
    name: str
    """Its name."""
    street: str
    """Its sub-district; may be empty."""
    facts: Mapping[str, object]
    """In the engine's own values: Decimal, str, bool, Date, tuple; None is a known absence; what is unknown is not there."""
    provenance: Mapping[str, Provenance]
    """Of each fact."""
    snapshot_sha256: str
    """The snapshot that the facts begin with."""
    as_of: dt.date
    """Its day."""


@dataclass(frozen=True)
class Told:
    """One fact that was told, as it is kept."""

    id: int
    """Names it."""
    code: str
    """The enterprise."""
    name: str
    """The attribute."""
    value: object
    """In the engine's own values; None is a known absence."""
    corrects: tuple[object, ...]
    """What the latest import said when it was told: one value, or none where it did not know."""
    source: str
    """Who told it, or from where."""
    since: dt.date
    """The first day on which it holds."""
    until: dt.date | None
    """The last day, what replaced it considered; None where there is none."""
    at: dt.datetime
    """When it came in."""
    by: str
    """Who entered it."""
    replaced_by: int | None
    """The first fact that took its place on any of its days; None while it stands."""


@dataclass(frozen=True)
class EnterpriseLine:
    """What a list of enterprises shows of one."""

    code: str
    """Its unified social credit code."""
    name: str
    """Its name."""
    street: str
    """Its sub-district; may be empty."""


class ImportRefused(Refused):
    """Files that cannot be read as the mapping says; nothing of them was kept."""

    def __init__(self, diagnostics: Sequence[Diagnostic], lines_zh: Sequence[str], lines_en: Sequence[str]) -> None:
        """Keep every mistake.

        Args:
            diagnostics: All of them, in the order in which they were found.
            lines_zh: Each with its file, line and hint, in Chinese.
            lines_en: The same in English.
        """
        super().__init__(
            "import-refused",
            f"这些文件不能导入（{len(diagnostics)} 处问题），什么都没有收下；改正后重新提交。\n" + "\n".join(lines_zh),
            f"these files cannot be imported ({len(diagnostics)} problems), and nothing of them was kept; "
            "mend them and hand them in again.\n" + "\n".join(lines_en),
        )
        self.diagnostics = tuple(diagnostics)
        self.lines_zh = tuple(lines_zh)
        self.lines_en = tuple(lines_en)
