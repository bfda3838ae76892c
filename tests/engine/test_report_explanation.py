import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from tests.engine.report_fixtures import AS_OF, HOSTILE, POLICY, Page, assert_stands_alone, assessed, town
from tests.packs import the_packs
from zhida.assess.agreement import Agreement, Difference
from zhida.assess.assessment import Answer, Assessment, Extent, Outcome
from zhida.assess.subject import assess_subject
from zhida.errors import Language
from zhida.policy.pack import Packs
from zhida.report.explanation import LINE_CELLS, explanation_data, explanation_text, value_data
from zhida.report.explanation_html import explanation_html
from zhida.report.fine_print import agreement_phrases
from zhida.source import display_width
from zhida.values.temporal import Date
from zhida.values.unknown import Unknown

BOTH: tuple[Language, ...] = ("zh", "en")
GRANTED: Mapping[str, object] = {"营业收入": 10000, "从业人员": 10, "人工判断": True}


@pytest.fixture(scope="module")
def packs() -> Packs:
    return the_packs()


@pytest.fixture
def small(tmp_path: Path) -> Packs:
    return town(tmp_path)


def sized(packs: Packs, **facts: object) -> Assessment:
    return assessed(packs, "national/sme-size", **{"行业代码": "3411", **facts})


def conclusion(assessment: Assessment, language: Language = "zh") -> str:
    return explanation_data(assessment)["conclusion"][language]


def unwrapped(text: str) -> str:
    """Return a text without the breaks of its lines, so that a sentence is found wherever it was broken."""
    return "".join(text.split())


# --- conclusion ----------------------------------------------------------------------------------------------------


def test_a_status_is_told_with_its_name(packs: Packs) -> None:
    assessment = sized(packs, 营业收入=2_500_000)
    assert conclusion(assessment) == "企业规模为微型"
    assert conclusion(assessment, "en") == "企业规模 is 微型"


def test_an_undetermined_status_names_what_is_missing_and_what_is_possible(packs: Packs) -> None:
    assessment = sized(packs, 营业收入=5_000_000)
    assert conclusion(assessment) == "待定，缺：从业人员；可能的结果：小型、微型"
    assert conclusion(assessment, "en") == "undetermined; missing: 从业人员; possible results: 小型, 微型"


def test_an_amount_is_told_to_the_fen(small: Packs) -> None:
    assert conclusion(assessed(small, **GRANTED)) == "可享受，补助金额 ¥1,000.00"


def test_a_rounded_amount_says_from_what_it_was_rounded(small: Packs) -> None:
    text = conclusion(assessed(small, **{**GRANTED, "营业收入": Decimal("100.55")}))
    assert text == "可享受，补助金额 ¥10.05（按政策规定取整，取整前 ¥10.055）"


def test_ineligible_names_the_article_the_rule_and_the_value_met(small: Packs) -> None:
    text = conclusion(assessed(small, **{**GRANTED, "从业人员": 310}))
    assert text == "不符合条件：第一条，规则 3，从业人员 310 人 ≥ 300 人"


def test_review_names_the_fact_that_a_person_must_judge(small: Packs) -> None:
    text = conclusion(assessed(small, 营业收入=10000, 从业人员=10))
    assert text == "转人工：人工判断 须由人认定；可能的结果：¥1,000.00、不符合"


def test_review_names_the_rule_that_leaves_the_answer_open(packs: Packs) -> None:
    text = conclusion(sized(packs, 行业代码="7040"))
    assert text.startswith("转人工：划型行业不能由规则确定（统计划分办法（2017），规则 6")


def test_not_applicable_says_whether_scope_or_time(small: Packs, packs: Packs) -> None:
    assert conclusion(assessed(packs, "national/disability-levy", 单位类型="个体工商户", 上年在职职工人数=5)).startswith("不适用：财税")
    later = replace(assessed(small, **GRANTED), outcome=Outcome.NOT_APPLICABLE, reasons=(), steps=(), as_of=Date(2028, 1, 1))
    assert conclusion(later) == "不适用：2028年1月1日不在政策的有效期内"


