"""What a proof says of a policy, on its page: marks on the graph, a line under each table, a part at the end."""

from collections import Counter
from collections.abc import Iterator, Mapping

from zhida.errors import SEVERITY_WORDS, Language
from zhida.errors.code import Severity
from zhida.proof.findings import Finding, Verdict
from zhida.proof.policies import PolicyProof, verdicts_of
from zhida.proof.tables.proving import TableProof
from zhida.report.page import Markup, element, join, table
from zhida.report.requirement_graph import Mark
from zhida.report.weave_rules import anchor
from zhida.report.witness import MARKS, QUESTIONS, cliff_examples, cliff_rows, example_words, is_explained, reasons, signed
from zhida.report.words import choose, format_date, listed

CLASSES: Mapping[Verdict, str] = {Verdict.PROVED: "good", Verdict.REFUTED: "bad", Verdict.UNDECIDED: "quiet"}
"""How a verdict looks."""


TOLD_APART = frozenset(("proof-undecided", "proof-cliff"))
"""Findings that the verdicts and the table of cliffs tell."""


def marks_of(proof: PolicyProof | None, language: Language) -> dict[str, Mark]:
    """Return what the graph shows of a proof, by the id of the decision."""
    if proof is None:
        return {}
    by_decision: dict[str, list[Finding]] = {}
    for finding in proof.findings:
        if finding.decision_id is not None and finding.diagnostic.code not in TOLD_APART:
            by_decision.setdefault(finding.decision_id, []).append(finding)
    marks: dict[str, Mark] = {}
    for id_ in dict.fromkeys((*by_decision, *proof.by_decision)):
        found = by_decision.get(id_, [])
        open_ = _undecided(proof.by_decision.get(id_))
        if found or open_:
            lines = [finding.diagnostic.message(language) for finding in found]
            lines += reasons(proof.by_decision[id_], language) if open_ else ()
            marks[id_] = Mark(Counter(finding.diagnostic.severity for finding in found), open_, tuple(lines))
    return marks


def _undecided(proved: TableProof | None) -> int:
    return sum(verdict is Verdict.UNDECIDED for verdict in verdicts_of(proved)) if proved is not None else 0


def under_table(proof: PolicyProof | None, decision_id: str, language: Language) -> Markup:
    """Return the line under a decision: the verdicts of its table, and what was found of it."""
    if proof is None:
        return Markup()
    proved = proof.by_decision.get(decision_id)
    found = _gravest_first(proof, decision_id)
    line = element("p", _verdicts(proved, language), class_="verdicts") if proved is not None else Markup()
    said = element("ul", *(element("li", *_told(finding, proof, language)) for finding in found), class_="found") if found else Markup()
    return element("div", line, said, class_="proved") if line or said else Markup()


def _gravest_first(proof: PolicyProof, decision_id: str | None) -> list[Finding]:
    """Return what was found of a decision, or of none, errors before warnings before information."""
    found = [finding for finding in proof.findings if finding.decision_id == decision_id and finding.diagnostic.code not in TOLD_APART]
    return sorted(found, key=lambda finding: list(Severity).index(finding.diagnostic.severity))


def _verdicts(proved: TableProof, language: Language) -> Markup:
    """Return the verdicts of a table: in one word where all are proved."""
    label = choose(language, "证明：", "Proof: ")
    verdicts = verdicts_of(proved)
    names = [choose(language, *question) for question in QUESTIONS]
    if set(verdicts) == {Verdict.PROVED}:
        said = element("span", f"{MARKS[Verdict.PROVED]} {choose(language, '、', ', ').join(names)}", class_="good")
        return join([label, said])
    answers = zip(names, signed(proved, language), _looks(proved), strict=True)
    parts = [element("span", f"{name} {words}", class_=look) for name, words, look in answers]
    why = choose(language, "；", "; ").join(reasons(proved, language))  # a table that is refuted can have open questions, too
    return join([label, join(parts, choose(language, "，", ", ")), choose(language, f"。{why}", f". {why}") if why else ""])


def _looks(proved: TableProof) -> tuple[str, ...]:
    """Return how the verdicts of a table look; gaps that the document explains are no fault."""
    complete, *others = (CLASSES[verdict] for verdict in verdicts_of(proved))
    return ("quiet" if is_explained(proved) else complete, *others)


def _told(finding: Finding, proof: PolicyProof, language: Language) -> Iterator[Markup]:
    severity = finding.diagnostic.severity
    yield element("span", word_of(finding, language), class_=f"grade {severity.value}")
    yield element("span", finding.diagnostic.message(language))
    example = example_words(finding, proof.model, language)
    if example:
        yield element("span", example, class_="quiet")


