"""The best combinations of a district as people read them: what stacking takes away, what is most frequent, which facts decide.

    CombinationSummary ──> data, text, HTML

Owns no figures: it adds up nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from zhida.entitle.best.missing import JOINED
from zhida.entitle.best.tally import CombinationSummary, PolicyTotal
from zhida.errors import Language
from zhida.report.page import Markup, element, facts, figures_table, page
from zhida.report.registry_report import STYLE, SYNTHETIC
from zhida.report.words import bracketed, choose, format_amount, format_date, listed

SHOWN = 10
"""Combinations and facts that the terminal shows."""

SHOWN_FACTS = 40
"""What decides, as the page shows it."""

OWN_FACTS = ("各户自己的事实里，补上就定下来的", "What decides among the subjects' own facts")
"""The heading of what decides where no parameter of the place is told."""

Rows = Sequence[Sequence[str]]


def combination_data(summary: CombinationSummary) -> dict[str, Any]:
    """Return a run as a dictionary for JSON: keys are stable, amounts are integer fen."""
    figures = summary.figures
    return {
        "as_of": str(summary.as_of),
        "registry": summary.registry,
        "is_synthetic": summary.is_synthetic,
        "subjects": summary.subjects,
        "paid_subjects": summary.paid_subjects,
        "claimed_fen": summary.claimed_fen,
        "total_fen": summary.total_fen,
        "possible_fen": summary.possible_fen,
        "open_subjects": summary.open_subjects,
        "policies": [
            {
                "policy": each.policy,
                "title": each.title,
                "gives_money": each.is_money,
                "holders": each.holders,
                "claimed_fen": each.claimed_fen,
                "taken": each.taken,
                "paid_fen": each.paid_fen,
            }
            for each in summary.policies
        ],
        "groups": [
            {"group": each.group, "rule": each.rule, "article": each.article, "subjects": each.subjects, "cut_fen": each.cut_fen}
            for each in summary.groups
        ],
        "combinations": [
            {"policies": list(titles), "subjects": count, "total_fen": total} for titles, count, total in summary.combinations
        ],
        "deciding": [{"facts": name, "subjects": count} for name, count in summary.deciding],
        "subject_deciding": [{"facts": name, "subjects": count} for name, count in summary.subject_deciding],
        "parameters_lacking": list(summary.parameters),
        "solver": {"rows": figures.solved, "situations": figures.distinct},
        "open_ended": figures.endless,
        "received_elsewhere": summary.received_elsewhere,
    }


def combination_text(summary: CombinationSummary, language: Language) -> str:
    """Return a run in words for the terminal."""
    lines = [_title(summary, language)]
    if summary.is_synthetic:
        lines.append(choose(language, f"【{SYNTHETIC['zh']}】", f"[{SYNTHETIC['en']}]"))
    colon = choose(language, "：", ": ")
    lines += ["", *(f"{label}{colon}{value}" for label, value in _figures(summary, language))]
    for heading, rows in (
        (choose(language, "叠加规则减去的", "What stacking takes away"), _groups(summary, language)),
        (choose(language, "最常见的组合", "Most frequent combinations"), _combinations(summary, language)[:SHOWN]),
        (choose(language, "补上就定下来的", "What decides"), _deciding(summary, language)[:SHOWN]),
        (choose(language, *OWN_FACTS), _own_deciding(summary, language)[:SHOWN]),
    ):
        if rows:
            lines += ["", heading, *(f"  {'  '.join(cell for cell in row if cell)}" for row in rows)]
    notes = _notes(summary, language)
    return "\n".join([*lines, *([""] if notes else []), *notes]) + "\n"


def combination_html(summary: CombinationSummary, language: Language) -> str:
    """Return a run as one self-contained HTML page."""
    title = choose(language, "最优合法组合：汇总", "Best lawful combinations: summary")
    body = element(
        "main",
        element("div", SYNTHETIC[language], class_="synthetic", role="note") if summary.is_synthetic else Markup(),
        element("header", element("h1", title), element("p", _title(summary, language), class_="quiet")),
        element(
            "section",
            element("h2", choose(language, "合计", "In all")),
            facts(_figures(summary, language)),
            *_note_items(summary, language),
        ),
        *(
            element("section", element("h2", choose(language, zh, en)), _table([choose(language, *head) for head in heads], rows))
            for (zh, en), heads, rows in _sections(summary, language)
            if rows
        ),
    )
    return page(title, body, language=language, style=STYLE)


Heads = Sequence[tuple[str, str]]
"""The heads of a table, in Chinese and in English."""


def _sections(summary: CombinationSummary, language: Language) -> Iterator[tuple[tuple[str, str], Heads, Rows]]:
    """Yield the tables of the page."""
    subjects, together = ("户数", "Subjects"), ("合计", "Together")
    rows: Rows = [_policy_row(each) for each in summary.policies if each.holders]
    heads = (("政策", "Policy"), ("符合", "Eligible"), ("享受", "Taken"), ("单算应得", "By itself"), ("实得", "Paid"))
    yield ("各项政策", "Policy by policy"), heads, rows
    heads_of_groups = (("规则", "Row"), subjects, ("减去", "Taken away"), ("依据", "Article"))
    yield ("叠加规则减去的", "What stacking takes away"), heads_of_groups, _group_rows(summary)
    heads_together = (("一起享受的政策", "Policies"), subjects, together)
    yield ("最常见的组合", "Most frequent combinations"), heads_together, _combination_rows(summary, language)
    heads_of_facts = (("事实", "Facts"), subjects)
    yield ("补上就定下来的", "What decides"), heads_of_facts, _fact_rows(summary, summary.deciding, language)
    if summary.parameters:
        yield OWN_FACTS, heads_of_facts, _fact_rows(summary, summary.subject_deciding, language)


def _fact_rows(summary: CombinationSummary, deciding: Sequence[tuple[str, int]], language: Language) -> Rows:
    """Return what decides, the most frequent first; what the page has no room for is counted."""
    rows = [[_marked(summary, name, language), f"{count:,}"] for name, count in deciding[:SHOWN_FACTS]]
    if rest := deciding[SHOWN_FACTS:]:
        said = choose(language, f"其余 {len(rest):,} 种，见 combinations.json", f"{len(rest):,} others, see combinations.json")
        rows.append([said, f"{sum(count for _, count in rest):,}"])
    return rows


def _marked(summary: CombinationSummary, names: str, language: Language) -> str:
    """Return what decides; parameters are told to be no facts of subjects."""
    mark = bracketed(choose(language, "地方参数，由主管部门填写", "parameter of the place, for the department in charge"), language)
    return listed((name + mark if name in summary.parameters else name for name in names.split(JOINED)), language)


def _policy_row(each: PolicyTotal) -> Sequence[str]:
    amounts = ((format_amount(fen) if each.is_money else "–") for fen in (each.claimed_fen, each.paid_fen))
    return [each.title, f"{each.holders:,}", f"{each.taken:,}", *amounts]


def _title(summary: CombinationSummary, language: Language) -> str:
    day = format_date(summary.as_of, language)
    return choose(
        language,
        f"登记册 {summary.registry}：{summary.subjects:,} 户的最优合法组合，截至 {day}",
        f"Registry {summary.registry}: best lawful combinations of {summary.subjects:,} subjects, as of {day}",
    )


def _figures(summary: CombinationSummary, language: Language) -> list[tuple[str, str]]:
    cut = summary.claimed_fen - summary.total_fen
    rows = [
        (choose(language, "各项单算合计", "Each by itself"), format_amount(summary.claimed_fen)),
        (choose(language, "叠加以后", "Combined"), format_amount(summary.total_fen)),
        (choose(language, "叠加规则减去", "Taken away by stacking"), format_amount(cut)),
        (
            choose(language, "得到钱的", "Paid anything"),
            choose(language, f"{summary.paid_subjects:,} 户", f"{summary.paid_subjects:,} subjects"),
        ),
    ]
    if summary.open_subjects or summary.figures.endless:
        said = format_amount(summary.possible_fen)
        zh = f"{summary.open_subjects:,} 户算得出还能多多少"
        more = choose(language, zh, f"more, by a known amount, for {summary.open_subjects:,} subjects")
        at_least = choose(language, "至少 ", "at least ") if summary.figures.endless else ""
        rows.append(
            (
                choose(language, "缺的事实都有利时", "If all missing facts turned out well"),
                choose(language, f"{at_least}{said}（{more}）", f"{at_least}{said} ({more})"),
            )
        )
    return rows


def _groups(summary: CombinationSummary, language: Language) -> Rows:
    found = []
    for each in summary.groups:
        if each.subjects:
            zh = f"{each.rule} {each.group}：{each.subjects:,} 户，{format_amount(each.cut_fen)}"
            en = f"{each.rule} {each.group}: {each.subjects:,} subjects, {format_amount(each.cut_fen)}"
            found.append([choose(language, zh, en) + bracketed(each.article, language)])
    return found


def _group_rows(summary: CombinationSummary) -> Rows:
    return [
        [f"{each.rule} {each.group}", f"{each.subjects:,}", format_amount(each.cut_fen), each.article]
        for each in summary.groups
        if each.subjects
    ]


def _combinations(summary: CombinationSummary, language: Language) -> Rows:
    found = []
    for titles, count, total in summary.combinations:
        names, fen = listed(titles, language), format_amount(total)
        found.append([choose(language, f"{names}：{count:,} 户，{fen}", f"{names}: {count:,} subjects, {fen}")])
    return found


def _combination_rows(summary: CombinationSummary, language: Language) -> Rows:
    return [[listed(titles, language), f"{count:,}", format_amount(total)] for titles, count, total in summary.combinations]


def _deciding(summary: CombinationSummary, language: Language) -> Rows:
    said = ((_marked(summary, name, language), count) for name, count in summary.deciding)
    return [[choose(language, f"{name}：{count:,} 户", f"{name}: {count:,} subjects")] for name, count in said]


def _own_deciding(summary: CombinationSummary, language: Language) -> Rows:
    """Return what decides among the subjects' own facts, where that is something else."""
    own = summary.subject_deciding if summary.parameters else ()
    return [[choose(language, f"{name}：{count:,} 户", f"{name}: {count:,} subjects")] for name, count in own]


