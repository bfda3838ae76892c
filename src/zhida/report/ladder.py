"""A ladder as a picture: the rungs that a subject has, the next one with what is lacking, those above in grey.

    ┌ 初创企业 ┐   ┌ 科技型中小企业 ┐                    ┌ 高新技术企业 ┐
    │ ✓ 已获得 │ → │ ✓ 至 2027-… │ → ┌ 创新型 ┐ → │ 下一步：…   │
                                        └────────┘     └────────────┘      each rung stands higher than those before it

SVG that stands alone: nothing is fetched, nothing runs, its style is inside; it prints in black and white, since every standing is
said in words too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from zhida.entitle.next.ladder import LadderStanding, RungStanding, Standing
from zhida.errors import Language
from zhida.report.page import Markup, element
from zhida.report.words import choose, format_date, listed
from zhida.source import display_width

WIDTH, GAP, RISE, PAD = 208, 34, 46, 12
"""Width of a rung, space between two columns, how much higher the next column stands, space around the words of a rung."""

STACKED = 18
"""Space between two rungs that stand on the same step."""

CELL, TITLE_CELL = 6, 7
"""Width of half a wide character: of a line, of the name."""

LINE, TITLE_LINE = 18, 20
"""Height of a line, of a line of the name."""

MOST_LINES = 7
"""Lines below the name; the page has all of it."""

MARGIN = 10

WORDS: Mapping[Standing, tuple[str, str]] = {
    Standing.HELD: ("已获得", "held"),
    Standing.MET: ("已符合条件，可以申报", "all conditions met: apply"),
    Standing.REVIEW: ("能算的都符合，等人评审", "computable conditions met: for review"),
    Standing.OPEN: ("还说不准", "not certain yet"),
    Standing.NEXT: ("下一步", "next"),
    Standing.LATER: ("以后", "later"),
    Standing.OUT: ("不适用", "not applicable"),
}
"""How a standing is called."""

SIGNS: Mapping[Standing, str] = {
    Standing.HELD: "✓",
    Standing.MET: "●",
    Standing.REVIEW: "◐",
    Standing.OPEN: "?",
    Standing.NEXT: "→",
    Standing.LATER: "○",
    Standing.OUT: "–",
}
"""The sign before it, which tells standings apart without colours."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    """A rung in words, and where it is drawn."""

    shown: RungStanding
    title: tuple[str, ...]
    lines: tuple[str, ...]
    level: int

    @property
    def height(self) -> int:
        """Its height."""
        return PAD + TITLE_LINE * len(self.title) + LINE * (1 + len(self.lines)) + PAD - 2


def standing_words(shown: RungStanding, language: Language) -> str:
    """Return how a subject stands to a rung, in a few words."""
    said = choose(language, *WORDS[shown.standing])
    if shown.standing is Standing.HELD and shown.until is not None:
        until = format_date(shown.until, language)
        return choose(language, f"{said}，至 {until}", f"{said} until {until}")
    return said


def lacking_words(shown: RungStanding, language: Language, steps: str) -> list[str]:
    """Return what a reader should know below the standing: what has ended, what is lacking or not known.

    Args:
        shown: The rung.
        language: In which language.
        steps: Its steps in words; empty where there are none.
    """
    said = []
    if shown.standing is not Standing.HELD and shown.until is not None:
        until = format_date(shown.until, language)
        said.append(choose(language, f"原有的到 {until} 为止", f"had until {until}"))
    if not shown.is_known:
        said.append(choose(language, "登记里看不出是否已获得", "not known whether held"))
    if shown.standing is Standing.OPEN and shown.assessment is not None:
        said.append(choose(language, "缺：", "missing: ") + listed(shown.assessment.missing[:3], language))
    if steps:
        said.append(steps)
    elif shown.standing is Standing.NEXT and shown.lacks:
        names = listed((lack.name for lack in shown.lacks), language)
        said.append(choose(language, f"不止一两步；没有达到：{names}", f"more than two changes away; not met: {names}"))
    return said


def ladder_svg(ladder: LadderStanding, language: Language, steps: Callable[[RungStanding], str]) -> Markup:
    """Return a ladder as a picture.

    Args:
        ladder: Where a subject stands.
        language: Of the words.
        steps: Says the steps of a rung in words; an empty text where there are none.
    """
    levels = _levels(ladder)
    drawn = [_drawn(shown, levels[shown.rung.name], language, steps(shown)) for shown in ladder.rungs]
    columns: dict[int, list[_Drawn]] = {}
    for each in drawn:
        columns.setdefault(each.level, []).append(each)
    boxes = _placed(columns)
    top = min(y for _, y, _ in boxes.values())
    width, height = (max(columns) + 1) * (WIDTH + GAP) - GAP, max(y + each.height for _, y, each in boxes.values()) - top
    arrows = [_arrow(boxes[before], box) for box in boxes.values() for before in _below(box[2], levels)]
    shapes = [_shape(x, y, each, language) for x, y, each in boxes.values()]
    about = choose(language, "；", "; ").join(
        f"{each.shown.rung.name}{choose(language, '：', ': ')}{standing_words(each.shown, language)}" for each in drawn
    )
    return element(
        "svg",
        element("title", ladder.ladder.name),
        element("desc", about),
        element("style", Markup(SVG_STYLE)),
        element(
            "rect", x=str(-MARGIN), y=str(top - MARGIN), width=str(width + 2 * MARGIN), height=str(height + 2 * MARGIN), class_="sheet"
        ),
        element("g", *arrows, class_="ways"),
        *shapes,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"{-MARGIN} {top - MARGIN} {width + 2 * MARGIN} {height + 2 * MARGIN}",
        width=str(width + 2 * MARGIN),
        height=str(height + 2 * MARGIN),
        role="img",
        class_="ladder",
    )


def _placed(columns: Mapping[int, Sequence[_Drawn]]) -> dict[str, tuple[int, int, _Drawn]]:
    """Return the left and upper side of each rung: each column a step higher, each rung above the middle of those that lead to it."""
    boxes: dict[str, tuple[int, int, _Drawn]] = {}
    levels = {each.shown.rung.name: level for level, column in columns.items() for each in column}
    for level in sorted(columns):
        bottom = -RISE * level
        for each in columns[level]:  # the first of a column stands lowest
            led = [boxes[name] for name in _below(each, levels)]
            middles = [y + before.height // 2 for _, y, before in led]
            y = min([bottom - each.height, *(middle - RISE // 2 - each.height // 2 for middle in middles)])
            boxes[each.shown.rung.name] = (level * (WIDTH + GAP), y, each)
            bottom = y - STACKED
    return boxes


def _below(each: _Drawn, levels: Mapping[str, int]) -> list[str]:
    """Return the rungs from which an arrow leads to one: those on the step just below it, so that none passes behind another."""
    return [name for name in each.shown.rung.before if levels[name] == each.level - 1]


def _levels(ladder: LadderStanding) -> dict[str, int]:
    """Return on which step each rung stands: one above the highest of those before it."""
    levels: dict[str, int] = {}
    for shown in ladder.rungs:
        levels[shown.rung.name] = max((levels[name] + 1 for name in shown.rung.before), default=0)
    return levels


def _drawn(shown: RungStanding, level: int, language: Language, steps: str) -> _Drawn:
    room = (WIDTH - 2 * PAD) // CELL
    lines = [line for said in lacking_words(shown, language, steps) for line in wrapped(said, room)]
    if len(lines) > MOST_LINES:
        lines = [*lines[: MOST_LINES - 1], "…"]
    return _Drawn(shown, tuple(wrapped(shown.rung.name, (WIDTH - 2 * PAD) // TITLE_CELL)), tuple(lines), level)


def wrapped(text: str, room: int) -> list[str]:
    """Return a text in lines of at most so many cells; figures and Latin words stay whole, no line begins with a closing mark.

    >>> wrapped("研发费用占比 4.7%，线 5%：再投入 12.35 万元", 20)
    ['研发费用占比 4.7%，', '线 5%：再投入 12.35', '万元']
    """
    lines = [""]
    for part in _parts(text):
        if lines[-1] and display_width(lines[-1] + part.rstrip()) > room and part not in CLOSING:
            lines.append("")
        lines[-1] = (lines[-1] + part).lstrip()
    return [line.rstrip() for line in lines if line.strip()]


CLOSING = "，。；：、）」”%…,.;:)"
"""Marks that no line begins with."""


def _parts(text: str) -> Sequence[str]:
    """Return the parts that a line may end behind: each wide character, each run of others."""
    parts: list[str] = []
    for character in text:
        is_narrow = display_width(character) < 2 and not character.isspace() and character not in CLOSING
        joins = is_narrow and parts and display_width(parts[-1]) == len(parts[-1]) and not parts[-1].isspace()
        if joins or (parts and character in ",.%" and parts[-1][-1:].isdigit()):
            parts[-1] += character
        else:
            parts.append(character)
    return parts


def _arrow(start: tuple[int, int, _Drawn], end: tuple[int, int, _Drawn]) -> Markup:
    """Return the way from a rung to the next: out of its right side, into the left one."""
    x, y = start[0] + WIDTH, start[1] + start[2].height // 2
    to_x, to_y = end[0], end[1] + end[2].height // 2
    half = (x + to_x) // 2
    is_walked = end[2].shown.standing is Standing.HELD
    head = f"M{to_x - 7} {to_y - 4}L{to_x} {to_y}L{to_x - 7} {to_y + 4}"
    return element("path", d=f"M{x} {y}C{half} {y} {half} {to_y} {to_x} {to_y}{head}", class_="walked" if is_walked else "")


def _shape(x: int, y: int, each: _Drawn, language: Language) -> Markup:
    """Return one rung in its place."""
    shown = each.shown
    texts, down = [], y + PAD + 12
    for line in each.title:
        texts.append(element("text", line, x=str(x + PAD), y=str(down), class_="name"))
        down += TITLE_LINE
    standing = f"{SIGNS[shown.standing]} {standing_words(shown, language)}"
    texts.append(element("text", standing, x=str(x + PAD), y=str(down), class_="standing"))
    for line in each.lines:
        down += LINE
        texts.append(element("text", line, x=str(x + PAD), y=str(down), class_="line"))
    box = element("rect", x=str(x), y=str(y), width=str(WIDTH), height=str(each.height), rx="5", class_="rung")
    step = element("rect", x=str(x), y=str(y + each.height - 4), width=str(WIDTH), height="4", rx="2", class_="step")
    tip = choose(language, "，", ", ").join(part for part in (shown.rung.name, shown.rung.article, shown.rung.note) if part)
    return element("g", element("title", tip), box, step, *texts, class_=f"is-{shown.standing.value}")


SVG_STYLE = """
.ladder { font-family: "Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei", sans-serif; }
.ladder .sheet { fill: #fff; }
.ladder text { fill: #1c2330; font-size: 12px; }
.ladder .name { font-size: 14px; font-weight: 700; }
.ladder .standing { font-weight: 600; }
.ladder .ways path { fill: none; stroke: #b3bfcc; stroke-width: 1.3; }
.ladder .ways .walked { stroke: #1b6e3c; stroke-width: 1.8; }
.ladder .rung { fill: #fff; stroke: #b3bfcc; stroke-width: 1; }
.ladder .step { fill: #b3bfcc; }
.ladder .is-held .rung { fill: #e9f5ee; stroke: #1b6e3c; }
.ladder .is-held .step { fill: #1b6e3c; }
.ladder .is-held .standing { fill: #1b6e3c; }
.ladder .is-met .rung { fill: #eaf1f8; stroke: #174a7c; }
.ladder .is-met .step { fill: #174a7c; }
.ladder .is-met .standing { fill: #174a7c; }
.ladder .is-next .rung { stroke: #174a7c; stroke-width: 1.8; }
.ladder .is-next .step { fill: #174a7c; }
.ladder .is-next .standing { fill: #174a7c; }
.ladder .is-review .rung, .ladder .is-open .rung { fill: #fff6e0; stroke: #e3b341; }
.ladder .is-review .step, .ladder .is-open .step { fill: #e3b341; }
.ladder .is-review .standing, .ladder .is-open .standing { fill: #8a5a00; }
.ladder .is-later .rung, .ladder .is-out .rung { fill: #f5f7f9; stroke-dasharray: 4 3; }
.ladder .is-later .step, .ladder .is-out .step { fill: #d8dde4; }
.ladder .is-later text, .ladder .is-out text { fill: #6b7480; }
"""
"""What the picture looks like, whether it stands in a page or alone."""