def test_ineligible_by_an_expression_names_the_condition_that_fails_and_no_rule_that_held(packs: Packs) -> None:
    facts = {"单位类型": "企业", "上年在职职工人数": 20, "上年安排残疾人数": 1, "上年职工年平均工资": 80000}
    answer = assessed(packs, "national/disability-levy", **facts)
    assert conclusion(answer) == "不符合条件：财税〔2015〕72号第八条，差额人数 0 人 ≤ 0"
    assert conclusion(answer, "en").endswith("差额人数 0 persons ≤ 0")


def test_not_applicable_by_an_expression_names_the_value_met(packs: Packs) -> None:
    answer = assessed(packs, "national/small-profit-tax", 单位类型="个体工商户")
    assert conclusion(answer) == "不适用：单位类型是个体工商户"


def test_ineligible_whatever_a_missing_fact_is_names_what_was_met(packs: Packs) -> None:
    text = conclusion(assessed(packs, "hangzhou/compute-voucher", 注册地市="杭州市", 年度智算合同实际额=0))
    assert text == "不符合条件：举措一（一），规则 2 或 3，单位类型：未知，年度智算合同实际额：0 元；未知的不影响这个结论"


def test_review_names_the_decision_that_null_came_from(packs: Packs) -> None:
    facts = {"注册地市": "杭州市", "单位类型": "企业", "行业代码": "6510", "从业人员": 117, "营业收入": 112146000}
    grant = {
        "年度智算合同实际额": 6082300,
        "设施类型": None,
        "依托备案大模型": False,
        "智能券比例": 0,
        "智能券配套方式": "无",
        "生成式多模态基础大模型企业": False,
    }
    answer = assessed(packs, "hangzhou/compute-voucher", **facts, **grant)
    assert conclusion(answer).startswith("转人工：基本比例不能由规则确定（举措一（一），")
    assert "设施类型：无" in conclusion(answer)


def test_many_possible_amounts_are_a_range(small: Packs) -> None:
    open_ = assessed(small, 营业收入=10000, 人工判断=True)
    amounts = tuple(Answer(Outcome.ELIGIBLE, amount=Decimal(amount), amount_fen=amount * 100) for amount in range(100, 800, 100))
    many = replace(open_, possible=(*amounts, Answer(Outcome.INELIGIBLE)))
    assert "可能的结果：¥100.00 至 ¥700.00、不符合" in conclusion(many)
    assert "可能的结果至少有：" in conclusion(replace(many, is_minimal=False, possible_are=Extent.AT_LEAST))
    assert "可能的结果至多是：" in conclusion(replace(many, is_minimal=False, possible_are=Extent.AT_MOST))


def test_possible_amounts_are_told_as_the_policy_rounds_them_and_each_once(small: Packs) -> None:
    open_ = assessed(small, 营业收入=10000, 人工判断=True)
    amounts = tuple(Answer(Outcome.ELIGIBLE, amount=Decimal(text), amount_fen=100) for text in ("1.004", "1.005"))
    assert conclusion(replace(open_, possible=amounts)) == "待定，缺：从业人员；可能的结果：¥1.00"


def test_amounts_that_cannot_be_bounded_say_so_and_why(small: Packs) -> None:
    lacking = assessed(small, 从业人员=10, 人工判断=True)
    assert conclusion(lacking) == "待定，缺：营业收入；金额无法给出范围：含计算"
    why = "no range of amounts can be given: they are computed from what is missing (金额无法给出范围：含计算)"
    assert conclusion(lacking, "en") == f"undetermined; missing: 营业收入; {why}"
    assert conclusion(replace(lacking, is_cut=True)).endswith("金额无法给出范围：组合太多")
    assert "金额" not in conclusion(replace(lacking, gives_amount=False))


def test_only_where_several_things_are_missing_need_not_each_matter(small: Packs) -> None:
    one = assessed(small, 从业人员=10, 人工判断=True)
    several = assessed(small, 人工判断=True)
    for write in (explanation_text, explanation_html):
        assert "不一定每一项都会改变结果" not in unwrapped(write(one, language="zh"))
        assert "不一定每一项都会改变结果" in unwrapped(write(several, language="zh"))


