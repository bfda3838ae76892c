"""When one may apply, and what would settle a caveat: how both are written, and what an explanation says of them."""

from pathlib import Path

import pytest

from tests.engine.policy_texts import assessed, block, codes, front, packs_of, tangled
from zhida.policy.front_matter import EveryYear, Interval, WindowState, parse_window, window_on
from zhida.report.explanation import explanation_data, explanation_text
from zhida.report.explanation_html import explanation_html
from zhida.report.weave import weave
from zhida.report.words import format_window
from zhida.values.temporal import Date

BODY = block("符合: boolean", "人 > 0")


@pytest.mark.parametrize("text", ["2026-06-01/2026-08-31", "2026-06-01/..", "--06-01/--08-31", "--11-01/--02-29"])
def test_a_window_is_written_once_or_for_every_year(text: str) -> None:
    assert str(parse_window(text)) == text


@pytest.mark.parametrize("text", ["--06-31/--08-31", "--13-01/--13-02", "--06-01", "--06-01/2026-08-31", "06-01/08-31", "--6-1/--8-31"])
def test_a_window_that_is_no_days_is_told(tmp_path: Path, text: str) -> None:
    assert parse_window(text) is None
    packs = packs_of(tmp_path, {"demo/policies/a.md": front(window=text) + BODY})
    assert codes(packs) == ["policy-bad-value"]


@pytest.mark.parametrize(
    ("day", "state", "days"),
    [
        (Date(2026, 5, 31), "not-yet", "2026-06-01/2026-08-31"),
        (Date(2026, 6, 1), "open", "2026-06-01/2026-08-31"),
        (Date(2026, 8, 31), "open", "2026-06-01/2026-08-31"),
        (Date(2026, 9, 1), "closed", "2026-06-01/2026-08-31"),
        (Date(2027, 6, 1), "open", "2027-06-01/2027-08-31"),
    ],
)
def test_both_ends_of_a_yearly_window_belong_to_it(day: Date, state: str, days: str) -> None:
    found, interval = window_on(EveryYear((6, 1), (8, 31)), day)
    assert (found.value, str(interval)) == (state, days)


@pytest.mark.parametrize(
    ("day", "state", "days"),
    [
        (Date(2026, 1, 15), "open", "2025-11-01/2026-02-28"),
        (Date(2028, 2, 29), "open", "2027-11-01/2028-02-29"),
        (Date(2026, 3, 1), "not-yet", "2026-11-01/2027-02-28"),
        (Date(2026, 12, 1), "open", "2026-11-01/2027-02-28"),
    ],
)
def test_a_yearly_window_may_go_over_the_end_of_the_year(day: Date, state: str, days: str) -> None:
    found, interval = window_on(EveryYear((11, 1), (2, 29)), day)
    assert (found.value, str(interval)) == (state, days)


def test_a_window_with_an_open_end_never_closes() -> None:
    assert window_on(Interval(Date(2026, 1, 1), None), Date(2099, 1, 1))[0] is WindowState.OPEN


def test_a_window_over_the_end_of_the_year_is_said_so() -> None:
    assert format_window(EveryYear((11, 1), (2, 28)), "zh") == "每年 11月1日至次年2月28日"
    assert format_window(EveryYear((11, 1), (2, 28)), "en") == "every year, 1 November to 28 February of the next"


@pytest.mark.parametrize(
    ("day", "zh", "en"),
    [
        (Date(2026, 6, 30), "2026年6月30日可以申报", "open on 30 June 2026"),
        (Date(2026, 5, 1), "2026年5月1日还没开始", "not open yet on 1 May 2026"),
        (
            Date(2026, 9, 1),
            "2026年9月1日已经截止，下一次从2027年6月1日开始",
            "closed on 1 September 2026; the next time begins on 1 June 2027",
        ),
    ],
)
def test_an_explanation_says_whether_one_may_apply(tmp_path: Path, day: Date, zh: str, en: str) -> None:
    found = assessed(tmp_path, BODY, {"人": 1}, as_of=day, window="--06-01/--08-31")
    window = explanation_data(found)["window"]
    assert window["zh"] == f"2026年6月1日至2026年8月31日（每年 6月1日至8月31日），{zh}"
    assert window["en"] == f"1 June 2026 to 31 August 2026 (every year, 1 June to 31 August); {en}"
    assert (window["from"], window["to"], window["every_year"]) == ("2026-06-01", "2026-08-31", "--06-01/--08-31")
    assert "申报时间\n" in explanation_text(found, language="zh")
    assert window["en"] in explanation_html(found, language="en")


def test_nothing_is_said_of_applying_to_one_who_cannot(tmp_path: Path) -> None:
    found = assessed(tmp_path, BODY, {"人": 0}, window="2026-06-01/2026-08-31")
    assert found.window is None
    assert explanation_data(found)["window"] is None


# --- caveats -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["> 待确认：口径。\n> 核对：科技局的答复。\n", "> **待确认**：口径。\n> **核对**：科技局的答复。\n"])
def test_a_second_line_of_a_caveat_says_what_would_settle_it(text: str) -> None:
    (caveat,) = tangled(text + "\n" + BODY).caveats
    assert (caveat.text, caveat.settled_by) == ("口径。", "科技局的答复。")


def test_a_caveat_that_nothing_settles_is_a_caveat(tmp_path: Path) -> None:
    found = assessed(tmp_path, "> 待确认：口径。\n\n" + BODY, {"人": 1})
    assert (found.caveats, dict(found.settled_by)) == (("口径。",), {})


def test_what_would_settle_a_caveat_is_told_wherever_the_caveat_is(tmp_path: Path) -> None:
    text = "> 待确认：口径。\n> 核对：科技局的答复。\n\n" + BODY
    found = assessed(tmp_path, text, {"人": 1})
    for said in (explanation_text(found, language="zh"), explanation_html(found, language="en")):
        assert "口径。" in said
        assert "科技局的答复" in said
    assert explanation_data(found)["settled_by"] == {"口径。": "科技局的答复。"}
    packs = packs_of(tmp_path, {"demo/policies/a.md": front() + text})
    assert "核对：科技局的答复。" in weave(packs.policies["demo/a"], packs, (), language="zh")


def test_parameters_say_what_would_settle_them(tmp_path: Path) -> None:
    page = "| 参数 | 类型 | 值 | 单位 | 起止 | 来源 | 可信度 | 核对 |\n|---|---|---|---|---|---|---|---|\n"
    row = "| 线 | number | 3 | 人 | 2025-01-01/.. | 转载 | repost | 统计局公报 |\n"
    packs = packs_of(tmp_path, {"demo/policies/a.md": front() + block("符合: boolean", "人 > 线"), "demo/parameters.md": page + row})
    assert packs.parameters["线"][0].settled_by == "统计局公报"
    assert "核对：统计局公报" in weave(packs.policies["demo/a"], packs, (), language="zh")
