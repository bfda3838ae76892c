"""Near misses by columns: the same nearest line as assess finds, whatever draws it and whatever is moved."""

import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.engine.coded_agreement import frame_of
from tests.engine.columnar_agreement import NEAR, Agreement, block_of, policy_agreement, policy_columns
from tests.engine.policy_texts import AS_OF, DICTIONARY, block, front, packs_of, packs_with
from zhida.columnar.coded import UncodedError
from zhida.columnar.coded_policies import CodedPolicy
from zhida.columnar.near_coded import CodedRows
from zhida.errors import has_errors
from zhida.policy.pack import PolicyModel
from zhida.values.temporal import Date, from_days, to_days
from zhida.values.unknown import unknown

Value = Any

PARAMETERS = (
    "| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |\n|---|---|---|---|---|---|---|\n"
    "| 线 | number | 元 | 1000 | 2020-01-01/.. | 甲 | official |\n| 补贴 | number | 元 | | 2020-01-01/.. | 乙 | official |\n"
)
DECISIONS = (
    block("均人: number", "sum(季度) / count(季度)")
    + block("密度: number", "收入 / 面积")
    + block("折算: number", "人 * 0.255")
    + block("上年: date", "if 重点 then 证书 else 成立")
    + "| F | 人 | **档次: number** |\n|---|---|---|\n| 1 | >= 300 | 10 |\n| 2 | >= 20 | 4.5 |\n| 3 | - | 1 |\n\n"
)
COLUMNS = {
    "人": ("> 10", ">= 10", "<= 11", "[20..40)", "< 9.5", "not(20)", "-10", "> 0", "(11..20]"),
    "收入": (">= 100", "< 100.005", "> 线", "[99.99..1000]", "<= 线 + 10", "< 补贴", "100"),
    "面积": ("> 10", "<= 10.5", "< 0.333333", "> 0.33333333"),
    "均人": (">= 10", "> 10.333333", "< 3.33333333", "<= 9.75"),
    "密度": ("> 10", "<= 3.5", "9.99", "> 线"),
    "折算": (">= 2.55", "< 5.1", "> 10.2", "< 2.5555555"),
    "证书": ('>= @"2026-03-01"', '< @"2026-02-15"', "<= 评估日", "null", 'not(@"2026-03-02")'),
    "上年": ('>= @"2026-03-01"', "< 评估日"),
    "档次": (">= 4.5", "< 10", "> 1"),
    "类型": ('"企业"', 'not("企业")'),
    "人 * 收入": ("> 1000",),
}
CODED = ["人", "收入", "面积", "证书", "档次", "类型"]
"""The columns that rest on codes alone."""
EXPRESSIONS = (
    "人 >= 10",
    "人 > 20 and 收入 >= 100",
    "收入 > 线 or 均人 >= 10",
    "密度 between 3 and 10",
    "not(折算 > 2.55)",
    "人 in [11..20)",
    '证书 > @"2026-03-01"',
    "人 * 2 > 21 and 人 <= 20",
    "(if 重点 then 人 else 面积) > 10",
    "10 <= 人",
    "人 = 11 or 人 = -10",
)


def around(marks: tuple[str, ...], step: str) -> st.SearchStrategy[Decimal]:
    """Return numbers that stand on a mark, beside it, or some way off."""
    marked = st.sampled_from([Decimal(mark) for mark in marks])
    offset = st.sampled_from([Decimal(0), Decimal(step), -Decimal(step), 2 * Decimal(step)])
    exact = st.builds(lambda mark, off: mark + off, marked, offset)
    share = st.sampled_from([Decimal(text) for text in ("0.75", "0.8", "0.9", "0.95", "1.05", "1.1", "1.25", "1.26")])
    return st.one_of(exact, st.builds(lambda mark, part: (mark * part).quantize(Decimal(step)), marked, share))


def lacking(values: st.SearchStrategy[Value], name: str) -> st.SearchStrategy[Value]:
    return st.one_of(*[values] * 11, st.just(unknown(name)))


