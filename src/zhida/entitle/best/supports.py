"""Supports: which policies that restrictions tie together may be taken, and which of them paid, side by side.

    Structure ──ties_of──> Tie, one for each component ──candidates──> (taken, paid), (taken, paid), …      sets as bits

A *tie* is a component of the structure with local places 0, 1, 2, … for its members. What may be taken together does not hang on
amounts, but on what is held, on what has an amount at all, and on what was received before (`Context`); so it is worked out once
for each such case and kept. Limits of sums (封顶, 补差) are not looked at here: within a candidate they are filled greedily, which
is exact where they are *laminar*: any two of them nested or apart.

Nothing is taken in vain: in a candidate each policy that is taken is paid, or is held without money, or is required by another.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_

from zhida.entitle.best.lawful import day_key
from zhida.entitle.stacking.structure import Restriction, Structure
from zhida.policy.stacking import StackingRule

MOST_CANDIDATES = 1_024
"""Candidates of one case; with more, the solver is asked for each row."""

MOST_LOOKED_AT = 40_000
"""Sets that are looked at for one case; with more, the solver is asked for each row."""

Context = tuple[int, ...]
"""What was received before, for each rule of a tie: bits of units (择一 and 择高: this year; 前提: ever), or a number of times (限次)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One way to take what is held."""

    taken: int
    """The members that are taken, as bits."""
    paid: int
    """Those of them that are paid more than nothing."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A restriction of what may be taken together, over local places."""

    rule: StackingRule
    """择高, 择一, 限次 or 前提."""
    units: tuple[int, ...]
    """The members of each unit, as bits."""
    count: int
    """Of 限次: how often; else 1."""
    restriction: int
    """Its place among the restrictions of the structure."""


@dataclass(frozen=True, slots=True)
class Limit:
    """封顶: a limit of what some members are paid together."""

    members: int
    """The members, as bits."""
    cap: int
    """The place of its amount among the caps of the structure."""
    restriction: int
    """Its place among the restrictions of the structure."""


@dataclass(frozen=True, slots=True)
class Chain:
    """补差: whoever has a higher award is paid the difference to the lower ones."""

    units: tuple[int, ...]
    """The members of each unit, as bits, in the order of the text; a unit is a policy with its versions."""
    restriction: int
    """Its place among the restrictions of the structure."""

    @property
    def members(self) -> int:
        """All its members, as bits."""
        return reduce(or_, self.units, 0)


@dataclass(frozen=True, slots=True)
class Tie:
    """Policies that restrictions tie together."""

    members: tuple[int, ...]
    """Their positions in the structure, ascending; the n-th is local place n, and bit n."""
    money: int
    """Those that give money, as bits."""
    prerequisites: int
    """Those that another may require, as bits."""
    rules: tuple[Rule, ...]
    """What may be taken together."""
    limits: tuple[Limit, ...]
    """Limits of sums."""
    chains: tuple[Chain, ...]
    """Awards that are paid by differences."""
    order: tuple[int, ...]
    """Local places of what gives money in the order in which sums are filled: earlier deadline, tax before public funds, position."""
    classes: tuple[int, ...]
    """The members of each deadline, the earliest first, as bits; those without one are left out."""
    public: int
    """The members that are paid out of a budget, as bits."""
    _candidates: dict[tuple[int, int, Context], tuple[Candidate, ...] | None] = field(default_factory=dict, repr=False, compare=False)
    """What was worked out before."""

    @property
    def is_laminar(self) -> bool:
        """Whether any two limits are nested or apart, so that filling them greedily is exact."""
        several = [limit.members for limit in self.limits if limit.members.bit_count() > 1]
        wholes = [chain.members for chain in self.chains]
        if any(one & other and one & other not in (one, other) for one in several for other in several):
            return False
        if any(limit & whole and limit & whole != whole for limit in several for whole in wholes):
            return False
        return all(one.units == other.units or not one.members & other.members for one in self.chains for other in self.chains)

    @property
    def blank(self) -> Context:
        """The context in which nothing was received before."""
        return (0,) * len(self.rules)

    def candidates(self, held: int, paying: int, context: Context) -> tuple[Candidate, ...] | None:
        """Return all ways to take what is held, those that pay most members first; None where there are too many.

        Args:
            held: The members that are held, as bits.
            paying: Those of them that give money and still have something to give.
            context: What was received before.
        """
        key = (held, paying & held, context)
        if key not in self._candidates:
            self._candidates[key] = self._worked_out(*key)
        return self._candidates[key]

    def _worked_out(self, held: int, paying: int, context: Context) -> tuple[Candidate, ...] | None:
        found: list[Candidate] = []
        looked_at = 0
        stack = [(0, 0, 0)]  # a local place, and what is taken and paid of those before it
        while stack:
            place, taken, paid = stack.pop()
            looked_at += 1
            if looked_at > MOST_LOOKED_AT:
                return None
            if place == len(self.members):
                if self._is_whole(taken, paid, context):
                    found.append(Candidate(taken, paid))
                if len(found) > MOST_CANDIDATES:
                    return None
                continue
            bit = 1 << place
            stack.append((place + 1, taken, paid))
            if not held & bit:
                continue
            if (self.prerequisites & bit or not self.money & bit) and self._goes(taken | bit, paid, context):
                stack.append((place + 1, taken | bit, paid))
            if paying & bit and self._goes(taken | bit, paid | bit, context):
                stack.append((place + 1, taken | bit, paid | bit))
        found.sort(key=lambda each: (-each.paid.bit_count(), -each.taken.bit_count(), each.paid, each.taken))
        return tuple(each for each in found if not any(self._is_less(other, each) for other in found))

    def _is_less(self, one: Candidate, other: Candidate) -> bool:
        """Say whether two candidates give the same, and the first takes less for it."""
        gives = one.paid == other.paid and (one.taken ^ other.taken) & ~self.money == 0
        return gives and one.taken != other.taken and not one.taken & ~other.taken

    def _goes(self, taken: int, paid: int, context: Context) -> bool:
        """Say whether something, and perhaps more, may be taken; what more cannot mend is looked at."""
        for rule, before in zip(self.rules, context, strict=True):
            if rule.rule is StackingRule.CHOICE and not _one_at_most(rule.units, taken, before):
                return False
            if rule.rule is StackingRule.HIGHEST and not _one_at_most(rule.units, paid, before):
                return False
            if rule.rule is StackingRule.TIMES:
                touched = touched_units(rule.units, taken).bit_count()
                if touched and touched + before > rule.count:
                    return False
        return True

    def _is_whole(self, taken: int, paid: int, context: Context) -> bool:
        """Say whether all that is required is taken, and nothing in vain."""
        if not self._required(taken, context):
            return False
        idle = taken & ~paid & self.money
        return all(not self._required(taken & ~(1 << place), context) for place in bits_of(idle))

    def _required(self, taken: int, context: Context) -> bool:
        """Say whether all that what is taken requires is taken too, or was received."""
        for rule, before in zip(self.rules, context, strict=True):
            if rule.rule is StackingRule.REQUIRES:
                there = touched_units(rule.units, taken)
                last = there.bit_length() - 1
                if last > 0 and ((1 << last) - 1) & ~(there | before):
                    return False
        return True


