"""The sentences of an explanation: what an assessment says, in one language, whatever it is printed on.

Text and HTML say the same because both take their sentences from here. Nothing is decided: every sentence restates data
of the assessment.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from zhida.assess.agreement import Agreement, Difference
from zhida.assess.assessment import LISTED_AMOUNTS, Answer, Assessment, ConditionMet, Extent, NearMiss, Outcome, Reason
from zhida.assess.cells import ETC
from zhida.assess.explain import open_reason, told_by_diagnostic
from zhida.assess.registry import SHA_DIGITS
from zhida.errors import Language
from zhida.policy.front_matter import WindowState
from zhida.report.conditions import SIGNS, describe_test
from zhida.report.words import (
    DELIVERIES,
    OUTCOMES,
    STATUS_KNOWN,
    bracketed,
    choose,
    format_amount,
    format_date,
    format_interval,
    format_missing_parameter,
    format_parameter_source,
    format_quantity,
    format_value,
    format_window,
    format_yuan,
    listed,
    word,
)
from zhida.values.numbers import feel_context
from zhida.values.temporal import Date
from zhida.values.unknown import Unknown

NO_RANGE, NO_RANGE_CUT = "金额无法给出范围：含计算", "金额无法给出范围：组合太多"
"""Said instead of possible amounts where none can be named."""

SCOPE = "applies"
"""The name of the decision that the front matter's `applies` makes."""

TITLE: dict[Language, str] = {"zh": "政策适用说明", "en": "How the policy applies"}
SYNTHETIC: dict[Language, str] = {"zh": "合成数据 synthetic：不是真实主体", "en": "Synthetic data 合成数据: no real subject"}
SIGNATURES: dict[Language, tuple[str, ...]] = {"zh": ("经办人", "复核人", "日期"), "en": ("Prepared by", "Reviewed by", "Date")}
SECTIONS: dict[str, dict[Language, str]] = {
    "missing": {"zh": "缺的事实", "en": "Missing facts"},
    "missing_parameters": {"zh": "缺的地方参数", "en": "Parameters that the place has not filled in"},
    "open": {"zh": "说明", "en": "Note"},
    "reasons": {"zh": "理由", "en": "Reasons"},
    "next_status": {"zh": "为什么不是上一档", "en": "Why not the next one up"},
    "near": {"zh": "差一步", "en": "One step away"},
    "caveats": {"zh": "待确认", "en": "To be confirmed"},
    "window": {"zh": "申报时间", "en": "When to apply"},
    "parameters": {"zh": "参数", "en": "Parameters"},
    "population": {"zh": "由全体算出的事实", "en": "Facts computed from all subjects"},
    "delivery": {"zh": "兑付方式", "en": "Delivery"},
    "diagnostics": {"zh": "诊断", "en": "Diagnostics"},
    "agreement": {"zh": "复核", "en": "Check"},
}
"""The parts of an explanation, with their headings."""

CELLS: dict[str, dict[Language, str]] = {
    "outcome": {"zh": "结论", "en": "outcome"},
    "result": {"zh": "结果", "en": "result"},
    "amount_fen": {"zh": "金额", "en": "amount"},
    "missing": {"zh": "缺的事实", "en": "missing facts"},
    "possible": {"zh": "可能的结果", "en": "possible answers"},
    "low_fen": {"zh": "可能的最低金额", "en": "least possible amount"},
    "high_fen": {"zh": "可能的最高金额", "en": "greatest possible amount"},
    "near": {"zh": "差一步", "en": "one step away"},
    "delivery": {"zh": "兑付方式", "en": "delivery"},
    "diagnostics": {"zh": "诊断的代号", "en": "codes of diagnostics"},
    "review": {"zh": "需人工核对的原因", "en": "reason for review"},
}
"""What the cells of results are called; those of tables bear the names of their tables."""


