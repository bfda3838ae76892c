"""The sentences of an explanation: what an assessment says, in one language, whatever it is printed on.

Text and HTML say the same because both take their sentences from here. Nothing is decided: every sentence restates data
of the assessment.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from zhida.assess.assessment import LISTED_AMOUNTS, Answer, Assessment, ConditionMet, Delivery, Extent, NearMiss, Outcome, Reason, Step
from zhida.assess.explain import open_reason, told_by_diagnostic
from zhida.errors import Language
from zhida.policy.front_matter import WindowState
from zhida.report.conditions import SIGNS, describe_test
from zhida.report.formulas import formula_phrase
from zhida.report.words import (
    DELIVERIES,
    DELIVERY_STEPS,
    OUTCOMES,
    STATUS_KNOWN,
    SUBJECTS,
    bracketed,
    choose,
    format_amount,
    format_date,
    format_interval,
    format_named,
    format_quantity,
    format_value,
    format_window,
    format_yuan,
    listed,
    word,
)
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date
from zhida.values.text import literal
from zhida.values.unknown import Unknown

NO_RANGE, NO_RANGE_CUT = "金额无法给出范围：含计算", "金额无法给出范围：组合太多"
"""Said instead of possible amounts where none can be named."""

SCOPE = "applies"
"""The name of the decision that the front matter's `applies` makes."""

TITLE: dict[Language, str] = {"zh": "政策适用说明", "en": "How the policy applies"}
SYNTHETIC: dict[Language, str] = {"zh": "合成数据 synthetic：不是真实主体", "en": "Synthetic data 合成数据: no real subject"}
SIGNATURES: dict[Language, tuple[str, ...]] = {"zh": ("经办人", "复核人", "日期"), "en": ("Prepared by", "Reviewed by", "Date")}
SECTIONS: dict[str, dict[Language, str]] = {
    "why": {"zh": "理由", "en": "Why"},
    "missing": {"zh": "还缺什么，谁能补上", "en": "What is missing, and who can say it"},
    "open": {"zh": "说明", "en": "Note"},
    "reasons": {"zh": "附：全部理由", "en": "Annex: every step"},
    "next_status": {"zh": "为什么不是上一档", "en": "Why not the next one up"},
    "near": {"zh": "差一步（只说可能，不是建议）", "en": "One step away (a possibility, not advice)"},
    "caveats": {"zh": "待确认", "en": "To be confirmed"},
    "window": {"zh": "申报时间", "en": "When to apply"},
    "next": {"zh": "接下来", "en": "What to do next"},
    "parameters": {"zh": "参数", "en": "Parameters"},
    "population": {"zh": "由全体算出的事实", "en": "Facts computed from all subjects"},
    "diagnostics": {"zh": "诊断", "en": "Diagnostics"},
    "agreement": {"zh": "复核", "en": "Check"},
    "version": {"zh": "依据的版本", "en": "Version applied"},
}
"""The parts of an explanation, with their headings."""


def header_rows(assessment: Assessment, language: Language, *, subject_name: str, subject_code: str) -> list[tuple[str, str]]:
    """Return what an explanation is about, as labels and values."""
    subject = subject_name + bracketed(subject_code, language) if subject_name else subject_code
    rows = [
        (choose(language, "对象", "Subject"), subject or choose(language, "（未指明）", "(not named)")),
        (choose(language, "政策", "Policy"), assessment.title),
        (choose(language, "文号", "Document"), assessment.document),
        (choose(language, "截至日期", "As of"), format_date(assessment.as_of, language)),
    ]
    return [(name, value) for name, value in rows if value]


# --- conclusion ----------------------------------------------------------------------------------------------------


def outcome_label(assessment: Assessment, language: Language) -> str:
    """Return the outcome in a word or two."""
    if assessment.gives == "status" and assessment.outcome is Outcome.ELIGIBLE:
        return STATUS_KNOWN[language]
    return word(OUTCOMES, assessment.outcome, language)


