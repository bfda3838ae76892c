"""Notices: what is a change and what is none, the sentence for each, windows once, coverage with its denominators."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from tests.engine.notice_results import Given, left_in, results_of, told
from tests.engine.policy_texts import block, front, packs_of
from tests.engine.registry_frames import registry_of
from zhida.assess.columns import assess_registry
from zhida.entitle.notices.coverage import coverage_over, push_rate
from zhida.entitle.notices.pairs import Cause, pairs_of
from zhida.entitle.notices.runs import run_of
from zhida.entitle.notices.telling import Tally, findings
from zhida.errors import InputError
from zhida.policy.pack import Packs
from zhida.report.notice_words import amount_words
from zhida.report.notices import NoticeReport, notices_data, notices_html, notices_text, percent
from zhida.values.temporal import Date

BODY = "# 示例\n\n## 第二条\n\n" + block("符合", "人 >= 30") + "## 第三条\n\n" + block("金额", "收入 * 0.1")
TABLE = """# 示例

## 第二条

| U | 人 | **符合** |
|---|---|---|
| 1 | < 30 | false |
| 2 | >= 30 | true |
"""
STATUS = """# 身份

## 第一条

| U | 人 | **规模** |
|---|---|---|
| 1 | < 10 | "微型" |
| 2 | >= 10 | "小型" |
"""
BEFORE, TODAY = Date(2026, 3, 1), Date(2026, 3, 10)
Facts = Mapping[str, Any]


def packs_in(folder: Path, body: str = BODY, **keys: str) -> Packs:
    keys = {"amount": "金额" if "金额" in body else ""} | keys
    found = packs_of(folder, {"demo/policies/a.md": front(**keys) + body})
    assert [item.render() for item in found.diagnostics if item.severity == "error"] == []
    return found


def compared(packs: Packs, before: Facts, now: Facts, *, days: tuple[Date, Date] = (TODAY, TODAY), **options: Any) -> pl.DataFrame:  # noqa: ANN401 - those of `pairs_of`
    """Return the notices of one subject whose facts change."""
    tables = [
        assess_registry(packs, ["demo/a"], registry_of(packs, each), as_of=day) for each, day in zip((before, now), days, strict=True)
    ]
    return told(packs, *tables, **options)[0]


def number(value: str) -> Decimal:
    return Decimal(value)


# --- sentences -----------------------------------------------------------------------------------------------------


def test_who_is_newly_eligible_reads_the_sum_the_article_and_what_was_in_the_way(tmp_path: Path) -> None:
    packs = packs_in(tmp_path)
    found = compared(packs, {"人": number("29"), "收入": number("2000000")}, {"人": number("30"), "收入": number("2000000")})
    assert found.rows() == [
        (
            "A0001",
            None,
            "demo/a",
            "示例",
            "新可享受",
            "",
            "不符合，差：人（线 30 人）",
            "符合 20 万元",
            number("200000.00"),
            (
                "您现在可以享受《示例》，20 万元（依据 第二条、第三条）；此前差：人（线 30 人）。"
                "免申即享：不用申请，由主管部门按登记的数据发放。"
            ),
            "gained",
        )
    ]


@pytest.mark.parametrize(
    ("before", "now", "zh", "en"),
    [
        (
            {"人": 30},
            {"人": 30, "收入": 1000},
            "您现在可以享受《示例》，100 元（依据 第二条、第三条）；此前缺：收入。免申即享：不用申请，由主管部门按登记的数据发放。",
            (
                "You are now eligible for 《示例》: ¥100.00 (under 第二条, 第三条); lacking before: 收入. "
                "No application is needed; it goes out on what is on file."
            ),
        ),
        (
            {"人": 30, "收入": 1000},
            {"人": 29, "收入": 1000},
            "您不再享受《示例》，原来 100 元（依据 第二条）；现在差：人（线 30 人）。",
            "You are no longer eligible for 《示例》, before ¥100.00 (under 第二条); short now of: 人 (line: 30 persons).",
        ),
        (
            {"人": 30, "收入": 1000},
            {"人": 30, "收入": 1500},
            "《示例》的金额由 100 元增加到 150 元，多 50 元（依据 第二条、第三条）。",
            "The amount of 《示例》 rises to ¥150.00 from ¥100.00, ¥50.00 more (under 第二条, 第三条).",
        ),
        (
            {"人": 30, "收入": 1000},
            {"人": 30, "收入": 900},
            "《示例》的金额由 100 元减少到 90 元，少 10 元（依据 第二条、第三条）。",
            "The amount of 《示例》 falls to ¥90.00 from ¥100.00, ¥10.00 less (under 第二条, 第三条).",
        ),
        (
            {"收入": 1000},
            {},
            "《示例》只要您补充：人、收入，就能确定，可能：不符合等；此前只缺：人。",
            "《示例》 can be settled as soon as you state 人, 收入; possible: not eligible and others; before, only this was lacking: 人.",
        ),
        (
            {"人": 30, "收入": 1000},
            {"人": 30},
            "《示例》只要您补充：收入，就能确定；此前：符合 100 元。",
            "《示例》 can be settled as soon as you state 收入; before: eligible ¥100.00.",
        ),
        (
            {},
            {"人": 30},
            "《示例》只还缺：收入；此前缺：人。",
            "《示例》 now lacks only 收入; lacking before: 人.",
        ),
        (
            {},
            {"人": 3},
            "现已确定您不符合《示例》（依据 第二条）；此前缺：人、收入。",
            "It is settled that you are not eligible for 《示例》 (under 第二条); lacking before: 人, 收入.",
        ),
    ],
)
def test_the_sentence_that_changed(tmp_path: Path, before: Facts, now: Facts, zh: str, en: str) -> None:
    packs = packs_in(tmp_path)
    facts = [{name: number(str(value)) for name, value in each.items()} for each in (before, now)]
    for language, sentence in (("zh", zh), ("en", en)):
        assert compared(packs, *facts, language=language)["通知语"].to_list() == [sentence]


def test_a_rule_of_a_table_names_its_article(tmp_path: Path) -> None:
    packs = packs_in(tmp_path, TABLE, gives="service")
    (sentence,) = compared(packs, {"人": number("3")}, {"人": number("30")})["通知语"]
    assert sentence.startswith("您现在可以享受《示例》（依据 第二条）")


def test_a_status_that_becomes_another_is_told_with_both(tmp_path: Path) -> None:
    packs = packs_in(tmp_path, STATUS, gives="status", eligible="", result="规模")
    found = compared(packs, {"人": number("3")}, {"人": number("30")})
    assert found["通知语"].to_list() == ["您在《示例》中由“微型”变为“小型”（依据 第一条）。"]
    assert found.select("原来", "现在", "事由").rows() == [("微型", "小型", "身份变了")]


def test_a_status_that_is_lost_is_named(tmp_path: Path) -> None:
    packs = packs_in(tmp_path, STATUS, gives="status", eligible="", result="规模", applies='城市 = "甲"')
    (sentence,) = compared(packs, {"人": number("3"), "城市": "甲"}, {"人": number("3"), "城市": "乙"})["通知语"]
    assert sentence == "您不再属于《示例》中的“微型”；现在不在适用范围内。"


def test_who_leaves_the_scope_reads_so(tmp_path: Path) -> None:
    packs = packs_in(tmp_path, applies='城市 = "甲"')
    facts = {"人": number("30"), "收入": number("1000")}
    found = compared(packs, {**facts, "城市": "甲"}, {**facts, "城市": "乙"})
    assert found["通知语"].to_list() == ["您不再享受《示例》，原来 100 元；现在不在适用范围内。"]


def test_amounts_are_told_in_the_largest_unit_that_is_exact() -> None:
    said = [amount_words(fen, "zh") for fen in (0, 5, 100, 1_000_000, 1_010_000, 1_010_100, 123_400_000_000, -20_000_000)]
    assert said == ["0 元", "0.05 元", "1 元", "1 万元", "1.01 万元", "10,101 元", "12.34 亿元", "-20 万元"]


# --- what is a change ----------------------------------------------------------------------------------------------

HELD = Given("ELIGIBLE", 100, delivery="申报审核")
OPEN = Given("UNDETERMINED", missing=frozenset({"人"}), possible="ELIGIBLE、INELIGIBLE", delivery="即申即享")
NOT = Given("INELIGIBLE", near="人 → 30 人")
RULED_OUT = replace(OPEN, possible="INELIGIBLE、NOT_APPLICABLE")
JUDGED = Given("REVIEW", missing=frozenset({"人"}), delivery="申报审核")


def kinds(before: Given | None, now: Given | None, **words: str) -> list[str]:
    """Return what one subject's notices are about."""
    tables = [results_of({} if each is None else {"A1": {"made/p": each}}, {"made/p": ["人", "收入"]}, **words) for each in (before, now)]
    return told(empty_packs(), *tables)[0]["kind"].to_list()


