"""What the ledger gives and takes: reservations and settlements, budgets and totals, and why an act is refused.

Amounts are integer fen. An act has a key of the caller's; its id follows from the key, so that the same act done twice is one act.
"""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from zhida_server.people.data import Conflict, NotFound, Refused

NAMESPACE = UUID("6d0f3c52-5c3c-5f0e-9c39-6a3f8f6f2b11")
"""What all ids of acts are derived in; it never changes."""


def act_id(key: str) -> UUID:
    """Return the id of the act that has a key.

    >>> act_id("grant/hangzhou/compute-voucher/2026/91330100MA0000000X/1")
    UUID('8aa5ab6f-54fd-56bb-b099-af06f72c4872')
    """
    return uuid.uuid5(NAMESPACE, key)


def enterprise_account(code: str) -> str:
    """Return the account of an enterprise.

    >>> enterprise_account("91330100MA0000000X")
    'enterprise/91330100MA0000000X'
    """
    return f"enterprise/{code}"


def reduction_account(budget: str) -> str:
    """Return the account of what was taken back of a budget.

    >>> reduction_account("budget/2026/hangzhou/compute-voucher")
    'reduction/2026/hangzhou/compute-voucher'
    """
    return f"reduction/{budget.removeprefix('budget/')}"


def yuan(amount_fen: int) -> str:
    """Return an amount in yuan with two decimals, exactly.

    >>> yuan(123456), yuan(-5)
    ('1234.56', '-0.05')
    """
    whole, rest = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}{whole}.{rest:02}"


class AccountKind(StrEnum):
    """What an account stands for."""

    APPROPRIATION = "appropriation"
    """Where the money of budgets comes from: one account a year; the only kind that can be in debit."""
    BUDGET = "budget"
    """Money set aside for policies."""
    ENTERPRISE = "enterprise"
    """What an enterprise was promised and paid."""
    REDUCTION = "reduction"
    """What was taken back of one budget; each budget has its own."""


class Kind(StrEnum):
    """What a transaction does."""

    PENDING = "pending"
    """Reserves: from a budget for an enterprise."""
    POST = "post"
    """Settles a pending one in full: the money was paid."""
    VOID = "void"
    """Settles a pending one by giving all of it back."""
    DIRECT = "direct"
    """Counts at once: an appropriation to a budget."""
    REDUCE = "reduce"
    """Counts at once: what is free of a budget is taken back."""


class State(StrEnum):
    """Where a reservation stands."""

    PENDING = "pending"
    """Reserved, neither paid nor given back."""
    POSTED = "posted"
    """Paid."""
    VOIDED = "voided"
    """Given back."""


@dataclass(frozen=True)
class Reservation:
    """An amount of a budget that is to be kept for an enterprise."""

    key: str
    """The caller's key of the act; the same key is the same act."""
    budget: str
    """The code of the budget's account."""
    enterprise: str
    """The enterprise's unified social credit code."""
    amount_fen: int
    """How much, in fen; more than nothing."""
    about: str
    """What for, in words."""

    @property
    def id(self) -> UUID:
        """The id of the transaction that it becomes."""
        return act_id(self.key)


@dataclass(frozen=True)
class Settlement:
    """A reservation that is to be posted or voided."""

    id: UUID
    """The pending transaction."""
    key: str
    """The caller's key of this act, another than the reservation's."""


@dataclass(frozen=True)
class Posting:
    """One line of a transaction."""

    account: str
    """The account's code."""
    debit_fen: int
    """What the account is debited, in fen; 0 where it is credited."""
    credit_fen: int
    """What the account is credited, in fen; 0 where it is debited."""


@dataclass(frozen=True)
class TransactionView:
    """A transaction as it was written, and what has become of it."""

    id: UUID
    """Its id, which follows from its key."""
    key: str
    """The key of the act."""
    kind: Kind
    """What it does."""
    state: State
    """A pending one's: where it stands; of the others: what they are themselves."""
    postings: tuple[Posting, ...]
    """Its lines, in order of the accounts' codes."""
    at: dt.datetime
    """When it was written, by the database's clock."""
    by: str
    """Who wrote it."""
    about: str
    """What for; of a void: why."""
    settles: UUID | None
    """The pending transaction that it settles."""
    settled_by: UUID | None
    """The transaction that settled it."""


@dataclass(frozen=True)
class Movement:
    """One transaction as one account sees it."""

    id: UUID
    """The transaction."""
    kind: Kind
    """What it does."""
    others: tuple[str, ...]
    """The other accounts of the transaction: one, as a rule."""
    debit_fen: int
    """What the account was debited, in fen."""
    credit_fen: int
    """What the account was credited, in fen."""
    at: dt.datetime
    """When it was written."""
    by: str
    """Who wrote it."""
    about: str
    """What for."""