def conclusion(assessment: Assessment, language: Language) -> str:
    """Return what comes out, in one sentence."""
    match assessment.outcome:
        case Outcome.ELIGIBLE:
            return _granted(assessment, language)
        case Outcome.INELIGIBLE:
            return choose(language, "不符合条件", "not eligible") + _because(assessment, language)
        case Outcome.UNDETERMINED:
            said = "".join((choose(language, "待定", "undetermined"), *_lacking(assessment, language)))
            return choose(language, "；", "; ").join(filter(None, (said, possible_answers(assessment, language))))
        case Outcome.REVIEW:
            why = review_reason(assessment, language)
            said = choose(language, f"转人工：{why}", f"for review: {why}")
            possible = possible_answers(assessment, language) if assessment.missing else ""
            return choose(language, "；", "; ").join((said, possible)) if possible else said
        case Outcome.NOT_APPLICABLE:
            return choose(language, "不适用", "not applicable") + _because(assessment, language)


def _granted(assessment: Assessment, language: Language) -> str:
    name = assessment.result_name
    if assessment.gives == "status" or assessment.result is not None:
        result = format_value(assessment.result, "", language)
        return choose(language, f"{name}为{result}", f"{name} is {result}")
    if assessment.amount_fen is None:
        return choose(language, "符合条件" if assessment.gives in {"points", "service"} else "可享受", "eligible")
    amount = format_amount(assessment.amount_fen)
    said = choose(language, f"可享受，{name} {amount}", f"eligible; {name} {amount}")
    if assessment.amount is not None and assessment.amount.scaleb(2, feel_context()) != assessment.amount_fen:
        exact = format_yuan(assessment.amount)
        said += choose(language, f"（按政策规定取整，取整前 {exact}）", f" (rounded as the policy says, from {exact})")
    return said


def _because(assessment: Assessment, language: Language) -> str:
    """Return what settled an answer against the subject: the cells of a rule, or the condition that does not hold."""
    colon, comma = choose(language, "：", ": "), choose(language, "，", ", ")
    step = _settling(assessment)
    if step is None:
        day = format_date(assessment.as_of, language)
        return choose(language, f"：{day}不在政策的有效期内", f": the policy is not in force on {day}")
    reason = step.reason
    conditions = [condition_phrase(condition, language) for condition in reason.conditions if condition.test or not reason.rule]
    ground = reason_ground(reason, language)
    formula = formula_phrase(step, language) if reason.expression and reason.value is False else ""
    if formula:
        said = formula
    elif conditions:
        said = comma.join(conditions)
    else:
        said = reason_title(reason, assessment, language)
    if any(isinstance(condition.value, Unknown) for condition in reason.conditions):
        said += choose(language, "；未知的不影响这个结论", "; what is unknown does not change this")
    return colon + (f"{ground}{comma}{said}" if ground else said)


def _settling(assessment: Assessment) -> Step | None:
    """Return the step that settles an answer: the answer's own, or while that rests on one yes or no alone, the step of that."""
    named = {step.reason.decision: step for step in assessment.steps}
    step = assessment.steps[-1] if assessment.steps else None
    seen: set[str] = set()
    while step is not None and step.reason.decision not in seen:
        seen.add(step.reason.decision)
        names = [met.what for met in step.reads.values()] if step.reason.expression else [met.what for met in step.reason.conditions]
        below = named.get(names[0]) if len(names) == 1 else None
        if below is None or not isinstance(below.reason.value, bool):
            break
        step = below
    return step


def _lacking(assessment: Assessment, language: Language) -> Iterator[str]:
    """Yield what is lacking, what the subject could tell apart from what the place has to fill in."""
    names = few(assessment.missing_facts, language)
    if names:
        yield choose(language, f"，缺：{names}", f"; missing: {names}")
    parameters = few([item.name for item in assessment.missing_parameters], language)
    if parameters:
        separator = choose(language, "；" if names else "，", "; ")
        many = len(assessment.missing_parameters) > 1
        said = parameters + bracketed(whose_phrase(assessment, language), language)
        figures = f"missing parameter{'s' if many else ''} of the place: {said}"
        yield separator + choose(language, f"缺地方参数 {said}", figures)


def whose_phrase(assessment: Assessment, language: Language) -> str:
    """Return who fills in a parameter, and that the subject could not tell it."""
    kind = word(SUBJECTS, assessment.subject_kind, language) or choose(language, "对象", "subject")
    return choose(language, f"不是{kind}的事实；由主管部门填写", f"no fact of the {kind}; the department in charge fills it in")


