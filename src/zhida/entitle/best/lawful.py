"""What a lawful combination is, and which of two is preferred: the specification, one subject at a time.

    structure + situation + as_of ──laws──> Laws      ceilings, sums, choices, requirements: plain numbers over positions
    Laws + combination ──faults──> ()                 nothing said = lawful
    combination ──preference──> tuple                 the greater, the better; no two combinations are equal

A combination takes benefits and pays integer fen. To take nothing is always lawful: a benefit is a right, no duty. What was
received earlier counts by the calendar period of the day, whether it came before or after the day. Every faster way of
finding the best combination is judged by this module.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from zhida.entitle.stacking.structure import Restriction, Structure, Unit
from zhida.policy.stacking import StackingRule
from zhida.values.temporal import Date

MONTHS = {"年": 12, "半年": 6, "季度": 3, "月": 1}
"""The months of a calendar period that times are counted for; 户 and 终身 are ever, the others are of one item."""

ITEMS = frozenset(("人", "项", "件", "笔"))
"""What times are counted for by item."""


MOST_FEN = 10**16
"""The most that benefits that are tied together may give: sums and products of it stay within 64 bits."""


@dataclass(frozen=True, slots=True)
class Received:
    """What was received earlier."""

    position: int
    """The policy."""
    amount_fen: int
    """How much; 0 where it was no money."""
    on: Date
    """The day on which it was received."""
    item: str = ""
    """For whom or what, where the policy gives by the person, project, piece or loan."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What the policies say for one subject, each by its position in the structure."""

    amounts_fen: tuple[int, ...]
    """What each gives, in fen; 0 unless the subject is eligible."""
    is_held: tuple[bool, ...]
    """Of each, whether the subject is eligible; of a window that is closed the structure knows."""
    caps_fen: tuple[int, ...]
    """The amounts of the caps of the structure, in fen, rounded down."""
    efforts: tuple[int, ...]
    """How much paperwork each is: the rank of its way of delivery."""
    received: tuple[Received, ...] = ()
    """What the subject received earlier."""


@dataclass(frozen=True, slots=True)
class Combination:
    """What is taken, and what it pays."""

    paid_fen: tuple[int, ...]
    """What each policy pays, in fen."""
    is_taken: tuple[bool, ...]
    """Whether each is taken; what pays is."""

    @property
    def total_fen(self) -> int:
        """The sum of all that is paid."""
        return sum(self.paid_fen)


@dataclass(frozen=True, slots=True)
class Sum:
    """Several policies pay so much together at most: 封顶, or one step of 补差."""

    restriction: int
    """The row, by its place among the restrictions."""
    members: tuple[int, ...]
    """The policies, ascending."""
    limit_fen: int
    """So much at most."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Of several units so many at most: 择一, 择高 or 限次."""

    restriction: int
    """The row, by its place among the restrictions."""
    units: tuple[Unit, ...]
    """The units that are left to choose from."""
    count: int
    """How many of them at most; 0 where what was received earlier leaves none."""
    is_of_paid: bool
    """Whether it counts what is paid (择高) rather than what is taken."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A unit may be taken only where another one is: 前提, unless that was received before."""

    restriction: int
    """The row, by its place among the restrictions."""
    unit: Unit
    """What requires."""
    required: Unit
    """What is required."""


@dataclass(frozen=True, slots=True)
class Laws:
    """All that a combination of one subject has to keep to."""

    can_take: tuple[bool, ...]
    """Of each policy, whether it may be taken at all."""
    limits_fen: tuple[int, ...]
    """What each may pay at most by itself, in fen: its amount less what was received of it this year."""
    sums: tuple[Sum, ...]
    """What is capped together, in the order of the rows."""
    choices: tuple[Choice, ...]
    """What excludes each other, in the order of the rows."""
    requirements: tuple[Requirement, ...]
    """What requires what, in the order of the rows."""


