"""The requirement graph of a policy as SVG: what rests on what, with links to the rules and what a proof found on it.

    facts, parameters, decisions of other policies ──> decisions ──> eligibility, result, amount

The shapes are those of DMN 1.5, chapter 6: a decision is a rectangle, input data has round ends, a business knowledge model
has clipped corners; a knowledge source is drawn as the small document before the article in a decision. Nothing is fetched,
nothing runs: colours come from the page, places from `graph_layout`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from zhida.dmn.compiled import CompiledDecision, CompiledKnowledge
from zhida.dmn.model import Decision, DecisionTable
from zhida.errors import SEVERITY_WORDS, Language
from zhida.errors.code import Severity
from zhida.policy.pack import Packs, Policy, parameter_id
from zhida.policy.years import parse_offset
from zhida.report.graph_layout import Box, Layout, Place, layout
from zhida.report.page import Markup, element, join
from zhida.report.weave_rules import anchor
from zhida.report.words import choose, listed
from zhida.source import display_width

MARGIN = 12
"""Around the graph: room for badges."""

CELL, SMALL_CELL = 6, 5
"""Width of a terminal cell of a name and of the small line below it; a wide character takes two."""

LINE, SMALL_LINE = 16, 14
"""Height of a line of a name, and of the small line."""

LONGEST = 17
"""Cells of a name that stand on one line."""

LONGEST_SMALL = 22
"""Cells of the small line."""

LEGIBLE = 18, 25
"""How far a wide graph may shrink on a screen before one scrolls to it."""

UPRIGHT, LYING = (688, 880), (1016, 560)
"""Room for a graph on a printed sheet, upright and lying, in pixels."""


class Kind(StrEnum):
    """What an element is drawn as."""

    FACT = "fact"
    PARAMETER = "parameter"
    USED = "used"
    DECISION = "decision"
    GOAL = "goal"
    KNOWLEDGE = "knowledge"


KINDS: Mapping[Kind, tuple[str, str]] = {
    Kind.FACT: ("事实", "fact"),
    Kind.PARAMETER: ("参数", "parameter"),
    Kind.USED: ("引用的决策", "decision of another policy"),
    Kind.DECISION: ("决策", "decision"),
    Kind.GOAL: ("政策的结论", "what the policy comes to"),
    Kind.KNOWLEDGE: ("算法", "business knowledge model"),
}
"""What the kinds are called, in Chinese and in English."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a proof found on an element."""

    counts: Mapping[Severity, int]
    """How many findings there are of each gravity."""
    undecided: int = 0
    """How many questions are open."""
    lines: tuple[str, ...] = ()
    """What was found, in words."""

    @property
    def worst(self) -> Severity | None:
        """The gravest kind that there is."""
        return next((severity for severity in Severity if self.counts.get(severity)), None)


@dataclass(frozen=True, slots=True)
class _Element:
    """An element of the graph, in words."""

    kind: Kind
    lines: tuple[str, ...]
    small: str
    article: str
    href: str
    title: str


