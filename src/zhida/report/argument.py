"""Why, as a letter says it: three to eight numbered sentences, each with its article, the answer last.

    steps ──the nearest to the answer──> sentences        each follows from those before it

What did not decide is left out; how many steps were is said in one line.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from zhida.assess.assessment import Assessment, ConditionMet, Step
from zhida.errors import Language
from zhida.feel.syntax import Name
from zhida.report.formulas import alike_phrase, choice_phrase, formula_phrase
from zhida.report.phrases import SCOPE, condition_phrase, reason_ground, reason_value
from zhida.report.words import bracketed, capitalized, choose, format_list, format_named, listed, tidy
from zhida.values.unknown import Unknown, find_unknown

MOST_SENTENCES = 8
"""Sentences that a letter gives for its answer."""

MOST_OPEN = 4
"""Of these, sentences that only say that something is not settled yet."""

MOST_NAMED = 4
"""Facts of one kind that one sentence names; more are told as their number."""


def argument(assessment: Assessment, language: Language) -> list[str]:
    """Return why the answer is what it is, a sentence for each step, the answer last."""
    return [sentence(step, assessment, language) for step in told(assessment)]


def told(assessment: Assessment) -> list[Step]:
    """Return the steps that a letter tells: those nearest to the answer, in the order of the argument."""
    nearest = sorted(range(len(assessment.steps)), key=lambda place: (assessment.steps[place].depth, -place))
    open_ = [place for place in nearest if is_open(assessment.steps[place])]
    kept = [place for place in nearest if place not in open_[MOST_OPEN:]]
    return [assessment.steps[place] for place in sorted(kept[:MOST_SENTENCES])]


def is_open(step: Step) -> bool:
    """Say whether a step has not been settled."""
    return find_unknown(step.reason.value) is not None


def untold_phrase(assessment: Assessment, language: Language) -> str:
    """Return how many steps a letter leaves out; an empty text where there are none."""
    left = len(assessment.steps) - len(told(assessment))
    if left <= 0:
        return ""
    return choose(
        language,
        f"（另有 {left} 步从略，网页格式的说明里逐步列出。）",
        f"({left} more {'step is' if left == 1 else 'steps are'} left out here; the page lists every one.)",
    )


def list_phrases(assessment: Assessment, language: Language) -> Iterator[str]:
    """Yield what the lists hold that the answer was counted in, each list once."""
    found: dict[str, tuple[Mapping[str, object], ...]] = {}
    for step in assessment.steps:
        for met in (*step.reads.values(), *step.reason.conditions):
            if isinstance(met.value, tuple) and met.value and all(isinstance(item, Mapping) for item in met.value):
                found.setdefault(met.what, met.value)
    for name, things in found.items():
        yield format_list(name, things, language)


def sentence(step: Step, assessment: Assessment, language: Language) -> str:
    """Return one step as a sentence, with the article and rule it rests on."""
    reason = step.reason
    said = _open(step, language) if isinstance(reason.value, Unknown) else _decided(step, assessment, language)
    elsewhere = reason.policy if reason.policy != assessment.policy else ""
    ground = choose(language, "；", "; ").join(filter(None, (_ground(step, language), elsewhere)))
    return capitalized(tidy(said + bracketed(ground, language) + choose(language, "。", ".")))


def _ground(step: Step, language: Language) -> str:
    reason = step.reason
    is_default = any(not condition.is_met for condition in reason.conditions)
    section = "" if reason.article or not step.section else choose(language, f"「{step.section}」一节", f"section {step.section}")
    said = choose(language, "，", ", ").join(filter(None, (section, reason_ground(reason, language))))
    return choose(language, "，", ", ").join(filter(None, (said, choose(language, "否则", "otherwise") if is_default else "")))


def _decided(step: Step, assessment: Assessment, language: Language) -> str:
    """Return a step that came to a value: what was met, how it was computed, what it is."""
    reason = step.reason
    formula = formula_phrase(step, language)
    result = _result(step, formula, assessment, language)
    if reason.expression:
        because = formula if isinstance(reason.value, bool) else ""
        met = choose(language, "，", ", ").join(filter(None, (choice_phrase(step, language), because)))
        if met:
            return choose(language, f"{met}，所以{result}", f"{met}; so {result}")
        return result if formula else result + bracketed(_read(step, language), language)
    met = _met(step, is_computed=bool(formula), language=language)
    if not met:
        return result
    if any(not condition.is_met for condition in reason.conditions):
        met = choose(language, f"没有规则成立（最接近的一条：{met}）", f"no rule applies (the nearest: {met})")
    return choose(language, f"{met}，所以{result}", f"{met}; so {result}")


def _result(step: Step, formula: str, assessment: Assessment, language: Language) -> str:
    """Return what a decision came to."""
    reason = step.reason
    value = reason_value(reason, assessment, language)
    if isinstance(reason.value, bool):
        if reason.decision == SCOPE:
            return choose(
                language, f"{'' if reason.value else '不'}在适用范围内", f"this is {'within' if reason.value else 'outside'} the scope"
            )
        return choose(language, f"{reason.decision}为{value}", f"{reason.decision} is “{value}”")
    if isinstance(reason.value, str):
        return reason.decision + choose(language, "为", " is ") + value
    if formula and not isinstance(step.operands[0], Name):
        value = f"{formula} = {value}"
    elif formula:
        value = formula
    if isinstance(reason.value, Decimal):
        return f"{reason.decision} = {value}".replace("= ≈", "≈")
    return reason.decision + choose(language, "为", " is ") + value


def _met(step: Step, *, is_computed: bool, language: Language) -> str:
    """Return what a rule asked and met; facts that are all yes, or all no, together. That a divisor is no zero is not worth a word."""
    alike: dict[bool, list[str]] = {}
    said = []
    named = {met.what for met in step.reads.values()}
    for condition in step.reason.conditions:
        if is_computed and condition.what in named and condition.test in {"> 0", ">= 0"}:
            continue
        if isinstance(condition.value, bool) and condition.is_met and condition.test in {"", "true", "false"}:
            alike.setdefault(condition.value, []).append(condition.what)
        else:
            said.append(_condition(condition, step, language))
    said += [alike_phrase(names, value, language) for value, names in alike.items()]
    return choose(language, "，", ", ").join(said)


def _condition(condition: ConditionMet, step: Step, language: Language) -> str:
    """Return what a rule asked and met, with the value of a name in the cell."""
    said = condition_phrase(condition, language)
    for name, met in step.reads.items():
        if name in condition.test and met.what != condition.what:
            rest = said.removeprefix(condition.what)
            said = condition.what * (rest != said) + rest.replace(name, _named(met, language))
    return said


def _read(step: Step, language: Language) -> str:
    """Return the values that a computation read, where it has no plain words."""
    met = list(step.reads.values()) or list(step.reason.conditions)
    return choose(language, "依据：", "from ") + _some([_named(each, language) for each in met], language) if met else ""


def _named(met: ConditionMet, language: Language) -> str:
    return f"{met.what} {format_named(met.what, met.value, met.unit, language)}"


def _open(step: Step, language: Language) -> str:
    """Return a step that rests on what is not known: on what, and what is known of it."""
    reason = step.reason
    lacking = [met.what for met in reason.conditions if find_unknown(met.value) is not None]
    facts = [condition_phrase(met, language) for met in reason.conditions if is_plain(met.value)]
    known = choose(language, "；已知", "; known so far: ") + _some(facts, language) if facts else ""
    waits = _some(lacking or sorted(reason.value.missing), language).replace("<=", "≤").replace(">=", "≥")
    name = choose(language, "适用与否", "whether it applies at all") if reason.decision == SCOPE else reason.decision
    return choose(language, f"{name}还定不了，要看{waits}{known}", f"{name} is still open: it depends on {waits}{known}")


def is_plain(value: object) -> bool:
    """Say whether a value is known and fits a sentence: a list or a context does not."""
    return find_unknown(value) is None and not isinstance(value, Mapping | tuple)


def _some(names: list[str], language: Language) -> str:
    """Return a few names, and how many more there are."""
    if len(names) <= MOST_NAMED:
        return listed(names, language)
    return listed(names[:MOST_NAMED], language) + choose(language, f"等 {len(names)} 项", f" and {len(names) - MOST_NAMED} more")
