"""What an assessment says: outcome, amount, reasons, what is missing, what is nearly met (semantics.md, Outcome).

Frozen data; `zhida.assess.subject` makes it, `zhida.report` words it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from zhida.errors import Diagnostic
from zhida.feel.syntax import Node
from zhida.policy.front_matter import EveryYear, Interval, WindowState
from zhida.values.temporal import Date

LISTED_AMOUNTS = 6
"""Possible amounts that are named one by one; more are told as a range."""


class Outcome(StrEnum):
    """What a policy says for a subject at a date."""

    ELIGIBLE = "ELIGIBLE"
    INELIGIBLE = "INELIGIBLE"
    UNDETERMINED = "UNDETERMINED"
    REVIEW = "REVIEW"
    NOT_APPLICABLE = "NOT_APPLICABLE"


class Extent(StrEnum):
    """How far the possible answers that are told are all that there are."""

    EXACTLY = "exactly"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"


class Delivery(StrEnum):
    """How a benefit can go out, least effort for the subject first."""

    WITHOUT_APPLICATION = "免申即享"
    WITHOUT_REVIEW = "免审即享"
    ON_CONFIRMATION = "即申即享"
    BY_DECLARATION = "申报即享"
    THROUGH_BANK = "银行经办"
    ON_REVIEW = "申报审核"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer that is possible: what a complete set of facts would give."""

    outcome: Outcome
    """The outcome."""
    result: Any = None
    """The status, where the policy gives one."""
    amount: Decimal | None = None
    """Yuan, unrounded, where the policy gives money and the subject is eligible."""
    amount_fen: int | None = None
    """The amount in integer fen, rounded once by the policy's rounding; None where there is none."""


@dataclass(frozen=True, slots=True)
class Either:
    """One of several values; which of them is not known, and does not matter."""

    values: tuple[Any, ...]
    """The values that are possible."""


@dataclass(frozen=True, slots=True)
class ConditionMet:
    """A cell that a rule was decided by."""

    what: str
    """The input clause."""
    test: str
    """What the cell asks."""
    value: Any
    """The value met."""
    unit: str
    """Its unit; empty where it has none."""
    is_met: bool = True
    """Whether the value passes the cell; only a step by a default tells cells that fail."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One decision on the way to the answer."""

    decision: str
    """Its name."""
    policy: str
    """The policy that it belongs to."""
    value: Any
    """Its value."""
    unit: str
    """Unit of the value; empty where it has none."""
    article: str
    """The article that the rule, or else the decision, rests on."""
    rule: str
    """The number of the rule that fired; empty for an expression or a default, or where it is not known which."""
    either_rules: tuple[str, ...]
    """Where the value is the same whatever is missing but the rule is not: the rules that may fire, empty for the default."""
    conditions: tuple[ConditionMet, ...]
    """The cells that were tested."""
    expression: str
    """The expression, where the decision is none of a table."""
    place: str
    """`file:line:column` of the rule or expression."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the argument that leads to the answer."""

    reason: Reason
    """The decision; its conditions are those that decided."""
    operands: tuple[Node, ...]
    """What its value was computed by, or what settled it; nothing where the rule writes the value out."""
    reads: Mapping[str, ConditionMet]
    """The values that these mention and that were read, by the names in them."""
    choices: tuple[tuple[Node, bool], ...]
    """The conditions of `if` that chose what it was computed by, each with how it came out."""
    section: str
    """The heading under which it stands; empty at the head of the document."""
    depth: int
    """How many steps it is from the answer."""
    is_goal: bool
    """Whether it is the answer to one of the policy's questions: eligible, the amount, the status, the scope."""


