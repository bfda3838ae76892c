"""What lies before one subject, for people and machines: its ladder as a picture, the next steps, the cliffs ahead.

Outlook ──> text    for the terminal
        ├─> data    for JSON
        └─> HTML    a page that stands alone, for a screen and for A4
"""

from collections.abc import Iterator
from typing import Any

from zhida.assess.assessment import Outcome
from zhida.entitle.next.ladder import LadderStanding, RungStanding, Standing
from zhida.entitle.next.outlook import Outlook
from zhida.entitle.next.steps import Step
from zhida.errors import Language
from zhida.policy.front_matter import WindowState
from zhida.policy.pack import Packs, PolicyModel
from zhida.report.ladder import SIGNS, lacking_words, ladder_svg, standing_words
from zhida.report.page import Markup, element, join, page, table
from zhida.report.phrases import SYNTHETIC
from zhida.report.step_words import cliff_sentence, cost_words, steps_sentence
from zhida.report.words import choose, format_date, format_interval, listed
from zhida.values.numbers import format_number


def step_data(step: Step) -> dict[str, Any]:
    """Return one change as data; figures are exact, as texts."""

    def said(value: object) -> object:
        return value if value is None or isinstance(value, bool) else str(value)

    return {
        "kind": step.kind,
        "attribute": step.attribute,
        "value": said(step.value),
        "target": said(step.target),
        "change": format_number(step.change),
        "unit": step.unit,
        "tested": {"name": step.tested.name, "value": said(step.tested.value), "line": said(step.tested.line)},
        "article": step.article,
        "cost_fen": step.cost_fen,
        "share_millionths": step.share,
        "then": step.then.value,
    }


def outlook_data(found: Outlook) -> dict[str, Any]:
    """Return what lies before a subject as a dictionary for JSON."""
    return {
        "subject": found.code,
        "name": found.name,
        "as_of": str(found.as_of),
        "is_synthetic": found.is_synthetic,
        "ladders": [{"ladder": each.ladder.name, "rungs": [_rung_data(rung) for rung in each.rungs]} for each in found.ladders],
        "openings": [
            {"policy": each.policy, "title": each.title, "steps": [step_data(step) for step in each.steps]} for each in found.openings
        ],
        "cliffs": [
            {
                "policy": each.cliff.policy,
                "title": each.title,
                "attribute": each.cliff.fact,
                "value": format_number(each.value),
                "more": format_number(each.distance),
                "unit": each.cliff.unit,
                "amount": each.cliff.amount_name,
                "before": format_number(each.cliff.before),
                "after": format_number(each.cliff.after),
                "loss": format_number(each.cliff.loss),
            }
            for each in found.cliffs
        ],
        "policies_asked": found.asked,
    }


def _rung_data(rung: RungStanding) -> dict[str, Any]:
    return {
        "rung": rung.rung.name,
        "policy": rung.policy,
        "standing": rung.standing.value,
        "is_known": rung.is_known,
        "until": str(rung.until) if rung.until else None,
        "missing": list(rung.assessment.missing) if rung.assessment else [],
        "steps": [step_data(step) for step in rung.steps],
        "lacks": [{"condition": lack.name, "article": lack.article} for lack in rung.lacks],
        "article": rung.rung.article,
    }


def _model(packs: Packs, policy: str, found: Outlook) -> PolicyModel | None:
    return packs.model_of(policy, found.as_of) if policy else None


def _steps_of(packs: Packs, rung: RungStanding, found: Outlook, language: Language) -> str:
    return steps_sentence(rung.steps, language, _model(packs, rung.policy, found)) if rung.steps else ""


# --- terminal ------------------------------------------------------------------------------------------------------------