def _one_at_most(units: Sequence[int], members: int, before: int) -> bool:
    """Say whether some members touch no more than one unit, and no other than what was received before."""
    touched = touched_units(units, members)
    return touched.bit_count() <= 1 if not before else touched & ~before == 0 and (not touched or before.bit_count() == 1)


def touched_units(units: Sequence[int], members: int) -> int:
    """Return the units of which any member is among some, as bits.

    >>> touched_units((0b001, 0b110), 0b100)
    2
    """
    return sum(1 << place for place, unit in enumerate(units) if unit & members)


def bits_of(members: int) -> Iterator[int]:
    """Yield the places of the bits of a set, ascending.

    >>> list(bits_of(0b1010))
    [1, 3]
    """
    place = 0
    while members >> place:
        if members >> place & 1:
            yield place
        place += 1


def ties_of(structure: Structure) -> tuple[Tie, ...]:
    """Return the components of a structure that any restriction touches, in the order of their first members."""
    found = []
    for members in structure.components():
        within = set(members)
        own = [(place, each) for place, each in enumerate(structure.restrictions) if within & set(each.members)]
        if own:
            found.append(_tie(structure, members, own))
    return tuple(found)


def _tie(structure: Structure, members: tuple[int, ...], own: Sequence[tuple[int, Restriction]]) -> Tie:
    local = {position: place for place, position in enumerate(members)}

    def bits(positions: Sequence[int]) -> int:
        return sum(1 << local[position] for position in positions if position in local)

    rules, limits, chains, required = [], [], [], 0
    for place, each in own:
        units = tuple(bits(unit.members) for unit in each.units)
        match each.rule:
            case StackingRule.CAP:
                assert each.cap is not None, "a cap has an amount"
                limits.append(Limit(bits(each.members), each.cap, place))
            case StackingRule.TOP_UP:
                chains.append(Chain(tuple(unit for unit in units if unit), place))
            case _:
                rules.append(Rule(each.rule, units, each.times.count if each.times else 1, place))
        if each.rule is StackingRule.REQUIRES:
            required |= reduce(or_, units[:-1], 0)
    ends_of = {local[position]: structure.deadlines[position] for position in members}
    deadlines = {place: None if end is None else day_key(end) for place, end in ends_of.items()}
    money = [place for place in range(len(members)) if structure.is_money[members[place]]]
    ends = sorted({day for place in money if (day := deadlines[place]) is not None})
    public = bits([position for position in members if structure.is_public_funds[position]])

    def rank(place: int) -> tuple[int, int, int]:
        day = deadlines[place]
        return (len(ends) if day is None else ends.index(day), public >> place & 1, place)

    return Tie(
        members,
        sum(1 << place for place in money),
        required,
        tuple(rules),
        tuple(limits),
        tuple(chains),
        tuple(sorted(money, key=rank)),
        tuple(sum(1 << place for place in money if deadlines[place] == day) for day in ends),
        public,
    )
