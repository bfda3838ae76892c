"""What a change comes to, for programs and for the terminal.

    Findings ──> data   for JSON: amounts are integer fen and decimal strings of yuan, keys are stable
             └─> text   for the terminal: the verdict, then policies, groups, winners and losers, thresholds, relief

The page is `simulation_page`, the few lines for a merge request `simulation_verdict`. Nothing is added up here but what is shown
together.
"""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from zhida.assess.columns import OUTCOMES
from zhida.entitle.simulation.comparing import Simulation
from zhida.entitle.simulation.costing import Cost, Curve, Sought
from zhida.entitle.simulation.findings import Findings
from zhida.entitle.simulation.money import BudgetTally, Claimed
from zhida.entitle.simulation.relief import Relief
from zhida.entitle.simulation.tally import Mover, Pair, PolicyTally, ordered
from zhida.entitle.simulation.thresholds import Threshold
from zhida.errors import Language
from zhida.report.simulation_verdict import headline, total_of, verdict
from zhida.report.simulation_words import (
    GROUPING_WORDS,
    REASONS,
    cost_words,
    marginal_words,
    place_words,
    signed,
    threshold_words,
    value_words,
)
from zhida.report.words import choose, format_amount
from zhida.source import display_width
from zhida.values.numbers import feel_context, format_number
from zhida.values.text import excerpt

SHOWN_GROUPS, SHOWN_MOVERS = 8, 5
"""Groups, and winners and losers, that the terminal shows."""


# --- for programs --------------------------------------------------------------------------------------------------


def simulation_data(findings: Findings) -> dict[str, Any]:
    """Return everything as a dictionary for JSON."""
    data: dict[str, Any] = {
        "as_of": str(findings.as_of),
        "registry": findings.registry,
        "subjects": findings.subjects,
        "is_synthetic": findings.is_synthetic,
        "changes": list(findings.changes),
        "headline": {"zh": headline(findings, "zh"), "en": headline(findings, "en")},
        "change_fen": findings.change_fen,
    }
    if findings.simulation is not None:
        data["simulation"] = _simulation_data(findings.simulation)
        data["budgets"] = [_budget_data(each) for each in findings.budgets]
        data["effects"] = _effects_data(findings)
    data["curves"] = [_curve_data(each) for each in findings.curves]
    data["sought"] = None if findings.sought is None else _sought_data(findings.sought)
    data["relief"] = None if findings.relief is None else _relief_data(findings.relief)
    return data


def _yuan(fen: int) -> str:
    return format_number(Decimal(fen).scaleb(-2, feel_context()))


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "before_fen": pair.before,
        "after_fen": pair.after,
        "change_fen": pair.change,
        "before": _yuan(pair.before),
        "after": _yuan(pair.after),
        "change": _yuan(pair.change),
    }


def _simulation_data(simulation: Simulation) -> dict[str, Any]:
    scenario, tally = simulation.scenario, simulation.tally
    reasons = {each.policy: each for each in scenario.touched}
    return {
        "is_stacked": simulation.is_stacked,
        "known_at": simulation.known_at,
        "touched": [
            {
                "policy": each.policy,
                "title": each.title,
                "gives": each.gives,
                "reason": each.reason.value,
                "is_law_before": each.is_law[0],
                "is_law_after": each.is_law[1],
            }
            for each in scenario.touched
        ],
        "beside": list(scenario.beside),
        "stacking": list(scenario.groups),
        "parameters": [{"name": name, "before": old, "after": new} for name, old, new in scenario.figures],
        "reused": list(simulation.reused),
        "not_reused": dict(simulation.not_reused),
        "total": _pair(total_of(simulation)),
        "winners": tally.winners,
        "losers": tally.losers,
        "gained_fen": tally.gained_fen,
        "lost_fen": tally.lost_fen,
        "policies": [_policy_data(each, is_touched=each.policy in reasons) for each in tally.policies.values()],
        "groups": {
            name: [
                {
                    "label": each.label or None,
                    "subjects": each.subjects,
                    "gross": _pair(each.gross_fen),
                    "net": _pair(each.net_fen),
                    "winners": each.winners,
                    "losers": each.losers,
                }
                for each in ordered(tally.groups[name])
            ]
            for name in tally.groupings.names
            if name in tally.groups
        },
        "top_winners": [_mover_data(each) for each in tally.most],
        "top_losers": [_mover_data(each) for each in tally.least],
    }


