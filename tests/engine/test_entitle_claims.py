"""What may be claimed, what was received, and combining part by part beside results."""

import datetime as dt
from contextlib import closing
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engine.combination_packs import DAY, frame_of, packs_in, registry_of
from zhida.assess.columns import WORDS
from zhida.assess.order import Plan, RunOrder
from zhida.assess.run import Progress, run
from zhida.entitle.best.claims import claim_of, limits_of
from zhida.entitle.best.payments import payments_of, read_received
from zhida.entitle.best.registry import CombineRun, Outputs, combine_registry, fitting_results, stretches_of
from zhida.entitle.best.situations import NO_LIMIT, is_within
from zhida.entitle.stacking.structure import structure_of
from zhida.errors import InputError
from zhida.policy.pack import Packs
from zhida.registry_io.results import result_files
from zhida.registry_io.sources import open_source
from zhida.registry_io.writing import write_parquet
from zhida.values.temporal import Date

ROWS = 60


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    return packs_in(tmp_path_factory.mktemp("packs"))


def answers(*rows: tuple[str, int | None, str | None, int | None, int | None]) -> pa.Table:
    """Return results of one policy: outcome, amount, what is possible, the least and the greatest amount."""
    outcome, amount, possible, low, high = zip(*rows, strict=True)
    return pa.table({
        "p:outcome": pa.array(outcome).dictionary_encode().cast(WORDS),
        "p:amount_fen": pa.array(amount, pa.int64()),
        "p:possible": pa.array(possible, pa.string()).dictionary_encode().cast(WORDS),
        "p:low_fen": pa.array(low, pa.int64()),
        "p:high_fen": pa.array(high, pa.int64()),
        "p:missing": pa.array([1 if each == "UNDETERMINED" else 0 for each in outcome], pa.uint64()),
        "p:delivery": pa.array([None] * len(rows), pa.string()).dictionary_encode().cast(WORDS),
    })  # fmt: skip


TABLE = answers(
    ("ELIGIBLE", 500, None, None, None),
    ("INELIGIBLE", None, None, None, None),
    ("REVIEW", None, None, None, None),
    ("UNDETERMINED", None, "ELIGIBLE", 100, 300),
    ("UNDETERMINED", None, "ELIGIBLE、INELIGIBLE", 100, 300),
    ("UNDETERMINED", None, "ELIGIBLE等", 100, None),
    ("UNDETERMINED", None, "INELIGIBLE、REVIEW", None, None),
    ("ELIGIBLE", -5, None, None, None),
)


def test_a_claim_is_sure_only_where_every_possible_answer_is_eligible() -> None:
    claim = claim_of(TABLE, "p", is_money=True)
    assert claim.sure.tolist() == [500, 0, 0, 100, 0, 0, 0, 0]
    assert claim.possible.tolist() == [500, 0, 0, 300, 300, 100, 0, 0]
    assert claim.is_sure.tolist() == [True, False, False, True, False, False, False, True]
    assert claim.is_possible.tolist() == [True, False, False, True, True, True, False, True]
    assert claim.is_endless.tolist() == [False, False, False, False, False, True, False, False]
    assert claim.is_review.tolist() == [place == 2 for place in range(8)]


def test_what_is_no_money_is_held_and_counts_nothing() -> None:
    statuses = answers(("ELIGIBLE", None, None, None, None), ("UNDETERMINED", None, "小型、微型", None, None))
    claim = claim_of(statuses, "p", is_money=False)
    assert claim.is_sure.tolist() == [True, True]
    assert claim.possible.tolist() == [0, 0]


def test_a_cap_limits_least_for_sure_and_nothing_where_it_may_be_anything() -> None:
    (limit,) = limits_of(TABLE, ["p"])
    assert limit.sure.tolist() == [500, 0, 0, 100, 0, 0, 0, 0]
    assert limit.possible.tolist()[3:6] == [300, NO_LIMIT, NO_LIMIT]
    assert limit.is_review.tolist() == [False, True, True, False, False, False, False, False]


def test_calendar_periods_are_those_of_the_day() -> None:
    day, periods = Date(2026, 6, 30), ("年", "半年", "季度", "月", "终身", "项")
    assert [per for per in periods if is_within(Date(2026, 4, 1), "", day, per)] == ["年", "半年", "季度", "终身", "项"]
    assert not is_within(Date(2025, 6, 30), "", day, "年")
    assert not is_within(day, "甲", day, "件")


# --- what was received ---------------------------------------------------------------------------------------------


