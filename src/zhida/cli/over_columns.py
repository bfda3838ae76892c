"""`zhida check --columnar`: what of each policy has no column form, why, and what it costs to leave it to the interpreter."""

import re
from collections.abc import Mapping

import typer
from rich.markup import escape
from rich.table import Table

from zhida.cli.console import print_table, words
from zhida.columnar.costs import MICROSECONDS, Cost, Often, costs
from zhida.columnar.lower import lower
from zhida.dmn.compiled import DecisionModel
from zhida.errors import Language
from zhida.policy.pack import PolicyModel
from zhida.policy.years import called, parse_offset
from zhida.values.temporal import Date
from zhida.values.unknown import Unknown

_REASONS = (
    (r"a cell names '(.+)'", r"格子里写了名称“\1”"),
    (r"a cell computes with what it tests(?:: .*)?", "格子对所检验的值做了运算：每个不同的值各有一个编码"),
    (r"a boxed expression: (.+)", r"框式表达式（\1）"),
    (r"a constant with something odd about it, or of no simple kind", "常量有异常，或不属于简单类型"),
    (r"multiplies sums of money, whose product does not fit", "金额相乘，积放不下"),
    (r"'(.+)' is not inlined", r"函数“\1”嵌套太深，无法展开"),
    (r"'(.+)' is called with other arguments", r"函数“\1”的参数与声明不符"),
    (r"'(.+)' is a function here", r"“\1”在这里是函数"),
    (r"outputs of a function that are no constants", "函数中的决策表，其输出不是常量"),
    (r"'(.+)' is a decision service", r"“\1”是决策服务"),
    (r"'(.+)' is not to be had on this day", r"“\1”在这一天没有可用的版本"),
    (r"is not known beforehand to be of the type (.+): each different value is checked", r"事先不知是否属于类型 \1：逐个不同的值检查"),
    (r"is not known beforehand to be of the type (.+)", r"事先不知是否属于类型 \1"),
    (r"'instance of' for values whose kind is not known beforehand", "对事先不知类型的值用 instance of"),
    (r"compares values whose kind is not known beforehand", "比较事先不知类型的值"),
    (r"not known beforehand to be a truth value", "事先不知是否为真假值"),
    (r"keeps values of several kinds side by side", "几种类型的值并存"),
    (r"several outputs that are no constants", "多个输出，且不是常量"),
    (r"outputs that are no constants under the hit policy (.+)", r"命中策略 \1 下，输出不是常量"),
    (r"outputs that are no constants, of which allowed values are listed", "输出不是常量，又列出了允许的值"),
    (r"gathers what is not known beforehand to be numbers", "汇总事先不知是否为数的值"),
    (r"'(.+)' of what is not known beforehand to be a list of numbers", r"“\1”的操作数事先不知是否为数的列表"),
    (r"(.+) where (.+) is wanted", r"需要\2，而有的是\1"),
    (r"'(.+)' (?:of .+ |to .+ |with .+ )?has no column form", r"“\1”没有列形式"),
    (r"'(.+)' to places that are no constant, or too many", r"“\1”的小数位数不是常量，或太多"),
    (r"(.+) has no column form", r"\1 没有列形式"),
    (r"'(.+)' is not known beforehand", r"“\1”要到运行时才知道是什么"),
    (r"'(.+)' is an element here", r"“\1”在这里是模型的元素"),
    (r"calls what is not a name", "所调用的不是名称"),
    (r"chooses between lists", "在列表之间选择"),
    (r"tests a list", "检验列表"),
    (r"outputs that are lists", "输出是列表"),
    (r"an output that is not of the type (.+)", r"有输出不属于类型 \1"),
    (r"(.+) decimal places", r"小数位太多（\1 位）"),
    (r"a context with functions, or without that entry, or with one twice", "语境里有函数，或没有这一项，或有重名的项"),
    (r"a context with lists or contexts in it, the size of which is limited", "语境里有列表或语境，其大小有限制"),
    (r"a boxed context with functions, or that hides a parameter", "框式语境里有函数，或遮住了参数"),
    (r"computes with a (.+)", r"对\1的值做运算"),
    (r"compares (\w+) with (\w+)", r"比较\1与\2"),
    (r"compares (.+)", r"比较不同类型的值：\1"),
    (r"orders values of the kind (.+)", r"给\1的值排先后"),
)
"""The reasons of the lowering and how they are said in Chinese; the first that fits."""

