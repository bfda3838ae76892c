"""Frames in, frames out: the same answers whatever library a frame comes from, exactly, and of the same kind and order."""

import warnings
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import zhida
from tests.engine.notice_results import KEY as RESULTS_KEY
from tests.engine.notice_results import Given, left_in, results_of
from tests.engine.policy_texts import block, front, packs_of
from zhida.entitle.frames import assess_frame
from zhida.errors import Diagnostic
from zhida.policy.pack import Packs

KEY = "代码"
AS_OF = zhida.Date(2026, 3, 1)
WITH_KEY = f"""# 企业

| 属性 | 类型 | 单位 | 常见范围 | 来源 | 可自报 | 可空 | 取值 | 可动 |
|---|---|---|---|---|---|---|---|---|
| {KEY} | string | | | 市场监督管理局 | | | | |
| 人 | number | 人 | 0..1000000 | 统计局 | 是 | | | 升降 |
| 收入 | number | 元 | | 税务局 | 是 | | | 升降 |
| 成立 | date | | | 市场监督管理局 | | | | |
| 限制 | boolean | | | 税务局 | 是 | | | |
| 城市 | string | | | 市场监督管理局 | | | | |
"""
BODY = "# 示例\n\n## 第二条\n\n" + block("符合", "人 >= 30") + "## 第三条\n\n" + block("金额", "收入 * 0.1")
STACKING = """# 叠加

| 叠加 | 规则 | 政策 | 数额 | 依据 | 说明 |
|---|---|---|---|---|---|
| 同类 | 择高 | demo/a、demo/b | | 第九条 | |
"""
ROWS = {
    KEY: ["B2", "A1", "C3"],
    "人": [40, 29, None],
    "收入": [Decimal("1000.05"), Decimal("200.00"), Decimal("300.10")],
    "成立": [date(2020, 1, 1), None, date(2021, 5, 5)],
    "限制": [True, False, None],
    "城市": ["杭州市", "宁波市", None],
}
POLICIES = ("demo/a", "demo/b")


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    return packs_in(tmp_path_factory.mktemp("packs"))


def packs_in(folder: Path, line: int = 30) -> Packs:
    budget = "{year: 2026, amount: 100, order: first-come}"
    found = packs_of(
        folder,
        {
            "demo/registry/enterprise.md": WITH_KEY,
            "demo/policies/a.md": front(amount="金额", budget=budget) + BODY.replace("30", str(line)),
            "demo/policies/b.md": front("demo/b", title="另一项", amount="金额") + BODY.replace("0.1", "0.2"),
            "demo/stacking.md": STACKING,
        },
    )
    assert [item.render() for item in found.diagnostics if item.severity == "error"] == []
    return found


def frames() -> dict[str, Any]:
    """Return the same rows from each library."""
    return {
        "polars": pl.DataFrame(ROWS),
        "pandas": pd.DataFrame({**ROWS, "人": pd.array(ROWS["人"], dtype="Int64")}, index=[7, 3, 5]),
        "arrow": pa.table(ROWS),
    }


def plain(frame: object) -> list[dict[str, Any]]:
    """Return the rows of any frame as plain values."""
    if isinstance(frame, pd.DataFrame):
        return [{name: None if pd.isna(value) else value for name, value in row.items()} for row in frame.to_dict("records")]
    if isinstance(frame, pa.Table):
        return frame.to_pylist()
    assert isinstance(frame, pl.DataFrame)
    return frame.with_columns(pl.col(pl.Categorical).cast(pl.String)).to_dicts()


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow"])
def test_a_frame_comes_back_as_it_was_given_with_the_same_answers(packs: Packs, kind: str) -> None:
    given = frames()[kind]
    found = zhida.assess_frame(packs, POLICIES, given, as_of=AS_OF)
    assert type(found) is type(given)
    rows = plain(found)
    assert [row[KEY] for row in rows] == ROWS[KEY]
    assert [row["demo/a:outcome"] for row in rows] == ["ELIGIBLE", "INELIGIBLE", "UNDETERMINED"]
    assert [row["demo/a:amount_fen"] for row in rows] == [10001, None, None]
    assert [row["demo/a:high_fen"] for row in rows] == [None, None, 3001]
    assert rows == plain(zhida.assess_frame(packs, POLICIES, frames()["arrow"], as_of=AS_OF))


def test_an_index_of_pandas_stays_with_its_rows(packs: Packs) -> None:
    found = zhida.assess_frame(packs, POLICIES, frames()["pandas"], as_of=AS_OF)
    assert list(found.index) == [7, 3, 5]
    assert found.loc[7, "demo/a:amount_fen"] == 10001
    assert str(found.dtypes["demo/a:amount_fen"]) == "Int64"


