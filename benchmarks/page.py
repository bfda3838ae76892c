"""Figures to read: lines for the terminal and docs/performance.md, Chinese first."""

from collections.abc import Iterator, Sequence

import workload
from goals import Goal
from side_by_side import BEFORE, MODES, OURS, Figure, Row

MICROSECOND = 1e-6
TIMES_OF_ZEN = 10


def table_lines(row: Row) -> str:
    """Return the table of six rules against zen-engine, for the terminal."""
    each = len(workload.TABLE_FACTS)
    lines = [f"a table of 6 rules and 4 inputs, one evaluation (goal: within {TIMES_OF_ZEN} times zen-engine, which keeps no trace)"]
    return "\n".join([*lines, *(f"  {name:<24}{_figure(figure, row[OURS], each)}" for name, figure in row.items())])


def expression_lines(rows: Sequence[tuple[str, Row]]) -> str:
    """Return the expressions against the peers, for the terminal."""
    lines = ["one evaluation, and how many times ours of the same kind it takes"]
    for text, row in rows:
        lines.append(text)
        lines += [f"  {name:<32}{_figure(figure, row[_ours(name)])}" for name, figure in row.items()]
    return "\n".join(lines)


def _ours(name: str) -> str:
    """Return the column of ours that a column is compared with: from text with from text, compiled with compiled."""
    return f"{OURS}, {name.rpartition(', ')[2]}"


def _figure(figure: Figure, ours: Figure, each: int = 1) -> str:
    """Return microseconds and the ratio to ours."""
    if figure.seconds is None:
        return f"         -   {figure.remark}"
    ratio = "" if figure is ours or ours.seconds is None else f"{figure.seconds / ours.seconds:>9.2f} ×"
    return f"{figure.seconds / each / MICROSECOND:>10.1f} µs{ratio}"


def introduction(machine: str) -> str:
    """Return how docs/performance.md begins."""
    return _INTRODUCTION.format(machine=machine)


def goal_section(goals: Sequence[Goal]) -> Iterator[str]:
    """Yield the section of goals."""
    yield _GOALS
    yield "| 做什么 What | 用时 Time | 目标 Goal |"
    yield "|---|---:|---:|"
    yield from (goal.cells for goal in goals)


def language_section(table: Row, rows: Sequence[tuple[str, Row]]) -> Iterator[str]:
    """Yield the sections of one table and of expressions, for one subject at a time."""
    each = len(workload.TABLE_FACTS)
    names = [name.removesuffix(f", {MODES[0]}") for name in (rows[0][1] if rows else ()) if name.endswith(MODES[0])]
    peers = [name for name in names if name not in {OURS, BEFORE}]
    kept = [name for name in peers if any(row[f"{name}, {MODES[1]}"].seconds for _, row in rows)]
    columns = [f"{OURS}, {MODES[0]}", *(f"{name}, {MODES[0]}" for name in peers)]
    columns += [f"{OURS}, {MODES[1]}", *(f"{name}, {MODES[1]}" for name in kept)]
    yield _TABLE
    yield "| | 一次求值 One evaluation | 是 zhida 的几倍 Times ours |"
    yield "|---|---:|---:|"
    yield from (f"| {_plain(name)} | {_cell(table[name], each)} | {_ratio(table[name], table[OURS])} |" for name in table if name != BEFORE)
    yield _EXPRESSIONS
    yield f"| | {' | '.join(_plain(name) for name in columns)} |"
    yield f"|---|{'---:|' * len(columns)}"
    yield from (f"| `{text}` | {' | '.join(_cell(row[name]) for name in columns)} |" for text, row in rows)
    yield _summary(rows, columns).rstrip("\n")


def _plain(name: str) -> str:
    """Return the name of a column as the page shows it."""
    name, _, mode = name.partition(", ")
    return name.replace("==", " ") + {"text": "，文本 text", "compiled": "，已编译 compiled", "": ""}[mode]


