"""Combinations as people read them: the summary of a district, and the letter to one enterprise.

    CombinationSummary ──> data, text, HTML     what stacking takes away, group by group; what is most frequent; which facts decide
    Letter             ──> data, text, HTML     what is taken, what is given up and why, the certificate step by step

Owns no figures: it adds up nothing.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from zhida.entitle.best.argument import data as certificate_data
from zhida.entitle.best.letter import Letter, LetterLine
from zhida.entitle.best.tally import CombinationSummary, PolicyTotal
from zhida.errors import Language
from zhida.report.certificate_words import Step, certificate_steps
from zhida.report.page import Markup, element, facts, page
from zhida.report.registry_report import STYLE, SYNTHETIC
from zhida.report.words import DELIVERIES, bracketed, choose, format_amount, format_date, listed, word

SHOWN = 10
"""Combinations and facts that the terminal shows."""

SHOWN_STEPS = 400
"""Steps of a certificate that are shown; the data hold all."""

Rows = Sequence[Sequence[str]]


# --- the summary ---------------------------------------------------------------------------------------------------


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
        (choose(language, "补上就定下来的事实", "Facts that decide"), _deciding(summary, language)[:SHOWN]),
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
    facts_ = [[name, f"{count:,}"] for name, count in summary.deciding]
    yield ("补上就定下来的事实", "Facts that decide"), (("事实", "Facts"), subjects), facts_


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
        more = choose(language, f"{summary.open_subjects:,} 户还可能更多", f"more is possible for {summary.open_subjects:,}")
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
    return [[choose(language, f"{name}：{count:,} 户", f"{name}: {count:,} subjects")] for name, count in summary.deciding]


def _notes(summary: CombinationSummary, language: Language) -> list[str]:
    """Return what must not go unsaid."""
    found = []
    figures = summary.figures
    if figures.solved:
        zh = f"有 {figures.solved:,} 户（{figures.distinct:,} 种情形）的规则互相牵连太多，逐户求解。"
        en = f"Rows of stacking are too entangled for {figures.solved:,} subjects ({figures.distinct:,} situations), solved one by one."
        found.append(choose(language, zh, en))
    if figures.endless:
        zh = f"有 {figures.endless:,} 户，缺的事实给不出金额的上限：可能的合计只算得出一部分。"
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
    figures = [place > 0 and all(_is_figure(row[place]) for row in rows) for place in range(len(head))]
    heading = (
        element("th", name, scope="col", class_="number" if is_figure else "") for name, is_figure in zip(head, figures, strict=True)
    )
    body = (
        element(
            "tr",
            element("th", row[0], scope="row"),
            *(element("td", cell, class_="number" if is_figure else "") for cell, is_figure in zip(row[1:], figures[1:], strict=True)),
        )
        for row in rows
    )
    return element("table", element("thead", element("tr", *heading)), element("tbody", *body), class_="outcomes")


def _is_figure(cell: str) -> bool:
    return cell == "–" or (bool(cell) and cell.lstrip("-¥").replace(",", "").replace(".", "").isdigit())


# --- the letter ----------------------------------------------------------------------------------------------------


def letter_data(letter: Letter) -> dict[str, Any]:
    """Return a letter as a dictionary for JSON, with the certificate: `zhida.entitle.best.argument.read` reads it."""
    return {
        "as_of": str(letter.as_of),
        "code": letter.code,
        "name": letter.name,
        "is_synthetic": letter.is_synthetic,
        "total_fen": letter.sure.total_fen,
        "possible_fen": letter.possible_fen,
        "is_open_ended": letter.is_endless,
        "decides": list(letter.decides),
        "policies": [
            {
                "policy": line.policy,
                "title": line.title,
                "gives_money": line.is_money,
                "claimed_fen": line.claimed_fen,
                "paid_fen": line.paid_fen,
                "is_taken": line.is_taken,
                "is_held": line.is_held,
                "is_review": line.is_review,
                "is_closed": line.is_closed,
                "missing": list(line.missing),
                "received_fen": line.received_fen,
                "deadline": str(line.deadline) if line.deadline else "",
                "delivery": line.delivery.value if line.delivery else "",
                "stopped_by": [
                    {"rule": row.rule.value, "group": row.group, "article": row.article, "place": row.place} for row in line.stopped_by
                ],
            }
            for line in letter.lines
        ],
        "certificate": certificate_data(letter.certificate),
        "is_checked": not letter.faults,
        "faults": list(letter.faults),
        "columns_agree": letter.is_alike,
    }


def letter_text(letter: Letter, language: Language) -> str:
    """Return a letter for the terminal."""
    lines = [letter_title(letter, language)]
    if letter.is_synthetic:
        lines.append(choose(language, f"【{SYNTHETIC['zh']}】", f"[{SYNTHETIC['en']}]"))
    lines += ["", *(f"{label}{choose(language, '：', ': ')}{value}" for label, value in _letter_figures(letter, language))]
    for heading, items in _letter_sections(letter, language):
        if items:
            lines += ["", heading, *(f"  {item}" for item in items)]
    lines += ["", choose(language, "为什么没有更多", "Why there is no more")]
    lines += [f"  {'  ' * step.depth}{step.text}" for step in _steps(letter, language)]
    lines += ["", checked_words(letter, language)]
    return "\n".join(lines) + "\n"


def letter_html(letter: Letter, language: Language) -> str:
    """Return a letter as one self-contained HTML page."""
    title = letter_title(letter, language)
    sections = [
        element("section", element("h2", heading), element("ul", *(element("li", item) for item in items)))
        for heading, items in _letter_sections(letter, language)
        if items
    ]
    steps = [element("p", step.text, class_=f"step depth{min(step.depth, 9)}") for step in _steps(letter, language)]
    body = element(
        "main",
        element("div", SYNTHETIC[language], class_="synthetic", role="note") if letter.is_synthetic else Markup(),
        element("header", element("h1", choose(language, "能享受的最优组合", "The best combination")), element("p", title, class_="quiet")),
        facts(_letter_figures(letter, language)),
        *sections,
        element("section", element("h2", choose(language, "为什么没有更多", "Why there is no more")), *steps),
        element("p", checked_words(letter, language), class_="checked" if not letter.faults else "failed"),
    )
    return page(title, body, language=language, style=STYLE + LETTER_STYLE)


def letter_title(letter: Letter, language: Language) -> str:
    """Return who the letter is for, and of which day."""
    day = format_date(letter.as_of, language)
    who = letter.name or letter.code
    return choose(language, f"{who}（{letter.code}），截至 {day}", f"{who} ({letter.code}), as of {day}")


def checked_words(letter: Letter, language: Language) -> str:
    """Return what the check came to."""
    if letter.faults:
        found = "；".join(letter.faults)
        return choose(
            language,
            f"核对不通过：{found}。请不要采用，并报告给维护者。",
            f"The check failed: {found}. Do not rely on it; please report this.",
        )
    if not letter.is_alike:
        zh = "核对通过，但与整册计算的组合不同：请不要采用，并报告给维护者。"
        return choose(language, zh, "Checked, but the whole registry is combined otherwise: do not rely on it; please report this.")
    return choose(language, "核对通过：组合合法，合计没有更多的可能。", "Checked: the combination is lawful, and no lawful one pays more.")


def _letter_figures(letter: Letter, language: Language) -> list[tuple[str, str]]:
    rows = [(choose(language, "合计", "Sum"), format_amount(letter.sure.total_fen))]
    if letter.decides:
        at_least = choose(language, "至少 ", "at least ") if letter.is_endless else ""
        rows.append((choose(language, "可能达到", "Possible"), at_least + format_amount(letter.possible_fen)))
        rows.append((choose(language, "取决于", "Decided by"), listed(letter.decides, language)))
    return rows


def _letter_sections(letter: Letter, language: Language) -> Iterator[tuple[str, list[str]]]:
    """Yield the lists of a letter."""
    taken = [_taken(line, language) for line in letter.lines if line.is_taken]
    given_up = [_given_up(line, language) for line in letter.lines if line.is_held and not line.is_closed and line.stopped_by]
    closed = [line.title for line in letter.lines if line.is_held and line.is_closed]
    received = [f"{line.title} {format_amount(line.received_fen)}" for line in letter.lines if line.received_fen]
    review = [line.title for line in letter.lines if line.is_review]
    lacking = [
        choose(language, f"{line.title}：缺{listed(line.missing, 'zh')}", f"{line.title}: lacks {listed(line.missing, 'en')}")
        for line in letter.lines
        if line.missing
    ]
    yield choose(language, "享受", "Taken"), taken
    yield choose(language, "放弃或减少的，以及为什么", "Given up or cut, and why"), given_up
    yield choose(language, "本年已经领过的", "Received this year"), received
    yield choose(language, "错过期限的", "Too late for"), closed
    yield choose(language, "待核定的", "For a person to decide"), review
    yield choose(language, "还缺事实的", "Open for lack of facts"), lacking


def _taken(line: LetterLine, language: Language) -> str:
    said = [line.title]
    if line.is_money and line.paid_fen:
        said.append(format_amount(line.paid_fen))
    if line.is_money and not line.paid_fen:
        said.append(choose(language, "不领钱，作为别的政策的前提", "unpaid, as another asks for it"))
    if line.delivery is not None:
        said.append(word(DELIVERIES, line.delivery, language))
    if line.deadline is not None:
        day = format_date(line.deadline, language)
        said.append(choose(language, f"{day}截止", f"until {day}"))
    return choose(language, "，", ", ").join(said)


def _given_up(line: LetterLine, language: Language) -> str:
    why = choose(language, "；", "; ").join(f"{row.rule.value} {row.group}{bracketed(row.article, language)}" for row in line.stopped_by)
    if not line.is_money:
        return choose(language, f"{line.title}：{why}", f"{line.title}: {why}")
    claimed, paid = format_amount(line.claimed_fen), format_amount(line.paid_fen)
    return choose(language, f"{line.title}：单算 {claimed}，实得 {paid}：{why}", f"{line.title}: {claimed} by itself, {paid} paid: {why}")


def _steps(letter: Letter, language: Language) -> list[Step]:
    steps = certificate_steps(letter.certificate, letter.titles, language)
    if len(steps) > SHOWN_STEPS:
        more = choose(
            language, f"…… 另有 {len(steps) - SHOWN_STEPS:,} 步，见 --json", f"… {len(steps) - SHOWN_STEPS:,} more steps: see --json"
        )
        return [*steps[:SHOWN_STEPS], Step(0, more)]
    return steps


LETTER_STYLE = """
.step { margin: 0 0 2px; } .depth0 { font-weight: 600; margin-top: 10px; }
.depth1 { padding-left: 1.6em; } .depth2 { padding-left: 3.2em; } .depth3 { padding-left: 4.8em; } .depth4 { padding-left: 6.4em; }
.depth5 { padding-left: 8em; } .depth6 { padding-left: 9.6em; } .depth7 { padding-left: 11.2em; } .depth8 { padding-left: 12.8em; }
.depth9 { padding-left: 14.4em; }
.checked { margin-top: 28px; color: var(--good); background: var(--good-faint); padding: .5em 1em; font-weight: 600; }
.failed { margin-top: 28px; color: var(--bad); background: var(--bad-faint); padding: .5em 1em; font-weight: 600; }
"""
"""What the letter looks like beside the report."""