MOST_NAMED = 5
"""Names that a sentence lists; more are told as their number."""


def few(names: Sequence[str], language: Language) -> str:
    """Return some names as a sentence lists them, and how many there are where not all are named.

    >>> few(["甲", "乙"], "zh"), few(list("甲乙丙丁戊己"), "zh"), few(list("abcdef"), "en")
    ('甲、乙', '甲、乙、丙、丁等 6 项', 'a, b, c, d and 2 more')
    """
    if len(names) <= MOST_NAMED:
        return listed(names, language)
    kept = names[: MOST_NAMED - 1]
    return listed(kept, language) + choose(language, f"等 {len(names)} 项", f" and {len(names) - len(kept)} more")


def review_reason(assessment: Assessment, language: Language) -> str:
    """Return why a person must decide: a fact to be judged, the rule that leaves it open, or what was odd."""
    if assessment.missing:
        names = few(assessment.missing, language)
        return choose(language, f"{names} 须由人认定", f"a person must judge {names}")
    odd = told_by_diagnostic(assessment)
    if odd is not None:
        return odd.message(language)
    reason = open_reason(assessment.reasons)
    name = reason.decision if reason else assessment.result_name
    met = [condition_phrase(item, language) for item in reason.conditions if item.test or not reason.rule] if reason else []
    ground = choose(language, "，", ", ").join(filter(None, (reason_ground(reason, language) if reason else "", *met)))
    said = choose(language, f"{name or '结论'}不能由规则确定", f"no rule settles {name or 'the answer'}")
    return said + (bracketed(ground, language) if ground else "")


def answer_phrase(answer: Answer, language: Language) -> str:
    """Return one possible answer in a few words."""
    if answer.outcome is not Outcome.ELIGIBLE:
        return word(OUTCOMES, answer.outcome, language)
    if answer.result is not None:
        return format_value(answer.result, "", language)
    label = word(OUTCOMES, Outcome.ELIGIBLE, language)
    if answer.amount_fen is None:
        return label
    return label + bracketed(format_amount(answer.amount_fen), language)


def possible_answers(assessment: Assessment, language: Language) -> str:
    """Return the answers that are possible: each, or the range of the amounts.

    Where amounts cannot be bounded it says so; empty where nothing is known.
    """
    if assessment.outcome not in {Outcome.UNDETERMINED, Outcome.REVIEW}:
        return ""
    amounts = {answer.amount_fen for answer in assessment.possible if answer.amount_fen is not None}
    said = []
    if len(amounts) > LISTED_AMOUNTS:
        low, high = format_amount(min(amounts)), format_amount(max(amounts))
        said.append(choose(language, f"{low} 至 {high}", f"{low} to {high}"))
    for answer in assessment.possible:
        if answer.amount_fen is None:
            said.append(answer_phrase(answer, language))
        elif len(amounts) <= LISTED_AMOUNTS:
            said.append(format_amount(answer.amount_fen))
    joined = listed(dict.fromkeys(said), language)  # two amounts may be one when rounded
    if assessment.possible_are is Extent.AT_MOST:
        return choose(language, f"可能的结果至多是：{joined}", f"possible results are at most: {joined}")
    if assessment.possible_are is Extent.EXACTLY:
        return choose(language, f"可能的结果：{joined}", f"possible results: {joined}") if joined else ""
    known = choose(language, f"可能的结果至少有：{joined}", f"possible results include: {joined}") if joined else ""
    return choose(language, "；", "; ").join(filter(None, (known, _no_range(assessment, language))))


def _no_range(assessment: Assessment, language: Language) -> str:
    """Return, where a policy gives amounts that could not be enumerated, that and why there is no range of them."""
    if not assessment.gives_amount or not assessment.missing:
        return ""
    if assessment.is_cut:
        return choose(language, NO_RANGE_CUT, f"no range of amounts can be given: too many combinations ({NO_RANGE_CUT})")
    return choose(language, NO_RANGE, f"no range of amounts can be given: they are computed from what is missing ({NO_RANGE})")


