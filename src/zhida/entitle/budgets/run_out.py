"""When the money runs out: the claims day by day until it was gone, else the present rate until it will be.

    demand of each day ──sum──> the day on which it reaches what is available: exhausted then
                          └──> less: what is left ÷ the rate of the last 30 days = days to go; the same with the slowest and
                               the fastest whole month

Rates are fractions of integers and days are divided exactly; nothing is rounded but up to the next whole day.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from zhida.values.calendar import days_in_month
from zhida.values.temporal import Date, from_days, to_days

RATE_DAYS = 30
"""Days, the last one that of the calculation, whose claims are the present rate; fewer where the first claim is later."""
HORIZON_DAYS = 3653
"""Ten years: what runs out later than that does not run out."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast money is claimed."""

    first: Date
    """First day that it is counted over."""
    last: Date
    """Last day."""
    fen: int
    """What was claimed on these days."""
    gone_on: Date | None
    """The day on which what is left would be gone at this rate; None where it would not within ten years, or nothing is left."""

    @property
    def days(self) -> int:
        """How many days it is counted over."""
        return to_days(self.last) - to_days(self.first) + 1


@dataclass(frozen=True, slots=True)
class RunOut:
    """How the money goes."""

    available_fen: int
    """What there was for these claims: the budget less what was spent before; fen."""
    days: tuple[tuple[Date, int], ...]
    """Days with claims, ascending, with the fen that were claimed on each."""
    undated_fen: int
    """What was claimed without a date."""
    as_of: Date
    """Until when the claims are known."""
    gone_on: Date | None
    """The day on which the claims reached what was available; None where they have not, nobody can say when, or there was nothing."""
    left_fen: int
    """What is left when all claims are met; never below 0."""
    present: Rate | None
    """The present rate; None where something is claimed on no day, or nothing is left."""
    slowest: Rate | None
    """The month with the fewest fen a day, of the whole months between the first claim and `as_of`; None where there are not two."""
    fastest: Rate | None
    """The month with the most fen a day."""

    @property
    def is_gone(self) -> bool:
        """Whether the claims have reached what there was."""
        return self.left_fen == 0


def run_out(demand: Mapping[int, int], *, undated_fen: int, available_fen: int, as_of: Date) -> RunOut:
    """Return how the money goes.

    Args:
        demand: Fen by the day on which they were claimed, as a number of days (`to_days`); none after `as_of`.
        undated_fen: What was claimed on no known day.
        available_fen: What there is for all of them.
        as_of: Until when the claims are known.

    >>> march = {to_days(Date(2026, 3, 1)): 4000, to_days(Date(2026, 3, 30)): 2000}
    >>> found = run_out(march, undated_fen=0, available_fen=10_000, as_of=Date(2026, 3, 30))
    >>> found.left_fen, str(found.present.gone_on)
    (4000, '2026-04-19')
    """
    today = to_days(as_of)
    days = sorted(demand)
    assert not days or days[-1] <= today, "a claim of the future"
    gone_on, served = None, 0
    for day in days:
        served += demand[day]
        if served >= available_fen > 0:
            gone_on = from_days(day)
            break
    left = max(available_fen - sum(demand.values()) - undated_fen, 0)
    present = slowest = fastest = None
    if days and left:
        present = _rate(demand, max(days[0], today - RATE_DAYS + 1), today, left, today)
        months = [_rate(demand, first, last, left, today) for first, last in _months(days[0], today)]
        if len(months) > 1:
            # Fractions are compared by multiplying crosswise; of equal ones the earlier month is told.
            slowest = fastest = months[0]
            for month in months[1:]:
                slowest = month if month.fen * slowest.days < slowest.fen * month.days else slowest
                fastest = month if month.fen * fastest.days > fastest.fen * month.days else fastest
    told = tuple((from_days(day), demand[day]) for day in days)
    return RunOut(available_fen, told, undated_fen, as_of, gone_on, left, present, slowest, fastest)


def _rate(demand: Mapping[int, int], first: int, last: int, left: int, today: int) -> Rate:
    """Return the rate over some days, and when it will have used up what is left: after left ÷ (fen ÷ days), rounded up."""
    fen = sum(amount for day, amount in demand.items() if first <= day <= last)
    to_go = -(-left * (last - first + 1) // fen) if fen else HORIZON_DAYS + 1
    gone_on = from_days(today + to_go) if to_go <= HORIZON_DAYS else None
    return Rate(from_days(first), from_days(last), fen, gone_on)


def _months(first: int, last: int) -> list[tuple[int, int]]:
    """Return first and last day of the calendar months that lie wholly between two days."""
    found = []
    year, month = from_days(first).year, from_days(first).month
    while (start := to_days(Date(year, month, 1))) <= last:
        end = start + days_in_month(year, month) - 1
        if first <= start and end <= last:
            found.append((start, end))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found