def empty_packs() -> Packs:
    return Packs({}, {}, {}, {}, ())


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (HELD, replace(HELD, delivery="免申即享"), "way"),
        (HELD, replace(HELD, amount_fen=101), "more"),
        (HELD, replace(HELD, amount_fen=0), "less"),
        (HELD, OPEN, "lacking"),
        (OPEN, replace(OPEN, missing=frozenset({"收入"})), "lacking"),
        (OPEN, replace(OPEN, missing=frozenset()), "less-lacking"),
        (OPEN, replace(OPEN, high_fen=7), "possible"),
        (OPEN, replace(OPEN, possible="ELIGIBLE、NOT_APPLICABLE"), "possible"),
        (OPEN, Given("REVIEW", delivery="申报审核"), "review"),
        (OPEN, RULED_OUT, "refused"),
        (HELD, RULED_OUT, "lost"),
        (RULED_OUT, OPEN, "possible"),
        (None, replace(OPEN, possible="INELIGIBLE、REVIEW"), "lacking"),
        (NOT, Given("NOT_APPLICABLE"), "out-of-scope"),
        (Given("NOT_APPLICABLE"), NOT, "refused"),
        (None, HELD, "gained"),
        (HELD, None, "lost"),
        (OPEN, None, "out-of-scope"),
    ],
)
def test_each_change_of_an_answer_is_a_notice(before: Given | None, now: Given | None, kind: str) -> None:
    assert kinds(before, now) == [kind]


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (HELD, HELD),
        (NOT, replace(NOT, near="人 → 31 人")),
        (None, NOT),
        (NOT, None),
        (None, Given("NOT_APPLICABLE")),
        (None, RULED_OUT),
        (RULED_OUT, None),
    ],
)
def test_what_is_the_same_answer_is_no_notice(before: Given | None, now: Given | None) -> None:
    assert kinds(before, now) == []


