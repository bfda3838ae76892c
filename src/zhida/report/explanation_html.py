"""An assessment as one HTML page that an official can print and sign."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from zhida.assess.agreement import Agreement
from zhida.assess.assessment import Assessment, ConditionMet, Outcome, Reason
from zhida.errors import Language
from zhida.report import fine_print, phrases
from zhida.report.argument import argument, list_phrases
from zhida.report.conditions import describe_test
from zhida.report.inside import Inside, inside
from zhida.report.page import Markup, element, facts, join, page, table
from zhida.report.words import capitalized, choose, format_value, unbroken
from zhida.report.year_names import spoken

TONES = {
    Outcome.ELIGIBLE: "good",
    Outcome.INELIGIBLE: "bad",
    Outcome.UNDETERMINED: "doubt",
    Outcome.REVIEW: "doubt",
    Outcome.NOT_APPLICABLE: "calm",
}
"""The colour of a conclusion; its words say the same."""


def explanation_html(  # noqa: PLR0913 - each says one thing about what is explained
    assessment: Assessment,
    *,
    language: Language,
    subject_name: str = "",
    subject_code: str = "",
    is_synthetic: bool = False,
    agreement: Agreement | None = None,
) -> str:
    """Return an assessment as one self-contained HTML page, printable on A4, with lines to sign on.

    Args:
        assessment: The assessment.
        language: `zh` or `en`; names, articles and caveats stay as the policy writes them.
        subject_name: What the subject is called; may be empty.
        subject_code: Its code; may be empty.
        is_synthetic: Whether the subject is invented; the page then says so.
        agreement: Whether the columns and results say the same; the page then says so.
    """
    said = _Said(spoken(assessment, language), language, subject_name, subject_code, is_synthetic, agreement)
    return page(said.title, element("main", *said.parts()), language=language, style=STYLE)


def explanation_inside(  # noqa: PLR0913 - as `explanation_html`
    assessment: Assessment,
    *,
    language: Language,
    subject_name: str = "",
    subject_code: str = "",
    is_synthetic: bool = False,
    agreement: Agreement | None = None,
) -> Inside:
    """Return what `explanation_html` shows as an article of class `explained` that stands inside of another page, and its style apart.

    The arguments are those of `explanation_html`; the style is the same for every explanation.
    """
    said = _Said(spoken(assessment, language), language, subject_name, subject_code, is_synthetic, agreement)
    return inside(said.title, "explained", said.parts(), STYLE)


@dataclass(frozen=True, slots=True)
class _Said:
    """What an explanation says."""

    assessment: Assessment
    language: Language
    subject_name: str
    subject_code: str
    is_synthetic: bool
    agreement: Agreement | None

    @property
    def title(self) -> str:
        """What the page is called."""
        subject = self.subject_name or self.subject_code
        return f"{subject} · {self.assessment.title}" if subject else self.assessment.title

    def parts(self) -> tuple[Markup, ...]:
        """Return what the page shows, from top to bottom."""
        assessment, language = self.assessment, self.language
        rows = phrases.header_rows(assessment, language, subject_name=self.subject_name, subject_code=self.subject_code)
        return (
            element("div", phrases.SYNTHETIC[language], class_="synthetic", role="note") if self.is_synthetic else Markup(),
            element("header", element("h1", phrases.TITLE[language]), facts(rows)),
            _conclusion(assessment, language),
            *(element("section", element("h2", heading), content) for heading, content in _sections(assessment, self.agreement, language)),
            element("div", *(_signature(name) for name in phrases.SIGNATURES[language]), class_="signatures"),
            _annex(assessment, language),
            element("footer", _footer(assessment, language)),
        )


def _conclusion(assessment: Assessment, language: Language) -> Markup:
    label = element("span", phrases.outcome_label(assessment, language), class_="outcome")
    lead = choose(language, "结论：", "Conclusion: ")
    return element(
        "div", label, element("p", lead + phrases.conclusion(assessment, language)), class_=f"conclusion {TONES[assessment.outcome]}"
    )


def _sections(assessment: Assessment, agreement: Agreement | None, language: Language) -> Iterator[tuple[str, Markup]]:
    """Yield the headings and contents of the parts that have something to say."""
    window = phrases.window_phrase(assessment, language)
    parameters = list(fine_print.parameter_rows(assessment, language))
    parts = {
        "why": _why(assessment, language),
        "missing": _list([*phrases.missing_phrases(assessment, language), *phrases.open_phrases(assessment, language)]),
        "next_status": _list(phrases.next_status_phrases(assessment, language)),
        "near": _list(phrases.near_phrase(miss, language) for miss in phrases.near_told(assessment)),
        "caveats": _list(phrases.caveat_phrases(assessment, language), "caveats"),
        "window": element("p", window) if window else Markup(),
        "next": _list(phrases.next_phrases(assessment, language)),
        "parameters": facts(parameters) if parameters else Markup(),
        "population": _list(fine_print.population_phrases(assessment, language)),
        "diagnostics": _list(fine_print.diagnostic_phrases(assessment, language)),
        "agreement": _list(fine_print.agreement_phrases(agreement, language)),
        "version": element("p", fine_print.version_phrase(assessment, language)),
    }
    for key, content in parts.items():
        if content:
            yield phrases.SECTIONS[key][language], content


def _annex(assessment: Assessment, language: Language) -> Markup:
    """Return every decision with all values met, for whoever checks the letter."""
    if not assessment.reasons:
        return Markup()
    reasons = join(_reason(number, reason, assessment, language) for number, reason in enumerate(assessment.reasons, 1))
    return element("section", element("h2", phrases.SECTIONS["reasons"][language]), reasons, class_="annex")


def _why(assessment: Assessment, language: Language) -> Markup:
    """Return the argument as a numbered list, and what the lists in it hold."""
    sentences = [element("li", said) for said in argument(assessment, language)]
    lists = [element("p", said, class_="met") for said in list_phrases(assessment, language)]
    return join([element("ol", *sentences), *lists]) if sentences else Markup()


def _list(sentences: Iterable[str], class_: str = "") -> Markup:
    items = [element("li", capitalized(unbroken(sentence))) for sentence in sentences]
    return element("ul", *items, class_=class_) if items else Markup()


def _reason(number: int, reason: Reason, assessment: Assessment, language: Language) -> Markup:
    ground = phrases.reason_ground(reason, language)
    elsewhere = element("span", reason.policy, class_="badge") if reason.policy != assessment.policy else Markup()
    head = element(
        "div",
        element("span", str(number), class_="place"),
        element("strong", phrases.reason_title(reason, assessment, language)),
        element("span", join([ground, elsewhere], " "), class_="ground"),
        class_="head",
    )
    expression = element("pre", element("code", reason.expression)) if reason.expression else Markup()
    if any(condition.test for condition in reason.conditions):
        conditions = _conditions(reason.conditions, language)
    else:
        said = choose(language, "；", "; ").join(phrases.condition_phrase(condition, language) for condition in reason.conditions)
        conditions = element("p", said, class_="met") if said else Markup()
    return element("div", head, expression, conditions, class_="reason unresolved" if phrases.is_unresolved(reason) else "reason")


def _conditions(conditions: Iterable[ConditionMet], language: Language) -> Markup:
    """Return the values met beside what the rule asks."""
    head = choose(language, ("事实", "实际", "规则要求"), ("Fact", "Met", "The rule asks"))
    rows = (
        (item.what, format_value(item.value, item.unit, language), describe_test(item.test, language, item.unit)) for item in conditions
    )
    return table(head, rows, "conditions")


def _signature(name: str) -> Markup:
    return element("span", name, element("i", ""))


def _footer(assessment: Assessment, language: Language) -> str:
    digest = assessment.policy_sha256
    return choose(
        language,
        f"本说明由政策的规则逐条执行得出，未作改动。政策文本 sha256：{digest}",
        f"This page restates what the policy's rules came to, rule by rule. Policy text sha256: {digest}",
    )


STYLE = """
main { max-width: 860px; padding: 40px 56px 48px; }
h1 { font-size: 26px; text-align: center; margin: 8px 0 22px; letter-spacing: .06em; }
h2 { font-size: 17px; margin: 26px 0 10px; padding-bottom: 5px; border-bottom: 1px solid var(--line); color: var(--accent); }
.synthetic { margin-bottom: 18px; }
.conclusion { display: flex; gap: 16px; align-items: center; margin: 20px 0 8px; padding: 14px 18px; border: 1px solid;
  border-left-width: 5px; break-inside: avoid; }
