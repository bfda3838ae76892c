"""Codes say what the interpreter says: decisions over frames row for row, coded policies what is settled value by value."""

import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.engine.coded_agreement import decisions_differ, fits, frame_of, policies_differ
from tests.engine.dmn_models import AS_OF, decision, model, table
from tests.engine.policy_texts import front, packs_of
from tests.properties.columnar_strategies import CLAUSES, CONSTANTS, ITEMS, expressions, others, tables
from tests.properties.test_columnar import COLUMNS, DICTIONARY_WITHOUT_UNITS, FACTS, MANY_ROWS, PARAMETERS
from zhida.assess.judge import MAX_AMOUNT
from zhida.assess.settle import MAX_COMBINATIONS
from zhida.columnar import coded_tables
from zhida.columnar.coded import UncodedError
from zhida.columnar.coded_policies import CodedPolicy
from zhida.columnar.coded_sums import Sums
from zhida.columnar.policies import open_policy
from zhida.dmn.model import Decision
from zhida.errors import CompileError, has_errors

Value = Any
NAMES = {item.name for item in ITEMS.values()}
SOME_EXAMPLES = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


def check(body: Decision, facts: Sequence[Mapping[str, Value]]) -> None:
    try:
        compiled = model(*others(), body, items=ITEMS)
    except CompileError:
        return
    goals = [body.id, *(id_ for id_ in compiled.requirements.get(body.id, ()) if id_ in compiled.decisions)]
    found, _ = decisions_differ(compiled, goals, facts, as_of=AS_OF, constants=CONSTANTS)
    assert not found, found[0]


@given(body=tables(), facts=MANY_ROWS)
@SOME_EXAMPLES
def test_coded_tables_are_what_the_interpreter_says(body: Decision, facts: Sequence[Mapping[str, Value]]) -> None:
    check(body, facts)


@given(body=expressions(), facts=MANY_ROWS)
@SOME_EXAMPLES
def test_coded_expressions_are_what_the_interpreter_says(body: Decision, facts: Sequence[Mapping[str, Value]]) -> None:
    check(body, facts)


@st.composite
def added(draw: st.DrawFn) -> Decision:
    """Draw a table over facts alone that adds up numbers."""
    clauses = draw(st.lists(st.sampled_from([name for name in CLAUSES if name in NAMES]), min_size=1, max_size=4, unique=True))
    outputs = st.sampled_from(draw(st.sampled_from([["1", "2", "0.5"], ["0", "3", "-3"], ["100", "1000000.01", "-7"], ["0"]])))
    cells = draw(st.lists(st.tuples(*(CLAUSES[clause] for clause in clauses), outputs), min_size=1, max_size=12))
    return decision("问", table("C+", clauses, [""], cells, default=[draw(st.sampled_from(["", "", "0"]))]))


@given(body=added(), facts=MANY_ROWS)
@SOME_EXAMPLES
def test_sums_in_one_pass_are_what_the_interpreter_says(body: Decision, facts: Sequence[Mapping[str, Value]]) -> None:
    with patch.object(coded_tables, "DENSE_LIMIT", 1), patch.object(Sums, "is_varied", return_value=True):
        check(body, facts)


CODED = [name for name in COLUMNS if name not in {"均人", "收入 / 面积", "大类"}]


@st.composite
def policies(draw: st.DrawFn) -> str:
    """Draw the body of a policy all of which is coded: tables whose outputs are constants, over facts and over each other."""

    def rules(clauses: list[str], outputs: tuple[str, ...]) -> str:
        cells = {**COLUMNS, "级": ('"高"', '"低"', "-")}
        drawn = draw(
            st.lists(st.tuples(*(st.sampled_from(cells[each]) for each in clauses), st.sampled_from(outputs)), min_size=1, max_size=4)
        )
        return "".join(f"| {number} | {' | '.join(each)} |\n" for number, each in enumerate(drawn, 1))

    parts = []
    for name, outputs, default, more in (
        ("级: string", ('"高"', '"低"', "null"), draw(st.sampled_from(['"低"', "null"])), []),
        ("符合: boolean", ("true", "false"), draw(st.sampled_from(["false", "null"])), ["级"]),
        ("金额: number", ("1000", "20.005", "0", "null"), "0", ["级"]),
    ):
        clauses = draw(st.lists(st.sampled_from([*CODED, *more]), min_size=1, max_size=3, unique=True))
        policy = draw(st.sampled_from(["F", "F", "U", "C+", "C>"])) if name.startswith("金额") else draw(st.sampled_from("FU"))
        head = f"| {policy} | {' | '.join(clauses)} | **{name}** |\n|{'---|' * (len(clauses) + 2)}\n"
        parts.append(f"{head}{rules(clauses, outputs)}| 否则 | {'- | ' * len(clauses)}{default} |\n\n")
    return "".join(parts)


@given(body=policies(), applies=st.sampled_from(["", "人 > 0", '类型 != "其他"', "限制"]), facts=st.lists(FACTS, min_size=8, max_size=40))
@SOME_EXAMPLES
def test_coded_policies_say_what_is_settled_value_by_value(body: str, applies: str, facts: Sequence[Mapping[str, Value]]) -> None:
    text = front(amount="金额", applies=f"'{applies}'" if applies else "") + body
    files = {"demo/registry/enterprise.md": DICTIONARY_WITHOUT_UNITS, "demo/parameters.md": PARAMETERS, "demo/policies/a.md": text}
    with tempfile.TemporaryDirectory() as folder:
        packs = packs_of(Path(folder), files)
    assume(not has_errors(packs.diagnostics))
    opened = [open_policy(packs.model_of("demo/a", AS_OF), below=Decimal(MAX_AMOUNT), limit=MAX_COMBINATIONS) for _ in range(2)]
    items = list(opened[0].plan.facts.values())
    frame = frame_of(items, [row for row in facts if all(fits(row.get(item.name), item) for item in items)])
    try:
        coded = CodedPolicy(opened[0].settler)
    except UncodedError:
        assume(False)
    found = policies_differ(coded, opened[1], frame)
    assert not found, found[0]