@pytest.mark.parametrize(
    ("before", "now", "sentence"),
    [
        (OPEN, RULED_OUT, "不论人如何，您都不能享受《p》；此前可能：符合、不符合。"),
        (HELD, RULED_OUT, "不论人如何，您都不再享受《p》，原来 1 元。"),
        (JUDGED, replace(JUDGED, missing=frozenset({"收入"})), "《p》仍由人工核对（须认定：收入）；此前须认定：人。"),
        (JUDGED, NOT, "现已确定您不符合《p》；此前须认定：人；现在差：人（线 30 人）。"),
        (OPEN, replace(OPEN, missing=frozenset(), possible=None), "《p》还不能确定；此前缺：人。"),
        (OPEN, replace(OPEN, possible=None), "《p》还没有确定，现在可能：说不出；此前可能：符合、不符合。"),
        (HELD, replace(HELD, amount_fen=0), "《p》的金额由 1 元减少到 0 元，少 1 元。"),
        (replace(HELD, amount_fen=0), replace(HELD, amount_fen=None), "《p》的结果有变，现在：符合。申报审核：…"),
        (replace(NOT, near=None), HELD, "您现在可以享受《p》，1 元；此前：不符合。申报审核：…"),
        (NOT, Given("NOT_APPLICABLE"), "您不在《p》的适用范围内；此前差：人（线 30 人）。"),
    ],
)
def test_each_sentence_says_what_was_and_what_is(before: Given, now: Given, sentence: str) -> None:
    tables = [results_of({"A1": {"made/p": each}}, {"made/p": ["人", "收入"]}) for each in (before, now)]
    (found,) = told(empty_packs(), *tables)[0]["通知语"]
    assert found.startswith(sentence.removesuffix("…"))
    assert sentence.endswith("…") or found == sentence