# --- reasons -------------------------------------------------------------------------------------------------------


def reason_title(reason: Reason, assessment: Assessment, language: Language) -> str:
    """Return what was decided, as `企业规模 = 中型`."""
    if reason.decision == SCOPE:
        scope = choose(language, "适用范围", "Scope")
        if isinstance(reason.value, bool):
            inside = choose(language, "在范围内", "within") if reason.value else choose(language, "不在范围内", "outside")
            return f"{scope}{choose(language, '：', ': ')}{inside}"
        return f"{scope}{choose(language, '：', ': ')}{format_value(reason.value, '', language)}"
    return f"{reason.decision} = {reason_value(reason, assessment, language)}"


def reason_value(reason: Reason, assessment: Assessment, language: Language) -> str:
    """Return the value of a decision; the policy's own amount is money whatever its factors were."""
    is_amount = reason.decision == assessment.result_name and reason.policy == assessment.policy and assessment.gives_amount
    if is_amount and isinstance(reason.value, Decimal):
        return format_yuan(reason.value)
    if reason.value is None:
        return choose(language, "没有结论", "no result")
    return format_named(reason.decision, reason.value, reason.unit, language)


def reason_ground(reason: Reason, language: Language) -> str:
    """Return the article and rule that a decision rests on."""
    if reason.either_rules:
        otherwise = choose(language, "否则", "otherwise")
        rules = choose(language, " 或 ", " or ").join(rule or otherwise for rule in reason.either_rules)
        said = choose(language, f"规则 {rules}", f"rule {rules}")
        return choose(language, "，", ", ").join(part for part in (reason.article, said) if part)
    return _ground(reason.article, reason.rule, language)


def _ground(article: str, rules: str, language: Language) -> str:
    numbers = rules.split("、")
    said = choose(language, f"规则 {rules}", f"rule{'s' if len(numbers) > 1 else ''} {listed(numbers, language)}") if rules else ""
    return choose(language, "，", ", ").join(part for part in (article, said) if part)


def is_unresolved(reason: Reason) -> bool:
    """Say whether a decision rests on what is not known."""
    return isinstance(reason.value, Unknown)


def condition_phrase(condition: ConditionMet, language: Language) -> str:
    """Return a value met beside what was asked of it, as `从业人员 312 人 ≥ 300 人`."""
    value = format_named(condition.what, condition.value, condition.unit, language)
    asked = describe_test(condition.test, language, condition.unit)
    colon = choose(language, "：", ": ")
    if isinstance(condition.value, str) and condition.is_met and literal(condition.value) in condition.test.split(","):
        return f"{condition.what}{colon}{value}"
    if not condition.is_met and asked:
        return choose(language, f"{condition.what}要求 {asked}，现为 {value}", f"{condition.what} should be {asked} and is {value}")
    if not asked or asked in {value, format_value(condition.value, "", language)}:
        return f"{condition.what}{colon}{value}"
    if asked.startswith(tuple(SIGNS.values())) and isinstance(condition.value, Decimal | Date):
        return f"{condition.what} {value} {asked}"
    return f"{condition.what}{colon}{value}" + bracketed(choose(language, f"规则要求：{asked}", f"the rule asks: {asked}"), language)


# --- what else is said ---------------------------------------------------------------------------------------------

MOST_NEAR = 3
"""Near misses that a letter names."""


def near_told(assessment: Assessment) -> list[NearMiss]:
    """Return the near misses that a letter names: facts of the subject before what is computed from them, days last.

    A change by as much as the line itself is no step (to have 30 insured persons instead of 94, or 20 million instead of nothing), unless
    it is by one piece; it is left out, and the data keep it.
    """
    computed = {reason.decision for reason in assessment.reasons}
    near = [miss for miss in assessment.near if _share(miss) < 1 or miss.distance.copy_abs() == 1]
    return sorted(near, key=lambda miss: (isinstance(miss.line, Date), miss.name in computed))[:MOST_NEAR]


def _share(miss: NearMiss) -> Decimal:
    """Return the distance as a share of the line; a year of days as one."""
    whole = Decimal(365) if isinstance(miss.line, Date) else miss.line
    return miss.distance.copy_abs() / whole.copy_abs() if whole else Decimal("Infinity")