def test_a_lazy_frame_is_taken(packs: Packs) -> None:
    assert isinstance(zhida.assess_frame(packs, POLICIES, pl.DataFrame(ROWS).lazy(), as_of=AS_OF), pl.DataFrame)


def test_an_arrow_table_says_what_it_was_made_of(packs: Packs) -> None:
    found = zhida.assess_frame(packs, POLICIES, frames()["arrow"], as_of=AS_OF)
    assert found.schema.metadata[b"zhida.as_of"] == b"2026-03-01"


def test_the_same_as_one_subject_at_a_time(packs: Packs) -> None:
    rows = plain(zhida.assess_frame(packs, POLICIES, pl.DataFrame(ROWS), as_of=AS_OF))
    for place, row in enumerate(rows):
        facts = {name: values[place] for name, values in ROWS.items() if values[place] is not None and name != KEY}
        one = zhida.assess_subject(packs, "demo/b", facts, as_of=AS_OF)
        assert (row["demo/b:outcome"], row["demo/b:amount_fen"]) == (one.outcome.value, one.amount_fen)


def test_binary_fractions_are_refused(packs: Packs) -> None:
    with pytest.raises(zhida.InputError, match="source-float"):
        zhida.assess_frame(packs, POLICIES, pl.DataFrame({**ROWS, "收入": [1.5, 2.5, 3.5]}), as_of=AS_OF)