def test_another_engine_another_order_of_bits_and_other_rules_are_no_change() -> None:
    row = {"A1": {"made/p": OPEN}}
    tables = (
        results_of(row, {"made/p": ["人", "收入"]}, engine_version="1"),
        results_of(row, {"made/p": ["收入", "人"]}, engine_version="2"),
    )
    assert told(empty_packs(), *tables)[0].is_empty()
    ruled = [table.append_column("made/p:表", pa.array([rule]).dictionary_encode()) for table, rule in zip(tables, "12", strict=True)]
    assert told(empty_packs(), *ruled)[0].is_empty()


def test_more_missing_facts_than_one_integer_holds_are_compared_by_name() -> None:
    names = [f"事实{place}" for place in range(70)]
    before = results_of({"A1": {"made/p": replace(OPEN, missing=frozenset({"事实1", "事实69"}))}}, {"made/p": names})
    now = results_of({"A1": {"made/p": replace(OPEN, missing=frozenset({"事实1"}))}}, {"made/p": ["多", *reversed(names)]})
    (sentence,) = told(empty_packs(), before, now)[0]["通知语"]
    assert "只还缺：事实1" in sentence
    assert "此前缺：事实69" in sentence
    same = results_of({"A1": {"made/p": replace(OPEN, missing=frozenset({"事实1", "事实69"}))}}, {"made/p": ["多", *reversed(names)]})
    assert told(empty_packs(), before, same)[0].is_empty()


def test_what_differs_is_told_of_each_subject(tmp_path: Path) -> None:
    packs = packs_in(tmp_path)
    two = {"人": number("30"), "收入": number("1000")}, {"人": number("29"), "收入": number("1000")}
    tables = []
    for line, facts, fingerprints in ((30, two, [1, 2]), (30, (two[1], two[1]), [9, 2])):
        changed = packs_in(tmp_path / str(len(tables)), BODY.replace("30", str(line)))
        table = assess_registry(changed, ["demo/a"], registry_of(packs, *facts), as_of=TODAY)
        metadata = {**table.schema.metadata, b"zhida.facts": b'["\\u4eba"]'}
        tables.append(table.append_column("zhida:facts", pa.array(fingerprints, pa.uint64())).replace_schema_metadata(metadata))
    assert told(packs, *tables)[0]["变动"].to_list() == ["企业的事实"]
    other = packs_in(tmp_path / "text", BODY.replace("30", "29"))
    later = assess_registry(other, ["demo/a"], registry_of(packs, *two), as_of=TODAY)
    found, tally = told(other, tables[0], later)
    assert (found["代码"].to_list(), found["变动"].to_list()) == (["A0002"], ["政策条文"])
    assert tally.rows[0].pair.causes == (Cause.TEXT,)


def test_a_document_that_takes_the_place_of_another_is_the_same_policy(tmp_path: Path) -> None:
    new = front("demo/b", title="新办法", amount="金额", in_force="2026-03-05/..", replaces="[demo/a]")
    packs = packs_of(
        tmp_path, {"demo/policies/a.md": front(title="旧办法", amount="金额") + BODY, "demo/policies/b.md": new + BODY.replace("30", "20")}
    )
    subjects = [{"人": number(str(count)), "收入": number("1000")} for count in (40, 25)]
    runs = [assess_registry(packs, ["demo/a", "demo/b"], registry_of(packs, *subjects), as_of=day) for day in (BEFORE, TODAY)]
    found, tally = told(packs, *runs)
    assert found.select("代码", "政策", "事由").rows() == [("A0002", "demo/b", "新可享受")]
    assert "它接替《旧办法》" in found["通知语"][0]
    assert [(row.pair.former, row.pair.now) for row in tally.rows] == [("demo/a", "demo/b")]


