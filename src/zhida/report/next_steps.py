"""The ranked lists of a district, for people and machines: who is one step from a goal, with the step that is lacking.

    Ranking ──> text    for the terminal
            ├─> data    for JSON
            └─> HTML    a page that stands alone

The whole lists stand in next-steps.csv; the page shows the first of each.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from zhida.entitle.next.lines import NEVER
from zhida.entitle.next.ranked import Listed, Place, Ranking
from zhida.errors import Language
from zhida.report.outlook import step_data
from zhida.report.page import Markup, element, join, page, table
from zhida.report.phrases import SYNTHETIC
from zhida.report.words import choose, format_date, format_yuan
from zhida.source import display_width
from zhida.values.temporal import Date

PLACES: dict[Place, tuple[str, str]] = {
    Place.HELD: ("已获得", "Held"),
    Place.MET: ("已符合、还没有", "Met, not held"),
    Place.ONE: ("差一步", "One step"),
    Place.TWO: ("差两步", "Two steps"),
    Place.REVIEW: ("等人评审", "For review"),
    Place.OPEN: ("还说不准", "Not certain"),
    Place.FAR: ("不止两步", "More than two"),
    Place.OUT: ("不适用", "Not applicable"),
}
"""What the places are called, in the order of the table."""

LEAST_SHARE = 1_000
"""Millionths of a line below which a distance is not told as a figure."""

SHOWN_LACKING, SHOWN_STREETS = 6, 12
"""How many of what is lacking, and of the streets, are told."""


@dataclass(frozen=True, slots=True)
class District:
    """The lists of a registry."""

    registry: str
    """Where the subjects came from."""
    as_of: Date
    """The day."""
    subjects: int
    """How many there are."""
    is_synthetic: bool
    """Whether they are invented."""
    rankings: tuple[Ranking, ...]
    """One for each goal."""
    told: int
    """Rows that were left to the interpreter."""
    most: int
    """How many of each list the page and JSON tell one by one."""


Sentence = Callable[[Ranking, Listed], str]
"""Says in a sentence what a subject on the list lacks."""


def district_data(found: District) -> dict[str, Any]:
    """Return the lists as a dictionary for JSON: counts and the first of each list."""
    return {
        "registry": found.registry,
        "as_of": str(found.as_of),
        "subjects": found.subjects,
        "is_synthetic": found.is_synthetic,
        "rows_interpreted": found.told,
        "goals": [
            {
                "goal": each.goal.name,
                "policy": each.goal.policy,
                "counts": {place.value: each.counts[place] for place in Place},
                "close": {place.value: count for place, count in each.close.items()},
                "lacking": [{"step": words, "subjects": count} for words, count in each.lacking],
                "lacking_far": [{"step": words, "subjects": count} for words, count in each.lacking_far],
                "streets": [{"street": street, "subjects": count} for street, count in each.streets],
                "priced": each.priced,
                "cost_fen": each.cost_fen,
                "met": [_listed_data(listed) for listed in _met(each)[: found.most]],
                "near": [_listed_data(listed) for listed in _near(each)[: found.most]],
            }
            for each in found.rankings
        ],
    }


def _listed_data(listed: Listed) -> dict[str, Any]:
    return {
        "subject": listed.code,
        "name": listed.name,
        "street": listed.street,
        "place": listed.place.value,
        "step": listed.words,
        "cost_fen": listed.cost_fen,
        "share_millionths": listed.share if listed.steps and listed.share < NEVER else None,
        "is_close": listed.is_close,
        "steps": [step_data(step) for step in listed.steps],
    }


# --- terminal ------------------------------------------------------------------------------------------------------------


def district_text(found: District, language: Language) -> str:
    """Return the counts of each goal, and what is lacking most, in words for the terminal."""
    head = [choose(language, "目标", "Goal"), *(head for head, _ in _columns(language))]
    rows = [[each.goal.name, *(f"{count(each):,}" for _, count in _columns(language))] for each in found.rankings]
    widths = [max(display_width(row[place]) for row in [head, *rows]) for place in range(len(head))]
    lines = [_title(found, language)]
    lines += [SYNTHETIC[language]] if found.is_synthetic else []
    lines.append("")
    for row in [head, *rows]:
        cells = [" " * (width - display_width(cell)) + cell for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join([row[0] + " " * (widths[0] - display_width(row[0])), *cells[1:]]))
    for each in found.rankings:
        if each.counts[Place.ONE]:
            lines += ["", *_lacking_text(each, language)]
    return "\n".join(lines)


def _lacking_text(each: Ranking, language: Language) -> Iterator[str]:
    """Yield what is lacking to a goal, near and far apart."""
    close, far = each.close[Place.ONE], each.counts[Place.ONE] - each.close[Place.ONE]

    def said(counted: Sequence[tuple[str, int]]) -> str:
        return choose(language, "、", ", ").join(f"{words} {count:,}" for words, count in counted[:SHOWN_LACKING])

    yield choose(language, f"离{each.goal.name}差一步的，差的是：", f"One step from {each.goal.name}, lacking:")
    if close:
        zh, en = f"  离线两成以内 {close:,} 户：", f"  {close:,} within a fifth of the line: "
        yield choose(language, zh, en) + said(each.lacking)
    if far:
        yield choose(language, f"  离线更远 {far:,} 户：{said(each.lacking_far)}", f"  {far:,} further from it: {said(each.lacking_far)}")


def _columns(language: Language) -> list[tuple[str, Callable[[Ranking], int]]]:
    """Return the heads of the table of counts, each with what is counted."""

    def counted(place: Place) -> Callable[[Ranking], int]:
        return lambda ranking: ranking.counts[place]

    found: list[tuple[str, Callable[[Ranking], int]]] = []
    for place, words in PLACES.items():
        found.append((choose(language, *words), counted(place)))
        if place is Place.ONE:
            found.append((choose(language, "其中两成以内", "Of these close"), lambda ranking: ranking.close[Place.ONE]))
    return found


def _title(found: District, language: Language) -> str:
    return choose(language, f"差一步名单：{_about(found, language)}", f"One step away: {_about(found, language)}")


def _about(found: District, language: Language) -> str:
    day = format_date(found.as_of, language)
    return choose(language, f"{found.registry}，{found.subjects:,} 户，{day}", f"{found.registry}, {found.subjects:,} subjects, {day}")


# --- page ----------------------------------------------------------------------------------------------------------------


def district_html(found: District, language: Language, sentence: Sentence) -> str:
    """Return the lists as one self-contained page.

    Args:
        found: The lists.
        language: Of the labels.
        sentence: Says what a subject lacks.
    """
    title = choose(language, "差一步名单", "One step away")
    body = element(
        "main",
        element("div", SYNTHETIC[language], class_="synthetic", role="note") if found.is_synthetic else Markup(),
        element("header", element("h1", title), element("p", _about(found, language), class_="quiet")),
        element("section", element("h2", choose(language, "一览", "At a glance")), _counts(found, language), _note(language)),
        *(_goal(each, found.most, language, sentence) for each in found.rankings),
    )
    return page(title, body, language=language, style=STYLE)


def _note(language: Language) -> Markup:
    said = choose(
        language,
        "“差一步”：别的都照今天的样子，只动一项就够；“差两步”：要同时动两项。从近到远排：远近按离那条线的比例算，"
        "差不到那条线两成的先列，更远的收在下面。"
        "写着“之后由人评审”的，是动了以后能算的都符合，还要专家或部门评审。"
        "约需投入只算花钱本身就是这一项的（如研发费用）。",
        "One step: with all else as it stands, one change is enough; two steps: two together. The nearest come first, by share of the "
        "line; those further than a fifth of it are folded away. "
        "Costs are told only where spending is the attribute itself.",
    )
    return element("p", said, class_="quiet note")


def _counts(found: District, language: Language) -> Markup:
    head = [element("th", choose(language, "目标", "Goal"), scope="col")]
    columns = _columns(language)
    head += [element("th", said, scope="col", class_="number") for said, _ in columns]
    strong = {choose(language, *PLACES[Place.MET]), choose(language, "其中两成以内", "Of these close")}
    rows = []
    for each in found.rankings:
        cells = [element("th", element("a", each.goal.name, href=f"#{each.goal.policy}"), scope="row")]
        for said, count in columns:
            tone = " zero" if not count(each) else " strong" if said in strong else ""
            cells.append(element("td", f"{count(each):,}", class_=f"number{tone}"))
        rows.append(element("tr", *cells))
    return element("table", element("thead", element("tr", *head)), element("tbody", *rows), class_="plain")


def _goal(ranking: Ranking, most: int, language: Language, sentence: Sentence) -> Markup:
    """Return one goal: what is lacking most, in which streets, and the first of the list."""
    one, met = ranking.counts[Place.ONE], ranking.counts[Place.MET]
    goal = ranking.goal.name
    title = choose(language, f"离{goal}差一步", f"One step from {goal}")
    said = choose(language, f"{one:,} 户差一步", f"{one:,} are one step away")
    close = ranking.close[Place.ONE]
    if one:
        said += choose(language, f"，其中离线两成以内的 {close:,} 户", f", {close:,} of them within a fifth of the line")
    if met:
        said += choose(language, f"，另有 {met:,} 户已符合条件、还没有", f"; {met:,} meet all conditions and do not have it")
    if ranking.priced:
        total = format_yuan(Decimal(ranking.cost_fen).scaleb(-2))
        said += choose(
            language,
            f"；两成以内的有 {ranking.priced:,} 户的投入算得出，合计 {total}",
            f"; of {ranking.priced:,} within a fifth the cost is known, {total} together",
        )
    said += choose(language, "。", ".")
    tallies = [
        _tally(choose(language, "两成以内的，差的是", "Within a fifth, lacking"), ranking.lacking, SHOWN_LACKING, language),
        _tally(choose(language, "两成以内的，在哪里", "Within a fifth, where"), ranking.streets, SHOWN_STREETS, language),
    ]
    shown = _list(ranking, most, language, sentence)
    return element("section", element("h2", title), element("p", said), *(each for each in tallies if each), shown, id=ranking.goal.policy)


def _tally(label: str, counted: Sequence[tuple[str, int]], most: int, language: Language) -> Markup:
    """Return how often each word occurs, as bars of one line each."""
    if not counted:
        return Markup()
    top = counted[0][1]
    items: list[Markup] = []
    for words, count in counted[:most]:
        bar = element("i", "", style=f"width: {max(count * 120 // top, 2)}px")
        name = words or choose(language, "（没有登记）", "(not registered)")
        items.append(element("li", element("span", name, class_="what"), bar, element("span", f"{count:,}", class_="how-many")))
    rest = sum(count for _, count in counted[most:])
    if rest:
        items.append(element("li", choose(language, f"其他 {rest:,} 户", f"others {rest:,}"), class_="quiet"))
    return element("div", element("h3", label), element("ul", *items, class_="tally"), class_="tally-of")


def _near(ranking: Ranking) -> list[Listed]:
    """Return who is a step or two away."""
    return [each for each in ranking.listed if each.place is not Place.MET]


def _met(ranking: Ranking) -> list[Listed]:
    """Return who meets all conditions and does not have it."""
    return [each for each in ranking.listed if each.place is Place.MET]


def _list(ranking: Ranking, most: int, language: Language, sentence: Sentence) -> Markup:
    """Return the first of the list, and folded away those who need only apply."""
    near, met = _near(ranking), _met(ranking)
    head = choose(
        language,
        ("名次", "名称", "街道", "差在哪", "约需投入", "离线"),
        ("Rank", "Name", "Street", "What is lacking", "Costs about", "From the line"),
    )
    ranked = list(enumerate(near, 1))
    close = [(place, each) for place, each in ranked if each.is_close]
    far = [(place, each) for place, each in ranked if not each.is_close]

    def rows(some: Sequence[tuple[int, Listed]]) -> Markup:
        told = [_row(place, each, ranking, sentence) for place, each in some[:most]]
        shown = table(head, told, "plain list") if told else Markup()
        return join([shown, _more(len(some) - len(told), language)])

    none = choose(language, "离线两成以内的，没有。", "Nobody is within a fifth of the line.")
    parts = [rows(close) if close else element("p", none, class_="quiet")]
    if far:
        title = choose(language, f"离线更远的 {len(far):,} 户", f"{len(far):,} further from the line")
        tally = _tally(choose(language, "只差一步的，差的是", "One step away, lacking"), ranking.lacking_far, SHOWN_LACKING, language)
        parts.append(element("details", element("summary", title), tally, rows(far)))
    if met:
        title = choose(language, f"已符合条件、还没有的 {len(met):,} 户", f"{len(met):,} that meet all conditions and do not have it")
        names = table(head[1:3], ([_name(each), each.street or "–"] for each in met[:most]), "plain")
        parts.append(element("details", element("summary", title), names, _more(len(met) - len(met[:most]), language)))
    return join(parts)


def _more(rest: int, language: Language) -> Markup:
    said = choose(language, f"另有 {rest:,} 户，见 next-steps.csv。", f"{rest:,} more in next-steps.csv.")
    return element("p", said, class_="quiet") if rest > 0 else Markup()


def _name(each: Listed) -> Markup:
    return join([element("b", each.name or each.code), element("br"), element("span", each.code, class_="quiet code")])


def _row(place: int, each: Listed, ranking: Ranking, sentence: Sentence) -> Sequence[str]:
    share = "–" if each.share >= NEVER else "< 0.1%" if each.share < LEAST_SHARE else f"{Decimal(each.share) / 10_000:.1f}%"
    cost = format_yuan(Decimal(each.cost_fen).scaleb(-2)) if each.cost_fen is not None else "–"
    return [str(place), _name(each), each.street or "–", sentence(ranking, each), cost, share]


STYLE = """
main { max-width: 1180px; padding: 36px 44px 56px; }
h1 { font-size: 28px; margin-bottom: 6px; } .synthetic { margin-bottom: 20px; }
h2 { font-size: 19px; padding-bottom: 7px; border-bottom: 2px solid var(--accent); margin-bottom: 14px; }
h3 { font-size: 14px; margin: 0 0 4px; color: var(--quiet); font-family: var(--sans); font-weight: 400; }
section { margin-top: 36px; }
.plain { font-size: 14px; border-top: 2px solid var(--ink); border-bottom: 1px solid var(--ink); }
.plain thead th { background: var(--faint); border-bottom: 1px solid var(--line); white-space: nowrap; }
.plain td, .plain tbody th { border-bottom: 1px solid #e8ecf0; } .plain tbody th { font-weight: 600; }
.zero { color: #a9b1bc; } .strong { font-weight: 700; color: var(--accent); }
.list td:first-child { color: var(--quiet); width: 1%; white-space: nowrap; }
.list td:nth-child(3), .list td:nth-child(5), .list td:nth-child(6) { white-space: nowrap; font-variant-numeric: tabular-nums; }
.list td:nth-child(5), .list td:nth-child(6), .list th:nth-child(5), .list th:nth-child(6) { text-align: right; }
.list td:nth-child(2) { min-width: 15em; }
.code { font-size: 12px; font-family: var(--mono); }
.tally-of { display: inline-block; vertical-align: top; margin: 0 40px 16px 0; }
.tally { list-style: none; padding: 0; margin: 0; font-size: 13px; }
.tally li { display: flex; align-items: center; gap: 8px; } .tally .what { min-width: 16em; }
.tally i { display: inline-block; height: 9px; background: var(--accent); opacity: .75; } .how-many { color: var(--quiet); }
details { margin-top: 12px; font-size: 14px; } summary { cursor: pointer; color: var(--accent); padding: 4px 0; }
.note { margin-top: 14px; font-size: 13px; }
@media screen and (max-width: 900px) { main { padding: 20px 16px; } .plain { font-size: 12.5px; }
  .list td { white-space: normal !important; } }
@media print { main { max-width: none; padding: 0; } h1 { font-size: 18pt; } h2 { font-size: 13pt; }
  .plain { font-size: 8.5pt; } .plain th, .plain td { padding: 2pt 3pt; } section { margin-top: 18pt; } }
"""
"""What the page looks like beside the common style."""
