"""Columns say what the interpreter says, row for row: value, missing facts, what was odd, which rules fired."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.engine.columnar_agreement import agreement, policy_agreement
from tests.engine.dmn_models import AS_OF, model
from tests.engine.policy_texts import block, front, packs_of
from tests.properties.columnar_policies import AMOUNTS, BASES, COLUMNS, DICTIONARY_WITHOUT_UNITS, GRID, PARAMETERS
from tests.properties.columnar_strategies import CONSTANTS, ITEMS, expressions, others, rows, tables
from tests.properties.test_evaluation import FACTS_GIVEN, QUESTIONS, STEPS, policy_model
from zhida.dmn.model import Decision
from zhida.errors import CompileError, has_errors
from zhida.values.unknown import unknown

Value = Any
MANY_ROWS = st.lists(rows, min_size=8, max_size=24)
FEW_EXAMPLES = settings(
    max_examples=min(settings().max_examples, 300), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


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


FACTS = st.fixed_dictionaries({name: st.sampled_from((*grid, *grid, unknown(name))) for name, grid in GRID.items()})


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
