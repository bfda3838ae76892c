"""Runs that take over what has not changed: the same bytes as a full run, with less decided."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from tests.engine import run_sources as shared
from tests.engine.policy_texts import block, packs_with
from tests.engine.run_sources import KEY, opened, order_of, packs_in, run_into, write_source
from tests.stories.small_district import files_below
from zhida.assess.order import RunOrder, policy_digest
from zhida.cli.assess import taken_over_words
from zhida.errors import InputError
from zhida.policy.pack import Packs
from zhida.registry_io import engine
from zhida.registry_io.fingerprints import row_fingerprints
from zhida.values.temporal import Date


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    return packs_in(tmp_path_factory.mktemp("packs"))


@pytest.fixture(scope="module")
def former(packs: Packs, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return former results, of 8 parts."""
    folder = tmp_path_factory.mktemp("former")
    order = order_of(packs)
    run_into(order, opened(order, write_source(folder / "registry.parquet", shared.frame(), 30)), folder / "out")
    return folder / "out"


EXPECTED = {
    "统一社会信用代码": 7041448728501532758,
    "企业名称": 11282119043614266321,
    "单位类型": 9235178394744540377,
    "成立日期": 5794739989135243402,
    "成立日期:absent": 0,
    "从业人员": 1374293916309109546,
    "营业收入": 611263931938838132,
    "季末从业人数": 5667355816742811688,
    "高新企业": 9417312622359209787,
}

CHANGED = pl.col(KEY).str.slice(-2).is_in(["03", "47", "48", "99"])


def change_some(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.when(CHANGED).then(pl.lit(Decimal("9999999.99"))).otherwise(pl.col("营业收入")).alias("营业收入"))


def rename_some(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.when(CHANGED).then(pl.lit("新名公司")).otherwise(pl.col("企业名称")).alias("企业名称"))