def outlook_text(found: Outlook, packs: Packs, language: Language, *, is_ladder_only: bool = False) -> str:
    """Return what lies before a subject in words for the terminal."""
    lines = [f"{found.name or found.code}（{found.code}）" if language == "zh" else f"{found.name or found.code} ({found.code})"]
    lines[0] += choose(language, f"，{format_date(found.as_of, language)}", f", {format_date(found.as_of, language)}")
    if found.is_synthetic:
        lines.append(SYNTHETIC[language])
    for ladder in found.ladders:
        lines += ["", ladder.ladder.name]
        for rung in ladder.rungs:
            lines.append(f"  {SIGNS[rung.standing]} {rung.rung.name}{choose(language, '：', ': ')}{standing_words(rung, language)}")
            lines += [f"      {each}" for each in lacking_words(rung, language, _steps_of(packs, rung, found, language))]
            if cost := cost_words(rung.steps, language):
                lines.append(choose(language, f"      约需投入 {cost}", f"      costs about {cost}"))
    if not is_ladder_only:
        lines += ["", *_rest_text(found, packs, language)]
    return "\n".join(lines)


def _rest_text(found: Outlook, packs: Packs, language: Language) -> Iterator[str]:
    yield choose(language, f"别的政策，差一两步的（看过 {found.asked} 项）", f"Other policies, a step or two away ({found.asked} asked)")
    for each in found.openings:
        cost = cost_words(each.steps, language)
        yield f"  → {each.title}" + (choose(language, f"，约需投入 {cost}", f", costs about {cost}") if cost else "")
        yield f"      {steps_sentence(each.steps, language, _model(packs, each.policy, found))}"
    if not found.openings:
        yield choose(language, "  没有", "  none")
    if found.cliffs:
        yield ""
        yield choose(language, "小心：再多一点反而少得", "Take care: a little more loses money")
        for ahead in found.cliffs:
            yield f"  ! {ahead.title}"
            yield f"      {cliff_sentence(ahead, language)}"


# --- page ----------------------------------------------------------------------------------------------------------------


def outlook_html(found: Outlook, packs: Packs, language: Language, *, is_ladder_only: bool = False) -> str:
    """Return what lies before a subject as one self-contained page."""
    title = choose(language, f"{found.name or found.code}的下一步", f"Next steps of {found.name or found.code}")
    body = element(
        "main",
        element("div", SYNTHETIC[language], class_="synthetic", role="note") if found.is_synthetic else Markup(),
        element("header", element("h1", title), element("p", f"{found.code} · {format_date(found.as_of, language)}", class_="quiet")),
        *(_ladder(each, found, packs, language) for each in found.ladders),
        Markup() if is_ladder_only else _openings(found, packs, language),
        Markup() if is_ladder_only else _cliffs(found, language),
        element("p", _note(language), class_="quiet note"),
    )
    return page(title, body, language=language, style=STYLE)


def _note(language: Language) -> str:
    return choose(
        language,
        "“下一步”是别的都照今天的样子、只动这一两项时最小的变动，报告年度已经过去的，看的是下一个申报年度。投入只算花钱本身就是这一项的（如研发费用），"
        "招人、增收、节能要花多少，没有可靠的数，不写。够不够条件以政策原文和主管部门的认定为准。",
        "A next step is the smallest change of one or two attributes with all else as it stands; where the reporting year is over, "
        "it is for the next. Costs are told only where spending is the attribute itself. The policies' texts and the authorities prevail.",
    )


def _ladder(ladder: LadderStanding, found: Outlook, packs: Packs, language: Language) -> Markup:
    """Return a ladder: the picture, and below it what it has no room for."""
    picture = ladder_svg(ladder, language, lambda rung: _steps_of(packs, rung, found, language))
    rows = [
        (
            element("b", rung.rung.name),
            f"{SIGNS[rung.standing]} {standing_words(rung, language)}",
            _details(rung, found, packs, language),
            cost_words(rung.steps, language) or "–",
            rung.rung.article or "–",
        )
        for rung in ladder.rungs
        if rung.policy
    ]
    head = choose(
        language, ("级", "现状", "还差什么", "约需投入", "依据"), ("Rung", "Standing", "What is lacking", "Costs about", "Article")
    )
    return element(
        "section", element("h2", ladder.ladder.name), element("figure", picture), table(head, rows, "plain rungs"), class_="ladder-of"
    )


