"""What the services of delivery take and give: notices, objections, orders, batches, claims; and why something is refused."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from zhida.assess.assessment import Outcome
from zhida_server.entitlements.data import Decided
from zhida_server.people.data import Conflict, NotFound, Refused

# --- public notice -------------------------------------------------------------------------------------------------


class NoticeState(StrEnum):
    """Where a public notice is."""

    GRANTING = "granting"
    """Its lines are being written and granted, first come first served."""
    OPEN = "open"
    """Anybody may object."""
    CLOSED = "closed"
    """Its days are over; what nobody objected to is payable."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A public notice of what a run found for one policy."""

    id: UUID
    """Names it."""
    policy: str
    """`pack/name`."""
    title: str
    """The policy's title."""
    period: int
    """The calendar year that is granted for."""
    run_id: UUID
    """The run that found it."""
    budget: str
    """The account that pays."""
    opened_on: dt.date
    """The day it was opened; its days are counted from the next."""
    days: int
    """How many working days it runs."""
    closes_on: dt.date
    """Its last day, on which one may still object."""
    state: NoticeState
    """Where it is."""
    closed_on: dt.date | None
    """The day it was closed; None before."""
    lines: int
    """How many enterprises have been granted something by it."""
    amount_fen: int
    """How much in all; what was voided counts no more."""
    waiting: int
    """How many wait because the budget is spent."""
    waiting_fen: int
    """How much they wait for."""
    changed: int
    """How many wait for whom the latest run says another amount, which has to be put on notice first."""
    voided: int
    """How many of its grants were voided."""
    open_objections: int
    """How many objections nobody has decided."""
    opened_by: str
    """Who opened it."""


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """One enterprise on a notice, as everybody may see it."""

    position: int
    """Its place, from 1: who waited on an earlier notice comes first, everybody else follows in the order of the registry."""
    code: str
    """Its code."""
    name: str
    """Its name."""
    amount_fen: int
    """How much."""
    article: str
    """The article that it rests on."""
    state: str
    """Where its order stands: an `OrderState`. Without an order: `waiting` for money; `objected` where an objection was upheld and holds;
    `elsewhere` where another notice, or a claim, has granted the same or something that stacking ties to it; `moved` to a later notice;
    `changed` where the latest run says another amount, `gone` where it gives nothing any more."""
    order_id: UUID | None
    """Its order; None while it waits."""


@dataclass(frozen=True, slots=True)
class Objection:
    """What somebody has against a line of a notice, and how it was decided."""

    id: UUID
    """Names it."""
    notice_id: UUID
    """The notice."""
    policy: str
    """The policy of the notice."""
    title: str
    """Its title."""
    code: str
    """The enterprise that it is about."""
    name: str
    """Its name."""
    who: str
    """Who objects, in their own words."""
    reason: str
    """Why."""
    made_on: dt.date
    """When."""
    is_upheld: bool | None
    """How it was decided; None before."""
    decided_because: str
    """Why it was decided so."""
    decided_by: str
    """Who decided."""
    decided_on: dt.date | None
    """When it was decided."""
    lifted_because: str
    """Why what it forbids was allowed again; empty where it was not."""
    lifted_by: str
    """Who lifted it."""
    lifted_on: dt.date | None
    """When it was lifted; None where it holds."""
    batch: str = ""
    """The number of a batch that nobody has signed and that holds what the upheld objection forbids to pay; empty where there is none."""
    too_late: str = ""
    """The number of a signed batch that holds it, or has paid it: the bank may have it; empty where there is none."""


# --- orders and batches --------------------------------------------------------------------------------------------


class OrderState(StrEnum):
    """Where an order stands: what its last event says."""

    NOTICED = "noticed"
    """On public notice, or with an objection that nobody has decided."""
    PAYABLE = "payable"
    """It can go into a batch."""
    BATCHED = "batched"
    """In a batch that is not reconciled."""
    HELD = "held"
    """Failed too often: a person looks at it."""
    PAID = "paid"
    """The bank paid it; the ledger has it posted."""
    VOIDED = "voided"
    """Cancelled, or an objection was upheld; its money is free again."""


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One thing that became of an order."""

    kind: str
    """An `OrderState`, or `failed` (the bank did not pay) or `released` (its batch was withdrawn)."""
    on: dt.date
    """The day."""
    at: dt.datetime
    """When it was recorded."""
    by: str
    """Who did it."""
    batch: str
    """The number of the batch; empty where none."""
    reason: str
    """Why; empty where nothing was said."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order to pay one entitlement, and what became of it."""

    id: UUID
    """Also the id of the entitlement and of the transaction in the ledger."""
    policy: str
    """`pack/name`."""
    period: int
    """The calendar year that it is for."""
    code: str
    """The enterprise."""
    amount_fen: int
    """How much."""
    state: OrderState
    """Where it stands."""
    failures: int
    """How often the bank did not pay it."""
    notice_id: UUID | None
    """The notice it comes from; None for a claim."""
    ordered_on: dt.date
    """The day it was made."""
    events: tuple[OrderEvent, ...]
    """What became of it, in order."""
    has_payee: bool
    """Whether a bank account is known to pay it to."""


