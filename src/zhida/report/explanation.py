"""An assessment as text that an official can sign, and as data that a program can read.

    Assessment ──phrases──> text     for the terminal and for letters
               └──────────> data     a dictionary with stable keys, for JSON

Amounts are exact in both: decimal strings, and integer fen where the policy's rounding was applied.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from zhida.assess.agreement import Agreement, Difference
from zhida.assess.assessment import Answer, Assessment, ConditionMet, Either, NearMiss, NextStatus, PopulationNote, Reason, WindowMet
from zhida.errors import Diagnostic, Language
from zhida.report import fine_print, phrases
from zhida.report.argument import argument, list_phrases, untold_phrase
from zhida.report.words import capitalized, choose, printable, unbroken
from zhida.report.year_names import spoken, told_to_machines
from zhida.source import display_width
from zhida.values.numbers import format_number
from zhida.values.text import format_value as canonical
from zhida.values.types import type_of
from zhida.values.unknown import Unknown

LINE_CELLS = 78
"""Terminal cells of a line."""

HANGING = "，。；：、）》”！？,.;:)"
"""Characters that never begin a line."""

OPENING = "（《“‘「【〔("
"""Characters that never end a line."""

Data = dict[str, Any]


# --- text ----------------------------------------------------------------------------------------------------------


def explanation_text(  # noqa: PLR0913 - each says one thing about what is explained
    assessment: Assessment,
    *,
    language: Language,
    subject_name: str = "",
    subject_code: str = "",
    is_synthetic: bool = False,
    agreement: Agreement | None = None,
) -> str:
    """Return an assessment in words: what, for whom, on which day, why, and what would change it.

    Args:
        assessment: The assessment.
        language: `zh` or `en`; names, articles and caveats stay as the policy writes them.
        subject_name: What the subject is called; may be empty.
        subject_code: Its code; may be empty.
        is_synthetic: Whether the subject is invented; the text then says so.
        agreement: Whether the columns and results say the same; the text then says so.

    Returns:
        Lines of at most 78 cells, the last with its line feed.
    """
    assessment = spoken(assessment, language)
    lines = [phrases.TITLE[language], "=" * display_width(phrases.TITLE[language])]
    if is_synthetic:
        lines.append(choose(language, f"【{phrases.SYNTHETIC[language]}】", f"[{phrases.SYNTHETIC[language]}]"))
    lines.append("")
    rows = phrases.header_rows(assessment, language, subject_name=subject_name, subject_code=subject_code)
    lines += _aligned(rows)
    mark = choose(language, "结论：", "Conclusion: ")
    lines += ["", *_wrapped(mark, phrases.conclusion(assessment, language))]
    for heading, body in _sections(assessment, agreement, language):
        lines += ["", heading, *body]
    blank = "_" * 14
    signatures = [f"{name}{choose(language, '：', ': ')}{blank}" for name in phrases.SIGNATURES[language]]
    lines += ["", "", "  ".join(signatures)]
    return "\n".join(lines) + "\n"


def _sections(assessment: Assessment, agreement: Agreement | None, language: Language) -> Iterator[tuple[str, list[str]]]:
    """Yield the headings and lines of the parts that have something to say."""
    window = phrases.window_phrase(assessment, language)
    parts = {
        "why": list(_why(assessment, language)),
        "missing": list(_items([*phrases.missing_phrases(assessment, language), *phrases.open_phrases(assessment, language)])),
        "next_status": list(_items(phrases.next_status_phrases(assessment, language))),
        "near": list(_items(phrases.near_phrase(miss, language) for miss in phrases.near_told(assessment))),
        "caveats": list(_items(phrases.caveat_phrases(assessment, language))),
        "window": _wrapped("  ", window) if window else [],
        "next": list(_items(phrases.next_phrases(assessment, language))),
        "parameters": list(_items(choose(language, "：", ": ").join(row) for row in fine_print.parameter_rows(assessment, language))),
        "population": list(_items(fine_print.population_phrases(assessment, language))),
        "diagnostics": list(_items(fine_print.diagnostic_phrases(assessment, language))),
        "agreement": list(_items(fine_print.agreement_phrases(agreement, language))),
        "version": _wrapped("  ", fine_print.version_phrase(assessment, language)),
    }
    for key, body in parts.items():
        if body:
            yield phrases.SECTIONS[key][language], body


def _why(assessment: Assessment, language: Language) -> Iterator[str]:
    for number, said in enumerate(argument(assessment, language), 1):
        yield from _wrapped(f"{number:>3}. ", said)
    for said in list_phrases(assessment, language):
        yield from _wrapped("     · ", said)
    untold = untold_phrase(assessment, language)
    if untold:
        yield from _wrapped("     ", untold)


def _items(sentences: Iterable[str]) -> Iterator[str]:
    for sentence in sentences:
        yield from _wrapped("  · ", capitalized(unbroken(sentence)))


def _aligned(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Return labels and values in two columns."""
    kept = list(rows)
    width = max((display_width(name) for name, _ in kept), default=0) + 2
    lines = []
    for name, value in kept:
        lines += _wrapped(f"{name}{' ' * (width - display_width(name))}", value)
    return lines


