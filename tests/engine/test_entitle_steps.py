"""The smallest change: exact to the unit, on the line of what is tested, of one attribute, else of the cheapest pair."""

from concurrent.futures import CancelledError
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.engine.next_packs import condition, policy_packs, steps_of, table_of
from tests.engine.policy_texts import AS_OF, block
from tests.engine.registry_frames import registry_of
from zhida.assess.assessment import Outcome
from zhida.assess.columns import open_run
from zhida.assess.subject import assess_model
from zhida.entitle.next.finder import StepFinder
from zhida.entitle.next.lines import Way
from zhida.entitle.next.steps import Step, next_steps
from zhida.values.temporal import Date

Value = Any
SHARE = block("研发费用占比: number", "研发费用 / 收入")


def one(steps: tuple[Step, ...]) -> Step:
    (step,) = steps
    return step


def test_a_ratio_below_its_line_is_reached_by_so_much_more_to_the_fen(tmp_path: Path) -> None:
    body = SHARE + condition("研发费用占比 >= 0.05")
    step = one(steps_of(tmp_path, body, {"研发费用": Decimal(1_927_000), "收入": Decimal(41_000_000)}))
    assert (step.kind, step.attribute, step.change, step.unit, step.target) == (
        "move",
        "研发费用",
        Decimal(123_000),
        "元",
        Decimal(2_050_000),
    )
    assert (step.tested.name, step.tested.value, step.tested.line) == ("研发费用占比", Decimal("0.047"), Decimal("0.05"))
    assert (step.cost_fen, step.share, step.article, step.then) == (12_300_000, 60_000, "第一条", Outcome.ELIGIBLE)


def test_one_unit_less_is_not_enough(tmp_path: Path) -> None:
    body = SHARE + condition("研发费用占比 >= 0.03")
    facts = {"研发费用": Decimal("999.99"), "收入": Decimal("77777.77")}
    step = one(steps_of(tmp_path, body, facts))
    model = policy_packs(tmp_path, body).model_of("demo/a", AS_OF)
    assert assess_model(model, {**facts, "研发费用": step.target}).outcome is Outcome.ELIGIBLE
    assert assess_model(model, {**facts, "研发费用": step.target - Decimal("0.01")}).outcome is Outcome.INELIGIBLE


@pytest.mark.parametrize(
    ("text", "start", "target"),
    [
        ("人 >= 30", 20, 30),
        ("人 > 30", 20, 31),
        ("人 <= 30", 40, 30),
        ("人 < 30", 40, 29),
        ("人 = 30", 40, 30),
        ("人 != 30", 30, 31),
        ("人 between 30 and 40", 20, 30),
        ("人 in (30..40)", 50, 39),
        ("人 >= 30.5", 20, 31),
        ("30 <= 人", 20, 30),
        ("人 * 2 + 1 >= 60", 20, 30),
        ("not(人 < 30)", 20, 30),
        ("人 >= 30 or 人 <= 18", 20, 18),
    ],
)
def test_a_line_is_reached_on_the_side_that_its_operator_asks_for(tmp_path: Path, text: str, start: int, target: int) -> None:
    assert one(steps_of(tmp_path, condition(text), {"人": Decimal(start)})).target == target


def test_a_divisor_moves_too(tmp_path: Path) -> None:
    step = one(steps_of(tmp_path, condition("资产 / 收入 <= 0.3"), {"资产": Decimal(1_000), "收入": Decimal(2_000)}))
    assert (step.attribute, step.target) == ("收入", Decimal("3333.34"))


def test_what_does_not_move_is_no_step(tmp_path: Path) -> None:
    assert steps_of(tmp_path, condition("资产 >= 10"), {"资产": Decimal(1)}) == ()
    assert steps_of(tmp_path, condition("研发费用 <= 10"), {"研发费用": Decimal(20)}) == (), "it moves upwards only"
    assert steps_of(tmp_path, condition("负债 < 0"), {"负债": Decimal(20)}) == (), "below nothing there is no usual value"
    assert steps_of(tmp_path, condition("sum(季度) >= 10"), {"季度": (Decimal(1),)}) == (), "lists are not moved"
    assert steps_of(tmp_path, condition("人 >= 10 and 失信 = false"), {"人": Decimal(1), "失信": True}) == ()


