"""Laws of dates, times and durations over their whole range."""

import datetime as dt
from decimal import Context, Decimal

from hypothesis import given
from hypothesis import strategies as st

from zhida.values import calendar, components, temporal, zones
from zhida.values.temporal import Date, DateTime, DaysDuration, MonthsDuration, Temporal, Time

FIRST_DAY = calendar.days_from_civil(temporal.MIN_YEAR, 1, 1)
LAST_DAY = calendar.days_from_civil(temporal.MAX_YEAR, 12, 31)
SECOND = 10**9

days = st.integers(FIRST_DAY, LAST_DAY)
dates = days.map(temporal.from_days)
offsets = st.none() | st.integers(-temporal.MAX_OFFSET, temporal.MAX_OFFSET)
zone_names = st.sampled_from(sorted(zones.zone_names()))
clocks = {"hour": st.integers(0, 23), "minute": st.integers(0, 59), "second": st.integers(0, 59), "nanosecond": st.integers(0, SECOND - 1)}
unzoned_times = st.builds(Time, **clocks, offset=offsets)
times = unzoned_times | st.builds(Time, **clocks, zone=zone_names)
date_times = st.builds(DateTime, dates, times)
unzoned_date_times = st.builds(DateTime, dates, unzoned_times)
days_durations = st.integers(-(temporal.MAX_SECONDS * SECOND), temporal.MAX_SECONDS * SECOND).map(DaysDuration)
century_durations = st.integers(-(36_525 * 86_400 * SECOND), 36_525 * 86_400 * SECOND).map(DaysDuration)
months_durations = st.integers(-temporal.MAX_MONTHS, temporal.MAX_MONTHS).map(MonthsDuration)
values = dates | times | date_times | days_durations | months_durations


@given(values)
def test_reading_the_printed_form_gives_the_value_back(value: Temporal) -> None:
    assert temporal.parse_at_literal(str(value)) == value


@given(st.text("0123456789-+:.@PTYMDHSZ/Etc", max_size=40) | st.text(max_size=40))
def test_reading_raises_nothing_and_what_is_read_prints_to_itself(text: str) -> None:
    value = temporal.parse_at_literal(text)
    assert value is None or temporal.parse_at_literal(str(value)) == value


@given(days)
def test_days_and_dates_are_one_to_one(day: int) -> None:
    assert temporal.to_days(temporal.from_days(day)) == day


@given(st.integers(FIRST_DAY, LAST_DAY - 1))
def test_next_day_is_later_and_one_day_away(day: int) -> None:
    today, tomorrow = temporal.from_days(day), temporal.from_days(day + 1)
    assert temporal.compare(today, tomorrow) == -1
    assert temporal.subtract(tomorrow, today) == DaysDuration(86_400 * SECOND)


@given(st.dates())
def test_calendar_agrees_with_python_in_its_years(date: dt.date) -> None:
    value = components.from_python(date)
    assert isinstance(value, Date)
    assert temporal.to_days(value) == (date - dt.date(1970, 1, 1)).days
    assert temporal.property_of(value, "weekday") == date.isoweekday()
    assert components.week_of_year(value) == date.isocalendar().week
    assert components.day_of_year(value) == date.timetuple().tm_yday
    assert str(value) == date.isoformat()
    assert components.to_python(value) == date