def _policy_data(tally: PolicyTally, *, is_touched: bool) -> dict[str, Any]:
    names = [*OUTCOMES, None]
    return {
        "policy": tally.policy,
        "is_touched": is_touched,
        "gross": _pair(tally.gross_fen),
        "net": _pair(tally.net_fen),
        "possible_more": _pair(tally.possible_fen),
        "outcomes": {
            name or "ABSENT": {"before": tally.count(place).before, "after": tally.count(place).after} for place, name in enumerate(names)
        },
        "moves": [
            {"before": names[was], "after": names[is_], "subjects": count}
            for was, row in enumerate(tally.moves)
            for is_, count in enumerate(row)
            if count and was != is_
        ],
    }


def _mover_data(mover: Mover) -> dict[str, Any]:
    return {"key": mover.key, "name": mover.name, "groups": list(mover.groups), "amount": _pair(mover.fen)}


def _budget_data(budget: BudgetTally) -> dict[str, Any]:
    return {
        "policy": budget.policy,
        "year": budget.year,
        "budget_fen": {"before": budget.budget_fen[0], "after": budget.budget_fen[1]},
        "entitled": _pair(budget.entitled_fen),
        "lacking_fen": {"before": budget.lacking_fen(is_after=False), "after": budget.lacking_fen(is_after=True)},
        "claimed": {"before": _claimed_data(budget.claimed[0]), "after": _claimed_data(budget.claimed[1])},
    }


def _claimed_data(claimed: Claimed | None) -> dict[str, Any] | None:
    if claimed is None:
        return None
    told, rate = claimed.run_out, claimed.run_out.present
    return {
        "subjects": claimed.subjects,
        "idle_subjects": claimed.idle[0],
        "idle_fen": claimed.idle[1],
        "gone_on": None if told.gone_on is None else str(told.gone_on),
        "left_fen": told.left_fen,
        "gone_on_at_present_rate": None if rate is None or rate.gone_on is None else str(rate.gone_on),
    }


def _effects_data(findings: Findings) -> dict[str, Any]:
    effects = findings.effects
    return {
        "cliffs": [
            {
                "policy": each.policy,
                "fact": each.fact,
                "place": excerpt(each.place),
                "line": excerpt(each.line),
                "loss": format_number(each.loss),
                "article": each.span.article,
            }
            for each in effects.cliffs
        ],
        "failing_examples": [{"policy": each.policy, "examples": list(each.examples)} for each in effects.failing],
        "is_complete": effects.is_complete,
    }


def _threshold_data(threshold: Threshold) -> dict[str, Any]:
    return {
        "address": threshold.address,
        "policy": threshold.policy or None,
        "value": format_number(threshold.value),
        "article": threshold.article or None,
        "places": [f"{span.line}:{span.column}" for span in threshold.places],
        "decision": threshold.decision or None,
        "rule": threshold.rule or None,
        "column": threshold.column or None,
        "text": threshold.text,
    }


def _cost_data(cost: Cost | None) -> dict[str, Any] | None:
    if cost is None:
        return None
    yuan = None if cost.fen is None else _yuan(cost.fen)
    counts = {"subjects": cost.subjects, "open_subjects": cost.open_subjects}
    return {"value": format_number(cost.value), "fen": cost.fen, "yuan": yuan, **counts, "fault": cost.fault or None}


def _curve_data(curve: Curve) -> dict[str, Any]:
    points = [_cost_data(each) for each in curve.points]
    return {"threshold": _threshold_data(curve.threshold), "policies": list(curve.policies), "points": points, "is_flat": curve.is_flat}


