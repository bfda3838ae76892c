"""The smallest change in a sentence, and a cliff in one.

    研发费用占比 4.7%，线 5%：研发费用再投入 12.3 万元
    从业人员 296 人，线 300 人：再增加 4 人
    应纳税所得额再多 50,000.01 元（到 3,000,000.01 元），减免税额从 ¥600,000.00 变为 ¥0.00

Figures in a sentence are rounded for reading, changes upwards, so that what is said is enough; exact ones stand in the files.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal

from zhida.assess.assessment import Outcome
from zhida.entitle.next.ahead import CliffAhead
from zhida.entitle.next.steps import MOVE, SWITCH, Step
from zhida.errors import Language
from zhida.feel.units import format_unit as written_unit
from zhida.policy.pack import PolicyModel
from zhida.report.words import choose, format_date, format_quantity, format_value, format_yuan, group_digits
from zhida.values.temporal import Date

TEN_THOUSAND = Decimal(10_000)

PLACES, MOST_PLACES = 2, 6
"""Decimal places of a percentage; more where a value and its line would look the same."""


def tested_unit(model: PolicyModel | None, step: Step) -> str | None:
    """Return the unit of what a line is drawn for: `1` for a bare ratio; None where that is not known."""
    if step.tested.name == step.attribute:
        return step.unit
    if model is None:
        return None
    for compiled in model.model.decisions.values():
        if compiled.decision.name == step.tested.name and compiled.shape.unit is not None:
            return written_unit(compiled.shape.unit) or "1"
    item = model.item(step.tested.name)
    return item.unit if item is not None and item.unit else None


def steps_sentence(steps: Sequence[Step], language: Language, model: PolicyModel | None = None) -> str:
    """Return a change of one or more attributes in words."""
    said = choose(language, "；同时，", "; and also ").join(step_sentence(step, language, model) for step in steps)
    if any(step.then is Outcome.REVIEW for step in steps):
        said += choose(language, "（之后由人评审）", " (then reviewed by a person)")
    return said


def step_sentence(step: Step, language: Language, model: PolicyModel | None = None) -> str:
    """Return one change in words.

    Args:
        step: The change.
        language: In which language.
        model: The policy, for the unit of what is tested.
    """
    if step.kind == SWITCH:
        target = format_value(step.target, "", language)
        return choose(language, f"{step.attribute}：做到“{target}”", f"{step.attribute}: make it '{target}'")
    if step.kind != MOVE:
        days = group_digits(step.change)
        until = format_date(step.target, language) if isinstance(step.target, Date) else str(step.target)
        return choose(
            language, f"等到 {until}（还有 {days} 天，看{step.attribute}）", f"wait until {until} ({days} days; {step.attribute})"
        )
    is_same = step.tested.name == step.attribute
    what = "" if is_same else step.attribute
    way = _way(step, language)
    how_much = rounded_quantity(abs(step.change), step.unit, language)
    move = choose(language, f"{what}{way} {how_much}", f"{way} {what or step.attribute} by {how_much}")
    if is_nothing(step):
        return choose(language, f"{step.attribute}现在是 0，要大于 0", f"{step.attribute} is 0 and must be more")
    met = _met(step, language, tested_unit(model, step))
    is_past = isinstance(step.tested.value, Decimal) and isinstance(step.tested.line, Decimal)
    if is_past and (step.tested.value - step.tested.line) * step.change > 0:  # it is met today, and would not be after the other step
        return choose(language, f"{move}，使{step.tested.name}仍然过线", f"{move}, so that {step.tested.name} still passes")
    return choose(language, f"{met}：{move}", f"{met}: {move}") if met else move


def is_nothing(step: Step) -> bool:
    """Say whether a subject has nothing and needs something, however little: the least that would do is no advice."""
    return step.kind == MOVE and step.value == 0 and step.tested.line == 0


def _way(step: Step, language: Language) -> str:
    if step.change < 0:
        return choose(language, "减少", "lower")
    if step.cost_fen is not None and step.unit == "元":
        return choose(language, "再投入", "spend more on")
    return choose(language, "再增加", "raise")


def _met(step: Step, language: Language, unit: str | None) -> str:
    """Return what is tested, with its value and its line; nothing where there is no line."""
    value, line = step.tested.value, step.tested.line
    if not isinstance(line, Decimal):
        return ""
    if unit in {"1", None} and abs(line) <= 1 and line:
        shown_value, shown_line = percentages(value, line) if isinstance(value, Decimal) else ("", percentages(line, line)[1])
    else:
        shown_value, shown_line = (
            rounded_quantity(each, unit or "", language, is_up=False) if isinstance(each, Decimal) else "" for each in (value, line)
        )
    name = step.tested.name
    return (
        choose(language, f"{name} {shown_value}，线 {shown_line}", f"{name} {shown_value}, line {shown_line}")
        .replace(" ，", "，")
        .replace(" ,", ",")
    )


def percentages(value: Decimal, line: Decimal) -> tuple[str, str]:
    """Return a ratio and its line as percentages, with as many places as it takes to tell them apart.

    >>> percentages(Decimal("0.047"), Decimal("0.05")), percentages(Decimal("0.0499999"), Decimal("0.05"))
    (('4.7%', '5%'), ('4.99999%', '5%'))
    """
    for places in range(PLACES, MOST_PLACES + 1):
        told = [(each * 100).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN) for each in (value, line)]
        if told[0] != told[1] or value == line:
            break
    return f"{group_digits(told[0])}%", f"{group_digits(told[1])}%"


def rounded_quantity(value: Decimal, unit: str, language: Language, *, is_up: bool = True) -> str:
    """Return a quantity for reading: large sums in 万元 with two decimals, a change rounded up.

    >>> rounded_quantity(Decimal("123456.78"), "元", "zh"), rounded_quantity(Decimal("4.0001"), "人", "zh")
    ('12.35 万元', '4.01 人')
    """
    mode = ROUND_CEILING if is_up else ROUND_HALF_EVEN
    if unit == "元" and abs(value) >= TEN_THOUSAND and language == "zh":
        return f"{group_digits((value / TEN_THOUSAND).quantize(Decimal('0.01'), mode))} 万元"
    places = Decimal("0.01") if value.as_tuple().exponent else Decimal(1)
    return format_quantity(value.quantize(places, mode), unit, language)


def cost_words(steps: Iterable[Step], language: Language) -> str:
    """Return what a change costs, as far as it is priced; nothing where no part of it is."""
    costs = [None if is_nothing(step) else step.cost_fen for step in steps]
    priced = [cost for cost in costs if cost is not None]
    if not priced:
        return ""
    total = format_yuan(Decimal(sum(priced)).scaleb(-2))
    return total if len(priced) == len(costs) else choose(language, f"{total} 以上", f"{total} or more")


def cliff_sentence(ahead: CliffAhead, language: Language) -> str:
    """Return what a cliff ahead takes, in words."""
    cliff = ahead.cliff
    more = format_quantity(ahead.distance, cliff.unit, language)
    place = format_quantity(cliff.place + cliff.step, cliff.unit, language)
    before, after, loss = (format_yuan(each) for each in (cliff.before, cliff.after, cliff.loss))
    return choose(
        language,
        f"{cliff.fact}再多 {more}（到 {place}），{cliff.amount_name}从 {before} 变为 {after}，少 {loss}",
        f"{more} more of {cliff.fact} (to {place}) turns {cliff.amount_name} from {before} into {after}: {loss} less",
    )
