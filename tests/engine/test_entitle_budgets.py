"""Budgets: which applications count, who is served, when the money runs out, and what a record gives away."""

import json
import shutil
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.engine.budget_files import AS_OF, POLICY, claims_frame, terms_of, write_entitlements, write_results
from zhida.entitle.budgets.allocation import allocate, edge
from zhida.entitle.budgets.applications import read_applications
from zhida.entitle.budgets.claims import SET_ASIDE, Admission, Claims, claims_of, read_entitled
from zhida.entitle.budgets.record import Origin, claims_files, record_of, replay, write_files
from zhida.entitle.budgets.run_out import run_out
from zhida.entitle.budgets.service import by_lot, in_turn, lots, pro_rata
from zhida.errors import InputError
from zhida.policy.front_matter import Window, parse_window
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
    assert error.value.diagnostics[0].code == "allocation-record-unreadable"
