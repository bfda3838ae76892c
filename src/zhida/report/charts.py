"""Charts: figures as SVG that stands inside a page, drawn without a browser and without a network.

    numbers as text ──Altair──> description ──vl-convert──> SVG ──framed──> Markup with a name for those who cannot see it

The only module that knows Altair and vl-convert. Numbers go in as text and are read by the drawing alone, so that no figure passes
through binary fractions here. Invariant: nothing in a drawing is measured by the fonts of the machine: the same figures give the
same bytes everywhere. Every chart stands beside a table with the same figures: it is never the only place where they are.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from html import escape
from typing import Any

import altair as alt
import vl_convert

from zhida.report.page import Markup
from zhida.source import display_width
from zhida.values.numbers import format_number

FONT = "Noto Sans CJK SC, Source Han Sans SC, PingFang SC, Microsoft YaHei, WenQuanYi Micro Hei, sans-serif"
INK, QUIET, LINE, FAINT = "#1c2330", "#5b6472", "#d8dde4", "#eef1f4"
BEFORE_COLOUR, AFTER_COLOUR, WARNING_COLOUR = "#aab4c0", "#174a7c", "#a8201a"
"""The colours of what was, of what would be, and of a limit: they differ in lightness too."""

WIDTH = 720
"""Of a drawing, in points; the page scales it."""

BAR, ROW = 12, 34
"""Height of a bar, and of a row with two of them."""

LABEL_CELLS = 24
"""Cells of a label at most; longer ones are cut."""

CELL = 7
"""Points that a cell of a label takes at most."""


@dataclass(frozen=True, slots=True)
class BarRow:
    """One line of a bar chart."""

    label: str
    """What it is about."""
    values: tuple[Decimal, ...]
    """One for each series."""
    told: tuple[str, ...]
    """The same in words, as they stand behind the bars."""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a line chart."""

    x: Decimal
    """Where it stands."""
    y: Decimal
    """How high it is."""
    is_present: bool = False
    """Whether it is what holds now."""


def bar_chart(
    rows: Sequence[BarRow], series: Sequence[str], *, title: str, colours: Sequence[str] = (BEFORE_COLOUR, AFTER_COLOUR)
) -> Markup:
    """Return horizontal bars, one below the other, with their figures behind them.

    Args:
        rows: The lines, top first.
        series: What the values of a line are called.
        title: What is read out instead of the drawing.
        colours: One for each series.
    """
    cells = max((min(display_width(row.label), LABEL_CELLS) for row in rows), default=1)
    data = [
        {"place": place, "series": name, "value": format_number(value), "told": told}
        for place, row in enumerate(rows)
        for name, value, told in zip(series, row.values, row.told, strict=True)
    ]
    told_cells = max((display_width(each) for row in rows for each in row.told), default=1)
    left, right, top = cells * CELL + 12, told_cells * CELL + 8, 24
    names = json.dumps([_cut(row.label) for row in rows], ensure_ascii=False)
    labels = alt.Axis(title=None, domain=False, ticks=False, labelPadding=8, labelLimit=left, minExtent=left, maxExtent=left)
    labels.labelExpr = f"{names}[datum.value]"
    base = alt.Chart(_data(data, "value"), width=WIDTH - left - right, height=len(rows) * (BAR * len(series) + 10)).encode(
        y=alt.Y("place:O", axis=labels),
        yOffset=alt.YOffset("series:N", sort=list(series)),
    )
    bars = base.mark_bar(height=BAR - 2).encode(
        x=alt.X("value:Q", axis=None, scale=alt.Scale(nice=False, zero=True)),
        color=alt.Color("series:N", sort=list(series), scale=alt.Scale(domain=list(series), range=list(colours)), legend=_legend(series)),
    )
    told = base.mark_text(align="left", dx=5, fontSize=11, color=QUIET).encode(x=alt.X("value:Q", axis=None), text="told:N")
    height = len(rows) * (BAR * len(series) + 10)
    return _drawn(bars + told, title, {"left": left, "right": right, "top": top if len(series) > 1 else 4, "bottom": 4}, height)