def requirement_graph(policy: Policy, packs: Packs, marks: Mapping[str, Mark], language: Language) -> Markup:
    """Return the graph of a policy with its legend, or nothing where it decides nothing.

    Args:
        policy: The policy.
        packs: The packs that it stands in, for the names of what it uses.
        marks: What was found, by the id of the decision.
        language: Of the labels.
    """
    requirements = _requirements(policy)
    if not requirements:
        return Markup()
    asked = dict.fromkeys(each for needs in requirements.values() for each in needs)
    elements = {
        id_: _element(policy, packs, id_, language) for id_ in (*requirements, *(each for each in asked if each not in requirements))
    }
    boxes = [Box(id_, _width(each), _height(each)) for id_, each in elements.items()]
    found = layout(boxes, requirements)
    width, height = found.width + 2 * MARGIN, found.height + 2 * MARGIN
    title, about = _described(elements, marks, language)
    arrows = element("g", *(_arrow(found, *arrow, elements) for arrow in found.arrows), class_="arrows", aria_hidden="true")
    shapes = (_shape(elements[id_], place, marks.get(id_), language) for id_, place in found.places.items())
    drawing = element(
        "svg",
        element("title", title, id="graph-title"),
        element("desc", about, id="graph-about"),
        _heads(),
        arrows,
        *shapes,
        viewBox=f"{-MARGIN} {-MARGIN} {width} {height}",
        width=str(width),
        height=str(height),
        role="group",
        aria_labelledby="graph-title graph-about",
    )
    # Nothing is drawn in it: where the page is narrower it keeps the sheet wide, and one scrolls; no style is stated in the element.
    least = element("svg", width=str(width * LEGIBLE[0] // LEGIBLE[1]), height="0", class_="least", aria_hidden="true")
    return element(
        "figure",
        element("div", drawing, least, class_="sheet", role="region", aria_label=title, tabindex="0"),
        _legend(elements, marks, language),
        class_=_class(width, height),
    )


def _requirements(policy: Policy) -> dict[str, tuple[str, ...]]:
    """Return what each decision and business knowledge model of a policy requires, in the order of the text."""
    compiled = policy.compiled
    written = (*(item.id for item in policy.tangled.decisions), *(item.id for item in policy.tangled.knowledge_models))
    places = {id_: place for place, id_ in enumerate(written)}
    parts: dict[str, CompiledDecision | CompiledKnowledge] = {**compiled.decisions, **compiled.knowledge}
    order = sorted(parts, key=lambda id_: places.get(id_, len(places)))
    return {id_: tuple(dict.fromkeys(parts[id_].requirements.values())) for id_ in order}


def _element(policy: Policy, packs: Packs, id_: str, language: Language) -> _Element:
    """Return what is said of one element."""
    compiled = policy.compiled
    if id_ in compiled.decisions:
        decision = compiled.decisions[id_].decision
        is_applies = id_ == policy.applies_id
        name = choose(language, "适用范围", "scope") if is_applies else decision.name
        href = "" if is_applies else f"#{anchor('decision', name)}"
        small = listed(_roles(policy, id_, language), language)
        kind = Kind.GOAL if id_ in _goals(policy) else Kind.DECISION
        return _told(kind, name, href, (small, _articles(decision)), language)
    if id_ in compiled.knowledge:
        model = compiled.knowledge[id_].model
        href, articles = f"#{anchor('decision', model.name)}", [model.span.article] if model.span.article else []
        return _told(Kind.KNOWLEDGE, model.name, href, ("", articles), language)
    if id_ in compiled.inputs:
        name = compiled.inputs[id_].name
        is_parameter = id_ == parameter_id(name)
        place = anchor("parameter", name) if is_parameter else anchor("fact", parse_offset(name)[0])
        return _told(Kind.PARAMETER if is_parameter else Kind.FACT, name, f"#{place}", ("", ()), language)
    used, _, name = id_.rpartition("#")
    title = packs.policies[used].front.title if used in packs.policies else used
    return _told(Kind.USED, name, f"#{anchor('used', used)}" if used else "", (title, ()), language)


def _told(kind: Kind, name: str, href: str, below: tuple[str, Sequence[str]], language: Language) -> _Element:
    """Return an element by its kind, name and place on the page, and what stands below its name: a few words and articles."""
    small, articles = below
    article = listed(dict.fromkeys(_short(each) for each in articles), language)
    said = [choose(language, *KINDS[kind]), name, *(part for part in (small, listed(articles, language)) if part)]
    return _Element(kind, _wrapped(name), _cut(small, LONGEST_SMALL), _cut(article, LONGEST_SMALL), href, " · ".join(said))


def _articles(decision: Decision) -> list[str]:
    """Return the articles that a decision executes: its own, or those of its rules."""
    if decision.span.article or not isinstance(decision.expression, DecisionTable):
        return [decision.span.article] if decision.span.article else []
    return list(dict.fromkeys(rule.article for rule in decision.expression.rules if rule.article))


def _short(article: str) -> str:
    """Return an article without the document that it is of, which stands at the top of the page.

    >>> _short("国科发火〔2016〕32号第十一条")
    '第十一条'
    """
    found = re.search(r"第[^第]{1,8}条[^第]*$", article)
    return found[0] if found else article


def _goals(policy: Policy) -> set[str | None]:
    """Return the ids of what a policy comes to; where it says nothing for a subject, of what it publishes."""
    front = policy.front
    stated = {policy.applies_id, policy.eligible_id, policy.result_id, policy.amount_id}
    has_answer = front.eligible or front.result or front.amount
    return stated if has_answer else stated | {policy.element(name) for name in front.publishes}


def _roles(policy: Policy, id_: str, language: Language) -> list[str]:
    """Return what a decision is for the policy as a whole."""
    published = {policy.element(name) for name in policy.front.publishes}
    roles = (
        (policy.eligible_id, "资格", "eligibility"),
        (policy.result_id, "结果", "result"),
        (policy.amount_id, "金额", "amount"),
        (id_ if id_ in published else None, "供引用", "published"),
    )
    return [choose(language, zh, en) for role, zh, en in roles if role == id_]


# --- words that fit ------------------------------------------------------------------------------------------------


def _wrapped(name: str) -> tuple[str, ...]:
    """Return a name on as few lines as it needs, about equally long; figures, Latin words and what follows a space stay whole.

    >>> _wrapped("近三年国家级科技奖励名次"), _wrapped("平台评价得分数 前1年")
    (('近三年国家级', '科技奖励名次'), ('平台评价得分数', '前1年'))
    """
    if display_width(name) <= LONGEST:
        return (name,)
    first, space, rest = name.rpartition(" ")
    if space and display_width(rest) <= LONGEST:
        return (*_wrapped(first), rest)
    count = -(-display_width(name) // LONGEST)
    room = -(-display_width(name) // count)
    lines = [""]
    for part in re.findall(r"[\w.%-]+|\s+|.", name, re.ASCII):
        if lines[-1] and display_width(lines[-1] + part) > room + 1:
            lines.append("")
        lines[-1] += part
    return tuple(line.strip() for line in lines if line.strip())


def _cut(text: str, room: int) -> str:
    """Return a text that takes at most so many cells.

    >>> _cut("浙江省专精特新中小企业", 10)
    '浙江省专…'
    """
    if display_width(text) <= room:
        return text
    while display_width(text) > room - 1:
        text = text[:-1]
    return text + "…"


def _width(shown: _Element) -> int:
    name = max(display_width(line) for line in shown.lines) * CELL
    small = sum(display_width(each) * SMALL_CELL + 16 for each in (shown.small, shown.article) if each)
    return max(name + 26, small + 14, 64)


def _height(shown: _Element) -> int:
    lines = LINE * len(shown.lines)
    return lines + (8 if shown.kind in {Kind.FACT, Kind.PARAMETER} else 14) + (SMALL_LINE if shown.small or shown.article else 0)


# --- shapes --------------------------------------------------------------------------------------------------------


def _heads() -> Markup:
    """Return the heads of arrows: filled for information, open for knowledge."""
    filled = element("marker", element("path", d="M0 0 8 4 0 8Z", class_="filled"), id="graph-head", **_HEAD)
    opened = element("marker", element("path", d="M1 1 7 4 1 7", class_="open-head"), id="graph-open-head", **_HEAD)
    return element("defs", filled, opened)


_HEAD = {"viewBox": "0 0 8 8", "refX": "7", "refY": "4", "markerWidth": "7", "markerHeight": "7", "orient": "auto"}


def _arrow(found: Layout, need: str, by: str, trunk: tuple[Place, ...], elements: Mapping[str, _Element]) -> Markup:
    """Return the line from what is required, through the columns between, to who requires it."""
    start, end = found.places[need], found.places[by]
    x, y = start.x + start.width, start.middle
    drawn = [f"M{x} {y}"]
    for stop in (*trunk, end):
        half = stop.x - found.gap // 2
        drawn.append(f"C{half} {y} {half} {stop.middle} {stop.x} {stop.middle}")
        y = stop.middle
        if stop is not end:
            drawn.append(f"H{stop.x + stop.width}")
    is_knowledge = elements[need].kind is Kind.KNOWLEDGE
    head = "url(#graph-open-head)" if is_knowledge else "url(#graph-head)"
    return element("path", d=" ".join(drawn), class_="knows" if is_knowledge else "", marker_end=head)


def _shape(shown: _Element, place: Place, mark: Mark | None, language: Language) -> Markup:
    """Return an element in its place, leading to where it stands on the page."""
    words = [shown.title, *(mark.lines if mark else ())]
    x = place.x + place.width // 2
    has_small = bool(shown.small or shown.article)
    top = place.middle - (LINE * len(shown.lines) + (SMALL_LINE if has_small else 0)) // 2
    texts = [element("text", line, x=str(x), y=str(top + LINE * number + 12), class_="name-of") for number, line in enumerate(shown.lines)]
    if has_small:
        texts.append(_small_line(shown, x, top + LINE * len(shown.lines) + 10))
    outline = _outline(shown.kind, place.x, place.y, place.width, place.height)
    parts = (element("title", "\n".join(words)), outline, *texts, *(_badges(mark, place, language) if mark else ()))
    inside = element("a", *parts, href=shown.href) if shown.href else join(parts)
    return element("g", inside, class_=f"node is-{shown.kind.value}")


def _small_line(shown: _Element, x: int, y: int) -> Markup:
    """Return the line below a name: what it is for, and behind the sign of a knowledge source its article."""
    if not shown.article:
        return element("text", shown.small, x=str(x), y=str(y), class_="small-of")
    small = display_width(shown.small) * SMALL_CELL
    article = display_width(shown.article) * SMALL_CELL
    left = x - (small + (10 if small else 0) + 13 + article) // 2
    role = element("text", shown.small, x=str(left), y=str(y), class_="small-of begins") if small else Markup()
    left += small + (10 if small else 0)
    return join([role, _document(left, y - 8), element("text", shown.article, x=str(left + 13), y=str(y), class_="article-of")])


def _document(x: int, y: int) -> Markup:
    """Return the sign of a knowledge source: a sheet with a wavy lower edge."""
    return element("path", d=f"M{x} {y}h10v8q-2.5 -2.5 -5 0t-5 0z", class_="document")


def _outline(kind: Kind, x: int, y: int, width: int, height: int) -> Markup:
    """Return the shape of a kind."""
    if kind is Kind.KNOWLEDGE:
        points = [(x + 9, y), (x + width, y), (x + width, y + height - 9), (x + width - 9, y + height), (x, y + height), (x, y + 9)]
        return element("polygon", points=" ".join(f"{across},{down}" for across, down in points), class_="shape")
    radius = min(height // 2, 16) if kind in {Kind.FACT, Kind.PARAMETER} else 2
    sides = {"x": str(x), "y": str(y), "width": str(width), "height": str(height), "rx": str(radius)}
    return element("rect", **sides, class_="shape")


def _badges(mark: Mark, place: Place, language: Language) -> list[Markup]:
    """Return how many findings there are on an element, coloured by the gravest, and whether something is open."""
    x, found = place.x + place.width - 4, []
    if mark.worst is not None:
        words = SEVERITY_WORDS[language][mark.worst]
        found.append(_badge(x, place.y - 2, mark.worst.value, str(sum(mark.counts.values())), words))
        x -= 17
    if mark.undecided:
        found.append(_badge(x, place.y - 2, "undecided", "?", choose(language, "未能判定", "not decided")))
    return found


def _badge(x: int, y: int, class_: str, text: str, title: str) -> Markup:
    return element(
        "g",
        element("title", title),
        element("circle", cx=str(x), cy=str(y), r="7.5"),
        element("text", text, x=str(x), y=str(y + 4)),
        class_=f"badge-of {class_}",
    )


# --- around it -----------------------------------------------------------------------------------------------------


def _described(elements: Mapping[str, _Element], marks: Mapping[str, Mark], language: Language) -> tuple[str, str]:
    """Return the title of the graph and what one who cannot see it should know."""
    counts = [(kind, sum(each.kind is kind for each in elements.values())) for kind in Kind]
    said = choose(language, "、", ", ").join(f"{choose(language, *KINDS[kind])} {count}" for kind, count in counts if count)
    marked = [id_ for id_ in elements if id_ in marks]
    open_ = choose(language, f"证明标记了 {len(marked)} 个决策。", f" The proof marks {len(marked)} decisions.") if marked else ""
    way = choose(
        language,
        f"从左到右：左边是依据，右边是结论；箭头由被用到的指向用到它的。共有：{said}。",
        f"From left to right: what is given, then what is decided; an arrow leads to what uses it. There are: {said}.",
    )
    return choose(language, "需求图", "Requirement graph"), way + open_


def _legend(elements: Mapping[str, _Element], marks: Mapping[str, Mark], language: Language) -> Markup:
    """Return what the shapes and badges mean, those that occur."""
    kinds = [kind for kind in Kind if any(each.kind is kind for each in elements.values())]
    items = [_legend_item(_outline(kind, 1, 1, 28, 14), f"node is-{kind.value}", choose(language, *KINDS[kind])) for kind in kinds]
    if any(each.article for each in elements.values()):
        items.append(_legend_item(_document(10, 4), "node", choose(language, "依据的条款（知识来源）", "article (knowledge source)")))
    shown = [mark for id_, mark in marks.items() if id_ in elements]
    for severity in Severity:
        if any(mark.worst is severity for mark in shown):
            zh, en = (SEVERITY_WORDS[each][severity] for each in ("zh", "en"))
            label = choose(language, f"最重的是{zh}（共几处）", f"at worst {en} (how many in all)")
            items.append(_legend_item(_badge(15, 8, severity.value, "1", ""), "", label))
    if any(mark.undecided for mark in shown):
        items.append(_legend_item(_badge(15, 8, "undecided", "?", ""), "", choose(language, "未能判定", "not decided")))
    return element("figcaption", *items)


def _legend_item(sign: Markup, class_: str, label: str) -> Markup:
    drawn = element("svg", element("g", sign, class_=class_), viewBox="0 0 30 16", width="30", height="16", aria_hidden="true")
    return element("span", drawn, label, class_="sign")


def _class(width: int, height: int) -> str:
    """Return how a graph is printed: on a sheet of its own, lying, where it would be too small in the text."""
    upright = min(100 * UPRIGHT[0] // width, 100 * UPRIGHT[1] // height)
    lying = min(100 * LYING[0] // width, 100 * LYING[1] // height)
    return "graph lying" if upright < min(lying, 80) else "graph"


STYLE = """
.graph { margin: 0; }
.graph .sheet { display: grid; grid-template-columns: minmax(min-content, 1fr); overflow-x: auto; padding: 4px 0 8px; }
.graph .sheet > svg { display: block; max-width: 100%; height: auto; margin: 0 auto; font-family: var(--sans); }
.graph .sheet > .least { max-width: none; height: 0; visibility: hidden; }
.graph text { font-size: 12px; fill: var(--ink); text-anchor: middle; }
.graph .small-of, .graph .article-of { font-size: 10px; fill: var(--quiet); }
.graph .article-of { fill: var(--accent); } .graph .begins, .graph .article-of { text-anchor: start; }
.graph .document { fill: none; stroke: var(--accent); stroke-width: .9; }
.graph .arrows path { fill: none; stroke: #93a1b1; stroke-width: 1.1; }
.graph .arrows .knows { stroke-dasharray: 4 3; }
.graph .filled { fill: #7b8a9b; } .graph .open-head { fill: none; stroke: #7b8a9b; stroke-width: 1.2; }
.graph .shape { fill: var(--paper); stroke: #4a5a6d; stroke-width: 1.1; }
.graph .is-fact .shape { fill: var(--faint); stroke: #b3bfcc; }
.graph .is-parameter .shape { stroke: #8494a6; stroke-dasharray: 1.5 2.5; }
.graph .is-used .shape { fill: var(--faint); stroke: #4a5a6d; stroke-dasharray: 5 3; }
.graph .is-goal .shape { fill: var(--accent-faint); stroke: var(--accent); stroke-width: 1.8; }
.graph .is-goal .name-of { font-weight: 700; fill: var(--accent); }
.graph a:hover .shape, .graph a:focus .shape { stroke: var(--accent); stroke-width: 2; }
.graph a:hover { text-decoration: none; }
.graph .badge-of circle { stroke: var(--paper); stroke-width: 1.5; fill: #7d8794; }
.graph .badge-of text { font-size: 10.5px; font-weight: 700; fill: #fff; }
.graph .error circle { fill: var(--bad); } .graph .warning circle { fill: #b87400; } .graph .information circle { fill: #3d78ad; }
.graph figcaption { display: flex; flex-wrap: wrap; gap: 4px 22px; font-size: 12.5px; color: var(--quiet); margin-top: 6px; }
.graph .sign { display: inline-flex; align-items: center; gap: 7px; }
@page graph { size: A4 landscape; margin: 14mm; }
@media print {
  .graph .sheet { display: block; overflow: visible; padding: 0; } .graph .sheet > .least { display: none; } .graph { break-inside: avoid; }
  .graph .sheet > svg { max-height: 232mm; }
  section:has(> .graph.lying) { page: graph; margin-top: 0; } .graph.lying .sheet > svg { max-height: 148mm; width: 100%; }
  .graph figcaption { font-size: 8pt; }
}
"""
"""What the graph looks like."""