def lose_some(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(~CHANGED)


def gain_some(rows: pl.DataFrame) -> pl.DataFrame:
    more = shared.frame(40, seed=9).with_columns((pl.col(KEY) + "X").alias(KEY))
    return pl.concat([rows, more]).sort(KEY)


def change_all(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.lit("企业").alias("单位类型"), pl.lit("改名").alias("企业名称"))


def forget_absences(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.drop("成立日期:absent")


@pytest.mark.parametrize(
    ("change", "rows", "taken_over"),
    [
        (lambda rows: rows, 240, 240),
        (change_some, 240, 231),
        (rename_some, 240, 231),
        (lose_some, 231, 231),
        (gain_some, 280, 240),
        (change_all, 240, 0),
    ],
)
@pytest.mark.parametrize("group", [100, pytest.param(23, marks=pytest.mark.long)])
def test_taking_over_what_has_not_changed_gives_the_bytes_of_a_full_run(
    packs: Packs, former: Path, tmp_path: Path, change: object, rows: int, taken_over: int, group: int
) -> None:
    path = write_source(tmp_path / "registry.parquet", change(shared.frame()), group)  # type: ignore[operator]
    full, renewed = order_of(packs), order_of(packs, changed_since=former, workers=2)
    run_into(full, opened(full, path), tmp_path / "full")
    progress = run_into(renewed, opened(renewed, path), tmp_path / "renewed")
    assert (progress.rows_done, progress.taken_over) == (rows, taken_over)
    assert files_below(tmp_path / "renewed") == files_below(tmp_path / "full")


def test_an_absence_that_is_known_no_longer_is_a_change(packs: Packs, former: Path, tmp_path: Path) -> None:
    path = write_source(tmp_path / "registry.parquet", forget_absences(shared.frame()), 30)
    order = order_of(packs, changed_since=former)
    progress = run_into(order, opened(order, path), tmp_path / "out")
    assert progress.taken_over == 240 - shared.frame()["成立日期:absent"].sum()


def test_a_policy_that_changed_is_decided_for_all_and_the_others_only_where_facts_changed(former: Path, tmp_path: Path) -> None:
    packs = packs_in(tmp_path / "packs", rate=2000)
    path = write_source(tmp_path / "registry.parquet", change_some(shared.frame()), 30)
    full, renewed = order_of(packs), order_of(packs, changed_since=former)
    run_into(full, opened(full, path), tmp_path / "full")
    progress = run_into(renewed, opened(renewed, path), tmp_path / "renewed")
    assert (progress.taken_over, progress.changes) == (231, {"demo/jobs": "text"})
    figures = {"policies": 2, "rows_taken_over": 9_231, "policies_decided_anew": progress.changes}
    assert taken_over_words(figures)[0] == ["1 项政策 × 9,231 户照抄", "1 项重新判定（政策文本变了）"]
    assert files_below(tmp_path / "renewed") == files_below(tmp_path / "full")


def test_results_of_other_policies_serve_for_those_that_both_have(packs: Packs, former: Path, tmp_path: Path) -> None:
    path = write_source(tmp_path / "registry.parquet", shared.frame(), 30)
    some = replace(order_of(packs), policies=("demo/size",))
    assert run_into(replace(some, changed_since=former), opened(some, path), tmp_path / "some").taken_over == 240
    full = order_of(packs)
    progress = run_into(replace(full, changed_since=tmp_path / "some"), opened(full, path), tmp_path / "renewed")
    assert progress.taken_over == 240
    run_into(full, opened(full, path), tmp_path / "full")
    assert files_below(tmp_path / "renewed") == files_below(tmp_path / "full")


def test_on_another_day_nothing_is_taken_over(packs: Packs, former: Path, tmp_path: Path) -> None:
    path = write_source(tmp_path / "registry.parquet", shared.frame(), 30)
    order = replace(order_of(packs), as_of=Date(2026, 7, 1), changed_since=former)
    progress = run_into(order, opened(order, path), tmp_path / "out")
    assert progress.taken_over == 0
    assert (progress.changes, progress.former_date) == ({"demo/jobs": "date", "demo/size": "date"}, "2026-06-30")
    figures = {"policies": 2, "rows_taken_over": 0, "policies_decided_anew": progress.changes, "former_as_of": progress.former_date}
    assert taken_over_words(figures)[0] == ["没有可照抄的", "2 项重新判定（评估日不同，上次为 2026-06-30）"]


def test_of_an_engine_of_the_same_version_that_was_mended_nothing_is_taken_over(
    packs: Packs, former: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_own_files", lambda: ("another", ""))
    path = write_source(tmp_path / "registry.parquet", shared.frame(), 30)
    full, renewed = order_of(packs), order_of(packs, changed_since=former)
    run_into(full, opened(full, path), tmp_path / "full")
    progress = run_into(renewed, opened(renewed, path), tmp_path / "renewed")
    assert (progress.taken_over, progress.changes) == (0, {"demo/jobs": "engine", "demo/size": "engine"})
    figures = {"policies": 2, "rows_taken_over": 0, "policies_decided_anew": progress.changes}
    assert taken_over_words(figures)[0] == ["没有可照抄的", "2 项重新判定（引擎版本不同）"]
    assert files_below(tmp_path / "renewed") == files_below(tmp_path / "full") != files_below(former)


def test_results_can_be_renewed_in_their_own_place(packs: Packs, tmp_path: Path) -> None:
    path = write_source(tmp_path / "registry.parquet", shared.frame(), 30)
    order = order_of(packs)
    run_into(order, opened(order, path), tmp_path / "out")
    before = files_below(tmp_path / "out")
    renewed = replace(order, changed_since=tmp_path / "out")
    assert run_into(renewed, opened(renewed, path), tmp_path / "out").taken_over == 240
    assert files_below(tmp_path / "out") == before


@pytest.mark.parametrize("what", ["nothing there", "an empty folder", "no fingerprints", "no Parquet", "another key"])
def test_what_cannot_be_built_upon_is_told(packs: Packs, former: Path, tmp_path: Path, what: str) -> None:
    other = tmp_path / "other"
    other.mkdir()
    part = pq.read_table(former / "results.parquet/part-00000.parquet")
    match what:
        case "nothing there":
            other.rmdir()
        case "no fingerprints":
            pq.write_table(part.drop_columns(["zhida:facts"]), other / "results.parquet")
        case "no Parquet":
            (other / "results.parquet").write_text("words\n", encoding="utf-8")
        case "another key":
            pq.write_table(part.rename_columns(["代码", *part.column_names[1:]]), other / "results.parquet")
    order = order_of(packs, changed_since=other)
    path = write_source(tmp_path / "registry.parquet", shared.frame(), 30)
    with pytest.raises(InputError) as raised:
        run_into(order, opened(order, path), tmp_path / "out")
    assert raised.value.diagnostics[0].code == ("file-not-found" if what == "nothing there" else "run-former-unusable")


def test_the_number_1_and_the_text_1_are_two_figures(tmp_path: Path) -> None:
    head = "| 参数 | 类型 | 单位 | 值 | 起止 | 来源 | 可信度 |\n|---|---|---|---|---|---|---|\n"
    digests = set()
    for type_, value in (("number", "1"), ("string", '"1"'), ("number", "")):
        rows = f"{head}| 线 | {type_} | | {value} | 2020-01-01/.. | 甲 | official |\n"
        packs = packs_with(tmp_path / str(len(digests)), block("符合: boolean", "count([线]) = 1"), {"demo/parameters.md": rows})
        order = RunOrder(packs, ("demo/a",), packs.dictionaries["enterprise"], Date(2026, 3, 1))
        digests.add(policy_digest(order, "demo/a"))
    assert len(digests) == 3


# --- fingerprints --------------------------------------------------------------------------------------------------


def test_fingerprints_are_the_same_on_every_machine_and_with_every_version() -> None:
    rows = shared.frame(4)
    assert {name: row_fingerprints(rows, [name]).tolist()[1] for name in rows.columns} == EXPECTED


def test_fingerprints_see_the_value_and_not_how_it_is_stored() -> None:
    rows = shared.frame()
    names = rows.columns
    expected = row_fingerprints(rows, names)
    stored = rows.with_columns(pl.col("企业名称", "单位类型").cast(pl.Categorical))
    cut = pl.concat([rows.slice(start, 17) for start in range(0, rows.height, 17)], rechunk=False)
    for other in (stored, cut, rows.with_columns(pl.lit(None).cast(pl.String).alias("新列"))):
        assert np.array_equal(row_fingerprints(other, [*names, "新列"]), expected)
    for start in (1, 8, 100):
        assert np.array_equal(row_fingerprints(rows[start:], names), expected[start:])


def test_no_two_different_values_have_the_same_fingerprint_here() -> None:
    one, two = Decimal(1), Decimal(2)
    lists = [None, [], [None], [None, None], [one], [one, None], [None, one], [one, two], [two, one], [one, one]]
    strings = [None, "", "a", "b", "ab", "ba", "a\0", "\0a", "abcdefgh", "abcdefghi", "abcdefgh\0", "hgfedcba", "企业", "业企", "企业" * 9]
    numbers = [None, *(Decimal(10) ** place * sign for place in range(36) for sign in (1, -1)), Decimal(0)]
    for values, type_ in (
        (lists, pl.List(pl.Decimal(38, 0))),
        (strings, pl.String()),
        (numbers, pl.Decimal(38, 0)),
        ([None, True, False], pl.Boolean()),
    ):
        series = pl.Series("列", values, dtype=type_)
        found = row_fingerprints(pl.DataFrame([series]), ["列"])
        assert len(set(found.tolist())) == len(values)
        assert found[0] == 0


@pytest.mark.parametrize("type_", [pl.String(), pl.Categorical(), pl.Decimal(38, 2), pl.List(pl.Decimal(38, 2)), pl.Boolean(), pl.Date()])
def test_a_long_column_of_which_nothing_is_known_adds_nothing(type_: pl.DataType) -> None:
    rows = pl.DataFrame({"列": pl.Series([None] * 3_000, dtype=type_)})
    assert not row_fingerprints(rows, ["列"]).any()


def test_values_do_not_change_columns_unseen() -> None:
    rows = pl.DataFrame({"甲": ["x", "y"], "乙": ["y", "x"]})
    first, second = row_fingerprints(rows, ["甲", "乙"]).tolist()
    assert first != second
