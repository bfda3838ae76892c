"""The fine print of an explanation: which figures of the place and of the population it rests on, what was odd, who else agrees.

Every sentence restates data of the assessment, or of the comparison of both engines.
"""

from collections.abc import Iterator
from decimal import Decimal

from zhida.assess.agreement import Agreement, Difference
from zhida.assess.assessment import Assessment
from zhida.assess.cells import ETC
from zhida.assess.registry import SHA_DIGITS
from zhida.errors import Language
from zhida.report.phrases import few
from zhida.report.words import DELIVERIES, OUTCOMES, bracketed, choose, format_parameter_source, format_value, format_yuan, listed

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


def version_phrase(assessment: Assessment, language: Language) -> str:
    """Return which text was applied."""
    return choose(language, "，", ", ").join((assessment.policy, f"sha256 {assessment.policy_sha256[:SHA_DIGITS]}"))


def parameter_rows(assessment: Assessment, language: Language) -> Iterator[tuple[str, str]]:
    """Yield the parameters that the answer rests on, those of one source together, with their source and confidence."""
    lacking = {item.name for item in assessment.missing_parameters}
    sources: dict[str, list[str]] = {}
    for name, source in assessment.parameters.items():
        if name not in lacking and not source.startswith("未填写"):
            sources.setdefault(source, []).append(name)
    for source, names in sources.items():
        yield few(names, language), format_parameter_source(source, language)


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