def laws(structure: Structure, situation: Situation, as_of: Date) -> Laws:
    """Return what a combination of a subject has to keep to.

    Args:
        structure: What binds the policies together.
        situation: What they say for the subject.
        as_of: The day whose calendar year, quarter, … counts for what was received earlier.
    """
    past = _Past(situation.received, as_of)
    can_take = tuple(held and not closed for held, closed in zip(situation.is_held, structure.is_closed, strict=True))
    limits = tuple(
        max(0, amount - past.this_year(versions)) if is_money and can else 0
        for amount, versions, is_money, can in zip(situation.amounts_fen, structure.versions, structure.is_money, can_take, strict=True)
    )
    sums: list[Sum] = []
    choices: list[Choice] = []
    requirements: list[Requirement] = []
    for place, row in enumerate(structure.restrictions):
        match row.rule:
            case StackingRule.CAP:
                assert row.cap is not None
                limit = max(0, situation.caps_fen[row.cap] - past.this_year(row.members))
                sums.append(Sum(place, row.members, limit))
            case StackingRule.TOP_UP:
                amounts = [each if is_money else 0 for each, is_money in zip(situation.amounts_fen, structure.is_money, strict=True)]
                sums.extend(_steps(place, row, amounts, past.ever(row.members)))
            case StackingRule.REQUIRES:
                pairs = ((unit, before) for at, unit in enumerate(row.units) for before in row.units[:at])
                requirements.extend(Requirement(place, unit, before) for unit, before in pairs if not past.rows(before.members))
            case _:
                choices.append(_choice(place, row, past))
    return Laws(can_take, limits, tuple(sums), tuple(choices), tuple(requirements))


def faults(structure: Structure, situation: Situation, combination: Combination, as_of: Date) -> tuple[str, ...]:
    """Return what is unlawful in a combination; nothing where it is lawful.

    Args:
        structure: What binds the policies together.
        situation: What they say for the subject.
        combination: What is taken, and what it pays.
        as_of: The day.
    """
    return tuple(_faults(structure, laws(structure, situation, as_of), combination))


def preference(structure: Structure, situation: Situation, combination: Combination) -> tuple[object, ...]:
    """Return what combinations are compared by: of two lawful ones the greater is the better.

    One after another: the sum; how many benefits without money are held; what ends earlier, window by window; less
    paperwork; fewer public funds; more for the policies that come first in the list; nothing taken in vain; taken, in the
    order of the list.
    """
    paid, taken = combination.paid_fen, combination.is_taken
    ends = sorted({day_key(day) for day in structure.deadlines if day is not None})
    by_end = tuple(sum(fen for fen, day in zip(paid, structure.deadlines, strict=True) if day and day_key(day) == end) for end in ends)
    return (
        sum(paid),
        sum(is_taken and not is_money for is_taken, is_money in zip(taken, structure.is_money, strict=True)),
        by_end,
        -sum(effort for effort, is_taken in zip(situation.efforts, taken, strict=True) if is_taken),
        -sum(fen for fen, is_public in zip(paid, structure.is_public_funds, strict=True) if is_public),
        paid,
        -sum(taken),
        taken,
    )


def parts(law: Laws) -> list[tuple[int, ...]]:
    """Return the positions that laws of this subject really tie together, in the order of the list.

    A sum that all its policies keep to anyway, or a choice that leaves room for every unit that can be taken, ties nothing.
    """
    alone = [{position} for position in range(len(law.can_take))]
    found: list[set[int]] = []
    for tied in [*alone, *(set(members) for position in range(len(alone)) for members in ties(law, position))]:
        touched = [each for each in found if each & tied]
        found = [each for each in found if not each & tied] + [tied.union(*touched)]
    return sorted(tuple(sorted(each)) for each in found)


def ties(law: Laws, position: int) -> Iterator[tuple[int, ...]]:
    """Yield the policies of each law that holds a policy back."""
    for each in law.sums:
        if position in each.members and sum(law.limits_fen[member] for member in each.members) > each.limit_fen:
            yield each.members
    for choice in law.choices:
        open_ = [unit.members for unit in choice.units if any(law.can_take[member] for member in unit.members)]
        if len(open_) > choice.count and any(position in members for members in open_):
            yield tuple(member for members in open_ for member in members)
    for need in law.requirements:
        if position in need.unit.members or position in need.required.members:
            yield (*need.unit.members, *need.required.members)