def test_who_is_eligible_or_of_whom_it_is_open_needs_no_step(tmp_path: Path) -> None:
    assert steps_of(tmp_path, condition("人 >= 10"), {"人": Decimal(10)}) == ()
    assert steps_of(tmp_path, condition("人 >= 10"), {}) == ()
    assert steps_of(tmp_path, condition("人 >= 10"), {"人": Decimal(1), "类型": "高校"}, applies='类型 = "企业"') == ()


def test_a_fact_that_lacks_and_matters_leaves_no_step(tmp_path: Path) -> None:
    assert steps_of(tmp_path, condition("人 >= 10 and 资产 >= 5"), {"人": Decimal(1)}) == ()
    assert one(steps_of(tmp_path, condition("人 >= 10 or (人 >= 5 and 资产 >= 5)"), {"人": Decimal(1), "资产": Decimal(1)})).target == 10


def test_of_several_attributes_the_cheapest_comes_first_where_all_are_priced(tmp_path: Path) -> None:
    text = "研发费用 >= 100 or 设备 >= 100"
    assert (
        one(steps_of(tmp_path, condition(text), {"研发费用": Decimal(40), "设备": Decimal(80)})).attribute == "设备"
    )  # 60 yuan against 20 at 2.50
    assert one(steps_of(tmp_path, condition(text), {"研发费用": Decimal(51), "设备": Decimal(80)})).attribute == "研发费用"


def test_else_the_one_that_is_nearest_to_its_line(tmp_path: Path) -> None:
    text = "研发费用 >= 100 or 人 >= 10"
    assert one(steps_of(tmp_path, condition(text), {"研发费用": Decimal(95), "人": Decimal(9)})).attribute == "研发费用"
    assert one(steps_of(tmp_path, condition(text), {"研发费用": Decimal(85), "人": Decimal(9)})).attribute == "人"


def test_two_conditions_that_lack_make_a_pair(tmp_path: Path) -> None:
    steps = steps_of(
        tmp_path, condition("研发费用 / 收入 >= 0.05 and 技 >= 2"), {"研发费用": Decimal(4), "收入": Decimal(100), "技": Decimal(1)}
    )
    assert [(step.attribute, step.target) for step in steps] == [("技", 2), ("研发费用", 5)]


def test_a_pair_is_reached_where_the_second_line_rests_on_the_first_attribute(tmp_path: Path) -> None:
    """More sales ask for more research: the second step is worked out with the first one taken."""
    body = condition("收入 >= 200 and 研发费用 / 收入 >= 0.05")
    steps = steps_of(tmp_path, body, {"研发费用": Decimal(4), "收入": Decimal(100)})
    assert [(step.attribute, step.target) for step in steps] == [("收入", 200), ("研发费用", 10)]


def test_the_cheapest_pair_is_taken(tmp_path: Path) -> None:
    body = condition("人 >= 10 and (研发费用 >= 100 or 设备 >= 100)")
    steps = steps_of(tmp_path, body, {"人": Decimal(5), "研发费用": Decimal(90), "设备": Decimal(70)})
    assert [step.attribute for step in steps] == ["人", "研发费用"]


def test_three_conditions_that_lack_are_more_than_a_step(tmp_path: Path) -> None:
    assert (
        steps_of(
            tmp_path,
            condition("人 >= 10 and 研发费用 >= 100 and 设备 >= 100"),
            {"人": Decimal(1), "研发费用": Decimal(1), "设备": Decimal(1)},
        )
        == ()
    )


def test_a_truth_value_turns_in_one_step(tmp_path: Path) -> None:
    step = one(steps_of(tmp_path, condition("上云 and 人 >= 10"), {"上云": False, "人": Decimal(20)}))
    assert (step.kind, step.attribute, step.value, step.target, step.cost_fen) == ("switch", "上云", False, True, None)
    steps = steps_of(tmp_path, condition("上云 and 人 >= 10"), {"上云": False, "人": Decimal(2)})
    assert [step.kind for step in steps] == ["switch", "move"] or [step.kind for step in steps] == ["move", "switch"]