def test_one_policy_can_be_told_as_if_it_were_new(tmp_path: Path) -> None:
    packs = packs_in(tmp_path)
    run = assess_registry(
        packs, ["demo/a"], registry_of(packs, {"人": number("30"), "收入": number("1000")}, {"人": number("3")}), as_of=TODAY
    )
    assert told(packs, run, run)[0].is_empty()
    found, _ = told(packs, run, run, as_if_new="demo/a")
    assert found.select("代码", "事由", "变动", "原来").rows() == [("A0001", "新可享受", "新增政策", "无")]
    with pytest.raises(InputError, match="notices-not-decided"):
        told(packs, run, run, as_if_new="demo/none")


# --- windows -------------------------------------------------------------------------------------------------------

WINDOW = "2026-03-05/2026-03-31"


@pytest.mark.parametrize(
    ("days", "closing", "kind"),
    [
        (("2026-03-01", "2026-03-05"), 14, ["opened"]),
        (("2026-03-05", "2026-03-06"), 14, []),
        (("2026-03-06", "2026-03-16"), 14, []),
        (("2026-03-16", "2026-03-17"), 14, ["closing"]),
        (("2026-03-17", "2026-03-18"), 14, []),
        (("2026-03-01", "2026-03-31"), 0, ["closing"]),
        (("2026-03-31", "2026-04-01"), 14, ["closed"]),
        (("2026-03-01", "2026-05-01"), 14, ["closed"]),
        (("2026-04-01", "2026-05-01"), 14, []),
        (("2026-01-01", "2026-03-01"), 14, []),
    ],
)
def test_each_turn_of_a_window_is_told_once(tmp_path: Path, days: tuple[str, str], closing: int, kind: list[str]) -> None:
    packs = packs_in(tmp_path, window=WINDOW)
    facts = {"人": number("30"), "收入": number("1000")}
    dates = [Date(*map(int, day.split("-"))) for day in days]
    assert compared(packs, facts, facts, days=(dates[0], dates[1]), closing=closing)["kind"].to_list() == kind


def test_a_window_of_every_year_is_told_each_year(tmp_path: Path) -> None:
    packs = packs_in(tmp_path, window="--06-01/--08-31")
    facts = {"人": number("30"), "收入": number("1000")}
    days = (Date(2026, 8, 1), Date(2026, 12, 1), Date(2027, 2, 1), Date(2027, 6, 1))
    told_ = [compared(packs, facts, facts, days=pair)["kind"].to_list() for pair in pairwise(days)]
    assert told_ == [["closed"], [], ["opened"]]
    assert compared(packs, facts, facts, days=(Date(2025, 10, 1), Date(2026, 10, 1)))["kind"].to_list() == ["closed"]


def test_a_window_concerns_only_those_who_may_have_something(tmp_path: Path) -> None:
    packs = packs_in(tmp_path, window=WINDOW)
    assert compared(packs, {"人": number("3")}, {"人": number("3")}, days=(BEFORE, TODAY)).is_empty()
    found = compared(packs, {}, {}, days=(BEFORE, TODAY))
    assert found["通知语"][0].startswith("《示例》开始申报：2026年3月5日至2026年3月31日（您：待定（缺 人、收入）")


def test_a_window_that_turns_is_told_with_any_other_news(tmp_path: Path) -> None:
    packs = packs_in(tmp_path, window=WINDOW)
    more, less = ({"人": number("30"), "收入": number(sum_)} for sum_ in ("2000", "1000"))
    window = "申报时间：2026年3月5日至2026年3月31日（正在申报）。"
    found = compared(packs, more, less, days=(TODAY, Date(2026, 3, 30)))
    assert found["kind"].to_list() == ["less"]
    assert found["通知语"][0].endswith(window)
    assert window not in compared(packs, more, less, days=(TODAY, Date(2026, 3, 11)))["通知语"][0]


def test_the_days_that_are_left_are_told(tmp_path: Path) -> None:
    packs = packs_in(tmp_path, window=WINDOW)
    facts = {"人": number("30"), "收入": number("1000")}
    found = compared(packs, facts, facts, days=(TODAY, Date(2026, 3, 30)))
    assert found["通知语"][0].startswith("《示例》还有 1 天截止（2026年3月31日）（您：符合 100 元）。")


# --- runs ----------------------------------------------------------------------------------------------------------