def word_of(finding: Finding, language: Language) -> str:
    """Return how grave a finding is, in a word."""
    return SEVERITY_WORDS[language][finding.diagnostic.severity]


def proof_part(proof: PolicyProof, language: Language) -> Markup:
    """Return what is said of a policy as a whole: every table's verdicts, the cliffs, what is about no decision."""
    day = format_date(proof.as_of, language)
    count = sum(set(verdicts_of(each)) == {Verdict.PROVED} for each in proof.tables)
    lead = choose(
        language,
        f"评估日 {day}。{len(proof.tables)} 张判定表，其中 {count} 张已证明完备、不重叠、没有被遮盖的规则。",
        f"As of {day}. Of {len(proof.tables)} decision tables, {count} are proved complete, without overlap and without masked rules.",
    )
    parts = [element("p", lead)]
    if proof.tables:
        parts.append(_tables(proof, language))
    if proof.cliffs:
        parts += [
            element("h3", choose(language, "悬崖：多一个单位，反而少得", "Cliffs: one unit more, and one gets less")),
            _cliffs(proof, language),
        ]
    parts += _other_cliffs(proof, language)
    others = _gravest_first(proof, None)
    if others:
        parts.append(element("h3", choose(language, "其他发现", "Other findings")))
        parts.append(element("ul", *(element("li", *_told(finding, proof, language)) for finding in others), class_="found"))
    return element("div", *parts, class_="proof")


def _tables(proof: PolicyProof, language: Language) -> Markup:
    head = [
        choose(language, "决策", "Decision"),
        *(choose(language, *question) for question in QUESTIONS),
        choose(language, "说明", "Note"),
    ]
    compiled = proof.policy.compiled.decisions
    rows = []
    for proved in proof.tables:
        name = compiled[proved.decision_id].decision.name
        signs = [element("span", words, class_=look) for words, look in zip(signed(proved, language), _looks(proved), strict=True)]
        rows.append(
            [element("a", name, href=f"#{anchor('decision', name)}"), *signs, choose(language, "；", "; ").join(reasons(proved, language))]
        )
    return table(head, rows, "plain ground")


def _cliffs(proof: PolicyProof, language: Language) -> Markup:
    head = choose(language, ("事实", "线", "少得", "依据", "例如"), ("Fact", "Line", "Lost", "Article", "For example"))
    rows = cliff_rows(proof.cliffs, proof.model, language)
    examples = cliff_examples(proof.cliffs, proof.model, language)
    return table(head, [(*row, element("span", who, class_="quiet")) for row, who in zip(rows, examples, strict=True)], "plain ground")


def _other_cliffs(proof: PolicyProof, language: Language) -> Iterator[Markup]:
    """Yield of which facts it is proved that they have no cliffs beside those shown, and of which it is not known, and why."""
    zh, en = ("没有别的悬崖", "no other cliffs") if proof.cliffs else ("没有悬崖", "no cliffs")
    if proof.climbed.proved:
        names = listed(proof.climbed.proved, language)
        yield element("p", choose(language, f"已证明{zh}：{names}。", f"Proved to have {en}: {names}."), class_="quiet")
    by_reason: dict[str, list[str]] = {}
    for fact, reason_zh, reason_en in proof.climbed.undecided:
        by_reason.setdefault(choose(language, reason_zh, reason_en), []).append(fact)
    for reason, facts in by_reason.items():
        names = listed(facts, language)
        said = choose(language, f"未能判定是否{zh}：{names}（{reason}）。", f"Not decided whether there are {en}: {names} ({reason}).")
        yield element("p", said, class_="quiet")


STYLE = """
.proved { font-size: 12.5px; color: var(--quiet); margin-top: 6px !important; }
.proved p { margin: 0; }
.found { list-style: none; margin: 4px 0 0; padding: 0; font-size: 12.5px; }
.found li { padding: 2px 0; } .found li > * + * { margin-left: .6em; }
.grade { border-radius: 3px; padding: 0 .4em; font-size: 11.5px; border: 1px solid currentColor; white-space: nowrap; }
.grade.error { color: var(--bad); } .grade.warning { color: var(--doubt); } .grade.information { color: #2f6699; }
.proof h3 { margin-top: 20px; }
@media print { .proved, .found { font-size: 7.5pt; } }
"""
"""What a proof looks like."""