def header_rows(assessment: Assessment, language: Language, *, subject_name: str, subject_code: str) -> list[tuple[str, str]]:
    """Return what an explanation is about, as labels and values."""
    subject = subject_name + bracketed(subject_code, language) if subject_name else subject_code
    rows = [
        (choose(language, "对象", "Subject"), subject or choose(language, "（未指明）", "(not named)")),
        (choose(language, "政策", "Policy"), assessment.title + bracketed(assessment.policy, language)),
        (choose(language, "文号", "Document"), assessment.document),
        (choose(language, "截至日期", "As of"), format_date(assessment.as_of, language)),
        (choose(language, "政策版本", "Version"), f"sha256 {assessment.policy_sha256[:SHA_DIGITS]}"),
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
        return choose(language, "可享受", "eligible")
    amount = format_amount(assessment.amount_fen)
    said = choose(language, f"可享受，{name} {amount}", f"eligible; {name} {amount}")
    if assessment.amount is not None and assessment.amount.scaleb(2, feel_context()) != assessment.amount_fen:
        exact = format_yuan(assessment.amount)
        said += choose(language, f"（按政策规定取整，取整前 {exact}）", f" (rounded as the policy says, from {exact})")
    return said


def _because(assessment: Assessment, language: Language) -> str:
    """Return what settled an answer against the subject: the cells of a rule, or the condition that does not hold."""
    if not assessment.reasons:
        day = format_date(assessment.as_of, language)
        return choose(language, f"：{day}不在政策的有效期内", f": the policy is not in force on {day}")
    colon, comma = choose(language, "：", ": "), choose(language, "，", ", ")
    reason = _settling(assessment)
    met = comma.join(condition_phrase(condition, language) for condition in reason.conditions if condition.test or not reason.rule)
    ground = reason_ground(reason, language)
    if reason.rule and met:
        return colon + (f"{ground}{comma}{met}" if ground else met)
    if reason.expression and reason.value is False:
        said = choose(language, f"不满足 {reason.expression}", f"fails {reason.expression}")
    else:
        said = reason_title(reason, assessment, language)
    said = f"{ground}{comma}{said}" if ground else said
    if not met:
        return colon + said
    if any(isinstance(condition.value, Unknown) for condition in reason.conditions):
        met += choose(language, "；未知的不影响这个结论", "; what is unknown does not change this")
    return colon + said + bracketed(met, language)


def _settling(assessment: Assessment) -> Reason:
    """Return the reason that settles an answer: its own, or where that is an expression which read one decision alone, that one's."""
    named = {reason.decision: reason for reason in reversed(assessment.reasons)}
    reason = assessment.reasons[0]
    seen = {reason.decision}
    while reason.expression and len(reason.conditions) == 1:
        below = named.get(reason.conditions[0].what)
        if below is None or below.decision in seen:
            break
        reason = below
        seen.add(reason.decision)
    return reason


def _lacking(assessment: Assessment, language: Language) -> Iterator[str]:
    """Yield what is lacking, what the subject could tell apart from what the place has to fill in."""
    names = listed(assessment.missing_facts, language)
    if names:
        yield choose(language, f"，缺：{names}", f"; missing: {names}")
    separator = choose(language, "；" if names else "，", "; ")
    for item in assessment.missing_parameters:
        said = format_missing_parameter(item.name, "", assessment.subject_kind, language)
        yield choose(language, f"{separator}缺地方参数 {said}", f"{separator}missing parameter of the place: {said}")
        separator = choose(language, "；", "; ")


def review_reason(assessment: Assessment, language: Language) -> str:
    """Return why a person must decide: a fact to be judged, the rule that leaves it open, or what was odd."""
    if assessment.missing:
        names = listed(assessment.missing, language)
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
    return format_value(reason.value, reason.unit, language)


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
    value = format_value(condition.value, condition.unit, language)
    asked = describe_test(condition.test, language, condition.unit)
    colon = choose(language, "：", ": ")
    if not asked or asked in {value, format_value(condition.value, "", language)}:
        return f"{condition.what}{colon}{value}"
    if asked.startswith(tuple(SIGNS.values())) and isinstance(condition.value, Decimal | Date):
        return f"{condition.what} {value} {asked}"
    return f"{condition.what}{colon}{value}" + bracketed(choose(language, f"规则要求：{asked}", f"the rule asks: {asked}"), language)


# --- what else is said ---------------------------------------------------------------------------------------------


def near_phrase(miss: NearMiss, language: Language) -> str:
    """Return one near miss in its own unit, as `从业人员 312 人，线为 300 人（第四条（二））…`."""
    line = format_value(miss.line, "" if isinstance(miss.line, Date) else miss.unit, language)
    value = format_value(miss.value, "" if isinstance(miss.value, Date) else miss.unit, language)
    there = answer_phrase(miss.answer, language)
    article = bracketed(miss.article, language)
    gap = _gap(miss, language)
    return choose(
        language,
        f"{miss.name} {value}，线为 {line}{article}，{gap}：跨过这条线，则为{there}",
        f"{miss.name} {value}; the line is {line}{article}, {gap}: across it the answer is {there}",
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


def missing_parameter_phrases(assessment: Assessment, language: Language) -> Sequence[str]:
    """Return each parameter that the place has not filled in, and who is to fill it in."""
    return [format_missing_parameter(item.name, item.source, assessment.subject_kind, language) for item in assessment.missing_parameters]


def open_phrases(assessment: Assessment, language: Language) -> Iterator[str]:
    """Yield, where several things are missing and not all combinations could be tried, that not each need matter."""
    if len(assessment.missing) > 1 and not assessment.is_minimal:
        yield choose(
            language,
            "组合太多或牵涉计算，没有逐一列举：以上不一定每一项都会改变结果。",
            "Not every combination could be tried: not each of these need change the answer.",
        )


def caveat_phrases(assessment: Assessment, language: Language) -> Iterator[str]:
    """Yield what is to be confirmed, and what would settle it."""
    for caveat in assessment.caveats:
        settled_by = assessment.settled_by.get(caveat, "")
        said = choose(language, f"核对：{settled_by}", f"to be settled by: {settled_by}") if settled_by else ""
        yield caveat + bracketed(said, language)


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


def parameter_rows(assessment: Assessment, language: Language) -> Iterator[tuple[str, str]]:
    """Yield the parameters that the answer rests on, with their source and confidence."""
    for name, source in assessment.parameters.items():
        yield name, format_parameter_source(source, language)


def population_phrases(assessment: Assessment, language: Language) -> Iterator[str]:
    """Yield how population facts came about: of which group, and how many subjects took part."""
    for note in assessment.population:
        value = format_value(note.value, note.unit, language)
        pairs = listed((f"{name} {format_value(part, '', language)}" for name, part in note.group), language)
        if not note.is_grouped:
            yield choose(
                language,
                f"{note.name}：不知道。算法：{note.statistic}；不知道本户属于哪一组",
                f"{note.name}: not known. Computed as {note.statistic}; it is not known to which group the subject belongs",
            )
            continue
        more = choose(language, f"，另有 {note.unknown} 户不知道", f", of {note.unknown} more it is not known") if note.unknown else ""
        yield choose(
            language,
            f"{note.name}：{value}。算法：{note.statistic}；{f'组：{pairs}' if pairs else '全体一组'}，{note.members} 户参加{more}",
            f"{note.name}: {value}. Computed as {note.statistic}; {f'group: {pairs}' if pairs else 'all in one group'}, "
            f"{note.members} took part{more}",
        )


def delivery_phrase(assessment: Assessment, language: Language) -> str:
    """Return how the benefit goes out, and whether the document is stricter than the data would allow."""
    if assessment.delivery is None:
        return ""
    way = word(DELIVERIES, assessment.delivery, language)
    if not assessment.delivery_note:
        return way
    could = word(DELIVERIES, assessment.delivery_note, language)
    return choose(
        language,
        f"{way}（文件规定）。仅凭现有数据本可{could}，以文件为准。",
        f"{way}, as the document orders. The data alone would allow: {could}. The document holds.",
    )


def diagnostic_phrases(assessment: Assessment, language: Language) -> Iterator[str]:
    """Yield what was odd beneath the answer, with its code."""
    for item in assessment.diagnostics:
        article = bracketed(item.span.article, language) if item.span else ""
        yield f"{item.message(language)}{article} [{item.code}]"


def agreement_phrases(agreement: Agreement | None, language: Language) -> Iterator[str]:
    """Yield whether the columns, and the results of a run, say the same as the explanation."""
    if agreement is None:
        return
    if agreement.is_interpreted:
        yield choose(
            language,
            "按列计算把这一户交给逐户解释（数值放不进列中的整数），两者因此一致",
            "The columns leave this subject to the interpreter (a value does not fit their integers), so both say the same",
        )
    elif not agreement.differences:
        yield choose(
            language,
            "两种算法一致：逐户解释与按列计算，结论、金额、所用规则、缺的事实都相同",
            "Both engines agree: interpreted one by one and decided by columns, outcome, amount, rules and missing facts are the same",
        )
    for item in agreement.differences:
        yield _difference(choose(language, "两种算法不一致", "The engines differ"), item, language)
    if agreement.results and not agreement.in_results:
        yield choose(language, f"与结果文件一致：{agreement.results}", f"The results say the same: {agreement.results}")
    for item in agreement.in_results:
        lead = choose(language, f"与结果文件不一致（{agreement.results}）", f"The results say something else ({agreement.results})")
        yield _difference(lead, item, language)


def _difference(lead: str, item: Difference, language: Language) -> str:
    cell = CELLS[item.cell][language] if item.cell in CELLS else item.cell
    interpreted, found = (_cell_words(item.cell, said, language) for said in (item.interpreted, item.found))
    return choose(
        language,
        f"{lead}：“{cell}”逐户解释为“{interpreted}”，对方为“{found}”；请勿签发，并报告维护者",
        f"{lead}: '{cell}' is '{interpreted}' by the interpreter, '{found}' there; do not sign, and report this",
    )


def _cell_words(cell: str, said: str, language: Language) -> str:
    """Return what a cell of the results says, as people read it."""
    if cell.endswith("_fen") and said.lstrip("-").isdecimal():
        return format_yuan(Decimal(said).scaleb(-2))
    if cell not in {"outcome", "possible", "delivery"}:
        return said
    table = DELIVERIES if cell == "delivery" else OUTCOMES
    more = ETC if said.endswith(ETC) else ""
    known = [table[each][language] if each in table else each for each in said.removesuffix(more).split("、")]
    return choose(language, "、".join(known) + more, ", ".join([*known, *(["…"] if more else [])]))
