"""How much goes out in each way: 免申即享, 免审即享, 即申即享, … counted by policies, by entitlements and by money, each apart.

An entitlement is a subject and a policy that gives something (no mere status): *sure* where the subject is eligible, *open* where it may
be (facts are missing, or a person must look, and being eligible is possible). Money is the amount of what is sure, and the greatest
possible amount of what is open; where nobody knows that, it is counted. Denominators are all entitlements, sure and open, of all ways.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from zhida.assess.assessment import Delivery
from zhida.entitle.notices.changes import ELIGIBLE, UNDETERMINED, Side, among, may_hold
from zhida.entitle.notices.pairs import Pair
from zhida.entitle.notices.runs import NO_NUMBER, NONE

EFFORT: Mapping[str, int] = {way.value: rank for rank, way in enumerate(Delivery)}
"""How much each way asks of the subject."""


@dataclass(slots=True)
class Share:
    """Some entitlements, counted."""

    sure: int = 0
    """Entitlements that are sure."""
    sure_fen: int = 0
    """What they come to."""
    open: int = 0
    """Entitlements that are possible."""
    open_fen: int = 0
    """What they come to at most, as far as that is known."""
    unknown: int = 0
    """How many of these give money of which nobody can say how much it may be."""

    @property
    def entitlements(self) -> int:
        """How many there are."""
        return self.sure + self.open

    @property
    def fen(self) -> int:
        """What they come to, at most."""
        return self.sure_fen + self.open_fen

    def add(self, other: "Share") -> None:
        """Count others too."""
        self.sure += other.sure
        self.sure_fen += other.sure_fen
        self.open += other.open
        self.open_fen += other.open_fen
        self.unknown += other.unknown


@dataclass(slots=True)
class PolicyCoverage:
    """How the entitlements of one policy go out."""

    policy: str
    """Its id."""
    title: str
    """What it is called."""
    ordered: str
    """The way that the document orders; empty where it orders none, or its text is not at hand."""
    ways: dict[str, Share] = field(default_factory=dict)
    """The entitlements by way of delivery."""
    stricter: dict[str, Share] = field(default_factory=dict)
    """Those that would go out with less effort by what is on file than as the document orders: by the way that the data allow."""
    definite: Share = field(default_factory=Share)
    """Those of which the subject can be told what it has, or just which facts to state itself."""

    @property
    def all(self) -> Share:
        """All its entitlements."""
        return total(self.ways.values())

    def add(self, other: "PolicyCoverage") -> None:
        """Count those of other subjects too."""
        self.definite.add(other.definite)
        for mine, theirs in ((self.ways, other.ways), (self.stricter, other.stricter)):
            for way, share in theirs.items():
                mine.setdefault(way, Share()).add(share)


def total(shares: Iterable[Share]) -> Share:
    """Return the sum of some shares."""
    found = Share()
    for share in shares:
        found.add(share)
    return found


def coverage_of(pair: Pair, side: Side, vocabulary: Mapping[str, int]) -> PolicyCoverage:
    """Return how the entitlements of some subjects go out.

    Args:
        pair: The policy.
        side: One run's side of it.
        vocabulary: The words of its cells.
    """
    found = PolicyCoverage(pair.policy, pair.title, pair.way_ordered)
    ways = side.words["delivery"]
    is_benefit = side.is_there & (ways != NONE)
    if not is_benefit.any():
        return found
    outcome = side.outcome
    is_sure = is_benefit & (outcome == ELIGIBLE)
    is_open = is_benefit & ~is_sure & may_hold(side, vocabulary)
    masks = (is_sure, is_open)
    for way, place in vocabulary.items():
        if way in EFFORT and (is_way := (ways == place) & is_benefit).any():
            found.ways[way] = _share(side, masks, is_way, gives_amount=pair.gives_amount)
    is_stated = is_open & (outcome == UNDETERMINED) & _within(side, pair)
    found.definite = _share(side, (is_sure, is_stated), is_benefit, gives_amount=pair.gives_amount)
    for computed, rows in ((Delivery.WITHOUT_APPLICATION, is_sure), (Delivery.ON_CONFIRMATION, is_stated)):
        least = EFFORT[computed]
        if (is_stricter := rows & among(ways, vocabulary, lambda way, least=least: EFFORT.get(way, -1) > least)).any():  # type: ignore[misc]
            found.stricter[computed.value] = _share(side, masks, is_stricter, gives_amount=pair.gives_amount)
    found.ways = {way: share for way, share in found.ways.items() if share.entitlements}
    return found


def _within(side: Side, pair: Pair) -> np.ndarray:
    """Say of each row whether facts are missing, and only such as the subject may state."""
    is_any = np.zeros(len(side.is_there), np.bool_)
    is_within = np.ones(len(side.is_there), np.bool_)
    for word, stated in zip(side.missing, pair.stated, strict=True):
        is_any |= word != 0
        is_within &= (word & ~stated) == 0
    found: np.ndarray = is_any & is_within
    return found


def _share(side: Side, masks: tuple[np.ndarray, np.ndarray], rows: np.ndarray, *, gives_amount: bool) -> Share:
    """Count some rows; `masks` say which are sure, and which open."""
    sure, open_ = (mask & rows for mask in masks)
    amounts, most = side.numbers["amount_fen"], side.numbers["high_fen"]
    is_known = most != NO_NUMBER
    unknown = int(np.count_nonzero(open_ & ~is_known)) if gives_amount else 0
    sums = (exact_sum(amounts[sure & (amounts != NO_NUMBER)]), exact_sum(most[open_ & is_known]))
    return Share(int(np.count_nonzero(sure)), sums[0], int(np.count_nonzero(open_)), sums[1], unknown)


def exact_sum(values: np.ndarray) -> int:
    """Return the sum of int64 values, however great.

    >>> exact_sum(np.array([2**62, 2**62, 2**62, -1]))
    13835058055282163711
    """
    high, low = values >> 32, values & 0xFFFFFFFF
    return (int(high.sum()) << 32) + int(low.sum())


# --- over policies -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WayCoverage:
    """How much goes out in one way."""

    way: str
    """The way."""
    policies_all: int
    """Policies all of whose entitlements go out in this way."""
    policies_some: int
    """Policies at least one of whose entitlements does."""
    share: Share
    """The entitlements, and what they come to."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much goes out in each way over all policies."""

    policies: int
    """The policies of which anybody has, or may have, an entitlement: what policies are counted against."""
    idle: tuple[str, ...]
    """The policies of which nobody has, or may have, one."""
    all: Share
    """All entitlements, and what they come to: what the others are counted against."""
    ways: tuple[WayCoverage, ...]
    """Each way, least effort first."""
    stricter: tuple[tuple[PolicyCoverage, str, Share], ...]
    """Where a document orders a stricter way than the data allow: the policy, the way that the data allow, and how much."""