@dataclass(frozen=True, slots=True)
class PayableLine:
    """What of one policy could be paid now."""

    policy: str
    """`pack/name`."""
    title: str
    """Its title."""
    orders: int
    """Orders that are payable and have a payee."""
    amount_fen: int
    """How much they come to."""
    without_payee: int
    """Orders that are payable, but nobody told an account."""
    without_payee_fen: int
    """How much these come to."""
    held: int
    """Orders that failed too often and wait for a person."""


class BatchState(StrEnum):
    """Where a payment batch is."""

    MADE = "made"
    """Waiting for the signature of a second person."""
    WITHDRAWN = "withdrawn"
    """Given up before it was signed; its orders are payable again."""
    SIGNED = "signed"
    """Its bank file is written and can be fetched; nothing in it changes any more."""
    SENT = "sent"
    """The bank file was fetched; return files are awaited."""
    RECONCILED = "reconciled"
    """Every line is known to be paid or failed."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Orders that are paid together."""

    id: UUID
    """Names it."""
    number: str
    """Its number, as it stands in the bank file: `2026-0001`."""
    policy: str
    """The one policy that it pays; empty for several."""
    made_on: dt.date
    """The day it was made."""
    count: int
    """How many lines."""
    amount_fen: int
    """How much in all: the sum of its lines, held by the database."""
    state: BatchState
    """Where it is."""
    made_by: str
    """Who made it."""
    signed_by: str
    """Who signed it, another person; empty before."""
    signed_on: dt.date | None
    """When it was signed."""
    file_sha256: str
    """The digest of the bank file that was signed; empty before."""
    sent_by: str
    """Who fetched the bank file first; empty before."""
    paid: int
    """Lines that the bank paid."""
    paid_fen: int
    """How much these come to."""
    failed: int
    """Lines that the bank did not pay."""
    withdrawn_because: str
    """Why it was withdrawn; empty where it was not."""
    lines: tuple["BatchLine", ...] = ()
    """The lines that were asked for; a list of batches leaves them out. The sums are always those of all."""


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One order in a batch."""

    number: int
    """Its place, from 1."""
    order_id: UUID
    """The order."""
    policy: str
    """Its policy."""
    code: str
    """The enterprise."""
    amount_fen: int
    """How much."""
    account_name: str
    """The payee."""
    bank: str
    """The payee's bank."""
    account_number: str
    """The payee's account."""
    outcome: str
    """`paid`, `failed` or `released`; empty while it is open."""
    reason: str
    """Why the bank did not pay."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a return file came to."""

    batch: str
    """The number of the batch."""
    paid: int
    """Lines paid by this file."""
    paid_fen: int
    """How much these come to."""
    failed: int
    """Lines that failed; they are payable again, or held for a person."""
    held: int
    """Of these, lines that failed too often."""
    repeated: int
    """Lines that an earlier file had told the same."""
    unknown: tuple[str, ...]
    """Lines that the bank has not settled yet, with its words."""
    is_repeated: bool
    """Whether exactly this file was taken before, and nothing changed now."""


@dataclass(frozen=True, slots=True)
class Payee:
    """The bank account of an enterprise."""

    code: str
    """The enterprise."""
    account_name: str
    """The name of the account."""
    bank: str
    """The bank and branch."""
    account_number: str
    """The digits of the account."""
    told_by: str
    """Who told it."""
    since: dt.date
    """From which day on it counts."""


# --- claims --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """One fact that an enterprise is asked for."""

    name: str
    """The attribute, as `told` names it."""
    label: str
    """What stands beside the field."""
    unit: str
    """The unit of the answer; empty where it has none."""
    kind: str
    """`number`, `boolean`, `date`, `text` or `choice`."""
    choices: tuple[str, ...]
    """The values to choose from, of a `choice`."""
    help: str
    """What the data dictionary says of it."""
    is_nullable: bool
    """Whether “there is none” is an answer."""
    decimals: int
    """Decimal places that are kept of a number."""
    is_list: bool = False
    """Whether several values are asked for, one after another, split by commas."""


class ClaimOutcome(StrEnum):
    """How a claim that a person had to judge ended."""

    GRANTED = "granted"
    """Its money is set aside and its payment ordered."""
    REFUSED = "refused"
    """With a reason."""
    WITHDRAWN = "withdrawn"
    """The enterprise took it back."""


