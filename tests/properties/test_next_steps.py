"""The next step of random policies and subjects: enough, the smallest that there is, and the same by columns."""

import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.next_packs import condition, policy_packs, table_of
from tests.engine.policy_texts import AS_OF, block
from tests.engine.registry_frames import registry_of
from zhida.assess.assessment import Outcome
from zhida.assess.judge import Judgement, judge
from zhida.assess.subject import assess_model, inputs_of
from zhida.dmn.evaluate import Evaluator
from zhida.entitle.next import rows as rows_module
from zhida.entitle.next.columns import FIELDS, Told
from zhida.entitle.next.steps import Seeker, Step, judged_names
from zhida.policy.pack import PolicyModel
from zhida.values.temporal import Date, from_days, to_days

Value = Any

DECISIONS = (
    block("占比: number", "if 收入 > 0 then 研发费用 / 收入 else null")
    + "| F | 人 | **人分: number** |\n|---|---|---|\n| 1 | >= 30 | 40 |\n| 2 | [10..30) | 20 |\n| 否则 | - | 0 |\n\n"
    + "| F | 研发费用 | 类型 | **研发分: number** |\n|---|---|---|---|\n| 1 | >= 60 | - | 40 |\n"
    + '| 2 | > 20 | "企业" | 25 |\n| 否则 | - | - | 5 |\n\n'
    + block("总分: number", "人分 + 研发分")
)
CONDITIONS = (
    "人 >= 30",
    "人 > 12",
    "人 < 40",
    "人 in [15..35)",
    "人 = 20",
    "技 / 人 >= 0.3",
    "技 >= 5",
    "占比 >= 0.05",
    "占比 > 0.1",
    "研发费用 >= 40.005",
    "研发费用 + 设备 >= 80",
    "设备 > 25",
    "收入 >= 500",
    "负债 / 资产 <= 0.6",
    "min(研发费用, 设备) >= 30",
    "总分 >= 60",
    "总分 > 40",
    "上云",
    "not(上云)",
    "失信 = false",
    '类型 = "企业"',
    "专家",
    "(评估日 - 成立).days >= 365",
    '成立 <= 评估日 - @"P6M"',
)
TEXTS = st.recursive(
    st.sampled_from(CONDITIONS),
    lambda inner: st.builds(lambda left, word, right: f"({left} {word} {right})", inner, st.sampled_from(["and", "and", "or"]), inner),
    max_leaves=4,
)
YUAN = st.one_of(
    st.sampled_from([Decimal(text) for text in ("0", "5", "19.99", "20", "20.01", "40", "59.99", "80", "500")]),
    st.integers(0, 10_000).map(lambda fen: Decimal(fen) / 100),
)
FACTS = st.fixed_dictionaries(
    {
        "人": st.integers(0, 45).map(Decimal),
        "研发费用": YUAN,
        "收入": YUAN,
    },
    optional={
        "技": st.integers(0, 12).map(Decimal),
        "设备": YUAN,
        "负债": YUAN,
        "资产": YUAN,
        "成立": st.integers(-500, 20).map(lambda days: from_days(to_days(AS_OF) + days)),
        "类型": st.sampled_from(["企业", "高校"]),
        "失信": st.booleans(),
        "上云": st.booleans(),
        "专家": st.booleans(),
    },
)
FEW = settings(
    max_examples=min(settings().max_examples, 300), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
ENOUGH = {Outcome.ELIGIBLE, Outcome.REVIEW}


def outcome(model: PolicyModel, facts: Mapping[str, Value]) -> Outcome:
    """Return the answer; a review counts only where a person's judgement is all that lacks."""
    found = assess_model(model, facts)
    return Outcome.INELIGIBLE if found.outcome is Outcome.REVIEW and not found.missing else found.outcome


def by_the_rules(model: PolicyModel, facts: Mapping[str, Value]) -> Judgement:
    """Return what the rules say without trying what unknown facts could be: more than that no step claims."""
    return judge(model, Evaluator(model.model, inputs_of(model, facts), as_of=model.as_of))


def rests_on_unknown(model: PolicyModel, facts: Mapping[str, Value]) -> bool:
    """Say whether an answer is sure only once every possible value of an unknown fact was tried."""
    found = by_the_rules(model, facts)
    return found.answer.outcome is Outcome.UNDETERMINED and not found.missing <= judged_names(model)


def taken(facts: Mapping[str, Value], steps: Sequence[Step], *, less: Step | None = None) -> dict[str, Value]:
    """Return a subject after some steps, one of them a unit less."""
    moved = dict(facts)
    for step in steps:
        moved[step.attribute] = step.target
        if step is less:
            unit = Decimal("0.01") if step.unit == "元" else Decimal(1)
            moved[step.attribute] = not step.target if step.kind == "switch" else step.target - unit * (1 if step.change > 0 else -1)
    return moved


@given(text=TEXTS, subjects=st.lists(FACTS, min_size=3, max_size=6))
@FEW
def test_a_step_is_enough_and_a_unit_less_is_not(text: str, subjects: Sequence[Mapping[str, Value]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model = policy_packs(Path(folder), DECISIONS + condition(text)).model_of("demo/a", AS_OF)
    seeker = Seeker(model)
    for facts in subjects:
        steps = seeker.steps(facts)
        if steps and steps[0].kind != "wait":
            assert outcome(model, taken(facts, steps)) is steps[0].then
            for step in steps:
                less = taken(facts, steps, less=step)
                assert outcome(model, less) not in ENOUGH or rests_on_unknown(model, less)
        elif steps:
            until = steps[0].target
            assert isinstance(until, Date)
            later = assess_model(with_day(model, until), facts)
            assert later.outcome is steps[0].then or "成立" not in text


def with_day(model: PolicyModel, day: Date) -> PolicyModel:
    """Return a policy on another day; its rules are the same."""
    return type(model)(**{name: getattr(model, name) for name in model.__dataclass_fields__ if not name.startswith("_")} | {"as_of": day})


@given(text=TEXTS, subjects=st.lists(FACTS, min_size=3, max_size=6))
@FEW
def test_of_whole_numbers_no_smaller_change_is_enough(text: str, subjects: Sequence[Mapping[str, Value]]) -> None:
    """Every number of persons is tried; the step must be the nearest that makes eligible by itself."""
    with tempfile.TemporaryDirectory() as folder:
        model = policy_packs(Path(folder), DECISIONS + condition(text)).model_of("demo/a", AS_OF)
    seeker = Seeker(model)
    for facts in subjects:
        if assess_model(model, facts).outcome is not Outcome.INELIGIBLE:
            continue  # where something odd was met a person looks, and no step is named
        values = [Decimal(value) for value in range(101) if value != facts["人"]]
        good = [value for value in values if by_the_rules(model, {**facts, "人": value}).answer.outcome is Outcome.ELIGIBLE]
        found = seeker.steps(facts)
        if good:
            assert found, "a change of one attribute is enough"
            assert len(found) == 1
        if len(found) == 1 and found[0].attribute == "人":
            assert found[0].then is Outcome.REVIEW or abs(found[0].change) == min(abs(value - facts["人"]) for value in good)


@given(text=TEXTS, subjects=st.lists(FACTS, min_size=6, max_size=12))
@FEW
def test_columns_say_what_the_specification_says(text: str, subjects: Sequence[Mapping[str, Value]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        packs = policy_packs(Path(folder), DECISIONS + condition(text))
    table, finder = table_of(packs, *subjects)
    (one,) = finder.finders
    told = Told(len(subjects))
    registry = registry_of(packs, *subjects)
    for row, facts in enumerate(registry.iter_subjects()):
        told.tell(row, one.seeker.steps(facts), one.scales)
    for name, column in zip(FIELDS, told.columns(), strict=True):
        assert table.column(f"demo/a:{name}").to_pylist() == column.to_pylist(), (name, text)
    with patch.object(rows_module, "TOGETHER", 1):  # as where there are many rows: rank after rank
        assert table_of(packs, *subjects)[0].equals(table), text
