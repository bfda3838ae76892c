"""Where a subject stands on a ladder, the ranked lists of a district, the cliffs ahead, and what people read of them."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from tests.engine.policy_texts import block, front, packs_of
from zhida.assess.assessment import Outcome
from zhida.assess.columns import assess_registry, open_run
from zhida.entitle.next.ahead import cliffs_ahead
from zhida.entitle.next.district import ranked_lists
from zhida.entitle.next.ladder import LadderStanding, Standing, goals_of, read_status, rung_policy_id, stand_on, with_rungs
from zhida.entitle.next.lines import MILLION
from zhida.entitle.next.outlook import outlook, steps_of
from zhida.entitle.next.ranked import HEADS, Place, list_frame
from zhida.entitle.next.steps import Step
from zhida.entitle.next.steps import Tested as Compared
from zhida.policy.pack import Packs
from zhida.registry_io.registry import Registry
from zhida.report.ladder import ladder_svg, wrapped
from zhida.report.next_steps import District, district_data, district_html, district_text
from zhida.report.outlook import outlook_data, outlook_html, outlook_text
from zhida.report.step_words import cliff_sentence, cost_words, percentages, step_sentence, steps_sentence
from zhida.source import display_width
from zhida.values.temporal import Date

AS_OF = Date(2026, 6, 30)
DICTIONARY = """# 企业

| 属性 | 类型 | 单位 | 常见范围 | 来源 | 可空 | 小数位 | 可动 | 单价 |
|---|---|---|---|---|---|---|---|---|
| 代码 | string | | | 市场局 | | | | |
| 企业名称 | string | | | 市场局 | | | | |
| 街道 | string | | | 市场局 | | | | |
| 研发费用 | number | 元 | 0..100000000000 | 税务局 | | 2 | 升 | 1 |
| 营业收入 | number | 元 | 0..100000000000 | 税务局 | | 2 | 升 | |
| 从业人员 | number | 人 | 0..100000 | 统计局 | | 0 | 升 | |
| 研发机构 | boolean | | | 科技局 | | | 升降 | |
| 甲级到期日 | date | | | 科技局 | 是 | | | |
| 乙级到期日 | date | | | 科技局 | 是 | | | |
| 专家认可 | boolean | | | 人工认定 | | | | |
"""
LADDER = """# 阶梯

## 成长

