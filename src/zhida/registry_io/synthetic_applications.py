"""Who applied in a synthetic district, and when: a sheet of applications for budgets to be shared out by.

Owns the section `applications` of the district file and the rows of `applications-synthetic.csv`, which is no source of the
registry. Buyers of computing power apply, some others try, some apply again; a few rows have lost their day.
"""

import datetime as dt
import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from zhida.registry_io.synthetic_draws import Draws, Weighted
from zhida.registry_io.synthetic_reading import Node

COLUMNS = ("主体", "政策", "申请日期", "申请时刻", "得分")
"""The columns of the sheet, besides the mark."""
OPENS, MINUTES = 9 * 60, 8 * 60 + 30
"""Applications come from 9:00 on, for so many minutes a day."""
WEEKEND = 5
"""The number of Saturday in a week."""


@dataclass(frozen=True, slots=True)
class Applying:
    """Who applies for a policy."""

    policy: str
    """Its id."""
    buyers: Decimal
    """Share of the buyers of computing power who apply."""
    others: Decimal
    """Share of all others who apply, though nothing is due to them."""
    months: Weighted[str]
    """The months in which they apply, as `2026-03`."""
    again: int
    """How many apply twice."""
    undated: int
    """Rows without a day."""


def parse_applying(root: Node) -> tuple[Applying, ...]:
    """Read the section; nothing where the file has none."""
    if not root.has("applications"):
        return ()
    found = []
    for policy, node in root.at("applications").map().items():
        months = node.at("months")
        weights = months.weights()
        if not all(re.fullmatch(r"[12][0-9]{3}-(0[1-9]|1[0-2])", month) for month in weights.values):
            months.complain("months such as 2026-03 with weights", "形如 2026-03 的月份和权重")
        counts = (node.at("again").integer(), node.at("undated").integer())
        found.append(Applying(policy, node.at("buyers").share(), node.at("others").share(), weights, *counts))
        node.done()
    return tuple(found)


def draw_applications(applying: Applying, keys: Sequence[str], is_buyer: Sequence[bool], seed: int) -> list[tuple[str, ...]]:
    """Return the rows of the sheet (`COLUMNS`), in the order in which they came in.

    Args:
        applying: Who applies.
        keys: The code of each enterprise.
        is_buyer: Whether it buys computing power.
        seed: The seed.
    """
    draws = Draws.named(seed, 60, applying.policy)
    shares = (applying.buyers if buys else applying.others for buys in is_buyer)
    applicants = [key for key, share in zip(keys, shares, strict=True) if draws.is_below(share)]
    twice = [applicants[place] for place in draws.some(len(applicants), min(applying.again, len(applicants)))]
    rows = [(*_moment(applying, draws), key, str(draws.below(61) + 40)) for key in (*applicants, *twice)]
    lost = set(draws.some(len(rows), min(applying.undated, len(rows))))
    rows = [("", "", key, score) if place in lost else (day, time, key, score) for place, (day, time, key, score) in enumerate(rows)]
    return [(key, applying.policy, day, time, score) for day, time, key, score in sorted(rows, key=lambda row: (not row[0], row))]


def _moment(applying: Applying, draws: Draws) -> tuple[str, str]:
    """Return a working day and a time of one of the months."""
    year, month = map(int, draws.choice(applying.months).split("-"))
    days = [day for day in range(1, monthrange(year, month)[1] + 1) if dt.date(year, month, day).weekday() < WEEKEND]
    hour, minute = divmod(OPENS + draws.below(MINUTES), 60)
    return dt.date(year, month, days[draws.below(len(days))]).isoformat(), f"{hour:02d}:{minute:02d}"