def test_a_column_that_is_no_attribute_is_told_by_a_warning_or_put_where_it_is_wanted(packs: Packs) -> None:
    frame = pl.DataFrame({**ROWS, "备注": ["a", "b", "c"]})
    with pytest.warns(UserWarning, match="备注"):
        zhida.assess_frame(packs, POLICIES, frame, as_of=AS_OF)
    found: list[Diagnostic] = []
    zhida.assess_frame(packs, POLICIES, frame, as_of=AS_OF, findings=found)
    assert "source-column-ignored" in [item.code for item in found]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ([{"人": 3}], "frame-kind"),
        (pl.DataFrame({"人": [3]}), "registry-missing-column"),
        (pl.DataFrame({KEY: ["A", "A"]}), "frame-key-twice"),
        (pl.DataFrame({KEY: ["A", None]}), "source-key-lacking"),
        (pd.DataFrame({KEY: ["A"], "人": [[{"x": 1}]]}), "source-column-type"),
        (pd.DataFrame({KEY: ["A", "B"], "人": [1, "2"]}), "frame-column"),
        (pd.concat([pd.DataFrame({KEY: ["A"], "人": [1]})] * 2, axis=1), "frame-column"),
        (pl.DataFrame({KEY: ["A"], "人": pl.Series([1], dtype=pl.Int128)}), "frame-column"),
        (pd.DataFrame({KEY: ["A", "B"], "人": [1, None]}), "source-float"),
        (pd.Series([1]), "frame-kind"),
    ],
)
def test_what_is_no_frame_of_subjects_is_refused(packs: Packs, frame: object, code: str) -> None:
    with pytest.raises(zhida.InputError) as refused:
        zhida.assess_frame(packs, POLICIES, frame, as_of=AS_OF)
    assert code in [item.code for item in refused.value.diagnostics]


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({**ROWS, "人": pd.array(ROWS["人"], dtype="Int8")}).astype({"城市": "category", "限制": "boolean", KEY: "string"}),
        pd.DataFrame({**ROWS, "人": pd.array(ROWS["人"], dtype="Int64"), "成立": pd.to_datetime(ROWS["成立"])}).set_index(KEY),
        pl.DataFrame(ROWS).to_pandas(use_pyarrow_extension_array=True),
        pl.DataFrame(ROWS).with_columns(pl.col("城市").cast(pl.Categorical), pl.col("成立").cast(pl.Datetime)),
        pl.DataFrame(ROWS).with_columns(pl.col("收入").cast(pl.String)).lazy(),
        pa.RecordBatch.from_pydict(ROWS),
        pa.table({**ROWS, "城市": pa.array(ROWS["城市"]).dictionary_encode()}).to_reader(),
    ],
    ids=["nullable", "index", "arrow-backed", "categorical", "lazy", "batch", "reader"],
)
def test_whatever_the_types_the_answers_are_the_same(packs: Packs, frame: object) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = zhida.assess_frame(packs, POLICIES, frame, as_of=AS_OF)
    assert plain(found) == plain(zhida.assess_frame(packs, POLICIES, frames()["arrow"], as_of=AS_OF))


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow"])
def test_a_frame_of_no_rows_has_no_answers_and_nothing_odd(packs: Packs, kind: str) -> None:
    given = frames()[kind][:0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = zhida.assess_frame(packs, POLICIES, given, as_of=AS_OF)
        found = [
            zhida.best_combinations(packs, POLICIES, given, as_of=AS_OF, results=results),
            zhida.next_steps(packs, POLICIES, given, as_of=AS_OF),
            zhida.simulate(packs, packs, given, as_of=AS_OF),
        ]
    assert [len(each) for each in (results, *found)] == [0, 0, 0, 0]


def test_a_column_of_nothing_is_unknown_whatever_pandas_calls_it(packs: Packs) -> None:
    found: list[Diagnostic] = []
    zhida.assess_frame(packs, POLICIES, pd.DataFrame({KEY: ["A"], "人": [float("nan")]}), as_of=AS_OF, findings=found)
    assert [item.code for item in found] == ["source-all-unknown"]


@pytest.mark.parametrize("door", ["assess_frame", "simulate"])
def test_a_warning_points_at_the_line_that_called(packs: Packs, door: str) -> None:
    frame = pl.DataFrame({**ROWS, "备注": ["a", "b", "c"]})
    call = {
        "simulate": lambda: zhida.simulate(packs, packs, frame, as_of=AS_OF),
        "assess_frame": lambda: zhida.assess_frame(packs, POLICIES, frame, as_of=AS_OF),
    }[door]
    with pytest.warns(UserWarning, match="备注") as told:
        call()
    assert {warning.filename for warning in told} == {__file__}


def test_a_day_may_be_of_python_or_a_text(packs: Packs) -> None:
    wanted = plain(zhida.assess_frame(packs, "demo/a", pl.DataFrame(ROWS), as_of=AS_OF))
    for day in (date(2026, 3, 1), datetime(2026, 3, 1, 12, 30), "2026-03-01"):  # noqa: DTZ001 - as analysts write it
        assert plain(zhida.assess_frame(packs, ["demo/a"], pl.DataFrame(ROWS), as_of=day)) == wanted


ARGUMENTS = {
    "as_of": lambda packs, _: zhida.assess_frame(packs, POLICIES, pl.DataFrame(ROWS), as_of="2026/13/01"),
    "budget": lambda packs, results: zhida.allocate(packs, "demo/a", results, as_of=AS_OF, budget=0.29),
    "spent": lambda packs, results: zhida.allocate(packs, "demo/a", results, as_of=AS_OF, spent=0.29),
    "order": lambda packs, results: zhida.allocate(packs, "demo/a", results, as_of=AS_OF, order="none"),
    "last": lambda packs, results: zhida.allocate(packs, "demo/a", results, as_of=AS_OF, last="none"),
    "subject": lambda packs, _: zhida.simulate(packs, packs, pl.DataFrame(ROWS), as_of=AS_OF, subject="none"),
    "wanted": lambda packs, _: zhida.next_steps(packs, POLICIES, pl.DataFrame(ROWS), as_of=AS_OF, wanted={"demo/none": "x"}),
    "lang": lambda packs, results: zhida.notices(packs, results, results, lang="fr"),
    "former_as_of": lambda packs, results: zhida.notices(packs, results, results, former_as_of=zhida.Date(2026, 3, 2)),
}


@pytest.mark.parametrize("name", ARGUMENTS)
def test_an_argument_that_cannot_be_is_told_with_what_it_may_be(packs: Packs, name: str) -> None:
    results = zhida.assess_frame(packs, POLICIES, pa.table(ROWS), as_of=AS_OF)
    with pytest.raises(zhida.InputError, match=f"the argument {name} cannot be") as refused:
        ARGUMENTS[name](packs, results)
    assert [item.code for item in refused.value.diagnostics] == ["frame-argument"]
    assert refused.value.diagnostics[0].hint("zh")


@pytest.mark.parametrize("yuan", [Decimal("NaN"), Decimal(-1), Decimal("0.001"), 10**30, True, "5"])
def test_a_budget_that_is_no_sum_of_money_is_refused(packs: Packs, yuan: object) -> None:
    results = zhida.assess_frame(packs, POLICIES, pa.table(ROWS), as_of=AS_OF)
    with pytest.raises(zhida.InputError, match="frame-argument"):
        zhida.allocate(packs, "demo/a", results, as_of=AS_OF, budget=yuan)


def test_results_of_another_day_or_text_are_refused(packs: Packs, tmp_path: Path) -> None:
    given = pa.table(ROWS)
    results = zhida.assess_frame(packs, POLICIES, given, as_of=AS_OF)
    with pytest.raises(zhida.InputError, match="'2026-03-01', not '2026-03-02'"):
        zhida.best_combinations(packs, POLICIES, given, as_of="2026-03-02", results=results)
    with pytest.raises(zhida.InputError, match="combine-results-differ"):
        zhida.next_steps(packs_in(tmp_path, line=29), POLICIES, given, as_of=AS_OF, results=results)


def test_an_unknown_policy_is_named(packs: Packs) -> None:
    with pytest.raises(zhida.InputError, match="policy-unknown"):
        zhida.assess_frame(packs, ["demo/none"], pl.DataFrame(ROWS), as_of=AS_OF)


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow"])
def test_of_two_benefits_that_exclude_each_other_the_greater_is_paid(packs: Packs, kind: str) -> None:
    given = frames()[kind]
    results = zhida.assess_frame(packs, POLICIES, given, as_of=AS_OF)
    found = zhida.best_combinations(packs, POLICIES, given, as_of=AS_OF, results=results)
    assert type(found) is type(given)
    rows = plain(found)
    assert rows == plain(zhida.best_combinations(packs, POLICIES, given, as_of=AS_OF))
    assert (rows[0]["demo/a:paid_fen"], rows[0]["demo/b:paid_fen"], rows[0]["total_fen"]) == (0, 20001, 20001)


def test_what_was_received_counts(packs: Packs) -> None:
    received = pl.DataFrame({"主体": ["B2"], "政策": ["demo/a"], "金额（元）": ["50"], "日期": ["2026-01-05"]})
    rows = plain(zhida.best_combinations(packs, POLICIES, pl.DataFrame(ROWS), as_of=AS_OF, received=received))
    assert (rows[0]["demo/a:paid_fen"], rows[0]["demo/b:paid_fen"]) == (5001, 0)


def test_sheets_may_come_from_pandas_and_are_called_by_their_argument(packs: Packs) -> None:
    sheet = pd.DataFrame({"主体": ["B2"], "政策": ["demo/a"], "金额（元）": [50], "日期": pd.to_datetime(["2026-01-05"])})
    given = pl.DataFrame(ROWS)
    rows = plain(zhida.best_combinations(packs, POLICIES, given, as_of=AS_OF, received=sheet))
    assert rows[0]["demo/a:paid_fen"] == 5001
    with pytest.raises(zhida.InputError, match="source-float"):
        zhida.best_combinations(packs, POLICIES, given, as_of=AS_OF, received=sheet.assign(**{"金额（元）": [0.5]}))
    with pytest.raises(zhida.InputError, match="'received'") as refused:
        zhida.best_combinations(packs, POLICIES, given, as_of=AS_OF, received=sheet.drop(columns="日期"))
    assert "tmp" not in str(refused.value)


def test_applications_that_cannot_be_read_are_told(packs: Packs) -> None:
    results = zhida.assess_frame(packs, POLICIES, pl.DataFrame(ROWS), as_of=AS_OF)
    sheet = pl.DataFrame({"主体": ["B2"], "政策": ["demo/a"], "申请日期": ["昨天"]})
    found: list[Diagnostic] = []
    assert zhida.allocate(packs, "demo/a", results, as_of=AS_OF, applications=sheet, findings=found).is_empty()
    assert [item.code for item in found] == ["applications-cell"]
    with pytest.warns(UserWarning, match="昨天"):
        zhida.allocate(packs, "demo/a", results, as_of=AS_OF, applications=sheet)


def test_results_of_other_rows_or_columns_are_refused(packs: Packs) -> None:
    given = pl.DataFrame(ROWS)
    results = zhida.assess_frame(packs, POLICIES, given, as_of=AS_OF)
    with pytest.raises(zhida.InputError, match="combine-rows-differ"):
        zhida.best_combinations(packs, POLICIES, given.head(2), as_of=AS_OF, results=results)
    with pytest.raises(zhida.InputError, match="frame-results-lack"):
        zhida.best_combinations(packs, POLICIES, given, as_of=AS_OF, results=results.drop("demo/a:outcome"))


def test_the_next_step_of_each_row(packs: Packs) -> None:
    rows = plain(zhida.next_steps(packs, POLICIES, pl.DataFrame(ROWS), as_of=AS_OF))
    assert [row[KEY] for row in rows] == ROWS[KEY]
    assert (rows[1]["demo/a:attribute"], rows[1]["demo/a:change"]) == ("人", 1)
    assert rows[0]["demo/a:attribute"] is None


def test_a_budget_is_shared_out_over_what_combinations_pay(packs: Packs) -> None:
    combined = zhida.best_combinations(packs, ["demo/a"], pl.DataFrame(ROWS), as_of=AS_OF)
    found = zhida.allocate(packs, "demo/a", combined, as_of=AS_OF)
    assert isinstance(found, pl.DataFrame)
    assert found.select("key", "amount_fen", "paid_fen", "state").rows() == [("B2", 10001, 10000, "付一部分")]
    applications = pl.DataFrame({"主体": ["B2"], "政策": ["demo/a"], "申请日期": ["2026-02-01"]})
    dated = zhida.allocate(packs, "demo/a", combined, as_of=AS_OF, applications=applications, budget=Decimal("100.01"))
    assert dated.select("paid_fen", "date").rows() == [(10001, date(2026, 2, 1))]


def test_a_budget_that_nobody_stated_is_asked_for(packs: Packs) -> None:
    combined = zhida.best_combinations(packs, ["demo/b"], pl.DataFrame(ROWS), as_of=AS_OF)
    with pytest.raises(zhida.InputError, match="allocation-no-budget"):
        zhida.allocate(packs, "demo/b", combined, as_of=AS_OF)


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow"])
def test_a_change_of_the_packs_says_whose_money_it_changes(packs: Packs, tmp_path: Path, kind: str) -> None:
    given = frames()[kind]
    found = zhida.simulate(packs, packs_in(tmp_path, line=29), given, as_of=AS_OF)
    assert type(found) is type(given)
    rows = {row[KEY]: row for row in plain(found)}
    assert set(rows) == {"A1"} or rows["A1"]["policy"] == "demo/a"
    assert (rows["A1"]["outcome_before"], rows["A1"]["outcome_after"]) == ("INELIGIBLE", "ELIGIBLE")
    assert rows["A1"]["gross_fen_after"] == 2000


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow"])
def test_notices_between_two_frames(packs: Packs, kind: str) -> None:
    before = frames()[kind]
    later = {"polars": pl.DataFrame, "pandas": pd.DataFrame, "arrow": pa.table}[kind]({**ROWS, "人": [40, 30, 10]})
    results = [zhida.assess_frame(packs, POLICIES, frame, as_of=AS_OF) for frame in (before, later)]
    found = zhida.notices(packs, *results, former_as_of=AS_OF, as_of=AS_OF, policies=["demo/a"])
    assert type(found) is type(later)
    assert [(row[KEY], row["kind"], row["增减（元）"]) for row in plain(found)] == [
        ("A1", "gained", Decimal("20.00")),
        ("C3", "refused", None),
    ]
    assert plain(found)[0]["通知语"].startswith("您现在可以享受《示例》，20 元（依据 第二条、第三条）；此前差：人（线 30 人）。")


def test_the_date_of_results_that_do_not_say_it_is_asked_for(packs: Packs) -> None:
    results = zhida.assess_frame(packs, POLICIES, pl.DataFrame(ROWS), as_of=AS_OF)
    with pytest.raises(zhida.InputError, match="frame-date-lacking"):
        zhida.notices(packs, results, results)


def test_two_rows_of_one_subject_are_no_results(packs: Packs) -> None:
    table = results_of({"A1": {"made/p": Given("ELIGIBLE", 1)}}, {"made/p": []})
    twice = pa.concat_tables([table, table])
    with pytest.raises(zhida.InputError, match="frame-key-twice"):
        zhida.notices(packs, table, twice)
    assert table.column_names[0] == RESULTS_KEY
    nobody = table.set_column(0, RESULTS_KEY, pa.array([None], pa.string())).replace_schema_metadata(table.schema.metadata)
    with pytest.raises(zhida.InputError, match="source-key-lacking"):
        zhida.notices(packs, table, nobody)
    with pytest.raises(zhida.InputError, match="policy-unknown"):
        zhida.notices(packs, table, table, policies=["made/none"])


def test_the_doors_are_those_of_the_module() -> None:
    assert zhida.assess_frame is assess_frame


def test_notices_of_runs_on_the_disk_come_as_arrow(packs: Packs, tmp_path: Path) -> None:
    tables = [results_of({"A1": {"made/p": Given("ELIGIBLE", fen)}}, {"made/p": []}) for fen in (100, 300)]
    for name, table in zip(("then", "now"), tables, strict=True):
        left_in(tmp_path / name, table)
    said: list[Diagnostic] = []
    found = zhida.notices(packs, tmp_path / "then", tmp_path / "now", lang="en", told=said)
    assert isinstance(found, pa.Table)
    assert found["通知语"].to_pylist() == ["The amount of 《p》 rises to ¥3.00 from ¥1.00, ¥2.00 more."]
    assert [item.code for item in said] == ["notices-text-differs"]