def _details(rung: RungStanding, found: Outlook, packs: Packs, language: Language) -> Markup:
    said = lacking_words(rung, language, _steps_of(packs, rung, found, language))
    if rung.standing is Standing.LATER and rung.lacks:
        names = listed((lack.name for lack in rung.lacks), language)
        said.append(choose(language, f"没有达到：{names}", f"not met: {names}"))
    if rung.rung.note and rung.standing is not Standing.HELD:
        said.append(rung.rung.note)
    if (window := _window(rung, language)) and rung.standing in {Standing.MET, Standing.NEXT, Standing.REVIEW}:
        said.append(window)
    return join(element("p", each) for each in said) if said else Markup("–")


def _window(rung: RungStanding, language: Language) -> str:
    """Return when one may apply, where the policy says so and anything could be applied for."""
    window = rung.assessment.window if rung.assessment is not None and rung.assessment.outcome is Outcome.ELIGIBLE else None
    if window is None:
        return ""
    days = format_interval(window.days, language)
    if window.state is WindowState.CLOSED:
        return choose(language, f"本次申报已截止（{days}）", f"closed ({days})")
    return choose(language, f"申报时间：{days}", f"apply: {days}")


def _openings(found: Outlook, packs: Packs, language: Language) -> Markup:
    head = choose(language, ("政策", "差在哪", "约需投入"), ("Policy", "What is lacking", "Costs about"))
    rows = [
        (each.title, steps_sentence(each.steps, language, _model(packs, each.policy, found)), cost_words(each.steps, language) or "–")
        for each in found.openings
    ]
    title = choose(language, "别的政策：差一两步的", "Other policies: a step or two away")
    said = choose(language, f"看过 {found.asked} 项政策。", f"{found.asked} policies were asked.")
    none = element("p", choose(language, "没有差一两步的。", "None."), class_="quiet")
    return element("section", element("h2", title), element("p", said, class_="quiet"), table(head, rows, "plain") if rows else none)


def _cliffs(found: Outlook, language: Language) -> Markup:
    if not found.cliffs:
        return Markup()
    title = choose(language, "小心：再多一点反而少得", "Take care: a little more loses money")
    items = (
        element("li", element("b", ahead.title), choose(language, "：", ": "), cliff_sentence(ahead, language)) for ahead in found.cliffs
    )
    return element("section", element("h2", title), element("ul", *items, class_="cliffs"))


STYLE = """
main { max-width: 1240px; padding: 36px 44px 56px; }
h1 { font-size: 28px; margin-bottom: 6px; } .synthetic { margin-bottom: 20px; }
h2 { font-size: 19px; padding-bottom: 7px; border-bottom: 2px solid var(--accent); margin-bottom: 14px; }
section { margin-top: 32px; }
figure { margin: 0 0 14px; overflow-x: auto; } figure svg { max-width: 100%; height: auto; display: block; }
.plain { font-size: 14px; border-top: 2px solid var(--ink); border-bottom: 1px solid var(--ink); }
.plain thead th { background: var(--faint); border-bottom: 1px solid var(--line); white-space: nowrap; }
.plain td { border-bottom: 1px solid #e8ecf0; } .plain td p { margin: 0 0 .2em; }
.rungs td:first-child, .rungs td:nth-child(2), .rungs td:nth-child(4) { white-space: nowrap; }
.cliffs { padding-left: 1.2em; } .note { margin-top: 32px; font-size: 13px; }
@media screen and (max-width: 900px) { main { padding: 20px 16px; } .rungs td { white-space: normal !important; } }
@media print { main { max-width: none; padding: 0; } h1 { font-size: 18pt; } h2 { font-size: 13pt; }
  figure { overflow: visible; break-inside: avoid; } figure svg { max-height: 120mm; }
  .plain { font-size: 8.5pt; } .plain th, .plain td { padding: 2pt 3pt; } }
"""
"""What the page looks like beside the common style."""