@dataclass(frozen=True)
class Budget:
    """A budget and how it stands."""

    code: str
    """The code of its account: `budget/2026/hangzhou/compute-voucher`."""
    name: str
    """Its name."""
    year: int
    """The calendar year that it is for."""
    policies: tuple[str, ...]
    """The policies that draw on it; no other budget of the year has them."""
    appropriated_fen: int
    """What was put in and not taken back, in fen."""
    reserved_fen: int
    """What is promised and not yet paid, in fen."""
    paid_fen: int
    """What was paid, in fen."""
    available_fen: int
    """What can still be promised, in fen."""
    reduced_fen: int = 0
    """What was taken back, in fen."""


@dataclass(frozen=True)
class AccountTotals:
    """An account and its four totals, in fen."""

    code: str
    """The account's code."""
    name: str
    """Its name."""
    kind: AccountKind
    """What it stands for."""
    debits_posted_fen: int
    """All debits that count."""
    credits_posted_fen: int
    """All credits that count."""
    debits_pending_fen: int
    """Debits that are reserved."""
    credits_pending_fen: int
    """Credits that are promised."""


class Overdrawn(Conflict):
    """A budget does not have what is asked of it."""

    def __init__(self, budget: str, left_fen: int, asked_fen: int) -> None:
        """Keep the budget, what is left of it and what was asked, in fen."""
        super().__init__(
            "ledger-overdrawn",
            f"预算“{budget}”只剩 {yuan(left_fen)} 元，要留出 {yuan(asked_fen)} 元：先追加预算，或减少户数",
            f"the budget {budget!r} has {yuan(left_fen)} yuan left, {yuan(asked_fen)} were asked: appropriate more, or grant less",
        )
        self.budget = budget
        self.left_fen = left_fen
        self.asked_fen = asked_fen


class BelowPromised(Conflict):
    """A budget is to be reduced by more than is free of it."""

    def __init__(self, budget: str, free_fen: int, asked_fen: int) -> None:
        """Keep the budget, what is free of it and what was asked, in fen."""
        super().__init__(
            "ledger-below-promised",
            f"预算“{budget}”可用 {yuan(free_fen)} 元，不能调减 {yuan(asked_fen)} 元：已留和已付的不能收回",
            f"the budget {budget!r} has {yuan(free_fen)} yuan free and cannot be reduced by {yuan(asked_fen)}: "
            "what is reserved or paid cannot be taken back",
        )


class KeyReused(Conflict):
    """A key stands for another act already."""

    def __init__(self, keys: Iterable[str]) -> None:
        """Keep the keys."""
        self.keys = tuple(sorted(set(keys)))
        shown = "、".join(self.keys[:3])
        super().__init__(
            "ledger-key-reused",
            f"键“{shown}”（共 {len(self.keys)} 个）已经记着另一件事，内容不同：每件事用自己的键",
            f"the key {shown!r} ({len(self.keys)} in all) stands for another act already: each act has a key of its own",
        )


class AlreadySettled(Conflict):
    """A reservation was settled the other way."""

    def __init__(self, ids: Iterable[UUID], state: State) -> None:
        """Keep the reservations and what has become of them."""
        self.ids = tuple(ids)
        self.state = state
        zh = "已付清，不能再退回" if state == State.POSTED else "已退回，不能再支付"
        en = "was paid and cannot be voided" if state == State.POSTED else "was voided and cannot be paid"
        super().__init__(
            "ledger-already-settled",
            f"预留 {self.ids[0]}（共 {len(self.ids)} 笔）{zh}：请刷新后查看它的经过",
            f"the reservation {self.ids[0]} ({len(self.ids)} in all) {en}: load it again to see its history",
        )


class NoSuchAccount(NotFound):
    """There is no account of that code."""

    def __init__(self, codes: Iterable[str]) -> None:
        """Keep the codes."""
        self.codes = tuple(sorted(set(codes)))
        super().__init__(
            "ledger-no-such-account",
            f"没有账户“{'、'.join(self.codes[:3])}”：先设立预算",
            f"there is no account {', '.join(self.codes[:3])!r}: open the budget first",
        )


class NoSuchTransaction(NotFound):
    """There is no reservation of that id."""

    def __init__(self, ids: Iterable[UUID]) -> None:
        """Keep the ids."""
        self.ids = tuple(ids)
        super().__init__(
            "ledger-no-such-transaction",
            f"没有预留 {self.ids[0]}（共 {len(self.ids)} 笔）：核对编号",
            f"there is no reservation {self.ids[0]} ({len(self.ids)} in all): check the id",
        )


class BudgetUnfit(Refused):
    """A budget cannot be opened as it is described."""
