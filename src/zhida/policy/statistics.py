"""Population facts: attributes that are computed from all subjects of a snapshot (dictionary, column 统计).

    平均(单位排放增加值) 按 注册区县 当 规上企业
    function(base)      by groups   condition

The base is an attribute or a decision that some policy publishes; groups are made by attributes; the condition is FEEL over
attributes. Nothing here computes anything: a run over a registry does, once for each snapshot.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from zhida.dmn.model import ItemDefinition
from zhida.dmn.wiring import shape_of
from zhida.errors import CompileError, Diagnostic, diagnostic, nearest
from zhida.feel.builtins import BUILTINS
from zhida.feel.check import Checker
from zhida.feel.names import NameSet, Scope
from zhida.feel.parse import parse_expression
from zhida.source import Snippet, Span
from zhida.values.types import BOOLEAN, NUMBER, STRING


class StatisticFunction(StrEnum):
    """What is computed of a group."""

    MEAN = "平均"
    SUM = "合计"
    MEDIAN = "中位"
    COUNT = "户数"
    RANK = "名次"
    QUANTILE = "分位"


@dataclass(frozen=True, slots=True)
class Statistic:
    """How a population fact is computed."""

    name: str
    """The attribute that it is the value of."""
    function: StatisticFunction
    """What is computed: mean, sum, median, number of subjects; rank (1 is the greatest value, equal ones share it), rank / number."""
    base: str
    """The attribute or published decision that it is computed of; empty where subjects are counted."""
    by: tuple[str, ...]
    """The attributes whose values make the groups; none where all subjects are one group."""
    condition: Snippet | None
    """Who takes part, in FEEL over attributes; None for everybody."""
    text: Snippet
    """The whole cell, as written."""


FUNCTIONS = "、".join(StatisticFunction)
"""The functions, as messages enumerate them."""

WRITTEN = re.compile(rf"({'|'.join(StatisticFunction)})\s*[(（]\s*(.*?)\s*[)）]\s*(?:按\s+(\S(?:.*?\S)?))?\s*(?:当\s+(\S.*))?", re.DOTALL)
"""How a statistic is written: function, base, groups, condition."""


def parse_statistic(name: str, text: Snippet, diagnostics: list[Diagnostic]) -> Statistic | None:
    """Read how a population fact is computed.

    Args:
        name: The attribute.
        text: The cell of the column 统计.
        diagnostics: Where mistakes are put: statistic-unreadable.

    >>> from zhida.source import snippet
    >>> found = parse_statistic("区均", snippet("平均(营业收入) 按 注册区县、行业代码 当 从业人员 > 0"), [])
    >>> found.function.value, found.base, found.by, found.condition.text
    ('平均', '营业收入', ('注册区县', '行业代码'), '从业人员 > 0')
    """
    found = WRITTEN.fullmatch(text.text)
    if found is None or (not found[2] and found[1] != StatisticFunction.COUNT):
        near = nearest(re.split(r"[(（\s]", text.text)[0], StatisticFunction)
        diagnostics.append(diagnostic("statistic-unreadable", text.span(), value=text.text, near=near, functions=FUNCTIONS))
        return None
    by = tuple(part.strip() for part in re.split("[、,，]", found[3] or "") if part.strip())
    condition = None
    if found[4]:
        condition = text.part(found.start(4), found.start(4) + len(found[4].rstrip()))
    return Statistic(name, StatisticFunction(found[1]), found[2], by, condition, text)


def statistic_faults(statistic: Statistic, items: Mapping[str, ItemDefinition], published: Collection[str]) -> Iterator[Diagnostic]:
    """Yield what a statistic names that is not there, or is of another type than it must be.

    Args:
        statistic: The statistic.
        items: The attributes of its dictionary, by name.
        published: Names of the decisions that policies publish.

    Codes: statistic-unknown, statistic-type, feel-*.
    """
    own = items[statistic.name]
    if own.type != NUMBER:
        yield diagnostic("statistic-type", own.span, name=own.name, expected=NUMBER, found=own.type)
    if statistic.base:
        yield from _base_faults(statistic, items, published)
    for name in statistic.by:
        span = _span_of(statistic, name)
        if name not in items:
            yield diagnostic("statistic-unknown", span, name=name, near=nearest(name, items), what="attribute", what_zh="属性")
        elif items[name].type not in (STRING, BOOLEAN):
            yield diagnostic("statistic-type", span, name=name, expected=f"{STRING} | {BOOLEAN}", found=items[name].type)
    if statistic.condition is not None:
        yield from _condition_faults(statistic.condition, items)


def _base_faults(statistic: Statistic, items: Mapping[str, ItemDefinition], published: Collection[str]) -> Iterator[Diagnostic]:
    name, span = statistic.base, _span_of(statistic, statistic.base)
    if name not in items and name not in published:
        near = nearest(name, [*items, *published])
        what, what_zh = "attribute or published decision", "属性，也不是哪份政策公开的决策"
        yield diagnostic("statistic-unknown", span, name=name, near=near, what=what, what_zh=what_zh)
    elif name in items and items[name].type != NUMBER and statistic.function is not StatisticFunction.COUNT:
        yield diagnostic("statistic-type", span, name=name, expected=NUMBER, found=items[name].type)


def _condition_faults(condition: Snippet, items: Mapping[str, ItemDefinition]) -> Iterator[Diagnostic]:
    try:
        node = parse_expression(condition, Scope(NameSet([*BUILTINS, *items])))
    except CompileError as error:
        yield from error.diagnostics
        return
    checker = Checker({name: shape_of(item) for name, item in items.items()})
    checker.expect(node, checker.infer(node), BOOLEAN)
    yield from checker.diagnostics


def _span_of(statistic: Statistic, name: str) -> Span:
    start = statistic.text.text.index(name)
    return statistic.text.span(start, start + len(name))