def _notes(summary: CombinationSummary, language: Language) -> list[str]:
    """Return what must not go unsaid."""
    found = []
    figures = summary.figures
    if figures.solved:
        zh = f"有 {figures.solved:,} 户（{figures.distinct:,} 种情形）的规则互相牵连太多，逐户求解。"
        en = f"Rows of stacking are too entangled for {figures.solved:,} subjects ({figures.distinct:,} situations), solved one by one."
        found.append(choose(language, zh, en))
    if figures.endless:
        zh = f"另有金额算不出上限的：{figures.endless:,} 户里至少一项政策缺事实，说不出最多多少，上面可能的合计没有算全。"
        found.append(
            choose(
                language,
                zh,
                f"For {figures.endless:,} subjects what is missing has no known greatest amount: the possible sum is told in part.",
            )
        )
    if summary.received_elsewhere:
        zh = f"已领表中有 {summary.received_elsewhere:,} 笔不是这里的政策，没有影响。"
        found.append(choose(language, zh, f"{summary.received_elsewhere:,} payments received are of no policy here and change nothing."))
    if any(each.subjects for each in summary.groups):
        found.append(
            choose(
                language,
                "几条规则同时减的，记在排在前面的一条。",
                "Where several rows take away together, it counts for the first of them.",
            )
        )
    return found


def _note_items(summary: CombinationSummary, language: Language) -> Iterator[Markup]:
    for note in _notes(summary, language):
        yield element("p", note, class_="quiet")


def _table(head: Sequence[str], rows: Rows) -> Markup:
    """Return a table whose first column is text; columns of figures are set to the right."""
    return figures_table(
        head, rows, ["number" if place and all(_is_figure(row[place]) for row in rows) else "" for place in range(len(head))]
    )


def _is_figure(cell: str) -> bool:
    return cell == "–" or (bool(cell) and cell.lstrip("-¥").replace(",", "").replace(".", "").isdigit())
