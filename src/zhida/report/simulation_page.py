"""The page of a simulation: one file, no script, nothing fetched; SVG plots, each beside a table with the same figures.

    Findings ──> headline, verdict as figures, warnings
             ├─> policies · industries · sizes · streets, before and after
             ├─> winners and losers · budgets
             └─> thresholds as curves · the value that spends a sum · relief

Written for officials who decide on a change: the answer first, then who is concerned, then what rests on which article.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from zhida.entitle.simulation.comparing import Simulation
from zhida.entitle.simulation.costing import Curve, Sought
from zhida.entitle.simulation.findings import Findings
from zhida.entitle.simulation.money import BudgetTally
from zhida.entitle.simulation.relief import Relief
from zhida.entitle.simulation.tally import Mover, ordered
from zhida.errors import Language
from zhida.report.charts import AFTER_COLOUR, BEFORE_COLOUR, BarRow, Point, bar_chart, line_chart
from zhida.report.page import Markup, element, join, page
from zhida.report.registry_report import SYNTHETIC
from zhida.report.simulation import curve_rows, group_rows, plain, policy_rows, relief_rows
from zhida.report.simulation_verdict import basis_words, budget_words, changed_words, headline, sought_words, total_of, warnings
from zhida.report.simulation_words import GROUPING_WORDS, place_words, share_words, short_sum, signed, threshold_words
from zhida.report.words import choose, format_amount, format_unit, listed
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date, to_days

SHOWN_BARS = 12
"""Groups of which a chart shows bars; the table has them all."""

SHOWN_ROWS = 40
"""Rows of a table of groups that are shown at once."""

SHARE = 100
"""A share in per cent."""


def simulation_html(findings: Findings, language: Language) -> str:
    """Return the page.

    Args:
        findings: What was found out.
        language: `zh` or `en`.
    """
    title = headline(findings, language)
    parts = [
        element("div", SYNTHETIC[language], class_="synthetic") if findings.is_synthetic else Markup(),
        element("h1", title),
        element("p", plain(basis_words(findings, language)), class_="quiet"),
    ]
    simulation = findings.simulation
    if simulation is not None:
        parts.append(_summary(findings, simulation, language))
        if not simulation.scenario.is_empty:
            parts.append(_policies(simulation, language))
            parts += _groups(simulation, language)
            parts.append(_movers(simulation, language))
    if findings.budgets:
        parts.append(_budgets(findings.budgets, language))
    if findings.sought is not None:
        parts.append(_sought(findings, findings.sought, language))
    if findings.curves:
        parts.append(_curves(findings.curves, language))
    if findings.relief is not None:
        parts.append(_relief(findings.relief, language))
    parts.append(_notes(findings, language))
    return page(title, element("main", *parts), language=language, style=STYLE)


def _section(heading: str, *parts: Markup) -> Markup:
    return element("section", element("h2", heading), *parts)


def numbers(rows: Sequence[Sequence[str]], texts: int = 1, most: int | None = None, marked: int = 0) -> Markup:
    """Return a table whose first columns are text and whose others are figures.

    Args:
        rows: The rows, headings first.
        texts: How many columns are text.
        most: Rows that are shown at once; None for all.
        marked: The place of a row that stands out; 0 for none.
    """
    head = (element("th", name, scope="col", class_="" if place < texts else "number") for place, name in enumerate(rows[0]))
    body = (
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(element("td", cell, class_=_class(cell, place, texts)) for place, cell in enumerate(row) if place),
            class_="now" if number == marked else "",
        )
        for number, row in enumerate(rows[1:][:most], 1)
    )
    shown = element("table", element("thead", element("tr", *head)), element("tbody", *body), class_="figures")
    return element("div", shown, class_="scroll")


def _class(cell: str, place: int, texts: int) -> str:
    if place < texts:
        return ""
    return "number more" if cell.startswith("+") else "number less" if cell.startswith("-¥") else "number"


def _summary(findings: Findings, simulation: Simulation, language: Language) -> Markup:
    """Return the figures that matter most, what was changed, and what somebody should look at."""
    tally, total = simulation.tally, total_of(simulation)
    share = share_words(total)
    tiles = [
        (choose(language, "变前", "Before"), short_sum(total.before, language), format_amount(total.before)),
        (choose(language, "变后", "After"), short_sum(total.after, language), format_amount(total.after)),
        (choose(language, "增减", "Change"), share or signed(total.change), signed(total.change) if share else ""),
        (choose(language, "得益", "Winners"), choose(language, f"{tally.winners:,} 户", f"{tally.winners:,}"), signed(tally.gained_fen)),
        (choose(language, "受损", "Losers"), choose(language, f"{tally.losers:,} 户", f"{tally.losers:,}"), signed(-tally.lost_fen)),
    ]
    shown = element(
        "div",
        *(
            element("div", element("span", name), element("b", value), element("small", below), class_="tile")
            for name, value, below in tiles
        ),
        class_="tiles",
    )
    named = [element("li", plain(f"- {changed_words(simulation, language)}")[2:])] if not simulation.scenario.is_empty else []
    files = listed(findings.changes, language)
    named += [element("li", choose(language, f"改动来自：{files}", f"The change: {files}"))] if files else []
    told = [element("li", plain(line).removeprefix("⚠ ")) for line in warnings(findings, language)]
    warned = (
        element("div", element("h3", choose(language, "请留意", "Please look at")), element("ul", *told), class_="warned")
        if told
        else Markup()
    )
    return element("div", shown, element("ul", *named, class_="plain"), warned)


def _policies(simulation: Simulation, language: Language) -> Markup:
    rows = policy_rows(simulation, language)
    return _section(choose(language, "各项政策", "Policies"), numbers(rows, texts=2))


def _groups(simulation: Simulation, language: Language) -> Iterator[Markup]:
    """Yield the breakdowns: a chart and a table for each."""
    series = _sides(language)
    for name in simulation.tally.groupings.names:
        rows = group_rows(simulation, name, language)
        if len(rows) == 1:
            continue
        groups = [each for each in ordered(simulation.tally.groups[name]) if each.net_fen.before or each.net_fen.after]
        bars = [
            BarRow(
                each.label or choose(language, "未知", "not known"),
                (_yuan(each.net_fen.before), _yuan(each.net_fen.after)),
                (short_sum(each.net_fen.before, language), short_sum(each.net_fen.after, language)),
            )
            for each in groups[:SHOWN_BARS]
        ]
        word = GROUPING_WORDS[name][language]
        title = choose(language, f"按{word}：变前变后各给多少", f"By {word.lower()}: what is given before and after")
        more = len(rows) - 1 - SHOWN_ROWS
        note = choose(language, f"另有 {more} 组，见 simulation.json", f"{more} more stand in simulation.json") if more > 0 else ""
        yield _section(
            choose(language, f"按{word}", f"By {word.lower()}"),
            bar_chart(bars, series, title=title),
            numbers(rows, most=SHOWN_ROWS),
            element("p", note, class_="quiet") if note else Markup(),
        )


def _sides(language: Language) -> tuple[str, str]:
    return choose(language, ("变前", "变后"), ("before", "after"))


def _yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2, feel_context())


def _axis(fen: int, language: Language) -> Decimal:
    """Return a sum as it stands on an axis: in 万元, as officials count, or in yuan."""
    return Decimal(fen).scaleb(choose(language, -6, -2), feel_context())


def _movers(simulation: Simulation, language: Language) -> Markup:
    """Return who wins and who loses most."""
    tally = simulation.tally
    parts = [
        _mover_table(tally.most, choose(language, "得益最多", "Who gains most"), tally.groupings.names, language),
        _mover_table(tally.least, choose(language, "受损最多", "Who loses most"), tally.groupings.names, language),
    ]
    if not any(parts):
        parts = [element("p", choose(language, "没有一户多得或少得。", "Nobody gets more or less."))]
    where = choose(language, "全部名单在 changes.parquet（和 changes.csv）里。", "All of them stand in changes.parquet (and changes.csv).")
    return _section(choose(language, "谁得益，谁受损", "Who wins and who loses"), *parts, element("p", where, class_="quiet"))


def _mover_table(movers: Sequence[Mover], heading: str, groupings: Sequence[str], language: Language) -> Markup:
    if not movers:
        return Markup()
    labels = [GROUPING_WORDS[name][language] for name in groupings]
    head = [
        choose(language, "代码", "Code"),
        choose(language, "名称", "Name"),
        *labels,
        *choose(language, ("变前", "变后", "增减"), ("Before", "After", "Change")),
    ]
    unknown = choose(language, "未知", "not known")
    rows = [
        [each.key, *(word or unknown for word in (each.name, *each.groups)), *map(format_amount, fen), signed(each.fen.change)]
        for each in movers
        for fen in [(each.fen.before, each.fen.after)]
    ]
    return element("div", element("h3", heading), numbers([head, *rows], texts=2 + len(labels)), class_="movers")


# --- budgets -------------------------------------------------------------------------------------------------------


def _budgets(budgets: Iterable[BudgetTally], language: Language) -> Markup:
    """Return the budgets, each with the claims day by day where applications are known."""
    parts = []
    for each in budgets:
        parts.append(element("p", plain(budget_words(each, language))))
        drawn = _run_out(each, language)
        if drawn is not None:
            parts.append(drawn)
        idle = each.claimed[1].idle if each.claimed[1] is not None else (0, 0)
        if idle[0]:
            parts.append(
                element(
                    "p",
                    choose(
                        language,
                        f"另有 {idle[0]:,} 户够条件还没有申请，共 {format_amount(idle[1])}。",
                        f"{idle[0]:,} more are entitled and have not applied: {format_amount(idle[1])}.",
                    ),
                    class_="quiet",
                )
            )
    return _section(choose(language, "预算", "Budgets"), *parts)


def _run_out(budget: BudgetTally, language: Language) -> Markup | None:
    """Return the claims of a year as lines against the budget; None where nobody knows the days."""
    lines: dict[str, list[Point]] = {}
    first = to_days(Date(budget.year, 1, 1))
    for name, claimed in zip(_sides(language), budget.claimed, strict=True):
        if claimed is not None and claimed.run_out.days:
            total, points = 0, []
            for day, fen in claimed.run_out.days:
                total += fen
                points.append(Point(Decimal(to_days(day) - first + 1), _axis(total, language)))
            lines[name] = points
    amount = budget.budget_fen[1] or budget.budget_fen[0]
    if not lines or amount is None:
        return None
    told = choose(language, f"预算 {short_sum(amount, language)}", f"budget {short_sum(amount, language)}")
    return line_chart(
        lines,
        title=choose(language, f"{budget.title}：逐日累计的申请金额", f"{budget.title}: claims day by day"),
        x_title=choose(language, f"{budget.year} 年第几天", f"day of {budget.year}"),
        y_title=choose(language, "累计（万元）", "in all (yuan)"),
        limit=(_axis(amount, language), told),
        is_step=True,
        colours=(BEFORE_COLOUR, AFTER_COLOUR),
    )


# --- thresholds ----------------------------------------------------------------------------------------------------


def _curves(curves: Sequence[Curve], language: Language) -> Markup:
    """Return the thresholds whose cost moves as curves, the others by name."""
    moving = [each for each in curves if not each.is_flat]
    flat = [each for each in curves if each.is_flat]
    parts = [_curve(each, language) for each in moving]
    if flat:
        heading = choose(language, "怎么动都一样的线", "Thresholds that change nothing")
        items = [element("li", f"{threshold_words(each.threshold, language)}  ", element("code", each.threshold.address)) for each in flat]
        parts.append(join([element("h3", heading), element("ul", *items, class_="plain")]))
    intro = choose(
        language,
        "每条线单独移动，其余不动；每一点都是把全部主体重新判定一遍的结果。花费是有关政策各自给出的金额之和，没有扣除叠加限制。"
        "花费忽然跳动，而待定或转人工的户数也变了的，是有的户从定得下来变成定不下来，或者反过来。",
        "Each threshold moves alone; every point was decided for all subjects. "
        "The cost is what the policies concerned give, each by itself. Where a cost leaps and the number of open answers changes too, "
        "some subjects could be decided before and no longer can, or the other way round.",
    )
    return _section(choose(language, "每条线值多少钱", "What each threshold costs"), element("p", intro, class_="quiet"), *parts)


def _curve(curve: Curve, language: Language) -> Markup:
    threshold = curve.threshold
    heading = threshold_words(threshold, language)
    place = " · ".join(part for part in (place_words(threshold, language), threshold.address) if part)
    return element(
        "article",
        element("h3", heading),
        element("p", place, class_="quiet"),
        _drawn_curve(curve, language),
        numbers(curve_rows(curve, language), marked=curve.points.index(curve.present) + 1),
    )


def _drawn_curve(curve: Curve, language: Language) -> Markup:
    threshold = curve.threshold
    present = curve.present
    now = present.fen or 0
    known = [(each.value, each.fen) for each in curve.points if each.fen is not None]
    points = [Point(value, _axis(fen - now, language), value == present.value) for value, fen in known]
    unit = format_unit(threshold.unit, language)
    value = choose(language, "取值", "value")
    return line_chart(
        {choose(language, "花费", "cost"): points},
        title=choose(language, f"{threshold_words(threshold, 'zh')}：取不同的值各花多少", f"Cost by {threshold_words(threshold, 'en')}"),
        x_title=f"{value}（{unit}）" if unit and language == "zh" else f"{value} {unit}".rstrip(),
        y_title=choose(language, "比现在多花（万元）；圈出的是现在的值", "cost against now (yuan); the ring marks the present value"),
        is_percent=threshold.is_ratio,
    )


def _sought(findings: Findings, sought: Sought, language: Language) -> Markup:
    threshold = sought.threshold
    points = [
        Point(each.value, _axis(each.fen, language), sought.found is not None and each.value == sought.found.value)
        for each in sought.tried
        if each.fen is not None
    ]
    told = choose(language, f"目标 {short_sum(sought.target_fen, language)}", f"target {short_sum(sought.target_fen, language)}")
    drawn = line_chart(
        {choose(language, "花费", "cost"): points},
        title=plain(sought_words(findings, language)),
        x_title=choose(language, "取值", "value"),
        y_title=choose(language, "花费（万元）；圈出的是找到的值", "cost (yuan); the ring marks what was found"),
        limit=(_axis(sought.target_fen, language), told),
        is_percent=threshold.is_ratio,
    )
    place = " · ".join(part for part in (place_words(threshold, language), threshold.address) if part)
    return _section(
        choose(language, "反求：定多少正好花到目标", "Which value spends the sum"),
        element("p", plain(sought_words(findings, language))),
        element("p", place, class_="quiet"),
        drawn,
    )


def _relief(relief: Relief, language: Language) -> Markup:
    bars = [BarRow(each.title, (_yuan(each.net_fen),), (short_sum(each.net_fen, language),)) for each in relief.measures if each.net_fen][
        :SHOWN_BARS
    ]
    title = choose(language, "各项措施减免多少", "What each measure saves")
    text = choose(
        language,
        f"{relief.subjects:,} 户减免税费共 {format_amount(relief.total_fen)}。只算定得下来的；逐户在 relief.csv 里。",
        f"{relief.subjects:,} subjects save {format_amount(relief.total_fen)}. "
        "Only what is certain counts; each subject stands in relief.csv.",
    )
    return _section(
        choose(language, "减负", "Relief"),
        element("p", text),
        bar_chart(bars, [choose(language, "减免", "saved")], title=title, colours=(AFTER_COLOUR,)) if bars else Markup(),
        numbers(relief_rows(relief, language)),
    )


def _notes(findings: Findings, language: Language) -> Markup:
    """Return how to read the page."""
    notes_zh = [
        "金额只算定得下来的：结论为“符合”的，和缺的情况怎样都符合的（按最少的算）。其余待定、转人工的不计入，另列人数。",
        "得益、受损按每户在有关政策里应得的合计比较；有叠加规定的，先按能叠加的最优组合扣除。",
        "受理窗口已经关闭的，合计里不再计入。",
    ]
    notes_en = [
        "What is certain counts: who is eligible, and who is whatever the missing facts are (at the least); others are counted apart.",
        "Who wins or loses is told by what a subject gets of the policies concerned in all, after the best lawful combination.",
        "What can no longer be applied for on the day does not count.",
    ]
    simulation = findings.simulation
    if simulation is not None and not simulation.is_stacked:
        notes_zh, notes_en = notes_zh[:1], notes_en[:1]
    if not findings.effects.is_complete:
        notes_zh.append("改动涉及的政策太多，悬崖只查了前几项；其余请用 zhida check --proof。")
        notes_en.append("Too many policies are touched: cliffs were looked for in the first ones; use zhida check --proof for the others.")
    items = [element("li", note) for note in choose(language, notes_zh, notes_en)]
    return element("footer", element("h2", choose(language, "怎么读", "How to read this")), element("ul", *items, class_="plain"))


STYLE = """
main { max-width: 1080px; padding: 36px 44px 56px; }
h1 { font-size: 27px; margin-bottom: 4px; } .synthetic { margin-bottom: 20px; }
h2 { font-size: 19px; padding-bottom: 7px; border-bottom: 2px solid var(--accent); margin-bottom: 14px; }
h3 { font-size: 15.5px; margin: 18px 0 6px; }
section, footer { margin-top: 36px; }
.tiles { display: grid; grid-template-columns: repeat(2, 1.35fr) repeat(3, 1fr); gap: 12px; margin: 18px 0; }
.tile { border: 1px solid var(--line); border-top: 3px solid var(--accent); padding: 10px 14px; background: var(--faint); }
.tile span, .tile small { display: block; color: var(--quiet); font-size: 12.5px; }
.tile b { display: block; font-size: 19px; font-family: var(--serif); line-height: 1.5; font-variant-numeric: tabular-nums; }
.plain { padding-left: 1.2em; } .plain li { margin-bottom: 3px; }
.warned { background: var(--doubt-faint); border-left: 4px solid var(--doubt-line); padding: 10px 18px; margin-top: 14px; }
.warned h3 { margin: 0 0 4px; color: var(--doubt); } .warned ul { margin: 0; padding-left: 1.2em; }
.figures { font-size: 13.5px; border-top: 2px solid var(--ink); border-bottom: 1px solid var(--ink); margin: 10px 0; }
.figures thead th { background: var(--faint); border-bottom: 1px solid var(--line); white-space: nowrap; }
.figures tbody th { font-weight: 500; min-width: 8.5em; } .figures td, .figures tbody th { border-bottom: 1px solid #e8ecf0; }
.figures .more { color: var(--accent); } .figures .less { color: var(--bad); }
.figures .now { background: var(--faint); font-weight: 600; }
.movers .figures { font-size: 12.5px; } .movers tbody th { white-space: nowrap; font-weight: 400; font-variant-numeric: tabular-nums; }
.movers td { min-width: 2.5em; } .movers td.number { white-space: nowrap; }
.scroll { overflow-x: auto; }
.chart { display: block; width: 100%; max-width: 820px; height: auto; margin: 8px 0; }
article { break-inside: avoid; margin-bottom: 22px; }
footer { font-size: 13.5px; color: var(--quiet); } footer h2 { font-size: 15px; border-bottom-width: 1px; color: var(--ink); }
@media screen and (max-width: 900px) {
  main { padding: 20px 16px; } .tiles { grid-template-columns: repeat(2, 1fr); } .figures { font-size: 12.5px; }
}
@media print {
  main { max-width: none; padding: 0; } h1 { font-size: 18pt; } h2 { font-size: 13pt; } .scroll { overflow: visible; }
  .tiles { gap: 6pt; } .tile { padding: 6pt 7pt; } .tile b { font-size: 10.5pt; white-space: nowrap; } .tile small { font-size: 7.5pt; }
  .figures, .movers .figures { font-size: 8pt; } .figures th, .figures td { padding: 1.5pt 3pt; }
  section { margin-top: 18pt; } .chart { max-width: 150mm; }
}
"""
"""What the page looks like beside the common style."""
