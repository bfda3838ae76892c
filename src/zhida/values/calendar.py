"""The proleptic Gregorian calendar over plain integers.

Owns the arithmetic of years, months and days for every year there is an integer for, because the FEEL years -999,999,999 to
999,999,999 do not fit Python's `datetime`. Knows nothing of FEEL values, hours or time zones. Years count astronomically:
year 0 exists and is a leap year. Days count from 1970-01-01, which is day 0.

The conversions follow the `days_from_civil` method: the year is taken to begin on 1 March, so that the leap day is its last.
"""

MONTHS_PER_YEAR = 12
DAYS_PER_WEEK = 7
DAYS_PER_CYCLE = 146_097
"""Days in 400 years: the calendar, weekdays included, repeats after them."""

_FEBRUARY = 2
_MARCH = 3
_YEARS_PER_CYCLE = 400
_DAYS_FROM_MARCH_OF_YEAR_0 = 719_468
_DAYS_IN_MONTH = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_leap_year(year: int) -> bool:
    """Tell whether `year` has a 29 February.

    >>> is_leap_year(2000), is_leap_year(1900), is_leap_year(0)
    (True, False, True)
    """
    return year % 4 == 0 and (year % 100 != 0 or year % _YEARS_PER_CYCLE == 0)


def days_in_month(year: int, month: int) -> int:
    """Return the number of days of `month` (1 to 12) in `year`."""
    return 29 if month == _FEBRUARY and is_leap_year(year) else _DAYS_IN_MONTH[month - 1]


def days_from_civil(year: int, month: int, day: int) -> int:
    """Return the days from 1970-01-01 to the given date, negative before it.

    >>> days_from_civil(1970, 1, 1), days_from_civil(2000, 3, 1), days_from_civil(0, 1, 1)
    (0, 11017, -719528)
    """
    cycle, year_of_cycle = divmod(year if month >= _MARCH else year - 1, _YEARS_PER_CYCLE)
    day_of_march_year = (153 * ((month - _MARCH) % MONTHS_PER_YEAR) + 2) // 5 + day - 1
    day_of_cycle = year_of_cycle * 365 + year_of_cycle // 4 - year_of_cycle // 100 + day_of_march_year
    return cycle * DAYS_PER_CYCLE + day_of_cycle - _DAYS_FROM_MARCH_OF_YEAR_0


def civil_from_days(days: int) -> tuple[int, int, int]:
    """Return the year, month and day that lie `days` after 1970-01-01.

    >>> civil_from_days(11017)
    (2000, 3, 1)
    """
    cycle, day_of_cycle = divmod(days + _DAYS_FROM_MARCH_OF_YEAR_0, DAYS_PER_CYCLE)
    year_of_cycle = (day_of_cycle - day_of_cycle // 1460 + day_of_cycle // 36_524 - day_of_cycle // 146_096) // 365
    day_of_march_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle // 4 - year_of_cycle // 100)
    month_from_march = (5 * day_of_march_year + 2) // 153
    day = day_of_march_year - (153 * month_from_march + 2) // 5 + 1
    month = (month_from_march + 2) % MONTHS_PER_YEAR + 1
    year = cycle * _YEARS_PER_CYCLE + year_of_cycle + (month < _MARCH)
    return year, month, day


def weekday(days: int) -> int:
    """Return the day of the week, 1 = Monday to 7 = Sunday (ISO 8601), of a day counted from 1970-01-01.

    >>> weekday(0)
    4
    """
    return (days + 3) % DAYS_PER_WEEK + 1


def day_of_year(year: int, month: int, day: int) -> int:
    """Return the number of the day within its year, 1 January being 1.

    >>> day_of_year(2019, 9, 17)
    260
    """
    return days_from_civil(year, month, day) - days_from_civil(year, 1, 1) + 1


def week_of_year(days: int) -> int:
    """Return the ISO 8601 week of a day counted from 1970-01-01: weeks begin on Monday, and week 1 holds the year's first Thursday.

    >>> week_of_year(days_from_civil(2010, 1, 1))
    53
    """
    thursday = days - weekday(days) + 4
    return (day_of_year(*civil_from_days(thursday)) - 1) // DAYS_PER_WEEK + 1


def add_months(year: int, month: int, day: int, months: int) -> tuple[int, int, int]:
    """Return the date `months` later (earlier if negative); a day that its month lacks becomes the month's last.

    >>> add_months(2024, 1, 31, 1)
    (2024, 2, 29)
    """
    later_year, month_index = divmod(year * MONTHS_PER_YEAR + month - 1 + months, MONTHS_PER_YEAR)
    later_month = month_index + 1
    return later_year, later_month, min(day, days_in_month(later_year, later_month))


def months_between(start: tuple[int, int, int], end: tuple[int, int, int]) -> int:
    """Return the whole months from one (year, month, day) to another, truncated towards zero.

    >>> months_between((2011, 12, 22), (2013, 8, 24)), months_between((2013, 8, 24), (2011, 12, 22))
    (20, -20)
    """
    months = (end[0] - start[0]) * MONTHS_PER_YEAR + end[1] - start[1]
    if months > 0 and end[2] < start[2]:
        return months - 1
    if months < 0 and end[2] > start[2]:
        return months + 1
    return months