def _cell(figure: Figure, each: int = 1) -> str:
    return "—" if figure.seconds is None else f"{figure.seconds / each / MICROSECOND:,.1f} µs"


def _ratio(figure: Figure, ours: Figure) -> str:
    return "—" if figure.seconds is None or ours.seconds is None else f"{figure.seconds / ours.seconds:.2f}"


def _summary(rows: Sequence[tuple[str, Row]], columns: Sequence[str]) -> str:
    """Return for each peer how its time compares with ours: the least and the greatest ratio, and of how many expressions."""
    lines = [_RATIOS]
    for name in columns:
        ratios = [row[name].seconds / row[_ours(name)].seconds for _, row in rows if row[name].seconds and row[_ours(name)].seconds]
        if ratios and not name.startswith(OURS):
            lines.append(
                f"- {_plain(name)}：{len(ratios)} 个表达式，{min(ratios):.2f} 至 {max(ratios):.2f} 倍。"
                f"{len(ratios)} expressions, {min(ratios):.2f} to {max(ratios):.2f} times."
            )
    return "\n" + "\n".join(lines) + "\n"


_RATIOS = """各家用时是 zhida 同一做法的几倍；小于 1，就是比 zhida 快。
What each takes, in times of what zhida takes in the same way; less than 1 is quicker than zhida.
"""

_INTRODUCTION = """# 有多快 / How fast

本页由 `make bench` 写成，请勿手改。每个数字是多次测量的中位数，是墙上的时间；各家轮流测，先核对答案再计时。
换一台机器，数字会变，比例大致不变。✗ 表示没有达到目标；— 表示没有测，原因在表下。
This page is written by `make bench`; do not edit it. Every figure is the median of several turns, in wall time; the contestants take
turns, and answers are compared before anything is timed. Another machine has other figures and much the same ratios. ✗ marks a goal that
was missed; — was not measured, and below the table stands why.

{machine}
"""

_GOALS = """
## 目标 / Goals

一轮三次，取最快的一次（别的程序会打断其余两次），再取各轮的中位数。
Of the three goes in a turn the quickest counts, because other programs interrupt the others; figures are medians of the turns.
"""

_TABLE = """
## 一张表 / One table

六条规则、四个输入。zhida 一律连同推导过程（哪些规则匹配、为什么）；zen-engine（Rust）不带推导过程，
表已由它的静态装载器编好，这是它最快的用法。目标：不超过它的 10 倍。
Six rules, four inputs. zhida always keeps its trace: which rules matched and why. zen-engine (Rust) keeps none, and its static loader has
compiled the table beforehand, which is its quickest way. The goal is to stay within ten times its time.
"""

_EXPRESSIONS = """
## 表达式 / Expressions

同一个表达式，同样的变量，先核对结果相同才计时；`—` 表示那个引擎做不了，或结果不对。
“文本”指每次都从文字开始：bkflow-feel 与 feelin 的公开接口如此，pySFeel 只能如此（它的变量事先赋好，不算时间）。
“已编译”指语法树留着再用：zhida 平时就是这样；bkflow-feel 的树取自它的解析器，不是它的公开接口。
同台比较的不是同样的活：zhida 的数字是 34 位十进制，每个空值都带诊断，每次求值都数步数；
别家是二进制浮点数或整数，只有 feelin 会说为什么是空值。
The same expression with the same variables; results are compared before anything is timed. `—`: that engine cannot do it, or
answers something else. *Text* starts from the text each time: so do the public interfaces of bkflow-feel and feelin, and pySFeel
can do nothing else (its variables are assigned beforehand, uncounted). *Compiled* keeps the tree: so zhida works as a rule; the
tree of bkflow-feel is taken from its parser, past its public interface. They do not do the same work: zhida's numbers have 34
decimal digits, every null has its diagnostic and every step is counted. The others use binary floats or integers; only feelin
says why something is null.
"""