@dataclass(frozen=True, slots=True)
class ClaimDecision:
    """What a person decided of a claim."""

    outcome: ClaimOutcome
    """How it ended."""
    reason: str
    """On what grounds; empty where the enterprise took it back without a word."""
    judged: tuple[str, ...]
    """The facts that were judged or verified, by name; their values stand in the registry."""
    by: str
    """Who decided."""
    on: dt.date
    """The day."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What came of a claim."""

    id: UUID | None
    """Names it; None while questions are open, for nothing is kept then."""
    policy: str
    """`pack/name`."""
    title: str
    """Its title."""
    code: str
    """The enterprise."""
    outcome: Outcome
    """What the policy says; REVIEW where a person must decide."""
    amount_fen: int
    """How much is granted, or would be; 0 where nothing."""
    reason_zh: str
    """Why, in Chinese."""
    reason_en: str
    """Why, in English."""
    entitlement: UUID | None
    """The entitlement that was granted, which is also the order; None where nothing was."""
    still_missing: tuple[Question, ...]
    """What is still to be told before there is an answer."""
    on: dt.date
    """The day."""
    by: str = ""
    """Who entered it."""
    told: tuple[str, ...] = ()
    """The facts that were told with it, by name."""
    decision: ClaimDecision | None = None
    """What a person decided; None where nobody had to, or has."""

    @property
    def is_open(self) -> bool:
        """Whether it waits for a person."""
        return self.id is not None and self.outcome is Outcome.REVIEW and self.decision is None

    def reason(self, language: str) -> str:
        """Return why, in a language."""
        return self.reason_en if language.startswith("en") else self.reason_zh


@dataclass(frozen=True, slots=True)
class Review:
    """A claim as whoever judges it sees it."""

    claim: Claim
    """The claim."""
    name: str
    """The enterprise's name."""
    offices: tuple[str, ...]
    """The offices that decide it; empty where no office of the site has issued the policy, and every officer may."""
    why_not: tuple[str, str]
    """Why whoever looks may not decide it, in Chinese and English; empty where they may."""
    questions: tuple[Question, ...]
    """What has to be judged first."""
    stated: tuple[Question, ...]
    """What the enterprise has stated, to be verified."""
    unverified: tuple[Question, ...]
    """What of that is not verified: its field was emptied. Nothing is granted by it."""
    values: Mapping[str, object]
    """What is known of these, or was entered, by the names of questions."""
    decided: Decided | None
    """What the engine says with them, as of the day of the claim; None where the policy is in the packs no more."""
    explanation: str
    """The same with its reasons, as the body of a page."""
    seen: str
    """The digest of what is shown: the facts that were entered, and what the engine says with them. A yes is given by it alone."""

    @property
    def is_yes(self) -> bool:
        """Whether everything is verified, the engine says yes, and there is something to be granted."""
        is_granted = self.decided is not None and self.decided.outcome is Outcome.ELIGIBLE and self.decided.paid_fen > 0
        return is_granted and not self.unverified


# --- refusals ------------------------------------------------------------------------------------------------------


class NoNotice(NotFound):
    """There is no such notice, or no such line on it."""


class NoBatch(NotFound):
    """There is no such batch."""


class NoOrder(NotFound):
    """There is no such order."""


class NoObjection(NotFound):
    """There is no such objection."""


class NotDeliverable(Conflict):
    """A policy is not paid out this way: it gives no money, or its document orders another way."""


class RunOvertaken(Conflict):
    """A notice is to be opened of a run although a later one of the same year counts by now."""


class NoCalendar(Conflict):
    """The official calendar of a year is not in the packs."""


class NoticeIsOver(Conflict):
    """Objections are too late, or too early."""


class AlreadyDecided(Conflict):
    """It was decided otherwise before."""


class NotUpheld(Conflict):
    """An objection that was not upheld forbids nothing."""


class NothingPayable(Conflict):
    """Nothing could go into a batch."""


class TwoPersons(Conflict):
    """Who made a batch does not sign it."""


class BatchIsBarred(Conflict):
    """A batch holds what an objection forbids to pay that was upheld since it was made."""


class NotInThatState(Conflict):
    """A batch or an order is past the point where that could be done."""


class ReturnRefused(Refused):
    """A return file that does not fit its batch; nothing of it was taken."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        """Keep all faults, each in Chinese and English.

        Args:
            faults: What does not fit, each beginning with its line.
        """
        super().__init__(
            "return-refused",
            f"回盘文件有 {len(faults)} 处对不上，整个文件没有入账。请与银行核对后重新上传：" + "；".join(zh for zh, _ in faults),
            f"the return file has {len(faults)} faults and nothing of it was taken; settle them with the bank and load it again: "
            + "; ".join(en for _, en in faults),
        )
        self.faults = tuple(faults)


class NotUnderstood(Refused):
    """What was entered cannot be read; it says which field, and what would do."""


class BudgetSpent(Conflict):
    """Somebody is eligible, but the budget has not enough left."""


class NoClaim(NotFound):
    """There is no such claim."""


class ClaimIsOpen(Conflict):
    """The same was claimed before, and waits for a person."""


class NotYetYes(Conflict):
    """A claim is to be granted, but the engine does not say so with what was judged, or an objection that was upheld holds."""


class KeyUsed(Conflict):
    """The key of a claim was used for another one."""