@pytest.mark.parametrize(
    ("text", "founded", "until"),
    [
        ("(评估日 - 成立).days >= 365", Date(2025, 6, 1), Date(2026, 6, 1)),
        ("(评估日 - 成立).days > 365", Date(2025, 6, 1), Date(2026, 6, 2)),
        ('成立 <= 评估日 - @"P1Y"', Date(2025, 6, 1), Date(2026, 6, 1)),
        ('成立 + @"P2Y" <= 评估日', Date(2024, 8, 31), Date(2026, 8, 31)),
        ("years and months duration(成立, 评估日).years >= 3", Date(2023, 5, 20), Date(2026, 5, 20)),
        ("评估日.year - 成立.year >= 2", Date(2025, 6, 1), Date(2027, 1, 1)),
    ],
)
def test_where_only_a_date_lacks_one_waits_until_the_first_day(tmp_path: Path, text: str, founded: Date, until: Date) -> None:
    step = one(steps_of(tmp_path, condition(text), {"成立": founded}))
    assert (step.kind, step.attribute, step.target, step.cost_fen, step.unit) == ("wait", "成立", until, None, "天")


def test_nobody_waits_for_what_time_does_not_bring(tmp_path: Path) -> None:
    assert steps_of(tmp_path, condition('成立 >= 评估日 - @"P1Y"'), {"成立": Date(2020, 1, 1)}) == ()
    assert steps_of(tmp_path, condition("(评估日 - 成立).days >= 365"), {"成立": Date(2026, 1, 1)}, in_force="2025-01-01/2026-12-31") == ()
    assert steps_of(tmp_path, condition("(评估日 - 成立).days >= 365 and 失信 = false"), {"成立": Date(2026, 1, 1), "失信": True}) == ()


def test_of_a_yearly_fact_the_current_year_moves_alone(tmp_path: Path) -> None:
    packs = policy_packs(tmp_path, condition("收入 + 收入(1) >= 300"))
    facts = {"收入@2025": Decimal(100), "收入@2024": Decimal(120)}
    step = one(next_steps(packs.model_of("demo/a", AS_OF), facts))
    assert (step.attribute, step.change) == ("收入", 80)
    batch = pl.DataFrame({name: pl.Series([value], dtype=pl.Decimal(38, 2)) for name, value in {"代码": Decimal(1), **facts}.items()})
    batch = batch.with_columns(pl.lit("A1").alias("代码"))
    results = open_run(packs, ["demo/a"], as_of=AS_OF, key="代码").decide(batch)
    assert StepFinder(packs, ["demo/a"], as_of=AS_OF).find(batch, results).column("demo/a:change").to_pylist() == [8_000]
    assert next_steps(policy_packs(tmp_path, condition("收入(1) >= 300")).model_of("demo/a", AS_OF), facts) == ()


def test_a_score_is_reached_by_the_band_that_is_enough(tmp_path: Path) -> None:
    bands = "| F | 研发费用 | **得分: number** |\n|---|---|---|\n| 1 | >= 500 | 40 |\n| 2 | >= 100 | 30 |\n| 否则 | - | 0 |\n\n"
    step = one(steps_of(tmp_path, bands + condition("得分 >= 35"), {"研发费用": Decimal(20)}))
    assert (step.target, step.tested.name, step.tested.line) == (500, "研发费用", 500)


def test_a_step_is_enough_where_only_a_person_has_to_judge_then(tmp_path: Path) -> None:
    step = one(steps_of(tmp_path, condition("人 >= 10 and 专家"), {"人": Decimal(4)}))
    assert (step.target, step.then) == (10, Outcome.REVIEW)
    assert steps_of(tmp_path, condition("人 >= 10 and 专家"), {"人": Decimal(4), "专家": False}) == ()


def test_a_wanted_status_is_reached(tmp_path: Path) -> None:
    table = '| F | 人 | **档: string** |\n|---|---|---|\n| 1 | >= 300 | "大" |\n| 2 | >= 20 | "中" |\n| 否则 | - | "小" |\n\n'
    keys = {"gives": "status", "eligible": "", "result": "档"}
    assert one(steps_of(tmp_path, table, {"人": Decimal(12)}, wanted="中", **keys)).target == 20
    assert one(steps_of(tmp_path, table, {"人": Decimal(400)}, wanted="中", **keys)).target == 299
    assert steps_of(tmp_path, table, {"人": Decimal(30)}, wanted="中", **keys) == ()
    assert steps_of(tmp_path, table, {"人": Decimal(30)}, **keys) == (), "any status will do by default"


def test_ways_may_be_given_in_place_of_the_dictionary(tmp_path: Path) -> None:
    model = policy_packs(tmp_path, condition("资产 >= 10")).model_of("demo/a", AS_OF)
    (step,) = next_steps(model, {"资产": Decimal(1)}, ways={"资产": Way("升", Decimal("0.333"))})
    assert (step.target, step.cost_fen) == (10, 300), "2.997 yuan are rounded up to the fen"


