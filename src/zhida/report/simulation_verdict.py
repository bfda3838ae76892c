"""The verdict on a change: short enough for a comment on a merge request, in Markdown.

Says in this order: what it costs, what changed, who wins and who loses, whose answer changed, whether the money suffices, and what
somebody should look at. Never more than `MOST_LINES` lines; what does not fit is counted and stands on the page.
"""

from collections.abc import Iterator
from pathlib import Path

from zhida.assess.columns import OUTCOMES
from zhida.entitle.simulation.comparing import Simulation
from zhida.entitle.simulation.costing import Sought
from zhida.entitle.simulation.findings import Findings
from zhida.entitle.simulation.money import BudgetTally
from zhida.entitle.simulation.tally import HELD, Pair, PolicyTally
from zhida.errors import Language
from zhida.proof.across.cliffs import Cliff, grouped
from zhida.report.simulation_words import REASONS, share_words, short_sum, signed, threshold_words, value_words
from zhida.report.words import choose, format_amount, format_date, format_unit, listed
from zhida.values.temporal import Date

MOST_LINES = 15
"""Lines of a verdict at most."""

MOST_NAMED = 3
"""Things of one kind that are named."""

REVIEW = OUTCOMES.index("REVIEW")


def verdict(findings: Findings, language: Language) -> str:
    """Return the verdict in Markdown, at most `MOST_LINES` lines.

    Args:
        findings: What was found out.
        language: `zh` or `en`.
    """
    lines = [f"### {headline(findings, language)}"]
    simulation = findings.simulation
    if simulation is not None:
        lines += [f"- {line}" for line in _of_change(findings, simulation, language)]
    if findings.sought is not None:
        lines.append(f"- {sought_words(findings, language)}")
    if findings.relief is not None:
        relief = findings.relief
        lines.append(
            choose(
                language,
                f"- **减负**：{relief.subjects:,} 户，共 {format_amount(relief.total_fen)}（{len(relief.measures)} 项措施）",
                f"- **Relief**: {relief.subjects:,} subjects, {format_amount(relief.total_fen)} in all ({len(relief.measures)} measures)",
            )
        )
    tail = ["", basis_words(findings, language)]
    lines[1:1] = [""] if lines[1:] else []
    room = MOST_LINES - len(tail)
    if len(lines) > room:
        more = len(lines) - room + 1
        lines = [*lines[: room - 1], choose(language, f"- 另有 {more} 点，见报告", f"- {more} more points stand in the report")]
    return "\n".join([*lines, *tail]) + "\n"


def headline(findings: Findings, language: Language) -> str:
    """Return in a few words what a change comes to."""
    simulation = findings.simulation
    if simulation is None:
        return choose(language, "政策测算", "Policy costs")
    if simulation.scenario.is_empty:
        return choose(language, "改动测算：没有一项政策的答案会变", "Change: no policy's answers can differ")
    change = findings.change_fen
    if change:
        total = total_of(simulation)
        share = share_words(total)
        share_zh, share_en = (f"（{share}）", f" ({share})") if share else ("", "")
        amount = short_sum(abs(change), language)
        zh, en = ("多花", "costs") if change > 0 else ("少花", "saves")
        more = " more" if change > 0 else ""
        return choose(language, f"改动测算：{zh} {amount}{share_zh}", f"Change: {en} {amount}{more}{share_en}")
    return choose(language, "改动测算：总额不变", "Change: the total stays the same")


def total_of(simulation: Simulation) -> Pair:
    """Return what all policies that were compared give, after stacking where it was considered."""
    found = Pair(0, 0)
    for each in simulation.tally.policies.values():
        found += each.net_fen
    return found


def basis_words(findings: Findings, language: Language) -> str:
    """Return what the figures rest on, in a line."""
    count = "" if findings.subjects is None else f"{findings.subjects:,}"
    day = format_date(findings.as_of, language)
    parts_zh = [f"{count} 户" if count else findings.registry, f"评估日 {day}"]
    parts_en = [f"{count} subjects" if count else findings.registry, f"as of {day}"]
    is_empty = findings.simulation is None or findings.simulation.scenario.is_empty
    if not is_empty and findings.simulation is not None and not findings.simulation.is_stacked:
        parts_zh.append("各项政策分别计算，没有考虑叠加")
        parts_en.append("each policy by itself, stacking not considered")
    elif not is_empty:
        parts_zh.append("按能叠加的最优组合计算")
        parts_en.append("by the best lawful combination")
    if findings.is_synthetic:
        parts_zh.append("合成数据，不是真实主体")
        parts_en.append("synthetic data, no real subjects")
    return choose(language, f"_{'；'.join(parts_zh)}。_", f"_{'; '.join(parts_en)}._")


