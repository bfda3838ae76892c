"""The long form of results: one row for each subject and policy, in words, made from codes and bits when it is asked for."""

import csv
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.engine.policy_texts import AS_OF, Value, block, front, packs_of, packs_with
from tests.engine.registry_frames import KEY, registry_of
from tests.house.tree import ROOT
from zhida.assess.cells import FIELDS
from zhida.assess.columns import assess_registry
from zhida.errors import InputError
from zhida.policy.pack import Packs
from zhida.registry_io import results as reading
from zhida.registry_io.results import LONG_HEADS, first_near_miss, long_form, read_row, results_metadata, write_long
from zhida.registry_io.writing import RECORD_END, write_csv
from zhida.report.words import OUTCOMES

WORDS = {outcome.value: words["zh"] for outcome, words in OUTCOMES.items()}
ELIGIBLE = block("符合: boolean", "人 >= 30")
Facts = dict[str, Value]


def table_of(packs: Packs, *subjects: Facts, name: str = "某厂", is_synthetic: bool = False) -> pa.Table:
    registry = registry_of(packs, *subjects, metadata={"zhida.synthetic": "true"} if is_synthetic else {})
    table = assess_registry(packs, list(packs.policies), registry, as_of=AS_OF)
    return table.set_column(1, "名称", pa.array([name] * table.num_rows, pa.string()))


def written(folder: Path, table: pa.Table, rows: int | None = None) -> Path:
    """Write results as one file, or as a folder of parts of some rows each."""
    target = folder / "results.parquet"
    if rows is None:
        pq.write_table(table, target)
        return target
    target.mkdir()
    for place, start in enumerate(range(0, table.num_rows, rows)):
        pq.write_table(table.slice(start, rows).unify_dictionaries(), target / f"part-{place:05}.parquet")
    return target


def rows_of(results: Path) -> list[dict[str, object]]:
    return long_form(results, outcome_words=WORDS).collect().to_dicts()


def one(folder: Path, packs: Packs, facts: Facts) -> dict[str, object]:
    (row,) = rows_of(written(folder, table_of(packs, facts)))
    return row


@pytest.fixture
def two(tmp_path: Path) -> Packs:
    """Return two policies: one of money, one of a status."""
    money = front("demo/a", title="补助", amount="金额") + ELIGIBLE + block("金额: number", "if 收入 > 100 then 5.5 else 7")
    sizes = '| F | 人 | **规模: string** |\n|---|---|---|\n| 1 | >= 300 | "大型" |\n| 2 | >= 20 | "中型" |\n| 3 | - | "微型" |\n'
    status = front("demo/b", title="划型", gives="status", eligible="", result="规模") + sizes
    return packs_of(tmp_path / "packs", {"demo/policies/a.md": money, "demo/policies/b.md": status})


def test_each_subject_has_a_row_for_each_policy_in_order(tmp_path: Path, two: Packs) -> None:
    found = rows_of(written(tmp_path, table_of(two, {"人": Decimal(30), "收入": Decimal(101)}, {"人": Decimal(29), "收入": Decimal(1)})))
    assert list(found[0]) == [KEY, "名称", *LONG_HEADS]
    assert [(row[KEY], row["政策"], row["政策名称"], row["结论"], row["结果"]) for row in found] == [
        ("A0001", "demo/a", "补助", "符合", None),
        ("A0001", "demo/b", "划型", "符合", "中型"),
        ("A0002", "demo/a", "补助", "不符合", None),
        ("A0002", "demo/b", "划型", "符合", "中型"),
    ]
    assert [row["金额（元）"] for row in found] == [Decimal("5.50"), None, None, None]
    assert [row["差一步"] for row in found] == [None, None, "人 → 30 人", None]
    assert [row["兑付方式"] for row in found] == ["免申即享", None, None, None]


def test_missing_facts_are_named_and_possible_answers_worded(tmp_path: Path, two: Packs) -> None:
    money, status = rows_of(written(tmp_path, table_of(two, {})))
    assert (money["结论"], money["缺的事实"]) == ("待定", "人、收入")
    assert money["可能的结果"] == "5.50 元 至 7.00 元、不符合"
    assert (status["缺的事实"], status["可能的结果"]) == ("人", "大型、中型、微型")


def test_one_possible_amount_is_told_without_a_range(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, ELIGIBLE + block("金额: number", "0.05"), amount="金额")
    assert one(tmp_path, packs, {})["可能的结果"] == "0.05 元、不符合"


def test_an_amount_of_which_nothing_can_be_told_says_so(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, ELIGIBLE + block("金额: number", "收入 / 3"), amount="金额")
    assert one(tmp_path, packs, {"人": Decimal(30)})["可能的结果"] == "金额无法给出范围"


def test_a_status_of_which_nothing_can_be_told_points_to_the_explanation(tmp_path: Path) -> None:
    body = block("规模: string", 'if 收入 * 2 > 3 then "大" else "小"')
    assert one(tmp_path, packs_with(tmp_path, body, gives="status", eligible="", result="规模"), {})["可能的结果"] == "见逐户说明"


def test_an_eligible_service_is_a_possible_answer(tmp_path: Path) -> None:
    assert one(tmp_path, packs_with(tmp_path, ELIGIBLE, gives="service"), {})["可能的结果"] == "符合、不符合"


