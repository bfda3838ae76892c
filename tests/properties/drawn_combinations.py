"""Small subjects drawn at random, and their best lawful combination by trying everything.

`tried` is written from what the rules say in words (docs/decisions/0010), and shares nothing with `zhida.entitle.best`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from zhida.entitle.best.lawful import Combination, Received, Situation
from zhida.entitle.stacking.structure import Restriction, Structure, Unit
from zhida.policy.stacking import PERIODS, StackingRule, Times
from zhida.values.temporal import Date

AS_OF = Date(2026, 6, 30)
DAYS = (Date(2026, 6, 1), Date(2026, 4, 1), Date(2026, 2, 28), Date(2025, 12, 31), Date(2026, 5, 31))
ENDS = (None, None, Date(2026, 7, 1), Date(2026, 12, 31))
RESTRICTING = tuple(rule for rule in StackingRule if rule not in (StackingRule.SHARES, StackingRule.FREE))


@dataclass(frozen=True)
class Drawn:
    """A subject."""

    structure: Structure
    situation: Situation


def drawn(seed: int) -> Drawn:
    """Return the small subject of a seed; every fifth is about caps that cross, where halves of a fen come up."""
    dice = Random(seed)  # noqa: S311
    if seed % 5 == 0:
        return _drawn(dice, dice.choice((3, 4, 5, 6)), 2, 5, (StackingRule.CAP,))
    count = dice.choice((1, 2, 3, 3, 4, 4, 5, 5, 6))
    return _drawn(dice, count, (9, 9, 6, 4, 3, 2)[count - 1], dice.randint(1, 6), RESTRICTING)


def drawn_large(seed: int) -> Drawn:
    """Return a subject of the size of a city: 30 policies, 12 groups."""
    return _drawn(Random(seed), 30, 10**6, 12, RESTRICTING)  # noqa: S311


def _drawn(dice: Random, count: int, most: int, many: int, rules: Sequence[StackingRule]) -> Drawn:
    nested: list[Unit] = []
    rows: list[Restriction] = []
    caps = 0
    for number in range(many):
        rule = dice.choice(rules)
        units = _units(dice, count, nested if len(rules) > 1 and rule is not StackingRule.TOP_UP else [])
        cap = caps if rule is StackingRule.CAP else None
        caps += rule is StackingRule.CAP
        times = Times(dice.randint(1, 3), dice.choice(PERIODS)) if rule is StackingRule.TIMES else None
        rows.append(Restriction(f"组{number}", rule, units, cap, times, f"第{number}条", f"stacking.md:{number}:1", f"{number}{rule}"))
        nested.append(Unit(f"组{number}", rows[-1].members))
    is_money = tuple(dice.random() < 0.8 for _ in range(count))
    versions: list[tuple[int, ...]] = [(each,) for each in range(count)]
    if count > 1 and dice.random() < 0.1:
        versions[0] = versions[1] = (0, 1)
    structure = Structure(
        tuple(map(_name, range(count))),
        is_money,
        tuple(money and dice.random() < 0.6 for money in is_money),
        tuple(dice.choice(ENDS) for _ in range(count)),
        tuple(dice.random() < 0.05 for _ in range(count)),
        tuple(versions),
        tuple(rows),
        (),
        (),
    )
    received = tuple(
        Received(dice.randrange(count), dice.randint(0, most), dice.choice(DAYS), dice.choice(("", "", "甲")))
        for _ in range(dice.choice((0, 0, 0, 1, 2)))
    )
    situation = Situation(
        tuple(dice.randint(0, most) for _ in range(count)),
        tuple(dice.random() < 0.85 for _ in range(count)),
        tuple(dice.randint(0, 2 * most) for _ in range(caps)),
        tuple(dice.randint(0, 2) for _ in range(count)),
        received,
    )
    return Drawn(structure, situation)


def _name(position: int) -> str:
    return f"p/{position:02d}"


def _units(dice: Random, count: int, nested: Sequence[Unit]) -> tuple[Unit, ...]:
    """Return units that share no policy: single ones, sometimes a group that was drawn before, sometimes one of nobody."""
    left = list(range(count))
    dice.shuffle(left)
    units: list[Unit] = []
    if nested and dice.random() < 0.4:
        units.append(dice.choice(nested))
        left = [each for each in left if each not in units[0].members]
    units += [Unit(_name(each), (each,)) for each in left[: dice.randint(1, min(count, 5))]]
    if dice.random() < 0.05:
        units.append(Unit("p/z", ()))
    dice.shuffle(units)
    return tuple(units)


def tried(subject: Drawn, as_of: Date = AS_OF) -> Combination:
    """Return the best lawful combination by trying all; it is asserted that no other is as good."""
    found = [(_preferred(subject, each), each) for each in lawful(subject, as_of)]
    greatest = max(key for key, _ in found)
    (only,) = (each for key, each in found if key == greatest)
    return only


def lawful(subject: Drawn, as_of: Date) -> Iterator[Combination]:
    """Yield every lawful combination."""
    structure, situation = subject.structure, subject.situation
    ways = []
    for position in range(len(structure.policies)):
        held = situation.is_held[position] and not structure.is_closed[position]
        earlier = sum(
            each.amount_fen for each in situation.received if each.position in structure.versions[position] and each.on.year == as_of.year
        )
        most = max(0, situation.amounts_fen[position] - earlier) if structure.is_money[position] else 0
        ways.append([(False, 0), *((True, fen) for fen in range(most + 1) if held)])
    for way in product(*ways):
        taken, paid = tuple(each[0] for each in way), tuple(each[1] for each in way)
        if all(_keeps(row, structure, situation, paid, taken, as_of) for row in structure.restrictions):
            yield Combination(paid, taken)


def _keeps(row: Restriction, structure: Structure, situation: Situation, paid: Sequence[int], taken: Sequence[bool], as_of: Date) -> bool:
    """Say whether a combination keeps to a row, rule by rule as the words have it."""
    members = {each for unit in row.units for each in unit.members}
    ever = [each for each in situation.received if each.position in members]
    year = [each for each in ever if each.on.year == as_of.year]
    takes = [any(taken[each] for each in unit.members) for unit in row.units]
    pays = [any(paid[each] > 0 for each in unit.members) for unit in row.units]
    match row.rule:
        case StackingRule.CHOICE:
            before = [any(each.position in unit.members for each in year) for unit in row.units]
            return not any(takes) or sum(now or then for now, then in zip(takes, before, strict=True)) <= 1
        case StackingRule.HIGHEST:
            before = [sum(each.amount_fen for each in year if each.position in unit.members) > 0 for unit in row.units]
            return not any(pays) or sum(now or then for now, then in zip(pays, before, strict=True)) <= 1
        case StackingRule.TIMES:
            assert row.times is not None
            times = sum(_counts(each, row.times.per, as_of) for each in ever)
            return not any(takes) or sum(takes) + times <= row.times.count
        case StackingRule.CAP:
            assert row.cap is not None
            had = sum(each.amount_fen for each in year)
            return sum(paid[each] for each in members) + had <= max(situation.caps_fen[row.cap], had)
        case StackingRule.REQUIRES:
            had_ever = [any(each.position in unit.members for each in ever) for unit in row.units]
            return all(not takes[at] or all(takes[before] or had_ever[before] for before in range(at)) for at in range(len(row.units)))
        case _:
            return _keeps_top_up(row, structure, situation, paid, sum(each.amount_fen for each in ever))


def _keeps_top_up(row: Restriction, structure: Structure, situation: Situation, paid: Sequence[int], had: int) -> bool:
    units = [unit.members[0] for unit in row.units if unit.members]
    amounts = {each: situation.amounts_fen[each] * structure.is_money[each] for each in units}
    ascending = sorted(units, key=lambda each: (amounts[each], units.index(each)))
    return all(sum(paid[each] for each in ascending[: at + 1]) <= max(0, amounts[position] - had) for at, position in enumerate(ascending))


def _counts(each: Received, per: str, as_of: Date) -> bool:
    if per in ("户", "终身"):
        return True
    if per in ("人", "项", "件", "笔"):
        return not each.item
    length = {"年": 12, "半年": 6, "季度": 3, "月": 1}[per]
    return each.on.year == as_of.year and (each.on.month - 1) // length == (as_of.month - 1) // length


def _preferred(subject: Drawn, combination: Combination) -> tuple[object, ...]:
    """Return what combinations are compared by."""
    structure, situation = subject.structure, subject.situation
    paid, taken = combination.paid_fen, combination.is_taken
    everyone = range(len(paid))
    ends = [sum(paid[each] for each in everyone if structure.deadlines[each] == end) for end in ENDS[2:]]
    return (
        sum(paid),
        sum(taken[each] for each in everyone if not structure.is_money[each]),
        *ends,
        -sum(situation.efforts[each] for each in everyone if taken[each]),
        -sum(paid[each] for each in everyone if structure.is_public_funds[each]),
        *paid,
        -sum(taken),
        *taken,
    )