def _of_change(findings: Findings, simulation: Simulation, language: Language) -> Iterator[str]:
    """Yield what is said of a change, the weightiest first."""
    scenario, tally = simulation.scenario, simulation.tally
    if scenario.is_empty:
        return
    total = total_of(simulation)
    yield choose(
        language,
        f"**花费**：{format_amount(total.before)} → {format_amount(total.after)}，**{signed(total.change)}**",
        f"**Cost**: {format_amount(total.before)} → {format_amount(total.after)}, **{signed(total.change)}**",
    )
    yield choose(
        language,
        f"**得益** {tally.winners:,} 户，{signed(tally.gained_fen)}；**受损** {tally.losers:,} 户，{signed(-tally.lost_fen)}",
        f"**Winners** {tally.winners:,}, {signed(tally.gained_fen)}; **losers** {tally.losers:,}, {signed(-tally.lost_fen)}",
    )
    yield changed_words(simulation, language)
    yield from _moved(simulation, language)
    yield from (budget_words(each, language) for each in findings.budgets[:MOST_NAMED])
    yield from warnings(findings, language)


def changed_words(simulation: Simulation, language: Language) -> str:
    """Return what was touched, and why."""
    scenario = simulation.scenario
    named = [f"{each.title} `{each.policy}`（{REASONS[each.reason]['zh']}）" for each in scenario.touched[:MOST_NAMED]]
    named_en = [f"{each.title} `{each.policy}` ({REASONS[each.reason]['en']})" for each in scenario.touched[:MOST_NAMED]]
    more = len(scenario.touched) - MOST_NAMED
    if more > 0:
        named, named_en = [*named, f"等 {len(scenario.touched)} 项"], [*named_en, f"and {more} more"]
    if scenario.groups:
        named.append(f"叠加：{listed(scenario.groups, 'zh')}")
        named_en.append(f"stacking: {listed(scenario.groups, 'en')}")
    figures = [f"{name} {old} → {new}" for name, old, new in scenario.figures[:MOST_NAMED]]
    return choose(
        language,
        f"**改了什么**：{'、'.join([*named, *figures])}",
        f"**What changed**: {', '.join([*named_en, *figures])}",
    )


def _moved(simulation: Simulation, language: Language) -> Iterator[str]:
    """Yield whose answers changed, policy by policy."""
    touched = {each.policy: each for each in simulation.scenario.touched}
    moved = [each for each in simulation.tally.policies.values() if each.changed and each.policy in touched]
    moved.sort(key=lambda each: -each.changed)
    for each in moved[:MOST_NAMED]:
        held, review = gained_lost(each, HELD), gained_lost(each, REVIEW)
        title = touched[each.policy].title
        yield choose(
            language,
            f"**结论变了** {each.changed:,} 户（{title}）：新符合 {held[0]:,}，不再符合 {held[1]:,}，新转人工 {review[0]:,}",
            f"**Other answers** for {each.changed:,} ({title}): newly eligible {held[0]:,}, no longer {held[1]:,}, "
            f"newly for review {review[0]:,}",
        )


def gained_lost(tally: PolicyTally, outcome: int) -> tuple[int, int]:
    """Return how many come to an outcome that they did not have, and how many no longer have it; new and removed policies count."""
    gained = sum(row[outcome] for was, row in enumerate(tally.moves) if was != outcome)
    lost = sum(count for is_, count in enumerate(tally.moves[outcome]) if is_ != outcome)
    return gained, lost


def budget_words(budget: BudgetTally, language: Language) -> str:
    """Return whether the money suffices, before and after, and when it is gone."""
    before, after = (_budget_side(budget, language, is_after=is_after) for is_after in (False, True))
    said = before if before == after else f"{before} → {after}"
    amounts = [short_sum(each, language) for each in budget.budget_fen if each is not None]
    amount = " → ".join(dict.fromkeys(amounts))
    return choose(
        language,
        f"**预算** {budget.year} 年 {amount}（{budget.title}）：{said}",
        f"**Budget** {budget.year}, {amount} ({budget.title}): {said}",
    )


def _budget_side(budget: BudgetTally, language: Language, *, is_after: bool) -> str:
    """Return what becomes of a budget on one side."""
    lacking, claimed = budget.lacking_fen(is_after=is_after), budget.claimed[is_after]
    if lacking is None:
        return choose(language, "没有预算", "none")
    if claimed is not None:
        at_present = claimed.run_out.present.gone_on if claimed.run_out.present else None
        return run_out_words(claimed.run_out.gone_on, at_present, budget.year, language)
    if lacking > 0:
        return choose(language, f"都申请的话缺 {short_sum(lacking, 'zh')}", f"{short_sum(lacking, 'en')} lacking if all apply")
    return choose(language, f"都申请也够，余 {short_sum(-lacking, 'zh')}", f"suffices if all apply, {short_sum(-lacking, 'en')} left")


def run_out_words(gone_on: Date | None, at_present: Date | None, year: int, language: Language) -> str:
    """Return when the money of a year is gone: already, at the present rate, or not within it."""
    if gone_on is not None:
        day = format_date(gone_on, language)
        return choose(language, f"{day}用完", f"gone on {day}")
    if at_present is not None and at_present.year <= year:
        day = format_date(at_present, language)
        return choose(language, f"照现在的速度{day}用完", f"gone on {day} at the present rate")
    return choose(language, "年内用不完", "not used up within the year")


