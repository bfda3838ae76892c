"""The measurements are of what they say: tables and rows drawn from a seed, answers, goals that are missed and marked."""

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest

from zhida.dmn.evaluate import evaluate
from zhida.policy.pack import load_packs
from zhida.values.temporal import Date

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
AS_OF = Date(2026, 6, 30)
Named = Callable[[str], ModuleType]


@pytest.fixture(scope="module")
def named() -> Iterator[Named]:
    """Give the modules of the benchmarks by name; they are programs, and import each other as such."""
    before = set(sys.modules)
    sys.path.insert(0, str(BENCHMARKS))
    yield importlib.import_module
    sys.path.remove(str(BENCHMARKS))
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(BENCHMARKS)):
            del sys.modules[name]


@pytest.mark.parametrize("size", ["small", "medium"])
def test_what_contestants_are_held_against_is_what_the_interpreter_says(named: Named, size: str) -> None:
    drawn, models = named("drawn"), named("models")
    for hit_policy in drawn.HIT_POLICIES:
        table = drawn.table_of(size, hit_policy)
        rows = drawn.draw_rows(table.attributes, 60)
        model = models.model_of([table], table.attributes)
        said = []
        for row in drawn.records(table.attributes, rows):
            facts = {name: Decimal(value) if type(value) is int else value for name, value in row.items()}
            said.append(evaluate(model, table.name, facts, as_of=AS_OF).value)
        assert said == drawn.answers(table, rows).tolist()


def test_a_table_by_hand_gives_the_same_answers(named: Named) -> None:
    drawn = named("drawn")
    for size in drawn.SIZES:
        for hit_policy in drawn.HIT_POLICIES:
            table = drawn.table_of(size, hit_policy)
            rows = drawn.draw_rows(table.attributes, 100)
            names: dict[str, Callable[..., int]] = {}
            exec(drawn.python_source(table), names)  # noqa: S102 - our own text
            by_hand = [names["decide"](**row) for row in drawn.records(table.attributes, rows)]
            assert by_hand == drawn.answers(table, rows).tolist()


def test_more_rows_begin_with_the_same_rows(named: Named) -> None:
    drawn = named("drawn")
    attributes = drawn.SIZES["medium"][1]
    few, many = drawn.draw_rows(attributes, 100), drawn.draw_rows(attributes, 10_000)
    assert all(np.array_equal(few[name], many[name][:100]) for name in few)


@pytest.mark.long
def test_the_pack_of_the_jobs_is_a_hundred_policies_of_one_table_each(named: Named, tmp_path: Path) -> None:
    registry_drawn = named("registry_drawn")
    packs = load_packs(registry_drawn.write_pack(tmp_path))
    assert len(packs.policies) == 100
    assert not [item for policy in packs.policies.values() for item in policy.compiled.diagnostics if item.severity == "error"]
    assert [len(table.rules) for table in registry_drawn.tables()] == [6] * 50 + [40] * 50


def test_a_row_group_has_31_columns_and_a_hundredth_is_unknown(named: Named) -> None:
    registry_drawn = named("registry_drawn")
    group = registry_drawn.group(0, 10_000)
    assert group.num_columns == 31
    assert group.column(registry_drawn.KEY).null_count == 0
    assert group.column("money0").type == pa.decimal128(38, 2)
    lacking = sum(group.column(each.name).null_count for each in registry_drawn.ATTRIBUTES)
    assert 0.008 < lacking / 30 / 10_000 < 0.012


def test_a_goal_that_is_missed_is_marked(named: Named) -> None:
    side_by_side, page_frames = named("frames_side_by_side"), named("page_frames")

    def told(nanoseconds: float) -> str:
        figures = {"zhida, avx2": side_by_side.Figure(2.0, 10), "polars when/then": side_by_side.Figure(nanoseconds, 10)}
        race = side_by_side.Race("small", "F", 6, 4, figures)
        return next(line for line in page_frames.goals_of_races([race]) if "when/then" in line)

    assert "4.5 × ✗" in told(9.0)
    assert "✗" not in told(10.0)


def test_a_job_is_marked_when_it_takes_too_many_times_the_floor(named: Named) -> None:
    jobs, page_frames = named("jobs"), named("page_frames")

    def told(seconds: float) -> str:
        figures = {name: jobs.Took(taken, 0.0, 10**9, 10**6) for name, taken in ((jobs.OURS, seconds), (jobs.AGAIN, 2.0))}
        return "\n".join(page_frames.job_section([jobs.Job("A", 1_000_000, 5, 100, figures)]))

    assert "1.60 ✗" in told(3.2)
    assert "✗" not in told(2.9)


def test_the_page_is_written_from_what_was_kept_of_each_section(named: Named) -> None:
    run, page, jobs, proof = named("run"), named("page"), named("jobs"), named("proof_timed")
    goal = page.Goal("做", 2.0, 1.2, (1.0, "s"), "do")
    job = jobs.Job("A", 1_000_000, 5, 100, {jobs.OURS: jobs.Took(1.0, 0.5, 10**9, 10**6)})
    figure = proof.Figure(15, "gaps", 3.0, 165, None, None, 60.0)
    kept = {
        "packs": {"machine": "M", "goals": [asdict(goal)]},
        "proof": {"machine": "M", "goals": [asdict(each) for each in proof.goals([figure])], "figures": [asdict(figure)]},
        "jobs": {"machine": "N", "jobs": [asdict(job)]},
    }
    text = run.render(json.loads(json.dumps(kept)))
    assert "| 做<br>do | 2.0 s ✗ | ≤ 1.2 s |" in text
    assert "| 1,000,000 | zhida | 1.00 s" in text
    assert "- language、work、tables、combine、next、simulate、budgets、notices、night、pages、ledger：没有测 / not measured" in text
    assert "| 3.0 s ✗ | ≤ 2 s |" in text
    assert "| 1,500 × 15 | 空档 / gaps | 3.000 s (165) | > 60 s |" in text


def test_a_wrong_answer_is_shown_and_not_timed(named: Named) -> None:
    drawn, side_by_side = named("drawn"), named("frames_side_by_side")
    wrong = "from serving import serve\nserve(lambda task: lambda: 'something else')\n"
    contestant = side_by_side.Contestant("liar", [sys.executable, "-c", wrong], 10, environment={"PYTHONPATH": str(BENCHMARKS / "workers")})
    field = side_by_side.Field([contestant])
    table = drawn.table_of("small", "F")
    figure = field.settle(contestant, table, drawn.answers(table, drawn.draw_rows(table.attributes, 10)))
    field.end()
    assert (figure.nanoseconds, figure.rows, figure.remark) == (None, 0, "答案不对 wrong answer")