def test_the_reason_why_a_person_must_look_is_told(tmp_path: Path) -> None:
    row = one(tmp_path, packs_with(tmp_path, block("符合: boolean", "重点")), {})
    assert (row["结论"], row["需人工核对的原因"]) == ("转人工", "须人工认定：重点")


SUBJECTS: list[Facts] = [{"人": Decimal(count), "收入": Decimal(count)} for count in (5, 25, 29, 30, 100, 101, 300)]


def test_a_folder_of_parts_reads_like_one_file(tmp_path: Path, two: Packs) -> None:
    table = table_of(two, *SUBJECTS, {})
    (tmp_path / "parts").mkdir()
    assert rows_of(written(tmp_path / "parts", table, 3)) == rows_of(written(tmp_path, table))
    assert rows_of(tmp_path / "parts") == rows_of(tmp_path)  # the folder that results.parquet stands in


def test_the_csv_is_the_long_form_piece_by_piece(tmp_path: Path, two: Packs, monkeypatch: pytest.MonkeyPatch) -> None:
    results = written(tmp_path, table_of(two, *SUBJECTS, name="=1+1", is_synthetic=True), 4)
    write_csv(long_form(results, outcome_words=WORDS).collect(), tmp_path / "whole.csv")
    monkeypatch.setattr(reading, "STEP", 3)
    write_long(results, tmp_path / "pieces.csv", outcome_words=WORDS)
    assert (tmp_path / "pieces.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
    head, *rows = csv.reader((tmp_path / "pieces.csv").read_text(encoding="utf-8-sig").splitlines())
    assert head[-1] == "数据性质"
    assert {(row[1], row[-1]) for row in rows} == {("'=1+1", "合成数据 synthetic")}


AWKWARD = ["甲,乙", '"甲"', "甲\n乙", "甲\r乙", "", " ", "-5", "-5a", "＝1", None, "甲" + RECORD_END[:1], RECORD_END]


@pytest.mark.parametrize("cell", ["名称", "demo/b:result", "demo/a:near"])
@pytest.mark.parametrize("text", AWKWARD)
def test_the_csv_is_the_long_form_whatever_its_texts_hold(tmp_path: Path, two: Packs, text: str | None, cell: str) -> None:
    table = table_of(two, *SUBJECTS, is_synthetic=True)
    place = table.column_names.index(cell)
    words = pa.array([text if row % 2 else "别的" for row in range(table.num_rows)], pa.string())
    results = written(tmp_path, table.set_column(place, cell, words if cell == "名称" else words.dictionary_encode()))
    write_csv(long_form(results, outcome_words=WORDS).collect(), tmp_path / "whole.csv")
    write_long(results, tmp_path / "long.csv", outcome_words=WORDS)
    assert (tmp_path / "long.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()


def test_the_csv_of_a_registry_without_subjects_has_heads(tmp_path: Path, two: Packs) -> None:
    write_long(written(tmp_path, table_of(two)), tmp_path / "long.csv", outcome_words=WORDS)
    assert (tmp_path / "long.csv").read_text(encoding="utf-8-sig").splitlines() == [",".join([KEY, "名称", *LONG_HEADS])]


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path, two: Packs) -> None:
    view = long_form(written(tmp_path, table_of(two, *SUBJECTS)), outcome_words=WORDS)
    assert isinstance(view, pl.LazyFrame)
    large = view.filter(pl.col("结果") == "大型").select(KEY).collect()
    assert large.to_series().to_list() == ["A0007"]


def test_a_row_is_found_in_whatever_part_it_stands(tmp_path: Path, two: Packs) -> None:
    results = written(tmp_path, table_of(two, *SUBJECTS), 2)
    row = read_row(results, "A0006")
    assert row is not None
    assert (row["demo/a:outcome"], row["demo/a:amount_fen"], row["demo/b:规模"]) == ("ELIGIBLE", 550, "2")
    assert read_row(results, "A0008") is None


def test_the_first_who_is_one_step_away_is_found(tmp_path: Path, two: Packs) -> None:
    results = written(tmp_path, table_of(two, *SUBJECTS), 2)
    assert first_near_miss(results, ["demo/a", "demo/b"]) == ("A0003", "demo/a")
    assert first_near_miss(results, ["demo/b", "demo/a"]) == ("A0007", "demo/b")
    (tmp_path / "far").mkdir()
    assert first_near_miss(written(tmp_path / "far", table_of(two, *SUBJECTS[:1])), ["demo/a", "demo/b"]) is None


def test_what_are_no_results_is_told(tmp_path: Path) -> None:
    pl.DataFrame({KEY: ["A0001"]}).write_parquet(tmp_path / "results.parquet")
    for path, code in ((tmp_path / "results.parquet", "results-unreadable"), (tmp_path / "nowhere", "file-not-found")):
        with pytest.raises(InputError) as caught:
            results_metadata(path)
        assert [item.code for item in caught.value.diagnostics] == [code]


def test_the_manual_says_what_each_cell_is() -> None:
    manual = (ROOT / "docs/results.md").read_text(encoding="utf-8")
    assert [cell for cell in FIELDS if f"`:{cell}`" not in manual] == []
    assert [head for head in ("zhida.policies", "zhida.as_of", "zhida.missing", "zhida.parameters") if f"`{head}`" not in manual] == []
