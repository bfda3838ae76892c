"""The words of simulations: sums, thresholds, reasons."""

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from zhida.entitle.simulation.costing import Cost
from zhida.entitle.simulation.scenario import Reason
from zhida.entitle.simulation.tally import Pair
from zhida.entitle.simulation.thresholds import Threshold
from zhida.errors import Language
from zhida.policy.tangle import APPLIES, OTHERWISE
from zhida.report.words import choose, format_amount, format_unit, group_digits
from zhida.values.numbers import feel_context

REASONS: Mapping[Reason, Mapping[Language, str]] = {
    Reason.NEW: {"zh": "新增", "en": "new"},
    Reason.REMOVED: {"zh": "取消", "en": "removed"},
    Reason.TEXT: {"zh": "条文改动", "en": "its text"},
    Reason.USED: {"zh": "引用的政策变了", "en": "a policy that it uses"},
    Reason.FIGURES: {"zh": "参数变了", "en": "figures of the place"},
    Reason.TIME: {"zh": "施行期间变了", "en": "when it is in force"},
    Reason.AROUND: {"zh": "字典、代码表或全体统计变了", "en": "dictionary, code lists or facts of the whole population"},
}
"""Why the answers of a policy may differ."""

GROUPING_WORDS: Mapping[str, Mapping[Language, str]] = {
    "行业": {"zh": "行业", "en": "Industry"},
    "大类": {"zh": "行业大类", "en": "Division"},
    "规模": {"zh": "规模", "en": "Size"},
    "街道": {"zh": "街道", "en": "Street"},
}
"""What costs are broken down by."""

STEPS = {"zh": ((8, "亿元"), (4, "万元")), "en": ((9, "billion yuan"), (6, "million yuan"))}
"""The words for large sums."""

PLACES = Decimal("0.01")
"""Two decimals."""


def short_sum(fen: int, language: Language) -> str:
    """Return a sum in few words, rounded to two decimals and marked where that is not exact.

    >>> short_sum(25000000000, "zh"), short_sum(7953617500, "zh"), short_sum(-123456, "zh")
    ('2.5 亿元', '≈ 7,953.62 万元', '-1,234.56 元')
    """
    yuan = Decimal(fen).scaleb(-2, feel_context())
    for places, name in STEPS[language]:
        scaled = yuan.scaleb(-places, feel_context())
        if abs(scaled) >= 1:
            rounded = scaled.quantize(PLACES, rounding=ROUND_HALF_UP)
            return f"{'' if rounded == scaled else '≈ '}{group_digits(rounded)} {name}"
    return f"{group_digits(yuan)} {choose(language, '元', 'yuan')}"


def signed(fen: int) -> str:
    """Return a difference of sums with its sign.

    >>> signed(100), signed(-100), signed(0)
    ('+¥1.00', '-¥1.00', '¥0.00')
    """
    return f"{'+' if fen > 0 else ''}{format_amount(fen)}"


def share_words(pair: Pair) -> str:
    """Return by how many per cent a sum changes, with two decimals; nothing where it was nothing before.

    >>> share_words(Pair(200, 205)), share_words(Pair(0, 5))
    ('+2.5 %', '')
    """
    if not pair.before or not pair.change:
        return ""
    share = (Decimal(pair.change) * 100 / Decimal(abs(pair.before))).quantize(PLACES, rounding=ROUND_HALF_UP)
    return f"{'+' if pair.change > 0 else ''}{group_digits(share)} %"


def value_words(threshold: Threshold, value: Decimal, language: Language) -> str:
    """Return a value of a threshold: shares in per cent, others with their unit."""
    if threshold.is_ratio:
        return f"{group_digits(value * 100)} %"
    return f"{group_digits(value)} {format_unit(threshold.unit, language)}".rstrip()


def place_words(threshold: Threshold, language: Language) -> str:
    """Return where the law says a threshold: its article, line and column."""
    if threshold.span is None:
        return ""
    zh = "、".join(f"{span.line} 行 {span.column} 列" for span in threshold.places)
    en = ", ".join(f"{span.line}:{span.column}" for span in threshold.places)
    lines = choose(language, f"第 {zh}", f"at {en}")
    if threshold.is_parameter:  # it stands in no policy: the pack and the page say where
        return f"{'/'.join(Path(threshold.span.source.name).parts[-2:])} {lines}"
    return f"{threshold.article} {lines}".strip()


def threshold_words(threshold: Threshold, language: Language) -> str:
    """Return what a threshold is: its decision, rule and column, or the parameter."""
    if threshold.is_parameter:
        return choose(language, f"参数 {threshold.address}", f"parameter {threshold.address}")
    name = choose(language, "适用范围", "scope") if threshold.decision == APPLIES else threshold.decision
    if not threshold.rule:
        return choose(language, f"{name}：{threshold.text}", f"{name}: {threshold.text}")
    rule = threshold.rule if threshold.rule == OTHERWISE else choose(language, f"规则 {threshold.rule}", f"rule {threshold.rule}")
    column = "" if threshold.column == threshold.decision else f" {threshold.column}"
    return choose(language, f"{name} {rule}{column}：{threshold.text}", f"{name} {rule}{column}: {threshold.text}")


def cost_words(cost: Cost, language: Language) -> str:
    """Return a cost, or why there is none."""
    if cost.fen is None:
        return choose(language, f"不成立：{cost.fault}", f"not possible: {cost.fault}")
    return format_amount(cost.fen)


def marginal_words(left: Cost | None, right: Cost, threshold: Threshold, language: Language) -> str:
    """Return what one unit more costs between two values: a percentage point of a share, else one of its unit."""
    if left is None or left.fen is None or right.fen is None or left.value == right.value:
        return ""
    step = (right.value - left.value) * (100 if threshold.is_ratio else 1)
    fen = int((Decimal(right.fen - left.fen) / step).to_integral_value(rounding=ROUND_HALF_UP))
    unit = choose(language, "每百分点", "a percentage point") if threshold.is_ratio else choose(language, "每 1", "for each 1")
    unit = f"{unit} {format_unit(threshold.unit, language)}".rstrip()
    return choose(language, f"{unit} {signed(fen)}", f"{signed(fen)} {unit}")
