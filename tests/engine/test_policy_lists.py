"""Lists of things, code lists and population facts in a data dictionary: what is read, checked and left unknown."""

from pathlib import Path

import pytest

from tests.engine.policy_texts import block, codes, front, packs_of
from zhida.assess.assessment import Assessment, Outcome
from zhida.assess.subject import assess_subject
from zhida.errors import Diagnostic, InputError
from zhida.policy.codes import CodeList, list_named
from zhida.policy.dictionary import Dictionary, parse_dictionary
from zhida.policy.pack import Packs
from zhida.policy.statistics import StatisticFunction, parse_statistic
from zhida.report.weave import weave
from zhida.report.words import format_value
from zhida.source import Source, snippet
from zhida.values.temporal import Date

AS_OF = Date(2026, 6, 30)
DICTIONARY = """# 企业

| 属性 | 类型 | 单位 | 来源 | 取值 | 统计 |
|---|---|---|---|---|---|
| 代码 | string | | | | |
| 行业代码 | string | | | 代码表 divisions 前2位 | |
| 学历 | string | | | 代码表 degrees | |
| 区县 | string | | | | |
| 得分 | number | 分 | | | |
| 平均得分 | number | 分 | | | 平均(得分) 按 区县、学历 当 行业代码 != "65" |
| 专利 | list | | | | |

各项：

| 属性：专利 | 类型 | 单位 | 可空 | 取值 |
|---|---|---|---|---|
| 类别 | string | | | Ⅰ类、Ⅱ类 |
| 主导 | boolean | | | |
| 费用 | number | 元 | | |
| 到期 | date | | 是 | |
"""
DIVISIONS = "# 大类\n\n| 代码 | 名称 | 说明 |\n|---|---|---|\n| 01 | 农业 | 门类 A |\n| 65 | 软件 | |\n"
DEGREES = "| 代码 |\n|---|\n| 本科 |\n| 博士 |\n"
COUNT = block("项数: number", 'count(专利[类别 = "Ⅰ类" and 主导])') + block("符合: boolean", "项数 >= 2")


def packs_with(root: Path, body: str, **keys: str) -> Packs:
    files = {"demo/registry/enterprise.md": DICTIONARY, "other/codes/divisions.md": DIVISIONS, "demo/codes/degrees.md": DEGREES}
    return packs_of(root, {**files, "demo/policies/a.md": front(**keys) + body})


def assessed(root: Path, body: str, facts: dict[str, object]) -> Assessment:
    packs = packs_with(root, body)
    assert packs.diagnostics == ()
    return assess_subject(packs, "demo/a", facts, as_of=AS_OF)


def dictionary(text: str, codes_: dict[str, CodeList] | None = None) -> Dictionary:
    return parse_dictionary(Source("d.md", text), "enterprise", codes_)


# --- code lists ----------------------------------------------------------------------------------------------------------


def test_a_code_list_of_any_pack_limits_an_attribute(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, block("符合: boolean", '学历 = "本科"'))
    items = packs.dictionaries["enterprise"].items
    assert packs.diagnostics == ()
    assert items["学历"].allowed_values == ("本科", "博士")
    assert (items["行业代码"].allowed_values, items["行业代码"].allowed_beginnings) == (None, ("01", "65"))
    assert [items["行业代码"].allows(text) for text in ("6510", "65", "6", "7510")] == [True, True, False, False]
    assert list_named(items["行业代码"]) == "divisions"
    assert packs.codes["divisions"].names == {"01": "农业", "65": "软件"}
    assert [each.name for each in packs.dictionaries["enterprise"].code_lists] == ["divisions", "degrees"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('行业代码 = "6510"', []),
        ('行业代码 = "7510"', ["feel-not-in-list"]),
        ('学历 = "硕士"', ["feel-not-in-list"]),
        ('学历 in ("本科", "大专")', ["feel-not-in-list"]),
        ('行业代码 < "70"', []),
    ],
)
def test_values_outside_of_a_code_list_are_errors(tmp_path: Path, text: str, found: list[str]) -> None:
    assert codes(packs_with(tmp_path, block("符合: boolean", text))) == found


def test_a_fact_outside_of_its_code_list_is_refused(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, block("符合: boolean", '行业代码 = "6510"'))
    with pytest.raises(InputError) as refused:
        assess_subject(packs, "demo/a", {"行业代码": "9910"}, as_of=AS_OF)
    assert [item.code for item in refused.value.diagnostics] == ["fact-not-in-list"]


def test_a_dictionary_by_itself_follows_no_references() -> None:
    found = dictionary(DICTIONARY)
    assert found.diagnostics == ()
    assert found.items["学历"].allowed_values is None
    assert found.items["学历"].code_list == "代码表 degrees"


# --- lists ---------------------------------------------------------------------------------------------------------------


def test_a_list_has_the_type_that_its_table_tells() -> None:
    item = dictionary(DICTIONARY).items["专利"]
    assert str(item.type) == "list<context<类别: string, 主导: boolean, 费用: number, 到期: date>>"
    assert [(entry.name, entry.unit, entry.is_nullable) for entry in item.components][2:] == [("费用", "元", False), ("到期", "", True)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('count(专利[类别 = "Ⅰ类"]) > 1', []),
        ('count(专利[类别 = "一类"]) > 1', ["feel-not-in-list"]),
        ("count(专利[类型 = 1]) > 1", ["feel-unknown-name"]),
        ("sum(for x in 专利 return x.费用) > 得分", ["feel-unit-mismatch"]),
        ("some x in 专利 satisfies x.到期 > 1", ["feel-type-mismatch"]),
        ("sum(专利.费用) > 1", []),
        ("sum(专利.费用额) > 1", ["feel-unknown-name"]),
    ],
)
def test_entries_of_elements_are_checked_like_facts(tmp_path: Path, text: str, found: list[str]) -> None:
    assert codes(packs_with(tmp_path, block("符合: boolean", text))) == found


