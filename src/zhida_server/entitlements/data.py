"""What the services of entitlements take and give: runs, answers, explanations, decisions, grants; and why something is refused."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from zhida.assess.assessment import Assessment, Outcome
from zhida_server.people.data import Conflict, NotFound


class RunState(StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    """Waiting for the worker."""
    RUNNING = "running"
    """Being worked on, or cut short and about to be taken up again."""
    DONE = "done"
    """Its answers count."""
    FAILED = "failed"
    """It stopped because of what it read; the fault says why."""


class EntitlementState(StrEnum):
    """What became of a grant; the ledger says it."""

    RESERVED = "reserved"
    """Its money is set aside."""
    PAID = "paid"
    """Its money was paid."""
    VOIDED = "voided"
    """It was taken back, and its money is free again."""


@dataclass(frozen=True, slots=True)
class RunProgress:
    """How far a run is."""

    phase: str
    """What it is at: `assess`, `combine`, `answers`; empty before it begins."""
    parts_done: int
    """Parts of this phase that are done."""
    parts: int
    """Parts of this phase."""
    rows_done: int
    """Enterprises of this phase that are done."""
    rows: int
    """Enterprises in all; 0 while nobody knows."""
    seconds: int
    """Whole seconds that the latest try took so far."""
    tries: int
    """How often it was begun."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of all policies over a snapshot."""

    id: UUID
    """Names it."""
    as_of: dt.date
    """The date of the business fact."""
    packs_sha256: str
    """The policies that it decides by."""
    snapshot_sha256: str
    """The registry that it decides."""
    received_sha256: str
    """What was granted before, as it stood when the run was ordered."""
    policies: tuple[str, ...]
    """Ids of the policies, in the order of the packs."""
    engine_version: str
    """The engine that was asked; another version says so when it is repeated."""
    state: RunState
    """Where it is."""
    progress: RunProgress
    """How far it is."""
    fault: str
    """Why it failed; empty otherwise."""
    results_sha256: str
    """What names everything that came out; empty until it is done."""
    subjects: int
    """How many enterprises there are; 0 until it is done."""
    started_by: str
    """Who ordered it."""
    started_at: dt.datetime
    """When it was ordered."""
    finished_at: dt.datetime | None
    """When it was done."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """What came of deciding a run again from its record."""

    is_same: bool
    """Whether every byte is the same."""
    sha256: str
    """What came out now."""
    expected: str
    """What had come out then."""
    engine_version: str
    """The engine that decided now."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """A run that is decided again in the background."""

    id: UUID
    """Names it."""
    run_id: UUID
    """The run."""
    state: RunState
    """Where it is."""
    progress: RunProgress
    """How far it is."""
    fault: str
    """Why it failed; empty otherwise."""
    outcome: Repeat | None
    """What came of it; None until it is done."""
    asked_by: str
    """Who asked for it."""
    asked_at: dt.datetime
    """When."""


@dataclass(frozen=True, slots=True)
class PolicyTally:
    """What one policy came to in a run."""

    policy: str
    """`pack/name`."""
    title: str
    """Its title."""
    gives: str
    """What it gives: `cash`, `tax`, `status`, …"""
    outcomes: Mapping[str, int]
    """How many enterprises have each outcome."""
    amount_fen: int
    """The sum of what it gives by itself."""
    paid_fen: int
    """The sum of what it gives in everybody's best lawful combination."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a run says of one enterprise and one policy, as a page shows it."""

    policy: str
    """`pack/name`."""
    title: str
    """Its title."""
    gives: str
    """What it gives: `cash`, `tax`, `status`, …"""
    outcome: Outcome
    """The outcome."""
    result: str
    """The status, where the policy gives one."""
    amount_fen: int
    """What the policy gives by itself."""
    paid_fen: int
    """What it gives in the best lawful combination."""
    why_less: str
    """Why that is less: the row of stacking, or what was received already; empty where nothing is cut."""
    missing: tuple[str, ...]
    """Facts, and parameters of the place, that would have to be known."""
    low_fen: int | None
    """The least amount that is possible, where it is not settled."""
    high_fen: int | None
    """The greatest amount that is possible, where it is not settled."""
    near: str
    """The nearest line that would change the answer: `从业人员 → 300 人`; empty where none is near."""
    delivery: str
    """How it goes out: `免申即享`, …; empty where nothing does."""
    window_until: dt.date | None
    """The last day to apply; None where the policy sets none."""