def near_phrase(miss: NearMiss, language: Language) -> str:
    """Return one near miss in its own unit, as `从业人员 312 人，线为 300 人（第四条（二））…`."""
    line = format_value(miss.line, "" if isinstance(miss.line, Date) else miss.unit, language)
    value = format_value(miss.value, "" if isinstance(miss.value, Date) else miss.unit, language)
    there = answer_phrase(miss.answer, language)
    article = bracketed(miss.article, language)
    gap = _gap(miss, language)
    return choose(
        language,
        f"{miss.name} {value}，线为 {line}{article}，{gap}；如果跨过这条线，结论会是{there}",
        f"{miss.name} {value}; the line is {line}{article}, {gap}; across that line the answer would be: {there}",
    )


def _gap(miss: NearMiss, language: Language) -> str:
    if not miss.distance:
        return choose(language, "恰在线上", "exactly met")
    gap = format_quantity(miss.distance.copy_abs(), miss.unit, language)
    is_below = miss.distance > 0
    if isinstance(miss.line, Date):
        return choose(language, f"{'早' if is_below else '晚'} {gap}", f"{gap} {'before' if is_below else 'after'}")
    return choose(language, f"{'还差' if is_below else '高出'} {gap}", f"{gap} {'short' if is_below else 'above'}")


def next_status_phrases(assessment: Assessment, language: Language) -> Iterator[str]:
    """Yield why the status is not the next one up, as `中型（第四条（二），规则 6）：从业人员 290 人，要求 ≥ 300 人`."""
    up = assessment.next_status
    if up is None:
        return
    cells = []
    for condition in up.conditions:
        value = format_value(condition.value, condition.unit, language)
        asked = describe_test(condition.test, language, condition.unit)
        cells.append(choose(language, f"{condition.what} {value}，要求 {asked}", f"{condition.what} {value}, asked: {asked}"))
    status = format_value(up.result, "", language) + bracketed(_ground(up.article, up.rule, language), language)
    failing = choose(language, "；", "; ").join(cells)
    yield choose(language, f"没有达到{status}：{failing}", f"{status} is not reached: {failing}")


def missing_phrases(assessment: Assessment, language: Language) -> Iterator[str]:
    """Yield what is missing, grouped by who can say it: the subject, a department, a person who judges, the place."""
    colon = choose(language, "：", ": ")
    kind = word(SUBJECTS, assessment.subject_kind, language) or choose(language, "对象", "subject")
    stated = [fact for fact in assessment.told_by if fact.is_self_reported]
    if stated:
        offices = listed(dict.fromkeys(fact.department for fact in stated if fact.department), language)
        where = bracketed(choose(language, f"也可由{offices}提供", f"{offices} can supply it too"), language) if offices else ""
        said = listed([fact.name for fact in stated], language)
        yield choose(language, f"{kind}可以自己填报", f"the {kind} may state") + colon + said + where
    judged = [fact.name for fact in assessment.told_by if fact.is_judged and not fact.is_self_reported]
    if judged:
        yield choose(language, "须由人认定", "a person must judge") + colon + listed(judged, language)
    others: dict[str, list[str]] = {}
    for fact in assessment.told_by:
        if not fact.is_self_reported and not fact.is_judged:
            others.setdefault(fact.department, []).append(fact.name)
    for department, names in others.items():
        who = (
            choose(language, f"由{department}提供", f"to come from {department}")
            if department
            else choose(language, "登记里没有", "not on file")
        )
        yield who + colon + listed(names, language)
    yield from missing_parameter_phrases(assessment, language)


def missing_parameter_phrases(assessment: Assessment, language: Language) -> Iterator[str]:
    """Yield the parameters that the place has not filled in, those of one source together, and who is to fill them in."""
    sources: dict[str, list[str]] = {}
    for item in assessment.missing_parameters:
        sources.setdefault(item.source, []).append(item.name)
    for source, names in sources.items():
        origin = choose(language, f"，来源：{source}", f", from: {source}") if source else ""
        said = listed(names, language) + bracketed(whose_phrase(assessment, language) + origin, language)
        yield choose(language, f"地方参数：{said}", f"parameters of the place: {said}")