def test_elements_are_counted(tmp_path: Path) -> None:
    two = [{"类别": "Ⅰ类", "主导": True}, {"类别": "Ⅱ类", "主导": True}, {"类别": "Ⅰ类", "主导": True}]
    assert assessed(tmp_path, COUNT, {"专利": two}).outcome is Outcome.ELIGIBLE
    assert assessed(tmp_path, COUNT, {"专利": []}).outcome is Outcome.INELIGIBLE


def test_an_entry_that_nobody_told_of_is_unknown_and_matters_only_where_it_is_asked_for(tmp_path: Path) -> None:
    known = [{"类别": "Ⅰ类", "主导": True}] * 2
    assert assessed(tmp_path, COUNT, {"专利": known}).outcome is Outcome.ELIGIBLE
    found = assessed(tmp_path, COUNT, {"专利": [{"类别": "Ⅰ类"}, {"类别": "Ⅰ类", "主导": True}]})
    assert (found.outcome, found.missing) == (Outcome.UNDETERMINED, ("专利",))
    assert assessed(tmp_path, COUNT, {"专利": [{"类别": "Ⅱ类"}]}).outcome is Outcome.INELIGIBLE


def test_a_list_that_nobody_told_of_is_missing_as_a_whole(tmp_path: Path) -> None:
    assert assessed(tmp_path, COUNT, {}).missing == ("专利",)


@pytest.mark.parametrize(
    ("element", "code"),
    [
        ({"类型": "Ⅰ类"}, "fact-no-entry"),
        ({"类别": None}, "fact-not-nullable"),
        ({"主导": "是"}, "feel-type-expected"),
        (7, "feel-type-expected"),
    ],
)
def test_an_element_that_the_dictionary_does_not_allow_is_refused(tmp_path: Path, element: object, code: str) -> None:
    with pytest.raises(InputError) as refused:
        assessed(tmp_path, COUNT, {"专利": [element]})
    assert [item.code for item in refused.value.diagnostics] == [code]


def test_a_list_is_told_by_what_is_known_of_its_things() -> None:
    things = ({"类别": "Ⅰ类", "主导": True}, {"类别": "Ⅱ类", "主导": False})
    assert format_value(things, "", "zh") == "2 项（类别 Ⅰ类、主导 是；类别 Ⅱ类、主导 否）"
    assert format_value(things * 3, "", "en").startswith("6 items (类别 Ⅰ类, 主导 yes; ")
    assert format_value(things * 3, "", "en").endswith(" …)")


def test_a_woven_page_tells_what_lists_code_lists_and_population_facts_are(tmp_path: Path) -> None:
    packs = packs_with(tmp_path, COUNT + block("好: boolean", '平均得分 > 1 and 学历 = "本科" and 行业代码 = "65"'))
    page = weave(packs.policies["demo/a"], packs, (), language="zh")
    for said in (
        "各项有：类别、主导、费用、到期",
        "代码表 degrees：本科、博士",
        "代码表 divisions 前2位：01、65",
        "由全部主体算出：平均(得分)",
    ):
        assert said in page


# --- population facts ----------------------------------------------------------------------------------------------------


def test_a_statistic_is_read_with_its_groups_and_its_condition() -> None:
    found = dictionary(DICTIONARY).statistics["平均得分"]
    assert (found.function, found.base, found.by) == (StatisticFunction.MEAN, "得分", ("区县", "学历"))
    assert found.condition is not None
    assert found.condition.span().text == found.condition.text == '行业代码 != "65"'


@pytest.mark.parametrize("text", ["户数()", "户数(得分)", "名次（得分）", "分位(得分) 按 区县", "合计(得分) 当 得分 > 0", "中位( 得分 )"])
def test_statistics_may_leave_out_what_they_do_not_need(text: str) -> None:
    complaints: list[Diagnostic] = []
    assert parse_statistic("甲", snippet(text), complaints) is not None
    assert complaints == []


@pytest.mark.parametrize("text", ["平均()", "均值(得分)", "平均 得分", "平均(得分) 按", "平均(得分) 区县"])
def test_statistics_that_cannot_be_read_are_told(text: str) -> None:
    complaints: list[Diagnostic] = []
    assert parse_statistic("甲", snippet(text), complaints) is None
    assert [item.code for item in complaints] == ["statistic-unreadable"]


def test_a_statistic_may_be_of_a_decision_that_a_policy_publishes(tmp_path: Path) -> None:
    table = "\n| 属性 | 类型 | 单位 | 统计 |\n|---|---|---|---|\n| 分数名次 | number | 1 | 名次(总分) |\n"
    body = block("总分: number", "得分 * 2") + block("符合: boolean", "总分 > 0")
    files = {"demo/registry/enterprise.md": DICTIONARY + table, "other/codes/divisions.md": DIVISIONS, "demo/codes/degrees.md": DEGREES}
    assert codes(packs_of(tmp_path / "a", {**files, "demo/policies/a.md": front(publishes="[总分]") + body})) == []
    assert codes(packs_of(tmp_path / "b", {**files, "demo/policies/a.md": front() + body})) == ["statistic-unknown"]
