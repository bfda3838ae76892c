"""How the money of a budget goes, as a picture: claims added up day by day, what there is, and where the rates lead.

Plain SVG in whole units of the picture: a day is placed by dividing integers, so the same claims give the same bytes.
"""

from collections.abc import Iterator, Sequence

from zhida.entitle.budgets.allocation import Terms
from zhida.entitle.budgets.run_out import Rate, RunOut
from zhida.errors import Language
from zhida.report.page import Markup, element
from zhida.report.words import MONTHS, choose, format_amount, format_date
from zhida.values.temporal import Date, from_days, to_days

WIDTH, HEIGHT = 960, 340
"""The picture, in its own units."""
LEFT, RIGHT, TOP, BOTTOM = 20, 20, 34, 34
"""Margins."""

Point = tuple[int, int]


class _Frame:
    """Places days and amounts."""

    def __init__(self, money: RunOut, terms: Terms) -> None:
        first = to_days(Date(terms.year, 1, 1))
        self.until = to_days(terms.last_day)
        self.first = min([first, *(to_days(day) for day, _ in money.days[:1])])
        self.last = max(to_days(Date(terms.year, 12, 31)), to_days(money.as_of), self.until)
        claimed = sum(fen for _, fen in money.days) + money.undated_fen
        self.top = max(money.available_fen, claimed, 1) * 11 // 10 + 1

    def is_open(self, money: RunOut) -> bool:
        """Return whether there is still time to apply."""
        return to_days(money.as_of) < self.until

    def x(self, day: int) -> int:
        return LEFT + (WIDTH - LEFT - RIGHT) * (min(max(day, self.first), self.last) - self.first) // max(self.last - self.first, 1)

    def y(self, fen: int) -> int:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(max(fen, 0), self.top) // self.top


def run_out_chart(money: RunOut, terms: Terms, language: Language) -> Markup:
    """Return the picture; nothing where no claim has a day."""
    if not money.days:
        return Markup()
    frame = _Frame(money, terms)
    said = choose(language, "申请累计与可用金额", "Claims added up, and what there is")
    picture = element(
        "svg",
        element("title", said),
        *_months(frame, language),
        *_rates(frame, money),
        element("path", d=_steps(frame, money), class_="claimed"),
        *_available(frame, money, language),
        *_gone(frame, money, language),
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
        class_="chart",
    )
    return element("figure", picture, element("figcaption", _legend(frame, money, language), class_="quiet"))


def _legend(frame: _Frame, money: RunOut, language: Language) -> str:
    zh, en = "粗线：申请应得按日累计", "Thick: claims added up by day"
    if money.present is not None and frame.is_open(money):
        zh, en = f"{zh}；虚线：照最近的速度", f"{en}; dashed: at the present rate"
    if money.slowest is not None and frame.is_open(money):
        zh, en = f"{zh}；浅色：最慢的月与最快的月之间", f"{en}; shaded: between the slowest and the fastest month"
    return choose(language, f"{zh}。", f"{en}.")


def _months(frame: _Frame, language: Language) -> Iterator[Markup]:
    """Yield the axis of days; the year is told where it changes."""
    base = HEIGHT - BOTTOM
    yield element("path", d=f"M{LEFT} {base}H{WIDTH - RIGHT}", class_="axis")
    first, last = from_days(frame.first), from_days(frame.last)
    months = [(year, month) for year in range(first.year, last.year + 1) for month in range(1, 13)]
    for year, month in months[first.month - 1 : len(months) - 12 + last.month]:
        x = frame.x(to_days(Date(year, month, 1)))
        label = choose(language, f"{month}月", MONTHS[month - 1][:3])
        yield element("path", d=f"M{x} {base}v5", class_="axis")
        yield element("text", f"{year}" if month == 1 and first.year < last.year else label, x=str(x + 4), y=str(base + 20))


def _steps(frame: _Frame, money: RunOut) -> str:
    """Return the line of claims added up; it steps on each day with claims, and goes on until the day of the calculation."""
    total = 0
    parts = [f"M{frame.x(to_days(money.days[0][0]))} {frame.y(0)}"]
    for day, fen in money.days:
        total += fen
        parts.append(f"H{frame.x(to_days(day))}V{frame.y(total)}")
    return "".join(parts) + f"H{frame.x(to_days(money.as_of))}"


def _available(frame: _Frame, money: RunOut, language: Language) -> Iterator[Markup]:
    y = frame.y(money.available_fen)
    yield element("path", d=f"M{LEFT} {y}H{WIDTH - RIGHT}", class_="available")
    label = choose(language, f"可用 {format_amount(money.available_fen)}", f"available {format_amount(money.available_fen)}")
    yield element("text", label, x=str(LEFT + 4), y=str(y - 7), class_="strong")


def _rates(frame: _Frame, money: RunOut) -> Iterator[Markup]:
    """Yield where the rates lead from the day of the calculation."""
    if not frame.is_open(money):
        return
    claimed = money.available_fen - money.left_fen
    start = (frame.x(to_days(money.as_of)), frame.y(claimed))
    if money.slowest is not None and money.fastest is not None:
        ends = [_end(frame, money, rate, claimed) for rate in (money.fastest, money.slowest)]
        corner = [(max(end[0] for end in ends), min(end[1] for end in ends))]
        yield element("path", d=_line([start, ends[0], *corner, ends[1]]) + "Z", class_="range")
    if money.present is not None:
        yield element("path", d=_line([start, _end(frame, money, money.present, claimed)]), class_="rate")


def _end(frame: _Frame, money: RunOut, rate: Rate, claimed: int) -> Point:
    """Return where a rate meets what there is, or the last day on which one may apply."""
    today = to_days(money.as_of)
    if rate.gone_on is not None and to_days(rate.gone_on) <= frame.until:
        return frame.x(to_days(rate.gone_on)), frame.y(money.available_fen)
    return frame.x(frame.until), frame.y(claimed + rate.fen * (frame.until - today) // rate.days)


def _line(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points)


def _gone(frame: _Frame, money: RunOut, language: Language) -> Iterator[Markup]:
    """Yield the mark of the day on which the money is gone, or would be."""
    day = money.gone_on or (money.present.gone_on if money.present else None)
    if day is None or to_days(day) > frame.until:
        return
    x, y = frame.x(to_days(day)), frame.y(money.available_fen)
    yield element("circle", cx=str(x), cy=str(y), r="5", class_="gone")
    said = format_date(day, language)
    label = choose(language, f"{said}用完", f"all gone {said}") if money.gone_on is None else said
    is_left = x > WIDTH * 2 // 3
    yield element("text", label, x=str(x - 10 if is_left else x + 10), y=str(y + 20), class_="strong", text_anchor="end" if is_left else "")


CHART_STYLE = """
figure { margin: 8px 0 0; } figcaption { font-size: 13px; }
.chart { width: 100%; height: auto; display: block; } .chart text { font: 12px var(--sans); fill: #5b6472; }
.chart text.strong { font-weight: 700; fill: #1c2330; paint-order: stroke; stroke: #fff; stroke-width: 4px; }
.chart .axis { stroke: #a9b1bc; fill: none; } .chart .claimed { stroke: #174a7c; stroke-width: 3; fill: none; }
.chart .available { stroke: #a8201a; stroke-width: 1.5; fill: none; } .chart .gone { fill: #a8201a; }
.chart .rate { stroke: #174a7c; stroke-width: 2; stroke-dasharray: 6 5; fill: none; } .chart .range { fill: #174a7c; opacity: .13; }
"""
"""What the picture looks like."""