def sheet(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "received.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_sheet_of_payments_is_read_by_id_or_title(packs: Packs, tmp_path: Path, encoding: str) -> None:
    text = '主体,政策,金额（元）,日期,事项\nE00001,demo/voucher,"1,234.5",2026-03-01,\nE00002,一档奖,100,2026年3月2日,甲\n'
    found = read_received(sheet(tmp_path, text, encoding), packs)
    assert found["政策"].to_list() == ["demo/voucher", "demo/first"]
    assert found["amount_fen"].to_list() == [123450, 10000]
    assert found["日期"].to_list() == [dt.date(2026, 3, 1), dt.date(2026, 3, 2)]


def test_payments_of_others_count_for_nothing(packs: Packs, tmp_path: Path) -> None:
    found = read_received(sheet(tmp_path, "主体,政策,金额（元）,日期\nE00001,demo/late,1,2026-03-01\n"), packs)
    structure = structure_of(packs, ("demo/voucher", "demo/late"), DAY)
    keys = pa.chunked_array([pa.array(["E00000", "E00001"])])
    payments = payments_of(structure, packs, found, keys)
    assert payments is not None
    assert (payments.rows.tolist(), payments.positions.tolist(), payments.amounts.tolist()) == ([1], [1], [100])
    assert payments_of(structure_of(packs, ("demo/voucher",), DAY), packs, found, keys) is None


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("E1,demo/voucher,-5,2026-03-01", "received-cell"),
        ("E1,demo/voucher,1.234,2026-03-01", "received-cell"),
        ("E1,demo/voucher,1,2026-02-30", "received-cell"),
        (",demo/voucher,1,2026-02-03", "received-cell"),
        ("E1,demo/vocher,1,2026-02-03", "received-policy"),
    ],
)
def test_a_payment_that_cannot_be_read_stops_everything(packs: Packs, tmp_path: Path, row: str, code: str) -> None:
    with pytest.raises(InputError) as caught:
        read_received(sheet(tmp_path, f"主体,政策,金额（元）,日期\n{row}\n"), packs)
    assert [item.code for item in caught.value.diagnostics] == [code]
    assert caught.value.diagnostics[0].span is not None
    assert caught.value.diagnostics[0].span.line == 2