def test_runs_over_different_kinds_of_subjects_are_refused() -> None:
    table = results_of({"A1": {"made/p": HELD}}, {"made/p": []})
    named = table.rename_columns(["身份证号", *table.column_names[1:]]).replace_schema_metadata(table.schema.metadata)
    other = run_of(named, "other")
    with pytest.raises(InputError, match="notices-keys-differ"):
        findings(run_of(table, "one"), other, ())


def test_an_order_of_runs_that_cannot_be_meant_and_texts_that_nobody_has_are_told(tmp_path: Path) -> None:
    packs = packs_in(tmp_path)
    table = results_of({"A1": {"made/p": HELD}}, {"made/p": []})
    runs = run_of(table, "one"), run_of(results_of({}, {"made/p": []}, "2026-01-01"), "two")
    codes = [item.code for item in findings(*runs, pairs_of(packs, *runs))]
    assert codes == ["notices-order", "notices-text-differs"]


def test_what_is_no_table_of_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="results-unreadable"):
        run_of(pa.table({"a": [1]}), "x")
    left = left_in(tmp_path / "b", results_of({"A1": {"made/p": HELD}}, {"made/p": []}))
    (tmp_path / "b/results.parquet/part-00000.parquet").write_text("no", encoding="utf-8")
    with pytest.raises(InputError, match="results-unreadable"):
        left.cut(None, None)


@pytest.mark.parametrize(
    ("keys", "cuts", "code"),
    [
        (["A2", "A1"], [], "source-unsorted"),
        (["A1", "A1"], [], "source-key-duplicate"),
        (["A1", None], [], "source-key-lacking"),
        (["A1", "A1"], [1], "source-key-duplicate"),
    ],
)
def test_rows_on_the_disk_that_are_not_in_order_are_refused(tmp_path: Path, keys: list[str | None], cuts: list[int], code: str) -> None:
    table = results_of({"A1": {"made/p": HELD}, "A2": {"made/p": HELD}}, {"made/p": []})
    with pytest.raises(InputError, match=code):
        left_in(tmp_path, table.set_column(0, "代码", pa.array(keys)), cuts)


# --- coverage ------------------------------------------------------------------------------------------------------


def report_of(packs: Packs, former: pa.Table, now: pa.Table) -> NoticeReport:
    runs = run_of(former, "then"), run_of(now, "now")
    _, tally = told(packs, *runs)
    return NoticeReport.of(*runs, tally, 14)


def test_each_way_is_counted_apart_by_policies_entitlements_and_money() -> None:
    ways = {"made/p": "免申即享", "made/q": "申报审核"}
    rows = {
        "A1": {"made/p": Given("ELIGIBLE", 300, delivery=ways["made/p"]), "made/q": Given("ELIGIBLE", 100, delivery=ways["made/q"])},
        "A2": {"made/p": Given("INELIGIBLE"), "made/q": replace(OPEN, low_fen=0, high_fen=200)},
        "A3": {"made/p": Given("REVIEW", delivery="申报审核"), "made/q": replace(OPEN, possible="INELIGIBLE、NOT_APPLICABLE")},
    }
    names = {"made/p": ["人"], "made/q": ["人"], "made/r": ["人"]}
    table = results_of({key: {**row, "made/r": Given("INELIGIBLE")} for key, row in rows.items()}, names)
    _, tally = told(empty_packs(), table, table)
    coverage = coverage_over(row.coverage for row in tally.rows)
    assert (coverage.policies, coverage.idle, coverage.all.sure, coverage.all.open) == (2, ("made/r",), 2, 2)
    assert (coverage.all.sure_fen, coverage.all.open_fen, coverage.all.unknown) == (400, 200, 1)
    by_way = {each.way: (each.policies_all, each.policies_some, each.share.entitlements, each.share.fen) for each in coverage.ways}
    assert by_way == {
        "免申即享": (0, 1, 1, 300),
        "免审即享": (0, 0, 0, 0),
        "即申即享": (0, 1, 1, 200),
        "申报即享": (0, 0, 0, 0),
        "银行经办": (0, 0, 0, 0),
        "申报审核": (0, 2, 2, 100),
    }