def _sought_data(sought: Sought) -> dict[str, Any]:
    return {
        "threshold": _threshold_data(sought.threshold),
        "policies": list(sought.policies),
        "target_fen": sought.target_fen,
        "found": _cost_data(sought.found),
        "beyond": _cost_data(sought.beyond),
        "is_monotone": sought.is_monotone,
        "tried": [_cost_data(each) for each in sought.tried],
    }


def _relief_data(relief: Relief) -> dict[str, Any]:
    return {
        "subjects": relief.subjects,
        "total_fen": relief.total_fen,
        "total": _yuan(relief.total_fen),
        "is_stacked": relief.is_stacked,
        "measures": [
            {
                "policy": each.policy,
                "title": each.title,
                "subjects": each.subjects,
                "gross_fen": each.gross_fen,
                "net_fen": each.net_fen,
                "open_subjects": each.open_subjects,
            }
            for each in relief.measures
        ],
    }


# --- for the terminal ----------------------------------------------------------------------------------------------


def simulation_text(findings: Findings, language: Language) -> str:
    """Return everything in words and tables for the terminal."""
    lines = [plain(line) for line in verdict(findings, language).splitlines()]
    simulation = findings.simulation
    if simulation is not None and not simulation.scenario.is_empty:
        lines += ["", *_policy_lines(simulation, language)]
        for name in simulation.tally.groupings.names:
            lines += ["", *_group_lines(simulation, name, language)]
        lines += _mover_lines(simulation, language)
    for curve in findings.curves:
        lines += ["", *curve_lines(curve, language)]
    if findings.relief is not None:
        lines += ["", *_relief_lines(findings.relief, language)]
    return "\n".join(lines) + "\n"


def plain(line: str) -> str:
    """Return a line of Markdown as a terminal shows it.

    >>> plain("- **得益** 3 户：`a/b`")
    '- 得益 3 户：a/b'
    """
    return re.sub(r"\*\*|`|^#+ |^_|_$", "", line)


def grid(rows: Sequence[Sequence[str]], texts: int = 1) -> list[str]:
    r"""Return the lines of a table: headings, a rule, then rows; figures stand on the right of their column.

    Args:
        rows: The rows, headings first.
        texts: Columns on the left that are no figures.

    >>> print("\n".join(grid([["甲", "n"], ["乙乙", "10"]])))
    甲     n
    --------
    乙乙  10
    """
    widths = [max(display_width(row[column]) for row in rows) for column in range(len(rows[0]))]

    def line(row: Sequence[str]) -> str:
        cells = []
        for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
            space = " " * (width - display_width(cell))
            cells.append(cell + space if column < texts else space + cell)
        return "  ".join(cells).rstrip()

    return [line(rows[0]), "-" * (sum(widths) + 2 * (len(widths) - 1)), *map(line, rows[1:])]


def policy_rows(simulation: Simulation, language: Language) -> list[list[str]]:
    """Return the table of policies: what each gives before and after, and who is eligible; headings first."""
    touched = {each.policy: each for each in simulation.scenario.touched}
    packs = (simulation.scenario.after, simulation.scenario.before)
    head = ["政策", "为什么", "符合（户）", "变前", "变后", "增减"]
    head_en = ["Policy", "Why", "Eligible", "Before", "After", "Change"]
    rows = [choose(language, head, head_en)]
    for each in simulation.tally.policies.values():
        if each.policy not in touched and not each.net_fen.change:
            continue
        title = next(side.policies[each.policy].front.title for side in packs if each.policy in side.policies)
        why = REASONS[touched[each.policy].reason][language] if each.policy in touched else choose(language, "叠加", "stacking")
        held = each.count(OUTCOMES.index("ELIGIBLE"))
        counts = f"{held.before:,} → {held.after:,}" if held.change else f"{held.after:,}"
        net = each.net_fen
        rows.append([title, why, counts, format_amount(net.before), format_amount(net.after), signed(net.change)])
    return rows


