"""Columns say what the interpreter says, row for row: value, missing facts, what was odd, which rules fired."""

import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.engine.columnar_agreement import agreement, policy_agreement
from tests.engine.dmn_models import AS_OF, model
from tests.engine.policy_texts import DICTIONARY, block, front, packs_of
from tests.properties.columnar_strategies import CONSTANTS, ITEMS, expressions, others, rows, tables
from tests.properties.test_evaluation import FACTS_GIVEN, QUESTIONS, STEPS, policy_model
from zhida.dmn.model import Decision
from zhida.errors import CompileError, has_errors
from zhida.values.temporal import Date
from zhida.values.unknown import unknown

Value = Any
MANY_ROWS = st.lists(rows, min_size=8, max_size=24)
FEW_EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def check(body: Decision, facts: Sequence[Mapping[str, Value]], *more: Decision) -> None:
    try:
        compiled = model(*others(), body, *more, items=ITEMS)
    except CompileError:
        return
    found = agreement(compiled, (more or (body,))[-1].id, facts, as_of=AS_OF, constants=CONSTANTS)
    assert not found.differences, found.differences[0]


@given(body=tables(), facts=MANY_ROWS)
@FEW_EXAMPLES
def test_tables_over_columns_are_what_the_interpreter_says(body: Decision, facts: Sequence[Mapping[str, Value]]) -> None:
    check(body, facts)


@given(body=expressions(), facts=MANY_ROWS)
@FEW_EXAMPLES
def test_expressions_over_columns_are_what_the_interpreter_says(body: Decision, facts: Sequence[Mapping[str, Value]]) -> None:
    check(body, facts)


@given(
    question=QUESTIONS,
    steps=STEPS,
    hit_policy=st.sampled_from(["F", "U", "C+", "C>"]),
    facts=st.lists(FACTS_GIVEN, min_size=4, max_size=12),
)
@FEW_EXAMPLES
def test_settled_answers_over_columns_are_those_of_assess(
    question: str, steps: list[tuple[str, str, str]], hit_policy: str, facts: Sequence[Mapping[str, Value]]
) -> None:
    found = policy_agreement(policy_model(question, steps, hit_policy), facts)
    assert not found.differences, found.differences[0]


GRID: dict[str, tuple[Value, ...]] = {
    "人": (Decimal(0), Decimal(5), Decimal(19), Decimal(20), Decimal(300)),
    "面积": (Decimal(-1), Decimal("0.5"), Decimal(100), Decimal(10) ** 11),
    "收入": (Decimal(0), Decimal("99.99"), Decimal(2_000_000), Decimal(10) ** 13),
    "类型": ("企业", "高校", "其他"),
    "行业": ("01", "51", "6510", "A1"),
    "证书": (Date(2026, 2, 28), Date(2026, 3, 1), None),
    "重点": (True, False),
    "限制": (True, False),
    "季度": ((Decimal(1), Decimal(40)), (), (Decimal(20), Decimal(20), Decimal(20))),
}
FACTS = st.fixed_dictionaries({name: st.sampled_from((*grid, *grid, unknown(name))) for name, grid in GRID.items()})
COLUMNS = {
    "人": (">= 20", "< 20", "300", "-"),
    "类型": ('"企业"', 'not("企业")', "-"),
    "大类": ('"51"', '["01".."60"]', "null", "-"),
    "证书": ('>= @"2026-03-01"', "null", "<= 评估日", "-"),
    "重点": ("true", "false", "-"),
    "均人": ("> 20", "<= 20", "-"),
    "收入 / 面积": ("> 100", "[0..100]", "-"),
    "收入": ("> 线", "<= 线", "-"),
}
AMOUNTS = ("1000", "面积 * 100", "收入 * 0.05", "max(收入 - 线, 0) / 8", "人 * 补贴", "收入 / 面积", "null", "基数 * 2")
BASES = ("if 限制 then 面积 else 收入", "sum(季度)", "补贴 + 1", "min(收入, 面积, 100)", "if 人 > 20 then 均人 else 5")
PARAMETERS = (
    "| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |\n|---|---|---|---|---|---|---|\n"
    "| 线 | number | | 1000 | 2020-01-01/.. | 甲 | official |\n| 补贴 | number | | | 2020-01-01/.. | 乙 | official |\n"
)
DICTIONARY_WITHOUT_UNITS = "".join(
    "|".join(cell if place != 3 else "" for place, cell in enumerate(line.split("|")))
    if line.startswith("| ") and "单位" not in line
    else line
    for line in DICTIONARY.splitlines(keepends=True)
)


@st.composite
def policies(draw: st.DrawFn) -> str:
    """Draw the body of a policy: who is eligible by a table, how much by another, with decisions between."""

    def rules(clauses: list[str], outputs: tuple[str, ...]) -> str:
        drawn = draw(
            st.lists(st.tuples(*(st.sampled_from(COLUMNS[each]) for each in clauses), st.sampled_from(outputs)), min_size=1, max_size=4)
        )
        return "".join(f"| {number} | {' | '.join(cells)} |\n" for number, cells in enumerate(drawn, 1))

    tables = []
    for name, outputs, default in (
        ("符合: boolean", ("true", "false", "重点"), draw(st.sampled_from(["false", "null"]))),
        ("金额: number", AMOUNTS, "0"),
    ):
        clauses = draw(st.lists(st.sampled_from(list(COLUMNS)), min_size=1, max_size=3, unique=True))
        policy = draw(st.sampled_from(["F", "F", "U", "C+", "C>"])) if name.startswith("金额") else draw(st.sampled_from("FU"))
        head = f"| {policy} | {' | '.join(clauses)} | **{name}** |\n|{'---|' * (len(clauses) + 2)}\n"
        tables.append(f"{head}{rules(clauses, outputs)}| 否则 | {'- | ' * len(clauses)}{default} |\n\n")
    base = block("基数: number", draw(st.sampled_from(BASES)))
    group = block("大类: string", 'if matches(行业, "^[0-9]{2,4}$") then substring(行业, 1, 2) else null')
    return "".join([*tables, base, group, block("均人: number", "sum(季度) / count(季度)")])


@given(body=policies(), applies=st.sampled_from(["", "人 > 0", '类型 != "其他"', "限制"]), facts=st.lists(FACTS, min_size=8, max_size=20))
@FEW_EXAMPLES
def test_policies_over_columns_are_what_assess_says(body: str, applies: str, facts: Sequence[Mapping[str, Value]]) -> None:
    text = front(amount="金额", applies=f"'{applies}'" if applies else "") + body
    files = {"demo/registry/enterprise.md": DICTIONARY_WITHOUT_UNITS, "demo/parameters.md": PARAMETERS, "demo/policies/a.md": text}
    with tempfile.TemporaryDirectory() as folder:
        packs = packs_of(Path(folder), files)
    assume(not has_errors(packs.diagnostics))  # a rule that can never fire, say
    found = policy_agreement(packs.model_of("demo/a", AS_OF), facts)
    assert not found.differences, found.differences[0]
