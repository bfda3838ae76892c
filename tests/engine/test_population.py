"""Population facts: computed once over a snapshot, exactly, whatever its order and parts, and decided with alike by both engines."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.extended_registry import DAY, MAP, SCORE_POLICY, STATISTICS, TOTALS_POLICY, packs_in, policy, registry_of
from tests.engine.registry_fixtures import codes_of
from zhida.assess.agreement import agreement
from zhida.assess.cells import cells_of
from zhida.assess.columns import assess_registry, open_run
from zhida.assess.order import Plan, RunOrder, fact_attributes, population_plan, read_attributes
from zhida.assess.population import Filler, Totals, compute_population, median, notes_of, plan_population, table_of, with_population
from zhida.assess.run import Progress, run
from zhida.errors import InputError
from zhida.policy.pack import Packs, load_packs
from zhida.registry_io.registry import Registry
from zhida.registry_io.sources import open_source

POLICIES = ("demo/score", "demo/totals")
MAPPING = MAP.replace("{企业名称: name}", "{企业名称: name, 区县: where, 规上: big, 营业收入: income, 研发费用: research}")
ROWS = (
    "code,name,where,big,income,research\n"
    "A,甲,东,是,300,300\nB,乙,东,是,300,300\nC,丙,东,否,100,20000\nD,丁,东,,1000,30000\n"
    "E,戊,西,是,700,10000\nF,己,西,是,,10000\nG,庚,,是,500,10000\nH,辛,东,是,900,600\nI,壬,北,否,5,5\n"
)


@pytest.fixture
def packs(tmp_path: Path) -> Packs:
    return packs_in(tmp_path / "packs", SCORE_POLICY, TOTALS_POLICY, rows=STATISTICS)


@pytest.fixture
def registry(tmp_path: Path, packs: Packs) -> Registry:
    return registry_of(tmp_path, packs, MAPPING, base=ROWS)


def column(registry: Registry, packs: Packs, name: str) -> list[object]:
    """Return a population fact of all subjects; `null` where it is known that there is none."""
    frame = with_population(packs, POLICIES, registry, DAY)[0].frame
    absent = frame[f"{name}:absent"].to_list() if f"{name}:absent" in frame.columns else [False] * frame.height
    return ["null" if is_absent else value for value, is_absent in zip(frame[name].to_list(), absent, strict=True)]


def numbers(*values: str | None) -> list[object]:
    return [value if value in {None, "null"} else Decimal(str(value)) for value in values]


def test_a_mean_is_that_of_who_takes_part_and_all_of_the_group_have_it(packs: Packs, registry: Registry) -> None:
    assert column(registry, packs, "区均研发") == numbers(*["400.00"] * 4, "10000", "10000", None, "400", "null")


def test_equal_values_share_a_rank_and_who_takes_no_part_has_none(packs: Packs, registry: Registry) -> None:
    # A, B: 50; H: 66.67; C does not meet the condition; of D nobody knows whether; F has no score that is known; G no district
    assert column(registry, packs, "得分名次") == numbers("2", "2", "null", None, "1", None, None, "1", "null")


def test_a_share_is_the_rank_by_the_number(packs: Packs, registry: Registry) -> None:
    # C 20000, D 3000, E 714.3, H 66.7; A, B and I, whose district has no mean, 50
    last = "0.714286"
    found = column(registry, packs, "得分分位")
    assert found == numbers(last, last, "0.142857", "0.285714", "0.428571", None, None, "0.571429", last)


def test_subjects_are_counted_and_sums_and_medians_are_exact(packs: Packs, registry: Registry) -> None:
    assert column(registry, packs, "区户数") == numbers("5", "5", "5", "5", "2", "2", None, "5", "1")
    assert column(registry, packs, "营收合计") == numbers("2600", "2600", "2600", "2600", "700", "700", None, "2600", "5")
    assert column(registry, packs, "营收中位") == numbers(*["400.00"] * 9)


@given(st.lists(st.decimals(-(10**9), 10**9, places=2), min_size=1, max_size=30))
def test_a_median_has_as_many_above_it_as_below(values: list[Decimal]) -> None:
    totals = Totals(len(values))
    totals.values.update(values)
    found = median(totals)
    assert sum(value < found for value in values) == sum(value > found for value in values) or found in values


def test_both_engines_decide_alike_with_population_facts(packs: Packs, registry: Registry) -> None:
    filled, _ = with_population(packs, POLICIES, registry, DAY)
    columns = open_run(packs, POLICIES, as_of=DAY, key=registry.key)
    rows = columns.decide(filled.frame).to_pylist()
    for row, facts in zip(rows, filled.iter_subjects(), strict=True):
        for layout in columns.layouts:
            for cell, wanted in cells_of(layout, facts).items():
                assert row[f"{layout.policy}:{cell}"] == wanted
    for code in registry.codes:
        assert agreement(packs, "demo/score", filled, code, as_of=DAY).differences == ()
    table = assess_registry(packs, POLICIES, registry, as_of=DAY)
    assert table["demo/score:outcome"].to_pylist() == [row["demo/score:outcome"] for row in rows]
    assert json.loads(table.schema.metadata[b"zhida.population"])["区户数"] == "户数() 按 区县"


def snapshot(rows: int) -> pl.DataFrame:
    """Return a registry with unknowns here and there."""
    random = Random(11)  # noqa: S311 - nothing is secret

    def some(value: object) -> object:
        return None if random.random() < 0.1 else value

    return pl.DataFrame({
        "代码": [f"K{place:05}" for place in range(rows)],
        "区县": [some(random.choice("东西南北")) for _ in range(rows)],
        "规上": [some(random.random() < 0.6) for _ in range(rows)],
        "营业收入": pl.Series([some(Decimal(random.randint(1, 60)) / 8) for _ in range(rows)], dtype=pl.Decimal(38, 2)),
        "研发费用": pl.Series([some(Decimal(random.randint(0, 50)) / 7) for _ in range(rows)], dtype=pl.Decimal(38, 2)),
    })  # fmt: skip


@pytest.mark.long
def test_neither_order_nor_parts_change_what_is_computed(packs: Packs) -> None:
    frame = snapshot(500)
    names = list(packs.dictionaries["enterprise"].statistics)
    planned = plan_population(packs, names, packs.dictionaries["enterprise"], DAY)
    whole = compute_population(planned, lambda: [frame], DAY)
    turned = frame.sample(fraction=1, shuffle=True, seed=3)

    def parts() -> Iterator[pl.DataFrame]:
        yield from turned.iter_slices(37)

    other = compute_population(planned, parts, DAY)
    assert whole.digest == other.digest
    assert table_of(whole, is_synthetic=False).equals(table_of(other, is_synthetic=False))
    filled = pl.concat([Filler(other).fill(part) for part in frame.iter_slices(90)], how="diagonal")
    expected = Filler(whole).fill(frame)
    assert filled.select(names).equals(expected.select(names))


def test_ranks_are_those_of_the_decided_scores(packs: Packs) -> None:
    """Compute one statistic the long way."""
    frame = snapshot(200)
    registry = Registry("代码", frame, {}, dictionary_differs=False)
    filled, _ = with_population(packs, POLICIES, registry, DAY)
    groups: dict[object, list[Decimal]] = {}
    scores = []
    for facts in filled.iter_subjects():
        score = None
        if facts.get("规上") is True and {"区县", "营业收入", "研发费用"} <= facts.keys():
            mine, mean, income = (facts[name] for name in ("研发费用", "区均研发", "营业收入"))
            assert isinstance(mine, Decimal) and isinstance(mean, Decimal) and isinstance(income, Decimal)  # noqa: PT018
            score = (100 if mine > mean else 50) * mine / income
            groups.setdefault(facts["区县"], []).append(score)
        scores.append((facts.get("区县"), score))
    wanted = [None if score is None else Decimal(1 + sum(other > score for other in groups[where])) for where, score in scores]
    assert filled.frame["得分名次"].to_list() == wanted


def test_statistics_are_computed_after_those_they_rest_on(packs: Packs) -> None:
    planned = plan_population(packs, ["得分名次", "区户数"], packs.dictionaries["enterprise"], DAY)
    assert [(each.item.name, each.step) for each in planned] == [("区均研发", 0), ("区户数", 0), ("得分名次", 1)]


def test_a_run_reads_what_statistics_need_and_fingerprints_what_they_come_to(packs: Packs) -> None:
    order = RunOrder(packs, ("demo/score",), packs.dictionaries["enterprise"], DAY)
    assert read_attributes(order) == ("企业名称", "区县", "规上", "研发费用", "研发费用@2025", "营业收入", "营业收入@2025")
    assert fact_attributes(order)[-3:] == ("区均研发", "得分名次", "得分分位")
    assert "区县" not in fact_attributes(order)
    assert [each.item.name for each in population_plan(order)] == ["区均研发", "得分分位", "得分名次"]


def test_a_statistic_of_what_no_policy_in_force_publishes_is_unknown(tmp_path: Path, packs: Packs, registry: Registry) -> None:
    path = tmp_path / "packs" / "demo" / "policies" / "score.md"
    path.write_text(path.read_text(encoding="utf-8").replace("2025-01-01/..", "2025-01-01/2025-12-31"), encoding="utf-8")
    later = load_packs(tmp_path / "packs")
    planned = plan_population(later, ["得分名次"], later.dictionaries["enterprise"], DAY)
    population = compute_population(planned, lambda: [registry.frame], DAY)
    assert Filler(population).fill(registry.frame)["得分名次"].null_count() == registry.frame.height
    assert packs.policies.keys() == later.policies.keys()


# --- runs ----------------------------------------------------------------------------------------------------------


def run_over(
    packs: Packs, frame: pl.DataFrame, folder: Path, *, workers: int = 1, rows: int = 50, changed_since: Path | None = None
) -> Progress:
    """Run all policies over a plain file."""
    folder.mkdir(exist_ok=True)
    path = folder.parent / f"{folder.name}.parquet"
    frame.write_parquet(path)
    order = RunOrder(packs, POLICIES, packs.dictionaries["enterprise"], DAY, workers, registry="registry", changed_since=changed_since)
    progress = Progress()
    source = open_source(str(path), order.dictionary, rows_per_part=rows)
    run(order, Plan(rows, workers), source, folder, progress)
    return progress


def answers(folder: Path) -> pl.DataFrame:
    """Return the results of a run without their order of words."""
    place = folder / "results.parquet"
    files = sorted(place.glob("*.parquet")) if place.is_dir() else [place]
    return pl.concat([pl.read_parquet(file).with_columns(pl.col(pl.Categorical).cast(pl.String)) for file in files])


@pytest.mark.long
def test_any_number_of_parts_and_workers_gives_the_same_results(tmp_path: Path, packs: Packs) -> None:
    frame = snapshot(300)
    run_over(packs, frame, tmp_path / "one", rows=1_000)
    run_over(packs, frame, tmp_path / "many", rows=40, workers=3)
    assert answers(tmp_path / "one").equals(answers(tmp_path / "many"))
    assert (tmp_path / "one" / "population.csv").read_bytes() == (tmp_path / "many" / "population.csv").read_bytes()
    metadata = pl.read_parquet_metadata(tmp_path / "one" / "results.parquet")
    assert json.loads(metadata["zhida.population"])[""]


def test_a_row_is_decided_anew_where_another_subject_changed_its_population_facts(tmp_path: Path, packs: Packs) -> None:
    frame = snapshot(300)
    run_over(packs, frame, tmp_path / "then")
    richer = pl.when(pl.col("代码") == "K00007").then(pl.lit(Decimal("90.00"))).otherwise(pl.col("研发费用")).alias("研发费用")
    larger = pl.when(pl.col("代码") == "K00007").then(pl.lit(value=True)).otherwise("规上").alias("规上")
    changed = frame.with_columns(richer.cast(pl.Decimal(38, 2)), larger)
    progress = run_over(packs, changed, tmp_path / "now", changed_since=tmp_path / "then")
    run_over(packs, changed, tmp_path / "fresh")
    assert answers(tmp_path / "now").equals(answers(tmp_path / "fresh"))
    assert 0 < progress.taken_over < 299


def test_what_has_not_changed_is_taken_over(tmp_path: Path, packs: Packs) -> None:
    frame = snapshot(120)
    run_over(packs, frame, tmp_path / "then")
    assert run_over(packs, frame, tmp_path / "now", changed_since=tmp_path / "then").taken_over == 120


@pytest.mark.long
def test_parts_of_another_population_are_not_gone_on_with(tmp_path: Path, packs: Packs) -> None:
    frame = snapshot(200)

    class _StopError(Exception):
        pass

    def stop(progress: Progress) -> None:
        if progress.parts_done == 2:
            raise _StopError

    order = RunOrder(packs, POLICIES, packs.dictionaries["enterprise"], DAY, 1, registry="registry")
    path = tmp_path / "source.parquet"
    for place, rows in enumerate([frame, frame.with_columns(pl.lit("东").alias("区县"))]):
        rows.write_parquet(path)
        source = open_source(str(path), order.dictionary, rows_per_part=50)
        (tmp_path / "out").mkdir(exist_ok=True)
        if place == 0:
            with pytest.raises(_StopError):
                run(order, Plan(50, 1), source, tmp_path / "out", Progress(tell=stop))
        else:
            progress = Progress()
            run(order, Plan(50, 1), source, tmp_path / "out", progress)
            assert progress.parts_found == 0


# --- what is said --------------------------------------------------------------------------------------------------


def test_it_is_told_how_a_fact_came_about(packs: Packs, registry: Registry) -> None:
    filled, population = with_population(packs, POLICIES, registry, DAY)
    (note,) = notes_of(population, filled, "A", ["得分名次"])
    assert (note.value, note.group, note.members, note.unknown) == (Decimal(2), (("区县", "东"),), 3, 1)
    (lost,) = notes_of(population, filled, "G", ["得分名次"])
    assert not lost.is_grouped


def test_a_registry_that_brings_the_column_itself_is_refused(tmp_path: Path, packs: Packs) -> None:
    with pytest.raises(InputError) as raised:
        registry_of(tmp_path, packs, MAPPING.replace("区县: where", "得分名次: where"), base=ROWS)
    assert codes_of(raised.value) == ["population-given"]


def test_a_circle_is_refused(tmp_path: Path) -> None:
    body = "```feel 符合: boolean\n分 > 均分\n```\n\n```feel 分: number\n营业收入 / 均分\n```\n"
    goals = "eligible: 符合\npublishes: [分]"
    packs = packs_in(tmp_path / "packs", policy("c", body, goals), rows="| 均分 | number | | | | | | 2 | | 平均(分) |\n")
    with pytest.raises(InputError) as raised:
        plan_population(packs, ["均分"], packs.dictionaries["enterprise"], DAY)
    assert codes_of(raised.value) == ["population-cycle"]