def open_phrases(assessment: Assessment, language: Language) -> Iterator[str]:
    """Yield, where several things are missing and not all combinations could be tried, that not each need matter."""
    if len(assessment.missing) > 1 and not assessment.is_minimal:
        yield choose(
            language,
            "组合太多或牵涉计算，没有逐一列举：所缺的不一定每一项都会改变结果。",
            "Not every combination could be tried: not each of these need change the answer.",
        )


def caveat_phrases(assessment: Assessment, language: Language) -> Iterator[str]:
    """Yield what is to be confirmed, and what would settle it."""
    for caveat in assessment.caveats:
        settled_by = assessment.settled_by.get(caveat, "")
        stop = "" if caveat.endswith(("。", ".")) else "。"
        yield caveat + stop + (choose(language, f"核对：{settled_by}", f" To settle it: {settled_by}") if settled_by else "")


def window_phrase(assessment: Assessment, language: Language) -> str:
    """Return when one may apply, and whether that is so on the day; empty where nothing is said of it."""
    window = assessment.window
    if window is None:
        return ""
    day = format_date(assessment.as_of, language)
    match window.state:
        case WindowState.OPEN:
            said = choose(language, f"{day}可以申报", f"open on {day}")
        case WindowState.NOT_YET:
            said = choose(language, f"{day}还没开始", f"not open yet on {day}")
        case WindowState.CLOSED:
            said = choose(language, f"{day}已经截止", f"closed on {day}")
    days = format_interval(window.days, language)
    if window.every_year is None or window.days.start is None:
        return choose(language, f"{days}，{said}", f"{days}; {said}")
    days += bracketed(format_window(window.every_year, language), language)
    if window.state is WindowState.CLOSED:
        again = format_date(replace(window.days.start, year=window.days.start.year + 1), language)
        said += choose(language, f"，下一次从{again}开始", f"; the next time begins on {again}")
    return choose(language, f"{days}，{said}", f"{days}; {said}")


def next_phrases(assessment: Assessment, language: Language) -> Iterator[str]:
    """Yield what is to be done: how the benefit goes out, what to bring in, or how to have a mistake put right."""
    if assessment.outcome in {Outcome.INELIGIBLE, Outcome.NOT_APPLICABLE}:
        yield choose(
            language,
            "上面的事实有误或已经变化的，请带证明到主管部门更正，更正后重新判定。",
            "If a fact above is wrong or has changed, bring proof to the department in charge; it is then decided again.",
        )
    elif assessment.outcome is Outcome.REVIEW:
        yield choose(
            language, "由经办人核对后作出认定，写明理由。", "The official in charge looks into it, decides, and states the reasons."
        )
    elif assessment.outcome is Outcome.UNDETERMINED:
        kind = word(SUBJECTS, assessment.subject_kind, language) or choose(language, "对象", "subject")
        if len([fact for fact in assessment.told_by if fact.is_self_reported]) == len(assessment.missing):
            yield choose(
                language, f"请{kind}填报所缺的，填报后再判定。", f"The {kind} is asked to state what is missing; it is then decided."
            )
        else:
            yield choose(
                language, "补上所缺的以后再判定，现在不作答复。", "It is decided once what is missing is known; there is no answer before."
            )
    if assessment.delivery is not None:
        yield delivery_phrase(assessment, language)


def delivery_phrase(assessment: Assessment, language: Language) -> str:
    """Return how the benefit goes out, and whether the document is stricter than the data would allow."""
    if assessment.delivery is None:
        return ""
    way = word(DELIVERIES, assessment.delivery, language)
    step = word(DELIVERY_STEPS, assessment.delivery, language)
    if not assessment.delivery_note:
        return choose(language, f"{way}：{step}。", f"{way}: {step}.")
    could = word(DELIVERIES, Delivery(assessment.delivery_note), language)
    return choose(
        language,
        f"{way}（文件规定）：{step}。仅凭现有数据本可{could}，以文件为准。",
        f"{way}, as the document orders: {step}. The data alone would allow it to go out {could}; the document holds.",
    )