def warnings(findings: Findings, language: Language) -> Iterator[str]:
    """Yield what somebody should look at before this is published."""
    effects, simulation = findings.effects, findings.simulation
    if effects.cliffs:
        named = [cliff_words(cliff, language) for cliff in effects.cliffs[:MOST_NAMED]]
        count = len(effects.cliffs)
        more = choose(language, "等", " and others") if count > MOST_NAMED else ""
        yield choose(
            language,
            f"⚠ **新的或更深的悬崖** {count} 处：{'；'.join(named)}{more}",
            f"⚠ **New or deeper cliffs**: {count}; {'; '.join(named)}{more}",
        )
    for failing in effects.failing[:MOST_NAMED]:
        names = listed(failing.examples, language)
        yield choose(
            language,
            f"⚠ **例对不上**：{failing.policy} 的 {names}，改了规则也要改例",
            f"⚠ **Examples fail**: {names} of {failing.policy}; change them with the rules",
        )
    if simulation is None:
        return
    review = sum(gained_lost(each, REVIEW)[0] for each in simulation.tally.policies.values())
    if review:
        yield choose(language, f"⚠ **新转人工** {review:,} 户次", f"⚠ **Newly for review**: {review:,}")
    idle = [each for each in simulation.scenario.touched if not each.is_law[1] and each.reason.value != "removed"]
    for each in idle[:MOST_NAMED]:
        day = format_date(findings.as_of, language)
        yield choose(
            language,
            f"⚠ {each.title}在评估日（{day}）不施行，对谁都不适用",
            f"⚠ {each.title} is not in force on {day} and applies to nobody",
        )


def cliff_words(cliff: Cliff, language: Language) -> str:
    """Return a cliff in few words: what is one step too many, and what it loses."""
    place = cliff.place
    steps = [(each, each + cliff.step) for each in place] if isinstance(place, tuple) else [(place, place + cliff.step)]
    first, last = ("、".join(grouped(step[side]) for step in steps[:1]) for side in (0, 1))
    unit = format_unit(cliff.unit, language)
    moved = f"{cliff.fact} {first} → {last} {unit}".rstrip()
    where = f"{Path(cliff.span.source.name).stem} {cliff.span.article}".strip()
    return choose(language, f"{moved}，少得 {grouped(cliff.loss)} 元（{where}）", f"{moved} loses {grouped(cliff.loss)} yuan ({where})")


def _not_found_words(sought: Sought, what: str, target: str, language: Language) -> str:
    """Return why no value spends a sum: the policy has errors on the way, or all that was tried costs more, or less."""
    decided = [each for each in sought.tried if each.fen is not None]
    fault = next((each for each in sought.tried if each.fen is None), None)
    mark = choose(language, "：", ": ")
    ends = [f"{value_words(sought.threshold, each.value, language)}{mark}{format_amount(each.fen or 0)}" for each in decided]
    span = choose(language, "，", ", ").join(dict.fromkeys((*ends[:1], *ends[-1:])))
    is_more = all((each.fen or 0) > sought.target_fen for each in decided)
    if decided and (is_more or all((each.fen or 0) <= sought.target_fen for each in decided)):
        zh, en = ("降不到", "nowhere costs as little as") if is_more else ("花不到", "nowhere costs as much as")
        said = choose(language, f"在试过的范围里{zh} {target}（{span}）", f"{en} {target} in the range that was tried ({span})")
    else:
        said = choose(language, f"没有找到正好到 {target} 的值（{span}）", f"no value was found that comes to {target} ({span})")
    if fault is not None:
        value = value_words(sought.threshold, fault.value, language)
        said += choose(language, f"；试到 {value} 时政策不成立：{fault.fault}", f"; at {value} the policy has errors: {fault.fault}")
    return choose(language, f"**反求**：{what} {said}", f"**Sought**: {what} {said}")


def sought_words(findings: Findings, language: Language) -> str:
    """Return which value spends a sum."""
    sought = findings.sought
    assert sought is not None, "something was sought"
    what, target = threshold_words(sought.threshold, language), short_sum(sought.target_fen, language)
    if sought.found is None or sought.beyond is None:
        return _not_found_words(sought, what, target, language)
    found, beyond = (value_words(sought.threshold, each.value, language) for each in (sought.found, sought.beyond))
    fen = sought.found.fen or 0
    exact = choose(language, "正好", "exactly") if fen == sought.target_fen else choose(language, "最多", "at most")
    other = (
        ""
        if sought.is_monotone
        else choose(language, "；花费忽高忽低，可能还有别的值", "; the cost goes up and down, there may be other values")
    )
    return choose(
        language,
        f"**反求**：{what} 定为 **{found}**，花 {format_amount(fen)}，{exact} {target}；"
        f"到 {beyond} 就要 {format_amount(sought.beyond.fen or 0)}{other}",
        f"**Sought**: {what} at **{found}** costs {format_amount(fen)}, {exact} {target}; "
        f"at {beyond} it is {format_amount(sought.beyond.fen or 0)}{other}",
    )
