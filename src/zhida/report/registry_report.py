"""The report of a run over a registry: policy × outcome, amounts, what is most missed, and how good the data are.

    RunSummary (and QualityReport) ──> data    for JSON
                                   ├─> text    for the terminal
                                   └─> HTML    report.html

Owns no figures: it adds up nothing that the summary does not hold but the sums over policies.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from zhida.assess.assessment import Outcome
from zhida.assess.registry import PolicySummary, RunSummary
from zhida.errors import SEVERITY_WORDS, Language
from zhida.registry_io.quality import FILE_ROWS, Finding, QualityReport
from zhida.report.page import Markup, element, facts, figures_table, join, page
from zhida.report.words import (
    DELIVERIES,
    OUTCOMES,
    STATUS_KNOWN,
    choose,
    format_amount,
    format_date,
    format_missing_parameter,
    listed,
    word,
)
from zhida.source import display_width
from zhida.values.numbers import feel_context, format_number

SHOWN_MISSING = 5
"""Missing facts of a policy that are named."""

TITLE_CELLS = 16
"""Terminal cells that a title has at least."""

FIGURES = 7
"""The first column behind the figures of the table."""

SHOWN_FINDINGS = 20
"""Findings of one kind that the page shows."""

SYNTHETIC: dict[Language, str] = {"zh": "合成数据 synthetic：不是真实主体", "en": "Synthetic data 合成数据: no real subjects"}


def summary_data(summary: RunSummary) -> dict[str, Any]:
    """Return a run as a dictionary for JSON: keys are stable, amounts are integer fen and decimal strings of yuan."""
    return {
        "as_of": str(summary.as_of),
        "registry": summary.registry,
        "subjects": summary.subjects,
        "is_synthetic": summary.is_synthetic,
        "policies": [
            {
                "policy": row.policy,
                "title": row.title,
                "counts": {outcome.value: row.counts.get(outcome, 0) for outcome in Outcome},
                "gives_amount": row.gives_amount,
                "amount_fen": row.amount_fen,
                "amount": format_number(Decimal(row.amount_fen).scaleb(-2, feel_context())),
                "results": dict(row.results),
                "missing": [{"name": name, "subjects": count} for name, count in row.missing],
                "missing_parameters": [
                    {"name": item.name, "source": item.source, "subjects": count} for item, count in row.missing_parameters
                ],
                "near": row.near,
                "delivery": dict(row.delivery),
            }
            for row in summary.rows
        ],
    }


def summary_text(
    summary: RunSummary, language: Language, quality: QualityReport | None = None, *, width: int = 80, is_brief: bool = False
) -> str:
    """Return a run in words and a table for the terminal.

    Args:
        summary: What the run came to.
        language: `zh` or `en`.
        quality: What the import met, if it is to be told too.
        width: Terminal cells of a line; the table leaves out its last column, breaks its headings, cuts titles and leaves the
            amounts to the lines below it, as far as it must to fit.
        is_brief: Whether to leave out what the table has no room for, and to name policies that apply to nobody in one line.
    """
    if is_brief:
        return _brief_text(summary, language, width)
    lines = [_title(summary, language)]
    if summary.is_synthetic:
        lines.append(choose(language, f"【{SYNTHETIC['zh']}】", f"[{SYNTHETIC['en']}]"))
    table, has_amounts = _fitted(_outcome_table(summary, language), width)
    lines += ["", *table]
    details = [line for row in summary.rows for line in _details(row, language, has_amounts=has_amounts)]
    if details:
        lines += ["", *details]
    text = "\n".join(lines) + "\n"
    return text if quality is None else f"{text}\n{quality.to_text(language)}"


def _brief_text(summary: RunSummary, language: Language, width: int) -> str:
    """Return the title and a table of the policies that are decided for somebody; the others in a line each kind."""
    open_ = {Outcome.UNDETERMINED, Outcome.NOT_APPLICABLE}
    told: list[PolicySummary] = []
    stuck: list[PolicySummary] = []
    idle: list[PolicySummary] = []
    for row in summary.rows:
        met = {outcome for outcome, count in row.counts.items() if count}
        (told if met - open_ else stuck if Outcome.UNDETERMINED in met else idle).append(row)
    lines = [_title(summary, language)]
    if summary.is_synthetic:
        lines.append(choose(language, f"【{SYNTHETIC['zh']}】", f"[{SYNTHETIC['en']}]"))
    if told:
        lines += ["", *_fitted(_outcome_table(replace(summary, rows=tuple(told)), language), width)[0], ""]
    for rows, zh, en in (
        (stuck, "还没有一户定得下来（缺什么见报告）", "decided for nobody yet; the report says what is lacking"),
        (idle, "对谁都不适用", "applying to nobody here"),
    ):
        if rows:
            names = listed((row.policy for row in rows), language)
            lines += [choose(language, f"{zh} {len(rows)} 项：{names}", f"{len(rows)} {en}: {names}")]
    return "\n".join(lines) + "\n"


def _title(summary: RunSummary, language: Language) -> str:
    day = format_date(summary.as_of, language)
    return choose(
        language,
        f"登记册 {summary.registry}：{summary.subjects:,} 户，{len(summary.rows)} 项政策，截至 {day}",
        f"Registry {summary.registry}: {summary.subjects:,} subjects, {len(summary.rows)} policies, as of {day}",
    )


def _outcome_table(summary: RunSummary, language: Language) -> list[list[str]]:
    """Return the table of policies and outcomes, headings first."""
    head = [choose(language, "政策", "Policy"), *(word(OUTCOMES, outcome, language) for outcome in Outcome)]
    head += [choose(language, "金额", "Amount"), choose(language, "最缺的事实", "Most missed")]
    rows = [head]
    for row in summary.rows:
        counts = [f"{row.counts.get(outcome, 0):,}" for outcome in Outcome]
        rows.append([row.title or row.policy, *counts, _amount(row), _most_missed(row, language)])
    return rows


def _amount(row: PolicySummary) -> str:
    """Return the sum of a policy's amounts; a dash where it gives none, or where nobody's amount is known yet."""
    is_open = not row.counts.get(Outcome.ELIGIBLE, 0) and bool(row.counts.get(Outcome.UNDETERMINED, 0))
    return format_amount(row.amount_fen) if row.gives_amount and not is_open else "–"


def _most_missed(row: PolicySummary, language: Language) -> str:
    if not row.missing:
        return "–"
    name, count = row.missing[0]
    return choose(language, f"{name}（{count:,}）", f"{name} ({count:,})")


def _fitted(rows: Sequence[Sequence[str]], width: int) -> tuple[list[str], bool]:
    """Return the lines of a table in a given width, and whether its amounts are in it."""
    for table, heads, may_clip in _narrower(rows):
        lines = list(_grid(table, heads))
        excess = max(map(display_width, lines)) - width
        room = max(display_width(row[0]) for row in table) - excess
        if excess <= 0 or (may_clip and room >= TITLE_CELLS):
            break
    if excess > 0:
        lines = list(_grid([[_clipped(row[0], max(room, TITLE_CELLS)), *row[1:]] for row in table], heads))
    return lines, len(table[0]) >= FIGURES


def _narrower(rows: Sequence[Sequence[str]]) -> Iterator[tuple[Sequence[Sequence[str]], int, bool]]:
    """Yield a table and ever narrower ones: how many lines their headings take, and whether titles may be cut before the next."""
    yield rows, 1, False
    head, *body = [row[:-1] for row in rows]
    above, below = ([cell.rpartition(" ")[place] for cell in head] for place in (0, 2))
    broken = [above, below] if any(above) else [head]
    yield [head, *body], 1, len(broken) == 1
    if len(broken) > 1:
        yield [*broken, *body], len(broken), True
    yield [row[:-1] for row in (*broken, *body)], len(broken), True


def _clipped(title: str, room: int) -> str:
    """Return a title that fits its column."""
    if display_width(title) <= room:
        return title
    while display_width(title) >= room:
        title = title[:-1]
    return f"{title}…"


def _grid(rows: Sequence[Sequence[str]], heads: int) -> Iterator[str]:
    """Yield the lines of a table: its headings, a rule, then figures on the right of their column, all else on the left."""
    widths = [max(display_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    for place, row in enumerate(rows):
        cells = []
        for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - display_width(cell))
            cells.append(space + cell if 0 < column < FIGURES else cell + space)
        yield "  ".join(cells).rstrip()
        if place == heads - 1:
            yield "  ".join("-" * width for width in widths)


def _details(row: PolicySummary, language: Language, *, has_amounts: bool) -> Iterator[str]:
    """Yield what a table has no room for; `has_amounts` says whether it has room for amounts."""
    colon = choose(language, "：", ": ")
    amounts = [] if has_amounts or not row.gives_amount else [(choose(language, "金额", "Amount"), _amount(row))]
    said = [f"{name}{colon}{value}" for name, value in (*amounts, *_detail_rows(row, language))]
    if said:
        yield row.title or row.policy
        yield from (f"  {line}" for line in said)


def _detail_rows(row: PolicySummary, language: Language) -> Iterator[tuple[str, str]]:
    """Yield the statuses, ways of delivery, missing facts, missing parameters and near misses of a policy."""
    if row.results:
        yield choose(language, "结果", "Results"), _tally(row.results.items(), language)
    if row.delivery:
        yield (
            choose(language, "兑付方式", "Delivery"),
            _tally(((word(DELIVERIES, way, language), count) for way, count in row.delivery.items()), language),
        )
    if row.missing:
        yield choose(language, "缺的事实", "Missing"), _tally(row.missing[:SHOWN_MISSING], language)
    for item, count in row.missing_parameters:
        said = format_missing_parameter(item.name, item.source, row.subject_kind, language)
        label = choose(language, "缺地方参数", "Missing parameter of the place")
        yield label, choose(language, f"{said} {count:,} 户", f"{said}: {count:,}")
    if row.near:
        yield choose(language, "差一步", "One step away"), choose(language, f"{row.near:,} 户", f"{row.near:,}")


def _tally(counts: Iterable[tuple[str, int]], language: Language) -> str:
    return listed((f"{name} {count:,}" for name, count in counts), language)


# --- page ----------------------------------------------------------------------------------------------------------


def summary_html(summary: RunSummary, language: Language, quality: QualityReport | None = None) -> str:
    """Return a run as one self-contained HTML page.

    Args:
        summary: What the run came to.
        language: `zh` or `en`.
        quality: What the import met, if it is to be told too.
    """
    title = choose(language, "政策评估报告", "Report of an assessment")
    body = element(
        "main",
        element("div", SYNTHETIC[language], class_="synthetic", role="note") if summary.is_synthetic else Markup(),
        element("header", element("h1", title), element("p", _title(summary, language), class_="quiet")),
        element("section", element("h2", choose(language, "结论一览", "Outcomes")), _outcomes(summary, language)),
        element(
            "section",
            element("h2", choose(language, "各项政策", "Policy by policy")),
            *(_policy(row, summary, language) for row in summary.rows),
        ),
        _quality(quality, language) if quality is not None else Markup(),
    )
    return page(title, body, language=language, style=STYLE)


def _outcomes(summary: RunSummary, language: Language) -> Markup:
    head, *rows = _outcome_table(summary, language)
    last = len(head) - 1
    heading = (element("th", name, scope="col", class_="" if place in {0, last} else "number") for place, name in enumerate(head))
    body = []
    for row, source in zip(rows, summary.rows, strict=True):
        cells = [element("th", element("a", row[0], href=f"#{source.policy}"), scope="row")]
        for place, cell in enumerate(row[1:], 1):
            tone = "zero" if cell == "0" else ""
            cells.append(element("td", cell, class_=tone if place == last else f"number {tone}".strip()))
        body.append(element("tr", *cells))
    return element("table", element("thead", element("tr", *heading)), element("tbody", *body), class_="outcomes")


def _policy(row: PolicySummary, summary: RunSummary, language: Language) -> Markup:
    """Return one policy: a bar of its outcomes, and what the table has no room for."""
    parts = [
        element("span", "", class_=outcome.value.lower(), style=f"flex-grow: {row.counts[outcome]}", title=_share(row, outcome, language))
        for outcome in Outcome
        if row.counts.get(outcome)
    ]
    legend = [
        element("li", element("i", "", class_=outcome.value.lower()), _share(row, outcome, language))
        for outcome in Outcome
        if row.counts.get(outcome)
    ]
    rows = [(choose(language, "金额合计", "Amount"), _amount(row))] if row.gives_amount else []
    details = facts([*rows, *_detail_rows(row, language)])
    return element(
        "article",
        element("h3", row.title or row.policy, element("span", row.policy, class_="badge")),
        element(
            "div",
            *parts,
            class_="bar",
            role="img",
            aria_label=choose(language, f"共 {summary.subjects:,} 户", f"{summary.subjects:,} in all"),
        ),
        element("ul", *legend, class_="legend"),
        details,
        id=row.policy,
    )


def _share(row: PolicySummary, outcome: Outcome, language: Language) -> str:
    label = STATUS_KNOWN[language] if outcome is Outcome.ELIGIBLE and row.results else word(OUTCOMES, outcome, language)
    return f"{label} {row.counts.get(outcome, 0):,}"


# --- quality -------------------------------------------------------------------------------------------------------


def _quality(quality: QualityReport, language: Language) -> Markup:
    place = 2 if language == "zh" else 1
    file_rows = [
        names for names in FILE_ROWS if names[0] in {"rows_read", "rows_used"} or any(getattr(file, names[0]) for file in quality.files)
    ]
    head = [choose(language, "文件", "File"), *(names[place] for names in file_rows)]
    files = _numbers(head, ([file.file, *(f"{getattr(file, names[0]):,}" for names in file_rows)] for file in quality.files))
    known = [attribute for attribute in quality.attributes if attribute.files]
    names = choose(language, ("属性", "未知", "已知没有"), ("Attribute", "Unknown", "Known to be absent"))
    attributes = _numbers(names, ([item.name, f"{item.unknown:,}", f"{item.absent:,}"] for item in known))
    lacking = [attribute.name for attribute in quality.attributes if not attribute.files]
    none_gives = choose(language, "没有文件提供（全部未知）：", "No file gives (all unknown): ")
    return element(
        "section",
        element("h2", choose(language, "数据质量", "Quality of the data")),
        element("h3", choose(language, "文件", "Files")),
        files,
        element("h3", choose(language, "未知的事实", "Unknown facts")),
        attributes,
        element("p", none_gives + listed(lacking, language), class_="quiet") if lacking else Markup(),
        *_findings(quality.findings, language),
    )


def _numbers(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Markup:
    """Return a table whose first column is text and whose others are figures."""
    return figures_table(head, rows, ["", *["number"] * (len(head) - 1)])


def _findings(findings: Sequence[Finding], language: Language) -> Iterator[Markup]:
    """Yield the findings by kind, the first of each."""
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        by_code.setdefault(finding.code, []).append(finding)
    for code, of_kind in sorted(by_code.items()):
        word_ = SEVERITY_WORDS[language][of_kind[0].diagnostic.severity]
        items = [
            element("li", element("span", f"{item.file}:{item.row}", class_="quiet"), " ", item.diagnostic.message(language))
            for item in of_kind[:SHOWN_FINDINGS]
        ]
        more = len(of_kind) - SHOWN_FINDINGS
        if more > 0:
            items.append(element("li", choose(language, f"…… 另有 {more:,} 条", f"… and {more:,} more"), class_="quiet"))
        yield join(
            [
                element("h3", f"{word_}：" if language == "zh" else f"{word_}: ", element("code", code), f" {len(of_kind):,}"),
                element("ul", *items, class_="findings"),
            ]
        )


STYLE = """
main { max-width: 1180px; padding: 36px 44px 56px; }
h1 { font-size: 28px; margin-bottom: 6px; } .synthetic { margin-bottom: 20px; }
h2 { font-size: 19px; padding-bottom: 7px; border-bottom: 2px solid var(--accent); margin-bottom: 14px; }
h3 { font-size: 16px; margin: 20px 0 8px; } h3 .badge { margin-left: 10px; font-weight: 400; }
section { margin-top: 36px; }
.outcomes { font-size: 14px; border-top: 2px solid var(--ink); border-bottom: 1px solid var(--ink); }
.outcomes thead th { background: var(--faint); border-bottom: 1px solid var(--line); vertical-align: bottom; white-space: nowrap; }
.outcomes tbody th { font-weight: 600; } .outcomes td, .outcomes tbody th { border-bottom: 1px solid #e8ecf0; }
.zero { color: #a9b1bc; }
article { margin-bottom: 26px; break-inside: avoid; }
.bar { display: flex; height: 14px; gap: 1px; background: var(--faint); }
.bar span { flex-basis: 0; min-width: 2px; }
.eligible { background: #2f7d5b; } .ineligible { background: #b9c2cd; } .undetermined { background: #e3b341; }
.review { background: #b5652b; } .not_applicable { background: #dfe4ea; }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: 4px 22px; padding: 0; margin: 8px 0; font-size: 14px; }
.legend i { display: inline-block; width: 10px; height: 10px; margin-right: 6px; }
article .facts { font-size: 14px; } article .facts th, article .facts td { padding-top: 2px; padding-bottom: 2px; }
.findings { font-size: 13px; padding-left: 1.2em; }
@media screen and (max-width: 900px) {
  main { padding: 20px 16px; } .outcomes { font-size: 12.5px; } .outcomes thead th { white-space: normal; }
}
@media print { main { max-width: none; padding: 0; } h1 { font-size: 18pt; } h2 { font-size: 13pt; }
.outcomes, .legend, article .facts { font-size: 8.5pt; } .outcomes th, .outcomes td { padding: 2pt 3pt; } }
"""
"""What the report looks like beside the common style."""