# --- text ----------------------------------------------------------------------------------------------------------


def test_text_shows_each_value_beside_what_the_rule_asked(packs: Packs) -> None:
    text = explanation_text(sized(packs, 营业收入=25_000_000, 从业人员=312), language="zh", subject_name="某厂", subject_code="913")
    assert "对象      某厂（913）\n" in text
    said = "从业人员312人≥300人，营业收入25,000,000元≥20,000,000元，所以企业规模为中型（第四条（二），规则6）。"
    assert said in unwrapped(text)
    assert "截至日期  2026年11月20日" in text


def test_text_tells_near_misses_in_their_own_unit(packs: Packs) -> None:
    text = unwrapped(explanation_text(sized(packs, 营业收入=25_000_000, 从业人员=290), language="zh"))
    assert "从业人员290人，线为300人（第四条（二）），还差10人；如果跨过这条线，结论会是中型" in text


def test_text_and_page_say_why_a_status_is_not_the_next_one_up(packs: Packs) -> None:
    assessment = sized(packs, 营业收入=2_000_000, 从业人员=12)
    said = "没有达到小型（第四条（二），规则7）：从业人员12人，要求≥20人；营业收入2,000,000元，要求≥3,000,000元"
    assert said in unwrapped(explanation_text(assessment, language="zh"))
    assert said in unwrapped(Page(explanation_html(assessment, language="zh")).words)
    english = unwrapped("小型 (第四条（二）, rule 7) is not reached: 从业人员 12 persons, asked: ≥ 20 persons")
    assert english in unwrapped(explanation_text(assessment, language="en"))


def test_the_highest_status_says_nothing_of_a_next_one_up(packs: Packs) -> None:
    assessment = sized(packs, 营业收入=500_000_000, 从业人员=2_000)
    assert "为什么不是上一档" not in explanation_text(assessment, language="zh")
    assert explanation_data(assessment)["next_status"] is None


def test_rules_of_a_reason_are_listed_as_each_language_lists(small: Packs) -> None:
    assessment = assessed(small, **GRANTED)
    step = assessment.steps[0]
    several = replace(assessment, steps=(replace(step, reason=replace(step.reason, article="第一条", rule="1、2")),))
    assert "第一条，规则 1、2" in explanation_text(several, language="zh")
    assert "第一条, rules 1, 2" in explanation_text(several, language="en")


def test_text_names_the_version_of_the_policy(small: Packs) -> None:
    for language in BOTH:
        assert f"sha256 {small.policies['town/grant'].sha256[:12]}" in explanation_text(assessed(small, **GRANTED), language=language)


def test_text_tells_caveats_parameters_and_a_stricter_delivery(small: Packs) -> None:
    text = explanation_text(assessed(small, **GRANTED), language="zh")
    assert "· 口径" in text
    assert "补助比例：通知" in text
    assert "（凭记忆）" in text
    assert "申报审核（文件规定）：按申报通知提出申请，由主管部门审核。仅凭现有数据本可免申即享，以文件为准。" in unwrapped(text)


def test_a_missing_parameter_is_told_apart_from_the_facts_that_the_subject_lacks(packs: Packs) -> None:
    facts = {"单位类型": "企业", "上年在职职工人数": 100, "上年安排残疾人数": 0, "上年职工年平均工资": 100_000}
    assessment = assessed(packs, "national/disability-levy", **facts)
    assert conclusion(assessment).startswith("待定，缺地方参数 当地社会平均工资（不是企业的事实；由主管部门填写）；")
    assert "missing parameter of the place: 当地社会平均工资 (no fact of the enterprise;" in conclusion(assessment, "en")
    for write in (explanation_text, explanation_html):
        text = unwrapped(write(assessment, language="zh"))
        assert "缺的事实" not in text
        assert "当地社会平均工资（不是企业的事实；由主管部门填写，来源：当地统计部门公布的社会平均工资（年））" in text
    both = assessed(packs, "national/disability-levy", **{**facts, "上年职工年平均工资": Unknown(frozenset({"上年职工年平均工资"}))})
    assert (both.missing_facts, [item.name for item in both.missing_parameters]) == (("上年职工年平均工资",), ["当地社会平均工资"])
    assert conclusion(both).startswith("待定，缺：上年职工年平均工资；缺地方参数 当地社会平均工资（")
    data = explanation_data(both)
    assert data["missing"] == ["上年职工年平均工资", "当地社会平均工资"]
    assert [item["name"] for item in data["missing_parameters"]] == ["当地社会平均工资"]