@dataclass(frozen=True, slots=True)
class EligibleLine:
    """One enterprise to which a policy gives something in a run."""

    code: str
    """Its code."""
    amount_fen: int
    """What the policy gives by itself."""
    paid_fen: int
    """What it gives in the best lawful combination."""
    delivery: str
    """How it goes out."""
    article: str
    """The article that the answer rests on: that of the rule that fired."""
    facts: str
    """The fingerprint of the facts that it was decided by, in hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a policy says what it says of one enterprise: decided again by the interpreter, and held against the run."""

    html: str
    """The body of a page, without its frame."""
    style: str
    """The style that it needs, for a file or a tag that the security policy allows."""
    assessment: Assessment
    """The answer with its reasons."""
    data: Mapping[str, Any]
    """The same as plain data, for programs."""
    article: str
    """The article that the answer rests on."""
    as_of: dt.date
    """The date of the business fact."""
    run_id: UUID
    """The run that it explains."""
    packs_sha256: str
    """The policies that decided."""
    snapshot_sha256: str
    """The registry that was decided."""
    policy_sha256: str
    """The text of the policy."""
    differences: tuple[str, ...]
    """Where the run says something else than the interpreter; there should be none."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What a policy says at once, with facts that were just told."""

    assessment: Assessment
    """The answer with its reasons."""
    outcome: Outcome
    """The outcome."""
    amount_fen: int
    """What the policy gives by itself."""
    paid_fen: int
    """What it gives in the best lawful combination with everything else, what was granted before counted."""
    reason_zh: str
    """Why, in Chinese."""
    reason_en: str
    """Why, in English."""
    missing: tuple[str, ...]
    """Facts that would have to be known."""
    article: str
    """The article that the answer rests on."""
    decision: Mapping[str, Any]
    """What a grant keeps of it."""


@dataclass(frozen=True, slots=True)
class GrantRequest:
    """Something to be granted."""

    policy: str
    """`pack/name`."""
    code: str
    """The enterprise."""
    amount_fen: int
    """How much."""
    article: str = ""
    """The article that it rests on; that of the run where it is empty."""
    decision: Mapping[str, Any] = field(default_factory=dict)
    """What was decided; of a run it is filled in from the run's record."""


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What was granted."""

    id: UUID
    """Names the decision, the reservation of the money and the order to pay it."""
    policy: str
    """`pack/name`."""
    title: str
    """The policy's title when it was granted."""
    code: str
    """The enterprise."""
    period: int
    """The calendar year that it is granted for."""
    attempt: int
    """1, or one more than those that were voided before."""
    amount_fen: int
    """How much."""
    run_id: UUID | None
    """The run that it rests on; None where it was decided at once."""
    on: dt.date
    """The day of the grant."""
    state: EntitlementState
    """What became of it."""
    article: str
    """The article that it rests on."""
    decision: Mapping[str, Any]
    """What was decided, and the digests of everything it was decided by."""
    granted_by: str
    """Who granted it."""
    granted_at: dt.datetime
    """When."""


# --- refusals ------------------------------------------------------------------------------------------------------


class NoRun(NotFound):
    """There is no such run, or none is done yet."""


class RunNotDone(Conflict):
    """A run is asked for what it has not come to yet."""


class RunInProgress(Conflict):
    """Another run is being worked on."""


class NoRepetition(NotFound):
    """A run was not decided again under that name."""


class NothingToRun(Conflict):
    """There are no policies, or no registry, to run."""


class NoAnswer(NotFound):
    """A run says nothing of an enterprise or policy."""


class NoEntitlement(NotFound):
    """There is no such entitlement."""


class AlreadyGranted(Conflict):
    """Something else was granted of the same policy for the same year."""


class NotOfTheRun(Conflict):
    """A run does not give what is to be granted."""


class NoBudget(Conflict):
    """No budget pays a policy in a year."""