@given(st.integers(-200, 200).map(lambda cycles: cycles * calendar.DAYS_PER_CYCLE), st.integers(0, calendar.DAYS_PER_CYCLE - 1))
def test_calendar_repeats_every_400_years(cycles: int, day: int) -> None:
    year, month, day_of_month = calendar.civil_from_days(day)
    later = calendar.civil_from_days(day + cycles)
    assert later == (year + cycles // calendar.DAYS_PER_CYCLE * 400, month, day_of_month)
    assert calendar.weekday(day + cycles) == calendar.weekday(day)


@given(unzoned_date_times, century_durations)
def test_adding_and_subtracting_a_duration_cancel(moment: DateTime, duration: DaysDuration) -> None:
    later = temporal.add(moment, duration)
    if later is None:
        assert abs(moment.date.year) >= temporal.MAX_YEAR - 101
        return
    assert temporal.subtract(later, duration) == moment
    assert temporal.subtract(later, moment) == duration
    assert temporal.add(moment, temporal.negate(duration)) == temporal.subtract(moment, duration)


@given(date_times, century_durations)
def test_adding_keeps_the_offset_or_zone(moment: DateTime, duration: DaysDuration) -> None:
    later = temporal.add(moment, duration)
    if isinstance(later, DateTime):
        assert (later.time.offset, later.time.zone) == (moment.time.offset, moment.time.zone)


@given(dates, century_durations, century_durations)
def test_adding_whole_days_twice_is_adding_their_sum(date: Date, first: DaysDuration, second: DaysDuration) -> None:
    whole = [DaysDuration(duration.nanoseconds // (86_400 * SECOND) * 86_400 * SECOND) for duration in (first, second)]
    step = temporal.add(date, whole[0])
    if step is not None:
        assert temporal.add(step, whole[1]) == temporal.add(date, temporal.add(*whole))


@given(times, days_durations)
def test_time_of_day_wraps_and_comes_back(time: Time, duration: DaysDuration) -> None:
    assert temporal.subtract(temporal.add(time, duration), duration) == time


@given(dates.filter(lambda date: date.day <= 28), st.integers(-(10**6), 10**6).map(MonthsDuration))
def test_months_cancel_on_days_that_every_month_has(date: Date, duration: MonthsDuration) -> None:
    later = temporal.add(date, duration)
    if later is not None:
        assert temporal.subtract(later, duration) == date
        assert temporal.years_and_months_between(date, later) == duration


@given(dates, dates)
def test_years_and_months_between_never_overshoot(start: Date, end: Date) -> None:
    between = temporal.years_and_months_between(start, end)
    assert between is not None
    reached = temporal.add(start, between)
    assert reached is not None
    towards = temporal.compare(start, end)
    assert temporal.compare(reached, end) in {towards, 0}


@given(times | date_times, times | date_times)
def test_order_is_antisymmetric_and_equal_values_are_not_ordered(left: Temporal, right: Temporal) -> None:
    order = temporal.compare(left, right)
    if order is None:
        assert type(left) is not type(right)
        assert temporal.equal(left, right) is None
    else:
        assert temporal.compare(right, left) == -order
        assert not (temporal.equal(left, right) and order)


@given(st.lists(st.builds(DateTime, dates, times.filter(lambda time: not time.is_local)), min_size=3, max_size=3))
def test_order_of_instants_is_transitive(moments: list[DateTime]) -> None:
    first, second, third = moments
    if temporal.compare(first, second) == -1 and temporal.compare(second, third) == -1:
        assert temporal.compare(first, third) == -1


@given(values)
def test_every_value_is_the_same_as_and_equal_to_itself(value: Temporal) -> None:
    assert temporal.same(value, value)
    assert temporal.equal(value, value) is True


@given(century_durations | st.integers(-(10**9), 10**9).map(MonthsDuration), st.integers(-(10**6), 10**6).filter(bool))
def test_scaling_up_and_down_by_a_whole_number_cancels(duration: temporal.Duration, factor: int) -> None:
    context = Context(prec=34)
    product = temporal.multiply(duration, Decimal(factor))
    assert product is not None
    assert temporal.divide(product, Decimal(factor), context=context) == duration
    if product != type(duration)(0):
        assert temporal.divide(product, duration, context=context) == factor


@given(zone_names, st.integers(FIRST_DAY, LAST_DAY), st.integers(0, 86_399))
def test_reading_an_instant_by_the_clocks_of_a_zone_finds_an_offset_within_bounds(name: str, day: int, second: int) -> None:
    assert abs(zones.offset_of_instant(name, day, second)) <= temporal.MAX_OFFSET
    assert abs(zones.offset_of_local(name, day, second)) <= temporal.MAX_OFFSET
    assert abs(zones.standard_offset(name)) <= temporal.MAX_OFFSET