QUARTERS = [tuple(map(Decimal, numbers)) for numbers in ((10, 11, 10), (9,), (3, 4, 3), ())]
FACTS = st.fixed_dictionaries(
    {
        "人": lacking(around(("10", "20", "40", "300", "-10", "0"), "1"), "人"),
        "收入": lacking(around(("100", "1000", "33.33", "10"), "0.01"), "收入"),
        "面积": lacking(around(("10", "0.333333", "3"), "0.000001"), "面积"),
        "季度": lacking(st.sampled_from(QUARTERS), "季度"),
        "证书": lacking(st.builds(lambda step: from_days(to_days(Date(2026, 3, 1)) + step), st.integers(-40, 40)), "证书"),
        "成立": lacking(st.builds(lambda step: from_days(to_days(Date(2026, 3, 1)) + step), st.integers(-100, 4)), "成立"),
        "类型": lacking(st.sampled_from(["企业", "高校"]), "类型"),
        "重点": lacking(st.booleans(), "重点"),
    }
)


@st.composite
def tables(draw: st.DrawFn, name: str, outputs: tuple[str, ...], default: str, names: Sequence[str]) -> str:
    """Draw a table whose rules each rest on an article of their own."""
    clauses = draw(st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True))
    cells = st.tuples(*(st.sampled_from((*COLUMNS[each], *COLUMNS[each], "-")) for each in clauses), st.sampled_from(outputs))
    drawn = draw(st.lists(cells, min_size=2, max_size=6))
    rules = "".join(f"| {number} | {' | '.join(rule)} | 第{number}条 |\n" for number, rule in enumerate(drawn, 1))
    head = f"| F | {' | '.join(clauses)} | **{name}** | *依据* |\n|{'---|' * (len(clauses) + 3)}\n"
    return f"{head}{rules}| 否则 | {'- | ' * len(clauses)}{default} | |\n\n"


@st.composite
def policies(draw: st.DrawFn, *, is_coded: bool = False) -> str:
    """Draw a policy that asks who is eligible, or which status a subject has, or both.

    Args:
        draw: Draws.
        is_coded: Whether nothing is computed with, so that codes tell all.
    """
    names = CODED if is_coded else list(COLUMNS)
    keys = {"applies": draw(st.sampled_from(["", '类型 != "其他"', '类型 = "企业"']))}
    body = DECISIONS
    is_status = draw(st.booleans())
    if is_status:
        keys |= {"gives": "status", "result": "等级"}
        body += draw(tables("等级: string", ('"甲"', '"乙"', '"丙"', "null"), '"丁"', names))
    if not is_status or draw(st.booleans()):
        if not is_coded and draw(st.booleans()):
            body += block("符合: boolean", draw(st.sampled_from(EXPRESSIONS)))
        else:
            body += draw(tables("符合: boolean", ("true", "false"), "false", names))
    else:
        keys |= {"eligible": ""}
    return front(**{name: f"'{value}'" if name == "applies" and value else value for name, value in keys.items()}) + body


def model_of(folder: Path, text: str) -> PolicyModel:
    packs = packs_of(folder, {"demo/registry/enterprise.md": DICTIONARY, "demo/parameters.md": PARAMETERS, "demo/policies/a.md": text})
    assume(not has_errors(packs.diagnostics))
    return packs.model_of("demo/a", AS_OF)