def _wrapped(mark: str, text: str) -> list[str]:
    """Break a sentence into lines that begin below its first character; Chinese may break anywhere but before a stop."""
    indent = " " * display_width(mark)
    room = max(LINE_CELLS - len(indent), 20)
    lines, line = [], ""
    for piece in _unbreakable(printable(text)):
        if line and display_width(line + piece.rstrip()) > room:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    lines.append(line.rstrip())
    return [(mark if place == 0 else indent) + part for place, part in enumerate(lines)]


def _unbreakable(text: str) -> Iterator[str]:
    """Yield what may not be broken, with the stops behind it."""
    held = ""
    for piece in _pieces(text):
        if held and piece[0] not in HANGING:
            yield held
            held = ""
        held += piece
    if held:
        yield held


def _pieces(text: str) -> Iterator[str]:
    """Yield what may not be broken: a wide character with the brackets it opens, or a word with the space behind it."""
    piece = ""
    for character in text:
        if character in OPENING:
            if piece and piece[-1] not in OPENING:
                yield piece
                piece = ""
            piece += character
        elif display_width(character) == 2:
            if piece and piece[-1] not in OPENING:
                yield piece
                piece = ""
            yield piece + character
            piece = ""
        else:
            piece += character
            if character == " ":
                yield piece
                piece = ""
    if piece:
        yield piece


# --- data ----------------------------------------------------------------------------------------------------------


def explanation_data(
    assessment: Assessment,
    *,
    subject_name: str = "",
    subject_code: str = "",
    is_synthetic: bool = False,
    agreement: Agreement | None = None,
) -> Data:
    """Return an assessment as a dictionary for JSON; keys are stable, sentences come in both languages.

    Numbers are decimal strings with their type beside them, dates are ISO 8601, and `amount_fen` is an integer. A value
    that is not known has the type `unknown` and the names of what it lacks.
    """
    conclusions: dict[Language, str] = {each: phrases.conclusion(spoken(assessment, each), each) for each in ("zh", "en")}
    windows = {each: phrases.window_phrase(assessment, each) for each in conclusions}
    assessment = told_to_machines(assessment)
    return {
        "policy": assessment.policy,
        "title": assessment.title,
        "document": assessment.document,
        "policy_sha256": assessment.policy_sha256,
        "as_of": str(assessment.as_of),
        "gives": assessment.gives,
        "subject": {"name": subject_name, "code": subject_code},
        "is_synthetic": is_synthetic,
        "outcome": assessment.outcome.value,
        "conclusion": conclusions,
        "result_name": assessment.result_name,
        "result": value_data(assessment.result),
        "amount": None if assessment.amount is None else format_number(assessment.amount),
        "amount_fen": assessment.amount_fen,
        "missing": list(assessment.missing),
        "missing_parameters": [{"name": item.name, "source": item.source} for item in assessment.missing_parameters],
        "is_minimal": assessment.is_minimal,
        "possible": [_answer(answer) for answer in assessment.possible],
        "possible_are": assessment.possible_are.value,
        "reasons": [_reason(reason) for reason in assessment.reasons],
        "caveats": list(assessment.caveats),
        "settled_by": dict(assessment.settled_by),
        "window": None if assessment.window is None else _window(assessment.window) | windows,
        "near": [_near(miss) for miss in assessment.near],
        "next_status": _next_status(assessment.next_status),
        "diagnostics": [_diagnostic(item) for item in assessment.diagnostics],
        "delivery": None if assessment.delivery is None else assessment.delivery.value,
        "delivery_note": assessment.delivery_note,
        "parameters": dict(assessment.parameters),
        "population": [_population(note) for note in assessment.population],
        "agreement": None if agreement is None else _agreement(agreement),
    }