@dataclass(frozen=True, slots=True)
class MissingFact:
    """A fact of the subject that would have to be known, and who can tell it."""

    name: str
    """Its name."""
    department: str
    """The department that it comes from, as the dictionary says; may be empty."""
    is_self_reported: bool
    """Whether the subject itself may state it."""
    is_judged: bool
    """Whether a person must judge it."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """One change of one value that would change the answer."""

    name: str
    """The attribute or decision."""
    value: Any
    """What it is."""
    line: Any
    """The line it misses."""
    distance: Decimal
    """From the value to the line, in the unit of the value or in days."""
    unit: str
    """That unit."""
    article: str
    """The article that draws the line."""
    answer: Answer
    """What the answer would be."""


@dataclass(frozen=True, slots=True)
class NextStatus:
    """The nearest better status, and why it was not given."""

    result: Any
    """The status."""
    article: str
    """The article that the rule which would give it rests on."""
    rule: str
    """The number of that rule."""
    conditions: tuple[ConditionMet, ...]
    """The cells that fail, with the values met."""


@dataclass(frozen=True, slots=True)
class MissingParameter:
    """A figure that a place has not filled in: nothing that the subject could tell."""

    name: str
    """Its name."""
    source: str
    """Where the figure is to come from, as the pack says; empty where it does not say."""


@dataclass(frozen=True, slots=True)
class WindowMet:
    """When one may apply, seen from a day."""

    state: WindowState
    """Whether one may apply on that day."""
    days: Interval
    """The stretch of days; of a yearly window the one that the day lies in, or that of the day's year."""
    every_year: EveryYear | None
    """The days of every year; None where the window is open once."""


@dataclass(frozen=True, slots=True)
class PopulationNote:
    """How a population fact of one subject came about."""

    name: str
    """The attribute."""
    unit: str
    """Its unit."""
    statistic: str
    """How it is computed, as the dictionary writes it."""
    value: Any
    """What it is: a number, None or an `Unknown`."""
    group: tuple[tuple[str, Any], ...]
    """The attributes that make the group, with the subject's own values; None where one is known to be absent."""
    is_grouped: bool
    """Whether it is known to which group the subject belongs."""
    members: int
    """How many subjects of the group take part."""
    unknown: int
    """Of how many more it is not known whether, or with which value."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What a policy says for a subject at a date, and why."""

    policy: str
    """`pack/name`."""
    title: str
    """The policy's title."""
    document: str
    """The number of the document."""
    policy_sha256: str
    """Digest of exactly the text that was applied."""
    as_of: Date
    """The date of the business fact."""
    gives: str
    """What the policy gives: `status`, `cash`, …"""
    subject_kind: str
    """The kind of subject that the policy is for: `enterprise`, …"""
    outcome: Outcome
    """The outcome."""
    result: Any
    """The status, where the policy gives one; None where it is not known."""
    result_name: str
    """What the policy calls the status or the amount."""
    gives_amount: bool
    """Whether the policy gives an amount of money."""
    amount: Decimal | None
    """Yuan, unrounded."""
    amount_fen: int | None
    """The amount in integer fen, rounded once by the policy's rounding."""
    missing: tuple[str, ...]
    """The facts and parameters that would have to be known."""
    missing_parameters: tuple[MissingParameter, ...]
    """Those of `missing` that are figures of the place and no facts of the subject."""
    is_minimal: bool
    """Whether each of `missing` can really change the answer; False where that could not be enumerated."""
    is_cut: bool
    """Whether it could not be enumerated because there are too many combinations, rather than because of a computation."""
    possible: tuple[Answer, ...]
    """The answers that are possible, where the outcome is undetermined."""
    possible_are: Extent
    """Whether these are exactly the answers that are possible, hold all of them and perhaps more, or are some of them."""
    reasons: tuple[Reason, ...]
    """Decisions that the answer rests on, the answer's own first."""
    caveats: tuple[str, ...]
    """Reservations about what the answer rests on."""
    settled_by: Mapping[str, str]
    """What would settle them, by their words, as far as the policy says."""
    window: WindowMet | None
    """When one may apply, and whether that is so on the day; None where the policy does not say or nothing could be applied for."""
    near: tuple[NearMiss, ...]
    """What is nearly met, nearest first."""
    next_status: NextStatus | None
    """Where the answer is a status: why it is not the next one up."""
    diagnostics: tuple[Diagnostic, ...]
    """What was odd beneath the answer."""
    delivery: Delivery | None
    """How it can go out; None where nothing does."""
    delivery_note: str
    """Where the document orders a stricter way than the data would allow: that it does."""
    parameters: Mapping[str, str]
    """Parameters that the answer rests on, with source and confidence."""
    steps: tuple[Step, ...] = ()
    """What decided, in the order of the argument, the answer last."""
    told_by: tuple[MissingFact, ...] = ()
    """Those of `missing` that are facts of the subject, with who can tell them."""
    population: tuple[PopulationNote, ...] = ()
    """How population facts that the policy looks at came about; none where nobody computed any."""

    @property
    def missing_facts(self) -> tuple[str, ...]:
        """Those of `missing` that are facts of the subject."""
        parameters = {item.name for item in self.missing_parameters}
        return tuple(name for name in self.missing if name not in parameters)