| 阶梯 | 政策 | 已获得 | 到期 | 之前 |
|---|---|---|---|---|
| 起步 | | `true` | | |
| 甲级 | demo/a | `if 甲级到期日 = null then false else 甲级到期日 >= 评估日` | `甲级到期日` | 起步 |
| 乙级 | demo/b | `if 乙级到期日 = null then false else 乙级到期日 >= 评估日` | `乙级到期日` | 甲级 |
"""
RATIO = block("研发占比: number", "研发费用 / 营业收入") + block("符合: boolean", "研发占比 >= 0.05")
SECOND = block("符合: boolean", "从业人员 >= 100 and 研发机构 and 专家认可")
MONEY = block("符合: boolean", "从业人员 <= 300") + block("补贴: number", "if 符合 then 30000 else 0")


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> Packs:
    files = {
        "demo/registry/enterprise.md": DICTIONARY,
        "demo/policies/a.md": front("demo/a", title="甲级认定", gives="service") + RATIO,
        "demo/policies/b.md": front("demo/b", title="乙级认定", gives="service") + SECOND,
        "demo/policies/c.md": front("demo/c", title="用工补贴", amount="补贴") + MONEY,
        "demo/ladder.md": LADDER,
    }
    found = packs_of(tmp_path_factory.mktemp("packs"), files)
    assert [item.render() for item in found.diagnostics if item.severity == "error"] == []
    return with_rungs(found)


def facts(**changed: object) -> dict[str, object]:
    known: dict[str, object] = {
        "代码": "A",
        "企业名称": "甲公司",
        "研发费用": Decimal(470),
        "营业收入": Decimal(10_000),
        "从业人员": Decimal(296),
        "研发机构": False,
        "甲级到期日": None,
        "乙级到期日": None,
    }
    return known | changed


def standing(packs: Packs, **changed: object) -> LadderStanding:
    (found,) = stand_on(packs, facts(**changed), as_of=AS_OF, subject="enterprise", steps=steps_of)
    return found


# --- one subject ---------------------------------------------------------------------------------------------------------


def test_the_next_rung_tells_the_smallest_change_and_those_above_are_for_later(packs: Packs) -> None:
    start, first, second = standing(packs).rungs
    assert (start.standing, first.standing, second.standing) == (Standing.HELD, Standing.NEXT, Standing.LATER)
    (step,) = first.steps
    assert (step.attribute, step.change, step.cost_fen) == ("研发费用", Decimal(30), 3000)
    assert [lack.name for lack in second.lacks] == ["符合"]


def test_a_rung_is_held_until_its_last_day_and_not_on_the_day_after(packs: Packs) -> None:
    held = standing(packs, 甲级到期日=AS_OF).rungs
    assert (held[1].standing, held[1].until, held[1].assessment) == (Standing.HELD, AS_OF, None)
    assert held[2].standing is Standing.NEXT
    ended = standing(packs, 甲级到期日=Date(2026, 6, 29)).rungs
    assert (ended[1].standing, ended[1].until) == (Standing.NEXT, Date(2026, 6, 29))
    assert ended[2].standing is Standing.LATER


def test_met_review_open_and_out_are_told_apart(packs: Packs) -> None:
    assert standing(packs, 研发费用=Decimal(500)).rungs[1].standing is Standing.MET
    assert standing(packs, 研发机构=True).rungs[2].standing is Standing.REVIEW
    unknown = facts()
    del unknown["研发费用"]
    (found,) = stand_on(packs, unknown, as_of=AS_OF, subject="enterprise", steps=steps_of)
    assert found.rungs[1].standing is Standing.OPEN
    (early,) = stand_on(packs, facts(), as_of=Date(2024, 6, 30), subject="enterprise", steps=steps_of)
    assert early.rungs[1].standing is Standing.OUT


def test_where_nobody_knows_whether_a_rung_is_held_that_is_said(packs: Packs) -> None:
    unknown = facts()
    del unknown["甲级到期日"]
    (found,) = stand_on(packs, unknown, as_of=AS_OF, subject="enterprise", steps=steps_of)
    assert (found.rungs[1].standing, found.rungs[1].is_known) == (Standing.NEXT, False)
    assert "登记里看不出是否已获得" in ladder_svg(found, "zh", lambda _: "")


def test_who_holds_what_is_the_same_for_one_and_for_all(packs: Packs) -> None:
    frame = pl.DataFrame({"代码": ["A", "B"], "甲级到期日": [None, "2026-07-01"], "甲级到期日:absent": [True, False]})
    frame = frame.with_columns(pl.col("甲级到期日").str.to_date())
    policies = [rung_policy_id(0, 0), rung_policy_id(0, 1)]
    table = open_run(packs, policies, as_of=AS_OF, key="代码").decide(frame)
    statuses = [table.column(f"{policy}:result").to_pylist() for policy in policies]
    assert [[read_status(status) for status in each] for each in statuses] == [
        [(True, None), (True, None)],  # a rung that rests on no fact is held by everybody
        [(False, None), (True, Date(2026, 7, 1))],
    ]


def test_cliffs_ahead_are_those_that_a_subject_may_come_to(packs: Packs) -> None:
    (ahead,) = cliffs_ahead(packs, "demo/c", facts(), as_of=AS_OF)
    assert (ahead.cliff.fact, ahead.value, ahead.distance, ahead.cliff.loss) == ("从业人员", Decimal(296), Decimal(5), Decimal(30_000))
    assert cliff_sentence(ahead, "zh") == "从业人员再多 5 人（到 301 人），补贴从 ¥30,000.00 变为 ¥0.00，少 ¥30,000.00"
    assert cliffs_ahead(packs, "demo/c", facts(从业人员=Decimal(200)), as_of=AS_OF) == ()  # too far away
    assert cliffs_ahead(packs, "demo/c", facts(从业人员=Decimal(301)), as_of=AS_OF) == ()  # behind it already
    assert cliffs_ahead(packs, "demo/a", facts(), as_of=AS_OF) == ()  # gives no money


def test_an_outlook_tells_policies_that_no_ladder_shows_and_reads_the_same_in_all_forms(packs: Packs) -> None:
    found = outlook(packs, "A", facts(从业人员=Decimal(296)), ["demo/a", "demo/c"], as_of=AS_OF, subject="enterprise", name="甲公司")
    assert (found.asked, found.openings, len(found.cliffs)) == (1, (), 1)
    text = outlook_text(found, packs, "zh")
    assert "→ 甲级：下一步\n      研发占比 4.7%，线 5%：研发费用再投入 30 元\n      约需投入 ¥30.00" in text
    page = outlook_html(found, packs, "zh")
    assert "小心：再多一点反而少得" in page
    assert page.count("<svg") == 1
    data = outlook_data(found)
    assert data["ladders"][0]["rungs"][1]["steps"][0]["cost_fen"] == 3000
    assert "spend more on 研发费用" in outlook_text(found, packs, "en")


# --- the picture ---------------------------------------------------------------------------------------------------------


def test_the_picture_tells_every_standing_in_words_and_draws_no_way_behind_a_rung(packs: Packs) -> None:
    found = standing(packs)
    svg = ladder_svg(found, "zh", lambda rung: steps_sentence(rung.steps, "zh"))
    assert svg.startswith("<svg")
    for words in ("✓ 已获得", "→ 下一步", "○ 以后"):
        assert words in svg
    assert svg.count('class="rung"') == 3
    assert svg == ladder_svg(standing(packs), "zh", lambda rung: steps_sentence(rung.steps, "zh"))


def test_lines_of_the_picture_fit_and_keep_figures_whole() -> None:
    said = "研发费用占比 4.7%，线 5%：研发费用再投入 1,234.56 万元；同时，科技成果转化数再增加 4 项（之后由人评审）"
    lines = wrapped(said, 30)
    assert all(display_width(line) <= 32 for line in lines)  # a closing mark may hang over
    assert any("1,234.56" in line for line in lines)
    assert "".join(lines).replace(" ", "") == said.replace(" ", "")


# --- sentences -----------------------------------------------------------------------------------------------------------

TOLD = Step(
    "move",
    "研发费用",
    Decimal(4_700_000),
    Decimal(4_823_000),
    Decimal(123_000),
    "元",
    Compared("研发占比", Decimal("0.047"), Decimal("0.05")),
    "",
    12_300_000,
    60_000,
    Outcome.ELIGIBLE,
)


def test_sentences_name_what_is_tested_its_value_the_line_and_the_change() -> None:
    assert step_sentence(TOLD, "zh") == "研发占比 4.7%，线 5%：研发费用再投入 12.3 万元"
    own = replace(
        TOLD, attribute="从业人员", unit="人", change=Decimal(4), tested=Compared("从业人员", Decimal(296), Decimal(300)), cost_fen=None
    )
    assert step_sentence(own, "zh") == "从业人员 296 人，线 300 人：再增加 4 人"
    assert step_sentence(replace(own, kind="switch", target=True), "zh") == "从业人员：做到“是”"
    waits = replace(own, kind="wait", attribute="成立日期", target=Date(2027, 3, 1), change=Decimal(244), unit="天")
    assert step_sentence(waits, "zh") == "等到 2027年3月1日（还有 244 天，看成立日期）"
    assert steps_sentence([replace(TOLD, then=Outcome.REVIEW)], "zh").endswith("（之后由人评审）")


def test_a_change_is_rounded_up_so_that_what_is_said_is_enough() -> None:
    assert step_sentence(replace(TOLD, change=Decimal("123000.01")), "zh").endswith("12.31 万元")


def test_something_instead_of_nothing_has_no_price() -> None:
    nothing = replace(TOLD, value=Decimal(0), change=Decimal("0.01"), tested=Compared("研发费用", Decimal(0), Decimal(0)), cost_fen=1)
    assert step_sentence(nothing, "zh") == "研发费用现在是 0，要大于 0"
    assert cost_words([nothing], "zh") == ""
    assert cost_words([TOLD, replace(TOLD, cost_fen=None)], "zh") == "¥123,000.00 以上"


def test_a_value_just_below_its_line_does_not_look_like_it() -> None:
    assert percentages(Decimal("0.049999"), Decimal("0.05")) == ("4.9999%", "5%")


# --- a district ----------------------------------------------------------------------------------------------------------


def district() -> Registry:
    rows = 7
    money = pl.Decimal(38, 2)
    frame = pl.DataFrame(
        {
            "代码": [f"S{row}" for row in range(rows)],
            "企业名称": [f"公司{row}" for row in range(rows)],
            "街道": ["东街", "东街", "西街", None, "西街", "西街", "西街"],
            "研发费用": pl.Series([Decimal(each) for each in (480, 500, 470, 499, 100, 490, 600)], dtype=money),
            "营业收入": pl.Series([Decimal(10_000)] * rows, dtype=money),
            "甲级到期日": pl.Series([None, None, None, None, None, "2027-01-01", None], dtype=pl.String).str.to_date(),
            "甲级到期日:absent": [True] * 5 + [False, False],
        }
    )
    return Registry("代码", frame, {"zhida.subject": "enterprise", "zhida.key": "代码"}, dictionary_differs=False)


def test_lists_put_the_nearest_first_and_count_everybody_once(packs: Packs) -> None:
    (goal,) = goals_of(packs, AS_OF, "enterprise", ["demo/a"])
    assert (goal.name, goal.held_by) == ("甲级", "ladder/1-2")
    (ranking,) = ranked_lists(packs, [goal], district(), as_of=AS_OF).rankings
    assert [each.code for each in ranking.listed] == ["S1", "S3", "S0", "S2", "S4"]  # S1 need only apply, S5 has it, S6 may have it
    assert [ranking.counts[place] for place in (Place.HELD, Place.MET, Place.ONE, Place.OPEN)] == [1, 1, 4, 1]
    assert sum(ranking.counts.values()) == 7
    assert ranking.close == {Place.ONE: 3, Place.TWO: 0}  # S4 lacks four fifths of the line: one step, and a long way
    assert [each.is_close for each in ranking.listed] == [False, True, True, True, False]
    assert (sum(count for _, count in ranking.lacking), sum(count for _, count in ranking.lacking_far)) == (3, 1)
    assert ranking.streets == (("", 1), ("东街", 1), ("西街", 1))
    assert (ranking.priced, ranking.cost_fen) == (3, (1 + 20 + 30) * 100)
    assert ranking.listed[2].share == MILLION * 20 // 500


def test_what_a_list_says_of_a_subject_is_what_the_specification_says(packs: Packs) -> None:
    goals = goals_of(packs, AS_OF, "enterprise")
    registry = district()
    for ranking in ranked_lists(packs, goals, registry, as_of=AS_OF).rankings:
        for each in ranking.listed:
            told = steps_of(packs, ranking.goal.policy, registry.subject(each.code), AS_OF)
            assert [replace(step, article="") for step in told] == list(each.steps)


def test_the_file_has_a_row_for_each_with_figures_that_add_up(packs: Packs) -> None:
    (goal,) = goals_of(packs, AS_OF, "enterprise", ["demo/a"])
    lists = ranked_lists(packs, [goal], district(), as_of=AS_OF)
    frame = list_frame(lists.rankings, lambda _, each: steps_sentence(each.steps, "zh"), is_synthetic=False)
    assert tuple(frame.columns) == HEADS
    assert frame["名次"].to_list() == [None, 1, 2, 3, 4]
    assert frame["两成以内"].to_list() == [None, "是", "是", "是", "否"]
    assert frame["状态"].to_list() == ["已符合条件，还没有", *["差一步"] * 4]
    assert frame["需投入（元）"].to_list() == [None, *(Decimal(f"{each}.00") for each in (1, 20, 30, 400))]
    assert frame["离线（%）"].to_list() == [None, *(Decimal(each) for each in ("0.20", "4.00", "6.00", "80.00"))]
    assert frame["变动"].to_list()[1:] == ["1.00", "20.00", "30.00", "400.00"]
    assert list_frame((), lambda *_: "", is_synthetic=True).height == 0


def test_who_is_far_is_told_apart_from_who_is_near(packs: Packs) -> None:
    (goal,) = goals_of(packs, AS_OF, "enterprise", ["demo/a"])
    rankings = ranked_lists(packs, [goal], district(), as_of=AS_OF).rankings
    found = District("登记册", AS_OF, 7, is_synthetic=False, rankings=rankings, told=0, most=30)
    text = district_text(found, "zh").splitlines()
    assert text[2].split()[3:6] == ["差一步", "其中两成以内", "差两步"]
    assert text[3].split()[3:5] == ["4", "3"]
    assert [line.split("：")[0] for line in text[5:]] == ["离甲级差一步的，差的是", "  离线两成以内 3 户", "  离线更远 1 户"]
    page = district_html(found, "zh", lambda _, each: each.words)
    near, far = page.split("<details>")[:2]
    assert ("公司2" in near, "公司4" in near, "公司4" in far) == (True, False, True)
    assert "离线更远的 1 户" in far
    data = district_data(found)["goals"][0]
    assert (data["close"], [each["is_close"] for each in data["near"]]) == ({"one": 3, "two": 0}, [True, True, True, False])
    nobody = district_html(replace(found, most=0), "en", lambda _, each: each.words)
    assert "公司2" not in nobody
    assert "3 more in next-steps.csv." in nobody


def test_results_of_other_subjects_are_not_taken_over_and_that_is_said(packs: Packs, tmp_path: Path) -> None:
    goals = goals_of(packs, AS_OF, "enterprise", ["demo/a"])
    registry = district()
    pq.write_table(assess_registry(packs, ["demo/a"], registry, as_of=AS_OF), tmp_path / "results.parquet")
    same = ranked_lists(packs, goals, registry, as_of=AS_OF, results=tmp_path)
    fewer = ranked_lists(packs, goals, replace(registry, frame=registry.frame.head(5)), as_of=AS_OF, results=tmp_path)
    assert (same.taken, same.diagnostics) == (("demo/a",), ())
    assert (fewer.taken, [item.code for item in fewer.diagnostics]) == ((), ["results-of-another-run"])
    assert same.rankings == ranked_lists(packs, goals, registry, as_of=AS_OF).rankings


def test_without_a_ladder_a_policy_is_its_own_goal(packs: Packs) -> None:
    (goal,) = goals_of(packs, AS_OF, "enterprise", ["demo/c"])
    assert (goal.name, goal.held_by) == ("用工补贴", "")
    assert goals_of(packs, Date(2024, 1, 1), "enterprise") == ()  # nothing is law yet