_KINDS = {
    "value": "类型不定",
    "number": "数",
    "ratio": "商",
    "boolean": "真假",
    "date": "日期",
    "days": "天数时长",
    "months": "月数时长",
    "string": "文字",
    "list": "列表",
    "null": "空",
}
"""How kinds of columns are called in Chinese."""


def why(language: Language, reason: str) -> str:
    """Return a reason in a language.

    >>> why("zh", "'matches' has no column form")
    '“matches”没有列形式'
    """
    for english, pattern in _REASONS if language == "zh" else ():
        found = re.fullmatch(english, reason)
        if found:
            chinese = pattern
            for place, group in enumerate(found.groups(), 1):
                chinese = chinese.replace(f"\\{place}", _KINDS.get(group, group))
            return chinese
    return reason


def costs_of_policy(model: PolicyModel) -> tuple[Cost, ...]:
    """Return what the decisions of a policy itself leave to the interpreter."""
    known = {id_: value for id_, value in model.parameters.items() if not isinstance(value, Unknown)}
    plan = lower(model.model, model.policy.compiled.decisions, as_of=model.as_of, constants=known)
    return costs(plan, within=f"{model.policy.id}#")


def costs_of_model(model: DecisionModel, as_of: Date) -> tuple[Cost, ...]:
    """Return what the decisions of a model leave to the interpreter."""
    return costs(lower(model, model.decisions, as_of=as_of))


def cost_data(found: tuple[Cost, ...]) -> list[dict[str, object]]:
    """Return costs as JSON has them."""
    return [
        {
            "decision": cost.decision,
            "text": cost.text,
            "reason": cost.reason,
            "operands": list(cost.operands),
            "often": cost.often.value,
            "at_most": cost.at_most,
            "microseconds_each": MICROSECONDS,
            "microseconds": cost.microseconds,
        }
        for cost in found
    ]


def how_often(language: Language, cost: Cost) -> str:
    """Return how often the interpreter is asked, and how long that takes."""
    operands = [called(name, [parse_offset(name)[0]]) for name in cost.operands]
    names = "、".join(operands) if language == "zh" else ", ".join(operands)
    each = f"{MICROSECONDS} µs"
    match cost.often:
        case Often.ONCE:
            return words(language, f"一次，约 {each}", f"once, about {each}")
        case Often.COUNTED:
            assert cost.at_most is not None, "it was counted"
            total = f"{cost.at_most * MICROSECONDS / 1000:,.1f} ms"
            return words(
                language, f"至多 {cost.at_most:,} 次，约 {total}（{names}）", f"at most {cost.at_most:,} times, about {total} ({names})"
            )
        case Often.PER_VALUE:
            return words(
                language, f"{names} 的每个不同取值一次，每次约 {each}", f"once for each different value of {names}, about {each} each"
            )
    return words(language, f"可能每行一次，每次约 {each}（{names}）", f"perhaps once for each row, about {each} each ({names})")


def print_costs(found: Mapping[str, tuple[Cost, ...]], language: Language) -> None:
    """Print what each policy leaves to the interpreter."""
    count = sum(map(len, found.values()))
    typer.echo(
        words(
            language,
            f"\n按列执行：{len(found)} 份中 {count} 处没有列形式，由解释器对操作数的不同组合各算一次",
            f"\nOver columns: {count} parts of {len(found)} have no column form; the interpreter does them once for each combination",
        )
    )
    if not count:
        return
    table = Table(box=None, pad_edge=False)
    for zh, en in (("政策", "policy"), ("决策", "decision"), ("哪里", "what"), ("原因", "why"), ("多久一次", "how often")):
        table.add_column(words(language, zh, en), overflow="fold")
    for name, several in found.items():
        for cost in several:
            text = cost.text or words(language, "（整个决策）", "(the whole decision)")
            cells = (name, cost.decision, text, why(language, cost.reason), how_often(language, cost))
            table.add_row(*map(escape, cells))
    print_table(table)