def test_missing_parameters_are_told_together_and_not_one_by_one(packs: Packs) -> None:
    facts = {"居住区县": "乙区", "户籍区县": "甲县", "持有居住证": True}
    assessment = assessed(packs, "zhejiang/new-resident-points", **facts)
    assert len(assessment.missing_parameters) > 10
    text = unwrapped(explanation_text(assessment, language="zh"))
    assert text.count("不是居民的事实；由主管部门填写") <= 1 + len({item.source for item in assessment.missing_parameters})
    assert f"等{len(assessment.missing_parameters)}项（不是居民的事实；由主管部门填写）" in text


def test_a_near_miss_that_is_no_step_is_left_out_of_the_letter_and_kept_in_the_data(packs: Packs) -> None:
    facts = {"注册地市": "杭州市", "单位类型": "企业", "企业规模": "小型", "失业保险足额缴费月数": 12, "列入严重失信名单": False}
    insured = {"失业保险参保人数@2025": 94, "失业保险参保人数@2024": 100, "失业保险年初参保人数": 100, "领取失业保险金人数@2025": 6}
    paid = {"僵尸企业": False, "失业保险费实缴额@2025": 80_000, "派遣机关事业单位失业保险费@2025": 0}
    numbers = {name: Decimal(value) if type(value) is int else value for name, value in {**facts, **insured, **paid}.items()}
    assessment = assess_subject(packs, "zhejiang/stable-jobs-zhejiang-2026", numbers, as_of=Date(2026, 6, 30))
    assert [miss["line"]["value"] for miss in explanation_data(assessment)["near"]] == ["30"]
    assert "差一步" not in explanation_text(assessment, language="zh")


def test_a_letter_says_nothing_of_what_did_not_decide(packs: Packs) -> None:
    facts = {"注册地市": "杭州市", "单位类型": "高校", "年度智算合同实际额": 10_000_000, "设施类型": "国产"}
    text = unwrapped(explanation_text(assessed(packs, "hangzhou/compute-voucher", **facts), language="zh"))
    assert "单位类型：高校" in text
    assert "设施类型" not in text.partition("待确认")[0]
    assert "大模型企业放宽上限" not in text


def test_text_can_be_signed() -> None:
    for language, name in (("zh", "经办人：____"), ("en", "Prepared by: ____")):
        assert name in explanation_text(_plain(), language=language)  # type: ignore[arg-type]


def test_no_line_is_wider_than_a_terminal(packs: Packs) -> None:
    for language in BOTH:
        for line in explanation_text(sized(packs, 营业收入=5_000_000), language=language).splitlines():
            assert display_width(line) <= LINE_CELLS + 2, line


def test_no_line_begins_with_a_stop_or_ends_with_an_opening_bracket(packs: Packs) -> None:
    facts = {"注册地市": "杭州市", "单位类型": "企业", "行业代码": "6510"}
    for line in explanation_text(assessed(packs, "hangzhou/compute-voucher", **facts), language="zh").splitlines():
        assert not line.strip().startswith(tuple("，。；：、）》")), line
        assert not line.endswith(tuple("（《「")), line


def test_a_name_cannot_forge_a_line_or_steer_the_terminal() -> None:
    text = explanation_text(_plain(), language="zh", subject_name="甲\n结论：可享受\x1b[2J")
    assert "\x1b" not in text
    assert sum(line.startswith("结论：") for line in text.splitlines()) == 1


def test_invented_subjects_are_marked_in_text_and_page() -> None:
    for language in BOTH:
        for write in (explanation_text, explanation_html):
            assert "合成数据" in write(_plain(), language=language, is_synthetic=True)
            assert "合成数据" not in write(_plain(), language=language)
            assert "ynthetic" in write(_plain(), language=language, is_synthetic=True)