@given(text=policies(), facts=st.lists(FACTS, min_size=6, max_size=16))
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_near_misses_over_columns_are_those_of_assess(text: str, facts: list[Mapping[str, Value]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = policy_agreement(model_of(Path(folder), text), facts)
    assert not found.differences, found.differences[0]


@pytest.mark.long
@given(text=policies(is_coded=True), facts=st.lists(FACTS, min_size=6, max_size=16))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_near_misses_by_codes_are_those_over_columns(text: str, facts: list[Mapping[str, Value]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        columns = policy_columns(model_of(Path(folder), text), near_within=NEAR)
    try:
        policy = CodedPolicy(columns.settler)
    except UncodedError:
        assume(False)
    frame = frame_of(list(columns.plan.facts.values()), facts)
    assert columns.finder is not None
    (wanted,) = columns.settle(frame)
    assert wanted.near is not None
    found = columns.finder.find(CodedRows(columns.finder, policy, frame, policy.decide(frame)))
    assert found.misses[~wanted.bad].tolist() == wanted.near.misses[~wanted.bad].tolist()
    assert (found.bad <= wanted.bad).all()


# --- one at a time --------------------------------------------------------------------------------------------------------

STATUS = {"gives": "status", "eligible": "", "result": "规模"}
SIZES = '| F | 人 | **规模: string** |\n|---|---|---|\n| 1 | >= 300 | "中型" |\n| 2 | >= 20 | "小型" |\n| 3 | - | "微型" |\n'


def nearest(root: Path, body: str, rows: Sequence[Mapping[str, Value]], **keys: str) -> tuple[Agreement, list[str | None]]:
    """Return how columns and assess agree, and the nearest misses in words."""
    model = packs_with(root, body, **keys).model_of("demo/a", AS_OF)
    columns = policy_columns(model, near_within=NEAR)
    answers = columns.decide(block_of(columns.plan, rows, columns.executor))
    return policy_agreement(model, rows), columns.batch(answers)["near"].to_pylist()


def test_the_line_is_told_in_the_unit_of_the_name(tmp_path: Path) -> None:
    body = block("符合: boolean", '人 >= 300 or 收入 >= 1000.5 or 证书 > @"2026-03-01"')
    rows = [{"人": Decimal(290)}, {"收入": Decimal(1000)}, {"证书": Date(2026, 2, 27)}, {"人": Decimal(300)}, {"人": Decimal(100)}]
    known = {"人": Decimal(0), "收入": Decimal(0), "证书": Date(2020, 1, 1)}
    found, near = nearest(tmp_path, body, [{**known, **row} for row in rows])
    assert near == ["人 → 300 人", "收入 → 1000.5 元", "证书 → 2026-03-01", None, None]
    assert (found.differences, found.bad) == ([], 0)


@pytest.mark.parametrize("line", ["金额 > 450", "金额 >= 450"])
def test_a_line_of_the_amount_itself_is_one(tmp_path: Path, line: str) -> None:
    rules = "\n".join(f"| {rule} | >= {90 - 10 * rule} | {rule * 100} |" for rule in range(1, 8))
    table = f"| F | 人 | **金额: number** |\n|---|---|---|\n{rules}\n| 否则 | - | 0 |\n\n"
    rows: list[Mapping[str, Value]] = [{"人": Decimal(people), "收入": Decimal(20 * people)} for people in range(15, 90, 5)]
    for body in (table, block("金额: number", "收入 * 0.5")):
        found, near = nearest(tmp_path, body + block("符合: boolean", line), [*rows, {}], amount="金额")
        assert (found.differences, found.bad) == ([], 0)
        assert any(near)


def test_nobody_looks_where_no_share_is_asked_for(tmp_path: Path) -> None:
    columns = policy_columns(packs_with(tmp_path, block("符合: boolean", "人 >= 300")).model_of("demo/a", AS_OF))
    answers = columns.decide(block_of(columns.plan, [{"人": Decimal(299)}], columns.executor))
    assert columns.batch(answers)["near"].to_pylist() == [None]


def test_of_two_lines_as_near_the_first_name_is_told(tmp_path: Path) -> None:
    body = block("符合: boolean", "收入 >= 1000 or 人 >= 300")
    for facts in ({"人": Decimal(270), "收入": Decimal(900)}, {"人": Decimal(200), "收入": Decimal("666.67")}):
        found, _ = nearest(tmp_path, body, [facts])
        assert (found.differences, found.bad) == ([], 0)
    assert nearest(tmp_path, body, [{"人": Decimal(270), "收入": Decimal(900)}])[1] == ["人 → 300 人"]


def test_a_status_is_near_another_on_either_side(tmp_path: Path) -> None:
    rows = [{"人": Decimal(number)} for number in (19, 20, 24, 26, 299, 300, 320, 400)]
    found, near = nearest(tmp_path, SIZES, rows, **STATUS)
    assert near == ["人 → 20 人"] * 3 + [None] + ["人 → 300 人"] * 3 + [None]
    assert (found.differences, found.bad) == ([], 0)


def test_a_decision_is_moved_as_a_fact_is(tmp_path: Path) -> None:
    body = block("均人: number", "sum(季度) / count(季度)") + block("符合: boolean", "均人 >= 10")
    rows = [{"季度": tuple(map(Decimal, numbers))} for numbers in ((10, 10, 9), (3, 3, 3), (10, 10, 10), ())]
    found, near = nearest(tmp_path, body, rows)
    assert near == ["均人 → 10 人", None, None, None]
    assert (found.differences, found.bad) == ([], 0)


def test_a_quotient_with_a_large_denominator_is_told_from_lines(tmp_path: Path) -> None:
    body = block("密度: number", "收入 / 面积") + block("符合: boolean", "密度 >= 3.5")
    area = Decimal("200000000000000.01")
    shares = ("0.91", "0.89", "1", "0.99999999999", "0.9")
    rows = [{"收入": (area * Decimal("3.5") * Decimal(share)).quantize(Decimal("0.01")), "面积": area} for share in shares]
    found, near = nearest(tmp_path, body, rows)
    assert (found.differences, found.bad) == ([], 0)
    assert "密度 → 3.5" in str(near[0])


def test_of_two_quotients_as_near_the_first_name_is_told(tmp_path: Path) -> None:
    body = (
        block("乙密: number", "收入 / 面积") + block("甲密: number", "收入 * 2 / 面积") + block("符合: boolean", "乙密 >= 3 or 甲密 >= 6")
    )
    rows = [{"收入": Decimal(19), "面积": Decimal(7)}, {"收入": Decimal("2.9"), "面积": Decimal(1)}]
    found, near = nearest(tmp_path, body, rows)
    assert (found.differences, found.bad) == ([], 0)
    assert all("密 → " in str(each) for each in near)


def test_a_line_finer_than_the_scale_is_passed_by_the_next_value_of_that_scale(tmp_path: Path) -> None:
    body = block("符合: boolean", "人 > 9.5 and 人 < 10.5 or 人 > 99")
    found, near = nearest(tmp_path, body, [{"人": Decimal(9)}, {"人": Decimal(11)}])
    assert near == ["人 → 9.5 人", "人 → 10.5 人"]
    assert (found.differences, found.bad) == ([], 0)


def test_more_lines_than_are_tried_hide_what_lies_behind_them(tmp_path: Path) -> None:
    body = block("无关: boolean", "人 in (101, 102, 103, 104, 105, 106)") + block("符合: boolean", "人 >= 107 or 无关 and 人 < 0")
    found, near = nearest(tmp_path, body, [{"人": Decimal(number)} for number in (100, 102, 106)])
    assert near == [None, None, "人 → 106 人"]
    assert (found.differences, found.bad) == ([], 0)


def test_rows_that_lack_facts_are_near_where_assess_says_so(tmp_path: Path) -> None:
    body = block("符合: boolean", "人 >= 300 and (收入 >= 5 or 收入 < 5) and 限制 = false")
    rows = [{"人": Decimal(290), "限制": False}, {"人": Decimal(290)}, {"人": Decimal(290), "收入": Decimal(7), "限制": True}]
    found, near = nearest(tmp_path, body, rows)
    assert near[1:] == [None, None]
    assert (found.differences, found.bad) == ([], 0)


@pytest.mark.parametrize("step", [1, 2, 5])
def test_of_many_lines_the_nearest_are_tried(tmp_path: Path, step: int) -> None:
    lines = range(200, 200 - 60 * step, -step)
    rules = "".join(f'| {place} | >= {line} | "{"甲乙丙"[place // 7 % 3]}" |\n' for place, line in enumerate(lines, 1))
    body = f'| F | 人 | **规模: string** |\n|---|---|---|\n{rules}| 否则 | - | "丁" |\n'
    rows = [{"人": Decimal(number)} for number in (*range(110, 215, 7), 200, 199, 141, 50, -200)]
    found, near = nearest(tmp_path, body, rows, **STATUS)
    assert (found.differences, found.bad) == ([], 0)
    assert len(set(near)) > 3


@pytest.mark.parametrize("size", [Decimal(10) ** 17, -(Decimal(10) ** 16)])
def test_a_line_too_large_for_64_bits_sends_rows_to_the_interpreter(tmp_path: Path, size: Decimal) -> None:
    found, _ = nearest(tmp_path, block("符合: boolean", f"收入 = {size} or 人 < 0"), [{"收入": Decimal(5), "人": Decimal(5)}])
    assert (found.differences, found.bad) == ([], 1)