# --- over columns ----------------------------------------------------------------------------------------------------------


def test_columns_tell_what_changes_what_it_costs_and_what_is_compared(tmp_path: Path) -> None:
    packs = policy_packs(tmp_path, SHARE + condition("研发费用占比 >= 0.05 and 人 >= 10"))
    subjects = [
        {"研发费用": Decimal(1_927_000), "收入": Decimal(41_000_000), "人": Decimal(10)},
        {"研发费用": Decimal(1_927_000), "收入": Decimal(41_000_000), "人": Decimal(9)},
        {"研发费用": Decimal(3_000_000), "收入": Decimal(41_000_000), "人": Decimal(12)},
        {"收入": Decimal(41_000_000), "人": Decimal(9)},
    ]
    table, finder = table_of(packs, *subjects)
    first, second, third, last = ({name.removeprefix("demo/a:"): value for name, value in row.items()} for row in table.to_pylist())
    assert first["step"] == "研发费用（研发费用占比）"
    assert (first["steps"], first["then"], first["kind"], first["change"], first["cost_fen"]) == (
        1,
        "ELIGIBLE",
        "move",
        12_300_000,
        12_300_000,
    )
    assert (first["tested"], first["met"], first["line"]) == ("研发费用占比", 47_000, 50_000)
    assert (second["step"], second["steps"], second["cost_fen"]) == ("人；研发费用（研发费用占比）", 2, None)
    assert (second["attribute2"], second["change2"], second["met2"], second["attribute"], second["value"]) == (
        "研发费用",
        12_300_000,
        47_000,
        "人",
        9,
    )
    assert third["step"] is None
    assert last["step"] is None
    assert finder.interpreted == 0


def test_a_row_that_columns_cannot_tell_goes_to_the_specification(tmp_path: Path) -> None:
    packs = policy_packs(tmp_path, condition("资产 >= 收入 and 人 >= 10"))
    table, finder = table_of(
        packs,
        {"资产": Decimal(10) ** 20, "收入": Decimal(5), "人": Decimal(4)},
        {"资产": Decimal(10), "收入": Decimal(5), "人": Decimal(4)},
    )
    assert table.column("demo/a:change").to_pylist() == [6, 6]
    assert finder.interpreted == 1


def test_a_line_that_columns_cannot_follow_is_followed_by_the_specification(tmp_path: Path) -> None:
    packs = policy_packs(tmp_path, condition("min(研发费用, 设备) * 2 + 研发费用 >= 100"))
    subjects = [{"研发费用": Decimal(place), "设备": Decimal(20)} for place in range(5, 40, 5)]
    table, finder = table_of(packs, *subjects)
    model = packs.model_of("demo/a", AS_OF)
    expected = [next_steps(model, facts) for facts in subjects]
    assert [value for value in table.column("demo/a:change").to_pylist() if value is not None] == [
        int(steps[0].change * 100) for steps in expected
    ]
    assert finder.interpreted == 0


def test_the_number_of_threads_changes_nothing(tmp_path: Path) -> None:
    packs = policy_packs(tmp_path, condition("研发费用 / 收入 >= 0.05 and 人 >= 10"))
    subjects = [{"研发费用": Decimal(place), "收入": Decimal(1_000), "人": Decimal(place % 17)} for place in range(40)]
    assert table_of(packs, *subjects, workers=1)[0].equals(table_of(packs, *subjects, workers=2)[0])


def test_an_interrupted_search_stops_and_can_be_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packs = policy_packs(tmp_path, condition("研发费用 / 收入 >= 0.05"))
    finder = StepFinder(packs, ["demo/a"], as_of=AS_OF)
    (each,) = finder.finders
    registry = registry_of(packs, {"研发费用": Decimal(47), "收入": Decimal(1_000)})
    results = open_run(packs, ["demo/a"], as_of=AS_OF, key=registry.key).decide(registry.frame)

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(each, "lacking", interrupted)
        with pytest.raises(KeyboardInterrupt):
            finder.find(registry.frame, results)
    with pytest.raises(CancelledError):  # what still runs stops by itself
        each.go_on()
    assert finder.find(registry.frame, results).column("demo/a:steps").to_pylist() == [1]
