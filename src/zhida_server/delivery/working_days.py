"""Working days: the official calendar of a pack (`calendar.md`), read and counted by.

    | 年 | 节日 | 放假 | 上班 |
    |---|---|---|---|
    | 2026 | 元旦 | 2026-01-01/2026-01-03 | 2026-01-04 |

Monday to Friday are worked, but for the days off; so are the weekend days of 上班. A year that no row speaks of is not known, and whatever
would count into it is refused: nobody guesses what the State Council has not announced.
"""

import datetime as dt
import re
from dataclasses import dataclass

from zhida_server.delivery.data import NoCalendar

ROW = re.compile(r"\|\s*(\d{4})\s*\|\s*([^|]+?)\s*\|\s*([^|]*?)\s*\|\s*([^|]*?)\s*\|\s*")
"""A row of the table: the year, the feast, the days off, the weekend days that are worked."""

HEAD = ("年", "节日", "放假", "上班")
"""The columns."""

SPLIT = re.compile(r"\s*[、，,]\s*")
"""What stands between two entries of a cell."""

DAY = dt.timedelta(days=1)
"""From one day to the next."""

SATURDAY = 5
"""The first day of the weekend, Monday being 0."""


class CalendarFaultError(Exception):
    """A calendar that cannot be read: it says in which line, and why."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The official calendar of some years."""

    years: frozenset[int]
    """The years that it speaks of."""
    rest: frozenset[dt.date]
    """Days off."""
    work: frozenset[dt.date]
    """Weekend days that are worked in exchange."""

    def is_working_day(self, day: dt.date) -> bool:
        """Say whether a day is worked.

        Raises:
            NoCalendar: where the calendar of its year is not known.
        """
        if day.year not in self.years:
            known = "、".join(map(str, sorted(self.years)))
            raise NoCalendar(
                "no-calendar",
                f"{day.year} 年的放假安排还没有录入，工作日数不到那一年（已有 {known or '无'}）。请照通知补进 calendar.md，再收一次政策包",
                f"the official calendar of {day.year} is not known, so working days cannot be counted into it"
                f" (known: {known or 'none'}). Copy the official notice into calendar.md and take the packs again",
            )
        return day in self.work or (day.weekday() < SATURDAY and day not in self.rest)


def add_working_days(calendar: Calendar, date: dt.date, n: int) -> dt.date:
    """Return the n-th working day after a date, which itself does not count.

    Args:
        calendar: The official calendar.
        date: The day from which one counts.
        n: How many working days, at least 1.

    Raises:
        NoCalendar: where it leads into a year whose calendar is not known.

    >>> calendar = parse_calendar("| 2026 | 元旦 | 2026-01-01/2026-01-03 | 2026-01-04 |")
    >>> add_working_days(calendar, dt.date(2026, 1, 1), 2)
    datetime.date(2026, 1, 5)
    """
    assert n >= 1, "a number of working days is at least 1"
    while n:
        date += DAY
        n -= calendar.is_working_day(date)
    return date


def parse_calendar(text: str) -> Calendar:
    """Read a calendar page.

    Args:
        text: Markdown; only the rows of its tables count.

    Raises:
        CalendarFaultError: where a row is no row of the calendar, or contradicts itself or another.
    """
    years: set[int] = set()
    rest: set[dt.date] = set()
    work: set[dt.date] = set()
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith("|") or _is_head(line):
            continue
        match = ROW.fullmatch(line)
        if match is None:
            raise CalendarFaultError(f"line {number}: '{line}' is no row of {' | '.join(HEAD)}")
        year = int(match[1])
        years.add(year)
        for day in (day for entry in _entries(match[3]) for day in _days(entry, number)):
            _add(rest, day, year, number)
        for day in (_day(entry, number) for entry in _entries(match[4])):
            if day.weekday() < SATURDAY:
                raise CalendarFaultError(f"line {number}: {day} is no weekend day, so working on it is no exchange")
            _add(work, day, year, number)
    if both := rest & work:
        raise CalendarFaultError(f"{min(both)} is told to be a day off and a day of work")
    return Calendar(frozenset(years), frozenset(rest), frozenset(work))


def _is_head(line: str) -> bool:
    """Say whether a line of a table is its head, or the rule below it."""
    cells = tuple(cell.strip() for cell in line.strip().strip("|").split("|"))
    return cells == HEAD or all(re.fullmatch(r":?-+:?", cell) for cell in cells)


def _entries(cell: str) -> list[str]:
    return [entry for entry in SPLIT.split(cell) if entry]


def _days(entry: str, number: int) -> list[dt.date]:
    """Return each day of `2026-01-01/2026-01-03`, or the one day that is named."""
    first, _, last = entry.partition("/")
    start, end = _day(first, number), _day(last or first, number)
    if end < start:
        raise CalendarFaultError(f"line {number}: {end} lies before {start}")
    return [start + DAY * each for each in range((end - start).days + 1)]


def _day(text: str, number: int) -> dt.date:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError:
        raise CalendarFaultError(f"line {number}: '{text}' is no date like 2026-01-01") from None


def _add(days: set[dt.date], day: dt.date, year: int, number: int) -> None:
    """Add a day to those of its kind; each is told once, in its own year."""
    if day.year != year:
        raise CalendarFaultError(f"line {number}: {day} does not lie in {year}")
    if day in days:
        raise CalendarFaultError(f"line {number}: {day} is told twice")
    days.add(day)
