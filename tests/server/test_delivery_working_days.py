"""Working days: the calendar of the packs is the official one, day by day, and nobody counts into a year that was not announced."""

import datetime as dt
from pathlib import Path

import chinese_calendar
import pytest

from tests.house.tree import ROOT
from zhida_server.delivery.data import NoCalendar
from zhida_server.delivery.working_days import Calendar, CalendarFaultError, add_working_days, parse_calendar

PAGE = ROOT / "packs" / "national" / "calendar.md"


@pytest.fixture(scope="module")
def calendar() -> Calendar:
    return parse_calendar(PAGE.read_text(encoding="utf-8"))


def test_the_calendar_of_the_packs_is_the_official_one_on_every_day(calendar: Calendar) -> None:
    assert {2025, 2026} <= calendar.years
    days = [day for year in sorted(calendar.years) for day in _days(year)]
    assert len(days) >= 730
    wrong = [day for day in days if calendar.is_working_day(day) != chinese_calendar.is_workday(day)]
    assert wrong == []


def test_each_year_of_the_calendar_names_its_notice(calendar: Calendar) -> None:
    text = Path(PAGE).read_text(encoding="utf-8")
    for year in calendar.years:
        assert f"《国务院办公厅关于{year}年部分节假日安排的通知》（国办发明电〔{year - 1}〕" in text


@pytest.mark.parametrize(
    ("begin", "n", "end"),
    [
        ("2026-06-29", 5, "2026-07-06"),  # an ordinary week
        ("2026-02-13", 1, "2026-02-14"),  # a Saturday that is worked
        ("2026-02-13", 2, "2026-02-24"),  # over the Spring Festival
        ("2026-02-27", 1, "2026-02-28"),  # the other Saturday
        ("2026-09-30", 1, "2026-10-08"),  # over the National Day
        ("2026-10-03", 3, "2026-10-10"),  # from a day off, over a Saturday that is worked
        ("2025-12-31", 2, "2026-01-05"),  # over the New Year, a Sunday that is worked in between
    ],
)
def test_working_days_are_counted_from_the_next_day(calendar: Calendar, begin: str, n: int, end: str) -> None:
    assert add_working_days(calendar, dt.date.fromisoformat(begin), n) == dt.date.fromisoformat(end)


def test_a_year_that_was_not_announced_is_refused_with_what_to_do(calendar: Calendar) -> None:
    with pytest.raises(NoCalendar, match=r"calendar\.md") as refused:
        add_working_days(calendar, dt.date(2026, 12, 30), 5)
    assert "2027" in refused.value.zh
    assert "2025、2026" in refused.value.zh
    assert add_working_days(calendar, dt.date(2026, 12, 30), 1) == dt.date(2026, 12, 31)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("| 2026 | 元旦 | 2026-01-01/2026-01-03 |", "is no row"),
        ("| 2026 | 元旦 | 元月一日 | |", "is no date"),
        ("| 2026 | 元旦 | 2026-01-03/2026-01-01 | |", "lies before"),
        ("| 2026 | 元旦 | 2025-12-31/2026-01-01 | |", "does not lie in 2026"),
        ("| 2026 | 元旦 | 2026-01-01 | 2026-01-05 |", "no weekend day"),
        ("| 2026 | 元旦 | 2026-01-01、2026-01-01 | |", "told twice"),
        ("| 2026 | 元旦 | 2026-01-04 | 2026-01-04 |", "a day off and a day of work"),
    ],
)
def test_a_calendar_with_a_mistake_is_refused(row: str, reason: str) -> None:
    with pytest.raises(CalendarFaultError, match=reason):
        parse_calendar(f"| 年 | 节日 | 放假 | 上班 |\n|---|---|---|---|\n{row}\n")


def _days(year: int) -> list[dt.date]:
    first = dt.date(year, 1, 1)
    return [day for each in range(366) if (day := first + dt.timedelta(days=each)).year == year]