def test_where_the_document_is_stricter_than_the_data_that_is_told(tmp_path: Path) -> None:
    packs = packs_in(tmp_path, delivery="申报审核")
    subjects = {"人": number("30"), "收入": number("1000")}, {"人": number("30")}, {"人": number("3")}
    table = assess_registry(packs, ["demo/a"], registry_of(packs, *subjects), as_of=TODAY)
    report = report_of(packs, table, table)
    told_ = [(row.ordered, way, share.sure, share.open) for row, way, share in report.coverage.stricter]
    assert told_ == [("申报审核", "免申即享", 1, 0), ("申报审核", "即申即享", 0, 1)]
    assert "文件要求比数据允许的严：1 项政策，2 份权益" in notices_text(report, "zh")
    page = notices_html(report, {}, "zh")
    assert "免审即享" in page, "each of the three ways has its row, were it of nothing"
    assert "没有要通知的" in page


def test_what_new_policies_give_can_be_pushed_where_the_subject_can_be_told_what_to_do(tmp_path: Path) -> None:
    packs = packs_in(tmp_path, "# 示例\n\n## 第二条\n\n" + block("符合", "人 >= 30 and 面积 > 1") + block("金额", "收入 * 0.1"))
    sure = {"人": number("30"), "面积": number("2"), "收入": number("1000")}
    subjects = [sure, {**sure, "人": None}, {**sure, "面积": None}, {**sure, "人": number("1")}]
    registry = registry_of(packs, *({name: value for name, value in each.items() if value is not None} for each in subjects))
    none = results_of({}, {"made/p": []})
    _, tally = told(packs, none, assess_registry(packs, ["demo/a"], registry, as_of=TODAY))
    push = push_rate(row.coverage for row in tally.rows if row.pair.is_new)
    assert (push.policies, push.pushed_policies, push.all.entitlements, push.pushed.entitlements) == (1, 1, 3, 2)
    assert (push.all.sure_fen, push.pushed.sure_fen) == (10000, 10000)


def test_a_report_says_the_same_as_text_data_and_page(tmp_path: Path) -> None:
    packs = packs_in(tmp_path)
    tables = [
        assess_registry(packs, ["demo/a"], registry_of(packs, {"人": number(count), "收入": number("1000")}), as_of=TODAY)
        for count in ("3", "30")
    ]
    report = report_of(packs, *tables)
    data = notices_data(report)
    assert (data["notices"], data["kinds"], data["policies"][0]["more_fen"]) == (1, {"gained": 1}, 10000)
    assert data["coverage"]["ways"][0]["share_of_money"] == "100.0 %"
    assert "新可享受 1" in notices_text(report, "zh")
    assert "1 notices for 1 of 1 subjects; 1 have another answer" in notices_text(report, "en")
    rows = told(packs, *tables)[0].rename({"代码": "主体"}).with_columns(pl.all().cast(pl.String).fill_null("")).to_dicts()
    for language in ("zh", "en"):
        page = notices_html(report, {"gained": rows}, language)
        assert "100.0 %" in page
        assert "您现在可以享受《示例》" in page


def test_who_hears_of_a_window_alone_is_not_counted_among_those_whose_answer_changed(tmp_path: Path) -> None:
    packs = packs_in(tmp_path, window=WINDOW)
    facts = [{"人": number(count), "收入": number("1000")} for count in ("30", "40", "29")]
    later = [*facts[:2], {**facts[2], "人": number("30")}]
    tables = [assess_registry(packs, ["demo/a"], registry_of(packs, *rows), as_of=day) for rows, day in ((facts, BEFORE), (later, TODAY))]
    report = report_of(packs, *tables)
    data = notices_data(report)
    assert (data["subjects_changed"], data["subjects_told"], data["notices"]) == (1, 3, 3)
    assert "3 户中 1 户的答案有变；该通知 3 户，通知 3 条" in notices_text(report, "zh")


def test_shares_are_told_to_a_tenth() -> None:
    assert [percent(part, whole) for part, whole in ((1, 2000), (1, 2001), (1, 1), (0, 7), (0, 0))] == [
        "0.1 %",
        "0.0 %",
        "100.0 %",
        "0.0 %",
        "—",
    ]


def test_a_tally_of_nothing_is_empty() -> None:
    tally = Tally.of(())
    assert (tally.notices, tally.told) == (0, 0)