def group_rows(simulation: Simulation, name: str, language: Language, most: int | None = None) -> list[list[str]]:
    """Return the table of one grouping, headings first; groups in which nobody gets anything are left out."""
    head = ["户数", "变前", "变后", "增减", "得益", "受损"]
    head_en = ["Subjects", "Before", "After", "Change", "Winners", "Losers"]
    rows = [[GROUPING_WORDS[name][language], *choose(language, head, head_en)]]
    groups = [each for each in ordered(simulation.tally.groups.get(name, {})) if each.net_fen.before or each.net_fen.after]
    for each in groups[:most]:
        net = each.net_fen
        label = each.label or choose(language, "未知", "not known")
        figures = [format_amount(net.before), format_amount(net.after), signed(net.change)]
        rows.append([label, f"{each.subjects:,}", *figures, f"{each.winners:,}", f"{each.losers:,}"])
    return rows


def _policy_lines(simulation: Simulation, language: Language) -> list[str]:
    return grid(policy_rows(simulation, language), texts=2)


def _group_lines(simulation: Simulation, name: str, language: Language) -> list[str]:
    rows = group_rows(simulation, name, language)
    lines = grid(rows[: SHOWN_GROUPS + 1])
    more = len(rows) - 1 - SHOWN_GROUPS
    return [*lines, choose(language, f"…… 另有 {more} 组，见报告", f"… {more} more in the report")] if more > 0 else lines


def _mover_lines(simulation: Simulation, language: Language) -> Iterator[str]:
    for movers, zh, en in (
        (simulation.tally.most, "得益最多", "Who gains most"),
        (simulation.tally.least, "受损最多", "Who loses most"),
    ):
        if movers:
            yield ""
            rows = [[choose(language, zh, en), "", choose(language, "变前", "Before"), choose(language, "变后", "After"), ""]]
            for each in movers[:SHOWN_MOVERS]:
                figures = [format_amount(each.fen.before), format_amount(each.fen.after), signed(each.fen.change)]
                rows.append([each.key, each.name, *figures])
            yield from grid(rows, texts=2)


def curve_rows(curve: Curve, language: Language) -> list[list[str]]:
    """Return the table of a curve, headings first: value, cost, how many get something, how many are open, what one unit more costs."""
    head = ["取值", "花费", "比现在", "户数", "待定或转人工", "边际"]
    head_en = ["Value", "Cost", "Against now", "Subjects", "Open", "Marginal"]
    rows = [choose(language, head, head_en)]
    present = curve.present
    before: Cost | None = None
    for point in curve.points:
        is_now = point.value == present.value
        mark = choose(language, "（现在）", " (now)") if is_now else ""
        change = "" if point.fen is None or present.fen is None or is_now else signed(point.fen - present.fen)
        marginal = marginal_words(before, point, curve.threshold, language)
        value = f"{value_words(curve.threshold, point.value, language)}{mark}"
        rows.append([value, cost_words(point, language), change, f"{point.subjects:,}", f"{point.open_subjects:,}", marginal])
        before = point
    return rows


def curve_lines(curve: Curve, language: Language) -> list[str]:
    """Return a curve for the terminal: what is varied, where the law says it, and its table."""
    threshold = curve.threshold
    place = place_words(threshold, language)
    head = f"{threshold.address}  {threshold_words(threshold, language)}"
    lines = [head, *([place] if place else [])]
    if curve.is_flat:
        present = format_amount(curve.present.fen or 0)
        return [*lines, choose(language, f"怎么动都一样：{present}", f"the same whatever it is: {present}")]
    return [*lines, *grid(curve_rows(curve, language))]


def relief_rows(relief: Relief, language: Language) -> list[list[str]]:
    """Return the table of relief by measure, headings first."""
    head, head_en = ["措施", "户数", "减免", "单独计算", "待定或转人工"], ["Measure", "Subjects", "Saved", "By itself", "Open"]
    rows = [choose(language, head, head_en)]
    rows += [
        [each.title, f"{each.subjects:,}", format_amount(each.net_fen), format_amount(each.gross_fen), f"{each.open_subjects:,}"]
        for each in relief.measures
    ]
    return rows


def _relief_lines(relief: Relief, language: Language) -> list[str]:
    return grid(relief_rows(relief, language))