def _faults(structure: Structure, law: Laws, combination: Combination) -> Iterator[str]:
    paid, taken = combination.paid_fen, combination.is_taken
    if not len(paid) == len(taken) == len(structure.policies):
        yield "项数不符"
        return
    for position, policy in enumerate(structure.policies):
        fen, limit = paid[position], law.limits_fen[position]
        if taken[position] and not law.can_take[position]:
            yield f"{policy}：不能享受"
        if fen and not taken[position]:
            yield f"{policy}：没有享受却付了钱"
        if not 0 <= fen <= limit:
            yield f"{policy}：付 {fen} 分，应在 0 至 {limit} 分之间"
    for each in law.sums:
        total = sum(paid[position] for position in each.members)
        if total > each.limit_fen:
            yield f"{_title(structure, each.restriction)}：合计 {total} 分，最多 {each.limit_fen} 分"
    for choice in law.choices:
        chosen = [unit.name for unit in choice.units if any((paid if choice.is_of_paid else taken)[each] for each in unit.members)]
        if len(chosen) > choice.count:
            yield f"{_title(structure, choice.restriction)}：选了 {'、'.join(chosen)}，最多 {choice.count} 项"
    for need in law.requirements:
        if any(taken[each] for each in need.unit.members) and not any(taken[each] for each in need.required.members):
            yield f"{_title(structure, need.restriction)}：享受 {need.unit.name} 以前应先有 {need.required.name}"


def _title(structure: Structure, place: int) -> str:
    row = structure.restrictions[place]
    return f"{row.rule.value} {row.group}"


def _steps(place: int, row: Restriction, amounts: Sequence[int], received_fen: int) -> Iterator[Sum]:
    """Yield that up to each amount, ascending, no more is paid than that amount, all that was received before included."""
    units = [unit.members for unit in row.units if unit.members]
    ascending = sorted(units, key=lambda members: max(amounts[each] for each in members))
    for at, members in enumerate(ascending):
        covered = tuple(sorted(each for unit in ascending[: at + 1] for each in unit))
        yield Sum(place, covered, max(0, max(amounts[each] for each in members) - received_fen))


def _choice(place: int, row: Restriction, past: "_Past") -> Choice:
    """Return what is left to choose from: what was received earlier is chosen already, and nothing beside it."""
    if row.rule is StackingRule.TIMES:
        assert row.times is not None
        return Choice(place, row.units, max(0, row.times.count - past.times(row.members, row.times.per)), is_of_paid=False)
    is_of_paid = row.rule is StackingRule.HIGHEST
    chosen = [unit for unit in row.units if (past.this_year(unit.members) > 0 if is_of_paid else past.rows_this_year(unit.members))]
    left = tuple(unit for unit in row.units if chosen != [unit])
    return Choice(place, left, 0 if chosen else 1, is_of_paid)


class _Past:
    """What was received earlier, seen from a day."""

    def __init__(self, received: Sequence[Received], as_of: Date) -> None:
        self.received = received
        self.as_of = as_of

    def ever(self, members: Sequence[int]) -> int:
        """Return the fen that policies paid at any time."""
        return sum(each.amount_fen for each in self.received if each.position in members)

    def this_year(self, members: Sequence[int]) -> int:
        """Return the fen that policies paid in the calendar year."""
        return sum(each.amount_fen for each in self.received if each.position in members and each.on.year == self.as_of.year)

    def rows(self, members: Sequence[int], is_meant: Callable[[Received], bool] = lambda _: True) -> int:
        """Return how often something was received of policies."""
        return sum(each.position in members and is_meant(each) for each in self.received)

    def rows_this_year(self, members: Sequence[int]) -> int:
        """Return how often something was received of policies in the calendar year."""
        return self.times(members, "年")

    def times(self, members: Sequence[int], per: str) -> int:
        """Return how often something was received of policies in the calendar period of the day, or for the same item, or ever."""
        return self.rows(members, lambda each: is_within(each.on, each.item, self.as_of, per))


def is_within(day: Date, item: str, as_of: Date, per: str) -> bool:
    """Say whether a payment counts against a number of times that a claim of a day is measured by.

    >>> is_within(Date(2026, 2, 1), "", Date(2026, 6, 30), "半年"), is_within(Date(2026, 2, 1), "", Date(2026, 7, 1), "半年")
    (True, False)
    """
    if per in ITEMS:
        return not item
    return per not in MONTHS or _period(day, per) == _period(as_of, per)


def _period(day: Date, per: str) -> tuple[int, int]:
    return day.year, (day.month - 1) // MONTHS[per]


def day_key(day: Date) -> tuple[int, int, int]:
    """Return what days are compared by."""
    return day.year, day.month, day.day
