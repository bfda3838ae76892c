"""Words of a proof: verdicts, the subject that shows a finding, a cliff."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from zhida.errors import Language
from zhida.feel.units import format_unit as format_feel_unit
from zhida.policy.pack import PolicyModel, parameter_id
from zhida.proof.across.cliffs import Cliff
from zhida.proof.findings import Finding, Verdict, Witness
from zhida.proof.tables.proving import TableProof
from zhida.proof.tables.words import describe_duration
from zhida.report.words import Words, choose, format_date, format_quantity, format_value, gloss_yuan, group_digits, listed, word
from zhida.values.temporal import DaysDuration, MonthsDuration
from zhida.values.unknown import Unknown, find_unknown

VERDICTS: Words = {
    Verdict.PROVED: {"zh": "已证明", "en": "proved"},
    Verdict.REFUTED: {"zh": "有反例", "en": "refuted"},
    Verdict.UNDECIDED: {"zh": "未能判定", "en": "not decided"},
}
"""How a question came out."""

MARKS: Mapping[Verdict, str] = {Verdict.PROVED: "✓", Verdict.REFUTED: "✗", Verdict.UNDECIDED: "?"}
"""The same as a sign."""

EXPLAINED: tuple[str, str, str] = ("○", "有缺口（已说明）", "gaps (explained)")
"""The sign and words of a table whose gaps its document means, and says why."""

QUESTIONS: Sequence[tuple[str, str]] = (("完备", "complete"), ("不重叠", "no overlap"), ("无遮盖", "none masked"))
"""What is asked of each table."""


OPEN_GAPS = frozenset(("proof-gap", "proof-gap-unusual", "proof-gap-collect"))
"""Findings of gaps that nobody explained."""


def verdict_words(verdict: Verdict, language: Language) -> str:
    """Return a verdict with its sign.

    >>> verdict_words(Verdict.PROVED, "zh")
    '✓ 已证明'
    """
    return f"{MARKS[verdict]} {word(VERDICTS, verdict, language)}"


def is_explained(table: TableProof) -> bool:
    """Say whether a table has gaps, and its document says why of all of them."""
    codes = {finding.diagnostic.code for finding in table.findings}
    return table.completeness is Verdict.REFUTED and "proof-gap-justified" in codes and codes.isdisjoint(OPEN_GAPS)


def said_of(table: TableProof, language: Language) -> tuple[str, ...]:
    """Return how each question about a table came out, in the order of `QUESTIONS`, in words without signs."""
    complete, *others = (word(VERDICTS, each, language) for each in (table.completeness, table.consistency, table.masked))
    return (choose(language, *EXPLAINED[1:]) if is_explained(table) else complete, *others)


def signed(table: TableProof, language: Language) -> tuple[str, ...]:
    """Return how each question about a table came out, with signs."""
    complete, *others = (verdict_words(each, language) for each in (table.completeness, table.consistency, table.masked))
    return (f"{EXPLAINED[0]} {choose(language, *EXPLAINED[1:])}" if is_explained(table) else complete, *others)


def reasons(table: TableProof, language: Language) -> tuple[str, ...]:
    """Return why a table was not decided, each reason once."""
    return tuple(dict.fromkeys(choose(language, zh, en) for zh, en in table.undecided))


Models = PolicyModel | Sequence[PolicyModel] | None
"""The policy that is spoken of; all of them where something lies across policies; None where none is known."""


def witness_words(witness: Witness, models: Models, language: Language) -> str:
    """Return a subject that shows a finding: its facts, or the values of the clauses where only these are known.

    Args:
        witness: The subject.
        models: The policies that it is about, for the units of its facts.
        language: Of the words around it.
    """
    shown = [(name, value, _unit(models, name)) for name, value in witness.facts.items()]
    shown = shown or [(text, value, _unit(models, text)) for text, value in witness.clauses]
    made_up = choose(language, "（假设：参数没有数值）", " (made up: a parameter without a figure)")
    parts = [
        f"{name} = {shown_value(value, unit, language)}{made_up if name in witness.facts and _is_open(models, name) else ''}"
        for name, value, unit in shown
    ]
    if witness.as_of is not None:
        parts.append(choose(language, f"评估日 {format_date(witness.as_of, language)}", f"on {format_date(witness.as_of, language)}"))
    return choose(language, "，", ", ").join(parts)


def example_words(finding: Finding, models: Models, language: Language) -> str:
    """Return the sentence that gives a finding's witness, or an empty text.

    >>> from zhida.errors import Diagnostic
    >>> example_words(Finding(Diagnostic("proof-gap"), witness=Witness({"职工人数": Decimal(300)})), None, "zh")
    '例如：职工人数 = 300'
    """
    told = finding.diagnostic.arguments.get(choose(language, "witness_zh", "witness"), "") if is_shown(finding, models) else ""
    said = told or (witness_words(finding.witness, models, language) if finding.witness else "")
    return choose(language, f"例如：{said}", f"for example: {said}") if said else ""


def _is_whole(witness: Witness | None) -> bool:
    """Say whether the clauses of a witness tell all of its facts: none is computed, or compared with a fact beside it."""
    return witness is None or {text for text, _ in witness.clauses}.issuperset(witness.facts)


def is_shown(finding: Finding, models: Models = None) -> bool:
    """Say whether the words of a finding give its witness already, with all of its facts, of which none is made up."""
    facts = finding.witness.facts if finding.witness is not None else ()
    return "witness" in finding.diagnostic.arguments and _is_whole(finding.witness) and not any(_is_open(models, name) for name in facts)


def shown_value(value: object, unit: str, language: Language) -> str:
    """Return a value with its unit; large sums of yuan in the words of documents.

    >>> shown_value(Decimal(20000000), "元", "zh"), shown_value(Decimal("3000000.01"), "元", "zh"), shown_value("小型", "", "zh")
    ('2,000 万元', '3,000,000.01 元', '“小型”')
    >>> shown_value(MonthsDuration(6), "", "zh"), shown_value(MonthsDuration(6), "", "en")
    ('6 个月', '6 months')
    """
    if isinstance(value, Decimal) and unit == "元":
        return gloss_yuan(value, language) or format_quantity(value, unit, language)
    if isinstance(value, str):
        return choose(language, f"“{value}”", f"'{value}'")
    if isinstance(value, DaysDuration | MonthsDuration):
        return describe_duration(value, language)
    return format_value(value, unit, language)


def cliff_rows(cliffs: Iterable[Cliff], model: PolicyModel, language: Language) -> list[tuple[str, str, str, str]]:
    """Return what is told of the cliffs of one policy: the fact, its lines, what is lost at each, the articles.

    Lines of one fact at which the same is lost share a row.
    """
    shown = []
    for (fact, way, loss), several in _alike(cliffs, language).items():
        lines = listed(dict.fromkeys(_line(cliff, model, language) for cliff in sorted(several, key=_by_line)), language)
        articles = listed(dict.fromkeys(cliff.span.article for cliff in several if cliff.span.article), language)
        shown.append((fact, f"{way} {lines}", loss, articles))
    return shown


def cliff_examples(cliffs: Iterable[Cliff], model: PolicyModel, language: Language) -> list[str]:
    """Return a subject for each row of `cliff_rows`: the step, the amounts on both sides of it, and the facts beside it."""
    return [_cliff_example(several[0], model, language) for several in _alike(cliffs, language).values()]


def _cliff_example(cliff: Cliff, model: PolicyModel, language: Language) -> str:
    before, after = (f"{group_digits(amount)} {choose(language, '元', 'yuan')}" for amount in (cliff.before, cliff.after))
    step = f"{cliff.fact} = {shown_value(cliff.place, cliff.unit, language)}"
    others = {name: value for name, value in cliff.facts.items() if name != cliff.fact and find_unknown(value) is None}
    beside = witness_words(Witness(others), model, language) if others else ""
    fall = choose(language, f"：{before} → {after}", f": {before} → {after}")
    return f"{step}{fall}" + (choose(language, f"（{beside}）", f" ({beside})") if beside else "")


def _alike(cliffs: Iterable[Cliff], language: Language) -> dict[tuple[str, str, str], list[Cliff]]:
    """Return cliffs by their fact, how its line is crossed and what is lost, in words."""
    rows: dict[tuple[str, str, str], list[Cliff]] = {}
    for cliff in cliffs:
        loss = f"{group_digits(cliff.loss)} {choose(language, '元', 'yuan')}"
        rows.setdefault((cliff.fact, _way(cliff, language), loss), []).append(cliff)
    return rows


def _way(cliff: Cliff, language: Language) -> str:
    """Return how a line is crossed: by reaching it, or by passing it; of what is made of the fact, too."""
    if not _is_own(cliff):
        return choose(language, f"{cliff.tested} 越过", f"{cliff.tested} crosses")
    if cliff.place == cliff.line:
        return choose(language, "超过", "above")
    return choose(language, "达到", "from")


def _is_own(cliff: Cliff) -> bool:
    """Say whether the line is drawn on the fact itself, where it stands."""
    return isinstance(cliff.place, Decimal) and isinstance(cliff.line, Decimal) and cliff.place <= cliff.line <= cliff.place + cliff.step


def _line(cliff: Cliff, model: PolicyModel, language: Language) -> str:
    """Return a line in the unit of what it is drawn on."""
    if _is_own(cliff):
        return shown_value(cliff.line, cliff.unit, language)
    named = (each.shape.unit for each in model.model.decisions.values() if each.decision.name == cliff.tested)
    unit = next(named, None)
    return shown_value(cliff.line, format_feel_unit(unit) if unit else _unit(model, cliff.tested), language)


def _by_line(cliff: Cliff) -> tuple[bool, Decimal]:
    is_number = isinstance(cliff.line, Decimal)
    return (not is_number, cliff.line if is_number else Decimal(0))


def _each(models: Models) -> Sequence[PolicyModel]:
    return () if models is None else (models,) if isinstance(models, PolicyModel) else models


def _unit(models: Models, name: str) -> str:
    items = (model.item(name) for model in _each(models))
    return next((item.unit for item in items if item is not None), "")


def _is_open(models: Models, name: str) -> bool:
    """Say whether a name is a parameter that has no figure on the day, so that a proof makes its value up."""
    return any(isinstance(model.parameters.get(parameter_id(name)), Unknown) for model in _each(models))