def coverage_over(rows: Iterable[PolicyCoverage]) -> Coverage:
    """Return the coverage of some policies together.

    Args:
        rows: How the entitlements of each go out.
    """
    rows = list(rows)
    met = [row for row in rows if row.all.entitlements]
    stricter = [(row, way, share) for row in met for way, share in sorted(row.stricter.items(), key=lambda item: EFFORT[item[0]])]
    return Coverage(
        policies=len(met),
        idle=tuple(row.policy for row in rows if not row.all.entitlements),
        all=total(row.all for row in met),
        ways=tuple(_ways(met)),
        stricter=tuple(stricter),
    )


def _ways(rows: list[PolicyCoverage]) -> Iterator[WayCoverage]:
    for way in Delivery:
        held = [row for row in rows if way.value in row.ways]
        whole = sum(1 for row in held if len(row.ways) == 1)
        yield WayCoverage(way.value, whole, len(held), total(row.ways[way.value] for row in held))


@dataclass(frozen=True, slots=True)
class PushRate:
    """How far what new policies give can be told without being asked: 新增政策主动推送率."""

    policies: int
    """New policies of which anybody has, or may have, an entitlement."""
    pushed_policies: int
    """Those of which at least one subject can be told."""
    all: Share
    """All entitlements of these, sure and open."""
    pushed: Share
    """Those of which the subject can be told what it has, or just which facts to state itself."""


def push_rate(rows: Iterable[PolicyCoverage]) -> PushRate:
    """Return how far new policies can be pushed.

    Args:
        rows: How the entitlements of each new policy go out.
    """
    met = [row for row in rows if row.all.entitlements]
    return PushRate(
        policies=len(met),
        pushed_policies=sum(1 for row in met if row.definite.entitlements),
        all=total(row.all for row in met),
        pushed=total(row.definite for row in met),
    )