def _plain() -> Assessment:
    """Return an assessment that says as little as can be."""
    return Assessment(
        policy="town/grant",
        title="补助",
        document="",
        policy_sha256="0" * 64,
        as_of=AS_OF,
        gives="cash",
        subject_kind="enterprise",
        outcome=Outcome.ELIGIBLE,
        result=None,
        result_name="",
        gives_amount=False,
        amount=None,
        amount_fen=None,
        missing=(),
        missing_parameters=(),
        is_minimal=True,
        is_cut=False,
        possible=(),
        possible_are=Extent.EXACTLY,
        reasons=(),
        caveats=(),
        settled_by={},
        window=None,
        near=(),
        next_status=None,
        diagnostics=(),
        delivery=None,
        delivery_note="",
        parameters={},
    )


# --- data ----------------------------------------------------------------------------------------------------------


def test_data_is_json_with_exact_amounts(small: Packs) -> None:
    facts = {**GRANTED, "营业收入": Decimal("9007199254740993.07")}
    data = json.loads(json.dumps(explanation_data(assessed(small, **{**facts, "营业收入": Decimal("100.55")}), subject_code="913")))
    assert data["amount"] == "10.055"
    assert data["amount_fen"] == 1005
    assert data["subject"] == {"name": "", "code": "913"}
    near = json.loads(json.dumps(explanation_data(assessed(small, **facts))))
    assert near["reasons"][0]["conditions"][0]["value"] == {"type": "number", "value": "9007199254740993.07"}


def test_data_keeps_its_keys() -> None:
    policy = ["policy", "title", "document", "policy_sha256", "as_of", "gives"]
    answer = ["outcome", "conclusion", "result_name", "result", "amount", "amount_fen"]
    lacking = ["missing", "missing_parameters", "is_minimal", "possible", "possible_are"]
    ground = [
        "reasons",
        "caveats",
        "settled_by",
        "window",
        "near",
        "next_status",
        "diagnostics",
        "delivery",
        "delivery_note",
        "parameters",
        "population",
        "agreement",
    ]
    assert list(explanation_data(_plain())) == [*policy, "subject", "is_synthetic", *answer, *lacking, *ground]


@pytest.mark.parametrize(
    ("value", "data"),
    [
        (Decimal("34.0"), {"type": "number", "value": "34"}),
        ("34", {"type": "string", "value": "34"}),
        (None, {"type": "Null", "value": None}),
        (True, {"type": "boolean", "value": True}),
        (Date(2026, 1, 1), {"type": "date", "value": "2026-01-01"}),
        ((Decimal(1), Decimal(2)), {"type": "list<number>", "value": ["1", "2"]}),
        (Unknown(frozenset({"乙", "甲"})), {"type": "unknown", "missing": ["乙", "甲"]}),
    ],
)
def test_values_in_data_keep_their_type(value: object, data: object) -> None:
    assert value_data(value) == data


# --- page ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", BOTH)
def test_page_escapes_what_policies_and_registries_say(small: Packs, language: Language) -> None:
    text = explanation_html(assessed(small, **GRANTED), language=language, subject_name=HOSTILE, subject_code='"><b>')
    assert_stands_alone(text)
    assert text.count(HOSTILE) == 0
    assert HOSTILE in Page(text).words
    assert '"><b>' in Page(text).words


@pytest.mark.parametrize("language", BOTH)
def test_page_says_what_the_text_says(small: Packs, language: Language) -> None:
    assessment = assessed(small, **{**GRANTED, "从业人员": 310})
    words = unwrapped(Page(explanation_html(assessment, language=language)).words)
    assert unwrapped(conclusion(assessment, language)) in words
    for near in assessment.near:
        assert f"{near.name}310" in words
    assert assessment.policy_sha256 in words


def test_page_can_be_signed_and_names_its_language() -> None:
    assert '<html lang="zh-CN">' in explanation_html(_plain(), language="zh")
    assert '<html lang="en">' in explanation_html(_plain(), language="en")
    for name in ("经办人", "复核人"):
        assert name in explanation_html(_plain(), language="zh")


