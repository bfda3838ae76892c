"""Budgets before and after: does the money suffice, and when is it gone.

    what everybody gets, before and after ─┐
    applications with their days ──────────┴──claims_of, run_out──> the day on which a budget is gone, before and after

Without applications nobody knows the days: then it is told what is lacking or left if all who are entitled apply. Who applied is the
same before and after; whom a change brings in has not applied yet, and that is counted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from zhida.entitle.budgets.applications import Applications
from zhida.entitle.budgets.claims import SUM, Admission, Entitled, claims_of
from zhida.entitle.budgets.run_out import RunOut, run_out
from zhida.entitle.simulation.scenario import Scenario
from zhida.entitle.simulation.tally import AFTER, BEFORE, Compared, Pair, PolicyTally
from zhida.policy.front_matter import Budget
from zhida.policy.pack import Packs
from zhida.values.numbers import feel_context
from zhida.values.temporal import to_days


@dataclass(frozen=True, slots=True)
class Claimed:
    """What was applied for on one side."""

    run_out: RunOut
    """How the money goes."""
    subjects: int
    """How many applications count."""
    idle: tuple[int, int]
    """How many are entitled and did not apply, and how many fen that is."""


@dataclass(frozen=True, slots=True)
class BudgetTally:
    """A budget before and after."""

    policy: str
    """The policy that the money is for."""
    title: str
    """Its title."""
    year: int
    """The year of the budget after the change, or of that before it where there is none after."""
    budget_fen: tuple[int | None, int | None]
    """The budget before and after; None where there is none."""
    entitled_fen: Pair
    """What all who are entitled get, after stacking where it was considered."""
    claimed: tuple[Claimed | None, Claimed | None]
    """What was applied for, before and after; None without applications, or without a budget."""

    def lacking_fen(self, *, is_after: bool) -> int | None:
        """Return how much is lacking if all apply who are entitled; what is left is negative; None without a budget."""
        budget = self.budget_fen[is_after]
        needed = self.entitled_fen.after if is_after else self.entitled_fen.before
        return None if budget is None else needed - budget


def budgets_in(scenario: Scenario) -> tuple[str, ...]:
    """Return the policies of a scenario that have a budget, before or after, in the order of the packs."""
    ids = dict.fromkeys((*scenario.policies(is_after=False), *scenario.policies(is_after=True)))
    return tuple(id_ for id_ in ids if any(_budget(packs, id_) is not None for packs in (scenario.before, scenario.after)))


def _budget(packs: Packs, id_: str) -> Budget | None:
    return packs.policies[id_].front.budget if id_ in packs.policies else None


@dataclass
class Budgets:
    """Collects what subjects get of policies with a budget, part by part."""

    scenario: Scenario
    """What is compared."""
    applications: Mapping[str, Applications]
    """Who applied, by policy."""
    parts: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    """By policy: key, name, amounts before and after, of those who get anything."""

    @property
    def detailed(self) -> tuple[str, ...]:
        """The policies of which each subject's amount is needed."""
        return tuple(self.applications)

    def add(self, part: Compared) -> None:
        """Keep what is needed of a part."""
        key, name = part.rows.columns[:2]
        for policy in self.detailed:
            before, after = (pl.col(f"{policy}:{when}") for when in (BEFORE, AFTER))
            rows = part.rows.select(key=pl.col(key), name=pl.col(name).fill_null(""), before=before, after=after)
            self.parts.setdefault(policy, []).append(rows)

    def told(self, tallies: Mapping[str, PolicyTally]) -> tuple[BudgetTally, ...]:
        """Return the budgets before and after.

        Args:
            tallies: What each policy comes to.
        """
        found = []
        for policy in budgets_in(self.scenario):
            sides = (self.scenario.before, self.scenario.after)
            budgets = [_budget(packs, policy) for packs in sides]
            claimed = [
                self._claimed(policy, packs, budget, is_after=bool(place))
                for place, (packs, budget) in enumerate(zip(sides, budgets, strict=True))
            ]
            said = budgets[1] or budgets[0]
            assert said is not None, "one side has a budget"
            title = (sides[1] if policy in sides[1].policies else sides[0]).policies[policy].front.title
            amounts = [None if each is None else fen_of(each.amount) for each in budgets]
            found.append(BudgetTally(policy, title, said.year, (amounts[0], amounts[1]), tallies[policy].net_fen, (claimed[0], claimed[1])))
        return tuple(found)

    def _claimed(self, policy: str, packs: Packs, budget: Budget | None, *, is_after: bool) -> Claimed | None:
        if policy not in self.applications or budget is None:
            return None
        as_of = self.scenario.as_of
        rows = pl.concat(self.parts[policy])
        frame = rows.select("key", "name", amount_fen=pl.col(AFTER if is_after else BEFORE), why=pl.lit("")).sort("key")
        admission = Admission(budget.year, to_days(as_of), packs.policies[policy].front.window)
        claims = claims_of(Entitled(frame, SUM, {}), self.applications[policy], admission)
        demand, undated = _demand(claims.frame)
        told = run_out(demand, undated_fen=undated, available_fen=fen_of(budget.amount), as_of=as_of)
        return Claimed(told, claims.frame.height, claims.idle)


def _demand(claims: pl.DataFrame) -> tuple[dict[int, int], int]:
    """Return the fen that were claimed on each day, and on none."""
    days = claims.select(day=pl.col("date").to_physical(), fen=pl.col("amount_fen").cast(pl.Int128))
    sums = dict(days.group_by("day").agg(pl.col("fen").sum()).iter_rows())
    undated = sums.pop(None, 0)
    return sums, undated


def fen_of(yuan: Decimal) -> int:
    """Return yuan as fen, rounded down.

    >>> fen_of(Decimal("250000000"))
    25000000000
    """
    return int(yuan.scaleb(2, feel_context()))
