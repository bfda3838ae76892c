"""Budgets: which applications count, who is served, when the money runs out, and what a record gives away."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.engine.budget_files import AS_OF, POLICY, claims_frame, terms_of, write_entitlements, write_results
from zhida.entitle.budgets.allocation import allocate, edge
from zhida.entitle.budgets.applications import read_applications
from zhida.entitle.budgets.claims import SET_ASIDE, Admission, Claims, _of_day, claims_of, last_day, read_entitled
from zhida.entitle.budgets.record import Origin, claims_files, record_of, replay, write_files
from zhida.entitle.budgets.run_out import run_out
from zhida.entitle.budgets.service import by_lot, in_turn, lots, pro_rata
from zhida.errors import InputError, Language
from zhida.policy.front_matter import Window, parse_window
from zhida.report.allocation import allocation_html, allocation_text
from zhida.values.temporal import Date, to_days

ORIGIN = Origin("sum", {POLICY: "12"}, {"as_of": "2026-06-30"}, "", is_synthetic=False, engine_version="0", idle=(0, 0), open_subjects=0)
HEADS = "主体,政策,申请日期,申请时刻,得分\n"


# --- which applications count --------------------------------------------------------------------------------------


def asked(folder: Path, text: str, *, window: Window | None = None, year: int = 2026, as_of: Date = AS_OF) -> Claims:
    """Return the claims of a sheet among A (100.00), B (nothing: taken by another), C (to be decided), D (50.00)."""
    (folder / "applications.csv").write_text(text, encoding="utf-8")
    why = {"B": "择一 大模型奖补", "C": "待核定"}
    place = write_entitlements(folder / "entitlements.parquet", {"A": 10_000, "B": 0, "C": 0, "D": 5_000}, why)
    sheet = read_applications(folder / "applications.csv", POLICY, "示例")
    return claims_of(read_entitled(place, POLICY), sheet, Admission(year, to_days(as_of), window))


def reasons(claims: Claims) -> list[tuple[str, str]]:
    return [(key, reason) for key, reason in claims.set_aside.select("key", "reason").iter_rows()]


def test_every_application_is_a_claim_or_is_set_aside_with_its_reason(tmp_path: Path) -> None:
    others = "".join(f"{key},demo/a,2026-03-02,,\n" for key in "BCX")
    rows = f"D,demo/a,2026-05-02,,\nA,示例,2026/3/2,9:05,\n{others}A,demo/b,2026-03-02,,\n"
    found = asked(tmp_path, HEADS + rows)
    assert found.frame.select("key", "amount_fen", pl.col("date").cast(pl.String), "time").rows() == [
        ("A", 10_000, "2026-03-02", 9 * 3600 + 5 * 60),
        ("D", 5_000, "2026-05-02", None),
    ]
    assert reasons(found) == [("B", "择一 大模型奖补"), ("C", "待核定"), ("X", "名单里没有这个主体")]
    assert found.open_subjects == 1


def test_the_earliest_of_several_applications_counts_and_a_faulty_one_is_no_application(tmp_path: Path) -> None:
    rows = "A,demo/a,2026-04-01,,\nA,demo/a,2026-03-02,,\nA,demo/a,2026-03-02,08:00,\nA,demo/a,,,\nA,demo/a,1.1,,\nA,demo/a,2027-01-01,,\n"
    found = asked(tmp_path, HEADS + rows)
    assert found.frame["time"].to_list() == [8 * 3600]
    twice = "重复申请，只算最早的一次"
    assert [reason for _, reason in reasons(found)] == [twice, twice, twice, "申请表里这一行看不懂：申请日期", "申请日在核算日之后"]


@pytest.mark.parametrize(
    ("window", "day", "reason"),
    [
        ("2026-03-01/2026-05-31", "2026-02-28", "申请时还没有开始受理"),
        ("2026-03-01/2026-05-31", "2026-03-01", ""),
        ("2026-03-01/2026-05-31", "2026-05-31", ""),
        ("2026-03-01/2026-05-31", "2026-06-01", "申请时已经截止"),
        ("2025-12-01/2026-01-31", "2025-12-05", ""),
        ("2025-12-01/..", "2025-12-05", "申请日不在预算年度"),
        ("--11-01/--02-28", "2026-01-05", "申请日不在预算年度"),
        ("--01-05/--02-28", "2026-01-05", ""),
        ("", "2025-12-31", "申请日不在预算年度"),
        ("", "2026-06-30", ""),
        ("", "2026-07-01", "申请日在核算日之后"),
    ],
)
def test_an_application_counts_in_its_window_and_year(tmp_path: Path, window: str, day: str, reason: str) -> None:
    found = asked(tmp_path, f"{HEADS}A,demo/a,{day},,\n", window=parse_window(window) if window else None)
    assert [each for _, each in reasons(found)] == ([reason] if reason else [])


def test_who_did_not_apply_is_counted_and_without_a_sheet_everybody_claims(tmp_path: Path) -> None:
    assert asked(tmp_path, f"{HEADS}A,demo/a,2026-03-02,,\n").idle == (1, 5_000)
    all_ = claims_of(read_entitled(tmp_path / "entitlements.parquet", POLICY), None, Admission(2026, to_days(AS_OF), None))
    assert all_.frame["key"].to_list() == ["A", "D"]


def test_a_sheet_may_come_from_a_chinese_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("主体,政策,申请日期\nA,示例,2026年3月2日\nB,示例,2026-03-02 09:30:15\n".encode("gb18030"))
    found = read_applications(path, POLICY, "示例")
    assert found.frame.select(pl.col("date").cast(pl.String), "time", "fault").rows() == [
        ("2026-03-02", None, ""),
        ("2026-03-02", 34_215, ""),
    ]


def test_points_keep_nobody_out_where_they_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"{HEADS}A,demo/a,2026-03-02,9：05,优\nB,示例二,,,\nC,,,,\n", encoding="utf-8")
    assert read_applications(tmp_path / "a.csv", POLICY, "示例").frame["fault"].to_list() == ["得分"]
    found = read_applications(tmp_path / "a.csv", POLICY, "示例", is_scored=False)
    assert found.frame.select("time", "score", "fault").rows() == [(9 * 3600 + 5 * 60, "优", "")]
    assert (found.diagnostics, dict(found.others)) == ((), {"示例二": 1, "": 1})


@pytest.mark.parametrize(
    ("window", "last"),
    [
        ("", "2026-12-31"),
        ("2026-03-01/2026-05-31", "2026-05-31"),
        ("2026-12-01/2027-01-31", "2027-01-31"),
        ("2026-03-01/..", "2026-12-31"),
        ("../2026-05-31", "2026-05-31"),
        ("../2027-05-31", "2026-12-31"),
        ("--11-01/--02-28", "2027-02-28"),
        ("--05-01/--06-30", "2026-06-30"),
    ],
)
def test_the_last_day_to_apply_is_the_last_that_counts(window: str, last: str) -> None:
    read = parse_window(window) if window else None
    day = last_day(read, 2026)
    assert str(day) == last
    admission = Admission(2026, to_days(day) + 400, read)
    counting = [each for each in range(to_days(Date(2026, 1, 1)), to_days(day) + 400) if not _of_day(each, admission)]
    assert counting[-1] == to_days(day)


def test_results_give_only_to_the_eligible_and_say_why_not(tmp_path: Path) -> None:
    amounts = {"B": 100, "A": 200, "C": None, "D": None}
    write_results(tmp_path / "part-00000.parquet", amounts, {"C": "UNDETERMINED", "D": "NOT_APPLICABLE"})
    write_results(tmp_path / "part-00001.parquet", {"E": 300}, {"E": "REVIEW"})
    found = read_entitled(tmp_path, POLICY)
    assert found.amounts == "own"
    assert found.frame.rows() == [
        ("A", "A公司", 200, ""),
        ("B", "B公司", 100, ""),
        ("C", "C公司", 0, "待核定：还缺事实"),
        ("D", "D公司", 0, "政策不适用"),
        ("E", "E公司", 0, "待核定：转人工"),
    ]


def test_entitlements_are_taken_before_results_of_the_same_folder(tmp_path: Path) -> None:
    write_results(tmp_path / "results.parquet", {"A": 1}, {})
    write_entitlements(tmp_path / "entitlements.parquet", {"A": 2})
    assert read_entitled(tmp_path, POLICY).frame["amount_fen"].to_list() == [2]
    with pytest.raises(InputError) as error:
        read_entitled(tmp_path / "nothing", POLICY)
    assert error.value.diagnostics[0].code == "file-not-found"


# --- who is served -------------------------------------------------------------------------------------------------

ROWS = [
    ("A", 400, "2026-03-02", 36_000, "80"),
    ("B", 400, "2026-03-02", None, "80.0"),
    ("C", 400, "2026-03-01", None, "9"),
    ("D", 100, "", None, ""),
]


@pytest.mark.parametrize(
    ("order", "last", "expected"),
    [
        ("first-come", "part", [("C", 400), ("A", 400), ("B", 200), ("D", 0)]),
        ("first-come", "wait", [("C", 400), ("A", 400), ("B", 0), ("D", 0)]),
        ("score", "part", [("A", 400), ("B", 400), ("C", 200), ("D", 0)]),
        ("pro-rata", "part", [("A", 308), ("B", 308), ("C", 307), ("D", 77)]),
        ("lottery", "part", [("C", 400), ("B", 400), ("A", 200), ("D", 0)]),  # as `sha256sum` orders them
    ],
)
def test_each_order_serves_as_it_says(order: str, last: str, expected: list[tuple[str, int]]) -> None:
    found = allocate(claims_frame(ROWS), terms_of(1000, order, last=last, seed="7"))
    assert found.frame.select("key", "paid_fen").rows() == expected


def test_money_that_was_spent_before_is_not_spent_again() -> None:
    assert allocate(claims_frame(ROWS), terms_of(1000, "first-come", spent_fen=900)).paid_fen == 100
    over = allocate(claims_frame(ROWS), terms_of(1000, "pro-rata", spent_fen=1100))
    assert (over.paid_fen, over.run_out.is_gone) == (0, True)


def test_the_same_lot_of_two_claims_keeps_their_order() -> None:
    drawn = lots(["A", "B", "A"], "7")
    assert by_lot(drawn).tolist() == ([0, 2, 1] if drawn[0] < drawn[1] else [1, 0, 2])


def test_sums_beyond_64_bits_are_exact() -> None:
    most = np.full(4, 2**63 - 1, dtype=np.int64)
    assert in_turn(most, 2**64, last="part").tolist() == [2**63 - 1, 2**63 - 1, 2, 0]
    assert pro_rata(most, 2**64 + 1).tolist() == [2**62 + 1, 2**62, 2**62, 2**62]


def test_the_edge_shows_the_last_paid_and_the_first_waiting() -> None:
    found = edge(allocate(claims_frame(ROWS), terms_of(1000, "first-come")), each_side=1)
    assert [(place.turn, place.name, place.paid_fen) for place in found] == [(3, "B公司", 200), (4, "D公司", 0)]
    grounds = {
        order: [place.ground for place in edge(allocate(claims_frame(ROWS), terms_of(500, order, seed="7")), each_side=1)]
        for order in ("first-come", "score", "lottery")
    }
    drawn = [hashlib.sha256(f"7\n{key}".encode()).hexdigest() for key in "BA"]
    assert grounds == {"first-come": ["2026-03-02 10:00:00", "2026-03-02"], "score": ["80.0", "9"], "lottery": drawn}
    assert edge(allocate(claims_frame(ROWS), terms_of(10_000, "first-come"))) == ()


# --- when the money runs out ---------------------------------------------------------------------------------------


def days(**amounts: int) -> dict[int, int]:
    """Return demand by day: `d0302` is 2 March 2026."""
    return {to_days(Date(2026, int(name[1:3]), int(name[3:]))): fen for name, fen in amounts.items()}


def test_the_day_on_which_the_claims_reach_the_budget_is_the_day_it_is_gone() -> None:
    found = run_out(days(d0302=600, d0303=400, d0304=1), undated_fen=0, available_fen=1000, as_of=AS_OF)
    assert (str(found.gone_on), found.left_fen, found.present) == ("2026-03-03", 0, None)


def test_the_present_rate_is_that_of_the_last_thirty_days() -> None:
    found = run_out(days(d0301=9000, d0601=30, d0630=270), undated_fen=0, available_fen=10_000, as_of=AS_OF)
    assert found.present is not None
    assert (str(found.present.first), found.present.days, found.present.fen) == ("2026-06-01", 30, 300)
    assert str(found.present.gone_on) == "2026-09-08"  # 700 left at 10 a day: 70 days


def test_a_part_of_a_day_is_a_day() -> None:
    found = run_out(days(d0629=50, d0630=50), undated_fen=0, available_fen=201, as_of=AS_OF)
    assert found.present is not None
    assert (found.present.days, str(found.present.gone_on)) == (2, "2026-07-03")  # 101 at 50 a day: 2.02 days


def test_the_range_is_told_by_whole_months_and_equal_months_by_the_earlier() -> None:
    found = run_out(days(d0302=1, d0401=300, d0501=31, d0630=300), undated_fen=0, available_fen=10_000, as_of=AS_OF)
    assert found.slowest is not None
    assert found.fastest is not None
    assert (str(found.slowest.first), str(found.fastest.first)) == ("2026-05-01", "2026-04-01")
    one = run_out(days(d0502=1, d0630=2), undated_fen=0, available_fen=10, as_of=AS_OF)
    assert (one.slowest, one.fastest) == (None, None)


def test_a_rate_of_nothing_never_ends_and_claims_without_a_day_have_no_rate() -> None:
    still = run_out(days(d0301=10), undated_fen=0, available_fen=100, as_of=AS_OF)
    assert still.present is not None
    assert (still.present.fen, still.present.gone_on) == (0, None)
    undated = run_out({}, undated_fen=40, available_fen=100, as_of=AS_OF)
    assert (undated.left_fen, undated.present, undated.is_gone) == (60, None, False)
    assert run_out({}, undated_fen=100, available_fen=100, as_of=AS_OF).is_gone


def test_no_money_is_gone_on_no_day() -> None:
    found = run_out(days(d0302=600), undated_fen=0, available_fen=0, as_of=AS_OF)
    assert (found.gone_on, found.is_gone, found.present) == (None, True, None)


def said(budget_fen: int, rows: Sequence[tuple[str, int, str, int | None, str]], language: Language = "zh", **terms: object) -> str:
    """Return what the terminal says of claims, first come, first served."""
    stated = replace(terms_of(budget_fen, "first-come"), **terms)  # type: ignore[arg-type]  # fields by name
    files = claims_files(Claims(claims_frame(rows), pl.DataFrame(schema=SET_ASIDE), (0, 0), 0), is_synthetic=False)
    record = record_of(files, stated, ORIGIN)
    assert ("<svg" in allocation_html(record, language)) == any(row[2] for row in rows)
    return allocation_text(record, language)


DAILY = [(f"K{day:02d}", 100, f"2026-06-{day:02d}", None, "") for day in range(1, 31)]


def test_the_words_end_with_the_window_and_not_with_a_rate() -> None:
    """At 1.00 a day 20.00 are left on 30 June: until 20 July."""
    assert "照这个速度，2026年7月20日用完" in said(5000, DAILY)
    assert "照这个速度，2026年7月20日用完" in said(5000, DAILY, until=Date(2026, 7, 20))
    assert "照这个速度，到2026年7月19日申请截止时用不完" in said(5000, DAILY, until=Date(2026, 7, 19))
    assert "it lasts beyond 19 July 2026, when applications end" in said(5000, DAILY, "en", until=Date(2026, 7, 19))
    assert "还剩 ¥20.00；申请到2026年6月30日为止，用不完。" in said(5000, DAILY, until=Date(2026, 6, 30))
    assert "2026 年用不完" in said(50_000, DAILY)
    assert "2027年1月16日用完" in said(23_000, DAILY, until=Date(2027, 2, 28))


def test_the_words_tell_what_is_paid_of_a_part_and_what_nobody_is_paid() -> None:
    assert "付一部分：1 户，¥1.00，其中实付 ¥0.50" in said(150, DAILY)
    assert "还没有付出去：¥0.50，不够付给下一户" in said(150, DAILY, last="wait")
    assert "Left over: ¥0.50: less than the next is to have" in said(150, DAILY, "en", last="wait")
    assert "没有付出去" not in said(150, DAILY)


def test_the_words_tell_why_there_is_no_rate() -> None:
    assert "没有可用的钱。" in said(0, DAILY)
    assert "按申请日累计" not in said(0, DAILY)
    assert "还没有算数的申请" in said(100, [])
    undated = said(1000, [("A", 100, "", None, ""), ("B", 100, "", None, "")])
    assert "2 户都没有申请日期，没有先后之分，按主体代码排。" in undated
    assert "1 claims have no day of application: they come last." in said(10_000, [*DAILY, ("Z", 100, "", None, "")], "en")


# --- the record ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["first-come", "pro-rata", "score", "lottery"])
def record(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("records") / str(request.param)
    folder.mkdir()
    aside = pl.DataFrame(
        {"key": ["X"], "name": [""], "date": [None], "time": [None], "score": [""], "reason": ["待核定"]}, schema=SET_ASIDE
    )
    claims = Claims(claims_frame(ROWS), aside, (1, 2), 3)
    made = record_of(claims_files(claims, is_synthetic=False), terms_of(1000, str(request.param), seed="7"), ORIGIN)
    write_files(made.files, folder)
    return folder


def test_a_record_is_repeated_to_the_byte_from_itself_alone(record: Path) -> None:
    found = replay(record)
    assert found.differences == ()
    assert {name: (record / name).read_bytes() for name in found.record.files} == dict(found.record.files)
    assert replay(record / "allocation.json").differences == ()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("claims.csv", "4.00", "5.00"),
        ("claims.csv", "2026-03-01", "2026-03-03"),
        ("set-aside.csv", "待核定", "不符合条件"),
        ("allocation.csv", "A公司", "甲公司"),
        ("allocation.json", '"budget_fen": 1000', '"budget_fen": 1001'),
        ("allocation.json", '"year": 2026', '"year": 2025'),
        ("allocation.json", '"12"', '"13"'),
        ("allocation.json", '"last_day": "2026-12-31"', '"last_day": "2026-12-30"'),
        ("allocation.csv", "\n", "\r\n"),
        ("allocation.json", '"paid_fen": 1000', '"paid_fen": 1001'),
    ],
)
def test_whatever_is_changed_in_a_record_is_found(record: Path, tmp_path: Path, name: str, old: str, new: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(record, copy)
    path = copy / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    assert replay(copy).differences


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("claims.csv", "2026-03-01", "2027-03-01"),
        ("claims.csv", "4.00", "9999999999999999999999.00"),
        ("allocation.json", '"as_of": "2026-06-30"', '"as_of": "2026-03-01"'),
    ],
)
def test_a_change_that_nothing_comes_out_of_is_named_as_well(record: Path, tmp_path: Path, name: str, old: str, new: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(record, copy)
    text = (copy / name).read_text(encoding="utf-8")
    assert old in text
    (copy / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as error:
        replay(copy)
    codes = [item.code for item in error.value.diagnostics]
    assert codes == ["allocation-file-changed"] * (name == "claims.csv") + ["allocation-record-unreadable"]


def test_points_that_are_none_are_no_record_by_score(record: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(record, copy)
    text = (copy / "claims.csv").read_text(encoding="utf-8")
    (copy / "claims.csv").write_text(text.replace("80.0", "优", 1), encoding="utf-8")
    if record.name == "score":
        with pytest.raises(InputError):
            replay(copy)
    else:
        assert replay(copy).differences


@pytest.mark.parametrize("change", [{"form": "x"}, {"terms": {}}, {"origin": {}}, {"sha256": None}])
def test_what_is_no_record_is_refused(record: Path, tmp_path: Path, change: dict[str, object]) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(record, copy)
    data = json.loads((copy / "allocation.json").read_text(encoding="utf-8"))
    (copy / "allocation.json").write_text(json.dumps(data | change), encoding="utf-8")
    with pytest.raises(InputError) as error:
        replay(copy)
    assert error.value.diagnostics[0].code == "allocation-record-unreadable"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "a,b\n1,2\n",
        "主体,名称,应得（元）,申请日期,申请时刻,得分\nA,,4,,,\n",
        "主体,名称,应得（元）,申请日期,申请时刻,得分\nA,,4.00,,,\nA,,4.00,,,\n",
    ],
)
def test_a_list_of_claims_that_is_none_is_refused(record: Path, tmp_path: Path, content: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(record, copy)
    (copy / "claims.csv").write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as error:
        replay(copy)
    assert [item.code for item in error.value.diagnostics] == ["allocation-file-changed", "allocation-record-unreadable"]