def test_a_policy_that_is_changed_gets_another_digest(tmp_path: Path) -> None:
    one = assessed(town(tmp_path / "a"), **GRANTED)
    other = assessed(town(tmp_path / "b", POLICY.replace("小企业。", "小的企业。")), **GRANTED)
    assert explanation_text(one, language="zh") != explanation_text(other, language="zh")


# --- agreement of both engines ---------------------------------------------------------------------------------------

AGREES = Agreement(POLICY, (), is_interpreted=False, results="", in_results=())
AMOUNT_DIFFERS = (Difference(POLICY, "amount_fen", "5000", "123"),)


@pytest.mark.parametrize(("language", "said"), [("zh", "两种算法一致"), ("en", "Both engines agree")])
def test_an_explanation_says_that_both_engines_agree(packs: Packs, language: Language, said: str) -> None:
    assessment = sized(packs, 营业收入=25_000_000, 从业人员=312)
    for write in (explanation_text, explanation_html):
        assert said in write(assessment, language=language, agreement=AGREES)
        assert said not in write(assessment, language=language)


def test_an_explanation_names_the_results_that_say_the_same(packs: Packs) -> None:
    text = unwrapped(explanation_text(sized(packs), language="zh", agreement=replace(AGREES, results="out/results.parquet")))
    assert "与结果文件一致：out/results.parquet" in text


def test_a_subject_that_the_columns_leave_to_the_interpreter_is_told_so(packs: Packs) -> None:
    text = unwrapped(explanation_text(sized(packs), language="zh", agreement=replace(AGREES, is_interpreted=True)))
    assert "按列计算把这一户交给逐户解释" in text
    assert "两种算法一致" not in text


@pytest.mark.parametrize("language", BOTH)
def test_a_difference_is_told_with_both_values(packs: Packs, language: Language) -> None:
    for differing in (replace(AGREES, differences=AMOUNT_DIFFERS), replace(AGREES, results="r.parquet", in_results=AMOUNT_DIFFERS)):
        text = Page(explanation_html(sized(packs), language=language, agreement=differing)).words
        words = {"zh": ("“金额”", "请勿签发"), "en": ("'amount'", "do not sign")}[language]
        assert all(said in text for said in ("¥50.00", "¥1.23", *words))
        assert "amount_fen" not in text
    assert "两种算法一致" not in explanation_text(sized(packs), language="zh", agreement=replace(AGREES, differences=AMOUNT_DIFFERS))


@pytest.mark.parametrize(
    ("cell", "said", "zh", "en"),
    [
        ("outcome", "INELIGIBLE", "“结论”逐户解释为“不符合”", "'outcome' is 'not eligible'"),
        (
            "possible",
            "NOT_APPLICABLE、ELIGIBLE等",
            "“可能的结果”逐户解释为“不适用、符合等”",
            "'possible answers' is 'not applicable, eligible, …'",
        ),
        ("low_fen", "–", "“可能的最低金额”逐户解释为“–”", "'least possible amount' is '–'"),
        ("规模", "3", "“规模”逐户解释为“3”", "'规模' is '3'"),
    ],
)
def test_a_difference_is_told_in_words_and_not_in_codes(cell: str, said: str, zh: str, en: str) -> None:
    differing = replace(AGREES, differences=(Difference(POLICY, cell, said, "–"),))
    assert zh in next(agreement_phrases(differing, "zh"))
    assert en in next(agreement_phrases(differing, "en"))


def test_data_hold_the_agreement(packs: Packs) -> None:
    assert explanation_data(sized(packs))["agreement"] is None
    data = explanation_data(sized(packs), agreement=replace(AGREES, results="r.parquet", in_results=AMOUNT_DIFFERS))["agreement"]
    assert data["columns"] == {"agree": True, "is_interpreted": False, "differences": []}
    assert data["results"] == {
        "file": "r.parquet",
        "agree": False,
        "differences": [{"cell": "amount_fen", "interpreted": "5000", "found": "123"}],
    }