def test_many_wrong_cells_are_counted(packs: Packs, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_received(sheet(tmp_path, "主体,政策,金额（元）,日期\n" + "E1,demo/voucher,?,2026-03-01\n" * 30), packs)
    assert [item.code for item in caught.value.diagnostics][-2:] == ["received-cell", "received-more"]


def test_a_sheet_without_a_column_says_which(packs: Packs, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="日期") as caught:
        read_received(sheet(tmp_path, "主体,政策,金额（元）\nE1,demo/voucher,1\n"), packs)
    assert caught.value.diagnostics[0].code == "received-column-lacking"


# --- part by part --------------------------------------------------------------------------------------------------


def written(packs: Packs, folder: Path, group: int = 17) -> tuple[RunOrder, Path, Path]:
    """Return the order, a registry in small parts, and results of it."""
    registry = registry_of(packs, ROWS)
    source = folder / "registry.parquet"
    write_parquet(registry.frame, source, registry.metadata)
    order = RunOrder(packs, tuple(packs.policies), packs.dictionaries["enterprise"], DAY, 1, registry="registry")
    results = folder / "results"
    results.mkdir()
    with closing(open_source(str(source), order.dictionary, rows_per_part=group)) as opened:
        run(order, Plan(group, 2), opened, results, Progress())
    return order, source, results


def combined(order: RunOrder, source: Path, results: Path, out: Path, threads: int, group: int = 17) -> bytes:
    with closing(open_source(str(source), order.dictionary, rows_per_part=group)) as opened:
        CombineRun(order, opened, results, None, threads).run(Outputs(out, out.with_suffix(".csv")))
    return out.read_bytes()


def test_parts_are_combined_as_the_whole_and_with_any_number_of_threads(packs: Packs, tmp_path: Path) -> None:
    order, source, results = written(packs, tmp_path)
    one = combined(order, source, results, tmp_path / "one.parquet", 1)
    assert one == combined(order, source, results, tmp_path / "two.parquet", 2)
    assert one == combined(order, source, results, tmp_path / "cut.parquet", 2, group=23)
    whole = combine_registry(packs, tuple(packs.policies), registry_of(packs, ROWS), as_of=DAY)
    assert pl.read_parquet(tmp_path / "one.parquet").rows() == pl.from_arrow(whole).rows()  # type: ignore[union-attr]
    text = (tmp_path / "one.csv").read_text(encoding="utf-8-sig").splitlines()
    assert text[0] == "主体,名称,政策,政策名称,应得（元）,实得（元）,缘由,兑付方式"
    assert any("封顶 券合计" in line for line in text)


@pytest.mark.long
def test_a_part_is_combined_by_a_few_rows_at_a_time_and_results_of_one_file_by_its_row_groups(
    packs: Packs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, source, results = written(packs, tmp_path)
    whole = pl.read_parquet(tmp_path / "results" / "results.parquet" / "*.parquet")
    assert combined(order, source, results, tmp_path / "whole.parquet", 1)
    monkeypatch.setattr("zhida.entitle.best.registry.ROWS_AT_A_TIME", 7)
    assert combined(order, source, results, tmp_path / "sliced.parquet", 2)
    assert pl.read_parquet(tmp_path / "sliced.parquet").rows() == pl.read_parquet(tmp_path / "whole.parquet").rows()
    assert (tmp_path / "sliced.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    one = pa.concat_tables([pq.read_table(file) for file in result_files(results)], promote_options="default")
    assert one.num_rows == whole.height == ROWS
    pq.write_table(one.unify_dictionaries(), tmp_path / "one.parquet", row_group_size=11)
    assert [part.rows for part in stretches_of(tmp_path / "one.parquet")] == [11] * 5 + [5]
    assert combined(order, source, tmp_path / "one.parquet", tmp_path / "groups.parquet", 2)
    assert pl.read_parquet(tmp_path / "groups.parquet").rows() == pl.read_parquet(tmp_path / "whole.parquet").rows()


@pytest.mark.long
def test_a_run_that_is_asked_to_stop_stops_at_the_next_part_however_short_parts_are(packs: Packs, tmp_path: Path) -> None:
    order, source, results = written(packs, tmp_path)

    def stop(progress: Progress) -> None:
        progress.is_asked_to_stop = True

    progress = Progress(tell=stop)
    with closing(open_source(str(source), order.dictionary, rows_per_part=17)) as opened, pytest.raises(KeyboardInterrupt):
        CombineRun(order, opened, results, None, 1, progress).run(Outputs(tmp_path / "x.parquet", None))
    assert (progress.parts_done, progress.is_waiting) == (1, False)


def test_the_figures_of_a_run_are_those_of_its_table(packs: Packs, tmp_path: Path) -> None:
    order, source, results = written(packs, tmp_path)
    with closing(open_source(str(source), order.dictionary, rows_per_part=17)) as opened:
        summary = CombineRun(order, opened, results, None, 2).run(Outputs(tmp_path / "x.parquet", None))
    table = pl.read_parquet(tmp_path / "x.parquet")
    assert summary.subjects == ROWS
    assert summary.total_fen == table["total_fen"].sum() == sum(each.paid_fen for each in summary.policies)
    assert summary.possible_fen == table["possible_fen"].sum()
    assert summary.claimed_fen - summary.total_fen == sum(each.cut_fen for each in summary.groups)
    assert summary.open_subjects == table.filter(pl.col("possible_fen") > pl.col("total_fen")).height
    assert sum(count for _, count in summary.deciding) == table["decides"].count()
    assert summary.policies[0].taken == table[f"{order.policies[0]}:taken"].sum()


def test_results_of_another_run_are_refused(packs: Packs, tmp_path: Path) -> None:
    order, source, results = written(packs, tmp_path)
    other = RunOrder(packs, order.policies, order.dictionary, Date(2026, 7, 1))
    with closing(open_source(str(source), order.dictionary, rows_per_part=17)) as opened:
        assert fitting_results(order, opened, results).key == "代码"
        with pytest.raises(InputError, match="2026-07-01") as caught:
            fitting_results(other, opened, results)
    assert caught.value.diagnostics[0].code == "combine-results-differ"


def test_results_of_other_subjects_are_refused(packs: Packs, tmp_path: Path) -> None:
    order, _, results = written(packs, tmp_path)
    other = tmp_path / "other.parquet"
    frame = frame_of(ROWS).with_columns(pl.col("代码").str.replace("E00007", "E00007X"))
    write_parquet(frame, other, registry_of(packs, 1).metadata)
    with pytest.raises(InputError, match="E00007X") as caught:
        combined(order, other, results, tmp_path / "x.parquet", 1)
    assert caught.value.diagnostics[0].code == "combine-rows-differ"
    assert not np.any([path.name == "x.csv.part" for path in tmp_path.iterdir()])


def test_results_of_other_facts_are_refused_where_the_source_does_not_say_which_it_holds(packs: Packs, tmp_path: Path) -> None:
    order = RunOrder(packs, tuple(packs.policies), packs.dictionaries["enterprise"], DAY, 1)
    source, results = tmp_path / "plain.parquet", tmp_path / "results"
    frame_of(ROWS).write_parquet(source)
    results.mkdir()
    with closing(open_source(str(source), order.dictionary, rows_per_part=100)) as opened:
        run(order, Plan(100, 1), opened, results, Progress())
    assert combined(order, source, results, tmp_path / "x.parquet", 1, group=100)
    frame_of(ROWS).with_columns(pl.when(pl.col("代码") == "E00007").then(77).otherwise(pl.col("合同额")).alias("合同额")).cast(
        {"合同额": pl.Decimal(38, 2)}
    ).write_parquet(source)
    with pytest.raises(InputError, match="E00007") as caught:
        combined(order, source, results, tmp_path / "x.parquet", 1, group=100)
    assert caught.value.diagnostics[0].code == "combine-results-differ"