def _window(window: WindowMet) -> Data:
    start, end = (None if day is None else str(day) for day in (window.days.start, window.days.end))
    return {"state": window.state.value, "from": start, "to": end, "every_year": str(window.every_year) if window.every_year else None}


def _population(note: PopulationNote) -> Data:
    return {
        "name": note.name,
        "statistic": note.statistic,
        "value": value_data(note.value),
        "group": {name: value_data(part) for name, part in note.group} if note.is_grouped else None,
        "members": note.members,
        "unknown": note.unknown,
    }


def _agreement(agreement: Agreement) -> Data:
    results = {"file": agreement.results, "agree": not agreement.in_results, "differences": [*map(_difference, agreement.in_results)]}
    return {
        "columns": {
            "agree": not agreement.differences,
            "is_interpreted": agreement.is_interpreted,
            "differences": [*map(_difference, agreement.differences)],
        },
        "results": results if agreement.results else None,
    }


def _difference(item: Difference) -> Data:
    return {"cell": item.cell, "interpreted": item.interpreted, "found": item.found}


def value_data(value: object) -> Data:
    """Return a value of FEEL as data: its type, and the value in what JSON has.

    >>> value_data(Decimal("2500.50"))
    {'type': 'number', 'value': '2500.5'}
    """
    if isinstance(value, Unknown):
        return {"type": "unknown", "missing": sorted(value.missing)}
    if isinstance(value, Either):
        return {"type": "either", "values": [value_data(each) for each in value.values]}
    return {"type": str(type_of(value)), "value": _plain(value)}


def _plain(value: object) -> Any:  # noqa: ANN401 - what JSON has
    match value:
        case None | bool() | str():
            return value
        case Decimal():
            return format_number(value)
        case Unknown():
            return value_data(value)
        case tuple():
            return [_plain(item) for item in value]
        case Mapping():
            return {key: _plain(entry) for key, entry in value.items()}
    return canonical(value)


def _answer(answer: Answer) -> Data:
    amount = None if answer.amount is None else format_number(answer.amount)
    result = value_data(answer.result)
    return {"outcome": answer.outcome.value, "result": result, "amount": amount, "amount_fen": answer.amount_fen}


def _reason(reason: Reason) -> Data:
    return {
        "decision": reason.decision,
        "policy": reason.policy,
        "value": value_data(reason.value),
        "unit": reason.unit,
        "article": reason.article,
        "rule": reason.rule,
        "either_rules": list(reason.either_rules),
        "conditions": [_condition(condition) for condition in reason.conditions],
        "expression": reason.expression,
        "place": reason.place,
    }


def _condition(condition: ConditionMet) -> Data:
    return {"what": condition.what, "test": condition.test, "value": value_data(condition.value), "unit": condition.unit}


def _near(miss: NearMiss) -> Data:
    return {
        "name": miss.name,
        "value": value_data(miss.value),
        "line": value_data(miss.line),
        "distance": format_number(miss.distance),
        "unit": miss.unit,
        "article": miss.article,
        "answer": _answer(miss.answer),
    }


def _next_status(up: NextStatus | None) -> Data | None:
    if up is None:
        return None
    failing = [_condition(condition) for condition in up.conditions]
    return {"result": value_data(up.result), "article": up.article, "rule": up.rule, "conditions": failing}


def _diagnostic(item: Diagnostic) -> Data:
    return {
        "code": item.code,
        "severity": item.severity.value,
        "place": item.span.place if item.span else "",
        "zh": item.message("zh"),
        "en": item.message("en"),
    }