def line_chart(  # noqa: PLR0913 - the words of both axes, and what is drawn across
    lines: Mapping[str, Sequence[Point]],
    *,
    title: str,
    x_title: str,
    y_title: str,
    limit: tuple[Decimal, str] | None = None,
    is_percent: bool = False,
    is_step: bool = False,
    colours: Sequence[str] = (AFTER_COLOUR, BEFORE_COLOUR),
) -> Markup:
    """Return lines over numbers, with what holds now marked.

    Args:
        lines: The points of each line by its name, ascending.
        title: What is read out instead of the drawing.
        x_title: What stands below.
        y_title: What stands above the upright axis.
        limit: A height that is drawn across, and what it is called.
        is_percent: Whether what stands below are shares, told in per cent.
        is_step: Whether a line stays where it is until its next point.
        colours: One for each line.
    """
    data = [
        {"line": name, "x": format_number(point.x), "y": format_number(point.y), "now": point.is_present}
        for name, points in lines.items()
        for point in points
    ]
    left, right, top, bottom, height = 84, 24, 40, 46, 220
    axis = alt.Axis(title=x_title, grid=False, format=".4~%" if is_percent else ",~r", tickCount=8, labelFlush=False)
    upright = alt.Axis(title=None, tickCount=5, format=",~r", minExtent=left - 8, maxExtent=left - 8)
    base = alt.Chart(_data(data, "x", "y"), width=WIDTH - left - right, height=height).encode(
        x=alt.X("x:Q", axis=axis, scale=alt.Scale(zero=False, nice=False, padding=8)),
        y=alt.Y("y:Q", axis=upright, scale=alt.Scale(zero=True)),
    )
    names = list(lines)
    colour = alt.Color("line:N", scale=alt.Scale(domain=names, range=list(colours[: len(names)])), legend=_legend(names, "stroke"))
    drawn: Any = base.mark_line(strokeWidth=2, interpolate="step-after" if is_step else "linear").encode(color=colour)
    if not is_step:
        drawn += base.mark_circle(size=34, opacity=1).encode(color=colour)
    drawn += base.transform_filter("datum.now").mark_point(size=150, strokeWidth=2, color=WARNING_COLOUR)
    if limit is not None:
        across = alt.Chart(_data([{"y": format_number(limit[0]), "told": limit[1]}], "y")).encode(y="y:Q")
        drawn += across.mark_rule(strokeDash=[5, 4], color=WARNING_COLOUR)
        drawn += across.mark_text(align="left", dy=-6, color=WARNING_COLOUR, fontSize=11).encode(text="told:N", x=alt.value(6))
    drawn = drawn.properties(title=alt.TitleParams(y_title, anchor="start", fontSize=11, fontWeight="normal", color=QUIET, offset=6))
    return _drawn(drawn, title, {"left": left, "right": right, "top": top, "bottom": bottom}, height)


def _data(rows: Sequence[Mapping[str, object]], *numbers: str) -> alt.InlineData:
    """Return rows for a drawing, which reads some of their texts as numbers."""
    return alt.InlineData(values=[dict(row) for row in rows], format=alt.JsonDataFormat(parse=dict.fromkeys(numbers, "number")))


def _legend(names: Sequence[str], symbol: str = "square") -> alt.Legend | None:
    if len(names) <= 1:
        return None
    return alt.Legend(title=None, orient="none", legendX=0, legendY=-22, direction="horizontal", symbolType=symbol, columnPadding=24)


def _cut(label: str) -> str:
    """Return a label that fits."""
    if display_width(label) <= LABEL_CELLS:
        return label
    while display_width(label) > LABEL_CELLS - 1:
        label = label[:-1]
    return f"{label}…"


def _drawn(chart: Any, title: str, padding: Mapping[str, int], height: int) -> Markup:  # noqa: ANN401 - charts of several kinds
    """Return a chart as SVG, of a fixed size, with a name of its own for each part that is referred to."""
    chart = (
        chart.properties(padding=dict(padding), autosize=alt.AutoSizeParams(type="none"))
        .configure(font=FONT, aria=False, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK,
            titleColor=QUIET,
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
            gridColor=FAINT,
            domainColor=LINE,
            tickColor=LINE,
        )
        .configure_legend(labelColor=INK, labelFontSize=11)
    )
    specification = json.dumps(chart.to_dict(), ensure_ascii=False, sort_keys=True)
    svg: str = vl_convert.vegalite_to_svg(specification)
    name = sha256(specification.encode()).hexdigest()[:8]
    svg = re.sub(r'(id="|url\(#)(clip|gradient)', rf"\1c{name}-\2", svg)
    size = f'viewBox="0 0 {WIDTH} {height + padding["top"] + padding["bottom"]}" role="img" aria-label="{escape(title)}" class="chart"'
    svg = re.sub(r"<svg[^>]*>", f'<svg xmlns="http://www.w3.org/2000/svg" {size}><title>{escape(title)}</title>', svg, count=1)
    return Markup(svg)