.conclusion p { margin: 0; font: 600 17px/1.6 var(--serif); color: var(--ink); }
.outcome { flex: none; font-weight: 700; }
.good { border-color: var(--good); background: var(--good-faint); } .good .outcome { color: var(--good); }
.bad { border-color: var(--bad); background: var(--bad-faint); } .bad .outcome { color: var(--bad); }
.doubt { border-color: var(--doubt-line); background: var(--doubt-faint); } .doubt .outcome { color: var(--doubt); }
.calm { border-color: var(--quiet); background: var(--faint); } .calm .outcome { color: var(--quiet); }
ul { padding-left: 1.3em; }
.caveats li::marker { color: var(--doubt); }
.caveats { color: #4b4433; font-size: 14px; }
.reason { margin: 0 0 14px; break-inside: avoid; }
.head { display: flex; flex-wrap: wrap; gap: 0 10px; align-items: baseline; }
.place { flex: none; width: 1.7em; color: var(--quiet); font-variant-numeric: tabular-nums; }
.ground { margin-left: auto; color: var(--accent); font-size: 14px; text-align: right; }
.unresolved .head strong { color: var(--doubt); }
pre { margin: 4px 0 4px 1.8em; padding: 5px 10px; background: var(--faint); white-space: pre-wrap; font-size: 13px; line-height: 1.6; }
.met { margin: 2px 0 0 1.8em; padding: 0 8px; font-size: 14px; }
.facts th, .facts td { padding-top: 2px; padding-bottom: 2px; }
.conditions { margin: 4px 0 0 1.8em; width: calc(100% - 1.8em); font-size: 14px; table-layout: fixed; }
.conditions th { color: var(--quiet); font-weight: 400; border-bottom: 1px solid var(--line); padding: 2px 8px; }
.conditions td { border-bottom: 1px solid #edf0f3; padding: 3px 8px; }
.signatures { display: flex; gap: 32px; margin: 52px 0 0; break-inside: avoid; }
.signatures span { flex: 1; display: flex; gap: 8px; align-items: flex-end; white-space: nowrap; }
.signatures i { flex: 1; border-bottom: 1px solid var(--ink); }
footer { margin-top: 34px; color: var(--quiet); font-size: 12px; }
section:last-of-type { break-inside: avoid; break-after: avoid; } .signatures { break-before: avoid; }
@media print { main { max-width: none; padding: 0; } h1 { font-size: 18pt; } h2 { font-size: 12.5pt; break-after: avoid; }
  .conclusion p { font-size: 12pt; }
  .conditions, .met, .ground, .caveats { font-size: 9.5pt; } footer { font-size: 8pt; } }
@media screen and (max-width: 640px) { main { padding: 20px 16px; } .signatures { flex-direction: column; gap: 28px; }
  .facts th { white-space: normal; } }
"""
"""What an explanation looks like beside the common style."""
