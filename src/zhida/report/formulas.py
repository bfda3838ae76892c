"""What a value was computed by, in words with the figures in them: `返还基数 80,000 元 × 返还比例 0.6`.

Only what reads as plain arithmetic, a comparison or a choice is put into words; everything else is left to the names it read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from zhida.assess.assessment import Step
from zhida.errors import Language
from zhida.feel import syntax
from zhida.feel.syntax import Conjunction, Disjunction, Node, free_names
from zhida.report.words import choose, format_named, listed
from zhida.values.temporal import Date
from zhida.values.unknown import Unknown

SIGNS = {"+": "+", "-": "−", "*": "×", "/": "÷", ">=": "≥", "<=": "≤", ">": ">", "<": "<", "!=": "≠", "=": "="}
"""Operators as people write them."""

OPPOSITES = {"=": "!=", "!=": "=", ">": "<=", "<=": ">", "<": ">=", ">=": "<"}
"""What holds of two values where a comparison does not."""

RANKS = {"+": 1, "-": 1, "*": 2, "/": 2}
"""How tightly operators bind."""

FUNCTIONS: Mapping[str, tuple[str, str]] = {
    "min": (" 中较小的", "the lesser of "),
    "max": (" 中较大的", "the greater of "),
    "sum": ("的合计", "the sum of "),
    "floor": ("舍去小数", "the whole part of "),
    "ceiling": ("进到整数", "the next whole number from "),
    "abs": ("的绝对值", "the size of "),
    "not": ("不成立", "not "),
}
"""Functions that have plain words: behind what they are applied to in Chinese, before it in English."""

CAPS: Mapping[str, tuple[str, str]] = {"min": ("最多", "at most"), "max": ("最少", "at least")}
"""What the lesser or greater of a computation and a plain figure is called: a limit on it."""

MOST_ALTERNATIVES = 4
"""Alternatives of `in` that are named; more are told as their number."""


def formula_phrase(step: Step, language: Language) -> str:
    """Return what a step was computed by, with the values read; an empty text where plain words do not suffice.

    Where it came to yes or no, its parts are told as they came out: facts that are all yes, or all no, together.

    Args:
        step: The step.
        language: Of the words around names and figures.
    """
    if all(isinstance(operand, syntax.Literal) for operand in step.operands):
        return ""
    words = _Words(step, language)
    is_answer = isinstance(step.reason.value, bool)
    flags = [node.name for node in step.operands if isinstance(node, syntax.Name) and is_answer and _is_flag(step, node.name)]
    said = [alike_phrase([step.reads[name].what for name in flags], step.reason.value, language)] if flags else []
    for operand in step.operands:
        if isinstance(operand, syntax.Name) and operand.name in flags:
            continue
        fails = is_answer and not step.reason.value
        text = words.failing(operand) if fails else words.node(operand)
        if not text:
            return ""
        said.append(text)
    return choose(language, "，", ", ").join(said)


def choice_phrase(step: Step, language: Language) -> str:
    """Return the condition that chose what a step was computed by: the last, if it holds; else what all of them came to."""
    words = _Words(step, language)
    choices = step.choices[-1:] if step.choices and step.choices[-1][1] else step.choices
    said = []
    for node, holds in choices:
        if isinstance(node, syntax.Name) and _is_flag(step, node.name):
            text = alike_phrase([step.reads[node.name].what], holds, language)
        else:
            text = words.node(node) if holds else words.failing(node)
        if text and not is_guard(node, holds=holds):
            said.append(text)
    return choose(language, "，", ", ").join(said)


def is_guard(node: Node, *, holds: bool) -> bool:
    """Say whether a condition only kept from dividing by zero, or from looking at what is not there."""
    if isinstance(node, Conjunction | Disjunction):
        return is_guard(node.left, holds=holds) and is_guard(node.right, holds=holds)
    if not isinstance(node, syntax.Comparison) or not isinstance(node.right, syntax.Literal) or node.right.value:
        return False
    return node.operator in ((">", "!=") if holds else ("=", "<="))


def alike_phrase(names: Sequence[str], value: object, language: Language) -> str:
    """Return that some facts are all yes, or all no.

    >>> alike_phrase(["甲"], False, "zh"), alike_phrase(["甲", "乙"], False, "zh"), alike_phrase(["甲", "乙"], True, "en")
    ('甲：否', '甲、乙：都为否', '甲, 乙: all yes')
    """
    told = format_named("", value, "", language)
    if len(names) > 1:
        told = choose(language, f"都为{told}", f"all {told}")
    return listed(names, language) + choose(language, "：", ": ") + told


def _is_flag(step: Step, name: str) -> bool:
    return name in step.reads and isinstance(step.reads[name].value, bool)


def _is_one_bracket(text: str) -> bool:
    """Say whether the first bracket of a text closes at its end."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character in "（(") - (character in "）)")
        if not depth:
            return place == len(text) - 1
    return False


