"""What examples show of a policy, on its page: who fires each rule, which thresholds have both sides, how much in all."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zhida.assess.examples import ExampleResult
from zhida.errors import Language
from zhida.proof.coverage.findings import lacks
from zhida.proof.coverage.measure import Coverage, RuleShown, ThresholdShown, coverage_of_results
from zhida.report.page import Markup, element, join
from zhida.report.words import choose

MOST_NAMED = 4
"""How many examples are named beside a rule; the rest are counted."""

SIGNS = {2: ("●", "both"), 1: ("◐", "one"), 0: ("○", "none")}
"""The mark of a threshold by how many of its sides are shown, and how it looks."""


@dataclass(frozen=True, slots=True)
class DecisionCoverage:
    """What examples show of one decision."""

    coverage: Coverage
    """Of its policy, narrowed to the decision."""
    rules: Mapping[int, RuleShown]
    """Its rules by their place; behind the last one, the default outputs."""
    lines: Mapping[tuple[int | None, int | None], Sequence[ThresholdShown]]
    """Its thresholds by the place of their rule and column."""


def coverage_by_decision(results: Sequence[ExampleResult]) -> dict[str, DecisionCoverage]:
    """Return what examples show of each decision of a policy, by id; of none where no example was run."""
    covered = coverage_of_results(results)
    if covered is None:
        return {}
    found: dict[str, DecisionCoverage] = {}
    for id_ in dict.fromkeys(shown.condition.decision_id for shown in covered.conditions):
        own = covered.of(id_)
        lines: dict[tuple[int | None, int | None], list[ThresholdShown]] = {}
        for threshold in own.thresholds:
            lines.setdefault((threshold.condition.rule, threshold.condition.column), []).append(threshold)
        found[id_] = DecisionCoverage(own, {rule.rule: rule for rule in own.rules}, lines)
    return found


def example_anchor(id_: str) -> str:
    """Return the id of an example's row on the page.

    >>> example_anchor("19#4")
    'example-19-4'
    """
    return "example-" + re.sub(r"[^\w.]+", "-", id_)


def fired_cell(shown: DecisionCoverage, place: int, language: Language) -> Markup:
    """Return the cell beside a rule: the examples in which it fires."""
    rule = shown.rules.get(place)
    if rule is None:
        return element("td", "", class_="fired")
    if not rule.fired and not rule.can_fire:
        return element("td", choose(language, "轮不到", "never reached"), class_="fired")
    if not rule.fired:
        return element("td", choose(language, "没有例", "no example"), class_="fired lacking")
    links = [element("a", id_, href=f"#{example_anchor(id_)}") for id_ in rule.fired[:MOST_NAMED]]
    rest = len(rule.fired) - len(links)
    more = choose(language, f" 等 {len(rule.fired)} 个", f" and {rest} more") if rest > 0 else ""
    return element("td", join(links, Markup(" ")), more, class_="fired", title=choose(language, "、", ", ").join(rule.fired))


def line_marks(shown: DecisionCoverage | None, place: int | None, column: int | None, language: Language) -> Markup:
    """Return the marks of the thresholds in one place: a sign for each, in the order of the text."""
    thresholds = () if shown is None else shown.lines.get((place, column), ())
    return join([_mark(threshold, language) for threshold in thresholds if threshold.needs_on or threshold.needs_past])


def _mark(threshold: ThresholdShown, language: Language) -> Markup:
    sign, kind = SIGNS[threshold.has_on + threshold.has_past]
    lacking = choose(language, *lacks(threshold))
    says = [f"{choose(language, *threshold.condition.text)}"]
    separator = choose(language, "、", ", ")
    if threshold.on:
        says.append(choose(language, "线上：", "on the line: ") + separator.join(threshold.on))
    if threshold.past:
        says.append(choose(language, "过线：", "past it: ") + separator.join(threshold.past))
    return element("span", sign, class_=f"side {kind}", title="\n".join([*says, *([lacking] if lacking else [])]))


def coverage_line(shown: DecisionCoverage | None, language: Language, *, explains: bool) -> Markup:
    """Return the line at the foot of a decision: how much of it examples show.

    Args:
        shown: What they show; None where no example was run.
        language: Of the words.
        explains: Whether the signs are explained, once on a page.
    """
    if shown is None:
        return Markup()
    zh_names, en_names = ("规则触发", "条件独立显示", "门槛两侧都有"), ("rules fired", "conditions shown", "thresholds with both sides")
    counts = (shown.coverage.rules_fired, shown.coverage.conditions_shown, shown.coverage.thresholds_shown)
    parts = [
        element("span", f"{choose(language, zh, en)} {part}/{whole}", class_="" if part == whole else "open")
        for zh, en, (part, whole) in zip(zh_names, en_names, counts, strict=True)
        if whole
    ]
    label = choose(language, "例的覆盖：", "Examples: ")
    line = element("p", label, join(parts, choose(language, "，", ", ")), *(_legend(language) if explains else ()))
    return element("div", line, _open_lines(shown, language), class_="covered")


def _open_lines(shown: DecisionCoverage, language: Language) -> Markup:
    """Return the thresholds outside of cells, each with its mark: those of expressions."""
    found = [threshold for (_, column), each in shown.lines.items() if column is None for threshold in each]
    outside = [threshold for threshold in found if threshold.needs_on or threshold.needs_past]
    if not outside:
        return Markup()
    items = [
        element(
            "li", _mark(threshold, language), element("code", choose(language, *threshold.condition.text)), _lacking(threshold, language)
        )
        for threshold in outside
    ]
    return element("ul", *items)


def _lacking(threshold: ThresholdShown, language: Language) -> Markup:
    said = choose(language, *lacks(threshold))
    return element("span", said, class_="lacking") if said else Markup()


def _legend(language: Language) -> tuple[Markup, ...]:
    """Return what the signs mean."""
    words = choose(
        language,
        ("门槛两侧都有例", "只有一侧", "两侧都没有"),
        ("examples on both sides of the threshold", "on one side", "on neither"),
    )
    signs = [join([element("span", sign, class_=f"side {kind}"), said]) for (sign, kind), said in zip(SIGNS.values(), words, strict=True)]
    return (element("span", join(signs, Markup("　")), class_="legend"),)


STYLE = """
.fired { font-size: 11.5px; color: var(--quiet); font-weight: 400; max-width: 9em; }
.fired a { color: inherit; border-bottom: 1px dotted #b5bfca; white-space: nowrap; }
.lacking, .covered .open { color: var(--doubt); font-weight: 400; }
.side { margin-left: .3em; font-size: 10px; cursor: help; vertical-align: 1px; }
.side.both { color: #9db3a4; } .side.one { color: var(--doubt-line); } .side.none { color: var(--doubt-line); }
.rule-side > * + .covered { margin-top: 6px; }
.covered { font-size: 12.5px; color: var(--quiet); } .covered p { margin: 0; }
.covered .legend { margin-left: 1.6em; } .covered .legend .side:first-child { margin-left: 0; } .legend .side { margin-right: .3em; }
.covered ul { list-style: none; margin: 2px 0 0; padding: 0; columns: 2 18em; column-gap: 24px; }
.covered li { break-inside: avoid; } .covered li > * + * { margin-left: .5em; }
.examples tr:target > * { background: var(--doubt-faint); }
@media print { .covered, .fired { font-size: 7.5pt; } .side { font-size: 6.5pt; } }
"""
"""What coverage looks like."""