def is_simple(node: Node) -> bool:
    """Say whether an expression is a plain figure or a name."""
    return isinstance(node, syntax.Literal | syntax.Name)


class _Words:
    """Says nodes in words; each method returns an empty text for what has none."""

    def __init__(self, step: Step, language: Language) -> None:
        self.reads = step.reads
        self.language = language

    def node(self, node: Node) -> str:
        """Return one node."""
        match node:
            case syntax.Name():
                return self.name(node.name)
            case syntax.Literal():
                return format_named("", node.value, "", self.language)
            case syntax.Path(value=syntax.Name(name=name)):
                return self.entry(name, node.name)
            case syntax.Arithmetic():
                return self.arithmetic(node)
            case syntax.Negation():
                operand = self.node(node.operand)
                return operand and f"−{operand}"
            case syntax.Comparison(left=syntax.Name(name=name), right=syntax.Literal(value=None), operator="=" | "!=" as sign):
                what = self.reads[name].what if name in self.reads else name
                return choose(self.language, f"{'没' if sign == '=' else ''}有{what}", f"there is {'no' if sign == '=' else 'a'} {what}")
            case syntax.Comparison():
                return self.comparison(node, node.operator)
            case syntax.Conjunction():
                return self.joined((node.left, node.right), choose(self.language, "，且", " and "))
            case syntax.Disjunction():
                return self.joined((node.left, node.right), choose(self.language, "，或", " or "))
            case syntax.In():
                return self.membership(node, holds=True)
            case syntax.Call(function=syntax.Name(name=name)):
                return self.call(name, node.positional)
        return ""

    def failing(self, node: Node) -> str:
        """Return what a condition that does not hold came to, said the other way round where that is plain."""
        match node:
            case syntax.Comparison(right=syntax.Literal(value=None), operator="=" | "!=" as sign):
                return self.node(replace(node, operator=OPPOSITES[sign]))
            case syntax.Comparison():
                return self.comparison(node, OPPOSITES[node.operator])
            case syntax.In():
                return self.membership(node, holds=False)
        text = self.node(node)
        return text and choose(self.language, f"{text} 不成立", f"{text} does not hold")

    def comparison(self, node: syntax.Comparison, operator: str) -> str:
        """Return a comparison with its values; that a text is one word or another is said in words."""
        match node.left, node.right, operator:
            case syntax.Name(name=name), syntax.Literal(value=str() as asked), "=" | "!=" if name in self.reads:
                met = self.reads[name]
                value = format_named(met.what, met.value, met.unit, self.language)
                said = f"{met.what}{choose(self.language, '是', ' is ')}{value}"
                return said if operator == "=" else said + choose(self.language, f"，不是{asked}", f", not {asked}")
        return self.joined((node.left, node.right), f" {SIGNS[operator]} ")

    def name(self, name: str) -> str:
        """Return a name with its value."""
        met = self.reads.get(name)
        if met is None:
            return name
        value = format_named(met.what, met.value, met.unit, self.language)
        if isinstance(met.value, bool | str) or met.value is None or isinstance(met.value, Unknown):
            return met.what + choose(self.language, f"（{value}）", f" ({value})")
        return f"{met.what} {value}"

    def entry(self, name: str, key: str) -> str:
        """Return an entry of a context with its value."""
        met = self.reads.get(name)
        if met is not None and isinstance(met.value, Date) and key == "year":
            return f"{met.what}{choose(self.language, '', ' ')}{format_named(met.what, met.value, '', self.language)}"
        if met is None or not isinstance(met.value, Mapping) or key not in met.value:
            return ""
        return f"{met.what}·{key} {format_named(key, met.value[key], met.unit, self.language)}"

    def joined(self, nodes: Sequence[Node], sign: str) -> str:
        """Return nodes with a sign between them."""
        said = [self.node(node) for node in nodes]
        return sign.join(said) if all(said) else ""

    def arithmetic(self, node: syntax.Arithmetic) -> str:
        """Return a sum or product, in brackets where an operand binds less tightly."""
        if node.operator not in RANKS:
            return ""
        rank = RANKS[node.operator]
        said = []
        for operand, is_right in ((node.left, False), (node.right, True)):
            text = self.node(operand)
            below = RANKS.get(operand.operator, 0) if isinstance(operand, syntax.Arithmetic) else 9
            needs = below < rank or isinstance(operand, syntax.Call) or (is_right and below == rank and node.operator in "-/")
            said.append(self.enclosed(text) if needs else text)
        return f" {SIGNS[node.operator]} ".join(said).replace("） ", "）").replace(" （", "（") if all(said) else ""

    def enclosed(self, text: str) -> str:
        """Return words in brackets."""
        if text.startswith(("（", "(")) and text.endswith(("）", ")")) and _is_one_bracket(text):
            return text
        return text and choose(self.language, f"（{text}）", f"({text})")

    def membership(self, node: syntax.In, *, holds: bool) -> str:
        """Return a value and where it is or is not found."""
        value = self.node(node.value)
        items = [self.node(item) for item in node.tests.tests if not isinstance(item, syntax.RangeLiteral)]
        if not value or not all(items) or len(items) < len(node.tests.tests):
            return ""
        if len(items) > MOST_ALTERNATIVES:
            items = [*items[:2], choose(self.language, f"…共 {len(items)} 个", f"… {len(items)} in all")]
        within = choose(self.language, f"{'' if holds else '不'}在所列之中", f"is {'' if holds else 'not '}one of")
        return f"{value}{choose(self.language, '', ' ')}{within}{choose(self.language, '：', ': ')}{listed(items, self.language)}"

    def call(self, name: str, arguments: Sequence[Node]) -> str:
        """Return a call of a function that has plain words."""
        if name == "count" and len(arguments) == 1:
            return self.counted(arguments[0])
        if name not in FUNCTIONS:
            return ""
        said = [self.node(argument) for argument in arguments]
        if not all(said):
            return ""
        if name in CAPS and len(arguments) == 2 and any(not is_simple(argument) for argument in arguments):
            sum_, limit = sorted(arguments, key=is_simple)
            most = CAPS[name][self.language == "en"]
            return self.enclosed(f"{self.node(sum_)}{choose(self.language, '，', ', ')}{most} {self.node(limit)}")
        after, before = FUNCTIONS[name]
        return choose(self.language, "、".join(said) + after, before + " and ".join(said))

    def counted(self, node: Node) -> str:
        """Return from which list something was counted."""
        lists = [met for name in free_names(node) if (met := self.reads.get(name.name)) is not None and isinstance(met.value, tuple)]
        if len(lists) != 1:
            return ""
        count = format_named(lists[0].what, lists[0].value, "", self.language)
        return choose(self.language, f"从{lists[0].what} {count}中数出", f"counted among {lists[0].what} ({count})")
